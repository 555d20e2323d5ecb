//! What has been imported so far, in little more memory than its text: headwords in one run of text, interpretations
//! in another (each once, however many headwords share it), and sixteen bytes for each entry.

use super::failure::Failure;
use super::files::Watch;
use super::notice::{Labels, Notice};
use super::report::{Refusal, Report};
use super::tidy::{Indentation, tidy_into};
use super::{notice, spelling, tidy};
use crate::words::{MAX_HEADWORD_CHARS, fold};
use std::collections::HashSet;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

/// Where a text lies. It is valid only for the collection that returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextAt {
    at: u32,
    length: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    headword: u32,
    text: TextAt,
    headword_length: u16,
    source: u16,
}

/// Entries of any number of sources.
#[derive(Debug, Default)]
pub struct Collection {
    headwords: String,
    texts: String,
    entries: Vec<Entry>,
    notices: Vec<Notice>,
    /// The notices' titles as lines, escaped; made when it is written.
    headings: Vec<String>,
    /// For each source, the headings that its articles have already.
    headings_within: Vec<Vec<String>>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Headwords, each once.
    pub headwords: u64,
    /// The file's size in bytes.
    pub bytes: u64,
    /// Entries of sources that capitalise every headword, filed under another source's lower-case headword.
    pub lowered: u64,
    /// For each source: entries that joined a headword that was there already, and those that added nothing new.
    pub merged: Vec<(u64, u64)>,
}

