//! A private MariaDB for tests: its own data directory, socket and port, started and ended with the test process.
//!
//! With `CIDIAN_TEST_SERVER=mariadb:ROOT` or `mysql:ROOT` it is the server of another system, whose files are below
//! ROOT (`tests/run-servers` makes such systems).
//!
//! It never touches the system's server. On a machine without the server's package a test fails with the package's
//! name; it is never skipped.
//!
//! The server runs below a shell that waits on a pipe held by the test process: however that process ends, SIGKILL
//! included, the pipe closes and the shell kills the server.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to come up or to go away.
const PATIENCE: Duration = Duration::from_secs(180);

/// Options that make a server small and quick to start. It stays as durable as its defaults are, unless a test
/// changes that.
const SMALL: [&str; 4] =
    ["--innodb-buffer-pool-size=64M", "--performance-schema=OFF", "--skip-log-bin", "--skip-name-resolve"];
/// Options with the same purpose, for each kind of server.
const SMALL_MARIADB: &str = "--innodb-log-file-size=8M";
const SMALL_MYSQL: [&str; 3] = ["--innodb-redo-log-capacity=8M", "--mysqlx=OFF", "--secure-file-priv=NULL"];

/// Another system's server: of which kind it is, and where that system's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherServer {
    is_mysql: bool,
    root: PathBuf,
}

impl OtherServer {
    /// The server that the environment names.
    pub fn named() -> Option<Self> {
        let named = std::env::var("CIDIAN_TEST_SERVER").ok().filter(|value| !value.is_empty())?;
        let (is_mysql, root) = match named.split_once(':') {
            Some(("mysql", root)) => (true, root),
            Some(("mariadb", root)) => (false, root),
            _ => panic!("CIDIAN_TEST_SERVER is {named}, and not mariadb:ROOT or mysql:ROOT"),
        };
        Some(Self { is_mysql, root: root.into() })
    }

    /// One of its programs, run by its own dynamic loader with its own libraries.
    fn program(&self, path: &str) -> Command {
        let mut command = Command::new(self.root.join("lib64/ld-linux-x86-64.so.2"));
        command.arg("--library-path").arg(self.root.join("usr/lib/x86_64-linux-gnu")).arg(self.root.join(path));
        command
    }

    /// Options that name the places of the server's own files.
    fn places(&self) -> Vec<String> {
        let share = self.root.join("usr/share").join(if self.is_mysql { "mysql" } else { "mariadb" });
        let places = [
            ("basedir", self.root.join("usr")),
            ("lc-messages-dir", share.clone()),
            ("character-sets-dir", share.join("charsets")),
        ];
        let mut places: Vec<(&str, PathBuf)> = places.into();
        if self.is_mysql {
            places.push(("plugin-dir", self.root.join("usr/lib/mysql/plugin")));
        }
        places.into_iter().map(|(option, place)| format!("--{option}={}", place.display())).collect()
    }
}

/// Whether the server is MySQL, whose SQL is different in places.
pub fn is_mysql() -> bool {
    OtherServer::named().is_some_and(|other| other.is_mysql)
}

/// One running server, and the directory that it lives in.
pub struct MariaDb {
    directory: PathBuf,
    port: u16,
    options: Vec<String>,
    /// A command that runs the server's shell, such as `nsenter … --`, and the user that its files belong to.
    wrapper: Vec<String>,
    owner: Option<(u32, u32)>,
    running: Option<Running>,
}

/// A started server: the shell that guards it, the pipe that keeps the shell waiting, and the server's own number.
struct Running {
    shell: Child,
    pipe: ChildStdin,
    pid: u32,
}

impl MariaDb {
    /// Starts a server that listens on its socket and on a free port of the loopback address.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with further options for `mariadbd`, such as `--wait-timeout=1`.
    pub fn start_with(options: &[&str]) -> Self {
        Self::start_in(&std::env::temp_dir(), options)
    }

    /// The same, with its files in a new directory below `base`: for a measurement, which asks on what disk they are.
    pub fn start_in(base: &Path, options: &[&str]) -> Self {
        let mut server = Self::new_in(base, options);
        server.run();
        server
    }

    /// A server that is not started yet.
    pub fn new_in(base: &Path, options: &[&str]) -> Self {
        Self {
            directory: new_directory(base),
            port: free_port(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            wrapper: Vec::new(),
            owner: None,
            running: None,
        }
    }

    /// Runs it under another command, which must become it.
    pub fn under(mut self, wrapper: Vec<String>) -> Self {
        self.wrapper = wrapper;
        self
    }

    /// Gives its files to this user and group; the wrapper runs it as these.
    pub fn owned_by(mut self, user: u32, group: u32) -> Self {
        std::os::unix::fs::chown(&self.directory, Some(user), Some(group)).expect("only root can give files away");
        self.owner = Some((user, group));
        self
    }

    /// Copies the database of another server, to begin with it; neither of them runs.
    pub fn copy_data(&self, other: &Self) {
        self.empty();
        assert!(other.running.is_none(), "the server runs");
        let (from, to) = (other.directory.join("data/."), self.directory.join("data"));
        let copied = Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs");
        assert!(copied.success(), "the database can't be copied");
    }

    /// Removes the database of a server that does not run.
    pub fn empty(&self) {
        assert!(self.running.is_none(), "the server runs");
        for name in ["data", "tmp"] {
            let path = self.directory.join(name);
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir(&path).expect("the server's directory can be written");
            if let Some((user, group)) = self.owner {
                std::os::unix::fs::chown(path, Some(user), Some(group)).expect("only root can give files away");
            }
        }
    }

    /// The URL of a database over the Unix socket.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://root@localhost/{database}?socket={}", self.socket().display())
    }

