//! The notebook: stars, their texts, grades that count once, what is due, and what is deleted together with the
//! account.

use super::*;

on_both!(
    only_what_was_looked_up_is_starred,
    tags_and_notes,
    an_import_is_one_piece_of_work,
    a_grade_counts_once,
    grades_of_two_sessions_both_count,
    what_is_due,
    pages,
    whose_account_is_gone,
    the_operator_sees_all,
    no_more_than_fit,
);

const DAY: i64 = 86_400_000_000;

/// An account that has looked these words up.
fn reader(store: &mut dyn Store, name: &str, words: &[&str]) -> AccountId {
    let account = register(store, name);
    let records: Vec<_> = (0..).zip(words).map(|(time, word)| record_of(word, time, 1)).collect();
    assert_eq!(store.record(account, &records).unwrap(), Standing::Live);
    account
}

fn text(tags: &str, note: Option<&str>) -> StarText {
    StarText { tags: tags.split_whitespace().map(str::to_owned).collect(), note: note.map(str::to_owned) }
}

fn star(store: &mut dyn Store, account: AccountId, word: &str) -> Starring {
    store.star(account, &[word.to_owned()], &StarText::default()).unwrap()
}

fn stars(store: &mut dyn Store, account: AccountId) -> Vec<Star> {
    store.stars_after(account, "", 1_000).unwrap().unwrap()
}

fn words_starred(store: &mut dyn Store, account: AccountId) -> Vec<String> {
    stars(store, account).into_iter().map(|star| star.word).collect()
}

fn given(word: &str, time: Microseconds, origin: u64) -> Record {
    Record { word: word.to_owned(), time, origin }
}

fn only_what_was_looked_up_is_starred(bed: &Bed) {
    let mut store = bed.open();
    let ann = reader(&mut *store, "ann", &["apple", "ice cream", "Polish"]);
    let bob = register(&mut *store, "bob");
    assert_eq!(star(&mut *store, ann, "apple"), Starring::New("apple".into()));
    assert_eq!(star(&mut *store, ann, "apple"), Starring::Known("apple".into()));
    for word in ["polish", "apples", "ice", "pear"] {
        assert_eq!(star(&mut *store, ann, word), Starring::NeverLookedUp, "{word}");
    }
    assert_eq!(star(&mut *store, bob, "apple"), Starring::NeverLookedUp, "another's history is no matter");
    // The first that was looked up.
    let meant = ["apples".to_owned(), "ice cream".to_owned(), "Polish".to_owned()];
    assert_eq!(store.star(ann, &meant, &StarText::default()).unwrap(), Starring::New("ice cream".into()));
    // A star stays when the history goes.
    assert_eq!(store.clear_history(ann, None).unwrap(), Standing::Live);
    assert_eq!(star(&mut *store, ann, "apple"), Starring::Known("apple".into()));
    assert_eq!(star(&mut *store, ann, "Polish"), Starring::NeverLookedUp);
    assert_eq!(words_starred(&mut *store, ann), ["apple", "ice cream"]);
    assert_eq!(words_starred(&mut *store, bob), [""; 0]);
}

