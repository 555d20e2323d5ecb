//! A connection that a proxy forwards: its header is read before anything else, and names the client. The parent
//! then counts the client under its own source, or refuses it.

use super::connection::{Wait, wait};
use super::{ExitReason, Language, Peer, Session, State};
use crate::ipc::parent::{Introduced, introduce};
use crate::protocol::proxy::{self, Client, MAX_HEADER, Unfit};
use crate::protocol::{Code, Failure};
use log::info;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{MsgFlags, recv};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// How long the header may take where there is no grace time.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);

impl Session<'_> {
    /// Reads the header, and introduces the client to the parent.
    ///
    /// # Errors
    /// There is no such header, or the client's source is refused.
    pub(super) fn meet_client(&mut self) -> Result<(), ExitReason> {
        self.face.show(State::LoginAwaited);
        let client = self.read_header()?;
        let own = self.face.peer().clone();
        let peer = match (client, &own) {
            (Client::Proxy, _) => own,
            (Client::At(address), _) if self.client.language == Language::LinesOverTls => Peer::Tls(address),
            (Client::At(address), _) => Peer::Internet(address),
        };
        match introduce(self.parent.control_channel, peer.socket_address()) {
            Ok(Introduced::Welcome { source }) => {
                self.writer.channel.set_source(source);
                self.stores.set_peer(peer.clone());
                self.face.set_peer(peer);
                Ok(())
            }
            Ok(Introduced::Refused(message)) => {
                self.face.set_peer(peer);
                self.say_without_tls(&Failure::new(Code::Busy, message));
                Err(ExitReason::Refused)
            }
            Err(error) => {
                log::error!("client {peer}: cannot report its address to the daemon: {error}");
                self.say_without_tls(&Failure::new(Code::Busy, "the server is overloaded; try again later"));
                Err(ExitReason::Internal)
            }
        }
    }

    // As for `Connection::read`.
    #[inline(never)]
    fn read_header(&mut self) -> Result<Client, ExitReason> {
        let deadline = self.logins.grace_ends.unwrap_or(self.client.connected + HEADER_TIMEOUT);
        let mut header = Vec::with_capacity(64);
        loop {
            let total = match proxy::needed(&header) {
                Ok(total) if header.len() < total => total,
                Ok(_) => return proxy::read(&header).or_else(|why| self.refuse_header(why)),
                Err(why) => return self.refuse_header(why),
            };
            // Never a byte more: what follows is the client's, and may be TLS.
            let mut buffer = [0; MAX_HEADER];
            let socket = self.client.connection.socket();
            match recv(socket.as_raw_fd(), &mut buffer[..total - header.len()], MsgFlags::MSG_DONTWAIT) {
                // A check whether the port is open.
                Ok(0) if header.is_empty() => return Err(ExitReason::Closed),
                Ok(0) => return self.refuse_header(Unfit::Cut),
                Ok(size) => {
                    header.extend_from_slice(&buffer[..size]);
                    continue;
                }
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(_) => return Err(ExitReason::Lost),
            }
            self.face.publish();
            if self.signals.stop_asked() {
                return Err(ExitReason::Stopped);
            }
            let mut watched = [PollFd::new(self.client.connection.socket(), PollFlags::POLLIN)];
            match wait(&mut watched, Some(deadline), &self.signals)? {
                Wait::Ready => {}
                Wait::Interrupted => self.renew_words(),
                Wait::TimedOut if Instant::now() >= deadline => {
                    self.say_without_tls(&Failure::new(Code::Timeout, "no PROXY header within the grace time"));
                    return Err(ExitReason::GraceOver);
                }
                Wait::TimedOut => {}
            }
        }
    }

    fn refuse_header(&mut self, why: Unfit) -> Result<Client, ExitReason> {
        info!("client {}: no usable PROXY header: {why}", self.face.peer());
        self.say_without_tls(&Failure::new(Code::BadReq, "this address expects a PROXY header of version 2"));
        Err(ExitReason::NoProxyHeader)
    }

    /// Reports to the client why the session ends before it has begun; within TLS there is no way to do so.
    fn say_without_tls(&mut self, failure: &Failure) {
        if self.client.connection.speaks_tls() {
            self.client.connection.give_up_tls();
        } else {
            self.replies.fail(failure);
        }
    }
}
