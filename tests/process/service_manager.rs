//! The protocols of systemd, whose part the tests play: notifications, the watchdog, sockets and credentials.
//! `tests/systemd` does the same with the real systemd.

use nix::sys::signal::Signal;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use support::certificates::Authority;
use support::{Connection, Daemon, PATIENCE, Setup, Store, send_signal, wait_for};
use tempfile::TempDir;

/// The socket that the daemon notifies.
struct Manager {
    socket: UnixDatagram,
    directory: TempDir,
}

impl Manager {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = UnixDatagram::bind(directory.path().join("notify")).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self { socket, directory }
    }

    fn setup(&self) -> Setup {
        let path = self.directory.path().join("notify");
        Setup::new(Store::Sqlite).environment("NOTIFY_SOCKET", path.to_str().expect("a path"))
    }

    /// The next message.
    fn told(&self) -> String {
        let mut bytes = [0; 4096];
        let size = self.socket.recv(&mut bytes).expect("a message in time");
        String::from_utf8(bytes[..size].to_vec()).expect("text")
    }

    /// The next message with this assignment, and its value; those before it are passed over.
    fn wait(&self, name: &str) -> (String, String) {
        wait_for(name, PATIENCE, || {
            let told = self.told();
            let value = value(&told, name)?;
            Some((value, told))
        })
    }
}

fn value(told: &str, name: &str) -> Option<String> {
    told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

fn monotonic() -> u128 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).expect("a clock");
    std::time::Duration::from(now).as_micros()
}

/// A reload begins with its time, and ends with READY, whatever came of it (sd_notify(3)).
#[test]
fn a_reload_is_told_from_begin_to_end() {
    let manager = Manager::new();
    let daemon = manager.setup().start();
    assert_eq!(manager.wait("READY").0, "1");
    for (words, status) in [
        ("apple x\npear y\n", "0 clients, 2 headwords, generation 2"),
        ("nothing\n", "0 clients, 2 headwords, generation 2"),
        ("apple x\n", "0 clients, 1 headwords, generation 3"),
    ] {
        daemon.replace_words(words);
        let before = monotonic();
        daemon.signal(Signal::SIGHUP);
        let (since, told) = manager.wait("MONOTONIC_USEC");
        let since: u128 = since.parse().expect("a number");
        assert!((before..=monotonic()).contains(&since), "{since}");
        assert_eq!(value(&told, "RELOADING").as_deref(), Some("1"), "{told}");
        let (_, told) = manager.wait("READY");
        assert_eq!(value(&told, "STATUS").as_deref(), Some(status), "{told}");
    }
}

/// While children finish, the time that the service manager gives is made longer again and again, but not beyond the
/// deadline.
#[test]
fn stopping_asks_for_the_time_it_takes() {
    let manager = Manager::new();
    let mut daemon = manager.setup().start();
    let (_client, child) = daemon.connect_with_child();
    // It finishes nothing.
    send_signal(child, Signal::SIGSTOP);
    daemon.signal(Signal::SIGTERM);
    let (_, told) = manager.wait("STOPPING");
    assert_eq!(value(&told, "STATUS").as_deref(), Some("stopping, 1 clients"), "{told}");
    let asked = |told: &str| value(told, "EXTEND_TIMEOUT_USEC").expect("a time").parse::<u64>().expect("a number");
    assert!((10_000_000..=30_000_000).contains(&asked(&told)), "{told}");
    let (_, told) = manager.wait("EXTEND_TIMEOUT_USEC");
    assert!((1_000_000..=10_000_000).contains(&asked(&told)), "{told}");
    send_signal(child, Signal::SIGKILL);
    assert_eq!(daemon.wait_exit().code(), Some(0));
}

/// An idle daemon notifies the watchdog, too; but not one that watches another process.
#[test]
fn the_watchdog_is_spoken_to() {
    let manager = Manager::new();
    let daemon = manager.setup().environment("WATCHDOG_USEC", "100000").start();
    for _ in 0..5 {
        assert_eq!(manager.wait("WATCHDOG").0, "1");
    }
    drop(daemon);
    let manager = Manager::new();
    let daemon = manager.setup().environment("WATCHDOG_USEC", "1000").environment("WATCHDOG_PID", "1").start();
    daemon.signal(Signal::SIGTERM);
    let told = std::iter::from_fn(|| Some(manager.told())).take_while(|told| !told.contains("STOPPING=1"));
    assert_eq!(told.filter(|told| told.contains("WATCHDOG")).count(), 0);
}

fn tcp() -> (OwnedFd, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener.into(), port)
}

