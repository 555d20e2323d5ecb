//! The statements that are run in the embedded database; those that both stores share are in `src/store/statements.rs`.
//!
//! No value is ever put into a statement's text: values are always parameters.

pub(super) use crate::store::statements::*;

// Accounts and histories.

pub(super) const REGISTER: &str =
    "INSERT INTO user (name, passwd, locked, created) VALUES (?, ?, 0, ?) ON CONFLICT (name) DO NOTHING";
pub(super) const ACCOUNT: &str = "SELECT id, passwd, locked, created FROM user WHERE name = ?";
/// An origin is a signed number here, and sorts as one.
pub(super) const HISTORY_BEFORE: &str = "SELECT word, time, origin FROM hist WHERE user_id = ? AND (time, origin) < (?, ?) \
    ORDER BY time DESC, origin DESC LIMIT ?";
pub(super) const HISTORY_SIZE: &str = "SELECT COUNT(*) FROM hist WHERE user_id = ? AND (time, origin) < (?, ?)";
pub(super) const CLEAR_WORD: &str = "DELETE FROM hist WHERE user_id = ? AND word = ?";
pub(super) const IDENTITY: &str = "SELECT value FROM meta WHERE name = ?";

// Tokens and DICT keys.

pub(super) const KEEP_TOKEN: &str = "INSERT INTO token (hash, user_id, created, last_used) VALUES (?, ?, ?, ?)";
pub(super) const HAS_TOKEN: &str = "SELECT 1 FROM token WHERE hash = ? AND user_id = ?";
pub(super) const DROP_OLDEST_TOKENS: &str = "DELETE FROM token WHERE hash IN \
    (SELECT hash FROM token WHERE user_id = ? ORDER BY created, hash LIMIT ?)";
pub(super) const TOKEN: &str = "SELECT token.user_id, token.last_used, user.created FROM token JOIN user ON user.id = token.user_id \
    WHERE token.hash = ? AND user.name = ? AND user.locked = 0";
pub(super) const USE_TOKEN: &str = "UPDATE token SET last_used = ? WHERE hash = ?";
pub(super) const FORGET_TOKEN: &str = "DELETE FROM token WHERE hash = ? AND user_id = ?";
pub(super) const SET_DICT_KEY: &str = "INSERT INTO dict_key (user_id, secret, created) VALUES (?, ?, ?) \
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created = excluded.created";
pub(super) const DICT_KEY: &str = "SELECT user.id, user.created, dict_key.secret FROM user JOIN dict_key ON dict_key.user_id = user.id \
    WHERE user.name = ? AND user.locked = 0";

// Lookups.

/// A row that is there already is this very lookup, written by an earlier attempt.
pub(super) const RECORD: &str = "INSERT INTO hist (user_id, name, word, time, origin) VALUES (?, ?, ?, ?, ?) \
    ON CONFLICT (user_id, time, origin) DO NOTHING";

// The notebook.

/// The newest first: a word is starred soon after it was looked up.
pub(super) const LOOKED_UP: &str =
    "SELECT 1 FROM hist WHERE user_id = ? AND word = ? ORDER BY time DESC, origin DESC LIMIT 1";
pub(super) const STAR_TEXT: &str = "SELECT tags, note FROM star WHERE user_id = ? AND word = ?";
pub(super) const INSERT_STAR: &str =
    "INSERT INTO star (user_id, word, created, tags, note, due) VALUES (?1, ?2, ?3, ?4, ?5, ?3)";
pub(super) const INSERT_REVIEW: &str = "\
    INSERT INTO review (user_id, time, origin, word, grade) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

pub(super) const STAR: &str = stars!("AND word = ?");
pub(super) const REVIEWS_BEFORE: &str = "\
    SELECT word, grade, time, origin FROM review WHERE user_id = ? AND (time, origin) < (?, ?) \
    ORDER BY time DESC, origin DESC LIMIT ?";

// Table `words`.

/// The rows that are valid.
macro_rules! valid {
    () => {
        "(generation = 0 OR \
          generation = (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'words_generation'))"
    };
}

