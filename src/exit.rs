//! Exit statuses: those of `sysexits.h`, as the interface promises them.

use std::process::ExitCode;

/// How a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Success,
    /// A bad option or URL on the command line.
    Usage,
    /// The words file is refused; there is no such account.
    Data,
    /// The words file, or a password file, is not there.
    NoInput,
    /// The database can't be reached.
    Unavailable,
    /// A failure of our own.
    Software,
    /// The system refuses: a port or the state directory is in use.
    System,
    /// The account's name is taken.
    Taken,
    /// Not now: children lag behind.
    TryAgain,
    /// The configuration file, or no schema.
    Configuration,
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
        match self {
            Self::Success => 0,
            Self::Usage => 64,
            Self::Data => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::System => 71,
            Self::Taken => 73,
            Self::TryAgain => 75,
            Self::Configuration => 78,
        }
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
}

impl std::fmt::Display for Fatal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fatal {}
