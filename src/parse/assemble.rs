//! Puts entries together from what feed-rs read and what was noted beside it.

use std::borrow::Cow;
use std::sync::Arc;

use url::Url;

use super::clean::{self, Allowance, fold, resolve, title};
use super::outline::{Note, Outline, Tie};
use super::strict::{Draft, DraftEntry, Text};
use super::surroundings::{self, Texts};
use super::{Limits, Parsed};
use crate::announcement::{self, Surroundings};
use crate::control_characters::close_isolates;
use crate::model::{Document, Enclosure, Entry, Failure, Feed, Hints, SetAside, Timestamp};

/// A title longer than this is a text that lost its way.
const MAX_TITLE: usize = 2000;
/// A name longer than this is none. Those of the feed are kept with each of its entries.
const MAX_NAME: usize = 300;
/// Ids of feeds are kept with each entry, too.
const MAX_FEED_ID: usize = 2048;
/// Authors, categories, enclosures of one entry.
const MAX_LIST: usize = 100;
/// Hubs that a feed names; nobody subscribes at more.
const MAX_HUBS: usize = 16;
/// What a retired GOV.UK feed serves as its one entry.
const ENDED: &str = "this feed has ended";

/// How a document is read.
pub(super) struct Settings<'d> {
    pub(super) limits: &'d Limits,
    pub(super) surroundings: &'d Surroundings<'d>,
    pub(super) encoding: &'static str,
}

/// Puts the entries together.
pub(super) fn assemble(
    document: &Document,
    settings: Settings<'_>,
    allowance: Allowance,
    draft: Draft,
    mut outline: Outline,
) -> Result<Parsed, Failure> {
    if draft.entries.len() != outline.entries.len() {
        let message = "the entries' notes do not fit them: dates are missing";
        outline.warnings.push(message.to_owned());
        outline.entries = vec![Note::default(); draft.entries.len()];
    }
    let base = outline.feed.base.clone().or_else(|| document.url.clone());
    let feed = feed_of(&draft, &outline.feed, base.as_ref(), document.at);
    let hints = hints_of(&draft, &outline, base.as_ref());
    let fallback = base.or_else(|| feed.url.clone());
    let cancelled = allowance.cancelled.clone();
    let Settings { limits, surroundings, encoding } = settings;
    let mut assembler = Assembler {
        document,
        limits,
        surroundings,
        feed,
        base: fallback,
        allowance,
        cut: 0,
        flattened: 0,
    };
    let notes = std::mem::take(&mut outline.entries);
    let mut entries = Vec::with_capacity(draft.entries.len());
    let mut texts = Vec::with_capacity(draft.entries.len());
    for (draft, note) in draft.entries.into_iter().zip(notes) {
        cancelled.check()?;
        let (entry, of_entry) = assembler.entry(draft, note);
        entries.push(entry);
        texts.push(of_entry);
    }
    let mut warnings = outline.warnings;
    surroundings::set_aside(&mut entries, texts, surroundings, &mut warnings, &cancelled)?;
    let silent = entries.iter().filter(|entry| says_nothing(entry)).count();
    let entries = entries.into_iter().map(Arc::new).collect();
    if silent > 0 {
        warnings.push(format!("entries with neither id, link, title nor text: {silent}"));
    }
    if assembler.cut > 0 {
        warnings.push(format!("texts too long or too deep, which were cut: {}", assembler.cut));
    }
    if assembler.flattened > 0 {
        warnings.push(format!(
            "texts whose tags would take too much work to mend, kept as plain text: {}",
            assembler.flattened
        ));
    }
    let mut parsed = Parsed {
        format: outline.format,
        encoding: encoding.to_owned(),
        feed: assembler.feed,
        entries,
        hints,
        warnings,
        broken_off: outline.broken_off,
    };
    if let [only] = &parsed.entries[..] {
        parsed.hints.ended |= only.title.to_lowercase().trim_end_matches('.') == ENDED;
    }
    Ok(parsed)
}

fn says_nothing(entry: &Entry) -> bool {
    entry.guid.is_none() && entry.url.is_none() && entry.title.is_empty() && entry.text.is_empty()
}

