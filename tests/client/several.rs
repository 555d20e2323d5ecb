//! A server with several dictionaries: headings on a terminal, separate objects in JSON, asking only some dictionaries,
//! the menus, the exports, and a private server with the user's own dictionaries.

use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in, look_up};
use support::terminal::Terminal;
use support::{Daemon, PASSWD, Setup, Store};

const FIRST: &str = "# title: The First\n# licence: MIT\n# from: en\n# to: zh\n\
    apple\t/a/ n. 苹果\\n» An apple. 一个苹果。\\n{k2}\ngive up\tv. 放弃\nrun\tv. 跑\n";
const SECOND: &str = "# name: wn\n# title: WordNet\napple\tn 1: fruit\\nn 2: tree {noun}\nzebra\t/z/ n 1: animal\n";
const THIRD: &str = "# name: gc\napple\tn. a thing\nzoo\tn. animals\n";

fn daemon() -> Daemon {
    let mut setup = Setup::new(Store::Sqlite).words(FIRST);
    for (file, text) in [("second.txt", SECOND), ("third.txt", THIRD)] {
        let path = setup.path(file);
        std::fs::write(&path, text).unwrap();
        setup = setup.options("--words").options(path.to_str().unwrap());
    }
    let daemon = setup.start();
    daemon.connect_as("ann");
    daemon
}

fn history(daemon: &Daemon) -> Vec<String> {
    let mut ann = daemon.connect();
    ann.login("ann");
    ann.history("ann")
}

fn object(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// A command on a terminal, by a password.
fn on_terminal(person: &Person, arguments: &[&str]) -> Terminal {
    let mut terminal = person.terminal(&[&["--user", "ann"], arguments].concat());
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal
}

#[test]
fn titles_are_headings_on_a_terminal() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    let mut terminal = on_terminal(&person, &["lookup", "apples", "zebra"]);
    terminal.expect(
        "apples → apple\r\n  The First\r\n    /a/ n. 苹果\r\n    {k2}\r\n  WordNet\r\n    n 1: fruit\r\n    \
         n 2: tree {noun}\r\n  gc\r\n    n. a thing\r\nzebra\r\n  WordNet\r\n    /z/ n 1: animal\r\n",
    );
    assert_eq!(terminal.exit(), 0);
    // With the examples.
    let mut terminal = on_terminal(&person, &["lookup", "-v", "apples"]);
    terminal.expect("apples → apple\r\n  The First\r\n    /a/ n. 苹果\r\n    » An apple. 一个苹果。\r\n    {k2}\r\n");
    assert_eq!(terminal.exit(), 0);
    let directory = person.home().join(".config/cidian");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("config.toml"), "verbose = true\n").unwrap();
    let mut terminal = on_terminal(&person, &["lookup", "apple"]);
    terminal.expect("    » An apple. 一个苹果。\r\n");
    assert_eq!(terminal.exit(), 0);
    // The first line of the first one's article.
    let mut terminal = on_terminal(&person, &["lookup", "--first-line", "zebra"]);
    terminal.expect("zebra  /z/ n 1: animal\r\n");
    assert_eq!(terminal.exit(), 0);
    let mut terminal = on_terminal(&person, &["search", "--prefix", "z"]);
    terminal.expect("zebra  /z/ n 1: animal\r\nzoo  n. animals\r\n");
    assert_eq!(terminal.exit(), 0);
    let mut terminal = on_terminal(&person, &["lookup", "苹果"]);
    terminal.expect("   1  apple  n. 苹果\r\n");
    terminal.expect("Number (Enter: none): ");
    terminal.line("1");
    terminal.expect("apple\r\n  The First\r\n");
    terminal.expect("  WordNet\r\n");
    assert_eq!(terminal.exit(), 0);
    let mut terminal = on_terminal(&person, &["lookup", "He gave up the zebra"]);
    terminal.expect("gave up → give up\r\n  The First\r\n    v. 放弃\r\nzebra\r\n  WordNet\r\n");
    assert_eq!(terminal.exit(), 0);
    assert_eq!(history(&daemon), ["apple", "zebra", "apple", "apple", "zebra", "apple"]);
}

