//! Servers that do not exist, go away, come back, are full, or run into a timeout.

use crate::fake_server::{Answer, serve};
use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in, look_up, register};
use crate::stream::{Running, spawn};
use nix::sys::signal::Signal;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::Child;
use support::{PASSWD, processes, send_signal, wait_until};

/// A free port of this machine.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn nobody_listens() {
    for address in [nobody(), "[::1]:1".into(), "unix:/nonexistent/socket".into(), "no-such-host.invalid:1".into()] {
        let person = Person::new(address.clone());
        for arguments in [
            ["lookup", "apple"].as_slice(),
            &["lookup"],
            &["history"],
            &["history", "clear"],
            &["register"],
            &["passwd", "--new-password-file", "password"],
            &["delete-account", "--yes"],
            &["dict-key"],
            &["about"],
        ] {
            let ran = person.run_as("ann", arguments, "apple\n").ended(69);
            assert_eq!(ran.out, "");
            ran.complained(&format!("cannot reach a server at {address}: "));
        }
    }
    // In the menus: reported, with the address, and level one comes back.
    let address = nobody();
    let mut terminal = Person::new(address.clone()).terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    terminal.expect(&format!("cannot reach a server at {address}: "));
    level_one(&mut terminal);
    register(&mut terminal, "ann", PASSWD, PASSWD);
    terminal.expect(&format!("cannot reach a server at {address}: "));
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
}

/// A server that answers a login, begins to show a history, and is gone.
fn half_a_history() -> String {
    serve(|request| {
        if request.starts_with('L') {
            return Answer::from("OK\n");
        }
        Answer::Break(b"OK 1000\nann\tapple\t2026-11-23T05:32:10.123456Z\nann\tpe".to_vec())
    })
}

/// A server that dies in the middle of a history ends a subcommand with 69; nothing goes round.
#[test]
fn a_history_breaks_off() {
    let person = Person::new(half_a_history());
    let ran = person.run_as("ann", &["history", "--all"], "").ended(69);
    assert_eq!(ran.out, "ann\tapple\t2026-11-23T05:32:10.123456Z\n");
    ran.complained("the connection to the server was lost");
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("a");
    terminal.expect("ann   apple  ");
    terminal.expect("the connection to the server was lost");
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
}

/// With the real server: its child is killed between two words of a filter.
#[test]
fn the_child_dies_while_words_come() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    daemon.wait_children(0);
    let person = Person::new(person::port(&daemon));
    let mut client = Running::start(&person, "ann", &["lookup"]);
    client.write("apple");
    assert_eq!(client.read(), "n. 苹果");
    send_signal(daemon.wait_children(1)[0], Signal::SIGKILL);
    daemon.wait_children(0);
    client.write("pear");
    let (status, complaint) = client.end();
    assert_eq!(status, 69, "{complaint}");
    assert!(complaint.contains("the connection to the server was lost"), "{complaint}");
}

/// The same while a long history is on its way, more of it than all buffers hold.
#[test]
fn the_child_dies_while_a_history_comes() {
    const ROWS: usize = 120_000;
    let daemon = person::daemon("");
    {
        // As the server wrote them itself, but in one go.
        daemon.connect_as("ann");
        daemon.wait_children(0);
        let store = rusqlite::Connection::open(daemon.path("state/cidian.db")).unwrap();
        store
            .execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                 INSERT INTO hist (user_id, name, word, time, origin)
                 SELECT user.id, name, printf('%0128d', i), printf('2026-01-01 00:00:00.%06d', i), i FROM n, user",
                [i64::try_from(ROWS).unwrap()],
            )
            .unwrap();
    }
    let person = Person::new(person::port(&daemon));
    let (mut client, stdout): (Child, _) = spawn(&person, "ann", &["history", "--all"]);
    let mut lines = BufReader::new(stdout).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("ann\t"));
    // The client stands still now, because its output is not read.
    send_signal(daemon.wait_children(1)[0], Signal::SIGKILL);
    daemon.wait_children(0);
    let rest = lines.count();
    assert!(rest < ROWS, "{rest} lines: the history had come to its end");
    let status = client.wait().unwrap();
    let mut complaint = String::new();
    client.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!(status.code(), Some(69), "{complaint}");
}

