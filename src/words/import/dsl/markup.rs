//! DSL's tags, escapes, tildes and optional parts. Each pass goes once over its text.

use crate::words::MAX_HEADWORD_CHARS;
use crate::words::import::files::MAX_PIECE;
use crate::words::import::markup::{SUBSCRIPTS, SUPERSCRIPTS, raised};

/// A headword with more optional parts than this is taken with all of them, and with none.
const MOST_OPTIONAL: usize = 4;
/// What tildes add to a line of headwords at most, in bytes: longer ones are refused anyway.
const MOST_OF_TILDES: usize = 8 * MAX_HEADWORD_CHARS;
/// The accent over a stressed letter.
const ACUTE: char = '\u{301}';

/// The text without `{{comments}}`, which may span lines. One that does not end is text.
pub(super) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut any_end = true;
    while let Some(at) = rest.find(['\\', '{']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("{{").filter(|_| any_end) {
            if let Some((_, after)) = comment.split_once("}}") {
                rest = after;
                continue;
            }
            any_end = false;
        }
        // A single brace, or an escape with the character that it escapes.
        let mut chars = rest.chars();
        let taken = if chars.next() == Some('\\') { 1 + chars.next().map_or(0, char::len_utf8) } else { 1 };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// A piece of a headword's line.
#[derive(Default)]
struct Piece {
    text: String,
    /// The number of the parentheses that it is in: it may be left out.
    optional: Option<usize>,
    /// In braces: shown, but not sorted by.
    unsorted: bool,
}

/// The headwords that a line means: `colo(u)r` two, `{to }go` as it is sorted and as it is shown. The last has all.
/// `main` is the card's own headword, for which a tilde stands in its other headwords.
pub(super) fn headwords(line: &str, main: Option<&str>) -> Vec<String> {
    let pieces = pieces(line, main);
    let optional = pieces.iter().filter_map(|piece| piece.optional).max().map_or(0, |last| last + 1);
    // Bit n: with optional part n.
    let choices: Vec<usize> =
        if optional <= MOST_OPTIONAL { (0..1 << optional).collect() } else { vec![0, usize::MAX] };
    let mut found: Vec<String> = Vec::new();
    for unsorted in [false, true] {
        for choice in &choices {
            let is_chosen =
                |number: usize| *choice == usize::MAX || (number < MOST_OPTIONAL && choice >> number & 1 == 1);
            let taken = pieces
                .iter()
                .filter(|piece| (unsorted || !piece.unsorted) && piece.optional.is_none_or(is_chosen))
                .map(|piece| piece.text.as_str());
            let headword = with_single_blanks(&taken.collect::<String>());
            found.retain(|before| *before != headword);
            found.push(headword);
        }
    }
    if found.len() > 1 {
        found.retain(|headword| !headword.is_empty());
    }
    found
}

/// A headword as it stands above its card: with its optional parts in their parentheses, as a line of a body.
pub(super) fn title(line: &str, main: &str) -> String {
    let mut shown = String::new();
    let mut open = None;
    for piece in pieces(line, Some(main)) {
        if piece.optional != open {
            shown.push_str(if open.is_some() { ")" } else { "" });
            shown.push_str(if piece.optional.is_some() { "(" } else { "" });
            open = piece.optional;
        }
        shown.push_str(&piece.text);
    }
    shown.push_str(if open.is_some() { ")" } else { "" });
    let mut line = String::new();
    for c in with_single_blanks(&shown).chars() {
        if matches!(c, '\\' | '[' | '~' | '^' | '<' | '>') {
            line.push('\\');
        }
        line.push(c);
    }
    line
}

fn with_single_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn pieces(line: &str, main: Option<&str>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut piece = Piece::default();
    let mut parentheses = 0;
    let mut room = MOST_OF_TILDES;
    let mut chars = line.chars().peekable();
    let mut in_tag = false;
    while let Some(c) = chars.next() {
        let (in_optional, in_unsorted) = (piece.optional.is_some(), piece.unsorted);
        let (optional, unsorted) = match c {
            '\\' => {
                piece.text.extend(chars.next());
                continue;
            }
            // Tags in headwords only affect display: a stress.
            ']' if in_tag => {
                in_tag = false;
                continue;
            }
            _ if in_tag => continue,
            '[' => {
                in_tag = true;
                continue;
            }
            '(' if !in_optional && !in_unsorted => {
                parentheses += 1;
                (Some(parentheses - 1), false)
            }
            ')' if in_optional && !in_unsorted => (None, false),
            '{' if !in_unsorted => (piece.optional, true),
            '}' if in_unsorted => (piece.optional, false),
            '~' | '^' if c == '~' || chars.peek() == Some(&'~') => {
                let other_case = c == '^' && chars.next().is_some();
                match main.filter(|main| main.len() <= room) {
                    Some(main) => {
                        room -= main.len();
                        with_first_letter(main, other_case, &mut piece.text);
                    }
                    None => piece.text.push_str(if other_case { "^~" } else { "~" }),
                }
                continue;
            }
            other => {
                piece.text.push(other);
                continue;
            }
        };
        pieces.push(std::mem::replace(&mut piece, Piece { text: String::new(), optional, unsorted }));
    }
    pieces.push(piece);
    pieces
}

/// Adds a headword, or the headword with the other case of its first letter.
fn with_first_letter(headword: &str, other_case: bool, out: &mut String) {
    let mut chars = headword.chars();
    match chars.next() {
        Some(first) if other_case && first.is_uppercase() => out.extend(first.to_lowercase()),
        Some(first) if other_case => out.extend(first.to_uppercase()),
        Some(first) => out.push(first),
        None => {}
    }
    out.push_str(chars.as_str());
}

/// The tags, by what is between their brackets.
enum Tag<'a> {
    /// `[m2]`, and `[/m]` as zero.
    Margin(usize),
    /// `[s]`, `[video]`: the name of a file.
    File,
    /// `[sup]`, `[sub]`, `[']`.
    Raised(&'a str),
    End(&'a str),
    NewLine,
    /// A tag of colours, labels, languages: invisible in plain text.
    Plain,
}

impl<'a> Tag<'a> {
    fn parse(inside: &'a str) -> Option<Self> {
        let name = inside.split(' ').next().unwrap_or("");
        let (end, bare) = name.strip_prefix('/').map_or((false, name), |bare| (true, bare));
        Some(match bare {
            "s" | "video" if end => Self::End(bare),
            "s" | "video" => Self::File,
            "sup" | "sub" | "'" if end => Self::End(bare),
            "sup" | "sub" | "'" => Self::Raised(bare),
            "br" => Self::NewLine,
            "m" => Self::Margin(0),
            "b" | "i" | "u" | "c" | "*" | "trn" | "trs" | "!trs" | "!trn" | "trn1" | "ex" | "com" | "p" | "t"
            | "url" | "ref" | "lang" | "preview" => Self::Plain,
            // The first level is the margin of all text.
            margin => Self::Margin(match margin.strip_prefix('m')?.as_bytes() {
                [digit @ b'0'..=b'9'] if !end => usize::from(digit - b'0').saturating_sub(1),
                _ => return None,
            }),
        })
    }
}

/// The body of a card as plain text.
pub(super) fn shown<L: AsRef<str>>(lines: &[L], headword: &str) -> String {
    let headword = if headword.chars().count() > MAX_HEADWORD_CHARS { "~" } else { headword };
    let mut body = Body {
        out: String::new(),
        margin: 0,
        open: None,
        begun: false,
        ended: false,
        in_reference: false,
        last_reference: 0,
        headword,
    };
    for line in lines {
        body.line(line.as_ref());
    }
    body.out
}

/// A tag whose content is judged at its end.
struct Open<'a> {
    name: &'a str,
    from: usize,
    /// The state of the line where it begins.
    begun: bool,
    ended: bool,
}

struct Body<'a> {
    out: String,
    margin: usize,
    open: Option<Open<'a>>,
    /// The line that is shown has begun: its margin is written.
    begun: bool,
    /// A margin has begun or ended behind its text: what follows is shown on a line of its own.
    ended: bool,
    /// In `<<…>>`.
    in_reference: bool,
    /// How much of the line is left where the last `>>` begins; 0 without any.
    last_reference: usize,
    headword: &'a str,
}

