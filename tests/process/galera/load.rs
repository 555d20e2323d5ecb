//! Clients that look words up while members fail, and the comparison of what was acknowledged with what each member
//! has.

use super::failures::Failure;
use super::{MEMBERS, PATIENCE, Site, is_spooling};
use crate::spool::wait_delivered;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{Connection, wait_for};

/// Between a client's lookups, so that they are readers and no attack.
const PAUSE: Duration = Duration::from_millis(15);
/// How much longer than the cluster needs to notice a daemon may keep lookups to itself.
const GRACE: Duration = Duration::from_secs(1);
/// The time after a member's death in which logins and histories work again.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);

/// What a member has, up to everything that was done on any before.
const ROWS: &str = "SET SESSION wsrep_sync_wait = 1; SELECT name, word FROM dict.hist ORDER BY user_id, time, origin";

/// The clients, each on a daemon, and the replies that each of them got.
pub struct Load {
    clients: Vec<Client>,
}

struct Client {
    name: String,
    daemon: usize,
    connection: Connection,
    /// The next word's number.
    next: usize,
}

/// What is wrong with the rows, over all members and through all daemons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    pub lost: usize,
    pub doubled: usize,
    pub disordered: usize,
    /// Lookups that were refused. They are not in the history, and were not acknowledged.
    pub refused: usize,
}

/// What one failure came to.
#[derive(Debug, Default)]
pub struct Round {
    pub acknowledged: usize,
    pub faults: Faults,
    /// From the failure until the members that were left knew of it.
    pub noticed: Option<Duration>,
    /// From the failure until each daemon with a healthy member within reach let a client log in, the slowest.
    pub login: Option<Duration>,
    /// The longest time for which such a daemon had lookups on its own disk only.
    pub spooled: Duration,
    /// The longest that a client of such a daemon waited for an answer.
    pub longest: Duration,
}

impl Load {
    /// Registers a number of clients of each daemon.
    pub fn new(site: &Site, each: usize) -> Self {
        let clients = (0..each * MEMBERS).map(|n| {
            let (name, daemon) = (format!("user{n}"), n % MEMBERS);
            let mut connection = site.connect(daemon);
            connection.register(&name);
            connection.login(&name);
            Client { name, daemon, connection, next: 0 }
        });
        Self { clients: clients.collect() }
    }

    /// Has the clients look up while this befalls a member and is over again; compares afterwards.
    pub fn round(&mut self, site: &mut Site, failure: Failure, member: usize) -> Round {
        let served = failure.served(member);
        let (mut round, (noticed, login)) = self.during(site, &served, |site, progress| {
            let begin = Instant::now();
            failure.begin(site, member);
            let seen = &*site;
            let times = std::thread::scope(|scope| {
                let login = |daemon: usize| {
                    wait_for("a login", PATIENCE, || seen.serves(daemon).then_some(()));
                    begin.elapsed()
                };
                let logins: Vec<_> = served.iter().map(|&daemon| scope.spawn(move || login(daemon))).collect();
                failure.wait_noticed(seen, member);
                let noticed = (failure != Failure::AllKilled).then(|| begin.elapsed());
                (noticed, logins.into_iter().map(|login| login.join().expect("a login")).max())
            });
            if served.is_empty() {
                let outage = |daemon: usize| site.daemons[daemon].status()["spool"]["outage_seconds"].is_u64();
                for daemon in 0..MEMBERS {
                    wait_for("an outage", PATIENCE, || outage(daemon).then_some(()));
                    assert!(!site.serves(daemon), "nobody is logged in by what is left of a cluster");
                }
            }
            // What is acknowledged goes on, also where only the spool is left.
            progress.wait();
            failure.end(site, member);
            for daemon in 0..MEMBERS {
                wait_for("a login in the end", PATIENCE, || site.serves(daemon).then_some(()));
            }
            times
        });
        (round.noticed, round.login) = (noticed, login);
        round
    }

