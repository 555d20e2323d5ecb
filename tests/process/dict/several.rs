//! Several dictionaries by DICT: each is a database.

use super::Client;
use support::{Daemon, Setup, Store, wait_until};

const FIRST: &str = "# title: The First\n# licence: MIT\n# from: en\n# to: zh\n# sources: made here\n\
    apple\tn. 苹果\nrun\tv. 跑\n";
const SECOND: &str = "# name: wn\n# title: WordNet\n# licence: WordNet License\n# from: en\n# to: en\n# Copyright 2006\n\
    apple\tn 1: fruit\\nn 2: tree\nzebra\tn 1: animal\n";
const THIRD: &str = "# name: gc\nApple\tn. a company\napple\tn. a thing\nzoo\tn. animals\n";

fn setup() -> Setup {
    let mut setup = Setup::new(Store::Sqlite).words(FIRST).dict();
    for (file, text) in [("second.txt", SECOND), ("third.txt", THIRD)] {
        let path = setup.path(file);
        std::fs::write(&path, text).unwrap();
        setup = setup.options("--words").options(path.to_str().unwrap());
    }
    setup
}

/// What stands in the 151 lines of a reply.
fn defined(reply: &[String]) -> Vec<&str> {
    reply.iter().filter_map(|line| line.strip_prefix("151 ")).collect()
}

/// The rows of a reply to `MATCH`, with the names of their databases.
fn rows(client: &mut Client, command: &str) -> Vec<String> {
    let reply = client.ask(command);
    assert!(reply[0].starts_with(&format!("152 {} ", reply.len() - 3)), "{command}: {reply:?}");
    reply[1..reply.len() - 2].iter().map(|row| row.replace('"', "")).collect()
}

#[test]
fn each_is_a_database() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    let databases = ["110 3 databases present", "words \"The First\"", "wn \"WordNet\"", "gc \"gc\"", ".", "250 ok"];
    assert_eq!(client.ask("SHOW DB"), databases);
    assert_eq!(client.ask("SHOW DATABASES"), databases);
    assert_eq!(
        client.ask("DEFINE * apples"),
        [
            "150 3 definitions retrieved",
            "151 \"apple\" words \"The First\"",
            "apple",
            "  n. 苹果",
            ".",
            "151 \"apple\" wn \"WordNet\"",
            "apple",
            "  n 1: fruit",
            "  n 2: tree",
            ".",
            "151 \"apple\" gc \"gc\"",
            "apple",
            "  n. a thing",
            ".",
            "250 ok",
        ]
    );
    for (command, expected) in [
        ("DEFINE ! apple", vec!["\"apple\" words \"The First\""]),
        ("DEFINE ! ZEBRA", vec!["\"zebra\" wn \"WordNet\""]),
        ("DEFINE * Apple", vec!["\"Apple\" gc \"gc\""]),
        ("DEFINE wn Apple", vec!["\"apple\" wn \"WordNet\""]),
        ("DEFINE WN apples", vec!["\"apple\" wn \"WordNet\""]),
        ("DEFINE gc APPLE", vec!["\"apple\" gc \"gc\""]),
        ("DEFINE \"words\" \"runs\"", vec!["\"run\" words \"The First\""]),
    ] {
        assert_eq!(defined(&client.ask(command)), expected, "{command}");
    }
    for (command, status) in [
        ("DEFINE wn run", 552),
        ("DEFINE other apple", 550),
        ("MATCH other exact apple", 550),
        ("SHOW INFO other", 550),
        ("SHOW INFO *", 550),
        ("MATCH wn exact run", 552),
        ("MATCH gc suggest zzzzzz", 552),
    ] {
        assert_eq!(client.status(command), status, "{command}");
    }
}

#[test]
fn matches_are_of_their_databases() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    for (command, expected) in [
        ("MATCH * prefix a", &["words apple", "wn apple", "gc Apple", "gc apple"][..]),
        ("MATCH * exact APPLE", &["words apple", "wn apple", "gc Apple", "gc apple"]),
        ("MATCH ! prefix z", &["wn zebra"]),
        ("MATCH ! suffix o", &["gc zoo"]),
        ("MATCH gc prefix z", &["gc zoo"]),
        ("MATCH wn substring e", &["wn apple", "wn zebra"]),
        ("MATCH words re .", &["words apple", "words run"]),
        ("MATCH wn nprefix 0#1#", &["wn apple"]),
        ("MATCH wn nprefix 1#1#", &["wn zebra"]),
        ("MATCH wn . aple", &["wn apple"]),
        ("MATCH gc lev zooo", &["gc zoo"]),
        ("MATCH * . zeebra", &["wn zebra"]),
        ("MATCH gc soundex zu", &["gc zoo"]),
    ] {
        assert_eq!(rows(&mut client, command), expected, "{command}");
    }
    // The headword of a row is found in the database of the row.
    for row in rows(&mut client, "MATCH * re .") {
        let (database, headword) = row.split_once(' ').unwrap();
        let reply = client.ask(format!("DEFINE {database} \"{headword}\""));
        assert!(defined(&reply)[0].starts_with(&format!("\"{headword}\" {database} ")), "{row}: {reply:?}");
    }
}

#[test]
fn each_has_its_information() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    let info = |client: &mut Client, name: &str| {
        let reply = client.ask(format!("SHOW INFO {name}"));
        reply[1..reply.len() - 2].join("|")
    };
    let first = "The First|2 headwords|MIT|name: words|languages: en to zh|sources: made here";
    assert_eq!(info(&mut client, "words"), first);
    let second = "WordNet|2 headwords|WordNet License|name: wn|languages: en to en|Copyright 2006";
    assert_eq!(info(&mut client, "wn"), second);
    assert_eq!(info(&mut client, "gc"), "gc|3 headwords|name: gc");
    let server = client.ask("SHOW SERVER").join("\n");
    assert!(server.contains("words: The First, 2 headwords") && server.contains("gc: gc, 3 headwords"), "{server}");
}

fn history(daemon: &Daemon) -> Vec<String> {
    let mut ann = daemon.connect();
    ann.login("ann");
    ann.history("ann")
}

/// However many dictionaries have it, a lookup is one.
#[test]
fn a_definition_is_recorded_once() {
    let daemon = setup().options("--dict-account ann").start();
    daemon.connect_as("ann");
    let mut client = Client::open(&daemon);
    assert_eq!(client.status("DEFINE * apples"), 150);
    assert_eq!(history(&daemon), ["apple"]);
    assert_eq!(client.status("DEFINE ! zebra"), 150);
    assert_eq!(client.status("DEFINE wn run"), 552);
    assert_eq!(client.status("DEFINE gc apple"), 150);
    assert_eq!(client.status("MATCH * prefix a"), 152);
    assert_eq!(history(&daemon), ["apple", "zebra", "apple"]);
}

#[test]
fn databases_come_and_go_with_a_reload() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.status("DEFINE gc zoo"), 150);
    std::fs::write(daemon.path("third.txt"), "# name: other\nzoo\tn. new\n").unwrap();
    assert!(daemon.tool(&["reload"]).status.success());
    wait_until("the new words", || client.status("DEFINE other zoo") == 150);
    assert_eq!(client.status("DEFINE gc zoo"), 550);
    assert_eq!(client.ask("SHOW DB")[3], "other \"other\"");
}
