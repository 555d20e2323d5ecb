//! Every text that a person sees, in two languages. A message is a value here and a sentence in [`english`] and
//! [`chinese`]: both match on all variants, so that the compiler reports a missing translation. (The texts of `--help`
//! are in `help`.) This module never decides whether or where a message is shown.

mod chinese;
mod english;
pub(crate) mod notebook;

use self::notebook::NotebookMessage;
use super::error::Misuse;
use super::error::{Error, WordFault};
use crate::protocol::{Code, Failure, printable};
use std::ffi::OsString;
use std::io;
use std::path::Path;

/// A language that the client speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
pub(crate) enum Language {
    #[default]
    #[value(name = "en")]
    #[serde(rename = "en")]
    English,
    #[value(name = "zh")]
    #[serde(rename = "zh")]
    Chinese,
}

impl Language {
    /// The language of a locale: of `LC_ALL`, `LC_MESSAGES`, `LANG` the first that is set, and not to nothing.
    pub(crate) fn of_locale(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
        match locale {
            Some(locale) if locale.as_encoded_bytes().starts_with(b"zh") => Self::Chinese,
            _ => Self::English,
        }
    }

    /// The message in this language.
    pub(crate) fn say(self, message: &Message<'_>) -> String {
        match self {
            Self::English => english::say(message),
            Self::Chinese => chinese::say(message),
        }
    }
}

/// The server's message for a wrong name or password: both languages have their own, and do not repeat it.
const WRONG_LOGIN: &str = "wrong name or password";

/// Whether it is that. There are other reasons to deny a login (TLS is required, say), which the server explains best.
fn wrong_login(failure: &Failure) -> bool {
    failure.code == Code::Denied && (failure.message.is_empty() || failure.message == WRONG_LOGIN)
}

/// The server's reason to refuse a name, if it is another one than the rule that both languages have words for: its
/// messages for that begin in the same way.
fn other_name_rule(failure: &Failure) -> Option<&str> {
    let known = failure.message.is_empty() || failure.message.starts_with("a name ");
    (!known).then_some(failure.message.as_str())
}

/// The system's message for an error, without the error's number.
pub(super) fn systems_words(reason: &io::Error) -> String {
    let text = reason.to_string();
    let end = reason.raw_os_error().and_then(|_| text.rfind(" (os error ")).unwrap_or(text.len());
    printable(&text[..end])
}

/// Texts from outside, one after the other.
fn listed(texts: &[String], between: &str) -> String {
    texts.iter().map(|text| printable(text)).collect::<Vec<_>>().join(between)
}

/// The same with the number of each behind it.
fn numbered(texts: &[String], between: &str, brackets: [&str; 2]) -> String {
    let [open, close] = brackets;
    let one = |(index, text): (usize, &String)| format!("{}{open}{}{close}", printable(text), index + 1);
    texts.iter().enumerate().map(one).collect::<Vec<_>>().join(between)
}

