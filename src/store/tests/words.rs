//! Table `words`: the order of looking up, prefixes, and that it is replaced as a whole or not at all.

use super::*;
use crate::words::DictionaryNote;

on_both!(
    exactly_this_word,
    by_keys,
    beginnings_are_literal,
    words_among_many_texts,
    long_interpretations_come_back_whole,
    replacing_is_all_or_nothing,
    what_the_table_says_of_itself,
    many_rows,
    dictionaries_side_by_side,
    a_lookup_in_one_statement,
    what_loads_have_left_is_cleared,
    a_load_has_ended_for_every_session,
    rows_put_in_by_hand,
    of_two_loads_one_wins,
    an_overtaken_load_changes_nothing,
);

/// Puts entries into the table, by their lower case.
fn load(store: &mut dyn Store, entries: &[(&str, &str)]) -> Result<Loading, Error> {
    let folded: Vec<_> = entries.iter().map(|(word, _)| word.to_lowercase()).collect();
    let mut rows = entries.iter().zip(&folded).map(|((word, interpret), folded)| WordRow {
        word,
        dictionary: "",
        folded,
        key: folded,
        interpret,
    });
    store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {})
}

/// By each statement that finds exactly this headword.
fn find(store: &mut dyn Store, word: &str) -> Option<(String, String)> {
    let found = store.find_word(word).unwrap();
    assert_eq!(store.look_up_exactly(word).unwrap().and_then(|looked_up| looked_up.exact), found);
    found
}

fn exactly_this_word(bed: &Bed) {
    let mut store = bed.open();
    let entries = [("May", "五月"), ("may", "可以"), ("İstanbul", "伊"), ("ice cream", "冰"), ("Ärger", "怒")];
    assert_eq!(load(&mut *store, &entries), done(5));
    for (word, interpret) in entries {
        assert_eq!(find(&mut *store, word), Some((word.to_owned(), interpret.to_owned())));
    }
    for none in ["MAY", "may ", " may", "ice", "ice%", "ma_", "Arger", "' OR 1=1 -- ", ""] {
        assert_eq!(find(&mut *store, none), None, "{none:?}");
    }
}

fn by_keys(bed: &Bed) {
    let mut store = bed.open();
    let entries =
        [("May", "五月"), ("POLISH", "p1"), ("Polish", "p2"), ("may", "可以"), ("İstanbul", "伊"), ("龙", "龙")];
    assert_eq!(load(&mut *store, &entries), done(6));
    let mut keyed = |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let mut found: Vec<String> = store.words_keyed(&keys).unwrap().into_iter().map(|(word, _)| word).collect();
        found.sort();
        found
    };
    assert_eq!(keyed(&[]), [""; 0]);
    assert_eq!(keyed(&["may"]), ["May", "may"]);
    assert_eq!(keyed(&["polish", "may ", "MAY", "' OR 1=1 --", "龙", "none", "ma_", "%"]), ["POLISH", "Polish", "龙"]);
    let many: Vec<String> = (0..200).map(|n| format!("w{n}")).chain(["may".to_owned()]).collect();
    assert_eq!(keyed(&many.iter().map(String::as_str).collect::<Vec<_>>()), ["May", "may"]);
    // Rows of an older version have no key, and are found by their lower case.
    bed.sql("UPDATE words SET lookup_key = NULL WHERE word IN ('Polish', 'may')");
    let keys = ["may", "polish"].map(str::to_owned);
    assert_eq!(store.words_keyed(&keys).unwrap().len(), 4);
    bed.sql("UPDATE words SET lookup_key = 'other' WHERE word = 'POLISH'");
    assert_eq!(store.words_keyed(&keys[1..]).unwrap(), [("Polish".to_owned(), "p2".to_owned())]);
}

