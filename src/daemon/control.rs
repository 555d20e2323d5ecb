//! The control socket: how `cidiand reload` and `cidiand status` talk to the running daemon. It accepts fixed commands
//! from the daemon's own user and from root, never waits for a client of the socket, and does not know what a command
//! does.

use super::poller::{ControlClient, Poller, Token};
use crate::exit::{Exit, Fatal};
use crate::ipc::control::{
    CONTROL_TIMEOUT, ControlCommand, NAME, SIGN_EVERY, SIGN_OF_LIFE, connect, is_timeout, short_path,
};
use log::warn;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{MsgFlags, getsockopt, send};
use nix::unistd::geteuid;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The most that are served at once; more are turned away.
const MOST: usize = 16;
/// The longest command, in bytes.
const COMMAND: usize = 64;
/// How long the socket rests when there is no descriptor for a control client: one that waits there would wake the loop
/// at once, again and again.
const REST: Duration = Duration::from_millis(100);

#[derive(Debug)]
struct ControlConnection {
    socket: UnixStream,
    said: Vec<u8>,
    /// When it is turned away without a command.
    until: Option<Instant>,
    /// When it is given a sign of life, once it has.
    sign: Option<Instant>,
}

/// The socket and the clients connected to it.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
    connections: BTreeMap<ControlClient, ControlConnection>,
    next: u32,
    rests_until: Option<Instant>,
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Control {
    /// Opens the socket in a directory.
    ///
    /// # Errors
    /// [`Exit::System`]: another daemon has it, or the directory can't be written to.
    pub fn open(directory: &Path) -> Result<Self, Fatal> {
        let path = directory.join(NAME);
        let refuse = |why: String| Fatal::new(Exit::System, format!("control socket {}: {why}", path.display()));
        let listener = short_path(directory, |short| match connect(short) {
            Ok(_) => Err(io::Error::other("another cidiand answers there")),
            Err(error) if is_timeout(&error) => Err(io::Error::other("another cidiand holds it, but does not answer")),
            Err(_) => {
                // Left by a daemon that was killed, or not there at all.
                match std::fs::remove_file(short) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                let listener = UnixListener::bind(short)?;
                std::fs::set_permissions(short, std::fs::Permissions::from_mode(0o600))?;
                listener.set_nonblocking(true)?;
                Ok(listener)
            }
        })
        .map_err(|error| refuse(error.to_string()))?;
        Ok(Self { listener, path, connections: BTreeMap::new(), next: 0, rests_until: None })
    }

    /// Begins to watch the socket.
    ///
    /// # Errors
    /// No memory.
    pub fn watch(&self, poller: &Poller) -> Result<(), nix::errno::Errno> {
        poller.watch(self.listener.as_fd(), Token::Control)
    }

    /// Lets waiting clients in, if they are the daemon's user or root.
    pub fn accept(&mut self, poller: &Poller, now: Instant) {
        loop {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    poller.forget(self.listener.as_fd());
                    self.rests_until = Some(now + REST);
                    return;
                }
            };
            if let Some(why) = self.rejection(&socket) {
                warn!("control: rejected a connection: {why}");
                continue;
            }
            let control_client = ControlClient(self.next);
            self.next = self.next.wrapping_add(1);
            if poller.watch(socket.as_fd(), Token::ControlClient(control_client)).is_ok() {
                let connection =
                    ControlConnection { socket, said: Vec::new(), until: Some(now + CONTROL_TIMEOUT), sign: None };
                self.connections.insert(control_client, connection);
            }
        }
    }

    /// Why a connection is rejected, if it is: its user is neither the daemon's nor root, or too many are open.
    fn rejection(&self, socket: &UnixStream) -> Option<String> {
        match getsockopt(socket, PeerCredentials).map(|credentials| credentials.uid()) {
            Ok(user) if user != 0 && user != geteuid().as_raw() => Some(format!("it is from user {user}")),
            Ok(_) if self.connections.len() >= MOST => Some(format!("{MOST} connections are open")),
            Ok(_) => socket.set_nonblocking(true).err().map(|error| error.to_string()),
            Err(error) => Some(format!("its user is unknown: {error}")),
        }
    }

    /// Reads from a client. Returns the command when it is complete.
    pub fn read(&mut self, control_client: ControlClient, poller: &Poller) -> Option<ControlCommand> {
        let connection = self.connections.get_mut(&control_client)?;
        let mut bytes = [0; COMMAND];
        match connection.socket.read(&mut bytes) {
            Ok(size) if size > 0 && connection.said.len() + size <= COMMAND && connection.until.is_some() => {
                connection.said.extend_from_slice(&bytes[..size]);
                let line = connection.said.strip_suffix(b"\n")?;
                match std::str::from_utf8(line).ok().and_then(ControlCommand::parse) {
                    Some(command) => {
                        // From here on it waits for us.
                        connection.until = None;
                        connection.sign = Some(Instant::now() + SIGN_EVERY);
                        Some(command)
                    }
                    None => {
                        self.reply(control_client, "refused 64 unknown command", poller);
                        None
                    }
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
            // It has gone, or has sent too much.
            _ => {
                self.close(control_client, poller);
                None
            }
        }
    }

    /// Answers a client, and closes. One line; a client that does not take it at once has lost it.
    pub fn reply(&mut self, control_client: ControlClient, line: &str, poller: &Poller) {
        if let Some(connection) = self.connections.get(&control_client) {
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            if let Err(error) = send(connection.socket.as_raw_fd(), format!("{line}\n").as_bytes(), flags) {
                warn!("control: cannot send the answer: {error}");
            }
        }
        self.close(control_client, poller);
    }

    /// Turns away clients without a command, sends a sign of life to those that wait, and ends a rest; returns when to
    /// look again.
    pub fn close_due(&mut self, poller: &Poller, now: Instant) -> Option<Instant> {
        if self.rests_until.is_some_and(|until| until <= now) {
            self.rests_until = self.watch(poller).is_err().then(|| now + REST);
        }
        for connection in self.connections.values_mut() {
            if connection.sign.is_some_and(|at| at <= now) {
                connection.sign = Some(now + SIGN_EVERY);
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                // One that does not take it, or has gone, is found out when it is answered.
                let _ = send(connection.socket.as_raw_fd(), SIGN_OF_LIFE.as_bytes(), flags);
            }
        }
        let due: Vec<ControlClient> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.until.is_some_and(|until| until <= now))
            .map(|(control_client, _)| *control_client)
            .collect();
        for control_client in due {
            self.close(control_client, poller);
        }
        let times = self.connections.values().flat_map(|connection| [connection.until, connection.sign]);
        times.flatten().chain(self.rests_until).min()
    }

    fn close(&mut self, control_client: ControlClient, poller: &Poller) {
        if let Some(connection) = self.connections.remove(&control_client) {
            poller.forget(connection.socket.as_fd());
        }
    }
}