pub(super) const FIND_WORD: &str =
    concat!("SELECT id, word, dictionary, interpret FROM words WHERE word = ? AND ", valid!());
/// By the key.
pub(super) const FIND_KEYED: &str =
    concat!("SELECT id, word, dictionary, interpret FROM words WHERE lookup_key = ?1 AND ", valid!(), " LIMIT ?2");
/// By the lower case, in rows without a key.
pub(super) const FIND_KEYLESS: &str = concat!(
    "SELECT id, word, dictionary, interpret FROM words WHERE folded = ?1 AND lookup_key IS NULL AND ",
    valid!(),
    " LIMIT ?2"
);
pub(super) const GENERATION: &str = "SELECT value FROM meta WHERE name = 'words_generation'";
/// A range of the index: `LIKE` would need escapes, and takes an ASCII letter for its capital.
pub(super) const BEGINNING: &str = concat!(
    "SELECT DISTINCT word FROM words WHERE folded >= ? AND folded < ? AND ",
    valid!(),
    " ORDER BY folded, word LIMIT ?"
);
pub(super) const AMONG: &str = concat!("SELECT DISTINCT word FROM words WHERE folded = ? AND ", valid!());
pub(super) const AFTER: &str =
    concat!("SELECT DISTINCT word FROM words WHERE word > ? AND ", valid!(), " ORDER BY word LIMIT ?");
/// By an index alone: no interpretation is read.
pub(super) const WORD_AT: &str =
    concat!("SELECT word FROM words WHERE ", valid!(), " GROUP BY folded, word ORDER BY folded, word LIMIT 1 OFFSET ?");
pub(super) const AFTER_NEXT: &str =
    concat!("SELECT DISTINCT word FROM words WHERE word > ? AND ", valid!(), " ORDER BY word LIMIT 1 OFFSET ?");
pub(super) const HOLDING: &str = concat!(
    "SELECT id, word, dictionary, interpret FROM words \
     WHERE word > ?1 AND word <= ?2 AND (?3 IS NULL OR instr(interpret, ?3) > 0) AND ",
    valid!(),
    " ORDER BY word, id"
);

// A load of table `words`.

pub(super) const VALID_GENERATION: &str = "SELECT value FROM meta WHERE name = ?";
pub(super) const SET_ABOUT: &str =
    "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
pub(super) const HAS_MARK: &str = "SELECT EXISTS (SELECT 1 FROM meta WHERE name = ? AND value = ?)";
/// Rows of which there is a valid one already stay; they go with the switch.
pub(super) const ADOPT: &str = "UPDATE OR IGNORE words SET generation = ?1 \
    WHERE id IN (SELECT id FROM words WHERE generation = 0 ORDER BY id LIMIT ?2)";
pub(super) const SIZES: &str =
    "SELECT id, length(CAST(interpret AS BLOB)) FROM words WHERE generation BETWEEN ? AND ? LIMIT ?";
pub(super) const DELETE_WORD: &str = "DELETE FROM words WHERE id = ?";
pub(super) const INSERT_WORD: &str = "INSERT INTO words (word, dictionary, generation, folded, lookup_key, interpret) \
    VALUES (?, ?, ?, ?, ?, ?)";
pub(super) const WITHOUT_KEY: &str = "SELECT id, word FROM words WHERE lookup_key IS NULL";

// The operator's tools.

/// SQLite is usually built without `LIMIT` for deletions.
pub(super) const DELETE_OLDER: &str = "DELETE FROM hist WHERE id IN \
    (SELECT id FROM hist WHERE user_id = ? AND time < ? ORDER BY time, origin LIMIT ?)";

pub(super) const PLACE_BEFORE: &str = "SELECT time, origin FROM hist WHERE user_id = ? AND (time, origin) < (?, ?) \
    ORDER BY time DESC, origin DESC LIMIT 1 OFFSET ?";
pub(super) const DELETE_BEFORE: &str = "DELETE FROM hist WHERE id IN \
    (SELECT id FROM hist WHERE user_id = ? AND (time, origin) < (?, ?) ORDER BY time, origin LIMIT ?)";
