//! Clients that do not read, read slowly, or read late.

use std::io::Read;
use std::time::{Duration, Instant};
use support::certificates::Authority;
use support::{Connection, Daemon, Setup, Store, WORDS, processes, wait_for, wait_until};

/// A daemon whose word `zzz` has a long interpretation, the reply to it, and an account `ann`.
fn with_a_long_word(options: &str) -> (Daemon, String) {
    let (daemon, reply, _) = with_a_long_word_and_tls(options);
    (daemon, reply)
}

/// The same with TLS.
fn with_a_long_word_and_tls(options: &str) -> (Daemon, String, Authority) {
    let reply = format!("OK zzz\t{}\n", "长".repeat(300_000));
    let authority = Authority::new("of the tests");
    let setup = Setup::new(Store::Sqlite).words(format!("{WORDS}{}", &reply[3..])).options(options);
    let daemon = setup.tls(&authority.pair(&["localhost"])).start();
    daemon.connect().register("ann");
    daemon.wait_children(0);
    (daemon, reply, authority)
}

/// The last replies are still on their way when the child closes, and a
/// reset would throw them away.
#[test]
fn replies_on_their_way_survive_the_close() {
    let (daemon, reply) = with_a_long_word("");
    let (mut ann, child) = daemon.connect_with_child();
    ann.login("ann");
    ann.send(format!("Q ann zzz\nE\n{}", "x".repeat(100_000)));
    wait_until("the child to end", || !processes::lives(child));
    assert!(ann.line() == reply.trim_end());
    assert_eq!(ann.line(), "OK");
    assert!(ann.at_eof());
}

/// A slow reader of a long pipeline gets every reply whole and in order; the daemon waits for it.
#[test]
fn a_client_that_sends_all_before_it_reads() {
    let (daemon, reply) = with_a_long_word("");
    let (mut ann, child) = daemon.connect_with_child();
    ann.login("ann");
    // Far more replies than socket buffers hold, from few requests.
    ann.send("Q ann zzz\nQ ann apple\n".repeat(30));
    // The child has to wait for us: asleep, and not for input.
    wait_until("the child to be blocked in its writing", || {
        processes::title(child).ends_with("busy") && processes::state(child) == Some('S')
    });
    for _ in 0..30 {
        assert!(ann.line() == reply.trim_end());
        assert_eq!(ann.line(), "OK apple\tn. 苹果");
    }
    assert_eq!(ann.history("ann").len(), 60);
}

/// The same within TLS, which keeps nothing back and holds little in memory.
#[test]
fn a_client_of_tls_that_sends_all_before_it_reads() {
    let (daemon, reply, authority) = with_a_long_word_and_tls("");
    let mut ann = Connection::open_tls(daemon.tls_port(), &authority);
    ann.login("ann");
    ann.send("Q ann zzz\nQ ann apple\n".repeat(30));
    let child = daemon.wait_children(1)[0];
    wait_until("the child to be blocked in its writing", || {
        processes::title(child).ends_with("busy") && processes::state(child) == Some('S')
    });
    let memory = processes::memory(child, "Private_Dirty");
    assert!(memory < 16 * 1024, "{memory} KiB");
    for _ in 0..30 {
        assert!(ann.line() == reply.trim_end());
        assert_eq!(ann.line(), "OK apple\tn. 苹果");
    }
    assert_eq!(ann.history("ann").len(), 60);
}

/// A reply that makes no progress for 60 s ends the connection, whatever the timeouts are; one that makes little
/// progress does not.
#[test]
fn replies_that_nobody_reads_end_the_connection() {
    let (daemon, reply, authority) = with_a_long_word_and_tls("--idle-timeout 0 --login-grace 0");
    let begin_with = |connect: &dyn Fn() -> Connection| {
        let before = daemon.children();
        let mut ann = connect();
        ann.login("ann");
        let child = *daemon.children().iter().find(|pid| !before.contains(pid)).expect("one new child");
        // More than the buffers of both sockets hold.
        ann.send("Q ann zzz\n".repeat(20));
        (ann, child)
    };
    let begin = || begin_with(&|| daemon.connect());
    let (slow, slow_child) = begin();
    let (_unread, child) = begin();
    let (_unread_tls, tls_child) = begin_with(&|| Connection::open_tls(daemon.tls_port(), &authority));
    let start = Instant::now();
    let mut read = vec![0; 20 * reply.len()];
    let mut size = 0;
    wait_for("the child to give up", Duration::from_secs(100), || {
        // 64 KiB in five seconds: so little that the child's socket never shows itself writeable.
        if start.elapsed().as_secs() / 5 * 0x1_0000 > size as u64 {
            slow.tcp().read_exact(&mut read[size..size + 0x1_0000]).expect("a slow reader is served");
            size += 0x1_0000;
        }
        (!processes::lives(child) && !processes::lives(tls_child)).then_some(())
    });
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_secs(59), "{elapsed:?}");
    daemon.wait_log("user ann: ");
    daemon.wait_log_times(": replies not read", 2);
    assert!(daemon.wait_log(": replies not read").contains(" INFO: "));
    assert!(processes::lives(slow_child));
    slow.tcp().read_exact(&mut read[size..]).expect("every reply, in the end");
    assert!(read == reply.repeat(20).as_bytes());
}
