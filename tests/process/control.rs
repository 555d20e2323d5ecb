//! `cidiand reload` and the control socket: a reload waits for every child, reports why a file is refused, and disturbs
//! no client.

use nix::sys::signal::Signal;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};
use support::{Connection, Daemon, Setup, Store, on_both_stores, processes, send_signal, wait_for, wait_until};

on_both_stores!(there_is_nothing_to_load_for_the_table);

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The text on standard error, after the exit status was found right.
fn refused(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn reload(daemon: &Daemon) -> Output {
    daemon.tool(&["reload"])
}

fn idle_clients(daemon: &Daemon, count: usize) -> Vec<Connection> {
    daemon.connect().register("ann");
    let log_in = |_| {
        let mut client = daemon.connect();
        client.login("ann");
        client
    };
    (0..count).map(log_in).collect()
}

fn socket(daemon: &Daemon) -> PathBuf {
    daemon.path("state/control.sock")
}

#[test]
fn reload_returns_when_every_child_has_moved() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut clients = idle_clients(&daemon, 20);
    let mut silent = daemon.connect();
    let children = daemon.wait_children(21);
    for generation in 2..=4 {
        let before = processes::mapped_words(daemon.pid());
        daemon.replace_words(format!("apple {generation}\nnew{generation} only now\n"));
        let output = reload(&daemon);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(said(&output), format!("2 headwords, generation {generation}\n"));
        // Not a moment later: nothing is waited for from here on.
        for pid in &children {
            let mapped = processes::mapped_words(*pid);
            assert!(mapped.len() == 1 && mapped.is_disjoint(&before), "child {pid}: {mapped:?}, before: {before:?}");
        }
        assert_eq!(daemon.status()["words"]["lagging"], 0);
        for client in &mut clients {
            assert_eq!(client.ask_line(&format!("Q ann new{generation}")), format!("OK new{generation}\tonly now"));
        }
        assert_eq!(silent.ask("I")[3], "headwords\t2");
    }
    assert_eq!(daemon.children().len(), 21, "nobody was cut off");
}

#[test]
fn a_refused_file_changes_nothing() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = idle_clients(&daemon, 1).remove(0);
    let before = processes::mapped_words(daemon.pid());
    daemon.replace_words("apple new\nword without\nonly\n");
    let why = refused(&reload(&daemon), 65);
    assert!(why.contains("words.txt") && why.contains("line 3"), "{why}");
    daemon.replace_words("");
    assert!(refused(&reload(&daemon), 65).contains("no entry"));
    std::fs::remove_file(daemon.words_path()).expect("the file is there");
    assert!(refused(&reload(&daemon), 65).contains("words.txt"));
    let status = daemon.status();
    assert_eq!((&status["words"]["generation"], &status["words"]["headwords"]), (&1.into(), &6.into()), "{status}");
    assert_eq!(status["words"]["loading"], false);
    assert_eq!(processes::mapped_words(daemon.pid()), before);
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    daemon.replace_words("apple mended\n");
    assert_eq!(said(&reload(&daemon)), "1 headwords, generation 2\n");
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tmended");
}

#[test]
fn a_child_that_lags_is_told_of() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut clients = idle_clients(&daemon, 2);
    let (mut stopped, child) = daemon.connect_with_child();
    send_signal(child, Signal::SIGSTOP);
    wait_until("the child to be stopped", || processes::state(child) == Some('T'));
    daemon.replace_words("apple new\n");
    let begin = Instant::now();
    let output = reload(&daemon);
    // Awake again before anything can fail.
    let lagging = daemon.status()["words"]["lagging"].clone();
    send_signal(child, Signal::SIGCONT);
    let why = refused(&output, 75);
    assert!(why.contains("1 child has") && why.contains("1 headwords, generation 2"), "{why}");
    assert!(begin.elapsed() >= Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(lagging, 1);
    for client in &mut clients {
        assert_eq!(client.ask_line("Q ann apple"), "OK apple\tnew");
    }
    wait_until("the child to have moved", || daemon.status()["words"]["lagging"] == 0);
    assert_eq!(stopped.ask("I")[3], "headwords\t1");
    assert!(reload(&daemon).status.success());
}

