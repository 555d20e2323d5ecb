//! MediaWiki's markup as plain text, for field type `w` of StarDict. No crate that reads it is maintained, and
//! dictionaries use only a small part of it: headings, lists, links, quotes, templates. Unknown markup stays as it is.
//! Each pass goes over the text once; the depth of nesting that it follows is bounded.

use super::markup::{Dialect, plain};
use super::page::{Marks, Page};

/// How deeply nested links and templates are followed.
const MAX_DEPTH: usize = 8;

/// Namespaces whose links show nothing to a reader, in the languages that dictionaries come from most.
const NOT_SHOWN: [&str; 34] = [
    "file",
    "image",
    "category",
    "文件",
    "图像",
    "分类",
    "檔案",
    "圖像",
    "分類",
    "datei",
    "bild",
    "kategorie",
    "fichier",
    "catégorie",
    "archivo",
    "imagen",
    "categoría",
    "immagine",
    "categoria",
    "ficheiro",
    "arquivo",
    "imagem",
    "файл",
    "изображение",
    "категория",
    "ファイル",
    "画像",
    "カテゴリ",
    "bestand",
    "categorie",
    "plik",
    "grafika",
    "kategoria",
    "kategori",
];

/// Words that are instructions to MediaWiki.
const INSTRUCTIONS: [&str; 6] = ["NOTOC", "TOC", "FORCETOC", "NOEDITSECTION", "NOGALLERY", "NOTITLECONVERT"];

/// The text without its markup.
pub(super) fn without_markup(text: &str) -> String {
    let inline = inline(&plain(text, Dialect::Pango));
    if let Some(target) = redirect(&inline) {
        return format!("→ {target}");
    }
    let mut page = Page::new(true, inline.len());
    let mut before = "";
    let mut depth = 0;
    let mut in_table = false;
    for line in inline.lines() {
        let marks: &str = &line[..line.len() - line.trim_start_matches(['*', '#', ':', ';']).len()];
        let wanted = marks.len().min(MAX_DEPTH);
        let same = common(before, marks);
        before = marks;
        while depth > wanted.min(same) {
            page.close_list();
            depth -= 1;
        }
        let content = line[marks.len()..].trim();
        if marks.is_empty() {
            if content.starts_with("{|") {
                in_table = true;
            }
            if in_table && content.starts_with(['{', '|', '!']) {
                let after = table(content, &mut page);
                in_table = after.is_none();
                page.add(after.unwrap_or(""));
                continue;
            }
            if content.starts_with("----") {
                continue;
            }
            page.fresh_line();
            page.add(heading(content).unwrap_or(content));
            page.end_line();
            continue;
        }
        while depth < wanted {
            let numbered = marks.as_bytes().get(depth) == Some(&b'#');
            page.open_list(if numbered { Marks::Numbers } else { Marks::Bullets }, 1);
            depth += 1;
        }
        if marks.ends_with(['*', '#']) {
            page.item(None, None);
        } else {
            page.close_item();
            page.fresh_line();
            // What is said of a term is indented, the term is not; both may stand on one line.
            let (term, said) = term(content).filter(|_| marks.ends_with(';')).unwrap_or((content, ""));
            page.add(if marks.ends_with(';') { "" } else { "  " });
            page.add(term.trim());
            if !said.is_empty() {
                page.fresh_line();
                page.add("  ");
                page.add(said.trim());
            }
            continue;
        }
        page.add(content);
    }
    page.finish().trim_end().trim_start_matches('\n').to_owned()
}

/// `== Noun ==` as `Noun`.
fn heading(line: &str) -> Option<&str> {
    let inside = line.strip_prefix('=')?.strip_suffix('=')?.trim_matches('=').trim();
    Some(inside).filter(|inside| !inside.is_empty())
}

