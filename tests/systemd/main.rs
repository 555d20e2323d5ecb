//! The units under systemd: its own judgement of them (`units`), and a day of the service under a real systemd in a
//! container (`day`). If these tests can't be run, they print so on standard error.

mod container;
mod day;
mod sockets;
mod stores;
mod units;

/// Prints that a test is skipped, past the test harness, which captures the output of a test that passes.
fn skipped(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "tests/systemd: SKIPPED: {why}");
}
