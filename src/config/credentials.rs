//! Credentials from systemd (systemd.exec(5), `LoadCredential=`): files that only this service can read. This module
//! only finds their paths; the code that uses a path reads and checks the file like any other.

use std::path::{Path, PathBuf};

/// Holds the database's URL.
pub const DATABASE: &str = "cidiand.database";
/// The TLS certificate.
pub const TLS_CERT: &str = "cidiand.tls-cert";
/// The TLS certificate's private key.
pub const TLS_KEY: &str = "cidiand.tls-key";

/// Where a credential is, if there is one of this name.
pub fn path(name: &str, environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let path = Path::new(&environment("CREDENTIALS_DIRECTORY")?).join(name);
    path.exists().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_are_there() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(DATABASE), "sqlite:/x").unwrap();
        let environment = |_: &str| directory.path().to_str().map(str::to_owned);
        assert_eq!(path(DATABASE, environment), Some(directory.path().join(DATABASE)));
        assert_eq!(path(TLS_KEY, environment), None);
        assert_eq!(path(DATABASE, |_| None), None);
    }
}
