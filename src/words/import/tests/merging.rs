//! Several sources in one words file.

use super::super::formats;
use super::*;
use crate::words::MAX_HEADWORD_CHARS;

fn merged(sources: &[&str]) -> (Collection, Vec<Report>) {
    let mut collection = Collection::new();
    let mut reports = Vec::new();
    for source in sources {
        let mut intake = collection.intake();
        let notice = formats::plain(source.as_bytes(), &mut intake).unwrap();
        reports.push(intake.finish(notice));
    }
    (collection, reports)
}

#[test]
fn entries_of_one_headword_join_in_the_order_of_the_sources() {
    let one = "# title: One\n# licence: A\nb 1\na 1\nb 2\nb 1";
    let (mut collection, _) = merged(&[one, "# title: Two\n# licence: B\nb 0\na 1\nc 1"]);
    assert_eq!(
        pairs(&mut collection),
        owned(&[("a", "[One]\\n1\\n[Two]\\n1"), ("b", "[One]\\n1\\n2\\n[Two]\\n0"), ("c", "[Two]\\n1")])
    );
    let written = collection.write(&Labels::default(), &mut std::io::sink(), Path::new("out"), &UNWATCHED).unwrap();
    assert_eq!(written.merged, [(2, 1), (2, 0)]);
    assert!(words_file(&mut collection).starts_with(b"# title: One + Two\n# licence: One: A\n# licence: Two: B\n"));
    let labels = Labels { title: Some("Both\n".into()), licence: Some("mine".into()), ..Labels::default() };
    let mut out = Vec::new();
    collection.write(&labels, &mut out, Path::new("out"), &UNWATCHED).unwrap();
    assert!(out.starts_with(b"# title: Both\n# licence: mine\n#\n"));
}

/// The words file that an import of these sources makes.
fn made(sources: &[&str]) -> String {
    String::from_utf8(words_file(&mut merged(sources).0)).unwrap()
}

/// A file that an import made, of one source or of several, is not changed by another import: nothing in its head is
/// taken for a licence or a text of its own.
#[test]
fn what_an_import_made_stays_as_it_is() {
    let long = format!("# title: Long\n{}a 1\n", "# a line\n#   and another\n".repeat(1 << 14));
    for sources in [
        &["# title: Good\nb 1\\n  two\na 1\nb 3\n"][..],
        &["# title: Good\n# licence: free\n# from: en\n# to: zh\n# some\n#\n#   words\n# > title: x\na 1\n"],
        &["# title: Good\n# first\n#\n# Copyright by none\n#\n#\n# ---- Good ----\n# last\na 1\n"],
        &[
            "# title: One\n# licence: A\n# text of one\na 1\n",
            "# title: Two\n# licence: B\na 2\n",
            "# title: Three\na 3",
        ],
        &["# title: One\n# one\na 1\n", "# title: One\n# two\na 2\n"],
        &[&long],
        &[&long, "# title: Short\na 1\n"],
    ] {
        let first = made(sources);
        let again = made(&[&first]);
        assert!(again == first, "{first:.2000}\n{again:.2000}");
        assert!(!parse(first.as_bytes()).unwrap().licence.contains("Made by"), "{first:.2000}");
    }
    // As version 0.1.0 left it.
    let old = "# title: Good\n# licence: Made by: cidiand words import (cidian 0.1.0)\na 1\n";
    assert_eq!(parse(made(&[old]).as_bytes()).unwrap().licence, "");
    // A text that is about anything is no licence.
    assert_eq!(parse(made(&["# my own words\na 1\n"]).as_bytes()).unwrap().licence, "");
}

/// Among others, such a file brings the titles, licences and texts of its sources, each once.
#[test]
fn what_an_import_made_is_merged_with_others() {
    let one = made(&["# title: One\n# licence: A\n# text of one\na 1\n"]);
    let two = made(&["# title: Two\n# text of two\nb 2\n"]);
    let both = made(&[&one, &two]);
    let head = |file: &str| -> Vec<String> {
        let comments = file.lines().take_while(|line| line.starts_with('#'));
        comments.filter(|line| *line != "#" && !line.contains("Made by")).map(str::to_owned).collect()
    };
    let expected = [
        "# title: One + Two",
        "# licence: One: A",
        "# ---- One ----",
        "# text of one",
        "# ---- Two ----",
        "# text of two",
    ];
    assert_eq!(head(&both), expected);
    assert_eq!(head(&made(&[&both])), expected);
    assert_eq!(head(&made(&[&both, &one])), expected);
    let three = "# title: Three\n# licence: C\n# text of three\nc 3\n";
    let mut expected = expected.to_vec();
    expected[0] = "# title: One + Two + Three";
    expected.insert(2, "# licence: Three: C");
    expected.extend(["# ---- Three ----", "# text of three"]);
    assert_eq!(head(&made(&[&both, three])), expected);
}

