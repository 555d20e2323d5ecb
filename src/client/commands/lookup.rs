//! `cidian lookup`: many words through one connection, pipelined. Answers come out in the order of the words, and
//! a word typed alone is answered at once. Neither side ever waits for the other to read.

use super::answer::{Style, print_found};
use super::context::{Context, LoggedIn};
use super::notebook::speech::Speaker;
use super::reverse::{self, Choice};
use super::sentence;
use crate::client::arguments::{Asks, Field, Parts};
use crate::client::error::{Error, Result, WordFault};
use crate::client::exit::Exit;
use crate::client::messages::Message;
use crate::client::render::show::LookupLine;
use crate::client::server::connection::{Connection, Entry};
use crate::client::terminal::console::Console;
use crate::client::terminal::input::InputLine;
use crate::client::word::{checked_word, may_lead};
use crate::protocol::{Code, Request, printable};
use std::collections::VecDeque;

/// The most requests under way. With [`WINDOW_BYTES`] it keeps what is sent within the socket's buffers: sending
/// never has to wait for a server that waits for us to read.
const WINDOW: usize = 64;
/// The most bytes of requests under way.
const WINDOW_BYTES: usize = 32 << 10;
/// How many headwords a person is offered for a word that is not found: what is farther away is rarely meant.
pub(crate) const OFFERED: usize = 6;
/// The most bytes of answers that are kept until it is their turn: with more there are no suggestions.
const MOST_HELD: usize = 16 << 20;
/// The most words of the command line that go along with the login.
const AHEAD: usize = 16;

/// `cidian lookup`: the words of the command line, or without any, of standard input.
///
/// # Errors
/// Whatever can go wrong with that; a word that is not found is not an error, but shows in the exit status.
pub(crate) fn run(
    context: &mut Context<'_>,
    words: &[String],
    asks: &Asks,
    parts: Parts,
    speaker: &mut Speaker,
) -> Result<Exit> {
    if let Some(text) = &asks.text {
        return in_text(context, text, parts);
    }
    let manner = context.console.manner();
    let joined = words.join(" ");
    let phrase = [joined.clone()];
    // Whether to find out if they are one: for a person, not for a script.
    let perhaps = words.len() > 1
        && !asks.each
        && !asks.phrase
        && manner.shows_terminal
        && !manner.json
        && parts.field.is_empty()
        && checked_word("", &joined).is_ok();
    let words = if asks.phrase && !words.is_empty() { &phrase } else { words };
    // Never for a filter: it would wait for a text that is not read.
    let suggests = if manner.json {
        !words.is_empty()
    } else {
        manner.errs_terminal && (!words.is_empty() || manner.asks_terminal)
    };
    // What a Chinese word leads to is asked for wherever it goes, as long as it need not be in step with lines.
    // So is which dictionaries there are, if an entry shows that there are several.
    let tells_apart = manner.json || (manner.shows_terminal && parts.field.is_empty()) || parts.first_line;
    let asks_more = suggests || tells_apart || words.iter().any(|word| may_lead(word));
    let ahead = |name: &str| if perhaps { Vec::new() } else { requests_ahead(name, words, asks_more) };
    let (LoggedIn { mut connection, name }, ahead) = context.log_in_with(ahead)?;
    let console = &mut *context.console;
    let together = perhaps && are_together(&mut connection, &name, &joined)?;
    let words = if together { &phrase } else { words };
    let dialogue = words.is_empty() && manner.asks_terminal && manner.shows_terminal;
    let style = match (manner.json, words.is_empty()) {
        (true, _) => Style::Json,
        // A person who types each word needs no lines in step, but a hint.
        (false, true) if dialogue => Style::Person,
        (false, true) => Style::Filter,
        // One field is for a script, wherever it goes.
        (false, false) if manner.shows_terminal && parts.field.is_empty() => Style::Person,
        (false, false) => Style::Plain,
    };
    if dialogue {
        console.hint(&Message::WordsWanted);
    }
    let mut pipeline = Pipeline {
        connection,
        name,
        style,
        parts,
        tells_apart,
        several: words.len() > 1,
        from_input: words.is_empty(),
        suggests,
        failure: None,
        pending: VecDeque::new(),
        outgoing: Vec::new(),
        ahead,
        asked: 0,
        asked_bytes: 0,
        missed: false,
        instead: None,
        // A filter would be kept waiting, and no person looks at it.
        speaker: Some(speaker).filter(|_| matches!(style, Style::Plain | Style::Person)),
    };
    let outcome = if words.is_empty() { filter(console, &mut pipeline) } else { each(console, &mut pipeline, words) };
    // What was answered before an error is worth having.
    console.flush()?;
    outcome?;
    match pipeline.failure {
        // The goodbye went ahead, too.
        None if pipeline.ahead > 0 => pipeline.connection.part(),
        None => pipeline.connection.leave(),
        Some(_) => {}
    }
    Ok(if pipeline.missed { Exit::NotFound } else { Exit::Done })
}

