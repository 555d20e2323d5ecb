//! The daemon's status: one structure, written as JSON, as text for people, and as lines for the log and the service
//! manager. This module only describes; it counts nothing.

use super::counters::{self as counters, BOUNDS, Counters};
use crate::text::printable;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What the running daemon is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// The parent's process.
    pub pid: u32,
    /// Since when, in whole seconds.
    pub uptime_seconds: u64,
    /// Where clients come in.
    pub listening: Vec<String>,
    /// The connected clients.
    pub clients: Clients,
    /// Where words come from.
    pub words: Words,
    /// Children that were ever forked for a client.
    pub forks: u64,
    /// Of these, reaped.
    pub reaped: u64,
    /// Clients that were ever refused.
    pub refused: u64,
    /// Of these, for each reason.
    #[serde(default)]
    pub refused_by: RefusedBy,
    /// What failures have cost the sources they came from.
    #[serde(default)]
    pub penalties: Penalties,
    /// The database, its password masked.
    pub database: String,
    /// Its hosts, in the order of preference, where there are several.
    #[serde(default)]
    pub database_hosts: Vec<DatabaseHost>,
    /// Whether the server in use is in a cluster.
    #[serde(default)]
    pub database_in_cluster: bool,
    /// Requests of living children that the database failed.
    pub database_errors: u64,
    /// Connections to the database.
    #[serde(default)]
    pub database_connections: DatabaseConnections,
    /// The process that commits history records.
    #[serde(default)]
    pub writer: Writer,
    /// Records that wait for the database.
    #[serde(default)]
    pub spool: Spool,
    /// Start time of the daemon in seconds since 1970.
    #[serde(default)]
    pub started: u64,
    /// Sessions ended, by reason.
    #[serde(default)]
    pub sessions_ended: BTreeMap<String, u64>,
    /// Requests that were answered, by kind and by result (`ok`, or the code of the refusal).
    #[serde(default)]
    pub requests: BTreeMap<String, BTreeMap<String, u64>>,
    /// Time of lookups, from reading the request to having the reply ready.
    #[serde(default)]
    pub lookups: Times,
    /// The most lookups that are kept of an account; 0 for no limit.
    #[serde(default)]
    pub history_limit: u64,
    /// Lookups deleted because their account exceeded the limit.
    #[serde(default)]
    pub history_trimmed: u64,
    /// Limit of lookups a second for an account; 0 for no limit.
    #[serde(default)]
    pub lookup_rate: u32,
    /// Lookups delayed by that limit.
    #[serde(default)]
    pub lookups_delayed: u64,
    /// How long the writer's commits took.
    #[serde(default)]
    pub commits: Times,
    /// Loads of words and certificate since the start.
    #[serde(default)]
    pub reloads: Reloads,
    /// Log lines since the start that standard error did not take.
    #[serde(default)]
    pub log_lines_dropped: u64,
}

/// Loads of words and certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloads {
    /// The new ones are in use.
    pub taken: u64,
    /// The old ones stayed.
    pub refused: u64,
}

/// How long something took, as a distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// Upper bounds in microseconds, ascending.
    pub bounds: Vec<u64>,
    /// How often it took up to each bound and longer than the one before; one more, for longer than all.
    pub counts: Vec<u64>,
    /// How long all of it took, in microseconds.
    pub total: u64,
}

impl Times {
    /// What is on the scoreboard.
    pub fn of(times: counters::Times<'_>) -> Self {
        let (counts, sum) = times.read();
        Self { bounds: BOUNDS.to_vec(), counts, total: sum / 1_000 }
    }

    /// How often it was.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The bound of the given percentile; `None` if it is longer than all bounds, or nothing was counted.
    fn within(&self, percent: u64) -> Option<u64> {
        let wanted = self.count().saturating_mul(percent).div_ceil(100);
        let mut sum = 0_u64;
        self.bounds.iter().zip(&self.counts).find_map(|(bound, count)| {
            sum = sum.saturating_add(*count);
            (wanted > 0 && sum >= wanted).then_some(*bound)
        })
    }