impl Collection {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a source.
    pub fn intake(&mut self) -> Intake<'_> {
        let source = u16::try_from(self.notices.len()).unwrap_or(u16::MAX);
        Intake { collection: self, report: Report::default(), source }
    }

    /// How many entries there are.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    fn headword(&self, entry: &Entry) -> &str {
        let begin = entry.headword as usize;
        &self.headwords[begin..begin + usize::from(entry.headword_length)]
    }

    fn text(&self, text: TextAt) -> &str {
        &self.texts[text.at as usize..][..text.length as usize]
    }

    /// The numbers of the entries: by headword byte by byte, those of one headword in the order of the sources, those
    /// of one source in the order in which they came.
    fn sorted(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..).take(self.entries.len()).collect();
        numbers.sort_unstable_by(|&left, &right| {
            let entry = |number: u32| &self.entries[number as usize];
            let headword = |number: u32| self.headword(entry(number)).as_bytes();
            let came = |number: u32| (entry(number).source, number);
            headword(left).cmp(headword(right)).then(came(left).cmp(&came(right)))
        });
        numbers
    }

    /// Which sources begin at least 80 % of their headwords with a capital, so that their capitals mean nothing.
    fn capitalisers(&self) -> Vec<bool> {
        let mut counts = vec![(0_u64, 0_u64); self.notices.len()];
        for entry in &self.entries {
            if let Some((capitals, all)) = counts.get_mut(usize::from(entry.source)) {
                *capitals += u64::from(self.headword(entry).starts_with(char::is_uppercase));
                *all += 1;
            }
        }
        counts.iter().map(|(capitals, all)| capitals * 10 >= all * 8 && *all > 0).collect()
    }

    /// Files entries under the lower-case headword of another source, where their own source begins every headword with
    /// a capital, so that its capitals mean nothing (GCIDE: `Abandon`, beside WordNet's `abandon`). Where the others
    /// have the capital, too (`Apple`, the maker of computers), it is unknown which is meant: it is filed under both,
    /// since a lookup of either must find it. Where they have only the capital (`China`), it stays. Returns how many
    /// were filed under a lower-case headword.
    fn settle_capitals(&mut self) -> u64 {
        let capitalises = self.capitalisers();
        let means_nothing = |entry: &Entry| capitalises.get(usize::from(entry.source)).copied().unwrap_or(false);
        if !capitalises.contains(&true) || !capitalises.contains(&false) {
            return 0;
        }
        let mut others = self.sorted();
        others.retain(|&number| !means_nothing(&self.entries[number as usize]));
        let among_others = |headword: &str| {
            let found = others.binary_search_by(|&number| self.headword(&self.entries[number as usize]).cmp(headword));
            found.ok().map(|at| self.entries[others[at] as usize])
        };
        let (mut moved, mut copied) = (Vec::new(), Vec::new());
        for (at, entry) in self.entries.iter().enumerate().filter(|(_, entry)| means_nothing(entry)) {
            let headword = self.headword(entry);
            let mut rest = headword.chars();
            let first_lower = rest.next().map(|first| first.to_lowercase().chain(rest).collect::<String>());
            // `Apple Tree` is a title, too; `CAT` is not `cat`, but an acronym.
            let all_lower = headword.contains(char::is_lowercase).then(|| headword.to_lowercase());
            let other = [first_lower, all_lower]
                .into_iter()
                .flatten()
                .find_map(|lower| if lower == headword { None } else { among_others(&lower) });
            let Some(other) = other else { continue };
            let filed = Entry { headword: other.headword, headword_length: other.headword_length, ..*entry };
            if among_others(headword).is_some() {
                copied.push(filed);
            } else {
                moved.push((at, filed));
            }
        }
        let lowered = (moved.len() + copied.len()) as u64;
        for (at, filed) in moved {
            self.entries[at] = filed;
        }
        self.entries.extend(copied);
        lowered
    }

    /// Whether the daemon could load the result; checked before a byte is written, since a small source in which many
    /// headwords share a long text makes a large words file.
    fn fits(&self) -> bool {
        let mut size = 0_u64;
        let several = self.notices.len() > 1;
        for entry in &self.entries {
            let headword = self.headword(entry);
            let folded = fold(headword);
            // As in the image: offset, length, headword and text; and the second index.
            size += 6 + headword.len() as u64 + u64::from(entry.text.length);
            size += if several { self.heading(entry.source).len() as u64 } else { 0 };
            size += if folded == headword { 0 } else { 8 + folded.len() as u64 };
        }
        size < u64::from(u32::MAX) - (1 << 20)
    }

    /// Writes the words file: comments with titles and licences, then the entries, sorted, each headword once.
    ///
    /// # Errors
    /// It would be too large; it can't be written (as [`Failure::Read`] of `path`); or it was asked to stop.
    pub fn write(
        &mut self,
        labels: &Labels,
        out: &mut dyn Write,
        path: &Path,
        watch: &Watch<'_>,
    ) -> Result<Written, Failure> {
        let lowered = self.settle_capitals();
        self.headings = notice::headings(&self.notices);
        self.headings_within = notice::headings_within(&self.notices);
        if !self.fits() {
            return Err(Failure::TooLarge);
        }
        let sorted = self.sorted();
        let mut written = Written { headwords: 0, bytes: 0, lowered, merged: vec![(0, 0); self.notices.len()] };
        let mut out = Counted { out, bytes: 0 };
        let failed = |error| Failure::Read(path.to_owned(), error);
        notice::write(&self.notices, labels, &mut out).map_err(failed)?;
        let mut seen = HashSet::new();
        let mut done = 0_u64;
        for group in sorted.chunk_by(|&left, &right| {
            self.headword(&self.entries[left as usize]) == self.headword(&self.entries[right as usize])
        }) {
            if written.headwords.is_multiple_of(4096) {
                if (watch.stop)() {
                    return Err(Failure::Stopped);
                }
                (watch.progress)(path, done, sorted.len() as u64);
            }
            done += group.len() as u64;
            written.headwords += 1;
            self.write_group(group, &mut written, &mut seen, &mut out).map_err(failed)?;
        }
        (watch.progress)(path, done, done);
        written.bytes = out.bytes;
        Ok(written)
    }

    /// The line that names a source above its articles, where a words file holds those of several.
    fn heading(&self, source: u16) -> &str {
        self.headings.get(usize::from(source)).map_or("", String::as_str)
    }

    /// Whether an article begins with such a line already, from an earlier import of several sources.
    fn has_heading(&self, source: u16, text: &str) -> bool {
        let begins = |heading: &String| {
            text.strip_prefix(heading.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with("\\n"))
        };
        self.headings_within.get(usize::from(source)).is_some_and(|within| within.iter().any(begins))
    }

    /// Writes the entries of one headword as a line.
    fn write_group<'a>(
        &'a self,
        group: &[u32],
        written: &mut Written,
        seen: &mut HashSet<&'a str>,
        out: &mut Counted<'_>,
    ) -> io::Result<()> {
        let several = self.notices.len() > 1;
        let mut source_before = None;
        for (at, &number) in group.iter().enumerate() {
            let entry = self.entries[number as usize];
            let text = self.text(entry.text);
            let new_source = source_before != Some(entry.source);
            if new_source {
                // Text that another dictionary has, too, is repeated under its name.
                seen.clear();
                source_before = Some(entry.source);
            }
            if at == 0 {
                let headword = self.headword(&entry);
                // A `#` at the beginning of a line would start a comment.
                out.text(if headword.starts_with('#') { " " } else { "" })?;
                out.text(headword)?;
                out.text("\t")?;
            } else {
                if let Some((merged, nothing_new)) = written.merged.get_mut(usize::from(entry.source)) {
                    *merged += 1;
                    *nothing_new += u64::from(seen.contains(text));
                }
                if seen.contains(text) {
                    continue;
                }
                out.text("\\n")?;
            }
            if new_source && several && !self.has_heading(entry.source, text) {
                out.text(self.heading(entry.source))?;
                out.text("\\n")?;
            }
            if group.len() > 1 {
                seen.insert(text);
            }
            out.text(text)?;
        }
        out.text("\n")
    }
}

struct Counted<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
}

impl Counted<'_> {
    fn text(&mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())
    }
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = self.out.write(bytes)?;
        self.bytes += size as u64;
        Ok(size)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Whether the texts of a source begin by repeating their headwords: 80 % do. Where only some do, it is no repetition:
/// the French `table` means `table`, and its text must not lose that.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Habit {
    texts: u64,
    repeating: u64,
}

impl Habit {
    /// That of a format which names the headword in every text.
    pub(super) const REPEATS: Self = Self { texts: 0, repeating: 1 };

