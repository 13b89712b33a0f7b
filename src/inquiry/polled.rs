//! Reports one poll, or why there was none, to the operator.

use serde::{Deserialize, Serialize};

use crate::engine::{Ingested, Polled};
use crate::fetch::Refusal;
use crate::model::{Outcome, SourceId, SourceState};

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
    /// When the source is due next.
    pub next_poll: String,
}

impl PollReport {
    /// The row of one source; `ended` is `None` when the daemon stops before the poll.
    pub fn of(
        source: &SourceId,
        ended: Option<Result<Polled, Refusal>>,
        state: &SourceState,
    ) -> Self {
        let mut report = Self {
            source: source.to_string(),
            outcome: "refused".to_owned(),
            message: None,
            entries: 0,
            new: 0,
            joined: 0,
            revised: 0,
            bytes: 0,
            next_poll: state.next_poll.to_string(),
        };
        let Polled { poll, ingested, .. } = match ended {
            Some(Ok(polled)) => polled,
            Some(Err(refusal)) => {
                report.message = Some(refusal.to_string());
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
            Outcome::Unchanged { bytes, .. } => {
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
}
