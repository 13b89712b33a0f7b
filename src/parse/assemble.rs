//! Puts entries together from feed-rs' reading and the notes beside it.

use std::borrow::Cow;
use std::sync::Arc;

use url::Url;

use super::address;
use super::clean::{self, Allowance, fold, title};
use super::entry_id;
use super::feed_parser::{Draft, DraftEntry, Markup, Text};
use super::outline::{Note, Outline};
use super::surroundings::{self, Texts};
use super::{Break, Limits, Parsed, whole_text};
use crate::announcement::{self, Surroundings};
use crate::charset;
use crate::control_characters::close_isolates;
use crate::model::{
    Document, Enclosure, Entry, Failure, Feed, Hints, Publisher, SetAside, Timestamp,
};

/// A title longer than this is a text that lost its way.
const MAX_TITLE: usize = 2000;
/// Longer names are cut. Those of the feed are kept with each of its entries.
const MAX_NAME: usize = 300;
/// Ids of feeds are kept with each entry, too.
const MAX_FEED_ID: usize = 2048;
/// The longest media type: two names of 127 characters.
const MAX_MEDIA_TYPE: usize = 255;
/// Authors, categories, enclosures of one entry.
const MAX_LIST: usize = 100;
/// Hubs of a feed that are kept.
const MAX_HUBS: usize = 16;
/// The title of the one entry that a retired GOV.UK feed serves.
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
    let has_notes = draft.entries.len() == outline.entries.len();
    if !has_notes {
        let message = "the entries' notes do not fit them: dates are missing";
        outline.warnings.push(message.to_owned());
        outline.entries = vec![Note::default(); draft.entries.len()];
    }
    let base = outline.feed.base.clone().or_else(|| document.url.clone());
    let feed = feed_of(&draft, &outline.feed, base.as_ref(), document.at);
    let hints = hints_of(&draft, &outline, base.as_ref());
    let fallback = base.or_else(|| feed.url.clone()).or_else(|| hints.self_url.clone());
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
        hiding_their_end: 0,
        long_ids: 0,
    };
    let is_last_kept = outline.entries.last().is_none_or(|note| note.is_last || !has_notes);
    let mut notes = std::mem::take(&mut outline.entries);
    whole_text::adopt(&mut notes, &draft.entries);
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
    if outline.broken_off == Some(Break::WithinLast) {
        outline.broken_off = match is_last_kept {
            true => Some(judge_last(&mut entries, &mut warnings)),
            // It was left out with the oldest, because its date did not come.
            false => Some(Break::Between),
        };
    }
    let silent = entries.iter().filter(|entry| says_nothing(entry)).count();
    let entries = entries.into_iter().map(Arc::new).collect();
    if silent > 0 {
        warnings.push(format!("entries with neither id, link, title nor text: {silent}"));
    }
    if assembler.cut > 0 {
        warnings.push(format!("texts too long or too deep, which were cut: {}", assembler.cut));
    }
    if assembler.long_ids > 0 {
        warnings.push(format!(
            "ids too long to be kept whole, kept as a hash and their beginning: {}",
            assembler.long_ids
        ));
    }
    if assembler.flattened > 0 {
        warnings.push(format!(
            "texts whose tags would take too much work to mend, kept as plain text: {}",
            assembler.flattened
        ));
    }
    if assembler.hiding_their_end > 0 {
        warnings.push(format!(
            "texts whose end is hidden by a tag, comment or script that is never closed: {}",
            assembler.hiding_their_end
        ));
    }
    let mut parsed = Parsed {
        format: outline.format,
        encoding: encoding.to_owned(),
        feed: assembler.feed,
        entries,
        hints,
        warnings,
        left_out: outline.left_out,
        is_limited: outline.is_limited || assembler.cut > 0,
        broken_off: outline.broken_off,
    };
    if let [only] = &parsed.entries[..] {
        parsed.hints.ended |= only.title.to_lowercase().trim_end_matches('.') == ENDED;
    }
    Ok(parsed)
}

