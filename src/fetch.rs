//! Reads sources over HTTP and from files, and decides when each is due.
//!
//! [`Fetcher`] asks ([`mod@http`], [`mod@file`]); [`record_poll()`] records what came of it and
//! when the source is due next ([`schedule`], pure, at the price that the [`PollBudget`]
//! has come to); [`Agenda`] says who is due.

mod agenda;

mod address;
mod coding;
mod error_text;
mod file;
mod freshness;
mod holds;
mod http;
mod moved;
mod robots;

mod events;
mod exact_math;
mod paging;
mod poll_budget;
mod record_poll;
mod reschedule;
mod schedule;
mod settings;
mod silence;
mod source_origin;
mod turnover;

mod whole;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use url::Url;

use crate::model::{
    Document, Failure, FailureKind, FloodState, Freshness, Location, PageHold, Source, SourceState,
    Timestamp, Unchanged, Validators,
};
use crate::websub::inbound::HubRequest;

pub use address::{is_public, names_private_host};
pub use agenda::{Agenda, Refusal, Start};
pub use file::{open_regular, regular};
pub use holds::{Holds, overridden};
pub use http::{Call, CallAnswer};
pub use moved::AddressToAsk;
pub use paging::older_page;
pub use poll_budget::PollBudget;
pub use record_poll::{hasten, record_poll};
pub use reschedule::{Rescheduled, rescheduled};
pub use schedule::rate_a_day;
pub use settings::{ProxyUrl, Settings};
pub use silence::{Silence, silence, silence_of};
pub(crate) use source_origin::origin_of;
pub use turnover::misses;

/// The result of one request.
#[derive(Debug)]
pub enum Fetched {
    /// Something to parse.
    Document {
        /// The decoded document.
        document: Document,
        /// The answer's validators.
        validators: Validators,
        /// How long it holds.
        freshness: Freshness,
        /// Bytes received.
        bytes: u64,
        /// Hash of the decoded document.
        hash: u64,
        /// Where an all-permanent redirect chain led.
        moved: Option<Url>,
        /// Whether its transfer broke off behind the end of the document.
        is_damaged: bool,
    },
    /// A 304, or the same bytes as before.
    Unchanged(Unchanged),
}

impl Fetched {
    /// The permanent address, if an answer names one.
    fn moved(&self) -> Option<&Url> {
        match self {
            Self::Document { moved, .. } | Self::Unchanged(Unchanged { moved, .. }) => {
                moved.as_ref()
            }
        }
    }

    /// Whether it is the document as it is known, or one that `is_feed`.
    fn may_be(&self, is_feed: impl Fn(&Document) -> bool) -> bool {
        match self {
            Self::Unchanged(_) => true,
            Self::Document { document, .. } => is_feed(document),
        }
    }

    /// The answer of a configured address that still redirects there. Nothing else was asked, so it
    /// is not a 304 of the document.
    fn still_at(to: &Url) -> Self {
        Self::Unchanged(Unchanged { moved: Some(to.clone()), ..Unchanged::default() })
    }

    /// The same answer with another permanent address.
    fn moved_to(mut self, to: Url) -> Self {
        match &mut self {
            Self::Document { moved, .. } | Self::Unchanged(Unchanged { moved, .. }) => {
                *moved = Some(to);
            }
        }
        self
    }
}

/// Asks sources. One for the whole daemon: it keeps connections (P69).
#[derive(Debug)]
pub struct Fetcher {
    http: http::HttpClient,
    /// Bytes of a file.
    max_document: u64,
    /// Counts requests that ended.
    ended: Arc<AtomicU64>,
}

impl Fetcher {
    /// A client with these settings. The error is an operator's: a proxy or
    /// certificate store that cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        let http = http::HttpClient::new(settings)?;
        Ok(Self { http, max_document: settings.max_document.0, ended: Arc::default() })
    }

    /// The same, which counts the requests that ended, by whatever outcome.
    pub fn counting(self, ended: Arc<AtomicU64>) -> Self {
        Self { ended, ..self }
    }

    /// Counts a request that ended, and returns its outcome.
    fn counted<T>(&self, outcome: T) -> T {
        self.ended.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    /// Asks `source` once (P36), conditionally where `state` allows (P1-P15).
    /// `now` is the moment that dates in the answer are held against.
    pub async fn fetch(
        &self,
        source: &Source,
        state: &SourceState,
        now: Timestamp,
    ) -> Result<Fetched, Failure> {
        match &source.location {
            Location::Web { url, .. } => {
                self.counted(self.http.fetch(source, url, state, now).await)
            }
            Location::File(path) => file::read(source, path, state, self.max_document, now).await,
        }
    }

    /// Where an origin (`https://www.gov.uk`) was reached last; none through a proxy.
    pub fn address_of(&self, origin: &str) -> Option<IpAddr> {
        self.http.address_of(origin)
    }

    /// Asks a hub to push, over the same guarded connections, following 307 and
    /// 308 alone, with the same form (W6). The hub's word comes later, to the callback.
    pub async fn subscribe(&self, request: &HubRequest) -> Result<(), Failure> {
        self.http.subscribe(request).await
    }

    /// Sends a message over the same guarded connections, once, and follows no redirect. `now` is the moment that dates in the answer are held against.
    pub async fn call(&self, call: &Call, now: Timestamp) -> Result<CallAnswer, Failure> {
        self.http.call(call, now).await
    }

    /// Where a stranger's host is, if connections may be made there; none where a proxy knows.
    pub async fn locate(&self, url: &Url) -> Result<Option<IpAddr>, Failure> {
        self.http.locate(url).await
    }

    /// Asks for a page that `source`'s document names, an older page of it (see [`older_page()`]) or an
    /// entry's, without conditions and as far as robots.txt permits (P71). The same limits,
    /// address checks and credentials hold as for the source itself. The caller
    /// bounds how many, and keeps them [`Settings::spacing`] apart.
    pub async fn page(
        &self,
        source: &Source,
        page: &Url,
        now: Timestamp,
    ) -> Result<Document, Failure> {
        match source.location.url() {
            Some(url) => self.counted(self.http.page(source, url, page, now).await),
            None => Err(Failure::new(FailureKind::File, "a file has no older pages")),
        }
    }

    /// Until when the origin that a poll of `source` asks is to be left alone, because it answered
    /// a request with 429.
    pub fn limited(
        &self,
        source: &Source,
        state: &SourceState,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.http.limited(&source_origin::origin_of(source, state), now)
    }

    /// Servers that have asked to be left alone since a moment.
    pub fn held_since(&self, moment: Timestamp) -> Vec<PageHold> {
        self.http.limits().noted_since(moment)
    }

    /// Leaves those servers alone that asked for it before a restart, as the state of a source has it.
    pub fn recall_holds(&self, state: &SourceState, now: Timestamp) {
        for hold in state.round.iter().flat_map(|round| &round.held) {
            self.http.limits().recall(hold, now);
        }
    }
}

/// The entries of a poll, new and known, as far as the schedule needs them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Dates of the entries that this source had not listed before; the poll's
    /// own time for an entry without one.
    pub new: Vec<Timestamp>,
    /// How many of the entries it had listed before.
    pub known: usize,
    /// How much of the source was new, where its document was judged.
    pub intake: Option<FloodState>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    /// A source at this address, with nothing configured.
    pub(super) fn web_source(id: &str, url: &str) -> Source {
        let url = Url::parse(url).unwrap();
        let location = Location::Web { url, written: None };
        Source { push: true, ..Source::at(SourceId::new(id), location) }
    }
}
