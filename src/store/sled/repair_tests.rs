//! Tests checking, repairing and compacting of sound and damaged stores.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::model::{EngineRecord, KeyKind};

use super::super::samples::{
    admitted, at, copy, done, everything, id, key, source, source_state, story, subscriber, topic,
};
use super::super::{Commit, PlaceChange, Store, StoreError, check, compact, open_existing, repair};
use super::chunks::Stage;
use super::key_codec::{self, Kind};
use super::open::open;
use super::{SledStore, index, read};

const CACHE: u64 = 4 << 20;

/// The engine alone, of a store that was closed a moment ago.
fn engine(path: &Path) -> sled::Db {
    super::open::open_unlocked(&sled::Config::new().path(path.join("sled"))).unwrap()
}

/// A store with something of everything: stories 0 to 59, of which 7 is retired.
fn filled(path: &Path) -> SledStore {
    let store = open(path, CACHE).unwrap();
    let commit = |commit| done(store.commit(commit)).unwrap();
    let news = |n: u8| {
        let keys = [key(KeyKind::Own, n), key(KeyKind::Address, n), key(KeyKind::Title, n % 20)];
        admitted(story(n, at(n.into()), 300 * usize::from(n)), &keys)
    };
    let enter =
        |n: u8| PlaceChange { topic: topic(1), story: id(n), from: None, to: Some(at(n.into())) };
    commit(Commit {
        source_states: (1..4).map(|n| (source(n), Arc::new(source_state(n.into())))).collect(),
        listed: vec![(source(1), vec![id(1), id(2)])],
        admitted: (0..60).map(news).collect(),
        places: (8..60).map(enter).collect(),
        filled: vec![topic(1)],
        ..Commit::default()
    });
    commit(Commit { retired: vec![(id(7), at(100))], ..Commit::default() });
    store
}

/// All that a repair must keep: everything but places in topics.
fn lasting(store: &SledStore) -> String {
    done(store.commit(Commit { dropped: vec![topic(1)], ..Commit::default() })).unwrap();
    everything(store)
}

#[test]
fn a_store_in_good_order_has_no_problems() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let checked = check(dir.path(), CACHE).unwrap();
    assert_eq!(checked.problems, [""; 0]);
    assert!(checked.is_sound());
    assert_eq!((checked.stories, checked.retired, checked.sources, checked.places), (59, 1, 3, 52));
}

#[test]
fn whatever_is_wrong_is_found_and_repair_rights_it() {
    type Harm = fn(&sled::Db);
    let harms: [(&str, Harm); 5] = [
        ("there is no such story", |db| {
            let card = db.get(key_codec::card(at(5), id(5))).unwrap().unwrap();
            db.insert(key_codec::card(at(5), id(99)), card).unwrap();
        }),
        ("belongs to nothing", |db| drop(db.insert(key_codec::chunk(b"mnobody", 0), b"text"))),
        ("wrong number of stories", |db| {
            let mut header = read::header(db).unwrap().unwrap();
            header.stories += 1;
            let index = index::Shared::default();
            let mut stage = Stage::new(db, &index);
            super::apply::put_packed(&mut stage, key_codec::header(), &header).unwrap();
            db.apply_batch(stage.into_batch().unwrap()).unwrap();
        }),
        ("records of this kind are unknown", |db| drop(db.insert(b"z", b"?"))),
        ("retired and not", |db| {
            let retired = db.get(key_codec::retired(id(7))).unwrap().unwrap();
            db.insert(key_codec::retired(id(8)), retired).unwrap();
        }),
    ];
    for (problem, harm) in harms {
        let dir = tempfile::tempdir().unwrap();
        let before = lasting(&filled(dir.path()));
        let db = engine(dir.path());
        harm(&db);
        drop(db);
        let checked = check(dir.path(), CACHE).unwrap();
        assert!(checked.problems.iter().any(|told| told.contains(problem)), "{checked:#?}");
        let repaired = repair(dir.path(), CACHE).unwrap();
        assert_eq!((repaired.stories, &repaired.losses[..]), (59, &[][..]), "{problem}");
        assert!(repaired.kept.exists());
        assert_eq!(check(dir.path(), CACHE).unwrap().problems, [""; 0], "{problem}");
        // What is both retired and not is a story and has the keys of both;
        // where stories may be missing, sources are read again.
        if !["retired and not", "wrong number of stories"].contains(&problem) {
            assert_eq!(lasting(&open(dir.path(), CACHE).unwrap()), before, "{problem}");
        }
    }
}

