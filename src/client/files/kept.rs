//! Logins that are kept between calls: a token for each server and user, and which user logged in last, in a private
//! file in the user's state directory. This module never talks to a server, and never shows a token.

use crate::client::error::{Error, KeptFault, Result};
use crate::client::server::address::Address;
use crate::directories;
use crate::files::{self, Pipes, Refused};
use crate::protocol::check_name;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::{Zeroize, Zeroizing};

/// The file's name.
const FILE: &str = "tokens.json";
/// The time after which a locked file is reported: our own processes keep the lock for milliseconds.
const NOTICE: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_millis(5);
/// Far more than any person's logins need.
const MAX_FILE: u64 = 1 << 20;
/// Longest token that is taken from a server: far above ours, and far below what a request holds.
const MAX_TOKEN: usize = 512;

/// A token. It is not printed by accident, and is zeroed when it is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Token(String);

impl Token {
    /// Takes what may be a token: letters, digits, `-` and `_`.
    pub(crate) fn new(text: String) -> Option<Self> {
        let token = Self(text);
        token.is_sound().then_some(token)
    }

    /// What is sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn is_sound(&self) -> bool {
        let all = self.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        all && (1..=MAX_TOKEN).contains(&self.0.len())
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What is kept for one server.
#[derive(Default, Serialize, Deserialize)]
struct Logins {
    /// The user who logged in last; the default user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// By name.
    #[serde(default)]
    tokens: BTreeMap<String, Token>,
}

/// Everything in the file, by the server's address.
type Servers = BTreeMap<String, Logins>;

/// The kept logins, as far as one server is concerned.
pub(crate) struct KeptLogins {
    /// `None` for a user without a state directory.
    directory: Option<PathBuf>,
    server: String,
    waits: Box<dyn Fn(&Path) + Send>,
}

impl KeptLogins {
    /// Those for this server: in `$XDG_STATE_HOME/cidian`, else in `~/.local/state/cidian`. Nothing is read yet.
    pub(crate) fn for_server(address: &Address, tls: bool, environment: impl Fn(&str) -> Option<OsString>) -> Self {
        Self { directory: directories::state(environment), server: key(address, tls), waits: Box::new(|_| {}) }
    }

    /// The same; `waits` gets the directory, if another process keeps it locked for a while.
    pub(crate) fn with_notice(self, waits: impl Fn(&Path) + Send + 'static) -> Self {
        Self { waits: Box::new(waits), ..self }
    }

    /// The user who logged in last.
    ///
    /// # Errors
    /// [`Error::KeptLogins`]: there is a file, but it can't be used.
    pub(crate) fn user(&self) -> Result<Option<String>> {
        Ok(self.read()?.remove(&self.server).and_then(|logins| logins.user))
    }

    /// The token of this user.
    ///
    /// # Errors
    /// As [`KeptLogins::user`].
    pub(crate) fn token(&self, name: &str) -> Result<Option<Token>> {
        Ok(self.read()?.remove(&self.server).and_then(|mut logins| logins.tokens.remove(name)))
    }

    /// Checks that a login could be kept, before the person is asked for a password.
    ///
    /// # Errors
    /// [`Error::NoStateDirectory`], or as [`KeptLogins::user`].
    pub(crate) fn prepare(&self) -> Result<()> {
        self.change(|_| false)
    }

    /// Keeps a token in place of the earlier one, and remembers which user logged in.
    ///
    /// # Errors
    /// As [`KeptLogins::prepare`]; then everything is as it was.
    pub(crate) fn keep(&self, name: &str, token: &Token) -> Result<()> {
        self.change(|servers| {
            let logins = servers.entry(self.server.clone()).or_default();
            logins.tokens.insert(name.to_owned(), token.clone());
            logins.user = Some(name.to_owned());
            true
        })
    }

    /// Forgets the login of this user, if it is by this token: another call may have made a new one meanwhile.
    ///
    /// # Errors
    /// As [`KeptLogins::prepare`].
    pub(crate) fn forget(&self, name: &str, token: &Token) -> Result<()> {
        self.change(|servers| {
            let Some(logins) = servers.get_mut(&self.server) else { return false };
            if logins.tokens.get(name) != Some(token) {
                return false;
            }
            logins.tokens.remove(name);
            logins.user.take_if(|user| user == name);
            if logins.tokens.is_empty() {
                servers.remove(&self.server);
            }
            true
        })
    }

    fn read(&self) -> Result<Servers> {
        let Some(directory) = &self.directory else { return Ok(Servers::new()) };
        let path = directory.join(FILE);
        match read(&path) {
            // Another user's home directory, or no directory: nothing of ours is kept there.
            Err(KeptFault::Io(error))
                if matches!(error.kind(), ErrorKind::NotADirectory | ErrorKind::PermissionDenied) =>
            {
                Ok(Servers::new())
            }
            read => read.map_err(|fault| Error::KeptLogins { path, fault }),
        }
    }

