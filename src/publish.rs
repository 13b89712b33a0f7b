//! Stories in; feeds and pages on the shelf, and answers to readers, out.
//!
//! Rendering is pure and its bytes depend on its arguments alone (Q20): the
//! `render_…` functions make [`Rendered`] documents of stories that are newest
//! first. [`Shelf`] holds everything being served, ready in every coding with
//! its validators. [`serve`] looks up and writes; for what cannot be ready
//! beforehand it asks the [`Desk`].

mod account;

mod archive;

mod atom;

mod coding;

mod conditional;

mod dates;

mod delta;

mod desk;

mod directory;

mod events;

mod guard;

mod heads;

pub mod hub;

mod json_feed;

mod ledger;

mod legible;

mod masthead;

mod opml;

mod pages;

mod rss;

mod server;

mod shelf;

mod site;

mod uri;

mod weave;

mod xml;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::model::{Piece, Role, Sources, Story, Timestamp, Topic, TopicId};
use account::Account;
use masthead::Masthead;

pub use archive::{NotAVolume, Volume};
pub use desk::{
    Before, Delivery, Desk, EarlierDetail, Finding, FoundStory, Marked, NotSearched, Reply, Search,
    SourceDetail, SourceState, StoryDetail, Unavailable, VolumeDetail, Week,
};
pub use directory::{Directory, Document, Put};
pub use guard::Guard;
pub use ledger::Ledger;
pub use server::{Address, Audience, Listener, Settings, serve};
pub use shelf::{Absence, Shelf, Which};
pub use site::Site;
pub use weave::{WOVEN, unweave, weave};

/// Something that can be served: a feed, a page, a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its path: `/topics/sanctions.atom`.
    pub path: String,
    /// Its media type (Q29).
    pub content_type: &'static str,
    /// Its bytes, which depend on the state alone (Q20).
    pub body: Bytes,
    /// Its Link header (Q31).
    pub link: Option<String>,
}

const OPML: &str = "text/x-opml; charset=utf-8";

/// What a feed is published as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Atom,
    Rss,
    Json,
}

impl Format {
    const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    fn ending(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// The format that an ending names.
    fn of_ending(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.ending() == ending)
    }

    /// What people call it.
    fn name(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Rss => "RSS",
            Self::Json => "JSON Feed",
        }
    }

    /// The type in links.
    fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// The type in answers (Q29).
    fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }

    fn render(self, masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Rendered {
        let body = match self {
            Self::Atom => atom::render(masthead, accounts, site),
            Self::Rss => rss::render(masthead, accounts, site),
            Self::Json => json_feed::render(masthead, accounts, site),
        };
        masthead.rendered(self, body, site)
    }
}

/// A topic's feeds and page. `stories` are newest first by [`Topic::date_of`].
pub fn render_topic(
    topic: &Topic,
    stories: &[Arc<Story>],
    sources: &Sources,
    site: &Site,
) -> Vec<Rendered> {
    render_topic_after(None, topic, stories, &|_| Vec::new(), sources, site)
}

/// The same, naming the last closed volume of the topic's archive. `stories`
/// must then hold those that are in no closed volume, beside the newest.
/// `words` are those which put a story into a topic that explains itself.
pub fn render_topic_after(
    archived: Option<Volume>,
    topic: &Topic,
    stories: &[Arc<Story>],
    words: &dyn Fn(&Story) -> Vec<String>,
    sources: &Sources,
    site: &Site,
) -> Vec<Rendered> {
    let site = &site.of_topic(topic);
    let accounts = explained(topic, stories, words, sources, site);
    let masthead = Masthead::of_topic(topic, &accounts, archived, site);
    let mut rendered = feeds(&masthead, &accounts, site);
    rendered.push(pages::topic(topic, &accounts, site));
    rendered
}

/// The feeds of all stories, in topics or not. `stories` are newest first by `updated`.
pub fn render_stories(stories: &[Arc<Story>], sources: &Sources, site: &Site) -> Vec<Rendered> {
    let accounts = accounts(stories, |story| story.updated, sources, site);
    let last = stories.last();
    let last = last.map(|story| Before { date: story.updated, story: Some(story.id) });
    let earlier = last.map(|before| format!("/stories?before={before}"));
    let masthead = Masthead { earlier, ..Masthead::of_everything(&accounts, site) };
    feeds(&masthead, &accounts, site)
}

