//! The command line of `cidiand`: its syntax, not its meaning.

use crate::admin::users::User;
use crate::config::age::Age;
use crate::words::import::{Format, name_of};
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

Signals: HUP reloads words and certificate; TERM and INT stop after the requests that were already read, a second one
stops at once; USR1 logs one line of counters.
Exit statuses: 0; 64 usage; 65 words file refused; 66 words file missing; 69 database unreachable; 71 system error;
78 configuration, certificate or schema.";

const INIT_DB_HELP: &str = "\
--upgrade converts a database with passwords in plain text (table user) and times as text (table hist). The new tables \
are built beside the old ones and replace them in one step at the end; if anything fails, nothing has changed. The old \
tables are renamed (old_user …): drop them once everything works, because they still contain the passwords. Each row \
that had to be changed is reported on a line. Stop the old program first. Repeating the upgrade does nothing.

Exit statuses: 0; 64 usage; 69 database unreachable, or changed during the upgrade; 78 missing privilege, or tables of \
another program.

Examples:
  cidiand --database mysql://cidian@localhost/dict?socket=/run/mysqld/mysqld.sock init-db
  cidiand --database-file /etc/cidian/database init-db --upgrade --time-zone Asia/Shanghai";

const EXPORT_HELP: &str = "\
Its keys: name, created, locked, exported (the time of the export), tokens (created and last_used of each; never the \
token), history (word and time of each, newest first), stars (each word of the notebook, with its tags, note and dates), \
reviews (word, grade and time of each). Times are RFC 3339 in UTC. The password's hash is left out.

Exit statuses: 0; 65 no such account; 69 database unreachable; 71 the file cannot be written; 78 configuration or \
schema.

Examples:
  cidiand export-user ann -o ann.json
  cidiand export-user ann | jq -r '.history[].word' | sort | uniq -c | sort -rn";

const PRUNE_HELP: &str = "\
Months and years are those of the calendar, in UTC. Lookups made while it runs are never deleted. If it is stopped \
midway, it has deleted a part; run it again.

Exit statuses: 0; 64 usage; 69 database unreachable; 78 configuration or schema.

Examples:
  cidiand history prune --older-than 2y --dry-run
  cidiand --database-file /etc/cidian/database history prune --older-than 18months";

const LOAD_HELP: &str = "\
The new entries are written beside the old ones, in small transactions, and become valid all at once. Readers see the old \
words until then, and the new ones afterwards; if the load is stopped midway, the old ones stay. With several hosts in \
the database's URL, it waits until each of them shows the new words. Of two loads at once, one is refused.

Exit statuses: 0; 64 usage; 65 a file is refused; 66 a file is missing; 69 database unreachable; 75 another load is under \
way, or some host does not show the new words yet; 78 configuration or schema.

Examples:
  cidiand --database-file /etc/cidian/database words load my-words.txt
  cidiand --database-file /etc/cidian/database words load words.txt wordnet.txt /etc/cidian/words.d
  cidiand --database-file /etc/cidian/database --lookup database";

const IMPORT_HELP: &str = "\
Titles, licences and languages of the sources are kept as comments in the words file. Gzip is unpacked automatically. \
With several sources in one FILE, each article begins with a line that names its dictionary; in DIRECTORY/ each source \
gets a file of its own, NAME.txt. Headwords have up to 256 characters. Entries that a words file cannot contain are \
counted and reported with their places; a damaged source ends the import, and the old files stay.

ECDICT's columns: phonetic, translation, definition, pos, collins, oxford, tag, bnc, frq, exchange, detail, audio, and \
any other column of the file. CC-CEDICT: an article is shown as 面 [面/麵] miàn …, and is found by both scripts and by \
pinyin (miàn, mian4, mian; píngguǒ, ping2guo3, pingguo).

Exit statuses: 0; 64 usage; 65 a source is damaged, or contains nothing usable; 66 a source is missing; 71 the words \
file cannot be written.

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
    pub command: Option<DaemonCommand>,
}

