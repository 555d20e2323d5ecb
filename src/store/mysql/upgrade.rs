//! Converting a database of the classroom schema to ours, on the server.
//!
//! The new tables are built beside the old ones, under names of their own, and replace them by one statement when all
//! of them are complete. Until then no existing table is changed; afterwards the old tables still exist under other
//! names. An upgrade never drops a table that it did not make.

use std::collections::HashSet;
use std::num::NonZero;

use ::mysql::prelude::Queryable;
use ::mysql::{Conn, Row, Value};

use super::connect::{PATIENT, connect_anew};
use super::select::{count, select};
use super::{errors, locks, statements, values};
use crate::store::location::Server;
use crate::store::upgrade::{self, NewAccounts, OldUser, Step, Terms, Upgraded};
use crate::store::{Error, Identity, MAX_WORD_CHARS, Token, moment, passwd as hashing, schema};
use crate::text::escape;
use zeroize::Zeroizing;

/// What the new tables are called until they take their places.
const NEW: &str = "cidian_new_";
/// How many passwords are hashed before they are written.
const HASHED_AT_ONCE: usize = 64;
/// The most rows, and about the most bytes, in one insert. Rows are a power of two, so that few statements are
/// prepared.
const MAX_ROWS: usize = 256;
const MAX_BYTES: usize = 1024 * 1024;

/// The old tables, and what there is to know of their columns.
pub(super) struct Old {
    tables: Vec<OldTable>,
}

struct OldTable {
    name: &'static str,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    data_type: String,
    character_set: Option<String>,
    collation: Option<String>,
}

/// The classroom's tables and the columns that we need of them. If one refers to another, it comes first: it is dropped
/// in this order some day.
const CLASSROOM: [(&str, &[&str]); 3] =
    [("hist", &["name", "word", "time"]), ("user", &["name", "passwd"]), ("words", &["word", "interpret"])];
/// Columns that only ours have.
const OURS: [(&str, &str); 3] = [("user", "locked"), ("hist", "user_id"), ("words", "folded")];

impl Old {
    /// The classroom's tables, if it is those that are there, and nothing else by our names.
    pub(super) fn find(connection: &mut Conn) -> ::mysql::Result<Option<Self>> {
        type Line = (String, String, String, Option<String>, Option<String>);
        let lines: Vec<Line> = select(connection, statements::COLUMNS, ())?;
        let mut tables = Vec::new();
        for (name, needed) in CLASSROOM {
            let columns: Vec<Column> = lines
                .iter()
                .filter(|line| line.0 == name)
                .map(|(_, column, data_type, character_set, collation)| Column {
                    name: column.to_ascii_lowercase(),
                    data_type: data_type.to_ascii_lowercase(),
                    character_set: character_set.as_ref().map(|text| text.to_ascii_lowercase()),
                    collation: collation.as_ref().map(|text| text.to_ascii_lowercase()),
                })
                .collect();
            let has = |wanted: &str| columns.iter().any(|column| column.name == wanted);
            if columns.is_empty() {
                continue;
            }
            if !needed.iter().all(|column| has(column)) || OURS.iter().any(|(of, column)| *of == name && has(column)) {
                return Ok(None);
            }
            tables.push(OldTable { name, columns });
        }
        let others = lines.iter().any(|line| !CLASSROOM.iter().any(|(name, _)| line.0 == *name));
        let old = Self { tables };
        let Some(user) = old.table("user") else { return Ok(None) };
        // Many programs have a table `user` with names and passwords; without a history it is to be nothing but that.
        let nothing_else = || user.columns.iter().all(|column| ["id", "name", "passwd"].contains(&&*column.name));
        Ok((!others && (old.table("hist").is_some() || nothing_else())).then_some(old))
    }

