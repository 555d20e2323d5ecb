//! A session that its client has taken over, and the writer: whatever the session asks for, it can neither record nor
//! read lookups of any account except the one that the writer has seen logging in there. Writer, stores and channels
//! are the real ones.

use crate::attempt::support;
use cidian::ipc::channel::{ANSWER_TIMEOUT, Channel};
use cidian::ipc::parent::pair;
use cidian::ipc::rendezvous::Rendezvous;
use cidian::ipc::scoreboard::Scoreboard;
use cidian::ipc::ticket::{KeyMemory, Proof, SEAL_SIZE, SecretDigest, Ticket};
use cidian::sandbox;
use cidian::standard_error::StandardError;
use cidian::store::{self, AccountId, Location, Microseconds, Record, Registration, Standing, TokenHash};
use cidian::sys::sandbox::Sandbox;
use cidian::sys::{Forker, StoreKey, exit_now};
use cidian::writer::{self, Inherited, With};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use support::mariadb::MariaDb;

/// How long a refused request is tried: the writer closes the channel, and another is made.
const BRIEFLY: Duration = Duration::from_millis(200);

pub fn it_acts_for_its_own_account_only_on_sqlite(forker: &mut Forker) {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", directory.path().join("cidian.db").display());
    check(forker, &Location::parse(&url).expect("a URL"));
}

pub fn it_acts_for_its_own_account_only_on_mariadb(forker: &mut Forker) {
    let server = MariaDb::start();
    server.create_database("dict");
    check(forker, &Location::parse(&server.url("dict")).expect("a URL"));
}

fn check(forker: &mut Forker, location: &Location) {
    in_child(forker, |key| {
        store::init(location, key).expect("a schema");
        let mut store = store::open(location, key).expect("a store");
        for name in ["ann", "bob"] {
            let Ok(Registration::Made(account)) = store.register(name, &format!("$argon2id${name}")) else {
                panic!("{name} is new")
            };
            let kept = store.keep_token(account, &TokenHash::of(&format!("token of {name}"))).expect("a token");
            assert_eq!(kept, Standing::Live);
        }
        let bob = store.account("bob").expect("an answer").expect("an account").id;
        let batch = store::Batch { account: bob, name: "bob".to_owned(), records: vec![record("secret", 1)] };
        assert_eq!(store.record_many(&[batch]), [Ok(Standing::Live)]);
    });
    let rendezvous = Rendezvous::new().expect("a rendezvous");
    let key = KeyMemory::new().expect("memory");
    let (first, lifeline) = fork_writer(forker, location, &rendezvous, &key);
    let (ours, theirs) = pair().expect("a pair");
    let session = fork(forker, |_| {
        let mut channel = Channel::new(rendezvous.for_children(), 0);
        let ticket = captured(&mut channel);
        send(theirs.as_raw_fd(), b"1", MsgFlags::empty()).expect("the test listens");
        recv(theirs.as_raw_fd(), &mut [0], MsgFlags::empty()).expect("the test answers");
        // What holds for a writer holds for the next, and the ticket is good for that, too.
        let kept = channel.keep(&ticket, &[record("zoo", 3)], ANSWER_TIMEOUT, &mut || {});
        assert_eq!(kept, Ok(Standing::Live));
        captured(&mut channel);
    });
    recv(ours.as_raw_fd(), &mut [0], MsgFlags::empty()).expect("the session gets so far");
    kill(first, Signal::SIGKILL).expect("the writer is there");
    waitpid(first, None).expect("its end");
    drop(lifeline);
    let (second, lifeline) = fork_writer(forker, location, &rendezvous, &key);
    send(ours.as_raw_fd(), b"2", MsgFlags::empty()).expect("the session waits");
    assert_eq!(waitpid(session, None), Ok(WaitStatus::Exited(session, 0)));
    // The parent would have ended it at the first of these.
    let mut message = [0; 64];
    let size = recv(lifeline.as_raw_fd(), &mut message, MsgFlags::MSG_DONTWAIT).expect("a report");
    assert_eq!(message[..size], *format!("o{session}").as_bytes());
    drop(lifeline);
    assert_eq!(waitpid(second, None), Ok(WaitStatus::Exited(second, 0)));
    in_child(forker, |key| {
        let mut store = store::open(location, key).expect("a store");
        let mut words = |name: &str| {
            let account = store.account(name).expect("an answer").expect("an account").id;
            let page = store.history_page(account, None, 100).expect("an answer").expect("a live account");
            page.into_iter().map(|past| past.word).collect::<Vec<_>>()
        };
        assert_eq!(words("bob"), ["secret"]);
        assert_eq!(words("ann"), ["zoo", "apple"]);
    });
}

