//! American Soundex: a letter and three digits for the sound of the beginning of an English word.

/// The code of a text by its ASCII letters, others passed over; `None` for a text without any.
pub(super) fn soundex(text: &str) -> Option<[u8; 4]> {
    let mut letters = text.bytes().filter(u8::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase());
    let first = letters.next()?;
    let mut code = [first.to_ascii_uppercase(), b'0', b'0', b'0'];
    let (mut last, mut filled) = (digit(first), 1);
    for letter in letters {
        // An h or a w does not part two letters of the same sound; a vowel does.
        if matches!(letter, b'h' | b'w') {
            continue;
        }
        let sound = digit(letter);
        if let Some(sound) = sound.filter(|_| sound != last) {
            code[filled] = sound;
            filled += 1;
            if filled == code.len() {
                break;
            }
        }
        last = sound;
    }
    Some(code)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'b' | b'f' | b'p' | b'v' => Some(b'1'),
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => Some(b'2'),
        b'd' | b't' => Some(b'3'),
        b'l' => Some(b'4'),
        b'm' | b'n' => Some(b'5'),
        b'r' => Some(b'6'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the United States National Archives, which define it.
    #[test]
    fn the_examples_of_the_definition() {
        for (name, code) in [
            ("Washington", "W252"),
            ("Lee", "L000"),
            ("Gutierrez", "G362"),
            ("Pfister", "P236"),
            ("Jackson", "J250"),
            ("Tymczak", "T522"),
            ("Ashcraft", "A261"),
            ("Robert", "R163"),
            ("Rupert", "R163"),
        ] {
            assert_eq!(soundex(name).as_ref().map(|code| &code[..]), Some(code.as_bytes()), "{name}");
        }
        assert_eq!(soundex("词典 12"), None);
    }
}
