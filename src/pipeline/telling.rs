//! A poll and what came of it in; lines of the log, out.
//!
//! One line for what matters: news, and what became of a source, once.

use tracing::{debug, info, warn};

use crate::model::{EventKind, Outcome, Poll, SourceEvent, SourceId};

use super::Ingested;

/// News of a source, to be told of once readers can read it.
#[derive(Debug)]
pub(super) struct News {
    source: SourceId,
    new: usize,
    joined: usize,
    revised: usize,
}

impl News {
    /// What a poll brought, if it brought any.
    pub(super) fn of(poll: &Poll, ingested: &Ingested) -> Option<Self> {
        let Ingested { new, joined, revised, .. } = *ingested;
        let is_read = matches!(poll.outcome, Outcome::Read(_) | Outcome::Pushed(_));
        let source = || poll.source.clone();
        (is_read && new + joined + revised > 0).then(|| Self {
            source: source(),
            new,
            joined,
            revised,
        })
    }

    pub(super) fn tell(&self) {
        let Self { source, new, joined, revised } = self;
        info!(event = "news", %source, new, joined, revised, "{source}: {new} new, {joined} joined, {revised} revised");
    }
}

/// Tells of one poll, but for its news.
pub(super) fn of_poll(poll: &Poll, ingested: &Ingested) {
    let source = &poll.source;
    match &poll.outcome {
        Outcome::Failed(failure) if ingested.events.is_empty() => {
            debug!(event = "poll_failed", %source, kind = failure.kind.as_str(), "{source} fails: {failure}");
        }
        Outcome::Failed(_) => {}
        Outcome::Unchanged { .. } => {
            debug!(event = "poll_unchanged", %source, "{source} has nothing new");
        }
        Outcome::Read(reading) | Outcome::Pushed(reading) => {
            for warning in &reading.warnings {
                debug!(event = "document_repaired", %source, "{source}: {warning}");
            }
            if let Some(back) = reading.back.as_ref().filter(|back| back.reached) {
                let (pages, entries) = (back.pages, back.entries);
                info!(event = "gap_filled", %source, pages, entries, "{source}: {entries} entries that its document no longer listed were fetched from older pages");
            }
        }
    }
    for event in &ingested.events {
        of_source(source, event, &poll.outcome);
    }
}

/// The names of these events are part of the interface: programs wait for them.
fn of_source(source: &SourceId, event: &SourceEvent, outcome: &Outcome) {
    let (note, says) = (&event.note, event.kind.says());
    match event.kind {
        EventKind::Failing => {
            let kind = match outcome {
                Outcome::Failed(failure) => failure.kind.as_str(),
                _ => "",
            };
            warn!(event = "source_failing", %source, kind, "{source} fails: {note}");
        }
        EventKind::Recovered => {
            info!(event = "source_recovered", %source, "{source} answers again");
        }
        EventKind::Moved => warn!(event = "source_moved", %source, "{source} {says}: {note}"),
        EventKind::Gone => {
            warn!(event = "source_gone", %source, "{source} {says}, and is not asked any more: {note}");
        }
        EventKind::Ended => warn!(event = "source_ended", %source, "{source} {says}: {note}"),
        EventKind::Silent => warn!(event = "source_silent", %source, "{source} {says}: {note}"),
        EventKind::Speaks => info!(event = "source_speaks", %source, "{source} {says}: {note}"),
        EventKind::Gap => warn!(event = "gap", %source, "{source}: {note}"),
        EventKind::Floods => warn!(event = "source_floods", %source, "{source}: {note}"),
        EventKind::Steady => info!(event = "source_steady", %source, "{source} {says}"),
    }
}
