//! What a reader searches for and what was found in; the page that shows it out.

use askama::Template;

use super::chart::plural;
use super::{FeedLink, inside};
use crate::model::Timestamp;
use crate::publish::backend::{Finding, FoundStory, Marked, Week};
use crate::publish::dates::day;
use crate::publish::feed_item::FeedItem;
use crate::publish::feed_meta::{FeedMeta, title_of};
use crate::publish::site::{Site, topic_path};
use crate::publish::text_escape::{self, legible};

/// How far back a reader can look, in days, with what the form says.
const SPANS: [(u32, &str); 4] = [(7, "a week"), (30, "30 days"), (90, "90 days"), (366, "a year")];

#[derive(Template)]
#[template(path = "search.html")]
pub(super) struct SearchPage<'a> {
    site: &'a Site,
    query: &'a str,
    spans: Vec<Span>,
    problems: &'a [String],
    found: Option<Found>,
}

/// A choice of the form.
struct Span {
    days: u32,
    name: String,
    chosen: bool,
}

/// What was found, as the page tells it.
struct Found {
    told: String,
    cut: Option<String>,
    warnings: Vec<String>,
    feeds: Vec<FeedLink>,
    chart: Option<Weeks>,
    stories: Vec<Line>,
    alike: Vec<Alike>,
    toml: String,
}

/// A story that was found.
struct Line {
    title: Vec<Marked>,
    url: String,
    page: String,
    plain_title: String,
    published: String,
    date: String,
    by: String,
    excerpt: Vec<Marked>,
}

/// A topic that holds nearly the same.
struct Alike {
    href: String,
    title: String,
}

/// Stories a week, the newest week last.
struct Weeks {
    label: String,
    width: usize,
    bars: Vec<Bar>,
    first: String,
    last: String,
}

struct Bar {
    x: usize,
    y: usize,
    height: usize,
    title: String,
}

const HEIGHT: usize = 60;

/// The page before anything is asked, or with what is wrong with what was asked.
pub(super) fn asking<'a>(
    query: &'a str,
    days: u32,
    problems: &'a [String],
    site: &'a Site,
) -> SearchPage<'a> {
    SearchPage { site, query, spans: spans(days), problems, found: None }
}

/// How far back, as the form says it.
fn span(days: u32) -> String {
    let named = SPANS.iter().find(|(of, _)| *of == days);
    let counted = || if days == 1 { "a day".to_owned() } else { format!("{days} days") };
    named.map_or_else(counted, |(_, name)| (*name).to_owned())
}

/// The page with what was found.
pub(super) fn answering<'a>(
    query: &'a str,
    days: u32,
    finding: &Finding,
    site: &'a Site,
) -> SearchPage<'a> {
    let Finding { count, looked_at, stories, .. } = finding;
    let shown = match stories.len() {
        all if all == *count => String::new(),
        some => format!(" These are the {some} latest changed."),
    };
    let looked_at_all = plural(*looked_at, "story");
    let found = Found {
        told: match (*count, *looked_at) {
            (0, 0) => format!("There is no story dated within {}.", span(days)),
            (0, 1) => format!("The one story dated within {} does not match.", span(days)),
            (0, all) => format!("None of {all} stories dated within {} matches.", span(days)),
            _ => format!("{count} of {looked_at_all} dated within {}.{shown}", span(days)),
        },
        cut: finding.back_to.map(|back_to| cut(back_to, *looked_at)),
        warnings: finding.warnings.clone(),
        feeds: feeds(query, days, site),
        chart: Weeks::of(&finding.weeks),
        stories: stories.iter().map(|found| line(found, finding, site)).collect(),
        alike: finding
            .alike
            .iter()
            .map(|topic| Alike {
                href: inside(&topic_path(&topic.id), site),
                title: title_of(topic),
            })
            .collect(),
        toml: as_toml(query),
    };
    SearchPage { site, query, spans: spans(days), problems: &[], found: Some(found) }
}

fn cut(back_to: Timestamp, looked_at: usize) -> String {
    format!(
        "Only the {looked_at} stories that changed since {} were searched; older ones may match as well.",
        day(back_to)
    )
}

