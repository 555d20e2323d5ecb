//! The messages in English, and nothing else.

use super::{Message, WRONG_LOGIN, listed, numbered, systems_words, wrong_login};
use crate::client::error::Misuse;
use crate::client::error::{Error, KeptFault, TlsFault, WordFault};
use crate::client::render::show::shown;
use crate::protocol::{
    Code, Failure, MAX_HISTORY, MAX_LINE, MAX_NAME_CHARS, MAX_PASSWD_BYTES, MAX_PASSWD_CHARS, printable,
};

/// The message as a sentence (or a menu).
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
        Message::Notebook(message) => message.english(),
        Message::AskChoice => "> ".into(),
        Message::UnknownChoice { typed, last } => format!("\"{}\" is not on the menu: 1 to {last}.", printable(typed)),
        Message::UnreadableLine => "That can't be read: a line of UTF-8 text, and not too long, please.".into(),
        Message::AskName => "Name: ".into(),
        Message::AskNameOr { name } => format!("Name [{}]: ", printable(name)),
        Message::NameOfLastTime { name } => format!("Last time: {} (Enter alone for the same)", printable(name)),
        Message::AskPassword => "Password: ".into(),
        Message::AskPasswordAgain => "Password again: ".into(),
        Message::AskNewPassword => "New password: ".into(),
        Message::AskNewPasswordAgain => "New password again: ".into(),
        Message::AskWord => "Word (## to go back): ".into(),
        Message::AskCount => "How many (Enter: the last ten, a: all): ".into(),
        Message::WordsWanted => "Words, one a line; Ctrl-D ends.".into(),
        Message::BadCount => format!("A number from 1 to {MAX_HISTORY}, or a for all, or nothing for the last ten."),
        Message::OfferLocal { address } => format!(
            "No server answers at {}. Look words up on this machine alone, with a history of your own? [Y/n] ",
            printable(address)
        ),
        Message::AskDeletion { name } => {
            format!("The account and all its history will be gone. Type its name ({}) to go on: ", printable(name))
        }
        Message::Registered { name } => format!("Account {} is registered.", printable(name)),
        Message::LoggedIn { name } => format!("Welcome, {}.", printable(name)),
        Message::LoggedOut => "Logged out.".into(),
        Message::LoginKept { name } => {
            format!("Logged in as {}. Later calls ask for no password.", printable(name))
        }
        Message::LoginForgotten { name } => format!("Logged out: the login of {} is forgotten.", printable(name)),
        Message::LoginForgottenHere { name } => {
            format!(
                "The login of {} is forgotten here. The server could not be told, and knows its token still.",
                printable(name)
            )
        }
        Message::NothingKept { address } => format!("No login is kept for {}.", printable(address)),
        Message::TokenRefused { name } => {
            format!(
                "The kept login of {} is no longer good, and is forgotten; cidian login makes another.",
                printable(name)
            )
        }
        Message::LoginNotRenewed { error } => {
            format!("the kept login has ended with the old password, run cidian login again: {}", failed(error))
        }
        Message::PasswordChanged => "The password is changed.".into(),
        Message::AccountDeleted { name } => format!("Account {} is deleted.", printable(name)),
        Message::HistoryCleared => "The history is cleared.".into(),
        Message::LookupsCleared { word, count: 0 } => format!("There were no lookups of {}.", printable(word)),
        Message::LookupsCleared { word, count: 1 } => format!("1 lookup of {} is cleared.", printable(word)),
        Message::LookupsCleared { word, count } => format!("{count} lookups of {} are cleared.", printable(word)),
        Message::HistoryEmpty => "Nothing has been looked up yet.".into(),
        Message::HeadName => "Name".into(),
        Message::WaitingForPipe { path } => {
            format!("waiting for what is written to {}", printable(&path.to_string_lossy()))
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
                "warning: the password goes to {} in clear text, for anybody on the way to read; --tls protects it",
                printable(address)
            )
        }
        Message::LookupUnknown => {
            "The connection was lost before the answer came; the lookup may be in your history or not.".into()
        }
        Message::Misuse(misuse) => match misuse {
            Misuse::TwoServers => "--local and --server name two different servers".into(),
            Misuse::TrustWithoutTls => "--tls-ca goes with --tls".into(),
            Misuse::ServesItself => "serve is a server itself: --server, --tls and --json are not for it".into(),
            Misuse::TlsToLocal => "--tls is for servers on the network; --local leaves nothing to listen to".into(),
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
        WordFault::Empty => "an empty word can't be looked up".into(),
        WordFault::Control => format!("no word, it holds a control character: {word}"),
        WordFault::TooLong => format!("no word, its request would be longer than {MAX_LINE} bytes: {word}"),
        WordFault::NotUtf8 => format!("no word, it is not UTF-8: {word}"),
    }
}

