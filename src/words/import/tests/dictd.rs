//! dictd's format: as dictfmt writes it, and damaged in every way.

use super::super::{Choices, Format, formats, import};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;

fn digits(mut number: u64) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    loop {
        out.push(DIGITS[(number % 64) as usize]);
        number /= 64;
        if number == 0 {
            break;
        }
    }
    out.reverse();
    String::from_utf8(out).unwrap()
}

/// A dictionary of (index columns before and after the numbers, text); an empty text points at the one before.
fn dictionary(entries: &[(&str, Option<&str>, &str)]) -> (String, String) {
    let (mut index, mut texts) = (String::new(), String::new());
    let mut last = (0, 0);
    for (headword, original, text) in entries {
        if !text.is_empty() {
            last = (texts.len() as u64, text.len() as u64);
            texts.push_str(text);
        }
        index.push_str(&format!("{headword}\t{}\t{}", digits(last.0), digits(last.1)));
        index.push_str(&original.map_or(String::new(), |original| format!("\t{original}")));
        index.push('\n');
    }
    (index, texts)
}

fn small() -> (String, String) {
    dictionary(&[
        ("00-database-short", None, "00-database-short\n     A Small One\n"),
        ("00-database-info", None, "00-database-info\nMade for tests.\n\nCopyright by none\n\nLicence: free\n"),
        ("00-database-utf8", None, "\n"),
        ("hawkins", None, "Hawkins\n    n 1: a privateer\n         of old\n\n"),
        ("colour", None, "colour\n   see\tcolor\\\n"),
        ("color", None, ""),
        ("ice cream", Some("Ice-Cream"), "food\n"),
        ("#hash", None, "sharp\n"),
        ("r&amp;d", None, "research\n"),
        ("&amp;", None, "an entity\n"),
        ("empty", None, "empty\n"),
        ("00-small-short", None, "x\n"),
    ])
}

/// As `dictfmt --mime-header` writes it.
#[test]
fn texts_that_are_html() {
    let (index, texts) = dictionary(&[
        ("00-database-mime-header", None, "00-database-mime-header\nContent-type: text/html; charset=utf-8\n"),
        ("cat", None, "<b>cat</b><ol><li>an animal<li>a &quot;cat&quot;</ol>"),
    ]);
    let (_, mut collection) = imported(|intake| formats::dictd(index.as_bytes(), texts.as_bytes(), intake)).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("cat", "1. an animal\\n2. a \"cat\"")]));
}

#[test]
fn a_small_dictionary() {
    let (index, texts) = small();
    let (report, mut collection) =
        imported(|intake| formats::dictd(index.as_bytes(), texts.as_bytes(), intake)).unwrap();
    assert_eq!(
        pairs(&mut collection),
        owned(&[
            ("#hash", "sharp"),
            ("&amp;", "an entity"),
            ("00-small-short", "x"),
            ("Hawkins", "n 1: a privateer\\n     of old"),
            ("Ice-Cream", "food"),
            ("color", "colour\\nsee\\tcolor\\\\"),
            ("colour", "see\\tcolor\\\\"),
            ("r&d", "research"),
        ])
    );
    assert_eq!((report.read, report.taken, report.title.as_str()), (9, 8, "A Small One"));
    assert_eq!(refused(&report, Refusal::NoText), 1);
    assert_eq!(report.refused[&Refusal::NoText].examples, ["empty (index line 11)"]);
    let file = String::from_utf8(words_file(&mut collection)).unwrap();
    assert!(file.starts_with("# title: A Small One\n# licence: Licence: free\n"), "{file}");
    assert!(file.contains("\n# Made for tests.\n#\n# Copyright by none\n"), "{file}");
}

#[test]
fn the_index_may_know_only_letters() {
    let (index, texts) = dictionary(&[
        ("00databaseshort", None, "Plain Letters\n"),
        ("dumbbellshaped", None, "dumbbell-shaped /dˈʌm/\nhantelförmig\n"),
    ]);
    let (report, mut collection) =
        imported(|intake| formats::dictd(index.as_bytes(), texts.as_bytes(), intake)).unwrap();
    assert_eq!(report.title, "Plain Letters");
    assert_eq!(pairs(&mut collection), owned(&[("dumbbell-shaped", "/dˈʌm/\\nhantelförmig")]));
}

#[test]
fn latin_1_is_read_unless_utf_8_is_said() {
    let index = b"caf\xe9\tA\tF\n";
    let (_, mut collection) = imported(|intake| formats::dictd(index, b"\xe9t\xe9 \x92".as_slice(), intake)).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("café", "été ’")]));
    let index = b"00-database-utf8\tA\tB\na\tA\tC\nb\xff\tA\tC\n";
    let (report, mut collection) = imported(|intake| formats::dictd(index, b"b\xe9 ".as_slice(), intake)).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("a", "b\u{fffd}")]));
    assert_eq!((refused(&report, Refusal::NotUtf8), report.notes.values().sum::<u64>()), (1, 1));
}

#[test]
fn damage_is_named_with_its_place() {
    let (index, texts) = small();
    let cases: [(&[u8], &[u8], &str); 7] = [
        (b"a\tA\tC\nb\tA\tD\n", b"ab", "line 2: the index points at bytes 0 to 3, but the dictionary ends at 2"),
        (b"a\tA\n", b"ab", "line 1: no length"),
        (b"\na\tA\t!\n", b"ab", "line 2: length \"!\" is not base 64"),
        (b"a\t\tB\n", b"ab", "line 1: offset \"\" is not base 64"),
        (b"a\t////////////\tB\n", b"ab", "is not base 64"),
        (b"a\tB\t////\n", b"ab", "line 1: the index points at bytes 1 to 16777216, but the dictionary ends at 2"),
        (b"a\tB\t//////\n", b"ab", "longer than 16 MiB"),
    ];
    for (index, texts, message) in cases {
        let failure = imported(|intake| formats::dictd(index, texts, intake)).unwrap_err().to_string();
        assert!(failure.contains(message), "{failure}");
    }
    let cut = &texts.as_bytes()[..texts.len() - 1];
    assert!(imported(|intake| formats::dictd(index.as_bytes(), cut, intake)).is_err());
}

