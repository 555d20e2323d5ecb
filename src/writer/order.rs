//! What a writer has its parent do before another takes its place: only the parent opens files by their names. One short
//! message on the shutdown pipe, and the writer ends. Pure.

use crate::store::Identity;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// This database is in the place of the one before: the spool of that one waits for it.
    TurnTo(Identity),
    /// None of the accounts is known whose lookups are in the spool: it waits, too.
    PutAside,
    /// The spool's file was replaced or removed: it is to be made anew.
    PutBack,
    /// The directory of the embedded database was replaced: the next writer may use the new one.
    Renew,
}

impl Order {
    /// The longest message.
    pub const SIZE: usize = 1 + Identity::SIZE;

    /// As a message.
    pub fn write(self) -> Vec<u8> {
        match self {
            Self::TurnTo(identity) => format!("t{identity}"),
            Self::PutAside => "a".to_owned(),
            Self::PutBack => "b".to_owned(),
            Self::Renew => "r".to_owned(),
        }
        .into_bytes()
    }

    /// Reads a message. `None` for anything that is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (b't', identity) => Identity::parse(std::str::from_utf8(identity).ok()?).map(Self::TurnTo),
            (b'a', []) => Some(Self::PutAside),
            (b'b', []) => Some(Self::PutBack),
            (b'r', []) => Some(Self::Renew),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_as_they_are_written() {
        let turn = Order::TurnTo(Identity::draw().unwrap());
        for order in [turn, Order::PutAside, Order::PutBack, Order::Renew] {
            assert!(order.write().len() <= Order::SIZE);
            assert_eq!(Order::read(&order.write()), Some(order));
        }
        for none in [&b""[..], b"t", b"tx", b"aa", b"x", b"t\xff"] {
            assert_eq!(Order::read(none), None);
        }
    }
}
