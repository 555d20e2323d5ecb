//! Table `words`: the order of looking up, prefixes, and that it is replaced as a whole or not at all.

use super::*;

on_both!(
    exactly_this_word,
    by_keys,
    beginnings_are_literal,
    words_among_many_texts,
    long_interpretations_come_back_whole,
    replacing_is_all_or_nothing,
    what_the_table_says_of_itself,
    many_rows,
);

/// Puts entries into the table, by their lower case.
fn load(store: &mut dyn Store, entries: &[(&str, &str)]) -> Result<u64, Error> {
    let folded: Vec<_> = entries.iter().map(|(word, _)| word.to_lowercase()).collect();
    let mut rows =
        entries.iter().zip(&folded).map(|((word, interpret), folded)| WordRow { word, folded, key: folded, interpret });
    store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {})
}

fn find(store: &mut dyn Store, word: &str) -> Option<(String, String)> {
    store.find_word(word).unwrap()
}

fn exactly_this_word(bed: &Bed) {
    let mut store = bed.open();
    let entries = [("May", "五月"), ("may", "可以"), ("İstanbul", "伊"), ("ice cream", "冰"), ("Ärger", "怒")];
    assert_eq!(load(&mut *store, &entries), Ok(5));
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
    assert_eq!(load(&mut *store, &entries), Ok(6));
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
    load(&mut *store, &entries).unwrap();
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
    load(&mut *store, &[("China", "x"), ("a", "x"), ("a b", "x"), ("china", "x"), ("龙", "x")]).unwrap();
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
    assert_eq!(load(&mut *store, &entries), Ok(4));
    for (word, interpret) in entries {
        assert!(find(&mut *store, word).unwrap().1 == interpret, "{word}");
    }
}

fn replacing_is_all_or_nothing(bed: &Bed) {
    let mut store = bed.open();
    load(&mut *store, &[("old", "旧"), ("both", "1")]).unwrap();
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
    assert_eq!(load(&mut *store, &[("both", "2"), ("new", "新")]), Ok(2));
    assert_eq!(find(&mut *store, "old"), None);
    assert_eq!(find(&mut *store, "both").unwrap().1, "2");
}

fn what_the_table_says_of_itself(bed: &Bed) {
    let mut store = bed.open();
    assert_eq!(store.about_words().unwrap(), AboutWords::default());
    let about = AboutWords { title: "词典 🐉".to_owned(), licence: "CC BY; it's 'free'".to_owned(), headwords: 99 };
    let mut rows = [WordRow { word: "A", folded: "a", key: "a", interpret: "x" }].into_iter();
    assert_eq!(store.replace_words(&about, &mut rows, &mut |_| {}), Ok(1));
    assert_eq!(bed.open().about_words().unwrap(), AboutWords { headwords: 1, ..about });
    assert_eq!(store.replace_words(&AboutWords::default(), &mut std::iter::empty(), &mut |_| {}), Ok(0));
    assert_eq!(store.about_words().unwrap(), AboutWords::default());
}

fn many_rows(bed: &Bed) {
    // In batches, repeatable.
    let mut store = bed.open();
    let words: Vec<_> = (0..10_000).map(|n| format!("word{n:05}")).collect();
    for _ in 0..2 {
        let mut told = Vec::new();
        let mut rows = words.iter().map(|word| WordRow { word, folded: word, key: word, interpret: word });
        assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |n| told.push(n)), Ok(10_000));
        assert!(told.len() > 10 && told.is_sorted() && told.last() == Some(&10_000));
    }
    assert_eq!(bed.sql("SELECT COUNT(*), MIN(interpret), MAX(interpret) FROM words"), "10000\tword00000\tword09999\n");
    assert_eq!(find(&mut *store, "word07777").unwrap().1, "word07777");
}
