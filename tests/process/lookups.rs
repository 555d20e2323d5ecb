//! Looking words up: which headword is found, what the reply carries, what goes into the history; on both stores.

use support::{Connection, Daemon, Setup, Store, on_both_stores};

on_both_stores!(
    the_rules_of_lookups,
    the_same_rules_in_table_words,
    long_interpretations_arrive_whole,
    nothing_longer_than_a_headword_is_found,
    not_found_records_nothing,
    two_hashes_are_a_word,
    sql_in_every_field_is_data,
    emoji_and_cjk_in_every_field,
);

const RULES: &str = "\
    IBM\tn. 公司\nIbm\tn. 不对\nPolish\tadj. 波兰的\npolish\tv. 擦亮\nTurkey\tn. 土耳其\nice cream\tn. 冰淇淋\n\
    ice n. 冰\na la carte\tadv. 点菜\nİstanbul\tn. 伊斯坦布尔\nstraße\tn. 街\nÉcole\tn. 学校\n\
    bank  n. 银行\nbank  n. 河岸\nbank\tv. 倾斜\\n存款\ntab\tone\\ttwo\\\\three\nzz' OR '1'='1\tx\n";

fn rules(daemon: &Daemon) {
    let mut ann = daemon.connect_as("ann");
    let cases = [
        ("Polish", "Polish\tadj. 波兰的"),
        ("polish", "polish\tv. 擦亮"),
        // Without regard to case: an all-lower-case headword first, else the first in byte order.
        ("POLISH", "polish\tv. 擦亮"),
        ("pOLISH", "polish\tv. 擦亮"),
        ("ibm", "IBM\tn. 公司"),
        ("Ibm", "Ibm\tn. 不对"),
        ("turkey", "Turkey\tn. 土耳其"),
        // Unicode lower case, not SQL's; then without accents, with blanks of any kind, and what is invisible left out.
        ("ecole", "École\tn. 学校"),
        ("strasse", "straße\tn. 街"),
        ("istanbul", "İstanbul\tn. 伊斯坦布尔"),
        ("polish\u{200b}", "polish\tv. 擦亮"),
        ("ice  cream", "ice cream\tn. 冰淇淋"),
        ("Icecream", "ice cream\tn. 冰淇淋"),
        ("école", "École\tn. 学校"),
        ("STRAßE", "straße\tn. 街"),
        ("i\u{307}stanbul", "İstanbul\tn. 伊斯坦布尔"),
        // Words of several words, blanks around them.
        ("ice cream", "ice cream\tn. 冰淇淋"),
        ("  Ice Cream  ", "ice cream\tn. 冰淇淋"),
        ("ice", "ice\tn. 冰"),
        ("a la carte", "a la carte\tadv. 点菜"),
        // Several entries of one headword, in the file's order; escapes as on the wire.
        ("bank", "bank\tn. 银行\\nn. 河岸\\nv. 倾斜\\n存款"),
        ("tab", "tab\tone\\ttwo\\\\three"),
        ("zz' OR '1'='1", "zz' OR '1'='1\tx"),
    ];
    for (word, reply) in cases {
        assert_eq!(ann.ask_line(&format!("Q ann {word}")), format!("OK {reply}"), "{word:?}");
    }
    // The headword that was found goes into the history, however it was typed.
    let found: Vec<&str> = cases.iter().rev().map(|(_, reply)| reply.split_once('\t').expect("a TAB").0).collect();
    assert_eq!(ann.history("ann"), found);
    for word in ["cream", "ic", "bank%", "_ce", "zz", "zz'OR '1'='1"] {
        assert_eq!(ann.refused(&format!("Q ann {word}")), "notfound", "{word:?}");
    }
    assert_eq!(ann.ask("S ann ice"), ["OK 2", "ice", "ice cream"]);
    assert_eq!(ann.ask("S ann   ice c  "), ["OK 2", "ice cream", "ice"]);
    assert_eq!(ann.ask("S ann qqqqqqqqqq"), ["OK 0"]);
    assert_eq!(ann.ask("S ann ZZ'"), ["OK 1", "zz' OR '1'='1"]);
    assert_eq!(ann.history("ann").len(), cases.len(), "neither S nor what is not found is recorded");
}