    /// Has the clients look up while something is done; compares afterwards. What the round shows of spools and answers
    /// is of the daemons in `watched`.
    pub fn during<T>(
        &mut self,
        site: &mut Site,
        watched: &[usize],
        work: impl FnOnce(&mut Site, &Progress) -> T,
    ) -> (Round, T) {
        let is_over = AtomicBool::new(false);
        let progress = Progress(self.clients.iter().map(|_| AtomicUsize::new(0)).collect());
        let spools: Vec<_> = watched.iter().map(|&daemon| site.spool(daemon)).collect();
        let mut round = Round::default();
        let mut kept = Vec::new();
        let done = std::thread::scope(|scope| {
            let is_over = &is_over;
            // They end also if something below panics.
            let ends = Ends(is_over);
            let daemons: Vec<usize> = self.clients.iter().map(|client| client.daemon).collect();
            let clients = self.clients.iter_mut().zip(&progress.0);
            let clients: Vec<_> =
                clients.map(|(client, count)| scope.spawn(move || client.look_up(is_over, count))).collect();
            let watch: Vec<_> =
                spools.iter().map(|spool| scope.spawn(move || longest_in_spool(spool, is_over))).collect();
            progress.wait();
            let done = work(site, &progress);
            progress.wait();
            site.daemons.iter().for_each(wait_delivered);
            drop(ends);
            for (client, daemon) in clients.into_iter().zip(&daemons) {
                let told = client.join().expect("a client goes on");
                if watched.contains(daemon) {
                    round.longest = round.longest.max(told.longest);
                }
                kept.push(told);
            }
            round.spooled = watch.into_iter().map(|watch| watch.join().expect("a watcher")).max().unwrap_or_default();
            done
        });
        site.daemons.iter().for_each(wait_delivered);
        self.compare(site, &kept, &mut round);
        for client in &mut self.clients {
            let name = &client.name;
            client.connection.ok(&format!("C {name}"));
        }
        (round, done)
    }

