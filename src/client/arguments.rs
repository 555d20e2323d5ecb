//! The command line: options, subcommands, and the help that teaches by example. It never connects or asks.

use super::address::Address;
use super::config::Config;
use super::console::Colour;
use super::exit::Exit;
use super::help::examples::{
    ABOUT_EXAMPLES, CLEAR_EXAMPLES, COMPLETIONS_EXAMPLES, DELETE_EXAMPLES, EXAMPLES, EXPORT_EXAMPLES, HISTORY_EXAMPLES,
    LOGIN_EXAMPLES, LOGOUT_EXAMPLES, LOOKUP_EXAMPLES, MANUAL_EXAMPLES, PASSWD_EXAMPLES, REGISTER_EXAMPLES,
};
use super::help::{self, complaint};
use super::history::{Choice, Format, Wanted};
use super::manual::CompletionShell;
use super::messages::{Language, Message};
use super::misuse::misuse;
use crate::protocol::{Count, DEFAULT_HISTORY};
use clap::error::ErrorKind;
use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

/// Look words up in a networked dictionary that remembers what you looked up.
///
/// Without a subcommand, cidian shows menus.
#[derive(Debug, Clone, Parser)]
#[command(name = "cidian", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Where the server is, HOST:PORT or unix:PATH [default: $CIDIAN_SERVER, else 127.0.0.1:2629]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) server: Option<Address>,

    /// Use a private server of your own that starts and ends with this command; no set-up
    #[arg(long, global = true)]
    pub(crate) local: bool,

    /// Speak TLS with the server: verify its certificate, and send nothing in clear text
    #[arg(long, global = true)]
    pub(crate) tls: bool,

    /// With --tls: trust the certificates in FILE (PEM), and no others [default: those the system trusts]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,

    /// Without --tls: send a password in clear text to a server on another machine
    #[arg(long, global = true)]
    pub(crate) insecure: bool,

    /// The account's name [default: $CIDIAN_USER, else who is logged in (see login)]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Take the password from the first line of FILE instead of asking on the terminal
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,

    /// Print one JSON object a line (with a subcommand)
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Bold and colours; auto is on a terminal, unless NO_COLOR is set [default: auto]
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) color: Option<Colour>,

    /// The language of menus, messages and help, en or zh [default: that of the locale]
    #[arg(long, global = true, value_name = "LANGUAGE", hide_possible_values = true)]
    pub(crate) lang: Option<Language>,

    /// The language that was decided on.
    #[arg(skip)]
    pub(crate) language: Language,

    /// What the configuration file says.
    #[arg(skip)]
    pub(crate) config: Config,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Print the interpretation of each word
    ///
    /// With no WORD, words are read from standard input, one a line, and answered a line each, in order: the
    /// interpretation with a newline in it written \n (and \t, \\), an empty line for a word that is not found.
    ///
    /// Control characters in what the server says are shown as \u{…}, through a pipe, too; --json has them as escapes.
    ///
    /// On a terminal, a word that is not found is followed by headwords that may have been meant. With --json and
    /// WORDs, an object with "found":false holds them in "suggestions", a list that may be empty.
    #[command(after_help = LOOKUP_EXAMPLES)]
    Lookup {
        /// The words; quote one that holds a space, and put -- before one that begins with a dash
        #[arg(value_name = "WORD")]
        words: Vec<String>,

        #[command(flatten)]
        parts: Parts,
    },
    /// Print what you looked up, newest first, or clear it
    ///
    /// On a terminal a table, in local time; through a pipe a line each: name, word and time (UTC), with TABs between.
    /// With --since, --until or --word it is all that fits, or with -n the last N of it.
    #[command(after_help = HISTORY_EXAMPLES)]
    History(HistoryArguments),
    /// Write the words of your history, with their interpretations, into a file to learn from
    #[command(after_help = EXPORT_EXAMPLES)]
    Export {
        /// A file that Anki imports as it is: the word on the front, the interpretation on the back; - for standard
        /// output
        #[arg(long, value_name = "FILE", required_unless_present = "csv")]
        anki: Option<PathBuf>,

        /// Comma-separated values: word, interpretation, count, first and last time; - for standard output
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,

        #[command(flatten)]
        choice: Choice,
    },
    /// Make an account
    #[command(after_help = REGISTER_EXAMPLES)]
    Register,
    /// Log in to stay: later calls ask for no password
    ///
    /// The server gives a token, which is kept in ~/.local/state/cidian/tokens.json (or below $XDG_STATE_HOME), for
    /// each server and user. It is good for 90 days after its last use, and ends with the password.
    #[command(after_help = LOGIN_EXAMPLES)]
    Login,
    /// Forget the token that login has kept, here and on the server
    #[command(after_help = LOGOUT_EXAMPLES)]
    Logout,
    /// Change the password
    #[command(after_help = PASSWD_EXAMPLES)]
    Passwd {
        /// Take the new password from the first line of FILE instead of asking for it twice
        #[arg(long, value_name = "FILE")]
        new_password_file: Option<PathBuf>,
    },
    /// Delete the account and all its history
    #[command(after_help = DELETE_EXAMPLES)]
    DeleteAccount {
        /// Do not ask whether you are sure
        #[arg(long)]
        yes: bool,
    },
    /// Print what the server says about itself: version, dictionary, licence
    #[command(after_help = ABOUT_EXAMPLES)]
    About,
    /// Print what a shell needs to complete this command's options
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// bash, zsh or fish
        #[arg(value_name = "SHELL", hide_possible_values = true)]
        shell: CompletionShell,
    },
    /// Write the manual pages, cidian.1 and one for each subcommand
    #[command(after_help = MANUAL_EXAMPLES, hide = true)]
    Manual {
        /// The directory to write them into
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
}

