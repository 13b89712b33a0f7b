//! Asks a running daemon's loop.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use super::file_limit;
use crate::config::{self, Change, Effect, Plan, counted};
use crate::engine::{Polled, TopicFillResult};
use crate::fetch::Refusal;
use crate::inquiry::Records;
use crate::model::SourceId;
use crate::pipeline::{
    BackupRefused, BackupWriter, ClusterStatus, Filled, Liveness, ReplanError, Request, UpgradeStep,
};
use crate::publish::{Metrics, ResponseCache};
use crate::store::Store;

/// A way to ask a running daemon's loop.
#[derive(Clone)]
pub struct Handle {
    pub(super) cache: Arc<ResponseCache>,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) records: Arc<Records>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) liveness: Arc<Liveness>,
}

impl Handle {
    /// Polls a source now, if its hold and floor allow it or the operator `insists`. `None`
    /// when the daemon is stopping.
    pub async fn poll_now(
        &self,
        source: SourceId,
        insists: bool,
    ) -> Option<Result<Polled, Refusal>> {
        self.ask(|done| Request::PollNow { source, insists, done }).await
    }

    /// Puts a plan in force.
    ///
    /// # Errors
    /// The plan in force stays, or nobody knows yet: see [`ReplanError`].
    pub async fn put_in_force(&self, plan: Plan, force: bool) -> Result<PlanInForce, ReplanError> {
        let (old, plan) = (self.records.plan(), Arc::new(file_limit::within(plan)));
        let changes = config::changes(&old, &plan, &self.records.in_use());
        let ((in_force, is_in_force), (done, filled)) = (oneshot::channel(), oneshot::channel());
        let request = Request::Replan { plan: plan.clone(), force, in_force, done };
        self.requests.send(request).await.map_err(|_| ReplanError::Stopping)?;
        let decided = is_in_force.await.map_err(|_| ReplanError::Stopping)?;
        if decided == Err(ReplanError::Other) {
            for change in &changes {
                warn!(
                    event = "files_differ",
                    "this node's files differ from the plan in force: {change}"
                );
            }
        }
        decided?;
        // At once: what is private by the new plan may not be shown while topics are filled.
        self.records.replan(plan.clone());
        let added = plan.sources.keys().filter(|id| !old.sources.contains_key(*id)).count();
        Ok(PlanInForce { plan, changes, added, filled, cache: self.cache.clone() })
    }

    /// Puts a plan in force. Returns its changes, a line each, once the response cache holds its
    /// feeds.
    ///
    /// # Errors
    /// The daemon is stopping, its disk is full, or another plan has come into force.
    pub async fn replan(&self, plan: Plan, force: bool) -> Result<Vec<String>, ReplanError> {
        self.put_in_force(plan, force).await?.changes().await
    }

    /// The state of the cluster; `None` on a machine alone, and when the daemon is stopping.
    pub async fn cluster(&self) -> Option<ClusterStatus> {
        self.ask(|done| Request::Cluster { done }).await.flatten()
    }

    /// Has no node poll, or all again.
    ///
    /// # Errors
    /// It is not in force yet.
    pub async fn pause(&self, pauses: bool) -> Result<(), String> {
        self.command(|done| Request::Pause { pauses, done }).await
    }

    /// Takes the next step of an upgrade of the cluster.
    ///
    /// # Errors
    /// It cannot be taken now.
    pub async fn upgrade(&self) -> Result<UpgradeStep, String> {
        self.command(|done| Request::Upgrade { done }).await
    }

    /// Has all nodes of the cluster skip a turn that none of them can apply.
    ///
    /// # Errors
    /// This node did not stop at that turn, or others have applied it.
    pub async fn skip(&self, sequence: u64) -> Result<(), String> {
        self.command(|done| Request::Skip { sequence, done }).await
    }

