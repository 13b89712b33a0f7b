//! Prepares an entry for comparison: its names, its title, its text and the keys of all of them.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;

use super::address::canonical;
use super::entry_id::{guid_is_link, names_itself};
use super::key_hash::{
    SPAN, address_key, address_keys, guid_key, key, link_key, list_link_key, own_key,
    page_link_key, passage_key, published_key, words_key,
};
use super::list_page::is_specific;
use super::rules::Rules;
use super::shingles::{Passages, common_to};
use super::story_index::{MOST_COMMON, MOST_STORIES};
use super::title::Title;
use crate::model::{Entry, Habits, Key, KeyKind, Lookalikes, Story, Timestamp};

/// A text of fewer words does not tell two vacancies of one title and day apart, unless its document has
/// it once.
pub(super) const FEWEST_SAID: usize = 6;

/// Of an entry older than this when it is read, passage keys count time from its reading back: keys
/// of its own date would be forgotten as soon as they are stored.
const OLD: Duration = Duration::from_secs(8 * 7 * 24 * 3600);

/// Passages that much of a document has, ascending: they are no evidence.
pub(super) type Boilerplate = Arc<[u64]>;

/// An entry, and the names by which it and its story can be found.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The entry as its source states it.
    pub entry: Arc<Entry>,
    /// The canonical address that is its identity across sources (T0).
    pub address: Option<String>,
    /// The address of its page besides its link, where its neighbours have another.
    pub(super) page: Option<String>,
    /// Its title.
    pub(super) title: Title,
    /// The least time to another entry of its document that has the title, where one has.
    pub(super) title_step: Option<Duration>,
    /// The id that its source gave it, where its neighbours have another.
    pub(super) guid: Option<String>,
    /// The keys of everything that the document lists: what is not among them left it. None where
    /// the document is not all that its source lists.
    pub(super) listed: Option<Arc<HashSet<Key>>>,
    /// The reliability of its source's IDs and links.
    pub(super) habits: Habits,
    /// The canonical form of its own link, where its neighbours have another.
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
    title_keys: OnceLock<Vec<Key>>,
    published_key: OnceLock<Option<Key>>,
    /// The entry's own date, never later than it was read.
    pub(super) date: Timestamp,
    /// When it was read.
    pub(super) read_at: Timestamp,
    /// The date under which its passages are found: its own, unless that is [`OLD`].
    filed: Timestamp,
    /// Its identity within the source, beside the address.
    own: Vec<Key>,
    /// The key of what it says and when, by which it is found under another id and link.
    said: Option<Key>,
    /// Whether no other entry of its document says the same.
    pub(super) is_said_once: bool,
    /// That, its address, its page and its link.
    names: Vec<Key>,
    /// The names under which it was stored while its neighbours had, or had not, its link.
    former_names: Vec<Key>,
    /// Keys of what the operator joins it with.
    partners: Vec<Key>,
}

