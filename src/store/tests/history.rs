//! Lookups: their identity, their order, and that no lookup is doubled or lost.

use super::*;

on_both!(
    newest_first_within_a_second_and_across_months,
    a_repeated_record_writes_nothing_twice,
    other_sessions_rows_are_kept,
    batches_of_every_size,
    a_word_comes_back_as_it_was,
    an_over_long_word_is_an_error_and_nothing_is_written,
    a_word_can_be_cleared,
    the_limit,
    pages_join_without_a_gap_or_an_overlap,
    sessions_in_parallel_keep_apart,
    times_are_utc,
    the_last_of_many_accounts_at_once,
);

fn newest_first_within_a_second_and_across_months(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    for (word, time) in [("c", 1_000_001), ("a", 0), ("d", 86_400_000_000), ("b", 999_999)] {
        assert_eq!(store.record(ann, &[record_of(word, time, 1)]).unwrap(), Standing::Live);
    }
    assert_eq!(words_of(&mut *store, ann), ["d", "c", "b", "a"]);
    let newest = history_of(store.as_mut(), ann, Some(2)).unwrap().unwrap();
    let times: Vec<_> = newest.iter().map(|past| past.time.0 - NOVEMBER).collect();
    assert_eq!(times, [86_400_000_000, 1_000_001]);
}

fn a_repeated_record_writes_nothing_twice(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let records: Vec<_> = (0..5).map(|time| record_of("a", time, 7)).collect();
    // An attempt that was half of a later one, and whole repetitions by the same and by another connection.
    assert_eq!(store.record(ann, &records[1..3]).unwrap(), Standing::Live);
    for _ in 0..3 {
        assert_eq!(store.record(ann, &records).unwrap(), Standing::Live);
        assert_eq!(bed.open().record(ann, &records).unwrap(), Standing::Live);
    }
    assert_eq!(words_of(&mut *store, ann).len(), 5);
}

fn other_sessions_rows_are_kept(bed: &Bed) {
    let mut store = bed.open();
    let (ann, bob) = (register(&mut *store, "ann"), register(&mut *store, "bob"));
    for origin in [1, 2, u64::MAX, 1 << 63] {
        for account in [ann, bob] {
            assert_eq!(store.record(account, &[record_of(&format!("w{origin}"), 0, origin)]).unwrap(), Standing::Live);
        }
    }
    for account in [ann, bob] {
        assert_eq!(words_of(&mut *store, account).len(), 4, "the same microsecond, other origins");
    }
}

fn batches_of_every_size(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let mut time = 0;
    for size in [0, 1, 2, 3, 5, 15, 16, 17, 33, 63, 64, 65, 130] {
        let records: Vec<_> = (0..size).map(|_| (time += 1, record_of(&format!("w{time}"), time, 1)).1).collect();
        assert_eq!(store.record(ann, &records).unwrap(), Standing::Live, "{size}");
    }
    let words: Vec<_> = (1..=time).rev().map(|time| format!("w{time}")).collect();
    assert_eq!(words_of(&mut *store, ann), words);
}

fn a_word_comes_back_as_it_was(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let words = ["##", "ice cream", "a\\nb", "naïve", "O'Brien", "ｆｕｌｌ", "a\u{200B}b", "-", "0"];
    let records: Vec<_> = (0..).zip(words).map(|(time, word)| record_of(word, time, 1)).collect();
    assert_eq!(store.record(ann, &records).unwrap(), Standing::Live);
    let mut back = words_of(&mut *store, ann);
    back.reverse();
    assert_eq!(back, words);
}

fn an_over_long_word_is_an_error_and_nothing_is_written(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    for word in ["龙".repeat(MAX_WORD_CHARS + 1), String::new()] {
        let records = [record_of("a", 0, 1), record_of(&word, 1, 1)];
        assert_eq!(store.record(ann, &records).unwrap_err().kind, Kind::Bug);
    }
    let never = Record { time: Microseconds(i64::MAX), ..record_of("a", 0, 1) };
    assert_eq!(store.record(ann, &[never]).unwrap_err().kind, Kind::Bug);
    assert_eq!(words_of(&mut *store, ann), [""; 0]);
}

fn a_word_can_be_cleared(bed: &Bed) {
    let mut store = bed.open();
    let (ann, bob) = (register(&mut *store, "ann"), register(&mut *store, "bob"));
    for account in [ann, bob] {
        let records: Vec<_> = (0..).zip(["ice", "Ice", "ice cream", "ice"]).map(|(t, w)| record_of(w, t, 1)).collect();
        assert_eq!(store.record(account, &records).unwrap(), Standing::Live);
    }
    for nothing in ["ice ", "i%", "ICE", ""] {
        assert_eq!(store.clear_history(ann, Some(nothing)).unwrap(), Standing::Live);
        assert_eq!(words_of(&mut *store, ann).len(), 4, "{nothing:?}");
    }
    assert_eq!(store.clear_history(ann, Some("ice")).unwrap(), Standing::Live);
    assert_eq!(words_of(&mut *store, ann), ["ice cream", "Ice"]);
    assert_eq!(store.clear_history(ann, None).unwrap(), Standing::Live);
    assert_eq!(words_of(&mut *store, ann), [""; 0]);
    assert_eq!(words_of(&mut *store, bob).len(), 4);
}

fn the_limit(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    assert_eq!(history_of(store.as_mut(), ann, Some(10)).unwrap(), Some(Vec::new()));
    let records: Vec<_> = (0..20).map(|time| record_of("a", time, 1)).collect();
    assert_eq!(store.record(ann, &records).unwrap(), Standing::Live);
    for (limit, count) in [(Some(0), 0), (Some(1), 1), (Some(10), 10), (Some(1_000), 20), (None, 20)] {
        assert_eq!(history_of(store.as_mut(), ann, limit).unwrap().unwrap().len(), count, "{limit:?}");
    }
}

