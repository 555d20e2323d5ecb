//! Accounts: registering, logging in and out, changing the password, deleting; on both stores.

use support::{Connection, Daemon, PASSWD, Setup, Store, on_both_stores};

on_both_stores!(
    registering_and_logging_in,
    everything_personal_needs_a_login,
    names_at_and_over_their_limits,
    passwords_at_and_over_their_limits,
    names_are_compared_byte_for_byte,
    five_failed_logins_close,
    changing_the_password,
    deleting_an_account,
    closed_registration,
    passwords_are_kept_nowhere,
);

fn registering_and_logging_in(store: Store) {
    let daemon = Daemon::over(store);
    let mut client = daemon.connect();
    client.ok("R ann secret of ann");
    assert_eq!(client.refused("R ann secret of ann"), "exists");
    assert_eq!(client.refused("Q ann apple"), "denied", "registering is not logging in");
    // A wrong name and a wrong password look the same.
    let wrong = [client.ask_line("L ann secret"), client.ask_line("L bob secret of ann")];
    assert!(wrong[0].starts_with("FAIL denied ") && wrong[0] == wrong[1], "{wrong:?}");
    client.ok("L ann secret of ann");
    assert_eq!(client.ask_line("Q ann zoo"), "OK zoo\tn. 动物园");
    // A failed login leaves the login as it was; another one replaces it.
    client.ok("R bob x");
    assert_eq!(client.refused("L bob y"), "denied");
    assert_eq!(client.history("ann"), ["zoo"]);
    client.ok("L bob x");
    assert_eq!(client.refused("H ann"), "denied");
    assert_eq!(client.ask("H bob"), ["OK 0"]);
    client.ok("O");
    assert_eq!(client.refused("H bob"), "denied");
    client.ok("O");
    client.ok("L ann secret of ann");
    assert_eq!(client.history("ann"), ["zoo"]);
}

/// The name in a request proves nothing.
fn everything_personal_needs_a_login(store: Store) {
    let daemon = Daemon::over(store);
    let mut bob = daemon.connect_as("bob");
    assert_eq!(bob.ask_line("Q bob apple"), "OK apple\tn. 苹果");
    let personal =
        ["Q bob apple", "Q bob nosuchword", "H bob", "H bob all", "S bob ap", "P bob new", "C bob", "C bob apple"];
    let mut client = daemon.connect();
    let denied = |client: &mut Connection, when: &str| {
        for request in personal.into_iter().chain([format!("X bob {PASSWD}").as_str()]) {
            assert_eq!(client.refused(request), "denied", "{request:?} {when}");
        }
    };
    denied(&mut client, "before a login");
    client.register("ann");
    client.login("ann");
    denied(&mut client, "as somebody else");
    client.ok("O");
    denied(&mut client, "after logging out");
    assert_eq!(client.ask("I").len(), 5, "about the server needs no login");
    // None of it touched bob's account.
    assert_eq!(bob.history("bob"), ["apple"]);
    client.login("bob");
}

fn names_at_and_over_their_limits(store: Store) {
    let daemon = Daemon::over(store);
    let mut client = daemon.connect();
    for name in ["x".to_owned(), "n".repeat(32), "词".repeat(32), "𝕏".repeat(32)] {
        client.register(&name);
        client.login(&name);
        assert_eq!(client.ask_line(&format!("Q {name} zoo")), "OK zoo\tn. 动物园");
        let row = &client.ask(&format!("H {name}"))[1];
        assert!(row.starts_with(&format!("{name}\tzoo\t")), "{row}");
    }
    for name in ["n".repeat(33), "词".repeat(33), "𝕏".repeat(33), String::new(), "a\u{3000}b".into(), "a\u{a0}b".into()]
    {
        for request in [format!("R {name} p"), format!("L {name} p")] {
            assert_eq!(client.refused(&request), "badname", "{request:?}");
        }
    }
    for request in ["Q", "S", "P", "X"] {
        assert_eq!(client.refused(&format!("{request} {} zoo", "n".repeat(33))), "badname", "{request}");
    }
}

