//! Traditional and simplified characters.
//!
//! The table is made from Unihan 15.0 (`kSimplifiedVariant`; for characters outside GB 2312 without such a variant, the
//! one form to which all their `kZVariant` and `kSemanticVariant` lead), which is under the Unicode License. The crates
//! that convert texts bring phrase lists of megabytes, or are not maintained; for looking words up, single characters
//! are enough.

/// A traditional character and its simplified form, a line each, sorted. All of them have three bytes.
const TABLE: &str = include_str!("simplified.txt");
const LINE: usize = 7;

/// The simplified form of a character; itself, if it has none.
pub(super) fn simplified(c: char) -> char {
    let mut buffer = [0; 4];
    let wanted = c.encode_utf8(&mut buffer).as_bytes();
    let (mut low, mut high) = (0, TABLE.len() / LINE);
    while low < high {
        let middle = low + (high - low) / 2;
        let line = &TABLE.as_bytes()[middle * LINE..(middle + 1) * LINE];
        match line[..3].cmp(wanted) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return TABLE[middle * LINE + 3..].chars().next().unwrap_or(c),
        }
    }
    c
}

/// Every form of a character: itself, its simplified form, and the traditional ones of that.
pub(super) fn forms(c: char) -> Vec<char> {
    let mut forms = vec![c];
    if c.len_utf8() != 3 {
        // None of the table's.
        return forms;
    }
    let simple = simplified(c);
    let mut buffer = [0; 4];
    let wanted = simple.encode_utf8(&mut buffer).as_bytes();
    // Bytes are compared: every question goes through all lines, most of them for nothing.
    let lines = TABLE.as_bytes().chunks_exact(LINE).enumerate().filter(|(_, line)| line[3..6] == *wanted);
    let others = lines.filter_map(|(number, _)| TABLE[number * LINE..].chars().next());
    for form in [simple].into_iter().chain(others) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// Whether a character is a Chinese one.
pub fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_of_equal_lines() {
        let lines: Vec<&str> = TABLE.lines().collect();
        assert_eq!(lines.len() * LINE, TABLE.len());
        assert!(lines.windows(2).all(|pair| pair[0][..3] < pair[1][..3]));
        for line in lines {
            let chars: Vec<char> = line.chars().collect();
            assert!(chars.len() == 2 && chars[0] != chars[1] && chars.iter().all(|c| is_chinese(*c)), "{line}");
            assert_eq!(simplified(chars[0]), chars[1]);
            assert_eq!(simplified(chars[1]), chars[1], "{line}");
        }
    }

    #[test]
    fn known_characters() {
        for (traditional, simple) in [
            ("蘋果", "苹果"),
            ("電腦", "电脑"),
            ("圖書館", "图书馆"),
            ("頭髮", "头发"),
            ("後裏", "后里"),
            ("a词", "a词"),
            ("𠀀", "𠀀"),
        ] {
            assert_eq!(traditional.chars().map(simplified).collect::<String>(), simple);
        }
        assert_eq!(forms('苹'), ['苹', '蘋']);
        assert_eq!(forms('髮')[..2], ['髮', '发']);
        assert!(forms('发').contains(&'發') && forms('発').contains(&'発'));
        assert_eq!(forms('a'), ['a']);
    }
}
