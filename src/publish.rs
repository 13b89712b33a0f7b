//! Renders stories as feeds and pages, keeps them in the response cache, and serves them.
//!
//! Rendering is pure and its bytes depend on its arguments alone (Q20): the
//! `render_…` functions make [`Rendered`] documents of stories that are newest
//! first. [`ResponseCache`] holds everything being served, ready with its
//! validators. [`serve`] looks up and writes; for what cannot be ready
//! beforehand it asks the [`Backend`].

mod feed_item;

mod archive;

mod atom;

mod closed_volume;

mod coding;

mod conditional;

mod dates;

mod delta;

mod backend;

mod directory;

mod events;

mod access_control;

mod response_headers;

mod json_feed;

mod metrics;

mod text_escape;

mod feed_lookup;

mod feed_meta;

mod opml;

mod pages;

mod rss;

mod server;

mod response_cache;

mod site;

mod size_limit;

mod source_status;

mod truncate;

mod uri;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::model::{LookBack, Piece, Role, Sources, Story, Timestamp, Topic};
use feed_item::FeedItem;
use feed_meta::FeedMeta;

pub use access_control::AccessRule;
pub use archive::{NotAVolume, Volume};
pub use backend::{
    Backend, Before, CallbackBackend, Delivery, EarlierDetail, FeedBackend, Finding, FirstPage,
    FoundStory, HubBackend, Marked, NearStory, NotSearched, PAGE, Reply, Search, SearchBackend,
    SourceDetail, SourcesBackend, StatusBackend, StoryBackend, StoryDetail, Total, Unavailable,
    VolumeDetail, Week,
};
pub use closed_volume::{ClosedVolume, render_archived, render_volume, volume_record};
pub use directory::{Directory, Document, Put};
pub use metrics::{ClusterMetrics, Metrics, NodeFigures};
pub use response_cache::{Absence, ResponseCache};
pub use server::{Address, Audience, Listener, Settings, serve};
pub use site::Site;
pub use source_status::SourceStatus;

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

/// The formats of feeds.
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

    /// Its name for people.
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

    fn render(self, meta: &FeedMeta, items: &[FeedItem<'_>], site: &Site) -> Rendered {
        let body = match self {
            Self::Atom => atom::render(meta, items, site),
            Self::Rss => rss::render(meta, items, site),
            Self::Json => json_feed::render(meta, items, site),
        };
        meta.rendered(self, body, site)
    }
}

/// A topic's feeds and page. `stories` are newest first by [`Topic::date_of`].
pub fn render_topic(
    topic: &Topic,
    stories: &[Arc<Story>],
    sources: &Sources,
    site: &Site,
) -> Vec<Rendered> {
    render_topic_after(None, &FirstPage::default(), topic, stories, &|_| Vec::new(), sources, site)
}

/// The same, naming the last closed volume of the topic's archive. `stories`
/// must then hold those that are in no closed volume, beside the newest.
/// `first` is the topic's first page, `words` are those which put a story into a topic that explains itself.
pub fn render_topic_after(
    archived: Option<Volume>,
    first: &FirstPage,
    topic: &Topic,
    stories: &[Arc<Story>],
    words: &dyn Fn(&Story) -> Vec<String>,
    sources: &Sources,
    site: &Site,
) -> Vec<Rendered> {
    let site = &site.of_topic(topic);
    let mut items = explained(topic, stories, words, sources, site);
    let meta = FeedMeta::of_topic(topic, &items, archived, site);
    let mut rendered = size_limit::render(&Format::ALL, &meta, &mut items, site);
    let page = first.stories.as_deref();
    let page = page.map(|stories| explained(topic, stories, words, sources, site));
    rendered.push(pages::topic(topic, page.as_ref().unwrap_or(&items), first.total, site));
    rendered
}

