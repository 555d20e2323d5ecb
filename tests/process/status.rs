//! `cidiand status`: what it reports is right.

use nix::sys::signal::Signal;
use serde_json::Value;
use support::{Connection, Daemon, Setup, Store, WORDS, code, processes, send_signal, shared_mariadb, wait_until};

fn text(daemon: &Daemon) -> String {
    let output = daemon.tool(&["status"]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The value behind a name in the text for people.
fn row<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix("  ")).map(str::trim)
}

#[test]
fn clients_by_state() {
    let daemon = Setup::new(Store::Sqlite).options("--max-clients 6").start();
    daemon.connect().register("ann");
    wait_until("the first client to be reaped", || daemon.status()["reaped"] == 1);
    let mut waiting: Vec<Connection> = (0..4).map(|_| daemon.connect()).collect();
    let mut logged_in: Vec<Connection> = (0..2).map(|_| daemon.connect()).collect();
    waiting.iter_mut().for_each(|client| drop(client.ask("I")));
    logged_in.iter_mut().for_each(|client| client.login("ann"));
    let clients = |name: &str| daemon.status()["clients"][name].clone();
    wait_until("everybody to be silent", || clients("awaiting_login") == 4 && clients("idle") == 2);
    let status = daemon.status();
    let expected = serde_json::json!({"total": 6, "limit": 6, "starting": 0, "awaiting_login": 4, "idle": 2, "busy": 0,
        "hashing": 0, "closing": 0});
    assert_eq!(status["clients"], expected);
    assert_eq!(
        (&status["forks"], &status["reaped"], &status["refused"]),
        (&7.into(), &1.into(), &0.into()),
        "{status}"
    );
    for times in 1..=3 {
        let mut refused = daemon.connect();
        assert_eq!(code(&refused.line()), Some("busy"));
        assert_eq!(daemon.status()["refused"], times);
    }
    let text = text(&daemon);
    for (name, value) in [
        ("process", &*daemon.pid().to_string()),
        ("clients", "6 (at most 6)"),
        ("awaiting login", "4"),
        ("idle", "2"),
        ("forks", "7, 1 reaped"),
        ("refused", "3"),
        ("listening on", &format!("127.0.0.1:{}", daemon.port())),
    ] {
        assert_eq!(row(&text, name), Some(value), "{name}:\n{text}");
    }
    assert_eq!(row(&text, "busy"), None, "what there is none of is left out:\n{text}");
    // One logs out, one leaves.
    logged_in[0].ok("O");
    logged_in[1].ok("E");
    wait_until("they to be counted anew", || {
        let status = daemon.status();
        status["clients"]["awaiting_login"] == 5 && status["clients"]["idle"] == 0 && status["reaped"] == 2
    });
    assert_eq!(daemon.status()["clients"]["total"], 5);
}

#[test]
fn words_and_where_clients_come_in() {
    let daemon = Setup::new(Store::Sqlite).options("--listen 127.0.0.1:0 --listen unix:clients").start();
    let status = daemon.status();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["words"]["source"], daemon.words_path().display().to_string());
    assert_eq!(status["words"]["headwords"], 6);
    assert_eq!(status["words"]["generation"], 1);
    assert_eq!((&status["words"]["lagging"], &status["words"]["loading"]), (&0.into(), &false.into()));
    let listening: Vec<&str> =
        status["listening"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(listening.len(), 3, "{listening:?}");
    for port in daemon.ports() {
        assert!(listening.contains(&&*format!("127.0.0.1:{port}")), "{listening:?}");
    }
    assert!(listening.iter().any(|address| address.ends_with("clients")), "{listening:?}");
    assert_eq!(status["database"], daemon.database_url());
    let text = text(&daemon);
    assert!(row(&text, "words").is_some_and(|words| words.ends_with("words.txt, 6 headwords, generation 1")), "{text}");
    assert!(row(&text, "up").is_some_and(|up| up.ends_with(" s")), "{text}");
    let uptime = || daemon.status()["uptime_seconds"].as_u64().expect("a number");
    let first = uptime();
    wait_until("a second to be counted", || uptime() > first);
}

/// A child that does not answer from the new words yet is counted.
#[test]
fn lagging_children_are_counted() {
    let daemon = Daemon::over(Store::Sqlite);
    let stopped: Vec<(Connection, u32)> = (0..3).map(|_| daemon.connect_with_child()).collect();
    for (_, child) in &stopped {
        send_signal(*child, Signal::SIGSTOP);
        wait_until("the child to be stopped", || processes::state(*child) == Some('T'));
    }
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("headwords, generation 2");
    assert_eq!(daemon.status()["words"]["lagging"], 3);
    let shown = text(&daemon);
    assert_eq!(row(&shown, "lagging"), Some("3 children"), "{shown}");
    for (_, child) in &stopped {
        send_signal(*child, Signal::SIGCONT);
    }
    wait_until("nobody to lag", || daemon.status()["words"]["lagging"] == 0);
    let shown = text(&daemon);
    assert_eq!(row(&shown, "lagging"), None, "{shown}");
}

#[test]
fn the_password_of_the_database_is_masked() {
    let server = shared_mariadb();
    server.create_database("masked");
    server.sql("CREATE USER masked@localhost IDENTIFIED BY 's3cret-w0rd'; GRANT ALL ON masked.* TO masked@localhost");
    let url = format!("mysql://masked:s3cret-w0rd@localhost/masked?socket={}", server.socket().display());
    let setup = Setup::new(Store::Url(url));
    assert!(setup.run(&["init-db"]).status.success());
    let daemon = setup.start();
    daemon.connect_as("ann");
    let status = daemon.status();
    let database = status["database"].as_str().expect("a text");
    assert!(database.starts_with("mysql://masked:") && database.contains("/masked"), "{database}");
    for told in [status.to_string(), text(&daemon), daemon.log()] {
        assert!(!told.contains("s3cret"), "{told}");
    }
}

/// A path may hold anything; for a person nothing of it is another row, or moves the cursor.
#[test]
fn paths_that_hold_control_characters() {
    let words = "a\nb\u{1b}[2J\u{202e}.txt";
    let setup = Setup::new(Store::Sqlite).no_words();
    std::fs::write(setup.path(words), WORDS).expect("a file");
    let config = "words = \"a\\nb\\u001B[2J\\u202E.txt\"\n";
    std::fs::write(setup.path("daemon.toml"), config).expect("a file");
    let daemon = setup.options("--config daemon.toml").start();
    let text = text(&daemon);
    let source = row(&text, "words").expect("a row");
    assert!(source.contains("a\\u{a}b\\u{1b}[2J\\u{202e}.txt"), "{source}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert_eq!(daemon.status()["words"]["source"], words);
    let metrics = String::from_utf8(daemon.tool(&["metrics"]).stdout).expect("UTF-8");
    assert!(metrics.chars().all(|c| c == '\n' || !c.is_control()), "{metrics:?}");
}
