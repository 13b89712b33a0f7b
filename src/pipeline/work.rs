//! Marks the sources whose bytes are being read, so that the next start knows them if the
//! process dies of one.
//!
//! A mark is set when bytes have come, before they are parsed, and stays until what came of
//! them is committed. Sources that are marked when a process starts were in work when the
//! last one died: each of them is read alone once, while everybody else's bytes wait. If the
//! process dies in such a turn, there is no doubt which source did it: it is set aside as a
//! failure of its own kind ([`FailureKind::Crash`]), and
//! is read alone from then on, at growing intervals, until that goes well.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tracing::warn;

use super::Pipeline;
use crate::config::Plan;
use crate::model::{Failure, FailureKind, Outcome, Poll, Source, SourceId};
use crate::store::{InWork, Mark, Stage, StoreError};

/// Names in one line of the log.
const NAMED: usize = 10;

/// The marks of one process. Whatever reads has a clone; the loop keeps the first.
#[derive(Clone)]
pub(super) struct Work(Arc<Shared>);

struct Shared {
    /// None where there is no store on a disk, or its file cannot be used.
    file: Option<InWork>,
    /// Whether writing it has failed, which is said once.
    failed: AtomicBool,
    /// Whether marks stay in the file: the loop has died, and the process dies with it.
    keeps: AtomicBool,
    state: Mutex<State>,
    /// Passed by many, or by one alone.
    gate: Arc<RwLock<()>>,
    /// One waits to be alone at a time, so that others pass between two such turns.
    line: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    /// Which slots of the file are taken.
    taken: Vec<bool>,
    /// Sources that are to be read alone once, and their slots.
    suspects: HashMap<SourceId, usize>,
    /// Marks of polls that ended and are not committed.
    ended: HashMap<SourceId, Turn>,
    /// Slots of sources that are being set aside.
    setting_aside: HashMap<SourceId, usize>,
}

/// A source's turn: its mark stands while this does.
pub(super) struct Turn {
    shared: Arc<Shared>,
    mark: Mark,
    is_suspect: bool,
    is_committed: bool,
    _pass: Pass,
}

/// Only held, to be given back with the turn.
#[expect(dead_code, reason = "a pass is held and never looked at")]
enum Pass {
    Shared(OwnedRwLockReadGuard<()>),
    Alone(OwnedRwLockWriteGuard<()>, OwnedMutexGuard<()>),
}

impl Work {
    /// Takes up the marks that the last process left in the store of this plan. Returns the
    /// sources that it died of, in a turn of their own.
    pub(super) fn open(plan: &Plan) -> (Self, Vec<SourceId>) {
        let opened = open_file(&plan.store.path);
        if let Err(error) = &opened {
            tell_unusable(error);
        }
        let (file, marks) = match opened {
            Ok(Some((file, marks))) => (Some(file), marks),
            Ok(None) | Err(_) => (None, Vec::new()),
        };
        let work = Self(Arc::new(Shared {
            file,
            failed: AtomicBool::new(false),
            keeps: AtomicBool::new(false),
            state: Mutex::default(),
            gate: Arc::default(),
            line: Arc::default(),
        }));
        let crashed = work.0.take_up(marks, plan);
        (work, crashed)
    }

    /// Waits until this source's bytes may be read, and marks it. `alone` where the process
    /// died of it before.
    pub(super) async fn begin(&self, source: &Source, alone: bool) -> Turn {
        let shared = &self.0;
        let is_suspect = shared.state().suspects.contains_key(&source.id);
        let pass = if alone || is_suspect {
            let line = shared.line.clone().lock_owned().await;
            Pass::Alone(shared.gate.clone().write_owned().await, line)
        } else {
            Pass::Shared(shared.gate.clone().read_owned().await)
        };
        let stage = match &pass {
            Pass::Shared(_) => Stage::Shared,
            Pass::Alone(..) => Stage::Alone,
        };
        let slot = shared.state().slot_of(&source.id);
        let mark =
            Mark { slot, source: source.id.clone(), location: source.location.hash(), stage };
        shared.write(&mark);
        Turn { shared: shared.clone(), mark, is_suspect, is_committed: false, _pass: pass }
    }

