//! Paths that an operator names where there is no ordinary file: endless devices, pipes that no process writes to, and
//! files that are far too large. Nothing is read without end, and nothing waits for ever.

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Output;
use std::thread;
use support::{Daemon, Setup, Store};

fn refused(output: &Output, status: i32, part: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(part), "{part:?} is not in: {said}");
}

fn fifo(path: &Path) {
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a FIFO");
}

/// A sparse file of that size.
fn sparse(path: &Path, bytes: u64) {
    File::create(path).and_then(|file| file.set_len(bytes)).expect("a file");
}

#[test]
fn a_configuration_is_a_regular_file() {
    let setup = Setup::new(Store::Sqlite);
    let (pipe, large) = (setup.path("pipe"), setup.path("large"));
    fifo(&pipe);
    sparse(&large, 8 << 40);
    let with_config =
        |path: &Path| Setup::new(Store::Sqlite).options(&format!("--check --config {}", path.display())).run(&[]);
    for (path, part) in [
        (Path::new("/dev/zero"), "not a regular file"),
        (&pipe, "not a regular file"),
        (Path::new("/etc"), "not a regular file"),
        (&large, "larger than 1024 KiB"),
    ] {
        let output = with_config(path);
        refused(&output, 78, part);
        refused(&output, 78, path.to_str().expect("UTF-8"));
    }
    // By custom, an empty file.
    let output = with_config(Path::new("/dev/null"));
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_database_file_is_a_regular_file_or_a_pipe() {
    let setup = Setup::new(Store::Sqlite);
    let (pipe, large) = (setup.path("pipe"), setup.path("large"));
    fifo(&pipe);
    sparse(&large, 8 << 40);
    std::fs::set_permissions(&large, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    for (path, part) in [
        (Path::new("/dev/zero"), "not a regular file"),
        (Path::new("/etc"), "not a regular file"),
        (&large, "larger than 64 KiB"),
    ] {
        refused(&setup.run(&["--database-file", path.to_str().expect("UTF-8"), "--check"]), 64, part);
    }
    let writer = pipe.clone();
    let writes = thread::spawn(move || {
        let mut pipe = File::options().write(true).open(writer).expect("somebody reads");
        pipe.write_all(b"sqlite:by-pipe.db\n").expect("it is taken");
    });
    let output = setup.run(&["--database-file", pipe.to_str().expect("UTF-8"), "--check"]);
    assert!(output.status.success(), "{output:?}");
    writes.join().expect("it was read");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("by-pipe.db"), "{said}");
    // Without an end.
    let writes = thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut pipe = File::options().write(true).open(pipe).expect("somebody reads");
            while pipe.write_all(&[b'x'; 4_096]).is_ok() {}
        }
    });
    refused(&setup.run(&["--database-file", pipe.to_str().expect("UTF-8"), "--check"]), 64, "larger than 64 KiB");
    writes.join().expect("it was read");
}

#[test]
fn a_password_file_is_a_regular_file_or_a_pipe() {
    let daemon = Daemon::over(Store::Sqlite);
    let pipe = daemon.path("pipe");
    fifo(&pipe);
    let add = |path: &str| daemon.tool(&["user", "add", "ann", "--password-file", path]);
    for path in ["/dev/zero", "/etc"] {
        refused(&add(path), 66, "not a regular file");
    }
    let writer = pipe.clone();
    let writes = thread::spawn(move || {
        let mut pipe = File::options().write(true).open(writer).expect("somebody reads");
        pipe.write_all(b"secret of ann\nand what need not be read").expect("it is taken");
        pipe
    });
    let output = add(pipe.to_str().expect("UTF-8"));
    assert!(output.status.success(), "{output:?}");
    drop(writes.join().expect("it was read"));
    daemon.connect().ok("L ann secret of ann");
}

/// What the daemon reads besides: words, certificates, an authority of the database's.
#[test]
fn whatever_else_is_named_is_a_regular_file() {
    let setup = Setup::new(Store::Sqlite).no_words();
    let (pipe, large) = (setup.path("pipe"), setup.path("large"));
    fifo(&pipe);
    sparse(&large, 8 << 40);
    for path in [Path::new("/dev/zero"), &pipe, &large] {
        let path = path.to_str().expect("UTF-8");
        refused(&setup.run(&["--words", path, "--check"]), 65, path);
        let tls = ["--tls-listen", "127.0.0.1:0", "--tls-cert", path, "--tls-key", path, "--check"];
        refused(&setup.run(&tls), 78, path);
    }
    let url = format!("mysql://ann@127.0.0.1:1/dict?ssl-mode=verify-ca&ssl-ca={}", pipe.display());
    refused(&setup.run(&["--database", &url, "--check"]), 78, "not a regular file");
    let output = setup.run(&["--database", &format!("sqlite:{}", pipe.display()), "--check"]);
    assert!(!output.status.success(), "{output:?}");
}
