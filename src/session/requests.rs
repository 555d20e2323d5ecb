//! From requests to replies: what each request needs, does and answers. Requests about accounts are in `accounts`.

use super::apart;
use super::clock::new_record;
use super::dict::PATTERN_TIME;
use super::replies::{Awaits, denied};
use super::{ExitReason, Session};
use crate::ipc::parent::ParentRequest;
use crate::protocol::{
    Code, Count, Failure, How, MAX_MATCHES, MAX_SUGGESTIONS, Request, escape, push_entry, push_ok, push_ok_text,
    push_pair, trim_blanks,
};
use crate::store::{AccountId, Standing};
use crate::words::lookup::{Article, Found};
use crate::words::matching::Strategy;
use std::time::Instant;

impl Session<'_> {
    /// Answers one request, at the end of the replies; returns the reason if the session ends with it.
    pub(super) fn answer(&mut self, request: &Request<'_>) -> Option<ExitReason> {
        if self.dictionaries.words.are_in_table() {
            self.face.publish();
        }
        self.stores.act_for(request.name());
        let outcome = match request {
            _ if request.carries_secret() && self.must_be_private() => {
                Err(Failure::new(Code::Denied, "this server accepts names and passwords only over TLS: cidian --tls"))
            }
            Request::Lookup { name, word } => self.look_up(name, word),
            Request::LookupApart { name, word } => self.look_up_apart(name, word),
            Request::Choose { name, dictionaries } => self.choose(name, dictionaries),
            Request::Define { name, word } => self.define(name, word),
            Request::Suggest { name, text } => self.suggest(name, text),
            Request::Match { name, how, pattern } => self.match_headwords(name, *how, pattern),
            Request::Reverse { name, text } => self.reverse(name, text),
            Request::Goodbye => {
                push_ok(self.replies.out());
                return Some(ExitReason::Goodbye);
            }
            other => {
                // These see, or change, what the requests before them did: those come first.
                self.settle();
                self.face.publish();
                match other {
                    Request::Register { name, passwd } => self.register(name, passwd),
                    Request::Login { name, passwd } => return self.log_in(name, passwd),
                    Request::TokenLogin { name, token } => return self.log_in_by_token(name, token),
                    Request::NewToken { name } => self.new_token(name),
                    Request::NewDictKey { name } => self.new_dict_key(name),
                    Request::Notebook { name, what } => self.notebook(name, what),
                    Request::ForgetToken { name, token } => self.forget_token(name, token),
                    Request::ChangePasswd { name, passwd } => self.change_passwd(name, passwd),
                    Request::DeleteAccount { name, passwd } => self.delete_account(name, passwd),
                    Request::History { name, count: Count::All } => return self.show_all_history(name),
                    Request::History { name, count: Count::Last(n) } => self.show_history(name, *n),
                    Request::Clear { name, word } => self.clear_history(name, *word),
                    Request::About => self.tell_about(),
                    Request::Logout
                    | Request::Lookup { .. }
                    | Request::LookupApart { .. }
                    | Request::Choose { .. }
                    | Request::Define { .. }
                    | Request::Suggest { .. }
                    | Request::Match { .. }
                    | Request::Reverse { .. }
                    | Request::Goodbye => {
                        self.log_out();
                        self.done()
                    }
                }
            }
        };
        if let Err(failure) = outcome {
            self.replies.fail(&failure);
        }
        self.requests.ends.take()
    }

    /// Makes the waiting replies' records durable, or turns the replies into refusals. Afterwards no reply waits.
    pub(super) fn settle(&mut self) {
        if !self.replies.any_waiting() {
            return;
        }
        let Some(login) = &self.logins.current else {
            self.replies.refuse(|_| Some(denied()));
            self.count_settled(|_| Some(Code::Denied));
            return;
        };
        self.face.publish();
        // Others have it while the writer is waited for.
        self.parent.turn = None;
        let account = login.account;
        let kept = if self.replies.records.is_empty() {
            // In table words a connection is open, or they could not have been asked for.
            let in_table = self.dictionaries.words.are_in_table();
            let known = if in_table { self.replies.standing.take() } else { self.standing_from_writer() };
            match known {
                Some(standing) => Ok(standing),
                // As the writer does in an outage: while the database cannot be asked, an account is taken for what it
                // was.
                None if !in_table && self.parent.scoreboard.outage().is_some() => Ok(Standing::Live),
                None => self.standing_of(account),
            }
        } else {
            self.keep_records()
        };
        match kept {
            Ok(Standing::Live) => {
                self.replies.confirm();
                self.count_settled(|_| None);
            }
            Ok(Standing::Gone) => {
                self.log_out();
                self.replies.refuse(|_| Some(denied()));
                self.count_settled(|_| Some(Code::Denied));
            }
            // Nothing was to be kept of the others: they are as true as they can be known to be.
            Err(error) => {
                let failure = self.stores.tell(&error);
                self.replies.refuse(|awaits| (awaits == Awaits::Record).then(|| failure.clone()));
                self.count_settled(|awaits| (awaits == Awaits::Record).then_some(failure.code));
            }
        }
    }

    fn count_settled(&mut self, instead: impl Fn(Awaits) -> Option<Code>) {
        self.requests.tally.settle(instead, self.face.slot().counters(), self.face.peer());
    }

    fn look_up(&mut self, name: &str, word: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.renew_words();
        let (found, standing) =
            self.dictionaries.words.find_for(Some(account), word, &self.dictionaries.asked, &mut self.stores)?;
        match found {
            Some(Found { article: Article { headword, interpret }, .. }) => {
                let record = new_record(&mut self.writer.clock, &headword, self.face.peer())?;
                self.replies.records.push(record);
                self.replies.waiting(Awaits::Record, |out| push_entry(out, &headword, &interpret));
            }
            None => self.replies.no_such_word(standing),
        }
        Ok(())
    }

    /// A lookup that leaves no trace: for what the client shows of words that are in the history already.
    fn define(&mut self, name: &str, word: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.renew_words();
        let (found, standing) =
            self.dictionaries.words.find_for(Some(account), word, &self.dictionaries.asked, &mut self.stores)?;
        match found {
            Some(Found { article: found, .. }) => {
                self.replies.waiting(Awaits::Account, |out| push_entry(out, &found.headword, &found.interpret));
                self.replies.standing = standing;
            }
            None => self.replies.no_such_word(standing),
        }
        Ok(())
    }

    fn suggest(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        self.logged_in_as(name)?;
        self.renew_words();
        let found =
            self.dictionaries.words.suggest(text, MAX_SUGGESTIONS, &self.dictionaries.asked, &mut self.stores)?;
        self.list_headwords(&found);
        Ok(())
    }

    fn match_headwords(&mut self, name: &str, how: How, pattern: &str) -> Result<(), Failure> {
        self.logged_in_as(name)?;
        self.renew_words();
        let (strategy, pattern) = match how {
            How::Prefix => (Strategy::Prefix, trim_blanks(pattern)),
            How::Suffix => (Strategy::Suffix, trim_blanks(pattern)),
            How::Substring => (Strategy::Substring, trim_blanks(pattern)),
            How::Glob => (Strategy::Glob, trim_blanks(pattern)),
            How::Regex => (Strategy::ExtendedExpression, pattern),
            How::Sound => (Strategy::Sound, trim_blanks(pattern)),
            How::Text => return self.search_text(trim_blanks(pattern)),
        };
        let (asked, end) = (self.dictionaries.asked.clone(), Instant::now() + PATTERN_TIME);
        let found = self.matching(strategy, pattern, MAX_MATCHES, &asked, end)?;
        self.list_headwords(&found);
        Ok(())
    }

    pub(super) fn list_headwords(&mut self, headwords: &[String]) {
        self.replies.waiting(Awaits::Account, |out| {
            push_ok_text(out, &headwords.len().to_string());
            for headword in headwords {
                out.extend_from_slice(headword.as_bytes());
                out.push(b'\n');
            }
        });
    }

    fn clear_history(&mut self, name: &str, word: Option<&str>) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        if self.parent.scoreboard.spooled().1 > 0 {
            // What is in the spool would come back after it was cleared.
            return Err(Failure::new(
                Code::Unavailable,
                "lookups are still being added to the history; try again later",
            ));
        }
        self.spend(ParentRequest::Changing)?;
        let standing = self.stores.write(|store| store.clear_history(account, word))?;
        self.done_if_live(standing)
    }

    fn tell_about(&mut self) -> Result<(), Failure> {
        self.renew_words();
        let about = self.dictionaries.words.about(&mut self.stores)?;
        let notes = about.dictionaries;
        let lines = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("title", about.title),
            ("headwords", about.headwords.to_string()),
            ("licence", about.licence),
        ];
        let mut lines = lines.map(|(key, value)| (key.to_owned(), value)).to_vec();
        lines.extend(apart::lines(&notes));
        let out = self.replies.out();
        push_ok_text(out, &lines.len().to_string());
        for (key, value) in lines {
            push_pair(out, &key, &escape(&value));
        }
        Ok(())
    }

    /// `OK`, or `denied` and logged out when the account is gone or locked.
    pub(super) fn done_if_live(&mut self, standing: Standing) -> Result<(), Failure> {
        match standing {
            Standing::Live => self.done(),
            Standing::Gone => Err(self.gone()),
        }
    }

    /// `OK`.
    pub(super) fn done(&mut self) -> Result<(), Failure> {
        push_ok(self.replies.out());
        Ok(())
    }

    /// `OK` with something.
    pub(super) fn done_with(&mut self, text: &str) -> Result<(), Failure> {
        push_ok_text(self.replies.out(), text);
        Ok(())
    }

    /// The account is gone or locked, and so is the login.
    pub(super) fn gone(&mut self) -> Failure {
        self.log_out();
        denied()
    }

    /// The account of the login, if it is under this name. A name in a request proves nothing.
    pub(super) fn logged_in_as(&self, name: &str) -> Result<AccountId, Failure> {
        match &self.logins.current {
            Some(login) if login.name == name => Ok(login.account),
            _ => Err(denied()),
        }
    }
}
