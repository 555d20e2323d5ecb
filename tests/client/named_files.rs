//! Paths that a person names, or that the client expects a file at, where there is something other than a regular file;
//! and a lock that another process holds.

use crate::person::{Person, daemon, port};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs::{File, create_dir_all};
use std::io::Write;
use std::path::Path;
use std::thread;
use support::PASSWD;

fn fifo(path: &Path) {
    create_dir_all(path.parent().unwrap()).unwrap();
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
}

#[test]
fn password_files() {
    let daemon = daemon("");
    daemon.connect().register("ann");
    let person = Person::new(port(&daemon));
    let pipe = person.home().join("pipe");
    fifo(&pipe);
    let run = |path: &str| person.run(&["--user", "ann", "--password-file", path, "lookup", "zoo"], "");
    for path in ["/dev/zero", "/etc"] {
        run(path).ended(66).complained("not a regular file");
    }
    run("/nowhere").ended(66);
    let writer = pipe.clone();
    let writes = thread::spawn(move || {
        let mut pipe = File::options().write(true).open(writer).unwrap();
        pipe.write_all(format!("{PASSWD}\nwhat need not be read").as_bytes()).unwrap();
        pipe
    });
    run(pipe.to_str().unwrap()).ended(0).said("n. 动物园\n");
    drop(writes.join().unwrap());
    let chinese = Person::new(port(&daemon)).with("LANG", "zh_CN.UTF-8");
    chinese.run(&["--user", "ann", "--password-file", "/dev/zero", "lookup"], "").ended(66).complained("普通文件");
}

/// What is waited for is shown, and Ctrl-C ends it; nothing is read without end.
#[test]
fn a_pipe_that_nobody_writes_to() {
    let person = Person::new("127.0.0.1:1");
    let pipe = person.home().join("pipe");
    fifo(&pipe);
    let mut terminal = person.terminal(&["--user", "ann", "--password-file", pipe.to_str().unwrap(), "lookup", "zoo"]);
    terminal.expect("waiting for data from");
    terminal.keys(support::terminal::CTRL_C);
    assert_eq!(terminal.exit(), 130);
}

#[test]
fn files_of_ones_own_that_are_pipes() {
    let person = Person::new("127.0.0.1:1");
    fifo(&person.home().join(".local/state/cidian/tokens.json"));
    for arguments in [["login", "--user", "ann"].as_slice(), &["logout"], &["--user", "ann", "history"]] {
        person.run(arguments, "").ended(65).complained("tokens.json");
    }
    let person = Person::new("127.0.0.1:1");
    fifo(&person.home().join(".config/cidian/config.toml"));
    person.run(&["about"], "").ended(78).complained("not a regular file");
    let ca = person.home().join("ca");
    fifo(&ca);
    let person = Person::new("localhost:1");
    for path in [ca.to_str().unwrap(), "/dev/zero"] {
        let ran = person.run(&["--tls", "--tls-ca", path, "about"], "");
        // No server listens: the file may or may not have been looked at before.
        assert!(matches!(ran.status, 66 | 69), "{}", ran.err);
    }
}

#[test]
fn a_lock_that_somebody_else_has() {
    let daemon = daemon("");
    daemon.connect().register("ann");
    let person = Person::new(port(&daemon));
    let state = person.home().join(".local/state/cidian");
    create_dir_all(&state).unwrap();
    let lock = Flock::lock(File::open(&state).unwrap(), FlockArg::LockExclusive).unwrap();
    let mut terminal = person.terminal(&["--user", "ann", "login"]);
    terminal.expect("waiting for another program that has locked");
    drop(lock);
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    assert_eq!(terminal.exit(), 0, "{}", terminal.shown());
}

/// A relative path counts as none, in both programs.
#[test]
fn relative_directories_of_ones_own() {
    let person = Person::new("").with("XDG_STATE_HOME", "state").with("XDG_CONFIG_HOME", "config");
    person.file("config.toml", "nonsense\n");
    create_dir_all(person.home().join("config/cidian")).unwrap();
    std::fs::rename(person.home().join("config.toml"), person.home().join("config/cidian/config.toml")).unwrap();
    person.run(&["--local", "about"], "").ended(0);
    assert!(person.home().join(".local/state/cidian/cidian.db").exists());
    assert!(!person.home().join("state").exists());
}
