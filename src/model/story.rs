//! What one or more entries are about: what is published.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Entry, Source, SourceId, Sources, StoryId, Timestamp};

/// What one or more entries are about.
///
/// Never without a member; the first founded it. `dedup` alone changes one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Its name with us.
    pub id: StoryId,
    /// The id under which it is published for ever: the founding entry's own,
    /// byte for byte, or a minted `tag:` URI (Q2, Q3).
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
}

impl Story {
    /// The member whose title, link and text stand for the story: role and
    /// rank of the source, then first-hand address, then the longest text.
    /// The order of arrival has no say, so every machine picks the same.
    pub fn lead<'a>(&'a self, sources: &Sources) -> &'a Member {
        let mut best = &self.members[0];
        for member in &self.members[1..] {
            if precedence(member, sources) < precedence(best, sources) {
                best = member;
            }
        }
        best
    }

    /// Every member but the lead, the next best first.
    pub fn copies<'a>(&'a self, sources: &Sources) -> Vec<&'a Member> {
        let lead = self.lead(sources);
        let mut copies: Vec<_> =
            self.members.iter().filter(|member| !std::ptr::eq(*member, lead)).collect();
        copies.sort_by(|a, b| precedence(a, sources).cmp(&precedence(b, sources)));
        copies
    }

    /// The member that `source` told under this guid or address.
    pub fn member_of(&self, source: &SourceId, is_it: impl Fn(&Entry) -> bool) -> Option<usize> {
        self.members
            .iter()
            .position(|member| member.entry.source == *source && is_it(&member.entry))
    }
}

/// The lesser leads.
fn precedence<'a>(member: &'a Member, sources: &Sources) -> impl Ord + use<'a> {
    let entry = &member.entry;
    let source = sources.get(&entry.source).map(|source| &**source);
    let text = entry.text.chars().count();
    (
        // A source that has left the configuration leads only its likes.
        source.is_none(),
        source.map(|source: &Source| (source.role, source.rank)),
        entry.original.is_some(),
        std::cmp::Reverse(text),
        source.map(|source| source.position),
        entry.source.as_str(),
        entry.guid.as_deref(),
        entry.url.as_ref().map(|url| url.as_str()),
    )
}

/// An entry's place in a story, and why it has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// What the source states now.
    pub entry: Entry,
    /// Why it is in this story: shown by `explain`.
    pub evidence: Evidence,
    /// When it joined.
    pub joined: Timestamp,
    /// When what it says last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revised: Option<Timestamp>,
    /// When its source took it back by a tombstone, unless it was published again (Q15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Timestamp>,
}

/// Why an entry is in its story; kept so that the join can be explained and undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// It is the story's first entry.
    Founded,
    /// It names an address that the story bears.
    SameAddress {
        /// The canonical address both name.
        address: String,
        /// Whether the entry named it as the original of its own page.
        #[serde(default)]
        as_original: bool,
    },
    /// It has the title of an entry of another host, told within days of it.
    SameTitle {
        /// The title, normalised.
        title: String,
        /// How far apart the two were dated, in hours.
        hours_apart: u64,
    },
}

impl Evidence {
    /// The tier of the judgement.
    pub fn tier(&self) -> Tier {
        match self {
            Self::Founded => Tier::Founder,
            Self::SameAddress { .. } => Tier::Address,
            Self::SameTitle { .. } => Tier::Title,
        }
    }
}

/// Which kind of evidence joined an entry to its story; the earlier is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// None was needed.
    Founder,
    /// T0: one address.
    Address,
    /// T1: one title.
    Title,
}

impl Tier {
    /// The name used in `explain` and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Founder => "founder",
            Self::Address => "T0",
            Self::Title => "T1",
        }
    }
}

/// Something under which a story can be found again: a hash of fixed
/// definition, so that what is stored stays findable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What the hash is of.
    pub kind: KeyKind,
    /// The first half of a BLAKE3 hash: sources choose what is hashed, so
    /// collisions must be out of their reach.
    pub hash: [u8; 16],
}

/// What a [`Key`]'s hash is of. The numbers are stored.
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
}

/// The stories that share a key with something, and which keys they bear.
///
/// Loaded from the store for one gathering of polls; grows with what is
/// admitted, so that each poll is judged against all that came before it.
#[derive(Debug, Clone, Default)]
pub struct Lookalikes {
    /// Which stories bear a key, oldest first.
    pub by_key: HashMap<Key, Vec<StoryId>>,
    /// Those stories.
    pub stories: HashMap<StoryId, Story>,
}

/// What judging one entry did to a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// The story as it is now.
    pub story: Story,
    /// The story as it was before, unless it is new.
    pub before: Option<Box<Story>>,
    /// Keys under which the story can be found from now on, beside those it had.
    pub keys: Vec<Key>,
    /// What happened.
    pub verdict: Verdict,
}

/// What judging one entry came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It founded a story.
    New,
    /// It joined a story as a copy.
    Joined,
    /// It changed what its source had said before.
    Revised,
}
