//! What a process may do, as values: fork, or open a store, but never both.
//!
//! A database connection that crosses a fork is shared by two processes that talk over each other (PyMySQL#422: "packet
//! sequence number wrong"). Here such a program does not compile: a program begins with one [`Origin`] and exchanges it
//! for a [`Forker`] or for a [`StoreKey`]. A forked child begins with an origin of its own.

/// The right to open stores. It exists only where forking was given up: in a session, in a helper, in a tool.
#[derive(Debug, Clone, Copy)]
pub struct StoreKey {
    _private: (),
}

/// The right to fork, held by the parent.
#[derive(Debug)]
pub struct Forker {
    _private: (),
}

/// What a program, and every forked child, begins with: it has not yet decided between forking and opening a store.
#[derive(Debug)]
pub struct Origin {
    _private: (),
}

impl Origin {
    /// Called once, in `main`, before any thread is started.
    pub fn of_main() -> Self {
        Self { _private: () }
    }

    /// For the fork in this module only.
    pub(super) fn of_child() -> Self {
        Self { _private: () }
    }

    /// From here on this process forks, and never opens a store.
    pub fn into_forker(self) -> Forker {
        Forker { _private: () }
    }

    /// From here on this process opens stores, and never forks.
    pub fn into_store_key(self) -> StoreKey {
        StoreKey { _private: () }
    }
}
