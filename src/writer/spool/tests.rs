//! A spool in a file: what survives, what is cut off, what there is room for.

use super::*;
use crate::store::Record;
use nix::fcntl::{Flock, FlockArg};
use std::io::Write;

fn batch(account: u64, words: std::ops::Range<u64>) -> Batch {
    let record = |n: u64| Record { word: format!("word{n}"), time: Microseconds(n.cast_signed()), origin: account };
    Batch { account: id(account), name: format!("user{account}"), records: words.map(record).collect() }
}

/// The database that spools are for, and another one.
fn ours() -> Identity {
    Identity::parse(&"0a".repeat(16)).unwrap()
}

fn another() -> Identity {
    Identity::parse(&"0b".repeat(16)).unwrap()
}

fn opened_in(directory: &tempfile::TempDir, limit: u64) -> io::Result<SpoolFile> {
    SpoolFile::open(directory.path(), limit, ours())
}

fn id(number: u64) -> AccountId {
    AccountId { number, created: Some(Microseconds(number.cast_signed())) }
}

fn append(spool: &mut Spool<'_>, batches: &[Batch]) -> Vec<bool> {
    spool.append(&batches.iter().collect::<Vec<_>>()).iter().map(Result::is_ok).collect()
}

/// All that is to be delivered, in chunks, until the spool is empty.
fn deliver(spool: &mut Spool<'_>, at_once: u64) -> Vec<Batch> {
    let mut all = Vec::new();
    while !spool.is_empty() {
        let chunk = spool.chunk(at_once).unwrap();
        assert!(chunk.records <= at_once);
        spool.delivered(&chunk).unwrap();
        all.extend(chunk.batches);
    }
    all
}

/// The numbers of an account's words, in the order in which they come.
fn of(account: u64, batches: &[Batch]) -> Vec<i64> {
    let own = batches.iter().filter(|batch| batch.account.number == account);
    own.flat_map(|batch| batch.records.iter().map(|record| record.time.0)).collect()
}

#[test]
fn what_is_put_in_comes_out_in_order_also_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let opened = opened_in(&directory, 1 << 20).unwrap();
    let mut spool = Spool::take_up(&opened).unwrap();
    assert!(spool.is_empty() && spool.oldest().is_none());
    for round in 0..5 {
        let range = round * 1_000..(round + 1) * 1_000;
        let batches = [batch(1, range.clone()), batch(2, range.clone()), batch(1, range.end..range.end)];
        assert_eq!(append(&mut spool, &batches), [true; 3]);
    }
    assert_eq!((spool.records(), spool.oldest()), (10_000, Some(Microseconds(0))));
    let chunk = spool.chunk(2_500).unwrap();
    assert!(chunk.batches.iter().all(|batch| batch.records.len() <= MOST_IN_BATCH));
    spool.delivered(&chunk).unwrap();
    assert_eq!((spool.records(), spool.oldest()), (7_500, Some(Microseconds(500 + 1_000))));
    // A writer that is killed now has recorded nowhere how far it got: the next one begins at the beginning.
    let mut spool = Spool::take_up(&opened).unwrap();
    assert_eq!(spool.records(), 10_000);
    let all = deliver(&mut spool, 999);
    for account in [1, 2] {
        assert_eq!(of(account, &all), (0..5_000).collect::<Vec<_>>());
    }
    assert_eq!((spool.records(), spool.size(), opened.size()), (0, 0, 0));
    assert_eq!(append(&mut spool, &[batch(3, 0..1)]), [true], "and it is used again");
    assert_eq!(of(3, &deliver(&mut spool, 1)), [0]);
}

#[test]
fn wherever_the_file_is_cut_all_whole_records_are_there() {
    let directory = tempfile::tempdir().unwrap();
    let opened = opened_in(&directory, 1 << 20).unwrap();
    let mut ends = vec![HEADER_SIZE as u64];
    let mut spool = Spool::take_up(&opened).unwrap();
    for n in 0..10 {
        assert_eq!(append(&mut spool, &[batch(1, n..n + 1)]), [true]);
        ends.push(spool.size());
    }
    let whole = std::fs::read(directory.path().join("spool")).unwrap();
    for cut in 0..=whole.len() {
        // What was cut off is missing, or a hole, as file systems leave it.
        for hole in [0, 100] {
            let mut bytes = whole[..cut].to_vec();
            bytes.resize(cut + hole, 0);
            std::fs::write(directory.path().join("spool"), &bytes).unwrap();
            let mut spool = Spool::take_up(&opened).unwrap();
            let records = ends.iter().filter(|&&end| end <= cut as u64).count().saturating_sub(1) as u64;
            assert_eq!(spool.records(), records, "cut at {cut}");
            assert_eq!(opened.size(), if records > 0 { ends[usize::try_from(records).unwrap()] } else { 0 });
            assert_eq!(append(&mut spool, &[batch(2, 7..8)]), [true]);
            let all = deliver(&mut spool, 100);
            assert_eq!(of(1, &all), (0..records.cast_signed()).collect::<Vec<_>>());
            assert_eq!(of(2, &all), [7]);
        }
    }
}

