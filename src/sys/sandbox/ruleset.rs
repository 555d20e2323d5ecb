//! The Landlock ruleset of a policy: files and directories, TCP ports, signals and abstract sockets. The crate
//! `landlock` makes the ruleset and leaves out what the kernel is too old for; each child enforces it here.

use super::policy::{Access, Policy};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, Scope, make_bitflags,
};
use nix::errno::Errno;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// What a ruleset forbids unless a rule allows it: all that the kernel can, up to the newest ABI that this was tested
/// with.
const FILES: ABI = ABI::V5;
const PORTS: ABI = ABI::V4;
const SCOPES: ABI = ABI::V6;

pub(super) fn make(policy: &Policy) -> io::Result<Option<OwnedFd>> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(FILES))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(PORTS)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(SCOPES)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    for (path, access) in policy.files() {
        let directory = match std::fs::metadata(path) {
            Ok(data) => data.is_dir(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(of_path(path, error)),
        };
        let file = PathFd::new(path).map_err(|error| of_path(path, io::Error::other(error)))?;
        ruleset = ruleset.add_rule(PathBeneath::new(file, rights(access, directory))).map_err(failed)?;
    }
    for port in policy.ports() {
        ruleset = ruleset.add_rule(NetPort::new(port, AccessNet::ConnectTcp)).map_err(failed)?;
    }
    if policy.own_port {
        // Port 0 stands for whatever the system chooses.
        ruleset = ruleset.add_rule(NetPort::new(0, AccessNet::BindTcp)).map_err(failed)?;
    }
    Ok(ruleset.into())
}

fn rights(access: Access, directory: bool) -> BitFlags<AccessFs> {
    match (access, directory) {
        // A file has no names in it.
        (Access::List, _) => AccessFs::ReadDir.into(),
        (Access::Read, false) => AccessFs::ReadFile.into(),
        (Access::Read, true) => make_bitflags!(AccessFs::{ReadFile | ReadDir}),
        (Access::Change | Access::Make, false) => make_bitflags!(AccessFs::{ReadFile | WriteFile | Truncate}),
        (Access::Change, true) => {
            make_bitflags!(AccessFs::{ReadFile | ReadDir | WriteFile | Truncate | MakeReg | RemoveFile})
        }
        (Access::Make, true) => rights(Access::Change, true) | AccessFs::MakeDir,
    }
}

/// Enforces a ruleset on this process.
pub(super) fn enforce(ruleset: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: the call takes a descriptor and flags, and touches no memory of ours.
    let outcome = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0) };
    Errno::result(outcome).map(drop)
}

fn failed(error: RulesetError) -> io::Error {
    io::Error::other(format!("Landlock: {error}"))
}

fn of_path(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
