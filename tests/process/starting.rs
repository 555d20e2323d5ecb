//! Starting: options, the configuration file, addresses, and an exit status for each way to fail.

use nix::sys::signal::Signal;
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::process::Output;
use support::{Connection, Daemon, Setup, Store, code, shared_mariadb};

fn setup() -> Setup {
    Setup::new(Store::Sqlite)
}

/// That a run failed with this status, and wrote something with `part` in it to standard error.
fn fails(output: &Output, status: i32, part: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(part), "{part:?} is not in: {said}");
}

#[test]
fn status_64_a_bad_option_or_url() {
    let cases = [
        ("--no-such-option", "--no-such-option"),
        ("nosuchcommand", "nosuchcommand"),
        ("--max-clients many", "many"),
        ("--max-clients -1", ""),
        ("--lookup elsewhere", "elsewhere"),
        ("--registration ajar", "ajar"),
        ("--idle-timeout", "--idle-timeout"),
        ("--listen nowhere", "nowhere"),
        ("--listen 127.0.0.1:65536", "65536"),
        ("--exempt-source 1.2.3.4/33", "1.2.3.4/33"),
        ("--exempt-source none --exempt-source ::1", "cannot be combined with networks"),
        ("--database postgres://localhost/x", "--database"),
        ("--database-connections 1", "--database-connections"),
        ("--database-connections many", "--database-connections"),
        ("--database mysql://localhost", "--database"),
        ("--database sqlite:a --database-file b", ""),
    ];
    for (options, part) in cases {
        fails(&setup().options(options).run(&[]), 64, part);
    }
    fails(&setup().environment("CIDIAN_DATABASE", "nonsense").run(&[]), 64, "CIDIAN_DATABASE");
    // Help and version are not failures.
    for option in ["--help", "--version"] {
        let output = setup().run(&[option]);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).contains("cidiand"));
    }
}

#[test]
fn status_65_words_refused_and_66_not_there() {
    fails(&setup().words("apple x\nword\n").run(&[]), 65, "line 2");
    fails(&setup().words("").run(&[]), 65, "words.txt");
    fails(&setup().no_words().options("--words /nonexistent/words").run(&[]), 66, "/nonexistent/words");
    fails(&setup().no_words().options("--words /etc").run(&[]), 65, "/etc");
}

#[test]
fn status_69_the_database_cannot_be_reached() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
    let url = format!("mysql://root:secret@127.0.0.1:{free}/dict");
    let output = Setup::new(Store::Url(url)).run(&[]);
    fails(&output, 69, "127.0.0.1");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"), "no secret in a log");
    fails(
        &Setup::new(Store::Url("mysql://root@localhost/d?socket=/nonexistent/s".into())).run(&[]),
        69,
        "/nonexistent/s",
    );
}

#[test]
fn status_71_a_port_or_the_state_directory_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    fails(&setup().listening_as_told().options(&format!("--listen {address}")).run(&[]), 71, &address);
    let setup = setup();
    let socket = setup.path("socket");
    let _live = UnixListener::bind(&socket).expect("a socket");
    let option = format!("--listen unix:{}", socket.display());
    fails(&setup.listening_as_told().options(&option).run(&[]), 71, "socket");

    let daemon = Daemon::over(Store::Sqlite);
    let state = daemon.path("state").display().to_string();
    fails(&self::setup().environment("STATE_DIRECTORY", &state).run(&[]), 71, &state);
    assert_eq!(daemon.connect().ask("I").len(), 5, "the first one goes on");
    // A daemon that was killed leaves nothing that keeps the next one out.
    let mut daemon = daemon;
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    daemon.start();
    assert_eq!(daemon.connect().ask("I").len(), 5);
}

#[test]
fn status_78_configuration_or_no_schema() {
    let with_file = |text: &str| {
        let setup = setup();
        std::fs::write(setup.path("cidiand.toml"), text).expect("a file");
        setup.options("--config cidiand.toml").run(&[])
    };
    fails(&with_file("# fine\nmax_clients = \n"), 78, "line 2");
    fails(&with_file("max-clients = 1\n"), 78, "max-clients");
    fails(&with_file("\n\nno_such_key = 1\n"), 78, "no_such_key");
    fails(&with_file("max_clients = 'three'\n"), 78, "line 1");
    fails(&with_file("database = 'postgres://x/y'\n"), 78, "database");
    fails(&with_file("database_connections = 0\n"), 78, "database_connections");
    fails(&with_file("exempt_source = ['1.2.3.4/99']\n"), 78, "exempt_source");
    let output = setup().listening_as_told().options("--config /nonexistent.toml").run(&[]);
    fails(&output, 78, "/nonexistent.toml");
    let none = setup().options("--database-file /nonexistent/url").run(&[]);
    assert_ne!(none.status.code(), Some(0));

    shared_mariadb().create_database("without_schema");
    let output = Setup::new(Store::Url(shared_mariadb().url("without_schema"))).run(&[]);
    fails(&output, 78, "cidiand init-db");
}

