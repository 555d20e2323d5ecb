//! Accounts: registering, logging in and out, changing the password, deleting. Passwords are hashed here, when the
//! parent gives a turn for it, and are written nowhere.

use super::replies::denied;
use super::{ExitReason, Session, State};
use crate::ipc::parent::{ParentRequest, report};
use crate::ipc::ticket::{Proof, SecretDigest, Ticket};
use crate::protocol::{Code, Failure, push_ok};
use crate::store::{AccountId, Registration, passwd as hashing};

/// How many failed logins, of either kind, end the connection.
const MOST_FAILED_LOGINS: u32 = 5;

/// What a login was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// The password.
    Passwd,
    /// A token. It opens everything but what takes the account away from its owner.
    Token,
    /// The DICT key, or a listener that is bound to the account. It opens nothing but lookups by DICT.
    DictKey,
}

/// Who is logged in: an account, not a name.
#[derive(Debug)]
pub struct Login {
    /// The account's number. When it is deleted, the next account of this name has another.
    pub account: AccountId,
    /// Its name, which requests must carry.
    pub name: String,
    /// What it was made with.
    pub means: Means,
    /// With what the writer can see for itself that it was right.
    pub proof: Proof,
    /// The ticket that the writer acts on; `None` until the writer has issued one.
    pub ticket: Option<Ticket>,
}

/// A login that was found to be right: the account, and what [`Login`] has besides.
#[derive(Debug)]
pub struct Checked {
    /// The account's number.
    pub account: AccountId,
    /// With what the writer can see it for itself.
    pub proof: Proof,
    /// The writer's ticket, if the writer has checked the login.
    pub ticket: Option<Ticket>,
}

