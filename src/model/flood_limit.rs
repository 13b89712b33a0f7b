//! How much of a source was new on one day; survives `kill -9`.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// How much of a source was new on one day, and what had to wait. Only `dedup` changes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FloodState {
    /// The day that is counted, in days since 1970.
    pub day: i64,
    /// How many new entries were taken in on it.
    pub taken: usize,
    /// New entries that the last document listed and that wait.
    pub waiting: usize,
    /// Since when entries have had to wait without a break.
    pub since: Option<Timestamp>,
    /// While they wait, names of all that the last whole document listed: only a
    /// source that lists the same again is believed.
    pub listed: Vec<u64>,
}
