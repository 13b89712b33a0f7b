//! Reads GOV.UK's content item of a page into an entry.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use url::Url;

use super::{Enrichment, Fetched, FullText, Reading, announcement, separated, take_text};
use crate::model::{Document, Entry, Failure, FailureKind, Timestamp};

/// Where the content API has a page of GOV.UK; pages elsewhere have no content item.
pub(super) fn content_of(page: &Url) -> Option<Url> {
    let path = page.path();
    if !matches!(page.host_str(), Some("www.gov.uk" | "gov.uk"))
        || path.len() < 2
        || path.starts_with("/search")
        || path.starts_with("/api/")
    {
        return None;
    }
    Url::parse(&format!("https://www.gov.uk/api/content{}", path.trim_end_matches('/'))).ok()
}

/// The parts of a content item that are read.
#[derive(Debug, Deserialize)]
struct Item {
    content_id: Option<String>,
    description: Option<String>,
    document_type: Option<String>,
    locale: Option<String>,
    #[serde(default)]
    details: Details,
    #[serde(default)]
    links: Links,
    withdrawn_notice: Option<Notice>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    body: Option<Body>,
    /// A guide's chapters, a country's travel advice.
    parts: Vec<Part>,
    /// The documents of a publication, as HTML.
    documents: Vec<String>,
    change_history: Vec<Change>,
}

/// HTML, or several renderings of which one is HTML.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Body {
    Html(String),
    Renderings(Vec<Rendering>),
}

#[derive(Debug, Deserialize)]
struct Rendering {
    content_type: String,
    content: String,
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    title: String,
    body: Option<Body>,
}

#[derive(Debug, Deserialize)]
struct Change {
    note: Option<String>,
    public_timestamp: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Links {
    organisations: Vec<Linked>,
    world_locations: Vec<Linked>,
}

#[derive(Debug, Deserialize)]
struct Linked {
    base_path: Option<String>,
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Notice {
    /// The reason, as HTML.
    explanation: Option<String>,
    withdrawn_at: Option<String>,
}

/// Adds what the content item says to the entry.
pub(super) fn add(
    entry: &mut Entry,
    Fetched { document, text }: &Fetched<'_>,
    reading: &Reading<'_>,
) -> Result<Enrichment, Failure> {
    let clean = reading.clean;
    let item: Item = serde_json::from_str(text).map_err(|error| {
        Failure::new(
            FailureKind::NotAFeed,
            format!("the content API answered something else than a content item: {error}"),
        )
    })?;
    match item.document_type.as_deref() {
        Some("gone") => {
            return Err(Failure::new(FailureKind::Gone, "the page has been taken down"));
        }
        Some("redirect") => {
            return Err(Failure::new(FailureKind::Redirect, "the page has moved"));
        }
        _ => {}
    }
    if entry.summary.is_none() {
        let description = item.description.as_deref().filter(|text| !text.trim().is_empty());
        let cleaned =
            |(text, page): (&str, &Url)| clean(&htmlize::escape_text(text.trim()), page).html;
        entry.summary = description.zip(entry.url.as_ref()).map(cleaned);
    }
    let mut done = Enrichment::default();
    if let (html, Some(page)) = (html_of(&item.details), entry.url.clone()) {
        let stated = entry.content.as_deref().map_or(0, |content| clean(content, &page).text.len());
        let selectors = &reading.surroundings.rules.cut;
        let (html, cut) = match announcement::cut(&html, selectors, reading.cancelled) {
            Some((rest, cut)) => (rest, cut),
            None => (html, Vec::new()),
        };
        let full = separated(entry, &html, &page, reading);
        take_text(entry, FullText { full, cut, stated }, reading, &mut done);
    }
    let before = entry.tags.len();
    tag(entry, "org", &item.links.organisations);
    tag(entry, "location", &item.links.world_locations);
    done.tags = entry.tags.len() - before;
    // Translations share an id.
    let locale = item.locale.as_deref().unwrap_or("en");
    entry.content_id = item.content_id.map(|id| format!("{id}:{locale}"));
    let note = latest_note(item.details.change_history);
    entry.change_note = note.zip(entry.url.as_ref()).map(|(note, page)| clean(&note, page).text);
    entry.change_note.take_if(|note| note.is_empty());
    entry.withdrawn = item.withdrawn_notice.as_ref().map(|notice| withdrawn_at(notice, document));
    let explanation = item.withdrawn_notice.and_then(|notice| notice.explanation);
    entry.withdrawn_because =
        explanation.zip(entry.url.as_ref()).map(|(why, page)| clean(&why, page).text);
    entry.withdrawn_because.take_if(|why| why.is_empty());
    done.withdrawn = entry.withdrawn.is_some();
    if entry.language.is_none() {
        entry.language = item.locale;
    }
    Ok(done)
}

/// The whole of what a page says, as HTML.
fn html_of(details: &Details) -> String {
    let mut html = details.body.as_ref().and_then(html_in).unwrap_or_default().to_owned();
    for part in &details.parts {
        if let Some(body) = part.body.as_ref().and_then(html_in) {
            html.push_str(&format!("<h2>{}</h2>", htmlize::escape_text(&part.title)));
            html.push_str(body);
        }
    }
    if html.is_empty() {
        html = details.documents.concat();
    }
    html
}

fn html_in(body: &Body) -> Option<&str> {
    match body {
        Body::Html(html) => Some(html),
        Body::Renderings(renderings) => renderings
            .iter()
            .find(|rendering| rendering.content_type == "text/html")
            .map(|rendering| rendering.content.as_str()),
    }
}

/// Tags of one kind; no page has as many.
const MOST_TAGS: usize = 100;

/// Tags the entry with the slugs of what the item links to.
fn tag(entry: &mut Entry, kind: &str, linked: &[Linked]) {
    for link in linked.iter().take(MOST_TAGS) {
        let slug = match (&link.base_path, &link.title) {
            (Some(path), _) => path.rsplit('/').next().unwrap_or_default().to_owned(),
            (None, Some(title)) => slug_of(title),
            (None, None) => continue,
        };
        // The Welsh page of an organisation ends in `.cy`.
        let tag = format!("{kind}:{}", slug.split('.').next().unwrap_or_default());
        if !slug.is_empty() && !entry.tags.contains(&tag) {
            entry.tags.push(tag);
        }
    }
}

/// GOV.UK's own rule: plain letters and digits, whatever stands between them
/// one hyphen.
fn slug_of(title: &str) -> String {
    let plain: String =
        title.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// The note of the latest change, if there was one after the first publication.
fn latest_note(history: Vec<Change>) -> Option<String> {
    if history.len() < 2 {
        return None;
    }
    let dated = history.into_iter().filter_map(|change| {
        Some((Timestamp::parse_rfc3339(change.public_timestamp.as_deref()?)?, change.note?))
    });
    // Of two notes with one date the earlier in the list is the later change.
    let latest = dated.reduce(|latest, change| if change.0 > latest.0 { change } else { latest });
    latest.map(|(_, note)| note)
}

fn withdrawn_at(notice: &Notice, document: &Document) -> Timestamp {
    let stated = notice.withdrawn_at.as_deref().and_then(Timestamp::parse_rfc3339);
    stated.unwrap_or(document.at).min(document.at)
}
