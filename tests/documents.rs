//! Everything that the documents name exists: the tests that `docs/architecture.md`, `docs/security.md` and
//! `docs/durability.md` cite, the files of `src/` and `tests/` in every page, and the targets of links.

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

#[test]
fn every_test_that_the_page_on_architecture_names_is_there() {
    let page = page("docs/architecture.md");
    let invariants = page.lines().skip_while(|line| *line != "## Invariants").skip(1);
    let rows: Vec<&str> =
        invariants.take_while(|line| !line.starts_with("---")).filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 15, "{}", rows.len());
    // Some are held by a type, which the compiler checks.
    let tested: Vec<&str> =
        rows.into_iter().filter(|row| KINDS.iter().any(|kind| row.contains(&format!("{kind} `")))).collect();
    assert!(tested.len() > 12, "{}", tested.len());
    are_there(&tested);
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = files(&root.join("docs"));
    pages.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/fuzz/README.md"].map(|name| root.join(name)));
    pages.retain(|path| path.extension().is_some_and(|end| end == "md"));
    let mut missing = Vec::new();
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("the page");
        // Between backquotes: a path below one of these directories.
        let quoted = text.split('`').skip(1).step_by(2);
        for path in quoted.filter(|part| ["src/", "tests/", "benches/"].iter().any(|begin| part.starts_with(begin))) {
            if !path.contains([' ', '*']) && !root.join(path).exists() {
                missing.push(format!("{}: {path}", page.display()));
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
            let found = link.starts_with("http")
                || target.exists() && (heading.is_empty() || anchors(&target).iter().any(|anchor| anchor == heading));
            if !found {
                missing.push(format!("{}: link to {link}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The headings of a page, as links to them are written.
fn anchors(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("the page");
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading.to_lowercase().replace(' ', "-");
            kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
        })
        .collect()
}

/// The kinds of test that a page names before a test, in backquotes.
const KINDS: [&str; 7] = ["process", "client", "sandbox", "systemd", "architecture", "unit", "fuzz"];

/// Each test that the last column names.
fn are_there(rows: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = [
        ("process", source(&["tests/process"])),
        ("client", source(&["tests/client"])),
        ("sandbox", source(&["tests/sandbox"])),
        ("systemd", source(&["tests/systemd"])),
        ("architecture", page("tests/architecture.rs")),
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
