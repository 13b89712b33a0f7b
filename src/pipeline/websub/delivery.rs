//! Checks and parses what a hub pushed, and turns it into a poll.

use std::sync::Arc;

use crate::config::Plan;
use crate::model::{
    Document, Failure, Freshness, Hints, Outcome, Poll, ReadBy, Reading, Source, Subscription,
    Validators,
};
use crate::parse::{Break, Parsed};
use crate::pipeline::crash_marks::MarkedRead;
use crate::pipeline::known_text::KnownText;
use crate::pipeline::read_context::{ReadTools, parse_document};
use crate::publish::Delivery;
use crate::websub::inbound;

/// A delivery that has been read.
pub(in crate::pipeline) struct DeliveryRead {
    pub(super) source: Arc<Source>,
    pub(super) result: Result<Box<Poll>, Unusable>,
    /// Marks the source until the result is committed.
    pub(super) mark: Option<MarkedRead>,
}

/// Why a delivery is ignored.
pub(super) enum Unusable {
    /// Not signed by the hub.
    Forged,
    /// Not a feed, or unreadable.
    Unreadable(Failure),
}

/// Checks and parses a delivery. It is always partial: entries that it does not list are neither
/// gone nor missed (W12).
pub(super) async fn read(
    delivery: Delivery,
    source: Arc<Source>,
    subscription: Subscription,
    text: KnownText,
    plan: Arc<Plan>,
    tools: ReadTools,
) -> DeliveryRead {
    let ReadTools { clock, marks, threads } = tools;
    let Delivery { signature, content_type, body, room, .. } = delivery;
    let topic = subscription.offer.topic.clone();
    let signed = body.clone();
    let checked = tokio::task::spawn_blocking(move || {
        inbound::is_authentic(&subscription, signature.as_deref(), &signed)
    });
    if !checked.await.unwrap_or(false) {
        return DeliveryRead { source, result: Err(Unusable::Forged), mark: None };
    }
    let (bytes, at) = (body.len() as u64, clock.now());
    let hash = xxhash_rust::xxh3::xxh3_64(&body);
    let document = Document { source: source.id.clone(), url: Some(topic), content_type, body, at };
    let mark = Some(marks.begin(&source, false).await);
    let parsed = parse_document(&threads, document, plan.parsing.clone(), text).await;
    drop(room);
    let Parsed { feed, mut entries, hints, warnings, broken_off, .. } = match parsed {
        Ok(parsed) => parsed,
        Err(failure) => {
            return DeliveryRead { source, result: Err(Unusable::Unreadable(failure)), mark };
        }
    };
    if broken_off == Some(Break::WithinLast) {
        // The next poll finds the whole entry.
        entries.pop();
    }
    let reading = Reading {
        validators: Validators::default(),
        freshness: Freshness { partial: true, ..Freshness::default() },
        bytes,
        hash,
        moved: None,
        feed,
        entries,
        hints: Hints { deleted: hints.deleted, ..Hints::default() },
        warnings,
        broken_off: broken_off.is_some(),
        back: None,
        read_by: ReadBy::default(),
    };
    let outcome = Outcome::Pushed(Box::new(reading));
    let poll = Poll::of(&source, clock.now(), outcome);
    DeliveryRead { source, result: Ok(Box::new(poll)), mark }
}
