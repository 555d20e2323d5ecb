//! One of all headwords, chosen by a number: a word of the day, or a random word.

use super::Session;
use super::replies::Awaits;
use super::stores::Stores;
use super::words::WordSource;
use crate::protocol::{Code, Failure, push_entry};
use crate::words::lookup::Article;
use crate::words::{articles, has_any, only};
use std::time::{Duration, Instant};

/// For how long a headword with a tag is looked for.
const TIME: Duration = Duration::from_secs(1);
/// How many headwords of table `words` are read at once.
const PAGE: usize = 2_000;

impl Session<'_> {
    /// Answers with the headword of a number, counted round and round; with a tag, with the first from there on that has
    /// it.
    pub(super) fn pick(&mut self, name: &str, number: u64, tag: Option<&str>) -> Result<(), Failure> {
        self.logged_in_as(name)?;
        self.renew_words();
        let Some(Article { headword, interpret }) =
            pick_from(self.dictionaries.words, number, tag, &self.dictionaries.asked, &mut self.stores)?
        else {
            return Err(Failure::new(Code::NotFound, "no headword has this tag"));
        };
        self.replies.waiting(Awaits::Account, |out| push_entry(out, &headword, &interpret));
        Ok(())
    }
}

fn pick_from<'a>(
    words: &'a WordSource,
    number: u64,
    tag: Option<&str>,
    asked: &[String],
    stores: &mut Stores<'_>,
) -> Result<Option<Article<'a>>, Failure> {
    let end = Instant::now() + TIME;
    let too_long = || Failure::new(Code::Unavailable, "no headword with this tag was found in time");
    let names = &words.names(stores)?;
    let wanted = |interpret: &str| match tag {
        None => has_any(interpret, names, asked),
        // Each dictionary has its tags at the end of its article.
        Some(tag) => only(interpret, names, asked)
            .is_some_and(|interpret| articles(&interpret, names).iter().any(|(_, article)| has_tag(article, tag))),
    };
    match words {
        WordSource::Snapshot { dictionary, .. } => {
            let count = dictionary.headwords();
            for step in 0..count {
                let at = usize::try_from((number % count as u64 + step as u64) % count as u64).unwrap_or(0);
                match dictionary.entry(at) {
                    Some(entry) if wanted(entry.interpret) => {
                        let interpret = only(entry.interpret, names, asked).unwrap_or_default();
                        return Ok(Some(Article { headword: entry.headword.into(), interpret }));
                    }
                    _ if step % 1_024 == 1_023 && Instant::now() > end => return Err(too_long()),
                    _ => {}
                }
            }
            Ok(None)
        }
        WordSource::Table(_) => {
            let count = stores.with(|store| store.about_words())?.headwords;
            let Some(at) = number.checked_rem(count) else { return Ok(None) };
            let Some(begin) = stores.with(|store| store.word_at(at))? else { return Ok(None) };
            let first = stores.with(|store| store.find_word(&begin))?;
            let mut found = first.into_iter().find(|(_, interpret)| wanted(interpret));
            // From there to the end, and from the beginning on.
            let (mut after, mut wrapped) = (begin.clone(), false);
            while found.is_none() {
                let last = stores.with(|store| {
                    store.words_holding(&after, PAGE, tag, &mut |headword, interpret| {
                        if found.is_none() && wanted(interpret) {
                            found = Some((headword.to_owned(), interpret.to_owned()));
                        }
                    })
                })?;
                match last {
                    _ if found.is_some() => {}
                    None if wrapped => return Ok(None),
                    Some(last) if wrapped && last >= begin => return Ok(None),
                    Some(last) => after = last,
                    None => (after, wrapped) = (String::new(), true),
                }
                if found.is_none() && Instant::now() > end {
                    return Err(too_long());
                }
            }
            Ok(found.map(|(headword, interpret)| {
                let interpret = only(&interpret, names, asked).unwrap_or_default().into_owned();
                Article { headword: headword.into(), interpret: interpret.into() }
            }))
        }
    }
}

/// Whether an interpretation ends with tags in braces, this one among them.
fn has_tag(interpret: &str, tag: &str) -> bool {
    let tags = interpret.trim_end().strip_suffix('}').and_then(|rest| rest.rsplit_once('{'));
    tags.is_some_and(|(_, tags)| tags.split(' ').any(|own| own == tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_whole() {
        for (text, tag, has) in [
            ("n. 苹果 {cet4 k1}", "cet4", true),
            ("n. 苹果 {cet4 k1} ", "k1", true),
            ("n. 苹果 {cet4 k1}", "cet", false),
            ("n. cet4", "cet4", false),
            ("{cet4} n.", "cet4", false),
            ("}", "", false),
        ] {
            assert_eq!(has_tag(text, tag), has, "{text} {tag}");
        }
    }
}
