//! What the two ways to keep a table of edit distances have in common.

/// The farthest that a spelling is looked for.
pub const FARTHEST: u8 = 2;

/// The table of edit distances between a text and a word whose letters are pushed one by one.
pub(super) trait Table {
    /// Adds a letter; returns whether anything with this beginning can still be near enough.
    fn push(&mut self, letter: char, most: u8) -> bool;
    /// Takes that many letters off.
    fn pop(&mut self, count: usize);
    /// The distance of the word that was pushed, if it is near enough.
    fn distance(&self, most: u8) -> Option<u8>;
}
