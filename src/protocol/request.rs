//! Requests: one line becomes one value, and back.

use super::failure::{Failure, bad};
use super::limits::{DEFAULT_HISTORY, MAX_HISTORY, check_name, check_new_name, check_passwd};
use super::notebook::Notebook;
use crate::text::{cut, trim_blanks};

/// How many lookups `H` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// The newest ones: how many, 1 to [`MAX_HISTORY`].
    Last(u32),
    /// Every one.
    All,
}

/// One request. Names and passwords in it are within their limits, words are trimmed and not empty.
#[derive(Clone, PartialEq, Eq)]
pub enum Request<'a> {
    /// `R name passwd`: register an account.
    Register {
        /// The account's name.
        name: &'a str,
        /// Its password.
        passwd: &'a str,
    },
    /// `L name passwd`: log in on this connection.
    Login {
        /// The account's name.
        name: &'a str,
        /// Its password.
        passwd: &'a str,
    },
    /// `Q name word`: look a word up, and record it.
    Lookup {
        /// The name of the login.
        name: &'a str,
        /// The word as typed.
        word: &'a str,
    },
    /// `H name [n]`: the last lookups, newest first.
    History {
        /// The name of the login.
        name: &'a str,
        /// How many.
        count: Count,
    },
    /// `E`: goodbye.
    Goodbye,
    /// `O`: log out, keep the connection.
    Logout,
    /// `S name text`: headwords near a text.
    Suggest {
        /// The name of the login.
        name: &'a str,
        /// What the headwords should be near to.
        text: &'a str,
    },
    /// `P name passwd`: change the password.
    ChangePasswd {
        /// The name of the login.
        name: &'a str,
        /// The new password.
        passwd: &'a str,
    },
    /// `X name passwd`: delete the account and all its history.
    DeleteAccount {
        /// The name of the login.
        name: &'a str,
        /// The password, once more.
        passwd: &'a str,
    },
    /// `D name word`: look a word up, and record nothing.
    Define {
        /// The name of the login.
        name: &'a str,
        /// The word.
        word: &'a str,
    },
    /// `C name [word]`: clear the history, or what it holds of one headword.
    Clear {
        /// The name of the login.
        name: &'a str,
        /// The headword; the whole history without one.
        word: Option<&'a str>,
    },
    /// `K name`: a new token, with which to log in later.
    NewToken {
        /// The name of the login.
        name: &'a str,
    },
    /// `T name token`: log in with a token.
    TokenLogin {
        /// The account's name.
        name: &'a str,
        /// What stands where a token should.
        token: &'a str,
    },
    /// `F name token`: forget a token.
    ForgetToken {
        /// The name of the login.
        name: &'a str,
        /// What stands where a token should.
        token: &'a str,
    },
    /// `I`: about this server.
    About,
    /// `M name how pattern`: headwords by a pattern.
    Match {
        /// The name of the login.
        name: &'a str,
        /// How they are compared with it.
        how: How,
        /// The pattern, blanks at its ends included.
        pattern: &'a str,
    },
    /// `A name word`: look a word up, and record it; the dictionaries apart.
    LookupApart {
        /// The name of the login.
        name: &'a str,
        /// The word as typed.
        word: &'a str,
    },
    /// `U name [dictionaries]`: ask only these dictionaries from now on.
    Choose {
        /// The name of the login.
        name: &'a str,
        /// Their names, with blanks between; nothing for all.
        dictionaries: &'a str,
    },
    /// `B name text`: backwards, headwords that mean a text.
    Reverse {
        /// The name of the login.
        name: &'a str,
        /// What they should mean.
        text: &'a str,
    },
    /// `N name`: a new DICT key.
    NewDictKey {
        /// The name of the login.
        name: &'a str,
    },
    /// `G name …`: the notebook.
    Notebook {
        /// The name of the login.
        name: &'a str,
        /// What is asked of it.
        what: Notebook,
    },
}

/// How `M` compares headwords with its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// They begin with it.
    Prefix,
    /// They end with it.
    Suffix,
    /// It is in them.
    Substring,
    /// They match it as names of files do in a shell.
    Glob,
    /// It is a POSIX extended regular expression that matches in them.
    Regex,
    /// They sound alike in English.
    Sound,
    /// Their interpretations hold it; best first.
    Text,
}

