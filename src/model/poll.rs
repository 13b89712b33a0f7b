//! One attempt to read a source, and its result, as one value.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Entry, Failure, Feed, Freshness, HubOffer, Recheck, Source, SourceId, Timestamp};

/// One attempt to read a source and what came of it.
///
/// State after a poll depends on the state before it and on this value alone;
/// `at` is the poll's own time and the `now` of every decision about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// The source.
    pub source: SourceId,
    /// Hash of the address that was read. If the plan has another by now, the poll is void.
    pub location: u64,
    /// When the answer was complete.
    pub at: Timestamp,
    /// Its result.
    pub outcome: Outcome,
    /// The text of its entries' pages, if any were visited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<Recheck>,
}

impl Poll {
    /// A poll of a source at its present address.
    pub fn of(source: &Source, at: Timestamp, outcome: Outcome) -> Self {
        let (id, location) = (source.id.clone(), source.location.hash());
        Self { source: id, location, at, outcome, pages: None }
    }

    /// The entries it brings: a document's, or those whose pages were looked at.
    pub fn entries(&self) -> &[Arc<Entry>] {
        match (&self.outcome, &self.pages) {
            (Outcome::Read(reading) | Outcome::Pushed(reading), _) => &reading.entries,
            (_, Some(pages)) => &pages.entries,
            (_, None) => &[],
        }
    }
}

/// An answer that brings nothing new.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Unchanged {
    /// Validators to keep from now on, if the answer named any (P8, P9).
    pub validators: Option<Validators>,
    /// How long the answer says it holds.
    pub freshness: Freshness,
    /// Bytes received; none with a 304, or where a redirect was all that was asked for.
    pub bytes: u64,
    /// The permanent address that an all-permanent redirect chain named (P45).
    pub moved: Option<Url>,
    /// Whether this was a 304.
    pub not_modified: bool,
}

/// The result of a poll.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// A document that differs from the one before.
    Read(Box<Reading>),
    /// The source says, or its bytes show, that nothing changed.
    Unchanged(Unchanged),
    /// Nothing could be read.
    Failed(Failure),
    /// A document that the source's hub pushed: no answer of the source itself (W12).
    Pushed(Box<Reading>),
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Validators of this answer, which replace the known ones as a set (P6).
    pub validators: Validators,
    /// How long the answer says it holds.
    pub freshness: Freshness,
    /// Bytes received.
    pub bytes: u64,
    /// Hash of the decoded document, to notice the same bytes again.
    pub hash: u64,
    /// The permanent address that an all-permanent redirect chain named (P45).
    pub moved: Option<Url>,
    /// The document's metadata.
    pub feed: Feed,
    /// Its entries in document order, cleaned.
    pub entries: Vec<Arc<Entry>>,
    /// The document's hints for polling.
    pub hints: Hints,
    /// Repairs and omissions, in words.
    pub warnings: Vec<String>,
    /// Whether the document breaks off: its validators are not to be believed (P11).
    #[serde(default)]
    pub broken_off: bool,
    /// The older pages that were fetched because entries seemed to be missing.
    #[serde(default)]
    pub back: Option<Backfill>,
    /// The part of the configuration that decided what it says.
    #[serde(default)]
    pub read_by: ReadBy,
}

/// The part of the configuration that decided what a document says. It travels with the document,
/// because another plan may be in force when its poll is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadBy {
    /// Hash of the source's [`TextRules`](super::TextRules).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<u64>,
    /// Hash of the limits of `[parsing]`, where they left something out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<u64>,
    /// How many entries they left out.
    pub left_out: usize,
}

/// How far a source was read back over its older pages, whose entries stand after
/// the document's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Backfill {
    /// Pages read.
    pub pages: usize,
    /// Entries that they brought.
    pub entries: usize,
    /// Whether they came to something that was known: then nothing is missing.
    pub reached: bool,
    /// Why no further page could be read, if that ended it.
    pub failure: Option<Failure>,
}

/// ETag and Last-Modified as they came: opaque bytes, sent back unread (P2, P3).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Validators {
    /// The ETag's bytes with quotes and `W/`, if it had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<Vec<u8>>,
    /// The Last-Modified header's bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Vec<u8>>,
    /// The address whose answer carried them; they go to no other (P15). As text: it is
    /// kept of every source, and seldom read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Box<str>>,
    /// The hub that the answer's Link headers name (W1). It is kept here because,
    /// like the validators, only the headers of a whole answer say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Box<HubOffer>>,
}

impl Validators {
    /// Whether there is nothing to make a request conditional with.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// A document's hints for polling, beside its entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hints {
    /// RSS `ttl`: not more often than this (P29).
    #[serde(default)]
    pub ttl: Option<Duration>,
    /// RSS `skipHours`, 0 to 23, GMT (P30).
    #[serde(default)]
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`, 0 = Monday (P30).
    #[serde(default)]
    pub skip_days: Vec<u8>,
    /// `sy:updatePeriod` over `sy:updateFrequency` (P31).
    #[serde(default)]
    pub update_period: Option<Duration>,
    /// `sy:updateBase` (P31).
    #[serde(default)]
    pub update_base: Option<Timestamp>,
    /// WebSub hubs that the document names (W1).
    #[serde(default)]
    pub hubs: Vec<Url>,
    /// The address in an RSS document's `<cloud>` at which to subscribe to news (W15).
    #[serde(default)]
    pub cloud: Option<Url>,
    /// The document's own idea of its address (W2).
    #[serde(default)]
    pub self_url: Option<Url>,
    /// The next older page or archive (RFC 5005, JSON Feed `next_url`).
    #[serde(default)]
    pub next: Option<Url>,
    /// Whether its software has older entries at `?paged=2`, as WordPress does.
    #[serde(default)]
    pub paged: bool,
    /// RFC 5005 `fh:complete`: what is not listed is gone.
    #[serde(default)]
    pub complete: bool,
    /// `at:deleted-entry` tombstones: the guid and when (Q15).
    #[serde(default)]
    pub deleted: Vec<(String, Option<Timestamp>)>,
    /// The source says it has ended: JSON Feed `expired`, GOV.UK's "This feed has ended" (P32).
    #[serde(default)]
    pub ended: bool,
}

impl Hints {
    /// The hints that matter to later polls, if there are any. The others concern this document
    /// alone.
    pub fn remembered(&self) -> Option<Box<Self>> {
        let Self { ttl, skip_hours, skip_days, update_period, update_base, .. } = self;
        let Self { hubs, cloud, self_url, ended, .. } = self;
        let is_pushed = !hubs.is_empty() || cloud.is_some();
        let remembered = Self {
            ttl: *ttl,
            skip_hours: skip_hours.clone(),
            skip_days: skip_days.clone(),
            update_period: *update_period,
            update_base: *update_base,
            hubs: hubs.clone(),
            cloud: cloud.clone(),
            self_url: self_url.clone().filter(|_| is_pushed),
            ended: *ended,
            ..Self::default()
        };
        (remembered != Self::default()).then(|| Box::new(remembered))
    }
}

/// The bytes as fetched, decompressed.
#[derive(Debug, Clone)]
pub struct Document {
    /// Whose it is.
    pub source: SourceId,
    /// Where it came from in the end: the base of its relative links.
    pub url: Option<Url>,
    /// The Content-Type header, as it came.
    pub content_type: Option<String>,
    /// The bytes.
    pub body: bytes::Bytes,
    /// When it was complete; no date in it is believed to be later (Q6).
    pub at: Timestamp,
}
