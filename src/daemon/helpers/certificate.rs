//! The files of the TLS certificate and its key: where they are, who may read them, and whether they are a pair. Called
//! only in the loader: the parent never has a key in its memory.

use crate::config::tls::PairFiles;
use crate::ipc::key_pair::{Pair, PairError};
use crate::sys;
use rustls::pki_types::UnixTime;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The most that is read of either file.
const MOST: u64 = 1 << 20;
/// Rights that the file of a key must not give: any to others, writing to its group.
const OTHERS: u32 = 0o027;

/// A pair that was read and checked.
#[derive(Debug)]
pub struct LoadedPair {
    /// Its sealed memory.
    pub memory: OwnedFd,
    /// What clients will not like about it.
    pub warning: Option<String>,
}

/// Both files, open.
#[derive(Debug)]
pub struct OpenPair {
    certificate: File,
    key: File,
}

impl PairFiles {
    /// Opens both files, to be loaded.
    ///
    /// # Errors
    /// Which file can't be opened, and why.
    pub fn open(&self) -> Result<OpenPair, String> {
        Ok(OpenPair {
            certificate: open(&self.certificate)
                .map_err(|why| format!("TLS certificate {} {why}", self.certificate.display()))?,
            key: open(&self.key).map_err(|why| format!("TLS key {} {why}", self.key.display()))?,
        })
    }

    /// Reads both files, checks that they belong together, and seals them.
    ///
    /// # Errors
    /// Which file is refused, and why.
    pub fn load(&self, opened: OpenPair) -> Result<LoadedPair, String> {
        let of_certificate = |why: &str| format!("TLS certificate {} {why}", self.certificate.display());
        let of_key = |why: &str| format!("TLS key {} {why}", self.key.display());
        let told = |error: PairError| match error {
            PairError::Certificate(why) => of_certificate(&why),
            PairError::Key(why) => of_key(why),
            PairError::Mismatch => {
                of_key(&format!("does not belong to the certificate {}", self.certificate.display()))
            }
        };
        let certificate = read(&self.certificate, opened.certificate, 0).map_err(|why| of_certificate(&why))?;
        let key = read(&self.key, opened.key, OTHERS).map_err(|why| of_key(&why))?;
        let pair = Pair::from_pem(&certificate, &key).map_err(told)?;
        let warning = now().and_then(|now| pair.warning(now)).map(of_certificate);
        // What is checked is what a child will make of it.
        let bytes = pair.to_bytes();
        Pair::from_bytes(&bytes).ok_or_else(|| of_key("has an unknown format"))?.into_server().map_err(told)?;
        let memory = sys::seal(c"cidian-tls", &bytes).map_err(|error| of_key(&format!("cannot be sealed: {error}")))?;
        Ok(LoadedPair { memory, warning })
    }
}

impl std::fmt::Display for PairFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the TLS certificate {}", self.certificate.display())
    }
}

fn unreadable(error: std::io::Error) -> String {
    format!("cannot be read: {error}")
}

fn open(path: &Path) -> Result<File, String> {
    // A pipe would keep us waiting for its writer.
    File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)
}

/// Reads a file whose mode has no bit of `forbidden`.
fn read(path: &Path, file: File, forbidden: u32) -> Result<Vec<u8>, String> {
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mode = metadata.mode() & 0o777;
    if mode & forbidden != 0 {
        return Err(format!("is open to others (mode {mode:04o}): chmod g-wx,o= {}", path.display()));
    }
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST { Err("is larger than 1 MiB".to_owned()) } else { Ok(bytes) }
}

fn now() -> Option<UnixTime> {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    Some(UnixTime::since_unix_epoch(since))
}
