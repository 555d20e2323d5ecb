//! A soak: mixed load, hostile clients, reloads, killed sessions and writers, and a server that is killed and started
//! again, for a given number of seconds; at the end, processes, descriptors and memory are where they were at the
//! beginning. Not part of every run:
//!
//!     CIDIAN_TEST_SOAK=1200 cargo test --locked --release --test process soak -- --ignored --nocapture

use crate::spool::{private, wait_delivered};
use nix::sys::signal::Signal;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::certificates::Authority;
use support::mariadb::MariaDb;
use support::processes::{cpu_ticks, descriptors, memory, state};
use support::{Connection, Daemon, Setup, Store, send_signal, wait_for};

/// What is compared: of the parent memory and descriptors, of the system its children.
struct Figures {
    parent_rss: u64,
    parent_dirty: u64,
    descriptors: usize,
    children: usize,
    zombies: usize,
    writer_rss: u64,
    writer_descriptors: usize,
    spool: u64,
    connections: String,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { parent_rss, parent_dirty, descriptors, children, zombies, .. } = self;
        let Self { writer_rss, writer_descriptors, spool, connections, .. } = self;
        write!(
            f,
            "parent {parent_rss} KiB ({parent_dirty} private and dirty), {descriptors} descriptors; {children} children, \
             {zombies} zombies; writer {writer_rss} KiB, {writer_descriptors} descriptors, {spool} lookups in the spool; \
             database connections: {connections}"
        )
    }
}

impl Figures {
    /// `Rss` of a process that may be killed at any time is read when it is there.
    fn of(daemon: &Daemon, server: Option<&Mutex<MariaDb>>) -> Self {
        let children = daemon.children();
        let connections = server.map_or_else(
            || "-".to_owned(),
            |server| {
                let server = server.lock().expect("nobody panics with it");
                server.sql("SELECT COUNT(*) FROM information_schema.processlist").trim().to_owned()
            },
        );
        let writer = daemon.writer();
        Self {
            parent_rss: memory(daemon.pid(), "Rss"),
            parent_dirty: memory(daemon.pid(), "Private_Dirty"),
            descriptors: descriptors(daemon.pid()).len(),
            writer_rss: memory(writer, "Rss"),
            writer_descriptors: descriptors(writer).len(),
            spool: daemon.status()["spool"]["records"].as_u64().expect("a number"),
            zombies: children.iter().filter(|&&pid| state(pid) == Some('Z')).count(),
            children: children.len(),
            connections,
        }
    }
}

/// What was done.
#[derive(Debug, Default)]
struct Done {
    sessions: AtomicU64,
    lookups: AtomicU64,
    cut_off: AtomicU64,
    hostile: AtomicU64,
    reloads: AtomicU64,
    killed: AtomicU64,
    writers_killed: AtomicU64,
    servers_killed: AtomicU64,
}

fn count(what: &AtomicU64) {
    what.fetch_add(1, Ordering::Relaxed);
}

/// An ordinary client: logs in, looks up, reads its history, leaves. Its child may be killed at any time.
fn ordinary(port: u16, tls: Option<&Authority>, name: &str, done: &Done) -> std::io::Result<()> {
    let mut client = match tls {
        Some(authority) => Connection::open_tls(port, authority),
        None => Connection::open(port),
    };
    let mut ask = |request: &str| -> std::io::Result<Option<String>> {
        client.try_send(format!("{request}\n"))?;
        client.try_line()
    };
    if ask(&format!("L {name} correct horse"))?.as_deref() != Some("OK") {
        count(&done.cut_off);
        return Ok(());
    }
    for word in ["apple", "Apple", "pear", "nothing", "zoo"].iter().cycle().take(50) {
        match ask(&format!("Q {name} {word}"))? {
            Some(_) => count(&done.lookups),
            None => {
                count(&done.cut_off);
                return Ok(());
            }
        }
    }
    let _ = ask(&format!("C {name}"))?;
    let _ = ask("E")?;
    count(&done.sessions);
    Ok(())
}

/// A hostile one, by turns: garbage, requests without reading, half a line, a reset, wrong passwords, invalid TLS.
fn hostile(port: u16, tls_port: u16, turn: u64) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", if turn % 7 == 6 { tls_port } else { port }))?;
    stream.set_write_timeout(Some(Duration::from_millis(300)))?;
    stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    let mut buffer = [0; 4096];
    match turn % 7 {
        0 => stream.write_all(&[0xff, 0, b'\n'].repeat(20_000))?,
        1 => stream.write_all(&b"I\n".repeat(500_000))?,
        2 => stream.write_all(b"L ann corr")?,
        3 => {
            stream.write_all(b"L ann correct horse\nH ann all\n")?;
            // Closing with unread input resets.
            let _ = stream.read(&mut buffer[..1])?;
        }
        4 => {
            stream.write_all(b"L ann wrong\nL ann wrong\n")?;
            let _ = stream.read(&mut buffer)?;
        }
        5 => stream.write_all(&[b'x'; 100_000])?,
        _ => {
            stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00garbage that is no hello")?;
            let _ = stream.read(&mut buffer)?;
        }
    }
    Ok(())
}

