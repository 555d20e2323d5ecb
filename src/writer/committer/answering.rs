//! Answering sessions' questions over the writer's connection: many at once, with one statement for each kind. Every
//! answer comes from the database; while it is away, a session has to find out for itself.

use super::super::questions::{Answer, BySecret, Questions, Secret};
use super::{Committer, LONG};
use crate::ipc::scoreboard::WriterCount;
use crate::ipc::ticket::SecretDigest;
use crate::store::{AccountId, Each, Error, Kind, Operator};
use std::time::Instant;

impl Committer<'_> {
    /// Answers questions, each on its channel.
    pub fn answer(&mut self, questions: &Questions) -> Vec<(u64, Answer)> {
        self.failed = None;
        if let Some(outage) = &self.outage {
            return questions.failed(&Error::world(&outage.error.message));
        }
        let begun = self.begin();
        let mut answers = Vec::new();
        self.log_in_by_token(questions, &mut answers);
        self.log_in_by_secret(questions, &mut answers);
        self.look_back(questions, &mut answers);
        self.show();
        self.show_hosts();
        self.last = (begun, Instant::now());
        answers
    }

    fn log_in_by_token(&mut self, questions: &Questions, answers: &mut Vec<(u64, Answer)>) {
        let found = self.ask_each(&questions.tokens, |store, tokens| store.accounts_of_tokens(tokens));
        let asked = questions.tokens.iter().zip(&questions.tokens_from);
        for (((name, _), (channel, reads)), found) in asked.zip(found) {
            answers.push((*channel, logged_in(found, name, *reads)));
        }
        self.scoreboard.count(WriterCount::Logins, questions.tokens.len() as u64);
    }

    fn log_in_by_secret(&mut self, questions: &Questions, answers: &mut Vec<(u64, Answer)>) {
        for (channel, asked) in &questions.secrets {
            let found = self.ask_each(std::slice::from_ref(asked), |store, asked| {
                asked.iter().map(|asked| prove(store, asked)).collect::<Result<Vec<_>, _>>().map(wrap)
            });
            for found in found {
                answers.push((*channel, logged_in(found, &asked.name, asked.reads)));
            }
        }
    }

    fn look_back(&mut self, questions: &Questions, answers: &mut Vec<(u64, Answer)>) {
        let found = self.ask_each(&questions.recent, |store, recent| store.recent_lookups(recent));
        for (channel, found) in questions.recent_from.iter().zip(found) {
            answers.push((*channel, found.map_or_else(Answer::Failed, Answer::Lookups)));
        }
        for (channel, asked) in &questions.earlier {
            let found = self.ask_each(std::slice::from_ref(asked), |store, asked| {
                let pages =
                    asked.iter().map(|&(account, count, place)| store.history_page(account, Some(place), count));
                pages.collect::<Result<Vec<_>, _>>().map(wrap)
            });
            answers
                .extend(found.into_iter().map(|found| (*channel, found.map_or_else(Answer::Failed, Answer::Lookups))));
        }
        let looks_back = questions.recent.len() + questions.earlier.len();
        self.scoreboard.count(WriterCount::LooksBack, looks_back as u64);
    }

    /// Asks the database; of each question what came of it. What goes wrong with the connection is an outage, as it is when
    /// something is to be kept: it is found out once.
    fn ask_each<Q, T>(
        &mut self,
        asked: &[Q],
        ask: impl FnOnce(&mut dyn Operator, &[Q]) -> Each<T>,
    ) -> Vec<Result<T, Error>> {
        if asked.is_empty() {
            return Vec::new();
        }
        // Questions of another kind may have shown it just now.
        let known = self.outage.as_ref().map(|outage| &outage.error).or(self.failed.as_ref()).cloned();
        let error = match known {
            Some(error) => error,
            None => {
                let begin = Instant::now();
                match self.store().and_then(|store| ask(store, asked)) {
                    Ok(found) => return found,
                    Err(error) => {
                        self.question_failed(&error, begin);
                        error
                    }
                }
            }
        };
        asked.iter().map(|_| Err(error.clone())).collect()
    }

    fn question_failed(&mut self, error: &Error, begin: Instant) {
        // A connection in an unknown state is not used again.
        self.store = None;
        let took = begin.elapsed();
        if self.order.is_some() || error.kind == Kind::Bug {
            return;
        }
        if self.spool.as_ref().is_some_and(super::Spool::is_enabled) {
            self.fails(error.clone(), took);
        } else {
            self.failed = (took > LONG).then(|| error.clone());
        }
    }
}

fn wrap<T>(found: Vec<T>) -> Vec<Result<T, Error>> {
    found.into_iter().map(Ok).collect()
}

fn logged_in(found: Result<Option<AccountId>, Error>, name: &str, reads: bool) -> Answer {
    match found {
        Ok(Some(account)) => Answer::LoggedIn { account, name: name.to_owned(), reads },
        Ok(None) => Answer::Refused,
        Err(error) => Answer::Failed(error),
    }
}

/// The account of this name, if it is not locked and the session knows its secret.
fn prove(store: &mut dyn Operator, asked: &BySecret) -> Result<Option<AccountId>, Error> {
    let found = match asked.which {
        Secret::Passwd => store
            .account(&asked.name)?
            .filter(|account| !account.locked)
            .map(|account| (account.id, SecretDigest::of(&account.passwd))),
        Secret::DictKey => store.dict_key(&asked.name)?.map(|(account, key)| (account, SecretDigest::of(key.as_str()))),
    };
    Ok(found.filter(|(_, digest)| *digest == asked.digest).map(|(account, _)| account))
}
