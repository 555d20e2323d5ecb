//! What the process-level tests share: real daemons, real databases, a client of the line protocol, and waiting for a
//! condition instead of sleeping.
//!
//! The test binaries, the unit tests of the store and the benches depend on this crate, which depends on nothing of
//! ours. Everything that a test starts ends when its guard is dropped, and also when the test panics or its process is
//! killed.

pub mod certificates;
mod connection;
mod daemon;
pub mod galera;
pub mod gate;
pub mod mariadb;
pub mod network;
mod patience;
pub mod processes;
mod setup;
pub mod terminal;

pub use connection::{Connection, code};
pub use daemon::{Daemon, send_signal};
pub use patience::Patience;
pub use setup::{PASSWD, Setup, Store, WORDS, shared_mariadb};

use std::path::PathBuf;
use std::time::Duration;

/// Long enough for anything that is not broken, on a machine with nothing else to do. On a busy one a wait goes on for
/// as long as what was started makes progress ([`Patience`]).
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One of the package's programs, which Cargo builds for the test that runs.
pub fn program(name: &str) -> PathBuf {
    // A test that is not started by Cargo lies below the directory of the programs.
    let beside = || std::env::current_exe().ok()?.ancestors().nth(2).map(|directory| directory.join(name));
    let told = std::env::var_os(format!("CARGO_BIN_EXE_{name}")).map(PathBuf::from);
    told.or_else(beside).expect("the directory of this test")
}

/// An address of this machine that is not loopback: what comes from there could be any machine's.
pub fn outside_address() -> std::net::Ipv4Addr {
    let addresses = nix::ifaddrs::getifaddrs().expect("the machine's addresses");
    let mut addresses = addresses.filter_map(|interface| Some(interface.address?.as_sockaddr_in()?.ip()));
    addresses.find(|address| !address.is_loopback()).expect("an IPv4 address other than loopback; this test needs one")
}

/// Waits until `look` returns something, and returns that; panics when it waits in vain, naming what it waited for.
/// `usual` is far above what it takes; after that it goes on for as long as anything that was started makes progress.
/// The only place where a test pauses.
pub fn wait_for<T>(what: &str, usual: Duration, look: impl FnMut() -> Option<T>) -> T {
    let mut patience = Patience::new(usual);
    let found = wait_with(&mut patience, look);
    found.unwrap_or_else(|| panic!("waited {:?} in vain for {what}", patience.elapsed()))
}

fn wait_with<T>(patience: &mut Patience, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if patience.is_over() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The same for a condition.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    wait_for(what, PATIENCE, || holds().then_some(()));
}

/// Waits until a process has ended; one that does not is killed, and the result is false.
pub fn wait_for_end(process: &mut std::process::Child) -> bool {
    let ended =
        wait_with(&mut Patience::new(PATIENCE), || process.try_wait().expect("a process can be waited for").map(drop));
    if ended.is_none() {
        let _ = process.kill();
    }
    ended.is_some()
}

/// Runs test bodies, `fn name(store: Store)`, on both stores: as tests `name::sqlite` and `name::mariadb`.
#[macro_export]
macro_rules! on_both_stores {
    ($($body:ident),+ $(,)?) => { $(
        mod $body {
            #[test]
            fn sqlite() {
                super::$body($crate::Store::Sqlite);
            }
            #[test]
            fn mariadb() {
                super::$body($crate::Store::MariaDb);
            }
        }
    )+ };
}
