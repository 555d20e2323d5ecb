//! SIGHUP: new words for every child, bad files refused with their line, and no reading of the file between reloads.

use nix::sys::signal::Signal;
use std::time::Duration;
use support::processes::mapped_words;
use support::{Connection, Daemon, Setup, Store, wait_for, wait_until};

fn word(client: &mut Connection, name: &str, word: &str) -> String {
    client.ask_line(&format!("Q {name} {word}"))
}

fn users(daemon: &Daemon, count: usize) -> Vec<Connection> {
    daemon.connect().register("ann");
    let log_in = || {
        let mut client = daemon.connect();
        client.login("ann");
        client
    };
    (0..count).map(|_| log_in()).collect()
}

#[test]
fn every_child_moves_to_the_new_words() {
    let daemon = Setup::new(Store::Sqlite).words("apple old\nzoo only old\n").start();
    let mut old = users(&daemon, 10);
    let children = daemon.wait_children(10);
    assert_eq!(word(&mut old[0], "ann", "apple"), "OK apple\told");
    let before = mapped_words(daemon.pid());
    assert_eq!(before.len(), 1);
    daemon.replace_words("apple new\nberry only new\n");
    assert_eq!(word(&mut old[1], "ann", "apple"), "OK apple\told", "nothing changes without the signal");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("2 headwords, generation 2");
    // Within a second each child, idle or not, has let go of the old words.
    wait_for("every child to have moved", Duration::from_secs(1), || {
        let moved = |pid: &u32| mapped_words(*pid).len() == 1 && mapped_words(*pid).is_disjoint(&before);
        (children.iter().all(moved) && moved(&daemon.pid())).then_some(())
    });
    let mut new = daemon.connect();
    new.login("ann");
    for client in old.iter_mut().chain([&mut new]) {
        assert_eq!(word(client, "ann", "apple"), "OK apple\tnew");
        assert_eq!(word(client, "ann", "berry"), "OK berry\tonly new");
        assert_eq!(client.refused("Q ann zoo"), "notfound");
    }
    assert_eq!(daemon.wait_children(11).iter().filter(|pid| children.contains(pid)).count(), 10, "nobody was cut off");
    // What was looked up in the old words stays in the history.
    assert!(new.history("ann").ends_with(&["apple".to_owned(), "apple".to_owned()]));
}

/// A bad file is refused, with its line, and the old words stay.
#[test]
fn bad_files_are_refused() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut old = users(&daemon, 1).remove(0);
    let refused = |at: usize, part: &str| {
        daemon.signal(Signal::SIGHUP);
        daemon.wait_log_times("reload failed: ", at);
        let log = daemon.log();
        let line = log.lines().rfind(|line| line.contains("reload failed: ")).expect("a line");
        assert!(line.contains(" ERROR: ") && line.contains(part) && line.contains("keeping the old words"), "{line}");
        assert!(line.contains("words.txt"), "the file is named: {line}");
    };
    let bad: [(&[u8], &str); 6] = [
        (b"apple new\nword without\nonly\n", "line 3: "),
        (b"apple new\n# comment\n\xff\xfe broken\n", "line 3: "),
        (b"apple new\n bad x\n", "line 2: "),
        (b"", "no entry"),
        (b"# title: x\n\n# nothing\n", "no entry"),
        // As a copy that was interrupted leaves it.
        (b"apple new\nzoo", "line 2: "),
    ];
    for (at, (text, part)) in bad.into_iter().enumerate() {
        daemon.replace_words(text);
        refused(at + 1, part);
    }
    let long = format!("{} x\n", "w".repeat(257));
    daemon.replace_words(&long);
    refused(7, "line 1: ");
    std::fs::remove_file(daemon.words_path()).expect("the file is there");
    refused(8, "words.txt");
    std::fs::create_dir(daemon.words_path()).expect("a directory");
    refused(9, "words.txt");
    std::fs::remove_dir(daemon.words_path()).expect("the directory is there");
    for client in [&mut old, &mut users_again(&daemon)] {
        assert_eq!(word(client, "ann", "apple"), "OK apple\tn. 苹果");
        assert_eq!(word(client, "ann", "zoo"), "OK zoo\tn. 动物园");
    }
    daemon.replace_words("apple mended\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("1 headwords, generation 2");
    assert_eq!(word(&mut old, "ann", "apple"), "OK apple\tmended");
}

fn users_again(daemon: &Daemon) -> Connection {
    let mut client = daemon.connect();
    client.login("ann");
    client
}

/// A running server never reads the file between two loads.
#[test]
fn what_happens_to_the_file_between_loads_harms_nobody() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut old = users(&daemon, 1).remove(0);
    let all_well = |old: &mut Connection, when: &str| {
        let mut new = users_again(&daemon);
        for client in [old, &mut new] {
            assert_eq!(word(client, "ann", "apple"), "OK apple\tn. 苹果", "{when}");
            assert_eq!(client.ask("S ann zo"), ["OK 1", "zoo"], "{when}");
            assert_eq!(client.ask("I")[2], "title\tTest words", "{when}");
        }
    };
    let in_place = |text: &[u8]| {
        let file = std::fs::File::options().write(true).truncate(true).open(daemon.words_path()).expect("the file");
        std::io::Write::write_all(&mut &file, text).expect("the file can be written");
    };
    in_place(b"");
    all_well(&mut old, "truncated in place");
    in_place(&b"\xff garbage without end ".repeat(10_000));
    all_well(&mut old, "rewritten in place");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log_times("reload failed: ", 1);
    all_well(&mut old, "refused");
    in_place(b"");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log_times("reload failed: ", 2);
    all_well(&mut old, "truncated in place and refused");
    std::fs::remove_file(daemon.words_path()).expect("the file is there");
    all_well(&mut old, "deleted");
}

/// Reloads that overtake each other end with the newest file, and no request is lost meanwhile.
#[test]
fn twenty_reloads_under_load() {
    let daemon = Setup::new(Store::Sqlite).words("apple 0\n").start();
    let mut clients = users(&daemon, 2);
    let mut watcher = clients.remove(0);
    let mut client = clients.remove(0);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let (mut last, mut asked) = (0, 0_u64);
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let reply = word(&mut client, "ann", "apple");
                let number: u32 = reply.rsplit_once('\t').expect("a lookup").1.parse().expect("a number");
                assert!(number >= last, "{number} after {last}: words never go back");
                last = number;
                asked += 1;
            }
            asked
        });
        for number in 1..=20 {
            daemon.replace_words(format!("apple {number}\n"));
            daemon.signal(Signal::SIGHUP);
        }
        wait_until("the newest words", || word(&mut watcher, "ann", "apple") == "OK apple\t20" || load.is_finished());
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(load.join().expect("every lookup was answered") > 0);
    });
    assert_eq!(word(&mut client, "ann", "apple"), "OK apple\t20");
}
