//! The fields that an interpretation may carry besides its senses, as `docs/words.md` describes them: a pronunciation
//! between slashes at its head, examples on lines of their own, and tags in braces at its end. Pure. A text without any
//! of them consists of senses only.

use std::borrow::Cow;

/// Longest pronunciation and longest list of tags that are recognised, in bytes.
const LONGEST: usize = 200;

/// An interpretation taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    /// The pronunciation, with its slashes.
    pub phonetic: Option<&'a str>,
    /// The tags, without their braces.
    pub tags: Vec<&'a str>,
    /// The interpretation without its tags.
    pub untagged: &'a str,
}

/// Takes an interpretation apart, its escapes already undone.
pub fn fields(text: &str) -> Fields<'_> {
    let (untagged, tags) = match at_tags(text) {
        Some((before, tags)) => (before.trim_end(), tags.split(' ').collect()),
        None => (text, Vec::new()),
    };
    Fields { phonetic: phonetic(text), tags, untagged }
}

/// The pronunciation at the head of a text, with its slashes.
pub fn phonetic(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('/')?;
    let end = inner.find(['/', '\n']).filter(|&end| (1..=LONGEST).contains(&end) && inner[end..].starts_with('/'))?;
    // Text such as "/ or" is not a pronunciation.
    let sound = !inner.starts_with(' ') && inner[end + 1..].chars().next().is_none_or(char::is_whitespace);
    sound.then(|| &text[..end + 2])
}

/// Where the tags begin, if a text ends with some.
pub fn tags(text: &str) -> Option<usize> {
    let end = text.trim_end();
    let begin = end.strip_suffix('}')?.rfind('{')?;
    let inner = &end[begin + 1..end.len() - 1];
    let is_tag =
        |tag: &str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let apart = begin == 0 || end[..begin].ends_with([' ', '\n']);
    (apart && inner.len() <= LONGEST && inner.split(' ').all(is_tag)).then_some(begin)
}

/// What stands before the tags, and the tags without their braces.
fn at_tags(text: &str) -> Option<(&str, &str)> {
    let (before, tags) = text.split_at(tags(text)?);
    Some((before, tags.trim_end().trim_matches(['{', '}'])))
}

/// The text without its examples.
pub fn without_examples(text: &str) -> Cow<'_, str> {
    if !text.split('\n').any(is_example) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').filter(|line| !is_example(line)).collect::<Vec<_>>().join("\n"))
}

/// Whether a line of an interpretation is an example.
pub fn is_example(line: &str) -> bool {
    line.starts_with('»')
}

/// The text with its tags in brackets: where `dictd`'s conventions apply, braces are a link to an entry.
pub fn with_tags_in_brackets(text: &str) -> Cow<'_, str> {
    match at_tags(text) {
        Some((before, tags)) => Cow::Owned(format!("{before}[{tags}]")),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_a_field() {
        for (text, phonetic, tags, untagged) in [
            ("/ˈæp.əl/ n. 苹果 {cet4 k1}", Some("/ˈæp.əl/"), vec!["cet4", "k1"], "/ˈæp.əl/ n. 苹果"),
            (
                "/bɑːθ; US bæθ/ n. 浴\n» A bath. 浴。\n{k4}",
                Some("/bɑːθ; US bæθ/"),
                vec!["k4"],
                "/bɑːθ; US bæθ/ n. 浴\n» A bath. 浴。",
            ),
            ("n. 苹果", None, vec![], "n. 苹果"),
            ("/or/and", None, vec![], "/or/and"),
            ("/ or /", None, vec![], "/ or /"),
            ("/a\nb/", None, vec![], "/a\nb/"),
            ("n. {a, b}", None, vec![], "n. {a, b}"),
            ("n. f{x}", None, vec![], "n. f{x}"),
            ("{}", None, vec![], "{}"),
            ("/", None, vec![], "/"),
            ("//", None, vec![], "//"),
            ("", None, vec![], ""),
        ] {
            assert_eq!(fields(text), Fields { phonetic, tags, untagged }, "{text:?}");
        }
    }

    #[test]
    fn examples_and_brackets() {
        let text = "/a/ n. 苹果\n» An apple. 一个苹果。\n{cet4 k2}";
        assert_eq!(without_examples(text), "/a/ n. 苹果\n{cet4 k2}");
        assert_eq!(without_examples("n. 苹果 » x"), "n. 苹果 » x");
        assert_eq!(with_tags_in_brackets(text), "/a/ n. 苹果\n» An apple. 一个苹果。\n[cet4 k2]");
        assert_eq!(with_tags_in_brackets("see {pear tree, 2}"), "see {pear tree, 2}");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "[/{} \\na-zæ]{0,40}") {
            let fields = fields(&text);
            prop_assert!(text.starts_with(fields.untagged));
            prop_assert!(fields.phonetic.is_none_or(|phonetic| text.starts_with(phonetic)));
        }
    }
}
