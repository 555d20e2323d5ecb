//! The seccomp filter of a policy: a classic BPF program that allows what the policy names and ends the process on
//! anything else.
//!
//! It is a binary search over ranges of call numbers. When a program is installed, the kernel runs it once for each
//! call number (and remembers the numbers that need no look at the arguments) and translates it to machine code. It
//! does both for every session: a list of comparisons (as `seccompiler` makes it) would cost a session about twice as
//! much. A program is assembled from its end to its beginning, because its jumps lead forwards only, so that each
//! target is known.

use super::key::CallKey;
use super::policy::{Alternatives, Condition, Value};
use nix::errno::Errno;
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroize;

/// The kernel's name of the machine, from `linux/audit.h`: numbers of system calls mean something else on another,
/// and a 64-bit process can make calls of its 32-bit relative.
const MACHINE: Option<u32> = if cfg!(all(target_arch = "x86_64", target_pointer_width = "64")) {
    Some(0xC000_003E)
} else if cfg!(all(target_arch = "aarch64", target_endian = "little")) {
    Some(0xC000_00B7)
} else if cfg!(target_arch = "riscv64") {
    Some(0xC000_00F3)
} else {
    None
};

/// Whether filters can be written for the machine that this program was built for.
pub(super) const KNOWN_MACHINE: bool = MACHINE.is_some();

// Where `struct seccomp_data` has what. Of an argument's 64 bits the low half comes first on these machines.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

// linux/filter.h: class, size or operation, mode or source.
const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_NOT_BELOW: u16 = 0x35;
const RETURN: u16 = 0x06;

/// What a refused call fails with.
const NO_MEMORY: u32 = libc::ENOMEM.cast_unsigned();

/// The most instructions that are copied to the stack: 4 KiB, more than a session's filter has.
const ON_STACK: usize = 512;

/// An assembled program.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    program: Vec<libc::sock_filter>,
    /// The instructions that compare with what is known only when it is installed.
    written_in: Vec<(usize, WrittenIn)>,
}

/// What an instruction compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WrittenIn {
    /// The number of the process that enters.
    OwnProcess,
    /// Half of the key.
    Key { high: bool },
}

impl Filter {
    /// Assembles the program. `None` on an unknown machine.
    pub(super) fn assemble(calls: &BTreeMap<u32, Alternatives>, refused: &BTreeSet<u32>) -> Option<Self> {
        let machine = MACHINE?;
        let mut out = Assembler::default();
        let end = out.put(RETURN, libc::SECCOMP_RET_KILL_PROCESS);
        let allow = out.put(RETURN, libc::SECCOMP_RET_ALLOW);
        let refuse = if refused.is_empty() { end } else { out.put(RETURN, libc::SECCOMP_RET_ERRNO | NO_MEMORY) };
        let mut runs: Vec<Run> = Vec::new();
        let no_alternatives = Alternatives::new();
        let numbers: BTreeSet<u32> = calls.keys().chain(refused).copied().collect();
        for number in numbers {
            let alternatives = calls.get(&number).unwrap_or(&no_alternatives);
            let outcome = if refused.contains(&number) {
                refuse
            } else if alternatives.is_empty() {
                allow
            } else {
                out.alternatives(alternatives, allow, end)
            };
            match runs.last_mut() {
                Some(run) if run.outcome == outcome && run.last + 1 == number => run.last = number,
                _ => runs.push(Run { first: number, last: number, outcome }),
            }
        }
        let begin = out.search(&runs, end);
        out.go_on_at(begin);
        out.put(LOAD, NUMBER);
        let here = out.reversed.len() - 1;
        out.branch(JUMP_EQUAL, machine, here, end);
        out.put(LOAD, ARCHITECTURE);
        let last = out.reversed.len() - 1;
        out.reversed.reverse();
        let written_in = out.written_in.into_iter().map(|(at, what)| (last - at, what)).collect();
        Some(Self { program: out.reversed, written_in })
    }

    /// Puts this process, which has one thread, under the filter. Its children inherit it: with a key it is for them,
    /// and what it allows for a process's own number it allows for any.
    // Never a part of its caller, on whose stack the copy would stay while the session waits.
    #[inline(never)]
    pub(super) fn install(&self, key: Option<&CallKey>) -> Result<(), Errno> {
        // The copy is on the stack, which an idle session gives back: on the heap it took a page or two of its parent's,
        // and so made them its own, in each session.
        let mut room = [libc::sock_filter { code: 0, jt: 0, jf: 0, k: 0 }; ON_STACK];
        let mut longer = Vec::new();
        let program = match room.get_mut(..self.program.len()) {
            Some(room) => room,
            None => {
                longer.resize(self.program.len(), room[0]);
                longer.as_mut_slice()
            }
        };
        program.copy_from_slice(&self.program);
        for &(at, what) in &self.written_in {
            match (what, key) {
                (WrittenIn::OwnProcess, None) => program[at].k = std::process::id(),
                (WrittenIn::OwnProcess, Some(_)) => program[at].jf = program[at].jt,
                (WrittenIn::Key { high }, Some(key)) => key.write_half(high, &mut program[at].k),
                // No process has it.
                (WrittenIn::Key { .. }, None) => program[at].jt = program[at].jf,
            }
        }
        let installed = hand_over(program);
        // No copy of the key stays where children could find it.
        self.written_in.iter().for_each(|(at, _)| program[*at].k.zeroize());
        installed
    }
}

