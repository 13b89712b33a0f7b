//! Archived feeds (RFC 5005): Q16.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use atom_syndication::Feed;
use gazetted::model::{Story, StoryId, Timestamp};
use gazetted::publish;

use super::world::{World, at, now, site, sources, story, topic};

/// 330 stories over four months, the newest first, and a feed of the last 50
/// that names its archive.
async fn archived() -> World {
    let stories: Vec<_> = (0..330_u32).rev().map(numbered).collect();
    let world = World::telling(stories).await;
    let (closed, open) = world.desk.volumes();
    let last = closed.last().map(|(volume, _)| *volume);
    let stories = world.desk.stories.lock().unwrap().clone();
    let mut listed: Vec<Arc<Story>> = stories.iter().take(50).cloned().collect();
    for story in open.into_iter().rev() {
        if !listed.iter().any(|listed| listed.id == story.id) {
            listed.push(story);
        }
    }
    let first = publish::FirstPage::default();
    let (topic, sources, site) = (topic(), sources(), site());
    let rendered = publish::render_topic_after(
        last,
        &first,
        &topic,
        &listed,
        &|_| Vec::new(),
        &sources,
        &site,
    );
    world.cache.place(rendered, now());
    world
}

fn numbered(number: u32) -> Story {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    let seen: Timestamp =
        at("2025-01-01T00:00:00Z").after(Duration::from_secs(u64::from(number) * 6 * 3600));
    Story {
        id: StoryId::from_bytes(bytes),
        published_id: format!("tag:fcdo.example,2005:/news/{number}"),
        first_seen: seen,
        dated: seen,
        updated: seen,
        ..story(1)
    }
}

fn path_of(feed: &Feed, relation: &str) -> Option<String> {
    let link = feed.links.iter().find(|link| link.rel == relation)?;
    Some(link.href.replace("https://news.example/", "/"))
}

#[tokio::test]
async fn q16_walking_the_archive_meets_every_story_once() {
    let world = archived().await;
    let mut path = "/topics/sanctions.atom".to_owned();
    let mut archived = Vec::new();
    let mut seen = BTreeSet::new();
    let mut after: Option<String> = None;
    loop {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let feed = Feed::read_from(&answer.body[..]).unwrap();
        seen.extend(feed.entries.iter().map(|entry| entry.id.clone()));
        if path.contains("/archive/") {
            archived.extend(feed.entries.iter().map(|entry| entry.id.clone()));
            assert!(feed.extensions["fh"].contains_key("archive"), "{path}");
            assert_eq!(path_of(&feed, "current").as_deref(), Some("/topics/sanctions.atom"));
            // What comes after it is told beside it: its bytes may not change.
            let next =
                after.map(|after| format!("<https://news.example{after}>; rel=\"next-archive\""));
            let told = answer.header("link").split(", ").find(|link| link.contains("next-archive"));
            assert_eq!(told, next.as_deref(), "{path}");
            assert_eq!(path_of(&feed, "next-archive"), None);
            assert_eq!(path_of(&feed, "hub"), None);
            after = Some(path.clone());
        }
        match path_of(&feed, "prev-archive") {
            Some(previous) => path = previous,
            None => break,
        }
    }
    assert_eq!(seen.len(), 330, "the feed and its archive hold every story");
    let once: BTreeSet<_> = archived.iter().collect();
    assert_eq!(once.len(), archived.len(), "and the archive holds none twice");
}

#[tokio::test]
async fn q40_further_pages_of_json_end_and_never_repeat() {
    let world = archived().await;
    let mut path = "/topics/sanctions.json".to_owned();
    let mut paths = BTreeSet::new();
    loop {
        assert!(paths.insert(path.clone()), "{path} repeats");
        let answer = world.get(&path).await;
        let feed: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(feed["feed_url"].as_str().unwrap(), format!("https://news.example{path}"));
        match feed["next_url"].as_str() {
            Some(next) => path = next.replace("https://news.example/", "/"),
            None => break,
        }
    }
    assert_eq!(paths.len(), 6, "the feed and five volumes: {paths:?}");
}

#[tokio::test]
async fn an_archived_feed_is_revalidated_and_compressed_like_any_other() {
    let world = archived().await;
    let path = "/topics/sanctions/archive/2025-01.atom";
    let plain = world.get(path).await;
    assert_eq!(plain.header("cache-control"), "public, max-age=86400, immutable");
    let coded = world.ask("GET", path, &[("Accept-Encoding", "gzip")]).await;
    assert_eq!(coded.header("content-encoding"), "gzip");
    for tag in [plain.header("etag"), coded.header("etag")] {
        let answer = world.ask("GET", path, &[("If-None-Match", tag)]).await;
        assert_eq!((answer.status, answer.header("etag")), (304, tag));
    }
    for unknown in ["2025-04.atom", "2025-01.xml", "2025-1.atom", "2030-01.atom", "x"] {
        let path = format!("/topics/sanctions/archive/{unknown}");
        assert_eq!(world.get(&path).await.status, 404, "{unknown}");
    }
}
