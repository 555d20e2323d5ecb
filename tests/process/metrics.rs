//! `cidiand metrics`: its figures are right, and its output is exactly the text format of Prometheus.

use nix::sys::signal::Signal;
use std::collections::{BTreeMap, BTreeSet};
use support::{Connection, Daemon, PASSWD, Setup, Store, code, on_both_stores, send_signal, wait_until};

on_both_stores!(requests_lookups_and_commits);

/// The samples by name and labels, as they are written. Panics at whatever the format does not allow.
fn samples(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n') && !text.contains("\n\n") && !text.contains('\r'), "{text}");
    let is_name = |name: &str| {
        let mut letters = name.chars();
        letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut samples = BTreeMap::new();
    let mut families = BTreeSet::new();
    let (mut family, mut kind, mut helped) = (String::new(), String::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("a name and a help text");
            assert!(is_name(name) && !help.is_empty(), "{line}");
            helped = name.to_owned();
        } else if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, declared) = declared.split_once(' ').expect("a name and a type");
            assert_eq!(name, helped, "HELP comes before TYPE");
            assert!(families.insert(name.to_owned()), "{name} is one family");
            assert!(["counter", "gauge", "histogram"].contains(&declared), "{line}");
            assert_eq!(name.ends_with("_total"), declared == "counter", "{line}");
            (family, kind) = (name.to_owned(), declared.to_owned());
        } else {
            let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
            let name = sample.split('{').next().expect("a name");
            let end = name.strip_prefix(&family).unwrap_or_else(|| panic!("{line} is not of {family}"));
            let ends: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(is_name(name) && ends.contains(&end), "{line} is not of {family}");
            if let Some(labels) = sample.strip_prefix(name).and_then(|rest| rest.strip_prefix('{')) {
                let labels = labels.strip_suffix("\"}").unwrap_or_else(|| panic!("{line}"));
                for label in labels.split("\",") {
                    let (label, text) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
                    assert!(is_name(label) && !text.contains(['"', '\\']), "{line}");
                }
            }
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(value >= 0.0, "{line}");
            assert_eq!(samples.insert(sample.to_owned(), value), None, "{sample} is there once");
        }
    }
    for name in &families {
        assert!(samples.keys().any(|sample| sample.starts_with(name.as_str())), "{name} has no sample");
    }
    for name in families.iter().filter(|name| samples.contains_key(&format!("{name}_count"))) {
        check_histogram(text, name, &samples);
    }
    samples
}

/// Buckets in ascending order, cumulative, the last for everything.
fn check_histogram(text: &str, name: &str, samples: &BTreeMap<String, f64>) {
    let bucket = format!("{name}_bucket{{le=\"");
    let buckets: Vec<(f64, f64)> = text
        .lines()
        .filter_map(|line| line.strip_prefix(&bucket)?.split_once("\"} "))
        .map(|(bound, count)| (bound.replace('+', "").parse().expect("a bound"), count.parse().expect("a count")))
        .collect();
    assert!(buckets.len() > 5, "{name}");
    assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{name}: {buckets:?}");
    let last = buckets.last().expect("buckets");
    assert!(last.0.is_infinite() && last.1 == samples[&format!("{name}_count")], "{name}: {buckets:?}");
    assert!(samples.contains_key(&format!("{name}_sum")), "{name}");
}

