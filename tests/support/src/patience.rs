//! How long a test waits: not for an estimated time, but for as long as any process that it has started makes progress.
//! If all of them stand still, the test has failed.

use super::processes;
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// For how long everything has to stand still until a wait is in vain.
const STILL: Duration = Duration::from_secs(30);
/// A process may also run in circles. No wait is longer than this, on any machine.
const MOST: Duration = Duration::from_secs(300);

/// A wait that has begun.
#[derive(Debug)]
pub struct Patience {
    begin: Instant,
    /// Far more than it takes on a machine with nothing else to do: nothing is suspicious before that.
    usual: Duration,
    /// The work done up to some time after that, and that time.
    before: Option<(u64, Instant)>,
}

impl Patience {
    /// Begins to wait.
    pub fn new(usual: Duration) -> Self {
        Self { begin: Instant::now(), usual, before: None }
    }

    /// Whether the wait is in vain.
    pub fn is_over(&mut self) -> bool {
        if self.begin.elapsed() < self.usual {
            return false;
        }
        match self.before {
            None => self.before = Some((work_done(), Instant::now())),
            Some((_, since)) if since.elapsed() < STILL => {}
            Some((before, _)) => {
                let now = work_done();
                if now == before || self.begin.elapsed() > self.usual + MOST {
                    return true;
                }
                self.before = Some((now, Instant::now()));
            }
        }
        false
    }

    /// How long the wait has lasted so far.
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }
}

/// The CPU time, in ticks, of all processes that this one has started, and theirs, also of those that have ended;
/// another number each time while one of them waits for a disk.
fn work_done() -> u64 {
    let mut parents: HashMap<u32, (u32, u64, bool)> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if let Some((pid, found)) = pid.and_then(|pid| Some((pid, processes::work(pid)?))) {
            parents.insert(pid, found);
        }
    }
    let mut ours = BTreeSet::from([std::process::id()]);
    loop {
        let more: Vec<u32> = parents
            .iter()
            .filter(|(pid, (parent, ..))| ours.contains(parent) && !ours.contains(pid))
            .map(|(pid, _)| *pid)
            .collect();
        if more.is_empty() {
            break;
        }
        ours.extend(more);
    }
    ours.remove(&std::process::id());
    let found: Vec<_> = ours.iter().filter_map(|pid| parents.get(pid)).collect();
    let ticks: u64 = found.iter().map(|(_, ticks, _)| ticks).sum();
    let waits_for_a_disk = found.iter().any(|(.., waits)| *waits);
    if waits_for_a_disk { ticks.wrapping_add(monotonic()) } else { ticks }
}

fn monotonic() -> u64 {
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    uptime.split(['.', ' ']).take(2).collect::<String>().parse().unwrap_or(0)
}