/// Options, each also a key of the configuration file.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Configuration file, TOML; the command line wins [default: /etc/cidian/cidiand.toml if it is there]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Where to listen: host:port, [v6]:port or unix:PATH; may be repeated; port 0 picks one [default: 127.0.0.1:2629]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<Vec<String>>,
    /// Where to speak TLS, as --listen; may be repeated; needs --tls-cert and --tls-key
    #[arg(long, value_name = "ADDR")]
    pub tls_listen: Option<Vec<String>>,
    /// Where to speak DICT (RFC 2229): host, host:port, [v6]:port or unix:PATH; may be repeated; default port
    /// 2628
    #[arg(long, value_name = "ADDR")]
    pub dict_listen: Option<Vec<String>>,
    /// All lookups by DICT are this account's; only where --dict-listen is loopback or a Unix socket
    #[arg(long, value_name = "NAME")]
    pub dict_account: Option<String>,
    /// The certificate for TLS, PEM, the server's own first; loaded again by reload and SIGHUP
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, PEM; a file that is open to others is refused
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Accept names and passwords in clear text only from this machine (loopback, Unix sockets)
    #[arg(long)]
    pub require_tls: bool,
    /// Fork the clients' children from a process that is already confined: more visits a second; Linux 6.12, x86-64
    #[arg(long)]
    pub fork_server: bool,
    /// Refuse logins while the database server is not in the primary component of a Galera cluster
    #[arg(long, global = true)]
    pub require_cluster: bool,
    /// The database: mysql://user:password@host:3306/dict, mysql://user@localhost/dict?socket=PATH or sqlite:PATH;
    /// several hosts of one cluster as host1:3306,host2,host3, in the order of preference;
    /// over TLS with ?ssl-mode=verify-identity&ssl-ca=FILE (or verify-ca, or required)
    /// [default: sqlite: in the state directory] [env: CIDIAN_DATABASE]
    #[arg(long, value_name = "URL", global = true, conflicts_with = "database_file")]
    pub database: Option<String>,
    /// A file that contains the database's URL, so that no password shows in `ps`
    #[arg(long, value_name = "FILE", global = true)]
    pub database_file: Option<PathBuf>,
    /// A words file, or a directory of words files (*.txt, in the order of their names); may be repeated, and each is a
    /// dictionary by itself, in the order of preference; `built-in` is the words in the program [default:
    /// /usr/share/cidian/words.txt if it is there, else those]
    #[arg(long, value_name = "FILE")]
    pub words: Vec<PathBuf>,
    /// Where words are looked up: the words file, or table `words` of the database [default: text]
    #[arg(long, value_name = "WHERE")]
    pub lookup: Option<Lookup>,
    /// Whether accounts can be registered [default: open]
    #[arg(long, value_name = "STATE")]
    pub registration: Option<RegistrationMode>,
    /// More clients get `FAIL busy`; 0 for no limit [default: 10000]
    #[arg(long, value_name = "N")]
    pub max_clients: Option<u32>,
    /// The same, for each IPv4 address or IPv6 /64; 0 for no limit [default: 256]
    #[arg(long, value_name = "N")]
    pub max_clients_per_source: Option<u32>,
    /// A network exempt from per-source limits and penalties, or `unix` for users of this machine over a Unix socket;
    /// may be repeated; `none` exempts nothing [default: 127.0.0.0/8, ::1/128]
    #[arg(long, value_name = "NET")]
    pub exempt_source: Option<Vec<String>>,
    /// A network, or `unix`, from which connections begin with a PROXY header (version 2) that names the client, for
    /// limits, penalties and the log; may be repeated [default: none]
    #[arg(long, value_name = "NET")]
    pub proxy_protocol: Option<Vec<String>>,
    /// Limit of concurrent database connections, however many clients; at least 2 [default: 64]
    #[arg(long, value_name = "N")]
    pub database_connections: Option<u32>,
    /// MiB of lookups that may be kept in the state directory while the database is unavailable; 0 for none
    /// [default: 64]
    #[arg(long, value_name = "MIB")]
    pub spool_limit: Option<u32>,
    /// Lookups kept for each account; the oldest are deleted in the background; 0 for no limit [default: 1000000]
    #[arg(long, value_name = "ROWS")]
    pub history_limit: Option<u64>,
    /// Lookups a second for each account, over all its sessions; faster sessions are slowed down, not refused; 0 for no
    /// limit [default: 0]
    #[arg(long, value_name = "N")]
    pub lookup_rate: Option<u32>,
    /// Seconds without a whole request before the connection is closed; 0 for none [default: 600]
    #[arg(long, value_name = "S")]
    pub idle_timeout: Option<u64>,
    /// Seconds from connecting to the first successful login; 0 for none [default: 60]
    #[arg(long, value_name = "S")]
    pub login_grace: Option<u64>,
    /// Check configuration, words file and database, report every problem, and exit
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
pub enum RegistrationMode {
    /// It is.
    Open,
    /// It gets `FAIL denied`.
    Closed,
}

