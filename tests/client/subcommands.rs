//! Subcommands as a script uses them: arguments and pipes in, lines and exit statuses out.

use crate::person::{self, Person, Ran};
use serde_json::Value;
use support::{Daemon, PASSWD, Setup, Store};

/// A daemon, and a user of it who has the account `ann`.
pub fn ann() -> (Daemon, Person) {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    (daemon, person)
}

fn lookup(person: &Person, words: &[&str]) -> Ran {
    person.run_as("ann", &[["lookup"].as_slice(), words].concat(), "")
}

#[test]
fn words_as_arguments() {
    let (_daemon, person) = ann();
    lookup(&person, &["apple"]).ended(0).said("n. 苹果\n");
    lookup(&person, &["APPLE", "ice cream", " zoo ", "bank"])
        .ended(0)
        .said("apple  n. 苹果\nice cream  n. 冰淇淋\nzoo  n. 动物园\nbank  n. 银行\nn. 河岸\n");
    lookup(&person, &["Apple"]).ended(0).said("n. 苹果公司\n");
    // Escapes of the dictionary are real newlines and TABs here.
    lookup(&person, &["pear"]).ended(0).said("n. 梨\nv. \t one \\ two\n");
    // `##` is a word like any other here, and ends nothing.
    assert_eq!(lookup(&person, &["##", "apple"]).ended(1).complained("not found: ##\n").out, "apple  n. 苹果\n");
    let ran = lookup(&person, &["apple", "zzz", "zoo"]).ended(1).complained("not found: zzz\n");
    assert_eq!(ran.out, "apple  n. 苹果\nzoo  n. 动物园\n");
    // Words that begin with a dash; options after `--` are words, too.
    lookup(&person, &["--", "-able", "--json"]).ended(1).complained("not found: -able\ncidian: not found: --json\n");
    lookup(&person, &["-able"]).ended(64);
    // Words that can't be.
    for word in ["", "  ", "a\tb", "a\nb", "\u{1b}[2J", &"x".repeat(1_025)] {
        let ran = lookup(&person, &["apple", word, "zoo"]).ended(1);
        assert_eq!(ran.out, "apple  n. 苹果\nzoo  n. 动物园\n", "{word:?}");
        assert!(ran.err.starts_with("cidian: ") && !ran.err.contains('\u{1b}'), "{word:?}: {:?}", ran.err);
    }
    // Only what was found is in the history: the headword, as the dictionary spells it.
    let history = person.run_as("ann", &["history", "-n", "3"], "").ended(0);
    let words: Vec<&str> = history.out.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(words, ["zoo", "apple", "zoo"]);
    assert!(!person.run_as("ann", &["history", "--all"], "").ended(0).out.contains("zzz"));
}

/// An argument that is not UTF-8 is refused as usage, with no trace.
#[test]
fn arguments_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let person = Person::new("127.0.0.1:1");
    let mut command = person.command(&["--user", "ann", "lookup"]);
    person::without_terminal(&mut command);
    let output = command.arg(std::ffi::OsStr::from_bytes(b"\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    person::no_trace(&String::from_utf8(output.stderr).unwrap());
}

/// The reader of the output may go away: no complaint, no trace.
#[test]
fn a_broken_pipe_ends_quietly() {
    let (daemon, person) = ann();
    daemon.wait_children(0);
    let words = person.file("words", &"apple\n".repeat(200_000));
    let password = person.password_file(PASSWD);
    for arguments in ["lookup", "lookup --json"] {
        let line = format!(
            "{} --user ann --password-file {} {arguments} < {} | head -1; echo ${{PIPESTATUS[0]}}",
            env!("CARGO_BIN_EXE_cidian"),
            password.display(),
            words.display()
        );
        let mut command = std::process::Command::new("bash");
        command
            .args(["-c", &line])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("CIDIAN_SERVER", person::port(&daemon));
        person::without_terminal(&mut command);
        let output = command.output().expect("bash runs");
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(out.contains("苹果") && out.ends_with("\n141\n"), "{out}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments}");
        // And the server is free again at once.
        daemon.wait_children(0);
    }
    // The same for what is printed once: about, help, history.
    for arguments in [["about"].as_slice(), &["--help"], &["--user", "ann", "--password-file", "password", "history"]] {
        let mut command = person.command(arguments);
        person::without_terminal(&mut command);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
    }
}

/// A full disk is reported.
#[test]
fn output_that_fails() {
    let (_daemon, person) = ann();
    let mut command = person.command(&["about"]);
    person::without_terminal(&mut command);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("cidian: standard output: "));
}

