//! A server that does not keep to the protocol: false counts, lines and replies without end, bytes that are not text,
//! and a stream that ends anywhere. Every subcommand ends, with a status by which a script can recognise the failure.

use crate::fake_server::Answer::{self, End, Forever, Say};
use crate::fake_server::serve;
use crate::hostile::acted_on;
use crate::person::{Person, no_trace};
use nix::sys::resource::{Resource, setrlimit};
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use support::{PASSWD, processes, wait_for_end};

/// Every subcommand that asks the server for something. (`logout` asks nothing where no login is kept.)
const SUBCOMMANDS: [&[&str]; 15] = [
    &["lookup", "apple", "pear"],
    &["lookup"],
    &["lookup", "--json", "apple"],
    &["history"],
    &["history", "--all"],
    &["history", "--json"],
    &["history", "clear"],
    &["login"],
    &["register"],
    &["passwd", "--new-password-file", "password"],
    &["delete-account", "--yes"],
    &["dict-key"],
    &["about"],
    &["about", "--json"],
    &[],
];
const ROW: &str = "ann\tapple\t2026-11-23T05:32:10.123456Z\n";

/// Runs every subcommand, and the menus through a pipe, against the server; sees what no server may bring about.
fn every_subcommand(address: &str, statuses: &[i32]) {
    let person = Person::new(address);
    for &arguments in &SUBCOMMANDS {
        let ran = if arguments.is_empty() {
            let typed = "2\nann\nsecret\n1\napple\npear\n##\n2\n\n3\n3\n";
            let ran = person.run(arguments, typed);
            assert_eq!(ran.status, 0, "the menus tell what is wrong, and go on: {}", ran.err);
            ran
        } else {
            let ran = person.run_as("ann", arguments, "apple\n\npear\n");
            assert!(statuses.contains(&ran.status), "{arguments:?}: {} {:?} {:?}", ran.status, ran.out, ran.err);
            ran
        };
        for text in [&ran.out, &ran.err] {
            no_trace(text);
            let bad: Vec<char> = text.chars().filter(|&c| acted_on(c) && c != '\t').collect();
            assert!(bad.is_empty(), "{arguments:?}: {bad:?} in {text:?}");
        }
    }
}

/// A reply that is as it should be.
fn good(request: &str) -> String {
    match request.as_bytes().first() {
        Some(b'Q') => "OK apple\tn. 苹果\\nv. x\n".to_owned(),
        Some(b'S') => "OK 2\napple\napples\n".to_owned(),
        Some(b'H') => format!("OK 2\n{ROW}{ROW}"),
        Some(b'I') => "OK 2\nversion\t1\nlicence\tMIT\n".to_owned(),
        _ => "OK\n".to_owned(),
    }
}

fn letter(request: &str) -> u8 {
    request.as_bytes().first().copied().unwrap_or_default()
}

#[test]
fn counts_that_are_not_to_be_believed() {
    let counts = ["99999999999", "18446744073709551615", "18446744073709551616", "-1", "0x10", "1 1", "", "１"];
    for count in counts {
        let address = serve(move |request| match letter(request) {
            b'H' | b'I' | b'S' => {
                let reply = good(request);
                let (_, rows) = reply.split_once('\n').unwrap();
                End(format!("OK {count}\n{rows}").into_bytes())
            }
            b'Q' => Say(b"FAIL notfound no such word\n".to_vec()),
            _ => Say(good(request).into_bytes()),
        });
        let person = Person::new(address);
        for arguments in [["history"].as_slice(), &["history", "--json"], &["about"], &["about", "--json"]] {
            let ran = person.run_as("ann", arguments, "").ended(76);
            assert_eq!(ran.out, "", "{count:?} {arguments:?}");
        }
        // All of a history may be as many rows as that: those that come are shown, and the early end is reported.
        let ran = person.run_as("ann", &["history", "--all"], "");
        assert!(matches!(ran.status, 69 | 76), "{count:?}: {}", ran.err);
        // Suggestions are not part of the lookup: it goes on without them.
        let ran = person.run_as("ann", &["lookup", "--json", "aple"], "").ended(1);
        assert_eq!(ran.out, "{\"word\":\"aple\",\"found\":false,\"suggestions\":[]}\n", "{count:?}");
    }
}

