//! The statements that are sent to the server, and the values that go with them; those that both stores share are in
//! `src/store/statements.rs`.
//!
//! No value is ever put into a statement's text: values are always parameters.

use crate::store::record::Whose;
pub(super) use crate::store::statements::*;
use crate::store::words::MOST_KEYED;
use md5::{Digest, Md5};

pub(super) const REGISTER: &str = "INSERT INTO user (name, passwd, locked, created) VALUES (?, ?, FALSE, ?)";
pub(super) const ACCOUNT: &str = "SELECT id, passwd, locked, name, created FROM user WHERE name = ?";
pub(super) const EXISTS: &str = "SELECT id FROM user WHERE id = ? AND created = ?";

/// The account's row stays locked until the transaction ends: one at a time adds tokens to it.
pub(super) const LOCK_ACCOUNT: &str = "SELECT id FROM user WHERE id = ? AND created = ? AND locked = FALSE FOR UPDATE";
/// Hashes are sent in hexadecimal, so that nothing takes them for text in some character set.
pub(super) const KEEP_TOKEN: &str = "INSERT INTO token (hash, user_id, created, last_used) VALUES (UNHEX(?), ?, ?, ?)";
pub(super) const HAS_TOKEN: &str = "SELECT user_id FROM token WHERE hash = UNHEX(?) AND user_id = ?";
pub(super) const DROP_OLDEST_TOKENS: &str = "DELETE FROM token WHERE user_id = ? ORDER BY created, hash LIMIT ?";
pub(super) const USE_TOKEN: &str = "UPDATE token SET last_used = ? WHERE hash = UNHEX(?)";
pub(super) const FORGET_TOKEN: &str = "DELETE FROM token WHERE hash = UNHEX(?) AND user_id = ?";

pub(super) const SET_DICT_KEY: &str = "\
    INSERT INTO dict_key (user_id, secret, created) VALUES (?, ?, ?) \
    ON DUPLICATE KEY UPDATE secret = VALUES(secret), created = VALUES(created)";
pub(super) const DICT_KEY: &str = "\
    SELECT user.id, user.created, user.name, dict_key.secret FROM user JOIN dict_key ON dict_key.user_id = user.id \
    WHERE user.name = ? AND user.locked = FALSE";

/// In the order of the primary key, so that a replica deletes the same rows.
pub(super) const DELETE_OLDER: &str = "DELETE FROM hist WHERE user_id = ? AND time < ? ORDER BY time, origin LIMIT ?";

pub(in crate::store) const PLACE_BEFORE: &str = "\
    SELECT time, origin FROM hist WHERE user_id = ? AND time <= ? AND (time < ? OR origin < ?) \
    ORDER BY time DESC, origin DESC LIMIT 1 OFFSET ?";
pub(super) const DELETE_BEFORE: &str = "\
    DELETE FROM hist WHERE user_id = ? AND time <= ? AND (time < ? OR origin < ?) ORDER BY time, origin LIMIT ?";

/// From a place on. (A comparison of pairs, `(time, origin) < (?, ?)`, would read from the end to the place.)
pub(in crate::store) const HISTORY_BEFORE: &str = "\
    SELECT word, time, origin FROM hist WHERE user_id = ? AND time <= ? AND (time < ? OR origin < ?) \
    ORDER BY time DESC, origin DESC LIMIT ?";
pub(in crate::store) const HISTORY_SIZE: &str =
    "SELECT COUNT(*) FROM hist WHERE user_id = ? AND time <= ? AND (time < ? OR origin < ?)";
/// The length besides, because comparison pads with spaces.
pub(super) const CLEAR_WORD: &str = "DELETE FROM hist WHERE user_id = ? AND word = ? AND LENGTH(word) = ?";

// The notebook.

/// The account can't go meanwhile; others may work for it, as the writer does.
pub(super) const SHARE_ACCOUNT: &str =
    "SELECT id FROM user WHERE id = ? AND created = ? AND locked = FALSE LOCK IN SHARE MODE";
/// The newest first: a word is starred soon after it was looked up. The length besides, because comparison pads with
/// spaces.
pub(super) const LOOKED_UP: &str = "\
    SELECT 1 FROM hist WHERE user_id = ? AND word = ? AND LENGTH(word) = ? ORDER BY time DESC, origin DESC LIMIT 1";
pub(super) const STAR_TEXT: &str = "SELECT tags, note FROM star WHERE user_id = ? AND word = ? FOR UPDATE";
/// Another session may have starred it in the same moment.
pub(super) const INSERT_STAR: &str = "\
    INSERT INTO star (user_id, word, created, tags, note, due) VALUES (?, ?, ?, ?, ?, ?) \
    ON DUPLICATE KEY UPDATE tags = VALUES(tags), note = VALUES(note)";
