//! The operator's tools: `init-db`, `words check`, `words load`, and serving from table `words`.

use std::process::Output;
use support::{Daemon, Setup, Store, on_both_stores, shared_mariadb};

on_both_stores!(loading_words_into_the_table, a_refused_load_changes_nothing, init_db_can_be_repeated);

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn check(text: &[u8]) -> (Option<i32>, Vec<String>) {
    let setup = Setup::new(Store::Sqlite).no_words().listening_as_told();
    std::fs::write(setup.path("my words"), text).expect("a file");
    let output = setup.run(&["words", "check", "my words"]);
    (output.status.code(), said(&output).lines().map(str::to_owned).collect())
}

#[test]
fn words_check_names_every_problem_with_its_line() {
    let (status, lines) = check("zoo n. 动物园\nword\n# fine\n\n\u{feff}\nbad\t \n".as_bytes());
    assert_eq!(status, Some(65), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("my words:2: error: ")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("my words:6: error: ")), "{lines:?}");
    let (status, lines) = check(b"b 1\na 2\n\xff 3\nc 4\nb 5\n");
    assert_eq!(status, Some(65));
    let heads: Vec<&str> = lines.iter().filter_map(|line| line.rsplit_once(": ").map(|_| &line[..18])).collect();
    assert!(heads.len() >= 4, "{lines:?}");
    for head in ["my words:2: warnin", "my words:3: error:", "my words:5: warnin"] {
        assert_eq!(heads.iter().filter(|line| **line == head).count(), 1, "{head}: {lines:?}");
    }
    let long = format!("{} x\n{} x\n", "w".repeat(257), "词".repeat(256));
    let (status, lines) = check(long.as_bytes());
    assert_eq!(status, Some(65));
    assert!(lines[0].starts_with("my words:1: error: ") && lines.len() == 2, "{lines:?}");
    assert_eq!(check(b"").0, Some(65), "a file without any entry");
    assert_eq!(check(b"# title: x\n").0, Some(65));
}

/// One line says what to do with a file that is no text at all.
#[test]
fn words_check_recognises_other_files() {
    let utf16: Vec<u8> = "\u{feff}apple n. 苹果\nzoo n. 动物园\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, advice) in
        [(utf16.as_slice(), "iconv -f UTF-16 -t UTF-8"), (b"\x1f\x8b\x08\0\n\xff\n".as_slice(), "gzip -d")]
    {
        let (status, lines) = check(bytes);
        assert_eq!((status, lines.len()), (Some(65), 2), "{lines:?}");
        assert!(lines[0].starts_with("my words:1: error: it is ") && lines[0].contains(advice), "{lines:?}");
    }
}

/// A directory stands for the words files in it, as it does for the daemon.
#[test]
fn words_check_takes_a_directory() {
    let setup = Setup::new(Store::Sqlite).no_words().listening_as_told();
    std::fs::create_dir(setup.path("words.d")).expect("a directory");
    let check = || setup.run(&["words", "check", "words.d"]);
    let empty = check();
    assert_eq!(empty.status.code(), Some(65), "{empty:?}");
    for (name, text) in [("a.txt", "a 1\n"), ("b.txt", "b 1\n"), ("c", "bad\n")] {
        std::fs::write(setup.path("words.d").join(name), text).expect("a file");
    }
    let good = check();
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    assert_eq!(said(&good).lines().count(), 2, "{good:?}");
    std::fs::write(setup.path("words.d/a.txt"), "bad\n").expect("a file");
    let bad = check();
    assert_eq!(bad.status.code(), Some(65), "{bad:?}");
    assert!(said(&bad).starts_with("words.d/a.txt:1: error: "), "{bad:?}");
    assert!(said(&bad).contains("words.d/b.txt: 1 headword, 0 errors"), "{bad:?}");
}

/// What a words file may look like.
#[test]
fn words_check_takes_what_may_be() {
    let (status, lines) = check("\u{feff}# title: x\r\nApple n. 苹果\r\n\r\nice cream\tn. 冰淇淋\r\nzoo x".as_bytes());
    assert_eq!((status, lines.len()), (Some(0), 1), "{lines:?}");
    let (status, lines) = check(b"b 1\na 2\n");
    assert_eq!(status, Some(0), "out of order is a warning: {lines:?}");
    assert!(lines[0].starts_with("my words:2: warning: "), "{lines:?}");
    let missing = Setup::new(Store::Sqlite).run(&["words", "check", "/nonexistent/words"]);
    assert_eq!(missing.status.code(), Some(66));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nonexistent/words"));
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/words.txt");
    let shipped = Setup::new(Store::Sqlite).run(&["words", "check", shipped]);
    assert_eq!(shipped.status.code(), Some(0), "{shipped:?}");
    assert_eq!(said(&shipped).lines().count(), 1, "no warning: {shipped:?}");
}

