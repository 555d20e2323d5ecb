//! Landlock: what can be opened, made and removed, without any help from the filter.

use crate::attempt::Outcome::{Done, Refused};
use crate::attempt::{HERE, attempt, attempt_with, errno, landlock_only, whole};
use crate::policies;
use cidian::sandbox;
use cidian::store::Location;
use cidian::sys::sandbox::Sandbox;
use cidian::sys::{Forker, SealedMap, close_all_but, seal, set_variable};
use nix::errno::Errno;
use nix::sys::stat::Mode;
use nix::unistd::{linkat, mkfifo, symlinkat};
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::Path;

const DENIED: crate::attempt::Outcome = Refused(Errno::EACCES);

fn read(path: &Path) -> Result<(), Errno> {
    errno(File::open(path))
}

fn write(path: &Path) -> Result<(), Errno> {
    errno(File::options().write(true).open(path))
}

fn make(path: &Path) -> Result<(), Errno> {
    errno(File::options().write(true).create_new(true).open(path))
}

/// An embedded database and what lies beside it.
const FILES: [&str; 3] = ["cidian.db", "cidian.db-wal", "cidian.db-shm"];
const BESIDE: [&str; 5] = ["spool", "lock", "spool.of-another", "key.pem", "words.txt"];

fn state_directory() -> tempfile::TempDir {
    let state = tempfile::tempdir().expect("a directory");
    for name in FILES.into_iter().chain(BESIDE) {
        fs::write(state.path().join(name), "").expect("a file");
    }
    state
}

/// What neither session nor writer may do outside the database's directory.
fn nothing_elsewhere(forker: &mut Forker, sandbox: &Sandbox, state: &Path) {
    let mut tries = |what: &dyn Fn() -> Result<(), Errno>| attempt(forker, sandbox, what);
    let elsewhere = tempfile::tempdir().expect("a directory");
    let words = elsewhere.path().join("words.txt");
    fs::write(&words, "apple  n. fruit\n").expect("a words file");
    assert_eq!(tries(&|| read(state)), Done, "a directory is synced, for which it is opened");
    assert_eq!(tries(&|| read(Path::new("/dev/urandom"))), Done);
    for path in ["/etc/passwd", "/etc/hosts", "/proc/self/status", "/dev/null", "/", "/usr/lib"].map(Path::new) {
        assert_eq!(tries(&|| read(path)), DENIED, "{}", path.display());
    }
    assert_eq!(tries(&|| read(&words)), DENIED);
    assert_eq!(tries(&|| write(&words)), DENIED);
    assert_eq!(tries(&|| errno(fs::remove_file(&words))), DENIED);
    assert_eq!(tries(&|| errno(fs::rename(&words, state.join("w")))), DENIED);
    assert_eq!(tries(&|| make(&elsewhere.path().join("new"))), DENIED);
    assert_eq!(tries(&|| errno(fs::create_dir(state.join("d")))), DENIED);
    assert_eq!(tries(&|| mkfifo(&state.join("f"), Mode::S_IRWXU)), DENIED);
    assert_eq!(tries(&|| symlinkat("/etc/passwd", HERE, &state.join("l"))), DENIED);
    let hard = || linkat(HERE, &words, HERE, &state.join("h"), nix::fcntl::AtFlags::empty());
    // Which of the two it is depends on whether a file may be made there.
    let refused = [DENIED, Refused(Errno::EXDEV)];
    assert!(refused.contains(&tries(&hard)), "a link would bring a file of elsewhere in");
    assert_eq!(tries(&|| write(Path::new("/dev/urandom"))), DENIED);
}

