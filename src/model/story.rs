//! A story: one or more entries about the same thing, published as one.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use url::Url;

use super::{
    Entry, Evidence, Factor, Related, Revision, Role, Source, SourceId, Sources, StoryId,
    Timestamp, Withdrawal, WithdrawnBy, publisher_of,
};

/// One or more entries about the same thing.
///
/// Never without a member; the first founded it. `dedup` alone changes one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// The story's own ID.
    pub id: StoryId,
    /// The permanent ID in feeds: the first entry's own, byte for byte, or a minted `tag:` URI (Q2,
    /// Q3).
    pub published_id: String,
    /// When the first entry was read.
    pub first_seen: Timestamp,
    /// The story's date: the founding entry's own, else `first_seen`; never
    /// in the future and never changed (Q6).
    pub dated: Timestamp,
    /// When the story last changed by a source's own word (`updated` of an
    /// entry moved): what feeds say by default (Q6).
    pub updated: Timestamp,
    /// When what an entry says last changed, dated by its source or not.
    pub revised: Timestamp,
    /// When anything of it last changed, a further copy included.
    pub changed: Timestamp,
    /// The entries, in the order they joined.
    pub members: Vec<Member>,
    /// Stories that it resembles, though not enough, or though something
    /// forbids: shown by `explain`, never merged. The most alike first, few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// Earlier wordings of its entries, oldest first, bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Revision>,
    /// Why and since when it no longer applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
    /// The story that took its place when the two were made one. It then
    /// only forwards: nothing joins it, no topic holds it, its page leads there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<StoryId>,
}

impl Story {
    /// A story of this moment, before its first entry joins.
    pub fn new(id: StoryId, published_id: String, at: Timestamp) -> Self {
        Self {
            id,
            published_id,
            first_seen: at,
            dated: at,
            updated: at,
            revised: at,
            changed: at,
            members: Vec::new(),
            related: Vec::new(),
            history: Vec::new(),
            withdrawn: None,
            merged_into: None,
        }
    }

    /// The member whose title, link and text stand for the story: by role and rank of the
    /// source, then whoever speaks for itself before whoever names an original, then whoever
    /// has a text, then the one that joined first. So the lead changes only by right, and never
    /// to an equal that merely writes more.
    ///
    /// A source that is at home where the first has its page goes before it: whoever cites a page
    /// does not speak for it. Whoever takes back its own page takes back nobody else's: where
    /// another source of the same role and rank still stands by another page, that leads.
    pub fn lead<'a>(&'a self, sources: &Sources) -> &'a Member {
        if let [only] = &self.members[..] {
            return only;
        }
        let first = |one: &&'a Member, other: &&'a Member| {
            precedence(one, sources).cmp(&precedence(other, sources))
        };
        let equal_to = |best: &'a Member| {
            let is_equal = move |member: &&'a Member| {
                authority(member, sources) == authority(best, sources)
                    && member.entry.source != best.entry.source
            };
            self.members.iter().filter(is_equal)
        };
        let mut best = self.members.iter().min_by(first).unwrap_or(&self.members[0]);
        let mut is_at_home = is_at_home(best, sources);
        if !is_at_home {
            let site = best.entry.url.as_ref().and_then(publisher_of);
            let is_host = |member: &&Member| {
                let page = member.entry.url.as_ref();
                member.entry.original.is_none()
                    && page.is_some()
                    && page.and_then(publisher_of) == site
                    && self::is_at_home(member, sources)
            };
            if let Some(host) = equal_to(best).filter(is_host).min_by(first) {
                (best, is_at_home) = (host, true);
            }
        }
        let Some(withdrawn) = &best.withdrawn else { return best };
        // A word of whoever only cites the page takes back nothing but the citation.
        let is_own = is_at_home || withdrawn.by != WithdrawnBy::Tombstone;
        let stands_in = |member: &&Member| {
            member.withdrawn.is_none() && (!is_own || member.entry.url != best.entry.url)
        };
        equal_to(best).filter(stands_in).min_by(first).unwrap_or(best)
    }

    /// How much the word of its lead counts; the lesser counts more.
    pub fn authority(&self, sources: &Sources) -> impl Ord + use<> {
        authority(self.lead(sources), sources)
    }

    /// Whether it stands for itself: it has not been merged into another story.
    pub fn stands(&self) -> bool {
        self.merged_into.is_none()
    }

    /// Every member, the one that leads first.
    pub fn ranked<'a>(&'a self, sources: &Sources) -> Vec<&'a Member> {
        std::iter::once(self.lead(sources)).chain(self.copies(sources)).collect()
    }

    /// Whose text it was that a member's own was found in, if that is why it joined.
    pub fn leader_of(&self, member: &Member) -> Option<&Member> {
        let Evidence::SameText { leader, .. } = &member.evidence else { return None };
        self.members.iter().find(|other| other.entry.source == *leader)
    }

    /// Every member but the lead, the next best first.
    pub fn copies<'a>(&'a self, sources: &Sources) -> Vec<&'a Member> {
        let lead = self.lead(sources);
        let mut copies: Vec<_> =
            self.members.iter().filter(|member| !std::ptr::eq(*member, lead)).collect();
        copies.sort_by(|a, b| precedence(a, sources).cmp(&precedence(b, sources)));
        copies
    }

    /// The member that `source` listed under this guid or address.
    pub fn member_of(&self, source: &SourceId, is_it: impl Fn(&Entry) -> bool) -> Option<usize> {
        self.members
            .iter()
            .position(|member| member.entry.source == *source && is_it(&member.entry))
    }
}