    /// Changes the file in one step, one process at a time. `work` returns whether there is anything to write.
    fn change(&self, work: impl FnOnce(&mut Servers) -> bool) -> Result<()> {
        let directory = self.directory.as_ref().ok_or(Error::NoStateDirectory)?;
        let path = directory.join(FILE);
        let done = || -> std::result::Result<(), KeptFault> {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
            // The directory itself is what is locked: no other file is left behind.
            let _lock = self.lock(directory)?;
            let mut servers = read(&path)?;
            if !work(&mut servers) {
                return Ok(());
            }
            if servers.is_empty() {
                return Ok(fs::remove_file(&path)?);
            }
            write(&path, &servers)
        };
        done().map_err(|fault| Error::KeptLogins { path, fault })
    }

    fn lock(&self, directory: &Path) -> io::Result<Flock<File>> {
        let mut file = File::open(directory)?;
        let begin = Instant::now();
        while begin.elapsed() < NOTICE {
            file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(lock),
                Err((file, Errno::EWOULDBLOCK | Errno::EINTR)) => file,
                Err((_, error)) => return Err(error.into()),
            };
            std::thread::sleep(RETRY);
        }
        (self.waits)(directory);
        Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error.into())
    }
}

/// How a server is called in the file. A relative path would mean another server elsewhere; and a token that was got
/// within TLS is never sent in clear text by forgetting `--tls`.
fn key(address: &Address, tls: bool) -> String {
    match address {
        Address::Tcp { .. } if tls => format!("tls:{}", address.to_string().to_ascii_lowercase()),
        Address::Unix(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            Address::Unix(path).to_string()
        }
        Address::Tcp { .. } | Address::Local => address.to_string().to_ascii_lowercase(),
    }
}

fn read(path: &Path) -> std::result::Result<Servers, KeptFault> {
    let file = match files::open(path, Pipes::Refused) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Servers::new()),
        Err(error) if Refused::of(&error).is_some() => return Err(KeptFault::Damaged),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata();
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(KeptFault::Exposed);
    }
    if metadata.uid() != geteuid().as_raw() {
        return Err(KeptFault::NotOurs);
    }
    let bytes = file.read(MAX_FILE).map_err(|error| match Refused::of(&error) {
        Some(_) => KeptFault::Damaged,
        None => error.into(),
    })?;
    let servers: Servers = serde_json::from_slice(&bytes).map_err(|_| KeptFault::Damaged)?;
    let sound = servers.values().all(|logins| {
        let mut names = logins.user.iter().chain(logins.tokens.keys());
        names.all(|name| check_name(name).is_ok()) && logins.tokens.values().all(Token::is_sound)
    });
    if sound { Ok(servers) } else { Err(KeptFault::Damaged) }
}

