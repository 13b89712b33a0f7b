//! Appends turns to the stream, and applies what comes from it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

use super::Appended;
use crate::config::{Plan, Problems};
use crate::engine::{Engine, Event, Sequenced, Turn};
use crate::pipeline::apply_turn::Applied;
use crate::pipeline::engine_driver::Unapplied;
use crate::pipeline::{Pipeline, ReplanError};
use crate::store::StoreError;
use crate::stream::node_state::COMPARED_EVERY;
use crate::stream::{Content, Message, Received, StreamError, uptime};

impl Pipeline {
    /// Appends a turn, and applies everything up to it. `None` if the turn will be applied later.
    pub(in crate::pipeline) async fn append(
        &mut self,
        message: Message,
    ) -> Result<Option<Applied>, StoreError> {
        let (now, began, sent) = (self.clock.now(), Instant::now(), uptime::now());
        let number = match self.stream.append(message).await {
            Ok(number) => number,
            Err(error @ StreamError::Unavailable(_)) => {
                warn!(event = "append_waits", "a turn waits until it can be appended: {error}");
                return Ok(None);
            }
            Err(error) => {
                self.stop_applying(&error.to_string());
                return Ok(None);
            }
        };
        let patience = Instant::now() + Duration::from_secs(3);
        if let Some(cluster) = &mut self.cluster {
            cluster.appended = Some(Appended { number, at: now, sent });
            self.driver.metrics().cluster().appended(began.elapsed());
        }
        while self.can_apply() {
            // Cancelling it loses nothing.
            let Ok(next) = tokio::time::timeout_at(patience, self.stream.next()).await else {
                return Ok(None);
            };
            match next {
                Ok(received) => {
                    let is_it = received.is_own && received.number == number;
                    let applied = self.receive(received).await?;
                    if is_it {
                        return Ok(applied);
                    }
                }
                Err(error) => self.stop_applying(&error.to_string()),
            }
        }
        Ok(None)
    }

    /// Applies what comes from the stream.
    pub(in crate::pipeline) async fn receive(
        &mut self,
        received: Received,
    ) -> Result<Option<Applied>, StoreError> {
        let Some(cluster) = &mut self.cluster else {
            return match received.content {
                Content::Message(Message::Turn(turn)) => {
                    let applied = self.driver.apply(turn).await;
                    self.written(applied, true).await
                }
                _ => Ok(None),
            };
        };
        if cluster.stopped.is_some() {
            self.look_for_skip(&received).await?;
            return Ok(None);
        }
        if is_to_be_filled(&received, self.driver.engine()) {
            cluster.after_filling = Some(received);
            return Ok(None);
        }
        let (sequence, is_own) = (received.sequence, received.is_own);
        cluster.membership.received(&received.node);
        if is_own
            && let Some(Appended { number, at: before, sent }) = cluster.appended
            && received.number == number
        {
            // It was appended between then and now.
            let (at, now) = (received.at, self.clock.now());
            let ahead = before.as_millis() - at.as_millis();
            let behind = at.as_millis() - now.as_millis();
            cluster.clock_offset = if ahead > 0 { ahead } else { -behind.max(0) };
            cluster.membership.appended(sent, sequence);
        }
        let is_assignment =
            matches!(received.content, Content::Message(Message::Turn(Turn::Assign(_))));
        let Some(sequenced) = self.prepared(received) else { return Ok(None) };
        self.note_received(sequenced.turn.as_ref(), is_own);
        let is_plan = matches!(sequenced.turn, Some(Turn::Plan { .. }));
        let step = match self.driver.apply_sequenced(sequenced).await {
            Err(Unapplied::Panicked(why)) => {
                self.stop_at(sequence, &format!("cannot be applied ({why}); please report it"));
                if is_plan && is_own {
                    self.refuse_plan(ReplanError::Failed);
                }
                return Ok(None);
            }
            Err(Unapplied::Store(error)) => Err(error),
            Ok(step) => Ok(step),
        };
        let is_refused =
            is_plan && step.as_ref().is_ok_and(|step| !step.events.contains(&Event::Planned));
        if is_refused && is_own {
            self.refuse_plan(ReplanError::Other);
        }
        if let Ok(step) = &step {
            let dropped = step.polls.iter().filter(|poll| poll.is_void).count();
            self.driver.metrics().cluster().dropped(dropped);
        }
        let applied = self.written(step, is_own).await;
        if is_assignment
            && is_own
            && let Some(cluster) = &self.cluster
        {
            // Whether or not it is in force.
            cluster.membership.assigned(sequence);
        }
        self.applied();
        applied
    }

