//! The tests that every storage backend must pass.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::model::{Admitted, Key, KeyKind, MOST_BEARERS};

use super::samples::{
    admitted, any_commit, at, done, everything, id, key, place, source, source_state, story, topic,
};
use super::{Commit, InMemory, PlaceChange, Store, StoreError};

/// Tries a storage backend on all that every one must do. `open` opens the store in a directory.
pub(super) fn check<S: Store>(open: impl Fn(&Path) -> S) {
    type Case = fn(&dyn Store);
    let cases: [(&str, Case); 11] = [
        ("an empty store holds nothing", an_empty_store_holds_nothing),
        ("a commit is seen whole", a_commit_is_seen_whole),
        ("the last version of a story wins and keeps all its keys", the_last_version_wins),
        ("stories and places page without gap or repeat", pages_have_no_gap_or_repeat),
        ("a retired story leaves its keys until it is forgotten", retired_stories_leave_their_keys),
        ("a forgotten story may be founded anew", forgotten_stories_are_founded_anew),
        ("of very many stories with one key the newest are known", the_newest_bearers_are_known),
        ("a place is of a story that is there", places_are_of_stories_that_are_there),
        ("dropped keys and old passages find a story no longer", dropped_keys_are_lost),
        ("a dropped topic comes back empty", a_dropped_topic_comes_back_empty),
        ("after closing every call is an error", closed_is_closed),
    ];
    for (name, case) in cases {
        let dir = tempfile::tempdir().unwrap();
        println!("{name}");
        case(&open(dir.path()));
    }
    evicted_stories_stay_evicted(&open);
    any_commits_mean_what_they_mean_in_memory(open);
}

#[test]
fn the_store_in_memory_keeps_the_contract() {
    check(|_| InMemory::new());
}

fn an_empty_store_holds_nothing(store: &dyn Store) {
    assert_eq!(everything(store), everything(&InMemory::new()));
    assert_eq!(store.story(id(1)).unwrap(), None);
}

fn a_commit_is_seen_whole(store: &dyn Store) {
    let keys = [key(KeyKind::Own, 1), key(KeyKind::Address, 1)];
    done(store.commit(Commit {
        source_states: vec![(source(1), Arc::new(source_state(3)))],
        listed: vec![(source(1), vec![id(1)])],
        admitted: vec![admitted(story(1, at(0), 100), &keys)],
        places: vec![PlaceChange { topic: topic(1), story: id(1), from: None, to: Some(at(0)) }],
        filled: vec![topic(1)],
        ..Commit::default()
    }))
    .unwrap();
    assert_eq!(*store.source_states().unwrap()[&source(1)], source_state(3));
    assert_eq!(store.listed().unwrap()[&source(1)], [id(1)]);
    assert_eq!(store.listed_by(&source(1)).unwrap(), [id(1)]);
    assert_eq!(store.listed_by(&source(7)).unwrap(), []);
    assert_eq!(store.story(id(1)).unwrap(), Some(story(1, at(0), 100)));
    let found = store.lookalikes(&keys).unwrap();
    assert_eq!(found.by_key[&keys[1]][..], [id(1)]);
    assert_eq!(*found.stories[&id(1)], story(1, at(0), 100));
    assert_eq!(store.places(topic(1), None, 9).unwrap(), [place(at(0), 1)]);
    assert_eq!(store.filled().unwrap(), [topic(1)]);
    assert_eq!(store.count().unwrap(), 1);
}

fn the_last_version_wins(store: &dyn Store) {
    let [own, address, title] = [KeyKind::Own, KeyKind::Address, KeyKind::Title].map(|k| key(k, 1));
    let versions = [(40_000, own), (7, address), (13_000, own)];
    let versions = versions.map(|(length, key)| admitted(story(1, at(0), length), &[key]));
    done(store.commit(Commit { admitted: versions.to_vec(), ..Commit::default() })).unwrap();
    assert_eq!(store.story(id(1)).unwrap(), Some(story(1, at(0), 13_000)));
    let again = vec![admitted(story(1, at(0), 5), &[title])];
    done(store.commit(Commit { admitted: again, ..Commit::default() })).unwrap();
    let found = store.lookalikes(&[own, address, title]).unwrap();
    assert_eq!(found.by_key.len(), 3);
    assert_eq!(*found.stories[&id(1)], story(1, at(0), 5));
    assert_eq!(store.count().unwrap(), 1);
}

