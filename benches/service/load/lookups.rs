//! Clients that stay and look words up: each sends its next request when the replies to the last are there.

use super::visits::timeout;
use super::{Counting, LineHead};
use crate::Result;
use crate::figures::Measured;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::time::{Duration, Instant};

/// Who is talked to, and in what language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Cidian's line protocol.
    Cidian,
    /// Cidian's, for words that are not there: `notfound` is what is asked for.
    CidianMisses,
    /// RFC 2229, database `wn`. Such servers answer in several small writes; with `quick` the client asks its kernel
    /// to acknowledge each at once, as no ordinary client does, so that they need not wait for it.
    Dict {
        /// Whether acknowledgements are asked for.
        quick: bool,
    },
}

/// What a line means to who waits for a reply.
enum Meaning {
    More,
    Answered,
    Failed,
}

impl Dialect {
    fn request(self, name: &str, word: &str, to: &mut Vec<u8>) {
        let parts = match self {
            Self::Cidian | Self::CidianMisses => ["Q ", name, " ", word, "\n"],
            Self::Dict { .. } => ["DEFINE wn \"", word, "\"", "\r", "\n"],
        };
        parts.iter().for_each(|part| to.extend_from_slice(part.as_bytes()));
    }

    fn meaning(self, head: [u8; 3]) -> Meaning {
        match (self, &head) {
            (Self::Cidian, b"OK ") | (Self::Dict { .. }, b"250" | b"552") => Meaning::Answered,
            // `FAIL notfound`; any other refusal looks the same here, and is looked at before a measurement.
            (Self::CidianMisses, b"FAI") => Meaning::Answered,
            (Self::Dict { .. }, b"420" | b"421" | b"500" | b"501" | b"550") => Meaning::Failed,
            (Self::Dict { .. }, _) => Meaning::More,
            _ => Meaning::Failed,
        }
    }
}

#[derive(Debug)]
struct Speaker {
    stream: TcpStream,
    name: String,
    line: LineHead,
    /// Which word is next.
    next: usize,
    awaited: usize,
}

/// Clients that are connected, and logged in where that is needed.
#[derive(Debug)]
pub struct Speakers {
    dialect: Dialect,
    epoll: Epoll,
    speakers: Vec<Speaker>,
}

/// A login is hashing, and waits for its turn; a lost reply is noticed all the same.
const PATIENCE: Duration = Duration::from_secs(60);

impl Speakers {
    /// Connects one client for each name, and says `greeting(name)`, to which one line is awaited.
    pub fn connect(
        address: SocketAddrV4,
        dialect: Dialect,
        names: &[String],
        greeting: impl Fn(&str) -> String,
    ) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut speakers = Vec::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(greeting(name).as_bytes())?;
            let reply = read_line(&mut stream)?;
            if !reply.starts_with("OK") && !reply.starts_with("220") {
                return Err(format!("{name} can't begin: {}", reply.trim_end()).into());
            }
            stream.set_nonblocking(true)?;
            epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, u64::try_from(place)?))?;
            // Each begins elsewhere among the words.
            let next = place * 997;
            speakers.push(Speaker { stream, name: name.clone(), line: LineHead::default(), next, awaited: 0 });
        }
        Ok(Self { dialect, epoll, speakers })
    }

    /// Looks words up: each client sends `depth` requests in one write, waits for as many replies, and so on.
    pub fn look_up(&mut self, words: &[String], depth: usize, counting: Counting<'_>) -> Result<Measured> {
        let mut tally = Tally::default();
        let mut requests = Vec::new();
        for speaker in &mut self.speakers {
            speaker.ask(self.dialect, words, depth, &mut requests)?;
        }
        let mut awaiting = self.speakers.len();
        let mut events = vec![EpollEvent::empty(); awaiting.max(1)];
        let mut buffer = vec![0; 64 * 1024];
        let mut counting = Some(counting);
        let mut measured = Measured::default();
        let mut over = Instant::now();
        while awaiting > 0 {
            let mut left = Duration::from_millis(100);
            if let Some(mut still) = counting.take() {
                over = Instant::now();
                match still.turn(tally.answered)? {
                    Some(time) => (left, counting) = (time, Some(still)),
                    None => measured = still.finish(tally.answered)?,
                }
            } else if over.elapsed() > PATIENCE {
                // The last replies are waited for, so that the next run finds nothing in the way.
                return Err("a reply did not come".into());
            }
            let count = match self.epoll.wait(&mut events, timeout(left)) {
                Ok(count) => count,
                Err(Errno::EINTR) => 0,
                Err(error) => return Err(error.into()),
            };
            for event in &events[..count] {
                let speaker = usize::try_from(event.data()).ok().and_then(|place| self.speakers.get_mut(place));
                let speaker = speaker.ok_or("an event of nobody")?;
                speaker.hear(self.dialect, &mut buffer, &mut tally)?;
                if speaker.awaited == 0 {
                    if counting.is_some() {
                        speaker.ask(self.dialect, words, depth, &mut requests)?;
                    } else {
                        awaiting -= 1;
                    }
                }
            }
        }
        Ok(Measured { failures: tally.failed, failure: tally.failure, ..measured })
    }
}

/// What came back.
#[derive(Debug, Default)]
struct Tally {
    answered: u64,
    failed: u64,
    failure: Option<String>,
}

impl Speaker {
    fn ask(&mut self, dialect: Dialect, words: &[String], depth: usize, requests: &mut Vec<u8>) -> Result<()> {
        requests.clear();
        for _ in 0..depth {
            self.next = (self.next + 1) % words.len();
            dialect.request(&self.name, &words[self.next], requests);
        }
        // A few hundred bytes, and nothing else is under way: the socket's buffer takes them.
        self.stream.write_all(requests)?;
        self.awaited = depth;
        Ok(())
    }

    fn hear(&mut self, dialect: Dialect, buffer: &mut [u8], tally: &mut Tally) -> Result<()> {
        let size = match self.stream.read(buffer) {
            Ok(0) => return Err("the server has closed a connection".into()),
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if dialect == (Dialect::Dict { quick: true }) {
            self.stream.set_quickack(true)?;
        }
        let (mut answered, mut failed) = (0, 0);
        self.line.follow(&buffer[..size], |head| match dialect.meaning(head) {
            Meaning::More => {}
            Meaning::Answered => answered += 1,
            Meaning::Failed => failed += 1,
        });
        self.awaited = self.awaited.checked_sub(answered + failed).ok_or("more replies than requests")?;
        tally.answered += u64::try_from(answered)?;
        tally.failed += u64::try_from(failed)?;
        if failed > 0 && tally.failure.is_none() {
            tally.failure = Some(String::from_utf8_lossy(&buffer[..size.min(200)]).trim_end().to_owned());
        }
        Ok(())
    }
}

fn read_line(stream: &mut TcpStream) -> Result<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while byte != *b"\n" {
        if stream.read(&mut byte)? == 0 {
            return Err("the server has closed the connection".into());
        }
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}
