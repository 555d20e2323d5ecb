//! What a lookup in table `words` costs the database: one statement, prepared once for each connection, however many
//! steps the lookup takes.

use crate::spool::private;

/// The statements that sessions have run in table `words`, or of an account's standing, since the log was emptied: each
/// with how often it was prepared and run.
fn statements(server: &support::mariadb::MariaDb, kind: &str, part: &str) -> usize {
    let count = server.sql(&format!(
        "SELECT COUNT(*) FROM mysql.general_log WHERE command_type = '{kind}' AND argument LIKE '%{part}%' \
         AND argument NOT LIKE '%general_log%'"
    ));
    count.trim().parse().expect("a number")
}

#[test]
fn a_lookup_is_one_statement() {
    let (server, setup) = private("--lookup database");
    let file = setup.path("file");
    std::fs::write(&file, "Apple\tn. x\napple\tn. x\ngive up\tv. x\nrun\tv. x\n").expect("a file");
    assert!(setup.run(&["words", "load", file.to_str().expect("UTF-8")]).status.success());
    let daemon = setup.start();
    let mut ann = daemon.connect_as("ann");
    // The connection is open, and it is known that all rows have keys.
    assert_eq!(ann.refused("Q ann nothing"), "notfound");
    server.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1");
    let texts = ["apple", "APPLE", "running", "gave up", "xyzzy", "unbelievableness", "looked forward to", "apple's"];
    let rounds = 20;
    for text in texts.iter().cycle().take(texts.len() * rounds) {
        let reply = ann.ask_line(&format!("Q ann {text}"));
        assert!(reply.starts_with("OK ") || reply.starts_with("FAIL notfound "), "{text}: {reply}");
    }
    server.sql("SET GLOBAL general_log = 0");
    let count = |part: &str| statements(&server, "Execute", part);
    // The first that is not a headword as it is typed takes two: all other keys are asked for then, and of the next
    // ones at once.
    assert_eq!(count("LEFT JOIN words"), (texts.len() + 1) * rounds);
    // What follows a headword as it stands is asked for as such first, with the valid generation or, where that was read
    // a moment ago, without it. No other question of the words or of the account, but now and then whether there are
    // rows without a key.
    let keyless = count("lookup_key IS NULL");
    assert_eq!(count("FROM words") - keyless + count("FROM meta JOIN words"), rounds);
    assert_eq!(count("FROM user WHERE id") - count("INSERT INTO hist"), 0);
    assert!(keyless < texts.len() * rounds, "{keyless}");
    // A statement for each size of the list of keys.
    let prepared = statements(&server, "Prepare", "LEFT JOIN words");
    assert!((1..=6).contains(&prepared), "{prepared}");
}
