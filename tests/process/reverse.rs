//! `B`, which finds headwords by their meaning, and `M name text …`: over the words file, and over table `words` in
//! both databases.

use support::{Connection, Daemon, Setup, Store, on_both_stores};

const WORDS: &str = "I\tpron. 我 {k1}\napple\t/a/ n. 苹果; 苹果树\\n» An apple. 一个苹果。\\n{k2}\n\
    cider\tn. (英式用法) 苹果酒\ncodling\tn. 小鳕鱼; 苹果\neat\tv. 吃\niPad\tn. 苹果平板电脑\n\
    juice\tn. 果汁\\n» a glass of apple juice 一杯苹果汁\nlike\tv. 喜欢; 像\nlove\tn. 爱情\n\
    苹果\t苹果 [苹果/蘋果] píng guǒ apple\n";

on_both_stores!(the_table_is_asked_backwards, a_long_table_is_bounded);

/// What a reply lists: headwords, and what follows the TAB.
fn pairs(connection: &mut Connection, request: &str) -> Vec<(String, String)> {
    let reply = connection.ask(request);
    assert_eq!(reply[0], format!("OK {}", reply.len() - 1), "{request}");
    let pair = |line: &String| line.split_once('\t').map(|(headword, text)| (headword.to_owned(), text.to_owned()));
    reply[1..].iter().map(|line| pair(line).expect("headword, TAB, interpretation")).collect()
}

fn headwords(connection: &mut Connection, request: &str) -> Vec<String> {
    pairs(connection, request).into_iter().map(|(headword, _)| headword).collect()
}

fn every_kind(daemon: &Daemon) {
    let mut ann = daemon.connect_as("ann");
    for (text, expected) in [
        ("苹果", &["apple", "codling", "cider", "iPad"][..]),
        ("蘋果", &["apple", "codling", "cider", "iPad"]),
        ("苹果酒", &["cider"]),
        ("喜欢", &["like"]),
        ("我喜欢吃苹果。", &["like", "apple", "I", "eat", "codling"]),
        ("我喜歡吃蘋果", &["like", "apple", "I", "eat", "codling"]),
        ("apple", &["苹果"]),
        ("APPLE", &["苹果"]),
        ("píngguǒ", &["苹果"]),
        ("ping2guo3", &["苹果"]),
        ("ping guo", &["苹果"]),
        ("ping2guo4", &[]),
        ("没有", &[]),
        ("'; DROP TABLE words; --", &[]),
        ("%", &[]),
        ("_", &[]),
    ] {
        assert_eq!(headwords(&mut ann, &format!("B ann {text}")), expected, "{text}");
    }
    // The interpretation is that of a lookup, escapes and all.
    let (headword, interpretation) = pairs(&mut ann, "B ann  苹果 ").remove(0);
    assert_eq!(ann.ask_line(&format!("D ann {headword}")), format!("OK {headword}\t{interpretation}"));
    for (text, expected) in
        [("苹果", &["apple", "codling", "cider", "iPad", "juice", "苹果"][..]), ("An Apple", &["apple"]), ("没有", &[])]
    {
        let reply = ann.ask(&format!("M ann text {text}"));
        assert_eq!(reply[0], format!("OK {}", expected.len()), "{text}");
        assert_eq!(reply[1..], *expected, "{text}");
    }
    for wrong in ["B", "B ann", "B ann ", "M ann text ", "M ann texts x"] {
        assert_eq!(ann.refused(wrong), "badreq", "{wrong}");
    }
    assert_eq!(ann.refused("B bob 苹果"), "denied");
    assert_eq!(daemon.connect().refused("B ann 苹果"), "denied");
    // A Chinese word is not a headword here, and leads to nothing by itself.
    assert!(ann.ask_line("Q ann 平果").starts_with("FAIL notfound"));
    assert_eq!(ann.ask("S ann 果汁"), ["OK 0"]);
    // In the middle of lookups, in one packet; and nothing of it is in the history.
    ann.send("Q ann like\nB ann 苹果酒\nQ ann love\n");
    let lines: Vec<String> = (0..4).map(|_| ann.line()).collect();
    assert!(lines[0].starts_with("OK like\t") && lines[3].starts_with("OK love\t"), "{lines:?}");
    assert!(lines[1] == "OK 1" && lines[2].starts_with("cider\t"), "{lines:?}");
    assert_eq!(ann.history("ann"), ["love", "like"]);
    let many: String = (0..500).map(|number| format!("w{number:03}\tn. 多\n")).collect();
    daemon.replace_words(many);
}

#[test]
fn the_file_is_asked_backwards() {
    let daemon = Setup::new(Store::Sqlite).words(WORDS).start();
    every_kind(&daemon);
    assert!(daemon.tool(&["reload"]).status.success());
    limits(&daemon);
}

fn the_table_is_asked_backwards(store: Store) {
    let daemon = Setup::new(store).words(WORDS).options("--lookup database").start();
    load(&daemon);
    every_kind(&daemon);
    load(&daemon);
    limits(&daemon);
}

fn load(daemon: &Daemon) {
    let words = daemon.path("words.txt");
    let output = daemon.tool(&["words", "load", words.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
}

fn limits(daemon: &Daemon) {
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(headwords(&mut ann, "B ann 多").len(), 20);
    assert_eq!(headwords(&mut ann, "B ann 多")[..2], ["w000", "w001"]);
    assert_eq!(ann.ask("M ann text 多").len(), 201);
}

/// More than is read at once; the best may be the last.
fn a_long_table_is_bounded(store: Store) {
    let mut words: String = (0..12_000).map(|number| format!("w{number:05}\tn. 许多词 {number}\n")).collect();
    words.push_str("zoo\tn. 词\n");
    let daemon = Setup::new(store).words(words).options("--lookup database").start();
    load(&daemon);
    let mut ann = daemon.connect_as("ann");
    let found = headwords(&mut ann, "B ann 词");
    assert_eq!((found.len(), found[0].as_str()), (20, "zoo"));
    assert_eq!(headwords(&mut ann, "B ann 多词 11999"), ["w11999"]);
}
