//! A program in a real pseudo-terminal, as a person uses it: keys in, bytes of the screen out. Nothing here sleeps: it
//! waits for the expected output, or fails and shows what came instead.
//!
//! The terminal is the program's controlling terminal, because the program asks for passwords on `/dev/tty`.

use crate::Patience;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::{Pid, setsid};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// How long anything may take to show, on a machine with nothing else to do; far above what it takes. On a busy one it
/// goes on for as long as anything makes progress.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ctrl-C, as the terminal sends it.
pub const CTRL_C: &str = "\u{3}";
/// Ctrl-D, as the terminal sends it.
pub const CTRL_D: &str = "\u{4}";

/// The terminal, and the program that runs in it. The program ends with it.
pub struct Terminal {
    master: PtyMaster,
    child: Child,
    received: Vec<u8>,
    /// Up to where [`Terminal::expect`] has looked.
    looked: usize,
    /// Columns and rows.
    size: (u16, u16),
    /// Whether no process has its other end open any more.
    ended: bool,
}

impl Terminal {
    /// Starts `command` in a new terminal of the given columns and rows.
    pub fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        // Close-on-exec from the start: other tests fork at the same time, and must not hold this terminal open.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).expect("a pseudo-terminal");
        grantpt(&master).expect("grantpt");
        unlockpt(&master).expect("unlockpt");
        let path = ptsname_r(&master).expect("ptsname");
        let open = || {
            let flags = nix::libc::O_NOCTTY | nix::libc::O_CLOEXEC;
            File::options().read(true).write(true).custom_flags(flags).open(&path).expect("the terminal's own end")
        };
        let slave = open();
        set_size(&slave, columns, rows);
        command.stdin(open()).stdout(open()).stderr(slave);
        // SAFETY: all calls are async-signal-safe, and touch nothing of the parent's memory.
        unsafe {
            command.pre_exec(|| {
                setsid()?;
                // A shell gives a person's programs these as they are. The tests may have been started with some of them
                // ignored: SIGHUP by nohup(1), SIGINT and SIGQUIT by a script's `&`.
                let usual = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
                for kept in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
                    sigaction(kept, &usual)?;
                }
                if nix::libc::ioctl(0, nix::libc::TIOCSCTTY, 0) != 0 {
                    return Err(std::io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let child = command.spawn().expect("the program starts");
        Self { master, child, received: Vec::new(), looked: 0, size: (columns, rows), ended: false }
    }

    /// Changes its size; the program in it is notified, as by a window that is drawn larger.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        set_size(&self.master, columns, rows);
        self.size = (columns, rows);
    }

    /// What a person would see now: the output so far, drawn on a screen of its size.
    pub fn screen(&self) -> vt100::Parser {
        let mut parser = vt100::Parser::new(self.size.1, self.size.0, 0);
        parser.process(&self.received);
        parser
    }

    /// Waits until the screen, drawn, is as `look` wants it.
    pub fn expect_screen(&mut self, what: &str, look: impl Fn(&vt100::Screen) -> bool) {
        let mut patience = Patience::new(PATIENCE);
        loop {
            if look(self.screen().screen()) {
                self.looked = self.received.len();
                return;
            }
            let screen = self.screen();
            assert!(
                self.take_patiently(&mut patience),
                "the screen never had {what}; it is\n{}",
                screen.screen().contents()
            );
        }
    }

    /// Presses keys, and once more each second, until the screen, drawn, is as `look` wants it: for what may come too
    /// late for the first time.
    pub fn press_until(&mut self, keys: &str, what: &str, look: impl Fn(&vt100::Screen) -> bool) {
        let mut patience = Patience::new(PATIENCE);
        loop {
            self.keys(keys);
            let again = Instant::now() + Duration::from_secs(1);
            loop {
                if look(self.screen().screen()) {
                    self.looked = self.received.len();
                    return;
                }
                if !self.take(again) {
                    break;
                }
            }
            // Not by the clock: `poll` counts whole milliseconds, and returns a little before the deadline.
            let goes_on = !self.ended && !patience.is_over();
            assert!(goes_on, "the screen never had {what}; it is\n{}", self.screen().screen().contents());
        }
    }

    /// The program's process number.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Types bytes that need not be text.
    pub fn bytes_in(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).expect("the terminal takes keys");
    }

    /// Reads what the program has shown so far, without waiting.
    pub fn take_in(&mut self) {
        while self.take(Instant::now()) {}
    }

    /// Types a line and Enter.
    pub fn line(&mut self, text: &str) {
        self.keys(&format!("{text}\n"));
    }

    /// Waits until `text` shows, behind everything that was expected before.
    pub fn expect(&mut self, text: &str) {
        let mut patience = Patience::new(PATIENCE);
        loop {
            if let Some(at) = find(&self.received[self.looked..], text.as_bytes()) {
                self.looked += at + text.len();
                return;
            }
            assert!(
                self.take_patiently(&mut patience),
                "the terminal never showed {text:?}; it showed\n{}",
                self.shown()
            );
        }
    }

    /// Waits as [`Terminal::expect`] does, and returns what showed before `text`.
    pub fn read_to(&mut self, text: &str) -> String {
        let from = self.looked;
        self.expect(text);
        String::from_utf8_lossy(&self.received[from..self.looked - text.len()]).into_owned()
    }

    /// Waits for a password prompt, and checks that nothing typed from now on shows.
    pub fn expect_hidden(&mut self, prompt: &str) {
        self.expect(prompt);
        // A prompt that is there before the echo is off invites a quick typist to show the password.
        assert!(!self.echoes(), "the terminal echoes at {prompt:?}");
    }

    /// Whether the terminal shows what is typed.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.master).expect("the terminal's settings").local_flags.contains(LocalFlags::ECHO)
    }

