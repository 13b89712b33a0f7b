//! Commits in, in the order they come; durable batches and their answers out.
//!
//! The one thread that writes. Commits that wait together go in as one batch:
//! a flush costs the same, in time and in wear of the disk, however much it carries.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::mem::take;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, OnceLock, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::chunks::{Fault, Stage};
use super::home::{Epoch, Home, unwritable};
use super::layout::Kind;
use super::open::fenced;
use super::records::Header;
use super::sequences::ORDER;
use super::{Commit, Committed, StoreError, apply, index, layout, read, room, sequences};

/// This many commits may wait; the next caller blocks.
const WAITING: usize = 256;

/// A batch takes no further commit beyond this many stories, or as many places as weigh the same.
const ENOUGH: usize = 2000;

/// The epoch is written, and sled's blobs looked for, after this many batches.
const NOW_AND_THEN: u64 = 64;

/// Records that nobody wants any more which are removed between two batches.
const SWEEP: usize = 512;

/// A commit and where its answer goes.
type Order = (Commit, oneshot::Sender<Result<(), StoreError>>);

/// Why the store takes no more commits, once that is so.
pub(super) type Broken = Arc<OnceLock<StoreError>>;

/// The door to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    orders: SyncSender<Order>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// `file` is sled's data file, opened once more.
    pub(super) fn start(
        home: &Arc<Home>,
        tree: sled::Db,
        file: File,
        header: Header,
        (index, sequences): (&index::Shared, &sequences::Shared),
        broken: &Broken,
    ) -> Result<Self, StoreError> {
        let path = home.path().to_owned();
        let (orders, waiting) = sync_channel(WAITING);
        let mut desk = Desk {
            home: Arc::clone(home),
            tree,
            file,
            header,
            index: Arc::clone(index),
            sequences: Arc::clone(sequences),
            kept: None,
            broken: Arc::clone(broken),
            has_blobs: false,
            garbage: None,
            old_passages: true,
        };
        desk.look_for_blobs();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || desk.work(&waiting))
            .map_err(|error| unwritable(&path, &error))?;
        Ok(Self { orders, thread })
    }

    /// Hands a commit over; the future is its answer.
    pub(super) fn commit(&self, commit: Commit) -> Committed {
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

/// What the writing thread works with.
struct Desk {
    home: Arc<Home>,
    tree: sled::Db,
    /// sled's data file, for the sync that sled leaves out.
    file: File,
    header: Header,
    index: index::Shared,
    sequences: sequences::Shared,
    /// Generations of places that belong to a topic; `None`: to be looked for.
    kept: Option<BTreeSet<u32>>,
    broken: Broken,
    has_blobs: bool,
    /// Generations of places that belong to none; `None`: to be looked for.
    garbage: Option<Vec<u32>>,
    /// Whether there may be passages of spans of time that are forgotten.
    old_passages: bool,
}

impl Desk {
    fn work(mut self, waiting: &Receiver<Order>) {
        loop {
            let first = match waiting.try_recv() {
                Ok(order) => order,
                Err(TryRecvError::Empty) if self.sweep() => continue,
                Err(_) => match waiting.recv() {
                    Ok(order) => order,
                    Err(_) => break,
                },
            };
            self.serve(gather(first, waiting));
        }
        if self.broken.get().is_none()
            && let Err(error) = self.write_epoch()
        {
            tracing::error!(%error, "the store's epoch could not be written at the end");
        }
    }

    /// Writes what was gathered as one batch and answers all of it alike.
    fn serve(&mut self, orders: Vec<Order>) {
        let (commits, answers): (Vec<_>, Vec<_>) = orders.into_iter().unzip();
        let path = self.home.path().to_owned();
        let written = self.refuse().and_then(|()| fenced(&path, || self.write(&commits)));
        if let Err(error) = &written
            && !matches!(error, StoreError::Full { .. })
            && self.broken.set(error.clone()).is_ok()
        {
            tracing::error!(%error, "the store takes no more commits");
        }
        for answer in answers {
            // Whoever does not wait for the answer does not want it.
            let _ = answer.send(written.clone());
        }
    }

    /// Why nothing may be written now.
    fn refuse(&self) -> Result<(), StoreError> {
        if let Some(error) = self.broken.get() {
            return Err(error.clone());
        }
        let path = self.home.path();
        let (free, _) = room::of_disk(path).map_err(|error| unwritable(path, &error))?;
        if free >= room::TO_COMMIT {
            return Ok(());
        }
        let path = path.display().to_string();
        Err(StoreError::Full { path, free, needed: room::TO_COMMIT })
    }

    fn write(&mut self, commits: &[Commit]) -> Result<(), Fault> {
        if commits.iter().all(Commit::is_empty) {
            return Ok(());
        }
        let mut stage = Stage::new(&self.tree);
        let mut header = self.header.clone();
        for commit in commits {
            apply::apply(commit, &mut stage, &mut header)?;
            if !commit.dropped.is_empty() {
                self.garbage = None;
            }
            self.old_passages |= commit.passages_from.is_some();
        }
        header.commits += 1;
        let mut kept = self.kept.take();
        let stays_so = header.generation == self.header.generation
            && commits.iter().all(|commit| commit.dropped.is_empty());
        let is_kept = |one| {
            let kept = match &mut kept {
                Some(kept) => kept,
                none => none.insert(kept_generations(&self.tree)?),
            };
            Ok(one == ORDER || kept.contains(&one))
        };
        let (changes, borne) = (take(&mut stage.rows), take(&mut stage.borne));
        let sequences = self.sequences.read().unwrap_or_else(PoisonError::into_inner);
        let settled = sequences.stage(&mut stage, changes, false, is_kept)?;
        header.journals = sequences.journals_after(&settled);
        drop(sequences);
        apply::put_packed(&mut stage, layout::header(), &header)?;
        let batch = stage.into_batch()?;
        // Whoever sees something of a batch sees its rows: a backup that had read that
        // a document was read, and then the order without its stories, would lose them.
        let mut sequences = self.sequences.write().unwrap_or_else(PoisonError::into_inner);
        self.tree.apply_batch(batch)?;
        sequences.take(settled);
        drop(sequences);
        self.make_durable()?;
        let commits = header.commits;
        (self.header, self.kept) = (header, kept.filter(|_| stays_so));
        self.index.write().unwrap_or_else(PoisonError::into_inner).apply(borne);
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
        self.home.write_epoch(Epoch { format, commits })
    }

    /// Our values are too short for sled to put one in a file of its own. Were
    /// there such a file all the same, only syncing the whole disk would keep it.
    fn look_for_blobs(&mut self) {
        let blobs = self.home.engine().join("blobs");
        let found = fs::read_dir(&blobs).is_ok_and(|mut blobs| blobs.next().is_some());
        if found && !self.has_blobs {
            tracing::error!(path = %blobs.display(), "there are blob files, which should never be: commits will be slow");
        }
        self.has_blobs = found;
    }

    /// Removes some blocks of topics that were dropped, and sheets of passages that are forgotten;
    /// whether there may be more. Not durable and not counted: nobody can see these any longer.
    fn sweep(&mut self) -> bool {
        if self.broken.get().is_some() {
            return false;
        }
        let path = self.home.path().to_owned();
        fenced(&path, || self.try_sweep()).unwrap_or_else(|error| {
            tracing::warn!(%error, "what is not wanted any more could not be removed from the store");
            (self.garbage, self.old_passages) = (Some(Vec::new()), false);
            false
        })
    }

    fn try_sweep(&mut self) -> Result<bool, Fault> {
        if self.old_passages {
            let old = Kind::Passages.prefix().to_vec();
            let old = old..layout::passages_of_span(self.header.first_span).to_vec();
            self.old_passages = self.remove_some(self.tree.range(old))? == SWEEP;
            return Ok(true);
        }
        let garbage = match &mut self.garbage {
            Some(garbage) => garbage,
            none => none.insert(unused_generations(&self.tree)?),
        };
        let Some(generation) = garbage.last() else { return Ok(false) };
        let blocks = self.tree.scan_prefix(layout::blocks(*generation));
        if self.remove_some(blocks)? < SWEEP
            && let Some(garbage) = &mut self.garbage
        {
            garbage.pop();
        }
        Ok(true)
    }

    /// Removes up to [`SWEEP`] of these records; how many they were.
    fn remove_some(&self, these: sled::Iter) -> Result<usize, Fault> {
        let mut stage = Stage::new(&self.tree);
        let mut removed = 0;
        for key in these.keys().take(SWEEP) {
            stage.remove(key?)?;
            removed += 1;
        }
        self.tree.apply_batch(stage.into_batch()?)?;
        Ok(removed)
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

/// Generations of places that topics have.
fn kept_generations(tree: &sled::Tree) -> Result<BTreeSet<u32>, Fault> {
    Ok(read::topics(tree)?.into_iter().map(|(_, places)| places.generation).collect())
}

/// Generations of places that no topic has, found by leaping from one to the next.
fn unused_generations(tree: &sled::Tree) -> Result<Vec<u32>, Fault> {
    let used = kept_generations(tree)?;
    let mut unused = Vec::new();
    let mut from = Kind::Block.prefix().to_vec();
    let end = layout::blocks(ORDER).to_vec();
    while let Some(key) = tree.range(from..end.clone()).keys().next() {
        let key = key?;
        let (generation, _) =
            layout::block_of(&key).ok_or_else(|| Fault::malformed(&key, "it is no block"))?;
        if !used.contains(&generation) {
            unused.push(generation);
        }
        from = layout::end_of(&layout::blocks(generation));
    }
    Ok(unused)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Record;
    use super::super::open::open_engine;
    use super::super::samples::{admitted, at, done, memory, source, story};
    use super::*;

    #[test]
    fn after_a_failed_sync_nothing_is_answered_well_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let home = Arc::new(Home::claim(dir.path()).unwrap());
        fs::create_dir(home.engine()).unwrap();
        let db = open_engine(&home.engine(), dir.path(), 1 << 20).unwrap();
        // A file that cannot be synced.
        let file = File::options().write(true).open("/dev/null").unwrap();
        let broken = Broken::default();
        let (index, sequences) = (index::Shared::default(), sequences::Shared::default());
        let found_by = (&index, &sequences);
        let writer =
            Writer::start(&home, db.clone(), file, Header::new(), found_by, &broken).unwrap();
        for number in 0..3 {
            let admitted = vec![admitted(story(number, at(0), 9), &[])];
            let memories = vec![(source(number), memory(1))];
            let answer = done(writer.commit(Commit { admitted, memories, ..Commit::default() }));
            assert!(matches!(answer, Err(StoreError::Unwritable { .. })), "{answer:?}");
            assert_eq!(answer.err().as_ref(), broken.get());
        }
        writer.close();
        // Whoever reads what is applied and not durable yet reads all of it.
        let read: Vec<Record> = read::records(&db, &sequences).collect::<Result<_, _>>().unwrap();
        let stories = read.iter().filter(|record| matches!(record, Record::Story { .. })).count();
        assert_eq!((read.len(), stories), (2, 1));
        assert!(!dir.path().join("epoch").exists(), "nothing is claimed that may not be there");
    }
}
