//! What servers of other kinds and versions answer, and what the driver makes of it: no answer ends a daemon, and a
//! lookup that can't be recorded at the moment goes into the spool.

use crate::spool::{private, spool, wait_delivered, words};
use std::time::Duration;
use support::gate::{Gate, Mode};
use support::mariadb::MariaDb;
use support::{Connection, Daemon, PASSWD, Setup, Store, code, outside_address, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon with a gate before its server.
fn behind_a_gate() -> (MariaDb, Gate, Setup) {
    let (server, setup) = private("");
    drop(setup);
    let gate = Gate::new(server.port());
    let setup = Setup::new(Store::Url(format!("mysql://root@127.0.0.1:{}/dict", gate.port()))).words(words(2_000));
    (server, gate, setup)
}

fn looks_up(client: &mut Connection, word: usize) {
    assert_eq!(client.ask_line(&format!("Q ann word{word:05}")), format!("OK word{word:05}\tx"));
}

/// Cuts the daemon's connections, so that it has to connect again, and gets this.
fn greeted_with(gate: &Gate, errno: u16) {
    gate.set(Mode::Closed);
    gate.set(Mode::Greets(errno));
}

/// Offline, too little memory for connections, TLS required, an account blocked, and an unknown number: what
/// is reported while the daemon connects is never its own fault, and costs no lookup.
#[test]
fn whatever_is_said_while_connecting_is_an_outage() {
    let (server, gate, setup) = behind_a_gate();
    let daemon = setup.start();
    let mut ann = daemon.connect_as("ann");
    looks_up(&mut ann, 0);
    let mut word = 1;
    for errno in [3_032, 4_082, 4_083, 3_159, 3_955, 9_999] {
        greeted_with(&gate, errno);
        looks_up(&mut ann, word);
        assert_eq!(spool(&daemon)["records"], 1, "{errno}");
        assert_eq!(daemon.connect().refused(&format!("L ann {PASSWD}")), "unavailable", "{errno}");
        daemon.wait_log(&format!("({errno})"));
        gate.set(Mode::Open);
        wait_delivered(&daemon);
        word += 1;
    }
    let log = daemon.log();
    assert!(!log.contains("a bug in cidiand"), "{log}");
    assert!(log.contains("(3159): add ssl-mode to the URL"), "{log}");
    assert_eq!(ann.history("ann").len(), word);
    drop(server);
}

/// The same by a real server, which lets those that are connected go on. MariaDB calls it a denied access (1045).
#[test]
fn secure_transport_required_under_way() {
    let (server, setup) = private("");
    let daemon = setup.words(words(100)).start();
    let mut ann = daemon.connect_as("ann");
    looks_up(&mut ann, 0);
    server.sql("SET GLOBAL require_secure_transport = ON");
    let kills = "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE db = 'dict'";
    let kills = server.sql(kills);
    server.sql(&kills);
    looks_up(&mut ann, 1);
    assert_eq!(spool(&daemon)["records"], 1);
    daemon.wait_log("the database or its configuration must be fixed");
    server.sql("SET GLOBAL require_secure_transport = OFF");
    wait_delivered(&daemon);
    assert_eq!(ann.history("ann").len(), 2);
}

/// A server that asks for the password by a method with which the driver panics: its public key is not a key.
const NO_KEY: Mode =
    Mode::Says(&[b"\xfecaching_sha2_password\0abcdefghijklmnopqrst\0", b"\x01\x04", b"\x01this is no key"]);

#[test]
fn what_the_driver_panics_on_is_contained() {
    let (server, gate, setup) = behind_a_gate();
    gate.set(NO_KEY);
    for arguments in [&["--check"][..], &[], &["user", "list"]] {
        let output = setup.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {said}");
        assert!(said.contains("the driver failed on what the server sent"), "{said}");
    }
    gate.set(Mode::Open);
    let daemon = setup.start();
    let mut ann = daemon.connect_as("ann");
    looks_up(&mut ann, 0);
    let (children, writer) = (daemon.children().len(), daemon.writer());
    gate.set(Mode::Closed);
    gate.set(NO_KEY);
    looks_up(&mut ann, 1);
    for request in ["H ann", &format!("L ann {PASSWD}")] {
        assert_eq!(code(&ann.ask(request)[0]), Some("unavailable"), "{request}");
    }
    daemon.wait_log("the driver failed on what the server sent");
    assert_eq!((daemon.children().len(), daemon.writer()), (children, writer), "nobody has crashed");
    gate.set(Mode::Open);
    wait_delivered(&daemon);
    wait_for("the history", PATIENCE, || ann.ask("H ann")[0].starts_with("OK 2").then_some(()));
    assert!(!daemon.log().contains("crashed"), "{}", daemon.log());
    drop(server);
}

/// What a host on the way could read is logged at start, and a private way is not reported.
#[test]
fn clear_text_to_another_machine_is_told() {
    let server = MariaDb::start_with(&["--bind-address=0.0.0.0"]);
    server.create_database("dict");
    server.sql("CREATE USER cidian@'%' IDENTIFIED BY 'x'; GRANT ALL ON dict.* TO cidian@'%'");
    let told = |host: &str| {
        let setup = Setup::new(Store::Url(format!("mysql://cidian:x@{host}:{}/dict", server.port())));
        assert!(setup.run(&["init-db"]).status.success());
        let daemon: Daemon = setup.start();
        daemon.log().contains("the URL has no ssl-mode")
    };
    assert!(told(&outside_address().to_string()));
    assert!(!told("127.0.0.1"));
}
