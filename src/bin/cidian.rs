//! `cidian`, the client: arguments and exit status, nothing else.

use cidian::client::{self, LocalServer};
use cidian::daemon::PrivateServer;
use cidian::sys::Origin;
use std::process::ExitCode;

fn main() -> ExitCode {
    let origin = Origin::of_main();
    let arguments = match client::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(exit) => return exit.into(),
    };
    // The private server is forked here, while this process has one thread; `client::run` starts another.
    let local: Option<LocalServer> = if arguments.local() {
        match PrivateServer::start(origin) {
            Ok(server) => Some(Box::new(move || server.connect())),
            Err(fatal) => {
                eprintln!("cidian: {fatal}");
                return fatal.exit.into();
            }
        }
    } else {
        None
    };
    client::run(arguments, local).into()
}
