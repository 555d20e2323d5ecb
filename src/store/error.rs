//! What can go wrong with a store, and whose fault it is.

/// Whose failure it is, and so what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The world's: unreachable, full, locked out for the moment. Try again later.
    World,
    /// The configuration's: wrong password, no schema, no right. An operator has to mend it.
    Configuration,
    /// Our own: a statement that the database does not understand. Report it.
    Bug,
}

/// A store's failure, with its cause in words. It never holds a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Whose it is.
    pub kind: Kind,
    /// What happened, for the log.
    pub message: String,
}

impl Error {
    /// The world's failure.
    pub fn world(message: impl Into<String>) -> Self {
        Self { kind: Kind::World, message: message.into() }
    }

    /// The configuration's failure.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self { kind: Kind::Configuration, message: message.into() }
    }

    /// Our own failure.
    pub fn bug(message: impl Into<String>) -> Self {
        Self { kind: Kind::Bug, message: message.into() }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