impl<'a> Body<'a> {
    fn line(&mut self, line: &'a str) {
        let before = self.out.len();
        let mut names_file = false;
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        (self.begun, self.ended, self.in_reference) = (false, false, false);
        self.last_reference = line.rfind(">>").map_or(0, |at| line.len() - at);
        let mut rest = line;
        // Once there is no bracket ahead there is none later.
        let mut tags_left = true;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            if c == '[' && tags_left {
                let end = after.find(']');
                tags_left = end.is_some();
                if let Some((inside, behind)) = end.map(|end| (&after[..end], &after[end + 1..]))
                    && let Some(tag) = Tag::parse(inside)
                {
                    names_file |= matches!(tag, Tag::File);
                    self.tag(&tag);
                    rest = behind;
                    continue;
                }
            }
            if c == ' ' && (self.ended || !self.begun) {
                rest = after;
                continue;
            }
            self.begin_line();
            rest = self.character(c, after);
        }
        // A file's name or a stress never spans lines.
        self.close();
        // A line of sounds alone is no empty line.
        if names_file && self.out[before..].trim().is_empty() {
            self.out.truncate(before);
        }
    }

    /// Writes what stands before the text of a line.
    fn begin_line(&mut self) {
        if std::mem::take(&mut self.ended) {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            self.out.push('\n');
            self.begun = false;
        }
        if !self.begun {
            self.out.extend(std::iter::repeat_n(' ', 2 * self.margin));
            self.begun = true;
        }
    }

    /// Adds a character, or what it stands for; returns what follows.
    fn character(&mut self, c: char, after: &'a str) -> &'a str {
        match c {
            '\\' => {
                let mut chars = after.chars();
                self.out.extend(chars.next());
                chars.as_str()
            }
            // Without its end it is a sign: `a << b`.
            '<' if after.starts_with('<') && self.last_reference > 0 && after.len() > self.last_reference => {
                self.in_reference = true;
                &after[1..]
            }
            '>' if self.in_reference && after.starts_with('>') => {
                self.in_reference = false;
                &after[1..]
            }
            '^' if after.starts_with('~') => {
                self.tilde(true);
                &after[1..]
            }
            '~' => {
                self.tilde(false);
                after
            }
            other => {
                self.out.push(other);
                after
            }
        }
    }

    /// Adds the headword, or the headword with the other case of its first letter.
    fn tilde(&mut self, other_case: bool) {
        if self.out.len() > MAX_PIECE {
            self.out.push('~');
            return;
        }
        with_first_letter(self.headword, other_case, &mut self.out);
    }

    fn tag(&mut self, tag: &Tag<'a>) {
        match tag {
            Tag::Margin(margin) => {
                self.margin = *margin;
                self.ended = self.begun;
            }
            Tag::File if self.open.is_none() => self.hold("s"),
            Tag::Raised(name) if self.open.is_none() => {
                self.begin_line();
                self.hold(name);
            }
            Tag::End(name)
                if self
                    .open
                    .as_ref()
                    .is_some_and(|open| open.name == *name || (open.name, *name) == ("s", "video")) =>
            {
                self.close();
            }
            Tag::NewLine => {
                self.out.push('\n');
                (self.begun, self.ended) = (false, false);
            }
            Tag::File | Tag::Raised(_) | Tag::End(_) | Tag::Plain => {}
        }
    }

    fn hold(&mut self, name: &'a str) {
        self.open = Some(Open { name, from: self.out.len(), begun: self.begun, ended: self.ended });
    }

    fn close(&mut self) {
        let Some(Open { name, from, begun, ended }) = self.open.take() else { return };
        let content = self.out.split_off(from.min(self.out.len()));
        match name {
            "s" => (self.begun, self.ended) = (begun, ended),
            "'" => {
                self.out.push_str(&content);
                self.out.push(ACUTE);
            }
            _ => {
                let forms = if name == "sup" { SUPERSCRIPTS } else { SUBSCRIPTS };
                self.out.push_str(&raised(&content, forms).unwrap_or(content));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headwords_and_what_they_mean() {
        let cases: [(&str, &[&str]); 10] = [
            ("word", &["word"]),
            ("colo(u)r", &["color", "colour"]),
            ("{to }go", &["go", "to go"]),
            ("з{[']}а{[/']}мок", &["замок"]),
            ("a \\(b\\) \\{c\\}", &["a (b) {c}"]),
            ("(a) (b) c", &["c", "a c", "b c", "a b c"]),
            ("open (b", &["open", "open b"]),
            ("(x)", &["x"]),
            ("\\", &[""]),
            ("(1)(2)(3)(4)(5)a", &["a", "12345a"]),
        ];
        for (line, expected) in cases {
            assert_eq!(headwords(line, None), expected, "{line}");
        }
    }

    #[test]
    fn a_tilde_in_another_headword_is_the_first_one() {
        let cases: [(&str, &[&str], &str); 8] = [
            ("~ on", &["go on"], "go on"),
            ("{to }~ ~(ing)", &["go go", "go going", "to go go", "to go going"], "to go go(ing)"),
            ("^~", &["Go"], "Go"),
            ("\\~ \\^", &["~ ^"], "\\~ \\^"),
            ("^ {(}a[b]{)}", &["^ a", "^ (a)"], "\\^ (a)"),
            ("a (b{ c} {[i]}d{[/i]})", &["a b d", "a", "a b c d"], "a (b c d)"),
            ("({a }b) <<c>>", &["b <<c>>", "<<c>>", "a b <<c>>"], "(a b) \\<\\<c\\>\\>"),
            ("", &[""], ""),
        ];
        for (line, expected, shown) in cases {
            assert_eq!(headwords(line, Some("go")), expected, "{line}");
            assert_eq!(title(line, "go"), shown, "{line}");
        }
    }

    #[test]
    fn bodies_are_shown_without_their_tags() {
        let cases: [(&[&str], &str); 19] = [
            (&["[m1][b]1.[/b] [trn]кот[/trn][/m]", "[m2][*][ex]the ~ sat[/ex][/*][/m]"], "1. кот\n  the cat sat"),
            (&["[c green]n[/c] [p]зоол.[/p] [lang id=1033]x[/lang]"], "n зоол. x"),
            (&["\\[[t]kæt[/t]\\]"], "[kæt]"),
            (&["[s]cat.wav[/s]a[video]b.avi[/video]c"], "ac"),
            (&["<<dog>>, [ref dict=\"a\"]bird[/ref], [url]http://a[/url]"], "dog, bird, http://a"),
            (&["^~s \\~ \\^"], "Cats ~ ^"),
            (&["з[']а[/']мок"], "за\u{301}мок"),
            (&["10[sup]3[/sup] H[sub]2[/sub]O x[sup]th[/sup] 10[sup]-9[/sup]"], "10³ H₂O xth 10⁻⁹"),
            (&["a[br]b"], "a\nb"),
            (&["[not a tag] [m1]x", "y"], "[not a tag]\nx\ny"),
            (&["[s]left.wav", "next"], "next"),
            (&["a", "[m1][s]a.wav[/s] [s]b.jpg[/s][/m]", "b", "\\", "c"], "a\nb\n\nc"),
            (&["[m3]deep[/m]", "[m0]flat"], "    deep\nflat"),
            (&["open [b"], "open [b"),
            (&["a < b > c"], "a < b > c"),
            (
                &["[m1]a [/m][m2]b[/m] [m1][s]c.wav[/s]d[/m][s]e.wav[/s]", "[m3][s]f.wav[/s] g[/m]h"],
                "a\n  b\nd\n    g\nh",
            ),
            (&["[m2] [b]a[/b][/m] ", "b[m2][sup]1[/sup]c[/m]"], "  a\nb\n  ¹c"),
            (&["a << b, <<c>> d >> e"], "a  b, c d >> e"),
            (&["<<a>> << b >> c", "d << e", "f >> g"], "a  b  c\nd << e\nf >> g"),
        ];
        for (lines, expected) in cases {
            assert_eq!(shown(lines, "cat"), expected, "{lines:?}");
        }
    }

    #[test]
    fn comments_go() {
        let cases = [
            ("a {{b}} c", "a  c"),
            ("a {{b\nc}}d", "a d"),
            ("a \\{{b}} {{c", "a \\{{b}} {{c"),
            ("{a} {{{b}}}", "{a} }"),
            ("\\", "\\"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_comments(text), expected, "{text}");
        }
        without_comments(&"{{".repeat(200_000));
    }

    #[test]
    fn hostile_bodies_are_read_in_one_pass() {
        for piece in ["[", "[s]", "~", "^~", "[m9]x", "<<", "[']", "\\", "("] {
            let line = piece.repeat(100_000);
            let text = shown(&[&line], &"x".repeat(200));
            assert!(text.len() < 2 * MAX_PIECE, "{piece}");
            headwords(&line, Some("word"));
            title(&line, "word");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(line in r"(\[|\]|\(|\)|\{|\}|\\|~|\^|<|>|m1|s|/|'|é|sup| ){0,30}") {
            shown(&[&line], "word");
            headwords(&line, Some("word"));
            title(&line, "word");
            without_comments(&line);
        }
    }
}
