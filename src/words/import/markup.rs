//! HTML, Pango markup and XDXF as plain text: line structure stays, tags go, entities are decoded. Reads its input
//! once from left to right, so that no input makes it slow.

/// What a newline means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newlines {
    /// A newline (Pango markup, XDXF).
    Kept,
    /// A blank (HTML).
    Blanks,
}

/// HTML's names of the characters from U+00A0 to U+00FF, in order.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml \
    Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml \
    times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave \
    eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute \
    ucirc uuml yacute thorn yuml";

/// Names of others that dictionaries use.
const NAMES: [(&str, char); 32] = [
    ("lt", '<'),
    ("gt", '>'),
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("bull", '•'),
    ("dagger", '†'),
    ("prime", '′'),
    ("trade", '™'),
    ("euro", '€'),
    ("oelig", 'œ'),
    ("OElig", 'Œ'),
    ("larr", '←'),
    ("rarr", '→'),
    ("harr", '↔'),
    ("asymp", '≈'),
    ("ne", '≠'),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("zwj", '\u{200d}'),
];

/// The text without its markup.
pub(super) fn plain(text: &str, newlines: Newlines) -> String {
    let mut out = Plain { text: String::with_capacity(text.len()), newlines };
    let mut rest = text;
    // Once there is no `>` ahead there will be none later, and every `<` stands for itself.
    let mut tags_left = true;
    while let Some(at) = rest.find(['<', '&']) {
        out.add(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        if rest.starts_with('&') {
            if let Some((c, after)) = entity(rest) {
                out.character(c);
                rest = after;
            } else {
                out.add("&");
                rest = &rest[1..];
            }
            continue;
        }
        let tag_begins = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        let end = if tag_begins && tags_left { rest.find('>') } else { None };
        tags_left &= !tag_begins || end.is_some();
        let Some(end) = end else {
            out.add("<");
            rest = &rest[1..];
            continue;
        };
        let name = tag_name(&rest[1..end]);
        rest = &rest[end + 1..];
        out.tag(&name);
        if matches!(name.as_str(), "script" | "style") {
            let close = format!("</{name}");
            rest = rest.find(&close).map_or("", |at| &rest[at..]);
        }
    }
    out.add(rest);
    out.text
}

/// Lower case, with the slash of a closing tag.
fn tag_name(tag: &str) -> String {
    let length = tag.find(|c: char| c.is_whitespace() || (c == '/' && !tag.starts_with('/'))).unwrap_or(tag.len());
    tag[..length].to_ascii_lowercase()
}

/// The character that an entity at the beginning means, and what follows it.
fn entity(text: &str) -> Option<(char, &str)> {
    // The longest name known has eight letters.
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let (name, rest) = (&text[1..end], &text[end + 1..]);
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let c = if let Some(digits) = name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
        number(digits, 16)?
    } else if let Some(digits) = name.strip_prefix('#') {
        number(digits, 10)?
    } else if let Some((_, c)) = NAMES.iter().find(|(known, _)| *known == name) {
        *c
    } else {
        let at = LATIN_1.split_whitespace().position(|known| known == name)?;
        char::from(u8::try_from(0xa0 + at).ok()?)
    };
    Some((c, rest))
}

struct Plain {
    text: String,
    newlines: Newlines,
}

impl Plain {
    fn add(&mut self, text: &str) {
        if self.newlines == Newlines::Kept {
            self.text.push_str(text);
            return;
        }
        for c in text.chars() {
            if !matches!(c, ' ' | '\n' | '\r' | '\t') {
                self.text.push(c);
            } else if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
    }

    /// A no-break space is a blank like others in a terminal, and a soft hyphen is none to show.
    fn character(&mut self, c: char) {
        match c {
            '\u{a0}' => self.text.push(' '),
            '\u{ad}' => {}
            other => self.text.push(other),
        }
    }

    fn tag(&mut self, name: &str) {
        match name {
            "br" => self.text.push('\n'),
            "li" => {
                self.fresh_line();
                self.text.push_str("• ");
            }
            "p" | "/p" | "div" | "/div" | "tr" | "/tr" | "/li" | "ul" | "/ul" | "ol" | "/ol" | "hr" | "h1" | "/h1"
            | "h2" | "/h2" | "h3" | "/h3" | "h4" | "/h4" | "h5" | "/h5" | "h6" | "/h6" | "dt" | "/dt" | "dd"
            | "/dd" | "dl" | "/dl" | "blockquote" | "/blockquote" | "table" | "/table" | "def" | "/def" | "/k" => {
                self.fresh_line();
            }
            "td" | "th" => self.add(" "),
            _ => {}
        }
    }

    fn fresh_line(&mut self) {
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_go_and_lines_stay() {
        let cases = [
            ("<b>n.</b> apple<br>a\n  fruit<p>two</p>", "n. apple\na fruit\ntwo\n"),
            (
                "a &lt;b&gt; &amp;amp; &eacute;&nbsp;&#x4e2d;&#25991; &yuml; &bogus; & &#xd800;",
                "a <b> &amp; é 中文 ÿ &bogus; & &#xd800;",
            ),
            ("1 < 2 and <a href=\"x\">link</a>", "1 < 2 and link"),
            ("<ul><li>one<li>two</ul>end", "• one\n• two\nend"),
            ("<style>b { }</style>x<!-- gone -->y<script>never", "xy"),
            ("open <b", "open <b"),
            ("<BR/><Br />z", "\n\nz"),
        ];
        for (markup, expected) in cases {
            assert_eq!(plain(markup, Newlines::Blanks), expected, "{markup}");
        }
        assert_eq!(plain("<k>word</k>\n<i>n.</i> one\n  two", Newlines::Kept), "word\n\nn. one\n  two");
    }

    #[test]
    fn hostile_markup_is_read_in_one_pass() {
        for piece in ["<a", "<", "&", "<!--", "<script>", "&#x"] {
            plain(&piece.repeat(200_000), Newlines::Blanks);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in r"(<|>|/|&|;|#|x|br|<!--|-->|script|é|\n| ){0,30}") {
            plain(&text, Newlines::Blanks);
            plain(&text, Newlines::Kept);
        }
    }
}