#[test]
fn check_says_everything_that_is_wrong() {
    let fine = setup().run(&["--check"]);
    let said = String::from_utf8_lossy(&fine.stdout);
    assert_eq!(fine.status.code(), Some(0), "{fine:?}");
    for part in ["configuration: fine", "words: fine, 6 headwords", "database: fine"] {
        assert!(said.contains(part), "{said}");
    }
    let bad = Setup::new(Store::Url("mysql://root@localhost/d?socket=/nonexistent/s".into())).words("x\n");
    let output = bad.run(&["--check"]);
    fails(&output, 65, "line 1");
    fails(&output, 65, "/nonexistent/s");
    fails(&setup().options("--listen nowhere").run(&["--check"]), 64, "nowhere");
    // Each mistake of the command line and of the file, and what is to be found out beside them.
    let several = setup()
        .listening_as_told()
        .no_words()
        .options("--config cidiand.toml --listen nowhere --exempt-source 1.2.3.4/99 --words absent");
    std::fs::write(several.path("cidiand.toml"), "database_connections = 1\ndatabase = 'postgres://x/y'\n")
        .expect("a file");
    let output = several.run(&["--check"]);
    let said = String::from_utf8_lossy(&output.stderr);
    for part in [
        "nowhere",
        "1.2.3.4/99",
        "database_connections: at least 2",
        "toml: database: ",
        "words file absent cannot be opened",
    ] {
        assert_eq!(said.matches(part).count(), 1, "{part:?} in {said}");
    }
    assert_eq!((output.status.code(), said.lines().count()), (Some(64), 5), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("fine"), "{output:?}");
    // It only looks: beside a daemon that runs, too, and without taking its port.
    let daemon = Daemon::over(Store::Sqlite);
    let beside = setup().environment("STATE_DIRECTORY", daemon.path("state").display().to_string()).run(&["--check"]);
    assert_eq!(beside.status.code(), Some(0), "{beside:?}");
}

