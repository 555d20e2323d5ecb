//! `cidiand user …`: the operator's account tools, beside a running daemon and without one; on both stores.

use nix::sys::signal::Signal;
use serde_json::Value;
use std::process::Output;
use support::terminal::{CTRL_C, CTRL_D, Terminal};
use support::{Daemon, PASSWD, Setup, Store, on_both_stores, processes, wait_until};

on_both_stores!(
    adding,
    adding_where_registration_is_closed,
    listing,
    locking,
    changing_a_password,
    deleting,
    what_is_refused,
);

/// Runs `cidiand user …` on the daemon's database.
fn user(daemon: &Daemon, arguments: &[&str]) -> Output {
    daemon.tool(&[&["user"], arguments].concat())
}

/// What it prints when all goes well.
fn said(daemon: &Daemon, arguments: &[&str]) -> String {
    let output = user(daemon, arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Sees that it ends so, with this in its complaint.
fn refused(daemon: &Daemon, arguments: &[&str], status: i32, part: &str) {
    let output = user(daemon, arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {complaint}");
    assert!(output.stdout.is_empty() && complaint.contains(part), "{arguments:?}: {complaint}");
}

/// A file with a password, beside the daemon's own.
fn password_file(daemon: &Daemon, text: &str) -> String {
    let path = daemon.path("password");
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

fn listed(daemon: &Daemon, arguments: &[&str]) -> Vec<Value> {
    let lines = said(daemon, &[&["list", "--json"], arguments].concat());
    lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

fn adding(store: Store) {
    let daemon = Daemon::over(store);
    let file = password_file(&daemon, "secret of ann \r\nsecond line\n");
    assert_eq!(said(&daemon, &["add", "ann", "--password-file", &file]), "account ann was created\n");
    refused(&daemon, &["add", "ann", "--password-file", &file], 73, "the name ann is taken");
    let mut client = daemon.connect();
    client.ok("L ann secret of ann ");
    assert_eq!(client.ask_line("Q ann zoo"), "OK zoo\tn. 动物园");
    assert_eq!(client.refused("R ann x"), "exists");
    // Nothing that an account can't be.
    refused(&daemon, &["add", "a b", "--password-file", &file], 65, "white space");
    refused(&daemon, &["add", &"n".repeat(33), "--password-file", &file], 65, "32 characters");
    refused(&daemon, &["add", "bob", "--password-file", &password_file(&daemon, "\n")], 65, "a password has");
    refused(&daemon, &["add", "bob", "--password-file", "nowhere"], 66, "nowhere");
    std::fs::write(daemon.path("latin"), b"pass\xe9\n").expect("a file");
    refused(&daemon, &["add", "bob", "--password-file", "latin"], 65, "UTF-8");
    refused(&daemon, &["add"], 64, "NAME");
    assert_eq!(listed(&daemon, &[]).len(), 1);
}

/// `R` gets `denied`, unless its fields are invalid everywhere; the operator makes accounts.
fn adding_where_registration_is_closed(store: Store) {
    let daemon = Setup::new(store).options("--registration closed").start();
    let mut client = daemon.connect();
    for (request, code) in [
        ("R ann secret".to_owned(), "denied"),
        (format!("R {} secret", "n".repeat(33)), "badname"),
        ("R a\u{3000}b secret".to_owned(), "badname"),
        ("R ann ".to_owned(), "badpasswd"),
        (format!("R ann {}", "p".repeat(257)), "badpasswd"),
        ("R ann".to_owned(), "badreq"),
    ] {
        assert_eq!(client.refused(&request), code, "{request:?}");
    }
    // It is not a failed login.
    for _ in 0..6 {
        assert_eq!(client.refused("R ann secret"), "denied");
    }
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM user"), ["0"]);
    said(&daemon, &["add", "ann", "--password-file", &password_file(&daemon, PASSWD)]);
    assert_eq!(client.refused("R ann secret"), "denied", "it does not tell which names are taken");
    client.login("ann");
    assert_eq!(client.ask_line("Q ann zoo"), "OK zoo\tn. 动物园");
    client.ok("P ann another");
    client.ok("X ann another");
    assert_eq!(client.refused("R ann secret"), "denied");
}

fn listing(store: Store) {
    let daemon = Daemon::over(store);
    assert_eq!(listed(&daemon, &[]), [Value::Null; 0]);
    assert_eq!(said(&daemon, &["list"]).lines().count(), 1, "the heads alone");
    let mut client = daemon.connect();
    for name in ["bob", "小明", "Ann"] {
        client.register(name);
    }
    client.login("bob");
    for word in ["zoo", "apple", "nosuchword"] {
        client.ask(&format!("Q bob {word}"));
    }
    let time = client.ask("H bob 1")[1].rsplit('\t').next().expect("a time").to_owned();
    client.ask("K bob");
    said(&daemon, &["lock", "小明"]);
    let accounts = listed(&daemon, &[]);
    let names: Vec<&str> = accounts.iter().map(|account| account["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["Ann", "bob", "小明"]);
    assert_eq!(accounts[1]["lookups"], 2);
    assert_eq!(accounts[1]["last_lookup"], time.as_str());
    assert_eq!((&accounts[1]["tokens"], &accounts[1]["locked"]), (&1.into(), &false.into()));
    assert_eq!((&accounts[2]["locked"], &accounts[2]["last_lookup"]), (&true.into(), &Value::Null));
    assert!(accounts.iter().all(|account| account["created"].as_str().is_some_and(|time| time.len() == 27)));
    assert_eq!(listed(&daemon, &["bob"]), accounts[1..2]);
    refused(&daemon, &["list", "nobody"], 65, "nobody");
    let table = said(&daemon, &["list"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.len() == 4 && lines[0].starts_with("Name"), "{table}");
    // A character of 小明 is two columns wide.
    let column = |line: &str, text: &str| {
        let before = &line[..line.find(text).unwrap_or_else(|| panic!("{text} in {line}"))];
        before.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>()
    };
    let created = column(lines[0], "Created");
    assert!(lines[1..].iter().all(|line| column(line, "20") == created), "{table}");
    assert!(!table.contains("argon2"), "{table}");
}

/// That each request of a session is refused is a test beside those of tokens.
fn locking(store: Store) {
    let mut daemon = Daemon::over(store);
    let mut session = daemon.connect_as("ann");
    for _ in 0..2 {
        assert_eq!(said(&daemon, &["lock", "ann"]), "account ann is locked\n");
    }
    assert_eq!(session.refused("Q ann zoo"), "denied");
    assert_eq!(daemon.connect().refused(&format!("L ann {PASSWD}")), "denied");
    assert_eq!(daemon.connect().refused("R ann x"), "exists", "the name stays taken");
    // Without a daemon, too.
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    assert_eq!(said(&daemon, &["unlock", "ann"]), "account ann is not locked\n");
    daemon.start();
    daemon.connect().login("ann");
}

fn changing_a_password(store: Store) {
    let daemon = Daemon::over(store);
    let mut session = daemon.connect_as("ann");
    let token = session.ask_line("K ann").split_off(3);
    said(&daemon, &["lock", "ann"]);
    let file = password_file(&daemon, "another horse\n");
    said(&daemon, &["passwd", "ann", "--password-file", &file]);
    said(&daemon, &["unlock", "ann"]);
    let mut client = daemon.connect();
    assert_eq!(client.refused(&format!("L ann {PASSWD}")), "denied");
    assert_eq!(client.refused(&format!("T ann {token}")), "denied", "tokens end");
    client.ok("L ann another horse");
    assert_eq!(session.ask("H ann"), ["OK 0"], "sessions go on");
    let hash = daemon.sql("SELECT passwd FROM user");
    assert!(hash[0].starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash:?}");
}

fn deleting(store: Store) {
    let daemon = Daemon::over(store);
    let mut session = daemon.connect_as("ann");
    session.ask("Q ann zoo");
    let token = session.ask_line("K ann").split_off(3);
    refused(&daemon, &["delete", "ann"], 64, "--yes");
    assert_eq!(session.history("ann"), ["zoo"]);
    assert_eq!(said(&daemon, &["delete", "ann", "--yes"]), "account ann was deleted\n");
    assert_eq!(session.refused("Q ann apple"), "denied", "its sessions, too, are refused at once");
    assert_eq!(daemon.connect().refused(&format!("T ann {token}")), "denied");
    for table in ["user", "hist", "token"] {
        assert_eq!(daemon.sql(&format!("SELECT COUNT(*) FROM {table}")), ["0"], "{table}");
    }
    // One that is locked goes as well, and the name is free.
    daemon.connect().register("ann");
    said(&daemon, &["lock", "ann"]);
    said(&daemon, &["delete", "ann", "--yes"]);
    assert_eq!(daemon.connect_as("ann").ask("H ann"), ["OK 0"]);
}

fn what_is_refused(store: Store) {
    let daemon = Daemon::over(store);
    daemon.connect().register("ann");
    let file = password_file(&daemon, PASSWD);
    let before = daemon.sql("SELECT passwd FROM user");
    for name in ["nobody", "Ann", "ann ", "", "' OR ''='", "%"] {
        for arguments in [
            &["lock", name][..],
            &["unlock", name],
            &["passwd", name, "--password-file", &file],
            &["delete", name, "--yes"],
        ] {
            refused(&daemon, arguments, 65, "there is no account");
        }
    }
    refused(&daemon, &[], 64, "Usage");
    refused(&daemon, &["lock"], 64, "NAME");
    refused(&daemon, &["lock", "ann", "bob"], 64, "bob");
    assert_eq!(daemon.sql("SELECT passwd FROM user"), before);
    daemon.connect().login("ann");
}

/// A database that is not there, or has no schema.
#[test]
fn databases_that_can_t_be_used() {
    let run = |url: &str| {
        let setup = Setup::new(Store::Url(url.to_owned())).listening_as_told().no_words();
        let output = setup.run(&["user", "list"]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = run("mysql://root@127.0.0.1:1/nowhere");
    assert_eq!(status, Some(69), "{said}");
    let (status, said) = run(&support::shared_mariadb().url("no_such_database"));
    assert!(status == Some(78) && said.contains("cidiand init-db"), "{said}");
}

/// In a terminal: `cidiand user …` on the daemon's database.
fn terminal(daemon: &Daemon, arguments: &[&str]) -> Terminal {
    Terminal::start(daemon.tool_command(&[&["user"], arguments].concat()), 80, 24)
}

#[test]
fn on_a_terminal() {
    let daemon = Daemon::over(Store::Sqlite);
    let type_twice = |terminal: &mut Terminal, first: &str, second: &str| {
        terminal.expect_hidden("Password of ann: ");
        terminal.line(first);
        terminal.expect_hidden("Password again: ");
        terminal.line(second);
    };
    let mut add = terminal(&daemon, &["add", "ann"]);
    type_twice(&mut add, "one horse", "two horses");
    add.expect("the two passwords differ");
    assert_eq!(add.exit(), 65);
    let mut add = terminal(&daemon, &["add", "ann"]);
    type_twice(&mut add, "密码 horse", "密码 horse");
    add.expect("account ann was created");
    assert_eq!(add.exit(), 0);
    assert!(!add.shown().contains("horse"));
    daemon.connect().ok("L ann 密码 horse");
    // A name that is taken, or unknown, is reported before a password is asked for.
    let mut again = terminal(&daemon, &["add", "ann"]);
    again.expect("taken");
    assert_eq!(again.exit(), 73);
    let mut unknown = terminal(&daemon, &["passwd", "bob"]);
    unknown.expect("there is no account bob");
    assert_eq!(unknown.exit(), 65);
    let mut passwd = terminal(&daemon, &["passwd", "ann"]);
    type_twice(&mut passwd, "new", "new");
    passwd.expect("new password");
    assert_eq!(passwd.exit(), 0);
    daemon.connect().ok("L ann new");
    // However it is left, the terminal echoes again, and nothing has changed.
    for (keys, status) in [(CTRL_D, Some(65)), (CTRL_C, None)] {
        let mut left = terminal(&daemon, &["passwd", "ann"]);
        left.expect_hidden("Password of ann: ");
        left.keys(keys);
        let ended = left.wait();
        assert_eq!(ended.code(), status, "{ended}");
        assert!(left.echoes(), "after {keys:?}");
    }
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let mut killed = terminal(&daemon, &["passwd", "ann"]);
        killed.expect_hidden("Password of ann: ");
        killed.signal(signal);
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&killed.wait()), Some(signal as i32));
        assert!(killed.echoes(), "after {signal}");
    }
    // Stopped, it echoes; going on, it asks again, and hides what is typed.
    let mut stopped = terminal(&daemon, &["passwd", "ann"]);
    stopped.expect_hidden("Password of ann: ");
    let pid = u32::try_from(stopped.pid()).expect("a pid");
    stopped.signal(Signal::SIGTSTP);
    wait_until("the tool to stop", || processes::state(pid) == Some('T'));
    assert!(stopped.echoes());
    stopped.signal(Signal::SIGCONT);
    type_twice(&mut stopped, "new", "new");
    assert_eq!(stopped.exit(), 0);
    daemon.connect().ok("L ann new");
    for (typed, part, status) in
        [("", "not deleted", 65), ("Ann", "not deleted", 65), ("ann", "account ann was deleted", 0)]
    {
        let mut delete = terminal(&daemon, &["delete", "ann"]);
        delete.expect("Type its name to confirm: ");
        delete.line(typed);
        delete.expect(part);
        assert_eq!(delete.exit(), status);
    }
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM user"), ["0"]);
}

#[test]
fn the_help_shows_how() {
    let setup = Setup::new(Store::Sqlite);
    let output = setup.run(&["user", "--help"]);
    let help = String::from_utf8(output.stdout).expect("text");
    for part in ["Examples:", "Exit statuses:", "add", "list", "lock", "unlock", "passwd", "delete"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}