/// Each piece has the name of the dictionary that it is from, once.
#[test]
fn what_an_import_made_brings_the_names_of_its_sources() {
    let both = made(&["# title: One\nbank edge\na 1\n", "# title: Two\nbank money\n"]);
    let (mut collection, _) = merged(&[&both, "# title: Three\nbank seat\na [One]\n"]);
    let expected = [("a", "[One]\\n1\\n[Three]\\n[One]"), ("bank", "[One]\\nedge\\n[Two]\\nmoney\\n[Three]\\nseat")];
    assert_eq!(pairs(&mut collection), owned(&expected));
}

#[test]
fn capitals_that_mean_nothing_do_not_keep_entries_apart() {
    let lower = "abandon 1\nchina 2\nChina 3\npolish 4\nIndia 0\nice 0\nice cream\t11";
    let upper = "Abandon 5\nChina 6\nPolish 7\nZebra 8\nEven 9\nMore 10\nIndia 1\nIce Cream\t12\nICE\t13";
    let (mut collection, _) = merged(&[lower, upper]);
    let shown = pairs(&mut collection);
    let both = |one: &str, two: &str| format!("[1]\\n{one}\\n[2]\\n{two}");
    let expected = [
        ("China", both("3", "6")),
        ("Even", "[2]\\n9".to_owned()),
        ("ICE", "[2]\\n13".to_owned()),
        ("India", both("0", "1")),
        ("More", "[2]\\n10".to_owned()),
        ("Zebra", "[2]\\n8".to_owned()),
        ("abandon", both("1", "5")),
        // Either may be meant.
        ("china", both("2", "6")),
        ("ice", "[1]\\n0".to_owned()),
        ("ice cream", both("11", "12")),
        ("polish", both("4", "7")),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(headword, text)| ((*headword).to_owned(), text.clone())).collect();
    assert_eq!(shown, expected);
    // Alone, and among others of their kind, they stay.
    let (mut collection, _) = merged(&[upper, "Abandon 1"]);
    assert!(pairs(&mut collection).iter().all(|(headword, _)| headword.starts_with(char::is_uppercase)));
}

/// A third source that has the capital, too, must not hide what the lower-case headword finds without it.
#[test]
fn a_third_source_hides_nothing() {
    let plain = "# title: plain\napple plain source: fruit\nbanana plain source: yellow\ncherry plain source: red\n";
    let capitals =
        "# title: capitals\nApple fruit\nBanana yellow fruit\nCherry red fruit\nDamson a plum\nElder a bush\n";
    let third =
        "# title: third\nApple a maker of computers\nshell a program\nkernel core of a system\nkey something pressed\n";
    for sources in [[plain, capitals, third], [third, capitals, plain], [capitals, third, plain]] {
        let (mut collection, _) = merged(&sources);
        let shown = pairs(&mut collection);
        let text = |headword: &str| shown.iter().find(|(found, _)| found == headword).unwrap().1.clone();
        assert!(
            text("apple").contains("[capitals]\\nfruit") && text("apple").contains("[plain]\\nplain source"),
            "{shown:?}"
        );
        assert!(
            text("Apple").contains("[third]\\na maker") && text("Apple").contains("[capitals]\\nfruit"),
            "{shown:?}"
        );
        assert!(text("banana").contains("[capitals]\\nyellow fruit"), "{shown:?}");
    }
}

#[test]
fn headwords_at_and_over_their_limit() {
    let (longest, over) = ("词".repeat(MAX_HEADWORD_CHARS), "词".repeat(MAX_HEADWORD_CHARS + 1));
    let (mut collection, reports) = merged(&[&format!("{longest} 1\n{over} 2\n")]);
    assert_eq!(pairs(&mut collection), owned(&[(&longest, "1")]));
    assert_eq!(reports[0].refused[&Refusal::LongHeadword].examples, [format!("{}… (line 2)", "词".repeat(40))]);
}

#[test]
fn stopping_ends_it() {
    let (mut collection, _) = merged(&["a 1"]);
    let watch = Watch { stop: &|| true, progress: &|_, _, _| {} };
    let outcome = collection.write(&Labels::default(), &mut std::io::sink(), Path::new("out"), &watch);
    assert!(matches!(outcome, Err(Failure::Stopped)));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a");
    std::fs::write(&file, "a 1").unwrap();
    let outcome = super::super::import(
        super::super::Format::Plain,
        &file,
        &super::super::Choices::default(),
        &mut Collection::new(),
        &watch,
    );
    assert!(matches!(outcome, Err(Failure::Stopped)));
}