impl How {
    const ALL: [Self; 7] =
        [Self::Prefix, Self::Suffix, Self::Substring, Self::Glob, Self::Regex, Self::Sound, Self::Text];

    /// Its word in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Substring => "substring",
            Self::Glob => "glob",
            Self::Regex => "regex",
            Self::Sound => "sound",
            Self::Text => "text",
        }
    }
}

impl<'a> Request<'a> {
    /// Reads one line (without its line end).
    ///
    /// # Errors
    /// `badreq`, `badname` or `badpasswd`, with a message for people. It never holds any of the line.
    pub fn parse(line: &'a [u8]) -> Result<Self, Failure> {
        let line = std::str::from_utf8(line).map_err(|_| bad("the request is not UTF-8"))?;
        if line.chars().any(char::is_control) {
            return Err(bad("the request holds a control character"));
        }
        let (letter, rest) = cut(line, ' ');
        match letter {
            "R" => new_account(rest).map(|(name, passwd)| Self::Register { name, passwd }),
            "L" => account(rest).map(|(name, passwd)| Self::Login { name, passwd }),
            "P" => account(rest).map(|(name, passwd)| Self::ChangePasswd { name, passwd }),
            "X" => account(rest).map(|(name, passwd)| Self::DeleteAccount { name, passwd }),
            "Q" => with_word(rest).map(|(name, word)| Self::Lookup { name, word }),
            "D" => with_word(rest).map(|(name, word)| Self::Define { name, word }),
            "S" => with_word(rest).map(|(name, text)| Self::Suggest { name, text }),
            "H" => {
                let (name, count) = with_optional(rest)?;
                Ok(Self::History { name, count: count.map_or(Ok(Count::Last(DEFAULT_HISTORY)), Count::parse)? })
            }
            "C" => {
                let (name, word) = with_optional(rest)?;
                Ok(Self::Clear { name, word: word.map(whole_word).transpose()? })
            }
            "K" => only_name(rest).map(|name| Self::NewToken { name }),
            "T" => with_token(rest).map(|(name, token)| Self::TokenLogin { name, token }),
            "F" => with_token(rest).map(|(name, token)| Self::ForgetToken { name, token }),
            "E" => alone(rest).map(|()| Self::Goodbye),
            "O" => alone(rest).map(|()| Self::Logout),
            "I" => alone(rest).map(|()| Self::About),
            "M" => {
                let (name, rest) = with_optional(rest)?;
                let (how, pattern) = rest.and_then(|rest| rest.split_once(' ')).ok_or_else(missing)?;
                whole_word(pattern)?;
                let how = How::ALL.into_iter().find(|known| known.as_str() == how);
                let how = how.ok_or_else(|| bad("how is prefix, suffix, substring, glob, regex, sound or text"))?;
                Ok(Self::Match { name, how, pattern })
            }
            "A" => with_word(rest).map(|(name, word)| Self::LookupApart { name, word }),
            "U" => {
                let (name, dictionaries) = with_optional(rest)?;
                let dictionaries = dictionaries.map_or(Ok(""), whole_word)?;
                Ok(Self::Choose { name, dictionaries })
            }
            "B" => with_word(rest).map(|(name, text)| Self::Reverse { name, text }),
            "N" => only_name(rest).map(|name| Self::NewDictKey { name }),
            "G" => {
                let (name, what) = with_optional(rest)?;
                Ok(Self::Notebook { name, what: Notebook::parse(what.ok_or_else(missing)?)? })
            }
            _ => Err(bad("unknown request")),
        }
    }

    /// Whether it proves who somebody is, or lays down how they will: what others must not read on its way. (`P`, `X`
    /// and what else carries a secret need a login before them.)
    pub fn carries_secret(&self) -> bool {
        // Every request by name: a new one has to be decided on.
        match self {
            Self::Register { .. } | Self::Login { .. } | Self::TokenLogin { .. } => true,
            Self::Lookup { .. }
            | Self::Define { .. }
            | Self::History { .. }
            | Self::NewToken { .. }
            | Self::ForgetToken { .. }
            | Self::Goodbye
            | Self::Logout
            | Self::Suggest { .. }
            | Self::ChangePasswd { .. }
            | Self::DeleteAccount { .. }
            | Self::Clear { .. }
            | Self::Match { .. }
            | Self::Reverse { .. }
            | Self::LookupApart { .. }
            | Self::Choose { .. }
            | Self::NewDictKey { .. }
            | Self::Notebook { .. }
            | Self::About => false,
        }
    }

