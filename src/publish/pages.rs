//! Renders the pages that people read.

mod chart;

mod search;

mod sources;

mod story;

mod subscribers;

use std::borrow::Cow;

use askama::Template;

use super::backend::{Finding, SourceStatus, StoryDetail};
use super::dates::day;
use super::feed_item::FeedItem;
use super::feed_meta::{FeedMeta, description_of, title_of};
use super::site::{Site, story_path, topic_path};
use super::text_escape::legible;
use super::{Format, Rendered};
use crate::model::{Piece, Subscriber, Timestamp, Topic, TopicSilence};
use chart::Chart;

const HTML: &str = "text/html; charset=utf-8";

/// Where the icon is.
pub(super) const ICON_PATH: &str = "/icon.svg";

/// What pages need beside themselves; both change only with the program.
pub(super) fn furniture() -> Vec<Rendered> {
    let file = |path: &str, content_type, text: &'static str| Rendered {
        path: path.to_owned(),
        content_type,
        body: text.into(),
        link: None,
    };
    vec![
        file("/style.css", "text/css; charset=utf-8", include_str!("../../templates/style.css")),
        file(ICON_PATH, "image/svg+xml", include_str!("../../templates/icon.svg")),
    ]
}

#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    site: &'a Site,
    feeds: Vec<FeedLink>,
    topics: Vec<Listing<'a>>,
}

#[derive(Template)]
#[template(path = "topic.html")]
struct TopicPage<'a> {
    site: &'a Site,
    topic: Listing<'a>,
    query: Cow<'a, str>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    site: &'a Site,
    heading: &'a str,
    text: &'a str,
}

/// A topic as pages list it.
struct Listing<'a> {
    id: &'a str,
    href: String,
    title: String,
    description: String,
    feeds: Vec<FeedLink>,
    stories: Vec<StoryLine<'a>>,
    chart: Option<Chart>,
}

/// A way to subscribe (Q36).
struct FeedLink {
    href: String,
    media_type: &'static str,
    format: &'static str,
    title: String,
}

/// A story as pages list it.
struct StoryLine<'a> {
    title: &'a str,
    language: Option<&'a str>,
    url: &'a str,
    page: String,
    published: String,
    date: String,
    by: &'a str,
    also: Option<String>,
    matched: Option<String>,
    excerpt: &'a str,
}

/// `/`: the topics, each with its latest stories.
pub(super) fn index(topics: &[(&Topic, Vec<FeedItem<'_>>)], site: &Site) -> Rendered {
    const LATEST: usize = 5;
    let everything = FeedMeta::of_everything(&[], site);
    let mut feeds = feed_links(&everything.stem, &everything.title, site);
    let newest = topics.iter().flat_map(|(_, items)| items).map(|a| a.published).max();
    let topics: Vec<_> = topics
        .iter()
        .map(|(topic, items)| Listing {
            chart: newest.and_then(|newest| Chart::of(topic, items, newest)),
            ..listing(topic, items.iter().take(LATEST), site)
        })
        .collect();
    for topic in &topics {
        feeds.extend(feed_links(&topic_path_of(topic), &topic.title, site));
    }
    page("/", &Index { site, feeds, topics })
}

/// `/topics/ID`: what its feed tells, to read.
pub(super) fn topic(topic: &Topic, items: &[FeedItem<'_>], site: &Site) -> Rendered {
    let listing = listing(topic, items.iter(), site);
    page(&topic_path(&topic.id), &TopicPage { site, topic: listing, query: legible(&topic.query) })
}

/// `/stories/ID`: the copies side by side, and why they are one story.
/// `compare` tells an earlier text from a later one.
pub(super) fn story(
    detail: &StoryDetail,
    compare: &dyn Fn(&str, &str) -> Vec<Piece>,
    site: &Site,
) -> Rendered {
    page(&story_path(&detail.story.id), &story::page(detail, compare, site))
}

/// `/sources`: which is well, which is not, and what to do about it.
pub(super) fn sources(
    states: &[SourceStatus],
    silences: &[TopicSilence],
    told: &[Subscriber],
    now: Timestamp,
    site: &Site,
) -> Rendered {
    page("/sources", &sources::page(states, silences, told, now, site))
}

/// `/search` before anything is asked, or with what is wrong with what was asked.
pub(super) fn search_form(query: &str, days: u32, problems: &[String], site: &Site) -> Rendered {
    page("/search", &search::asking(query, days, problems, site))
}

/// `/search?q=`: what a query finds.
pub(super) fn search(query: &str, days: u32, finding: &Finding, site: &Site) -> Rendered {
    page("/search", &search::answering(query, days, finding, site))
}

/// A page that says one thing: not found, gone, later.
pub(super) fn message(heading: &str, text: &str, site: &Site) -> String {
    html(&Message { site, heading, text })
}

fn page(path: &str, template: &impl Template) -> Rendered {
    Rendered { path: path.to_owned(), content_type: HTML, body: html(template).into(), link: None }
}

fn html(template: &impl Template) -> String {
    template.render().expect("the templates' own text and strings render")
}

fn listing<'a>(
    topic: &'a Topic,
    items: impl Iterator<Item = &'a FeedItem<'a>>,
    site: &Site,
) -> Listing<'a> {
    let path = topic_path(&topic.id);
    let title = title_of(topic);
    Listing {
        id: topic.id.as_str(),
        href: inside(&path, site),
        feeds: feed_links(&path, &title, site),
        title,
        description: description_of(topic),
        stories: items
            .filter(|told| told.withdrawn.is_none())
            .map(|told| story_line(told, site))
            .collect(),
        chart: None,
    }
}

fn topic_path_of(listing: &Listing<'_>) -> String {
    format!("/topics/{}", listing.id)
}

fn feed_links(stem: &str, title: &str, site: &Site) -> Vec<FeedLink> {
    let link = |format: Format| FeedLink {
        href: inside(&super::feed_meta::at(stem, format), site),
        media_type: format.media_type(),
        format: format.name(),
        title: format!("{title} ({})", format.name()),
    };
    Format::ALL.into_iter().map(link).collect()
}

fn story_line<'a>(item: &'a FeedItem<'_>, site: &Site) -> StoryLine<'a> {
    StoryLine {
        title: &item.title,
        language: item.language,
        url: &item.url,
        page: inside(&item.path, site),
        published: item.published.to_string(),
        date: day(item.published),
        by: &item.source.name,
        also: item.also_line(),
        matched: (!item.matched.is_empty()).then(|| item.matched.join(", ")),
        excerpt: &item.excerpt,
    }
}

/// A path of ours as a link within the site, which may not stand at the host's root.
fn inside(path: &str, site: &Site) -> String {
    format!("{}{}", site.root(), path.trim_start_matches('/'))
}