/// The headword that a text only leads to: `#REDIRECT [[colour]]`, with the links taken off.
fn redirect(text: &str) -> Option<&str> {
    let (command, target) = text.trim().strip_prefix('#')?.split_at_checked("REDIRECT".len())?;
    let is_command = command.eq_ignore_ascii_case("REDIRECT") && target.starts_with([':', ' ']);
    let target = target.trim_start_matches([':', ' ']).lines().next()?.trim();
    Some(target).filter(|target| is_command && !target.is_empty())
}

/// How much two lines have of their lists in common, in levels. A term (`;`) and what it means (`:`) are one list.
fn common(one: &str, other: &str) -> usize {
    let kind = |mark: u8| if mark == b';' { b':' } else { mark };
    one.bytes().zip(other.bytes()).take_while(|(one, other)| kind(*one) == kind(*other)).count()
}

/// A term and what it means, on one line. The colon of an address does not part them.
fn term(line: &str) -> Option<(&str, &str)> {
    let (at, _) = line.match_indices(':').find(|(at, _)| !line[at + 1..].starts_with("//"))?;
    Some((&line[..at], &line[at + 1..]))
}

/// Adds a line of a table: one or more cells of a row (`| a || b`, `! a !! b`, `| style="…" | a`), or the end of the row
/// before. Returns what follows the end of the table.
fn table<'a>(line: &'a str, page: &mut Page) -> Option<&'a str> {
    let (head, rest) = line.split_at_checked(2).unwrap_or((line, ""));
    match head {
        "|}" => {
            page.row();
            return Some(rest.trim_start());
        }
        "{|" | "|-" => page.row(),
        "|+" => {
            page.row();
            page.add(&content(rest));
            page.row();
        }
        _ => {
            let is_head = line.starts_with('!');
            let line = if is_head { line.replace("!!", "||") } else { line.to_owned() };
            for cell in line.trim_start_matches(['{', '!']).trim_start_matches('|').split("||") {
                page.cell();
                page.add(&content(cell));
            }
        }
    }
    None
}

/// A cell without its attributes.
fn content(cell: &str) -> String {
    match cell.split_once('|') {
        Some((attributes, content)) if attributes.contains('=') => content.trim().to_owned(),
        _ => cell.trim().to_owned(),
    }
}

/// What began and has not ended: a link `[[`, a template `{{`, an outer link `[http`.
struct Open {
    end: &'static str,
    from: usize,
}

