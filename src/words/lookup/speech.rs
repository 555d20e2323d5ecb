//! Which parts of speech an entry has, as far as its interpretation states them. They decide if it can have an ending.
//!
//! Dictionaries abbreviate them in much the same way: `n.`, `vt.` or `adj. & n.` at the beginning of a line or of a
//! part of it (` | `), behind a pronunciation (`/ˈæpl/ n.`) or a number (`1. n.`), in angle brackets (FreeDict), or
//! without a point and before a number (WordNet's `n 1:`). Anything else is ignored.

use crate::words::fields::is_example;
use std::ops::BitOr;

/// A set of parts of speech.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Speech(u8);

impl Speech {
    /// Nouns, and other words that have a plural: numerals and abbreviations.
    pub const NOUN: Self = Self(1);
    /// Verbs.
    pub const VERB: Self = Self(2);
    /// Adjectives.
    pub const ADJECTIVE: Self = Self(4);
    /// Adverbs.
    pub const ADVERB: Self = Self(8);
    /// Words without regular endings: pronouns, prepositions, conjunctions, phrases and the rest.
    pub const OTHER: Self = Self(16);

    /// Whether the two have a part of speech in common.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Speech {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The most of an interpretation that is read: articles of a megabyte state their parts of speech at the beginning.
const MOST_BYTES: usize = 16 << 10;
/// How far into a line a pronunciation may end.
const PRONUNCIATION: usize = 400;

/// The parts of speech that an interpretation (with the escapes of the wire) names; `None` if it names none. A part
/// that states that it is a form of another word (`v. (give 的过去式) …`, `past tense of give`) adds nothing: a form
/// has no forms itself.
pub fn speech_of(interpret: &str) -> Option<Speech> {
    let mut found = None;
    let end = interpret.floor_char_boundary(MOST_BYTES);
    for line in interpret[..end].split("\\n") {
        if is_example(line) {
            continue;
        }
        for part in behind_pronunciation(line.trim()).split(" | ") {
            let (speech, rest) = labels(part.trim());
            if let Some(speech) = speech {
                let adds = if is_form(rest) { Speech::default() } else { speech };
                found = Some(found.unwrap_or_default() | adds);
            }
        }
    }
    found
}

/// What follows a transcription in slashes or square brackets, with or without the headword before it. GCIDE writes the
/// headword again between (escaped) backslashes, and the part of speech behind that and a comma.
fn behind_pronunciation(line: &str) -> &str {
    if let Some((_, rest)) = line.split_once("\\\\")
        && let Some((_, rest)) = rest.split_once("\\\\")
    {
        return rest.split_once(", ").map_or(rest, |(_, rest)| rest);
    }
    for (open, close) in [('/', '/'), ('[', ']')] {
        let begins = line.find(open).filter(|&at| at == 0 || line[..at].ends_with(' '));
        if let Some(begin) = begins
            && let Some(length) = line[begin + 1..].find(close).filter(|&length| begin + length < PRONUNCIATION)
            && let Some(rest) = line[begin + 1 + length + 1..].strip_prefix([' ', '\t'])
        {
            return rest.trim_start();
        }
    }
    line
}

/// The labels that a text begins with, and what follows them.
fn labels(text: &str) -> (Option<Speech>, &str) {
    let mut found = None;
    let mut rest = behind_number(text);
    loop {
        let word = rest.split([' ', '\t', '\u{3000}']).next().unwrap_or_default();
        let after = rest[word.len()..].trim_start();
        if found.is_some() && matches!(word, "&" | "and" | "or") && label(first_word(after), "").is_some() {
            rest = after;
            continue;
        }
        match label(word, after) {
            Some(speech) => {
                found = Some(found.unwrap_or_default() | speech);
                rest = after;
            }
            // `n.苹果`: the label, and the meaning without a blank.
            None => {
                let length = word.find(|c: char| !c.is_ascii_alphabetic() && c != '.').unwrap_or(word.len());
                if let Some(speech) = label(&word[..length], "").filter(|_| length < word.len()) {
                    return (Some(found.unwrap_or_default() | speech), &rest[length..]);
                }
                return (found, rest);
            }
        }
    }
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// What follows `1.`, `(2)`, `1)` or `I.`.
fn behind_number(text: &str) -> &str {
    let word = first_word(text);
    let bare = word.trim_matches(['(', ')', '.', ':']);
    let number = !bare.is_empty()
        && bare.len() < word.len()
        && (bare.chars().all(|c| c.is_ascii_digit()) || bare.chars().all(|c| matches!(c, 'I' | 'V' | 'X')));
    if number { text[word.len()..].trim_start() } else { text }
}

/// A word that is a label or several of them: `n.`, `adj.,`, `vt./vi.`, `n.&v.`, `<n>`, `noun`; without a point only
/// where a number follows.
fn label(word: &str, after: &str) -> Option<Speech> {
    let bare = word.trim_end_matches([',', ';', ':']);
    let inside = bare.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let inside = inside.or_else(|| bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')));
    let counted = after.starts_with(|c: char| c.is_ascii_digit())
        && after.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with([':', ' ']);
    let mut found = None;
    for piece in inside.unwrap_or(bare).split(['/', '&', ',']) {
        let name = piece.trim_end_matches('.');
        let pointed = name.len() < piece.len() || inside.is_some() || counted;
        found = Some(found.unwrap_or_default() | named(name, pointed || word.ends_with(':'))?);
    }
    found
}

/// A part of speech by its name or, if marked as one, by its abbreviation.
fn named(name: &str, abbreviated: bool) -> Option<Speech> {
    match name {
        "noun" | "名词" => Some(Speech::NOUN),
        "verb" | "动词" => Some(Speech::VERB),
        "adjective" | "形容词" => Some(Speech::ADJECTIVE),
        "adverb" | "副词" => Some(Speech::ADVERB),
        _ if !abbreviated => None,
        "n" | "num" | "abbr" | "s" | "pl" | "npl" | "n.pl" | "prop.n" | "abr" => Some(Speech::NOUN),
        "v" | "vt" | "vi" | "v.t" | "v.i" | "aux" | "modal" | "vbl" => Some(Speech::VERB),
        "adj" | "a" | "p.a" => Some(Speech::ADJECTIVE),
        "adv" | "ad" => Some(Speech::ADVERB),
        "pron" | "prep" | "conj" | "int" | "interj" | "art" | "det" | "phr" | "pref" | "prefix" | "suf" | "suff"
        | "suffix" => Some(Speech::OTHER),
        _ => None,
    }
}

/// Whether a sense states, before anything else, that it is a form of another word.
fn is_form(sense: &str) -> bool {
    const SAYS: [&str; 18] = [
        "的过去",
        "的现在分词",
        "的复数",
        "的比较级",
        "的最高级",
        "的第三人称",
        "的三单",
        "的动名词",
        "past tense of",
        "past participle of",
        "past of",
        "present participle of",
        "plural of",
        "comparative of",
        "superlative of",
        "third person singular of",
        "p. p. of",
        "imp. of",
    ];
    let first = sense.split([';', '；']).next().unwrap_or_default();
    SAYS.iter().any(|says| first.contains(says))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_many_dictionaries() {
        let (noun, verb) = (Speech::NOUN, Speech::VERB);
        let (adjective, adverb, other) = (Speech::ADJECTIVE, Speech::ADVERB, Speech::OTHER);
        let cases = [
            ("n. 苹果", Some(noun)),
            ("n.苹果", Some(noun)),
            ("adj. 非洲的; 非洲人的 | n. 非洲人", Some(adjective | noun)),
            ("/ˈæp.əl/ n. 苹果", Some(noun)),
            ("/əˈbaʊt/ prep. 关于 | adv. 大约 {A1}", Some(other | adverb)),
            ("[rʌn] vt. & vi. 跑", Some(verb)),
            ("vt. 使; 让\\nvi. 走\\nn. 步", Some(verb | noun)),
            ("n 1: fruit with red skin\\n  v 1: to pick apples", Some(noun | verb)),
            ("adj 1: of great size", Some(adjective)),
            ("Apple \\\\Ap\"ple\\\\ ([a^]p\"p'l), n. [OE. appel]", Some(noun)),
            ("run \\\\run\\\\ (r[u^]n), v. i. [imp. Ran]", Some(verb)),
            ("apple /apl/ <n>\\nApfel", Some(noun)),
            ("1. n. one\\n2. v. two", Some(noun | verb)),
            ("(2) adv. so", Some(adverb)),
            ("n./v. both", Some(noun | verb)),
            ("adj., n. both", Some(adjective | noun)),
            ("noun: a thing", Some(noun)),
            ("abbr. 光盘", Some(noun)),
            ("num. 十", Some(noun)),
            ("phr. 放弃", Some(other)),
            ("det. 这", Some(other)),
            ("a thing that n. nobody knows", None),
            ("苹果", None),
            ("fruit; n. of a tree", None),
            ("", None),
            ("» n. an example", None),
            ("v. 看\\n» adj. an example", Some(verb)),
            // Forms state that they are forms, and add nothing.
            ("v. (ring 的过去式) 打电话", Some(Speech::default())),
            ("v. (leave 的过去式和过去分词) 离开 | adj. 左边的", Some(adjective)),
            ("v. 使厌烦; 钻; (bear 的过去式) 忍受 | n. 人", Some(verb | noun)),
            ("n. (child 的复数) 孩子", Some(Speech::default())),
            ("/ɡeɪv/ v. (give 的过去式) 给", Some(Speech::default())),
            ("v. past tense of give", Some(Speech::default())),
        ];
        for (interpret, expected) in cases {
            assert_eq!(speech_of(interpret), expected, "{interpret}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(interpret in "[nva.dj ,/\\[\\]\\\\<>()&1:|»词é]{0,60}") {
            let _ = speech_of(&interpret);
        }
    }
}