fn beginnings_are_literal(bed: &Bed) {
    let mut store = bed.open();
    let words = [
        "%a",
        "%b",
        "A",
        "B",
        "Ice",
        "_x",
        "\\",
        "\\n",
        "a",
        "a b",
        "aa",
        "ice",
        "ice age",
        "ice cream",
        "icecap",
        "icy",
        "ä",
        "龙",
        "龙虾",
        "🐉",
        "🐉🐉",
    ];
    let entries: Vec<_> = words.iter().map(|word| (*word, "x")).collect();
    assert_eq!(load(&mut *store, &entries), done(entries.len() as u64));
    for prefix in
        ["%", "_", "\\", "\\n", "a", "a ", "ice", "ice ", "ice a", "i", "ä", "龙", "🐉", "z", "' OR 1=1", "\u{10FFFF}"]
    {
        let mut expected: Vec<_> = words.iter().filter(|word| word.to_lowercase().starts_with(prefix)).collect();
        expected.sort_by_key(|word| (word.to_lowercase(), **word));
        let found = store.words_beginning(prefix, 100).unwrap();
        assert_eq!(
            found.iter().map(String::as_str).collect::<Vec<_>>(),
            expected.into_iter().copied().collect::<Vec<_>>(),
            "{prefix:?}"
        );
    }
    assert_eq!(store.words_beginning("ic", 3).unwrap(), ["Ice", "ice", "ice age"]);
    assert_eq!(store.words_beginning("", 3).unwrap(), ["%a", "%b", "\\"]);
    assert_eq!(store.words_beginning("a", 0).unwrap(), [""; 0]);
}

fn words_among_many_texts(bed: &Bed) {
    let mut store = bed.open();
    let entries = [("China", "x"), ("a", "x"), ("a b", "x"), ("china", "x"), ("龙", "x")];
    assert_eq!(load(&mut *store, &entries), done(5));
    let mut among = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let mut found = store.words_among(&texts).unwrap();
        found.sort();
        found
    };
    assert_eq!(among(&[]), [""; 0]);
    assert_eq!(among(&["china", "a ", "' OR 1=1 --", "龙", "none"]), ["China", "china", "龙"]);
    let many: Vec<String> = (0..200).map(|n| format!("w{n}")).chain(["a".to_owned()]).collect();
    assert_eq!(among(&many.iter().map(String::as_str).collect::<Vec<_>>()), ["a"]);
}

fn long_interpretations_come_back_whole(bed: &Bed) {
    let mut store = bed.open();
    let long: Vec<_> = [65_535, 65_536, 1024 * 1024 - 1, 1024 * 1024]
        .iter()
        .map(|&bytes| format!("{}{}", "x".repeat(bytes % 3), "龙".repeat(bytes / 3)))
        .collect();
    let entries: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(long.iter().map(String::as_str)).collect();
    assert_eq!(load(&mut *store, &entries), done(4));
    for (word, interpret) in entries {
        assert!(find(&mut *store, word).unwrap().1 == interpret, "{word}");
    }
}

fn replacing_is_all_or_nothing(bed: &Bed) {
    let mut store = bed.open();
    assert_eq!(load(&mut *store, &[("old", "旧"), ("both", "1")]), done(2));
    let long = "x".repeat(MAX_WORD_CHARS + 1);
    let numbers: Vec<_> = (0..2_000).map(|n| format!("w{n}")).collect();
    let mut broken: Vec<_> = numbers.iter().map(|word| (word.as_str(), "x")).collect();
    broken.insert(1_500, (&long, "x"));
    assert!(load(&mut *store, &broken).is_err());
    broken[1_500] = ("w7", "a second time");
    assert!(load(&mut *store, &broken).is_err());
    assert_eq!(find(&mut *store, "old").unwrap().1, "旧");
    assert_eq!(find(&mut *store, "w0"), None);
    assert_eq!(store.about_words().unwrap().headwords, 2);
    // The same store goes on.
    assert_eq!(load(&mut *store, &[("both", "2"), ("new", "新")]), done(2));
    assert_eq!(find(&mut *store, "old"), None);
    assert_eq!(find(&mut *store, "both").unwrap().1, "2");
}

