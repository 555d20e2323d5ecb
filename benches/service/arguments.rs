//! The command line of the bench.

use crate::attack::Attack;
use crate::load::Window;
use clap::{Parser, ValueEnum};
use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  cargo bench --bench service                              everything; writes docs/performance.md and .svg
  cargo bench --bench service -- --quick                   everything, smaller and shorter; writes nothing
  cargo bench --bench service -- --only sessions,lookups --runs 3
  cargo bench --bench service -- --before ../old/target/release/cidiand --only sessions
                                                           beside a build of an earlier commit
  cargo bench --bench service -- --directory /srv/tmp      on the disk of that directory";

/// Measures cidiand side by side with the limits of the machine and with its peers.
#[derive(Debug, Clone, Parser)]
#[command(name = "service", after_help = EXAMPLES)]
pub struct Arguments {
    /// A few minutes instead of half an hour: less of everything, shorter windows
    #[arg(long)]
    pub quick: bool,
    /// Only these parts
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    pub only: Vec<Part>,
    /// How often each contestant runs, in turn with the others [default: 5; quick: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: Option<u32>,
    /// Seconds that count in each run [default: 5; quick: 1.5]
    #[arg(long, value_name = "S")]
    pub seconds: Option<f64>,
    /// Where databases and other files are put for the time being; should be a real disk
    #[arg(long, value_name = "DIR", default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub directory: PathBuf,
    /// A cidiand of an earlier commit, which runs as another contestant where a part knows one
    #[arg(long, value_name = "FILE")]
    pub before: Option<PathBuf>,
    /// Write docs/performance.md and docs/performance.svg also after a quick or partial run
    #[arg(long)]
    pub write: bool,
    /// Do nothing but keep a daemon busy in this way; for the bench itself
    #[arg(long, hide = true, requires = "target")]
    pub attack: Option<Attack>,
    /// The daemon
    #[arg(long, hide = true)]
    pub target: Option<SocketAddrV4>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    pub bench: bool,
}

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Connect, one exchange, close; with idle clients; a burst
    Sessions,
    /// Connect, log in by token, one request, leave
    Visits,
    /// The same within TLS: shaking hands in full, and resuming a session
    Tls,
    /// Lookups with durable history, MariaDB
    Lookups,
    /// Lookups with durable history, SQLite
    Sqlite,
    /// Lookups with durable history, a cluster of three members of MariaDB
    Cluster,
    /// Lookups in table `words`
    Words,
    /// Memory of a child
    Memory,
    /// Ten thousand clients over few database connections
    Crowd,
    /// The last ten and all of a long history
    Histories,
    /// What an honest client notices of one source that does its worst
    Fairness,
    /// One word from the shell, by the client
    Client,
    /// The notebook of a year, by the client
    Notebook,
    /// DICT beside dictd and the C server
    Dict,
}

impl Arguments {
    /// Whether a part was asked for.
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Whether a part was named, and does not run only because all do.
    pub fn names(&self, part: Part) -> bool {
        self.only.contains(&part)
    }

    /// Whether the result is written into the tree.
    pub fn writes(&self) -> bool {
        self.write || !self.quick && self.only.is_empty()
    }

    /// How often each contestant runs.
    pub fn runs(&self) -> u32 {
        self.runs.unwrap_or(if self.quick { 3 } else { 5 })
    }

    /// How long each run is.
    pub fn window(&self) -> Window {
        let seconds = self.seconds.unwrap_or(if self.quick { 1.5 } else { 5.0 }).clamp(0.1, 600.0);
        Window { warm_up: Duration::from_secs_f64(seconds / 5.0), length: Duration::from_secs_f64(seconds) }
    }

    /// The greater or, in a quick run, the smaller of two sizes.
    pub fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}
