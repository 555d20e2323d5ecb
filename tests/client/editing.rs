//! The prompt for words on a terminal that can move its cursor: editing, earlier words, completions, and what else may
//! happen while a person types.

use crate::person::{self, Person, no_trace};
use crate::prompts::{level_one, level_two, log_in, look_up};
use nix::sys::signal::Signal;
use std::os::unix::fs::PermissionsExt;
use support::terminal::{CTRL_C, CTRL_D, Terminal};
use support::{Daemon, PASSWD, Setup, Store, processes, wait_until};

const PROMPT: &str = "Word (## to go back): ";
const UP: &str = "\u{1b}[A";
const WORDS: &str = "apple\tn. 苹果\napples\tn. 苹果 (复数)\napplication\tn. 申请\nbanana\tn. 香蕉\nice cream\tn. 冰淇淋\n\
    zoo\tn. 动物园\n词典\tn. dictionary\n";

fn daemon() -> Daemon {
    let daemon = Setup::new(Store::Sqlite).words(WORDS).options("--listen unix:socket").start();
    daemon.connect_as("ann");
    daemon
}

fn able(daemon: &Daemon) -> Person {
    Person::new(person::socket(daemon)).with("TERM", "xterm-256color")
}

/// At the prompt for words.
fn at_words(person: &Person) -> Terminal {
    let mut terminal = Terminal::start(person.command(&[]), 80, 24);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal
}

/// Waits for a meaning, and for the next prompt: keys that come before it are the terminal's, which has meanings of its
/// own for some of them.
fn answered(terminal: &mut Terminal, meaning: &str) {
    terminal.expect(meaning);
    terminal.expect(PROMPT);
}

/// Presses TAB until the row with the cursor is this: an answer that comes too late is there for the next TAB.
fn complete(terminal: &mut Terminal, row: &str) {
    terminal.press_until("\t", &format!("the row {row:?}"), |screen| row_of_cursor(screen) == row);
}

fn row_of_cursor(screen: &vt100::Screen) -> String {
    let (at, _) = screen.cursor_position();
    screen.contents_between(at, 0, at, screen.size().1).trim_end().to_owned()
}

/// Waits until the row with the cursor is this.
fn expect_row(terminal: &mut Terminal, row: &str) {
    terminal.expect_screen(&format!("the row {row:?}"), |screen| row_of_cursor(screen) == row);
}

#[test]
fn keys_edit_the_line() {
    let daemon = daemon();
    let mut terminal = at_words(&able(&daemon));
    // Typed backwards: to the beginning, to the end, a word away, wide characters deleted whole.
    terminal.keys("pple\u{1}a\u{5} 词典\u{7f}\u{7f}x\u{17}");
    expect_row(&mut terminal, "Word (## to go back): apple");
    terminal.keys("\n");
    answered(&mut terminal, "苹果");
    // Blanks around a word do not belong to it, and Ctrl-D on a line that is not empty does not end it.
    terminal.keys("ice cream\u{1}\u{4}i\n");
    answered(&mut terminal, "冰淇淋");
    // The words of before.
    terminal.keys(UP);
    expect_row(&mut terminal, "Word (## to go back): ice cream");
    terminal.keys(UP);
    expect_row(&mut terminal, "Word (## to go back): apple");
    terminal.keys("\n");
    answered(&mut terminal, "苹果");
    // Ctrl-C clears the line, however often.
    for _ in 0..3 {
        terminal.keys("half a wo");
        expect_row(&mut terminal, "Word (## to go back): half a wo");
        terminal.keys(CTRL_C);
        expect_row(&mut terminal, "Word (## to go back):");
    }
    terminal.keys("##\n");
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.keys(CTRL_D);
    terminal.expect("Logged out.");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    no_trace(&terminal.shown());
    assert!(!terminal.shown().contains("horse"));
}

