//! `cidian lookup` as a filter: one line out for each line in, whatever the lines are and however many there are.

use crate::stream::{Running, spawn};
use crate::subcommands::{ann, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::time::Instant;
use support::{self, processes};

/// Line in, line out, whatever the line is.
#[test]
fn a_filter_keeps_step() {
    let (_daemon, person) = ann();
    let mut input = b"apple\n\nzzz\r\npear\r\n \n##\n\xff\xfe\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 5_000));
    input.extend_from_slice("\na\u{7}b\nICE CREAM\nzoo".as_bytes());
    let ran = person.run_as("ann", &["lookup"], input.clone()).ended(1);
    let expected = "n. 苹果\n\n\nn. 梨\\nv. \\t one \\\\ two\n\n\n\n\n\nn. 冰淇淋\nn. 动物园\n";
    assert_eq!(ran.out, expected);
    assert_eq!(ran.err.lines().count(), 5, "{}", ran.err);
    let ran = person.run_as("ann", &["lookup", "--json"], input).ended(1);
    let found: Vec<bool> = json(&ran.out).iter().map(|line| line["found"].as_bool().unwrap()).collect();
    assert_eq!(found, [true, false, false, true, false, false, false, false, false, true, true]);
    // Nothing in, nothing out.
    person.run_as("ann", &["lookup"], "").ended(0).said("");
    person.run_as("ann", &["lookup"], "\n\n").ended(0).said("\n\n");
}

/// A word that is written to the pipe alone is answered before the next one is written.
#[test]
fn a_pause_in_the_input_is_no_reason_to_wait() {
    let (_daemon, person) = ann();
    let mut client = Running::start(&person, "ann", &["lookup"]);
    for (word, meaning) in [("apple", "n. 苹果"), ("zzz", ""), ("", ""), ("zoo", "n. 动物园")] {
        client.write(word);
        assert_eq!(client.read(), meaning);
    }
    // Two and a half lines: two answers.
    client.write_bytes("zoo\nzoo\nice cr".as_bytes());
    assert_eq!([client.read(), client.read()], ["n. 动物园", "n. 动物园"]);
    client.write_bytes(b"eam\n");
    assert_eq!(client.read(), "n. 冰淇淋");
    assert_eq!(client.end(), (1, "cidian: not found: zzz\n".to_owned()));
}

/// A hundred thousand words through one connection, each answered and recorded.
#[test]
fn a_hundred_thousand_words() {
    const WORDS: usize = 100_000;
    const ROUND: [(&str, &str); 4] =
        [("apple", "n. 苹果"), ("zzz", ""), ("ice cream", "n. 冰淇淋"), ("ZOO", "n. 动物园")];
    let (daemon, person) = ann();
    daemon.wait_children(0);
    let (mut client, stdout) = spawn(&person, "ann", &["lookup"]);
    // Its messages about `zzz` are not read while it works.
    let mut complaints = client.stderr.take().unwrap();
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        complaints.read_to_string(&mut text).unwrap();
        text
    });
    let began = Instant::now();
    let mut stdin = client.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let input: String = (0..WORDS).map(|n| format!("{}\n", ROUND[n % 4].0)).collect();
        stdin.write_all(input.as_bytes()).unwrap();
        stdin
    });
    let mut lines = BufReader::new(stdout).lines();
    for n in 0..WORDS {
        let line = lines.next().expect("a line for each word").unwrap();
        assert_eq!(line, ROUND[n % 4].1, "line {n}");
    }
    let took = began.elapsed();
    // Both are still there, for the input has not ended.
    let session = daemon.wait_children(1)[0];
    let (ours, theirs) = (processes::cpu_ticks(client.id()), processes::cpu_ticks(session));
    println!("{WORDS} words in {took:?}; CPU: client {ours}0 ms, session {theirs}0 ms");
    drop(writer.join().unwrap());
    assert!(lines.next().is_none());
    assert!(support::wait_for_end(&mut client));
    assert_eq!(client.wait().unwrap().code(), Some(1));
    assert_eq!(complaints.join().unwrap().lines().count(), WORDS / 4);
    let all = person.run_as("ann", &["history", "--all"], "").ended(0);
    assert_eq!(all.out.lines().count(), WORDS / 4 * 3);
}
