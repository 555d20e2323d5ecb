//! Log lines on standard error: with time and level for a person, with syslog priorities for the journal.

use crate::exit::Fatal;
use crate::standard_error::StandardError;
use crate::text::printable;
use env_logger::Target;
use log::Level;
use std::io::{IsTerminal, Write};
use time::OffsetDateTime;
use time::macros::format_description;

/// Starts logging. `RUST_LOG` chooses what is logged, by module (`RUST_LOG=cidian::session=debug`); `usual` where it
/// does not. Where the lines go is given back.
pub fn start(usual: log::LevelFilter) -> StandardError {
    let journal = goes_to_the_journal();
    let lines = StandardError::default();
    let mut builder = env_logger::Builder::new();
    builder.target(Target::Pipe(Box::new(lines.clone())));
    // The session itself logs what matters of a handshake.
    builder.filter_level(usual).filter_module("rustls", log::LevelFilter::Off).parse_default_env();
    builder.format(move |out, record| {
        // One line a record, whatever is in it: a client's text must not forge another.
        let message = printable(&record.args().to_string());
        if journal {
            writeln!(out, "<{}>{message}", priority(record.level()))
        } else {
            let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
            let now = OffsetDateTime::now_utc().format(format).unwrap_or_default();
            writeln!(out, "{now} cidiand[{}] {}: {message}", std::process::id(), record.level())
        }
    });
    // A second start would be a mistake of ours, and a harmless one.
    let _ = builder.try_init();
    lines
}

/// From now on nothing waits for the reader of the log, and a panic is logged as any other failure. For a process that
/// serves.
pub fn never_wait(lines: &StandardError) {
    lines.never_wait();
    log_panics();
}

/// From now on a panic is logged as any other failure, in one line: to show where it came from (`RUST_BACKTRACE`) opens
/// files, which ends a process that is confined.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
}

/// Reports a tool's failure: to a person, not to a log; but for a tool that systemd runs, as it does to reload.
pub fn complain(fatal: &Fatal) {
    let priority = match goes_to_the_journal() {
        true => format!("<{}>", priority(Level::Error)),
        false => String::new(),
    };
    let _ = writeln!(std::io::stderr().lock(), "{priority}cidiand: {}", printable(&fatal.message));
}

/// systemd.exec(5): the variable is set when standard error goes to the journal, which adds time and process itself. A
/// graphical session's terminals inherit it.
fn goes_to_the_journal() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some() && !std::io::stderr().is_terminal()
}

/// sd-daemon(3): the levels of syslog.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}