#[test]
fn words_are_remembered_and_private() {
    let daemon = daemon();
    let person = able(&daemon);
    let mut terminal = at_words(&person);
    for word in ["banana", "apple", "apple", " secret", "##"] {
        terminal.keys(&format!("{word}\n"));
        if word != "##" {
            terminal.expect(PROMPT);
        }
    }
    level_two(&mut terminal);
    drop(terminal);
    let file = person.home().join(".local/state/cidian/lookup_words");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read_to_string(&file).unwrap();
    assert_eq!(kept.lines().skip(1).collect::<Vec<_>>(), ["banana", "apple"], "{kept}");
    assert!(!kept.contains("horse"));
    // The next time, and with an invalid file.
    let mut terminal = at_words(&person);
    terminal.keys(&format!("{UP}{UP}"));
    expect_row(&mut terminal, "Word (## to go back): banana");
    drop(terminal);
    std::fs::write(&file, b"\xff\xfe\n\0").unwrap();
    let mut terminal = at_words(&person);
    terminal.keys("zoo\n");
    terminal.expect("动物园");
}

#[test]
fn tab_completes_from_the_server() {
    let daemon = daemon();
    let mut terminal = at_words(&able(&daemon));
    terminal.keys("bana");
    complete(&mut terminal, "Word (## to go back): banana");
    terminal.keys("\n");
    answered(&mut terminal, "香蕉");
    // Several: what they share, and a list.
    terminal.keys("AP");
    complete(&mut terminal, "Word (## to go back): appl");
    terminal.expect_screen("a list of them", |screen| screen.contents().contains("application"));
    expect_row(&mut terminal, "Word (## to go back): appl");
    terminal.keys("ica");
    complete(&mut terminal, "Word (## to go back): application");
    terminal.keys("\n");
    answered(&mut terminal, "申请");
    // In the middle, with blanks, in Chinese; and nothing to complete.
    terminal.keys(" ice");
    complete(&mut terminal, "Word (## to go back):  ice cream");
    terminal.keys("\n");
    answered(&mut terminal, "冰淇淋");
    terminal.keys("词");
    complete(&mut terminal, "Word (## to go back): 词典");
    terminal.keys("\u{15}qqq\tq");
    expect_row(&mut terminal, "Word (## to go back): qqqq");
    terminal.keys("\u{15}\t##\n");
    level_two(&mut terminal);
    // Completions are not lookups.
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("a");
    let history = terminal.read_to("3  log out");
    assert_eq!(history.matches("ann  ").count(), 3, "{history}");
}

#[test]
fn a_number_picks_what_was_meant() {
    let daemon = daemon();
    let mut terminal = at_words(&able(&daemon));
    terminal.keys("aplpe\n");
    terminal.expect("not found: aplpe\r\nDid you mean: apple (1), ");
    terminal.expect(PROMPT);
    terminal.keys("1\n");
    terminal.expect("苹果");
    terminal.expect(PROMPT);
    // Only behind an offer; beyond it a number is a word.
    terminal.keys("1\n");
    terminal.expect("not found: 1");
    terminal.expect(PROMPT);
    terminal.keys("banaan\n");
    terminal.expect("banana (1)");
    terminal.expect(PROMPT);
    terminal.keys("7\n");
    terminal.expect("not found: 7");
    terminal.expect(PROMPT);
    // The word is what is remembered, not its number.
    for word in ["7", "banaan", "1", "apple", "aplpe"] {
        terminal.keys(UP);
        expect_row(&mut terminal, &format!("Word (## to go back): {word}"));
    }
}