fn the_rules_of_lookups(store: Store) {
    rules(&Setup::new(store).words(RULES).start());
}

/// The same answers with `--lookup database`, whatever the database thinks of case.
fn the_same_rules_in_table_words(store: Store) {
    let first = Daemon::over(store);
    std::fs::write(first.path("rules"), RULES).expect("a words file");
    let loaded = first.tool(&["words", "load", first.path("rules").to_str().expect("a path")]);
    assert!(loaded.status.success(), "{loaded:?}");
    let daemon = Setup::new(Store::Url(first.database_url())).options("--lookup database").no_words().start();
    rules(&daemon);
}

fn long_interpretations_arrive_whole(store: Store) {
    // Characters of three bytes after one of one: no power of two cuts between characters.
    let long = format!("x{}", "词".repeat(64 * 1024 / 3));
    let longest = format!("n. {}", "典".repeat(1024 * 1024 / 3 - 1));
    assert!(longest.len() <= 1 << 20 && longest.len() > (1 << 20) - 8);
    let words = format!("long\t{long}\nlongest\t{longest}\n");
    let daemon = Setup::new(store).words(&words).start();
    let loaded = daemon.tool(&["words", "load", "words.txt"]);
    assert!(loaded.status.success(), "{loaded:?}");
    let table = Setup::new(Store::Url(daemon.database_url())).options("--lookup database").start();
    daemon.connect().register("ann");
    for daemon in [&daemon, &table] {
        let mut ann = daemon.connect();
        ann.login("ann");
        assert!(ann.ask_line("Q ann long") == format!("OK long\t{long}"));
        assert!(ann.ask_line("Q ann longest") == format!("OK longest\t{longest}"));
        // Several at once, mixed with short replies.
        ann.send("Q ann longest\nQ ann no\nQ ann LONG\nQ ann longest\n");
        assert!(ann.line() == format!("OK longest\t{longest}"));
        assert!(ann.line().starts_with("FAIL notfound "));
        assert!(ann.line() == format!("OK long\t{long}"));
        assert!(ann.line() == format!("OK longest\t{longest}"));
    }
}

/// Not even by the key of the longest headword, with which it begins.
fn nothing_longer_than_a_headword_is_found(store: Store) {
    let longest = ["m", "词"].map(|letter| letter.repeat(256));
    let words = format!("{}\tone\n{}\ttwo\n", longest[0], longest[1]);
    let daemon = Setup::new(store).words(&words).start();
    let loaded = daemon.tool(&["words", "load", "words.txt"]);
    assert!(loaded.status.success(), "{loaded:?}");
    let table = Setup::new(Store::Url(daemon.database_url())).options("--lookup database").no_words().start();
    daemon.connect().register("ann");
    for daemon in [&daemon, &table] {
        let mut ann = daemon.connect();
        ann.login("ann");
        for word in &longest {
            assert!(ann.ask_line(&format!("Q ann {word}")).starts_with("OK "));
            for more in ["m", "词", "xyz something else"] {
                assert_eq!(ann.refused(&format!("Q ann {word}{more}")), "notfound", "{word}{more}");
            }
        }
    }
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(ann.history("ann").len(), 4);
}

fn not_found_records_nothing(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.refused("Q ann nosuchword"), "notfound");
    assert_eq!(ann.ask("H ann"), ["OK 0"]);
    ann.send("Q ann zoo\nQ ann nosuchword\nQ ann pear\nQ ann nosuchword\n");
    let replies: Vec<String> = (0..4).map(|_| ann.line()).collect();
    assert!(replies[1].starts_with("FAIL notfound ") && replies[3].starts_with("FAIL notfound "), "{replies:?}");
    assert_eq!(ann.history("ann"), ["pear", "zoo"]);
}

