//! Shows stories on the page of a topic and on the page of all stories, a page at a time.

use std::borrow::Cow;

use askama::Template;

use super::{FeedLink, document_type, feed_links, inside};
use crate::model::Topic;
use crate::publish::backend::{Before, PAGE, Total};
use crate::publish::dates::day;
use crate::publish::feed_item::FeedItem;
use crate::publish::feed_meta::{FeedMeta, description_of, title_of};
use crate::publish::site::{Site, topic_path};
use crate::publish::text_escape::legible;

/// The path of the page of all stories.
pub(super) const EVERYTHING: &str = "/stories";

#[derive(Template)]
#[template(path = "listing.html")]
pub(super) struct ListingPage<'a> {
    site: &'a Site,
    title: String,
    description: String,
    /// Whether this is the page of all stories.
    is_everything: bool,
    /// Whether it takes a key to read it.
    is_private: bool,
    feeds: Vec<FeedLink>,
    days: Vec<Day<'a>>,
    /// Which stories these are of how many: `51–100 of 300`.
    range: Option<String>,
    newest: Option<String>,
    older: Option<String>,
    query: Option<Cow<'a, str>>,
}

/// The stories that the feed dates on one day.
struct Day<'a> {
    date: String,
    stories: Vec<StoryLine<'a>>,
}

/// A story as pages list it.
pub(super) struct StoryLine<'a> {
    pub(super) kind: Option<&'a str>,
    pub(super) title: &'a str,
    pub(super) language: Option<&'a str>,
    pub(super) url: &'a str,
    pub(super) page: String,
    pub(super) published: String,
    pub(super) date: String,
    /// The date, where it is not that of the day the story is listed under.
    pub(super) other_date: Option<String>,
    pub(super) by: &'a str,
    pub(super) also: Option<String>,
    pub(super) matched: Option<String>,
    pub(super) excerpt: &'a str,
}

impl<'a> StoryLine<'a> {
    pub(super) fn of(item: &'a FeedItem<'_>, site: &Site) -> Self {
        let (kind, title) = document_type::split(&item.title);
        let date = day(item.published);
        Self {
            kind,
            title,
            language: item.language,
            url: &item.url,
            page: inside(&item.path, site),
            published: item.published.to_string(),
            other_date: (date != day(item.place.date)).then(|| date.clone()),
            date,
            by: &item.source.name,
            also: item.also_line(),
            matched: (!item.matched.is_empty()).then(|| item.matched.join(", ")),
            excerpt: &item.excerpt,
        }
    }
}

/// The first page: the first of these stories.
pub(super) fn newest<'a>(
    topic: Option<&'a Topic>,
    items: &'a [FeedItem<'_>],
    total: Option<Total>,
    site: &'a Site,
) -> ListingPage<'a> {
    let shown = &items[..items.len().min(PAGE)];
    // Without a total, a feed that goes on behind this page is all that is known.
    let more = total.map_or(items.len() > shown.len(), |total| total.count > shown.len());
    let next = shown.last().filter(|_| more).map(|last| last.place);
    of(topic, shown, (Some(1), next, total), site)
}

/// A later page.
pub(super) fn earlier<'a>(
    topic: Option<&'a Topic>,
    items: &'a [FeedItem<'_>],
    place: (Option<usize>, Option<Before>, Option<Total>),
    site: &'a Site,
) -> ListingPage<'a> {
    let page = of(topic, items, place, site);
    let path = topic.map_or_else(|| EVERYTHING.to_owned(), |topic| topic_path(&topic.id));
    ListingPage { newest: Some(inside(&path, site)), ..page }
}

