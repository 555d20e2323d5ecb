//! A limit on how much of a history is kept in memory where it can't be printed as it comes: a server may send rows for
//! ever.

use crate::client::error::{Error, Result};

/// The most rows, or different words, at once. An account has a million lookups, where its server's operator has set
/// nothing else.
const MOST: usize = 1_000_000;
/// The most bytes of their texts.
const MOST_BYTES: usize = 64 << 20;

/// What there is still room for.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    bytes: usize,
}

impl Budget {
    /// Nothing is held yet.
    pub(crate) fn new() -> Self {
        Self { left: MOST, bytes: MOST_BYTES }
    }

    /// Takes in one more, with the length of its text.
    ///
    /// # Errors
    /// [`Error::TooMuchHistory`].
    pub(crate) fn take(&mut self, bytes: usize) -> Result<()> {
        let left = self.left.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        (self.left, self.bytes) = left.ok_or(Error::TooMuchHistory)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_by_number_and_by_size() {
        let mut budget = Budget::new();
        assert!((0..MOST).all(|_| budget.take(1).is_ok()));
        assert!(matches!(budget.take(0), Err(Error::TooMuchHistory)));
        let mut budget = Budget::new();
        budget.take(MOST_BYTES).unwrap();
        assert!(matches!(budget.take(1), Err(Error::TooMuchHistory)));
    }
}
