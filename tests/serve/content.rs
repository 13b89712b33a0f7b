//! Tests the contents of feeds: Q1 to Q15.

use std::sync::Arc;

use atom_syndication::{Feed, TextType};
use gazetted::model::{Revision, SourceId, Story, Withdrawal, WithdrawnBy};

use super::world::{BASE, World, at, copy, entry, story, told};

/// The topic's Atom feed as the server sends it, parsed.
async fn feed(stories: Vec<Story>) -> Feed {
    let world = World::telling(stories).await;
    let answer = world.get("/topics/sanctions.atom").await;
    well_formed(&answer.body);
    Feed::read_from(&answer.body[..]).unwrap()
}

/// Reads to the end with a strict reader, and looks at every character.
fn well_formed(xml: &[u8]) {
    let text = std::str::from_utf8(xml).unwrap();
    let forbidden = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    assert!(!text.contains(forbidden), "a character that XML cannot hold");
    assert_eq!(text.rfind("<?xml"), Some(0), "one declaration, at the start");
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
}

#[tokio::test]
async fn q1_whatever_sources_say_the_feed_is_well_formed() {
    let nasty = "a\u{0}b\u{1b}[31m\u{fffe}\r\n ]]> & < > \" ' </title> &amp; &#0; \u{85} é 🇽🇰";
    let mut hostile = entry(1);
    hostile.title = nasty.to_owned();
    hostile.summary = Some(format!("<p>{nasty}</p>"));
    hostile.content = Some(nasty.to_owned());
    hostile.authors = vec![nasty.to_owned(), " ".to_owned()];
    hostile.categories = vec![nasty.to_owned()];
    hostile.rights = Some(nasty.to_owned());
    hostile.language = Some("\"><script>".to_owned());
    hostile.feed.title = nasty.to_owned();
    hostile.feed.id = nasty.to_owned();
    let mut said = told(1, vec![hostile, copy("wire", 1)]);
    said.published_id = "tag:x,2025:<&\">\u{1}".to_owned();
    let world = World::telling(vec![said]).await;
    for path in ["/topics/sanctions.atom", "/topics/sanctions.rss", "/stories.atom", "/opml"] {
        well_formed(&world.get(path).await.body);
    }
    let feed = world.get("/topics/sanctions.atom").await;
    let feed = Feed::read_from(&feed.body[..]).unwrap();
    assert_eq!(feed.entries.len(), 1);
    assert!(!feed.entries[0].authors[0].name.is_empty());
    assert!(feed_rs::parser::parse(&world.get("/topics/sanctions.rss").await.body[..]).is_ok());
}

#[tokio::test]
async fn q1_an_empty_topic_is_a_valid_feed() {
    let feed = feed(vec![]).await;
    assert!(!feed.id.is_empty() && !feed.title.value.is_empty());
    assert_eq!(feed.updated.to_rfc3339(), "2000-01-01T00:00:00+00:00");
    assert!(!feed.authors.is_empty());
}

#[tokio::test]
async fn q2_the_published_id_is_the_entry_s_id_byte_for_byte() {
    for id in [
        "tag:www.gov.uk,2005:/government/news/a",
        "https://www.gov.uk/government/news/a#2025-04-02T12:05:00+01:00",
        "HTTP://Example.ORG/%7Ea?b=c&d=e",
        "urn:uuid:60a76c80-d399-11d9-b93C-0003939e0af6",
    ] {
        let said = Story { published_id: id.to_owned(), ..story(1) };
        assert_eq!(feed(vec![said]).await.entries[0].id, id);
    }
}

#[tokio::test]
async fn q4_every_id_is_absolute() {
    let mut relative = entry(1);
    relative.feed.id = "feed/1".to_owned();
    let feed = feed(vec![told(1, vec![relative])]).await;
    let entry = &feed.entries[0];
    for id in [&feed.id, &entry.id, &entry.source.as_ref().unwrap().id] {
        assert!(url::Url::parse(id).is_ok(), "{id}");
    }
    assert_eq!(entry.source.as_ref().unwrap().id, "https://fcdo.example/feed.atom");
}

