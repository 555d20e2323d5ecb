//! The other subcommands against a scripted server: histories, accounts, about.

use super::lookups::look_up;
use super::*;
use crate::client::commands::history::{Choice, Format, Wanted};
use crate::client::commands::{about, account, history, login};
use crate::client::error::Error;
use crate::client::exit::Exit;
use crate::client::files::kept::{KeptLogins, Token};
use crate::protocol::Count;

const ROW: &str = "ann\tice cream\t2026-11-23T05:32:10.123456Z\n";

/// The newest ones, or all, without options for how to print.
fn plainly(count: Count) -> Wanted {
    Wanted { count: Some(count), choice: Choice::default(), oldest_first: false, distinct: false, format: None }
}

fn history_of(reply: &str, count: Count, change: impl FnOnce(&mut Manner)) -> (Desk, Result<(), Error>) {
    history_as(reply, change, &plainly(count))
}

fn history_as(reply: &str, change: impl FnOnce(&mut Manner), wanted: &Wanted) -> (Desk, Result<(), Error>) {
    let request = if wanted.count == Some(Count::All) { "H ann all" } else { "H ann 10" };
    let server = Server::start(vec![after_login([Step::Take(request), give(reply)])]);
    let mut desk = Desk::new("", change);
    let (_file, credentials) = ann();
    let outcome = history::print(&mut desk.context(&server.connector(), &credentials), wanted);
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

/// A server that dies in the middle, and a count that is not to be believed.
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

/// More than was asked for, or longer than anything can be, is not a reply: nothing of it is shown.
#[test]
fn a_history_that_overdoes() {
    let long = "x".repeat(1_000);
    let rows = [format!("OK 11\n{}", ROW.repeat(11)), format!("OK 1\nann\t{long}\t2026-11-23T05:32:10.123456Z\n")];
    for reply in rows {
        let (desk, outcome) = history_of(&reply, Count::Last(10), |_| {});
        assert_eq!((Exit::from(&outcome.unwrap_err()), desk.output.text().as_str()), (Exit::Protocol, ""));
    }
}

/// `notfound` is about a word: it does not answer anything else, and a filter's status must not be 1.
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
    let (file, credentials) = ann();
    let new = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(new.path(), "other one").unwrap();
    let server = Server::start(vec![
        vec![Step::Take("R ann secret"), give("FAIL exists taken\n")],
        after_login([Step::Take("P ann other one"), give("OK\n")]),
        after_login([Step::Take("H ann all"), give("OK 0\n"), Step::Take("C ann ice cream"), give("OK\n")]),
        after_login([Step::Take("X ann secret"), give("OK\n")]),
        vec![Step::Take("L ann secret"), give("FAIL denied wrong\n")],
    ]);
    let connector = server.connector();
    let mut desk = Desk::new("", |_| {});
    let mut context = desk.context(&connector, &credentials);
    let taken = account::register(&mut context).unwrap_err();
    assert_eq!(Exit::from(&taken), Exit::Taken);
    account::change_password(&mut context, Some(new.path())).unwrap();
    history::clear(&mut context, Some(" ice cream ")).unwrap();
    account::delete(&mut context, true).unwrap();
    let denied = account::delete(&mut context, true).unwrap_err();
    assert_eq!(Exit::from(&denied), Exit::Denied);
    server.finish();
    // Nothing is sent for what can't be meant: blanks would have cleared everything.
    let blank = history::clear(&mut context, Some("  ")).unwrap_err();
    assert_eq!(Exit::from(&blank), Exit::Data);
    let unsure = account::delete(&mut context, false).unwrap_err();
    assert_eq!(Exit::from(&unsure), Exit::Usage);
    drop(file);
    let missing = account::register(&mut context).unwrap_err();
    assert_eq!(Exit::from(&missing), Exit::NoInput);
    let nobody = Credentials { user: None, password_file: None, kept: nothing_kept(), own: None };
    let nobody = account::register(&mut desk.context(&connector, &nobody)).unwrap_err();
    assert_eq!(Exit::from(&nobody), Exit::Usage);
}

/// What can't be a token is not kept, and not sent anywhere; what was kept before stays.
#[test]
fn a_login_that_brings_no_token() {
    let home = tempfile::tempdir().unwrap();
    let (_file, mut credentials) = ann();
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
        credentials.kept =
            KeptLogins::for_server(&server.address, false, |name| (name == "HOME").then(|| home.path().into()));
        let mut desk = Desk::new("", |_| {});
        login::login(&mut desk.context(&server.connector(), &credentials), None).unwrap();
        let error = login::login(&mut desk.context(&server.connector(), &credentials), None).unwrap_err();
        server.finish();
        assert_eq!(Exit::from(&error).number(), number, "{reply:?}");
        assert_eq!(credentials.kept.token("ann").unwrap().unwrap().as_str(), "good-token");
    }
}

/// A server that is busy, or gone, has not refused the token.
#[test]
fn a_kept_token_that_could_not_be_tried() {
    let home = tempfile::tempdir().unwrap();
    for (reply, number) in [("FAIL busy no\n", 75), ("FAIL unavailable no\n", 75), ("", 69)] {
        let (_file, mut credentials) = ann();
        let server = Server::start(vec![vec![Step::Take("T ann good-token"), give(reply)]]);
        credentials.password_file = None;
        credentials.kept =
            KeptLogins::for_server(&server.address, false, |name| (name == "HOME").then(|| home.path().into()));
        credentials.kept.keep("ann", &Token::new("good-token".to_owned()).unwrap()).unwrap();
        let mut desk = Desk::new("", |_| {});
        let error = history::clear(&mut desk.context(&server.connector(), &credentials), None).unwrap_err();
        server.finish();
        assert_eq!(Exit::from(&error).number(), number, "{reply:?}");
        assert!(credentials.kept.token("ann").unwrap().is_some(), "{reply:?}");
    }
}
