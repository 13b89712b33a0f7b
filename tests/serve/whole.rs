//! Tests what the running daemon publishes of documents as sources write them.
//!
//! What is read, judged and published is three stages; these rules hold of all together.

use std::collections::BTreeSet;
use std::time::Duration;

use atom_syndication::Feed;

use crate::support::http::Answer;
use crate::support::world::{World, atom};

const HOUR: Duration = Duration::from_secs(3600);
const FEED: &str = "/topics/news.atom";

async fn telling(document: impl Into<Vec<u8>>) -> World {
    World::new().await.source("dep", document).topic("news", "news").start().await
}

/// What the source lists from now on.
async fn listed(world: &World, document: impl Into<Vec<u8>>) {
    world.site.document("/dep", document);
    world.pass(HOUR * 2).await;
}

async fn feed(world: &World) -> Feed {
    let answer = world.get(FEED).await;
    assert_eq!(answer.status, 200);
    Feed::read_from(&answer.body[..]).unwrap()
}

/// An Atom document with these children of the feed, whose address they are relative to.
fn document(entries: &str) -> String {
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"https://dep.example/\">\
         <id>urn:dep</id><title>Dep</title><updated>2025-04-02T12:00:00Z</updated>{entries}</feed>"
    )
}

fn rss(items: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Dep</title><link>https://dep.example/</link>\
         <description>News</description>{items}</channel></rss>"
    )
}