impl Candidate {
    /// Every key under which its story, or one like it, may be known, once its
    /// [text is read](super::recognise::read_texts).
    pub fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.lookup_names().copied().collect();
        keys.extend(self.likenesses());
        keys
    }

    /// Of these keys those that are not among its [`lookup_names`](Self::lookup_names).
    pub fn likenesses(&self) -> Vec<Key> {
        let hashes = self.passage_hashes();
        let mut keys = Vec::with_capacity(2 * hashes.len() + self.partners.len() + 6);
        keys.extend_from_slice(self.title_keys());
        keys.extend(self.published_key());
        keys.extend_from_slice(&self.partners);
        keys.extend(hashes.iter().flat_map(|passage| self.passage_keys(*passage)));
        keys
    }

    /// The keys under which this very entry is known, if its source stated it
    /// before: enough for [`wants_enrichment`](super::wants_enrichment).
    ///
    /// Its link is among them as its own and as its address: enrichment may have found,
    /// or may yet find, that another page is the original.
    pub fn names(&self) -> &[Key] {
        &self.names
    }

    /// Its names, and those that it may have been stored under.
    pub fn lookup_names(&self) -> impl Iterator<Item = &Key> + Clone {
        self.names.iter().chain(&self.former_names)
    }

    fn all_names(&self) -> Vec<Key> {
        let mut names = self.own.clone();
        names.extend(self.address_key);
        names.extend(self.content_key());
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
        names.extend(self.said);
        if self.entry.cut_off {
            // It may have no other name yet.
            names.extend(self.title_keys().first());
        }
        names
    }

    /// Reads its text, once.
    pub(super) fn read(&mut self) {
        if !std::mem::replace(&mut self.is_read, true) {
            self.passages = Passages::of(&self.entry);
        }
    }

    /// Whether its text was read.
    pub(super) fn is_read(&self) -> bool {
        self.is_read
    }

    /// Takes over what much of its document has.
    pub(super) fn set_boilerplate(&mut self, boilerplate: &Boilerplate) {
        self.boilerplate = Arc::clone(boilerplate);
        self.hashes = OnceLock::new();
    }

    pub(super) fn own_keys(&self) -> &[Key] {
        &self.own
    }

    /// The key of what it says and when.
    pub(super) fn said_key(&self) -> Option<Key> {
        self.said
    }

    pub(super) fn address_key(&self) -> Option<Key> {
        self.address_key
    }

    /// The keys of its title: of all its words first, then of parts that may be the title of others.
    pub(super) fn title_keys(&self) -> &[Key] {
        self.title_keys.get_or_init(|| {
            let parts =
                self.title.parts().into_iter().filter_map(|part| part.sets().into_iter().next());
            let transliterated = self.title.transliterated().and_then(|title| title.set());
            let sets = self.title.sets().into_iter().chain(parts).chain(transliterated);
            sets.map(|set| key(KeyKind::Title, &[&set])).collect()
        })
    }

    /// The key of the id it would be published under, if it founded a story.
    pub(super) fn published_key(&self) -> Option<Key> {
        let guid = || self.guid.as_deref().filter(|guid| is_absolute_iri(guid));
        *self.published_key.get_or_init(|| guid().map(published_key))
    }

    /// The key of the page's further address.
    pub(super) fn page_key(&self) -> Option<Key> {
        let page = self.page.as_deref().filter(|page| self.address.as_deref() != Some(page))?;
        Some(address_key(page))
    }

    /// The key of the publisher's own name of the page, which survives a move.
    pub(super) fn content_key(&self) -> Option<Key> {
        self.entry.content_id.as_deref().map(|id| key(KeyKind::Address, &["content id", id]))
    }

    /// The key of its link, where that is not its identity: for asking what is there.
    pub(super) fn link_key(&self) -> Option<Key> {
        match &self.link {
            Some(link) if self.address.as_ref() == Some(link) => None,
            Some(link) => Some(page_link_key(link)),
            None => self.entry.url.as_ref().map(|url| list_link_key(&canonical(url))),
        }
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

    /// The keys of the entry under which its story is not yet known.
    pub(super) fn new_keys(&self, story: &Story, known: &Lookalikes) -> Vec<Key> {
        let mut keys = self.own_keys().to_vec();
        keys.extend(self.address_key());
        keys.extend(self.content_key());
        keys.extend(self.page_key());
        keys.extend(self.link_key());
        keys.extend(self.said_key());
        keys.extend_from_slice(self.title_keys());
        let may_be_many = |key: &Key| matches!(key.kind, KeyKind::Title | KeyKind::Link);
        keys.retain(|key| match known.by_key.get(key) {
            Some(ids) if may_be_many(key) && ids.len() >= MOST_STORIES => false,
            Some(ids) => !ids.contains(&story.id),
            None => true,
        });
        keys
    }

    /// The keys under which a story is found by this text, if it leads with it.
    pub(super) fn leading_keys(&self) -> Vec<Key> {
        let hashes = self.passage_hashes().iter();
        hashes.map(|passage| passage_key(self.filed, *passage)).collect()
    }
}

/// Shingles that much of a document has: more of its texts than chance would have it.
pub(super) fn boilerplate_of(candidates: &[Candidate]) -> Boilerplate {
    let texts = candidates.iter().filter_map(|candidate| candidate.passages.as_ref());
    common_to(texts, MOST_COMMON).into()
}

