//! Private dirty memory of waiting children: what each client costs beyond the memory that all children share.

use crate::Result;
use crate::accounts::{log_in, log_in_by_token, register, tokens};
use crate::arguments::Part;
use crate::figures::{Section, Series, Target};
use crate::load::{Dialect, hold};
use crate::processes::{children, memory};
use crate::rounds::{Rounds, progress};
use std::time::Duration;

/// How many children are looked at.
const CHILDREN: u32 = 20;
/// After this time a child has given back what it does not need while it waits.
const REST: Duration = Duration::from_secs(8);

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Memory) {
        return Ok(());
    }
    let bed = rounds.bed;
    let dictionary = bed.dictionary()?;
    let file = dictionary.file.display().to_string();
    bed.make_database("memory")?;
    let sqlite = format!("sqlite:{}", bed.path("memory.db").display());
    let mut section = Section::new("Private dirty memory of an idle child");
    for (store, database) in [("MariaDB", bed.mariadb.url("memory")), ("SQLite", sqlite)] {
        progress(&format!("memory, {store}"));
        let daemon = bed.start_daemon(&format!("memory-{store}"), &database, &["--words", &file])?;
        let helpers = children(daemon.server.pid());
        register(&daemon, CHILDREN)?;
        bed.stop.wait_for("the child that registered to end", PATIENCE, || {
            clients(daemon.server.pid(), &helpers).is_empty().then_some(())
        })?;
        // Pages of a newly written program file count as dirty until they are on the disk.
        nix::unistd::sync();
        let read = |expected: u32| -> Result<Series> {
            let pids = clients(daemon.server.pid(), &helpers);
            if pids.len() != usize::try_from(expected)? {
                return Err(format!("{} children where {expected} were expected", pids.len()).into());
            }
            Ok(pids.into_iter().filter_map(|pid| memory(pid, "Private_Dirty")).map(|size| size as f64).collect())
        };
        let silent = hold(daemon.address, usize::try_from(CHILDREN)?, |count| {
            bed.stop.wait_for("children", PATIENCE, || {
                (clients(daemon.server.pid(), &helpers).len() >= count).then_some(())
            })
        })?;
        bed.stop.sleep(REST)?;
        section.read(format!("{store}, before login"), "KiB", read(CHILDREN)?, Target::AtMost(100.0));
        drop(silent);
        bed.stop.wait_for("the silent to end", PATIENCE, || {
            clients(daemon.server.pid(), &helpers).is_empty().then_some(())
        })?;
        let mut speakers = log_in(bed, &daemon, CHILDREN)?;
        bed.stop.sleep(REST)?;
        section.read(format!("{store}, logged in"), "KiB", read(CHILDREN)?, Target::AtMost(200.0));
        speakers.ask_times(Dialect::Lookup, &dictionary.headwords, 20, &bed.stop)?;
        section.read(format!("{store}, right after 20 lookups"), "KiB", read(CHILDREN)?, Target::None);
        bed.stop.sleep(REST)?;
        section.read(format!("{store}, idle after 20 lookups"), "KiB", read(CHILDREN)?, Target::AtMost(200.0));
        drop(speakers);
        let tokens = tokens(&daemon, CHILDREN)?;
        bed.stop.wait_for("the speakers to end", PATIENCE, || {
            clients(daemon.server.pid(), &helpers).is_empty().then_some(())
        })?;
        let mut visitors = log_in_by_token(bed, &daemon, &tokens)?;
        visitors.ask_times(Dialect::Lookup, &dictionary.headwords, 20, &bed.stop)?;
        bed.stop.sleep(REST)?;
        let what = format!("{store}, idle after a login by token and 20 lookups");
        section.read(what, "KiB", read(CHILDREN)?, Target::AtMost(100.0));
    }
    section.note(format!("Median of {CHILDREN} children; the words are {}.", dictionary.title));
    sections.push(section);
    Ok(())
}

const PATIENCE: Duration = Duration::from_secs(30);

/// The children that serve clients: not those that were there before any client.
fn clients(parent: u32, helpers: &[u32]) -> Vec<u32> {
    children(parent).into_iter().filter(|pid| !helpers.contains(pid)).collect()
}
