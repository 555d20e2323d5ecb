//! What the operator has decided: command line over environment over configuration file over defaults.

use super::credentials;
use super::dict::DictService;
use super::options::{Lookup, Options, RegistrationMode};
use super::sourced::{Sourced, choose};
use super::state_directory::StateDirectory;
use super::tls::TlsSettings;
use crate::config::address::{Address, addresses};
use crate::config::networks::{Exemptions, Proxies};
use crate::config::session::{DictSettings, SessionSettings};
use crate::config::tls::PairFiles;
use crate::directories;
use crate::exit::{Exit, Fatal};
use crate::files::{self, Pipes};
use crate::store::Location;
use crate::words::BUILT_IN_NAME;
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// The configuration file that is read when none is named.
pub const DEFAULT_CONFIG: &str = "/etc/cidian/cidiand.toml";
/// The words file that is loaded when none is named and it is there.
pub const DEFAULT_WORDS: &str = "/usr/share/cidian/words.txt";
/// The directory of a person's own dictionaries, below that of their data.
const OWN_WORDS: &str = "words";
/// The largest configuration file that is read, in bytes: far above any that makes sense.
const MOST_CONFIG: u64 = 1 << 20;
/// The same for a file with the database's URL.
const MOST_URL: u64 = 64 << 10;
/// The most connections to the database, by default: well below the 151 clients that a MariaDB takes by default.
const DATABASE_CONNECTIONS: u32 = 64;

/// How many MiB of lookups may wait for the database, by default: some 900,000 of them.
const SPOOL_LIMIT: u32 = 64;
/// How many lookups of one account are kept, by default: some 100 MB of them.
const HISTORY_LIMIT: u64 = 1_000_000;

/// Everything that is settled before the daemon starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: Vec<Address>,
    /// Whether the operator named no addresses: sockets from systemd are then used instead.
    pub listens_by_default: bool,
    /// Where to speak TLS; there is a certificate if there is any.
    pub tls_listen: Vec<Address>,
    /// Where to speak DICT.
    pub dict_listen: Vec<Address>,
    /// The TLS certificate and its key.
    pub pair: Option<PairFiles>,
    /// What is wrong if nothing speaks TLS with them: only systemd knows whether it passes a socket for that.
    pub pair_unheard: Option<Fatal>,
    /// What sessions need to know.
    pub session: SessionSettings,
    /// Where words are looked up.
    pub lookup: Lookup,
    /// The words files and directories of them, in the order of preference; the built-in words without any.
    pub words: Vec<PathBuf>,
    /// The most clients at once; no limit without one.
    pub max_clients: Option<u32>,
    /// The most clients from one source at once; no limit without one.
    pub max_clients_per_source: Option<u32>,
    /// Whom no per-source limit or penalty touches.
    pub exempt: Exemptions,
    /// From where connections begin with a proxy's header.
    pub proxies: Proxies,
    /// The most connections to the database at once, the writer's among them; at least two.
    pub database_connections: u32,
    /// The most bytes of lookups that wait for the database; 0 for no spool. A client's private server has no place for
    /// any.
    pub spool_limit: Option<u64>,
    /// The most lookups of one account, the oldest of which go; no limit without one.
    pub history_limit: Option<u64>,
    /// Whether a process that was confined beforehand forks the clients' children, where kernel and machine have what
    /// that takes.
    pub fork_server: bool,
    /// Where what lasts is kept.
    pub state_directory: StateDirectory,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<OneOrMore>,
    tls_listen: Option<OneOrMore>,
    dict_listen: Option<OneOrMore>,
    dict_account: Option<String>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    require_tls: Option<bool>,
    require_cluster: Option<bool>,
    fork_server: Option<bool>,
    database: Option<String>,
    database_file: Option<PathBuf>,
    words: Option<OneOrMore>,
    lookup: Option<Lookup>,
    registration: Option<RegistrationMode>,
    max_clients: Option<u32>,
    max_clients_per_source: Option<u32>,
    exempt_source: Option<OneOrMore>,
    proxy_protocol: Option<OneOrMore>,
    database_connections: Option<u32>,
    spool_limit: Option<u32>,
    history_limit: Option<u64>,
    lookup_rate: Option<u32>,
    idle_timeout: Option<u64>,
    login_grace: Option<u64>,
}

