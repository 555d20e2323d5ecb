//! The statements that are the same in both stores; those that differ are in `statements.rs` of each.
//!
//! No value is ever put into a statement's text: values are always parameters.

pub(super) const COUNT_TOKENS: &str = "SELECT COUNT(*) FROM token WHERE user_id = ?";
pub(super) const EXPIRE_TOKENS: &str = "DELETE FROM token WHERE user_id = ? AND last_used <= ?";
pub(super) const END_TOKENS: &str = "DELETE FROM token WHERE user_id = ?";
pub(super) const END_DICT_KEY: &str = "DELETE FROM dict_key WHERE user_id = ?";
/// What the operator does to an account, locked or not.
pub(super) const SET_LOCKED: &str = "UPDATE user SET locked = ? WHERE id = ?";
pub(super) const RESET_PASSWD: &str = "UPDATE user SET passwd = ? WHERE id = ? AND created = ?";
pub(super) const REMOVE_ACCOUNT: &str = "DELETE FROM user WHERE id = ? AND created = ?";
pub(super) const CREATED: &str = "SELECT created FROM user WHERE id = ?";
pub(super) const TOKENS: &str =
    "SELECT created, last_used FROM token WHERE user_id = ? AND last_used > ? ORDER BY created, hash";
pub(super) const COUNT_USERS: &str = "SELECT COUNT(*) FROM user";
pub(super) const USERS_AFTER: &str = "SELECT id FROM user WHERE id > ? ORDER BY id LIMIT ?";
pub(super) const COUNT_OLDER: &str = "SELECT COUNT(*) FROM hist WHERE user_id = ? AND time < ?";
pub(super) const CLEAR_ALL: &str = "DELETE FROM hist WHERE user_id = ?";
pub(super) const COUNT_STARS: &str = "SELECT COUNT(*) FROM star WHERE user_id = ?";
pub(super) const SET_STAR_TEXT: &str = "UPDATE star SET tags = ?, note = ? WHERE user_id = ? AND word = ?";
pub(super) const DELETE_STAR: &str = "DELETE FROM star WHERE user_id = ? AND word = ?";
pub(super) const SET_MEMORY: &str = "\
    UPDATE star SET due = ?, stability = ?, difficulty = ?, elapsed_days = ?, scheduled_days = ?, reps = ?, lapses = ?, \
    state = ?, last_review = ? WHERE user_id = ? AND word = ?";
pub(super) const REVIEWS: &str = "\
    SELECT word, grade, time, origin FROM review WHERE user_id = ? ORDER BY time DESC, origin DESC LIMIT ?";
/// Whether there are rows that only their headword and its lower case lead to.
pub(super) const HAS_KEYLESS: &str = "SELECT EXISTS (SELECT 1 FROM words WHERE lookup_key IS NULL)";
pub(super) const ABOUT: &str = "SELECT name, value FROM meta";
pub(super) const GREATEST_GENERATION: &str = "SELECT MAX(generation) FROM words";
pub(super) const DELETE_MARK: &str = "DELETE FROM meta WHERE name = ?";
pub(super) const COUNT_UNLOADED: &str = "SELECT COUNT(*) FROM words WHERE generation = 0";
pub(super) const DELETE_UNLOADED: &str = "DELETE FROM words WHERE generation = 0";
pub(super) const SET_KEY: &str = "UPDATE words SET lookup_key = ? WHERE id = ?";
