//! TLS from the client's side: sessions, certificates that must not be trusted, servers of the wrong kind; and what
//! becomes of a password on a connection without TLS.

use crate::person::Person;
use crate::prompts::{level_one, level_two, log_in, look_up};
use std::net::TcpListener;
use std::thread;
use support::certificates::Authority;
use support::terminal::CTRL_C;
use support::{Daemon, PASSWD, Setup, Store, outside_address};

struct Served {
    daemon: Daemon,
    person: Person,
}

/// A daemon for `localhost`, and a person who talks to it; `ca.pem` in the home directory is the authority that vouches
/// for it.
fn served(options: &str) -> Served {
    let authority = Authority::new("of the tests");
    let daemon = Setup::new(Store::Sqlite).tls(&authority.pair(&["localhost"])).options(options).start();
    let person = Person::new(format!("localhost:{}", daemon.tls_port()));
    person.file("ca.pem", &authority.pem());
    Served { daemon, person }
}

const TLS: [&str; 3] = ["--tls", "--tls-ca", "ca.pem"];

fn with_tls<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&TLS[..], arguments].concat()
}

#[test]
fn every_subcommand_and_the_menus() {
    let Served { daemon, person } = served("--require-tls");
    person.run_as("ann", &with_tls(&["register"]), "").ended(0).said("Account ann is registered.\n");
    person.run_as("ann", &with_tls(&["lookup", "apple"]), "").ended(0).said("n. 苹果\n");
    // Many words, pipelined, through pipes.
    let words: String = ["apple\n", "zoo\n", "pear\n"].repeat(1_000).concat();
    let ran = person.run_as("ann", &with_tls(&["lookup"]), words).ended(0);
    assert_eq!(ran.out.lines().count(), 3_000);
    assert!(
        ran.out.ends_with("n. 苹果\nn. 动物园\nn. 梨\\nv. \\t one \\\\ two\n"),
        "{}",
        &ran.out[ran.out.len() - 200..]
    );
    let ran = person.run_as("ann", &with_tls(&["history", "--all"]), "").ended(0);
    assert_eq!(ran.out.lines().count(), 3_001);
    person.run(&with_tls(&["about"]), "").ended(0);
    daemon.wait_children(0);
    assert!(!daemon.log().contains("lost") && daemon.log().contains(": goodbye"), "{}", daemon.log());

    let mut terminal = person.terminal(&TLS);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.line("zoo");
    terminal.expect("动物园");
    terminal.expect("Word (## to go back): ");
    terminal.line("##");
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    assert!(!terminal.shown().contains("clear text"), "{}", terminal.shown());
}

/// The menus connect again by themselves after an idle time, and see that the server has gone.
#[test]
fn the_menus_connect_again() {
    let Served { daemon, person } = served("--idle-timeout 1");
    daemon.connect_as("ann");
    let mut terminal = person.terminal(&TLS);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    for (word, meaning) in [("apple", "苹果"), ("zoo", "动物园")] {
        daemon.wait_children(0);
        terminal.line(word);
        let shown = terminal.read_to(meaning);
        assert!(!shown.contains("assword") && !shown.contains("lost"), "{shown}");
        terminal.expect("Word (## to go back): ");
    }
    terminal.keys(CTRL_C);
}

#[test]
fn certificates_that_are_not_to_be_trusted() {
    let authority = Authority::new("of the tests");
    let other = Authority::new("another");
    for (pair, ca, host, part, chinese) in [
        (authority.pair(&["localhost"]), &other, "localhost", "no authority that you trust has signed", "签发"),
        (authority.pair(&["localhost"]), &authority, "127.0.0.1", "is for another host", "另一个主机"),
        (authority.pair(&["example.org"]), &authority, "localhost", "is for another host", "另一个主机"),
        (authority.expired(&["localhost"]), &authority, "localhost", "has expired", "过期"),
        (
            authority.pair_with(&["localhost"], |parameters| parameters.not_before = rcgen::date_time_ymd(4000, 1, 1)),
            &authority,
            "localhost",
            "clock",
            "尚未生效",
        ),
        (
            authority.pair_with(&["localhost"], |parameters| {
                parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            }),
            &authority,
            "localhost",
            "CA:FALSE",
            "CA:FALSE",
        ),
    ] {
        let daemon = Setup::new(Store::Sqlite).tls(&pair).start();
        let address = format!("{host}:{}", daemon.tls_port());
        for (language, part) in [("C", part), ("zh_CN.UTF-8", chinese)] {
            let person = Person::new(&address).with("LANG", language);
            person.file("ca.pem", &ca.pem());
            let ran = person.run_as("ann", &with_tls(&["register"]), "").ended(69).complained(part);
            assert!(ran.out.is_empty() && ran.err.lines().count() == 1, "{}", ran.err);
            assert!(ran.err.contains(&address), "{}", ran.err);
        }
        assert!(!daemon.log().contains("user ann"), "nothing was sent: {}", daemon.log());
    }
}

