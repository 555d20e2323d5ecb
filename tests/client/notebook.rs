//! The notebook: stars by subcommands and at the prompt, on a terminal and through pipes, in both languages and stores.

use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in, look_up};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use support::terminal::{CTRL_C, CTRL_D, Terminal};
use support::{Daemon, PASSWD, Setup, Store, on_both_stores};
use time::{Duration, OffsetDateTime};

on_both_stores!(
    stars_and_what_is_said_of_them,
    the_history_and_the_deck_of_what_is_starred,
    stars_at_the_prompt,
    reviews_through_a_pipe,
    reviews_by_keys_on_a_narrow_terminal,
    two_reviews_at_once,
    a_look_back,
    a_picture_of_a_year,
    a_list_of_words_becomes_stars,
    the_menu_of_the_notebook
);

/// A daemon over a store, and a user who has looked these words up as ann.
fn reader(store: Store, words: &[&str]) -> (Daemon, Person) {
    let daemon = Setup::new(store).start();
    let mut ann = daemon.connect_as("ann");
    for word in words {
        assert!(ann.ask_line(&format!("Q ann {word}")).starts_with("OK "));
    }
    let person = Person::new(person::port(&daemon));
    (daemon, person)
}

/// Ann looks one more word up.
fn looks_up(daemon: &Daemon, word: &str) {
    let mut ann = daemon.connect();
    ann.login("ann");
    assert!(ann.ask_line(&format!("Q ann {word}")).starts_with("OK "));
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
    run(&["unstar", "ice cream", "--tag", "food"]).ended(0).said("ice cream is now without: food\n");
    run(&["unstar", "ice cream", "--tag", "nosuch", "--tag", "cet4"])
        .ended(0)
        .said("ice cream is now without: nosuch, cet4\n");
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
fn stars_at_the_prompt(store: Store) {
    let (_daemon, person) = reader(store, &[]);
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
        let server = support::mariadb::MariaDb::start();
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
    person.run(&["star", "apple"], "").ended(75).complained("database is unavailable");
    server.restart();
    let starred = || person.run(&["star", "apple"], "").status == 0;
    support::wait_until("the star is taken", starred);
    assert!(person.run(&["stars"], "").ended(0).out.starts_with("apple\t"));
}

/// Grades through a pipe, by lines: the answer, a grade at once, one that is not a grade, the end of the input.
fn reviews_through_a_pipe(store: Store) {
    let (daemon, person) = reader(store, &["apple", "pear", "zoo"]);
    person.run_as("ann", &["review"], "").ended(0).said("Nothing is due for review.\n");
    person.run_as("ann", &["star", "apple", "pear", "--note", "A note."], "").ended(0);
    person.run_as("ann", &["star", "zoo"], "").ended(0);
    let count = || person.run_as("ann", &["review", "--count"], "").ended(0).out;
    assert_eq!(count(), "3\n");
    person.run_as("ann", &["review", "--count", "--json"], "").ended(0).said("{\"due\":3,\"stars\":3}\n");
    // What has waited for longest comes first; the end of the input stops.
    let ran = person.run_as("ann", &["review"], "\n9\n4\n4\n").ended(0);
    for part in ["apple", "苹果", "A note.", "Next: ", "pear", "zoo"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(ran.out.ends_with("Grades: 2. Still due: 1.\n"), "{}", ran.out);
    assert_eq!(count(), "1\n");
    // What was not remembered comes again in the same review.
    let ran = person.run_as("ann", &["review"], "1\n3\n").ended(0);
    assert_eq!(ran.out.matches("zoo\n").count(), 2, "{}", ran.out);
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM review"), ["4"]);
    // The history may be reviewed at any time; the first grade stars a word.
    looks_up(&daemon, "bank");
    let ran = person.run_as("ann", &["review", "--from", "history", "--since", "1h", "-n", "1"], "2\n").ended(0);
    assert!(ran.out.contains("bank") && ran.out.contains("Grades: 1."), "{}", ran.out);
    assert!(person.run_as("ann", &["stars"], "").ended(0).out.contains("bank\t"));
    person.run_as("ann", &["review", "--tag", "none"], "").ended(0).said("Nothing is due for review.\n");
    person.run_as("ann", &["review", "--since", "2w"], "").ended(64);
    person.run_as("ann", &["review", "-n", "0"], "").ended(64);
}

/// With single keys on a terminal of 40 columns: what is not a key of the question changes nothing; Ctrl-C leaves, and
/// the grades of before are kept.
fn reviews_by_keys_on_a_narrow_terminal(store: Store) {
    let (daemon, person) = reader(store, &["apple", "pear", "zoo"]);
    let person = person.with("TERM", "xterm");
    person.run_as("ann", &["login"], "").ended(0);
    person
        .run(&["star", "apple", "pear", "zoo", "--note", "A sentence that is too long for forty columns of text."], "")
        .ended(0);
    let review = || Terminal::start(person.command(&["review"]), 40, 24);
    let mut terminal = review();
    terminal.expect("q: stop");
    terminal.keys("x\u{1b}[A");
    terminal.keys("\r");
    terminal.expect("苹果");
    terminal.expect("4 easy: ");
    terminal.keys("4");
    terminal.expect("Next: ");
    terminal.expect("q: stop");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.exit(), 130);
    assert_eq!(daemon.sql("SELECT grade FROM review"), ["4"]);
    // It goes on where it stopped; Ctrl-D leaves in good order.
    let mut terminal = review();
    terminal.expect("pear");
    terminal.keys(" ");
    terminal.expect("4 easy: ");
    terminal.keys("3");
    terminal.expect("zoo");
    terminal.keys(CTRL_D);
    terminal.expect("Grades: 1.");
    assert_eq!(terminal.exit(), 0);
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM review"), ["2"]);
    // The terminal is as it was: it echoes.
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", &format!("{} review </dev/tty; stty -a", env!("CARGO_BIN_EXE_cidian"))]);
    command.env_clear().envs(person.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut shell = Terminal::start(command, 40, 24);
    shell.expect("q: stop");
    shell.keys("q");
    shell.expect(" icanon");
    shell.expect(" echo ");
    assert_eq!(shell.exit(), 0);
}

/// Two reviews at once: every grade counts.
fn two_reviews_at_once(store: Store) {
    let (daemon, person) = reader(store, &["apple", "pear"]);
    person.run_as("ann", &["star", "apple", "pear"], "").ended(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| person.run_as("ann", &["review"], "4\n4\n").ended(0));
        }
    });
    let kept: u32 = daemon.sql("SELECT SUM(reps) FROM star").remove(0).parse().unwrap();
    assert!((2..=4).contains(&kept));
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM review"), [kept.to_string()]);
}