/// What does not exist yet is named, and not made; nothing that exists is changed.
#[test]
fn check_makes_nothing() {
    let setup = setup();
    let output = setup.run(&["--check"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for path in ["state", "state/cidian.db"] {
        let part = format!("{} does not exist yet; it would be created", setup.path(path).display());
        assert!(said.contains(&part), "{part:?} is not in: {said}");
    }
    assert!(!setup.path("state").exists());
    let check = |database: &str| {
        let url = format!("sqlite:{}", setup.path(database).display());
        setup.run(&["--database", &url, "--check"])
    };
    // It may be a mistyped path.
    let output = check("absent/x.db");
    let part = format!("it would be created, with directory {}", setup.path("absent").display());
    assert!(String::from_utf8_lossy(&output.stdout).contains(&part), "{part:?} is not in: {output:?}");
    assert!(!setup.path("absent").exists());
    std::fs::write(setup.path("empty.db"), "").expect("a file");
    std::fs::create_dir(setup.path("state")).expect("a directory");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(setup.path("state"), open).expect("it is ours");
    let output = check("empty.db");
    assert!(String::from_utf8_lossy(&output.stdout).contains("is empty; its tables would be created"), "{output:?}");
    let found = |path: &str| std::fs::metadata(setup.path(path)).expect("it is there");
    assert_eq!((found("empty.db").len(), found("state").mode() & 0o777), (0, 0o755));
}

/// The daemon of the version before may be running on it.
#[test]
fn check_leaves_an_older_database_as_it_is() {
    let setup = setup();
    let path = setup.path("old.db");
    let database = rusqlite::Connection::open(&path).expect("a database");
    database.pragma_update(None, "journal_mode", "WAL").expect("a log");
    database.execute_batch(include_str!("../schemas/sqlite-3.sql")).expect("the schema");
    drop(database);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
    let before = std::fs::read(&path).expect("it is there");
    let output = setup.run(&["--database", &format!("sqlite:{}", path.display()), "--check"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said.contains("version 3 of its schema would be brought to 4"), "{said}");
    let database = rusqlite::Connection::open(&path).expect("a database");
    let version: String = database
        .query_row("SELECT value FROM meta WHERE name = 'schema_version'", (), |row| row.get(0))
        .expect("a version");
    drop(database);
    assert!(version == "3" && before == std::fs::read(&path).expect("it is there"), "version {version}");
    // Nor is one changed that has no log, as a copy by SQLite's own command has none.
    let path = setup.path("copy.db");
    let url = format!("sqlite:{}", path.display());
    assert!(setup.run(&["init-db", "--database", &url]).status.success());
    let database = rusqlite::Connection::open(&path).expect("a database");
    database.pragma_update(None, "journal_mode", "DELETE").expect("no log");
    drop(database);
    let before = std::fs::read(&path).expect("it is there");
    let output = setup.run(&["--database", &url, "--check"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("it would get a write-ahead log"), "{output:?}");
    assert!(before == std::fs::read(&path).expect("it is there"));
}

#[test]
fn the_configuration_file_has_a_key_for_every_option() {
    let setup = setup().listening_as_told().no_words();
    let (socket, other) = (setup.path("s").display().to_string(), setup.path("other.db").display().to_string());
    let words = setup.path("my-words").display().to_string();
    std::fs::write(&words, "# title: Mine\nmine x\n").expect("a words file");
    setup.private_file("url", &format!("sqlite:{other}\n"));
    let text = format!(
        "listen = ['127.0.0.1:0', 'unix:{socket}']\nwords = '{words}'\nlookup = 'text'\nregistration = 'closed'\n\
         max_clients = 4\nmax_clients_per_source = 2\nexempt_source = 'none'\nidle_timeout = 0\nlogin_grace = 0\n\
         database_file = 'url'\n"
    );
    std::fs::write(setup.path("cidiand.toml"), text).expect("a file");
    let daemon = setup.options("--config cidiand.toml").start();
    let mut client = daemon.connect();
    assert_eq!(client.ask("I")[2], "title\tMine");
    assert_eq!(client.refused("R ann secret"), "denied");
    let mut second = daemon.connect();
    second.ask("I");
    assert_eq!(code(&daemon.connect().line()), Some("busy"), "two from one source");
    let mut local = Connection::open_unix(&daemon.path("s"));
    local.ask("I");
    let mut last = Connection::open_unix(&daemon.path("s"));
    last.ask("I");
    assert_eq!(code(&Connection::open_unix(&daemon.path("s")).line()), Some("busy"), "four in all");
    assert!(std::path::Path::new(&other).exists() && !daemon.path("state/cidian.db").exists());
}

#[test]
fn the_command_line_wins() {
    let setup = setup();
    let text = "listen = 'unix:never'\nregistration = 'closed'\nwords = '/nonexistent'\ndatabase = 'sqlite:never.db'\n";
    std::fs::write(setup.path("cidiand.toml"), text).expect("a file");
    let daemon = setup
        .environment("CIDIAN_DATABASE", "sqlite:also-never.db")
        .options("--config cidiand.toml --registration open --database sqlite:this.db")
        .start();
    daemon.connect_as("ann");
    assert!(daemon.path("this.db").exists());
    assert!(["never", "never.db", "also-never.db"].iter().all(|name| !daemon.path(name).exists()));
}

#[test]
fn the_database_by_environment_or_file() {
    let by_environment = setup().environment("CIDIAN_DATABASE", "sqlite:named.db").start();
    assert!(by_environment.path("named.db").exists());
    let setup = setup();
    setup.private_file("url", "sqlite:in-file.db\n");
    let by_file = setup.options("--database-file url").start();
    assert!(by_file.path("in-file.db").exists());
}

#[test]
fn the_state_directory() {
    let state = |environment: &[(&str, &str)]| {
        let setup = environment.iter().fold(setup(), |setup, (name, value)| setup.environment(name, *value));
        setup.environment("STATE_DIRECTORY", "").start()
    };
    let daemon = state(&[]);
    let home = daemon.path("home/.local/state/cidian");
    assert!(home.join("cidian.db").exists());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&home).expect("it").permissions());
    assert_eq!(mode & 0o777, 0o700, "private");
    let xdg = tempfile::tempdir().expect("a temporary directory");
    let daemon = state(&[("XDG_STATE_HOME", xdg.path().to_str().expect("UTF-8"))]);
    assert!(xdg.path().join("cidian/cidian.db").exists());
    assert!(!daemon.path("home/.local").exists());
    // By the specification a relative one is to be ignored.
    let daemon = state(&[("XDG_STATE_HOME", "xdg")]);
    assert!(daemon.path("home/.local/state/cidian/cidian.db").exists());
    assert!(!daemon.path("xdg").exists());
}

#[test]
fn several_addresses() {
    let setup = setup();
    let socket = setup.path("socket");
    let mut options = format!("--listen unix:{} --listen 127.0.0.1:0", socket.display());
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if v6 {
        options.push_str(" --listen [::1]:0");
    } else {
        eprintln!("NOT TESTED: this machine has no IPv6 loopback address");
    }
    // A socket that a killed daemon left is replaced.
    drop(UnixListener::bind(&socket).expect("a stale socket"));
    assert!(socket.exists());
    let mut daemon = setup.options(&options).start();
    let mut clients = vec![Connection::open_unix(&socket)];
    clients.extend(daemon.ports()[..2].iter().map(|&port| Connection::open(port)));
    if v6 {
        let stream = TcpStream::connect((Ipv6Addr::LOCALHOST, daemon.ports()[2])).expect("[::1] takes a client");
        clients.push(Connection::over_tcp(stream));
    }
    for (at, client) in clients.iter_mut().enumerate() {
        client.register(&format!("user{at}"));
        client.login(&format!("user{at}"));
        assert_eq!(client.ask_line(&format!("Q user{at} zoo")), "OK zoo\tn. 动物园");
    }
    assert!(daemon.log().contains(&format!("listening on unix:{}", socket.display())));
    let beside = self::setup().listening_as_told().options(&format!("--listen unix:{}", socket.display()));
    fails(&beside.run(&[]), 71, "socket");
    assert_eq!(clients[0].ask("H user0").len(), 2, "the live one goes on");
    assert_eq!(Connection::open_unix(&socket).ask("I").len(), 5);
    daemon.signal(Signal::SIGTERM);
    for client in &mut clients {
        assert_eq!(code(&client.line()), Some("bye"));
    }
    drop(clients);
    assert_eq!(daemon.wait_exit().code(), Some(0));
    assert!(!socket.exists(), "it takes its socket along");
}

/// Without any option that names words: the built-in ones.
#[test]
fn the_built_in_words() {
    if std::path::Path::new("/usr/share/cidian/words.txt").exists() {
        eprintln!("NOT TESTED: this machine has words of its own in /usr/share/cidian/words.txt");
        return;
    }
    let daemon = setup().no_words().start();
    let mut ann = daemon.connect_as("ann");
    assert!(ann.ask_line("Q ann apple").starts_with("OK apple\t"));
    let headwords = &ann.ask("I")[3];
    let count: u32 = headwords.strip_prefix("headwords\t").expect("headwords").parse().expect("a number");
    assert!(count >= 300, "{headwords}");
    assert_eq!(ann.history("ann"), ["apple"]);
}

/// What would fail at start is found before, beside a daemon that is there.
#[test]
fn check_finds_addresses_that_can_t_be() {
    let long = format!("unix:/tmp/{}", "x".repeat(120));
    for (options, part) in [
        ("--listen 127.0.0.1:7 --listen 127.0.0.1:7", "conflicts with 127.0.0.1:7"),
        ("--listen 0.0.0.0:7 --listen 127.0.0.1:7", "conflicts"),
        ("--listen unix:a --listen unix:./a", "conflicts"),
        (&*format!("--listen {long}"), "too long"),
        ("--listen unix:/nonexistent/socket", "/nonexistent"),
        ("--listen unix:words.txt", "not a socket"),
    ] {
        let setup = setup().listening_as_told().options(options);
        fails(&setup.run(&["--check"]), 71, part);
        fails(&setup.run(&[]), 71, "cannot listen on");
    }
    let daemon = self::setup().options("--listen unix:socket").start();
    let address = format!("--listen unix:{} --listen 127.0.0.1:{}", daemon.path("socket").display(), daemon.port());
    let output = setup().listening_as_told().options(&address).run(&["--check"]);
    assert!(output.status.success(), "{output:?}");
}

/// Until everything else has gone well no client is let in: a client that connects to a start that fails would be cut
/// off.
#[test]
fn a_start_that_fails_lets_nobody_in() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let setup = setup();
    let socket = setup.path("socket");
    // The words file is a pipe to the tracer's eyes: its loader is held up, so that there is time to try.
    let words = setup.path("words.txt").display().to_string();
    let trace = ["strace", "-f", "-D", "-qq", "-o", "/dev/null", "-P", &words, "-e", "trace=openat", "-e"];
    let held = [trace.as_slice(), &["inject=openat:delay_exit=2000000"]].concat();
    let options = format!("--listen 127.0.0.1:{port} --listen unix:{}", socket.display());
    let setup = setup.wrapper(&held).words("word\n").listening_as_told().options(&options);
    let failed = std::thread::spawn(move || setup.run(&[]));
    let mut tried = 0;
    while !failed.is_finished() {
        let refused = TcpStream::connect(("127.0.0.1", port)).expect_err("nobody is let in");
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        if socket.exists() {
            let outcome = std::os::unix::net::UnixStream::connect(&socket);
            // It goes with the daemon.
            assert!(outcome.is_err(), "nobody is let in");
            tried += 1;
        }
        std::thread::yield_now();
    }
    fails(&failed.join().expect("it ran"), 65, "line 1");
    assert!(tried > 0, "the addresses were taken first");
}