#[test]
fn the_stream_ends_anywhere() {
    for (arguments, asked) in [(["lookup", "apple"].as_slice(), b'Q'), (&["history"], b'H'), (&["about"], b'I')] {
        let whole = good(std::str::from_utf8(&[asked]).unwrap());
        for end in (0..whole.len()).step_by(6) {
            let cut = whole.as_bytes()[..end].to_vec();
            let address =
                serve(
                    move |request| {
                        if letter(request) == asked { End(cut.clone()) } else { Say(good(request).into_bytes()) }
                    },
                );
            Person::new(address).run_as("ann", arguments, "").ended(69).complained("lost");
        }
    }
}

/// Bytes that are not replies, at the first request and after a login.
#[test]
fn rubbish() {
    let nul = vec![0; 1_000];
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n".to_vec();
    let rubbish: [&[u8]; 10] = [
        b"\n",
        b"\r\r\r\n",
        b"OKOK\n",
        b"ok\n",
        b"\xef\xbb\xbfOK\n",
        b"\xff\xfe\xfd\n",
        b"220 smtp.example.org ESMTP\r\n",
        b"OK\rFAIL denied \x1b[2J\n",
        &nul,
        &tls,
    ];
    for bytes in rubbish.map(<[u8]>::to_vec) {
        for after_login in [false, true] {
            let said = bytes.clone();
            let address = serve(move |request| match letter(request) {
                b'L' if after_login => Say(b"OK\n".to_vec()),
                _ => End(said.clone()),
            });
            every_subcommand(&address, &[69, 76]);
        }
    }
}

/// What was never asked for, before and between replies, shifts all that follows. It may be reported as whatever it
/// looks like, but nothing of it reaches the terminal raw, and everything ends.
#[test]
fn replies_that_nobody_asked_for() {
    for extra in ["OK\n", "FAIL exists x\n", "OK 5\n", "OK \u{1b}[2J\t\u{9b}2J\n", "FAIL bye \u{202e}\n"] {
        let address = serve(move |request| Say(format!("{extra}{}{extra}", good(request)).into_bytes()));
        every_subcommand(&address, &[0, 69, 73, 75, 76]);
    }
}

/// A line without end is given up; what it took to find out is bounded.
#[test]
fn a_line_without_end() {
    let address = serve(|request| match letter(request) {
        b'L' => Say(b"OK\n".to_vec()),
        _ => Answer::again_and_again(b"OK ".to_vec(), vec![b'x'; 1 << 20]),
    });
    Person::new(address).run_as("ann", &["history"], "").ended(76);
}

/// Runs a subcommand that prints, and returns its peak of memory in KiB when `read` bytes of its output have been
/// read. The reader then goes away.
fn peak_after(person: &Person, arguments: &[&str], read: usize) -> u64 {
    let file = person.password_file(PASSWD);
    let login = ["--user", "ann", "--password-file", file.to_str().unwrap()];
    let mut command = person.command(&[login.as_slice(), arguments].concat());
    command.stdin(Stdio::from(File::open(person.file("words", "apple\n")).unwrap()));
    let mut client = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = client.stdout.take().unwrap();
    let mut bytes = vec![0; read];
    output.read_exact(&mut bytes).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    let peak = processes::status(client.id(), "VmHWM").unwrap();
    drop(output);
    assert!(wait_for_end(&mut client), "{arguments:?}");
    assert_eq!(client.wait().unwrap().code(), Some(141), "{arguments:?}");
    peak.trim_end_matches(" kB").parse().unwrap()
}

