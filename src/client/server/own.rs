//! The user's own account on the private server of `--local`: it is made silently the first time, so that the first
//! lookup needs neither a name nor a password. The password is in a private file beside the database, and a process
//! that can read the one file can read the other.

use super::connection::Connection;
use super::stream::Connector;
use crate::client::error::{Error, Result};
use crate::client::terminal::console::Password;
use crate::directories;
use crate::files::{self, Pipes};
use crate::protocol::{Code, Request, check_name, check_passwd};
use base64ct::{Base64UrlUnpadded, Encoding};
use nix::unistd::{User, geteuid};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// The file's name, in the state directory.
const FILE: &str = "own-account.json";
/// Far more than a name and a password.
const MAX_FILE: u64 = 4_096;
/// How many names are tried, if others are taken by accounts that were registered by hand.
const NAMES: usize = 20;
/// Random bytes of the password.
const RANDOM: usize = 24;

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    passwd: String,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.passwd.zeroize();
    }
}

/// Where the own account's file is.
pub(crate) struct OwnAccount {
    path: PathBuf,
}

impl OwnAccount {
    /// The one in the user's state directory; `None` for a user without such a directory.
    pub(crate) fn of_user(environment: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        directories::state(environment).map(|directory| Self { path: directory.join(FILE) })
    }

    /// The name and the password, if the account was made before.
    ///
    /// # Errors
    /// [`Error::File`]: there is a file, but it can't be read or makes no sense.
    pub(crate) fn stored(&self) -> Result<Option<(String, Password)>> {
        let failed = |reason| Error::File { path: self.path.clone(), reason };
        let bytes = match files::open(&self.path, Pipes::Refused).and_then(|file| file.read(MAX_FILE)) {
            Ok(bytes) => bytes,
            Err(reason) if reason.kind() == ErrorKind::NotFound => return Ok(None),
            Err(reason) => return Err(failed(reason)),
        };
        let stored: Stored = serde_json::from_slice(&bytes).map_err(|reason| failed(io::Error::other(reason)))?;
        check_name(&stored.name).and_then(|()| check_passwd(&stored.passwd)).map_err(Error::Refused)?;
        Ok(Some((stored.name.clone(), Password::new(stored.passwd.clone()))))
    }

    /// The name and the password of an account that is there: made now, if this is the first time or if it was deleted.
    ///
    /// # Errors
    /// The file can't be read or written, or the server refuses the account.
    pub(crate) fn ready(&self, connector: &Connector) -> Result<(String, Password)> {
        if let Some((name, password)) = self.stored()? {
            let mut connection = Connection::open(connector)?;
            let outcome = match connection.log_in(&name, password.as_str()) {
                // Another call may be between the file and the account, or the database is a new one.
                Err(error) if error.is_denied() => {
                    connection.ask(&Request::Register { name: &name, passwd: password.as_str() }).map(drop)
                }
                outcome => outcome,
            };
            match outcome {
                // The name belongs to another person in this database.
                Err(Error::Refused(failure)) if failure.code == Code::Exists => {
                    fs::remove_file(&self.path).map_err(|reason| Error::File { path: self.path.clone(), reason })?;
                }
                outcome => {
                    outcome?;
                    connection.leave();
                    return Ok((name, password));
                }
            }
        }
        self.make(connector)
    }

    /// Replaces the stored password.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn store(&self, name: &str, password: &str) -> Result<()> {
        self.write(name, password, true).map(drop)
    }

    /// Forgets the account, after it was deleted.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn forget(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(reason) if reason.kind() != ErrorKind::NotFound => Err(Error::File { path: self.path.clone(), reason }),
            _ => Ok(()),
        }
    }

    fn make(&self, connector: &Connector) -> Result<(String, Password)> {
        let mut random = Zeroizing::new([0; RANDOM]);
        getrandom::fill(random.as_mut()).map_err(|reason| Error::System(io::Error::other(reason)))?;
        let password = Password::new(Base64UrlUnpadded::encode_string(random.as_ref()));
        let mut connection = Connection::open(connector)?;
        for name in names() {
            let registered = connection.ask(&Request::Register { name: &name, passwd: password.as_str() });
            match registered {
                Err(Error::Refused(failure)) if failure.code == Code::Exists => {}
                outcome => {
                    outcome?;
                    // Two calls at once: the file of the first one counts, and its account.
                    if !self.write(&name, password.as_str(), false)? {
                        connection.log_in(&name, password.as_str())?;
                        let surplus = Request::DeleteAccount { name: &name, passwd: password.as_str() };
                        connection.ask(&surplus)?;
                        connection.leave();
                        return self.stored()?.ok_or_else(|| Error::File {
                            path: self.path.clone(),
                            reason: ErrorKind::NotFound.into(),
                        });
                    }
                    connection.leave();
                    return Ok((name, password));
                }
            }
        }
        Err(Error::NoUser)
    }

    /// Writes the file in one step. Without `replace` it returns `false` if there is one already.
    fn write(&self, name: &str, password: &str, replace: bool) -> Result<bool> {
        let failed = |reason| Error::File { path: self.path.clone(), reason };
        let stored = Stored { name: name.to_owned(), passwd: password.to_owned() };
        let text = Zeroizing::new(serde_json::to_vec(&stored).map_err(|reason| failed(io::Error::other(reason)))?);
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        directories::make_private(directory).map_err(failed)?;
        let part = directory.join(format!("{FILE}.{}.part", std::process::id()));
        let written = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| if replace { fs::rename(&part, &self.path) } else { fs::hard_link(&part, &self.path) });
        let _ = fs::remove_file(&part);
        match written {
            Ok(()) => Ok(true),
            Err(reason) if !replace && reason.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(reason) => Err(failed(reason)),
        }
    }
}

/// The names that the account may have: the system's name of the user, then that with a number.
fn names() -> impl Iterator<Item = String> {
    let user = User::from_uid(geteuid()).ok().flatten().map(|user| user.name);
    let base = user.filter(|name| check_name(&format!("{name}-{NAMES}")).is_ok()).unwrap_or_else(|| "me".to_owned());
    std::iter::once(base.clone()).chain((2..=NAMES).map(move |number| format!("{base}-{number}")))
}