pub(super) const HAS_REVIEW: &str = "SELECT grade FROM review WHERE user_id = ? AND time = ? AND origin = ?";
pub(super) const INSERT_REVIEW: &str = "INSERT INTO review (user_id, time, origin, word, grade) VALUES (?, ?, ?, ?, ?)";

pub(super) const STAR: &str = stars!("AND word = ? FOR UPDATE");
pub(super) const REVIEWS_BEFORE: &str = "\
    SELECT word, grade, time, origin FROM review WHERE user_id = ? AND time <= ? AND (time < ? OR origin < ?) \
    ORDER BY time DESC, origin DESC LIMIT ?";

// Table `words`.

/// The rows of table `words` that are valid.
macro_rules! valid {
    () => {
        "(generation = 0 OR \
          generation = (SELECT CAST(value AS UNSIGNED) FROM meta WHERE name = 'words_generation'))"
    };
}

pub(super) const FIND_WORD: &str =
    concat!("SELECT id, word, dictionary, interpret FROM words WHERE word = ? AND ", valid!());
/// A range of the index. `LIKE` would need escapes, and would not use the index for a parameter. The length keeps
/// out what only begins with the prefix when it is padded with spaces.
pub(in crate::store) const BEGINNING: &str = concat!(
    "SELECT word FROM words WHERE folded > ? AND folded < ? AND LENGTH(folded) >= ? AND ",
    valid!(),
    " GROUP BY folded, word ORDER BY folded, word LIMIT ?"
);

/// By an index alone: no interpretation is read.
pub(super) const WORD_AT: &str =
    concat!("SELECT word FROM words WHERE ", valid!(), " GROUP BY folded, word ORDER BY folded, word LIMIT 1 OFFSET ?");
pub(super) const AFTER: &str =
    concat!("SELECT word FROM words WHERE word > ? AND ", valid!(), " GROUP BY word ORDER BY word LIMIT ?");

/// The last of the next headwords; no row if there are not that many.
pub(super) const AFTER_NEXT: &str =
    concat!("SELECT word FROM words WHERE word > ? AND ", valid!(), " GROUP BY word ORDER BY word LIMIT 1 OFFSET ?");
/// Entries between two headwords, or after one, that hold a text, or all.
pub(super) const HOLDING: &str = concat!(
    "SELECT id, word, dictionary, interpret FROM words WHERE word > ? AND (? IS NULL OR word <= ?) \
     AND (? IS NULL OR LOCATE(?, interpret) > 0) AND ",
    valid!()
);

/// How many texts one statement asks for; with fewer, the last is repeated.
pub(super) const AMONG_AT_ONCE: usize = 64;
/// Rows by their keys, or by their lower case if they have no key; many at once. The texts are wanted twice.
pub(in crate::store) fn keyed() -> String {
    let places = places(AMONG_AT_ONCE);
    format!(
        "(SELECT id, word, dictionary, interpret, lookup_key FROM words WHERE lookup_key IN ({places}) AND {VALID} \
         LIMIT {MOST_KEYED}) UNION ALL \
         (SELECT id, word, dictionary, interpret, folded FROM words WHERE folded IN ({places}) AND lookup_key IS NULL \
         AND {VALID} LIMIT {MOST_KEYED})",
        VALID = valid!()
    )
}

/// The rows of one headword, each with its generation, and with the one that is valid. By the primary key, in a fixed
/// order, and with no condition on the generation, so that the server has next to nothing to weigh: a tenth more than by the
/// headword alone, where a condition on the generation takes a fifth more.
pub(super) const LOOK_UP_EXACTLY: &str = "\
    SELECT STRAIGHT_JOIN meta.value, words.id, words.word, words.dictionary, words.interpret, words.generation \
    FROM meta JOIN words FORCE INDEX (PRIMARY) WHERE meta.name = 'words_generation' AND words.word = ?";
/// The same where the valid generation is known: three quarters of the server's time.
pub(super) const LOOK_UP_IN_GENERATION: &str =
    "SELECT id, word, dictionary, interpret, generation FROM words FORCE INDEX (PRIMARY) WHERE word = ?";

