//! Tokens: which account they belong to, how many there may be, how long they live, and what ends them.

use super::*;

on_both!(
    a_token_belongs_to_one_name,
    the_oldest_of_twenty_one_goes,
    ninety_days_without_use,
    a_use_is_written_at_most_daily,
    what_ends_a_token,
    a_repeated_token_is_kept_once,
    many_at_once_are_never_too_many,
    only_the_hash_is_there,
    a_locked_account_s_tokens_wait,
    many_are_asked_for_at_once,
);

fn give(store: &mut dyn Store, account: AccountId) -> Token {
    let token = Token::draw().unwrap();
    assert_eq!(store.keep_token(account, &token.hash()).unwrap(), Standing::Live);
    token
}

fn works(store: &mut dyn Store, name: &str, token: &Token) -> bool {
    store.account_of_token(name, &TokenHash::of(token.as_str())).unwrap().is_some()
}

/// Makes every token of this hash as if it had last been used this many days and hours ago.
fn age(bed: &Bed, token: &Token, days: u32, hours: u32) {
    let hash = token.hash().hexadecimal();
    match bed.location {
        Location::MySql(_) => bed.sql(&format!(
            "UPDATE token SET last_used = UTC_TIMESTAMP(6) - INTERVAL {days} DAY - INTERVAL {hours} HOUR \
             WHERE hash = UNHEX('{hash}')"
        )),
        Location::Sqlite(_) => bed.sql(&format!(
            "UPDATE token SET last_used = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-{days} days', '-{hours} hours') \
             WHERE hash = x'{hash}'"
        )),
    };
}

fn count(bed: &Bed) -> String {
    bed.sql("SELECT COUNT(*) FROM token").trim().to_owned()
}

fn a_token_belongs_to_one_name(bed: &Bed) {
    let mut store = bed.open();
    let (ann, bob) = (register(&mut *store, "ann"), register(&mut *store, "bob"));
    let (of_ann, of_bob) = (give(&mut *store, ann), give(&mut *store, bob));
    let mut account = |name: &str, token: &str| store.account_of_token(name, &TokenHash::of(token)).unwrap();
    assert_eq!(account("ann", of_ann.as_str()), Some(ann));
    assert_eq!(account("bob", of_bob.as_str()), Some(bob));
    for (name, token) in [
        ("bob", of_ann.as_str()),
        ("Ann", of_ann.as_str()),
        ("ann ", of_ann.as_str()),
        ("nobody", of_ann.as_str()),
        ("ann", &of_ann.as_str()[1..]),
        ("ann", ""),
        ("ann", "' OR ''='"),
        ("ann", &of_ann.hash().hexadecimal()),
    ] {
        assert_eq!(account(name, token), None, "{name} {token}");
    }
    assert_eq!(account("ann", of_ann.as_str()), Some(ann), "a wrong name does no harm to the token");
}

fn the_oldest_of_twenty_one_goes(bed: &Bed) {
    let mut store = bed.open();
    let (ann, bob) = (register(&mut *store, "ann"), register(&mut *store, "bob"));
    let of_bob = give(&mut *store, bob);
    let tokens: Vec<Token> = (0..MOST_TOKENS + 2).map(|_| give(&mut *store, ann)).collect();
    assert_eq!(count(bed), (MOST_TOKENS + 1).to_string());
    let works: Vec<bool> = tokens.iter().map(|token| works(&mut *store, "ann", token)).collect();
    let expected: Vec<bool> = (0..tokens.len()).map(|number| number >= 2).collect();
    assert_eq!(works, expected);
    assert!(super::tokens::works(&mut *store, "bob", &of_bob), "others' are not counted");
}

fn ninety_days_without_use(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let (good, found, pruned) = (give(&mut *store, ann), give(&mut *store, ann), give(&mut *store, ann));
    age(bed, &good, 89, 23);
    age(bed, &found, 90, 1);
    age(bed, &pruned, 1_000, 0);
    assert!(works(&mut *store, "ann", &good));
    assert!(!works(&mut *store, "ann", &found));
    assert_eq!(count(bed), "2", "an expired one goes when it is found");
    give(&mut *store, ann);
    assert_eq!(count(bed), "2", "and when a new one is made");
    assert!(!works(&mut *store, "ann", &pruned));
    // Its use was written down: it has another ninety days.
    assert!(works(&mut *store, "ann", &good));
}

fn a_use_is_written_at_most_daily(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let token = give(&mut *store, ann);
    let last_used = || bed.sql("SELECT last_used FROM token");
    for (hours, written) in [(0, false), (23, false), (25, true)] {
        age(bed, &token, 0, hours);
        let before = last_used();
        assert!(works(&mut *store, "ann", &token));
        assert_eq!(last_used() > before, written, "after {hours} hours");
    }
    // A clock that was wrong does not make a token live for ever.
    bed.sql("UPDATE token SET last_used = '2999-01-01 00:00:00.000000'");
    assert!(works(&mut *store, "ann", &token));
    assert!(last_used().starts_with("20"), "{}", last_used());
}

