//! A source with its state, and the condition that follows from it.

use std::sync::Arc;

use crate::model::{FailureKind, Source, SourceHold, SourceState, Timestamp};

/// A source with its state.
#[derive(Debug, Clone)]
pub struct SourceStatus {
    /// The source, as in the plan.
    pub source: Arc<Source>,
    /// Its state.
    pub state: SourceState,
    /// The hold on it: from its own server's answer, or from another source of its origin.
    pub hold: Option<SourceHold>,
}

/// The condition of a source, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    Failing,
    Gone,
    Held,
    Ended,
    Silent,
    Unread,
    Well,
}

impl SourceStatus {
    /// The hold on the source at `now`.
    pub(super) fn held(&self, now: Timestamp) -> Option<&SourceHold> {
        self.hold.as_ref().filter(|hold| hold.until > now)
    }

    /// When the source is asked next, which may be later than it is due.
    pub(super) fn next_poll(&self, now: Timestamp) -> Timestamp {
        let held = self.held(now).filter(|_| !self.state.rests()).map(|hold| hold.until);
        held.map_or(self.state.next_poll, |until| until.max(self.state.next_poll))
    }

    /// The condition at `now`.
    pub(super) fn condition(&self, now: Timestamp) -> Condition {
        let state = &self.state;
        let gone = |kind: FailureKind| kind == FailureKind::Gone;
        if state.rests() && state.failure.as_ref().is_some_and(|failure| gone(failure.kind)) {
            Condition::Gone
        } else if state.failures > 0 {
            Condition::Failing
        } else if self.held(now).is_some() {
            Condition::Held
        } else if state.hints().ended {
            Condition::Ended
        } else if state.silent.is_some() {
            Condition::Silent
        } else if state.last_success.is_none() {
            Condition::Unread
        } else {
            Condition::Well
        }
    }
}

impl Condition {
    /// Whether no operator needs to act.
    pub(super) fn is_up(self) -> bool {
        matches!(self, Self::Well | Self::Held | Self::Silent)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Gone => "gone",
            Self::Held => "waiting",
            Self::Ended => "ended",
            Self::Silent => "silent",
            Self::Unread => "not read yet",
            Self::Well => "healthy",
        }
    }
}