#[expect(clippy::too_many_lines, reason = "one scene after the other")]
fn soak(store: Store) {
    let seconds = std::env::var("CIDIAN_TEST_SOAK").map_or(60, |text| text.parse().expect("seconds"));
    let authority = Authority::new("Soak");
    let (server, setup) = match store {
        Store::MariaDb => {
            let (server, setup) = private("");
            (Some(Mutex::new(server)), setup)
        }
        store => (None, Setup::new(store)),
    };
    let server = server.as_ref();
    let daemon = setup.tls(&authority.pair(&["localhost", "127.0.0.1"])).start();
    let (port, tls_port) = (daemon.port(), daemon.tls_port());
    let names: Vec<String> = ["ann", "bob", "eve"].map(str::to_owned).to_vec();
    for name in &names {
        daemon.connect().register(name);
    }
    let done = Done::default();
    let (warm, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let mut before = None;
    thread::scope(|scope| {
        for (at, name) in names.iter().enumerate() {
            let (done, over, authority) = (&done, &over, &authority);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let (port, tls) = if at == 2 { (tls_port, Some(authority)) } else { (port, None) };
                    // A child that was killed resets its connection: that is what is being tried.
                    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| ordinary(port, tls, name, done)));
                    if !matches!(outcome, Ok(Ok(()))) {
                        count(&done.cut_off);
                    }
                }
            });
        }
        scope.spawn(|| {
            for turn in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let _ = hostile(port, tls_port, turn);
                count(&done.hostile);
            }
        });
        scope.spawn(|| {
            let mut killed = 0_usize;
            for turn in 0_u64.. {
                // The pace of the soak, not a wait for anything.
                thread::sleep(Duration::from_millis(250));
                if over.load(Ordering::Relaxed) {
                    break;
                }
                daemon.replace_words(format!("apple\tn. {turn}\nApple\tn.\npear\tn. {turn}\nzoo\tn.\n"));
                daemon.signal(Signal::SIGHUP);
                count(&done.reloads);
                // Sessions only: helpers that live as long as the daemon have their own tests.
                let sessions: Vec<u32> = daemon.children().into_iter().filter(|&pid| is_session(pid)).collect();
                if let Some(&pid) = sessions.get(killed % sessions.len().max(1)) {
                    send_signal(pid, Signal::SIGKILL);
                    killed += 7;
                    count(&done.killed);
                }
                if turn % 120 == 0 {
                    eprintln!("{:6.0} s: {} {done:?}", begun.elapsed().as_secs_f64(), Figures::of(&daemon, server));
                }
                // Never right before the figures are read.
                if turn % 60 == 30 {
                    send_signal(daemon.writer(), Signal::SIGKILL);
                    count(&done.writers_killed);
                }
                if let Some(server) = server.filter(|_| turn % 60 == 50) {
                    server.lock().expect("nobody panics with it").restart();
                    count(&done.servers_killed);
                }
            }
        });
        // The allocator and the tables have found their size when a tenth is over.
        wait_for("the soak's end", Duration::from_secs(seconds + 60), || {
            if before.is_none() && begun.elapsed() >= Duration::from_secs(seconds / 10) {
                before = Some(Figures::of(&daemon, server));
                warm.store(true, Ordering::Relaxed);
            }
            (Instant::now() >= until).then_some(())
        });
        over.store(true, Ordering::Relaxed);
    });
    let before = before.expect("the soak was long enough");
    wait_for("all sessions to be gone", Duration::from_secs(90), || {
        daemon.children().iter().all(|&pid| !is_session(pid)).then_some(())
    });
    wait_delivered(&daemon);
    daemon.connect().login("ann");
    wait_for("the last one", Duration::from_secs(10), || {
        daemon.children().iter().all(|&pid| !is_session(pid)).then_some(())
    });
    let after = Figures::of(&daemon, server);
    let busy = cpu_ticks(daemon.pid());
    thread::sleep(Duration::from_secs(3));
    let idle = cpu_ticks(daemon.pid()) - busy;
    eprintln!("{done:?}\nwarm:  {before}\nafter: {after}\nidle for 3 s: {idle} ticks of CPU");
    assert!(done.sessions.load(Ordering::Relaxed) > 0 && done.killed.load(Ordering::Relaxed) > 0);
    assert_eq!(after.zombies, 0);
    assert!(after.descriptors <= before.descriptors, "descriptors");
    assert!(after.parent_rss <= before.parent_rss + 1024, "memory of the parent, KiB");
    assert_eq!(after.spool, 0);
    assert!(after.writer_descriptors <= before.writer_descriptors + 3, "descriptors of the writer");
    assert!(idle <= 3, "the parent is idle");
    let log = daemon.log();
    assert!(!log.contains("crashed") && !log.contains("bug"), "{}", log.lines().last().unwrap_or_default());
}

/// Whether a child of the daemon serves a client; its title shows it.
fn is_session(pid: u32) -> bool {
    support::processes::title(pid).contains("127.0.0.1")
}

#[test]
#[ignore = "twenty minutes, by hand"]
fn on_mariadb() {
    soak(Store::MariaDb);
}

#[test]
#[ignore = "twenty minutes, by hand"]
fn on_sqlite() {
    soak(Store::Sqlite);
}
