//! The log: one line for each session, and `RUST_LOG` for each module.

use support::{Daemon, PASSWD, Setup, Store, wait_until};

/// The text of a line after its head, which has the time and the parent's number.
fn said(line: &str) -> &str {
    line.split_once("INFO: ").map_or("", |(_, said)| said).trim_end()
}

/// Client, user, requests, duration, and how it ended: in one line, of the parent's.
#[test]
fn one_line_for_each_session() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.connect().register("ann");
    daemon.wait_log("1 request in ");
    let mut ann = daemon.connect();
    let address = ann.tcp().local_addr().expect("an address");
    ann.login("ann");
    ann.ask("Q ann apple");
    ann.ok("E");
    let line = daemon.wait_log(&format!("client {address} user ann: "));
    let rest = said(&line).strip_prefix(&format!("client {address} user ann: 3 requests in ")).expect("its head");
    let (seconds, ending) = rest.split_once(" s: ").expect("a duration and an ending");
    assert!(seconds.parse::<f64>().is_ok_and(|seconds| seconds > 0.0), "{line}");
    assert_eq!(ending, "goodbye");
    assert!(line.contains(&format!("cidiand[{}]", daemon.pid())), "the parent's: {line}");
    // One without a login, and one that only closes.
    let mut nobody = daemon.connect();
    nobody.ask("I");
    let address = nobody.tcp().local_addr().expect("an address");
    drop(nobody);
    let line = daemon.wait_log(&format!("client {address} user -: "));
    assert!(said(&line).contains(" 1 request in ") && line.trim_end().ends_with(": closed by the client"), "{line}");
    let log = daemon.log();
    assert_eq!(log.lines().filter(|line| line.contains("client ")).count(), 3, "{log}");
    assert!(!log.contains("apple") && !log.contains(PASSWD), "neither words nor passwords: {log}");
}

#[test]
fn rust_log_for_each_module() {
    let daemon = |modules: &str| Setup::new(Store::Sqlite).environment("RUST_LOG", modules).start();
    // A session's requests, without their words; nothing of the parent's.
    let session = daemon("info,cidian::session=debug");
    let mut ann = session.connect_as("ann");
    ann.ask("Q ann apple");
    assert_eq!(ann.refused("Q ann nosuchword"), "notfound");
    ann.ok("E");
    for kind in [": register: ok", ": login: ok", ": lookup: ok", ": lookup: notfound", ": goodbye: ok"] {
        session.wait_log(kind);
    }
    let log = session.log();
    assert!(!log.contains("apple") && !log.contains(PASSWD) && !log.contains("forked"), "{log}");
    // The parent's part.
    let parent = daemon("info,cidian::daemon=debug");
    parent.connect().register("ann");
    parent.wait_log(" forked");
    parent.wait_log("1 request in ");
    assert!(!parent.log().contains(": register: ok"), "{}", parent.log());
    // One module silent, the others not.
    let silent = daemon("info,cidian::daemon::children=off");
    silent.connect().register("ann");
    wait_until("the session to be reaped", || silent.status()["reaped"] == 1);
    assert!(silent.log().contains("ready: ") && !silent.log().contains("client "), "{}", silent.log());
}
