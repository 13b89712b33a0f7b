//! Keeps the directory of the static site up to date with the published documents.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::config::PublishPlan;
use crate::inquiry::Records;
use crate::inquiry::static_site::{LastVisit, Part};
use crate::model::Timestamp;
use crate::publish::{Directory, Put, ResponseCache};

/// Changes that come together are written together.
const GATHERING: Duration = Duration::from_millis(250);

/// How long archives and the pages of stories may be behind: they are many.
const ARCHIVES: Duration = Duration::from_secs(600);

/// Writes the site to a directory.
pub(super) struct StaticSite {
    pub(super) records: Arc<Records>,
    pub(super) cache: Arc<ResponseCache>,
    pub(super) clock: Clock,
    directory: PathBuf,
    plan: PublishPlan,
    last: LastVisit,
    /// When everything was written last.
    whole: Option<Timestamp>,
}

impl StaticSite {
    /// None where no directory is configured.
    pub(super) fn of(
        plan: &PublishPlan,
        records: Arc<Records>,
        cache: Arc<ResponseCache>,
        clock: Clock,
    ) -> Option<Self> {
        let directory = plan.directory.clone()?;
        let (plan, last) = (plan.clone(), LastVisit::default());
        Some(Self { records, cache, clock, directory, plan, last, whole: None })
    }

    /// Writes whenever something changed, and once more when it is last to stop.
    /// Beside the loop: nothing waits for it.
    pub(super) async fn keep_current(mut self, stop: CancellationToken) {
        let mut changes = self.cache.watch();
        let mut failing = false;
        loop {
            let stopping = stop.is_cancelled();
            changes.mark_unchanged();
            let written = tokio::task::spawn_blocking(move || {
                let written = self.write(stopping);
                (self, written)
            });
            let Ok((site, written)) = written.await else { return };
            self = site;
            failing = last(&self.directory, &written, failing);
            if stopping {
                return;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                _ = changes.changed() => tokio::time::sleep(GATHERING).await,
                // What failed is tried again; what is behind is caught up with.
                () = tokio::time::sleep(ARCHIVES) => {}
            }
        }
    }

    /// The response cache at once; everything else now and then, and when another plan
    /// is in force: what has become private goes at once.
    fn write(&mut self, everything: bool) -> io::Result<Put> {
        let now = self.clock.now();
        let mut directory = Directory::open(&self.directory)?;
        let is_old = self.whole.is_none_or(|whole| whole.until(now) >= ARCHIVES);
        let private = &self.plan.private;
        let mut done = Ok(());
        if everything || is_old || self.last.is_of_another(&self.records.plan()) {
            let mut lost = false;
            let last = self.records.site(&self.cache, private, &mut self.last, now, &mut |part| {
                done = match part {
                    Part::Document(document) => directory.put(&document),
                    Part::Same(path, content_type) => {
                        lost |= !directory.keep(path, content_type);
                        Ok(())
                    }
                };
                done.is_ok()
            });
            if done.is_err() || last.is_err() || lost {
                self.last = LastVisit::default();
            }
            done?;
            last.map_err(io::Error::other)?;
            self.whole = (!lost).then_some(now);
        } else {
            directory.keep_others();
            self.records.cached(&self.cache, private, |document| {
                done = directory.put(&document);
                done.is_ok()
            });
            done?;
        }
        directory.finish()
    }
}

/// Says once that it fails, and once that it does no more. Returns whether it does.
fn last(directory: &Path, written: &io::Result<Put>, failing: bool) -> bool {
    let directory = directory.display();
    match written {
        Err(error) if !failing => warn!(
            event = "directory_failing", %directory,
            "the site cannot be written to {directory}: {error}; it is tried again when something changes"
        ),
        Ok(Put { files, .. }) if failing => info!(
            event = "directory_recovered", %directory, files,
            "the site is written to {directory} again: {files} files"
        ),
        _ => {}
    }
    written.is_err()
}