fn what_the_table_says_of_itself(bed: &Bed) {
    let mut store = bed.open();
    let nothing = |generation| AboutWords { generation, ..AboutWords::default() };
    assert_eq!(store.about_words().unwrap(), nothing(1));
    let note =
        DictionaryNote { name: "a".into(), title: "词典\t🐉".into(), headwords: 9, ..DictionaryNote::default() };
    let about = AboutWords {
        title: "词典 🐉".to_owned(),
        licence: "CC BY; it's 'free'".to_owned(),
        headwords: 99,
        dictionaries: vec![note],
        generation: 77,
    };
    let mut rows = [WordRow { word: "A", dictionary: "", folded: "a", key: "a", interpret: "x" }].into_iter();
    assert_eq!(store.replace_words(&about, &mut rows, &mut |_| {}), done(1));
    assert_eq!(bed.open().about_words().unwrap(), AboutWords { headwords: 1, generation: 2, ..about });
    assert_eq!(store.replace_words(&AboutWords::default(), &mut std::iter::empty(), &mut |_| {}), done(0));
    assert_eq!(store.about_words().unwrap(), nothing(3));
}

fn many_rows(bed: &Bed) {
    // In batches, repeatable.
    let mut store = bed.open();
    let words: Vec<_> = (0..10_000).map(|n| format!("word{n:05}")).collect();
    for _ in 0..2 {
        let mut told = Vec::new();
        let mut rows =
            words.iter().map(|word| WordRow { word, dictionary: "", folded: word, key: word, interpret: word });
        assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |n| told.push(n)), done(10_000));
        assert!(told.len() >= 10 && told.is_sorted() && told.last() == Some(&10_000));
    }
    assert_eq!(bed.sql("SELECT COUNT(*), MIN(interpret), MAX(interpret) FROM words"), "10000\tword00000\tword09999\n");
    assert_eq!(find(&mut *store, "word07777").unwrap().1, "word07777");
}

/// Rows of several dictionaries: one article, in the order in which they were loaded, not of names.
fn dictionaries_side_by_side(bed: &Bed) {
    let mut store = bed.open();
    let row = |word: &'static str, dictionary: &'static str, interpret: &'static str| WordRow {
        word,
        dictionary,
        folded: word,
        key: word,
        interpret,
    };
    let rows = [row("ant", "z", "1"), row("ant", "a", "two"), row("bee", "a", "3 x"), row("cat", "z", r"4\n5")];
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows.into_iter(), &mut |_| {}), done(3));
    let ant = ("ant".to_owned(), r"[z]\n1\n[a]\ntwo".to_owned());
    let cat = ("cat".to_owned(), r"[z]\n4\n5".to_owned());
    assert_eq!(find(&mut *store, "ant"), Some(ant.clone()));
    assert_eq!(store.words_keyed(&["ant".to_owned(), "cat".to_owned()]).unwrap(), [ant.clone(), cat.clone()]);
    assert_eq!(store.words_beginning("", 9).unwrap(), ["ant", "bee", "cat"]);
    assert_eq!(store.words_among(&["ant".to_owned()]).unwrap(), ["ant"]);
    assert_eq!(store.words_after("", 2).unwrap(), ["ant", "bee"]);
    assert_eq!([0, 1, 2, 3].map(|at| store.word_at(at).unwrap().unwrap_or_default()), ["ant", "bee", "cat", ""]);
    let mut found = Vec::new();
    let mut take = |word: &str, interpret: &str| found.push((word.to_owned(), interpret.to_owned()));
    assert_eq!(store.words_holding("", 2, Some("1"), &mut take).unwrap().as_deref(), Some("bee"));
    assert_eq!(store.words_holding("bee", 2, None, &mut take).unwrap(), None);
    assert_eq!(found, [ant, cat]);
}