/// On the wire `##` is a word like any other, and ends nothing.
fn two_hashes_are_a_word(store: Store) {
    let words = "#\tx\n##\tn. 井号\nzoo\tn. 动物园\n## y\tz\n";
    let daemon = Setup::new(store).words(words).start();
    let mut ann = daemon.connect_as("ann");
    // A line that begins with # is a comment in a words file: the headword can't be there, but it can be asked for.
    assert_eq!(ann.refused("Q ann ##"), "notfound");
    assert_eq!(ann.ask("S ann ##"), ["OK 0"]);
    ann.ok("C ann ##");
    // A row of the history that is "##" ends nothing either: put one in through a table of words.
    let statement = "INSERT INTO words (word, folded, interpret) VALUES ('##', '##', 'n. 井号')";
    daemon.sql(statement);
    let table = Setup::new(Store::Url(daemon.database_url())).options("--lookup database").start();
    let mut ann = table.connect();
    ann.login("ann");
    assert_eq!(ann.ask_line("Q ann ##"), "OK ##\tn. 井号");
    assert_eq!(ann.ask_line("Q ann ##"), "OK ##\tn. 井号");
    assert_eq!(ann.history("ann"), ["##", "##"]);
    assert_eq!(ann.ask("S ann #"), ["OK 1", "##"]);
}

fn sql_in_every_field_is_data(store: Store) {
    let evil =
        ["'", "\"", ";", "--", "\\", "%", "_", "`", "'or'1'='1", "');DROP/**/TABLE/**/hist;--", "${x}", "\\'", "?"];
    let words: String = evil.iter().map(|word| format!("{word}\t\\n quote ' \" ; -- {word}\n")).collect();
    let daemon = Setup::new(store).words(words).start();
    let mut client = daemon.connect();
    for name in evil {
        client.ok(&format!("R {name} {name}' or '1'='1"));
    }
    for name in evil {
        let fresh = &mut daemon.connect();
        assert_eq!(fresh.refused(&format!("L {name} ' or '1'='1")), "denied", "{name}");
        fresh.ok(&format!("L {name} {name}' or '1'='1"));
        for word in evil {
            let reply = fresh.ask_line(&format!("Q {name} {word}"));
            assert!(reply.starts_with(&format!("OK {word}\t")), "{word}: {reply}");
        }
        assert_eq!(fresh.refused(&format!("Q {name} ' or '1'='1")), "notfound");
        let rows: Vec<&str> = evil.iter().rev().copied().collect();
        assert_eq!(fresh.history(name), rows, "{name}");
        fresh.ok(&format!("C {name} %"));
        assert_eq!(fresh.history(name).len(), evil.len() - 1, "only the headword % is cleared");
        assert_eq!(fresh.ask(&format!("S {name} %")), ["OK 1", "%"]);
        fresh.ok(&format!("P {name} '{name}"));
        fresh.ok(&format!("L {name} '{name}"));
    }
    // No history was touched by another user's requests.
    for name in evil {
        client.ok(&format!("L {name} '{name}"));
        assert_eq!(client.history(name).len(), evil.len() - 1, "{name}");
        client.ok(&format!("X {name} '{name}"));
    }
}

fn emoji_and_cjk_in_every_field(store: Store) {
    let words = "词典\tn. dictionary 📖\n😀\tn. 笑脸 👨‍👩‍👧 \u{20000}\n𠮷野家\tn. よしのや\n";
    let daemon = Setup::new(store).words(words).start();
    let name = "用户😀𠮷";
    let passwd = "密码 🔑";
    let mut client: Connection = daemon.connect();
    client.ok(&format!("R {name} {passwd}"));
    client.ok(&format!("L {name} {passwd}"));
    assert_eq!(client.ask_line(&format!("Q {name} 词典")), "OK 词典\tn. dictionary 📖");
    assert_eq!(client.ask_line(&format!("Q {name} 😀")), "OK 😀\tn. 笑脸 👨‍👩‍👧 \u{20000}");
    assert_eq!(client.ask_line(&format!("Q {name} 𠮷野家")), "OK 𠮷野家\tn. よしのや");
    assert_eq!(client.refused(&format!("Q {name} 😁")), "notfound", "one emoji is not another");
    assert_eq!(client.history(name), ["𠮷野家", "😀", "词典"]);
    client.ok(&format!("C {name} 😀"));
    let rows = client.ask(&format!("H {name}"));
    assert!(rows[1].starts_with(&format!("{name}\t𠮷野家\t")), "{rows:?}");
    assert_eq!(client.history(name), ["𠮷野家", "词典"]);
}
