//! Old rows of table `user` to accounts: each keeps its name if that is possible; otherwise it gets one that no other
//! account has.

use super::{clean, row, shown};
use crate::store::MAX_NAME_CHARS;
use crate::text::printable;
use std::collections::{HashMap, HashSet};
use zeroize::Zeroizing;

/// An old row.
pub struct OldUser {
    /// Its number, where the table has numbers.
    pub id: Option<u64>,
    /// Its name, as it stands there.
    pub name: Option<String>,
    /// Its password in plain text.
    pub passwd: Option<Zeroizing<String>>,
}

/// An account to be made.
pub struct NewAccount {
    pub id: u64,
    pub name: String,
    /// `None` if no password is to be valid for it.
    pub passwd: Option<Zeroizing<String>>,
    pub locked: bool,
}

/// The accounts to be made, in the order of the rows.
pub struct NewAccounts {
    list: Vec<NewAccount>,
    taken: HashSet<String>,
    /// By the name that old lookups carry.
    by_old_name: HashMap<String, usize>,
    /// The same in lower case, where the old program did not mind it.
    by_folded_name: Option<HashMap<String, usize>>,
}

/// The name of a row without a name.
const UNNAMED: &str = "unnamed";

impl NewAccounts {
    /// Accounts for these rows. With `any_case` the old table compared names without regard to case.
    pub fn of(
        rows: Vec<OldUser>,
        any_case: bool,
        possible_passwd: &dyn Fn(&str) -> bool,
        notice: &mut dyn FnMut(&str),
    ) -> Self {
        let ids: HashSet<u64> = rows.iter().filter_map(|user| user.id).filter(|id| *id > 0).collect();
        let keeps_ids = ids.len() == rows.len();
        let mut accounts = Self {
            list: Vec::with_capacity(rows.len()),
            taken: HashSet::new(),
            by_old_name: HashMap::new(),
            by_folded_name: any_case.then(HashMap::new),
        };
        // First the accounts that can keep their names, then those that are given new ones.
        let names: Vec<String> = rows.iter().map(|user| plain(user.name.as_deref())).collect();
        let keeps: Vec<bool> = names.iter().map(|name| is_name(name) && accounts.taken.insert(name.clone())).collect();
        for (((at, user), name), keeps) in (1..).zip(rows).zip(names).zip(keeps) {
            let place = row("user", at, user.id);
            let new = if keeps { name.clone() } else { accounts.free_name(&name) };
            if user.name.as_deref() != Some(&*new) {
                let why = if is_name(&name) && !keeps { " is taken" } else { " is not valid" };
                let why = if keeps { " has blanks around it" } else { why };
                notice(&format!(
                    "{place}: the name {}{why}; the account was renamed to {}",
                    shown(user.name.as_deref()),
                    printable(&new)
                ));
            }
            // Blanks at the end were nothing to the old comparison, and could not be typed.
            let passwd = user.passwd.map(|passwd| Zeroizing::new(passwd.trim_end().to_owned()));
            let passwd = passwd.filter(|passwd| possible_passwd(passwd));
            if passwd.is_none() {
                let new = printable(&new);
                notice(&format!("{place}: {new} has no valid password; set one: cidiand user passwd {new}"));
            }
            let id = user.id.filter(|_| keeps_ids).unwrap_or(at);
            accounts.add(name, NewAccount { id, name: new, passwd, locked: false });
        }
        accounts
    }

    /// Ensures that there is an account for the lookups of an old name. A name without one (its account was deleted,
    /// say) gets one that is locked.
    pub fn adopt(&mut self, old_name: Option<&str>, notice: &mut dyn FnMut(&str)) {
        if self.find(old_name).is_some() {
            return;
        }
        let name = plain(old_name);
        let new = self.free_name(&name);
        let id = self.list.iter().map(|account| account.id).max().unwrap_or(0) + 1;
        let (old, shown) = (shown(old_name), printable(&new));
        notice(&format!(
            "table hist has lookups of {old}, which has no account; they now belong to {shown}, which is locked"
        ));
        self.add(name, NewAccount { id, name: new, passwd: None, locked: true });
    }

    /// The account of an old name.
    pub fn find(&self, old_name: Option<&str>) -> Option<&NewAccount> {
        let name = plain(old_name);
        let folded = || self.by_folded_name.as_ref()?.get(&name.to_lowercase());
        self.by_old_name.get(&name).or_else(folded).and_then(|at| self.list.get(*at))
    }

    /// All of them.
    pub fn list(&self) -> &[NewAccount] {
        &self.list
    }

    fn add(&mut self, old_name: String, account: NewAccount) {
        let at = self.list.len();
        // Of several by one name, the first has its history.
        if let Some(folded) = &mut self.by_folded_name {
            folded.entry(old_name.to_lowercase()).or_insert(at);
        }
        self.by_old_name.entry(old_name).or_insert(at);
        self.list.push(account);
    }

