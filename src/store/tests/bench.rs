//! How many lookups a store keeps in a second, on a durable MariaDB: measured by hand, never in an ordinary run.
//!
//!     cargo test --release --lib store::tests::bench -- --ignored --nocapture

use super::*;
use std::time::{Duration, Instant};

#[test]
#[ignore = "a measurement, not a test"]
fn rows_a_second() {
    let mariadb = Bed::mariadb();
    let sqlite = Bed::sqlite();
    for (name, bed) in [("mariadb", &mariadb), ("sqlite", &sqlite)] {
        for size in [1, 16, 64] {
            for threads in [1, 8] {
                println!(
                    "{name}, {size:2} rows a call, {threads} at a time: {:.0} rows/s",
                    measure(bed, size, threads)
                );
            }
        }
    }
}

fn measure(bed: &Bed, size: i64, threads: u64) -> f64 {
    let mut store = bed.open();
    let accounts: Vec<_> = (0..threads).map(|n| register(&mut *store, &format!("u{size}-{threads}-{n}"))).collect();
    let start = Instant::now();
    let rows: i64 = std::thread::scope(|scope| {
        let sessions: Vec<_> = accounts
            .iter()
            .map(|&account| {
                scope.spawn(move || {
                    let mut store = bed.open();
                    let mut time = 0;
                    while start.elapsed() < Duration::from_secs(3) {
                        let records: Vec<_> =
                            (0..size).map(|n| record_of("dragon", time + n, account.number)).collect();
                        assert_eq!(store.record(account, &records).unwrap(), Standing::Live);
                        time += size;
                    }
                    time
                })
            })
            .collect();
        sessions.into_iter().map(|session| session.join().unwrap()).sum()
    });
    rows as f64 / start.elapsed().as_secs_f64()
}
