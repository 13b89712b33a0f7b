//! Enters sources on the agenda, at times that fit the clock and the plan in force.

use std::time::Duration;

use super::{Pipeline, Wish};
use crate::engine::Turn;
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

    /// Polls a source because somebody asks for it, unless a hold or the floor forbids and
    /// the operator does not insist (P14).
    pub(super) fn poll_now(&mut self, source: SourceId, wish: Wish) {
        let refuse = |wish: Wish, refusal| drop(wish.done.send(Err(refusal)));
        // Not everything on the agenda is a source.
        if !self.editor.plan().sources.contains_key(&source) {
            return refuse(wish, Refusal::Unknown);
        }
        if self.is_closed() {
            return refuse(wish, Refusal::DiskFull);
        }
        if let Some(other) = self.agenda.merged(&source) {
            return refuse(wish, Refusal::Merged(other.clone()));
        }
        match self.agenda.hurry(&source, wish.insists, self.clock.now()) {
            // What is being read just now is news enough, and is not read twice.
            Ok(()) | Err(Refusal::UnderWay) => {
                self.waiting.polls.entry(source).or_default().push(wish);
            }
            Err(refusal) => refuse(wish, refusal),
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
