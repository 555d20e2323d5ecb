//! The messages in English, and nothing else.

use super::{Message, WRONG_LOGIN, listed, numbered, other_name_rule, systems_words, wrong_login};
use crate::client::error::Misuse;
use crate::client::error::{Error, KeptFault, TlsFault, WordFault};
use crate::client::render::show::shown;
use crate::protocol::{
    Code, Failure, MAX_HISTORY, MAX_LINE, MAX_NAME_CHARS, MAX_PASSWD_BYTES, MAX_PASSWD_CHARS, printable,
};

/// The message as a sentence (or a menu).
#[expect(clippy::too_many_lines, reason = "a table of texts")]
pub(super) fn say(message: &Message<'_>) -> String {
    match message {
        Message::LevelOne { address } => {
            format!("\nCidian ({})\n  1  register\n  2  log in\n  3  quit", printable(address))
        }
        Message::LevelTwo { name } => {
            format!("\n{}\n  1  look up\n  2  history\n  3  log out\n  4  notebook", printable(name))
        }
        Message::OverTls { address } => format!("{}, TLS", printable(address)),
        Message::InClearText { address } => format!("{}, not encrypted", printable(address)),
        Message::Notebook(message) => message.both().0,
        Message::AskChoice => "> ".into(),
        Message::UnknownChoice { typed, last } => format!("\"{}\" is not on the menu: 1 to {last}.", printable(typed)),
        Message::UnreadableLine => "Cannot read that: type one line of UTF-8 text that is not too long.".into(),
        Message::AskName => "Name: ".into(),
        Message::AskNameOr { name } => format!("Name [{}]: ", printable(name)),
        Message::NameOfLastTime { name } => format!("Last time: {} (press Enter to use it again)", printable(name)),
        Message::AskPassword => "Password: ".into(),
        Message::AskPasswordAgain => "Password again: ".into(),
        Message::AskNewPassword => "New password: ".into(),
        Message::AskNewPasswordAgain => "New password again: ".into(),
        Message::AskWord => "Word (## to go back): ".into(),
        Message::AskCount => "How many (Enter: the last ten, a: all): ".into(),
        Message::WordsWanted => "Words, one a line; Ctrl-D ends.".into(),
        Message::BadCount => format!("Enter a number from 1 to {MAX_HISTORY}, a for all, or nothing for the last ten."),
        Message::YesOrNo => "Please answer y for yes or n for no.".into(),
        Message::OfferLocal { address } => format!(
            "No server answers at {}.\nLook words up on this machine alone, with a history of your own? [Y/n] ",
            printable(address)
        ),
        Message::AskDeletion { name } => {
            format!(
                "The account and its whole history will be deleted. Type its name ({}) to confirm: ",
                printable(name)
            )
        }
        Message::Registered { name } => format!("Account {} is registered.", printable(name)),
        Message::LoggedIn { name } => format!("Welcome, {}.", printable(name)),
        Message::LoggedOut => "Logged out.".into(),
        Message::LoginKept { name } => {
            format!("Logged in as {}. Later commands will not ask for the password.", printable(name))
        }
        Message::LoginForgotten { name } => format!("Logged out: the saved login of {} was removed.", printable(name)),
        Message::LoginForgottenHere { name } => {
            format!(
                "The saved login of {} was removed here. The server could not be reached, so its token is still valid \
                 there.",
                printable(name)
            )
        }
        Message::NothingKept { address } => format!("No login is saved for {}.", printable(address)),
        Message::TokenRefused { name } => {
            format!(
                "The saved login of {} is no longer valid and was removed; cidian login makes a new one.",
                printable(name)
            )
        }
        Message::LoginNotRenewed { error } => {
            format!("the saved login ended with the old password; run cidian login again: {}", failed(error))
        }
        Message::PasswordChanged => "The password was changed.".into(),
        Message::AccountDeleted { name } => format!("Account {} was deleted.", printable(name)),
        Message::HistoryCleared => "The history was cleared.".into(),
        Message::LookupsCleared { word, count: 0 } => format!("There were no lookups of {}.", printable(word)),
        Message::LookupsCleared { word, count: 1 } => format!("1 lookup of {} was cleared.", printable(word)),
        Message::LookupsCleared { word, count } => format!("{count} lookups of {} were cleared.", printable(word)),
        Message::HistoryEmpty => "Nothing has been looked up yet.".into(),
        Message::SeveralLookups { times } => format!("({times} times)"),
        Message::HeadName => "Name".into(),
        Message::WaitingForPipe { path } => {
            format!("waiting for data from {}", printable(&path.to_string_lossy()))
        }
        Message::WaitingForLock { path } => {
            format!("waiting for another program that has locked {}", printable(&path.to_string_lossy()))
        }
        Message::HeadWord => "Word".into(),
        Message::HeadTime => "Time (UTC)".into(),
        Message::NothingMatches => "Nothing matches.".into(),
        Message::Today => "today".into(),
        Message::Yesterday => "yesterday".into(),
        Message::HeadLocalTime => "Time".into(),
        Message::HeadLastTime => "Last".into(),
        Message::HeadLookups => "Lookups".into(),
        Message::HeadInterpretation => "Interpretation".into(),
        Message::Exported { words } => format!("{words} words exported."),
        Message::NotFound { word } => format!("not found: {}", printable(word)),
        Message::NearSubcommand { name } => format!("If you meant the command: cidian {name}"),
        Message::DidYouMean { headwords } => format!("Did you mean: {}?", listed(headwords, ", ")),
        Message::DidYouMeanNumbered { headwords } => {
            format!("Did you mean: {}?", numbered(headwords, ", ", [" (", ")"]))
        }
        Message::WordsFor { word } => format!("Words for {}:", printable(word)),
        Message::AskNumber => "Number (Enter: none): ".into(),
        Message::FirstMatches { count } => format!("The first {count}; there may be more."),
        Message::BadWord { word, fault } => bad_word(word, *fault),
        Message::ClearTextWarning { address } => {
            format!(
                "warning: the password is sent to {} in clear text, which others on the network can read; --tls \
                 protects it",
                printable(address)
            )
        }
        Message::LookupUnknown => {
            "The connection was lost before the answer came; the lookup may or may not be in your history.".into()
        }
        Message::Misuse(misuse) => match misuse {
            Misuse::TwoServers => "--local and --server name two different servers".into(),
            Misuse::TrustWithoutTls => "--tls-ca goes with --tls".into(),
            Misuse::ServesItself => {
                "cidian serve starts a server of its own, so it takes no --server, --tls or --json".into()
            }
            Misuse::TlsToLocal => "--tls is for servers on the network; a --local server cannot be overheard".into(),
            Misuse::NotToClear => "history clear takes none of the options of history".into(),
            Misuse::MenusAsJson => "--json goes with a subcommand; the menus are for people".into(),
            Misuse::TwoFormats => "--json and --format name two different formats".into(),
            Misuse::PartOfJson => "--json prints every field; --field and --first-line go without it".into(),
        },
        Message::Failed(error) => failed(error),
    }
}

