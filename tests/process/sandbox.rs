//! The sandbox as it is on the real daemon: in force before the first byte, in every configuration, and without
//! hindering any session. `tests/sandbox` tries what each layer forbids.

use nix::sys::signal::Signal;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU32, Ordering};
use support::{
    Connection, Daemon, PASSWD, Setup, Store, on_both_stores, processes, send_signal, shared_mariadb, wait_until,
};

on_both_stores!(a_child_is_confined_before_its_client_has_said_anything);

/// A database in the shared server, reached in another way than by its socket.
fn over(way: &str) -> Setup {
    let server = shared_mariadb();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("sandbox_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    server.create_database(&name);
    let url = match way {
        "address" => server.tcp_url(&name),
        "name" => format!("mysql://root@localhost:{}/{name}", server.port()),
        _ => server.url(&name),
    };
    let setup = Setup::new(Store::Url(url.clone()));
    let made = setup.run(&["init-db"]);
    assert!(made.status.success(), "{made:?}");
    setup
}

fn a_child_is_confined_before_its_client_has_said_anything(store: Store) {
    confined_before_anything(&Daemon::over(store.clone()));
    confined_before_anything(&Setup::new(store).options("--fork-server").start());
}

/// Of the memory that all share, a session can write to its own page and to no other; the writer to the head.
#[test]
fn a_session_has_its_own_slot_only() {
    let daemon = Daemon::over(Store::Sqlite);
    let clients: Vec<Connection> = (0..5).map(|n| daemon.connect_as(&format!("user{n}"))).collect();
    let mut own = std::collections::BTreeSet::new();
    let shared = |pid: u32| {
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("/proc");
        // Of SQLite's own index of its log they share the database.
        let lines = maps.lines().filter(|line| line.contains(" rw-s ") && !line.ends_with("-shm"));
        let bounds = lines.map(|line| {
            let (begin, end) = line.split_whitespace().next().and_then(|range| range.split_once('-')).expect("a range");
            let number = |text: &str| u64::from_str_radix(text, 16).expect("an address");
            (number(begin), number(end) - number(begin))
        });
        (bounds.collect::<Vec<_>>(), maps.clone())
    };
    for child in daemon.wait_children(5) {
        let (writable, maps) = shared(child);
        assert_eq!(writable.iter().map(|(_, size)| size).sum::<u64>(), 4_096, "{maps}");
        assert!(own.insert(writable[0].0), "each has another");
        let head = maps.lines().filter(|line| line.contains("cidian-scoreboard")).collect::<Vec<_>>();
        assert!(head.len() == 1 && head[0].contains(" r--s "), "the head is for reading: {maps}");
    }
    let (writable, maps) = shared(daemon.writer());
    assert_eq!(writable.iter().map(|(_, size)| size).sum::<u64>(), 4_096, "the head: {maps}");
    // What they count arrives all the same, from those that live and from those that have ended.
    let requests = |kind: &str| daemon.status()["requests"][kind]["ok"].as_u64();
    assert_eq!((requests("register"), requests("login")), (Some(5), Some(5)));
    drop(clients);
    daemon.wait_children(0);
    assert_eq!((requests("register"), requests("login")), (Some(5), Some(5)));
}

#[test]
fn so_it_is_with_a_server_by_address_and_by_name() {
    for way in ["address", "name"] {
        confined_before_anything(&over(way).start());
    }
}

fn confined_before_anything(daemon: &Daemon) {
    let silent = Connection::open(daemon.port());
    let child = daemon.wait_children(1)[0];
    let status = |key: &str| processes::status(child, key).unwrap_or_default();
    wait_until("the child to be confined", || status("Seccomp") == "2");
    wait_until("the child to have closed the ruleset", || processes::descriptors(child).len() == 6);
    assert_eq!(status("NoNewPrivs"), "1");
    let limits = std::fs::read_to_string(format!("/proc/{child}/limits")).expect("/proc");
    for (limit, value) in [("Max open files", "64"), ("Max processes", "0"), ("Max core file size", "0")] {
        let line = limits.lines().find(|line| line.starts_with(limit)).expect("a limit");
        let values: Vec<&str> = line[limit.len()..].split_whitespace().take(2).collect();
        assert_eq!(values, [value, value], "{line}");
    }
    // What a process that can't be dumped shows of itself belongs to root.
    assert_eq!(std::fs::metadata(format!("/proc/{child}/environ")).expect("/proc").uid(), 0);
    assert_eq!(processes::descriptors(child).len(), 6, "0, 1, 2, the client, the control channel and the rendezvous");
    // What forks them has what they inherit.
    let forks = daemon.forks_children();
    if forks != daemon.pid() {
        assert_eq!(processes::status(forks, "Seccomp").as_deref(), Some("2"));
        assert_eq!(processes::status(forks, "NoNewPrivs").as_deref(), Some("1"));
        assert_eq!(std::fs::metadata(format!("/proc/{forks}/environ")).expect("/proc").uid(), 0);
    }
    // The writer, too, but for as many descriptors as the daemon has.
    let writer = daemon.writer();
    wait_until("the writer to be confined", || processes::status(writer, "Seccomp").as_deref() == Some("2"));
    assert_eq!(processes::status(writer, "NoNewPrivs").as_deref(), Some("1"));
    assert_eq!(std::fs::metadata(format!("/proc/{writer}/environ")).expect("/proc").uid(), 0);
    // The parent serves others, and can't be confined so.
    assert_eq!(processes::status(daemon.pid(), "Seccomp").as_deref(), Some("0"));
    drop(silent);
    daemon.wait_log("0 requests in ");
}

/// The order of a child's system calls shows it: nothing is received from the client before the filter is there.
#[test]
fn the_filter_comes_before_the_first_byte_even_if_the_byte_is_early() {
    filtered_before_the_first_byte(Setup::new(Store::Sqlite));
    filtered_before_the_first_byte(Setup::new(Store::Sqlite).options("--fork-server"));
}

fn filtered_before_the_first_byte(setup: Setup) {
    let trace = setup.path("trace").display().to_string();
    let command = ["strace", "-D", "-f", "-ff", "-qq", "-o", &trace, "-e"];
    let traced = "trace=seccomp,landlock_restrict_self,prctl,prlimit64,clone,recvfrom,recvmsg,read,openat,socket";
    let daemon = setup.wrapper(&[&command[..], &[traced]].concat()).start();
    let has_fork_server = daemon.forks_children() != daemon.pid();
    let mut client = Connection::open(daemon.port());
    client.send("I\nE\n");
    assert_eq!(client.lines_to_end().len(), 6);
    daemon.wait_log("goodbye");
    let line = daemon.log().lines().find(|line| line.contains("goodbye")).map(str::to_owned).expect("a line");
    assert!(line.contains("2 requests"), "{line}");
    let received = |trace: &str| trace.lines().position(|line| line.starts_with("recvfrom(") && line.contains("I\\n"));
    let traces = std::fs::read_dir(daemon.path("")).expect("the directory").filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let pid = name.strip_prefix("trace.")?.to_owned();
        Some((pid, std::fs::read_to_string(daemon.path(&name)).unwrap_or_default()))
    });
    let traces: Vec<(String, String)> = traces.collect();
    let read: Vec<_> = traces.iter().filter(|(_, trace)| received(trace).is_some()).collect();
    let [(pid, own)] = read[..] else { panic!("one child has read from the client: {read:?}") };
    // What it did itself, and before that what it has inherited, if it was forked by what has entered that.
    let forked = format!("= {pid}");
    let inherited = traces.iter().find(|(_, trace)| {
        trace.lines().any(|line| line.starts_with("clone(") && line.contains("CLONE_PARENT") && line.ends_with(&forked))
    });
    assert_eq!(inherited.is_some(), has_fork_server, "{traces:?}");
    let inherited = inherited.map_or("", |(_, trace)| trace.as_str());
    let before = inherited.lines().take_while(|line| !(line.starts_with("clone(") && line.ends_with(&forked)));
    let trace: Vec<&str> = before.chain(own.lines()).collect();
    let begun = trace.len() - own.lines().count();
    let place = |what: &str| trace.iter().position(|line| line.starts_with(what) && line.ends_with("= 0"));
    let first = received(own).map(|at| begun + at);
    for layer in [
        "prlimit64(0, RLIMIT_NOFILE",
        "prlimit64(0, RLIMIT_CORE",
        "prlimit64(0, RLIMIT_NPROC",
        "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)",
        "prctl(PR_SET_NO_NEW_PRIVS",
        "landlock_restrict_self(",
        "seccomp(SECCOMP_SET_MODE_FILTER",
    ] {
        assert!(place(layer).is_some_and(|at| Some(at) < first), "{layer}:\n{trace:#?}");
    }
    // Between its beginning and the last layer it reads nothing at all.
    let read_anything =
        |line: &&&str| ["recvfrom(", "recvmsg(", "read(", "openat(", "socket("].iter().any(|c| line.starts_with(c));
    let layers = [place("seccomp("), place("landlock_restrict_self(")];
    let last = layers.into_iter().max().flatten().expect("the last layer");
    let early = trace[begun.min(last)..last].iter().find(read_anything);
    assert_eq!(early, None, "{trace:#?}");
}

