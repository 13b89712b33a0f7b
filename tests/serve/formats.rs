//! The formats beside Atom: Q40 to Q42.

use gazetted::model::{SourceState, Story};
use quick_xml::events::Event;
use serde_json::Value;

use super::world::{World, at, copy, entry, state, story, told};

async fn world() -> World {
    let mut lead = entry(1);
    lead.content = Some("<p>In full.</p>".to_owned());
    lead.categories = vec!["Sanctions".to_owned(), "sanctions".to_owned()];
    lead.language = Some("en-GB".to_owned());
    lead.enclosures = vec![gazetted::model::Enclosure {
        url: "https://fcdo.example/list.pdf".parse().unwrap(),
        media_type: None,
        length: None,
    }];
    let full = told(1, vec![lead, copy("wire", 1)]);
    let short = Story {
        published_id: "https://fcdo.example/news/2".to_owned(),
        updated: at("2025-04-02T15:00:00Z"),
        ..told(2, vec![entry(2)])
    };
    World::telling(vec![short, full]).await
}

#[tokio::test]
async fn q40_json_feed() {
    let answer = world().await.get("/topics/sanctions.json").await;
    assert!(answer.text().starts_with("{\"version\":\"https://jsonfeed.org/version/1.1\""));
    let feed: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(feed["feed_url"], "https://news.example/topics/sanctions.json");
    assert_eq!(feed["home_page_url"], "https://news.example/topics/sanctions");
    assert_eq!(
        feed["hubs"][0],
        serde_json::json!({ "type": "WebSub", "url": "https://hub.example/" })
    );
    for icon in ["icon", "favicon"] {
        assert!(feed[icon].as_str().unwrap().starts_with("https://news.example/"), "{icon}");
    }
    assert!(!feed["title"].as_str().unwrap().is_empty());
    assert_eq!(feed["next_url"], Value::Null);
    let item = &feed["items"][1];
    assert_eq!(item["id"], "tag:fcdo.example,2005:/news/1");
    assert_eq!(item["url"], "https://fcdo.example/news/1");
    assert_eq!(item["date_published"], "2025-04-02T11:05:00Z");
    assert_eq!(item["tags"], serde_json::json!(["Sanctions"]));
    assert_eq!(item["language"], "en-GB");
    assert_eq!(item["attachments"][0]["mime_type"], "application/pdf");
    assert_eq!(item["authors"][0]["name"], "Foreign, Commonwealth & Development Office");
    let html = item["content_html"].as_str().unwrap();
    assert!(html.contains("In full.") && html.contains("Also published by "));
    let copies = &item["_provenance"]["copies"];
    assert_eq!(copies[0]["title"], "The Wire");
    let known = [
        "id",
        "url",
        "title",
        "content_html",
        "summary",
        "date_published",
        "date_modified",
        "authors",
        "tags",
        "language",
        "attachments",
    ];
    for item in feed["items"].as_array().unwrap() {
        assert!(item["id"].is_string());
        assert!(item.get("content_html").is_some() != item.get("content_text").is_some());
        for name in item.as_object().unwrap().keys() {
            let ours = name.starts_with('_') && !name.contains('.');
            assert!(ours || known.contains(&name.as_str()), "{name}");
        }
    }
}

#[tokio::test]
async fn q41_rss() {
    let answer = world().await.get("/topics/sanctions.rss").await;
    let channel = rss::Channel::read_from(&answer.body[..]).unwrap();
    assert_eq!(channel.title, "Sanctions & designations");
    assert_eq!(channel.link, "https://news.example/topics/sanctions");
    assert_eq!(channel.last_build_date.as_deref(), Some("Wed, 02 Apr 2025 15:00:00 GMT"));
    let links = &channel.extensions["atom"]["link"];
    assert_eq!(links[0].attrs["rel"], "self");
    assert_eq!(links[0].attrs["href"], "https://news.example/topics/sanctions.rss");

    let (short, full) = (&channel.items[0], &channel.items[1]);
    assert!(short.guid.as_ref().unwrap().permalink, "its id is its address");
    let guid = full.guid.as_ref().unwrap();
    assert_eq!((guid.value.as_str(), guid.permalink), ("tag:fcdo.example,2005:/news/1", false));
    assert_eq!(full.pub_date.as_deref(), Some("Wed, 02 Apr 2025 11:05:00 GMT"));
    assert_eq!(full.author, None);
    let creators = &full.dublin_core_ext.as_ref().unwrap().creators;
    assert_eq!(creators[..], ["Foreign, Commonwealth & Development Office"]);
    let source = full.source.as_ref().unwrap();
    assert_eq!(source.url, "https://fcdo.example/feed.atom");
    assert_eq!(source.title.as_deref(), Some("Foreign, Commonwealth & Development Office"));
    let enclosure = full.enclosure.as_ref().unwrap();
    assert_eq!((&enclosure.length[..], &enclosure.mime_type[..]), ("0", "application/pdf"));
    assert!(full.content.as_ref().unwrap().contains("Also published by "));
    assert_eq!(full.extensions["atom"]["link"][0].attrs["href"], "https://wire.example/item/1");
    let text = answer.text();
    let first = &text[text.find("Announcement 1").unwrap()..];
    assert!(first.find("<description>").unwrap() < first.find("<content:encoded>").unwrap());
    assert!(text.contains("isPermaLink=\"false\""));
}

