//! A person, or a script: a home directory of its own, and the client run in it. The client gets nothing of the
//! environment in which the tests run.

use nix::unistd::setsid;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use support::network::Namespace;
use support::terminal::Terminal;
use support::{self, Daemon, Setup, Store};
use tempfile::TempDir;

/// A daemon over SQLite, on a port and on the Unix socket `socket` in its directory.
pub fn daemon(options: &str) -> Daemon {
    Setup::new(Store::Sqlite).options("--listen unix:socket").options(options).start()
}

/// The address of [`daemon`]'s Unix socket: unlike a port that is picked, it stays when the daemon starts again.
pub fn socket(daemon: &Daemon) -> String {
    format!("unix:{}", daemon.path("socket").display())
}

/// The address of its port.
pub fn port(daemon: &Daemon) -> String {
    format!("127.0.0.1:{}", daemon.port())
}

/// What became of a client.
pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Sees that it ended so, and without the traces of a crash.
    #[track_caller]
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout {:?}\nstderr {:?}", self.out, self.err);
        no_trace(&self.out);
        no_trace(&self.err);
        self
    }

    /// Sees that standard error holds `text`.
    #[track_caller]
    pub fn complained(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is not in {:?}", self.err);
        self
    }

    /// Sees that standard output is this, and standard error empty.
    #[track_caller]
    pub fn said(self, text: &str) -> Self {
        assert_eq!((self.out.as_str(), self.err.as_str()), (text, ""));
        self
    }
}

/// Sees that nothing of a program's inside shows.
#[track_caller]
pub fn no_trace(text: &str) {
    for trace in ["panicked", "RUST_BACKTRACE", "Error {", "Err(", "Os {"] {
        assert!(!text.contains(trace), "{trace:?} in {text}");
    }
}

/// A user with a home directory.
pub struct Person {
    home: TempDir,
    server: String,
    environment: Vec<(String, String)>,
    machine: Option<Namespace>,
}

impl Person {
    /// Talks to the server at this address; to no server if it is empty.
    pub fn new(server: impl Into<String>) -> Self {
        let home = tempfile::Builder::new().prefix("cidian-home-").tempdir().expect("a temporary directory");
        Self { home, server: server.into(), environment: Vec::new(), machine: None }
    }

    /// With a variable in the environment.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// On a machine without servers.
    ///
    /// # Errors
    /// This system has no namespaces for us; the error is the reason.
    pub fn without_servers(mut self) -> Result<Self, String> {
        self.machine = Some(Namespace::new()?);
        Ok(self)
    }

    /// The home directory.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The client, ready to be started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let client = env!("CARGO_BIN_EXE_cidian");
        let mut command = match self.machine.as_ref().map(Namespace::wrapper) {
            Some(wrapper) => {
                let mut command = Command::new(&wrapper[0]);
                command.args(&wrapper[1..]).arg(client);
                command
            }
            None => Command::new(client),
        };
        command.args(arguments).env_clear().current_dir(self.home()).stdin(Stdio::null());
        command.env("HOME", self.home()).env("PATH", "/usr/bin:/bin").env("TERM", "dumb");
        if !self.server.is_empty() {
            command.env("CIDIAN_SERVER", &self.server);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The client in a terminal of 80 columns and 24 rows.
    pub fn terminal(&self, arguments: &[&str]) -> Terminal {
        Terminal::start(self.command(arguments), 80, 24)
    }

    /// The client without a terminal, with the given input, until its end.
    pub fn run(&self, arguments: &[&str], input: impl Into<Vec<u8>>) -> Ran {
        let mut command = self.command(arguments);
        without_terminal(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the client starts");
        let (mut stdin, input) = (child.stdin.take().unwrap(), input.into());
        let writer = thread::spawn(move || {
            // A client that ends early does not take it all.
            let _ = stdin.write_all(&input);
        });
        let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let out = thread::spawn(move || read_all(&mut stdout));
        let err = thread::spawn(move || read_all(&mut stderr));
        let ended = support::wait_for_end(&mut child);
        let status = child.wait().expect("the client is ours");
        let (out, err) = (out.join().unwrap(), err.join().unwrap());
        writer.join().unwrap();
        assert!(ended, "{arguments:?} does not end; stdout {out:?}\nstderr {err:?}");
        Ran { status: status.code().unwrap_or_else(|| panic!("{status}: {err}")), out, err }
    }

    /// The same for an account whose password is [`support::PASSWD`].
    pub fn run_as(&self, name: &str, arguments: &[&str], input: impl Into<Vec<u8>>) -> Ran {
        let file = self.password_file(support::PASSWD);
        let options = ["--user", name, "--password-file", file.to_str().unwrap()];
        self.run(&[options.as_slice(), arguments].concat(), input)
    }

    /// A file that holds a password.
    pub fn password_file(&self, password: &str) -> PathBuf {
        self.file("password", &format!("{password}\n"))
    }

    /// A file in the home directory.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        std::fs::write(&path, text).expect("the home directory can be written");
        path
    }
}

/// Cuts the client off from the terminal that the tests may run in.
pub fn without_terminal(command: &mut Command) {
    // SAFETY: setsid is async-signal-safe, and touches nothing of the parent's memory.
    unsafe {
        command.pre_exec(|| setsid().map(drop).map_err(Into::into));
    }
}

fn read_all(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("what the client says can be read");
    String::from_utf8(bytes).expect("what the client says is UTF-8")
}
