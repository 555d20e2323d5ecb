//! Patterns typed where a headword is expected: `app*`, `wom?n`.

use super::fold;
use super::matching::{Pattern, Strategy};

/// A pattern of `*` (any letters, or none) and `?` (one letter), without regard to case. Nothing else in it is special.
#[derive(Debug, Clone)]
pub struct Wildcards {
    pattern: Pattern,
    prefix: String,
}

impl Wildcards {
    /// The pattern that a text is, if it is one: it has a `*` or a `?`, and something else to look for.
    pub fn new(text: &str) -> Option<Self> {
        let lower = fold(text.trim());
        let is_wild = |c: char| matches!(c, '*' | '?');
        if !lower.contains(is_wild) || !lower.contains(char::is_alphanumeric) {
            return None;
        }
        // Other special characters of a glob stand for themselves.
        let glob: String =
            lower.chars().flat_map(|c| matches!(c, '[' | '\\').then_some('\\').into_iter().chain([c])).collect();
        let pattern = Pattern::new(Strategy::Glob, &glob).ok()?;
        Some(Self { pattern, prefix: lower.chars().take_while(|&c| !is_wild(c)).collect() })
    }

    /// The beginning of every text that matches, in lower case.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a text in lower case matches.
    pub fn matches(&self, lower: &str) -> bool {
        self.pattern.matches(lower, lower)
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
            // Nothing else is special.
            ("[a]*", "[a]b", true),
            ("[a]*", "ab", false),
            (r"a\*", r"a\b", true),
            ("a.*", "ab", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Wildcards::new(pattern).unwrap().matches(text), expected, "{pattern} {text}");
        }
        for none in ["apple", "", "*", "?", "**?", "? *"] {
            assert!(Wildcards::new(none).is_none(), "{none}");
        }
        assert_eq!(Wildcards::new("Ap?le*").unwrap().prefix(), "ap");
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
            if let Some(made) = Wildcards::new(&pattern) {
                let letters = |text: &str| text.chars().collect::<Vec<_>>();
                proptest::prop_assert_eq!(made.matches(&text), naive(&letters(&pattern), &letters(&text)));
            }
        }
    }
}
