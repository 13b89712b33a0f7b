//! Reads the article of a page, and the original that the page names, into an entry.

use dom_smoothie::{Config, Readability};
use memchr::memchr2_iter;

use super::{Enrichment, FullText, Reading, announcement, take_original, take_page, take_text};
use crate::charset::decode_page;
use crate::dom_cost::{self, Bounds, Parsed};
use crate::model::{Document, Entry, Failure, FailureKind};

/// Bounds on the tree of a page; a page with more is not an article. dom_smoothie goes over
/// the tree many times, copies it, and asks elements for their text.
const BOUNDS: Bounds = Bounds {
    elements: 30_000,
    depth: 200,
    bytes: 16 << 20,
    nested_text: 64 << 20,
    steps: 20_000_000,
};

/// Tags and references to characters in a page. A parser takes each as a token of its own, and
/// keeps a note of each that is wrong; no article needs nearly as many.
const MOST_TOKENS: usize = 150_000;

/// Adds the article of a page to the entry.
pub(super) fn add(
    entry: &mut Entry,
    document: &Document,
    reading: &Reading<'_>,
) -> Result<Enrichment, Failure> {
    let html = decode_page(&document.body, document.content_type.as_deref());
    let Some(base) = document.url.clone().or_else(|| entry.url.clone()) else {
        return Err(unreadable("the entry names no page"));
    };
    if memchr2_iter(b'<', b'&', html.as_bytes()).count() > MOST_TOKENS {
        return Err(unreadable(&format!("it has more than {MOST_TOKENS} tags and references")));
    }
    dom_cost::cost(&html, Parsed::Page, &BOUNDS, reading.cancelled)
        .map_err(|excess| unreadable(&excess.why))?;
    let config = Config {
        max_elements_to_parse: BOUNDS.elements,
        disable_json_ld: true,
        ..Config::default()
    };
    let mut page = Readability::new(html, Some(base.as_str()), Some(config))
        .map_err(|error| unreadable(&error.to_string()))?;
    let cut = announcement::cut_from(&page.doc, &reading.surroundings.rules.cut);
    let canonical = page.doc.select(r#"link[rel~="canonical"]"#).attr("href");
    let canonical = canonical.and_then(|href| base.join(href.trim()).ok());
    // The link to the original may stand outside of what is taken for the article.
    let body = (reading.clean)(&page.doc.select("body").html(), &base);
    let language = page.doc.select("html").attr("lang");
    reading.cancelled.check()?;
    let article = page.parse().map_err(|error| unreadable(&error.to_string()))?;
    reading.cancelled.check()?;
    let own = || (reading.clean)(&article.content, &base);
    let named = announcement::original_of(&body, own, Some(&base), reading.surroundings);
    let mut done = Enrichment::default();
    let text = FullText { html: &article.content, base: &base, cut, stated: entry.text.len() };
    take_text(entry, text, reading, &mut done);
    take_page(entry, canonical.as_ref(), document.url.as_ref());
    done.original |= take_original(entry, named.or(canonical));
    if entry.language.is_none() {
        entry.language = language.map(|tag| tag.trim().to_owned()).filter(|tag| is_tag(tag));
    }
    Ok(done)
}

/// Whether this looks like a BCP 47 language tag.
fn is_tag(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn unreadable(why: &str) -> Failure {
    Failure::new(FailureKind::NotAFeed, format!("no article can be read from the page: {why}"))
}
