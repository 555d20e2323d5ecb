//! Lost connections, restarted servers, servers with odd settings: what is repeated, and that nothing is doubled.

use super::*;

/// Ends every other connection to the server, as an operator or a proxy would.
fn kill_connections(server: &MariaDb) {
    let ids = server.sql("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'root'");
    for id in ids.lines() {
        // It may have gone by itself, and no other gets its number.
        let is_there = format!("SELECT COUNT(*) FROM information_schema.processlist WHERE id = {id}");
        assert!(server.try_sql(&format!("KILL CONNECTION {id}")) || server.sql(&is_there).trim() == "0", "{id}");
    }
}

/// Calls everything that a session calls, each after `interrupt`.
fn survive(store: &mut dyn Store, mut interrupt: impl FnMut()) {
    let mut again = |what: &str| {
        interrupt();
        what.to_owned()
    };
    again("register");
    let ann = register(store, "ann");
    again("account");
    assert_eq!(store.account("ann").unwrap().unwrap().id, ann);
    again("record");
    assert_eq!(store.record(ann, &[record_of("a", 0, 1)]).unwrap(), Standing::Live);
    again("record many");
    let many: Vec<_> = (1..100).map(|time| record_of("b", time, 1)).collect();
    assert_eq!(store.record(ann, &many).unwrap(), Standing::Live);
    again("history");
    assert_eq!(words_of(store, ann).len(), 100);
    again("standing");
    assert_eq!(store.standing(ann).unwrap(), Standing::Live);
    again("token");
    let token = Token::draw().unwrap().hash();
    assert_eq!(store.keep_token(ann, &token).unwrap(), Standing::Live);
    again("account of a token");
    assert_eq!(store.account_of_token("ann", &token).unwrap(), Some(ann));
    again("forget a token");
    assert_eq!(store.forget_token(ann, &token).unwrap(), Forgetting::Done);
    again("passwd");
    assert_eq!(store.set_passwd(ann, "x").unwrap(), Standing::Live);
    again("clear");
    assert_eq!(store.clear_history(ann, Some("b")).unwrap(), Standing::Live);
    again("words");
    assert_eq!(store.find_word("a").unwrap(), None);
    again("words beginning");
    assert_eq!(store.words_beginning("a", 1).unwrap(), [""; 0]);
    again("load");
    let mut rows = [WordRow { word: "a", dictionary: "", folded: "a", key: "a", interpret: "x" }].into_iter();
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {}), done(1));
    again("about");
    assert_eq!(store.about_words().unwrap().headwords, 1);
    again("delete");
    assert_eq!(store.delete_account(ann).unwrap(), Standing::Live);
}

#[test]
fn killed_connections_are_opened_again() {
    let server = MariaDb::start();
    survive(&mut *Bed::on(&server).open(), || kill_connections(&server));
    let mut tcp = open(&Location::parse(&server.tcp_url("t")).unwrap(), key());
    assert_eq!(tcp.as_ref().err().map(|error| error.kind), Some(Kind::Configuration));
    let location = Location::parse(&server.tcp_url("t")).unwrap();
    init(&location, key()).unwrap();
    tcp = open(&location, key());
    survive(&mut *tcp.unwrap(), || kill_connections(&server));
}

#[test]
fn idle_connections_are_opened_again() {
    let server = MariaDb::start_with(&["--wait-timeout=1"]);
    let bed = Bed::on(&server);
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while server.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'root'").trim() != "1" {
        assert!(std::time::Instant::now() < deadline, "the server keeps idle connections");
    }
    assert_eq!(store.record(ann, &[record_of("a", 0, 1)]).unwrap(), Standing::Live);
    assert_eq!(words_of(&mut *store, ann), ["a"]);
}

#[test]
fn a_restarted_server_is_found_again_and_has_everything() {
    let mut server = MariaDb::start();
    let bed = Bed::on(&server);
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let bob = register(&mut *store, "bob");
    assert_eq!(store.delete_account(bob).unwrap(), Standing::Live);
    assert_eq!(store.record(ann, &[record_of("a", 0, 1)]).unwrap(), Standing::Live);
    server.restart();
    assert_eq!(words_of(&mut *store, ann), ["a"], "what was acknowledged survives SIGKILL");
    assert!(register(&mut *store, "bob").number > bob.number, "numbers are not used again after a restart either");
    server.kill();
    let start = std::time::Instant::now();
    for _ in 0..2 {
        assert_eq!(store.record(ann, &[record_of("b", 1, 1)]).unwrap_err().kind, Kind::World);
        assert_eq!(store.account("ann").unwrap_err().kind, Kind::World);
    }
    assert!(start.elapsed().as_secs() < 2, "an absent server is noticed at once");
    server.restart();
    assert_eq!(store.record(ann, &[record_of("b", 1, 1)]).unwrap(), Standing::Live);
    assert_eq!(words_of(&mut *store, ann), ["b", "a"]);
}

