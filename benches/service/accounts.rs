//! Accounts on the daemon under measurement. They are named `bench1`, `bench2`, and so on.

use crate::Result;
use crate::bed::{Bed, Daemon, PASSWD};
use crate::load::Speakers;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddrV4, TcpStream};

/// Makes the first `count` of them, one after the other.
pub fn register(daemon: &Daemon, count: u32) -> Result<()> {
    let mut connection = TcpStream::connect(daemon.address)?;
    connection.set_nodelay(true)?;
    let mut replies = BufReader::new(connection.try_clone()?).lines();
    for number in 1..=count {
        connection.write_all(format!("R bench{number} {PASSWD}\n").as_bytes())?;
        let reply = replies.next().ok_or("the server has closed the connection")??;
        if reply != "OK" {
            return Err(format!("bench{number} can't be registered: {reply}").into());
        }
    }
    Ok(())
}

/// Makes many: the first by the daemon, the others as copies of it, hash included, in the database; hashing ten
/// thousand passwords is what the logins do, and need not be done twice.
pub fn register_many(bed: &Bed, daemon: &Daemon, database: &str, count: u32) -> Result<()> {
    register(daemon, 1)?;
    bed.mariadb.sql(&format!(
        "USE {database}; INSERT INTO user (name, passwd, locked, created) \
         SELECT CONCAT('bench', seq), passwd, locked, created FROM user, seq_2_to_{count} WHERE name = 'bench1'"
    ));
    Ok(())
}

/// Connects and logs in the first `count` of them.
pub fn log_in(bed: &Bed, daemon: &Daemon, count: u32) -> Result<Speakers> {
    log_in_at(bed, &[daemon.address], count)
}

/// The same with several daemons of one database: each account is on the next one.
pub fn log_in_at(bed: &Bed, daemons: &[SocketAddrV4], count: u32) -> Result<Speakers> {
    let names: Vec<String> = (1..=count).map(|number| format!("bench{number}")).collect();
    Speakers::connect(daemons, &names, &bed.stop, |name| format!("L {name} {PASSWD}\n"))
}

/// Logs the first `count` of them in, one after the other, and gets a token of each.
pub fn tokens(daemon: &Daemon, count: u32) -> Result<Vec<String>> {
    let mut connection = TcpStream::connect(daemon.address)?;
    connection.set_nodelay(true)?;
    let mut replies = BufReader::new(connection.try_clone()?).lines();
    let mut tokens = Vec::new();
    for number in 1..=count {
        connection.write_all(format!("L bench{number} {PASSWD}\nK bench{number}\n").as_bytes())?;
        let mut reply = || -> Result<String> { Ok(replies.next().ok_or("the server has closed the connection")??) };
        let (login, token) = (reply()?, reply()?);
        match token.strip_prefix("OK ") {
            Some(token) if login == "OK" => tokens.push(token.to_owned()),
            _ => return Err(format!("bench{number} gets no token: {login}, {token}").into()),
        }
    }
    Ok(tokens)
}

/// Has each of the first accounts look these words up, by its token.
pub fn look_up(daemon: &Daemon, tokens: &[String], words: &[String]) -> Result<()> {
    for (number, token) in (1..).zip(tokens) {
        let mut connection = TcpStream::connect(daemon.address)?;
        let lookups: String = words.iter().map(|word| format!("Q bench{number} {word}\n")).collect();
        connection.write_all(format!("T bench{number} {token}\n{lookups}E\n").as_bytes())?;
        let replies: Vec<String> = BufReader::new(connection).lines().collect::<std::io::Result<_>>()?;
        if let Some(refused) = replies.iter().find(|reply| !reply.starts_with("OK")) {
            return Err(format!("bench{number} can't look up: {refused}").into());
        }
    }
    Ok(())
}

/// Connects and logs in the accounts of these tokens, the first one's first.
pub fn log_in_by_token(bed: &Bed, daemon: &Daemon, tokens: &[String]) -> Result<Speakers> {
    let names: Vec<String> = (1..=tokens.len()).map(|number| format!("bench{number}")).collect();
    Speakers::connect(&[daemon.address], &names, &bed.stop, |name| {
        let number = name.strip_prefix("bench").and_then(|number| number.parse::<usize>().ok()).unwrap_or(1);
        format!("T {name} {}\n", tokens[number - 1])
    })
}

/// Makes tokens for the first `count` accounts past the daemon: hashing ten thousand passwords to ask for them would be
/// what is measured.
pub fn make_tokens(bed: &Bed, database: &str, count: u32) -> Vec<String> {
    let token = |number: u32| format!("bench-token-{number:031}");
    bed.mariadb.sql(&format!(
        "USE {database}; INSERT INTO token (hash, user_id, created, last_used) \
         SELECT UNHEX(SHA2(CONCAT('bench-token-', LPAD(SUBSTRING(name, 6), 31, '0')), 256)), id, UTC_TIMESTAMP(6), \
         UTC_TIMESTAMP(6) FROM user"
    ));
    (1..=count).map(token).collect()
}
