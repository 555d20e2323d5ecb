//! The notebook over the line protocol: `G`, on both stores, through an outage, and with invalid requests of every
//! kind.

use nix::sys::signal::Signal;
use std::time::Duration;
use support::mariadb::MariaDb;
use support::{Connection, Daemon, PASSWD, Setup, Store, code, on_both_stores, wait_for};

on_both_stores!(
    stars_with_tags_and_notes,
    only_what_was_looked_up,
    grades_and_what_is_due,
    an_import_needs_no_lookup,
    whose_notebook_it_is,
    a_locked_account_is_denied,
    what_a_word_was_found_as,
    pages_of_five_hundred,
    a_budget_like_that_of_other_changes,
);

/// Long after whatever is due within a day.
const FOR_EVER: &str = "9999-01-01T00:00:00Z";

/// The fields of each star.
fn stars(client: &mut Connection, request: &str) -> Vec<Vec<String>> {
    let lines = client.ask(request);
    let rows: Vec<_> = lines[1..].iter().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>()).collect();
    assert_eq!(lines[0], format!("OK {}", rows.len()), "{lines:?}");
    assert!(rows.iter().all(|row| row.len() == 8), "{rows:?}");
    rows
}

fn words(client: &mut Connection, request: &str) -> Vec<String> {
    stars(client, request).into_iter().map(|mut row| row.remove(0)).collect()
}

/// A session of `ann`, which has looked these words up.
fn reader(daemon: &Daemon, words: &[&str]) -> Connection {
    let mut ann = daemon.connect_as("ann");
    for word in words {
        assert!(ann.ask_line(&format!("Q ann {word}")).starts_with("OK "));
    }
    ann
}

fn stars_with_tags_and_notes(store: Store) {
    let mut daemon = Daemon::over(store);
    let mut ann = reader(&daemon, &["apple", "ice cream"]);
    assert_eq!(ann.ask_line(r"G ann add ice cream\tfood cold\tI ate an ice cream."), "OK ice cream");
    assert_eq!(ann.ask_line("G ann add apple"), "OK apple");
    assert_eq!(ann.ask_line(r"G ann add ice cream\tcold summer"), "OK ice cream");
    let rows = stars(&mut ann, "G ann list");
    assert_eq!(rows[0][0], "apple");
    assert_eq!(rows[1][3..], ["new", "0", "0", "food cold summer", "I ate an ice cream."]);
    assert_eq!(rows[1][1], rows[1][2], "what is new is due at once");
    assert_eq!(ann.ask_line(r"G ann remove ice cream\tfood none"), "OK");
    assert_eq!(ann.ask_line(r"G ann add ice cream\t\tC:\\new"), "OK ice cream");
    // It lasts.
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    daemon.start();
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(stars(&mut ann, "G ann list apple")[0][6..], ["cold summer", r"C:\\new"]);
    ann.ok("G ann remove ice cream");
    assert_eq!(ann.refused("G ann remove ice cream"), "notfound");
    ann.ok("C ann");
    assert_eq!(words(&mut ann, "G ann list"), ["apple"], "clearing the history takes no star away");
    ann.ok(&format!("X ann {PASSWD}"));
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM star"), ["0"]);
}

fn only_what_was_looked_up(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = reader(&daemon, &["apple"]);
    ann.ask("D ann zoo");
    let mut bob = daemon.connect_as("bob");
    bob.ask("Q bob pear");
    for word in ["zoo", "pear", "xyzzy"] {
        let reply = ann.ask_line(&format!("G ann add {word}"));
        assert_eq!(reply, "FAIL notfound this word was never looked up");
        assert_eq!(ann.refused(&format!("G ann grade 3 {word}")), "notfound");
    }
    assert_eq!(ann.ask("G ann list"), ["OK 0"]);
    // In one stream, a lookup comes before the star.
    ann.send("Q ann zoo\nG ann add zoo\nG ann list\n");
    assert!(ann.line().starts_with("OK zoo\t"));
    assert_eq!(ann.line(), "OK zoo");
    assert_eq!(ann.reply_to("H").len(), 2);
}

fn what_a_word_was_found_as(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = reader(&daemon, &["apples"]);
    assert_eq!(ann.ask_line("G ann add apples"), "OK apple");
    assert_eq!(ann.ask_line("G ann add APPLE"), "OK apple");
    assert_eq!(words(&mut ann, "G ann list"), ["apple"]);
}

