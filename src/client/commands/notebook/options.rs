//! The options of those notebook subcommands that show entries of the dictionary.

use super::star::tag;
use crate::client::commands::history::When;
use crate::protocol::MAX_STARS_PAGE;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What `review` takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ReviewArguments {
    /// At most N words, 1 to 500 [default: 20]
    #[arg(short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_STARS_PAGE)))]
    pub(crate) number: Option<u32>,

    /// stars (those that are due) or history (what you looked up; the first grade stars a word)
    #[arg(long, value_name = "SOURCE", hide_possible_values = true)]
    pub(crate) from: Option<Source>,

    /// With --from: only what was starred, or looked up, from this time on
    #[arg(id = "review_since", long = "since", value_name = "TIME", requires = "from")]
    pub(crate) since: Option<When>,

    /// Only words with this tag
    #[arg(long, value_name = "TAG", value_parser = tag)]
    pub(crate) tag: Option<String>,

    /// Print only how many words are due, for a shell's prompt
    #[arg(long, conflicts_with_all = ["number", "from", "tag"])]
    pub(crate) count: bool,
}

/// Which words are reviewed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    /// Stars that are due
    #[default]
    Stars,
    /// Words of the history, starred or not
    History,
}

/// What `stats` takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StatsArguments {
    /// From this time on: 2026-11-23, 30d, 2w, 1y [default: 1y]
    #[arg(id = "stats_since", long = "since", value_name = "TIME")]
    pub(crate) since: Option<When>,

    /// Write the map of days into FILE as a picture (SVG), too
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

/// What `random` and `today` take.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PickArguments {
    /// Only a word whose entry has this tag (cet4, cet6, gre, as far as the dictionary has them)
    #[arg(long, value_name = "TAG", value_parser = tag)]
    pub(crate) tag: Option<String>,
}
