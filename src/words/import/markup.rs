//! HTML, Pango markup and XDXF as plain text. Tags, attributes and entities are read by `html5gum`, as the HTML
//! standard defines them (all named entities, numbers of windows-1252, quotes in attributes, text that is not a tag);
//! it is a tokenizer that reads once from left to right and keeps no tree, so that neither time nor memory depends on
//! how deep tags nest. A [`Page`] lays out the visible text.

use super::media::is_file_name;
use super::page::{Marks, Page};
use super::style::{self, Display, Styles};
use super::tidy::transcription;
use super::xdxf::{self, Logic};
use html5gum::{DefaultEmitter, EndTag, Error, StartTag, Token, Tokenizer};
use std::borrow::Cow;

/// How often an unfinished tag is taken for text, and the text after it read again; then all the rest is text.
const UNFINISHED_TAGS: usize = 8;

/// The markup that a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// HTML: newlines are blanks.
    Html,
    /// Pango markup, or a text with a little HTML: newlines stay.
    Pango,
    /// XDXF: newlines stay, unless the text is marked up by what it means (`<def>`).
    Xdxf,
}

/// The text without its markup.
pub(super) fn plain(text: &str, dialect: Dialect) -> String {
    let text = without_sections(text);
    let hides = dialect == Dialect::Html && !style::has_scripts(&text);
    let shown = read(&text, dialect, hides);
    // A text that hides everything is better than none.
    if hides && shown.trim().is_empty() { read(&text, dialect, false) } else { shown }
}

fn read(text: &str, dialect: Dialect, hides: bool) -> String {
    let logic = if dialect == Dialect::Xdxf { Logic::of(text) } else { None };
    let text = if logic.is_some() { xdxf::with_enumerated_lines(text) } else { Cow::Borrowed(text) };
    let keeps_newlines = dialect != Dialect::Html && logic.is_none();
    let mut reader = Reader {
        page: Page::new(keeps_newlines, text.len()),
        dialect,
        logic,
        styles: Styles::new(hides),
        held: None,
        apart: false,
        verbatim: 0,
        tables: 0,
        example: None,
    };
    // Behind the last `>` no tag ends.
    let (tags, text_only) = text.split_at(text.rfind('>').map_or(0, |at| at + 1));
    let mut rest = tags;
    for _ in 0..UNFINISHED_TAGS {
        let Some(unfinished) = reader.read(rest) else {
            rest = "";
            break;
        };
        // A tag that never ends (a quote is left open) would take all that follows with it.
        let Some(after) = rest.get(unfinished..).and_then(|tag| tag.strip_prefix('<')) else { break };
        reader.text("<");
        rest = after;
    }
    reader.text(rest);
    if text_only.contains('&') {
        reader.read(&text_only.replace('<', "&lt;"));
    } else {
        reader.text(text_only);
    }
    reader.page.finish()
}

