//! A Galera cluster of MariaDB for tests: members on ports of their own of the loopback address. It needs the packages
//! galera-4, mariadb-server (for the scripts that transfer a member's state) and rsync.

use super::mariadb::MariaDb;
use std::net::TcpListener;
use std::path::Path;

/// Where Debian's package galera-4 puts the provider; the variable names another place.
const PROVIDER: &str = "/usr/lib/galera/libgalera_smm.so";

/// Members of one cluster.
pub struct Galera {
    /// Each of them; one that was killed stays in its place.
    pub members: Vec<MariaDb>,
}

impl Galera {
    /// Starts so many members, and waits until they form a primary component.
    pub fn start(count: usize) -> Self {
        let provider = std::env::var("CIDIAN_GALERA").unwrap_or_else(|_| PROVIDER.to_owned());
        assert!(Path::new(&provider).exists(), "{provider} is not there: this test needs the package galera-4");
        let ports: Vec<[u16; 3]> = (0..count).map(|_| free_ports()).collect();
        let all: Vec<String> = ports.iter().map(|[group, ..]| format!("127.0.0.1:{group}")).collect();
        let all = format!("--wsrep-cluster-address=gcomm://{}", all.join(","));
        let mut members = Vec::new();
        for (n, [group, increments, state]) in ports.iter().enumerate() {
            let options = [
                "--wsrep-on=ON".to_owned(),
                format!("--wsrep-provider={provider}"),
                "--binlog-format=ROW".to_owned(),
                "--innodb-autoinc-lock-mode=2".to_owned(),
                "--wsrep-sst-method=rsync".to_owned(),
                format!("--wsrep-node-name=member{n}"),
                "--wsrep-node-address=127.0.0.1".to_owned(),
                format!("--wsrep-sst-receive-address=127.0.0.1:{state}"),
                format!(
                    "--wsrep-provider-options=base_host=127.0.0.1;base_port={group};\
                     gmcast.listen_addr=tcp://127.0.0.1:{group};ist.recv_addr=127.0.0.1:{increments};gcache.size=32M"
                ),
                // The first one makes the cluster.
                if n == 0 { "--wsrep-cluster-address=gcomm://".to_owned() } else { all.clone() },
            ];
            members.push(MariaDb::start_with(&options.each_ref().map(String::as_str)));
        }
        // From now on it joins the others as they join it.
        let first = members.remove(0).started_from_now_on_with(&[&all]);
        members.insert(0, first);
        Self { members }
    }

    /// What a member says of itself.
    pub fn status(&self, member: usize, name: &str) -> String {
        let row = self.members[member].sql(&format!("SHOW GLOBAL STATUS LIKE '{name}'"));
        row.split_whitespace().nth(1).unwrap_or_default().to_owned()
    }

    /// The hosts of a URL, in this order.
    pub fn url(&self, order: &[usize]) -> String {
        let hosts: Vec<String> = order.iter().map(|&n| format!("127.0.0.1:{}", self.members[n].port())).collect();
        format!("mysql://root@{}/dict", hosts.join(","))
    }
}

/// Three ports that nobody listens on at the moment.
fn free_ports() -> [u16; 3] {
    let probes = [0; 3].map(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    probes.map(|probe| probe.local_addr().expect("its address").port())
}
