//! The menus: two levels for a person at a terminal (or a pipe that plays one). They contain no protocol: [`link`]
//! decides what is sent and when it is sent again. Every error is shown, and then the menu is shown again.

mod link;
mod notebook;
mod words;

use super::commands::credentials::Credentials;
use super::commands::history;
use super::commands::notebook::speech::Speaker;
use super::error::{Error, Result};
use super::files::config::Config;
use super::files::kept::Token;
use super::messages::{Language, Message};
use super::server::address::Address;
use super::server::stream::Connector;
use super::server::tls::Trust;
use super::terminal::console::Console;
use crate::protocol::{Code, Count, DEFAULT_HISTORY, MAX_HISTORY, check_name};
use link::{Secret, SharedLink};
use std::net::IpAddr;

/// Where to go after an entry of level two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The same menu again.
    LevelTwo,
    /// The user is no longer logged in, or the input has ended.
    LevelOne,
}

/// Shows the menus until the person quits. `site` is the server's, `config` what is remembered of last time.
///
/// # Errors
/// Standard output or input failed, or Ctrl-C; everything else is shown in the dialogue.
pub(crate) fn run(
    console: &mut Console,
    connector: Connector,
    site: Site<'_>,
    credentials: &Credentials,
    config: Config,
    speaker: Speaker,
) -> Result<()> {
    // What is wrong with the own account is reported, and level one is shown as usual.
    let own = credentials.own_account().and_then(|own| own.map(|own| own.ready(&connector)).transpose());
    let link = SharedLink::new(connector);
    let mut menus = Menus { console, link, credentials, site, config, speaker, saved: None, unsent: String::new() };
    match own {
        Ok(Some((name, password))) => menus.begin(name, Secret::Password(password))?,
        Ok(None) => menus.saved_login()?,
        Err(error) => menus.tell(&error)?,
    }
    menus.level_one()
}

/// Where the server is, and how it is spoken to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) address: &'a Address,
    pub(crate) trust: Option<&'a Trust>,
}

impl Site<'_> {
    /// The address as shown to people, with whether others may listen in.
    fn shown(self, language: Language) -> String {
        let address = self.address.to_string();
        match self.address {
            Address::Tcp { .. } if self.trust.is_some() => language.say(&Message::OverTls { address: &address }),
            Address::Tcp { host, .. } if !is_loopback(host) => {
                language.say(&Message::InClearText { address: &address })
            }
            _ => address,
        }
    }
}

/// Whether a host is this machine, as far as its name shows.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

struct Menus<'a> {
    console: &'a mut Console,
    link: SharedLink,
    credentials: &'a Credentials,
    site: Site<'a>,
    config: Config,
    speaker: Speaker,
    /// The saved login that a person is logged in by.
    saved: Option<(String, Token)>,
    /// A word that never reached the server: it need not be typed again.
    unsent: String,
}

