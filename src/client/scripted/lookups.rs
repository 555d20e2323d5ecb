//! `lookup` against a scripted server.

use super::*;
use crate::client::arguments::{Asks, Parts};
use crate::client::commands::export::{self, Export};
use crate::client::commands::history::Choice;
use crate::client::commands::notebook::speech::Speaker;
use crate::client::commands::{about, lookup};
use crate::client::error::Error;
use crate::client::exit::Exit;
use crate::client::files::kept::{KeptLogins, Token};
use crate::protocol::Code;

pub(super) fn look_up(desk: &mut Desk, server: &Server, words: &[&str]) -> Result<Exit, Error> {
    let (_file, credentials) = ann();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    lookup::run(
        &mut desk.context(&server.connector(), &credentials),
        &words,
        &Asks::default(),
        Parts::default(),
        &mut Speaker::default(),
    )
}

#[test]
fn words_of_the_command_line() {
    let server = Server::start(vec![after_login([Step::Answer(4)].into_iter().chain(farewell()))]);
    let mut desk = Desk::new("", |_| {});
    let exit = look_up(&mut desk, &server, &["ice cream", "?", "##", "-able"]).unwrap();
    server.finish();
    assert_eq!(exit, Exit::NotFound);
    assert_eq!(desk.output.text(), "ICE CREAM  n. ice cream\nv. two\n##  n. ##\nv. two\n-ABLE  n. -able\nv. two\n");
    assert_eq!(desk.errors.text(), "cidian: not found: ?\n");
}

#[test]
fn a_filter_keeps_lines_in_step() {
    let server = Server::start(vec![after_login([Step::Answer(3)].into_iter().chain(farewell()))]);
    let long = "x".repeat(1_100);
    let mut desk = Desk::new(&format!("apple\r\n\n?\na\u{7}b\n{long}\n pear"), |_| {});
    let exit = look_up(&mut desk, &server, &[]).unwrap();
    server.finish();
    assert_eq!(exit, Exit::NotFound);
    assert_eq!(desk.output.text(), "n. apple\\nv. two\n\n\n\n\nn. pear\\nv. two\n");
    assert_eq!(desk.errors.text().lines().count(), 3, "{}", desk.errors.text());
}

#[test]
fn json_lines_keep_step_too() {
    let server = Server::start(vec![after_login([Step::Answer(2)].into_iter().chain(farewell()))]);
    let mut desk = Desk::new("a\n\n?\n", |manner| manner.json = true);
    assert_eq!(look_up(&mut desk, &server, &[]).unwrap(), Exit::NotFound);
    server.finish();
    let expected = "{\"word\":\"a\",\"found\":true,\"headword\":\"A\",\"form\":\"case\",\"interpretation\":\"n. a\\nv. two\"}\n\
                    {\"word\":\"\",\"found\":false}\n{\"word\":\"?\",\"found\":false}\n";
    assert_eq!(desk.output.text(), expected);
}

#[test]
fn many_words_are_pipelined_in_order() {
    let words: Vec<String> = (0..5_000).map(|n| format!("w{n}")).collect();
    let server = Server::start(vec![after_login([Step::Answer(words.len())].into_iter().chain(farewell()))]);
    let mut desk = Desk::new(&words.join("\n"), |_| {});
    assert_eq!(look_up(&mut desk, &server, &[]).unwrap(), Exit::Done);
    server.finish();
    let expected: String = words.iter().map(|word| format!("n. {word}\\nv. two\n")).collect();
    assert!(desk.output.text() == expected);
}

