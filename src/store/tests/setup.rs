//! Making and checking the schema.

use super::*;

on_both!(
    init_can_be_repeated,
    twenty_at_once,
    every_older_schema_is_brought_to_ours,
    an_interrupted_step_is_finished,
    what_is_new_takes_the_longest_and_goes_with_its_account,
);

fn init_can_be_repeated(bed: &Bed) {
    let ann = register(&mut *bed.open(), "ann");
    for _ in 0..2 {
        init(&bed.location, key()).unwrap();
        check(&bed.location, key()).unwrap();
    }
    assert_eq!(bed.open().account("ann").unwrap().unwrap().id, ann);
    assert_eq!(bed.sql("SELECT value FROM meta WHERE name = 'schema_version'"), "4\n");
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

/// What each version that was ever in use made of an empty database.
const MARIADB_OF_OLD: [&str; 3] = [
    include_str!("../../../tests/schemas/mariadb-1.sql"),
    include_str!("../../../tests/schemas/mariadb-2.sql"),
    include_str!("../../../tests/schemas/mariadb-3.sql"),
];
const SQLITE_OF_OLD: [&str; 3] = [
    include_str!("../../../tests/schemas/sqlite-1.sql"),
    include_str!("../../../tests/schemas/sqlite-2.sql"),
    include_str!("../../../tests/schemas/sqlite-3.sql"),
];
/// A user's history in it, and a dictionary.
const CONTENT_OF_OLD: &str = "\
    INSERT INTO user (id, name, passwd, locked, created) VALUES (7, 'ann', 'x', 0, '2026-01-02 03:04:05.000006');
    INSERT INTO hist (user_id, name, word, time, origin) VALUES (7, 'ann', 'a', '2026-01-03 00:00:00.000001', 5);
    INSERT INTO words (id, word, folded, interpret) VALUES (3, 'Apple', 'apple', 'n. 苹果'), (4, 'bee', 'bee', 'x');
    INSERT INTO meta (name, value) VALUES ('title', 'A dictionary'), ('headwords', '2');";

/// A database as an older version left it, on the store of this bed.
fn of_old(bed: &Bed, version: usize) -> Bed {
    match &bed.location {
        Location::MySql(_) => {
            let statements = format!("{} {CONTENT_OF_OLD}", MARIADB_OF_OLD[version - 1]);
            Bed { location: database(&statements), _directory: None }
        }
        Location::Sqlite(_) => {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("cidian.db");
            let old = rusqlite::Connection::open(&path).unwrap();
            old.execute_batch(&format!("PRAGMA journal_mode = WAL; {}", SQLITE_OF_OLD[version - 1])).unwrap();
            old.execute_batch(CONTENT_OF_OLD).unwrap();
            Bed { location: Location::Sqlite(path), _directory: Some(directory) }
        }
    }
}

/// A database of each older version: a daemon on a server wants `init-db`, the embedded one helps itself; either way
/// nothing is lost, all that is new works, and the shape is the one that a new database has.
fn every_older_schema_is_brought_to_ours(bed: &Bed) {
    for version in 1..=3 {
        let old = of_old(bed, version);
        assert_eq!(old.sql("SELECT value FROM meta WHERE name = 'schema_version'"), format!("{version}\n"));
        if let Location::MySql(_) = old.location {
            let message = refusal(check(&old.location, key()));
            let named = format!("version {version}");
            assert!(message.contains("cidiand init-db") && message.contains(&named), "{message}");
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| init(&old.location, key()).unwrap());
            }
        });
        check(&old.location, key()).unwrap();
        assert_is_ours(&old, bed);
        let mut store = old.open();
        let ann = store.account("ann").unwrap().unwrap().id;
        assert_eq!(words_of(&mut *store, ann), ["a"]);
        assert_eq!(store.words_keyed(&["apple".to_owned()]).unwrap(), [("Apple".to_owned(), "n. 苹果".to_owned())]);
        assert_eq!(store.about_words().unwrap().title, "A dictionary");
        assert_eq!(
            old.sql("SELECT id, word, dictionary, lookup_key FROM words ORDER BY id"),
            "3\tApple\t\tapple\n4\tbee\t\tbee\n"
        );
        let rows = [WordRow { word: "new", dictionary: "", folded: "new", key: "new", interpret: "x" }];
        assert_eq!(store.replace_words(&AboutWords::default(), &mut rows.into_iter(), &mut |_| {}), done(1));
        assert_eq!(old.sql("SELECT word FROM words"), "new\n");
        let token = Token::draw().unwrap().hash();
        assert_eq!(store.keep_token(ann, &token).unwrap(), Standing::Live);
        // Once more: nothing changes.
        let identity = old.sql("SELECT value FROM meta WHERE name = 'identity'");
        init(&old.location, key()).unwrap();
        assert_eq!(old.sql("SELECT value FROM meta WHERE name = 'identity'"), identity);
    }
}

