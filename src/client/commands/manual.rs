//! Manual pages and completions, made from the command line's own definition, so that neither can describe options that
//! do not exist. The packaging calls `cidian manual DIRECTORY` and `cidian completions SHELL`.

use crate::client::arguments::Arguments;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// After the function that clap writes: words where no option is completed.
const BASH_WORDS: &str = r#"
_cidian_words() {
    _cidian "$@"
    local current=${COMP_WORDS[COMP_CWORD]} word subcommand=
    # As it was meant, not as it is quoted.
    current=${current#[\"\']} current=${current//\\/}
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            lookup | star) subcommand=$word ;;
        esac
    done
    if [[ -n $subcommand && -n $current && $current != -* ]]; then
        local IFS=$'\n'
        COMPREPLY=()
        for word in $(cidian complete-words "$current" 2>/dev/null); do
            COMPREPLY+=("$(printf %q "$word")")
        done
    fi
}

complete -F _cidian_words -o bashdefault -o default cidian
"#;

/// Behind what clap knows of the program itself: its files and variables.
const END: &str = include_str!("../help/cidian.1.end");

/// Before the function that clap writes.
const ZSH_WORDS: &str = r#"_cidian_words() {
    local -a headwords
    [[ -n $PREFIX ]] || return 1
    headwords=("${(@f)$(cidian complete-words "$PREFIX" 2>/dev/null)}")
    compadd -M 'm:{a-z}={A-Z}' -a headwords
}
"#;

/// Behind what clap writes.
const FISH_WORDS: &str = r#"
complete -c cidian -n "__fish_cidian_using_subcommand lookup star" -f -a "(cidian complete-words (commandline -ct | string unescape) 2>/dev/null)"
"#;

/// The completions of one shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut without_hidden(&Arguments::command()), "cidian", &mut text);
    with_words(shell, &String::from_utf8_lossy(&text))
}

/// The command line without the subcommands that `--help` does not show: clap would complete them all the same.
fn without_hidden(whole: &Command) -> Command {
    let shown = whole.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()).cloned();
    // No subcommand can be taken out of a definition: this is a new one.
    Command::new("cidian").version(env!("CARGO_PKG_VERSION")).args(whole.get_arguments().cloned()).subcommands(shown)
}

/// What completes words of the dictionary after `lookup` and `star`, beside what clap makes of the options.
fn with_words(shell: Shell, options: &str) -> String {
    match shell {
        Shell::Bash => format!("{options}{BASH_WORDS}"),
        // Where the words of these two stand, clap proposes files.
        Shell::Zsh => {
            let words = ["lookup", "star"].iter().fold(options.to_owned(), |text, subcommand| {
                let Some(begin) = text.find(&format!("({subcommand})\n_arguments")) else { return text };
                let (before, after) = text.split_at(begin);
                let end = after.find("\n;;").unwrap_or(after.len());
                let (block, rest) = after.split_at(end);
                let block: Vec<String> = block
                    .lines()
                    .map(|line| match line.strip_prefix("'*::").and_then(|line| line.strip_suffix(":_default' \\")) {
                        Some(line) => format!("'*::{line}:_cidian_words' \\"),
                        None => line.to_owned(),
                    })
                    .collect();
                format!("{before}{}{rest}", block.join("\n"))
            });
            words.replacen("\n_cidian() {", &format!("\n{ZSH_WORDS}\n_cidian() {{"), 1)
        }
        Shell::Fish => format!("{options}{FISH_WORDS}"),
        _ => options.to_owned(),
    }
}

/// Writes `cidian.1` and a page for each subcommand.
///
/// # Errors
/// The directory can't be written.
pub(crate) fn write(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(Arguments::command(), directory)?;
    let mut first = OpenOptions::new().append(true).open(directory.join("cidian.1"))?;
    first.write_all(END.as_bytes())
}