/// Called with the lock held.
fn write(path: &Path, servers: &Servers) -> std::result::Result<(), KeptFault> {
    let text = Zeroizing::new(serde_json::to_vec_pretty(servers).map_err(io::Error::from)?);
    let new = path.with_extension("new");
    // Left behind by a process that was killed here.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
    let written = file.write_all(&text).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&new, path)) {
        let _ = fs::remove_file(&new);
        return Err(error.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(home: &Path, address: &str) -> KeptLogins {
        let address = if address == "--local" { Address::Local } else { address.parse().unwrap() };
        KeptLogins::for_server(&address, false, |name| (name == "HOME").then(|| home.as_os_str().to_owned()))
    }

    fn token(text: &str) -> Token {
        Token::new(text.to_owned()).unwrap()
    }

    fn text_of(token: Option<Token>) -> Option<String> {
        token.map(|token| token.as_str().to_owned())
    }

    #[test]
    fn a_token_that_was_got_within_tls_is_for_tls_only() {
        let home = tempfile::tempdir().unwrap();
        let address = "a:1".parse().unwrap();
        let with = |tls| {
            KeptLogins::for_server(&address, tls, |name| (name == "HOME").then(|| home.path().as_os_str().to_owned()))
        };
        with(true).keep("ann", &token("secret")).unwrap();
        assert!(with(false).token("ann").unwrap().is_none());
        assert_eq!(text_of(with(true).token("ann").unwrap()).as_deref(), Some("secret"));
    }

    #[test]
    fn a_token_for_each_server_and_user() {
        let home = tempfile::tempdir().unwrap();
        let servers = ["a:1", "b:1", "[::1]:1", "unix:/s", "--local"];
        for server in servers {
            let kept = kept(home.path(), server);
            assert!(kept.user().unwrap().is_none() && kept.token("ann").unwrap().is_none());
            for name in ["ann", "小明"] {
                kept.keep(name, &token("old")).unwrap();
                kept.keep(name, &token(&format!("{name}-{}", server.len()).replace("小明", "xm"))).unwrap();
            }
            kept.keep("ann", &token(&format!("ann-{}", server.len()))).unwrap();
        }
        for server in servers {
            let kept = kept(home.path(), server);
            assert_eq!(kept.user().unwrap().as_deref(), Some("ann"));
            assert_eq!(text_of(kept.token("ann").unwrap()), Some(format!("ann-{}", server.len())));
            assert_eq!(text_of(kept.token("小明").unwrap()), Some(format!("xm-{}", server.len())));
            kept.forget("ann", &token("another")).unwrap();
            assert!(kept.token("ann").unwrap().is_some(), "another's login is left alone");
            kept.forget("ann", &token(&format!("ann-{}", server.len()))).unwrap();
            assert!(kept.token("ann").unwrap().is_none() && kept.user().unwrap().is_none());
            let other = kept.token("小明").unwrap().unwrap();
            kept.forget("小明", &other).unwrap();
        }
        let left: Vec<_> = fs::read_dir(home.path().join(".local/state/cidian")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn file_and_directory_are_private() {
        let home = tempfile::tempdir().unwrap();
        let kept = kept(home.path(), "a:1");
        let directory = home.path().join(".local/state/cidian");
        kept.keep("ann", &token("t")).unwrap();
        // What a killed process may have left, for others to see.
        fs::write(directory.join("tokens.new"), "rubbish").unwrap();
        kept.keep("ann", &token("u")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(mode(&directory.join(FILE)), 0o600);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_can_t_be_used_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let kept = kept(home.path(), "a:1");
        kept.keep("ann", &token("t")).unwrap();
        let path = home.path().join(".local/state/cidian").join(FILE);
        for mode in [0o640, 0o604, 0o666, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for outcome in [kept.token("ann").map(drop), kept.user().map(drop), kept.keep("bob", &token("t"))] {
                assert!(matches!(outcome, Err(Error::KeptLogins { fault: KeptFault::Exposed, .. })), "{mode:o}");
            }
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let sound = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR).unwrap();
        for outcome in [kept.token("ann").map(drop), kept.prepare()] {
            assert!(matches!(outcome, Err(Error::KeptLogins { fault: KeptFault::Damaged, .. })));
        }
        fs::remove_file(&path).unwrap();
        kept.keep("ann", &token("t")).unwrap();
        for damaged in [
            "",
            "{",
            "[]",
            "{\"a:1\":{\"tokens\":{\"ann\":\"a b\"}}}",
            "{\"a:1\":{\"tokens\":{\"ann\":\"\"}}}",
            "{\"a:1\":{\"tokens\":{\"a b\":\"t\"}}}",
            "{\"a:1\":{\"user\":\"a\\nb\",\"tokens\":{}}}",
        ] {
            fs::write(&path, damaged).unwrap();
            for outcome in [kept.token("ann").map(drop), kept.prepare()] {
                assert!(matches!(outcome, Err(Error::KeptLogins { fault: KeptFault::Damaged, .. })), "{damaged}");
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
        fs::write(&path, sound).unwrap();
        assert!(kept.token("ann").unwrap().is_some());
    }

    #[test]
    fn many_at_once_lose_no_login() {
        let home = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let kept = kept(home.path(), &format!("a:{}", 1 + number % 4));
                scope.spawn(move || kept.keep(&format!("user{number}"), &token("t")).unwrap());
            }
        });
        for number in 0..16 {
            let kept = kept(home.path(), &format!("a:{}", 1 + number % 4));
            assert!(kept.token(&format!("user{number}")).unwrap().is_some(), "user{number}");
        }
    }

    #[test]
    fn one_server_has_one_key() {
        let key = |text: &str| key(&text.parse().unwrap(), false);
        assert_eq!(key("Dict.Example.ORG:1"), "dict.example.org:1");
        assert_eq!(key("unix:/A/b"), "unix:/A/b");
        let here = std::env::current_dir().unwrap().join("s");
        assert_eq!(key("unix:s"), format!("unix:{}", here.display()));
    }

    #[test]
    fn what_is_no_token() {
        for bad in ["", "a b", "a\n", "a\t", "词", &"x".repeat(MAX_TOKEN + 1)] {
            assert!(Token::new(bad.to_owned()).is_none(), "{bad:?}");
        }
        assert!(Token::new("Az09-_".to_owned()).is_some());
    }

    #[test]
    fn nobody_without_a_place() {
        let nowhere = KeptLogins { directory: None, server: "a:1".into(), waits: Box::new(|_| {}) };
        assert!(nowhere.user().unwrap().is_none() && nowhere.token("ann").unwrap().is_none());
        assert!(matches!(nowhere.prepare(), Err(Error::NoStateDirectory)));
        let nowhere = kept(Path::new("/dev/null"), "a:1");
        assert!(nowhere.user().unwrap().is_none());
        assert!(matches!(nowhere.prepare(), Err(Error::KeptLogins { fault: KeptFault::Io(_), .. })));
    }
}
