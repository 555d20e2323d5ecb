//! Clients that stay connected: each sends its next requests when the replies to the last ones have arrived.

use super::visits::timeout;
use super::{Counting, HEAD, LineHead};
use crate::Result;
use crate::figures::Measured;
use crate::stop::Stop;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::time::{Duration, Instant};

/// The requests, and their protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `Q` of words that exist.
    Lookup,
    /// `Q` of words that do not exist.
    Miss,
    /// `H` of the last ten, or of all; with the number of the account's rows.
    History {
        /// How many rows a reply has.
        rows: usize,
        /// Whether all are asked for.
        all: bool,
    },
    /// RFC 2229, all databases. Such servers answer in several small writes; with `quick` the client asks its kernel
    /// to acknowledge each at once, as no ordinary client does, so that they need not wait for it.
    Dict {
        /// Whether acknowledgements are asked for.
        quick: bool,
    },
    /// The C server, which writes back every line; the lines are those of [`Dialect::Dict`].
    Echo {
        /// As in [`Dialect::Dict`].
        quick: bool,
    },
}

impl Dialect {
    fn request(self, name: &str, word: &str, to: &mut Vec<u8>) {
        let parts: &[&str] = match self {
            Self::Lookup | Self::Miss => &["Q ", name, " ", word, "\n"],
            Self::History { all: false, .. } => &["H ", name, " 10\n"],
            Self::History { all: true, .. } => &["H ", name, " all\n"],
            Self::Dict { .. } | Self::Echo { .. } => &["DEFINE * \"", word, "\"\r\n"],
        };
        parts.iter().for_each(|part| to.extend_from_slice(part.as_bytes()));
    }

    /// What a line means for a client that waits for a reply; `rows` is the number of those still to come.
    fn meaning(self, head: [u8; HEAD], rows: &mut usize) -> Meaning {
        let begins = |with: &[&[u8]]| with.iter().any(|with| head.starts_with(with));
        match self {
            Self::Lookup if begins(&[b"OK "]) => Meaning::Answered,
            Self::Miss if begins(&[b"FAIL not"]) => Meaning::Answered,
            Self::Lookup | Self::Miss => Meaning::Failed,
            Self::History { rows: all, .. } if begins(&[b"OK "]) => {
                *rows = all;
                Meaning::More
            }
            Self::History { .. } if begins(&[b"FAIL"]) => Meaning::Failed,
            Self::History { .. } => {
                *rows = rows.saturating_sub(1);
                if *rows == 0 { Meaning::Answered } else { Meaning::More }
            }
            Self::Echo { .. } => Meaning::Answered,
            Self::Dict { .. } if begins(&[b"250 "]) => Meaning::Answered,
            Self::Dict { .. } if begins(&[b"420 ", b"421 ", b"500 ", b"501 ", b"550 ", b"552 "]) => Meaning::Failed,
            Self::Dict { .. } => Meaning::More,
        }
    }
}

enum Meaning {
    More,
    Answered,
    Failed,
}

/// Clients that are connected, and logged in where that is needed.
#[derive(Debug)]
pub struct Speakers {
    epoll: Epoll,
    pub(super) speakers: Vec<Speaker>,
    /// How often a login was answered with `unavailable`, and tried again.
    pub unavailable: u64,
}

/// One of these clients.
#[derive(Debug)]
pub(super) struct Speaker {
    stream: TcpStream,
    name: String,
    line: LineHead,
    /// The index of the next word.
    next: usize,
    /// How many replies are to come.
    pub awaited: usize,
    /// How many lines of the reply that has begun.
    rows: usize,
}

/// The replies, counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub answered: u64,
    pub failed: u64,
    pub failure: Option<String>,
}

/// How long a reply may take: a login waits for its turn to hash.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many logins are under way at once: enough to keep every processor busy.
const LOGINS: usize = 64;

