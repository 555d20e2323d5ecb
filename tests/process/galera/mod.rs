//! Three real members of a Galera cluster, each on a machine of its own with a daemon beside it: whichever of them
//! fails, no acknowledged lookup is lost, doubled or out of order, and the other daemons go on. The tests need the
//! packages that `tests/run` installs, and root's right to make network namespaces; without these they print so and
//! test nothing.

mod failures;
mod load;
mod words;

use crate::spool::words;
use failures::Failure;
use load::Load;
use std::path::Path;
use std::time::Duration;
use support::galera::Galera;
use support::network::Network;
use support::{Connection, Daemon, PASSWD, Setup, Store, wait_for};

const MEMBERS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(120);

/// The members, and the daemon beside each of them.
struct Site {
    daemons: Vec<Daemon>,
    cluster: Galera,
}

impl Site {
    /// `None` where it can't be had, which is then printed.
    fn new(dictionary: &str) -> Option<Self> {
        let network = match Galera::missing().map_or_else(|| Network::new(MEMBERS), Err) {
            Ok(network) => network,
            Err(reason) => {
                eprintln!("skipped, there can be no cluster here: {reason}");
                return None;
            }
        };
        let cluster = Galera::on_network(network, MEMBERS);
        cluster.members[0].sql("CREATE USER cidian; GRANT ALL ON dict.* TO cidian");
        let mut daemons = Vec::new();
        for n in 0..MEMBERS {
            let setup = setup(&cluster, n).words(dictionary);
            if n == 0 {
                let output = setup.run(&["init-db"]);
                assert!(output.status.success(), "{output:?}");
            }
            daemons.push(setup.start());
        }
        let site = Self { daemons, cluster };
        site.wait_whole();
        Some(site)
    }

    /// A new connection to a daemon.
    fn connect(&self, daemon: usize) -> Connection {
        Connection::open_unix(&self.daemons[daemon].path("socket"))
    }

    /// Whether a new session can log in there, and see a history.
    fn serves(&self, daemon: usize) -> bool {
        let mut client = self.connect(daemon);
        client.ask_line(&format!("L user0 {PASSWD}")) == "OK" && client.ask("H user0 1")[0].starts_with("OK ")
    }

    /// Waits until every member is in one primary component.
    fn wait_whole(&self) {
        wait_for("a cluster of all members", PATIENCE, || {
            (0..MEMBERS).all(|member| self.cluster.is_synced(member, MEMBERS)).then_some(())
        });
    }

    /// What was done through one daemon is seen through another at once.
    fn check_that_each_sees_what_others_have_done(&self, times: usize) {
        for n in 0..times {
            let name = format!("ann{n}");
            let (mut here, mut there) = (self.connect(n % MEMBERS), self.connect((n + 1) % MEMBERS));
            here.register(&name);
            here.login(&name);
            there.login(&name);
            assert!(here.ask_line(&format!("Q {name} word00001")).starts_with("OK "));
            assert_eq!(there.history(&name), ["word00001"], "{n}");
            there.ok(&format!("C {name}"));
            assert_eq!(here.history(&name), [""; 0], "{n}");
        }
    }

    fn spool(&self, daemon: usize) -> std::path::PathBuf {
        self.daemons[daemon].path("state/spool")
    }

    /// Nothing went wrong that is our own fault.
    fn check_logs(&self) {
        for daemon in &self.daemons {
            let log = daemon.log();
            assert!(!log.contains("a bug in cidiand") && !log.contains("crashed"), "{log}");
        }
    }
}

/// A daemon on a member's machine, which prefers that member.
fn setup(cluster: &Galera, member: usize) -> Setup {
    let order: Vec<usize> = (0..MEMBERS).map(|n| (member + n) % MEMBERS).collect();
    let setup = Setup::new(Store::Url(cluster.url(&order))).listening_as_told();
    let wrapper = cluster.network.as_ref().expect("machines").wrapper(member);
    let socket = setup.path("socket");
    setup
        .options(&format!("--listen unix:{} --exempt-source unix --require-cluster", socket.display()))
        .wrapper(&wrapper.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A member is killed, one is cut off, and all lose one another, with two clients on each daemon.
#[test]
fn whichever_member_goes() {
    let Some(mut site) = Site::new(&words(20_000)) else { return };
    site.check_that_each_sees_what_others_have_done(20);
    let mut load = Load::new(&site, 2);
    for (failure, member) in [(Failure::Killed, 0), (Failure::Isolated, 1), (Failure::Apart, 0)] {
        let round = load.round(&mut site, failure, member);
        println!("{failure:?}: {round}");
        assert_eq!(round.faults, load::Faults::default(), "{failure:?}");
    }
    site.check_logs();
}

/// Every kind of failure, again and again, with eight clients on each daemon: half an hour.
#[test]
#[ignore = "takes half an hour; tests/galera runs it"]
fn every_kind_of_failure_again_and_again() {
    let rounds = std::env::var("CIDIAN_ROUNDS").map_or(10, |text| text.parse().expect("CIDIAN_ROUNDS is a number"));
    let mut site = Site::new(&words(20_000)).expect("what a cluster needs");
    site.check_that_each_sees_what_others_have_done(200);
    let mut load = Load::new(&site, 8);
    let mut bad = Vec::new();
    for failure in Failure::ALL {
        let mut all = load::Sum::default();
        for n in 0..rounds {
            let round = load.round(&mut site, failure, n % MEMBERS);
            println!("{failure:?} {n}: {round}");
            all.add(&round);
        }
        println!("{failure:?}: {all}");
        bad.extend(all.broken().map(|what| format!("{failure:?}: {what}")));
    }
    site.check_logs();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Whether a daemon has lookups on its own disk only.
fn is_spooling(spool: &Path) -> bool {
    spool.metadata().is_ok_and(|file| file.len() > 0)
}
