//! A source and what is remembered of it in; one poll, whatever happens, out.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Plan;
use crate::fetch::{Fetched, Fetcher};
use crate::model::{
    Document, Failure, FailureKind, Memory, Outcome, Poll, Reading, Source, Validators,
};
use crate::parse::{self, Limits, Parsed};
use crate::store::Store;

use super::enriching::{enriched, wants_whole};
use super::reaching::Reach;

/// Longer than this no document takes to parse, however it was made.
const PARSE_DEADLINE: Duration = Duration::from_secs(20);

/// Reads a source once. Every way this can end is an [`Outcome`], so that
/// each poll is recorded in one place.
pub(super) async fn read(
    fetcher: Arc<Fetcher>,
    source: Arc<Source>,
    memory: Memory,
    plan: Arc<Plan>,
    store: Arc<dyn Store>,
    clock: Clock,
) -> Poll {
    let asked = match wants_whole(&source, &memory, clock.now()) {
        true => Memory { validators: Validators::default(), hash: None, ..memory.clone() },
        false => memory.clone(),
    };
    let fetched = fetcher.fetch(&source, &asked, clock.now()).await;
    let outcome = match fetched {
        Ok(Fetched::Document { document, validators, freshness, bytes, hash, moved }) => {
            let place = document.url.clone();
            match parsed(document, plan.parsing.clone()).await {
                Ok(Parsed { feed, mut entries, hints, warnings, .. }) => {
                    let reach = Reach {
                        source: &source,
                        fetcher: &fetcher,
                        store: &store,
                        plan: &plan,
                        clock: &clock,
                    };
                    let back =
                        reach.back(place.as_ref(), &memory, &freshness, &hints, &mut entries).await;
                    let (entries, all_tried) =
                        enriched(entries, &source, &memory, &fetcher, &store, &plan, &clock).await;
                    // With what makes the next answer "unchanged", the rest would never be tried.
                    let (validators, hash) = match all_tried {
                        true => (validators, hash),
                        false => {
                            (Validators { offer: validators.offer, ..Validators::default() }, !hash)
                        }
                    };
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
                        back,
                    }))
                }
                Err(failure) => Outcome::Failed(Failure { freshness, ..failure }),
            }
        }
        Ok(Fetched::Unchanged { validators, freshness, bytes, moved, not_modified }) => {
            Outcome::Unchanged { validators, freshness, bytes, moved, not_modified }
        }
        Err(failure) => Outcome::Failed(failure),
    };
    Poll { source: source.id.clone(), at: clock.now(), outcome }
}

/// Parses where it blocks nobody. A document that takes too long, or makes
/// the parser panic, is that source's failure.
pub(super) async fn parsed(document: Document, limits: Limits) -> Result<Parsed, Failure> {
    let parsing = tokio::task::spawn_blocking(move || parse::parse(&document, &limits));
    match tokio::time::timeout(PARSE_DEADLINE, parsing).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panicked)) => Err(Failure::new(
            FailureKind::Internal,
            "the parser failed on this document; please report it",
        )),
        Err(_elapsed) => Err(Failure::new(
            FailureKind::TooLarge,
            format!("the document took longer than {} s to parse", PARSE_DEADLINE.as_secs()),
        )),
    }
}