#[test]
fn through_a_pipe_and_as_objects() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    // As it stands on the wire.
    person.run_as("ann", &["lookup", "zebra"], "").ended(0).said("[wn]\n/z/ n 1: animal\n");
    person.run_as("ann", &["lookup"], "zebra\nzzz\n").ended(1).complained("zzz");
    let ran = person.run_as("ann", &["lookup", "--text", "the zebra"], "").ended(0);
    assert_eq!(ran.out, "zebra\t[wn]\\n/z/ n 1: animal\n");
    person.run_as("ann", &["lookup", "--first-line", "zebra"], "").ended(0).said("/z/ n 1: animal\n");
    let ran = person.run_as("ann", &["lookup", "--json", "apples", "zebra", "zzz"], "").ended(1);
    let objects: Vec<serde_json::Value> = ran.out.lines().map(object).collect();
    let apple = serde_json::json!({
        "word": "apples", "found": true, "headword": "apple", "form": "form",
        "interpretation": "[words]\n/a/ n. 苹果\n» An apple. 一个苹果。\n{k2}\n[wn]\nn 1: fruit\nn 2: tree {noun}\n[gc]\nn. a thing",
        "phonetic": "a", "tags": ["k2", "noun"],
        "entries": [
            {"dictionary": "words", "headword": "apple", "interpretation": "/a/ n. 苹果\n» An apple. 一个苹果。\n{k2}"},
            {"dictionary": "wn", "headword": "apple", "interpretation": "n 1: fruit\nn 2: tree {noun}"},
            {"dictionary": "gc", "headword": "apple", "interpretation": "n. a thing"},
        ],
    });
    assert_eq!(objects[0], apple);
    assert_eq!((&objects[1]["phonetic"], &objects[1]["entries"][0]["dictionary"]), (&"z".into(), &"wn".into()));
    assert!(objects[2].get("entries").is_none() && objects[2]["found"] == false);
    // Many, through a pipe: which dictionaries there are is asked in between, once.
    let words = "zebra\napple\nrun\n".repeat(100);
    let ran = person.run_as("ann", &["lookup", "--json"], words).ended(0);
    let names: Vec<String> = ran.out.lines().map(|line| object(line)["entries"][0]["dictionary"].to_string()).collect();
    assert_eq!(names, ["\"wn\"", "\"words\"", "\"words\""].repeat(100));
    let random = object(&person.run_as("ann", &["random", "--json"], "").ended(0).out);
    assert!(random["entries"].as_array().is_some_and(|entries| !entries.is_empty()), "{random}");
}

/// With one dictionary nothing is different, even where an article looks as if there were several.
#[test]
fn one_is_as_it_was() {
    let daemon = Setup::new(Store::Sqlite).words("# name: one\napple\t[one]\\nn. 苹果\n").start();
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    let expected =
        "{\"word\":\"apple\",\"found\":true,\"headword\":\"apple\",\"interpretation\":\"[one]\\nn. 苹果\"}\n";
    person.run_as("ann", &["lookup", "--json", "apple"], "").ended(0).said(expected);
    let mut terminal = on_terminal(&person, &["lookup", "apple"]);
    terminal.expect("apple\r\n  [one]\r\n  n. 苹果\r\n");
    assert_eq!(terminal.exit(), 0);
    person.run_as("ann", &["lookup", "--dictionary", "ONE", "apple"], "").ended(0).said("[one]\nn. 苹果\n");
    let ran = person.run_as("ann", &["lookup", "--dictionary", "wn", "apple"], "").ended(64);
    ran.complained("no such dictionary: wn; the server has only one");
}

