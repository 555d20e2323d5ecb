//! The notebook: stars by subcommands and at the prompt, on a terminal and through pipes, in both languages and stores.

use crate::common::{Daemon, PASSWD, Setup, Store, on_both_stores};
use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in, look_up};
use serde_json::{Value, json};

on_both_stores!(stars_and_what_is_said_of_them, the_history_and_the_deck_of_what_is_starred);

/// A daemon over a store, and somebody who has looked these words up as ann.
fn reader(store: Store, words: &[&str]) -> (Daemon, Person) {
    let daemon = Setup::new(store).start();
    let mut ann = daemon.connect_as("ann");
    for word in words {
        assert!(ann.ask_line(&format!("Q ann {word}")).starts_with("OK "));
    }
    let person = Person::new(person::port(&daemon));
    (daemon, person)
}

/// The lines of JSON that a command prints.
fn lines(person: &Person, arguments: &[&str]) -> Vec<Value> {
    let ran = person.run_as("ann", arguments, "").ended(0);
    ran.out.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect()
}

fn stars_and_what_is_said_of_them(store: Store) {
    let (_daemon, person) = reader(store, &["apple", "ice cream", "pear"]);
    let run = |arguments: &[&str]| person.run_as("ann", arguments, "");
    run(&["star", "apples"]).ended(0).said("Starred: apple\n");
    let note = "I ate an ice cream,\n\tC:\\new.";
    run(&["star", "ice cream", "--tag", "food", "--tag", "summer", "--note", note])
        .ended(0)
        .said("Starred: ice cream\n");
    run(&["star", "zoo", "pear"]).ended(1).complained("cidian: zoo: you have never looked this word up");
    run(&["--lang", "zh", "star", "zoo"]).ended(1).complained("zoo：您没有查过这个单词");
    run(&["star", "--json", "zoo"]).ended(1).said("{\"word\":\"zoo\",\"starred\":false}\n");
    run(&["star", "--json", "pears"]).ended(0).said("{\"word\":\"pears\",\"starred\":true,\"headword\":\"pear\"}\n");
    let all = lines(&person, &["stars", "--json"]);
    assert_eq!(all.iter().map(|star| &star["word"]).collect::<Vec<_>>(), ["pear", "ice cream", "apple"]);
    assert_eq!(all[1]["tags"], json!(["food", "summer"]));
    assert_eq!(all[1]["note"], "I ate an ice cream, C:\\new.");
    assert_eq!((&all[1]["state"], &all[1]["reps"], &all[1]["created"]), (&"new".into(), &0.into(), &all[1]["due"]));
    let of_food = run(&["stars", "--tag", "food"]).ended(0);
    let fields: Vec<&str> = of_food.out.trim_end().split('\t').collect();
    assert_eq!((fields.len(), fields[0], fields[7]), (8, "ice cream", "I ate an ice cream, C:\\\\new."));
    run(&["unstar", "ice cream", "--tag", "food"]).ended(0).said("Tags removed from: ice cream\n");
    assert_eq!(lines(&person, &["stars", "--json"])[1]["tags"], json!(["summer"]));
    run(&["unstar", "ice cream", "zoo"]).ended(1).complained("zoo: this word has no star");
    run(&["unstar", "--json", "pear"]).ended(0).said("{\"word\":\"pear\",\"starred\":false}\n");
    assert_eq!(lines(&person, &["stars", "--json"]).len(), 1);
    // What can't be, before anything is sent.
    run(&["star"]).ended(64);
    run(&["star", "apple", "--tag", "two words"]).ended(64);
    run(&["star", "apple", "--note", &"x".repeat(513)]).ended(64);
    run(&["star", "a\u{7}b"]).ended(65);
    run(&["star", &"x".repeat(300)]).ended(65);
}

