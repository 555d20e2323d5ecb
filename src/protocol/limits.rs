//! What is allowed as a name, a password and a line. Every limit of the protocol is defined here and nowhere else.

use super::failure::{Code, Failure};
use unicode_normalization::is_nfc;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Longest request line, in bytes, without its line end.
pub const MAX_LINE: usize = 1_024;
/// Longest account name, in characters.
pub const MAX_NAME_CHARS: usize = 32;
/// Longest password, in characters.
pub const MAX_PASSWD_CHARS: usize = 256;
/// Longest password, in bytes. It is checked before any hashing, so that a long one burns no CPU (CVE-2016-6210).
pub const MAX_PASSWD_BYTES: usize = 768;
/// How many lookups `H` shows by default.
pub const DEFAULT_HISTORY: u32 = 10;
/// The largest number that `H` takes; more is asked for with `all`.
pub const MAX_HISTORY: u32 = 1_000;
/// The most headwords that `S` answers with.
pub const MAX_SUGGESTIONS: usize = 10;
/// The most headwords that `M` answers with.
pub const MAX_MATCHES: usize = 200;
/// The most headwords that `B` answers with.
pub const MAX_REVERSE: usize = 20;

/// Longest headword that `G` takes, in characters: what the database holds.
pub const MAX_WORD_CHARS: usize = 256;
/// Longest tag of a star, in characters.
pub const MAX_TAG_CHARS: usize = 64;
/// The most bytes that the tags of a star have together, with a blank between two.
pub const MAX_TAGS_BYTES: usize = 512;
/// Longest note of a star, in characters.
pub const MAX_NOTE_CHARS: usize = 512;
/// The most stars that one `G` answers with.
pub const MAX_STARS_PAGE: u32 = 500;

/// Checks an account name: 1 to 32 characters, no white space, no control characters.
///
/// # Errors
/// `badname`, with the rule that was broken.
pub fn check_name(name: &str) -> Result<(), Failure> {
    let chars = name.chars().count();
    if chars == 0 || chars > MAX_NAME_CHARS {
        return Err(Failure::new(Code::BadName, format!("a name has 1 to {MAX_NAME_CHARS} characters")));
    }
    if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Failure::new(Code::BadName, "a name holds no white space"));
    }
    Ok(())
}

/// Why a new name with characters of the category Cf is refused.
pub const INVISIBLE_NAME: &str = "a new name holds no invisible characters";
/// Why a new name in another normalization form is refused.
pub const DECOMPOSED_NAME: &str =
    "a new name is in Unicode's composed form (NFC): é as one character, say, not e and an accent";

/// Checks the name of an account that is to be made: as [`check_name`], and so that no two names look alike for how
/// they are encoded: in Unicode's Normalization Form C (UAX #15), and without characters of the category Cf, which show
/// nothing, or turn a line round. Accounts that were made before keep their names.
///
/// # Errors
/// `badname`, with the rule that was broken.
pub fn check_new_name(name: &str) -> Result<(), Failure> {
    check_name(name)?;
    if name.chars().any(|c| c.general_category() == GeneralCategory::Format) {
        return Err(Failure::new(Code::BadName, INVISIBLE_NAME));
    }
    if !is_nfc(name) {
        return Err(Failure::new(Code::BadName, DECOMPOSED_NAME));
    }
    Ok(())
}

/// Checks a password: 1 to 256 characters and at most 768 bytes.
///
/// # Errors
/// `badpasswd`, with the rule that was broken.
pub fn check_passwd(passwd: &str) -> Result<(), Failure> {
    if passwd.is_empty() || passwd.len() > MAX_PASSWD_BYTES || passwd.chars().count() > MAX_PASSWD_CHARS {
        return Err(Failure::new(
            Code::BadPasswd,
            format!("a password has 1 to {MAX_PASSWD_CHARS} characters and at most {MAX_PASSWD_BYTES} bytes"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_and_over_the_limit() {
        assert!(check_name(&"词".repeat(32)).is_ok());
        assert_eq!(check_name(&"词".repeat(33)).unwrap_err().code, Code::BadName);
        for bad in ["", "a b", "a\u{3000}b", "a\tb"] {
            assert_eq!(check_name(bad).unwrap_err().code, Code::BadName, "{bad:?}");
        }
    }

    #[test]
    fn new_names_that_look_like_others() {
        for good in ["ann", "词典", "é", "Ångström", "ë́", "한국", "👍", "a.b-c_d@example"] {
            assert!(check_new_name(good).is_ok(), "{good}");
        }
        // Decomposed letters and syllables, a sign that stands for a letter, marks and joiners that are invisible.
        for bad in [
            "e\u{301}",
            "\u{1112}\u{1161}\u{11ab}",
            "\u{212b}",
            "ann\u{202e}",
            "a\u{200b}nn",
            "\u{feff}ann",
            "a\u{ad}nn",
            "\u{e0061}",
        ] {
            assert!(check_name(bad).is_ok(), "{bad:?}");
            assert_eq!(check_new_name(bad).unwrap_err().code, Code::BadName, "{bad:?}");
        }
        assert_eq!(check_new_name("a b").unwrap_err().code, Code::BadName);
    }

    #[test]
    fn passwords_at_and_over_both_limits() {
        assert!(check_passwd("x").is_ok());
        assert!(check_passwd(&"x".repeat(256)).is_ok());
        assert!(check_passwd(&"词".repeat(256)).is_ok());
        for bad in [String::new(), "x".repeat(257), "𝕏".repeat(193)] {
            assert_eq!(check_passwd(&bad).unwrap_err().code, Code::BadPasswd, "{} bytes", bad.len());
        }
    }
}
