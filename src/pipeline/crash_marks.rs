//! Marks the sources that are being read, to find the one that a process died of.
//!
//! A mark is set when bytes have come, before they are parsed, and stays until the result is
//! committed. Sources that are marked at a start were being read when the last process died: each
//! is read alone once, while all others wait. If the process dies during such a read, that source
//! is to blame. It is recorded as failed
//! ([`FailureKind::Crash`](crate::model::FailureKind::Crash)) and read alone from then on, at
//! growing intervals, until a read succeeds.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tracing::warn;

use crate::config::Plan;
use crate::model::{Source, SourceId};
use crate::store::{CrashMarkFile, Mark, Stage};

/// The most names in one log line.
const MAX_LOGGED_NAMES: usize = 10;

/// The marks of one process. Every task that reads has a clone.
#[derive(Clone)]
pub(super) struct CrashMarks(Arc<Registry>);

struct Registry {
    /// `None` where there is no store on a disk, or the file cannot be used.
    file: Option<CrashMarkFile>,
    /// Whether writing it failed, which is logged once.
    failed: AtomicBool,
    /// Whether marks stay in the file: the loop panicked, so the process ends.
    keep_marks_on_drop: AtomicBool,
    state: Mutex<State>,
    /// Held by several reads together, or by one alone.
    gate: Arc<RwLock<()>>,
    /// Held by the one read that waits to be alone, so that others pass between two such reads.
    line: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    /// The taken slots of the file.
    taken: Vec<bool>,
    /// Sources to be read alone once, with their slots.
    suspects: HashMap<SourceId, usize>,
    /// Marks of polls that ended and are not committed.
    ended: HashMap<SourceId, MarkedRead>,
    /// Slots of sources whose crash is being recorded.
    setting_aside: HashMap<SourceId, usize>,
}

/// One read of a source. The source is marked while this exists.
pub(super) struct MarkedRead {
    registry: Arc<Registry>,
    mark: Mark,
    is_suspect: bool,
    is_committed: bool,
    _lock: ReadLock,
}

/// The lock that a read holds: shared with other reads, or exclusive.
#[expect(dead_code, reason = "the lock is only held")]
enum ReadLock {
    Concurrent(OwnedRwLockReadGuard<()>),
    Alone(OwnedRwLockWriteGuard<()>, OwnedMutexGuard<()>),
}

impl CrashMarks {
    /// Reads the marks that the last process left in the plan's store. Returns the sources that it
    /// died of while it read them alone.
    pub(super) fn open(plan: &Plan) -> (Self, Vec<SourceId>) {
        let opened = open_file(&plan.store.path);
        if let Err(error) = &opened {
            log_unusable(error);
        }
        let (file, marks) = match opened {
            Ok(Some((file, marks))) => (Some(file), marks),
            Ok(None) | Err(_) => (None, Vec::new()),
        };
        let marks_of_process = Self(Arc::new(Registry {
            file,
            failed: AtomicBool::new(false),
            keep_marks_on_drop: AtomicBool::new(false),
            state: Mutex::default(),
            gate: Arc::default(),
            line: Arc::default(),
        }));
        let crashed = marks_of_process.0.restore_marks(marks, plan);
        (marks_of_process, crashed)
    }

    /// Waits until the source may be read, and marks it. `alone`: the process died of it before.
    pub(super) async fn begin(&self, source: &Source, alone: bool) -> MarkedRead {
        let registry = &self.0;
        let is_suspect = registry.state().suspects.contains_key(&source.id);
        let lock = if alone || is_suspect {
            let line = registry.line.clone().lock_owned().await;
            ReadLock::Alone(registry.gate.clone().write_owned().await, line)
        } else {
            ReadLock::Concurrent(registry.gate.clone().read_owned().await)
        };
        let stage = match &lock {
            ReadLock::Concurrent(_) => Stage::Concurrent,
            ReadLock::Alone(..) => Stage::Alone,
        };
        let slot = registry.state().slot_of(&source.id);
        let mark =
            Mark { slot, source: source.id.clone(), location: source.location.hash(), stage };
        registry.write(&mark);
        MarkedRead {
            registry: registry.clone(),
            mark,
            is_suspect,
            is_committed: false,
            _lock: lock,
        }
    }

    /// Keeps the mark of a read that has ended until [`CrashMarks::committed`].
    pub(super) fn ended(&self, read: MarkedRead) {
        let former = self.0.state().ended.insert(read.mark.source.clone(), read);
        // Dropping a read takes the state's lock.
        drop(former);
    }

    /// The result of a source's poll is committed, or void.
    pub(super) fn committed(&self, source: &SourceId) {
        let mut state = self.0.state();
        let (ended, set_aside) = (state.ended.remove(source), state.setting_aside.remove(source));
        drop(state);
        if let Some(read) = ended {
            read.committed();
        }
        if let Some(slot) = set_aside {
            self.0.clear(slot);
        }
    }
}