#[test]
fn a_story_whose_card_is_lost_is_kept_and_the_loss_of_its_keys_is_told() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let db = engine(dir.path());
    db.remove(key_codec::card(at(5), id(5))).unwrap();
    drop(db);
    let problems = check(dir.path(), CACHE).unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains("its card is gone"), "{problems:?}");
    let repaired = repair(dir.path(), CACHE).unwrap();
    assert!(repaired.losses.len() == 1 && repaired.losses[0].contains("the keys by which"));
    assert_eq!((repaired.stories, check(dir.path(), CACHE).unwrap().problems), (59, vec![]));
    let store = open(dir.path(), CACHE).unwrap();
    assert_eq!(store.story(id(5)).unwrap(), Some(story(5, at(5), 1500)));
    assert!(store.lookalikes(&[key(KeyKind::Own, 5)]).unwrap().by_key.is_empty());
    let read_again = |state: &crate::model::SourceState| state.validators.etag.is_none();
    assert!(store.source_states().unwrap().values().all(|state| read_again(state)));
}

/// The same with the kinds of record that it lacks.
fn filled_with_every_kind(path: &Path) {
    drop(filled(path));
    let store = open(path, CACHE).unwrap();
    let passages = [key(KeyKind::Passage, 3), key(KeyKind::Passage, 4)];
    done(store.commit(Commit {
        admitted: vec![admitted(story(9, at(9), 9), &passages)],
        engine: vec![EngineRecord::Ping { path: "/opml".to_owned(), hash: 1, at: at(1) }],
        archived: vec![("/topics/a/archive/1.atom".to_owned(), "<feed/>".to_owned())],
        subscribers: vec![subscriber(1, 0)],
        places: vec![PlaceChange { topic: topic(1), story: id(6), from: None, to: Some(at(6)) }],
        ..Commit::default()
    }))
    .unwrap();
}

#[test]
fn nonsense_in_a_record_of_any_kind_is_told_and_repair_leaves_none() {
    for kind in Kind::ALL {
        let dir = tempfile::tempdir().unwrap();
        filled_with_every_kind(dir.path());
        let db = engine(dir.path());
        let some = db.scan_prefix(kind.prefix()).keys().next_back().unwrap().unwrap();
        db.insert(some, b"nothing of sense").unwrap();
        drop(db);
        match check(dir.path(), CACHE) {
            Ok(checked) => assert!(checked.problem_count > 0, "{kind:?}"),
            Err(refused) => assert!(matches!(refused, StoreError::Damaged { .. }), "{kind:?}"),
        }
        let repaired = repair(dir.path(), CACHE).unwrap();
        // Only what derives from nothing else is lost, and that is said; without a header
        // nobody can say that all is there.
        assert_eq!(repaired.losses.is_empty(), kind == Kind::Topic, "{kind:?}");
        let is_story = [Kind::Story, Kind::Chunk].contains(&kind);
        assert_eq!(
            repaired.stories,
            if is_story { 58 } else { 59 },
            "{kind:?} {:?}",
            repaired.losses
        );
        assert_eq!(check(dir.path(), CACHE).unwrap().problems, [""; 0], "{kind:?}");
    }
}

#[test]
fn a_record_that_is_gone_is_told_where_another_knows_of_it_and_repair_rights_that() {
    let kinds = [Kind::Header, Kind::Chunk, Kind::Card, Kind::Story, Kind::Retired];
    for kind in kinds {
        let dir = tempfile::tempdir().unwrap();
        filled_with_every_kind(dir.path());
        let db = engine(dir.path());
        let some = db.scan_prefix(kind.prefix()).keys().next_back().unwrap().unwrap();
        db.remove(some).unwrap();
        drop(db);
        match check(dir.path(), CACHE) {
            Ok(checked) => assert!(checked.problem_count > 0, "{kind:?}"),
            Err(refused) => assert!(matches!(refused, StoreError::Damaged { .. }), "{kind:?}"),
        }
        repair(dir.path(), CACHE).unwrap();
        assert_eq!(check(dir.path(), CACHE).unwrap().problems, [""; 0], "{kind:?}");
    }
}

#[test]
fn repair_loses_only_what_cannot_be_read_and_has_all_sources_read_again() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let db = engine(dir.path());
    db.remove(key_codec::chunk(&key_codec::story(id(59)), 1)).unwrap();
    db.insert(key_codec::story(id(58)), b"nothing of sense").unwrap();
    drop(db);
    let checked = check(dir.path(), CACHE).unwrap();
    assert!(checked.problem_count >= 2, "{checked:#?}");
    let repaired = repair(dir.path(), CACHE).unwrap();
    assert_eq!((repaired.stories, repaired.expected, repaired.losses.len()), (57, Some(59), 2));
    let store = open(dir.path(), CACHE).unwrap();
    for (source, state) in store.source_states().unwrap() {
        assert_eq!((state.validators.etag.as_ref(), state.hash), (None, None), "{source}");
        assert!(state.polls > 0);
    }
    assert_eq!(store.filled().unwrap(), [], "topics are to be filled again");
    assert!(store.lookalikes(&[key(KeyKind::Own, 58)]).unwrap().by_key.is_empty());
}

