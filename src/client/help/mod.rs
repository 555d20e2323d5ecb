//! Help and complaints about the command line, in the person's language. English is what stands beside the options in
//! `arguments.rs`; Chinese is the same definition with its texts replaced from [`chinese`]. It prints nothing itself.

mod chinese;
mod complaints;
pub(super) mod examples;
pub(super) mod notebook;

pub(super) use complaints::complaint;

use super::arguments::Arguments;
use super::messages::Language;
use clap::{Arg, Command, CommandFactory};

const CHINESE_TEMPLATE: &str = "{before-help}{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";

/// The definition of the command line, its texts in this language.
pub(super) fn command(language: Language) -> Command {
    let mut command = Arguments::command();
    if language == Language::Chinese {
        // What clap adds by itself needs words, too.
        command.build();
        command = in_chinese(command, "");
    }
    command
}

/// The names of a command below the program's, as the catalogue has them.
fn path_of(above: &str, command: &Command) -> String {
    if above.is_empty() { command.get_name().to_owned() } else { format!("{above} {}", command.get_name()) }
}

fn in_chinese(command: Command, path: &str) -> Command {
    // What is not in the catalogue stays English: a test finds it.
    let text = |part: &str| chinese::text(path, part);
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim_start();
    let usage = usage.replace("[OPTIONS]", "[选项]").replace("[COMMAND]", "[命令]");
    let mut command = command
        .help_template(CHINESE_TEMPLATE)
        .override_usage(usage)
        .subcommand_help_heading("命令")
        .mut_args(|argument| argument_in_chinese(argument, path));
    if let Some(about) = text("about") {
        command = match text("long") {
            Some(more) => command.about(about).long_about(format!("{about}\n\n{more}")),
            None => command.about(about).long_about(None),
        };
    }
    if let Some(examples) = text("examples") {
        command = command.after_help(examples);
    }
    command.mut_subcommands(|below| {
        let path = path_of(path, &below);
        in_chinese(below, &path)
    })
}

fn argument_in_chinese(argument: Arg, path: &str) -> Arg {
    let heading = if argument.is_positional() { "参数" } else { "选项" };
    let argument = argument.help_heading(heading);
    match chinese::argument(path, argument.get_id().as_str()) {
        Some(help) => argument.help(help).long_help(None),
        None => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &Command, path: &str, look: &mut impl FnMut(&Command, &str)) {
        look(command, path);
        for below in command.get_subcommands() {
            each(below, &path_of(path, below), look);
        }
    }

    fn is_chinese(text: Option<impl ToString>) -> bool {
        text.is_some_and(|text| text.to_string().chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)))
    }

    /// Every command, option and argument that clap shows has its Chinese text, and there is no text without one.
    #[test]
    fn the_two_catalogues_say_the_same() {
        let mut english = command(Language::English);
        english.build();
        let mut used = Vec::new();
        let mut missing = Vec::new();
        each(&english, "", &mut |command, path| {
            // The help of `help` is about commands that have theirs.
            if path.starts_with("help ") || path.contains(" help") {
                return;
            }
            let mut needs = |part: &str, there: bool| {
                if there {
                    used.push(format!("{path}|{part}"));
                    if chinese::text(path, part).is_none() {
                        missing.push(format!("{path}|{part}"));
                    }
                }
            };
            needs("about", true);
            let (short, long) = (command.get_about(), command.get_long_about());
            needs("long", long.is_some_and(|long| short.is_none_or(|short| short.to_string() != long.to_string())));
            needs("examples", command.get_after_help().is_some());
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                used.push(format!("-|{id}"));
                used.push(format!("{path}|<{id}>"));
                if chinese::argument(path, id).is_none() {
                    missing.push(format!("{path}|<{id}>"));
                }
            }
        });
        assert!(missing.is_empty(), "no Chinese for {missing:#?}");
        let unused: Vec<String> = chinese::keys().filter(|key| !used.contains(key)).collect();
        assert!(unused.is_empty(), "no English for {unused:#?}");
    }

    #[test]
    fn chinese_help_is_chinese() {
        let chinese = command(Language::Chinese);
        each(&chinese, "", &mut |command, path| {
            if path.starts_with("help ") || path.contains(" help") {
                return;
            }
            assert!(is_chinese(command.get_about()), "{path}");
            let help = command.clone().render_long_help().to_string();
            for english in ["Usage:", "Options:", "Commands:", "Arguments:", "Examples:", "Print ", "default:"] {
                assert!(!help.contains(english), "{path}: {english} in {help}");
            }
            // As in English: clap would break longer lines of examples anywhere.
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.lines().all(|line| crate::client::render::width(line) < 80), "{after}");
            for argument in command.get_arguments() {
                assert!(is_chinese(argument.get_help()), "{path} {}", argument.get_id());
            }
        });
        // The same options, whatever the language.
        chinese.debug_assert();
    }

    /// The examples are the same commands, with other words behind them.
    #[test]
    fn examples_are_the_same_commands() {
        let mut english = command(Language::English);
        english.build();
        let calls = |text: String| -> Vec<String> {
            let lines = text.lines().filter(|line| line.starts_with("  cidian")).map(str::to_owned);
            lines.map(|line| line.trim().split("   ").next().unwrap_or_default().trim().to_owned()).collect()
        };
        each(&english, "", &mut |command, path| {
            if let (Some(ours), Some(theirs)) = (command.get_after_help(), chinese::text(path, "examples")) {
                let (ours, theirs) = (calls(ours.to_string()), calls(theirs.to_owned()));
                // A comment may follow after one blank where the line is full.
                assert_eq!(ours.len(), theirs.len(), "{path}");
                for (ours, theirs) in ours.iter().zip(&theirs) {
                    let common = ours.split_whitespace().zip(theirs.split_whitespace()).take_while(|(a, b)| a == b);
                    let enough = ours.split_whitespace().count().min(2);
                    assert!(common.count() >= enough, "{path}: {ours} | {theirs}");
                }
            }
        });
    }
}
