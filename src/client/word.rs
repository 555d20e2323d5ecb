//! Words as a person types them. Pure.

use super::error::WordFault;
use crate::protocol::{MAX_LINE, trim_blanks};
use crate::words::reverse::is_chinese;

/// The word as it is sent, without the blanks around it.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn checked_word<'a>(name: &str, text: &'a str) -> Result<&'a str, WordFault> {
    let word = trim_blanks(text);
    if word.is_empty() {
        Err(WordFault::Empty)
    } else if word.chars().any(char::is_control) {
        Err(WordFault::Control)
    } else if "Q ".len() + name.len() + 1 + word.len() > MAX_LINE {
        Err(WordFault::TooLong)
    } else {
        Ok(word)
    }
}

/// Whether a text may be meant as what a headword means, and not as one.
pub(crate) fn may_lead(text: &str) -> bool {
    text.chars().any(is_chinese)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_may_lead_to_headwords() {
        assert!(may_lead("a 词") && !may_lead("apple") && !may_lead("café"));
    }
}
