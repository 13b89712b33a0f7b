//! Shows the search page: the form, what a query finds, or why it finds nothing.

use askama::Template;

use super::chart::plural;
use super::query_problem::{Problem, with_code};
use super::{FeedLink, document_type, inside};
use crate::model::{LookBack, Timestamp};
use crate::publish::backend::{Finding, FoundStory, Marked, NearStory, NotSearched, Week};
use crate::publish::dates::day;
use crate::publish::feed_item::FeedItem;
use crate::publish::feed_meta::{FeedMeta, search_query, title_of};
use crate::publish::site::{Site, topic_path};
use crate::publish::text_escape::{self, legible};

/// The spans that the form offers, and their names there. The empty one is the usual window.
const SPANS: [(&str, &str); 6] = [
    ("7d", "the past week"),
    ("30d", "the past 30 days"),
    ("", "the past 90 days"),
    ("1y", "the past year"),
    ("2y", "the past two years"),
    ("all", "all time"),
];

/// Stories on a page.
pub(in crate::publish) const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "search.html")]
pub(super) struct SearchPage<'a> {
    site: &'a Site,
    query: &'a str,
    spans: Vec<Span>,
    refused: Option<Refused>,
    found: Option<Found>,
}

/// A choice of the form.
struct Span {
    value: String,
    name: String,
    chosen: bool,
}

/// Why there is no answer, and what to ask instead.
struct Refused {
    heading: &'static str,
    problems: Vec<Problem>,
    /// Ways to search for plain words.
    choices: Vec<Choice>,
}

/// A search to choose.
struct Choice {
    href: String,
    name: &'static str,
    query: String,
}

/// The result of a search.
struct Found {
    told: String,
    widened: Option<String>,
    is_of_all_time: bool,
    /// Whether there is no story at all that the asker may see.
    is_of_none: bool,
    cut: Option<String>,
    remarks: Vec<Problem>,
    feeds: Vec<FeedLink>,
    chart: Option<Weeks>,
    stories: Vec<Line>,
    range: Option<String>,
    newer: Option<String>,
    older: Option<String>,
    /// Where the last of the stories are, if this page is behind it.
    last_page: Option<String>,
    alike: Vec<Alike>,
    near: Vec<Near>,
    toml: String,
}

/// A story that was found.
struct Line {
    kind: Option<String>,
    title: Vec<Marked>,
    url: String,
    page: String,
    plain_title: String,
    published: String,
    date: String,
    by: String,
    excerpt: Vec<Marked>,
}

/// A story that nearly matches.
struct Near {
    title: String,
    page: String,
    date: String,
    lacking: Vec<Marked>,
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

/// The page before anything is asked, or with why there is no answer.
pub(super) fn asking<'a>(
    query: &'a str,
    span: &LookBack,
    refused: Option<&NotSearched>,
    site: &'a Site,
) -> SearchPage<'a> {
    let refused = refused.map(|why| {
        let choices = match why {
            NotSearched::NotAQuery(_) => choices(query, span, site),
            _ => Vec::new(),
        };
        let heading = match why {
            NotSearched::NotAQuery(_) if !choices.is_empty() => "How should these words be found?",
            NotSearched::NotAQuery(_) => "This is not a query yet",
            NotSearched::NotASpan(_) => "This is not a span of time",
            NotSearched::TooMuchWork | NotSearched::Busy => "No answer now",
        };
        let problems = match why {
            NotSearched::NotAQuery(_) if !choices.is_empty() => Vec::new(),
            NotSearched::NotAQuery(problems) => {
                problems.iter().map(|problem| Problem::new(problem)).collect()
            }
            other => vec![Problem::new(&other.to_string())],
        };
        Refused { heading, problems, choices }
    });
    SearchPage { site, query, spans: spans(span), refused, found: None }
}

/// Whether a word is searched for: operators in small letters say how.
fn is_sought(word: &str) -> bool {
    !["and", "or"].contains(&word)
}

/// Ways to search for words that were written side by side.
fn choices(query: &str, span: &LookBack, site: &Site) -> Vec<Choice> {
    let Some(words) = plain_words(query) else { return Vec::new() };
    let sought: Vec<_> = words.iter().copied().filter(|word| is_sought(word)).collect();
    let two = sought.len() == 2;
    let choice = |name, query: String| Choice {
        href: inside(&format!("/search?{}", search_query(&query, span)), site),
        name,
        query,
    };
    vec![
        choice(if two { "both words" } else { "all words" }, sought.join(" AND ")),
        choice("the exact phrase", format!("\"{}\"", words.join(" "))),
        choice(if two { "either word" } else { "any of the words" }, sought.join(" OR ")),
    ]
}

/// The words of a query that is nothing but two or more words.
fn plain_words(query: &str) -> Option<Vec<&str>> {
    const MOST: usize = 10;
    let words: Vec<_> = query.split_whitespace().collect();
    let is_plain = |word: &&str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_alphanumeric)
            && letters.all(|c| c.is_alphanumeric() || matches!(c, '-' | '’' | '\'' | '.'))
            && !["AND", "OR", "NOT", "NEAR", "ONEAR", "SAME"].contains(word)
    };
    let sought = words.iter().filter(|word| is_sought(word)).count();
    (sought >= 2 && words.len() <= MOST && words.iter().all(is_plain)).then_some(words)
}

