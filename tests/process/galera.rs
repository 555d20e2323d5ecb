//! Three real members of a Galera cluster, and a daemon beside two of them. Not part of the usual run, because it needs
//! packages that nothing else does: `tests/galera` installs them, and runs it.

use crate::common::galera::Galera;
use crate::common::{Daemon, Setup, Store, send_signal, wait_for};
use crate::several_hosts::{CLIENTS, logs_in, under_load};
use crate::spool::{wait_delivered, words};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

fn daemon(cluster: &Galera, order: &[usize]) -> Daemon {
    let setup = Setup::new(Store::Url(cluster.url(order))).words(words(20_000)).options("--require-cluster");
    assert!(setup.run(&["init-db"]).status.success());
    setup.start()
}

fn wait_size(cluster: &Galera, member: usize, size: &str) {
    wait_for("the cluster's size", PATIENCE, || {
        let status = |name| cluster.status(member, name);
        let whole = status("wsrep_cluster_size") == size && status("wsrep_cluster_status") == "Primary";
        (whole && status("wsrep_local_state_comment") == "Synced").then_some(())
    });
}

/// All members have the same rows.
fn same_everywhere(cluster: &Galera) {
    for member in 0..cluster.members.len() {
        wait_size(cluster, member, &cluster.members.len().to_string());
    }
    let rows = |member: usize| {
        let rows =
            "SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*), MD5(GROUP_CONCAT(word ORDER BY time)) FROM dict.hist";
        cluster.members[member].sql(&format!("SET SESSION group_concat_max_len = 1 << 30; {rows}"))
    };
    let first = rows(0);
    assert!((1..cluster.members.len()).all(|member| rows(member) == first));
}

#[test]
#[ignore = "needs galera-4; tests/galera runs it"]
fn whichever_member_goes() {
    let mut cluster = Galera::start(3);
    wait_size(&cluster, 0, "3");
    let first = daemon(&cluster, &[0, 1, 2]);
    let second = daemon(&cluster, &[1, 2, 0]);
    for n in 0..CLIENTS {
        first.connect_as(&format!("user{n}"));
    }
    let timed = |what: &str, daemon: &Daemon| {
        let begin = Instant::now();
        wait_for(what, PATIENCE, || logs_in(daemon).then_some(()));
        wait_delivered(daemon);
        println!("{what}: {:.1} s", begin.elapsed().as_secs_f64());
    };
    // Killed, and back.
    under_load(&first, || {
        cluster.members[0].kill();
        timed("a login after the daemon's own member was killed", &first);
        timed("a login by a daemon beside another", &second);
        wait_size(&cluster, 1, "2");
        cluster.members[0].restart();
        wait_size(&cluster, 0, "3");
        first.wait_log("is usable again; using it in place of");
    });
    same_everywhere(&cluster);
    // Another one's death.
    under_load(&first, || {
        cluster.members[2].kill();
        timed("a login after another member was killed", &first);
        wait_size(&cluster, 0, "2");
        cluster.members[2].restart();
        wait_size(&cluster, 2, "3");
    });
    same_everywhere(&cluster);
    // Asleep, and awake again: the others go on without it, and it finds out that they have.
    under_load(&first, || {
        send_signal(cluster.members[0].pid(), Signal::SIGSTOP);
        timed("a login after the daemon's own member was stopped", &first);
        wait_size(&cluster, 1, "2");
        send_signal(cluster.members[0].pid(), Signal::SIGCONT);
        wait_size(&cluster, 0, "3");
        first.wait_log_times("is usable again; using it in place of", 2);
    });
    same_everywhere(&cluster);
    // All but one are killed at once: the one that is left refuses, and lookups are kept in the spool.
    under_load(&first, || {
        cluster.members[1].kill();
        cluster.members[2].kill();
        wait_for("an outage", PATIENCE, || first.status()["spool"]["outage_seconds"].is_u64().then_some(()));
        assert!(!logs_in(&first), "nobody is logged in by what is left of a cluster");
        cluster.members[0].sql("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'");
        timed("a login after the operator made it a cluster again", &first);
        cluster.members[1].restart();
        cluster.members[2].restart();
        wait_size(&cluster, 0, "3");
    });
    same_everywhere(&cluster);
    for daemon in [&first, &second] {
        let log = daemon.log();
        assert!(!log.contains("a bug in cidiand") && !log.contains("crashed"), "{log}");
    }
}

/// What was done through one daemon is seen through another at once.
#[test]
#[ignore = "needs galera-4; tests/galera runs it"]
fn what_one_daemon_has_done_another_sees() {
    let cluster = Galera::start(2);
    wait_size(&cluster, 0, "2");
    let (first, second) = (daemon(&cluster, &[0, 1]), daemon(&cluster, &[1, 0]));
    for n in 0..200 {
        let name = format!("ann{n}");
        let mut here = first.connect_as(&name);
        let mut there = second.connect();
        there.login(&name);
        assert!(here.ask_line(&format!("Q {name} word00001")).starts_with("OK "));
        assert_eq!(there.history(&name), ["word00001"], "{n}");
        there.ok(&format!("C {name}"));
        assert_eq!(here.history(&name), [""; 0], "{n}");
    }
}
