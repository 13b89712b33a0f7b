//! Everything that is served, ready with its validators.
//!
//! A document is compressed once somebody has asked for it, and after each change from then on.
//! Compressing takes longer than all that was done before, and of thousands of feeds most are
//! seldom asked for. Until then it is served uncompressed. [`ResponseCache::compress`] compresses
//! a document a call.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use tokio::sync::{Notify, watch};
use xxhash_rust::xxh3::xxh3_64;

use super::access_control::{AccessRule, AccessRules};
use super::coding::Coding;
use super::dates::http_date;
use super::delta::{self, Edition};
use super::metrics::Tally;
use super::response_headers::{self, Facts};
use super::site::topic_path;
use super::{Document, Rendered};
use crate::model::{Timestamp, Topic, TopicId};

/// Everything being served now.
///
/// A reader clones one `Arc` under a lock that is held for nothing else. So it never waits for
/// rendering or compression, and keeps the document that it began with. Replaced documents are freed
/// after the lock is released: a background thread may be suspended at any moment, and readers would wait for it.
#[derive(Debug, Default)]
pub struct ResponseCache {
    contents: RwLock<Contents>,
    /// Paths of documents that somebody has asked for and that are still to be compressed.
    uncompressed: Mutex<BTreeSet<String>>,
    /// Wakes the task that has them compressed.
    compression: Notify,
    /// Notified of every change.
    changes: watch::Sender<()>,
}

/// The document at each path, and the access rules. Under one lock: every request needs both.
#[derive(Debug, Default)]
struct Contents {
    held: HashMap<String, Held>,
    /// Who may read what is not for everybody.
    rules: Option<Arc<AccessRules>>,
}

#[derive(Debug, Clone)]
pub(super) enum Held {
    Here(Arc<CachedResponse>),
    Gone,
    MovedTo(String),
}

/// Why a path is no longer served (Q33).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// For good: 410.
    Gone,
    /// To another path, for ever: 301.
    MovedTo(String),
}

/// A document ready to be written.
#[derive(Debug)]
pub(super) struct CachedResponse {
    pub content_type: HeaderValue,
    pub link: Option<HeaderValue>,
    /// Hash of its bytes.
    pub hash: u64,
    pub modified: Timestamp,
    /// How often this path was asked for, through all its changes.
    pub tally: Arc<Tally>,
    /// The recent editions of an Atom feed, the latest first.
    pub editions: Vec<Edition>,
    /// In the order of [`Coding::ALL`]; none where a coding makes it longer or is not made yet.
    pub codings: [Option<Box<Coded>>; 4],
    /// Whether it has every coding that makes it shorter.
    pub is_compressed: bool,
}

/// A document in one coding.
#[derive(Debug)]
pub(super) struct Coded {
    pub body: Bytes,
    /// Its strong entity tag.
    pub tag: HeaderValue,
    /// Headers of its answers, made for the first of them: of thousands of feeds, most are asked
    /// for in few codings.
    headers: OnceLock<Box<Headers>>,
}

/// Headers of a document's answers in one coding.
#[derive(Debug)]
pub(super) struct Headers {
    /// Of the full answer.
    pub full: HeaderMap,
    /// Of the answer to a client that has it already.
    pub unchanged: HeaderMap,
}