/// What a lookup needs, in one statement: at least one row, with the generation that is valid, and the account's number
/// if it may be used; and with each of these the rows that have one of the given number of keys. The parameters are
/// number and creation time of the account, and the keys.
///
/// A headword that is exactly what was asked for is among them, because it has that text's key. (To ask for it by
/// itself and for keys only if it is not there costs three times as much, by `UNION` and `NOT EXISTS`: 260 µs against
/// 65; and two statements cost a miss another round trip.) The index is forced, because to choose it costs as much as
/// to use it.
pub(in crate::store) fn look_up(keys: usize) -> String {
    format!(
        "SELECT meta.value, user.id, words.id, words.word, words.dictionary, words.interpret FROM meta \
         LEFT JOIN user ON user.id = ? AND user.created = ? AND user.locked = FALSE \
         LEFT JOIN words FORCE INDEX (lookup_key) ON words.lookup_key IN ({}) \
         AND (words.generation = 0 OR words.generation = CAST(meta.value AS UNSIGNED)) \
         WHERE meta.name = 'words_generation' LIMIT {MOST_LOOKED_UP}",
        places(keys)
    )
}

/// The most rows of a lookup by keys.
const MOST_LOOKED_UP: u32 = 1_000;

fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// Rows of a number of headwords.
pub(super) fn of_words(words: usize) -> String {
    format!("SELECT id, word, dictionary, interpret FROM words WHERE word IN ({}) AND {}", places(words), valid!())
}

/// Headwords by `folded`, many at once.
pub(super) fn among() -> String {
    format!("SELECT DISTINCT word, folded FROM words WHERE folded IN ({}) AND {}", places(AMONG_AT_ONCE), valid!())
}

pub(super) const SET_ABOUT: &str = "INSERT INTO meta (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = ?";

// A load of table `words`.

/// The valid generation; no other load can begin meanwhile.
pub(super) const LOCK_GENERATION: &str = "SELECT value FROM meta WHERE name = ? FOR UPDATE";
/// Fails to find its row when the mark is another one; keeps others from changing it until the transaction ends.
pub(super) const HAS_MARK: &str = "SELECT 1 FROM meta WHERE name = ? AND value = ? FOR UPDATE";
/// In the order of an index, so that a replica changes the same rows.
pub(super) const ADOPT: &str = "UPDATE IGNORE words SET generation = ? WHERE generation = 0 \
    ORDER BY generation, word, dictionary LIMIT ?";
pub(super) const SIZES: &str = "SELECT OCTET_LENGTH(interpret) FROM words WHERE generation BETWEEN ? AND ? \
    ORDER BY generation, word, dictionary LIMIT ?";
pub(super) const DELETE_GENERATIONS: &str =
    "DELETE FROM words WHERE generation BETWEEN ? AND ? ORDER BY generation, word, dictionary LIMIT ?";
pub(super) const WITHOUT_KEY: &str =
    "SELECT id, word FROM words WHERE lookup_key IS NULL AND id > ? ORDER BY id LIMIT ?";
/// The connection that holds a lock, by the lock's name.
pub(super) const LOCKED_BY: &str = "SELECT IS_USED_LOCK(?)";

/// The version of the schema, the identity of the database.
pub(super) const ABOUT_ITSELF: &str = "SELECT value FROM meta WHERE name = ?";
/// What a commit is worth.
pub(super) const DURABILITY: &str =
    "SELECT @@GLOBAL.innodb_flush_log_at_trx_commit, @@GLOBAL.log_bin, @@GLOBAL.sync_binlog";
pub(super) const TABLES: &str = "\
    SELECT table_name FROM information_schema.tables \
    WHERE table_schema = DATABASE() AND table_name IN \
    ('dict_key', 'hist', 'meta', 'review', 'star', 'token', 'user', 'words')";

/// The columns of every table by a name of ours.
pub(super) const COLUMNS: &str = "\
    SELECT table_name, column_name, data_type, character_set_name, collation_name FROM information_schema.columns \
    WHERE table_schema = DATABASE() AND table_name IN \
    ('dict_key', 'hist', 'meta', 'review', 'star', 'token', 'user', 'words')";
pub(super) const ALL_TABLES: &str = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()";
/// What fails on a member that has lost its cluster.
pub(super) const USABLE: &str = "SELECT 1 FROM meta LIMIT 1";
/// Whether the server takes part in the replication of a Galera cluster. No row on a server that knows of no such
/// thing.
pub(super) const CLUSTER: &str = "SHOW GLOBAL VARIABLES LIKE 'wsrep_on'";
/// The state of the member: `Primary` and `Synced` if all is well.
pub(super) const CLUSTER_STATE: &str = "\
    SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_ready')";
/// Returns when the member has applied everything that was committed anywhere in the cluster before.
pub(super) const CATCH_UP: &str = "SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1 FROM meta LIMIT 1";
pub(super) const AUTO_INCREMENT: &str = "SELECT @@GLOBAL.innodb_autoinc_lock_mode";
pub(super) const WITHOUT_PRIMARY_KEY: &str = "\
    SELECT table_name FROM information_schema.tables AS t WHERE table_schema = DATABASE() AND \
    table_type = 'BASE TABLE' AND NOT EXISTS (SELECT 1 FROM information_schema.table_constraints AS c WHERE \
    c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.constraint_type = 'PRIMARY KEY')";