/// The same for an entry that is known already, alone.
pub(super) fn candidate_of(entry: Arc<Entry>, rules: &Rules<'_>, now: Timestamp) -> Candidate {
    let mut candidate = candidate(entry, &SharedNames::default(), rules, now);
    candidate.read();
    candidate
}

pub(super) fn candidate(
    entry: Arc<Entry>,
    shared: &SharedNames,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Candidate {
    let usable = |url: &&Url| is_specific(url) && entry.feed.url.as_ref() != Some(*url);
    let page_link = entry.url.as_ref().filter(usable).map(canonical);
    let is_shared = page_link.as_ref().is_some_and(|link| shared.links.contains(link));
    let link = page_link.clone().filter(|_| !is_shared);
    // `never` says of a copy's claim to an original that it is wrong.
    let barred = |original: &String| {
        entry.url.as_ref().is_some_and(|url| rules.overrides.part(&canonical(url), original))
    };
    let original = entry
        .original
        .as_ref()
        .filter(usable)
        .map(canonical)
        .filter(|page| !barred(page) && !shared.links.contains(page));
    let page = entry.page.as_ref().filter(usable).map(canonical);
    let page = page.filter(|page| link.as_ref() != Some(page) && !shared.links.contains(page));
    let source = &entry.source;
    let mut own = Vec::new();
    let names_nothing = |guid: &String| {
        shared.guids.contains(guid)
            || rules.habits.guid.is_shared() && !names_itself(guid)
            // An id that is a shared link names no more than that.
            || is_shared && guid_is_link(guid, page_link.as_deref())
    };
    let guid = entry.guid.clone().filter(|guid| !names_nothing(guid));
    if let Some(guid) = &guid {
        // GOV.UK's ids are the link and a time: the link is the better name,
        // and a new key at every revision would be kept for nothing.
        if link.is_none() || !guid_is_link(guid, link.as_deref()) {
            own.push(guid_key(source, guid));
        }
    }
    // Under its own link a source is known by what it listed itself; under the address anybody is.
    if let Some(link) = link.as_ref().filter(|_| own.is_empty() || original.is_some()) {
        own.push(link_key(source, link));
    }
    if link.is_none() {
        own.push(words_key(&entry));
    }
    let has_own_id = guid
        .as_deref()
        .is_some_and(|guid| names_itself(guid) && !guid_is_link(guid, page_link.as_deref()));
    let former_name = match &link {
        _ if has_own_id => None,
        Some(_) => Some(words_key(&entry)),
        None => page_link.as_deref().map(address_key),
    };
    let address = original.or_else(|| link.clone());
    let title = Title::of_entry(&entry);
    let said = said_key(&entry, &title);
    let partners = rules.overrides.partners_of(&entry).into_iter().flat_map(address_keys);
    let date = entry.dated().unwrap_or(now).min(now);
    let mut candidate = Candidate {
        page,
        title,
        title_step: None,
        guid,
        listed: Some(Arc::default()),
        habits: rules.habits,
        said,
        is_said_once: false,
        link,
        passages: None,
        is_read: false,
        boilerplate: Arc::default(),
        hashes: OnceLock::new(),
        address_key: address.as_deref().map(address_key),
        title_keys: OnceLock::new(),
        published_key: OnceLock::new(),
        address,
        date,
        read_at: now,
        filed: date.max(now.before(OLD)),
        own,
        names: Vec::new(),
        former_names: former_name.into_iter().collect(),
        partners: partners.collect(),
        entry,
    };
    candidate.names = candidate.all_names();
    candidate
}

/// Names that stand for no entry of a document, because several of its entries have them.
#[derive(Debug, Default)]
pub(super) struct SharedNames {
    /// Links that two have, told apart by guid or title; pages to which links of two titles lead;
    /// originals that three have under three titles, which are the publisher's front door.
    pub(super) links: HashSet<String>,
    /// Ids of entries at several links, or at none under several titles.
    pub(super) guids: HashSet<String>,
}

/// The key of the title and the day of an entry, where it says anything: a site that moves keeps both, and not
/// always the time and the last word.
fn said_key(entry: &Entry, title: &Title) -> Option<Key> {
    let day = entry.dated()?.day();
    let said = format!("{day}\n{}", title.normal());
    (!entry.text.is_empty()).then(|| own_key(&entry.source, "said", &said))
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
