//! Whole visits within TLS, beside the same visits in clear text at the same daemon: shaking hands in full each time, and
//! resuming the session of an earlier visit, which another child has served.

use super::visits::{AT_ONCE, Kind, accounts, visit};
use crate::Result;
use crate::arguments::Part;
use crate::bed::Store;
use crate::figures::{Section, Target};
use crate::load::{SERVER_NAME, Tls, Visit, Visitors};
use crate::rounds::{Entrant, Rounds, progress};
use support::certificates::Authority;

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Tls) {
        return Ok(());
    }
    let bed = rounds.bed;
    let authority = Authority::new("of the bench");
    let (certificate, key) = (bed.path("server.pem"), bed.path("server.key"));
    authority.pair(&[SERVER_NAME]).write(&certificate, &key);
    let dictionary = bed.dictionary()?;
    let visitors = usize::try_from(AT_ONCE)?;
    let ways = [
        ("in clear text", None),
        ("TLS, a full handshake", Some(Tls::new(&authority.roots(), visitors, false)?)),
        ("TLS, a resumed session", Some(Tls::new(&authority.roots(), visitors, true)?)),
    ];
    let mut section = Section::new(format!("Visits within TLS, {AT_ONCE} at a time"));
    for store in Store::ALL {
        progress(&format!("TLS on {}: accounts", store.shown()));
        let own = format!("tls_{}", store.shown().to_lowercase());
        let database = bed.make_store(crate::bed::Build::This, store, &own)?;
        let files = [&dictionary.file, &certificate, &key].map(|file| file.display().to_string());
        let [words, certificate, key] = &files;
        let options = ["--words", words, "--tls-listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key];
        let daemon = bed.start_daemon(&own, &database, &options)?;
        let tls_address = daemon.tls.ok_or("the daemon does not say where it listens for TLS")?;
        let tokens = accounts(&daemon, &dictionary.headwords)?;
        let mut entrants = Vec::new();
        for (name, tls) in &ways {
            let address = if tls.is_some() { tls_address } else { daemon.address };
            let visit = Visit { tls: tls.clone(), ..visit(Kind::Lookup, &tokens, &dictionary.headwords, false) };
            let mut visiting = Visitors::new(address, visit)?;
            entrants.push(Entrant::new(*name, rounds.meter(store, &daemon.server), move |counting| {
                visiting.keep_visiting(visitors, counting)
            }));
        }
        let results = rounds.alternate(&format!("visits within TLS, {}", store.shown()), entrants)?;
        for within in &results[1..] {
            let what = format!("{}, `T`, `Q`, `E`, {}", store.shown(), within.name);
            section.compare(what, "visits/s", within, &results[0], Target::None);
        }
    }
    sections.push(section);
    Ok(())
}
