//! Wrong input of every kind: each kind has its code, and the session goes on. Input that dictd and dicod handle
//! wrongly is here, too.

use super::{Client, code};
use std::time::Duration;
use support::{Connection, Setup, Store};

fn setup() -> Setup {
    Setup::new(Store::Sqlite).dict()
}

#[test]
fn every_mistake_has_its_code() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    for (line, expected) in [
        (&b"HELLO"[..], 500),
        (b"GET / HTTP/1.1", 500),
        (b"\xff\xfe", 500),
        (b"\0", 500),
        (b"DEFINE", 501),
        (b"DEFINE *", 501),
        (b"DEFINE * ice cream", 501),
        (b"DEFINE * \xff", 501),
        (b"DEFINE \xff apple", 501),
        (b"MATCH * exact", 501),
        (b"MATCH * re \"\\(\"", 501),
        (b"MATCH * regexp \"(\"", 501),
        (b"SHOW", 501),
        (b"SHOW ME", 501),
        (b"OPTION X", 501),
        (b"AUTH ann", 501),
        (b"SASLAUTH EXTERNAL x", 502),
        (b"DEFINE nowhere apple", 550),
        (b"MATCH nowhere exact apple", 550),
        (b"MATCH * nohow apple", 551),
        (b"DEFINE * zzz", 552),
        (b"DEFINE * \"\"", 552),
        (b"MATCH * exact zzz", 552),
        (b"MATCH * prefix \"\"", 552),
    ] {
        assert_eq!(client.status(line), expected, "{}", String::from_utf8_lossy(line));
        assert_eq!(client.headwords("DEFINE * apple"), ["apple"]);
    }
}

/// dictd closes on 1,000 Chinese characters or 7,000 bytes.
#[test]
fn long_lines_have_one_answer_and_do_no_harm() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.status(format!("DEFINE * \"{}\"", "词".repeat(1_000))), 552);
    let escaped: Vec<u8> = "词".repeat(1_000).bytes().flat_map(|byte| [b'\\', byte]).collect();
    assert_eq!(client.status([b"DEFINE * ", &escaped[..]].concat()), 552);
    for long in ["x".repeat(1_100), "x".repeat(7_000), "x".repeat(100_000), "词".repeat(3_000)] {
        assert_eq!(client.status(format!("DEFINE * \"{long}\"")), 500);
        assert_eq!(client.headwords("DEFINE * apple"), ["apple"]);
    }
}

/// dictd and dicod reset the connection where there is input after QUIT.
#[test]
fn the_goodbye_arrives_whatever_comes_after() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    client.send(format!("QUIT\r\n{}", "DEFINE * apple\r\n".repeat(2_000)));
    assert_eq!(code(&client.line()), 221);
    assert!(client.0.at_eof());
}

#[test]
fn commands_in_any_pieces() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    for byte in b"DEFINE * apple\nSTATUS\r\n" {
        client.send([*byte]);
    }
    assert_eq!([client.reply(), client.reply()].map(|reply| code(&reply[0])), [150, 210]);
    // Many at once: the replies are in order, and every one is there.
    client.send("DEFINE * apple\r\nDEFINE * zzz\r\nSTATUS\r\n".repeat(500));
    for _ in 0..500 {
        let codes = [client.reply(), client.reply(), client.reply()].map(|reply| code(&reply[0]));
        assert_eq!(codes, [150, 552, 210]);
    }
    // What follows the last newline is not a command.
    client.send("DEFINE * apple");
    client.0.finish_sending();
    assert!(client.0.at_eof());
}

