//! Whole visits, as the client and every script makes them: log in by token, look a word up, read the history, leave.
//! The writer answers the requests for which a session needs no database connection of its own. If the writer does not
//! answer, the session opens a connection, and the replies are the same.

use crate::spool::{private, wait_delivered};
use nix::sys::signal::Signal;
use std::time::Duration;
use support::{
    Connection, Daemon, PASSWD, Setup, Store, code, on_both_stores, processes, send_signal, wait_for, wait_until,
};

on_both_stores!(
    a_visit_opens_no_connection,
    while_the_writer_does_not_answer,
    a_writer_killed_between_login_and_lookup,
    what_ends_a_token_ends_no_session,
    many_visits_at_once,
    a_bound_listener_and_auth_are_somebody_s_by_dict,
);

/// A daemon with an account, and a token of it.
fn with_token(setup: Setup) -> (Daemon, String) {
    let daemon = setup.start();
    let token = new_token(&mut daemon.connect_as("ann"), "ann");
    (daemon, token)
}

fn new_token(client: &mut Connection, name: &str) -> String {
    let reply = client.ask_line(&format!("K {name}"));
    reply.strip_prefix("OK ").unwrap_or_else(|| panic!("a token: {reply}")).to_owned()
}

fn leased(daemon: &Daemon) -> u64 {
    daemon.status()["database_connections"]["leased"].as_u64().expect("a number")
}

/// The words of the last ten lookups, newest first.
fn last_ten(client: &mut Connection, name: &str) -> Vec<String> {
    let reply = client.ask(&format!("H {name}"));
    assert_eq!(reply[0], format!("OK {}", reply.len() - 1), "{reply:?}");
    reply[1..].iter().map(|row| row.split('\t').nth(1).expect("name, word, time").to_owned()).collect()
}

fn a_visit_opens_no_connection(store: Store) {
    let (daemon, token) = with_token(Setup::new(store));
    daemon.wait_children(0);
    assert_eq!(leased(&daemon), 0);
    let (mut client, child) = daemon.connect_with_child();
    let before = processes::descriptors(child).len();
    client.ok(&format!("T ann {token}"));
    for word in ["apple", "zoo", "pear"] {
        assert!(client.ask_line(&format!("Q ann {word}")).starts_with(&format!("OK {word}\t")));
    }
    assert_eq!(client.refused("Q ann nosuchword"), "notfound");
    assert_eq!(last_ten(&mut client, "ann"), ["pear", "zoo", "apple"]);
    assert_eq!(client.ask("H ann 2").len(), 3);
    let status = daemon.status();
    assert_eq!(status["database_connections"]["leased"], 0, "{status}");
    let writer = &status["writer"];
    assert_eq!((&writer["token_logins"], &writer["histories"]), (&1.into(), &2.into()), "{writer}");
    assert_eq!(writer["requests_refused"], 0);
    assert_eq!(processes::descriptors(child).len(), before + 1, "its way to the writer, and nothing else");
    // What is long, or rare, takes a connection as ever.
    assert_eq!(client.history("ann"), ["pear", "zoo", "apple"]);
    assert_eq!(leased(&daemon), 1);
    assert_eq!(client.ask("H ann 11").len(), 4);
    client.ok("E");
    // A wrong token is one in whatever way it is looked at.
    let mut other = daemon.connect();
    assert_eq!(other.refused("T ann wrong"), "denied");
    assert_eq!(other.refused(&format!("T bob {token}")), "denied");
    assert_eq!(other.refused("H ann"), "denied");
    assert_eq!(daemon.status()["writer"]["token_logins"], 3);
}