impl MarkedRead {
    /// The result is committed, or void.
    pub(super) fn committed(mut self) {
        self.is_committed = true;
    }
}

impl Drop for MarkedRead {
    fn drop(&mut self) {
        if self.registry.keep_marks_on_drop.load(Ordering::Relaxed) {
            return;
        }
        if self.is_suspect && !self.is_committed {
            // The read was cut short by an orderly end: the source is still to be read alone.
            self.registry.write(&Mark { stage: Stage::Suspect, ..self.mark.clone() });
            return;
        }
        self.registry.state().suspects.remove(&self.mark.source);
        self.registry.clear(self.mark.slot);
    }
}

impl State {
    /// The slot of a suspect, else a free one.
    fn slot_of(&mut self, source: &SourceId) -> usize {
        if let Some(slot) = self.suspects.get(source) {
            return *slot;
        }
        let free = self.taken.iter().position(|taken| !taken).unwrap_or(self.taken.len());
        self.take(free);
        free
    }

    fn take(&mut self, slot: usize) {
        if self.taken.len() <= slot {
            self.taken.resize(slot + 1, false);
        }
        self.taken[slot] = true;
    }
}

impl Registry {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mark: &Mark) {
        self.unless_broken(self.file.as_ref().map_or(Ok(()), |file| file.write(mark)));
    }

    /// Frees a slot.
    fn clear(&self, slot: usize) {
        self.unless_broken(self.file.as_ref().map_or(Ok(()), |file| file.clear(slot)));
        if let Some(taken) = self.state().taken.get_mut(slot) {
            *taken = false;
        }
    }

    /// Logs a failed write once. Without marks everything else still works.
    fn unless_broken(&self, written: io::Result<()>) {
        if let Err(error) = written
            && !self.failed.swap(true, Ordering::Relaxed)
        {
            log_unusable(&error);
        }
    }

    fn restore_marks(&self, marks: Vec<Mark>, plan: &Plan) -> Vec<SourceId> {
        let mut crashed = Vec::new();
        let mut state = self.state();
        marks.iter().for_each(|mark| state.take(mark.slot));
        let mut unneeded = Vec::new();
        let is_planned = |mark: &Mark| {
            let source = plan.sources.get(&mark.source);
            source.is_some_and(|source| source.location.hash() == mark.location)
        };
        // A source has two marks where its hub pushed something while it was polled.
        let (alone, others): (Vec<Mark>, Vec<Mark>) =
            marks.into_iter().partition(|mark| mark.stage == Stage::Alone);
        let mut interrupted = Vec::new();
        for mark in alone.into_iter().chain(others) {
            let is_known = state.setting_aside.contains_key(&mark.source)
                || state.suspects.contains_key(&mark.source);
            if !is_planned(&mark) || is_known {
                unneeded.push(mark.slot);
            } else if mark.stage == Stage::Alone {
                state.setting_aside.insert(mark.source.clone(), mark.slot);
                crashed.push(mark.source);
            } else {
                state.suspects.insert(mark.source.clone(), mark.slot);
                if mark.stage == Stage::Concurrent {
                    self.write(&Mark { stage: Stage::Suspect, ..mark.clone() });
                    interrupted.push(mark.source.to_string());
                }
            }
        }
        drop(state);
        unneeded.into_iter().for_each(|slot| self.clear(slot));
        if !interrupted.is_empty() {
            let (sources, more) = (interrupted.len(), interrupted.len() > MAX_LOGGED_NAMES);
            interrupted.truncate(MAX_LOGGED_NAMES);
            let names = interrupted.join(", ") + if more { ", …" } else { "" };
            warn!(
                event = "ended_in_work",
                sources,
                "gazetted ended while it read {sources} sources, each of which is read alone once: {names}"
            );
        }
        crashed
    }
}

/// The file in the store's directory; `None` where there is no store on a disk.
fn open_file(store: &Path) -> io::Result<Option<(CrashMarkFile, Vec<Mark>)>> {
    match store.join("lock").exists() {
        true => CrashMarkFile::open(store).map(Some),
        false => Ok(None),
    }
}

fn log_unusable(error: &io::Error) {
    warn!(
        event = "marks_unwritable",
        "a source that kills gazetted will not be found, because the store's file `in-work` cannot be used: {error}"
    );
}

/// The loop's marks. If the loop panics they stay: the source that it was applying is among them.
/// Dropped before the polls under way, whose marks would go with them.
pub(super) struct LoopMarks(pub(super) CrashMarks);

impl Drop for LoopMarks {
    fn drop(&mut self) {
        let registry = &self.0.0;
        if std::thread::panicking() {
            registry.keep_marks_on_drop.store(true, Ordering::Relaxed);
        }
        let ended = std::mem::take(&mut registry.state().ended);
        drop(ended);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
