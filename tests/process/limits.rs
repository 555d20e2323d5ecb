//! Limits of clients and of time: which clients are refused, which sessions are ended, and that there is room again
//! afterwards.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use support::{Connection, Daemon, PATIENCE, Setup, Store, code, wait_for, wait_until};

const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn over(options: &str) -> Daemon {
    Setup::new(Store::Sqlite).options(options).start()
}

fn is_busy(mut client: Connection) {
    let line = client.line();
    assert_eq!(code(&line), Some("busy"), "{line}");
    assert!(client.at_eof());
}

fn is_served(client: &mut Connection) {
    assert_eq!(client.ask("I").len(), 5);
}

/// Connects until it is let in: a place is free when the parent has reaped the child that had it.
fn connect_when_there_is_room(daemon: &Daemon) -> Connection {
    wait_for("room for a client", PATIENCE, || {
        let mut client = daemon.connect();
        // One that is refused may find its connection closed already.
        client.try_send("I\n").ok()?;
        let first = client.try_line().ok()??;
        if code(&first) == Some("busy") {
            return None;
        }
        assert_eq!(first, "OK 4");
        (0..4).for_each(|_| drop(client.line()));
        Some(client)
    })
}

/// A limit of 3 admits 3.
#[test]
fn the_limit_of_clients_is_exact() {
    let daemon = over("--max-clients 3");
    let mut clients: Vec<Connection> = (0..3).map(|_| daemon.connect()).collect();
    clients.iter_mut().for_each(is_served);
    for _ in 0..5 {
        is_busy(daemon.connect());
    }
    clients.iter_mut().for_each(is_served);
    clients[1].ok("E");
    drop(clients.remove(1));
    clients.push(connect_when_there_is_room(&daemon));
    is_busy(daemon.connect());
    assert_eq!(daemon.children().len(), 3, "a refused client costs no process");
    // A child that is killed gives its place back, too.
    support::send_signal(daemon.children()[0], nix::sys::signal::Signal::SIGKILL);
    let _fourth = connect_when_there_is_room(&daemon);
    is_busy(daemon.connect());
}

/// A client over the limit is refused at once, whatever it has sent already.
#[test]
fn a_refused_client_that_has_sent_something_reads_its_line() {
    let daemon = over("--max-clients 1");
    let mut first = daemon.connect();
    is_served(&mut first);
    for size in [1, 100, 100_000] {
        let mut client = daemon.connect();
        // The daemon may have closed before all of it is sent.
        let _ = client.try_send("Q ann apple\n".repeat(size / 12 + 1));
        is_busy(client);
    }
    let many: Vec<Connection> = (0..50)
        .map(|_| {
            let mut client = daemon.connect();
            let _ = client.try_send("I\n");
            client
        })
        .collect();
    many.into_iter().for_each(is_busy);
    is_served(&mut first);
}

#[test]
fn the_limit_of_each_source() {
    let daemon = over("--max-clients-per-source 2 --exempt-source none");
    let mut here: Vec<Connection> = (0..2).map(|_| daemon.connect()).collect();
    here.iter_mut().for_each(is_served);
    is_busy(daemon.connect());
    // Another address is not touched by it.
    let mut there: Vec<Connection> = (0..2).map(|_| Connection::open_from(OTHER, daemon.port())).collect();
    there.iter_mut().for_each(is_served);
    is_busy(Connection::open_from(OTHER, daemon.port()));
    there[0].ok("E");
    drop(there);
    here.push(wait_for("room for another source", PATIENCE, || {
        let mut client = Connection::open_from(OTHER, daemon.port());
        client.try_send("I\n").ok()?;
        (client.try_line().ok()?? == "OK 4").then_some(client)
    }));
    is_busy(daemon.connect());
}

#[test]
fn exempt_sources_are_not_counted() {
    let usual = over("--max-clients-per-source 1");
    let mut clients: Vec<Connection> = (0..5).map(|_| usual.connect()).collect();
    clients.extend((0..5).map(|_| Connection::open_from(OTHER, usual.port())));
    clients.iter_mut().for_each(is_served);
    let named = over("--max-clients-per-source 1 --exempt-source 10.0.0.0/8 --exempt-source 127.0.0.2/32");
    let mut exempt: Vec<Connection> = (0..5).map(|_| Connection::open_from(OTHER, named.port())).collect();
    exempt.iter_mut().for_each(is_served);
    let mut counted = named.connect();
    is_served(&mut counted);
    is_busy(named.connect());
}

/// A burst of connects is answered whole, however small the usual backlog is.
#[test]
fn no_limit_and_a_burst() {
    let daemon = over("--max-clients 0 --max-clients-per-source 0 --exempt-source none");
    let mut clients: Vec<Connection> = (0..400).map(|_| daemon.connect()).collect();
    clients.iter_mut().for_each(is_served);
    assert_eq!(daemon.children().len(), 400);
}

/// Slow and idle clients are ended, with a line; active ones stay.
#[test]
fn the_idle_timeout() {
    let daemon = over("--idle-timeout 1 --login-grace 0");
    let begin = Instant::now();
    let mut silent = daemon.connect();
    let mut user = daemon.connect_as("ann");
    let mut dripping = daemon.connect();
    dripping.set_patience(Duration::from_millis(5));
    let mut active = daemon.connect();
    let last = wait_for("the client that never finishes a line to be timed out", PATIENCE, || {
        is_served(&mut active);
        let _ = dripping.try_send("x");
        dripping.try_line().ok().flatten()
    });
    assert_eq!(code(&last), Some("timeout"), "{last}");
    for client in [&mut silent, &mut user] {
        let line = client.line();
        assert_eq!(code(&line), Some("timeout"), "{line}");
        assert!(client.at_eof());
    }
    let elapsed = begin.elapsed();
    assert!(elapsed >= Duration::from_secs(1), "not before its time: {elapsed:?}");
    wait_until("the active client to outlive the timeout", || {
        is_served(&mut active);
        begin.elapsed() > Duration::from_secs(2)
    });
    daemon.wait_log_times(": idle too long", 3);
}

#[test]
fn the_login_grace() {
    let daemon = over("--idle-timeout 0 --login-grace 1");
    let without_end = over("--idle-timeout 0 --login-grace 0");
    let mut patient = without_end.connect();
    is_served(&mut patient);
    let mut user = daemon.connect_as("ann");
    user.ok("O");
    let mut silent = daemon.connect();
    let mut active = daemon.connect();
    let mut failing = daemon.connect();
    assert_eq!(failing.refused("L ann wrong"), "denied");
    // Requests do not help; only a login does.
    let line = wait_for("the grace time to be over", PATIENCE, || {
        active.try_send("O\n").ok()?;
        active.try_line().expect("an orderly end").filter(|line| line != "OK")
    });
    assert_eq!(code(&line), Some("timeout"), "{line}");
    for client in [&mut silent, &mut failing] {
        let line = client.line();
        assert_eq!(code(&line), Some("timeout"), "{line}");
        assert!(client.at_eof());
    }
    daemon.wait_log_times(": no login within the grace time", 3);
    // Once logged in is enough; and where both are 0 no client is ended.
    is_served(&mut user);
    is_served(&mut patient);
}