/// The text without quotes, links and templates.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Vec<Open> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("''") {
            rest = rest.trim_start_matches('\'');
            continue;
        }
        if let Some(after) = rest.strip_prefix("__")
            && let Some(word) = INSTRUCTIONS.iter().find(|word| after.starts_with(**word))
            && let Some(after) = after[word.len()..].strip_prefix("__")
        {
            rest = after;
            continue;
        }
        let begun = [("[[", "]]"), ("{{", "}}"), ("[http", "]")].into_iter().find(|(begin, _)| rest.starts_with(begin));
        if let Some((begin, end)) = begun.filter(|_| open.len() < MAX_DEPTH) {
            open.push(Open { end, from: out.len() });
            // The address of an outer link stays, to be seen at the link's end.
            rest = &rest[if begin == "[http" { 1 } else { begin.len() }..];
            continue;
        }
        if let Some(innermost) = open.last().filter(|innermost| rest.starts_with(innermost.end)) {
            let shown = match innermost.end {
                "]]" => link(&out[innermost.from..]),
                "}}" => template(&out[innermost.from..]),
                _ => out[innermost.from..].split_once(' ').map_or("", |(_, label)| label).to_owned(),
            };
            rest = &rest[innermost.end.len()..];
            out.truncate(innermost.from);
            out.push_str(&shown);
            open.pop();
            continue;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// `target|shown`, or `target`.
fn link(inside: &str) -> String {
    let (target, shown) = inside.rsplit_once('|').unwrap_or((inside, inside));
    let namespace = target.split_once(':').map(|(namespace, _)| namespace.trim().to_lowercase());
    if namespace.is_some_and(|namespace| NOT_SHOWN.contains(&namespace.as_str())) {
        return String::new();
    }
    if shown.trim().is_empty() {
        // `[[bank (river)|]]` is shown without what tells it from others.
        let name = target.rsplit_once(':').map_or(target, |(_, name)| name);
        return name.split_once(" (").map_or(name, |(name, _)| name).trim().to_owned();
    }
    shown.trim_start_matches(':').to_owned()
}

/// A template's arguments, or its name if there are none: what it makes of them is not known here.
fn template(inside: &str) -> String {
    let mut pieces = inside.split('|').map(|piece| piece.split_once('=').map_or(piece, |(_, value)| value).trim());
    let name = pieces.next().unwrap_or("");
    let arguments: Vec<&str> = pieces.filter(|piece| !piece.is_empty()).collect();
    if arguments.is_empty() { name.to_owned() } else { arguments.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_dictionaries_use() {
        let cases = [
            ("'''wiki''' is [[text|a text]]", "wiki is a text"),
            ("== Noun ==\n# ''one''\n# two\n#* a\n#* b\n# three", "Noun\n1. one\n2. two\n   • a\n   • b\n3. three"),
            ("[[File:a.jpg|thumb|a [[cat]]]][[Category:Cats]]x [[:b]] [[c]]s", "x b cs"),
            ("[http://a.b label] and [http://a.b]", "label and"),
            ("{{lb|en|rare}} {{t}} {{a|x=1|{{b|2}}}}", "en, rare t 1, 2"),
            ("a<br/>b &eacute; <ref>c</ref><!-- d -->", "a\nb é c"),
            ("; term\n: text\nend", "term\n  text\nend"),
            ("{|\n! head\n|-\n| cell\n|}\n----\nend", "head\ncell\nend"),
            (
                "{| class=x\n|+ Forms\n! a b !! c\n|- class=\"y\"\n| style=\"x\" | d || e | f\n|}",
                "Forms\na b  c\nd  e | f",
            ),
            ("= Top =\n; a : b : c\n; d\n=\n==", "Top\na\n  b : c\nd\n=\n=="),
            (": a\n:: b", "  a\n    b"),
            ("#REDIRECT [[colour|x]]\n", "→ x"),
            ("#redirect: [[a]]", "→ a"),
            ("#redirected", "1. redirected"),
            ("* a\n# b\n# c\n* d\n** e\n*# f", "• a\n1. b\n2. c\n• d\n  • e\n  1. f"),
            ("# a\n#: x\n#* y\n# b\n; c\n: d", "1. a\n     x\n   • y\n2. b\nc\n  d"),
            ("{|\n! a\n! b || c\n|-\n| d\n| e\n|}f\n| g\n! h", "a  b  c\nd  e\nf\n| g\n! h"),
            ("{|\n|+ Forms\n| a\n* b\n|}\nc", "Forms\na\n• b\nc"),
            (";a:b\n; c: d\n; http://e : f", "a\n  b\nc\n  d\nhttp://e\n  f"),
            ("[[bank (river)|]], [[w:Foo|]] [[Kategorie:X]]__NOTOC__ __x__", "bank, Foo  __x__"),
            ("[[open and {{open and ''", "open and open and"),
            ("a ]] b }} c ] it's", "a ]] b }} c ] it's"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_markup(text), expected, "{text}");
        }
    }

    #[test]
    fn hostile_markup_is_read_in_one_pass() {
        for piece in ["[[", "{{", "[http", "'", "#", "#\n", "*:#\n", "]]", "[[a|", "{{a}}", "<li>"] {
            without_markup(&piece.repeat(20_000));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in r"(\[\[|\]\]|\{\{|\}\}|\||'|=|#|\*|:|\n|é|\[http|file:| |<|&){0,40}") {
            without_markup(&text);
        }
    }
}