/// Which part of an entry `lookup` prints.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Parts {
    /// Print only this: word (as it was asked for), headword or interpretation
    #[arg(long, value_name = "FIELD", hide_possible_values = true)]
    pub(crate) field: Option<Field>,

    /// Print only the first line of each interpretation
    #[arg(long)]
    pub(crate) first_line: bool,
}

/// A field of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Field {
    /// The word as it was asked for
    Word,
    /// The headword as the dictionary spells it
    Headword,
    /// The interpretation
    Interpretation,
}

/// What `history` takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct HistoryArguments {
    #[command(subcommand)]
    pub(crate) action: Option<HistoryAction>,

    /// The last N lookups, 1 to 1000 [default: 10]
    #[arg(short = 'n', value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(crate::protocol::MAX_HISTORY)))]
    pub(crate) number: Option<u32>,

    /// Every lookup
    #[arg(long, conflicts_with = "number")]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) choice: Choice,

    /// The oldest first
    #[arg(long)]
    pub(crate) reverse: bool,

    /// The words looked up most often, with how often, when last, and what they mean
    #[arg(long)]
    pub(crate) top: bool,

    /// table, csv, json or tsv [default: table on a terminal, else tsv]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) format: Option<Format>,
}

impl HistoryArguments {
    /// What of the history is wanted.
    pub(crate) fn wanted(&self) -> Wanted {
        let count = match self.number {
            _ if self.all => Some(Count::All),
            Some(number) => Some(Count::Last(number)),
            None if self.top || !self.choice.is_everything() => None,
            None => Some(Count::Last(DEFAULT_HISTORY)),
        };
        Wanted { count, choice: self.choice.clone(), oldest_first: self.reverse, format: self.format }
    }

    /// Whether anything is said that goes with printing only.
    pub(crate) fn says_anything(&self) -> bool {
        self.number.is_some()
            || self.all
            || self.reverse
            || self.top
            || self.format.is_some()
            || !self.choice.is_everything()
    }
}

/// What can be done to a history.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum HistoryAction {
    /// Clear the whole history, or what it holds of one headword
    #[command(after_help = CLEAR_EXAMPLES)]
    Clear {
        /// The headword
        word: Option<String>,
    },
}

impl Arguments {
    /// Whether a private server is wanted. It must be forked before [`super::run`], which starts a thread.
    pub fn local(&self) -> bool {
        self.local
    }
}

/// Reads the command line (the program's name first) and the configuration file.
///
/// # Errors
/// The exit status, after the help, the version or what is wrong has been printed.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Exit> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let config = Config::read();
    let language = language(&arguments, config.as_ref().ok(), |name| std::env::var_os(name));
    let mut read = checked(arguments, language).map_err(|error| {
        // Help into a pipe that is closed is no mishap, and there is nobody to tell if standard error is.
        match complaint(&error, language) {
            Some(text) => drop(std::io::stderr().write_all(text.as_bytes())),
            None => drop(error.print()),
        }
        if error.use_stderr() { Exit::Usage } else { Exit::Done }
    })?;
    // After `--help`, which works whatever the file says.
    read.config = config.map_err(|failure| {
        let text = format!("cidian: {}\n", language.say(&Message::Failed(&failure)));
        let _ = std::io::stderr().write_all(text.as_bytes());
        Exit::from(&failure)
    })?;
    read.language = language;
    Ok(read)
}

/// The language: `--lang`, the configuration file, the locale. It is wanted before the command line is understood,
/// for what is wrong with that is said in it, too.
fn language(arguments: &[OsString], config: Option<&Config>, variable: impl Fn(&str) -> Option<OsString>) -> Language {
    let mut before_words = arguments.iter().take_while(|argument| *argument != "--");
    let mut said = None;
    while let Some(argument) = before_words.next().map(|argument| argument.to_string_lossy()) {
        if argument == "--lang" {
            said = before_words.next().map(|value| value.to_string_lossy().into_owned());
        } else if let Some(value) = argument.strip_prefix("--lang=") {
            said = Some(value.to_owned());
        }
    }
    said.and_then(|value| Language::from_str(&value, false).ok())
        .or_else(|| config.and_then(|config| config.lang))
        .unwrap_or_else(|| Language::of_locale(variable))
}

