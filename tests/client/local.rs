//! `--local`: a private server that starts and ends with its client, from an empty home directory.

use crate::person::Person;
use crate::prompts::{level_one, level_two, look_up};
use crate::stream::Running;
use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use support::terminal::{CTRL_C, Terminal};
use support::{PASSWD, processes, send_signal, wait_until};

/// The inodes of every socket that listens: TCP of both kinds, and Unix sockets.
fn listening() -> BTreeSet<u64> {
    let mut inodes = BTreeSet::new();
    for (file, state, flag, inode) in [("tcp", 3, "0A", 9), ("tcp6", 3, "0A", 9), ("unix", 3, "00010000", 6)] {
        let table = std::fs::read_to_string(format!("/proc/net/{file}")).unwrap();
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if fields[state] == flag {
                inodes.insert(fields[inode].parse().unwrap());
            }
        }
    }
    inodes
}

/// A process and everything below it.
fn tree(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut next = 0;
    while next < all.len() {
        all.extend(processes::children(all[next]));
        next += 1;
    }
    all
}

/// Menus on a private server: they begin at level two, with the account of one's own.
fn open(person: &Person) -> Terminal {
    let mut terminal = person.terminal(&["--local"]);
    level_two(&mut terminal);
    terminal
}

fn pid(terminal: &Terminal) -> u32 {
    u32::try_from(terminal.pid()).unwrap()
}

#[test]
fn from_an_empty_home() {
    let person = Person::new("");
    let mut terminal = open(&person);
    look_up(&mut terminal);
    for (word, meaning) in [("apple", "苹果"), ("ice cream", "冰淇淋")] {
        terminal.line(word);
        terminal.expect(meaning);
        terminal.expect("Word (## to go back): ");
    }
    terminal.line("##");
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("");
    terminal.expect("ice cream");
    terminal.expect("apple");
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0, "{}", terminal.shown());
    // What lasts is where the XDG specification puts it, and private.
    let state = person.home().join(".local/state/cidian");
    assert!(state.join("cidian.db").is_file());
    assert_eq!(state.metadata().unwrap().permissions().mode() & 0o077, 0);
    let left: Vec<_> = std::fs::read_dir(person.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".local"]);
    // And it is still there for the next one.
    let ran = person.run(&["--local", "history"], "").ended(0);
    let words: Vec<&str> = ran.out.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(words, ["ice cream", "apple"]);
    // Its file opens it: private, beside the database.
    let own = state.join("own-account.json");
    assert_eq!(own.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

/// The first word needs no name, no password and no menu; and whatever is lost of the files, the next one works.
#[test]
fn the_first_word_in_one_command() {
    let person = Person::new("");
    let ran = person.run(&["--local", "lookup", "apple"], "").ended(0);
    assert!(ran.out.contains("苹果") && ran.err.is_empty(), "{} {}", ran.out, ran.err);
    let ran = person.run(&["--local", "apple"], "").ended(0);
    assert!(ran.out.contains("苹果"), "{}", ran.out);
    assert_eq!(person.run(&["--local", "history", "--all"], "").ended(0).out.lines().count(), 2);
    let state = person.home().join(".local/state/cidian");
    std::fs::remove_file(state.join("tokens.json")).unwrap();
    assert_eq!(person.run(&["--local", "history", "--all"], "").ended(0).out.lines().count(), 2);
    std::fs::remove_file(state.join("cidian.db")).unwrap();
    let _ = std::fs::remove_file(state.join("cidian.db-wal"));
    let _ = std::fs::remove_file(state.join("cidian.db-shm"));
    // Another database has another account of the same name.
    person.run(&["--local", "lookup", "water"], "").ended(0);
    assert_eq!(person.run(&["--local", "history", "--all"], "").ended(0).out.lines().count(), 1);
    // Without its file it can't be opened: there is another one.
    std::fs::remove_file(state.join("own-account.json")).unwrap();
    std::fs::remove_file(state.join("tokens.json")).unwrap();
    person.run(&["--local", "lookup", "fire"], "").ended(0);
    assert_eq!(person.run(&["--local", "history", "--all"], "").ended(0).out.lines().count(), 1);
    person.run(&["--local", "delete-account", "--yes"], "").ended(0);
    assert!(!state.join("own-account.json").exists());
    person.run(&["--local", "lookup", "fire"], "").ended(0);
    // The file's contents are not trusted blindly.
    std::fs::write(state.join("own-account.json"), "nonsense").unwrap();
    let ran = person.run(&["--local", "lookup", "fire"], "");
    assert!(ran.status != 0 && ran.err.contains("own-account.json"), "{}", ran.err);
}

/// The image of the built-in words is kept for the next start, privately; whatever becomes of it, words are found.
#[test]
fn the_image_of_the_words_is_kept() {
    let person = Person::new("");
    person.run(&["--local", "lookup", "apple"], "").ended(0);
    let image = person.home().join(".local/state/cidian/built-in-words.image");
    // Not by a program that was written a moment ago.
    wait_until("the image", || {
        person.run(&["--local", "lookup", "apple"], "").ended(0);
        image.exists()
    });
    assert_eq!(image.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let whole = std::fs::read(&image).unwrap();
    // The line before it names the state of the program that it is of; whatever touches the program's file makes
    // another.
    let is_whole = || {
        let now = std::fs::read(&image).unwrap();
        let image = |bytes: &[u8]| bytes.splitn(2, |&byte| byte == b'\n').nth(1).map(<[u8]>::to_vec);
        image(&now) == image(&whole)
    };
    let ran = person.run(&["--local", "lookup", "water"], "").ended(0);
    assert!(ran.out.contains("水"), "{}", ran.out);
    assert!(is_whole());
    for damaged in [&whole[..whole.len() / 2], &b"nonsense"[..], b""] {
        std::fs::write(&image, damaged).unwrap();
        let ran = person.run(&["--local", "lookup", "water"], "").ended(0);
        assert!(ran.out.contains("水") && ran.err.is_empty(), "{} {}", ran.out, ran.err);
        wait_until("the image", || {
            person.run(&["--local", "lookup", "water"], "").ended(0);
            is_whole()
        });
    }
    // Other words are read from their files.
    let own = person.home().join(".local/share/cidian/words");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("own.txt"), "zzyzx\tn. 一条路\n").unwrap();
    let ran = person.run(&["--local", "lookup", "zzyzx"], "").ended(0);
    assert!(ran.out.contains("一条路"), "{}", ran.out);
}

/// A words file of one's own that is refused: which file, which line, and what to do; nothing is lost.
#[test]
fn a_bad_words_file_of_ones_own() {
    let person = Person::new("");
    person.run(&["--local", "lookup", "apple"], "").ended(0);
    let own = person.home().join(".local/share/cidian/words");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("bad.txt"), "good\tn. 好\nbad\n").unwrap();
    for arguments in [&["--local", "lookup", "apple"][..], &["--local", "history"], &["serve"]] {
        let ran = person.run(arguments, "").ended(65);
        for part in ["bad.txt", "line 2", "words check", "move it"] {
            assert!(ran.err.contains(part), "{part}: {}", ran.err);
        }
        assert!(ran.out.is_empty(), "{}", ran.out);
    }
    std::fs::remove_file(own.join("bad.txt")).unwrap();
    let ran = person.run(&["--local", "history"], "").ended(0);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
}

