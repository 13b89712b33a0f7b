//! Reads the entries of a document, whatever format and state it is in.
//!
//! ```text
//! bytes ─> decode ─> normalise ─> feed_parser ─> assemble ─> clean ─> entries
//!                        ^            │ fails, or finds fewer entries than there are
//!                        └─ repair <──┘
//! ```
//!
//! [`normalise`] is one pass over the tags. It holds the limits, notes what feed-rs leaves out and
//! edits what feed-rs would refuse; [`json`] does the same for JSON Feed. [`repair`] costs a clean
//! document nothing, because it runs only when [`feed_parser`] fails. The result is clean:
//! [`mod@clean`] writes every tag of HTML itself, from a list.

mod address;

mod assemble;

mod clean;

mod date;

mod envelope;

mod entry_id;

mod json;

mod names;

mod normalise;

mod not_a_feed;

mod outline;

mod repair;

mod report;

mod feed_parser;

mod file_kind;

mod surroundings;

mod whole_text;

use std::sync::Arc;

use url::Url;

use self::clean::Allowance;
use self::feed_parser::Draft;
pub use self::not_a_feed::{Gate, PageHead, advertised, page_head};
pub use self::report::{EnclosureReport, EntryReport, HintsReport, Report, SetAsideReport, report};
use crate::announcement::{Cleaned, Surroundings};
use crate::cancel::Cancelled;
use crate::charset;
use crate::model::{Document, Entry, Failure, FailureKind, Feed, Hints};
use crate::options::value::Size;
use crate::options::{option, options};

options! {
    /// Bounds on what one document may hold: the `[parsing]` table.
    pub struct Limits {
        /// The most entries of one document. If it has more, the newest are kept.
        entries: usize = option(500).above_zero(),
        /// The longest text of one field.
        field: Size = option(Size(256 * 1024)),
        /// How deep elements are nested before they lose their tags.
        depth: usize = option(100).above_zero(),
        /// How many elements are read.
        elements: usize = option(200_000).above_zero(),
        /// How many attributes an element may have.
        attributes: usize = option(256).above_zero(),
    }
}

impl Limits {
    /// A hash of fixed definition, by which a document is seen to have been read within other limits.
    pub fn hash(&self) -> u64 {
        let Self { entries, field, depth, elements, attributes } = *self;
        let counts = [entries, depth, elements, attributes].map(|count| count as u64);
        let bytes: Vec<u8> =
            counts.into_iter().chain([field.0]).flat_map(u64::to_le_bytes).collect();
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }
}

/// A document as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// `RSS 2.0`, `Atom 1.0`, `JSON Feed 1.1` …
    pub format: String,
    /// The encoding it was decoded from.
    pub encoding: String,
    /// Its own metadata.
    pub feed: Feed,
    /// Its entries in document order.
    pub entries: Vec<Arc<Entry>>,
    /// Its requests to readers, such as `ttl`.
    pub hints: Hints,
    /// Repairs and omissions, for people to read.
    pub warnings: Vec<String>,
    /// How many entries were left out, because it lists more than are kept.
    pub left_out: usize,
    /// Whether a limit left anything out: with a higher one the document says more.
    pub is_limited: bool,
    /// Where it breaks off before its end, if it does.
    pub broken_off: Option<Break>,
}

/// Where a document breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Between two entries: all entries are whole.
    Between,
    /// Within the last entry, of which all that is whole is kept: its title, its address or both,
    /// and more.
    WithinLast,
}

/// Reads a document. One bad entry is a warning; a document that is not a feed is a failure that
/// says what it is instead.
///
/// Takes time in proportion to the document, which the fetcher bounds; it
/// computes and never waits, so it belongs on a thread that may be busy.
pub fn parse(document: &Document, limits: &Limits) -> Result<Parsed, Failure> {
    parse_until(document, limits, &Surroundings::default(), &Cancelled::never())
}

/// Reads a document as [`parse`] does, with knowledge of its source, and gives up soon after
/// `cancelled` is set.
pub fn parse_until(
    document: &Document,
    limits: &Limits,
    surroundings: &Surroundings<'_>,
    cancelled: &Cancelled,
) -> Result<Parsed, Failure> {
    if let Some(kind) = file_kind::of(&document.body) {
        let message = format!("not a feed, but {kind}");
        return Err(Failure::new(FailureKind::NotAFeed, message));
    }
    let decoded = charset::decode_document(&document.body, document.content_type.as_deref());
    cancelled.check()?;
    let (draft, mut outline) = read(&decoded.text, document, limits, cancelled)?;
    outline.warnings.splice(0..0, decoded.warnings);
    let allowance = Allowance::of_document(decoded.text.len(), cancelled.clone());
    let settings = assemble::Settings { limits, surroundings, encoding: decoded.encoding };
    assemble::assemble(document, settings, allowance, draft, outline)
}

/// Makes HTML from elsewhere as harmless as that of a document. No more than `limit` bytes of it
/// are read and written.
pub fn clean(html: &str, base: Option<&Url>, limit: usize, cancelled: &Cancelled) -> Cleaned {
    let mut allowance = Allowance::of_text(cancelled.clone());
    clean::clean(html, base, limit, &mut allowance).into()
}

/// Whether a document begins like a feed, without reading it.
pub fn may_be_feed(document: &Document) -> bool {
    let decoded = charset::decode_document(&document.body, document.content_type.as_deref());
    let text = decoded.text.trim_start();
    text.starts_with(['{', '[']) || repair::find_root(text).is_some()
}

