//! What was typed becomes [`Arguments`], or a complaint in the person's language. It reads the configuration file, and
//! nothing else.

use super::Arguments;
use crate::client::exit::Exit;
use crate::client::files::config::Config;
use crate::client::help::{self, complaint};
use crate::client::messages::{Language, Message};
use crate::client::misuse::misuse;
use clap::error::ErrorKind;
use clap::{FromArgMatches, ValueEnum};
use std::ffi::OsString;
use std::io::Write;

/// Reads the command line (the program's name first) and the configuration file.
///
/// # Errors
/// The exit status, after the help, the version or what is wrong has been printed.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Exit> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let config = Config::read();
    let language = language(&arguments, config.as_ref().ok(), |name| std::env::var_os(name));
    let mut read = checked(arguments, language).map_err(|error| {
        // Help into a closed pipe is not a failure, and a closed standard error cannot be reported.
        match complaint(&error, language) {
            Some(text) => drop(std::io::stderr().write_all(text.as_bytes())),
            None => drop(error.print()),
        }
        if error.use_stderr() { Exit::Usage } else { Exit::Done }
    })?;
    // After `--help`, which works whatever is in the file.
    read.config = config.map_err(|failure| {
        let text = format!("cidian: {}\n", language.say(&Message::Failed(&failure)));
        let _ = std::io::stderr().write_all(text.as_bytes());
        Exit::from(&failure)
    })?;
    read.language = language;
    Ok(read)
}

/// The language: `--lang`, the configuration file, the locale. It is wanted before the command line is understood,
/// because its errors are reported in it, too.
fn language(arguments: &[OsString], config: Option<&Config>, variable: impl Fn(&str) -> Option<OsString>) -> Language {
    let mut before_words = arguments.iter().take_while(|argument| *argument != "--");
    let mut said = None;
    while let Some(argument) = before_words.next().map(|argument| argument.to_string_lossy()) {
        if argument == "--lang" {
            said = before_words.next().map(|value| value.to_string_lossy().into_owned());
        } else if let Some(value) = argument.strip_prefix("--lang=") {
            said = Some(value.to_owned());
        }
    }
    said.and_then(|value| Language::from_str(&value, false).ok())
        .or_else(|| config.and_then(|config| config.lang))
        .unwrap_or_else(|| Language::of_locale(variable))
}

fn checked(arguments: impl IntoIterator<Item = OsString>, language: Language) -> Result<Arguments, clap::Error> {
    let mut command = help::command(language);
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let word = word_alone(&typed, &command);
    let near = word.and_then(|at| near_subcommand(&typed[at].to_string_lossy(), &command));
    let matches = match word {
        None => command.try_get_matches_from_mut(typed)?,
        Some(at) => {
            let mut with_lookup = typed.clone();
            with_lookup.insert(at, "lookup".into());
            match command.try_get_matches_from_mut(with_lookup) {
                // What goes with it is nothing for a lookup: it is about the subcommand's name.
                Err(_) if near.is_some() => command.try_get_matches_from_mut(typed)?,
                read => read?,
            }
        }
    };
    let mut arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    arguments.near_subcommand = near;
    // Options may stand before and after the subcommand; clap's own conflicts look at one side only.
    match misuse(&arguments) {
        Some(misuse) => {
            let text = language.say(&Message::Misuse(misuse));
            Err(command.error(ErrorKind::ArgumentConflict, text))
        }
        None => Ok(arguments),
    }
}

/// Where the first word is of `cidian WORD…`, which is `cidian lookup WORD…` where no subcommand has the word's name, or
/// where `--` stands before it.
fn word_alone(arguments: &[OsString], command: &clap::Command) -> Option<usize> {
    let takes_value = |option: &str| {
        let named = |argument: &&clap::Arg| argument.get_long() == Some(option);
        let takes = |argument: &clap::Arg| argument.get_action().takes_values() && !argument.is_require_equals_set();
        command.get_arguments().find(named).is_some_and(takes)
    };
    let mut at = 1;
    while let Some(argument) = arguments.get(at).map(|argument| argument.to_string_lossy()) {
        match argument.strip_prefix("--") {
            Some("") => break,
            Some(option) => at += if takes_value(option) { 2 } else { 1 },
            None if argument.starts_with('-') && argument.len() > 1 => at += 1,
            None => break,
        }
    }
    let is_word = match &*arguments.get(at)?.to_string_lossy() {
        "--" => at + 1 < arguments.len(),
        "help" => false,
        word => !command.get_subcommands().any(|below| below.get_name() == word),
    };
    is_word.then_some(at)
}

