//! Fetches a document's older pages when entries seem to have been missed.
//!
//! A source whose documents usually overlap, and which now lists nothing known, has listed more
//! entries since the last poll than its document holds. If the document names older pages (RFC
//! 5005, JSON Feed, GOV.UK's searches), they are read until a known entry comes: a bounded number,
//! spaced like the origin's polls, within a deadline, and only from the same origin. The poll
//! stays under way meanwhile, so nothing else is asked of that origin.

use std::sync::Arc;
use std::time::Duration;

use url::{Origin, Url};

use crate::fetch;
use crate::model::{Backfill, Entry, Failure, FailureKind, Freshness, Hints, SourceState};
use crate::parse::{Break, Parsed};

use super::read_context::{ReadContext, parse_document};

/// The most older pages read for one gap.
const MOST_PAGES: usize = 10;

/// The most entries that they may bring: more is not a gap but another feed.
const MOST_ENTRIES: usize = 1000;

/// The time for all older pages together.
const DEADLINE: Duration = Duration::from_secs(90);

impl ReadContext<'_> {
    /// Adds the entries of older pages to `entries`, if entries before the document at `url` seem
    /// to have been missed. Returns `None` if none were missed or there is no older page.
    pub(super) async fn backfill(
        &self,
        url: Option<&Url>,
        state: &SourceState,
        freshness: &Freshness,
        hints: &Hints,
        entries: &mut Vec<Arc<Entry>>,
        warnings: &mut Vec<String>,
    ) -> Option<Backfill> {
        let misses = !freshness.partial && !hints.complete && fetch::misses(state, entries);
        let url = url?;
        let first = fetch::older_page(url, hints)?;
        if !misses || self.is_known(entries).await {
            return None;
        }
        let mut back = Backfill::default();
        let origin = url.origin();
        let walk = self.walk(&origin, first, &mut back, entries, warnings);
        if tokio::time::timeout(DEADLINE, walk).await.is_err() {
            let message = format!("they were not read within {} s", DEADLINE.as_secs());
            back.failure = Some(Failure::new(FailureKind::Timeout, message));
        }
        Some(back)
    }

    async fn walk(
        &self,
        origin: &Origin,
        first: Url,
        back: &mut Backfill,
        entries: &mut Vec<Arc<Entry>>,
        warnings: &mut Vec<String>,
    ) {
        let mut seen = vec![first.clone()];
        let mut next = Some(first);
        while let Some(page) = next.take() {
            tokio::time::sleep(self.plan.polling.spacing).await;
            let parsed = match self.read(origin, &page).await {
                Ok(parsed) => parsed,
                Err(failure) => {
                    back.failure = Some(failure);
                    return;
                }
            };
            let Parsed { entries: mut older, hints, warnings: of_page, broken_off, .. } = parsed;
            warnings.extend(of_page.iter().map(|warning| format!("older page {page}: {warning}")));
            if broken_off == Some(Break::WithinLast) {
                // Nobody asks for this page again, so the rest of the entry would never come.
                older.pop();
                warnings.push(format!("older page {page}: the entry that is cut off was left out"));
            }
            back.pages += 1;
            back.reached = self.is_known(&older).await;
            let listed = entries.len();
            // Pages shift when a new entry comes meanwhile: repeated entries are dropped.
            let repeated =
                |entry: &Entry| entries[..listed].iter().any(|known| is_one(known, entry));
            let fresh: Vec<Arc<Entry>> =
                older.into_iter().filter(|entry| !repeated(entry)).collect();
            back.entries += fresh.len();
            let nothing = fresh.is_empty();
            entries.extend(fresh);
            if back.reached || nothing || back.pages >= MOST_PAGES || back.entries >= MOST_ENTRIES {
                return;
            }
            next = fetch::older_page(&page, &hints).filter(|next| !seen.contains(next));
            seen.extend(next.clone());
        }
    }

    async fn read(&self, origin: &Origin, page: &Url) -> Result<Parsed, Failure> {
        // This poll holds and spaces only the origin that is being polled.
        if page.origin() != *origin {
            let message = format!("{page} is on another server");
            return Err(Failure::new(FailureKind::Redirect, message));
        }
        let document = self.fetcher.page(self.source, page, self.clock.now()).await?;
        let limits = self.plan.parsing.clone();
        parse_document(self.threads, document, limits, self.text.clone()).await
    }
}

/// Whether two pages list one entry: by its id and its address, or by what it says if it has
/// neither.
fn is_one(known: &Entry, entry: &Entry) -> bool {
    let is_named = entry.guid.is_some() || entry.url.is_some();
    known.guid == entry.guid
        && known.url == entry.url
        && (is_named || known.title == entry.title && known.text == entry.text)
}
