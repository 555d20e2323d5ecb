//! Subcommands against a scripted server.

use super::*;
use crate::client::arguments::Parts;
use crate::client::error::Error;
use crate::client::exit::Exit;
use crate::client::history::{Choice, Format, Wanted};
use crate::client::kept::{Kept, Token};
use crate::client::{about, account, history, login, lookup};
use crate::protocol::{Code, Count};

const ROW: &str = "ann\tice cream\t2026-11-23T05:32:10.123456Z\n";

fn look_up(desk: &mut Desk, server: &Server, words: &[&str]) -> Result<Exit, Error> {
    let (_file, who) = ann();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    lookup::run(&mut desk.console, &server.connector(), &who, &words, Parts::default())
}

fn farewell() -> [Step; 2] {
    [Step::Take("E"), give("OK\n")]
}

#[test]
fn words_of_the_command_line() {
    let server = Server::start(vec![after_login([Step::Answer(4)].into_iter().chain(farewell()))]);
    let mut desk = Desk::new("", |_| {});
    let exit = look_up(&mut desk, &server, &["ice cream", "?", "##", "-able"]).unwrap();
    server.finish();
    assert_eq!(exit, Exit::NotFound);
    assert_eq!(desk.output.text(), "n. ice cream\nv. two\nn. ##\nv. two\nn. -able\nv. two\n");
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
    let expected = "{\"word\":\"a\",\"found\":true,\"headword\":\"A\",\"interpretation\":\"n. a\\nv. two\"}\n\
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

/// Lesson C8: a server that dies in the middle is told, and nothing loops.
#[test]
fn a_server_that_dies_between_answers() {
    let server = Server::start(vec![after_login([Step::Answer(1)])]);
    let mut desk = Desk::new("", |_| {});
    let error = look_up(&mut desk, &server, &["a", "b"]).unwrap_err();
    server.finish();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
    assert_eq!(desk.output.text(), "n. a\nv. two\n");
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

/// The last line is already there when sending fails: it says more than a broken pipe.
#[test]
fn a_client_whose_send_fails_reads_first() {
    let server = Server::start(vec![vec![give("FAIL busy too many clients\n")]]);
    let mut connection = crate::client::connection::Connection::open(&server.connector()).unwrap();
    server.finish();
    // The server is gone for good: the first send meets a reset, the second a broken pipe.
    for _ in 0..2 {
        connection.send(b"I\n");
        thread::sleep(Duration::from_millis(50));
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

/// The last so many, or all, as nobody says how.
fn plainly(count: Count) -> Wanted {
    Wanted { count: Some(count), choice: Choice::default(), oldest_first: false, format: None }
}

fn history_of(reply: &str, count: Count, change: impl FnOnce(&mut Manner)) -> (Desk, Result<(), Error>) {
    history_as(reply, change, &plainly(count))
}

fn history_as(reply: &str, change: impl FnOnce(&mut Manner), wanted: &Wanted) -> (Desk, Result<(), Error>) {
    let request = if wanted.count == Some(Count::All) { "H ann all" } else { "H ann 10" };
    let server = Server::start(vec![after_login([Step::Take(request), give(reply)])]);
    let mut desk = Desk::new("", change);
    let (_file, who) = ann();
    let outcome = history::print(&mut desk.console, &server.connector(), &who, wanted);
    desk.console.flush().unwrap();
    server.finish();
    (desk, outcome)
}

#[test]
fn a_history_in_three_shapes() {
    let reply = format!("OK 2\n{ROW}ann\t词\t2026-11-23T05:32:09.000000Z\n");
    let (desk, outcome) = history_of(&reply, Count::Last(10), |_| {});
    outcome.unwrap();
    assert_eq!(desk.output.text(), reply["OK 2\n".len()..]);
    let (desk, outcome) = history_of(&reply, Count::Last(10), |manner| manner.shows_terminal = true);
    outcome.unwrap();
    // What is local depends on where the test runs.
    let lines: Vec<String> = desk.output.text().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "Name  Word       Time");
    assert!(lines[1].starts_with("ann   ice cream  ") && lines[2].starts_with("ann   词         "), "{lines:?}");
    let table = |manner: &mut Manner| (manner.shows_terminal, manner.language) = (false, Language::English);
    let mut wanted = plainly(Count::Last(10));
    wanted.format = Some(Format::Table);
    let (desk, outcome) = history_as(&reply, table, &wanted);
    outcome.unwrap();
    let table =
        "Name  Word       Time (UTC)\nann   ice cream  2026-11-23 05:32:10\nann   词         2026-11-23 05:32:09\n";
    assert_eq!(desk.output.text(), table);
    let (desk, outcome) = history_of(&reply, Count::Last(10), |manner| manner.json = true);
    outcome.unwrap();
    let first = "{\"name\":\"ann\",\"word\":\"ice cream\",\"time\":\"2026-11-23T05:32:10.123456Z\"}\n";
    assert!(desk.output.text().starts_with(first), "{}", desk.output.text());
}

/// Lesson C8, and a count that is not to be believed.
#[test]
fn a_history_that_breaks_off() {
    for terminal in [false, true] {
        for (end, number) in [("", 69), ("FAIL bye stopping\n", 69), ("garbage\n", 76)] {
            let reply = format!("OK 18446744073709551615\n{ROW}{end}");
            let (desk, outcome) = history_of(&reply, Count::All, |manner| manner.shows_terminal = terminal);
            assert_eq!(Exit::from(&outcome.unwrap_err()).number(), number, "{end:?}");
            assert!(desk.output.text().contains("ice cream"));
        }
    }
}

/// More than was asked for, or longer than anything can be, is no reply: nothing of it is shown.
#[test]
fn a_history_that_overdoes() {
    let long = "x".repeat(1_000);
    let rows = [format!("OK 11\n{}", ROW.repeat(11)), format!("OK 1\nann\t{long}\t2026-11-23T05:32:10.123456Z\n")];
    for reply in rows {
        let (desk, outcome) = history_of(&reply, Count::Last(10), |_| {});
        assert_eq!((Exit::from(&outcome.unwrap_err()), desk.output.text().as_str()), (Exit::Protocol, ""));
    }
}

/// `notfound` is of a word: to anything else it is no answer, and a filter's status must not be 1.
#[test]
fn a_login_is_never_not_found() {
    let server = Server::start(vec![vec![Step::Take("L ann secret"), give("FAIL notfound no such word\n")]]);
    let error = look_up(&mut Desk::new("apple\n", |_| {}), &server, &[]).unwrap_err();
    server.finish();
    assert_eq!(Exit::from(&error), Exit::Protocol);
}

#[test]
fn about_in_too_many_words() {
    let server = Server::start(vec![vec![Step::Take("I"), give(&format!("OK 1001\n{}", "a\tb\n".repeat(1_001)))]]);
    let error = about::print(&mut Desk::new("", |_| {}).console, &server.connector()).unwrap_err();
    server.finish();
    assert_eq!(Exit::from(&error), Exit::Protocol);
}

#[test]
fn about_lines_up_and_is_one_object() {
    let reply = "OK 2\nversion\t1.0\nlicence\tMIT\\nApache \u{1b}[2J\n";
    for (json, expected) in [
        (false, "version  1.0\nlicence  MIT\n         Apache \\u{1b}[2J\n"),
        (true, "{\"version\":\"1.0\",\"licence\":\"MIT\\nApache \\u001b[2J\"}\n"),
    ] {
        let server = Server::start(vec![vec![Step::Take("I"), give(reply)]]);
        let mut desk = Desk::new("", |manner| manner.json = json);
        about::print(&mut desk.console, &server.connector()).unwrap();
        desk.console.flush().unwrap();
        server.finish();
        assert_eq!(desk.output.text(), expected);
    }
}

#[test]
fn the_account_itself() {
    let (file, who) = ann();
    let new = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(new.path(), "other one").unwrap();
    let server = Server::start(vec![
        vec![Step::Take("R ann secret"), give("FAIL exists taken\n")],
        after_login([Step::Take("P ann other one"), give("OK\n")]),
        after_login([Step::Take("C ann ice cream"), give("OK\n")]),
        after_login([Step::Take("X ann secret"), give("OK\n")]),
        vec![Step::Take("L ann secret"), give("FAIL denied wrong\n")],
    ]);
    let connector = server.connector();
    let console = &mut Desk::new("", |_| {}).console;
    let taken = account::register(console, &connector, &who).unwrap_err();
    assert_eq!(Exit::from(&taken), Exit::Taken);
    account::change_password(console, &connector, &who, Some(new.path())).unwrap();
    history::clear(console, &connector, &who, Some(" ice cream ")).unwrap();
    account::delete(console, &connector, &who, true).unwrap();
    let denied = account::delete(console, &connector, &who, true).unwrap_err();
    assert_eq!(Exit::from(&denied), Exit::Denied);
    server.finish();
    // Nothing is sent for what can't be meant: blanks would have cleared everything.
    let blank = history::clear(console, &connector, &who, Some("  ")).unwrap_err();
    assert_eq!(Exit::from(&blank), Exit::Data);
    let unsure = account::delete(console, &connector, &who, false).unwrap_err();
    assert_eq!(Exit::from(&unsure), Exit::Usage);
    drop(file);
    let missing = account::register(console, &connector, &who).unwrap_err();
    assert_eq!(Exit::from(&missing), Exit::NoInput);
    let nobody = account::register(console, &connector, &Who { user: None, password_file: None, kept: nothing_kept() })
        .unwrap_err();
    assert_eq!(Exit::from(&nobody), Exit::Usage);
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
            assert_eq!(desk.output.text(), "n. a\nv. two\nn. b\nv. two\n");
            assert_eq!(desk.errors.text(), "cidian: not found: ?\nDid you mean: what, who?\n".repeat(2));
        }
    }
}

/// A failure of `S` is none of the lookup; one that ends the connection is one of the next word.
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

/// What can't be a token is not kept, and not sent anywhere; what was kept before stays.
#[test]
fn a_login_that_brings_no_token() {
    let home = tempfile::tempdir().unwrap();
    let (_file, mut who) = ann();
    for (reply, number) in [
        ("OK\n", 76),
        ("OK a b\n", 76),
        ("OK \u{1b}[2J\n", 76),
        ("FAIL denied no\n", 77),
        ("FAIL badreq no\n", 65),
        ("", 69),
    ] {
        let server = Server::start(vec![
            after_login([Step::Take("K ann"), give("OK good-token\n")].into_iter().chain(farewell())),
            after_login([Step::Take("K ann"), give(reply)]),
        ]);
        who.kept = Kept::for_server(&server.address, false, |name| (name == "HOME").then(|| home.path().into()));
        let mut desk = Desk::new("", |_| {});
        login::login(&mut desk.console, &server.connector(), &who).unwrap();
        let error = login::login(&mut desk.console, &server.connector(), &who).unwrap_err();
        server.finish();
        assert_eq!(Exit::from(&error).number(), number, "{reply:?}");
        assert_eq!(who.kept.token("ann").unwrap().unwrap().as_str(), "good-token");
    }
}

/// A server that is busy, or gone, says nothing about the token.
#[test]
fn a_kept_token_that_could_not_be_tried() {
    let home = tempfile::tempdir().unwrap();
    for (reply, number) in [("FAIL busy no\n", 75), ("FAIL unavailable no\n", 75), ("", 69)] {
        let (_file, mut who) = ann();
        let server = Server::start(vec![vec![Step::Take("T ann good-token"), give(reply)]]);
        who.password_file = None;
        who.kept = Kept::for_server(&server.address, false, |name| (name == "HOME").then(|| home.path().into()));
        who.kept.keep("ann", &Token::new("good-token".to_owned()).unwrap()).unwrap();
        let mut desk = Desk::new("", |_| {});
        let error = history::clear(&mut desk.console, &server.connector(), &who, None).unwrap_err();
        server.finish();
        assert_eq!(Exit::from(&error).number(), number, "{reply:?}");
        assert!(who.kept.token("ann").unwrap().is_some(), "{reply:?}");
    }
}