fn what_ends_a_token(bed: &Bed) {
    let mut store = bed.open();
    let (ann, bob) = (register(&mut *store, "ann"), register(&mut *store, "bob"));
    let of_bob = give(&mut *store, bob);
    let (first, second) = (give(&mut *store, ann), give(&mut *store, ann));
    assert_eq!(store.forget_token(bob, &first.hash()).unwrap(), Forgetting::NoSuchToken, "somebody else's");
    assert!(works(&mut *store, "ann", &first));
    assert_eq!(store.forget_token(ann, &first.hash()).unwrap(), Forgetting::Done);
    assert_eq!(store.forget_token(ann, &first.hash()).unwrap(), Forgetting::NoSuchToken);
    assert!(!works(&mut *store, "ann", &first) && works(&mut *store, "ann", &second));
    assert_eq!(store.set_passwd(ann, "new").unwrap(), Standing::Live);
    assert!(!works(&mut *store, "ann", &second) && works(&mut *store, "bob", &of_bob));
    let third = give(&mut *store, ann);
    assert_eq!(store.delete_account(ann).unwrap(), Standing::Live);
    assert!(!works(&mut *store, "ann", &third));
    assert_eq!(store.keep_token(ann, &first.hash()).unwrap(), Standing::Gone);
    assert_eq!(store.forget_token(ann, &third.hash()).unwrap(), Forgetting::Gone);
    // The next account of this name gets none of them.
    let again = register(&mut *store, "ann");
    assert!(!works(&mut *store, "ann", &third));
    assert_eq!(count(bed), "1");
    assert_eq!(store.standing(again).unwrap(), Standing::Live);
}

fn a_repeated_token_is_kept_once(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let tokens: Vec<Token> = (0..MOST_TOKENS).map(|_| give(&mut *store, ann)).collect();
    for again in [&tokens[0], &tokens[19]] {
        assert_eq!(store.keep_token(ann, &again.hash()).unwrap(), Standing::Live);
    }
    assert_eq!(count(bed), MOST_TOKENS.to_string());
    assert!(tokens.iter().all(|token| works(&mut *store, "ann", token)));
}

fn many_at_once_are_never_too_many(bed: &Bed) {
    let ann = register(&mut *bed.open(), "ann");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut store = bed.open();
                for _ in 0..8 {
                    give(&mut *store, ann);
                }
            });
        }
    });
    assert_eq!(count(bed), MOST_TOKENS.to_string());
}

fn only_the_hash_is_there(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let token = give(&mut *store, ann);
    let kept = bed.sql("SELECT LOWER(HEX(hash)), user_id FROM token");
    assert_eq!(kept, format!("{}\t{}\n", token.hash().hexadecimal(), ann.number));
}

fn a_locked_account_s_tokens_wait(bed: &Bed) {
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let token = give(&mut *store, ann);
    bed.sql("UPDATE user SET locked = 1");
    assert!(!works(&mut *store, "ann", &token));
    assert_eq!(store.keep_token(ann, &Token::draw().unwrap().hash()).unwrap(), Standing::Gone);
    assert_eq!(store.forget_token(ann, &token.hash()).unwrap(), Forgetting::Gone);
    assert_eq!(store.set_passwd(ann, "x").unwrap(), Standing::Gone, "nor are they ended by who is locked out");
    bed.sql("UPDATE user SET locked = 0");
    assert!(works(&mut *store, "ann", &token));
    assert_eq!(count(bed), "1");
}

fn many_are_asked_for_at_once(bed: &Bed) {
    let mut store = bed.open();
    let accounts: Vec<(String, AccountId, Token)> = (0..7)
        .map(|n| {
            let name = format!("user{n}");
            let account = register(&mut *store, &name);
            let token = give(&mut *store, account);
            (name, account, token)
        })
        .collect();
    age(bed, &accounts[1].2, 90, 0);
    age(bed, &accounts[2].2, 89, 0);
    match bed.location {
        Location::MySql(_) => bed.sql("UPDATE user SET locked = TRUE WHERE name = 'user3'"),
        Location::Sqlite(_) => bed.sql("UPDATE user SET locked = 1 WHERE name = 'user3'"),
    };
    let mut logins: Vec<(String, TokenHash)> =
        accounts.iter().map(|(name, _, token)| (name.clone(), token.hash())).collect();
    // Another account's token, an unknown one, and one that is asked for twice.
    logins.push(("user0".to_owned(), accounts[4].2.hash()));
    logins.push(("user0".to_owned(), TokenHash::of("")));
    logins.push(logins[5].clone());
    let found = store.accounts_of_tokens(&logins).unwrap();
    let id = |n: usize| Ok(Some(accounts[n].1));
    let none = || Ok(None);
    assert_eq!(
        found,
        [id(0), none(), id(2), none(), id(4), id(5), id(6), none(), none(), id(5)],
        "in the order of the questions"
    );
    assert_eq!(count(bed), "6", "the expired one is gone");
    assert_eq!(store.accounts_of_tokens(&[]), Ok(Vec::new()));
    // As each by itself.
    for ((name, token), found) in logins.iter().zip(found) {
        assert_eq!(store.account_of_token(name, token), found);
    }
}
