//! `cidian`, the client: arguments and exit status, nothing else.

use cidian::client::{self, LocalServer};
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match client::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(exit) => return exit.into(),
    };
    // The private server is forked here, while this process has one thread; `client::run` starts another.
    let local: Option<LocalServer> =
        arguments.local().then(|| -> LocalServer { Box::new(|| Err(io::Error::other("not yet"))) });
    client::run(arguments, local).into()
}