fn is_at_home(member: &Member, sources: &Sources) -> bool {
    is_own_page(&member.entry.source, member.entry.url.as_ref(), sources)
}

/// Whether a page is on a source's own site, as far as is known.
pub fn is_own_page(source: &SourceId, page: Option<&Url>, sources: &Sources) -> bool {
    sources.get(source).zip(page).is_none_or(|(source, page)| source.is_at_home(page))
}

/// The lesser leads.
fn precedence<'a>(member: &'a Member, sources: &Sources) -> impl Ord + use<'a> {
    let entry = &member.entry;
    let source = sources.get(&entry.source).map(|source| &**source);
    (
        authority(member, sources),
        entry.original.is_some(),
        member.text().is_empty(),
        member.joined,
        source.map(|source| source.position),
        entry.source.as_str(),
        entry.guid.as_deref(),
        entry.url.as_ref().map(|url| url.as_str()),
    )
}

/// The operator's ranking of a member's source. A source that has left the configuration leads only
/// others like it.
fn authority(member: &Member, sources: &Sources) -> (bool, Option<(Role, i32)>) {
    let source = sources.get(&member.entry.source).map(|source| &**source);
    (source.is_none(), source.map(|source: &Source| (source.role, source.rank)))
}

/// An entry's place in a story, and why it has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The entry as the source states it now.
    pub entry: Arc<Entry>,
    /// Why it is in this story: shown by `explain`.
    pub evidence: Evidence,
    /// The evidence that was weighed when it joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<Factor>,
    /// When it joined.
    pub joined: Timestamp,
    /// The date that its entry had when it joined. An entry that states only its last change has a
    /// later one after a revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<Timestamp>,
    /// When what it says last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revised: Option<Timestamp>,
    /// The bytes of its text that are its own announcement, where its page lists several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Range<usize>>,
    /// Why and since when its source no longer stands by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
}

impl Member {
    /// An entry as it joins; all of its text is its own.
    pub fn new(entry: impl Into<Arc<Entry>>, evidence: Evidence, joined: Timestamp) -> Self {
        let entry = entry.into();
        Self {
            dated: entry.dated(),
            entry,
            evidence,
            factors: Vec::new(),
            joined,
            revised: None,
            own: None,
            withdrawn: None,
        }
    }

    /// Its own announcement.
    pub fn text(&self) -> &str {
        let text = &self.entry.text;
        self.own.clone().and_then(|own| text.get(own)).unwrap_or(text)
    }

    /// Bytes of its title and its own announcement.
    pub fn text_bytes(&self) -> usize {
        self.entry.title.len() + self.text().len()
    }

    /// A text of so many words is an account of its own rather than a summary.
    pub const ACCOUNT: usize = 100;
}

/// Something under which a story can be found again: a hash of fixed
/// definition, so that what is stored stays findable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The kind of the hashed value.
    pub kind: KeyKind,
    /// The first half of a BLAKE3 hash: sources choose what is hashed, so
    /// collisions must be out of their reach. (Not so a passage's, which only
    /// says where to look: see [`KeyKind::Passage`].)
    pub hash: [u8; 16],
}

