//! Many sessions' lookups at once: each batch has an outcome of its own, and no batch harms another.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

on_both!(
    every_batch_of_many_accounts_is_kept,
    gone_and_locked_accounts_among_others,
    what_was_acknowledged_before_is_delivered,
    a_bad_batch_among_good_ones,
    more_rows_than_one_statement_takes,
    nothing_to_keep_asks_how_accounts_stand,
    accounts_that_go_under_load_take_nobody_along,
);

const LIVE: Result<Standing, Error> = Ok(Standing::Live);
const GONE: Result<Standing, Error> = Ok(Standing::Gone);

fn every_batch_of_many_accounts_is_kept(bed: &Bed) {
    let mut store = bed.open();
    let accounts: Vec<_> = (0..20).map(|n| register(&mut *store, &format!("user{n}"))).collect();
    for many in [1, 2, 3, 7, 20] {
        let batches: Vec<_> = (0..)
            .zip(&accounts[..many])
            .map(|(n, &account)| {
                let records: Vec<_> = (0..n % 4).map(|time| record_of(&format!("w{n}"), time, many as u64)).collect();
                batch_of(account, &format!("user{n}"), &records)
            })
            .collect();
        // Twice: what is there already is the same lookup.
        for _ in 0..2 {
            assert_eq!(store.record_many(&batches), vec![LIVE; many]);
        }
    }
    for (n, &account) in accounts.iter().enumerate() {
        let times = [1, 2, 3, 7, 20].iter().filter(|&&many| many > n).count();
        assert_eq!(words_of(&mut *store, account), vec![format!("w{n}"); times * (n % 4)], "{n}");
    }
    assert_eq!(bed.sql("SELECT COUNT(*) FROM hist WHERE name <> CONCAT('user', user_id - 1)"), "0\n");
}

fn gone_and_locked_accounts_among_others(bed: &Bed) {
    let mut store = bed.open();
    let accounts: Vec<_> = (0..6).map(|n| register(&mut *store, &format!("user{n}"))).collect();
    let batches = |time| -> Vec<_> {
        accounts
            .iter()
            .map(|&account| batch_of(account, "x", &[record_of("a", time, 1), record_of("b", time + 1, 1)]))
            .collect()
    };
    assert_eq!(store.record_many(&batches(0)), vec![LIVE; 6]);
    bed.sql("UPDATE user SET locked = 1 WHERE name IN ('user1', 'user4')");
    assert_eq!(store.delete_account(accounts[2]).unwrap(), Standing::Live);
    assert_eq!(store.record_many(&batches(10)), [LIVE, GONE, GONE, LIVE, GONE, LIVE]);
    bed.sql("UPDATE user SET locked = 0 WHERE name = 'user4'");
    assert_eq!(store.record_many(&batches(20)), [LIVE, GONE, GONE, LIVE, LIVE, LIVE]);
    let kept: Vec<_> = accounts
        .iter()
        .map(|account| bed.sql(&format!("SELECT COUNT(*) FROM hist WHERE user_id = {}", account.number)))
        .collect();
    assert_eq!(kept, ["6\n", "2\n", "0\n", "6\n", "4\n", "6\n"]);
    // An unknown number, alone and among others.
    let nobody = batch_of(nobody(u64::MAX), "x", &[record_of("a", 0, 1)]);
    assert_eq!(store.record_many(std::slice::from_ref(&nobody)), [GONE]);
    assert_eq!(store.record_many(&[nobody, batches(30).remove(0)]), [GONE, LIVE]);
}

