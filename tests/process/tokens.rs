//! Tokens: `K`, `T` and `F`, what a session that has logged in by token may do, how long tokens live, and what ends
//! them; on both stores.

use std::time::{Duration, Instant};
use support::{Connection, Daemon, PASSWD, Setup, Store, code, on_both_stores, wait_until};

on_both_stores!(
    logging_in_with_a_token,
    every_token_is_another,
    what_is_no_token_is_a_wrong_one,
    names_and_fields,
    a_token_does_not_take_the_account_away,
    failed_logins_of_both_kinds_are_counted_together,
    forgetting,
    a_new_password_ends_them_all,
    a_deleted_account_has_none,
    twenty_at_most,
    ninety_days_after_the_last_use,
    a_token_is_kept_nowhere,
    a_locked_account_s_sessions_are_denied_at_once,
    an_older_database_is_brought_along,
);

/// A new token of the account that is logged in.
fn new_token(client: &mut Connection, name: &str) -> String {
    let reply = client.ask_line(&format!("K {name}"));
    reply.strip_prefix("OK ").unwrap_or_else(|| panic!("K {name}: {reply}")).to_owned()
}

/// A daemon, a session of `ann` by password, and a token of hers.
fn ann(store: Store) -> (Daemon, Connection, String) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    let token = new_token(&mut ann, "ann");
    (daemon, ann, token)
}

/// Whether the token opens the account.
fn opens(daemon: &Daemon, name: &str, token: &str) -> bool {
    let reply = daemon.connect().ask_line(&format!("T {name} {token}"));
    assert!(reply == "OK" || code(&reply) == Some("denied"), "{reply}");
    reply == "OK"
}

fn logging_in_with_a_token(store: Store) {
    let (mut daemon, _, token) = ann(store);
    assert_eq!(token.len(), 43);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
    let mut client = daemon.connect();
    assert_eq!(client.refused("K ann"), "denied", "K needs a login");
    assert_eq!(client.refused(&format!("F ann {token}")), "denied", "and so does F");
    client.ok(&format!("T ann {token}"));
    assert_eq!(client.ask_line("Q ann zoo"), "OK zoo\tn. 动物园");
    assert_eq!(client.history("ann"), ["zoo"]);
    assert_eq!(client.ask("S ann ic"), ["OK 1", "ice cream"]);
    client.ok("C ann zoo");
    assert_eq!(client.ask("H ann"), ["OK 0"]);
    // It is as any login: of one account, replaced by the next, left as it was by one that fails.
    assert_eq!(client.refused("H bob"), "denied");
    client.register("bob");
    client.login("bob");
    assert_eq!(client.refused(&format!("T bob {token}")), "denied");
    assert_eq!(client.ask("H bob"), ["OK 0"]);
    client.ok(&format!("T ann {token}"));
    assert_eq!(client.refused("H bob"), "denied");
    let second = new_token(&mut client, "ann");
    client.ok("O");
    assert_eq!(client.refused("H ann"), "denied");
    // In one stream with what follows it, and after the daemon was started again.
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    daemon.start();
    for token in [token, second] {
        let mut client = daemon.connect();
        client.send(format!("T ann {token}\nQ ann pear\nE\n"));
        let lines = client.lines_to_end();
        assert!(lines.len() == 3 && lines[1].starts_with("OK pear\t") && lines[2] == "OK", "{lines:?}");
    }
}

fn every_token_is_another(store: Store) {
    let (daemon, mut client, first) = ann(store);
    let mut tokens = vec![first];
    tokens.extend((0..10).map(|_| new_token(&mut client, "ann")));
    let all = tokens.len();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), all);
    assert!(tokens.iter().all(|token| opens(&daemon, "ann", token)), "none replaces another");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM token"), ["11"]);
}

fn what_is_no_token_is_a_wrong_one(store: Store) {
    let (daemon, _, token) = ann(store);
    let mut other = daemon.connect();
    let wrong_name = other.ask_line(&format!("T nobody {token}"));
    assert_eq!(code(&wrong_name), Some("denied"));
    let hash = daemon.sql("SELECT LOWER(HEX(hash)) FROM token").remove(0);
    let flipped: String =
        token.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c }).collect();
    for wrong in [
        "",
        " ",
        "A",
        &"A".repeat(43),
        &"A".repeat(900),
        "令牌",
        "' OR ''='",
        PASSWD,
        &hash,
        &token[..42],
        &format!("{token}="),
        &format!("{token} "),
        &format!(" {token}"),
        &flipped,
    ] {
        assert_eq!(daemon.connect().ask_line(&format!("T ann {wrong}")), wrong_name, "{wrong:?}");
    }
    // A token is not a password, nor the other way round.
    assert_eq!(other.refused(&format!("L ann {token}")), "denied");
    assert!(opens(&daemon, "ann", &token));
}

