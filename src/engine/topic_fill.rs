//! Filling a changed topic from the stored stories: its progress and its result.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::TopicId;

/// A topic with a changed query that is being filled. It is served unchanged until all stored
/// stories are matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicFillProgress {
    /// The topic.
    pub topic: TopicId,
    /// Stories matched so far.
    pub matched: u64,
    /// Stored stories at the beginning.
    pub of: u64,
}

/// The topics that are being filled: written by the loop, read for reports.
#[derive(Debug, Default)]
pub struct FillProgress(Mutex<Vec<TopicFillProgress>>);

impl FillProgress {
    /// The present progress, in the order of the configuration.
    pub fn all(&self) -> Vec<TopicFillProgress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins to fill these topics, and no others.
    pub(super) fn begin(&self, topics: impl Iterator<Item = TopicId>, of: u64) {
        let begun = topics.map(|topic| TopicFillProgress { topic, matched: 0, of }).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = begun;
    }

    /// Goes on from the reports of another.
    pub(super) fn take_over(&self, other: &Self) {
        let reports = other.all();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reports;
    }

    /// Records the number of matched stories.
    pub(super) fn reach(&self, matched: usize) {
        for filling in &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            filling.matched = (matched as u64).min(filling.of);
        }
    }

    /// Ends: no topic is being filled any more.
    pub(super) fn end(&self) {
        self.begin(std::iter::empty(), 0);
    }
}

/// The change of one topic by filling it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFillResult {
    /// The topic.
    pub topic: TopicId,
    /// Stories that were matched.
    pub matched: usize,
    /// Stories that are new to the topic.
    pub added: usize,
    /// Stories that left the topic.
    pub lost: usize,
}

impl fmt::Display for TopicFillResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { matched, added, lost, .. } = self;
        let stories = if *matched == 1 { "story" } else { "stories" };
        write!(f, "{} {stories} matched again, +{added} −{lost}", grouped(*matched))
    }
}

/// `1,204`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, told) in [(0, "0"), (999, "999"), (1_204, "1,204"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(number), told);
        }
    }
}
