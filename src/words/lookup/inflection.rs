//! Taking off regular English endings: the words that a text may be an inflected form of. This module only proposes;
//! the dictionary decides whether a proposal is a headword, and the headword's part of speech whether it can have the
//! ending.

use super::ending::Ending;
use super::irregular;
use super::speech::{Speech, speech_of};
use crate::words::fold;

impl Ending {
    /// Whether an entry can have this ending, by the parts of speech that its interpretation states. One that states
    /// none may be anything, unless it is known to be a form itself.
    pub fn fits(self, headword: &str, interpret: &str) -> bool {
        let Some(speech) = speech_of(interpret) else {
            return self != Self::ShortPlural && !irregular::is_only_a_form(&fold(headword));
        };
        match self {
            // Adjectives of nations are nouns, too, whether a dictionary lists them so or not: Americans.
            Self::Plural | Self::ShortPlural => {
                let capital = headword.starts_with(char::is_uppercase);
                let nation = speech.meets(Speech::ADJECTIVE) && capital && headword.ends_with("an");
                speech.meets(Speech::NOUN | Speech::VERB) || nation
            }
            Self::Verb => speech.meets(Speech::VERB),
            Self::Undoubled => false,
            Self::Degree => {
                let adverb = speech == Speech::ADVERB && ["soon", "often", "seldom"].contains(&headword);
                adverb || (speech.meets(Speech::ADJECTIVE) && is_compared_by_endings(headword))
            }
        }
    }
}

/// Whether an adjective has -er and -est: those of one syllable, of two with certain endings, a few more, and these
/// with un-. (`open` and `inside` do not; an opener and an insider are other words.)
fn is_compared_by_endings(adjective: &str) -> bool {
    const MORE: [&str; 20] = [
        "common", "complete", "cruel", "extreme", "handsome", "mature", "minute", "obscure", "pleasant", "polite",
        "profound", "quiet", "remote", "secure", "severe", "sincere", "solid", "stupid", "sublime", "wicked",
    ];
    /// Adjectives whose -er form is nearly always another word.
    const NEVER: [&str; 3] = ["home", "olive", "prime"];
    let plain = adjective.strip_prefix("un").filter(|rest| rest.len() > 3).unwrap_or(adjective);
    let vowels = |text: &str| text.split(is_consonant).filter(|run| !run.is_empty()).count();
    let spoken = plain.strip_suffix('e').filter(|rest| vowels(rest) > 0).unwrap_or(plain);
    let ends = ["y", "ow", "le", "er"].iter().any(|end| plain.ends_with(end));
    let syllables = vowels(spoken);
    !NEVER.contains(&adjective)
        && (syllables <= 1
            || (syllables <= 2 && ends)
            || (plain.ends_with('y') && syllables <= 3)
            || MORE.contains(&plain))
}

/// A word that another may be an inflected form of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// In lower case.
    pub text: String,
    /// The ending that was taken off.
    pub ending: Ending,
}

/// Names that look like forms of other words.
const NAMES: [&str; 4] = ["frances", "hans", "james", "peter"];

/// What `word` may be an inflected form of, likeliest first. `word` must be in lower case.
///
/// The order decides where a form could come from two headwords: `hoped` from `hope` before `hop`, `hopped` from `hop`,
/// `ranged` from `range` before `rang`, `skies` from `sky` before `skie`, `singing` from `sing` before `singe`.
pub fn bases(word: &str) -> Vec<Base> {
    let mut found = Vec::new();
    if NAMES.contains(&word) {
        return found;
    }
    for (base, ending) in irregular::bases(word) {
        found.push(Base { text: base.to_owned(), ending });
    }
    plurals(&mut found, word);
    if let Some(stem) = word.strip_suffix("eed") {
        // agreed, freed; but not feed.
        if stem.len() > 1 {
            propose(&mut found, Ending::Verb, stem, "ee");
        }
    } else if let Some(stem) = word.strip_suffix("ed") {
        after_a_vowel_ending(&mut found, Ending::Verb, stem);
    }
    if let Some(stem) = word.strip_suffix("ing") {
        if stem.ends_with('i') {
            propose(&mut found, Ending::Verb, stem, "");
        }
        // Verbs in -ing keep no e (singing, swinging); those in -inge keep theirs (singeing).
        if stem.ends_with("ing") || stem.ends_with('e') {
            propose(&mut found, Ending::Verb, stem, "");
        }
        after_a_vowel_ending(&mut found, Ending::Verb, stem);
        if let Some(stem) = stem.strip_suffix('y') {
            // lying, dying.
            propose(&mut found, Ending::Verb, stem, "ie");
        }
        if let Some(stem) = stem.strip_suffix("ck") {
            // panicking, picnicking.
            propose(&mut found, Ending::Verb, stem, "c");
        }
    } else if let Some(stem) = word.strip_suffix("cked") {
        propose(&mut found, Ending::Verb, stem, "c");
    }
    for ending in ["er", "est"] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() >= 3
        {
            after_a_vowel_ending(&mut found, Ending::Degree, stem);
        }
    }
    found
}

