//! Tests of topics, and what they share.

mod explanations;

mod language;

mod mistakes;

mod naive;

mod page;

mod properties;

mod starter;

mod work;

use std::sync::Arc;

use url::Url;

use super::stem_cache::StemCaches;
use super::subject::Reader;
use super::{Explanation, Language, QueryProblem, Subject, TermCounts, TopicSet, Vocabulary};
use crate::model::{
    Entry, Evidence, Location, Member, Role, Source, SourceId, Sources, Story, StoryId, Timestamp,
    TopicId,
};

/// A story that these entries tell.
pub(super) fn story(entries: Vec<Entry>) -> Story {
    let id = StoryId::from_bytes([0; 16]);
    let mut story = Story::new(id, "tag:example.org,2025:1".to_owned(), Timestamp::EPOCH);
    let member = |entry| Member::new(entry, Evidence::Founded, Timestamp::EPOCH);
    story.members = entries.into_iter().map(member).collect();
    story
}

/// An entry of a source of that id.
pub(super) fn entry(source: &str, title: &str, text: &str) -> Entry {
    let mut entry = Entry::of(SourceId::new(source));
    entry.title = title.to_owned();
    entry.text = text.to_owned();
    entry
}

/// Sources by id, title, tag and role.
pub(super) fn sources(all: &[(&str, &str, &str, Role)]) -> Sources {
    let source = |position: usize, (id, title, tag, role): &(&str, &str, &str, Role)| Source {
        title: (*title).into(),
        tags: vec![(*tag).to_owned()],
        role: *role,
        position,
        ..Source::at(SourceId::new(*id), Location::File("feed.atom".into()))
    };
    let sources = all.iter().enumerate().map(|(position, of)| source(position, of));
    sources.map(|source| (source.id.clone(), Arc::new(source))).collect()
}

pub(super) fn vocabulary(all: &[(&str, &[&str])]) -> Vocabulary {
    let owned = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    all.iter().map(|(name, items)| ((*name).to_owned(), owned(items))).collect()
}

/// A set of one topic; panics with the problems.
pub(super) fn compiled(query: &str, vocabulary: &Vocabulary) -> TopicSet {
    match tried(query, vocabulary) {
        Ok((set, _)) => set,
        Err(problems) => panic!("{query}: {problems:#?}"),
    }
}

pub(super) fn tried(
    query: &str,
    vocabulary: &Vocabulary,
) -> Result<(TopicSet, Vec<QueryProblem>), Vec<QueryProblem>> {
    TopicSet::of_one(&TopicId::new("topic"), query, vocabulary, &Language::default())
}

/// Whether a text is in a topic of that query; matching and explaining must agree.
pub(super) fn is_in(query: &str, text: &str) -> bool {
    explained(query, text).matched
}

/// A text as queries of this language see it.
pub(super) fn subject_of(text: &str, language: &Language) -> Subject {
    Subject::of_text(text, None, Reader { language, stems: &StemCaches::default() })
}

pub(super) fn subject_of_story(story: &Story, sources: &Sources, language: &Language) -> Subject {
    Subject::of(story, sources, Reader { language, stems: &StemCaches::default() })
}

pub(super) fn explained(query: &str, text: &str) -> Explanation {
    let set = compiled(query, &Vocabulary::new());
    let subject = subject_of(text, &Language::default());
    let explanation = set.explain(&subject, 0);
    assert_eq!(set.matches(&subject), if explanation.matched { vec![0] } else { vec![] });
    explanation
}

pub(super) fn url(text: &str) -> Option<Url> {
    Url::parse(text).ok()
}
