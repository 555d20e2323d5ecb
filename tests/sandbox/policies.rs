//! The policies under test: the real ones, for each kind of database.

use cidian::sandbox;
use cidian::store::Location;
use cidian::sys::sandbox::Policy;
use std::path::Path;

/// A session over an embedded database in `directory`.
pub fn sqlite(directory: &Path) -> Policy {
    session(&format!("sqlite:{}", directory.join("cidian.db").display()))
}

/// A session over a server by its address.
pub fn by_address(port: u16) -> Policy {
    session(&format!("mysql://root@127.0.0.1:{port}/dict"))
}

/// A session over a server by its name.
pub fn by_name(port: u16) -> Policy {
    session(&format!("mysql://root@localhost:{port}/dict"))
}

/// A session over a server by its Unix socket.
pub fn by_socket(socket: &Path) -> Policy {
    session(&format!("mysql://root@localhost/dict?socket={}", socket.display()))
}

/// The writer over a server by its address.
pub fn writer_by_address(port: u16) -> Policy {
    sandbox::writer(&Location::parse(&format!("mysql://root@127.0.0.1:{port}/dict")).expect("a URL"))
}

/// All of them, for what no process may do.
pub fn all() -> Vec<(&'static str, Policy)> {
    vec![
        ("sqlite", sqlite(&std::env::temp_dir())),
        ("by address", by_address(3306)),
        ("by name", by_name(3306)),
        ("by socket", by_socket(Path::new("/run/mysqld/mysqld.sock"))),
        ("loader", sandbox::loader()),
        ("writer", sandbox::writer(&Location::parse("sqlite:/tmp/cidian.db").expect("a URL"))),
        ("writer by address", writer_by_address(3306)),
    ]
}

fn session(url: &str) -> Policy {
    sandbox::session(&Location::parse(url).expect("a URL"))
}
