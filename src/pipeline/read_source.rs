//! Reads a source once, in a task of its own, and ends in one poll whatever happens.

use std::slice;
use std::sync::Arc;

use crate::config::Plan;
use crate::dedup::Extent;
use crate::fetch::{Fetched, Fetcher};
use crate::model::{Failure, Outcome, Poll, Reading, Source, SourceState, Validators};
use crate::parse::{Break, Parsed};
use crate::store::Store;

use super::known_text::KnownText;
use super::read_context::{ReadContext, ReadTools, parse_document};
use super::recheck;

/// The warning of a document whose transfer broke off behind its end.
const DAMAGED: &str = "the transfer broke off, but the document came whole";

/// Reads a source once. Every possible end is an [`Outcome`], so that each poll is recorded in one
/// place.
pub(super) async fn read(
    fetcher: Arc<Fetcher>,
    source: Arc<Source>,
    state: SourceState,
    plan: Arc<Plan>,
    store: Arc<dyn Store>,
    tools: ReadTools,
) -> Poll {
    let ReadTools { clock, marks, threads } = tools;
    let text = KnownText::of(source.clone(), state.text.clone(), Some(store.clone()));
    let context = ReadContext {
        source: &source,
        fetcher: &fetcher,
        store: &store,
        plan: &plan,
        clock: &clock,
        text: &text,
        threads: &threads,
    };
    let fetched = match state.text_rules() == source.text().hash() {
        true => fetcher.fetch(&source, &state, clock.now()).await,
        // The same document reads otherwise by other rules.
        false => {
            let validators = Validators::default();
            let anew = SourceState { validators, hash: None, ..state.clone() };
            fetcher.fetch(&source, &anew, clock.now()).await
        }
    };
    let has_bytes = match &fetched {
        Ok(Fetched::Document { .. }) => true,
        Ok(_) => recheck::due(source.enrich, &state, clock.now()).is_some(),
        Err(_) => false,
    };
    let mark = match has_bytes {
        true => Some(marks.begin(&source, state.crashes > 0).await),
        false => None,
    };
    let mut pages = None;
    let outcome = match fetched {
        Ok(Fetched::Document {
            document,
            validators,
            freshness,
            bytes,
            hash,
            moved,
            is_damaged,
        }) => {
            let place = document.url.clone();
            let limits = plan.parsing.clone();
            match parse_document(&threads, document, limits, text.clone()).await {
                Ok(Parsed { feed, mut entries, hints, mut warnings, broken_off, .. }) => {
                    if let (Some(Break::WithinLast), Some(half)) = (broken_off, entries.last())
                        && context.is_known(slice::from_ref(half)).await
                    {
                        // Half of a known entry would replace the whole of it.
                        entries.pop();
                    }
                    warnings.extend(is_damaged.then(|| DAMAGED.to_owned()));
                    let back = context
                        .backfill(
                            place.as_ref(),
                            &state,
                            &freshness,
                            &hints,
                            &mut entries,
                            &mut warnings,
                        )
                        .await;
                    let extent = Extent::of_document(freshness.partial, broken_off.is_some());
                    pages = context.enrich(&mut entries, extent, &state, &mut warnings).await;
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
            pages = context.recheck(&state).await;
            Outcome::Unchanged { validators, freshness, bytes, moved, not_modified }
        }
        Err(failure) => Outcome::Failed(failure),
    };
    if let Some(mark) = mark {
        marks.ended(mark);
    }
    Poll { pages, ..Poll::of(&source, clock.now(), outcome) }
}
