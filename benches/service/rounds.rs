//! The alternation: contestants run in turn, so that other work on the machine affects all of them alike, and every
//! second time in the opposite order, so that none always comes after the same one; and the display of the bench's
//! progress.

use crate::Result;
use crate::arguments::Arguments;
use crate::bed::{Bed, Store};
use crate::figures::{Contestant, Measured};
use crate::load::Counting;
use crate::processes::{Meter, Server};
use std::io::{IsTerminal, Write};

/// The input of every part of the bench.
pub struct Rounds<'a> {
    /// The command line.
    pub arguments: &'a Arguments,
    /// What the measurements need.
    pub bed: &'a Bed,
}

/// Something that can be measured again and again.
pub struct Entrant<'e> {
    name: String,
    meter: Meter,
    measure: Box<dyn FnMut(Counting<'_>) -> Result<Measured> + 'e>,
}

impl<'e> Entrant<'e> {
    /// Something with a name, whose CPU time is read from `meter`.
    pub fn new(
        name: impl Into<String>,
        meter: Meter,
        measure: impl FnMut(Counting<'_>) -> Result<Measured> + 'e,
    ) -> Self {
        Self { name: name.into(), meter, measure: Box::new(measure) }
    }
}

impl Rounds<'_> {
    /// Runs all in turn, as often as was asked for; the results are in the order of the entrants.
    pub fn alternate(&self, what: &str, mut entrants: Vec<Entrant<'_>>) -> Result<Vec<Contestant>> {
        let mut results: Vec<Contestant> = entrants.iter().map(|entrant| Contestant::new(&*entrant.name)).collect();
        let runs = self.arguments.runs();
        for run in 1..=runs {
            let mut turns: Vec<_> = entrants.iter_mut().zip(&mut results).collect();
            if run % 2 == 0 {
                turns.reverse();
            }
            for (entrant, result) in turns {
                progress(&format!("{what}: {}, run {run} of {runs}", entrant.name));
                let counting = Counting::new(self.arguments.window(), &entrant.meter, &self.bed.stop);
                let measured = (entrant.measure)(counting).map_err(|error| format!("{}: {error}", entrant.name))?;
                result.push(measured);
            }
        }
        Ok(results)
    }

    /// The meter of a server and of the store of its histories.
    pub fn meter(&self, store: Store, server: &Server) -> Meter {
        match store {
            Store::MariaDb => self.with_mariadb(Some(server)),
            Store::Sqlite => Meter { server: vec![server.pid()], database: Vec::new() },
        }
    }

    /// The meter of a server that uses the bench's MariaDB.
    pub fn with_mariadb(&self, server: Option<&Server>) -> Meter {
        Meter { server: server.map(Server::pid).into_iter().collect(), database: vec![self.bed.mariadb.pid()] }
    }
}

/// Shows what is being done: on a terminal always in the same line.
pub fn progress(what: &str) {
    let mut stderr = std::io::stderr().lock();
    // Nothing is lost when it can't be shown.
    let _ = if stderr.is_terminal() { write!(stderr, "\r\x1b[K{what}") } else { writeln!(stderr, "{what}") };
    let _ = stderr.flush();
}

/// Ends the line of the display, if there is one.
pub fn progress_over() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
