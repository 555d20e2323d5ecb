//! What scripts ask for: fields, formats, a choice of lookups, a notebook made from the history.

use crate::person::{self, Person, Ran};
use serde_json::{Value, json};
use support::{Daemon, Setup, Store};

const WORDS: &str = "apple\tn. 苹果\nbank\tn. 银行\nbank\tn. 河岸\nice cream\tn. 冰淇淋, \"cold\"\npear\tn. 梨\\nv. \\t <two>\n\
    went\tv. 去\n";

fn ann() -> (Daemon, Person) {
    let daemon = Setup::new(Store::Sqlite).words(WORDS).start();
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    (daemon, person)
}

fn run(person: &Person, arguments: &[&str], input: &str) -> Ran {
    person.run_as("ann", arguments, input)
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn fields_and_first_lines() {
    let (_daemon, person) = ann();
    run(&person, &["lookup", "--field", "headword", "APPLE", "banks"], "").ended(0).said("apple\nbank\n");
    run(&person, &["lookup", "--field", "word", "APPLE"], "").ended(0).said("APPLE\n");
    run(&person, &["lookup", "--field", "interpretation", "pear"], "").ended(0).said("n. 梨\nv. \t <two>\n");
    run(&person, &["lookup", "--first-line", "bank", "pear"], "").ended(0).said("bank  n. 银行\npear  n. 梨\n");
    // A filter stays in step.
    let ran = run(&person, &["lookup", "--first-line"], "bank\nzzz\npear\n").ended(1);
    assert_eq!(ran.out, "n. 银行\n\nn. 梨\n");
    let ran = run(&person, &["lookup", "--field", "headword"], "BANK\nzzz\nApples\n").ended(1);
    assert_eq!(ran.out, "bank\n\napple\n");
    // Several, and how a headword was found for a word.
    let ran = run(&person, &["lookup", "--field", "word,headword,form,interpretation"], "BANK\nbank\nzzz\nApples\n");
    let lines = [
        "BANK\tbank\tcase\tn. 银行\\nn. 河岸",
        "bank\tbank\texact\tn. 银行\\nn. 河岸",
        "",
        "Apples\tapple\tform\tn. 苹果",
    ];
    assert_eq!(ran.ended(1).out, lines.join("\n") + "\n");
    run(&person, &["lookup", "--field", "headword", "--field", "word", "apples"], "").ended(0).said("apple\tapples\n");
    let found = &objects(&run(&person, &["lookup", "--json", "apples"], "").ended(0).out)[0];
    assert_eq!((&found["headword"], &found["form"]), (&"apple".into(), &"form".into()));
    for wrong in [["lookup", "--field", "meaning", "a"].as_slice(), &["lookup", "--json", "--first-line", "a"]] {
        run(&person, wrong, "").ended(64);
    }
}

#[test]
fn histories_by_choice() {
    let (_daemon, person) = ann();
    run(&person, &["lookup"], "apple\nbank\napple\nice cream\npear\n").ended(0);
    let words = |arguments: &[&str]| -> Vec<String> {
        let ran = run(&person, &[["history"].as_slice(), arguments].concat(), "").ended(0);
        ran.out.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(words(&[]), ["pear", "ice cream", "apple", "bank", "apple"]);
    assert_eq!(words(&["--reverse"]), ["apple", "bank", "apple", "ice cream", "pear"]);
    assert_eq!(words(&["--reverse", "-n", "2"]), ["ice cream", "pear"]);
    assert_eq!(words(&["--distinct"]), ["pear", "ice cream", "apple", "bank"]);
    assert_eq!(words(&["--distinct", "-n", "3"]), ["pear", "ice cream", "apple"]);
    assert_eq!(words(&["--distinct", "--reverse", "--word", "*p*e*"]), ["apple", "pear"]);
    run(&person, &["history", "--distinct", "--top"], "").ended(64);
    assert_eq!(words(&["--word", "*P*e*"]), ["pear", "apple", "apple"]);
    assert_eq!(words(&["--word", "*p*e*", "-n", "2"]), ["pear", "apple"]);
    assert_eq!(words(&["--word", "i?e cream"]), ["ice cream"]);
    assert_eq!(words(&["--since", "1h"]).len(), 5);
    assert_eq!(words(&["--until", "1h"]).len(), 0);
    assert_eq!(words(&["--since", "2020-01-01", "--until", "2020-12-31"]).len(), 0);
    assert_eq!(words(&["--since", "yesterday", "--until", "today", "--word", "bank"]), ["bank"]);
    // To the microsecond, both ends in it.
    let rows = objects(&run(&person, &["history", "--format", "json"], "").ended(0).out);
    let time = rows[2]["time"].as_str().unwrap();
    assert_eq!(words(&["--since", time, "--until", time]), ["apple"]);
    for wrong in [["--since", "soon"], ["--word", "["], ["--format", "xml"], ["--until", "2026-02-30"]] {
        run(&person, &[["history"].as_slice(), &wrong].concat(), "").ended(64);
    }
}

#[test]
fn histories_in_every_format() {
    let (_daemon, person) = ann();
    run(&person, &["lookup"], "ice cream\napple\n").ended(0);
    let plain = run(&person, &["history"], "").ended(0).out;
    assert_eq!(run(&person, &["history", "--format", "tsv"], "").ended(0).out, plain);
    let rows = objects(&run(&person, &["history", "--json"], "").ended(0).out);
    assert_eq!(objects(&run(&person, &["history", "--format", "json"], "").ended(0).out), rows);
    let csv = run(&person, &["history", "--format", "csv"], "").ended(0).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap(), ["name", "word", "time"].as_slice());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 2);
    for (record, row) in records.iter().zip(&rows) {
        assert_eq!(
            (&record[0], &record[1], &record[2]),
            ("ann", row["word"].as_str().unwrap(), row["time"].as_str().unwrap())
        );
    }
    let table = run(&person, &["history", "--format", "table"], "").ended(0).out;
    assert!(table.starts_with("Name  Word       Time (UTC)\nann   apple      20"), "{table}");
}