/// Several first words at once make one account.
#[test]
fn first_words_at_once() {
    let person = Person::new("");
    std::thread::scope(|scope| {
        for word in ["apple", "water", "fire", "earth"] {
            let person = &person;
            scope.spawn(move || person.run(&["--local", "lookup", word], "").ended(0));
        }
    });
    assert_eq!(person.run(&["--local", "history", "--all"], "").ended(0).out.lines().count(), 4);
}

#[test]
fn subcommands() {
    let state = tempfile::tempdir().unwrap();
    let person = Person::new("").with("XDG_STATE_HOME", state.path().to_str().unwrap());
    person.run_as("ann", &["--local", "register"], "").ended(0).said("Account ann is registered.\n");
    person.run_as("ann", &["--local", "register"], "").ended(73);
    let ran = person.run_as("ann", &["lookup", "--local", "apple", "zzzz"], "").ended(1);
    assert!(ran.out.contains("苹果"), "{}", ran.out);
    assert_eq!(person.run_as("ann", &["--local", "lookup"], "apple\n\nzzzz\nwater").ended(1).out.lines().count(), 4);
    assert!(person.run(&["--local", "about"], "").ended(0).out.contains("headwords"));
    person.run_as("bob", &["--local", "history"], "").ended(77);
    assert!(state.path().join("cidian/cidian.db").is_file());
    // No place for the database: reported, and no crash.
    let unwritable = Person::new("").with("XDG_STATE_HOME", "/proc/nowhere");
    let ran = unwritable.run(&["--local", "about"], "");
    assert!(ran.status != 0 && ran.err.contains("/proc/nowhere"), "{} {:?}", ran.status, ran.err);
}