fn checked(arguments: impl IntoIterator<Item = OsString>, language: Language) -> Result<Arguments, clap::Error> {
    let mut command = help::command(language);
    let matches = command.try_get_matches_from_mut(arguments)?;
    let arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    // Options may stand before and after the subcommand; clap's own conflicts look at one side only.
    match misuse(&arguments) {
        Some(misuse) => {
            let text = language.say(&Message::Misuse(misuse));
            Err(command.error(ErrorKind::ArgumentConflict, text))
        }
        None => Ok(arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn words(line: &str) -> Vec<OsString> {
        std::iter::once("cidian").chain(line.split_whitespace()).map(OsString::from).collect()
    }

    /// The same whatever the language.
    fn read(line: &str) -> Result<Arguments, clap::Error> {
        let read = checked(words(line), Language::English);
        assert_eq!(checked(words(line), Language::Chinese).is_ok(), read.is_ok(), "{line}");
        read
    }

    #[test]
    fn the_language_is_known_before_the_rest() {
        let config = Config { lang: Some(Language::Chinese), ..Config::default() };
        let of = |line: &str, config| language(&words(line), config, |name| (name == "LANG").then(|| "en_US".into()));
        assert_eq!(of("--lang zh --frobnicate", None), Language::Chinese);
        assert_eq!(of("lookup --lang=zh a", None), Language::Chinese);
        assert_eq!(of("lookup -- --lang zh", None), Language::English);
        assert_eq!(of("about", Some(&config)), Language::Chinese);
        assert_eq!(of("about --lang en", Some(&config)), Language::English);
        assert_eq!(of("about --lang de", None), Language::English);
        assert_eq!(of("about --lang", None), Language::English);
    }

    #[test]
    fn complaints_in_chinese() {
        let said = |line: &str| complaint(&checked(words(line), Language::Chinese).expect_err(line), Language::Chinese);
        for (line, part) in [
            ("--frobnicate", "没有 --frobnicate"),
            ("frobnicate", "没有“frobnicate”"),
            ("histroy", "您是不是要用：history"),
            ("history -n 5 --all", "不能与"),
            ("history -n x", "不能是“x”"),
            ("--color sometimes about", "可以是：auto、always、never"),
            ("--local about --server a:1", "两个不同的服务器"),
            ("--json", "菜单是给人看的"),
            ("export", "缺少 --anki <FILE>"),
            ("--server", "需要一个值"),
            ("register ann", "没有 ann"),
        ] {
            let said = said(line).expect(line);
            assert!(said.contains(part) && said.starts_with("错误："), "{line}: {said}");
            assert!(!said.contains("error") && !said.contains("Usage"), "{line}: {said}");
        }
        assert_eq!(said("--help"), None);
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_subcommand() {
        for line in
            ["--user ann --local history clear", "history --user ann clear --local", "history clear --local --user ann"]
        {
            let arguments = read(line).expect(line);
            assert_eq!(arguments.user.as_deref(), Some("ann"), "{line}");
            assert!(arguments.local(), "{line}");
            assert!(matches!(
                arguments.command,
                Some(Command::History(HistoryArguments { action: Some(HistoryAction::Clear { word: None }), .. }))
            ));
        }
    }

    #[test]
    fn words_may_begin_with_a_dash_after_two() {
        let arguments = read("lookup --json -- -able --json ##").unwrap();
        assert!(arguments.json);
        let Some(Command::Lookup { words, .. }) = arguments.command else { panic!("not lookup") };
        assert_eq!(words, ["-able", "--json", "##"]);
    }

    #[test]
    fn wrong_usage() {
        for line in [
            "look up",
            "history -n 0",
            "history -n 1001",
            "history -n 5 --all",
            "--server nowhere about",
            "--json",
            "--local about --server a:1",
            "--tls-ca file about",
            "--tls --local",
            "lookup -able",
            "register ann",
            "history -n 5 clear",
            "history --number 5",
            "history clear --reverse",
            "history --since tomorrow",
            "history --word [",
            "history --format xml",
            "history --format csv --json",
            "lookup --field interpret",
            "lookup --field word --json",
            "export",
            "export --anki",
            "--color sometimes about",
            "--lang de about",
            "completions tcsh",
        ] {
            assert!(read(line).expect_err(line).use_stderr(), "{line}");
        }
        for line in ["--help", "--version", "lookup --help", "history clear --help"] {
            assert!(!read(line).expect_err(line).use_stderr(), "{line}");
        }
    }

    #[test]
    fn every_subcommand_shows_examples() {
        fn check(command: &clap::Command) {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("Examples:"), "{}", command.get_name());
            // clap would break longer lines anywhere in a terminal of 80 columns.
            assert!(after.lines().all(|line| line.len() < 80), "{after}");
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