fn hand_over(program: &mut [libc::sock_filter]) -> Result<(), Errno> {
    let length = libc::c_ushort::try_from(program.len()).map_err(|_| Errno::E2BIG)?;
    let program = libc::sock_fprog { len: length, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies `len` instructions from `filter`, which is a slice of that length.
    let outcome = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    Errno::result(outcome).map(drop)
}

/// Numbers in a row with the same outcome, the index of an instruction.
struct Run {
    first: u32,
    last: u32,
    outcome: usize,
}

/// How many runs are compared one after the other. It makes a program shorter than halving to the end, which
/// matters more than its longest way: each instruction is translated for each session.
const FEW: usize = 4;

/// A program, its last instruction first. A target is an index of it.
#[derive(Default)]
struct Assembler {
    reversed: Vec<libc::sock_filter>,
    written_in: Vec<(usize, WrittenIn)>,
}

impl Assembler {
    fn put(&mut self, code: u16, k: u32) -> usize {
        self.reversed.push(libc::sock_filter { code, jt: 0, jf: 0, k });
        self.reversed.len() - 1
    }

    /// Makes what is put next go on at a target, if that does not follow by itself.
    fn go_on_at(&mut self, target: usize) {
        let skips = self.skips(target);
        if skips > 0 {
            self.put(JUMP, u32::try_from(skips).unwrap_or(u32::MAX));
        }
    }

    /// How many instructions an instruction that is put next would have to skip.
    fn skips(&self, target: usize) -> usize {
        self.reversed.len() - 1 - target
    }

    /// A conditional jump reaches 255 instructions far; beyond it there is another jump on the way.
    fn within_reach(&mut self, target: usize) -> usize {
        let skips = self.skips(target);
        // One such jump may follow for the other target.
        if skips < 255 {
            return target;
        }
        self.put(JUMP, u32::try_from(skips).unwrap_or(u32::MAX))
    }

    fn branch(&mut self, code: u16, k: u32, yes: usize, no: usize) -> usize {
        let yes = self.within_reach(yes);
        let no = self.within_reach(no);
        let (jt, jf) = (self.skips(yes), self.skips(no));
        let at = self.put(code, k);
        self.reversed[at].jt = u8::try_from(jt).unwrap_or(u8::MAX);
        self.reversed[at].jf = u8::try_from(jf).unwrap_or(u8::MAX);
        at
    }

    /// Goes to what comes of a number, by halving the runs until there are few.
    fn search(&mut self, runs: &[Run], end: usize) -> usize {
        if runs.len() > FEW {
            let (below, above) = runs.split_at(runs.len() / 2);
            let (yes, no) = (self.search(above, end), self.search(below, end));
            return self.branch(JUMP_NOT_BELOW, above[0].first, yes, no);
        }
        runs.iter().rev().fold(end, |otherwise, run| {
            if run.first == run.last {
                return self.branch(JUMP_EQUAL, run.first, run.outcome, otherwise);
            }
            let within = self.branch(JUMP_NOT_BELOW, run.last.saturating_add(1), otherwise, run.outcome);
            self.branch(JUMP_NOT_BELOW, run.first, within, end)
        })
    }

    fn alternatives(&mut self, alternatives: &[Vec<Condition>], allow: usize, end: usize) -> usize {
        alternatives.iter().rev().fold(end, |otherwise, conditions| {
            conditions.iter().rev().fold(allow, |then, condition| self.condition(condition, then, otherwise))
        })
    }

    fn condition(&mut self, condition: &Condition, then: usize, otherwise: usize) -> usize {
        match &condition.value {
            Value::OneOf(values) => {
                values
                    .iter()
                    .rev()
                    .fold(otherwise, |otherwise, &value| self.branch(JUMP_EQUAL, value, then, otherwise));
            }
            Value::OwnProcess => {
                let at = self.branch(JUMP_EQUAL, 0, then, otherwise);
                self.written_in.push((at, WrittenIn::OwnProcess));
            }
            Value::Key { high } => {
                let at = self.branch(JUMP_EQUAL, 0, then, otherwise);
                self.written_in.push((at, WrittenIn::Key { high: *high }));
            }
        }
        if condition.mask != u32::MAX {
            self.put(AND, condition.mask);
        }
        let half = if condition.value == (Value::Key { high: true }) { 4 } else { 0 };
        self.put(LOAD, ARGUMENTS + 8 * u32::from(condition.argument) + half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::sandbox::Policy;
    use proptest::prelude::*;

    /// What the kernel would return, without a kernel.
    fn run(program: &[libc::sock_filter], machine: u32, number: u32, arguments: [u32; 6]) -> u32 {
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let libc::sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            let skips = |yes: bool| usize::from(if yes { jt } else { jf });
            match code {
                LOAD => {
                    accumulator = match k {
                        NUMBER => number,
                        ARCHITECTURE => machine,
                        _ => {
                            assert_eq!((k - ARGUMENTS) % 8, 0);
                            arguments[usize::try_from((k - ARGUMENTS) / 8).unwrap()]
                        }
                    }
                }
                AND => accumulator &= k,
                JUMP => at += usize::try_from(k).unwrap(),
                JUMP_EQUAL => at += skips(accumulator == k),
                JUMP_NOT_BELOW => at += skips(accumulator >= k),
                RETURN => return k,
                other => panic!("{other}"),
            }
        }
    }

    fn allows(policy: &Policy, machine: u32, number: u32, arguments: [u32; 6]) -> bool {
        let filter = Filter::assemble(&policy.calls, &policy.refused).unwrap();
        assert!(filter.program.len() < usize::from(libc::c_ushort::MAX));
        match run(&filter.program, machine, number, arguments) {
            libc::SECCOMP_RET_ALLOW => true,
            libc::SECCOMP_RET_KILL_PROCESS => false,
            other => panic!("{other:x}"),
        }
    }

    fn expected(policy: &Policy, number: u32, arguments: [u32; 6]) -> bool {
        policy.calls.get(&number).is_some_and(|alternatives| {
            let holds = |condition: &Condition| {
                let Value::OneOf(values) = &condition.value else { return false };
                values.contains(&(arguments[usize::from(condition.argument)] & condition.mask))
            };
            alternatives.is_empty() || alternatives.iter().any(|conditions| conditions.iter().all(holds))
        })
    }

    const OURS: u32 = MACHINE.unwrap();

    #[test]
    fn nothing_is_allowed_by_an_empty_policy_or_on_another_machine() {
        for number in [0, 1, 59, 1 << 30, u32::MAX] {
            assert!(!allows(&Policy::default(), OURS, number, [0; 6]));
        }
        let all = Policy::default().calls(&(0..600).collect::<Vec<_>>());
        assert!(allows(&all, OURS, 0, [0; 6]) && allows(&all, OURS, 599, [0; 6]));
        assert!(!allows(&all, OURS, 600, [0; 6]) && !allows(&all, OURS, u32::MAX, [0; 6]));
        assert!(!allows(&all, OURS ^ 0x8000_0000, 1, [0; 6]));
    }

    #[test]
    fn the_entering_process_is_written_in_where_it_is_meant() {
        let conditions = [Condition::is_own_process(0), Condition::is(2, 6)];
        let policy = Policy::default().calls(&[3, 9]).call_when(7, &conditions);
        let mut filter = Filter::assemble(&policy.calls, &policy.refused).unwrap();
        let [(at, WrittenIn::OwnProcess)] = filter.written_in[..] else { panic!("{:?}", filter.written_in) };
        filter.program[at].k = 4711;
        for (arguments, outcome) in [
            ([4711, 0, 6, 0, 0, 0], libc::SECCOMP_RET_ALLOW),
            ([4711, 0, 7, 0, 0, 0], libc::SECCOMP_RET_KILL_PROCESS),
            ([4712, 0, 6, 0, 0, 0], libc::SECCOMP_RET_KILL_PROCESS),
        ] {
            assert_eq!(run(&filter.program, OURS, 7, arguments), outcome, "{arguments:?}");
        }
    }

    proptest! {
        /// Few numbers and values, so that they meet; many calls, so that jumps get long.
        #[test]
        fn a_program_does_what_its_policy_says(
            plain in proptest::collection::btree_set(0_u32..500, 0..200),
            conditional in proptest::collection::vec(
                (0_u32..500, proptest::collection::vec((0_u8..3, 0_u32..4, 0_u32..4, 0_u32..4), 1..4)), 0..120),
            asked in proptest::collection::vec((0_u32..502, proptest::array::uniform6(0_u32..4)), 50),
        ) {
            let plain: Vec<libc::c_long> = plain.into_iter().map(Into::into).collect();
            let mut policy = Policy::default().calls(&plain);
            for (number, conditions) in &conditional {
                let conditions: Vec<Condition> = conditions
                    .iter()
                    .map(|&(argument, mask, value, other)| match mask {
                        0 => Condition::one_of(argument, &[value, other]),
                        mask => Condition::has(argument, mask, value),
                    })
                    .collect();
                policy = policy.call_when((*number).into(), &conditions);
            }
            let filter = Filter::assemble(&policy.calls, &policy.refused).unwrap();
            let whole = asked.iter().copied().chain((0..502).map(|number| (number, [1, 2, 3, 0, 0, 0])));
            for (number, arguments) in whole {
                let allowed = run(&filter.program, OURS, number, arguments) == libc::SECCOMP_RET_ALLOW;
                prop_assert_eq!(allowed, expected(&policy, number, arguments), "{} {:?}", number, arguments);
            }
        }
    }
}
