//! Tests a kill in the middle of sled's snapshot, damaged files and a full disk (D3, D4, D5): the store
//! reports it and goes on.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use gazetted::store::{self, StoreError};
use serde_json::Value;

use super::dice::{Dice, seed, times};
use super::preload;
use super::support::{PATIENCE, configured, on_a_small_disk, source, until};
use crate::store::{CACHE, STORIES, commit, id, story};
use crate::support::binary::{Gazetted, Launched, RunningDaemon};
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::atom;

#[tokio::test(flavor = "multi_thread")]
async fn d03_a_kill_while_the_snapshot_is_written_is_mended_by_the_next_start() {
    let site = Site::start().await;
    let page = "https://www.gov.uk/1";
    site.document("/a", atom(&[(page, page, "Crime falls", "2025-04-02T11:05:00Z")]));
    let gazetted = Gazetted::with(&(configured("", "") + &source(&site, "a", "1h")));
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let feed = get(daemon.address, "/topics/all.atom").body;
    daemon.signal("KILL");
    daemon.ended();

    let mut command = gazetted.command(&["run"]);
    command.env("DISK_ROOT", gazetted.path()).env("DISK_KILL_AT", "1");
    preload::on("disk", &mut command);
    let (code, log) = Launched::by(command).ended();
    assert_eq!(code, None, "killed in the middle of it: {log}");
    let names = |end: &str| {
        let files = fs::read_dir(gazetted.path().join("store/sled")).unwrap();
        files
            .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|e| e == end))
            .count()
    };
    assert_eq!(names("generating"), 1, "a half-written snapshot is there");

    let mut launched = Launched::by(gazetted.command(&["run"]));
    let said = launched.logged("half-written snapshot");
    assert!(said.contains(".generating"), "it names the file: {said}");
    let daemon = launched.listening();
    assert_eq!(get(daemon.address, "/topics/all.atom").body, feed);
    assert_eq!((daemon.end("TERM").0, names("generating")), (Some(0), 0));
}

pub fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}

/// Harms one of a store's files; in words, how.
fn harm(store: &Path, attempt: usize, dice: &mut Dice) -> String {
    let files = |prefix: &str| {
        let files = fs::read_dir(store.join("sled")).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> = files
            .filter(|file| file.file_name().unwrap().to_string_lossy().starts_with(prefix))
            .collect();
        files.sort();
        files.remove(0)
    };
    let path = match attempt % 6 {
        4 => files("snap."),
        5 => files("conf"),
        _ => files("db"),
    };
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
    let at = dice.below(length.saturating_sub(4096).max(1)) as u64;
    let how = match attempt % 6 {
        1 => {
            file.write_all_at(&[0; 4096], at).unwrap();
            "4 KiB of zeros"
        }
        2 => {
            file.write_all_at(&[0xa5; 512], at).unwrap();
            "512 bytes of noise"
        }
        3 => {
            file.set_len(length as u64 * 9 / 10).unwrap();
            "a tenth cut off"
        }
        _ => {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ 4], at).unwrap();
            "a wrong bit"
        }
    };
    format!("{how} in {} at {at}", path.file_name().unwrap().to_string_lossy())
}

/// Runs it in a thread of its own: it may take its time, but not for ever.
fn in_time<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || drop(tell.send(run())));
    told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what}: it hangs"))
}

