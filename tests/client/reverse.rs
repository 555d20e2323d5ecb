//! Looking up a Chinese word, and searching: on a terminal, in the menus, at the prompt, through pipes, as JSON, and on
//! the private server.

use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in, look_up};
use std::os::unix::fs::PermissionsExt;
use support::terminal::Terminal;
use support::{Daemon, PASSWD, Setup, Store};

const WORDS: &str = "I\tpron. 我 {k1}\napple\t/a/ n. 苹果; 苹果树\\n» An apple. 一个苹果。\\n{k2}\n\
    cider\tn. (英式用法) 苹果酒\ncodling\tn. 小鳕鱼; 苹果\neat\tv. 吃\nlike\tv. 喜欢; 像\n\
    unkindness\tn. 不友善\nunusual\tadj. 不寻常的\n";
const WORD: &str = "Word (## to go back): ";

fn daemon() -> Daemon {
    let daemon = Setup::new(Store::Sqlite).words(WORDS).start();
    daemon.connect_as("ann");
    daemon
}

fn history(daemon: &Daemon) -> Vec<String> {
    let mut ann = daemon.connect();
    ann.login("ann");
    ann.history("ann")
}

fn objects(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `lookup` on a terminal, up to the question.
fn asked(person: &Person, arguments: &[&str]) -> Terminal {
    let mut terminal = person.terminal(&[&["--user", "ann", "lookup"], arguments].concat());
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal
}

#[test]
fn one_is_chosen_on_a_terminal() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    let script = person.file("say", "#!/bin/sh\nprintf '%s\\n' \"$@\" >> said\n");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut terminal = asked(&person, &["苹果", &format!("--say={}", script.display())]);
    terminal.expect("Words for 苹果:\r\n   1  apple    n. 苹果; 苹果树\r\n   2  codling  n. 小鳕鱼; 苹果\r\n");
    terminal.expect("Number (Enter: none): ");
    assert_eq!(history(&daemon), [""; 0]);
    terminal.line("7");
    terminal.expect("1 to 3");
    terminal.expect("Number (Enter: none): ");
    terminal.line("2");
    terminal.expect("codling  n. 小鳕鱼; 苹果\r\n");
    assert_eq!(terminal.exit(), 0);
    assert_eq!(history(&daemon), ["codling"]);
    assert_eq!(std::fs::read_to_string(person.home().join("said")).unwrap(), "codling\n", "and it was said");
    // No choice; and other words before and behind, each in its turn.
    let mut terminal = asked(&person, &["eat", "蘋果", "like"]);
    terminal.expect("eat  v. 吃\r\n");
    terminal.expect("Words for 蘋果:");
    terminal.expect("Number (Enter: none): ");
    terminal.line("");
    terminal.expect("like  v. 喜欢; 像\r\n");
    assert_eq!(terminal.exit(), 1);
    assert_eq!(history(&daemon), ["like", "eat", "codling"]);
    // What leads to nothing is not found.
    let mut terminal = asked(&person, &["没有"]);
    terminal.expect("cidian: not found: 没有\r\n");
    assert_eq!(terminal.exit(), 1);
}

#[test]
fn typed_into_lookup_a_number_or_the_next_word() {
    let daemon = daemon();
    let mut terminal = asked(&Person::new(person::port(&daemon)), &[]);
    terminal.expect("Words, one a line");
    terminal.line("我喜欢吃苹果");
    terminal.expect("   1  like     v. 喜欢; 像\r\n   2  apple    n. 苹果; 苹果树\r\n");
    terminal.expect("Number (Enter: none): ");
    terminal.line("eat");
    terminal.expect("eat  v. 吃\r\n");
    terminal.line("苹果酒");
    terminal.expect("Number (Enter: none): ");
    terminal.line("1");
    terminal.expect("cider  n. (英式用法) 苹果酒\r\n");
    assert_eq!(history(&daemon), ["cider", "eat"]);
}

#[test]
fn in_the_menus_by_number() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    for (language, words_for) in [("C", "Words for 苹果:\r\n"), ("zh_CN.UTF-8", "“苹果”对应的词条：\r\n")]
    {
        let mut terminal = Person::new(person::port(&daemon)).with("LC_ALL", language).terminal(&[]);
        if language == "C" {
            level_one(&mut terminal);
            log_in(&mut terminal, "ann", PASSWD);
            level_two(&mut terminal);
            look_up(&mut terminal);
        } else {
            terminal.expect("> ");
            terminal.line("2");
            terminal.expect("：");
            terminal.line("ann");
            terminal.expect_hidden("密码：");
            terminal.line(PASSWD);
            terminal.expect("> ");
            terminal.line("1");
            terminal.expect("##");
        }
        terminal.line("苹果");
        terminal.expect(words_for);
        terminal.expect("   3  cider    n. (英式用法) 苹果酒\r\n");
        terminal.line("3");
        terminal.expect("cider  n. (英式用法) 苹果酒\r\n");
    }
    assert_eq!(history(&daemon), ["cider", "cider"]);
    // A script types words, not numbers.
    let input = format!("2\nann\n{PASSWD}\n1\n苹果\n1\n##\n3\n3\n");
    let ran = person.run(&[], input).ended(0);
    assert!(ran.out.contains("not found: 苹果\nDid you mean: apple, codling, cider?\n"), "{}", ran.out);
    assert!(ran.out.contains("not found: 1\n"), "{}", ran.out);
}

