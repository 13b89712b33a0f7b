//! D4: a store of 300 stories whose files are damaged gives back what is physically there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use gazetted::store::{self, Commit, StoreError};

use super::damage::copy;
use super::dice::{Dice, seed, times};
use crate::store::{CACHE, STORIES, commit, id, story};

const COMMITS: u64 = 75;
const ALL: u64 = COMMITS * STORIES;

/// A store of 300 stories. What was written since it was opened last is not in its snapshot.
fn whole(path: &Path, commits_since_opening: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let parts = [0..COMMITS - commits_since_opening, COMMITS - commits_since_opening..COMMITS];
    for commits in parts {
        let store = store::open(path, CACHE).unwrap();
        for number in commits {
            let kept = Commit { retired: Vec::new(), ..commit(number) };
            runtime.block_on(store.commit(kept)).unwrap();
        }
        store.close().unwrap();
    }
}

fn file(store: &Path, prefix: &str) -> PathBuf {
    let files = fs::read_dir(store.join("sled")).unwrap().map(|file| file.unwrap().path());
    let named = |file: &PathBuf| file.file_name().unwrap().to_string_lossy().starts_with(prefix);
    files.filter(named).max().unwrap()
}

/// Writes over a place of a file, within what of it is in use.
fn harm(path: &Path, dice: &mut Dice, change: impl Fn(&mut Dice, &mut Vec<u8>, usize)) {
    let mut bytes = fs::read(path).unwrap();
    let used = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    change(dice, &mut bytes, used);
    File::options().write(true).open(path).unwrap().write_all_at(&bytes, 0).unwrap();
    File::options().write(true).open(path).unwrap().set_len(bytes.len() as u64).unwrap();
}

fn flip(count: usize) -> impl Fn(&mut Dice, &mut Vec<u8>, usize) {
    move |dice, bytes, used| {
        for _ in 0..count {
            bytes[dice.below(used)] ^= 1 + dice.below(255) as u8;
        }
    }
}

fn wipe(count: usize) -> impl Fn(&mut Dice, &mut Vec<u8>, usize) {
    move |dice, bytes, used| {
        for _ in 0..count {
            let at = dice.below(used) / 4096 * 4096;
            let end = (at + 4096).min(bytes.len());
            bytes[at..end].fill(0);
        }
    }
}

type Harm = fn(&Path, &mut Dice);

/// What is done, how it is done, how many stories of a hundred must be left at least, and
/// with how many seeds the long form tries it.
const HARMS: &[(&str, Harm, u64, u64)] = &[
    ("20 wrong bytes", |store, dice| harm(&file(store, "db"), dice, flip(20)), 90, 100),
    ("3 wrong bytes", |store, dice| harm(&file(store, "db"), dice, flip(3)), 99, 100),
    ("one block of zeros", |store, dice| harm(&file(store, "db"), dice, wipe(1)), 90, 30),
    ("four blocks of zeros", |store, dice| harm(&file(store, "db"), dice, wipe(4)), 75, 30),
    (
        "a twentieth cut off",
        |store, dice| {
            harm(&file(store, "db"), dice, |_, bytes, used| bytes.truncate(used * 19 / 20));
        },
        75,
        30,
    ),
    ("a wrong snapshot", |store, dice| harm(&file(store, "snap."), dice, flip(1)), 100, 10),
    ("a wrong conf", |store, dice| harm(&file(store, "conf"), dice, flip(1)), 100, 10),
    (
        "all of it at once",
        |store, dice| {
            harm(&file(store, "db"), dice, flip(10));
            harm(&file(store, "db"), dice, wipe(1));
            harm(&file(store, "snap."), dice, flip(1));
            harm(&file(store, "conf"), dice, flip(1));
        },
        75,
        30,
    ),
];

#[test]
fn d04_nearly_all_stories_are_saved_from_damaged_files() {
    let dir = tempfile::tempdir().unwrap();
    let wholes = [0, 40].map(|since| {
        let path = dir.path().join(format!("whole-{since}"));
        whole(&path, since);
        path
    });
    let mut worst: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (number, (how, harm, least, long)) in HARMS.iter().enumerate() {
        for seed in seed()..seed() + times(3, *long as usize) as u64 {
            let whole = &wholes[(seed % 2) as usize];
            let path = dir.path().join("damaged");
            copy(whole, &path);
            harm(&path, &mut Dice::new(seed * 1000 + number as u64));
            let at = format!("{how}, seed {seed}, {}", whole.display());
            let checked = store::check(&path, CACHE);
            let sound = checked.as_ref().is_ok_and(store::IntegrityCheck::is_sound);
            if let Err(error) = &checked {
                assert!(matches!(error, StoreError::Damaged { .. }), "{at}: {error}");
            }
            let repair =
                store::repair(&path, CACHE).unwrap_or_else(|error| panic!("{at}: {error}"));
            let worst = worst.entry(how).or_insert((ALL, 0));
            worst.0 = worst.0.min(repair.stories);
            worst.1 += ALL - repair.stories;
            assert!(repair.stories * 100 >= ALL * least, "{at}: {repair:?}");
            // What is missing is said, and what is claimed is there.
            assert!(
                repair.stories == ALL || !sound && !repair.losses.is_empty(),
                "{at}: {repair:?}"
            );
            let saved = store::check(&path, CACHE).unwrap();
            assert!(saved.is_sound() && saved.stories == repair.stories, "{at}: {saved:?}");
            let opened = store::open(&path, CACHE).unwrap();
            let found = (0..ALL).filter(|n| {
                let (commit, number) = (n / STORIES, n % STORIES);
                let found = opened.story(id(commit, number)).unwrap();
                assert!(found.as_ref().is_none_or(|found| *found == story(commit, number)), "{at}");
                found.is_some()
            });
            assert_eq!(found.count() as u64, repair.stories, "{at}");
            drop(opened);
            fs::remove_dir_all(path).unwrap();
        }
    }
    for (how, (least, lost)) in worst {
        println!("{how}: at least {least} of {ALL} stories saved, {lost} lost in all");
    }
}
