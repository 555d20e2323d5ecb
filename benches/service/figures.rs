//! What was measured: values of several runs, their medians and spread, and what they are compared with. Pure.

/// The values of several runs.
#[derive(Debug, Clone, Default)]
pub struct Series(Vec<f64>);

impl Series {
    /// Adds a run's value.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Run by run, this series over another.
    pub fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours / theirs).collect())
    }

    /// The middle value; of an even number the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => sorted[odd / 2],
            even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
        }
    }

    /// The least value.
    pub fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The greatest value.
    pub fn greatest(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// The result of one run of one contestant.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// How much was done in a second.
    pub rate: f64,
    /// CPU seconds a second: of the bench, of the server, of the database.
    pub cpu: [f64; 3],
    /// The number of failures.
    pub failures: u64,
    /// The first failure.
    pub failure: Option<String>,
}

/// All runs of one contestant.
#[derive(Debug, Clone, Default)]
pub struct Contestant {
    /// Its name in the table.
    pub name: String,
    /// How much was done in a second.
    pub rate: Series,
    /// CPU seconds a second: of the bench, of the server, of the database.
    pub cpu: [Series; 3],
    /// The number of failures in all runs.
    pub failures: u64,
    /// The first failure.
    pub failure: Option<String>,
}

impl Contestant {
    /// A contestant that has not run yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same as microseconds for each of the `pieces` that one reply holds.
    pub fn as_microseconds(&self, pieces: f64) -> Self {
        let mut times = self.clone();
        times.rate = self.rate.0.iter().map(|rate| 1e6 / (rate * pieces)).collect();
        times
    }

    /// Adds a run.
    pub fn push(&mut self, measured: Measured) {
        self.rate.push(measured.rate);
        for (series, value) in self.cpu.iter_mut().zip(measured.cpu) {
            series.push(value);
        }
        self.failures += measured.failures;
        self.failure = self.failure.take().or(measured.failure);
    }
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// No target; the figure is there for comparison.
    None,
    /// At least this value.
    AtLeast(f64),
    /// At most this value.
    AtMost(f64),
}

impl Target {
    /// Whether a value is as it should be; `None` without a target.
    pub fn met_by(self, value: f64) -> Option<bool> {
        match self {
            Self::None => None,
            Self::AtLeast(least) => Some(value >= least),
            Self::AtMost(most) => Some(value <= most),
        }
    }
}

/// Cidian against something else, in the same unit.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What is compared.
    pub what: String,
    /// What is counted in a second, or a time.
    pub unit: &'static str,
    /// Cidian.
    pub ours: Contestant,
    /// The limit, or the peer.
    pub theirs: Contestant,
    /// What the ratio should be.
    pub target: Target,
}

impl Comparison {
    /// Run by run, ours over theirs.
    pub fn ratio(&self) -> Series {
        self.ours.rate.over(&self.theirs.rate)
    }
}

/// A figure that stands by itself.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What is measured.
    pub what: String,
    /// Its unit.
    pub unit: &'static str,
    /// The values.
    pub values: Series,
    /// What it should be.
    pub target: Target,
}

/// A part of the table.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Ratios.
    pub comparisons: Vec<Comparison>,
    /// Figures without a counterpart.
    pub readings: Vec<Reading>,
    /// Remarks below it.
    pub notes: Vec<String>,
}

impl Section {
    /// An empty section.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds a comparison.
    pub fn compare(
        &mut self,
        what: impl Into<String>,
        unit: &'static str,
        ours: &Contestant,
        theirs: &Contestant,
        target: Target,
    ) {
        let (ours, theirs) = (ours.clone(), theirs.clone());
        self.comparisons.push(Comparison { what: what.into(), unit, ours, theirs, target });
    }

    /// Adds a figure that stands by itself.
    pub fn read(&mut self, what: impl Into<String>, unit: &'static str, values: Series, target: Target) {
        self.readings.push(Reading { what: what.into(), unit, values, target });
    }

    /// Adds a remark.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}
