//! Accounts on a daemon that is measured. They are named `bench1`, `bench2`, and so on.

use crate::Result;
use crate::bed::{Bed, Daemon, PASSWD};
use crate::load::Speakers;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

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
    let names: Vec<String> = (1..=count).map(|number| format!("bench{number}")).collect();
    Speakers::connect(daemon.address, &names, &bed.stop, |name| format!("L {name} {PASSWD}\n"))
}
