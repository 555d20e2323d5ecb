//! What `ps` shows of a process: its command line, which is overwritten in the place where the kernel keeps it.

use super::origin::Forker;
use std::sync::atomic::{AtomicU8, Ordering};

/// The memory of the command line and the environment that this program was started with.
#[derive(Debug)]
pub struct Title {
    begin: *mut u8,
    /// How much of it the command line took; the kernel reads on beyond it only if its last byte is not zero.
    size: usize,
    arguments: usize,
}

impl Title {
    /// Finds that memory, and moves the environment out of it. `None` if `/proc` does not show it.
    pub fn prepare(_one_thread: &Forker) -> Option<Self> {
        // proc_pid_stat(5): fields 48 to 51 are arg_start, arg_end, env_start, env_end; the second may hold blanks.
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let numbers: Vec<usize> = stat
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .skip(45)
            .take(4)
            .map_while(|field| field.parse().ok())
            .collect();
        let [argument_begin, argument_end, environment_begin, environment_end] = numbers.try_into().ok()?;
        let end = if environment_begin == argument_end { environment_end } else { argument_end };
        if argument_begin == 0 || argument_end <= argument_begin || end < argument_end {
            return None;
        }
        let environment: Vec<_> = std::env::vars_os().collect();
        for (name, value) in environment {
            // SAFETY: a `Forker` exists only in a program with one thread, so no thread reads the environment
            // meanwhile. The C library copies each variable to memory of its own.
            unsafe { std::env::set_var(name, value) };
        }
        let title = Self {
            begin: std::ptr::with_exposed_provenance_mut(argument_begin),
            size: end - argument_begin,
            arguments: argument_end - argument_begin,
        };
        // A database's password in a variable would otherwise show in `ps e` for as long as the daemon lives.
        title.write(title.arguments, &[], title.size);
        Some(title)
    }

    /// Shows `text`, cut to the room there is. The caller has made it printable.
    pub fn set(&mut self, text: &str) {
        let room = text.floor_char_boundary(self.size.saturating_sub(1));
        let shown = &text.as_bytes()[..room];
        // What lies behind the text up to the command line's end must not show either.
        let cleared = self.size.min(self.arguments.max(room + 1));
        self.write(0, shown, cleared);
    }

    /// Writes `bytes` from `begin` on, and zeros behind them up to `end`.
    fn write(&self, begin: usize, bytes: &[u8], end: usize) {
        for at in begin..end.min(self.size) {
            let byte = bytes.get(at - begin).copied().unwrap_or(0);
            // SAFETY: `at` is below `size`: within the command line and environment that the kernel laid out for this
            // process, writable stack memory. Rust's own arguments were copied out of it, and `prepare` moved the
            // environment. The store is atomic because the kernel reads it from other processes.
            unsafe { AtomicU8::from_ptr(self.begin.add(at)) }.store(byte, Ordering::Relaxed);
        }
    }
}
