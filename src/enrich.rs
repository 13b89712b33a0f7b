//! Adds the text and facts of an entry's page, or of GOV.UK's content API, to the entry. Pure.
//!
//! A feed often gives only one sentence of an announcement. With `enrich` set for the source, the
//! loop fetches the address of [`wanted`] through the same polite fetcher as every document.
//! [`enrich`] then adds the full text, the note of changes, the publisher, the places it is about
//! and the page where it was first published. A failure costs the entry nothing; [`missing`] notes
//! that a page is gone.

mod govuk;

mod kind;

mod own_text;

mod page;

use std::panic::{AssertUnwindSafe, catch_unwind};

use url::Url;

pub use crate::announcement::Cleaned;
use crate::announcement::{self, Own, Separated, Surroundings};
use crate::cancel::Cancelled;
use crate::charset::decode_page;
use crate::model::{Document, Enrich, Enriched, Entry, Failure, FailureKind, SetAside, Timestamp};

/// Bytes of a document that are read for one entry; a longer one is refused.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The function that makes HTML harmless and resolves its addresses against a page's. The caller
/// passes the one for documents, so that one policy holds for both.
pub type Clean<'a> = &'a (dyn Fn(&str, &Url) -> Cleaned + Sync);

/// A document that was fetched for an entry, decoded once for all that read it.
pub struct Fetched<'d> {
    /// The document.
    pub document: &'d Document,
    /// Its text.
    pub text: String,
}

impl<'d> Fetched<'d> {
    /// Decodes a document.
    ///
    /// # Errors
    ///
    /// Where the document is too large, or a file rather than a page.
    pub fn of(document: &'d Document, setting: Enrich) -> Result<Self, Failure> {
        let size = document.body.len();
        if size > MOST_BYTES {
            let message =
                format!("the page has {size} bytes, more than the {MOST_BYTES} that are read");
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        if setting == Enrich::Page {
            kind::check(document)?;
        }
        let text = decode_page(&document.body, document.content_type.as_deref());
        Ok(Self { document, text })
    }
}

/// How the page of an entry is read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The kind of page that is fetched for the entry.
    pub setting: Enrich,
    /// The function that makes its HTML harmless.
    pub clean: Clean<'a>,
    /// Knowledge of the text that its source puts around announcements.
    pub surroundings: &'a Surroundings<'a>,
    /// Whether anybody waits for the result.
    pub cancelled: &'a Cancelled,
}

/// The changes that a page made to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enrichment {
    /// Characters of the full text, where it took the place of the feed's.
    pub text: Option<usize>,
    /// How many tags came with it.
    pub tags: usize,
    /// Whether another page was named as the original.
    pub original: bool,
    /// Whether the publisher has withdrawn the page.
    pub withdrawn: bool,
    /// The operator's markers that the text does not hold.
    pub missing_markers: Vec<&'static str>,
}

/// The address to fetch for an entry, if it has one.
pub fn wanted(entry: &Entry, setting: Enrich) -> Option<Url> {
    let page = entry.url.as_ref().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    match setting {
        Enrich::None => None,
        Enrich::Govuk => govuk::content_of(page),
        Enrich::Page => {
            let mut page = page.clone();
            page.set_fragment(None);
            Some(page)
        }
    }
}

/// Adds the text and facts of the fetched document to an entry. A hash of the feed's own words is
/// kept with it, so that the same words need no second fetch. An entry that was enriched before
/// loses what only the former page said.
///
/// # Errors
///
/// Where the document is of another kind, or says that the page is gone; or soon after it is
/// cancelled. The entry is then unchanged.
pub fn enrich(
    entry: &mut Entry,
    fetched: &Fetched<'_>,
    reading: &Reading<'_>,
) -> Result<Enrichment, Failure> {
    let Reading { setting, clean, .. } = *reading;
    let stated = entry.stated();
    let mut richer = without_its_page(entry, clean);
    // Anybody writes pages, and libraries read them: a fault of theirs must not cost the poll its
    // entries.
    let done = catch_unwind(AssertUnwindSafe(|| match setting {
        Enrich::None => Ok(Enrichment::default()),
        Enrich::Govuk => govuk::add(&mut richer, fetched, reading),
        Enrich::Page => page::add(&mut richer, fetched, reading),
    }))
    .unwrap_or_else(|_| {
        Err(Failure::new(FailureKind::Internal, "reading the page failed by a fault of ours"))
    })?;
    if setting == Enrich::None {
        return Ok(done);
    }
    let had = entry.enriched.is_some_and(|enriched| enriched.of_page);
    if had && done.text.is_none() {
        richer.content.clone_from(&entry.content);
        richer.text.clone_from(&entry.text);
        richer.set_aside.clone_from(&entry.set_aside);
    }
    let of_page = had || done.text.is_some();
    richer.enriched = Some(Enriched { stated, stale: false, of_page });
    richer.missing = None;
    *entry = richer;
    Ok(done)
}