    /// Keeps the mark of a poll that has ended until [`Work::committed`].
    pub(super) fn ended(&self, turn: Turn) {
        let former = self.0.state().ended.insert(turn.mark.source.clone(), turn);
        // A turn that ends takes the state's lock itself.
        drop(former);
    }

    /// What came of a source's poll is committed, or counts for nothing.
    pub(super) fn committed(&self, source: &SourceId) {
        let mut state = self.0.state();
        let (ended, set_aside) = (state.ended.remove(source), state.setting_aside.remove(source));
        drop(state);
        if let Some(turn) = ended {
            turn.committed();
        }
        if let Some(slot) = set_aside {
            self.0.clear(slot);
        }
    }
}

impl Turn {
    /// What came of it is committed, or counts for nothing.
    pub(super) fn committed(mut self) {
        self.is_committed = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.shared.keeps.load(Ordering::Relaxed) {
            return;
        }
        if self.is_suspect && !self.is_committed {
            // Its turn was cut short by an orderly end: it is still to be read alone.
            self.shared.write(&Mark { stage: Stage::Suspect, ..self.mark.clone() });
            return;
        }
        self.shared.state().suspects.remove(&self.mark.source);
        self.shared.clear(self.mark.slot);
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

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mark: &Mark) {
        self.unless_broken(self.file.as_ref().map_or(Ok(()), |file| file.write(mark)));
    }

    /// The slot is free from now on.
    fn clear(&self, slot: usize) {
        self.unless_broken(self.file.as_ref().map_or(Ok(()), |file| file.clear(slot)));
        if let Some(taken) = self.state().taken.get_mut(slot) {
            *taken = false;
        }
    }

    /// Without marks a source that kills the process is not found, and all else goes on.
    fn unless_broken(&self, written: io::Result<()>) {
        if let Err(error) = written
            && !self.failed.swap(true, Ordering::Relaxed)
        {
            tell_unusable(&error);
        }
    }

    fn take_up(&self, marks: Vec<Mark>, plan: &Plan) -> Vec<SourceId> {
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
                if mark.stage == Stage::Shared {
                    self.write(&Mark { stage: Stage::Suspect, ..mark.clone() });
                    interrupted.push(mark.source.to_string());
                }
            }
        }
        drop(state);
        unneeded.into_iter().for_each(|slot| self.clear(slot));
        if !interrupted.is_empty() {
            let (sources, more) = (interrupted.len(), interrupted.len() > NAMED);
            interrupted.truncate(NAMED);
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

/// The file of the store at a path; none where there is no store on a disk.
fn open_file(store: &Path) -> io::Result<Option<(InWork, Vec<Mark>)>> {
    match store.join("lock").exists() {
        true => InWork::open(store).map(Some),
        false => Ok(None),
    }
}

fn tell_unusable(error: &io::Error) {
    warn!(
        event = "marks_unwritable",
        "a source that kills gazetted will not be found, because the store's file `in-work` cannot be used: {error}"
    );
}

impl Pipeline {
    /// Sets aside the sources that the last process died of, each in a turn of its own.
    pub(super) async fn set_aside(&mut self, crashed: Vec<SourceId>) -> Result<(), StoreError> {
        if crashed.is_empty() {
            return Ok(());
        }
        let at = self.clock.now();
        let failure = Failure::new(
            FailureKind::Crash,
            "gazetted died while it read this source, and again while it read nothing else",
        );
        let poll = |source| {
            let outcome = Outcome::Failed(failure.clone());
            Poll { source, at, outcome, pages: None }
        };
        self.ingest(crashed.into_iter().map(poll).collect()).await
    }
}

/// The loop's own marks. Where it panics they stay: what it was applying is among them. It is
/// dropped before the polls under way, whose marks go with them otherwise.
pub(super) struct LoopWork(pub(super) Work);

impl Drop for LoopWork {
    fn drop(&mut self) {
        let shared = &self.0.0;
        if std::thread::panicking() {
            shared.keeps.store(true, Ordering::Relaxed);
        }
        let ended = std::mem::take(&mut shared.state().ended);
        drop(ended);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