    fn text(&self) -> String {
        let within = |percent| match self.within(percent) {
            Some(bound) if bound < 1_000 => format!("{bound} µs"),
            Some(bound) if bound < 1_000_000 => format!("{} ms", bound as f64 / 1e3),
            Some(bound) => format!("{} s", bound as f64 / 1e6),
            None => "longer than 10 s".to_owned(),
        };
        format!("{}: half within {}, 99 % within {}", grouped(self.count()), within(50), within(99))
    }
}

/// The requests on the scoreboard, by kind and result.
pub fn requests(counters: Counters<'_>) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut requests: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for (kind, refused, count) in counters.requests() {
        requests.entry(kind.as_str().to_owned()).or_default().insert(counters::result(refused).to_owned(), count);
    }
    requests
}

/// A host of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseHost {
    /// Name or address, and port.
    pub host: String,
    /// Whether the writer uses it, or did last.
    pub in_use: bool,
    /// What was wrong with it when it was last tried; `None` if it worked.
    pub error: Option<String>,
    /// How many seconds ago that was.
    pub error_seconds: Option<u64>,
}

/// Connections to the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseConnections {
    /// The most there may be; one of them is the writer's.
    pub limit: u32,
    /// Leased to children.
    pub leased: u64,
    /// Children that wait for one.
    pub waiting: u64,
}

/// The writer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// Its process; `None` for the moment between two.
    pub pid: Option<i32>,
    /// Writers that were ever forked.
    pub forks: u64,
    /// Records that were made durable.
    pub records: u64,
    /// In how many commits.
    pub commits: u64,
    /// For how long lookups have waited for it without its moving; `None` while it moves, or while none wait.
    #[serde(default)]
    pub silent_seconds: Option<u64>,
    /// Writers that were replaced because they did not move.
    #[serde(default)]
    pub replaced: u64,
    /// Logins by token that it answered.
    #[serde(default)]
    pub token_logins: u64,
    /// Questions for the last lookups that it answered.
    #[serde(default)]
    pub histories: u64,
    /// Requests of sessions for an account that was not logged in there: a session was taken over by its client.
    #[serde(default)]
    pub requests_refused: u64,
}

/// Records that wait for the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spool {
    /// How many.
    pub records: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// How many there may be.
    pub limit_bytes: u64,
    /// How long ago the oldest was looked up; `None` if the spool is empty.
    pub oldest_seconds: Option<u64>,
    /// For how long the writer has not been able to use the database; `None` if it can.
    pub outage_seconds: Option<u64>,
}

/// Clients by what their children are doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clients {
    /// All of them.
    pub total: u64,
    /// The most there may be; `None` for no limit.
    pub limit: Option<u32>,
    /// Just forked.
    pub starting: u64,
    /// Nobody is logged in.
    pub awaiting_login: u64,
    /// Logged in, and silent.
    pub idle: u64,
    /// Requests are being answered.
    pub busy: u64,
    /// A password is hashed, or waits for its turn.
    pub hashing: u64,
    /// Taking leave.
    pub closing: u64,
}

/// Clients that were refused when they connected, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedBy {
    /// As many clients as there may be.
    pub clients: u64,
    /// As many from their source.
    pub clients_per_source: u64,
    /// Too many failures from their source.
    pub failures: u64,
    /// No process or no descriptor.
    pub scarcity: u64,
}

/// Penalties of sources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Penalties {
    /// Sources that have any penalty now.
    pub sources: u64,
    /// Of these, refused.
    pub refused_sources: u64,
    /// Those that are refused the longest, ten at most.
    pub longest: Vec<RefusedSource>,
    /// Logins that were refused to clients that were connected already.
    pub logins_refused: u64,
    /// Registrations that were refused.
    pub registrations_refused: u64,
    /// Changes of accounts that were refused to sources that had made too many.
    #[serde(default)]
    pub changes_refused: u64,
    /// Logins by token, in the same way.
    #[serde(default)]
    pub token_logins_refused: u64,
}

