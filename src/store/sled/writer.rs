//! The one thread that writes: commits in the order they come, as durable batches.
//!
//! Commits that wait together go in as one batch: a flush costs the same, in time and in wear
//! of the disk, however much it carries.

use std::fs::{self, File};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::super::{Commit, Committed, StoreError, disk_space};
use super::chunks::{Fault, Stage};
use super::open::catch_sled_panics;
use super::records::Header;
use super::store_dir::{Epoch, StoreDir, unwritable};
use super::{apply, index, key_codec};

/// This many commits may wait; the next caller blocks.
const QUEUE_LENGTH: usize = 256;

/// The weight at which a batch takes no further commit. A story weighs as much as eight places.
const MAX_BATCH_WEIGHT: usize = 2000;

/// The number of batches after which the epoch is written and sled's blobs are looked for.
const EPOCH_INTERVAL: u64 = 64;

/// A commit and where its answer goes.
type QueuedCommit = (Arc<Commit>, oneshot::Sender<Result<(), StoreError>>);

/// The error that ended writing. Empty while the store takes commits.
pub(super) type WriteStop = Arc<OnceLock<StoreError>>;

/// Sends commits to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: SyncSender<QueuedCommit>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// `file` is sled's data file, opened once more.
    pub(super) fn start(
        store_dir: &Arc<StoreDir>,
        tree: sled::Db,
        file: File,
        header: Header,
        index: &index::Shared,
        write_stop: &WriteStop,
    ) -> Result<Self, StoreError> {
        let path = store_dir.path().to_owned();
        let (queue, waiting) = sync_channel(QUEUE_LENGTH);
        let mut thread = WriterThread {
            store_dir: Arc::clone(store_dir),
            tree,
            file,
            header,
            index: Arc::clone(index),
            write_stop: Arc::clone(write_stop),
            has_blobs: false,
        };
        thread.look_for_blobs();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread.run(&waiting))
            .map_err(|error| unwritable(&path, &error))?;
        Ok(Self { queue, thread })
    }

    /// Hands a commit over; the future is its answer.
    pub(super) fn commit(&self, commit: Arc<Commit>) -> Committed {
        let (answer, answered) = oneshot::channel();
        // The thread ends only when the `Writer` is dropped.
        let handed = self.queue.send((commit, answer)).is_ok();
        Box::pin(async move {
            match answered.await {
                Ok(answer) if handed => answer,
                _ => Err(StoreError::Closed("whose writer has ended".to_owned())),
            }
        })
    }

    /// Waits until all that was handed over is answered.
    pub(super) fn close(self) {
        drop(self.queue);
        // The thread catches its own panics and has logged them.
        let _ = self.thread.join();
    }
}

/// The state of the writing thread.
struct WriterThread {
    store_dir: Arc<StoreDir>,
    tree: sled::Db,
    /// sled's data file, for the sync that sled leaves out.
    file: File,
    header: Header,
    index: index::Shared,
    write_stop: WriteStop,
    has_blobs: bool,
}

impl WriterThread {
    fn run(mut self, waiting: &Receiver<QueuedCommit>) {
        while let Ok(first) = waiting.recv() {
            self.write_batch(gather(first, waiting));
        }
        if self.write_stop.get().is_none()
            && let Err(error) = self.write_epoch()
        {
            tracing::error!(%error, "the store's epoch could not be written at the end");
        }
    }

    /// Writes commits as one batch, and answers all of them alike.
    fn write_batch(&mut self, queue: Vec<QueuedCommit>) {
        let (commits, answers): (Vec<_>, Vec<_>) = queue.into_iter().unzip();
        let path = self.store_dir.path().to_owned();
        let written =
            self.check_writable().and_then(|()| catch_sled_panics(&path, || self.write(&commits)));
        if let Err(error) = &written
            && !matches!(error, StoreError::Full { .. })
            && self.write_stop.set(error.clone()).is_ok()
        {
            tracing::error!(%error, "the store takes no more commits");
        }
        // A commit that failed goes back to its owner without a copy.
        drop(commits);
        for answer in answers {
            // The receiver may have stopped waiting.
            let _ = answer.send(written.clone());
        }
    }

    /// Fails if writing has stopped, or if the disk is nearly full.
    fn check_writable(&self) -> Result<(), StoreError> {
        if let Some(error) = self.write_stop.get() {
            return Err(error.clone());
        }
        let path = self.store_dir.path();
        let (free, _) = disk_space::of_disk(path).map_err(|error| unwritable(path, &error))?;
        if free >= disk_space::TO_COMMIT {
            return Ok(());
        }
        let path = path.display().to_string();
        Err(StoreError::Full { path, free, needed: disk_space::TO_COMMIT })
    }

