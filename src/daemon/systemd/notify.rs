//! Notifications to systemd (`sd_notify(3)`): ready, reloading, stopping, one line of status, and a sign that the loop
//! still turns. Without a service manager nothing is sent; the parent never waits for it.

use super::watchdog::Watchdog;
use crate::sys::{self, Forker};
use log::warn;
use nix::time::{ClockId, clock_gettime};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

/// The shortest time between two sent statuses.
const BETWEEN: Duration = Duration::from_secs(1);
/// What stopping takes beyond its deadline: to kill what is left, and to reap it.
const TO_REAP: Duration = Duration::from_secs(5);
/// How much is kept for a service manager that does not listen.
const UNSENT: usize = 64;
/// How long until it is tried again, when the service manager's queue is full.
const AGAIN: Duration = Duration::from_millis(100);

/// The way to the service manager.
#[derive(Debug)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// What its queue had no room for; a lost READY would keep the service from ever having started.
    unsent: VecDeque<String>,
    status: String,
    sent: Option<Instant>,
    watchdog: Option<Watchdog>,
}

impl Notifier {
    /// Takes `NOTIFY_SOCKET` and the watchdog's variables out of the environment: children must not speak for their
    /// parent.
    pub fn take(forker: &Forker) -> Self {
        let socket = sys::take_variable("NOTIFY_SOCKET", forker).and_then(|name| match connect(&name) {
            Ok(socket) => Some(socket),
            Err(error) => {
                warn!("NOTIFY_SOCKET {}: {error}", name.display());
                None
            }
        });
        let watchdog = Watchdog::take(forker);
        Self { socket, unsent: VecDeque::new(), status: String::new(), sent: None, watchdog }
    }

    /// The daemon serves: for the first time, or after a reload, whatever came of it.
    pub fn ready(&mut self, status: String) {
        self.send(format!("READY=1\nSTATUS={status}"));
        self.remember(status);
    }

    /// The daemon loads words and certificate again. [`Notifier::ready`] reports that it has.
    pub fn reloading(&mut self) {
        // systemd 253 and newer compare it with when they asked.
        match clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from) {
            Ok(now) => self.send(format!("RELOADING=1\nMONOTONIC_USEC={}", now.as_micros())),
            Err(error) => warn!("cannot read the clock for the service manager: {error}"),
        }
    }

    /// The daemon stops, and needs at most this long for what its children have read.
    pub fn stopping(&mut self, status: String, left: Duration) {
        let extended = (left + TO_REAP).as_micros();
        self.send(format!("STOPPING=1\nSTATUS={status}\nEXTEND_TIMEOUT_USEC={extended}"));
        self.remember(status);
    }

    /// Sends, from the loop, what is due: that it turns, and the status if it has changed and the last one is old
    /// enough. While the daemon stops, how long that may still take. Returns when something is due again.
    pub fn look(&mut self, status: impl FnOnce() -> String, stop_by: Option<Instant>, now: Instant) -> Option<Instant> {
        self.socket.as_ref()?;
        if self.send_unsent() {
            return Some(now + AGAIN);
        }
        if self.watchdog.as_mut().is_some_and(|watchdog| watchdog.due(now)) {
            self.send("WATCHDOG=1".to_owned());
        }
        let next = match self.sent.map(|sent| sent + BETWEEN).filter(|next| *next > now) {
            Some(next) => Some(next),
            None => self.tell_status(status(), stop_by.map(|stop_by| stop_by.saturating_duration_since(now)), now),
        };
        [next, self.watchdog.as_ref().map(Watchdog::next)].into_iter().flatten().min()
    }

    fn tell_status(&mut self, status: String, left: Option<Duration>, now: Instant) -> Option<Instant> {
        match left {
            // Each second: the service manager counts from the time of the message. Not when time is up: then it may
            // kill.
            Some(left) if !left.is_zero() => {
                let extended = (left.min(BETWEEN) + TO_REAP).as_micros();
                self.send(format!("STATUS={status}\nEXTEND_TIMEOUT_USEC={extended}"));
                self.remember(status);
                Some(now + BETWEEN)
            }
            _ if status == self.status => None,
            _ => {
                self.send(format!("STATUS={status}"));
                self.remember(status);
                Some(now + BETWEEN)
            }
        }
    }

    fn remember(&mut self, status: String) {
        self.status = status;
        self.sent = Some(Instant::now());
    }

    fn send(&mut self, message: String) {
        if self.unsent.len() < UNSENT {
            self.unsent.push_back(message);
        }
        self.send_unsent();
    }

    /// Whether there is more than its queue takes now.
    fn send_unsent(&mut self) -> bool {
        let Some((socket, address)) = &self.socket else {
            self.unsent.clear();
            return false;
        };
        while let Some(message) = self.unsent.front() {
            match socket.send_to_addr(message.as_bytes(), address) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) => warn!("cannot notify the service manager: {error}"),
                Ok(_) => {}
            }
            self.unsent.pop_front();
        }
        false
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
