//! A plan that is to follow in; the loop under it, once its topics are filled, out.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::{error, warn};

use super::{Pipeline, RETRY};
use crate::config::Plan;
use crate::fetch::Fetcher;
use crate::model::SourceId;
use crate::store::StoreError;

impl Pipeline {
    /// One slice of the changed topics; after the last the plan is in force.
    pub(super) async fn fill_topics(&mut self) -> Result<(), StoreError> {
        if !self.editor.is_filling() || Instant::now() < self.fill_at {
            return Ok(());
        }
        let previous = self.editor.plan().clone();
        let stepped = self.editor.step(self.clock.now()).await;
        if let Some(Some(refilled)) = self.unless_full(stepped)?
            && let Some(done) = self.replanning.take()
        {
            self.replanned(&previous);
            let _ = done.send(refilled);
        }
        Ok(())
    }

    /// On a full disk the plan in force stays, and whoever asked hears
    /// nothing; what a start began is tried again.
    pub(super) fn unless_full<T>(
        &mut self,
        came: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match came {
            Err(full @ StoreError::Full { .. }) => {
                if self.replanning.take().is_some() {
                    self.editor.abandon();
                    error!(event = "reload_refused", "the plan in force stays: {full}");
                }
                self.fill_at = Instant::now() + RETRY;
                Ok(None)
            }
            came => came.map(Some),
        }
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
        let waiting: Vec<SourceId> = self.waiting_for.keys().cloned().collect();
        for id in waiting {
            for done in self.waiting_for.remove(&id).unwrap_or_default() {
                self.poll_now(id.clone(), done);
            }
        }
    }
}
