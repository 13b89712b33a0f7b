//! Reports one poll, or why there was none, to the operator.

use serde::{Deserialize, Serialize};

use super::Records;
use crate::engine::{Ingested, Polled};
use crate::fetch::Refusal;
use crate::model::{Outcome, SourceId, Unchanged};

/// A part of the answer to a poll by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PollLine {
    /// A poll has ended, or there is none.
    Ended(PollReport),
    /// A poll begins that overrides these bounds, in words.
    Overrides {
        /// The source.
        source: String,
        /// The bounds, in words.
        overrides: Vec<String>,
    },
}

/// The result of one poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollReport {
    /// Which source.
    pub source: String,
    /// `read`, `unchanged`, `failed` or `refused`.
    pub outcome: String,
    /// The failure, or why it was not asked.
    pub message: Option<String>,
    /// Entries in the document.
    pub entries: usize,
    /// Stories founded.
    pub new: usize,
    /// Copies that joined a story.
    pub joined: usize,
    /// Entries whose source changed what it says.
    pub revised: usize,
    /// Bytes received.
    pub bytes: u64,
    /// When the source is due next; nothing before its first poll, or of no source.
    pub next_poll: Option<String>,
    /// The bounds that were overridden, in words.
    #[serde(default)]
    pub overrides: Vec<String>,
}

impl PollReport {
    /// The row of one source; `ended` is `None` when the daemon stops before the poll.
    /// `overrides` are the bounds that the poll has overridden.
    pub fn of(
        source: &SourceId,
        ended: Option<Result<Polled, Refusal>>,
        records: &Records,
        overrides: Vec<String>,
    ) -> Self {
        let state = records.source_state(source);
        let held = match &ended {
            Some(Err(Refusal::Held { until, .. })) => Some(*until),
            _ => None,
        };
        let due = state.last_poll.map(|_| state.next_poll).max(held);
        let mut report = Self {
            source: source.to_string(),
            outcome: "refused".to_owned(),
            message: None,
            entries: 0,
            new: 0,
            joined: 0,
            revised: 0,
            bytes: 0,
            next_poll: due.map(|due| due.to_string()),
            overrides,
        };
        let Polled { poll, ingested, .. } = match ended {
            Some(Ok(polled)) => polled,
            Some(Err(refusal)) => {
                report.message = Some(match &refusal {
                    Refusal::Held { by, .. } => {
                        let answered = records.source_state(by.as_ref().unwrap_or(source));
                        let answer =
                            answered.failure.map(|failure| format!(": {}", failure.message));
                        format!("{refusal}{}", answer.unwrap_or_default())
                    }
                    _ => refusal.to_string(),
                });
                return report;
            }
            None => {
                report.message = Some("gazetted is stopping".to_owned());
                return report;
            }
        };
        let Ingested { new, joined, revised, .. } = ingested;
        (report.new, report.joined, report.revised) = (new, joined, revised);
        let (outcome, message) = match poll.outcome {
            Outcome::Read(reading) | Outcome::Pushed(reading) => {
                report.entries = reading.entries.len();
                report.bytes = reading.bytes;
                ("read", reading.warnings.first().cloned())
            }
            Outcome::Unchanged(Unchanged { bytes, .. }) => {
                report.bytes = bytes;
                ("unchanged", None)
            }
            Outcome::Failed(failure) => ("failed", Some(failure.message)),
        };
        report.outcome = outcome.to_owned();
        report.message = message;
        report
    }

    /// Whether the source was asked and gave nothing that could be read.
    pub fn failed(&self) -> bool {
        self.outcome == "failed"
    }

    /// Whether the source was not asked.
    pub fn was_refused(&self) -> bool {
        self.outcome == "refused"
    }
}