/// Locked or not: only an account that is not there, or is another person's, gets nothing.
fn what_was_acknowledged_before_is_delivered(bed: &Bed) {
    let mut store = bed.open();
    let accounts: Vec<_> = (0..5).map(|n| register(&mut *store, &format!("user{n}"))).collect();
    let batches = |time: i64, names: &str| -> Vec<_> {
        let each = accounts.iter().zip(0..);
        each.map(|(&account, n)| batch_of(account, &format!("{names}{n}"), &[record_of("a", time, 1)])).collect()
    };
    bed.sql("UPDATE user SET locked = 1 WHERE name = 'user1'");
    assert_eq!(store.delete_account(accounts[2]).unwrap(), Standing::Live);
    bed.sql("UPDATE user SET name = 'other' WHERE name = 'user3'");
    for _ in 0..2 {
        assert_eq!(store.deliver(&batches(0, "user")), [LIVE, LIVE, GONE, GONE, LIVE]);
    }
    assert_eq!(store.deliver(&batches(1, "nobody")), [GONE; 5]);
    assert_eq!(store.deliver(&batches(1, "user")[1..2]), [LIVE], "the locked one alone");
    let many: Vec<_> = (0..1_000).map(|time| record_of("b", 10 + time, 1)).collect();
    let many: Vec<_> = [0, 4, 0, 4].map(|n| batch_of(accounts[n], &format!("user{n}"), &many)).to_vec();
    assert_eq!(store.deliver(&many), [LIVE; 4]);
    assert_eq!(store.deliver(&[]), []);
    let mut writer = open_for_writer(&bed.location, &Hosts::default(), key()).unwrap();
    assert_eq!(writer.deliver(&batches(2, "user")[..1]), [LIVE]);
    let kept = accounts.iter().map(|id| bed.sql(&format!("SELECT COUNT(*) FROM hist WHERE user_id = {}", id.number)));
    assert_eq!(kept.collect::<Vec<_>>(), ["1002\n", "2\n", "0\n", "0\n", "1001\n"]);
    // What no store takes is known before it comes to one.
    let batch = |name: &str, word: &str, time| batch_of(accounts[0], name, &[record_of(word, time, 1)]);
    assert_eq!(check_batch(&batch("user0", "a", 0)), Ok(()));
    for bad in
        [batch("", "a", 0), batch("user0", &"x".repeat(MAX_WORD_CHARS + 1), 0), batch("user0", "a", i64::MAX / 2)]
    {
        assert_eq!(check_batch(&bad).unwrap_err().kind, Kind::Bug);
        assert!(store.deliver(&[bad])[0].is_err());
    }
}

fn a_bad_batch_among_good_ones(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let good = |time| batch_of(ann, "ann", &[record_of("a", time, 1)]);
    let bad = [
        batch_of(ann, "ann", &[record_of("a", 100, 1), record_of(&"x".repeat(MAX_WORD_CHARS + 1), 101, 1)]),
        batch_of(ann, "ann", &[record_of("", 102, 1)]),
        batch_of(ann, &"n".repeat(33), &[record_of("a", 103, 1)]),
        batch_of(ann, "", &[record_of("a", 104, 1)]),
        batch_of(ann, "ann", &[Record { time: Microseconds(i64::MIN), ..record_of("a", 0, 1) }]),
    ];
    for (time, bad) in (0..).zip(bad) {
        let outcomes = store.record_many(&[good(2 * time), bad, good(2 * time + 1)]);
        assert!(outcomes[0] == LIVE && outcomes[2] == LIVE, "{outcomes:?}");
        assert_eq!(outcomes[1].as_ref().map_err(|error| error.kind), Err(Kind::Bug));
    }
    assert_eq!(words_of(&mut *store, ann).len(), 10);
}

fn more_rows_than_one_statement_takes(bed: &Bed) {
    let mut store = bed.open();
    let accounts: Vec<_> = (0..50).map(|n| register(&mut *store, &format!("user{n}"))).collect();
    let batches: Vec<_> = accounts
        .iter()
        .map(|&account| {
            let records: Vec<_> = (0..64).map(|time| record_of("dragon", time, account.number)).collect();
            batch_of(account, "x", &records)
        })
        .collect();
    assert_eq!(store.record_many(&batches), vec![LIVE; 50]);
    assert_eq!(bed.sql("SELECT COUNT(*), COUNT(DISTINCT user_id) FROM hist"), "3200\t50\n");
}

