//! From the command line to serving: each step checks something, and the first one that fails reports what is wrong and
//! why.

use super::children::control_channel::ControlChannel;
use super::control::Control;
use super::helpers::loader::{Loader, Wanted};
use super::helpers::probe;
use super::helpers::sandboxes::{self, Sandboxes};
use super::helpers::writer::Supervisor;
use super::kept_image::KeptImage;
use super::listeners::Listener;
use super::parent::{Parent, Parts};
use super::signals::Signals;
use super::systemd::notify::Notifier;
use super::systemd::{activation, logging};
use crate::config::address::Address;
use crate::config::options::Lookup;
use crate::config::settings::{CheckedSettings, Settings, environment};
use crate::config::state_directory::can_be_made;
use crate::config::{addresses, dict, lost};
use crate::exit::{Exit, Fatal};
use crate::ipc::scoreboard::Scoreboard;
use crate::sandbox;
use crate::session::{Language, TableNotes, WordSource};
use crate::standard_error::StandardError;
use crate::store::{self, Location};
use crate::sys::sandbox::Support;
use crate::sys::{self, Forker, Origin, Title};
use crate::writer::SpoolFile;
use log::{debug, warn};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};

/// The most children there is a place for, where no limit is set: as many as a 64-bit Linux has process numbers
/// by default for one user, and more than it will fork.
const MOST_CHILDREN: u32 = 1 << 17;

/// Serves, until a signal ends it.
///
/// # Errors
/// What keeps it from serving.
pub fn serve(settings: Settings, origin: Origin, lines: StandardError) -> Result<Exit, Fatal> {
    logging::never_wait(&lines);
    let forker = origin.into_forker();
    match sys::use_huge_pages_for_code(&forker) {
        Ok(size) => debug!("{} KiB of the program are in huge pages", size / 1_024),
        Err(error) => debug!("the program's code stays where it is: {error}"),
    }
    // Whatever umask this process was started with: files made from here on are private unless a mode is given.
    umask(Mode::from_bits_truncate(0o077));
    settings.state_directory.make()?;
    // Held for as long as the process lives.
    let _lock = settings.state_directory.lock()?;
    let listeners = listeners(&settings, activation::take(&forker)?)?;
    let notifier = Notifier::take(&forker);
    let control = Control::open(&settings.state_directory.for_control(environment))?;
    let parent = prepare(settings, forker, listeners, Some(control), None, notifier, lines)?;
    Ok(parent.serve())
}

/// Those that systemd has opened, and those that are asked for besides.
fn listeners(settings: &Settings, passed: Vec<Listener>) -> Result<Vec<Listener>, Fatal> {
    let mut listeners = passed;
    let from_systemd = listeners.len();
    // Without an address of the operator's, sockets from systemd are used instead.
    let listen: &[Address] = if from_systemd > 0 && settings.listens_by_default { &[] } else { &settings.listen };
    let (tls_listen, dict_listen) = (settings.tls_listen.as_slice(), settings.dict_listen.as_slice());
    let asked = [(listen, Language::Lines), (tls_listen, Language::LinesOverTls), (dict_listen, Language::Dict)];
    for (addresses, language) in asked {
        for address in addresses {
            if !listeners.iter().take(from_systemd).any(|passed| passed.is_at(address)) {
                listeners.extend(Listener::open(address, language)?);
            }
        }
    }
    let speak = |language| listeners.iter().filter(move |listener| listener.language == language);
    // Of hosts by name, and of sockets from systemd, it is known only now where they are.
    if settings.session.dict.account.is_some()
        && let Some(open) = speak(Language::Dict).find(|listener| !listener.is_on_this_machine())
    {
        return Err(Fatal::new(Exit::Configuration, format!("dict-account: {}", dict::not_for_others(open))));
    }
    match (speak(Language::LinesOverTls).next().is_some(), &settings.pair, &settings.pair_unheard) {
        (true, None, _) => Err(Fatal::new(
            Exit::Configuration,
            format!("a socket named {} came from systemd: TLS needs tls-cert and tls-key", activation::TLS),
        )),
        (false, Some(_), Some(unheard)) => Err(unheard.clone()),
        _ if listeners.is_empty() => Err(Fatal::new(Exit::Configuration, "listen: no address")),
        _ => Ok(listeners),
    }
}