fn tags_and_notes(bed: &Bed) {
    let mut store = bed.open();
    let ann = reader(&mut *store, "ann", &["apple"]);
    let words = ["apple".to_owned()];
    let note = "An apple a day… 'keeps' \"the\" \\ doctor 🍏";
    assert_eq!(store.star(ann, &words, &text("b a", Some(note))).unwrap(), Starring::New("apple".into()));
    assert_eq!(store.star(ann, &words, &text("c a", None)).unwrap(), Starring::Known("apple".into()));
    let found = stars(&mut *store, ann).remove(0);
    assert_eq!((found.tags.join(" ").as_str(), found.note.as_str()), ("b a c", note));
    let long = "x".repeat(200);
    let many = [&long, &format!("{long}y"), &format!("{long}z")].map(String::as_str).join(" ");
    assert_eq!(store.star(ann, &words, &text(&many, Some(""))).unwrap(), Starring::TooManyTags);
    assert_eq!(stars(&mut *store, ann).remove(0), found, "and nothing has changed");
    assert_eq!(store.star(ann, &words, &text("", Some(""))).unwrap(), Starring::Known("apple".into()));
    assert_eq!(store.unstar(ann, "apple", &["a".into(), "z".into()]).unwrap(), Unstarring::Done);
    let left = stars(&mut *store, ann).remove(0);
    assert_eq!((left.tags.join(" ").as_str(), left.note.as_str()), ("b c", ""));
    assert_eq!(store.unstar(ann, "apple", &[]).unwrap(), Unstarring::Done);
    assert_eq!(store.unstar(ann, "apple", &[]).unwrap(), Unstarring::NotStarred);
    assert_eq!(store.unstar(ann, "apple", &["a".into()]).unwrap(), Unstarring::NotStarred);
}

fn an_import_is_one_piece_of_work(bed: &Bed) {
    let mut store = bed.open();
    let ann = reader(&mut *store, "ann", &["apple"]);
    assert_eq!(star(&mut *store, ann, "apple"), Starring::New("apple".into()));
    let entries = [
        (Some("apple".to_owned()), text("fruit", Some("red"))),
        (None, StarText::default()),
        (Some("pear".to_owned()), text("fruit", None)),
        (Some("pear".to_owned()), text("green", None)),
    ];
    let done = store.import_stars(ann, &entries).unwrap().unwrap();
    let expected = [
        Starring::Known("apple".into()),
        Starring::NeverLookedUp,
        Starring::New("pear".into()),
        Starring::Known("pear".into()),
    ];
    assert_eq!(done, expected);
    let all = stars(&mut *store, ann);
    assert_eq!(all.iter().map(|star| star.tags.join(" ")).collect::<Vec<_>>(), ["fruit", "fruit green"]);
    // All or nothing.
    let bad = [(Some("plum".to_owned()), StarText::default()), (Some(String::new()), StarText::default())];
    assert_eq!(store.import_stars(ann, &bad).unwrap_err().kind, Kind::Bug);
    assert_eq!(words_starred(&mut *store, ann), ["apple", "pear"]);
}

fn a_grade_counts_once(bed: &Bed) {
    let mut store = bed.open();
    let ann = reader(&mut *store, "ann", &["apple", "pear"]);
    star(&mut *store, ann, "apple");
    let first = given("apple", moment::present(), 7);
    let Grading::Due(due) = store.grade(ann, Grade::Good, &first).unwrap() else { panic!("not graded") };
    // The very same again, by this connection and by another.
    assert_eq!(store.grade(ann, Grade::Good, &first).unwrap(), Grading::Due(due));
    assert_eq!(bed.open().grade(ann, Grade::Good, &first).unwrap(), Grading::Due(due));
    let after = stars(&mut *store, ann).remove(0).memory;
    assert_eq!((after.reps, after.due, after.last_review), (1, due, Some(first.time)));
    assert_eq!(after, Memory::new(first.time).graded(Grade::Good, first.time).unwrap());
    assert_eq!(bed.sql("SELECT word, grade FROM review"), "apple\t3\n");
    // One that was looked up and not starred is starred; one that was not cannot be graded.
    let pear = given("pear", moment::present(), 7);
    assert!(matches!(store.grade(ann, Grade::Again, &pear).unwrap(), Grading::Due(_)));
    let plum = given("plum", moment::present(), 7);
    assert_eq!(store.grade(ann, Grade::Again, &plum).unwrap(), Grading::NeverLookedUp);
    assert_eq!(words_starred(&mut *store, ann), ["apple", "pear"]);
    assert_eq!(bed.sql("SELECT COUNT(*) FROM review"), "2\n");
    // What is taken away is forgotten; the grades are history.
    assert_eq!(store.unstar(ann, "apple", &[]).unwrap(), Unstarring::Done);
    assert_eq!(star(&mut *store, ann, "apple"), Starring::New("apple".into()));
    assert_eq!(stars(&mut *store, ann).remove(0).memory.reps, 0);
}