/// A text, or a list of texts.
#[derive(Debug)]
struct OneOrMore(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text in quotes, or a list of them in brackets")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<OneOrMore, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(texts)).map(OneOrMore)
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

/// What is wrong with the configuration file, in an operator's terms: with the key, and without the parser's
/// types.
fn plainly(text: &str, error: &toml::de::Error) -> String {
    let begin = error.span().map_or(0, |span| span.start.min(text.len()));
    let number = text[..begin].matches('\n').count() + 1;
    let message = error.message();
    let wrong =
        ["invalid type: ", "invalid value: ", "unknown variant "].iter().find_map(|kind| message.strip_prefix(kind));
    let Some((found, wanted)) = wrong.and_then(|wrong| wrong.split_once(", expected ")) else {
        return format!("line {number}: {message}");
    };
    let wanted = match wanted {
        "u32" => "a whole number, from 0 to 4294967295",
        "u64" => "a whole number, 0 or more",
        "path string" => "a path in quotes",
        "a string" => "a text in quotes",
        "a boolean" => "true or false",
        other => other,
    };
    let found = match found {
        "sequence" => "a list",
        "map" => "a table",
        other => ["integer ", "floating point ", "boolean ", "string "]
            .iter()
            .find_map(|kind| other.strip_prefix(kind))
            .unwrap_or(other),
    };
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let key = line.split_once('=').map(|(key, _)| format!("{}: ", key.trim())).unwrap_or_default();
    format!("line {number}: {key}expected {wanted}, not {found}")
}

/// A variable of the environment that is set, and not to nothing.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Settings, and what is wrong with them.
#[derive(Debug)]
pub struct CheckedSettings {
    /// The settings; what is wrong is as if it had not been set.
    pub settings: Settings,
    /// The mistakes.
    pub problems: Vec<Fatal>,
    /// Whether the database is the one that is wanted.
    pub database_is_known: bool,
}

/// The mistakes so far.
#[derive(Default)]
struct Problems(Vec<Fatal>);

impl Problems {
    /// The value; nothing in the place of a mistake.
    fn noted<T: Default>(&mut self, settled: Result<T, Fatal>) -> T {
        settled.unwrap_or_else(|problem| {
            self.0.push(problem);
            T::default()
        })
    }
}

impl Settings {
    /// Settles everything.
    ///
    /// # Errors
    /// [`Exit::Usage`] for the command line's (or the environment's) mistakes, [`Exit::Configuration`] for the file's.
    pub fn settle(options: Options, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Fatal> {
        let checked = Self::check(options, environment)?;
        checked.problems.into_iter().next().map_or(Ok(checked.settings), Err)
    }

    /// Settles everything, and goes on after a mistake.
    ///
    /// # Errors
    /// The configuration file can't be read at all, or there is no state directory.
    #[expect(clippy::too_many_lines, reason = "one option after the other")]
    pub fn check(options: Options, environment: impl Fn(&str) -> Option<String>) -> Result<CheckedSettings, Fatal> {
        let mut problems = Problems::default();
        let (file, path) = read_config(options.config.as_deref())?;
        let state_directory = StateDirectory::locate(&environment)?;

        let texts = |list: Option<OneOrMore>| list.map(|OneOrMore(texts)| texts);
        let tls_listen = choose("tls-listen", options.tls_listen, texts(file.tls_listen), &path);
        let credential = |name| credentials::path(name, &environment);
        let tls = TlsSettings::settle(
            tls_listen,
            choose("tls-cert", options.tls_cert, credential(credentials::TLS_CERT).or(file.tls_cert), &path),
            choose("tls-key", options.tls_key, credential(credentials::TLS_KEY).or(file.tls_key), &path),
        );
        let tls = problems.noted(tls);
        let dict_listen = choose("dict-listen", options.dict_listen, texts(file.dict_listen), &path);
        let dict_account = choose("dict-account", options.dict_account, file.dict_account, &path);
        let dict = problems.noted(DictService::settle(dict_listen, dict_account));
        let listen = choose("listen", options.listen, texts(file.listen), &path);
        let listens_by_default = listen.is_none();
        let listen = match listen {
            Some(said) if said.value.is_empty() && tls.pair.is_none() && dict.listen.is_empty() => {
                problems.noted(Err(said.wrong("no address")))
            }
            Some(said) => problems.noted(addresses(&said)),
            None => vec![Address::default()],
        };
        let exempt = choose("exempt-source", options.exempt_source, texts(file.exempt_source), &path);
        let exempt = match exempt {
            Some(said) => problems.noted(Exemptions::parse(&said.value).map_err(|why| said.wrong(why))),
            None => Exemptions::default(),
        };
        let proxies = choose("proxy-protocol", options.proxy_protocol, texts(file.proxy_protocol), &path);
        let proxies = match proxies {
            Some(said) => problems.noted(Proxies::parse(&said.value).map_err(|why| said.wrong(why))),
            None => Proxies::default(),
        };
        let said = database_url(
            options.database,
            options.database_file,
            &environment,
            file.database,
            file.database_file,
            &path,
        );
        let own = || Location::Sqlite(state_directory.path().join("cidian.db"));
        let database = said.and_then(|said| match said {
            Some(said) => Location::parse(&said.value).map_err(|why| said.wrong(why)),
            None => Ok(own()),
        });
        let said = choose("require-cluster", options.require_cluster.then_some(true), file.require_cluster, &path);
        let database = database.and_then(|database| match said {
            Some(said) if said.value => {
                let required = database.requiring_a_cluster();
                required.ok_or_else(|| said.wrong("an embedded database is not in a cluster"))
            }
            _ => Ok(database),
        });
        let database_is_known = database.is_ok();
        let database = database.unwrap_or_else(|problem| {
            problems.0.push(problem);
            own()
        });
        let said = choose("database-connections", options.database_connections, file.database_connections, &path);
        let database_connections = match said {
            Some(said) if said.value < 2 => {
                problems.0.push(said.wrong("at least 2: one for the writer, one for everything else"));
                DATABASE_CONNECTIONS
            }
            said => said.map_or(DATABASE_CONNECTIONS, |said| said.value),
        };
        let of_file = || texts(file.words).unwrap_or_default().into_iter().map(PathBuf::from).collect();
        let mut words = if options.words.is_empty() { of_file() } else { options.words };
        let default = PathBuf::from(DEFAULT_WORDS);
        if words.is_empty() && default.exists() {
            words.push(default);
        }
        let limit =
            |option: Option<u32>, key: Option<u32>, default| Some(option.or(key).unwrap_or(default)).filter(|&n| n > 0);
        let seconds = |option: Option<u64>, key: Option<u64>, default| {
            Some(option.or(key).unwrap_or(default)).filter(|&n| n > 0).map(Duration::from_secs)
        };
        let settings = Self {
            listen,
            listens_by_default,
            tls_listen: tls.listen,
            dict_listen: dict.listen,
            pair: tls.pair,
            pair_unheard: tls.unheard,
            session: SessionSettings {
                database,
                registration_open: options.registration.or(file.registration) != Some(RegistrationMode::Closed),
                idle_timeout: seconds(options.idle_timeout, file.idle_timeout, 600),
                login_grace: seconds(options.login_grace, file.login_grace, 60),
                require_tls: options.require_tls || file.require_tls == Some(true),
                lookup_rate: options.lookup_rate.or(file.lookup_rate).unwrap_or(0),
                dict: dict.session,
            },
            lookup: options.lookup.or(file.lookup).unwrap_or(Lookup::Text),
            words,
            max_clients: limit(options.max_clients, file.max_clients, 10_000),
            max_clients_per_source: limit(options.max_clients_per_source, file.max_clients_per_source, 256),
            exempt,
            proxies,
            database_connections,
            history_limit: Some(options.history_limit.or(file.history_limit).unwrap_or(HISTORY_LIMIT))
                .filter(|&rows| rows > 0),
            spool_limit: Some(u64::from(options.spool_limit.or(file.spool_limit).unwrap_or(SPOOL_LIMIT)) << 20),
            fork_server: options.fork_server || file.fork_server == Some(true),
            state_directory,
        };
        Ok(CheckedSettings { settings, problems: problems.0, database_is_known })
    }

    /// What a client's private server runs with: the embedded database, the built-in words and the person's own, and no
    /// limits that a person at a prompt would meet.
    ///
    /// # Errors
    /// There is no state directory.
    pub fn local(environment: impl Fn(&str) -> Option<String>) -> Result<Self, Fatal> {
        let state_directory = StateDirectory::locate(&environment)?;
        Ok(Self {
            listen: Vec::new(),
            listens_by_default: false,
            tls_listen: Vec::new(),
            dict_listen: Vec::new(),
            pair: None,
            pair_unheard: None,
            session: SessionSettings {
                database: Location::Sqlite(state_directory.path().join("cidian.db")),
                registration_open: true,
                idle_timeout: None,
                login_grace: None,
                require_tls: false,
                lookup_rate: 0,
                dict: DictSettings::default(),
            },
            lookup: Lookup::Text,
            words: own_words(&environment),
            max_clients: None,
            max_clients_per_source: None,
            exempt: Exemptions::everybody_here(),
            proxies: Proxies::default(),
            database_connections: DATABASE_CONNECTIONS,
            spool_limit: None,
            history_limit: None,
            fork_server: false,
            state_directory,
        })
    }
}

/// The built-in words, and behind them the dictionaries that a person has put into the directory of their own.
fn own_words(environment: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let own = directories::data(|name| environment(name).map(Into::into)).map(|directory| directory.join(OWN_WORDS));
    let is_dictionary =
        |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "txt");
    let has_any = |directory: &PathBuf| {
        std::fs::read_dir(directory)
            .is_ok_and(|mut entries| entries.any(|entry| entry.as_ref().is_ok_and(is_dictionary)))
    };
    match own.filter(has_any) {
        Some(own) => vec![PathBuf::from(BUILT_IN_NAME), own],
        None => Vec::new(),
    }
}

fn read_config(named: Option<&Path>) -> Result<(File, PathBuf), Fatal> {
    let path = named.unwrap_or(Path::new(DEFAULT_CONFIG));
    let wrong = |why: String| Fatal::new(Exit::Configuration, format!("{}: {why}", path.display()));
    match files::read_text(path, MOST_CONFIG) {
        Ok(text) => {
            let file = toml::from_str(&text).map_err(|error| wrong(plainly(&text, &error)))?;
            Ok((file, path.to_owned()))
        }
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Ok((File::default(), path.to_owned()))
        }
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn database_url(
    option: Option<String>,
    option_file: Option<PathBuf>,
    environment: impl Fn(&str) -> Option<String>,
    key: Option<String>,
    key_file: Option<PathBuf>,
    config: &Path,
) -> Result<Option<Sourced<Zeroizing<String>>>, Fatal> {
    let from_file = |said: Sourced<PathBuf>| {
        let shown = said.value.display();
        let wrong = |error: std::io::Error| said.wrong(format!("{shown}: {error}"));
        let notice = || log::info!("{}: waiting for data from the pipe {shown}", said.by);
        let opened = files::open(&said.value, Pipes::Taken(&notice)).map_err(wrong)?;
        let found = opened.metadata();
        // A mistake inside the file, or about it, is never the command line's.
        let (exit, by) = (Exit::Configuration, format!("{}: {shown}", said.by));
        let mode = found.mode() & 0o7777;
        // Of the very file that is read. A pipe (`<(pass show database)`) is private.
        if found.is_file() && mode & 0o006 != 0 {
            let why = "every user of this machine can read or change the password in it";
            return Err(Fatal::new(exit, format!("{by}: {why} (mode {mode:04o}); chmod 600 {shown}")));
        }
        let bytes = opened.read(MOST_URL).map_err(wrong)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| said.wrong(format!("{shown}: it is not UTF-8")))?;
        Ok(Sourced { value: Zeroizing::new(text.trim().to_owned()), exit, by })
    };
    if let Some(value) = option.map(Zeroizing::new) {
        return Ok(Some(Sourced { value, exit: Exit::Usage, by: "--database".to_owned() }));
    }
    if let Some(value) = option_file {
        return from_file(Sourced { value, exit: Exit::Usage, by: "--database-file".to_owned() }).map(Some);
    }
    if let Some(value) = environment("CIDIAN_DATABASE").map(Zeroizing::new) {
        return Ok(Some(Sourced { value, exit: Exit::Usage, by: "CIDIAN_DATABASE".to_owned() }));
    }
    if let Some(value) = credentials::path(credentials::DATABASE, &environment) {
        let by = "credential".to_owned();
        return from_file(Sourced { value, exit: Exit::Configuration, by }).map(Some);
    }
    let by = |key: &str| format!("{}: {key}", config.display());
    match (key.map(Zeroizing::new), key_file) {
        (Some(_), Some(_)) => Err(Fatal::new(
            Exit::Configuration,
            format!("{}: database and database_file exclude each other", config.display()),
        )),
        (Some(value), None) => {
            let secret = matches!(Location::parse(&value), Ok(Location::MySql(server)) if !server.password.is_empty());
            if secret && std::fs::metadata(config).is_ok_and(|found| found.mode() & 0o004 != 0) {
                log::warn!(
                    "{0}: every user of this machine can read the database's password in it; chmod o-r {0}, or put the \
                     URL into a file of its own (database_file)",
                    config.display()
                );
            }
            Ok(Some(Sourced { value, exit: Exit::Configuration, by: by("database") }))
        }
        (None, Some(value)) => {
            from_file(Sourced { value, exit: Exit::Configuration, by: by("database_file") }).map(Some)
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::options::CommandLine;
    use clap::Parser;

    fn settle(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Settings, Fatal> {
        let line = CommandLine::try_parse_from([&["cidiand"], arguments].concat()).unwrap();
        let mut options = line.options;
        let none = tempfile::NamedTempFile::new().unwrap();
        options.config.get_or_insert_with(|| none.path().to_owned());
        Settings::settle(options, |name| {
            let found = environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            found.or_else(|| (name == "STATE_DIRECTORY").then(|| "/state".to_owned()))
        })
    }

    #[test]
    fn defaults_are_the_interfaces() {
        let settings = settle(&[], &[]).unwrap();
        assert_eq!(settings.listen, [Address::parse("127.0.0.1:2629").unwrap()]);
        assert_eq!(settings.session.database, Location::Sqlite("/state/cidian.db".into()));
        assert_eq!((settings.max_clients, settings.max_clients_per_source), (Some(10_000), Some(256)));
        assert_eq!(settings.session.idle_timeout, Some(Duration::from_secs(600)));
        assert_eq!(settings.spool_limit, Some(64 * 1024 * 1024));
        assert_eq!(settings.session.login_grace, Some(Duration::from_secs(60)));
        assert!(settings.session.registration_open);
        assert_eq!(settings.exempt, Exemptions::default());
    }

    #[test]
    fn the_command_line_wins_over_the_environment_over_the_file() {
        let mut config = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(
            &mut config,
            b"listen = ['[::1]:1', 'unix:/s']\ndatabase = 'sqlite:/file'\nmax_clients = 0\nidle_timeout = 7\nexempt_source = 'none'\nregistration = 'closed'\n",
        )
        .unwrap();
        let config = config.path().to_str().unwrap();
        let settings = settle(&["--config", config, "--idle-timeout", "0"], &[]).unwrap();
        assert_eq!(settings.listen.len(), 2);
        assert_eq!(settings.session.database, Location::Sqlite("/file".into()));
        assert_eq!((settings.max_clients, settings.session.idle_timeout), (None, None));
        assert!(
            settings.exempt == Exemptions::parse(&["none".to_owned()]).unwrap() && !settings.session.registration_open
        );
        let settings = settle(&["--config", config], &[("CIDIAN_DATABASE", "sqlite:/environment")]).unwrap();
        assert_eq!(settings.session.database, Location::Sqlite("/environment".into()));
        let settings =
            settle(&["--config", config, "--database", "sqlite:/line"], &[("CIDIAN_DATABASE", "sqlite:/environment")])
                .unwrap();
        assert_eq!(settings.session.database, Location::Sqlite("/line".into()));
    }

    #[test]
    fn tls_in_the_file_and_on_the_command_line() {
        let mut config = tempfile::NamedTempFile::new().unwrap();
        let text = b"listen = []\ntls_listen = '[::]:2630'\ntls_cert = '/c'\ntls_key = '/k'\nrequire_tls = true\n";
        std::io::Write::write_all(&mut config, text).unwrap();
        let config = config.path().to_str().unwrap();
        let settings = settle(&["--config", config, "--tls-key", "/other"], &[]).unwrap();
        assert_eq!((settings.listen.len(), settings.tls_listen.len()), (0, 1));
        assert_eq!(settings.pair, Some(PairFiles { certificate: "/c".into(), key: "/other".into() }));
        assert!(settings.session.require_tls);
        let mut half = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut half, b"tls_listen = '[::]:2630'\ntls_cert = '/c'\n").unwrap();
        let fatal = settle(&["--config", half.path().to_str().unwrap()], &[]).unwrap_err();
        assert_eq!(fatal.exit, Exit::Configuration);
        let settings = settle(&[], &[]).unwrap();
        assert!(settings.pair.is_none() && settings.tls_listen.is_empty() && !settings.session.require_tls);
    }

    /// Credentials are closer to the service than the file is.
    #[test]
    fn credentials_win_over_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("cidiand.toml");
        std::fs::write(&config, "database = 'sqlite:/file'\ntls_cert = '/c'\ntls_key = '/k'\n").unwrap();
        for (name, text) in [(credentials::DATABASE, "sqlite:/credential\n"), (credentials::TLS_KEY, "")] {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o440)).unwrap();
        }
        let config = ["--config", config.to_str().unwrap()];
        let handed = ("CREDENTIALS_DIRECTORY", directory.path().to_str().unwrap());
        let settings = settle(&config, &[handed]).unwrap();
        assert_eq!(settings.session.database, Location::Sqlite("/credential".into()));
        let pair = settings.pair.unwrap();
        assert_eq!((pair.certificate, pair.key), ("/c".into(), directory.path().join(credentials::TLS_KEY)));
        // That nothing listens for TLS is reported by the daemon, not here.
        assert_eq!(settings.pair_unheard.unwrap().exit, Exit::Configuration);
        let settings = settle(&config, &[handed, ("CIDIAN_DATABASE", "sqlite:/environment")]).unwrap();
        assert_eq!(settings.session.database, Location::Sqlite("/environment".into()));
    }

    #[test]
    fn mistakes_are_told_apart() {
        for arguments in [
            &["--database", "postgres://x/y"][..],
            &["--listen", "nowhere"],
            &["--exempt-source", "1.2.3.4/99"],
            &["--exempt-source", "none", "--exempt-source", "::1"],
        ] {
            assert_eq!(settle(arguments, &[]).unwrap_err().exit, Exit::Usage, "{arguments:?}");
        }
        for part in ["--tls-listen 1.2.3.4:5", "--tls-cert c", "--tls-key k", "--tls-listen 1.2.3.4:5 --tls-cert c"] {
            let arguments: Vec<&str> = part.split(' ').collect();
            let fatal = settle(&arguments, &[]).unwrap_err();
            assert_eq!(fatal.exit, Exit::Usage, "{part}");
            assert!(fatal.message.contains("tls-cert and tls-key"), "{fatal}");
        }
        let mut config = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut config, b"# fine\nno_such_key = 1\n").unwrap();
        let fatal = settle(&["--config", config.path().to_str().unwrap()], &[]).unwrap_err();
        assert_eq!(fatal.exit, Exit::Configuration);
        assert!(fatal.message.contains("line 2") && fatal.message.contains("no_such_key"), "{fatal}");
        assert_eq!(settle(&["--config", "/nowhere"], &[]).unwrap_err().exit, Exit::Configuration);
    }

    #[test]
    fn the_file_s_mistakes_are_told_in_plain_words() {
        for (line, told) in [
            ("listen = 5", "line 2: listen: expected a text in quotes, or a list of them in brackets, not `5`"),
            ("exempt_source = [\"none\", 1]", "line 2: exempt_source: expected a text in quotes, not `1`"),
            (
                "max_clients = \"many\"",
                "line 2: max_clients: expected a whole number, from 0 to 4294967295, not \"many\"",
            ),
            ("max_clients = -1", "line 2: max_clients: expected a whole number, from 0 to 4294967295, not `-1`"),
            ("idle_timeout = 0.5", "line 2: idle_timeout: expected a whole number, 0 or more, not `0.5`"),
            ("words = [5]", "line 2: words: expected a text in quotes, not `5`"),
            ("database = 'sqlite:/x'\nrequire_cluster = true", "an embedded database is not in a cluster"),
            ("require_tls = \"yes\"", "line 2: require_tls: expected true or false, not \"yes\""),
            ("registration = \"ajar\"", "line 2: registration: expected `open` or `closed`, not `ajar`"),
        ] {
            let config = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(config.path(), format!("# fine\n{line}\n")).unwrap();
            let fatal = settle(&["--config", config.path().to_str().unwrap()], &[]).unwrap_err();
            assert_eq!(fatal.exit, Exit::Configuration);
            assert!(fatal.message.contains(told), "{line}: {fatal}");
        }
    }
}
