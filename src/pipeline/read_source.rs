//! Reads a source once, in a task of its own, and ends in one poll whatever happens.

use std::borrow::Cow;
use std::slice;
use std::sync::Arc;

use crate::config::Plan;
use crate::dedup::Extent;
use crate::fetch::{AddressToAsk, Fetched, Fetcher};
use crate::model::{Failure, Outcome, Poll, ReadBy, Reading, Source, SourceState, Validators};
use crate::parse::{self, Break, Parsed};
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
    address: AddressToAsk,
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
    let known = match state.is_read_by(rules, limits) {
        true => Cow::Borrowed(&state),
        // The same document says something else by other rules, or more within other limits.
        false => {
            let validators = Validators::default();
            Cow::Owned(SourceState { validators, hash: None, ..state.clone() })
        }
    };
    let now = clock.now();
    let fetched = fetcher.fetch_current(&source, &known, address, now, parse::may_be_feed).await;
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
        Ok(Fetched::Unchanged(unchanged)) => {
            pages = context.recheck(&state).await;
            Outcome::Unchanged(unchanged)
        }
        Err(failure) => Outcome::Failed(failure),
    };
    if let Some(mark) = mark {
        marks.ended(mark);
    }
    Poll { pages, ..Poll::of(&source, clock.now(), outcome) }
}
