//! Options that make sense one by one, but not together. clap can't find these conflicts, because options may stand
//! before or after the subcommand.

use super::arguments::{Arguments, ClientCommand};
use super::commands::history::Format;
use super::error::Misuse;

/// What is wrong with these options, if anything is.
pub(crate) fn misuse(arguments: &Arguments) -> Option<Misuse> {
    if arguments.local && arguments.server.is_some() {
        return Some(Misuse::TwoServers);
    }
    if arguments.tls_ca.is_some() && !arguments.tls {
        return Some(Misuse::TrustWithoutTls);
    }
    if arguments.tls && arguments.local {
        return Some(Misuse::TlsToLocal);
    }
    if arguments.serve().is_some() && (arguments.server.is_some() || arguments.tls || arguments.json) {
        return Some(Misuse::ServesItself);
    }
    match &arguments.command {
        // clap could do this one, but would then take `history --user ann clear` for a conflict, too.
        Some(ClientCommand::History(history)) if history.action.is_some() && history.says_anything() => {
            Some(Misuse::NotToClear)
        }
        Some(ClientCommand::History(history))
            if arguments.json && history.format.is_some_and(|format| format != Format::Json) =>
        {
            Some(Misuse::TwoFormats)
        }
        Some(ClientCommand::Lookup { parts, .. })
            if arguments.json && (!parts.field.is_empty() || parts.first_line) =>
        {
            Some(Misuse::PartOfJson)
        }
        None if arguments.json => Some(Misuse::MenusAsJson),
        _ => None,
    }
}
