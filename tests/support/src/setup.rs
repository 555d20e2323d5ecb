//! What a real `cidiand` is started with: a state directory, a port and a database of its own. A setup holds what a
//! daemon needs, and starts it; [`Daemon`] stands for the running daemon.

use super::certificates::Pair;
use super::daemon::Daemon;
use super::mariadb::MariaDb;
use super::program;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The password of every account whose password does not matter.
pub const PASSWD: &str = "correct horse";

/// The words of a daemon that is not given others.
pub const WORDS: &str = "# title: Test words\n# licence: CC0-1.0\nApple\tn. 苹果公司\napple\tn. 苹果\n\
    bank\tn. 银行\nbank\tn. 河岸\nice cream\tn. 冰淇淋\npear\tn. 梨\\nv. \\t one \\\\ two\nzoo\tn. 动物园\n";

/// The server that all tests of this binary share, each with a database of its own. It ends with the process.
pub fn shared_mariadb() -> &'static MariaDb {
    static SHARED: OnceLock<MariaDb> = OnceLock::new();
    SHARED.get_or_init(MariaDb::start)
}

/// Where a daemon keeps its lasting data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// The embedded database in the daemon's own state directory.
    Sqlite,
    /// A new database, with its schema, in the shared server.
    MariaDb,
    /// The database of this URL. Nothing is prepared there.
    Url(String),
}

/// What a daemon is started with.
pub struct Setup {
    store: Store,
    options: Vec<String>,
    listen: bool,
    words: Option<String>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
    passed: Vec<OwnedFd>,
    directory: TempDir,
}

/// The variables that systemd sets, in case the test runs under it.
const FROM_SYSTEMD: [&str; 9] = [
    "JOURNAL_STREAM",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PID",
    "CREDENTIALS_DIRECTORY",
    "RUNTIME_DIRECTORY",
];
/// Turns standard input and output into the descriptors that systemd passes, and the shell into the daemon.
const PASS: &str = "exec 3<&0 4>&1 </dev/null >/dev/null; export LISTEN_PID=$$; exec \"$@\"";

impl Setup {
    /// A daemon over `store`, on a free port of 127.0.0.1, with [`WORDS`].
    pub fn new(store: Store) -> Self {
        let directory = tempfile::Builder::new().prefix("cidian-").tempdir().expect("a temporary directory");
        let new = Self {
            store,
            options: Vec::new(),
            listen: true,
            words: Some(WORDS.to_owned()),
            environment: Vec::new(),
            wrapper: Vec::new(),
            passed: Vec::new(),
            directory,
        };
        // So that no file of the system plays a part.
        std::fs::write(new.path("empty.toml"), "").expect("the directory can be written");
        new
    }

    /// Further command line, separated by blanks.
    pub fn options(mut self, options: &str) -> Self {
        self.options.extend(options.split_whitespace().map(str::to_owned));
        self
    }

    /// Whether this is one of the options.
    pub(super) fn has_option(&self, option: &str) -> bool {
        self.options.iter().any(|given| given == option)
    }

    /// Listens only where the options (or the configuration file) name an address.
    pub fn listening_as_told(mut self) -> Self {
        self.listen = false;
        self
    }

    /// The words file's text.
    pub fn words(mut self, text: impl Into<String>) -> Self {
        self.words = Some(text.into());
        self
    }

    /// No `--words`.
    pub fn no_words(mut self) -> Self {
        self.words = None;
        self
    }

