//! `cidiand metrics`: the daemon's status in the text format of Prometheus, for node_exporter's textfile collector or
//! anything else that reads it. It only describes what [`Status`] contains.

use crate::ipc::status::{Status, Times};
use std::fmt::Write;

/// Text under way.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Begins a family of samples: a counter if its name ends with `_total`, as Prometheus wants it, and else a gauge.
    fn family(&mut self, name: &str, help: &str) {
        self.family_of(if name.ends_with("_total") { "counter" } else { "gauge" }, name, help);
    }

    fn family_of(&mut self, kind: &str, name: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.text, "# HELP cidian_{name} {help}\n# TYPE cidian_{name} {kind}");
    }

    /// One sample of the family.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let _ = write!(self.text, "cidian_{name}");
        for (at, (label, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{}{label}=\"{value}\"", if at == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.text, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// A family of one sample.
    fn one(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, help);
        self.sample(name, &[], value);
    }

    /// A family with a sample for each value of one label.
    fn each<'a>(&mut self, name: &str, help: &str, label: &str, all: impl IntoIterator<Item = (&'a str, u64)>) {
        self.family(name, help);
        for (value, count) in all {
            self.sample(name, &[(label, value)], count);
        }
    }

    fn histogram(&mut self, name: &str, help: &str, times: &Times) {
        self.family_of("histogram", name, help);
        let bucket = format!("{name}_bucket");
        let mut sum = 0_u64;
        for (bound, count) in times.bounds.iter().zip(&times.counts) {
            sum = sum.saturating_add(*count);
            self.sample(&bucket, &[("le", &seconds(*bound))], sum);
        }
        self.sample(&bucket, &[("le", "+Inf")], times.count());
        self.sample(&format!("{name}_sum"), &[], seconds(times.total));
        self.sample(&format!("{name}_count"), &[], times.count());
    }
}