#[tokio::test]
async fn q5_an_id_stands_once_in_a_feed() {
    let newer = Story { updated: at("2025-04-02T12:00:00Z"), ..story(1) };
    let older = Story { published_id: newer.published_id.clone(), ..story(2) };
    let feed = feed(vec![newer, older]).await;
    assert_eq!(feed.entries.len(), 1);
    assert_eq!(feed.entries[0].title.value, "Announcement 1");
}

#[tokio::test]
async fn q6_dates_are_the_story_s_own() {
    let said = Story { updated: at("2025-04-02T15:00:00.900Z"), ..story(1) };
    let feed = feed(vec![said]).await;
    let entry = &feed.entries[0];
    assert_eq!(entry.published.unwrap().to_rfc3339(), "2025-04-02T11:05:00+00:00");
    assert_eq!(entry.updated.to_rfc3339(), "2025-04-02T15:00:00+00:00");
}

#[tokio::test]
async fn q7_the_feed_is_dated_by_its_latest_change() {
    let revised = Story { updated: at("2025-04-02T15:00:00Z"), ..story(1) };
    let feed = feed(vec![revised, story(2)]).await;
    assert_eq!(feed.updated.to_rfc3339(), "2025-04-02T15:00:00+00:00");
    assert_eq!(feed.id, "tag:news.example,2026:topic:sanctions");
}

#[tokio::test]
async fn q8_an_entry_names_the_source_that_leads_it() {
    let mut lead = entry(1);
    lead.feed.rights = Some("Crown copyright".to_owned());
    lead.feed.authors = vec!["Press office".to_owned()];
    lead.feed.updated = Some(at("2031-01-01T00:00:00Z"));
    let feed = feed(vec![told(1, vec![lead, copy("wire", 1)])]).await;
    let source = feed.entries[0].source.as_ref().unwrap();
    assert_eq!(source.id, "tag:fcdo.example,2005:/feed");
    assert_eq!(source.title.value, "Activity on the Foreign Office");
    assert_eq!(source.updated.to_rfc3339(), "2025-04-02T11:05:00+00:00", "never after it was read");
    assert_eq!(source.rights.as_ref().unwrap().value, "Crown copyright");
    assert_eq!(source.links[0].href, "https://fcdo.example/feed.atom");
    assert_eq!(feed.entries[0].authors[0].name, "Press office");
}

#[tokio::test]
async fn every_copy_is_named_and_linked() {
    let mut second = copy("home-office", 1);
    second.url = None;
    let copies = vec![copy("wire", 1), entry(1), second, copy("finder", 1)];
    let feed = feed(vec![told(1, copies)]).await;
    let entry = &feed.entries[0];
    assert_eq!(entry.links[0].href, "https://fcdo.example/news/1", "the department leads");
    let vias: Vec<_> = entry.links.iter().filter(|link| link.rel == "via").collect();
    let titles: Vec<_> = vias.iter().map(|link| link.title.as_deref().unwrap()).collect();
    assert_eq!(titles, ["GOV.UK news", "The Wire"]);
    assert_eq!(vias[1].href, "https://wire.example/item/1");
    let summary = &entry.summary.as_ref().unwrap().value;
    assert!(
        summary.ends_with(
            "<p>Also published by Home Office, \
             <a href=\"https://finder.example/item/1\">GOV.UK news</a> and \
             <a href=\"https://wire.example/item/1\">The Wire</a>.</p>"
        ),
        "{summary}"
    );
}