    async fn command<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Request,
    ) -> Result<T, String> {
        let stopping = || Err(BackupRefused::Stopping.to_string());
        self.ask(request).await.unwrap_or_else(stopping)
    }

    /// Writes a backup. On a node of a cluster no turn is applied meanwhile, so that others can go
    /// on from it.
    ///
    /// # Errors
    /// The daemon is stopping, or topics are being filled on a node of a cluster.
    pub async fn back_up<T: Send + 'static>(
        &self,
        write: impl FnOnce(&dyn Store) -> T + Send + 'static,
    ) -> Result<T, BackupRefused> {
        let records = self.records.clone();
        let (done, written) = oneshot::channel();
        let write = move || {
            let _ = done.send(write(&**records.store()));
        };
        if self.records.plan().cluster.is_some() {
            let write = BackupWriter(Box::new(write));
            let begun = self.ask(|done| Request::Backup { write, done }).await;
            begun.unwrap_or(Err(BackupRefused::Stopping))?;
        } else {
            tokio::task::spawn_blocking(write).await.map_err(|_| BackupRefused::Stopping)?;
        }
        written.await.map_err(|_| BackupRefused::Stopping)
    }

    /// The published documents.
    pub fn cache(&self) -> &Arc<ResponseCache> {
        &self.cache
    }

    /// The daemon's records.
    pub fn records(&self) -> &Arc<Records> {
        &self.records
    }

    /// Returns when no poll is due nor under way.
    pub async fn settled(&self) {
        let _ = self.ask(|done| Request::Settled { done }).await;
    }

    /// Whether the loop runs and polls go on; why the daemon should be restarted, otherwise.
    ///
    /// # Errors
    /// They do not.
    pub fn healthy(&self) -> Result<(), String> {
        self.liveness.runs()
    }

    /// Whether readers should be sent here; why not, otherwise.
    ///
    /// # Errors
    /// They should not.
    pub fn ready(&self) -> Result<(), String> {
        self.liveness.alive()
    }

    /// Returns when the loop has answered: it is alive.
    pub async fn heartbeat(&self) -> Option<()> {
        self.ask(|done| Request::Heartbeat { done }).await
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let (done, answer) = oneshot::channel();
        self.requests.send(request(done)).await.ok()?;
        answer.await.ok()
    }
}

/// A plan that has come into force. Its changed topics may still be being filled.
pub struct PlanInForce {
    plan: Arc<Plan>,
    changes: Vec<Change>,
    /// How many sources it adds.
    added: usize,
    filled: oneshot::Receiver<Filled>,
    cache: Arc<ResponseCache>,
}

impl PlanInForce {
    /// The changes, a line each, once the response cache holds the feeds of the plan.
    ///
    /// # Errors
    /// The daemon is stopping, or another plan has come into force.
    pub async fn changes(self) -> Result<Vec<String>, ReplanError> {
        let Self { plan, changes, added, filled, cache } = self;
        let refilled = filled.await.map_err(|_| ReplanError::Stopping)??;
        // The static site is written by the new plan.
        cache.announce();
        let mut lines = Vec::with_capacity(changes.len());
        for change in &changes {
            let refilled = refilled.iter().find(
                |of| matches!(&change.effect, Effect::MatchedAgain(topic) if *topic == of.topic),
            );
            if let Some(refilled) = refilled {
                let TopicFillResult { topic, matched, added: gained, lost } = refilled;
                let mut line = format!("{change}, {refilled}");
                if added > 0 {
                    let sources = counted(added, "added source");
                    line.push_str(&format!(" (stories of {sources} come with the next poll)"));
                }
                info!(event = "topic_changed", %topic, matched, added = gained, lost, "{line}");
                lines.push(line);
                continue;
            }
            let line = change.to_string();
            match change.effect {
                Effect::AtRestart => warn!(event = "restart_needed", "{line}"),
                _ => info!(event = "plan_changed", "{line}"),
            }
            lines.push(line);
        }
        let (sources, topics) = (plan.sources.len(), plan.topics.len());
        let (of_sources, of_topics) = (counted(sources, "source"), counted(topics, "topic"));
        info!(event = "reloaded", sources, topics, "reloaded: {of_sources}, {of_topics}");
        Ok(lines)
    }
}