/// The words that a word in -s may be the plural, or the third person, of.
fn plurals(found: &mut Vec<Base>, word: &str) {
    let Some(stem) = word.strip_suffix('s').filter(|stem| !stem.ends_with('s')) else { return };
    let letters = word.chars().count();
    if letters <= 3 {
        if letters == 3 {
            propose(found, Ending::ShortPlural, stem, "");
        }
        return;
    }
    if let Some(stem) = word.strip_suffix("ies") {
        propose(found, Ending::Plural, stem, "y");
    }
    propose(found, Ending::Plural, stem, "");
    if let Some(stem) = word.strip_suffix("es")
        && ["s", "x", "z", "ch", "sh", "o"].iter().any(|end| stem.ends_with(end))
    {
        propose(found, Ending::Plural, stem, "");
        // quizzes, gasses.
        if let Some(single) = stem.strip_suffix("zz").map(|stem| format!("{stem}z")) {
            propose(found, Ending::Plural, &single, "");
        }
        if let Some(single) = stem.strip_suffix("ss").map(|stem| format!("{stem}s")) {
            propose(found, Ending::Plural, &single, "");
        }
    }
}

/// The words that a stem before -ed, -ing, -er or -est may come from: with its doubled consonant, or that single; with
/// the `e` that the ending replaced; as it is; or with a `y` for an `i`.
fn after_a_vowel_ending(found: &mut Vec<Base>, ending: Ending, stem: &str) {
    if let Some(stem) = stem.strip_suffix('i') {
        propose(found, ending, stem, "y");
        propose(found, ending, stem, "ie");
        // skied, taxied.
        propose(found, ending, stem, "i");
        return;
    }
    let mut letters = stem.chars().rev();
    match (letters.next(), letters.next()) {
        (Some(last), Some(before)) if last == before && is_consonant(last) => {
            propose(found, ending, stem, "");
            propose(found, ending, &stem[..stem.len() - last.len_utf8()], "");
            propose(found, ending, stem, "e");
        }
        _ => {
            // `being` does not come from `bee`.
            if !stem.ends_with(['e', 'o']) {
                propose(found, ending, stem, "e");
            }
            if !doubles(stem) {
                propose(found, ending, stem, "");
            } else if ending == Ending::Verb {
                propose(found, Ending::Undoubled, stem, "");
            }
        }
    }
}

/// Whether a stem has to double its consonant before an ending: one syllable, one vowel, one consonant (`hopping`; so
/// `hoping` does not come from `hop`). `visit`, `box` and `play` need not.
fn doubles(stem: &str) -> bool {
    let mut letters = stem.chars().rev();
    let (last, before) = (letters.next(), letters.next());
    last.is_some_and(|c| is_consonant(c) && !matches!(c, 'w' | 'x' | 's' | 'c'))
        && before.is_some_and(|c| !is_consonant(c) && c != 'y')
        && letters.next().is_some()
        && stem.chars().rev().skip(2).all(|c| is_consonant(c) || c == 'y')
        && !stem.contains("qu")
}