fn metrics(daemon: &Daemon) -> BTreeMap<String, f64> {
    let output = daemon.tool(&["metrics"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    samples(&String::from_utf8(output.stdout).expect("UTF-8"))
}

fn requests_lookups_and_commits(store: Store) {
    let daemon = Daemon::over(store);
    let before = metrics(&daemon);
    assert_eq!(before["cidian_lookup_duration_seconds_count"], 0.0);
    assert_eq!(before["cidian_commits_total"], 0.0);
    let mut ann = daemon.connect_as("ann");
    for word in ["apple", "zoo", "ice cream"] {
        ann.ask(&format!("Q ann {word}"));
    }
    assert_eq!(ann.refused("Q ann nosuchword"), "notfound");
    assert_eq!(ann.refused("Q bob apple"), "denied");
    ann.ask("D ann apple");
    ann.ask("H ann");
    ann.ask("I");
    assert_eq!(ann.refused("L ann wrong"), "denied");
    assert_eq!(ann.refused("R ann x"), "exists");
    assert_eq!(ann.refused("rubbish"), "badreq");
    assert_eq!(ann.refused(&"x".repeat(2_000)), "toolong");
    assert_eq!(ann.refused("R  x"), "badname");
    let status = daemon.status();
    let metrics = metrics(&daemon);
    for (kind, result, count) in [
        ("register", "ok", 1),
        ("register", "exists", 1),
        ("login", "ok", 1),
        ("login", "denied", 1),
        ("lookup", "ok", 3),
        ("lookup", "notfound", 1),
        ("lookup", "denied", 1),
        ("define", "ok", 1),
        ("history", "ok", 1),
        ("about", "ok", 1),
        ("invalid", "badreq", 1),
        ("invalid", "toolong", 1),
        ("invalid", "badname", 1),
    ] {
        let sample = format!("cidian_requests_total{{kind=\"{kind}\",result=\"{result}\"}}");
        assert_eq!(metrics.get(&sample), Some(&f64::from(count)), "{sample}");
        assert_eq!(status["requests"][kind][result], count, "{kind} {result}");
    }
    let requests = metrics.keys().filter(|sample| sample.starts_with("cidian_requests_total")).count();
    assert_eq!(requests, 13, "what has not happened is not told: {metrics:?}");
    assert_eq!(metrics["cidian_lookup_duration_seconds_count"], 6.0, "D is a lookup, too");
    assert!(metrics["cidian_lookup_duration_seconds_sum"] > 0.0);
    let commits = metrics["cidian_commits_total"];
    assert!((1.0..=3.0).contains(&commits), "{commits}");
    assert_eq!(metrics["cidian_commit_duration_seconds_count"], commits);
    assert!(metrics["cidian_commit_duration_seconds_sum"] > 0.0);
    assert_eq!(metrics["cidian_records_total"], 3.0);
    assert_eq!(metrics["cidian_database_errors_total"], 0.0);
    // Of requests that are pipelined, each is counted by what became of it.
    let mut two = daemon.connect();
    two.send("Q ann apple\nQ ann zoo\nO\n");
    assert_eq!(two.line(), two.line());
    assert_eq!(two.line(), "OK");
    ann.send("Q ann apple\nQ ann nosuchword\nQ ann zoo\nX ann wrong\nO\nQ ann apple\n");
    (0..6).for_each(|_| drop(ann.line()));
    let after = self::metrics(&daemon);
    let lookups = |result: &str| after[&format!("cidian_requests_total{{kind=\"lookup\",result=\"{result}\"}}")];
    assert_eq!([lookups("ok"), lookups("notfound"), lookups("denied")], [5.0, 2.0, 4.0]);
    assert_eq!(after["cidian_requests_total{kind=\"delete_account\",result=\"denied\"}"], 1.0);
    assert_eq!(after["cidian_lookup_duration_seconds_count"], 12.0);
    let text = String::from_utf8(daemon.tool(&["status"]).stdout).expect("UTF-8");
    assert!(text.contains("11 lookup, 4 denied, 2 notfound"), "{text}");
    assert!(text.contains("  lookups ") && text.contains("12: half within "), "{text}");
}

#[test]
fn clients_refusals_reloads_and_endings() {
    let daemon = Setup::new(Store::Sqlite).options("--max-clients 3").start();
    let mut clients: Vec<Connection> = (0..3).map(|_| daemon.connect()).collect();
    clients.iter_mut().for_each(|client| drop(client.ask("I")));
    for _ in 0..2 {
        assert_eq!(code(&daemon.connect().line()), Some("busy"));
    }
    let in_state = |state: &str| metrics(&daemon)[&format!("cidian_clients{{state=\"{state}\"}}")];
    wait_until("everybody to be silent", || in_state("awaiting_login") == 3.0);
    clients[0].register("ann");
    clients[0].login("ann");
    wait_until("ann to be idle", || in_state("idle") == 1.0 && in_state("awaiting_login") == 2.0);
    let now = metrics(&daemon);
    for (sample, value) in [
        ("cidian_up", 1.0),
        (concat!("cidian_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
        ("cidian_clients_limit", 3.0),
        ("cidian_connections_total", 3.0),
        ("cidian_refusals_total{reason=\"clients\"}", 2.0),
        ("cidian_refusals_total{reason=\"failures\"}", 0.0),
        ("cidian_headwords", 6.0),
        ("cidian_words_generation", 1.0),
        ("cidian_reloads_total{result=\"taken\"}", 0.0),
        ("cidian_writer_up", 1.0),
        ("cidian_writer_forks_total", 1.0),
        ("cidian_database_connections_limit", 64.0),
    ] {
        assert_eq!(now.get(sample), Some(&value), "{sample}");
    }
    let began = now["cidian_start_time_seconds"];
    assert!(began > 1.7e9 && began == metrics(&daemon)["cidian_start_time_seconds"], "{began}");
    daemon.replace_words("apple new\n");
    assert!(daemon.tool(&["reload"]).status.success());
    daemon.replace_words("bad\n");
    assert_eq!(daemon.tool(&["reload"]).status.code(), Some(65));
    let now = metrics(&daemon);
    assert_eq!(now["cidian_reloads_total{result=\"taken\"}"], 1.0);
    assert_eq!(now["cidian_reloads_total{result=\"refused\"}"], 1.0);
    assert_eq!((now["cidian_words_generation"], now["cidian_headwords"]), (2.0, 1.0));
    // How sessions end: one by `E`, one closes, one is killed.
    clients[0].ok("E");
    drop(clients.remove(1));
    wait_until("two sessions to end", || metrics(&daemon)["cidian_clients{state=\"awaiting_login\"}"] == 1.0);
    let last = daemon.wait_children(1)[0];
    send_signal(last, Signal::SIGKILL);
    wait_until("three sessions to end", || {
        let now = metrics(&daemon);
        ["goodbye", "closed", "killed"]
            .iter()
            .all(|ending| now.get(&format!("cidian_sessions_ended_total{{ending=\"{ending}\"}}")) == Some(&1.0))
    });
}

#[test]
fn into_a_file_and_without_a_daemon() {
    let mut daemon = Daemon::over(Store::Sqlite);
    daemon.connect().register("ann");
    let output = daemon.tool(&["metrics", "-o", "cidian.prom"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let file = || samples(&std::fs::read_to_string(daemon.path("cidian.prom")).expect("the file"));
    assert_eq!((file()["cidian_up"], file()["cidian_connections_total"]), (1.0, 1.0));
    assert_eq!(daemon.tool(&["metrics", "-o", "nowhere/cidian.prom"]).status.code(), Some(71));
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    let output = daemon.tool(&["metrics", "-o", "cidian.prom"]);
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    let down = samples(&std::fs::read_to_string(daemon.path("cidian.prom")).expect("the file"));
    assert_eq!(down, BTreeMap::from([("cidian_up".to_owned(), 0.0)]));
    let output = daemon.tool(&["metrics"]);
    assert_eq!(output.status.code(), Some(69));
    assert_eq!(samples(&String::from_utf8_lossy(&output.stdout)), down);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no cidiand answers"), "{output:?}");
}

/// What a session can't do for want of the database is counted as what its client was answered.
#[test]
fn a_database_that_is_away() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    ann.ask("Q ann apple");
    // Another process holds the file for writing, longer than any statement waits.
    let other = rusqlite::Connection::open(daemon.path("state/cidian.db")).expect("the database");
    other.execute_batch("BEGIN EXCLUSIVE").expect("the write lock");
    ann.set_patience(std::time::Duration::from_secs(60));
    assert!(ann.ask_line("Q ann zoo").starts_with("OK zoo\t"), "it is kept in the spool");
    assert_eq!(ann.refused("R bob secret"), "unavailable");
    let then = metrics(&daemon);
    assert_eq!(then["cidian_spool_records"], 1.0);
    assert!(then["cidian_spool_bytes"] > 40.0 && then["cidian_database_outage_seconds"] >= 1.0);
    other.execute_batch("ROLLBACK").expect("the write lock given back");
    let now = metrics(&daemon);
    assert_eq!(now["cidian_requests_total{kind=\"register\",result=\"unavailable\"}"], 1.0);
    assert_eq!(now["cidian_database_errors_total"], 1.0);
    ann.ok(&format!("L ann {PASSWD}"));
    crate::spool::wait_delivered(&daemon);
    assert_eq!(metrics(&daemon)["cidian_spool_bytes"], 0.0);
    assert_eq!(ann.history("ann"), ["zoo", "apple"]);
}
