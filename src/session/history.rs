//! Showing a history: the last few lookups at once, or all of them page by page. Memory is bounded however long the
//! history, and no database connection is kept while a client reads slowly.

use super::clock::instant;
use super::{ExitReason, Session};
use crate::ipc::writer_request::MOST_RECENT;
use crate::protocol::{Failure, HistoryRow, push_history_row, push_ok_text};
use crate::store::{AccountId, PastLookup, Place};

/// How many lookups are read at once.
const PAGE: u32 = 1_000;
/// How much text is collected before the reply begins. A history that fits is counted by what was read of it; of a
/// longer one the rest has to be counted beforehand.
const COLLECTED: usize = 1 << 20;

impl Session<'_> {
    /// The last `count` lookups.
    pub(super) fn show_history(&mut self, name: &str, count: u32) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        let lookups = match self.recent_from_writer(count, None) {
            Some(lookups) => lookups,
            None => self.stores.with(|store| store.history_page(account, None, count))?,
        };
        let lookups = lookups.ok_or_else(|| self.gone())?;
        push_ok_text(self.replies.out(), &lookups.len().to_string());
        push_lookups(self.replies.out(), name, &lookups);
        Ok(())
    }

    /// All lookups. The reply's first line says how many follow. New ones that come meanwhile are not
    /// among them.
    pub(super) fn show_all_history(&mut self, name: &str) -> Option<ExitReason> {
        match self.collect_history(name) {
            Ok(None) => None,
            Ok(Some((rest, place))) => self.show_the_rest(name, rest, place).err(),
            Err(failure) => {
                self.replies.fail(&failure);
                None
            }
        }
    }

    /// Collects the newest lookups, and writes them after their number. If these are not all: how many more were
    /// announced to follow, and from where on.
    fn collect_history(&mut self, name: &str) -> Result<Option<(u64, Place)>, Failure> {
        let account = self.logged_in_as(name)?;
        let (mut lines, mut count, mut place) = (Vec::new(), 0, None);
        let rest = loop {
            let page = self.history_page(account, place, PAGE)?.ok_or_else(|| self.gone())?;
            self.stores.close_if_wanted();
            push_lookups(&mut lines, name, &page);
            count += page.len() as u64;
            match page.last() {
                Some(last) if page.len() as u64 == u64::from(PAGE) => place = Some(last.place()),
                _ => break None,
            }
            if let Some(place) = place.filter(|_| lines.len() >= COLLECTED) {
                break Some((self.stores.with(|store| store.history_size(account, place))?, place));
            }
        };
        push_ok_text(self.replies.out(), &(count + rest.map_or(0, |(rest, _)| rest)).to_string());
        self.replies.out().append(&mut lines);
        Ok(rest)
    }

    /// Lookups before a place, newest first, or the newest of all; fewer than `limit` where there are no more. `None`
    /// if the account is gone or locked. Where this session may not open the database as it is now, the writer reads
    /// them.
    fn history_page(
        &mut self,
        account: AccountId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Option<Vec<PastLookup>>, Failure> {
        match self.stores.with(|store| store.history_page(account, before, limit)) {
            Err(failure) if self.stores.is_shut_out() => {
                let page = self.history_page_from_writer(before, limit).ok_or(failure)?;
                self.stores.manage_without();
                Ok(page)
            }
            page => page,
        }
    }

    fn history_page_from_writer(&mut self, mut before: Option<Place>, limit: u32) -> Option<Option<Vec<PastLookup>>> {
        let mut page = Vec::new();
        // There is no other way to ask.
        self.writer.silent_until = None;
        while let left @ 1.. = limit.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX)) {
            let count = left.min(MOST_RECENT);
            let Some(some) = self.recent_from_writer(count, before)? else { return Some(None) };
            let is_end = some.len() < count as usize;
            before = some.last().map(PastLookup::place);
            page.extend(some);
            if is_end {
                break;
            }
        }
        Some(Some(page))
    }

    /// Writes the lookups before a place, as the client reads them: exactly `rest`, as was announced.
    ///
    /// # Errors
    /// The client does not read; or there are fewer left, because another session has cleared them, or the database is
    /// away. A reply cannot contain a `FAIL`: the connection ends, and the client sees that the reply is incomplete.
    fn show_the_rest(&mut self, name: &str, mut rest: u64, mut place: Place) -> Result<(), ExitReason> {
        let Ok(account) = self.logged_in_as(name) else { return Err(ExitReason::Internal) };
        while rest > 0 {
            self.write_replies()?;
            let limit = u32::try_from(rest).unwrap_or(u32::MAX).min(PAGE);
            let page = self.history_page(account, Some(place), limit);
            self.stores.close_if_wanted();
            let page = page.ok().flatten().unwrap_or_default();
            let Some(last) = page.last() else {
                log::info!("client {}: {rest} lookups of a long history are no longer available", self.face.peer());
                return Err(ExitReason::Lost);
            };
            place = last.place();
            rest = rest.saturating_sub(page.len() as u64);
            push_lookups(self.replies.out(), name, &page);
        }
        Ok(())
    }
}

fn push_lookups(out: &mut Vec<u8>, name: &str, lookups: &[PastLookup]) {
    for PastLookup { word, time, .. } in lookups {
        push_history_row(out, &HistoryRow { name, word, time: instant(*time) });
    }
}