fn grades_of_two_sessions_both_count(bed: &Bed) {
    const EACH: u64 = 20;
    let ann = reader(&mut *bed.open(), "ann", &["apple"]);
    std::thread::scope(|scope| {
        for origin in 1..=3 {
            scope.spawn(move || {
                let mut store = bed.open();
                for _ in 0..EACH {
                    let given = given("apple", moment::present(), origin);
                    assert!(matches!(store.grade(ann, Grade::Good, &given).unwrap(), Grading::Due(_)));
                }
            });
        }
    });
    assert_eq!(bed.sql("SELECT COUNT(*) FROM review"), format!("{}\n", 3 * EACH));
    assert_eq!(u64::from(stars(&mut *bed.open(), ann).remove(0).memory.reps), 3 * EACH);
}

fn what_is_due(bed: &Bed) {
    let mut store = bed.open();
    let words = ["new", "learning", "easy", "long ago"];
    let ann = reader(&mut *store, "ann", &words);
    words.iter().for_each(|word| drop(star(&mut *store, ann, word)));
    let now = moment::present();
    let ago = Microseconds(now.0 - 30 * DAY);
    for (word, grade, time) in
        [("learning", Grade::Good, now), ("easy", Grade::Easy, now), ("long ago", Grade::Easy, ago)]
    {
        assert!(matches!(store.grade(ann, grade, &given(word, time, word.len() as u64)).unwrap(), Grading::Due(_)));
    }
    let mut due = |until: i64, limit| {
        let found = store.stars_due(ann, Microseconds(until), limit).unwrap().unwrap();
        (
            found.into_iter().map(|star| star.word).collect::<Vec<_>>(),
            store.count_stars(ann, Microseconds(until)).unwrap(),
        )
    };
    // Minutes are due a little earlier; what was never reviewed comes last.
    assert_eq!(due(now.0, 10), (words_of_text("long_ago learning new"), Some((4, 3))));
    assert_eq!(due(now.0 + 14 * DAY, 10), (words_of_text("long_ago learning new"), Some((4, 3))));
    assert_eq!(due(now.0 + 16 * DAY, 10), (words_of_text("long_ago learning easy new"), Some((4, 4))));
    assert_eq!(due(now.0 + 16 * DAY, 2).0, words_of_text("long_ago learning"));
    // Whatever the day is taken for, what is due now is due.
    assert_eq!(due(NOVEMBER - 100 * DAY, 10).0.len(), 3);
}

fn words_of_text(text: &str) -> Vec<String> {
    text.split(' ').map(|word| word.replace('_', " ")).collect()
}

fn pages(bed: &Bed) {
    let mut store = bed.open();
    let words: Vec<String> =
        (0..25).map(|n| format!("w{n:02}")).chain(["Ä".into(), "a b".into(), "词".into()]).collect();
    let ann = reader(&mut *store, "ann", &words.iter().map(String::as_str).collect::<Vec<_>>());
    words.iter().for_each(|word| drop(star(&mut *store, ann, word)));
    let (mut read, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.stars_after(ann, &after, 10).unwrap().unwrap();
        let Some(last) = page.last() else { break };
        after.clone_from(&last.word);
        read.extend(page.into_iter().map(|star| star.word));
    }
    let mut sorted = words;
    sorted.sort();
    assert_eq!(read, sorted);
}