/// `<![CDATA[…]]>` as text: its meaning in XML, and the intent in HTML that was made from it.
fn without_sections(text: &str) -> Cow<'_, str> {
    const BEGIN: &str = "<![CDATA[";
    if !text.contains(BEGIN) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, section)) = rest.split_once(BEGIN) {
        out.push_str(before);
        let (inside, after) = section.split_once("]]>").unwrap_or((section, ""));
        out.push_str(&inside.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A line of text in which entities stand for characters: `AT&amp;T`.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') || !text.contains(';') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(plain(&text.replace('<', "&lt;"), Dialect::Pango))
}

/// The attributes of the first tag of a text, in which formats describe themselves.
pub(super) fn attributes(text: &str) -> Vec<(String, String)> {
    let attributes = Tokenizer::new(text).find_map(|token| match token {
        Ok(Token::StartTag(tag)) => Some(tag.attributes),
        _ => None,
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    attributes.into_iter().flatten().map(|(name, value)| (text(&name), text(&value.value))).collect()
}

/// A tag whose content is judged when it ends, and where that begins.
struct Held {
    name: Vec<u8>,
    from: usize,
}

struct Reader {
    page: Page,
    dialect: Dialect,
    /// Of an article of XDXF that is marked up by what it means.
    logic: Option<Logic>,
    styles: Styles,
    held: Option<Held>,
    /// A transcription has begun or ended in an article of XDXF that is laid out already.
    apart: bool,
    /// How many `pre` are open.
    verbatim: usize,
    /// How many `table` are open.
    tables: usize,
    /// How long the text was when an example had ended in an article of XDXF that is laid out already.
    example: Option<usize>,
}

impl Reader {
    /// Reads to the end, or returns where an unfinished tag begins.
    fn read(&mut self, text: &str) -> Option<usize> {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        // `script` and `style` hold text that no tag is in.
        emitter.naively_switch_states(self.dialect == Dialect::Html);
        let mut end = 0;
        for token in Tokenizer::new_with_emitter(text, emitter) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => {
                    end = tag.span.end;
                    self.begin(&tag);
                }
                Token::EndTag(tag) => {
                    end = tag.span.end;
                    self.end(&tag);
                }
                Token::String(piece) => {
                    end = piece.span.end;
                    self.text(&String::from_utf8_lossy(&piece));
                }
                Token::Error(error) if error.value == Error::EofInTag => {
                    return text.get(end..).and_then(|rest| rest.find('<')).map(|at| end + at);
                }
                Token::Comment(comment) => end = comment.span.end,
                Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        None
    }

    fn text(&mut self, text: &str) {
        if self.styles.is_hidden() {
            return;
        }
        if self.held.as_ref().is_some_and(|held| matches!(&*held.name, b"script" | b"style")) {
            return;
        }
        if let Some(logic) = &mut self.logic {
            logic.before_text(text, &mut self.page);
        } else if self.apart && !text.is_empty() {
            self.apart = false;
            xdxf::part(text, &mut self.page);
        }
        // Cells are not parted by the lines that they are written on.
        if self.dialect == Dialect::Xdxf && self.tables > 0 && text.trim().is_empty() {
            return;
        }
        // `<k>word</k> <tr>…`: the blank was between them, and the line has ended.
        let is_between = self.dialect == Dialect::Xdxf && self.verbatim == 0 && self.page.is_at_break();
        let text = if is_between { text.trim_start_matches(' ') } else { text };
        if self.verbatim > 0 {
            self.page.add_as_it_is(text);
        } else {
            self.page.add(text);
        }
    }

    fn hold(&mut self, name: &[u8]) {
        if self.held.is_none() {
            self.held = Some(Held { name: name.to_owned(), from: self.page.length() });
        }
    }

    fn begin(&mut self, tag: &StartTag<usize>) {
        let name: &[u8] = &tag.name;
        let attribute =
            |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(&value.value).into_owned());
        if name == b"table" {
            self.tables += 1;
        }
        let is_empty_definition = name == b"def" && tag.self_closing;
        if self.dialect == Dialect::Xdxf && (is_empty_definition || self.begin_xdxf(name, &attribute)) {
            return;
        }
        let mut display = None;
        if self.dialect == Dialect::Html && !tag.self_closing && !is_void(name) {
            let said = style::display(&attribute(b"style").unwrap_or_default(), attribute(b"hidden").is_some());
            display = self.styles.begin(name, said);
        }
        if self.styles.is_hidden() {
            return;
        }
        if display == Some(Display::Block) {
            self.page.fresh_line();
        }
        match name {
            b"br" => self.page.end_line(),
            b"ol" | b"ul" | b"menu" | b"dir" => {
                let said = attribute(b"type").or_else(|| attribute(b"style")).unwrap_or_default();
                let usual = if name == b"ol" { Marks::Numbers } else { Marks::Bullets };
                let first = attribute(b"start").and_then(|first| first.trim().parse().ok()).unwrap_or(1);
                self.page.open_list(marks(&said).unwrap_or(usual), first);
            }
            b"li" => {
                let said = attribute(b"type").or_else(|| attribute(b"style"));
                let number = attribute(b"value").and_then(|number| number.trim().parse().ok());
                self.page.item(number, said.and_then(|said| marks(&said)));
            }
            // It may be within another one's `dd`, which goes on behind it.
            b"dl" => self.page.indent("dl", 0),
            b"dt" => {
                self.page.close_indented("dd");
                self.page.fresh_line();
            }
            b"dd" => {
                self.page.close_indented("dd");
                self.page.indent("dd", 2);
            }
            b"blockquote" => self.page.indent("blockquote", 2),
            b"pre" => {
                self.page.fresh_line();
                self.verbatim += 1;
            }
            b"tr" | b"table" => self.page.row(),
            b"td" | b"th" => self.page.cell(),
            b"q" => self.text("“"),
            b"img" => {
                if let Some(shown) = attribute(b"alt").filter(|shown| !is_file_name(shown)) {
                    self.text(&shown);
                }
            }
            b"a" if attribute(b"href").is_some_and(|link| link.starts_with("sound:") || is_file_name(&link)) => {
                self.hold(name);
            }
            b"rb" => self.release_reading(),
            b"rt" | b"rp" => {
                // Their end tags are often left out.
                self.release_reading();
                self.hold(name);
            }
            b"annotation" | b"iframe" | b"noembed" | b"noframes" if !tag.self_closing => self.hold(name),
            b"script" | b"style" | b"title" | b"template" | b"audio" | b"video" | b"sup" | b"sub"
                if !tag.self_closing =>
            {
                self.hold(name);
            }
            other if is_block(other) && display != Some(Display::Inline) => self.page.fresh_line(),
            _ => {}
        }
    }

    /// Handles tags that mean something else in XDXF, or occur only there; returns whether it was one.
    fn begin_xdxf(&mut self, name: &[u8], attribute: &dyn Fn(&[u8]) -> Option<String>) -> bool {
        if self.logic.as_mut().is_some_and(|logic| logic.begin(name, attribute, &mut self.page)) {
            return true;
        }
        match name {
            b"tr" | b"td" | b"th" if self.tables > 0 => return false,
            b"tr" | b"rref" => self.hold(name),
            b"ex" if self.example == Some(self.page.length()) => self.page.fresh_line(),
            b"ex" | b"gr" | b"co" | b"pos" | b"tense" => self.set_apart(),
            b"opt" => self.text("("),
            b"iref" => {
                self.hold(name);
                if let Some(link) = attribute(b"href") {
                    self.text(&link);
                }
                if let Some(held) = self.held.as_mut().filter(|held| &*held.name == b"iref") {
                    // The link is shown where it has no text of its own.
                    held.name = format!("iref {}", self.page.length()).into_bytes();
                }
            }
            b"k" | b"ar" | b"sr" | b"etm" => self.page.fresh_line(),
            b"td" | b"th" | b"title" => {}
            _ => return false,
        }
        true
    }

    fn end(&mut self, tag: &EndTag<usize>) {
        let name: &[u8] = &tag.name;
        let display = self.styles.end(name);
        match display {
            Some(Display::Hidden) => return,
            Some(Display::Block) => self.page.fresh_line(),
            Some(Display::Inline) | None => {}
        }
        if self.held.as_ref().is_some_and(|held| held.name.split(|&byte| byte == b' ').next() == Some(name)) {
            self.release();
            return;
        }
        if self.logic.as_mut().is_some_and(|logic| logic.end(name, &mut self.page)) {
            return;
        }
        match name {
            b"ol" | b"ul" | b"menu" | b"dir" => self.page.close_list(),
            b"li" => {
                self.page.close_item();
                self.page.fresh_line();
            }
            b"dd" => self.page.close_indented("dd"),
            b"dl" => {
                self.page.close_indented("dd");
                self.page.close_indented("dl");
            }
            // A browser takes it for `<br>`; in XML it only ends one.
            b"br" if self.dialect == Dialect::Html => self.page.end_line(),
            b"blockquote" => self.page.close_indented("blockquote"),
            b"pre" => {
                self.verbatim = self.verbatim.saturating_sub(1);
                self.page.fresh_line();
            }
            b"q" => self.text("”"),
            b"ruby" => self.release_reading(),
            b"tr" if self.dialect == Dialect::Xdxf && self.tables == 0 => {}
            b"ex" | b"gr" | b"co" | b"pos" | b"tense" if self.dialect == Dialect::Xdxf => {
                self.set_apart();
                self.example = (name == b"ex").then(|| self.page.length());
            }
            b"tr" => self.page.row(),
            b"table" => {
                self.tables = self.tables.saturating_sub(1);
                self.page.row();
            }
            b"k" | b"ar" | b"etm" if self.dialect == Dialect::Xdxf => self.page.fresh_line(),
            b"opt" if self.dialect == Dialect::Xdxf => self.text(")"),
            other if is_block(other) && display != Some(Display::Inline) => self.page.fresh_line(),
            _ => {}
        }
    }

    /// Ends the reading beside a character, or the brackets around it.
    fn release_reading(&mut self) {
        if self.held.as_ref().is_some_and(|held| matches!(&*held.name, b"rt" | b"rp")) {
            self.release();
        }
    }

    /// Decides on the content of a tag that was held.
    fn release(&mut self) {
        let Some(Held { name, from }) = self.held.take() else { return };
        let content = self.page.since(from).trim().to_owned();
        let shown = match &*name {
            b"tr" if content.is_empty() => return,
            // `[<tr>ə</tr>]` has its brackets around it.
            b"tr" if self.page.before(from).ends_with(['[', '/']) => return,
            b"tr" => transcription(&content),
            b"rt" if !content.is_empty() => format!("({content})"),
            // A loudspeaker says nothing either.
            b"a" if content.contains(char::is_alphanumeric) && !is_file_name(&content) => return,
            b"rref" if !is_file_name(&content) => return,
            b"sup" => match raised(&content, SUPERSCRIPTS) {
                Some(raised) => raised,
                None => return,
            },
            b"sub" => match raised(&content, SUBSCRIPTS) {
                Some(lowered) => lowered,
                None => return,
            },
            iref if iref.starts_with(b"iref ") => {
                let link_end = std::str::from_utf8(&iref[5..]).ok().and_then(|number| number.parse().ok());
                let own = self.page.since(link_end.unwrap_or(from)).trim().to_owned();
                if own.is_empty() {
                    return;
                }
                own
            }
            _ => String::new(),
        };
        self.page.take_back(from);
        if &*name == b"tr" {
            self.set_apart();
            self.text(&shown);
            self.set_apart();
        } else {
            self.text(&shown);
        }
    }

    /// What comes next is a field of its own.
    fn set_apart(&mut self) {
        match &mut self.logic {
            Some(logic) => logic.set_apart(),
            None => self.apart = true,
        }
    }
}

/// Characters that Unicode has in a raised form: `10⁻³` is not `10-3`, `2ⁿ` not `2n`.
pub(super) const SUPERSCRIPTS: &[(char, char)] = &[
    ('0', '⁰'),
    ('1', '¹'),
    ('2', '²'),
    ('3', '³'),
    ('4', '⁴'),
    ('5', '⁵'),
    ('6', '⁶'),
    ('7', '⁷'),
    ('8', '⁸'),
    ('9', '⁹'),
    ('+', '⁺'),
    ('-', '⁻'),
    ('−', '⁻'),
    ('–', '⁻'),
    ('=', '⁼'),
    ('(', '⁽'),
    (')', '⁾'),
    ('n', 'ⁿ'),
];

/// The same in a lowered form.
pub(super) const SUBSCRIPTS: &[(char, char)] = &[
    ('0', '₀'),
    ('1', '₁'),
    ('2', '₂'),
    ('3', '₃'),
    ('4', '₄'),
    ('5', '₅'),
    ('6', '₆'),
    ('7', '₇'),
    ('8', '₈'),
    ('9', '₉'),
    ('+', '₊'),
    ('-', '₋'),
    ('−', '₋'),
    ('–', '₋'),
    ('=', '₌'),
    ('(', '₍'),
    (')', '₎'),
];

/// A text in superscript or subscript, if Unicode has all its characters so. Most letters have no such form.
pub(super) fn raised(text: &str, forms: &[(char, char)]) -> Option<String> {
    let form = |c: char| forms.iter().find(|(plain, _)| *plain == c).map(|(_, form)| *form);
    text.chars().map(form).collect::<Option<String>>().filter(|raised| !raised.is_empty())
}

/// What a list's style calls its marks.
const LIST_STYLES: [(&str, Marks); 12] = [
    ("none", Marks::None),
    ("lower-alpha", Marks::Letters(false)),
    ("lower-latin", Marks::Letters(false)),
    ("upper-alpha", Marks::Letters(true)),
    ("upper-latin", Marks::Letters(true)),
    ("lower-roman", Marks::Roman(false)),
    ("upper-roman", Marks::Roman(true)),
    ("decimal", Marks::Numbers),
    ("decimal-leading-zero", Marks::Numbers),
    ("disc", Marks::Bullets),
    ("circle", Marks::Bullets),
    ("square", Marks::Bullets),
];

/// The marks of a list or of an item, by its `type` or its style, if that says anything.
fn marks(said: &str) -> Option<Marks> {
    // Numbers and letters are told apart by case in `type` only.
    match said.trim() {
        "1" => return Some(Marks::Numbers),
        "a" => return Some(Marks::Letters(false)),
        "A" => return Some(Marks::Letters(true)),
        "i" => return Some(Marks::Roman(false)),
        "I" => return Some(Marks::Roman(true)),
        kind if kind.eq_ignore_ascii_case("none") => return Some(Marks::None),
        kind if ["disc", "circle", "square"].iter().any(|bullet| kind.eq_ignore_ascii_case(bullet)) => {
            return Some(Marks::Bullets);
        }
        _ => {}
    }
    let is_list_style = |style: &&str| style.trim_start().to_ascii_lowercase().starts_with("list-style");
    let style = said.split(';').find(is_list_style).map(str::to_ascii_lowercase)?;
    let has = |name: &str| style.split([':', ' ', '!']).any(|word| word == name);
    LIST_STYLES.iter().find(|(name, _)| has(name)).map(|(_, marks)| *marks)
}

/// Elements that have no end.
fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"param"
            | b"source"
            | b"track"
            | b"wbr"
    )
}

/// Elements that begin and end a line.
fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"address"
            | b"article"
            | b"aside"
            | b"body"
            | b"caption"
            | b"center"
            | b"details"
            | b"div"
            | b"dt"
            | b"fieldset"
            | b"figcaption"
            | b"figure"
            | b"footer"
            | b"form"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"header"
            | b"hr"
            | b"legend"
            | b"main"
            | b"nav"
            | b"option"
            | b"p"
            | b"section"
            | b"summary"
            | b"table"
            | b"tbody"
            | b"tfoot"
            | b"thead"
            | b"tr"
    )
}

#[cfg(test)]
#[path = "tests/markup.rs"]
mod tests;