/// Lookups of many days, put into the database past the daemon.
fn old_lookups(daemon: &Daemon) {
    let today = OffsetDateTime::now_utc().date();
    for (days, words) in [(0, 3), (1, 1), (2, 2), (10, 5), (400, 1)] {
        let day = today - Duration::days(days);
        for word in 0..words {
            daemon.sql(&format!(
                "INSERT INTO hist (user_id, name, word, time, origin) \
                 SELECT id, name, 'w{word}', '{day} 12:00:00.00000{word}', {days} FROM user WHERE name = 'ann'"
            ));
        }
    }
}

fn a_look_back(store: Store) {
    let (daemon, person) = reader(store, &[]);
    let person = person.with("TZ", "UTC");
    looks_up(&daemon, "apple");
    person.run_as("ann", &["star", "apple"], "").ended(0);
    daemon.sql("DELETE FROM hist");
    old_lookups(&daemon);
    let stats = lines(&person, &["stats", "--json"]).remove(0);
    for (key, value) in [
        ("lookups", 11),
        ("words", 5),
        ("new_words", 4),
        ("days", 4),
        ("streak", 3),
        ("longest_streak", 3),
        ("stars", 1),
        ("due", 1),
    ] {
        assert_eq!(stats[key], value, "{key}: {stats}");
    }
    assert_eq!(stats["most"][0], json!({"word": "w0", "count": 4}));
    assert_eq!(stats["per_day"].as_array().map(Vec::len), Some(4));
    assert_eq!(lines(&person, &["stats", "--json", "--since", "5d"])[0]["lookups"], 6);
    assert_eq!(lines(&person, &["stats", "--json", "--since", "2y"])[0]["lookups"], 12);
    // Through a pipe that knows no UTF-8, and one that does.
    let plain = person.run_as("ann", &["stats"], "").ended(0).out;
    assert!(plain.is_ascii() && plain.contains("Days in a row, now") && plain.contains('#'), "{plain}");
    let person = person.with("TERM", "xterm").with("LC_ALL", "zh_CN.UTF-8");
    let blocks = person.run_as("ann", &["stats"], "").ended(0).out;
    assert!(blocks.contains("目前连续天数") && blocks.contains('█') && blocks.contains('·'), "{blocks}");
    // On a narrow terminal nothing is wider than it.
    let person = person.with("PAGER", "cat");
    let file = person.password_file(PASSWD);
    let arguments = ["--user", "ann", "--password-file", file.to_str().unwrap(), "stats", "--svg", "year.svg"];
    let mut terminal = Terminal::start(person.command(&arguments), 40, 60);
    terminal.expect("查得最多");
    terminal.expect("w0");
    assert_eq!(terminal.exit(), 0);
}