fn pages_have_no_gap_or_repeat(store: &dyn Store) {
    let seen = |n: u8| at(i64::from(n / 3));
    done(
        store.commit(Commit {
            admitted: (0..20).rev().map(|n| admitted(story(n, seen(n), 10), &[])).collect(),
            places: (0..20)
                .map(|n| PlaceChange {
                    topic: topic(1),
                    story: id(n),
                    from: None,
                    to: Some(seen(n)),
                })
                .collect(),
            ..Commit::default()
        }),
    )
    .unwrap();
    let (mut forwards, mut after) = (Vec::new(), None);
    loop {
        let page = store.stories(after, 3).unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.first_seen, last.id));
        forwards.extend(page.iter().map(|story| story.id));
    }
    assert_eq!(forwards, (0..20).map(id).collect::<Vec<_>>());
    let (mut backwards, mut older) = (Vec::new(), None);
    loop {
        let page = store.places(topic(1), older, 3).unwrap();
        let Some(last) = page.last() else { break };
        older = Some(*last);
        backwards.extend(page);
    }
    assert_eq!(backwards, (0..20).rev().map(|n| place(seen(n), n)).collect::<Vec<_>>());
}

fn retired_stories_leave_their_keys(store: &dyn Store) {
    let own = key(KeyKind::Own, 1);
    let commit = |commit| done(store.commit(commit)).unwrap();
    let news = || vec![admitted(story(1, at(0), 20_000), &[own])];
    commit(Commit { admitted: news(), ..Commit::default() });
    commit(Commit { retired: vec![(id(1), at(60)), (id(9), at(60))], ..Commit::default() });
    assert_eq!(store.story(id(1)).unwrap(), None);
    assert_eq!((store.count().unwrap(), store.stories(None, 9).unwrap()), (0, vec![]));
    assert_eq!(store.retired(None, 9).unwrap(), [(id(1), at(60))]);
    assert_eq!([id(1), id(9)].map(|id| store.is_known(id).unwrap()), [true, false]);
    let found = store.lookalikes(&[own]).unwrap();
    assert_eq!((&found.by_key[&own][..], found.stories.len()), (&[id(1)][..], 0));
    // Should it be admitted all the same, it is a story again with the keys it had.
    commit(Commit { admitted: vec![admitted(story(1, at(0), 9), &[])], ..Commit::default() });
    assert!(store.is_known(id(1)).unwrap());
    assert_eq!(store.lookalikes(&[own]).unwrap().stories.len(), 1);
    assert_eq!((store.count().unwrap(), store.retired(None, 9).unwrap()), (1, vec![]));
    commit(Commit { retired: vec![(id(1), at(70))], ..Commit::default() });
    commit(Commit { forgotten: vec![id(1)], ..Commit::default() });
    assert!(!store.is_known(id(1)).unwrap());
    assert_eq!(everything(store), everything(&InMemory::new()));
}

fn forgotten_stories_are_founded_anew(store: &dyn Store) {
    let (old, new) = (key(KeyKind::Own, 1), key(KeyKind::Own, 2));
    let founded = |key| vec![admitted(story(1, at(0), 100), &[key])];
    done(store.commit(Commit { admitted: founded(old), ..Commit::default() })).unwrap();
    done(store.commit(Commit { retired: vec![(id(1), at(1))], ..Commit::default() })).unwrap();
    let forgotten = vec![id(1)];
    done(store.commit(Commit { forgotten, admitted: founded(new), ..Commit::default() })).unwrap();
    assert!(store.lookalikes(&[old]).unwrap().by_key.is_empty());
    assert!(store.lookalikes(&[new]).unwrap().stories.contains_key(&id(1)));
    assert_eq!(store.retired(None, 9).unwrap(), []);
    // Retired and forgotten at once, it goes with all its keys.
    let (retired, forgotten) = (vec![(id(1), at(2))], vec![id(1)]);
    done(store.commit(Commit { retired, forgotten, ..Commit::default() })).unwrap();
    assert!(!store.is_known(id(1)).unwrap());
}

