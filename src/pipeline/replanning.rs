//! Puts a reloaded plan in force, and fills the topics that it changes.

use std::sync::Arc;

use tokio::sync::oneshot;
use tracing::{error, warn};

use super::{Pipeline, log_poll};
use crate::config::Plan;
use crate::engine::{TopicFillResult, Turn};
use crate::fetch::Fetcher;
use crate::model::SourceId;
use crate::store::StoreError;

impl Pipeline {
    /// Puts a plan in force. Whoever asked is answered when its topics are filled.
    pub(super) async fn replan(
        &mut self,
        plan: Arc<Plan>,
        done: oneshot::Sender<Vec<TopicFillResult>>,
    ) -> Result<(), StoreError> {
        if self.is_closed() {
            error!(event = "reload_refused", "the plan in force stays: the disk is full");
            return Ok(());
        }
        self.waiting.plan = Some((done, Vec::new()));
        self.apply(Turn::Plan { plan, at: self.clock.now() }).await?;
        self.tell_if_filled().await
    }

    /// One slice of the changed topics, or of what follows from their being filled.
    pub(super) async fn fill_topics(&mut self) -> Result<(), StoreError> {
        if !self.editor.is_filling() || self.is_closed() {
            return Ok(());
        }
        match self.editor.turn_due(self.clock.now()) {
            Some(turn) => {
                self.apply(turn).await?;
            }
            None => {
                let filled = self.editor.fill_slice().await;
                self.written(filled).await?;
            }
        }
        self.tell_if_filled().await
    }

    async fn tell_if_filled(&mut self) -> Result<(), StoreError> {
        if self.waiting.plan.is_none() || self.editor.is_filling() || self.editor.is_blocked() {
            return Ok(());
        }
        self.publish().await?;
        if let Some((done, refilled)) = self.waiting.plan.take() {
            let _ = done.send(refilled);
        }
        Ok(())
    }

    /// Topics are published under new versions.
    pub(super) fn refilled(&mut self, refilled: Vec<TopicFillResult>) {
        match &mut self.waiting.plan {
            Some((_, all)) => all.extend(refilled),
            // Nobody has asked for it, so nobody is answered.
            None => log_poll::topics_changed(&refilled),
        }
    }

    /// A plan is in force: schedule, requests and feeds follow it.
    pub(super) async fn planned(&mut self) -> Result<(), StoreError> {
        let plan = self.editor.plan().clone();
        let previous = std::mem::replace(&mut self.scheduled, plan);
        self.replanned(&previous);
        self.editor.publish_all().await
    }

    /// The plan has compiled, so nothing here can fail because of it.
    fn replanned(&mut self, previous: &Plan) {
        let plan = self.editor.plan().clone();
        if plan.polling != previous.polling {
            match Fetcher::new(&plan.polling) {
                Ok(fetcher) => {
                    self.fetcher = Arc::new(fetcher.counting(self.pulse.progress()));
                    self.pulse.allow(&plan.polling);
                }
                Err(failure) => {
                    warn!(event = "polling_kept", "the [polling] table stays as it was: {failure}")
                }
            }
        }
        for id in previous.sources.keys().filter(|id| !plan.sources.contains_key(*id)) {
            self.agenda.forget(id);
            self.forget_hub(id, None);
        }
        self.plan_all();
        // Whoever waits for a poll that the new plan has put off, or taken away, is told.
        let waiting: Vec<SourceId> = self.waiting.polls.keys().cloned().collect();
        for id in waiting {
            for wish in self.waiting.polls.remove(&id).unwrap_or_default() {
                self.poll_now(id.clone(), wish);
            }
        }
    }
}
