//! Checks and reads what a hub sent.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Plan;
use crate::fetch::websub;
use crate::model::{
    Document, Failure, Freshness, Hints, Outcome, Poll, Reading, Source, Subscription, Validators,
};
use crate::parse::{Break, Parsed};
use crate::pipeline::known_text::KnownText;
use crate::pipeline::reading;
use crate::pipeline::work::{Turn, Work};
use crate::publish::Delivery;

/// What came of reading a delivery.
pub(in crate::pipeline) struct Read {
    pub(super) source: Arc<Source>,
    pub(super) came: Result<Box<Poll>, Spoilt>,
    /// Marks the source until what came is committed.
    pub(super) turn: Option<Turn>,
}

/// Why a delivery is left alone.
pub(super) enum Spoilt {
    /// Not signed, or not by the hub.
    Forged,
    /// No feed, or one that cannot be read.
    Unreadable(Failure),
}

/// Checks and reads what a hub sent. It is partial whatever it lists: what it
/// leaves out is neither gone nor missed (W12).
pub(super) async fn read(
    delivery: Delivery,
    source: Arc<Source>,
    subscription: Subscription,
    text: KnownText,
    plan: Arc<Plan>,
    clock: Clock,
    work: Work,
) -> Read {
    let Delivery { signature, content_type, body, room, .. } = delivery;
    let topic = subscription.offer.topic.clone();
    let signed = body.clone();
    let checked = tokio::task::spawn_blocking(move || {
        websub::authentic(&subscription, signature.as_deref(), &signed)
    });
    if !checked.await.unwrap_or(false) {
        return Read { source, came: Err(Spoilt::Forged), turn: None };
    }
    let (bytes, at) = (body.len() as u64, clock.now());
    let hash = xxhash_rust::xxh3::xxh3_64(&body);
    let document = Document { source: source.id.clone(), url: Some(topic), content_type, body, at };
    let turn = Some(work.begin(&source, false).await);
    let parsed = reading::parsed(document, plan.parsing.clone(), text).await;
    drop(room);
    let Parsed { feed, mut entries, hints, warnings, broken_off, .. } = match parsed {
        Ok(parsed) => parsed,
        Err(failure) => return Read { source, came: Err(Spoilt::Unreadable(failure)), turn },
    };
    if broken_off == Some(Break::WithinLast) {
        // The next poll finds the whole of it.
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
    };
    let outcome = Outcome::Pushed(Box::new(reading));
    let poll = Poll { source: source.id.clone(), at: clock.now(), outcome, pages: None };
    Read { source, came: Ok(Box::new(poll)), turn }
}