/// What a document says of itself. Its date is held to when it was read: it is
/// published as it stands, and tells no entries apart (Q6).
fn feed_of(draft: &Draft, note: &Note, base: Option<&Url>, at: Timestamp) -> Feed {
    let links = draft.links.iter().chain(&note.links);
    let page = links
        .filter(|tie| matches!(tie.rel.as_str(), "" | "alternate"))
        .filter(|tie| is_page(tie))
        .find_map(|tie| web(&tie.href, base));
    let written = draft.title.as_ref().map(|text| text.body.as_str()).or(note.title.as_deref());
    let rights = draft.rights.as_ref().map(|text| text.body.as_str()).or(note.rights.as_deref());
    Feed {
        id: fold(clean::cut_to(
            if draft.id.is_empty() { note.about.as_deref().unwrap_or_default() } else { &draft.id },
            MAX_FEED_ID,
        )),
        title: short_title(written.unwrap_or_default()),
        url: page,
        updated: note.updated.or(note.published).map(|moment| moment.min(at)),
        language: language(draft.language.as_deref().or(note.language.as_deref())),
        rights: rights.map(short_title).filter(|rights| !rights.is_empty()),
        authors: names(if draft.authors.is_empty() { &note.authors } else { &draft.authors }),
    }
}

fn hints_of(draft: &Draft, outline: &Outline, base: Option<&Url>) -> Hints {
    let mut hints = outline.hints.clone();
    for tie in draft.links.iter().chain(&outline.feed.links) {
        let Some(address) = web(&tie.href, base) else { continue };
        match tie.rel.as_str() {
            "hub" if hints.hubs.len() < MAX_HUBS && !hints.hubs.contains(&address) => {
                hints.hubs.push(address);
            }
            "self" => hints.self_url = hints.self_url.or(Some(address)),
            "next" | "prev-archive" => hints.next = hints.next.or(Some(address)),
            _ => {}
        }
    }
    for list in [&mut hints.skip_hours, &mut hints.skip_days] {
        list.sort_unstable();
        list.dedup();
    }
    hints
}

struct Assembler<'d> {
    document: &'d Document,
    limits: &'d Limits,
    surroundings: &'d Surroundings<'d>,
    feed: Feed,
    /// Where nothing nearer says what relative links are relative to.
    base: Option<Url>,
    allowance: Allowance,
    /// How many texts were cut.
    cut: usize,
    /// How many lost their tags.
    flattened: usize,
}