fn grades_and_what_is_due(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = reader(&daemon, &["apple", "pear", "zoo"]);
    for word in ["apple", "pear"] {
        ann.ask(&format!("G ann add {word}"));
    }
    let now = "1970-01-01T00:00:00Z";
    assert_eq!(ann.ask_line(&format!("G ann count {now}")), "OK 2 2");
    assert!(ann.ask_line("G ann grade 4 apple").starts_with("OK 20"));
    assert!(ann.ask_line("G ann grade 1 pear").starts_with("OK 20"));
    // One that was not starred is, with its first grade.
    assert!(ann.ask_line("G ann grade 3 zoo").starts_with("OK 20"));
    let rows = stars(&mut ann, "G ann list");
    assert_eq!(rows.iter().map(|row| row[3].as_str()).collect::<Vec<_>>(), ["review", "learning", "learning"]);
    assert!(rows.iter().all(|row| row[4] == "1"));
    assert_eq!(ann.ask_line(&format!("G ann count {now}")), "OK 3 2");
    assert_eq!(words(&mut ann, &format!("G ann due {now}")), ["pear", "zoo"]);
    assert_eq!(words(&mut ann, &format!("G ann due {now} 1")), ["pear"]);
    assert_eq!(words(&mut ann, &format!("G ann due {FOR_EVER}")), ["pear", "zoo", "apple"]);
    // Another session sees the same, and loses nothing.
    let mut other = daemon.connect();
    other.login("ann");
    other.send("G ann grade 2 apple\nG ann grade 2 apple\n");
    ann.send("G ann grade 2 apple\nG ann grade 2 apple\n");
    for client in [&mut ann, &mut other] {
        assert!(client.line().starts_with("OK 20") && client.line().starts_with("OK 20"));
    }
    assert_eq!(stars(&mut other, "G ann list")[0][4], "5");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM review WHERE word = 'apple'"), ["5"]);
}

fn an_import_needs_no_lookup(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = reader(&daemon, &["apple"]);
    ann.ask("G ann add apple");
    let reply = ann.ask(r"G ann import apple\tfruit\nxyzzy\npears\tfruit\tgreen\nzoo");
    assert_eq!(reply, ["OK 4", "apple\tknown", "xyzzy\tnotfound", "pear\tnew", "zoo\tnew"]);
    assert_eq!(words(&mut ann, "G ann list"), ["apple", "pear", "zoo"]);
    assert_eq!(ann.history("ann"), ["apple"], "nothing is recorded");
}

fn whose_notebook_it_is(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = reader(&daemon, &["apple"]);
    ann.ask("G ann add apple");
    let mut bob = daemon.connect_as("bob");
    let mut nobody = daemon.connect();
    for request in [
        "add apple",
        "import apple",
        "remove apple",
        "grade 3 apple",
        "list",
        "due 2026-11-23T05:32:10Z",
        "count 2026-11-23T05:32:10Z",
    ] {
        assert_eq!(nobody.refused(&format!("G ann {request}")), "denied", "{request}");
        assert_eq!(bob.refused(&format!("G ann {request}")), "denied", "{request}");
    }
    for request in
        ["G", "G ann", "G ann ", "G ann frob", "G ann add", "G ann add  ", "G ann grade 5 apple", "G ann due now"]
    {
        assert_eq!(ann.refused(request), "badreq", "{request}");
    }
    assert_eq!(bob.ask("G bob list"), ["OK 0"]);
    assert_eq!(words(&mut ann, "G ann list"), ["apple"]);
}

fn a_locked_account_is_denied(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = reader(&daemon, &["apple"]);
    let mut sessions: Vec<Connection> = (0..7).map(|_| daemon.connect()).collect();
    sessions.iter_mut().for_each(|session| session.login("ann"));
    ann.ask("G ann add apple");
    assert!(daemon.tool(&["user", "lock", "ann"]).status.success());
    let requests = [
        "add apple",
        "import apple",
        "remove apple",
        "grade 3 apple",
        "list",
        "due 2026-11-23T05:32:10Z",
        "count 2026-11-23T05:32:10Z",
    ];
    for (session, request) in sessions.iter_mut().zip(requests) {
        assert_eq!(session.refused(&format!("G ann {request}")), "denied", "{request}");
        assert_eq!(session.refused("H ann"), "denied", "{request}");
    }
    assert!(daemon.tool(&["user", "unlock", "ann"]).status.success());
    ann.login("ann");
    assert_eq!(stars(&mut ann, "G ann list")[0][3..5], ["new", "0"]);
}

