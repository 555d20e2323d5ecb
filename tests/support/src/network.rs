//! Machines for tests: each is a network namespace, and a switch, which is one, too, joins them. Each machine has two
//! links, as hosts in a rack have: one to the clients' network and one to the cluster's. Nothing of this is visible
//! outside, and all of it is gone when the test process ends, in whatever way.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

/// A network that a machine has a link to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Where clients reach databases.
    Clients,
    /// Where the members of a cluster speak to one another.
    Cluster,
}

impl Link {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Clients, Self::Cluster];

    fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Cluster => "cluster",
        }
    }
}

/// A network namespace. It exists for as long as its keeper lives, which ends with the pipe that the test process
/// holds.
pub struct Namespace {
    keeper: Child,
    pipe: Option<ChildStdin>,
}

impl Namespace {
    /// With a loopback device and nothing else, on which nobody listens.
    ///
    /// # Errors
    /// This system has no namespaces for us; the error is the reason.
    pub fn new() -> Result<Self, String> {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", "ip link set lo up && echo ready && exec cat >/dev/null"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut keeper = command.spawn().map_err(|error| format!("unshare can't be run ({error})"))?;
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().expect("a piped stdout"))
            .read_line(&mut line)
            .map_err(|e| e.to_string())?;
        if line.trim() != "ready" {
            let output = keeper.wait_with_output().map_err(|error| error.to_string())?;
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        let pipe = keeper.stdin.take();
        Ok(Self { keeper, pipe })
    }

    /// The wrapper that runs a command in it.
    pub fn wrapper(&self) -> Vec<String> {
        vec!["nsenter".to_owned(), format!("--net=/proc/{}/ns/net", self.keeper.id()), "--".to_owned()]
    }

    fn run(&self, command: &str) -> Result<(), String> {
        let wrapper = self.wrapper();
        let output = Command::new(&wrapper[0]).args(&wrapper[1..]).args(command.split(' ')).output();
        let Output { status, stderr, .. } = output.map_err(|error| format!("nsenter can't be run ({error})"))?;
        if status.success() { Ok(()) } else { Err(format!("{command}: {}", String::from_utf8_lossy(&stderr).trim())) }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.keeper.wait();
    }
}

/// Machines and the switch between them.
pub struct Network {
    switch: Namespace,
    machines: Vec<Namespace>,
}

impl Network {
    /// A number of machines, with all links up.
    ///
    /// # Errors
    /// This system has no namespaces for us; the error is the reason.
    pub fn new(machines: usize) -> Result<Self, String> {
        let switch = Namespace::new()?;
        for link in Link::ALL {
            switch.run(&format!("ip link add {} type bridge", link.name()))?;
            switch.run(&format!("ip link set {} up", link.name()))?;
        }
        let machines: Vec<_> = (0..machines).map(|_| Namespace::new()).collect::<Result<_, _>>()?;
        let network = Self { switch, machines };
        for (n, machine) in network.machines.iter().enumerate() {
            for link in Link::ALL {
                let (name, port, keeper) = (link.name(), port(n, link), machine.keeper.id());
                network.switch.run(&format!("ip link add {port} type veth peer name {name} netns {keeper}"))?;
                network.switch.run(&format!("ip link set {port} master {name} up"))?;
                machine.run(&format!("ip address add {}/24 dev {name}", Self::address(n, link)))?;
                machine.run(&format!("ip link set {name} up"))?;
            }
        }
        Ok(network)
    }

    /// A machine's address in one of the networks.
    pub fn address(machine: usize, link: Link) -> String {
        format!("10.0.{}.{}", link as usize, machine + 1)
    }

    /// The wrapper that runs a command on a machine.
    pub fn wrapper(&self, machine: usize) -> Vec<String> {
        self.machines[machine].wrapper()
    }

    /// Pulls a machine's cable out of the switch. Its own address goes on working for itself.
    pub fn cut(&self, machine: usize, link: Link) {
        self.set(machine, link, "down");
    }

    /// Plugs it in again.
    pub fn heal(&self, machine: usize, link: Link) {
        self.set(machine, link, "up");
    }

    fn set(&self, machine: usize, link: Link, state: &str) {
        self.switch.run(&format!("ip link set {} {state}", port(machine, link))).expect("the switch has this port");
    }
}

/// A port of the switch.
fn port(machine: usize, link: Link) -> String {
    format!("{}{machine}", link.name())
}