/// The page with what was found, less the stories of the pages before.
pub(super) fn answering<'a>(
    query: &'a str,
    span: &LookBack,
    skipped: usize,
    finding: &Finding,
    site: &'a Site,
) -> SearchPage<'a> {
    let Finding { count, looked_at, stories, .. } = finding;
    let shown = skipped + stories.len();
    let at = |page: usize| {
        let mut asked = search_query(query, span);
        if page > 1 {
            asked.push_str(&format!("&page={page}"));
        }
        inside(&format!("/search?{asked}"), site)
    };
    let page = skipped / SHOWN + 1;
    let is_paged = skipped > 0 || shown < *count;
    let found = Found {
        told: told(*count, *looked_at, &finding.span),
        widened: (finding.span != *span && *looked_at > 0).then(|| {
            format!("No story is from the past {}, so all stories were searched.", span.in_words())
        }),
        is_of_all_time: finding.span == LookBack::All,
        is_of_none: finding.span == LookBack::All && *looked_at == 0,
        cut: finding.back_to.map(|back_to| cut(back_to, *looked_at)),
        remarks: finding
            .warnings
            .iter()
            .chain(&finding.advice)
            .map(|remark| Problem::new(remark))
            .collect(),
        feeds: feeds(query, span, site),
        chart: Weeks::of(&finding.weeks),
        stories: stories.iter().map(|found| line(found, finding, site)).collect(),
        range: (is_paged && !stories.is_empty())
            .then(|| format!("{}–{shown} of {count}", skipped + 1)),
        newer: (page > 1).then(|| at(page - 1)),
        last_page: (*count > 0 && stories.is_empty()).then(|| at(count.div_ceil(SHOWN))),
        older: (shown < *count && !stories.is_empty()).then(|| at(page + 1)),
        alike: finding
            .alike
            .iter()
            .map(|topic| Alike {
                href: inside(&topic_path(&topic.id), site),
                title: title_of(topic),
            })
            .collect(),
        near: finding.near.iter().map(|near| nearly(near, finding, site)).collect(),
        toml: as_toml(query),
    };
    SearchPage { site, query, spans: spans(span), refused: None, found: Some(found) }
}

/// How many stories match, of how many.
fn told(count: usize, looked_at: usize, span: &LookBack) -> String {
    if *span == LookBack::All {
        return match (count, looked_at) {
            (0, 0) => "There are no stories yet".to_owned(),
            (0, 1) => "No match: the only story is about something else".to_owned(),
            (0, all) => format!("No match among all {all} stories"),
            (_, 1) => "1 of 1 story".to_owned(),
            (_, all) => format!("{count} of all {all} stories"),
        };
    }
    let of_span = format!("of the past {}", span.in_words());
    match (count, looked_at) {
        (0, 0) => format!("There is no story {of_span}"),
        (0, 1) => format!("No match: the only story {of_span} is about something else"),
        (0, all) => format!("No match among the {all} stories {of_span}"),
        _ => format!("{count} of {} {of_span}", plural(looked_at, "story")),
    }
}

fn nearly(near: &NearStory, finding: &Finding, site: &Site) -> Near {
    let story = &near.story;
    let item = FeedItem::of(story, story.updated, &finding.sources, site);
    Near {
        page: inside(&item.path, site),
        date: day(item.published),
        lacking: with_code(&legible(&near.lacking)),
        title: item.title,
    }
}

fn cut(back_to: Timestamp, looked_at: usize) -> String {
    format!(
        "Only the {looked_at} stories that changed since {} were searched; older ones may match as well.",
        day(back_to)
    )
}

/// The form's choices; a span of the reader's own is one more.
fn spans(span: &LookBack) -> Vec<Span> {
    let asked = span.to_string();
    let is_usual = asked == format!("{}d", LookBack::USUAL_DAYS);
    let asked = if is_usual { String::new() } else { asked };
    let own = SPANS.iter().all(|(known, _)| *known != asked);
    let own = own.then(|| (asked.clone(), format!("the past {}", span.in_words())));
    let known = SPANS.map(|(value, name)| (value.to_owned(), name.to_owned()));
    let all = known.into_iter().chain(own);
    all.map(|(value, name)| Span { chosen: value == asked, value, name }).collect()
}

fn feeds(query: &str, span: &LookBack, site: &Site) -> Vec<FeedLink> {
    let meta = FeedMeta::of_search(query, span, &[], site);
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
    let whole: String = title.iter().map(|part| part.text.as_str()).collect();
    let (kind, rest) = document_type::split(&whole);
    Line {
        kind: kind.map(str::to_owned),
        title: without_start(title, whole.len() - rest.len()),
        url: item.url,
        page: inside(&item.path, site),
        plain_title: item.title,
        published: item.published.to_string(),
        date: day(item.published),
        by: item.source.name,
        excerpt: clean(&found.excerpt),
    }
}

