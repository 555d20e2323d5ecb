//! A real systemd: a container that boots a copy of the running system, which it leaves unchanged. Its mounts are in a
//! mount namespace of their own, and its processes are in a namespace that ends with the process that the test has
//! started, which in turn ends with the test. So nothing keeps running, however the test ends.

use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::{processes, wait_for_end};
use tempfile::TempDir;

/// Makes the copy and boots it. The last two options let BPF programs (`IPAddressDeny=`) and Landlock in. Only what
/// every unit needs is started: the services of the system that is copied are left out.
const BOOT: &str = r#"
    base=$1; shift
    mount -t tmpfs -o mode=755,size=1g tmpfs "$base" && mkdir "$base/upper" "$base/work" "$base/root" &&
    mount -t overlay overlay -o lowerdir=/,upperdir="$base/upper",workdir="$base/work" "$base/root" || exit 1
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    systemd-nspawn --register=no --keep-unit --quiet -D "$base/root" --machine=cidian-test --private-network \
        --link-journal=no --console=pipe --capability=all "$@" \
        --system-call-filter="bpf landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
        --boot systemd.unit=basic.target; exit $?"#;
/// How long booting may take; then it is reported that it does not work here.
const BOOTING: Duration = Duration::from_secs(60);

/// A running container.
pub struct Container {
    process: Child,
    /// Its first process, as this system numbers it.
    leader: u32,
    directory: TempDir,
    _lock: Flock<File>,
}

impl Container {
    /// Boots one, with files of this system bound to paths in it.
    ///
    /// # Errors
    /// Why there can be no container here.
    pub fn boot(bound: &[(&Path, &str)]) -> Result<Self, String> {
        if !nix::unistd::geteuid().is_root() {
            return Err("only root can boot a container".to_owned());
        }
        for program in ["systemd-nspawn", "nsenter", "unshare", "setpriv"] {
            if Command::new(program).arg("--version").output().is_err() {
                return Err(format!("{program} is not there (Debian packages systemd-container, util-linux)"));
            }
        }
        if !Path::new("/lib/systemd/systemd").exists() {
            return Err("systemd is not there".to_owned());
        }
        // One at a time on this machine.
        let lock = std::env::temp_dir().join("cidian-systemd-test.lock");
        let lock = File::options().create(true).truncate(false).write(true).open(lock).map_err(|e| e.to_string())?;
        let lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, error)| error.to_string())?;
        let directory = tempfile::Builder::new().prefix("cidian-root-").tempdir().map_err(|e| e.to_string())?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private"]);
        command.args(["--pid", "--mount-proc", "--fork", "--kill-child=KILL", "--"]);
        command.args(["sh", "-c", BOOT, "sh"]).arg(directory.path());
        command.args(bound.iter().map(|(from, to)| format!("--bind={}:{to}", from.display())));
        let log = File::create(directory.path().join("boot.log")).map_err(|error| error.to_string())?;
        let errors = log.try_clone().map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let process = command.spawn().map_err(|error| error.to_string())?;
        let mut container = Self { process, leader: 0, directory, _lock: lock };
        container.wait_until_booted()?;
        Ok(container)
    }

    fn wait_until_booted(&mut self) -> Result<(), String> {
        let begin = Instant::now();
        let mut state = "no first process".to_owned();
        while begin.elapsed() < BOOTING {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("a container can't be booted ({status}): {}", self.boot_log()));
            }
            if let Some(leader) = self.find_leader() {
                self.leader = leader;
                if let Ok(output) = self.command(&["systemctl", "is-system-running"]).output() {
                    state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                    if ["running", "degraded"].contains(&state.as_str()) {
                        return Ok(());
                    }
                }
            }
            // A poll with a deadline: a booting system does not notify the outside when it is done.
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("a container does not boot in {BOOTING:?}: {state}: {}", self.boot_log()))
    }

    /// `unshare`, the shell, `systemd-nspawn`, and below it what numbers its processes for itself.
    fn find_leader(&self) -> Option<u32> {
        let shell = *processes::children(self.process.id()).first()?;
        let outside = namespace(shell)?;
        let below = processes::children(shell).into_iter().flat_map(processes::children);
        below.into_iter().find(|&pid| namespace(pid).is_some_and(|inside| inside != outside))
    }

    fn boot_log(&self) -> String {
        // Below the mount that only the container sees.
        std::fs::read_to_string(self.directory.path().join("boot.log")).unwrap_or_default()
    }

    /// Where a path of the container is, seen from here.
    pub fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.leader))
    }

    /// A command in the container; it is ended if it takes too long.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.args(["60", "nsenter", "-t", &self.leader.to_string(), "-a", "--"]).args(words);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env_remove("STATE_DIRECTORY").stdin(Stdio::null());
        command
    }

    /// Runs a command in the container.
    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("nsenter runs")
    }

    /// Runs a command that must succeed; returns its output.
    pub fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Writes a file in the container.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>, mode: u32) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, text).expect("the container's files can be written");
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("a mode");
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if std::thread::panicking() && self.leader != 0 {
            let log = self.run(&["journalctl", "--no-pager", "-o", "short-monotonic", "-n", "200"]);
            eprintln!("the container's journal:\n{}", String::from_utf8_lossy(&log.stdout));
        }
        // SIGRTMIN+4 to a systemd that is the first process: power off, now.
        let asked = self.leader != 0
            && Command::new("kill")
                .args(["-s", "RTMIN+4", &self.leader.to_string()])
                .status()
                .is_ok_and(|s| s.success());
        if !asked || !wait_for_end(&mut self.process) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// The numbers that a process lives among.
fn namespace(pid: u32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok()
}

/// Reads a child's output until it ends.
pub fn said(child: &mut Child) -> String {
    let mut text = String::new();
    let stdout = child.stdout.as_mut().expect("a pipe");
    stdout.read_to_string(&mut text).expect("text");
    text
}
