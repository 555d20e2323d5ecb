//! The statements that are the same in both stores; those that differ are in `statements.rs` of each.
//!
//! No value is ever put into a statement's text: values are always parameters.

/// The name of an account that may be used.
pub(super) const LIVE: &str = "SELECT name FROM user WHERE id = ? AND created = ? AND locked = FALSE";
pub(super) const SET_PASSWD: &str = "UPDATE user SET passwd = ? WHERE id = ? AND created = ? AND locked = FALSE";
pub(super) const DELETE_ACCOUNT: &str = "DELETE FROM user WHERE id = ? AND created = ? AND locked = FALSE";
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
/// The first and the last of an account's lookups are the ends of its range in an index. In the order of bytes,
/// whatever a collation does with spaces: names contain no spaces.
pub(super) const ACCOUNTS: &str = "\
    SELECT name, created, locked, \
    (SELECT COUNT(*) FROM hist WHERE hist.user_id = user.id), \
    (SELECT MAX(time) FROM hist WHERE hist.user_id = user.id), \
    (SELECT COUNT(*) FROM token WHERE token.user_id = user.id AND token.last_used > ?) FROM user ORDER BY name";
pub(super) const COUNT_USERS: &str = "SELECT COUNT(*) FROM user";
pub(super) const USERS_AFTER: &str = "SELECT id FROM user WHERE id > ? ORDER BY id LIMIT ?";
pub(super) const COUNT_OLDER: &str = "SELECT COUNT(*) FROM hist WHERE user_id = ? AND time < ?";
pub(super) const PLACE: &str =
    "SELECT time, origin FROM hist WHERE user_id = ? ORDER BY time DESC, origin DESC LIMIT 1 OFFSET ?";
/// Read backwards from the end of the account's rows. (A join with `user`, to learn in the same statement whether
/// there is such an account, would have a server sort all of the account's rows first.)
pub(super) const HISTORY: &str =
    "SELECT word, time, origin FROM hist WHERE user_id = ? ORDER BY time DESC, origin DESC LIMIT ?";
pub(super) const CLEAR_ALL: &str = "DELETE FROM hist WHERE user_id = ?";
pub(super) const COUNT_STARS: &str = "SELECT COUNT(*) FROM star WHERE user_id = ?";
pub(super) const SET_STAR_TEXT: &str = "UPDATE star SET tags = ?, note = ? WHERE user_id = ? AND word = ?";
pub(super) const DELETE_STAR: &str = "DELETE FROM star WHERE user_id = ? AND word = ?";
/// All columns of a star; the conditions follow.
macro_rules! stars {
    ($rest:literal) => {
        concat!(
            "SELECT word, created, tags, note, due, stability, difficulty, elapsed_days, scheduled_days, reps, lapses, \
             state, last_review FROM star WHERE user_id = ? ",
            $rest
        )
    };
}
pub(super) use stars;
pub(super) const STARS_AFTER: &str = stars!("AND word > ? ORDER BY word LIMIT ?");
pub(super) const STARS_DUE: &str =
    stars!("AND due < ? AND (due <= ? OR scheduled_days > 0) ORDER BY reps = 0, due, word LIMIT ?");
pub(super) const COUNT_DUE_STARS: &str =
    "SELECT COUNT(*) FROM star WHERE user_id = ? AND due < ? AND (due <= ? OR scheduled_days > 0)";
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
