//! Remembers which servers asked to be left alone, for the pages that documents name (P26-P28).
//!
//! The agenda holds the origins of sources. The pages of entries may be on any origin, which no
//! source need have: the states of the sources keep their holds through a restart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use url::Url;

use crate::fetch::schedule::{FURTHEST, HOUR};
use crate::model::{Failure, FailureKind, PageHold, Timestamp};

/// Limits that are remembered. Entries can lead to any number of sites.
const MOST: usize = 10_000;

/// Until when origins and addresses are to be left alone, by their names.
#[derive(Debug, Default)]
pub(in crate::fetch) struct RateLimits(Mutex<HashMap<String, Limit>>);

#[derive(Debug, Clone, Copy)]
struct Limit {
    until: Timestamp,
    /// When a server last asked for it.
    noted: Timestamp,
}

impl RateLimits {
    /// Notes the answer of `url`, if it asks to be left alone: a 429 speaks for the whole origin,
    /// unless that is the operator's own, and a 503 for its address (P28).
    pub(super) fn note(&self, url: &Url, is_own: bool, failure: &Failure, now: Timestamp) {
        let (name, wait) = match (failure.kind, failure.retry_after) {
            (FailureKind::TooMany, wait) if is_own => (url.as_str().to_owned(), wait),
            (FailureKind::TooMany, wait) => (url.origin().ascii_serialization(), wait),
            (FailureKind::Unavailable, Some(wait)) => (url.as_str().to_owned(), Some(wait)),
            _ => return,
        };
        let until = now.after(wait.unwrap_or(HOUR).min(FURTHEST));
        self.keep(name, Limit { until, noted: now }, now);
    }

    /// Takes over what was remembered before a restart.
    pub(in crate::fetch) fn recall(&self, hold: &PageHold, now: Timestamp) {
        let limit = Limit { until: hold.until, noted: Timestamp::EPOCH };
        self.keep(hold.of.clone(), limit, now);
    }

    fn keep(&self, name: String, limit: Limit, now: Timestamp) {
        let mut limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if limits.len() >= MOST {
            limits.retain(|_, limit| limit.until > now);
        }
        if limits.len() >= MOST {
            limits.clear();
        }
        let known = limits.entry(name).or_insert(limit);
        known.until = limit.until.max(known.until);
        known.noted = limit.noted.max(known.noted);
    }

    /// The holds that servers have asked for since a moment, in the order of their names.
    pub(in crate::fetch) fn noted_since(&self, moment: Timestamp) -> Vec<PageHold> {
        let limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = limits.iter().filter(|(_, limit)| limit.noted >= moment);
        let hold = |(of, limit): (&String, &Limit)| PageHold { of: of.clone(), until: limit.until };
        let mut holds: Vec<_> = noted.map(hold).collect();
        holds.sort_unstable();
        holds
    }

    /// Until when this address may not be asked for.
    pub(super) fn of_address(&self, url: &Url, now: Timestamp) -> Option<Timestamp> {
        let origin = self.of(&url.origin().ascii_serialization(), now);
        origin.max(self.of(url.as_str(), now))
    }

    /// Until when an origin (`https://www.gov.uk`) or an address is to be left alone. A moment
    /// further ahead than any server may ask for was set by a clock that was ahead (P40).
    pub(super) fn of(&self, name: &str, now: Timestamp) -> Option<Timestamp> {
        let limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = limits.get(name)?.until;
        (until > now && until <= now.after(FURTHEST)).then_some(until)
    }
}