/// Whatever the terminal does while a word is typed.
#[test]
fn resized_garbled_pasted() {
    let daemon = daemon();
    let mut terminal = at_words(&able(&daemon));
    terminal.keys("ban");
    for (columns, rows) in [(40, 10), (5, 3), (1, 1), (200, 50), (80, 24)] {
        terminal.resize(columns, rows);
        terminal.keys("a\u{7f}");
    }
    terminal.keys("ana\n");
    terminal.expect("香蕉");
    terminal.expect(PROMPT);
    // What is not UTF-8 is reported, and the next line is read.
    terminal.bytes_in(b"\xff\xfe");
    terminal.expect("UTF-8");
    terminal.expect(PROMPT);
    terminal.keys("zoo\n");
    answered(&mut terminal, "动物园");
    terminal.keys("a\u{16}\u{1b}b\n");
    terminal.expect("control character");
    terminal.expect(PROMPT);
    // Lines that are pasted are looked up one after the other.
    terminal.keys("apple\nbanana\nzoo\n");
    for meaning in ["苹果", "香蕉", "动物园"] {
        terminal.expect(meaning);
    }
    terminal.expect(PROMPT);
    terminal.keys(&format!("{}\n", "x".repeat(1_100)));
    terminal.expect("longer than 1024 bytes");
    terminal.expect(PROMPT);
    terminal.keys("##\n");
    level_two(&mut terminal);
    // Typed before the prompt: nothing of it is lost.
    terminal.keys("1\nbanana\n##\n3\n3\n");
    terminal.expect("香蕉");
    assert_eq!(terminal.exit(), 0);
    assert!(terminal.echoes());
}

/// Four times what the editor reads at once, and nearly what the terminal holds: each word is looked up, once, in
/// order.
#[test]
fn a_long_paste() {
    let daemon = daemon();
    let mut terminal = at_words(&able(&daemon));
    let words: Vec<&str> = ["apple", "banana", "zoo", "ice cream"].into_iter().cycle().take(600).collect();
    for word in &words {
        // The prompts that are not read yet would fill the terminal, and then nothing more could be typed.
        terminal.keys(&format!("{word}\n"));
        terminal.take_in();
    }
    terminal.keys("application\n");
    answered(&mut terminal, "申请");
    terminal.keys("##\n");
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    let mut connection = daemon.connect();
    connection.login("ann");
    let history = connection.ask("H ann all");
    let looked_up: Vec<&str> = history[1..].iter().rev().map(|row| row.split('\t').nth(1).unwrap()).collect();
    assert_eq!(looked_up, [words.as_slice(), &["application"]].concat());
}

/// One column, from the beginning to the end.
#[test]
fn one_column() {
    let daemon = daemon();
    let person = able(&daemon);
    let mut terminal = Terminal::start(person.command(&["--user", "ann"]), 1, 24);
    level_one(&mut terminal);
    crate::prompts::level_one_log_in(&mut terminal, PASSWD);
    level_two(&mut terminal);
    terminal.line("1");
    terminal.expect("Word (## to go back): ");
    terminal.keys("ap\t\u{15}词典\n");
    terminal.expect("典");
    terminal.keys("##\n");
    level_two(&mut terminal);
    terminal.line("2");
    terminal.expect("all): ");
    terminal.line("");
    // Even the heading needs a pager there.
    terminal.expect(":\u{1b}[K");
    terminal.keys("q");
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    no_trace(&terminal.shown());
}

/// A signal in the middle of a word leaves a terminal that works.
#[test]
fn signals_restore_the_terminal() {
    let daemon = daemon();
    let person = able(&daemon);
    let mut terminal = at_words(&person);
    terminal.keys("half");
    expect_row(&mut terminal, "Word (## to go back): half");
    assert!(!terminal.echoes());
    // As Ctrl-C does. (The editor misses a signal that comes while it works.)
    let pid = u32::try_from(terminal.pid()).unwrap();
    wait_until("the editor to wait for a key", || processes::state(pid) == Some('S'));
    terminal.signal(Signal::SIGINT);
    expect_row(&mut terminal, "Word (## to go back):");
    terminal.keys("half");
    expect_row(&mut terminal, "Word (## to go back): half");
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.exit(), 143);
    assert!(terminal.echoes());
}

