//! Renders the pages that people read.

mod chart;

mod document_type;

mod front;

mod help;

mod listing;

mod query_problem;

mod search;

mod sources;

mod story;

mod subscribers;

use askama::Template;

use super::backend::{Before, Finding, NotSearched, StoryDetail, Total};
use super::feed_item::FeedItem;
use super::site::{Site, story_path, topic_path};
use super::source_status::SourceStatus;
use super::{Format, Rendered};
use crate::model::{LookBack, Piece, Subscriber, Timestamp, Topic, TopicSilence};
pub(super) use listing::as_file;
pub(super) use search::SHOWN as SEARCH_PAGE;

const HTML: &str = "text/html; charset=utf-8";

/// Where the icon is.
pub(super) const ICON_PATH: &str = "/icon.svg";

/// Style sheet, icons and robots.txt.
pub(super) fn furniture(site: &Site) -> Vec<Rendered> {
    const ICON: &str = include_str!("../../templates/icon.svg");
    let file = |path: &str, content_type, text: String| Rendered {
        path: path.to_owned(),
        content_type,
        body: text.into(),
        link: None,
    };
    vec![
        file(
            "/style.css",
            "text/css; charset=utf-8",
            include_str!("../../templates/style.css").to_owned(),
        ),
        file(ICON_PATH, "image/svg+xml", ICON.to_owned()),
        // Browsers that read no links in pages ask for this.
        file("/favicon.ico", "image/svg+xml", ICON.to_owned()),
        file("/robots.txt", "text/plain; charset=utf-8", robots(site)),
    ]
}

/// Crawlers may read every page; a search costs work, and its pages are not for an index.
fn robots(site: &Site) -> String {
    let search = inside("/search", site);
    let path = search.strip_prefix(site.base_url.origin().ascii_serialization().as_str());
    format!("User-agent: *\nDisallow: {}\n", path.unwrap_or(&search))
}

#[derive(Template)]
#[template(path = "feed.html")]
struct FeedInBrowser<'a> {
    site: &'a Site,
    /// The address to copy into a feed reader.
    address: String,
    /// Whether it takes a key to read it.
    is_private: bool,
    href: String,
    format: &'static str,
    media_type: &'static str,
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    site: &'a Site,
    heading: &'a str,
    text: &'a str,
}

/// A way to subscribe (Q36).
struct FeedLink {
    href: String,
    media_type: &'static str,
    format: &'static str,
    title: String,
}

/// `/`: the topics, each with its latest stories.
pub(super) fn index(topics: &[(&Topic, Vec<FeedItem<'_>>)], site: &Site) -> Rendered {
    page("/", &front::page(topics, site))
}

/// `/topics/ID`: the newest stories of a topic.
pub(super) fn topic(
    topic: &Topic,
    items: &[FeedItem<'_>],
    total: Option<Total>,
    site: &Site,
) -> Rendered {
    page(&topic_path(&topic.id), &listing::newest(Some(topic), items, total, site))
}

/// `/stories`: the newest of all stories.
pub(super) fn stories(items: &[FeedItem<'_>], total: Option<Total>, site: &Site) -> Rendered {
    page(listing::EVERYTHING, &listing::newest(None, items, total, site))
}

/// `/topics/ID?before=`, `/stories?before=`: stories from further back. `place` has the number of
/// the first of them, where that is known, where those begin that are earlier still, and how many
/// there are in all.
pub(super) fn earlier(
    topic: Option<&Topic>,
    items: &[FeedItem<'_>],
    place: (Option<usize>, Option<Before>, Option<Total>),
    site: &Site,
) -> Rendered {
    let path = topic.map_or_else(|| listing::EVERYTHING.to_owned(), |topic| topic_path(&topic.id));
    page(&path, &listing::earlier(topic, items, place, site))
}

/// `/topics/ID/older`, `/stories/older/N`: the same among the files of a site. `place` has its number
/// and that of the next older page.
pub(super) fn older_file(
    topic: Option<&Topic>,
    items: &[FeedItem<'_>],
    place: (Option<usize>, Option<usize>),
    site: &Site,
) -> Rendered {
    let (path, template) = listing::older_file(topic, items, place, site);
    page(&path, &template)
}

/// `/stories/ID`: the copies side by side, and why they are one story.
/// `compare` finds the differences of an earlier text and a later one.
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

/// `/search` before anything is asked, or with why there is no answer.
pub(super) fn search_form(
    query: &str,
    span: &LookBack,
    refused: Option<&NotSearched>,
    site: &Site,
) -> Rendered {
    page("/search", &search::asking(query, span, refused, site))
}

/// `/search?q=`: what a query finds, less the stories of the pages before.
pub(super) fn search(
    query: &str,
    span: &LookBack,
    skipped: usize,
    finding: &Finding,
    site: &Site,
) -> Rendered {
    page("/search", &search::answering(query, span, skipped, finding, site))
}

/// `/search/help`: how to write a query.
pub(super) fn search_help(site: &Site) -> Rendered {
    page("/search/help", &help::page(site))
}

/// The page that a browser shows for the feed at a path.
pub(super) fn feed_in_browser(path: &str, query: &str, is_private: bool, site: &Site) -> String {
    let (stem, ending) = path.rsplit_once('.').unwrap_or((path, "atom"));
    let format = Format::of_ending(ending).unwrap_or(Format::Atom);
    let asked = if query.is_empty() { String::new() } else { format!("?{query}") };
    let has_page = stem == "/stories" || stem == "/search" || stem.starts_with("/topics/");
    let page = has_page && !stem.contains("/archive/");
    html(&FeedInBrowser {
        site,
        address: format!("{}{asked}", site.address(path)),
        is_private,
        href: inside(&format!("{path}{asked}"), site),
        format: format.name(),
        media_type: format.media_type(),
        page: page.then(|| inside(&format!("{stem}{asked}"), site)),
    })
}

/// A page that says one thing: not found, gone, later.
pub(super) fn message(heading: &str, text: &str, site: &Site) -> String {
    html(&Message { site, heading, text })
}

fn page(path: &str, template: &impl Template) -> Rendered {
    Rendered { path: path.to_owned(), content_type: HTML, body: html(template).into(), link: None }
}

fn html(template: &impl Template) -> String {
    let mut page = template.render().expect("the templates' own text and strings render");
    // Thousands of pages stay in memory for long.
    page.shrink_to_fit();
    page
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

/// A path of ours as a link within the site, which may not stand at the host's root.
fn inside(path: &str, site: &Site) -> String {
    format!("{}{}", site.root(), path.trim_start_matches('/'))
}
