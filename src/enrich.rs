//! An entry and a document about it in; the entry with its full text out. Pure.
//!
//! What a feed says of an announcement is often one sentence. Where the source
//! is set to it, the loop fetches what [`wanted`] names, through the same polite fetcher as
//! every document, and [`enrich`] adds what that says: the full text, what
//! changed, who published it, which places it is about, where it was first
//! published. A failure costs the entry nothing; [`missing`] notes where a page is gone.

mod clean;

mod decode;

mod govuk;

mod page;

use std::panic::{AssertUnwindSafe, catch_unwind};

use url::Url;

use crate::model::{Document, Enrich, Enriched, Entry, Failure, FailureKind, Timestamp};

/// Bytes of a document that are read for one entry; a longer one is refused.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What was added to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Enrichment {
    /// Characters of the full text, where it took the place of what the feed said.
    pub text: Option<usize>,
    /// How many tags came with it.
    pub tags: usize,
    /// Whether another page was named as the original.
    pub original: bool,
    /// Whether the publisher has withdrawn the page.
    pub withdrawn: bool,
}

/// What to fetch for an entry, if there is anything to be had.
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

/// Adds to an entry what the document fetched for it says. To be called with
/// the entry as the feed states it: what that was is remembered with it, so that
/// the same words need not be fetched for again.
///
/// # Errors
///
/// Where the document is too large, is not what it should be, or says that
/// the page is gone. The entry is then as it was.
pub fn enrich(
    entry: &mut Entry,
    document: &Document,
    setting: Enrich,
) -> Result<Enrichment, Failure> {
    if document.body.len() > MOST_BYTES {
        let size = document.body.len();
        return Err(Failure::new(
            FailureKind::TooLarge,
            format!("the page has {size} bytes, more than the {MOST_BYTES} that are read"),
        ));
    }
    let stated = entry.statement();
    let mut richer = entry.clone();
    // Pages are what anybody writes, and the readers of pages are others' code:
    // a fault of theirs must not cost the poll its entries.
    let done = catch_unwind(AssertUnwindSafe(|| match setting {
        Enrich::None => Ok(Enrichment::default()),
        Enrich::Govuk => govuk::add(&mut richer, document),
        Enrich::Page => page::add(&mut richer, document),
    }))
    .unwrap_or_else(|_| {
        Err(Failure::new(FailureKind::Internal, "reading the page failed by a fault of ours"))
    })?;
    if setting == Enrich::None {
        return Ok(done);
    }
    richer.enriched = Some(Enriched { stated, stale: false });
    richer.missing = None;
    *entry = richer;
    Ok(done)
}

/// Notes of an entry that its page was gone at `at`, if that is what the
/// failure to fetch it says.
pub fn missing(entry: &mut Entry, failure: &Failure, at: Timestamp) {
    if matches!(failure.kind, FailureKind::NotFound | FailureKind::Gone) {
        entry.missing = Some(at);
    }
}

/// Puts a full text in the place of what the feed said, unless that had `more_than` bytes.
fn take_text(entry: &mut Entry, html: &str, base: &Url, more_than: usize) -> Option<usize> {
    let full = clean::clean(html, base);
    if full.text.is_empty() || full.text.len() < more_than {
        return None;
    }
    let summary = entry.summary.as_deref().map(clean::text).unwrap_or_default();
    let repeated = full.text.contains(&summary);
    entry.text = if repeated { full.text.clone() } else { format!("{summary}\n{}", full.text) };
    entry.content = Some(full.html);
    Some(full.text.chars().count())
}

/// A page of another host that an entry's own page names as the original.
fn take_original(entry: &mut Entry, named: Option<Url>) -> bool {
    let elsewhere = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.path().len() > 1
            && entry.url.as_ref().is_some_and(|own| bare_host(own) != bare_host(url))
    };
    let Some(original) = named.filter(elsewhere).filter(|_| entry.original.is_none()) else {
        return false;
    };
    entry.original = Some(original);
    true
}

fn bare_host(url: &Url) -> Option<&str> {
    url.host_str().map(|host| host.strip_prefix("www.").unwrap_or(host))
}

#[cfg(test)]
mod tests;