#[test]
fn histories() {
    let (_daemon, person) = ann();
    let history = |arguments: &[&str]| person.run_as("ann", &[["history"].as_slice(), arguments].concat(), "");
    history(&[]).ended(0).said("");
    history(&["--json"]).ended(0).said("");
    let words: String = (0..12).map(|n| if n % 2 == 0 { "apple\n" } else { "ice cream\n" }).collect();
    person.run_as("ann", &["lookup"], words).ended(0);
    let ten = history(&[]).ended(0).out;
    assert_eq!(ten.lines().count(), 10);
    assert_eq!(history(&["--all"]).ended(0).out.lines().count(), 12);
    assert_eq!(history(&["-n", "1000"]).ended(0).out.lines().count(), 12);
    let three = history(&["-n", "3"]).ended(0).out;
    assert!(ten.starts_with(&three) && three.lines().count() == 3, "{three}");
    let mut times: Vec<&str> = Vec::new();
    for (line, word) in ten.lines().zip(["ice cream", "apple"].into_iter().cycle()) {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!((fields.len(), fields[0], fields[1]), (3, "ann", word), "{line}");
        assert!(fields[2].len() == 27 && fields[2].ends_with('Z'), "{line}");
        times.push(fields[2]);
    }
    // Strictly newest first.
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{times:?}");
    let rows = json(&history(&["--json", "-n", "2"]).ended(0).out);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["name"], &rows[0]["word"], &rows[0]["time"]),
        (&"ann".into(), &"ice cream".into(), &times[0].into())
    );
    assert_eq!(rows[0].as_object().unwrap().len(), 3);
    for wrong in [["-n", "0"].as_slice(), &["-n", "1001"], &["-n", "x"], &["-n", "3", "--all"], &["clear", "a", "b"]] {
        history(wrong).ended(64);
    }
    // What it holds of one headword; then everything.
    history(&["clear", "ice cream"]).ended(0).said("6 lookups of ice cream were cleared.\n");
    assert!(history(&["--all"]).ended(0).out.lines().all(|line| line.contains("\tapple\t")));
    history(&["clear", "zzz"]).ended(0);
    history(&["clear", " "]).ended(65);
    assert_eq!(history(&["--all"]).ended(0).out.lines().count(), 6);
    history(&["clear", "--json"]).ended(0).said("{\"ok\":true}\n");
    history(&["--all"]).ended(0).said("");
}

#[test]
fn accounts() {
    let (daemon, person) = ann();
    person.run_as("bob", &["register"], "").ended(0).said("Account bob is registered.\n");
    person.run_as("bob", &["register"], "").ended(73).complained("the name is taken");
    person.run_as("nobody", &["lookup", "apple"], "").ended(77).complained("wrong name or password");
    let new = person.file("new", "another horse\nsecond line\n");
    let new = new.to_str().unwrap();
    person.run_as("bob", &["lookup", "apple"], "").ended(0);
    person.run_as("bob", &["passwd", "--new-password-file", new], "").ended(0).said("The password was changed.\n");
    // The old one is nothing now, and the new one opens the same account.
    person.run_as("bob", &["history"], "").ended(77);
    person.run_as("bob", &["passwd", "--new-password-file", new], "").ended(77);
    let ran = person.run(&["--user", "bob", "--password-file", new, "history"], "").ended(0);
    assert_eq!(ran.out.lines().count(), 1);
    let bob = ["--user", "bob", "--password-file", new, "delete-account"];
    person.run(&bob, "bob\n").ended(64).complained("--yes");
    person.run(&[bob.as_slice(), &["--yes", "--json"]].concat(), "").ended(0).said("{\"ok\":true}\n");
    person.run(&[bob.as_slice(), &["--yes"]].concat(), "").ended(77);
    // The next user of the name finds nothing of it.
    person.run_as("bob", &["register"], "").ended(0);
    person.run_as("bob", &["history", "--all"], "").ended(0).said("");
    // No password in any log.
    assert!(!daemon.log().contains("horse"), "{}", daemon.log());
}

/// It works: what it opens is a test of the daemon's.
#[test]
fn a_dict_key() {
    let (daemon, person) = ann();
    let ran = person.run_as("ann", &["dict-key"], "").ended(0);
    let key = ran.out.trim_end();
    assert!(key.len() == 26 && key.bytes().all(|sign| sign.is_ascii_alphanumeric()), "{}", ran.out);
    assert_eq!(daemon.sql("SELECT secret FROM dict_key"), [key]);
    let ran = person.run_as("ann", &["dict-key", "--json"], "").ended(0);
    let object: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&object["name"], daemon.sql("SELECT secret FROM dict_key").len()), (&"ann".into(), 1));
    assert_eq!(object["key"], daemon.sql("SELECT secret FROM dict_key")[0]);
    assert_ne!(object["key"], key);
    // A user with only a saved login is asked for the password.
    person.run_as("ann", &["login"], "").ended(0);
    person.run(&["dict-key"], "").ended(64).complained("--password-file");
}

