//! Several words that are a headword in another shape: `gave up` (give up), `took it off` (take off), `made up his
//! mind` (make up one's mind), `the apple`. Proposals only.

use super::ending::Ending;
use super::inflection::bases;

/// The most words of a phrase, and the most proposals for one.
const MOST_WORDS: usize = 9;
const MOST_PROPOSALS: usize = 160;

/// What `text`, plain and in lower case, may be a shape of; the fewest changes first. Empty for a single word.
pub fn phrases(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    if !(2..=MOST_WORDS).contains(&words.len()) {
        return Vec::new();
    }
    let mut shapes = Shapes { text: text.to_owned(), found: Vec::new() };
    let mut bodies: Vec<Vec<&str>> = Vec::new();
    for body in [Some(words.clone()), without_lead(&words)].into_iter().flatten() {
        let (ones, objects) = (with_ones(&body), without_objects(&body));
        bodies.extend([body].into_iter().chain(ones).chain(objects));
    }
    for body in &bodies {
        shapes.add(body);
    }
    // One word in its base form: the first is the verb of most phrases.
    for body in &bodies {
        for at in 0..body.len() {
            for base in bases(body[at]).iter().filter(|base| !matches!(base.ending, Ending::Degree | Ending::Undoubled))
            {
                let mut body = body.clone();
                body[at] = &base.text;
                shapes.add(&body);
            }
        }
    }
    shapes.found
}

struct Shapes {
    text: String,
    found: Vec<String>,
}

impl Shapes {
    fn add(&mut self, words: &[&str]) {
        let text = words.join(" ");
        if self.found.len() < MOST_PROPOSALS && text != self.text && !text.is_empty() && !self.found.contains(&text) {
            self.found.push(text);
        }
    }
}

/// The words without the article, or the `to` of an infinitive, that they begin with.
fn without_lead<'a>(words: &[&'a str]) -> Option<Vec<&'a str>> {
    let leads = ["a", "an", "the", "to"].contains(&words[0]);
    leads.then(|| words[1..].to_vec())
}

/// `one's` and `oneself` for anybody's, and as other dictionaries write them.
fn with_ones<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let general: &[&str] = match *word {
            "my" | "your" | "his" | "her" | "its" | "our" | "their" | "one's" | "someone's" => {
                &["one's", "someone's", "somebody's", "sb's", "your"]
            }
            "myself" | "yourself" | "himself" | "herself" | "itself" | "ourselves" | "yourselves" | "themselves" => {
                &["oneself", "yourself"]
            }
            word if word.len() > 2 && (word.ends_with("'s") || word.ends_with("s'")) => {
                &["one's", "someone's", "somebody's", "sb's"]
            }
            _ => continue,
        };
        for other in general {
            let mut words = words.to_vec();
            words[at] = other;
            found.push(words);
        }
    }
    found
}

/// The words without an object, or with a placeholder for one: `turn it on`, `turn the light on`. Two are left.
fn without_objects<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    const PRONOUNS: [&str; 18] = [
        "it",
        "them",
        "him",
        "her",
        "me",
        "us",
        "you",
        "this",
        "that",
        "these",
        "those",
        "something",
        "someone",
        "somebody",
        "everything",
        "everyone",
        "anything",
        "nothing",
    ];
    const DETERMINERS: [&str; 14] =
        ["the", "a", "an", "my", "your", "his", "her", "its", "our", "their", "this", "that", "these", "those"];
    let mut found = Vec::new();
    for begin in 1..words.len() {
        let mut ends = Vec::new();
        if PRONOUNS.contains(&words[begin]) {
            ends.push(begin + 1);
        }
        if DETERMINERS.contains(&words[begin]) {
            ends.extend((begin + 2..=begin + 3).filter(|&end| end < words.len()));
        }
        for end in ends {
            let (before, after) = (&words[..begin], &words[end..]);
            if before.len() + after.len() >= 2 {
                found.push([before, after].concat());
            }
            for general in ["sb", "sth", "someone", "something"] {
                found.push([before, &[general], after].concat());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_phrases() {
        let cases = [
            ("gave up", "give up"),
            ("gives up", "give up"),
            ("giving up", "give up"),
            ("given up", "give up"),
            ("looking forward to", "look forward to"),
            ("looked forward to it", "look forward to"),
            ("took it off", "take off"),
            ("turn it on", "turn on"),
            ("turned the light on", "turn on"),
            ("put his old coat on", "put on"),
            ("made up his mind", "make up one's mind"),
            ("changing my mind", "change one's mind"),
            ("making up tom's mind", "make up one's mind"),
            ("enjoyed herself", "enjoy oneself"),
            ("pieces of cake", "piece of cake"),
            ("mothers-in-law", "mother in law"),
            ("was about to", "be about to"),
            ("the united states", "united states"),
            ("an apple", "apple"),
            ("to give up", "give up"),
            ("to the apples", "the apple"),
            ("the apples", "apple"),
            ("tell her off", "tell sb off"),
        ];
        for (text, base) in cases {
            assert!(phrases(text).iter().any(|phrase| phrase == base), "{text}: {:?}", phrases(text));
        }
        // An object is taken from a phrase, not from a word.
        for (text, base) in [("over it", "over"), ("took it", "take"), ("apple", "apple")] {
            assert!(!phrases(text).iter().any(|phrase| phrase == base), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_work_is_bounded(text in "((gave|the|his|it|ran|up|tom's|é)[ -]){0,12}") {
            assert!(phrases(&text).len() <= MOST_PROPOSALS);
        }
    }
}
