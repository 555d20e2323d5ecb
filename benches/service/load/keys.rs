//! People who type into GoldenDict: a connection for each key, closed without `QUIT`. The moments are fixed beforehand,
//! so a slow reply does not slow down the typing.

use crate::Result;
use crate::stop::Stop;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

/// The results of the typing.
#[derive(Debug, Default)]
pub struct Typed {
    /// From when a key was due to the end of its answer, ascending.
    pub delays: Vec<Duration>,
    /// Keys without an answer.
    pub failed: u64,
    /// Why, the first of them.
    pub failure: Option<String>,
}

/// When an answer no longer counts as one.
const PATIENCE: Duration = Duration::from_secs(5);

/// A number of people type, at a number of keys a second each, for a given time; each types different words.
pub fn type_keys(
    address: SocketAddrV4,
    people: u32,
    keys_a_second: u32,
    length: Duration,
    words: &[String],
    stop: &Stop,
) -> Result<Typed> {
    let began = Instant::now() + Duration::from_millis(100);
    let between = Duration::from_secs(1) / keys_a_second;
    let mut typed = Typed::default();
    std::thread::scope(|scope| -> Result<()> {
        let person = |number: u32| {
            move || {
                let (mut delays, mut failures) = (Vec::new(), Vec::new());
                // Nobody types in step with the others.
                let first = began + between * number / people;
                let mut keys = words.iter().cycle().skip(number as usize * 997).flat_map(|word| prefixes(word));
                for due in (0..).map(|key| first + between * key).take_while(|due| *due < began + length) {
                    if stop.check().is_err() {
                        break;
                    }
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let Some(text) = keys.next() else { break };
                    match key(address, text) {
                        Ok(()) => delays.push(due.elapsed()),
                        Err(error) => failures.push(error.to_string()),
                    }
                }
                (delays, failures)
            }
        };
        let threads: Vec<_> = (0..people).map(|number| scope.spawn(person(number))).collect();
        for thread in threads {
            let (delays, failures) = thread.join().map_err(|_| "a thread has panicked")?;
            typed.delays.extend(delays);
            typed.failed += u64::try_from(failures.len())?;
            typed.failure = typed.failure.take().or(failures.into_iter().next());
        }
        Ok(())
    })?;
    stop.check()?;
    typed.delays.sort_unstable();
    Ok(typed)
}

/// The contents of the field after each key.
fn prefixes(word: &str) -> impl Iterator<Item = &str> {
    word.char_indices().map(|(at, c)| &word[..at + c.len_utf8()])
}

/// One connection, as GoldenDict 1.5 makes it.
fn key(address: SocketAddrV4, text: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address.into(), PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut replies = BufReader::new(stream.try_clone()?);
    let mut wait_for = |codes: &[&str]| -> std::io::Result<()> {
        let mut line = String::new();
        loop {
            line.clear();
            if replies.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if codes.iter().any(|code| line.starts_with(code)) {
                return Ok(());
            }
        }
    };
    wait_for(&["220 "])?;
    stream.write_all(b"CLIENT GoldenDict\r\n")?;
    wait_for(&["250 "])?;
    stream.write_all(b"OPTION MIME\r\n")?;
    wait_for(&["250 "])?;
    stream.write_all(format!("MATCH * prefix \"{text}\"\r\n").as_bytes())?;
    wait_for(&["250 ", "552 "])
}