fn names_and_fields(store: Store) {
    let (_daemon, mut client, token) = ann(store);
    let long = "n".repeat(33);
    for (request, code) in [
        ("K".to_owned(), "badreq"),
        ("K ".to_owned(), "badreq"),
        ("T".to_owned(), "badreq"),
        ("T ann".to_owned(), "badreq"),
        (format!("t ann {token}"), "badreq"),
        ("F ann".to_owned(), "badreq"),
        (format!("T ann {token}\t"), "badreq"),
        (format!("K {long}"), "badname"),
        ("K ann bob".to_owned(), "badname"),
        (format!("T  {token}"), "badname"),
        (format!("T {long} {token}"), "badname"),
        (format!("F {long} {token}"), "badname"),
        (format!("T ann {}", "x".repeat(1_024)), "toolong"),
        ("K bob".to_owned(), "denied"),
        (format!("F bob {token}"), "denied"),
    ] {
        assert_eq!(client.refused(&request), code, "{request:?}");
    }
    // None of these was an attempt to log in.
    for _ in 0..4 {
        assert_eq!(client.refused("T ann x"), "denied");
    }
    assert_eq!(client.ask("H ann"), ["OK 0"]);
}

/// `P` and `X` need a login by `L` on this connection.
fn a_token_does_not_take_the_account_away(store: Store) {
    let (daemon, mut by_passwd, token) = ann(store);
    let mut client = daemon.connect();
    client.ok(&format!("T ann {token}"));
    assert_eq!(client.refused("P ann stolen"), "denied");
    assert_eq!(client.refused(&format!("X ann {PASSWD}")), "denied");
    assert_eq!(client.ask("H ann"), ["OK 0"], "the login stays");
    // The password makes it a full login, a token makes it less again; a failed one of either kind changes nothing.
    client.login("ann");
    assert_eq!(client.refused("T ann x"), "denied");
    client.ok(&format!("P ann {PASSWD}"));
    let token = new_token(&mut client, "ann");
    client.ok(&format!("T ann {token}"));
    assert_eq!(client.refused("L ann x"), "denied");
    assert_eq!(client.refused(&format!("X ann {PASSWD}")), "denied");
    // Another connection's password does not count for this one.
    by_passwd.login("ann");
    assert_eq!(client.refused("P ann stolen"), "denied");
    client.login("ann");
    client.ok(&format!("X ann {PASSWD}"));
}

fn failed_logins_of_both_kinds_are_counted_together(store: Store) {
    let (daemon, _, token) = ann(store);
    let mut client = daemon.connect();
    for request in ["T ann x", "L ann wrong", "T nobody x", "T ann x"] {
        assert_eq!(client.refused(request), "denied");
    }
    // A success does not forgive; F and K are not attempts to log in.
    client.ok(&format!("T ann {token}"));
    for _ in 0..3 {
        assert_eq!(client.refused("F ann x"), "denied");
        assert_eq!(client.refused("K bob"), "denied");
    }
    client.send("T ann x\nQ ann apple\nI\n");
    assert!(client.line().starts_with("FAIL denied "));
    assert!(client.at_eof());
    daemon.wait_log("too many failed logins");
    let mut again = daemon.connect();
    again.ok(&format!("T ann {token}"));
    assert_eq!(again.ask("H ann"), ["OK 0"], "what came behind the fifth failure was not carried out");
}

fn forgetting(store: Store) {
    let (daemon, mut client, first) = ann(store);
    let second = new_token(&mut client, "ann");
    let mut bob = daemon.connect_as("bob");
    assert_eq!(bob.refused(&format!("F bob {first}")), "denied", "it is another's");
    // A session goes on when its token is forgotten, and may forget it itself.
    let mut by_token = daemon.connect();
    by_token.ok(&format!("T ann {first}"));
    by_token.ok(&format!("F ann {first}"));
    assert_eq!(by_token.ask("H ann"), ["OK 0"]);
    assert_eq!(by_token.refused(&format!("F ann {first}")), "denied");
    assert!(!opens(&daemon, "ann", &first) && opens(&daemon, "ann", &second));
    client.ok(&format!("F ann {second}"));
    assert!(!opens(&daemon, "ann", &second));
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM token"), ["0"]);
}

