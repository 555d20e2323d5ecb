//! What the documents say can be looked up: `docs/security.md` and `docs/durability.md` name tests, and each of them is
//! there.

use std::path::{Path, PathBuf};

/// Everything below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    if !directory.is_dir() {
        return Vec::new();
    }
    let entries = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// All that is written in Rust below some directories.
fn source(directories: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = directories.iter().flat_map(|directory| files(&root.join(directory)));
    all.filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(|path| std::fs::read_to_string(path).expect("a source file"))
        .collect()
}

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("the page")
}

#[test]
fn every_test_that_the_page_on_security_names_is_there() {
    let page = page("docs/security.md");
    let rows: Vec<&str> =
        page.lines().skip_while(|line| *line != "## Threats").filter(|l| l.starts_with("| ")).collect();
    assert!(rows.len() > 20, "{}", rows.len());
    are_there(&rows[2..]);
}

#[test]
fn every_test_that_the_page_on_durability_names_is_there() {
    let page = page("docs/durability.md");
    let tables =
        page.split("\n\n").filter(|part| part.lines().next().is_some_and(|head| head.ends_with("| shown by |")));
    let rows: Vec<&str> = tables.flat_map(|table| table.lines().skip(2)).collect();
    assert!(rows.len() > 20, "{}", rows.len());
    are_there(&rows);
}

/// Each test that the last column names.
fn are_there(rows: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = [
        ("process", source(&["tests/process"])),
        ("client", source(&["tests/client"])),
        ("sandbox", source(&["tests/sandbox"])),
        ("unit", source(&["src"])),
        ("fuzz", source(&["tests/fuzz/fuzz_targets"])),
    ];
    let targets = files(&root.join("tests/fuzz/fuzz_targets"));
    for row in rows {
        let tests = row.trim_end_matches('|').trim_end().rsplit(" | ").next().expect("a last column");
        let mut kind = "";
        for (at, part) in tests.split('`').enumerate() {
            if at % 2 == 0 {
                let last = part.split([' ', ',', ';']).filter(|word| !word.is_empty());
                kind =
                    last.fold(kind, |kind, word| sources.iter().find(|(name, _)| *name == word).map_or(kind, |s| s.0));
                continue;
            }
            let found = match kind {
                "fuzz" => targets.iter().any(|path| {
                    let name = path.file_stem().expect("a name").to_string_lossy();
                    part.strip_suffix('…').map_or(name == part, |begin| name.starts_with(begin))
                }),
                kind => {
                    let (_, text) = sources.iter().find(|(name, _)| *name == kind).expect("a kind of test before it");
                    text.contains(&format!("fn {part}("))
                }
            };
            assert!(found, "{kind} `{part}` is not there: {row}");
        }
    }
}
