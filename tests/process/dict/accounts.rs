//! Which account lookups by DICT belong to: none, the one whose key the client has, or the one to which the listener is
//! bound.

use super::Client;
use support::{Connection, Daemon, PASSWD, Setup, Store, on_both_stores};

fn with_dict(store: Store) -> Daemon {
    Setup::new(store).dict().start()
}

fn new_key(connection: &mut Connection, name: &str) -> String {
    let reply = connection.ask_line(&format!("N {name}"));
    reply.strip_prefix("OK ").unwrap_or_else(|| panic!("{reply}")).to_owned()
}

/// A connection, and what AUTH is made with on it.
fn open(daemon: &Daemon) -> (Client, String) {
    let mut client = Client(Connection::open(daemon.dict_port()));
    let banner = client.line();
    let id = banner.rsplit(' ').next().unwrap().to_owned();
    (client, id)
}

fn auth(id: &str, name: &str, key: &str) -> String {
    format!("AUTH {name} {}", cidian::dict::digest(id, key))
}

on_both_stores!(
    a_key_is_for_looking_up_by_dict_and_records,
    a_key_ends_with_the_password_and_the_account,
    a_listener_bound_to_an_account_records_for_it
);

fn a_key_is_for_looking_up_by_dict_and_records(store: Store) {
    let daemon = with_dict(store);
    let mut ann = daemon.connect_as("ann");
    let key = new_key(&mut ann, "ann");
    let (mut client, id) = open(&daemon);
    // All in one packet, as dict sends it: what comes behind AUTH waits for it.
    let auth_line = auth(&id, "ann", &key);
    client.send(format!(
        "client x\r\n{auth_line}\r\nDEFINE * apples\r\nMATCH * prefix a\r\nDEFINE * zzz\r\nDEFINE * ZOO\r\nDEFINE * zoo\r\n"
    ));
    let codes: Vec<u16> = (0..7).map(|_| super::code(&client.reply()[0])).collect();
    assert_eq!(codes, [250, 230, 150, 152, 552, 150, 150]);
    // Each DEFINE is a lookup, as Q is; MATCH is not.
    assert_eq!(ann.history("ann"), ["zoo", "zoo", "apple"]);
    assert!(client.ask("STATUS")[0].contains("ann"));
    // It opens nothing else.
    assert_eq!(daemon.connect().refused(&format!("L ann {key}")), "denied");
    assert_eq!(daemon.connect().refused(&format!("T ann {key}")), "denied");
    // Without one, nothing is kept.
    let mut anonymous = Client::open(&daemon);
    assert_eq!(anonymous.headwords("DEFINE * pear"), ["pear"]);
    assert_eq!(ann.history("ann").len(), 3);
    // A new key ends the old one.
    let newer = new_key(&mut ann, "ann");
    assert_ne!(newer, key);
    for (key, expected) in [(&key, 531), (&newer, 230)] {
        let (mut client, id) = open(&daemon);
        assert_eq!(client.status(auth(&id, "ann", key)), expected);
    }
    // The digest is good on one connection.
    let (_, id) = open(&daemon);
    let (mut other, _) = open(&daemon);
    assert_eq!(other.status(auth(&id, "ann", &newer)), 531);
    assert_eq!(other.status("DEFINE * apple"), 150);
    assert_eq!(ann.history("ann").len(), 3);
}

fn a_key_ends_with_the_password_and_the_account(store: Store) {
    let daemon = with_dict(store);
    let works = |name: &str, key: &str| {
        let (mut client, id) = open(&daemon);
        client.status(auth(&id, name, key)) == 230
    };
    let mut ann = daemon.connect_as("ann");
    let key = new_key(&mut ann, "ann");
    assert!(works("ann", &key));
    ann.ok(&format!("P ann {PASSWD}"));
    assert!(!works("ann", &key));
    let key = new_key(&mut ann, "ann");
    assert!(daemon.tool(&["user", "lock", "ann"]).status.success());
    assert!(!works("ann", &key));
    assert!(daemon.tool(&["user", "unlock", "ann"]).status.success());
    assert!(works("ann", &key));
    // A session that is logged in loses its account, and goes on without one.
    let (mut client, id) = open(&daemon);
    assert_eq!(client.status(auth(&id, "ann", &key)), 230);
    ann.ok(&format!("X ann {PASSWD}"));
    assert!(!works("ann", &key));
    assert_eq!(client.status("DEFINE * apple"), 530);
    assert_eq!(client.status("DEFINE * apple"), 150);
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM dict_key"), ["0"]);
}