/// The server goes and comes back while menus are open: what was typed meanwhile is reported; the next login works.
#[test]
fn the_server_starts_again() {
    let mut daemon = person::daemon("");
    daemon.connect_as("ann");
    let address = person::socket(&daemon);
    let mut terminal = Person::new(address.clone()).terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.line("apple");
    terminal.expect("苹果");

    // Again at once: unnoticed.
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    daemon.start();
    terminal.line("pear");
    terminal.expect("梨");
    assert!(!terminal.shown().contains("lost") && !terminal.shown().contains("stopping"), "{}", terminal.shown());

    // Killed, without a goodbye. The kernel ends the children a moment after their parent.
    let sessions = daemon.wait_children(1);
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    wait_until("the session to end", || sessions.iter().all(|&pid| !processes::lives(pid)));
    terminal.expect("Word (## to go back): ");
    terminal.line("zoo");
    terminal.expect(&format!("cannot reach a server at {address}: "));
    level_one(&mut terminal);
    daemon.start();
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("");
    // What was acknowledged is there, once; what was not, is not.
    let history = terminal.read_to("3  log out");
    assert_eq!((history.matches("pear").count(), history.matches("apple").count()), (1, 1), "{history}");
    assert!(!history.contains("zoo"), "{history}");
}

/// After `timeout` the menus connect again by themselves, with no password asked for.
#[test]
fn an_idle_person_notices_nothing() {
    let daemon = person::daemon("--idle-timeout 1");
    daemon.connect_as("ann");
    let mut terminal = Person::new(person::port(&daemon)).terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    for (word, meaning) in [("apple", "苹果"), ("zoo", "动物园")] {
        daemon.wait_children(0);
        terminal.line(word);
        let shown = terminal.read_to(meaning);
        assert!(!shown.contains("assword") && !shown.contains("idle"), "{shown}");
        terminal.expect("Word (## to go back): ");
    }
    daemon.wait_children(0);
    terminal.line("##");
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("");
    let history = terminal.read_to("3  log out");
    assert_eq!((history.matches("zoo").count(), history.matches("apple").count()), (1, 1), "{history}");
    daemon.wait_children(0);
    terminal.expect("> ");
    // Nothing is sent to a server that has hung up, and nothing hangs.
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
}

/// A subcommand reports it: whether to try again is the script's choice.
#[test]
fn a_filter_that_pauses_too_long() {
    // Long enough for a client to begin on a busy machine.
    let daemon = person::daemon("--idle-timeout 3");
    daemon.connect_as("ann");
    daemon.wait_children(0);
    let person = Person::new(person::port(&daemon));
    let mut client = Running::start(&person, "ann", &["lookup"]);
    client.write("apple");
    assert_eq!(client.read(), "n. 苹果");
    daemon.wait_children(0);
    client.write("pear");
    let (status, complaint) = client.end();
    assert_eq!(status, 75, "{complaint}");
    assert!(complaint.contains("idle for too long"), "{complaint}");
}

#[test]
fn a_full_server() {
    let daemon = person::daemon("--max-clients 1");
    let held = daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    for arguments in [["lookup", "apple"].as_slice(), &["about"], &["register"], &["history"]] {
        person.run_as("ann", arguments, "").ended(75).complained("the server is busy, try again later");
    }
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    terminal.expect("the server is busy, try again later");
    level_one(&mut terminal);
    drop(held);
    daemon.wait_children(0);
    log_in(&mut terminal, "ann", PASSWD);
    terminal.expect("Welcome, ann.");
}

/// Registration is closed; too many wrong passwords.
#[test]
fn a_server_that_refuses() {
    let daemon = person::daemon("--registration closed");
    let person = Person::new(person::port(&daemon));
    person.run_as("ann", &["register"], "").ended(77);
    let mut terminal = person.terminal(&[]);
    // One more than a server takes in one connection.
    for _ in 0..6 {
        level_one(&mut terminal);
        log_in(&mut terminal, "ann", "wrong");
        terminal.expect("wrong name or password");
    }
    level_one(&mut terminal);
    register(&mut terminal, "ann", PASSWD, PASSWD);
    terminal.expect("the server does not allow it");
    level_one(&mut terminal);
}

/// The system's errors are reported without their numbers, in the person's language.
#[test]
fn reasons_are_for_people() {
    let address = nobody();
    let ran = Person::new(address.clone()).run(&["about"], "").ended(69);
    assert_eq!(ran.err, format!("cidian: cannot reach a server at {address}: Connection refused\n"));
    let ran = Person::new(address.clone()).with("LANG", "zh_CN.UTF-8").run(&["about"], "").ended(69);
    assert_eq!(ran.err, format!("cidian: 无法连接服务器 {address}：连接被拒绝\n"));
}
