//! The command line: options, subcommands, and the help that teaches by example. It never connects or asks.

use super::address::Address;
use super::exit::Exit;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
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
    },
    /// Print what you looked up, newest first, or clear it
    ///
    /// On a terminal a table; through a pipe a line each: name, word and time (UTC), with TABs between.
    #[command(after_help = HISTORY_EXAMPLES)]
    History(HistoryArguments),
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
    if arguments.tls_ca.is_some() && !arguments.tls {
        return Err(conflict("--tls-ca goes with --tls"));
    }
    if arguments.tls && arguments.local {
        return Err(conflict("--tls is for servers on the network; --local leaves nothing to listen to"));
    }
    // clap could do this one, but would then take `history --user ann clear` for a conflict, too.
    if let Some(Command::History(HistoryArguments { action: Some(_), number, all })) = &arguments.command
        && (number.is_some() || *all)
    {
        return Err(conflict("history clear takes neither -n nor --all"));
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
  cidian --user ann register           an account
  cidian --user ann login              asks for the password, once
  cidian lookup apple                  one word
  cidian --user ann lookup < words.txt a file of words
  cidian --server dict.example.org:2629 about
  cidian --server dict.example.org:2630 --tls --user ann lookup apple

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
  cidian --user ann lookup --json aple | jq -r '.suggestions[]?'";

const HISTORY_EXAMPLES: &str = "\
Examples:
  cidian --user ann history                  the last ten
  cidian --user ann history -n 100
  cidian --user ann history --all | cut -f2 | sort | uniq -c | sort -rn
  cidian --user ann history clear apple";

const CLEAR_EXAMPLES: &str = "\
Examples:
  cidian --user ann history clear            everything
  cidian --user ann history clear 'ice cream'";

const REGISTER_EXAMPLES: &str = "\
Examples:
  cidian --user ann register                 asks for the password twice
  cidian --user ann --password-file pw register
  cidian --local --user ann register";

const LOGIN_EXAMPLES: &str = "\
Examples:
  cidian --user ann login                asks for the password
  cidian lookup apple                    from now on, this asks for nothing
  cidian --local --user ann login        for the private server
  cidian --server dict.example.org:2629 login";

const LOGOUT_EXAMPLES: &str = "\
Examples:
  cidian logout                          who is logged in
  cidian --user bob logout               somebody else on the same server
  cidian --server dict.example.org:2629 logout

A server that can't be reached still knows the token (exit status 69), but
it is no longer kept here. A new password ends all tokens.";

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
        let Some(Command::Lookup { words }) = arguments.command else { panic!("not lookup") };
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
