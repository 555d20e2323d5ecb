//! How entries and times look on a page: bold and colours, lines wrapped to the page's width, local time. Pure except
//! for [`pager`]. Texts are made safe for a terminal before they get here, and nothing here reads the network.

pub mod show;

pub(crate) mod pager;
mod paint;
mod times;
mod wrap;

pub(crate) use paint::{bold, painted};
pub(crate) use times::{Clock, TimeText};
pub(crate) use wrap::{expand_tabs, width, wrapped};

use self::show::shown;
use super::server::connection::Entry;
use crate::protocol::{printable, unescape};
use crate::words::fields::without_examples;
use std::borrow::Cow;

/// What the page is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether it takes bold and colours.
    pub(crate) colour: bool,
    /// How many columns it has; `None` for an endless one.
    pub(crate) columns: Option<usize>,
    /// Whether example sentences are shown.
    pub(crate) examples: bool,
}

/// The longest interpretation that is laid out and coloured, in bytes: above any dictionary's, and so that laying it
/// out, which takes many times its length, does no harm.
pub(crate) const LONG: usize = 1 << 20;

/// The indentation of a page that is too narrow for more.
const NARROW: usize = 12;

/// An entry for a person: the headword, then the interpretation; one of several lines below its headword, indented.
/// What is too long for a line goes on below its own beginning. Where the headword is not the word that was asked for
/// (in any case), that comes first: `apples → apple`.
pub(crate) fn entry(entry: &Entry, asked: &str, look: Look) -> String {
    let headword = printable(&entry.headword);
    let same = asked.to_lowercase() == entry.headword.to_lowercase();
    let before = if same { String::new() } else { format!("{} → ", printable(asked)) };
    let plain = format!("{before}{headword}");
    let headword = if look.colour { format!("{before}{}", bold(&headword)) } else { plain.clone() };
    let mut out = String::new();
    if !entry.articles.is_empty() {
        wrapped(&mut out, &headword, "", "  ", look.columns);
        articles(&mut out, entry, look);
        return out;
    }
    let text = shown(chosen(&entry.text(), look).as_ref());
    if text.contains('\n') {
        let indent = if is_narrow(look.columns) { "" } else { "  " };
        wrapped(&mut out, &headword, "", indent, look.columns);
        for line in text.split('\n') {
            sense(&mut out, line, indent, look);
        }
    } else {
        let own = width(&plain) + 2;
        let room = look.columns.unwrap_or(usize::MAX);
        let hanging = if own <= room / 3 { own } else { 4.min(room / 4) };
        let text = if look.colour { painted(&text) } else { text };
        wrapped(&mut out, &format!("{headword}  {}", expand_tabs(&text)), "", &" ".repeat(hanging), look.columns);
    }
    out
}

/// What of an interpretation is shown.
fn chosen(text: &str, look: Look) -> Cow<'_, str> {
    if look.examples { Cow::Borrowed(text) } else { without_examples(text) }
}

/// The articles of each dictionary: below its title, indented.
fn articles(out: &mut String, entry: &Entry, look: Look) {
    let (outer, inner) = if is_narrow(look.columns) { ("", "") } else { ("  ", "    ") };
    for article in &entry.articles {
        let title = printable(&article.title);
        let title = if look.colour { bold(&title) } else { title };
        wrapped(out, &title, outer, inner, look.columns);
        for line in shown(chosen(&unescape(&article.escaped), look).as_ref()).split('\n') {
            sense(out, line, inner, look);
        }
    }
}

/// One line of an interpretation, wrapped below its own beginning: behind its blanks, its number and part of speech.
fn sense(out: &mut String, line: &str, indent: &str, look: Look) {
    let line = expand_tabs(line);
    let body = line.trim_start_matches(' ');
    let room = look.columns.unwrap_or(usize::MAX);
    let own = indent.len() + (line.len() - body.len());
    let hanging = own + paint::marker_width(body);
    let hanging = if is_narrow(look.columns) {
        0
    } else if hanging <= room / 2 {
        hanging
    } else {
        indent.len()
    };
    let first = format!("{indent}{}", &line[..line.len() - body.len()]);
    let first = if first.len() <= room / 2 { first } else { indent.to_owned() };
    let body = if look.colour { painted(body) } else { body.to_owned() };
    wrapped(out, &body, &first, &" ".repeat(hanging), look.columns);
}

