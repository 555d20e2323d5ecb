//! Both stores inside the hardened unit: the embedded database, and a MariaDB over its Unix socket whose URL is a
//! credential; TLS with a credential's key; and all of it without a network.

use super::day::{SHARED, Service};
use super::sockets::SOCKET;
use super::units;
use serde_json::Value;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use support::certificates::Authority;
use support::mariadb::MariaDb;
use support::{PASSWD, PATIENCE, wait_for};

/// A password that must show nowhere.
const SECRET: &str = "8f1c0e7d5b";

/// Every process but the parent has a filter of system calls that is its own, on top of the unit's. There are a session
/// and the writer at least; others may be ending.
pub fn is_confined(service: &Service) {
    let main = service.main_pid();
    let status = |pid: &str| {
        let output = service.container.run(&["cat", &format!("/proc/{pid}/status")]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success() && !text.contains("State:\tZ")).then_some(text)
    };
    let field = |status: &str, name: &str| -> u32 {
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
        value.unwrap_or_else(|| panic!("{name} is not in {status}")).trim().parse().expect("a number")
    };
    let of_unit = field(&status(&main).expect("the daemon"), "Seccomp_filters");
    wait_for("a session and the writer, confined", PATIENCE, || {
        let children = service.container.ok(&["cat", &format!("/proc/{main}/task/{main}/children")]);
        let living: Vec<String> = children.split_whitespace().filter_map(status).collect();
        // One that has just ended may have lost its filters before it is a zombie: it is gone when this looks again.
        let confined = |status: &String| {
            let fields = ["NoNewPrivs", "Seccomp"].map(|name| field(status, name));
            fields == [1, 2] && field(status, "Seccomp_filters") > of_unit
        };
        (living.len() >= 2 && living.iter().all(confined)).then_some(())
    });
}

fn status(service: &Service) -> Value {
    serde_json::from_str(&service.container.ok(&["cidiand", "status", "--json"])).expect("a status")
}

/// A lookup that is kept, by a client whose session is confined.
fn looks_up(service: &Service, name: &str) {
    let mut client = service.connect(SOCKET);
    client.register(name);
    client.login(name);
    assert_eq!(client.ask_line(&format!("Q {name} zoo")), "OK zoo\tn. 动物园");
    assert_eq!(client.history(name), ["zoo"]);
    is_confined(service);
}

/// `cidian` over TLS, in the container's network.
fn looks_up_over_tls(service: &Service, name: &str) {
    let options = ["--server", "localhost:2630", "--tls", "--tls-ca", "/root/ca.pem", "--user", name];
    let rest = ["--password-file", "/root/password", "lookup", "zoo"];
    let said = service.container.ok(&[&["cidian"], &options[..], &rest[..]].concat());
    assert!(said.contains("动物园"), "{said}");
}

pub fn credentials_and_tls(service: &Service, database: &MariaDb) {
    let container = &service.container;
    looks_up(service, "on-sqlite");
    database.sql(&format!(
        "CREATE DATABASE dict CHARACTER SET utf8mb4; CREATE USER cidian@localhost IDENTIFIED BY '{SECRET}';
         GRANT ALL ON dict.* TO cidian@localhost"
    ));
    let authority = Authority::new("Day authority");
    let pair = authority.pair(&["localhost"]);
    let socket = database.socket();
    let directory = socket.parent().expect("a directory");
    std::fs::set_permissions(directory, Permissions::from_mode(0o711)).expect("a mode");
    let directory = directory.file_name().expect("a name").to_str().expect("text");
    let url = format!("mysql://cidian:{SECRET}@localhost/dict?socket={SHARED}/{directory}/s\n");
    // Not from its usual place, for once.
    container.write("/root/database", &url, 0o600);
    let drop_in = "[Service]\nLoadCredential=cidiand.database:/root/database\n";
    container.write("/run/systemd/system/cidiand.service.d/credential.conf", drop_in, 0o644);
    container.ok(&["systemctl", "daemon-reload"]);
    container.write("/etc/credstore/cidiand.tls-cert", &pair.certificate, 0o600);
    container.write("/etc/credstore/cidiand.tls-key", &pair.key, 0o600);
    container.write("/root/ca.pem", authority.pem(), 0o644);
    container.ok(&["cidiand", "--database-file", "/root/database", "init-db"]);
    container.ok(&["systemctl", "stop", "cidiand.service"]);
    container.ok(&["systemctl", "start", "cidiand-tls.socket"]);
    container.ok(&["systemctl", "restart", "cidiand.service"]);
    assert!(status(service)["database"].as_str().is_some_and(|database| database.starts_with("mysql://")));
    looks_up(service, "on-mariadb");
    looks_up_over_tls(service, "on-mariadb");
    let shown = container.ok(&["sh", "-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' '"]);
    assert!(!shown.contains(SECRET) && !shown.contains("PRIVATE KEY"), "secrets are not in ps");
    std::fs::remove_file(container.path("/run/systemd/system/cidiand.service.d/credential.conf")).expect("a drop-in");
    container.write("/etc/credstore/cidiand.database", url, 0o600);
}

/// The drop-in: TCP and TLS come in by the sockets, and there is nothing else.
pub fn without_a_network(service: &Service) {
    let container = &service.container;
    let drop_in = std::fs::read_to_string(units::directory().join("no-network.conf")).expect("a drop-in");
    container.write("/etc/systemd/system/cidiand.service.d/no-network.conf", drop_in, 0o644);
    container.write("/etc/cidian/cidiand.toml", "words = '/usr/share/cidian/words.txt'\n", 0o644);
    container.ok(&["systemctl", "daemon-reload"]);
    container.ok(&["systemctl", "restart", "cidiand.service"]);
    assert!(status(service)["database"].as_str().is_some_and(|database| database.starts_with("mysql://")));
    let network = |pid: &str| container.ok(&["readlink", &format!("/proc/{pid}/ns/net")]);
    assert_ne!(network(&service.main_pid()), network("1"));
    looks_up(service, "alone-on-mariadb");
    looks_up_over_tls(service, "alone-on-mariadb");
    for name in ["database", "tls-cert", "tls-key"] {
        std::fs::remove_file(container.path(&format!("/etc/credstore/cidiand.{name}"))).expect("a credential");
    }
    container.ok(&["systemctl", "stop", "cidiand-tls.socket", "cidiand.service"]);
    container.ok(&["systemctl", "restart", "cidiand.service"]);
    assert!(status(service)["database"].as_str().is_some_and(|database| database.starts_with("sqlite:")));
    looks_up(service, "alone-on-sqlite");
    let client = ["cidian", "--user", "on-sqlite", "--password-file", "/root/password", "history"];
    assert!(container.ok(&client).contains("zoo"), "{PASSWD}");
}