impl Menus<'_> {
    fn level_one(&mut self) -> Result<()> {
        let address = self.site.shown(self.console.manner().language);
        loop {
            self.console.say(&Message::LevelOne { address: &address })?;
            let choice = self.console.ask(&Message::AskChoice)?;
            let entered = match choice.as_deref().map(str::trim) {
                None | Some("3") => break,
                Some("1") => self.register(),
                Some("2") => self.log_in(),
                Some(typed) => {
                    self.console.complain(&Message::UnknownChoice { typed, last: 3 })?;
                    continue;
                }
            };
            match entered {
                Ok(name) => {
                    // What a script does is not the person's choice.
                    if self.console.manner().asks_terminal {
                        self.config.remember(self.site.address, self.site.trust, &name);
                    }
                    self.level_two(&name)?;
                }
                Err(Error::EndOfInput) => break,
                Err(error) => self.tell(&error)?,
            }
        }
        self.link.get().log_out();
        Ok(())
    }

    /// Begins at level two.
    fn begin(&mut self, name: String, secret: Secret) -> Result<()> {
        let entered = self.link.get().log_in(name.clone(), secret);
        match entered {
            Ok(()) => self.level_two(&name),
            Err(error) => self.tell_of_login(&error),
        }
    }

    /// Begins at level two if a login is saved. A pipe that plays a person finds level one, as it always has.
    fn saved_login(&mut self) -> Result<()> {
        if !self.console.manner().asks_terminal {
            return Ok(());
        }
        match self.credentials.saved_login() {
            Ok(Some((name, token))) => {
                self.saved = Some((name.clone(), token.clone()));
                let done = self.begin(name, Secret::Token(token));
                self.saved = None;
                done
            }
            Ok(None) => Ok(()),
            Err(error) => self.tell(&error),
        }
    }

    fn register(&mut self) -> Result<String> {
        let name = self.ask_name(None)?;
        let password = self.credentials.new_password(self.console)?;
        self.link.get().register(&name, &password)?;
        self.console.say(&Message::Registered { name: &name })?;
        self.link.get().log_in(name.clone(), Secret::Password(password))?;
        Ok(name)
    }

    fn log_in(&mut self) -> Result<String> {
        let last = self.config.user.clone().filter(|_| self.console.manner().asks_terminal && self.was_here());
        let name = self.ask_name(last.as_deref())?;
        let password = self.credentials.password(self.console)?;
        self.link.get().log_in(name.clone(), Secret::Password(password))?;
        Ok(name)
    }

    /// Whether the last login was on this server: what is remembered of a user goes with the server.
    fn was_here(&self) -> bool {
        self.config.server.clone().unwrap_or_default() == *self.site.address
    }

    /// `last` is the user of the last login; a user named for this time comes first.
    fn ask_name(&mut self, last: Option<&str>) -> Result<String> {
        let named = self.credentials.user.as_deref();
        let prompt = named.map_or(Message::AskName, |name| Message::AskNameOr { name });
        if let (None, Some(name)) = (named, last) {
            self.console.say(&Message::NameOfLastTime { name })?;
        }
        let known = named.or(last);
        let typed = self.console.ask(&prompt)?.ok_or(Error::EndOfInput)?;
        let name = match (typed.trim(), known) {
            ("", Some(known)) => known,
            (typed, _) => typed,
        };
        check_name(name).map_err(Error::Refused)?;
        Ok(name.to_owned())
    }

    fn level_two(&mut self, name: &str) -> Result<()> {
        self.console.say(&Message::LoggedIn { name })?;
        let mut next = Next::LevelTwo;
        while next == Next::LevelTwo {
            self.console.say(&Message::LevelTwo { name })?;
            let choice = self.console.ask(&Message::AskChoice)?;
            next = match choice.as_deref().map(str::trim) {
                None | Some("3") => self.log_out()?,
                Some("1") => self.look_up(name)?,
                Some("2") => self.history(name)?,
                Some("4") => self.notebook(name)?,
                Some(typed) => {
                    self.console.complain(&Message::UnknownChoice { typed, last: 4 })?;
                    Next::LevelTwo
                }
            };
        }
        self.link.get().log_out();
        Ok(())
    }

    /// The last entry of level two; the end of the input on any of its prompts is the same.
    fn log_out(&mut self) -> Result<Next> {
        self.link.get().log_out();
        self.console.say(&Message::LoggedOut)?;
        Ok(Next::LevelOne)
    }

    fn history(&mut self, name: &str) -> Result<Next> {
        let Some(typed) = self.console.ask(&Message::AskCount)? else { return self.log_out() };
        let Some(count) = read_count(typed.trim()) else {
            self.console.complain(&Message::BadCount)?;
            return Ok(Next::LevelTwo);
        };
        let Self { console, link, .. } = self;
        // The menu comes back below it, and must not scroll it away.
        let menu = console.manner().language.say(&Message::LevelTwo { name });
        let shown = console.paged_above(&menu, |console| {
            link.get().exchange(|connection| history::show(console, connection, name, count))
        });
        match shown {
            Ok(()) => Ok(Next::LevelTwo),
            Err(error) => self.tell_at_level_two(&error),
        }
    }

    /// Reports what went wrong, and whether the person is still logged in as far as the server is concerned.
    fn tell_at_level_two(&mut self, error: &Error) -> Result<Next> {
        self.tell_of_login(error)?;
        Ok(match error {
            Error::Unreachable { .. } | Error::LoginRefused(_) => Next::LevelOne,
            Error::Refused(failure) if failure.code == Code::Denied => Next::LevelOne,
            _ => Next::LevelTwo,
        })
    }

    /// Shows what went wrong. A saved login that the server refuses is removed, as in a subcommand.
    fn tell_of_login(&mut self, error: &Error) -> Result<()> {
        let saved = self.saved.take_if(|_| matches!(error, Error::LoginRefused(_)) && error.is_denied());
        let Some((name, token)) = saved else { return self.tell(error) };
        match self.credentials.kept.forget(&name, &token) {
            Ok(()) => self.console.complain(&Message::TokenRefused { name: &name }),
            Err(error) => self.tell(&error),
        }
    }

    /// Shows what went wrong; an error of input or output itself, and Ctrl-C, are returned.
    fn tell(&mut self, error: &Error) -> Result<()> {
        match error {
            Error::Output(reason) => Err(Error::Output(reason.kind().into())),
            Error::Input(reason) => Err(Error::Input(reason.kind().into())),
            Error::Interrupted => Err(Error::Interrupted),
            error => self.console.complain(&Message::Failed(error)),
        }
    }
}

/// How much of the history: nothing for the last ten, `a` for all, or a number.
fn read_count(typed: &str) -> Option<Count> {
    match typed {
        "" => Some(Count::Last(DEFAULT_HISTORY)),
        "a" | "A" => Some(Count::All),
        number => number.parse().ok().filter(|n| (1..=MAX_HISTORY).contains(n)).map(Count::Last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_is_told() {
        for (address, tls, shown) in [
            ("127.0.0.1:1", false, "127.0.0.1:1"),
            ("[::1]:1", false, "[::1]:1"),
            ("localhost:1", false, "localhost:1"),
            ("unix:/s", false, "unix:/s"),
            ("192.0.2.1:1", false, "192.0.2.1:1, not encrypted"),
            ("dict.example.org:1", false, "dict.example.org:1, not encrypted"),
            ("dict.example.org:1", true, "dict.example.org:1, TLS"),
        ] {
            let (address, trust) = (address.parse().unwrap(), Trust::System);
            let site = Site { address: &address, trust: tls.then_some(&trust) };
            assert_eq!(site.shown(Language::English), shown);
        }
    }
}
