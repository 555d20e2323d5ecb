//! Making and checking the schema.

use super::*;

on_both!(init_can_be_repeated, twenty_at_once, an_older_schema_is_brought_to_ours);

fn init_can_be_repeated(bed: &Bed) {
    let ann = register(&mut *bed.open(), "ann");
    for _ in 0..2 {
        init(&bed.location, key()).unwrap();
        check(&bed.location, key()).unwrap();
    }
    assert_eq!(bed.open().account("ann").unwrap().unwrap().id, ann);
    assert_eq!(bed.sql("SELECT value FROM meta WHERE name = 'schema_version'"), "2\n");
}

fn twenty_at_once(bed: &Bed) {
    let fresh = match &bed.location {
        Location::MySql(server) => Location::MySql(Server { database: new_name(), ..server.clone() }),
        Location::Sqlite(path) => Location::Sqlite(path.with_file_name("new/fresh.db")),
    };
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| init(&fresh, key()).unwrap());
        }
    });
    check(&fresh, key()).unwrap();
    register(&mut *open(&fresh, key()).unwrap(), "ann");
}

/// A database of version 1, with somebody's history in it: a daemon on a server wants `init-db`, the embedded one helps
/// itself; either way nothing is lost. An upgrade that was interrupted is finished.
fn an_older_schema_is_brought_to_ours(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    assert_eq!(store.record(ann, &[record_of("a", 0, 1)]).unwrap(), Standing::Live);
    drop(store);
    for interrupted in [false, true] {
        if !interrupted {
            bed.sql("DROP TABLE token");
        }
        bed.sql("UPDATE meta SET value = '1' WHERE name = 'schema_version'");
        match bed.location {
            Location::MySql(_) => {
                let message = refusal(check(&bed.location, key()));
                assert!(message.contains("cidiand init-db") && message.contains("version 1"), "{message}");
                init(&bed.location, key()).unwrap();
            }
            Location::Sqlite(_) => {}
        }
        check(&bed.location, key()).unwrap();
        assert_eq!(bed.sql("SELECT value FROM meta WHERE name = 'schema_version'"), "2\n");
        let mut store = bed.open();
        assert_eq!(words_of(&mut *store, ann), ["a"]);
        let token = Token::draw().unwrap().hash();
        assert_eq!(store.keep_token(ann, &token).unwrap(), Standing::Live);
        assert_eq!(store.account_of_token("ann", &token).unwrap(), Some(ann));
    }
}

/// A database with these tables on the shared server.
fn database(statements: &str) -> Location {
    let name = new_name();
    shared().create_database(&name);
    shared().sql(&format!("USE {name}; {statements}"));
    Location::parse(&shared().url(&name)).unwrap()
}

fn refusal(outcome: Result<(), Error>) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, Kind::Configuration, "{error}");
    error.message
}

#[test]
fn check_says_what_is_wrong() {
    let nowhere = Location::parse(&shared().url("no_such_database")).unwrap();
    assert!(refusal(check(&nowhere, key())).contains("cidiand init-db"));
    let empty = database("");
    assert!(refusal(check(&empty, key())).contains("cidiand init-db"));
    let error = open(&empty, key()).unwrap().account("ann").unwrap_err();
    assert!(refusal(Err(error)).contains("cidiand init-db"));
    // An init that was interrupted half-way is completed.
    let half = database("CREATE TABLE meta (name VARCHAR(32) PRIMARY KEY, value TEXT NOT NULL)");
    assert!(refusal(check(&half, key())).contains("cidiand init-db"));
    init(&half, key()).unwrap();
    check(&half, key()).unwrap();
    let classroom = database("CREATE TABLE user (id INT PRIMARY KEY, name VARCHAR(32), passwd VARCHAR(16))");
    for outcome in [check(&classroom, key()), init(&classroom, key())] {
        assert!(refusal(outcome).contains("cidiand init-db --upgrade"));
    }
    for other in [
        "CREATE TABLE user (id INT PRIMARY KEY, name VARCHAR(32), passwd VARCHAR(16), mail TEXT)",
        "CREATE TABLE user (id INT PRIMARY KEY, name VARCHAR(32), passwd VARCHAR(16)); CREATE TABLE token (id INT)",
        "CREATE TABLE user (name TEXT, passwd TEXT, locked INT); CREATE TABLE hist (name TEXT, word TEXT, time TEXT)",
        "CREATE TABLE hist (name TEXT, word TEXT, time TEXT)",
    ] {
        let other = database(other);
        for outcome in [check(&other, key()), init(&other, key())] {
            assert!(refusal(outcome).contains("another program"));
        }
    }
    let other = database("CREATE TABLE meta (k INT); CREATE TABLE user (id INT)");
    assert!(refusal(check(&other, key())).contains("another program"));
    let newer = database("CREATE TABLE meta (name VARCHAR(32) PRIMARY KEY, value TEXT NOT NULL)");
    let Location::MySql(server) = &newer else { panic!("{newer}") };
    init(&newer, key()).unwrap();
    shared().sql(&format!("UPDATE {}.meta SET value = '3'", server.database));
    for outcome in [check(&newer, key()), init(&newer, key())] {
        assert!(refusal(outcome).contains("newer"));
    }
}