#[test]
fn only_some_of_them() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    let run = |arguments: &[&str]| person.run_as("ann", arguments, "");
    run(&["lookup", "--dictionary", "wn", "apples"]).ended(0).said("[wn]\nn 1: fruit\nn 2: tree {noun}\n");
    run(&["--dictionary", "gc", "--dictionary", "words", "apple", "zoo"]).ended(0);
    let ran = run(&["lookup", "--json", "--dictionary", "gc", "zebra", "zoo"]).ended(1);
    let objects: Vec<serde_json::Value> = ran.out.lines().map(object).collect();
    assert_eq!((&objects[0]["found"], &objects[1]["entries"][0]["dictionary"]), (&false.into(), &"gc".into()));
    run(&["search", "--prefix", "z", "--dictionary", "wn"]).ended(0).said("zebra\t[wn]\\n/z/ n 1: animal\n");
    run(&["lookup", "--text", "run to the zoo", "--dictionary", "gc"]).ended(0).said("zoo\t[gc]\\nn. animals\n");
    // Nothing of the others is asked, and nothing of what was not found recorded.
    assert_eq!(history(&daemon), ["zoo", "zoo", "apple", "apple"]);
    let ran = run(&["lookup", "--dictionary", "nowhere", "--dictionary", "wn", "apple"]).ended(64);
    ran.complained("cidian: no such dictionary: nowhere; the server has: words, wn, gc\n");
    let ran = run(&["lookup", "--dictionary", "a b", "apple"]).ended(64);
    ran.complained("a name has ASCII letters");
    let chinese = Person::new(person::port(&daemon)).with("LANG", "zh_CN.UTF-8");
    let ran = chinese.run_as("ann", &["lookup", "--dictionary", "nowhere", "apple"], "").ended(64);
    ran.complained("没有这部词典：nowhere；服务器上有：words、wn、gc");
    // Remembered by the configuration; an option comes before it.
    let config = person.home().join(".config/cidian");
    std::fs::create_dir_all(&config).unwrap();
    for (text, out) in [
        ("dictionary = \"gc\"\n", "[gc]\nn. a thing\n"),
        ("dictionary = [\"gc\", \"wn\"]\n", "[wn]\nn 1: fruit\nn 2: tree {noun}\n[gc]\nn. a thing\n"),
    ] {
        std::fs::write(config.join("config.toml"), text).unwrap();
        run(&["lookup", "apple"]).ended(0).said(out);
    }
    let all = run(&["lookup", "--dictionary", "*", "apple"]).ended(0).out;
    assert!(all.starts_with("[words]\n") && all.contains("\n[gc]\n"), "{all}");
    run(&["lookup", "--dictionary", "words", "run"]).ended(0).said("[words]\nv. 跑\n");
    std::fs::write(config.join("config.toml"), "dictionary = \"nowhere\"\n").unwrap();
    run(&["lookup", "apple"]).ended(64).complained("no such dictionary: nowhere");
    // What has nothing to do with words goes on.
    run(&["about"]).ended(0);
    std::fs::write(config.join("config.toml"), "dictionary = 7\n").unwrap();
    run(&["lookup", "apple"]).ended(78).complained("dictionary");
}

#[test]
fn a_login_that_is_kept_asks_for_them_too() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    person.run_as("ann", &["login"], "").ended(0);
    person.run(&["lookup", "--dictionary", "wn", "apple", "zebra"], "").ended(0);
    assert_eq!(history(&daemon), ["zebra", "apple"]);
    // Nothing is looked up where there is no such dictionary.
    person.run(&["lookup", "--dictionary", "nowhere", "apple"], "").ended(64);
    assert_eq!(history(&daemon).len(), 2);
}

#[test]
fn about_lists_them() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    let ran = person.run(&["about"], "").ended(0);
    for line in ["dictionaries  words wn gc", "title.wn  WordNet", "headwords.gc  2"] {
        let line: Vec<&str> = line.split_whitespace().collect();
        let shown = ran.out.lines().any(|shown| shown.split_whitespace().eq(line.iter().copied()));
        assert!(shown, "{line:?}: {}", ran.out);
    }
    assert_eq!(object(&person.run(&["about", "--json"], "").ended(0).out)["dictionaries"], "words wn gc");
    let mut terminal = person.terminal(&["about"]);
    terminal.expect("dictionaries  words  The First\r\n");
    terminal.expect("en → zh; 3; MIT\r\n");
    terminal.expect(" wn  WordNet\r\n");
    terminal.expect(" gc\r\n");
    assert_eq!(terminal.exit(), 0);
}

