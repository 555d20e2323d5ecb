//! Pinyin: numbers after syllables become marks over vowels (`lu:4` → `lǜ`). Anything that is not a syllable stays as
//! it is.

/// The vowels with their marks, first to fourth tone.
const MARKED: [(char, [char; 4]); 12] = [
    ('a', ['ā', 'á', 'ǎ', 'à']),
    ('e', ['ē', 'é', 'ě', 'è']),
    ('i', ['ī', 'í', 'ǐ', 'ì']),
    ('o', ['ō', 'ó', 'ǒ', 'ò']),
    ('u', ['ū', 'ú', 'ǔ', 'ù']),
    ('ü', ['ǖ', 'ǘ', 'ǚ', 'ǜ']),
    ('A', ['Ā', 'Á', 'Ǎ', 'À']),
    ('E', ['Ē', 'É', 'Ě', 'È']),
    ('I', ['Ī', 'Í', 'Ǐ', 'Ì']),
    ('O', ['Ō', 'Ó', 'Ǒ', 'Ò']),
    ('U', ['Ū', 'Ú', 'Ǔ', 'Ù']),
    ('Ü', ['Ǖ', 'Ǘ', 'Ǚ', 'Ǜ']),
];

/// A reading with tone marks: `Bei3 jing1` → `Běi jīng`.
pub(super) fn with_marks(reading: &str) -> String {
    let mut out = String::with_capacity(reading.len());
    let mut syllable = String::new();
    for c in reading.chars() {
        match c {
            ':' if syllable.ends_with(['u', 'U']) => {
                let umlaut = if syllable.pop() == Some('u') { 'ü' } else { 'Ü' };
                syllable.push(umlaut);
            }
            '1'..='5' if !syllable.is_empty() => {
                mark(&syllable, c, &mut out);
                syllable.clear();
            }
            letter if letter.is_alphabetic() => syllable.push(if letter == 'v' { 'ü' } else { letter }),
            other => {
                out.push_str(&syllable);
                syllable.clear();
                out.push(other);
            }
        }
    }
    out.push_str(&syllable);
    out
}

/// Writes a syllable with the mark of its tone: over a or e, else over the o of ou, else over the last vowel.
fn mark(syllable: &str, tone: char, out: &mut String) {
    let tone = tone.to_digit(10).map_or(4, |tone| tone as usize - 1);
    let vowel = |c: char| MARKED.iter().find(|(plain, _)| *plain == c);
    let lower = syllable.to_lowercase();
    let at = syllable
        .char_indices()
        .find(|(_, c)| matches!(c.to_ascii_lowercase(), 'a' | 'e'))
        .or_else(|| {
            if lower.contains("ou") { syllable.char_indices().find(|(_, c)| matches!(c, 'o' | 'O')) } else { None }
        })
        .or_else(|| syllable.char_indices().rfind(|(_, c)| vowel(*c).is_some()));
    for (position, c) in syllable.char_indices() {
        let marked = at.filter(|(at, _)| *at == position).and_then(|_| vowel(c)?.1.get(tone).copied());
        out.push(marked.unwrap_or(c));
    }
    // Syllables without a vowel (`m2`, `r5` for 儿) keep their number, unless it is the neutral tone.
    if at.is_none() && tone < 4 {
        out.push(char::from(b'1' + u8::try_from(tone).unwrap_or(0)));
    }
}

/// How people write a reading as one word, in small letters: with marks, with numbers, with neither; `ü` as `v`, too,
/// as on a keyboard. Empty for a text that is not a reading (`xx5`, `A B C`).
pub(super) fn spellings(reading: &str) -> Vec<String> {
    let has_tones =
        reading.split(' ').any(|syllable| syllable.len() > 1 && syllable.ends_with(['1', '2', '3', '4', '5']));
    let joined = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    if !has_tones || reading.contains("xx5") {
        return Vec::new();
    }
    let numbers = joined(&reading.replace("u:", "ü").replace("U:", "Ü"));
    let without: String = numbers.chars().filter(|c| !matches!(c, '1'..='5')).collect();
    let mut spellings = vec![joined(&with_marks(reading))];
    for plain in [numbers, without] {
        if plain.contains('ü') {
            spellings.push(plain.replace('ü', "v"));
        }
        spellings.push(plain);
    }
    spellings.sort();
    spellings.dedup();
    spellings
}

/// A gloss in which readings stand in brackets: `variant of 北京[Bei3 jing1]`.
pub(super) fn in_brackets(gloss: &str) -> String {
    let mut out = String::with_capacity(gloss.len());
    let mut rest = gloss;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        out.push('[');
        let Some((reading, after)) = after.split_once(']') else {
            rest = after;
            continue;
        };
        // Newer files have [[pin1yin1]] here, too.
        let (reading, after) = match (reading.strip_prefix('['), after.strip_prefix(']')) {
            (Some(reading), Some(after)) => (reading, after),
            _ => (reading, after),
        };
        out.push_str(&with_marks(reading));
        out.push(']');
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_where_they_belong() {
        let cases = [
            ("Bei3 jing1", "Běi jīng"),
            ("lu:4 se4", "lǜ sè"),
            ("nu:e4 dai4", "nüè dài"),
            ("nv3", "nǚ"),
            ("hou4 lai2", "hòu lái"),
            ("gui4", "guì"),
            ("jiu3", "jiǔ"),
            ("xiong2", "xióng"),
            ("ma5", "ma"),
            ("yi1 dian3 r5", "yī diǎn r"),
            ("E2 luo2 si1", "É luó sī"),
            ("A B C", "A B C"),
            ("da3 · ka3 , 11", "dǎ · kǎ , 11"),
            ("hai2zi5", "háizi"),
            ("xx5", "xx"),
            ("m2", "m2"),
        ];
        for (numbers, marks) in cases {
            assert_eq!(with_marks(numbers), marks, "{numbers}");
        }
        let cases: [(&str, &[&str]); 7] = [
            ("ping2 guo3", &["ping2guo3", "pingguo", "píngguǒ"]),
            ("Bei3 jing1", &["bei3jing1", "beijing", "běijīng"]),
            ("lu:4", &["lv", "lv4", "lü", "lü4", "lǜ"]),
            ("ma5", &["ma", "ma5"]),
            ("da3 · ka3", &["da3ka3", "daka", "dǎkǎ"]),
            ("A B C", &[]),
            ("xx5", &[]),
        ];
        for (reading, expected) in cases {
            assert_eq!(spellings(reading), expected, "{reading}");
        }
        assert_eq!(in_brackets("see 漢字[[han4zi4]], [[x] [a4]"), "see 漢字[hànzì], [[x] [à]");
        assert_eq!(in_brackets("variant of 愛[ai4], see [x"), "variant of 愛[ài], see [x");
    }
}
