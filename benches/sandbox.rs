//! What the sandbox costs a session: `cargo bench --bench sandbox`.
//!
//! A process with as much memory as a small daemon forks children that enter a sandbox, with one layer or with all
//! layers, and end. Rounds of the variants alternate, and the quickest round of each counts, because other work on the
//! machine can only make a round slower.

use cidian::sandbox;
use cidian::store::Location;
use cidian::sys::sandbox::{Sandbox, Support};
use cidian::sys::{Origin, exit_now};
use nix::sys::wait::waitpid;
use std::time::{Duration, Instant};

const ROUNDS: usize = 150;
const FORKS: u32 = 50;

fn main() {
    let mut forker = Origin::of_main().into_forker();
    let support = Support::of_this_kernel();
    for lack in support.lacks() {
        println!("this kernel has {lack}");
    }
    for url in ["sqlite:/tmp/cidian.db", "mysql://root@127.0.0.1/dict", "mysql://root@localhost/dict"] {
        let location = Location::parse(url).expect("a URL");
        let begin = Instant::now();
        let with = |support| Sandbox::prepare(sandbox::session(&location), support).expect("a sandbox");
        let all = with(support);
        let prepared = begin.elapsed();
        let variants = [
            ("fork, exit, wait", None),
            ("with limits and no_new_privs", Some(with(support.without_landlock().without_seccomp()))),
            ("these and Landlock", Some(with(support.without_seccomp()))),
            ("these and seccomp", Some(with(support.without_landlock()))),
            ("all", Some(all)),
        ];
        let mut best = [Duration::MAX; 5];
        for _ in 0..ROUNDS {
            for ((_, sandbox), best) in variants.iter().zip(&mut best) {
                let begin = Instant::now();
                for _ in 0..FORKS {
                    let child = forker.fork(|_| {
                        let entered = sandbox.as_ref().is_none_or(|sandbox| sandbox.enter().is_ok());
                        exit_now(i32::from(!entered))
                    });
                    let child = child.expect("a child");
                    let ended = waitpid(child, None).expect("its end");
                    assert_eq!(ended, nix::sys::wait::WaitStatus::Exited(child, 0));
                }
                *best = (*best).min(begin.elapsed() / FORKS);
            }
        }
        println!("{url} (prepared in {} µs)", prepared.as_micros());
        for ((what, _), time) in variants.iter().zip(best) {
            let micros = |time: Duration| time.as_nanos() as f64 / 1_000.0;
            println!("  {what:<30} {:7.1} µs  (+{:.1})", micros(time), micros(time.saturating_sub(best[0])));
        }
    }
}