#[test]
fn two_at_once_share_the_database() {
    let person = Person::new("");
    let mut terminal = open(&person);
    look_up(&mut terminal);
    terminal.line("apple");
    terminal.expect("苹果");
    terminal.expect("Word (## to go back): ");
    let ran = person.run(&["--local", "lookup", "water"], "").ended(0);
    assert!(ran.out.contains('水'), "{}", ran.out);
    terminal.line("##");
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("");
    let history = terminal.read_to("3  log out");
    assert!(history.contains("water") && history.contains("apple"), "{history}");
    // And at full speed: two filters, nothing lost.
    let words = "apple\n".repeat(500);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let ran = person.run(&["--local", "lookup"], words.as_bytes()).ended(0);
                assert_eq!(ran.out.lines().count(), 500);
            });
        }
    });
    let all = person.run(&["--local", "history", "--all"], "").ended(0);
    assert_eq!(all.out.lines().count(), 1_002);
}

#[test]
fn nobody_else_can_reach_it() {
    let person = Person::new("");
    let terminal = open(&person);
    let all = tree(pid(&terminal));
    assert!(all.len() >= 3, "client, server and session: {all:?}");
    let ours: BTreeSet<u64> = all.iter().flat_map(|&pid| processes::sockets(pid)).collect();
    assert!(!ours.is_empty());
    let listening = listening();
    assert!(!listening.is_empty() || ours.is_disjoint(&listening));
    assert!(ours.is_disjoint(&listening), "a socket of {all:?} listens");
}

/// However the client ends, nothing of its server is left.
#[test]
fn it_ends_with_its_client() {
    let person = Person::new("");
    person.run_as("ann", &["--local", "register"], "").ended(0);
    let mut terminal = open(&person);
    let end = |terminal: &mut Terminal, leave: &dyn Fn(&mut Terminal)| {
        let all = tree(pid(terminal));
        assert!(all.len() >= 3, "client, server and session: {all:?}");
        leave(terminal);
        let status = terminal.wait();
        wait_until("the private server to end", || all.iter().all(|&pid| !processes::lives(pid)));
        assert!(terminal.echoes());
        status
    };
    let status = end(&mut terminal, &|terminal| terminal.keys(CTRL_C));
    assert_eq!(status.code(), Some(130), "{}", terminal.shown());
    for (signal, code) in [(Signal::SIGKILL, None), (Signal::SIGTERM, Some(143)), (Signal::SIGHUP, None)] {
        let mut terminal = person.terminal(&["--local", "--user", "ann"]);
        level_one(&mut terminal);
        crate::prompts::level_one_log_in(&mut terminal, PASSWD);
        level_two(&mut terminal);
        let status = end(&mut terminal, &|terminal| terminal.signal(signal));
        assert_eq!(status.code(), code, "{signal}: {status}");
    }
    // Killed while words come in, it leaves no lock behind.
    let mut client = Running::start(&person, "ann", &["--local", "lookup"]);
    client.write("apple");
    client.read();
    let all = tree(client.pid());
    send_signal(client.pid(), Signal::SIGKILL);
    wait_until("the private server to end", || all.iter().all(|&pid| !processes::lives(pid)));
    drop(client);
    let ran = person.run_as("ann", &["--local", "history"], "").ended(0);
    assert_eq!(ran.out.lines().count(), 1);
}

/// If no server is named and no server answers, a person is asked once, and the answer is kept; a script is not asked.
#[test]
fn offered_where_there_is_no_server() {
    // Somebody may use a daemon at the usual address.
    let on_a_machine_without_servers = || {
        Person::new("").without_servers().unwrap_or_else(|why| {
            let taken = std::net::TcpStream::connect("127.0.0.1:2629").is_ok();
            assert!(!taken, "something listens at the usual address, and no machine without it can be made: {why}");
            Person::new("")
        })
    };
    let offer = "No server answers at 127.0.0.1:2629.";
    let person = on_a_machine_without_servers();
    let ran = person.run(&["apple"], "");
    assert!(ran.status != 0 && !ran.err.contains(offer), "{}", ran.err);
    let mut terminal = person.terminal(&["apple"]);
    terminal.expect(offer);
    terminal.line("what?");
    terminal.expect("Please answer y for yes or n for no.");
    terminal.expect(offer);
    terminal.line("");
    terminal.expect("苹果");
    assert_eq!(terminal.exit(), 0);
    let config = std::fs::read_to_string(person.home().join(".config/cidian/config.toml")).unwrap();
    assert_eq!(config, "local = true\n");
    let ran = person.run(&["apple"], "").ended(0);
    assert!(ran.out.contains("苹果"), "{}", ran.out);
    // No is an answer, too.
    let other = on_a_machine_without_servers();
    for asked in [true, false] {
        let mut terminal = other.terminal(&["apple"]);
        if asked {
            terminal.expect(offer);
            terminal.line("n");
        }
        terminal.expect("Name: ");
        assert_eq!(terminal.shown().contains(offer), asked, "{}", terminal.shown());
        terminal.keys(CTRL_C);
        terminal.wait();
    }
}