fn is_narrow(columns: Option<usize>) -> bool {
    columns.is_some_and(|columns| columns < NARROW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Look = Look { colour: false, columns: None, examples: true };

    fn made(headword: &str, escaped: &str) -> Entry {
        Entry::new(headword.into(), escaped.into())
    }

    #[test]
    fn entries_for_people() {
        assert_eq!(entry(&made("apple", "n. 苹果"), "apple", PLAIN), "apple  n. 苹果\n");
        assert_eq!(entry(&made("set", "n. 一套\\nv. 放"), "set", PLAIN), "set\n  n. 一套\n  v. 放\n");
        let with_example = made("apple", "n. 苹果\\n» An apple. 一个苹果。\\n{k2}");
        assert_eq!(entry(&with_example, "apple", PLAIN), "apple\n  n. 苹果\n  » An apple. 一个苹果。\n  {k2}\n");
        let brief = Look { examples: false, ..PLAIN };
        assert_eq!(entry(&with_example, "apple", brief), "apple\n  n. 苹果\n  {k2}\n");
        assert_eq!(entry(&made("zoo", "n. 动物园\\n» The zoo. 那个动物园。"), "zoo", brief), "zoo  n. 动物园\n");
        // Both, where one was found for the other.
        assert_eq!(entry(&made("apple", "n. 苹果"), "apples", PLAIN), "apples → apple  n. 苹果\n");
        let colour = Look { colour: true, ..PLAIN };
        assert_eq!(entry(&made("a", "x"), "b", colour), "b → \u{1b}[1ma\u{1b}[0m  x\n");
        assert_eq!(entry(&made("a", "x"), "A", PLAIN), "a  x\n");
        assert_eq!(
            entry(&made("set", "n. 一套\\nv. 放"), "set", colour),
            "\u{1b}[1mset\u{1b}[0m\n  \u{1b}[36mn.\u{1b}[0m 一套\n  \u{1b}[36mv.\u{1b}[0m 放\n"
        );
    }

    #[test]
    fn several_dictionaries_have_their_titles() {
        let mut entry = made("apple", r"[a]\n/x/ n. 1 {k1}\nv. 2\n[b]\nn. 3");
        let article = |title: &str, text: &str| crate::client::server::entry::Article {
            dictionary: "x".into(),
            title: title.into(),
            escaped: text.into(),
        };
        entry.articles = vec![article("The First", r"/x/ n. 1 {k1}\nv. 2"), article("Second", "n. 3")];
        assert_eq!(
            super::entry(&entry, "apples", PLAIN),
            "apples → apple\n  The First\n    /x/ n. 1 {k1}\n    v. 2\n  Second\n    n. 3\n"
        );
        let colour = super::entry(&entry, "apple", Look { colour: true, ..PLAIN });
        assert!(colour.contains("\n  \u{1b}[1mSecond\u{1b}[0m\n    \u{1b}[36mn.\u{1b}[0m 3\n"), "{colour:?}");
        assert!(colour.contains("\u{1b}[32m/x/\u{1b}[0m"), "{colour:?}");
    }

    #[test]
    fn long_lines_hang_below_their_beginning() {
        let look = Look { columns: Some(24), ..PLAIN };
        let text = entry(&made("apple", "n. 苹果; 苹果树, 苹果公司 (美国)"), "apple", look);
        assert_eq!(text, "apple  n. 苹果; 苹果树,\n       苹果公司 (美国)\n");
        let text = entry(&made("run", "1. to go fast on foot, faster than walking\\n     2. to flow"), "run", look);
        assert_eq!(text, "run\n  1. to go fast on foot,\n     faster than walking\n       2. to flow\n");
        let text = entry(&made("a very long headword", "n. something long"), "a very long headword", look);
        assert_eq!(text, "a very long headword  n.\n    something long\n");
    }

    /// A page of one column is still a page: nothing is lost, nothing goes round for ever.
    #[test]
    fn one_column() {
        for columns in 0..5 {
            let text = entry(
                &made("ice", "n. 冰\\nv. 冻\\t x"),
                "ice",
                Look { colour: true, columns: Some(columns), ..PLAIN },
            );
            let mut bare = String::new();
            let mut inside = false;
            for c in text.chars() {
                match c {
                    '\u{1b}' => inside = true,
                    'm' if inside => inside = false,
                    c if !inside && !c.is_whitespace() => bare.push(c),
                    _ => {}
                }
            }
            assert_eq!(bare, "icen.冰v.冻x", "{columns}");
        }
    }

    proptest! {
        /// No line is wider than the page, unless a single character is; nothing but blanks is lost.
        #[test]
        fn every_line_fits(
            headword in "[a-z词é ]{1,20}",
            text in "([a-z]{1,12}|[词典，。]{1,8}|e\u{301}| |  |1\\. |n\\. |\\\\n|\\\\t){0,40}",
            columns in 1usize..60,
            colour in any::<bool>(),
        ) {
            let made = made(&headword, &text);
            let page = entry(&made, &headword, Look { colour, columns: Some(columns), ..PLAIN });
            for line in page.lines() {
                prop_assert!(width(line) <= columns.max(2), "{} in {page:?}", width(line));
            }
            if !colour {
                let ink = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                prop_assert_eq!(ink(&page), ink(&format!("{headword}{}", made.text())));
            }
        }
    }
}
