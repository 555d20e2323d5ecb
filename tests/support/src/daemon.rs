//! A running `cidiand`, the real program; it ends when its guard is dropped.

use super::connection::Connection;
use super::setup::{Setup, Store, shared_mariadb};
use super::{PATIENCE, processes, wait_for, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output};

/// The writer's title in `ps`.
const WRITER: &str = "cidiand: writer";
/// The title in `ps` of the process that forks the sessions' children, and of a child of it that has not waited yet.
const FORK_SERVER: &str = "cidiand: fork server";

/// The version of the kernel's Landlock; less than 1 without Landlock.
fn landlock_version() -> i64 {
    /// `LANDLOCK_CREATE_RULESET_VERSION` of landlock_create_ruleset(2).
    const ASK_VERSION: u32 = 1;
    let (attributes, size) = (std::ptr::null::<u8>(), 0_usize);
    // SAFETY: with this flag the call takes neither attributes nor a size, and returns a number.
    unsafe { nix::libc::syscall(nix::libc::SYS_landlock_create_ruleset, attributes, size, ASK_VERSION) }
}

/// The kernel lists the oldest first, and its children are younger.
fn oldest_fork_server(children: &[u32]) -> Option<u32> {
    children.iter().copied().find(|&child| processes::title(child) == FORK_SERVER)
}

fn find_writer(daemon: u32) -> u32 {
    wait_for("the daemon to have a writer", PATIENCE, || {
        processes::children(daemon).into_iter().find(|&child| processes::title(child) == WRITER)
    })
}

/// A running daemon.
pub struct Daemon {
    process: Option<Child>,
    pid: u32,
    /// The writer that it began with, which shows its title only a moment after it was forked.
    writer: u32,
    ports: Vec<u16>,
    /// Where the log of this run begins.
    log_from: usize,
    setup: Setup,
}

impl Daemon {
    /// Starts a daemon with this setup.
    pub(super) fn of(setup: Setup) -> Self {
        let mut new = Self { process: None, pid: 0, writer: 0, ports: Vec::new(), log_from: 0, setup };
        new.start();
        new
    }

    /// A daemon over `store`, with no further options.
    pub fn over(store: Store) -> Self {
        Setup::new(store).start()
    }

