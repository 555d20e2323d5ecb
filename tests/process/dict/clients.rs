//! The bytes of one lookup exactly as each client sends them, in the same pieces, and the replies that the client
//! needs.

use super::{Client, code};
use std::io::Read;
use std::net::TcpStream;
use support::{Connection, PATIENCE, Setup, Store};

const WORDS: &str = "# title: Test \"words\"\n# licence: CC0-1.0\nApple\tn. 苹果公司\napple\tn. 苹果\\nfruit\n\
    .NET\tn. a framework\na\"b\\c\tn. quotes\ndon't\tcontr.\nice cream\tn. 冰淇淋\n5\" disk\tn. a floppy\n\
    receive\tv. 收到\n词典\tn. dictionary\n";

fn setup() -> Setup {
    Setup::new(Store::Sqlite).words(WORDS).dict()
}

/// Everything up to the end of the stream, after sending `pieces`, each when its number of lines has come.
fn conversation(port: u16, bytes: &[u8]) -> Vec<String> {
    let mut connection = Connection::open(port);
    connection.send(bytes);
    let lines = connection.lines_to_end();
    lines.into_iter().map(|line| line.strip_suffix('\r').expect("CRLF").to_owned()).collect()
}

#[test]
fn dict_sends_two_commands_before_it_has_read_the_banner() {
    let daemon = setup().start();
    let port = daemon.dict_port();
    let lines = conversation(
        port,
        b"client \"dict 1.13.0/rf on Linux\"\r\ndefine * \"apple\"\r\ndefine * \"recieve\"\r\nmatch * . \"recieve\"\r\nquit\r\n",
    );
    let banner: Vec<&str> = lines[0].split(' ').collect();
    assert_eq!((banner[0], banner[2], banner.len()), ("220", "cidiand", 6), "{}", lines[0]);
    assert_eq!(banner[4], "<auth.mime>");
    assert!(banner[5].starts_with('<') && banner[5].ends_with('>') && banner[5].contains('@'), "{}", banner[5]);
    assert_eq!(
        lines[1..],
        [
            "250 ok",
            "150 1 definitions retrieved",
            "151 \"apple\" words \"Test 'words'\"",
            "apple",
            "  n. 苹果",
            "  fruit",
            ".",
            "250 ok",
            "552 no match",
            "152 1 matches found",
            "words \"receive\"",
            ".",
            "250 ok",
            "221 goodbye",
        ]
    );
}

#[test]
fn curl_splits_characters_by_backslashes_and_sends_an_empty_line() {
    let daemon = setup().start();
    let port = daemon.dict_port();
    let mut bytes = b"CLIENT libcurl 7.88.1\r\nDEFINE ! ".to_vec();
    bytes.extend("词典".bytes().flat_map(|byte| [b'\\', byte]));
    bytes.extend_from_slice(b"\r\nDEFINE ! ice\\ cream\r\nDEFINE ! don\\'t\r\nDEFINE ! a\\\"b\\\\c\r\n\r\nQUIT\r\n");
    let lines = conversation(port, &bytes);
    let found: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("151 ")).collect();
    let titled = |headword: &str| format!("\"{headword}\" words \"Test 'words'\"");
    assert_eq!(found, ["词典", "ice cream", "don't", r#"a\"b\\c"#].map(titled));
    assert_eq!(lines.last().map(String::as_str), Some("221 goodbye"));
    assert!(!lines.iter().any(|line| line.starts_with('5')), "{lines:?}");
}

#[test]
fn dico_and_net_dict_quote_every_argument() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.status("CLIENT \"GNU dico 2.11\""), 250);
    assert_eq!(client.headwords("DEFINE \"!\" \"ice cream\""), ["ice cream"]);
    assert_eq!(client.rows("MATCH \"*\" \"prefix\" \"ic\""), ["ice cream"]);
    assert_eq!(client.status("QUIT"), 221);
    assert!(client.0.at_eof());
}

