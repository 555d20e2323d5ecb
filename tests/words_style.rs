//! The notation of the built-in words (words.txt), checked over the whole file: readers, the program's fields and
//! future editors rely on it. docs/words.md describes it; every rule here comes with a bad line that the rule must
//! find.

use std::collections::{BTreeMap, BTreeSet};

/// The file stays one text that a person can edit.
const MAX_FILE_BYTES: usize = 6 * 1024 * 1024;
/// Longer entries belong to an encyclopedia.
const MAX_LINE_BYTES: usize = 1000;
const PARTS_OF_SPEECH: [&str; 18] = [
    "n.", "v.", "v.t.", "v.i.", "adj.", "adv.", "prep.", "conj.", "pron.", "art.", "num.", "int.", "abbr.", "aux.",
    "phr.", "det.", "pref.", "suf.",
];
/// The letters and marks of the transcriptions, and what separates the forms of one transcription.
const IPA: &str = "abdefhijklmnoprstuvwzæðŋɑɒɔəɛɜɡɪʃʊʌʒθː\u{303}ˈˌ.";
const EXAMS: [&str; 3] = ["cet4", "cet6", "ielts"];
const BANDS: u32 = 20;
/// Notes that name a headword: `(give 的过去式)`, `(同 among)`, `(英式拼写, 美式为 color)`.
const FORMS: [&str; 9] =
    ["过去式", "过去分词", "复数", "比较级", "最高级", "现在分词", "第三人称单数", "第二人称单数", "宾格"];
const REFERENCES: [&str; 9] =
    ["同 ", "美式为 ", "英式为 ", "美式用 ", "英式用 ", "美式多用 ", "英式多用 ", "美式也用 ", "英式也用 "];

/// One line of the file, in its fields.
struct Entry<'a> {
    headword: &'a str,
    pronunciation: Option<&'a str>,
    senses: &'a str,
    example: Option<&'a str>,
    tags: Option<&'a str>,
}

fn is_chinese(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

/// The fields of a line, or what keeps them from being separated.
fn fields(line: &str) -> Result<Entry<'_>, String> {
    let (headword, rest) = match line.split_once('\t') {
        Some((headword, _)) if !headword.contains(' ') => return Err("a TAB after a headword of one word".to_owned()),
        Some(parts) => parts,
        None => line.split_once("  ").ok_or("no two blanks after the headword")?,
    };
    if rest.starts_with([' ', '\t']) || rest.contains('\t') || line.ends_with(' ') || rest.contains("  ") {
        return Err("a blank or TAB too many".to_owned());
    }
    let (pronunciation, rest) = match rest.strip_prefix('/') {
        Some(after) => {
            let (pronunciation, rest) = after.split_once("/ ").ok_or("the pronunciation has no end")?;
            (Some(pronunciation), rest)
        }
        None => (None, rest),
    };
    let (rest, tags) = match rest.strip_suffix('}') {
        Some(before) => {
            let (rest, tags) = before.rsplit_once('{').ok_or("the tags have no beginning")?;
            let rest = if rest.contains("\\n» ") { rest.strip_suffix("\\n") } else { rest.strip_suffix(' ') };
            (rest.ok_or("the tags are not set apart")?, Some(tags))
        }
        None => (rest, None),
    };
    let (senses, example) = match rest.split_once("\\n» ") {
        Some((senses, example)) => (senses, Some(example)),
        None => (rest, None),
    };
    if senses.contains('\\') || senses.contains(['{', '}', '»']) {
        return Err("a mark of a field among the senses".to_owned());
    }
    Ok(Entry { headword, pronunciation, senses, example, tags })
}

/// What is wrong with one entry, its references apart.
fn faults(entry: &Entry<'_>) -> Vec<String> {
    let mut found = Vec::new();
    pronunciation(entry, &mut found);
    senses(entry.senses, &mut found);
    punctuation(entry.senses, &mut found);
    if let Some(example) = entry.example {
        example_pair(example, &mut found);
    }
    if let Some(tags) = entry.tags {
        tag_list(tags, &mut found);
    }
    found
}

