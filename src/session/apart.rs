//! Several dictionaries: `A`, which answers with their articles apart, and what `I` says of them.

use super::Session;
use super::clock::new_record;
use super::replies::Awaits;
use crate::protocol::{Code, Failure, push_failure, push_ok_text};
use crate::words::lookup::{Article, Found};
use crate::words::{DictionaryNote, articles};

impl Session<'_> {
    /// A lookup that is recorded once; each dictionary's article by itself.
    pub(super) fn look_up_apart(&mut self, name: &str, word: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.renew_words();
        let (found, standing) = self.words.find_for(Some(account), word, &mut self.stores)?;
        let Some(Found { article: Article { headword, interpret }, .. }) = found else {
            let failure = Failure::new(Code::NotFound, "no such word");
            self.replies.refused = Some(failure.code);
            self.replies.waiting(Awaits::Account, |out| push_failure(out, &failure));
            self.replies.standing = standing;
            return Ok(());
        };
        let dictionaries = self.words.dictionaries(&mut self.stores)?;
        let names: Vec<String> = dictionaries.into_iter().map(|note| note.name).collect();
        let record = new_record(&mut self.clock, &headword, self.face.peer())?;
        self.replies.records.push(record);
        self.replies.waiting(Awaits::Record, |out| {
            let articles = articles(&interpret, &names);
            push_ok_text(out, &articles.len().to_string());
            for (dictionary, article) in articles {
                for part in [dictionary, "\t", &headword, "\t", article, "\n"] {
                    out.extend_from_slice(part.as_bytes());
                }
            }
        });
        Ok(())
    }
}

/// What `I` says of the dictionaries, where there are several: their names in order, then of each what it says of itself.
pub(super) fn lines(notes: &[DictionaryNote]) -> Vec<(String, String)> {
    if notes.len() < 2 {
        return Vec::new();
    }
    let names = notes.iter().map(|note| note.name.as_str()).collect::<Vec<_>>().join(" ");
    let mut lines = vec![("dictionaries".to_owned(), names)];
    for note in notes {
        let languages = note.languages.iter().filter(|language| !language.is_empty()).cloned().collect::<Vec<_>>();
        let facts = [
            ("title", note.title.clone()),
            ("headwords", note.headwords.to_string()),
            ("licence", note.licence.clone()),
            ("languages", languages.join(" ")),
        ];
        let facts = facts.into_iter().filter(|(_, fact)| !fact.is_empty());
        lines.extend(facts.map(|(key, fact)| (format!("{key}.{}", note.name), fact)));
    }
    lines
}
