//! `init-db --upgrade`: databases of the classroom schema, on a real server.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use support::{Daemon, Setup, Store, shared_mariadb, wait_until};

/// A database with these tables, and a setup over it.
fn database(name: &str, tables: &str) -> Setup {
    shared_mariadb().create_database(name);
    shared_mariadb().sql(&format!("USE {name}; {tables}"));
    over(name)
}

fn over(name: &str) -> Setup {
    Setup::new(Store::Url(shared_mariadb().url(name)))
}

fn sql(name: &str, statement: &str) -> Vec<String> {
    shared_mariadb().sql(&format!("USE {name}; {statement}")).lines().map(str::to_owned).collect()
}

fn tables(name: &str) -> Vec<String> {
    sql(name, "SHOW TABLES")
}

/// Everything in the old tables, by whatever names they have.
fn rows(name: &str, begin: &str) -> Vec<String> {
    let all = |table: &str| sql(name, &format!("SELECT * FROM {begin}{table}"));
    [all("user"), all("hist"), all("words")].concat()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// It is refused with 78, and what to run is named.
fn refused(setup: &Setup) {
    for arguments in [&["init-db"][..], &[], &["--check"], &["user", "list"]] {
        let output = setup.run(arguments);
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {why}");
        assert!(why.contains("cidiand init-db --upgrade"), "{arguments:?}: {why}");
    }
}

/// As the course has it.
const COURSE: &str = "\
    CREATE TABLE user (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(32) NOT NULL, passwd VARCHAR(16) DEFAULT '000000')
        CHARACTER SET utf8;
    CREATE TABLE hist (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(32) NOT NULL, word VARCHAR(32) NOT NULL,
        time VARCHAR(128)) CHARACTER SET utf8;
    CREATE TABLE words (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(32), interpret TEXT) CHARACTER SET utf8;
    INSERT INTO user (id, name, passwd) VALUES (3, 'ann', 'abc123'), (5, '李雷', '000000'), (9, 'bob', 'p w');
    INSERT INTO hist (id, name, word, time) VALUES
        (2, 'ann', 'apple', 'Mon Nov 23 13:32:10 2026'),
        (3, 'ann', 'zoo', 'Mon Nov 23 13:32:10 2026'),
        (4, '李雷', '苹果', 'Tue Dec  1 00:00:00 2026'),
        (7, 'ann', 'pear', 'Sun Nov 22 09:00:00 2026');
    INSERT INTO words (word, interpret) VALUES ('apple', 'n. 苹果'), ('bank', 'n. 银行'), ('bank', 'n. 河岸\\nv. 存\\\\'),
        ('Zoo', 'n. 动物园');";

/// The names of our tables and of these, in their order.
fn with_ours(others: &[&'static str]) -> Vec<&'static str> {
    let ours = ["dict_key", "hist", "meta", "review", "star", "token", "user", "words"];
    let mut names = [&ours, others].concat();
    names.sort_unstable();
    names
}

#[test]
fn the_database_of_the_course() {
    let name = "course";
    let setup = database(name, COURSE);
    refused(&setup);
    let before = rows(name, "");
    let text = said(&setup.run(&["init-db", "--upgrade", "--time-zone", "Asia/Shanghai"]));
    assert!(text.contains("3 accounts, 4 lookups, 3 headwords; schema version 4 is in place"), "{text}");
    assert!(text.contains("DROP TABLE old_hist, old_user, old_words"), "{text}");
    assert_eq!(text.lines().count(), 2, "nothing was unreadable: {text}");
    assert_eq!(rows(name, "old_"), before, "the old tables are as they were");
    assert_eq!(tables(name), with_ours(&["old_hist", "old_user", "old_words"]));
    assert_eq!(sql(name, "SELECT id, name, locked FROM user ORDER BY id"), ["3\tann\t0", "5\t李雷\t0", "9\tbob\t0"]);
    assert_eq!(sql(name, "SELECT COUNT(*) FROM user WHERE passwd LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'"), ["3"]);
    let hist = "SELECT id, name, word, time FROM hist ORDER BY id";
    let expected = [
        "2\tann\tapple\t2026-11-23 05:32:10.000000",
        "3\tann\tzoo\t2026-11-23 05:32:10.000000",
        "4\t李雷\t苹果\t2026-11-30 16:00:00.000000",
        "7\tann\tpear\t2026-11-22 01:00:00.000000",
    ];
    assert_eq!(sql(name, hist), expected);
    // Each account's number, name, password and history belong together.
    let daemon = setup.options("--lookup database").start();
    let mut ann = daemon.connect();
    assert_eq!(ann.refused("L ann abc124"), "denied");
    ann.ok("L ann abc123");
    assert_eq!(ann.history("ann"), ["zoo", "apple", "pear"], "newest first, also within one second");
    assert_eq!(ann.ask("H ann 1")[1], "ann\tzoo\t2026-11-23T05:32:10.000000Z");
    assert_eq!(ann.ask_line("Q ann BANK"), "OK bank\tn. 银行\\nn. 河岸\\nv. 存\\\\");
    assert_eq!(ann.ask_line("Q ann zoo"), "OK Zoo\tn. 动物园");
    assert_eq!(ann.history("ann"), ["Zoo", "bank", "zoo", "apple", "pear"]);
    ann.ok("L 李雷 000000");
    assert_eq!(ann.history("李雷"), ["苹果"]);
    ann.ok("L bob p w");
    assert_eq!(ann.history("bob"), Vec::<String>::new());
    ann.ok("R carl x");
    assert_eq!(sql(name, "SELECT id FROM user WHERE name = 'carl'"), ["10"], "no number is used again");
    assert_eq!(ann.ask("I")[3], "headwords\t3");
    // Again: nothing to do, and nothing is done.
    let again = said(&daemon.tool(&["init-db", "--upgrade"]));
    assert!(again.contains("nothing to upgrade"), "{again}");
    assert!(said(&daemon.tool(&["init-db"])).contains("schema version 4 is in place"));
    assert_eq!(rows(name, "old_"), before);
    ann.ok("X bob p w");
    assert_eq!(sql(name, "SELECT COUNT(*) FROM user"), ["3"]);
    assert_eq!(sql(name, "SELECT COUNT(*) FROM old_user"), ["3"]);
    // The new tables hang together by themselves.
    sql(name, "DROP TABLE old_user, old_hist, old_words");
    assert_eq!(ann.ask_line("L ann abc123"), "OK");
    assert_eq!(ann.history("ann").len(), 5);
    sql(name, "DELETE FROM user WHERE name = 'ann'");
    assert_eq!(sql(name, "SELECT COUNT(*) FROM hist WHERE name = 'ann'"), ["0"], "the foreign key is there");
}

/// Tables without numbers, without unique names, MyISAM, in latin1, with UTF-8 in it.
const WILD: &str = "\
    CREATE TABLE user (name VARCHAR(40), passwd VARCHAR(16)) ENGINE = MyISAM CHARACTER SET latin1;
    CREATE TABLE hist (name VARCHAR(40), word VARCHAR(400), time VARCHAR(128)) ENGINE = MyISAM CHARACTER SET latin1;
    INSERT INTO user VALUES ('ann', 'one'), ('ann  ', 'two  '), ('ann', 'one'), (' bob lee', 'x'), (NULL, NULL), ('', ''),
        (REPEAT('x', 40), 'x'), ('Café', 'thé'), (x'e88bb9e69e9c', x'e88bb9');
    INSERT INTO hist VALUES ('ANN', 'first', 'Mon Nov 23 05:32:10 2026'), ('ann ', ' second ', '2026-11-23 05:32:11'),
        ('ann', 'third', 'yesterday'), ('gone', x'e88bb9e69e9c', '1795411930'), (NULL, NULL, NULL),
        ('ann', REPEAT('y', 300), 'Mon Nov 23 05:32:10 2026\\n'), ('bob lee', 'ice cream', 'Mon Nov 23 05:32:10 2026'),
        (x'e88bb9e69e9c', 'fin', 'Mon Nov 23 05:32:10 2026'), ('ann', 'a\\nb', 'Wed Feb 30 00:00:00 2026');";

#[test]
fn rows_of_every_kind() {
    let name = "wild";
    let setup = database(name, WILD);
    refused(&setup);
    let output = setup.run(&["init-db", "--upgrade", "--time-zone", "+00:00"]);
    let text = said(&output);
    // One for each row, and one for the lookups of a name without an account.
    assert!(text.contains("10 accounts, 9 lookups, 0 headwords"), "{text}");
    assert_eq!(tables(name), with_ours(&["old_hist", "old_user"]));
    let names: Vec<String> = sql(name, "SELECT name FROM user ORDER BY id");
    let long = "x".repeat(32);
    let expected = ["ann", "ann~2", "ann~3", "bob_lee", "unnamed", "unnamed~2", &long, "Café", "苹果", "gone"];
    assert_eq!(names, expected);
    assert_eq!(sql(name, "SELECT name FROM user WHERE locked"), ["gone"]);
    // By row: what could not be read, and what stands for it.
    for (row, part) in [
        ("table user, row 2: ", "ann~2"),
        ("table user, row 3: ", "ann~3"),
        ("table user, row 4: ", "bob_lee"),
        ("table user, row 5: ", "cidiand user passwd unnamed"),
        ("table hist, row 3: ", "the time 'yesterday' is unreadable; it is now 1970-01-01T00:00:00Z"),
        ("table hist, row 5: ", "the time NULL is unreadable"),
        ("table hist, row 5: ", "the word NULL is not valid; it is now '?'"),
        ("table hist, row 6: ", "the word 'yyyy"),
        ("table hist, row 9: ", "Wed Feb 30"),
    ] {
        assert!(text.lines().any(|line| line.starts_with(row) && line.contains(part)), "{row}{part}:\n{text}");
    }
    for secret in ["'one'", "two", "thé"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(output.stderr.is_empty(), "no bar where there is no terminal: {output:?}");
    let daemon = setup.start();
    let mut client = daemon.connect();
    for (login, words) in [
        ("ann one", &["second", "a b", "first", "third"][..]),
        ("ann~2 two", &[]),
        ("ann~3 one", &[]),
        ("bob_lee x", &["ice cream"]),
        ("Café thé", &[]),
        ("苹果 苹", &["fin"]),
    ] {
        client.ok(&format!("L {login}"));
        let mut history = client.history(login.split(' ').next().expect("a name"));
        if login == "ann one" {
            // The long word, cut where it had to be.
            let long = history.iter().position(|word| *word == "y".repeat(256)).expect("the long word");
            assert_eq!(long, 1, "{history:?}");
            history.remove(long);
            // Unreadable times are the oldest, in the order of the rows.
            assert_eq!(history, ["second", "first", "a b", "third"]);
        } else {
            assert_eq!(history, words, "{login}");
        }
    }
    assert_eq!(sql(name, "SELECT word, time FROM hist WHERE name = 'gone'"), ["苹果\t2026-11-23 05:32:10.000000"]);
    assert_eq!(sql(name, "SELECT word, time FROM hist WHERE name = 'unnamed'"), ["?\t1970-01-01 00:00:00.000000"]);
}

#[test]
fn times_and_zones() {
    let table = "CREATE TABLE user (name TEXT, passwd TEXT); INSERT INTO user VALUES ('ann', 'x');
        CREATE TABLE hist (name TEXT, word TEXT, time TIMESTAMP); SET time_zone = '+03:00';
        INSERT INTO hist VALUES ('ann', 'a', '2026-07-01 12:00:00')";
    // A column that the server keeps in UTC is in UTC, whatever zone is given.
    let setup = database("stamped", table);
    said(&setup.run(&["init-db", "--upgrade", "--time-zone", "-05:00"]));
    assert_eq!(sql("stamped", "SELECT time FROM hist"), ["2026-07-01 09:00:00.000000"]);
    // The same as DATETIME, in a zone with summer time; the machine's own zone by default.
    for (name, zone, own, expected) in [
        ("berlin", Some("Europe/Berlin"), "Asia/Tokyo", "2026-07-01 10:00:00.000000"),
        ("tokyo", None, "Asia/Tokyo", "2026-07-01 03:00:00.000000"),
        ("utc", Some("UTC"), "Asia/Tokyo", "2026-07-01 12:00:00.000000"),
    ] {
        let setup = database(name, &table.replace("TIMESTAMP", "DATETIME")).environment("TZ", own);
        let options: Vec<&str> = zone.map(|zone| vec!["--time-zone", zone]).unwrap_or_default();
        said(&setup.run(&[&["init-db", "--upgrade"], &options[..]].concat()));
        assert_eq!(sql(name, "SELECT time FROM hist"), [expected], "{name}");
    }
    for wrong in ["Nowhere/City", "../../etc/passwd", "+25", "", "/etc/passwd"] {
        let output = setup.run(&["init-db", "--upgrade", "--time-zone", wrong]);
        assert_eq!(output.status.code(), Some(64), "{wrong}: {output:?}");
    }
    let output = setup.run(&["init-db", "--time-zone", "UTC"]);
    assert_eq!(output.status.code(), Some(64), "only with --upgrade: {output:?}");
}

/// Where there is nothing old, it is `init-db`.
#[test]
fn nothing_to_upgrade() {
    let setup = over("made_by_upgrade");
    assert!(said(&setup.run(&["init-db", "--upgrade"])).contains("nothing to upgrade"));
    let daemon = setup.start();
    daemon.connect_as("ann");
    let daemon = Daemon::over(Store::Sqlite);
    assert!(said(&daemon.tool(&["init-db", "--upgrade"])).contains("nothing to upgrade"));
    let other = database("another_program", "CREATE TABLE user (uid INT, mail TEXT)");
    let output = other.run(&["init-db", "--upgrade"]);
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    assert_eq!(tables("another_program"), ["user"]);
}

/// Killed at any moment, nothing has changed, and the next attempt does all; or all was done.
#[test]
fn killed_midway() {
    let name = "killed";
    let setup = database(name, COURSE);
    let before = rows(name, "");
    let mut unfinished = 0;
    // At its n-th word to the server.
    for at in (4..200).step_by(5) {
        let inject = format!("inject=sendto,write,writev,sendmsg:signal=KILL:when={at}");
        let wrapped = over(name).wrapper(&["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject]);
        let output = wrapped.run(&["init-db", "--upgrade", "--time-zone", "UTC"]);
        if tables(name).contains(&"meta".to_owned()) {
            break;
        }
        assert!(!output.status.success(), "{output:?}");
        unfinished += 1;
        assert_eq!(rows(name, ""), before, "killed at {at}");
        if at % 20 == 4 {
            refused(&setup);
        }
    }
    assert!(unfinished >= 8, "{unfinished}");
    let text = said(&setup.run(&["init-db", "--upgrade"]));
    assert!(text.contains("nothing to upgrade"), "{text}");
    assert_eq!(rows(name, "old_"), before);
    assert_eq!(tables(name), with_ours(&["old_hist", "old_user", "old_words"]));
    assert_eq!(sql(name, "SELECT COUNT(*) FROM user JOIN hist ON user.id = hist.user_id"), ["4"]);
    let daemon = setup.start();
    daemon.connect().ok("L ann abc123");
}

/// A failure on the way leaves nothing behind.
#[test]
fn what_fails_changes_nothing() {
    let name = "busy_course";
    let refers = "time VARCHAR(128), uid INT DEFAULT 3, FOREIGN KEY (uid) REFERENCES user (id))";
    let setup = database(name, &COURSE.replace("time VARCHAR(128))", refers));
    let before = rows(name, "");
    // Another transaction has looked at the old table: it can't get another name now.
    let mut other = Command::new("mariadb")
        .args(["--no-defaults", "-uroot", "--batch", "--skip-column-names", "--unbuffered", "-S"])
        .arg(shared_mariadb().socket())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("mariadb runs");
    let mut says = other.stdin.take().expect("a piped stdin");
    writeln!(says, "USE {name}; BEGIN; SELECT COUNT(*) FROM hist;").expect("it listens");
    let mut line = String::new();
    BufReader::new(other.stdout.take().expect("a piped stdout")).read_line(&mut line).expect("its answer");
    assert_eq!(line.trim(), "4");
    let output = setup.run(&["init-db", "--upgrade"]);
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{why}");
    assert!(why.contains("nothing has changed"), "{why}");
    assert_eq!(tables(name), ["hist", "user", "words"]);
    assert_eq!(rows(name, ""), before);
    refused(&setup);
    drop(says);
    other.wait().expect("it ends");
    wait_until("its connection to be gone", || {
        shared_mariadb().sql("SELECT COUNT(*) FROM information_schema.processlist WHERE db = 'busy_course'").trim()
            == "0"
    });
    // Names that are taken: others are found.
    sql(name, "CREATE TABLE old_hist (x INT)");
    let text = said(&setup.run(&["init-db", "--upgrade"]));
    assert!(text.contains("old2_hist, old2_user, old2_words"), "{text}");
    assert_eq!(rows(name, "old2_"), before);
    sql(name, "DROP TABLE old2_hist, old2_user, old2_words");
    assert_eq!(sql(name, "SELECT COUNT(*) FROM user JOIN hist ON user.id = hist.user_id"), ["4"]);
    // Without the right to make tables.
    let name = "no_right";
    database(name, COURSE);
    shared_mariadb().sql("CREATE USER looker@localhost; GRANT SELECT ON no_right.* TO looker@localhost");
    let url = format!("mysql://looker@localhost/no_right?socket={}", shared_mariadb().socket().display());
    let output = Setup::new(Store::Url(url)).run(&["init-db", "--upgrade"]);
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    assert_eq!(tables(name), ["hist", "user", "words"]);
}
