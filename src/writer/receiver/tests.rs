//! The writer's end of the channels, with both ends in one process.

use super::super::Rendezvous;
use super::*;
use crate::ipc::channel::{ANSWER_TIMEOUT, Channel as Ours};
use crate::ipc::parent::pair;
use crate::ipc::ticket::{KeyMemory, Proof};
use crate::ipc::writer_reply::read_reply;
use crate::ipc::writer_request::{write_keep, write_log_in, write_recent};
use crate::store::{AccountId, Microseconds, PastLookup, Record, TokenHash};
use std::os::fd::AsFd;

const ANN: AccountId = AccountId { number: 7, created: Some(Microseconds(1)) };
const BOB: AccountId = AccountId { number: 8, created: Some(Microseconds(1)) };

fn record(word: &str) -> Record {
    Record { word: word.to_owned(), time: Microseconds(1), origin: 2 }
}

/// One child's batch from end to end, with everything that can happen to it on the way.
#[test]
fn a_batch_reaches_a_writer_and_is_acknowledged_by_one() {
    let rendezvous = Rendezvous::new().unwrap();
    let key = KeyMemory::new().unwrap();
    let (shutdown_pipe, theirs) = pair().unwrap();
    let new = || Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key.take_up().unwrap()).unwrap();
    let ticket = key.take_up().unwrap().issue(Pid::this(), ANN, "ann".to_owned(), true);
    std::thread::scope(|scope| {
        let child = scope.spawn(|| {
            let mut channel = Ours::new(rendezvous.for_children(), 0);
            let keep =
                |channel: &mut Ours<'_>, records: &[Record]| channel.keep(&ticket, records, ANSWER_TIMEOUT, &mut || {});
            let outcome = keep(&mut channel, &[record("a"), record("b")]);
            assert_eq!(outcome, Ok(Standing::Live));
            assert!(channel.idle_at().is_some());
            assert_eq!(keep(&mut channel, &[]), Ok(Standing::Gone), "on the same channel");
            let refused = keep(&mut channel, &[record("c")]);
            assert_eq!(refused, Err(Error::world("away")));
            // More than goes through the rendezvous.
            channel.close();
            let many = vec![record(&"x".repeat(128)); 32];
            assert_eq!(keep(&mut channel, &many), Ok(Standing::Live));
        });
        // The first writer dies before it answers, the second after it has taken the batch in.
        drop(new());
        let mut second = new();
        assert_eq!(second.wait(None).unwrap().batches[0].records, [record("a"), record("b")]);
        drop(second);
        let mut third = new();
        let sent_again = third.wait(None).unwrap();
        assert_eq!(sent_again.batches[0].records, [record("a"), record("b")]);
        assert_eq!((sent_again.batches[0].account, &*sent_again.batches[0].name), (ANN, "ann"));
        third.acknowledge(&sent_again, vec![Ok(Standing::Live)]);
        let standing = third.wait(None).unwrap();
        assert!(standing.batches[0].records.is_empty());
        third.acknowledge(&standing, vec![Ok(Standing::Gone)]);
        let refused = third.wait(None).unwrap();
        third.acknowledge(&refused, vec![Err(Error::world("away"))]);
        let many = third.wait(None).unwrap();
        assert_eq!(many.batches[0].records.len(), 32);
        third.acknowledge(&many, vec![Ok(Standing::Live)]);
        child.join().unwrap();
        drop(shutdown_pipe);
        let now = Instant::now();
        assert!(third.wait(Some(now)).unwrap().is_empty());
        assert!(third.wait(Some(now + Duration::from_secs(60))).unwrap().is_empty() && third.ended());
        assert!(third.channels.is_empty(), "the child's end is closed");
        assert!(third.take_offenders().is_empty());
    });
}