fn the_newest_bearers_are_known(store: &dyn Store) {
    let title = key(KeyKind::Title, 1);
    let all: Vec<u8> = (0..100).collect();
    let news = all.iter().rev().map(|n| admitted(story(*n, at(i64::from(*n)), 5), &[title]));
    done(store.commit(Commit { admitted: news.collect(), ..Commit::default() })).unwrap();
    let found = store.lookalikes(&[title]).unwrap();
    let newest: Vec<_> = all[all.len() - MOST_BEARERS..].iter().map(|n| id(*n)).collect();
    assert_eq!(found.by_key[&title][..], newest);
    assert_eq!(found.stories.len(), MOST_BEARERS);
}

/// Stories that newer ones have evicted stay evicted when the newer ones go, also after a restart,
/// and also where the store is made anew of its records.
fn evicted_stories_stay_evicted<S: Store>(open: impl Fn(&Path) -> S) {
    let dir = tempfile::tempdir().unwrap();
    let [title, passage] = [KeyKind::Title, KeyKind::Passage].map(|kind| key(kind, 1));
    let store = open(dir.path());
    let news = |n: u8| admitted(story(n, at(n.into()), 5), &[title, passage]);
    let commit = |store: &S, commit| done(store.commit(commit)).unwrap();
    let retired = (0..3).map(|n| (id(n), at(200))).collect();
    commit(&store, Commit { admitted: (0..70).map(news).collect(), ..Commit::default() });
    // Of those that stay, one is retired and then evicted as well.
    commit(&store, Commit { retired: vec![(id(6), at(200))], ..Commit::default() });
    commit(&store, Commit { admitted: vec![news(70)], retired, ..Commit::default() });
    let gone: Vec<_> = (61..71).map(|n| (id(n), at(300))).collect();
    let forgotten = gone.iter().map(|(id, _)| *id).collect();
    commit(&store, Commit { retired: gone, forgotten, ..Commit::default() });
    let known = |store: &dyn Store, key| store.lookalikes(&[key]).unwrap().by_key[&key].to_vec();
    let left: Vec<_> = (7..61).map(id).collect();
    assert_eq!((known(&store, title), known(&store, passage)), (left.clone(), left.clone()));
    let restored = store.records().collect::<Result<Vec<_>, _>>().unwrap();
    let before = everything(&store);
    if store.disk_space().unwrap().is_some() {
        drop(store);
        let store = open(dir.path());
        assert_eq!((known(&store, title), everything(&store)), (left.clone(), before));
    }
    let other = tempfile::tempdir().unwrap();
    let store = open(other.path());
    commit(&store, Commit { restored, ..Commit::default() });
    assert_eq!((known(&store, title), known(&store, passage)), (left.clone(), left));
    // It comes too late for a key that very many newer ones bear.
    commit(&store, Commit { admitted: (100..164).map(news).collect(), ..Commit::default() });
    commit(&store, Commit { admitted: vec![news(20)], ..Commit::default() });
    assert!(!known(&store, title).contains(&id(20)));
    assert_eq!(known(&store, title).len(), MOST_BEARERS);
}

fn places_are_of_stories_that_are_there(store: &dyn Store) {
    let commit = |commit| done(store.commit(commit)).unwrap();
    let to = |n: u8, to: Option<i64>| PlaceChange {
        topic: topic(1),
        story: id(n),
        from: None,
        to: to.map(at),
    };
    let admitted = (0..3).map(|n| admitted(story(n, at(0), 9), &[])).collect();
    let places = vec![to(0, Some(1)), to(1, Some(2)), to(2, Some(3)), to(9, Some(4))];
    commit(Commit { admitted, places, ..Commit::default() });
    assert_eq!(
        store.places(topic(1), None, 9).unwrap(),
        [(3, 2), (2, 1), (1, 0)].map(|(t, n)| place(at(t), n))
    );
    commit(Commit { places: vec![to(0, Some(9)), to(2, None)], ..Commit::default() });
    assert_eq!(
        store.places(topic(1), None, 9).unwrap(),
        [(9, 0), (2, 1)].map(|(t, n)| place(at(t), n))
    );
    commit(Commit { retired: vec![(id(0), at(10))], ..Commit::default() });
    assert_eq!(store.places(topic(1), None, 9).unwrap(), [place(at(2), 1)]);
}