#[test]
fn a_wrong_password_is_the_configuration_s() {
    shared().sql("CREATE USER 'ann'@'%' IDENTIFIED BY 's3cret pass/word'; GRANT ALL ON tcp.* TO 'ann'@'%'");
    let url = |password: &str| format!("mysql://ann:{password}@localhost:{}/tcp", shared().port());
    let right = Location::parse(&url("s3cret%20pass%2Fword")).unwrap();
    init(&right, key()).unwrap();
    // By name: `localhost` may be ::1 first, where nobody listens.
    register(&mut *open(&right, key()).unwrap(), "ann");
    let wrong = Location::parse(&url("wr0ng")).unwrap();
    let message = refusal(check(&wrong, key()));
    assert!(!message.contains("wr0ng"), "{message}");
    let forbidden = Location::parse(&url("s3cret%20pass%2Fword").replace("/tcp", "/mysql")).unwrap();
    refusal(init(&forbidden, key()));
}

#[test]
fn nobody_there_is_the_world_s() {
    for url in
        ["mysql://u@127.0.0.1:1/d", "mysql://u@localhost/d?socket=/nowhere/s", "mysql://u@no-such-host.invalid/d"]
    {
        let location = Location::parse(url).unwrap();
        assert_eq!(check(&location, key()).unwrap_err().kind, Kind::World, "{url}");
    }
}

/// What the server's settings take from our promise is said, and nothing else.
#[test]
fn a_server_that_is_less_durable_is_told() {
    let weak = MariaDb::start_with(&["--innodb-flush-log-at-trx-commit=2", "--log-bin", "--sync-binlog=0"]);
    let found = weaknesses(&Bed::on(&weak).location, key()).unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("innodb_flush_log_at_trx_commit is 2") && found[1].contains("sync_binlog is 0"));
    weak.sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1; SET GLOBAL sync_binlog = 1");
    for fine in [&Bed::on(&weak), &Bed::mariadb(), &Bed::sqlite()] {
        assert_eq!(weaknesses(&fine.location, key()), Ok(Vec::new()));
    }
}

#[test]
fn schema_sql_can_be_fed_to_the_client() {
    let name = new_name();
    shared().create_database(&name);
    for _ in 0..2 {
        shared().sql(&format!("USE {name}; {}", schema::MYSQL));
    }
    check(&Location::parse(&shared().url(&name)).unwrap(), key()).unwrap();
}

#[test]
fn every_select_of_a_session_uses_an_index() {
    let bed = Bed::mariadb();
    let mut store = bed.open();
    for name in ["ann", "bob"] {
        let account = register(&mut *store, name);
        let records: Vec<_> = (0..500).map(|time| record_of("a", time, 1)).collect();
        assert_eq!(store.record(account, &records).unwrap(), Standing::Live);
    }
    let words: Vec<_> = (0..2_000).map(|n| format!("w{n:04}")).collect();
    let mut rows = words.iter().map(|word| WordRow { word, folded: word, interpret: "x" });
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {}), Ok(2_000));
    use crate::store::mysql::statements::{BEGINNING, FIND_FOLDED, HISTORY};
    bed.sql("ANALYZE TABLE hist, words");
    for (statement, parameters, index) in [
        (HISTORY, &["1", "10"][..], "PRIMARY"),
        (BEGINNING, &["'w1'", "'w2'", "1", "10"], "folded"),
        (FIND_FOLDED, &["'w0001'"], "folded"),
    ] {
        let text = parameters.iter().fold(statement.to_owned(), |text, value| text.replacen('?', value, 1));
        let plan = bed.sql(&format!("EXPLAIN {text}"));
        assert!(plan.contains(index) && !plan.contains("temporary"), "{text}\n{plan}");
        // Of one lower case there are few spellings: sorting them is no harm.
        assert!(statement == FIND_FOLDED || !plan.contains("filesort"), "{text}\n{plan}");
    }
}
