//! SIGINT, SIGHUP and SIGTERM set flags that every loop checks, so that the bench ends what it has started and removes
//! what it has written before it exits. This module never ends the process by itself.

use crate::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Whether the run is to end early.
#[derive(Debug, Clone)]
pub struct Stop {
    flag: Arc<AtomicBool>,
}

impl Stop {
    /// Catches the signals.
    pub fn on_signals() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Self { flag })
    }

    /// An error if a signal has come.
    pub fn check(&self) -> Result<()> {
        if self.flag.load(Ordering::Relaxed) { Err("interrupted".into()) } else { Ok(()) }
    }

    /// Sleeps, in short pieces.
    pub fn sleep(&self, duration: Duration) -> Result<()> {
        let end = Instant::now() + duration;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Waits until `look` returns something.
    pub fn wait_for<T>(&self, what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T> {
        let end = Instant::now() + patience;
        loop {
            if let Some(found) = look() {
                return Ok(found);
            }
            if Instant::now() >= end {
                return Err(format!("waited {} s in vain for {what}", patience.as_secs()).into());
            }
            self.sleep(Duration::from_millis(10))?;
        }
    }
}