fn passwords_at_and_over_their_limits(store: Store) {
    let daemon = Daemon::over(store);
    let mut client = daemon.connect();
    // 256 characters of one to three bytes, 768 bytes of characters of four, blanks anywhere.
    for (number, passwd) in
        ["p".to_owned(), "p".repeat(256), "词".repeat(256), "𝕏".repeat(192), "  a  b  ".into()].iter().enumerate()
    {
        client.ok(&format!("R n{number} {passwd}"));
        client.ok(&format!("L n{number} {passwd}"));
    }
    assert_eq!(client.refused("L n4 a  b"), "denied", "blanks belong to the password");
    assert_eq!(client.refused(&format!("L n1 {}", "p".repeat(255))), "denied");
    for passwd in ["p".repeat(257), "词".repeat(257), "𝕏".repeat(193), String::new()] {
        for request in ["R new", "L n0", "P n4", "X n4"] {
            assert_eq!(client.refused(&format!("{request} {passwd}")), "badpasswd", "{request} {passwd:?}");
        }
    }
}

fn names_are_compared_byte_for_byte(store: Store) {
    let daemon = Daemon::over(store);
    let mut client = daemon.connect();
    // Pairs that case folding, accents, compatibility forms or a collation make equal.
    let names = ["ann", "Ann", "ANN", "ánn", "àǹn", "straße", "strasse", "i", "ı", "İ", "ﬁ", "fi", "ｆｉ"];
    for name in names {
        client.ok(&format!("R {name} passwd of {name}"));
    }
    for name in names {
        client.ok(&format!("L {name} passwd of {name}"));
        assert_eq!(client.ask_line(&format!("Q {name} zoo")), "OK zoo\tn. 动物园");
        assert_eq!(client.history(name), ["zoo"], "{name} sees one lookup, its own");
        assert_eq!(client.refused(&format!("R {name} x")), "exists");
    }
    assert_eq!(client.refused("H FI"), "denied");
}

fn five_failed_logins_close(store: Store) {
    let daemon = Daemon::over(store);
    let mut client = daemon.connect();
    client.register("ann");
    for request in ["L ann wrong", "L nobody x", "L ann wrong", "L ann wrong"] {
        assert_eq!(client.refused(request), "denied");
    }
    // What is not an attempt does not count, and a success does not forgive: they are counted in one connection.
    assert_eq!(client.refused("L ann"), "badreq");
    assert_eq!(client.refused(&format!("L {} x", "n".repeat(33))), "badname");
    assert_eq!(client.refused("L ann "), "badpasswd");
    client.login("ann");
    for _ in 0..2 {
        assert_eq!(client.refused("X ann wrong"), "denied");
    }
    assert_eq!(client.ask("H ann"), ["OK 0"]);
    // Requests behind the fifth failure are not carried out.
    client.send("L ann wrong\nQ ann apple\nI\n");
    assert!(client.line().starts_with("FAIL denied "));
    assert!(client.at_eof());
    daemon.wait_log("too many failed logins");
    let mut again = daemon.connect();
    again.login("ann");
    assert_eq!(again.ask("H ann"), ["OK 0"]);
}

fn changing_the_password(store: Store) {
    let daemon = Daemon::over(store);
    let mut client = daemon.connect_as("ann");
    client.ok("P ann new ' passwd");
    assert_eq!(client.ask_line("Q ann zoo"), "OK zoo\tn. 动物园", "the session goes on");
    let mut other = daemon.connect();
    assert_eq!(other.refused(&format!("L ann {PASSWD}")), "denied");
    other.ok("L ann new ' passwd");
    assert_eq!(other.history("ann"), ["zoo"]);
}

