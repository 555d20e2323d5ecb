//! A pager for output that, together with the question below it, does not fit the screen. Output that fits is written
//! as it is; at the first line too many, the person's pager (`CIDIAN_PAGER`, `PAGER`, else `less` or `more`) is started
//! and gets all of it. If the person leaves the pager early, the writer sees a broken pipe; if the pager can't be
//! started, or ends without having read anything, no output is lost. While the pager runs, Ctrl-C goes to it.

use super::wrap::width;
use crate::sys::{InterruptsIgnored, ignore_interrupts};
use std::collections::VecDeque;
use std::io::{self, PipeWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// How many bytes may wait for the pager.
const MOST_WAITING: usize = 16 << 20;

/// What the screen holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Screen {
    /// The screen that standard output is, as large as it is now.
    pub(crate) fn of_standard_output() -> Option<Self> {
        let size = terminal_size::terminal_size_of(io::stdout());
        // A terminal that does not know its size reports 0.
        size.filter(|(columns, rows)| columns.0 > 0 && rows.0 > 0)
            .map(|(columns, rows)| Self { columns: columns.0.into(), rows: rows.0.into() })
    }
}

/// Text on its way to the screen or a pager.
pub(crate) struct Page {
    screen: Screen,
    /// The rows that whatever comes next will take up.
    below: usize,
    /// What has come, as long as it may fit.
    held: Vec<u8>,
    pager: Option<Pager>,
    /// No pager can be started: everything goes to the screen.
    plain: bool,
}

struct Pager {
    /// Shared with the thread that writes to it: a slow reader must not keep the server waiting.
    queue: Arc<Queue>,
    writer: JoinHandle<()>,
    /// Waits for the pager's end, and gives back what it has left unread in its pipe.
    waiter: JoinHandle<Vec<u8>>,
    /// Until the pager has ended.
    _interrupts: InterruptsIgnored,
}

/// What waits for the pager.
#[derive(Default)]
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    chunks: VecDeque<Vec<u8>>,
    /// Of them all.
    bytes: usize,
    /// How many bytes went into the pager's pipe.
    written: usize,
    /// Nothing more comes.
    closed: bool,
    /// The pager has ended, or takes no more.
    over: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        let changed = change(&mut self.lock());
        self.changed.notify_all();
        changed
    }

    /// Waits until it is as `holds` wants it.
    fn wait(&self, holds: impl Fn(&Waiting) -> bool) -> MutexGuard<'_, Waiting> {
        let waiting = self.changed.wait_while(self.lock(), |waiting| !holds(waiting));
        waiting.unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all that comes, for as long as there is a pager.
    fn write_to(&self, mut pipe: PipeWriter) {
        loop {
            let mut waiting = self.wait(|waiting| waiting.over || waiting.closed || !waiting.chunks.is_empty());
            let chunk = if waiting.over { None } else { waiting.chunks.pop_front() };
            let Some(chunk) = chunk else { return };
            waiting.bytes -= chunk.len();
            drop(waiting);
            self.changed.notify_all();
            if pipe.write_all(&chunk).is_err() {
                self.change(|waiting| waiting.over = true);
                return;
            }
            self.lock().written += chunk.len();
        }
    }
}

impl Page {
    /// Nothing has come yet. `below` is what is written next, up to the row of a prompt.
    pub(crate) fn new(screen: Screen, below: &str) -> Self {
        let below = rows(below, screen.columns) + 1;
        Self { screen, below, held: Vec::new(), pager: None, plain: false }
    }

    /// Takes text. `screen` is where it goes if there is no pager.
    ///
    /// # Errors
    /// The screen or the pager takes no more; [`io::ErrorKind::BrokenPipe`] when the pager was left.
    pub(crate) fn write(&mut self, text: &[u8], screen: &mut dyn Write) -> io::Result<()> {
        if self.plain {
            return screen.write_all(text);
        }
        if let Some(pager) = &self.pager {
            let Err(text) = pager.give(text.to_vec()) else { return Ok(()) };
            // It has ended. If some of it was read, the person has seen enough; else there was no working pager.
            return match self.pager.take().and_then(Pager::end) {
                Some(unread) => {
                    self.plain = true;
                    screen.write_all(&unread)?;
                    screen.write_all(&text)
                }
                None => Err(io::ErrorKind::BrokenPipe.into()),
            };
        }
        self.held.extend_from_slice(text);
        if !self.fits() {
            screen.flush()?;
            match start(self.below) {
                Some(pager) => {
                    let held = std::mem::take(&mut self.held);
                    match pager.give(held) {
                        Ok(()) => self.pager = Some(pager),
                        // It has ended already.
                        Err(held) => {
                            pager.end();
                            self.plain = true;
                            screen.write_all(&held)?;
                        }
                    }
                }
                None => {
                    self.plain = true;
                    screen.write_all(&std::mem::take(&mut self.held))?;
                }
            }
        }
        Ok(())
    }