/// A source that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedSource {
    /// An IPv4 address or an IPv6 network.
    pub source: String,
    /// For how long it still is.
    pub seconds: u64,
}

/// The words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The words file, `built-in`, or `table words`.
    pub source: String,
    /// How many headwords there are; unknown for the table.
    pub headwords: Option<u64>,
    /// Which load this is, counted from one; 0 for the table.
    pub generation: u64,
    /// Children that still answer from older words.
    pub lagging: u64,
    /// Whether a newer load is under way.
    pub loading: bool,
}

impl Status {
    /// The status for people.
    #[expect(clippy::too_many_lines, reason = "one row after the other")]
    pub fn text(&self) -> String {
        let clients = &self.clients;
        let words = &self.words;
        let mut rows: Vec<(&str, String)> = vec![
            ("version", self.version.clone()),
            ("process", self.pid.to_string()),
            ("up", duration(self.uptime_seconds)),
        ];
        rows.extend(self.listening.iter().map(|address| ("listening on", address.clone())));
        let limit =
            clients.limit.map_or_else(|| "no limit".to_owned(), |limit| format!("at most {}", grouped(limit.into())));
        rows.push(("clients", format!("{} ({limit})", grouped(clients.total))));
        for (name, count) in [
            ("  starting", clients.starting),
            ("  awaiting login", clients.awaiting_login),
            ("  idle", clients.idle),
            ("  busy", clients.busy),
            ("  hashing", clients.hashing),
            ("  closing", clients.closing),
        ] {
            if count > 0 {
                rows.push((name, grouped(count)));
            }
        }
        let mut from = words.source.clone();
        if let Some(headwords) = words.headwords {
            let _ = write!(from, ", {} headwords, generation {}", grouped(headwords), words.generation);
        }
        if words.loading {
            from.push_str(", a newer load is under way");
        }
        rows.push(("words", from));
        if words.lagging > 0 {
            let children = if words.lagging == 1 { "child" } else { "children" };
            rows.push(("  lagging", format!("{} {children}", grouped(words.lagging))));
        }
        rows.push(("forks", format!("{}, {} reaped", grouped(self.forks), grouped(self.reaped))));
        rows.push(("refused", grouped(self.refused)));
        let (by, penalties) = (&self.refused_by, &self.penalties);
        for (name, count) in [
            ("  all clients", by.clients),
            ("  clients of a source", by.clients_per_source),
            ("  failures", by.failures),
            ("  scarcity", by.scarcity),
            ("logins refused", penalties.logins_refused),
            ("registrations refused", penalties.registrations_refused),
            ("changes of accounts refused", penalties.changes_refused),
            ("logins by token refused", penalties.token_logins_refused),
            ("sources with penalties", penalties.sources),
            ("sources refused", penalties.refused_sources),
        ] {
            if count > 0 {
                rows.push((name, grouped(count)));
            }
        }
        rows.extend(
            penalties.longest.iter().map(|refused| ("  for", format!("{} s: {}", refused.seconds, refused.source))),
        );
        self.tell_requests(&mut rows);
        if self.history_limit > 0 {
            let (limit, trimmed) = (grouped(self.history_limit), grouped(self.history_trimmed));
            rows.push(("histories", format!("at most {limit} lookups of an account, {trimmed} older ones deleted")));
        }
        if self.lookup_rate > 0 {
            let (rate, delayed) = (grouped(self.lookup_rate.into()), grouped(self.lookups_delayed));
            rows.push(("lookup rate", format!("at most {rate} a second of an account, {delayed} had to wait")));
        }
        rows.push(("database", self.database.clone()));
        for host in &self.database_hosts {
            let mut text = format!("{}, {}", host.host, if host.in_use { "in use" } else { "spare" });
            if let (Some(error), Some(seconds)) = (&host.error, host.error_seconds) {
                let _ = write!(text, "; {} ago: {error}", duration(seconds));
            }
            rows.push(("  host", text));
        }
        if self.database_in_cluster {
            rows.push(("  cluster", "yes: logins and histories wait for what other members have committed".to_owned()));
        }
        if self.database_errors > 0 {
            rows.push(("  errors", grouped(self.database_errors)));
        }
        let connections = &self.database_connections;
        let (leased, limit) = (grouped(connections.leased), grouped(connections.limit.into()));
        let mut leases = format!("{leased} leased to children (at most {limit}, one is the writer's)");
        if connections.waiting > 0 {
            let _ = write!(leases, ", {} wait for one", grouped(connections.waiting));
        }
        rows.push(("  connections", leases));
        let writer = &self.writer;
        let pid = writer.pid.map_or_else(|| "none".to_owned(), |pid| format!("process {pid}"));
        let (records, commits) = (grouped(writer.records), grouped(writer.commits));
        rows.push(("writer", format!("{pid}, {records} records in {commits} commits")));
        if let Some(seconds) = writer.silent_seconds {
            rows.push(("  hangs", format!("for {}; lookups wait", duration(seconds))));
        }
        if writer.forks > 1 {
            rows.push(("  forked", format!("{} times", grouped(writer.forks))));
        }
        if writer.requests_refused > 0 {
            rows.push(("  refused", format!("{} requests for other accounts", grouped(writer.requests_refused))));
        }
        if writer.replaced > 0 {
            rows.push(("  replaced", format!("{} that hung", grouped(writer.replaced))));
        }
        if self.commits.count() > 0 {
            rows.push(("  commits", self.commits.text()));
        }
        let (taken, refused) = (self.reloads.taken, self.reloads.refused);
        if taken + refused > 0 {
            rows.push(("reloads", format!("{} taken, {} refused", grouped(taken), grouped(refused))));
        }
        if self.log_lines_dropped > 0 {
            rows.push(("log", format!("{} lines dropped", grouped(self.log_lines_dropped))));
        }
        let spool = &self.spool;
        if let Some(seconds) = spool.outage_seconds {
            rows.push(("no database for", duration(seconds)));
        }
        if spool.records > 0 {
            let (records, share) = (grouped(spool.records), spool.bytes * 100 / spool.limit_bytes.max(1));
            let mut text = format!("{records} lookups wait for the database, {share} % full");
            if let Some(seconds) = spool.oldest_seconds {
                let _ = write!(text, ", the oldest for {}", duration(seconds));
            }
            rows.push(("spool", text));
        }
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        rows.iter().fold(String::new(), |mut out, (name, value)| {
            // Paths and addresses are an operator's text, which must not look like another row, or move the cursor.
            let _ = writeln!(out, "{name:width$}  {}", printable(value));
            out
        })
    }

