//! The command line: options, subcommands, and the help that teaches by example; [`read`] interprets what was typed. It
//! never connects or asks.

mod read;

pub use read::parse;

use super::commands::history::{Choice, Format, Wanted};
use super::commands::notebook::import::ImportArguments;
use super::commands::notebook::list::StarsArguments;
use super::commands::notebook::options::{PickArguments, ReviewArguments, StatsArguments};
use super::commands::notebook::star::{StarArguments, UnstarArguments};
use super::files::config::Config;
use super::help::examples::{
    ABOUT_EXAMPLES, CLEAR_EXAMPLES, COMPLETE_WORDS_EXAMPLES, COMPLETIONS_EXAMPLES, DELETE_EXAMPLES, DICT_KEY_EXAMPLES,
    EXAMPLES, EXPORT_EXAMPLES, HISTORY_EXAMPLES, LOGIN_EXAMPLES, LOGOUT_EXAMPLES, LOOKUP_EXAMPLES, MANUAL_EXAMPLES,
    PASSWD_EXAMPLES, REGISTER_EXAMPLES, SEARCH_EXAMPLES, SERVE_EXAMPLES,
};
use super::help::notebook::{
    IMPORT_EXAMPLES, RANDOM_EXAMPLES, REVIEW_EXAMPLES, STAR_EXAMPLES, STARS_EXAMPLES, STATS_EXAMPLES, TODAY_EXAMPLES,
    UNSTAR_EXAMPLES,
};
use super::messages::Language;
use super::server::address::Address;
use super::terminal::colour::Colour;
use crate::protocol::{Count, DEFAULT_HISTORY};
use crate::words::is_name;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Look words up in a networked dictionary that remembers what you looked up.
///
/// Without a subcommand, cidian shows menus.
#[derive(Debug, Clone, Parser)]
#[command(name = "cidian", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<ClientCommand>,

    /// Where the server is, HOST:PORT or unix:PATH [default: $CIDIAN_SERVER, else that of the configuration, else
    /// 127.0.0.1:2629]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) server: Option<Address>,

    /// Use a private server of your own that starts and ends with this command; no set-up
    #[arg(long, global = true)]
    pub(crate) local: bool,

    /// Speak TLS with the server: verify its certificate, and send nothing in clear text
    #[arg(long, global = true)]
    pub(crate) tls: bool,

    /// With --tls: trust only the certificates in FILE (PEM) [default: those the system trusts]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,

    /// Without --tls: send a password in clear text to a server on another machine
    #[arg(long, global = true)]
    pub(crate) insecure: bool,

    /// The account's name [default: $CIDIAN_USER, else the user who is logged in (see login)]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Take the password from the first line of FILE instead of asking on the terminal
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,

    /// Ask only this dictionary of a server that has several; may be repeated; '*' asks all (about lists them)
    /// [default: the configuration's, else all]
    #[arg(long, global = true, value_name = "NAME", value_parser = dictionary)]
    pub(crate) dictionary: Vec<String>,

    /// Show example sentences, too, on a terminal; pipes and JSON have them always
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,

    /// Print one JSON object a line (with a subcommand)
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Read each word that is shown aloud, with COMMAND or the configured one [default: $CIDIAN_SAY]
    #[arg(long, global = true, value_name = "COMMAND", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) say: Option<String>,

    /// Bold and colours; auto is on a terminal, unless NO_COLOR is set [default: auto]
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) color: Option<Colour>,

    /// The language of menus, messages and help, en or zh [default: that of the locale]
    #[arg(long, global = true, value_name = "LANGUAGE", hide_possible_values = true)]
    pub(crate) lang: Option<Language>,

    /// The subcommand that may have been meant by a word that is looked up.
    #[arg(skip)]
    pub(crate) near_subcommand: Option<String>,

    /// The language that was decided on.
    #[arg(skip)]
    pub(crate) language: Language,

    /// The configuration file's settings.
    #[arg(skip)]
    pub(crate) config: Config,
}

