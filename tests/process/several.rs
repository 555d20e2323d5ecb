//! Several dictionaries at once: `--words` more than once, lists, directories, `A`, `I`, and living reloads.

use crate::common::{Daemon, Setup, Store, on_both_stores};
use std::path::Path;

const FIRST: &str = "# title: The First\n# licence: MIT\n# from: en\n# to: zh\napple\tn. 苹果\nrun\tv. 跑\n";
const SECOND: &str =
    "# name: Two\n# title: The Second\nApple\tn. a company\napple\tn. a fruit\\nn. its tree\nzebra\tn. an animal\n";

on_both_stores!(articles_stand_in_the_order_of_preference);

/// Files in a daemon's directory, beside its own `words.txt`.
fn with_two(store: Store) -> Daemon {
    let setup = Setup::new(store).words(FIRST);
    let second = setup.path("second.txt");
    std::fs::write(&second, SECOND).unwrap();
    setup.options("--words").options(second.to_str().unwrap()).start()
}

fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

fn articles_stand_in_the_order_of_preference(store: Store) {
    let daemon = with_two(store);
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.ask_line("Q ann apple"), r"OK apple	[words]\nn. 苹果\n[Two]\nn. a fruit\nn. its tree");
    assert_eq!(ann.ask_line("D ann runs"), r"OK run	[words]\nv. 跑");
    assert_eq!(ann.ask_line("Q ann Apple"), r"OK Apple	[Two]\nn. a company");
    assert_eq!(ann.ask("A ann apples"), ["OK 2", "words\tapple\tn. 苹果", r"Two	apple	n. a fruit\nn. its tree"]);
    assert_eq!(ann.ask("A ann zebra"), ["OK 1", "Two\tzebra\tn. an animal"]);
    assert_eq!(ann.refused("A ann zzz"), "notfound");
    assert_eq!(ann.refused("A bob apple"), "denied");
    assert_eq!(ann.refused("A ann "), "badreq");
    // Recorded once.
    assert_eq!(ann.history("ann"), ["zebra", "apple", "Apple", "apple"]);
    let about = ann.ask("I");
    for line in [
        "title\tThe First; The Second",
        "headwords\t4",
        "licence\tMIT",
        "dictionaries\twords Two",
        "title.Two\tThe Second",
        "headwords.Two\t3",
        "title.words\tThe First",
        "licence.words\tMIT",
        "languages.words\ten zh",
    ] {
        assert!(about.iter().any(|other| other == line), "{line}: {about:?}");
    }
    // Backwards, and by pattern, in all of them.
    let reply = ann.ask("B ann 苹果");
    assert_eq!((reply.len(), reply[1].split('\t').next()), (2, Some("apple")));
    assert_eq!(ann.ask("B ann an animal")[1..], [r"zebra	[Two]\nn. an animal"]);
    assert_eq!(ann.ask("M ann prefix z"), ["OK 1", "zebra"]);
}

#[test]
fn one_bad_file_refuses_all() {
    let daemon = with_two(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    let second = daemon.path("second.txt");
    let before = ann.ask_line("D ann apple");
    for (first, text, part) in [
        (FIRST, "zoo\tn. z\nbad\n", "second.txt is refused: line 2: "),
        (FIRST, "# name: words\nzoo\tn. z\n", "its dictionary is called words"),
        ("bad\n", SECOND, "words.txt is refused: line 1: "),
    ] {
        write(&second, text);
        daemon.replace_words(first);
        let output = daemon.tool(&["reload"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.contains(part)), (Some(65), true), "{said}");
        assert_eq!(ann.ask_line("D ann apple"), before);
    }
    // One that has changed, and one that has not.
    daemon.replace_words(FIRST);
    write(&second, "# name: Two\napple\tn. new\n");
    assert!(daemon.tool(&["reload"]).status.success());
    assert_eq!(ann.ask_line("D ann apple"), r"OK apple	[words]\nn. 苹果\n[Two]\nn. new");
    std::fs::remove_file(&second).unwrap();
    assert_eq!(daemon.tool(&["reload"]).status.code(), Some(65));
    assert_eq!(ann.ask_line("D ann apple"), r"OK apple	[words]\nn. 苹果\n[Two]\nn. new");
}

#[test]
fn a_directory_and_a_list_in_the_configuration() {
    let setup = Setup::new(Store::Sqlite).no_words();
    let directory = setup.path("words.d");
    std::fs::create_dir(&directory).unwrap();
    for (file, text) in [("20-b.txt", "apple\tn. b\n"), ("10-a.txt", "apple\tn. a\n"), ("notes.md", "no words\n")] {
        std::fs::write(directory.join(file), text).unwrap();
    }
    let last = setup.path("last.txt");
    std::fs::write(&last, "apple\tn. last\n").unwrap();
    let config = setup.path("several.toml");
    std::fs::write(&config, format!("words = [{directory:?}, {last:?}]\n")).unwrap();
    let daemon = setup.options("--config").options(config.to_str().unwrap()).start();
    let mut ann = daemon.connect_as("ann");
    let names = |reply: Vec<String>| -> Vec<String> {
        reply[1..].iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(ann.ask("A ann apple")), ["10-a", "20-b", "last"]);
    // What is put into it is there after a reload.
    std::fs::write(directory.join("15-new.txt"), "apple\tn. new\n").unwrap();
    assert!(daemon.tool(&["reload"]).status.success());
    assert_eq!(names(ann.ask("A ann apple")), ["10-a", "15-new", "20-b", "last"]);
    for file in ["10-a", "15-new", "20-b"] {
        std::fs::remove_file(directory.join(format!("{file}.txt"))).unwrap();
    }
    let output = daemon.tool(&["reload"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("nor a directory that holds one whose name ends with .txt"),
        "{output:?}"
    );
}

/// Nothing changes with one: not a byte of any reply.
#[test]
fn one_alone_is_as_it_was() {
    let daemon = Setup::new(Store::Sqlite).words("# name: Other\n# title: T\napple\tn. 苹果\\n[Other]\n").start();
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.ask_line("Q ann apple"), r"OK apple	n. 苹果\n[Other]");
    assert_eq!(ann.ask("A ann apple"), ["OK 1", r"Other	apple	n. 苹果\n[Other]"]);
    let about = ann.ask("I");
    assert_eq!((about[0].as_str(), about.len()), ("OK 4", 5));
}