pub fn a_session_opens_the_files_of_its_embedded_database_only(forker: &mut Forker) {
    let state = state_directory();
    let path = |name: &str| state.path().join(name);
    let sandbox = landlock_only(policies::sqlite(state.path()));
    nothing_elsewhere(forker, &sandbox, state.path());
    let mut tries = |what: &dyn Fn() -> Result<(), Errno>| attempt(forker, &sandbox, what);
    for name in FILES {
        assert_eq!(tries(&|| read(&path(name)).and_then(|()| write(&path(name)))), Done, "{name}");
        assert_eq!(tries(&|| errno(fs::remove_file(path(name)))), DENIED, "{name}");
        assert_eq!(tries(&|| errno(fs::rename(path(name), path("other")))), DENIED, "{name}");
    }
    for name in BESIDE {
        assert_eq!(tries(&|| read(&path(name))), DENIED, "{name}");
        assert_eq!(tries(&|| write(&path(name))), DENIED, "{name}");
        assert_eq!(tries(&|| errno(fs::remove_file(path(name)))), DENIED, "{name}");
        let link = || linkat(HERE, &path(name), HERE, &path("link"), nix::fcntl::AtFlags::empty());
        assert_eq!(tries(&link), DENIED, "{name}");
        let other = || errno(fs::rename(path("cidian.db"), path(name)));
        assert_eq!(tries(&other), DENIED, "{name}");
    }
    assert_eq!(tries(&|| make(&path("cidian.db-journal"))), DENIED);
}

pub fn the_writer_of_an_embedded_database_opens_its_directory_only(forker: &mut Forker) {
    let state = state_directory();
    let location = Location::parse(&format!("sqlite:{}", state.path().join("cidian.db").display())).expect("a URL");
    let sandbox = landlock_only(sandbox::writer(&location));
    nothing_elsewhere(forker, &sandbox, state.path());
    let journal = state.path().join("cidian.db-journal");
    let work = || make(&journal).and_then(|()| errno(fs::remove_file(&journal)));
    assert_eq!(attempt(forker, &sandbox, work), Done);
}

pub fn a_server_by_address_opens_nothing(forker: &mut Forker) {
    let directory = tempfile::tempdir().expect("a directory");
    for policy in [policies::by_address(3306), policies::by_socket(&directory.path().join("s"))] {
        let sandbox = landlock_only(policy);
        for path in ["/etc/hosts", "/etc/resolv.conf", "/usr/lib", "/dev/urandom"].map(Path::new) {
            assert_eq!(attempt(forker, &sandbox, || read(path)), DENIED, "{}", path.display());
        }
        assert_eq!(attempt(forker, &sandbox, || make(&directory.path().join("new"))), DENIED);
    }
}

pub fn a_server_by_name_reads_how_names_are_found_only(forker: &mut Forker) {
    let sandbox = landlock_only(policies::by_name(3306));
    for path in ["/etc/hosts", "/etc/nsswitch.conf", "/usr/lib"].map(Path::new) {
        assert_eq!(attempt(forker, &sandbox, || read(path)), Done, "{}", path.display());
    }
    for path in ["/etc/passwd", "/etc/shadow", "/etc", "/proc/self/status", "/dev/urandom"].map(Path::new) {
        assert_eq!(attempt(forker, &sandbox, || read(path)), DENIED, "{}", path.display());
    }
    assert_eq!(attempt(forker, &sandbox, || write(Path::new("/etc/hosts"))), DENIED);
}

/// A statement whose intermediate result does not fit into its cache writes a temporary file: one in the usual
/// places would be refused. (A session keeps it in memory.)
pub fn sqlite_works_and_spills_beside_its_database(forker: &mut Forker) {
    let state = tempfile::tempdir().expect("a directory");
    let database = state.path().join("cidian.db");
    drop(rusqlite::Connection::open(&database).expect("a database"));
    let location = Location::parse(&format!("sqlite:{}", database.display())).expect("a URL");
    let sandbox = whole(sandbox::writer(&location));
    let work = || {
        let connection = rusqlite::Connection::open(&database)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA cache_size = 4; PRAGMA temp_store = FILE;
             CREATE TABLE t (a, b);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                 INSERT INTO t SELECT i, hex(randomblob(50)) FROM n;
             CREATE TEMP TABLE u AS SELECT b, a FROM t ORDER BY b; CREATE INDEX x ON u (b);",
        )?;
        connection.query_row("SELECT count(*) FROM u", (), |row| row.get::<_, u32>(0))
    };
    let tried = || match work() {
        Ok(20_000) => Ok(()),
        Ok(_) => Err(Errno::EIO),
        Err(_) => Err(Errno::EPERM),
    };
    set_variable("SQLITE_TMPDIR", state.path().as_os_str(), forker);
    assert_eq!(attempt(forker, &sandbox, tried), Done);
    set_variable("SQLITE_TMPDIR", Path::new("/var/tmp").as_os_str(), forker);
    assert_eq!(attempt(forker, &sandbox, tried), Refused(Errno::EPERM), "the test shows nothing otherwise");
}