/// The menus have headings, and know of a dictionary that comes with a reload.
#[test]
fn the_menus_know_them() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.line("zebra");
    terminal.expect("zebra\r\n  WordNet\r\n    /z/ n 1: animal\r\n");
    std::fs::write(daemon.path("third.txt"), "# name: new\n# title: The New\nzebra\tn. striped\n").unwrap();
    assert!(daemon.tool(&["reload"]).status.success());
    terminal.line("zebra");
    terminal.expect("zebra\r\n  WordNet\r\n    /z/ n 1: animal\r\n  The New\r\n    n. striped\r\n");
    terminal.line("##");
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    // Only some of them, at the menus, too; one that is not there is reported at the login.
    let person = Person::new(person::port(&daemon));
    let mut terminal = person.terminal(&["--dictionary", "new"]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.line("zebras");
    terminal.expect("zebras → zebra\r\n  The New\r\n    n. striped\r\n");
    terminal.line("apple");
    terminal.expect("not found: apple");
    terminal.line("##");
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    let person = Person::new(person::port(&daemon));
    let mut terminal = person.terminal(&["--dictionary", "nowhere"]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    terminal.expect("no such dictionary: nowhere; the server has: words, wn, new");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
}

#[test]
fn exports_name_them() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    person.run_as("ann", &["lookup", "apple"], "").ended(0);
    let deck = person.run_as("ann", &["export", "--anki", "-"], "").ended(0).out;
    let card = "apple\t<b>The First</b><br>/a/ n. 苹果<br>» An apple. 一个苹果。<br><b>WordNet</b><br>n 1: fruit<br>n 2: tree<br>\
                <b>gc</b><br>n. a thing\t";
    assert!(deck.contains(card), "{deck}");
    let table = person.run_as("ann", &["export", "--csv", "-"], "").ended(0).out;
    assert!(table.contains("[words]") && table.contains("[wn]"), "{table}");
    let only = person.run_as("ann", &["export", "--anki", "-", "--dictionary", "gc"], "").ended(0).out;
    assert!(only.contains("apple\t<b>gc</b><br>n. a thing\t"), "{only}");
    let top = person.run_as("ann", &["history", "--top", "--format", "table"], "").ended(0).out;
    assert!(top.contains("/a/ n. 苹果") && !top.contains("[words]"), "{top}");
}

/// Files in a directory of one's own stand behind the built-in words.
#[test]
fn a_private_server_has_dictionaries_of_ones_own() {
    let person = Person::new("");
    let own = person.home().join(".local/share/cidian/words");
    std::fs::create_dir_all(&own).unwrap();
    // Nothing in it is nothing changed.
    let plain = person.run(&["--local", "lookup", "apple"], "").ended(0).out;
    assert!(!plain.contains("[words]"), "{plain}");
    std::fs::write(own.join("wn.txt"), SECOND).unwrap();
    std::fs::write(own.join("notes.md"), "no words").unwrap();
    let both = person.run(&["--local", "lookup", "apple"], "").ended(0).out;
    assert_eq!(both, format!("[words]\n{plain}[wn]\nn 1: fruit\nn 2: tree {{noun}}\n"));
    let ran = person.run(&["--local", "lookup", "--json", "--dictionary", "wn", "zebra"], "").ended(0);
    assert_eq!(object(&ran.out)["entries"][0]["interpretation"], "/z/ n 1: animal");
    let mut terminal = person.terminal(&["--local", "lookup", "zebra"]);
    terminal.expect("WordNet\r\n    /z/ n 1: animal\r\n");
    assert_eq!(terminal.exit(), 0);
    let ran = person.run(&["--local", "history", "--all"], "").ended(0);
    assert_eq!(ran.out.lines().count(), 4, "{}", ran.out);
    // A bad one is named, with its line.
    std::fs::write(own.join("bad.txt"), "bad\n").unwrap();
    person.run(&["--local", "lookup", "apple"], "").ended(65).complained("bad.txt is refused: line 1: ");
}