/// A login gets a ticket, which is good with the next writer, too.
#[test]
fn a_login_is_answered_with_a_ticket() {
    let rendezvous = Rendezvous::new().unwrap();
    let key = KeyMemory::new().unwrap();
    let (_lifeline, theirs) = pair().unwrap();
    let new = || Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key.take_up().unwrap()).unwrap();
    let past = PastLookup { word: "apple".to_owned(), time: Microseconds(5), origin: 1 };
    std::thread::scope(|scope| {
        let child = scope.spawn(|| {
            let mut channel = Ours::new(rendezvous.for_children(), 0);
            let proof = Proof::Token(TokenHash::of("x"));
            assert_eq!(channel.log_in("bob", &proof, true, ANSWER_TIMEOUT, &mut || {}), Ok(None));
            let ticket = channel.log_in("ann", &proof, true, ANSWER_TIMEOUT, &mut || {}).unwrap().unwrap();
            assert_eq!((ticket.account, &*ticket.name), (ANN, "ann"));
            assert_eq!(channel.recent(&ticket, 10, None), Ok(Some(vec![past.clone()])));
            assert_eq!(channel.recent(&ticket, 10, None), Ok(None));
            let failed = channel.recent(&ticket, 10, None);
            assert_eq!(failed, Err(Error::world("away")));
        });
        let mut first = new();
        for answer in [Answer::Refused, Answer::LoggedIn { account: ANN, name: "ann".to_owned(), reads: true }] {
            let asked = first.wait(None).unwrap();
            assert_eq!(asked.questions.tokens.len(), 1);
            first.answer(vec![(asked.questions.tokens_from[0].0, answer)]);
        }
        let asked = first.wait(None).unwrap();
        assert_eq!(asked.questions.recent, [(ANN, 10)]);
        drop(first);
        let mut second = new();
        for answer in
            [Answer::Lookups(Some(vec![past.clone()])), Answer::Lookups(None), Answer::Failed(Error::world("away"))]
        {
            let asked = second.wait(None).unwrap();
            assert_eq!(asked.questions.recent, [(ANN, 10)]);
            second.answer(vec![(asked.questions.recent_from[0], answer)]);
        }
        child.join().unwrap();
    });
}

/// What a session that its client has taken over may try: it is served only for the account that it was given a ticket
/// for, and only for what that is good for.
#[test]
fn nothing_is_taken_in_without_a_ticket_for_it() {
    let rendezvous = Rendezvous::new().unwrap();
    let key = KeyMemory::new().unwrap().take_up().unwrap();
    let (_lifeline, theirs) = pair().unwrap();
    let of_ann = key.issue(Pid::this(), ANN, "ann".to_owned(), true);
    let for_dict = key.issue(Pid::this(), ANN, "ann".to_owned(), false);
    let of_another_child = key.issue(Pid::from_raw(Pid::this().as_raw() + 1), ANN, "ann".to_owned(), true);
    let own = KeyMemory::new().unwrap().take_up().unwrap().issue(Pid::this(), BOB, "bob".to_owned(), true);
    let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
    let forged = [
        own,
        of_another_child,
        Ticket { account: BOB, ..of_ann.clone() },
        Ticket { name: "bob".to_owned(), ..of_ann.clone() },
        Ticket { account: AccountId { created: None, ..ANN }, ..of_ann.clone() },
        Ticket { reads: true, ..for_dict.clone() },
    ];
    let mut requests: Vec<Vec<u8>> = Vec::new();
    for ticket in &forged {
        let (mut keep, mut standing, mut recent) = (Vec::new(), Vec::new(), Vec::new());
        write_keep(&mut keep, ticket, &[record("x")]);
        write_keep(&mut standing, ticket, &[]);
        write_recent(&mut recent, ticket, 10, None);
        requests.extend([keep, standing, recent]);
    }
    let mut recent = Vec::new();
    write_recent(&mut recent, &for_dict, 10, None);
    requests.push(recent);
    let mut honest = Vec::new();
    write_keep(&mut honest, &of_ann, &[record("a")]);
    for (at, request) in (1..).zip(&requests) {
        // On a channel that was used for what is right, and as the first thing on one.
        for beforehand in [true, false] {
            let (child, writers) = pair().unwrap();
            let message = [&[0; PARTY_SIZE][..], if beforehand { &honest[..] } else { &request[..] }].concat();
            sys::send_with_descriptor(rendezvous.for_children(), &message, writers.as_fd(), MsgFlags::empty()).unwrap();
            drop(writers);
            if beforehand {
                let gathered = receiver.look().unwrap();
                assert_eq!(gathered.batches[0].account, ANN);
                receiver.acknowledge(&gathered, vec![Ok(Standing::Live)]);
                let mut reply = [0; MAX_OUTCOME];
                let size = recv(child.as_raw_fd(), &mut reply, MsgFlags::MSG_DONTWAIT).unwrap();
                assert_eq!(read_reply(&reply[..size]), Some(WriterReply::Standing(Standing::Live)));
                send(child.as_raw_fd(), request, MsgFlags::empty()).unwrap();
            }
            let gathered = receiver.look().unwrap();
            assert!(gathered.is_empty() && gathered.batches.is_empty() && gathered.questions.is_empty());
            assert_eq!(recv(child.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT), Ok(0), "closed: {at}");
        }
    }
    assert_eq!(receiver.take_offenders(), vec![Pid::this(); 2 * requests.len()]);
    assert!(receiver.channels.is_empty());
}

