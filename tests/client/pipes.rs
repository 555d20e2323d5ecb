//! The menus through a pipe: a script writes the input, and may stop at any point.

use crate::person::{self, Person};
use support::PASSWD;

/// A session with everything in it. `NAME` stands for the account's name.
const SCRIPT: [&str; 23] = [
    "1",
    "NAME",
    PASSWD,
    "another", // two passwords that differ
    "1",
    "NAME",
    PASSWD,
    PASSWD, // registered, and at level two
    "1",
    "apple",
    "zzz",
    "ice cream",
    "##", // words
    "2",
    "",
    "2",
    "a",
    "2",
    "1", // history
    "9",
    "3", // log out
    "x",
    "3", // quit
];

fn typed(name: &str, lines: usize) -> String {
    SCRIPT[..lines].iter().map(|line| format!("{}\n", line.replace("NAME", name))).collect()
}

#[test]
fn a_whole_session() {
    let daemon = person::daemon("");
    let ran = Person::new(person::port(&daemon)).run(&[], typed("ann", SCRIPT.len())).ended(0);
    assert_eq!(ran.err, "");
    for (text, times) in [
        ("the two passwords differ", 1),
        ("Account ann is registered.", 1),
        ("apple  n. 苹果\n", 1),
        ("not found: zzz\n", 1),
        ("ice cream  n. 冰淇淋\n", 1),
        ("ann   ice cream  20", 3),
        ("ann   apple      20", 2),
        ("\"9\" is not on the menu", 1),
        ("Logged out.", 1),
        ("\"x\" is not on the menu", 1),
        (PASSWD, 0),
    ] {
        assert_eq!(ran.out.matches(text).count(), times, "{text}: {}", ran.out);
    }
}

/// Every beginning of the script, with and without the newline of its last line.
#[test]
fn the_input_may_end_anywhere() {
    let daemon = person::daemon("");
    let person = Person::new(person::port(&daemon));
    for lines in 0..=SCRIPT.len() {
        for newline in [true, false] {
            let name = format!("ann{lines}{newline}");
            let mut input = typed(&name, lines);
            if !newline && input.pop().is_none() {
                continue;
            }
            let ran = person.run(&[], input).ended(0);
            assert_eq!(ran.err, "", "{lines} {newline}");
            // Each menu at most once for each line typed, and on the way out: nothing goes round.
            let menus = ran.out.matches("  3  ").count();
            assert!(menus <= lines + 3, "{lines} lines, {menus} menus: {}", ran.out);
        }
    }
}

/// No input at all, and output that is not read.
#[test]
fn closed_ends() {
    let person = Person::new("127.0.0.1:1");
    let mut command = person.command(&[]);
    person::without_terminal(&mut command);
    let output = command.output().expect("the client starts");
    assert_eq!(output.status.code(), Some(0));
    let mut command = person.command(&[]);
    person::without_terminal(&mut command);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).output().expect("the client starts");
    assert_eq!((output.status.code(), output.stderr), (Some(141), vec![]));
}

/// Lines that are not text, and lines without an end, are reported and skipped.
#[test]
fn rubbish_for_input() {
    let mut input = b"\xff\xfe\n\0\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 1 << 20));
    input.extend_from_slice(b"\n1\n\xc3\x28\n\n2\nann\n\xff\nsecret");
    let ran = Person::new("127.0.0.1:1").run(&[], input).ended(0);
    assert_eq!(ran.err, "");
    assert!(ran.out.contains("cannot reach a server at 127.0.0.1:1"), "{}", ran.out);
    assert!(ran.out.len() < 4_000, "{}", ran.out);
}
