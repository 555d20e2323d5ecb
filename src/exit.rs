//! Exit statuses: those of `sysexits.h`, as the interface promises them.

use std::process::ExitCode;

/// How a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Success = 0,
    /// A bad option or URL on the command line.
    Usage = 64,
    /// The words file is refused; there is no such account.
    Data = 65,
    /// The words file, or a password file, is not there.
    NoInput = 66,
    /// The database can't be reached.
    Unavailable = 69,
    /// A failure of our own.
    Software = 70,
    /// The system refuses: a port or the state directory is in use.
    System = 71,
    /// The account's name is taken.
    Taken = 73,
    /// Not now: children lag behind.
    TryAgain = 75,
    /// The configuration file, or no schema.
    Configuration = 78,
}

impl Exit {
    const ALL: [Self; 10] = [
        Self::Success,
        Self::Usage,
        Self::Data,
        Self::NoInput,
        Self::Unavailable,
        Self::Software,
        Self::System,
        Self::Taken,
        Self::TryAgain,
        Self::Configuration,
    ];

    /// The exit status of a number; an unknown one stands for an internal failure.
    pub fn from_status(status: u8) -> Self {
        Self::ALL.into_iter().find(|exit| exit.status() == status).unwrap_or(Self::Software)
    }

    /// The number.
    pub fn status(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}

/// Why a program can't go on: its exit status, and a message that names the thing and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fatal {
    /// How it ends.
    pub exit: Exit,
    /// The text for standard error.
    pub message: String,
}

impl Fatal {
    /// An ending with its message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// The same, and more about it.
    #[must_use]
    pub fn and(self, more: &str) -> Self {
        Self { message: self.message + more, ..self }
    }
}

impl std::fmt::Display for Fatal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fatal {}