    /// What each member has, and what each daemon shows.
    fn compare(&mut self, site: &Site, kept: &[Told], round: &mut Round) {
        let faults = &mut round.faults;
        round.acknowledged = kept.iter().map(|told| told.words.len()).sum();
        faults.refused = kept.iter().map(|told| told.refused).sum();
        for member in &site.cluster.members {
            // One that has just woken up does not know at first that it has lost the others.
            let rows = wait_for("a member's rows", PATIENCE, || member.try_rows(ROWS));
            let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (name, word) in rows.lines().filter_map(|row| row.split_once('\t')) {
                found.entry(name).or_default().push(word);
            }
            for (client, told) in self.clients.iter().zip(kept) {
                faults.add(&told.words, found.get(client.name.as_str()).map_or(&[], Vec::as_slice));
            }
        }
        for (n, (client, told)) in self.clients.iter_mut().zip(kept).enumerate() {
            let mut through = site.connect((n + 1) % MEMBERS);
            through.login(&client.name);
            for connection in [&mut client.connection, &mut through] {
                let mut shown = connection.history(&client.name);
                shown.reverse();
                faults.add(&told.words, &shown.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
    }
}

/// How many lookups of each client were acknowledged.
pub struct Progress(Vec<AtomicUsize>);

impl Progress {
    /// Waits until every client has more of them.
    pub fn wait(&self) {
        let before: Vec<usize> = self.0.iter().map(|count| count.load(Ordering::SeqCst)).collect();
        wait_for("every client to get on", PATIENCE, || {
            let mut clients = self.0.iter().zip(&before);
            clients.all(|(count, &before)| count.load(Ordering::SeqCst) >= before + 5).then_some(())
        });
    }
}

/// The replies that a client got.
struct Told {
    words: Vec<String>,
    refused: usize,
    longest: Duration,
}

impl Client {
    fn look_up(&mut self, is_over: &AtomicBool, count: &AtomicUsize) -> Told {
        let mut told = Told { words: Vec::new(), refused: 0, longest: Duration::ZERO };
        while !is_over.load(Ordering::SeqCst) {
            let word = format!("word{:05}", self.next % 20_000);
            self.next += 1;
            let begin = Instant::now();
            let reply = self.connection.ask_line(&format!("Q {} {word}", self.name));
            told.longest = told.longest.max(begin.elapsed());
            if reply == format!("OK {word}\tx") {
                told.words.push(word);
                count.fetch_add(1, Ordering::SeqCst);
            } else {
                assert!(reply.starts_with("FAIL unavailable "), "{reply}");
                println!("{}: {reply}", self.name);
                told.refused += 1;
            }
            std::thread::sleep(PAUSE);
        }
        told
    }
}

/// The longest time for which a spool had something in it.
fn longest_in_spool(spool: &std::path::Path, is_over: &AtomicBool) -> Duration {
    let (mut longest, mut since) = (Duration::ZERO, None);
    while !is_over.load(Ordering::SeqCst) {
        if is_spooling(spool) {
            longest = longest.max(since.get_or_insert_with(Instant::now).elapsed());
        } else {
            since = None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    longest
}

impl Faults {
    /// Adds what is wrong with these rows.
    fn add(&mut self, kept: &[String], found: &[&str]) {
        let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
        if kept == found {
            return;
        }
        let set: BTreeSet<&str> = found.iter().copied().collect();
        self.lost += kept.iter().filter(|word| !set.contains(*word)).count();
        self.doubled += found.len() - set.len();
        let (known, all): (Vec<&str>, BTreeSet<&str>) =
            (found.iter().copied().filter(|word| kept.contains(word)).collect(), kept.iter().copied().collect());
        // A word that was not acknowledged: each was either acknowledged or refused.
        self.doubled += set.difference(&all).count();
        let mut order = kept.iter();
        self.disordered += known.iter().filter(|word| !order.any(|next| next == *word)).count();
    }
}

/// What rounds of one kind came to.
#[derive(Debug, Default)]
pub struct Sum {
    rounds: usize,
    acknowledged: usize,
    faults: Faults,
    noticed: Vec<Duration>,
    logins: Vec<Duration>,
    spooled: Vec<Duration>,
    /// Rounds in which a daemon kept something to itself for too long.
    too_long: usize,
    longest: Duration,
}

impl Sum {
    pub fn add(&mut self, round: &Round) {
        self.rounds += 1;
        self.acknowledged += round.acknowledged;
        self.faults.lost += round.faults.lost;
        self.faults.doubled += round.faults.doubled;
        self.faults.disordered += round.faults.disordered;
        self.faults.refused += round.faults.refused;
        self.noticed.extend(round.noticed);
        self.logins.extend(round.login);
        self.spooled.push(round.spooled);
        self.too_long += usize::from(round.spooled > round.noticed.unwrap_or_default() + GRACE);
        self.longest = self.longest.max(round.longest);
    }

    /// What must not be.
    pub fn broken(&self) -> impl Iterator<Item = String> {
        let faults = (self.faults != Faults::default()).then(|| format!("{:?}", self.faults));
        let late = self.logins.iter().filter(|&&login| login > LOGIN_WITHIN).count();
        let late = (late > 0).then(|| format!("a login took more than {LOGIN_WITHIN:?} {late} times"));
        let spooled = (self.too_long > 0).then(|| format!("in the spool for too long {} times", self.too_long));
        faults.into_iter().chain(late).chain(spooled)
    }
}

fn range(values: &[Duration]) -> String {
    match (values.iter().min(), values.iter().max()) {
        (Some(least), Some(most)) => format!("{:.1} to {:.1} s", least.as_secs_f64(), most.as_secs_f64()),
        _ => "-".to_owned(),
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, acknowledged, faults, .. } = self;
        write!(
            f,
            "{rounds} rounds, {acknowledged} lookups acknowledged, {faults:?}; noticed after {}",
            range(&self.noticed)
        )?;
        write!(f, "; login after {}; in the spool for {}", range(&self.logins), range(&self.spooled))?;
        write!(f, "; longest answer {:.1} s", self.longest.as_secs_f64())
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds =
            |time: Option<Duration>| time.map_or("-".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
        write!(f, "{} acknowledged, {:?}, noticed {}", self.acknowledged, self.faults, seconds(self.noticed))?;
        write!(f, ", login {}, spooled {:.1} s", seconds(self.login), self.spooled.as_secs_f64())?;
        write!(f, ", longest answer {:.1} s", self.longest.as_secs_f64())
    }
}

struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