#[test]
fn d04_damage_is_noticed_named_and_mostly_saved() {
    const COMMITS: u64 = 24;
    let stories = STORIES * COMMITS;
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let made = store::open(&whole, CACHE).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    (0..COMMITS).for_each(|n| runtime.block_on(made.commit(commit(n))).unwrap());
    drop(made);
    drop(store::open(&whole, CACHE).unwrap());
    let mut dice = Dice::new(seed());
    let (attempts, mut noticed, mut refused, mut rolled_back, mut lost) =
        (times(12, 60), 0, 0, 0, 0);
    for attempt in 0..attempts {
        let path = dir.path().join("damaged");
        copy(&whole, &path);
        let how = harm(&path, attempt, &mut dice);
        let damaged = path.clone();
        let survey = in_time(&how, move || store::check(&damaged, CACHE));
        // It opens with all that it had, or not, or what is wrong is found by checking it.
        let sound = survey.as_ref().is_ok_and(store::IntegrityCheck::is_sound);
        noticed += usize::from(!sound);
        if let Err(error) = &survey {
            assert!(matches!(error, StoreError::Damaged { .. }), "{how}: {error}");
            assert!(error.to_string().contains("gazetted restore FILE"), "{how}: {error}");
        }
        let damaged = path.clone();
        match in_time(&how, move || store::repair(&damaged, CACHE)) {
            Err(error) => {
                assert!(!sound && error.to_string().contains("gazetted restore FILE"), "{error}");
                refused += 1;
            }
            Ok(repair) => {
                assert!(repair.stories > 0, "{how}: an empty start");
                assert!(repair.stories == stories || !sound && !repair.losses.is_empty(), "{how}");
                assert!(store::check(&path, CACHE).unwrap().is_sound(), "{how}");
                let opened = store::open(&path, CACHE).unwrap();
                for n in 0..stories {
                    let found = opened.story(id(n / STORIES, n % STORIES)).unwrap();
                    let right = |found| found == story(n / STORIES, n % STORIES);
                    assert!(found.is_none_or(right), "{how}: {n} is another than it was");
                }
                // What sled wrote last it reads again on opening, and takes damage for its end.
                match repair.losses.iter().any(|loss| loss.contains("the last commits")) {
                    true => rolled_back += 1,
                    false => lost += stories - repair.stories,
                }
            }
        }
        fs::remove_dir_all(path).unwrap();
    }
    let repaired = attempts - refused - rolled_back;
    println!(
        "{attempts} damaged copies: {noticed} noticed, the others unharmed; {repaired} repaired \
         with {lost} of {} stories lost, {rolled_back} to an older state, {refused} only by a backup",
        repaired as u64 * stories
    );
    assert!(lost * 20 <= repaired as u64 * stories, "more than a twentieth lost");
    assert!(refused * 10 <= attempts, "too much is left to backups");
}

/// The ids of all stories, by a daemon's own account.
fn ids(daemon: &RunningDaemon) -> Vec<String> {
    let feed: Value = serde_json::from_slice(&get(daemon.address, "/stories.json").body).unwrap();
    let items = feed["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn d05_on_a_full_disk_it_serves_on_and_goes_on_by_itself() {
    let site = Site::start().await;
    let mut told = 0;
    site.answer("/a", move |_| {
        told += 1;
        let page = format!("https://www.gov.uk/{told}");
        let text: String = (0..4000).map(|n| format!("w{} ", (n * told * 7919) % 65_521)).collect();
        let title = format!("Crime {told} of many");
        let entry = atom(&[(&page, &page, &title, "2025-04-02T11:05:00Z")]);
        let entry = entry.replace("</summary>", &format!("{text}</summary>"));
        Answer::ok(entry).header("ETag", format!("\"{told}\""))
    });
    let config = configured("", "") + &source(&site, "a", "1s");
    let gazetted = Gazetted::with(&config.replace("\"store\"", "\"disk/store\""));
    let Some((launched, disk)) = on_a_small_disk(&gazetted, |_| ()) else { return };
    let mut daemon = launched.listening();
    daemon.logged("\"news\"");
    let filler = disk.join("filler");
    let mut file = File::create(&filler).unwrap();
    let full = loop {
        if let Err(error) = file.write_all(&[1; 4096]) {
            break error;
        }
    };
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    daemon.logged("\"disk_full\"");
    let before = ids(&daemon);
    assert!(!before.is_empty());
    assert_eq!(get(daemon.address, "/topics/all.atom").status, 200, "it serves on");
    until("it says so", || (get(daemon.address, "/readyz").status == 503).then_some(()));
    drop(file);
    fs::remove_file(&filler).unwrap();
    daemon.logged("\"disk_has_room\"");
    daemon.logged("\"news\"");
    let after = ids(&daemon);
    assert!(before.iter().all(|id| after.contains(id)) && after.len() > before.len());
    until("it is ready", || (get(daemon.address, "/readyz").status == 200).then_some(()));
    assert_eq!(daemon.end("TERM").0, Some(0));
}
