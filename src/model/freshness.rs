//! How long an answer holds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long an answer says it holds (P23, P24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Freshness {
    /// From `max-age` or `Expires`, less `Age`; none where nothing valid was said.
    #[serde(default)]
    pub lifetime: Option<Duration>,
    /// The wait of `Retry-After`, also from a 304 (P26).
    #[serde(default)]
    pub retry_after: Option<Duration>,
    /// A 226: the document lists only what is new to us, so that what it leaves
    /// out is neither gone nor missed (P52).
    #[serde(default)]
    pub partial: bool,
}
