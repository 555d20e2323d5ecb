//! What a server's error means: whose fault it is, and whether running the statement again can help.
//!
//! This file never runs anything again; `connection` does.

use std::error::Error as _;
use std::io;

use ::mysql::{DriverError, Error as Failure};

use super::{contained, tls};

use crate::store::{Error, Kind, schema};

/// What to do about a failure, for the one who ran the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The connection is gone: connect again, run again if that is harmless.
    Reconnect,
    /// The connection is in an unknown state, and waiting longer would not help: give it up.
    GiveUp,
    /// Two transactions were in each other's way, and this one was undone: run it again.
    Repeat,
    /// A row or table stayed locked for seconds: run it again, but not often.
    RepeatOnce,
    /// Nothing.
    None,
}

/// Errors by which the server reports the end of the connection: killed, shutting down, idle for too long, out of
/// step, over MySQL's limits of memory for connections (4082, 4083); and "unknown prepared statement", the error of a
/// proxy that changed servers below us.
const CONNECTION_ENDS: [u16; 12] = [1_053, 1_152, 1_158, 1_159, 1_160, 1_161, 1_184, 1_243, 1_927, 4_031, 4_082, 4_083];

/// The world's: too many connections or users' limits (1040, 1203, 1226), no threads or memory (1037, 1038, 1041,
/// 1135, 1461), blocked for now (1129), disk full or failing (3, 1021, 1026, 1030, 1114, 1180), read-only (1290, 1792,
/// 1836), locked (1099, 1205, 1213, 1223), stopped (1317, 1969, 3024), not in its cluster's primary component (1047),
/// in MySQL's offline mode (3032).
const WORLD: [u16; 26] = [
    3, 1_021, 1_026, 1_030, 1_037, 1_038, 1_040, 1_041, 1_047, 1_099, 1_114, 1_129, 1_135, 1_180, 1_203, 1_205, 1_213,
    1_223, 1_226, 1_290, 1_317, 1_461, 1_792, 1_836, 1_969, 3_032,
];

/// The server's as a member of a cluster.
const OUT_OF_SERVICE: [u16; 6] = [NOT_IN_A_CLUSTER, 1_053, 1_180, 1_243, 1_290, 1_836];

/// The configuration's: no access or right (1044, 1045, 1130, 1142, 1143, 1227, 1370, 1698), an account that is
/// locked or must change its password (1820, 1862, 3118, 3955, 4151), TLS required (3159), no way to log in (1251,
/// 1275, 1524), no InnoDB (1286), a damaged table (1194, 1195), read committed with a statement binary log (1665).
const CONFIGURATION: [u16; 21] = [
    1_044,
    1_045,
    1_130,
    1_142,
    1_143,
    1_194,
    1_195,
    1_227,
    1_251,
    1_275,
    1_286,
    1_370,
    1_524,
    1_665,
    1_698,
    1_820,
    1_862,
    3_118,
    TLS_REQUIRED,
    3_955,
    4_151,
];

/// No database, table or column of that name.
const NO_SCHEMA: [u16; 3] = [UNKNOWN_DATABASE, NO_TABLE, UNKNOWN_COLUMN];

pub(super) const UNKNOWN_DATABASE: u16 = 1_049;
pub(super) const UNKNOWN_COLUMN: u16 = 1_054;
pub(super) const NO_TABLE: u16 = 1_146;
pub(super) const DUPLICATE: u16 = 1_062;
/// `NULL` in a column that does not allow it.
pub(super) const NULL_REFUSED: u16 = 1_048;
/// A row or table stayed locked for longer than is waited for.
pub(super) const LOCK_WAIT: u16 = 1_205;
/// A foreign key that points nowhere.
pub(super) const NO_REFERENCED_ROW: [u16; 2] = [1_216, 1_452];
/// The server has no connection to the primary component of its cluster.
pub(super) const NOT_IN_A_CLUSTER: u16 = 1_047;
/// The server takes no connection in clear text.
const TLS_REQUIRED: u16 = 3_159;
/// A packet over the server's `max_allowed_packet`.
const PACKET_TOO_LARGE: u16 = 1_153;

