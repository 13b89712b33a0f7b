//! A source and what is remembered of it in; a document, "unchanged" or a failure out.
//!
//! [`Fetcher`] asks ([`http`], [`file`]); [`settle`] records what came of it and
//! when the source is due next ([`schedule`], pure); [`Agenda`] says who is due.

use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use crate::model::{Document, Failure, Freshness, Memory, Poll, Source, Timestamp, Validators};

/// How sources are asked: the compiled `[polling]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The client's name, version and address (P60); the number of topics follows it.
    pub user_agent: String,
    /// Whom to write to about this client (P61).
    pub from: Option<String>,
    /// Requests under way at once, over all origins.
    pub concurrency: usize,
    /// Between the starts of two requests to one origin (P34).
    pub spacing: Duration,
    /// No source is asked more often, unless it says so itself (P20).
    pub floor: Duration,
    /// Nor more often than this, whatever it says (P20).
    pub hard_floor: Duration,
    /// Every source is asked at least this often.
    pub ceiling: Duration,
    /// For a source without interval of its own and no learned rhythm.
    pub interval: Duration,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for a whole poll.
    pub timeout: Duration,
    /// Bytes on the wire.
    pub max_body: u64,
    /// Bytes after decompression.
    pub max_document: u64,
    /// Private networks that may be asked.
    pub allow_private: Vec<IpNet>,
    /// An HTTP or SOCKS proxy for every request.
    pub proxy: Option<Url>,
}

/// What one request brought.
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
    },
    /// A 304, or the same bytes as before.
    Unchanged {
        /// Validators to keep from now on, if the answer named any.
        validators: Option<Validators>,
        /// How long it holds.
        freshness: Freshness,
        /// Bytes received.
        bytes: u64,
        /// Where an all-permanent redirect chain led.
        moved: Option<Url>,
        /// Whether it was a 304.
        not_modified: bool,
    },
}

/// Asks sources. One for the whole daemon: it keeps connections (P69).
#[derive(Debug)]
pub struct Fetcher {}

impl Fetcher {
    /// A client with these settings. The error is an operator's: a proxy or
    /// certificate store that cannot be used.
    pub fn new(_settings: &Settings) -> Result<Self, Failure> {
        todo!()
    }

    /// Asks `source` once (P36), conditionally where `memory` allows (P1-P15).
    pub async fn fetch(
        &self,
        _source: &Source,
        _memory: &Memory,
        _now: Timestamp,
    ) -> Result<Fetched, Failure> {
        todo!()
    }
}

/// What judging a poll's entries found, as far as the schedule cares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Dates of the entries that this source had not listed before.
    pub new: Vec<Timestamp>,
    /// How many of the entries it had listed before.
    pub known: usize,
}

/// Records a poll in the source's memory, good or bad, and decides when the
/// source is due next. Pure: the poll's own time is `now`.
pub fn settle(
    _poll: &Poll,
    _news: &News,
    _memory: &mut Memory,
    _source: &Source,
    _settings: &Settings,
) {
    todo!()
}

/// Which source is due when, and which may be asked now: one request under
/// way per origin, spaced, fair between origins (P34). Pure.
#[derive(Debug, Default)]
pub struct Agenda {}
