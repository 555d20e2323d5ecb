//! A source that does its worst does not keep other sources out: turns and connections go round by source, and the
//! costliest requests have a budget.

use nix::sys::signal::Signal;
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{Connection, Daemon, PASSWD, Setup, Store, code, on_both_stores, wait_until};

/// The address that the many come from, and no other client.
const CROWD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

on_both_stores!(changes_have_a_budget, an_honest_client_beside_many_that_write);

/// A daemon without exempt sources, with accounts `ann` and `bob`.
fn strict(store: Store) -> Daemon {
    let daemon = Setup::new(store).options("--exempt-source none").start();
    for name in ["ann", "bob"] {
        daemon.connect().register(name);
    }
    daemon
}

fn crowd(daemon: &Daemon) -> Connection {
    Connection::open_from(CROWD, daemon.port())
}

/// In the order of asking, a client that comes after sixty logins waits for sixty.
#[test]
fn a_login_waits_for_no_more_than_a_turn_of_each_source() {
    const MANY: usize = 60;
    let daemon = strict(Store::Sqlite);
    let mut others: Vec<Connection> = (0..MANY).map(|_| crowd(&daemon)).collect();
    others.iter_mut().for_each(|client| client.send(format!("L ann {PASSWD}\n")));
    let hashing = || daemon.status()["clients"]["hashing"].as_u64().expect("a number");
    wait_until("many to wait for their turn", || hashing() >= 20);
    let mut bob = daemon.connect();
    bob.login("bob");
    let waiting = hashing();
    assert!(waiting > 0, "bob was last");
    others.iter_mut().for_each(|client| assert_eq!(client.line(), "OK"));
}

/// What it sent ahead would keep the processors busy for minutes, and everybody's logins slow.
#[test]
fn no_password_is_hashed_for_a_client_that_has_gone() {
    const CLIENTS: u64 = 8;
    const AHEAD: u64 = 60;
    let daemon = strict(Store::Sqlite);
    let logins = || daemon.status()["requests"]["login"]["ok"].as_u64().unwrap_or(0);
    for _ in 0..CLIENTS {
        crowd(&daemon).send(format!("L ann {PASSWD}\n").repeat(AHEAD as usize));
    }
    let clients = || daemon.status()["clients"]["total"].as_u64();
    wait_until("all to be served and to end", || logins() >= CLIENTS && clients() == Some(0));
    let hashed = logins();
    assert!(hashed < CLIENTS * AHEAD / 4, "{hashed} passwords");
}

/// The same for what takes a processor for long without hashing.
#[test]
fn no_spelling_is_sought_for_a_client_that_has_gone() {
    const CLIENTS: u64 = 4;
    // All of it is read at once.
    const AHEAD: u64 = 100;
    let words: String = (0..60_000).map(|number| format!("characteristic{number:05}\tx\n")).collect();
    let daemon = Setup::new(Store::Sqlite).options("--exempt-source none").words(words).start();
    let mut ann = daemon.connect_as("ann");
    let token = ann.ask_line("K ann").strip_prefix("OK ").expect("a token").to_owned();
    let sought = || daemon.status()["requests"]["suggest"]["ok"].as_u64().unwrap_or(0);
    for _ in 0..CLIENTS {
        let asked = "S ann charaktersitic123456\n".repeat(AHEAD as usize);
        crowd(&daemon).send(format!("T ann {token}\n{asked}"));
    }
    // Some may end before the first spelling is found: the client has gone by then.
    let ended = || {
        daemon.log().lines().filter(|line| line.contains(&format!("client {CROWD}:")) && line.contains(" in ")).count()
    };
    wait_until("all to end", || ended() as u64 == CLIENTS);
    let sought = sought();
    assert!(sought < CLIENTS * AHEAD / 4, "{sought} times");
}

