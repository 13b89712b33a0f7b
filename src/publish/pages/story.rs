//! Shows the page of a story: the announcement, who carried it when, and why they are one story.

use std::ops::Range;

use askama::Template;
use url::Url;

use super::{document_type, inside};
use crate::model::{Evidence, Member, Piece, Related, Revision, Sources, Story, Timestamp};
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
    kind: Option<String>,
    title: String,
    url: String,
    host: Option<String>,
    language: Option<String>,
    published: String,
    date: String,
    updated: Option<Moment>,
    by: String,
    withdrawn: Option<String>,
    /// The lead's text. Where it was changed, the last change is marked.
    text: Vec<Vec<Mark>>,
    /// The day of the change that is marked.
    marked: Option<String>,
    carriers: Vec<Carrier>,
    /// Texts of copies that differ from the lead's.
    texts: Vec<CopyText>,
    topics: Vec<TopicLink>,
    changes: Vec<Change>,
    related: Vec<RelatedLink>,
}

/// A moment, exactly and as a page says it.
struct Moment {
    exactly: String,
    said: String,
}

impl Moment {
    fn of(moment: Timestamp) -> Self {
        Self { exactly: moment.to_string(), said: minute(moment) }
    }
}

/// A source that carried the story: a row of the table.
struct Carrier {
    by: String,
    url: Option<String>,
    leads: bool,
    language: Option<String>,
    published: Option<Moment>,
    /// How long after the first.
    delay: Option<String>,
    /// Where the title differs from the lead's.
    title: Vec<Mark>,
    evidence: String,
    /// The page that the evidence is about.
    link: Option<(String, String)>,
    remark: Option<String>,
}

/// The text of a copy.
struct CopyText {
    by: String,
    language: Option<String>,
    paragraphs: Vec<Vec<Mark>>,
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

pub(super) fn page<'a>(
    detail: &StoryDetail,
    compare: &dyn Fn(&str, &str) -> Vec<Piece>,
    site: &'a Site,
) -> StoryPage<'a> {
    let (story, sources) = (&detail.story, &detail.sources);
    let item = FeedItem::of(story, story.updated, sources, site);
    let lead = story.lead(sources);
    let place_of = |member: &Member| {
        story.members.iter().position(|known| std::ptr::eq(known, member)).unwrap_or(usize::MAX)
    };
    let first = story.members.iter().filter_map(|member| published(member, story)).min();
    let mut copies = story.copies(sources);
    copies.sort_by_key(|member| {
        let date = published(member, story);
        (date.is_none(), date)
    });
    let carrier = |member: &Member| {
        let remark = detail.remarks.get(place_of(member)).cloned().flatten();
        Carrier { remark, ..carrier(member, lead, first, compare, detail) }
    };
    let copy_text = |member: &Member| {
        let shared = detail.shared.get(place_of(member)).map(Vec::as_slice).unwrap_or_default();
        CopyText {
            by: name_of(&member.entry, sources),
            language: language_of(member),
            paragraphs: paragraphs(&member.entry.text, shared, PARAGRAPHS, PARAGRAPH),
        }
    };
    let differs = |member: &&Member| {
        let text = member.entry.text.trim();
        !text.is_empty() && text != lead.entry.text.trim()
    };
    let (text, marked) = lead_text(story, lead, compare);
    let (kind, title) = document_type::split(&item.title);
    StoryPage {
        site,
        kind: kind.map(str::to_owned),
        title: title.to_owned(),
        by: item.source.name.clone(),
        host: lead.entry.url.as_ref().and_then(|url| url.host_str()).map(str::to_owned),
        language: item.language.map(str::to_owned),
        updated: (story.updated > story.dated).then(|| Moment::of(story.updated)),
        published: story.dated.to_string(),
        date: minute(story.dated),
        withdrawn: story.withdrawn.as_ref().map(|withdrawal| day(withdrawal.at)),
        text,
        marked,
        carriers: std::iter::once(lead).chain(copies.iter().copied()).map(carrier).collect(),
        texts: copies.iter().copied().filter(differs).map(copy_text).collect(),
        topics: detail
            .topics
            .iter()
            .map(|topic| TopicLink {
                href: inside(&topic_path(&topic.id), site),
                title: title_of(topic),
                why: detail.why.get(&topic.id).map(|why| words_of(why)).unwrap_or_default(),
            })
            .collect(),
        changes: changes(story, compare, sources),
        related: story.related.iter().map(|related| resembling(related, detail, site)).collect(),
        id: item.id.clone(),
        url: item.url.clone(),
    }
}

