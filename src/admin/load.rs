//! `cidiand words load`: writes words files into table `words`, while the daemon answers from it.

use super::progress::Progress;
use super::tools::{counted, fatal, make_state_directory_for, read, say, unread};
use crate::config::settings::Settings;
use crate::exit::{Exit, Fatal};
use crate::store::{self, AboutWords, Loading, WordRow};
use crate::sys::Origin;
use crate::words::{self, SameName, fold, lookup};
use std::path::{Path, PathBuf};

/// The most bytes that a text about the dictionaries may have: what a column of table `meta` holds.
const MOST_ABOUT: usize = 65_535;

/// Loads files, and directories of such, each a dictionary, in the order of preference.
pub fn run(settings: &Settings, paths: &[PathBuf], origin: Origin) -> Result<Exit, Fatal> {
    let mut files = Vec::new();
    for path in paths {
        for file in words::files_of(path).map_err(|error| unread(path, &error))? {
            let bytes = read(&file)?;
            files.push((file, bytes));
        }
    }
    let refused =
        |file: &Path, why: String| Fatal::new(Exit::Data, format!("words file {} is refused: {why}", file.display()));
    let mut sources = Vec::new();
    for (file, bytes) in &files {
        let parsed = words::parse(bytes).map_err(|why| refused(file, why.to_string()))?;
        sources.push((parsed.note(file), parsed));
    }
    let parsed = words::merge(sources).map_err(|SameName { name, numbers: [first, second] }| {
        let [first, second] = [first, second].map(|number| files[number].0.as_path());
        refused(
            second,
            format!(
                "its dictionary is called {name}, as that of {}; give one of them another # name:",
                first.display()
            ),
        )
    })?;
    let mut about = AboutWords {
        title: parsed.title.clone(),
        licence: parsed.licence.clone(),
        dictionaries: parsed.dictionaries.clone(),
        ..AboutWords::default()
    };
    if words::notes_to_text(&about.dictionaries).len() > MOST_ABOUT {
        // The rest of the files' heads is worth less than the words.
        about.dictionaries.iter_mut().for_each(|note| note.head.clear());
    }
    let longest = [about.title.len(), about.licence.len(), words::notes_to_text(&about.dictionaries).len()];
    if longest.into_iter().any(|bytes| bytes > MOST_ABOUT) {
        let why = format!("titles and licences of the dictionaries have more than {MOST_ABOUT} bytes");
        return Err(Fatal::new(Exit::Data, why));
    }
    let names: Vec<String> = parsed.dictionaries.iter().map(|note| note.name.clone()).collect();
    let found_by: Vec<(String, String)> =
        parsed.entries.iter().map(|entry| (fold(entry.headword), lookup::key(entry.headword))).collect();
    let is_alone = names.len() < 2;
    let mut total = 0_u64;
    let mut rows = Vec::with_capacity(parsed.entries.len());
    for (entry, (folded, key)) in parsed.entries.iter().zip(&found_by) {
        for (dictionary, interpret) in words::articles(&entry.interpret, &names) {
            let dictionary = if is_alone { "" } else { dictionary };
            rows.push(WordRow { word: entry.headword, dictionary, folded, key, interpret });
            total += 1;
        }
    }
    let database = &settings.session.database;
    make_state_directory_for(database, settings)?;
    let key = origin.into_store_key();
    store::check(database, key).map_err(|error| fatal(database, &error))?;
    let mut store = store::open(database, key).map_err(|error| fatal(database, &error))?;
    let mut progress = Progress::new();
    let loaded = store.replace_words(&about, &mut rows.into_iter(), &mut |done| progress.show("entries", done, total));
    drop(progress);
    match loaded {
        Ok(Loading::Done { headwords, behind }) => {
            say(&format!("{database}: {} in table words", counted(headwords, "headword")))?;
            match behind.as_slice() {
                [] => Ok(Exit::Success),
                _ => {
                    let why = format!("the new words are in place, but not seen on every host: {}", behind.join("; "));
                    Err(Fatal::new(Exit::TryAgain, why))
                }
            }
        }
        Ok(Loading::Overtaken(by)) => {
            Err(Fatal::new(Exit::TryAgain, format!("database {database}: {by}; this one has changed nothing")))
        }
        Err(error) => Err(fatal(database, &error)
            .and("; the words are the same as before, unless it happened while they were switched")),
    }
}