fn a_picture_of_a_year(store: Store) {
    let (daemon, person) = reader(store, &["apple"]);
    old_lookups(&daemon);
    person.run_as("ann", &["stats", "--svg", "year.svg"], "").ended(0);
    let picture = std::fs::read_to_string(person.home().join("year.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"), "{picture}");
    assert_eq!(picture.matches("<rect").count(), 365);
    assert_eq!(picture.matches("<title>").count(), 365);
    person.run_as("ann", &["stats", "--svg", "none/year.svg"], "").ended(74).complained("none/year.svg");
}

#[test]
fn words_of_the_day_and_any() {
    let words = "apple\tn. 苹果 {cet4 k1}\npear\tn. 梨\nserendipity\tn. 机缘 {cet6}\nzoo\tn. 动物园\n";
    for table in [false, true] {
        for store in [Store::Sqlite, Store::MariaDb] {
            let options = if table { "--lookup database" } else { "" };
            let daemon = Setup::new(store).words(words).options(options).start();
            if table {
                assert!(daemon.tool(&["words", "load", "words.txt"]).status.success());
            }
            daemon.connect_as("ann");
            let person = Person::new(person::port(&daemon));
            let run = |arguments: &[&str]| person.run_as("ann", arguments, "").ended(0).out;
            assert_eq!(run(&["today"]), run(&["today"]));
            assert_eq!(run(&["random", "--tag", "cet6"]), "serendipity  n. 机缘 {cet6}\n");
            assert_eq!(run(&["today", "--tag", "k1"]), "apple  n. 苹果 {cet4 k1}\n");
            let mut found: Vec<String> = (0..60).map(|_| run(&["random", "--json"])).collect();
            found.sort();
            found.dedup();
            assert!(found.len() > 1, "{found:?}");
            person.run_as("ann", &["random", "--tag", "none"], "").ended(1).complained("no word has the tag none");
            assert_eq!(run(&["history"]), "", "nothing is recorded");
        }
    }
    let person = Person::new("");
    let today = person.run(&["--local", "today"], "").ended(0).out;
    assert!(!today.is_empty() && person.run(&["--local", "today"], "").ended(0).out == today);
}

fn a_list_of_words_becomes_stars(store: Store) {
    let (_daemon, person) = reader(store, &["apple"]);
    person.run_as("ann", &["star", "apple"], "").ended(0);
    let file = person.file("words.txt", "# lesson 7\napple\nxyzzy\npears\nice cream\n");
    let arguments = ["import", file.to_str().unwrap(), "--tag", "lesson7"];
    let ran = person.run_as("ann", &arguments, "").ended(1);
    let ran = ran.complained(&format!("cidian: {}: line 3: xyzzy: not in the dictionary", file.display()));
    assert_eq!(ran.out, "Starred: 2 new, 1 known. Refused: 1.\n");
    let mut words: Vec<Value> = lines(&person, &["stars", "--tag", "lesson7", "--json"]);
    words.sort_by_key(|star| star["word"].to_string());
    assert_eq!(words.iter().map(|star| &star["word"]).collect::<Vec<_>>(), ["apple", "ice cream", "pear"]);
    // Out as CSV, into another account.
    let csv = person.run_as("ann", &["export", "--starred", "--csv", "-"], "").ended(0).out;
    person.run_as("bob", &["register"], "").ended(0);
    let ran = person.run_as("bob", &["import", "-", "--json"], csv).ended(0);
    assert_eq!(
        serde_json::from_str::<Value>(&ran.out).unwrap(),
        json!({"ok": true, "new": 3, "known": 0, "refused": []})
    );
    let theirs: Value =
        serde_json::from_str(person.run_as("bob", &["stars", "--json"], "").out.lines().next().unwrap()).unwrap();
    assert_eq!(theirs["tags"], json!(["lesson7"]));
    person.run_as("bob", &["import", "none.txt"], "").ended(74).complained("none.txt");
    // Whoever refuses a line, the lines are in order.
    person.file("order.txt", &format!("xyzzy\n{}\nxyzzz\n", "x".repeat(300)));
    let ran = person.run_as("bob", &["import", "order.txt"], "").ended(1);
    let numbers: Vec<&str> = ran.err.lines().filter_map(|line| line.split(": ").nth(2)).collect();
    assert_eq!(numbers, ["line 1", "line 2", "line 3"], "{}", ran.err);
    assert!(ran.err.lines().all(|line| line.starts_with("cidian: order.txt: ")), "{}", ran.err);
}

