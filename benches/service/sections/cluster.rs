//! Lookups with durable history on a Galera cluster of three members, compared with the same on one server.

use crate::Result;
use crate::accounts::{log_in, log_in_at, register};
use crate::arguments::Part;
use crate::bed::{DEFAULTS, Daemon};
use crate::figures::{Section, Target};
use crate::load::Dialect;
use crate::processes::Meter;
use crate::rounds::{Entrant, Rounds, progress};
use crate::sections::lookups::case;
use support::galera::Galera;

const MEMBERS: usize = 3;
/// Clients, and the least ratio of one daemon on the cluster to the same on one server.
const CASES: [(u32, f64); 2] = [(8, 0.35), (64, 0.7)];

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Cluster) {
        return Ok(());
    }
    let bed = rounds.bed;
    let mut section = Section::new("Lookups with durable history, a cluster of three members of MariaDB");
    if let Some(missing) = Galera::missing() {
        section.note(format!("A cluster is not measured: {missing}."));
        sections.push(section);
        return Ok(());
    }
    progress("cluster: members");
    let cluster = Galera::on_loopback(MEMBERS, bed.directory(), &DEFAULTS);
    bed.tool(&cluster.url(&[0, 1, 2]), &["init-db"])?;
    bed.make_database("single")?;
    let single = bed.start_daemon("single", &bed.mariadb.tcp_url("single"), &[])?;
    let mut daemons = Vec::new();
    for member in 0..MEMBERS {
        let order: Vec<usize> = (0..MEMBERS).map(|n| (member + n) % MEMBERS).collect();
        daemons.push(bed.start_daemon(&format!("member{member}"), &cluster.url(&order), &[])?);
    }
    progress("cluster: accounts");
    register(&single, 64)?;
    register(&daemons[0], 64)?;
    let addresses: Vec<_> = daemons.iter().map(|daemon| daemon.address).collect();
    let members: Vec<u32> = cluster.members.iter().map(support::mariadb::MariaDb::pid).collect();
    let on_members = |daemons: &[Daemon]| Meter {
        server: daemons.iter().map(|daemon| daemon.server.pid()).collect(),
        database: members.clone(),
    };
    for (clients, least) in CASES {
        let mut on_one = log_in(bed, &single, clients)?;
        let mut on_three = log_in(bed, &daemons[0], clients)?;
        let mut by_three = log_in_at(bed, &addresses, clients)?;
        let entrants = vec![
            Entrant::new("cidiand on three members", on_members(&daemons[..1]), |counting| {
                on_three.ask(Dialect::Lookup, &bed.headwords, 1, counting)
            }),
            Entrant::new("cidiand on one server", rounds.with_mariadb(Some(&single.server)), |counting| {
                on_one.ask(Dialect::Lookup, &bed.headwords, 1, counting)
            }),
            Entrant::new("three cidiands, each on a member", on_members(&daemons), |counting| {
                by_three.ask(Dialect::Lookup, &bed.headwords, 1, counting)
            }),
        ];
        let results = rounds.alternate(&format!("cluster, {}", case(clients, 1)), entrants)?;
        section.compare(case(clients, 1), "lookups/s", &results[0], &results[1], Target::AtLeast(least));
        section.compare(case(clients, 1), "lookups/s", &results[2], &results[0], Target::None);
    }
    sections.push(section);
    Ok(())
}
