//! How fast the service is, side by side with what the machine allows and with its peers. One command does it all:
//!
//!     cargo bench --bench service                 # everything, about half an hour
//!     cargo bench --bench service -- --quick      # a few minutes
//!     cargo bench --bench service -- --help
//!
//! Cargo builds the programs as for a release (profile `bench` inherits `release`, link-time optimisation included).
//! The bench starts its own MariaDB, daemons and peers below one directory, runs the contestants in turn, and prints a
//! table of ratios; `docs/performance.md` contains and explains it. However the bench ends, every process that it has
//! started ends, and the directory is removed.
//!
//! It measures only a cidiand built from this tree, except for the one that `--before` names, and never talks to a
//! server that it has not started.

#![forbid(unsafe_code)]

mod accounts;
mod arguments;
mod attack;
mod bed;
mod directory;
mod figures;
mod load;
mod machine;
mod peers;
mod plot;
mod processes;
mod raw;
mod report;
mod rounds;
mod sections;
mod stop;

use arguments::Arguments;
use clap::Parser;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

/// A measurement that can't be made ends the bench, with the reason.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.bench {
        println!("run it with: cargo bench --bench service");
        return ExitCode::SUCCESS;
    }
    let outcome = match (arguments.attack, arguments.target) {
        (Some(attack), Some(target)) => attack::run(attack, target),
        _ => run(&arguments),
    };
    rounds::progress_over();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("service: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let stop = stop::Stop::on_signals()?;
    rounds::progress("MariaDB");
    let bed = bed::Bed::make(&arguments.directory, arguments.before.as_deref(), stop)?;
    let machine = machine::facts(&arguments.directory)?;
    let rounds = rounds::Rounds { arguments, bed: &bed };
    let mut sections = Vec::new();
    // What has been measured is not lost when a later part fails.
    let outcome = catch_unwind(AssertUnwindSafe(|| measure(&rounds, &mut sections)))
        .unwrap_or_else(|_| Err("a part has panicked: see above".into()));
    rounds::progress_over();
    let text = report::markdown(&machine, &sections);
    println!("{text}");
    outcome.map_err(|error| format!("{error}{}", bed.last_words()))?;
    if arguments.writes() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        report::write_into(&docs.join("performance.md"), &format!("![ratios](performance.svg)\n\n{text}"))?;
        std::fs::write(docs.join("performance.svg"), plot::svg(&sections))?;
        println!("written to docs/performance.md and docs/performance.svg");
    }
    Ok(())
}

fn measure(rounds: &rounds::Rounds<'_>, sections: &mut Vec<figures::Section>) -> Result<()> {
    sections::sessions::measure(rounds, sections)?;
    sections::visits::measure(rounds, sections)?;
    sections::tls::measure(rounds, sections)?;
    sections::lookups::measure(rounds, sections)?;
    sections::cluster::measure(rounds, sections)?;
    sections::sqlite::measure(rounds, sections)?;
    sections::words::measure(rounds, sections)?;
    sections::memory::measure(rounds, sections)?;
    sections::crowd::measure(rounds, sections)?;
    sections::histories::measure(rounds, sections)?;
    sections::fairness::measure(rounds, sections)?;
    sections::client::measure(rounds, sections)?;
    sections::notebook::measure(rounds, sections)?;
    sections::dict::measure(rounds, sections)
}