/// What a daemon and a client's private server have in common on the way to serving.
pub(super) fn prepare(
    settings: Settings,
    mut forker: Forker,
    listeners: Vec<Listener>,
    control: Option<Control>,
    kept_image: Option<KeptImage>,
    notifier: Notifier,
    lines: StandardError,
) -> Result<Parent, Fatal> {
    sys::fix_allocator();
    raise_descriptor_limit();
    let system = |what: &str, error: &dyn std::fmt::Display| Fatal::new(Exit::System, format!("{what}: {error}"));
    let signals = Signals::install().map_err(|error| system("signals", &error))?;
    for network in settings.proxies.too_wide() {
        warn!("proxy-protocol {network}: any client can claim any address; name only the addresses of your proxies");
    }
    let support = sandboxes::support();
    let wanted_words = (settings.lookup == Lookup::Text).then(|| settings.words.clone());
    let wanted = Wanted { words: wanted_words, pair: settings.pair.clone() };
    let (words, memory, pair) = load(wanted, kept_image.as_ref(), &mut forker, support)?;
    lost::check(&settings.state_directory, &settings.session.database)?;
    let probe::Found { identity, is_cluster } = probe::check(&mut forker, &settings.session.database, support)?;
    lost::remember(&settings.state_directory, &settings.session.database, identity);
    if let Some(directory) = sandbox::directory(&settings.session.database) {
        // Sessions have no access to the usual places for temporary files.
        sys::set_variable("SQLITE_TMPDIR", directory.as_os_str(), &forker);
    }
    store::warm_up(&settings.session.database);
    if pair.is_some() {
        // For the same reason as there: TLS asks for more of what the processor has.
        std::hint::black_box(ring::digest::digest(&ring::digest::SHA256, b""));
    }
    // The first call looks through all libraries for how to make it: once here, not once in each child. What is wrong shows
    // where random numbers are needed.
    let _ = getrandom::u32();
    let sandboxes = Sandboxes::prepare(&settings.session.database, support)?;
    let slots = settings.max_clients.unwrap_or(MOST_CHILDREN).min(MOST_CHILDREN);
    let scoreboard = Scoreboard::new(slots).map_err(|error| system("the scoreboard of children", &error))?;
    scoreboard.database_hosts().show_cluster(is_cluster);
    let control_channel = ControlChannel::new().map_err(|error| system("the control channel", &error))?;
    let directory = settings.state_directory.path();
    let spool = settings.spool_limit.map(|limit| SpoolFile::open(directory, limit, identity)).transpose();
    let spool = spool.map_err(|error| system("the spool", &error))?;
    if let Some(left) = spool.as_ref().map(SpoolFile::size).filter(|&size| size > 0) {
        // Until the writer has counted them.
        scoreboard.show_spool(1, left, 0);
    }
    let writer = Supervisor::new(spool).map_err(|error| system("the writer", &error))?;
    let title = Title::prepare(&forker);
    if title.is_none() {
        warn!("process titles are unavailable: /proc does not show where the command line is");
    }
    Parent::new(Parts {
        forker,
        settings,
        listeners,
        signals,
        words,
        memory,
        pair,
        scoreboard,
        control_channel,
        writer,
        control,
        notifier,
        title,
        sandboxes,
        lines,
    })
}

/// The words, and the sealed memory of words and certificate.
fn load(
    wanted: Wanted,
    kept_image: Option<&KeptImage>,
    forker: &mut Forker,
    support: Support,
) -> Result<(WordSource, Option<OwnedFd>, Option<OwnedFd>), Fatal> {
    if wanted.is_nothing() {
        return Ok((WordSource::Table(TableNotes::default()), None, None));
    }
    let system = |error: &dyn std::fmt::Display| Fatal::new(Exit::System, format!("words: {error}"));
    let kept_image = kept_image.filter(|_| wanted.is_built_in_words());
    if let Some(memory) = kept_image.and_then(KeptImage::read)
        && let Ok(words) = WordSource::snapshot(1, memory.as_fd())
    {
        words.populate();
        return Ok((words, Some(memory), None));
    }
    let sandbox = sandboxes::one(sandbox::loader(), support)?;
    let loader = Loader::start(forker, &sandbox, wanted, None).map_err(|error| system(&error))?;
    let loaded = loader.finish();
    // Reaped here: the loop has not begun.
    let _ = nix::sys::wait::waitpid(loader.helper.pid(), None);
    let loaded = loaded?;
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    let words = match &loaded.words {
        Some(memory) => {
            WordSource::snapshot(1, memory.as_fd()).inspect(WordSource::populate).map_err(|error| system(&error))?
        }
        None => WordSource::Table(TableNotes::default()),
    };
    if let Some((kept_image, dictionary)) = kept_image.zip(words.loaded())
        && let Err(error) = kept_image.write(dictionary.image().as_ref())
    {
        debug!("cannot save the image of the words: {error}");
    }
    Ok((words, loaded.words, loaded.pair))
}