fn a_new_password_ends_them_all(store: Store) {
    let (daemon, mut client, first) = ann(store);
    let second = new_token(&mut client, "ann");
    let mut bob = daemon.connect_as("bob");
    let of_bob = new_token(&mut bob, "bob");
    let mut by_token = daemon.connect();
    by_token.ok(&format!("T ann {first}"));
    client.ok("P ann another horse");
    assert!(!opens(&daemon, "ann", &first) && !opens(&daemon, "ann", &second) && opens(&daemon, "bob", &of_bob));
    assert_eq!(by_token.ask("H ann"), ["OK 0"], "sessions go on, as after L");
    // The session that changed it may have a new one.
    let third = new_token(&mut client, "ann");
    assert!(opens(&daemon, "ann", &third));
}

fn a_deleted_account_has_none(store: Store) {
    let (daemon, mut client, token) = ann(store);
    client.ok(&format!("X ann {PASSWD}"));
    assert!(!opens(&daemon, "ann", &token));
    let mut new = daemon.connect_as("ann");
    assert!(!opens(&daemon, "ann", &token), "nor does whoever has the name next");
    assert_eq!(new.refused(&format!("F ann {token}")), "denied");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM token"), ["0"]);
}

fn twenty_at_most(store: Store) {
    let (daemon, mut client, first) = ann(store);
    let mut bob = daemon.connect_as("bob");
    let of_bob = new_token(&mut bob, "bob");
    let others: Vec<String> = (0..20).map(|_| new_token(&mut client, "ann")).collect();
    assert!(!opens(&daemon, "ann", &first), "the oldest goes");
    assert!(others.iter().all(|token| opens(&daemon, "ann", token)));
    assert!(opens(&daemon, "bob", &of_bob));
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM token"), ["21"]);
}

/// Sets back when every token was last used.
fn set_back(daemon: &Daemon, days: u32) {
    if daemon.database_url().starts_with("sqlite:") {
        let then = format!("strftime('%Y-%m-%d %H:%M:%f000', 'now', '-{days} days')");
        daemon.sql(&format!("UPDATE token SET last_used = {then}"));
    } else {
        daemon.sql(&format!("UPDATE token SET last_used = UTC_TIMESTAMP(6) - INTERVAL {days} DAY"));
    }
}

fn ninety_days_after_the_last_use(store: Store) {
    let (daemon, mut client, token) = ann(store);
    // Each use gives it ninety more.
    for _ in 0..2 {
        set_back(&daemon, 89);
        assert!(opens(&daemon, "ann", &token));
    }
    set_back(&daemon, 91);
    assert!(!opens(&daemon, "ann", &token));
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM token"), ["0"], "it goes when it is found");
    new_token(&mut client, "ann");
    set_back(&daemon, 91);
    let fresh = new_token(&mut client, "ann");
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM token"), ["1"], "or when another is made");
    // Written at most daily.
    let before = daemon.sql("SELECT last_used FROM token");
    assert!(opens(&daemon, "ann", &fresh));
    assert_eq!(daemon.sql("SELECT last_used FROM token"), before);
}

/// Not in the database, not in a log, not in `ps`.
fn a_token_is_kept_nowhere(store: Store) {
    let daemon = Setup::new(store).environment("RUST_LOG", "trace").start();
    let mut client = daemon.connect_as("ann");
    let token = new_token(&mut client, "ann");
    let (mut by_token, child) = daemon.connect_with_child();
    by_token.ok(&format!("T ann {token}"));
    assert_eq!(by_token.refused(&format!("T ann {token}x")), "denied");
    assert_eq!(by_token.refused(&format!("T ann\t{token}")), "badreq");
    let title = || support::processes::title(child);
    wait_until("the title to say who it is", || title().contains("user ann"));
    assert!(!title().contains(&token), "{}", title());
    let kept: String =
        ["name", "passwd"].map(|column| daemon.sql(&format!("SELECT {column} FROM user")).concat()).concat();
    assert!(!kept.contains(&token));
    let hash = daemon.sql("SELECT LOWER(HEX(hash)) FROM token");
    assert!(hash.len() == 1 && hash[0].len() == 64, "{hash:?}");
    by_token.ok("E");
    assert!(by_token.at_eof());
    daemon.wait_log("goodbye");
    assert!(!daemon.log().contains(&token));
    if let Some(path) = daemon.database_url().strip_prefix("sqlite:") {
        for file in [path.to_owned(), format!("{path}-wal")] {
            let bytes = std::fs::read(&file).expect("the database's file");
            assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{file}");
        }
    }
}