fn pages_of_five_hundred(store: Store) {
    let all: Vec<String> = (0..1_200).map(|n| format!("w{n:04}")).collect();
    let text: String = all.iter().map(|word| format!("{word} n. {word}\n")).collect();
    let daemon = Setup::new(store).words(text).start();
    let mut ann = daemon.connect_as("ann");
    for some in all.chunks(100) {
        let reply = ann.ask(&format!("G ann import {}", some.join("\\n")));
        assert!(reply.len() == 101 && reply[1..].iter().all(|line| line.ends_with("\tnew")), "{reply:?}");
    }
    let mut read = words(&mut ann, "G ann list");
    assert_eq!(read.len(), 500);
    while let Some(last) = read.last() {
        let page = words(&mut ann, &format!("G ann list {last}"));
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert_eq!(read, all);
    assert_eq!(words(&mut ann, &format!("G ann due {FOR_EVER}")).len(), 500);
}

fn a_budget_like_that_of_other_changes(store: Store) {
    let daemon = Setup::new(store).options("--exempt-source none").start();
    let mut ann = reader(&daemon, &["apple"]);
    // What only reads costs nothing.
    for _ in 0..400 {
        assert_eq!(ann.ask("G ann list"), ["OK 0"]);
    }
    let refused = (0..400).map(|_| ann.ask_line("G ann add apple")).position(|reply| code(&reply) == Some("busy"));
    assert!(refused.is_some_and(|after| after >= 299), "{refused:?}");
    assert!(ann.at_eof());
}

/// A star or a grade that was refused in an outage is not kept, not even half; lookups go on, and what waits in the
/// spool can be starred when it has arrived.
#[test]
fn an_outage_keeps_nothing_by_halves() {
    let (mut server, daemon): (MariaDb, Daemon) = {
        let (server, setup) = crate::spool::private("");
        (server, setup.start())
    };
    let mut ann = reader(&daemon, &["apple", "pear"]);
    assert_eq!(ann.ask_line("G ann add apple"), "OK apple");
    server.kill();
    for request in ["G ann add pear", r"G ann add apple\ttag\tnote", "G ann grade 1 apple", "G ann grade 1 pear"] {
        assert_eq!(ann.refused(request), "unavailable", "{request}");
    }
    assert!(ann.ask_line("Q ann zoo").starts_with("OK zoo\t"));
    assert_eq!(ann.refused("G ann add zoo"), "unavailable");
    server.restart();
    let starred = wait_for("a star after the outage", Duration::from_secs(20), || {
        let reply = ann.ask_line("G ann add zoo");
        assert!(reply == "OK zoo" || code(&reply) == Some("unavailable"), "{reply}");
        reply.starts_with("OK").then_some(reply)
    });
    assert_eq!(starred, "OK zoo");
    let rows = stars(&mut ann, "G ann list");
    assert_eq!(rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["apple", "zoo"]);
    assert_eq!(rows[0][3..], ["new", "0", "0", "", ""]);
    assert_eq!(server.sql("USE dict; SELECT COUNT(*) FROM review").trim(), "0");
}

/// The server dies again and again while words are graded: what was acknowledged is there, once.
#[test]
fn grades_are_exactly_once() {
    let (mut server, setup) = crate::spool::private("");
    let daemon = setup.start();
    let mut ann = reader(&daemon, &["apple"]);
    assert_eq!(ann.ask_line("G ann add apple"), "OK apple");
    let mut acknowledged = 0;
    for round in 0..4 {
        for _ in 0..5 {
            let reply = ann.ask_line("G ann grade 3 apple");
            assert!(reply.starts_with("OK 2") || code(&reply) == Some("unavailable"), "{reply}");
            acknowledged += u32::from(reply.starts_with("OK 2"));
        }
        if round < 3 {
            server.restart();
        }
    }
    let reps = wait_for("the stars", Duration::from_secs(20), || {
        let lines = ann.ask("G ann list");
        (lines[0] == "OK 1").then(|| lines[1].split('\t').nth(4).map(str::to_owned))
    });
    // A refusal may hide a grade that was kept; no grade is kept twice.
    let kept: u32 = reps.expect("a number of reviews").parse().expect("a number");
    assert_eq!(server.sql("USE dict; SELECT COUNT(*) FROM review").trim(), kept.to_string());
    assert!((acknowledged..=20).contains(&kept) && acknowledged >= 5, "{acknowledged} {kept}");
}
