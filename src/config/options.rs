//! The command line of `cidiand`: what can be said, not what it means.

use crate::admin::users::User;
use crate::config::age::Age;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use serde::Deserialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cidiand                                        serve on 127.0.0.1:2629, with an embedded database
  cidiand --listen 0.0.0.0:2629 --listen unix:/run/cidian/cidian.sock
  cidiand --database-file /etc/cidian/database init-db
  cidiand --tls-listen 0.0.0.0:2630 --tls-cert chain.pem --tls-key key.pem --require-tls
  cidiand --dict-listen localhost --dict-account ann    for this machine's DICT clients, with a history
  cidiand words check my-words.txt && cidiand --words my-words.txt
  cidiand user lock ann                          see cidiand user --help
  cidiand reload                                 load words and certificate again; or send SIGHUP

Signals: HUP loads words and certificate again; TERM and INT stop after the requests that were read, a second one at
once; USR1 logs one line of figures.
Exit statuses: 0; 64 usage; 65 words file refused; 66 words file not there; 69 database not reachable; 71 system
error; 78 configuration, certificate or schema.";

const INIT_DB_HELP: &str = "\
--upgrade is for a database with passwords in plain text (table user) and times as text (table hist). The new tables \
are built beside the old ones and take their places in one step, when all is done; if anything goes wrong, nothing has \
changed. The old tables stay under other names (old_user …): drop them when all is well, because the passwords are in \
them. Every row that could not be kept as it was is told of, a line each. Stop the old program before. It can be \
repeated: there is nothing to do then.

Exit statuses: 0; 64 usage; 69 database not reachable, or written to meanwhile; 78 no right, or tables of another program.

Examples:
  cidiand --database mysql://cidian@localhost/dict?socket=/run/mysqld/mysqld.sock init-db
  cidiand --database-file /etc/cidian/database init-db --upgrade --time-zone Asia/Shanghai";

const EXPORT_HELP: &str = "\
Its keys: name, created, locked, exported (when this was), tokens (created and last_used of each; never the token), \
history (word and time of each, newest first). Times are RFC 3339 in UTC. The password's hash is left out.

Exit statuses: 0; 65 no such account; 69 database not reachable; 71 the file can't be written; 78 configuration or \
schema.

Examples:
  cidiand export-user ann -o ann.json
  cidiand export-user ann | jq -r '.history[].word' | sort | uniq -c | sort -rn";

const PRUNE_HELP: &str = "\
Months and years are those of the calendar, in UTC. What was looked up while it runs is never touched. Stopped midway, \
it has deleted a part; run it again.

Exit statuses: 0; 64 usage; 69 database not reachable; 78 configuration or schema.

Examples:
  cidiand history prune --older-than 2y --dry-run
  cidiand --database-file /etc/cidian/database history prune --older-than 18months";

const IMPORT_HELP: &str = "\
Titles, licences and languages of the sources are kept as comments of the words file. Gzip is unpacked by itself. \
Several sources in one FILE: each article begins with a line that names its dictionary; in DIRECTORY/ each source gets a \
file of its own, NAME.txt. Headwords have up to 256 characters. Entries that a words file can't hold are counted and told \
with their places; a damaged source ends the import, and the old files stay.

ECDICT's columns: phonetic, translation, definition, pos, collins, oxford, tag, bnc, frq, exchange, detail, audio, and \
any other that the file has. CC-CEDICT: an article is shown as 面 [面/麵] miàn …, and is found by both scripts and by \
pinyin (miàn, mian4, mian; píngguǒ, ping2guo3, pingguo).

Exit statuses: 0; 64 usage; 65 a source is damaged, or nothing in it is usable; 66 a source is not there; 71 the words \
file can't be written.

