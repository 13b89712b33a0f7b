//! Small cases after public reports: documents of a few sources, and which entries are one story.
//!
//! Each folder of `cases` has a configuration, the documents and `expected.json`. A name that begins
//! with `control` holds the other side of a kind: what mends the kind must not break it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gazetted::config::Plan;
use gazetted::dedup::{Rules, candidates, canonical, judge};
use gazetted::model::{Document, Entry, Habits, Lookalikes, SourceId, Story, Timestamp};
use gazetted::parse::{Limits, parse};
use serde_json::Value;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/identity/cases");

/// What is known after all steps of a case.
struct Read {
    known: Lookalikes,
    /// When each story last changed by its sources' own word, after every step.
    updated: Vec<BTreeMap<String, Timestamp>>,
}

fn read(folder: &Path, expected: &Value) -> Read {
    let plan = Plan::load(&folder.join("c.toml")).unwrap().plan;
    let mut known = Lookalikes::default();
    let mut habits: BTreeMap<String, Habits> = BTreeMap::new();
    let mut updated = Vec::new();
    for step in expected["steps"].as_array().unwrap() {
        let source = step["over"].as_str().unwrap().split('.').next().unwrap().to_owned();
        let at = Timestamp::parse_rfc3339(step["at"].as_str().unwrap()).unwrap();
        let document = Document {
            source: SourceId::new(source.as_str()),
            url: None,
            content_type: None,
            body: std::fs::read(folder.join(step["document"].as_str().unwrap())).unwrap().into(),
            at,
        };
        let entries = parse(&document, &Limits::default()).unwrap().entries;
        let rules = Rules {
            sources: &plan.sources,
            authority: "test.example",
            overrides: &plan.overrides,
            habits: habits.get(&source).copied().unwrap_or_default(),
        };
        let judged = judge(candidates(&entries, &rules, at), &mut known, &rules, at);
        habits.insert(source, judged.habits);
        let standing = known.stories.values().filter(|story| story.stands());
        updated.push(standing.map(|story| (story.published_id.clone(), story.updated)).collect());
    }
    Read { known, updated }
}

/// The names of the case's entries that a story holds.
fn keys_of(story: &Story, expected: &Value) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let names = |named: &Value, entry: &Entry| {
        let url = entry.url.as_ref().map(canonical);
        let same_url = text(&named["url"]).is_some_and(|wanted| {
            url::Url::parse(&wanted).ok().map(|wanted| canonical(&wanted)) == url
        });
        let same_id = text(&named["id"]).is_none_or(|id| Some(id) == entry.guid);
        named["source"].as_str() == Some(entry.source.as_str())
            && same_url
            && same_id
            && text(&named["title"])
                .is_none_or(|title| title == entry.title || entry.title.contains('<'))
    };
    let mut keys = BTreeSet::new();
    for named in expected["entries"].as_array().unwrap() {
        if story.members.iter().any(|member| names(named, &member.entry)) {
            let key = named["key"].as_str().unwrap();
            let same = expected["expected"]["same"][key].as_str();
            keys.insert(same.unwrap_or(key).to_owned());
        }
    }
    keys
}

/// What a case came to, where that is not what is expected.
fn fault(folder: &Path) -> Option<String> {
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let read = read(folder, &expected);
    let standing: Vec<&Story> =
        read.known.stories.values().map(|story| &**story).filter(|story| story.stands()).collect();
    if let Some(count) = expected["expected"]["stories"].as_u64()
        && standing.len() as u64 != count
    {
        return Some(format!("{} stories instead of {count}", standing.len()));
    }
    if let Some(groups) = expected["expected"]["groups"].as_array() {
        let wanted: BTreeSet<BTreeSet<String>> = groups
            .iter()
            .map(|group| {
                group
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|key| key.as_str().unwrap().to_owned())
                    .collect()
            })
            .collect();
        let found: BTreeSet<BTreeSet<String>> =
            standing.iter().map(|story| keys_of(story, &expected)).collect();
        if found != wanted {
            let weighed: Vec<String> = standing
                .iter()
                .flat_map(|story| {
                    let joined = story.members.iter().map(|member| &member.factors);
                    joined.chain(story.related.iter().map(|related| &related.factors))
                })
                .map(|factors| factors.iter().map(|one| format!("{one}; ")).collect())
                .collect();
            return Some(format!("{found:?} instead of {wanted:?}: {weighed:?}"));
        }
    }
    // A feed that stays as it was: no story is dated anew.
    for feed in expected["expected"]["feed"].as_array().into_iter().flatten() {
        if let (Some(after), Some(as_after)) = (feed["after"].as_u64(), feed["as_after"].as_u64())
            && read.updated[after as usize - 1] != read.updated[as_after as usize - 1]
        {
            return Some("stories were dated anew".to_owned());
        }
    }
    None
}

#[test]
fn cases_after_public_reports_come_out_as_they_should() {
    let mut folders: Vec<_> =
        std::fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 45, "{}", folders.len());
    let faults: Vec<String> = folders
        .iter()
        .filter_map(|folder| {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            Some(format!("{name}: {}", fault(folder)?))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
