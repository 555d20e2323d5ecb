//! Whether the addresses to listen on are possible, as far as that can be found out without listening: for `--check`,
//! which may run while the daemon already listens on them.

use crate::config::address::Address;
use crate::exit::{Exit, Fatal};
use nix::sys::socket::UnixAddr;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// An address that was looked up.
#[derive(Debug)]
enum Resolved {
    Internet(SocketAddr),
    Unix(PathBuf),
}

impl Resolved {
    /// Whether no two sockets can listen on both. (IPv6 sockets of ours take no IPv4.)
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Internet(left), Self::Internet(right)) => {
                let (one, two): (IpAddr, IpAddr) = (left.ip(), right.ip());
                let meet =
                    one == two || one.is_ipv4() == two.is_ipv4() && (one.is_unspecified() || two.is_unspecified());
                // Port 0 is another one each time.
                meet && left.port() == right.port() && left.port() != 0
            }
            (Self::Unix(left), Self::Unix(right)) => left == right,
            _ => false,
        }
    }
}

/// Looks at all addresses; every problem is reported.
pub fn check<'a>(addresses: impl Iterator<Item = &'a Address>) -> Vec<Fatal> {
    let mut problems = Vec::new();
    let mut seen: Vec<(Resolved, String)> = Vec::new();
    let refuse = |address: &str, why: &dyn std::fmt::Display| {
        Fatal::new(Exit::System, format!("cannot listen on {address}: {why}"))
    };
    for address in addresses {
        let text = address.to_string();
        let places: Result<Vec<Resolved>, String> = match address {
            Address::Internet(name) => match name.to_socket_addrs() {
                Ok(found) => Ok(found.map(Resolved::Internet).collect()),
                Err(error) => Err(error.to_string()),
            },
            Address::Unix(path) => check_path(path)
                .map(|()| vec![Resolved::Unix(std::path::absolute(path).unwrap_or_else(|_| path.clone()))]),
        };
        let places = match places {
            Ok(places) => places,
            Err(why) => {
                problems.push(refuse(&text, &why));
                continue;
            }
        };
        let before = places.iter().find_map(|place| seen.iter().find(|(other, _)| place.excludes(other)));
        if let Some((_, before)) = before {
            let why = format!("it conflicts with {before}; name only one of them");
            problems.push(refuse(&text, &why));
        }
        seen.extend(places.into_iter().map(|place| (place, text.clone())));
    }
    problems
}

fn check_path(path: &Path) -> Result<(), String> {
    UnixAddr::new(path).map_err(|_| "the path is too long for a socket; it has at most 107 bytes".to_owned())?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match directory.metadata() {
        Ok(found) if !found.is_dir() => return Err(format!("{} is not a directory", directory.display())),
        Ok(_) => {}
        Err(error) => return Err(format!("directory {}: {error}", directory.display())),
    }
    match path.symlink_metadata() {
        Ok(found) if !found.file_type().is_socket() => Err("the path exists and is not a socket".to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(texts: &[&str]) -> Vec<String> {
        let addresses: Vec<Address> = texts.iter().map(|text| Address::parse(text).unwrap()).collect();
        check(addresses.iter()).into_iter().map(|fatal| fatal.message).collect()
    }

    #[test]
    fn what_can_be_listened_on_together() {
        let directory = tempfile::tempdir().unwrap();
        let [a, b, roundabout] = ["a", "b", "./a"].map(|name| format!("unix:{}/{name}", directory.path().display()));
        for fine in [
            &["127.0.0.1:0", "127.0.0.1:0"][..],
            &["127.0.0.1:1", "127.0.0.1:2", "[::1]:1"],
            &["0.0.0.0:1", "[::]:1"],
            &[&a, &b],
            &["unix:a"],
        ] {
            assert_eq!(problems(fine), [""; 0], "{fine:?}");
        }
        for (bad, part) in [
            (&["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1"][..], "conflicts with 127.0.0.1:1"),
            (&["0.0.0.0:1", "127.0.0.1:1"], "conflicts with 0.0.0.0:1"),
            (&["[::]:1", "[::1]:1"], "conflicts"),
            (&[&a, &roundabout], "conflicts"),
            (&["unix:/nonexistent/a"], "/nonexistent"),
            (&["unix:/etc/passwd/a"], "/etc/passwd"),
            (&["unix:/etc/passwd"], "not a socket"),
        ] {
            let found = problems(bad);
            assert!(found.len() == 1 && found[0].contains(part), "{bad:?}: {found:?}");
        }
        let long = format!("unix:/tmp/{}", "x".repeat(103));
        assert!(problems(&[&long])[0].contains("too long"));
        assert_eq!(problems(&[&long[..long.len() - 1]]), [""; 0]);
        assert_eq!(problems(&["unix:/nonexistent/a", &long]).len(), 2);
    }
}
