//! Tokens: issuing one, logging in with one, forgetting one. They are written nowhere: the store gets only hashes.

use super::accounts::{Checked, Means};
use super::{ExitReason, Session};
use crate::ipc::channel::SOON;
use crate::ipc::parent::ParentRequest;
use crate::ipc::ticket::Proof;
use crate::protocol::{Code, Failure};
use crate::store::{DictKey, Forgetting, Standing, Token, TokenHash};

impl Session<'_> {
    pub(super) fn new_token(&mut self, name: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.spend(ParentRequest::Changing)?;
        let token = Token::draw().map_err(|error| self.stores.failed(&error))?;
        let standing = self.stores.write(|store| store.keep_token(account, &token.hash()))?;
        self.tell_secret(standing, token.as_str())
    }

    /// A new DICT key in the place of the old one. It is as good as a password for looking up by DICT, so the session
    /// must have logged in with the password.
    pub(super) fn new_dict_key(&mut self, name: &str) -> Result<(), Failure> {
        let account = self.logged_in_by_passwd(name)?;
        self.spend(ParentRequest::Changing)?;
        let key = DictKey::draw().map_err(|error| self.stores.failed(&error))?;
        let standing = self.stores.write(|store| store.set_dict_key(account, &key))?;
        self.tell_secret(standing, key.as_str())
    }

    /// The secret that was kept, if the account is still there.
    fn tell_secret(&mut self, standing: Standing, secret: &str) -> Result<(), Failure> {
        if standing == Standing::Gone {
            return Err(self.gone());
        }
        self.replies.secret = true;
        self.done_with(secret)
    }

    /// It needs no turn to hash: a token is not a password, and needs no slow hash. A failure counts as any failed
    /// login.
    pub(super) fn log_in_by_token(&mut self, name: &str, token: &str) -> Option<ExitReason> {
        let checked = self.check_token(name, token);
        self.logged_in(name, Means::Token, checked)
    }

    pub(super) fn forget_token(&mut self, name: &str, token: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.spend(ParentRequest::Changing)?;
        match self.stores.write(|store| store.forget_token(account, &TokenHash::of(token)))? {
            Forgetting::Done => self.done(),
            Forgetting::NoSuchToken => Err(Failure::new(Code::Denied, "no such token")),
            Forgetting::Gone => Err(self.gone()),
        }
    }

    /// A wrong name, a wrong token, a text that is not a token, an expired token and a locked account look the same,
    /// and take the same: one hash, one look into the database. That is the writer's, if it answers soon.
    fn check_token(&mut self, name: &str, token: &str) -> Result<Checked, Failure> {
        self.spend(ParentRequest::UsingToken)?;
        let hash = TokenHash::of(token);
        let proof = Proof::Token(hash);
        let found = match self.ask_writer(|writer| writer.log_in(name, &proof, true, SOON, &mut || {})) {
            Some(ticket) => ticket.map(|ticket| Checked { account: ticket.account, proof, ticket: Some(ticket) }),
            None => {
                let account = self.stores.write(|store| store.account_of_token(name, &hash))?;
                account.map(|account| Checked { account, proof, ticket: None })
            }
        };
        found.ok_or_else(|| Failure::new(Code::Denied, "wrong name or token"))
    }
}