impl Assembler<'_> {
    fn entry(&mut self, draft: DraftEntry, note: Note) -> (Entry, Texts) {
        let own_base = note.base.clone().or_else(|| self.base.clone());
        let base = own_base.as_ref();
        let mut entry = Entry::of(self.document.source.clone());
        // What was taken from elsewhere says so, and goes on saying so (Q8).
        entry.feed = match &note.source {
            Some(source) => feed_of(&Draft::default(), source, base, self.document.at),
            None => self.feed.clone(),
        };
        entry.guid = guid(&draft, &note);
        entry.url = address(&draft, &note, entry.guid.as_deref(), base);
        entry.title = self.title(&draft, &note);
        let texts = self.texts(&draft, &note, base);
        let ties = || draft.links.iter().chain(&note.links);
        if let Some(tie) = ties().find(|tie| matches!(tie.rel.as_str(), "via" | "canonical")) {
            entry.original = web(&tie.href, base).filter(|found| is_elsewhere(found, &entry));
        }
        entry.authors = [&draft.authors, &note.authors, &draft.credits]
            .into_iter()
            .map(|list| names(list))
            .find(|list| !list.is_empty())
            .unwrap_or_default();
        entry.categories = labels(draft.categories.iter().chain(&note.subjects));
        entry.language = language(
            note.language
                .as_deref()
                .or(draft.language.as_deref())
                .or(self.feed.language.as_deref()),
        );
        (entry.published, entry.updated) = self.dates(&draft, &note);
        entry.enclosures = enclosures(&draft, &note, base);
        entry.image = picture(&draft, &note, base);
        entry.comments = note
            .comments
            .as_deref()
            .or_else(|| {
                ties().find(|tie| tie.rel == "replies" && is_page(tie)).map(|tie| tie.href.as_str())
            })
            .and_then(|written| web(written, base));
        let rights =
            draft.rights.as_ref().map(|text| text.body.as_str()).or(note.rights.as_deref());
        entry.rights = rights.map(short_title).filter(|rights| !rights.is_empty());
        entry.geo = note.latitude.zip(note.longitude).filter(|(latitude, longitude)| {
            (-90.0..=90.0).contains(latitude) && (-180.0..=180.0).contains(longitude)
        });
        (entry, texts)
    }

    fn title(&self, draft: &DraftEntry, note: &Note) -> String {
        let stated = draft.title.as_ref().map(|text| text.body.as_str());
        stated
            .into_iter()
            .chain(note.title.as_deref())
            .chain(draft.media_title.as_deref())
            .map(short_title)
            .find(|title| !title.is_empty())
            .unwrap_or_default()
    }

    /// Summary and content, cleaned.
    fn texts(&mut self, draft: &DraftEntry, note: &Note, base: Option<&Url>) -> Texts {
        let described = || {
            let body = note.description.as_deref().or(draft.media_description.as_deref())?;
            Some(Text { body: body.to_owned(), plain: false })
        };
        let summary = match &draft.summary {
            Some(text) if !text.body.trim().is_empty() => Some(Cow::Borrowed(text)),
            _ if draft.content.is_none() => described().map(Cow::Owned),
            _ => None,
        };
        let mut texts = Texts::default();
        let mut whole = xxhash_rust::xxh3::Xxh3::new();
        for text in [summary.as_deref(), draft.content.as_ref()] {
            whole.update(text.map_or("", |text| &text.body).as_bytes());
            whole.update(b"\0");
        }
        texts.whole = whole.digest();
        texts.summary =
            summary.map(|text| self.cleaned(&text, base, &mut texts.cut)).unwrap_or_default();
        texts.content = draft
            .content
            .as_ref()
            .map(|text| self.cleaned(text, base, &mut texts.cut))
            .unwrap_or_default();
        if texts.summary.html == texts.content.html {
            texts.summary.html.clear();
        }
        texts
    }

    fn cleaned(
        &mut self,
        text: &Text,
        base: Option<&Url>,
        cut: &mut Vec<SetAside>,
    ) -> announcement::Cleaned {
        let body = unescaped(&text.body);
        let cleaned = if text.plain && !clean::looks_like_html(&body) {
            clean::from_plain(&body, self.limits.field, &mut self.allowance)
        } else {
            let selectors = &self.surroundings.rules.cut;
            let within = clean::cut_to(&body, self.limits.field);
            let shortened = announcement::cut(within, selectors, &self.allowance.cancelled);
            let body = match shortened {
                Some((html, set_aside)) => {
                    cut.extend(set_aside);
                    Cow::Owned(html)
                }
                None => body,
            };
            clean::clean(&body, base, self.limits.field, &mut self.allowance)
        };
        self.cut += usize::from(cleaned.cut);
        self.flattened += usize::from(cleaned.flattened);
        cleaned.into()
    }

    /// When it was published and when it was changed. RSS 1.0 knows one date
    /// for both, and so do we then.
    fn dates(&self, draft: &DraftEntry, note: &Note) -> (Option<Timestamp>, Option<Timestamp>) {
        let read = |moment: Option<chrono::DateTime<chrono::Utc>>| {
            moment.and_then(|moment| super::date::believed(Timestamp::from(moment)))
        };
        let published = note.published.or_else(|| read(draft.published)).or(note.created);
        let updated = note.updated.or_else(|| read(draft.updated));
        let is_rss = self.is_rss();
        (published.or(updated.filter(|_| is_rss)), updated)
    }

    fn is_rss(&self) -> bool {
        // Atom requires an id of every feed, and RSS has none.
        self.feed.id.is_empty()
    }
}

/// HTML that was escaped once too often, as it was meant: all of it is text,
/// and that text is an element from its first character to its last.
fn unescaped(body: &str) -> Cow<'_, str> {
    let inner = body.trim();
    if !inner.starts_with("&lt;") || !inner.ends_with("&gt;") || inner.contains('<') {
        return Cow::Borrowed(body);
    }
    let decoded = htmlize::unescape(inner);
    if clean::looks_like_html(&decoded) { decoded } else { Cow::Borrowed(body) }
}

fn is_elsewhere(found: &Url, entry: &Entry) -> bool {
    found.host_str() != entry.url.as_ref().and_then(Url::host_str)
}

/// The id the source gave it, byte for byte but for white space around it.
fn guid(draft: &DraftEntry, note: &Note) -> Option<String> {
    let id = draft.id.trim_matches([' ', '\t', '\r', '\n']);
    let id = if id.is_empty() { note.about.as_deref().unwrap_or_default().trim() } else { id };
    let id: String = id.chars().filter(|c| super::decode::is_allowed(*c)).collect();
    Some(id).filter(|id| !id.is_empty())
}