/// Leaves the entry out that the document breaks off in, if neither its title nor its address came
/// whole. Returns where the document breaks off then.
fn judge_last(entries: &mut Vec<Entry>, warnings: &mut Vec<String>) -> Break {
    let is_named = |entry: &&mut Entry| !entry.title.is_empty() || entry.url.is_some();
    if let Some(last) = entries.last_mut().filter(is_named) {
        last.cut_off = true;
        let message = "the last entry is cut off: its whole parts were read, the rest is awaited";
        warnings.push(message.to_owned());
        return Break::WithinLast;
    }
    entries.pop();
    let message = "the last entry is cut off before its title and its address: it was left out";
    warnings.push(message.to_owned());
    Break::Between
}

fn says_nothing(entry: &Entry) -> bool {
    entry.guid.is_none() && entry.url.is_none() && entry.title.is_empty() && entry.text.is_empty()
}

/// The metadata of a document. Its date is at most the time of reading, because it is published
/// as it stands and no entry depends on it (Q6).
fn feed_of(draft: &Draft, note: &Note, base: Option<&Url>, at: Timestamp) -> Feed {
    let links = draft.links.iter().chain(&note.links);
    let page = links
        .filter(|link| matches!(link.rel.as_str(), "" | "alternate"))
        .filter(|link| address::is_page(link))
        .find_map(|link| address::web(&link.href, base));
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
        language: draft.language.as_deref().or(note.language.as_deref()).and_then(language_tag),
        rights: rights.map(short_title).filter(|rights| !rights.is_empty()),
        authors: names(if draft.authors.is_empty() { &note.authors } else { &draft.authors }),
    }
}

