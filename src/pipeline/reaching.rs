//! A document of which nothing is known in; its older pages, back to what is, out.
//!
//! A source that usually lists what it listed before, and now does not, has listed
//! more than its document holds since it was asked. Where its pages go on (RFC 5005,
//! JSON Feed, GOV.UK's searches), they are read until something known comes: a bounded
//! number, one after the other as far apart as the origin's polls are, within a
//! deadline, from the same origin alone. The poll stays under way meanwhile, so nothing
//! else is asked of that origin.

use std::sync::Arc;
use std::time::Duration;

use url::{Origin, Url};

use crate::clock::Clock;
use crate::config::Plan;
use crate::dedup;
use crate::fetch::{self, Fetcher};
use crate::model::{
    Backfill, Entry, Failure, FailureKind, Freshness, Hints, Lookalikes, Source, SourceState,
};
use crate::parse::Parsed;
use crate::store::Store;

use super::reading::parsed;
use crate::engine::rules;

/// Older pages read for one gap.
const MOST_PAGES: usize = 10;

/// Entries that they may bring: more is no gap but another feed.
const MOST_ENTRIES: usize = 1000;

/// How long that may take, all together.
const DEADLINE: Duration = Duration::from_secs(90);

/// What is needed to read a source's pages.
pub(super) struct Reach<'a> {
    pub(super) source: &'a Source,
    pub(super) fetcher: &'a Fetcher,
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) plan: &'a Plan,
    pub(super) clock: &'a Clock,
}

impl Reach<'_> {
    /// Adds to `entries` those of older pages, if entries seem to have been missed
    /// before the document at `url`; none where that is not so, or nothing older is
    /// to be found.
    pub(super) async fn back(
        &self,
        url: Option<&Url>,
        state: &SourceState,
        freshness: &Freshness,
        hints: &Hints,
        entries: &mut Vec<Arc<Entry>>,
    ) -> Option<Backfill> {
        let misses = fetch::usually_overlaps(state)
            && !freshness.partial
            && !hints.complete
            && !entries.is_empty();
        let url = url?;
        let first = fetch::older(url, hints)?;
        if !misses || self.is_known(entries).await {
            return None;
        }
        let mut back = Backfill::default();
        let origin = url.origin();
        let walk = self.walk(&origin, first, &mut back, entries);
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
    ) {
        let mut seen = vec![first.clone()];
        let mut next = Some(first);
        while let Some(page) = next.take() {
            tokio::time::sleep(self.plan.polling.spacing).await;
            let Parsed { entries: older, hints, .. } = match self.read(origin, &page).await {
                Ok(parsed) => parsed,
                Err(failure) => {
                    back.failure = Some(failure);
                    return;
                }
            };
            back.pages += 1;
            back.reached = self.is_known(&older).await;
            let told = entries.len();
            // A page shifts when something new comes meanwhile: what it repeats is dropped.
            let repeated = |entry: &Entry| {
                entries[..told]
                    .iter()
                    .any(|known| known.guid == entry.guid && known.url == entry.url)
            };
            let fresh: Vec<Arc<Entry>> =
                older.into_iter().filter(|entry| !repeated(entry)).collect();
            back.entries += fresh.len();
            let nothing = fresh.is_empty();
            entries.extend(fresh);
            if back.reached || nothing || back.pages >= MOST_PAGES || back.entries >= MOST_ENTRIES {
                return;
            }
            next = fetch::older(&page, &hints).filter(|next| !seen.contains(next));
            seen.extend(next.clone());
        }
    }

    async fn read(&self, origin: &Origin, page: &Url) -> Result<Parsed, Failure> {
        // Only the origin that is being polled is held and spaced by this poll.
        if page.origin() != *origin {
            let message = format!("{page} is on another server");
            return Err(Failure::new(FailureKind::Redirect, message));
        }
        let document = self.fetcher.page(self.source, page, self.clock.now()).await?;
        parsed(document, self.plan.parsing.clone()).await
    }

    /// Whether the source told of any of these before. A store that cannot be read
    /// ends the daemon soon enough; nothing more is fetched until then.
    pub(super) async fn is_known(&self, entries: &[Arc<Entry>]) -> bool {
        let candidates = dedup::candidates(entries, &rules(self.plan), self.clock.now());
        let names: Vec<_> = candidates.iter().flat_map(dedup::Candidate::names).copied().collect();
        let store = self.store.clone();
        let known = tokio::task::spawn_blocking(move || store.lookalikes(&names)).await;
        let Ok(Ok(known)) = known else { return true };
        let told = |known: &Lookalikes| candidates.iter().any(|one| dedup::is_told(one, known));
        told(&known)
    }
}
