//! A log that is not read: a pipe whose reader has stopped, a socket, a terminal after Ctrl-S. The daemon goes on;
//! lines are dropped as a whole and counted, and the count is logged later.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::termios::{FlowArg, OutputFlags, SetArg, tcflow, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Child;
use support::{Connection, PATIENCE, Setup, Store, code, wait_for, wait_until};

/// A daemon whose log only this test reads, and only when it chooses to.
struct Unread {
    setup: Setup,
    process: Child,
    /// This test's end, non-blocking.
    log: File,
    read: String,
    port: u16,
}

impl Unread {
    fn start(standard_error: OwnedFd, log: OwnedFd) -> Self {
        let flags = OFlag::from_bits_truncate(fcntl(&log, FcntlArg::F_GETFL).expect("flags"));
        fcntl(&log, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).expect("flags");
        let setup = Setup::new(Store::Sqlite).environment("RUST_LOG", "debug");
        let process = setup.spawn_with(standard_error);
        let mut new = Self { setup, process, log: File::from(log), read: String::new(), port: 0 };
        wait_until("the daemon to be ready", || new.read_on().contains("ready: "));
        let listening = new.read.split("listening on 127.0.0.1:").nth(1).expect("an address");
        new.port = listening.lines().next().and_then(|port| port.trim().parse().ok()).expect("a port");
        new
    }

    /// Reads what is there.
    fn read_on(&mut self) -> &str {
        let mut buffer = [0; 4_096];
        loop {
            match self.log.read(&mut buffer) {
                Ok(0) => break,
                Ok(size) => self.read.push_str(&String::from_utf8_lossy(&buffer[..size])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // A terminal that no process has open any more.
                Err(error) if error.raw_os_error() == Some(nix::libc::EIO) => break,
                Err(error) => panic!("{error}"),
            }
        }
        &self.read
    }

    fn dropped(&self) -> u64 {
        let output = self.setup.run(&["status", "--json"]);
        assert!(output.status.success(), "{output:?}");
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        status["log_lines_dropped"].as_u64().expect("a count")
    }

    /// Sessions log, the parent logs; none of them waits. `full` returns when nothing more is taken.
    fn goes_on(mut self, resume: impl FnOnce()) {
        let mut ann = Connection::open(self.port);
        ann.register("ann");
        ann.login("ann");
        wait_for("lines to be dropped", 4 * PATIENCE, || {
            for _ in 0..20 {
                let mut client = Connection::open(self.port);
                client.ask("I");
                client.ok("E");
            }
            (self.dropped() > 50).then_some(())
        });
        // Those that are there, the writer, new ones, and the operator.
        assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
        let mut guess = Connection::open(self.port);
        assert_eq!(code(&guess.ask_line("L ann wrong password")), Some("denied"));
        assert!(self.setup.run(&["reload"]).status.success());
        resume();
        wait_until("the missing lines to be told of", || {
            self.read_on().contains(" dropped: standard error was blocked")
        });
        assert_eq!(ann.history("ann"), ["apple"]);
        kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM).expect("it lives");
        let ended = wait_for("the daemon to end", PATIENCE, || {
            self.read_on();
            self.process.try_wait().expect("a child")
        });
        assert_eq!(ended.code(), Some(0));
        wait_until("the last line", || self.read_on().contains(": stopped"));
        for line in self.read.lines() {
            let (head, _) = line.split_once(' ').unwrap_or_default();
            assert!(head.len() == 24 && head.ends_with('Z'), "a line that is not whole: {line:?}");
            assert_eq!(line.matches("cidiand[").count(), 1, "{line:?}");
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn flags(fd: &OwnedFd) -> OFlag {
    OFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GETFL).expect("flags"))
}

#[test]
fn a_pipe() {
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).expect("a pipe");
    let shells = writer.try_clone().expect("a descriptor");
    let unread = Unread::start(writer, reader);
    assert!(!flags(&shells).contains(OFlag::O_NONBLOCK), "it is the shell's, too");
    drop(shells);
    unread.goes_on(|| {});
}

/// As the journal is.
#[test]
fn a_socket() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    setsockopt(&theirs, sockopt::SndBuf, &4_096).expect("a small buffer");
    Unread::start(theirs.into(), ours.into()).goes_on(|| {});
}

#[test]
fn a_stopped_terminal() {
    let pty = openpty(None, None).expect("a pseudo-terminal");
    let mut settings = tcgetattr(&pty.slave).expect("settings");
    settings.output_flags.remove(OutputFlags::OPOST);
    tcsetattr(&pty.slave, SetArg::TCSANOW, &settings).expect("settings");
    let shells = pty.slave.try_clone().expect("a descriptor");
    let unread = Unread::start(pty.slave, pty.master);
    assert!(!flags(&shells).contains(OFlag::O_NONBLOCK), "it is the shell's, too");
    tcflow(&shells, FlowArg::TCOOFF).expect("stopped");
    unread.goes_on(|| tcflow(&shells, FlowArg::TCOON).expect("goes on"));
}
