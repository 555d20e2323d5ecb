//! Reloading the certificate: new clients get the new one, a bad one is refused and changes nothing, not even words.

use nix::sys::signal::Signal;
use std::process::Output;
use support::certificates::{Authority, Pair};
use support::{Connection, Daemon, Setup, Store};

struct Served {
    daemon: Daemon,
    authority: Authority,
    reloads: usize,
}

impl Served {
    fn start(options: &str) -> Self {
        let authority = Authority::new("of the tests");
        let setup = Setup::new(Store::Sqlite).words("apple old\n").options(options);
        let daemon = setup.tls(&authority.pair(&["localhost"])).start();
        Self { daemon, authority, reloads: 0 }
    }

    fn connect(&self) -> Connection {
        Connection::open_tls(self.daemon.tls_port(), &self.authority)
    }

    fn write(&self, pair: &Pair) {
        pair.write(&self.daemon.path("server.pem"), &self.daemon.path("server.key"));
    }

    /// SIGHUP, which is refused; the line with the reason.
    fn refused(&mut self) -> String {
        self.reloads += 1;
        self.daemon.signal(Signal::SIGHUP);
        self.daemon.wait_log_times("reload failed: ", self.reloads);
        let log = self.daemon.log();
        log.lines().rfind(|line| line.contains("reload failed: ")).expect("a line").to_owned()
    }
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned())
}

#[test]
fn new_clients_get_the_new_certificate() {
    let served = Served::start("");
    let mut old = served.connect();
    let first = old.certificate();
    served.write(&served.authority.pair(&["localhost"]));
    assert_eq!(served.connect().certificate(), first, "nothing changes without being told to");
    served.daemon.signal(Signal::SIGHUP);
    served.daemon.wait_log("and the TLS certificate server.pem: 1 headwords, generation 2");
    let second = served.connect().certificate();
    assert_ne!(first, second);
    old.register("ann");
    old.login("ann");
    assert_eq!(old.certificate(), first, "who was there goes on");

    served.write(&served.authority.pair(&["localhost"]));
    served.daemon.replace_words("apple new\n");
    let (status, text) = said(&served.daemon.tool(&["reload"]));
    assert_eq!((status, text.as_str()), (Some(0), "1 headwords, generation 3\n"));
    let third = served.connect().certificate();
    assert!(third != second && third != first);
    assert_eq!(old.ask_line("Q ann apple"), "OK apple\tnew");
}

#[test]
fn a_bad_pair_changes_nothing() {
    let mut served = Served::start("");
    let mut old = served.connect();
    old.register("ann");
    old.login("ann");
    let first = old.certificate();
    let new = served.authority.pair(&["localhost"]);
    let other = served.authority.pair(&["localhost"]);
    served.daemon.replace_words("apple new\n");
    let pair = |certificate: &str, key: &str| Pair { certificate: certificate.to_owned(), key: key.to_owned() };
    for (bad, part) in [
        (pair(&new.certificate, &other.key), "TLS key server.key does not belong to the certificate server.pem"),
        (pair("", &new.key), "TLS certificate server.pem contains no certificate"),
        (pair(&new.certificate, "-----BEGIN PRIVATE KEY-----\nAAAA"), "TLS key server.key is not in PEM"),
        (pair(&new.certificate[..200], &new.key), "TLS certificate server.pem is not in PEM"),
    ] {
        served.write(&bad);
        let line = served.refused();
        assert!(line.contains(part) && line.contains(" ERROR: "), "{part:?} is not in {line}");
        assert!(line.contains("keeping the old words and the old certificate"), "{line}");
    }
    served.write(&new);
    let key = served.daemon.path("server.key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("a mode");
    let line = served.refused();
    assert!(line.contains("(mode 0644): chmod g-wx,o= server.key"), "{line}");
    let (status, text) = said(&served.daemon.tool(&["reload"]));
    assert_eq!(status, Some(65), "{text}");
    assert!(text.contains("chmod") && text.contains("keeping the old words and the old certificate"), "{text}");
    std::fs::remove_file(&key).expect("the key is there");
    assert_eq!(said(&served.daemon.tool(&["reload"])).0, Some(65));
    served.reloads += 2;

    // Neither words nor certificate have moved.
    assert_eq!(served.connect().certificate(), first);
    assert_eq!(old.ask_line("Q ann apple"), "OK apple\told");
    assert_eq!(served.daemon.status()["words"]["generation"], 1);

    // A bad words file holds a good certificate back in the same way.
    served.write(&new);
    served.daemon.replace_words("nonsense\n");
    let line = served.refused();
    assert!(line.contains("words.txt") && line.contains("line 1"), "{line}");
    assert_eq!(served.connect().certificate(), first);
    served.daemon.replace_words("apple mended\n");
    assert!(served.daemon.tool(&["reload"]).status.success());
    assert_ne!(served.connect().certificate(), first);
    assert_eq!(old.ask_line("Q ann apple"), "OK apple\tmended");
}

/// Where there are no words to load, there still is a certificate.
#[test]
fn words_in_the_database() {
    let mut served = Served::start("--lookup database");
    let first = served.connect().certificate();
    served.write(&served.authority.pair(&["localhost"]));
    served.daemon.signal(Signal::SIGHUP);
    served.daemon.wait_log("loaded the TLS certificate server.pem: words are looked up in table words");
    let second = served.connect().certificate();
    assert_ne!(first, second);
    served.write(&served.authority.expired(&["localhost"]));
    let (status, text) = said(&served.daemon.tool(&["reload"]));
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("table words"), "{text}");
    served.daemon.wait_log(" WARN: TLS certificate server.pem has expired");
    std::fs::write(served.daemon.path("server.pem"), "nothing").expect("a file");
    assert!(served.refused().ends_with("; keeping the old certificate"));
}