impl ResponseCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves these documents from now on, in every coding, as if somebody had asked for each.
    /// Compresses what is new: a few milliseconds each.
    pub fn place(&self, rendered: Vec<Rendered>, modified: Timestamp) {
        let paths: Vec<_> = rendered.iter().map(|document| document.path.clone()).collect();
        self.show(rendered, modified);
        self.uncompressed().extend(paths);
        while self.compress() {}
    }

    /// Serves these documents from now on, those that are new in identity alone until
    /// [`ResponseCache::compress`] has compressed them. `modified` is their Last-Modified.
    pub fn show(&self, rendered: Vec<Rendered>, modified: Timestamp) {
        let documents = self.prepare(rendered, modified);
        let asked = documents.iter().filter(|(_, document)| document.tally.is_any());
        self.uncompressed().extend(asked.map(|(path, _)| path.clone()));
        let documents: Vec<_> = documents
            .into_iter()
            .map(|(path, document)| (path, Held::Here(Arc::new(document))))
            .collect();
        let mut contents = self.write();
        let place = |(path, document)| contents.held.insert(path, document);
        let replaced: Vec<_> = documents.into_iter().map(place).collect();
        drop(contents);
        drop(replaced);
        self.announce();
    }

    fn prepare(
        &self,
        rendered: Vec<Rendered>,
        modified: Timestamp,
    ) -> Vec<(String, CachedResponse)> {
        let mut prepared = Vec::new();
        for document in rendered {
            let hash = xxh3_64(&document.body);
            if self.holds(&document, hash, modified) {
                continue;
            }
            let (tally, mut editions) = match self.find(&document.path) {
                Some(Held::Here(before)) => (before.tally.clone(), before.editions.clone()),
                _ => Default::default(),
            };
            if document.content_type.starts_with("application/atom+xml") {
                editions = delta::remembered(&editions, Edition::of(hash, &document.body));
            }
            let path = document.path.clone();
            let cached =
                CachedResponse { editions, ..CachedResponse::of(document, hash, modified, tally) };
            prepared.push((path, cached));
        }
        prepared
    }

    /// Whether every document that somebody has asked for is compressed.
    pub fn is_compressed(&self) -> bool {
        self.uncompressed().is_empty()
    }

    /// Waits until somebody has asked for a document that is not compressed.
    pub async fn compression_due(&self) {
        self.compression.notified().await;
    }

    /// Has the document at a path compressed soon: somebody has asked for it.
    pub(super) fn ask_for_codings(&self, path: &str) {
        self.uncompressed().insert(path.to_owned());
        self.compression.notify_one();
    }

    /// Compresses a document that somebody has asked for; returns whether there was one. If it is
    /// replaced meanwhile, the newer one stays: each coding belongs to the bytes it was made of.
    pub fn compress(&self) -> bool {
        let path = self.uncompressed().pop_first();
        let Some(path) = path else { return false };
        let Some(Held::Here(before)) = self.find(&path) else { return true };
        if before.is_compressed {
            return true;
        }
        let mut compressed = Arc::new(before.compressed());
        let mut contents = self.write();
        if let Some(Held::Here(now)) = contents.held.get_mut(&path)
            && Arc::ptr_eq(now, &before)
        {
            std::mem::swap(now, &mut compressed);
        }
        drop(contents);
        true
    }

    /// Notifies everybody who watches for changes.
    pub fn announce(&self) {
        self.changes.send_replace(());
    }

    /// A receiver that is notified of every change.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Everything that is served, as it is now, sorted by path.
    pub fn documents(&self) -> Vec<Document> {
        let rules = self.rules();
        let is_private = |path: &str| rules.as_ref().is_some_and(|rules| rules.of(path).is_some());
        let document = |path: String| match self.find(&path)? {
            Held::Here(held) => Some(Document {
                private: is_private(&path),
                content_type: held.content_type.to_str().unwrap_or_default().to_owned(),
                text: String::from_utf8_lossy(held.identity()).into_owned(),
                modified: Some(held.modified),
                path,
            }),
            Held::Gone | Held::MovedTo(_) => None,
        };
        self.paths().into_iter().filter_map(document).collect()
    }

    /// Restricts topics to the readers whom their rules admit: the page, the feeds and the archive.
    /// Replaces all earlier rules at once.
    pub fn restrict(&self, topics: impl IntoIterator<Item = (TopicId, AccessRule)>) {
        let by_path = |(topic, rule): (TopicId, _)| (topic_path(&topic), rule);
        let rules = AccessRules::new(topics.into_iter().map(by_path));
        let mut rules = (!rules.is_empty()).then(|| Arc::new(rules));
        std::mem::swap(&mut self.write().rules, &mut rules);
    }

    /// The access rules, unless everything is for everybody.
    pub(super) fn rules(&self) -> Option<Arc<AccessRules>> {
        self.read().rules.clone()
    }

    /// The access rule of a path, if it is not for everybody.
    pub(super) fn access_rule_of(&self, path: &str) -> Option<Arc<AccessRule>> {
        self.rules()?.of(path).cloned()
    }

    /// Stops serving a path. Requests for it are answered with the reason (Q33).
    pub fn withdraw(&self, path: &str, why: Absence) {
        let why = match why {
            Absence::Gone => Held::Gone,
            Absence::MovedTo(path) => Held::MovedTo(path),
        };
        let replaced = self.write().held.insert(path.to_owned(), why);
        drop(replaced);
    }

    /// Withdraws what was served of topics that are `gone`, in this run or an earlier one, and
    /// leads from the names that the others had before to those they have (Q33).
    pub fn keep_topics(&self, topics: &[Topic], gone: &[TopicId]) {
        for topic in gone {
            for ending in ["", ".atom", ".rss", ".json"] {
                self.withdraw(&format!("/topics/{topic}{ending}"), Absence::Gone);
            }
        }
        for topic in topics {
            for former in &topic.formerly {
                for ending in ["", ".atom", ".rss", ".json"] {
                    let to = format!("/topics/{}{ending}", topic.id);
                    self.withdraw(&format!("/topics/{former}{ending}"), Absence::MovedTo(to));
                }
            }
        }
    }

    /// The paths that are served, sorted.
    pub fn paths(&self) -> Vec<String> {
        let contents = self.read();
        let mut paths: Vec<_> = contents
            .held
            .iter()
            .filter(|(_, held)| matches!(held, Held::Here(_)))
            .map(|(path, _)| path.clone())
            .collect();
        drop(contents);
        paths.sort();
        paths
    }

    /// The newest Last-Modified of all documents; of private ones only if `shows_private`.
    pub(super) fn changed(&self, shows_private: bool) -> Option<Timestamp> {
        let contents = self.read();
        let rules = contents.rules.as_ref().filter(|_| !shows_private);
        let is_open = |path: &str| rules.is_none_or(|rules| rules.of(path).is_none());
        let modified = contents.held.iter().filter_map(|(path, held)| match held {
            Held::Here(document) => is_open(path).then_some(document.modified),
            Held::Gone | Held::MovedTo(_) => None,
        });
        modified.max()
    }

    /// How often each path was asked for, sorted by path.
    pub(super) fn tallies(&self) -> Vec<(String, Arc<Tally>)> {
        let contents = self.read();
        let mut tallies: Vec<_> = contents
            .held
            .iter()
            .filter_map(|(path, held)| match held {
                Held::Here(document) => Some((path.clone(), document.tally.clone())),
                Held::Gone | Held::MovedTo(_) => None,
            })
            .collect();
        drop(contents);
        tallies.sort_by(|(a, _), (b, _)| a.cmp(b));
        tallies
    }

    /// The bytes that a path serves in identity, for exports and tests.
    pub fn body(&self, path: &str) -> Option<Bytes> {
        match self.find(path)? {
            Held::Here(document) => Some(document.identity().clone()),
            Held::Gone | Held::MovedTo(_) => None,
        }
    }

    pub(super) fn find(&self, path: &str) -> Option<Held> {
        self.read().held.get(path).cloned()
    }

    /// The document at a path, and the access rules.
    pub(super) fn find_with_rules(&self, path: &str) -> (Option<Held>, Option<Arc<AccessRules>>) {
        let contents = self.read();
        (contents.held.get(path).cloned(), contents.rules.clone())
    }

    /// Whether exactly this is being served already.
    fn holds(&self, document: &Rendered, hash: u64, modified: Timestamp) -> bool {
        let Some(Held::Here(held)) = self.find(&document.path) else { return false };
        held.modified == modified
            && held.hash == hash
            && held.content_type == document.content_type
            && held.link.as_ref().map(HeaderValue::as_bytes)
                == document.link.as_ref().map(String::as_bytes)
    }

    // Nothing that holds these locks can panic half way, so a poisoned lock's
    // data is whole.
    fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn uncompressed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.uncompressed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedResponse {
    /// A document in identity alone.
    fn of(document: Rendered, hash: u64, modified: Timestamp, tally: Arc<Tally>) -> Self {
        let content_type = HeaderValue::from_static(document.content_type);
        // An address that is no header value is left out: it is only a hint.
        let link = document.link.and_then(|link| HeaderValue::try_from(link).ok());
        let (editions, codings, is_compressed) = (Vec::new(), Default::default(), false);
        let mut cached =
            Self { content_type, link, hash, modified, tally, editions, codings, is_compressed };
        cached.codings[0] = Some(cached.coded(Coding::Identity, document.body));
        cached
    }

    /// The same in every coding that makes it shorter.
    fn compressed(&self) -> Self {
        let body = self.identity();
        let codings = Coding::ALL.map(|coding| {
            let bytes = coding.encode(body);
            let worth_it = coding == Coding::Identity || bytes.len() < body.len();
            worth_it.then(|| self.coded(coding, bytes))
        });
        let Self { content_type, link, hash, modified, tally, editions, .. } = self;
        Self {
            content_type: content_type.clone(),
            link: link.clone(),
            hash: *hash,
            modified: *modified,
            tally: tally.clone(),
            editions: editions.clone(),
            codings,
            is_compressed: true,
        }
    }

    /// These bytes with their tag.
    fn coded(&self, coding: Coding, body: Bytes) -> Box<Coded> {
        Box::new(Coded { body, tag: tag(self.hash, coding), headers: OnceLock::new() })
    }

    /// Its strong entity tag in a coding. One that is not made yet has a tag already: a client
    /// may have got it before a restart.
    pub(super) fn tag(&self, coding: Coding) -> Option<Cow<'_, HeaderValue>> {
        match &self.codings[coding as usize] {
            Some(coded) => Some(Cow::Borrowed(&coded.tag)),
            None => (!self.is_compressed).then(|| Cow::Owned(tag(self.hash, coding))),
        }
    }

    /// The headers of its answers in a coding that it has.
    pub(super) fn headers(&self, coding: Coding) -> Option<&Headers> {
        let coded = self.codings[coding as usize].as_ref()?;
        Some(coded.headers.get_or_init(|| {
            self.with_facts(|facts| {
                Box::new(Headers {
                    full: response_headers::full(facts, coding, &coded.tag, coded.body.len()),
                    unchanged: response_headers::unchanged(facts, &coded.tag),
                })
            })
        }))
    }

    /// The headers of the answer to a client that has it in a coding.
    pub(super) fn unchanged(&self, coding: Coding) -> HeaderMap {
        match self.headers(coding) {
            Some(headers) => headers.unchanged.clone(),
            None => {
                self.with_facts(|facts| response_headers::unchanged(facts, &tag(self.hash, coding)))
            }
        }
    }

    fn with_facts<T>(&self, make: impl FnOnce(&Facts<'_>) -> T) -> T {
        let last_modified = header(http_date(self.modified));
        make(&Facts {
            content_type: &self.content_type,
            link: self.link.as_ref(),
            last_modified: Some(&last_modified),
        })
    }

    /// Whether identity is all there is of it: it is too short, or not compressed yet.
    pub(super) fn is_plain(&self) -> bool {
        self.codings[1..].iter().all(Option::is_none)
    }

    pub(super) fn identity(&self) -> &Bytes {
        static EMPTY: Bytes = Bytes::new();
        self.codings[0].as_ref().map_or(&EMPTY, |coded| &coded.body)
    }
}

/// A strong tag: what the bytes hash to and the coding they are in. The same
/// on every node and after every restart (Q21).
pub(super) fn tag(hash: u64, coding: Coding) -> HeaderValue {
    header(match coding.name() {
        Some(name) => format!("\"{hash:016x}-{name}\""),
        None => format!("\"{hash:016x}\""),
    })
}

fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("dates and tags are visible ASCII")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