/// The page the entry is about: the alternate link, RSS' own link, a guid that
/// is an address, `rdf:about`, or the id itself.
fn address(draft: &DraftEntry, note: &Note, guid: Option<&str>, base: Option<&Url>) -> Option<Url> {
    let plain = draft.links.iter().rev().filter(|tie| tie.rel.is_empty());
    let alternate = draft.links.iter().chain(&note.links).filter(|tie| tie.rel == "alternate");
    let pages = plain.chain(alternate.clone().filter(|tie| is_page(tie))).chain(alternate);
    pages
        .map(|tie| tie.href.as_str())
        .find_map(|href| web(href, base))
        .or_else(|| guid.filter(|_| !note.guid_is_no_link).and_then(|id| web(id, None)))
        .or_else(|| note.about.as_deref().and_then(|about| web(about, None)))
        .or_else(|| {
            let ties = draft.links.iter().chain(&note.links);
            ties.filter(|tie| matches!(tie.rel.as_str(), "related" | "content"))
                .find_map(|tie| web(&tie.href, base))
        })
}

/// Whether a link leads to something that people read.
fn is_page(tie: &Tie) -> bool {
    tie.media_type.as_deref().is_none_or(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.is_empty() || kind.contains("html") || kind == "text/plain"
    })
}

/// An address on the web.
fn web(written: &str, base: Option<&Url>) -> Option<Url> {
    // Escaped once too often, as in CDATA; no address means this.
    let written = written.trim().replace("&amp;", "&");
    let found = match written.strip_prefix("www.") {
        Some(_) => resolve(&format!("http://{written}"), None)?,
        None => resolve(&written, base)?,
    };
    Some(found).filter(|address| matches!(address.scheme(), "http" | "https") && address.has_host())
}

fn short_title(written: &str) -> String {
    let title = title(clean::cut_to(written, 4 * MAX_TITLE));
    close_isolates(clean::cut_to(&title, MAX_TITLE)).into_owned()
}

/// Names of people: `address (Name)` is reduced to the name.
fn names(written: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for written in written.iter().take(MAX_LIST) {
        let name = title(clean::cut_to(written, 4 * MAX_NAME));
        let name = match name.split_once(" (") {
            Some((address, rest)) if address.contains('@') => {
                close_isolates(rest.trim_end_matches(')')).into_owned()
            }
            _ => name,
        };
        let name = clean::cut_to(&name, MAX_NAME).trim_end().to_owned();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn labels<'a>(written: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for label in written.take(MAX_LIST).map(|label| short_title(label)) {
        if !label.is_empty() && !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

fn language(written: Option<&str>) -> Option<String> {
    let tag = written?.trim().replace('_', "-");
    let is_tag = (2..=35).contains(&tag.len())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && tag
            .split('-')
            .next()
            .is_some_and(|first| first.bytes().all(|b| b.is_ascii_alphabetic()));
    is_tag.then_some(tag)
}

fn enclosures(draft: &DraftEntry, note: &Note, base: Option<&Url>) -> Vec<Enclosure> {
    let linked = draft.links.iter().chain(&note.links).filter(|tie| tie.rel == "enclosure");
    let mut enclosures: Vec<Enclosure> = Vec::new();
    for tie in note.enclosures.iter().chain(linked).chain(&draft.media).take(MAX_LIST) {
        let Some(url) = web(&tie.href, base) else { continue };
        if enclosures.iter().all(|known| known.url != url) {
            let media_type = tie.media_type.as_deref().map(fold).filter(|kind| !kind.is_empty());
            enclosures.push(Enclosure { url, media_type, length: tie.length });
        }
    }
    enclosures
}

fn picture(draft: &DraftEntry, note: &Note, base: Option<&Url>) -> Option<Url> {
    let attached = note
        .enclosures
        .iter()
        .filter(|tie| tie.media_type.as_deref().is_some_and(|kind| kind.starts_with("image/")));
    let linked = note.links.iter().filter(|tie| tie.rel == "image");
    let attached = attached.chain(linked).map(|tie| tie.href.as_str());
    draft.pictures.iter().map(String::as_str).chain(attached).find_map(|href| web(href, base))
}
