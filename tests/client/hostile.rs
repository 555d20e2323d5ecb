//! A server that sends escape sequences for the terminal: nothing that it sends reaches the terminal raw.

use crate::fake_server::serve;
use crate::person::{Person, no_trace};
use crate::prompts::{level_one, level_two, log_in, look_up};
use support::PASSWD;
use support::terminal::Terminal;

/// Escape sequences (one that writes the clipboard, too), bells, carriage returns, C1 controls in both their forms,
/// marks that turn a line round, line ends of Unicode's own.
pub const NASTY: &str = "a\u{1b}[2J\u{1b}]0;title\u{7}b\rc\u{9b}31m\u{202e}\u{8}d\u{7f}\u{1b}]52;c;aGk=\u{1b}\\\
    \u{90}q\u{9c}\u{85}\u{2066}e\u{2069}\u{200f}\u{61c}\u{2028}f\u{2029}\u{0}\u{c}\u{b}\u{1b}c";

/// What a terminal acts on, but for line ends.
pub fn acted_on(c: char) -> bool {
    c.is_control() && c != '\n'
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
        || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}".contains(c)
}

/// Sees that the terminal was sent nothing but text and line ends. (`TERM=dumb`: the client itself sends no escape
/// sequences.)
#[track_caller]
fn harmless(terminal: &Terminal) {
    let text = String::from_utf8(terminal.bytes().to_vec()).expect("UTF-8").replace("\r\n", "\n");
    no_trace(&text);
    let bad: Vec<char> = text.chars().filter(|&c| acted_on(c)).collect();
    assert!(bad.is_empty(), "{bad:?} in {text:?}");
}

fn nasty_in_every_reply(request: &str) -> String {
    let row = format!("ann\t{NASTY}\t2026-11-23T05:32:10.123456Z\n");
    match request.as_bytes().first() {
        Some(b'Q') => format!("OK {NASTY}\t{NASTY}\\n{NASTY}\n"),
        Some(b'H') => format!("OK 2\n{row}{row}"),
        Some(b'S') => format!("OK 2\n{NASTY}\n{NASTY}\n"),
        Some(b'I') => format!("OK 1\n{NASTY}\t{NASTY}\\n{NASTY}\n"),
        _ => "OK\n".to_owned(),
    }
}

#[test]
fn entries_histories_and_titles() {
    let person = Person::new(serve(nasty_in_every_reply));
    for arguments in [
        ["--user", "ann", "lookup", "apple"].as_slice(),
        &["--user", "ann", "--json", "lookup", "apple"],
        &["--user", "ann", "history"],
        &["--user", "ann", "history", "--json"],
    ] {
        let mut terminal = person.terminal(arguments);
        terminal.expect_hidden("Password: ");
        terminal.line(PASSWD);
        assert_eq!(terminal.exit(), 0, "{}", terminal.shown());
        terminal.expect("[2J");
        harmless(&terminal);
    }
    for arguments in [["about"].as_slice(), &["about", "--json"]] {
        let mut terminal = person.terminal(arguments);
        assert_eq!(terminal.exit(), 0, "{}", terminal.shown());
        terminal.expect("[2J");
        harmless(&terminal);
    }
    // Through a pipe, too: it may end on a terminal.
    for arguments in [["lookup", "apple"].as_slice(), &["lookup"], &["history"], &["about"], &["history", "--json"]] {
        let ran = person.run_as("ann", arguments, "apple\n").ended(0);
        let bad: Vec<char> = ran.out.chars().filter(|&c| acted_on(c) && c != '\t').collect();
        assert!(bad.is_empty(), "{arguments:?}: {bad:?} in {:?}", ran.out);
    }
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.line("apple");
    terminal.expect("Word (## to go back): ");
    terminal.line("##");
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("");
    level_two(&mut terminal);
    harmless(&terminal);
}

