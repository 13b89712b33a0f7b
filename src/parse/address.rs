//! Finds the address of an entry among its links.

use std::borrow::Cow;

use url::Url;

use super::clean::resolve;
use super::feed_parser::DraftEntry;
use super::normalise::is_same_language;
use super::outline::{Link, Note};
use crate::markup::{self, Kind, Pieces};

/// The page that an entry is about: RSS' own link, the alternate link (in the entry's language, if
/// there is a choice), a guid that is an address, `rdf:about` or a page that the entry cites. The
/// page behind a link that counts readers goes before all of them. Where none is a page, the
/// entry's own document or a file of it. Also returns the language that the link states.
pub(super) fn of_entry(
    draft: &DraftEntry,
    note: &Note,
    guid: Option<&str>,
    language: Option<&str>,
    base: Option<&Url>,
) -> (Option<Url>, Option<String>) {
    let links = || draft.links.iter().chain(&note.links);
    if let Some(page) = note.counted.as_deref().and_then(|page| web(page, base)) {
        return (Some(page), None);
    }
    let plain = draft.links.iter().rev().filter(|link| link.rel.is_empty());
    let alternate = || links().filter(|link| link.rel == "alternate");
    let is_ours = |link: &&Link| {
        let stated = link.language.as_deref().zip(language);
        stated.is_some_and(|(stated, ours)| is_same_language(stated, ours))
    };
    let ours = alternate().filter(is_ours).filter(|link| is_page(link));
    let pages =
        plain.chain(ours).chain(alternate().filter(|link| is_page(link))).chain(alternate());
    let first = |link: &Link| Some((web(&link.href, base)?, link.language.clone()));
    if let Some((page, language)) = pages.into_iter().find_map(first) {
        return (Some(page), language);
    }
    let with = |rels: &'static [&str]| {
        links().filter(|link| rels.contains(&&*link.rel)).find_map(|link| web(&link.href, base))
    };
    let files = || note.enclosures.iter().chain(&draft.media);
    let page = guid
        .filter(|_| !note.guid_is_no_link)
        .and_then(|id| web(id, None))
        .or_else(|| note.about.as_deref().and_then(|about| web(about, None)))
        .or_else(|| with(&["related", "content"]))
        .or_else(|| with(&["self"]))
        .or_else(|| with(&["enclosure"]))
        .or_else(|| files().find_map(|link| web(&link.href, base)));
    (page, None)
}

/// Whether a link leads to something that people read.
pub(super) fn is_page(link: &Link) -> bool {
    link.media_type.as_deref().is_none_or(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.is_empty() || kind.contains("html") || kind == "text/plain"
    })
}

/// An address on the web.
pub(super) fn web(written: &str, base: Option<&Url>) -> Option<Url> {
    let written = without_markup(written.trim());
    // Escaped once too often, as in CDATA; no address means this.
    let written = written.replace("&amp;", "&");
    let written = tidied(&written);
    let found = if written.starts_with("www.") {
        resolve(&format!("http://{written}"), None)?
    } else if base.is_none() && written.starts_with("//") {
        resolve(&format!("http:{written}"), None)?
    } else {
        resolve(written, base)?
    };
    Some(found).filter(|address| matches!(address.scheme(), "http" | "https") && address.has_host())
}

/// An address without what people and templates write around it: quotes and angle brackets, a
/// second scheme, the scheme of feed readers, and other addresses behind it.
pub(super) fn tidied(written: &str) -> &str {
    let is_around = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '“' | '”' | '`');
    let mut address = written.trim_matches(is_around);
    if let Some(inner) = address.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\'')) {
        address = inner.trim();
    }
    if let Some((first, others)) = address.split_once(char::is_whitespace)
        && others.split_whitespace().any(is_absolute)
        && is_absolute(first)
    {
        address = first.trim_end_matches([',', ';', '|']);
    }
    while let Some(inner) = behind_scheme(address) {
        address = inner;
    }
    address
}

/// The address behind a scheme that stands before another, or that only feed readers know.
fn behind_scheme(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once(':')?;
    let is_of_readers = scheme.eq_ignore_ascii_case("feed");
    if !is_of_readers && !is_of_web(scheme) {
        return None;
    }
    let inner = rest.trim_start_matches('/');
    if is_absolute(inner) {
        return Some(inner);
    }
    (is_of_readers && rest.starts_with("//")).then_some(rest)
}

/// Whether an address has a scheme of the web.
fn is_absolute(address: &str) -> bool {
    address.split_once("://").is_some_and(|(scheme, _)| is_of_web(scheme))
}

fn is_of_web(scheme: &str) -> bool {
    ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

/// An address that was written as a link of HTML: what the link leads to, else what it shows.
pub(super) fn without_markup(written: &str) -> Cow<'_, str> {
    if !written.starts_with('<') || is_absolute(&written[1..]) {
        return Cow::Borrowed(written);
    }
    let mut shown = "";
    for piece in Pieces::of(written) {
        match piece.kind {
            Kind::Open { attributes, .. } => {
                if let Some(href) = markup::attribute(attributes, "href") {
                    return htmlize::unescape_attribute(href.trim());
                }
            }
            Kind::Text(text) | Kind::CData(text) if shown.is_empty() => shown = text.trim(),
            _ => {}
        }
    }
    htmlize::unescape(shown)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_written_as_markup_is_read() {
        let base = Url::parse("https://min.example/feed").unwrap();
        for (written, address) in [
            ("https://min.example/a", Some("https://min.example/a")),
            (
                "<a href=\"https://min.example/a?x=1&amp;y=2\" hreflang=\"en\">A</a>",
                Some("https://min.example/a?x=1&y=2"),
            ),
            ("<a hreflang='en' href='/news/a'>/news/a</a>", Some("https://min.example/news/a")),
            ("<span>https://min.example/b</span>", Some("https://min.example/b")),
            ("<p><a href=/c>C</a></p>", Some("https://min.example/c")),
            ("<p>", None),
            ("www.min.example/d", Some("http://www.min.example/d")),
            ("mailto:a@min.example", None),
            ("\"https://min.example/e\"", Some("https://min.example/e")),
            ("https://min.example/e'", Some("https://min.example/e'")),
            ("'https://min.example/e'", Some("https://min.example/e")),
            ("<https://min.example/f>", Some("https://min.example/f")),
            ("http://https://min.example/g", Some("https://min.example/g")),
            ("http://http://https://min.example/g", Some("https://min.example/g")),
            ("https:/min.example/g", Some("https://min.example/g")),
            ("https://min.example/h https://min.example/i", Some("https://min.example/h")),
            ("https://min.example/h;\nhttp://min.example/i", Some("https://min.example/h")),
            ("https://min.example/two words", Some("https://min.example/two%20words")),
            ("feed://min.example/j", Some("https://min.example/j")),
            ("feed:http://min.example/j", Some("http://min.example/j")),
            (
                "https://archive.example/2026/https://min.example/k",
                Some("https://archive.example/2026/https://min.example/k"),
            ),
            (
                "https://min.example/?u=http://a.example/",
                Some("https://min.example/?u=http://a.example/"),
            ),
        ] {
            assert_eq!(web(written, Some(&base)).as_ref().map(Url::as_str), address, "{written}");
        }
    }
}
