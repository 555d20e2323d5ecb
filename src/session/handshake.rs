//! The TLS handshake of a session, and what happens when a client speaks TLS at a clear-text port, or clear text at a
//! TLS port.

use super::connection::Wait;
use super::{ExitReason, Session, State};
use crate::protocol::{Code, Failure};
use crate::sys;
use log::info;
use std::time::Duration;

/// How long a handshake may take where there is no grace time.
const HANDSHAKE: Duration = Duration::from_secs(60);

impl Session<'_> {
    /// Shakes hands, where the client came in for TLS, within the grace time.
    pub(super) fn shake_hands(&mut self) -> Result<(), ExitReason> {
        self.face.show(State::LoginAwaited);
        if !self.client.connection.speaks_tls() {
            return Ok(());
        }
        let deadline = self.logins.grace_ends.unwrap_or(self.client.connected + HANDSHAKE);
        while self.client.connection.is_handshaking() {
            self.face.publish();
            if self.signals.stop_asked() {
                return Err(ExitReason::Stopped);
            }
            match self.client.connection.shake_hands(deadline, &self.signals) {
                Ok(Wait::Ready) => {}
                Ok(Wait::Interrupted) => self.renew_words(),
                Ok(Wait::TimedOut) => return Err(ExitReason::GraceOver),
                Err(exit_reason) => return Err(exit_reason),
            }
        }
        // The last word of the handshake may be ours, and the client waits for it; or it is the client's, and Nagle's
        // algorithm keeps the first request back until it is acknowledged, 40 ms later.
        sys::acknowledge_now(self.client.connection.socket());
        self.client.connection.write(&[], || {})
    }

    /// The client speaks clear text to a TLS port: it is refused in clear text.
    pub(super) fn refuse_clear_text(&mut self) {
        self.client.connection.give_up_tls();
        self.replies.fail(&Failure::new(Code::BadReq, "this address speaks TLS only; connect with --tls"));
    }

    /// The client begins TLS on a port without: the line will be `badreq`, whatever follows, and is answered now,
    /// because both sides would wait for the rest of it.
    pub(super) fn refuse_handshake(&mut self) {
        self.face.count_request();
        self.client.connection.lines.skip_line();
        self.replies.fail(&Failure::new(Code::BadReq, "this address does not speak TLS"));
    }

    /// Whether a secret in clear text may be seen by others, and the operator does not want that.
    pub(super) fn must_be_private(&self) -> bool {
        self.settings.require_tls && !self.client.connection.speaks_tls() && !self.face.peer().is_on_this_machine()
    }

    /// Logs why TLS has failed, if it has.
    pub(super) fn log_tls_failure(&self) {
        if let Some(failure) = self.client.connection.tls_failure() {
            info!("client {}: TLS: {failure}", self.face.peer());
        }
    }
}
