//! `cidian`, the client: arguments and exit status, nothing else.

use cidian::cidiand::Fatal;
use cidian::client::{self, LocalServer};
use cidian::daemon::{self, PrivateServer};
use cidian::sys::{Forker, Origin};
use std::process::ExitCode;

fn main() -> ExitCode {
    let origin = Origin::of_main();
    let mut arguments = match client::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(exit) => return exit.into(),
    };
    client::settle_server(&mut arguments);
    if let Some(addresses) = arguments.serve() {
        let mut forker = origin.into_forker();
        // On a private server of its own, which ends before the other one begins.
        let account = match local_server(&mut forker) {
            Ok(local) => client::account_to_serve(&arguments, local),
            Err(exit) => return exit,
        };
        return match account {
            Ok(account) => daemon::serve_dict(forker, addresses, account).into(),
            Err(exit) => exit.into(),
        };
    }
    // The private server is forked here, while this process has one thread; `client::run` starts another.
    let local = if arguments.local() {
        match local_server(&mut origin.into_forker()) {
            Ok(local) => Some(local),
            Err(exit) => return exit,
        }
    } else {
        None
    };
    client::run(arguments, local).into()
}

fn local_server(forker: &mut Forker) -> Result<LocalServer, ExitCode> {
    let complain = |fatal: Fatal| -> ExitCode {
        eprintln!("cidian: {fatal}");
        fatal.exit.into()
    };
    let server = PrivateServer::start(forker).map_err(complain)?;
    Ok(Box::new(move || server.connect()))
}
