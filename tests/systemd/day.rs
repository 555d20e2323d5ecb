//! A day of the service: installed, started, reloaded with a good and a bad file, restarted, killed, watched, stopped;
//! on both stores, with and without a network. One test, because a container takes some seconds to boot.

use super::container::Container;
use super::{skipped, sockets, stores, units};
use serde_json::Value;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use support::mariadb::MariaDb;
use support::{Connection, PASSWD, PATIENCE, wait_for};

/// The words that the service begins with.
pub const WORDS: &str = "# title: Day\napple\tn. 苹果\npear\tn. 梨\nzoo\tn. 动物园\n";

/// The service, in its container.
pub struct Service {
    pub container: Container,
}

/// A directory outside, where the database server's is, as the container has it.
pub const SHARED: &str = "/run/shared";

#[test]
fn a_day_under_a_real_systemd() {
    if !nix::unistd::geteuid().is_root() {
        return skipped("only root can boot a container");
    }
    // Into which the server puts its socket later: it takes longer to start than the container.
    let shared = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(&shared, Permissions::from_mode(0o711)).expect("a mode");
    let programs = [Path::new(env!("CARGO_BIN_EXE_cidiand")), Path::new(env!("CARGO_BIN_EXE_cidian"))];
    let bound = [(programs[0], "/usr/bin/cidiand"), (programs[1], "/usr/bin/cidian"), (shared.path(), SHARED)];
    let container = match Container::boot(&bound) {
        Ok(container) => container,
        Err(why) => return skipped(&why),
    };
    std::thread::scope(|scope| {
        // What it keeps need not outlive a power cut.
        let start = || MariaDb::start_in(shared.path(), &["--innodb-flush-log-at-trx-commit=0"]);
        let database = scope.spawn(start);
        pass(&Service { container }, || database.join().expect("a database server"));
    });
}

fn pass(service: &Service, database: impl FnOnce() -> MariaDb) {
    install(service);
    starts_and_serves(service);
    reloads(service);
    stops_what_it_has_begun(service);
    restarts_and_remembers(service);
    refuses_politely_without_processes(service);
    sockets::outlive_the_daemon(service);
    watched(service);
    serves_one_persons_desktop(service);
    let database = database();
    stores::credentials_and_tls(service, &database);
    stores::without_a_network(service);
    service.container.ok(&["systemctl", "stop", "cidiand.socket", "cidiand-tls.socket", "cidiand.service"]);
    journal_reads_well(service);
}

impl Service {
    /// What systemd knows of the service.
    pub fn property(&self, name: &str) -> String {
        self.container.ok(&["systemctl", "show", "-P", name, "cidiand.service"])
    }

    pub fn main_pid(&self) -> String {
        self.property("MainPID")
    }

    /// A client over the Unix socket.
    pub fn connect(&self, socket: &str) -> Connection {
        Connection::open_unix(&self.container.path(socket))
    }

    /// The entries of the journal about the service, those that systemd writes among them.
    pub fn journal(&self) -> Vec<Value> {
        let text = self.container.ok(&["journalctl", "-u", "cidiand.service", "-o", "json", "--no-pager"]);
        text.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect()
    }

    /// Waits for an entry whose message holds `part`; gives back its priority and message.
    pub fn wait_journal(&self, part: &str) -> (String, String) {
        wait_for(&format!("{part:?} in the journal"), PATIENCE, || {
            let entries = self.journal();
            entries.iter().map(entry).find(|(_, message)| message.contains(part))
        })
    }

    /// Waits until systemd has restarted the daemon by itself that many times.
    pub fn wait_restarts(&self, times: u32) {
        let expected = (times.to_string(), "active".to_owned());
        wait_for(&format!("{times} restarts"), 2 * PATIENCE, || {
            (expected == (self.property("NRestarts"), self.property("ActiveState"))).then_some(())
        });
    }
}

pub fn entry(entry: &Value) -> (String, String) {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    (text("PRIORITY"), text("MESSAGE"))
}

fn install(service: &Service) {
    let container = &service.container;
    let unit = |name: &str| std::fs::read_to_string(units::directory().join(name)).expect("a unit");
    for name in ["cidiand.service", "cidiand.socket", "cidiand-tls.socket", "cidiand-dict.socket"] {
        container.write(&format!("/usr/lib/systemd/system/{name}"), unit(name), 0o644);
    }
    container.write("/usr/lib/sysusers.d/cidian.conf", unit("sysusers.d/cidian.conf"), 0o644);
    let configuration =
        format!("{}\nlisten = ['127.0.0.1:2629', 'unix:/run/cidian/cidian.sock']\n", unit("cidiand.toml"));
    container.write("/etc/cidian/cidiand.toml", configuration, 0o644);
    container.write("/usr/share/cidian/words.txt", WORDS, 0o644);
    container.write("/root/password", PASSWD, 0o600);
    container.ok(&["systemd-sysusers", "cidian.conf"]);
    container.ok(&["systemctl", "daemon-reload"]);
}