/// Whether several words are one headword. The question leaves no trace.
fn are_together(connection: &mut Connection, name: &str, joined: &str) -> Result<bool> {
    let Ok(word) = checked_word(name, joined) else { return Ok(false) };
    connection.send_one(&Request::Define { name, word });
    match connection.entry() {
        // A server that does not know the request.
        Err(Error::Refused(failure)) if matches!(failure.code, Code::BadReq | Code::TooLong) => Ok(false),
        entry => Ok(entry?.is_some_and(|entry| sentence::is_together(word, &entry.headword))),
    }
}

/// `cidian lookup --text`: the headwords in a text.
fn in_text(context: &mut Context<'_>, text: &str, mut parts: Parts) -> Result<Exit> {
    let manner = context.console.manner();
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let style = match manner.json {
        true => Style::Json,
        false if manner.shows_terminal && parts.field.is_empty() => Style::Person,
        false => Style::Filter,
    };
    // Without its headword it is not clear what a line is about.
    if parts.field.is_empty() {
        parts.field = vec![Field::Headword, Field::Interpretation];
    }
    let mut any = false;
    let mut outcome = sentence::pieces(&mut connection, &name, text, |piece| {
        any = true;
        print_found(console, style, &parts, piece.typed, piece.entry)
    });
    console.flush()?;
    if outcome.is_ok() && !any {
        outcome = console.complain(&Message::NotFound { word: text.trim() });
    }
    outcome?;
    connection.leave();
    Ok(if any { Exit::Done } else { Exit::NotFound })
}

/// What goes along with the login: the first lookups, as the pipeline will make them; and the goodbye, if nothing can
/// follow them.
fn requests_ahead(name: &str, words: &[String], asks_more: bool) -> Vec<u8> {
    let mut requests = Vec::new();
    for word in words.iter().take(AHEAD).filter_map(|word| checked_word(name, word).ok()) {
        Request::Lookup { name, word }.push_line(&mut requests);
    }
    if !words.is_empty() && words.len() <= AHEAD && !asks_more {
        Request::Goodbye.push_line(&mut requests);
    }
    requests
}

fn each(console: &mut Console, pipeline: &mut Pipeline<'_>, words: &[String]) -> Result<()> {
    words.iter().try_for_each(|word| pipeline.offer(console, InputLine::Text(word.clone())))?;
    pipeline.drain(console)
}

fn filter(console: &mut Console, pipeline: &mut Pipeline) -> Result<()> {
    loop {
        while let Some(line) = console.input.buffered() {
            pipeline.offer(console, line)?;
        }
        // The input pauses: its writer may be waiting for the answers.
        pipeline.drain(console)?;
        // What was typed instead of a number is the next word.
        while let Some(text) = pipeline.instead.take() {
            pipeline.offer(console, InputLine::Text(text))?;
            pipeline.drain(console)?;
        }
        if !console.input.fill().map_err(Error::Input)? {
            return Ok(());
        }
    }
}

/// A word whose answer has not been printed.
enum Pending {
    /// Asked for; the bytes of its request.
    Asked(String, usize),
    /// Answered, but it is not its turn yet.
    Answered(String, Result<Option<Entry>>),
    /// Never sent.
    Refused(String, WordFault),
}

struct Pipeline<'a> {
    connection: Connection,
    name: String,
    style: Style,
    /// What of an answer is printed.
    parts: Parts,
    /// Whether the articles of several dictionaries are shown apart.
    tells_apart: bool,
    /// Whether several words are answered in one go: then each answer begins with its headword.
    several: bool,
    /// Whether the words come from standard input.
    from_input: bool,
    /// Whether to ask what may have been meant by a word that is not found.
    suggests: bool,
    /// What ended the connection while that was asked: no error yet, but one for the next word.
    failure: Option<Error>,
    pending: VecDeque<Pending>,
    /// Requests not sent yet.
    outgoing: Vec<u8>,
    /// Bytes of the next requests that went along with the login, and are not sent again.
    ahead: usize,
    /// Requests not answered yet, sent or not, and their bytes.
    asked: usize,
    asked_bytes: usize,
    /// Whether a word was not found.
    missed: bool,
    /// What was typed where a number was asked for.
    instead: Option<String>,
    /// Reads the shown headwords aloud.
    speaker: Option<&'a mut Speaker>,
}

