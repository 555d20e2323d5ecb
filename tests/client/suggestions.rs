//! "Did you mean", in a terminal and for scripts; and that a filter never asks.

use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in, look_up};
use support::terminal::Terminal;
use support::{PASSWD, Setup, Store};

#[test]
fn in_the_menus() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let mut terminal = Person::new(person::port(&daemon)).terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.line("aplpe");
    terminal.expect("not found: aplpe\r\nDid you mean: apple");
    terminal.expect("?\r\nWord (## to go back): ");
    terminal.line("qqqqqqqq");
    terminal.expect("not found: qqqqqqqq\r\nWord (## to go back): ");
}

#[test]
fn words_as_arguments_in_a_terminal() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    for (language, password, said) in [
        ("C", "Password: ", "cidian: not found: aplpe\r\nDid you mean: apple"),
        ("zh_CN.UTF-8", "密码：", "cidian: 没有找到：aplpe\r\n您是不是要找：apple"),
    ] {
        let person = Person::new(person::port(&daemon)).with("LC_ALL", language);
        let mut terminal = person.terminal(&["--user", "ann", "lookup", "zoo", "aplpe", "ice cream"]);
        terminal.expect_hidden(password);
        terminal.line(PASSWD);
        terminal.expect("zoo  n. 动物园\r\n");
        terminal.expect(said);
        terminal.expect("ice cream  n. 冰淇淋\r\n");
        assert_eq!(terminal.exit(), 1);
    }
}

/// A few of those that are near, in lines that break between them.
#[test]
fn a_few_in_lines_that_fit() {
    let words = ["bread", "break", "breast", "breath", "breathe", "bred", "breed", "broad", "dread", "tread"];
    let file: String = words.iter().map(|word| format!("{word}\tx\n")).collect();
    let daemon = Setup::new(Store::Sqlite).words(&file).start();
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    let mut terminal = Terminal::start(person.command(&["--user", "ann", "lookup", "braed"]), 24, 20);
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    assert_eq!(terminal.exit(), 1);
    let screen = terminal.screen().screen().contents();
    let offer = screen.split_once("braed\n").unwrap().1;
    assert!(offer.starts_with("Did you mean: bread,"), "{screen}");
    assert!(offer.lines().count() > 1 && offer.lines().all(|line| line.ends_with([',', '?', ':'])), "{screen}");
    assert_eq!(words.iter().filter(|&&word| offer.split([' ', ',', '?', '\n']).any(|part| part == word)).count(), 6);
    let ran = person.run_as("ann", &["lookup", "--json", "braed"], "").ended(1);
    let object: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert!(object["suggestions"].as_array().unwrap().len() > 6, "{object}");
}

/// The requests of each kind, as the daemon counts them.
#[test]
fn scripts_ask_only_with_json_and_words() {
    let daemon = person::daemon("");
    drop(daemon.connect_as("ann"));
    let person = Person::new(person::port(&daemon));
    let ran = person.run_as("ann", &["lookup", "--json", "aplpe", "zoo"], "").ended(1);
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["suggestions"].as_array().unwrap().contains(&"apple".into()), "{}", ran.out);
    assert!(lines[1].get("suggestions").is_none(), "{}", ran.out);
    // L, Q, S, Q, E.
    daemon.wait_log_times("user ann: 5 requests", 1);
    let input = "aplpe\nzoo\naplpe\nzoo\n";
    for (count, arguments) in
        [["lookup"].as_slice(), &["lookup", "--json"], &["lookup", "aplpe", "zoo", "zoo", "zoo"]].iter().enumerate()
    {
        let ran = person.run_as("ann", arguments, input).ended(1);
        assert!(!ran.out.contains("suggestions") && !ran.err.contains("Did you mean"), "{} {}", ran.out, ran.err);
        // L, four times Q, E.
        daemon.wait_log_times("user ann: 6 requests", count + 1);
    }
}
