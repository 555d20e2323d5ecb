//! Accounts: unique names compared byte for byte, numbers that are never used again, locking, deletion.

use super::*;

on_both!(
    names_are_compared_byte_for_byte,
    sql_in_names_is_data,
    a_taken_name_is_refused_once_and_for_all,
    a_repeated_registration_finds_its_own_row,
    one_of_twenty_gets_the_name,
    numbers_are_never_used_again,
    deletion_takes_the_history_along,
    a_locked_account_can_do_nothing,
    a_new_password_replaces_the_old,
    wide_characters_come_back,
);

fn names_are_compared_byte_for_byte(bed: &Bed) {
    let mut store = bed.open();
    // The last two are one letter, composed and decomposed.
    let names = ["Ann", "ann", "ANN", "änn", "ann🐉", "ann🐲", "é", "e\u{301}", "ｱ", "ア"];
    let accounts: Vec<_> = names.iter().map(|name| register(&mut *store, name)).collect();
    for (name, account) in names.iter().zip(&accounts) {
        assert_eq!(store.account(name).unwrap().unwrap().id, *account, "{name}");
    }
    for stranger in ["aNN", "ann ", " ann", "", "Ann\0", "ä", "a\u{308}nn"] {
        assert_eq!(store.account(stranger).unwrap(), None, "{stranger:?}");
    }
}

fn sql_in_names_is_data(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    for (time, text) in
        ["'or'1'='1", "x';drop/**/table/**/user;--", "\\", "%", "_", "\"", "a\\'b", "?"].iter().enumerate()
    {
        assert_eq!(store.account(text).unwrap(), None, "{text}");
        let account = register(&mut *store, text);
        assert_eq!(store.account(text).unwrap().unwrap().id, account);
        assert_eq!(store.record(ann, &[record_of(text, time as i64, 1)]).unwrap(), Standing::Live);
        assert_eq!(words_of(&mut *store, ann)[0], *text);
    }
    assert_eq!(store.clear_history(ann, Some("' OR '1'='1")).unwrap(), Standing::Live);
    assert_eq!(store.clear_history(ann, Some("%")).unwrap(), Standing::Live);
    assert_eq!(words_of(&mut *store, ann).len(), 7);
}

fn a_taken_name_is_refused_once_and_for_all(bed: &Bed) {
    let mut store = bed.open();
    register(&mut *store, "ann");
    for _ in 0..2 {
        assert_eq!(store.register("ann", "another hash").unwrap(), Registration::NameTaken);
    }
    assert_eq!(store.account("ann").unwrap().unwrap().passwd, "$argon2id$");
}

fn a_repeated_registration_finds_its_own_row(bed: &Bed) {
    let mut store = bed.open();
    let made = store.register("ann", "a hash with a salt of its own").unwrap();
    assert_eq!(store.register("ann", "a hash with a salt of its own").unwrap(), made);
    assert_eq!(bed.sql("SELECT COUNT(*) FROM user").trim(), "1");
}

fn one_of_twenty_gets_the_name(bed: &Bed) {
    let made = std::thread::scope(|scope| {
        let attempts: Vec<_> = (0..20)
            .map(|hash| scope.spawn(move || bed.open().register("ann", &format!("hash {hash}")).unwrap()))
            .collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(made.iter().filter(|outcome| matches!(outcome, Registration::Made(_))).count(), 1);
}

fn numbers_are_never_used_again(bed: &Bed) {
    let mut store = bed.open();
    let first = register(&mut *store, "ann");
    assert_eq!(store.delete_account(first).unwrap(), Standing::Live);
    drop(store);
    let mut store = bed.open();
    let second = register(&mut *store, "ann");
    assert!(second.number > first.number);
    assert_eq!(store.standing(first).unwrap(), Standing::Gone);
    assert_eq!(store.record(first, &[record_of("a", 0, 1)]).unwrap(), Standing::Gone);
    assert_eq!(words_of(&mut *store, second), [""; 0]);
}

fn deletion_takes_the_history_along(bed: &Bed) {
    let mut store = bed.open();
    let (ann, bob) = (register(&mut *store, "ann"), register(&mut *store, "bob"));
    let records = [record_of("a", 0, 1), record_of("b", 1, 1)];
    let kept = store.record_many(&[batch_of(ann, "ann", &records), batch_of(bob, "bob", &records)]);
    assert_eq!(kept, [Ok(Standing::Live), Ok(Standing::Live)]);
    assert_eq!(store.delete_account(ann).unwrap(), Standing::Live);
    assert_eq!(bed.sql("SELECT name, COUNT(*) FROM hist GROUP BY name"), "bob\t2\n");
    assert_eq!(store.delete_account(ann).unwrap(), Standing::Gone);
    assert_eq!(store.account("ann").unwrap(), None);
    assert_eq!(history_of(store.as_mut(), ann, None).unwrap(), None);
    assert_eq!(store.clear_history(ann, None).unwrap(), Standing::Gone);
    assert_eq!(store.set_passwd(ann, "x").unwrap(), Standing::Gone);
    assert_eq!(store.record(ann, &[]).unwrap(), Standing::Gone);
    for nobody in [0, u64::MAX, 1 << 63] {
        assert_eq!(store.record(super::nobody(nobody), &[record_of("a", 0, 1)]).unwrap(), Standing::Gone);
    }
}

fn a_locked_account_can_do_nothing(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    assert_eq!(store.record(ann, &[record_of("a", 0, 1)]).unwrap(), Standing::Live);
    bed.sql("UPDATE user SET locked = 1");
    assert!(store.account("ann").unwrap().unwrap().locked);
    assert_eq!(store.standing(ann).unwrap(), Standing::Gone);
    for count in [1, 2, 64, 100] {
        let records: Vec<_> = (0..count).map(|time| record_of("b", 1 + time, 1)).collect();
        assert_eq!(store.record(ann, &records).unwrap(), Standing::Gone);
    }
    assert_eq!(store.set_passwd(ann, "x").unwrap(), Standing::Gone);
    assert_eq!(store.delete_account(ann).unwrap(), Standing::Gone);
    assert_eq!(store.clear_history(ann, None).unwrap(), Standing::Gone);
    assert_eq!(history_of(store.as_mut(), ann, None).unwrap(), None);
    bed.sql("UPDATE user SET locked = 0");
    assert_eq!(words_of(&mut *store, ann), ["a"]);
    assert_eq!(store.account("ann").unwrap().unwrap().passwd, "$argon2id$");
}

fn a_new_password_replaces_the_old(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    for _ in 0..2 {
        // Repeating it does not change the answer.
        assert_eq!(store.set_passwd(ann, "new").unwrap(), Standing::Live);
    }
    let account = store.account("ann").unwrap().unwrap();
    assert_eq!(account, Account { id: ann, passwd: "new".to_owned(), locked: false });
}

fn wide_characters_come_back(bed: &Bed) {
    let mut store = bed.open();
    let name = "龙🐉".repeat(16);
    let ann = register(&mut *store, &name);
    let word = "𠮷".repeat(MAX_WORD_CHARS);
    let kept = store.record_many(&[batch_of(ann, &name, &[record_of(&word, 0, u64::MAX)])]);
    assert_eq!(kept, [Ok(Standing::Live)]);
    assert_eq!(words_of(&mut *bed.open(), ann), [word.as_str()]);
    assert_eq!(bed.sql("SELECT name, word FROM hist"), format!("{name}\t{word}\n"));
    assert!(bed.sql("SELECT created FROM user").starts_with("20"));
}
