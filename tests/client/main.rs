//! The real client at process level: in a real pseudo-terminal and through pipes, against a real daemon over SQLite,
//! against a hostile one, and on its own private server.

mod anki;
mod editing;
mod failures;
mod fake_server;
mod filters;
mod helps;
mod hostile;
mod hostile_framing;
mod keys;
mod languages;
mod local;
mod login;
mod menus;
mod named_files;
mod notebook;
mod pages;
mod person;
mod pipes;
mod prompts;
mod reverse;
mod robust;
mod scripts;
mod secrets;
mod sentences;
mod serve;
mod several;
mod stream;
mod subcommands;
mod suggestions;
mod tls;
