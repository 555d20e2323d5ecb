//! Exactly once, demonstrated: under the load of eight clients the database, sessions, the writer and the daemon itself
//! are killed again and again. Every acknowledged lookup is in the history exactly once, every other at most once.
//!
//! The short run is part of every test run. The long one prints the same figures:
//!
//!     cargo test --locked --release --test process exactly_once -- --ignored --nocapture --test-threads 1

use crate::spool::{private, wait_delivered, words};
use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;
use support::mariadb::MariaDb;
use support::{Connection, Daemon, PASSWD, Setup, Store, code, send_signal, wait_for};

const CLIENTS: usize = 8;
/// Longer than any restart takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Server,
    Daemon,
    Writer,
    Child,
}

/// How often each is killed.
struct Plan {
    servers: usize,
    daemons: usize,
    writers: usize,
    children: usize,
    /// How many lookups of each client there are between two of them, about.
    lookups: usize,
}

impl Plan {
    /// In an order of chance.
    fn victims(&self, seed: u64) -> Vec<Victim> {
        let counts = [
            (Victim::Server, self.servers),
            (Victim::Daemon, self.daemons),
            (Victim::Writer, self.writers),
            (Victim::Child, self.children),
        ];
        let mut victims: Vec<Victim> =
            counts.into_iter().flat_map(|(victim, count)| std::iter::repeat_n(victim, count)).collect();
        let mut chance = Chance(seed);
        for at in (1..victims.len()).rev() {
            victims.swap(at, chance.below(at + 1));
        }
        victims
    }
}

/// Numbers that look like chance, and are the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// What the clients and the killing thread know of each other.
struct Run {
    port: AtomicU16,
    killed: AtomicUsize,
    answered: AtomicUsize,
    /// How many clients are so far ahead that they wait for the next one to be killed.
    ahead: AtomicUsize,
    over: AtomicBool,
    plan_lookups: usize,
}

/// What came of one client's lookups, by the numbers of their words.
#[derive(Default)]
struct Told {
    asked: usize,
    acknowledged: BTreeSet<usize>,
    refused: usize,
    connections: usize,
}

/// A client that looks each word up once, in batches of `deep`, and connects again when it is cut off. What was not
/// answered is not asked again.
fn look_up(run: &Run, name: &str, deep: usize, words: usize) -> Told {
    let mut told = Told::default();
    let mut connection = None;
    while told.asked < words && !run.over.load(Ordering::Relaxed) {
        // Slow enough for load to be left when the last one is killed.
        let share = (run.killed.load(Ordering::Relaxed) + 2) * run.plan_lookups;
        if told.asked >= share {
            run.ahead.fetch_add(1, Ordering::Relaxed);
            wait_for("the next one to be killed", PATIENCE, || {
                let share = (run.killed.load(Ordering::Relaxed) + 2) * run.plan_lookups;
                (told.asked < share || run.over.load(Ordering::Relaxed)).then_some(())
            });
            run.ahead.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let client = connection.get_or_insert_with(|| {
            told.connections += 1;
            wait_for("a login", PATIENCE, || log_in(run.port.load(Ordering::Relaxed), name))
        });
        let batch = told.asked..words.min(told.asked + deep);
        told.asked = batch.end;
        let requests: String = batch.clone().map(|word| format!("Q {name} word{word:05}\n")).collect();
        if client.try_send(requests).is_err() {
            connection = None;
            continue;
        }
        for word in batch {
            match client.try_line() {
                Ok(Some(reply)) if reply == format!("OK word{word:05}\tx") => {
                    told.acknowledged.insert(word);
                }
                Ok(Some(reply)) => {
                    assert_eq!(code(&reply), Some("unavailable"), "{name}: {reply}");
                    told.refused += 1;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("{name}: no reply");
                }
                // Killed: its end may be a reset.
                Ok(None) | Err(_) => {
                    connection = None;
                    break;
                }
            }
            run.answered.fetch_add(1, Ordering::Relaxed);
        }
    }
    told
}

/// A connection on which the account is logged in, if there is one to be had now.
fn log_in(port: u16, name: &str) -> Option<Connection> {
    let mut client = Connection::over_tcp(TcpStream::connect(("127.0.0.1", port)).ok()?);
    client.try_send(format!("L {name} {PASSWD}\n")).ok()?;
    let reply = client.try_line().ok()??;
    assert!(reply == "OK" || matches!(code(&reply), Some("unavailable" | "bye")), "{name}: {reply}");
    (reply == "OK").then_some(client)
}

fn run(daemon: &mut Daemon, mut server: Option<&mut MariaDb>, plan: &Plan, words: usize) {
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let victims = plan.victims(seed);
    for n in 0..CLIENTS {
        daemon.connect().register(&format!("user{n}"));
    }
    let run = Run {
        port: AtomicU16::new(daemon.port()),
        killed: AtomicUsize::new(0),
        answered: AtomicUsize::new(0),
        ahead: AtomicUsize::new(0),
        over: AtomicBool::new(false),
        plan_lookups: plan.lookups,
    };
    let told: Vec<Told> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let run = &run;
                // One at a time, or in batches of up to eight.
                scope.spawn(move || look_up(run, &format!("user{n}"), n + 1, words))
            })
            .collect();
        let mut chance = Chance(seed);
        let gone_on = || {
            let before = run.answered.load(Ordering::Relaxed);
            let some = 1 + plan.lookups / 2;
            wait_for("lookups to go on", PATIENCE, || {
                let ahead = run.ahead.load(Ordering::Relaxed) == CLIENTS;
                (ahead || run.answered.load(Ordering::Relaxed) >= before + some).then_some(())
            });
        };
        gone_on();
        for victim in victims {
            match victim {
                Victim::Server => {
                    let server = server.as_deref_mut().expect("a server");
                    server.kill();
                    run.killed.fetch_add(1, Ordering::Relaxed);
                    gone_on();
                    server.restart();
                    gone_on();
                    continue;
                }
                Victim::Daemon => {
                    daemon.signal(Signal::SIGKILL);
                    daemon.wait_exit();
                    daemon.start();
                    run.port.store(daemon.port(), Ordering::Relaxed);
                }
                Victim::Writer => send_signal(daemon.writer(), Signal::SIGKILL),
                Victim::Child => {
                    let child = wait_for("a session", PATIENCE, || {
                        let children = daemon.children();
                        (!children.is_empty()).then(|| children[chance.below(children.len())])
                    });
                    send_signal(child, Signal::SIGKILL);
                }
            }
            run.killed.fetch_add(1, Ordering::Relaxed);
            gone_on();
        }
        run.over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("replies in order")).collect()
    });
    wait_delivered(daemon);
    judge(daemon, plan, seed, &told);
}

