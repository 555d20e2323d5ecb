//! Manual pages and completions, made from the command line's own definition, so that neither can describe options that
//! do not exist. The rest of each page is text beside this file. The packaging calls `cidiand manual DIRECTORY` and
//! `cidiand completions SHELL`.

use crate::config::options::CommandLine;
use clap::{Arg, ArgAction, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::fs;
use std::io;
use std::path::Path;

/// What follows in `cidiand.8`: files, environment, other pages.
const DAEMON: &str = include_str!("cidiand.8.end");
/// What precedes the keys in `cidiand.toml.5`.
const CONFIGURATION: &str = include_str!("cidiand.toml.5.begin");
/// The whole `cidian-words.5`.
const WORDS: &str = include_str!("cidian-words.5");
/// Options that a configuration file can't hold.
const NO_KEYS: [&str; 4] = ["config", "check", "help", "version"];

/// The completions of one shell.
pub fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "cidiand", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Writes `cidiand.8`, a page for each subcommand, `cidiand.toml.5` and `cidian-words.5`.
///
/// # Errors
/// The directory can't be written.
pub fn write(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut command = CommandLine::command().disable_help_subcommand(true);
    command.build();
    write_commands(&command, directory, DAEMON)?;
    fs::write(directory.join("cidiand.toml.5"), configuration(&command)?)?;
    fs::write(directory.join("cidian-words.5"), WORDS)
}

fn write_commands(command: &Command, directory: &Path, end: &str) -> io::Result<()> {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        write_commands(subcommand, directory, "")?;
    }
    let page = Man::new(command.clone()).section("8").manual("Cidian").source("Cidian");
    let mut text = Vec::new();
    page.render(&mut text)?;
    text.extend_from_slice(end.as_bytes());
    fs::write(directory.join(page.get_filename()), text)
}

fn configuration(command: &Command) -> io::Result<Vec<u8>> {
    let mut text = CONFIGURATION.as_bytes().to_vec();
    let mut keys = Roff::new();
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let Some(option) = argument.get_long().filter(|option| !NO_KEYS.contains(option)) else { continue };
        let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        keys.control("TP", []);
        keys.text([bold(key(option)), roman(format!(" = {}", value(argument)))]);
        keys.text([roman(help.split(' ').map(in_the_file).collect::<Vec<_>>().join(" "))]);
    }
    keys.to_writer(&mut text)?;
    text.extend_from_slice(b".SH SEE ALSO\n\\fBcidiand\\fR(8), \\fBcidian-words\\fR(5)\n");
    Ok(text)
}

fn key(option: &str) -> String {
    option.replace('-', "_")
}

/// An option that a text about options names, as the file's key.
fn in_the_file(word: &str) -> String {
    word.strip_prefix("--").map_or_else(|| word.to_owned(), key)
}

/// What a key is set to, as TOML has it.
fn value(argument: &Arg) -> String {
    let name = argument.get_value_names().and_then(|names| names.first()).map_or("VALUE", |name| name.as_str());
    match argument.get_action() {
        ArgAction::SetTrue => "true | false".to_owned(),
        ArgAction::Append => format!("\"{name}\" | [\"{name}\", …]"),
        _ if matches!(name, "N" | "S") => name.to_owned(),
        _ => format!("\"{name}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_there_and_names_its_own() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path()).unwrap();
        let page = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        for name in ["cidiand.8", "cidiand-reload.8", "cidiand-words-import.8", "cidiand-user-add.8", "cidian-words.5"]
        {
            assert!(page(name).contains(".SH NAME"), "{name}");
        }
        assert!(page("cidiand.8").contains("SEE ALSO"));
        let keys = page("cidiand.toml.5");
        for option in CommandLine::command().get_arguments().filter_map(Arg::get_long) {
            let there = keys.contains(&format!("\\fB{}\\fR", key(option)));
            assert_eq!(there, !NO_KEYS.contains(&option), "{option}");
        }
        assert!(!page("cidiand.8").contains("manual"), "what only the packaging needs is hidden");
    }

    #[test]
    fn completions_of_every_shell() {
        for shell in <Shell as clap::ValueEnum>::value_variants() {
            assert!(completions(*shell).contains("max-clients"), "{shell:?}");
        }
    }
}
