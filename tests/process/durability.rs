//! The promise of `Q`, and which account a row belongs to: no lookup is lost, doubled or given to another account.

use nix::sys::signal::Signal;
use std::sync::Barrier;
use support::mariadb::is_mysql;
use support::{Connection, Daemon, PASSWD, Setup, Store, code, on_both_stores, shared_mariadb};

on_both_stores!(
    two_sessions_of_one_account_lose_no_row,
    twenty_registrations_of_one_name,
    fifty_clients_see_their_own_rows,
    an_old_session_of_a_deleted_account_is_denied,
    a_locked_account_is_denied,
    what_was_acknowledged_survives_a_kill,
);

/// `word0` to `word…`, so that a doubled or a lost row can't hide.
fn words(count: usize) -> String {
    (0..count).map(|n| format!("word{n:05}\t解释 {n}\n")).collect()
}

fn lookups(name: &str, range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("Q {name} word{n:05}")).collect()
}

fn all_ok(replies: &[Vec<String>]) {
    let bad: Vec<_> = replies.iter().filter(|reply| !reply[0].starts_with("OK word")).take(3).collect();
    assert!(bad.is_empty(), "{bad:?}");
}

fn two_sessions_of_one_account_lose_no_row(store: Store) {
    let daemon = Setup::new(store).words(words(2_000)).start();
    daemon.connect().register("ann");
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (daemon, barrier) = (&daemon, &barrier);
            scope.spawn(move || {
                let mut ann = daemon.connect();
                ann.login("ann");
                barrier.wait();
                all_ok(&ann.ask_all(&lookups("ann", half * 1_000..(half + 1) * 1_000)));
            });
        }
    });
    let mut ann = daemon.connect();
    ann.login("ann");
    let mut history = ann.history("ann");
    // Each session's own lookups stand in their order.
    for half in 0..2 {
        let own: Vec<&String> = history.iter().filter(|word| (word.as_str() >= "word01000") == (half == 1)).collect();
        assert!(own.is_sorted_by(|newer, older| newer > older) && own.len() == 1_000, "session {half}: {}", own.len());
    }
    history.sort_unstable();
    history.dedup();
    assert_eq!(history.len(), 2_000);
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM hist"), ["2000"]);
}