fn pronunciation(entry: &Entry<'_>, found: &mut Vec<String>) {
    let Some(pronunciation) = entry.pronunciation else {
        let spoken = entry.headword.chars().all(|c| c.is_ascii_alphabetic())
            && !entry.senses.contains("abbr.")
            && !entry.senses.contains("罗马数字");
        if spoken {
            found.push("a headword of one word has no pronunciation".to_owned());
        }
        return;
    };
    if entry.headword.contains(' ') {
        found.push("a pronunciation of several words".to_owned());
    }
    let forms: Vec<&str> = pronunciation.split("; US ").collect();
    if forms.len() > 2 || forms.first() == forms.get(1) {
        found.push(format!("not a British and another American form: /{pronunciation}/"));
    }
    for form in forms.iter().flat_map(|form| form.split(", ")) {
        if let Some(foreign) = form.chars().find(|c| !IPA.contains(*c)) {
            found.push(format!("{foreign:?} is no letter of the transcriptions: /{pronunciation}/"));
        }
        let syllables: Vec<&str> = form.split(['.', 'ˈ', 'ˌ']).collect();
        let marked = usize::from(form.starts_with(['ˈ', 'ˌ']));
        let several = syllables.len() - marked > 1;
        if syllables[marked..].iter().any(|syllable| syllable.is_empty()) {
            found.push(format!("an empty syllable: /{pronunciation}/"));
        }
        if several && form.matches('ˈ').count() != 1 {
            found.push(format!("not one main stress: /{pronunciation}/"));
        }
    }
}

fn senses(senses: &str, found: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for part in senses.split(" | ") {
        let Some((name, glosses)) = part.split_once(' ') else {
            found.push(format!("a part of speech without a sense: {part:?}"));
            continue;
        };
        if !PARTS_OF_SPEECH.contains(&name) {
            found.push(format!("no part of speech: {name:?}"));
        }
        if !seen.insert(name) {
            found.push(format!("{name} twice"));
        }
        let mut glosses_seen = BTreeSet::new();
        for gloss in glosses.split(';').map(str::trim) {
            if gloss.is_empty() {
                found.push(format!("an empty sense in {part:?}"));
            } else if !glosses_seen.insert(gloss) {
                found.push(format!("a sense twice: {gloss}"));
            }
        }
    }
    if !senses.chars().any(is_chinese) {
        found.push("nothing in Chinese".to_owned());
    }
}

fn punctuation(senses: &str, found: &mut Vec<String>) {
    if let Some(wide) = senses.chars().find(|c| "（），。；：！？·".contains(*c)) {
        found.push(format!("{wide} is full width"));
    }
    if senses.contains("...") {
        found.push("three dots for …".to_owned());
    }
    let characters: Vec<char> = senses.chars().collect();
    let mut depth = 0_i32;
    for (at, &here) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| characters[at]);
        let after = characters.get(at + 1).copied();
        match here {
            '(' => {
                depth += 1;
                if before.is_some_and(|c| c != ' ') {
                    found.push("no blank before (".to_owned());
                }
            }
            ')' => {
                depth -= 1;
                if depth < 0 {
                    found.push(") before (".to_owned());
                }
                if after.is_some_and(|c| !" ;,…、".contains(c)) {
                    found.push("no blank after )".to_owned());
                }
            }
            ';' | ',' | '|' if after != Some(' ') => found.push(format!("no blank after {here}")),
            ';' | ',' if before == Some(' ') => found.push(format!("a blank before {here}")),
            _ => {}
        }
        let mixed = |a: char, b: char| is_chinese(a) && b.is_ascii_alphanumeric();
        if before.is_some_and(|before| mixed(before, here) || mixed(here, before)) {
            found.push(format!("no blank between Chinese and Latin letters: {here}"));
        }
    }
    if depth != 0 {
        found.push("a parenthesis is open".to_owned());
    }
}

