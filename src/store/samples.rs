//! Stories, keys and commits for tests, by number.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use crate::model::{
    Admitted, EngineRecord, Entry, Evidence, Key, KeyKind, Member, SourceId, SourceState, Story,
    StoryId, Subscriber, SubscriptionMode, SubscriptionTerms, Timestamp, TopicVersion, Verdict,
};

use super::{Commit, Committed, PlaceChange, Record, Store, StoreError, TopicPlace};

pub(super) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_743_591_900 + secs)
}

pub(super) fn id(number: u8) -> StoryId {
    StoryId::from_bytes([number; 16])
}

pub(super) fn source(number: u8) -> SourceId {
    SourceId::new(format!("department-{number}"))
}

pub(super) fn key(kind: KeyKind, number: u8) -> Key {
    match kind {
        KeyKind::Passage => Key::passage(number.into(), u64::from_be_bytes([number; 8])),
        _ => Key { kind, hash: [number; 16] },
    }
}

pub(super) fn topic(number: u8) -> TopicVersion {
    TopicVersion(u64::from(number) << 40)
}

/// A story of one entry whose text has this many bytes that do not compress away.
pub(super) fn story(number: u8, first_seen: Timestamp, length: usize) -> Story {
    let mut entry = Entry::of(source(number % 3));
    entry.title = format!("Announcement {number}");
    let mut state = u32::from(number) + 1;
    entry.text = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b' ' + u8::try_from(state >> 24).unwrap() % 95)
    })
    .take(length)
    .collect();
    let mut story = Story::new(id(number), format!("https://example.org/{number}"), first_seen);
    story.members.push(Member::new(entry, Evidence::Founded, first_seen));
    story
}

pub(super) fn admitted(story: Story, keys: &[Key]) -> Admitted {
    Admitted {
        story: story.into(),
        before: None,
        keys: keys.to_vec(),
        dropped: Vec::new(),
        verdict: Verdict::New,
    }
}

pub(super) fn source_state(number: u64) -> SourceState {
    let mut state = SourceState { polls: number, next_poll: at(900), ..SourceState::default() };
    state.validators.etag = Some(format!("\"{number}\"").into_bytes());
    state.warnings =
        vec!["an entry without a title".to_owned(); usize::try_from(number % 7).unwrap()];
    state
}

/// A subscriber of one of a few feeds.
pub(super) fn subscriber(number: u8, delivered: u64) -> Subscriber {
    Subscriber {
        topic: format!("https://feeds.example/topics/{}.atom", number % 3),
        callback: format!("https://reader.example/{number}").parse().unwrap(),
        address: Some([192, 0, 2, number].into()).filter(|_| number.is_multiple_of(3)),
        secret: Some("s".repeat(usize::from(number))),
        since: at(0),
        expires: at(900),
        has: 7,
        not_before: at(0),
        failures: 0,
        failing_since: None,
        trouble: None,
        delivered,
        last_delivery: None,
        asked: number.is_multiple_of(2).then(|| SubscriptionTerms {
            mode: SubscriptionMode::Unsubscribe,
            secret: None,
            lease: Duration::from_secs(86_400),
        }),
    }
}

/// Waits for a commit's answer.
pub(super) fn done(committed: Committed) -> Result<(), StoreError> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(committed)
}

/// Everything a store answers, for comparing two.
pub(super) fn everything(store: &dyn Store) -> String {
    use std::fmt::Write;
    let mut all = String::new();
    let records: Vec<Record> = store.records().collect::<Result<_, _>>().unwrap();
    for record in records {
        writeln!(all, "{record:?}").unwrap();
    }
    writeln!(all, "{:?} {:?}", store.source_states().unwrap(), store.listed().unwrap()).unwrap();
    writeln!(all, "{:?}", store.subscribers().unwrap()).unwrap();
    writeln!(all, "{:?} {:?}", store.engine_records().unwrap(), store.filled().unwrap()).unwrap();
    for path in store.archive("/archive/").unwrap() {
        writeln!(all, "{path} {:?}", store.archived(&path).unwrap()).unwrap();
    }
    writeln!(all, "{:?}", store.retired(None, 100).unwrap()).unwrap();
    for number in 0..8 {
        let places = store.places(topic(number), None, 1000).unwrap();
        for place in (0..100).map(id).filter_map(|id| store.place_of(topic(number), id).unwrap()) {
            assert!(places.contains(&place), "{place:?}");
        }
        for place in &places {
            assert_eq!(store.place_of(topic(number), place.story).unwrap(), Some(*place));
        }
        writeln!(all, "{places:?}").unwrap();
    }
    let keys: Vec<Key> = (0..40).flat_map(|n| kinds().map(|kind| key(kind, n))).collect();
    let found = store.lookalikes(&keys).unwrap();
    for key in keys {
        writeln!(all, "{:?}", found.by_key.get(&key)).unwrap();
    }
    let mut known: Vec<_> = found.stories.keys().collect();
    known.sort();
    writeln!(all, "{known:?} {}", store.count().unwrap()).unwrap();
    all
}