#[test]
fn odd_servers() {
    // A server that cuts what is too long, has another character set and ignores the one of the handshake, lives in
    // another time zone, and does not commit by itself.
    let server = MariaDb::start_with(&[
        "--sql-mode=",
        "--character-set-server=latin1",
        "--skip-character-set-client-handshake",
        "--default-time-zone=+08:00",
        "--autocommit=0",
        "--transaction-isolation=SERIALIZABLE",
    ]);
    let bed = Bed::on(&server);
    let mut store = bed.open();
    let ann = register(&mut *store, "龙🐉");
    let kept = store.record_many(&[batch_of(ann, "龙🐉", &[record_of("词🐉", 0, 1)])]);
    assert_eq!(kept, [Ok(Standing::Live)]);
    assert!(store.register(&"x".repeat(33), "hash").is_err(), "not cut to fit");
    let Location::MySql(place) = &bed.location else { panic!("{}", bed.location) };
    let row = server.sql(&format!("SELECT HEX(name), HEX(word), time FROM {}.hist", place.database));
    assert_eq!(row, "E9BE99F09F9089\tE8AF8DF09F9089\t2026-11-30 23:59:59.000000\n");
    let lookups = history_of(bed.open().as_mut(), ann, None).unwrap().unwrap();
    assert_eq!(lookups, [PastLookup { word: "词🐉".to_owned(), time: Microseconds(NOVEMBER), origin: 1 }]);
    server.sql(&format!("UPDATE {}.user SET locked = 1; COMMIT", place.database));
    assert_eq!(store.record(ann, &[record_of("a", 1, 1)]).unwrap(), Standing::Gone);
}

#[test]
fn a_full_or_read_only_server_is_the_world_s() {
    let server = MariaDb::start_with(&["--max-connections=10"]);
    let bed = Bed::on(&server);
    let mut stores = Vec::new();
    let error = loop {
        match open(&bed.location, key()) {
            Ok(store) => stores.push(store),
            Err(error) => break error,
        }
        assert!(stores.len() < 20);
    };
    assert_eq!(error.kind, Kind::World, "{error}");
    let mut store = stores.pop().unwrap();
    stores.clear();
    let ann = register(&mut *store, "ann");
    // Root may write all the same, so another user is taken.
    let Location::MySql(place) = &bed.location else { panic!("{}", bed.location) };
    server.sql(&format!("CREATE USER bob@localhost; GRANT ALL ON {}.* TO bob@localhost", place.database));
    server.sql("SET GLOBAL read_only = 1");
    let bob = Location::MySql(Server { user: "bob".to_owned(), ..place.clone() });
    let mut store = open(&bob, key()).unwrap();
    let error = store.record(ann, &[record_of("a", 0, 1)]).unwrap_err();
    assert_eq!(error.kind, Kind::World, "{error}");
    server.sql("SET GLOBAL read_only = 0");
    assert_eq!(store.record(ann, &[record_of("a", 0, 1)]).unwrap(), Standing::Live);
}

#[test]
fn a_locked_table_ends_in_an_answer() {
    let bed = Bed::mariadb();
    let mut store = bed.open();
    let ann = register(&mut *store, "ann");
    let Location::MySql(place) = &bed.location else { panic!("{}", bed.location) };
    let mut other = ::mysql::Conn::new(::mysql::Opts::from_url(&shared().url(&place.database)).unwrap()).unwrap();
    use ::mysql::prelude::Queryable;
    other.query_drop("BEGIN").unwrap();
    other.query_drop("SELECT * FROM user FOR UPDATE").unwrap();
    let start = std::time::Instant::now();
    let error = store.set_passwd(ann, "x").unwrap_err();
    assert!(error.kind == Kind::World && start.elapsed().as_secs() < 10, "{error}");
    other.query_drop("ROLLBACK").unwrap();
    assert_eq!(store.set_passwd(ann, "x").unwrap(), Standing::Live);
}