/// Three hundred at once, whatever they are; honest scripts need fewer. Nothing else is refused for it.
fn changes_have_a_budget(store: Store) {
    let daemon = strict(store);
    let mut client = crowd(&daemon);
    client.login("ann");
    assert!(client.ask_line("Q ann apple").starts_with("OK apple"));
    for word in ["apple", "pear", "zoo"] {
        client.ok(&format!("C ann {word}"));
    }
    let mut token = String::new();
    for number in 0..297 {
        // A change that fails counts like one that does not.
        let reply = client.ask_line(["K ann", "C ann", "F ann none"][number % 3]);
        assert!(matches!(code(&reply), None | Some("denied")), "{reply}");
        if let Some(new) = reply.strip_prefix("OK ") {
            token = new.to_owned();
        }
    }
    // Time has paid for some meanwhile.
    let last = (0..10_000).map(|_| client.ask_line("K ann")).find(|reply| !reply.starts_with("OK ")).expect("an end");
    let too_many = "FAIL busy too many changes from your address";
    assert_eq!(last, too_many);
    assert!(client.at_eof());
    let status = daemon.status();
    assert_eq!(status["penalties"]["changes_refused"], 1, "{status}");
    assert_eq!(status["penalties"]["sources"], 0, "{status}");
    // Logging in and looking up go on, by password (tokens have been ended by newer ones) and elsewhere.
    let mut client = crowd(&daemon);
    let _ = client.ask_line(&format!("T ann {token}"));
    client.login("ann");
    assert!(client.ask_line("Q ann apple").starts_with("OK apple"));
    let mut other = daemon.connect();
    other.login("ann");
    assert!(other.ask_line("K ann").starts_with("OK "));
}

/// Many sessions of one source write and read as fast as they can. Everything that an honest client asks is done, and
/// nothing goes into the spool.
fn an_honest_client_beside_many_that_write(store: Store) {
    const MANY: usize = 60;
    let daemon = strict(store);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..MANY {
            let (daemon, done) = (&daemon, &done);
            scope.spawn(move || {
                let requests = ["K ann\n", "H ann all\n", "S ann appel\n", "C ann\n"][number % 4].repeat(20);
                while !done.load(Ordering::Relaxed) {
                    let mut client = crowd(daemon);
                    client.send(format!("L ann {PASSWD}\n{requests}E\n"));
                    while !client.at_eof() {}
                }
            });
        }
        let served = catch_unwind(AssertUnwindSafe(|| {
            for round in 0..10 {
                let mut bob = daemon.connect();
                bob.login("bob");
                for _ in 0..5 {
                    assert_eq!(bob.ask_line("Q bob apple"), "OK apple\tn. 苹果");
                }
                assert_eq!(bob.history("bob").len(), 5 * (round + 1));
                assert!(bob.ask_line("K bob").starts_with("OK "));
                bob.register(&format!("carol{round}"));
            }
        }));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = served {
            resume_unwind(panic);
        }
    });
    assert_eq!(daemon.status()["spool"]["outage_seconds"], serde_json::Value::Null);
    assert!(!daemon.log().contains("cannot use the database"), "{}", daemon.log());
}

/// Five at once and then five a second, over all sessions of the account. Nothing is refused, no other account waits.
#[test]
fn lookups_of_an_account_are_slowed_down() {
    let daemon = Setup::new(Store::Sqlite).options("--lookup-rate 5").start();
    daemon.connect().register("ann");
    let begin = Instant::now();
    let mut sessions: Vec<Connection> = (0..3).map(|_| daemon.connect()).collect();
    for client in &mut sessions {
        client.login("ann");
        client.send("Q ann apple\nD ann apple\nQ ann nosuchword\n".repeat(2));
    }
    let mut bob = daemon.connect_as("bob");
    for client in &mut sessions {
        for _ in 0..2 {
            assert_eq!(client.line(), "OK apple\tn. 苹果");
            assert_eq!(client.line(), "OK apple\tn. 苹果");
            assert_eq!(code(&client.line()), Some("notfound"));
        }
    }
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(2_500), "18 lookups in {took:?}");
    assert_eq!(sessions[0].history("ann").len(), 6);
    let delayed = || daemon.status()["lookups_delayed"].as_u64().expect("a number");
    let before = delayed();
    assert!(before > 0 && daemon.status()["lookup_rate"] == 5, "{}", daemon.status());
    assert_eq!(bob.ask_line("Q bob apple"), "OK apple\tn. 苹果");
    assert_eq!(delayed(), before);
    let text = String::from_utf8(daemon.tool(&["status"]).stdout).expect("UTF-8");
    assert!(text.contains(&format!("at most 5 a second of an account, {before} had to wait")), "{text}");
    let metrics = String::from_utf8(daemon.tool(&["metrics"]).stdout).expect("UTF-8");
    assert!(metrics.contains("\ncidian_lookup_rate_limit 5\n"), "{metrics}");
    // Waiting clients are answered at once when the daemon stops.
    sessions[0].send("D ann apple\n".repeat(100));
    wait_until("a wait", || delayed() > before);
    let lines = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut lines = 0;
            while let Some(line) = sessions[0].try_line().expect("an orderly end") {
                lines += usize::from(line.starts_with("OK "));
            }
            lines
        });
        daemon.signal(Signal::SIGTERM);
        reader.join().expect("a number")
    });
    assert_eq!(lines, 100);
}