/// The form's choices; a span of the reader's own is one more.
fn spans(days: u32) -> Vec<Span> {
    let own = SPANS.iter().all(|(known, _)| *known != days);
    let own = own.then(|| (days, format!("the last {days} days")));
    let known = SPANS.map(|(days, name)| (days, name.to_owned()));
    let all = known.into_iter().chain(own);
    all.map(|(span, name)| Span { days: span, name, chosen: span == days }).collect()
}

fn feeds(query: &str, days: u32, site: &Site) -> Vec<FeedLink> {
    let meta = FeedMeta::of_search(query, days, &[], site);
    super::feed_links(&meta.stem, &meta.title, site)
}

fn line(found: &FoundStory, finding: &Finding, site: &Site) -> Line {
    let story = &found.story;
    let item = FeedItem::of(story, story.updated, &finding.sources, site);
    let clean = |parts: &[Marked]| -> Vec<Marked> {
        let clean = |part: &Marked| Marked { text: legible(&part.text).into_owned(), ..*part };
        parts.iter().map(clean).collect()
    };
    let title = match found.title.is_empty() {
        true => vec![Marked { text: item.title.clone(), marked: false }],
        false => clean(&found.title),
    };
    Line {
        title,
        url: item.url,
        page: inside(&item.path, site),
        plain_title: item.title,
        published: item.published.to_string(),
        date: day(item.published),
        by: item.source.name,
        excerpt: clean(&found.excerpt),
    }
}

/// The query as a topic that can be put into the configuration.
fn as_toml(query: &str) -> String {
    let mut id = String::new();
    for c in query.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => id.push(c),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
        if id.len() == 40 {
            break;
        }
    }
    let id = match id.trim_end_matches('-') {
        "" => "new-topic",
        id => id,
    };
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let title = text_escape::line(query);
    format!("[[topic]]\nid = \"{id}\"\ntitle = {}\nquery = {}\n", text(&title), text(query))
}

impl Weeks {
    fn of(weeks: &[Week]) -> Option<Self> {
        let most = weeks.iter().map(|week| week.count).max().filter(|most| *most > 0)?;
        let bar = |(place, week): (usize, &Week)| {
            let height = (week.count * HEIGHT).div_ceil(most);
            let title = format!("{}: {}", week.week, plural(week.count, "story"));
            Bar { x: place * 12, y: HEIGHT - height, height, title }
        };
        let sum: usize = weeks.iter().map(|week| week.count).sum();
        Some(Self {
            label: format!("{} in {}", plural(sum, "story"), plural(weeks.len(), "week")),
            width: weeks.len() * 12,
            bars: weeks.iter().enumerate().map(bar).collect(),
            first: weeks.first()?.week.clone(),
            last: weeks.last()?.week.clone(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_to_copy_reads_back_as_the_same_query() {
        for (query, id) in [
            ("sanctions AND title:(Russia OR Belarus)", "sanctions-and-title-russia-or-belarus"),
            ("\"organised crime\" NOT '''x'''", "organised-crime-not-x"),
            ("Привет", "new-topic"),
            ("a\\b \"c\n\"", "a-b-c"),
            (&"x y ".repeat(40), "x-y-x-y-x-y-x-y-x-y-x-y-x-y-x-y-x-y-x-y"),
        ] {
            let written: toml::Table = as_toml(query).parse().unwrap();
            let topic = &written["topic"][0];
            assert_eq!(topic["query"].as_str(), Some(query));
            assert_eq!(topic["id"].as_str(), Some(id));
            assert!(!topic["title"].as_str().unwrap().contains('\n'));
        }
    }

    #[test]
    fn a_week_without_stories_has_no_bar_and_one_story_has() {
        let week = |count| Week { week: "2025-W14".into(), monday: "2025-03-31".into(), count };
        let weeks = Weeks::of(&[week(0), week(1), week(600)]).unwrap();
        let heights: Vec<_> = weeks.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [0, 1, HEIGHT]);
        assert!(Weeks::of(&[week(0)]).is_none());
    }
}
