//! StarDict's format, in both versions, with the field types given once for all entries or for each entry.

use super::super::{Choices, Format, formats, import};
use super::*;
use proptest::prelude::*;
use std::fs;

fn info(version: &str, more: &str) -> String {
    format!(
        "StarDict's dict ifo file\nversion={version}\nbookname=A Star\nauthor=Nobody\ndescription=free<br>licence\n{more}"
    )
}

/// `.idx` and `.dict` of (headword, data) pairs.
fn files(entries: &[(&str, &[u8])], wide: bool) -> (Vec<u8>, Vec<u8>) {
    let (mut index, mut dictionary) = (Vec::new(), Vec::new());
    for (headword, data) in entries {
        index.extend_from_slice(headword.as_bytes());
        index.push(0);
        let offset = dictionary.len() as u64;
        index.extend_from_slice(&offset.to_be_bytes()[if wide { 0 } else { 4 }..]);
        index.extend_from_slice(&(data.len() as u32).to_be_bytes());
        dictionary.extend_from_slice(data);
    }
    (index, dictionary)
}

fn read(info: &str, index: &[u8], synonyms: &[u8], dictionary: &[u8]) -> Result<(Report, Collection), Failure> {
    let parts = formats::StarDictParts { info: info.as_bytes(), index, synonyms };
    imported(|intake| formats::stardict(parts, dictionary, intake))
}

#[test]
fn types_said_once_for_all() {
    let entries: [(&str, &[u8]); 3] =
        [("apple", "ˈæpl\0n. 苹果\nfruit".as_bytes()), ("pear", "\0梨".as_bytes()), ("nothing", b"x\0")];
    for (version, bits, wide) in [("2.4.2", "", false), ("3.0.0", "idxoffsetbits=64\n", true)] {
        let (index, dictionary) = files(&entries, wide);
        let info = info(version, &format!("{bits}wordcount=3\nsametypesequence=tm\n"));
        let (report, mut collection) = read(&info, &index, b"pome\0\0\0\0\0", &dictionary).unwrap();
        assert_eq!(
            pairs(&mut collection),
            owned(&[
                ("apple", "[ˈæpl]\\nn. 苹果\\nfruit"),
                ("nothing", "[x]"),
                ("pear", "梨"),
                ("pome", "[ˈæpl]\\nn. 苹果\\nfruit"),
            ])
        );
        assert_eq!((report.read, report.title.as_str()), (4, "A Star"));
        let file = String::from_utf8(words_file(&mut collection)).unwrap();
        assert!(file.contains("# licence: description: free licence\n"), "{file}");
        assert!(file.contains("\n# author: Nobody\n"), "{file}");
    }
}

#[test]
fn types_said_each_time() {
    let picture = [b"P\0\0\0\x03abc".as_slice(), "h<p>a &amp; b<br>c</p>\0yying\0Wmore".as_bytes()].concat();
    let cases: [(&[u8], Option<&str>); 5] = [
        (b"mone\0mtwo\0", Some("one\\ntwo")),
        (&picture[..picture.len() - 5], Some("a & b\\nc\\n[ying]")),
        (b"gone <b>two</b>\nthree\0", Some("one two\\nthree")),
        (b"x<k>word</k>\ntext", Some("text")),
        (b"P\0\0\0\x01a", None),
    ];
    for (data, expected) in cases {
        let (index, dictionary) = files(&[("word", data)], false);
        let (report, mut collection) = read(&info("2.4.2", ""), &index, b"", &dictionary).unwrap();
        match expected {
            Some(expected) => assert_eq!(pairs(&mut collection), owned(&[("word", expected)])),
            None => assert_eq!(refused(&report, Refusal::NoText), 1),
        }
        assert_eq!(report.notes.len(), usize::from(data.contains(&b'P')), "{:?}", report.notes);
    }
}