/// The name of a dictionary, or an asterisk for all.
fn dictionary(text: &str) -> Result<String, &'static str> {
    if text == ALL_DICTIONARIES || is_name(text) {
        return Ok(text.to_owned());
    }
    Err("a name has ASCII letters, digits, -, . and _")
}

/// What stands for all dictionaries.
const ALL_DICTIONARIES: &str = "*";

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ClientCommand {
    /// Print the interpretation of each word
    ///
    /// With no WORD, words are read from standard input, one a line, and answered a line each, in order: the
    /// interpretation with a newline in it written \n (and \t, \\), an empty line for a word that is not found.
    ///
    /// Control characters from the server are shown as \u{…}, through a pipe, too; --json has them as escapes.
    ///
    /// On a terminal, several WORDs that together are a headword are looked up as one (give up), and for a sentence its
    /// headwords are printed. If the headword differs from the word that was asked for, both are shown.
    ///
    /// A Chinese word that is not a headword leads to the headwords that mean it, best first: on a terminal a numbered
    /// list to choose from; through a pipe a line each, headword and interpretation with a TAB between, and the word
    /// counts as not found.
    ///
    /// On a terminal, a word that is not found is followed by headwords that may have been meant. With --json and
    /// WORDs, an object with "found":false holds them in "suggestions", a list that may be empty.
    #[command(after_help = LOOKUP_EXAMPLES)]
    Lookup {
        /// The words; quote one that holds a space, and put -- before one that begins with a dash
        #[arg(value_name = "WORD")]
        words: Vec<String>,

        #[command(flatten)]
        asks: Asks,

        #[command(flatten)]
        parts: Parts,
    },
    /// Find entries by their text, or headwords by a pattern
    ///
    /// TEXT is searched for in the interpretations, in any case, in traditional or simplified characters: entries that
    /// mean it come first, those that contain it in an example last. With an option it is a pattern for headwords; it
    /// may be the option's value or follow it.
    ///
    /// On a terminal a line for each entry; through a pipe headword and interpretation with a TAB between. At most 200.
    /// Searches are not recorded in the history.
    #[command(after_help = SEARCH_EXAMPLES)]
    Search(SearchArguments),
    /// Print what you looked up, newest first, or clear it
    ///
    /// On a terminal a table, in local time; through a pipe a line each: name, word and time (UTC), with TABs between.
    /// With --since, --until or --word all matching lookups are printed, or with -n the last N of them.
    #[command(after_help = HISTORY_EXAMPLES)]
    History(HistoryArguments),
    /// Write the words of your history, with their interpretations, into a file to learn from
    #[command(after_help = EXPORT_EXAMPLES,
              group = ArgGroup::new("written").args(["anki", "csv"]).required(true).multiple(true))]
    Export {
        /// A file that Anki imports as it is: the word on the front, the interpretation on the back; a second import
        /// updates the first; - for standard output
        #[arg(long, value_name = "FILE")]
        anki: Option<PathBuf>,

        /// Comma-separated values: word, interpretation, count, first and last time, when it was
        /// starred, tags, note, when it is due; - for standard output
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,

        #[command(flatten)]
        choice: Choice,
    },
    /// Star words that you have looked up, with tags and a note
    ///
    /// The notebook belongs to the account, on the server. On a terminal, several WORDs that you have looked up as one
    /// word (ice cream) are taken as one. A word that you have never looked up is reported, and the exit status is 1.
    #[command(after_help = STAR_EXAMPLES)]
    Star(StarArguments),
    /// Remove stars, with the record of how well you remember the words; or only tags
    #[command(after_help = UNSTAR_EXAMPLES)]
    Unstar(UnstarArguments),
    /// Print what you have starred, the newest first
    ///
    /// On a terminal a table, in local time; through a pipe a line each, with TABs between: word, when it was starred,
    /// when it is due for review, its state, how often it was reviewed and forgotten, its tags, its note.
    #[command(after_help = STARS_EXAMPLES)]
    Stars(StarsArguments),
    /// Review the words that you have starred, when they are due
    ///
    /// A word is shown, then, when you press Enter, its meaning; then you grade how well you remembered it: 1 not at
    /// all, 2 hardly, 3 well (or Enter), 4 easily. By these grades each word comes again after minutes, days or months
    /// (FSRS). q or Ctrl-D stops; every grade is saved at once. s reads the word aloud (see --say).
    #[command(after_help = REVIEW_EXAMPLES)]
    Review(ReviewArguments),
    /// Look back: words a day, new words, days in a row, what you looked up most
    ///
    /// One page: a map of days and a bar chart, in block characters, or in ASCII where the locale or the terminal
    /// cannot show them.
    #[command(after_help = STATS_EXAMPLES)]
    Stats(StatsArguments),
    /// Print a random word of the dictionary
    #[command(after_help = RANDOM_EXAMPLES)]
    Random(PickArguments),
    /// Print the word of the day: the same for the whole day, for a shell's greeting
    #[command(after_help = TODAY_EXAMPLES)]
    Today(PickArguments),
    /// Star the words of a file: a list, Anki's plain text, or CSV
    ///
    /// Words of the dictionary are starred whether you have looked them up or not. Anki's tags, and the columns tags
    /// and note of CSV, are kept. Lines that are not words of the dictionary are reported, and the exit status is then
    /// 1.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArguments),
    /// Create an account
    #[command(after_help = REGISTER_EXAMPLES)]
    Register,
    /// Stay logged in: later commands do not ask for the password
    ///
    /// The server issues a token, which is saved in ~/.local/state/cidian/tokens.json (or below $XDG_STATE_HOME), for
    /// each server and user. It is good for 90 days after its last use, and ends with the password.
    #[command(after_help = LOGIN_EXAMPLES)]
    Login,
    /// Remove the token that login has saved, here and on the server
    #[command(after_help = LOGOUT_EXAMPLES)]
    Logout,
    /// Change the password
    #[command(after_help = PASSWD_EXAMPLES)]
    Passwd {
        /// Take the new password from the first line of FILE instead of asking for it twice
        #[arg(long, value_name = "FILE")]
        new_password_file: Option<PathBuf>,
    },
    /// Delete the account and its whole history
    #[command(after_help = DELETE_EXAMPLES)]
    DeleteAccount {
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Print a new DICT key, with which GoldenDict, dict and others look words up as you
    ///
    /// DICT (RFC 2229) logs in with a key, not with the password. A new key replaces the previous one, and is shown
    /// only once; a new password ends it, too. It allows lookups by DICT, and nothing else.
    #[command(after_help = DICT_KEY_EXAMPLES)]
    DictKey,
    /// Let dictionary programs on this machine look words up by DICT, with your history
    ///
    /// The private server of --local in the foreground: GoldenDict, GNOME Dictionary, dict and others find it at
    /// 127.0.0.1:2628, and what they look up is in your history, as `cidian --local history` shows it. It needs no
    /// account: there is one of your own; --user names another one. Ctrl-C ends it. Anybody who can connect to the
    /// address looks up as you, so it must be an address of this machine.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve {
        /// Where to speak DICT, instead of 127.0.0.1:2628: a loopback address or unix:PATH; may be repeated
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2628", hide_default_value = true)]
        listen: Vec<String>,
    },
    /// Print information about the server: version, dictionary, licence
    #[command(after_help = ABOUT_EXAMPLES)]
    About,
    /// Print what a shell needs to complete this command's options
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// bash, zsh or fish
        #[arg(value_name = "SHELL", hide_possible_values = true)]
        shell: clap_complete::Shell,
    },
    /// Print headwords that begin with PREFIX, for the completions of a shell
    #[command(after_help = COMPLETE_WORDS_EXAMPLES, hide = true)]
    CompleteWords {
        /// What is typed of the word
        #[arg(value_name = "PREFIX", allow_hyphen_values = true)]
        prefix: String,
    },
    /// Write the manual pages, cidian.1 and one for each subcommand
    #[command(after_help = MANUAL_EXAMPLES, hide = true)]
    Manual {
        /// The directory to write them into
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
}

