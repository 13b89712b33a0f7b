//! Enters sources on the agenda, at times that fit the clock and the plan in force.

use std::time::Duration;

use tokio::sync::oneshot;

use super::Pipeline;
use crate::engine::{Polled, Turn};
use crate::fetch::Refusal;
use crate::model::{Source, SourceId};
use crate::store::StoreError;

/// Clocks are set back by so much every now and then, and that voids nothing.
const SKEW: Duration = Duration::from_secs(60);

impl Pipeline {
    /// Enters every source of the plan, or moves it to where it belongs by now.
    pub(super) fn plan_all(&mut self) {
        let is_watched = |id: &SourceId| self.only.as_ref().is_none_or(|only| only.contains(id));
        let plan = self.editor.plan().clone();
        let watched = plan.sources.values().filter(|source| is_watched(&source.id));
        let watched: Vec<_> = watched.collect();
        self.agenda.expect(watched.len());
        watched.into_iter().for_each(|source| self.replan_source(source));
    }

    /// Has the agenda follow what is remembered of a source now.
    pub(super) fn replan_source(&mut self, source: &Source) {
        let (id, agenda, alone) = (&source.id, &mut self.agenda, self.hubs.is_none());
        let is_planned = self.editor.with_source_state(id, |state| {
            let alone = alone && state.push.is_none();
            alone.then(|| agenda.plan(source, state)).is_some()
        });
        if is_planned {
            return;
        }
        let state = self.editor.source_state(id);
        self.agenda.plan(source, &state);
        self.plan_hub(source, &state);
    }

    /// Polls a source because somebody asks for it, unless a hold or the floor forbids (P14).
    pub(super) fn poll_now(
        &mut self,
        source: SourceId,
        done: oneshot::Sender<Result<Polled, Refusal>>,
    ) {
        // Not everything on the agenda is a source.
        if !self.editor.plan().sources.contains_key(&source) {
            let _ = done.send(Err(Refusal::Unknown));
            return;
        }
        if self.is_closed() {
            let _ = done.send(Err(Refusal::DiskFull));
            return;
        }
        if let Some(other) = self.agenda.merged(&source) {
            let _ = done.send(Err(Refusal::Merged(other.clone())));
            return;
        }
        match self.agenda.hurry(&source, self.clock.now()) {
            // What is being read just now is news enough, and is not read twice.
            Ok(()) | Err(Refusal::UnderWay) => {
                self.waiting.polls.entry(source).or_default().push(done);
            }
            Err(refusal) => {
                let _ = done.send(Err(refusal));
            }
        }
    }

    /// Where the last turn is dated in the future, a clock was ahead: the engine goes back to the
    /// time that it is, and what that clock has put off is void (P40).
    pub(super) async fn correct_clock(&mut self) -> Result<(), StoreError> {
        let at = self.clock.now();
        if self.editor.engine().now() > at.after(SKEW)
            && self.apply(Turn::ClockCorrected { at }).await?.is_some()
        {
            self.plan_all();
        }
        Ok(())
    }
}
