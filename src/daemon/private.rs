//! A client's private server: the same daemon, forked from the client, which nobody else can reach. It has no
//! listening socket at all: the client makes a socket pair for each connection and sends one end over another pair
//! that only the two of them have. It ends with its client.

use super::exit::{Exit, Fatal};
use super::listeners::Listener;
use super::settings::{Settings, environment};
use super::{logging, notify, start};
use crate::session::exchange::pair;
use crate::sys::{self, Origin};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, setsid};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The client's end.
#[derive(Debug)]
pub struct PrivateServer {
    /// Closed first when the client is done: that ends the server.
    socket: Option<OwnedFd>,
    pid: Pid,
}

impl Drop for PrivateServer {
    /// Waits for the server's end, so that the embedded database is closed in good order and no process is left.
    fn drop(&mut self) {
        self.socket = None;
        let _ = waitpid(self.pid, None);
    }
}

impl PrivateServer {
    /// Forks the server and waits until it serves. Called before the client starts any thread.
    ///
    /// # Errors
    /// Why it can't: the state directory, the database.
    pub fn start(origin: Origin) -> Result<Self, Fatal> {
        let system = |error: nix::errno::Errno| {
            Fatal::new(Exit::System, format!("the private server can't be started: {error}"))
        };
        let (ours, theirs) = pair().map_err(system)?;
        let mut forker = origin.into_forker();
        let pid = forker
            .fork(|origin| {
                // A group of its own: Ctrl-C and Ctrl-Z on the terminal are the client's, whose end ends this too.
                let exit = setsid()
                    .and_then(|_| sys::close_all_but(&[theirs.as_fd()]))
                    .map_err(system)
                    .and_then(|()| theirs.try_clone().map_err(|error| Fatal::new(Exit::System, error.to_string())))
                    .and_then(|theirs| serve(theirs, origin));
                let exit = exit.unwrap_or_else(|fatal| {
                    // The client says it; it is the client's terminal.
                    let _ = send(theirs.as_raw_fd(), fatal.message.as_bytes(), MsgFlags::MSG_NOSIGNAL);
                    fatal.exit
                });
                sys::exit_now(i32::from(exit.status()))
            })
            .map_err(system)?;
        drop(theirs);
        let mut answer = [0; 4_096];
        match recv(ours.as_raw_fd(), &mut answer, MsgFlags::empty()) {
            Ok(1) if answer[0] == b'\n' => Ok(Self { socket: Some(ours), pid }),
            Ok(0) => Err(Fatal::new(Exit::Software, "the private server ended without a word")),
            Ok(size) => Err(Fatal::new(Exit::System, String::from_utf8_lossy(&answer[..size]))),
            Err(error) => Err(system(error)),
        }
    }

    /// A new connection to it.
    ///
    /// # Errors
    /// It has ended.
    pub fn connect(&self) -> io::Result<UnixStream> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let (ours, theirs) = UnixStream::pair()?;
        sys::send_with_descriptor(socket.as_fd(), b"c", theirs.as_fd(), MsgFlags::empty())?;
        Ok(ours)
    }
}

fn serve(socket: OwnedFd, origin: Origin) -> Result<Exit, Fatal> {
    // What goes right is no news on a terminal that shows menus.
    let lines = logging::start(log::LevelFilter::Error);
    logging::never_wait(&lines);
    let settings = Settings::local(environment)?;
    settings.state_directory.make()?;
    let forker = origin.into_forker();
    let notifier = notify::Notifier::take(&forker);
    let ready = socket.try_clone().map_err(|error| Fatal::new(Exit::System, error.to_string()))?;
    let parent = start::prepare(settings, forker, vec![Listener::Private(socket)], None, notifier, lines)?;
    send(ready.as_raw_fd(), b"\n", MsgFlags::MSG_NOSIGNAL)
        .map_err(|error| Fatal::new(Exit::System, format!("the client has gone: {error}")))?;
    drop(ready);
    Ok(parent.serve())
}