impl Key {
    /// The key of a passage of this hash in a span of time.
    pub fn passage(span: u32, passage: u64) -> Self {
        let mut hash = [0; 16];
        hash[..4].copy_from_slice(&span.to_be_bytes());
        hash[4..12].copy_from_slice(&passage.to_be_bytes());
        Self { kind: KeyKind::Passage, hash }
    }

    /// The span of time that a passage's key is of.
    pub fn span(&self) -> u32 {
        let [a, b, c, d, ..] = self.hash;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The hash of a passage, without its span of time.
    pub fn passage_hash(&self) -> u64 {
        let [_, _, _, _, a, b, c, d, e, f, g, h, ..] = self.hash;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

impl Hash for Key {
    /// One number is hashed faster than all the bytes. Half a BLAKE3 hash is out of a
    /// source's reach, too, and the halves of a passage's, laid over each other, still are all of it.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let halves = self.hash.as_chunks().0.iter().map(|half| u64::from_ne_bytes(*half));
        state.write_u64(halves.fold(self.kind as u64, |all, half| all ^ half));
    }
}

/// The kinds of hashed values in a [`Key`]. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// A source and its own id or link of an entry: identity within the source.
    Own = b'o',
    /// A canonical address: identity across sources (T0).
    Address = b'a',
    /// A normalised title (T1).
    Title = b't',
    /// A published id, which no two stories may share (Q5).
    Published = b'p',
    /// A canonical link that is not its entry's identity address: finds the
    /// story of a copy by the copy's own page, and joins nothing by itself.
    Link = b'l',
    /// A passage of a story's leading text (T2): four bytes that number a
    /// span of time, most significant first, then eight of the passage's hash and four zeroes. In the
    /// order of the keys the old come first, so forgetting them is one range.
    Passage = b'x',
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Own, Self::Address, Self::Title, Self::Published, Self::Link, Self::Passage];
}

/// Of the stories that bear one key, this many are known by it: the newest. More share nothing
/// but a title like "Weekly update", which proves nothing. A story that is crowded out loses the key
/// for good, as if it had been dropped: so what is known depends on what was committed, and on nothing else.
pub const MOST_BEARERS: usize = 64;

/// The stories that bear a key, oldest first: nearly always one.
pub type Bearers = SmallVec<[StoryId; 1]>;

/// The stories that share a key with something, and which keys they bear.
///
/// Loaded from the store for one gathering of polls; grows with what is
/// admitted, so that each poll is judged against all that came before it.
#[derive(Debug, Clone, Default)]
pub struct Lookalikes {
    /// Which stories bear a key, oldest first.
    pub by_key: HashMap<Key, Bearers, foldhash::fast::RandomState>,
    /// Those stories.
    pub stories: HashMap<StoryId, Arc<Story>>,
    /// IDs of further stories, retired ones among them: no entry founds another story under one.
    pub taken: HashSet<StoryId>,
}

/// The effect of one entry on a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// The story as it is now.
    pub story: Arc<Story>,
    /// The story as it was before, unless it is new.
    pub before: Option<Arc<Story>>,
    /// Keys under which the story can be found from now on, beside those it had.
    pub keys: Vec<Key>,
    /// Keys under which it can no longer be found: those of members that left it.
    pub dropped: Vec<Key>,
    /// The kind of effect.
    pub verdict: Verdict,
}

/// The kinds of effect of an entry on a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It founded a story.
    New,
    /// It joined a story as a copy.
    Joined,
    /// It changed what its source had said before.
    Revised,
    /// Its page changed: the full text arrived, or the page is gone. Its source said nothing new.
    Completed,
    /// Its source no longer stands by it, or does so again.
    Withdrawn,
    /// Its first text shows that it tells what another story tells: one of
    /// the two took in the entries of the other.
    Merged,
    /// The operator joined the story with another, or took one out of it.
    Overridden,
}

impl Verdict {
    /// The word used in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Joined => "joined",
            Self::Revised => "revised",
            Self::Completed => "completed",
            Self::Withdrawn => "withdrawn",
            Self::Merged => "merged",
            Self::Overridden => "overridden",
        }
    }
}
