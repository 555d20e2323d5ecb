//! What the writer does for a session: it keeps lookups, and answers questions for which the session would otherwise
//! need a database connection of its own. What the writer does not answer soon, the session asks on such a connection;
//! only lookups are kept by the writer alone.

use super::Session;
use super::accounts::Means;
use crate::ipc::channel::{ANSWER_TIMEOUT, Channel, SOON};
use crate::ipc::parent::complain_of_writer;
use crate::ipc::ticket::{Proof, SecretDigest, Ticket};
use crate::ipc::writer_request::MOST_RECENT;
use crate::store::{AccountId, Error, Kind, PastLookup, Place, Standing};
use nix::poll::ppoll;
use nix::sys::time::TimeSpec;
use std::time::{Duration, Instant};

/// For how long a writer that did not answer is not asked again for answers that a connection can also give.
const WRITER_RESTS: Duration = Duration::from_secs(1);
/// How often a ticket is asked for while the writer can't use the database.
const AGAIN: Duration = Duration::from_millis(100);

impl Session<'_> {
    /// The writer's answer; `None` if it did not come, or not soon enough. The writer is then not asked again for a
    /// while.
    pub(super) fn ask_writer<T>(&mut self, ask: impl FnOnce(&mut Channel<'_>) -> Result<T, Error>) -> Option<T> {
        let now = Instant::now();
        if self.writer.silent_until.is_some_and(|until| now < until) {
            return None;
        }
        let answer = ask(&mut self.writer.channel).ok();
        if answer.is_none() {
            self.writer.silent_until = Some(Instant::now() + WRITER_RESTS);
        }
        answer
    }

    /// Has the writer see a login that was checked here, so that it will act for it. What comes of it shows when
    /// something is to be kept; but then the database may be away, and nothing can be checked.
    pub(super) fn show_login_to_writer(&mut self) {
        if self.logins.current.as_ref().is_none_or(|login| login.ticket.is_some()) {
            return;
        }
        let Some(login) = &mut self.logins.current else { return };
        let (name, proof, reads) = (&login.name, &login.proof, login.means != Means::DictKey);
        let now = Instant::now();
        if self.writer.silent_until.is_some_and(|until| now < until) {
            return;
        }
        match self.writer.channel.log_in(name, proof, reads, SOON, &mut || {}) {
            Ok(ticket) => login.ticket = ticket.filter(|ticket| ticket.account == login.account),
            Err(_) => self.writer.silent_until = Some(Instant::now() + WRITER_RESTS),
        }
    }

    /// The last lookups, or the last before a place, as the writer has them; the inner one is `None` if the account is
    /// gone or locked.
    pub(super) fn recent_from_writer(&mut self, count: u32, before: Option<Place>) -> Option<Option<Vec<PastLookup>>> {
        if count > MOST_RECENT {
            return None;
        }
        let ticket = self.logins.current.as_ref()?.ticket.clone()?;
        self.ask_writer(|writer| writer.recent(&ticket, count, before))
    }

    /// How the account stands, as the writer has it.
    pub(super) fn standing_from_writer(&mut self) -> Option<Standing> {
        let ticket = self.logins.current.as_ref()?.ticket.clone()?;
        self.ask_writer(|writer| writer.standing(&ticket))
    }

    /// How the account stands, as its own connection has it.
    pub(super) fn standing_of(&mut self, account: AccountId) -> Result<Standing, Error> {
        self.stores.get().and_then(|store| store.standing(account)).inspect_err(|_| self.stores.close())
    }

    /// Has the records kept of the replies that wait.
    pub(super) fn keep_records(&mut self) -> Result<Standing, Error> {
        let Some(ticket) = self.ticket()? else { return Ok(Standing::Gone) };
        let control_channel = self.parent.control_channel;
        self.writer
            .channel
            .keep(&ticket, &self.replies.records, ANSWER_TIMEOUT, &mut || complain_of_writer(control_channel))
    }

    /// The ticket of the login. If there is no ticket yet, the writer could not issue one before: the session requests
    /// it for as long as the writer can't use the database. `None` if the account is gone or locked.
    fn ticket(&mut self) -> Result<Option<Ticket>, Error> {
        let Some(login) = &self.logins.current else { return Ok(None) };
        if let Some(ticket) = &login.ticket {
            return Ok(Some(ticket.clone()));
        }
        let (name, account) = (login.name.clone(), login.account);
        let reads = login.means != Means::DictKey;
        let mut proof = login.proof.clone();
        let mut renewed = false;
        let control_channel = self.parent.control_channel;
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let ticket = loop {
            let patience = deadline.saturating_duration_since(Instant::now());
            match self
                .writer
                .channel
                .log_in(&name, &proof, reads, patience, &mut || complain_of_writer(control_channel))
            {
                Ok(Some(ticket)) if ticket.account == account => break ticket,
                // Another account has the name by now.
                Ok(Some(_)) => return Ok(None),
                // The token was forgotten meanwhile, or the password changed: that ends no session. Or the account is
                // gone, or locked.
                Ok(None) if !renewed => {
                    let found = self.stores.get().and_then(|store| store.account(&name));
                    let found = found.inspect_err(|_| self.stores.close())?;
                    let Some(found) = found.filter(|found| found.id == account && !found.locked) else {
                        return Ok(None);
                    };
                    proof = Proof::Passwd(SecretDigest::of(&found.passwd));
                    renewed = true;
                }
                Ok(None) => return Ok(None),
                Err(error) if error.kind == Kind::World && Instant::now() + AGAIN < deadline => {
                    // Nothing is watched: this is a pause.
                    let _ = ppoll(&mut [], Some(TimeSpec::from_duration(AGAIN)), None);
                }
                Err(error) => return Err(error),
            }
        };
        if let Some(login) = &mut self.logins.current {
            login.ticket = Some(ticket.clone());
        }
        Ok(Some(ticket))
    }
}
