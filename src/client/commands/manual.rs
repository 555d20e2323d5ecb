//! Manual pages and completions, made from the command line's own definition, so that neither can tell of options
//! that are not there. The packaging calls `cidian manual DIRECTORY` and `cidian completions SHELL`.

use crate::client::arguments::Arguments;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io;
use std::path::Path;

/// The completions of one shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "cidian", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Writes `cidian.1` and a page for each subcommand.
///
/// # Errors
/// The directory can't be written.
pub(crate) fn write(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(Arguments::command(), directory)
}
