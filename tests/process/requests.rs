//! The grammar of requests and the shape of replies, to the letter.

use std::time::Duration;
use support::{Connection, Daemon, Setup, Store, code, on_both_stores};

on_both_stores!(history_counts_and_shape, history_is_strictly_newest_first, clearing_the_history, about_the_server);

/// The time of a row: RFC 3339 in UTC with microseconds.
fn time(row: &str, name: &str, word: &str) -> String {
    let fields: Vec<&str> = row.split('\t').collect();
    assert_eq!(fields[..2], [name, word], "{row}");
    assert_eq!(fields.len(), 3, "{row}");
    let shape: String = fields[2].chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z", "{row}");
    fields[2].to_owned()
}

fn history_counts_and_shape(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    for request in ["H ann", "H ann 1", "H ann 1000", "H ann all"] {
        assert_eq!(ann.ask(request), ["OK 0"], "{request}");
    }
    let words = ["apple", "zoo", "pear", "ice cream"];
    for at in 0..12 {
        ann.ask(&format!("Q ann {}", words[at % 4]));
    }
    assert_eq!(ann.ask("H ann").len(), 1 + 10, "10 if left out");
    assert_eq!(ann.ask("H ann 1")[0], "OK 1");
    assert_eq!(ann.ask("H ann 12").len(), 1 + 12);
    assert_eq!(ann.ask("H ann 1000")[0], "OK 12");
    let all = ann.ask("H ann all");
    assert_eq!(all.len(), 1 + 12);
    let before = time::OffsetDateTime::now_utc() - Duration::from_secs(3_600);
    for (row, at) in all[1..].iter().zip((0..12).rev()) {
        let text = time(row, "ann", words[at % 4]);
        let time =
            time::OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339).expect("RFC 3339");
        assert!(time > before && time <= time::OffsetDateTime::now_utc(), "{text} is now, in UTC");
    }
    for n in ["0", "1001", "-1", "+1", "1.0", "01x", "ALL", "all ", "1 2", "", " 1", "99999999999999999999", "十"] {
        assert_eq!(ann.refused(&format!("H ann {n}")), "badreq", "{n:?}");
    }
}

/// Also within one second, and over two sessions.
fn history_is_strictly_newest_first(store: Store) {
    let daemon = Daemon::over(store);
    let mut one = daemon.connect_as("ann");
    let mut two = daemon.connect();
    two.login("ann");
    let words = ["apple", "zoo", "pear"];
    for at in 0..30 {
        // Each lookup is over before the next begins.
        let session = if at % 2 == 0 { &mut one } else { &mut two };
        session.ask(&format!("Q ann {}", words[at % 3]));
    }
    let rows = one.ask("H ann all").split_off(1);
    assert_eq!(rows.len(), 30);
    let times: Vec<String> = rows.iter().zip((0..30).rev()).map(|(row, at)| time(row, "ann", words[at % 3])).collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{times:?}");
    assert_eq!(two.ask("H ann 3").split_off(1), rows[..3]);
    // In one packet, too.
    let all: Vec<String> = (0..200).map(|at| format!("Q ann {}", words[at % 3])).collect();
    one.ask_all(&all);
    let rows = one.ask("H ann 200").split_off(1);
    let times: Vec<String> = rows.iter().zip((0..200).rev()).map(|(row, at)| time(row, "ann", words[at % 3])).collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]));
}

fn clearing_the_history(store: Store) {
    let daemon = Daemon::over(store);
    let mut bob = daemon.connect_as("bob");
    bob.ask("Q bob apple");
    let mut ann = daemon.connect_as("ann");
    ann.ok("C ann");
    for word in ["apple", "Apple", "ice cream", "apple", "zoo"] {
        ann.ask(&format!("Q ann {word}"));
    }
    ann.ok("C ann apple");
    assert_eq!(ann.history("ann"), ["zoo", "ice cream", "Apple"], "what it holds of one headword, byte for byte");
    ann.ok("C ann   ice cream ");
    ann.ok("C ann nosuchword");
    assert_eq!(ann.history("ann"), ["zoo", "Apple"]);
    assert_eq!(ann.refused("C ann "), "badreq", "a word that is missing is not the whole history");
    ann.ok("C ann");
    assert_eq!(ann.ask("H ann"), ["OK 0"]);
    ann.ask("Q ann pear");
    assert_eq!(ann.history("ann"), ["pear"]);
    assert_eq!(bob.history("bob"), ["apple"]);
}