fn language_of(member: &Member) -> Option<String> {
    let entry = &member.entry;
    let stated = entry.language.as_deref().or(entry.feed.language.as_deref());
    text_escape::language(stated).map(str::to_owned)
}

fn carrier(
    member: &Member,
    lead: &Member,
    first: Option<Timestamp>,
    compare: &dyn Fn(&str, &str) -> Vec<Piece>,
    detail: &StoryDetail,
) -> Carrier {
    let entry = &member.entry;
    // Sources differ in whether they put the type of a document first.
    let plain = |title: &str| document_type::split(&line(title)).1.to_owned();
    let (title, of_lead) = (plain(&entry.title), plain(&lead.entry.title));
    let (evidence, link) = evidence(&member.evidence, detail);
    let published = published(member, &detail.story);
    Carrier {
        by: name_of(entry, &detail.sources),
        url: entry.url.as_ref().map(uri),
        leads: std::ptr::eq(member, lead),
        language: language_of(member),
        published: published.map(Moment::of),
        delay: published.zip(first).and_then(|(published, first)| delay(first, published)),
        title: match title == of_lead || title.is_empty() {
            true => Vec::new(),
            false => marks(compare(&of_lead, &title)),
        },
        evidence,
        link,
        remark: None,
    }
}

/// When a member was first published: its date when it joined, or the story's date for the founder.
/// A date later than joining is a mistake of the source.
fn published(member: &Member, story: &Story) -> Option<Timestamp> {
    let dated = member.entry.dated()?;
    let is_founder = story.members.first().is_some_and(|first| std::ptr::eq(first, member));
    let first = member.dated.unwrap_or(dated).min(member.joined);
    Some(if is_founder { story.dated } else { first })
}

/// How long after the first source another carried the story.
fn delay(first: Timestamp, dated: Timestamp) -> Option<String> {
    let minutes = first.until(dated).as_secs() / 60;
    Some(match minutes {
        0 => return None,
        1..120 => format!("+{minutes} min"),
        120..2880 => format!("+{} h", minutes / 60),
        _ => format!("+{} days", minutes / 1440),
    })
}

/// Why an entry is in the story, in words, and what that is about: a name and an address.
fn evidence(evidence: &Evidence, detail: &StoryDetail) -> (String, Option<(String, String)>) {
    let address = |name: &str, address: &str| {
        let url = Url::parse(address).or_else(|_| Url::parse(&format!("https://{address}")));
        url.ok().map(|url| (name.to_owned(), uri(&url)))
    };
    match evidence {
        Evidence::Founded => ("seen here first".to_owned(), None),
        Evidence::SameAddress { address: of, as_original: true } => {
            ("names as the original".to_owned(), address("this page", of))
        }
        Evidence::SameAddress { address: of, as_original: false } => {
            ("links to".to_owned(), address("the same page", of))
        }
        Evidence::SameTitle { hours_apart, .. } => {
            let apart = match hours_apart {
                0..48 => format!("{hours_apart} hours"),
                _ => format!("{} days", hours_apart / 24),
            };
            (format!("has the same title, {apart} apart"), None)
        }
        Evidence::SameText { shared, of, leader } => {
            let percent = u64::from(*shared) * 100 / u64::from((*of).max(1));
            let leader = detail
                .sources
                .get(leader)
                .map_or_else(|| leader.to_string(), |source| line(&source.title));
            (format!("shares {percent} % of the shorter text with {leader}"), None)
        }
        Evidence::Forced { with } => {
            ("joined by the operator with".to_owned(), address("this page", with))
        }
        Evidence::Parted { .. } => ("taken out of another story by the operator".to_owned(), None),
    }
}