    /// Applies the turn that waits until topics are filled, once they are.
    pub(in crate::pipeline) async fn receive_after_filling(&mut self) -> Result<(), StoreError> {
        let engine = self.driver.engine();
        let is_due = |received: &mut Received| !is_to_be_filled(received, engine);
        let waiting = self.cluster.as_mut().map(|cluster| &mut cluster.after_filling);
        match waiting.and_then(|waiting| waiting.take_if(is_due)) {
            Some(received) => self.receive(received).await.map(drop),
            None => Ok(()),
        }
    }

    /// Whether nothing is read on until topics are filled.
    pub(in crate::pipeline) fn fills_first(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.after_filling.is_some())
    }

    /// The part of a message to apply. `None` if this node stops at it.
    fn prepared(&mut self, received: Received) -> Option<Sequenced> {
        let (sequence, rules) = (received.sequence, received.rules);
        let cluster = self.cluster.as_mut()?;
        if cluster.skips.remove(&sequence) {
            return Some(received.skipped());
        }
        let in_force = self.driver.engine().stream()?.applied.rules;
        match &received.content {
            Content::Part | Content::Message(Message::Genesis(_) | Message::Turn(_)) => {
                Some(received.sequenced())
            }
            Content::Message(Message::Plan { text, follows, at }) => {
                let (follows, at) = (*follows, *at);
                match self.compiled(text) {
                    Ok(plan) => {
                        let turn = Some(Turn::Plan { plan: Arc::new(plan), at });
                        Some(Sequenced { turn, follows, ..received.sequenced() })
                    }
                    Err(problems) => {
                        let first = problems.0.first().map(ToString::to_string);
                        let (first, count) = (first.unwrap_or_default(), problems.0.len());
                        // A file that it names may be missing here.
                        self.stop_for_now(&format!(
                            "the plan at sequence {sequence} cannot be used on this node ({count} problems; {first}); it is tried again every few seconds"
                        ));
                        None
                    }
                }
            }
            // Its node does not have the rules in force: the engine drops it, on every node.
            Content::OtherRules if rules != in_force => Some(received.sequenced()),
            Content::OtherRules => {
                let own = cluster.plan.rules;
                self.stop_applying(&format!(
                    "the turn at sequence {sequence} has rules version {rules}, and this program applies version {own}: run the version of gazetted that the other nodes run"
                ));
                None
            }
            Content::Unreadable(why) => {
                let why = format!("cannot be read: {why}");
                self.stop_at(sequence, &why);
                None
            }
        }
    }

    /// Compiles a plan that the nodes share.
    fn compiled(&self, text: &str) -> Result<Plan, Problems> {
        if let Some(plan) = self
            .waiting
            .compiled
            .as_ref()
            .filter(|plan| plan.shared.as_deref().is_some_and(|shared| shared == text))
        {
            return Ok(Plan::clone(plan));
        }
        let plan = self.driver.plan();
        let Some(cluster) = &self.cluster else { return Ok(Plan::clone(plan)) };
        tokio::task::block_in_place(|| (cluster.compile)(text, plan))
    }

    /// Reports that a turn was applied.
    fn applied(&mut self) {
        let engine = self.driver.engine();
        let (Some(cluster), Some(state)) = (&mut self.cluster, engine.stream()) else { return };
        if state.applied.sequence % COMPARED_EVERY == 0 {
            cluster.digest = Some((state.applied.sequence, state.applied.digest));
        }
        self.report();
    }

    /// Looks whether a message has this node skip the turn at which it stopped. The engine is then
    /// read anew from the store, which holds what was applied before that turn.
    async fn look_for_skip(&mut self, received: &Received) -> Result<(), StoreError> {
        let Some(cluster) = &mut self.cluster else { return Ok(()) };
        let stopped_at = cluster.stopped.as_ref().and_then(|stopped| stopped.at);
        let Some(sequence) = received.skips().filter(|skipped| Some(*skipped) == stopped_at) else {
            return Ok(());
        };
        warn!(
            event = "turn_skipped",
            sequence, "the turn at sequence {sequence} is skipped, as `gazetted cluster skip` says"
        );
        self.driver.reopen(self.scheduled.clone()).await?;
        cluster.skips.insert(sequence);
        (cluster.stopped, cluster.after_filling) = (None, None);
        let applied = self.driver.engine().stream().map(|state| state.applied.sequence);
        self.stream.reread(applied.unwrap_or_default());
        self.plan_all();
        self.report();
        Ok(())
    }
}

/// Whether a turn publishes topics that this node is still filling: it was away when the others did.
/// The turn itself would fill them in one step, which takes minutes where there are many stories.
fn is_to_be_filled(received: &Received, engine: &Engine) -> bool {
    let Content::Message(Message::Turn(Turn::TopicFilled { topics, .. })) = &received.content
    else {
        return false;
    };
    engine.is_filling() && !engine.is_filled() && engine.filling() == *topics
}

#[cfg(all(test, feature = "cluster"))]
#[allow(clippy::unwrap_used)]
mod tests;
