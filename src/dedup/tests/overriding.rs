//! Decisions of the operator, which override the evidence and can be undone.

use super::*;
use crate::dedup::{enforce, keys_of_address, split_pairs, story_at};
use crate::model::{Evidence, StoryId};

const TITLE: &str = "Ferries to run on Sundays along the whole coast";
const PAGE: &str = "https://www.gov.uk/government/news/ferries";
const MIRROR: &str = "https://mirror.example/news/ferries-to-ostra";
const WIRED: &str = "https://wired.example/ferries";

fn page() -> Entry {
    entry("fcdo", &format!("{PAGE}#1"), PAGE, TITLE)
}

fn mirror() -> Entry {
    entry("mirror", "tag:mirror.example,2025:7", MIRROR, TITLE)
}

fn stranger() -> Entry {
    entry("wired", "tag:wired.example,2025:9", WIRED, "Boats on the day of rest, says a syndicator")
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn force(pairs: &[[&str; 2]]) -> Overrides {
    let groups: Vec<Vec<Url>> = pairs.iter().map(|pair| pair.map(url).to_vec()).collect();
    Overrides::new(groups.iter().map(Vec::as_slice), [])
}

fn never(pairs: &[[&str; 2]]) -> Overrides {
    let groups: Vec<Vec<Url>> = pairs.iter().map(|pair| pair.map(url).to_vec()).collect();
    Overrides::new([], groups.iter().map(Vec::as_slice))
}

/// The story that stands for an address, and the id that it is published under.
fn published(desk: &Desk, address: &str) -> (StoryId, String) {
    let (story, _) = story_at(&url(address), &desk.known).unwrap();
    (story.id, story.published_id.clone())
}

fn enforced(desk: &mut Desk) -> usize {
    desk.now = desk.now.after(std::time::Duration::from_secs(60));
    let (sources, overrides, now) = (desk.sources.clone(), desk.overrides.clone(), desk.now);
    let rules = Rules {
        sources: &sources,
        authority: "feeds.example.org",
        overrides: &overrides,
        habits: Habits::default(),
    };
    let done = enforce(&mut desk.known, &rules, now).len();
    assert_eq!(enforce(&mut desk.known, &rules, now), [], "once is enough");
    done
}

#[test]
fn what_is_forced_joins_when_it_arrives_in_either_order() {
    for (first, second) in [(page(), stranger()), (stranger(), page())] {
        let mut desk = Desk::new();
        desk.overrides = force(&[[PAGE, WIRED]]);
        desk.read(&[first]);
        desk.read(&[second]);
        let story = desk.only_story();
        assert!(matches!(&story.members[1].evidence, Evidence::Forced { .. }));
        assert_eq!(desk.verdicts(&[page(), stranger()]), []);
    }
}

#[test]
fn what_is_parted_does_not_join_by_title_nor_by_its_claim_of_an_original() {
    for copy in [mirror(), original(mirror(), PAGE)] {
        for (first, second) in [(page(), copy.clone()), (copy, page())] {
            let mut desk = Desk::new();
            desk.overrides = never(&[[PAGE, MIRROR]]);
            desk.read(&[first]);
            desk.read(&[second]);
            assert_eq!(desk.known.stories.len(), 2);
            // A third telling of the page finds the page's story.
            desk.read(&[entry(
                "home-office",
                "-",
                PAGE,
                "Another title for the ferries altogether",
            )]);
            assert_eq!(story_at(&url(PAGE), &desk.known).unwrap().0.members.len(), 2);
            assert_eq!(desk.known.stories.len(), 2);
        }
    }
}

#[test]
fn a_forced_join_of_stored_stories_keeps_the_older_id_and_forwards_the_other() {
    let mut desk = Desk::new();
    desk.read(&[page()]);
    desk.now = at("2025-04-03T10:00:00Z");
    desk.read(&[stranger()]);
    let (older, newer) = (published(&desk, PAGE), published(&desk, WIRED));
    desk.overrides = force(&[[WIRED, PAGE]]);
    assert_eq!(enforced(&mut desk), 2);
    assert_eq!(published(&desk, WIRED), older);
    assert_eq!(published(&desk, PAGE), older);
    let forwarder = &desk.known.stories[&newer.0];
    assert_eq!((forwarder.merged_into, &forwarder.published_id), (Some(older.0), &newer.1));
    assert_eq!(desk.verdicts(&[page(), stranger()]), [], "nothing returns as news");
    // A revision of the entry that moved revises the story it is in now.
    assert_eq!(desk.verdicts(&[updated(stranger(), "2025-04-03T09:30:00Z")]), [Verdict::Revised]);
    assert_eq!(desk.known.stories[&older.0].members.len(), 2);
}

#[test]
fn a_split_undoes_a_forced_join_and_both_published_ids_are_what_they_were() {
    let mut desk = Desk::new();
    desk.read(&[page()]);
    desk.now = at("2025-04-03T10:00:00Z");
    desk.read(&[stranger()]);
    let (older, newer) = (published(&desk, PAGE), published(&desk, WIRED));
    desk.overrides = force(&[[WIRED, PAGE]]);
    enforced(&mut desk);
    desk.overrides = never(&[[WIRED, PAGE]]);
    assert_eq!(enforced(&mut desk), 2);
    assert_eq!((published(&desk, PAGE), published(&desk, WIRED)), (older, newer));
    assert_eq!(desk.verdicts(&[page(), stranger()]), []);
    assert_eq!(desk.known.stories.len(), 2);
}

#[test]
fn a_split_takes_along_what_had_joined_because_of_it() {
    let mut desk = Desk::new();
    desk.read(&[page()]);
    desk.read(&[mirror()]);
    desk.read(&[entry("gazette", "g", MIRROR, "The gazette tells of the mirror's page")]);
    assert_eq!(desk.only_story().members.len(), 3);
    let pairs = split_pairs(desk.only_story(), 1);
    assert_eq!(pairs.len(), 1);
    let id = desk.only_story().published_id.clone();
    desk.overrides = never(&[[&pairs[0][0], &pairs[0][1]]]);
    assert_eq!(enforced(&mut desk), 3);
    let (stays, _) = story_at(&url(PAGE), &desk.known).unwrap();
    let (left, _) = story_at(&url(MIRROR), &desk.known).unwrap();
    assert_eq!((stays.members.len(), left.members.len()), (1, 2));
    assert_eq!(stays.published_id, id);
    assert_eq!(left.published_id, "tag:mirror.example,2025:7");
    assert!(matches!(left.members[0].evidence, Evidence::Parted { from } if from == stays.id));
    assert_eq!(desk.verdicts(&[page(), mirror()]), []);
    assert_eq!(desk.known.stories.len(), 2);
}

#[test]
fn a_story_is_found_by_the_page_of_any_of_its_copies() {
    let mut desk = Desk::new();
    desk.read(&[page()]);
    desk.read(&[original(entry("wired", "w", WIRED, "Another title"), PAGE)]);
    for address in [PAGE, WIRED] {
        let found = keys_of_address(&url(address))
            .iter()
            .any(|key| desk.known.by_key.get(key).is_some_and(|ids| !ids.is_empty()));
        assert!(found, "{address}");
    }
}

#[test]
fn entries_without_a_page_of_their_own_are_split_and_joined_by_their_names() {
    for (link, guid) in [("-", "notice-2025-17"), ("-", "-"), ("https://ports.example/news/", "-")]
    {
        let alone = |title: &str| entry("mirror", guid, link, title);
        let mut desk = Desk::new();
        desk.read(&[page()]);
        desk.now = at("2025-04-03T10:00:00Z");
        desk.read(&[alone(TITLE)]);
        let story = desk.only_story().clone();
        let pairs = split_pairs(&story, 1);
        assert_eq!(pairs.len(), 1, "{link} {guid}");
        let [founder, name] = [&pairs[0][0], &pairs[0][1]];
        assert!(name.starts_with("urn:gazetted:entry:"), "{name}");
        assert_eq!(story_at(&url(name), &desk.known).map(|(_, place)| place), Some(1));
        desk.overrides = never(&[[founder, name]]);
        let named = desk.overrides.keys().into_iter();
        assert!(named.into_iter().any(|key| desk.known.by_key.contains_key(&key)));
        assert_eq!(enforced(&mut desk), 2);
        assert_eq!(desk.known.stories.len(), 2);
        assert_eq!(desk.verdicts(&[page(), alone(TITLE)]), []);
        desk.overrides = force(&[[founder, name]]);
        assert_eq!(enforced(&mut desk), 2);
        assert_eq!(published(&desk, name).0, story.id);
        // What is forced joins when it comes, too.
        let mut desk = Desk::new();
        desk.overrides = force(&[[founder, name]]);
        desk.read(&[alone(TITLE)]);
        desk.read(&[entry("wired", "-", PAGE, "Boats on the day of rest, says a syndicator")]);
        assert_eq!(desk.only_story().members.len(), 2);
    }
}

#[test]
fn a_story_is_found_by_a_link_that_is_a_list() {
    let mut desk = Desk::new();
    desk.read(&[entry("mirror", "m", "https://ports.example/page", TITLE)]);
    let keys = keys_of_address(&url("https://ports.example/page"));
    assert!(keys.iter().any(|key| desk.known.by_key.contains_key(key)));
    // It joins nobody else.
    desk.read(&[entry("wired", "w", "https://ports.example/page", "Another thing entirely")]);
    assert_eq!(desk.known.stories.len(), 2);
}