#[test]
fn damage_in_the_middle_costs_only_what_it_hit() {
    let directory = tempfile::tempdir().unwrap();
    let opened = opened_in(&directory, 1 << 20).unwrap();
    let mut spool = Spool::take_up(&opened).unwrap();
    assert_eq!(append(&mut spool, &[batch(1, 0..5_000)]), [true]);
    let path = directory.path().join("spool");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    // Longer than a window.
    bytes[middle..middle + reader::WINDOW + 1_000].fill(0xA5);
    std::fs::write(&path, &bytes).unwrap();
    let mut again = Spool::take_up(&opened).unwrap();
    let found = of(1, &deliver(&mut again, 4_096));
    assert!(found.is_sorted() && found.first() == Some(&0) && found.last() == Some(&4_999));
    let lost = 5_000 - found.len();
    let at_most = (reader::WINDOW + 1_000) / 40 + 2;
    assert!(lost > 1_000 && lost < at_most, "{lost} of {at_most}");
}

#[test]
fn there_is_an_end_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let opened = opened_in(&directory, 4_000).unwrap();
    let mut spool = Spool::take_up(&opened).unwrap();
    assert_eq!(append(&mut spool, &[batch(1, 0..20), batch(2, 0..400), batch(3, 0..20)]), [true, false, true]);
    while append(&mut spool, &[batch(1, 20..21)]) == [true] {}
    assert!(spool.size() <= 4_000 && spool.size() > 3_900);
    let full = &spool.append(&[&batch(1, 20..21)])[0];
    assert!(full.as_ref().unwrap_err().message.contains("full"), "{full:?}");
    let records = spool.records();
    assert_eq!(deliver(&mut spool, 64).iter().map(|batch| batch.records.len() as u64).sum::<u64>(), records);
    assert_eq!(append(&mut spool, &[batch(1, 20..21)]), [true], "there is room again");
    // With a smaller limit, or 0, what is there is delivered all the same.
    drop(opened);
    let opened = opened_in(&directory, 0).unwrap();
    let mut spool = Spool::take_up(&opened).unwrap();
    assert!(!spool.is_enabled() && spool.records() == 1);
    assert_eq!(append(&mut spool, &[batch(1, 21..22)]), [false]);
    assert_eq!(of(1, &deliver(&mut spool, 9)), [20]);
}

#[test]
fn a_write_that_failed_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let opened = opened_in(&directory, 1 << 20).unwrap();
    let mut spool = Spool::take_up(&opened).unwrap();
    assert_eq!(append(&mut spool, &[batch(1, 0..1)]), [true]);
    // As after a write of which a part was made.
    std::fs::File::options().append(true).open(&path).unwrap().write_all(b"half a record").unwrap();
    spool.littered = true;
    assert_eq!(append(&mut spool, &[batch(1, 1..2)]), [true]);
    assert_eq!(opened.size(), spool.size());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(append(&mut spool, &[batch(1, 2..3)]), [true], "what is removed is there for as long as it is open");
    assert!(spool.is_removed() && spool.can_be_put_back());
    assert_eq!(of(1, &deliver(&mut spool, 9)), [0, 1, 2]);
}

#[test]
fn only_a_spool_is_taken_for_one() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    for (text, fine) in [
        (&b""[..], true),
        (b"cidian sp", true),
        (&[0; 50], true),
        (b"cidian spool 01", true),
        (b"cidian spool 02\n0a0a", true),
        (b"cidian spool 02\n0a0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", true),
        (&frame::header(ours()), true),
        (b"cidian spool 03\n", false),
        (b"cidian spool 02\nmy own notes, which nobody may touch, either", false),
        (b"my own notes, which nobody may touch", false),
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(opened_in(&directory, 1).is_ok(), fine, "{text:?}");
        assert_eq!(std::fs::read(&path).unwrap(), text, "it is only looked at");
    }
    std::fs::remove_file(&path).unwrap();
    let opened = opened_in(&directory, 1).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(Flock::lock(std::fs::File::open(&path).unwrap(), FlockArg::LockExclusiveNonblock).is_err());
    drop(opened);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    assert!(opened_in(&directory, 1).is_err(), "no link is followed");
}