/// An idle writer that is asked for a sign of life moves, and does not end.
#[test]
fn a_ping_is_no_end() {
    let rendezvous = Rendezvous::new().unwrap();
    let (shutdown_pipe, theirs) = pair().unwrap();
    let key = KeyMemory::new().unwrap().take_up().unwrap();
    let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
    send(shutdown_pipe.as_raw_fd(), b"?", MsgFlags::empty()).unwrap();
    assert!(receiver.wait(None).unwrap().is_empty() && !receiver.ended());
    drop(shutdown_pipe);
    assert!(receiver.wait(None).unwrap().is_empty() && receiver.ended());
}

#[test]
fn what_is_no_request_costs_only_its_sender() {
    let rendezvous = Rendezvous::new().unwrap();
    let (_lifeline, theirs) = pair().unwrap();
    let key = KeyMemory::new().unwrap().take_up().unwrap();
    let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
    for garbage in [vec![0], vec![b'k'; MAX_REQUEST + 1], vec![0; 4_096]] {
        let (child, writers) = pair().unwrap();
        send(child.as_raw_fd(), &garbage, MsgFlags::empty()).unwrap();
        sys::send_with_descriptor(rendezvous.for_children(), &[0; 8], writers.as_fd(), MsgFlags::empty()).unwrap();
        drop(writers);
        assert!(receiver.look().unwrap().is_empty());
        assert_eq!(recv(child.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT), Ok(0), "closed");
    }
    for garbage in [&b""[..], &[0; 7], &[0; 9], &[b'k'; PARTY_SIZE + MAX_INLINE + 9]] {
        let (child, writers) = pair().unwrap();
        sys::send_with_descriptor(rendezvous.for_children(), garbage, writers.as_fd(), MsgFlags::empty()).unwrap();
        drop(writers);
        assert!(receiver.look().unwrap().is_empty());
        assert_eq!(recv(child.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT), Ok(0), "closed");
    }
}

/// A child that sends more than it may before it is answered gets no more than one answer at a time, and nothing of
/// it is left when it has gone.
#[test]
fn a_child_that_sends_too_much_at_once() {
    let rendezvous = Rendezvous::new().unwrap();
    let (_lifeline, theirs) = pair().unwrap();
    let key = KeyMemory::new().unwrap().take_up().unwrap();
    let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
    let mut log_in = Vec::new();
    write_log_in(&mut log_in, "ann", &Proof::Token(TokenHash::of("x")), true);
    let (child, writers) = pair().unwrap();
    (0..5).for_each(|_| assert_eq!(send(child.as_raw_fd(), &log_in, MsgFlags::empty()), Ok(log_in.len())));
    sys::send_with_descriptor(rendezvous.for_children(), &[0; 8], writers.as_fd(), MsgFlags::empty()).unwrap();
    drop(writers);
    let asked = receiver.look().unwrap();
    assert_eq!(asked.questions.tokens.len(), 1);
    receiver.answer(vec![(asked.questions.tokens_from[0].0, Answer::Refused)]);
    drop(child);
    for _ in 0..5 {
        let asked = receiver.look().unwrap();
        let from = &asked.questions.tokens_from;
        assert!(from.len() <= 1);
        receiver.answer(from.iter().map(|(channel, _)| (*channel, Answer::Refused)).collect());
    }
    assert!(receiver.channels.is_empty());
}

