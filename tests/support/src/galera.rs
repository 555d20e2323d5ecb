//! A Galera cluster of MariaDB for tests: its members are on ports of the loopback address, or each on a machine of its
//! own ([`Network`]). It needs the packages galera-4 and rsync, and from mariadb-server the scripts that transfer a
//! member's state; `tests/run` provides them.

use super::mariadb::{MariaDb, OtherServer};
use super::network::{Link, Network};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Where Debian's package galera-4 puts the provider; the variable names another place.
const PROVIDER: &str = "/usr/lib/galera/libgalera_smm.so";
/// Where the scripts may be: installed, or unpacked by `tests/run`.
const SCRIPT_PLACES: [&str; 2] = ["/usr/bin", concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/galera/usr/bin")];
/// The scripts that transfer a member's state.
const SCRIPTS: [&str; 2] = ["wsrep_sst_rsync", "wsrep_sst_common"];
/// Has a member begin a cluster instead of joining one.
const NEW_CLUSTER: &str = "--wsrep-new-cluster";
/// As root the members run as nobody: rsync gives up root's rights by itself, and could not write then.
const NOBODY: u32 = 65_534;

/// Members of one cluster.
pub struct Galera {
    /// Each of them; one that was killed stays in its place.
    pub members: Vec<MariaDb>,
    /// Their machines; empty on the loopback address.
    pub network: Option<Network>,
    _scripts: TempDir,
}

/// Where a member is reached by the others and by clients.
struct Place {
    host: String,
    group: u16,
    increments: u16,
    state: u16,
    wrapper: Vec<String>,
    options: Vec<String>,
}

impl Galera {
    /// What a cluster needs and this system lacks.
    pub fn missing() -> Option<String> {
        if OtherServer::named().is_some() {
            return Some("the server under test is not this system's MariaDB".to_owned());
        }
        if !Path::new(&provider()).exists() {
            return Some(format!("{} is not there (package galera-4)", provider()));
        }
        if scripts().is_none() {
            return Some("wsrep_sst_rsync is not there (package mariadb-server; tests/run unpacks it)".to_owned());
        }
        let rsync = Command::new("rsync").arg("--version").output();
        rsync.is_err().then(|| "rsync is not there (package rsync)".to_owned())
    }

    /// Starts a number of members on the loopback address, with their files below `base`, and waits until they form a
    /// primary component; `options` are each one's.
    pub fn on_loopback(count: usize, base: &Path, options: &[&str]) -> Self {
        let places = (0..count).map(|_| {
            let [group, increments, state] = free_ports();
            let host = "127.0.0.1".to_owned();
            let options = options.iter().map(|&option| option.to_owned()).collect();
            Place { host, group, increments, state, wrapper: Vec::new(), options }
        });
        Self::start(places.collect(), None, base)
    }

    /// The same on machines of their own, where they have the usual ports.
    pub fn on_network(network: Network, count: usize) -> Self {
        let places = (0..count).map(|n| Place {
            host: Network::address(n, Link::Cluster),
            group: 4_567,
            increments: 4_568,
            state: 4_444,
            wrapper: network.wrapper(n),
            options: vec!["--bind-address=0.0.0.0".to_owned(), "--port=3306".to_owned()],
        });
        Self::start(places.collect(), Some(network), &std::env::temp_dir())
    }

    fn start(places: Vec<Place>, network: Option<Network>, base: &Path) -> Self {
        if let Some(missing) = Self::missing() {
            panic!("{missing}");
        }
        let scripts = copied_scripts();
        let all: Vec<String> = places.iter().map(|place| format!("{}:{}", place.host, place.group)).collect();
        let all = format!("--wsrep-cluster-address=gcomm://{}", all.join(","));
        let mut members = Vec::new();
        for (n, place) in places.into_iter().enumerate() {
            let Place { host, group, increments, state, mut wrapper, options: further } = place;
            let mut options = vec![
                "--wsrep-on=ON".to_owned(),
                format!("--wsrep-provider={}", provider()),
                "--binlog-format=ROW".to_owned(),
                "--innodb-autoinc-lock-mode=2".to_owned(),
                "--wsrep-sst-method=rsync".to_owned(),
                format!("--wsrep-node-name=member{n}"),
                format!("--wsrep-node-address={host}"),
                all.clone(),
                format!("--wsrep-sst-receive-address={host}:{state}"),
                format!(
                    "--wsrep-provider-options=base_host={host};base_port={group};\
                     gmcast.listen_addr=tcp://{host}:{group};ist.recv_addr={host}:{increments};gcache.size=32M"
                ),
            ];
            options.extend(further);
            let path = std::env::var("PATH").unwrap_or_default();
            wrapper.extend(["env".to_owned(), format!("PATH={}:{path}", scripts.path().display())]);
            let is_root = nix::unistd::geteuid().is_root();
            if is_root {
                let identity = format!("setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups");
                wrapper.extend(identity.split(' ').map(str::to_owned));
            }
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let mut member = MariaDb::new_in(base, &options).under(wrapper);
            if is_root {
                member = member.owned_by(NOBODY, NOBODY);
            }
            if n == 0 {
                // It makes the cluster; the others begin with its data, which need not be sent to them.
                member.run_with(&[NEW_CLUSTER.to_owned()]);
                member.stop();
            } else {
                member.copy_data(&members[0]);
            }
            members.push(member);
        }
        let mut new = Self { members, network, _scripts: scripts };
        let all: Vec<usize> = (0..new.members.len()).collect();
        new.start_with(&all, Some(0));
        new
    }

    /// Starts members that do not run, all at once, each where its files say that it was, as Debian's unit does.
    pub fn start_again(&mut self, which: &[usize]) {
        self.start_with(which, None);
    }

    fn start_with(&mut self, which: &[usize], founder: Option<usize>) {
        std::thread::scope(|scope| {
            for (n, member) in self.members.iter_mut().enumerate() {
                if which.contains(&n) {
                    scope.spawn(move || {
                        let mut options = Vec::new();
                        if founder == Some(n) {
                            options.push(NEW_CLUSTER.to_owned());
                        } else if member.has_data() {
                            options.push(format!("--wsrep-start-position={}", recovered(member)));
                        }
                        member.run_with(&options);
                    });
                }
            }
        });
    }

    /// A member's status.
    pub fn status(&self, member: usize, name: &str) -> String {
        let row = self.members[member].sql(&format!("SHOW GLOBAL STATUS LIKE '{name}'"));
        row.split_whitespace().nth(1).unwrap_or_default().to_owned()
    }

    /// Whether a member is in a primary component of that size, and has caught up with it.
    pub fn is_synced(&self, member: usize, size: usize) -> bool {
        let rows = self.members[member].sql("SHOW GLOBAL STATUS LIKE 'wsrep_%'");
        let is = |name: &str, value: &str| rows.lines().any(|row| row == format!("{name}\t{value}"));
        is("wsrep_cluster_size", &size.to_string())
            && is("wsrep_cluster_status", "Primary")
            && is("wsrep_local_state_comment", "Synced")
    }

    /// The URL of database `dict` with the members in this order.
    pub fn url(&self, order: &[usize]) -> String {
        let host = |n: usize| match &self.network {
            Some(_) => Network::address(n, Link::Clients),
            None => format!("127.0.0.1:{}", self.members[n].port()),
        };
        let hosts: Vec<String> = order.iter().map(|&n| host(n)).collect();
        // Root may come from the member's own machine only.
        let user = if self.network.is_some() { "cidian" } else { "root" };
        format!("mysql://{user}@{}/dict", hosts.join(","))
    }
}

/// How far a member's files had come: what mariadbd finds in them itself.
fn recovered(member: &MariaDb) -> String {
    let output = member.program().arg("--wsrep-recover").output().expect("mariadbd runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let position = said.lines().find_map(|line| line.split_once("Recovered position: ")).map(|(_, position)| position);
    position.unwrap_or_else(|| panic!("mariadbd --wsrep-recover: {said}")).trim().to_owned()
}

fn provider() -> String {
    std::env::var("CIDIAN_GALERA").unwrap_or_else(|_| PROVIDER.to_owned())
}

fn scripts() -> Option<PathBuf> {
    let mut places = SCRIPT_PLACES.iter().map(PathBuf::from);
    places.find(|place| SCRIPTS.iter().all(|script| place.join(script).exists()))
}

/// The scripts where everybody may read them.
fn copied_scripts() -> TempDir {
    let from = scripts().expect("the scripts are there");
    let directory = tempfile::Builder::new().prefix("cidian-").tempdir().expect("a temporary directory");
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).expect("our own directory");
    for script in SCRIPTS {
        std::fs::copy(from.join(script), directory.path().join(script)).expect("a script can be copied");
    }
    directory
}

/// Three ports that are free at the moment.
fn free_ports() -> [u16; 3] {
    let probes = [0; 3].map(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    probes.map(|probe| probe.local_addr().expect("its address").port())
}
