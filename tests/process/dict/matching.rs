//! `MATCH`, and `M` of the line protocol, which is the same search: every strategy, over the file and over the table.

use super::Client;
use support::{Daemon, Setup, Store, on_both_stores};

const WORDS: &str = "Apple\tn. 1\napple\tn. 2\napple pie\tn. 3\napply\tv. 4\nice cream\tn. 5\nice cream soda\tn. 6\n\
    mother-in-law\tn. 7\npineapple\tn. 8\nreceive\tv. 9\nRobert\tn. 10\nRupert\tn. 11\n词典\tn. 12\n";

fn with_the_table(store: Store) -> Daemon {
    let setup = Setup::new(store).words(WORDS).dict();
    let daemon = setup.options("--lookup database").start();
    let words = daemon.path("words.txt");
    let output = daemon.tool(&["words", "load", words.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    daemon
}

fn every_strategy(daemon: &Daemon) {
    let mut client = Client::open(daemon);
    let cases: [(&str, &[&str]); 23] = [
        ("exact apple", &["apple", "Apple"]),
        ("exact APPLE", &["Apple", "apple"]),
        ("prefix app", &["Apple", "apple", "apple pie", "apply"]),
        ("prefix 词", &["词典"]),
        ("suffix APPLE", &["Apple", "apple", "pineapple"]),
        ("substring \"e c\"", &["ice cream", "ice cream soda"]),
        ("word cream", &["ice cream", "ice cream soda"]),
        ("word in", &["mother-in-law"]),
        ("first ice", &["ice cream", "ice cream soda"]),
        ("first cream", &[]),
        ("last cream", &["ice cream"]),
        ("re \"^ap*l[ey]$\"", &["Apple", "apple", "apply"]),
        (r#"re "^\(ice\) ""#, &["ice cream", "ice cream soda"]),
        ("re \"a+\"", &[]),
        ("regexp \"^r(o|u)[bp]e\"", &["Robert", "Rupert"]),
        ("regexp \"^.{2}$\"", &["词典"]),
        ("soundex Rubbert", &["Robert", "Rupert"]),
        ("lev recieve", &["receive"]),
        ("nprefix 1#2#app", &["apple", "apple pie"]),
        ("nprefix app", &["Apple", "apple", "apple pie", "apply"]),
        (". recieve", &["receive"]),
        ("suggest recieve", &["receive"]),
        ("EXACT zzz", &[]),
    ];
    for (how, expected) in cases {
        assert_eq!(client.rows(format!("MATCH * {how}")), expected, "{how}");
    }
}

#[test]
fn every_strategy_over_the_file() {
    let daemon = Setup::new(Store::Sqlite).words(WORDS).dict().start();
    every_strategy(&daemon);
    // Two steps away, and it begins otherwise: the table's index does not lead there.
    assert_eq!(Client::open(&daemon).rows("MATCH * lev aplpe"), ["apple", "Apple", "apply"]);
}

on_both_stores!(every_strategy_over_the_table, definitions_of_the_table);

fn every_strategy_over_the_table(store: Store) {
    every_strategy(&with_the_table(store));
}

fn definitions_of_the_table(store: Store) {
    let daemon = with_the_table(store);
    let mut client = Client::open(&daemon);
    assert_eq!(client.headwords("DEFINE * apples"), ["apple"]);
    assert_eq!(client.status("DEFINE * zzz"), 552);
    assert_eq!(client.ask("SHOW INFO words")[2], "12 headwords");
}

/// Some patterns take exponential time in other engines, or more memory than there is.
#[test]
fn no_pattern_takes_for_ever() {
    let words: String = (0..20_000).map(|number| format!("{}{number}\tn. x\n", "ab".repeat(20))).collect();
    let daemon = Setup::new(Store::Sqlite).words(words).dict().start();
    let mut client = Client::open(&daemon);
    for pattern in ["(a*)*c", "(a|b)*a(a|b){12}c", "(.*)(.*)(.*)(.*)(.*)x$", "((a{30}){30}){30}", "[[:alpha:]]{1000}"] {
        let status = client.status(format!("MATCH * regexp \"{pattern}\""));
        assert!([152, 420, 501, 552].contains(&status), "{pattern}: {status}");
    }
    let rows = client.rows("MATCH * prefix ab");
    assert_eq!(rows.len(), 1_000);
}

#[test]
fn the_line_protocol_has_it_too() {
    let daemon = Setup::new(Store::Sqlite).words(WORDS).start();
    let mut ann = daemon.connect_as("ann");
    for (request, expected) in [
        ("M ann prefix app", &["Apple", "apple", "apple pie", "apply"][..]),
        ("M ann suffix apple", &["Apple", "apple", "pineapple"]),
        ("M ann substring e c", &["ice cream", "ice cream soda"]),
        ("M ann glob ap*l?", &["Apple", "apple", "apply"]),
        ("M ann regex ^ice .*m$", &["ice cream"]),
        ("M ann sound rupurt", &["Robert", "Rupert"]),
        ("M ann prefix zzz", &[]),
    ] {
        let reply = ann.ask(request);
        assert_eq!(reply[0], format!("OK {}", expected.len()), "{request}");
        assert_eq!(reply[1..], *expected, "{request}");
    }
    for wrong in
        ["M", "M ann", "M ann prefix", "M ann prefix ", "M ann nohow x", "M ann regex (", "M ann regex a{300}{300}"]
    {
        assert_eq!(ann.refused(wrong), "badreq", "{wrong}");
    }
    assert_eq!(ann.refused("M bob prefix a"), "denied");
    assert_eq!(daemon.connect().refused("M ann prefix a"), "denied");
    assert_eq!(ann.history("ann"), [""; 0]);
    let many: String = (0..500).map(|number| format!("w{number:03}\tn. x\n")).collect();
    daemon.replace_words(many);
    assert!(daemon.tool(&["reload"]).status.success());
    assert_eq!(ann.ask("M ann prefix w").len(), 201);
}
