//! Guessing and flooding: what failures cost the address from which they come, and that they cost other addresses
//! nothing.

use nix::sys::signal::Signal;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use support::{
    Connection, Daemon, PASSWD, Setup, Store, code, processes, send_signal, shared_mariadb, wait_for, wait_until,
};

/// The address that the trouble comes from, and no other client.
const GUESSER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const FAILURES: &str = "FAIL busy too many failures from your address";

/// A daemon without exempt sources, with an account `ann`.
fn strict(options: &str) -> Daemon {
    let daemon = Setup::new(Store::Sqlite).options(&format!("--exempt-source none {options}")).start();
    daemon.connect().register("ann");
    daemon.wait_children(0);
    daemon
}

fn from(source: Ipv4Addr, daemon: &Daemon) -> Connection {
    Connection::open_from(source, daemon.port())
}

/// Whether a new connection from there is served; if not, it gets the reason.
fn is_served(source: Ipv4Addr, daemon: &Daemon) -> bool {
    let mut client = from(source, daemon);
    let _ = client.try_send("I\n");
    let line = client.line();
    if line == "OK 4" {
        (0..4).for_each(|_| drop(client.line()));
        client.ok("E");
        return true;
    }
    assert_eq!(line, FAILURES);
    assert!(client.at_eof());
    false
}

fn guess(client: &mut Connection, times: usize) {
    for _ in 0..times {
        assert_eq!(client.refused("L ann guess"), "denied");
    }
}

