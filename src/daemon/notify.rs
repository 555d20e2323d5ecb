//! What systemd is told (`sd_notify(3)`): ready, stopping, and one line of status. Silent where nobody listens.

use crate::sys::{self, Forker};
use log::warn;
use std::ffi::OsString;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

/// The status is sent at most so often.
const BETWEEN: Duration = Duration::from_secs(1);

/// The way to the service manager.
#[derive(Debug)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    status: String,
    sent: Option<Instant>,
}

impl Notifier {
    /// Takes `NOTIFY_SOCKET` out of the environment: children must not speak for their parent.
    pub fn take(forker: &Forker) -> Self {
        let socket = sys::take_variable("NOTIFY_SOCKET", forker).and_then(|name| match connect(&name) {
            Ok(socket) => Some(socket),
            Err(error) => {
                warn!("NOTIFY_SOCKET {}: {error}", name.display());
                None
            }
        });
        Self { socket, status: String::new(), sent: None }
    }

    /// The daemon serves.
    pub fn ready(&mut self, status: &str) {
        self.send(&format!("READY=1\nSTATUS={status}"));
    }

    /// The daemon stops.
    pub fn stopping(&mut self, status: &str) {
        self.send(&format!("STOPPING=1\nSTATUS={status}"));
    }

    /// Tells the status if it is another one and the last is old enough; else says when to try again.
    pub fn status(&mut self, status: impl FnOnce() -> String, now: Instant) -> Option<Instant> {
        self.socket.as_ref()?;
        if let Some(next) = self.sent.map(|sent| sent + BETWEEN).filter(|next| *next > now) {
            return Some(next);
        }
        let status = status();
        if status != self.status {
            self.send(&format!("STATUS={status}"));
            self.status = status;
            self.sent = Some(now);
        }
        None
    }

    fn send(&self, message: &str) {
        if let Some((socket, address)) = &self.socket
            && let Err(error) = socket.send_to_addr(message.as_bytes(), address)
        {
            warn!("the service manager can't be told: {error}");
        }
    }
}

fn connect(name: &OsString) -> std::io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}
