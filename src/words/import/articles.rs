//! Articles of a dictionary whose index says where each of them is: they are read in the order of their positions, so
//! that no more of the dictionary is in memory than the longest article needs. No length in the index is trusted:
//! memory is used only for text that was really read.

use super::failure::Failure;
use super::files::MAX_PIECE;
use std::io::Read;

/// Where an article lies, and the line of the index that points at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Article {
    pub offset: u32,
    pub length: u32,
    pub number: u32,
}

impl Article {
    /// From an index, whose numbers may be larger than any dictionary we take. `place` names the index's line.
    pub(super) fn new(offset: u64, length: u64, number: usize, place: impl Fn() -> String) -> Result<Self, Failure> {
        let points_at =
            |what: &str| Failure::damaged(place(), format!("points at {length} bytes from {offset}: {what}"));
        if length > MAX_PIECE as u64 {
            return Err(points_at("longer than 16 MiB"));
        }
        let too_far = |_| points_at("beyond 4 GiB");
        Ok(Self {
            offset: u32::try_from(offset).map_err(too_far)?,
            length: u32::try_from(length).map_err(too_far)?,
            number: u32::try_from(number).map_err(|_| Failure::TooLarge)?,
        })
    }
}

/// Hands over each article with its bytes, and whether it is the same piece as the one before. Then reads to the end,
/// so that gzip's checksum is checked.
pub(super) fn visit(
    articles: &mut [Article],
    mut dictionary: impl Read,
    mut take: impl FnMut(Article, &[u8], bool) -> Result<(), Failure>,
) -> Result<(), Failure> {
    articles.sort_unstable();
    // Overlapping articles could turn a small file into a huge one; no more than this can be loaded.
    let same = |left: &Article, right: &Article| (left.offset, left.length) == (right.offset, right.length);
    let total: u64 = articles.chunk_by(same).filter_map(<[_]>::first).map(|article| u64::from(article.length)).sum();
    if total > u64::from(u32::MAX) {
        return Err(Failure::TooLarge);
    }
    // `window` holds the dictionary from offset `begin` on.
    let mut window: Vec<u8> = Vec::new();
    let mut begin = 0_u64;
    let mut chunk = vec![0; 64 << 10];
    let mut previous = None;
    for &article in &*articles {
        let (offset, end) = (u64::from(article.offset), u64::from(article.offset) + u64::from(article.length));
        let from = loop {
            let have = begin + window.len() as u64;
            let mut from = usize::try_from((offset - begin).min(window.len() as u64)).unwrap_or(window.len());
            // Moving what is left costs little when it is less than what is dropped.
            if from > chunk.len() && from > window.len() / 2 {
                window.drain(..from);
                begin += from as u64;
                from = 0;
            }
            if have >= end {
                break from;
            }
            let size = dictionary.read(&mut chunk)?;
            if size == 0 {
                return Err(Failure::damaged(
                    format!("entry {}", u64::from(article.number) + 1),
                    format!("the index points at bytes {offset} to {end}, but the dictionary ends at {have}"),
                ));
            }
            window.extend_from_slice(&chunk[..size]);
        };
        let bytes = &window[from..][..article.length as usize];
        let piece = Some((article.offset, article.length));
        take(article, bytes, previous == piece)?;
        previous = piece;
    }
    std::io::copy(&mut dictionary, &mut std::io::sink())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_lies_there(
            size in 0_usize..300_000,
            pieces in proptest::collection::vec((0_u32..300_000, 0_u32..100_000), 0..30),
        ) {
            let dictionary: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let mut articles: Vec<Article> = pieces.iter().enumerate().map(|(number, &(offset, length))|
                Article { offset, length, number: number as u32 }).collect();
            let inside = articles.iter().all(|a| (a.offset + a.length) as usize <= size || a.length == 0);
            let mut count = 0;
            let outcome = visit(&mut articles, dictionary.as_slice(), |article, bytes, _| {
                count += 1;
                assert!(article.length == 0 || bytes == &dictionary[article.offset as usize..][..article.length as usize]);
                Ok(())
            });
            if inside && articles.iter().all(|a| a.offset as usize + a.length as usize <= size) {
                prop_assert!(outcome.is_ok());
                prop_assert_eq!(count, pieces.len());
            } else {
                prop_assert!(outcome.is_err());
            }
        }
    }
}
