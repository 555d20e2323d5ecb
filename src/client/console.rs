//! The person, or the script: standard input, output and error, and the questions asked there. It knows no server.
//! A closed pipe is an error like any other here, never a panic.

use super::error::{Error, Result};
use super::input::{Input, InputLine};
use super::interrupt;
use super::messages::{Language, Message};
use super::show;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// A password. It shows itself to nobody by accident, and is wiped when it is not needed any more.
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

/// What the streams are like, and who looks at them.
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
    /// Whether the terminal can write bold.
    pub(crate) bold: bool,
}

/// The three streams.
pub(crate) struct Console {
    manner: Manner,
    pub(crate) input: Input,
    output: BufWriter<Box<dyn Write>>,
    errors: Box<dyn Write>,
}

impl Console {
    /// The process's own streams.
    pub(crate) fn standard(language: Language, json: bool, menus: bool) -> Self {
        let shows_terminal = io::stdout().is_terminal();
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let manner = Manner {
            language,
            json,
            menus,
            asks_terminal: io::stdin().is_terminal(),
            shows_terminal,
            errs_terminal: io::stderr().is_terminal(),
            bold: shows_terminal && !dumb,
        };
        Self::new(manner, Box::new(io::stdin()), Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// Any streams.
    pub(crate) fn new(manner: Manner, input: Box<dyn Read>, output: Box<dyn Write>, errors: Box<dyn Write>) -> Self {
        Self { manner, input: Input::new(input), output: BufWriter::with_capacity(64 << 10, output), errors }
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
        self.output.write_all(text.as_bytes()).map_err(Error::Output)
    }

    /// Writes a line of JSON to standard output.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn write_json(&mut self, value: &impl Serialize) -> Result<()> {
        self.write(&show::json(value))
    }

    /// Sends off what has been written.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.output.flush().map_err(Error::Output)
    }

    /// Says something on standard output.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn say(&mut self, message: &Message<'_>) -> Result<()> {
        let text = self.manner.language.say(message);
        self.write(&text)?;
        self.write("\n")
    }

    /// Says that something was done: in the person's language, or as JSON.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub(crate) fn done(&mut self, message: &Message<'_>) -> Result<()> {
        if self.manner.json { self.write_json(&show::DoneLine { ok: true }) } else { self.say(message) }
    }

    /// Says what is wrong: in the menus as part of the dialogue, else on standard error.
    ///
    /// # Errors
    /// [`Error::Output`]; that standard error is closed is nobody's trouble.
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

    /// Says something on standard error that is no complaint.
    pub(crate) fn hint(&mut self, message: &Message<'_>) {
        let text = format!("{}\n", self.manner.language.say(message));
        let _ = self.errors.write_all(text.as_bytes());
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
            match interrupt::without_echo(|terminal| read_hidden(terminal, &text)) {
                Ok(text) => return Ok(Some(Password::new(text))),
                Err(error) => match error.kind() {
                    ErrorKind::UnexpectedEof => return Ok(None),
                    ErrorKind::Interrupted => return Err(Error::Interrupted),
                    ErrorKind::InvalidData => self.complain(&Message::UnreadableLine)?,
                    _ => return Err(Error::NoTerminal),
                },
            }
        }
    }

    /// Whether anybody can be asked for a password.
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

/// Prompts on the terminal and reads what is typed there, up to Enter; Ctrl-D on nothing is the end of the file.
fn read_hidden(terminal: &mut File, prompt: &str) -> io::Result<String> {
    terminal.write_all(prompt.as_bytes())?;
    let config = rpassword::ConfigBuilder::new().input_reader(terminal.try_clone()?).output_discard().build();
    let answer = rpassword::read_password_with_config(config);
    // Nobody saw the Enter.
    terminal.write_all(b"\n")?;
    answer
}