fn a_lookup_in_one_statement(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    assert_eq!(load(&mut *store, &[("May", "五月"), ("may", "可以"), ("zoo", "z")]), done(3));
    let pair = |word: &str, text: &str| (word.to_owned(), text.to_owned());
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let found = store.look_up("zoo", &keys(&["may", "zoo"]), Some(ann)).unwrap();
    assert_eq!((found.exact, found.keyed, found.generation), (Some(pair("zoo", "z")), vec![], 2));
    assert_ne!(found.standing, Some(Standing::Gone));
    // Any number of keys.
    let many: Vec<String> = (0..300).map(|n| format!("w{n}")).chain(["may".to_owned()]).collect();
    for keys in [keys(&["may"]), keys(&["x", "may", "y", "zz", "may ", "MAY"]), many] {
        let found = store.look_up("MAY", &keys, Some(ann)).unwrap();
        assert_eq!(found.exact, None);
        assert_eq!(found.keyed, [pair("May", "五月"), pair("may", "可以")]);
        assert_eq!(found.standing, Some(Standing::Live));
    }
    for word in ["zoo ", " zoo", "' OR 1=1 -- ", ""] {
        let none = LookedUp { generation: 2, ..LookedUp::default() };
        assert_eq!(store.look_up(word, &keys(&[word.trim_start()]), None).unwrap().exact, None, "{word:?}");
        assert_eq!(store.look_up(word, &[], None).unwrap(), none);
    }
    assert_eq!(store.look_up_exactly("zoo").unwrap(), Some(LookedUp::exactly(pair("zoo", "z"), 2)));
    for word in ["MAY", "zoo ", " zoo", "' OR 1=1 -- ", ""] {
        assert_eq!(store.look_up_exactly(word).unwrap(), None, "{word:?}");
    }
    assert_eq!(store.look_up("x", &[], Some(nobody(999))).unwrap().standing, Some(Standing::Gone));
    bed.sql(&format!("UPDATE user SET locked = 1 WHERE id = {}", ann.number));
    assert_eq!(store.look_up("x", &keys(&["x"]), Some(ann)).unwrap().standing, Some(Standing::Gone));
    assert!(!store.has_keyless_words().unwrap());
    bed.sql("UPDATE words SET lookup_key = NULL WHERE word = 'zoo'");
    assert!(store.has_keyless_words().unwrap());
}

/// Rows of a load that was killed: no lookup finds them, and the next load deletes them.
fn what_loads_have_left_is_cleared(bed: &Bed) {
    let mut store = bed.open();
    assert_eq!(load(&mut *store, &[("a", "old"), ("b", "old")]), done(2));
    for (generation, word) in [(7, "a"), (7, "b"), (7, "c"), (9, "a"), (1, "a")] {
        bed.sql(&format!(
            "INSERT INTO words (word, generation, folded, lookup_key, interpret) VALUES \
             ('{word}', {generation}, '{word}', '{word}', 'left')"
        ));
    }
    bed.sql("INSERT INTO meta (name, value) VALUES ('words_load', '7 of one that was killed')");
    assert_eq!(find(&mut *store, "a").unwrap().1, "old");
    assert_eq!(find(&mut *store, "c"), None);
    assert_eq!(store.words_keyed(&["b".to_owned(), "c".to_owned()]).unwrap(), [("b".to_owned(), "old".to_owned())]);
    assert_eq!(store.words_beginning("", 9).unwrap(), ["a", "b"]);
    assert_eq!(store.words_after("", 9).unwrap(), ["a", "b"]);
    assert_eq!((store.word_at(1).unwrap().as_deref(), store.word_at(2).unwrap()), (Some("b"), None));
    assert_eq!(load(&mut *store, &[("a", "new")]), done(1));
    assert_eq!(bed.sql("SELECT word, interpret, generation FROM words"), "a\tnew\t10\n");
    assert_eq!(bed.sql("SELECT COUNT(*) FROM meta WHERE name = 'words_load'"), "0\n");
    assert_eq!(bed.sql("SELECT value FROM meta WHERE name = 'words_generation'"), "10\n");
}