fn judge(daemon: &Daemon, plan: &Plan, seed: u64, told: &[Told]) {
    let mut sums = [0; 8];
    for (n, told) in told.iter().enumerate() {
        let name = format!("user{n}");
        let mut client = daemon.connect();
        client.login(&name);
        let mut history: Vec<usize> =
            client.history(&name).iter().map(|word| word[4..].parse().expect("a number")).collect();
        history.reverse();
        let found: BTreeSet<usize> = history.iter().copied().collect();
        let (doubled, lost) = (history.len() - found.len(), told.acknowledged.difference(&found).count());
        let unasked = found.iter().filter(|&&word| word >= told.asked).count();
        let disordered = history.windows(2).filter(|pair| pair[0] > pair[1]).count();
        let of_client = [
            told.asked,
            told.acknowledged.len(),
            told.refused,
            told.connections,
            history.len(),
            doubled,
            lost,
            unasked + disordered,
        ];
        sums.iter_mut().zip(of_client).for_each(|(sum, one)| *sum += one);
    }
    let [requests, acknowledged, refused, connections, found, doubled, lost, wrong] = sums;
    let Plan { servers, daemons, writers, children, .. } = plan;
    eprintln!(
        "killed: {servers} x server, {daemons} x daemon, {writers} x writer, {children} x session (seed {seed}); \
         requests {requests}, acknowledged {acknowledged}, refused {refused}, connections {connections}; \
         found {found}, doubled {doubled}, lost {lost}, in disorder or never asked {wrong}"
    );
    assert_eq!((doubled, lost, wrong), (0, 0, 0), "seed {seed}");
    assert!(found <= requests && acknowledged > requests / 2, "most were acknowledged");
}

fn on_mariadb(plan: &Plan) {
    let count = words_needed(plan);
    let (mut server, setup) = private("");
    run(&mut setup.words(words(count)).start(), Some(&mut server), plan, count);
}

fn on_sqlite(plan: &Plan) {
    let count = words_needed(plan);
    run(&mut Setup::new(Store::Sqlite).words(words(count)).start(), None, plan, count);
}

fn words_needed(plan: &Plan) -> usize {
    (plan.servers + plan.daemons + plan.writers + plan.children + 3) * plan.lookups
}

#[test]
fn short_on_mariadb() {
    on_mariadb(&Plan { servers: 2, daemons: 0, writers: 3, children: 3, lookups: 100 });
}

#[test]
fn short_on_sqlite() {
    on_sqlite(&Plan { servers: 0, daemons: 2, writers: 3, children: 3, lookups: 100 });
}

#[test]
#[ignore = "a minute or two, by hand"]
fn long_on_mariadb() {
    on_mariadb(&Plan { servers: 20, daemons: 0, writers: 25, children: 25, lookups: 1_000 });
}

#[test]
#[ignore = "a minute or two, by hand"]
fn long_on_sqlite() {
    on_sqlite(&Plan { servers: 0, daemons: 10, writers: 25, children: 25, lookups: 1_000 });
}
