//! A story in; the page of its copies and of why they are one story, out.

use askama::Template;

use super::{inside, minute};
use crate::model::{Member, Sources};
use crate::publish::account::{Account, name_of};
use crate::publish::desk::StoryDetail;
use crate::publish::legible::{excerpt, line};
use crate::publish::masthead::title_of;
use crate::publish::site::{Site, topic_path};
use crate::publish::uri::uri;

/// How much of a copy's text is shown: enough to compare, not to republish.
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
    updated: String,
    updated_date: String,
    topics: Vec<TopicLink>,
    copies: Vec<CopyCard>,
}

struct TopicLink {
    href: String,
    title: String,
}

struct CopyCard {
    by: String,
    leads: bool,
    title: String,
    url: Option<String>,
    published: String,
    updated: Option<String>,
    joined: String,
    evidence: String,
    paragraphs: Vec<String>,
}

pub(super) fn page<'a>(detail: &StoryDetail, site: &'a Site) -> StoryPage<'a> {
    let (story, sources) = (&detail.story, &detail.sources);
    let account = Account::of(story, story.updated, sources, site);
    let lead = story.lead(sources);
    let members = std::iter::once(lead).chain(story.copies(sources));
    StoryPage {
        site,
        also: account.also_line(),
        by: account.source.name.clone(),
        revised: story.updated > story.dated,
        updated: story.updated.to_string(),
        updated_date: super::day(story.updated),
        published: story.dated.to_string(),
        date: super::day(story.dated),
        topics: detail
            .topics
            .iter()
            .map(|topic| TopicLink {
                href: inside(&topic_path(&topic.id), site),
                title: title_of(topic),
            })
            .collect(),
        copies: members.map(|member| card(member, std::ptr::eq(member, lead), sources)).collect(),
        id: account.id,
        title: account.title,
        url: account.url,
    }
}

fn card(member: &Member, leads: bool, sources: &Sources) -> CopyCard {
    let entry = &member.entry;
    let lines = entry.text.lines().filter(|text| !text.trim().is_empty());
    CopyCard {
        by: name_of(entry, sources),
        leads,
        title: line(&entry.title),
        url: entry.url.as_ref().map(uri),
        published: entry.dated().map_or_else(|| "undated".to_owned(), minute),
        updated: entry.updated.filter(|updated| Some(*updated) != entry.dated()).map(minute),
        joined: minute(member.joined),
        evidence: member.evidence.to_string(),
        paragraphs: lines.take(PARAGRAPHS).map(|text| excerpt(text, PARAGRAPH)).collect(),
    }
}
