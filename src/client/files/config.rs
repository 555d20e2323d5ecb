//! The person's configuration file, `~/.config/cidian/config.toml`: settings that the person does not want to repeat in
//! each command. Options and the environment take precedence. The file holds no secret.

use crate::client::error::{Error, Result};
use crate::client::messages::Language;
use crate::client::server::address::Address;
use crate::client::server::tls::Trust;
use crate::client::terminal::colour::Colour;
use crate::words::is_name;
use crate::{directories, files};
use serde::Deserialize;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Longest file that is taken: far above any that makes sense.
const MAX_BYTES: u64 = 64 << 10;

/// The file's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the server is.
    #[serde(default, deserialize_with = "address")]
    pub(crate) server: Option<Address>,
    /// Whether that server speaks TLS.
    #[serde(default)]
    pub(crate) tls: bool,
    /// Whose certificates to trust there; without it those the system trusts.
    pub(crate) tls_ca: Option<PathBuf>,
    /// Whether the private server is meant where no server is named: what was answered when that was asked.
    pub(crate) local: Option<bool>,
    /// The account's name.
    pub(crate) user: Option<String>,
    /// The language.
    pub(crate) lang: Option<Language>,
    /// The command that reads words aloud, and its arguments, with blanks between.
    pub(crate) say: Option<String>,
    /// Whether example sentences are shown on a terminal.
    #[serde(default)]
    pub(crate) verbose: bool,
    /// When colours are wanted.
    pub(crate) color: Option<Colour>,
    /// The names of the dictionaries to be asked; all without any.
    #[serde(default, deserialize_with = "one_or_more")]
    pub(crate) dictionary: Vec<String>,
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a name in quotes, or a list of names")]
    enum Names {
        One(String),
        More(Vec<String>),
    }
    let names = match Names::deserialize(deserializer)? {
        Names::One(name) => vec![name],
        Names::More(names) => names,
    };
    match names.iter().find(|name| !is_name(name)) {
        Some(name) => Err(serde::de::Error::custom(format!("{name:?} is not a valid name of a dictionary"))),
        None => Ok(names),
    }
}

fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Address>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// Where the file is, if anywhere.
fn path() -> Option<PathBuf> {
    directories::configuration(|name| std::env::var_os(name)).map(|directory| directory.join("config.toml"))
}

impl Config {
    /// Reads the file; a missing one has no settings.
    ///
    /// # Errors
    /// [`Error::Configuration`].
    pub(crate) fn read() -> Result<Self> {
        path().map_or_else(|| Ok(Self::default()), |path| Self::read_from(&path))
    }

    fn read_from(path: &Path) -> Result<Self> {
        let failed = |reason: String| Error::Configuration { path: path.to_owned(), reason };
        match files::read_text(path, MAX_BYTES) {
            Ok(text) => toml::from_str(&text).map_err(|error| failed(error.to_string().trim_end().to_owned())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Self::default()),
            Err(error) => Err(failed(crate::client::messages::systems_words(&error))),
        }
    }

    /// Remembers the user, the server and whether by TLS, for the next time. Everything else in the file stays. A home
    /// directory that can't be written is not reported: options can set everything.
    pub(crate) fn remember(&mut self, server: &Address, trust: Option<&Trust>, user: &str) {
        // The next call may be in another directory.
        let ca = match trust {
            Some(Trust::File(path)) => Some(std::path::absolute(path).unwrap_or_else(|_| path.clone())),
            Some(Trust::System) | None => None,
        };
        let (server, user, tls) = (Some(server.clone()), Some(user.to_owned()), trust.is_some());
        let new = Self { server, user, tls, tls_ca: ca, ..self.clone() };
        if new.server == Some(Address::Local) || new == *self {
            return;
        }
        let text = |text: String| crate::client::render::show::json(&text).trim_end().to_owned();
        let pairs = [
            ("server", new.server.as_ref().map(|server| text(server.to_string()))),
            ("tls", new.tls.then(|| "true".to_owned())),
            ("tls_ca", new.tls_ca.as_ref().map(|path| text(path.to_string_lossy().into_owned()))),
            ("user", new.user.clone().map(text)),
        ];
        if let Some(path) = path() {
            let _ = write_keys(&path, &pairs);
        }
        *self = new;
    }

    /// Remembers whether the private server is meant where no server is named. As [`Config::remember`].
    pub(crate) fn remember_local(&mut self, local: bool) {
        self.local = Some(local);
        if let Some(path) = path() {
            let _ = write_keys(&path, &[("local", Some(local.to_string()))]);
        }
    }
}