/// Each child that waits for its turn to hash costs the parent a descriptor; the usual soft limit of 1024 is for
/// programs that use `select(2)`.
fn raise_descriptor_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(soft, hard)| if soft < hard { setrlimit(Resource::RLIMIT_NOFILE, hard, hard) } else { Ok(()) });
    if let Err(error) = raised {
        warn!("cannot raise the limit of open files: {error}");
    }
}

/// `--check`: every problem is reported, not only the first. It makes no directory and no database, and leaves one of an
/// older version as it is: the daemon of that version may be running.
pub fn check(checked: CheckedSettings, origin: Origin) -> Exit {
    let CheckedSettings { settings, problems, database_is_known } = checked;
    let mut forker = origin.into_forker();
    let support = sandboxes::support();
    let mut worst = Exit::Success;
    let mut note = |outcome: Result<String, Fatal>| match outcome {
        Ok(fine) => {
            // A reader that has gone does not fail the check.
            let _ = writeln!(std::io::stdout().lock(), "{fine}");
        }
        Err(fatal) => {
            logging::complain(&fatal);
            if worst == Exit::Success {
                worst = fatal.exit;
            }
        }
    };
    if problems.is_empty() {
        note(Ok("configuration: fine".to_owned()));
    }
    problems.into_iter().for_each(|problem| note(Err(problem)));
    let problems = addresses::check(settings.listen.iter().chain(&settings.tls_listen).chain(&settings.dict_listen));
    problems.into_iter().for_each(|problem| note(Err(problem)));
    let words = (settings.lookup == Lookup::Text).then(|| settings.words.clone());
    note(load(Wanted { words, pair: None }, None, &mut forker, support).map(|(words, ..)| match words.headwords() {
        Some(headwords) => format!("words: fine, {headwords} headwords"),
        None => "words: looked up in table words".to_owned(),
    }));
    if let Some(pair) = &settings.pair {
        let checked = load(Wanted { words: None, pair: Some(pair.clone()) }, None, &mut forker, support);
        note(checked.map(|_| format!("TLS: fine, certificate {}", pair.certificate.display())));
    }
    match settings.state_directory.look() {
        Ok(is_there) => {
            if !is_there {
                let path = settings.state_directory.path().display();
                note(Ok(format!("state directory: {path} does not exist yet; it would be created")));
            }
            if database_is_known {
                note(check_database(&settings, &mut forker, support));
            }
        }
        Err(fatal) => note(Err(fatal)),
    }
    worst
}

/// What `--check` says of the database. One that is not there yet is not made.
fn check_database(settings: &Settings, forker: &mut Forker, support: Support) -> Result<String, Fatal> {
    let database = &settings.session.database;
    lost::look(&settings.state_directory, database)?;
    if let Location::Sqlite(path) = database {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                can_be_made(path)
                    .map_err(|error| Fatal::new(Exit::Configuration, format!("database {database}: {error}")))?;
                let directory = path.parent().filter(|directory| *directory != settings.state_directory.path());
                let directory = directory.filter(|directory| !directory.as_os_str().is_empty() && !directory.exists());
                let with =
                    directory.map_or(String::new(), |directory| format!(", with directory {}", directory.display()));
                return Ok(format!("database: fine, {database} does not exist yet; it would be created{with}"));
            }
            Ok(found) if found.is_file() && found.len() == 0 => {
                return Ok(format!("database: fine, {database} is empty; its tables would be created"));
            }
            _ => {}
        }
        if let Some(would_do) = probe::would_do(forker, database, support)? {
            return Ok(format!("database: fine, {database}: {would_do}"));
        }
    }
    probe::check(forker, database, support).map(|_| format!("database: fine, {database}"))
}