/// The lead's text in paragraphs. Where its last change of the text is known, what came and went
/// is marked, and the day of that change is returned.
fn lead_text(
    story: &Story,
    lead: &Member,
    compare: &dyn Fn(&str, &str) -> Vec<Piece>,
) -> (Vec<Vec<Mark>>, Option<String>) {
    let entry = &lead.entry;
    let of_lead = |revision: &&Revision| revision.source == entry.source;
    let changed = story
        .history
        .iter()
        .rev()
        .filter(of_lead)
        .find_map(|revision| revision.text.as_deref().map(|before| (before, revision.at)));
    match changed {
        Some((before, at)) => (in_paragraphs(compare(before, &entry.text)), Some(day(at))),
        None => (paragraphs(&entry.text, &[], usize::MAX, entry.text.len()), None),
    }
}

/// Pieces of a text as paragraphs.
fn in_paragraphs(pieces: Vec<Piece>) -> Vec<Vec<Mark>> {
    let mut paragraphs = vec![Vec::new()];
    for piece in pieces {
        let (element, text) = match piece {
            Piece::Kept(text) => ("span", text),
            Piece::Gone(text) => ("del", text),
            Piece::Come(text) => ("ins", text),
        };
        for (at, part) in text.split('\n').enumerate() {
            if at > 0 {
                paragraphs.push(Vec::new());
            }
            if let Some(last) = paragraphs.last_mut().filter(|_| !part.trim().is_empty()) {
                last.push(Mark { element, text: part.to_owned() });
            }
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
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
        // The ellipsis at the end of an excerpt is not part of the text.
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

/// Revisions, the latest first, each compared with the next one.
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::model::{Entry, SourceId, StoryId};

    const MINUTE: Duration = Duration::from_secs(60);

    /// An entry that states only its last change, first at `dated` and by now at `updated`.
    fn member(source: &str, dated: Timestamp, updated: Timestamp, joined: Timestamp) -> Member {
        let mut entry = Entry::of(SourceId::new(source));
        entry.title = "Ferries to Skye".to_owned();
        entry.updated = Some(dated);
        let mut member = Member::new(entry.clone(), Evidence::Founded, joined);
        entry.updated = Some(updated);
        member.entry = entry.into();
        member
    }

    fn detail(members: Vec<Member>, dated: Timestamp) -> StoryDetail {
        let id = StoryId::from_bytes([1; 16]);
        let mut story = Story::new(id, "urn:1".to_owned(), dated);
        story.members = members;
        StoryDetail {
            story,
            sources: Sources::new(),
            topics: Vec::new(),
            why: BTreeMap::new(),
            titles: BTreeMap::new(),
            shared: Vec::new(),
            remarks: Vec::new(),
        }
    }

    #[test]
    fn delays_count_from_the_first_publication_whatever_was_revised_later() {
        let first = Timestamp::from_millis(1_743_591_900_000);
        let at = |minutes: u32| first.after(MINUTE * minutes);
        let site = Site::new("https://news.example/".parse().unwrap(), "News");
        let delays = |members| {
            let detail = detail(members, first);
            let page = page(&detail, &|_, _| Vec::new(), &site);
            page.carriers.into_iter().map(|carrier| carrier.delay).collect::<Vec<_>>()
        };
        // As published, and after each of the two was revised a week later; read the next day.
        let (week, day) = (7 * 24 * 60, 24 * 60);
        for (of_founder, of_copy) in [(0, 30), (week, 30), (0, week), (week, week)] {
            let founder = member("a", first, at(of_founder), at(day));
            let copy = member("b", at(30), at(of_copy), at(day));
            let wanted = [None, Some("+30 min".to_owned())];
            assert_eq!(delays(vec![founder, copy]), wanted, "{of_founder} {of_copy}");
        }
        // A copy cannot be published after it was read.
        let late = member("b", at(week), at(week), at(40));
        let delays = delays(vec![member("a", first, first, at(5)), late]);
        assert_eq!(delays, [None, Some("+40 min".to_owned())]);
    }

    #[test]
    fn a_delay_is_shown_in_the_unit_that_suits_it() {
        let first = Timestamp::from_millis(0);
        for (minutes, shown) in
            [(0, None), (1, Some("+1 min")), (150, Some("+2 h")), (4000, Some("+2 days"))]
        {
            assert_eq!(delay(first, first.after(MINUTE * minutes)).as_deref(), shown);
        }
    }
}