/// It is stopped: a login and the last lookups are asked for on a connection. A lookup waits until it goes on.
fn while_the_writer_does_not_answer(store: Store) {
    let (daemon, token) = with_token(Setup::new(store));
    daemon.wait_children(0);
    let mut before = daemon.connect();
    before.ok(&format!("T ann {token}"));
    assert!(before.ask_line("Q ann apple").starts_with("OK apple\t"));
    let writer = daemon.writer();
    send_signal(writer, Signal::SIGSTOP);
    wait_until("the writer to be stopped", || processes::state(writer) == Some('T'));
    assert_eq!(last_ten(&mut before, "ann"), ["apple"]);
    let mut client = daemon.connect();
    assert_eq!(client.refused("T ann wrong"), "denied");
    client.ok(&format!("T ann {token}"));
    assert_eq!(last_ten(&mut client, "ann"), ["apple"]);
    assert_eq!(client.refused("Q ann nosuchword"), "notfound");
    assert_eq!(leased(&daemon), 2);
    client.send("Q ann zoo\n");
    wait_until("the request to be read", || daemon.status()["clients"]["busy"] == 1);
    send_signal(writer, Signal::SIGCONT);
    assert!(client.line().starts_with("OK zoo\t"));
    assert_eq!(client.history("ann"), ["zoo", "apple"]);
    // And when it has rested it is asked again.
    let answered = || daemon.status()["writer"]["histories"].as_u64().expect("a number");
    let so_far = answered();
    wait_until("the writer to be asked", || {
        assert_eq!(last_ten(&mut client, "ann"), ["zoo", "apple"]);
        answered() > so_far
    });
}

/// What the one that is gone has seen, the next one believes.
fn a_writer_killed_between_login_and_lookup(store: Store) {
    let (daemon, token) = with_token(Setup::new(store));
    let mut clients: Vec<Connection> = (0..4).map(|_| daemon.connect()).collect();
    for (client, by_token) in clients.iter_mut().zip([true, true, false, false]) {
        client.ok(&if by_token { format!("T ann {token}") } else { format!("L ann {PASSWD}") });
    }
    let mut words = Vec::new();
    for round in 0..3 {
        let writer = daemon.writer();
        send_signal(writer, Signal::SIGKILL);
        for (n, client) in clients.iter_mut().enumerate() {
            let word = ["apple", "zoo", "pear"][(round + n) % 3];
            assert!(client.ask_line(&format!("Q ann {word}")).starts_with(&format!("OK {word}\t")));
            words.insert(0, word);
            assert_eq!(last_ten(client, "ann"), words[..words.len().min(10)], "{round}, {n}");
        }
        wait_until("another writer", || daemon.writer() != writer);
    }
    assert_eq!(clients[0].history("ann"), words);
    assert_eq!(daemon.status()["writer"]["requests_refused"], 0);
}

/// A session goes on when its token is forgotten or its password changed, also with a writer that has not seen it log in.
fn what_ends_a_token_ends_no_session(store: Store) {
    let (daemon, token) = with_token(Setup::new(store));
    let mut by_token = daemon.connect();
    by_token.ok(&format!("T ann {token}"));
    let mut by_passwd = daemon.connect();
    by_passwd.login("ann");
    let mut unseen = daemon.connect();
    let writer = daemon.writer();
    send_signal(writer, Signal::SIGSTOP);
    wait_until("the writer to be stopped", || processes::state(writer) == Some('T'));
    // It has no ticket yet: no writer has seen its login.
    unseen.ok(&format!("T ann {token}"));
    send_signal(writer, Signal::SIGCONT);
    let mut other = daemon.connect();
    other.login("ann");
    other.ok(&format!("F ann {token}"));
    other.ok("P ann another one");
    send_signal(writer, Signal::SIGKILL);
    for client in [&mut by_token, &mut by_passwd, &mut unseen] {
        assert!(client.ask_line("Q ann apple").starts_with("OK apple\t"));
        assert_eq!(last_ten(client, "ann")[0], "apple");
    }
    assert_eq!(daemon.connect().refused(&format!("T ann {token}")), "denied");
    // But a locked account's does not.
    assert!(daemon.tool(&["user", "lock", "ann"]).status.success());
    assert_eq!(by_token.refused("Q ann apple"), "denied");
    assert_eq!(by_passwd.refused("H ann"), "denied");
    assert_eq!(unseen.refused("Q ann nosuchword"), "denied");
    assert_eq!(by_token.refused("H ann"), "denied");
}