/// One account's row is locked for longer than any statement waits: the others' lookups are kept all the same.
#[test]
fn a_locked_account_row_costs_only_its_own_lookups() {
    let bed = Bed::mariadb();
    let mut store = bed.open();
    let accounts: Vec<_> = (0..5).map(|n| register(&mut *store, &format!("user{n}"))).collect();
    let Location::MySql(place) = &bed.location else { panic!("{}", bed.location) };
    let mut other = ::mysql::Conn::new(::mysql::Opts::from_url(&shared().url(&place.database)).unwrap()).unwrap();
    use ::mysql::prelude::Queryable;
    other.query_drop("BEGIN").unwrap();
    other.exec_drop("SELECT * FROM user WHERE id = ? FOR UPDATE", (accounts[2].number,)).unwrap();
    let batches: Vec<_> = accounts.iter().map(|&account| batch_of(account, "x", &[record_of("a", 0, 1)])).collect();
    let outcomes = store.record_many(&batches);
    for (at, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Err(error) if at == 2 => assert_eq!(error.kind, Kind::World, "{error}"),
            outcome => assert_eq!(*outcome, Ok(Standing::Live), "{at}"),
        }
    }
    other.query_drop("ROLLBACK").unwrap();
    assert!(store.record_many(&batches).iter().all(|outcome| *outcome == Ok(Standing::Live)));
    assert_eq!(bed.sql("SELECT COUNT(*), COUNT(DISTINCT user_id) FROM hist"), "5\t5\n");
}

#[test]
fn accounts_deleted_under_load_leave_no_error_behind() {
    // Deletion and inserts take the same locks in other orders: deadlocks are undone and repeated.
    let bed = Bed::mariadb();
    for round in 0..5 {
        let ann = register(&mut *bed.open(), &format!("ann{round}"));
        std::thread::scope(|scope| {
            for origin in 0..4 {
                let bed = &bed;
                scope.spawn(move || {
                    let mut store = bed.open();
                    let mut time = 0;
                    loop {
                        let records: Vec<_> = (0..8).map(|_| (time += 1, record_of("a", time, origin)).1).collect();
                        if store.record(ann, &records).unwrap() == Standing::Gone {
                            break;
                        }
                    }
                });
            }
            let mut store = bed.open();
            while words_of(&mut *store, ann).len() < 100 {}
            assert_eq!(store.delete_account(ann).unwrap(), Standing::Live);
        });
    }
    assert_eq!(bed.sql("SELECT COUNT(*) FROM hist"), "0\n");
}

/// The embedded database is replaced by a copy of itself, under every kind of work: it is the copy that is worked on.
#[test]
fn a_database_that_was_replaced_is_opened_anew() {
    let bed = Bed::sqlite();
    let Location::Sqlite(path) = &bed.location else { panic!("{}", bed.location) };
    let replace = || {
        let copy = path.with_file_name("copy.db");
        rusqlite::Connection::open(path).unwrap().execute("VACUUM INTO ?", (copy.to_str().unwrap(),)).unwrap();
        for name in ["cidian.db-wal", "cidian.db-shm"] {
            // The last connection to be closed may have removed them.
            let _ = std::fs::remove_file(path.with_file_name(name));
        }
        std::fs::rename(copy, path).unwrap();
    };
    let mut store = open_for_writer(&bed.location, &Hosts::default(), key()).unwrap();
    let mut session = bed.open();
    replace();
    let ann = register(&mut *store, "ann");
    assert_eq!(session.account("ann").unwrap().unwrap().id, ann);
    replace();
    assert_eq!(store.record(ann, &[record_of("a", 0, 1)]), Ok(Standing::Live));
    assert_eq!(words_of(&mut *session, ann), ["a"]);
    replace();
    let rows = [WordRow { word: "a", dictionary: "", folded: "a", key: "a", interpret: "x" }];
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows.into_iter(), &mut |_| {}), done(1));
    // While it is at work: the copy has what was done so far, and the load goes on there.
    let rows = [WordRow { word: "a", dictionary: "", folded: "a", key: "a", interpret: "y" }];
    let mut rows = rows.into_iter().inspect(|_| replace());
    assert_eq!(store.replace_words(&AboutWords::default(), &mut rows, &mut |_| {}), done(1));
    assert_eq!(bed.open().find_word("a").unwrap().unwrap().1, "y");
    // One that is closed takes nothing along that belongs to the new one.
    assert_eq!(session.record(ann, &[record_of("b", 1, 1)]), Ok(Standing::Live));
    let idle = bed.open();
    replace();
    assert_eq!(session.record(ann, &[record_of("c", 2, 1)]), Ok(Standing::Live));
    drop((idle, store));
    assert_eq!(session.record(ann, &[record_of("d", 3, 1)]), Ok(Standing::Live));
    drop(session);
    assert_eq!(words_of(&mut *bed.open(), ann), ["d", "c", "b", "a"]);
    let file = std::fs::rename(path, path.with_file_name("away"));
    file.unwrap();
    assert_eq!(open(&bed.location, key()).map(drop).unwrap_err().kind, Kind::World);
}
