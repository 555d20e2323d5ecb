//! A database of several hosts: whichever of them fails, hangs or loses the others, lookups and logins go on through
//! the next one. The hosts are gates to one server, so all of them have the same rows, as the members of a cluster do.

use crate::spool::{private, spool, wait_delivered, words};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::gate::{Gate, Mode};
use support::mariadb::MariaDb;
use support::{Connection, Daemon, PASSWD, Setup, Store, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);
/// Clients that look up while hosts fail.
pub const CLIENTS: usize = 4;

/// A server, a number of gates to it, and a daemon's setup that has them as its hosts.
fn cluster(gates: usize) -> (MariaDb, Vec<Gate>, Setup) {
    let (server, setup) = private("");
    drop(setup);
    let gates: Vec<Gate> = (0..gates).map(|_| Gate::new(server.port())).collect();
    let setup = Setup::new(Store::Url(url(&gates))).words(words(20_000));
    (server, gates, setup)
}

fn url(gates: &[Gate]) -> String {
    let hosts: Vec<String> = gates.iter().map(|gate| format!("127.0.0.1:{}", gate.port())).collect();
    format!("mysql://root@{}/dict", hosts.join(","))
}

/// Looks words up, one after the other, until it `is_over`; which ones were acknowledged.
fn look_up(client: &mut Connection, name: &str, is_over: &AtomicBool) -> Vec<String> {
    let mut kept = Vec::new();
    for n in 0..20_000 {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let word = format!("word{n:05}");
        assert_eq!(client.ask_line(&format!("Q {name} {word}")), format!("OK {word}\tx"), "nothing is refused");
        kept.push(word);
    }
    kept
}

/// Does something while clients look up; every acknowledged lookup is there once, in its order.
pub fn under_load(daemon: &Daemon, work: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let is_over = &is_over;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let name = format!("user{n}");
                let mut client = daemon.connect();
                client.login(&name);
                client.ok(&format!("C {name}"));
                scope.spawn(move || (look_up(&mut client, &name, is_over), client, name))
            })
            .collect();
        // They end also if the work panics.
        let ends = Ends(is_over);
        work();
        drop(ends);
        let done: Vec<_> = clients.into_iter().map(|client| client.join().expect("a client goes on")).collect();
        wait_delivered(daemon);
        for (kept, mut client, name) in done {
            let mut history = client.history(&name);
            history.reverse();
            assert!(!kept.is_empty());
            assert_eq!(history, kept, "{name}");
        }
    });
}

struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Whether a new session can log in, and see its history.
pub fn logs_in(daemon: &Daemon) -> bool {
    let mut client = daemon.connect();
    client.ask_line(&format!("L user0 {PASSWD}")) == "OK" && client.ask("H user0 1")[0].starts_with("OK ")
}

#[test]
fn whatever_happens_to_a_host_the_next_one_is_used() {
    let (server, gates, setup) = cluster(3);
    let daemon = setup.start();
    for n in 0..CLIENTS {
        daemon.connect_as(&format!("user{n}"));
    }
    let [first, second, third] = [0, 1, 2].map(|n| format!("127.0.0.1:{}", gates[n].port()));
    let commits = || daemon.status()["commits"]["counts"].to_string();
    // Gone; hanging; without its cluster; just before it finds that out; read-only; full; stopping.
    let faults = [
        Mode::Closed,
        Mode::Silent,
        Mode::Refuses(1_047),
        Mode::RefusesToWrite(1_180),
        Mode::RefusesToWrite(1_290),
        Mode::RefusesToWrite(1_836),
        Mode::Refuses(1_053),
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        under_load(&daemon, || {
            gates[0].set(fault);
            daemon.wait_log_times(&format!("cannot use database host {first}"), n + 1);
            wait_for("a login on the next host", PATIENCE, || logs_in(&daemon).then_some(()));
            let status = daemon.status();
            let hosts = status["database_hosts"].as_array().expect("a list");
            let in_use = hosts.iter().position(|host| host["in_use"] == true);
            assert!(in_use.is_some_and(|host| host > 0) && hosts[0]["error"].is_string(), "{status}");
            let before = commits();
            wait_for("commits on the next host", PATIENCE, || (commits() != before).then_some(()));
            gates[0].set(Mode::Open);
            daemon.wait_log_times(&format!("database host {first} is usable again; using it in place of"), n + 1);
        });
    }
    let text = String::from_utf8(daemon.tool(&["status"]).stdout).expect("UTF-8");
    assert!(text.contains(&format!("{first}, in use")) && text.contains(&format!("{second}, spare")), "{text}");
    let metrics = String::from_utf8(daemon.tool(&["metrics"]).stdout).expect("UTF-8");
    assert!(metrics.contains(&format!("cidian_database_host_in_use{{host=\"{first}\"}} 1")), "{metrics}");
    // Two of three.
    under_load(&daemon, || {
        gates[0].set(Mode::Closed);
        gates[1].set(Mode::Refuses(1_047));
        wait_for("a login on the last host", PATIENCE, || logs_in(&daemon).then_some(()));
        daemon.wait_log(&format!("using {third}"));
        gates[0].set(Mode::Open);
        gates[1].set(Mode::Open);
        daemon.wait_log_times(&format!("database host {first} is usable again"), faults.len() + 1);
    });
    let log = daemon.log();
    assert!(log.contains(&format!("no answer within 7 s; using {second}")), "{log}");
    assert!(!log.contains("a bug in cidiand") && !log.contains("crashed"), "{log}");
    drop(server);
}