#[test]
fn two_at_once_both_succeed() {
    let daemon = Daemon::over(Store::Sqlite);
    let _clients = idle_clients(&daemon, 5);
    daemon.replace_words("apple new\n");
    for _ in 0..5 {
        let outputs: Vec<Output> = std::thread::scope(|scope| {
            let both: Vec<_> = (0..2).map(|_| scope.spawn(|| reload(&daemon))).collect();
            both.into_iter().map(|one| one.join().expect("cidiand runs")).collect()
        });
        for output in outputs {
            assert!(output.status.success() && said(&output).starts_with("1 headwords, generation "), "{output:?}");
        }
    }
    assert_eq!(daemon.status()["words"]["lagging"], 0);
}

/// A daemon that does not answer is given up after a while: its parent is stopped.
#[test]
fn a_silent_daemon_is_given_up() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.signal(Signal::SIGSTOP);
    wait_until("the parent to be stopped", || processes::state(daemon.pid()) == Some('T'));
    let file = daemon.path("metrics.prom").display().to_string();
    let commands: [&[&str]; 4] = [&["status"], &["status", "--json"], &["reload"], &["metrics", "-o", &file]];
    std::thread::scope(|scope| {
        let asked: Vec<_> = commands.iter().map(|command| scope.spawn(|| daemon.tool(command))).collect();
        for output in asked.into_iter().map(|one| one.join().expect("cidiand runs")) {
            assert!(refused(&output, 75).contains("10 s"), "{output:?}");
        }
    });
    assert!(std::fs::read_to_string(file).expect("the file").contains("cidian_up 0\n"));
    daemon.signal(Signal::SIGCONT);
    assert!(reload(&daemon).status.success());
}

/// Requests for reloads that come faster than a load takes keep no load from its end.
#[test]
fn reloads_faster_than_a_load() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = idle_clients(&daemon, 1).remove(0);
    let long: String = (0..200_000).map(|n| format!("word{n:06} x\n")).collect();
    daemon.replace_words(&long);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        // As fast as one at a time can be taken: each comes while the load of the one before is under way.
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                daemon.signal(Signal::SIGHUP);
                std::thread::yield_now();
            }
        });
        let (mut watched, mut outputs) = (Vec::new(), Vec::new());
        for round in 0..2 {
            outputs.push(reload(&daemon));
            watched.push(daemon.status()["reloads"]["taken"].as_u64());
            daemon.replace_words(format!("apple {round}\n{long}"));
        }
        // The last file is what is answered from in the end, whatever was under way when it came.
        outputs.push(reload(&daemon));
        let reply = ann.ask_line("Q ann apple");
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
        assert!(watched[0] >= Some(1) && watched[1] > watched[0], "{watched:?}");
        assert_eq!(reply, "OK apple\t1");
    });
}

/// Reloads that overtake each other end with the newest file, and the tool that requested the older one gets that.
#[test]
fn the_newest_file_wins() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = idle_clients(&daemon, 1).remove(0);
    let long: String = (0..100_000).map(|n| format!("word{n:06} old\n")).collect();
    for round in 1..=3 {
        daemon.replace_words(&long);
        let (older, newer) = std::thread::scope(|scope| {
            let older = scope.spawn(|| reload(&daemon));
            daemon.wait_log_times("loading ", 2 * round - 1);
            daemon.replace_words(format!("apple round {round}\n"));
            let newer = reload(&daemon);
            (older.join().expect("cidiand runs"), newer)
        });
        assert!(newer.status.success() && said(&newer).starts_with("1 headwords, "), "{newer:?}");
        assert!(older.status.success(), "{older:?}");
        assert_eq!(daemon.status()["words"]["headwords"], 1);
        assert_eq!(ann.ask_line("Q ann apple"), format!("OK apple\tround {round}"));
    }
    // A bad file that is overtaken by a good one fails no request; a good one that is overtaken by a bad one does.
    daemon.replace_words(&long);
    std::thread::scope(|scope| {
        let older = scope.spawn(|| reload(&daemon));
        daemon.wait_log_times("loading ", 7);
        daemon.replace_words("bad\n");
        assert!(refused(&reload(&daemon), 65).contains("line 1"));
        let older = older.join().expect("cidiand runs");
        // It was done before it was overtaken, or shares the newer one's fate.
        assert!(older.status.success() || older.status.code() == Some(65), "{older:?}");
    });
}

fn there_is_nothing_to_load_for_the_table(store: Store) {
    let daemon = Setup::new(store).options("--lookup database").no_words().start();
    let output = reload(&daemon);
    assert!(output.status.success(), "{output:?}");
    assert!(said(&output).contains("table words"), "{output:?}");
    let words = daemon.status()["words"].clone();
    assert_eq!((&words["source"], &words["headwords"]), (&"table words".into(), &serde_json::Value::Null), "{words}");
    assert_eq!(words["generation"], 0);
}

