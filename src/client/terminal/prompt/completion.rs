//! Completions from the server, fetched by a separate thread, so that no key ever waits for the network: after a pause
//! in typing, in case TAB is pressed next, and at once when TAB is pressed. A failure is an empty answer.

use crate::client::word::may_lead;
use crate::protocol::printable;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long the pause in typing is before completions are asked for.
const PAUSE: Duration = Duration::from_millis(120);
/// How long TAB waits for an answer; a later one is there for the next TAB.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(400);
/// How often TAB looks whether a key was typed.
const LOOK: Duration = Duration::from_millis(10);
/// Answers that are kept.
const KEPT: usize = 32;

/// The source: headwords near a text; `None` if no server can be asked now. It may take its time.
pub(crate) type Source = Box<dyn FnMut(&str) -> Option<Vec<String>> + Send>;

#[derive(Default)]
struct Board {
    /// What to ask next, and when: the newest text wins.
    wanted: Option<(String, Instant)>,
    /// Texts and what came of them, the newest last.
    answers: VecDeque<(String, Vec<String>)>,
    closed: bool,
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<Board>, Condvar)>);

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, board: MutexGuard<'a, Board>, at_most: Duration) -> MutexGuard<'a, Board> {
        self.0.1.wait_timeout(board, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    fn wake(&self) {
        self.0.1.notify_all();
    }
}

/// The thread that asks. It ends with this.
pub(crate) struct Worker {
    shared: Shared,
    thread: Option<JoinHandle<()>>,
}

/// The prompt's side.
pub(crate) struct Completions {
    shared: Shared,
}

impl Worker {
    /// Starts it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(source: Source) -> io::Result<(Self, Completions)> {
        let shared = Shared::default();
        let theirs = shared.clone();
        let thread = thread::Builder::new().name("completions".into()).spawn(move || work(&theirs, source))?;
        Ok((Self { shared: shared.clone(), thread: Some(thread) }, Completions { shared }))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.board().closed = true;
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(shared: &Shared, mut source: Source) {
    loop {
        let mut board = shared.board();
        let text = loop {
            if board.closed {
                return;
            }
            let now = Instant::now();
            match &board.wanted {
                Some((_, at)) if *at > now => {
                    let pause = *at - now;
                    board = shared.wait(board, pause);
                }
                Some(_) => {
                    if let Some((text, _)) = board.wanted.take() {
                        break text;
                    }
                }
                None => board = shared.wait(board, Duration::from_secs(3_600)),
            }
        };
        drop(board);
        let Some(found) = source(&text) else { continue };
        let mut board = shared.board();
        // TAB may have asked for it meanwhile: here is the answer.
        board.wanted.take_if(|(wanted, _)| *wanted == text);
        if board.answers.len() == KEPT {
            board.answers.pop_front();
        }
        board.answers.push_back((text, found));
        drop(board);
        shared.wake();
    }
}

impl Completions {
    /// The text may be asked for soon.
    pub(crate) fn expect(&self, text: &str) {
        self.want(text, PAUSE);
    }

    /// Headwords that begin with `begun`; empty if they do not arrive in time, or if it was `interrupted`.
    pub(crate) fn of(&self, begun: &str, interrupted: impl Fn() -> bool) -> Vec<String> {
        let text = begun.trim();
        if text.is_empty() {
            return Vec::new();
        }
        self.want(text, Duration::ZERO);
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let mut board = self.shared.board();
        loop {
            if let Some((_, found)) = board.answers.iter().find(|(asked, _)| asked == text) {
                return completing(begun, found);
            }
            if Instant::now() >= deadline || interrupted() {
                return Vec::new();
            }
            board = self.shared.wait(board, LOOK);
        }
    }

    fn want(&self, text: &str, pause: Duration) {
        let text = text.trim();
        let mut board = self.shared.board();
        if text.is_empty() || text == "##" || board.answers.iter().any(|(asked, _)| asked == text) {
            return;
        }
        board.wanted = Some((text.to_owned(), Instant::now() + pause));
        drop(board);
        self.shared.wake();
    }
}

/// Those that go on where the text ends; likely spellings don't, and what is not safe to show is left out.
fn completing(begun: &str, found: &[String]) -> Vec<String> {
    let beginning = begun.trim_end().to_lowercase();
    let begins = |headword: &String| headword.to_lowercase().starts_with(&beginning);
    // What a Chinese word leads to begins otherwise.
    let leads = may_lead(begun) && !found.iter().any(begins);
    let fits = |headword: &&String| (leads || begins(headword)) && printable(headword) == **headword;
    found.iter().filter(fits).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn dictionary(text: &str) -> Option<Vec<String>> {
        if text == "苹果" {
            return Some(vec!["apple".to_owned(), "codling".to_owned()]);
        }
        let all = ["apple", "Apple", "apply", "ample", "ap\u{1b}[2J"];
        Some(all.into_iter().filter(|_| text.to_lowercase().starts_with('a')).map(str::to_owned).collect())
    }

    #[test]
    fn completions_of_a_beginning() {
        let (_worker, completions) = Worker::start(Box::new(dictionary)).unwrap();
        assert_eq!(completions.of("APP", || false), ["apple", "Apple", "apply"]);
        assert_eq!(completions.of("zz", || false), [""; 0]);
        assert_eq!(completions.of("苹果", || false), ["apple", "codling"]);
        assert_eq!(completions.of("  ", || false), [""; 0]);
    }

    /// Keys that come quickly are one request, for the last of them.
    #[test]
    fn typing_asks_when_it_pauses() {
        let (_worker, completions, asked) = loop {
            let (send, asked) = mpsc::channel();
            let source: Source = Box::new(move |text| {
                // A worker that is given up may ask when nobody listens.
                let _ = send.send(text.to_owned());
                dictionary(text)
            });
            let (worker, completions) = Worker::start(source).unwrap();
            let begun = Instant::now();
            for text in ["a", "ap", "app"] {
                completions.expect(text);
            }
            // On a busy machine this thread may itself have paused, and once more is the way to type quickly.
            if begun.elapsed() < PAUSE {
                break (worker, completions, asked);
            }
        };
        assert_eq!(asked.recv_timeout(Duration::from_secs(20)), Ok("app".to_owned()));
        // Now TAB has its answer without asking.
        assert_eq!(completions.of("app", || false).len(), 3);
        completions.expect("app");
        completions.expect("##");
        completions.expect("");
        assert!(asked.try_recv().is_err());
    }

    /// TAB while the text is being asked for waits for that answer.
    #[test]
    fn a_text_is_asked_for_once() {
        let (send, asked) = mpsc::channel();
        let (release, wait) = mpsc::channel::<()>();
        let source: Source = Box::new(move |text| {
            let _ = send.send(text.to_owned());
            wait.recv().ok().and_then(|()| dictionary(text))
        });
        let (_worker, completions) = Worker::start(source).unwrap();
        completions.expect("app");
        assert_eq!(asked.recv_timeout(Duration::from_secs(20)), Ok("app".to_owned()));
        // It ends before the worker does, which waits for it.
        let waits = move || {
            let _ = release.send(());
            false
        };
        // It may be interrupted by its own timeout where the machine is busy; then the next one has the answer.
        while completions.of("app", &waits).is_empty() {}
        assert!(asked.try_recv().is_err() && completions.shared.board().wanted.is_none());
    }

    /// A server that does not answer does not hold up typing.
    #[test]
    fn a_key_goes_before_an_answer() {
        let (release, wait) = mpsc::channel::<()>();
        let (_worker, completions) = Worker::start(Box::new(move |_| wait.recv().ok().map(|()| Vec::new()))).unwrap();
        let looked = std::cell::Cell::new(0);
        let key = || {
            looked.set(looked.get() + 1);
            looked.get() > 2
        };
        assert_eq!(completions.of("app", key), [""; 0]);
        assert_eq!(looked.get(), 3);
        drop(release);
    }
}
