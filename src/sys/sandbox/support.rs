//! What this kernel offers for confining a process. The parent finds it out once.

use nix::errno::Errno;

/// The oldest Landlock ABI that limits TCP, and the oldest that limits signals and abstract sockets.
const LIMITS_TCP: u32 = 4;
const LIMITS_SIGNALS: u32 = 6;

/// The layers that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    landlock: Option<u32>,
    seccomp: bool,
}

impl Support {
    /// Asks the kernel.
    pub fn of_this_kernel() -> Self {
        // LANDLOCK_CREATE_RULESET_VERSION
        const VERSION: libc::c_uint = 1;
        // SAFETY: with this flag the call takes no attributes, and only answers with a number.
        let abi = unsafe {
            libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, VERSION)
        };
        let action = libc::SECCOMP_RET_KILL_PROCESS;
        // SAFETY: the call reads the number that it is given the address of, and changes nothing.
        let seccomp = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) };
        Self {
            landlock: Errno::result(abi).ok().and_then(|abi| u32::try_from(abi).ok()).filter(|abi| *abi > 0),
            seccomp: Errno::result(seccomp).is_ok() && super::filter::KNOWN_MACHINE,
        }
    }

    /// Landlock's ABI; `None` without Landlock.
    pub fn landlock(self) -> Option<u32> {
        self.landlock
    }

    /// Whether there are seccomp filters.
    pub fn seccomp(self) -> bool {
        self.seccomp
    }

    /// Whether Landlock limits signals.
    pub(super) fn limits_signals(self) -> bool {
        self.landlock.is_some_and(|abi| abi >= LIMITS_SIGNALS)
    }

    /// The same without Landlock; to see what the other layers do.
    #[must_use]
    pub fn without_landlock(self) -> Self {
        Self { landlock: None, ..self }
    }

    /// The same without seccomp.
    #[must_use]
    pub fn without_seccomp(self) -> Self {
        Self { seccomp: false, ..self }
    }

    /// What is missing, a sentence each.
    pub fn lacks(self) -> Vec<String> {
        let mut lacks = Vec::new();
        match self.landlock {
            None => lacks.push("no Landlock: files, ports and signals are limited by system calls alone".to_owned()),
            Some(abi) => {
                if abi < LIMITS_TCP {
                    lacks.push(format!("Landlock ABI {abi}: TCP connections are not limited to the database's port"));
                }
                if abi < LIMITS_SIGNALS {
                    lacks.push(format!("Landlock ABI {abi}: signals and abstract sockets are not limited by it"));
                }
            }
        }
        if !self.seccomp {
            lacks.push("no seccomp filters: system calls are not limited".to_owned());
        }
        lacks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_kernel_lacks_is_told() {
        let newest = Support { landlock: Some(7), seccomp: true };
        assert!(newest.lacks().is_empty());
        let without = newest.without_landlock().without_seccomp();
        assert_eq!(without.lacks().len(), 2, "{without:?}");
        let first = Support { landlock: Some(1), seccomp: true };
        assert!(first.lacks().len() == 2 && first.lacks()[0].contains("ABI 1: TCP"), "{first:?}");
        assert_eq!(Support { landlock: Some(5), seccomp: true }.lacks().len(), 1);
    }
}
