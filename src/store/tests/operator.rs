//! What the operator's tools see and do, also to accounts that are locked.

use super::*;

on_both!(every_account_is_listed, what_a_locked_account_refuses_its_owner);

fn every_account_is_listed(bed: &Bed) {
    let mut store = open_for_operator(&bed.location, key()).unwrap();
    assert_eq!(store.accounts().unwrap(), []);
    // In the order of bytes, which is not the order of numbers.
    for name in ["词典", "bob", "Ann", "ann"] {
        store.register(name, "$argon2id$").unwrap();
    }
    let bob = store.account("bob").unwrap().unwrap().id;
    let records = [record_of("a", 0, 1), record_of("b", 7, 1), record_of("c", 3, 1)];
    assert_eq!(store.record(bob, &records).unwrap(), Standing::Live);
    for _ in 0..2 {
        assert_eq!(store.keep_token(bob, &Token::draw().unwrap().hash()).unwrap(), Standing::Live);
    }
    let accounts = store.accounts().unwrap();
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["Ann", "ann", "bob", "词典"]);
    let now = moment::present().0;
    assert!(accounts.iter().all(|account| (now - 60_000_000..=now).contains(&account.created.0) && !account.locked));
    let of_bob = &accounts[2];
    assert_eq!((of_bob.lookups, of_bob.last_lookup, of_bob.tokens), (3, Some(Microseconds(NOVEMBER + 7)), 2));
    assert_eq!((accounts[3].lookups, accounts[3].last_lookup, accounts[3].tokens), (0, None, 0));
    // Tokens that have expired do not count, although their rows are still there.
    bed.sql("UPDATE token SET last_used = '2001-01-01 00:00:00.000000'");
    assert_eq!(store.accounts().unwrap()[2].tokens, 0);
}

fn what_a_locked_account_refuses_its_owner(bed: &Bed) {
    let mut store = open_for_operator(&bed.location, key()).unwrap();
    let ann = register(&mut *bed.open(), "ann");
    let token = Token::draw().unwrap().hash();
    assert_eq!(store.keep_token(ann, &token).unwrap(), Standing::Live);
    for _ in 0..2 {
        assert_eq!(store.set_locked(ann, true), Ok(true), "also when it is locked already");
        assert_eq!(store.standing(ann).unwrap(), Standing::Gone);
    }
    assert!(store.accounts().unwrap()[0].locked);
    assert_eq!(store.set_locked(ann, false), Ok(true));
    assert_eq!(store.account_of_token("ann", &token), Ok(Some(ann)), "locking does not end tokens");
    assert_eq!(store.set_locked(ann, true), Ok(true));
    assert_eq!(store.reset_passwd(ann, "new"), Ok(true));
    assert_eq!(bed.sql("SELECT COUNT(*) FROM token"), "0\n", "a new password does");
    assert_eq!(store.account("ann").unwrap(), Some(Account { id: ann, passwd: "new".to_owned(), locked: true }));
    assert_eq!(store.remove_account(ann), Ok(true));
    assert_eq!(store.account("ann"), Ok(None));
    for nobody in [ann, super::nobody(0), super::nobody(u64::MAX)] {
        assert_eq!(store.remove_account(nobody), Ok(false));
        assert_eq!(store.set_locked(nobody, true), Ok(false));
        assert_eq!(store.reset_passwd(nobody, "x"), Ok(false));
    }
}