/// The names in a directory, in their order.
fn names(directory: &tempfile::TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn one_for_another_database_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut opened = opened_in(&directory, 1 << 20).unwrap();
    assert_eq!(append(&mut Spool::take_up(&opened).unwrap(), &[batch(1, 0..3)]), [true]);
    // While the daemon runs, and there and back.
    opened.turn_to(another()).unwrap();
    let waiting = format!("spool.of-{}", ours());
    assert_eq!((opened.size(), names(&directory)), (0, vec!["spool".to_owned(), waiting.clone()]));
    assert_eq!(append(&mut Spool::take_up(&opened).unwrap(), &[batch(2, 0..2)]), [true]);
    opened.turn_to(ours()).unwrap();
    assert_eq!(names(&directory), ["spool".to_owned(), format!("spool.of-{}", another())]);
    assert_eq!(Spool::take_up(&opened).unwrap().records(), 3);
    drop(opened);
    // When it starts.
    let opened = SpoolFile::open(directory.path(), 1 << 20, another()).unwrap();
    assert_eq!(names(&directory), ["spool".to_owned(), waiting]);
    assert_eq!(of(2, &deliver(&mut Spool::take_up(&opened).unwrap(), 9)), [0, 1]);
    drop(opened);
    let mut opened = opened_in(&directory, 1 << 20).unwrap();
    assert_eq!((Spool::take_up(&opened).unwrap().records(), names(&directory)), (3, vec!["spool".to_owned()]));
    // The database knows no account of it: it is not taken up again at once, and no name is taken twice.
    for round in 1..=2 {
        opened.put_aside().unwrap();
        assert_eq!((opened.size(), names(&directory).len()), (0, round + 1));
        assert_eq!(append(&mut Spool::take_up(&opened).unwrap(), &[batch(3, 0..1)]), [true]);
    }
    drop(opened);
    let opened = opened_in(&directory, 1 << 20).unwrap();
    assert_eq!(names(&directory).len(), 3, "one at a time, when the spool is empty");
    assert_eq!(of(3, &deliver(&mut Spool::take_up(&opened).unwrap(), 9)), [0]);
    drop(opened);
    let opened = opened_in(&directory, 1 << 20).unwrap();
    assert_eq!((names(&directory).len(), Spool::take_up(&opened).unwrap().records()), (2, 3));
}

#[test]
fn what_was_removed_is_put_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let mut opened = opened_in(&directory, 1 << 20).unwrap();
    assert_eq!(append(&mut Spool::take_up(&opened).unwrap(), &[batch(1, 0..3_000)]), [true]);
    std::fs::remove_file(&path).unwrap();
    opened.put_back().unwrap();
    assert!(!opened.is_removed());
    assert_eq!(Spool::take_up(&opened).unwrap().records(), 3_000);
    // Another spool in its place waits: it is a backup's, perhaps.
    let another = tempfile::tempdir().unwrap();
    let other = opened_in(&another, 1 << 20).unwrap();
    assert_eq!(append(&mut Spool::take_up(&other).unwrap(), &[batch(2, 0..2)]), [true]);
    std::fs::copy(another.path().join("spool"), directory.path().join("new")).unwrap();
    std::fs::rename(directory.path().join("new"), &path).unwrap();
    opened.put_back().unwrap();
    assert_eq!(names(&directory), ["spool".to_owned(), format!("spool.of-{}", ours())]);
    assert_eq!(of(1, &deliver(&mut Spool::take_up(&opened).unwrap(), 9_999)).len(), 3_000);
    drop(opened);
    let opened = opened_in(&directory, 1 << 20).unwrap();
    assert_eq!(of(2, &deliver(&mut Spool::take_up(&opened).unwrap(), 9)), [0, 1]);
    // What is not a spool is left alone.
    drop(opened);
    let mut opened = opened_in(&directory, 1 << 20).unwrap();
    assert_eq!(append(&mut Spool::take_up(&opened).unwrap(), &[batch(1, 0..3)]), [true]);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "my own notes, which nobody may touch").unwrap();
    assert!(opened.put_back().is_err());
    assert_eq!(Spool::take_up(&opened).unwrap().records(), 3, "it goes on with what it has");
}

#[test]
fn one_of_version_1_is_brought_along() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    // As version 1 wrote it: no identity, no time at which an account was made.
    let mut old = b"cidian spool 01\n".to_vec();
    for n in 0..3_u64 {
        let mut body = 7_u64.to_le_bytes().to_vec();
        body.extend_from_slice(b"\x03\0ann");
        body.extend_from_slice(&n.to_le_bytes());
        body.extend_from_slice(&9_u64.to_le_bytes());
        body.extend_from_slice(b"\x05\0apple");
        old.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
        old.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        old.extend_from_slice(&body);
    }
    for torn in [0, 11] {
        std::fs::write(&path, [&old[..], &old[16..16 + torn]].concat()).unwrap();
        let opened = opened_in(&directory, 1 << 20).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(&frame::header(ours())));
        let mut spool = Spool::take_up(&opened).unwrap();
        assert_eq!(append(&mut spool, &[batch(1, 5..6)]), [true]);
        let all = deliver(&mut spool, 99);
        assert_eq!((of(7, &all), of(1, &all)), (vec![0, 1, 2], vec![5]));
        let ann = &all[0];
        assert_eq!((ann.account, ann.name.as_str()), (AccountId { number: 7, created: None }, "ann"));
        assert_eq!(ann.records[0], Record { word: "apple".into(), time: Microseconds(0), origin: 9 });
        assert_eq!(names(&directory), ["spool"]);
    }
}