pub fn a_directory_that_was_replaced_is_noticed(forker: &mut Forker) {
    let parent = tempfile::tempdir().expect("a directory");
    let state = parent.path().join("state");
    let database = state.join("cidian.db");
    let fresh = || {
        fs::create_dir(&state).expect("a directory");
        fs::write(&database, "").expect("a file");
    };
    fresh();
    let mut sandbox = landlock_only(policies::sqlite(&state));
    assert!(sandbox.is_current());
    // A backup is put back. (The old one is kept, so that its number is not used again.)
    fs::rename(&state, parent.path().join("old")).expect("another name");
    assert!(!sandbox.is_current());
    fresh();
    assert!(!sandbox.is_current());
    assert_eq!(attempt(forker, &sandbox, || read(&database)), DENIED);
    sandbox.renew().expect("a sandbox");
    assert!(sandbox.is_current());
    assert_eq!(attempt(forker, &sandbox, || read(&database)), Done);
}

pub fn the_loader_opens_nothing(forker: &mut Forker) {
    let words = tempfile::NamedTempFile::new().expect("a file");
    fs::write(words.path(), "apple  n. fruit\n").expect("a words file");
    let opened = File::open(words.path()).expect("the words file");
    let sandbox = whole(sandbox::loader());
    let work = || {
        let bytes = cidian::words::read_opened(opened.try_clone().expect("a descriptor")).map_err(|_| Errno::EIO)?;
        let sealed = seal(c"words", &bytes).map_err(|_| Errno::EPERM)?;
        SealedMap::new(sealed.as_fd()).map(drop)
    };
    assert_eq!(attempt_with(forker, &sandbox, &[opened.as_fd()], || {}, work), Done);
    let sandbox = landlock_only(sandbox::loader());
    for path in ["/etc/passwd", "/dev/urandom", "/"].map(Path::new).into_iter().chain([words.path()]) {
        assert_eq!(attempt(forker, &sandbox, || read(path)), DENIED, "{}", path.display());
    }
}

pub fn the_probe_makes_what_is_missing(forker: &mut Forker) {
    let parent = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", parent.path().join("a/b/cidian.db").display());
    let location = Location::parse(&url).expect("a URL");
    let sandbox = whole(sandbox::probe(&location));
    let keep = sandbox.descriptor();
    let child = forker.fork(|origin| {
        let ready = close_all_but(keep.as_slice()).and_then(|()| sandbox.enter());
        let checked = ready.is_ok() && cidian::store::check(&location, origin.into_store_key()).is_ok();
        cidian::sys::exit_now(i32::from(!checked))
    });
    let child = child.expect("a child");
    let ended = nix::sys::wait::waitpid(child, None).expect("its end");
    assert_eq!(ended, nix::sys::wait::WaitStatus::Exited(child, 0));
    assert!(parent.path().join("a/b/cidian.db").is_file());
    let sandbox = landlock_only(sandbox::probe(&location));
    assert_eq!(attempt(forker, &sandbox, || read(Path::new("/etc/passwd"))), DENIED);
    assert_eq!(attempt(forker, &sandbox, || errno(fs::create_dir("/tmp/cidian-not-there"))), DENIED);
}
