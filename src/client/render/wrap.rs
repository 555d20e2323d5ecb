//! Lines no wider than the page, measured in columns of a terminal: a Chinese character takes two, a combining one
//! takes none. Lines break at blanks and beside wide characters, but not before a closing mark or after an opening one.

use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};
use unicode_width::UnicodeWidthChar;

/// Punctuation that no line begins with.
const CLOSING: &str = ",.;:?!)]}%，。、；：？！）】》〉」』”’…—～·";
/// Punctuation that no line ends with.
const OPENING: &str = "([{（【《〈「『“‘";
/// Where TAB stops are.
const TAB: usize = 8;

/// The columns that a text takes up; escape sequences for colours take no column.
pub(crate) fn width(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// Writes `text` onto the end of `out` as lines that fit `columns`, with their line ends. Blanks at a break are gone.
pub(crate) fn wrapped(out: &mut String, text: &str, first: &str, hanging: &str, columns: Option<usize>) {
    let Some(columns) = columns else {
        out.extend([first, text, "\n"]);
        return;
    };
    let options = Options::new(columns.max(1))
        .initial_indent(first)
        .subsequent_indent(hanging)
        .word_separator(WordSeparator::Custom(words))
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    for line in textwrap::wrap(text, options) {
        out.push_str(line.trim_end_matches(' '));
        out.push('\n');
    }
}

/// TABs as blanks, up to the next stop.
pub(crate) fn expand_tabs(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + TAB);
    for part in text.split_inclusive('\t') {
        match part.strip_suffix('\t') {
            Some(part) => {
                out.push_str(part);
                let stop = TAB - width(&out) % TAB;
                out.extend(std::iter::repeat_n(' ', stop));
            }
            None => out.push_str(part),
        }
    }
    out
}

/// The pieces between which a line may break.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut previous: Option<char> = None;
    for (at, c) in line.char_indices() {
        if previous.is_some_and(|previous| may_break(previous, c)) && !belongs(&line[..at], &line[at..]) {
            pieces.push(Word::from(&line[begin..at]));
            begin = at;
        }
        // A combining character belongs to the one before it.
        if c.width() != Some(0) {
            previous = Some(c);
        }
    }
    if begin < line.len() {
        pieces.push(Word::from(&line[begin..]));
    }
    Box::new(pieces.into_iter())
}

/// What belongs together in spite of the blank between: a bar and the part of speech behind it, a word and the number
/// in brackets that stands for it.
fn belongs(before: &str, after: &str) -> bool {
    let number = after.strip_prefix(['(', '（']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    number || before.ends_with("| ")
}

fn may_break(previous: char, c: char) -> bool {
    if c == ' ' || c.width() == Some(0) {
        return false;
    }
    if previous == ' ' {
        return true;
    }
    let wide = |c: char| c.width() == Some(2);
    (wide(previous) || wide(c)) && !CLOSING.contains(c) && !OPENING.contains(previous)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str, columns: usize) -> String {
        let mut out = String::new();
        wrapped(&mut out, text, "", "", Some(columns));
        out
    }

    #[test]
    fn lines_break_where_readers_expect_it() {
        assert_eq!(page("one two three", 8), "one two\nthree\n");
        assert_eq!(page("苹果，苹果树", 5), "苹\n果，\n苹果\n树\n");
        assert_eq!(page("苹果，苹果树", 6), "苹果，\n苹果树\n");
        assert_eq!(page("苹果（树）", 6), "苹果\n（树）\n");
        assert_eq!(page("", 6), "\n");
        assert_eq!(page("n. 苹果 | v. 走", 11), "n. 苹果\n| v. 走\n");
        assert_eq!(page("apple (1), ape (2)?", 14), "apple (1),\nape (2)?\n");
        // A word that is longer than a line is broken, combining characters stay where they are.
        assert_eq!(page("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}e\u{301}\ne\u{301}\n");
        assert_eq!(page("a\u{1b}[1mbc\u{1b}[0md", 4), "a\u{1b}[1mbc\u{1b}[0md\n");
    }

    #[test]
    fn tabs_stop() {
        assert_eq!(expand_tabs("a\tb\t"), "a       b       ");
        assert_eq!(expand_tabs("词\tb"), "词      b");
    }
}
