//! The entries of a document in; the same, some with their full text, out.
//!
//! Only what is new, what its source changed and what could not be had before
//! is fetched for: a bounded number of pages a poll, one after the other as
//! far apart as the origin's polls are, within a deadline. Whatever cannot be
//! had, the entry goes on as its source stated it.

use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use crate::clock::Clock;
use crate::config::Plan;
use crate::dedup::{self, Candidate, Wanted};
use crate::enrich;
use crate::fetch::Fetcher;
use crate::model::{Enrich, Entry, FailureKind, Lookalikes, Source};
use crate::store::Store;

use super::editor::rules;

/// Pages fetched for one poll at most; the others wait for a later one.
const MOST_PAGES: usize = 20;

/// How long the entries of a poll wait for their pages, all together.
const DEADLINE: Duration = Duration::from_secs(60);

/// Adds full texts to the entries of one document.
pub(super) async fn enriched(
    entries: Vec<Entry>,
    source: &Source,
    fetcher: &Fetcher,
    store: &Arc<dyn Store>,
    plan: &Plan,
    clock: &Clock,
) -> Vec<Entry> {
    if source.enrich == Enrich::None {
        return entries;
    }
    let mut candidates = dedup::candidates(entries, &rules(plan), clock.now());
    let known = known(&candidates, store.clone()).await;
    let chosen = chosen(&candidates, &known);
    let fetching = async {
        for (turn, place) in chosen.into_iter().enumerate() {
            if turn > 0 {
                tokio::time::sleep(plan.polling.spacing).await;
            }
            if !complete(&mut candidates[place].entry, source, fetcher, clock).await {
                break;
            }
        }
    };
    // What was fetched until then stays.
    let _ = tokio::time::timeout(DEADLINE, fetching).await;
    candidates.into_iter().map(|candidate| candidate.entry).collect()
}

/// What is known of these entries under their own names. A store that cannot
/// be read ends the daemon soon enough; nothing is fetched until then.
async fn known(candidates: &[Candidate], store: Arc<dyn Store>) -> Option<Lookalikes> {
    let names: Vec<_> = candidates.iter().flat_map(Candidate::names).collect();
    tokio::task::spawn_blocking(move || store.lookalikes(&names).ok()).await.ok().flatten()
}

/// The places of those to fetch for: the new before those that failed before.
fn chosen(candidates: &[Candidate], known: &Option<Lookalikes>) -> Vec<usize> {
    let Some(known) = known else { return Vec::new() };
    let wanted: Vec<Wanted> =
        candidates.iter().map(|candidate| dedup::wants_enrichment(candidate, known)).collect();
    let wanted = &wanted;
    let of = move |what: Wanted| (0..wanted.len()).filter(move |place| wanted[*place] == what);
    of(Wanted::New).chain(of(Wanted::Again)).take(MOST_PAGES).collect()
}

/// Fetches for one entry. Whether to go on with the next: a server that
/// cannot be reached, or asks to be left alone, is not asked again.
async fn complete(entry: &mut Entry, source: &Source, fetcher: &Fetcher, clock: &Clock) -> bool {
    let Some(page) = enrich::wanted(entry, source.enrich) else { return true };
    let fetched = fetcher.page(source, &page, clock.now()).await;
    let failure = match fetched {
        Ok(document) => enrich::enrich(entry, &document, source.enrich).err(),
        Err(failure) => Some(failure),
    };
    let Some(failure) = failure else { return true };
    debug!(event = "enrich_failed", source = %source.id, "{page} adds nothing: {failure}");
    enrich::missing(entry, &failure, clock.now());
    matches!(
        failure.kind,
        FailureKind::NotFound | FailureKind::Gone | FailureKind::NotAFeed | FailureKind::TooLarge
    )
}
