//! What sessions need for TLS: the sealed memory with the certificate and its key, which the parent never looks into,
//! and the keys for resuming sessions, which the parent replaces from time to time.

use super::Parent;
use crate::ipc::key_pair::TlsMemory;
use crate::ipc::resumption::{RENEWED_AFTER, ResumptionMemory};
use log::warn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// When it is tried again to renew the keys, after it has failed.
const AGAIN: Duration = Duration::from_secs(60);

/// It.
#[derive(Debug)]
pub struct Tls {
    pair: OwnedFd,
    resumption: ResumptionMemory,
    renewed_at: Instant,
}

impl Tls {
    /// With new keys: earlier tickets are no longer valid.
    ///
    /// # Errors
    /// No memory, no descriptor, no random numbers.
    pub fn new(pair: OwnedFd, now: Instant) -> io::Result<Self> {
        Ok(Self { pair, resumption: ResumptionMemory::new()?, renewed_at: now })
    }

    /// For a child.
    pub fn memory(&self) -> TlsMemory<'_> {
        TlsMemory { pair: self.pair.as_fd(), resumption: self.resumption.as_fd() }
    }
}

impl Parent {
    /// Makes a new key for tickets if it is time to. Returns when it is, if that is later.
    pub(super) fn renew_resumption(&mut self, now: Instant) -> Option<Instant> {
        let tls = self.served.tls.as_mut()?;
        if now >= tls.renewed_at + RENEWED_AFTER {
            match tls.resumption.renewed() {
                Ok(resumption) => {
                    tls.resumption = resumption;
                    tls.renewed_at = now;
                    self.fork_server.is_outdated();
                }
                Err(error) => {
                    warn!("cannot renew the keys of TLS sessions: {error}");
                    return Some(now + AGAIN);
                }
            }
        }
        Some(tls.renewed_at + RENEWED_AFTER)
    }
}
