//! Shows the front page: every topic with its latest stories.

use askama::Template;

use super::chart::{Chart, plural};
use super::listing::StoryLine;
use super::{FeedLink, feed_links, inside};
use crate::model::Topic;
use crate::publish::dates::day;
use crate::publish::feed_item::FeedItem;
use crate::publish::feed_meta::{FeedMeta, description_of, title_of};
use crate::publish::site::{Site, topic_path};

/// Stories of each topic.
const LATEST: usize = 5;

#[derive(Template)]
#[template(path = "index.html")]
pub(super) struct FrontPage<'a> {
    site: &'a Site,
    feeds: Vec<FeedLink>,
    topics: Vec<Card<'a>>,
    /// How much there is, and since when nothing is newer.
    summary: Option<String>,
    /// A line that explains the charts.
    charts: Option<String>,
}

/// A topic with its latest stories.
struct Card<'a> {
    id: &'a str,
    href: String,
    title: String,
    description: String,
    feeds: Vec<FeedLink>,
    stories: Vec<StoryLine<'a>>,
    /// How many stories the feed has.
    count: String,
    latest: Option<String>,
    chart: Option<Chart>,
}

pub(super) fn page<'a>(topics: &'a [(&Topic, Vec<FeedItem<'_>>)], site: &'a Site) -> FrontPage<'a> {
    let everything = FeedMeta::of_everything(&[], site);
    let mut feeds = feed_links(&everything.stem, &everything.title, site);
    let items = || topics.iter().flat_map(|(_, items)| items);
    let newest = items().map(|item| item.published).max();
    // Each topic has a chart or none has: cards beside each other are compared.
    let chart = |topic: &Topic, items: &[FeedItem<'_>]| Chart::of(topic, items, newest?);
    let mut charts: Vec<_> = topics.iter().map(|(topic, items)| chart(topic, items)).collect();
    let draws = charts.iter().all(Option::is_some) && !charts.is_empty();
    if !draws {
        charts.iter_mut().for_each(|chart| *chart = None);
    }
    let cards: Vec<_> = topics
        .iter()
        .zip(charts)
        .map(|((topic, items), chart)| card(topic, items, chart, site))
        .collect();
    for card in &cards {
        feeds.extend(feed_links(&format!("/topics/{}", card.id), &card.title, site));
    }
    let since = newest.map(|newest| {
        format!("{}. The newest story is from {}.", plural(topics.len(), "topic"), day(newest))
    });
    FrontPage {
        site,
        feeds,
        topics: cards,
        summary: since,
        charts: newest.filter(|_| draws).map(|newest| {
            format!("The charts show stories a week over the twelve weeks to {}.", day(newest))
        }),
    }
}

fn card<'a>(
    topic: &'a Topic,
    items: &'a [FeedItem<'_>],
    chart: Option<Chart>,
    site: &Site,
) -> Card<'a> {
    let path = topic_path(&topic.id);
    let title = title_of(topic);
    let shown = || items.iter().filter(|item| item.withdrawn.is_none());
    let count = shown().count();
    // A feed that is full leads to more.
    let count = match items.len() >= topic.entries {
        true => format!("the {count} newest stories"),
        false => plural(count, "story"),
    };
    Card {
        id: topic.id.as_str(),
        href: inside(&path, site),
        feeds: feed_links(&path, &title, site),
        title,
        description: description_of(topic),
        stories: shown().take(LATEST).map(|item| StoryLine::of(item, site)).collect(),
        latest: shown().next().map(|item| day(item.place.date)),
        count,
        chart,
    }
}