/// A page of earlier stories as a JSON Feed: `/topics/ID.json?before=…`.
fn render_earlier(before: Before, detail: &EarlierDetail, site: &Site) -> Rendered {
    let EarlierDetail { topic, stories, words, sources, next } = detail;
    let site = &Site { hub: None, ..site.clone() };
    let words = |story: &Story| words.get(&story.id).cloned().unwrap_or_default();
    let (accounts, masthead) = match topic {
        Some(topic) => {
            let accounts = explained(topic, stories, &words, sources, site);
            let masthead = Masthead::of_topic(topic, &accounts, None, site);
            (accounts, masthead)
        }
        None => {
            let accounts = accounts(stories, |story| story.updated, sources, site);
            let masthead = Masthead::of_everything(&accounts, site);
            (accounts, masthead)
        }
    };
    let at = |before: &Before| format!("{}?before={before}", masthead.stem);
    let (stem, earlier) = (at(&before), next.as_ref().map(at));
    let rendered = Format::Json.render(&Masthead { stem, earlier, ..masthead }, &accounts, site);
    Rendered { link: None, ..rendered }
}

/// The feed of one source as we read it: cleaned, and with stable ids. No hub
/// is told when it changes.
fn render_source(detail: &SourceDetail, format: Format, site: &Site) -> Rendered {
    let SourceDetail { source, stories, sources } = detail;
    let site = &Site { hub: None, ..site.clone() };
    let told = stories.iter().filter_map(|story| {
        let teller = story.members.iter().find(|member| member.entry.source == source.id)?;
        Some(Account::told_by(teller, story, story.updated, sources, site))
    });
    let accounts = each_id_once(told);
    let masthead = Masthead::of_source(source, &accounts, site);
    format.render(&masthead, &accounts, site)
}

/// What belongs to no single topic: `/`, `/opml` and what the pages look like.
/// Private topics are in none of it.
pub fn render_site(
    topics: &[(Topic, Vec<Arc<Story>>)],
    sources: &Sources,
    site: &Site,
) -> Vec<Rendered> {
    let topics = || topics.iter().filter(|(topic, _)| !topic.private);
    let told: Vec<_> = topics()
        .map(|(topic, stories)| {
            (topic, accounts(stories, |story| topic.date_of(story), sources, site))
        })
        .collect();
    let updated =
        told.iter().map(|(topic, told)| Masthead::of_topic(topic, told, None, site).updated);
    let changed = dates::http_date(updated.max().unwrap_or(masthead::NOTHING_YET));
    let mut rendered = vec![
        pages::index(&told, site),
        topics_list(topics().map(|(topic, _)| topic), &changed, site),
    ];
    rendered.extend(pages::furniture());
    rendered
}

/// An archived feed in every format, as it is kept; `text` reads what is kept of
/// the feed with an ending.
pub fn render_archived<E>(
    topic: &TopicId,
    volume: Volume,
    next: Option<Volume>,
    site: &Site,
    mut text: impl FnMut(&'static str) -> Result<Option<String>, E>,
) -> Result<Vec<Rendered>, E> {
    let mut rendered = Vec::new();
    for format in Format::ALL {
        if let Some(text) = text(format.ending())? {
            rendered.push(archived(topic, volume, next, format, text, site));
        }
    }
    Ok(rendered)
}

/// An archived feed in one format, with what its bytes cannot say.
fn archived(
    topic: &TopicId,
    volume: Volume,
    next: Option<Volume>,
    format: Format,
    text: String,
    site: &Site,
) -> Rendered {
    Rendered {
        path: masthead::at(&masthead::volume_path(topic, volume), format),
        content_type: format.content_type(),
        body: text.into(),
        link: Some(Masthead::link_of_volume(topic, volume, next, format, site)),
    }
}

/// The page of a story. `compare` tells an earlier text from a later one.
pub fn render_story(
    detail: &StoryDetail,
    compare: &dyn Fn(&str, &str) -> Vec<Piece>,
    site: &Site,
) -> Rendered {
    pages::story(detail, compare, site)
}

/// An archived feed of a topic as it closes, after the one before it.
/// `stories` are newest first by [`Topic::date_of`]; `words` are those which put a
/// story into a topic that explains itself, as it says them then.
pub fn render_volume(
    topic: &Topic,
    (volume, previous): (Volume, Option<Volume>),
    stories: &[Arc<Story>],
    words: &dyn Fn(&Story) -> Vec<String>,
    sources: &Sources,
    site: &Site,
) -> Vec<Rendered> {
    let accounts = explained(topic, stories, words, sources, site);
    let masthead = Masthead::of_volume(topic, volume, previous, &accounts, site);
    feeds(&masthead, &accounts, site)
}

/// The path below which the archive of a topic is: a volume's name and an ending follow.
pub fn archive_path(topic: &TopicId) -> String {
    format!("{}/archive/", site::topic_path(topic))
}

/// A feed of what a query finds. No hub is told when it changes.
fn render_search(
    (query, days): (&str, u32),
    finding: &Finding,
    format: Format,
    site: &Site,
) -> Rendered {
    let site = Site { hub: None, ..site.clone() };
    let stories: Vec<_> = finding.stories.iter().map(|found| found.story.clone()).collect();
    let accounts = accounts(&stories, |story| story.updated, &finding.sources, &site);
    let masthead = Masthead::of_search(query, days, &accounts, &site);
    format.render(&masthead, &accounts, &site)
}

fn feeds(masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Vec<Rendered> {
    Format::ALL.into_iter().map(|format| format.render(masthead, accounts, site)).collect()
}

/// Accounts of a topic's stories, with the words that put them there where it tells them.
fn explained<'a>(
    topic: &Topic,
    stories: &'a [Arc<Story>],
    words: &dyn Fn(&Story) -> Vec<String>,
    sources: &Sources,
    site: &Site,
) -> Vec<Account<'a>> {
    let told = |story: &Story| if topic.explain { words(story) } else { Vec::new() };
    each_id_once(stories.iter().map(|story| {
        Account::of(story, topic.date_of(story), sources, site).matched_by(told(story))
    }))
}

