//! The result of one poll, for the log and for the command that requested it.

use crate::model::{Admitted, Poll, SourceEvent, Verdict};

/// The result of one poll, for the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Stories founded.
    pub new: usize,
    /// Copies that joined a story.
    pub joined: usize,
    /// Entries whose source changed what it says.
    pub revised: usize,
    /// Entries that are left out: their story holds as many as a story may.
    pub left_out: usize,
    /// Changes in the source's condition.
    pub events: Vec<SourceEvent>,
}

/// A poll, and what came of it.
#[derive(Debug, Clone)]
pub struct Polled {
    /// The poll.
    pub poll: Poll,
    /// The result for its entries.
    pub ingested: Ingested,
    /// Whether it has changed how long its server is to be left alone.
    pub is_held_anew: bool,
    /// Whether it counts for nothing: a reload has removed the source or changed its address.
    pub is_void: bool,
}

impl Ingested {
    /// As the judgement of its entries has it.
    pub(super) fn of(admitted: &[Admitted]) -> Self {
        let count =
            |verdict| admitted.iter().filter(|admitted| admitted.verdict == verdict).count();
        Self {
            new: count(Verdict::New),
            joined: count(Verdict::Joined),
            revised: count(Verdict::Revised),
            left_out: 0,
            events: Vec::new(),
        }
    }
}
