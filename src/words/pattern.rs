//! `app*` and `wom?n`: patterns that are typed where a headword is expected.

/// A pattern of `*` (any letters, or none) and `?` (one letter), without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    letters: Vec<char>,
}

impl Pattern {
    /// The pattern that a text is, if it is one: it has a `*` or a `?`, and something besides to look for.
    pub fn new(text: &str) -> Option<Self> {
        let letters: Vec<char> = super::fold(text.trim()).chars().collect();
        let is_one = letters.iter().any(|c| matches!(c, '*' | '?')) && letters.iter().any(|c| c.is_alphanumeric());
        is_one.then_some(Self { letters })
    }

    /// What every text that matches begins with, in lower case.
    pub fn prefix(&self) -> String {
        self.letters.iter().take_while(|c| !matches!(c, '*' | '?')).collect()
    }

    /// Whether a text in lower case matches.
    pub fn matches(&self, lower: &str) -> bool {
        let text: Vec<char> = lower.chars().collect();
        let (mut at, mut next) = (0, 0);
        // Where the last `*` was, and how much of the text it has taken.
        let mut star = None;
        while at < text.len() {
            match self.letters.get(next) {
                Some('*') => {
                    star = Some((next, at));
                    next += 1;
                }
                Some(&letter) if letter == '?' || letter == text[at] => {
                    at += 1;
                    next += 1;
                }
                _ => {
                    let Some((place, taken)) = star else { return false };
                    star = Some((place, taken + 1));
                    (at, next) = (taken + 1, place + 1);
                }
            }
        }
        self.letters[next..].iter().all(|&letter| letter == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let cases = [
            ("app*", "apple", true),
            ("app*", "app", true),
            ("APP*", "apple pie", true),
            ("app*", "ape", false),
            ("wom?n", "women", true),
            ("wom?n", "womn", false),
            ("*ness", "happiness", true),
            ("*ness", "nessie", false),
            ("un*ness", "unhappiness", true),
            ("a*b*c", "aabbcbc", true),
            ("a*b*c", "aabbcb", false),
            ("?pple", "apple", true),
            ("词?", "词典", true),
            ("a**", "a", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::new(pattern).unwrap().matches(text), expected, "{pattern} {text}");
        }
        for none in ["apple", "", "*", "?", "**?", "? *"] {
            assert_eq!(Pattern::new(none), None, "{none}");
        }
        assert_eq!(Pattern::new("Ap?le*").unwrap().prefix(), "ap");
    }

    proptest::proptest! {
        #[test]
        fn as_the_definition_says(pattern in "[ab*?]{1,8}", text in "[ab]{0,8}") {
            fn naive(pattern: &[char], text: &[char]) -> bool {
                match (pattern.first(), text.first()) {
                    (None, None) => true,
                    (Some('*'), _) => naive(&pattern[1..], text) || (!text.is_empty() && naive(pattern, &text[1..])),
                    (Some('?'), Some(_)) => naive(&pattern[1..], &text[1..]),
                    (Some(p), Some(t)) => p == t && naive(&pattern[1..], &text[1..]),
                    _ => false,
                }
            }
            if let Some(made) = Pattern::new(&pattern) {
                let letters = |text: &str| text.chars().collect::<Vec<_>>();
                proptest::prop_assert_eq!(made.matches(&text), naive(&letters(&pattern), &letters(&text)));
            }
        }
    }
}
