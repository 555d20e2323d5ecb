//! What every measurement needs: a directory on a real disk, a MariaDB with the durability of its defaults, words, and
//! daemons. All of it is removed when the value is dropped.

use crate::Result;
use crate::directory::Directory;
use crate::peers::INDEX;
use crate::processes::Server;
use crate::raw::Database;
use crate::stop::Stop;
use std::cell::OnceCell;
use std::fs::File;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use support::mariadb::MariaDb;

/// The password of every account.
pub const PASSWD: &str = "bench password";
/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);
/// MariaDB's own defaults, where `tests/support` makes it smaller than they are.
pub const DEFAULTS: [&str; 3] =
    ["--innodb-log-file-size=96M", "--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=1"];

/// The place, and the database server.
pub struct Bed {
    /// Checked during every wait.
    pub stop: Stop,
    /// The server; dropped before the directory that it is in.
    pub mariadb: MariaDb,
    directory: Directory,
    /// A cidiand of an earlier commit.
    before: Option<PathBuf>,
    dictionary: OnceCell<Dictionary>,
    /// Headwords of the built-in words file.
    pub headwords: Vec<String>,
}

/// A large dictionary.
#[derive(Debug, Clone)]
pub struct Dictionary {
    /// As a words file.
    pub file: PathBuf,
    /// Its headwords, in no order.
    pub headwords: Vec<String>,
    /// Its description.
    pub title: String,
}

/// Which cidiand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The one of this tree.
    This,
    /// The one of an earlier commit, given by `--before`.
    Before,
}

impl Build {
    /// Its daemon's name in the table.
    pub fn contestant(self) -> &'static str {
        match self {
            Self::This => "cidiand",
            Self::Before => "the build before",
        }
    }

    /// A distinct name for something that each build has.
    pub fn own(self, name: &str) -> String {
        match self {
            Self::This => name.to_owned(),
            Self::Before => format!("{name}_before"),
        }
    }
}

/// Where a daemon keeps accounts and histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// A database of the bench's MariaDB.
    MariaDb,
    /// An embedded database.
    Sqlite,
}

impl Store {
    /// Both.
    pub const ALL: [Self; 2] = [Self::MariaDb, Self::Sqlite];

    /// Its name in the table.
    pub fn shown(self) -> &'static str {
        match self {
            Self::MariaDb => "MariaDB",
            Self::Sqlite => "SQLite",
        }
    }
}

/// A daemon that serves.
pub struct Daemon {
    /// Its parent process.
    pub server: Server,
    /// Where it listens.
    pub address: SocketAddrV4,
    /// Where it listens for TLS, if it does.
    pub tls: Option<SocketAddrV4>,
    /// Its database's URL.
    pub database: String,
}

impl Bed {
    /// Makes the directory below `base`, and starts MariaDB in it.
    pub fn make(base: &Path, before: Option<&Path>, stop: Stop) -> Result<Self> {
        let before = before
            .map(|file| std::fs::canonicalize(file).map_err(|error| format!("--before {}: {error}", file.display())))
            .transpose()?;
        let directory = Directory::make(base)?;
        // A socket's path has room for 107 bytes.
        if directory.path().as_os_str().len() > 80 {
            let path = directory.path().display();
            return Err(format!("{path} is too long for a Unix socket: name another with --directory").into());
        }
        let mariadb = MariaDb::start_in(directory.path(), &DEFAULTS);
        let headwords = headwords(cidian::words::BUILT_IN.as_bytes())?;
        Ok(Self { stop, mariadb, directory, before, headwords, dictionary: OnceCell::new() })
    }