/// What `cidiand` does instead of serving.
#[derive(Debug, Subcommand)]
pub enum DaemonCommand {
    /// Apply the schema to the database; safe to repeat
    #[command(after_help = INIT_DB_HELP)]
    InitDb {
        /// Convert a database of the classroom schema: hash its passwords, convert its times, keep every row
        #[arg(long)]
        upgrade: bool,
        /// The time zone of the old times: a name (Asia/Shanghai), UTC, or an offset (+08:00) [default: local]
        #[arg(long, value_name = "ZONE", requires = "upgrade", allow_hyphen_values = true)]
        time_zone: Option<String>,
    },
    /// Make the running daemon reload words and certificate, and wait until every child answers from the new words
    #[command(
        after_help = "Exit statuses: 0; 65 the file is refused, and nothing has changed; 69 no daemon is running; 75 some children still answer from older words.\n\nExample:\n  cidiand words check /etc/cidian/words.txt && cidiand reload"
    )]
    Reload,
    /// Show what the running daemon is doing
    #[command(after_help = "Examples:\n  cidiand status\n  cidiand status --json | jq .clients.total")]
    Status {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show what the running daemon is doing, in the text format of Prometheus
    #[command(
        after_help = "Exit statuses: 0; 69 no daemon is running: the output is only `cidian_up 0`; 71 the file cannot be written.\n\nExamples:\n  cidiand metrics\n  cidiand metrics -o /var/lib/prometheus/node-exporter/cidian.prom    for the textfile collector"
    )]
    Metrics {
        /// Write to FILE, which is replaced in one step, instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check a words file, make one from another dictionary, or put one into the database
    #[command(subcommand)]
    Words(WordsCommand),
    /// Create, list, lock, change and delete accounts
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
    /// Write everything stored about one account, including its history, as one JSON object
    #[command(after_help = EXPORT_HELP)]
    ExportUser {
        /// The account's name
        name: String,
        /// Write to FILE, readable by you only, instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Delete old lookups
    #[command(subcommand)]
    History(HistoryCommand),
}

/// What can be done with all histories.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Delete lookups older than AGE, of all accounts; in small steps, so that the daemon goes on serving
    #[command(after_help = PRUNE_HELP)]
    Prune {
        /// Age: 2y, 18months, 26w or 90d
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
    /// Report every problem of a words file, a line each, with line numbers
    #[command(
        after_help = "Exit statuses: 0 the file would be accepted (with or without warnings); 65 it would be refused; 66 it is missing.\n\nExample:\n  cidiand words check my-words.txt"
    )]
    Check {
        /// The words file, or a directory of words files (*.txt)
        file: PathBuf,
    },
    /// Make words files from dictionaries in another format; several become one file, or a file each
    #[command(after_help = IMPORT_HELP)]
    Import(Import),
    /// Put words files into table `words`, in the place of its old content, while the daemon answers from it
    #[command(after_help = LOAD_HELP)]
    Load {
        /// A words file, or a directory of words files (*.txt, in the order of their names); each is a dictionary by
        /// itself, in the order of preference
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
}

/// The arguments of `words import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The sources' format
    #[arg(long, value_name = "FORMAT")]
    pub from: Format,
    /// The dictionaries; of a dictionary of several files, any of them or the common beginning of their names
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<PathBuf>,
    /// The words file to write, or DIRECTORY/ for a file for each source; existing files are replaced when all new
    /// ones are complete
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Title of the result, instead of the sources' own
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Licence of the result in one line, instead of the sources' own (their texts stay)
    #[arg(long, value_name = "TEXT")]
    pub licence: Option<String>,
    /// Name of the dictionary: ASCII letters, digits, -, . and _ [default: the source's file name]
    #[arg(long, value_name = "NAME", value_parser = dictionary_name)]
    pub name: Option<String>,
    /// Language of the headwords, such as en, where the sources do not name it
    #[arg(long, value_name = "CODE", value_parser = language_code)]
    pub source_language: Option<String>,
    /// Language of the interpretations, such as zh, where the sources do not name it
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
    if !text.is_empty() && text == name_of(text) {
        Ok(text.to_owned())
    } else {
        Err("a name consists of ASCII letters, digits, '-', '.' and '_'".to_owned())
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