fn failed(error: &Error) -> String {
    match error {
        Error::Unreachable { address, reason } => {
            format!("no server can be reached at {}: {}", printable(address), systems_words(reason))
        }
        Error::Tls { address, fault } => tls(&printable(address), fault),
        Error::TlsNeedsHost => "--tls needs a server's HOST:PORT; a Unix socket is private as it is".into(),
        Error::ClearText { address } => format!(
            "not sent: the password would go to {} in clear text, for anybody on the way to read; use --tls, or say \
             --insecure",
            printable(address)
        ),
        Error::SpeaksTls => "the server speaks TLS there; use --tls".into(),
        Error::Lost { .. } => "the connection to the server was lost".into(),
        Error::Refused(failure) => refused(failure),
        Error::LoginRefused(failure) if wrong_login(failure) => format!("not logged in: {WRONG_LOGIN}"),
        Error::LoginRefused(failure) => format!("not logged in: {}", refused(failure)),
        Error::UnknownRefusal { code, message } => {
            format!(
                "the server refuses, in a way that this version does not know: {} {}",
                printable(code),
                printable(message)
            )
        }
        Error::NotOurProtocol { said } => format!("what answers is no Cidian server; it says: {}", printable(said)),
        Error::TooMuchHistory => "the history that the server sends is too large for this; choose a part of it with \
                                  --since, --until or --word"
            .into(),
        Error::Output(reason) => format!("standard output: {}", systems_words(reason)),
        Error::Input(reason) => format!("standard input: {}", systems_words(reason)),
        Error::System(reason) => format!("the system refuses: {}", systems_words(reason)),
        Error::PasswordFile { path, reason } => {
            format!("password file {}: {}", printable(&path.to_string_lossy()), systems_words(reason))
        }
        Error::Configuration { path, reason } => {
            format!("{}: {}", printable(&path.to_string_lossy()), shown(reason))
        }
        Error::File { path, reason } => {
            format!("{}: {}", printable(&path.to_string_lossy()), systems_words(reason))
        }
        Error::NoUser => "which account? Name it with --user NAME or in CIDIAN_USER".into(),
        Error::NoTerminal => "there is no terminal to ask for the password on; use --password-file FILE".into(),
        Error::TokenRefused { name } => {
            format!("the kept login of {} is no longer good, and is forgotten; run cidian login", printable(name))
        }
        Error::KeptLogins { path, fault } => kept_logins(&printable(&path.to_string_lossy()), fault),
        Error::NoStateDirectory => "there is no place to keep a login in; set HOME or XDG_STATE_HOME".into(),
        Error::ServerVariable(reason) => format!("CIDIAN_SERVER: {reason}"),
        Error::NotConfirmable => "there is no terminal to ask on; if you are sure, say --yes".into(),
        Error::NotConfirmed => "not deleted: that was another name".into(),
        Error::PasswordsDiffer => "the two passwords are not the same".into(),
        Error::BadWord { word, fault } => bad_word(word, *fault),
        Error::EndOfInput => "the input ended too early".into(),
        Error::Interrupted => "interrupted".into(),
    }
}

fn tls(address: &str, fault: &TlsFault) -> String {
    match fault {
        TlsFault::UnknownIssuer => format!(
            "nobody whom you trust vouches for the certificate of {address}; if you know who should, name their \
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
        TlsFault::Certificate(why) => format!("the certificate of {address} can't be trusted: {}", printable(why)),
        TlsFault::NotTls => format!("what answers at {address} is not TLS; try another port, or go without --tls"),
        TlsFault::HungUp => {
            format!("the server at {address} hung up during the TLS handshake; it may be busy, try again later")
        }
        TlsFault::Silent => format!("the server at {address} does not answer to TLS; try another port"),
        TlsFault::Lost(reason) => format!("the connection to {address} was lost: {}", systems_words(reason)),
        TlsFault::BadName => format!("{address}: no certificate can be for such a host"),
        TlsFault::NoSystemRoots => {
            "this system has no certificates to trust; install ca-certificates, or use --tls-ca FILE".into()
        }
        TlsFault::TrustFile { path, reason } => {
            format!("--tls-ca {}: {}", printable(&path.to_string_lossy()), systems_words(reason))
        }
        TlsFault::Other(why) => format!("TLS with {address} fails: {}", printable(why)),
    }
}

fn kept_logins(path: &str, fault: &KeptFault) -> String {
    match fault {
        KeptFault::Exposed => format!(
            "kept logins {path}: others may have read the file, so it is not used; say chmod 600, or delete it and run \
             cidian login"
        ),
        KeptFault::NotOurs => format!("kept logins {path}: the file belongs to another user, so it is not used"),
        KeptFault::Damaged => {
            format!("kept logins {path}: it is damaged, or no regular file; delete it, and run cidian login")
        }
        KeptFault::Io(reason) => format!("kept logins {path}: {}", systems_words(reason)),
    }
}

fn refused(failure: &Failure) -> String {
    match failure.code {
        Code::BadReq => format!("the server does not understand the request{}", servers_words(failure)),
        Code::TooLong => "that is too long for the server".into(),
        Code::BadName => format!("a name has 1 to {MAX_NAME_CHARS} characters and no white space"),
        Code::BadPasswd => {
            format!("a password has 1 to {MAX_PASSWD_CHARS} characters and at most {MAX_PASSWD_BYTES} bytes")
        }
        Code::Exists => "the name is taken".into(),
        Code::Denied => format!("the server does not allow it{}", servers_words(failure)),
        Code::NotFound => "not found".into(),
        Code::Busy => format!("the server is busy, try again later{}", servers_words(failure)),
        Code::Timeout => "the server has ended the connection, it was idle for too long".into(),
        Code::Unavailable => format!("the server's database is away, try again later{}", servers_words(failure)),
        Code::Bye => "the server is stopping, try again later".into(),
    }
}

fn servers_words(failure: &Failure) -> String {
    if failure.message.is_empty() { String::new() } else { format!(" ({})", printable(&failure.message)) }
}