    /// A dictionary of 147,000 entries: WordNet, if Debian's dict-wn is installed, otherwise as many made-up words.
    pub fn dictionary(&self) -> Result<&Dictionary> {
        if let Some(dictionary) = self.dictionary.get() {
            return Ok(dictionary);
        }
        let file = self.path("dictionary.txt");
        let name = if Path::new(INDEX).exists() {
            let output = file.display().to_string();
            self.tool("sqlite:none", &["words", "import", "--from", "dictd", INDEX, "-o", &output])?;
            "WordNet"
        } else {
            let lines = (0..147_000_u32).map(|number| format!("made-up {number:06}\tn. 词义 {}\n", "词".repeat(60)));
            // The word that is asked for is in WordNet, too.
            std::fs::write(&file, format!("apple\tn. 苹果\n{}", lines.collect::<String>()))?;
            "made-up words"
        };
        let headwords = headwords(&std::fs::read(&file)?)?;
        let title = format!("{name}, {} headwords", headwords.len());
        Ok(self.dictionary.get_or_init(|| Dictionary { file, headwords, title }))
    }

    /// Where the bench keeps its files.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The builds that can be started: this one, and the one before if it was given.
    pub fn builds(&self) -> Vec<Build> {
        let before = self.before.iter().map(|_| Build::Before);
        std::iter::once(Build::This).chain(before).collect()
    }

