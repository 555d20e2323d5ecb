//! `words load`: a lookup sees either the old dictionary or the new one, never a mixture, whatever becomes of a load;
//! and no lookup waits for a load.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use support::{Daemon, PATIENCE, Setup, Store, on_both_stores, wait_for};

on_both_stores!(
    a_killed_load_changes_nothing,
    loads_in_a_row,
    nobody_waits_for_a_load,
    the_second_of_two_loads_is_refused,
    several_dictionaries_answer_as_the_files_do,
    long_heads_are_no_hindrance,
    bad_files_change_nothing,
);

const MANY: usize = 60_000;

fn generated(count: usize, what: &str) -> String {
    (0..count).map(|n| format!("word{n:06}\t{what} 第 {n} 条的解释，不长也不短\n")).collect()
}

/// The rows that are looked up.
const VALID: &str =
    "(generation = 0 OR generation = (SELECT CAST(value AS DECIMAL) FROM meta WHERE name = 'words_generation'))";

/// How many rows there are that a load has written and not yet made everybody's, or that it has not deleted yet.
fn beside(daemon: &Daemon) -> usize {
    daemon.sql(&format!("SELECT COUNT(*) FROM words WHERE NOT {VALID}"))[0].parse().expect("a number")
}

fn begin_load(daemon: &Daemon, file: &str) -> Child {
    let mut command = daemon.tool_command(&["words", "load", file]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cidiand runs")
}

fn wait_for_rows(daemon: &Daemon, load: &mut Child, rows: usize) {
    wait_for("the load to be at work", PATIENCE, || {
        if beside(daemon) > rows {
            return Some(());
        }
        assert!(load.try_wait().expect("it is ours").is_none(), "the load is over before it was seen at work");
        None
    });
}

fn a_killed_load_changes_nothing(store: Store) {
    let daemon = Setup::new(store).options("--lookup database").no_words().start();
    std::fs::write(daemon.path("old"), "# title: Old\napple\told\nzoo\told\n").expect("a file");
    std::fs::write(daemon.path("many"), format!("# title: New\napple\tnew\n{}", generated(MANY, "新")))
        .expect("a file");
    assert!(daemon.tool(&["words", "load", "old"]).status.success());
    let mut ann = daemon.connect_as("ann");
    for (round, rows) in [0, 20_000].into_iter().enumerate() {
        let mut load = begin_load(&daemon, "many");
        // Of the second one less is there than of the first: what that has left goes first.
        wait_for("the leftovers to be cleared", PATIENCE, || {
            let own = "SELECT COUNT(*) FROM words WHERE generation < (SELECT MAX(generation) FROM words) AND NOT";
            (round == 0 || daemon.sql(&format!("{own} {VALID}")) == ["0"]).then_some(())
        });
        wait_for_rows(&daemon, &mut load, rows);
        // Its readers see nothing of it while it goes on.
        assert_eq!(ann.ask("S ann word"), ["OK 0"]);
        load.kill().expect("it is ours");
        let status = load.wait().expect("it is ours");
        assert_eq!(status.signal(), Some(9), "it was killed before it was done");
        let valid = format!("SELECT word FROM words WHERE {VALID} ORDER BY word");
        assert_eq!(daemon.sql(&valid), ["apple", "zoo"], "round {round}");
        assert_eq!(ann.ask("I")[2..4], ["title\tOld", "headwords\t2"]);
        assert_eq!(ann.ask_line("Q ann apple"), "OK apple\told");
        for request in ["Q ann word000000", "Q ann WORD000000", "D ann word 000000"] {
            assert_eq!(ann.refused(request), "notfound");
        }
        assert_eq!(ann.ask("M ann substring ord"), ["OK 0"]);
        assert_eq!(ann.ask("B ann 条的解释"), ["OK 0"]);
    }
    // And nothing of it stands in the way of the next.
    let output = daemon.tool(&["words", "load", "many"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(ann.ask("I")[2..4], ["title\tNew".to_owned(), format!("headwords\t{}", MANY + 1)]);
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tnew");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM words"), [(MANY + 1).to_string()]);
    // One that is killed while it deletes the old rows has done its work.
    let mut load = begin_load(&daemon, "old");
    let shown = "SELECT value FROM meta WHERE name = 'title'";
    wait_for("the switch", PATIENCE, || (daemon.sql(shown) == ["Old"]).then_some(()));
    load.kill().expect("it is ours");
    load.wait().expect("it is ours");
    assert_eq!(ann.ask("I")[2..4], ["title\tOld", "headwords\t2"]);
    assert_eq!(ann.refused("Q ann word000000"), "notfound");
    assert_eq!(ann.ask_line("Q ann APPLE"), "OK apple\told");
    assert!(daemon.tool(&["words", "load", "old"]).status.success());
    assert_eq!(daemon.sql("SELECT word FROM words ORDER BY word"), ["apple", "zoo"]);
}

/// Twenty thousand entries, several times: each load replaces the one before, whole.
fn loads_in_a_row(store: Store) {
    let daemon = Setup::new(store).options("--lookup database").no_words().start();
    let mut ann = daemon.connect_as("ann");
    for (round, count) in [20_000, 300, 20_000].into_iter().enumerate() {
        std::fs::write(daemon.path("words"), generated(count, &format!("第{round}次"))).expect("a file");
        let output = daemon.tool(&["words", "load", "words"]);
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(&format!("{count} headwords")), "{said}");
        assert_eq!(daemon.sql("SELECT COUNT(*) FROM words"), [count.to_string()]);
        let wrong = format!("SELECT COUNT(*) FROM words WHERE interpret NOT LIKE '第{round}次%'");
        assert_eq!(daemon.sql(&wrong), ["0"]);
        assert_eq!(ann.ask("I")[3], format!("headwords\t{count}"));
        let last = count - 1;
        assert_eq!(
            ann.ask_line(&format!("Q ann WORD{last:06}")),
            format!("OK word{last:06}\t第{round}次 第 {last} 条的解释，不长也不短")
        );
    }
}

