//! Commands: one line becomes one value. A command has a known name and the right number of arguments; the session
//! checks whether its database or strategy exists.

use super::argument::{Argument, Readings, SingleQuotes, arguments};
use super::{MAX_LINE_CHARS, reply};

/// One command of RFC 2229.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DictCommand {
    /// `DEFINE database word`.
    Define {
        /// A database's name, `*` or `!`.
        database: String,
        /// The word.
        word: Readings,
    },
    /// `MATCH database strategy word`.
    Match {
        /// A database's name, `*` or `!`.
        database: String,
        /// A strategy's name, or `.` for the server's choice.
        strategy: String,
        /// The word, or the pattern.
        word: Readings,
    },
    /// `SHOW DB`.
    ShowDatabases,
    /// `SHOW STRAT`.
    ShowStrategies,
    /// `SHOW INFO database`.
    ShowInfo {
        /// The database's name.
        database: String,
    },
    /// `SHOW SERVER`.
    ShowServer,
    /// `CLIENT text`; the text is ignored.
    Client,
    /// `STATUS`.
    Status,
    /// `OPTION MIME`.
    OptionMime,
    /// `AUTH username digest`.
    Auth {
        /// The account's name.
        name: String,
        /// The purported digest of message-id and key.
        digest: String,
    },
    /// `HELP`.
    Help,
    /// `QUIT`.
    Quit,
}

/// Why a line is not a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// 500: it has no meaning.
    Unknown,
    /// 500: it is longer than a line may be.
    TooLong,
    /// 501: the arguments are not those of this command.
    Arguments,
    /// 502: it has a meaning, but not on this server.
    NotImplemented,
}

impl Mistake {
    /// Writes its status line.
    pub fn push(self, out: &mut Vec<u8>) {
        let (code, text) = match self {
            Self::Unknown => (500, "unknown command; HELP lists those that are known"),
            Self::TooLong => (500, "the line is too long"),
            Self::Arguments => (501, "illegal arguments; HELP lists what each command takes"),
            Self::NotImplemented => (502, "not implemented on this server"),
        };
        reply::push_status(out, code, text);
    }
}

/// The reply to `HELP`, line by line.
pub const HELP: [&str; 14] = [
    "DEFINE database word            what a word means",
    "MATCH database strategy word    headwords by a strategy",
    "SHOW DB                         databases (SHOW DATABASES)",
    "SHOW STRAT                      strategies (SHOW STRATEGIES)",
    "SHOW INFO database              where a database is from, and its licence",
    "SHOW SERVER                     about this server",
    "OPTION MIME                     a MIME header before each text",
    "CLIENT text                     names the client",
    "AUTH user string                logs in; the string is the MD5 of message-id and key, in hexadecimal",
    "STATUS                          the state of this connection",
    "HELP                            this text",
    "QUIT                            ends the connection",
    "The database * is all of them, and ! the first that has the word; the strategy . suggests",
    "what may have been meant.",
];

impl DictCommand {
    /// Reads a line, without its line end; `None` for an empty one, which curl sends and which means nothing.
    ///
    /// # Errors
    /// The line is not a command.
    pub fn parse(line: &[u8]) -> Result<Option<Self>, Mistake> {
        let chars = || line.iter().filter(|&&byte| byte & 0xc0 != 0x80 && byte != b'\\').count();
        if line.len() > MAX_LINE_CHARS && chars() > MAX_LINE_CHARS {
            return Err(Mistake::TooLong);
        }
        let mut all = arguments(line, SingleQuotes::Shell);
        let Some(command) = all.first_mut() else { return Ok(None) };
        command.bytes.make_ascii_uppercase();
        let (command, rest) = (all[0].bytes.as_slice(), &all[1..]);
        match command {
            b"DEFINE" => {
                let database = text(rest.first())?;
                Ok(Self::Define { database, word: Readings::of(line, &all, 2).ok_or(Mistake::Arguments)? })
            }
            b"MATCH" => {
                let (database, strategy) = (text(rest.first())?, text(rest.get(1))?);
                Ok(Self::Match { database, strategy, word: Readings::of(line, &all, 3).ok_or(Mistake::Arguments)? })
            }
            b"SHOW" => show(rest),
            // With any text: some clients quote it, others do not.
            b"CLIENT" => Ok(Self::Client),
            b"OPTION" => match rest {
                [what] if what.bytes.eq_ignore_ascii_case(b"MIME") => Ok(Self::OptionMime),
                _ => Err(Mistake::Arguments),
            },
            b"AUTH" => match rest {
                [name, digest] => Ok(Self::Auth { name: text(Some(name))?, digest: text(Some(digest))? }),
                _ => Err(Mistake::Arguments),
            },
            b"STATUS" => alone(rest, Self::Status),
            b"HELP" => alone(rest, Self::Help),
            b"QUIT" => alone(rest, Self::Quit),
            b"SASLAUTH" | b"SASLRESP" => Err(Mistake::NotImplemented),
            _ => Err(Mistake::Unknown),
        }
        .map(Some)
    }
}