/// A word typed into a pipe is answered before the next one is typed.
#[test]
fn a_word_alone_is_answered_at_once() {
    let server = Server::start(vec![after_login([Step::Answer(2)].into_iter().chain(farewell()))]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let output = Page::default();
    let mut desk = Desk::new("", |_| {});
    desk.console =
        Console::new(desk.console.manner(), Box::new(reader), Box::new(output.clone()), Box::new(Page::default()));
    let typist = thread::spawn(move || {
        for word in ["one", "two"] {
            writer.write_all(format!("{word}\n").as_bytes()).unwrap();
            let began = std::time::Instant::now();
            while !output.text().contains(&format!("n. {word}")) {
                assert!(began.elapsed() < Duration::from_secs(10), "{word} is not answered");
                thread::yield_now();
            }
        }
    });
    assert_eq!(look_up(&mut desk, &server, &[]).unwrap(), Exit::Done);
    typist.join().unwrap();
    server.finish();
}

/// A server that dies in the middle is reported, and nothing loops.
#[test]
fn a_server_that_dies_between_answers() {
    let server = Server::start(vec![after_login([Step::Answer(1)])]);
    let mut desk = Desk::new("", |_| {});
    let error = look_up(&mut desk, &server, &["a", "b"]).unwrap_err();
    server.finish();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
    assert_eq!(desk.output.text(), "A  n. a\nv. two\n");
}

#[test]
fn refusals_have_their_statuses() {
    for (reply, number) in [
        ("FAIL busy too many clients\n", 75),
        ("FAIL timeout idle\n", 75),
        ("FAIL bye stopping\n", 75),
        ("FAIL unavailable database\n", 75),
        ("FAIL denied no\n", 77),
        ("FAIL later not yet\n", 76),
        ("HTTP/1.1 400 Bad Request\n", 76),
        ("\u{fffd}\n", 76),
        ("OK no tabulator\n", 76),
        ("OK half a li", 69),
        ("", 69),
    ] {
        let server = Server::start(vec![after_login([Step::Take("Q ann a"), give(reply)])]);
        let mut desk = Desk::new("", |_| {});
        let error = look_up(&mut desk, &server, &["a"]).unwrap_err();
        server.finish();
        assert_eq!(Exit::from(&error).number(), number, "{reply:?}");
    }
}

/// The last line is already there when sending fails: it is worth more than a broken pipe.
#[test]
fn a_client_whose_send_fails_reads_first() {
    let server = Server::start(vec![vec![give("FAIL busy too many clients\n")]]);
    let mut connection = crate::client::server::connection::Connection::open(&server.connector()).unwrap();
    server.finish();
    // The server is gone for good: the first send is answered with a reset, and after that one fails.
    let begin = std::time::Instant::now();
    while connection.has_sent() {
        assert!(begin.elapsed() < Duration::from_secs(60), "every send succeeds");
        connection.send(b"I\n");
    }
    match connection.status() {
        Err(Error::Refused(failure)) => assert_eq!(failure.code, Code::Busy),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_endless_line_has_an_end() {
    let server = Server::start(vec![after_login([Step::Take("Q ann a"), Step::Flood])]);
    let error = look_up(&mut Desk::new("", |_| {}), &server, &["a"]).unwrap_err();
    server.finish();
    assert!(matches!(error, Error::NotOurProtocol { .. }), "{error:?}");
}

#[test]
fn silence_has_an_end() {
    let server = Server::start(vec![after_login([Step::Take("Q ann a"), Step::Silence])]);
    let error = look_up(&mut Desk::new("", |_| {}), &server, &["a"]).unwrap_err();
    server.finish();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
}

/// A line that never ends, or rows that never do: each byte in time, the whole never.
#[test]
fn dripping_has_an_end() {
    let server = Server::start(vec![after_login([Step::Take("Q ann a"), give("OK a\t"), Step::Drip("x")])]);
    let error = look_up(&mut Desk::new("", |_| {}), &server, &["a"]).unwrap_err();
    server.finish();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
    let row = "ann\ta\t2026-11-23T05:32:10.123456Z\n";
    let server = Server::start(vec![after_login([Step::Take("H ann all"), give("OK 99999\n"), Step::Drip(row)])]);
    let (_file, credentials) = ann();
    let export = Export { anki: None, csv: Some("-".into()), choice: Choice::default() };
    let error =
        export::run(&mut Desk::new("", |_| {}).context(&server.connector(), &credentials), &export).unwrap_err();
    server.finish();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
}

#[test]
fn nobody_listens() {
    let server = Server::start(vec![]);
    let address = server.address.to_string();
    let connector = server.connector();
    server.finish();
    let error = about::print(&mut Desk::new("", |_| {}).console, &connector).unwrap_err();
    assert_eq!(Exit::from(&error), Exit::NoServer);
    let said = Language::English.say(&crate::client::messages::Message::Failed(&error));
    assert!(said.contains(&address), "{said}");
}

/// The words under way keep their order; what was meant stands behind the word it was asked for.
#[test]
fn suggestions_come_between_answers() {
    for json in [false, true] {
        let ask = || [Step::Take("S ann ?"), give("OK 2\nwhat\nwho\n")];
        let steps = [Step::Answer(4)].into_iter().chain(ask()).chain(ask()).chain(farewell());
        let server = Server::start(vec![after_login(steps)]);
        let mut desk = Desk::new("", |manner| (manner.json, manner.errs_terminal) = (json, !json));
        assert_eq!(look_up(&mut desk, &server, &["a", "?", "b", "?"]).unwrap(), Exit::NotFound);
        server.finish();
        if json {
            let lines: Vec<serde_json::Value> =
                desk.output.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let meant = serde_json::json!({"word": "?", "found": false, "suggestions": ["what", "who"]});
            assert_eq!((&lines[1], &lines[3]), (&meant, &meant));
            assert!(lines[0].get("suggestions").is_none() && lines[2]["headword"] == "B");
        } else {
            assert_eq!(desk.output.text(), "A  n. a\nv. two\nB  n. b\nv. two\n");
            assert_eq!(desk.errors.text(), "cidian: not found: ?\nDid you mean: what, who?\n".repeat(2));
        }
    }
}

/// A failure of `S` is not a failure of the lookup; one that ends the connection counts for the next word.
#[test]
fn suggestions_that_fail() {
    for reply in ["", "OK 11\n", "OK 2\na\n", "rubbish\n", "FAIL bye stopping\n", "FAIL badreq no\n"] {
        let script = || after_login([Step::Answer(1), Step::Take("S ann ?"), give(reply), Step::HangUp]);
        let server = Server::start(vec![script()]);
        let mut desk = Desk::new("", |manner| manner.errs_terminal = true);
        assert_eq!(look_up(&mut desk, &server, &["?"]).unwrap(), Exit::NotFound, "{reply:?}");
        server.finish();
        assert_eq!(desk.errors.text(), "cidian: not found: ?\n", "{reply:?}");
        // Words that are typed one by one: the second is never answered.
        let server = Server::start(vec![script()]);
        let mut desk = Desk::new("", |manner| (manner.errs_terminal, manner.asks_terminal) = (true, true));
        let typed = Keys(vec!["b\n", "?\n"]);
        let (output, errors) = (Box::new(desk.output.clone()), Box::new(desk.errors.clone()));
        desk.console = Console::new(desk.console.manner(), Box::new(typed), output, errors);
        assert!(look_up(&mut desk, &server, &[]).is_err(), "{reply:?}");
        server.finish();
    }
}

/// Lines that are typed one after the other, the last one first.
struct Keys(Vec<&'static str>);

impl io::Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.0.pop().unwrap_or_default();
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}

/// With a kept token: it, the words and the goodbye in one packet, for the script gives no answer before all are read.
#[test]
fn one_packet_with_a_kept_token() {
    let home = tempfile::tempdir().unwrap();
    let kept = |server: &Server| {
        let (_, mut credentials) = ann();
        credentials.password_file = None;
        credentials.kept =
            KeptLogins::for_server(&server.address, false, |name| (name == "HOME").then(|| home.path().into()));
        credentials.kept.keep("ann", &Token::new("good-token".to_owned()).unwrap()).unwrap();
        credentials
    };
    let words: Vec<String> = ["apple", "a\u{7}b", "##"].map(str::to_owned).into();
    let taken = || [Step::Take("T ann good-token"), Step::Take("Q ann apple"), Step::Take("Q ann ##")];
    let replies = || [give("OK\n"), give("OK apple\tn. 1\nOK ##\tn. 2\n")];
    let server = Server::start(vec![
        taken().into_iter().chain([Step::Take("E")]).chain(replies()).chain([give("OK\n")]).collect(),
    ]);
    let mut desk = Desk::new("", |_| {});
    let exit = lookup::run(
        &mut desk.context(&server.connector(), &kept(&server)),
        &words,
        &Asks::default(),
        Parts::default(),
        &mut Speaker::default(),
    )
    .unwrap();
    server.finish();
    assert_eq!((exit, desk.output.text().as_str()), (Exit::NotFound, "apple  n. 1\n##  n. 2\n"));

    // Where a word may be followed by the question what was meant, the goodbye comes last.
    let server = Server::start(vec![taken().into_iter().chain(replies()).chain(farewell()).collect()]);
    let mut desk = Desk::new("", |manner| manner.errs_terminal = true);
    let credentials = kept(&server);
    lookup::run(
        &mut desk.context(&server.connector(), &credentials),
        &words,
        &Asks::default(),
        Parts::default(),
        &mut Speaker::default(),
    )
    .unwrap();
    server.finish();
    assert_eq!(desk.output.text(), "apple  n. 1\n##  n. 2\n");

    // More than go along with it are sent when they are there, each of them once.
    let many: Vec<String> = (0..50).map(|n| format!("w{n}")).collect();
    let server = Server::start(vec![
        [Step::Take("T ann good-token"), give("OK\n"), Step::Answer(50)].into_iter().chain(farewell()).collect(),
    ]);
    let mut desk = Desk::new("", |_| {});
    lookup::run(
        &mut desk.context(&server.connector(), &kept(&server)),
        &many,
        &Asks::default(),
        Parts::default(),
        &mut Speaker::default(),
    )
    .unwrap();
    server.finish();
    assert_eq!(desk.output.text().lines().filter(|line| line.contains("  n. w")).count(), 50);
}

/// Which dictionaries there are is asked when an entry looks as if there were several, once, and after those under way.
#[test]
fn several_dictionaries_are_asked_about_once() {
    let answers = || [give("OK a\t[x]\\nn. 1\nOK b\t[y]\\n/z/ n. 2\\n[x]\\nn. 3\nFAIL notfound no such word\n")];
    let taken = || [Step::Take("Q ann a"), Step::Take("Q ann b"), Step::Take("Q ann c")];
    let about = [Step::Take("I"), give("OK 3\nversion\t1\ndictionaries\tx y\ntitle.x\tThe X\n")];
    let meant = [Step::Take("S ann c"), give("OK 0\n")];
    let steps = taken().into_iter().chain(answers()).chain(about).chain(meant).chain(farewell());
    let server = Server::start(vec![after_login(steps)]);
    let mut desk = Desk::new("", |manner| manner.json = true);
    assert_eq!(look_up(&mut desk, &server, &["a", "b", "c"]).unwrap(), Exit::NotFound);
    server.finish();
    let lines: Vec<serde_json::Value> =
        desk.output.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let one = |dictionary: &str, headword: &str, interpretation: &str| serde_json::json!({"dictionary": dictionary, "headword": headword, "interpretation": interpretation});
    assert_eq!(lines[0]["entries"], serde_json::json!([one("x", "a", "n. 1")]));
    assert_eq!(lines[1]["entries"], serde_json::json!([one("y", "b", "/z/ n. 2"), one("x", "b", "n. 3")]));
    assert_eq!((&lines[1]["phonetic"], &lines[1]["interpretation"]), (&"z".into(), &"[y]\n/z/ n. 2\n[x]\nn. 3".into()));
    // A server that has one, and one that does not answer `I`: the entry stays as it came.
    for reply in ["OK 1\nversion\t1\n", "FAIL badreq no\n", "OK 2\nversion\t1\ndictionaries\tother\n"] {
        let steps = [Step::Take("Q ann a"), give("OK a\t[x]\\nn. 1\n"), Step::Take("I"), give(reply)];
        let server = Server::start(vec![after_login(steps.into_iter().chain(farewell()))]);
        let mut desk = Desk::new("", |manner| manner.json = true);
        assert_eq!(look_up(&mut desk, &server, &["a"]).unwrap(), Exit::Done, "{reply:?}");
        server.finish();
        let line = "{\"word\":\"a\",\"found\":true,\"headword\":\"a\",\"interpretation\":\"[x]\\nn. 1\"}\n";
        assert_eq!(desk.output.text(), line, "{reply:?}");
    }
    // One that goes away over that has answered the word before.
    let steps = [Step::Take("Q ann a"), give("OK a\t[x]\\nn. 1\n"), Step::Take("I")];
    let server = Server::start(vec![after_login(steps)]);
    let mut desk = Desk::new("", |manner| manner.json = true);
    assert_eq!(look_up(&mut desk, &server, &["a"]).unwrap(), Exit::Done);
    server.finish();
}

/// Nothing is looked up before the dictionaries are chosen, with a kept token either.
#[test]
fn dictionaries_are_chosen_before_anything_is_looked_up() {
    let run = |server: &Server, credentials: &crate::client::commands::credentials::Credentials| {
        let connector = server.connector().asking(vec!["wn".to_owned(), "gc".to_owned()]);
        let mut desk = Desk::new("", |_| {});
        let words = ["apple".to_owned()];
        let exit = lookup::run(
            &mut desk.context(&connector, credentials),
            &words,
            &Asks::default(),
            Parts::default(),
            &mut Speaker::default(),
        );
        exit.map(|exit| (exit, desk.output.text()))
    };
    let home = tempfile::tempdir().unwrap();
    let (_file, mut credentials) = ann();
    let choice = || [Step::Take("U ann wn gc"), give("OK\n"), Step::Take("Q ann apple"), give("OK apple\tn. 1\n")];
    let server = Server::start(vec![after_login(choice().into_iter().chain(farewell()))]);
    assert_eq!(run(&server, &credentials).unwrap(), (Exit::Done, "n. 1\n".to_owned()));
    server.finish();
    for (replies, part) in [
        (&["FAIL badreq unknown request\n"][..], "too old"),
        (
            &["FAIL notfound no\n", "OK 1\ndictionaries\twn words\n"],
            "no such dictionary: gc; the server has: wn, words",
        ),
        (&["FAIL notfound no\n", "OK 0\n"], "no such dictionary: wn, gc; the server has only one"),
    ] {
        let asked = ["U ann wn gc", "I"].into_iter().zip(replies);
        let steps = asked.flat_map(|(line, reply)| [Step::Take(line), give(reply)]);
        let server = Server::start(vec![after_login(steps)]);
        let error = run(&server, &credentials).unwrap_err();
        server.finish();
        assert_eq!(Exit::from(&error), Exit::Usage);
        let said = Language::English.say(&crate::client::messages::Message::Failed(&error));
        assert!(said.contains(part), "{said}");
    }
    let token = [Step::Take("T ann good-token"), give("OK\n")];
    let goodbye = [Step::Take("E"), give("OK\n")];
    let server = Server::start(vec![token.into_iter().chain(choice()).chain(goodbye).collect()]);
    credentials.password_file = None;
    credentials.kept =
        KeptLogins::for_server(&server.address, false, |name| (name == "HOME").then(|| home.path().into()));
    credentials.kept.keep("ann", &Token::new("good-token".to_owned()).unwrap()).unwrap();
    assert_eq!(run(&server, &credentials).unwrap(), (Exit::Done, "n. 1\n".to_owned()));
    server.finish();
}