/// The feeds and the page of all stories, in topics or not. `stories` are newest first by `updated`.
pub fn render_stories(
    stories: &[Arc<Story>],
    first: &FirstPage,
    sources: &Sources,
    site: &Site,
) -> Vec<Rendered> {
    let mut items = items(stories, |story| story.updated, sources, site);
    let last = stories.last();
    let last = last.map(|story| Before { date: story.updated, story: Some(story.id) });
    let earlier = last.map(|before| format!("/stories?before={before}"));
    let meta = FeedMeta { earlier, ..FeedMeta::of_everything(&items, site) };
    let mut rendered = size_limit::render(&Format::ALL, &meta, &mut items, site);
    let page = first.stories.as_deref();
    let page = page.map(|stories| self::items(stories, |story| story.updated, sources, site));
    rendered.push(pages::stories(page.as_ref().unwrap_or(&items), first.total, site));
    rendered
}

/// A page of earlier stories as a JSON Feed: `/topics/ID.json?before=…`.
fn render_earlier(before: Before, detail: &EarlierDetail, site: &Site) -> Rendered {
    let EarlierDetail { topic, stories, words, sources, next, .. } = detail;
    let site = &Site { hub: None, ..site.clone() };
    let words = |story: &Story| words.get(&story.id).cloned().unwrap_or_default();
    let (mut items, meta) = match topic {
        Some(topic) => {
            let items = explained(topic, stories, &words, sources, site);
            let meta = FeedMeta::of_topic(topic, &items, None, site);
            (items, meta)
        }
        None => {
            let items = items(stories, |story| story.updated, sources, site);
            let meta = FeedMeta::of_everything(&items, site);
            (items, meta)
        }
    };
    let at = |before: &Before| format!("{}?before={before}", meta.stem);
    let (stem, earlier) = (at(&before), next.as_ref().map(at));
    let meta = FeedMeta { stem, earlier, ..meta };
    let rendered = size_limit::render_one(Format::Json, &meta, &mut items, site);
    Rendered { link: None, ..rendered }
}

/// The same as a page: `/topics/ID?before=…`. `from` is the number of its first story, where the
/// link to it says so.
fn render_earlier_page(from: Option<usize>, detail: &EarlierDetail, site: &Site) -> Rendered {
    let place = (from, detail.next, detail.total);
    pages::earlier(detail.topic.as_ref(), &earlier_items(detail, site), place, site)
}

/// The same as a page among the files of a site. `place` has its number, counted from the oldest, or
/// none for the newest of them, and the number of the next older page.
pub fn render_older_file(
    place: (Option<usize>, Option<usize>),
    detail: &EarlierDetail,
    site: &Site,
) -> Rendered {
    pages::older_file(detail.topic.as_ref(), &earlier_items(detail, site), place, site)
}

fn earlier_items<'a>(detail: &'a EarlierDetail, site: &Site) -> Vec<FeedItem<'a>> {
    let EarlierDetail { topic, stories, words, sources, .. } = detail;
    let words = |story: &Story| words.get(&story.id).cloned().unwrap_or_default();
    match topic {
        Some(topic) => explained(topic, stories, &words, sources, site),
        None => items(stories, |story| story.updated, sources, site),
    }
}

/// The feed of one source as we read it: cleaned, and with stable ids. No hub
/// is told when it changes.
fn render_source(detail: &SourceDetail, format: Format, site: &Site) -> Rendered {
    let SourceDetail { source, stories, sources } = detail;
    let site = &Site { hub: None, ..site.clone() };
    let told = stories.iter().filter_map(|story| {
        let teller = story.members.iter().find(|member| member.entry.source == source.id)?;
        Some(FeedItem::told_by(teller, story, story.updated, sources, site))
    });
    let mut items = each_id_once(told);
    let meta = FeedMeta::of_source(source, &items, site);
    size_limit::render_one(format, &meta, &mut items, site)
}