    /// All the output that has been read from the terminal so far.
    pub fn bytes(&self) -> &[u8] {
        &self.received
    }

    /// The same as text.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("the program is there");
    }

    /// Waits for the program's end, and for its last output.
    pub fn wait(&mut self) -> ExitStatus {
        let mut patience = Patience::new(PATIENCE);
        // Until no process holds the terminal any more: what a program leaves behind shows here, too.
        while self.take_patiently(&mut patience) {}
        loop {
            if let Some(status) = self.child.try_wait().expect("the program is ours") {
                return status;
            }
            assert!(!patience.is_over(), "the program does not end; the terminal shows\n{}", self.shown());
            std::thread::yield_now();
        }
    }

    /// Waits for the program's end, and returns the number that the shell would see.
    pub fn exit(&mut self) -> i32 {
        let status = self.wait();
        status.code().unwrap_or_else(|| panic!("{status}; the terminal shows\n{}", self.shown()))
    }

    /// Reads what is there, and waits for it; false at the end, or when that is in vain.
    fn take_patiently(&mut self, patience: &mut Patience) -> bool {
        loop {
            if self.take(Instant::now() + Duration::from_secs(1)) {
                return true;
            }
            if self.ended || patience.is_over() {
                return false;
            }
        }
    }

    /// Reads what is there, and waits for it; false at the end, or at the deadline.
    fn take(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut wait = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        match poll(&mut wait, timeout) {
            Ok(0) => return false,
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
        let mut buffer = [0; 4_096];
        loop {
            match self.master.read(&mut buffer) {
                Ok(0) => {
                    self.ended = true;
                    return false;
                }
                Ok(count) => {
                    self.received.extend_from_slice(&buffer[..count]);
                    return true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // EIO: no process has the other end open any more.
                Err(_) => {
                    self.ended = true;
                    return false;
                }
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn set_size(terminal: &impl std::os::fd::AsRawFd, columns: u16, rows: u16) {
    let size = nix::libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the descriptor is open, and `size` is what this request reads.
    let set = unsafe { nix::libc::ioctl(terminal.as_raw_fd(), nix::libc::TIOCSWINSZ, &size) };
    assert_eq!(set, 0, "the size of the terminal");
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
