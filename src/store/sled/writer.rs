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
const WAITING: usize = 256;

/// A batch takes no further commit beyond this many stories, or as many places as weigh the same.
const ENOUGH: usize = 2000;

/// The epoch is written, and sled's blobs looked for, after this many batches.
const NOW_AND_THEN: u64 = 64;

/// A commit and where its answer goes.
type Order = (Arc<Commit>, oneshot::Sender<Result<(), StoreError>>);

/// Why the store takes no more commits, once that is so.
pub(super) type WriteStop = Arc<OnceLock<StoreError>>;

/// The door to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    orders: SyncSender<Order>,
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
        let (orders, waiting) = sync_channel(WAITING);
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
            .spawn(move || thread.work(&waiting))
            .map_err(|error| unwritable(&path, &error))?;
        Ok(Self { orders, thread })
    }

    /// Hands a commit over; the future is its answer.
    pub(super) fn commit(&self, commit: Arc<Commit>) -> Committed {
        let (answer, answered) = oneshot::channel();
        // The thread ends only when the door closes, and then nobody is here.
        let handed = self.orders.send((commit, answer)).is_ok();
        Box::pin(async move {
            match answered.await {
                Ok(answer) if handed => answer,
                _ => Err(StoreError::Closed("whose writer has ended".to_owned())),
            }
        })
    }

    /// Waits until all that was handed over is answered.
    pub(super) fn close(self) {
        drop(self.orders);
        // It catches its own panics; there is nothing left to be told.
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
    fn work(mut self, waiting: &Receiver<Order>) {
        while let Ok(first) = waiting.recv() {
            self.serve(gather(first, waiting));
        }
        if self.write_stop.get().is_none()
            && let Err(error) = self.write_epoch()
        {
            tracing::error!(%error, "the store's epoch could not be written at the end");
        }
    }

    /// Writes what was gathered as one batch and answers all of it alike.
    fn serve(&mut self, orders: Vec<Order>) {
        let (commits, answers): (Vec<_>, Vec<_>) = orders.into_iter().unzip();
        let path = self.store_dir.path().to_owned();
        let written =
            self.refuse().and_then(|()| catch_sled_panics(&path, || self.write(&commits)));
        if let Err(error) = &written
            && !matches!(error, StoreError::Full { .. })
            && self.write_stop.set(error.clone()).is_ok()
        {
            tracing::error!(%error, "the store takes no more commits");
        }
        // A commit that failed goes back to its owner without a copy.
        drop(commits);
        for answer in answers {
            // Whoever does not wait for the answer does not want it.
            let _ = answer.send(written.clone());
        }
    }

    /// Why nothing may be written now.
    fn refuse(&self) -> Result<(), StoreError> {
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
        if commits.is_multiple_of(NOW_AND_THEN) {
            self.look_for_blobs();
            // The batch is durable already: an older epoch only claims less.
            if let Err(error) = self.write_epoch() {
                tracing::warn!(%error, "the store's epoch could not be written; later again");
            }
        }
        Ok(())
    }

    /// After this what was applied survives a power cut. sled's flush alone only
    /// starts the writing, and a failed sync is never tried again: the
    /// kernel may have dropped the pages it could not write.
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

    /// Our values are too short for sled to put one in a file of its own. Were
    /// there such a file all the same, only syncing the whole disk would keep it.
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
fn gather(first: Order, waiting: &Receiver<Order>) -> Vec<Order> {
    let weight = |(commit, _): &Order| {
        1 + commit.admitted.len() + commit.restored.len() + commit.places.len() / 8
    };
    let mut carried = weight(&first);
    let mut orders = vec![first];
    while carried < ENOUGH
        && let Ok(next) = waiting.try_recv()
    {
        carried += weight(&next);
        orders.push(next);
    }
    orders
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
        // Whoever reads what is applied and not durable yet reads all of it.
        let read: Vec<Record> = read::records(&db, 0).collect::<Result<_, _>>().unwrap();
        let stories = read.iter().filter(|record| matches!(record, Record::Story { .. })).count();
        assert_eq!((read.len(), stories), (2, 1));
        assert!(!dir.path().join("epoch").exists(), "nothing is claimed that may not be there");
    }
}