pub(super) fn kinds() -> [KeyKind; 6] {
    KeyKind::ALL
}

/// A commit over few enough names that commits meet each other.
pub(super) fn any_commit() -> impl Strategy<Value = Commit> {
    use prop::collection::vec;
    let number = 0u8..12;
    let any_key = (0usize..6, 0u8..6).prop_map(|(kind, n)| key(kinds()[kind], n));
    let any_keys = vec(any_key.clone(), 0..5);
    let date = prop::option::of((0i64..5).prop_map(at));
    // The moment a story was first seen is a part of what it is.
    let seen = |n: u8| at(i64::from(n % 5));
    let any_admitted =
        (number.clone(), 0usize..20_000, any_keys.clone(), vec(any_key.clone(), 0..3)).prop_map(
            move |(n, length, keys, dropped)| Admitted {
                dropped,
                ..admitted(story(n, seen(n), length), &keys)
            },
        );
    let any_record = prop_oneof![
        (number.clone(), any_keys.clone()).prop_map(move |(n, keys)| Record::Story {
            story: Box::new(story(n, seen(n), 10)),
            keys
        }),
        (number.clone(), any_keys).prop_map(move |(n, keys)| Record::Retired {
            story: id(n),
            first_seen: seen(n),
            at: at(50),
            keys
        }),
        (0u8..6, 0usize..20_000).prop_map(|(n, length)| Record::Archived {
            path: format!("/archive/{n}.atom"),
            text: "<feed/>".repeat(length / 7)
        }),
        (number.clone(), any::<u8>()).prop_map(|(n, polls)| Record::SourceState {
            source: source(n),
            state: Box::new(source_state(polls.into()))
        }),
    ];
    let any_place = (0u8..4, number.clone(), date.clone(), date)
        .prop_map(|(t, n, from, to)| PlaceChange { topic: topic(t), story: id(n), from, to });
    let any_engine_record = (0u8..6, any::<u64>()).prop_map(|(n, hash)| EngineRecord::Ping {
        path: format!("/topics/{n}.atom"),
        hash,
        at: at(0),
    });
    let any_archived = (0u8..6, 0usize..20_000)
        .prop_map(|(n, length)| (format!("/archive/{n}.atom"), "x".repeat(length)));
    (
        vec((number.clone(), any::<u8>()), 0..3),
        vec((number.clone(), vec(number.clone().prop_map(id), 0..4)), 0..2),
        vec(any_admitted, 0..4),
        vec((number.clone(), 0i64..9), 0..3),
        vec(number.prop_map(id), 0..2),
        vec(any_record, 0..2),
        vec((0u8..4).prop_map(topic), 0..2),
        vec(any_place, 0..8),
        vec((0u8..4).prop_map(topic), 0..2),
        (
            vec(any_engine_record, 0..3),
            prop::option::weighted(0.2, 0u8..6),
            vec(any_archived, 0..3),
            vec((0u8..6, any::<u8>()), 0..3),
            vec(0u8..6, 0..2),
        ),
    )
        .prop_map(
            |(
                source_states,
                listed,
                admitted,
                retired,
                forgotten,
                restored,
                dropped,
                places,
                filled,
                (engine, span, archived, subscribed, unsubscribed),
            )| {
                Commit {
                    source_states: source_states
                        .into_iter()
                        .map(|(n, polls)| (source(n), Arc::new(source_state(polls.into()))))
                        .collect(),
                    listed: listed.into_iter().map(|(n, ids)| (source(n), ids)).collect(),
                    admitted,
                    passages_from: span.map(|span| key(KeyKind::Passage, span)),
                    retired: retired.into_iter().map(|(n, t)| (id(n), at(t))).collect(),
                    forgotten,
                    restored,
                    dropped,
                    places,
                    filled,
                    engine_removed: engine.iter().skip(2).map(EngineRecord::key).collect(),
                    engine,
                    subscribers: subscribed
                        .into_iter()
                        .map(|(n, delivered)| subscriber(n, delivered.into()))
                        .collect(),
                    unsubscribed: unsubscribed.into_iter().map(|n| subscriber(n, 0).id()).collect(),
                    unarchived: archived.iter().skip(1).map(|(path, _)| path.clone()).collect(),
                    archived: archived.into_iter().take(2).collect(),
                }
            },
        )
}

/// A place in a topic.
pub(super) fn place(date: Timestamp, number: u8) -> TopicPlace {
    TopicPlace { date, story: id(number) }
}

/// Copies a directory with all that is in it.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