fn nothing_to_keep_asks_how_accounts_stand(bed: &Bed) {
    let mut store = bed.open();
    assert_eq!(store.record_many(&[]), []);
    let (ann, bob) = (register(&mut *store, "ann"), register(&mut *store, "bob"));
    assert_eq!(store.delete_account(bob).unwrap(), Standing::Live);
    let ask = |account| batch_of(account, "x", &[]);
    assert_eq!(store.record_many(&[ask(ann), ask(bob), ask(ann)]), [LIVE, GONE, LIVE]);
    let mixed = [ask(bob), batch_of(ann, "ann", &[record_of("a", 0, 1)]), ask(ann)];
    assert_eq!(store.record_many(&mixed), [GONE, LIVE, LIVE]);
    assert_eq!(words_of(&mut *store, ann), ["a"]);
}

/// Accounts are deleted while a batch of theirs and others' is on its way: between the question which accounts exist
/// and the insert, too.
fn accounts_that_go_under_load_take_nobody_along(bed: &Bed) {
    let mut store = bed.open();
    let stays = register(&mut *store, "stays");
    for round in 0..10 {
        let goes = register(&mut *store, &format!("goes{round}"));
        let failed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let failed = &failed;
            let writer = scope.spawn(move || {
                let mut store = bed.open();
                for time in 0.. {
                    assert!(!failed.load(Ordering::Relaxed), "the account was not deleted");
                    let records: Vec<_> = (0..8).map(|n| record_of("a", round * 1_000_000 + time * 8 + n, 1)).collect();
                    let outcomes = store.record_many(&[batch_of(goes, "g", &records), batch_of(stays, "s", &records)]);
                    assert_eq!(outcomes[1], LIVE);
                    match outcomes[0] {
                        LIVE => {}
                        GONE => return (time + 1) * 8,
                        ref other => panic!("{other:?}"),
                    }
                }
                unreachable!("the account goes")
            });
            while words_of(&mut *store, goes).len() < 24 {}
            let deleted = store.delete_account(goes);
            failed.store(deleted.is_err(), Ordering::Relaxed);
            assert_eq!(deleted, Ok(Standing::Live));
            let kept = writer.join().unwrap();
            let of_round = words_of(&mut *store, stays).len() as i64;
            assert_eq!(of_round, kept, "every lookup of the one who stays");
            assert_eq!(store.clear_history(stays, None).unwrap(), Standing::Live);
        });
    }
    assert_eq!(bed.sql("SELECT COUNT(*) FROM hist"), "0\n");
}

/// Between two commits of a busy writer on a slow disk there is only a moment. A session that looks seldom would wait in
/// vain for as long as the others look words up.
#[test]
fn a_session_finds_the_moment_between_two_commits() {
    let bed = Bed::sqlite();
    let Location::Sqlite(path) = &bed.location else { unreachable!("it is embedded") };
    let mut writer = rusqlite::Connection::open(path).unwrap();
    let mut session = open_for_session(&bed.location, &Hosts::default(), key()).unwrap();
    let (busy, over) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            writer.busy_timeout(Duration::from_secs(60)).unwrap();
            while !over.load(Ordering::Relaxed) {
                let transaction = writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
                busy.store(true, Ordering::Relaxed);
                // As long as the disk takes.
                std::thread::sleep(Duration::from_millis(30));
                transaction.rollback().unwrap();
                // As long as the writer takes to answer for this commit and to take in the next lookups.
                std::thread::sleep(Duration::from_micros(100));
            }
        });
        while !busy.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        let outcome = session.register("ann", "$argon2id$");
        over.store(true, Ordering::Relaxed);
        assert!(matches!(outcome, Ok(Registration::Made(_))), "{outcome:?}");
    });
}
