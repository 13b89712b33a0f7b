//! When something that is served last changed, and into what.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// When something that is served last changed, and into what (Q21, Q24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Hash of its bytes.
    pub hash: u64,
    /// Its Last-Modified, to the second.
    pub modified: Timestamp,
}