Examples:
  cidiand words import --from dictd /usr/share/dictd/{wn,gcide}.index -o words.txt
  cidiand words import --from dictd /usr/share/dictd/{wn,gcide}.index -o /etc/cidian/words.d/
  cidiand words import --from stardict langdao-ec-gb.ifo -o words.txt
  cidiand words import --from ecdict ecdict.csv -o words.txt --title ECDICT --licence MIT
  cidiand words import --from ecdict ecdict.csv -o words.txt --columns phonetic,translation,tag
  cidiand words import --from cedict cedict_1_0_ts_utf-8_mdbg.txt.gz -o words.txt
  cidiand words import --from plain unsorted.txt -o words.txt && cidiand words check words.txt";

/// The networked dictionary's daemon: one child process for each client.
#[derive(Debug, Parser)]
#[command(name = "cidiand", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct CommandLine {
    /// The options.
    #[command(flatten)]
    pub options: Options,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options, each also a key of the configuration file.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Configuration file, TOML; the command line wins [default: /etc/cidian/cidiand.toml if it is there]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Where to listen: host:port, [v6]:port or unix:PATH; may be repeated; port 0 picks one [default: 127.0.0.1:2629]
    #[arg(long, value_name = "ADDR")]
    pub listen: Vec<String>,
    /// Where to speak TLS, as --listen; may be repeated; needs --tls-cert and --tls-key
    #[arg(long, value_name = "ADDR")]
    pub tls_listen: Vec<String>,
    /// Where to speak DICT (RFC 2229): host, host:port, [v6]:port or unix:PATH; may be repeated; port 2628 where none is
    /// said
    #[arg(long, value_name = "ADDR")]
    pub dict_listen: Vec<String>,
    /// All lookups by DICT are this account's; only where --dict-listen is loopback or a Unix socket
    #[arg(long, value_name = "NAME")]
    pub dict_account: Option<String>,
    /// The certificate for TLS, PEM, the server's own first; loaded again by reload and SIGHUP
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, PEM; a file that is open to others is refused
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Take names and passwords in clear text only from this machine (loopback, Unix sockets)
    #[arg(long)]
    pub require_tls: bool,
    /// Log nobody in by a database server that is in no primary component of a Galera cluster
    #[arg(long, global = true)]
    pub require_cluster: bool,
    /// The database: mysql://user:password@host:3306/dict, mysql://user@localhost/dict?socket=PATH or sqlite:PATH;
    /// several hosts of one cluster as host1:3306,host2,host3, in the order of preference;
    /// over TLS with ?ssl-mode=verify-identity&ssl-ca=FILE (or verify-ca, or required)
    /// [default: sqlite: in the state directory] [env: CIDIAN_DATABASE]
    #[arg(long, value_name = "URL", global = true, conflicts_with = "database_file")]
    pub database: Option<String>,
    /// A file that holds the database's URL, so that no password shows in `ps`
    #[arg(long, value_name = "FILE", global = true)]
    pub database_file: Option<PathBuf>,
    /// A words file, or a directory of some (*.txt, in the order of their names); may be repeated, and each is a dictionary
    /// by itself, in the order of preference [default: /usr/share/cidian/words.txt if it is there, else the built-in words]
    #[arg(long, value_name = "FILE")]
    pub words: Vec<PathBuf>,
    /// Where words are looked up: the words file, or table `words` of the database [default: text]
    #[arg(long, value_name = "WHERE")]
    pub lookup: Option<Lookup>,
    /// Whether accounts can be registered [default: open]
    #[arg(long, value_name = "STATE")]
    pub registration: Option<Registration>,
    /// More clients get `FAIL busy`; 0 for no limit [default: 10000]
    #[arg(long, value_name = "N")]
    pub max_clients: Option<u32>,
    /// The same, for each IPv4 address or IPv6 /64; 0 for no limit [default: 256]
    #[arg(long, value_name = "N")]
    pub max_clients_per_source: Option<u32>,
    /// A network that no per-source limit or penalty touches, or `unix` for users of this machine over a Unix socket; may
    /// be repeated; `none`, alone, for none [default: 127.0.0.0/8, ::1/128]
    #[arg(long, value_name = "NET")]
    pub exempt_source: Vec<String>,
    /// At most so many connections to the database at once, however many clients; at least 2 [default: 64]
    #[arg(long, value_name = "N")]
    pub database_connections: Option<u32>,
    /// At most so many MiB of lookups are kept in the state directory while the database is away; 0 for none
    /// [default: 64]
    #[arg(long, value_name = "MIB")]
    pub spool_limit: Option<u32>,
    /// At most so many lookups are kept of each account; the oldest go, in the background; 0 for no limit
    /// [default: 1000000]
    #[arg(long, value_name = "ROWS")]
    pub history_limit: Option<u64>,
    /// Lookups a second of each account, over all its sessions; over it a session is slowed down, not refused; 0 for no
    /// limit [default: 0]
    #[arg(long, value_name = "N")]
    pub lookup_rate: Option<u32>,
    /// Seconds without a whole request before the connection is closed; 0 for none [default: 600]
    #[arg(long, value_name = "S")]
    pub idle_timeout: Option<u64>,
    /// Seconds from connecting to the first successful login; 0 for none [default: 60]
    #[arg(long, value_name = "S")]
    pub login_grace: Option<u64>,
    /// Check configuration, words file and database, say what is wrong, and exit
    #[arg(long)]
    pub check: bool,
}

