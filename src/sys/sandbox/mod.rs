//! Confining this process for good: resource limits, `no_new_privs`, Landlock, a seccomp filter. A [`Policy`] states
//! what a process may still do; this module only enforces it.
//!
//! Everything that can be prepared is prepared before the fork, in the parent: the Landlock ruleset is made and the
//! filter assembled once, so that a child needs only a few system calls. A process that has entered a sandbox can't
//! undo any of it.

mod filter;
mod key;
mod policy;
mod ruleset;
mod support;

pub use key::CallKey;
pub use policy::{Access, Condition, Policy};
pub use support::Support;

use super::files::{FileNumber, file_number};
use filter::Filter;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// A policy, ready to be entered by forked children.
#[derive(Debug)]
pub struct Sandbox {
    policy: Policy,
    support: Support,
    /// `None` if the kernel lacks Landlock.
    ruleset: Option<OwnedFd>,
    /// `None` if the kernel lacks seccomp.
    filter: Option<Filter>,
    open_files: u64,
    /// What the policy's paths led to: Landlock binds a rule to a file, not to its name.
    files: Vec<Option<FileNumber>>,
}

impl Sandbox {
    /// Makes ready what the kernel supports of a policy.
    ///
    /// # Errors
    /// No descriptor, or a path of the policy that can't be opened though it is there.
    pub fn prepare(policy: Policy, support: Support) -> io::Result<Self> {
        // Looked at first: a file that is replaced meanwhile is noticed later.
        let files = policy.files().map(|(path, _)| file_number(path)).collect();
        let ruleset = if support.landlock().is_some() { ruleset::make(&policy)? } else { None };
        let filter = if support.seccomp() { Filter::assemble(&policy.calls, &policy.refused) } else { None };
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        Ok(Self { open_files: policy.open_files.min(hard), policy, support, ruleset, filter, files })
    }

    /// The ruleset's descriptor, which the child must not have closed when it enters.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.ruleset.as_ref().map(AsFd::as_fd)
    }

    /// Confines this process, for good. For a forked child: the ruleset's descriptor is closed.
    ///
    /// # Errors
    /// The kernel refuses a layer that it reported as supported. The process must not go on then.
    pub fn enter(&self) -> Result<(), Errno> {
        setrlimit(Resource::RLIMIT_NOFILE, self.open_files, self.open_files)?;
        setrlimit(Resource::RLIMIT_NPROC, 0, 0)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        prctl::set_dumpable(false)?;
        // Without it an unprivileged process may use neither of what follows.
        prctl::set_no_new_privs()?;
        if let Some(ruleset) = &self.ruleset {
            ruleset::enforce(ruleset.as_fd())?;
            // SAFETY: the value that owns it is a copy of the parent's, and never dropped: a child leaves by `_exit`.
            Errno::result(unsafe { libc::close(ruleset.as_raw_fd()) })?;
        }
        match &self.filter {
            Some(filter) => filter.install(None),
            None => Ok(()),
        }
    }

    /// Whether a process can hand down to its children what costs most to enter. Signals to other processes have to be
    /// kept in by Landlock then: the filter does not know which process it is for.
    pub fn can_be_handed_down(&self) -> bool {
        CallKey::IS_SUPPORTED && self.filter.is_some() && self.ruleset.is_some() && self.support.limits_signals()
    }

    /// Confines this process, whose children inherit what they are confined to, but for what
    /// [`Sandbox::enter_the_rest`] adds. With the key it can fork, and a child can enter the rest; nothing else is
    /// allowed that is not allowed to them.
    ///
    /// # Errors
    /// As [`Sandbox::enter`].
    pub fn hand_down(&self, key: &CallKey) -> Result<(), Errno> {
        setrlimit(Resource::RLIMIT_NOFILE, self.open_files, self.open_files)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        prctl::set_dumpable(false)?;
        prctl::set_no_new_privs()?;
        let policy = self.policy.clone().keyed_calls(&[
            libc::SYS_clone,
            libc::SYS_getppid,
            libc::SYS_prctl,
            libc::SYS_prlimit64,
            libc::SYS_landlock_restrict_self,
        ]);
        let filter = Filter::assemble(&policy.calls, &policy.refused).ok_or(Errno::ENOSYS)?;
        filter.install(Some(key))
    }

    /// Confines a child of a process that has [handed down](Sandbox::hand_down) the most of it. From here on it cannot
    /// fork, or do anything else that needs the key: it is forgotten.
    ///
    /// # Errors
    /// As [`Sandbox::enter`].
    pub fn enter_the_rest(&self, key: &mut CallKey) -> Result<(), Errno> {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let resource = libc::RLIMIT_NPROC as usize;
        // SAFETY: for this process (0) the call reads one limit, and writes nothing.
        unsafe { key.call(libc::SYS_prlimit64, [0, resource, (&raw const none).addr(), 0, 0]) }?;
        if let Some(ruleset) = &self.ruleset {
            let descriptor = usize::try_from(ruleset.as_raw_fd()).map_err(|_| Errno::EBADF)?;
            // SAFETY: the call takes a descriptor and flags, and touches no memory of ours.
            unsafe { key.call(libc::SYS_landlock_restrict_self, [descriptor, 0, 0, 0, 0]) }?;
            // SAFETY: as where the whole sandbox is entered.
            Errno::result(unsafe { libc::close(ruleset.as_raw_fd()) })?;
        }
        key.forget()
    }

    /// Whether the policy's paths still lead to what they led to. When a file was replaced by another of its name, the
    /// new one is closed to those that enter.
    pub fn is_current(&self) -> bool {
        self.policy.files().map(|(path, _)| file_number(path)).eq(self.files.iter().copied())
    }

    /// Makes itself ready again, for later children.
    ///
    /// # Errors
    /// As [`Sandbox::prepare`]; it stays as it was then.
    pub fn renew(&mut self) -> io::Result<()> {
        *self = Self::prepare(self.policy.clone(), self.support)?;
        Ok(())
    }
}