/// An English sentence and its translation, which has Chinese marks.
fn example_pair(example: &str, found: &mut Vec<String>) {
    let Some(start) = example.find(is_chinese) else {
        found.push("an example without its translation".to_owned());
        return;
    };
    let english = example[..start].trim_end_matches(|c: char| !".?!\"'".contains(c));
    if english.is_empty() || !example.starts_with(|c: char| c.is_ascii() && !c.is_whitespace()) {
        found.push(format!("an example without an English sentence: {example:?}"));
    }
    if !example.ends_with(['。', '？', '！', '”', '…']) {
        found.push(format!("a translation without its end: {example:?}"));
    }
    if let Some(half) = example[start..].chars().find(|c| ",;?!".contains(*c)) {
        found.push(format!("{half:?} is half width in a translation: {example:?}"));
    }
    if example.contains("\\n") {
        found.push("a second line in an example".to_owned());
    }
}

/// Exams first, in their order, then at most one frequency band.
fn tag_list(tags: &str, found: &mut Vec<String>) {
    let rank = |tag: &str| {
        let band =
            tag.strip_prefix('k').and_then(|band| band.parse::<u32>().ok()).filter(|band| (1..=BANDS).contains(band));
        EXAMS.iter().position(|exam| *exam == tag).or(band.map(|_| EXAMS.len()))
    };
    let mut last = None;
    for tag in tags.split(' ') {
        match rank(tag) {
            None => found.push(format!("no tag: {tag:?}")),
            Some(rank) if last.is_some_and(|last| last >= rank) => found.push(format!("tags out of order: {tags}")),
            Some(rank) => last = Some(rank),
        }
    }
}

/// The headwords that the notes of an entry name.
fn named(senses: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for note in senses.split('(').skip(1).filter_map(|part| part.split(')').next()) {
        for phrase in note.split([',', ';']).map(str::trim) {
            if let Some((name, kind)) = phrase.split_once(" 的")
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.is_ascii()
                && FORMS.iter().any(|form| kind.starts_with(form))
            {
                found.push(name);
            }
            for word in REFERENCES.iter().filter_map(|reference| phrase.strip_prefix(reference)) {
                found.extend(word.split(" 或 ").filter(|word| word.is_ascii()));
            }
        }
    }
    found
}

/// Every fault of a words file, with its line's number.
fn check(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut entries = BTreeMap::new();
    let mut last: Option<&str> = None;
    if text.len() > MAX_FILE_BYTES {
        found.push(format!("the file has {} bytes, more than {MAX_FILE_BYTES}", text.len()));
    }
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        if line.starts_with('#') {
            if last.is_some() {
                found.push(format!("line {number}: a comment below the head"));
            }
            continue;
        }
        if line.len() > MAX_LINE_BYTES {
            found.push(format!("line {number}: {} bytes, more than {MAX_LINE_BYTES}", line.len()));
        }
        match fields(line) {
            Err(why) => found.push(format!("line {number}: {why}: {line}")),
            Ok(entry) => {
                if let Some(last) = last {
                    if last.as_bytes() == entry.headword.as_bytes() {
                        found.push(format!("line {number}: {last} twice"));
                    } else if last.as_bytes() > entry.headword.as_bytes() {
                        found.push(format!("line {number}: {} after {last}", entry.headword));
                    }
                }
                last = Some(entry.headword);
                found.extend(faults(&entry).iter().map(|fault| format!("line {number}: {}: {fault}", entry.headword)));
                entries.insert(entry.headword, (number, entry));
            }
        }
    }
    for (headword, (number, entry)) in &entries {
        for name in named(entry.senses) {
            if !entries.contains_key(name) {
                found.push(format!("line {number}: {headword}: refers to {name}, which is no headword"));
            }
        }
    }
    found
}

/// The words that are shipped keep all of it.
#[test]
fn the_built_in_words_keep_the_notation() {
    let found = check(include_str!("../words.txt"));
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found[..found.len().min(60)].join("\n"));
}

