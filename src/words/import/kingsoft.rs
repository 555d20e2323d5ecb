//! The XML of two field types of StarDict: `k`, KingSoft PowerWord's, and `n`, WordNet's. Both are elements with text in
//! them; KingSoft's names are Chinese or two letters, and its texts have marks of their own (`&b{…}`). What the names and
//! marks mean is described by StarDict's plug-ins for these types (versions 3.0.x).

use super::markup::decoded;

/// KingSoft's letters for the International Phonetic Alphabet, in a font of its own.
const PHONETIC: [(char, char); 31] = [
    ('A', 'æ'),
    ('B', 'ɑ'),
    ('C', 'ɔ'),
    ('D', 'ã'),
    ('E', 'ә'),
    ('F', 'ʃ'),
    ('G', 'ɣ'),
    ('I', 'i'),
    ('J', 'ʊ'),
    ('K', 'ʏ'),
    ('L', 'ɚ'),
    ('M', 'ɲ'),
    ('N', 'ŋ'),
    ('P', 'ɵ'),
    ('Q', 'ʌ'),
    ('R', 'ɔ'),
    ('T', 'ð'),
    ('V', 'ʒ'),
    ('W', 'θ'),
    ('X', 'Ø'),
    ('Z', 'є'),
    ('5', '\''),
    ('7', '͵'),
    ('9', 'ˏ'),
    ('_', 'ˇ'),
    ('=', 'ê'),
    ('^', 'ɡ'),
    ('\\', 'ɜ'),
    ('?', 'U'),
    ('@', 'S'),
    ('[', 'ə'),
];

/// Elements that begin a part of an article, and are its heading. (The first of all, 基本词义, needs none.)
const HEADINGS: [&str; 10] =
    ["继承用法", "习惯用语", "词性变化", "特殊用法", "参考词汇", "常用词组", "语源", "派生", "用法", "注释"];

/// What [`pieces`] finds.
enum Piece<'a> {
    Begin(&'a str),
    /// In the element that began last.
    Text(String),
}

/// The elements and texts of a piece of XML, one after the other. Anything that is not XML is text.
fn pieces<'a>(xml: &'a str, mut take: impl FnMut(Piece<'a>)) {
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        if at > 0 {
            take(Piece::Text(decoded(&rest[..at]).into_owned()));
        }
        rest = &rest[at..];
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let (inside, after) = section.split_once("]]>").unwrap_or((section, ""));
            take(Piece::Text(inside.to_owned()));
            rest = after;
            continue;
        }
        let Some((tag, after)) = rest[1..].split_once('>') else { break };
        if !tag.starts_with(['/', '?', '!']) {
            let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or("");
            take(Piece::Begin(name));
        }
        rest = after;
    }
    if !rest.is_empty() {
        take(Piece::Text(decoded(rest).into_owned()));
    }
}

/// A field of type `k` as lines.
pub(super) fn kingsoft(xml: &str) -> String {
    let mut text = String::new();
    let mut element = "";
    let mut joined = true;
    pieces(xml, |piece| {
        let line = match piece {
            Piece::Begin(name) => {
                element = name;
                if !HEADINGS.contains(&name) {
                    return;
                }
                format!("【{name}】")
            }
            Piece::Text(inside) => {
                let inside = inside.trim();
                if inside.is_empty() {
                    return;
                }
                match element {
                    "词典音标" | "CB" => format!("[{}]", phonetic(inside)),
                    _ => without_marks(inside),
                }
            }
        };
        if !text.is_empty() {
            text.push(if joined { ' ' } else { '\n' });
        }
        // The part of speech stands before the text that it describes.
        joined = matches!(element, "单词词性" | "DX");
        text.push_str(&line);
    });
    text
}

fn phonetic(text: &str) -> String {
    let letter = |c: char| PHONETIC.iter().find(|(known, _)| *known == c).map_or(c, |(_, letter)| *letter);
    text.chars().map(letter).collect()
}

/// The text without `&b{…}` (bold), `&L{…}` (a link) and similar marks; `&X{…}` is a transcription.
fn without_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let mut ahead = chars.clone();
        match (c, ahead.next(), ahead.next()) {
            ('&', Some(mark), Some('{')) => {
                open.push(mark);
                chars = ahead;
            }
            ('}', ..) if open.pop().is_some() => {}
            _ if open.last() == Some(&'X') => out.push_str(&phonetic(c.encode_utf8(&mut [0; 4]))),
            _ => out.push(c),
        }
    }
    out
}

/// A field of type `n` as lines: `n. cat, feline: animal`.
pub(super) fn wordnet(xml: &str) -> String {
    let mut text = String::new();
    let mut element = "";
    pieces(xml, |piece| match piece {
        Piece::Begin(name) => {
            element = name;
            if name == "type" && !text.is_empty() {
                text.push('\n');
            }
        }
        Piece::Text(inside) => {
            let inside = inside.trim();
            // StarDict shows no other elements: numbers of synsets and the like.
            if inside.is_empty() || !matches!(element, "" | "type" | "word" | "gloss") {
                return;
            }
            let shown = match (element, inside) {
                ("type", "a" | "s") => "adj.".to_owned(),
                ("type", "r") => "adv.".to_owned(),
                ("type", other) => format!("{other}."),
                _ => inside.to_owned(),
            };
            if !text.is_empty() && !text.ends_with('\n') {
                let after_type = text.ends_with('.') && element == "word";
                text.push_str(match element {
                    "word" if after_type => " ",
                    "word" => ", ",
                    "gloss" => ": ",
                    _ => " ",
                });
            }
            text.push_str(&shown);
        }
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kingsoft_as_lines() {
        let cases = [
            ("<CK><DC><![CDATA[cat]]></DC></CK>", "cat"),
            (
                "<词典><基本词义><单词项><词典音标><![CDATA[kAt]]></词典音标><单词词性><![CDATA[n.]]></单词词性>\
                 <解释项><![CDATA[&b{猫} &L{kitty}]]></解释项></单词项></基本词义>\n<习惯用语><解释项><![CDATA[a &X{F} b]]>\
                 </解释项></习惯用语></词典>",
                "[kæt]\nn. 猫 kitty\n【习惯用语】\na ʃ b",
            ),
            ("<a>R&amp;D</a>", "R&D"),
            ("plain } text", "plain } text"),
            ("<open", "<open"),
            ("<![CDATA[never ends", "never ends"),
            ("", ""),
        ];
        for (xml, expected) in cases {
            assert_eq!(kingsoft(xml), expected, "{xml}");
        }
    }

    #[test]
    fn wordnet_as_lines() {
        let cases = [
            ("<type>n</type><wordgroup><word>cat</word></wordgroup><gloss>animal</gloss>", "n. cat: animal"),
            (
                "<type>s</type>\n<wordgroup><word>a</word><word>b &amp; c</word></wordgroup><gloss>x</gloss>",
                "adj. a, b & c: x",
            ),
            ("<type>v</type><gloss>x</gloss><type>r</type><gloss>y</gloss>", "v.: x\nadv.: y"),
            ("<type>n</type><wordnum>1</wordnum><wordgroup><word>cat</word></wordgroup><gloss>x</gloss>", "n. cat: x"),
            ("text", "text"),
        ];
        for (xml, expected) in cases {
            assert_eq!(wordnet(xml), expected, "{xml}");
        }
    }
}
