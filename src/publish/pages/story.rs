//! A story in; the page of its copies and of why they are one story, out.

use std::ops::Range;

use askama::Template;

use super::inside;
use crate::model::{Member, Piece, Related, Revision, Sources, Story};
use crate::publish::backend::StoryDetail;
use crate::publish::dates::{day, minute};
use crate::publish::feed_item::{FeedItem, name_of};
use crate::publish::feed_meta::title_of;
use crate::publish::site::{Site, story_path, topic_path};
use crate::publish::text_escape::{self, excerpt, line};
use crate::publish::uri::uri;

/// How much of a copy's text is shown: enough to compare, not to republish. The lead's is shown
/// whole, for feeds that shorten it lead here.
const PARAGRAPHS: usize = 6;
const PARAGRAPH: usize = 600;

#[derive(Template)]
#[template(path = "story.html")]
pub(super) struct StoryPage<'a> {
    site: &'a Site,
    id: String,
    title: String,
    url: String,
    published: String,
    date: String,
    by: String,
    also: Option<String>,
    revised: bool,
    host: Option<String>,
    language: Option<String>,
    updated: String,
    updated_date: String,
    topics: Vec<TopicLink>,
    copies: Vec<CopyCard>,
    changes: Vec<Change>,
    related: Vec<RelatedLink>,
    withdrawn: Option<String>,
}

struct TopicLink {
    href: String,
    title: String,
    why: String,
}

/// A revision with its differences marked.
struct Change {
    when: String,
    by: String,
    major: bool,
    note: Option<String>,
    title: Vec<Mark>,
    text: Vec<Mark>,
    silent: bool,
}

/// A stretch of text, and what became of it.
struct Mark {
    element: &'static str,
    text: String,
}

struct RelatedLink {
    href: String,
    title: String,
    text: String,
}

struct CopyCard {
    language: Option<String>,
    by: String,
    leads: bool,
    title: String,
    url: Option<String>,
    published: String,
    updated: Option<String>,
    joined: String,
    evidence: String,
    remark: Option<String>,
    paragraphs: Vec<Vec<Mark>>,
}

pub(super) fn page<'a>(
    detail: &StoryDetail,
    compare: &dyn Fn(&str, &str) -> Vec<Piece>,
    site: &'a Site,
) -> StoryPage<'a> {
    let (story, sources) = (&detail.story, &detail.sources);
    let item = FeedItem::of(story, story.updated, sources, site);
    let lead = story.lead(sources);
    let members = std::iter::once(lead).chain(story.copies(sources));
    let copy = |member: &Member| {
        let place = story.members.iter().position(|known| std::ptr::eq(known, member));
        let place = place.unwrap_or(usize::MAX);
        let shared = detail.shared.get(place).map(Vec::as_slice).unwrap_or_default();
        let remark = detail.remarks.get(place).cloned().flatten();
        CopyCard { remark, ..card(member, shared, std::ptr::eq(member, lead), sources) }
    };
    StoryPage {
        site,
        also: item.also_line(),
        by: item.source.name.clone(),
        host: lead.entry.url.as_ref().and_then(|url| url.host_str()).map(str::to_owned),
        language: item.language.map(str::to_owned),
        revised: story.updated > story.dated,
        updated: story.updated.to_string(),
        updated_date: day(story.updated),
        published: story.dated.to_string(),
        date: day(story.dated),
        topics: detail
            .topics
            .iter()
            .map(|topic| TopicLink {
                href: inside(&topic_path(&topic.id), site),
                title: title_of(topic),
                why: detail.why.get(&topic.id).map(|why| words_of(why)).unwrap_or_default(),
            })
            .collect(),
        copies: members.map(copy).collect(),
        changes: changes(story, compare, sources),
        related: story.related.iter().map(|related| resembling(related, detail, site)).collect(),
        withdrawn: story.withdrawn.as_ref().map(|withdrawal| day(withdrawal.at)),
        id: item.id,
        title: item.title,
        url: item.url,
    }
}

fn card(member: &Member, shared: &[Range<usize>], leads: bool, sources: &Sources) -> CopyCard {
    let entry = &member.entry;
    let language = entry.language.as_deref().or(entry.feed.language.as_deref());
    CopyCard {
        language: text_escape::language(language).map(str::to_owned),
        by: name_of(entry, sources),
        leads,
        title: line(&entry.title),
        url: entry.url.as_ref().map(uri),
        published: entry.dated().map_or_else(|| "undated".to_owned(), minute),
        updated: entry.updated.filter(|updated| Some(*updated) != entry.dated()).map(minute),
        joined: minute(member.joined),
        evidence: member.evidence.to_string(),
        remark: None,
        paragraphs: match leads {
            true => paragraphs(&entry.text, shared, usize::MAX, entry.text.len()),
            false => paragraphs(&entry.text, shared, PARAGRAPHS, PARAGRAPH),
        },
    }
}