/// On a terminal the name has to be typed before an account is deleted; passwords are asked for in order.
#[test]
fn accounts_on_a_terminal() {
    let (daemon, person) = ann();
    let mut terminal = person.terminal(&["--user", "ann", "passwd"]);
    for (prompt, answer) in
        [("Password: ", PASSWD), ("New password: ", "new horse"), ("New password again: ", "old horse")]
    {
        terminal.expect_hidden(prompt);
        terminal.line(answer);
    }
    terminal.expect("the two passwords differ");
    assert_eq!(terminal.exit(), 65);
    let mut terminal = person.terminal(&["--user", "ann", "passwd"]);
    for (prompt, answer) in
        [("Password: ", PASSWD), ("New password: ", "new horse"), ("New password again: ", "new horse")]
    {
        terminal.expect_hidden(prompt);
        terminal.line(answer);
    }
    terminal.expect("The password was changed.");
    assert_eq!(terminal.exit(), 0);
    for (answer, said, status) in
        [("", "not deleted", 65), ("Ann", "not deleted", 65), ("ann", "Account ann was deleted.", 0)]
    {
        let mut terminal = person.terminal(&["--user", "ann", "delete-account"]);
        terminal.expect_hidden("Password: ");
        terminal.line("new horse");
        terminal.expect("to confirm: ");
        terminal.line(answer);
        terminal.expect(said);
        assert_eq!(terminal.exit(), status);
        assert!(!terminal.shown().contains("horse"));
    }
    assert!(daemon.connect().ask_line("L ann new horse").starts_with("FAIL denied"));
    // Words may come through a pipe while the password comes from the terminal.
    daemon.connect_as("ann");
    let words = person.file("words", "apple\nzoo\n");
    let mut command = std::process::Command::new("bash");
    let line = format!("exec {} --user ann lookup < {} | cat", env!("CARGO_BIN_EXE_cidian"), words.display());
    command.args(["-c", &line]).env_clear().env("PATH", "/usr/bin:/bin").env("CIDIAN_SERVER", person::port(&daemon));
    let mut terminal = support::terminal::Terminal::start(command, 80, 24);
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal.expect("n. 苹果\r\nn. 动物园\r\n");
    assert_eq!(terminal.exit(), 0);
}

/// Words that are typed one by one look as they do in the menus, and a hint shows how to go on.
#[test]
fn words_typed_into_a_filter() {
    let (_daemon, person) = ann();
    let mut terminal = person.terminal(&["--user", "ann", "lookup"]);
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal.expect("Words, one a line; Ctrl-D ends.\r\n");
    terminal.line("bank");
    terminal.expect("bank\r\nbank\r\n  n. 银行\r\n  n. 河岸\r\n");
    terminal.line("zzz");
    terminal.expect("zzz\r\ncidian: not found: zzz\r\n");
    terminal.line("");
    terminal.line("Apple");
    terminal.expect("\r\nApple\r\nApple  n. 苹果公司\r\n");
    terminal.keys(support::terminal::CTRL_D);
    assert_eq!(terminal.exit(), 1);
}

/// The help fits a terminal of 80 columns.
#[test]
fn help_fits_the_terminal() {
    let person = Person::new("");
    for arguments in [
        ["--help"].as_slice(),
        &["lookup", "--help"],
        &["history", "clear", "--help"],
        &["passwd", "--help"],
        &["login", "--help"],
        &["logout", "--help"],
    ] {
        let mut terminal = person.terminal(arguments);
        assert_eq!(terminal.exit(), 0);
        let shown = terminal.shown();
        assert!(shown.lines().all(|line| line.trim_end().len() < 81), "{shown}");
        // No line of the examples is broken: each begins with the program.
        let examples = shown.split("Examples:").nth(1).expect("examples");
        let lines = examples.lines().skip(1).take_while(|line| !line.is_empty());
        assert!(lines.clone().count() > 0 && lines.clone().all(|line| line.starts_with("  cidian ")), "{shown}");
    }
}