#[tokio::test]
async fn q42_opml() {
    let answer = world().await.get("/opml").await;
    let text = answer.text();
    for part in [
        "<opml version=\"2.0\">",
        "<dateCreated>Wed, 02 Apr 2025 15:00:00 GMT</dateCreated>",
        "type=\"rss\" xmlUrl=\"https://news.example/topics/sanctions.atom\"",
        "htmlUrl=\"https://news.example/topics/sanctions\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(text.matches("<outline").count(), text.matches("<outline text=").count());
    let mut reader = quick_xml::Reader::from_str(text);
    let mut nested = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) if tag.name().as_ref() == b"outline" => nested.push("group"),
            Event::Empty(tag) if tag.name().as_ref() == b"outline" => nested.push("feed"),
            Event::End(tag) if tag.name().as_ref() == b"outline" => nested.push("end"),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(nested, ["group", "feed", "end"], "each feed in its group");
}

#[tokio::test]
async fn q42_opml_of_sources() {
    let world = world().await;
    let states = ["fcdo", "wire"].map(|source| state(source, SourceState::default()));
    *world.desk.states.lock().unwrap() = states.to_vec();
    let answer = world.get("/sources.opml").await;
    assert_eq!(answer.header("content-type"), "text/x-opml; charset=utf-8");
    let text = answer.text();
    assert!(text.contains("xmlUrl=\"https://fcdo.example/feed.atom\""), "{text}");
    let wire = text.find("The Wire").unwrap();
    assert!(text.find("Departments\"").unwrap() < text.find("Syndicators").unwrap());
    assert!(text.find("Syndicators").unwrap() < wire, "in its role's group");
}

#[tokio::test]
async fn a_source_s_own_feed_tells_its_words_under_the_story_s_id() {
    let mut carried = copy("wire", 1);
    carried.title = "As the wire has it".to_owned();
    let world = World::telling(vec![story(2), told(1, vec![entry(1), carried])]).await;
    let answer = world.get("/sources/wire.atom").await;
    assert_eq!((answer.status, answer.header("link").contains("hub")), (200, false));
    let feed = atom_syndication::Feed::read_from(&answer.body[..]).unwrap();
    assert_eq!(feed.entries.len(), 1);
    assert_eq!(feed.entries[0].title.value, "As the wire has it");
    assert_eq!(feed.entries[0].id, "tag:fcdo.example,2005:/news/1");
    let summary = &feed.entries[0].summary.as_ref().unwrap().value;
    assert!(summary.contains("Also published by <a href=\"https://fcdo.example/news/1\">Foreign"));
}

#[tokio::test]
async fn a_source_s_own_feed_is_served_as_every_other() {
    let world = World::telling(vec![story(1)]).await;
    for (ending, content_type) in [
        ("atom", "application/atom+xml; charset=utf-8"),
        ("rss", "application/rss+xml; charset=utf-8"),
        ("json", "application/feed+json"),
    ] {
        let path = format!("/sources/fcdo.{ending}");
        let answer = world.get(&path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, content_type));
        assert!(answer.text().contains("Announcement 1"), "{path}");
        let tag = answer.header("etag").to_owned();
        assert_eq!(world.ask("GET", &path, &[("If-None-Match", &tag)]).await.status, 304);
        let head = world.ask("HEAD", &path, &[]).await;
        assert_eq!(head.header("content-length"), answer.body.len().to_string());
        let gzip = world.ask("GET", &path, &[("Accept-Encoding", "gzip")]).await;
        assert_eq!(gzip.header("content-encoding"), "gzip");
        assert_eq!(
            world.ask("GET", &path, &[("If-None-Match", gzip.header("etag"))]).await.status,
            304
        );
    }
    for nothing in ["/sources/none.atom", "/sources/fcdo", "/sources/fcdo.txt", "/sources/.atom"] {
        assert_eq!(world.get(nothing).await.status, 404, "{nothing}");
    }
}
