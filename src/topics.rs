//! A story in; the topics it is in, and why, out. Pure.
//!
//! [`TopicSet::compile`] makes one matcher of all queries; [`Subject`] is a
//! story as queries see it; [`TopicSet::matches`] and [`TopicSet::explain`]
//! walk the same path, so they cannot disagree.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::{Fingerprint, Sources, Story, TopicId};

/// Named lists of terms that queries share: `@western_balkans_places`.
pub type Vocabulary = BTreeMap<String, Vec<String>>;

/// Where a query stands, for problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the topic's `query`.
    Query(TopicId),
    /// In an item of a vocabulary.
    Vocabulary(String, usize),
}

/// What is wrong with a query, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem {
    /// Which text.
    pub place: Place,
    /// Bytes of that text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Whether the query can be used all the same.
    pub warning: bool,
}

/// How words are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// The Snowball stemmer's language, `english`.
    pub stemmer: String,
}

/// A story as queries see it: its fields as normalised words.
#[derive(Debug, Clone)]
pub struct Subject {}

impl Subject {
    /// The union of what the story's members say, each with its field.
    pub fn of(_story: &Story, _sources: &Sources, _language: &Language) -> Self {
        todo!()
    }
}

/// All topics' queries as one matcher.
#[derive(Debug, Clone)]
pub struct TopicSet {}

impl TopicSet {
    /// Compiles all queries, or lists everything wrong with them.
    pub fn compile(
        _queries: &[(TopicId, String)],
        _vocabulary: &Vocabulary,
        _language: &Language,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        todo!()
    }

    /// The places in the compiled list of the topics that `subject` is in, ascending.
    pub fn matches(&self, _subject: &Subject) -> Vec<usize> {
        todo!()
    }

    /// Why `subject` is, or is not, in a topic.
    pub fn explain(&self, _subject: &Subject, _topic: usize) -> Explanation {
        todo!()
    }

    /// Changes with everything that decides which stories are in a topic.
    pub fn fingerprint(&self, _topic: usize, _sources: &Sources) -> Fingerprint {
        todo!()
    }
}

/// Why a story is, or is not, in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it is.
    pub matched: bool,
}
