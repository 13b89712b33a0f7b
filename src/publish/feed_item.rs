//! A story as an item of a feed: the same for every format.

mod remarks;

use std::borrow::Cow;
use std::collections::HashSet;

use super::backend::Before;
use super::site::{Site, story_path};
use super::text_escape::{escape, excerpt, legible, line, listed};
use super::truncate::{truncate, written_len};
use super::uri::{is_uri, uri};
use crate::model::{Entry, Location, Member, Role, Sources, Story, Timestamp, WithdrawnBy};
use remarks::{Remarks, also};

/// A story as a feed has it: the texts of its lead, and its copies.
#[derive(Debug, Clone)]
pub(super) struct FeedItem<'a> {
    /// The story's permanent id (Q2, Q3).
    pub id: String,
    /// One line of plain text, never empty.
    pub title: String,
    /// The lead's page; without one, the story's page here.
    pub url: String,
    /// The path of the story's page here, which shows its copies and why they are one story.
    pub path: String,
    /// The address of that page.
    pub page: String,
    /// The story's date.
    pub published: Timestamp,
    /// The date of its last change in this feed.
    pub updated: Timestamp,
    /// Its position in the order of the feed.
    pub place: Before,
    /// When it was withdrawn: then a feed has a tombstone instead of an entry (Q15).
    pub withdrawn: Option<Timestamp>,
    /// Names of authors, never empty (Q1).
    pub authors: Vec<String>,
    /// Labels, each once.
    pub categories: Vec<String>,
    /// The copyright notice.
    pub rights: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<&'a str>,
    /// The lead's short text as HTML. With `content` beside it, it differs from that.
    summary: Option<Cow<'a, str>>,
    /// The lead's full text as HTML.
    content: Option<Cow<'a, str>>,
    /// Paragraphs around the full text, else around the short one.
    remarks: Remarks,
    /// The short text as one line of plain text.
    pub excerpt: String,
    /// Attached files with type and, where known, length (Q13).
    pub enclosures: Vec<Attached<'a>>,
    /// A picture.
    pub image: Option<String>,
    /// The source of the lead: `atom:source` (Q8).
    pub source: Publisher,
    /// Its copies, the best first.
    pub copies: Vec<Carried>,
    /// The page that the lead names as the original, if that is elsewhere.
    pub original: Option<Original>,
    /// Query terms that matched, when the topic has `explain = true`.
    pub matched: Vec<String>,
}

/// A file attached to an entry.
#[derive(Debug, Clone)]
pub(super) struct Attached<'a> {
    pub url: String,
    pub media_type: &'a str,
    pub length: Option<u64>,
}

/// Where a story was published before its lead carried it.
#[derive(Debug, Clone)]
pub(super) struct Original {
    pub url: String,
    /// The host that names the place.
    pub host: Option<String>,
}

/// The source of a story's lead, as `atom:source` tells it.
#[derive(Debug, Clone)]
pub(super) struct Publisher {
    /// The document's own ID, or a minted one.
    pub id: String,
    /// The document's own title, else the source's.
    pub title: String,
    /// Our name for the source: what lines and links say.
    pub name: String,
    /// When the document said it last changed, never after we read it.
    pub updated: Timestamp,
    /// Where its document is, for web sources, without credentials.
    pub feed: Option<String>,
    /// The page it belongs to.
    pub page: Option<String>,
    /// Its copyright.
    pub rights: Option<String>,
    /// Its authors.
    pub authors: Vec<String>,
}

/// A copy of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carried {
    /// Our name for its source.
    pub by: String,
    /// Its page, if it has one.
    pub url: Option<String>,
    /// Whether its source lists what others publish.
    pub is_listing: bool,
}

impl<'a> FeedItem<'a> {
    /// The item for `story` in a feed that dates it `updated`.
    pub(super) fn of(story: &'a Story, updated: Timestamp, sources: &Sources, site: &Site) -> Self {
        Self::told_by(story.lead(sources), story, updated, sources, site)
    }

    /// The same with the texts of one member, whichever leads the story.
    pub(super) fn told_by(
        teller: &'a Member,
        story: &'a Story,
        updated: Timestamp,
        sources: &Sources,
        site: &Site,
    ) -> Self {
        let lead = &teller.entry;
        let members = std::iter::once(story.lead(sources)).chain(story.copies(sources));
        let copies: Vec<_> = members
            .filter(|member| !std::ptr::eq(*member, teller) && member.withdrawn.is_none())
            .map(|copy| carried(copy, sources))
            .collect();
        let source = publisher(story, lead, sources, site);
        let path = story_path(&story.id);
        let page = site.address(&path);
        let title = title_of(lead, &source.name);
        let remarks = Remarks::on(story, lead, updated, &source.name, &copies, sources);
        let [summary, content] = texts(lead, &source.name);
        Self {
            id: legible(&story.published_id).into_owned(),
            url: lead.url.as_ref().map_or_else(|| page.clone(), uri),
            path,
            page,
            published: story.dated,
            // The feed must not date a change before the story itself.
            updated: updated.max(story.dated),
            place: Before { date: updated, story: Some(story.id) },
            withdrawn: taken_back(story),
            authors: authors(lead, &source),
            categories: categories(story),
            rights: filled(lead.rights.as_deref()).map(line),
            language: super::text_escape::language(
                lead.language.as_deref().or(lead.feed.language.as_deref()),
            ),
            summary,
            content,
            remarks,
            excerpt: excerpt(&lead.text, 400),
            enclosures: lead.enclosures.iter().map(attached).collect(),
            image: lead.image.as_ref().map(uri),
            original: original(lead),
            matched: Vec::new(),
            title,
            source,
            copies,
        }
    }

