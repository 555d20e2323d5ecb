//! Phrases and sentences: several words that together are one headword, and the headwords of a pasted text.

use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in, look_up};
use serde_json::{Value, json};
use support::{Daemon, PASSWD, Setup, Store};

const WORDS: &str = "apple\tn. 苹果\nbe about to\tphr. 将要\ngive\tv. 给\ngive up\tphr. 放弃\nhome\tadv. 回家\nice cream\tn. 冰淇淋\n\
    leave\tv. 离开\nmake up one's mind\tphr. 下定决心\nshe\tpron. 她\nup\tadv. 向上\n去\tv. go\n词典\tn. dictionary\n";

fn ann(table: bool) -> (Daemon, Person) {
    let options = if table { "--lookup database" } else { "" };
    let daemon = Setup::new(Store::Sqlite).words(WORDS).options(options).start();
    if table {
        assert!(daemon.tool(&["words", "load", "words.txt"]).status.success());
    }
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    (daemon, person)
}

fn history(daemon: &Daemon) -> Vec<String> {
    let mut connection = daemon.connect();
    connection.login("ann");
    connection.history("ann")
}

#[test]
fn several_words_are_one_phrase_on_a_terminal() {
    let (daemon, person) = ann(false);
    let ask = |arguments: &[&str], expected: &[&str], exit: i32| {
        let mut terminal = person.terminal(&[["--user", "ann", "lookup"].as_slice(), arguments].concat());
        terminal.expect_hidden("Password: ");
        terminal.line(PASSWD);
        for text in expected {
            terminal.expect(text);
        }
        assert_eq!(terminal.exit(), exit, "{arguments:?}");
    };
    ask(&["give", "up"], &["give up  phr. 放弃\r\n"], 0);
    ask(&["gave", "up"], &["gave up → give up  phr. 放弃\r\n"], 0);
    ask(&["icecream"], &["icecream → ice cream  n. 冰淇淋\r\n"], 0);
    ask(&["ice", "creams"], &["ice creams → ice cream  n. 冰淇淋\r\n"], 0);
    assert_eq!(history(&daemon), ["ice cream", "ice cream", "give up", "give up"], "each once");
    ask(&["--each", "give", "up"], &["give  v. 给\r\n", "up  adv. 向上\r\n"], 0);
    // What is not a headword together is looked up word by word; so is what would only be one word's.
    ask(&["apple", "home"], &["apple  n. 苹果\r\n", "home  adv. 回家\r\n"], 0);
    ask(&["the", "apple"], &["not found: the", "apple  n. 苹果\r\n"], 1);
    ask(&["--phrase", "apple", "home"], &["not found: apple home"], 1);
    assert_eq!(history(&daemon)[..5], ["apple", "home", "apple", "up", "give"]);
}

#[test]
fn through_a_pipe_every_word_is_one() {
    let (daemon, person) = ann(false);
    let run = |arguments: &[&str]| person.run_as("ann", &[["lookup"].as_slice(), arguments].concat(), "");
    run(&["give", "up"]).ended(0).said("give  v. 给\nup  adv. 向上\n");
    run(&["--each", "give", "up"]).ended(0).said("give  v. 给\nup  adv. 向上\n");
    run(&["--phrase", "give", "up"]).ended(0).said("phr. 放弃\n");
    run(&["--phrase", "--field", "headword,form", "made", "up", "his", "mind"])
        .ended(0)
        .said("make up one's mind\tphrase\n");
    run(&["--phrase", "--json", "no", "such"]).ended(1);
    assert_eq!(history(&daemon), ["make up one's mind", "give up", "up", "give", "up", "give"]);
    run(&["--each", "--phrase", "a"]).ended(64);
    run(&["--text", "a b c", "d"]).ended(64);
}

#[test]
fn the_headwords_of_a_text() {
    for table in [false, true] {
        let (daemon, person) = ann(table);
        let run = |arguments: &[&str]| {
            person.run_as("ann", &[["lookup"].as_slice(), &arguments[1..], &["--text", arguments[0]]].concat(), "")
        };
        let text = "“She’s made up her mind,” she said: she was about to leave, gave up (apples) and left home…";
        let expected = [
            "she\tpron. 她",
            "make up one's mind\tphr. 下定决心",
            "be about to\tphr. 将要",
            "leave\tv. 离开",
            "give up\tphr. 放弃",
            "apple\tn. 苹果",
            "home\tadv. 回家",
        ];
        run(&[text]).ended(0).said(&(expected.join("\n") + "\n"));
        run(&["he gave\u{a0}up ice creams", "--field", "word"]).ended(0).said("gave\u{a0}up\nice creams\n");
        let ran = run(&["gave up", "--json"]).ended(0);
        let object: Value = serde_json::from_str(&ran.out).unwrap();
        let whole = json!({"word": "gave up", "found": true, "headword": "give up", "form": "phrase", "interpretation": "phr. 放弃"});
        assert_eq!(object, whole);
        // A phrase does not go on behind a full stop, and a script without blanks is read, too.
        run(&["I give. Up there"]).ended(0).said("give\tv. 给\nup\tadv. 向上\n");
        run(&["我去查词典。"]).ended(0).said("去\tv. go\n词典\tn. dictionary\n");
        let long = "she gave up, ".repeat(500);
        run(&[&long]).ended(0).said("she\tpron. 她\ngive up\tphr. 放弃\n");
        run(&["zzz qqq"]).ended(1).complained("not found: zzz qqq");
        run(&["…"]).ended(1);
        assert_eq!(history(&daemon), [""; 0], "a text leaves no trace");
    }
}

#[test]
fn a_sentence_that_is_pasted() {
    let (daemon, person) = ann(false);
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.line("She made up her mind and left.");
    terminal.expect("She → she  pron. 她\r\n".trim_start_matches("She → "));
    terminal.expect("made up her mind → make up one's mind  phr. 下定决心\r\n");
    terminal.expect("left. → leave  v. 离开\r\n");
    terminal.line("the qqq and zzz");
    terminal.expect("not found: the qqq and zzz\r\n");
    let mut terminal = person.terminal(&["--user", "ann", "lookup", "he gave up ice creams", "apple"]);
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal.expect("gave up → give up  phr. 放弃\r\n");
    terminal.expect("ice creams → ice cream  n. 冰淇淋\r\n");
    terminal.expect("apple  n. 苹果\r\n");
    assert_eq!(terminal.exit(), 0);
    assert_eq!(history(&daemon), ["apple"]);
}
