//! The person, or the script: standard input, output and error, and the questions asked there. This module knows no
//! server. A closed pipe is an error like any other, never a panic.

use super::colour::Colour;
use super::input::{Input, InputLine};
use super::interrupt;
use super::keys::{self, Key};
use super::table::Table;
use crate::client::error::{Error, Result};
use crate::client::messages::{Language, Message};
use crate::client::render::pager::{Page, Screen};
use crate::client::render::show;
use crate::client::render::{Look, bold, wrapped};
use crate::hidden::{self, NoPassword};
use crate::protocol::{pieces, safe_json};
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// How much of a long text is made safe and written at once, in bytes.
pub(crate) const PIECE: usize = 64 << 10;

/// A password. It is not printed by accident, and is wiped when it is no longer needed.
pub(crate) struct Password(Zeroizing<String>);

impl Password {
    /// Takes it.
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// What is sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the streams are, and whether a person looks at them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// The language of messages.
    pub(crate) language: Language,
    /// Whether `--json` was asked for.
    pub(crate) json: bool,
    /// Whether this is the menus: one dialogue on standard output, errors included.
    pub(crate) menus: bool,
    /// Whether standard input is a terminal.
    pub(crate) asks_terminal: bool,
    /// Whether standard output is a terminal.
    pub(crate) shows_terminal: bool,
    /// Whether standard error is a terminal.
    pub(crate) errs_terminal: bool,
    /// Whether standard output takes bold and colours.
    pub(crate) colour: bool,
    /// Whether example sentences are shown on a terminal.
    pub(crate) examples: bool,
    /// Whether the terminal can move its cursor: a dumb one gets lines and nothing else.
    pub(crate) moves: bool,
}

/// The three streams.
pub(crate) struct Console {
    manner: Manner,
    pub(crate) input: Input,
    output: BufWriter<Box<dyn Write>>,
    errors: Box<dyn Write>,
    /// How large the screen is, if there is one.
    screen: fn() -> Option<Screen>,
    /// What goes to a pager if it grows too long.
    page: Option<Page>,
}

impl Console {
    /// The process's own streams.
    pub(crate) fn standard(language: Language, colour: Colour, json: bool, menus: bool) -> Self {
        let shows_terminal = io::stdout().is_terminal();
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let manner = Manner {
            language,
            json,
            menus,
            asks_terminal: io::stdin().is_terminal(),
            shows_terminal,
            errs_terminal: io::stderr().is_terminal(),
            colour: colour.wanted(shows_terminal && !dumb, std::env::var_os("NO_COLOR").as_deref()),
            examples: false,
            moves: shows_terminal && !dumb,
        };
        let mut console = Self::new(manner, Box::new(io::stdin()), Box::new(io::stdout()), Box::new(io::stderr()));
        if shows_terminal {
            console.screen = Screen::of_standard_output;
        }
        console
    }

    /// From now on example sentences are shown, or not.
    pub(crate) fn show_examples(&mut self, shown: bool) {
        self.manner.examples = shown;
    }

    /// Any streams.
    pub(crate) fn new(manner: Manner, input: Box<dyn Read>, output: Box<dyn Write>, errors: Box<dyn Write>) -> Self {
        let output = BufWriter::with_capacity(64 << 10, output);
        Self { manner, input: Input::new(input), output, errors, screen: || None, page: None }
    }

    /// What the page is like, as it is now: a terminal may change its size at any time.
    pub(crate) fn look(&self) -> Look {
        let columns = (self.screen)().map(|screen| screen.columns);
        Look { colour: self.manner.colour, columns, examples: self.manner.examples }
    }

    /// Runs `work`, and shows what it writes in a pager if the screen can't hold it. A person who leaves the
    /// pager early has seen enough.
    ///
    /// # Errors
    /// As `work`.
    pub(crate) fn paged(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.paged_above("", work)
    }