/// A base has two letters at least, and a vowel: `thing` is not a form of `th`. An abbreviation has no vowel, but has a
/// plural (`cds`).
fn propose(found: &mut Vec<Base>, ending: Ending, stem: &str, addition: &str) {
    let text = format!("{stem}{addition}");
    let vowel = stem.chars().any(|c| !is_consonant(c)) || matches!(addition, "y" | "i" | "ie" | "ee");
    let short = matches!(ending, Ending::Plural | Ending::ShortPlural);
    if text.chars().count() >= 2 && !stem.is_empty() && (vowel || short) && !found.iter().any(|base| base.text == text)
    {
        found.push(Base { text, ending });
    }
}

fn is_consonant(c: char) -> bool {
    !matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first proposal that such a dictionary has is the right one.
    #[expect(clippy::too_many_lines, reason = "a table")]
    #[test]
    fn forms_lead_to_their_headwords() {
        let headwords = [
            "agree",
            "american",
            "apple",
            "argue",
            "bag",
            "be",
            "bee",
            "big",
            "box",
            "call",
            "carry",
            "change",
            "city",
            "dance",
            "die",
            "doe",
            "do",
            "early",
            "fee",
            "free",
            "go",
            "happy",
            "hi",
            "hop",
            "hope",
            "ice cream",
            "large",
            "leave",
            "lie",
            "like",
            "make",
            "movie",
            "need",
            "nice",
            "open",
            "pass",
            "plan",
            "plane",
            "play",
            "please",
            "potato",
            "rat",
            "rate",
            "read",
            "red",
            "roll",
            "run",
            "see",
            "sing",
            "singe",
            "stop",
            "study",
            "tall",
            "thin",
            "tie",
            "us",
            "use",
            "visit",
            "walk",
            "watch",
            "win",
            "wine",
            "th",
        ];
        let lead = |form: &str| {
            let mut all = bases(form).into_iter().filter(|base| base.ending != Ending::ShortPlural);
            let found = all.find(|base| headwords.contains(&base.text.as_str()));
            found.map(|base| base.text).unwrap_or_default()
        };
        let forms = [
            ("apples", "apple"),
            ("boxes", "box"),
            ("watches", "watch"),
            ("cities", "city"),
            ("movies", "movie"),
            ("ties", "tie"),
            ("goes", "go"),
            ("potatoes", "potato"),
            ("ice creams", "ice cream"),
            ("americans", "american"),
            ("walked", "walk"),
            ("hoped", "hope"),
            ("hopped", "hop"),
            ("carried", "carry"),
            ("tied", "tie"),
            ("called", "call"),
            ("stopped", "stop"),
            ("used", "use"),
            ("rated", "rate"),
            ("visited", "visit"),
            ("opened", "open"),
            ("agreed", "agree"),
            ("freed", "free"),
            ("needed", "need"),
            ("pleased", "please"),
            ("played", "play"),
            ("studied", "study"),
            ("argued", "argue"),
            ("planned", "plan"),
            ("planed", "plane"),
            ("running", "run"),
            ("making", "make"),
            ("walking", "walk"),
            ("singing", "sing"),
            ("hoping", "hope"),
            ("dancing", "dance"),
            ("changing", "change"),
            ("leaving", "leave"),
            ("reading", "read"),
            ("being", "be"),
            ("seeing", "see"),
            ("doing", "do"),
            ("going", "go"),
            ("lying", "lie"),
            ("dying", "die"),
            ("winning", "win"),
            ("rolling", "roll"),
            ("passing", "pass"),
            ("using", "use"),
            ("studying", "study"),
            ("arguing", "argue"),
            ("taller", "tall"),
            ("bigger", "big"),
            ("nicer", "nice"),
            ("happier", "happy"),
            ("largest", "large"),
            ("earliest", "early"),
            ("thinnest", "thin"),
        ];
        for (form, base) in forms {
            assert_eq!(lead(form), base, "{form}: {:?}", bases(form));
        }
        for none in ["thing", "his", "feed", "glass", "", "s", "ed", "ing", "er", "est", "eed", "ies", "词s"] {
            assert_eq!(lead(none), "", "{none}: {:?}", bases(none));
        }
    }
}
