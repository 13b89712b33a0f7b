//! Finds where an entry says that it was first published, and takes that line out of its HTML.
//!
//! Syndicators end a copy with "Original article link: …". That link is the
//! surest sign of what the copy is a copy of, and it is no part of the text.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use url::Url;

/// An address found, and what is left of the HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) address: Url,
    pub(super) html: String,
}

/// The pattern of such a line in sanitised HTML: words that announce it, and
/// a link or a bare address, at the very end.
static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?isx)
        (?: <(?:p|div|span|em|i|strong|b|small|h[1-6])[^>]*> \s* | <br> \s* )*
        (?P<said>
            (?: click\ here\ (?:for|to\ (?:read|view|see))\ (?:the\ )? | (?:view|read|see)\ (?:the\ )? | link\ to\ (?:the\ )? | the\ )?
            original(?:\ (?:article|story|source|press\ release|news\ release|release|publication|post|document|statement|announcement|item|text|version|link))?
            (?:\ (?:link|url|here|at|source|on))? (?:\ is\ here|\ can\ be\ found\ here)?
          | (?:full|source)\ (?:article|press\ release|story)\ (?:link|url)
          | (?:this\ (?:article|story|press\ release)\ was\ )? (?:originally|first)\ published\ (?:at|on|by|here)
          | (?:article|press\ release)\ link
        )
        (?P<gap> (?: \s | [:\-–—] | <br> | </?(?:em|i|strong|b|small|span|p|div)[^>]*> )* )
        (?:
            <a\ [^>]*? href="(?P<link>https?://[^"]+)" [^>]*> (?P<label>[^<]{0,300}) </a>
          | (?P<bare>https?://[^\s<>"]+)
        )
        [.\s]*
        (?: </(?:p|div|span|em|i|strong|b|small|h[1-6])> \s* | <br> \s* )*
        $"#,
    )
    .expect("the pattern is fixed and compiles")
});

/// `<a href="…">Original article</a>`: the words are the link's own.
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?isx)
        (?: <(?:p|div|span|em|i|strong|b|small)[^>]*> \s* | <br> \s* )*
        <a\ [^>]*? href="(?P<link>https?://[^"]+)" [^>]*> \s*
        (?: (?:click\ here\ (?:for|to\ (?:read|view|see))|view|read|see|link\ to)\ (?:the\ )? | the\ )?
        original (?:\ (?:article|story|source|press\ release|news\ release|release|publication|post|document|statement|announcement|item|text|version))?
        (?:\ (?:link|here))?
        \s* [.:]? \s* </a> [.\s]*
        (?: </(?:p|div|span|em|i|strong|b|small)> \s* | <br> \s* )*
        $"#,
    )
    .expect("the pattern is fixed and compiles")
});

/// Words that either pattern needs, and most entries do not hold.
static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = [
        "original",
        "first published",
        "article link",
        "release link",
        "full article",
        "full story",
        "full press release",
        "source article",
        "source story",
        "source press release",
    ];
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .expect("the words are fixed and few")
});

/// How far from the end such a line may begin, in bytes.
const REACH: usize = 1500;

/// Looks for the line at the end of sanitised HTML. An address on the entry's
/// own host is no original.
pub(super) fn find(html: &str, own: Option<&Url>) -> Option<Found> {
    let from = super::clean::boundary_before(html, html.len().saturating_sub(REACH));
    let tail = &html[from..];
    if !tail.contains("http") || !WORDS.is_match(tail) {
        return None;
    }
    let line = LINE.captures(tail).filter(|line| announces(tail, line));
    let captures = line.or_else(|| LABELLED.captures(tail))?;
    let address = captures.name("link").or_else(|| captures.name("bare"))?.as_str();
    let address = htmlize::unescape_attribute(address.trim_end_matches(['.', ',', ')', ';']));
    let address = Url::parse(&address).ok()?;
    let elsewhere = address.host_str() != own.and_then(Url::host_str);
    let start = from + captures.get(0)?.start();
    elsewhere.then(|| Found { address, html: closed(html, start) })
}

/// Whether the words announce the link, rather than happen to stand before it:
/// "as the original study <a>found</a>" is prose.
fn announces(tail: &str, line: &regex::Captures<'_>) -> bool {
    let text = |name| line.name(name).map(|found| found.as_str().trim().to_lowercase());
    let gap = text("gap").unwrap_or_default();
    let label = text("label");
    let names_itself = label.is_none_or(|label| {
        matches!(label.as_str(), "here" | "link" | "source")
            || label.starts_with("http")
            || label.starts_with("www.")
    });
    let before = tail[..line.get(0).map_or(0, |found| found.start())].trim_end();
    let starts_a_line = line
        .name("said")
        .is_some_and(|said| tail[..said.start()].trim_end().ends_with('>') || before.is_empty());
    names_itself || gap.contains([':', '-', '–', '—']) || starts_a_line
}

/// The text before the line at `end`, elements closed that it leaves open.
fn closed(html: &str, end: usize) -> String {
    super::clean::closed(html[..end].trim_end(), html.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_original_is_found_at_the_end_and_taken_out() {
        let own = Url::parse("https://www.wired-gov.net/x").unwrap();
        let there = "https://www.gov.uk/government/news/a-b";
        for (html, left) in [
            (format!("Text. Original article link: {there}"), "Text."),
            (format!("<p>Text.</p><p>Original article link: {there}</p>"), "<p>Text.</p>"),
            (
                format!(
                    "<p>Text.</p><p><strong>Original article:</strong> <a href=\"{there}\" rel=\"x\">{there}</a></p>"
                ),
                "<p>Text.</p>",
            ),
            (
                format!("<div><p>Text.</p><p><a href=\"{there}\">Read the original</a></p></div>"),
                "<div><p>Text.</p></div>",
            ),
            (format!("<p>Text.</p><p>Original: {there}</p>"), "<p>Text.</p>"),
            (
                format!(
                    "<p>Text.</p><p><b>Original article link:</b></p><p><a href=\"{there}\">{there}</a></p>"
                ),
                "<p>Text.</p>",
            ),
            (format!("Text.<br>View original article <a href=\"{there}\">here</a>."), "Text."),
            (
                format!("<p>Text.</p><p><a href=\"{there}\">Original press release</a></p>"),
                "<p>Text.</p>",
            ),
        ] {
            let found = find(&html, Some(&own)).unwrap_or_else(|| panic!("{html}"));
            assert_eq!((found.address.as_str(), found.html.as_str()), (there, left), "{html}");
        }
    }

    #[test]
    fn other_links_are_not_originals() {
        let own = Url::parse("https://www.gov.uk/x").unwrap();
        for html in [
            "<p>The original article link: https://www.gov.uk/y</p>",
            "<p>This is what the original study <a href=\"https://example.org/\">found</a>.</p>",
            "<p>An original idea. <a href=\"https://example.org/\">More</a></p>",
            "<p>Original article link: https://example.org/y</p><p>And a long text after it.</p>",
            "<p>Nothing.</p>",
        ] {
            assert_eq!(find(html, Some(&own)), None, "{html}");
        }
    }
}