#[test]
fn files_are_found_by_any_of_their_names_packed_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let (index, texts) = small();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("a.b.index"), &index).unwrap();
    fs::write(at("a.b.dict.dz"), gzip(texts.as_bytes())).unwrap();
    fs::write(at("c.index"), &index).unwrap();
    fs::write(at("c.dict"), &texts).unwrap();
    let read = |name: &str| {
        let mut collection = Collection::new();
        let report = import(Format::Dictd, &at(name), &Choices::default(), &mut collection, &UNWATCHED)?;
        Ok::<_, Failure>((report.taken, pairs(&mut collection)))
    };
    let expected = read("a.b").unwrap();
    assert_eq!(expected.0, 8);
    for name in ["a.b.index", "a.b.dict.dz", "a.b.dict", "c", "c.index", "c.dict"] {
        assert_eq!(read(name).unwrap(), expected, "{name}");
    }
    assert!(matches!(read("d"), Err(Failure::Absent(file, _)) if file == at("d.index")));

    let packed = fs::read(at("a.b.dict.dz")).unwrap();
    let mut flipped = packed.clone();
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    for bad in [&packed[..packed.len() - 9], &packed[..packed.len() - 3], &packed[..30], &flipped] {
        fs::write(at("a.b.dict.dz"), bad).unwrap();
        let failure = read("a.b").unwrap_err();
        assert!(matches!(&failure, Failure::Damaged { file, .. } if *file == at("a.b.dict.dz")), "{failure}");
    }
    nix::unistd::mkfifo(&at("f.index"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(read("f"), Err(Failure::Damaged { .. })));
}

/// A gzip bomb ends early: the unpacked size of a dictionary is bounded.
#[test]
fn bombs_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("bomb.index"), "a\tA\tB\n").unwrap();
    fs::write(at("bomb.dict.dz"), gzip(&vec![b' '; 100 << 20])).unwrap();
    let failure = import(Format::Dictd, &at("bomb"), &Choices::default(), &mut Collection::new(), &UNWATCHED)
        .unwrap_err()
        .to_string();
    assert!(failure.contains("an implausible multiple of its size"), "{failure}");
}

#[test]
fn much_is_not_made_of_little() {
    // Ten thousand headwords that all have the same megabyte.
    let text = "word ".repeat(200_000);
    let line = format!("\tA\t{}\n", digits(text.len() as u64));
    let index: String = (0..10_000).map(|number| format!("w{number}{line}")).collect();
    let (report, mut collection) =
        imported(|intake| formats::dictd(index.as_bytes(), text.as_bytes(), intake)).unwrap();
    assert_eq!(report.taken, 10_000);
    let written = collection.write(&Labels::default(), &mut std::io::sink(), Path::new("out"), &UNWATCHED);
    assert!(matches!(written, Err(Failure::TooLarge)));
    // Different pieces of it are refused before they are read.
    let index: String = (0..10_000).map(|n| format!("w\t{}\t{}\n", digits(n), digits(900_000))).collect();
    let outcome = imported(|intake| formats::dictd(index.as_bytes(), text.as_bytes(), intake));
    assert!(matches!(outcome, Err(Failure::TooLarge)));
}

/// Written as dictd, imported, written as a words file and parsed: what comes out is what went in.
fn import_what_was_written(entries: &BTreeMap<String, String>) {
    let columns: Vec<(&str, Option<&str>, &str)> =
        entries.iter().map(|(headword, text)| (headword.as_str(), Some(headword.as_str()), text.as_str())).collect();
    let (index, texts) = dictionary(&columns);
    let (report, mut collection) =
        imported(|intake| formats::dictd(index.as_bytes(), texts.as_bytes(), intake)).unwrap();
    assert_eq!(report.taken, entries.len() as u64);
    let expected: Vec<(String, String)> =
        entries.iter().map(|(headword, text)| (headword.clone(), crate::text::escape(text))).collect();
    assert_eq!(pairs(&mut collection), expected);
}

#[test]
fn two_texts_that_are_the_same() {
    let entries = ["aa", "词词"].map(|headword| (headword.to_owned(), "0".to_owned()));
    import_what_was_written(&BTreeMap::from(entries));
}

proptest! {
    /// (A text that only repeats its headword would lose that; none begins with a zero.)
    #[test]
    fn what_goes_in_comes_out(entries in proptest::collection::btree_map(
        r"[a-zA-Zé词]([a-zA-Zé词'-] ?){0,10}[a-z词]", r"0([ 0-9a-z.;\\词/]{0,20}[0-9;\\词])?(\n[0-9;\\词]{1,5}){0,3}", 1..40,
    )) {
        import_what_was_written(&entries);
    }

    #[test]
    fn any_bytes_are_imported_or_refused(
        index in r"((a|00-database-(short|utf8|info)|#|é|)\t[A-D/!]{0,3}\t[A-F/]{0,2}(\tB|)\n){0,8}", dictionary: Vec<u8>,
    ) {
        if let Ok((report, mut collection)) =
            imported(|intake| formats::dictd(index.as_bytes(), dictionary.as_slice(), intake))
        {
            let refused: u64 = report.refused.values().map(|refused| refused.count).sum();
            prop_assert_eq!(report.read, report.taken + refused);
            if collection.entries() > 0 {
                words_file(&mut collection);
            }
        }
    }
}