/// A session that has just found a word of the load before, and finds it no more when the next load returns, though its
/// row may still be there (a host may be late to delete it).
fn a_load_has_ended_for_every_session(bed: &Bed) {
    let (mut store, mut session) = (bed.open(), bed.open());
    assert_eq!(load(&mut *store, &[("old", "1"), ("kept", "1")]), done(2));
    let found = |session: &mut dyn Store, word| {
        session.look_up_exactly(word).unwrap().map(|found| (found.exact.unwrap().1, found.generation))
    };
    let mut rows = [WordRow { word: "kept", dictionary: "", folded: "kept", key: "kept", interpret: "2" }]
        .into_iter()
        .inspect(|_| {
            for _ in 0..2 {
                assert_eq!(found(&mut *session, "old"), Some(("1".to_owned(), 2)));
                assert_eq!(found(&mut *session, "kept"), Some(("1".to_owned(), 2)));
            }
        });
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {}), done(1));
    bed.sql("INSERT INTO words (word, generation, folded, lookup_key, interpret) VALUES ('old', 2, 'old', 'old', '1')");
    for _ in 0..2 {
        assert_eq!(found(&mut *session, "old"), None);
        assert_eq!(found(&mut *session, "kept"), Some(("2".to_owned(), 3)));
    }
    // What is put in by hand is found by a session that knows the generation, too.
    bed.sql("INSERT INTO words (word, folded, interpret) VALUES ('kept', 'kept', 'by hand')");
    assert_eq!(found(&mut *session, "kept"), Some((r"2\nby hand".to_owned(), 3)));
}

/// Rows that were inserted by SQL are found at once, and go with the next load.
fn rows_put_in_by_hand(bed: &Bed) {
    let mut store = bed.open();
    let by_hand = |word: &str| {
        bed.sql(&format!("INSERT INTO words (word, folded, interpret) VALUES ('{word}', '{word}', 'by hand')"));
    };
    by_hand("first");
    assert_eq!(find(&mut *store, "first").unwrap().1, "by hand");
    assert_eq!(load(&mut *store, &[("a", "1"), ("b", "1")]), done(2));
    assert_eq!(find(&mut *store, "first"), None);
    by_hand("a");
    by_hand("c");
    assert_eq!(find(&mut *store, "a").unwrap().1, r"1\nby hand");
    assert_eq!(store.words_beginning("", 9).unwrap(), ["a", "b", "c"]);
    // While a load is at work they stay, and then they go with the others.
    let mut other = bed.open();
    let rows = [WordRow { word: "d", dictionary: "", folded: "d", key: "d", interpret: "2" }];
    let mut rows = rows.into_iter().inspect(|_| {
        assert_eq!(find(&mut *other, "a").unwrap().1, r"1\nby hand");
        assert_eq!(find(&mut *other, "c").unwrap().1, "by hand");
        assert_eq!(find(&mut *other, "d"), None);
    });
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {}), done(1));
    assert_eq!(bed.sql("SELECT word FROM words"), "d\n");
}

/// The second one is refused, and the first goes on.
fn of_two_loads_one_wins(bed: &Bed) {
    let (mut store, mut other) = (bed.open(), bed.open());
    let row = |interpret: &'static str| WordRow { word: "a", dictionary: "", folded: "a", key: "a", interpret };
    let mut second = None;
    let mut rows = [row("first")].into_iter().inspect(|_| {
        let rows = &mut [row("second")].into_iter();
        second = Some(other.replace_words(&AboutWords::default(), rows, &mut |_| {}));
    });
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {}), done(1));
    match second {
        Some(Ok(Loading::Overtaken(why))) => assert!(why.contains("another words load is under way"), "{why}"),
        second => panic!("{second:?}"),
    }
    assert_eq!(find(&mut *store, "a").unwrap().1, "first");
    assert_eq!(load(&mut *other, &[("a", "then")]), done(1));
}

/// One that comes in by another member of a cluster, where no lock of the first is known, takes over.
fn an_overtaken_load_changes_nothing(bed: &Bed) {
    let mut store = bed.open();
    assert_eq!(load(&mut *store, &[("a", "old")]), done(1));
    let rows = [WordRow { word: "a", dictionary: "", folded: "a", key: "a", interpret: "lost" }];
    let mut rows = rows.into_iter().inspect(|_| {
        bed.sql("UPDATE meta SET value = '9 another' WHERE name = 'words_load'");
    });
    match store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {}) {
        Ok(Loading::Overtaken(why)) => assert!(why.contains("another words load has begun"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(find(&mut *store, "a").unwrap().1, "old");
    assert_eq!(bed.sql("SELECT interpret FROM words"), "old\n");
    assert_eq!(bed.sql("SELECT value FROM meta WHERE name = 'words_load'"), "9 another\n");
}