/// The server's number for a failure, if it is one of the server's.
pub(super) fn code(failure: &Failure) -> Option<u16> {
    match failure {
        Failure::MySqlError(error) => Some(error.code),
        _ => None,
    }
}

/// What to do about a failure.
pub(super) fn remedy(failure: &Failure) -> Remedy {
    if contained::of(failure).is_some() {
        // It would be the same again.
        return Remedy::GiveUp;
    }
    match failure {
        Failure::MySqlError(error) => match error.code {
            // 1020: the row has changed since it was read (MariaDB's snapshot isolation). 1412: so has the table.
            1_213 | 1_020 | 1_412 => Remedy::Repeat,
            LOCK_WAIT => Remedy::RepeatOnce,
            PACKET_TOO_LARGE => Remedy::GiveUp,
            code if CONNECTION_ENDS.contains(&code) => Remedy::Reconnect,
            _ => Remedy::None,
        },
        // A read that timed out: the server may still be at work on the statement, and repeating it would only
        // wait behind it.
        Failure::IoError(error) if timed_out(error) => Remedy::GiveUp,
        Failure::IoError(_) => Remedy::Reconnect,
        Failure::CodecError(error) => match error.source().and_then(|e| e.downcast_ref::<io::Error>()) {
            Some(error) if timed_out(error) => Remedy::GiveUp,
            _ => Remedy::Reconnect,
        },
        Failure::DriverError(DriverError::PacketOutOfSync | DriverError::UnexpectedPacket) => Remedy::Reconnect,
        Failure::DriverError(_) => Remedy::GiveUp,
        _ => Remedy::None,
    }
}

