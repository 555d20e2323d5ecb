//! From the command line to serving: each step checks something, and the first that fails says what and why.

use super::control::Control;
use super::exit::{Exit, Fatal};
use super::hub::Hub;
use super::listeners::Listener;
use super::loader::Loader;
use super::notify::Notifier;
use super::options::{Command, CommandLine, Lookup, WordsCommand};
use super::parent::{Parent, Parts};
use super::settings::{Settings, environment};
use super::signals::Signals;
use super::writer::Supervisor;
use super::{import, logging, probe, tools};
use crate::session::Words;
use crate::session::board::Board;
use crate::sys::{self, Forker, Origin, Title};
use crate::text::printable;
use log::{error, warn};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};

/// The most children there is a place for, where no limit is set: as many as a 64-bit Linux has process numbers
/// by default for one user, and more than it will fork.
const MOST_CHILDREN: u32 = 1 << 17;

/// Does what the command line says.
pub fn run(line: CommandLine, origin: Origin) -> Exit {
    logging::start(log::LevelFilter::Info);
    let serves = line.command.is_none() && !line.options.check;
    let done = match line.command {
        Some(Command::Words(WordsCommand::Check { file })) => tools::check_words(&file),
        Some(Command::Words(WordsCommand::Import(request))) => import::import_words(&request),
        Some(Command::Reload) => tools::reload(),
        Some(Command::Status { json }) => tools::status(json),
        command => Settings::settle(line.options.clone(), environment).and_then(|settings| match command {
            Some(Command::InitDb) => tools::init_db(&settings, origin),
            Some(Command::Words(WordsCommand::Load { file })) => tools::load_words(&settings, &file, origin),
            // Those that need no settings are done already.
            Some(_) => Ok(Exit::Software),
            None if line.options.check => Ok(check(settings, origin)),
            None => serve(settings, origin),
        }),
    };
    done.unwrap_or_else(|fatal| {
        if serves {
            error!("{fatal}");
        } else {
            complain(&fatal);
        }
        fatal.exit
    })
}

/// A tool's failure is said to a person, not to a log.
fn complain(fatal: &Fatal) {
    let _ = writeln!(std::io::stderr().lock(), "cidiand: {}", printable(&fatal.message));
}

fn serve(settings: Settings, origin: Origin) -> Result<Exit, Fatal> {
    let forker = origin.into_forker();
    settings.state_directory.make()?;
    // Held for as long as the process lives.
    let _lock = settings.state_directory.lock()?;
    let mut listeners = Vec::new();
    for address in &settings.listen {
        listeners.extend(Listener::open(address)?);
    }
    let notifier = Notifier::take(&forker);
    let control = Control::open(&settings.state_directory.for_control(environment))?;
    let parent = prepare(settings, forker, listeners, Some(control), notifier)?;
    Ok(parent.serve())
}

/// What a daemon and a client's private server have in common on the way to serving.
pub(super) fn prepare(
    settings: Settings,
    mut forker: Forker,
    listeners: Vec<Listener>,
    control: Option<Control>,
    notifier: Notifier,
) -> Result<Parent, Fatal> {
    sys::fix_allocator();
    raise_descriptor_limit();
    let system = |what: &str, error: &dyn std::fmt::Display| Fatal::new(Exit::System, format!("{what}: {error}"));
    let signals = Signals::install().map_err(|error| system("signals", &error))?;
    // A private server was forked with them blocked.
    sys::let_signals_in().map_err(|error| system("signals", &error))?;
    let (words, memory) = load_words(&settings, &mut forker)?;
    probe::check(&mut forker, &settings.session.database)?;
    let slots = settings.max_clients.unwrap_or(MOST_CHILDREN).min(MOST_CHILDREN);
    let board = Board::new(slots).map_err(|error| system("the board of children", &error))?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let hub = Hub::new(processors).map_err(|error| system("the hub", &error))?;
    let writer = Supervisor::new().map_err(|error| system("the writer", &error))?;
    let title = Title::prepare(&forker);
    if title.is_none() {
        warn!("sessions can't show themselves in ps: /proc does not tell where the command line is");
    }
    Parent::new(Parts {
        forker,
        settings,
        listeners,
        signals,
        words,
        memory,
        board,
        hub,
        writer,
        control,
        notifier,
        title,
    })
}

fn load_words(settings: &Settings, forker: &mut Forker) -> Result<(Words, Option<OwnedFd>), Fatal> {
    if settings.lookup == Lookup::Database {
        return Ok((Words::Table, None));
    }
    let system = |error: &dyn std::fmt::Display| Fatal::new(Exit::System, format!("words: {error}"));
    let loader = Loader::start(forker, settings.words.as_deref()).map_err(|error| system(&error))?;
    let loaded = loader.finish();
    // Reaped here: the loop has not begun.
    let _ = nix::sys::wait::waitpid(loader.helper().pid(), None);
    let loaded = loaded?;
    if let Some(warning) = &loaded.warning {
        warn!("{warning}");
    }
    let words = Words::snapshot(1, loaded.memory.as_fd()).map_err(|error| system(&error))?;
    Ok((words, Some(loaded.memory)))
}

/// Each child that waits for its turn to hash costs the parent a descriptor; the usual soft limit of 1024 is for
/// programs that use `select(2)`.
fn raise_descriptor_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(soft, hard)| if soft < hard { setrlimit(Resource::RLIMIT_NOFILE, hard, hard) } else { Ok(()) });
    if let Err(error) = raised {
        warn!("the limit of open files can't be raised: {error}");
    }
}

/// `--check`: every problem is told, not only the first.
fn check(settings: Settings, origin: Origin) -> Exit {
    let mut forker = origin.into_forker();
    let mut worst = Exit::Success;
    let mut note = |outcome: Result<String, Fatal>| match outcome {
        Ok(fine) => println_quietly(&fine),
        Err(fatal) => {
            complain(&fatal);
            if worst == Exit::Success {
                worst = fatal.exit;
            }
        }
    };
    note(Ok("configuration: fine".to_owned()));
    note(load_words(&settings, &mut forker).map(|(words, _)| match words.headwords() {
        Some(headwords) => format!("words: fine, {headwords} headwords"),
        None => "words: looked up in table words".to_owned(),
    }));
    note(
        settings
            .state_directory
            .make()
            .and_then(|()| probe::check(&mut forker, &settings.session.database))
            .map(|()| format!("database: fine, {}", settings.session.database)),
    );
    worst
}

/// A line on standard output; a reader that has gone is no failure of the check.
fn println_quietly(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
