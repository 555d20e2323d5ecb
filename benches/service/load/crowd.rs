//! Many clients that each send a request now and then. The moments are fixed beforehand, so a slow reply does not
//! reduce the number of requests, and a delay is counted from the moment at which the request was due.

use super::Dialect;
use super::lookups::{Speakers, Tally};
use crate::Result;
use crate::stop::Stop;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The results of a crowd.
#[derive(Debug, Default)]
pub struct Crowd {
    /// How long each lookup took that was answered, ascending.
    pub delays: Vec<Duration>,
    /// Requests that were refused or failed.
    pub failed: u64,
    /// The first of these.
    pub failure: Option<String>,
    /// Requests that had no reply a good while after the end.
    pub unanswered: usize,
}

/// How long to wait after the last request.
const PATIENCE: Duration = Duration::from_secs(30);

impl Speakers {
    /// Each client looks up `times` words at moments spread over `length`.
    pub fn crowd(&mut self, words: &[String], times: usize, length: Duration, stop: &Stop) -> Result<Crowd> {
        let count = self.speakers.len();
        let total = count * times;
        let mut order: Vec<usize> = (0..total).map(|number| number % count).collect();
        crate::bed::shuffle(&mut order);
        let mut due: Vec<VecDeque<Instant>> = vec![VecDeque::new(); count];
        let mut crowd = Crowd { delays: Vec::with_capacity(total), ..Crowd::default() };
        let (mut buffer, mut requests) = (vec![0; 64 * 1024], Vec::new());
        let began = Instant::now();
        let moment =
            |number: usize| began + length.mul_f64(f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / total as f64);
        let (mut sent, mut waiting) = (0, 0);
        while (sent < total || waiting > 0) && began.elapsed() < length + PATIENCE {
            stop.check()?;
            while sent < total && moment(sent) <= Instant::now() {
                let place = order[sent];
                self.speakers[place].ask(Dialect::Lookup, words, 1, &mut requests)?;
                due[place].push_back(moment(sent));
                sent += 1;
                waiting += 1;
            }
            let next = if sent < total { moment(sent) } else { Instant::now() + Duration::from_millis(100) };
            for place in self.wait(next.saturating_duration_since(Instant::now()))? {
                let mut tally = Tally::default();
                self.speakers[place].hear(Dialect::Lookup, &mut buffer, &mut tally)?;
                let now = Instant::now();
                for reply in 0..tally.answered + tally.failed {
                    let Some(was_due) = due[place].pop_front() else { break };
                    waiting -= 1;
                    if reply < tally.answered {
                        crowd.delays.push(now.saturating_duration_since(was_due));
                    }
                }
                crowd.failed += tally.failed;
                crowd.failure = crowd.failure.or(tally.failure);
            }
        }
        crowd.unanswered = waiting;
        crowd.delays.sort_unstable();
        Ok(crowd)
    }
}

impl Crowd {
    /// The delay that `hundredths` of a hundred lookups did not exceed, in milliseconds.
    pub fn percentile(&self, hundredths: f64) -> f64 {
        let last = self.delays.len().saturating_sub(1);
        let place = (last as f64 * hundredths / 100.0).round() as usize;
        self.delays.get(place).map_or(f64::NAN, |delay| delay.as_secs_f64() * 1_000.0)
    }
}