fn starts_and_serves(service: &Service) {
    // Root's tools may come before the daemon: the database is not root's.
    service.container.ok(&["install", "-d", "-m", "700", "-o", "cidian", "-g", "cidian", "/var/lib/cidian"]);
    service.container.ok(&["cidiand", "user", "add", "ann", "--password-file", "/root/password"]);
    // With Type=notify it returns when the daemon is ready.
    service.container.ok(&["systemctl", "start", "cidiand.service"]);
    assert_eq!(service.property("StatusText"), "0 clients, 3 headwords, generation 1");
    let status = service.container.ok(&["cat", &format!("/proc/{}/status", service.main_pid())]);
    assert!(status.contains("\nUid:\t") && !status.contains("\nUid:\t0\t"), "it is not root: {status}");
    assert!(service.container.ok(&["cidiand", "user", "list"]).contains("ann"));
    // Over TCP, by the client that people have.
    let client = ["cidian", "--user", "ann", "--password-file", "/root/password", "lookup", "apple"];
    assert!(service.container.ok(&client).contains("苹果"));
    let mut client = service.connect("/run/cidian/cidian.sock");
    client.login("ann");
    assert_eq!(client.history("ann"), ["apple"]);
    stores::is_confined(service);
    wait_for("the status to show the client", PATIENCE, || {
        (service.property("StatusText") == "1 clients, 3 headwords, generation 1").then_some(())
    });
}

/// The unit for one person, as that person's: here with the system's manager, for a container has no session.
fn serves_one_persons_desktop(service: &Service) {
    const DEFINE: &str = "exec 3<>/dev/tcp/127.0.0.1/2628 && printf 'DEFINE * apple\\r\\nQUIT\\r\\n' >&3 && cat <&3";
    let container = &service.container;
    let unit = std::fs::read_to_string(units::directory().join("user/cidian.service")).expect("a unit");
    let unit = unit.replace("[Service]\n", "[Service]\nUser=desktop\n");
    container.write("/etc/systemd/system/desktop.service", unit, 0o644);
    container.ok(&["useradd", "--create-home", "desktop"]);
    container.ok(&["systemctl", "daemon-reload"]);
    // It returns when the private server is ready.
    container.ok(&["systemctl", "start", "desktop.service"]);
    let answer = container.ok(&["bash", "-c", DEFINE]);
    assert!(answer.contains("苹果") && answer.contains("221 "), "{answer}");
    container.ok(&["systemctl", "stop", "desktop.service"]);
    let shown = container.ok(&["systemctl", "show", "-P", "Result", "desktop.service"]);
    assert_eq!(shown.trim(), "success");
    let history = ["setpriv", "--reuid=desktop", "--regid=desktop", "--clear-groups", "--reset-env"];
    let history = container.ok(&[&history[..], &["cidian", "--local", "history"]].concat());
    assert!(history.contains("apple"), "{history}");
}

fn reloads(service: &Service) {
    let mut client = service.connect("/run/cidian/cidian.sock");
    client.login("ann");
    service.container.write("/usr/share/cidian/words.txt", "apple\tn. a fruit\n", 0o644);
    service.container.ok(&["systemctl", "reload", "cidiand.service"]);
    // systemctl has waited for all children.
    assert_eq!(client.ask_line("Q ann apple"), "OK apple\tn. a fruit");
    assert!(
        service.property("StatusText").ends_with("1 headwords, generation 2"),
        "{}",
        service.property("StatusText")
    );
    service.container.write("/usr/share/cidian/words.txt", "apple\tn. x\nnothing\n", 0o644);
    let refused = service.container.run(&["systemctl", "reload", "cidiand.service"]);
    assert!(!refused.status.success(), "a bad file is refused");
    // The daemon reports the reason, and so does the tool that systemd has run.
    for who in ["reload failed: ", "cidiand: "] {
        let (priority, message) = wait_for("the reason in the journal", PATIENCE, || {
            service.journal().iter().map(entry).find(|(_, message)| message.starts_with(who))
        });
        assert!(priority == "3" && message.contains("line 2"), "{priority}: {message}");
    }
    assert_eq!(service.property("ActiveState"), "active");
    assert_eq!(client.ask_line("Q ann apple"), "OK apple\tn. a fruit");
    // A signal is as good.
    service.container.write("/usr/share/cidian/words.txt", WORDS, 0o644);
    service.container.ok(&["systemctl", "kill", "-s", "HUP", "--kill-whom=main", "cidiand.service"]);
    wait_for("generation 3", PATIENCE, || service.property("StatusText").ends_with("generation 3").then_some(()));
    assert_eq!(service.property("ActiveState"), "active");
}