#[test]
fn a_repaired_store_of_a_node_is_part_of_no_stream() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let text = "a plan of all nodes".to_owned();
    let engine_records = vec![EngineRecord::SharedPlan { text: text.clone() }];
    done(store.commit(Commit { engine: engine_records, ..Commit::default() })).unwrap();
    let is_shared = |store: &SledStore| {
        let records = store.engine_records().unwrap();
        records.iter().any(|record| record.is_of_stream())
    };
    assert!(is_shared(&store));
    let others = store.engine_records().unwrap().len() - 1;
    drop(store);
    let db = engine(dir.path());
    db.insert(key_codec::story(id(58)), b"nothing of sense").unwrap();
    drop(db);
    repair(dir.path(), CACHE).unwrap();
    let store = open(dir.path(), CACHE).unwrap();
    assert!(!is_shared(&store));
    assert_eq!(store.engine_records().unwrap().len(), others, "all else is there");
}

/// Of an older state a story may be left that another one took in since, with its published id.
#[test]
fn an_older_story_comes_back_unless_another_has_its_published_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), CACHE).unwrap();
    let published = |n: u8| key(KeyKind::Published, n);
    let admitted = vec![
        admitted(story(1, at(1), 9), &[published(1), published(2)]),
        admitted(story(2, at(2), 9), &[published(2)]),
        admitted(story(3, at(3), 9), &[published(3)]),
    ];
    done(store.commit(Commit { admitted, ..Commit::default() })).unwrap();
    drop(store);
    let db = engine(dir.path());
    let key_of = |n: u8| key_codec::story(id(n)).to_vec();
    for (stale, left) in [(vec![], 3), (vec![2, 3], 2), (vec![3], 3)] {
        let mut found = 0;
        let stale = stale.into_iter().map(key_of).collect();
        let ground = super::salvage::records(&db, &stale, 0, |record| {
            found += usize::from(matches!(record, Ok(super::super::Record::Story { .. })));
            Ok(())
        });
        assert_eq!((ground, found), (Ok(()), left));
    }
}

#[test]
fn compaction_changes_nothing_but_the_room_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    for round in 0..60 {
        let admitted = vec![admitted(story(200, at(200), 60_000 + round), &[])];
        done(store.commit(Commit { admitted, ..Commit::default() })).unwrap();
    }
    done(store.commit(Commit { retired: vec![(id(200), at(300))], ..Commit::default() })).unwrap();
    let before = everything(&store);
    drop(store);
    let compaction = compact(dir.path(), CACHE).unwrap();
    assert_eq!(compaction.stories, 59);
    assert!(compaction.after < compaction.before, "{compaction:?}");
    assert_eq!(check(dir.path(), CACHE).unwrap().problems, [""; 0]);
    assert_eq!(everything(&open(dir.path(), CACHE).unwrap()), before);
}

#[test]
fn where_there_is_no_store_none_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("typo");
    let missing = |outcome: Result<(), StoreError>| {
        assert_eq!(outcome, Err(StoreError::Missing(path.display().to_string())));
    };
    missing(check(&path, CACHE).map(|_| ()));
    missing(repair(&path, CACHE).map(|_| ()));
    missing(compact(&path, CACHE).map(|_| ()));
    missing(open_existing(&path, CACHE).map(|_| ()));
    assert!(!path.exists());
}

/// sled reads the segment it wrote last again when it opens, and takes
/// damage in it for the end: what comes up then is an older state.
#[test]
fn an_older_state_can_be_repaired_and_has_all_sources_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let older = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    copy(&dir.path().join("sled"), &older.path().join("sled"));
    let store = open(dir.path(), CACHE).unwrap();
    let admitted = vec![admitted(story(70, at(70), 9), &[])];
    done(store.commit(Commit { admitted, ..Commit::default() })).unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    copy(&older.path().join("sled"), &dir.path().join("sled"));
    assert!(open(dir.path(), CACHE).is_err());
    let repaired = repair(dir.path(), CACHE).unwrap();
    assert_eq!(repaired.losses, ["the last commits: of 3 at least, 2 are left"]);
    let store = open(dir.path(), CACHE).unwrap();
    assert_eq!(store.count(), Ok(59));
    assert!(store.source_states().unwrap().values().all(|state| state.validators.etag.is_none()));
}
