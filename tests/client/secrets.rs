//! Passwords in the client: the places where they must not be found.

use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in};
use nix::sys::signal::Signal;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use support::{PASSWD, processes};

/// The menus know the password while a user is logged in, to log in again after a timeout; then no more.
#[test]
fn logged_out_is_forgotten() {
    let daemon = person::daemon("");
    daemon.connect().register("ann");
    let person = Person::new(person::port(&daemon));
    let mut terminal = person.terminal(&[]);
    let pid = u32::try_from(terminal.pid()).unwrap();
    if std::fs::File::open(format!("/proc/{pid}/mem")).is_err() {
        eprintln!("NOT TESTED: this user may not look into the memory of other processes");
        return;
    }
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    assert!(processes::in_memory(pid, PASSWD) > Some(0), "the search finds what is there");
    terminal.line("3");
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", "wrong horse");
    level_one(&mut terminal);
    for password in [PASSWD, "wrong horse"] {
        assert_eq!(processes::in_memory(pid, password), Some(0), "{password}");
    }
    let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    assert!(!format!("{environment}{}", processes::title(pid)).contains("horse"));
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
}

/// Once it has talked to a server, not even one that is asked for by force.
#[test]
fn no_core_is_left() {
    let crash = |pid: i32| {
        let unlimited = Command::new("prlimit").args(["--core=unlimited", "--pid", &pid.to_string()]).status();
        unlimited.expect("prlimit runs").success()
    };
    let person = Person::new("");
    let mut other = Command::new("sleep").arg("60").current_dir(person.home()).spawn().unwrap();
    let other_pid = i32::try_from(other.id()).unwrap();
    let limited = crash(other_pid);
    support::send_signal(other.id(), Signal::SIGABRT);
    if !(other.wait().unwrap().core_dumped() && limited) {
        eprintln!("NOT TESTED: this system leaves no core of any program, or its user may not ask for one");
        return;
    }
    let daemon = person::daemon("");
    daemon.connect().register("ann");
    let person = Person::new(person::port(&daemon));
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    assert!(crash(terminal.pid()));
    terminal.signal(Signal::SIGABRT);
    let status = terminal.wait();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
    // Before that, the limit holds.
    let mut terminal = person.terminal(&[]);
    level_one(&mut terminal);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", terminal.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert!(["0", "1"].contains(&core.split_whitespace().nth(4).unwrap()), "{core}");
}
