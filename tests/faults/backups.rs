//! D4, D5: automatic backups while a clock jumps and a disk fills; a damaged store that is restored from one.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::preload;
use super::support::{configured, on_a_small_disk, published, source};
use crate::support::binary::{Gazetted, Launched, RunningDaemon};
use crate::support::http::get;
use crate::support::site::Site;
use crate::support::world::atom;

const DAY: i64 = 24 * 3600;

/// A wall clock that the test sets.
struct ClockFile(File);

impl ClockFile {
    fn new(gazetted: &Gazetted) -> Self {
        let clock = Self(File::create(gazetted.path().join("clock")).unwrap());
        clock.set(0);
        clock
    }

    fn set(&self, ahead: i64) {
        self.0.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
    }

    fn rules(gazetted: &Gazetted, command: &mut Command) {
        preload::on("clock", command);
        command.env("CLOCK", gazetted.path().join("clock"));
    }
}

fn with_a_story(site: &Site) -> String {
    let page = "https://www.gov.uk/1";
    site.document("/a", atom(&[(page, page, "Crime falls", "2025-04-02T11:05:00Z")]));
    configured("", "") + &source(site, "a", "1h")
}

/// The file that a log line names.
fn written(daemon: &mut RunningDaemon) -> String {
    let line: Value = serde_json::from_str(&daemon.logged("\"backup_written\"")).unwrap();
    let fields = line.get("fields").unwrap_or(&line);
    fields["file"].as_str().unwrap().to_owned()
}

fn backups(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_names_the_last_backup_and_restore_takes_it() {
    let site = Site::start().await;
    let gazetted = Gazetted::with(&with_a_story(&site));
    let clock = ClockFile::new(&gazetted);
    let start = || {
        let mut command = gazetted.command(&["run"]);
        ClockFile::rules(&gazetted, &mut command);
        Launched::by(command).listening()
    };
    let directory = gazetted.path().join("store-backups");
    let mut daemon = start();
    daemon.logged("\"news\"");
    let feed = get(daemon.address, "/topics/all.atom").body;
    assert_eq!(daemon.end("TERM").0, Some(0));
    let stories = published(&gazetted);

    // What a backup that was cut short left, and what is none of ours.
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("2025-04-02T110500Z.1.backup.partial"), "cut").unwrap();
    fs::write(directory.join("notes"), "mine").unwrap();
    let mut daemon = start();
    daemon.logged("\"backups_tidied\"");
    let mut made = vec![written(&mut daemon)];
    // A clock that jumps ahead, back by a year, and ahead again stops none of them.
    for ahead in [DAY, -365 * DAY, 0] {
        clock.set(ahead);
        made.push(written(&mut daemon));
    }
    let kept: Vec<_> = backups(&directory).into_iter().filter(|name| name != "notes").collect();
    assert_eq!(kept.len(), 3, "{kept:?}");
    for (file, there) in made.iter().zip([false, true, true, true]) {
        assert_eq!(Path::new(file).exists(), there, "{file}");
    }
    let last = made.pop().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&directory), mode(Path::new(&last))), (0o700, 0o600));
    let metrics = String::from_utf8(get(daemon.address, "/metrics").body).unwrap();
    let bytes = fs::metadata(&last).unwrap().len();
    assert!(metrics.contains(&format!("gazetted_backup_bytes {bytes}\n")), "{metrics}");
    assert!(!metrics.contains("gazetted_backup_timestamp_seconds 0\n"));
    assert!(gazetted.succeed(&["status"]).contains(&last));
    assert_eq!(daemon.end("TERM").0, Some(0));
    let checked = gazetted.succeed(&["check", "--store"]);
    assert!(checked.contains(&last) && checked.contains("ago"), "{checked}");

    // Nothing is left of the store, and the newest backup is rotten.
    let engine = File::options().write(true).open(gazetted.path().join("store/sled/db")).unwrap();
    let length = engine.metadata().unwrap().len();
    engine.write_all_at(&vec![0xa5; usize::try_from(length).unwrap()], 0).unwrap();
    fs::write(&last, "rotten").unwrap();
    let refused = gazetted.run(&["run"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(74), "{said}");
    let restore = format!("gazetted restore {}", made.last().unwrap());
    assert!(said.contains(&restore), "{said}");
    gazetted.succeed(&["restore", made.last().unwrap()]);
    assert_eq!(published(&gazetted), stories);
    let daemon = start();
    let restored = get(daemon.address, "/topics/all.atom").body;
    assert_eq!(String::from_utf8_lossy(&restored), String::from_utf8_lossy(&feed));
    assert_eq!(daemon.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_backup_is_tried_on_a_full_disk_and_the_last_one_stays() {
    let site = Site::start().await;
    let config = with_a_story(&site).replace("\"store\"", "\"disk/store\"");
    let gazetted = Gazetted::with(&config);
    let clock = ClockFile::new(&gazetted);
    let ruled = |command: &mut Command| ClockFile::rules(&gazetted, command);
    let Some((launched, disk)) = on_a_small_disk(&gazetted, ruled) else { return };
    let mut daemon = launched.listening();
    daemon.logged("\"news\"");
    let first = written(&mut daemon);
    let first = Path::new(&first).file_name().unwrap().to_str().unwrap().to_owned();
    let mut filler = File::create(disk.join("filler")).unwrap();
    while filler.write_all(&[1; 4096]).is_ok() {}
    clock.set(DAY);
    let said = daemon.logged("\"backup_skipped\"");
    assert!(said.contains("make room"), "{said}");
    assert_eq!(backups(&disk.join("store-backups")), [first]);
    assert_eq!(get(daemon.address, "/topics/all.atom").status, 200);
    assert_eq!(daemon.end("TERM").0, Some(0));
}