fn record(word: &str, time: i64) -> Record {
    Record { word: word.to_owned(), time: Microseconds(1_796_083_199_000_000 + time), origin: 7 }
}

/// Plays a session of ann's that bob's history is wanted from.
fn captured(channel: &mut Channel<'_>) -> Ticket {
    let by = |token: &str| Proof::Token(TokenHash::of(token));
    let log_in = |channel: &mut Channel<'_>, name: &str, proof: Proof| {
        channel.log_in(name, &proof, true, ANSWER_TIMEOUT, &mut || {}).expect("an answer")
    };
    // Her token opens her account, and none of her proofs opens another account.
    let ticket = log_in(channel, "ann", by("token of ann")).expect("a ticket");
    for (name, proof) in [
        ("bob", by("token of ann")),
        ("bob", by("")),
        ("bob", Proof::Passwd(SecretDigest::of("$argon2id$ann"))),
        ("bob", Proof::Passwd(SecretDigest::of(""))),
        ("bob", Proof::DictKey(SecretDigest::of(""))),
        ("ann", by("token of bob")),
        ("nobody", Proof::Passwd(SecretDigest::of(""))),
    ] {
        assert_eq!(log_in(channel, name, proof), None, "{name}");
    }
    let kept = channel.keep(&ticket, &[record("apple", 2)], ANSWER_TIMEOUT, &mut || {});
    assert_eq!(kept, Ok(Standing::Live));
    let own = channel.recent(&ticket, 10, None).expect("an answer").expect("a live account");
    assert_eq!(own.last().map(|past| past.word.as_str()), Some("apple"));
    let bob = AccountId { number: ticket.account.number + 1, ..ticket.account };
    for forged in [
        Ticket { account: bob, ..ticket.clone() },
        Ticket { account: bob, name: "bob".to_owned(), ..ticket.clone() },
        Ticket { name: "bob".to_owned(), ..ticket.clone() },
        Ticket { account: bob, name: "bob".to_owned(), reads: true, seal: [0; SEAL_SIZE] },
    ] {
        assert!(channel.keep(&forged, &[record("forged", 9)], BRIEFLY, &mut || {}).is_err());
        assert!(channel.keep(&forged, &[], BRIEFLY, &mut || {}).is_err());
        assert!(channel.recent(&forged, 10, None).is_err());
    }
    ticket
}

/// A writer, which ends when what is given back besides is dropped.
fn fork_writer(forker: &mut Forker, location: &Location, rendezvous: &Rendezvous, key: &KeyMemory) -> (Pid, OwnedFd) {
    let (ours, theirs) = pair().expect("a pair");
    let sandbox = Sandbox::prepare(sandbox::writer(location), support()).expect("a sandbox");
    let mut scoreboard = Scoreboard::new(1).expect("a scoreboard");
    let lines = StandardError::default();
    let child = forker.fork(|origin| {
        let with = With {
            scoreboard: &mut scoreboard,
            database: location,
            title: None,
            sandbox: &sandbox,
            lines: &lines,
            history_limit: None,
        };
        let shutdown_pipe = theirs.as_fd();
        writer::run(Inherited { rendezvous, shutdown_pipe, key, with, spool: None, stuck: None }, origin)
    });
    (child.expect("a child"), ours)
}

/// Does something in a child; what panics there ends it with 1.
fn fork(forker: &mut Forker, what: impl FnOnce(StoreKey)) -> Pid {
    let child = forker.fork(|origin| {
        let done = catch_unwind(AssertUnwindSafe(|| what(origin.into_store_key())));
        exit_now(i32::from(done.is_err()))
    });
    child.expect("a child")
}

/// The same, and it must succeed.
fn in_child(forker: &mut Forker, what: impl FnOnce(StoreKey)) {
    let child = fork(forker, what);
    assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
}