/// Renders the documents that belong to no single topic: `/`, `/opml` and the style sheet. Private
/// topics are left out.
pub fn render_site(
    topics: &[(Topic, Vec<Arc<Story>>)],
    sources: &Sources,
    site: &Site,
) -> Vec<Rendered> {
    let topics = || topics.iter().filter(|(topic, _)| !topic.private);
    let told: Vec<_> = topics()
        .map(|(topic, stories)| {
            (topic, items(stories, |story| topic.date_of(story), sources, site))
        })
        .collect();
    let updated =
        told.iter().map(|(topic, told)| FeedMeta::of_topic(topic, told, None, site).updated);
    let changed = dates::http_date(updated.max().unwrap_or(feed_meta::NOTHING_YET));
    let mut rendered = vec![
        pages::index(&told, site),
        topics_list(topics().map(|(topic, _)| topic), &changed, site),
    ];
    rendered.extend(pages::furniture(site));
    rendered
}

/// The page of a story. `compare` tells an earlier text from a later one.
pub fn render_story(
    detail: &StoryDetail,
    compare: &dyn Fn(&str, &str) -> Vec<Piece>,
    site: &Site,
) -> Rendered {
    pages::story(detail, compare, site)
}

/// A feed of what a query finds. Its changes are announced to no hub.
fn render_search(
    (query, span): (&str, &LookBack),
    finding: &Finding,
    format: Format,
    site: &Site,
) -> Rendered {
    let site = Site { hub: None, ..site.clone() };
    let stories: Vec<_> = finding.stories.iter().map(|found| found.story.clone()).collect();
    let mut items = items(&stories, |story| story.updated, &finding.sources, &site);
    let meta = FeedMeta::of_search(query, span, &items, &site);
    size_limit::render_one(format, &meta, &mut items, &site)
}

/// Accounts of a topic's stories, with the words that put them there where it tells them.
fn explained<'a>(
    topic: &Topic,
    stories: &'a [Arc<Story>],
    words: &dyn Fn(&Story) -> Vec<String>,
    sources: &Sources,
    site: &Site,
) -> Vec<FeedItem<'a>> {
    let told = |story: &Story| if topic.explain { words(story) } else { Vec::new() };
    each_id_once(stories.iter().map(|story| {
        FeedItem::of(story, topic.date_of(story), sources, site).matched_by(told(story))
    }))
}

fn items<'a>(
    stories: &'a [Arc<Story>],
    date: impl Fn(&Story) -> Timestamp,
    sources: &Sources,
    site: &Site,
) -> Vec<FeedItem<'a>> {
    each_id_once(stories.iter().map(|story| FeedItem::of(story, date(story), sources, site)))
}

/// A feed in which two entries share an id is broken for its readers (Q5),
/// whatever happened upstream.
fn each_id_once<'a>(items: impl Iterator<Item = FeedItem<'a>>) -> Vec<FeedItem<'a>> {
    let mut ids = HashSet::new();
    items.filter(|item| ids.insert(item.id.clone())).collect()
}

/// `/sources.opml`: the sources' own feeds as one subscription list (Q42).
/// A file can be read by nobody else, so our feed of it stands in its place;
/// credentials are left out.
fn sources_list(states: &[SourceStatus], site: &Site) -> Rendered {
    let outline = |state: &SourceStatus| {
        let ours =
            || site.address(&feed_meta::at(&site::source_path(&state.source.id), Format::Atom));
        opml::Outline {
            text: state.source.title.to_string(),
            description: String::new(),
            feed: feed_item::address(&state.source.location).unwrap_or_else(ours),
            page: state.state.feed.page().as_ref().map(uri::uri),
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
    let changed = states.iter().filter_map(|state| state.state.last_news).max();
    let changed = dates::http_date(changed.unwrap_or(feed_meta::NOTHING_YET));
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
            text: feed_meta::title_of(topic),
            description: feed_meta::description_of(topic),
            feed: site.address(&feed_meta::at(&path, Format::Atom)),
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
