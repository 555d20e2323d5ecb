//! DICT (RFC 2229) beside the line protocol: another language over the same connection, words, stores and exit reasons.
//! A client speaks it if it connected at a listener for DICT. [`crate::dict`] reads and writes its bytes.
//!
//! A login is not required: without `AUTH` a session is anonymous and keeps nothing, unless its listener is bound to an
//! account. The only thing that counts against a client here is a failed `AUTH`.

mod account;
mod lookup;

use super::tally::Tally;
use super::work::Work;
use super::{ExitReason, Session};
use crate::config::session::DictSettings;
use crate::dict::{self, DictCommand, Mistake, Text, push_named_row, push_status};
use crate::ipc::counters::RequestKind;
use crate::protocol::{Code, Failure};
pub(super) use lookup::PATTERN_TIME;
use lookup::{Database, STRATEGIES};
use std::rc::Rc;
use std::time::Instant;

/// What a session has to remember that speaks DICT.
#[derive(Debug)]
pub(super) struct Dialogue {
    /// The message-id that `AUTH` is computed with: unique to this connection.
    message_id: String,
    /// Whether texts have a MIME header.
    mime: bool,
    /// The databases, and of which load of the words they are.
    databases: Option<(u64, Rc<[Database]>)>,
}

impl Dialogue {
    /// A new one.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub fn new(settings: &DictSettings) -> Result<Self, getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let message_id = format!("<{:032x}@{}>", u128::from_be_bytes(random), settings.host);
        Ok(Self { message_id, mime: false, databases: None })
    }
}

