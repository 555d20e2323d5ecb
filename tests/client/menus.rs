//! The menus in a pseudo-terminal, as a person goes through them.

use crate::person::{self, Person, no_trace};
use crate::prompts::{level_one, level_two, log_in, look_up, register};
use support::PASSWD;
use support::terminal::Terminal;

/// Looks a word up and reads the answer, up to the next prompt.
fn answer(terminal: &mut Terminal, word: &str) -> String {
    terminal.line(word);
    terminal.read_to("Word (## to go back): ").replace("\r\n", "\n")
}

/// Shows the history, and gives back its lines, up to the next menu.
fn history(terminal: &mut Terminal, count: &str) -> Vec<String> {
    terminal.line("2");
    terminal.expect("How many (Enter: the last ten, a: all): ");
    terminal.line(count);
    let shown = terminal.read_to("3  log out");
    terminal.expect("> ");
    shown.lines().map(str::to_owned).collect()
}

/// The words of the rows of a history of `ann`'s.
fn words(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| Some(line.strip_prefix("ann   ")?.split("  ").next().unwrap())).collect()
}

#[test]
fn a_whole_session() {
    let daemon = person::daemon("");
    let person = Person::new(person::port(&daemon));
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    // Two passwords that differ: nothing is registered, nothing is even sent.
    register(&mut terminal, "ann", PASSWD, "another horse");
    terminal.expect("the two passwords differ");
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    terminal.expect("wrong name or password");
    level_one(&mut terminal);

    register(&mut terminal, "ann", PASSWD, PASSWD);
    terminal.expect("Account ann is registered.");
    level_two(&mut terminal);
    terminal.line("3");
    terminal.expect("Logged out.");
    level_one(&mut terminal);
    register(&mut terminal, "ann", PASSWD, PASSWD);
    terminal.expect("the name is taken");
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", "wrong horse");
    terminal.expect("wrong name or password");
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    terminal.expect("Welcome, ann.");
    level_two(&mut terminal);
    assert_eq!(history(&mut terminal, "")[1], "Nothing has been looked up yet.");

    look_up(&mut terminal);
    assert_eq!(answer(&mut terminal, "apple"), "apple\napple  n. 苹果\n");
    assert_eq!(answer(&mut terminal, "zzz"), "zzz\nnot found: zzz\n");
    // Blanks within a word belong to it, those around it do not.
    assert_eq!(answer(&mut terminal, "  ice cream "), "  ice cream \nice cream  n. 冰淇淋\n");
    assert_eq!(answer(&mut terminal, "ZOO"), "ZOO\nzoo  n. 动物园\n");
    assert_eq!(answer(&mut terminal, "bank"), "bank\nbank\n  n. 银行\n  n. 河岸\n");
    assert_eq!(answer(&mut terminal, ""), "\n");
    assert_eq!(answer(&mut terminal, "# #"), "# #\nnot found: # #\n");
    // `##` ends looking up here, and only here.
    terminal.line("##");
    level_two(&mut terminal);

    // Newest first; what was not found is not there.
    let last = history(&mut terminal, "");
    assert_eq!(words(&last), ["bank", "zoo", "ice cream", "apple"], "{last:?}");
    assert_eq!(words(&history(&mut terminal, "a")), ["bank", "zoo", "ice cream", "apple"]);
    assert_eq!(words(&history(&mut terminal, "2")), ["bank", "zoo"]);
    for nonsense in ["0", "1001", "x", "-1", "2 3"] {
        let said = history(&mut terminal, nonsense).join("\n");
        assert!(said.contains("Enter a number from 1 to 1000"), "{nonsense}: {said}");
    }
    terminal.line("5");
    terminal.expect("\"5\" is not on the menu");
    level_two(&mut terminal);
    terminal.line("3");
    terminal.expect("Logged out.");
    level_one(&mut terminal);
    terminal.line("quit");
    terminal.expect("is not on the menu");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    assert!(terminal.echoes());
    // No password shows, right or wrong.
    let shown = terminal.shown();
    assert!(!shown.contains("horse"), "{shown}");
    no_trace(&shown);
}

#[test]
fn the_last_ten_are_ten() {
    let daemon = person::daemon("");
    let mut connection = daemon.connect_as("ann");
    for word in ["pear", "apple", "apple", "apple", "apple", "apple", "apple", "apple", "apple", "apple", "zoo"] {
        assert!(connection.ask_line(&format!("Q ann {word}")).starts_with("OK "));
    }
    let mut terminal = Person::new(person::port(&daemon)).terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    let last = history(&mut terminal, "");
    assert_eq!((words(&last).len(), words(&last)[0], words(&last)[9]), (10, "zoo", "apple"), "{last:?}");
    // The first row of a word shows how often it is among them.
    let counted = |row: &&String| row.starts_with("ann   ") && row.contains(" times)");
    let rows: Vec<&String> = last.iter().filter(|row| row.starts_with("ann   ")).collect();
    assert_eq!(last.iter().filter(counted).collect::<Vec<_>>(), [rows[1]]);
    assert!(rows[1].contains("apple") && rows[1].ends_with("  (9 times)"), "{last:?}");
    assert_eq!(words(&history(&mut terminal, "a"))[10], "pear");
}

/// A name given on the command line is offered; Enter takes it.
#[test]
fn the_name_is_offered() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let mut terminal = Person::new(person::port(&daemon)).terminal(&["--user", "ann"]);
    level_one(&mut terminal);
    terminal.line("2");
    terminal.expect("Name [ann]: ");
    terminal.line("");
    terminal.expect_hidden("Password: ");
    // What is typed wrong is taken back with the usual keys.
    terminal.keys("correct donkey");
    terminal.keys(&"\u{7f}".repeat("donkey".len()));
    terminal.line("horse");
    terminal.expect("Welcome, ann.");
}

/// The server's rules for new names are its own reasons.
#[test]
fn what_cannot_be_a_new_name() {
    let daemon = person::daemon("");
    let person = Person::new(person::port(&daemon));
    for (name, why) in [("a\u{202e}b", "holds no invisible characters"), ("e\u{301}", "composed form (NFC)")] {
        person.run_as(name, &["register"], "").ended(65).complained(why);
    }
}

/// Invalid names and passwords are reported before anything is sent.
#[test]
fn what_cannot_be_a_name() {
    let person = Person::new("127.0.0.1:1");
    let mut terminal = person.terminal(&[]);
    for name in ["", "a b", "\u{3000}", &"x".repeat(33)] {
        level_one(&mut terminal);
        terminal.line("1");
        terminal.expect("Name: ");
        terminal.line(name);
        terminal.expect("a name has 1 to 32 characters and no white space");
    }
    level_one(&mut terminal);
    terminal.line("2");
    terminal.expect("Name: ");
    terminal.line("ann");
    terminal.expect_hidden("Password: ");
    terminal.line("");
    terminal.expect("a password has 1 to 256 characters");
    level_one(&mut terminal);
}

/// A word that can't be sent is reported, and the next one is asked for.
#[test]
fn what_cannot_be_a_word() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let mut terminal = Person::new(person::port(&daemon)).terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.bytes_in(b"\xff\xfe\n");
    terminal.expect("UTF-8");
    terminal.expect("Word (## to go back): ");
    terminal.line(&"x".repeat(1_100));
    terminal.expect("too long");
    terminal.expect("Word (## to go back): ");
    // Ctrl-V makes the terminal hand on the next key as it is.
    terminal.line("a\u{16}\u{1b}b");
    terminal.expect("control character");
    terminal.expect("Word (## to go back): ");
    assert!(answer(&mut terminal, "pear").contains("梨"));
}
