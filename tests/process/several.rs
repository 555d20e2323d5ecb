//! Several dictionaries at once: `--words` more than once, lists, directories, `A`, `I`, and living reloads.

use std::path::Path;
use support::{Daemon, Setup, Store, on_both_stores, wait_until};

const FIRST: &str = "# title: The First\n# licence: MIT\n# from: en\n# to: zh\napple\tn. 苹果\nrun\tv. 跑\n";
const SECOND: &str =
    "# name: Two\n# title: The Second\nApple\tn. a company\napple\tn. a fruit\\nn. its tree\nzebra\tn. an animal\n";

on_both_stores!(articles_stand_in_the_order_of_preference, a_dictionary_of_capitals);

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

/// A capital means nothing in a dictionary that begins all its headwords with one: in files, and in table `words`.
fn a_dictionary_of_capitals(store: Store) {
    let first = "apple\tn. 苹果\npear\tn. 梨\npolish\tv. 擦亮\nPolish\tadj. 波兰的\nzoo\tn. 动物园\n";
    let titles = "# name: Titles\nApple\tA fruit.\nCAT\tA scan.\nIce Cream\tA sweet.\nPolish\tTo make smooth.\n\
        Zebra\tAn animal.\n";
    let setup = Setup::new(store).words(first);
    let second = setup.path("titles.txt");
    std::fs::write(&second, titles).unwrap();
    let files = setup.options("--words").options(second.to_str().unwrap()).start();
    let loaded = files.tool(&["words", "load", files.path("words.txt").to_str().unwrap(), second.to_str().unwrap()]);
    assert!(loaded.status.success(), "{loaded:?}");
    let table = Setup::new(Store::Url(files.database_url())).options("--lookup database").no_words().start();
    let mut in_files = files.connect_as("ann");
    let mut in_table = table.connect_as("bob");
    for (word, expected) in [
        ("apple", r"OK apple	[words]\nn. 苹果\n[Titles]\nA fruit."),
        ("Apple", r"OK apple	[words]\nn. 苹果\n[Titles]\nA fruit."),
        ("APPLE", r"OK apple	[words]\nn. 苹果\n[Titles]\nA fruit."),
        ("polish", r"OK polish	[words]\nv. 擦亮\n[Titles]\nTo make smooth."),
        ("Polish", r"OK Polish	[words]\nadj. 波兰的\n[Titles]\nTo make smooth."),
        ("pear", r"OK pear	[words]\nn. 梨"),
        ("zebra", r"OK Zebra	[Titles]\nAn animal."),
        ("ice cream", r"OK Ice Cream	[Titles]\nA sweet."),
        ("cat", r"OK CAT	[Titles]\nA scan."),
    ] {
        assert_eq!(in_files.ask_line(&format!("Q ann {word}")), expected, "{word}");
        assert_eq!(in_table.ask_line(&format!("Q bob {word}")), expected, "{word}, in the table");
    }
    let apart = ["OK 2", "words\tapple\tn. 苹果", "Titles\tapple\tA fruit."];
    assert_eq!(in_files.ask("A ann apples"), apart);
    assert_eq!(in_table.ask("A bob apples"), apart);
    assert_eq!(in_files.history("ann")[..3], ["apple", "CAT", "Ice Cream"]);
    assert_eq!(in_table.history("bob"), in_files.history("ann"));
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
        String::from_utf8_lossy(&output.stderr).contains("nor a directory with a file whose name ends with .txt"),
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

/// `U`: from then on the others are as if they were not there, whatever is asked.
#[test]
fn some_dictionaries_only() {
    let daemon = with_two(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    ann.ok("U ann Two");
    assert_eq!(ann.ask_line("Q ann apples"), r"OK apple	[Two]\nn. a fruit\nn. its tree");
    assert_eq!(ann.refused("Q ann run"), "notfound");
    assert_eq!(ann.refused("D ann run"), "notfound");
    assert_eq!(ann.ask("A ann apple"), ["OK 1", r"Two	apple	n. a fruit\nn. its tree"]);
    assert_eq!(ann.ask("S ann ru"), ["OK 0"]);
    assert_eq!(ann.ask("S ann zebr"), ["OK 1", "zebra"]);
    assert_eq!(ann.ask("M ann prefix r"), ["OK 0"]);
    assert_eq!(ann.ask("M ann glob *a*"), ["OK 3", "Apple", "apple", "zebra"]);
    assert_eq!(ann.ask("B ann 苹果"), ["OK 0"]);
    assert_eq!(ann.ask("B ann an animal"), ["OK 1", r"zebra	[Two]\nn. an animal"]);
    for number in 0..8 {
        let picked = ann.ask_line(&format!("G ann pick {number}"));
        assert!(picked.contains("\t[Two]\\n") && !picked.contains("[words]"), "{picked}");
    }
    // The names in any case, in any order; all without one.
    ann.ok("U ann two  WORDS");
    assert_eq!(ann.ask_line("D ann apple"), r"OK apple	[words]\nn. 苹果\n[Two]\nn. a fruit\nn. its tree");
    ann.ok("U ann words");
    assert_eq!(ann.ask_line("D ann APPLE"), r"OK apple	[words]\nn. 苹果");
    assert_eq!(ann.ask("B ann 苹果"), ["OK 1", r"apple	[words]\nn. 苹果"]);
    let reply = ann.ask_line("U ann words nowhere");
    assert_eq!(reply, "FAIL notfound no dictionary is called nowhere; there are: words Two");
    assert_eq!(ann.ask_line("D ann run"), r"OK run	[words]\nv. 跑");
    ann.ok("U ann");
    assert_eq!(ann.ask_line("D ann zebra"), r"OK zebra	[Two]\nn. an animal");
    assert_eq!(ann.refused("U bob words"), "denied");
    // Only what was found is in the history, and another connection asks all.
    assert_eq!(ann.history("ann"), ["apple", "apple"]);
    let mut other = daemon.connect();
    other.login("ann");
    assert_eq!(other.ask_line("D ann run"), r"OK run	[words]\nv. 跑");
    // One alone has a name, too.
    let daemon = Setup::new(Store::Sqlite).words("apple\tn. 苹果\n").start();
    let mut ann = daemon.connect_as("ann");
    ann.ok("U ann words");
    assert_eq!(ann.ask_line("D ann apple"), "OK apple\tn. 苹果");
    assert_eq!(ann.refused("U ann other"), "notfound");
}

/// The names of the dictionaries are in no article: nothing is found by them, and each article counts by itself.
#[test]
fn each_article_counts_by_itself() {
    let setup = Setup::new(Store::Sqlite).words("bank\tn. 银行 {k3}\nrare\tn. 词\nword\tn. 词 {k1}\n");
    let second = setup.path("cedict.txt");
    std::fs::write(&second, "bank\tn. a slope\n词\t词 [词/詞] cí word; term\nword\tn. x\n").unwrap();
    let daemon = setup.options("--words").options(second.to_str().unwrap()).start();
    let mut ann = daemon.connect_as("ann");
    let headwords = |reply: Vec<String>| -> Vec<String> {
        reply[1..].iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    // By pinyin, though the reading is not at the head of the entry; the commoner first, though its tag is not at its
    // end.
    assert_eq!(headwords(ann.ask("B ann ci2")), ["词"]);
    assert_eq!(headwords(ann.ask("B ann 词")), ["word", "rare"]);
    assert_eq!(headwords(ann.ask("B ann word")), ["词"]);
    assert_eq!(ann.ask("M ann text cedict"), ["OK 0"]);
    assert_eq!(ann.ask("M ann text slope"), ["OK 1", "bank"]);
    assert!(ann.ask_line("G ann pick 0 k3").starts_with("OK bank\t"));
}

/// At a reload what has not changed is taken as it is, and all is as if everything had been read.
#[test]
fn only_what_has_changed_is_read_anew() {
    let setup = Setup::new(Store::Sqlite).words(FIRST);
    let directory = setup.path("words.d");
    std::fs::create_dir(&directory).unwrap();
    let file = |number: u32| directory.join(format!("{number}.txt"));
    for number in 1..=3 {
        // One line looks like the name of another dictionary.
        std::fs::write(file(number), format!("apple\tn. {number}\\n[words]\nb{number}\tn. b\n")).unwrap();
    }
    let daemon = setup.options("--words").options(directory.to_str().unwrap()).start();
    let mut ann = daemon.connect_as("ann");
    let mut generation = 1;
    let mut reload = || {
        let output = daemon.tool(&["reload"]);
        assert!(output.status.success(), "{output:?}");
        generation += 1;
        let line = daemon.wait_log(&format!("generation {generation};"));
        line.trim_end().rsplit("; ").next().unwrap().to_owned()
    };
    let entry = |numbers: [u32; 3]| {
        let [a, b, c] = numbers;
        format!(r"OK apple	[words]\nn. 苹果\n[1]\nn. {a}\n [words]\n[2]\nn. {b}\n [words]\n[3]\nn. {c}\n [words]")
    };
    assert_eq!(ann.ask_line("D ann apple"), entry([1, 2, 3]));
    // What was written a moment ago is read again: its times would not show another change yet.
    wait_until("all files to be settled", || reload() == "0 of 4 dictionaries read anew");
    assert_eq!(ann.ask_line("D ann apple"), entry([1, 2, 3]));
    // In place, and as long as before.
    std::fs::write(file(2), "apple\tn. 7\\n[words]\nb2\tn. b\n").unwrap();
    assert_eq!(reload(), "1 of 4 dictionaries read anew");
    assert_eq!(ann.ask_line("D ann apple"), entry([1, 7, 3]));
    wait_until("the file to be settled", || reload() == "0 of 4 dictionaries read anew");
    // Another file in its place.
    write(&file(3), "apple\tn. 8\\n[words]\nb3\tn. b\n");
    assert_eq!(reload(), "1 of 4 dictionaries read anew");
    assert_eq!(ann.ask_line("D ann apple"), entry([1, 7, 8]));
    wait_until("the file to be settled", || reload() == "0 of 4 dictionaries read anew");
    // One more, and one less.
    std::fs::write(file(4), "zoo\tn. z\\n[1]\n").unwrap();
    std::fs::remove_file(file(1)).unwrap();
    assert_eq!(reload(), "1 of 4 dictionaries read anew");
    assert_eq!(ann.ask_line("D ann apple"), r"OK apple	[words]\nn. 苹果\n[2]\nn. 7\n [words]\n[3]\nn. 8\n [words]");
    assert_eq!(ann.ask_line("D ann zoo"), r"OK zoo	[4]\nn. z\n[1]");
    assert_eq!(ann.refused("D ann b1"), "notfound");
    let about = ann.ask("I");
    for line in ["headwords\t5", "dictionaries\twords 2 3 4", "title.words\tThe First", "headwords.3\t2"] {
        assert!(about.iter().any(|other| other == line), "{line}: {about:?}");
    }
    // A bad one refuses all, whether the others are read or not; its line is reported, and the good ones are as they
    // were.
    std::fs::write(file(2), "bad\n").unwrap();
    let output = daemon.tool(&["reload"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&output.stderr).contains("2.txt is refused: line 1: "), "{output:?}");
    assert_eq!(ann.ask_line("D ann b2"), r"OK b2	[2]\nn. b");
}

#[test]
fn the_built_in_words_beside_others() {
    let setup = Setup::new(Store::Sqlite).no_words();
    let second = setup.path("second.txt");
    std::fs::write(&second, SECOND).unwrap();
    let daemon = setup.options("--words").options(second.to_str().unwrap()).options("--words built-in").start();
    let mut ann = daemon.connect_as("ann");
    let reply = ann.ask("A ann apple");
    assert_eq!(reply.len(), 3, "{reply:?}");
    assert!(reply[1].starts_with("Two\tapple\t") && reply[2].starts_with("words\tapple\t/ˈæp.əl/"), "{reply:?}");
    assert!(daemon.tool(&["reload"]).status.success());
    assert!(daemon.wait_log("the built-in words").contains("second.txt"));
}