    /// Shows what was held, or waits until the person has read. Whether it was a pager's.
    ///
    /// # Errors
    /// The screen takes no more.
    pub(crate) fn finish(self, screen: &mut dyn Write) -> io::Result<bool> {
        let Some(pager) = self.pager else { return screen.write_all(&self.held).map(|()| false) };
        match pager.end() {
            Some(unread) => screen.write_all(&unread).map(|()| false),
            None => Ok(true),
        }
    }

    /// Whether what is held leaves room for what comes below it.
    fn fits(&self) -> bool {
        rows(&String::from_utf8_lossy(&self.held), self.screen.columns) + self.below <= self.screen.rows
    }
}

/// The rows that lines take up on a screen so wide.
fn rows(text: &str, columns: usize) -> usize {
    text.split_terminator('\n').map(|line| width(line).div_ceil(columns).max(1)).sum()
}

impl Pager {
    /// Hands a chunk to it; gives it back if it has ended.
    fn give(&self, chunk: Vec<u8>) -> Result<(), Vec<u8>> {
        let mut waiting = self.queue.wait(|waiting| waiting.over || waiting.bytes < MOST_WAITING);
        if waiting.over {
            return Err(chunk);
        }
        waiting.bytes += chunk.len();
        waiting.chunks.push_back(chunk);
        drop(waiting);
        self.queue.changed.notify_all();
        Ok(())
    }

    /// Waits until the person has read. Gives back everything that was handed to it if the pager has read nothing of
    /// it.
    fn end(self) -> Option<Vec<u8>> {
        self.queue.change(|waiting| waiting.closed = true);
        // How both end is the person's business.
        let mut unread = self.waiter.join().unwrap_or_default();
        let _ = self.writer.join();
        let mut waiting = self.queue.lock();
        if unread.len() < waiting.written {
            return None;
        }
        waiting.chunks.drain(..).for_each(|chunk| unread.extend_from_slice(&chunk));
        Some(unread)
    }
}

/// Starts the first pager that can be started; `None` if the person wants no pager or there is no pager.
fn start(below: usize) -> Option<Pager> {
    let variable = |name| std::env::var(name).ok();
    let chosen = variable("CIDIAN_PAGER").or_else(|| variable("PAGER"));
    let candidates = match &chosen {
        Some(line) => vec![line.as_str()],
        None => vec!["less", "more"],
    };
    candidates.into_iter().find_map(|line| start_one(line, below))
}

/// A program and its arguments, with blanks between; `cat` and nothing stand for no pager.
fn start_one(line: &str, below: usize) -> Option<Pager> {
    let mut words = line.split_whitespace();
    let program = words.next().filter(|&program| program != "cat")?;
    let (mut reader, pipe) = io::pipe().ok()?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::from(reader.try_clone().ok()?));
    if below > 1 && Path::new(program).file_name() == Some("less".as_ref()) {
        // It may fit the screen, but not with the menu below it: less must not leave at once.
        command.arg("-+F");
    }
    // Unless the person has settings: leave what fits, colours as they are, the screen as it was; text is UTF-8.
    for (name, value) in [("LESS", "FRX"), ("LESSCHARSET", "utf-8")] {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    let mut child = command.spawn().ok()?;
    // The pager's end of the pipe is the pager's.
    drop(command);
    let interrupts = ignore_interrupts();
    let queue = Arc::new(Queue::default());
    let (for_writer, for_waiter) = (Arc::clone(&queue), Arc::clone(&queue));
    let writer = thread::spawn(move || for_writer.write_to(pipe));
    let waiter = thread::spawn(move || {
        let _ = child.wait();
        for_waiter.change(|waiting| waiting.over = true);
        // Up to the end of what the other thread was writing: it stops then.
        let mut unread = Vec::new();
        let _ = reader.read_to_end(&mut unread);
        unread
    });
    Some(Pager { queue, writer, waiter, _interrupts: interrupts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_not_paged() {
        let mut page = Page::new(Screen { columns: 10, rows: 4 }, "");
        let mut screen = Vec::new();
        page.write("1\n2\n".as_bytes(), &mut screen).unwrap();
        assert!(screen.is_empty());
        page.write("词典词典词\n".as_bytes(), &mut screen).unwrap();
        assert!(page.fits());
        page.held.extend_from_slice(b"4\n");
        assert!(!page.fits());
        page.held.truncate(page.held.len() - 2);
        assert!(!page.finish(&mut screen).unwrap());
        assert_eq!(screen, "1\n2\n词典词典词\n".as_bytes());
    }

    /// A menu below it must not scroll away what it is about.
    #[test]
    fn what_comes_below_takes_room() {
        let mut page = Page::new(Screen { columns: 10, rows: 8 }, "\nann\n  1 look up\n");
        page.held.extend_from_slice(b"1\n2\n3\n");
        assert!(page.fits());
        page.held.extend_from_slice(b"4\n");
        assert!(!page.fits());
    }

    /// Eleven columns of text take up two rows of ten.
    #[test]
    fn rows_are_counted_as_they_show() {
        let mut page = Page::new(Screen { columns: 10, rows: 3 }, "");
        page.held.extend_from_slice("12345678901\n".as_bytes());
        assert!(page.fits());
        page.held.extend_from_slice(b"\n");
        assert!(!page.fits());
    }
}