/// A new connection after four failures is no way around. The penalty ends by itself.
#[test]
fn guesses_add_up_over_connections() {
    let daemon = strict("");
    let mut present = from(GUESSER, &daemon);
    present.login("ann");
    guess(&mut from(GUESSER, &daemon), 4);
    let begin = Instant::now();
    let mut second = from(GUESSER, &daemon);
    guess(&mut second, 2);
    assert_eq!(second.line(), FAILURES, "the sixth failure ends the connection");
    assert!(second.at_eof());
    assert!(!is_served(GUESSER, &daemon));
    // Connected clients go on, but can guess no more; clients elsewhere notice nothing.
    assert_eq!(present.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    assert_eq!(present.ask_line("L ann guess"), FAILURES);
    assert!(present.at_eof());
    daemon.wait_log("refused by a limit of its address");
    assert!(is_served(Ipv4Addr::LOCALHOST, &daemon));
    daemon.connect().login("ann");
    let line = daemon.wait_log("source 127.0.0.2 is refused for ");
    assert!(line.contains(" WARN: ") && line.contains("the last one: a failed login"), "{line}");
    let status = daemon.status();
    assert_eq!((&status["refused"], &status["refused_by"]["failures"]), (&1.into(), &1.into()), "{status}");
    let penalties = &status["penalties"];
    assert_eq!((&penalties["sources"], &penalties["refused_sources"]), (&1.into(), &1.into()), "{status}");
    assert_eq!(penalties["longest"][0]["source"], "127.0.0.2");
    assert!(penalties["longest"][0]["seconds"].as_u64().is_some_and(|left| left <= 60), "{status}");
    assert_eq!(penalties["logins_refused"], 1, "{status}");
    let text = String::from_utf8(daemon.tool(&["status"]).stdout).expect("UTF-8");
    assert!(text.contains("sources refused") && text.contains(" s: 127.0.0.2\n"), "{text}");
    // It owes 60 s at most, and less than one guess when it is let in again.
    wait_for("the source to be served again", Duration::from_secs(90), || {
        (begin.elapsed() > Duration::from_secs(50) && is_served(GUESSER, &daemon)).then_some(())
    });
    let elapsed = begin.elapsed();
    assert!(elapsed >= Duration::from_secs(55), "{elapsed:?}");
    guess(&mut from(GUESSER, &daemon), 4);
    assert!(is_served(GUESSER, &daemon));
}

/// The parent counts a failure before the next guess is tried, however many connections try at once.
#[test]
fn many_connections_at_once_give_no_more_guesses() {
    let daemon = strict("");
    let mut clients: Vec<Connection> = (0..100).map(|_| from(GUESSER, &daemon)).collect();
    clients.iter_mut().for_each(|client| client.send("L ann guess\nL ann guess\n"));
    let mut tried = 0;
    for client in &mut clients {
        let line = client.line();
        match code(&line) {
            Some("denied") => tried += 1,
            _ => assert_eq!(line, FAILURES),
        }
    }
    let processors = std::thread::available_parallelism().expect("a number").get();
    println!("{tried} of 200 guesses were tried");
    // Those in work when the sixth has failed, and those whose failure is on its way.
    assert!((6..=6 + 4 * processors).contains(&tried), "{tried} guesses were tried");
    daemon.wait_children(0);
    assert!(!is_served(GUESSER, &daemon));
    daemon.connect().login("ann");
}

/// Mistyping and then logging in costs nothing, however often.
#[test]
fn mistyping_is_no_offence() {
    let daemon = strict("");
    for _ in 0..5 {
        let mut ann = from(GUESSER, &daemon);
        guess(&mut ann, 2);
        ann.login("ann");
        ann.ok("E");
    }
    assert_eq!(daemon.status()["penalties"]["sources"], 0);
    // An account of one's own buys no guesses at others'.
    daemon.connect().register("eve");
    let mut eve = from(GUESSER, &daemon);
    guess(&mut eve, 3);
    eve.login("eve");
    let mut eve = from(GUESSER, &daemon);
    guess(&mut eve, 3);
    assert_eq!(eve.line(), FAILURES);
}

#[test]
fn clean_use_costs_nothing() {
    let daemon = strict("");
    for at in 0..60 {
        let mut client = from(GUESSER, &daemon);
        match at % 4 {
            0 => client.ok("E"),
            1 => drop(client.ask("I")),
            2 => assert_eq!(client.refused("Q ann apple"), "denied"),
            _ => {}
        }
    }
    let mut client = from(GUESSER, &daemon);
    client.login("ann");
    client.send("nonsense\n\n\u{7}\n");
    (0..3).for_each(|_| assert_eq!(code(&client.line()), Some("badreq")));
    drop(client);
    daemon.wait_children(0);
    let status = daemon.status();
    assert_eq!((&status["penalties"]["sources"], &status["refused"]), (&0.into(), &0.into()), "{status}");
    assert!(is_served(GUESSER, &daemon));
}

#[test]
fn nothing_but_garbage_is_an_offence() {
    let daemon = strict("");
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n".as_slice();
    let long = [b"x".repeat(5_000), b"\n".to_vec()].concat();
    for (at, garbage) in
        [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(), hello, &long].iter().cycle().take(6).enumerate()
    {
        let mut client = from(GUESSER, &daemon);
        client.send(garbage);
        client.line();
        drop(client);
        daemon.wait_log_times(": nothing but garbage", at + 1);
    }
    let line = daemon.wait_log("source 127.0.0.2 is refused");
    assert!(line.contains("the last one: nothing but garbage"), "{line}");
    assert!(!is_served(GUESSER, &daemon));
    assert!(is_served(Ipv4Addr::LOCALHOST, &daemon));
}

#[test]
fn waiting_for_the_grace_time_to_pass_is_an_offence() {
    let daemon = strict("--login-grace 1");
    let mut clients: Vec<Connection> = (0..6).map(|_| from(GUESSER, &daemon)).collect();
    clients.iter_mut().for_each(|client| assert_eq!(code(&client.line()), Some("timeout")));
    drop(clients);
    let line = daemon.wait_log("source 127.0.0.2 is refused");
    assert!(line.contains("the last one: no login within the grace time"), "{line}");
    assert!(!is_served(GUESSER, &daemon));
}

/// Ends the child of a new client from there by a signal.
fn end_child(source: Ipv4Addr, daemon: &Daemon, signal: Signal) {
    let before = daemon.children();
    let mut client = from(source, daemon);
    client.ask("I");
    let child = *daemon.children().iter().find(|child| !before.contains(child)).expect("a new child");
    wait_until("the child to be ended", || {
        // The language's own handler of SIGSEGV and SIGBUS lets the first pass that comes from no fault.
        send_signal(child, signal);
        !daemon.children().contains(&child)
    });
}

/// A crash may be an attack that nearly succeeded; a kill by an operator is not.
#[test]
fn crashes_refuse_at_once_and_killed_children_do_not() {
    let daemon = strict("");
    end_child(GUESSER, &daemon, Signal::SIGKILL);
    end_child(GUESSER, &daemon, Signal::SIGTERM);
    assert!(is_served(GUESSER, &daemon));
    let crashes = [Signal::SIGSYS, Signal::SIGSEGV, Signal::SIGABRT, Signal::SIGBUS, Signal::SIGILL, Signal::SIGFPE];
    for (signal, number) in crashes.into_iter().zip(10..) {
        let source = Ipv4Addr::new(127, 0, 0, number);
        end_child(source, &daemon, signal);
        let line = daemon.wait_log(&format!("source {source} is refused for "));
        assert!(line.contains("refused for 90 s: too many failures, the last one: a crash"), "{line}");
        assert!(!is_served(source, &daemon));
        assert!(is_served(GUESSER, &daemon));
    }
    let penalties = &daemon.status()["penalties"];
    assert_eq!((&penalties["sources"], &penalties["refused_sources"]), (&6.into(), &6.into()), "{penalties}");
}

#[test]
fn registrations_are_limited_for_each_source() {
    let daemon = strict("");
    let mut client = from(GUESSER, &daemon);
    for number in 0..15 {
        client.register(&format!("user{number}"));
        assert_eq!(client.refused("R user0 x"), "exists", "which counts, too");
    }
    let too_many = "FAIL busy too many registrations from your address";
    client.send("R user15 x\nI\n");
    assert_eq!(client.line(), too_many);
    assert!(client.at_eof(), "what follows is not answered");
    // Nothing is learned of any name.
    for name in ["user15", "user0", "ann"] {
        assert_eq!(from(GUESSER, &daemon).ask_line(&format!("R {name} x")), too_many);
    }
    // All else is as before, and others register.
    from(GUESSER, &daemon).login("user14");
    daemon.connect().register("user15");
    assert_eq!(daemon.connect().refused("R user0 x"), "exists");
    assert_eq!(daemon.sql("SELECT count(*) FROM user"), ["17"]);
    let penalties = &daemon.status()["penalties"];
    assert_eq!((&penalties["registrations_refused"], &penalties["sources"]), (&4.into(), &0.into()), "{penalties}");
    daemon.wait_log_times("refused by a limit of its address", 4);
}

/// Loopback is exempt by default, a Unix socket if the option names it (for a front end that serves many people, say).
#[test]
fn exempt_networks_and_unix_sockets_are_not_touched() {
    let usual = Setup::new(Store::Sqlite).start();
    let strict = Setup::new(Store::Sqlite).options("--exempt-source unix --listen unix:clients").start();
    let socket = strict.path("clients");
    let connects: [(&Daemon, &dyn Fn() -> Connection); 2] =
        [(&usual, &|| usual.connect()), (&strict, &|| Connection::open_unix(&socket))];
    for (daemon, connect) in connects {
        let mut client = connect();
        (0..35).for_each(|number| client.register(&format!("user{number}")));
        for _ in 0..3 {
            let mut client = connect();
            guess(&mut client, 5);
            assert!(client.at_eof());
            let mut client = connect();
            client.send("nonsense\n");
            client.line();
        }
        let before = daemon.children();
        let mut client = connect();
        client.ask("I");
        let child = *daemon.children().iter().find(|child| !before.contains(child)).expect("a new child");
        send_signal(child, Signal::SIGABRT);
        daemon.wait_log(&format!("child {child} crashed"));
        connect().login("user0");
        let status = daemon.status();
        assert_eq!((&status["penalties"]["sources"], &status["refused"]), (&0.into(), &0.into()), "{status}");
    }
}

/// What a refused client costs the parent, and the log of a flood of them.
#[test]
fn a_flood_of_refused_clients_fills_no_log_and_leaves_nothing() {
    let daemon = strict("");
    end_child(GUESSER, &daemon, Signal::SIGABRT);
    daemon.wait_log("source 127.0.0.2 is refused");
    let (open, forks, begin) =
        (processes::descriptors(daemon.pid()).len(), daemon.status()["forks"].clone(), Instant::now());
    let figures = || (processes::memory(daemon.pid(), "Private_Dirty"), processes::cpu_ticks(daemon.pid()));
    let mut refused = 0;
    let mut flood = |times| {
        for _ in 0..times {
            // They have sent something already, and never read.
            let _ = from(GUESSER, &daemon).try_send("L ann guess\n");
        }
        refused += times;
        wait_until("every client to be refused", || daemon.status()["refused_by"]["failures"] == refused);
        wait_until("their descriptors to be closed", || processes::descriptors(daemon.pid()).len() == open);
    };
    flood(500);
    let (before, ticks) = figures();
    flood(2_500);
    let (after, later) = figures();
    println!("2,500 refusals: {} ticks of 10 ms; {before} KiB before, {after} KiB after", later - ticks);
    // How many wait for their refusal at the same time differs; a leak of 256 bytes for each of them would show.
    assert!(after < before + 640, "{before} KiB before, {after} KiB after");
    assert_eq!(daemon.status()["forks"], forks, "none of them cost a process");
    let said = daemon.log().lines().filter(|line| line.contains("refused: too many failures")).count();
    let most = 21 + usize::try_from(begin.elapsed().as_secs() / 5).expect("a few");
    assert!(said <= most, "{said} lines");
}

/// On MariaDB, too, a failure is counted before it is answered.
#[test]
fn the_other_store_counts_in_the_same_way() {
    shared_mariadb();
    let daemon = Setup::new(Store::MariaDb).options("--exempt-source none").start();
    daemon.connect().ok(&format!("R ann {PASSWD}"));
    guess(&mut from(GUESSER, &daemon), 5);
    assert!(is_served(GUESSER, &daemon), "five failures end the connection, no more");
    let mut client = from(GUESSER, &daemon);
    guess(&mut client, 1);
    assert_eq!(client.line(), FAILURES);
    assert!(!is_served(GUESSER, &daemon));
}

/// Over a Unix socket the source is the user; guesses cost it what they cost an address, and nothing else does.
#[test]
fn guesses_over_a_unix_socket() {
    let daemon = Setup::new(Store::Sqlite).options("--listen unix:socket").start();
    daemon.connect().register("ann");
    let socket = daemon.path("socket");
    let mut present = Connection::open_unix(&socket);
    present.login("ann");
    for number in 0..40 {
        Connection::open_unix(&socket).ok(&format!("R user{number} {PASSWD}"));
    }
    guess(&mut Connection::open_unix(&socket), 4);
    let mut second = Connection::open_unix(&socket);
    guess(&mut second, 2);
    assert_eq!(second.line(), FAILURES, "the sixth failure ends the connection");
    assert_eq!(Connection::open_unix(&socket).line(), FAILURES);
    assert_eq!(present.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    daemon.connect().login("ann");
    let user = nix::unistd::getuid();
    daemon.wait_log(&format!("source user {user} is refused for "));
    assert_eq!(daemon.status()["penalties"]["longest"][0]["source"], format!("user {user}"));
}