    /// The account's name that it carries, if it carries any.
    pub fn name(&self) -> Option<&'a str> {
        match self {
            Self::Register { name, .. }
            | Self::Login { name, .. }
            | Self::TokenLogin { name, .. }
            | Self::Lookup { name, .. }
            | Self::Define { name, .. }
            | Self::History { name, .. }
            | Self::NewToken { name }
            | Self::ForgetToken { name, .. }
            | Self::Suggest { name, .. }
            | Self::ChangePasswd { name, .. }
            | Self::DeleteAccount { name, .. }
            | Self::Match { name, .. }
            | Self::Reverse { name, .. }
            | Self::LookupApart { name, .. }
            | Self::Choose { name, .. }
            | Self::NewDictKey { name }
            | Self::Notebook { name, .. }
            | Self::Clear { name, .. } => Some(name),
            Self::Goodbye | Self::Logout | Self::About => None,
        }
    }

    /// Whether a password has to be hashed to answer it.
    pub fn has_passwd(&self) -> bool {
        matches!(
            self,
            Self::Register { .. } | Self::Login { .. } | Self::ChangePasswd { .. } | Self::DeleteAccount { .. }
        )
    }

    /// Whether neither the request nor its reply holds anything that is to be forgotten. What is not named here may
    /// hold a password or a token.
    pub fn is_public(&self) -> bool {
        matches!(
            self,
            Self::Lookup { .. }
                | Self::History { .. }
                | Self::Goodbye
                | Self::Logout
                | Self::Suggest { .. }
                | Self::Clear { .. }
                | Self::Match { .. }
                | Self::Reverse { .. }
                | Self::LookupApart { .. }
                | Self::Choose { .. }
                | Self::Notebook { .. }
                | Self::About
        )
    }

    /// Writes the request as a line, with its newline, onto the end of `out`.
    pub fn push_line(&self, out: &mut Vec<u8>) {
        let (letter, fields): (&str, [Option<&str>; 2]) = match self {
            Self::Register { name, passwd } => ("R", [Some(name), Some(passwd)]),
            Self::Login { name, passwd } => ("L", [Some(name), Some(passwd)]),
            Self::ChangePasswd { name, passwd } => ("P", [Some(name), Some(passwd)]),
            Self::DeleteAccount { name, passwd } => ("X", [Some(name), Some(passwd)]),
            Self::Lookup { name, word } => ("Q", [Some(name), Some(word)]),
            Self::Define { name, word } => ("D", [Some(name), Some(word)]),
            Self::Suggest { name, text } => ("S", [Some(name), Some(text)]),
            Self::Clear { name, word } => ("C", [Some(name), *word]),
            Self::History { name, count: Count::All } => ("H", [Some(name), Some("all")]),
            Self::History { name, count: Count::Last(n) } => {
                out.extend_from_slice(format!("H {name} {n}\n").as_bytes());
                return;
            }
            Self::Match { name, how, pattern } => {
                out.extend_from_slice(format!("M {name} {} {pattern}\n", how.as_str()).as_bytes());
                return;
            }
            Self::LookupApart { name, word } => ("A", [Some(name), Some(word)]),
            Self::Choose { name, dictionaries } => {
                ("U", [Some(name), Some(*dictionaries).filter(|names| !names.is_empty())])
            }
            Self::Reverse { name, text } => ("B", [Some(name), Some(text)]),
            Self::Notebook { name, what } => {
                out.extend_from_slice(format!("G {name} {}\n", what.text()).as_bytes());
                return;
            }
            Self::NewDictKey { name } => ("N", [Some(name), None]),
            Self::NewToken { name } => ("K", [Some(name), None]),
            Self::TokenLogin { name, token } => ("T", [Some(name), Some(token)]),
            Self::ForgetToken { name, token } => ("F", [Some(name), Some(token)]),
            Self::Goodbye => ("E", [None, None]),
            Self::Logout => ("O", [None, None]),
            Self::About => ("I", [None, None]),
        };
        out.extend_from_slice(letter.as_bytes());
        for field in fields.into_iter().flatten() {
            out.push(b' ');
            out.extend_from_slice(field.as_bytes());
        }
        out.push(b'\n');
    }
}