#[test]
fn gnome_quotes_as_a_shell_does() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.status("CLIENT 'GNOME Dictionary 40.0'"), 250);
    assert_eq!(client.headwords(r"DEFINE ! 'don'\''t'"), ["don't"]);
    // To it a backslash within single quotes is itself; to the RFC it takes the next character.
    assert_eq!(client.headwords(r#"DEFINE ! 'a"b\c'"#), [r#"a\"b\\c"#]);
    assert_eq!(client.headwords(r"DEFINE ! 'ice\ cream'"), ["ice cream"]);
    assert_eq!(client.rows("MATCH * exact 'APPLE'"), ["Apple", "apple"]);
}

#[test]
fn xfce_and_emacs_put_quotes_around_whatever_was_typed() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.headwords("DEFINE * \"5\" disk\""), [r#"5\" disk"#]);
    assert_eq!(client.headwords("DEFINE * \"a\"b\\c\""), [r#"a\"b\\c"#]);
    assert_eq!(client.headwords("DEFINE * \"don't\""), ["don't"]);
    // A quote that is not closed, or stands alone, has an answer all the same.
    assert_eq!(client.headwords("DEFINE * \"apple"), ["apple"]);
    for nothing in ["DEFINE * \"\"\"", "DEFINE * \"", "DEFINE * '", "DEFINE * \"\"", "DEFINE * don't", "MATCH * . \""] {
        let status = client.status(nothing);
        assert!([150, 552].contains(&status), "{nothing}: {status}");
    }
}

#[test]
fn goldendict_asks_for_mime_and_never_says_goodbye() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.status("CLIENT GoldenDict"), 250);
    assert_eq!(client.status("OPTION MIME"), 250);
    let reply = client.ask("MATCH * prefix \"app\"");
    assert_eq!(reply, ["152 2 matches found", "", "words \"Apple\"", "words \"apple\"", ".", "250 ok"]);
    let reply = client.ask("DEFINE * \"apple\"");
    let header = ["Content-type: text/plain; charset=utf-8", "Content-transfer-encoding: 8bit", ""];
    assert_eq!(reply[2..5], header);
    assert_eq!(reply[5..], ["apple", "  n. 苹果", "  fruit", ".", "250 ok"]);
    for (command, status) in
        [("SHOW DB", 110), ("SHOW STRAT", 111), ("SHOW INFO words", 112), ("HELP", 113), ("SHOW SERVER", 114)]
    {
        let reply = client.ask(command);
        assert_eq!(code(&reply[0]), status);
        assert!(reply[1].is_empty() || reply[1..4] == header, "{command}: {reply:?}");
    }
}

/// Its load: a connection for each key, closed without a word, some before the answer. Nothing of it is worth a line in
/// the log, and nothing is a failure of the client's address.
#[test]
fn goldendict_s_keystrokes_leave_no_trace_in_the_log() {
    let daemon = setup().options("--exempt-source none --max-clients-per-source 256").start();
    let before = daemon.log();
    for round in 0..60 {
        let mut client = Client(Connection::open(daemon.dict_port()));
        client.send("CLIENT GoldenDict\r\nOPTION MIME\r\nMATCH * prefix \"a\"\r\n");
        if round % 3 > 0 {
            let banner = client.line();
            assert!(banner.starts_with("220 "), "{banner}");
        }
        if round % 3 > 1 {
            assert_eq!([client.reply(), client.reply(), client.reply()].map(|reply| code(&reply[0])), [250, 250, 152]);
        }
    }
    daemon.wait_children(0);
    assert_eq!(daemon.log(), before);
    let status = daemon.status();
    assert_eq!((&status["penalties"]["sources"], &status["refused"]), (&0.into(), &0.into()), "{status}");
    let ended = ["closed", "lost"].iter().filter_map(|how| status["sessions_ended"][how].as_u64()).sum::<u64>();
    assert_eq!(ended, 60, "{status}");
}

/// Emacs 28 fails on a banner in pieces.
#[test]
fn the_banner_is_there_at_once_and_whole() {
    let daemon = setup().start();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(("127.0.0.1", daemon.dict_port())).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = [0; 1_024];
        let size = stream.read(&mut bytes).unwrap();
        let banner = std::str::from_utf8(&bytes[..size]).unwrap();
        assert!(banner.starts_with("220 ") && banner.ends_with(">\r\n"), "{banner:?}");
        ids.insert(banner.trim().rsplit(' ').next().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 20, "each connection has its own");
}

#[test]
fn everything_that_can_be_shown() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    for command in ["SHOW DB", "show databases"] {
        let reply = client.ask(command);
        assert_eq!(reply, ["110 1 databases present", "words \"Test 'words'\"", ".", "250 ok"]);
    }
    for command in ["SHOW STRAT", "show strategies"] {
        let reply = client.ask(command);
        for name in [
            "exact",
            "prefix",
            "suffix",
            "substring",
            "word",
            "first",
            "last",
            "re",
            "regexp",
            "lev",
            "soundex",
            "nprefix",
        ] {
            assert!(reply.iter().any(|line| line.starts_with(&format!("{name} \""))), "{name}: {reply:?}");
        }
    }
    let info = client.ask("SHOW INFO words");
    assert_eq!(info[1..], ["Test 'words'", "9 headwords", "CC0-1.0", "name: words", ".", "250 ok"]);
    assert_eq!(client.status("SHOW INFO other"), 550);
    assert_eq!(client.status("SHOW SERVER"), 114);
    assert_eq!(client.status("HELP"), 113);
    assert_eq!(client.status("STATUS"), 210);
    assert_eq!(client.status("CLIENT"), 250);
}

/// Every headword that a match lists is found when it is sent back as it stands.
#[test]
fn what_a_match_lists_is_found() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    let mut rows = client.rows("MATCH * regexp \".\"");
    assert_eq!(rows.len(), 9, "{rows:?}");
    for row in &rows {
        assert_eq!(client.headwords(format!("DEFINE words \"{row}\"")), [row.as_str()]);
    }
    // And by one that takes the backslashes off and puts nothing in their place.
    rows.retain(|row| row.contains('\\'));
    assert_eq!(rows.len(), 2);
    for row in rows {
        let plain = row.replace("\\\"", "\"").replace("\\\\", "\\");
        assert_eq!(client.headwords(format!("DEFINE words \"{plain}\"")), [row.as_str()], "{plain}");
    }
}

#[test]
fn a_lookup_follows_the_rules_and_names_what_it_found() {
    let daemon = setup().start();
    let mut client = Client::open(&daemon);
    for (word, headword) in
        [("apple", "apple"), ("Apple", "Apple"), ("APPLE", "apple"), ("apples", "apple"), ("ICE CREAM", "ice cream")]
    {
        assert_eq!(client.headwords(format!("DEFINE * \"{word}\"")), [headword], "{word}");
    }
    for database in ["*", "!", "words", "WORDS"] {
        assert_eq!(client.headwords(format!("DEFINE {database} apple")), ["apple"]);
    }
}
