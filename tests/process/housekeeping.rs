//! `cidiand export-user` and `cidiand history prune`, beside a running daemon.

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use support::{Daemon, PASSWD, Setup, Store, on_both_stores, wait_until};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

on_both_stores!(all_of_an_account, a_long_history_is_exported, old_lookups_go, the_daemon_goes_on);

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn refused(output: &Output, status: i32, part: &str) {
    let why = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{why}");
    assert!(why.contains(part), "{why}");
}

fn export(daemon: &Daemon, name: &str) -> Value {
    serde_json::from_str(&said(&daemon.tool(&["export-user", name]))).expect("one JSON object")
}

fn instant(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().expect("a text"), &Rfc3339).expect("RFC 3339")
}

/// A number of old lookups of an account, put into the database past the daemon, a second after each other from `first`
/// on. At most ten thousand.
fn old_lookups(daemon: &Daemon, name: &str, count: u32, first: &str) {
    let digit = "(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 \
        UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let number = "a.d + 10 * b.d + 100 * c.d + 1000 * e.d";
    daemon.sql(&format!(
        "INSERT INTO hist (user_id, name, word, time, origin) SELECT id, name, 'old', '{first}', {number} \
         FROM user, {digit} a, {digit} b, {digit} c, {digit} e WHERE name = '{name}' AND {number} < {count}"
    ));
}