fn deleting_an_account(store: Store) {
    let daemon = Daemon::over(store);
    let mut bob = daemon.connect_as("bob");
    bob.ask("Q bob zoo");
    let mut client = daemon.connect_as("ann");
    client.ask("Q ann zoo");
    assert_eq!(client.refused("X ann wrong"), "denied");
    assert_eq!(client.refused(&format!("X bob {PASSWD}")), "denied");
    assert_eq!(client.history("ann"), ["zoo"]);
    client.ok(&format!("X ann {PASSWD}"));
    assert_eq!(client.refused("H ann"), "denied", "afterwards logged out");
    assert_eq!(client.refused(&format!("L ann {PASSWD}")), "denied");
    // The name is free, and the new account begins with nothing.
    client.register("ann");
    client.login("ann");
    assert_eq!(client.ask("H ann all"), ["OK 0"]);
    assert_eq!(bob.history("bob"), ["zoo"], "others' history stays");
}

fn closed_registration(store: Store) {
    let open = Daemon::over(store);
    open.connect().register("ann");
    let closed = Setup::new(Store::Url(open.database_url())).options("--registration closed").start();
    let mut client = closed.connect();
    assert_eq!(client.refused("R bob secret"), "denied");
    assert_eq!(client.refused("R ann secret"), "denied", "nor does it tell which names are taken");
    assert_eq!(client.refused("R ann"), "badreq");
    client.login("ann");
    assert_eq!(client.ask_line("Q ann zoo"), "OK zoo\tn. 动物园");
}

/// One salt each, Argon2id in PHC format, no secret in the database or in any log.
fn passwords_are_kept_nowhere(store: Store) {
    let daemon = Setup::new(store).environment("RUST_LOG", "trace").start();
    let mut client = daemon.connect();
    let secret = "hunter2-hunter2";
    for name in ["ann", "bob"] {
        client.ok(&format!("R {name} {secret}"));
        client.ok(&format!("L {name} {secret}"));
    }
    assert_eq!(client.refused(&format!("L {secret} {secret}x")), "denied");
    client.ok(&format!("P bob {secret}"));
    client.ok("E");
    assert!(client.at_eof());
    daemon.wait_log("goodbye");
    let mut hashes = daemon.sql("SELECT passwd FROM user ORDER BY name");
    assert_eq!(hashes.len(), 2);
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$") && !hash.contains("hunter2")), "{hashes:?}");
    hashes.dedup();
    assert_eq!(hashes.len(), 2, "equal passwords, different hashes");
    assert!(!daemon.log().contains("hunter2"));
}

/// Two names that look alike are one too many: new ones are composed, and show all they hold. Accounts that are there
/// go on.
#[test]
fn new_names_that_look_like_others() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut client = daemon.connect();
    client.ok(&format!("R é {PASSWD}"));
    for name in ["e\u{301}", "ann\u{202e}", "a\u{200b}nn", "\u{212b}"] {
        assert_eq!(client.refused(&format!("R {name} {PASSWD}")), "badname", "{name:?}");
        let file = daemon.path("password");
        std::fs::write(&file, PASSWD).expect("a file");
        let output = daemon.tool(&["user", "add", name, "--password-file", file.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(65), "{output:?}");
        // A wrong login as ever, and no hint.
        assert_eq!(daemon.connect().refused(&format!("L {name} {PASSWD}")), "denied", "{name:?}");
    }
    // One of an older version.
    client.ok(&format!("R old {PASSWD}"));
    let database = rusqlite::Connection::open(daemon.path("state/cidian.db")).expect("the database");
    database.execute("UPDATE user SET name = ? WHERE name = 'old'", ["e\u{301}\u{202e}"]).expect("an account");
    let mut old = daemon.connect();
    old.ok(&format!("L e\u{301}\u{202e} {PASSWD}"));
    assert_eq!(old.ask_line("Q e\u{301}\u{202e} zoo"), "OK zoo\tn. 动物园");
    assert_eq!(old.ask("H e\u{301}\u{202e}").len(), 2);
    old.ok(&format!("P e\u{301}\u{202e} {PASSWD}2"));
    old.ok(&format!("X e\u{301}\u{202e} {PASSWD}2"));
}
