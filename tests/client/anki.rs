//! Decks as Anki itself takes them: its own library (PyPI `anki`; tests/run installs it into `target/anki`) imports an
//! export twice, with changes in between. If the library is not installed, the test prints so and tries nothing; the
//! form of the file is tested elsewhere.

use crate::person::{self, Person};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use support::{Setup, Store};

/// Imports files one after the other into a new collection; prints what became of each, then all notes.
const SCRIPT: &str = r#"
import json, sys
from anki.collection import Collection, ImportCsvRequest
collection = Collection(sys.argv[1])
for path in sys.argv[2:]:
    metadata = collection.get_csv_metadata(path=path, delimiter=None)
    log = collection.import_csv(ImportCsvRequest(path=path, metadata=metadata)).log
    print(json.dumps([len(log.new), len(log.updated), len(log.duplicate)]))
for note in map(collection.get_note, collection.find_notes("")):
    print(json.dumps([note.fields, note.tags, [collection.decks.name(card.did) for card in note.cards()]]))
collection.close()
"#;

#[test]
fn a_second_import_updates_the_notes_of_the_first() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/anki/bin/python3");
    if !python.exists() {
        eprintln!("no anki in target/anki: decks are not tried with it");
        return;
    }
    let daemon = Setup::new(Store::Sqlite).words("apple\tn. one <b>\npear\tn. 梨\nzoo\tn. 动物园\n").start();
    let mut ann = daemon.connect_as("ann");
    for word in ["apple", "pear"] {
        ann.ask(&format!("Q ann {word}"));
    }
    let person = Person::new(person::port(&daemon));
    let export = |file: &str| person.run_as("ann", &["export", "--anki", file], "").ended(0);
    person.run_as("ann", &["star", "apple", "--tag", "fruit"], "").ended(0);
    export("one.txt");
    // Another meaning, another tag, another word.
    daemon.replace_words("apple\tn. another\npear\tn. 梨\nzoo\tn. 动物园\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("generation 2");
    ann.ask("Q ann zoo");
    person.run_as("ann", &["star", "apple", "--tag", "red", "--note", "A <note>."], "").ended(0);
    export("two.txt");
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT, "cards.anki2", "one.txt", "two.txt"]).current_dir(person.home());
    let output = command.output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let mut lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.drain(..2).collect::<Vec<_>>(), [json!([2, 0, 0]), json!([1, 1, 1])], "new, updated, the same");
    lines.sort_by_key(Value::to_string);
    assert_eq!(
        lines,
        [
            json!([["apple", "n. another<br><br>A &lt;note&gt;."], ["fruit", "red"], ["Cidian"]]),
            json!([["pear", "n. 梨"], [], ["Cidian"]]),
            json!([["zoo", "n. 动物园"], [], ["Cidian"]]),
        ]
    );
}