/// Where words are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lookup {
    /// In the words file's loaded copy.
    Text,
    /// In table `words`.
    Database,
}

/// Whether `R` is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// It is.
    Open,
    /// It gets `FAIL denied`.
    Closed,
}

/// A dictionary's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DictionaryFormat {
    /// NAME.index with NAME.dict or NAME.dict.dz, as Debian's dict-* packages have it
    Dictd,
    /// NAME.ifo with NAME.idx, NAME.dict and NAME.syn; 2.4.2 and 3.0.0
    Stardict,
    /// ECDICT's CSV: word, phonetic, definition, translation, exchange …
    Ecdict,
    /// CC-CEDICT: Chinese headwords in both scripts, found by pinyin, too
    Cedict,
    /// MDict's NAME.mdx, versions 1 and 2; one that is locked with a user's key is refused
    Mdx,
    /// ABBYY Lingvo's NAME.dsl or NAME.dsl.dz, in UTF-8, UTF-16 or the code page it names
    Dsl,
    /// A words file in any order, with whatever is wrong in it
    Plain,
}

/// What `cidiand` does instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply the schema to the database; safe to repeat
    #[command(after_help = INIT_DB_HELP)]
    InitDb {
        /// Convert a database of the classroom schema: hash its passwords, read its times, keep every row
        #[arg(long)]
        upgrade: bool,
        /// Where the clock showed the old times: a name (Asia/Shanghai), UTC, or an offset (+08:00) [default: here]
        #[arg(long, value_name = "ZONE", requires = "upgrade", allow_hyphen_values = true)]
        time_zone: Option<String>,
    },
    /// Tell the running daemon to load words and certificate again, and wait until every child answers from the words
    #[command(
        after_help = "Exit statuses: 0; 65 the file is refused, and nothing has changed; 69 no daemon runs; 75 children lag behind.\n\nExample:\n  cidiand words check /etc/cidian/words.txt && cidiand reload"
    )]
    Reload,
    /// Say what the running daemon is doing
    #[command(after_help = "Examples:\n  cidiand status\n  cidiand status --json | jq .clients.total")]
    Status {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say what the running daemon is doing, in the text format of Prometheus
    #[command(
        after_help = "Exit statuses: 0; 69 no daemon runs: then `cidian_up 0` is all that is said; 71 the file can't be written.\n\nExamples:\n  cidiand metrics\n  cidiand metrics -o /var/lib/prometheus/node-exporter/cidian.prom    for the textfile collector"
    )]
    Metrics {
        /// Write to FILE, which is replaced in one step, instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check a words file, make one from another dictionary, or put one into the database
    #[command(subcommand)]
    Words(WordsCommand),
    /// Make, list, lock, change and delete accounts
    User(User),
    /// Print what a shell needs to complete this command's options
    #[command(hide = true)]
    Completions {
        /// bash, zsh or fish
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Write the manual pages, cidiand.8 with one for each subcommand, cidiand.toml.5 and cidian-words.5
    #[command(hide = true)]
    Manual {
        /// The directory to write them into
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
    /// Write all that is kept of one account, its history too, as one JSON object
    #[command(after_help = EXPORT_HELP)]
    ExportUser {
        /// The account's name
        name: String,
        /// Write to FILE, which nobody else may read, instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Keep histories from growing for ever
    #[command(subcommand)]
    History(HistoryCommand),
}

/// What can be done with all histories.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Delete lookups that are older than so long, of all accounts; a little at a time, so that the daemon goes on
    #[command(after_help = PRUNE_HELP)]
    Prune {
        /// How old: 2y, 18months, 26w, 90d
        #[arg(long, value_name = "AGE")]
        older_than: Age,
        /// Only count what would be deleted
        #[arg(long)]
        dry_run: bool,
    },
}

/// What can be done with a words file.
#[derive(Debug, Subcommand)]
pub enum WordsCommand {
    /// Tell every problem of a words file, a line each, with line numbers
    #[command(
        after_help = "Exit statuses: 0 the file would be taken (warnings or not); 65 it would be refused; 66 it is not there.\n\nExample:\n  cidiand words check my-words.txt"
    )]
    Check {
        /// The words file
        file: PathBuf,
    },
    /// Make words files from dictionaries in another format; several become one file, or a file each
    #[command(after_help = IMPORT_HELP)]
    Import(Import),
    /// Put a words file into table `words`, in one transaction that replaces the old content
    #[command(
        after_help = "Example:\n  cidiand --database-file /etc/cidian/database words load my-words.txt\n  cidiand --database-file /etc/cidian/database --lookup database"
    )]
    Load {
        /// The words file
        file: PathBuf,
    },
}