/// Lookups go on while the table is replaced: each is answered by the old words or by the new ones, first these, then
/// those, and no lookup is kept on this machine's disk because the database was busy.
fn nobody_waits_for_a_load(store: Store) {
    let daemon = Setup::new(store).options("--lookup database").no_words().start();
    let words = |what: &str| format!("apple\t{what}\n{}", generated(MANY / 2, what));
    for what in ["old", "new"] {
        std::fs::write(daemon.path(what), words(what)).expect("a file");
    }
    assert!(daemon.tool(&["words", "load", "old"]).status.success());
    let mut ann = daemon.connect_as("ann");
    let mut load = begin_load(&daemon, "new");
    let mut answers: Vec<String> = Vec::new();
    let (mut lookups, mut during) = (0, 0);
    while load.try_wait().expect("it is ours").is_none() {
        for word in ["apple", "Word000100"] {
            let answer = ann.ask_line(&format!("Q ann {word}"));
            let (_, interpret) = answer.split_once('\t').unwrap_or_else(|| panic!("{word}: {answer}"));
            let what = interpret.split(' ').next().expect("a word").to_owned();
            if answers.last() != Some(&what) {
                answers.push(what);
            }
            lookups += 1;
            during += usize::from(answers.len() == 1);
        }
    }
    assert!(load.wait().expect("it is ours").success());
    assert_eq!(ann.ask_line("D ann apple"), "OK apple\tnew");
    assert!(answers == ["old", "new"] || answers == ["old"], "{answers:?}");
    assert!(during > 0, "none of {lookups} lookups was answered while it was at work");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM hist"), [lookups.to_string()]);
    assert!(!daemon.log().contains("spool"), "{}", daemon.log());
}