/// It is refused before anything is sent, with its line and the remedy.
#[test]
fn a_file_that_is_not_utf_8_is_not_imported() {
    for (bytes, english, chinese) in [
        (
            b"apple\npe\xe9r\n".as_slice(),
            "words.txt: line 2: not UTF-8 (byte 3 of the line); convert the file with: iconv -f GB18030 -t UTF-8",
            "第 2 行",
        ),
        (b"\xff\xfea\0\n\0", "words.txt: line 1: the file is UTF-16; convert it with: iconv -f UTF-16", "UTF-16"),
        (b"\xfe\xff\0a\0\n", "words.txt: line 1: the file is UTF-16; convert it with: iconv -f UTF-16", "UTF-16"),
    ] {
        for (language, part) in [("C", english), ("zh_CN.UTF-8", chinese)] {
            let person = Person::new("127.0.0.1:1").with("LANG", language);
            std::fs::write(person.home().join("words.txt"), bytes).unwrap();
            person.run(&["import", "words.txt"], "").ended(65).complained(part).complained("iconv -f");
        }
    }
}

#[test]
fn a_command_says_words() {
    let (_daemon, person) = reader(Store::Sqlite, &[]);
    let script = person.file("say", "#!/bin/sh\nprintf '%s\\n' \"$@\" >> said\n");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = || std::fs::read_to_string(person.home().join("said")).unwrap_or_default();
    let say = format!("--say={} -v en", script.display());
    person.run_as("ann", &["random", &say], "").ended(0);
    let first = said();
    assert!(first.starts_with("-v\nen\n") && first.lines().count() == 3, "{first}");
    person
        .run_as("ann", &["random", "--say=/no/such/program"], "")
        .ended(0)
        .complained("/no/such/program cannot read words aloud");
    // Each headword of a lookup, to its end; a filter reads nothing aloud.
    let before = said().len();
    person.run_as("ann", &["lookup", "pears", "nosuchword", "apple", &say], "").ended(1);
    person.run_as("ann", &["lookup", &say], "apple\n").ended(0);
    assert_eq!(said()[before..], *"-v\nen\npear\n-v\nen\napple\n");
    let first = said();
    // In the menus by a key, and with --say each word.
    let menus = format!("2\nann\n{PASSWD}\n1\napple\n!\n##\n3\n3\n");
    let quiet = person.with("CIDIAN_SAY", script.to_str().unwrap());
    quiet.run(&[], menus.clone()).ended(0);
    let again = std::fs::read_to_string(quiet.home().join("said")).unwrap();
    assert_eq!(again[first.len()..], *"apple\n");
    quiet.run(&["--say"], menus).ended(0);
    let all = std::fs::read_to_string(quiet.home().join("said")).unwrap();
    assert!(all.ends_with("apple\napple\n") || all.ends_with("apple\n"), "the second may cut the first off: {all}");
}

fn the_menu_of_the_notebook(store: Store) {
    let (_daemon, person) = reader(store, &["apple"]);
    person.run_as("ann", &["star", "apple"], "").ended(0);
    let typed = format!("2\nann\n{PASSWD}\n4\n2\n1\n\n4\n3\n7\n4\n3\n3\n");
    let ran = person.run(&[], typed.clone()).ended(0);
    for part in [
        "4  notebook",
        "1  review",
        "苹果",
        "Next: ",
        "Days in a row",
        "\"7\" is not on the menu: 1 to 4.",
        "Logged out.",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let ran = person.run(&["--lang", "zh"], typed).ended(0);
    assert!(ran.out.contains("4  生词本") && ran.out.contains("现在没有要复习的单词"), "{}", ran.out);
    // The end of the input leaves all menus.
    for typed in ["4\n", "4\n1\n"] {
        person.run(&[], format!("2\nann\n{PASSWD}\n{typed}")).ended(0);
    }
}