/// A key and its value as TOML writes it; without one it goes.
type Pair = (&'static str, Option<String>);

fn write_keys(path: &Path, pairs: &[Pair]) -> io::Result<()> {
    let old = match files::read_text(path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let text = with_keys(&old, pairs);
    // Never half a file, and never a file that the next call would refuse.
    toml::from_str::<Config>(&text).map_err(io::Error::other)?;
    let directory = path.parent().ok_or(ErrorKind::InvalidInput)?;
    directories::make_private(directory)?;
    let part = directory.join(format!("config.toml.{}.part", std::process::id()));
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

/// The text with these keys changed, or put before everything else; comments and other keys as they are.
fn with_keys(text: &str, pairs: &[Pair]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (key, value) in pairs.iter().rev() {
        let is_key = |line: &String| line.split_once('=').is_some_and(|(name, _)| name.trim() == *key);
        let at = lines.iter().position(is_key);
        match (at, value) {
            (Some(at), Some(value)) => lines[at] = format!("{key} = {value}"),
            (Some(at), None) => drop(lines.remove(at)),
            // What JSON escapes, TOML reads the same.
            (None, Some(value)) => lines.insert(0, format!("{key} = {value}")),
            (None, None) => {}
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    fn pair(key: &'static str, value: &str) -> Pair {
        (key, Some(crate::client::render::show::json(&value).trim_end().to_owned()))
    }

    fn read(text: &str) -> Result<Config> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Config::read_from(&path)
    }

    /// What a wrong key's message lists is what the documents explain.
    #[test]
    fn every_key_is_explained() {
        let message = toml::from_str::<Config>("nonsense = 1").unwrap_err().message().to_owned();
        let keys: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        assert!(keys.len() >= 10, "{message}");
        for key in keys {
            assert!(include_str!("../../../docs/client.md").contains(&format!("| `{key}` |")), "{key} in client.md");
            assert!(include_str!("../help/cidian.1.end").contains(&format!("\\fB{key}\\fR")), "{key} in cidian.1");
        }
    }

    #[test]
    fn what_it_may_say() {
        let all = read("server = \"[::1]:7\"\nuser = \"小明\" # me\nlang = \"zh\"\ncolor = \"never\"\n").unwrap();
        assert_eq!(all.server.unwrap().to_string(), "[::1]:7");
        assert_eq!((all.lang, all.color), (Some(Language::Chinese), Some(Colour::Never)));
        assert_eq!(read("").unwrap(), Config::default());
        assert_eq!(Config::read_from(Path::new("/nonexistent/config.toml")).unwrap(), Config::default());
        assert_eq!(read("dictionary = \"wn\"").unwrap().dictionary, ["wn"]);
        assert_eq!(read("dictionary = [\"wn\", \"gcide\"]").unwrap().dictionary, ["wn", "gcide"]);
        for bad in [
            "dictionary = \"a b\"",
            "dictionary = [7]",
            "server = \"nowhere\"",
            "user = 7",
            "password = \"x\"",
            "lang = \"de\"",
            "[",
            "\u{0}",
        ] {
            let Err(Error::Configuration { reason, .. }) = read(bad) else { panic!("{bad}") };
            assert!(!reason.is_empty(), "{bad}");
        }
        assert!(Config::read_from(Path::new("/")).is_err());
    }

    #[test]
    fn remembering_keeps_the_rest() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/config.toml");
        write_keys(&path, &[pair("server", "a:1"), pair("user", "ann")]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "server = \"a:1\"\nuser = \"ann\"\n");
        std::fs::write(&path, "# mine\nlang = \"en\"\ncolor = \"never\"\n user= \"bob\" # old\n").unwrap();
        write_keys(&path, &[pair("server", "unix:/a\\b"), ("lang", None), pair("user", "a\"b")]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "server = \"unix:/a\\\\b\"\n# mine\ncolor = \"never\"\nuser = \"a\\\"b\"\n");
        assert_eq!(Config::read_from(&path).unwrap().user.as_deref(), Some("a\"b"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // A file that makes no sense is left alone.
        std::fs::write(&path, "[broken").unwrap();
        assert!(write_keys(&path, &[pair("user", "ann")]).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[broken");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    proptest! {
        #[test]
        fn any_name_reads_as_it_was_written(user in "[^\\x00-\\x20]{1,32}") {
            let text = with_keys("lang = \"en\"\n", &[pair("server", "a:1"), ("tls", Some("true".into())), pair("user", &user)]);
            prop_assert_eq!(toml::from_str::<Config>(&text).unwrap().user, Some(user));
        }
    }
}