/// A client that asks for one thing at a time has each reply at once; one that sends all in one packet gets the very
/// same bytes, mistakes among them, and nothing after the goodbye.
#[test]
fn many_commands_in_one_packet_are_answered_as_one_by_one() {
    let daemon = setup().start();
    let words = ["apple", "APPLE", "pear", "zzz", "apples", "\"ice cream\"", "zoo", "went"];
    let mut commands: Vec<String> = words.iter().cycle().take(16).map(|word| format!("DEFINE * {word}")).collect();
    commands.insert(5, "HELLO".to_owned());
    commands.insert(9, format!("AUTH nobody {}", "0".repeat(32)));
    commands.insert(12, "OPTION MIME".to_owned());
    let mut single = Client::open(&daemon);
    let one_by_one: Vec<Vec<String>> = commands.iter().map(|command| single.ask(command)).collect();
    let codes: Vec<u16> = one_by_one.iter().map(|reply| code(&reply[0])).collect();
    assert_eq!((codes[0], codes[3], codes[5], codes[9], codes[12]), (150, 552, 500, 531, 250));
    let mut batch = Client::open(&daemon);
    batch.send(format!("{}\r\nQUIT\r\nDEFINE * apple\r\n", commands.join("\r\n")));
    for expected in &one_by_one {
        assert_eq!(&batch.reply(), expected);
    }
    assert_eq!(code(&batch.line()), 221);
    assert!(batch.0.at_eof());
}

/// Both servers take 45 ms for each DEFINE on a kept connection: a reply in two writes waits for the client's
/// acknowledgement of the first, where Nagle's algorithm is on. One write is what can be counted.
#[test]
fn a_reply_is_one_write() {
    let setup = setup();
    let trace = setup.path("trace");
    let trace_option = trace.display().to_string();
    let daemon = setup
        .wrapper(&["strace", "-D", "-f", "-e", "trace=sendto,write,sendmsg", "-s", "64", "-o", &trace_option])
        .start();
    let mut client = Client::open(&daemon);
    for _ in 0..5 {
        assert_eq!(client.headwords("DEFINE * apple"), ["apple"]);
    }
    assert_eq!(client.status("QUIT"), 221);
    assert!(client.0.at_eof());
    let text = std::fs::read_to_string(&trace).unwrap();
    assert_eq!(text.matches("\"150 1 definitions retrieved").count(), 5, "{text}");
    assert_eq!(text.matches("\"151 ").count() + text.matches("\"250 ").count(), 0, "{text}");
}

#[test]
fn an_article_of_any_length_arrives_in_lines_that_are_short_enough() {
    let interpretation = format!("{}\\n.\\n..x\\n{}", "word ".repeat(2_000), "词".repeat(5_000));
    let daemon = setup().words(format!(".dot\t.x\nlong\t{interpretation}\n")).start();
    let mut client = Client::open(&daemon);
    let reply = client.ask("DEFINE * long");
    assert!(reply.iter().all(|line| line.chars().count() <= 1_022 && (line == "." || !line.starts_with('.'))));
    let text: String = reply[3..reply.len() - 2].concat().split_whitespace().collect();
    assert_eq!(text, format!("{}...x{}", "word".repeat(2_000), "词".repeat(5_000)));
    assert_eq!(client.ask("DEFINE * .dot")[2..4], [" .dot", "  .x"]);
    assert_eq!(client.rows("MATCH * prefix ."), [".dot"]);
}

#[test]
fn an_idle_client_is_told_so() {
    let daemon = setup().options("--idle-timeout 1 --login-grace 1").start();
    let mut client = Client::open(&daemon);
    client.0.set_patience(Duration::from_secs(60));
    assert_eq!(client.headwords("DEFINE * apple"), ["apple"]);
    assert_eq!(code(&client.line()), 421);
    assert!(client.0.at_eof());
    // It is not an offence, and not logged.
    daemon.wait_children(0);
    assert!(!daemon.log().contains("idle too long"), "{}", daemon.log());
}

#[test]
fn nobody_has_to_log_in_within_the_grace_time() {
    let daemon = setup().options("--login-grace 1").start();
    let mut line_client = daemon.connect();
    let mut client = Client::open(&daemon);
    // By then the grace time is over.
    assert!(line_client.line().starts_with("FAIL timeout"));
    assert_eq!(client.headwords("DEFINE * apple"), ["apple"]);
}

#[test]
fn a_limit_is_said_in_its_own_language() {
    let daemon = setup().options("--max-clients 1").start();
    let _first = Client::open(&daemon);
    let mut second = Client(Connection::open(daemon.dict_port()));
    assert_eq!(code(&second.line()), 420);
    assert!(second.0.at_eof());
    let mut lines = Connection::open(daemon.port());
    assert!(lines.line().starts_with("FAIL busy"));
}