/// Each sees its own, however many are answered together.
fn many_visits_at_once(store: Store) {
    const ACCOUNTS: usize = 8;
    const VISITS: usize = 12;
    let words: String = (0..ACCOUNTS * VISITS).map(|n| format!("word{n:03}\tx\n")).collect();
    let daemon = Setup::new(store).words(words).start();
    let tokens: Vec<String> =
        (0..ACCOUNTS).map(|n| new_token(&mut daemon.connect_as(&format!("user{n}")), &format!("user{n}"))).collect();
    std::thread::scope(|scope| {
        for (n, token) in tokens.iter().enumerate() {
            let daemon = &daemon;
            scope.spawn(move || {
                let name = format!("user{n}");
                let mut expected = Vec::new();
                for visit in 0..VISITS {
                    let word = format!("word{:03}", n * VISITS + visit);
                    let mut client = daemon.connect();
                    // At once, as a script sends them.
                    client.send(format!("T {name} {token}\nQ {name} {word}\nH {name}\nE\n"));
                    expected.insert(0, word.clone());
                    assert_eq!(client.line(), "OK");
                    assert_eq!(client.line(), format!("OK {word}\tx"));
                    let reply = client.reply_to(&format!("H {name}"));
                    let found: Vec<&str> = reply[1..].iter().filter_map(|row| row.split('\t').nth(1)).collect();
                    assert_eq!(found, expected[..expected.len().min(10)]);
                    assert!(reply[1..].iter().all(|row| row.starts_with(&format!("{name}\t"))));
                    assert_eq!(client.line(), "OK");
                    assert!(client.at_eof());
                }
            });
        }
    });
    let writer = daemon.status()["writer"].clone();
    assert_eq!(writer["records"], ACCOUNTS * VISITS);
}

/// Lookups by DICT are the account's, and the writer has seen whose they are.
fn a_bound_listener_and_auth_are_somebody_s_by_dict(store: Store) {
    let (daemon, _) = with_token(Setup::new(store).dict().options("--dict-account ann"));
    let writer = daemon.writer();
    let mut dict = Connection::open(daemon.dict_port());
    assert!(dict.line().starts_with("220 "));
    for round in 0..2 {
        dict.send("DEFINE * apple\n");
        assert!(dict.line().starts_with("150 "), "{round}");
        while !dict.line().starts_with("250 ") {}
        if round == 0 {
            send_signal(writer, Signal::SIGKILL);
        }
    }
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(ann.history("ann"), ["apple", "apple"]);
}

/// The server goes away between login and lookup: what the writer has seen before is good for the spool.
#[test]
fn an_outage_between_login_and_lookup() {
    let (mut server, setup) = private("");
    let (daemon, token) = with_token(setup);
    let mut clients: Vec<Connection> = (0..2).map(|_| daemon.connect()).collect();
    clients[0].ok(&format!("T ann {token}"));
    clients[1].login("ann");
    server.kill();
    for (n, client) in clients.iter_mut().enumerate() {
        assert!(client.ask_line("Q ann apple").starts_with("OK apple\t"), "{n}");
        assert_eq!(client.refused("H ann"), "unavailable");
        // The next writer knows them, too, without a database.
        send_signal(daemon.writer(), Signal::SIGKILL);
        assert!(client.ask_line("Q ann zoo").starts_with("OK zoo\t"), "{n}");
    }
    let mut new = daemon.connect();
    let reply = new.ask_line(&format!("T ann {token}"));
    assert_eq!(code(&reply), Some("unavailable"), "{reply}");
    server.restart();
    wait_for("a login after the outage", Duration::from_secs(60), || {
        let reply = new.ask_line(&format!("T ann {token}"));
        assert!(reply == "OK" || code(&reply) == Some("unavailable"), "{reply}");
        (reply == "OK").then_some(())
    });
    // Its connection may have been there before the writer's: the lookup waits for that.
    assert!(new.ask_line("Q ann pear").starts_with("OK pear\t"));
    wait_delivered(&daemon);
    assert_eq!(new.history("ann"), ["pear", "zoo", "apple", "zoo", "apple"]);
    assert_eq!(last_ten(&mut new, "ann"), ["pear", "zoo", "apple", "zoo", "apple"]);
}