fn bad_word(word: &str, fault: WordFault) -> String {
    let word: String = printable(word).chars().take(60).collect();
    match fault {
        WordFault::Empty => "cannot look up an empty word".into(),
        WordFault::Control => format!("not a valid word, it contains a control character: {word}"),
        WordFault::TooLong => format!("not a valid word, its request would be longer than {MAX_LINE} bytes: {word}"),
        WordFault::NotUtf8 => format!("not a valid word, it is not UTF-8: {word}"),
    }
}

fn failed(error: &Error) -> String {
    match error {
        Error::Unreachable { address, reason } => {
            format!("cannot reach a server at {}: {}", printable(address), systems_words(reason))
        }
        Error::Tls { address, fault } => tls(&printable(address), fault),
        Error::TlsNeedsHost => "--tls needs a server's HOST:PORT; a Unix socket is private as it is".into(),
        Error::ClearText { address } => format!(
            "not sent: the password would go to {} in clear text, which others on the network can read; use --tls, or \
             pass --insecure",
            printable(address)
        ),
        Error::SpeaksTls => "the server speaks TLS there; use --tls".into(),
        Error::Lost { .. } => "the connection to the server was lost".into(),
        Error::Refused(failure) => refused(failure),
        Error::LoginRefused(failure) if wrong_login(failure) => format!("not logged in: {WRONG_LOGIN}"),
        Error::LoginRefused(failure) => format!("not logged in: {}", refused(failure)),
        Error::UnknownRefusal { code, message } => {
            format!(
                "the server refused with a code that this version does not know: {} {}",
                printable(code),
                printable(message)
            )
        }
        Error::NotOurProtocol { said } => format!("this is not a Cidian server; it answered: {}", printable(said)),
        Error::TooMuchHistory => "the history is too large for this; choose a part of it with \
                                  --since, --until or --word"
            .into(),
        Error::Output(reason) => format!("standard output: {}", systems_words(reason)),
        Error::Input(reason) => format!("standard input: {}", systems_words(reason)),
        Error::System(reason) => format!("system error: {}", systems_words(reason)),
        Error::PasswordFile { path, reason } => {
            format!("password file {}: {}", printable(&path.to_string_lossy()), systems_words(reason))
        }
        Error::Configuration { path, reason } => {
            format!("{}: {}", printable(&path.to_string_lossy()), shown(reason))
        }
        Error::File { path, reason } => {
            format!("{}: {}", printable(&path.to_string_lossy()), systems_words(reason))
        }
        Error::NotUtf8 { path, line, byte } => format!(
            "{}: line {line}: not UTF-8 (byte {byte} of the line); convert the file with: iconv -f GB18030 -t UTF-8",
            printable(&path.to_string_lossy())
        ),
        Error::Utf16 { path } => format!(
            "{}: line 1: the file is UTF-16; convert it with: iconv -f UTF-16 -t UTF-8",
            printable(&path.to_string_lossy())
        ),
        Error::NoSuchDictionary { missing, there } if there.is_empty() => {
            format!("no such dictionary: {}; the server has only one", listed(missing, ", "))
        }
        Error::NoSuchDictionary { missing, there } => {
            format!("no such dictionary: {}; the server has: {}", listed(missing, ", "), listed(there, ", "))
        }
        Error::DictionariesNotKnown => {
            "this server is too old to look words up in some dictionaries only; leave --dictionary out".into()
        }
        Error::NoUser => "which account? Name it with --user NAME or in CIDIAN_USER".into(),
        Error::NoTerminal => "there is no terminal to ask for the password on; use --password-file FILE".into(),
        Error::TokenRefused { name } => {
            format!("the saved login of {} is no longer valid and was removed; run cidian login", printable(name))
        }
        Error::KeptLogins { path, fault } => kept_logins(&printable(&path.to_string_lossy()), fault),
        Error::NoStateDirectory => "no directory to save a login in; set HOME or XDG_STATE_HOME".into(),
        Error::ServerVariable(reason) => format!("CIDIAN_SERVER: {reason}"),
        Error::NotConfirmable => "not deleted: no terminal to confirm on; pass --yes".into(),
        Error::NotConfirmed => "not deleted: the name does not match".into(),
        Error::PasswordsDiffer => "the two passwords differ".into(),
        Error::BadWord { word, fault } => bad_word(word, *fault),
        Error::EndOfInput => "the input ended too early".into(),
        Error::Interrupted => "interrupted".into(),
    }
}