pub(super) const DATABASE: &str = "SELECT DATABASE()";
/// A lock by its name, and for how many seconds it is waited for.
pub(super) const LOCK: &str = "SELECT GET_LOCK(?, ?)";

/// The name of a lock that is for one database: a name for locks has at most 64 characters. It is hashed here, because
/// MySQL 9 has no `MD5()` unless a component is installed.
pub(in crate::store) fn lock_name(purpose: &str, database: &str) -> String {
    let digest: String = Md5::digest(database).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("cidian.{purpose}.{digest}")
}

/// What else there is to ask of an account.
fn condition(whose: Whose) -> &'static str {
    match whose {
        Whose::Usable => " AND locked = FALSE",
        Whose::Known => "",
    }
}

/// Which of `accounts` accounts may be used: their numbers, and when they were made.
pub(super) fn accounts_among(accounts: usize) -> String {
    let places = vec!["?"; accounts].join(", ");
    format!("SELECT id, created FROM user WHERE id IN ({places}) AND locked = FALSE")
}

/// The accounts of `names` names.
pub(super) fn accounts_named(names: usize) -> String {
    let places = vec!["?"; names].join(", ");
    format!("SELECT id, name, created FROM user WHERE name IN ({places})")
}

/// The tokens with a number of hashes, and their accounts.
pub(super) fn tokens(tokens: usize) -> String {
    let places = vec!["UNHEX(?)"; tokens].join(", ");
    format!(
        "SELECT LOWER(HEX(token.hash)), token.user_id, token.last_used, user.name, user.locked, user.created FROM token \
         JOIN user ON user.id = token.user_id WHERE token.hash IN ({places})"
    )
}

/// The last lookups of a number of accounts. The parameters are first their numbers, then for each its number again and
/// how many lookups. A row without a word means that an account may be used, and has its creation time.
pub(super) fn recent(accounts: usize) -> String {
    let places = vec!["?"; accounts].join(", ");
    let mut text = format!("SELECT id, NULL, created, NULL FROM user WHERE id IN ({places}) AND locked = FALSE");
    for _ in 0..accounts {
        text.push_str(
            " UNION ALL (SELECT user_id, word, time, origin FROM hist WHERE user_id = ? \
             ORDER BY time DESC, origin DESC LIMIT ?)",
        );
    }
    text
}

/// How many parameters a lookup takes.
pub(super) const RECORD_COLUMNS: usize = 5;

/// Inserts lookups of `accounts` accounts, `rows` at a time, if all of the accounts may be used.
///
/// The first row takes its account from the outcome of that question, and gets `NULL`, which its column refuses, if
/// one is gone or locked: then the statement writes nothing. To ask first would cost a round trip (4 rows of 4
/// accounts: 12,300 rows/s against 14,500), and the answer could be outdated; a subselect in each row costs more from
/// a few rows on (64 rows of 64 accounts: 21 µs a row of the server's time against 13).
///
/// A row that is there already is left as it is: it is this very lookup, written by an earlier attempt.
pub(super) fn record(rows: usize, accounts: usize, whose: Whose) -> String {
    let places = vec!["?"; accounts].join(", ");
    let pairs = vec!["(?, ?)"; accounts].join(", ");
    // The numbers once more by themselves: of pairs the server makes no use of the index.
    let mut text = format!(
        "INSERT INTO hist (user_id, name, word, time, origin) VALUES \
         ((SELECT IF(COUNT(*) = ?, ?, NULL) FROM user WHERE id IN ({places}) AND (id, created) IN ({pairs}){}), \
         ?, ?, ?, ?)",
        condition(whose)
    );
    for _ in 1..rows {
        text.push_str(", (?, ?, ?, ?, ?)");
    }
    text.push_str(" ON DUPLICATE KEY UPDATE time = hist.time");
    text
}

/// How many parameters a row of table `words` takes.
pub(super) const WORD_COLUMNS: usize = 6;

/// Inserts rows into table `words`; `again` those, too, that an earlier attempt may have written.
pub(super) fn insert_words(rows: usize, again: bool) -> String {
    let places = vec!["(?, ?, ?, ?, ?, ?)"; rows].join(", ");
    let end = if again { " ON DUPLICATE KEY UPDATE word = words.word" } else { "" };
    format!("INSERT INTO words (word, dictionary, generation, folded, lookup_key, interpret) VALUES {places}{end}")
}
