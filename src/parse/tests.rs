use super::*;
use crate::model::{SourceId, Timestamp};

fn document(text: &str) -> Document {
    Document {
        source: SourceId::new("s"),
        url: Some(Url::parse("https://example.org/feeds/news.xml").unwrap()),
        content_type: None,
        body: text.as_bytes().to_vec().into(),
        at: Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
    }
}

fn read_well(text: &str) -> Parsed {
    parse(&document(text), &Limits::default()).unwrap_or_else(|failure| panic!("{failure}: {text}"))
}

#[test]
fn an_rss_feed_is_read() {
    let parsed = read_well(
        "<rss version='2.0'><channel><title>T</title><link>https://example.org/</link><ttl>90</ttl>\
         <item><title>A &amp;amp; B</title><link>/a</link><guid isPermaLink='false'>x1</guid>\
         <pubDate>Wed, 02 Apr 2025 12:05:00 +0100</pubDate><description>&lt;p&gt;Hi</description></item>\
         </channel></rss>",
    );
    let [entry] = &parsed.entries[..] else { panic!("{parsed:?}") };
    assert_eq!(parsed.format, "RSS 2.0");
    assert_eq!(entry.title, "A & B");
    assert_eq!(entry.guid.as_deref(), Some("x1"));
    assert_eq!(entry.url.as_ref().unwrap().as_str(), "https://example.org/a");
    assert_eq!(entry.published.unwrap().to_string(), "2025-04-02T11:05:00Z");
    assert_eq!(entry.summary.as_deref(), Some("<p>Hi</p>"));
    assert_eq!(entry.text, "Hi");
    assert_eq!(parsed.hints.ttl.unwrap().as_secs(), 5400);
    assert_eq!(parsed.warnings, Vec::<String>::new());
}