fn tls(address: &str, fault: &TlsFault) -> String {
    match fault {
        TlsFault::UnknownIssuer => format!(
            "no authority that you trust has signed the certificate of {address}; to trust another one, name its \
             certificate with --tls-ca FILE"
        ),
        TlsFault::WrongName => format!(
            "the certificate of {address} is for another host; use the name in --server that the certificate is for"
        ),
        TlsFault::Expired => format!("the certificate of {address} has expired; its operator has to renew it"),
        TlsFault::NotValidYet => {
            format!("the certificate of {address} is not valid yet; is this machine's clock right?")
        }
        TlsFault::Authority => format!(
            "the certificate of {address} is an authority's own, not a server's; its operator has to make one with \
             basicConstraints CA:FALSE"
        ),
        TlsFault::Damaged => format!("the certificate of {address} cannot be read; its operator has to replace it"),
        TlsFault::Purpose => {
            format!("the certificate of {address} is not for servers; its operator has to make one with serverAuth")
        }
        TlsFault::Unverifiable => {
            format!("the certificate of {address} cannot be verified; its operator has to replace it")
        }
        TlsFault::NotTls => format!("{address} does not speak TLS; try another port, or omit --tls"),
        TlsFault::HungUp => {
            format!("the server at {address} hung up during the TLS handshake; it may be busy, try again later")
        }
        TlsFault::Silent => format!("the server at {address} does not answer the TLS handshake; try another port"),
        TlsFault::Lost(reason) => format!("the connection to {address} was lost: {}", systems_words(reason)),
        TlsFault::BadName => format!("{address}: no certificate can be issued for such a host"),
        TlsFault::NoSystemRoots => {
            "this system has no certificates to trust; install ca-certificates, or use --tls-ca FILE".into()
        }
        TlsFault::TrustFile { path, reason } => {
            format!("--tls-ca {}: {}", printable(&path.to_string_lossy()), systems_words(reason))
        }
        TlsFault::Other(why) => format!("TLS with {address} failed: {}", printable(why)),
    }
}

fn kept_logins(path: &str, fault: &KeptFault) -> String {
    match fault {
        KeptFault::Exposed => format!(
            "saved logins {path}: others may have read the file, so it is not used; run chmod 600 on it, or delete it \
             and run cidian login"
        ),
        KeptFault::NotOurs => format!("saved logins {path}: the file belongs to another user, so it is not used"),
        KeptFault::Damaged => {
            format!("saved logins {path}: it is damaged, or not a regular file; delete it, and run cidian login")
        }
        KeptFault::Io(reason) => format!("saved logins {path}: {}", systems_words(reason)),
    }
}

fn refused(failure: &Failure) -> String {
    match failure.code {
        Code::BadReq => format!("the server does not understand the request{}", servers_words(failure)),
        Code::TooLong => "that is too long for the server".into(),
        Code::BadName => match other_name_rule(failure) {
            Some(why) => format!("not a valid name: {}", printable(why)),
            None => format!("a name has 1 to {MAX_NAME_CHARS} characters and no white space"),
        },
        Code::BadPasswd => {
            format!("a password has 1 to {MAX_PASSWD_CHARS} characters and at most {MAX_PASSWD_BYTES} bytes")
        }
        Code::Exists => "the name is taken".into(),
        Code::Denied => format!("the server does not allow it{}", servers_words(failure)),
        Code::NotFound => "not found".into(),
        Code::Busy => format!("the server is busy, try again later{}", servers_words(failure)),
        Code::Timeout => "the server closed the connection, which was idle for too long".into(),
        Code::Unavailable => format!("the server's database is unavailable, try again later{}", servers_words(failure)),
        Code::Bye => "the server is stopping, try again later".into(),
    }
}

fn servers_words(failure: &Failure) -> String {
    if failure.message.is_empty() { String::new() } else { format!(" ({})", printable(&failure.message)) }
}
