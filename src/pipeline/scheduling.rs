//! Enters sources on the agenda, at times that fit the clock and the plan in force.

use tokio::sync::oneshot;
use tracing::warn;

use super::{Pipeline, Polled};
use crate::fetch::{self, Refusal, Rescheduled};
use crate::model::{Source, SourceId};
use crate::store::StoreError;

/// States stored in one commit.
const TOGETHER: usize = 256;

impl Pipeline {
    /// Enters every source of the plan, or moves it to where it belongs by now.
    pub(super) fn plan_all(&mut self) {
        let is_watched = |id: &SourceId| self.only.as_ref().is_none_or(|only| only.contains(id));
        let plan = self.editor.plan().clone();
        let watched = plan.sources.values().filter(|source| is_watched(&source.id));
        let watched: Vec<_> = watched.collect();
        self.agenda.expect(watched.len());
        for source in watched {
            self.reschedule(source);
            self.replan_source(source);
        }
    }

    /// Has the agenda follow what is remembered of a source now.
    pub(super) fn replan_source(&mut self, source: &Source) {
        let (id, agenda, alone) = (&source.id, &mut self.agenda, self.hubs.is_none());
        let is_planned = self.editor.with_memory(id, |memory| {
            let alone = alone && memory.push.is_none();
            alone.then(|| agenda.plan(source, memory)).is_some()
        });
        if is_planned {
            return;
        }
        let mut memory = self.editor.memory(id);
        self.end_push(source, &mut memory);
        self.agenda.plan(source, &memory);
        self.plan_hub(source, &memory);
    }

    /// Polls a source because somebody asks for it, unless a hold or the floor forbids (P14).
    pub(super) fn poll_now(
        &mut self,
        source: SourceId,
        done: oneshot::Sender<Result<Polled, Refusal>>,
    ) {
        // Not everything on the agenda is a source.
        let Some(configured) = self.editor.plan().sources.get(&source).cloned() else {
            let _ = done.send(Err(Refusal::Unknown));
            return;
        };
        if let Some(other) = self.agenda.merged(&source) {
            let _ = done.send(Err(Refusal::Merged(other.clone())));
            return;
        }
        if self.reschedule(&configured) {
            self.replan_source(&configured);
        }
        match self.agenda.hurry(&source, self.clock.now()) {
            // What is being read just now is news enough, and is not read twice.
            Ok(()) | Err(Refusal::UnderWay) => {
                self.waiting_for.entry(source).or_default().push(done);
            }
            Err(refusal) => {
                let _ = done.send(Err(refusal));
            }
        }
    }

    /// Brings what is remembered of a source in line with the clock and with its plan (P40).
    /// Returns whether anything changed.
    fn reschedule(&mut self, source: &Source) -> bool {
        let (now, settings) = (self.clock.now(), &self.editor.plan().polling);
        let changed = self
            .editor
            .with_memory(&source.id, |memory| fetch::rescheduled(memory, source, settings, now));
        let Some(Rescheduled { memory, was_ahead }) = changed else { return false };
        self.editor.note(&source.id, memory);
        if was_ahead {
            self.set_ahead.push(source.id.clone());
        }
        true
    }

    /// Stores the states whose times were void: they count from now, and after another
    /// restart they would count again.
    pub(super) async fn store_rescheduled(&mut self) -> Result<(), StoreError> {
        if self.set_ahead.is_empty() || !self.kept_out.is_empty() {
            return Ok(());
        }
        let ids: Vec<SourceId> = std::mem::take(&mut self.set_ahead);
        let sources = ids.len();
        warn!(
            event = "clock_was_ahead",
            sources,
            "the clock was ahead when {sources} sources were last asked: the times that it set are void"
        );
        for ids in ids.chunks(TOGETHER) {
            let memories = ids.iter().map(|id| (id.clone(), self.editor.memory(id))).collect();
            match self.editor.remember(memories).await {
                // They count again from the next start, or are stored with their next poll.
                Err(StoreError::Full { .. }) => return Ok(()),
                stored => stored?,
            }
        }
        Ok(())
    }
}
