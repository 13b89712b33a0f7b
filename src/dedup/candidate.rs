//! The entries of one document in; each with the keys under which its like may be known, out.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;

use super::address::{canonical, names_a_page};
use super::judge::Rules;
use super::passages::{Passages, common_to};
use super::revise::is_settled;
use super::title::normal_title;
use crate::model::{Entry, Key, KeyKind, Lookalikes, SourceId, Timestamp};

/// A passage that more stories than this bear, or more entries of one
/// document, is boilerplate: it is no evidence.
pub(super) const MOST_COMMON: usize = 4;

/// Settled entries of a document that are read beside a new one.
const MOST_NEIGHBOURS: usize = 16;

/// What passage keys count time in, in seconds: four weeks, twice what two
/// copies may lie apart, so that every copy is within two of them.
const SPAN: i64 = 28 * 24 * 3600;

/// Of an entry older than this when it is read, passage keys count time from its reading back: keys
/// of the time it bears would be forgotten as soon as they are stored.
const OLD: Duration = Duration::from_secs(8 * 7 * 24 * 3600);

/// Passages that much of a document has, ascending: they are no evidence.
pub(super) type Boilerplate = Arc<[u64]>;

/// An entry, and the names by which it and its story can be found.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What the source states.
    pub entry: Arc<Entry>,
    /// The canonical address that is its identity across sources (T0).
    pub address: Option<String>,
    /// Its normalised title, where that can be evidence (T1).
    pub title: Option<String>,
    /// The canonical form of its own link, where that tells it from its neighbours.
    pub link: Option<String>,
    /// Its text as passages, where it is long enough to be evidence (T2).
    pub(super) passages: Option<Passages>,
    /// Whether its text was read for that.
    is_read: bool,
    /// Passages that much of its document has.
    pub(super) boilerplate: Boilerplate,
    /// Those of its passages that serve as keys: asked for again and again.
    hashes: OnceLock<Vec<u64>>,
    /// The keys of its address, its title and its guid, each asked for as often.
    address_key: Option<Key>,
    title_key: OnceLock<Option<Key>>,
    published_key: OnceLock<Option<Key>>,
    /// The entry's own date, never later than it was read.
    pub(super) date: Timestamp,
    /// The date under which its passages are found: its own, unless that is [`OLD`].
    filed: Timestamp,
    /// Its identity within the source, beside the address.
    own: Vec<Key>,
    /// That, its address, its page and its link.
    names: Vec<Key>,
    /// Keys of what the operator joins it with.
    partners: Vec<Key>,
}

impl Candidate {
    /// Every key under which its story, or one like it, may be known, once its
    /// [text is read](read_texts).
    pub fn keys(&self) -> Vec<Key> {
        let mut keys = self.names.clone();
        keys.extend(self.likenesses());
        keys
    }

    /// Of these keys those that are not among its [`names`](Self::names).
    pub fn likenesses(&self) -> Vec<Key> {
        let hashes = self.passage_hashes();
        let mut keys = Vec::with_capacity(2 * hashes.len() + self.partners.len() + 2);
        keys.extend(self.title_key());
        keys.extend(self.published_key());
        keys.extend_from_slice(&self.partners);
        keys.extend(hashes.iter().flat_map(|passage| self.passage_keys(*passage)));
        keys
    }

    /// The keys under which this very entry is known, if its source told it
    /// before: enough for [`wants_enrichment`](super::wants_enrichment).
    ///
    /// Its link is among them as its own and as its address: enrichment may have found,
    /// or may yet find, that another page is the original.
    pub fn names(&self) -> &[Key] {
        &self.names
    }

