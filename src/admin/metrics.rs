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
    /// Begins a family of samples.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
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
    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// A family with a sample for each value of one label.
    fn each<'a>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        label: &str,
        all: impl IntoIterator<Item = (&'a str, u64)>,
    ) {
        self.family(name, kind, help);
        for (value, count) in all {
            self.sample(name, &[(label, value)], count);
        }
    }

    fn histogram(&mut self, name: &str, help: &str, times: &Times) {
        self.family(name, "histogram", help);
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
    page.one("up", "gauge", UP, 0);
    page.text
}

const UP: &str = "Whether the daemon answered.";

/// Everything.
pub fn text(status: &Status) -> String {
    let mut page = Page::default();
    page.one("up", "gauge", UP, 1);
    page.family("build_info", "gauge", "The daemon's version.");
    page.sample("build_info", &[("version", &status.version)], 1);
    page.one("start_time_seconds", "gauge", "Start time of the daemon in seconds since 1970.", status.started);
    clients(&mut page, status);
    if !status.requests.is_empty() {
        page.family("requests_total", "counter", "Requests answered, by kind and result.");
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
        "gauge",
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
        page.one("clients_limit", "gauge", "Limit of clients.", limit);
    }
    page.one("connections_total", "counter", "Clients accepted; a child was forked for each.", status.forks);
    let ended = status.sessions_ended.iter().map(|(ending, count)| (ending.as_str(), *count));
    page.each("sessions_ended_total", "counter", "Sessions ended, by reason.", "ending", ended);
    let by = status.refused_by;
    page.each(
        "refusals_total",
        "counter",
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
    page.one("logins_refused_total", "counter", help, penalties.logins_refused);
    let help = "Registrations refused because their source made too many.";
    page.one("registrations_refused_total", "counter", help, penalties.registrations_refused);
    let help = "Changes of accounts refused because their source made too many.";
    page.one("changes_refused_total", "counter", help, penalties.changes_refused);
    let help = "Logins by token refused because their source made too many.";
    page.one("token_logins_refused_total", "counter", help, penalties.token_logins_refused);
    let help = "Limit of lookups kept for an account; 0 for no limit.";
    page.one("history_limit", "gauge", help, status.history_limit);
    let help = "Lookups deleted because their account exceeded the limit.";
    page.one("history_trimmed_total", "counter", help, status.history_trimmed);
    let help = "Limit of lookups a second for an account; 0 for no limit.";
    page.one("lookup_rate_limit", "gauge", help, status.lookup_rate);
    page.one("lookups_delayed_total", "counter", "Lookups delayed by that limit.", status.lookups_delayed);
    page.one("penalised_sources", "gauge", "Sources with a penalty now.", penalties.sources);
    page.one("refused_sources", "gauge", "Sources refused now.", penalties.refused_sources);
}

fn database(page: &mut Page, status: &Status) {
    let writer = &status.writer;
    page.one("writer_up", "gauge", "Whether a writer process is running.", u8::from(writer.pid.is_some()));
    page.one("writer_forks_total", "counter", "Writers forked.", writer.forks);
    page.one("writer_replaced_total", "counter", "Writers that hung and were replaced.", writer.replaced);
    let help = "Logins by token answered by the writer.";
    page.one("writer_token_logins_total", "counter", help, writer.token_logins);
    let help = "Questions for the last lookups answered by the writer.";
    page.one("writer_histories_total", "counter", help, writer.histories);
    let help = "Requests of sessions for other accounts, refused by the writer.";
    page.one("writer_requests_refused_total", "counter", help, writer.requests_refused);
    page.one("records_total", "counter", "History records made durable.", writer.records);
    page.one("commits_total", "counter", "Commits of history records.", writer.commits);
    page.one(
        "database_errors_total",
        "counter",
        "Requests that failed because of the database.",
        status.database_errors,
    );
    let connections = &status.database_connections;
    let help = "Limit of concurrent database connections.";
    page.one("database_connections_limit", "gauge", help, connections.limit);
    let help = "Database connections leased to children.";
    page.one("database_connections_leased", "gauge", help, connections.leased);
    let help = "Children waiting for a database connection.";
    page.one("database_connections_waiting", "gauge", help, connections.waiting);
    if !status.database_hosts.is_empty() {
        page.family("database_host_in_use", "gauge", "Whether the writer uses this host of the database.");
        for host in &status.database_hosts {
            page.sample("database_host_in_use", &[("host", &host.host)], u8::from(host.in_use));
        }
        page.family("database_host_failed", "gauge", "Whether this host could not be used when it was last tried.");
        for host in &status.database_hosts {
            page.sample("database_host_failed", &[("host", &host.host)], u8::from(host.error.is_some()));
        }
    }
    let spool = &status.spool;
    let help = "Duration of the current database outage in seconds; 0 without one.";
    page.one("database_outage_seconds", "gauge", help, spool.outage_seconds.unwrap_or(0));
    page.one("spool_records", "gauge", "Lookups in the spool, waiting for the database.", spool.records);
    page.one("spool_bytes", "gauge", "Size of the spool in bytes.", spool.bytes);
    page.one("spool_limit_bytes", "gauge", "Limit of the spool's size in bytes.", spool.limit_bytes);
    let help = "Age of the oldest lookup in the spool in seconds; 0 if it is empty.";
    page.one("spool_oldest_seconds", "gauge", help, spool.oldest_seconds.unwrap_or(0));
}

fn words(page: &mut Page, status: &Status) {
    let words = &status.words;
    if let Some(headwords) = words.headwords {
        page.one("headwords", "gauge", "Headwords of the loaded words file.", headwords);
    }
    page.one("words_generation", "gauge", "Generation of the loaded words.", words.generation);
    page.one("words_lagging", "gauge", "Children that still answer from older words.", words.lagging);
    let reloads = status.reloads;
    page.each(
        "reloads_total",
        "counter",
        "Reloads of words and certificate, by result.",
        "result",
        [("taken", reloads.taken), ("refused", reloads.refused)],
    );
    let help = "Log lines dropped because standard error was blocked.";
    page.one("log_lines_dropped_total", "counter", help, status.log_lines_dropped);
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
