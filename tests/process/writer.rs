//! The writer: one process commits the lookups of all sessions. When it dies, it is replaced, and no lookup is lost,
//! doubled or held up.

use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{
    Connection, Daemon, PASSWD, PATIENCE, Setup, Store, code, on_both_stores, processes, send_signal, wait_for,
    wait_until,
};

on_both_stores!(
    killed_writers_lose_and_double_nothing,
    accounts_that_are_gone_among_others,
    a_child_killed_while_it_waits,
    a_stopped_writer_is_replaced,
    what_was_read_is_kept_when_the_daemon_stops,
);

fn words(count: usize) -> String {
    (0..count).map(|n| format!("word{n:05}\tx\n")).collect()
}

/// Stops the writer, so that what is sent meanwhile is one batch.
fn stop(daemon: &Daemon) -> u32 {
    let writer = daemon.writer();
    send_signal(writer, Signal::SIGSTOP);
    wait_until("the writer to be stopped", || processes::state(writer) == Some('T'));
    writer
}

/// Waits until a child waits for the writer.
fn wait_for_request(daemon: &Daemon, busy: u64) {
    wait_until("the requests to be read", || daemon.status()["clients"]["busy"] == busy);
}

/// Each headword is looked up once by each client, so that neither a doubled nor a lost row can hide.
fn killed_writers_lose_and_double_nothing(store: Store) {
    const CLIENTS: usize = 6;
    const EACH: usize = 300;
    let daemon = Setup::new(store).words(words(EACH)).start();
    let mut sessions: Vec<Connection> = (0..CLIENTS).map(|n| daemon.connect_as(&format!("user{n}"))).collect();
    let (answered, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (acknowledged, killed) = std::thread::scope(|scope| {
        let threads: Vec<_> = sessions
            .iter_mut()
            .enumerate()
            .map(|(n, client)| {
                let (answered, finished) = (&answered, &finished);
                scope.spawn(move || {
                    let mut acknowledged = BTreeSet::new();
                    // One at a time, or in batches of up to seven.
                    let deep = if n % 2 == 0 { 1 } else { 1 + n };
                    for begin in (0..EACH).step_by(deep) {
                        let asked = begin..EACH.min(begin + deep);
                        let requests: String = asked.clone().map(|word| format!("Q user{n} word{word:05}\n")).collect();
                        client.send(requests);
                        for word in asked {
                            let reply = client.line();
                            if reply.starts_with(&format!("OK word{word:05}\t")) {
                                acknowledged.insert(word);
                            } else {
                                assert_eq!(code(&reply), Some("unavailable"), "{reply}");
                            }
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    finished.fetch_add(1, Ordering::Relaxed);
                    acknowledged
                })
            })
            .collect();
        let mut killed = 0;
        // Under load: each time that some more was answered.
        while finished.load(Ordering::Relaxed) < CLIENTS {
            let before = answered.load(Ordering::Relaxed);
            send_signal(daemon.writer(), Signal::SIGKILL);
            killed += 1;
            wait_until("lookups to go on", || {
                answered.load(Ordering::Relaxed) >= before + 200 || finished.load(Ordering::Relaxed) == CLIENTS
            });
        }
        let acknowledged: Vec<BTreeSet<usize>> =
            threads.into_iter().map(|thread| thread.join().expect("replies in order")).collect();
        (acknowledged, killed)
    });
    assert!(killed >= 5, "{killed}");
    daemon.wait_log_times("restarting it", killed);
    for (n, (acknowledged, client)) in acknowledged.iter().zip(&mut sessions).enumerate() {
        let history: Vec<usize> =
            client.history(&format!("user{n}")).iter().map(|word| word[4..].parse().expect("a number")).collect();
        let found: BTreeSet<usize> = history.iter().copied().collect();
        assert_eq!(found.len(), history.len(), "user{n}: a lookup is there twice");
        let lost: Vec<_> = acknowledged.difference(&found).collect();
        assert!(lost.is_empty(), "user{n}: lost {lost:?}");
        assert!(acknowledged.len() > EACH / 2, "user{n}: most were acknowledged: {}", acknowledged.len());
    }
}

fn accounts_that_are_gone_among_others(store: Store) {
    let daemon = Daemon::over(store);
    let names = ["ann", "bob", "cat", "dan"];
    let mut clients: Vec<Connection> = names.iter().map(|name| daemon.connect_as(name)).collect();
    for round in 0..3 {
        // Whatever is on its way is one batch. In the second, one account is locked and one deleted; in the third,
        // the first of them has logged in again.
        let writer = stop(&daemon);
        for (client, name) in clients.iter_mut().zip(names) {
            client.send(format!("Q {name} apple\nQ {name} nosuchword\nQ {name} zoo\n"));
        }
        // A client that is not logged in is refused at once.
        wait_for_request(&daemon, if round == 2 { 3 } else { 4 });
        if round == 1 {
            daemon.sql("UPDATE user SET locked = 1 WHERE name = 'bob'");
            daemon.connect().register("eve");
            let other = &mut daemon.connect();
            other.login("cat");
            other.ok(&format!("X cat {}", support::PASSWD));
        }
        send_signal(writer, Signal::SIGCONT);
        for (client, name) in clients.iter_mut().zip(names) {
            let replies: Vec<String> = (0..3).map(|_| client.line()).collect();
            let codes: Vec<_> = replies.iter().map(|reply| code(reply)).collect();
            let gone = match round {
                0 => false,
                1 => name == "bob" || name == "cat",
                _ => name == "cat",
            };
            let expected = if gone { [Some("denied"); 3] } else { [None, Some("notfound"), None] };
            assert_eq!(codes, expected, "{name} in round {round}: {replies:?}");
        }
        if round == 1 {
            daemon.sql("UPDATE user SET locked = 0 WHERE name = 'bob'");
            clients[1].login("bob");
        }
    }
    for (client, name, rounds) in [(0, "ann", 3), (1, "bob", 2), (3, "dan", 3)] {
        assert_eq!(clients[client].history(name), ["zoo", "apple"].repeat(rounds), "{name}");
    }
}

fn a_child_killed_while_it_waits(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    let (mut victim, child) = daemon.connect_with_child();
    victim.login("ann");
    let writer = stop(&daemon);
    victim.send("Q ann zoo\n");
    ann.send("Q ann apple\n");
    wait_for_request(&daemon, 2);
    send_signal(child, Signal::SIGKILL);
    assert!(victim.at_eof());
    send_signal(writer, Signal::SIGCONT);
    assert!(ann.line().starts_with("OK apple\t"), "the other one is served");
    let mut history = ann.history("ann");
    history.retain(|word| word != "zoo");
    assert_eq!(history, ["apple"], "what was never acknowledged is there or not");
    assert_eq!(daemon.writer(), writer, "and the writer lives");
}

fn what_was_read_is_kept_when_the_daemon_stops(store: Store) {
    let mut daemon = Setup::new(store).words(words(40)).start();
    let mut clients: Vec<Connection> = (0..4).map(|n| daemon.connect_as(&format!("user{n}"))).collect();
    let writer = stop(&daemon);
    for (n, client) in clients.iter_mut().enumerate() {
        client.send((0..40).map(|word| format!("Q user{n} word{word:05}\n")).collect::<String>());
    }
    wait_for_request(&daemon, 4);
    daemon.signal(Signal::SIGTERM);
    // What a terminal or a service manager sends to all of them is not for the writer.
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        send_signal(writer, signal);
    }
    daemon.wait_log("stopping: 4 clients");
    send_signal(writer, Signal::SIGCONT);
    for client in &mut clients {
        let lines = client.lines_to_end();
        assert_eq!(lines.len(), 41, "{lines:?}");
        assert!(lines[..40].iter().all(|line| line.starts_with("OK word")), "{lines:?}");
        assert_eq!(code(&lines[40]), Some("bye"));
    }
    assert_eq!(daemon.wait_exit().code(), Some(0));
    assert!(!processes::lives(writer), "the writer has ended before its parent");
    assert!(!daemon.log().contains("restarting it"), "{}", daemon.log());
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM hist"), ["160"]);
}

#[test]
fn the_writer_shows_itself_and_holds_nobody_s_socket() {
    let mut daemon = Daemon::over(Store::Sqlite);
    let listening = processes::listening_inodes(daemon.port());
    let (mut ann, child) = daemon.connect_with_child();
    ann.register("ann");
    ann.login("ann");
    for round in 1..=3_u64 {
        assert!(ann.ask_line("Q ann zoo").starts_with("OK zoo\t"));
        let writer = daemon.writer();
        let address = ann.tcp().local_addr().expect("an address");
        let client = processes::server_end(daemon.port(), address.port()).expect("the daemon's end");
        let held = processes::sockets(writer);
        assert!(held.is_disjoint(&listening) && !held.contains(&client), "{held:?}");
        let status = daemon.status();
        assert_eq!(status["writer"]["pid"], writer);
        assert_eq!(status["writer"]["forks"], round);
        assert_eq!(status["writer"]["records"], round, "{status}");
        assert!(status["clients"]["total"] == 1 && status["forks"] == 1, "it is no client: {status}");
        send_signal(writer, Signal::SIGKILL);
        daemon.wait_log(&format!("writer {writer} was killed (SIGKILL)"));
        wait_until("another writer", || daemon.writer() != writer);
    }
    assert_eq!(daemon.children(), [child], "the session has lived through it");
    let writer = daemon.writer();
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    wait_for("the writer to end with its parent", PATIENCE, || (!processes::lives(writer)).then_some(()));
}

/// No session waits for ever for a writer that does not answer.
#[test]
fn a_writer_that_does_nothing_is_told_of() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    let writer = stop(&daemon);
    assert_eq!(ann.refused("Q ann apple"), "unavailable");
    daemon.wait_log("the writer did not answer within");
    send_signal(writer, Signal::SIGCONT);
    assert!(ann.ask_line("Q ann zoo").starts_with("OK zoo\t"));
    let history = ann.history("ann");
    assert!(history == ["zoo"] || history == ["zoo", "apple"], "{history:?}");
}

/// A stopped writer holds up no session for long: what needs no writer is answered, and another takes its place.
fn a_stopped_writer_is_replaced(store: Store) {
    let daemon = Setup::new(store).start();
    let mut ann = daemon.connect_as("ann");
    let mut bob = daemon.connect_as("bob");
    ann.ask("Q ann apple");
    let stopped = stop(&daemon);
    ann.send("Q ann pear\n");
    wait_for_request(&daemon, 1);
    // While it is stopped, and not replaced yet.
    assert_eq!(bob.ask_line("D bob apple"), "OK apple\tn. 苹果");
    assert_eq!(bob.refused("D bob nosuchword"), "notfound");
    assert_eq!(bob.ask("S bob appl")[0], "OK 2");
    assert_eq!(processes::state(stopped), Some('T'), "nothing was waited for");
    wait_until("the status to tell", || daemon.status()["writer"]["silent_seconds"].as_u64().is_some());
    assert!(String::from_utf8_lossy(&daemon.tool(&["status"]).stdout).contains("hangs"));
    daemon.wait_log("has made no progress for 11 s");
    // What was under way when it stopped may have waited too long; what came since has not.
    let reply = ann.line();
    assert!(reply.starts_with("OK pear\t") || code(&reply) == Some("unavailable"), "{reply}");
    wait_until("lookups to go on", || bob.ask_line("Q bob apple").starts_with("OK "));
    assert_ne!(daemon.writer(), stopped);
    let status = daemon.status()["writer"].clone();
    assert_eq!((&status["replaced"], &status["silent_seconds"]), (&1.into(), &serde_json::Value::Null), "{status}");
    wait_until("the history to have it", || bob.history("bob").iter().any(|word| word == "apple"));
    let times = ann.history("ann").iter().filter(|word| *word == "pear").count();
    assert!(times <= 1 && (times == 1 || !reply.starts_with("OK")), "{times} {reply}");
}

/// A session that is stopped while it hashes keeps its turn from others, but not for long.
#[test]
fn a_turn_to_hash_ends() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.connect_as("ann").ok("E");
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut stuck: Vec<(Connection, u32)> = (0..=processors).map(|_| daemon.connect_with_child()).collect();
    for (client, child) in &mut stuck {
        client.send(format!("L ann {PASSWD}\n").repeat(200));
        let title = || processes::title(*child).ends_with(": hashing");
        wait_until("it to hash, or to wait for its turn", title);
        send_signal(*child, Signal::SIGSTOP);
    }
    // All turns are, or will be, those of children that are stopped.
    let mut ann = daemon.connect();
    ann.set_patience(4 * PATIENCE);
    ann.login("ann");
    daemon.wait_log("has kept its turn for 5 s");
    for (_, child) in stuck {
        send_signal(child, Signal::SIGCONT);
    }
}