/// What `words import` is told.
#[derive(Debug, Args)]
pub struct Import {
    /// The sources' format
    #[arg(long, value_name = "FORMAT")]
    pub from: DictionaryFormat,
    /// The dictionaries; of those that are several files, one of them or what their names have in common
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<PathBuf>,
    /// The words file to write, or DIRECTORY/ for a file of each source; files that are there are replaced when all of
    /// the new ones are complete
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Title of the result, instead of the sources' own
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Licence of the result in one line, instead of what the sources say (their texts stay)
    #[arg(long, value_name = "TEXT")]
    pub licence: Option<String>,
    /// Name of the dictionary: ASCII letters, digits, -, . and _ [default: what the source's file is called]
    #[arg(long, value_name = "NAME", value_parser = dictionary_name)]
    pub name: Option<String>,
    /// Language of the headwords, such as en, where the sources do not say it
    #[arg(long, value_name = "CODE", value_parser = language_code)]
    pub source_language: Option<String>,
    /// Language of the interpretations, such as zh, where the sources do not say it
    #[arg(long, value_name = "CODE", value_parser = language_code)]
    pub target_language: Option<String>,
    /// Columns of ECDICT that are kept, in any order [default: all but audio]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// CC-CEDICT: no headwords in pinyin beside the Chinese ones
    #[arg(long)]
    pub no_pinyin: bool,
}

fn dictionary_name(text: &str) -> Result<String, String> {
    if !text.is_empty() && text == crate::words::import::name_of(text) {
        Ok(text.to_owned())
    } else {
        Err("ASCII letters, digits, '-', '.' and '_' make a name".to_owned())
    }
}

fn language_code(text: &str) -> Result<String, String> {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or("");
    let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_language && parts.all(is_part) {
        Ok(text.to_owned())
    } else {
        Err("a language code is two or three letters, such as en, or zh-Hant".to_owned())
    }
}
