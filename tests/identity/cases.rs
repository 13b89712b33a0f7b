//! Small cases after public reports, read by a running daemon: which entries are one story, in which
//! topics they are, and what the feeds show.
//!
//! Each folder of `cases` has a configuration, the documents and `expected.json`. A name that begins
//! with `control` holds the other side of a kind: what mends the kind must not break it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use atom_syndication::Feed;
use gazetted::clock::Clock;
use gazetted::dedup::canonical;
use gazetted::inquiry::export::{ExportedEntry, ExportedStory};
use gazetted::model::Timestamp;
use serde_json::Value;
use url::Url;

use crate::support::site::Answer;
use crate::support::world::World;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/identity/cases");
const STARTER_TOPICS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/topics/*.toml");

/// Where the cases expect their site.
const SITE: &str = "http://127.0.0.1:23500";

const EMPTY: &str = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:empty</id><title>Empty</title><updated>2026-11-01T00:00:00Z</updated></feed>";

/// A case after its last step.
struct Outcome {
    stories: Vec<ExportedStory>,
    /// The feeds of the topics that the case asks about, after every step.
    feeds: Vec<BTreeMap<String, Feed>>,
    /// When each step was read.
    moments: Vec<Timestamp>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Reads the documents of a case, one after the other.
async fn outcome(folder: &Path, expected: &Value) -> Outcome {
    let steps = list(&expected["steps"]);
    let moments: Vec<Timestamp> =
        steps.iter().map(|step| Timestamp::parse_rfc3339(text(&step["at"])).unwrap()).collect();
    let mut world = World::new().await;
    world.clock = Clock::by_hand(moments[0]);
    world.lines_first("[polling]\nfloor = \"1s\"\nhard_floor = \"1s\"\ninterval = \"1s\"");
    let site = world.site.url("").as_str().trim_end_matches('/').to_owned();
    let config = std::fs::read_to_string(folder.join("c.toml")).unwrap();
    let (_, sources) = config.split_at(config.find("[[source]]").unwrap());
    world = world.lines(&sources.replace(SITE, &site));
    if expected["starter_topics"] == true {
        world = world.include(STARTER_TOPICS);
    }
    for line in sources.lines() {
        if let Some(file) = line.strip_prefix("file = ") {
            std::fs::write(world.directory.path().join(file.trim_matches('"')), EMPTY).unwrap();
        } else if let Some(path) = line.strip_prefix(&format!("url = \"{SITE}")) {
            world.site.document(path.trim_end_matches('"'), EMPTY);
        }
    }
    for page in pages(&folder.join("site")) {
        let body = std::fs::read_to_string(&page).unwrap().replace(SITE, &site);
        let path = page.strip_prefix(folder.join("site")).unwrap();
        let answer = move |_: &_| Answer::ok(body.clone()).header("Content-Type", "text/html");
        world.site.answer(&format!("/{}", path.display()), answer);
    }
    let mut feeds = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let over = text(&step["over"]);
        let body = std::fs::read(folder.join(text(&step["document"]))).unwrap();
        if let Some(path) = over.strip_prefix("site") {
            let body = String::from_utf8(body).unwrap().replace(SITE, &site);
            world.site.document(path, body);
        } else {
            std::fs::write(world.directory.path().join(over), body).unwrap();
        }
        match number.checked_sub(1) {
            None => world.restart().await,
            Some(before) => world.pass(moments[before].apart(moments[number])).await,
        }
        let mut shown = BTreeMap::new();
        for topic in list(&expected["expected"]["feed"]).iter().map(|feed| text(&feed["topic"])) {
            let answer = world.get(&format!("/topics/{topic}.atom")).await;
            shown.insert(topic.to_owned(), Feed::read_from(answer.body.as_slice()).unwrap());
        }
        feeds.push(shown);
    }
    // A page that is fetched for its text may be answered after the last document was read.
    world.pass(Duration::from_secs(2)).await;
    Outcome { stories: world.stories(), feeds, moments }
}

/// The files below a folder, if it is there.
fn pages(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { pages(&path) } else { vec![path] }).collect()
}

/// Whether an entry is the one that a case names so.
fn is_named(named: &Value, entry: &ExportedEntry) -> bool {
    let path = |url: &str| Url::parse(url).ok().map(|url| canonical(&url));
    // The site of a case is on a port of its own.
    let page = |url: &str| {
        path(url).map(|url| {
            url.rsplit_once("127.0.0.1:").map_or(url.clone(), |(_, rest)| rest[5..].to_owned())
        })
    };
    let title = &named["title"];
    text(&named["source"]) == entry.source
        && page(text(&named["url"])) == entry.url.as_deref().and_then(page)
        && (named["id"].is_null()
            || text(&named["id"]).starts_with(SITE)
            || entry.id.as_deref() == named["id"].as_str())
        && (title.is_null() || text(title) == entry.title || text(title).contains('<'))
}

/// The keys of the case's entries that a story holds.
fn keys_of(story: &ExportedStory, expected: &Value) -> BTreeSet<String> {
    let entries = list(&expected["entries"]).iter();
    let held = entries.filter(|named| story.entries.iter().any(|entry| is_named(named, entry)));
    let keys = held.map(|named| {
        let key = text(&named["key"]);
        expected["expected"]["same"][key].as_str().unwrap_or(key).to_owned()
    });
    keys.collect()
}

/// The differences between what is expected and what came of a case.
fn faults(expected: &Value, outcome: &Outcome) -> Vec<String> {
    let wanted = &expected["expected"];
    let stories = &outcome.stories;
    let mut faults = Vec::new();
    if let Some(count) = wanted["stories"].as_u64()
        && stories.len() as u64 != count
    {
        faults.push(format!("{} stories instead of {count}", stories.len()));
    }
    if let Some(groups) = wanted["groups"].as_array() {
        let group = |group: &Value| list(group).iter().map(|key| text(key).to_owned()).collect();
        let groups: BTreeSet<BTreeSet<String>> = groups.iter().map(group).collect();
        let found: BTreeSet<BTreeSet<String>> =
            stories.iter().map(|story| keys_of(story, expected)).collect();
        if found != groups {
            faults.push(format!("{found:?} instead of {groups:?}: {stories:#?}"));
        }
    }
    let named = |key: &str| {
        let named = list(&expected["entries"]).iter().find(|entry| text(&entry["key"]) == key);
        let holds = |story: &&ExportedStory| {
            story.entries.iter().any(|entry| is_named(named.unwrap(), entry))
        };
        (named.unwrap(), stories.iter().find(holds))
    };
    for (key, topics) in wanted["topics"].as_object().into_iter().flatten() {
        let Some(story) = named(key).1 else {
            faults.push(format!("{key} is in no story"));
            continue;
        };
        let holds = |topic: &&Value| story.topics.iter().any(|held| held == text(topic));
        let ins = list(&topics["in"]);
        if !ins.iter().all(|topic| holds(&topic))
            || list(&topics["out"]).iter().any(|topic| holds(&topic))
            || (topics["only"] == true && story.topics.len() != ins.len())
        {
            faults.push(format!("{key} is in {:?}, expected {topics}", story.topics));
        }
    }
    for (key, original) in wanted["original"].as_object().into_iter().flatten() {
        let (entry, story) = named(key);
        let entries = story.map(|story| &story.entries).into_iter().flatten();
        let evidence: Vec<String> = entries
            .filter(|held| is_named(entry, held))
            .map(|held| serde_json::to_string(&held.evidence).unwrap())
            .collect();
        if !evidence.iter().any(|evidence| evidence.contains(text(original))) {
            faults.push(format!("{key} joined by {evidence:?} instead of {original}"));
        }
    }
    for feed in list(&wanted["feed"]) {
        faults.extend(feed_fault(feed, outcome).map(|fault| format!("{feed}: {fault}")));
    }
    faults
}

/// The first difference between what is expected of a feed and what it showed.
fn feed_fault(wanted: &Value, outcome: &Outcome) -> Option<String> {
    let after = |step: &Value| step.as_u64().map(|step| step as usize - 1);
    let at = after(&wanted["after"]).unwrap();
    let feed_at = |step: usize| &outcome.feeds[step][text(&wanted["topic"])];
    let feed = feed_at(at);
    let ids: Vec<&str> = feed.entries.iter().map(|entry| entry.id.as_str()).collect();
    if let Some(first) = wanted["first"].as_str()
        && ids.first() != Some(&first)
    {
        return Some(format!("it begins with {:?}", ids.first()));
    }
    let shown = |feed: &Feed| -> Vec<(String, String)> {
        let entry = |entry: &atom_syndication::Entry| (entry.id.clone(), entry.updated.to_string());
        feed.entries.iter().map(entry).collect()
    };
    if let Some(before) = after(&wanted["as_after"])
        && shown(feed) != shown(feed_at(before))
    {
        return Some(format!("{:?} before, {:?} now", shown(feed_at(before)), shown(feed)));
    }
    if let Some(since) = after(&wanted["new_since"]) {
        let days = wanted["older_than_days"].as_u64().unwrap();
        let limit = outcome.moments[at].before(Duration::from_secs(days * 24 * 3600));
        let old = feed.entries.iter().filter(|entry| {
            let date = entry.published.unwrap_or(entry.updated).timestamp();
            date < limit.as_secs()
                && feed_at(since).entries.iter().all(|known| known.id != entry.id)
        });
        let count = old.count() as u64;
        if count > wanted["at_most"].as_u64().unwrap() {
            return Some(format!("{count} old entries are new"));
        }
    }
    let holds = |id: &&Value| ids.contains(&text(id));
    if let Some(missing) = list(&wanted["has"]).iter().find(|id| !holds(id)) {
        return Some(format!("it lacks {missing}"));
    }
    if let Some(extra) = list(&wanted["lacks"]).iter().find(holds) {
        return Some(format!("it has {extra}"));
    }
    for (id, link) in wanted["link_of"].as_object().into_iter().flatten() {
        let entry = feed.entries.iter().find(|entry| entry.id == *id);
        let links =
            entry.map(|entry| entry.links.iter().map(|link| &link.href).collect::<Vec<_>>());
        if !links.as_ref().is_some_and(|links| links.iter().any(|href| *href == text(link))) {
            return Some(format!("{id} links to {links:?}"));
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_after_public_reports_come_out_as_they_should() {
    let mut folders: Vec<_> =
        std::fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert_eq!(folders.len(), 71);
    let mut wrong = String::new();
    for folder in folders {
        let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let faults = faults(&expected, &outcome(&folder, &expected).await);
        for fault in faults {
            wrong += &format!("{name}: {fault}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