#[test]
fn about() {
    let (_daemon, person) = ann();
    let out = person.run(&["about"], "").ended(0).out;
    for (key, value) in [("title", "Test words"), ("headwords", "6"), ("licence", "CC0-1.0"), ("version", "")] {
        let line = out.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("{key}: {out}"));
        assert!(line[key.len()..].trim_start().starts_with(value), "{line}");
    }
    let objects = json(&person.run(&["about", "--json"], "").ended(0).out);
    assert_eq!((objects.len(), &objects[0]["title"], &objects[0]["headwords"]), (1, &"Test words".into(), &"6".into()));
}

#[test]
fn json_of_lookups() {
    let (_daemon, person) = ann();
    let ran = lookup(&person, &["--json", "PEAR", "zzz"]).ended(1);
    let lines = json(&ran.out);
    assert_eq!(
        lines,
        [
            serde_json::json!({"word": "PEAR", "found": true, "headword": "pear", "form": "case",
                               "interpretation": "n. 梨\nv. \t one \\ two"}),
            serde_json::json!({"word": "zzz", "found": false, "suggestions": []}),
        ]
    );
    person.run_as("eve", &["register", "--json"], "").ended(0).said("{\"ok\":true}\n");
}

/// The server and the user: options before environment, environment before defaults.
#[test]
fn where_and_who() {
    let daemon = Setup::new(Store::Sqlite).options("--listen unix:socket --listen [::1]:0").start();
    daemon.connect_as("ann");
    let [v4, v6] = daemon.ports() else { panic!("two ports") };
    let addresses =
        [person::socket(&daemon), format!("127.0.0.1:{v4}"), format!("[::1]:{v6}"), format!("localhost:{v4}")];
    let nowhere = Person::new("127.0.0.1:1");
    for address in &addresses {
        nowhere.run_as("ann", &["--server", address, "lookup", "apple"], "").ended(0).said("n. 苹果\n");
        nowhere.run_as("ann", &["lookup", "apple", "--server", address], "").ended(0).said("n. 苹果\n");
        Person::new(address.clone()).run_as("ann", &["lookup", "apple"], "").ended(0).said("n. 苹果\n");
    }
    // The name from the environment; the option wins.
    let person = Person::new(person::port(&daemon)).with("CIDIAN_USER", "ann");
    let file = person.password_file(PASSWD);
    let file = ["--password-file", file.to_str().unwrap()];
    person.run(&[file.as_slice(), &["lookup", "apple"]].concat(), "").ended(0);
    person.run(&[file.as_slice(), &["lookup", "apple", "--user", "bob"]].concat(), "").ended(77);
    // No name, no terminal, no password file: usage, and what to do about it.
    let person = Person::new(person::port(&daemon));
    person.run(&["lookup", "apple"], "").ended(64).complained("--user");
    person.run(&["history"], "ann\n").ended(64).complained("CIDIAN_USER");
    person.run(&["--user", "ann", "lookup", "apple"], "").ended(64).complained("--password-file");
    person.run(&["--user", "ann", "register"], "").ended(64).complained("--password-file");
    person.run(&["--user", "ann", "--password-file", "missing", "history"], "").ended(66).complained("missing");
    person.run(&["--user", "a b", "history"], "").ended(65);
    for wrong in ["", "nowhere", "127.0.0.1", "::1:2629", "host:0", "unix:"] {
        person.run(&["--server", wrong, "about"], "").ended(64);
        if !wrong.is_empty() {
            Person::new(wrong).run(&["about"], "").ended(64).complained("CIDIAN_SERVER");
        }
    }
    person.run(&["--frobnicate"], "").ended(64);
    person.run(&["frobnicate"], "").ended(64);
    person.run(&["--local", "--server", "127.0.0.1:1", "about"], "").ended(64);
    let help = person.run(&["--help"], "").ended(0);
    assert!(help.out.contains("Exit status") && help.err.is_empty());
    assert!(person.run(&["--version"], "").ended(0).out.starts_with("cidian "));
}

/// The first line, to the byte, without its line end.
#[test]
fn a_password_file_is_read_as_it_stands() {
    let (_daemon, person) = ann();
    for (text, status) in [
        (PASSWD.to_owned(), 0),
        (format!("{PASSWD}\r\n"), 0),
        (format!("{PASSWD}\nrubbish"), 0),
        (format!("{PASSWD} \n"), 77),
        (String::new(), 65),
        ("\n".to_owned(), 65),
    ] {
        let file = person.file("pw", &text);
        let ran = person.run(&["--user", "ann", "--password-file", file.to_str().unwrap(), "history"], "");
        assert_eq!(ran.status, status, "{text:?}: {}", ran.err);
    }
}

/// Each line of JSON, read by a reader that is not ours.
pub fn json(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
