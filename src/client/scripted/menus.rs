//! The menus, played by a pipe, against a scripted server.

use super::*;
use crate::client::commands::notebook::speech::Speaker;
use crate::client::files::config::Config;
use crate::client::menus::{self, Site};

fn dialogue(typed: &str, scripts: Vec<Vec<Step>>) -> String {
    let server = Server::start(scripts);
    let mut desk = Desk::new(typed, |manner| manner.menus = true);
    let credentials = Credentials { user: None, password_file: None, kept: nothing_kept(), own: None };
    let site = Site { address: &server.address, trust: None };
    menus::run(&mut desk.console, server.connector(), site, &credentials, Config::default(), Speaker::default())
        .unwrap();
    desk.console.flush().unwrap();
    server.finish();
    assert_eq!(desk.errors.text(), "");
    desk.output.text()
}

/// The end of the input leads out of every prompt, and nothing is connected for nothing.
#[test]
fn the_end_of_input_leads_out() {
    for typed in ["", "3\n", "1\n", "1\nann\n", "1\nann\nsecret\n", "2\n", "2\nann\n", "x\n\n7\n3\n"] {
        dialogue(typed, vec![]);
    }
    for typed in ["", "3\n", "1\n", "1\n##\n", "1\n\n", "2\n", "9\n"] {
        let typed = format!("2\nann\nsecret\n{typed}");
        let said = dialogue(&typed, vec![after_login([Step::Take("E"), give("OK\n")])]);
        assert!(said.contains("Welcome, ann.") && said.contains("Logged out."), "{said}");
    }
}

#[test]
fn registering_looking_up_and_the_history() {
    let row = "ann\tAPPLE\t2026-11-23T05:32:10.123456Z\n";
    let script = vec![
        Step::Take("R ann secret"),
        give("OK\n"),
        Step::Take("L ann secret"),
        give("OK\n"),
        Step::Answer(2),
        Step::Take("S ann ?"),
        give("OK 3\n?\nquery\nq\u{1b}[2J\n"),
        Step::Take("H ann 10"),
        give(&format!("OK 1\n{row}")),
        Step::Take("H ann all"),
        give("OK 0\n"),
        Step::Take("H ann 5"),
        give("OK 0\n"),
        Step::Take("E"),
        give("OK\n"),
    ];
    let said = dialogue("1\nann\nsecret\nsecret\n1\n apple \n?\n##\n2\n\n2\na\n2\n5\n2\n0\n2\nx\n3\n3\n", vec![script]);
    for part in [
        "APPLE\n  n. apple\n  v. two\n",
        "not found: ?\nDid you mean: query, q\\u{1b}[2J?\n",
        "Name  Word   Time (UTC)\n",
        "Nothing has been",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(said.matches("Enter a number from 1 to 1000").count(), 2);
}

#[test]
fn failures_come_back_to_level_one() {
    let scripts = vec![
        vec![Step::Take("L ann wrong"), give("FAIL denied wrong name or password\n"), Step::Take("E"), give("OK\n")],
        vec![Step::Take("R ann secret"), give("FAIL exists no\n")],
        vec![give("FAIL busy too many\n"), Step::Silence],
    ];
    let typed = "2\nann\nwrong\n1\nann\nsecret\nother\n1\na b\n1\nann\nsecret\nsecret\n2\nann\nsecret\n3\n";
    let said = dialogue(typed, scripts);
    for part in ["wrong name or password", "differ", "no white space", "is taken", "busy"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(said.matches("3  quit").count(), 6, "{said}");
}

/// After `timeout` the menus connect again by themselves, log in again, and send the word again, once.
#[test]
fn a_timeout_is_mended_unseen() {
    let scripts = vec![
        after_login([Step::Answer(1), give("FAIL timeout idle\n"), Step::HangUp]),
        after_login([Step::Answer(1), Step::Take("Q ann c"), give("FAIL timeout idle\n")]),
        after_login([Step::Answer(1), Step::Take("E"), give("OK\n")]),
    ];
    let said = dialogue("2\nann\nsecret\n1\na\nb\nc\n##\n3\n3\n", scripts);
    for part in ["A\n  n. a", "B\n  n. b", "C\n  n. c"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("idle"), "{said}");
}

/// A reply that never comes leaves the lookup's outcome open: it is not sent again, and the person is informed.
#[test]
fn a_lost_reply_is_not_asked_for_again() {
    let scripts = vec![
        after_login([Step::Take("Q ann a"), Step::HangUp]),
        after_login([Step::Answer(1), Step::Take("E"), give("OK\n")]),
    ];
    let said = dialogue("2\nann\nsecret\n1\na\nb\n##\n3\n3\n", scripts);
    assert!(said.contains("may or may not be in your history") && said.contains("B\n"), "{said}");
    assert!(!said.contains("n. a"), "{said}");
}

#[test]
fn a_server_that_goes_leads_to_level_one() {
    let said =
        dialogue("2\nann\nsecret\n1\na\n3\n", vec![after_login([Step::Take("Q ann a"), give("FAIL bye stop\n")])]);
    assert!(said.contains("cannot reach a server at 127.0.0.1:"), "{said}");
    assert_eq!(said.matches("3  quit").count(), 2, "{said}");
    // A server that always answers `timeout` is not asked for ever.
    let refusing = || after_login([Step::Take("Q ann a"), give("FAIL timeout idle\n")]);
    let said = dialogue("2\nann\nsecret\n1\na\n##\n3\n3\n", vec![refusing(), refusing()]);
    assert!(said.contains("idle for too long"), "{said}");
}

/// What a hostile server sends does not reach the terminal raw.
#[test]
fn escape_sequences_are_made_visible() {
    let hostile = "OK a\u{1b}[2J\tb\u{7}\u{9b}c\\nd\n";
    let script = after_login([Step::Take("Q ann a"), give(hostile), Step::Take("E"), give("OK\n")]);
    let said = dialogue("2\nann\nsecret\n1\na\n##\n3\n3\n", vec![script]);
    assert!(said.contains("a\\u{1b}[2J\n  b\\u{7}\\u{9b}c\n  d\n"), "{said}");
}

/// Whatever becomes of `S`, the lookup was answered, and the next one is.
#[test]
fn suggestions_that_fail_are_not_shown() {
    for reply in ["OK 0\n", "OK 1\n?\n", "FAIL badreq unknown\n", "FAIL unavailable no\n"] {
        let rest =
            [Step::Answer(1), Step::Take("S ann ?"), give(reply), Step::Answer(1), Step::Take("E"), give("OK\n")];
        let said = dialogue("2\nann\nsecret\n1\n?\nb\n##\n3\n3\n", vec![after_login(rest)]);
        assert!(said.contains("not found: ?\nWord (## to go back): B\n"), "{reply:?}: {said}");
    }
    for reply in ["", "OK 1\n", "OK 11\na\n", "OK -1\n", "rubbish\n", "OK 2\na\nFAIL bye stopping\n"] {
        let first = after_login([Step::Answer(1), Step::Take("S ann ?"), give(reply), Step::HangUp]);
        let second = after_login([Step::Answer(1), Step::Take("E"), give("OK\n")]);
        let said = dialogue("2\nann\nsecret\n1\n?\nb\n##\n3\n3\n", vec![first, second]);
        assert!(said.contains("not found: ?\nWord (## to go back): B\n"), "{reply:?}: {said}");
    }
}