    /// An environment variable.
    pub fn environment(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Speaks TLS on a further port of 127.0.0.1, with this pair in `server.pem` and `server.key`.
    pub fn tls(self, pair: &Pair) -> Self {
        pair.write(&self.path("server.pem"), &self.path("server.key"));
        self.options("--tls-listen 127.0.0.1:0 --tls-cert server.pem --tls-key server.key")
    }

    /// Speaks DICT on a further port of 127.0.0.1.
    pub fn dict(self) -> Self {
        self.options("--dict-listen 127.0.0.1:0")
    }

    /// A command that runs the daemon, such as `strace -D …`: it must become it, or be its sibling.
    pub fn wrapper(mut self, command: &[&str]) -> Self {
        self.wrapper = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Passes one or two sockets, each with its name, as systemd does.
    pub fn passing(self, sockets: Vec<(&str, OwnedFd)>) -> Self {
        let (names, passed): (Vec<_>, Vec<_>) = sockets.into_iter().unzip();
        assert!(passed.len() <= 2, "standard input and output are all there is");
        let mut new = self
            .wrapper(&["sh", "-c", PASS, "sh"])
            .environment("LISTEN_FDS", passed.len().to_string())
            .environment("LISTEN_FDNAMES", names.join(":"));
        new.passed = passed;
        new
    }

    /// A path in the daemon's own temporary directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file in that directory that no other user can read.
    pub fn private_file(&self, name: &str, text: &str) {
        let file = File::options().create(true).truncate(true).write(true).mode(0o600).open(self.path(name));
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the directory can be written");
    }

    /// Starts it, and waits until it is ready.
    pub fn start(mut self) -> Daemon {
        if self.store == Store::MariaDb {
            self.store = Store::Url(new_database());
            let url = self.database().expect("a URL");
            let output = self.command().args(["--database", &url, "init-db"]).output().expect("cidiand runs");
            assert!(output.status.success(), "init-db: {output:?}");
        }
        self.write_words();
        Daemon::of(self)
    }

    /// Runs it to its end: for what is refused at start, and for subcommands. `arguments` follow the options.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.write_words();
        let mut command = self.command();
        command.args(self.arguments()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("cidiand runs");
        let ended = super::wait_for_end(&mut child);
        let output = child.wait_with_output().expect("its output");
        assert!(ended, "cidiand {arguments:?} does not end:\n{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Starts it with standard error somewhere else than in a file; nothing is waited for.
    pub fn spawn_with(&self, standard_error: impl Into<Stdio>) -> Child {
        self.write_words();
        let mut command = self.command();
        command.args(self.arguments()).stderr(standard_error).spawn().expect("cidiand runs")
    }

    /// The URL of its database; `None` for the default.
    pub(super) fn database(&self) -> Option<String> {
        match &self.store {
            Store::Sqlite => None,
            Store::MariaDb => panic!("made when the daemon starts"),
            Store::Url(url) => Some(url.clone()),
        }
    }

    pub(super) fn write_words(&self) {
        if let Some(words) = &self.words {
            std::fs::write(self.path("words.txt"), words).expect("the words file can be written");
        }
    }

    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if !self.options.iter().any(|option| option == "--config") {
            arguments.extend(["--config".to_owned(), self.path("empty.toml").display().to_string()]);
        }
        if self.listen {
            arguments.extend(["--listen", "127.0.0.1:0"].map(str::to_owned));
        }
        if let Some(url) = self.database() {
            arguments.extend(["--database".to_owned(), url]);
        }
        if self.words.is_some() {
            arguments.extend(["--words".to_owned(), self.path("words.txt").display().to_string()]);
        }
        arguments.extend(self.options.iter().cloned());
        arguments
    }

    /// `cidiand` in this setup's environment, without arguments. It is killed when the thread that starts it ends,
    /// so that a killed test process leaves nothing behind.
    pub(super) fn command(&self) -> Command {
        let mut words: Vec<&str> = self.wrapper.iter().map(String::as_str).collect();
        words.extend(["setpriv", "--pdeathsig", "KILL"]);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(program("cidiand"));
        for name in ["CIDIAN_DATABASE", "RUST_LOG", "XDG_STATE_HOME"].iter().chain(&FROM_SYSTEMD) {
            command.env_remove(name);
        }
        command.env("STATE_DIRECTORY", self.path("state")).env("HOME", self.path("home"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.directory.path()).stdin(self.passed(0));
        command
    }

    /// A copy of a socket that is passed: a daemon that is started again gets it again.
    pub(super) fn passed(&self, number: usize) -> Stdio {
        match self.passed.get(number) {
            Some(socket) => Stdio::from(socket.try_clone().expect("a descriptor")),
            None => Stdio::null(),
        }
    }
}

fn new_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    shared_mariadb().create_database(&name);
    shared_mariadb().url(&name)
}
