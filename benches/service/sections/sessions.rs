//! Sessions: connect, one exchange, close.

use crate::Result;
use crate::arguments::Part;
use crate::figures::{Section, Target};
use crate::load::{Visit, Visitors};
use crate::processes::Meter;
use crate::rounds::{Entrant, Rounds};

/// To cidiand.
pub const GOODBYE: Visit = Visit { request: b"E\n", last_line: b"OK" };
/// To the C server.
pub const ECHO: Visit = Visit { request: b"E\n", last_line: b"E" };
/// To a DICT server.
pub const QUIT: Visit = Visit { request: b"QUIT\r\n", last_line: b"221" };

/// How many at a time.
const AT_ONCE: usize = 8;

/// Sessions, 8 at a time.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Sessions) {
        return Ok(());
    }
    let bed = rounds.bed;
    let database = format!("sqlite:{}", bed.path("sessions.db").display());
    let daemon = bed.start_daemon("sessions", &database, &[])?;
    let (echo, echo_address) = bed.start_fork_echo(&[])?;
    let meter = |pid| Meter { server: Some(pid), database: None };
    let mut ours = Visitors::new(daemon.address, GOODBYE)?;
    let mut dynamic = Visitors::new(echo_address, ECHO)?;
    let entrants = vec![
        Entrant::new("cidiand", meter(daemon.server.pid()), |counting| ours.keep_visiting(AT_ONCE, counting)),
        Entrant::new("C fork-accept-echo", meter(echo.pid()), |counting| dynamic.keep_visiting(AT_ONCE, counting)),
    ];
    let results = rounds.alternate("sessions", entrants)?;
    let mut section = Section::new("Sessions: connect, `E`, close");
    section.compare("8 at a time", "sessions/s", &results[0], &results[1], Target::AtLeast(0.7));
    sections.push(section);
    Ok(())
}
