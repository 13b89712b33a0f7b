//! Puts a plan in force, and publishes the topics that are filled for it.

use std::sync::Arc;

use super::feeds::Looks;
use super::turn::Event;
use super::turn_in_progress::TurnInProgress;
use super::{Engine, rules};
use crate::config::Plan;
use crate::dedup;
use crate::fetch::{self, Rescheduled};
use crate::model::{SourceState, TopicId, TopicVersion};
use crate::store::StoreError;

impl Engine {
    /// Puts another plan in force.
    pub(super) fn replan(
        &mut self,
        plan: Arc<Plan>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        if plan.store.retention != self.plan.store.retention {
            // The walk by the new bounds begins at once.
            self.progress.walk_day = None;
        }
        work.events.push(Event::Planned);
        let looks = Looks::of(&plan);
        self.follow_plan(plan, &looks, true, work)
    }

    /// Puts a plan in force. Overrides are applied by its turn alone: a restart under the same plan
    /// merges and parts nothing.
    pub(super) fn follow_plan(
        &mut self,
        plan: Arc<Plan>,
        looks: &Looks,
        is_new: bool,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        self.topics.replan(plan.clone(), work)?;
        self.plan = plan.clone();
        self.listed = None;
        self.share_plan(work);
        self.progress.plan = looks.digest(&plan);
        if is_new {
            self.apply_overrides(work)?;
        }
        self.feeds.touch(&plan, work);
        self.end_pushes(work);
        self.reschedule(work);
        for feed in self.feeds.follow(&plan, looks, work.now) {
            work.touch(feed);
        }
        self.begin_archives(&work.touched_now().clone(), work)?;
        Ok(())
    }

    /// Publishes topics under the versions that are filled.
    pub(super) fn topic_filled(
        &mut self,
        topics: &[(TopicId, TopicVersion)],
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let refilled = self.topics.publish_filled(topics, work)?;
        let filled = work.touched_now().clone();
        self.begin_archives(&filled, work)?;
        for feed in filled {
            self.gather_filled(feed, work)?;
        }
        let plan = self.plan.clone();
        self.feeds.touch(&plan, work);
        work.events.push(Event::TopicsFilled(refilled));
        Ok(())
    }

    /// Brings the times of all sources in line with the plan and with the time it is (P40).
    pub(super) fn reschedule(&mut self, work: &mut TurnInProgress<'_>) {
        let (plan, mut void) = (self.plan.clone(), 0);
        for source in plan.sources.values() {
            let rescheduled =
                |state: &SourceState| fetch::rescheduled(state, source, &plan.polling, work.now);
            let changed = match work.source_state(&source.id) {
                Some(state) => rescheduled(state),
                None => self.with_source_state(&source.id, rescheduled),
            };
            if let Some(Rescheduled { state, was_ahead }) = changed {
                work.remember(source.id.clone(), state);
                void += usize::from(was_ahead);
            }
        }
        if void > 0 {
            work.events.push(Event::ClockWasAhead(void));
        }
    }

    /// Applies the operator's overrides to what is stored already.
    fn apply_overrides(&mut self, work: &mut TurnInProgress<'_>) -> Result<(), StoreError> {
        let (plan, now, reader) = (self.plan.clone(), work.now, work.reader());
        let mut keys = plan.overrides.keys();
        if keys.is_empty() {
            return Ok(());
        }
        let rules = rules(&plan);
        let known = reader.store().lookalikes(&keys)?;
        keys.extend(dedup::keys_of_entries(&known, &rules, now));
        let mut known = reader.store().lookalikes(&keys)?;
        for admitted in dedup::enforce(&mut known, &rules, now) {
            self.topics.file(&admitted, work)?;
            work.admit(admitted);
        }
        Ok(())
    }
}
