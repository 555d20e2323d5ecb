//! Several dictionaries: `A`, which answers with the article of each one separately, `U`, which chooses some of them,
//! and what `I` reports about them.

use super::Session;
use super::clock::new_record;
use super::replies::Awaits;
use crate::protocol::{Code, Failure, printable, push_ok, push_ok_text};
use crate::words::lookup::{Article, Found};
use crate::words::{DictionaryNote, articles};

impl Session<'_> {
    /// A lookup that is recorded once; each dictionary's article by itself.
    pub(super) fn look_up_apart(&mut self, name: &str, word: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.renew_words();
        let (found, standing) =
            self.dictionaries.words.find_for(Some(account), word, &self.dictionaries.asked, &mut self.stores)?;
        let Some(Found { article: Article { headword, interpret }, .. }) = found else {
            self.replies.no_such_word(standing);
            return Ok(());
        };
        let names = self.dictionaries.words.names(&mut self.stores)?;
        let record = new_record(&mut self.writer.clock, &headword, self.face.peer())?;
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

    /// From now on only some dictionaries are asked, until others are chosen: by every request of this connection.
    pub(super) fn choose(&mut self, name: &str, dictionaries: &str) -> Result<(), Failure> {
        self.logged_in_as(name)?;
        self.renew_words();
        let mut names = self.dictionaries.words.names(&mut self.stores)?;
        if names.is_empty() {
            names.push("words".to_owned());
        }
        let mut asked = Vec::new();
        for wanted in dictionaries.split(' ').filter(|name| !name.is_empty()) {
            let known = names.iter().find(|name| name.eq_ignore_ascii_case(wanted));
            asked.push(known.cloned().ok_or_else(|| no_such(wanted, &names))?);
        }
        self.dictionaries.asked = asked;
        self.replies.waiting(Awaits::Account, push_ok);
        Ok(())
    }
}

/// The refusal for an unknown dictionary, with the names of those that there are.
fn no_such(name: &str, names: &[String]) -> Failure {
    // A list of hundreds would be no message.
    const SHOWN: usize = 50;
    let more = if names.len() > SHOWN { " …" } else { "" };
    let names = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(" ");
    Failure::new(Code::NotFound, format!("no dictionary is called {}; there are: {names}{more}", printable(name)))
}

/// What `I` reports about the dictionaries, if there are several: their names in order, then the notes of each.
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
