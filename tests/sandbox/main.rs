//! The sandbox, layer by layer: each forbidden thing is tried in a process that has entered the real policy, with the
//! other layers left out, so that it is clear which layer forbids it.
//!
//! This binary has no test harness, because the harness has threads, and a process with threads must not fork.

mod attempt;
mod captured;
mod files;
mod limits;
mod policies;
mod ports;
mod system_calls;

use cidian::sys::{Forker, Origin};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// A test: its name and its body.
type Test = (&'static str, fn(&mut Forker));

/// Names the functions and makes the list of them.
macro_rules! tests {
    ($($module:ident :: $body:ident),+ $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($body)), $module::$body)),+]
    };
}

const TESTS: &[Test] = tests![
    files::a_session_opens_the_files_of_its_embedded_database_only,
    files::the_writer_of_an_embedded_database_opens_its_directory_only,
    files::a_server_by_address_opens_nothing,
    files::a_server_by_name_reads_how_names_are_found_only,
    files::sqlite_works_and_spills_beside_its_database,
    files::a_directory_that_was_replaced_is_noticed,
    files::the_loader_opens_nothing,
    files::the_probe_makes_what_is_missing,
    ports::only_the_database_s_port_is_connected_to,
    ports::an_embedded_database_has_no_network,
    ports::the_parent_gets_no_signal_and_no_abstract_socket_is_reached,
    system_calls::no_session_may_make_these,
    system_calls::no_session_that_inherits_may_make_these,
    system_calls::what_is_handed_down_is_all_of_it,
    system_calls::sockets_are_the_database_s_only,
    system_calls::nothing_becomes_executable,
    system_calls::calls_of_another_machine_end_it,
    system_calls::what_a_session_does_is_allowed,
    system_calls::an_abort_is_told_as_one,
    system_calls::the_writer_uses_its_spool_and_opens_nothing,
    system_calls::names_are_read_only_even_without_landlock,
    limits::descriptors_processes_and_core_dumps,
    limits::no_other_process_of_the_user_looks_into_it,
    limits::without_the_kernel_s_help_a_session_still_starts,
    captured::it_acts_for_its_own_account_only_on_sqlite,
    captured::it_acts_for_its_own_account_only_on_mariadb,
];

fn main() -> ExitCode {
    let mut forker = Origin::of_main().into_forker();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen = TESTS.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|part| name.contains(*part)));
    if arguments.iter().any(|argument| argument == "--list") {
        chosen.for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let (mut passed, mut failed) = (0, 0);
    for (name, body) in chosen {
        match catch_unwind(AssertUnwindSafe(|| body(&mut forker))) {
            Ok(()) => {
                println!("test {name} ... ok");
                passed += 1;
            }
            Err(_) => {
                println!("test {name} ... FAILED");
                failed += 1;
            }
        }
    }
    println!("\ntest result: {passed} passed; {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}
