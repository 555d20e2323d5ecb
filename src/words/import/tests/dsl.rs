//! DSL files, in all the character sets in which they occur.

use super::super::{Choices, Format, formats, import};
use super::*;
use encoding_rs::WINDOWS_1251;
use proptest::prelude::*;

const CARDS: &str = "#NAME \"Small (En-Ru)\"\n#INDEX_LANGUAGE \"English\"\n#CONTENTS_LANGUAGE \"Russian\"\n\n\
    cat\n\t[m1][b]1.[/b] [trn]кот[/trn][/m]\n\t[m2][*][ex]the ~ sat[/ex][/*][/m]\n\
    colo(u)r\nhue\n  [p]n.[/p] цвет {{not\n  shown}}\n\n\
    {to }go\n\tидти\n\t@ go on\n\t[m1]продолжать[/m]\n\t@\n\tend\n\
    # no comment\n\tx\n\
    last";

#[test]
fn cards_become_entries() {
    let expected = owned(&[
        ("# no comment", "x"),
        ("cat", "1. кот\\n  the cat sat"),
        ("color", "n. цвет"),
        ("colour", "n. цвет"),
        ("go", "идти\\ngo on\\nпродолжать\\nend"),
        ("go on", "продолжать"),
        ("hue", "n. цвет"),
        ("to go", "идти\\ngo on\\nпродолжать\\nend"),
    ]);
    let little: Vec<u8> = CARDS.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = CARDS.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let pages = CARDS.replace("\n\ncat", "\n#SOURCE_CODE_PAGE \"Cyrillic\"\n\ncat");
    let files = [
        CARDS.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", CARDS.as_bytes()].concat(),
        CARDS.replace('\n', "\r\n").into_bytes(),
        little.clone(),
        [b"\xff\xfe".to_vec(), little].concat(),
        big.clone(),
        [b"\xfe\xff".to_vec(), big].concat(),
        WINDOWS_1251.encode(&pages).0.into_owned(),
    ];
    for (number, file) in files.iter().enumerate() {
        let (report, mut collection) = imported(|intake| formats::dsl(file, intake)).unwrap();
        assert_eq!(pairs(&mut collection), expected, "file {number}");
        assert_eq!(report.title, "Small (En-Ru)");
        let last = format!("last (line {})", line_of_last(CARDS, number == 7));
        assert_eq!(report.refused[&Refusal::NoText].examples, [last]);
        let file = String::from_utf8(words_file(&mut collection)).unwrap();
        assert!(file.contains("# from: en\n# to: ru\n"), "{file}");
    }
}

#[test]
fn a_tilde_in_other_headwords_is_the_cards_own() {
    let cards = "go\n\tx\n\t@ ~ on\n\tcontinue; ~\n\t@ {to }~ (far )off\n\t[s]a.wav[/s]\n\texplode\n{to }run\n~ away\n\tflee\r\n";
    for cards in [cards.to_owned(), cards.replace('\n', "\r").replace("\r\r", "\r")] {
        let (_, mut collection) = imported(|intake| formats::dsl(cards.as_bytes(), intake)).unwrap();
        let expected = owned(&[
            ("go", "x\\ngo on\\ncontinue; go\\nto go (far )off\\nexplode"),
            ("go far off", "explode"),
            ("go off", "explode"),
            ("go on", "continue; go on"),
            ("run", "flee"),
            ("to go far off", "explode"),
            ("to go off", "explode"),
            ("to run", "flee"),
            ("to run away", "flee"),
        ]);
        assert_eq!(pairs(&mut collection), expected);
    }
}

#[test]
fn a_card_within_may_have_several_headwords() {
    let cards = "go\n\tx\n\t@ ~ on\n\t@ ~ ahead\n\tcontinue\n\t@\n\ty\n\t@ alone\n\t@\n\t@ ~ off\n\texplode\n";
    let (_, mut collection) = imported(|intake| formats::dsl(cards.as_bytes(), intake)).unwrap();
    let expected = owned(&[
        ("go", "x\\ngo on\\ngo ahead\\ncontinue\\ny\\nalone\\ngo off\\nexplode"),
        ("go ahead", "continue"),
        ("go off", "explode"),
        ("go on", "continue"),
    ]);
    assert_eq!(pairs(&mut collection), expected);
}

/// Lingvo makes one dictionary of a file and those that it includes.
#[test]
fn included_files_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir(at("more")).unwrap();
    let main = "#NAME \"Main\"\n#INCLUDE \".\\\\more\\\\b.dsl\"\n#INCLUDE \"C:\\\\Words\\\\c.dsl\"\n#INCLUDE \"../none.dsl\"\n\na\n\t1\n";
    std::fs::write(at("main.dsl"), main).unwrap();
    std::fs::write(at("more/b.dsl"), "#NAME \"B\"\n#INCLUDE \"..\\\\main.dsl\"\n#INCLUDE \"b.dsl\"\n\nb\n\t2\n")
        .unwrap();
    std::fs::write(at("c.dsl"), "c\n\t3\n").unwrap();
    let mut collection = Collection::new();
    let report = import(Format::Dsl, &at("main.dsl"), &Choices::default(), &mut collection, &UNWATCHED).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("a", "1"), ("b", "2"), ("c", "3")]));
    assert_eq!(report.title, "Main");
    assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
    assert!(
        report.warnings[0].contains("none.dsl") && report.warnings[1].contains("main.dsl"),
        "{:?}",
        report.warnings
    );
}

/// A comment takes its line end with it.
fn line_of_last(cards: &str, one_more: bool) -> usize {
    cards.lines().count() - 1 + usize::from(one_more)
}

proptest! {
    #[test]
    fn any_bytes_are_imported_or_refused(text in r"(#NAME|a|~|\(|\)|\{|\}|@|\[m1\]|\[s\]|\\|é| |\t|\n){0,40}", wide: bool, noise: Vec<u8>) {
        let bytes = if wide { text.encode_utf16().flat_map(u16::to_le_bytes).collect() } else { text.into_bytes() };
        for bytes in [bytes, noise] {
            let (report, mut collection) = imported(|intake| formats::dsl(&bytes, intake)).unwrap();
            let refused: u64 = report.refused.values().map(|refused| refused.count).sum();
            prop_assert_eq!(report.read, report.taken + refused);
            if collection.entries() > 0 {
                words_file(&mut collection);
            }
        }
    }
}
