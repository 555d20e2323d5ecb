//! The command line: options, subcommands, and the help that teaches by example. It never connects or asks.

use super::address::Address;
use super::console::Colour;
use super::exit::Exit;
use super::history::{Choice, Format, Wanted};
use super::manual::CompletionShell;
use super::messages::Language;
use crate::protocol::{Count, DEFAULT_HISTORY};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Look words up in a networked dictionary that remembers what you looked up.
///
/// Without a subcommand, cidian shows menus.
#[derive(Debug, Parser)]
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

    /// The account's name [default: $CIDIAN_USER]
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
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the interpretation of each word
    ///
    /// With no WORD, words are read from standard input, one a line, and answered a line each, in order: the
    /// interpretation with a newline in it written \n (and \t, \\), an empty line for a word that is not found.
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
#[derive(Debug, Args)]
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
    fn says_anything(&self) -> bool {
        self.number.is_some()
            || self.all
            || self.reverse
            || self.top
            || self.format.is_some()
            || !self.choice.is_everything()
    }
}

/// What can be done to a history.
#[derive(Debug, Subcommand)]
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

/// Reads the command line (the program's name first).
///
/// # Errors
/// The exit status, after the help, the version or what is wrong has been printed.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Exit> {
    checked(arguments).map_err(|error| {
        // Help into a pipe that is closed is no mishap.
        let _ = error.print();
        if error.use_stderr() { Exit::Usage } else { Exit::Done }
    })
}

fn checked(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let arguments = Arguments::try_parse_from(arguments)?;
    // Options may stand before and after the subcommand; clap's own conflicts look at one side only.
    let conflict = |text: &str| Arguments::command().error(ErrorKind::ArgumentConflict, text);
    if arguments.local && arguments.server.is_some() {
        return Err(conflict("--local and --server name two different servers"));
    }
    // clap could do this one, but would then take `history --user ann clear` for a conflict, too.
    if let Some(Command::History(history)) = &arguments.command {
        if history.action.is_some() && history.says_anything() {
            return Err(conflict("history clear takes none of the options of history"));
        }
        if arguments.json && history.format.is_some_and(|format| format != Format::Json) {
            return Err(conflict("--json and --format name two different formats"));
        }
    }
    if let Some(Command::Lookup { parts, .. }) = &arguments.command
        && arguments.json
        && (parts.field.is_some() || parts.first_line)
    {
        return Err(conflict("--json prints every field; --field and --first-line go without it"));
    }
    if arguments.json && arguments.command.is_none() {
        return Err(conflict("--json goes with a subcommand; the menus are for people"));
    }
    Ok(arguments)
}

const EXAMPLES: &str = "\
Examples:
  cidian                               the menus
  cidian --local                       the menus on a private server: try it
  cidian --user ann lookup apple       one word
  cidian --user ann lookup < words.txt a file of words
  cidian --server dict.example.org:2629 about

Exit status: 0 done, 1 a word was not found, 64 wrong usage, 65 a name,
password or word that can't be, 66 no password file, 69 no server or connection
lost, 71 system error, 73 name taken, 74 input or output failed, 75 try again
later, 76 no Cidian server, 77 denied, 130 Ctrl-C.";

const LOOKUP_EXAMPLES: &str = "\
Examples:
  cidian --user ann lookup apple 'ice cream'
  cidian --user ann lookup -- -able          a word that begins with a dash
  cidian --user ann --password-file pw lookup < words.txt > meanings.txt
  cidian --user ann lookup --json apple | jq -r .interpretation
  cidian --user ann lookup --json aple | jq -r '.suggestions[]?'
  cidian --user ann lookup --first-line apple
  cidian --user ann lookup --field headword went carried";

const HISTORY_EXAMPLES: &str = "\
Examples:
  cidian --user ann history                  the last ten
  cidian --user ann history -n 100
  cidian --user ann history --since yesterday --reverse
  cidian --user ann history --since 2026-11-01 --until 2026-11-30 --format csv
  cidian --user ann history --word 'un*' -n 20
  cidian --user ann history --top            the words looked up most often
  cidian --user ann history clear apple";

const CLEAR_EXAMPLES: &str = "\
Examples:
  cidian --user ann history clear            everything
  cidian --user ann history clear 'ice cream'";

const EXPORT_EXAMPLES: &str = "\
Examples:
  cidian --user ann export --anki words.txt  then, in Anki, File and Import
  cidian --user ann export --csv - --since 4w
  cidian --user ann export --anki - --word 'a*' > a.txt";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  cidian completions bash > ~/.local/share/bash-completion/completions/cidian
  cidian completions zsh > ~/.zfunc/_cidian
  cidian completions fish > ~/.config/fish/completions/cidian.fish";

const MANUAL_EXAMPLES: &str = "\
Examples:
  cidian manual debian/man";

const REGISTER_EXAMPLES: &str = "\
Examples:
  cidian --user ann register                 asks for the password twice
  cidian --user ann --password-file pw register
  cidian --local --user ann register";

const PASSWD_EXAMPLES: &str = "\
Examples:
  cidian --user ann passwd               asks for the old and the new one
  cidian --user ann --password-file old passwd --new-password-file new";

const DELETE_EXAMPLES: &str = "\
Examples:
  cidian --user ann delete-account       asks you to type the name once more
  cidian --user ann --password-file pw delete-account --yes";

const ABOUT_EXAMPLES: &str = "\
Examples:
  cidian about                               needs no account
  cidian --server unix:/run/cidian/socket about --json";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, clap::Error> {
        checked(std::iter::once("cidian").chain(line.split_whitespace()).map(OsString::from))
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
