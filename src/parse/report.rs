//! Shows a document as it was read, in the form that `gazetted parse --json` prints.

use serde::Serialize;

use super::Parsed;
use crate::model::{Entry, Timestamp};

/// A document as it was read, in the names that `gazetted parse --json` prints.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// `RSS 2.0`, `Atom 1.0`, `JSON Feed 1.1` …
    pub format: &'a str,
    /// The encoding that it was in.
    pub encoding: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The page it belongs to.
    pub url: Option<&'a str>,
    /// BCP 47 language tag.
    pub language: Option<&'a str>,
    /// Its entries in document order.
    pub entries: Vec<EntryReport<'a>>,
    /// Its requests to readers, such as `ttl`.
    pub hints: HintsReport<'a>,
    /// Repairs and omissions, for people to read.
    pub warnings: &'a [String],
}

/// One entry of a [`Report`].
#[derive(Debug, Serialize)]
pub struct EntryReport<'a> {
    /// Its guid, `atom:id` or `rdf:about`, byte for byte.
    pub id: Option<&'a str>,
    /// The page it is about.
    pub url: Option<&'a str>,
    /// Where it was first published, if that is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<&'a str>,
    /// Plain text.
    pub title: &'a str,
    /// Names of the authors.
    pub authors: &'a [String],
    /// Labels of the categories.
    pub categories: &'a [String],
    /// RFC 3339 in UTC.
    pub published: Option<String>,
    /// RFC 3339 in UTC.
    pub updated: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<&'a str>,
    /// Sanitised HTML.
    pub summary: Option<&'a str>,
    /// Summary and content as plain text.
    pub text: &'a str,
    /// The fullest account it gives, as sanitised HTML.
    pub html: Option<&'a str>,
    /// The text around the announcement, which is left out of text and HTML.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<SetAsideReport<'a>>,
    /// Attached files.
    pub enclosures: Vec<EnclosureReport<'a>>,
    /// A picture for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<&'a str>,
}

/// A piece of text that was set aside.
#[derive(Debug, Serialize)]
pub struct SetAsideReport<'a> {
    /// Why, in one word.
    pub reason: &'static str,
    /// How it begins.
    pub text: &'a str,
    /// Characters of all of it.
    pub characters: u32,
}

/// One attached file of an [`EntryReport`].
#[derive(Debug, Serialize)]
pub struct EnclosureReport<'a> {
    /// Where it is.
    pub url: &'a str,
    /// Its media type, as stated.
    #[serde(rename = "type")]
    pub media_type: Option<&'a str>,
    /// Its size in bytes, as stated.
    pub length: Option<u64>,
}

/// The requests of a document to its readers, in a [`Report`].
#[derive(Debug, Serialize)]
pub struct HintsReport<'a> {
    /// In seconds.
    pub ttl: Option<u64>,
    /// 0 to 23, GMT.
    pub skip_hours: &'a [u8],
    /// 0 is Monday.
    pub skip_days: &'a [u8],
    /// Seconds between changes.
    pub update_period: Option<u64>,
    /// The first WebSub hub.
    pub hub: Option<&'a str>,
    /// The rssCloud that says when there is news.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<&'a str>,
    /// The document's own idea of its address.
    #[serde(rename = "self")]
    pub self_url: Option<&'a str>,
    /// The next older page or archive.
    pub next: Option<&'a str>,
    /// Whether what is not listed is gone.
    pub complete: bool,
    /// Ids of entries that the source took back.
    pub deleted: Vec<&'a str>,
    /// Whether the source says it has ended.
    pub ended: bool,
}

/// The view of `parsed` that `gazetted parse --json` prints. Dates after `at`,
/// when the document was read, are held to it, as they are published (Q6).
pub fn report(parsed: &Parsed, at: Timestamp) -> Report<'_> {
    let hints = &parsed.hints;
    Report {
        format: &parsed.format,
        encoding: &parsed.encoding,
        title: &parsed.feed.title,
        url: parsed.feed.url.as_ref().map(url::Url::as_str),
        language: parsed.feed.language.as_deref(),
        entries: parsed.entries.iter().map(|one| entry(one, at)).collect(),
        hints: HintsReport {
            ttl: hints.ttl.map(|ttl| ttl.as_secs()),
            skip_hours: &hints.skip_hours,
            skip_days: &hints.skip_days,
            update_period: hints.update_period.map(|period| period.as_secs()),
            hub: hints.hubs.first().map(url::Url::as_str),
            cloud: hints.cloud.as_ref().map(url::Url::as_str),
            self_url: hints.self_url.as_ref().map(url::Url::as_str),
            next: hints.next.as_ref().map(url::Url::as_str),
            complete: hints.complete,
            deleted: hints.deleted.iter().map(|(guid, _)| guid.as_str()).collect(),
            ended: hints.ended,
        },
        warnings: &parsed.warnings,
    }
}

fn entry(entry: &Entry, at: Timestamp) -> EntryReport<'_> {
    let date = |moment: Option<Timestamp>| moment.map(|moment| moment.min(at).to_string());
    EntryReport {
        id: entry.guid.as_deref(),
        url: entry.url.as_ref().map(url::Url::as_str),
        original: entry.original.as_ref().map(url::Url::as_str),
        title: &entry.title,
        authors: &entry.authors,
        categories: &entry.categories,
        published: date(entry.published),
        updated: date(entry.updated),
        language: entry.language.as_deref(),
        summary: entry.summary.as_deref(),
        text: &entry.text,
        html: entry.content.as_deref().or(entry.summary.as_deref()),
        set_aside: entry
            .set_aside
            .iter()
            .map(|piece| SetAsideReport {
                reason: piece.reason.as_str(),
                text: &piece.text,
                characters: piece.characters,
            })
            .collect(),
        enclosures: entry
            .enclosures
            .iter()
            .map(|enclosure| EnclosureReport {
                url: enclosure.url.as_str(),
                media_type: enclosure.media_type.as_deref(),
                length: enclosure.length,
            })
            .collect(),
        image: entry.image.as_ref().map(url::Url::as_str),
    }
}
