//! Short messages from a writer to its parent, on the shutdown pipe: what has to be done before the next writer takes
//! over (the writer ends after such a message; only the parent opens files by name), and which session made a request
//! that it had no right to. Pure.

use crate::store::Identity;
use nix::unistd::Pid;

/// A message of the writer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Something is to be done before the next writer begins.
    Order(Order),
    /// This child asked for an account that was not logged in there.
    Offender(Pid),
}

impl Notice {
    /// The longest message.
    pub const SIZE: usize = Order::SIZE;

    /// As a message.
    pub fn write(self) -> Vec<u8> {
        match self {
            Self::Order(order) => order.write(),
            Self::Offender(child) => format!("o{child}").into_bytes(),
        }
    }

    /// Reads a message. `None` for anything else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (b'o', child) => {
                let child = std::str::from_utf8(child).ok()?.parse().ok().filter(|&child: &i32| child > 0)?;
                Some(Self::Offender(Pid::from_raw(child)))
            }
            _ => Order::read(bytes).map(Self::Order),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// This database is in the place of the one before: the spool of that one waits for it.
    TurnTo(Identity),
    /// The database knows no account whose lookups are in the spool: the spool waits, too.
    PutAside,
    /// The spool's file was replaced or removed: it is to be made anew.
    PutBack,
    /// The directory of the embedded database was replaced: the next writer may use the new one.
    Renew,
}

impl Order {
    /// The longest message.
    const SIZE: usize = 1 + Identity::SIZE;

    /// As a message.
    fn write(self) -> Vec<u8> {
        match self {
            Self::TurnTo(identity) => format!("t{identity}"),
            Self::PutAside => "a".to_owned(),
            Self::PutBack => "b".to_owned(),
            Self::Renew => "r".to_owned(),
        }
        .into_bytes()
    }

    /// Reads a message. `None` for anything else.
    fn read(bytes: &[u8]) -> Option<Self> {
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
            assert_eq!(Notice::read(&order.write()), Some(Notice::Order(order)));
            assert!(order.write().len() <= Notice::SIZE);
        }
        let offender = Notice::Offender(Pid::from_raw(i32::MAX));
        assert_eq!(Notice::read(&offender.write()), Some(offender));
        assert!(offender.write().len() <= Notice::SIZE);
        for none in [&b""[..], b"t", b"tx", b"aa", b"x", b"t\xff", b"o", b"o0", b"o-1", b"o99999999999", b"ox"] {
            assert_eq!(Notice::read(none), None);
        }
    }
}
