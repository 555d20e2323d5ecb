//! Ctrl-D and Ctrl-C at every prompt.

use crate::person::{self, Person, no_trace};
use crate::prompts::{Prompt, level_one};
use nix::sys::signal::Signal;
use support::terminal::{CTRL_C, CTRL_D, Terminal};
use support::{PASSWD, processes, wait_until};

/// The end of the file leaves as the last entry of the prompt's menu would.
#[test]
fn the_end_of_file_leaves() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    for prompt in Prompt::ALL {
        let mut terminal = person.terminal(&[]);
        prompt.reach(&mut terminal, "ann");
        terminal.keys(CTRL_D);
        if matches!(prompt, Prompt::LevelTwo | Prompt::Word | Prompt::Count) {
            terminal.expect("Logged out.");
            level_one(&mut terminal);
            terminal.keys(CTRL_D);
        }
        assert_eq!(terminal.exit(), 0, "{prompt:?}: {}", terminal.shown());
        assert!(terminal.echoes(), "{prompt:?}");
        // The next program finds the cursor at the beginning of a line.
        assert!(terminal.bytes().ends_with(b"\n"), "{prompt:?}: {}", terminal.shown());
        no_trace(&terminal.shown());
    }
    // Nothing was registered on the way.
    assert!(daemon.connect().ask_line(&format!("L new {PASSWD}")).starts_with("FAIL denied"));
}

fn interrupted(terminal: &mut Terminal, what: &str, leave: impl Fn(&mut Terminal), status: i32) {
    leave(terminal);
    assert_eq!(terminal.exit(), status, "{what}: {}", terminal.shown());
    assert!(terminal.echoes(), "{what}");
    assert!(terminal.bytes().ends_with(b"\n"), "{what}: {}", terminal.shown());
    no_trace(&terminal.shown());
}

#[test]
fn ctrl_c_ends_the_client() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    for prompt in Prompt::ALL {
        let mut terminal = person.terminal(&[]);
        prompt.reach(&mut terminal, "ann");
        // Where words are typed it clears the line.
        if prompt == Prompt::Word {
            terminal.keys("half a wo");
            terminal.keys(CTRL_C);
            terminal.expect("Word (## to go back): ");
            terminal.line("apple");
            terminal.expect("苹果");
            terminal.expect("Word (## to go back): ");
            terminal.keys(CTRL_D);
            level_one(&mut terminal);
        }
        interrupted(&mut terminal, &format!("{prompt:?}"), |terminal| terminal.keys(CTRL_C), 130);
    }
    // The server notices, and no process is left.
    daemon.wait_children(0);
}

/// The same by `kill`, in the middle of a password.
#[test]
fn a_signal_turns_the_echo_on_again() {
    let person = Person::new("127.0.0.1:1");
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let mut terminal = person.terminal(&[]);
        Prompt::LoginPassword.reach(&mut terminal, "ann");
        let (pid, typed) = (u32::try_from(terminal.pid()).unwrap(), "half a pass");
        let before = processes::bytes_read(pid);
        terminal.keys(typed);
        // A key on its way while the echo comes back would show, through no fault of the client.
        wait_until("the keys to be read", || processes::bytes_read(pid) >= before + typed.len() as u64);
        interrupted(&mut terminal, signal.as_str(), |terminal| terminal.signal(signal), status);
        assert!(!terminal.shown().contains("half"));
    }
}

/// Keys that stop or kill a program would leave the terminal mute.
#[test]
fn other_keys_at_a_password() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    let mut terminal = person.terminal(&[]);
    Prompt::LoginPassword.reach(&mut terminal, "ann");
    // Ctrl-Z, Ctrl-\, an arrow, and a Ctrl-D that is not at the beginning.
    terminal.keys("\u{1a}\u{1c}correct\u{1b}[A \u{4}horse\n");
    terminal.expect("Welcome, ann.");
    let hidden = Prompt::ALL.into_iter().filter(|prompt| prompt.is_hidden()).count();
    assert_eq!(hidden, 3);
}

