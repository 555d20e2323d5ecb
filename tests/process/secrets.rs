//! Secrets: where a password must not be found once it has been used.

use crate::common::{Setup, Store, on_both_stores, processes, wait_until};

on_both_stores!(a_child_forgets_passwords);

/// Looks for them in the memory of the process itself. (Lesson C2.)
fn a_child_forgets_passwords(store: Store) {
    let daemon = Setup::new(store).start();
    let (mut client, child) = daemon.connect_with_child();
    let secret = |number: u32| format!("hunter-{number}-hunter-{number}");
    // The search finds what is there: a word that the child has not finished reading.
    client.send(format!("Q ann {}", secret(0)));
    if std::fs::File::open(format!("/proc/{child}/mem")).is_err() {
        eprintln!("NOT TESTED: this user may not look into the memory of other processes");
        return;
    }
    wait_until("the word to arrive", || processes::in_memory(child, &secret(0)) > Some(0));
    client.send("\n");
    client.line();
    client.ok(&format!("R ann {}", secret(1)));
    assert_eq!(client.refused(&format!("L ann {}", secret(2))), "denied");
    assert_eq!(client.refused(&format!("L bob {}", secret(3))), "denied");
    assert_eq!(client.refused(&format!("L ann\t{}", secret(4))), "badreq");
    assert_eq!(client.refused(&format!("L {} {}", "n".repeat(33), secret(5))), "badname");
    assert_eq!(client.refused(&format!("L ann {}{}", secret(6), "x".repeat(1_024))), "toolong");
    // In pieces, and among others.
    client.send(format!("Q ann zoo\nL ann {}", &secret(1)[..5]));
    client.line();
    client.send(format!("{}\nQ ann zoo\nP ann {}\nQ ann zoo\n", &secret(1)[5..], secret(7)));
    let replies: Vec<String> = (0..4).map(|_| client.line()).collect();
    assert!(replies.iter().all(|reply| reply.starts_with("OK")), "{replies:?}");
    // While the next line is on its way, too.
    client.send(format!("L ann {}\nC an", secret(7)));
    assert_eq!(client.line(), "OK");
    assert_eq!(processes::in_memory(child, "hunter-"), Some(0));
    client.ok("n");
    assert_eq!(processes::in_memory(child, "hunter-"), Some(0));
    client.ok(&format!("X ann {}", secret(7)));
    client.ok("O");
    assert_eq!(processes::in_memory(child, "hunter-"), Some(0));
}
