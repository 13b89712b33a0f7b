//! A source and what is remembered of it in; one poll, whatever happens, out.

use std::slice;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Plan;
use crate::fetch::{Fetched, Fetcher};
use crate::model::{Document, Failure, Outcome, Poll, Reading, Source, SourceState};
use crate::parse::{self, Break, Limits, Parsed};
use crate::store::Store;

use super::compute::compute;
use super::reaching::Reach;
use super::rounds;
use super::work::Work;

/// Reads a source once. Every way this can end is an [`Outcome`], so that
/// each poll is recorded in one place.
pub(super) async fn read(
    fetcher: Arc<Fetcher>,
    source: Arc<Source>,
    state: SourceState,
    plan: Arc<Plan>,
    store: Arc<dyn Store>,
    clock: Clock,
    work: Work,
) -> Poll {
    let reach =
        Reach { source: &source, fetcher: &fetcher, store: &store, plan: &plan, clock: &clock };
    let fetched = fetcher.fetch(&source, &state, clock.now()).await;
    let is_work = match &fetched {
        Ok(Fetched::Document { .. }) => true,
        Ok(_) => rounds::due(source.enrich, &state, clock.now()).is_some(),
        Err(_) => false,
    };
    let turn = match is_work {
        true => Some(work.begin(&source, state.crashes > 0).await),
        false => None,
    };
    let mut pages = None;
    let outcome = match fetched {
        Ok(Fetched::Document { document, validators, freshness, bytes, hash, moved }) => {
            let place = document.url.clone();
            match parsed(document, plan.parsing.clone()).await {
                Ok(Parsed { feed, mut entries, hints, warnings, broken_off, .. }) => {
                    if let (Some(Break::WithinLast), Some(half)) = (broken_off, entries.last())
                        && reach.is_known(slice::from_ref(half)).await
                    {
                        // Half of what it said before would take the rest away.
                        entries.pop();
                    }
                    let back =
                        reach.back(place.as_ref(), &state, &freshness, &hints, &mut entries).await;
                    pages = reach.enriched(&mut entries, &state).await;
                    Outcome::Read(Box::new(Reading {
                        validators,
                        freshness,
                        bytes,
                        hash,
                        moved,
                        feed,
                        entries,
                        hints,
                        warnings,
                        broken_off: broken_off.is_some(),
                        back,
                    }))
                }
                Err(failure) => Outcome::Failed(Failure { freshness, ..failure }),
            }
        }
        Ok(Fetched::Unchanged { validators, freshness, bytes, moved, not_modified }) => {
            pages = reach.looked_again(&state).await;
            Outcome::Unchanged { validators, freshness, bytes, moved, not_modified }
        }
        Err(failure) => Outcome::Failed(failure),
    };
    if let Some(turn) = turn {
        work.ended(turn);
    }
    Poll { source: source.id.clone(), at: clock.now(), outcome, pages }
}

/// Parses where it blocks nobody.
pub(super) async fn parsed(document: Document, limits: Limits) -> Result<Parsed, Failure> {
    compute("the document", move |cancelled| parse::parse_until(&document, &limits, cancelled))
        .await
}
