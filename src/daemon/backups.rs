//! Writes a backup of the store whenever one is due, while everything else goes on.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Handle, at_low_priority};
use crate::clock::Clock;
use crate::store::{BackupOutcome, Backups, Store, StoreError, StoredBackup, is_due};

/// The interval of checks whether a backup is due. It is short because of reloads and jumps of the
/// clock.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// After a failure, the next try is at least this much later.
const RETRY_DELAY: Duration = Duration::from_secs(3600);

/// Keeps backups of the store in a directory as the plan in force says, until it is dropped.
/// Dropping it gives up a backup that is under way.
pub async fn keep_backups(store: PathBuf, handle: Handle, clock: Clock) {
    let backups = Backups::beside(&store);
    match backups.tidy() {
        Ok(0) => {}
        Ok(files) => {
            info!(event = "backups_tidied", files, "removed what backups that were cut short left")
        }
        Err(error) => warn!(event = "backup_failed", "{}: {error}", backups.directory().display()),
    }
    if let Some(newest) = backups.newest() {
        handle.metrics.backed_up(newest.made, newest.bytes);
    }
    let mut not_before = Instant::now();
    loop {
        let interval = handle.records.plan().store.backups;
        if let Some(interval) = interval.filter(|_| Instant::now() >= not_before) {
            let newest = backups.newest().map(|newest| newest.made);
            if is_due(newest, clock.now(), interval) && !write(&backups, &handle, &clock).await {
                not_before = Instant::now() + RETRY_DELAY.min(interval);
            }
        }
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}

/// Writes a backup, unless the store is empty. Returns whether nothing failed.
async fn write(backups: &Backups, handle: &Handle, clock: &Clock) -> bool {
    let cancellation = CancellationToken::new();
    let cancelled = cancellation.clone();
    let _cancel_on_drop = cancellation.drop_guard();
    let (files, now) = (backups.clone(), clock.now());
    let min_free = handle.records.plan().store.min_free;
    let writing = handle.back_up(move |store: &dyn Store| match store.count() {
        Ok(0) => Ok(None),
        Ok(_) => at_low_priority(|| {
            let may_continue = || !cancelled.is_cancelled();
            files.write(store, now, min_free, &may_continue).map(Some)
        }),
        Err(error) => Err(error),
    });
    match writing.await {
        Ok(written) => report(backups, handle, written),
        Err(why) => {
            warn!(event = "backup_failed", "no backup was written: {why}");
            false
        }
    }
}

fn report(
    backups: &Backups,
    handle: &Handle,
    written: Result<Option<BackupOutcome>, StoreError>,
) -> bool {
    match written {
        Ok(None) => true,
        Ok(Some(BackupOutcome::Written(StoredBackup { file, made, bytes, .. }, contents))) => {
            let (file, stories) = (file.display(), contents.stories);
            info!(event = "backup_written", %file, stories, bytes, "backup {file}: {stories} stories, {bytes} bytes, verified");
            handle.metrics.backed_up(made, bytes);
            true
        }
        Ok(Some(BackupOutcome::TooLittleRoom { free, needed })) => {
            let directory = backups.directory().display();
            warn!(
                event = "backup_skipped",
                free,
                needed,
                "no backup written: the disk of {directory} has {free} bytes free, and {needed} are needed for another and for what `min_free` keeps free; make room, or set `[store] backups = \"never\"`"
            );
            false
        }
        Err(error) => {
            warn!(
                event = "backup_failed",
                "no backup written: {error}; the next try is within an hour, and `[store] backups = \"never\"` makes none"
            );
            false
        }
    }
}