fn twenty_registrations_of_one_name(store: Store) {
    let daemon = Daemon::over(store);
    let barrier = Barrier::new(20);
    let replies: Vec<String> = std::thread::scope(|scope| {
        let register = |number: usize| {
            let mut client = daemon.connect();
            barrier.wait();
            client.ask_line(&format!("R ann passwd {number}"))
        };
        let threads: Vec<_> = (0..20).map(|number| scope.spawn(move || register(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a reply")).collect()
    });
    let winners: Vec<usize> = (0..20).filter(|&at| replies[at] == "OK").collect();
    assert_eq!(winners.len(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| code(reply) == Some("exists")).count(), 19, "{replies:?}");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM user"), ["1"]);
    daemon.connect().ok(&format!("L ann passwd {}", winners[0]));
}

/// A connection shared across forks gives one client another's rows.
fn fifty_clients_see_their_own_rows(store: Store) {
    let daemon = Setup::new(store).words(words(50)).start();
    let barrier = Barrier::new(50);
    std::thread::scope(|scope| {
        for number in 0..50 {
            let (daemon, barrier) = (&daemon, &barrier);
            scope.spawn(move || {
                let name = format!("user{number}");
                let mut client = daemon.connect_as(&name);
                barrier.wait();
                let word = format!("word{number:05}");
                for round in 1..=5 {
                    let reply = client.ask_line(&format!("Q {name} {word}"));
                    assert_eq!(reply, format!("OK {word}\t解释 {number}"));
                    assert_eq!(client.history(&name), vec![word.clone(); round]);
                }
            });
        }
    });
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM hist"), ["250"]);
}

/// A login is to an account, not to a name.
fn an_old_session_of_a_deleted_account_is_denied(store: Store) {
    let daemon = Daemon::over(store);
    // One session for each request: a `denied` logs out, and would hide what the next one does.
    let requests = [
        "Q ann apple",
        "Q ann nosuchword",
        "H ann",
        "S ann ap",
        "C ann",
        "C ann pear",
        "P ann stolen",
        &format!("X ann {PASSWD}"),
        "Q ann apple\nQ ann zoo\nQ ann nosuchword\nH ann",
    ];
    daemon.connect().register("ann");
    let log_in = || {
        let mut client = daemon.connect();
        client.login("ann");
        client
    };
    let mut old: Vec<Connection> = requests.iter().map(|_| log_in()).collect();
    let mut also_old: Vec<Connection> = requests.iter().map(|_| log_in()).collect();
    old[0].ask("Q ann zoo");
    log_in().ok(&format!("X ann {PASSWD}"));
    let denied = |clients: &mut Vec<Connection>, when: &str| {
        for (client, request) in clients.iter_mut().zip(requests) {
            client.send(format!("{request}\n"));
            for line in request.split('\n') {
                let reply = client.line();
                assert_eq!(code(&reply), Some("denied"), "{line} {when}: {reply}");
            }
            assert_eq!(client.refused("H ann"), "denied");
        }
    };
    denied(&mut old, "after the account was deleted");
    // The next user to register the name, even with the same password.
    let mut new = daemon.connect_as("ann");
    assert_eq!(new.ask_line("Q ann pear").split('\t').next(), Some("OK pear"));
    denied(&mut also_old, "when another has the name");
    assert_eq!(new.history("ann"), ["pear"], "nothing of the old sessions is the new account's");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM hist"), ["1"]);
    log_in();
}

fn a_locked_account_is_denied(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    ann.ask("Q ann zoo");
    daemon.sql("UPDATE user SET locked = 1 WHERE name = 'ann'");
    assert_eq!(ann.refused("Q ann apple"), "denied");
    let mut other = daemon.connect();
    let wrong = other.ask_line("L ann wrong");
    assert_eq!(other.ask_line(&format!("L ann {PASSWD}")), wrong, "it looks like a wrong password");
    daemon.sql("UPDATE user SET locked = 0 WHERE name = 'ann'");
    other.login("ann");
    assert_eq!(other.history("ann"), ["zoo"]);
}

/// When the client has read `OK …`, the lookup is durable; without a reply it is in the history at most once.
fn what_was_acknowledged_survives_a_kill(store: Store) {
    let mut daemon = Setup::new(store).words(words(3_000)).start();
    daemon.connect().register("ann");
    let mut sessions: Vec<Connection> = (0..3)
        .map(|_| {
            let mut ann = daemon.connect();
            ann.login("ann");
            ann
        })
        .collect();
    let pid = daemon.pid();
    let acknowledged: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .zip(sessions.drain(..))
            .map(|(number, mut ann)| {
                scope.spawn(move || {
                    ann.send(lookups("ann", number * 1_000..(number + 1) * 1_000).join("\n") + "\n");
                    let mut read = 0;
                    // What arrives after the kill counts, too. The end may be a reset.
                    while let Ok(Some(line)) = ann.try_line() {
                        assert!(line.starts_with(&format!("OK word{:05}\t", number * 1_000 + read)), "{line}");
                        read += 1;
                        if number == 0 && read == 100 {
                            support::send_signal(pid, Signal::SIGKILL);
                        }
                    }
                    read
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("replies in order")).collect()
    });
    daemon.wait_exit();
    daemon.start();
    let mut ann = daemon.connect();
    ann.login("ann");
    let mut history = ann.history("ann");
    history.sort_unstable();
    let rows = history.len();
    history.dedup();
    assert_eq!(rows, history.len(), "none is there twice");
    assert!(acknowledged[0] >= 100, "{acknowledged:?}");
    for (number, read) in acknowledged.into_iter().enumerate() {
        let own: Vec<&String> =
            history.iter().filter(|word| word[4..].parse::<usize>().expect("n") / 1_000 == number).collect();
        assert!(own.len() >= read, "session {number}: {read} acknowledged, {} found", own.len());
        assert!(own.iter().zip(number * 1_000..).all(|(word, n)| **word == format!("word{n:05}")), "in order, no gap");
    }
}

/// Eight clients, 2,000 words each, on a MariaDB as durable as its defaults are.
#[test]
fn eight_clients_leave_exactly_sixteen_thousand_rows() {
    let variables = match is_mysql() {
        true => "SELECT @@innodb_flush_log_at_trx_commit, @@sync_binlog",
        false => {
            "SELECT @@innodb_flush_log_at_trx_commit, @@sync_binlog = (SELECT CAST(DEFAULT_VALUE AS INTEGER) \
             FROM information_schema.system_variables WHERE variable_name = 'SYNC_BINLOG')"
        }
    };
    assert_eq!(shared_mariadb().sql(variables).trim(), "1\t1", "the durable defaults");
    let daemon = Setup::new(Store::MariaDb).words(words(2_000)).start();
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (daemon, barrier) = (&daemon, &barrier);
            scope.spawn(move || {
                let name = format!("user{number}");
                let mut client = daemon.connect_as(&name);
                barrier.wait();
                let replies = client.ask_all(&lookups(&name, 0..2_000));
                assert_eq!(replies.len(), 2_000);
                all_ok(&replies);
                let history = client.history(&name);
                assert!(history.iter().zip((0..2_000).rev()).all(|(word, n)| *word == format!("word{n:05}")));
            });
        }
    });
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM hist"), ["16000"]);
    assert_eq!(daemon.sql("SELECT COUNT(DISTINCT user_id, word) FROM hist"), ["16000"]);
}
