//! Tests opening and writing to a store in directories of every state.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use super::super::samples::{admitted, at, copy, done, id, story};
use super::super::{Commit, Store, StoreError, contract, repair};
use super::SledStore;
use super::open::open;

const CACHE: u64 = 4 << 20;

fn opened(path: &Path) -> SledStore {
    open(path, CACHE).unwrap()
}

fn commit_one(store: &dyn Store, number: u8) {
    let admitted = vec![admitted(story(number, at(0), 30_000), &[])];
    done(store.commit(Commit { admitted, ..Commit::default() })).unwrap();
}

/// Opens what must not open.
fn refusal(path: &Path) -> StoreError {
    open(path, CACHE).map(|_| ()).unwrap_err()
}

#[test]
fn the_store_on_disk_keeps_the_contract() {
    contract::check(opened);
}

#[test]
fn a_store_that_is_open_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    assert!(matches!(refusal(dir.path()), StoreError::InUse(_)));
    store.close().unwrap();
    assert_eq!(opened(dir.path()).count(), Ok(0), "closing frees it, though its handle lives");
}

#[test]
fn an_emptied_store_is_never_taken_for_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    commit_one(&opened(dir.path()), 1);
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let refusal = refusal(dir.path()).to_string();
    assert!(refusal.contains("gazetted restore FILE"), "{refusal}");
}

#[test]
fn an_older_state_of_the_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    commit_one(&opened(dir.path()), 1);
    let older = tempfile::tempdir().unwrap();
    copy(&dir.path().join("sled"), &older.path().join("sled"));
    commit_one(&opened(dir.path()), 2);
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    copy(&older.path().join("sled"), &dir.path().join("sled"));
    let refusal = refusal(dir.path()).to_string();
    assert!(
        refusal.contains("older state of itself: 1 commits are in it, 2 were made"),
        "{refusal}"
    );
}

#[test]
fn a_directory_of_other_things_does_not_become_a_store() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.tex"), "").unwrap();
    let refusal = refusal(dir.path()).to_string();
    assert!(refusal.contains("thesis.tex"), "{refusal}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left in it");
}

#[test]
fn a_store_of_another_format_is_refused_and_left_as_it_is() {
    for format in [0, 3, 7] {
        let dir = tempfile::tempdir().unwrap();
        drop(opened(dir.path()));
        let epoch = format!("format {format}\ncommits 0\nfurther things\n");
        fs::write(dir.path().join("epoch"), &epoch).unwrap();
        let refused = refusal(dir.path());
        assert!(matches!(refused, StoreError::OtherFormat { found, .. } if found == format));
        assert_eq!(refused.exit_code(), 78);
        assert!(refused.to_string().contains(&format!("has format {format}")), "{refused}");
        assert_eq!(
            repair(dir.path(), CACHE),
            Err(StoreError::OtherFormat {
                path: dir.path().display().to_string(),
                found: format,
                known: super::records::FORMAT
            })
        );
        assert_eq!(fs::read_to_string(dir.path().join("epoch")).unwrap(), epoch);
    }
}

#[test]
fn a_half_written_snapshot_does_not_keep_the_store_from_opening() {
    let dir = tempfile::tempdir().unwrap();
    commit_one(&opened(dir.path()), 1);
    let stale = dir.path().join("sled/snap.0000000000000FFF.generating");
    fs::write(&stale, b"half").unwrap();
    assert_eq!(opened(dir.path()).count(), Ok(1));
    assert!(!stale.exists());
}

#[test]
fn a_creation_cut_short_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sled.new")).unwrap();
    fs::write(dir.path().join("sled.new/db"), b"half").unwrap();
    assert_eq!(opened(dir.path()).count(), Ok(0));
}

#[test]
fn damaged_data_are_an_error_that_names_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    (0..40).for_each(|number| commit_one(&store, number));
    drop(store);
    drop(opened(dir.path()));
    let db = dir.path().join("sled/db");
    let length = fs::metadata(&db).unwrap().len();
    fs::File::options().write(true).open(&db).unwrap().set_len(length / 2).unwrap();
    let error = match open(dir.path(), CACHE) {
        Err(error) => error,
        Ok(store) => (0..40).find_map(|number| store.story(id(number)).err()).unwrap(),
    };
    assert!(error.to_string().contains("gazetted check --store"), "{error}");
}

#[test]
fn long_records_never_make_a_blob_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    for round in 0..4 {
        let admitted = (0..100)
            .map(|n| admitted(story(n, at(round), 9_000 + 137 * usize::from(n)), &[]))
            .collect();
        done(store.commit(Commit { admitted, ..Commit::default() })).unwrap();
    }
    assert_eq!(fs::read_dir(dir.path().join("sled/blobs")).unwrap().count(), 0);
}

#[test]
fn commits_that_wait_together_are_all_answered_and_take_effect_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    let answers: Vec<_> = (0..100)
        .map(|length| {
            let admitted = vec![admitted(story(1, at(0), length), &[])];
            store.commit(Commit { admitted, ..Commit::default() })
        })
        .collect();
    for answer in answers {
        done(answer).unwrap();
    }
    assert_eq!(store.story(id(1)).unwrap(), Some(story(1, at(0), 99)));
}
