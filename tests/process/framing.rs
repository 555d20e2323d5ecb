//! How bytes become requests: split anywhere, all at once, pipelined, half-closed, followed by more.

use std::time::{Duration, Instant};
use support::{Connection, Daemon, PASSWD, Store, code, on_both_stores};

on_both_stores!(
    split_anywhere_the_replies_are_the_same,
    a_thousand_rows_of_history_come_quickly,
    a_half_closed_client_gets_all_replies,
    pipelined_lookups_are_seen_by_what_follows,
);

/// A session with a request of every kind, which leaves nothing behind.
fn session() -> (String, Vec<&'static str>) {
    let requests = vec![
        "I",
        "R ann secret",
        "Q ann apple",
        "L ann wrong",
        "L ann secret",
        "Q ann apple",
        "Q ann ICE CREAM",
        "",
        "Q ann nosuchword",
        "H ann",
        "S ann ap",
        "Q ann pear",
        "Q ann 词",
        "H ann 2",
        "C ann apple",
        "H ann all",
        "nonsense",
        "P ann new",
        "O",
        "H ann",
        "L ann new",
        "X ann wrong",
        "X ann new",
        "H ann",
        "E",
    ];
    let mut text = requests.join("\n");
    // A line over the limit, in the middle.
    text = text.replace("nonsense\n", &format!("nonsense\n{}\r\n", "y".repeat(3_000)));
    text.push('\n');
    (text, requests)
}

/// Everything up to the end, without the times, which differ.
fn transcript(mut client: Connection) -> Vec<String> {
    let strip = |line: String| match line.rsplit_once('\t') {
        Some((rest, last)) if last.ends_with('Z') => rest.to_owned(),
        _ => line,
    };
    client.lines_to_end().into_iter().map(strip).collect()
}

/// What TCP glues or splits changes nothing.
fn split_anywhere_the_replies_are_the_same(store: Store) {
    let daemon = Daemon::over(store);
    let (text, requests) = session();
    let mut client = daemon.connect();
    client.send(&text);
    let at_once = transcript(client);
    // As many replies as lines, the long one among them.
    let heads = at_once.iter().filter(|line| line.starts_with("OK") || line.starts_with("FAIL")).count();
    assert_eq!(heads, requests.len() + 1, "{at_once:#?}");
    assert_eq!(at_once.last().map(String::as_str), Some("OK"));
    assert!(at_once.contains(&"ann\tice cream".to_owned()), "{at_once:#?}");

    let mut client = daemon.connect();
    for byte in text.as_bytes() {
        client.send([*byte]);
    }
    assert_eq!(transcript(client), at_once, "one byte at a time");
    for size in [2, 7, 100, 1_023] {
        let mut client = daemon.connect();
        for part in text.as_bytes().chunks(size) {
            client.send(part);
        }
        assert_eq!(transcript(client), at_once, "{size} bytes at a time");
    }

    // One request after the other, each waiting for its reply.
    let mut client = daemon.connect();
    let mut replies = Vec::new();
    for request in text.lines() {
        replies.extend(client.ask(request).into_iter().map(|line| match line.rsplit_once('\t') {
            Some((rest, last)) if last.ends_with('Z') => rest.to_owned(),
            _ => line,
        }));
    }
    assert!(client.at_eof());
    assert_eq!(replies, at_once, "line by line");
}

/// There is no waiting between the writes of one reply.
fn a_thousand_rows_of_history_come_quickly(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    let words = ["apple", "zoo", "pear", "bank"];
    let requests: Vec<String> = (0..1_000).map(|at| format!("Q ann {}", words[at % 4])).collect();
    let replies = ann.ask_all(&requests);
    assert!(replies.iter().all(|reply| reply[0].starts_with("OK ")));
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let begin = Instant::now();
        let rows = ann.ask("H ann 1000").split_off(1);
        quickest = quickest.min(begin.elapsed());
        assert_eq!(rows.len(), 1_000);
        assert!(rows.iter().zip((0..1_000).rev()).all(|(row, at)| row.split('\t').nth(1) == Some(words[at % 4])));
    }
    // Of three, because the machine is shared.
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
}

fn a_half_closed_client_gets_all_replies(store: Store) {
    let daemon = Daemon::over(store);
    daemon.connect().register("ann");
    let mut ann = daemon.connect();
    let mut text = format!("L ann {PASSWD}\n");
    text.push_str(&"Q ann apple\nQ ann nosuchword\n".repeat(300));
    text.push_str("H ann all\n");
    ann.send(&text);
    ann.finish_sending();
    let lines = ann.lines_to_end();
    assert_eq!(lines.len(), 1 + 600 + 1 + 300);
    assert_eq!(lines[601], "OK 300");
    daemon.wait_log("closed by the client");
}

fn pipelined_lookups_are_seen_by_what_follows(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    ann.send("Q ann apple\nQ ann zoo\nH ann\nQ ann pear\nC ann zoo\nH ann\nC ann\nQ ann bank\nH ann\nO\nQ ann zoo\n");
    let mut words = |request| -> Vec<String> {
        let rows = ann.reply_to(request).split_off(1);
        rows.iter().map(|row| row.split('\t').nth(1).expect("a word").to_owned()).collect()
    };
    assert_eq!((0..2).map(|_| words("Q")).count(), 2);
    assert_eq!(words("H"), ["zoo", "apple"]);
    assert_eq!((0..2).map(|_| words("Q")).count(), 2);
    assert_eq!(words("H"), ["pear", "apple"]);
    assert_eq!((0..2).map(|_| words("Q")).count(), 2);
    assert_eq!(words("H"), ["bank"]);
    assert_eq!(ann.line(), "OK");
    assert_eq!(code(&ann.line()), Some("denied"), "what follows a logout is not under its login");
}

/// A close with unread input sends a reset, which can overtake the last line.
#[test]
fn the_last_line_arrives_though_input_is_unread() {
    let daemon = Daemon::over(Store::Sqlite);
    for size in [1, 1_000, 64 * 1024, 900_000] {
        let mut client = daemon.connect();
        let mut writer = client.tcp().try_clone().expect("another handle");
        let bytes = [b"I\nE\n".to_vec(), b"Q ann apple\n".repeat(size / 12 + 1)].concat();
        std::thread::scope(|scope| {
            // The daemon may close while this is still sending.
            scope.spawn(move || std::io::Write::write_all(&mut writer, &bytes));
            assert_eq!(client.reply_to("I").len(), 5);
            assert_eq!(client.line(), "OK", "the goodbye, with {size} bytes behind it");
            assert!(client.at_eof(), "nothing behind E is answered, and there is no reset");
        });
    }
}

/// With an ordinary client, that is one with Nagle's algorithm on, several small writes a reply cost 40 ms.
#[test]
fn an_ordinary_client_does_not_wait_for_delayed_acknowledgements() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut client = daemon.connect();
    client.tcp().set_nodelay(false).expect("Nagle");
    let begin = Instant::now();
    for _ in 0..200 {
        client.send("I\n");
        assert_eq!(client.reply_to("I").len(), 5);
    }
    let elapsed = begin.elapsed();
    assert!(elapsed < Duration::from_secs(4), "200 round trips take {elapsed:?}: delays of 40 ms would be 8 s");
}