fn show(rest: &[Argument]) -> Result<DictCommand, Mistake> {
    let (what, rest) = rest.split_first().ok_or(Mistake::Arguments)?;
    match what.bytes.to_ascii_uppercase().as_slice() {
        b"DB" | b"DATABASES" => alone(rest, DictCommand::ShowDatabases),
        b"STRAT" | b"STRATEGIES" => alone(rest, DictCommand::ShowStrategies),
        b"SERVER" => alone(rest, DictCommand::ShowServer),
        b"INFO" => match rest {
            [database] => Ok(DictCommand::ShowInfo { database: text(Some(database))? }),
            _ => Err(Mistake::Arguments),
        },
        _ => Err(Mistake::Arguments),
    }
}

fn alone(rest: &[Argument], command: DictCommand) -> Result<DictCommand, Mistake> {
    if rest.is_empty() { Ok(command) } else { Err(Mistake::Arguments) }
}

fn text(argument: Option<&Argument>) -> Result<String, Mistake> {
    argument.and_then(|argument| String::from_utf8(argument.bytes.clone()).ok()).ok_or(Mistake::Arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(line: &str) -> Result<Option<DictCommand>, Mistake> {
        DictCommand::parse(line.as_bytes())
    }

    #[test]
    fn what_each_client_sends() {
        let define = |line: &str| match of(line) {
            Ok(Some(DictCommand::Define { database, word })) => (database, word.first().to_owned()),
            other => panic!("{line}: {other:?}"),
        };
        let pair = |database: &str, word: &str| (database.to_owned(), word.to_owned());
        assert_eq!(define(r#"define * "w""#), pair("*", "w"));
        assert_eq!(define("DEFINE ! w"), pair("!", "w"));
        assert_eq!(define(r#"DEFINE "!" "w""#), pair("!", "w"));
        assert_eq!(define("DEFINE ! 'w'"), pair("!", "w"));
        let Ok(Some(DictCommand::Match { database, strategy, word })) = of(r#"match * . "recieve""#) else { panic!() };
        assert_eq!((&*database, &*strategy, word.first()), ("*", ".", "recieve"));
        for client in [
            r#"client "dict 1.13.0/rf on Linux""#,
            "CLIENT libcurl 7.88.1",
            "CLIENT 'GNOME Dictionary'",
            "client \"an unclosed quote",
            "CLIENT",
        ] {
            assert_eq!(of(client), Ok(Some(DictCommand::Client)), "{client}");
        }
        assert_eq!(DictCommand::parse(b"CLIENT \xff\xfe"), Ok(Some(DictCommand::Client)));
        assert_eq!(of("option mime"), Ok(Some(DictCommand::OptionMime)));
        for (line, command) in [
            ("SHOW DB", DictCommand::ShowDatabases),
            ("show databases", DictCommand::ShowDatabases),
            ("SHOW STRAT", DictCommand::ShowStrategies),
            ("SHOW STRATEGIES", DictCommand::ShowStrategies),
            ("SHOW SERVER", DictCommand::ShowServer),
            ("SHOW INFO wn", DictCommand::ShowInfo { database: "wn".to_owned() }),
            ("STATUS", DictCommand::Status),
            ("HELP", DictCommand::Help),
            ("QUIT", DictCommand::Quit),
            ("AUTH ann 0f", DictCommand::Auth { name: "ann".to_owned(), digest: "0f".to_owned() }),
        ] {
            assert_eq!(of(line), Ok(Some(command)), "{line}");
        }
        assert_eq!((of(""), of(" \t")), (Ok(None), Ok(None)));
    }

    #[test]
    fn what_is_wrong_with_a_line() {
        for line in ["HELLO", "GET / HTTP/1.1", "\"", "D * w", "SHOW%20DB"] {
            assert_eq!(of(line), Err(Mistake::Unknown), "{line}");
        }
        for line in [
            "DEFINE",
            "DEFINE *",
            "DEFINE * ice cream",
            "MATCH",
            "MATCH * exact",
            "MATCH * exact a b",
            "SHOW",
            "SHOW X",
            "SHOW INFO",
            "SHOW INFO a b",
            "SHOW DB x",
            "OPTION",
            "OPTION X",
            "AUTH",
            "AUTH ann",
            "AUTH a b c",
            "QUIT x",
        ] {
            assert_eq!(of(line), Err(Mistake::Arguments), "{line}");
        }
        assert_eq!(DictCommand::parse(b"DEFINE * \xff"), Err(Mistake::Arguments));
        assert_eq!(of("SASLAUTH DIGEST-MD5 x"), Err(Mistake::NotImplemented));
    }

    #[test]
    fn lines_are_measured_in_characters() {
        assert!(of(&format!("DEFINE * {}", "词".repeat(1_000))).is_ok());
        assert!(of(&format!("DEFINE * {}", "x".repeat(1_015))).is_ok());
        assert_eq!(of(&format!("DEFINE * {}", "x".repeat(1_016))), Err(Mistake::TooLong));
        let mut curl = b"DEFINE ! ".to_vec();
        curl.extend("词".repeat(1_000).bytes().flat_map(|byte| [b'\\', byte]));
        let Ok(Some(DictCommand::Define { word, .. })) = DictCommand::parse(&curl) else { panic!() };
        assert_eq!(word.first(), "词".repeat(1_000));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_command_or_a_mistake(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = DictCommand::parse(&line);
        }
    }
}
