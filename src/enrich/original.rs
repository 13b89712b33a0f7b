//! Finds the link to where a page's article was first published, by the words that introduce it.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use url::Url;

/// How syndicators introduce the link to where they have a text from, and that link.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?is)(?:original (?:article|press release|news release|source|story)(?: link)?|view (?:the |it )?in full|view full|read the original)[^<]{0,80}(?:</?(?:b|strong|em|i|span|br|p|div)\b[^>]{0,120}>[^<]{0,40}){0,6}<a\b[^>]{0,300}?\bhref\s*=\s*["']?([^"'\s>]+)"#,
    )
    .expect("a fixed pattern")
});

/// The same where the words themselves are the link.
static LINKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?is)<a\b[^>]{0,300}?\bhref\s*=\s*["']?([^"'\s>]+)[^>]{0,300}>[^<]{0,20}(?:original (?:article|press release|news release|source|story)|read the original)"#,
    )
    .expect("a fixed pattern")
});

/// One of them is in whatever either pattern matches, near its start or near its end.
static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(["original", "in full", "view full"])
        .expect("the words are fixed and few")
});

/// Places that are looked at, from the end of the page: the link stands below the text. A
/// page that says "original" more often has it among the last, or has none.
const MOST_PLACES: usize = 40;

/// How far the patterns reach before and behind the words, an address of 2 KB included.
const BEFORE: usize = 2800;
const BEHIND: usize = 3600;

/// The link that follows, or is, "Original article" and the like; the last one of the page.
pub(super) fn named(html: &str, base: &Url) -> Option<Url> {
    let places: Vec<usize> = WORDS.find_iter(html).map(|found| found.start()).collect();
    let last = |pattern: &Regex, before: usize, behind: usize| {
        places.iter().rev().take(MOST_PLACES).find_map(|place| {
            let around = around(html, place.saturating_sub(before)..place.saturating_add(behind));
            let href = pattern.captures_iter(around).last()?.get(1)?.as_str();
            base.join(&htmlize::unescape(href)).ok()
        })
    };
    last(&NAMED, 16, BEHIND).or_else(|| last(&LINKED, BEFORE, 40))
}

/// A part of the text, without halves of characters.
fn around(html: &str, range: Range<usize>) -> &str {
    let boundary = |at: usize| (at..html.len()).find(|at| html.is_char_boundary(*at));
    let start = boundary(range.start).unwrap_or(html.len());
    let end = boundary(range.end).unwrap_or(html.len());
    &html[start..end]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_last_link_that_is_introduced_counts_wherever_it_stands() {
        let base = Url::parse("https://wire.example/1").unwrap();
        let filler = "<p>An original idea. ".repeat(20);
        let link = |to: &str| format!("<p>Original article: <a href='/{to}'>here</a>");
        let labelled = "<a href=/c class=x>Read the original</a>";
        for (html, expected) in [
            (link("a") + &filler, Some("/a")),
            (filler.clone() + &link("a") + &link("b") + "é", Some("/b")),
            (link("a") + labelled, Some("/a")),
            ("é".repeat(3000) + labelled, Some("/c")),
            (filler, None),
            (String::new(), None),
        ] {
            let found = named(&html, &base);
            assert_eq!(found.as_ref().map(Url::path), expected, "{html:.60}");
        }
    }
}