fn pages_join_without_a_gap_or_an_overlap(bed: &Bed) {
    let mut store = bed.open();
    let (ann, bob) = (register(&mut *store, "ann"), register(&mut *store, "bob"));
    // Seven sessions in the same microseconds, with origins of every size.
    let origins = [0, 1, 2, i64::MAX as u64, 1 << 63, u64::MAX - 1, u64::MAX];
    for account in [ann, bob] {
        for origin in origins {
            let records: Vec<_> = (0..4).map(|time| record_of(&format!("w{time}"), time, origin)).collect();
            assert_eq!(store.record(account, &records).unwrap(), Standing::Live);
        }
    }
    let all = history_of(store.as_mut(), ann, None).unwrap().unwrap();
    assert_eq!(all.len(), 28);
    for limit in [1, 2, 3, 5, 7, 27, 28, 29] {
        let mut read: Vec<PastLookup> = Vec::new();
        loop {
            let before = read.last().map(PastLookup::place);
            if let Some(place) = before {
                assert_eq!(store.history_size(ann, place).unwrap(), 28 - read.len() as u64, "{limit}");
            }
            let page = store.history_page(ann, before, limit).unwrap().unwrap();
            assert!(page.len() <= limit as usize);
            if page.is_empty() {
                break;
            }
            read.extend(page);
        }
        assert_eq!(read, all, "{limit}");
    }
    // A lookup that comes meanwhile is newer; one that goes leaves the place where it was.
    let place = all[9].place();
    assert_eq!(store.record(ann, &[record_of("new", 9, 1)]).unwrap(), Standing::Live);
    bed.sql(&format!("DELETE FROM hist WHERE user_id = {} AND time = '2026-11-30 23:59:59.000002' ", ann.number));
    let rest = store.history_page(ann, Some(place), 100).unwrap().unwrap();
    assert!(all[10..].ends_with(&rest) && rest.len() == 14, "{}", rest.len());
    assert_eq!(store.delete_account(ann).unwrap(), Standing::Live);
    assert_eq!(store.history_page(ann, Some(place), 100).unwrap(), None);
    assert_eq!(store.history_size(ann, place).unwrap(), 0);
}

fn sessions_in_parallel_keep_apart(bed: &Bed) {
    // Two sessions of one account at full speed.
    let mut store = bed.open();
    let accounts: Vec<_> = (0..4).map(|n| register(&mut *store, &format!("user{n}"))).collect();
    std::thread::scope(|scope| {
        for session in 0..8_u64 {
            let account = accounts[session as usize / 2];
            scope.spawn(move || {
                let mut store = bed.open();
                for time in 0..40 {
                    let records =
                        [record_of(&format!("s{session}"), time, session), record_of("x", -1 - time, session)];
                    assert_eq!(store.record(account, &records).unwrap(), Standing::Live);
                }
            });
        }
    });
    for (n, account) in accounts.into_iter().enumerate() {
        let words = words_of(&mut *store, account);
        assert_eq!(words.len(), 160);
        for (session, count) in [(2 * n, 40), (2 * n + 1, 40), ((2 * n + 2) % 8, 0)] {
            let word = format!("s{session}");
            assert_eq!(words.iter().filter(|found| **found == word).count(), count);
        }
    }
}

fn times_are_utc(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    assert_eq!(store.record(ann, &[record_of("a", 123_456, 1)]).unwrap(), Standing::Live);
    assert_eq!(bed.sql("SELECT time FROM hist"), "2026-11-30 23:59:59.123456\n");
}

fn the_last_of_many_accounts_at_once(bed: &Bed) {
    let mut store = bed.open();
    let accounts: Vec<AccountId> = (0..70).map(|n| register(&mut *store, &format!("user{n}"))).collect();
    for (n, account) in accounts.iter().enumerate() {
        // As many as its number, some within one microsecond.
        let records: Vec<Record> =
            (0..n).map(|at| record_of(&format!("w{n}-{at}"), at as i64 / 2, at as u64)).collect();
        for some in records.chunks(50) {
            assert_eq!(store.record(*account, some).unwrap(), Standing::Live);
        }
    }
    match bed.location {
        Location::MySql(_) => bed.sql("UPDATE user SET locked = TRUE WHERE name = 'user5'"),
        Location::Sqlite(_) => bed.sql("UPDATE user SET locked = 1 WHERE name = 'user5'"),
    };
    let gone = AccountId { created: Some(Microseconds(7)), ..accounts[6] };
    let mut wanted: Vec<(AccountId, u32)> = accounts.iter().map(|&account| (account, 10)).collect();
    wanted.extend([(gone, 10), (nobody(1_000_000), 10), (accounts[8], 3), (accounts[9], 1)]);
    let found = store.recent_lookups(&wanted).unwrap();
    assert_eq!(found.len(), wanted.len());
    for ((account, count), found) in wanted.iter().zip(&found) {
        assert_eq!(*found, store.history_page(*account, None, *count), "{account:?}");
    }
    let sizes: Vec<Option<usize>> =
        found.into_iter().map(|found| found.unwrap().map(|lookups| lookups.len())).collect();
    assert_eq!(sizes[..7], [Some(0), Some(1), Some(2), Some(3), Some(4), None, Some(6)]);
    assert_eq!((sizes[69], &sizes[70..]), (Some(10), &[None, None, Some(3), Some(1)][..]));
    assert_eq!(store.recent_lookups(&[]), Ok(Vec::new()));
}