    fn all_names(&self) -> Vec<Key> {
        let mut names = self.own.clone();
        names.extend(self.address_key);
        names.extend(self.page_key());
        if let Some(link) = &self.link {
            let address = self.address_key.filter(|_| self.address.as_ref() == Some(link));
            let address = address.unwrap_or_else(|| address_key(link));
            for name in [address, link_key(&self.entry.source, link)] {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Reads its text, once.
    fn read(&mut self) {
        if !std::mem::replace(&mut self.is_read, true) {
            self.passages = Passages::of(&self.entry);
        }
    }

    pub(super) fn own_keys(&self) -> &[Key] {
        &self.own
    }

    pub(super) fn address_key(&self) -> Option<Key> {
        self.address_key
    }

    pub(super) fn title_key(&self) -> Option<Key> {
        let key = || self.title.as_deref().map(|title| key(KeyKind::Title, &[title]));
        *self.title_key.get_or_init(key)
    }

    /// The key of the id it would be published under, if it founded a story.
    pub(super) fn published_key(&self) -> Option<Key> {
        let guid = || self.entry.guid.as_deref().filter(|guid| is_absolute_iri(guid));
        *self.published_key.get_or_init(|| guid().map(published_key))
    }

    /// The key of the publisher's own name of the page, which survives a move.
    pub(super) fn page_key(&self) -> Option<Key> {
        self.entry.content_id.as_deref().map(|id| key(KeyKind::Address, &["content id", id]))
    }

    /// The key of its own page, where that is not its identity.
    pub(super) fn link_key(&self) -> Option<Key> {
        let link = self.link.as_deref().filter(|link| self.address.as_deref() != Some(link))?;
        Some(key(KeyKind::Link, &[link]))
    }

    /// Those of its passages that serve as keys.
    pub(super) fn passage_hashes(&self) -> &[u64] {
        let Some(passages) = &self.passages else { return &[] };
        self.hashes.get_or_init(|| passages.keys(&self.boilerplate))
    }

    /// Where to look for a passage: all stories dated within two weeks are there.
    pub(super) fn passage_keys(&self, passage: u64) -> [Key; 2] {
        let fortnight = Duration::from_secs(SPAN.unsigned_abs() / 2);
        let (early, late) = (self.filed.before(fortnight), self.filed.after(fortnight));
        [passage_key(early, passage), passage_key(late, passage)]
    }

    /// The keys under which a story is found by this text, if it leads with it.
    pub(super) fn leading_keys(&self) -> Vec<Key> {
        let hashes = self.passage_hashes().iter();
        hashes.map(|passage| passage_key(self.filed, *passage)).collect()
    }

    /// Whether `known`, told by the same source, is this very entry.
    pub(super) fn is(&self, known: &Entry) -> bool {
        if known.source != self.entry.source {
            return false;
        }
        let same_guid = self.entry.guid.is_some() && self.entry.guid == known.guid;
        let same_link = self.link.is_some() && self.link == known.url.as_ref().map(canonical);
        let same_page =
            self.entry.content_id.is_some() && self.entry.content_id == known.content_id;
        // Some sources make up new ids at every poll. A title alone does not
        // show it: auction results have one title every week.
        let new_id_alone = self.entry.published == known.published
            && self.entry.text == known.text
            && (known.published.is_some() || !known.text.is_empty());
        let same_words = self.link.is_none()
            && self.entry.title == known.title
            && self.entry.url == known.url
            && (new_id_alone || self.entry.guid.is_none() && known.guid.is_none());
        same_guid || same_link || same_page || same_words
    }
}

/// What to look for, for each entry of one document. An entry that repeats
/// another of the same document is dropped: the later `updated` wins (Q5).
pub fn candidates(entries: &[Arc<Entry>], rules: &Rules<'_>, now: Timestamp) -> Vec<Candidate> {
    let shared = shared_links(entries);
    let mut kept: Vec<Candidate> = Vec::with_capacity(entries.len());
    let mut place_of: HashMap<Key, usize> = HashMap::new();
    for entry in entries {
        let candidate = candidate(entry.clone(), &shared, rules, now);
        let names: Vec<Key> = candidate.own.iter().copied().chain(own_link(&candidate)).collect();
        let mut places = names.iter().filter_map(|name| place_of.get(name).copied());
        match places.find(|place| candidate.is(&kept[*place].entry)) {
            Some(place) if candidate.entry.updated > kept[place].entry.updated => {
                place_of.extend(names.into_iter().map(|name| (name, place)));
                kept[place] = candidate;
            }
            Some(_) => {}
            None => {
                place_of.extend(names.into_iter().map(|name| (name, kept.len())));
                kept.push(candidate);
            }
        }
    }
    // A title that a source gives to several pages says nothing of any.
    let mut bearers: HashMap<&str, usize> = HashMap::new();
    for title in kept.iter().filter_map(|candidate| candidate.title.as_deref()) {
        *bearers.entry(title).or_default() += 1;
    }
    let several: HashSet<String> = bearers
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(title, _)| title.to_owned())
        .collect();
    for candidate in &mut kept {
        candidate.title.take_if(|title| several.contains(title));
    }
    kept
}

/// Reads the texts of one document's candidates, where some are not
/// [settled](super::is_settled): theirs, and as many of their neighbours' as it takes to tell what
/// the document says below everything. `known` need only hold what is found under
/// [`Candidate::names`]. A document that says nothing new costs nothing.
pub fn read_texts(candidates: &mut [Candidate], known: &Lookalikes) {
    let unread: Vec<bool> = candidates
        .iter()
        .map(|candidate| !candidate.is_read && !is_settled(candidate, known))
        .collect();
    if !unread.contains(&true) {
        return;
    }
    let mut neighbours = MOST_NEIGHBOURS;
    for (candidate, unread) in candidates.iter_mut().zip(unread) {
        if unread || (!candidate.is_read && neighbours > 0) {
            neighbours -= usize::from(!unread);
            candidate.read();
        }
    }
    let texts = candidates.iter().filter_map(|candidate| candidate.passages.as_ref());
    let boilerplate: Boilerplate = common_to(texts, MOST_COMMON).into();
    for candidate in candidates {
        candidate.boilerplate = Arc::clone(&boilerplate);
        candidate.hashes = OnceLock::new();
    }
}

/// The same for an entry that is known already, told alone.
pub(super) fn candidate_of(entry: Arc<Entry>, rules: &Rules<'_>, now: Timestamp) -> Candidate {
    let mut candidate = candidate(entry, &HashSet::new(), rules, now);
    candidate.read();
    candidate
}

fn candidate(
    entry: Arc<Entry>,
    shared: &HashSet<String>,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Candidate {
    let usable = |url: &&Url| names_a_page(url) && entry.feed.url.as_ref() != Some(*url);
    let link =
        entry.url.as_ref().filter(usable).map(canonical).filter(|link| !shared.contains(link));
    // `never` says of a copy's claim to an original that it is wrong.
    let barred = |original: &String| {
        entry.url.as_ref().is_some_and(|url| rules.overrides.part(&canonical(url), original))
    };
    let original = entry
        .original
        .as_ref()
        .filter(usable)
        .map(canonical)
        .filter(|page| !barred(page) && !shared.contains(page));
    let source = &entry.source;
    let mut own = Vec::new();
    if let Some(guid) = &entry.guid {
        // GOV.UK's ids are the link and a time: the link is the better name,
        // and a new key at every revision would be kept for nothing.
        if link.is_none() || !guid_is_link(guid, link.as_deref()) {
            own.push(guid_key(source, guid));
        }
    }
    if let (Some(link), Some(_)) = (&link, &original) {
        own.push(link_key(source, link));
    }
    if link.is_none() {
        let url = entry.url.as_ref().map_or("", |url| url.as_str());
        own.push(own_key(source, "words", &format!("{url}\n{}", entry.title)));
    }
    let address = original.or_else(|| link.clone());
    let title = normal_title(&entry.title, &entry.feed.title);
    let partners = rules.overrides.partners_of(&entry).into_iter().flat_map(address_keys);
    let date = entry.dated().unwrap_or(now).min(now);
    let mut candidate = Candidate {
        title,
        link,
        passages: None,
        is_read: false,
        boilerplate: Arc::default(),
        hashes: OnceLock::new(),
        address_key: address.as_deref().map(address_key),
        title_key: OnceLock::new(),
        published_key: OnceLock::new(),
        address,
        date,
        filed: date.max(now.before(OLD)),
        own,
        names: Vec::new(),
        partners: partners.collect(),
        entry,
    };
    candidate.names = candidate.all_names();
    candidate
}

/// Addresses that stand for no entry, because several entries of the document bear
/// them: a link that two have, told apart by guid or title; an original that three
/// have under three titles, which is the publisher's front door.
fn shared_links(entries: &[Arc<Entry>]) -> HashSet<String> {
    let mut bearers: HashMap<String, &Entry> = HashMap::new();
    let mut titles: HashMap<String, HashSet<&str>> = HashMap::new();
    let mut shared = HashSet::new();
    for entry in entries {
        if let Some(original) = entry.original.as_ref().map(canonical) {
            let titles = titles.entry(original.clone()).or_default();
            titles.insert(&entry.title);
            if titles.len() > 2 {
                shared.insert(original);
            }
        }
        let Some(link) = entry.url.as_ref().map(canonical) else { continue };
        match bearers.get(&link) {
            Some(other) if tells_apart(entry, other, &link) => {
                shared.insert(link);
            }
            Some(_) => {}
            None => {
                bearers.insert(link, entry);
            }
        }
    }
    shared
}

/// Whether two entries with one link are two: other titles, and ids that do
/// not merely repeat the link.
fn tells_apart(one: &Entry, other: &Entry, link: &str) -> bool {
    let own_id =
        |entry: &Entry| entry.guid.as_deref().is_none_or(|guid| !guid_is_link(guid, Some(link)));
    one.title != other.title
        && own_id(one)
        && own_id(other)
        && (one.guid.is_none() || one.guid != other.guid)
}

/// Whether a guid is the link, perhaps with something behind `#`.
fn guid_is_link(guid: &str, link: Option<&str>) -> bool {
    let Ok(mut url) = Url::parse(guid) else { return false };
    if !matches!(url.scheme(), "http" | "https") {
        return false;
    }
    if Some(canonical(&url).as_str()) == link {
        return true;
    }
    url.set_fragment(None);
    Some(canonical(&url).as_str()) == link
}

/// An absolute IRI, which Atom demands of an id (RFC 4287 §4.2.6): a scheme with something
/// behind it, and nothing that an IRI may only hold encoded (RFC 3987 §2.2). Square brackets
/// are around an IPv6 address or nowhere.
fn is_absolute_iri(id: &str) -> bool {
    let is_encoded = |(at, _): (usize, &str)| {
        let digits = id.as_bytes().get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let brackets = if id.contains("://[") { 1 } else { 0 };
    Url::parse(id).is_ok()
        && !id.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
        && id.matches('[').count() == brackets
        && id.matches(']').count() == brackets
        && id.match_indices('%').all(is_encoded)
}

/// The key of a [`canonical`] address.
pub fn address_key(address: &str) -> Key {
    key(KeyKind::Address, &[address])
}

/// The keys under which the story of an entry with this page is found.
pub fn keys_of_page(page: &Url) -> [Key; 2] {
    address_keys(&canonical(page))
}

/// The key of an id that a story is published under.
pub fn published_key(id: &str) -> Key {
    key(KeyKind::Published, &[id])
}

/// The keys of whatever story has an entry with this canonical address: as
/// its identity, or as the page of a copy that names another original.
pub(super) fn address_keys(address: &str) -> [Key; 2] {
    [key(KeyKind::Address, &[address]), key(KeyKind::Link, &[address])]
}

/// A passage as a key in its span of time.
fn passage_key(date: Timestamp, passage: u64) -> Key {
    let span = u32::try_from(date.as_secs().div_euclid(SPAN)).unwrap_or(0);
    Key::passage(span, passage)
}

/// The first passage key of the span of time that holds `date`: every passage key
/// below it belongs to an older span, and may be forgotten together with the rest.
pub fn first_passage_of(date: Timestamp) -> Key {
    passage_key(date, 0)
}

/// The key of an id within its source.
pub(super) fn guid_key(source: &SourceId, guid: &str) -> Key {
    own_key(source, "guid", guid)
}

/// The key of a link within its source.
fn link_key(source: &SourceId, link: &str) -> Key {
    own_key(source, "link", link)
}

fn own_key(source: &SourceId, what: &str, value: &str) -> Key {
    key(KeyKind::Own, &[source.as_str(), what, value])
}

/// The name of a link within its source, for finding repeats in a document.
fn own_link(candidate: &Candidate) -> Option<Key> {
    candidate.link.as_deref().map(|link| link_key(&candidate.entry.source, link))
}

/// Half a BLAKE3 hash over parts that cannot run into each other.
fn key(kind: KeyKind, parts: &[&str]) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[kind as u8]);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    Key { kind, hash }
}