impl Pipeline<'_> {
    /// Takes a word in. When the window is full it is sent, and half of it answered.
    fn offer(&mut self, console: &mut Console, line: InputLine) -> Result<()> {
        let pending = match line {
            InputLine::TooLong => Pending::Refused("…".to_owned(), WordFault::TooLong),
            InputLine::NotUtf8(text) => Pending::Refused(text, WordFault::NotUtf8),
            InputLine::Text(text) => match checked_word(&self.name, &text) {
                Ok(word) => {
                    let before = self.outgoing.len();
                    Request::Lookup { name: &self.name, word }.push_line(&mut self.outgoing);
                    let bytes = self.outgoing.len() - before;
                    self.asked += 1;
                    self.asked_bytes += bytes;
                    Pending::Asked(word.to_owned(), bytes)
                }
                Err(fault) => Pending::Refused(text, fault),
            },
        };
        self.pending.push_back(pending);
        if self.asked >= WINDOW || self.asked_bytes >= WINDOW_BYTES {
            self.send();
            while self.asked > WINDOW / 2 || self.asked_bytes > WINDOW_BYTES / 2 {
                self.settle_first(console)?;
            }
        }
        Ok(())
    }

    /// Has everything answered and printed.
    fn drain(&mut self, console: &mut Console) -> Result<()> {
        self.send();
        while !self.pending.is_empty() {
            self.settle_first(console)?;
        }
        console.flush()
    }

    fn send(&mut self) {
        let ahead = self.ahead.min(self.outgoing.len());
        self.ahead -= ahead;
        if ahead < self.outgoing.len() {
            self.connection.send(&self.outgoing[ahead..]);
        }
        self.outgoing.clear();
    }

    /// Prints the answer to the first word that waits.
    fn settle_first(&mut self, console: &mut Console) -> Result<()> {
        match self.pending.pop_front() {
            None => Ok(()),
            Some(Pending::Refused(word, fault)) => self.print_refused(console, &word, fault),
            Some(Pending::Asked(word, bytes)) => {
                self.asked -= 1;
                self.asked_bytes -= bytes;
                let answer = match self.failure.take() {
                    Some(failure) => Err(failure),
                    None => self.connection.entry(),
                };
                self.settle(console, &word, answer)
            }
            Some(Pending::Answered(word, answer)) => self.settle(console, &word, answer),
        }
    }

    fn settle(&mut self, console: &mut Console, word: &str, answer: Result<Option<Entry>>) -> Result<()> {
        let entry = match answer {
            // Our limits and the server's may differ one day; one word is not a reason to give up the others.
            Err(Error::Refused(failure)) if matches!(failure.code, Code::BadReq | Code::TooLong) => {
                console.complain(&Message::Failed(&Error::Refused(failure)))?;
                None
            }
            entry => entry?,
        };
        self.print(console, word, entry)
    }

    /// Prints the headwords of a sentence; returns whether there were any.
    fn gloss(&mut self, console: &mut Console, text: &str) -> Result<bool> {
        if !self.read_those_under_way() {
            return Ok(false);
        }
        let mut any = false;
        sentence::pieces(&mut self.connection, &self.name, text, |piece| {
            any = true;
            print_found(console, Style::Person, &self.parts, piece.typed, piece.entry)
        })?;
        Ok(any)
    }

    /// What may have been meant by a word that is not found. A failure here does not make the lookup fail.
    fn suggestions(&mut self, word: &str) -> Vec<String> {
        self.ask_besides(|connection, name| connection.meant(name, word))
    }

    /// The entry with the articles of each dictionary.
    fn apart(&mut self, entry: Entry) -> Entry {
        // Once it is known which there are, nothing has to be asked.
        if self.connection.has_to_ask(&entry) && (self.failure.is_some() || !self.read_those_under_way()) {
            return entry;
        }
        self.connection.apart(entry)
    }

    /// Sends a request besides the words. A failure here does not make the lookup fail, and gives no result.
    fn ask_besides<T: Default>(&mut self, ask: impl FnOnce(&mut Connection, &str) -> Result<T>) -> T {
        if self.failure.is_some() || !self.read_those_under_way() {
            return T::default();
        }
        match ask(&mut self.connection, &self.name) {
            Ok(answer) => answer,
            Err(error) => {
                if error.ends_connection() {
                    self.failure = Some(error);
                }
                T::default()
            }
        }
    }

    /// Prints what a Chinese word leads to. On a terminal one of them may be chosen, and is looked up. Returns whether
    /// there was anything.
    fn lead(&mut self, console: &mut Console, word: &str) -> Result<bool> {
        let is_list = match self.style {
            Style::Person => true,
            Style::Plain => self.parts.field.is_empty(),
            Style::Filter | Style::Json => false,
        };
        if !is_list || !may_lead(word) {
            return Ok(false);
        }
        let entries = self.ask_besides(|connection, name| connection.reverse(name, word));
        if entries.is_empty() {
            return Ok(false);
        }
        if self.style == Style::Plain {
            self.missed = true;
            console.complain(&Message::NotFound { word })?;
            for entry in entries {
                console.write(&format!("{}\t{}\n", printable(&entry.headword), printable(&entry.escaped)))?;
            }
            return Ok(true);
        }
        reverse::list(console, word, &entries)?;
        let chosen = if console.manner().asks_terminal { self.choose(console, &entries)? } else { None };
        let Some(Entry { headword, .. }) = chosen else {
            self.missed = true;
            return Ok(true);
        };
        match self.connection.entry_apart(&Request::Lookup { name: &self.name, word: headword })? {
            Some(entry) => self.print_and_say(console, headword, entry)?,
            // Of another load of the words.
            None => {
                self.missed = true;
                console.complain(&Message::NotFound { word: headword })?;
            }
        }
        Ok(true)
    }

    fn choose<'e>(&mut self, console: &mut Console, entries: &'e [Entry]) -> Result<Option<&'e Entry>> {
        loop {
            match reverse::choose(console, entries.len())? {
                Choice::Entry(number) => return Ok(entries.get(number)),
                Choice::Nothing => return Ok(None),
                Choice::Other(typed) if self.from_input => {
                    self.instead = Some(typed);
                    return Ok(None);
                }
                Choice::Other(typed) => {
                    let last = u8::try_from(entries.len()).unwrap_or(u8::MAX);
                    console.complain(&Message::UnknownChoice { typed: &typed, last })?;
                }
            }
        }
    }

    /// Replies come in order: before something else is asked, those under way are read, and kept. Returns whether
    /// that could be done, so that something else can be asked.
    fn read_those_under_way(&mut self) -> bool {
        let mut held = 0;
        for pending in &mut self.pending {
            let Pending::Asked(word, bytes) = pending else { continue };
            if held > MOST_HELD {
                return false;
            }
            let answer = self.connection.entry();
            held += answer.as_ref().ok().and_then(Option::as_ref).map_or(0, |entry| entry.escaped.len());
            let ended = matches!(&answer, Err(error) if error.ends_connection());
            self.asked -= 1;
            self.asked_bytes -= *bytes;
            *pending = Pending::Answered(std::mem::take(word), answer);
            if ended {
                return false;
            }
        }
        true
    }

    fn print_refused(&mut self, console: &mut Console, word: &str, fault: WordFault) -> Result<()> {
        // A blank line of a filter is a blank line: it asks for nothing.
        let blank = fault == WordFault::Empty && self.from_input;
        if !blank {
            self.missed = true;
            console.complain(&Message::BadWord { word, fault })?;
        }
        self.print_missing(console, word, &[])
    }

    fn print(&mut self, console: &mut Console, word: &str, entry: Option<Entry>) -> Result<()> {
        let Some(entry) = entry else {
            if self.style == Style::Person && sentence::is_sentence(word) && self.gloss(console, word)? {
                return Ok(());
            }
            if self.lead(console, word)? {
                return Ok(());
            }
            self.missed = true;
            console.complain(&Message::NotFound { word })?;
            // A Chinese word in a filter of objects leads to something, too.
            let suggests = self.suggests || (self.style == Style::Json && may_lead(word));
            let headwords = if suggests { self.suggestions(word) } else { Vec::new() };
            // A script finds them in its object.
            if !headwords.is_empty() && self.style != Style::Json {
                let headwords = &headwords[..headwords.len().min(OFFERED)];
                console.hint(&Message::DidYouMean { headwords });
            }
            return self.print_missing(console, word, &headwords);
        };
        let entry = if self.tells_apart { self.apart(entry) } else { entry };
        // With several words each answer shows which word it is for.
        if self.style == Style::Plain && self.several && self.parts.field.is_empty() {
            console.write(&format!("{}  ", printable(&entry.headword)))?;
        }
        self.print_and_say(console, word, entry)
    }

    /// Prints an entry, with its headword if that is wanted.
    fn print_and_say(&mut self, console: &mut Console, word: &str, entry: Entry) -> Result<()> {
        let headword = entry.headword.clone();
        print_found(console, self.style, &self.parts, word, entry)?;
        if let Some(speaker) = &mut self.speaker {
            // With several words each is read to its end.
            speaker.finish();
            console.flush()?;
            speaker.say_if_asked(console, &headword)?;
        }
        Ok(())
    }

    /// What stands for a word that has no interpretation, so that a filter's lines stay in step.
    fn print_missing(&mut self, console: &mut Console, word: &str, headwords: &[String]) -> Result<()> {
        match self.style {
            Style::Plain | Style::Person => Ok(()),
            Style::Filter => console.write("\n"),
            Style::Json => console.write_json(&LookupLine {
                word,
                found: false,
                headword: None,
                form: None,
                interpretation: None,
                phonetic: None,
                tags: Vec::new(),
                entries: Vec::new(),
                suggestions: (self.suggests || !headwords.is_empty()).then_some(headwords),
            }),
        }
    }
}
