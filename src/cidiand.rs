//! What `cidiand` does with its command line: it serves, or runs one of the operator's tools.

use crate::admin::{export, import, load, manual, prune, tools, upgrade, users};
use crate::config::options::{DaemonCommand, HistoryCommand, WordsCommand};
use crate::config::settings::{Settings, environment};
use crate::daemon::{self, logging};
use crate::sys::{self, Origin};
use log::{error, warn};

pub use crate::config::options::CommandLine;
pub use crate::exit::{Exit, Fatal};

/// Carries out the command line.
pub fn run(line: CommandLine, origin: Origin) -> Exit {
    let lines = logging::start(log::LevelFilter::Info);
    if let Err(error) = sys::leave_no_core() {
        warn!("cannot turn off core dumps: {error}");
    }
    let serves = line.command.is_none() && !line.options.check;
    let done = match line.command {
        Some(DaemonCommand::Words(WordsCommand::Check { file })) => tools::check_words(&file),
        Some(DaemonCommand::Words(WordsCommand::Import(request))) => import::import_words(&request),
        Some(DaemonCommand::Reload) => tools::reload(),
        Some(DaemonCommand::Status { json }) => tools::status(json),
        Some(DaemonCommand::Completions { shell }) => tools::say(manual::completions(shell).trim_end()),
        Some(DaemonCommand::Manual { directory }) => tools::write_manual(&directory),
        Some(DaemonCommand::Metrics { output }) => tools::metrics(output.as_deref()),
        None if line.options.check => {
            Settings::check(line.options, environment).map(|checked| daemon::check(checked, origin))
        }
        command => Settings::settle(line.options, environment).and_then(|settings| match command {
            Some(DaemonCommand::InitDb { upgrade: false, .. }) => tools::init_db(&settings, origin),
            Some(DaemonCommand::InitDb { time_zone, .. }) => upgrade::run(&settings, time_zone.as_deref(), origin),
            Some(DaemonCommand::Words(WordsCommand::Load { files })) => load::run(&settings, &files, origin),
            Some(DaemonCommand::ExportUser { name, output }) => {
                export::run(&settings, &name, output.as_deref(), origin)
            }
            Some(DaemonCommand::History(HistoryCommand::Prune { older_than, dry_run })) => {
                prune::run(&settings, older_than, dry_run, origin)
            }
            Some(DaemonCommand::User(user)) => users::run(&settings, user.action, origin),
            // Those that need no settings are done already.
            Some(_) => Ok(Exit::Software),
            None => daemon::serve(settings, origin, lines),
        }),
    };
    done.unwrap_or_else(|fatal| {
        if serves {
            error!("{fatal}");
        } else {
            logging::complain(&fatal);
        }
        fatal.exit
    })
}