/// Between related languages many a word means itself.
#[test]
fn a_word_that_means_itself_has_a_text() {
    let entries: [(&str, &[u8]); 2] = [("Hotel", b"Hotel"), ("name", b" name\n")];
    let (index, dictionary) = files(&entries, false);
    let (report, mut collection) = read(&info("2.4.2", "sametypesequence=m\n"), &index, b"", &dictionary).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("Hotel", "Hotel"), ("name", "name")]));
    assert_eq!(report.taken, 2);
}

/// Texts that begin with their headword repeat it only where all do; `table` in French means `table`.
#[test]
fn a_meaning_is_no_repetition_of_the_headword() {
    let entries: [(&str, &[u8]); 3] = [("chien", b"dog"), ("orange", b"orange (fruit)"), ("table", b"table\nchart")];
    let (index, dictionary) = files(&entries, false);
    let (_, mut collection) =
        read(&info("2.4.2", "sametypesequence=m\n"), &index, b"tab\0\0\0\0\x02", &dictionary).unwrap();
    let expected =
        [("chien", "dog"), ("orange", "orange (fruit)"), ("tab", "table\\nchart"), ("table", "table\\nchart")];
    assert_eq!(pairs(&mut collection), owned(&expected));
    let entries: [(&str, &[u8]); 3] = [("chien", b"chien\ndog"), ("orange", b"orange (n)"), ("table", b"table\nchart")];
    let (index, dictionary) = files(&entries, false);
    let (_, mut collection) = read(&info("2.4.2", "sametypesequence=m\n"), &index, b"", &dictionary).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("chien", "dog"), ("orange", "(n)"), ("table", "chart")]));
}

/// A type that nobody knows is text if its letter is small.
#[test]
fn unknown_types_are_text_or_counted() {
    let (index, dictionary) = files(&[("word", b"q<b>\0mtext\0X\0\0\0\x01aqlast")], false);
    let (report, mut collection) = read(&info("2.4.2", ""), &index, b"", &dictionary).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("word", "<b>\\ntext\\nlast")]));
    assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
}

/// A synonym that leads nowhere is counted, as such a link of the other formats is; the entries are complete.
#[test]
fn a_synonym_that_leads_nowhere_is_refused_alone() {
    let (index, dictionary) = files(&[("apple", b"one"), ("pear", b"two")], false);
    let info = info("2.4.2", "sametypesequence=m\nwordcount=2\n");
    let synonyms = b"plum\0\0\0\0\x02pome\0\0\0\0\0";
    let (report, mut collection) = read(&info, &index, synonyms, &dictionary).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("apple", "one"), ("pear", "two"), ("pome", "one")]));
    assert_eq!(report.refused[&Refusal::DanglingLink].examples, ["plum (.syn offset 0)"]);
    assert_eq!((report.read, report.taken), (4, 3));
}

/// Many dictionaries have the brackets in their data.
#[test]
fn transcriptions_have_brackets_once() {
    let entries: [(&str, &[u8]); 3] =
        [("a", "[ə]\0one".as_bytes()), ("b", "/biː/\0two".as_bytes()), ("c", "siː\0three".as_bytes())];
    let (index, dictionary) = files(&entries, false);
    let (_, mut collection) = read(&info("2.4.2", "sametypesequence=tm\n"), &index, b"", &dictionary).unwrap();
    let expected = owned(&[("a", "[ə]\\none"), ("b", "/biː/\\ntwo"), ("c", "[siː]\\nthree")]);
    assert_eq!(pairs(&mut collection), expected);
}

/// One wrong byte, or a text cut off within a character, is no reason to read all of it in another character set.
#[test]
fn bytes_that_are_not_utf8_are_the_only_ones_lost() {
    let entries: [(&str, &[u8]); 3] =
        [("cut", b"\xe4\xb8\xad\xe6\x96\x87\xe8\xaf"), ("latin", b"caf\xe9"), ("one", b"\xe8\xaf\x8d \xc3\xa9 \xff.")];
    let (index, dictionary) = files(&entries, false);
    let (report, mut collection) = read(&info("2.4.2", "sametypesequence=m\n"), &index, b"", &dictionary).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("cut", "中文\u{fffd}"), ("latin", "café"), ("one", "词 é \u{fffd}.")]));
    assert_eq!(report.notes.values().sum::<u64>(), 2, "{:?}", report.notes);
}