    /// The nearest name that no other account has or gets.
    fn free_name(&mut self, wanted: &str) -> String {
        let letter = |c: char| if c.is_whitespace() || c.is_control() { '_' } else { c };
        let base: String = if wanted.is_empty() { UNNAMED.to_owned() } else { wanted.chars().map(letter).collect() };
        let with = |end: &str| {
            let room = MAX_NAME_CHARS - end.chars().count();
            base.chars().take(room).collect::<String>() + end
        };
        let mut name = with("");
        let mut number = 2_u64;
        while !self.taken.insert(name.clone()) {
            name = with(&format!("~{number}"));
            number += 1;
        }
        name
    }
}

/// A name without the blanks that some client or import left around it.
fn plain(name: Option<&str>) -> String {
    name.map(|name| clean(name).trim().to_owned()).unwrap_or_default()
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: Option<u64>, name: Option<&str>, passwd: Option<&str>) -> OldUser {
        OldUser { id, name: name.map(str::to_owned), passwd: passwd.map(|text| Zeroizing::new(text.to_owned())) }
    }

    fn accounts(rows: Vec<OldUser>, any_case: bool) -> (NewAccounts, Vec<String>) {
        let mut notices = Vec::new();
        let possible = |text: &str| !text.is_empty();
        let accounts = NewAccounts::of(rows, any_case, &possible, &mut |text| notices.push(text.to_owned()));
        (accounts, notices)
    }

    fn names(accounts: &NewAccounts) -> Vec<&str> {
        accounts.list().iter().map(|account| account.name.as_str()).collect()
    }

    #[test]
    fn every_row_is_an_account_and_no_name_is_there_twice() {
        let long = "x".repeat(40);
        let rows = vec![
            user(Some(7), Some("ann"), Some("secret1")),
            user(Some(8), Some("ann "), Some("secret2  ")),
            user(Some(9), Some("ann"), Some("secret1")),
            user(Some(10), Some("bob lee"), Some("x")),
            user(Some(11), None, None),
            user(Some(12), Some(""), Some(" ")),
            user(Some(13), Some(&long), Some("x")),
            user(Some(14), Some("ann~2"), Some("x")),
            user(Some(15), Some("李雷"), Some("x")),
        ];
        let (accounts, notices) = accounts(rows, false);
        let short = "x".repeat(32);
        let expected = ["ann", "ann~3", "ann~4", "bob_lee", "unnamed", "unnamed~2", &short, "ann~2", "李雷"];
        assert_eq!(names(&accounts), expected);
        assert_eq!(accounts.list().iter().map(|account| account.id).collect::<Vec<_>>(), (7..=15).collect::<Vec<_>>());
        assert_eq!(accounts.list()[1].passwd.as_ref().map(|text| text.as_str()), Some("secret2"));
        assert!(accounts.list()[4].passwd.is_none() && accounts.list()[5].passwd.is_none());
        assert_eq!(notices.len(), 8, "{notices:#?}");
        assert!(notices[0].starts_with("table user, row 2 (id 8): the name 'ann ' is taken"), "{notices:#?}");
        assert!(!notices.iter().any(|notice| notice.contains("secret")), "no password is shown");
        assert_eq!(accounts.find(Some("ann ")).map(|account| account.id), Some(7));
        assert_eq!(accounts.find(Some("bob lee")).map(|account| account.id), Some(10));
    }

    #[test]
    fn numbers_that_are_no_numbers_are_given_anew() {
        for ids in [[Some(3), Some(3)], [Some(0), Some(1)], [None, Some(5)]] {
            let (accounts, _) =
                accounts(vec![user(ids[0], Some("a"), Some("x")), user(ids[1], Some("b"), Some("x"))], false);
            assert_eq!(accounts.list().iter().map(|account| account.id).collect::<Vec<_>>(), [1, 2], "{ids:?}");
        }
    }

    #[test]
    fn lookups_without_an_account_get_one_that_is_locked() {
        for any_case in [false, true] {
            let (mut accounts, mut notices) = accounts(vec![user(None, Some("Ann"), Some("x"))], any_case);
            for name in [Some("ann"), Some("bob"), Some("bob "), None, Some("Ann")] {
                accounts.adopt(name, &mut |text| notices.push(text.to_owned()));
            }
            let expected: &[&str] =
                if any_case { &["Ann", "bob", "unnamed"] } else { &["Ann", "ann", "bob", "unnamed"] };
            assert_eq!(names(&accounts), expected);
            assert!(accounts.list()[1..].iter().all(|account| account.locked && account.passwd.is_none()));
            assert_eq!(notices.len(), expected.len() - 1, "{notices:?}");
            let whose = accounts.find(Some("ann")).map(|account| account.name.as_str());
            assert_eq!(whose, Some(if any_case { "Ann" } else { "ann" }));
        }
    }
}