/// A load goes on through the next host when one goes, and names those that do not show the new words.
#[test]
fn a_load_is_over_when_every_host_shows_the_words() {
    let (server, gates, setup) = cluster(3);
    let few = setup.path("few");
    let many = setup.path("many");
    std::fs::write(&few, "apple\tn. 苹果\n").expect("a file");
    std::fs::write(&many, words(20_000)).expect("a file");
    let [few, many] = [&few, &many].map(|path| path.to_str().expect("UTF-8"));
    let output = setup.run(&["words", "load", few]);
    assert!(output.status.success(), "{output:?}");
    // The first host goes while it is in use, the last one was away all the time.
    gates[2].set(Mode::Closed);
    let output = std::thread::scope(|scope| {
        let load = scope.spawn(|| setup.run(&["words", "load", many]));
        wait_for("the load to be at work", PATIENCE, || {
            let rows = server.sql("SELECT COUNT(*) > 1000 FROM dict.words");
            (rows.trim() == "1").then(|| gates[0].set(Mode::Refuses(1_047)))
        });
        load.join().expect("cidiand runs")
    });
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(said.contains("the new words are in place, but not seen on every host"), "{said}");
    for host in [0, 2] {
        assert!(said.contains(&format!("127.0.0.1:{}: ", gates[host].port())), "{said}");
    }
    assert!(!said.contains(&format!("127.0.0.1:{}: ", gates[1].port())), "{said}");
    assert_eq!(server.sql("SELECT COUNT(*) FROM dict.words").trim(), "20000");
    gates[0].set(Mode::Open);
    gates[2].set(Mode::Open);
    assert!(setup.run(&["words", "load", few]).status.success());
    assert_eq!(server.sql("SELECT word FROM dict.words").trim(), "apple");
}

/// A host that is gone when the daemon starts is passed over; only when no host is there it does not start, and reports
/// the reason for each.
#[test]
fn starting_with_the_hosts_that_there_are() {
    let (server, gates, setup) = cluster(2);
    gates[0].set(Mode::Closed);
    gates[1].set(Mode::Refuses(1_047));
    let output = setup.run(&["--check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{}: ", gates[0].port())), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{}: injected by the gate (1047)", gates[1].port())), "{said}");
    gates[1].set(Mode::Open);
    for tool in [&["--check"][..], &["init-db"], &["user", "list"]] {
        assert!(setup.run(tool).status.success(), "{tool:?}");
    }
    let daemon = setup.start();
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.ask_line("Q ann word00000"), "OK word00000\tx");
    assert_eq!(spool(&daemon)["records"], 0);
    drop(server);
}

/// While no host is there lookups are kept in the spool, and delivered to the first that comes back.
#[test]
fn all_hosts_gone_and_one_back() {
    let (server, gates, setup) = cluster(3);
    let daemon = setup.start();
    for n in 0..CLIENTS {
        daemon.connect_as(&format!("user{n}"));
    }
    under_load(&daemon, || {
        gates.iter().for_each(|gate| gate.set(Mode::Closed));
        wait_for("lookups in the spool", PATIENCE, || {
            spool(&daemon)["records"].as_u64().is_some_and(|records| records > 20).then_some(())
        });
        gates[2].set(Mode::Open);
        wait_delivered(&daemon);
        assert!(logs_in(&daemon));
    });
    assert_eq!(daemon.log().matches("cannot use the database").count(), 1, "{}", daemon.log());
    drop(server);
}

#[test]
fn urls_that_name_no_hosts() {
    let many: Vec<String> = (0..100).map(|n| format!("h{n}")).collect();
    for (hosts, part) in [
        ("h1,,h2", "an empty host"),
        ("h1,", "an empty host"),
        ("h1,h2,h1:3306", "twice"),
        ("h1,h2:99999", "port"),
        (&many.join(","), "more than 16"),
    ] {
        let url = format!("mysql://u:secret@{hosts}/dict");
        let output = Setup::new(Store::Url(url.clone())).run(&[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(64) && said.contains(part) && !said.contains("secret"), "{hosts}: {said}");
        // From the configuration file it is the configuration.
        let setup = Setup::new(Store::Sqlite).options("--config daemon.toml");
        std::fs::write(setup.path("daemon.toml"), format!("database = \"{url}\"\n")).expect("a configuration");
        let output = setup.run(&[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(78) && said.contains(part), "{hosts}: {said}");
    }
}

/// With `--require-cluster` a server outside a cluster logs no user in; users who are logged in go on.
#[test]
fn a_server_that_must_be_in_a_cluster() {
    let (server, setup) = private("");
    let mut daemon = setup.words(words(100)).start();
    let mut ann = daemon.connect_as("ann");
    let token = ann.ask_line("K ann").split_off(3);
    drop(ann);
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    let url = server.tcp_url("dict");
    let setup = Setup::new(Store::Url(url)).words(words(100)).options("--require-cluster");
    let daemon = setup.start();
    daemon.wait_log("nobody can log in until it is (require_cluster)");
    let mut client = daemon.connect();
    for request in [format!("L ann {PASSWD}"), format!("T ann {token}")] {
        assert_eq!(client.refused(&request), "unavailable");
    }
    daemon.wait_log("(1047)");
    let output = Setup::new(Store::Sqlite).options("--require-cluster").run(&[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(64) && said.contains("not in a cluster"), "{said}");
}