/// Reads a document up to feed-rs, without putting entries together and cleaning them. Returns the
/// number of entries. The benchmark compares this with bare feed-rs.
pub fn skim(document: &Document, limits: &Limits) -> Result<usize, Failure> {
    let decoded = charset::decode_document(&document.body, document.content_type.as_deref());
    Ok(read(&decoded.text, document, limits, &Cancelled::never())?.0.entries.len())
}

fn read(
    text: &str,
    document: &Document,
    limits: &Limits,
    cancelled: &Cancelled,
) -> Result<(Draft, outline::Outline), Failure> {
    let base = document.url.as_ref();
    let text = text.trim_start();
    // A list of JSON; a program's message in brackets may stand before a feed.
    if text.starts_with('{') || text.starts_with('[') && repair::find_root(text).is_none() {
        let normalised = json::normalise(text, base, limits)?;
        let draft = feed_parser::read(&normalised.text, base)
            .map_err(|error| Failure::new(FailureKind::NotAFeed, error))?;
        return Ok((draft, normalised.outline));
    }
    let Some(start) = repair::find_root(text) else {
        let Some(inner) = envelope::opened(text) else {
            return Err(not_a_feed::explain(text, base));
        };
        let (draft, mut outline) = read(&inner, document, limits, cancelled)?;
        outline.warnings.insert(0, envelope::WARNING.to_owned());
        return Ok((draft, outline));
    };
    let text = &text[start..];
    let first = attempt(text, document, limits, cancelled);
    cancelled.check()?;
    match first {
        Ok(read) if read.is_whole() => Ok(read.into_parts()),
        first => again(first, text, document, limits, cancelled),
    }
}

/// Mends the document and reads it again; the better reading counts.
fn again(
    first: Result<Read, Refused>,
    text: &str,
    document: &Document,
    limits: &Limits,
    cancelled: &Cancelled,
) -> Result<(Draft, outline::Outline), Failure> {
    let mended = repair::mend(text, cancelled)?;
    let second = attempt(&mended.text, document, limits, cancelled);
    cancelled.check()?;
    match (first, second) {
        (Ok(first), Ok(second))
            if second.found() < first.found()
                || second.found() == first.found() && !first.breaks_off() =>
        {
            Ok(first.into_parts())
        }
        (Ok(first), Err(_)) => Ok(first.into_parts()),
        (_, Ok(second)) => {
            let (draft, mut outline) = second.into_parts();
            let repairs = mended.repairs.iter().map(|repair| (*repair).to_owned());
            outline.warnings.splice(0..0, repairs);
            outline.broken_off = mended.broken_off;
            Ok((draft, outline))
        }
        (Err(_), Err(Refused::Limit(failure))) => Err(failure),
        (Err(Refused::Limit(failure)), Err(_)) => Err(failure),
        (Err(Refused::Malformed(error)), Err(Refused::Malformed(_))) => {
            let what = not_a_feed::explain(text, document.url.as_ref()).message;
            let message = if what.starts_with("not a feed, but") {
                what
            } else {
                format!("cannot be read as a feed: {error}")
            };
            Err(Failure::new(FailureKind::NotAFeed, message))
        }
    }
}

/// A reading of feed-rs, and how many entries there should be.
struct Read {
    draft: Draft,
    outline: outline::Outline,
    /// Start tags of entries in the text, where feed-rs found none.
    seen: usize,
}

impl Read {
    fn found(&self) -> usize {
        self.draft.entries.len()
    }

    /// Whether feed-rs found all that was noted.
    fn is_whole(&self) -> bool {
        self.found() == self.outline.entries.len()
            && (self.found() > 0 || self.seen == 0)
            && !self.outline.nested
            && !self.breaks_off()
    }

    /// Whether the document ends before its root does, which feed-rs does not always mind.
    fn breaks_off(&self) -> bool {
        self.outline.broken_off.is_some()
    }

    fn into_parts(self) -> (Draft, outline::Outline) {
        (self.draft, self.outline)
    }
}

/// Why an attempt failed.
enum Refused {
    /// A limit is exceeded.
    Limit(Failure),
    /// feed-rs cannot read it.
    Malformed(String),
}

fn attempt(
    text: &str,
    document: &Document,
    limits: &Limits,
    cancelled: &Cancelled,
) -> Result<Read, Refused> {
    let base = document.url.as_ref();
    let normalised = normalise::normalise(text, base, limits, cancelled).map_err(Refused::Limit)?;
    let draft = feed_parser::read(&normalised.text, base).map_err(Refused::Malformed)?;
    let seen = if draft.entries.is_empty() { repair::count_entries(text) } else { 0 };
    let mut outline = normalised.outline;
    keep_titles(text, &draft, &mut outline);
    Ok(Read { draft, outline, seen })
}

/// Takes the titles that feed-rs lost from the text: it drops a title that it cannot read without
/// an error.
fn keep_titles(text: &str, draft: &Draft, outline: &mut outline::Outline) {
    let mut lost = 0;
    for (entry, note) in draft.entries.iter().zip(&mut outline.entries) {
        let is_read = entry.title.as_ref().is_some_and(|title| !title.body.trim().is_empty());
        if !is_read && let Some(place) = note.title_at.take() {
            note.title = Some(normalise::text_of(&text[place]));
            lost += 1;
        }
    }
    if lost > 0 {
        outline.warnings.push(format!("titles that are not well-formed, read as text: {lost}"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
