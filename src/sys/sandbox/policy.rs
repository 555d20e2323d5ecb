//! The vocabulary for what a process may do: system calls, files, TCP ports, open files. Plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a process may do; all else is forbidden to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub(super) calls: BTreeMap<u32, Alternatives>,
    /// Calls that fail as if there were no memory.
    pub(super) refused: BTreeSet<u32>,
    files: Vec<(PathBuf, Access)>,
    ports: BTreeSet<u16>,
    pub(super) own_port: bool,
    pub(super) open_files: u64,
}

/// When a call is allowed: always without an alternative, else when all conditions of one of them hold.
pub(super) type Alternatives = Vec<Vec<Condition>>;

/// What may be done with a file, or with what lies below a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// See the names in a directory, and open it to have it on the disk; not the files in it.
    List,
    /// Read.
    Read,
    /// Read, write, make and remove regular files.
    Change,
    /// The same, and make directories.
    Make,
}

/// A condition on the low 32 bits of an argument of a system call. Arguments are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub(super) argument: u8,
    /// The bits that are looked at.
    pub(super) mask: u32,
    pub(super) value: Value,
}

/// What an argument must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// One of these.
    OneOf(Vec<u32>),
    /// The number of the process that enters.
    OwnProcess,
    /// This half of the [key](super::CallKey) of the entering process: the low one, or the high one.
    Key {
        /// Which half.
        high: bool,
    },
}

impl Condition {
    /// The argument is one of these numbers.
    pub fn one_of(argument: u8, values: &[u32]) -> Self {
        Self { argument, mask: u32::MAX, value: Value::OneOf(values.to_vec()) }
    }

    /// The argument is this number.
    pub fn is(argument: u8, value: u32) -> Self {
        Self::one_of(argument, &[value])
    }

    /// Of these bits the argument has exactly those of `value`.
    pub fn has(argument: u8, bits: u32, value: u32) -> Self {
        Self { argument, mask: bits, value: Value::OneOf(vec![value & bits]) }
    }

    /// The argument has none of these bits.
    pub fn lacks(argument: u8, bits: u32) -> Self {
        Self::has(argument, bits, 0)
    }

    /// The argument is the number of the process that enters.
    pub fn is_own_process(argument: u8) -> Self {
        Self { argument, mask: u32::MAX, value: Value::OwnProcess }
    }

    /// The call carries the key.
    fn is_keyed() -> [Self; 2] {
        [false, true].map(|high| Self { argument: super::key::ARGUMENT, mask: u32::MAX, value: Value::Key { high } })
    }
}

impl Policy {
    /// Nothing is allowed but descriptors with numbers below this one.
    pub fn new(open_files: u64) -> Self {
        Self { open_files, ..Self::default() }
    }

    /// Allows system calls, with any arguments.
    #[must_use]
    pub fn calls(mut self, numbers: &[libc::c_long]) -> Self {
        for number in numbers {
            self.calls.insert(call_number(*number), Vec::new());
        }
        self
    }

    /// Makes system calls fail (`ENOMEM`), whatever other rules there are for them, instead of ending the process: for
    /// those that a library makes and can do without.
    #[must_use]
    pub fn refuse(mut self, numbers: &[libc::c_long]) -> Self {
        self.refused.extend(numbers.iter().copied().map(call_number));
        self
    }

    /// Allows a system call when all of these conditions hold; besides what is allowed of it already.
    #[must_use]
    pub fn call_when(mut self, number: libc::c_long, conditions: &[Condition]) -> Self {
        add(&mut self.calls, call_number(number), vec![conditions.to_vec()]);
        self
    }

    /// Allows system calls to a process that has the [key](super::CallKey).
    #[must_use]
    pub(super) fn keyed_calls(mut self, numbers: &[libc::c_long]) -> Self {
        for number in numbers {
            add(&mut self.calls, call_number(*number), vec![Condition::is_keyed().to_vec()]);
        }
        self
    }

    /// Allows a file, or what lies below a directory. What is not there when the sandbox is prepared is left out.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>, access: Access) -> Self {
        let rule = (path.into(), access);
        if !self.files.contains(&rule) {
            self.files.push(rule);
        }
        self
    }

    /// Allows TCP connections to a port.
    #[must_use]
    pub fn connect(mut self, port: u16) -> Self {
        self.ports.insert(port);
        self
    }

    /// Allows to bind a TCP socket to a port that the system chooses. (Listening is a system call, and not allowed.)
    #[must_use]
    pub fn bind_own_port(mut self) -> Self {
        self.own_port = true;
        self
    }

    /// Allows what another policy allows besides.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (number, alternatives) in other.calls {
            add(&mut self.calls, number, alternatives);
        }
        self.refused.extend(other.refused);
        for (path, access) in other.files {
            self = self.file(path, access);
        }
        self.ports.extend(other.ports);
        self.own_port |= other.own_port;
        self.open_files = self.open_files.max(other.open_files);
        self
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&Path, Access)> {
        self.files.iter().map(|(path, access)| (path.as_path(), *access))
    }

    pub(super) fn ports(&self) -> impl Iterator<Item = u16> {
        self.ports.iter().copied()
    }
}

fn call_number(number: libc::c_long) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What is allowed without a condition stays so.
fn add(calls: &mut BTreeMap<u32, Alternatives>, number: u32, alternatives: Alternatives) {
    match calls.get_mut(&number) {
        None => {
            calls.insert(number, alternatives);
        }
        Some(known) if known.is_empty() => {}
        Some(known) if alternatives.is_empty() => known.clear(),
        Some(known) => {
            for alternative in alternatives {
                if !known.contains(&alternative) {
                    known.push(alternative);
                }
            }
        }
    }
}