/// The prompts of subcommands: Ctrl-C is 130 everywhere; Ctrl-D is input that ended too early.
#[test]
fn prompts_of_subcommands() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    let first = |arguments: &[&str], prompts: &[(&str, &str)], last: (&str, bool)| {
        for (keys, status) in [(CTRL_C, 130), (CTRL_D, 65)] {
            let mut terminal = person.terminal(arguments);
            for (prompt, answer) in prompts {
                terminal.expect(prompt);
                terminal.line(answer);
            }
            let (prompt, hidden) = last;
            if hidden {
                terminal.expect_hidden(prompt);
            } else {
                terminal.expect(prompt);
            }
            let what = format!("{arguments:?} {prompt}");
            // No account was named: that is missing from the command line.
            let status = if keys == CTRL_D && prompt == "Name: " { 64 } else { status };
            interrupted(&mut terminal, &what, |terminal| terminal.keys(keys), status);
        }
    };
    let ann = ["--user", "ann"];
    let with = |command: &'static str| [ann.as_slice(), &[command]].concat();
    first(&["lookup", "apple"], &[], ("Name: ", false));
    first(&["lookup", "apple"], &[("Name: ", "ann")], ("Password: ", true));
    first(&with("history"), &[], ("Password: ", true));
    first(&with("register"), &[("Password: ", "x")], ("Password again: ", true));
    first(&with("passwd"), &[("Password: ", PASSWD)], ("New password: ", true));
    first(&with("passwd"), &[("Password: ", PASSWD), ("New password: ", "x")], ("New password again: ", true));
    first(&with("delete-account"), &[("Password: ", PASSWD)], ("to confirm: ", false));
    // Nothing was changed on the way.
    assert!(daemon.connect().ask_line(&format!("L ann {PASSWD}")).starts_with("OK"));
}

/// Ctrl-C while the client waits for a silent server.
#[test]
fn ctrl_c_while_the_server_is_silent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let person = Person::new(listener.local_addr().unwrap().to_string());
    let mut terminal = person.terminal(&["about"]);
    let (_held, _) = listener.accept().unwrap();
    interrupted(&mut terminal, "about", |terminal| terminal.keys(CTRL_C), 130);
}

/// However a password prompt is left, the terminal echoes again; stopped, it echoes, and going on it hides again.
#[test]
fn signals_at_a_password() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    for arguments in [["--user", "ann", "history"].as_slice(), &[]] {
        let prompt = |terminal: &mut Terminal| match arguments {
            [] => Prompt::LoginPassword.reach(terminal, "ann"),
            _ => terminal.expect_hidden("Password: "),
        };
        for signal in [Signal::SIGHUP, Signal::SIGQUIT] {
            let mut terminal = person.terminal(arguments);
            prompt(&mut terminal);
            terminal.signal(signal);
            let status = terminal.wait();
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(signal as i32), "{status}");
            assert!(terminal.echoes(), "{signal}");
        }
        let mut terminal = person.terminal(arguments);
        prompt(&mut terminal);
        let pid = u32::try_from(terminal.pid()).unwrap();
        for stop in [Signal::SIGTSTP, Signal::SIGSTOP] {
            terminal.signal(stop);
            wait_until("the client to stop", || processes::state(pid) == Some('T'));
            assert!(stop == Signal::SIGSTOP || terminal.echoes(), "the shell echoes");
            terminal.signal(Signal::SIGCONT);
            terminal.expect_hidden("Password: ");
        }
        terminal.line(PASSWD);
        if arguments.is_empty() {
            terminal.expect("Welcome, ann.");
        } else {
            assert_eq!(terminal.exit(), 0, "{}", terminal.shown());
        }
        assert!(!terminal.shown().contains(PASSWD));
    }
}