    /// Adds the query terms that matched.
    pub(super) fn matched_by(mut self, words: Vec<String>) -> Self {
        if !words.is_empty() {
            let line = format!("<p>Matched: {}.</p>", escape(&line(&words.join(", "))));
            self.remarks.after.push_str(&line);
        }
        self.matched = words;
        self
    }

    /// "Also published by A and B; listed in C", or nothing.
    pub(super) fn also_line(&self) -> Option<String> {
        let copies = also(&self.source.name, &self.copies);
        let names = |listing: bool| -> Vec<String> {
            let named = copies.iter().filter(|copy| copy.is_listing == listing);
            named.map(|copy| copy.by.clone()).collect()
        };
        match (names(false).as_slice(), names(true).as_slice()) {
            ([], []) => None,
            (publishers, []) => Some(format!("Also published by {}", listed(publishers))),
            ([], listings) => Some(format!("Listed in {}", listed(listings))),
            (publishers, listings) => {
                let (publishers, listings) = (listed(publishers), listed(listings));
                Some(format!("Also published by {publishers}; listed in {listings}"))
            }
        }
    }

    /// The short text as HTML; without a full text, it has the remarks around it.
    pub(super) fn summary(&self) -> Option<String> {
        let summary = self.summary.as_deref()?;
        Some(if self.content.is_some() { summary.to_owned() } else { self.remarks.around(summary) })
    }

    /// The full text as HTML, with the remarks around it.
    pub(super) fn content(&self) -> Option<String> {
        Some(self.remarks.around(self.content.as_deref()?))
    }

    /// The longest text there is, as HTML with the remarks around it.
    pub(super) fn body(&self) -> String {
        let text = self.content.as_deref().or(self.summary.as_deref());
        self.remarks.around(text.unwrap_or_default())
    }

    /// The lead's own texts, without remarks, as far as a feed has them.
    pub(super) fn texts(&self) -> impl DoubleEndedIterator<Item = &str> {
        let texts = [&self.summary, &self.content].into_iter().filter_map(|text| text.as_deref());
        texts.filter(|_| self.withdrawn.is_none())
    }

    /// Calls `measure` with this item as if its texts were empty.
    pub(super) fn without_texts<T>(&mut self, measure: impl FnOnce(&Self) -> T) -> T {
        let take = |text: &mut Option<Cow<'a, str>>| text.as_mut().map(std::mem::take);
        let texts = (take(&mut self.summary), take(&mut self.content));
        let measured = measure(self);
        (self.summary, self.content) = texts;
        measured
    }

    /// Shortens texts that would take more than `limit` bytes, and says where the whole text is.
    pub(super) fn shorten(&mut self, limit: usize) {
        let link = format!(
            "<p>This text is shortened. <a href=\"{}\">Read the whole text</a>.</p>",
            escape(&self.page)
        );
        for text in [&mut self.summary, &mut self.content].into_iter().flatten() {
            if written_len(text) > limit {
                let beginning = truncate(text, limit.saturating_sub(written_len(&link)));
                *text = Cow::Owned(beginning + &link);
            }
        }
    }

    /// Leaves out the lists of an entry, where they alone take too much, and says so.
    pub(super) fn strip(&mut self) {
        self.authors.truncate(1);
        self.categories.clear();
        self.enclosures.clear();
        self.copies.clear();
        self.matched.clear();
        (self.rights, self.image, self.original) = (None, None, None);
        self.source.authors.clear();
        self.source.rights = None;
        self.remarks.after = format!(
            "<p>Labels, files and further publishers are left out. <a href=\"{}\">See its page</a>.</p>",
            escape(&self.page)
        );
    }
}

/// Short and full text of an entry as HTML. One text alone is the short one.
fn texts<'e>(entry: &'e Entry, publisher: &str) -> [Option<Cow<'e, str>>; 2] {
    match [&entry.summary, &entry.content].map(|html| filled(html.as_deref()).map(legible)) {
        // Validators object to an entry without any text (MissingTextualContent).
        [None, None] => [Some(format!("<p>Published by {}.</p>", escape(publisher)).into()), None],
        [summary, content] => {
            [summary.filter(|summary| content.as_ref() != Some(summary)), content]
        }
    }
}