/// The first `count` paragraphs of a text, each cut to `length` characters. What it shares with
/// the lead's is marked.
fn paragraphs(text: &str, shared: &[Range<usize>], count: usize, length: usize) -> Vec<Vec<Mark>> {
    let mut paragraphs = Vec::new();
    let mut start = 0;
    for paragraph in text.split_inclusive('\n') {
        let place = start;
        start += paragraph.len();
        let cut = excerpt(paragraph.trim_end(), length);
        if paragraph.trim().is_empty() || paragraphs.len() == count {
            continue;
        }
        // What an excerpt ends in is not of the text.
        let shown = cut.trim_end_matches('…').len().min(paragraph.len());
        let is_start = cut.get(..shown).is_some_and(|start| paragraph.starts_with(start));
        if shared.is_empty() || !is_start {
            paragraphs.push(vec![Mark { element: "span", text: cut }]);
            continue;
        }
        let mut marks = Vec::new();
        let mut done = 0;
        for range in shared {
            let from = range.start.saturating_sub(place).clamp(done, shown);
            let to = range.end.saturating_sub(place).clamp(from, shown);
            for (element, bytes) in [("span", done..from), ("mark", from..to)] {
                if let Some(text) = paragraph.get(bytes).filter(|text| !text.is_empty()) {
                    marks.push(Mark { element, text: text.to_owned() });
                }
            }
            done = to;
        }
        let rest = format!("{}{}", paragraph.get(done..shown).unwrap_or_default(), &cut[shown..]);
        marks.push(Mark { element: "span", text: rest });
        paragraphs.push(marks);
    }
    paragraphs
}

/// What changed, the latest first, each compared with what came after it.
fn changes(
    story: &Story,
    compare: &dyn Fn(&str, &str) -> Vec<Piece>,
    sources: &Sources,
) -> Vec<Change> {
    let of_one = |at: usize| (&story.history[at].source, &story.history[at].link);
    let now_of = |revision: &Revision| {
        let mut members = story.members.iter().map(|member| &member.entry);
        members.find(|entry| entry.source == revision.source)
    };
    let mut changes = Vec::new();
    for (at, revision) in story.history.iter().enumerate().rev() {
        let Some(now) = now_of(revision) else { continue };
        let later = || (at + 1..story.history.len()).filter(|later| of_one(*later) == of_one(at));
        let title = later().find_map(|later| story.history[later].title.as_deref());
        let text = later().find_map(|later| story.history[later].text.as_deref());
        let marked = |before: &Option<String>, after: &str| {
            before.as_deref().map(|before| marks(compare(before, after))).unwrap_or_default()
        };
        let title = marked(&revision.title, title.unwrap_or(&now.title));
        let text = marked(&revision.text, text.unwrap_or(&now.text));
        changes.push(Change {
            when: minute(revision.at),
            by: name_of(now, sources),
            major: revision.major,
            note: revision.note.as_deref().map(line),
            silent: title.is_empty() && text.is_empty(),
            title,
            text,
        });
    }
    changes
}

fn marks(pieces: Vec<Piece>) -> Vec<Mark> {
    let mark = |piece| match piece {
        Piece::Kept(text) => Mark { element: "span", text: between(&text) },
        Piece::Gone(text) => Mark { element: "del", text },
        Piece::Come(text) => Mark { element: "ins", text },
    };
    pieces.into_iter().map(mark).collect()
}

/// Of a long stretch that did not change, only its ends.
fn between(text: &str) -> String {
    const END: usize = 120;
    let count = text.chars().count();
    if count <= 3 * END {
        return text.to_owned();
    }
    let head: String = text.chars().take(END).collect();
    let tail: String = text.chars().skip(count - END).collect();
    format!("{head} […] {tail}")
}

/// That it is in the topic, its place on the page says already.
fn words_of(why: &str) -> String {
    line(why.strip_prefix("in it: ").unwrap_or(why))
}

fn resembling(related: &Related, detail: &StoryDetail, site: &Site) -> RelatedLink {
    let title = detail.titles.get(&related.story).map(|title| line(title)).unwrap_or_default();
    RelatedLink {
        title: if title.is_empty() { "A story without a title".to_owned() } else { title },
        href: inside(&story_path(&related.story), site),
        text: {
            let (shared, of) = (related.shared, related.of);
            let why =
                related.forbidden.as_ref().map(|why| format!(": not one story, because {why}"));
            format!("{shared} of {of} passages are the same{}", why.unwrap_or_default())
        },
    }
}