#[test]
fn without_a_daemon() {
    let mut daemon = Daemon::over(Store::Sqlite);
    assert!(socket(&daemon).exists());
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    assert!(!socket(&daemon).exists(), "the socket goes with the daemon");
    for tool in ["reload", "status"] {
        let why = refused(&daemon.tool(&[tool]), 69);
        assert!(why.contains(&*socket(&daemon).to_string_lossy()), "{why}");
    }
    // A killed one leaves its socket, and the next one takes its place.
    daemon.start();
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    assert!(socket(&daemon).exists());
    refused(&daemon.tool(&["reload"]), 69);
    daemon.start();
    assert_eq!(daemon.status()["pid"], daemon.pid());
    assert!(reload(&daemon).status.success());
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("the socket").permissions().mode() & 0o7777
}

#[test]
fn where_the_socket_is() {
    let daemon = Daemon::over(Store::Sqlite);
    assert_eq!(mode(&socket(&daemon)), 0o600);
    let setup = Setup::new(Store::Sqlite);
    let runtime = setup.path("run");
    std::fs::create_dir(&runtime).expect("a directory");
    let daemon = setup.environment("RUNTIME_DIRECTORY", runtime.display().to_string()).start();
    assert_eq!(mode(&runtime.join("control.sock")), 0o600);
    assert!(!socket(&daemon).exists(), "in one place only");
    assert_eq!(daemon.status()["pid"], daemon.pid());
    assert!(reload(&daemon).status.success());
    // Longer than a socket's address may be.
    let setup = Setup::new(Store::Sqlite);
    let state = setup.path(&format!("{}/{}", "d".repeat(100), "e".repeat(100)));
    let mut daemon = setup.environment("STATE_DIRECTORY", state.display().to_string()).start();
    let long = state.join("control.sock");
    assert!(long.as_os_str().len() > 108 && mode(&long) == 0o600);
    assert_eq!(daemon.status()["pid"], daemon.pid());
    assert!(reload(&daemon).status.success());
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    assert!(!long.exists());
}

#[test]
fn garbage_and_silence_harm_nobody() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    let connect = || {
        let stream = UnixStream::connect(socket(&daemon)).expect("the control socket");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        stream
    };
    let all_to_end = |stream: &mut UnixStream| {
        let mut all = Vec::new();
        // A reset is an end, too: what was sent is not read to its end.
        let _ = stream.read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    };
    for garbage in [&b"\n"[..], b"reload now\n", b"RELOAD\n", b"\xff\xfe\0\n", b"Q ann apple\n", b"status\nstatus\n"] {
        let mut stream = connect();
        stream.write_all(garbage).expect("the socket takes bytes");
        let reply = all_to_end(&mut stream);
        assert!(reply.starts_with("refused 64 "), "{garbage:?}: {reply}");
    }
    let mut long = connect();
    let _ = long.write_all(&b"x".repeat(100_000));
    assert_eq!(all_to_end(&mut long), "");
    // Half a command, and then the end.
    connect().write_all(b"relo").expect("the socket takes bytes");
    let mut gone = connect();
    gone.write_all(b"reload\n").expect("the socket takes bytes");
    drop(gone);
    // In pieces, as a socket may give it.
    let mut pieces = connect();
    for byte in b"status\n" {
        pieces.write_all(&[*byte]).expect("the socket takes bytes");
    }
    assert!(all_to_end(&mut pieces).starts_with("ok {"));
    let mut silent: Vec<UnixStream> = (0..5).map(|_| connect()).collect();
    assert_eq!(daemon.status()["clients"]["total"], 1);
    // More than it serves at once: these are turned away, and clients notice nothing.
    let mut more: Vec<UnixStream> = (0..30).map(|_| connect()).collect();
    assert_eq!(all_to_end(more.last_mut().expect("one")), "");
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    assert_eq!(daemon.connect().ask("I").len(), 5);
    // A silent client is turned away in the end, and the operator gets in again.
    let first = all_to_end(&mut silent[0]);
    assert_eq!(first, "");
    let status = wait_for("a status", Duration::from_secs(30), || {
        let output = daemon.tool(&["status", "--json"]);
        output.status.success().then(|| said(&output))
    });
    assert!(status.contains("\"total\":"), "{status}");
}