/// When a story was taken back, page and all. A page that stays and says of
/// itself that it no longer applies is still to be told of, with a remark.
fn taken_back(story: &Story) -> Option<Timestamp> {
    let withdrawal = story.withdrawn.as_ref()?;
    match withdrawal.by {
        WithdrawnBy::Tombstone | WithdrawnBy::Missing => Some(withdrawal.at),
        WithdrawnBy::Notice => None,
    }
}

/// The name under which readers know a source: the operator's, else its own, else its id.
pub(super) fn name_of(entry: &Entry, sources: &Sources) -> String {
    let configured = sources.get(&entry.source).map(|source| &*source.title);
    filled(configured)
        .or(filled(Some(&entry.feed.title)))
        .map_or_else(|| entry.source.to_string(), line)
}

/// The text, unless there is nothing to read in it.
fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

fn carried(member: &Member, sources: &Sources) -> Carried {
    let entry = &member.entry;
    let role = sources.get(&entry.source).map(|source| source.role);
    Carried {
        by: name_of(entry, sources),
        url: entry.url.as_ref().map(uri),
        is_listing: role == Some(Role::Listing),
    }
}

fn original(lead: &Entry) -> Option<Original> {
    let original = lead.original.as_ref().filter(|original| lead.url.as_ref() != Some(original))?;
    Some(Original { url: uri(original), host: original.host_str().map(str::to_owned) })
}

fn title_of(lead: &Entry, publisher: &str) -> String {
    let title = line(&lead.title);
    if !title.is_empty() {
        return title;
    }
    match excerpt(&lead.text, 80) {
        text if text.is_empty() => format!("Untitled announcement by {publisher}"),
        text => text,
    }
}

fn authors(lead: &Entry, source: &Publisher) -> Vec<String> {
    let own: Vec<_> =
        lead.authors.iter().map(|name| line(name)).filter(|name| !name.is_empty()).collect();
    if !own.is_empty() {
        own
    } else if !source.authors.is_empty() {
        source.authors.clone()
    } else {
        vec![source.name.clone()]
    }
}

/// The members' categories, the lead's first, each label once.
fn categories(story: &Story) -> Vec<String> {
    let mut seen = HashSet::new();
    let labels = story.members.iter().flat_map(|member| &member.entry.categories);
    labels
        .map(|label| line(label))
        .filter(|label| !label.is_empty() && seen.insert(label.to_lowercase()))
        .collect()
}

fn attached(enclosure: &crate::model::Enclosure) -> Attached<'_> {
    let stated = enclosure.media_type.as_deref().and_then(media_type);
    Attached {
        url: uri(&enclosure.url),
        media_type: stated.unwrap_or_else(|| media_type_of(enclosure.url.path())),
        length: enclosure.length,
    }
}

/// A stated media type without its parameters, if it is one (RFC 6838 §4.2).
fn media_type(stated: &str) -> Option<&str> {
    let stated = stated.split(';').next().unwrap_or_default().trim();
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    let (kind, subtype) = stated.split_once('/')?;
    (is_name(kind) && is_name(subtype)).then_some(stated)
}

/// The media type that a file's ending tells, for the kinds that departments attach.
fn media_type_of(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("pdf") => "application/pdf",
        Some("csv") => "text/csv",
        Some("html" | "htm") => "text/html",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("mp3") => "audio/mpeg",
        Some("mp4") => "video/mp4",
        Some("odt") => "application/vnd.oasis.opendocument.text",
        Some("ods") => "application/vnd.oasis.opendocument.spreadsheet",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}

fn publisher(story: &Story, lead: &Entry, sources: &Sources, site: &Site) -> Publisher {
    let name = name_of(lead, sources);
    let feed = sources.get(&lead.source).and_then(|source| address(&source.location));
    let stated = Some(lead.feed.id.as_str()).filter(|id| is_uri(id));
    let id = match stated {
        Some(stated) => legible(stated).into_owned(),
        None => feed.clone().unwrap_or_else(|| site.source_id(&lead.source)),
    };
    let updated = lead.feed.updated.or(lead.updated).unwrap_or(story.updated);
    Publisher {
        id,
        title: filled(Some(&lead.feed.title)).map_or_else(|| name.clone(), line),
        name,
        // Whatever it claims, it was read no later than the story changed.
        updated: updated.min(story.changed),
        feed,
        page: lead.feed.url.as_ref().map(uri),
        rights: filled(lead.feed.rights.as_deref()).map(line),
        authors: lead
            .feed
            .authors
            .iter()
            .map(|name| line(name))
            .filter(|n| !n.is_empty())
            .collect(),
    }
}

/// Where a source's document is, as it can be shown to anybody.
pub(super) fn address(location: &Location) -> Option<String> {
    let url = location.url()?;
    if url.username().is_empty() && url.password().is_none() {
        return Some(uri(url));
    }
    let mut url = url.clone();
    // Fails only for addresses that have no host, and so no credentials either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(uri(&url))
}