fn the_history_and_the_deck_of_what_is_starred(store: Store) {
    let (daemon, person) = reader(store, &["apple", "pear", "apple", "ice cream"]);
    let run = |arguments: &[&str]| person.run_as("ann", arguments, "").ended(0);
    run(&["star", "apple", "--tag", "fruit", "--note", "<An> apple."]);
    let shown = run(&["history", "--starred"]).out;
    assert_eq!(shown.lines().map(|line| line.split('\t').nth(1).unwrap()).collect::<Vec<_>>(), ["apple", "apple"]);
    assert_eq!(run(&["history", "--starred", "-n", "1"]).out.lines().count(), 1);
    let csv = run(&["export", "--csv", "-"]).out;
    assert!(csv.starts_with("word,interpretation,count,first,last,starred,tags,note,due\n"), "{csv}");
    let apple = csv.lines().find(|line| line.starts_with("apple,")).unwrap();
    assert!(apple.contains(",2,20") && apple.contains(",fruit,<An> apple.,20"), "{apple}");
    assert!(csv.lines().find(|line| line.starts_with("ice cream,")).unwrap().ends_with(",,,,"), "{csv}");
    // Also when the history is gone.
    let mut ann = daemon.connect();
    ann.login("ann");
    ann.ok("C ann");
    let deck = run(&["export", "--anki", "-", "--starred"]).out;
    let (head, cards): (Vec<&str>, Vec<&str>) = deck.lines().partition(|line| line.starts_with('#'));
    assert_eq!(
        head,
        [
            "#separator:tab",
            "#html:true",
            "#deck:Cidian",
            "#tags column:3",
            "#guid column:4",
            "#columns:Front\tBack\tTags\tGuid"
        ]
    );
    let [card] = cards[..] else { panic!("{deck}") };
    let fields: Vec<&str> = card.split('\t').collect();
    assert_eq!((fields[0], fields[2], fields[3].len()), ("apple", "fruit", 16));
    assert!(fields[1].contains("苹果") && fields[1].ends_with("<br><br>&lt;An&gt; apple."), "{card}");
    assert_eq!(run(&["export", "--anki", "-"]).out.lines().count(), 6, "only what was looked up");
    let again = run(&["export", "--anki", "-", "--starred"]).out;
    assert_eq!(again, deck, "and the same identifier");
}

/// A word typed with an asterisk, the last one, one that was offered; then all of them in a table.
#[test]
fn stars_at_the_prompt() {
    let (_daemon, person) = reader(Store::Sqlite, &[]);
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    let prompt = "Word (## to go back): ";
    for (typed, expected) in [
        ("*", "There is no word to star yet."),
        ("apple", "苹果"),
        ("*", "Starred: apple"),
        ("ice cream *", "Starred: ice cream"),
        ("pea", "Did you mean"),
        ("*1", "Starred: pear"),
        ("zo*", "Did you mean: zoo"),
    ] {
        terminal.line(typed);
        terminal.expect(expected);
        terminal.expect(prompt);
    }
    terminal.line("##");
    level_two(&mut terminal);
    terminal.line("3");
    terminal.expect("3  quit");
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    let mut table = person.terminal(&["--user", "ann", "stars"]);
    table.expect_hidden("Password: ");
    table.line(PASSWD);
    table.expect("Word");
    for word in ["pear", "ice cream", "apple"] {
        table.expect(word);
    }
    assert_eq!(table.exit(), 0);
}

/// Without an account, and in Chinese; several words that were looked up as one.
#[test]
fn with_a_private_server_and_in_chinese() {
    let person = Person::new("");
    let run = |arguments: &[&str]| person.run(&[["--local", "--lang", "zh"].as_slice(), arguments].concat(), "");
    run(&["stars"]).ended(0).said("");
    run(&["lookup", "ice cream"]).ended(0);
    run(&["star", "ice cream", "--note", "一句话"]).ended(0).said("已加星标：ice cream\n");
    let mut terminal = person.terminal(&["--local", "--lang", "zh", "star", "ice", "cream"]);
    terminal.expect("已加星标：ice cream");
    assert_eq!(terminal.exit(), 0);
    let mut terminal = person.terminal(&["--local", "--lang", "zh", "stars", "--tag", "none"]);
    terminal.expect("没有加星标的单词");
    assert_eq!(terminal.exit(), 0);
    run(&["unstar", "ice cream"]).ended(0).said("已去掉星标：ice cream\n");
}

/// A star in an outage is refused with words, and taken afterwards.
#[test]
fn an_outage_is_told() {
    let (server, setup) = {
        let server = crate::common::mariadb::MariaDb::start();
        server.create_database("dict");
        let setup = Setup::new(Store::Url(server.tcp_url("dict")));
        assert!(setup.run(&["init-db"]).status.success());
        (server, setup)
    };
    let daemon = setup.start();
    daemon.connect_as("ann").ask("Q ann apple");
    let person = Person::new(person::port(&daemon));
    person.run_as("ann", &["login"], "").ended(0);
    let mut server = server;
    server.kill();
    person.run(&["star", "apple"], "").ended(75).complained("database is away");
    server.restart();
    let starred = || person.run(&["star", "apple"], "").status == 0;
    crate::common::wait_until("the star is taken", starred);
    assert!(person.run(&["stars"], "").ended(0).out.starts_with("apple\t"));
}