/// They are what the file promises to be.
#[test]
fn the_built_in_words_are_many() {
    let entries: Vec<Entry<'_>> = include_str!("../words.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| fields(line).ok())
        .collect();
    let count = |wanted: fn(&Entry<'_>) -> bool| entries.iter().filter(|entry| wanted(entry)).count();
    assert!(entries.len() >= 20_000, "{} headwords", entries.len());
    assert!(
        count(|entry| entry.headword.contains(' ')) >= 2_000,
        "{} phrases",
        count(|entry| entry.headword.contains(' '))
    );
    assert!(count(|entry| entry.example.is_some()) >= 3_000, "{} examples", count(|entry| entry.example.is_some()));
    for exam in EXAMS {
        let tagged =
            entries.iter().filter(|entry| entry.tags.is_some_and(|tags| tags.split(' ').any(|tag| tag == exam)));
        assert!(tagged.count() >= 3_000, "{exam}");
    }
}

/// Every rule finds the line that breaks it, and a good line breaks no rule.
#[test]
fn every_rule_finds_its_fault() {
    let good = "# title: x\napple  /ˈæp.əl/ n. 苹果 (红的) | v.t. 做; 用 X 光\\n» An apple a day. 一天一苹果。\\n{cet4 k2}\n\
                apples  /ˈæp.əlz/ n. (apple 的复数) 苹果 {k3}\nice cream\tn. 冰淇淋";
    assert_eq!(check(good), Vec::<String>::new());
    for (line, fault) in [
        ("apple n. 苹果", "no two blanks"),
        ("apple\tn. 苹果", "a TAB after"),
        ("apple   /æ/ n. 苹果", "a blank or TAB too many"),
        ("ice cream\tn. 冰 淇  淋", "a blank or TAB too many"),
        ("apple  /ˈæp.əl n. 苹果", "has no end"),
        ("apple  n. 苹果", "no pronunciation"),
        ("ice cream\t/aɪs/ n. 冰淇淋", "of several words"),
        ("apple  /ˈæp.yl/ n. 苹果", "no letter"),
        ("apple  /æp.əl/ n. 苹果", "not one main stress"),
        ("apple  /ˈæp..əl/ n. 苹果", "an empty syllable"),
        ("apple  /æ; US æ/ n. 苹果", "not a British and another"),
        ("apple  /æ/ x. 苹果", "no part of speech"),
        ("apple  /æ/ n. 苹果 | n. 果", "n. twice"),
        ("apple  /æ/ n. 苹果; ; 果", "an empty sense"),
        ("apple  /æ/ n. 苹果; 苹果", "a sense twice"),
        ("apple  /æ/ n. fruit", "nothing in Chinese"),
        ("apple  /æ/ n. 苹果（红）", "full width"),
        ("apple  /æ/ n. 苹果...", "three dots"),
        ("apple  /æ/ n. 苹果(红)", "no blank before ("),
        ("apple  /æ/ n. (红)苹果", "no blank after )"),
        ("apple  /æ/ n. (红 苹果", "a parenthesis is open"),
        ("apple  /æ/ n. 红) 苹果", ") before ("),
        ("apple  /æ/ n. 苹果;红", "no blank after ;"),
        ("apple  /æ/ n. 苹果 , 红", "a blank before ,"),
        ("apple  /æ/ n. X光", "no blank between"),
        ("apple  /æ/ n. 苹果\\n» An apple.", "without its translation"),
        ("apple  /æ/ n. 苹果\\n» 一天一苹果。", "without an English sentence"),
        ("apple  /æ/ n. 苹果\\n» An apple. 一个苹果", "without its end"),
        ("apple  /æ/ n. 苹果\\n» An apple. 一个,苹果。", "half width"),
        ("apple  /æ/ n. 苹果 {k99}", "no tag"),
        ("apple  /æ/ n. 苹果 {k2 cet4}", "out of order"),
        ("apple  /æ/ n. 苹果{k2}", "not set apart"),
        ("apple  /æ/ n. 苹果\\n下一行", "a mark of a field"),
        ("apple  /æ/ n. (appl 的复数) 苹果", "refers to appl"),
        ("apple  /æ/ n. (英式拼写, 美式为 aple) 苹果", "refers to aple"),
        ("apple  /æ/ n. 苹果\napple  /æ/ n. 果", "apple twice"),
        ("b  /biː/ n. 乙\na  /eɪ/ n. 甲", "a after b"),
        ("a  /eɪ/ n. 甲\n# late", "a comment below"),
    ] {
        let found = check(line);
        assert!(found.iter().any(|found| found.contains(fault)), "{line:?} is not found to be {fault:?}: {found:?}");
    }
    let long = format!("ice cream\tn. {}", "冰".repeat(MAX_LINE_BYTES / 3));
    assert!(check(&long)[0].contains("more than"));
}