impl Speakers {
    /// Connects one client for each name, to the addresses in turn, sends `greeting(name)`, and awaits one line as the
    /// reply. If that is only `unavailable`, the greeting is sent again, and this is counted.
    pub fn connect(
        addresses: &[SocketAddrV4],
        names: &[String],
        stop: &Stop,
        greeting: impl Fn(&str) -> String,
    ) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut all = Self { epoll, speakers: Vec::with_capacity(names.len()), unavailable: 0 };
        let (mut buffer, mut pending) = (vec![0; 1_024], 0);
        for (place, name) in names.iter().enumerate() {
            let mut stream = TcpStream::connect(addresses[place % addresses.len()])?;
            stream.set_nodelay(true)?;
            stream.write_all(greeting(name).as_bytes())?;
            stream.set_nonblocking(true)?;
            all.epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, u64::try_from(place)?))?;
            // Each begins elsewhere among the words.
            let (next, name) = (place * 997, name.clone());
            all.speakers.push(Speaker { stream, name, line: LineHead::default(), next, awaited: 1, rows: 0 });
            pending += 1;
            while pending >= LOGINS || (pending > 0 && place + 1 == names.len()) {
                stop.check()?;
                for place in all.wait(PATIENCE)? {
                    let speaker = &mut all.speakers[place];
                    let size = speaker.read(&mut buffer)?;
                    let said = String::from_utf8_lossy(&buffer[..size]);
                    if said.starts_with("FAIL unavailable") {
                        // At the pace of an impatient person, not of a loop.
                        std::thread::sleep(Duration::from_millis(10));
                        speaker.stream.write_all(greeting(&speaker.name).as_bytes())?;
                        all.unavailable += 1;
                        continue;
                    }
                    if !said.starts_with("OK") && !said.starts_with("220") {
                        return Err(format!("{} can't begin: {}", speaker.name, said.trim_end()).into());
                    }
                    speaker.awaited = 0;
                    pending -= 1;
                }
            }
        }
        Ok(all)
    }

    /// Each client sends `depth` requests in one write, waits for as many replies, and so on.
    pub fn ask(
        &mut self,
        dialect: Dialect,
        words: &[String],
        depth: usize,
        counting: Counting<'_>,
    ) -> Result<Measured> {
        let mut tally = Tally::default();
        let mut requests = Vec::new();
        for speaker in &mut self.speakers {
            speaker.ask(dialect, words, depth, &mut requests)?;
        }
        let mut awaiting = self.speakers.len();
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
            for place in self.wait(left)? {
                let speaker = &mut self.speakers[place];
                speaker.hear(dialect, &mut buffer, &mut tally)?;
                if speaker.awaited == 0 {
                    if counting.is_some() {
                        speaker.ask(dialect, words, depth, &mut requests)?;
                    } else {
                        awaiting -= 1;
                    }
                }
            }
        }
        Ok(Measured { failures: tally.failed, failure: tally.failure, ..measured })
    }

    /// Each client sends a number of requests, one after the other; the first failure ends it.
    pub fn ask_times(&mut self, dialect: Dialect, words: &[String], times: usize, stop: &Stop) -> Result<()> {
        let (mut tally, mut requests, mut buffer) = (Tally::default(), Vec::new(), vec![0; 64 * 1024]);
        for _ in 0..times {
            for speaker in &mut self.speakers {
                speaker.ask(dialect, words, 1, &mut requests)?;
            }
            let began = Instant::now();
            while self.speakers.iter().any(|speaker| speaker.awaited > 0) {
                stop.check()?;
                if began.elapsed() > PATIENCE {
                    return Err("a reply did not come".into());
                }
                for place in self.wait(Duration::from_millis(100))? {
                    self.speakers[place].hear(dialect, &mut buffer, &mut tally)?;
                }
            }
        }
        tally.failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// Waits for clients that can be read from; returns their places.
    pub(super) fn wait(&self, left: Duration) -> Result<Vec<usize>> {
        let mut events = [EpollEvent::empty(); 256];
        match self.epoll.wait(&mut events, timeout(left)) {
            Ok(count) => Ok(events[..count].iter().filter_map(|event| usize::try_from(event.data()).ok()).collect()),
            Err(Errno::EINTR) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Speaker {
    /// Sends requests for the next words.
    pub(super) fn ask(
        &mut self,
        dialect: Dialect,
        words: &[String],
        depth: usize,
        requests: &mut Vec<u8>,
    ) -> Result<()> {
        requests.clear();
        for _ in 0..depth {
            self.next = (self.next + 1) % words.len();
            dialect.request(&self.name, &words[self.next], requests);
        }
        // A few hundred bytes: the socket's buffer takes them.
        self.stream.write_all(requests)?;
        self.awaited += depth;
        Ok(())
    }

    /// Reads what has come, and counts the replies in it.
    pub(super) fn hear(&mut self, dialect: Dialect, buffer: &mut [u8], tally: &mut Tally) -> Result<()> {
        let size = self.read(buffer)?;
        if matches!(dialect, Dialect::Dict { quick: true } | Dialect::Echo { quick: true }) {
            self.stream.set_quickack(true)?;
        }
        let (mut answered, mut failed) = (0, 0);
        let rows = &mut self.rows;
        self.line.follow(&buffer[..size], |head| match dialect.meaning(head, rows) {
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

    /// Reads the bytes that are available, if any.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.stream.read(buffer) {
            Ok(0) => Err("the server has closed a connection".into()),
            Ok(size) => Ok(size),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}
