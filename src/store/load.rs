//! How table `words` is loaded while others read it.
//!
//! A load writes its rows beside the valid ones, in transactions of bounded size, and makes them valid by one small
//! row. Wherever a load ends, its readers never get half a dictionary.

use std::time::{Duration, Instant};

use super::{AboutWords, Error, Loading, WordRow, schema};

/// The most rows of one transaction of a load, and the most bytes of more than one row: what a commit takes with them
/// holds up no other work for long, and a member of a cluster applies it in some milliseconds.
const MOST: Most = Most { rows: 1_024, bytes: 512 * 1_024 };
/// After each of them others have the database for as long as it took, but no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A load under way: which generation it writes, which one was valid when it began, and the mark that it has left in
/// table `meta`. With the mark it loses the right to change anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub generation: u32,
    pub valid: u32,
    pub mark: String,
}

impl Claim {
    /// The claim of a load that begins now, with 64 random bits in its mark; `valid` is the valid generation as table
    /// `meta` has it, `greatest` the greatest in table `words`.
    pub(super) fn next(valid: Option<&str>, greatest: Option<u32>, random: u64) -> Self {
        let valid = valid.and_then(|valid| valid.parse().ok()).unwrap_or(0).max(schema::FIRST_GENERATION);
        let generation = greatest.unwrap_or(0).max(valid).saturating_add(1);
        Self { generation, valid, mark: format!("{generation} {random:016x}") }
    }
}

/// 64 random bits, for a load's mark.
pub(super) fn random_mark() -> Result<u64, Error> {
    getrandom::u64().map_err(|error| Error::world(format!("no random numbers: {error}")))
}

/// Why a load does not go on.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Another one has taken over.
    Overtaken(String),
    /// The database.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Stopped {
    /// The load's mark is not there any more.
    pub(super) fn mark_is_gone() -> Self {
        Self::Overtaken("another words load has begun, or the database was restored meanwhile".to_owned())
    }
}

/// What a store does for a load, each in one transaction. Those that have a claim do nothing once it is lost.
pub(super) trait LoadTarget {
    /// Begins: leaves a mark, and finds a generation that no row has.
    fn claim(&mut self) -> Result<Claim, Stopped>;

    /// Gives some rows of generation 0 the valid generation instead, which changes no lookup. Returns how many there
    /// were.
    fn adopt(&mut self, claim: &Claim, most: u32) -> Result<u32, Stopped>;

    /// Deletes rows of these generations, up to a number of rows and of bytes. Returns how many there were.
    fn remove(&mut self, claim: Option<&Claim>, generations: [u32; 2], most: Most) -> Result<u32, Stopped>;

    /// Writes rows of the load's generation.
    fn insert(&mut self, claim: &Claim, rows: &[WordRow<'_>]) -> Result<(), Stopped>;

    /// Makes the load's generation the valid one, takes the mark away, and deletes what is left of generation 0.
    fn switch(&mut self, claim: &Claim, about: &[(&'static str, String)]) -> Result<(), Stopped>;

    /// Waits until each host shows the generation, and no session takes an older one for valid. The hosts that do not
    /// show it, in words.
    fn behind(&mut self, generation: u32) -> Vec<String>;
}

/// How much one transaction takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub rows: u32,
    pub bytes: u32,
}

impl Most {
    /// How many rows of these sizes it takes, at least one of some.
    pub(super) fn fitting(self, sizes: impl ExactSizeIterator<Item = u32>) -> usize {
        let (mut bytes, least) = (0_u32, sizes.len().min(1));
        let fitting = sizes.take_while(|size| {
            bytes = bytes.saturating_add(*size);
            bytes <= self.bytes
        });
        fitting.count().max(least)
    }
}

/// Loads rows, if the load could begin; see [`WordTable::replace_words`](super::WordTable::replace_words).
pub(super) fn load<S: LoadTarget>(
    begun: Result<S, Stopped>,
    about: &AboutWords,
    rows: &mut dyn Iterator<Item = WordRow<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<Loading, Error> {
    let begun = begun.and_then(|mut target| target.claim().map(|claim| (target, claim)));
    let (mut target, claim) = match begun {
        Ok(begun) => begun,
        Err(Stopped::Overtaken(by)) => return Ok(Loading::Overtaken(by)),
        Err(Stopped::Failed(error)) => return Err(error),
    };
    match fill(&mut target, &claim, about, rows, progress) {
        Ok(headwords) => {
            let behind = target.behind(claim.generation);
            // They are no longer looked up. If they can't be deleted now, the next load does it.
            if let Err(Stopped::Failed(error)) = clear(&mut target, None, [1, claim.generation - 1]) {
                log::warn!("the old rows of table words are left for the next words load to delete: {error}");
            }
            Ok(Loading::Done { headwords, behind })
        }
        Err(Stopped::Overtaken(by)) => Ok(Loading::Overtaken(by)),
        Err(Stopped::Failed(error)) => {
            // They are not visible. If they can't be deleted now, the next load does it.
            let _ = clear(&mut target, Some(&claim), [claim.generation; 2]);
            Err(error)
        }
    }
}

/// Writes the rows and makes them valid. How many headwords there are.
fn fill(
    target: &mut dyn LoadTarget,
    claim: &Claim,
    about: &AboutWords,
    rows: &mut dyn Iterator<Item = WordRow<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Stopped> {
    // What loads that did not come to their end have left.
    clear(target, Some(claim), [1, claim.valid - 1])?;
    clear(target, Some(claim), [claim.valid + 1, claim.generation - 1])?;
    while paced(|| target.adopt(claim, MOST.rows))? > 0 {}
    let (mut sent, mut headwords, mut last) = (0_u64, 0_u64, "");
    let mut chunk: Vec<WordRow<'_>> = Vec::new();
    let mut bytes = 0_usize;
    let most = (MOST.rows as usize, MOST.bytes as usize);
    for row in rows {
        schema::check_word(row.word)?;
        if !chunk.is_empty() && (chunk.len() >= most.0 || bytes.saturating_add(row.size()) > most.1) {
            paced(|| target.insert(claim, &chunk))?;
            sent += chunk.len() as u64;
            progress(sent);
            chunk.clear();
            bytes = 0;
        }
        headwords += u64::from(row.word != last);
        last = row.word;
        bytes += row.size();
        chunk.push(row);
    }
    if !chunk.is_empty() {
        paced(|| target.insert(claim, &chunk))?;
        sent += chunk.len() as u64;
    }
    target.switch(claim, &about.to_meta(headwords))?;
    progress(sent);
    Ok(headwords)
}

fn clear(target: &mut dyn LoadTarget, claim: Option<&Claim>, generations: [u32; 2]) -> Result<(), Stopped> {
    if generations[0] <= generations[1] {
        while paced(|| target.remove(claim, generations, MOST))? > 0 {}
    }
    Ok(())
}

/// Does a piece of work, and lets others have their turn.
fn paced<T>(work: impl FnOnce() -> Result<T, Stopped>) -> Result<T, Stopped> {
    let begin = Instant::now();
    let done = work()?;
    std::thread::sleep(begin.elapsed().min(LONGEST_PAUSE));
    Ok(done)
}