fn stops_what_it_has_begun(service: &Service) {
    let mut client = service.connect("/run/cidian/cidian.sock");
    client.login("ann");
    client.send("Q ann pear\n".repeat(50));
    assert_eq!(client.line(), "OK pear\tn. 梨");
    service.container.ok(&["systemctl", "stop", "cidiand.service"]);
    let replies = client.lines_to_end();
    let (last, before) = replies.split_last().expect("replies");
    assert!(last.starts_with("FAIL bye "), "{last}");
    assert!(before.iter().all(|reply| reply == "OK pear\tn. 梨"), "{before:?}");
    let ended = ["Result", "ExecMainStatus", "ActiveState"].map(|name| service.property(name));
    assert_eq!(ended, ["success", "0", "inactive"]);
}

fn restarts_and_remembers(service: &Service) {
    for action in ["start", "restart"] {
        service.container.ok(&["systemctl", action, "cidiand.service"]);
        let mut client = service.connect("/run/cidian/cidian.sock");
        client.login("ann");
        assert_eq!(client.history("ann").last().map(String::as_str), Some("apple"), "after {action}");
    }
}

/// Without a process for it, a client is refused with a line, and the service goes on.
fn refuses_politely_without_processes(service: &Service) {
    let pid = service.main_pid();
    service.container.ok(&["prlimit", "--pid", &pid, "--nproc=1:"]);
    let mut client = service.connect("/run/cidian/cidian.sock");
    assert!(client.line().starts_with("FAIL busy "));
    service.container.ok(&["prlimit", "--pid", &pid, "--nproc=10000:"]);
    assert_eq!(service.connect("/run/cidian/cidian.sock").ask("I").len(), 5);
}

/// A daemon whose loop does not turn is ended and started again.
fn watched(service: &Service) {
    let patience = "[Service]\nWatchdogSec=2s\n";
    service.container.write("/run/systemd/system/cidiand.service.d/watchdog.conf", patience, 0o644);
    service.container.ok(&["systemctl", "daemon-reload"]);
    service.container.ok(&["systemctl", "restart", "cidiand.service"]);
    service.container.ok(&["systemctl", "kill", "-s", "STOP", "--kill-whom=main", "cidiand.service"]);
    service.wait_restarts(1);
    service.wait_journal("Watchdog timeout");
    let mut client = service.connect(sockets::SOCKET);
    client.login("ann");
    std::fs::remove_file(service.container.path("/run/systemd/system/cidiand.service.d/watchdog.conf"))
        .expect("a file");
    service.container.ok(&["systemctl", "daemon-reload"]);
    service.container.ok(&["systemctl", "restart", "cidiand.service"]);
}

/// Priorities are the journal's, not text; a session is one line; nothing but what this day has done is a warning.
fn journal_reads_well(service: &Service) {
    let entries = service.journal();
    let ours: Vec<_> = entries.iter().filter(|e| e["SYSLOG_IDENTIFIER"] == "cidiand").map(entry).collect();
    for (priority, message) in &ours {
        assert!(!message.starts_with('<') && !message.contains("cidiand["), "{message}");
        let expected = [
            "reload failed: ",
            "cidiand: ",
            "cannot fork a child",
            "refusing clients",
            "the service manager",
            // The MariaDB of these tests is quick instead.
            "innodb_flush_log_at_trx_commit is 0",
        ];
        let known = expected.iter().any(|part| message.contains(part)) || priority.as_str() > "4";
        assert!(known, "an unexpected {priority}: {message}");
        assert!(!message.contains("crashed") && !message.contains(PASSWD), "{message}");
    }
    for part in ["listening on 127.0.0.1:2629", "ready: 0 clients, 3 headwords", "user ann: ", "stopping: ", "stopped"]
    {
        assert!(ours.iter().any(|(priority, message)| priority == "6" && message.contains(part)), "{part}: {ours:#?}");
    }
}