/// Never shows a password or a token, so that a request can't put one into a log by accident.
impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Register { name, .. } => write!(f, "R {name:?} …"),
            Self::Login { name, .. } => write!(f, "L {name:?} …"),
            Self::ChangePasswd { name, .. } => write!(f, "P {name:?} …"),
            Self::DeleteAccount { name, .. } => write!(f, "X {name:?} …"),
            Self::Lookup { name, word } => write!(f, "Q {name:?} {word:?}"),
            Self::Define { name, word } => write!(f, "D {name:?} {word:?}"),
            Self::Suggest { name, text } => write!(f, "S {name:?} {text:?}"),
            Self::History { name, count } => write!(f, "H {name:?} {count:?}"),
            Self::Clear { name, word } => write!(f, "C {name:?} {word:?}"),
            Self::NewToken { name } => write!(f, "K {name:?}"),
            Self::Match { name, how, pattern } => write!(f, "M {name:?} {} {pattern:?}", how.as_str()),
            Self::LookupApart { name, word } => write!(f, "A {name:?} {word:?}"),
            Self::Choose { name, dictionaries } => write!(f, "U {name:?} {dictionaries:?}"),
            Self::Reverse { name, text } => write!(f, "B {name:?} {text:?}"),
            Self::NewDictKey { name } => write!(f, "N {name:?}"),
            // A note is private.
            Self::Notebook { name, what } => write!(f, "G {name:?} {} …", what.verb()),
            Self::TokenLogin { name, .. } => write!(f, "T {name:?} …"),
            Self::ForgetToken { name, .. } => write!(f, "F {name:?} …"),
            Self::Goodbye => f.write_str("E"),
            Self::Logout => f.write_str("O"),
            Self::About => f.write_str("I"),
        }
    }
}

impl Count {
    fn parse(text: &str) -> Result<Self, Failure> {
        if text == "all" {
            return Ok(Self::All);
        }
        // `parse` alone would take a plus sign.
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(n) if digits && (1..=MAX_HISTORY).contains(&n) => Ok(Self::Last(n)),
            _ => Err(bad(format!("n is 1 to {MAX_HISTORY}, or all"))),
        }
    }
}

fn missing() -> Failure {
    bad("a field is missing")
}

fn alone(rest: Option<&str>) -> Result<(), Failure> {
    rest.map_or(Ok(()), |_| Err(bad("this request has no fields")))
}

fn account(rest: Option<&str>) -> Result<(&str, &str), Failure> {
    let (name, passwd) = with_token(rest)?;
    check_passwd(passwd)?;
    Ok((name, passwd))
}

fn new_account(rest: Option<&str>) -> Result<(&str, &str), Failure> {
    let (name, passwd) = account(rest)?;
    check_new_name(name)?;
    Ok((name, passwd))
}

/// The name is the last field, and so all of the rest.
fn only_name(rest: Option<&str>) -> Result<&str, Failure> {
    let name = rest.filter(|rest| !rest.is_empty()).ok_or_else(missing)?;
    check_name(name)?;
    Ok(name)
}

/// A token may be any text, even an empty one: what is not one of ours is a wrong one, and never a special case.
fn with_token(rest: Option<&str>) -> Result<(&str, &str), Failure> {
    let (name, token) = rest.and_then(|rest| rest.split_once(' ')).ok_or_else(missing)?;
    check_name(name)?;
    Ok((name, token))
}

fn with_word(rest: Option<&str>) -> Result<(&str, &str), Failure> {
    let (name, word) = with_optional(rest)?;
    Ok((name, whole_word(word.ok_or_else(missing)?)?))
}

fn with_optional(rest: Option<&str>) -> Result<(&str, Option<&str>), Failure> {
    let rest = rest.filter(|rest| !rest.is_empty()).ok_or_else(missing)?;
    let (name, last) = cut(rest, ' ');
    check_name(name)?;
    Ok((name, last))
}