/// A message. Texts in it that come from outside are made printable by the code that builds it.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    /// The first menu, with the server's address.
    LevelOne {
        address: &'a str,
    },
    /// An address whose traffic cannot be read by others.
    OverTls {
        address: &'a str,
    },
    /// One that others can.
    InClearText {
        address: &'a str,
    },
    /// The second menu, with the account's name.
    LevelTwo {
        name: &'a str,
    },
    /// The prompt below a menu.
    AskChoice,
    /// A pipe was named to read from, and nothing comes.
    WaitingForPipe {
        path: &'a Path,
    },
    /// Another client changes the file of kept logins.
    WaitingForLock {
        path: &'a Path,
    },
    /// What was typed is on no menu.
    UnknownChoice {
        typed: &'a str,
        last: u8,
    },
    /// What was typed is not text.
    UnreadableLine,
    AskName,
    /// The same, when Enter alone means a name that is known.
    AskNameOr {
        name: &'a str,
    },
    /// Before the name is asked for: the one that Enter alone means.
    NameOfLastTime {
        name: &'a str,
    },
    AskPassword,
    AskPasswordAgain,
    AskNewPassword,
    AskNewPasswordAgain,
    AskWord,
    AskCount,
    BadCount,
    /// Before words that are typed into `lookup`.
    WordsWanted,
    /// No server answers at the usual address: whether the private server is wanted.
    OfferLocal {
        address: &'a str,
    },
    /// Neither was answered.
    YesOrNo,
    /// Before an account is deleted.
    AskDeletion {
        name: &'a str,
    },
    Registered {
        name: &'a str,
    },
    LoggedIn {
        name: &'a str,
    },
    LoggedOut,
    /// `cidian login` has kept a token.
    LoginKept {
        name: &'a str,
    },
    /// `cidian logout` has forgotten it, here and on the server.
    LoginForgotten {
        name: &'a str,
    },
    /// The same, but the server could not be reached.
    LoginForgottenHere {
        name: &'a str,
    },
    /// `cidian logout` without a login.
    NothingKept {
        address: &'a str,
    },
    /// The server no longer takes a kept token; the password is asked for next.
    TokenRefused {
        name: &'a str,
    },
    /// The password is changed, but no new token is kept in place of the one that has ended.
    LoginNotRenewed {
        error: &'a Error,
    },
    PasswordChanged,
    AccountDeleted {
        name: &'a str,
    },
    HistoryCleared,
    /// What the history held of one headword is gone: how many lookups that were.
    LookupsCleared {
        word: &'a str,
        count: u64,
    },
    HistoryEmpty,
    /// How often a word is among the lookups that are shown: more than once.
    SeveralLookups {
        times: u64,
    },
    HeadName,
    HeadWord,
    HeadTime,
    /// The same where times are local.
    HeadLocalTime,
    HeadLastTime,
    HeadLookups,
    HeadInterpretation,
    Today,
    Yesterday,
    /// A history that is not empty, but nothing of it was chosen.
    NothingMatches,
    Exported {
        words: u64,
    },
    NotFound {
        word: &'a str,
    },
    /// A word alone led to nothing, and is nearly a subcommand's name.
    NearSubcommand {
        name: &'a str,
    },
    /// Headwords that may have been meant by a word that was not found; there is at least one.
    DidYouMean {
        headwords: &'a [String],
    },
    /// The same where a number is enough to choose one.
    DidYouMeanNumbered {
        headwords: &'a [String],
    },
    /// Before a list of headwords that mean a word.
    WordsFor {
        word: &'a str,
    },
    /// Which of a list.
    AskNumber,
    /// There may be more than those that were shown.
    FirstMatches {
        count: usize,
    },
    BadWord {
        word: &'a str,
        fault: WordFault,
    },
    /// Before a password goes where others may read it.
    ClearTextWarning {
        address: &'a str,
    },
    /// A lookup whose answer never came.
    LookupUnknown,
    /// Options that do not go together.
    Misuse(Misuse),
    /// About the notebook.
    Notebook(&'a NotebookMessage<'a>),
    /// An error, whatever it is.
    Failed(&'a Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::error::KeptFault;
    use crate::protocol::{Code, Failure};

    fn choose(all: &str, messages: &str, lang: &str) -> Language {
        Language::of_locale(|name| {
            let value = match name {
                "LC_ALL" => all,
                "LC_MESSAGES" => messages,
                _ => lang,
            };
            (value != "unset").then(|| value.into())
        })
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        use Language::{Chinese, English};
        assert_eq!(choose("unset", "unset", "unset"), English);
        assert_eq!(choose("unset", "unset", "zh_CN.UTF-8"), Chinese);
        assert_eq!(choose("", "", "zh"), Chinese);
        assert_eq!(choose("C", "zh_CN", "zh_CN"), English);
        assert_eq!(choose("", "zh_TW", "en_US.UTF-8"), Chinese);
        assert_eq!(choose("", "en_GB.UTF-8", "zh_CN.UTF-8"), English);
    }

    /// The messages of a catalogue, each with the source of its text.
    fn catalogue(source: &str) -> std::collections::BTreeMap<&str, &str> {
        let arms = source.split("Message::").skip(1);
        arms.map(|arm| arm.split_at(arm.find(|c: char| !c.is_alphanumeric()).unwrap_or(arm.len()))).collect()
    }

    /// The compiler checks that no message is missing; this checks that none is a copy.
    #[test]
    fn the_two_catalogues_say_the_same_in_two_languages() {
        let (english, chinese) = (catalogue(include_str!("english.rs")), catalogue(include_str!("chinese.rs")));
        assert!(english.len() > 40, "{english:?}");
        assert_eq!(english.keys().collect::<Vec<_>>(), chinese.keys().collect::<Vec<_>>());
        for (name, source) in chinese {
            let says_something = source.contains('"') && name != "AskChoice";
            assert_eq!(says_something, !source.is_ascii(), "{name}{source}");
            assert!(english[name].replace('…', "").is_ascii(), "{name}{}", english[name]);
        }
    }

    #[test]
    fn refusals_are_told_in_both_languages() {
        for code in Code::ALL {
            for error in [Error::Refused(Failure::new(code, "why")), Error::LoginRefused(Failure::new(code, "why"))] {
                let english = Language::English.say(&Message::Failed(&error));
                let chinese = Language::Chinese.say(&Message::Failed(&error));
                assert!(english.is_ascii() && english.len() > 5, "{english}");
                assert!(!chinese.is_ascii(), "{chinese}");
            }
        }
    }

    #[test]
    fn the_systems_words_carry_no_numbers() {
        let refused = || Error::Unreachable { address: "a:1".into(), reason: io::Error::from_raw_os_error(111) };
        let said = |language: Language, error: &Error| language.say(&Message::Failed(error));
        assert_eq!(said(Language::English, &refused()), "cannot reach a server at a:1: Connection refused");
        assert_eq!(said(Language::Chinese, &refused()), "无法连接服务器 a:1：连接被拒绝");
        let other = Error::Output(io::Error::other("odd (os error 7)"));
        assert_eq!(said(Language::English, &other), "standard output: odd (os error 7)");
        let wrong = Error::LoginRefused(Failure::new(Code::Denied, WRONG_LOGIN));
        assert_eq!(said(Language::English, &wrong), "not logged in: wrong name or password");
        assert_eq!(said(Language::Chinese, &wrong), "登录失败：用户名或密码错误");
        let other = Error::LoginRefused(Failure::new(Code::Denied, "only over TLS"));
        assert_eq!(said(Language::English, &other), "not logged in: the server does not allow it (only over TLS)");
    }

    /// The rule for all names is not the reason why a new one is refused.
    #[test]
    fn names_are_refused_for_their_reason() {
        let said = |language: Language, message: &str| {
            language.say(&Message::Failed(&Error::Refused(Failure::new(Code::BadName, message))))
        };
        for rule in ["", "a name holds no white space", "a name has 1 to 32 characters"] {
            assert_eq!(said(Language::English, rule), "a name has 1 to 32 characters and no white space");
            assert_eq!(said(Language::Chinese, rule), "用户名须为 1 到 32 个字符，且不含空白");
        }
        for (name, chinese) in [("a\u{202e}b", "不可见"), ("e\u{301}", "NFC")] {
            let failure = crate::protocol::check_new_name(name).unwrap_err();
            let english = said(Language::English, &failure.message);
            assert!(
                english.starts_with("not a valid name: a new name ") && english.ends_with(&failure.message),
                "{english}"
            );
            let said = said(Language::Chinese, &failure.message);
            assert!(said.contains(chinese) && !said.contains("name"), "{said}");
        }
        assert_eq!(said(Language::Chinese, "too\u{1b} odd"), "用户名无效：too\\u{1b} odd");
    }

    #[test]
    fn headwords_that_may_have_been_meant() {
        let headwords = ["word".to_owned(), "ice\u{1b}[2J".to_owned()];
        let said = |language: Language, headwords: &[String]| language.say(&Message::DidYouMean { headwords });
        assert_eq!(said(Language::English, &headwords), "Did you mean: word, ice\\u{1b}[2J?");
        assert_eq!(said(Language::Chinese, &headwords), "您是不是要找：word、ice\\u{1b}[2J？");
        assert_eq!(said(Language::English, &headwords[..1]), "Did you mean: word?");
    }

    /// The server's words reach the terminal through messages, too.
    #[test]
    fn nothing_from_outside_reaches_the_terminal_raw() {
        let nasty = "\u{1b}[2J\u{9b}x";
        for error in [
            Error::Refused(Failure::new(Code::Denied, nasty)),
            Error::UnknownRefusal { code: nasty.into(), message: nasty.into() },
            Error::NotOurProtocol { said: nasty.into() },
            Error::Unreachable { address: nasty.into(), reason: io::Error::other("no") },
            Error::BadWord { word: nasty.into(), fault: WordFault::Control },
            Error::TokenRefused { name: nasty.into() },
            Error::KeptLogins { path: nasty.into(), fault: KeptFault::Exposed },
        ] {
            for language in [Language::English, Language::Chinese] {
                let said = language.say(&Message::Failed(&error));
                assert!(!said.chars().any(char::is_control), "{said:?}");
            }
        }
    }
}
