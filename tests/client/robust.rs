//! A terminal with every feature in use, and a server at its worst: silent, hostile, gone. Typing goes on, no text from
//! the server reaches the terminal raw, and nothing hangs.

use crate::fake_server::serve;
use crate::person::{self, Person, no_trace};
use crate::prompts::{level_one, level_two, log_in, look_up};
use nix::sys::signal::Signal;
use support::terminal::Terminal;
use support::{PASSWD, Setup, Store, processes, wait_until};

const NASTY: &str = "a\u{1b}[2J\u{1b}]0;title\u{7}b\u{9b}31m\u{202e}\u{8}d\u{7f}";

/// A user on an able terminal, with a server that answers each request by `reply`; an empty one is no answer.
fn server(reply: impl Fn(&str) -> String + Send + Sync + 'static) -> Person {
    Person::new(serve(reply)).with("TERM", "xterm-256color")
}

fn at_words(person: &Person) -> Terminal {
    let mut terminal = Terminal::start(person.command(&[]), 80, 24);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal
}

#[track_caller]
fn harmless(terminal: &Terminal) {
    let text = String::from_utf8(terminal.bytes().to_vec()).expect("UTF-8");
    no_trace(&text);
    for bad in ["\u{1b}[2J", "\u{1b}]", "\u{7}", "\u{9b}", "\u{202e}", "\u{8}", "\u{7f}"] {
        assert!(!text.contains(bad), "{bad:?} in {text:?}");
    }
}

#[test]
fn a_hostile_server_on_an_able_terminal() {
    let row = format!("ann\t{NASTY}\t2026-11-23T05:32:10.123456Z\n");
    let person = server(move |request| match request.as_bytes().first() {
        Some(b'Q') if request.ends_with("missing") => format!("FAIL notfound {NASTY}\n"),
        Some(b'Q' | b'D') => format!("OK {NASTY}\t{NASTY}\\n1. {NASTY}\n"),
        Some(b'S') => format!("OK 3\nab{NASTY}\nabc\u{1b}[31m\n{NASTY}\n"),
        Some(b'H') => format!("OK 2\n{row}{row}"),
        Some(b'G') => "OK 0\n".to_owned(),
        _ => "OK\n".to_owned(),
    });
    let mut terminal = at_words(&person);
    terminal.keys("ab\t");
    terminal.keys("\n");
    terminal.expect("[2J");
    terminal.expect("Word (## to go back): ");
    terminal.keys("missing\n");
    terminal.expect("Did you mean: ");
    terminal.expect("Word (## to go back): ");
    terminal.keys("##\n");
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("");
    level_two(&mut terminal);
    harmless(&terminal);
    for arguments in [
        ["history", "--top"].as_slice(),
        &["export", "--csv", "-"],
        &["export", "--anki", "-"],
        &["history", "--format", "csv"],
    ] {
        let mut terminal = Terminal::start(person.command(&[&["--user", "ann"], arguments].concat()), 80, 24);
        terminal.expect_hidden("Password: ");
        terminal.line(PASSWD);
        assert_eq!(terminal.exit(), 0, "{arguments:?}: {}", terminal.shown());
        harmless(&terminal);
    }
}

/// A server that keeps completions to itself: each key shows at once, TAB gives up, and Enter is what waits.
#[test]
fn nobody_waits_for_completions() {
    let person = server(|request| match request.as_bytes().first() {
        Some(b'S') => String::new(),
        Some(b'Q') => "OK apple\tn. 苹果\n".to_owned(),
        _ => "OK\n".to_owned(),
    });
    let mut terminal = at_words(&person);
    terminal.keys("ap\tp\tl\te");
    terminal.expect_screen("all keys", |screen| {
        let (row, _) = screen.cursor_position();
        screen.contents_between(row, 0, row, 80).trim_end() == "Word (## to go back): apple"
    });
    terminal.keys("\n");
    terminal.expect("苹果");
    terminal.expect("Word (## to go back): ");
    terminal.keys("##\n");
    level_two(&mut terminal);
}

/// The server goes in every state of the dialogue; each time it is reported, and a menu comes back.
#[test]
fn gone_in_any_state() {
    let mut daemon = Setup::new(Store::Sqlite).options("--listen unix:socket").start();
    daemon.connect_as("ann");
    let person = Person::new(person::socket(&daemon)).with("TERM", "xterm");
    for state in ["password", "level two", "word", "count", "pager"] {
        if state == "pager" {
            person.run_as("ann", &["lookup"], "apple\n".repeat(60)).ended(0);
        }
        let mut terminal = Terminal::start(person.command(&["--user", "ann"]), 80, 24);
        level_one(&mut terminal);
        terminal.line("2");
        terminal.expect("]: ");
        terminal.line("");
        terminal.expect_hidden("Password: ");
        if state != "password" {
            terminal.line(PASSWD);
            level_two(&mut terminal);
            match state {
                "word" => {
                    look_up(&mut terminal);
                    terminal.keys("app");
                }
                "count" | "pager" => {
                    terminal.line("2");
                    terminal.expect("all): ");
                    if state == "pager" {
                        terminal.line("a");
                        terminal.expect(":\u{1b}[K");
                    }
                }
                _ => {}
            }
        }
        daemon.wait_children(usize::from(state != "password"));
        let sessions = daemon.children();
        daemon.signal(Signal::SIGKILL);
        daemon.wait_exit();
        wait_until("the session to end", || sessions.iter().all(|&pid| !processes::lives(pid)));
        match state {
            "password" => terminal.line(PASSWD),
            "level two" => {
                terminal.line("2");
                terminal.expect("all): ");
                terminal.line("");
            }
            "word" => terminal.keys("\tle\n"),
            "count" => terminal.line("a"),
            _ => {
                // What was on its way is there to be read.
                terminal.keys("G");
                terminal.keys("q");
                level_two(&mut terminal);
                terminal.line("1");
                terminal.expect("Word (## to go back): ");
                terminal.keys("apple\n");
            }
        }
        terminal.expect("cannot reach a server at ");
        level_one(&mut terminal);
        terminal.line("3");
        assert_eq!(terminal.exit(), 0, "{state}");
        assert!(terminal.echoes());
        no_trace(&terminal.shown());
        daemon.start();
    }
}

/// A locale that is C is a language, not another alphabet.
#[test]
fn a_locale_that_is_c() {
    let daemon = Setup::new(Store::Sqlite).start();
    daemon.connect_as("ann");
    let person =
        Person::new(person::port(&daemon)).with("TERM", "xterm").with("LC_ALL", "C").with("LANG", "zh_CN.UTF-8");
    let mut terminal = at_words(&person);
    terminal.keys("苹果\u{7f}\u{7f}apple\n");
    terminal.expect("苹果");
    terminal.expect("Word (## to go back): ");
    terminal.keys("##\n");
    level_two(&mut terminal);
    assert!(person.run(&["--help"], "").ended(0).out.contains("Usage:"));
    // The pager shows Chinese, too, and not bytes.
    person.run_as("ann", &["lookup"], "apple\n".repeat(30)).ended(0);
    let mut terminal = Terminal::start(person.command(&["--user", "ann", "--lang", "zh", "history", "--all"]), 80, 24);
    terminal.expect_hidden("密码：");
    terminal.line(PASSWD);
    terminal.expect_screen("Chinese in the pager", |screen| {
        screen.contents().contains("用户名  单词") && screen.contents().contains("今天 ")
    });
    terminal.keys("q");
    assert_eq!(terminal.exit(), 0);
}
