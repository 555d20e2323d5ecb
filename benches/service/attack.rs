//! The other side of the fairness table: one process that keeps 255 connections of one account, from one address, as
//! busy as the daemon lets them be. The bench runs its own program a second time for this.

use crate::Result;
use crate::bed::PASSWD;
use clap::ValueEnum;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, SockaddrIn, bind, connect, recv, send, socket};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// Where it comes from.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// One below the default of `--max-clients-per-source`.
const CONNECTIONS: usize = 255;
/// The account, whose password the attacker knows.
pub const NAME: &str = "bench1";
/// What it prints when all its connections are busy.
pub const READY: &str = "ready";
/// The pause before a connection that was closed is made again.
const PAUSE: Duration = Duration::from_millis(50);

/// The request that is sent over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Attack {
    /// A new token.
    K,
    /// A login with the right password.
    L,
    /// The whole history.
    H,
    /// Headwords near a long text.
    S,
    /// A lookup.
    Q,
    /// A lookup that leaves no trace.
    D,
    /// What is no request.
    Garbage,
}

impl Attack {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::K => "`K`",
            Self::L => "`L` with the right password",
            Self::H => "`H all` of 40,000 rows",
            Self::S => "`S` of a long text",
            Self::Q => "`Q`",
            Self::D => "`D`",
            Self::Garbage => "lines that are no requests",
        }
    }

    fn request(self) -> String {
        match self {
            Self::K => format!("K {NAME}\n"),
            Self::L => format!("L {NAME} {PASSWD}\n"),
            Self::H => format!("H {NAME} all\n"),
            Self::S => format!("S {NAME} {}\n", "characteristically ".repeat(40).trim_end()),
            Self::Q => format!("Q {NAME} apple\n"),
            Self::D => format!("D {NAME} apple\n"),
            Self::Garbage => "?\n".to_owned(),
        }
    }
}

struct Caller {
    socket: OwnedFd,
    /// The unsent rest of the login, which comes first.
    first: Vec<u8>,
}

/// Attacks until it is killed.
pub fn run(attack: Attack, target: SocketAddrV4) -> Result<()> {
    let login = match attack {
        // New tokens end the oldest ones, and a login with one that has ended is a failed login.
        Attack::K => format!("L {NAME} {PASSWD}\n"),
        _ => format!("T {NAME} {}\n", token(target)?),
    };
    let login = login.into_bytes();
    // Whole requests; what the kernel has no room for is cut off, which makes the next line garbage: so each write
    // begins where the last one ended.
    let flood = attack.request().repeat(8_192 / attack.request().len() + 1).into_bytes();
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let mut callers: Vec<Option<Caller>> = (0..CONNECTIONS).map(|_| None).collect();
    let mut places = vec![0_usize; CONNECTIONS];
    let mut again: Vec<(Instant, usize)> = (0..CONNECTIONS).map(|number| (Instant::now(), number)).collect();
    let mut buffer = vec![0; 256 * 1024];
    let mut said = false;
    loop {
        let now = Instant::now();
        let due: Vec<usize> = again.extract_if(.., |(at, _)| *at <= now).map(|(_, number)| number).collect();
        for number in due {
            let socket = dial(target)?;
            let interest = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
            epoll.add(&socket, EpollEvent::new(interest, u64::try_from(number)?))?;
            callers[number] = Some(Caller { socket, first: login.clone() });
            places[number] = 0;
        }
        if !said && again.is_empty() {
            println!("{READY}");
            said = true;
        }
        let mut events = [EpollEvent::empty(); 64];
        let patience = if again.is_empty() { EpollTimeout::NONE } else { EpollTimeout::from(5_u8) };
        let count = match epoll.wait(&mut events, patience) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        for event in &events[..count] {
            let number = usize::try_from(event.data())?;
            let Some(caller) = &mut callers[number] else { continue };
            if !(speak(caller, &flood, &mut places[number]) && listen(caller, &mut buffer)) {
                callers[number] = None;
                again.push((Instant::now() + PAUSE, number));
            }
        }
    }
}

/// Sends what there is room for; returns whether the connection is still open.
fn speak(caller: &mut Caller, flood: &[u8], place: &mut usize) -> bool {
    loop {
        let rest = if caller.first.is_empty() { &flood[*place..] } else { &caller.first[..] };
        match send(caller.socket.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT) {
            Ok(size) if caller.first.is_empty() => *place = (*place + size) % flood.len(),
            Ok(size) => drop(caller.first.drain(..size)),
            Err(Errno::EAGAIN | Errno::ENOTCONN | Errno::EINTR) => return true,
            Err(_) => return false,
        }
    }
}

/// Discards what has come; returns whether the connection is still open.
fn listen(caller: &Caller, buffer: &mut [u8]) -> bool {
    loop {
        match recv(caller.socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(Errno::EAGAIN | Errno::ENOTCONN | Errno::EINTR) => return true,
            Err(_) => return false,
        }
    }
}

fn dial(target: SocketAddrV4) -> Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let client = socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
    bind(client.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(SOURCE, 0)))?;
    match connect(client.as_raw_fd(), &SockaddrIn::from(target)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(client),
        Err(error) => Err(error.into()),
    }
}

/// A token, so that the connections log in without hashing.
fn token(target: SocketAddrV4) -> Result<String> {
    // From another address: the attacker's own may have used up the changes that it is allowed.
    let mut connection = crate::sections::fairness::connect_from(Ipv4Addr::new(127, 0, 0, 9), target)?;
    connection.write_all(format!("L {NAME} {PASSWD}\nK {NAME}\n").as_bytes())?;
    let mut replies = BufReader::new(TcpStream::try_clone(&connection)?).lines();
    let (login, token) = (replies.next().ok_or("closed")??, replies.next().ok_or("closed")??);
    let token = token.strip_prefix("OK ").ok_or_else(|| format!("no token: {login}, {token}"))?;
    Ok(token.to_owned())
}