fn loading_words_into_the_table(store: Store) {
    let first = Daemon::over(store);
    let load = |text: &str| {
        std::fs::write(first.path("load.txt"), text).expect("a file");
        let output = first.tool(&["words", "load", "load.txt"]);
        assert!(output.status.success(), "{output:?}");
        said(&output)
    };
    assert!(load("# title: One\n# licence: L1\nApple\tA\nice cream\tn. 冰淇淋\nzebra z\n").contains("3 headwords"));
    let daemon = Setup::new(Store::Url(first.database_url())).options("--lookup database").words("text only\n").start();
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.ask("I")[2..], ["title\tOne", "headwords\t3", "licence\tL1"]);
    assert_eq!(ann.ask_line("Q ann apple"), "OK Apple\tA");
    assert_eq!(ann.ask_line("Q ann  ICE CREAM "), "OK ice cream\tn. 冰淇淋");
    assert_eq!(ann.refused("Q ann text"), "notfound", "the words file is not read");
    assert_eq!(ann.ask("S ann ic"), ["OK 1", "ice cream"]);
    // It replaces the old content, and a daemon that runs answers from the new.
    load("# title: Two\nzoo new\n".trim_end());
    assert_eq!(ann.ask_line("Q ann zoo"), "OK zoo\tnew");
    assert_eq!(ann.refused("Q ann apple"), "notfound");
    assert_eq!(ann.ask("I")[2..4], ["title\tTwo", "headwords\t1"]);
    assert_eq!(ann.history("ann"), ["zoo", "ice cream", "Apple"]);
    let many: String = (0..20_000).map(|n| format!("word{n:05}\t解释 {n}\n")).collect();
    assert!(load(&many).contains("20000 headwords"));
    assert_eq!(ann.ask_line("Q ann WORD12345"), "OK word12345\t解释 12345");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM words"), ["20000"]);
}

fn a_refused_load_changes_nothing(store: Store) {
    let daemon = Daemon::over(store);
    std::fs::write(daemon.path("good"), "zoo x\n").expect("a file");
    std::fs::write(daemon.path("bad"), "apple x\nbear y\nword\n").expect("a file");
    assert!(daemon.tool(&["words", "load", "good"]).status.success());
    let bad = daemon.tool(&["words", "load", "bad"]);
    assert_eq!(bad.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("line 3"), "{bad:?}");
    assert_eq!(daemon.tool(&["words", "load", "nosuchfile"]).status.code(), Some(66));
    assert_eq!(daemon.sql("SELECT word FROM words"), ["zoo"]);
}

fn init_db_can_be_repeated(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    ann.ask("Q ann zoo");
    for _ in 0..2 {
        let output = daemon.tool(&["init-db"]);
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(ann.history("ann"), ["zoo"]);
    ann.ask("Q ann pear");
    assert_eq!(ann.history("ann"), ["pear", "zoo"]);
}

/// The tables and columns that others rely on.
#[test]
fn init_db_makes_the_promised_tables() {
    shared_mariadb().create_database("promised");
    let setup = Setup::new(Store::Url(shared_mariadb().url("promised"))).listening_as_told().no_words();
    assert!(setup.run(&["init-db"]).status.success());
    let of = |sql: &str| shared_mariadb().sql(&format!("USE promised; {sql}"));
    for (table, columns) in
        [("user", "id, name, passwd"), ("hist", "id, name, word, time"), ("words", "id, word, interpret")]
    {
        assert_eq!(of(&format!("SELECT {columns} FROM {table}")), "");
    }
    let column = |table: &str, column: &str, what: &str| {
        let sql = "SELECT {what} FROM information_schema.columns WHERE table_schema = 'promised'";
        let sql = sql.replace("{what}", what);
        of(&format!("{sql} AND table_name = '{table}' AND column_name = '{column}'")).trim().to_owned()
    };
    assert_eq!(column("hist", "time", "column_type"), "datetime(6)");
    assert_eq!(column("user", "name", "collation_name"), "utf8mb4_bin");
    assert!(column("words", "interpret", "character_maximum_length").parse::<u64>().expect("a number") >= 1 << 20);
    // A row that another program put into `words` by its promised columns is served.
    let others = of("SELECT character_set_name FROM information_schema.columns WHERE table_schema = 'promised' \
         AND character_set_name IS NOT NULL AND character_set_name <> 'utf8mb4'");
    assert_eq!(others, "", "utf8mb4 throughout");
}