/// An upgrade that was interrupted at any of its steps is finished.
fn an_interrupted_step_is_finished(bed: &Bed) {
    let fixture = |of: &Bed| register(&mut *of.open(), "ann");
    let ann = fixture(bed);
    for undo in [
        "DROP TABLE token",
        "DROP TABLE review",
        "DROP TABLE star",
        "DROP TABLE dict_key",
        "DELETE FROM meta WHERE name = 'identity'",
        "DELETE FROM meta WHERE name = 'words_generation'",
        "UPDATE meta SET value = '3' WHERE name = 'schema_version'",
    ] {
        bed.sql(undo);
        bed.sql("UPDATE meta SET value = '1' WHERE name = 'schema_version'");
        init(&bed.location, key()).unwrap();
        check(&bed.location, key()).unwrap();
        assert_eq!(bed.open().account("ann").unwrap().unwrap().id, ann, "{undo}");
        assert_is_ours(bed, bed);
    }
}

/// A headword of the greatest length that there may be is kept wherever one is, and goes with its account.
fn what_is_new_takes_the_longest_and_goes_with_its_account(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let word = "𠮷".repeat(MAX_WORD_CHARS);
    assert_eq!(store.record(ann, &[record_of(&word, 0, 1)]).unwrap(), Standing::Live);
    let folded = word.repeat(2).chars().take(510).collect::<String>();
    let rows = [WordRow { word: &word, dictionary: "", folded: &folded, key: &folded, interpret: "x" }];
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows.into_iter(), &mut |_| {}), done(1));
    let (id, time) = (ann.number, "'2026-01-03 00:00:00.000001'");
    bed.sql(&format!("UPDATE words SET lookup_key = '{folded}', dictionary = '{}'", "d".repeat(64)));
    bed.sql(&format!(
        "INSERT INTO words (word, dictionary, folded, interpret) VALUES ('{word}', 'e', '{folded}', 'y')"
    ));
    bed.sql(&format!("INSERT INTO dict_key (user_id, secret, created) VALUES ({id}, 'k', {time})"));
    bed.sql(&format!(
        "INSERT INTO star (user_id, word, created, tags, note, due) VALUES ({id}, '{word}', {time}, '', '', {time})"
    ));
    bed.sql(&format!("INSERT INTO review (user_id, time, origin, word, grade) VALUES ({id}, {time}, 1, '{word}', 3)"));
    assert_eq!(words_of(&mut *store, ann), [word]);
    assert_eq!(store.delete_account(ann).unwrap(), Standing::Live);
    for table in ["hist", "token", "dict_key", "star", "review"] {
        assert_eq!(bed.sql(&format!("SELECT COUNT(*) FROM {table}")), "0\n", "{table}");
    }
}

