//! A poll and what it came to in; lines of the log out.

use tracing::{debug, info, warn};

use crate::model::{Outcome, Poll};

use super::Ingested;

/// One line for what matters: news, and the beginning and end of a failure.
pub(super) fn log(poll: &Poll, ingested: &Ingested, was_failing: bool) {
    let source = &poll.source;
    match &poll.outcome {
        Outcome::Failed(failure) if was_failing => {
            debug!(event = "poll_failed", %source, kind = failure.kind.as_str(), "{source} still fails: {failure}");
        }
        Outcome::Failed(failure) => {
            warn!(event = "source_failing", %source, kind = failure.kind.as_str(), "{source} fails: {failure}");
        }
        Outcome::Unchanged { .. } if was_failing => {
            info!(event = "source_recovered", %source, "{source} answers again");
        }
        Outcome::Unchanged { .. } => {
            debug!(event = "poll_unchanged", %source, "{source} has nothing new")
        }
        Outcome::Read(reading) | Outcome::Pushed(reading) => {
            if was_failing && matches!(poll.outcome, Outcome::Read(_)) {
                info!(event = "source_recovered", %source, "{source} answers again");
            }
            for warning in &reading.warnings {
                debug!(event = "document_repaired", %source, "{source}: {warning}");
            }
            let Ingested { new, joined, revised } = *ingested;
            if new + joined + revised > 0 {
                info!(event = "news", %source, new, joined, revised, "{source}: {new} new, {joined} joined, {revised} revised");
            }
        }
    }
}
