//! `D`: what a word means, with no trace in the history.

use support::{PASSWD, Setup, Store, on_both_stores};

on_both_stores!(it_answers_as_a_lookup_and_records_nothing);

fn it_answers_as_a_lookup_and_records_nothing(store: Store) {
    let daemon = Setup::new(store).start();
    let mut stranger = daemon.connect();
    assert!(stranger.ask_line("D ann apple").starts_with("FAIL denied"));
    let mut ann = daemon.connect_as("ann");
    for word in ["apple", "APPLE", "ice cream", "bank", "pears", " zoo "] {
        let looked_up = ann.ask_line(&format!("Q ann {word}"));
        assert!(looked_up.starts_with("OK "), "{looked_up}");
        assert_eq!(ann.ask_line(&format!("D ann {word}")), looked_up);
    }
    assert!(ann.ask_line("D ann zzz").starts_with("FAIL notfound"));
    assert!(ann.ask_line("D bob apple").starts_with("FAIL denied"));
    for wrong in ["D", "D ann", "D ann ", "D  apple"] {
        let reply = ann.ask_line(wrong);
        assert!(reply.starts_with("FAIL badreq") || reply.starts_with("FAIL badname"), "{wrong}: {reply}");
    }
    // Between lookups, in one packet, each in its turn.
    ann.send("Q ann apple\nD ann zoo\nQ ann zzz\nD ann pear\n");
    let replies: Vec<String> = (0..4).map(|_| ann.line()).collect();
    assert!(replies[0].starts_with("OK apple\t") && replies[1].starts_with("OK zoo\t"), "{replies:?}");
    assert!(replies[2].starts_with("FAIL notfound") && replies[3].starts_with("OK pear\t"), "{replies:?}");
    assert_eq!(ann.history("ann"), ["apple", "zoo", "pear", "bank", "ice cream", "apple", "apple"]);
    // The account is gone: so is its login.
    let mut other = daemon.connect();
    other.login("ann");
    other.ok(&format!("X ann {PASSWD}"));
    assert!(ann.ask_line("D ann apple").starts_with("FAIL denied"));
}