fn about_the_server(store: Store) {
    let daemon = Setup::new(store).words("# title: 词 Dict\n# licence: A\\B\na 1\nb 2\nb 3\n").start();
    let mut client = daemon.connect();
    let version = format!("version\t{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(client.ask("I"), ["OK 4", &version, "title\t词 Dict", "headwords\t2", "licence\tA\\\\B"]);
}

#[test]
fn suggestions_are_at_most_ten() {
    let words: String = (10..30).map(|n| format!("word{n} x\n")).collect();
    let daemon = Setup::new(Store::Sqlite).words(words).start();
    let mut ann = daemon.connect_as("ann");
    let reply = ann.ask("S ann word");
    assert_eq!(reply[0], "OK 10");
    assert!(reply[1..].iter().all(|headword| headword.starts_with("word")), "{reply:?}");
    assert_eq!(ann.ask("S ann word2")[0], "OK 10");
    let reply = ann.ask("S ann word29");
    assert_eq!((&*reply[0], &*reply[1], reply.len()), ("OK 10", "word29", 11), "itself, then what is near");
}

/// One reply each, from the same child, and the session goes on.
#[test]
fn what_is_no_request_is_badreq() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut client = daemon.connect_as("ann");
    let child = daemon.wait_children(1);
    let bad: [&[u8]; 38] = [
        b"",
        b" ",
        b"\r",
        b"  I",
        b"L",
        b"L ",
        b"L ann",
        b"R",
        b"R x",
        b"Q",
        b"Q ann",
        b"Q ann ",
        b"Q ann    ",
        b"S ann",
        b"S ann ",
        b"P ann",
        b"X ann",
        b"C",
        b"H",
        b"H ",
        b"e",
        b"i",
        b"E x",
        b"E ",
        b"O x",
        b"I x",
        b"Exit",
        b"Hello",
        b"Query ann apple",
        b"Z",
        b"Q ann \xff",
        b"\xff\xfe",
        b"\0",
        b"Q ann a\0b",
        b"Q ann a\tb",
        b"Q ann \x7f",
        b"Q ann \xc2\x85",
        b"Q ann a\rb",
    ];
    for line in bad {
        client.send([line, b"\n"].concat());
        let reply = client.line();
        assert_eq!(code(&reply), Some("badreq"), "{:?}: {reply:?}", String::from_utf8_lossy(line));
    }
    // All at once: as many replies as lines.
    client.send([bad.join(&b'\n'), b"\nI\n".to_vec()].concat());
    for line in bad {
        assert_eq!(code(&client.line()), Some("badreq"), "{:?}", String::from_utf8_lossy(line));
    }
    assert_eq!(client.reply_to("I").len(), 5);
    assert_eq!(daemon.children(), child);
    assert_eq!(client.ask("H ann"), ["OK 0"]);
}

#[test]
fn crlf_is_a_line_end() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut client = daemon.connect();
    client.send("R ann secret\r\nL ann secret\r\nQ ann ice cream\r\nQ ann apple\nH ann\r\n");
    assert_eq!([client.line(), client.line()], ["OK", "OK"]);
    assert_eq!(client.line(), "OK ice cream\tn. 冰淇淋");
    assert_eq!(client.line(), "OK apple\tn. 苹果");
    assert_eq!(client.reply_to("H").len(), 3, "replies end in LF alone");
    client.ok("L ann secret");
}

fn too_long(client: &mut Connection, bytes: &[u8]) {
    client.send(bytes);
    let reply = client.line();
    assert_eq!(code(&reply), Some("toolong"), "{} bytes: {reply}", bytes.len());
}

#[test]
fn lines_at_and_over_the_limit() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut client = daemon.connect_as("ann");
    let child = daemon.wait_children(1);
    for length in [129, 1_023, 1_024] {
        let line = format!("Q ann {}", "x".repeat(length - 6));
        assert_eq!(line.len(), length);
        assert_eq!(client.refused(&line), "notfound", "{length} bytes");
        client.send(format!("{line}\r\n"));
        assert_eq!(code(&client.line()), Some("notfound"), "{length} bytes and CRLF");
    }
    too_long(&mut client, format!("Q ann {}\n", "x".repeat(1_025 - 6)).as_bytes());
    too_long(&mut client, format!("Q ann {}\r\n", "x".repeat(1_025 - 6)).as_bytes());
    // The rest of a line that is too long never runs as a request, wherever it is cut.
    for length in [1_024, 1_025, 4_000, 4_096, 65_536, 200_000] {
        let mut line = "E".repeat(length);
        line.push_str(" Q ann apple\n");
        too_long(&mut client, line.as_bytes());
    }
    // One error for one line, reported in its place.
    client.send(format!("Q ann zoo\n{}\nI\n{}\r\nQ ann zoo\n", "x".repeat(5_000), "\u{ff}".repeat(5_000)));
    assert_eq!(client.line(), "OK zoo\tn. 动物园");
    assert_eq!(code(&client.line()), Some("toolong"));
    assert_eq!(client.reply_to("I").len(), 5);
    assert_eq!(code(&client.line()), Some("toolong"));
    assert_eq!(client.line(), "OK zoo\tn. 动物园");
    assert_eq!(client.history("ann"), ["zoo", "zoo"]);
    assert_eq!(daemon.children(), child);
}

/// Half a command is not a command.
#[test]
fn a_last_line_without_a_newline_is_no_request() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    ann.send("Q ann zoo\nQ ann apple");
    ann.finish_sending();
    assert_eq!(ann.lines_to_end(), ["OK zoo\tn. 动物园"]);
    let mut again = daemon.connect();
    again.login("ann");
    assert_eq!(again.history("ann"), ["zoo"]);
}