/// A field of blanks is a missing field: `C name ` must not clear a whole history.
fn whole_word(field: &str) -> Result<&str, Failure> {
    let word = trim_blanks(field);
    if word.is_empty() { Err(missing()) } else { Ok(word) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Code;
    use proptest::prelude::*;

    fn code(line: &[u8]) -> Code {
        Request::parse(line).unwrap_err().code
    }

    #[test]
    fn every_request_reads_as_it_is_written() {
        let all = [
            "R ann s3 cret ",
            "L ann  x",
            "Q ann ice cream",
            "H ann 1000",
            "H ann all",
            "E",
            "O",
            "S ann ap",
            "P ann n",
            "X ann n",
            "C ann",
            "C ann ice cream",
            "K ann",
            "T ann dG9rZW4",
            "T ann  no token ",
            "T ann ",
            "F ann dG9rZW4",
            "I",
            "D ann ice cream",
            "Q ann ##",
            "A ann ice cream",
            "B ann 苹果",
            "M ann text an apple",
            "U ann",
            "U ann wn gcide",
        ];
        for line in all {
            let mut out = Vec::new();
            Request::parse(line.as_bytes()).expect(line).push_line(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{line}\n"));
        }
        assert_eq!(
            Request::parse(b"H ann").unwrap(),
            Request::History { name: "ann", count: Count::Last(DEFAULT_HISTORY) }
        );
        assert_eq!(Request::parse(b"Q ann   ice cream  ").unwrap(), Request::Lookup { name: "ann", word: "ice cream" });
    }

    /// A missing field, a word that begins with a request's letter, a trailing argument.
    #[test]
    fn what_is_no_request_is_badreq() {
        for line in [
            &b""[..],
            b" ",
            b"L",
            b"L ",
            b"R x",
            b"Q ann",
            b"Q ann ",
            b"Q ann   ",
            b"\xff",
            b"\0",
            b"Exit",
            b"Hello",
            b"Query a b",
            b"e",
            b"E x",
            b"E ",
            b"O x",
            b"I x",
            b"H",
            b"H ",
            b"H ann ",
            b"H ann 0",
            b"H ann 1001",
            b"H ann -1",
            b"H ann +1",
            b"H ann 1 2",
            b"H ann ALL",
            b"H ann 99999999999999999999",
            b"C",
            b"C ann ",
            b"A",
            b"A ann ",
            b"B",
            b"B ann",
            b"B ann  ",
            b"M ann text ",
            b"U",
            b"U ann ",
            b"K",
            b"K ",
            b"T",
            b"T ann",
            b"F ann",
            b"T ann a\tb",
            b"Q ann a\tb",
            b"Q ann a\rb",
            b"Z a b",
            "Q ann \u{85}".as_bytes(),
            b" Q ann x",
        ] {
            assert_eq!(code(line), Code::BadReq, "{:?}", String::from_utf8_lossy(line));
        }
        assert_eq!(code(b"R  secret"), Code::BadName);
        assert_eq!(code("R a\u{3000}b secret".as_bytes()), Code::BadName);
        assert_eq!(code(b"R ann "), Code::BadPasswd);
        for line in ["K ann bob", "T  token", "F  token", &format!("T {} token", "n".repeat(33))] {
            assert_eq!(code(line.as_bytes()), Code::BadName, "{line:?}");
        }
    }

    #[test]
    fn debug_shows_no_password_and_no_token() {
        for letter in ["R", "L", "P", "X", "T", "F"] {
            let line = format!("{letter} ann hunter2");
            assert!(!format!("{:?}", Request::parse(line.as_bytes()).unwrap()).contains("hunter2"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_request_or_a_reason(line in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(request) = Request::parse(&line) {
                let mut out = Vec::new();
                request.push_line(&mut out);
                prop_assert_eq!(out.pop(), Some(b'\n'));
                prop_assert_eq!(Request::parse(&out).unwrap(), request);
            }
        }

        #[test]
        fn lines_like_requests(line in "[RLQHEOSPXCKTFIDBMGAU] ?[a词 #]{0,6} ?[al0-9 ]{0,6}") {
            if let Ok(request) = Request::parse(line.as_bytes()) {
                let mut out = Vec::new();
                request.push_line(&mut out);
                out.pop();
                prop_assert_eq!(Request::parse(&out).unwrap(), request);
            }
        }
    }
}