/// Every subcommand has its object, or its lines of objects.
#[test]
fn json_of_every_subcommand() {
    let (_daemon, person) = ann();
    let one = |arguments: &[&str]| -> Vec<Value> {
        objects(&run(&person, &[&["--json"], arguments].concat(), "").ended(0).out)
    };
    assert_eq!(
        one(&["lookup", "apple"]),
        [json!({"word": "apple", "found": true, "headword": "apple", "interpretation": "n. 苹果"})]
    );
    let row = &one(&["history"])[0];
    assert_eq!(row.as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "time", "word"]);
    let top = &one(&["history", "--top"])[0];
    assert_eq!(top, &json!({"word": "apple", "count": 1, "last": row["time"], "interpretation": "n. 苹果"}));
    assert_eq!(one(&["export", "--anki", "deck.txt"]), [json!({"ok": true, "words": 1})]);
    assert!(one(&["about"])[0].is_object());
    let new = person.file("new", "another horse\n");
    for arguments in [
        ["history", "clear"].as_slice(),
        &["--user", "bob", "register"],
        &["passwd", "--new-password-file", new.to_str().unwrap()],
        &["--password-file", new.to_str().unwrap(), "delete-account", "--yes"],
    ] {
        // Options that are given twice count once: these come last.
        let file = person.password_file(support::PASSWD);
        let defaults = ["--user", "ann", "--password-file", file.to_str().unwrap()];
        let said = |option: &str| arguments.contains(&option);
        let mut line = vec!["--json"];
        line.extend(defaults.chunks(2).filter(|pair| !said(pair[0])).flatten());
        line.extend(arguments);
        assert_eq!(objects(&person.run(&line, "").ended(0).out), [json!({"ok": true})], "{arguments:?}");
    }
}

