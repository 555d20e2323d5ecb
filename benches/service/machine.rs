//! The machine that was measured on: processors, kernel, file system, database; without the machine's name and without
//! a date.

use crate::Result;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::path::Path;
use std::process::Command;

/// One line about the machine.
pub fn facts(directory: &Path) -> Result<String> {
    let processors = std::thread::available_parallelism()?;
    let kernel = nix::sys::utsname::uname()?.release().to_string_lossy().into_owned();
    let (file_system, real) = file_system(directory)?;
    let server = first_line("/usr/sbin/mariadbd", &["--version"]).or_else(|| first_line("mariadbd", &["--version"]));
    let server = server.unwrap_or_default();
    let version = server.split_whitespace().find(|word| word.contains("MariaDB")).unwrap_or("MariaDB");
    let warning = if real { "" } else { " **That is memory: figures of durable writes mean nothing.**" };
    Ok(format!(
        "{processors} processors, Linux {kernel}, {version}; databases on {file_system}. Server, database and load \
         generator share the machine, so only the ratios are meaningful.{warning}"
    ))
}

/// The type of the file system that a directory is on, and whether that is more than memory.
fn file_system(directory: &Path) -> Result<(String, bool)> {
    let directory = directory.canonicalize()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let place = |line: &str| {
        let mut fields = line.split(' ').skip(1);
        let (at, kind) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        directory.starts_with(&at).then_some((at.len(), kind))
    };
    // Of those mounted at the same place, the last one is seen.
    let (_, kind) = mounts.lines().filter_map(place).max_by_key(|(length, _)| *length).unwrap_or_default();
    let real = !matches!(kind.as_str(), "tmpfs" | "ramfs" | "");
    Ok((kind, real))
}

/// Lets this process have as many descriptors as `count` clients need, if that is allowed.
pub fn allow_descriptors(count: u64) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = count + 500;
    if soft >= wanted {
        return Ok(());
    }
    if setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).is_ok() {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    if hard < wanted {
        return Err(format!("{count} clients need {wanted} descriptors; the limit is {hard} (ulimit -Hn)").into());
    }
    Ok(())
}

/// The first line that a program prints, if it can be run.
pub fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_owned)
}