/// Everything that a session can do, in each configuration; no call of it ends the child.
#[test]
fn whole_sessions_run_in_every_configuration() {
    let embedded = || Setup::new(Store::Sqlite);
    for (way, setup) in [
        ("embedded", embedded()),
        ("embedded, words in the table", embedded().options("--lookup database")),
        ("address", over("address")),
        ("name", over("name")),
        ("socket, words in the table", over("socket").options("--lookup database")),
    ] {
        let daemon = setup.start();
        if way.ends_with("table") {
            let words = daemon.words_path().display().to_string();
            let loaded = daemon.tool(&["words", "load", &words]);
            assert!(loaded.status.success(), "{loaded:?}");
        }
        let mut client = daemon.connect();
        assert_eq!(client.ask("I").len(), 5, "{way}");
        client.register("ann");
        assert_eq!(client.refused("L ann wrong"), "denied");
        client.login("ann");
        assert_eq!(client.ask_line("Q ann apple"), "OK apple\tn. 苹果", "{way}");
        assert_eq!(client.refused("Q ann nosuchword"), "notfound");
        assert!(client.ask("S ann app").contains(&"apple".to_owned()), "{way}");
        assert_eq!(client.history("ann"), ["apple"]);
        client.ok("C ann apple");
        client.ok(&format!("P ann {PASSWD}2"));
        client.ok("O");
        client.ok(&format!("L ann {PASSWD}2"));
        client.ok(&format!("X ann {PASSWD}2"));
        client.ok("E");
        assert!(client.at_eof());
        daemon.wait_log("goodbye");
        // New words, which the living child takes over from its parent.
        let (mut idle, _) = daemon.connect_with_child();
        let reloaded = daemon.tool(&["reload"]);
        assert!(reloaded.status.success(), "{way}: {reloaded:?}");
        assert_eq!(idle.ask("I").len(), 5, "{way}");
        let log = daemon.log();
        assert!(!log.contains("crashed") && !log.contains("ERROR") && !log.contains("WARN"), "{way}: {log}");
    }
}