    fn write(&mut self, commits: &[Arc<Commit>]) -> Result<(), Fault> {
        if commits.iter().all(|commit| commit.is_empty()) {
            return Ok(());
        }
        let mut stage = Stage::new(&self.tree, &self.index);
        let mut header = self.header.clone();
        for commit in commits {
            apply::apply(commit, &mut stage, &mut header)?;
        }
        header.commits += 1;
        apply::put_packed(&mut stage, key_codec::header(), &header)?;
        let batch = stage.into_batch()?;
        self.tree.apply_batch(batch)?;
        self.make_durable()?;
        let commits = header.commits;
        self.header = header;
        if commits.is_multiple_of(EPOCH_INTERVAL) {
            self.look_for_blobs();
            // The batch is durable already: an older epoch only claims less.
            if let Err(error) = self.write_epoch() {
                tracing::warn!(%error, "the store's epoch could not be written; later again");
            }
        }
        Ok(())
    }

    /// Makes applied batches survive a power cut. sled's flush alone only starts the writing. A
    /// failed sync is never repeated, because the kernel may have dropped the pages that it could
    /// not write.
    fn make_durable(&self) -> Result<(), Fault> {
        self.tree.flush()?;
        let synced = if self.has_blobs {
            rustix::fs::syncfs(&self.file).map_err(Into::into)
        } else {
            self.file.sync_data()
        };
        synced.map_err(sled::Error::Io)?;
        Ok(())
    }

    fn write_epoch(&self) -> std::io::Result<()> {
        let Header { format, commits, .. } = self.header;
        self.store_dir.write_epoch(Epoch { format, commits })
    }

    /// Looks for values that sled put into files of their own. Ours are too short for that, but only
    /// a sync of the whole disk would make such a file durable.
    fn look_for_blobs(&mut self) {
        let blobs = self.store_dir.engine().join("blobs");
        let found = fs::read_dir(&blobs).is_ok_and(|mut blobs| blobs.next().is_some());
        if found && !self.has_blobs {
            tracing::error!(path = %blobs.display(), "there are blob files, which should never be: commits will be slow");
        }
        self.has_blobs = found;
    }
}

/// A commit and those that wait behind it, as many as one batch should carry.
fn gather(first: QueuedCommit, waiting: &Receiver<QueuedCommit>) -> Vec<QueuedCommit> {
    let weight = |(commit, _): &QueuedCommit| {
        1 + commit.admitted.len() + commit.restored.len() + commit.places.len() / 8
    };
    let mut carried = weight(&first);
    let mut queue = vec![first];
    while carried < MAX_BATCH_WEIGHT
        && let Ok(next) = waiting.try_recv()
    {
        carried += weight(&next);
        queue.push(next);
    }
    queue
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::super::Record;
    use super::super::super::samples::{admitted, at, done, source, source_state, story};
    use super::super::open::{new_header, open_engine};
    use super::super::read;
    use super::*;

    #[test]
    fn after_a_failed_sync_nothing_is_answered_well_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let store_dir = Arc::new(StoreDir::claim(dir.path()).unwrap());
        fs::create_dir(store_dir.engine()).unwrap();
        let db = open_engine(&store_dir.engine(), dir.path(), 1 << 20).unwrap();
        // A file that cannot be synced.
        let file = File::options().write(true).open("/dev/null").unwrap();
        let write_stop = WriteStop::default();
        let index = index::Shared::default();
        let header = new_header(dir.path()).unwrap();
        let writer =
            Writer::start(&store_dir, db.clone(), file, header, &index, &write_stop).unwrap();
        for number in 0..3 {
            let admitted = vec![admitted(story(number, at(0), 9), &[])];
            let source_states = vec![(source(number), Arc::new(source_state(1)))];
            let answer = done(writer.commit(Arc::new(Commit {
                admitted,
                source_states,
                ..Commit::default()
            })));
            assert!(matches!(answer, Err(StoreError::Unwritable { .. })), "{answer:?}");
            assert_eq!(answer.err().as_ref(), write_stop.get());
        }
        writer.close();
        // A reader of what is applied and not durable yet reads all of it.
        let read: Vec<Record> = read::records(&db, 0).collect::<Result<_, _>>().unwrap();
        let stories = read.iter().filter(|record| matches!(record, Record::Story { .. })).count();
        assert_eq!((read.len(), stories), (2, 1));
        assert!(!dir.path().join("epoch").exists(), "nothing is claimed that may not be there");
    }
}
