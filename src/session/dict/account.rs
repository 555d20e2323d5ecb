//! Which account a DICT session acts for: none, the one to which its listener is bound, or the one whose key `AUTH` has
//! proved.

use super::super::accounts::{Login, Means};
use super::super::{ExitReason, Session};
use super::push_status;
use crate::dict::{digest, digests_equal};
use crate::ipc::parent::ParentRequest;
use crate::ipc::ticket::{Proof, SecretDigest};
use crate::protocol::{Code, Failure, check_name};
use crate::store::AccountId;

/// Stands for the key of an account that does not exist, or has no key: a wrong name takes as long as a wrong key.
const NOBODYS_KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

impl Session<'_> {
    /// Whether lookups are kept. On a listener that is bound to an account its login is made here, when it is first
    /// needed: a client that only matches never asks the database.
    pub(super) fn is_somebodys(&mut self) -> Result<bool, Failure> {
        if self.logins.current.is_some() {
            return Ok(true);
        }
        let Some(name) = &self.settings.dict.account else { return Ok(false) };
        match self.stores.with(|store| store.account(name))? {
            Some(account) if !account.locked => {
                self.logged_in_by_dict(account.id, name, Proof::Passwd(SecretDigest::of(&account.passwd)));
                Ok(true)
            }
            _ => Err(Failure::new(Code::Denied, "access denied: this listener's account is gone or locked")),
        }
    }

    /// `AUTH`. A wrong name, a wrong key, an account without one and one that is locked look and take the same.
    pub(super) fn authenticate(&mut self, name: &str, sent: &str) -> Option<ExitReason> {
        if self.settings.dict.account.is_some() {
            self.replies.refused.get_or_insert(Code::Denied);
            push_status(self.replies.out(), 502, "this listener is bound to an account; no login is needed");
            return None;
        }
        // What was looked up before was another account's.
        self.settle();
        self.face.publish();
        if let Err(failure) = self.spend(ParentRequest::UsingToken) {
            self.replies.fail(&failure);
            return self.requests.ends.take();
        }
        let known = if check_name(name).is_ok() { self.stores.with(|store| store.dict_key(name)) } else { Ok(None) };
        let known = match known {
            Ok(known) => known,
            Err(failure) => {
                self.replies.fail(&failure);
                return self.requests.ends.take();
            }
        };
        let key = known.as_ref().map_or(NOBODYS_KEY, |(_, key)| key.as_str());
        let message_id = self.client.dialogue.as_ref().map_or("", |dialogue| &dialogue.message_id);
        let is_right = digests_equal(sent, &digest(message_id, key));
        let proof = Proof::DictKey(SecretDigest::of(key));
        match known {
            Some((account, _)) if is_right => {
                self.mend(name);
                self.logged_in_by_dict(account, name, proof);
                push_status(self.replies.out(), 230, "authentication successful");
                None
            }
            _ => {
                self.replies.refused.get_or_insert(Code::Denied);
                push_status(self.replies.out(), 531, "access denied: wrong name or key");
                self.login_failed(name)
            }
        }
    }

    fn logged_in_by_dict(&mut self, account: AccountId, name: &str, proof: Proof) {
        self.logins.current =
            Some(Login { account, name: name.to_owned(), means: Means::DictKey, proof, ticket: None });
        self.show_login_to_writer();
        self.face.set_user(name);
    }
}
