//! Tests power cuts, kills, damage and failing syncs (D2, D3, D4, D6): the store loses nothing that it
//! answered for.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, ExitStatus};

use gazetted::store::{self, Store, StoreError};

use super::dice::{Dice, seed, times};
use super::power::{Promise, Recording};
use super::preload;
use crate::store::{CACHE, commit, whole_commits};

/// Set in the process that is to fail: the directory of its store, and how many commits it makes.
const VICTIM: &str = "GAZETTED_TEST_DISK";
const COMMITS: &str = "GAZETTED_TEST_COMMITS";

/// Not a test of its own: what runs on the disk of `disk.c`. It writes down
/// each commit that was answered; it exits with 74 where one was refused.
#[test]
fn commits_on_a_disk_that_fails() {
    let Ok(directory) = std::env::var(VICTIM) else { return };
    let commits: u64 = std::env::var(COMMITS).unwrap().parse().unwrap();
    let directory = Path::new(&directory);
    let refused = |error: StoreError| -> ! {
        assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
        std::process::exit(74)
    };
    let store = store::open(&directory.join("store"), CACHE).unwrap_or_else(|error| refused(error));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let made = |store: &dyn Store| {
        store.source_states().unwrap().values().map(|state| state.polls + 1).max().unwrap_or(0)
    };
    let answers = directory.join("answers");
    let mut answers = OpenOptions::new().create(true).append(true).open(answers).unwrap();
    let (first, mut failed) = (made(&*store), None);
    for number in first..first + commits {
        match (runtime.block_on(store.commit(commit(number))), failed.is_some()) {
            (Ok(()), false) => answers.write_all(format!("{number}\n").as_bytes()).unwrap(),
            (Ok(()), true) => panic!("answered after {failed:?}"),
            (Err(error), _) => failed = Some(error),
        }
    }
    if let Some(error) = failed {
        refused(error);
    }
}

/// Runs [`commits_on_a_disk_that_fails`] to its end.
fn run(directory: &Path, commits: usize, fault: (&str, &str)) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["faults::disk::commits_on_a_disk_that_fails", "--exact", "--nocapture"])
        .env(VICTIM, directory)
        .env(COMMITS, commits.to_string())
        .env("DISK_ROOT", directory)
        .env(fault.0, fault.1);
    preload::on("disk", &mut command);
    let output = command.output().unwrap();
    let status = output.status;
    let expected = status.success() || status.code() == Some(74) || status.code().is_none();
    assert!(expected, "{status}: {}", String::from_utf8_lossy(&output.stderr));
    status
}

/// The last commit that was answered.
fn answered(directory: &Path) -> Option<u64> {
    let answers = fs::read_to_string(directory.join("answers")).ok()?;
    answers.lines().last().map(|line| line.parse().unwrap())
}

/// How many commits the store of a disk holds, each whole; what is wrong with it otherwise.
fn verdict(directory: &Path) -> Result<u64, String> {
    let path = directory.join("store");
    let judged = catch_unwind(AssertUnwindSafe(|| -> Result<u64, String> {
        let store = store::open(&path, CACHE).map_err(|error| error.to_string())?;
        let commits = whole_commits(&*store);
        drop(store);
        let blobs = fs::read_dir(path.join("sled/blobs")).map_or(0, Iterator::count);
        if blobs == 0 { Ok(commits) } else { Err(format!("{blobs} blob files")) }
    }));
    judged.unwrap_or_else(|_| Err("it does not hold together".to_owned()))
}

#[test]
fn d02_a_power_cut_costs_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let [disk, log] = ["disk", "record"].map(|name| dir.path().join(name));
    fs::create_dir(&disk).unwrap();
    // The second half runs on a store that was there.
    for _ in 0..2 {
        assert!(run(&disk, times(60, 500), ("DISK_LOG", log.to_str().unwrap())).success());
    }
    let recording = Recording::read(&log);
    let answers: Vec<(usize, u64)> = recording
        .writes_to("answers")
        .map(|(at, number)| (at, number.trim().parse().unwrap()))
        .collect();
    // Right after an answer, and at any other moment: while the store is made, too.
    let mut dice = Dice::new(seed());
    let (points, first) = (times(16, 100), answers[0].0);
    let mut cuts: Vec<usize> = (0..points).map(|_| answers[dice.below(answers.len())].0).collect();
    cuts.extend((0..points / 4).map(|_| dice.below(first)));
    cuts.extend((0..points / 2).map(|_| dice.below(recording.len())));
    cuts.sort_unstable();

    let mut states = 0;
    let mut judge = |promise, cuts: &[usize]| {
        let mut bad = Vec::new();
        recording.cut(cuts, promise, |at, left| {
            let due = answers.iter().take_while(|(answer, _)| *answer <= at).last();
            for kept in [false, true] {
                let state = dir.path().join("state");
                left.after_a_power_cut(&state, kept.then_some(&mut dice));
                let found = verdict(&state);
                let lost = |commits: &u64| due.is_some_and(|(_, last)| commits <= last);
                match found {
                    Ok(commits) if !lost(&commits) => {}
                    found => bad.push(format!("{promise:?} after {at}, {due:?}: {found:?}")),
                }
                states += 1;
                fs::remove_dir_all(state).unwrap_or_default();
            }
        });
        bad
    };
    let bad = judge(Promise::Synced, &cuts);
    assert!(bad.is_empty(), "{} bad: {bad:#?}", bad.len());
    // The test can tell: without the sync that sled leaves out, the same cuts cost something.
    let at_answers: Vec<usize> = answers.iter().map(|(at, _)| *at).step_by(12).collect();
    let bad = judge(Promise::WithoutDataSync, &at_answers);
    assert!(!bad.is_empty(), "no cut does harm, with or without syncing");
    println!("{states} disks after a power cut; without fdatasync {} were bad", bad.len());
}

#[test]
fn d06_after_a_failed_sync_nothing_is_answered_and_all_before_is_there() {
    for turn in times(1, 1)..=times(8, 50) {
        // Short: spread as widely as the fifty.
        let nth = times(turn * turn, turn);
        let dir = tempfile::tempdir().unwrap();
        let status = run(dir.path(), nth + 5, ("DISK_FAIL_SYNC", &nth.to_string()));
        assert_eq!(status.code(), Some(74), "fdatasync {nth}");
        let answered = answered(dir.path());
        assert_eq!(answered.map_or(0, |last| last + 1), nth as u64 - 1, "fdatasync {nth}");
        let commits = verdict(dir.path()).unwrap();
        assert!(answered.is_none_or(|last| commits > last), "fdatasync {nth}: {commits}");
    }
}