fn seconds(microseconds: u64) -> String {
    let text = format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The output when no daemon answers.
pub fn down() -> String {
    let mut page = Page::default();
    page.one("up", UP, 0);
    page.text
}

const UP: &str = "Whether the daemon answered.";

/// Everything.
pub fn text(status: &Status) -> String {
    let mut page = Page::default();
    page.one("up", UP, 1);
    page.family("build_info", "The daemon's version.");
    page.sample("build_info", &[("version", &status.version)], 1);
    page.one("start_time_seconds", "Start time of the daemon in seconds since 1970.", status.started);
    clients(&mut page, status);
    if !status.requests.is_empty() {
        page.family("requests_total", "Requests answered, by kind and result.");
    }
    for (kind, results) in &status.requests {
        for (result, count) in results {
            page.sample("requests_total", &[("kind", kind), ("result", result)], count);
        }
    }
    let help = "Time of lookups, from reading the request to having the reply ready.";
    page.histogram("lookup_duration_seconds", help, &status.lookups);
    page.histogram("commit_duration_seconds", "Time of commits of history records.", &status.commits);
    database(&mut page, status);
    words(&mut page, status);
    page.text
}

fn clients(page: &mut Page, status: &Status) {
    let clients = &status.clients;
    page.each(
        "clients",
        "Children, one for each client, by state.",
        "state",
        [
            ("starting", clients.starting),
            ("awaiting_login", clients.awaiting_login),
            ("idle", clients.idle),
            ("busy", clients.busy),
            ("hashing", clients.hashing),
            ("closing", clients.closing),
        ],
    );
    if let Some(limit) = clients.limit {
        page.one("clients_limit", "Limit of clients.", limit);
    }
    page.one("connections_total", "Clients accepted; a child was forked for each.", status.forks);
    let ended = status.sessions_ended.iter().map(|(ending, count)| (ending.as_str(), *count));
    page.each("sessions_ended_total", "Sessions ended, by reason.", "ending", ended);
    let by = status.refused_by;
    page.each(
        "refusals_total",
        "Clients refused, by reason.",
        "reason",
        [
            ("clients", by.clients),
            ("clients_per_source", by.clients_per_source),
            ("failures", by.failures),
            ("scarcity", by.scarcity),
        ],
    );
    let penalties = &status.penalties;
    let help = "Logins of connected clients refused because of their source's failures.";
    page.one("logins_refused_total", help, penalties.logins_refused);
    let help = "Registrations refused because their source made too many.";
    page.one("registrations_refused_total", help, penalties.registrations_refused);
    let help = "Changes of accounts refused because their source made too many.";
    page.one("changes_refused_total", help, penalties.changes_refused);
    let help = "Logins by token refused because their source made too many.";
    page.one("token_logins_refused_total", help, penalties.token_logins_refused);
    page.one("history_limit", "Limit of lookups kept for an account; 0 for no limit.", status.history_limit);
    let help = "Lookups deleted because their account exceeded the limit.";
    page.one("history_trimmed_total", help, status.history_trimmed);
    page.one("lookup_rate_limit", "Limit of lookups a second for an account; 0 for no limit.", status.lookup_rate);
    page.one("lookups_delayed_total", "Lookups delayed by that limit.", status.lookups_delayed);
    page.one("penalised_sources", "Sources with a penalty now.", penalties.sources);
    page.one("refused_sources", "Sources refused now.", penalties.refused_sources);
}

fn database(page: &mut Page, status: &Status) {
    let writer = &status.writer;
    page.one("writer_up", "Whether a writer process is running.", u8::from(writer.pid.is_some()));
    page.one("writer_forks_total", "Writers forked.", writer.forks);
    page.one("writer_replaced_total", "Writers that hung and were replaced.", writer.replaced);
    page.one("writer_token_logins_total", "Logins by token answered by the writer.", writer.token_logins);
    page.one("writer_histories_total", "Questions for the last lookups answered by the writer.", writer.histories);
    let help = "Requests of sessions for other accounts, refused by the writer.";
    page.one("writer_requests_refused_total", help, writer.requests_refused);
    page.one("records_total", "History records made durable.", writer.records);
    page.one("commits_total", "Commits of history records.", writer.commits);
    page.one("database_errors_total", "Requests that failed because of the database.", status.database_errors);
    let connections = &status.database_connections;
    page.one("database_connections_limit", "Limit of concurrent database connections.", connections.limit);
    page.one("database_connections_leased", "Database connections leased to children.", connections.leased);
    page.one("database_connections_waiting", "Children waiting for a database connection.", connections.waiting);
    if !status.database_hosts.is_empty() {
        let hosts = || status.database_hosts.iter();
        let in_use = hosts().map(|host| (host.host.as_str(), u64::from(host.in_use)));
        page.each("database_host_in_use", "Whether the writer uses this host of the database.", "host", in_use);
        let failed = hosts().map(|host| (host.host.as_str(), u64::from(host.error.is_some())));
        page.each(
            "database_host_failed",
            "Whether this host could not be used when it was last tried.",
            "host",
            failed,
        );
    }
    let spool = &status.spool;
    let help = "Duration of the current database outage in seconds; 0 without one.";
    page.one("database_outage_seconds", help, spool.outage_seconds.unwrap_or(0));
    page.one("spool_records", "Lookups in the spool, waiting for the database.", spool.records);
    page.one("spool_bytes", "Size of the spool in bytes.", spool.bytes);
    page.one("spool_limit_bytes", "Limit of the spool's size in bytes.", spool.limit_bytes);
    let help = "Age of the oldest lookup in the spool in seconds; 0 if it is empty.";
    page.one("spool_oldest_seconds", help, spool.oldest_seconds.unwrap_or(0));
}

fn words(page: &mut Page, status: &Status) {
    let words = &status.words;
    if let Some(headwords) = words.headwords {
        page.one("headwords", "Headwords of the loaded words file.", headwords);
    }
    page.one("words_generation", "Generation of the loaded words.", words.generation);
    page.one("words_lagging", "Children that still answer from older words.", words.lagging);
    let reloads = status.reloads;
    page.each(
        "reloads_total",
        "Reloads of words and certificate, by result.",
        "result",
        [("taken", reloads.taken), ("refused", reloads.refused)],
    );
    let help = "Log lines dropped because standard error was blocked.";
    page.one("log_lines_dropped_total", help, status.log_lines_dropped);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_decimal() {
        let of = [
            (0, "0"),
            (50, "0.00005"),
            (2_500, "0.0025"),
            (1_000_000, "1"),
            (10_000_000, "10"),
            (1_500_001, "1.500001"),
        ];
        for (microseconds, text) in of {
            assert_eq!(seconds(microseconds), text);
        }
    }

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.sample("x", &[("a", "\"\\\n"), ("b", "词")], 1);
        assert_eq!(page.text, "cidian_x{a=\"\\\"\\\\\\n\",b=\"词\"} 1\n");
    }

    #[test]
    fn buckets_add_up() {
        let mut page = Page::default();
        let times = Times { bounds: vec![50, 1_000], counts: vec![2, 3, 4], total: 12 };
        page.histogram("t_seconds", "T.", &times);
        let expected = "# HELP cidian_t_seconds T.\n# TYPE cidian_t_seconds histogram\n\
            cidian_t_seconds_bucket{le=\"0.00005\"} 2\ncidian_t_seconds_bucket{le=\"0.001\"} 5\n\
            cidian_t_seconds_bucket{le=\"+Inf\"} 9\ncidian_t_seconds_sum 0.000012\ncidian_t_seconds_count 9\n";
        assert_eq!(page.text, expected);
    }
}
