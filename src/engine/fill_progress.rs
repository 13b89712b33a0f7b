//! How far changed topics are filled, for those who report on it.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::TopicId;

/// A topic whose query is new, and whose stories are being looked for among those stored: until
/// all are matched, it is served as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicFillProgress {
    /// Which.
    pub topic: TopicId,
    /// Stories matched so far.
    pub matched: u64,
    /// Stories there were when it began.
    pub of: u64,
}

/// The topics that are being filled: written by the loop, read by whoever reports on it.
#[derive(Debug, Default)]
pub struct FillProgress(Mutex<Vec<TopicFillProgress>>);

impl FillProgress {
    /// As they stand now, in the order of the configuration.
    pub fn all(&self) -> Vec<TopicFillProgress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// These are being filled, and no others.
    pub(super) fn begin(&self, topics: impl Iterator<Item = TopicId>, of: u64) {
        let begun = topics.map(|topic| TopicFillProgress { topic, matched: 0, of }).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = begun;
    }

    /// So many stories are matched.
    pub(super) fn reach(&self, matched: usize) {
        for filling in &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            filling.matched = (matched as u64).min(filling.of);
        }
    }

    /// None is being filled any more.
    pub(super) fn end(&self) {
        self.begin(std::iter::empty(), 0);
    }
}
