//! Many logins at once: hashing is bounded and queued, and lookups of other clients do not wait for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{Connection, Daemon, PASSWD, PATIENCE, Store, wait_for, wait_until};

/// What one hash takes, in KiB.
const HASH: u64 = 19_456;

/// How many log in; `CIDIAN_TEST_LOGINS=1000 cargo test --test process logins -- --nocapture` shows the figures of
/// more.
fn how_many() -> usize {
    std::env::var("CIDIAN_TEST_LOGINS").map_or(80, |count| count.parse().expect("a number"))
}

/// What a child has in memory of its own, in KiB; less than a rollup, but a hundred times as quick.
fn own_memory(pid: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: Vec<u64> = statm.split(' ').filter_map(|pages| pages.parse().ok()).collect();
    pages.get(1).zip(pages.get(2)).map_or(0, |(resident, shared)| (resident - shared) * 4)
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

fn at(times: &[Duration], per_mille: usize) -> Duration {
    times[(times.len() - 1) * per_mille / 1_000]
}

/// Looks words up until `stop`.
fn look_up(ann: &mut Connection, stop: &AtomicBool, least: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    while times.len() < least || !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
        times.push(begin.elapsed());
    }
    times
}

#[test]
fn many_logins_at_once_are_bounded_in_memory_and_do_not_hold_up_lookups() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    let quiet = sorted(look_up(&mut ann, &AtomicBool::new(true), 200));
    let mut clients: Vec<Connection> = (0..how_many()).map(|_| daemon.connect()).collect();
    clients.iter_mut().for_each(|client| drop(client.ask("I")));
    let children = daemon.children();
    assert_eq!(children.len(), 1 + clients.len());
    let processors = std::thread::available_parallelism().expect("a number").get();

    let stop = AtomicBool::new(false);
    let (mut sweeps, mut most_hashing, mut most_memory) = (0, 0, 0_u64);
    let begin = Instant::now();
    let (times, meanwhile) = std::thread::scope(|scope| {
        let lookups = scope.spawn(|| look_up(&mut ann, &stop, 0));
        let logins = scope.spawn(|| {
            clients.iter_mut().for_each(|client| client.send(format!("L ann {PASSWD}\n")));
            for client in &mut clients {
                // The last waits for all others.
                client.set_patience(10 * PATIENCE);
                assert_eq!(client.line(), "OK");
            }
        });
        wait_for("everybody to be logged in", 20 * PATIENCE, || {
            // Two looks at every child: a child that is large in both was large when the first look ended, with all
            // others who were. One look alone would count those that come after those that go.
            let looks = [(); 2].map(|()| children.iter().map(|&child| own_memory(child)).collect::<Vec<_>>());
            let both = looks[0].iter().zip(&looks[1]).map(|(&first, &second)| first.min(second));
            let hashing = both.filter(|&memory| memory > HASH / 4);
            most_hashing = most_hashing.max(hashing.clone().count());
            most_memory = most_memory.max(hashing.sum());
            sweeps += 1;
            logins.is_finished().then_some(())
        });
        let elapsed = begin.elapsed();
        stop.store(true, Ordering::Relaxed);
        logins.join().expect("every login succeeds");
        (sorted(lookups.join().expect("every lookup is answered")), elapsed)
    });
    println!("{} logins in {meanwhile:?}; {} lookups meanwhile", clients.len(), times.len());
    for (when, times) in [("quiet", &quiet), ("meanwhile", &times)] {
        let [half, most, nearly_all, all] = [500, 900, 990, 1_000].map(|per_mille| at(times, per_mille));
        println!("lookups, {when}: median {half:?}, 90 % {most:?}, 99 % {nearly_all:?}, longest {all:?}");
    }
    println!("{sweeps} sweeps: at most {most_hashing} hashing at once, {most_memory} KiB");
    assert!(most_hashing >= 1, "seen at work");
    assert!(most_hashing <= processors, "{most_hashing} hash at once");
    assert!(most_memory < (processors as u64 + 1) * HASH, "{most_memory} KiB for hashing");
    // A lookup that waited for the logins before it would be the only one.
    assert!(times.len() > clients.len() / 2, "{} lookups while {} logged in", times.len(), clients.len());
    // The memory is given back: what is left is a database connection, until that is closed, too.
    wait_until("the memory to be given back", || children.iter().all(|&child| own_memory(child) < HASH / 8));
}