fn dropped_keys_are_lost(store: &dyn Store) {
    let commit = |commit| done(store.commit(commit)).unwrap();
    let [title, own] = [KeyKind::Title, KeyKind::Own].map(|kind| key(kind, 1));
    let [old, new] = [3, 4].map(|span| key(KeyKind::Passage, span));
    let news = vec![admitted(story(1, at(0), 9), &[title, own, new, old])];
    commit(Commit { admitted: news, ..Commit::default() });
    assert_eq!(store.lookalikes(&[title, own, old, new]).unwrap().by_key.len(), 4);
    // Dropped and borne again within one commit: the last word counts.
    let drop = |dropped: &[Key]| Admitted {
        dropped: dropped.to_vec(),
        ..admitted(story(1, at(0), 9), &[own])
    };
    commit(Commit { admitted: vec![drop(&[title, own]), drop(&[])], ..Commit::default() });
    commit(Commit { passages_from: Some(new), ..Commit::default() });
    let found = store.lookalikes(&[title, own, old, new]).unwrap().by_key;
    assert_eq!((found.len(), &found[&own][..], &found[&new][..]), (2, &[id(1)][..], &[id(1)][..]));
    let again = vec![admitted(story(1, at(0), 9), &[old])];
    commit(Commit { admitted: again, ..Commit::default() });
    assert!(store.lookalikes(&[old]).unwrap().by_key.is_empty(), "forgotten is forgotten");
}

fn a_dropped_topic_comes_back_empty(store: &dyn Store) {
    let commit = |commit| done(store.commit(commit)).unwrap();
    let enter = |n: u8| PlaceChange { topic: topic(1), story: id(n), from: None, to: Some(at(0)) };
    commit(Commit {
        admitted: (0..100).map(|n| admitted(story(n, at(0), 9), &[])).collect(),
        places: (0..50).map(enter).collect(),
        filled: vec![topic(1)],
        ..Commit::default()
    });
    commit(Commit { dropped: vec![topic(1)], places: vec![enter(99)], ..Commit::default() });
    assert_eq!(store.places(topic(1), None, 100).unwrap(), [place(at(0), 99)]);
    assert_eq!(store.filled().unwrap(), []);
    assert_eq!(store.place_of(topic(1), id(7)).unwrap(), None);
    assert_eq!(store.place_of(topic(1), id(99)).unwrap(), Some(place(at(0), 99)));
    assert_eq!(store.place_of(topic(1), id(200)).unwrap(), None, "there is no such story");
    // A card that still names the dropped topic is written anew.
    commit(Commit { places: vec![enter(7)], ..Commit::default() });
    assert_eq!(store.places(topic(1), None, 100).unwrap(), [place(at(0), 99), place(at(0), 7)]);
}

fn closed_is_closed(store: &dyn Store) {
    store.close().unwrap();
    store.close().unwrap();
    assert!(matches!(store.count(), Err(StoreError::Closed(_))));
    assert!(matches!(done(store.commit(Commit::default())), Err(StoreError::Closed(_))));
    assert!(matches!(store.records().next(), Some(Err(StoreError::Closed(_)))));
}

/// Whatever is committed in whatever order: the engine answers as the plain one does.
fn any_commits_mean_what_they_mean_in_memory<S: Store>(open: impl Fn(&Path) -> S) {
    let mut runner =
        TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let commits = prop::collection::vec(any_commit(), 1..12);
    let tried = runner.run(&commits, |commits| {
        let dir = tempfile::tempdir().unwrap();
        let (store, plain) = (open(dir.path()), InMemory::new());
        for commit in commits {
            done(plain.commit(commit.clone())).unwrap();
            done(store.commit(commit)).unwrap();
            prop_assert_eq!(everything(&store), everything(&plain));
        }
        if store.disk_space().unwrap().is_some() {
            drop(store);
            prop_assert_eq!(everything(&open(dir.path())), everything(&plain), "opened again");
        }
        Ok(())
    });
    tried.unwrap_or_else(|failed| panic!("{failed}"));
}