/// Ctrl-Z in a shell, and back: the line is still there.
#[test]
fn stopped_and_continued() {
    let daemon = daemon();
    let person = able(&daemon);
    let mut shell = person.command(&[]);
    let program = shell.get_program().to_owned();
    shell = {
        let mut bash = std::process::Command::new("bash");
        bash.args(["--norc", "--noprofile", "-i"]).current_dir(person.home()).env_clear();
        bash.envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
        bash.env("PS1", "shell> ").env("CIDIAN", program).env("HISTFILE", "");
        bash
    };
    let mut terminal = Terminal::start(shell, 80, 24);
    terminal.expect("shell> ");
    terminal.line("$CIDIAN");
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    for _ in 0..2 {
        terminal.keys("ban");
        expect_row(&mut terminal, "Word (## to go back): ban");
        terminal.keys("\u{1a}");
        terminal.expect("Stopped");
        terminal.expect("shell> ");
        terminal.line("fg");
        expect_row(&mut terminal, "Word (## to go back): ban");
        terminal.keys("ana\n");
        terminal.expect("香蕉");
        terminal.expect(PROMPT);
    }
    terminal.keys("##\n");
    level_two(&mut terminal);
    terminal.keys("\u{1a}");
    terminal.expect("Stopped");
    terminal.expect("shell> ");
    terminal.line("fg");
    terminal.expect("CIDIAN");
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    terminal.expect("shell> ");
    terminal.line("exit 7");
    assert_eq!(terminal.exit(), 7);
}

/// The server goes while a word is typed; TAB and typing go on, and the word need not be typed again.
#[test]
fn the_server_goes_while_somebody_types() {
    let mut daemon = daemon();
    let person = able(&daemon);
    let mut terminal = at_words(&person);
    terminal.keys("ban");
    let sessions = daemon.wait_children(1);
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    wait_until("the session to end", || sessions.iter().all(|&pid| !processes::lives(pid)));
    terminal.keys("\tana\n");
    terminal.expect("cannot reach a server at ");
    level_one(&mut terminal);
    daemon.start();
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    look_up(&mut terminal);
    expect_row(&mut terminal, "Word (## to go back): banana");
    terminal.keys("\n");
    terminal.expect("香蕉");
    // Away and back within a moment: unnoticed.
    terminal.expect(PROMPT);
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    daemon.start();
    terminal.keys("zoo\n");
    let shown = terminal.read_to("动物园");
    assert!(
        !shown.contains("cannot reach a server") && !shown.contains("lost") && !shown.contains("stopping"),
        "{shown}"
    );
}

/// A new account of a private server, with everything on.
#[test]
fn on_a_private_server() {
    let person = Person::new("").with("TERM", "xterm-256color");
    let mut terminal = Terminal::start(person.command(&["--local"]), 80, 24);
    level_two(&mut terminal);
    look_up(&mut terminal);
    terminal.keys("watermelo");
    complete(&mut terminal, "Word (## to go back): watermelon");
    terminal.keys("\n");
    terminal.expect("西瓜");
    terminal.expect(PROMPT);
    terminal.keys(CTRL_C);
    terminal.expect(PROMPT);
    terminal.keys("water\n");
    terminal.expect("水");
    terminal.keys("##\n");
    level_two(&mut terminal);
    terminal.line("3");
    level_one(&mut terminal);
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
}

/// A key that is held down comes in one piece, and between two prompts, too. What comes behind it in the same piece
/// goes with it, as in any terminal.
#[test]
fn ctrl_c_that_is_held_down() {
    let daemon = daemon();
    let mut terminal = at_words(&able(&daemon));
    terminal.keys(&CTRL_C.repeat(50));
    terminal.press_until("zoo\n", "its meaning", |screen| screen.contents().contains("动物园"));
    expect_row(&mut terminal, "Word (## to go back):");
}

/// A user who edits as in vi everywhere does so here.
#[test]
fn keys_of_vi_where_readline_has_them() {
    let daemon = daemon();
    let person = able(&daemon);
    std::fs::write(person.home().join(".inputrc"), "set bell-style none\nset editing-mode vi\n").unwrap();
    let mut terminal = at_words(&person);
    terminal.keys("xapple\u{1b}");
    // The escape alone is a key of its own once nothing has followed it: the cursor goes back onto the last letter.
    let last = u16::try_from(PROMPT.len() + "xappl".len()).unwrap();
    terminal.expect_screen("the cursor on the last letter", |screen| screen.cursor_position().1 == last);
    terminal.keys("0x");
    expect_row(&mut terminal, "Word (## to go back): apple");
    terminal.keys("\n");
    answered(&mut terminal, "苹果");
}
