//! A server that answers as a test wants, however wrong that is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// What the server does with a request.
pub enum Answer {
    /// Sends this, and goes on.
    Say(Vec<u8>),
    /// Sends this, and ends the stream.
    End(Vec<u8>),
    /// Sends this, and is gone.
    Break(Vec<u8>),
    /// Sends the first once, and then what comes next for as long as the client takes it.
    Forever(Vec<u8>, Box<dyn Iterator<Item = Vec<u8>> + Send>),
}

impl Answer {
    /// The same text over and over.
    pub fn again_and_again(first: Vec<u8>, then: Vec<u8>) -> Self {
        Self::Forever(first, Box::new(std::iter::repeat(then)))
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::Say(text.into_bytes())
    }
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::Say(text.as_bytes().to_vec())
    }
}

/// Starts one; its address. It is handed each line of each connection, without its newline.
pub fn serve<A: Into<Answer>>(answer: impl Fn(&str) -> A + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answer) = (stream.unwrap(), Arc::clone(&answer));
            // Whatever fails here, the client is gone.
            thread::spawn(move || converse(stream, |line| answer(line).into()).is_ok());
        }
    });
    address
}

fn converse(mut stream: TcpStream, answer: impl Fn(&str) -> Answer) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut line = Vec::new();
    while lines.by_ref().read_until(b'\n', &mut line)? > 0 {
        match answer(String::from_utf8_lossy(&line).trim_end_matches('\n')) {
            Answer::Say(bytes) => stream.write_all(&bytes)?,
            Answer::Break(bytes) => return stream.write_all(&bytes),
            Answer::Forever(first, then) => {
                stream.write_all(&first)?;
                for bytes in then {
                    stream.write_all(&bytes)?;
                }
            }
            Answer::End(bytes) => {
                stream.write_all(&bytes)?;
                stream.shutdown(Shutdown::Write)?;
                // Unread input at the close would send a reset, which can overtake what was sent.
                std::io::copy(&mut lines, &mut std::io::sink())?;
                return Ok(());
            }
        }
        line.clear();
    }
    Ok(())
}
