//! The control socket, as `cidiand reload` and `cidiand status` use it to ask the running daemon: its name, the
//! commands, and how long each side waits.

use crate::exit::{Exit, Fatal};
use nix::sys::socket::sockopt;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, setsockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use std::fs::File;
use std::io::{self, BufRead, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The socket's name in the runtime directory, or in the state directory.
pub const NAME: &str = "control.sock";
/// How long a client may take to send its command, and how long a daemon may be silent towards it.
pub const CONTROL_TIMEOUT: Duration = Duration::from_secs(10);
/// The line that a client gets while it waits for a load, or for children, before the answer.
pub const SIGN_OF_LIFE: &str = "working\n";
/// How often that is.
pub const SIGN_EVERY: Duration = Duration::from_secs(3);

/// What can be asked of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlCommand {
    /// Load the words again, and answer when every child answers from them.
    Reload,
    /// Report what the daemon is doing, as one JSON object.
    Status,
}

impl ControlCommand {
    /// Its line on the socket, without the newline.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Status => "status",
        }
    }

    /// The command of a line.
    pub fn parse(line: &str) -> Option<Self> {
        [Self::Reload, Self::Status].into_iter().find(|command| command.as_str() == line)
    }
}

/// Asks the daemon whose control socket is in one of `directories`, the first that answers.
///
/// # Errors
/// [`Exit::Unavailable`] if no daemon answers; what the daemon answered otherwise.
pub fn ask(directories: &[PathBuf], command: ControlCommand) -> Result<String, Fatal> {
    let mut tried = Vec::new();
    for directory in directories {
        match short_path(directory, connect) {
            Ok(socket) => return converse(socket, command),
            // It listens, but its queue is full.
            Err(error) if is_timeout(&error) => return Err(silent()),
            Err(error) => tried.push(format!("{}: {error}", directory.join(NAME).display())),
        }
    }
    Err(Fatal::new(Exit::Unavailable, format!("no cidiand answers ({}); is it running?", tried.join("; "))))
}

/// Connects to a control socket, and waits no longer than [`CONTROL_TIMEOUT`] for that or for anything on the socket.
///
/// # Errors
/// No socket, or no daemon that listens on it.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    let socket = socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let patience = TimeVal::seconds(CONTROL_TIMEOUT.as_secs().cast_signed());
    // Connecting waits as long as sending does (unix(7): only while the queue of the listener is full).
    setsockopt(&socket, sockopt::SendTimeout, &patience)?;
    setsockopt(&socket, sockopt::ReceiveTimeout, &patience)?;
    socket::connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(UnixStream::from(socket))
}

/// Whether no answer came in time.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn silent() -> Fatal {
    Fatal::new(
        Exit::TryAgain,
        format!("the daemon has not answered for {} s; is it stopped?", CONTROL_TIMEOUT.as_secs()),
    )
}

fn converse(mut socket: UnixStream, command: ControlCommand) -> Result<String, Fatal> {
    let lost = |error: io::Error| match is_timeout(&error) {
        true => silent(),
        false => Fatal::new(Exit::Unavailable, format!("lost the connection to the daemon: {error}")),
    };
    io::Write::write_all(&mut socket, format!("{}\n", command.as_str()).as_bytes()).map_err(lost)?;
    let mut lines = io::BufReader::new(socket);
    let mut answer = String::new();
    // Each sign of life is good for as long again.
    while answer.is_empty() {
        lines.read_line(&mut answer).map_err(lost)?;
        if !answer.ends_with('\n') {
            return Err(lost(ErrorKind::UnexpectedEof.into()));
        }
        if answer == SIGN_OF_LIFE {
            answer.clear();
        }
    }
    let answer = answer.trim_end_matches('\n');
    if let Some(said) = answer.strip_prefix("ok ") {
        return Ok(said.to_owned());
    }
    let refused = answer.strip_prefix("refused ").and_then(|rest| rest.split_once(' '));
    let (status, message) = refused.unwrap_or(("70", answer));
    Err(Fatal::new(Exit::from_status(status.parse().unwrap_or(70)), message))
}

/// Does something with the socket's path in a directory. A Unix socket's path may have 107 bytes; through the open
/// directory it never has more.
///
/// # Errors
/// The directory can't be opened, or the work fails.
pub fn short_path<T>(directory: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let open = File::options().read(true).custom_flags(libc::O_PATH | libc::O_DIRECTORY).open(directory)?;
    work(&Path::new("/proc/self/fd").join(open.as_raw_fd().to_string()).join(NAME))
}
