//! The disk and the database at their worst: each fault has a defined answer, and no fault loses or doubles a lookup,
//! or makes anything hang.

use crate::spool::{private, spool, wait_delivered, words};
use mysql::prelude::Queryable;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use support::mariadb::MariaDb;
use support::{Connection, Daemon, PASSWD, Setup, Store, code, on_both_stores, wait_for};

on_both_stores!(a_disk_that_is_full, a_disk_that_fails_or_is_read_only);

/// How long a lookup is tried until it has the outcome that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that looks one word up after the other, and remembers which were acknowledged.
struct Reader {
    client: Connection,
    next: usize,
    kept: Vec<String>,
}

impl Reader {
    fn new(daemon: &Daemon) -> Self {
        Self { client: daemon.connect_as("ann"), next: 0, kept: Vec::new() }
    }

    /// Looks the next word up; whether it was acknowledged. The only other answer there may be is `unavailable`.
    fn looks_up(&mut self) -> bool {
        let word = format!("word{:05}", self.next);
        self.next += 1;
        let reply = self.client.ask_line(&format!("Q ann {word}"));
        let kept = reply == format!("OK {word}\tx");
        assert!(kept || code(&reply) == Some("unavailable"), "{reply}");
        if kept {
            self.kept.push(word);
        }
        kept
    }

    /// All that was acknowledged is there once, in its order, and nothing else.
    fn has_all(&mut self) {
        let mut history = self.client.history("ann");
        history.reverse();
        assert_eq!(history, self.kept);
    }
}

/// A daemon whose database is embedded, or away: so that what its writer keeps, it keeps on this machine's disk.
fn with_a_disk(store: Store) -> (Option<MariaDb>, Daemon, Reader) {
    let many = words(2_000);
    if store == Store::Sqlite {
        let daemon = Setup::new(store).words(many).start();
        let reader = Reader::new(&daemon);
        return (None, daemon, reader);
    }
    let (mut server, setup) = private("");
    let daemon = setup.words(many).start();
    let mut reader = Reader::new(&daemon);
    assert!(reader.looks_up());
    server.kill();
    (Some(server), daemon, reader)
}

fn bring_back(server: Option<MariaDb>, daemon: &Daemon, reader: &mut Reader) {
    let server = server.map(|mut server| {
        server.restart();
        server
    });
    wait_delivered(daemon);
    reader.has_all();
    drop(server);
}

/// Not a byte more fits into any file of the writer's.
fn a_disk_that_is_full(store: Store) {
    let (server, daemon, mut reader) = with_a_disk(store);
    assert!(reader.looks_up());
    let writer = daemon.writer();
    let limit = |size: &str| {
        let mut prlimit = Command::new("prlimit");
        prlimit.args(["--pid", &writer.to_string(), &format!("--fsize={size}:")]);
        assert!(prlimit.status().expect("prlimit (package util-linux) runs").success());
    };
    for _ in 0..2 {
        limit("0");
        assert!(!reader.looks_up() && !reader.looks_up());
        assert_eq!(reader.client.ask_line("D ann word00000"), "OK word00000\tx");
        assert_eq!(reader.client.refused("Q ann nosuchword"), "notfound");
        limit("unlimited");
        wait_for("room on the disk", PATIENCE, || reader.looks_up().then_some(()));
        assert!(reader.looks_up());
    }
    assert_eq!(daemon.writer(), writer, "it has lived through it");
    bring_back(server, &daemon, &mut reader);
}

