//! Every request and every code, on both stores, to the letter.

use crate::common::{Daemon, Store, on_both_stores};

on_both_stores!(lookups_are_answered_and_recorded);

fn lookups_are_answered_and_recorded(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.ask("Q ann apple"), ["OK apple\tn. 苹果"]);
    assert_eq!(ann.ask("Q ann APPLE"), ["OK apple\tn. 苹果"]);
    assert_eq!(ann.history("ann"), ["apple", "apple"]);
    ann.ok("E");
    assert!(ann.at_eof());
}