    /// Starts a daemon that has ended again, with the same setup as before.
    pub fn start(&mut self) {
        assert!(self.process.is_none(), "the daemon has not ended");
        let log = File::options().create(true).append(true).open(self.log_path()).expect("the log can be written");
        self.log_from = self.whole_log().len();
        let mut command = self.setup.command();
        command.args(self.setup.arguments()).stdout(self.setup.passed(1)).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("{:?} can't be run ({error}): packages util-linux and strace are needed", command.get_program())
        });
        self.pid = child.id();
        self.process = Some(child);
        wait_for("the daemon to be ready", PATIENCE, || {
            let log = self.log();
            if log.contains("ready: ") {
                return Some(());
            }
            assert!(processes::lives(self.pid), "the daemon ended before it was ready");
            None
        });
        self.writer = find_writer(self.pid);
        // A child that begins has its parent's title until it sets its own.
        let own = processes::title(self.pid);
        wait_until("the daemon's helpers to have begun", || {
            processes::children(self.pid).into_iter().all(|child| processes::title(child) != own)
        });
        let log = self.log();
        let addresses = log.lines().filter_map(|line| line.split_once("listening on ")).map(|(_, address)| address);
        self.ports = addresses.filter_map(|address| address.rsplit_once(':')?.1.parse().ok()).collect();
    }

    /// The port of the first TCP listener.
    pub fn port(&self) -> u16 {
        *self.ports.first().expect("the daemon listens on a TCP port")
    }

    /// The port of the first listener that speaks TLS.
    pub fn tls_port(&self) -> u16 {
        let log = self.log();
        let addresses = log.lines().filter_map(|line| line.split_once("listening on ")?.1.strip_suffix(" (TLS)"));
        let mut ports = addresses.filter_map(|address| address.rsplit_once(':')?.1.parse().ok());
        ports.next().expect("the daemon speaks TLS on a TCP port")
    }

    /// The port of the first listener that speaks DICT.
    pub fn dict_port(&self) -> u16 {
        let log = self.log();
        let addresses = log.lines().filter_map(|line| line.split_once("listening on ")?.1.strip_suffix(" (DICT)"));
        let mut ports = addresses.filter_map(|address| address.rsplit_once(':')?.1.parse().ok());
        ports.next().expect("the daemon speaks DICT on a TCP port")
    }

    /// The ports of all TCP listeners in clear text.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// The parent's process number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The process numbers of the sessions' children, zombies among them.
    pub fn children(&self) -> Vec<u32> {
        let mut children = processes::children(self.pid);
        let fork_server = oldest_fork_server(&children);
        children
            .retain(|&child| child != self.writer && Some(child) != fork_server && processes::title(child) != WRITER);
        children
    }

    /// The process number of the writer.
    pub fn writer(&self) -> u32 {
        find_writer(self.pid)
    }

    /// The number of the process that forks the sessions' children: the parent, or with `--fork-server` the fork
    /// server, unless the kernel or the machine lacks what that one needs.
    pub fn forks_children(&self) -> u32 {
        const SCOPED_SIGNALS: i64 = 6;
        if !self.setup.has_option("--fork-server") {
            return self.pid;
        }
        if !cfg!(all(target_arch = "x86_64", target_pointer_width = "64")) || landlock_version() < SCOPED_SIGNALS {
            return self.pid;
        }
        wait_for("the daemon to have a fork server", PATIENCE, || self.fork_server())
    }

    /// The fork server, if there is one now.
    pub fn fork_server(&self) -> Option<u32> {
        oldest_fork_server(&processes::children(self.pid))
    }

    /// Waits until there are `count` children.
    pub fn wait_children(&self, count: usize) -> Vec<u32> {
        wait_for(&format!("the daemon to have {count} children"), PATIENCE, || {
            Some(self.children()).filter(|children| children.len() == count)
        })
    }

    /// A new connection to the first TCP listener.
    pub fn connect(&self) -> Connection {
        Connection::open(self.port())
    }

    /// A new connection, and the process that serves it.
    pub fn connect_with_child(&self) -> (Connection, u32) {
        let before = self.children();
        let mut connection = self.connect();
        connection.ask("I");
        let new: Vec<u32> = self.children().into_iter().filter(|pid| !before.contains(pid)).collect();
        assert_eq!(new.len(), 1, "one new child for one new client");
        (connection, new[0])
    }

    /// A new connection on which a new account is logged in.
    pub fn connect_as(&self, name: &str) -> Connection {
        let mut connection = self.connect();
        connection.register(name);
        connection.login(name);
        connection
    }

    /// The log of this run.
    pub fn log(&self) -> String {
        self.whole_log().split_off(self.log_from)
    }

    fn whole_log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.setup.path("log")
    }

    /// Waits for a line of the log that contains `text`, and returns the first such line.
    pub fn wait_log(&self, text: &str) -> String {
        wait_for(&format!("a log line with {text:?}"), PATIENCE, || {
            self.log().split_inclusive('\n').find(|line| line.ends_with('\n') && line.contains(text)).map(str::to_owned)
        })
    }

    /// Waits until `times` lines of the log contain `text`.
    pub fn wait_log_times(&self, text: &str, times: usize) {
        wait_for(&format!("{times} log lines with {text:?}"), PATIENCE, || {
            (self.log().lines().filter(|line| line.contains(text)).count() >= times).then_some(())
        });
    }

    /// Sends a signal to the parent.
    pub fn signal(&self, signal: Signal) {
        send_signal(self.pid, signal);
    }

    /// Waits until the parent has ended.
    pub fn wait_exit(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the daemon has not ended yet");
        let ended = super::wait_for_end(&mut process);
        assert!(ended, "the daemon does not end");
        process.wait().expect("its exit status")
    }

    /// Writes the words file again, in one step, as a careful editor does.
    pub fn replace_words(&self, text: impl AsRef<[u8]>) {
        let new = self.path("words.new");
        std::fs::write(&new, text).expect("the words file can be written");
        std::fs::rename(new, self.words_path()).expect("the words file can be replaced");
    }

    /// The words file.
    pub fn words_path(&self) -> PathBuf {
        self.path("words.txt")
    }

    /// A path in the daemon's own temporary directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.setup.path(name)
    }

    /// The database's URL.
    pub fn database_url(&self) -> String {
        let in_state = || format!("sqlite:{}", self.path("state/cidian.db").display());
        self.setup.database().unwrap_or_else(in_state)
    }

    /// Runs a statement on the database, past the daemon; returns the first column of its rows.
    pub fn sql(&self, statement: &str) -> Vec<String> {
        let url = self.database_url();
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let database = rusqlite::Connection::open(path).expect("the embedded database");
                let mut statement = database.prepare(statement).expect("a statement");
                let column = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
                let rows = statement.query_map([], column).expect("rows");
                rows.map(|value| match value.expect("a value") {
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    other => format!("{other:?}"),
                })
                .collect()
            }
            None => {
                let database = url.split(['/', '?']).nth(3).expect("a database");
                let rows = shared_mariadb().sql(&format!("USE {database}; {statement}"));
                rows.lines().map(|row| row.split('\t').next().unwrap_or_default().to_owned()).collect()
            }
        }
    }

    /// Runs `cidiand` as a tool on this daemon's database.
    pub fn tool(&self, arguments: &[&str]) -> Output {
        self.tool_command(arguments).output().expect("cidiand runs")
    }

    /// The command that [`Daemon::tool`] runs.
    pub fn tool_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.setup.command();
        command.args(["--config", "empty.toml", "--database", &self.database_url()]).args(arguments);
        command
    }

    /// The output of `cidiand status --json`.
    pub fn status(&self) -> serde_json::Value {
        let output = self.tool(&["status", "--json"]);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("a JSON object")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let children = processes::children(self.pid);
            let _ = process.kill();
            let _ = process.wait();
            // They end with their parent by themselves; another test checks that.
            for child in children.into_iter().filter(|&child| processes::lives(child)) {
                if processes::title(child).starts_with("cidiand") {
                    send_signal(child, Signal::SIGKILL);
                }
            }
        }
        if std::thread::panicking() {
            eprintln!("the daemon's log:\n{}", self.whole_log());
        }
    }
}

/// Sends a signal to a process that may be gone.
pub fn send_signal(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), signal);
}
