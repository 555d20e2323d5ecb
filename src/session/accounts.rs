//! Accounts: registering, logging in and out, changing the password, deleting. Passwords are hashed here, by turns
//! that the parent gives, and are written nowhere.

use super::connection::{Wait, wait};
use super::exchange::{Permit, ask_to_hash};
use super::requests::denied;
use super::{Ending, Session, State};
use crate::protocol::{Code, Failure, push_ok};
use crate::store::{AccountId, Registration, passwd as hashing};
use nix::poll::{PollFd, PollFlags};

/// So many failed logins end the connection.
const MOST_FAILED_LOGINS: u32 = 5;

/// Who is logged in: an account, not a name.
#[derive(Debug)]
pub struct Login {
    /// The account's number. When it is deleted, whoever registers the name next has another.
    pub account: AccountId,
    /// Its name, which requests must carry.
    pub name: String,
}

impl Session<'_> {
    pub(super) fn register(&mut self, name: &str, passwd: &str) -> Result<(), Failure> {
        if !self.settings.registration_open {
            return Err(Failure::new(Code::Denied, "registration is closed on this server"));
        }
        let taken = || Failure::new(Code::Exists, "the name is taken");
        // Only spares the hashing: what decides is that names are unique in the database.
        if self.stores.with(|store| store.account(name))?.is_some() {
            return Err(taken());
        }
        let hash = self.hashing(|| hashing::hash(passwd))?.map_err(|error| self.stores.failed(&error))?;
        match self.stores.with(|store| store.register(name, &hash))? {
            Registration::Made(_) => {
                push_ok(self.replies.out());
                Ok(())
            }
            Registration::NameTaken => Err(taken()),
        }
    }

    pub(super) fn log_in(&mut self, name: &str, passwd: &str) -> Option<Ending> {
        match self.check_login(name, passwd) {
            Ok(account) => {
                self.login = Some(Login { account, name: name.to_owned() });
                self.grace_ends = None;
                self.face.set_user(name);
                push_ok(self.replies.out());
                None
            }
            Err(failure) => {
                self.replies.fail(&failure);
                if failure.code == Code::Denied {
                    self.failed_logins += 1;
                }
                (self.failed_logins >= MOST_FAILED_LOGINS).then_some(Ending::FailedLogins)
            }
        }
    }

    pub(super) fn log_out(&mut self) {
        self.login = None;
        self.face.set_user("");
    }

    pub(super) fn change_passwd(&mut self, name: &str, passwd: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        let hash = self.hashing(|| hashing::hash(passwd))?.map_err(|error| self.stores.failed(&error))?;
        let standing = self.stores.with(|store| store.set_passwd(account, &hash))?;
        self.done_if_live(standing)
    }

    pub(super) fn delete_account(&mut self, name: &str, passwd: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        // The name may belong to another account by now; the password is asked of this one.
        if self.check_login(name, passwd)? != account {
            return Err(denied());
        }
        let standing = self.stores.with(|store| store.delete_account(account))?;
        self.done_if_live(standing)?;
        self.log_out();
        Ok(())
    }

    /// The account of a name and its password. A wrong name and a wrong password look and take the same
    /// (CVE-2016-6210), and so does a locked account.
    fn check_login(&mut self, name: &str, passwd: &str) -> Result<AccountId, Failure> {
        let account = self.stores.with(|store| store.account(name))?;
        let right = self.hashing(|| match &account {
            Some(account) => hashing::verify(passwd, &account.passwd),
            None => hashing::verify_nobody(passwd),
        })?;
        match account {
            Some(account) if right && !account.locked => Ok(account.id),
            _ => Err(Failure::new(Code::Denied, "wrong name or password")),
        }
    }

    /// Does `work`, which takes 19 MiB and 20 ms of CPU, when it is this child's turn: the parent lets only as many
    /// hash at once as there are processors.
    fn hashing<T>(&mut self, work: impl FnOnce() -> T) -> Result<T, Failure> {
        self.face.show(State::Hashing);
        let permit = self.wait_for_turn()?;
        self.stores.close_if_wanted();
        let done = work();
        drop(permit);
        self.face.show(State::Busy);
        Ok(done)
    }

    fn wait_for_turn(&mut self) -> Result<Permit, Failure> {
        let peer = self.face.peer().clone();
        let failed = |error: &dyn std::fmt::Display| {
            log::warn!("client {peer}: no turn to hash a password: {error}");
            Failure::new(Code::Unavailable, "the server is overloaded; try again later")
        };
        let permit = ask_to_hash(self.hub).map_err(|error| failed(&error))?;
        loop {
            // Nothing is asked of the client's socket; what is always told is that it is gone for good.
            let mut watched = vec![
                PollFd::new(permit.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.connection.socket(), PollFlags::empty()),
            ];
            // A database connection is not kept from others meanwhile.
            watched.extend(self.stores.lease().map(|lease| PollFd::new(lease, PollFlags::POLLIN)));
            match wait(&mut watched, None, &self.signals) {
                Ok(Wait::Ready) if watched[0].any() == Some(true) => break,
                Ok(Wait::Ready) if watched.get(2).is_some_and(|lease| lease.any() == Some(true)) => self.stores.close(),
                Ok(Wait::Ready) => return Err(failed(&"the client has gone")),
                Ok(Wait::Interrupted | Wait::TimedOut) => {}
                Err(_) => return Err(failed(&"the wait failed")),
            }
        }
        permit.granted().map_err(|error| failed(&error))?;
        Ok(permit)
    }
}
