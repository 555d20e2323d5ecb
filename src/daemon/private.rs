//! A client's private server: the same daemon, forked from the client, which no other process can reach. It has no
//! listening socket: the client makes a socket pair for each connection and sends one end over another pair that only
//! client and server share. The server ends with its client.

use super::kept_image::KeptImage;
use super::listeners::Listener;
use super::parent::Parent;
use super::start;
use super::systemd::{logging, notify};
use crate::config::address::Address;
use crate::config::dict;
use crate::config::session::DictSettings;
use crate::config::settings::{Settings, environment};
use crate::exit::{Exit, Fatal};
use crate::ipc::parent::pair;
use crate::session::Language;
use crate::standard_error::StandardError;
use crate::sys::{self, Forker, Origin};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, setsid};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The longest time without a command of a client of DICT, which connects again when it needs to.
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

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
    pub fn start(forker: &mut Forker) -> Result<Self, Fatal> {
        let system =
            |error: nix::errno::Errno| Fatal::new(Exit::System, format!("cannot start the private server: {error}"));
        let (ours, theirs) = pair().map_err(system)?;
        let pid = forker
            .fork(|origin| {
                // A group of its own: Ctrl-C and Ctrl-Z on the terminal are the client's, whose end ends this too.
                let exit = setsid()
                    .and_then(|_| sys::close_all_but(&[theirs.as_fd()]))
                    .map_err(system)
                    .and_then(|()| theirs.try_clone().map_err(|error| Fatal::new(Exit::System, error.to_string())))
                    .and_then(|theirs| serve(theirs, origin));
                let exit = exit.unwrap_or_else(|fatal| {
                    // The client reports it; it is the client's terminal.
                    let message = [&[fatal.exit.status()], with_remedy(&fatal).as_bytes()].concat();
                    let _ = send(theirs.as_raw_fd(), &message, MsgFlags::MSG_NOSIGNAL);
                    fatal.exit
                });
                sys::exit_now(i32::from(exit.status()))
            })
            .map_err(system)?;
        drop(theirs);
        let mut answer = [0; 4_096];
        match recv(ours.as_raw_fd(), &mut answer, MsgFlags::empty()) {
            Ok(1) if answer[0] == b'\n' => Ok(Self { socket: Some(ours), pid }),
            Ok(0) => Err(Fatal::new(Exit::Software, "the private server ended without a message")),
            Ok(size) => {
                let exit = Exit::from_status(answer[0]);
                Err(Fatal::new(exit, String::from_utf8_lossy(&answer[1..size])))
            }
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

/// What the user can do about it: the private server's words are those of the user's own directory.
fn with_remedy(fatal: &Fatal) -> String {
    match fatal.exit {
        Exit::Data => format!(
            "{fatal}\nCorrect the file, or move it out of its directory; `cidiand words check FILE` lists every error in it."
        ),
        _ => fatal.message.clone(),
    }
}

/// Serves a desktop's clients of DICT in the foreground, until a signal ends it: the private server, with
/// listeners that only this machine reaches, for one account. (It takes no lock of the state directory: several share
/// the database.)
pub fn serve_dict(forker: Forker, addresses: &[String], account: String) -> Exit {
    let lines = logging::start(log::LevelFilter::Info);
    logging::never_wait(&lines);
    open_dict(forker, addresses, account, lines).map_or_else(
        |fatal| {
            log::error!("{fatal}");
            fatal.exit
        },
        Parent::serve,
    )
}

fn open_dict(forker: Forker, addresses: &[String], account: String, lines: StandardError) -> Result<Parent, Fatal> {
    umask(Mode::from_bits_truncate(0o077));
    let mut settings = Settings::local(environment)?;
    settings.session.idle_timeout = Some(IDLE_TIMEOUT);
    settings.session.dict = DictSettings { host: dict::host(), account: Some(account) };
    settings.state_directory.make()?;
    let mut listeners = Vec::new();
    for text in addresses {
        let wrong = |why: String| Fatal::new(Exit::Usage, format!("--listen: {why}"));
        let address = Address::parse_for_dict(text).map_err(|why| wrong(format!("{text}: {why}")))?;
        let opened = Listener::open(&address, Language::Dict)?;
        if let Some(open) = opened.iter().find(|listener| !listener.is_on_this_machine()) {
            return Err(wrong(dict::not_for_others(open)));
        }
        listeners.extend(opened);
    }
    let notifier = notify::Notifier::take(&forker);
    let kept_image = KeptImage::of_program(settings.state_directory.path());
    start::prepare(settings, forker, listeners, None, kept_image, notifier, lines)
}

fn serve(socket: OwnedFd, origin: Origin) -> Result<Exit, Fatal> {
    // On a terminal that shows menus, only failures are of interest.
    let lines = logging::start(log::LevelFilter::Error);
    logging::never_wait(&lines);
    let settings = Settings::local(environment)?;
    settings.state_directory.make()?;
    let forker = origin.into_forker();
    let notifier = notify::Notifier::take(&forker);
    let ready = socket.try_clone().map_err(|error| Fatal::new(Exit::System, error.to_string()))?;
    let kept_image = KeptImage::of_program(settings.state_directory.path());
    let listeners = vec![Listener::private(socket)];
    let parent = start::prepare(settings, forker, listeners, None, kept_image, notifier, lines)?;
    send(ready.as_raw_fd(), b"\n", MsgFlags::MSG_NOSIGNAL)
        .map_err(|error| Fatal::new(Exit::System, format!("the client is gone: {error}")))?;
    drop(ready);
    Ok(parent.serve())
}