    fn program(&self, build: Build) -> Result<&Path> {
        match build {
            Build::This => Ok(Path::new(env!("CARGO_BIN_EXE_cidiand"))),
            Build::Before => self.before.as_deref().ok_or_else(|| "no --before".into()),
        }
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a database with the schema.
    pub fn make_database(&self, name: &str) -> Result<Database> {
        self.make_database_of(Build::This, name)
    }

    /// Makes a database with the schema of that build.
    pub fn make_database_of(&self, build: Build, name: &str) -> Result<Database> {
        self.mariadb.create_database(name);
        self.tool_of(build, &self.mariadb.url(name), &["init-db"])?;
        Ok(Database { socket: self.mariadb.socket(), name: name.to_owned() })
    }

    /// A database for a daemon of that build; its URL. The daemon itself makes an embedded one when it starts.
    pub fn make_store(&self, build: Build, store: Store, name: &str) -> Result<String> {
        match store {
            Store::MariaDb => {
                self.make_database_of(build, name)?;
                Ok(self.mariadb.url(name))
            }
            Store::Sqlite => Ok(format!("sqlite:{}", self.path(&format!("{name}.db")).display())),
        }
    }

    /// The built-in words of this build as a file: those of another build may differ.
    pub fn built_in_words(&self) -> Result<String> {
        let file = self.path("built-in.txt");
        if !file.exists() {
            std::fs::write(&file, cidian::words::BUILT_IN)?;
        }
        Ok(file.display().to_string())
    }

    /// Makes the accounts 1 to `count` of a database that only the bench itself uses.
    pub fn make_raw_accounts(&self, database: &Database, count: u32) {
        self.mariadb.sql(&format!(
            "USE {}; INSERT INTO user (name, passwd, locked, created) \
             SELECT CONCAT('bench', seq), '-', FALSE, UTC_TIMESTAMP(6) FROM seq_1_to_{count}",
            database.name
        ));
    }

    /// Runs `cidiand` as a tool.
    pub fn tool(&self, database: &str, arguments: &[&str]) -> Result<()> {
        self.tool_of(Build::This, database, arguments)
    }

    /// Runs the `cidiand` of that build as a tool.
    pub fn tool_of(&self, build: Build, database: &str, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(self.program(build)?);
        self.environment(&mut command, "tool")?;
        let output = command.args(["--database", database]).args(arguments).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("cidiand {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
    }

    /// Starts a daemon as it is installed, except for its address, its database and `options`. `name` is its own.
    pub fn start_daemon(&self, name: &str, database: &str, options: &[&str]) -> Result<Daemon> {
        self.start_daemon_of(Build::This, name, database, options)
    }

    /// The same with the cidiand of that build.
    pub fn start_daemon_of(&self, build: Build, name: &str, database: &str, options: &[&str]) -> Result<Daemon> {
        let log = self.path(&format!("{name}.log"));
        let to = File::create(&log)?;
        let mut failed = Ok(());
        let mut server = Server::start(self.program(build)?, |command| {
            failed = self.environment(command, name);
            command.args(["--listen", "127.0.0.1:0", "--database", database]).args(options);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(to);
        })?;
        failed?;
        let read = || std::fs::read_to_string(&log).unwrap_or_default();
        let ready = self.stop.wait_for("cidiand to be ready", PATIENCE, || {
            (read().contains("ready: ") || !server.lives()).then_some(())
        });
        let said = read();
        let listening = |suffix: &str| {
            let address = |line: &str| line.split_once("listening on ")?.1.trim().strip_suffix(suffix)?.parse().ok();
            said.lines().find_map(address)
        };
        let (address, tls) = (listening(""), listening(" (TLS)"));
        match (ready, address) {
            (Ok(()), Some(address)) if server.lives() => {
                Ok(Daemon { server, address, tls, database: database.to_owned() })
            }
            _ => Err(format!("cidiand does not come up:\n{said}").into()),
        }
    }

    /// The ends of all logs of the bench's servers, for when something fails.
    pub fn last_words(&self) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(self.directory.path()).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                let log = std::fs::read_to_string(&path).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let last = lines[lines.len().saturating_sub(5)..].join("\n");
                text += &format!("\nthe end of {}:\n{last}", entry.file_name().display());
            }
        }
        text
    }

    /// Whether this daemon knows an option.
    pub fn has_option(option: &str) -> Result<bool> {
        let output = Command::new(env!("CARGO_BIN_EXE_cidiand")).arg("--help").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).contains(option))
    }

    fn environment(&self, command: &mut Command, name: &str) -> Result<()> {
        let (state, configuration) = (self.path(&format!("{name}-state")), self.path("empty.toml"));
        std::fs::create_dir_all(&state)?;
        File::create(&configuration)?;
        for variable in ["CIDIAN_DATABASE", "RUST_LOG", "JOURNAL_STREAM", "NOTIFY_SOCKET", "RUNTIME_DIRECTORY"] {
            command.env_remove(variable);
        }
        command.env("STATE_DIRECTORY", state).env("HOME", self.directory.path());
        command.current_dir(self.directory.path()).arg("--config").arg(configuration);
        Ok(())
    }

    /// Starts a small C program of the bench, after compiling it with `-O2` and `flags`.
    pub fn start_fork_echo(&self, flags: &[&str]) -> Result<(Server, SocketAddrV4)> {
        let program = self.path(&format!("fork_echo{}", flags.concat()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/service/fork_echo.c");
        let output = Command::new("cc").arg("-O2").args(flags).arg("-o").arg(&program).arg(source).output();
        let output = output.map_err(|error| format!("cc can't be run ({error}): install gcc"))?;
        if !output.status.success() {
            return Err(format!("cc: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let mut server = Server::start(&program, |command| {
            command.stdin(Stdio::null()).stdout(Stdio::piped());
        })?;
        let mut line = String::new();
        let stdout = server.take_stdout().ok_or("no pipe")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line)?;
        let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok());
        Ok((server, address.ok_or("fork_echo does not say where it listens")?))
    }
}

/// The headwords of a words file, in no order.
fn headwords(words: &[u8]) -> Result<Vec<String>> {
    let parsed = cidian::words::parse(words).map_err(|refused| format!("the words are refused: {refused:?}"))?;
    let mut headwords: Vec<String> = parsed.entries.iter().map(|entry| entry.headword.to_owned()).collect();
    shuffle(&mut headwords);
    Ok(headwords)
}

/// The same order in every run, and one that does not suit a cache.
pub fn shuffle<T>(items: &mut [T]) {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for last in (1..items.len()).rev() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let other = usize::try_from(state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or(0) % (last + 1);
        items.swap(last, other);
    }
}