/// The parts of a text without its first bytes.
fn without_start(mut parts: Vec<Marked>, mut bytes: usize) -> Vec<Marked> {
    for part in &mut parts {
        let cut = bytes.min(part.text.len());
        part.text.drain(..cut);
        bytes -= cut;
    }
    parts.retain(|part| !part.text.is_empty());
    parts
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
    /// Bars at most: more would be too narrow to see.
    const BARS: usize = 60;

    fn of(weeks: &[Week]) -> Option<Self> {
        let stretch = weeks.len().div_ceil(Self::BARS).max(1);
        let count = |weeks: &[Week]| weeks.iter().map(|week| week.count).sum::<usize>();
        let most = weeks.chunks(stretch).map(count).max().filter(|most| *most > 0)?;
        let bar = |(place, weeks): (usize, &[Week])| {
            let height = (count(weeks) * HEIGHT).div_ceil(most);
            let stories = plural(count(weeks), "story");
            let first = monday(weeks.first()?);
            let title = match weeks.len() {
                1 => format!("week of {first}: {stories}"),
                several => format!("{several} weeks from {first}: {stories}"),
            };
            Some(Bar { x: place * 12, y: HEIGHT - height, height, title })
        };
        let bars: Vec<_> = weeks.chunks(stretch).enumerate().filter_map(bar).collect();
        Some(Self {
            label: format!("{} in {}", plural(count(weeks), "story"), plural(weeks.len(), "week")),
            width: bars.len() * 12,
            bars,
            first: monday(weeks.first()?),
            last: monday(weeks.last()?),
        })
    }
}

/// The first day of a week: `31 March 2025`.
fn monday(week: &Week) -> String {
    let start = Timestamp::parse_rfc3339(&format!("{}T00:00:00Z", week.monday));
    start.map_or_else(|| week.monday.clone(), day)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_title_without_its_start_keeps_what_is_marked_behind_it() {
        let part = |text: &str, marked| Marked { text: text.to_owned(), marked };
        let title = vec![part("News ", true), part("story: a ", false), part("seizure", true)];
        assert_eq!(without_start(title.clone(), 0), title);
        let rest = [part("a ", false), part("seizure", true)];
        assert_eq!(without_start(title, "News story: ".len()), rest);
    }

    #[test]
    fn words_side_by_side_can_be_found_in_three_ways_and_queries_are_left_alone() {
        let site = Site::new(url::Url::parse("https://feeds.example.org/").unwrap(), "News");
        let span: LookBack = "30d".parse().unwrap();
        let ways = |query: &str| -> Vec<_> {
            choices(query, &span, &site).into_iter().map(|way| (way.name, way.query)).collect()
        };
        assert_eq!(
            ways("western  Balkans"),
            [
                ("both words", "western AND Balkans".to_owned()),
                ("the exact phrase", "\"western Balkans\"".to_owned()),
                ("either word", "western OR Balkans".to_owned()),
            ]
        );
        assert_eq!(ways("UK co-operation O’Neill")[2].0, "any of the words");
        assert_eq!(
            ways("Kosovo and Serbia"),
            [
                ("both words", "Kosovo AND Serbia".to_owned()),
                ("the exact phrase", "\"Kosovo and Serbia\"".to_owned()),
                ("either word", "Kosovo OR Serbia".to_owned()),
            ]
        );
        assert!(ways("and Serbia").is_empty());
        for query in ["kosovo", "a AND", "a OR b c", "\"a b\" c", "title:a b", "a* b", "-a b", ""] {
            assert!(ways(query).is_empty(), "{query}");
        }
    }

    #[test]
    fn the_heading_says_how_many_match_of_how_many() {
        let span = |text: &str| LookBack::try_from(text.to_owned()).unwrap();
        for (count, of, since, heading) in [
            (0, 0, "", "There is no story of the past 90 days"),
            (0, 0, "all", "There are no stories yet"),
            (0, 2, "1y", "No match among the 2 stories of the past year"),
            (1, 1, "", "1 of 1 story of the past 90 days"),
            (3, 40, "all", "3 of all 40 stories"),
            (1, 1, "all", "1 of 1 story"),
            (0, 4, "all", "No match among all 4 stories"),
        ] {
            assert_eq!(told(count, of, &span(since)), heading);
        }
    }

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

    #[test]
    fn many_years_are_drawn_with_as_many_bars_as_can_be_seen() {
        let week = |count| Week { week: "2025-W14".into(), monday: "2025-03-31".into(), count };
        for (number, bars, title) in [
            (60, 60, "week of 31 March 2025: 1 story"),
            (61, 31, "2 weeks from 31 March 2025: 2 stories"),
            (1_900, 60, "32 weeks from 31 March 2025: 32 stories"),
        ] {
            let weeks = Weeks::of(&vec![week(1); number]).unwrap();
            assert_eq!((weeks.bars.len(), weeks.width), (bars, bars * 12));
            assert_eq!(weeks.bars[0].title, title);
            assert_eq!(weeks.label, format!("{number} stories in {number} weeks"));
        }
    }
}
