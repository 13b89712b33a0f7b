//! Requests on the agenda: one that may start, or why it may not.

use crate::model::{SourceId, Timestamp};

/// A request that may start now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A poll of this source.
    Poll(SourceId),
    /// A request to this source's hub.
    HubRequest(SourceId),
}

impl Start {
    /// The source that it is for.
    pub fn source(&self) -> &SourceId {
        match self {
            Self::Poll(source) | Self::HubRequest(source) => source,
        }
    }
}

/// Why a source is not asked at once although somebody wishes it (P14).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such source is planned.
    #[error("there is no such source")]
    Unknown,
    /// It is being asked at this moment.
    #[error("it is being asked right now")]
    UnderWay,
    /// Its server asked to be left alone.
    #[error("its server asked to be left alone until {until}{}", whom(.by))]
    Held {
        /// Until when.
        until: Timestamp,
        /// The source that was answered so, where it is another.
        by: Option<SourceId>,
    },
    /// It has moved to the address of another source, which is asked for both (P49).
    #[error("it has moved to the address of {0}, which is asked for both")]
    Merged(SourceId),
    /// Its rules could not be kept.
    #[error("the disk is full: polling stops until there is room")]
    DiskFull,
    /// Its poll could not be recorded.
    #[error("the other nodes of the cluster cannot be reached: polling stops until they can")]
    CutOff,
    /// Nobody polls.
    #[error("the cluster is paused: `gazetted cluster resume` ends the pause")]
    Paused,
    /// Another node of the cluster polls it.
    #[error("node {0} polls it; ask there")]
    OtherNode(String),
    /// It was asked a short while ago.
    #[error("it was asked a short while ago and may be asked again from {0}")]
    TooSoon(Timestamp),
}

fn whom(by: &Option<SourceId>) -> String {
    by.as_ref().map_or(String::new(), |by| format!(" when {by} was polled"))
}