/// A child that hands in a second channel has the first no more.
#[test]
fn a_child_has_one_channel() {
    let rendezvous = Rendezvous::new().unwrap();
    let (_lifeline, theirs) = pair().unwrap();
    let key = KeyMemory::new().unwrap().take_up().unwrap();
    let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
    let ends: Vec<_> = (0..3)
        .map(|_| {
            let (child, writers) = pair().unwrap();
            sys::send_with_descriptor(rendezvous.for_children(), &[0; 8], writers.as_fd(), MsgFlags::empty()).unwrap();
            child
        })
        .collect();
    assert!(receiver.look().unwrap().is_empty());
    assert_eq!((receiver.channels.len(), receiver.by_child.len()), (1, 1));
    let closed = |end: &OwnedFd| recv(end.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT) == Ok(0);
    assert_eq!(ends.iter().map(closed).collect::<Vec<_>>(), [true, true, false]);
}

/// What comes while a commit waits for more is kept with it; a question is returned at once.
#[test]
fn a_commit_that_waits_takes_in_what_comes() {
    let rendezvous = Rendezvous::new().unwrap();
    let (shutdown_pipe, theirs) = pair().unwrap();
    let key = KeyMemory::new().unwrap().take_up().unwrap();
    let ticket = key.issue(Pid::this(), ANN, "ann".to_owned(), true);
    let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
    let (mut keep, mut recent) = (Vec::new(), Vec::new());
    write_keep(&mut keep, &ticket, &[record("a")]);
    write_recent(&mut recent, &ticket, 10, None);
    let (child, writers) = pair().unwrap();
    let message = [&[0; PARTY_SIZE][..], &keep].concat();
    sys::send_with_descriptor(rendezvous.for_children(), &message, writers.as_fd(), MsgFlags::empty()).unwrap();
    drop(writers);
    let mut gathered = receiver.wait(None).unwrap();
    assert_eq!(gathered.batches.len(), 1);
    let channel = gathered.channels[0];
    assert!(receiver.is_open(channel));

    let until = Instant::now() + Duration::from_secs(60);
    send(child.as_raw_fd(), &recent, MsgFlags::empty()).unwrap();
    let questions = receiver.wait_for_more(&mut gathered, until).unwrap().unwrap();
    assert_eq!((questions.recent, gathered.batches.len()), (vec![(ANN, 10)], 1));
    send(child.as_raw_fd(), &keep, MsgFlags::empty()).unwrap();
    let questions = receiver.wait_for_more(&mut gathered, until).unwrap().unwrap();
    assert!(questions.is_empty() && gathered.questions.is_empty());
    assert_eq!(gathered.channels, [channel, channel]);
    // Nothing more comes.
    let now = Instant::now();
    let questions = receiver.wait_for_more(&mut gathered, now + Duration::from_millis(2)).unwrap().unwrap();
    assert!(questions.is_empty() && now.elapsed() >= Duration::from_millis(2));
    assert_eq!(gathered.batches.len(), 2);

    // One that has gone is not open any more, and at the end nothing is waited for.
    drop(child);
    assert!(receiver.wait_for_more(&mut gathered, until).unwrap().unwrap().is_empty());
    assert!(!receiver.is_open(channel));
    drop(shutdown_pipe);
    assert!(receiver.wait_for_more(&mut gathered, until).unwrap().unwrap().is_empty());
    assert!(receiver.ended() && receiver.wait_for_more(&mut gathered, until).unwrap().is_none());
}
