//! The ways in which members of a cluster fail, and come back.

use super::{MEMBERS, PATIENCE, Site};
use nix::sys::signal::Signal;
use support::mariadb::MariaDb;
use support::network::Link;
use support::{send_signal, wait_for};

/// What befalls one member, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Its server is killed; its machine and the daemon there are well.
    Killed,
    /// Its machine's cables are pulled, so that the daemon there is alone with it.
    Cut,
    /// It has lost the other members, but clients reach it.
    Isolated,
    /// Its server hangs.
    Stopped,
    /// Its server is stopped and started in an orderly way.
    Restarted,
    /// Its server is killed, and its files are lost.
    Emptied,
    /// All members have lost one another.
    Apart,
    /// All members are killed.
    AllKilled,
}

impl Failure {
    pub const ALL: [Self; 8] = [
        Self::Killed,
        Self::Cut,
        Self::Isolated,
        Self::Stopped,
        Self::Restarted,
        Self::Emptied,
        Self::Apart,
        Self::AllKilled,
    ];

    /// The members that are well meanwhile.
    pub fn survivors(self, member: usize) -> Vec<usize> {
        match self {
            Self::Apart | Self::AllKilled => Vec::new(),
            _ => (0..MEMBERS).filter(|&other| other != member).collect(),
        }
    }

    /// The daemons with a healthy member within reach.
    pub fn served(self, member: usize) -> Vec<usize> {
        match self {
            Self::Cut => self.survivors(member),
            Self::Apart | Self::AllKilled => Vec::new(),
            _ => (0..MEMBERS).collect(),
        }
    }

    /// Makes it happen.
    pub fn begin(self, site: &mut Site, member: usize) {
        let network = site.cluster.network.as_ref().expect("machines");
        match self {
            Self::Killed | Self::Emptied => site.cluster.members[member].kill(),
            Self::Cut => Link::ALL.iter().for_each(|&link| network.cut(member, link)),
            Self::Isolated => network.cut(member, Link::Cluster),
            Self::Stopped => send_signal(site.cluster.members[member].pid(), Signal::SIGSTOP),
            Self::Restarted => site.cluster.members[member].stop(),
            Self::Apart => (0..MEMBERS).for_each(|member| network.cut(member, Link::Cluster)),
            Self::AllKilled => {
                // At once, and not one after the other: the last one would be a cluster of its own.
                site.cluster.members.iter().for_each(|member| send_signal(member.pid(), Signal::SIGKILL));
                site.cluster.members.iter_mut().for_each(MariaDb::kill);
            }
        }
    }

    /// Waits until those that are left know of it.
    pub fn wait_noticed(self, site: &Site, member: usize) {
        let noticed = |member: usize| match self {
            Self::Apart => site.cluster.status(member, "wsrep_cluster_status") != "Primary",
            _ => site.cluster.is_synced(member, MEMBERS - 1),
        };
        let others = if self == Self::Apart { (0..MEMBERS).collect() } else { self.survivors(member) };
        for other in others {
            wait_for("the others to notice", PATIENCE, || noticed(other).then_some(()));
        }
    }

    /// Brings it back, up to where the cluster is whole.
    pub fn end(self, site: &mut Site, member: usize) {
        let network = site.cluster.network.as_ref().expect("machines");
        match self {
            Self::Killed | Self::Restarted => site.cluster.start_again(&[member]),
            Self::Cut => Link::ALL.iter().for_each(|&link| network.heal(member, link)),
            Self::Isolated => network.heal(member, Link::Cluster),
            Self::Stopped => send_signal(site.cluster.members[member].pid(), Signal::SIGCONT),
            Self::Emptied => {
                site.cluster.members[member].empty();
                site.cluster.start_again(&[member]);
            }
            Self::Apart => (0..MEMBERS).for_each(|member| network.heal(member, Link::Cluster)),
            Self::AllKilled => site.cluster.start_again(&[0, 1, 2]),
        }
        site.wait_whole();
    }
}