fn of<'a>(
    topic: Option<&'a Topic>,
    items: &'a [FeedItem<'_>],
    (from, next, total): (Option<usize>, Option<Before>, Option<Total>),
    site: &'a Site,
) -> ListingPage<'a> {
    let until = from.map(|from| from + items.len() - usize::from(!items.is_empty()));
    let range = match (from, until, total) {
        _ if items.is_empty() => None,
        (Some(1), Some(until), Some(total)) if next.is_none() && total.count <= until => {
            Some(if until == 1 { "1 story".to_owned() } else { format!("{until} stories") })
        }
        (Some(1), Some(until), Some(total)) => Some(format!("{until} of {total}")),
        (Some(from), Some(until), Some(total)) => Some(format!("{from}–{until} of {total}")),
        (Some(from), Some(until), None) if next.is_some() || from > 1 => {
            Some(format!("{from}–{until}"))
        }
        _ => None,
    };
    let (path, title) = match topic {
        Some(topic) => (topic_path(&topic.id), title_of(topic)),
        None => (EVERYTHING.to_owned(), "All stories".to_owned()),
    };
    let older = next.map(|before| {
        let from = until.map(|until| format!("&from={}", until + 1)).unwrap_or_default();
        inside(&format!("{path}?before={before}{from}"), site)
    });
    let everything = || FeedMeta::of_everything(&[], site);
    ListingPage {
        site,
        feeds: feed_links(&path, &topic.map_or_else(|| everything().title, title_of), site),
        description: topic.map_or_else(
            || "Every story, newest first, whether a topic holds it or not.".to_owned(),
            description_of,
        ),
        is_everything: topic.is_none(),
        is_private: topic.is_some_and(|topic| topic.private),
        days: days(items, site),
        newest: None,
        query: topic.map(|topic| legible(&topic.query)),
        range,
        older,
        title,
    }
}

/// The path of a page of older stories among the files of a site. The pages are numbered from the
/// oldest, so that a new story changes one of them; the newest has no number.
fn older_path(topic: Option<&Topic>, number: Option<usize>) -> String {
    let path = topic.map_or_else(|| EVERYTHING.to_owned(), |topic| topic_path(&topic.id));
    match number {
        Some(number) => format!("{path}/older/{number}"),
        None => format!("{path}/older"),
    }
}

/// A page of older stories as a file, with its path. `older` is the number of the next.
pub(super) fn older_file<'a>(
    topic: Option<&'a Topic>,
    items: &'a [FeedItem<'_>],
    (number, older): (Option<usize>, Option<usize>),
    site: &'a Site,
) -> (String, ListingPage<'a>) {
    let page = earlier(topic, items, (None, None, None), site);
    let date = |item: &FeedItem<'_>| day(item.place.date);
    let range = match (items.last().map(date), items.first().map(date)) {
        (Some(oldest), Some(newest)) if oldest != newest => Some(format!("{oldest} to {newest}")),
        (_, newest) => newest,
    };
    let older = older.map(|number| inside(&older_path(topic, Some(number)), site));
    (older_path(topic, number), ListingPage { range, older, ..page })
}

/// The beginning of the link to older stories, in the template of this page.
const OLDER: &str = "<a rel=\"next\" href=\"";

/// A page as a server of files can serve it. The daemon renders pages of older stories on request;
/// among the files they have paths of their own.
pub(in crate::publish) fn as_file<'a>(path: &str, page: &'a str) -> Cow<'a, str> {
    let is_listing = path == EVERYTHING || path.starts_with("/topics/");
    if !is_listing || !page.contains(OLDER) {
        return Cow::Borrowed(page);
    }
    let mut parts = page.split(OLDER);
    let mut file = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        file.push_str(OLDER);
        let link = part.split_once('"').and_then(|(to, rest)| Some((to.split_once('?')?.0, rest)));
        match link {
            Some((stem, rest)) => file.extend([stem, "/older\"", rest]),
            None => file.push_str(part),
        }
    }
    Cow::Owned(file)
}

/// Stories in the order of the feed, those of one day together.
fn days<'a>(items: &'a [FeedItem<'_>], site: &Site) -> Vec<Day<'a>> {
    let mut days: Vec<Day<'_>> = Vec::new();
    for item in items.iter().filter(|item| item.withdrawn.is_none()) {
        let date = day(item.place.date);
        if days.last().is_none_or(|last| last.date != date) {
            days.push(Day { date, stories: Vec::new() });
        }
        if let Some(last) = days.last_mut() {
            last.stories.push(StoryLine::of(item, site));
        }
    }
    days
}