fn hints_of(draft: &Draft, outline: &Outline, base: Option<&Url>) -> Hints {
    let mut hints = outline.hints.clone();
    for link in draft.links.iter().chain(&outline.feed.links) {
        let Some(address) = address::web(&link.href, base) else { continue };
        match link.rel.as_str() {
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
    /// The base of relative links where no element states one.
    base: Option<Url>,
    allowance: Allowance,
    /// How many texts were cut.
    cut: usize,
    /// How many lost their tags.
    flattened: usize,
    /// How many end in something that is never closed and hides the rest.
    hiding_their_end: usize,
    /// How many ids were shortened.
    long_ids: usize,
}

impl Assembler<'_> {
    fn entry(&mut self, draft: DraftEntry, note: Note) -> (Entry, Texts) {
        let own_base = note.base.clone().or_else(|| self.base.clone());
        let base = own_base.as_ref();
        let mut entry = Entry::of(self.document.source.clone());
        // An entry that was taken from elsewhere goes on saying so (Q8).
        entry.feed = match &note.source {
            Some(source) => feed_of(&Draft::default(), source, base, self.document.at),
            None => self.feed.clone(),
        };
        let written = Some(&*draft.id).filter(|id| !id.trim().is_empty());
        let id = entry_id::read(written.or(note.about.as_deref()).unwrap_or_default());
        let is_shortened = id.as_ref().is_some_and(|id| id.is_shortened);
        self.long_ids += usize::from(is_shortened);
        entry.guid = id.map(|id| id.text);
        let stated_id = entry.guid.as_deref().filter(|_| !is_shortened);
        let language = note.language.as_deref().or(draft.language.as_deref());
        let language = language.or(self.feed.language.as_deref()).map(str::to_owned);
        let (url, of_url) = address::of_entry(&draft, &note, stated_id, language.as_deref(), base);
        entry.url = url;
        entry.title = self.title(&draft, &note);
        let texts = self.texts(&draft, &note, base);
        let links = || draft.links.iter().chain(&note.links);
        if let Some(link) = links().find(|link| matches!(link.rel.as_str(), "via" | "canonical")) {
            entry.original =
                address::web(&link.href, base).filter(|found| is_elsewhere(found, &entry));
        }
        entry.authors = [&draft.authors, &note.authors, &draft.credits]
            .into_iter()
            .map(|list| names(list))
            .find(|list| !list.is_empty())
            .unwrap_or_default();
        entry.categories = labels(draft.categories.iter().chain(&note.subjects));
        entry.language = language.or(of_url).as_deref().and_then(language_tag);
        entry.publisher = publisher(&note, &entry.feed, base);
        (entry.published, entry.updated) = self.dates(&note);
        entry.enclosures = enclosures(&draft, &note, base);
        entry.image = picture(&draft, &note, base);
        entry.comments = note
            .comments
            .as_deref()
            .or_else(|| {
                links()
                    .find(|link| link.rel == "replies" && address::is_page(link))
                    .map(|link| link.href.as_str())
            })
            .and_then(|written| address::web(written, base));
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
            Some(Text { body: body.to_owned(), markup: Markup::Html })
        };
        let summary = match &draft.summary {
            Some(text) if !text.body.trim().is_empty() => Some(Cow::Borrowed(text)),
            _ if draft.content.is_none() && note.content.is_none() => described().map(Cow::Owned),
            _ => None,
        };
        let noted = || {
            let body = note.content.clone()?;
            Some(Cow::Owned(Text { body, markup: Markup::Html }))
        };
        let content = draft.content.as_ref().map(Cow::Borrowed).or_else(noted);
        let mut texts = Texts::default();
        let mut whole = xxhash_rust::xxh3::Xxh3::new();
        for text in [summary.as_deref(), content.as_deref()] {
            whole.update(text.map_or("", |text| &text.body).as_bytes());
            whole.update(b"\0");
        }
        texts.whole = whole.digest();
        texts.summary =
            summary.map(|text| self.cleaned(&text, base, &mut texts.cut)).unwrap_or_default();
        texts.content =
            content.map(|text| self.cleaned(&text, base, &mut texts.cut)).unwrap_or_default();
        if texts.summary.html == texts.content.html {
            texts.summary.html.clear();
        }
        if texts.summary.text.is_empty() && texts.content.text.is_empty() {
            let text = [&mut texts.content, &mut texts.summary];
            for text in text.into_iter().filter(|text| !text.html.is_empty()) {
                text.text = clean::shown_by_pictures(&text.html);
            }
        }
        texts
    }

    fn cleaned(
        &mut self,
        text: &Text,
        base: Option<&Url>,
        cut: &mut Vec<SetAside>,
    ) -> announcement::Cleaned {
        let repaired = charset::repair_line(&text.body);
        let (body, is_plain) = match text.markup {
            Markup::None => (Cow::Borrowed(&*repaired), true),
            Markup::Html => {
                let body = unescaped(&repaired);
                let is_plain = clean::is_in_paragraphs(&body);
                let text = is_plain.then(|| htmlize::unescape(&*body).into_owned());
                (text.map_or(body, Cow::Owned), is_plain)
            }
            Markup::Unsure => {
                let body = unescaped(&repaired);
                let is_plain = !clean::is_meant_as_html(&body);
                (body, is_plain)
            }
        };
        let mut was_cut = false;
        let cleaned = if is_plain {
            clean::from_plain(&body, self.limits.field.in_memory(), &mut self.allowance)
        } else {
            let selectors = &self.surroundings.rules.cut;
            let within = clean::cut_to(&body, self.limits.field.in_memory());
            let is_cut = within.len() < body.len();
            let shortened = announcement::cut(within, selectors, &self.allowance.cancelled);
            let body = match shortened {
                Some((html, set_aside)) => {
                    was_cut = is_cut;
                    cut.extend(set_aside);
                    Cow::Owned(html)
                }
                None => body,
            };
            clean::clean(&body, base, self.limits.field.in_memory(), &mut self.allowance)
        };
        self.cut += usize::from(cleaned.cut || was_cut);
        self.flattened += usize::from(cleaned.flattened);
        self.hiding_their_end += usize::from(cleaned.hides_end);
        cleaned.into()
    }

    /// When it was published and when it was changed. RSS 1.0 knows one date
    /// for both, and so do we then.
    fn dates(&self, note: &Note) -> (Option<Timestamp>, Option<Timestamp>) {
        let published = note.published.or(note.created);
        (published.or(note.updated.filter(|_| self.is_rss())), note.updated)
    }

    fn is_rss(&self) -> bool {
        // Atom requires an id of every feed, and RSS has none.
        self.feed.id.is_empty()
    }
}

