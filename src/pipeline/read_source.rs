//! Reads a source once, in a task of its own, and ends in one poll whatever happens.

use std::slice;
use std::sync::Arc;

use crate::config::Plan;
use crate::dedup::Extent;
use crate::fetch::{Fetched, Fetcher};
use crate::model::{
    Failure, Outcome, Poll, ReadBy, Reading, Source, SourceState, Timestamp, Validators,
};
use crate::parse::{self, Break, Parsed};
use crate::store::Store;

use super::known_text::KnownText;
use super::read_context::{ReadContext, ReadTools, parse_document};
use super::recheck;

/// The warning of a document whose transfer broke off behind its end.
const DAMAGED: &str = "the transfer broke off, but the document came whole";

/// Reads a source once. Every possible end is an [`Outcome`], so that each poll is recorded in one
/// place. Where an operator `insists`, the configured address is asked, wherever the source has moved.
pub(super) async fn read(
    fetcher: Arc<Fetcher>,
    source: Arc<Source>,
    state: SourceState,
    insists: bool,
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
    let (rules, limits) = (source.text().hash(), plan.parsing.hash());
    let fetched = match state.is_read_by(rules, limits) {
        true => fetch(&fetcher, &source, &state, insists, clock.now()).await,
        // The same document says something else by other rules, or more within other limits.
        false => {
            let validators = Validators::default();
            let anew = SourceState { validators, hash: None, ..state.clone() };
            fetch(&fetcher, &source, &anew, insists, clock.now()).await
        }
    };
    let has_bytes = match &fetched {
        Ok(Fetched::Document { .. }) => true,
        Ok(_) => recheck::due(&source, &state, clock.now()).is_some(),
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
            match parse_document(&threads, document, plan.parsing.clone(), text.clone()).await {
                Ok(parsed) => {
                    let limits = parsed.is_limited.then_some(limits);
                    let read_by = ReadBy { rules, limits, left_out: parsed.left_out };
                    let Parsed { feed, mut entries, hints, mut warnings, broken_off, .. } = parsed;
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
                        read_by,
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

/// Fetches the document of a source: where the source has moved to, and now and then at its
/// configured address, which may give a feed again.
async fn fetch(
    fetcher: &Fetcher,
    source: &Source,
    state: &SourceState,
    insists: bool,
    now: Timestamp,
) -> Result<Fetched, Failure> {
    let configured = source.location.url();
    let moved = state.moved.as_ref().filter(|moved| moved.from.as_ref() == configured);
    if let Some(url) = configured
        && moved.is_some_and(|moved| insists || moved.is_to_be_checked(now))
    {
        let unmoved = SourceState { moved: None, ..state.clone() };
        match fetcher.fetch(source, &unmoved, now).await {
            Ok(fetched) if may_be_feed(&fetched) => {
                let moved = fetched.moved().unwrap_or(url).clone();
                return Ok(fetched.moved_to(moved));
            }
            // There is nothing to read any more: the redirect was meant.
            Ok(_) | Err(_) => {}
        }
    }
    fetcher.fetch(source, state, now).await
}

/// Whether an answer is the document as it is known, or looks like a feed.
fn may_be_feed(fetched: &Fetched) -> bool {
    match fetched {
        Fetched::Unchanged { .. } => true,
        Fetched::Document { document, .. } => parse::may_be_feed(document),
    }
}