fn all_of_an_account(store: Store) {
    let daemon = Daemon::over(store);
    let begin = OffsetDateTime::now_utc() - Duration::SECOND;
    let mut ann = daemon.connect_as("ann");
    daemon.connect_as("bob").ask("Q bob bank");
    for word in ["apple", "ice cream", "apple"] {
        ann.ask(&format!("Q ann {word}"));
    }
    assert_eq!(ann.ask_line(r"G ann add ice cream\tfood\tI ate one."), "OK ice cream");
    assert_eq!(ann.ask_line("G ann add apple"), "OK apple");
    assert!(ann.ask_line("G ann grade 4 apple").starts_with("OK 2"));
    let token = ann.ask_line("K ann");
    let token = token.strip_prefix("OK ").expect("a token").to_owned();
    let text = said(&daemon.tool(&["export-user", "ann"]));
    let all: Value = serde_json::from_str(&text).expect("one JSON object");
    let keys: Vec<&String> = all.as_object().expect("an object").keys().collect();
    assert_eq!(keys.len(), 8, "{text}");
    let help = said(&daemon.tool(&["export-user", "--help"]));
    let list = help.split_once("Its keys: ").and_then(|(_, rest)| rest.split_once("Times")).expect("a list").0;
    assert!(keys.iter().all(|key| list.contains(key.as_str())), "{keys:?}: {list}");
    assert_eq!((&all["name"], &all["locked"]), (&"ann".into(), &false.into()));
    let words: Vec<&Value> = all["history"].as_array().expect("a list").iter().map(|row| &row["word"]).collect();
    assert_eq!(words, ["apple", "ice cream", "apple"]);
    let times: Vec<String> =
        ann.ask("H ann all")[1..].iter().map(|row| row.rsplit('\t').next().unwrap().to_owned()).collect();
    let exported: Vec<&Value> = all["history"].as_array().expect("a list").iter().map(|row| &row["time"]).collect();
    assert_eq!(exported, times.iter().collect::<Vec<_>>(), "the same times as H has, newest first");
    for time in [&all["created"], &all["exported"], &all["tokens"][0]["created"], &all["tokens"][0]["last_used"]] {
        assert!((begin..=OffsetDateTime::now_utc() + Duration::SECOND).contains(&instant(time)), "{text}");
    }
    assert_eq!(all["tokens"].as_array().map(Vec::len), Some(1));
    let stars = all["stars"].as_array().expect("a list");
    assert_eq!(stars.iter().map(|star| &star["word"]).collect::<Vec<_>>(), ["apple", "ice cream"]);
    assert_eq!((&stars[1]["tags"], &stars[1]["note"]), (&serde_json::json!(["food"]), &"I ate one.".into()));
    assert_eq!((&stars[0]["reps"], &stars[1]["last_review"]), (&1.into(), &Value::Null));
    assert_eq!((&all["reviews"][0]["word"], &all["reviews"][0]["grade"]), (&"apple".into(), &4.into()));
    for secret in [PASSWD, "argon2", &token, "bank"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // Into a private file; and a locked account has a right to its data, too.
    assert!(daemon.tool(&["user", "lock", "ann"]).status.success());
    assert_eq!(said(&daemon.tool(&["export-user", "ann", "-o", "ann.json"])), "");
    let file = daemon.path("ann.json");
    let all: Value = serde_json::from_slice(&std::fs::read(&file).expect("the file")).expect("JSON");
    assert_eq!((&all["locked"], all["history"].as_array().map(Vec::len)), (&true.into(), Some(3)));
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(export(&daemon, "bob")["tokens"], Value::Array(Vec::new()));
    refused(&daemon.tool(&["export-user", "carl"]), 65, "there is no account carl");
    refused(&daemon.tool(&["export-user", "ann", "-o", "nowhere/ann.json"]), 71, "nowhere/ann.json");
    let before = std::fs::read(&file).expect("the file");
    refused(&daemon.tool(&["export-user", "carl", "-o", "ann.json"]), 65, "there is no account carl");
    assert_eq!(std::fs::read(&file).expect("the file"), before, "a failure leaves the old file");
}

/// Several pages, with rows of the same moment across their borders.
fn a_long_history_is_exported(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    old_lookups(&daemon, "ann", 3_500, "2020-01-01 00:00:00.000000");
    ann.ask("Q ann zoo");
    let all = export(&daemon, "ann");
    let history = all["history"].as_array().expect("a list");
    assert_eq!(history.len(), 3_501);
    assert_eq!((&history[0]["word"], &history[3_500]["word"]), (&"zoo".into(), &"old".into()));
    assert_eq!(history[3_500]["time"], "2020-01-01T00:00:00.000000Z");
    // A reader that stops is not a failure.
    let mut command = daemon.tool_command(&["export-user", "ann"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("cidiand runs");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}

fn old_lookups_go(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    daemon.connect().register("bob");
    daemon.connect().register("carl");
    ann.ask("Q ann apple");
    old_lookups(&daemon, "ann", 2_500, "2019-12-31 23:59:59.999999");
    old_lookups(&daemon, "bob", 1_000, "2020-01-01 00:00:00.000000");
    assert!(daemon.tool(&["user", "lock", "bob"]).status.success());
    let count = || daemon.sql("SELECT COUNT(*) FROM hist").concat();
    let prune = |arguments: &[&str]| said(&daemon.tool(&[&["history", "prune"], arguments].concat()));
    let dry = prune(&["--older-than", "2y", "--dry-run"]);
    assert!(dry.contains("3500 lookups of 2 accounts from before ") && dry.contains(" would be deleted"), "{dry}");
    assert_eq!(count(), "3501");
    // Nothing is so old.
    let none = prune(&["--older-than", "200y"]);
    assert!(none.contains("0 lookups of 0 accounts"), "{none}");
    assert_eq!(count(), "3501");
    let text = prune(&["--older-than", "18 months"]);
    assert!(text.contains("3500 lookups of 2 accounts from before ") && text.contains(" deleted"), "{text}");
    assert_eq!(daemon.sql("SELECT word FROM hist"), ["apple"]);
    assert_eq!(ann.history("ann"), ["apple"]);
    assert!(prune(&["--older-than", "1d"]).contains("0 lookups of 0 accounts"));
    // The cutoff is exact.
    let year = OffsetDateTime::now_utc().year();
    old_lookups(&daemon, "ann", 1, &format!("{}-01-01 00:00:00.000000", year - 1));
    old_lookups(&daemon, "ann", 1, &format!("{}-01-01 00:00:00.000000", year - 3));
    assert!(prune(&["--older-than", "2 years"]).contains("1 lookup of 1 account "));
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM hist"), ["2"]);
    for wrong in ["2", "2m", "0d", "-2y", "yesterday", "99999y"] {
        let output = daemon.tool(&["history", "prune", &format!("--older-than={wrong}")]);
        assert_eq!(output.status.code(), Some(64), "{wrong}: {output:?}");
    }
    assert_eq!(daemon.tool(&["history", "prune"]).status.code(), Some(64));
}

/// While much is deleted, lookups are answered, and all of them are kept.
fn the_daemon_goes_on(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    for name in ["bob", "carl", "dora"] {
        daemon.connect().register(name);
        old_lookups(&daemon, name, 10_000, "2020-01-01 00:00:00.000000");
    }
    let mut prune = daemon.tool_command(&["history", "prune", "--older-than", "2y"]);
    let mut prune = prune.stdout(std::process::Stdio::null()).spawn().expect("cidiand runs");
    let mut lookups = 0;
    wait_until("everything old to be gone", || {
        assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
        lookups += 1;
        prune.try_wait().expect("it can be waited for").is_some()
    });
    assert!(prune.wait().expect("it has ended").success());
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM hist"), [lookups.to_string()]);
    assert_eq!(daemon.status()["database_errors"], 0);
}

#[test]
fn without_a_schema_or_a_server() {
    let url = support::shared_mariadb().url("no_such_database_here");
    for arguments in [&["export-user", "ann"][..], &["history", "prune", "--older-than", "2y"]] {
        let output = Setup::new(Store::Url(url.clone())).run(arguments);
        refused(&output, 78, "cidiand init-db");
        let output =
            Setup::new(Store::Url("mysql://root@localhost/x?socket=/nonexistent/socket".into())).run(arguments);
        refused(&output, 69, "/nonexistent/socket");
    }
}