fn item(guid: &str, link: &str, title: &str, date: &str) -> String {
    rss(&format!(
        "<item>{guid}<link>{link}</link><title>{title}</title>{date}\
         <description>The news of that day, as the ministry has it.</description></item>"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn q3_an_item_keeps_its_id_whatever_else_of_it_changes() {
    let guids = [
        "<guid isPermaLink=\"false\">4711</guid>",
        "<guid>http://dep.example/a?x=1&amp;y=%7E</guid>",
        "",
    ];
    let date = |day: u8| format!("<pubDate>Wed, 0{day} Apr 2025 11:05:00 GMT</pubDate>");
    for guid in guids {
        let link = "http://dep.example/a";
        let world = telling(item(guid, link, "News of a treaty", &date(2))).await;
        let minted = feed(&world).await.entries[0].id.clone();
        let id = url::Url::parse(&minted).expect("an absolute address");
        if guid.contains("http:") {
            assert_eq!(minted, "http://dep.example/a?x=1&y=%7E", "byte for byte");
        } else {
            assert!(!id.cannot_be_a_base() || id.scheme() == "tag" || id.scheme() == "urn", "{id}");
        }
        let secure = guid.replace("http:", "https:");
        let mut changes = vec![
            (guid, link, "News of a treaty, corrected", date(2)),
            (guid, link, "News of a treaty, corrected", date(3)),
            (&secure, "https://dep.example/a", "News of a treaty, corrected", date(3)),
        ];
        if !guid.is_empty() {
            changes.push((&secure, "https://dep.example/b", "News of a pact", date(3)));
        }
        for (guid, link, title, date) in changes {
            listed(&world, item(guid, link, title, &date)).await;
            let entries = feed(&world).await.entries;
            let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
            assert_eq!(ids, [minted.as_str()], "{guid} {link} {title} {date}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q4_an_id_that_is_relative_or_broken_does_not_get_out() {
    for id in ["relative/1", "not an address", "", "//dep.example/1", "?", "http://[broken"] {
        let entry = format!(
            "<entry><id>{id}</id><title>News</title><link href=\"/1\"/>\
             <updated>2025-04-02T11:00:00Z</updated></entry>"
        );
        let world = telling(document(&entry)).await;
        for format in ["atom", "rss", "json"] {
            let answer = world.get(&format!("/topics/news.{format}")).await;
            let read = feed_rs::parser::parse(&answer.body[..]).unwrap();
            assert_eq!(read.entries.len(), 1, "{id}");
            let published = &read.entries[0].id;
            assert!(url::Url::parse(published).is_ok(), "{id}: {published} in {format}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q5_of_two_entries_with_one_id_the_newer_is_told() {
    let entry = |title: &str, updated: &str| {
        format!(
            "<entry><id>urn:1</id><title>{title}</title><link href=\"https://dep.example/1\"/>\
             <updated>{updated}</updated></entry>"
        )
    };
    let older = entry("News as it was", "2025-04-02T10:00:00Z");
    let newer = entry("News as it is", "2025-04-02T11:00:00Z");
    for both in [format!("{older}{newer}"), format!("{newer}{older}")] {
        let entries = feed(&telling(document(&both)).await).await.entries;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].title.value, "News as it is");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q6_a_date_is_the_source_s_or_that_of_the_first_sight_and_stays() {
    for (date, published) in [
        ("<pubDate>Wed, 02 Apr 2025 11:05:00 GMT</pubDate>", "2025-04-02T11:05:00+00:00"),
        ("", "2025-04-03T09:00:00+00:00"),
        ("<pubDate>Tue, 02 Apr 2030 11:05:00 GMT</pubDate>", "2025-04-03T09:00:00+00:00"),
        ("<pubDate>yesterday</pubDate>", "2025-04-03T09:00:00+00:00"),
    ] {
        let guid = "<guid isPermaLink=\"false\">1</guid>";
        let mut world = telling(item(guid, "https://dep.example/1", "News", date)).await;
        let at_first = feed(&world).await.entries.remove(0);
        assert_eq!(at_first.published.unwrap().to_rfc3339(), published, "{date}");
        let at_first = (at_first.published, at_first.updated);
        for hour in 0..12 {
            if hour == 6 {
                world.restart().await;
            }
            // Another document every time, in which nothing of the entry has changed.
            let other = format!("<!-- {hour} --></channel>");
            let document = item(guid, "https://dep.example/1", "News", date);
            listed(&world, document.replace("</channel>", &other)).await;
            let entry = feed(&world).await.entries.remove(0);
            assert_eq!((entry.published, entry.updated), at_first, "{date}, hour {hour}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q9_every_address_is_absolute_whatever_it_was_relative_to() {
    let entry = "<entry xml:base=\"news/\"><id>urn:1</id><title>News</title>\
        <updated>2025-04-02T11:00:00Z</updated><link href=\"1.html\"/>\
        <link rel=\"enclosure\" type=\"application/pdf\" length=\"7\" href=\"../1.pdf\"/>\
        <content type=\"html\" xml:base=\"https://dep.example/text/\">&lt;p&gt;&lt;a \
        href=\"a.html\"&gt;a&lt;/a&gt; &lt;a href=\"/b\"&gt;b&lt;/a&gt; &lt;img \
        src=\"c.png\" alt=\"c\"&gt;&lt;/p&gt;</content></entry>";
    let world = telling(document(entry)).await;
    let entry = feed(&world).await.entries.remove(0);
    let link = |relation: &str| {
        let found = entry.links.iter().find(|link| link.rel == relation);
        found.map(|link| link.href.as_str())
    };
    assert_eq!(link("alternate"), Some("https://dep.example/news/1.html"));
    assert_eq!(link("enclosure"), Some("https://dep.example/1.pdf"));
    for format in ["atom", "rss", "json"] {
        let answer = world.get(&format!("/topics/news.{format}")).await;
        let text = answer.text().replace("&quot;", "\"").replace("\\\"", "\"");
        for address in ["https://dep.example/text/a.html", "https://dep.example/b"] {
            assert!(text.contains(&format!("href=\"{address}\"")), "{address}: {text}");
        }
        for relative in ["href=\"a", "href=\"/", "src=\"c", "src=\"/"] {
            assert!(!text.contains(relative), "{relative}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q11_nothing_that_runs_or_hides_gets_into_a_feed() {
    let hostile = "<p onclick=\"x()\" style=\"position:fixed\">Told<script>x()</script>\
        <iframe src=\"https://evil.example\"></iframe><a href=\"javascript:x()\">a</a>\
        <img src=\"data:text/html,x\" onerror=\"x()\"><object data=\"x\"></object><form><input>\
        </form><style>p{}</style><b>unclosed</p>";
    let escaped = hostile.replace('&', "&amp;").replace('<', "&lt;");
    let entry = format!(
        "<entry><id>urn:1</id><title type=\"html\">News {escaped}</title>\
         <updated>2025-04-02T11:00:00Z</updated><link href=\"https://dep.example/1\"/>\
         <summary type=\"html\">{escaped}</summary><content type=\"html\">{escaped}</content></entry>"
    );
    let world = telling(document(&entry)).await;
    for path in [FEED, "/topics/news.rss", "/topics/news.json", "/topics/news", "/stories.atom"] {
        let text = world.get(path).await.text().replace("&lt;", "<").to_lowercase();
        assert!(text.contains("told"), "{path}: {text}");
        for what in [
            "<script",
            "<iframe",
            "<object",
            "<form",
            "<input",
            "<style",
            "onclick",
            "onerror",
            "javascript:",
            "data:text",
            "position:fixed",
        ] {
            assert!(!text.contains(what), "{what} in {path}: {text}");
        }
    }
    // What was left open is closed.
    let content = feed(&world).await.entries.remove(0).content.unwrap().value.unwrap();
    assert_eq!(content.matches("<b>").count(), content.matches("</b>").count(), "{content}");
}

#[tokio::test(flavor = "multi_thread")]
async fn q14_q17_what_a_source_adds_of_its_own_is_left_out_whole() {
    let entry = "<entry><id>urn:1</id><title>News</title><link href=\"https://dep.example/1\"/>\
        <updated>2025-04-02T11:00:00Z</updated><summary>Told.</summary>\
        <thr:in-reply-to xmlns:thr=\"http://purl.org/syndication/thread/1.0\" ref=\"urn:0\"/>\
        <media:group xmlns:media=\"http://search.yahoo.com/mrss/\"><media:title>M</media:title>\
        </media:group><itunes:author xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">\
        I</itunes:author><x:y xmlns:x=\"urn:x\" z=\"1\"><x:w/></x:y></entry>";
    let world = telling(document(entry)).await;
    for path in [FEED, "/topics/news.rss", "/stories.atom"] {
        let answer = world.get(path).await;
        assert_eq!(feed_rs::parser::parse(&answer.body[..]).unwrap().entries.len(), 1);
        for half in ["in-reply-to", "thr:", "media:", "itunes:", "x:", "search.yahoo", "urn:x"] {
            assert!(!answer.text().contains(half), "{half} in {path}: {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q20_a_thousand_answers_of_a_day_without_news_are_one_and_a_restart_changes_none() {
    let entries = [("urn:1", "https://dep.example/1", "News", "2025-04-02T11:00:00Z")];
    let mut world = telling(atom(&entries)).await;
    let mut answers = BTreeSet::new();
    let said = |answer: Answer| {
        let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
        (header("etag"), header("last-modified"), answer.body.clone())
    };
    for hour in 0..25 {
        if hour == 12 {
            world.restart().await;
        }
        for _ in 0..40 {
            answers.insert(said(world.get(FEED).await));
        }
        world.pass(HOUR).await;
    }
    assert!(world.site.requests("/dep").len() > 10, "it was asked all day, and had nothing new");
    assert_eq!(answers.len(), 1);
}