/// The error of `rustls` in a failure, if it is one of TLS.
pub(super) fn of_tls(failure: &Failure) -> Option<&rustls::Error> {
    match failure {
        Failure::TlsError(error) => error.source()?.downcast_ref(),
        Failure::IoError(error) => error.get_ref()?.downcast_ref(),
        Failure::CodecError(error) => error.source()?.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Whether an answer took too long.
pub(super) fn is_silence(failure: &Failure) -> bool {
    match failure {
        Failure::IoError(error) => timed_out(error),
        Failure::CodecError(error) => error.source().and_then(|e| e.downcast_ref::<io::Error>()).is_some_and(timed_out),
        Failure::DriverError(error) => matches!(error, DriverError::ConnectTimeout | DriverError::Timeout),
        _ => false,
    }
}

/// Whether a failure means that another host of a cluster should be asked, and this one not for a while: it is silent,
/// shuts down, is read-only, has lost the others (1047), or was just about to find that out (1180, "error during
/// commit").
pub(super) fn is_out_of_service(failure: &Failure) -> bool {
    is_silence(failure) || code(failure).is_some_and(|code| OUT_OF_SERVICE.contains(&code))
}

fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// The same for a failure to connect. No statement of ours was the reason, so an unknown number is a state of
/// the server's that a later version has invented: an outage like any other.
pub(super) fn explain_connecting(failure: &Failure) -> Error {
    let error = explain(failure);
    if error.kind == Kind::Bug { Error::world(error.message) } else { error }
}

/// The failure as the rest of the program knows it: whose it is, and in words.
pub(super) fn explain(failure: &Failure) -> Error {
    // The driver's own Display wraps each in the name of its variant.
    let words = match failure {
        Failure::MySqlError(error) => error.message.clone(),
        Failure::IoError(error) => error.to_string(),
        Failure::DriverError(error) => error.to_string(),
        Failure::CodecError(error) => error.source().map_or_else(|| error.to_string(), ToString::to_string),
        // Our own errors about the file of `ssl-ca` come in this one.
        Failure::TlsError(_) => match of_tls(failure) {
            Some(rustls::Error::General(why)) => why.clone(),
            Some(error) => error.to_string(),
            None => failure.to_string(),
        },
        other => other.to_string(),
    };
    if let Some(why) = of_tls(failure).and_then(tls::explain) {
        return Error::configuration(why);
    }
    if contained::of(failure).is_some() {
        return Error::configuration(words);
    }
    match failure {
        // The file of `ssl-ca` is read anew for each connection.
        Failure::TlsError(_) => Error::configuration(words),
        Failure::DriverError(DriverError::TlsNotSupported) => Error::configuration(
            "the server does not speak TLS: give it a certificate (ssl-cert and ssl-key in its configuration), or take \
             ssl-mode out of the URL",
        ),
        Failure::MySqlError(error) => explain_code(error.code, words),
        Failure::IoError(_) => Error::world(words),
        // The codec's only other error of its own making is a packet that is too large.
        Failure::CodecError(_) => Error::world(words),
        Failure::DriverError(error) => match error {
            DriverError::ConnectTimeout
            | DriverError::CouldNotConnect(_)
            | DriverError::Timeout
            | DriverError::PacketOutOfSync
            | DriverError::UnexpectedPacket => Error::world(words),
            DriverError::UnknownAuthPlugin(_)
            | DriverError::OldMysqlPasswordDisabled
            | DriverError::CleartextPluginDisabled
            | DriverError::TlsNotSupported
            | DriverError::UnsupportedProtocol(_)
            | DriverError::Protocol41NotSet => Error::configuration(words),
            _ => Error::bug(words),
        },
        _ => Error::bug(words),
    }
}

fn explain_code(code: u16, words: String) -> Error {
    if NO_SCHEMA.contains(&code) {
        return Error::configuration(format!("{}: {words} ({code})", schema::missing().message));
    }
    if code == PACKET_TOO_LARGE {
        return Error::configuration(format!("{words} ({code}): raise the server's max_allowed_packet"));
    }
    if code == 1_665 {
        return Error::configuration(format!("{words} ({code}): set binlog_format to MIXED or ROW"));
    }
    if code == TLS_REQUIRED {
        return Error::configuration(format!("{words} ({code}): add ssl-mode to the URL"));
    }
    let words = format!("{words} ({code})");
    if WORLD.contains(&code) || CONNECTION_ENDS.contains(&code) || matches!(code, 1_020 | 1_412 | 3_024) {
        Error::world(words)
    } else if CONFIGURATION.contains(&code) {
        Error::configuration(words)
    } else {
        Error::bug(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_each_error_is() {
        let kind = |code| explain_code(code, "x".to_owned()).kind;
        for code in [1_020, 1_040, 1_290, 1_836, 1_021, 1_114, 1_053, 1_205, 1_213, 1_927, 3_032, 4_031, 4_082, 4_083] {
            assert_eq!(kind(code), Kind::World, "{code}");
        }
        for code in [1_044, 1_045, 1_049, 1_054, 1_146, 1_698, 1_153, 3_159, 3_955, 4_151] {
            assert_eq!(kind(code), Kind::Configuration, "{code}");
        }
        for code in [1_064, 1_406, 1_062] {
            assert_eq!(kind(code), Kind::Bug, "{code}");
        }
        assert!(explain_code(1_146, "x".to_owned()).message.contains("cidiand init-db"));
        assert!(explain_code(3_159, "x".to_owned()).message.contains("add ssl-mode to the URL"));
    }

    /// An unknown number is our own fault if it is a statement's, but not if it is that of an attempt to connect.
    #[test]
    fn unknown_numbers_while_connecting_are_an_outage() {
        let failure = server(9_999);
        assert_eq!(explain(&failure).kind, Kind::Bug);
        let error = explain_connecting(&failure);
        assert_eq!((error.kind, error.message.contains("9999")), (Kind::World, true));
        assert_eq!(explain_connecting(&server(1_045)).kind, Kind::Configuration);
    }

    fn server(code: u16) -> Failure {
        Failure::MySqlError(::mysql::MySqlError { state: String::new(), message: String::new(), code })
    }

    #[test]
    fn what_is_repeated() {
        assert_eq!(remedy(&server(1_213)), Remedy::Repeat);
        for code in [1_927, 4_031, 4_082, 4_083] {
            assert_eq!(remedy(&server(code)), Remedy::Reconnect);
        }
        assert_eq!(remedy(&server(1_064)), Remedy::None);
        assert_eq!(remedy(&Failure::IoError(io::ErrorKind::BrokenPipe.into())), Remedy::Reconnect);
        assert_eq!(remedy(&Failure::IoError(io::ErrorKind::WouldBlock.into())), Remedy::GiveUp);
    }
}
