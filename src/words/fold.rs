//! What "without regard to case" means here.

/// Unicode lower case, by the rules of Rust's standard library. Table `words` holds the same in its column
/// `folded`, written from here, so that a lookup gives the same answer in the file and in any database.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