/// The subcommand whose name with a slip this word may be.
fn near_subcommand(word: &str, command: &clap::Command) -> Option<String> {
    let is_near = |name: &str| {
        let slips = if name.len() < 6 { 1 } else { 2 };
        // `searches` is a word: a name with something behind it is not a slip.
        strsim::damerau_levenshtein(word, name) <= slips && !word.starts_with(name)
    };
    let mut shown = command.get_subcommands().filter(|below| !below.is_hide_set()).map(clap::Command::get_name);
    shown.find(|name| is_near(name)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::arguments::{ClientCommand, HistoryAction, HistoryArguments};
    use clap::CommandFactory;

    fn words(line: &str) -> Vec<OsString> {
        std::iter::once("cidian").chain(line.split_whitespace()).map(OsString::from).collect()
    }

    /// The same whatever the language.
    fn read(line: &str) -> Result<Arguments, clap::Error> {
        let read = checked(words(line), Language::English);
        assert_eq!(checked(words(line), Language::Chinese).is_ok(), read.is_ok(), "{line}");
        read
    }

    #[test]
    fn the_language_is_known_before_the_rest() {
        let config = Config { lang: Some(Language::Chinese), ..Config::default() };
        let of = |line: &str, config| language(&words(line), config, |name| (name == "LANG").then(|| "en_US".into()));
        assert_eq!(of("--lang zh --frobnicate", None), Language::Chinese);
        assert_eq!(of("lookup --lang=zh a", None), Language::Chinese);
        assert_eq!(of("lookup -- --lang zh", None), Language::English);
        assert_eq!(of("about", Some(&config)), Language::Chinese);
        assert_eq!(of("about --lang en", Some(&config)), Language::English);
        assert_eq!(of("about --lang de", None), Language::English);
        assert_eq!(of("about --lang", None), Language::English);
    }

    #[test]
    fn complaints_in_chinese() {
        let said = |line: &str| complaint(&checked(words(line), Language::Chinese).expect_err(line), Language::Chinese);
        for (line, part) in [
            ("--frobnicate", "没有 --frobnicate"),
            ("histroy -n 5", "、history"),
            ("history -n 5 --all", "不能与"),
            ("history -n x", "不能是“x”"),
            ("--color sometimes about", "可以是：auto、always、never"),
            ("--local about --server a:1", "两个不同的服务器"),
            ("--json", "菜单是给人看的"),
            ("export", "缺少 <--anki <FILE>|--csv <FILE>>"),
            ("--server", "需要一个值"),
            ("register ann", "没有 ann"),
        ] {
            let said = said(line).expect(line);
            assert!(said.contains(part) && said.starts_with("错误："), "{line}: {said}");
            assert!(!said.contains("error") && !said.contains("Usage"), "{line}: {said}");
        }
        assert_eq!(said("--help"), None);
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_subcommand() {
        for line in
            ["--user ann --local history clear", "history --user ann clear --local", "history clear --local --user ann"]
        {
            let arguments = read(line).expect(line);
            assert_eq!(arguments.user.as_deref(), Some("ann"), "{line}");
            assert!(arguments.local(), "{line}");
            assert!(matches!(
                arguments.command,
                Some(ClientCommand::History(HistoryArguments {
                    action: Some(HistoryAction::Clear { word: None }),
                    ..
                }))
            ));
        }
    }

    #[test]
    fn words_may_begin_with_a_dash_after_two() {
        let arguments = read("lookup --json -- -able --json ##").unwrap();
        assert!(arguments.json);
        let Some(ClientCommand::Lookup { words, .. }) = arguments.command else { panic!("not lookup") };
        assert_eq!(words, ["-able", "--json", "##"]);
    }

    #[test]
    fn a_word_alone_is_looked_up() {
        for (line, expected) in [
            ("apple", vec!["apple"]),
            ("give up", vec!["give", "up"]),
            ("--json --user ann apple pear", vec!["apple", "pear"]),
            ("--user=ann 苹果", vec!["苹果"]),
            ("--say apple", vec!["apple"]),
            ("--say=espeak-ng apple", vec!["apple"]),
            ("-- history", vec!["history"]),
            ("-- -able", vec!["-able"]),
            // Near a subcommand, but a word.
            ("look", vec!["look"]),
            ("expert", vec!["expert"]),
            ("searched", vec!["searched"]),
            ("about-face", vec!["about-face"]),
            ("lokup", vec!["lokup"]),
        ] {
            let arguments = read(line).expect(line);
            let Some(ClientCommand::Lookup { words, .. }) = arguments.command else { panic!("not lookup: {line}") };
            assert_eq!(words, expected, "{line}");
        }
        for (line, near) in
            [("lokup", Some("lookup")), ("regsiter", Some("register")), ("searched", None), ("-- lokup", None)]
        {
            assert_eq!(read(line).expect(line).near_subcommand.as_deref(), near, "{line}");
        }
        assert!(matches!(read("about").unwrap().command, Some(ClientCommand::About)));
        assert!(read("--").unwrap().command.is_none());
    }

    #[test]
    fn wrong_usage() {
        for line in [
            "histroy -n 5",
            "--json expotr --csv f",
            "history -n 0",
            "history -n 1001",
            "history -n 5 --all",
            "--server nowhere about",
            "--json",
            "--local about --server a:1",
            "--tls-ca file about",
            "--tls --local",
            "lookup -able",
            "register ann",
            "history -n 5 clear",
            "history --number 5",
            "history clear --reverse",
            "history --since tomorrow",
            "history --word [",
            "history --format xml",
            "history --format csv --json",
            "lookup --field interpret",
            "lookup --field word --json",
            "search",
            "search --regex a --prefix b",
            "search --sound a --suffix b",
            "export",
            "export --anki",
            "--color sometimes about",
            "--lang de about",
            "completions tcsh",
        ] {
            assert!(read(line).expect_err(line).use_stderr(), "{line}");
        }
        for line in ["--help", "--version", "lookup --help", "history clear --help"] {
            assert!(!read(line).expect_err(line).use_stderr(), "{line}");
        }
    }

    #[test]
    fn every_subcommand_shows_examples() {
        fn check(command: &clap::Command) {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("Examples:"), "{}", command.get_name());
            // clap would break longer lines anywhere in a terminal of 80 columns.
            assert!(after.lines().all(|line| line.len() < 80), "{after}");
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