/// The shape of a database is that of one that was made new, and it has an identity of its own.
fn assert_is_ours(bed: &Bed, kind: &Bed) {
    let fresh = match kind.location {
        Location::MySql(_) => Bed::mariadb(),
        Location::Sqlite(_) => Bed::sqlite(),
    };
    let shape = |bed: &Bed| match bed.location {
        Location::MySql(_) => bed.sql(
            "SELECT table_name, column_name, column_type, is_nullable, column_default, collation_name, column_key, \
             ordinal_position FROM information_schema.columns WHERE table_schema = DATABASE() \
             ORDER BY table_name, ordinal_position; \
             SELECT table_name, index_name, seq_in_index, column_name, non_unique FROM information_schema.statistics \
             WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index",
        ),
        Location::Sqlite(_) => bed.sql(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
        ),
    };
    // However the statements were laid out.
    let shape = |bed: &Bed| shape(bed).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(shape(bed), shape(&fresh));
    assert_eq!(bed.sql("SELECT value FROM meta WHERE name = 'schema_version'"), "4\n");
    let identity = |bed: &Bed| bed.sql("SELECT value FROM meta WHERE name = 'identity'").trim().to_owned();
    let (ours, another) = (identity(bed), identity(&fresh));
    assert!(ours != another && ours.len() == 32 && ours.chars().all(|c| c.is_ascii_hexdigit()), "{ours} {another}");
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
    shared().sql(&format!("UPDATE {}.meta SET value = '5' WHERE name = 'schema_version'", server.database));
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
    // By name: `localhost` may be ::1 first, where nothing listens.
    register(&mut *open(&right, key()).unwrap(), "ann");
    let wrong = Location::parse(&url("wr0ng")).unwrap();
    let message = refusal(check(&wrong, key()));
    assert!(!message.contains("wr0ng"), "{message}");
    let forbidden = Location::parse(&url("s3cret%20pass%2Fword").replace("/tcp", "/mysql")).unwrap();
    refusal(init(&forbidden, key()));
}

/// The locks have the names that versions before gave them, when the server hashed: an old one and a new one exclude
/// each other.
#[test]
fn locks_have_the_names_of_before() {
    if support::mariadb::is_mysql() {
        // From version 9 on it has no MD5().
        return;
    }
    let bed = Bed::mariadb();
    let Location::MySql(server) = &bed.location else { unreachable!() };
    let name = crate::store::mysql::statements::lock_name("init", &server.database);
    assert_eq!(bed.sql("SELECT CONCAT('cidian.init.', MD5(DATABASE()))").trim(), name);
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

/// Settings of the server that weaken our promise are reported, and nothing else is.
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
    let mut rows = words.iter().map(|word| WordRow { word, dictionary: "", folded: word, key: word, interpret: "x" });
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {}), done(2_000));
    use crate::store::mysql::statements::{BEGINNING, keyed, look_up};
    use crate::store::statements::HISTORY;
    let (keyed, look_up) = (keyed(), look_up(8));
    let keys = vec!["'w0001'"; keyed.matches('?').count()];
    let mut looked_up = vec!["'1'"; look_up.matches('?').count()];
    looked_up[1] = "'2026-01-02 03:04:05.000006'";
    bed.sql("ANALYZE TABLE hist, words");
    for (statement, parameters, index) in [
        (HISTORY, &["1", "10"][..], "PRIMARY"),
        (BEGINNING, &["'w1'", "'w2'", "1", "10"], "folded"),
        (&keyed, &keys, "lookup_key"),
        (&look_up, &looked_up, "lookup_key"),
    ] {
        let text = parameters.iter().fold(statement.to_owned(), |text, value| text.replacen('?', value, 1));
        let plan = bed.sql(&format!("EXPLAIN {text}"));
        assert!(plan.contains(index) && !plan.contains("temporary"), "{text}\n{plan}");
        // Of one key there are few spellings: sorting them is no harm.
        assert!(statement == keyed || !plan.contains("filesort"), "{text}\n{plan}");
    }
}