#[tokio::test]
async fn the_line_of_provenance_ends_the_content_where_there_is_any() {
    let mut lead = entry(1);
    lead.content = Some("<p>In full.</p>".to_owned());
    let feed = feed(vec![told(1, vec![lead, copy("wire", 1)])]).await;
    let entry = &feed.entries[0];
    let content = entry.content.as_ref().unwrap();
    assert_eq!(content.content_type.as_deref(), Some("html"));
    assert!(content.value.as_ref().unwrap().starts_with("<p>In full.</p><p>Also published by "));
    assert_eq!(entry.summary.as_ref().unwrap().value, "<p>What announcement 1 says.</p>");
}

#[tokio::test]
async fn q10_a_title_is_never_undeclared_markup() {
    for (given, kind, written) in [
        ("Foreign & Home", TextType::Text, "Foreign & Home"),
        ("Use of <b> and &amp;", TextType::Html, "Use of &lt;b&gt; and &amp;amp;"),
        ("  two\n lines ", TextType::Text, "two lines"),
    ] {
        let mut lead = entry(1);
        lead.title = given.to_owned();
        let title = feed(vec![told(1, vec![lead])]).await.entries.remove(0).title;
        assert_eq!((title.r#type, title.value.as_str()), (kind, written));
    }
}

#[tokio::test]
async fn q11_html_is_carried_escaped() {
    let world = World::telling(vec![story(1)]).await;
    let answer = world.get("/topics/sanctions.atom").await;
    assert!(answer.text().contains("<summary type=\"html\">&lt;p&gt;What announcement 1"));
}

#[tokio::test]
async fn q12_an_entry_without_text_gets_a_summary() {
    let mut silent = entry(1);
    silent.summary = None;
    silent.text = String::new();
    silent.title = String::new();
    silent.url = None;
    let feed = feed(vec![told(1, vec![silent])]).await;
    let entry = &feed.entries[0];
    let publisher = "Foreign, Commonwealth &amp; Development Office";
    assert_eq!(entry.summary.as_ref().unwrap().value, format!("<p>Published by {publisher}.</p>"));
    assert!(entry.title.value.starts_with("Untitled announcement by"));
    assert!(entry.links[0].href.starts_with("https://news.example/stories/"), "its own page");
}

#[tokio::test]
async fn q13_links_are_absolute_and_say_what_they_are() {
    let mut lead = entry(1);
    let file = |url: &str, media_type: Option<&str>, length| gazetted::model::Enclosure {
        url: url.parse().unwrap(),
        media_type: media_type.map(str::to_owned),
        length,
    };
    lead.enclosures = vec![
        file("https://fcdo.example/list.pdf", None, Some(1234)),
        file("https://fcdo.example/clip", Some("audio/mpeg"), None),
    ];
    lead.feed.url = Some("https://fcdo.example/all?organisations[]=fcdo".parse().unwrap());
    let feed = feed(vec![told(1, vec![lead])]).await;
    let links: Vec<_> = feed.links.iter().map(|link| (&link.rel[..], &link.href[..])).collect();
    assert_eq!(
        links,
        [
            ("self", "https://news.example/topics/sanctions.atom"),
            ("alternate", "https://news.example/topics/sanctions"),
            ("hub", "https://hub.example/"),
        ]
    );
    let enclosures: Vec<_> = feed.entries[0]
        .links
        .iter()
        .filter(|link| link.rel == "enclosure")
        .map(|link| (link.mime_type.as_deref(), link.length.as_deref()))
        .collect();
    assert_eq!(enclosures, [(Some("application/pdf"), Some("1234")), (Some("audio/mpeg"), None)]);
    let source = &feed.entries[0].source.as_ref().unwrap().links;
    assert_eq!(source[1].href, "https://fcdo.example/all?organisations%5B%5D=fcdo");
    for link in feed.links.iter().chain(&feed.entries[0].links) {
        assert!(url::Url::parse(&link.href).is_ok(), "{}", link.href);
    }
    assert!(feed.icon.unwrap().starts_with(BASE));
}

#[tokio::test]
async fn q15_a_withdrawn_story_leaves_a_tombstone() {
    let mut gone = told(1, vec![entry(1), copy("wire", 1)]);
    let (at, source) = (at("2025-04-02T17:00:00Z"), SourceId::new("fcdo"));
    gone.withdrawn = Some(Withdrawal { at, source, by: WithdrawnBy::Tombstone, reason: None });
    let world = World::telling(vec![gone, story(2)]).await;
    let answer = world.get("/topics/sanctions.atom").await;
    well_formed(&answer.body);
    let feed = Feed::read_from(&answer.body[..]).unwrap();
    assert_eq!(feed.entries.len(), 1);
    assert_eq!(feed.updated.to_rfc3339(), "2025-04-02T17:00:00+00:00");
    assert_eq!(feed.namespaces["at"], "http://purl.org/atompub/tombstones/1.0");
    let stone = &feed.extensions["at"]["deleted-entry"][0];
    assert_eq!(stone.attrs["ref"], "tag:fcdo.example,2005:/news/1");
    assert_eq!(stone.attrs["when"], "2025-04-02T17:00:00Z");
    assert!(answer.text().contains("<source><id>tag:fcdo.example,2005:/feed</id>"));
    for path in ["/topics/sanctions.rss", "/topics/sanctions.json", "/topics/sanctions", "/"] {
        assert!(!world.get(path).await.text().contains("Announcement 1"), "{path}");
    }
}

#[tokio::test]
async fn what_no_longer_applies_but_can_be_read_says_so_first() {
    let mut said = story(1);
    let (at, source) = (at("2025-04-02T17:00:00Z"), SourceId::new("fcdo"));
    said.withdrawn = Some(Withdrawal {
        at,
        source,
        by: WithdrawnBy::Notice,
        reason: Some("Replaced by <new> guidance.".to_owned()),
    });
    let summary = feed(vec![said]).await.entries.remove(0).summary.unwrap().value;
    assert!(summary.starts_with("<p><strong>Withdrawn on 2 April 2025: "), "{summary}");
    assert!(summary.contains("“Replaced by &lt;new&gt; guidance.”"), "{summary}");
}

#[tokio::test]
async fn a_copy_that_was_taken_back_is_not_named() {
    let mut said = told(1, vec![entry(1), copy("wire", 1)]);
    let (at, source) = (at("2025-04-02T17:00:00Z"), SourceId::new("wire"));
    said.members[1].withdrawn =
        Some(Withdrawal { at, source, by: WithdrawnBy::Tombstone, reason: None });
    let summary = feed(vec![said]).await.entries.remove(0).summary.unwrap().value;
    assert!(!summary.contains("Also published"), "{summary}");
}

#[tokio::test]
async fn an_update_is_told_with_the_note_of_its_source() {
    let mut said = story(1);
    Arc::make_mut(&mut said.members[0].entry).updated = Some(at("2025-04-03T08:00:00Z"));
    said.history = vec![Revision {
        at: at("2025-04-03T08:10:00Z"),
        source: SourceId::new("fcdo"),
        link: None,
        major: true,
        title: None,
        summary: None,
        text: Some("What it said.".to_owned()),
        text_changed: true,
        change: Vec::new(),
        note: Some("Added the list of <designations>.".to_owned()),
    }];
    let path = format!("/stories/{}", said.id);
    let world = World::telling(vec![said]).await;
    let feed = world.get("/topics/sanctions.atom").await;
    let feed = Feed::read_from(&feed.body[..]).unwrap();
    let summary = &feed.entries[0].summary.as_ref().unwrap().value;
    let line = "<p>Updated 3 April 2025: Added the list of &lt;designations&gt;.</p>";
    assert!(summary.ends_with(line), "{summary}");
    let page = world.get(&path).await;
    let marked = "<del>What it said.</del><ins>What announcement 1 says.</ins>";
    assert!(page.text().contains(marked), "{}", page.text());
}