/// How `lookup` treats several words.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Asks {
    /// Look every WORD up; on a terminal, WORDs that together are a headword are looked up as one
    #[arg(long, conflicts_with = "phrase")]
    pub(crate) each: bool,

    /// Look all WORDs up as one, through a pipe, too
    #[arg(long)]
    pub(crate) phrase: bool,

    /// Find the longest headwords in TEXT, in order; they do not go into the history
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["words", "each", "phrase"])]
    pub(crate) text: Option<String>,
}

/// Which part of an entry `lookup` prints.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Parts {
    /// Print only these: word (as it was asked for), headword, form (how it was found) or interpretation; several with
    /// commas between are printed with TABs between
    #[arg(long, value_name = "FIELD", value_delimiter = ',', hide_possible_values = true)]
    pub(crate) field: Vec<Field>,

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
    /// How it was found: exact, case, folded, spelling, form, phrase or other
    Form,
    /// The interpretation
    Interpretation,
}

/// What `search` takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SearchArguments {
    /// What to search for
    #[arg(value_name = "TEXT", required_unless_present_any = ["headword", "regex", "prefix", "suffix", "sound"])]
    pub(crate) text: Vec<String>,

    /// Headwords that match a pattern with *, ? and […]; without any of these, headwords that contain it
    #[arg(long, value_name = "PATTERN", num_args = 0..=1)]
    pub(crate) headword: Option<Option<String>>,

    /// Headwords in which a POSIX extended regular expression matches
    #[arg(long, value_name = "PATTERN", num_args = 0..=1, conflicts_with_all = ["prefix", "suffix", "sound"])]
    pub(crate) regex: Option<Option<String>>,

    /// Headwords that begin with TEXT; with --suffix, that also end with it
    #[arg(long, value_name = "TEXT", num_args = 0..=1, conflicts_with = "sound")]
    pub(crate) prefix: Option<Option<String>>,

    /// Headwords that end with TEXT
    #[arg(long, value_name = "TEXT", num_args = 0..=1, conflicts_with = "sound")]
    pub(crate) suffix: Option<Option<String>>,

    /// Headwords that sound alike in English
    #[arg(long, value_name = "WORD", num_args = 0..=1)]
    pub(crate) sound: Option<Option<String>>,
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

    /// Each word once, at its latest lookup
    #[arg(long, conflicts_with = "top")]
    pub(crate) distinct: bool,

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
        Wanted {
            count,
            choice: self.choice.clone(),
            oldest_first: self.reverse,
            distinct: self.distinct,
            format: self.format,
        }
    }

    /// Whether any option is given that goes with printing only.
    pub(crate) fn says_anything(&self) -> bool {
        self.number.is_some()
            || self.all
            || self.reverse
            || self.distinct
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

impl ClientCommand {
    /// Whether it needs an account, and changes nothing of the account itself.
    pub(crate) fn is_of_reader(&self) -> bool {
        matches!(
            self,
            Self::Lookup { .. }
                | Self::Search(_)
                | Self::History(_)
                | Self::Export { .. }
                | Self::Star(_)
                | Self::Unstar(_)
                | Self::Stars(_)
                | Self::Review(_)
                | Self::Stats(_)
                | Self::Import(_)
                | Self::Random(_)
                | Self::Today(_)
        )
    }
}

impl Arguments {
    /// The names of the dictionaries to be asked; all without any.
    pub(crate) fn dictionaries(&self) -> Vec<String> {
        let said = if self.dictionary.is_empty() { &self.config.dictionary } else { &self.dictionary };
        if said.iter().any(|name| name == ALL_DICTIONARIES) { Vec::new() } else { said.clone() }
    }

    /// Whether a private server is wanted. It must be forked before [`super::run`], which starts a thread.
    pub fn local(&self) -> bool {
        self.local
    }
}
