//! An entry and its page in; the entry with the page's article, and the original it names, out.

use std::sync::LazyLock;

use dom_smoothie::{Config, Readability};
use regex::Regex;
use url::Url;

use super::decode::decode;
use super::depth::{MOST_DEPTH, depth};
use super::{Clean, Enrichment, take_original, take_text};
use crate::model::{Document, Entry, Failure, FailureKind};

/// Elements of a page that are weighed; a page with more is not an article.
const MOST_ELEMENTS: usize = 30_000;

/// How syndicators introduce the link to where they have a text from, and that link.
static NAMED_ORIGINAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?is)(?:original (?:article|press release|news release|source|story)(?: link)?|view (?:the |it )?in full|view full|read the original)[^<]{0,80}(?:</?(?:b|strong|em|i|span|br|p|div)\b[^>]{0,120}>[^<]{0,40}){0,6}<a\b[^>]{0,300}?\bhref\s*=\s*["']?([^"'\s>]+)"#,
    )
    .expect("a fixed pattern")
});

/// The same where the words themselves are the link.
static LINKED_ORIGINAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?is)<a\b[^>]{0,300}?\bhref\s*=\s*["']?([^"'\s>]+)[^>]{0,300}>[^<]{0,20}(?:original (?:article|press release|news release|source|story)|read the original)"#,
    )
    .expect("a fixed pattern")
});

/// Adds the article of a page to the entry.
pub(super) fn add(
    entry: &mut Entry,
    document: &Document,
    clean: Clean<'_>,
) -> Result<Enrichment, Failure> {
    let html = decode(&document.body, document.content_type.as_deref());
    let Some(base) = document.url.clone().or_else(|| entry.url.clone()) else {
        return Err(unreadable("the entry names no page"));
    };
    if depth(&html) > MOST_DEPTH {
        return Err(unreadable("its elements are nested too deep"));
    }
    let config =
        Config { max_elements_to_parse: MOST_ELEMENTS, disable_json_ld: true, ..Config::default() };
    let mut page = Readability::new(html.as_str(), Some(base.as_str()), Some(config))
        .map_err(|error| unreadable(&error.to_string()))?;
    let canonical = page.doc.select(r#"link[rel~="canonical"]"#).attr("href");
    let original = named_original(&html, &base)
        .or_else(|| canonical.and_then(|href| base.join(href.trim()).ok()));
    let language = page.doc.select("html").attr("lang");
    let article = page.parse().map_err(|error| unreadable(&error.to_string()))?;
    let told = entry.text.len();
    let text = take_text(entry, &article.content, &base, told, clean);
    let mut done = Enrichment { text, ..Enrichment::default() };
    done.original = take_original(entry, original);
    if entry.language.is_none() {
        entry.language = language.map(|tag| tag.trim().to_owned()).filter(|tag| is_tag(tag));
    }
    Ok(done)
}

/// The link that follows, or is, "Original article" and the like; the last one
/// of the page, because it stands below the text.
fn named_original(html: &str, base: &Url) -> Option<Url> {
    let last = |pattern: &Regex| {
        pattern.captures_iter(html).last().and_then(|found| {
            let href = htmlize::unescape(found.get(1)?.as_str()).into_owned();
            base.join(&href).ok()
        })
    };
    last(&NAMED_ORIGINAL).or_else(|| last(&LINKED_ORIGINAL))
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