    /// That of a source, from its headwords and their texts.
    pub(super) fn of<H: AsRef<str>>(intake: &Intake<'_>, entries: impl Iterator<Item = (H, TextAt)>) -> Self {
        let mut habit = Self::default();
        for (headword, text) in entries {
            let skip = spelling::fit(headword.as_ref(), false, intake.collection.text(text)).skip;
            habit.texts += 1;
            habit.repeating += u64::from(skip > 0 && skip < text.length as usize);
        }
        habit
    }

    fn is_to_repeat(self) -> bool {
        self.repeating * 10 >= self.texts * 8
    }
}

/// Takes the entries of one source.
#[derive(Debug)]
pub struct Intake<'a> {
    collection: &'a mut Collection,
    pub(super) report: Report,
    source: u16,
}

impl Intake<'_> {
    /// Keeps a text, tidied and escaped. The result may be empty: an entry with it will be refused.
    pub(super) fn text(&mut self, raw: &str) -> Result<TextAt, Failure> {
        self.text_as(raw, Indentation::Common)
    }

    /// As [`Intake::text`], for a text that was laid out here: its indentation is significant.
    pub(super) fn laid_out(&mut self, raw: &str) -> Result<TextAt, Failure> {
        self.text_as(raw, Indentation::Kept)
    }

    fn text_as(&mut self, raw: &str, indentation: Indentation) -> Result<TextAt, Failure> {
        let texts = &mut self.collection.texts;
        let at = texts.len();
        tidy_into(raw, indentation, texts);
        // All offsets are 32 bits wide, as those of the snapshot will be.
        match (u32::try_from(at), u32::try_from(texts.len() - at), u32::try_from(texts.len())) {
            (Ok(at), Ok(length), Ok(_)) => Ok(TextAt { at, length }),
            _ => Err(Failure::TooLarge),
        }
    }

    /// An entry that was read, to be taken if a words file can hold it.
    pub(super) fn entry(&mut self, headword: &str, text: TextAt, place: fmt::Arguments<'_>) -> Result<(), Failure> {
        self.report.read += 1;
        let headword = tidy::windows_1252(headword.trim());
        let headword = tidy::headword(headword.trim());
        let headword = headword.as_ref();
        let refusal = if headword.is_empty() {
            Some(Refusal::NoHeadword)
        } else if headword.chars().any(char::is_control) {
            Some(Refusal::ControlInHeadword)
        } else if headword.chars().count() > MAX_HEADWORD_CHARS {
            Some(Refusal::LongHeadword)
        } else if text.length == 0 {
            Some(Refusal::NoText)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.report.refuse(refusal, headword, place);
            return Ok(());
        }
        let headwords = &mut self.collection.headwords;
        let at = u32::try_from(headwords.len()).map_err(|_| Failure::TooLarge)?;
        let headword_length = u16::try_from(headword.len()).map_err(|_| Failure::TooLarge)?;
        if self.collection.entries.len() >= u32::MAX as usize {
            return Err(Failure::TooLarge);
        }
        headwords.push_str(headword);
        self.collection.entries.push(Entry { headword: at, text, headword_length, source: self.source });
        self.report.taken += 1;
        Ok(())
    }

    /// As [`Intake::entry`], for formats whose texts begin by repeating the headword: takes that line off, and uses its
    /// spelling of the headword if the headword comes from an index that folds its own.
    pub(super) fn entry_repeated(
        &mut self,
        headword: &str,
        folded: bool,
        text: TextAt,
        place: fmt::Arguments<'_>,
    ) -> Result<(), Failure> {
        let fit = spelling::fit(headword, folded, self.collection.text(text));
        // At most as long as the text, whose length is 32 bits wide.
        let skip = u32::try_from(fit.skip).map_or(0, |skip| skip.min(text.length));
        // The German for `Hotel` is `Hotel`: what is no repetition by the format's rules, and all there is, is the meaning.
        let skip = if skip == text.length && !folded { 0 } else { skip };
        let rest = TextAt { at: text.at + skip, length: text.length - skip };
        let spelling = fit.spelling.unwrap_or_else(|| headword.to_owned());
        self.entry(&spelling, rest, place)
    }

    /// As [`Intake::entry_repeated`], for formats whose texts may begin by repeating the headword.
    pub(super) fn entry_by_habit(
        &mut self,
        headword: &str,
        text: TextAt,
        habit: Habit,
        place: fmt::Arguments<'_>,
    ) -> Result<(), Failure> {
        if habit.is_to_repeat() {
            self.entry_repeated(headword, false, text, place)
        } else {
            self.entry(headword, text, place)
        }
    }

    /// An entry that was read and can't be taken.
    pub(super) fn refuse(&mut self, refusal: Refusal, headword: &str, place: fmt::Arguments<'_>) {
        self.report.read += 1;
        self.report.refuse(refusal, headword, place);
    }

    /// Ends the source.
    pub fn finish(mut self, notice: Notice) -> Report {
        self.report.title.clone_from(&notice.title);
        self.report.name.clone_from(&notice.name);
        self.collection.notices.push(notice);
        self.report
    }
}