/// A line in is a line out, whatever is in it; JSON gives a script back what was sent, and a terminal nothing to act
/// on.
#[test]
fn scripts_get_lines_and_values() {
    let person = Person::new(serve(nasty_in_every_reply));
    let ran = person.run_as("ann", &["lookup"], "apple\n\npear\n").ended(0);
    assert_eq!(ran.out.lines().count(), 3, "{:?}", ran.out);
    let wire = NASTY.replace('\\', "\\\\");
    let value = |line: &str| -> serde_json::Value { serde_json::from_str(line).expect("a line is a value") };
    let clean = serve(move |request: &str| nasty_in_every_reply(request).replace(NASTY, &wire));
    let person = Person::new(clean);
    let both = format!("{NASTY}\n{NASTY}");
    let ran = person.run_as("ann", &["lookup", "--json", "apple"], "").ended(0);
    assert_eq!(value(&ran.out)["interpretation"], both);
    let ran = person.run(&["about", "--json"], "").ended(0);
    assert!(value(&ran.out).as_object().unwrap().values().any(|value| *value == both), "{:?}", ran.out);
}

/// What may have been meant by a word is the server's text, too: in the menus, in a terminal, in JSON.
#[test]
fn suggestions() {
    let reply = |request: &str| match request.as_bytes().first() {
        Some(b'Q') => "FAIL notfound no such word\n".to_owned(),
        _ => nasty_in_every_reply(request),
    };
    let person = Person::new(serve(reply));
    for arguments in [["--user", "ann", "lookup", "aple"].as_slice(), &["--user", "ann", "--json", "lookup", "aple"]] {
        let mut terminal = person.terminal(arguments);
        terminal.expect_hidden("Password: ");
        terminal.line(PASSWD);
        assert_eq!(terminal.exit(), 1, "{}", terminal.shown());
        terminal.expect("[2J");
        harmless(&terminal);
    }
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.line("aple");
    terminal.expect("[2J");
    terminal.expect("Word (## to go back): ");
    harmless(&terminal);
}

#[test]
fn refusals_and_rubbish() {
    let refusals = [
        "badreq",
        "toolong",
        "badname",
        "badpasswd",
        "exists",
        "denied",
        "notfound",
        "busy",
        "timeout",
        "unavailable",
        "bye",
        "unheard-of",
    ];
    let mut replies: Vec<String> = refusals.iter().map(|code| format!("FAIL {code} {NASTY}\n")).collect();
    replies.push(format!("FAIL {NASTY} {NASTY}\n"));
    replies.push(format!("{NASTY}\n"));
    replies.push(format!("OK {NASTY}\n"));
    replies.push("\u{1b}[2J".repeat(1_000) + "\n");
    replies.push("\n".to_owned());
    for reply in replies {
        let said = reply.clone();
        let person = Person::new(serve(move |_| said.clone()));
        for arguments in [["--user", "ann", "lookup", "apple"].as_slice(), &["--user", "ann", "register"]] {
            let mut terminal = person.terminal(arguments);
            terminal.expect_hidden("Password: ");
            terminal.line(PASSWD);
            if arguments.contains(&"register") {
                terminal.expect_hidden("Password again: ");
                terminal.line(PASSWD);
            }
            let status = terminal.exit();
            assert!(status < 128, "{reply:?}: {status}");
            harmless(&terminal);
        }
        let mut terminal = person.terminal(&["about"]);
        assert_ne!(terminal.exit(), 0, "{reply:?}");
        harmless(&terminal);
        let mut terminal = person.terminal(&[]);
        level_one(&mut terminal);
        log_in(&mut terminal, "ann", PASSWD);
        terminal.expect("> ");
        harmless(&terminal);
    }
}

/// The address is a stranger's text, too: it may come from a script's configuration.
#[test]
fn the_address() {
    let person = Person::new("").with("CIDIAN_SERVER", "unix:/tmp/\u{1b}[2J\u{9b}x");
    for arguments in [["about"].as_slice(), &[]] {
        let mut terminal = person.terminal(arguments);
        if arguments.is_empty() {
            level_one(&mut terminal);
            terminal.line("3");
        }
        terminal.wait();
        harmless(&terminal);
    }
}
