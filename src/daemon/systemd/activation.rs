//! Sockets that systemd has opened (`sd_listen_fds(3)`): they exist before the daemon starts and stay when it is
//! killed, so that no client is refused meanwhile. This module takes them over; it opens no socket itself.

use crate::daemon::listeners::Listener;
use crate::exit::{Exit, Fatal};
use crate::session::Language;
use crate::sys::{self, Forker};

/// The first that is passed.
const FIRST: i32 = 3;
/// The name (`FileDescriptorName=`) of sockets whose clients speak TLS. Whatever name it has but this and the next, the
/// clients of a socket speak the line protocol in clear text: systemd's default is the socket unit's name.
pub const TLS: &str = "tls";
/// The name of sockets whose clients speak DICT.
pub const DICT: &str = "dict";

/// Takes `LISTEN_FDS` and its companions out of the environment, and the sockets that they announce.
///
/// # Errors
/// [`Exit::System`]: what is passed is not a listening stream socket.
pub fn take(forker: &Forker) -> Result<Vec<Listener>, Fatal> {
    let [whom, count, names] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
        .map(|name| sys::take_variable(name, forker).map(|value| value.to_string_lossy().into_owned()));
    let passed = passed(whom.as_deref(), count.as_deref(), names.as_deref(), std::process::id())
        .map_err(|why| Fatal::new(Exit::System, format!("LISTEN_FDS: {why}")))?;
    let adopt = |(number, name): (i32, String)| {
        let language = match name.as_str() {
            TLS => Language::LinesOverTls,
            DICT => Language::Dict,
            _ => Language::Lines,
        };
        sys::adopt(number)
            .map_err(std::io::Error::from)
            .and_then(|socket| Listener::passed(socket, language))
            .map_err(|error| Fatal::new(Exit::System, format!("socket {number} ({name}) from systemd: {error}")))
    };
    passed.into_iter().map(adopt).collect()
}

/// The numbers and names of what is passed to this process.
fn passed(
    whom: Option<&str>,
    count: Option<&str>,
    names: Option<&str>,
    this: u32,
) -> Result<Vec<(i32, String)>, String> {
    let (Some(whom), Some(count)) = (whom, count) else { return Ok(Vec::new()) };
    if whom.parse() != Ok(this) {
        return Ok(Vec::new());
    }
    let count: u16 = count.parse().map_err(|_| format!("{count} is not a number of sockets"))?;
    let mut names = names.unwrap_or_default().split(':');
    let numbers = FIRST..FIRST + i32::from(count);
    Ok(numbers
        .map(|number| {
            let name = names.next().filter(|name| !name.is_empty());
            (number, name.unwrap_or("unknown").to_owned())
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_their_names() {
        let three = passed(Some("7"), Some("3"), Some("cidiand.socket:tls"), 7).unwrap();
        let expected = [(3, "cidiand.socket"), (4, "tls"), (5, "unknown")];
        assert_eq!(three, expected.map(|(number, name)| (number, name.to_owned())));
        assert_eq!(passed(Some("7"), Some("1"), None, 7).unwrap(), [(3, "unknown".to_owned())]);
    }

    #[test]
    fn nothing_that_is_for_somebody_else() {
        for (whom, count) in [(None, None), (Some("8"), Some("3")), (Some("x"), Some("3")), (Some("7"), None)] {
            assert_eq!(passed(whom, count, None, 7).unwrap(), []);
        }
        assert!(passed(Some("7"), Some("-1"), None, 7).is_err());
    }
}