fn accounts<'a>(
    stories: &'a [Arc<Story>],
    date: impl Fn(&Story) -> Timestamp,
    sources: &Sources,
    site: &Site,
) -> Vec<Account<'a>> {
    each_id_once(stories.iter().map(|story| Account::of(story, date(story), sources, site)))
}

/// A feed in which two entries share an id is broken for its readers (Q5),
/// whatever happened upstream.
fn each_id_once<'a>(accounts: impl Iterator<Item = Account<'a>>) -> Vec<Account<'a>> {
    let mut ids = HashSet::new();
    accounts.filter(|account| ids.insert(account.id.clone())).collect()
}

/// `/sources.opml`: the sources' own feeds as one subscription list (Q42).
/// A file can be read by nobody else, so our feed of it stands in its place;
/// credentials are left out.
fn sources_list(states: &[SourceState], site: &Site) -> Rendered {
    let outline = |state: &SourceState| {
        let ours =
            || site.address(&masthead::at(&site::source_path(&state.source.id), Format::Atom));
        opml::Outline {
            text: state.source.title.to_string(),
            description: String::new(),
            feed: account::address(&state.source.location).unwrap_or_else(ours),
            page: state.memory.feed.page().as_ref().map(uri::uri),
        }
    };
    let headings = [
        (Role::Department, "Departments"),
        (Role::Listing, "Listings"),
        (Role::Syndicator, "Syndicators"),
    ];
    let groups = headings.map(|(role, heading)| {
        let mut of_role: Vec<_> = states.iter().filter(|state| state.source.role == role).collect();
        of_role.sort_by_key(|state| state.source.position);
        let outlines = of_role.into_iter().map(outline).collect();
        opml::Group { text: heading.to_owned(), outlines }
    });
    let changed = states.iter().filter_map(|state| state.memory.last_news).max();
    let changed = dates::http_date(changed.unwrap_or(masthead::NOTHING_YET));
    let title = format!("Sources of {}", site.name());
    Rendered {
        path: "/sources.opml".to_owned(),
        content_type: OPML,
        body: opml::render(&title, &changed, &groups).into(),
        link: None,
    }
}

/// `/opml`: the topics as one subscription list (Q42).
fn topics_list<'a>(
    topics: impl Iterator<Item = &'a Topic>,
    changed: &str,
    site: &Site,
) -> Rendered {
    let outline = |topic: &Topic| {
        let path = site::topic_path(&topic.id);
        opml::Outline {
            text: masthead::title_of(topic),
            description: masthead::description_of(topic),
            feed: site.address(&masthead::at(&path, Format::Atom)),
            page: Some(site.address(&path)),
        }
    };
    let group = opml::Group { text: "Topics".to_owned(), outlines: topics.map(outline).collect() };
    Rendered {
        path: "/opml".to_owned(),
        content_type: OPML,
        body: opml::render(&site.name(), changed, &[group]).into(),
        link: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