/// The entry without the text and facts of its page as last read.
fn without_its_page(entry: &Entry, clean: Clean<'_>) -> Entry {
    let mut stated = entry.clone();
    let Some(enriched) = entry.enriched else { return stated };
    stated.tags.clear();
    stated.content_id = None;
    stated.page = None;
    stated.change_note = None;
    stated.withdrawn = None;
    stated.withdrawn_because = None;
    if enriched.of_page {
        stated.content = None;
        stated.set_aside.clear();
        stated.text = summary_of(entry, clean);
    }
    stated
}

/// Notes that an entry's page was gone at `at`, or that it was there but unreadable, as the failure
/// says.
pub fn missing(entry: &mut Entry, failure: &Failure, at: Timestamp) {
    match failure.kind {
        FailureKind::NotFound | FailureKind::Gone => entry.missing = Some(at),
        FailureKind::NotAFeed | FailureKind::TooLarge => entry.missing = None,
        _ => {}
    }
}

/// The text of a page.
struct FullText {
    full: Separated,
    /// The pieces that were taken out of it before.
    cut: Vec<SetAside>,
    /// Bytes of text that the feed gave.
    stated: usize,
}

/// The text of a page apart from its surroundings.
fn separated(entry: &Entry, html: &str, base: &Url, reading: &Reading<'_>) -> Separated {
    let whole = (reading.clean)(html, base);
    let own = Own { page: entry.url.as_ref(), title: &entry.title };
    announcement::separate(&whole, own, reading.surroundings)
}

/// Puts the text of a page in the place of the feed's, unless the feed's is longer.
fn take_text(
    entry: &mut Entry,
    FullText { full, cut, stated }: FullText,
    reading: &Reading<'_>,
    done: &mut Enrichment,
) {
    if full.text.is_empty() || full.text.len() < stated {
        return;
    }
    let summary = summary_of(entry, reading.clean);
    // A feed cuts the text of its summary off with dots.
    let start = summary.trim_end_matches(['…', '.', ' ', '[', ']']);
    let repeated = full.text.contains(start);
    done.text = Some(full.text.chars().count());
    for (is_missing, marker) in
        [(full.is_start_missing, "start_after"), (full.is_end_missing, "end_before")]
    {
        done.missing_markers.extend(is_missing.then_some(marker));
    }
    done.original |= take_original(entry, full.original);
    for piece in cut.into_iter().chain(full.set_aside) {
        if !entry.set_aside.contains(&piece) {
            entry.set_aside.push(piece);
        }
    }
    entry.text = if repeated { full.text } else { format!("{summary}\n{}", full.text) };
    entry.content = Some(full.html);
}

fn summary_of(entry: &Entry, clean: Clean<'_>) -> String {
    match (&entry.summary, &entry.url) {
        (Some(summary), Some(url)) => clean(summary, url).text,
        _ => String::new(),
    }
}

/// A page of another host that an entry's own page names as the original.
fn take_original(entry: &mut Entry, named: Option<Url>) -> bool {
    let elsewhere = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.path().len() > 1
            && entry.url.as_ref().is_some_and(|own| bare_host(own) != bare_host(url))
    };
    let named = named.filter(elsewhere).filter(|url| is_specific(entry, url));
    let Some(original) = named.filter(|_| entry.original.is_none()) else {
        return false;
    };
    entry.original = Some(original);
    true
}

/// Another address of the entry's page on its host: the one that the page itself gives as canonical,
/// else the one that its link led to.
fn take_page(entry: &mut Entry, canonical: Option<&Url>, led_to: Option<&Url>) {
    let is_other_address = |page: &&Url| {
        let own = entry.url.as_ref();
        matches!(page.scheme(), "http" | "https")
            && own.is_some_and(|own| bare_host(own) == bare_host(page) && own != *page)
            && is_specific(entry, page)
    };
    let page = canonical.filter(is_other_address).or(led_to.filter(is_other_address));
    entry.page = page.cloned();
}

/// Whether an address tells the entry's page from others of its site: templates name a section, or the
/// page without the query that selects the announcement.
fn is_specific(entry: &Entry, named: &Url) -> bool {
    let Some(own) = &entry.url else { return true };
    fn segments(url: &Url) -> impl Iterator<Item = &str> {
        url.path().split('/').filter(|segment| !segment.is_empty())
    }
    let is_above = segments(named).count() < segments(own).count()
        && segments(named).zip(segments(own)).all(|(named, own)| named == own);
    let selects = |pair: &&str| !pair.is_empty() && !pair.starts_with("utm_");
    let own_pairs = || own.query().unwrap_or_default().split('&').filter(selects);
    let is_without_query = segments(named).eq(segments(own))
        && own_pairs().next().is_some()
        && !own_pairs().any(|pair| named.query().unwrap_or_default().contains(pair));
    !is_above && !is_without_query
}

fn bare_host(url: &Url) -> Option<&str> {
    url.host_str().map(|host| host.strip_prefix("www.").unwrap_or(host))
}

#[cfg(test)]
mod tests;