/// The longest line that is taken is in memory once, or twice where it can't be helped, but not five times.
#[test]
fn a_line_as_long_as_may_be() {
    const LENGTH: usize = 60 << 20;
    let long = Arc::new(format!("OK apple\t{}\n", "n. \\n\u{9b}苹果".repeat(LENGTH / 13)));
    let address = serve(move |request| match letter(request) {
        b'Q' | b'D' => Say(long.as_bytes().to_vec()),
        b'H' => Say(format!("OK 1\n{ROW}").into_bytes()),
        b'G' => Say(b"OK 0\n".to_vec()),
        _ => Say(b"OK\n".to_vec()),
    });
    let person = Person::new(address);
    for arguments in [
        ["lookup", "apple"].as_slice(),
        &["lookup"],
        &["lookup", "--json", "apple"],
        &["history", "--top", "--format", "tsv"],
        &["export", "--csv", "-"],
    ] {
        let peak = peak_after(&person, arguments, LENGTH - (1 << 20));
        println!("{arguments:?}: {} MiB", peak >> 10);
        assert!(peak < (2 * LENGTH as u64) >> 10, "{arguments:?}: {peak} KiB");
    }
}

/// Different words without end are given up where they would have to be kept, and so are rows that are to be printed
/// the other way round.
#[test]
fn words_without_end() {
    for (arguments, padding) in [
        (["export", "--csv", "deck"].as_slice(), 0),
        (&["export", "--anki", "-"], 900),
        (&["history", "--top"], 900),
        (&["history", "--top", "--json"], 900),
        (&["history", "--all", "--reverse"], 900),
    ] {
        let person = Person::new(words_server(padding));
        let file = person.password_file(PASSWD);
        let login = ["--user", "ann", "--password-file", file.to_str().unwrap()];
        let mut command = person.command(&[login.as_slice(), arguments].concat());
        // What it may have at most; a client that keeps more ends by itself, in another way.
        limit_memory(&mut command, 400 << 20);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(76), "{arguments:?}: {said}");
        assert!(said.contains("--since"), "{arguments:?}: {said}");
        assert!(!person.home().join("deck").exists());
    }
}

/// A server whose history never ends, and never repeats a word; each is longer by `padding` bytes than it need be.
fn words_server(padding: usize) -> String {
    serve(move |request| {
        if request.starts_with('L') {
            return Say(b"OK\n".to_vec());
        }
        let rows = (0_u64..).step_by(1_000).map(move |begin| {
            let row = |n: u64| ROW.replace("apple", &format!("{n}{}", "x".repeat(padding)));
            (begin..begin + 1_000).map(row).collect::<String>().into_bytes()
        });
        Forever(b"OK 18446744073709551615\n".to_vec(), Box::new(rows))
    })
}

fn limit_memory(command: &mut Command, bytes: u64) {
    // SAFETY: setrlimit is async-signal-safe, and touches nothing of the parent's memory.
    unsafe {
        command.pre_exec(move || setrlimit(Resource::RLIMIT_AS, bytes, bytes).map_err(Into::into));
    }
}

/// Rows without end are shown as they come, and cost no memory.
#[test]
fn a_history_without_end() {
    let address = serve(|request| match letter(request) {
        b'L' => Say(b"OK\n".to_vec()),
        _ => Answer::again_and_again(b"OK 18446744073709551615\n".to_vec(), ROW.repeat(1_000).into_bytes()),
    });
    let person = Person::new(address);
    let file = person.password_file(PASSWD);
    for options in [["--all"].as_slice(), &["--all", "--json"]] {
        let arguments = ["--user", "ann", "--password-file", file.to_str().unwrap(), "history"];
        let mut command = person.command(&[arguments.as_slice(), options].concat());
        let mut client = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = client.stdout.take().unwrap();
        let mut bytes = vec![0; 1 << 20];
        output.read_exact(&mut bytes).unwrap();
        assert!(String::from_utf8_lossy(&bytes[..1_000]).contains("apple"));
        let peak = processes::status(client.id(), "VmHWM").unwrap();
        let peak: u64 = peak.trim_end_matches(" kB").parse().unwrap();
        assert!(peak < 24 << 10, "{peak} KiB");
        // The reader goes away.
        drop(output);
        assert!(wait_for_end(&mut client));
        assert_eq!(client.wait().unwrap().code(), Some(141));
    }
}