    fn table(&self, name: &str) -> Option<&OldTable> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl OldTable {
    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Selects its number, where it has numbers, and these columns, all as bytes; in the order of the numbers.
    fn select(&self, columns: &[&str]) -> String {
        let numbered = self.column("id").is_some();
        let mut text = String::from(if numbered { "SELECT CONVERT(id USING utf8mb4)" } else { "SELECT NULL" });
        for name in columns {
            text.push_str(", ");
            text.push_str(&self.bytes_of(name));
        }
        text.push_str(&format!(" FROM `{}`{}", self.name, if numbered { " ORDER BY id" } else { "" }));
        text
    }

    /// An expression for a column's bytes. What is declared as latin1 may be anything, and is examined here; everything
    /// else the server knows how to convert.
    fn bytes_of(&self, name: &str) -> String {
        let column = self.column(name);
        let character_set = column.and_then(|column| column.character_set.as_deref());
        let raw = column.is_some_and(|column| column.data_type.contains("blob") || column.data_type.contains("binary"));
        if raw || character_set == Some("latin1") {
            format!("CAST(`{name}` AS BINARY)")
        } else {
            format!("CONVERT(`{name}` USING utf8mb4)")
        }
    }
}

/// Upgrades.
pub(super) fn run(server: &Server, old: &Old, terms: &mut Terms<'_>) -> Result<Upgraded, Error> {
    let mut connection = connect_anew(server, PATIENT)?;
    // Two at once would pull the new tables from under each other.
    if !locks::lock(&mut connection, "upgrade", 0).map_err(|failure| errors::explain(&failure))? {
        return Err(Error::world("another cidiand is upgrading this database"));
    }
    let upgraded = build(server, &mut connection, old, terms);
    if upgraded.is_err() {
        // If that fails, too, the next attempt begins with it.
        if let Ok(mut connection) = connect_anew(server, PATIENT) {
            let _ = drop_new(&mut connection);
        }
    }
    upgraded
}

fn build(server: &Server, connection: &mut Conn, old: &Old, terms: &mut Terms<'_>) -> Result<Upgraded, Error> {
    let explain = |failure: ::mysql::Error| errors::explain(&failure);
    let before = checksums(connection, old).map_err(explain)?;
    drop_new(connection).map_err(explain)?;
    for statement in new_tables() {
        connection.query_drop(statement).map_err(explain)?;
    }
    // Rows are read on a connection of their own, while they are written on the other.
    let mut reader = connect_anew(server, PATIENT)?;
    // What the server keeps in UTC it is to show in UTC.
    reader.query_drop("SET SESSION time_zone = '+00:00'").map_err(explain)?;
    let accounts = read_accounts(&mut reader, old, terms).map_err(explain)?;
    write_accounts(connection, &accounts, terms)?;
    let lookups = copy_lookups(&mut reader, connection, old, &accounts, terms)?;
    let headwords = copy_words(&mut reader, connection, old, terms).map_err(explain)?;
    let about = crate::store::AboutWords::default().to_meta(headwords);
    let about = about.into_iter().chain([
        (schema::GENERATION, schema::FIRST_GENERATION.to_string()),
        (schema::IDENTITY, Identity::draw()?.to_string()),
        (schema::VERSION, crate::store::SCHEMA_VERSION.to_string()),
    ]);
    for (name, value) in about {
        connection
            .exec_drop(format!("INSERT INTO {NEW}meta (name, value) VALUES (?, ?)"), (name, value))
            .map_err(explain)?;
    }
    if checksums(connection, old).map_err(explain)? != before {
        return Err(Error::world(
            "the old tables changed during the upgrade: stop the program that writes to them, and try again",
        ));
    }
    let kept = put_into_place(connection, old).map_err(explain)?;
    Ok(Upgraded { accounts: accounts.list().len() as u64, lookups, headwords, kept })
}

/// The statements of our schema, for tables by the new names.
fn new_tables() -> impl Iterator<Item = String> {
    schema::statements(schema::MYSQL).into_iter().filter_map(|statement| {
        let rest = statement.strip_prefix("CREATE TABLE IF NOT EXISTS ")?;
        Some(format!("CREATE TABLE {NEW}{rest}").replace("REFERENCES user ", &format!("REFERENCES {NEW}user ")))
    })
}

fn drop_new(connection: &mut Conn) -> ::mysql::Result<()> {
    // Those that refer to others first.
    let names = ["review", "star", "dict_key", "token", "hist", "user", "words", "meta"];
    let names = names.map(|name| format!("{NEW}{name}")).join(", ");
    connection.query_drop(format!("DROP TABLE IF EXISTS {names}"))
}

fn checksums(connection: &mut Conn, old: &Old) -> ::mysql::Result<Vec<Option<u64>>> {
    let names: Vec<String> = old.tables.iter().map(|table| format!("`{}`", table.name)).collect();
    let rows: Vec<(String, Option<u64>)> = connection.query(format!("CHECKSUM TABLE {}", names.join(", ")))?;
    Ok(rows.into_iter().map(|(_, sum)| sum).collect())
}

/// One statement: either all tables are renamed or no table is.
fn put_into_place(connection: &mut Conn, old: &Old) -> ::mysql::Result<Vec<String>> {
    let tables: Vec<(String,)> = select(connection, statements::ALL_TABLES, ())?;
    let tables: HashSet<String> = tables.into_iter().map(|(name,)| name.to_ascii_lowercase()).collect();
    let kept = |number: u64| -> Vec<String> {
        let begin = if number == 1 { "old_".to_owned() } else { format!("old{number}_") };
        old.tables.iter().map(|table| format!("{begin}{}", table.name)).collect()
    };
    let free = (1..).map(kept).find(|names| !names.iter().any(|name| tables.contains(name))).unwrap_or_default();
    let away = old.tables.iter().zip(&free).map(|(table, kept)| format!("`{}` TO `{kept}`", table.name));
    // `meta` last: without it these tables are not taken for ours.
    let here = ["user", "hist", "token", "dict_key", "star", "review", "words", "meta"];
    let here = here.map(|name| format!("{NEW}{name} TO {name}"));
    let moves: Vec<String> = away.chain(here).collect();
    connection.query_drop(format!("RENAME TABLE {}", moves.join(", ")))?;
    Ok(free)
}

/// A row's column as text.
fn text(row: &mut Row, at: usize) -> Option<String> {
    match row.take::<Value, _>(at) {
        Some(Value::Bytes(bytes)) => Some(upgrade::decode(bytes)),
        _ => None,
    }
}

/// A row's number.
fn id(row: &mut Row) -> Option<u64> {
    text(row, 0).and_then(|text| text.parse().ok())
}

fn count_rows(connection: &mut Conn, table: &OldTable) -> ::mysql::Result<u64> {
    count(connection, &format!("SELECT COUNT(*) FROM `{}`", table.name), ())
}

fn read_accounts(reader: &mut Conn, old: &Old, terms: &mut Terms<'_>) -> ::mysql::Result<NewAccounts> {
    let mut users = Vec::new();
    let mut any_case = false;
    if let Some(table) = old.table("user") {
        any_case =
            table.column("name").and_then(|column| column.collation.as_ref()).is_some_and(|c| c.ends_with("_ci"));
        for row in reader.exec_iter(table.select(&["name", "passwd"]), ())? {
            let mut row = row?;
            let passwd = text(&mut row, 2).map(Zeroizing::new);
            users.push(OldUser { id: id(&mut row), name: text(&mut row, 1), passwd });
        }
    }
    let mut accounts = NewAccounts::of(users, any_case, terms.possible_passwd, terms.notice);
    if let Some(table) = old.table("hist") {
        // As bytes: the collation may take different names for one.
        let names = format!("SELECT DISTINCT CAST({} AS BINARY) FROM `hist` ORDER BY 1", table.bytes_of("name"));
        for row in reader.exec_iter(names, ())? {
            accounts.adopt(text(&mut row?, 0).as_deref(), terms.notice);
        }
    }
    Ok(accounts)
}

/// Hashes the passwords, as many at once as there are processors, and writes the accounts.
fn write_accounts(connection: &mut Conn, accounts: &NewAccounts, terms: &mut Terms<'_>) -> Result<(), Error> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let created = values::date(moment::now()?);
    let total = accounts.list().len() as u64;
    let mut done = 0;
    let mut rows = Rows::new(format!("INSERT INTO {NEW}user (id, name, passwd, locked, created) VALUES "), 5, None);
    for some in accounts.list().chunks(HASHED_AT_ONCE) {
        let each = some.len().div_ceil(processors);
        let hash = |account: &upgrade::NewAccount| match &account.passwd {
            Some(passwd) => hashing::hash(passwd),
            // The password of this hash is unknown to everybody.
            None => Token::draw().and_then(|random| hashing::hash(random.as_str())),
        };
        let hashes: Result<Vec<String>, Error> = std::thread::scope(|scope| {
            let part = |part: &[upgrade::NewAccount]| part.iter().map(hash).collect::<Result<Vec<_>, _>>();
            let threads: Vec<_> = some.chunks(each).map(|some| scope.spawn(move || part(some))).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, Result<Vec<String>, Error>>| {
                thread.join().unwrap_or_else(|_| Err(Error::bug("a password's hash was not finished")))
            };
            let parts: Vec<_> = threads.into_iter().map(join).collect();
            parts.into_iter().try_fold(Vec::new(), |mut all, part| {
                all.extend(part?);
                Ok(all)
            })
        });
        for (account, hash) in some.iter().zip(hashes?) {
            let values =
                [account.id.into(), account.name.as_str().into(), hash.into(), account.locked.into(), created.clone()];
            rows.push(connection, values.into()).map_err(|failure| errors::explain(&failure))?;
        }
        done += some.len() as u64;
        (terms.progress)(Step::Accounts, done, total);
    }
    rows.send(connection).map_err(|failure| errors::explain(&failure))
}

fn copy_lookups(
    reader: &mut Conn,
    connection: &mut Conn,
    old: &Old,
    accounts: &NewAccounts,
    terms: &mut Terms<'_>,
) -> Result<u64, Error> {
    let explain = |failure: ::mysql::Error| errors::explain(&failure);
    let Some(table) = old.table("hist") else { return Ok(0) };
    let total = count_rows(reader, table).map_err(explain)?;
    let in_utc = table.column("time").is_some_and(|column| column.data_type == "timestamp");
    let columns = format!("INSERT INTO {NEW}hist (id, user_id, name, word, time, origin) VALUES ");
    let mut rows = Rows::new(columns, 6, None);
    let mut done = 0_u64;
    for row in reader.exec_iter(table.select(&["name", "word", "time"]), ()).map_err(explain)? {
        let mut row = row.map_err(explain)?;
        done += 1;
        let id = id(&mut row).filter(|id| *id > 0);
        let (name, word, time) = (text(&mut row, 1), text(&mut row, 2), text(&mut row, 3));
        let place = upgrade::row("hist", done, id);
        let Some(account) = accounts.find(name.as_deref()) else {
            return Err(Error::world(format!(
                "{place}: it was added during the upgrade; stop the program that writes, and try again"
            )));
        };
        let word = upgrade::past_word(word.as_deref(), terms.notice, &place);
        let time = upgrade::moment(time.as_deref(), in_utc, terms, &place);
        // Several may have happened in one second: the row's place is its origin, and keeps them in their order.
        let values = [
            id.map_or(Value::NULL, Value::from),
            account.id.into(),
            account.name.as_str().into(),
            word.into(),
            values::date(moment::Civil::of(time)?),
            done.into(),
        ];
        if rows.push(connection, values.into()).map_err(explain)? {
            (terms.progress)(Step::Lookups, done, total);
        }
    }
    rows.send(connection).map_err(explain)?;
    (terms.progress)(Step::Lookups, done, total);
    Ok(done)
}

fn copy_words(reader: &mut Conn, connection: &mut Conn, old: &Old, terms: &mut Terms<'_>) -> ::mysql::Result<u64> {
    let Some(table) = old.table("words") else { return Ok(0) };
    let total = count_rows(reader, table)?;
    // Several entries of one headword are one entry, as in a words file.
    let together = " ON DUPLICATE KEY UPDATE interpret = CONCAT(interpret, ?, VALUES(interpret))";
    let columns = format!("INSERT INTO {NEW}words (word, folded, lookup_key, interpret) VALUES ");
    let mut rows = Rows::new(columns, 4, Some((together, "\\n".into())));
    let mut done = 0_u64;
    for row in reader.exec_iter(table.select(&["word", "interpret"]), ())? {
        let mut row = row?;
        done += 1;
        let (id, old) = (id(&mut row), text(&mut row, 1));
        let word = old.as_deref().map(upgrade::clean).unwrap_or_default();
        if !(1..=MAX_WORD_CHARS).contains(&word.chars().count()) {
            let (place, shown) = (upgrade::row("words", done, id), upgrade::shown(old.as_deref()));
            (terms.notice)(&format!("{place}: {shown} is not a valid headword; the entry is in the old table only"));
            continue;
        }
        let interpret = text(&mut row, 2).unwrap_or_default();
        let folded = (terms.fold)(&word);
        let key = crate::words::lookup::key(&word);
        let (folded, key) = (schema::cut_folded(&folded).into(), schema::cut_folded(&key).into());
        let interpret = escape(interpret.trim_end_matches(['\r', '\n'])).into();
        if rows.push(connection, vec![word.into(), folded, key, interpret])? {
            (terms.progress)(Step::Words, done, total);
        }
    }
    rows.send(connection)?;
    (terms.progress)(Step::Words, done, total);
    count(connection, &format!("SELECT COUNT(*) FROM {NEW}words"), ())
}

/// Rows on their way into a new table.
struct Rows {
    insert: String,
    columns: usize,
    /// What follows the rows, with its parameter.
    end: Option<(&'static str, Value)>,
    values: Vec<Value>,
    bytes: usize,
}

impl Rows {
    fn new(insert: String, columns: usize, end: Option<(&'static str, Value)>) -> Self {
        Self { insert, columns, end, values: Vec::new(), bytes: 0 }
    }

    /// Takes a row, and sends all when there are many; whether it did.
    fn push(&mut self, connection: &mut Conn, row: Vec<Value>) -> ::mysql::Result<bool> {
        self.bytes +=
            row.iter().map(|value| if let Value::Bytes(bytes) = value { bytes.len() } else { 8 }).sum::<usize>();
        self.values.extend(row);
        let many = self.values.len() >= MAX_ROWS * self.columns || self.bytes >= MAX_BYTES;
        if many {
            self.send(connection)?;
        }
        Ok(many)
    }

    fn send(&mut self, connection: &mut Conn) -> ::mysql::Result<()> {
        let place = format!("({})", vec!["?"; self.columns].join(", "));
        while !self.values.is_empty() {
            let rows = self.values.len() / self.columns;
            let rows = if rows.is_power_of_two() { rows } else { rows.next_power_of_two() / 2 };
            let end = self.end.as_ref().map_or("", |(text, _)| text);
            let statement = format!("{}{}{end}", self.insert, vec![place.as_str(); rows].join(", "));
            let mut values: Vec<Value> = self.values.drain(..rows * self.columns).collect();
            values.extend(self.end.iter().map(|(_, value)| value.clone()));
            connection.exec_drop(statement, values)?;
        }
        self.bytes = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_tables_are_ours_under_other_names() {
        let statements: Vec<String> = new_tables().collect();
        assert_eq!(statements.len(), schema::TABLES.len());
        for (table, _) in schema::TABLES {
            let head = format!("CREATE TABLE {NEW}{table} (");
            assert_eq!(statements.iter().filter(|text| text.starts_with(&head)).count(), 1, "{table}");
        }
        let all = statements.concat();
        assert_eq!(all.matches(&format!("REFERENCES {NEW}user (id)")).count(), 5);
        assert!(!all.contains("REFERENCES user"), "none refers to the old table");
    }
}
