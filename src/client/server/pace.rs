//! A socket with a limit on the whole time of one reply: a server that is silent, or sends a byte now and then, runs
//! into it. Time in which the client does not wait for the server (a person reads a page) does not count.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// What has to move in a second, on the whole, in bytes: below the slowest network that is still of use.
const SLOWEST: u64 = 1 << 10;

/// A socket with timeouts of its own.
pub(crate) trait Socket: Read + Write + Send + std::fmt::Debug {
    /// How long one read, and one write, may take.
    fn set_timeouts(&self, timeout: Duration) -> io::Result<()>;
    /// Whether reading waits when there is nothing to read.
    fn set_waiting(&self, waits: bool) -> io::Result<()>;
}

impl Socket for TcpStream {
    fn set_timeouts(&self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout)).and_then(|()| self.set_write_timeout(Some(timeout)))
    }

    fn set_waiting(&self, waits: bool) -> io::Result<()> {
        self.set_nonblocking(!waits)
    }
}

impl Socket for UnixStream {
    fn set_timeouts(&self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout)).and_then(|()| self.set_write_timeout(Some(timeout)))
    }

    fn set_waiting(&self, waits: bool) -> io::Result<()> {
        self.set_nonblocking(!waits)
    }
}

/// The socket, and how long it has kept us waiting.
#[derive(Debug)]
pub(crate) struct Paced {
    socket: Box<dyn Socket>,
    /// How long we wait for a reply, if that was set.
    pub(super) patience: Option<Duration>,
    waited: Duration,
    /// In bytes, both ways.
    moved: u64,
}

impl Paced {
    /// It may take for ever, until [`Paced::set_patience`] is called.
    pub(crate) fn new(socket: impl Socket + 'static) -> Self {
        Self { socket: Box::new(socket), patience: None, waited: Duration::ZERO, moved: 0 }
    }

    /// Whether reading waits when there is nothing to read.
    pub(crate) fn set_waiting(&self, waits: bool) -> io::Result<()> {
        self.socket.set_waiting(waits)
    }

    /// How long we wait for a reply, and for one step of it; a reply has a second more for each KiB that moves.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.socket.set_timeouts(patience)?;
        self.patience = Some(patience);
        self.begin();
        Ok(())
    }

    /// Begins to count anew.
    pub(crate) fn begin(&mut self) {
        (self.waited, self.moved) = (Duration::ZERO, 0);
    }

    fn paced(&mut self, step: impl FnOnce(&mut dyn Socket) -> io::Result<usize>) -> io::Result<usize> {
        let allowed = |patience| patience + Duration::from_secs(self.moved / SLOWEST);
        if self.patience.is_some_and(|patience| self.waited > allowed(patience)) {
            return Err(ErrorKind::TimedOut.into());
        }
        let begin = Instant::now();
        let done = step(&mut *self.socket);
        self.waited += begin.elapsed();
        self.moved += done.as_ref().map_or(0, |&bytes| bytes as u64);
        done
    }
}

impl Read for Paced {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.paced(|socket| socket.read(buffer))
    }
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.paced(|socket| socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// A byte in each third of the patience: never silent for as long as that, but it ends.
    #[test]
    fn what_drips_ends_and_what_flows_does_not() {
        let patience = Duration::from_millis(300);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut paced = Paced::new(ours);
        paced.set_patience(patience).unwrap();
        let drips = thread::spawn(move || {
            let mut count = 0_u32;
            while theirs.write_all(b"x").is_ok() {
                count += 1;
                thread::sleep(patience / 3);
            }
            count
        });
        let begin = Instant::now();
        let mut sink = Vec::new();
        assert_eq!(paced.read_to_end(&mut sink).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(sink.len() >= 2, "{sink:?}");
        assert!(begin.elapsed() >= patience);
        drop(paced);
        drips.join().unwrap();

        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut paced = Paced::new(ours);
        paced.set_patience(patience).unwrap();
        let flows = thread::spawn(move || {
            for _ in 0..8 {
                theirs.write_all(&[b'x'; 2 << 10]).unwrap();
                thread::sleep(patience / 3);
            }
        });
        sink.clear();
        assert_eq!(paced.read_to_end(&mut sink).unwrap(), 16 << 10);
        flows.join().unwrap();
        // What follows is another reply.
        paced.begin();
        assert_eq!((paced.waited, paced.moved), (Duration::ZERO, 0));
    }
}