    /// The URL of a database over TCP.
    pub fn tcp_url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database.
    pub fn create_database(&self, database: &str) {
        self.sql(&format!("CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    }

    /// Runs statements with the `mariadb` client; returns its rows, tab-separated, without column names.
    pub fn sql(&self, statements: &str) -> String {
        let output = self.client().arg("-e").arg(statements).output().unwrap_or_else(|e| missing("mariadb", &e));
        assert!(
            output.status.success(),
            "{statements}\n{}\nserver log:\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The same for a statement that may fail; returns whether it succeeded.
    pub fn try_sql(&self, statement: &str) -> bool {
        self.try_rows(statement).is_some()
    }

    /// The rows of statements that may fail; `None` if they fail.
    pub fn try_rows(&self, statements: &str) -> Option<String> {
        let output = self.client().arg("-e").arg(statements).output().unwrap_or_else(|e| missing("mariadb", &e));
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts a killed server again on its files, with further options.
    pub fn restarted_with(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|option| (*option).to_owned()));
        self.run();
        self
    }

    /// Further options for when it is started again.
    pub fn started_from_now_on_with(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|option| (*option).to_owned()));
        self
    }

    /// Kills the server as a power cut would, and waits until it is gone. Its files stay.
    pub fn kill(&mut self) {
        self.end("keep\n");
    }

    /// Starts a killed server again on its files, or kills and starts a running one. Socket and port stay the same.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
    }

    /// Stops the server in an orderly way, and waits until it is gone.
    pub fn stop(&mut self) {
        let pid = self.pid();
        let stopped = Command::new("kill").args(["-TERM", &pid.to_string()]).status();
        assert!(stopped.expect("kill runs").success(), "the server runs");
        let deadline = Instant::now() + PATIENCE;
        // A process that has ended has no program; the shell has not reaped it yet.
        while std::fs::read_link(format!("/proc/{pid}/exe")).is_ok() {
            assert!(Instant::now() < deadline, "mariadbd does not stop; its log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill();
    }

    /// The server's program with all its options, for a run of another kind on the files of a server that does not run.
    pub fn program(&self) -> Command {
        assert!(self.running.is_none(), "the server runs");
        let mut command = self.wrapped(program("mariadbd", "/usr/sbin/mariadbd"));
        command.arg("--no-defaults").args(self.arguments(&[])).stdin(Stdio::null());
        command
    }

    /// The server's process number, for tests that stop it with signals of their own.
    ///
    /// # Panics
    /// If it was killed and not restarted.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server runs").pid
    }

    /// The Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("s")
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it has a database to begin with.
    pub fn has_data(&self) -> bool {
        self.directory.join("data/ibdata1").exists()
    }

    /// The server's error log.
    pub fn log_path(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Tells the shell what to do with the files, and waits until it has killed the server.
    fn end(&mut self, last_words: &str) {
        if let Some(Running { mut shell, mut pipe, .. }) = self.running.take() {
            let _ = pipe.write_all(last_words.as_bytes());
            drop(pipe);
            let _ = shell.wait();
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn client(&self) -> Command {
        let mut client = match OtherServer::named() {
            None => Command::new("mariadb"),
            Some(other) => other.program(if other.is_mysql { "usr/bin/mysql" } else { "usr/bin/mariadb" }),
        };
        client.arg("--no-defaults");
        if OtherServer::named().is_some_and(|other| !other.is_mysql) {
            // From 11.4 on the client wants a certificate that it can verify, over a Unix socket, too.
            client.arg("--skip-ssl");
        }
        client.args(["-uroot", "--batch", "--skip-column-names", "--default-character-set=utf8mb4"]);
        client.arg("-S").arg(self.socket()).stdin(Stdio::null());
        client
    }

    /// A program under the wrapper.
    fn wrapped(&self, program: &str) -> Command {
        match self.wrapper.split_first() {
            None => Command::new(program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        }
    }

    /// The server's options except for those of its kind; `once` are for this run only.
    fn arguments(&self, once: &[String]) -> Vec<String> {
        let mut arguments = vec![
            format!("--datadir={}", self.directory.join("data").display()),
            format!("--socket={}", self.socket().display()),
            format!("--pid-file={}", self.directory.join("pid").display()),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--port={}", self.port),
        ];
        arguments.extend(SMALL.map(str::to_owned));
        arguments.extend(self.options.iter().chain(once).filter_map(|option| match option.as_str() {
            // Options that have another name in MySQL 9, or do not exist there.
            "--skip-ssl" if is_mysql() => Some("--tls-version=".to_owned()),
            "--skip-character-set-client-handshake" if is_mysql() => None,
            option => Some(option.to_owned()),
        }));
        arguments
    }

    /// Starts it, and waits until it answers.
    pub fn run(&mut self) {
        self.run_with(&[]);
    }

    /// The same with further options for this run.
    pub fn run_with(&mut self, once: &[String]) {
        let log = File::options().create(true).append(true).open(self.log_path()).expect("the log can be written");
        // Ending by SIGKILL is right: nothing of it is wanted afterwards, and `restart` shows that what was
        // acknowledged is still there. `read` returns when the test process has written or died; without a word from
        // it the files go, too. The data directory is made below the same guard, so that no files are left behind.
        let script = r#"trap '' INT TERM HUP PIPE; directory=$1; install=$2; template=$3; shift 3
            if [ ! -d "$directory/data" ]; then
                mkdir "$TMPDIR" || exit
                if [ "$template" ]; then
                    cp -r "$template" "$directory/data" || exit
                    # Two servers with one identity are one to each other.
                    rm -f "$directory/data/auto.cnf"
                else
                    "$install" --no-defaults --user="$(id -un)" --auth-root-authentication-method=normal \
                        --skip-test-db --innodb-log-file-size=8M --datadir="$directory/data" </dev/null >&2 || exit
                fi
            fi
            "$@" --user="$(id -un)" </dev/null >&2 & server=$!; echo $server
            read -r word; kill -9 $server; wait; [ "$word" = keep ] || rm -rf "$directory""#;
        let mut shell = self.wrapped("sh");
        // A temporary directory of its own: a server that starts deletes every temporary table that it finds there,
        // also those of another server at work.
        shell.env("TMPDIR", self.directory.join("tmp"));
        shell.args(["-c", script, "sh"]).arg(&self.directory);
        match OtherServer::named() {
            None => {
                shell.arg(program("mariadb-install-db", "/usr/bin/mariadb-install-db")).arg("");
                shell.arg(program("mariadbd", "/usr/sbin/mariadbd")).args(["--no-defaults", SMALL_MARIADB]);
            }
            Some(other) => {
                let server = other.program(if other.is_mysql { "usr/sbin/mysqld" } else { "usr/sbin/mariadbd" });
                shell.arg("").arg(other.root.join("cidian-template"));
                shell.arg(server.get_program()).args(server.get_args()).arg("--no-defaults").args(other.places());
                if other.is_mysql {
                    shell.args(SMALL_MYSQL)
                } else {
                    shell.arg(SMALL_MARIADB)
                };
            }
        }
        shell.args(self.arguments(once));
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut shell = shell.spawn().expect("sh can be started");
        let pipe = shell.stdin.take().expect("a piped stdin");
        let mut first_line = String::new();
        let stdout = shell.stdout.take().expect("a piped stdout");
        BufReader::new(stdout).read_line(&mut first_line).expect("the shell says the server's number");
        let pid = first_line.trim().parse().unwrap_or_else(|_| panic!("mariadb-install-db failed:\n{}", self.log()));
        self.running = Some(Running { shell, pipe, pid });
        self.wait_until_it_answers();
    }

    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if std::os::unix::net::UnixStream::connect(self.socket()).is_ok() {
                let answer =
                    self.client().args(["-e", "SELECT 1"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
                if answer.unwrap_or_else(|e| missing("mariadb", &e)).success() {
                    return;
                }
            }
            assert!(
                Path::new(&format!("/proc/{}/exe", self.pid())).exists() && Instant::now() < deadline,
                "mariadbd does not come up; its log:\n{}",
                self.log()
            );
            // A poll with a deadline: the server does not notify when it begins to listen.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        self.end("");
        // When it was killed before, no shell is left to do it.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A new private directory. Short, because a socket's path is limited.
fn new_directory(base: &Path) -> PathBuf {
    let output = Command::new("mktemp").args(["-d", "-p"]).arg(base).arg("cidian-db-XXXXXX").output();
    let output = output.expect("mktemp runs");
    assert!(output.status.success(), "mktemp: {}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).expect("a path in UTF-8").trim_end())
}

/// The program's path: `/usr/sbin` is often not in a user's PATH.
fn program(name: &'static str, usual: &'static str) -> &'static str {
    if Path::new(usual).exists() {
        return usual;
    }
    if let Err(error) = Command::new(name).arg("--version").output() {
        missing(name, &error);
    }
    name
}

fn missing(program: &str, error: &std::io::Error) -> ! {
    panic!("{program} can't be run ({error}): these tests need the package mariadb-server")
}

/// A port that is free at the moment.
fn free_port() -> u16 {
    let probe = TcpListener::bind(("127.0.0.1", 0)).expect("a free port on the loopback address");
    probe.local_addr().expect("its address").port()
}