    /// The same if the caller prints `below` next, before it asks.
    ///
    /// # Errors
    /// As `work`.
    pub(crate) fn paged_above(&mut self, below: &str, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let manner = self.manner;
        let screen = (self.screen)().filter(|_| manner.asks_terminal && manner.moves && !manner.json);
        let Some(screen) = screen else { return work(self) };
        self.flush()?;
        self.page = Some(Page::new(screen, below));
        let outcome = work(self);
        let page = self.page.take();
        let by_pager = page.map_or(Ok(false), |page| page.finish(&mut self.output)).map_err(Error::Output)?;
        match outcome {
            Err(Error::Output(reason)) if by_pager && reason.kind() == ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }

    /// What the streams are like.
    pub(crate) fn manner(&self) -> Manner {
        self.manner
    }

    /// Writes to standard output, as it stands.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn write(&mut self, text: &str) -> Result<()> {
        match &mut self.page {
            Some(page) => page.write(text.as_bytes(), &mut self.output),
            None => self.output.write_all(text.as_bytes()),
        }
        .map_err(Error::Output)
    }

    /// Writes what `safe` makes of a text that may be long, a piece at a time.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn write_long(&mut self, text: &str, safe: fn(&str) -> String) -> Result<()> {
        pieces(text, PIECE).try_for_each(|piece| self.write(&safe(piece)))
    }

    /// Writes a line of JSON to standard output.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn write_json(&mut self, value: &impl Serialize) -> Result<()> {
        show::json_to(value, &mut |text| self.write_long(text, safe_json))
    }

    /// Writes a line of comma-separated values to standard output.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn write_csv(&mut self, fields: &[&str]) -> Result<()> {
        self.write(&csv_line(fields))
    }

    /// Writes the rows that a table holds to standard output, the table's heading in bold; `cut` as in
    /// [`Table::lay_out`].
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn write_table<const COLUMNS: usize, const CUT: usize>(
        &mut self,
        table: &mut Table<COLUMNS>,
        cut: [usize; CUT],
    ) -> Result<()> {
        let look = self.look();
        let heads = table.holds_first();
        let text = table.lay_out(look.columns, cut);
        match text.split_once('\n') {
            Some((head, rest)) if heads && look.colour => self.write(&format!("{}\n{rest}", bold(head))),
            _ => self.write(&text),
        }
    }

    /// Sends off what has been written.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.output.flush().map_err(Error::Output)
    }

    /// Prints a message on standard output.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn say(&mut self, message: &Message<'_>) -> Result<()> {
        let text = self.manner.language.say(message);
        self.write(&text)?;
        self.write("\n")
    }

    /// Reports that something was done: in the person's language, or as JSON.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn done(&mut self, message: &Message<'_>) -> Result<()> {
        if self.manner.json { self.write_json(&show::DoneLine { ok: true }) } else { self.say(message) }
    }

    /// Reports what is wrong: in the menus as part of the dialogue, else on standard error.
    ///
    /// # Errors
    /// [`Error::Output`]; a closed standard error is ignored.
    pub(crate) fn complain(&mut self, message: &Message<'_>) -> Result<()> {
        if self.manner.menus {
            return self.say(message);
        }
        // On a terminal both streams are one page, and its order matters.
        if self.manner.shows_terminal {
            self.flush()?;
        }
        let text = format!("cidian: {}\n", self.manner.language.say(message));
        let _ = self.errors.write_all(text.as_bytes());
        Ok(())
    }

    /// Prints a message on standard error that is not an error, in lines that fit the page.
    pub(crate) fn hint(&mut self, message: &Message<'_>) {
        let mut text = String::new();
        let columns = self.look().columns.filter(|_| self.manner.errs_terminal);
        wrapped(&mut text, &self.manner.language.say(message), "", "", columns);
        let _ = self.errors.write_all(text.as_bytes());
    }

    /// Shows how far something has come, in the place of what was shown before; nothing takes it away. Only on a
    /// terminal that can.
    pub(crate) fn progress(&mut self, text: &str) {
        if self.manner.errs_terminal && self.manner.moves && !self.manner.json {
            let _ = self.errors.write_all(format!("\r{text}\u{1b}[K").as_bytes());
            let _ = self.errors.flush();
        }
    }

    /// Prints on standard error why nothing happens, from places that may print nothing else.
    pub(crate) fn notice(&self, message: &Message<'_>) {
        let _ = io::stderr().write_all(format!("cidian: {}\n", self.manner.language.say(message)).as_bytes());
    }

    /// Asks, and reads a line; `None` at the end of the input.
    ///
    /// # Errors
    /// [`Error::Output`], [`Error::Input`].
    pub(crate) fn ask(&mut self, prompt: &Message<'_>) -> Result<Option<String>> {
        loop {
            self.prompt(prompt)?;
            match self.input.next().map_err(Error::Input)? {
                Some(InputLine::Text(text)) => return Ok(Some(text)),
                Some(InputLine::TooLong | InputLine::NotUtf8(_)) => self.complain(&Message::UnreadableLine)?,
                None => {
                    // The cursor still stands behind the prompt.
                    self.prompt_text("\n")?;
                    return Ok(None);
                }
            }
        }
    }

    /// Asks for a key: on a terminal that can, a single one; elsewhere the first character of a line.
    ///
    /// # Errors
    /// [`Error::Output`], [`Error::Input`].
    pub(crate) fn ask_key(&mut self, prompt: &Message<'_>) -> Result<Key> {
        // What the question is about comes before it, on whichever stream.
        self.flush()?;
        // Lines that were typed ahead of the question are answers, too.
        if !self.manner.asks_terminal || !self.manner.moves || self.input.holds_line() {
            return Ok(self.ask(prompt)?.map_or(Key::End, |line| Key::of_line(&line)));
        }
        let key = keys::press(|| self.prompt(prompt))?;
        self.prompt_text("\n")?;
        Ok(key)
    }

    /// Asks for a password, hidden; `None` at the end of the input. In the menus a pipe's next line is the
    /// password; everywhere else it comes from the terminal, even if standard input is a pipe of words.
    ///
    /// # Errors
    /// [`Error::NoTerminal`], [`Error::Interrupted`], [`Error::Output`], [`Error::Input`].
    pub(crate) fn ask_hidden(&mut self, prompt: &Message<'_>) -> Result<Option<Password>> {
        if self.manner.menus && !self.manner.asks_terminal {
            let password = self.ask(prompt)?.map(Password::new);
            self.input.wipe();
            return Ok(password);
        }
        loop {
            self.flush()?;
            let text = self.manner.language.say(prompt);
            match hidden::ask(&text) {
                Ok(text) => return Ok(Some(Password(text))),
                Err(NoPassword::End) => return Ok(None),
                Err(NoPassword::NotUtf8) => self.complain(&Message::UnreadableLine)?,
                Err(NoPassword::Signal(signal)) => interrupt::leave(signal as i32),
                Err(NoPassword::Failed(error)) if error.kind() == ErrorKind::Interrupted => {
                    return Err(Error::Interrupted);
                }
                Err(NoPassword::NoTerminal | NoPassword::Failed(_)) => return Err(Error::NoTerminal),
            }
        }
    }

    /// Whether a person can be asked for a password.
    pub(crate) fn can_ask_hidden(&self) -> bool {
        self.manner.menus || File::options().read(true).write(true).open("/dev/tty").is_ok()
    }

    fn prompt(&mut self, prompt: &Message<'_>) -> Result<()> {
        let text = self.manner.language.say(prompt);
        self.prompt_text(&text)
    }

    /// Prompts of subcommands go to standard error, so that `cidian lookup apple > file` can ask for a name.
    fn prompt_text(&mut self, text: &str) -> Result<()> {
        if self.manner.menus {
            self.write(text)?;
        } else {
            let _ = self.errors.write_all(text.as_bytes());
            let _ = self.errors.flush();
        }
        self.flush()
    }
}

/// Hands a line of comma-separated values on: `before`, a text of several lines that may be long, `after`.
///
/// # Errors
/// What `take` fails with.
pub(crate) fn csv_row(
    before: &[&str],
    text: &str,
    after: &[&str],
    take: &mut impl FnMut(&str) -> Result<()>,
) -> Result<()> {
    if text.len() <= PIECE {
        return take(&csv_line(&[before, &[&show::shown(text)], after].concat()));
    }
    take(&format!("{},\"", csv_line(before).trim_end_matches('\n')))?;
    pieces(text, PIECE).try_for_each(|piece| take(&show::shown(piece).replace('"', "\"\"")))?;
    take("\"")?;
    if after.is_empty() { take("\n") } else { take(&format!(",{}", csv_line(after))) }
}

/// A line of comma-separated values, with its line end; quotes where they are needed.
pub(crate) fn csv_line(fields: &[&str]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory can't fail; a line that is empty is seen.
    let line = writer.write_record(fields).ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8_lossy(&line).into_owned()
}