/// HTML as it was meant: without the marks of a CDATA section around it that were escaped as
/// text, and unescaped where it was escaped once too often. That is where all of it is text, and
/// the text is an element from its first character to its last.
fn unescaped(body: &str) -> Cow<'_, str> {
    let inner = without_cdata_marks(body.trim());
    if inner.starts_with("&lt;") && inner.ends_with("&gt;") && !inner.contains('<') {
        let decoded = htmlize::unescape(inner);
        let marked = without_cdata_marks(decoded.trim());
        if clean::looks_like_html(marked) {
            return Cow::Owned(marked.to_owned());
        }
    }
    if inner.len() < body.trim().len() { Cow::Borrowed(inner) } else { Cow::Borrowed(body) }
}

/// A text without the marks of a CDATA section around it.
fn without_cdata_marks(text: &str) -> &str {
    let inner = text.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>"));
    inner.map_or(text, str::trim)
}

fn is_elsewhere(found: &Url, entry: &Entry) -> bool {
    found.host_str() != entry.url.as_ref().and_then(Url::host_str)
}

fn short_title(written: &str) -> String {
    let written = without_cdata_marks(clean::cut_to(written, 4 * MAX_TITLE).trim());
    let title = charset::repair_line(&title(written)).into_owned();
    close_isolates(clean::cut_to(&title, MAX_TITLE).trim()).into_owned()
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

/// A BCP 47 tag of a language, from the tag as written or from the language's name.
pub(super) fn language_tag(written: &str) -> Option<String> {
    let tag = written.trim().replace('_', "-");
    let primary = tag.split('-').next().unwrap_or_default();
    let is_tag = tag.len() <= 35
        && (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_tag { Some(tag) } else { super::date::tag_of(written).map(str::to_owned) }
}

/// Who published an entry first, where it is taken from elsewhere and says so.
fn publisher(note: &Note, feed: &Feed, base: Option<&Url>) -> Option<Publisher> {
    let (name, url) = match (&note.publisher, &note.source) {
        (Some(named), _) => {
            let url = named.href.as_deref().and_then(|href| address::web(href, base));
            (short_title(&named.name), url)
        }
        (None, Some(_)) => (feed.title.clone(), feed.url.clone()),
        (None, None) => return None,
    };
    let is_named = !name.is_empty() || url.is_some();
    is_named.then_some(Publisher { name, url })
}

fn enclosures(draft: &DraftEntry, note: &Note, base: Option<&Url>) -> Vec<Enclosure> {
    let linked = draft.links.iter().chain(&note.links).filter(|link| link.rel == "enclosure");
    let mut enclosures: Vec<Enclosure> = Vec::new();
    for link in note.enclosures.iter().chain(linked).chain(&draft.media).take(MAX_LIST) {
        let Some(url) = address::web(&link.href, base) else { continue };
        if enclosures.iter().all(|known| known.url != url) {
            let media_type = link.media_type.as_deref().map(fold);
            let media_type =
                media_type.filter(|kind| !kind.is_empty() && kind.len() <= MAX_MEDIA_TYPE);
            enclosures.push(Enclosure { url, media_type, length: link.length });
        }
    }
    enclosures
}

fn picture(draft: &DraftEntry, note: &Note, base: Option<&Url>) -> Option<Url> {
    let attached = note
        .enclosures
        .iter()
        .filter(|link| link.media_type.as_deref().is_some_and(|kind| kind.starts_with("image/")));
    let linked = note.links.iter().filter(|link| link.rel == "image");
    let attached = attached.chain(linked).map(|link| link.href.as_str());
    draft
        .pictures
        .iter()
        .map(String::as_str)
        .chain(attached)
        .find_map(|href| address::web(href, base))
}