impl Session<'_> {
    pub(super) fn register(&mut self, name: &str, passwd: &str) -> Result<(), Failure> {
        if !self.settings.registration_open {
            return Err(Failure::new(Code::Denied, "registration is closed on this server"));
        }
        let taken = || Failure::new(Code::Exists, "the name is taken");
        // Before the name is looked up: a client that may register no more learns nothing about names either.
        self.spend(ParentRequest::Registering)?;
        // Only spares the hashing: what decides is that names are unique in the database.
        if self.stores.with(|store| store.account(name))?.is_some() {
            return Err(taken());
        }
        let hash = self
            .hashing(ParentRequest::Working, || hashing::hash(passwd))?
            .map_err(|error| self.stores.failed(&error))?;
        match self.stores.write(|store| store.register(name, &hash))? {
            Registration::Made(_) => self.done(),
            Registration::NameTaken => Err(taken()),
        }
    }

    pub(super) fn log_in(&mut self, name: &str, passwd: &str) -> Option<ExitReason> {
        let checked = self.check_login(name, passwd, ParentRequest::LoggingIn);
        self.logged_in(name, Means::Passwd, checked)
    }

    /// What a login, of either kind, comes to. One that failed leaves the login as it was.
    pub(super) fn logged_in(
        &mut self,
        name: &str,
        means: Means,
        checked: Result<Checked, Failure>,
    ) -> Option<ExitReason> {
        match checked {
            Ok(Checked { account, proof, ticket }) => {
                self.mend(name);
                self.logins.current = Some(Login { account, name: name.to_owned(), means, proof, ticket });
                self.show_login_to_writer();
                self.logins.grace_ends = None;
                self.face.set_user(name);
                push_ok(self.replies.out());
                None
            }
            Err(failure) => {
                self.replies.fail(&failure);
                if failure.code == Code::Denied { self.login_failed(name) } else { self.requests.ends.take() }
            }
        }
    }

    /// Counts a failed login, whose reply is made already; returns the reason if the session ends with it. The parent
    /// counts it for the client's address at once: neither a new connection nor many at a time give more guesses.
    pub(super) fn login_failed(&mut self, name: &str) -> Option<ExitReason> {
        self.logins.failed += 1;
        let may_go_on = self.report(ParentRequest::FailedLogin);
        if self.logins.failed >= MOST_FAILED_LOGINS {
            return Some(ExitReason::FailedLogins);
        }
        if may_go_on {
            self.logins.failed_names.push(name.to_owned());
            return None;
        }
        self.replies.fail(&Failure::new(Code::Busy, "too many failures from your address"));
        Some(ExitReason::Refused)
    }

    /// Takes back what was counted for failed logins under this name: mistyping is not an attack. Failures
    /// under other names stay, so that an account of one's own buys no guesses.
    pub(super) fn mend(&mut self, name: &str) {
        let before = self.logins.failed_names.len();
        self.logins.failed_names.retain(|failed| failed != name);
        for _ in self.logins.failed_names.len()..before {
            self.report(ParentRequest::Mended);
        }
    }

    /// Reports it to the parent; whether the client may go on. It may not if the report could not be sent.
    pub(super) fn report(&self, ask: ParentRequest) -> bool {
        report(self.parent.control_channel, self.stores.question(ask)).unwrap_or_else(|error| {
            log::warn!("client {}: cannot count its requests: {error}", self.face.peer());
            false
        })
    }

    /// Has the parent count something for which the client's address has a budget. If that is used up, the session
    /// ends.
    pub(super) fn spend(&mut self, ask: ParentRequest) -> Result<(), Failure> {
        // The parent has no budget for such a source.
        if self.writer.channel.source() == 0 || self.report(ask) {
            return Ok(());
        }
        self.requests.ends = Some(ExitReason::Refused);
        let what = match ask {
            ParentRequest::Registering => "registrations",
            ParentRequest::UsingToken => "logins by token",
            _ => "changes",
        };
        Err(Failure::new(Code::Busy, format!("too many {what} from your address")))
    }

    pub(super) fn log_out(&mut self) {
        self.logins.current = None;
        self.face.set_user("");
    }

    pub(super) fn change_passwd(&mut self, name: &str, passwd: &str) -> Result<(), Failure> {
        let account = self.logged_in_by_passwd(name)?;
        self.spend(ParentRequest::Changing)?;
        let hash = self
            .hashing(ParentRequest::Working, || hashing::hash(passwd))?
            .map_err(|error| self.stores.failed(&error))?;
        let standing = self.stores.write(|store| store.set_passwd(account, &hash))?;
        self.done_if_live(standing)
    }

    pub(super) fn delete_account(&mut self, name: &str, passwd: &str) -> Result<(), Failure> {
        let account = self.logged_in_by_passwd(name)?;
        self.spend(ParentRequest::Changing)?;
        // The name may belong to another account by now; the password is asked of this one.
        if self.check_login(name, passwd, ParentRequest::Working)?.account != account {
            return Err(denied());
        }
        let standing = self.stores.write(|store| store.delete_account(account))?;
        self.done_if_live(standing)?;
        self.log_out();
        Ok(())
    }

    /// The account of the login, if it is under this name and was made with the password: a person who has got hold of
    /// a token can neither keep the owner out nor delete the account.
    pub(super) fn logged_in_by_passwd(&self, name: &str) -> Result<AccountId, Failure> {
        let account = self.logged_in_as(name)?;
        match &self.logins.current {
            Some(Login { means: Means::Passwd, .. }) => Ok(account),
            _ => Err(Failure::new(Code::Denied, "log in with the password first; a token is not enough")),
        }
    }

    /// The account of a name and its password. A wrong name and a wrong password look and take the same
    /// (CVE-2016-6210), and so does a locked account.
    fn check_login(&mut self, name: &str, passwd: &str, purpose: ParentRequest) -> Result<Checked, Failure> {
        let account = self.stores.with(|store| store.account(name))?;
        let right = self
            .hashing(purpose, || match &account {
                Some(account) => hashing::verify(passwd, &account.passwd),
                None => hashing::verify_nobody(passwd),
            })?
            .map_err(|error| self.stores.failed(&error))?;
        match account {
            Some(account) if right && !account.locked => {
                let proof = Proof::Passwd(SecretDigest::of(&account.passwd));
                Ok(Checked { account: account.id, proof, ticket: None })
            }
            _ => Err(Failure::new(Code::Denied, "wrong name or password")),
        }
    }

    /// Does `work`, which takes 19 MiB and 20 ms of CPU, when it is this child's turn: the parent lets only as many
    /// hash at once as there are processors, and reports whether the client's address may do this now.
    fn hashing<T>(&mut self, purpose: ParentRequest, work: impl FnOnce() -> T) -> Result<T, Failure> {
        self.face.show(State::Hashing);
        self.face.publish();
        let permit = self.wait_for_turn(purpose)?;
        self.stores.close_if_wanted();
        let done = work();
        drop(permit);
        self.face.show(State::Busy);
        self.face.publish();
        Ok(done)
    }
}
