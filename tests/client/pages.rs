//! What a person sees: bold and colours, lines that fit, local times, and a pager for what is too long. The screen is
//! drawn by a terminal's rules before it is looked at.

use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in, look_up};
use support::terminal::{CTRL_C, Terminal};
use support::{Daemon, PASSWD, Setup, Store};

const LONG: &str = "apple\tn. 苹果; 苹果树, 一种果树 (蔷薇科苹果属), 果实球形, 味甜或略酸, 是常见的水果 | adj. 苹果的\n\
    cafe\u{301}\tn. 咖啡馆\n\
    set\t1. n. a group of things that belong together\\n2. v. to put something in a place or position, or on it\n";

fn daemon() -> Daemon {
    let daemon = Setup::new(Store::Sqlite).words(LONG).start();
    daemon.connect_as("ann");
    daemon
}

/// A user with an able terminal.
fn able(daemon: &Daemon) -> Person {
    Person::new(person::port(daemon)).with("TERM", "xterm-256color").with("TZ", "Asia/Shanghai")
}

fn start(person: &Person, arguments: &[&str], columns: u16, rows: u16) -> Terminal {
    let mut terminal = Terminal::start(person.command(&[&["--user", "ann"], arguments].concat()), columns, rows);
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal
}

fn lines(terminal: &Terminal) -> Vec<String> {
    let text = terminal.screen().screen().contents();
    text.lines().skip_while(|line| line.starts_with("Password")).map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn headwords_are_bold_and_markers_coloured() {
    let daemon = daemon();
    let person = able(&daemon);
    let mut terminal = start(&person, &["lookup", "set"], 80, 24);
    assert_eq!(terminal.exit(), 0);
    let parser = terminal.screen();
    let cell = |row: u16, column: u16| parser.screen().cell(row, column).unwrap();
    let first = (0..24).find(|&row| cell(row, 0).contents() == "s").expect("the headword");
    assert!(cell(first, 0).bold() && cell(first, 2).bold());
    // `  1. n. a group`: a number, a part of speech, words.
    let (number, part, words) = (cell(first + 1, 2), cell(first + 1, 5), cell(first + 1, 8));
    assert_eq!((number.contents(), part.contents(), words.contents()), ("1", "n", "a"));
    let plain = words.fgcolor();
    assert!(number.fgcolor() != plain && part.fgcolor() != plain && number.fgcolor() != part.fgcolor());
    assert!(!words.bold());

    for (person, arguments) in [
        (able(&daemon).with("NO_COLOR", "1"), ["lookup", "set"].as_slice()),
        (able(&daemon), &["lookup", "--color", "never", "set"]),
        (able(&daemon).with("TERM", "dumb"), &["lookup", "set"]),
    ] {
        let mut terminal = start(&person, arguments, 80, 24);
        assert_eq!(terminal.exit(), 0);
        assert!(!terminal.shown().contains('\u{1b}'), "{}", terminal.shown());
    }
    // Through a pipe there are colours only on request; JSON never has any.
    let person = able(&daemon);
    assert!(!person.run_as("ann", &["lookup", "set"], "").ended(0).out.contains('\u{1b}'));
    assert!(person.run_as("ann", &["--color", "always", "lookup", "set"], "").ended(0).out.contains("\u{1b}[36mn."));
    assert!(!person.run_as("ann", &["--color=always", "lookup", "--json", "set"], "").ended(0).out.contains('\u{1b}'));
    person.run_as("ann", &["--color", "sometimes", "lookup", "set"], "").ended(64);
}

#[test]
fn lines_fit_and_hang() {
    let daemon = daemon();
    let mut terminal = start(&able(&daemon), &["lookup", "apple", "set"], 40, 10);
    assert_eq!(terminal.exit(), 0);
    assert_eq!(
        lines(&terminal),
        [
            "apple  n. 苹果; 苹果树, 一种果树 (蔷薇科",
            "       苹果属), 果实球形, 味甜或略酸, 是",
            "       常见的水果 | adj. 苹果的",
            "set",
            "  1. n. a group of things that belong",
            "        together",
            "  2. v. to put something in a place or",
            "        position, or on it",
        ]
    );
    // One column is a terminal, too.
    let mut terminal = start(&able(&daemon), &["lookup", "cafe\u{301}", "zzz"], 1, 24);
    assert_eq!(terminal.exit(), 1);
    person::no_trace(&terminal.shown());
}

#[test]
fn times_are_local_and_columns_fit() {
    let daemon = daemon();
    able(&daemon).run_as("ann", &["lookup"], "apple\ncafe\u{301}\nset\n").ended(0);
    for zone in ["Asia/Shanghai", "America/New_York", "UTC"] {
        let person = able(&daemon).with("TZ", zone);
        let mut terminal = start(&person, &["history"], 80, 24);
        assert_eq!(terminal.exit(), 0);
        let shown = lines(&terminal);
        assert_eq!(shown[0], "Name  Word   Time", "{shown:?}");
        assert!(shown[1].starts_with("ann   set    ") && shown[2].starts_with("ann   cafe\u{301}   "), "{shown:?}");
        // The same as `date` says there, unless midnight has just passed.
        let out = person.run_as("ann", &["history", "--json", "-n", "1"], "").ended(0).out;
        let wire = serde_json::from_str::<serde_json::Value>(&out).unwrap()["time"].as_str().unwrap().to_owned();
        let date = std::process::Command::new("date").args(["-d", &wire, "+%H:%M"]).env("TZ", zone).output().unwrap();
        let time = String::from_utf8(date.stdout).unwrap();
        assert!(shown[1].ends_with(time.trim()), "{shown:?} {time}");
        assert!(shown[1].contains("today ") || shown[1].contains("yesterday "), "{shown:?}");
    }
    let mut terminal = start(&able(&daemon), &["history", "--reverse"], 80, 24);
    assert_eq!(terminal.exit(), 0);
    let shown = lines(&terminal);
    let words: Vec<&str> = shown[1..].iter().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(words, ["apple", "cafe\u{301}", "set"]);
}

/// Forty lookups do not fit into twenty-four rows.
fn long_history(daemon: &Daemon) {
    able(daemon).run_as("ann", &["lookup"], "apple\n".repeat(40)).ended(0);
}

fn pager_waits(screen: &vt100::Screen) -> bool {
    let (row, _) = screen.cursor_position();
    let prompt = screen.contents_between(row, 0, row, 80);
    prompt.starts_with(':') || prompt.starts_with("(END)")
}

#[test]
fn a_pager_for_what_does_not_fit() {
    let daemon = daemon();
    long_history(&daemon);
    let mut terminal = Terminal::start(able(&daemon).command(&[]), 80, 24);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("a");
    terminal.expect_screen("the pager's prompt", pager_waits);
    // Ctrl-C is the pager's; a change of size in the middle does no harm.
    terminal.keys(CTRL_C);
    terminal.resize(60, 12);
    terminal.keys("g");
    terminal.expect_screen("the first page, smaller", |screen| {
        pager_waits(screen) && screen.contents().contains("Name  Word")
    });
    terminal.keys("q");
    level_two(&mut terminal);
    // What was left unread is gone: the next request gets its own reply.
    look_up(&mut terminal);
    terminal.line("cafe\u{301}");
    terminal.expect("咖啡馆");
    terminal.line("##");
    level_two(&mut terminal);
    // Twenty fit, but not with the menu below them, which would scroll them away.
    terminal.resize(80, 24);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("20");
    terminal.expect_screen("the whole history, and the pager's prompt", |screen| {
        pager_waits(screen) && screen.contents().matches("ann   ").count() == 20
    });
    terminal.keys("q");
    level_two(&mut terminal);
    // With these the screen is full, and all of it shows.
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("16");
    level_two(&mut terminal);
    let screen = terminal.screen().screen().contents();
    assert!(screen.starts_with("Name  Word") && screen.matches("ann   ").count() == 16, "{screen}");
    // Ten fit.
    terminal.resize(80, 24);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("");
    level_two(&mut terminal);

    // The person's own pager, or no pager.
    // One that ends without having read anything hides nothing.
    for (pager, status) in [
        ("less -E", None),
        ("cat", Some(0)),
        ("/nonexistent/pager", Some(0)),
        ("", Some(0)),
        ("true", Some(0)),
        ("false", Some(0)),
    ] {
        let person = able(&daemon).with("PAGER", pager);
        let mut terminal = start(&person, &["history", "--all"], 80, 24);
        if status.is_none() {
            terminal.expect_screen("the pager's prompt", pager_waits);
            terminal.keys("q");
        }
        assert_eq!(terminal.exit(), 0, "{pager:?}");
        if status.is_some() {
            assert_eq!(terminal.shown().matches("ann   apple").count(), 40, "{pager:?}");
        }
        assert!(terminal.echoes());
    }
}
