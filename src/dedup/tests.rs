//! Tests of identity as a whole: documents are read, and their entries end in stories.

#![allow(clippy::unwrap_used)]
#![allow(clippy::cloned_ref_to_slice_refs)] // `&[told.clone()]` reads like the other documents

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use url::Url;

use super::{
    Extent, Judged, Overrides, Rules, Wanted, candidates, is_settled, judge, read_texts,
    wants_enrichment, withdraw,
};
use crate::model::{
    Entry, Habits, Location, Lookalikes, Role, Source, SourceId, Sources, Story, Tier, Timestamp,
    Verdict,
};

mod changes;

mod citations;

mod copies;

mod documents;

mod floods;

mod hostile;

mod late;

mod notices;

mod overriding;

mod properties;

mod releases;

mod reuse;

mod rules;

mod series;

mod titles;

/// A world of three departments, a finder and four syndicators, and what is known in it.
struct Desk {
    known: Lookalikes,
    sources: Sources,
    overrides: Overrides,
    extent: Extent,
    now: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let roles = [
            ("fcdo", Role::Department),
            ("home-office", Role::Department),
            ("treasury", Role::Department),
            ("finder", Role::Listing),
            ("wired", Role::Syndicator),
            ("mirror", Role::Syndicator),
            ("gazette", Role::Syndicator),
            ("courier", Role::Syndicator),
        ];
        let sources = roles.iter().enumerate().map(|(position, (id, role))| {
            let id = SourceId::new(*id);
            (id.clone(), Arc::new(source(id, *role, position)))
        });
        Self {
            known: Lookalikes::default(),
            sources: sources.collect(),
            overrides: Overrides::default(),
            extent: Extent::Whole,
            now: at("2025-04-03T09:00:00Z"),
        }
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            sources: &self.sources,
            authority: "feeds.example.org",
            overrides: &self.overrides,
            habits: Habits::default(),
        }
    }

    fn read(&mut self, entries: &[Entry]) -> Judged {
        let mut known = std::mem::take(&mut self.known);
        let rules = self.rules();
        let entries: Vec<_> = entries.iter().cloned().map(Arc::new).collect();
        let candidates = candidates(&entries, self.extent, &rules, self.now);
        let judged = judge(candidates, &mut known, &rules, self.now);
        self.known = known;
        judged
    }

    /// How many stories a tombstone changes.
    fn withdraw(&mut self, source: &str, guid: &str, when: Option<Timestamp>) -> usize {
        let mut known = std::mem::take(&mut self.known);
        let deleted = [(guid.to_owned(), when)];
        let done =
            withdraw(&SourceId::new(source), &deleted, &mut known, &self.rules(), self.now).len();
        self.known = known;
        done
    }

    fn verdicts(&mut self, entries: &[Entry]) -> Vec<Verdict> {
        self.read(entries).admitted.iter().map(|admitted| admitted.verdict).collect()
    }

    fn only_story(&self) -> &Story {
        assert_eq!(self.known.stories.len(), 1, "{:#?}", self.clusters());
        self.known.stories.values().next().unwrap()
    }

    /// Which entries stand together, as `source title` lines.
    fn clusters(&self) -> BTreeSet<BTreeSet<String>> {
        let line = |entry: &Entry| {
            let guid = entry.guid.as_deref().unwrap_or_default();
            let url = entry.url.as_ref().map_or("", |url| url.as_str());
            format!("{} {guid} {url} {}", entry.source, entry.title)
        };
        let lines =
            |story: &Arc<Story>| story.members.iter().map(|member| line(&member.entry)).collect();
        self.known.stories.values().map(lines).collect()
    }
}

fn source(id: SourceId, role: Role, position: usize) -> Source {
    // All of one government.
    let publisher = Some("United Kingdom".into());
    Source { role, position, publisher, ..Source::at(id, Location::File("feed.xml".into())) }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// An entry as `source`, guid, link and title state it; `-` leaves one out.
fn entry(source: &str, guid: &str, link: &str, title: &str) -> Entry {
    let stated = |text: &str| (text != "-").then(|| text.to_owned());
    Entry {
        guid: stated(guid),
        url: stated(link).map(|link| Url::parse(&link).unwrap()),
        title: title.to_owned(),
        updated: Some(at("2025-04-02T11:05:00Z")),
        ..Entry::of(SourceId::new(source))
    }
}

fn updated(mut entry: Entry, date: &str) -> Entry {
    entry.updated = Some(at(date));
    entry
}

fn original(mut entry: Entry, link: &str) -> Entry {
    entry.original = Some(Url::parse(link).unwrap());
    entry
}

fn tiers(story: &Story) -> BTreeMap<String, Tier> {
    let tier =
        |member: &crate::model::Member| (member.entry.source.to_string(), member.evidence.tier());
    story.members.iter().map(tier).collect()
}