fn the_second_of_two_loads_is_refused(store: Store) {
    let daemon = Setup::new(store).options("--lookup database").no_words().start();
    std::fs::write(daemon.path("many"), generated(MANY, "first")).expect("a file");
    std::fs::write(daemon.path("few"), "apple\tsecond\n").expect("a file");
    let mut first = begin_load(&daemon, "many");
    wait_for_rows(&daemon, &mut first, 0);
    let second = daemon.tool(&["words", "load", "few"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(75), "{said}");
    assert!(said.contains("another words load is under way") && said.contains("changed nothing"), "{said}");
    assert!(first.wait().expect("it is ours").success());
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM words"), [MANY.to_string()]);
    assert!(daemon.tool(&["words", "load", "few"]).status.success());
    assert_eq!(daemon.sql("SELECT interpret FROM words"), ["second"]);
}

const FIRST: &str =
    "# title: The First\n# licence: MIT\n# from: en\n# to: zh\napple\tn. 苹果\nice cream\tn. 冰淇淋\nrun\tv. 跑\n";
const SECOND: &str = "# name: A-2\n# title: The Second\nApple\tn. a company\napple\tn. a fruit\\nn. its tree\n\
    zebra\tn. an animal with stripes\n";
const THIRD: &str = "apple\t[A-2]\\nnot a heading\nrun\tv. go fast\nrunner\tn. who runs\n";

/// The same dictionaries as files and in the table: every request has the same answer.
fn several_dictionaries_answer_as_the_files_do(store: Store) {
    let write = |path: &std::path::Path, text: &str| std::fs::write(path, text).expect("a file");
    let setup = Setup::new(Store::Sqlite).words(FIRST);
    let more = setup.path("more.d");
    std::fs::create_dir(&more).expect("a directory");
    write(&more.join("second.txt"), SECOND);
    write(&more.join("third.txt"), THIRD);
    let text = setup.options("--words").options(more.to_str().expect("UTF-8")).start();
    let table = Setup::new(store).options("--lookup database").no_words().start();
    let file = table.path("words.txt");
    write(&file, FIRST);
    for (files, arguments) in [
        (1, vec!["words", "load", file.to_str().expect("UTF-8")]),
        (3, vec!["words", "load", file.to_str().expect("UTF-8"), more.to_str().expect("UTF-8")]),
    ] {
        let output = table.tool(&arguments);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(table.sql("SELECT COUNT(DISTINCT dictionary) FROM words"), [files.to_string()]);
        assert_eq!(table.sql("SELECT COUNT(*) FROM words"), [(3 * files).to_string()]);
    }
    let (mut there, mut here) = (text.connect_as("ann"), table.connect_as("ann"));
    for request in [
        "I",
        "Q ann apple",
        "Q ann Apple",
        "Q ann APPLES",
        "Q ann icecream",
        "Q ann zebras",
        "Q ann run",
        "D ann running",
        "D ann zzz",
        "A ann apples",
        "A ann zebra",
        "A ann Apple",
        "A ann zzz",
        "S ann a",
        "S ann aple",
        "S ann ru",
        "M ann prefix r",
        "M ann glob *e*",
        "M ann text fast",
        "B ann 苹果",
        "B ann a fruit",
        "B ann go fast",
        "G ann pick 0",
        "G ann pick 3",
        // Some of them only.
        "U ann nowhere",
        "U ann third A-2",
        "Q ann apples",
        "D ann Apple",
        "A ann apple",
        "D ann running",
        "S ann zebr",
        "S ann ru",
        "M ann prefix z",
        "M ann glob *e*",
        "M ann text fast",
        "B ann 苹果",
        "B ann go fast",
        "G ann pick 0",
        "U ann words",
        "D ann run",
        "D ann zebra",
        "D ann APPLE",
        "B ann 苹果",
        "U ann",
        "D ann zebra",
    ] {
        assert_eq!(here.ask(request), there.ask(request), "{request}");
    }
    assert_eq!(here.history("ann"), there.history("ann"));
    assert_eq!(
        here.ask_line("Q ann apple"),
        r"OK apple	[words]\nn. 苹果\n[A-2]\nn. a fruit\nn. its tree\n[third]\n [A-2]\nnot a heading"
    );
}

/// The heads of files may be long: the words are taken.
fn long_heads_are_no_hindrance(store: Store) {
    let daemon = Setup::new(store).options("--lookup database").no_words().start();
    let head: String = (0..2_000).map(|number| format!("# line {number} of a licence\n")).collect();
    let files: Vec<std::path::PathBuf> = (0..6).map(|number| daemon.path(&format!("d{number}.txt"))).collect();
    for (number, file) in files.iter().enumerate() {
        std::fs::write(file, format!("# title: T{number}\n{head}apple\tn. {number}\n")).expect("a file");
    }
    for count in [1, 6] {
        let names = files[..count].iter().map(|file| file.to_str().expect("UTF-8"));
        let output = daemon.tool(&["words", "load"].into_iter().chain(names).collect::<Vec<_>>());
        assert!(output.status.success(), "{output:?}");
    }
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.ask("A ann apple").len(), 7);
    assert!(ann.ask("I").contains(&"title.d5\tT5".to_owned()));
}

/// One bad file refuses all, by name and line.
fn bad_files_change_nothing(store: Store) {
    let daemon = Setup::new(store).options("--lookup database").no_words().start();
    for (file, text) in [
        ("good", "apple\tx\n"),
        ("bad", "bee\tx\nword\n"),
        ("same", "# name: good\ncat\tx\n"),
        ("long", "# title: T\nc x\n"),
    ] {
        std::fs::write(daemon.path(file), text).expect("a file");
    }
    std::fs::create_dir(daemon.path("empty")).expect("a directory");
    std::fs::write(daemon.path("long"), format!("# title: {}\ncat\tx\n", "t".repeat(70_000))).expect("a file");
    assert!(daemon.tool(&["words", "load", "good"]).status.success());
    for (files, status, part) in [
        (["good", "bad"], 65, "words file bad is refused: line 2"),
        (["good", "same"], 65, "words file same is refused: its dictionary is called good, as that of good"),
        (["good", "long"], 65, "have more than 65535 bytes"),
        (
            ["good", "empty"],
            65,
            "words file empty is neither a regular file nor a directory with a file whose name ends",
        ),
        (["good", "nosuchfile"], 66, "words file nosuchfile cannot be opened"),
    ] {
        let output = daemon.tool(&[&["words", "load"][..], &files].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.contains(part)), (Some(status), true), "{files:?}: {said}");
    }
    assert_eq!(daemon.tool(&["words", "load"]).status.code(), Some(64));
    assert_eq!(daemon.sql("SELECT word FROM words"), ["apple"]);
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM meta WHERE name = 'words_load'"), ["0"]);
}
