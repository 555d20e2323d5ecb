//! `cidiand`, the daemon: arguments in, exit status out.

use cidian::cidiand::{self, CommandLine, Exit};
use cidian::sys::Origin;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let origin = Origin::of_main();
    match CommandLine::try_parse() {
        Ok(line) => cidiand::run(line, origin).into(),
        Err(error) => {
            // Help and version are not errors, and go to standard output.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            let _ = error.print();
            exit.into()
        }
    }
}