/// A child can log: it has standard error, and nothing else of the daemon's.
#[test]
fn a_confined_child_logs() {
    let mut server = support::mariadb::MariaDb::start();
    server.create_database("dict");
    let url = server.tcp_url("dict");
    let setup = Setup::new(Store::Url(url.clone()));
    assert!(setup.run(&["init-db"]).status.success());
    let daemon = setup.start();
    let (mut client, child) = daemon.connect_with_child();
    server.kill();
    assert_eq!(client.refused(&format!("L ann {PASSWD}")), "unavailable");
    let line = daemon.wait_log("database: ");
    assert!(line.contains(&format!("cidiand[{child}] WARN")), "{line}");
}

#[test]
fn a_child_that_its_filter_has_ended_is_told_as_a_crash() {
    let daemon = Daemon::over(Store::Sqlite);
    let (mut client, child) = daemon.connect_with_child();
    send_signal(child, Signal::SIGSYS);
    assert!(client.at_eof());
    let line = daemon.wait_log(&format!("child {child} crashed (SIGSYS)"));
    assert!(line.contains(" ERROR: "), "{line}");
    assert_eq!(daemon.connect().ask("I").len(), 5);
}

/// The probe is confined as sessions are: what would end each of them is reported at start.
#[test]
fn a_probe_that_its_filter_has_ended_is_told_at_start() {
    let setup = Setup::new(Store::Sqlite);
    // Of all processes only the probe asks for this.
    let ended = setup.wrapper(&["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:signal=SYS"]);
    let output = ended.run(&[]);
    assert_eq!(output.status.code(), Some(70), "{output:?}");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("was ended by its sandbox"), "{log}");
}

#[test]
fn what_the_kernel_lacks_is_told_once_and_not_fatal() {
    let setup = Setup::new(Store::Sqlite);
    let lacking = "inject=landlock_create_ruleset,seccomp:error=ENOSYS";
    let daemon = setup.wrapper(&["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", lacking]).start();
    for name in ["ann", "bob"] {
        let mut client = daemon.connect_as(name);
        assert_eq!(client.ask_line(&format!("Q {name} apple")), "OK apple\tn. 苹果");
        client.ok("E");
    }
    daemon.wait_log_times("goodbye", 2);
    let log = daemon.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("sandbox: this kernel has no ")).collect();
    assert_eq!(told.len(), 2, "{log}");
    assert!(told[0].contains("WARN") && told[0].contains("Landlock") && told[1].contains("seccomp"), "{told:?}");
    // What needs no such help holds.
    let _silent = Connection::open(daemon.port());
    let child = daemon.wait_children(1)[0];
    wait_until("the child to be confined", || processes::status(child, "NoNewPrivs").as_deref() == Some("1"));
    assert_eq!(processes::status(child, "Seccomp").as_deref(), Some("0"));
}