    /// Requests by kind, each with what did not go well.
    fn tell_requests<'a>(&'a self, rows: &mut Vec<(&'a str, String)>) {
        let sum = |results: &BTreeMap<String, u64>| results.values().fold(0, |sum: u64, n| sum.saturating_add(*n));
        let total = self.requests.values().fold(0, |total: u64, results| total.saturating_add(sum(results)));
        rows.push(("requests", grouped(total)));
        for (kind, results) in &self.requests {
            let mut text = format!("{} {kind}", grouped(sum(results)));
            for (result, count) in results.iter().filter(|(result, _)| *result != "ok") {
                let _ = write!(text, ", {} {result}", grouped(*count));
            }
            rows.push(("  of them", text));
        }
        if self.lookups.count() > 0 {
            rows.push(("  lookups", self.lookups.text()));
        }
    }
}

/// A number with commas, as people read it.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let of = [(0, "0"), (999, "999"), (3_104, "3,104"), (1_000_000, "1,000,000")];
        assert!(of.iter().all(|(number, text)| grouped(*number) == *text));
    }

    #[test]
    fn durations_are_short() {
        let of = [(5, "5 s"), (65, "1 min 5 s"), (3_660, "1 h 1 min"), (90_000, "1 d 1 h")];
        assert!(of.iter().all(|(seconds, text)| duration(*seconds) == *text));
    }
}
