//! Puts a reloaded plan in force, and fills the topics that it changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{error, warn};

use super::{AwaitedFill, AwaitedPlan, Filled, Pipeline, ReplanError, log_poll};
use crate::config::Plan;
use crate::engine::{TopicFillResult, Turn, plan_hash};
use crate::store::StoreError;
use crate::stream::Message;

/// How long a reload waits until the servers of a cluster confirm its plan.
const CONFIRMED: Duration = Duration::from_secs(15);

/// The longest plan that the nodes of a cluster share, in bytes.
const LONGEST_PLAN: usize = 64 << 20;

impl Pipeline {
    /// Puts a plan in force. `done` is answered once its topics are filled.
    pub(super) async fn replan(
        &mut self,
        plan: Arc<Plan>,
        force: bool,
        in_force: oneshot::Sender<Result<(), ReplanError>>,
        done: oneshot::Sender<Filled>,
    ) -> Result<(), StoreError> {
        if self.is_closed() {
            let why = match () {
                () if self.is_unwritable() => ReplanError::DiskFull,
                () if self.is_cut_off() => ReplanError::CutOff,
                () if !self.can_write() => ReplanError::BackingUp,
                () => ReplanError::Paused,
            };
            error!(event = "reload_refused", "{why}");
            let _ = in_force.send(Err(why));
            return Ok(());
        }
        let until = self.cluster.as_ref().map(|_| Instant::now() + CONFIRMED);
        self.waiting.plan = Some(AwaitedPlan { until, in_force, done });
        let at = self.clock.now();
        match (&self.cluster, &plan.shared) {
            (Some(cluster), Some(shared)) => {
                // The files were brought up to date after another node's reload.
                let in_force = self.driver.engine().stream().map(|state| state.applied.plan);
                let is_same = in_force == Some(plan_hash(shared));
                let follows = if is_same { in_force } else { cluster.follows() };
                let follows = follows.filter(|_| !force);
                if follows.is_none() && !force {
                    self.refuse_plan(ReplanError::Other);
                    return Ok(());
                }
                if shared.len() > LONGEST_PLAN {
                    self.refuse_plan(ReplanError::TooLarge);
                    return Ok(());
                }
                let text = shared.to_string();
                self.waiting.compiled = Some(plan);
                self.append(Message::Plan { text, follows, at }).await?;
            }
            _ => {
                self.apply(Turn::Plan { plan, at }).await?;
            }
        }
        self.answer_if_filled().await
    }

    /// Answers the request for a plan that the servers have not confirmed for long. It comes into
    /// force when they do.
    pub(super) fn answer_if_unconfirmed(&mut self) {
        let is_late = |plan: &AwaitedPlan| plan.until.is_some_and(|until| until <= Instant::now());
        if self.waiting.plan.as_ref().is_some_and(is_late) {
            self.refuse_plan(ReplanError::Unconfirmed);
        }
    }

    /// Answers the request for a plan, which is not in force.
    pub(super) fn refuse_plan(&mut self, why: ReplanError) {
        if let Some(awaited) = self.waiting.plan.take() {
            let _ = awaited.in_force.send(Err(why));
        }
    }

    /// Fills one slice of the changed topics, or applies the turn that follows the last slice.
    pub(super) async fn fill_topics(&mut self) -> Result<(), StoreError> {
        // The slices depend on no other turn.
        let may_fill = !self.is_closed() || self.fills_first() && self.can_write();
        if !self.driver.is_filling() || !may_fill {
            return Ok(());
        }
        match self.driver.turn_due(self.clock.now()) {
            Some(_) if !self.may_end_filling() => return Ok(()),
            Some(turn) => {
                self.apply(turn).await?;
            }
            None => {
                let filled = self.driver.fill_slice().await;
                self.written(filled, true).await?;
                self.report();
            }
        }
        self.answer_if_filled().await
    }

    /// Answers the request for a plan once nothing is left to fill or to write.
    pub(super) async fn answer_if_filled(&mut self) -> Result<(), StoreError> {
        let awaits = self.waiting.fill.is_some();
        if !awaits || self.driver.is_filling() || self.driver.is_blocked() {
            return Ok(());
        }
        self.publish().await?;
        if let Some(AwaitedFill { done, results }) = self.waiting.fill.take() {
            let _ = done.send(Ok(results));
        }
        Ok(())
    }

    /// Topics are published under new versions.
    pub(super) fn topics_filled(&mut self, results: Vec<TopicFillResult>) {
        match &mut self.waiting.fill {
            Some(awaited) => awaited.results.extend(results),
            // No request waits for it, so only the log says it.
            None => log_poll::topics_changed(&results),
        }
    }

    /// Has the schedule, the fetcher and the feeds follow a plan that is in force.
    pub(super) async fn planned(&mut self, is_own: bool) -> Result<(), StoreError> {
        let plan = self.driver.plan().clone();
        self.plan_followed();
        if is_own {
            self.files_follow();
        }
        // The command that waits for this plan has the others follow it.
        if !is_own || self.waiting.plan.is_none() {
            self.records_follow(&plan);
        }
        if let Some(earlier) = self.waiting.fill.take() {
            let _ = earlier.done.send(Err(ReplanError::Superseded));
        }
        let awaited = self.waiting.plan.take_if(|_| is_own);
        if let Some(AwaitedPlan { in_force, done, .. }) = awaited {
            let _ = in_force.send(Ok(()));
            self.waiting.fill = Some(AwaitedFill { done, results: Vec::new() });
        }
        let previous = std::mem::replace(&mut self.scheduled, plan);
        self.reschedule(&previous);
        self.driver.publish_all().await
    }

    /// Whether a slice is to be filled, or the turn after the last one may be due.
    pub(super) fn has_filling_to_do(&mut self) -> bool {
        self.driver.turn_due(self.clock.now()).is_none() || self.may_end_filling()
    }

    /// A plan that another node has sent is in force: those who answer questions follow it.
    fn records_follow(&self, plan: &Arc<Plan>) {
        if let Some(follow) = &self.follow_plan {
            follow(plan.clone());
        }
    }

    /// The plan has compiled, so nothing here can fail because of it.
    fn reschedule(&mut self, previous: &Plan) {
        let plan = self.driver.plan().clone();
        if plan.polling != previous.polling {
            match self.polls.follow_settings(&plan) {
                Ok(()) => self.recall_holds(),
                Err(failure) => {
                    warn!(event = "polling_kept", "the [polling] table stays as it was: {failure}");
                }
            }
        }
        for id in previous.sources.keys().filter(|id| !plan.sources.contains_key(*id)) {
            self.polls.forget(id);
            self.websub.forget_hub(id, None, self.polls.agenda());
        }
        self.plan_all();
        let refusal = self.poll_refusal();
        self.polls.request_again(refusal.as_ref(), self.clock.now());
    }
}