/// Every request that needs a login, each on a session of its own: a `denied` logs out, and would hide what the next
/// one does.
fn a_locked_account_s_sessions_are_denied_at_once(store: Store) {
    let (daemon, _, token) = ann(store);
    let requests = [
        "Q ann apple",
        "Q ann nosuchword",
        "S ann ap",
        "H ann",
        "H ann all",
        "C ann",
        "C ann pear",
        "K ann",
        &format!("F ann {token}"),
        "P ann stolen",
        &format!("X ann {PASSWD}"),
        "Q ann apple\nQ ann nosuchword\nS ann ap\nK ann\nH ann",
    ];
    let open = |by: &str| -> Vec<Connection> {
        let session = |_: &&str| {
            let mut client = daemon.connect();
            client.ok(&format!("{by} ann {}", if by == "L" { PASSWD } else { &token }));
            client
        };
        requests.iter().map(session).collect()
    };
    for by in ["L", "T"] {
        let mut sessions = open(by);
        sessions[0].ask("Q ann zoo");
        assert!(daemon.tool(&["user", "lock", "ann"]).status.success());
        for (client, request) in sessions.iter_mut().zip(requests) {
            client.send(format!("{request}\n"));
            for line in request.split('\n') {
                let reply = client.line();
                assert_eq!(code(&reply), Some("denied"), "{line} by {by}: {reply}");
            }
        }
        // Nor can any user log in; it looks as if the password or the token were wrong.
        let mut client = daemon.connect();
        let wrong = [client.ask_line("L ann wrong"), client.ask_line("T ann wrong")];
        assert_eq!(client.ask_line(&format!("L ann {PASSWD}")), wrong[0]);
        assert_eq!(client.ask_line(&format!("T ann {token}")), wrong[1]);
        assert!(daemon.tool(&["user", "unlock", "ann"]).status.success());
        // Nothing was done meanwhile.
        client.ok(&format!("T ann {token}"));
        assert_eq!(client.history("ann"), ["zoo"]);
        client.ok("C ann");
    }
    assert_eq!(daemon.sql("SELECT COUNT(*) FROM token"), ["1"]);
    daemon.connect().login("ann");
}

/// A database as version 1 left it. The embedded one is brought along by itself, a server's by `init-db`.
fn an_older_database_is_brought_along(store: Store) {
    let (mut daemon, mut client, _) = ann(store);
    client.ask("Q ann zoo");
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    daemon.sql("DROP TABLE token");
    daemon.sql("UPDATE meta SET value = '1' WHERE name = 'schema_version'");
    if !daemon.database_url().starts_with("sqlite:") {
        let old = Setup::new(Store::Url(daemon.database_url())).run(&[]);
        let said = String::from_utf8_lossy(&old.stderr).into_owned();
        assert!(old.status.code() == Some(78) && said.contains("cidiand init-db"), "{said}");
        assert!(daemon.tool(&["init-db"]).status.success());
    }
    daemon.start();
    let mut client = daemon.connect();
    client.login("ann");
    assert_eq!(client.history("ann"), ["zoo"]);
    let token = new_token(&mut client, "ann");
    assert!(opens(&daemon, "ann", &token));
    // One that is newer than we are is left alone.
    daemon.sql("UPDATE meta SET value = '5' WHERE name = 'schema_version'");
    let newer = Setup::new(Store::Url(daemon.database_url())).run(&[]);
    let said = String::from_utf8_lossy(&newer.stderr).into_owned();
    assert!(newer.status.code() == Some(78) && said.contains("newer"), "{said}");
    assert_eq!(daemon.tool(&["init-db"]).status.code(), Some(78));
}

/// `T` is the login that ends the grace time, and a failed one does not.
#[test]
fn a_token_ends_the_grace_time() {
    let first = Daemon::over(Store::MariaDb);
    let token = new_token(&mut first.connect_as("ann"), "ann");
    let daemon = Setup::new(Store::Url(first.database_url())).options("--login-grace 1").start();
    let begin = Instant::now();
    let mut client = daemon.connect();
    client.ok(&format!("T ann {token}"));
    let mut stranger = daemon.connect();
    assert_eq!(stranger.refused("T ann x"), "denied");
    assert_eq!(code(&stranger.line()), Some("timeout"));
    assert!(stranger.at_eof());
    assert!(begin.elapsed() >= Duration::from_secs(1), "the grace time is over");
    assert_eq!(client.ask_line("Q ann zoo"), "OK zoo\tn. 动物园");
}
