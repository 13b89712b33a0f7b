//! A document that is no feed in; a failure that says what it is instead out.

use url::Url;

use super::clean::{fold, resolve};
use super::normalise::decoded;
use crate::markup::{self, Kind, Pieces};
use crate::model::{Document, Failure, FailureKind};

/// Says what a document is, when it is no feed (P50): nothing is fetched in
/// its stead, but the feeds that a page advertises are named.
pub(super) fn explain(text: &str, base: Option<&Url>) -> Failure {
    Failure::new(FailureKind::NotAFeed, describe(text, base))
}

fn describe(text: &str, base: Option<&Url>) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "the document is empty".to_owned();
    }
    if text.starts_with(['{', '[']) {
        return format!("JSON, but not a JSON Feed: {}", snippet(text));
    }
    let page = Page::read(text, base);
    if page.is_html {
        return page.describe();
    }
    let root = Pieces::of(text).find_map(|piece| match piece.kind {
        Kind::Open { name, .. } => Some(name),
        _ => None,
    });
    match root {
        Some(name @ ("opml" | "urlset" | "sitemapindex" | "svg" | "html"))
            if text.starts_with('<') =>
        {
            format!("not a feed, but a document of <{name}>")
        }
        Some(name) if text.starts_with('<') => {
            format!("not a feed: its root is <{}>", snippet(name))
        }
        _ => format!("not a feed, but text: {}", snippet(text)),
    }
}

/// The feeds that a page of HTML advertises, in its order.
pub fn advertised(document: &Document) -> Vec<Url> {
    let page = Page::read(&String::from_utf8_lossy(&document.body), document.url.as_ref());
    page.feeds.iter().filter_map(|address| Url::parse(address).ok()).collect()
}

/// The beginning of a text on one line.
fn snippet(text: &str) -> String {
    let line: String = fold(&text.chars().take(400).collect::<String>());
    let short: String = line.chars().take(120).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

/// What matters of a page of HTML.
#[derive(Debug, Default)]
struct Page {
    is_html: bool,
    title: String,
    asks_for_password: bool,
    feeds: Vec<String>,
}

/// Feeds named in the message.
const MOST_FEEDS: usize = 8;

impl Page {
    fn read(text: &str, base: Option<&Url>) -> Self {
        let mut page = Self::default();
        let mut in_title = false;
        let start = text.get(..15).unwrap_or_default();
        page.is_html = start.to_ascii_lowercase().starts_with("<!doctype html");
        for piece in Pieces::of(text).take(20_000) {
            match piece.kind {
                Kind::Open { name, attributes, .. } => {
                    let name = name.to_ascii_lowercase();
                    page.is_html |= matches!(name.as_str(), "html" | "head" | "body");
                    in_title = name == "title" && page.title.is_empty();
                    page.element(&name, attributes, base);
                }
                Kind::Text(text) if in_title => {
                    page.title = super::clean::title(text);
                    in_title = false;
                }
                Kind::Close { .. } => in_title = false,
                _ => {}
            }
        }
        page
    }

    fn element(&mut self, name: &str, attributes: &str, base: Option<&Url>) {
        let value = |name| markup::attribute(attributes, name).map(decoded).unwrap_or_default();
        match name {
            "input" => self.asks_for_password |= value("type").eq_ignore_ascii_case("password"),
            "link" => {
                let kind = value("type").to_ascii_lowercase();
                let is_feed = ["rss+xml", "atom+xml", "feed+json", "rdf+xml"]
                    .iter()
                    .any(|known| kind.contains(known));
                let advertised = value("rel").to_ascii_lowercase().contains("alternate");
                if is_feed && advertised && self.feeds.len() < MOST_FEEDS {
                    let href = value("href");
                    let address = resolve(&href, base).map_or(href, String::from);
                    if !self.feeds.contains(&address) {
                        self.feeds.push(address);
                    }
                }
            }
            _ => {}
        }
    }

    fn describe(&self) -> String {
        let kind = if self.asks_for_password { "a login page" } else { "a page of HTML" };
        let title = match self.title.as_str() {
            "" => String::new(),
            title => format!(" ({})", snippet(title)),
        };
        let feeds = match &self.feeds[..] {
            [] => "advertises no feed".to_owned(),
            [one] => format!("advertises the feed {one}"),
            many => format!("advertises the feeds {}", many.join(" and ")),
        };
        format!("not a feed, but {kind}{title}, which {feeds}")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_what_came_instead() {
        let base = Url::parse("https://example.org/news/").unwrap();
        let page = "<!DOCTYPE html><html><head><title>News &amp; more</title>\
            <link rel='alternate' type='application/rss+xml' href='feed.xml'>\
            <link rel=alternate type=application/atom+xml href=/atom></head></html>";
        for (text, message) in [
            ("  \n", "the document is empty"),
            ("{\"a\":1}", "JSON, but not a JSON Feed: {\"a\":1}"),
            ("<opml version='2.0'/>", "not a feed, but a document of <opml>"),
            ("<error>x</error>", "not a feed: its root is <error>"),
            ("It works!", "not a feed, but text: It works!"),
            (
                page,
                "not a feed, but a page of HTML (News & more), which advertises the feeds \
                 https://example.org/news/feed.xml and https://example.org/atom",
            ),
            (
                "<html><body><form><input type=password></form></body></html>",
                "not a feed, but a login page, which advertises no feed",
            ),
        ] {
            let failure = explain(text, Some(&base));
            assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::NotAFeed, message));
        }
    }
}