impl Session<'_> {
    /// The banner, where the language has one. dico and Emacs need it whole, in one piece and with both brackets; dico
    /// complains about `auth` at each call, so it is there only if logging in is possible.
    pub(super) fn greet(&mut self) -> Result<(), ExitReason> {
        let Some(dialogue) = &self.client.dialogue else { return Ok(()) };
        let capabilities = if self.settings.dict.account.is_none() { "auth.mime" } else { "mime" };
        let text = format!(
            "{} cidiand {} <{capabilities}> {}",
            self.settings.dict.host,
            env!("CARGO_PKG_VERSION"),
            dialogue.message_id
        );
        push_status(self.replies.out(), 220, &text);
        self.write_replies()
    }

    /// Answers one line; `None` stands for one that was too long.
    pub(super) fn answer_command(&mut self, line: Option<&[u8]>, begun_at: Instant) -> Option<ExitReason> {
        let command = match line.map_or(Err(Mistake::TooLong), DictCommand::parse) {
            Ok(Some(command)) => command,
            // curl sends an empty line, and waits for nothing.
            Ok(None) => return None,
            Err(mistake) => {
                let code = if mistake == Mistake::TooLong { Code::TooLong } else { Code::BadReq };
                Tally::invalid(code, self.face.slot().counters(), self.face.peer());
                mistake.push(self.replies.out());
                return None;
            }
        };
        if let Err(exit_reason) = self.prepare_to_answer(&command, begun_at) {
            return Some(exit_reason);
        }
        let kind = match &command {
            DictCommand::Define { .. } => RequestKind::DictDefine,
            DictCommand::Match { .. } => RequestKind::DictMatch,
            DictCommand::Auth { .. } => RequestKind::DictAuth,
            _ => RequestKind::Dict,
        };
        self.answer_and_count(kind, |session| session.carry_out(&command))
    }

    /// Its turn, and the pace of its account: as for a request of the line protocol.
    fn prepare_to_answer(&mut self, command: &DictCommand, begun: Instant) -> Result<(), ExitReason> {
        let work = match command {
            DictCommand::Match { .. } => Work::Long,
            DictCommand::Auth { .. } => Work::Waits,
            _ => Work::Quick,
        };
        self.take_turn(work, begun)?;
        let bound = self.settings.dict.account.as_deref();
        let account = self.logins.current.as_ref().map(|login| login.name.as_str()).or(bound).map(str::to_owned);
        let named = if let DictCommand::Auth { name, .. } = command { Some(name.as_str()) } else { account.as_deref() };
        self.stores.act_for(named);
        match (command, account) {
            (DictCommand::Define { .. }, Some(name)) => self.wait_for_rate_of(&name),
            _ => Ok(()),
        }
    }

    fn carry_out(&mut self, command: &DictCommand) -> Option<ExitReason> {
        if self.dictionaries.words.are_in_table() {
            self.face.publish();
        }
        let done = match command {
            DictCommand::Define { database, word } => self.dict_define(database, word),
            DictCommand::Match { database, strategy, word } => self.dict_match(database, strategy, word),
            DictCommand::Auth { name, digest } => return self.authenticate(name, digest),
            DictCommand::ShowDatabases => self.show_databases(),
            DictCommand::ShowStrategies => self.show_strategies(),
            DictCommand::ShowInfo { database } => self.show_info(database),
            DictCommand::ShowServer => self.show_server(),
            DictCommand::Client => self.say(250, "ok"),
            DictCommand::Status => {
                let user = self.logins.current.as_ref().map_or("anonymous", |login| &login.name);
                let status = format!("status: {} requests on this connection, user {user}", self.face.requests());
                self.say(210, &status)
            }
            DictCommand::OptionMime => {
                if let Some(dialogue) = &mut self.client.dialogue {
                    dialogue.mime = true;
                }
                self.say(250, "ok, MIME headers from now on")
            }
            DictCommand::Help => self.help(),
            DictCommand::Quit => {
                push_status(self.replies.out(), 221, "goodbye");
                return Some(ExitReason::Goodbye);
            }
        };
        if let Err(failure) = done {
            self.replies.fail(&failure);
        }
        self.requests.ends.take()
    }

    fn say(&mut self, code: u16, text: &str) -> Result<(), Failure> {
        push_status(self.replies.out(), code, text);
        Ok(())
    }

    /// A refusal that is not one of [`push_failure`]'s.
    fn refuse_command(&mut self, status: u16, text: &str, code: Code) -> Result<(), Failure> {
        self.replies.refused.get_or_insert(code);
        self.say(status, text)
    }

    fn has_mime(&self) -> bool {
        self.client.dialogue.as_ref().is_some_and(|dialogue| dialogue.mime)
    }

    fn show_databases(&mut self) -> Result<(), Failure> {
        let (databases, mime) = (self.databases()?, self.has_mime());
        if databases.is_empty() {
            return self.refuse_command(554, "no databases present", Code::NotFound);
        }
        let out = self.replies.out();
        push_status(out, 110, &format!("{} databases present", databases.len()));
        let mut list = Text::list(out, mime);
        databases.iter().for_each(|database| push_named_row(list.out(), &database.name, &database.title));
        list.end();
        self.say(250, "ok")
    }

    fn show_strategies(&mut self) -> Result<(), Failure> {
        let mime = self.has_mime();
        let out = self.replies.out();
        push_status(out, 111, &format!("{} strategies present", STRATEGIES.len()));
        let mut list = Text::list(out, mime);
        STRATEGIES.iter().for_each(|(name, description, _)| push_named_row(list.out(), name, description));
        list.end();
        self.say(250, "ok")
    }

    fn show_info(&mut self, name: &str) -> Result<(), Failure> {
        let (databases, mime) = (self.databases()?, self.has_mime());
        let number = databases.iter().position(|database| database.name.eq_ignore_ascii_case(name));
        let Some((number, database)) = number.and_then(|number| Some((number, databases.get(number)?))) else {
            return self.invalid_database();
        };
        let note = self.dictionaries.words.dictionaries(&mut self.stores)?.into_iter().nth(number);
        let licence = match &note {
            Some(note) => note.licence.clone(),
            None => self.dictionaries.words.about(&mut self.stores)?.licence,
        };
        let out = self.replies.out();
        push_status(out, 112, &format!("information for {} follows", database.name));
        let mut text = Text::prose(out, mime);
        text.line(&database.title);
        text.line(&format!("{} headwords", database.headwords));
        for line in licence.lines() {
            text.line(line);
        }
        text.line(&format!("name: {}", database.name));
        let languages = note.iter().flat_map(|note| &note.languages).filter(|language| !language.is_empty());
        let languages: Vec<&str> = languages.map(String::as_str).collect();
        if !languages.is_empty() {
            text.line(&format!("languages: {}", languages.join(" to ")));
        }
        // The file's notes about its origin.
        for line in note.iter().flat_map(|note| note.head.trim_matches('\n').lines()) {
            text.line(line);
        }
        text.end();
        self.say(250, "ok")
    }

    fn show_server(&mut self) -> Result<(), Failure> {
        let (databases, mime) = (self.databases()?, self.has_mime());
        let out = self.replies.out();
        push_status(out, 114, "server information follows");
        let mut text = Text::prose(out, mime);
        text.line(&format!("cidiand {} on {}", env!("CARGO_PKG_VERSION"), self.settings.dict.host));
        for database in databases.iter() {
            text.line(&format!("{}: {}, {} headwords", database.name, database.title, database.headwords));
        }
        text.end();
        self.say(250, "ok")
    }

    fn help(&mut self) -> Result<(), Failure> {
        let mime = self.has_mime();
        let out = self.replies.out();
        push_status(out, 113, "help text follows");
        let mut text = Text::prose(out, mime);
        dict::HELP.iter().for_each(|line| text.line(line));
        text.end();
        self.say(250, "ok")
    }

    fn invalid_database(&mut self) -> Result<(), Failure> {
        self.refuse_command(550, "invalid database, use SHOW DB for a list", Code::NotFound)
    }
}
