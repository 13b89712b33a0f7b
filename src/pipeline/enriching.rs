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

/// Adds full texts to the entries of one document. Returns also whether every
/// entry that wants its text had its turn: a document of which some had not, while
/// others gained by theirs, is to be read again though it does not change.
pub(super) async fn enriched(
    entries: Vec<Entry>,
    source: &Source,
    fetcher: &Fetcher,
    store: &Arc<dyn Store>,
    plan: &Plan,
    clock: &Clock,
) -> (Vec<Entry>, bool) {
    if source.enrich == Enrich::None {
        return (entries, true);
    }
    let mut candidates = dedup::candidates(entries, &rules(plan), clock.now());
    let known = known(&candidates, store.clone()).await;
    let wanted = wanted(&candidates, &known);
    let (mut tried, mut gained) = (0, 0);
    let fetching = async {
        for place in wanted.iter().take(MOST_PAGES) {
            if tried > 0 {
                tokio::time::sleep(plan.polling.spacing).await;
            }
            tried += 1;
            match complete(&mut candidates[*place].entry, source, fetcher, clock).await {
                After::Gained => gained += 1,
                After::Nothing => {}
                After::Refused => break,
            }
        }
    };
    // What was fetched until then stays.
    let _ = tokio::time::timeout(DEADLINE, fetching).await;
    let all = tried == wanted.len() || gained == 0;
    (candidates.into_iter().map(|candidate| candidate.entry).collect(), all)
}

/// What is known of these entries under their own names. A store that cannot
/// be read ends the daemon soon enough; nothing is fetched until then.
async fn known(candidates: &[Candidate], store: Arc<dyn Store>) -> Option<Lookalikes> {
    let names: Vec<_> = candidates.iter().flat_map(Candidate::names).collect();
    tokio::task::spawn_blocking(move || store.lookalikes(&names).ok()).await.ok().flatten()
}

/// The places of those to fetch for: the new before those that failed before.
fn wanted(candidates: &[Candidate], known: &Option<Lookalikes>) -> Vec<usize> {
    let Some(known) = known else { return Vec::new() };
    let wanted: Vec<Wanted> =
        candidates.iter().map(|candidate| dedup::wants_enrichment(candidate, known)).collect();
    let wanted = &wanted;
    let of = move |what: Wanted| (0..wanted.len()).filter(move |place| wanted[*place] == what);
    of(Wanted::New).chain(of(Wanted::Again)).collect()
}

/// What came of fetching for one entry.
enum After {
    /// The entry has its text.
    Gained,
    /// There is none to be had for it.
    Nothing,
    /// The server cannot be reached or asks to be left alone: it is not asked again.
    Refused,
}

async fn complete(entry: &mut Entry, source: &Source, fetcher: &Fetcher, clock: &Clock) -> After {
    let Some(page) = enrich::wanted(entry, source.enrich) else { return After::Nothing };
    let fetched = fetcher.page(source, &page, clock.now()).await;
    let failure = match fetched {
        Ok(document) => enrich::enrich(entry, &document, source.enrich).err(),
        Err(failure) => Some(failure),
    };
    let Some(failure) = failure else { return After::Gained };
    debug!(event = "enrich_failed", source = %source.id, "{page} adds nothing: {failure}");
    enrich::missing(entry, &failure, clock.now());
    match failure.kind {
        FailureKind::NotFound
        | FailureKind::Gone
        | FailureKind::NotAFeed
        | FailureKind::TooLarge => After::Nothing,
        _ => After::Refused,
    }
}