#[test]
fn tab_takes_chinese() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon)).with("TERM", "xterm-256color");
    let mut terminal = Terminal::start(person.command(&[]), 80, 24);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.keys("苹果酒");
    let row = |screen: &vt100::Screen| {
        let (at, _) = screen.cursor_position();
        screen.contents_between(at, 0, at, screen.size().1).trim_end().to_owned()
    };
    terminal.press_until("\t", "cider", |screen| row(screen) == format!("{WORD}cider"));
    terminal.line("");
    terminal.expect("(英式用法) 苹果酒");
    terminal.expect(WORD);
    terminal.keys("苹果");
    terminal.press_until("\t", "a list", |screen| screen.contents().contains("apple    codling"));
}

#[test]
fn through_a_pipe_and_as_json() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    let ran = person.run_as("ann", &["lookup", "苹果"], "").ended(1).complained("not found: 苹果");
    assert_eq!(ran.out, "apple\tn. 苹果; 苹果树\ncodling\tn. 小鳕鱼; 苹果\ncider\tn. (英式用法) 苹果酒\n");
    // A filter stays in step, and asks for nothing else.
    person.run_as("ann", &["lookup"], "苹果\neat\n").ended(1).complained("not found: 苹果");
    assert_eq!(person.run_as("ann", &["lookup"], "苹果\neat\n").out, "\nv. 吃\n");
    assert_eq!(person.run_as("ann", &["lookup", "--field", "headword", "苹果"], "").out, "");
    let expected = serde_json::json!({
        "word": "苹果", "found": false, "suggestions": ["apple", "codling", "cider"]
    });
    let ran = person.run_as("ann", &["lookup", "--json", "苹果", "我喜歡吃蘋果", "没有", "eat"], "").ended(1);
    let lines = objects(&ran.out);
    assert_eq!(lines[0], expected);
    assert_eq!(lines[1]["suggestions"], serde_json::json!(["like", "apple", "I", "eat", "codling"]));
    assert_eq!(lines[2]["suggestions"], serde_json::json!([]));
    assert_eq!((&lines[3]["found"], lines[3].get("suggestions")), (&true.into(), None));
    let ran = person.run_as("ann", &["lookup", "--json"], "eat\n苹果\naple\n").ended(1);
    let lines = objects(&ran.out);
    assert_eq!(lines[1], expected);
    assert_eq!(lines[2].get("suggestions"), None);
    assert_eq!(history(&daemon).into_iter().filter(|word| word != "eat").count(), 0);
}

#[test]
fn searching() {
    let daemon = daemon();
    let person = Person::new(person::port(&daemon));
    let run = |arguments: &[&str]| person.run_as("ann", &[&["search"], arguments].concat(), "");
    for (arguments, expected) in [
        (&["苹果"][..], &["apple", "codling", "cider"][..]),
        (&["蘋果酒"], &["cider"]),
        (&["an", "apple"], &["apple"]),
        (&["--headword", "un*ness"], &["unkindness"]),
        (&["--headword=un*"], &["unkindness", "unusual"]),
        (&["un*al", "--headword"], &["unusual"]),
        (&["--headword", "kind"], &["unkindness"]),
        (&["--regex", "^u.{6}$"], &["unusual"]),
        (&["--headword", "--regex", "^u.{6}$"], &["unusual"]),
        (&["--prefix", "UN"], &["unkindness", "unusual"]),
        (&["--suffix", "ness"], &["unkindness"]),
        (&["--prefix", "un", "--suffix", "al"], &["unusual"]),
        (&["--sound", "aple"], &["apple"]),
    ] {
        let ran = run(arguments).ended(0);
        let found: Vec<&str> = ran.out.lines().map(|line| line.split_once('\t').unwrap().0).collect();
        assert_eq!((found, ran.err.as_str()), (expected.to_vec(), ""), "{arguments:?}");
        let ran = run(&[arguments, &["--json"]].concat()).ended(0);
        let found: Vec<_> = objects(&ran.out).iter().map(|object| object["headword"].clone()).collect();
        assert_eq!(found, expected, "{arguments:?}");
    }
    run(&["一个苹果"]).ended(0).said("apple\t/a/ n. 苹果; 苹果树\\n» An apple. 一个苹果。\\n{k2}\n");
    run(&["没有"]).ended(1).complained("Nothing matches.");
    run(&["--regex", "("]).ended(65).complained("not a valid regular expression");
    run(&[" "]).ended(65);
    run(&[&"x".repeat(1_100)]).ended(65);
    run(&["--prefix", "a", "--regex", "b"]).ended(64);
    run(&[]).ended(64);
    assert_eq!(history(&daemon), [""; 0]);
    let mut terminal = person.terminal(&["--user", "ann", "search", "--prefix", "un"]);
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal.expect("unkindness  n. 不友善\r\nunusual  adj. 不寻常的\r\n");
    assert_eq!(terminal.exit(), 0);
}

/// As many as there are, and that there may be more.
#[test]
fn searching_has_an_end() {
    let many: String = (0..500).map(|number| format!("w{number:03}\tn. 多 {number}\n")).collect();
    let daemon = Setup::new(Store::Sqlite).words(many).start();
    daemon.connect_as("ann");
    let ran = Person::new(person::port(&daemon)).run_as("ann", &["search", "多"], "").ended(0);
    assert_eq!((ran.out.lines().count(), ran.err.as_str()), (200, "The first 200; there may be more.\n"));
    assert_eq!(ran.out.lines().nth(77), Some("w077\tn. 多 77"));
}

#[test]
fn on_the_private_server() {
    let person = Person::new("");
    let ran = person.run(&["--local", "search", "--headword", "un*ness"], "").ended(0);
    assert!(ran.out.lines().any(|line| line.starts_with("unhappiness\t")), "{}", ran.out);
    let ran = person.run(&["--local", "--json", "苹果"], "").ended(1);
    assert_eq!(objects(&ran.out)[0]["suggestions"][0], "apple", "{}", ran.out);
    person.run(&["--local", "history"], "").ended(0).said("");
}