fn whose_account_is_gone(bed: &Bed) {
    let mut operator = open_for_operator(&bed.location, key()).unwrap();
    let mut store = bed.open();
    let ann = reader(&mut *store, "ann", &["apple"]);
    star(&mut *store, ann, "apple");
    store.grade(ann, Grade::Good, &given("apple", moment::present(), 1)).unwrap();
    let check = |store: &mut dyn Store, account| {
        let now = moment::present();
        assert_eq!(star(store, account, "apple"), Starring::Gone);
        assert_eq!(store.import_stars(account, &[(Some("apple".into()), StarText::default())]).unwrap(), None);
        assert_eq!(store.unstar(account, "apple", &[]).unwrap(), Unstarring::Gone);
        assert_eq!(store.grade(account, Grade::Good, &given("apple", now, 1)).unwrap(), Grading::Gone);
        assert_eq!(store.stars_after(account, "", 10).unwrap(), None);
        assert_eq!(store.stars_due(account, now, 10).unwrap(), None);
        assert_eq!(store.count_stars(account, now).unwrap(), None);
    };
    assert_eq!(operator.set_locked(ann, true), Ok(true));
    check(&mut *store, ann);
    assert_eq!(operator.set_locked(ann, false), Ok(true));
    assert_eq!(stars(&mut *store, ann).remove(0).memory.reps, 1);
    assert_eq!(store.delete_account(ann).unwrap(), Standing::Live);
    check(&mut *store, ann);
    check(&mut *store, nobody(ann.number));
    assert_eq!(bed.sql("SELECT COUNT(*) FROM star") + &bed.sql("SELECT COUNT(*) FROM review"), "0\n0\n");
}

fn the_operator_sees_all(bed: &Bed) {
    let mut operator = open_for_operator(&bed.location, key()).unwrap();
    let mut store = bed.open();
    let ann = reader(&mut *store, "ann", &["apple", "pear"]);
    for (time, word) in (0..).zip(["apple", "pear", "apple"]) {
        let given = given(word, Microseconds(NOVEMBER + time), u64::MAX);
        assert!(matches!(store.grade(ann, Grade::Hard, &given).unwrap(), Grading::Due(_)));
    }
    assert_eq!(operator.set_locked(ann, true), Ok(true));
    assert_eq!(operator.stars_of(ann, "apple", 10).unwrap().len(), 1);
    let first = operator.reviews_of(ann, None, 2).unwrap();
    assert_eq!(first.iter().map(|review| review.word.as_str()).collect::<Vec<_>>(), ["apple", "pear"]);
    let rest = operator.reviews_of(ann, first.last().map(PastReview::place), 2).unwrap();
    let expected = PastReview { word: "apple".into(), grade: 2, time: Microseconds(NOVEMBER), origin: u64::MAX };
    assert_eq!(rest, [expected]);
}

fn no_more_than_fit(bed: &Bed) {
    let mut store = bed.open();
    let ann = reader(&mut *store, "ann", &["apple", "pear"]);
    star(&mut *store, ann, "apple");
    let digit = "(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 \
        UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let number = "a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d";
    let name = if matches!(bed.location, Location::Sqlite(_)) {
        format!("'w' || ({number})")
    } else {
        format!("CONCAT('w', {number})")
    };
    let fill = |more: u64| {
        format!(
            "INSERT INTO star (user_id, word, created, tags, note, due) SELECT user_id, {name}, created, '', '', due \
         FROM star, {digit} a, {digit} b, {digit} c, {digit} e, {digit} f WHERE word = 'apple' AND {number} < {more}"
        )
    };
    bed.sql(&fill(MOST_STARS - 1));
    assert_eq!(star(&mut *store, ann, "pear"), Starring::Full);
    assert_eq!(star(&mut *store, ann, "apple"), Starring::Known("apple".into()));
    assert_eq!(store.grade(ann, Grade::Good, &given("pear", moment::present(), 1)).unwrap(), Grading::Full);
    assert_eq!(store.unstar(ann, "w0", &[]).unwrap(), Unstarring::Done);
    assert_eq!(star(&mut *store, ann, "pear"), Starring::New("pear".into()));
}