#[test]
fn only_the_owner_makes_a_key() {
    let daemon = with_dict(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.refused("N bob"), "denied");
    assert_eq!(daemon.connect().refused("N ann"), "denied");
    // A token is not enough.
    let token = ann.ask_line("K ann").strip_prefix("OK ").unwrap().to_owned();
    let mut by_token = daemon.connect();
    by_token.ok(&format!("T ann {token}"));
    assert_eq!(by_token.refused("N ann"), "denied");
    assert_eq!(ann.refused("N"), "badreq");
}

#[test]
fn failed_logins_count_as_any_others_do() {
    let daemon = Setup::new(Store::Sqlite).dict().options("--exempt-source none").start();
    let mut ann = daemon.connect_as("ann");
    let key = new_key(&mut ann, "ann");
    let (mut client, id) = open(&daemon);
    // No name, no key, the wrong key, and what can be no name: they look the same.
    let mut replies = std::collections::BTreeSet::new();
    for wrong in
        [auth(&id, "bob", &key), auth(&id, "ann", "x"), "AUTH \"a b\" x".to_owned(), "AUTH ann \"\"".to_owned()]
    {
        replies.insert(client.ask(&wrong).concat());
    }
    assert_eq!(replies.len(), 1, "{replies:?}");
    assert!(replies.first().is_some_and(|reply| reply.starts_with("531 ")));
    assert_eq!(client.status("DEFINE * apple"), 150);
    assert_eq!(client.status("AUTH ann x"), 531);
    assert!(client.0.at_eof(), "five are enough");
    let status = daemon.status();
    assert_eq!(status["penalties"]["sources"], 1, "{status}");
    assert_eq!(status["requests"]["dict_auth"]["denied"], 5, "{status}");
    // One more, and the address is refused for a while.
    let (mut client, _) = open(&daemon);
    client.send("AUTH ann x\r\n");
    assert_eq!(super::code(&client.line()), 531);
    assert_eq!(super::code(&client.line()), 420);
    assert!(client.0.at_eof());
}

fn a_listener_bound_to_an_account_records_for_it(store: Store) {
    let daemon = Setup::new(store).dict().options("--dict-account ann").start();
    let (mut client, _) = open(&daemon);
    // Without an account yet: nothing is answered that would not be kept.
    assert_eq!(client.status("DEFINE * apple"), 530);
    assert_eq!(client.status("MATCH * exact apple"), 152);
    let mut ann = daemon.connect_as("ann");
    assert_eq!(client.status("DEFINE * apple"), 150);
    assert_eq!(client.status("DEFINE ! 'ice cream'"), 150);
    assert_eq!(client.status("MATCH * exact pear"), 152);
    assert_eq!(client.status("AUTH ann x"), 502);
    assert_eq!(ann.history("ann"), ["ice cream", "apple"]);
    // Many in one packet, each exactly once.
    client.send("DEFINE * zoo\r\n".repeat(300));
    for _ in 0..300 {
        assert_eq!(super::code(&client.reply()[0]), 150);
    }
    assert_eq!(ann.history("ann").len(), 302);
    assert!(daemon.tool(&["user", "lock", "ann"]).status.success());
    assert_eq!(client.status("DEFINE * apple"), 530);
    assert_eq!(client.status("DEFINE * apple"), 530);
}

#[test]
fn a_bound_listener_has_no_login_in_its_banner() {
    let daemon = Setup::new(Store::Sqlite).dict().options("--dict-account ann").start();
    let mut client = Client(Connection::open(daemon.dict_port()));
    let banner = client.line();
    assert!(banner.contains(" <mime> <"), "{banner}");
}

#[test]
fn only_this_machine_s_listeners_can_be_bound() {
    for (options, status) in [
        ("--dict-listen 0.0.0.0:0 --dict-account ann", 64),
        ("--dict-listen [::]:0 --dict-account ann", 64),
        ("--dict-listen 127.0.0.1:0 --dict-listen 192.0.2.1 --dict-account ann", 64),
        ("--dict-listen 127.0.0.1:0 --dict-account 123456789-123456789-123456789-123", 64),
    ] {
        let output = Setup::new(Store::Sqlite).options(options).run(&["--check"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{options}: {said}");
        assert!(said.contains("dict-account"), "{said}");
    }
    let setup = Setup::new(Store::Sqlite).options("--config dict.toml");
    std::fs::write(setup.path("dict.toml"), "dict_listen = ['[::]:0']\ndict_account = 'ann'\n").unwrap();
    assert_eq!(setup.run(&[]).status.code(), Some(78));
}
