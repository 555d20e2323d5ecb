//! Completing words in a shell: `cidian complete-words PREFIX`, which the completions of `lookup` and `star` call. The
//! server is asked if a login is kept for it; if it does not answer at once, the built-in words are used. The person is
//! in the middle of a line, so they are asked nothing, and no error is shown.

use super::context::Context;
use super::credentials::Credentials;
use crate::client::error::Result;
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::protocol::{How, Request, printable};
use crate::words::{BUILT_IN, fold};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The most headwords that are proposed.
const MOST: usize = 50;
/// How long the server may take: a person waits for a key.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(80);

/// Prints the headwords that begin so, a line each.
///
/// # Errors
/// Standard output failed.
pub(crate) fn run(context: &mut Context<'_>, prefix: &str) -> Result<()> {
    let prefix = prefix.trim_start();
    if prefix.is_empty() {
        return Ok(());
    }
    // The thread that sets it prints.
    let printing = Arc::new(AtomicBool::new(false));
    let (late, of_late) = (Arc::clone(&printing), prefix.to_owned());
    std::thread::spawn(move || {
        std::thread::sleep(ANSWER_TIMEOUT);
        if !late.swap(true, Ordering::AcqRel) {
            let _ = std::io::stdout().lock().write_all(lines(&built_in(&of_late)).as_bytes());
            std::process::exit(0);
        }
    });
    let found = of_server(context.connector, context.credentials, prefix).unwrap_or_default();
    let found = if found.is_empty() { built_in(prefix) } else { found };
    if printing.swap(true, Ordering::AcqRel) {
        // The other has ended this process, or is about to.
        loop {
            std::thread::park();
        }
    }
    context.console.write(&lines(&found))
}

/// Nothing without a login that is kept. (The connector refuses to send the token where others may read it.)
fn of_server(connector: &Connector, credentials: &Credentials, prefix: &str) -> Result<Vec<String>> {
    let Some(name) = credentials.kept.user()? else { return Ok(Vec::new()) };
    let Some(token) = credentials.kept.token(&name)? else { return Ok(Vec::new()) };
    let mut connection = Connection::open(connector)?;
    connection.log_in_by_token(&name, token.as_str(), &[])?;
    let mut found = connection.matching(&Request::Match { name: &name, how: How::Prefix, pattern: prefix })?;
    connection.leave();
    found.truncate(MOST);
    Ok(found)
}

/// Of the words that are built in; a file of headwords in byte order.
fn built_in(prefix: &str) -> Vec<String> {
    let lower = fold(prefix);
    let headwords = BUILT_IN.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let end = line.find('\t').or_else(|| line.find(' ')).unwrap_or(line.len());
        &line[..end]
    });
    let begins = |headword: &&str| {
        headword.starts_with(&lower) || (headword.starts_with(char::is_uppercase) && fold(headword).starts_with(&lower))
    };
    headwords.filter(begins).take(MOST).map(str::to_owned).collect()
}

fn lines(headwords: &[String]) -> String {
    headwords.iter().map(|headword| format!("{}\n", printable(headword))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headwords_that_begin_so() {
        let found = built_in("apple");
        assert!(found.contains(&"apple".to_owned()) && found.len() < MOST, "{found:?}");
        assert!(built_in("giv").contains(&"give up".to_owned()));
        assert_eq!(built_in("a").len(), MOST);
        assert!(built_in("xqzj").is_empty());
    }
}