#[test]
fn damage_is_named_with_its_place() {
    let (index, dictionary) = files(&[("apple", b"one"), ("pear", b"two")], false);
    let good = info("2.4.2", "sametypesequence=m\n");
    let counted = info("2.4.2", "sametypesequence=m\nwordcount=3\n");
    let pictures = info("2.4.2", "sametypesequence=Pm\n");
    type Case<'a> = (&'a str, &'a [u8], &'a [u8], &'a [u8], &'a str);
    let cases: [Case<'_>; 8] = [
        (&good, &index[..index.len() - 1], b"", &dictionary, ".idx offset 14: the record is truncated"),
        (&good, &index[..16], b"", &dictionary, ".idx offset 14: the record is truncated"),
        (&counted, &index, b"", &dictionary, ".idx: 2 headwords, but .ifo announces 3"),
        (&good, &index, b"", b"onetw", "the index points at bytes 3 to 6, but the dictionary ends at 5"),
        (&good, &index, b"plum", &dictionary, ".syn offset 0: the record is truncated"),
        (&pictures, &index, b"", &dictionary, "offset 0: a field is truncated"),
        ("version=2.4.2", &index, b"", &dictionary, ".ifo: it does not begin"),
        (&info("9", ""), &index, b"", &dictionary, "version Some(\"9\")"),
    ];
    for (info, index, synonyms, dictionary, message) in cases {
        let failure = read(info, index, synonyms, dictionary).unwrap_err().to_string();
        assert!(failure.contains(message), "{failure}, not {message}");
    }
}

#[test]
fn files_are_found_by_any_of_their_names_packed_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (index, dictionary) = files(&[("apple", b"one"), ("pear", b"two")], false);
    fs::write(at("s.ifo"), info("2.4.2", "sametypesequence=m\n")).unwrap();
    fs::write(at("s.idx.gz"), gzip(&index)).unwrap();
    fs::write(at("s.dict.dz"), gzip(&dictionary)).unwrap();
    fs::write(at("s.syn"), b"plum\0\0\0\0\x01").unwrap();
    for name in ["s", "s.ifo", "s.idx", "s.idx.gz", "s.dict.dz", "s.syn"] {
        let mut collection = Collection::new();
        import(Format::Stardict, &at(name), &Choices::default(), &mut collection, &UNWATCHED).unwrap();
        assert_eq!(pairs(&mut collection), owned(&[("apple", "one"), ("pear", "two"), ("plum", "two")]), "{name}");
    }
    fs::write(at("s.idx.gz"), &gzip(&index)[..20]).unwrap();
    let failure =
        import(Format::Stardict, &at("s"), &Choices::default(), &mut Collection::new(), &UNWATCHED).unwrap_err();
    assert!(matches!(&failure, Failure::Damaged { file, .. } if *file == at("s.idx.gz")), "{failure}");
}

proptest! {
    #[test]
    fn any_bytes_are_imported_or_refused(
        types in "[mltxhgyPWr]{0,3}", index in proptest::collection::vec(0_u8..4, 0..60),
        synonyms in proptest::collection::vec(0_u8..4, 0..20), dictionary in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let info = info("2.4.2", &format!("sametypesequence={types}\n"));
        if let Ok((report, mut collection)) = read(&info, &index, &synonyms, &dictionary) {
            let refused: u64 = report.refused.values().map(|refused| refused.count).sum();
            prop_assert_eq!(report.read, report.taken + refused);
            if collection.entries() > 0 {
                words_file(&mut collection);
            }
        }
    }
}