#[test]
fn the_words_looked_up_most_often() {
    let (_daemon, person) = ann();
    run(&person, &["lookup"], "apple\nbank\nwent\nbank\npear\npear\nbank\n").ended(0);
    let top = objects(&run(&person, &["history", "--top", "-n", "3", "--json"], "").ended(0).out);
    let counts: Vec<(&str, u64)> =
        top.iter().map(|line| (line["word"].as_str().unwrap(), line["count"].as_u64().unwrap())).collect();
    assert_eq!(counts, [("bank", 3), ("pear", 2), ("went", 1)]);
    assert_eq!(top[0]["interpretation"], "n. 银行\nn. 河岸");
    let lines = run(&person, &["history", "--top", "--all"], "").ended(0).out;
    let last = lines.lines().last().unwrap();
    assert!(last.starts_with("1\tapple\t20") && last.ends_with("Z\tn. 苹果") && lines.lines().count() == 4, "{lines}");
    let csv = run(&person, &["history", "--top", "--format", "csv", "--word", "pear"], "").ended(0).out;
    assert!(
        csv.starts_with("count,word,last,interpretation\n2,pear,20") && csv.ends_with(",\"n. 梨\nv. \t <two>\"\n"),
        "{csv}"
    );
    let table = run(&person, &["history", "--top", "--format", "table"], "").ended(0).out;
    assert!(table.starts_with("Lookups  Word   Time (UTC)           Interpretation\n3        bank   20"), "{table}");
    // Asking what they mean is not a lookup.
    assert_eq!(run(&person, &["history", "--all"], "").ended(0).out.lines().count(), 7);
}

#[test]
fn a_deck_and_a_table() {
    let (daemon, person) = ann();
    run(&person, &["lookup"], "apple\nice cream\npear\npear\n").ended(0);
    run(&person, &["export", "--anki", "deck.txt", "--csv", "words.csv"], "").ended(0).said("3 words exported.\n");
    let deck = std::fs::read_to_string(person.home().join("deck.txt")).unwrap();
    let head =
        "#separator:tab\n#html:true\n#deck:Cidian\n#tags column:3\n#guid column:4\n#columns:Front\tBack\tTags\tGuid\n";
    let notes: Vec<Vec<&str>> =
        deck.strip_prefix(head).unwrap().lines().map(|note| note.split('\t').collect()).collect();
    let fields: Vec<&[&str]> = notes.iter().map(|note| &note[..3]).collect();
    assert_eq!(
        fields,
        [
            ["pear", "n. 梨<br>v.   &lt;two&gt;", ""].as_slice(),
            &["ice cream", "n. 冰淇淋, &quot;cold&quot;", ""],
            &["apple", "n. 苹果", ""]
        ]
    );
    let guids: std::collections::BTreeSet<&str> = notes.iter().map(|note| note[3]).collect();
    assert!(guids.len() == 3 && guids.iter().all(|guid| guid.len() >= 10), "{deck}");
    let again = run(&person, &["export", "--anki", "-"], "").ended(0).out;
    assert_eq!(again, deck, "the same notes, so that a second import updates them");
    let mut reader = csv::Reader::from_path(person.home().join("words.csv")).unwrap();
    let headers = ["word", "interpretation", "count", "first", "last", "starred", "tags", "note", "due"];
    assert_eq!(reader.headers().unwrap(), headers.as_slice());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((&records[0][0], &records[0][1], &records[0][2]), ("pear", "n. 梨\nv. \t <two>", "2"));
    assert!(records[0][3] < records[0][4] && records.len() == 3);
    // To standard output, nothing else; a choice; a word that is gone; a file that can't be.
    let out = run(&person, &["export", "--anki", "-", "--word", "i*"], "").ended(0).out;
    assert!(out.contains("\tGuid\nice cream\tn. 冰淇淋, &quot;cold&quot;\t"), "{out}");
    daemon.replace_words("apple\tn. 苹果\n");
    assert!(daemon.tool(&["reload"]).status.success());
    assert_eq!(run(&person, &["export", "--anki", "-"], "").ended(0).out.lines().count(), 7);
    assert_eq!(run(&person, &["export", "--csv", "-"], "").ended(0).out.matches("Z,,,,\n").count(), 3);
    let ran = run(&person, &["export", "--anki", "none/deck.txt"], "").ended(74).complained("none/deck.txt");
    assert_eq!(ran.out, "");
    run(&person, &["export"], "").ended(64);
}