/// Without `--tls-ca` the system's authorities count, and no others.
#[test]
fn whom_the_system_trusts() {
    let authority = Authority::new("of the tests");
    let daemon = Setup::new(Store::Sqlite).tls(&authority.pair(&["localhost"])).start();
    let address = format!("localhost:{}", daemon.tls_port());
    let trusting = |file: &str, text: &str| {
        let person = Person::new(&address);
        let path = person.file(file, text);
        person.with("SSL_CERT_FILE", path.display().to_string()).with("SSL_CERT_DIR", "/nonexistent")
    };
    trusting("system.pem", &authority.pem()).run(&["--tls", "about"], "").ended(0);
    let other = Authority::new("another").pem();
    trusting("system.pem", &other)
        .run(&["--tls", "about"], "")
        .ended(69)
        .complained("no authority that you trust has signed");
    trusting("system.pem", "").run(&["--tls", "about"], "").ended(69).complained("install ca-certificates");
}

#[test]
fn servers_that_are_not_what_was_asked_for() {
    let Served { daemon, person } = served("--max-clients 2");
    let address = |port: u16| format!("localhost:{port}");
    // TLS to a port without, and the other way round.
    let clear = address(daemon.port());
    let ran = person.run(&with_tls(&["--server", &clear, "about"]), "").ended(69);
    ran.complained(&format!("{clear} does not speak TLS"));
    let ran = person.run_as("ann", &["lookup", "apple"], "").ended(65);
    ran.complained("this address speaks TLS only; connect with --tls");
    // A TLS server that answers with an alert.
    let listener = TcpListener::bind("localhost:0").expect("a port");
    let alerting = listener.local_addr().expect("an address").to_string();
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        std::io::Write::write_all(&mut client, &[0x15, 3, 3, 0, 2, 2, 0x32]).expect("an alert");
        std::io::Read::read_to_end(&mut client, &mut Vec::new()).expect("the client closes");
    });
    person.run(&["--server", &alerting, "about"], "").ended(69).complained("the server speaks TLS there; use --tls");
    server.join().expect("the server");
    // One that closes every connection: full, for example.
    daemon.wait_children(0);
    let _held = [daemon.connect(), daemon.connect()];
    daemon.wait_children(2);
    person.run(&with_tls(&["about"]), "").ended(69).complained("hung up during the TLS handshake");
}

#[test]
fn wrong_usage() {
    let Served { daemon, person } = served("--listen unix:socket");
    let local = format!("unix:{}", daemon.path("socket").display());
    for arguments in
        [&["--tls-ca", "ca.pem", "about"][..], &["--tls", "--local", "about"], &["--tls", "--server", &local, "about"]]
    {
        person.run(arguments, "").ended(64);
    }
    Person::new(&local).run(&["--tls", "about"], "").ended(64).complained("--tls needs a server's HOST:PORT");
    for (file, text) in [("nothing.pem", "nothing"), ("empty.pem", "")] {
        person.file(file, text);
        person.run(&["--tls", "--tls-ca", file, "about"], "").ended(66).complained(&format!("--tls-ca {file}: "));
    }
    let ran = person.run(&["--tls", "--tls-ca", "nowhere.pem", "about"], "").ended(66);
    ran.complained("--tls-ca nowhere.pem: No such file or directory");
}

/// A password in clear text to another machine: a script is refused, a person is warned, once; `--insecure` is a yes.
#[test]
fn passwords_in_clear_text() {
    let daemon = Setup::new(Store::Sqlite).options("--listen 0.0.0.0:0 --listen unix:socket").start();
    let port = *daemon.ports().last().expect("the second port");
    let outside = format!("{}:{port}", outside_address());
    let person = Person::new(&outside);
    for arguments in
        [&["register"][..], &["lookup", "apple"], &["history"], &["passwd", "--new-password-file", "password"]]
    {
        let ran = person.run_as("ann", arguments, "").ended(64);
        assert_eq!(ran.out, "");
        ran.complained(&format!("not sent: the password would go to {outside} in clear text")).complained("--insecure");
    }
    let chinese = Person::new(&outside).with("LANG", "zh_CN.UTF-8");
    chinese.run_as("ann", &["register"], "").ended(64).complained("明文");
    daemon.wait_children(0);
    assert!(!daemon.log().contains("1 request"), "{}", daemon.log());
    // Neither does a server that requires TLS take it.
    let requiring = Setup::new(Store::Sqlite).options("--listen 0.0.0.0:0 --require-tls").start();
    let strict = format!("{}:{}", outside_address(), requiring.ports().last().expect("the second port"));
    let ran = person.run_as("ann", &["--insecure", "--server", &strict, "lookup", "apple"], "").ended(77);
    assert!(ran.err.contains("only over TLS") && !ran.err.contains("wrong name"), "{}", ran.err);
    // What needs no password goes.
    person.run(&["about"], "").ended(0);
    person.run_as("ann", &["--insecure", "register"], "").ended(0).said("Account ann is registered.\n");
    // This machine's own ways are private: by name, by address, by socket.
    for server in
        [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("unix:{}", daemon.path("socket").display())]
    {
        Person::new(server).run_as("ann", &["lookup", "apple"], "").ended(0).said("n. 苹果\n");
    }

    let warning = format!("cidian: warning: the password is sent to {outside} in clear text");
    let mut terminal = person.terminal(&["--user", "ann", "lookup", "apple"]);
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal.expect(&warning);
    terminal.expect("苹果");
    assert_eq!(terminal.exit(), 0);
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", "wrong");
    terminal.expect(&warning);
    terminal.expect("wrong name or password");
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    assert_eq!(terminal.shown().matches("clear text").count(), 1, "{}", terminal.shown());
}
