//! The entries of a document in; the same, some with their full text, out.
//!
//! Only what is new, what its source changed and what could not be had before
//! is fetched for: a bounded number of pages a poll, one after the other as
//! far apart as the origin's polls are, within a deadline. Whatever cannot be
//! had, the entry goes on as its source stated it. With what is left of that a few pages
//! that were read before are looked at again, to see whether they still stand.

use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use crate::clock::Clock;
use crate::config::Plan;
use crate::dedup::{self, Candidate, Wanted};
use crate::enrich;
use crate::fetch::Fetcher;
use crate::model::{Enrich, Entry, FailureKind, Lookalikes, Memory, Source, Timestamp};
use crate::store::Store;

use super::editor::rules;

/// Pages fetched for one poll at most; the others wait for a later one.
const MOST_PAGES: usize = 20;

/// Pages looked at again in one poll at most.
const MOST_CHECKS: usize = 5;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long the entries of a poll wait for their pages, all together.
const DEADLINE: Duration = Duration::from_secs(60);

/// Whether a source's document is wanted whole though it may not have changed,
/// so that the pages it lists are looked at again: once a day, as long as
/// some of them are young enough for that.
pub(super) fn wants_whole(source: &Source, memory: &Memory, now: Timestamp) -> bool {
    let within = |at: Option<Timestamp>, time: Duration| at.is_some_and(|at| now < at.after(time));
    source.enrich != Enrich::None
        && !within(memory.last_read, DAY)
        && within(memory.last_news, dedup::CHECKED_FOR)
}

/// Adds full texts to the entries of one document. Returns also whether every
/// entry that wants its text had its turn: a document of which some had not, while
/// others gained by theirs, is to be read again though it does not change.
pub(super) async fn enriched(
    entries: Vec<Entry>,
    source: &Source,
    memory: &Memory,
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
    let since = memory.last_read.unwrap_or(clock.now());
    let (wanted, checks) = wanted(&candidates, &known, since, clock.now());
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
                After::Refused => return,
            }
        }
        let room = (MOST_PAGES - tried).min(MOST_CHECKS);
        for place in checks.iter().take(room) {
            tokio::time::sleep(plan.polling.spacing).await;
            let candidate = &mut candidates[*place];
            let gone_before =
                known.as_ref().is_some_and(|known| dedup::was_missing(candidate, known));
            if let After::Refused =
                check(&mut candidate.entry, gone_before, source, fetcher, clock).await
            {
                return;
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

/// The places of those to fetch for, the new before those that failed before,
/// and of those whose pages are to be looked at again.
fn wanted(
    candidates: &[Candidate],
    known: &Option<Lookalikes>,
    since: Timestamp,
    now: Timestamp,
) -> (Vec<usize>, Vec<usize>) {
    let Some(known) = known else { return (Vec::new(), Vec::new()) };
    let wanted: Vec<Wanted> = candidates
        .iter()
        .map(|candidate| dedup::wants_enrichment(candidate, known, since, now))
        .collect();
    let wanted = &wanted;
    let of = move |what: Wanted| (0..wanted.len()).filter(move |place| wanted[*place] == what);
    (of(Wanted::New).chain(of(Wanted::Again)).collect(), of(Wanted::Check).collect())
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

/// Looks at a page that was read before. GOV.UK says what it changed and what it
/// withdrew; any other page is asked only whether it is there, for what stands
/// around its text changes every day.
async fn check(
    entry: &mut Entry,
    gone_before: bool,
    source: &Source,
    fetcher: &Fetcher,
    clock: &Clock,
) -> After {
    let mut seen = entry.clone();
    let after = complete(&mut seen, source, fetcher, clock).await;
    let telling = source.enrich == Enrich::Govuk || gone_before || seen.missing.is_some();
    if telling {
        *entry = seen;
    }
    after
}
