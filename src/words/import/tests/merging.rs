//! Several sources in one words file.

use super::super::formats;
use super::*;

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
    assert_eq!(pairs(&mut collection), owned(&[("a", "1"), ("b", "1\\n2\\n0"), ("c", "1")]));
    let written = collection.write(&Labels::default(), &mut std::io::sink(), Path::new("out"), &UNWATCHED).unwrap();
    assert_eq!(written.merged, [(2, 1), (2, 1)]);
    assert!(words_file(&mut collection).starts_with(b"# title: One + Two\n# licence: One: A\n# licence: Two: B\n"));
    let labels = Labels { title: Some("Both\n".into()), licence: Some("mine".into()) };
    let mut out = Vec::new();
    collection.write(&labels, &mut out, Path::new("out"), &UNWATCHED).unwrap();
    assert!(out.starts_with(b"# title: Both\n# licence: mine\n#\n"));
}

#[test]
fn capitals_that_mean_nothing_do_not_keep_entries_apart() {
    let lower = "abandon 1\nchina 2\nChina 3\npolish 4";
    let upper = "Abandon 5\nChina 6\nPolish 7\nZebra 8\nEven 9\nMore 10";
    let expected = owned(&[
        ("China", "3\\n6"),
        ("Even", "9"),
        ("More", "10"),
        ("Zebra", "8"),
        ("abandon", "1\\n5"),
        ("china", "2"),
        ("polish", "4\\n7"),
    ]);
    let (mut collection, _) = merged(&[lower, upper]);
    assert_eq!(pairs(&mut collection), expected);
    // Alone, and among their like, they stay.
    let (mut collection, _) = merged(&[upper, "Abandon 1"]);
    assert!(pairs(&mut collection).iter().all(|(headword, _)| headword.starts_with(char::is_uppercase)));
}

#[test]
fn headwords_at_and_over_their_limit() {
    let (longest, over) = ("词".repeat(128), "词".repeat(129));
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
    let outcome = super::super::import(super::super::Format::Plain, &file, &mut Collection::new(), &watch);
    assert!(matches!(outcome, Err(Failure::Stopped)));
}