/// Some calls of the writer's fail, and later ones do not. (`strace` can't fail a call in a process that is confined by
/// a filter, so there is no filter.)
fn a_disk_that_fails_or_is_read_only(store: Store) {
    // The writer's, by their number: of the embedded database's log and of the spool.
    let faults: [&[&str]; 3] = match store {
        Store::Sqlite => [
            &["pwrite64:error=EROFS:when=150..200"],
            &["pwrite64:error=ENOSPC:when=150..200"],
            &["fsync:error=EIO:when=12..16", "fdatasync:error=EIO:when=1..3"],
        ],
        _ => [
            &["pwrite64:error=EROFS:when=4..8"],
            &["pwrite64:error=ENOSPC:when=4..8"],
            &["fdatasync:error=EIO:when=4..8"],
        ],
    };
    for fault in faults {
        let (mut server, setup) = match store {
            Store::Sqlite => (None, Setup::new(Store::Sqlite)),
            _ => {
                let (server, setup) = private("");
                (Some(server), setup)
            }
        };
        let injected: Vec<String> = fault.iter().map(|fault| format!("inject={fault}")).collect();
        let mut strace = vec!["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "inject=seccomp:error=ENOSYS"];
        injected.iter().for_each(|inject| strace.extend(["-e", inject]));
        let daemon = setup.words(words(2_000)).wrapper(&strace).start();
        let mut reader = Reader::new(&daemon);
        assert!(reader.looks_up());
        if let Some(server) = &mut server {
            server.kill();
        }
        wait_for("the fault to show", PATIENCE, || (!reader.looks_up()).then_some(()));
        assert_eq!(reader.client.ask_line("D ann word00000"), "OK word00000\tx", "{fault:?}");
        wait_for("the disk to work again", PATIENCE, || reader.looks_up().then_some(()));
        assert!(reader.looks_up());
        assert_eq!(daemon.status()["writer"]["forks"], 1, "it has lived through it");
        if let Some(server) = &mut server {
            server.restart();
        }
        wait_delivered(&daemon);
        // A write that was refused because it could not be flushed may be there, but once only.
        let mut history = reader.client.history("ann");
        history.reverse();
        assert!(history.is_sorted_by(|older, newer| older < newer), "{fault:?}: {history:?}");
        let lost: Vec<_> = reader.kept.iter().filter(|word| !history.contains(word)).collect();
        assert!(lost.is_empty(), "{fault:?}: {lost:?}");
    }
}

/// No more space in the server's own files.
#[test]
fn a_database_that_is_full() {
    let (mut server, setup) = private("");
    server.kill();
    // A tablespace that may not grow, with all tables in it.
    let mut server = MariaDb::restarted_with(
        server,
        &["--innodb-data-file-path=ibdata1:12M:autoextend:max:24M", "--innodb-file-per-table=0"],
    );
    server.sql("DROP DATABASE dict");
    server.create_database("dict");
    assert!(setup.run(&["init-db"]).status.success());
    let daemon = setup.words(words(2_000)).start();
    let mut reader = Reader::new(&daemon);
    assert!(reader.looks_up());
    server.sql("CREATE TABLE dict.filler (id INT AUTO_INCREMENT PRIMARY KEY, text LONGTEXT) ENGINE = InnoDB");
    // Greater pieces first, so that in the end there is no room for anything.
    for size in [1_000_000, 60_000, 7_000, 100] {
        let insert = format!("INSERT INTO dict.filler (text) VALUES (REPEAT('x', {size}))");
        while server.try_sql(&insert) {}
    }
    // Pages that are half full take a few lookups more.
    wait_for("the database to be full", PATIENCE, || {
        assert!(reader.looks_up());
        spool(&daemon)["outage_seconds"].is_u64().then_some(())
    });
    assert!(reader.looks_up(), "and looking up goes on");
    assert!(daemon.log().contains("is full (1114)"), "{}", daemon.log());
    // Space is freed.
    server.kill();
    let _server = server.restarted_with(&["--innodb-data-file-path=ibdata1:12M:autoextend:max:64M"]);
    wait_delivered(&daemon);
    reader.has_all();
}

/// Whatever the server reports when it can't take a lookup now, it is in the spool until it can.
#[test]
fn whatever_the_server_says() {
    let (server, setup) = private("");
    let daemon = setup.words(words(2_000)).start();
    let mut reader = Reader::new(&daemon);
    server.sql("USE dict; CREATE TABLE fault (errno INT NOT NULL); INSERT INTO fault VALUES (0)");
    let mut other = mysql::Conn::new(mysql::Opts::from_url(&server.url("dict")).expect("a URL")).expect("a connection");
    let trigger = other.query_drop(
        "CREATE TRIGGER fault BEFORE INSERT ON hist FOR EACH ROW BEGIN \
         DECLARE n INT DEFAULT (SELECT errno FROM fault); \
         IF n > 0 THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = n, MESSAGE_TEXT = 'injected'; END IF; END",
    );
    trigger.expect("a trigger");
    let say = |errno: u16| server.sql(&format!("UPDATE dict.fault SET errno = {errno}"));
    assert!(reader.looks_up());
    // A deadlock, a lock not had in time, table full, disk full, no space left, read-only, stopped, no right.
    for errno in [1_213, 1_205, 1_114, 1_021, 1_030, 1_290, 1_317, 1_142] {
        say(errno);
        assert!(reader.looks_up() && reader.looks_up(), "{errno}");
        assert_eq!(spool(&daemon)["records"], 2, "{errno}");
        daemon.wait_log(&format!("injected ({errno})"));
        say(0);
        wait_delivered(&daemon);
        assert!(reader.looks_up());
    }
    // What it refuses for the lookup's own sake is not acknowledged.
    say(1_644);
    assert!(!reader.looks_up());
    assert_eq!(spool(&daemon)["bytes"], 0);
    // Unless it was before: then it waits.
    say(1_114);
    assert!(reader.looks_up());
    say(1_644);
    assert!(reader.looks_up());
    daemon.wait_log("rejects lookups in the spool");
    assert!(reader.looks_up(), "and looking up goes on");
    assert_eq!(spool(&daemon)["records"], 3);
    say(0);
    wait_delivered(&daemon);
    reader.has_all();
}

#[test]
fn a_table_that_is_locked() {
    let (server, setup) = private("");
    let daemon = setup.words(words(2_000)).start();
    let mut reader = Reader::new(&daemon);
    assert!(reader.looks_up());
    let mut other = mysql::Conn::new(mysql::Opts::from_url(&server.url("dict")).expect("a URL")).expect("a connection");
    other.query_drop("LOCK TABLES hist WRITE").expect("the lock");
    for _ in 0..5 {
        assert!(reader.looks_up());
    }
    assert_eq!(reader.client.refused("H ann"), "unavailable");
    assert_eq!(reader.client.refused("C ann"), "unavailable");
    other.query_drop("UNLOCK TABLES").expect("the lock is given back");
    wait_delivered(&daemon);
    reader.has_all();
}

/// A server for a user who has no more rights than a daemon needs: root may connect and write when no other user may.
fn for_a_user(options: &[&str]) -> (MariaDb, Daemon) {
    let server = MariaDb::start_with(options);
    server.create_database("dict");
    server.sql("CREATE USER cidian@localhost; GRANT ALL ON dict.* TO cidian@localhost");
    let url = format!("mysql://cidian@localhost/dict?socket={}", server.socket().display());
    let setup = Setup::new(Store::Url(url)).words(words(2_000));
    assert!(setup.run(&["init-db"]).status.success());
    (server, setup.start())
}

#[test]
fn no_connection_left() {
    let (server, daemon) = for_a_user(&["--max-connections=10", "--innodb-flush-log-at-trx-commit=2"]);
    daemon.wait_log("innodb_flush_log_at_trx_commit is 2");
    let mut reader = Reader::new(&daemon);
    assert!(reader.looks_up());
    let opts = mysql::Opts::from_url(&server.url("dict")).expect("a URL");
    // The daemon's own are cut, and others are there first.
    let mut others = Vec::new();
    wait_for("the daemon to be without a connection", PATIENCE, || {
        let kills = "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE user = 'cidian'";
        let kills = server.sql(kills);
        server.sql(&kills);
        while let Ok(other) = mysql::Conn::new(opts.clone()) {
            others.push(other);
        }
        assert!(reader.looks_up(), "looking up goes on");
        spool(&daemon)["outage_seconds"].is_u64().then_some(())
    });
    assert_eq!(daemon.connect().refused(&format!("L ann {PASSWD}")), "unavailable");
    assert!(reader.looks_up());
    drop(others);
    wait_delivered(&daemon);
    reader.has_all();
    daemon.connect().login("ann");
}

#[test]
fn a_server_that_is_read_only() {
    let (server, daemon) = for_a_user(&[]);
    assert!(!daemon.log().contains("WARN"), "nothing is wrong with the server's settings: {}", daemon.log());
    let mut reader = Reader::new(&daemon);
    assert!(reader.looks_up());
    server.sql("SET GLOBAL read_only = 1");
    for _ in 0..3 {
        assert!(reader.looks_up());
    }
    assert_eq!(daemon.connect().refused("R bob secret"), "unavailable");
    assert_eq!(reader.client.history("ann").len(), 1, "what can be read is read");
    let mut other = daemon.connect();
    other.login("ann");
    server.sql("SET GLOBAL read_only = 0");
    wait_delivered(&daemon);
    reader.has_all();
    daemon.connect().register("bob");
}

/// Passes bytes on between a daemon and its server, and cuts a connection off in the middle of what the server sends.
struct Proxy {
    port: u16,
    /// How many bytes the server may still send before the cut; it happens once.
    left: Arc<AtomicI64>,
}

impl Proxy {
    fn new(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let budget = Arc::clone(&left);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let (from, to) = (client.try_clone().expect("a handle"), server.try_clone().expect("a handle"));
                std::thread::spawn(move || pass_on(from, to, None));
                let budget = Arc::clone(&budget);
                std::thread::spawn(move || pass_on(server, client, Some(&budget)));
            }
        });
        Self { port, left }
    }

    fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// Whether it has happened.
    fn has_cut(&self) -> bool {
        self.left.load(Ordering::SeqCst) > i64::MAX / 2
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, budget: Option<&AtomicI64>) {
    let mut buffer = [0; 4_096];
    while let Ok(size @ 1..) = from.read(&mut buffer) {
        let mut passed = size;
        if let Some(budget) = budget {
            let size = i64::try_from(size).expect("a small number");
            let before = budget.fetch_sub(size, Ordering::SeqCst);
            if before < size {
                passed = usize::try_from(before.max(0)).expect("a small number");
                budget.store(i64::MAX, Ordering::SeqCst);
                let _ = to.write_all(&buffer[..passed]);
                break;
            }
        }
        if to.write_all(&buffer[..passed]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[test]
fn a_connection_cut_in_the_middle_of_a_reply() {
    let (server, setup) = private("");
    drop(setup);
    let proxy = Proxy::new(server.port());
    let url = format!("mysql://root@127.0.0.1:{}/dict", proxy.port);
    let daemon = Setup::new(Store::Url(url)).words(words(2_000)).start();
    let mut reader = Reader::new(&daemon);
    for bytes in 0..40 {
        // A lookup's reply has 11 bytes and more; the rest is what a new connection gets first.
        proxy.cut_after(bytes * bytes / 4);
        wait_for("a reply to be cut", PATIENCE, || {
            assert!(reader.looks_up(), "cut after {bytes}");
            let reply = reader.client.ask("H ann 3");
            assert!(reply[0].starts_with("OK ") || code(&reply[0]) == Some("unavailable"), "{reply:?}");
            proxy.has_cut().then_some(())
        });
    }
    wait_delivered(&daemon);
    reader.has_all();
}