/// The name of a socket determines whether its clients speak TLS; the default address gives way to them, a named one
/// does not.
#[test]
fn sockets_with_names() {
    let authority = Authority::new("Test authority");
    let ((clear, port), (tls, tls_port)) = (tcp(), tcp());
    let setup = Setup::new(Store::Sqlite).listening_as_told();
    authority.pair(&["localhost"]).write(&setup.path("server.pem"), &setup.path("server.key"));
    let daemon = setup
        .options("--tls-cert server.pem --tls-key server.key")
        .passing(vec![("cidiand.socket", clear), ("tls", tls)])
        .start();
    assert_eq!(daemon.ports(), [port], "not the default port");
    assert_eq!(daemon.tls_port(), tls_port);
    assert_eq!(Connection::open(port).ask("I").len(), 5);
    assert_eq!(Connection::open_tls(tls_port, &authority).ask("I").len(), 5);

    let (clear, port) = tcp();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let unix = UnixListener::bind(&path).expect("a socket");
    let named = format!("--listen 127.0.0.1:{port} --listen 127.0.0.1:0 --listen unix:{}", path.display());
    let setup = Setup::new(Store::Sqlite).listening_as_told().options(&named);
    let mut daemon = setup.passing(vec![("x", clear), ("", unix.into())]).start();
    assert_eq!(daemon.ports().len(), 2, "what is there is not opened twice");
    for port in daemon.ports() {
        assert_eq!(Connection::open(*port).ask("I").len(), 5);
    }
    assert_eq!(Connection::open_unix(&path).ask("I").len(), 5);
    daemon.signal(Signal::SIGTERM);
    daemon.wait_exit();
    assert!(path.exists(), "the file of a socket that it did not make stays");
}

/// A socket that is not the daemon's outlives it: a client that connects meanwhile waits, and is answered.
#[test]
fn nobody_is_refused_while_the_daemon_is_started_again() {
    let (clear, port) = tcp();
    let setup = Setup::new(Store::Sqlite).listening_as_told().passing(vec![("cidiand.socket", clear)]);
    let mut daemon = setup.start();
    daemon.connect_as("ann");
    for end in [Signal::SIGKILL, Signal::SIGTERM] {
        daemon.signal(end);
        daemon.wait_exit();
        let mut waiting: Vec<Connection> = (0..20).map(|_| Connection::open(port)).collect();
        daemon.start();
        waiting.iter_mut().for_each(|client| client.login("ann"));
    }
}

#[test]
fn what_is_no_listening_socket_is_refused() {
    let fails = |setup: Setup, status: i32, part: &str| {
        let output = setup.run(&[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(part), "{part:?} is not in: {said}");
    };
    let setup = || Setup::new(Store::Sqlite).listening_as_told();
    let file: OwnedFd = tempfile::tempfile().expect("a file").into();
    fails(setup().passing(vec![("x", file)]), 71, "socket 3 (x) from systemd");
    let (listener, port) = tcp();
    let client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    fails(setup().passing(vec![("x", client.into())]), 71, "not a listening");
    // TLS needs a certificate, and a certificate something that speaks TLS.
    fails(setup().passing(vec![("tls", listener)]), 78, "tls-cert");
    fails(Setup::new(Store::Sqlite).options("--tls-cert c --tls-key k"), 64, "tls-listen");
}

fn put(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o400);
    std::fs::set_permissions(directory.join(name), mode).expect("a mode");
}

#[test]
fn credentials_hold_the_database_and_the_key() {
    let authority = Authority::new("Test authority");
    let pair = authority.pair(&["localhost"]);
    let directory = tempfile::tempdir().expect("a directory");
    let elsewhere = directory.path().join("elsewhere.db");
    put(directory.path(), "cidiand.database", &format!("sqlite:{}\n", elsewhere.display()));
    put(directory.path(), "cidiand.tls-cert", &pair.certificate);
    put(directory.path(), "cidiand.tls-key", &pair.key);
    let handed = directory.path().to_str().expect("a path");
    let daemon = Setup::new(Store::Sqlite)
        .environment("CREDENTIALS_DIRECTORY", handed)
        .options("--tls-listen 127.0.0.1:0")
        .start();
    assert_eq!(Connection::open_tls(daemon.tls_port(), &authority).ask("I").len(), 5);
    assert!(elsewhere.exists());
    assert!(!daemon.path("state/cidian.db").exists());
}

/// A tool that systemd runs, `cidiand reload`, complains to the journal at the right priority.
#[test]
fn a_refused_reload_is_an_error_in_the_journal() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.replace_words("nothing\n");
    let output = daemon.tool_command(&["reload"]).env("JOURNAL_STREAM", "8:1").output().expect("cidiand runs");
    assert_eq!(output.status.code(), Some(65));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("<3>cidiand: ") && said.contains("line 1"), "{said}");
}

/// A service manager whose queue is full receives everything later, in order.
#[test]
fn nothing_is_lost_when_the_managers_queue_is_full() {
    let manager = Manager::new();
    let daemon = manager.setup().environment("WATCHDOG_USEC", "2000").start();
    // The kernel's queue is some hundred messages at most.
    daemon.signal(Signal::SIGHUP);
    let mut client = daemon.connect();
    wait_for("the queue to be full", PATIENCE, || {
        let probe = UnixDatagram::unbound().expect("a socket");
        probe.set_nonblocking(true).expect("a mode");
        probe.send_to(b"X=1", manager.directory.path().join("notify")).err()
    });
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("generation 3");
    client.ok("R ann correct horse");
    wait_for("generation 3", PATIENCE, || value(&manager.told(), "STATUS")?.contains("generation 3").then_some(()));
}
