//! A client that runs while the test writes to it and reads from it, line by line.

use crate::person::{Person, without_terminal};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// A running client, its standard error kept for the end.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it for an account whose password is [`support::PASSWD`].
    pub fn start(person: &Person, name: &str, arguments: &[&str]) -> Self {
        let (mut child, stdout) = spawn(person, name, arguments);
        let (send, lines) = mpsc::sync_channel(1_024);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if send.send(line.expect("UTF-8")).is_err() {
                    return;
                }
            }
        });
        let stdin = child.stdin.take();
        Self { child, stdin, lines }
    }

    /// The client's process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes a line.
    pub fn write(&mut self, line: &str) {
        self.write_bytes(format!("{line}\n").as_bytes());
    }

    /// Writes bytes as they are.
    pub fn write_bytes(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("it is still open").write_all(bytes).expect("it reads");
    }

    /// The next line; `None` at the end, or if the client stands still.
    fn next_line(&mut self) -> Option<String> {
        let mut patience = support::Patience::new(support::PATIENCE);
        loop {
            match self.lines.recv_timeout(std::time::Duration::from_secs(1)) {
                Ok(line) => return Some(line),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) if !patience.is_over() => {}
                Err(_) => return None,
            }
        }
    }

    /// Waits for the next line.
    pub fn read(&mut self) -> String {
        self.next_line().unwrap_or_else(|| {
            let _ = self.child.kill();
            let mut complaint = String::new();
            let _ = self.child.stderr.take().unwrap().read_to_string(&mut complaint);
            panic!("the client does not answer; it complains: {complaint:?}");
        })
    }

    /// Waits for the end, and gives back the status and what was complained about.
    pub fn end(mut self) -> (i32, String) {
        drop(self.stdin.take());
        let mut stderr = self.child.stderr.take().unwrap();
        // Whatever is not read yet must not keep it from ending.
        while self.next_line().is_some() {}
        assert!(support::wait_for_end(&mut self.child), "the client does not end");
        let status = self.child.wait().expect("the client is ours");
        let mut text = String::new();
        stderr.read_to_string(&mut text).expect("UTF-8");
        (status.code().unwrap_or_else(|| panic!("{status}: {text}")), text)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same, with output that is not read yet.
pub fn spawn(person: &Person, name: &str, arguments: &[&str]) -> (Child, ChildStdout) {
    let file = person.password_file(support::PASSWD);
    let options = ["--user", name, "--password-file", file.to_str().unwrap()];
    let mut command = person.command(&[options.as_slice(), arguments].concat());
    without_terminal(&mut command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the client starts");
    let stdout = child.stdout.take().unwrap();
    (child, stdout)
}
