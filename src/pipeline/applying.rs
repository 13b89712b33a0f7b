//! Has the engine apply a turn, and does what follows from that.

use std::time::Duration;

use tokio::time::Instant;
use tracing::{error, info};

use super::{News, Pipeline, RETRY, log_poll};
use crate::config::StorePlan;
use crate::engine::{Event, HubAnswer, Polled, Step, Turn};
use crate::fetch::{Refusal, websub};
use crate::model::Outcome;
use crate::store::StoreError;

/// How often it is looked at how much of the disk is free.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What whoever brought a turn about has to know of it.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// What to answer a hub's callback.
    pub(super) callback: Option<websub::Answer>,
    /// Whether a hub is being asked.
    pub(super) asks: bool,
}

impl Pipeline {
    /// Applies a turn. On a full disk its commit waits, and so does every other turn: nothing new
    /// is polled or taken in until there is room. Then returns nothing.
    pub(super) async fn apply(&mut self, turn: Turn) -> Result<Option<Applied>, StoreError> {
        if self.is_closed() {
            return Ok(None);
        }
        let applied = self.editor.apply(turn).await;
        self.written(applied).await
    }

    /// Tries again to write what a full disk keeps out.
    pub(super) async fn retry(&mut self) -> Result<(), StoreError> {
        if self.editor.is_blocked() && !self.is_low {
            let step = self.editor.retry().await.map(Option::unwrap_or_default);
            self.written(step).await?;
        }
        Ok(())
    }

    /// Does what follows from a step that is durable, or waits for room.
    pub(super) async fn written(
        &mut self,
        step: Result<Step, StoreError>,
    ) -> Result<Option<Applied>, StoreError> {
        match step {
            Err(full @ StoreError::Full { .. }) => {
                self.wait_for_room(&full);
                Ok(None)
            }
            step => self.follow(step?).await.map(Some),
        }
    }

    /// Whether nothing more is taken in, because the disk is full or nearly so.
    pub(super) fn is_closed(&self) -> bool {
        self.is_low || self.editor.is_blocked()
    }

    /// Looks every so often whether as much of the disk is free as is to stay so.
    pub(super) fn watch_room(&mut self) -> Result<(), StoreError> {
        if Instant::now() < self.look_at {
            return Ok(());
        }
        self.look_at = Instant::now() + LOOK_EVERY;
        let store = self.editor.store();
        let Some(room) = tokio::task::block_in_place(|| store.room())? else { return Ok(()) };
        let StorePlan { path, min_free, .. } = &self.editor.plan().store;
        let (was_low, path) = (self.is_low, path.display().to_string());
        self.is_low = room.is_low(*min_free, was_low);
        match self.is_low {
            true if was_low => self.retry_at = Instant::now() + RETRY,
            true => {
                let needed = room.needed(*min_free);
                self.wait_for_room(&StoreError::Full { path, free: room.free, needed });
            }
            false if was_low && !self.editor.is_blocked() => self.has_room(),
            false => {}
        }
        Ok(())
    }

    fn has_room(&self) {
        if self.pulse.stall(None) {
            info!(event = "disk_has_room", "there is room again: polling goes on");
        }
    }

    fn wait_for_room(&mut self, full: &StoreError) {
        if self.pulse.alive().is_ok() {
            error!(event = "disk_full", "polling stops until there is room: {full}");
        }
        self.pulse.stall(Some(full.to_string()));
        for wish in self.waiting.polls.drain().flat_map(|(_, waiting)| waiting) {
            let _ = wish.done.send(Err(Refusal::DiskFull));
        }
        self.retry_at = Instant::now() + RETRY;
    }

    async fn follow(&mut self, step: Step) -> Result<Applied, StoreError> {
        self.has_room();
        let mut applied = Applied::default();
        for event in step.events {
            log_poll::of_event(&event);
            match event {
                Event::Planned => self.planned().await?,
                Event::TopicsFilled(refilled) => {
                    self.publish().await?;
                    self.refilled(refilled);
                }
                Event::Hub { source, answer } => match *answer {
                    HubAnswer::Request(request) => {
                        applied.asks = true;
                        self.ask_hub(source, *request);
                    }
                    HubAnswer::Answered { .. } => {}
                    HubAnswer::Callback { answer, .. } => {
                        applied.callback = Some(answer);
                        if let Some(source) = self.editor.plan().sources.get(&source).cloned() {
                            self.replan_source(&source);
                        }
                    }
                },
                Event::ClockWasAhead(_)
                | Event::TopicSilent { .. }
                | Event::TopicSpeaks { .. }
                | Event::PushDistrusted { .. } => {}
            }
        }
        self.polled(step.polls).await?;
        Ok(applied)
    }

    /// Has schedule, log and whoever waits know what polls came to.
    async fn polled(&mut self, polls: Vec<Polled>) -> Result<(), StoreError> {
        let unreported = polls.iter().filter_map(|polled| News::of(&polled.poll, &polled.ingested));
        self.publishing.unreported.extend(unreported);
        // Who had a source polled sees what came of it.
        if polls.iter().any(|polled| self.waiting.polls.contains_key(&polled.poll.source)) {
            self.publish().await?;
        }
        let (mut holds, mut pinged) = (false, Vec::new());
        for polled in polls {
            let Polled { poll, ingested, is_held_anew } = &polled;
            log_poll::of_poll(poll, ingested);
            let source = self.editor.plan().sources.get(&poll.source).cloned();
            if let Outcome::Pushed(_) = poll.outcome {
                // Whoever waits for a poll has not had one.
                source.inspect(|source| self.replan_source(source));
                continue;
            }
            self.work.0.committed(&poll.source);
            self.agenda.locate(&poll.source, |origin| self.fetcher.address_of(origin));
            self.agenda.finished(&poll.source, self.clock.now());
            if let Some(source) = source {
                self.replan_source(&source);
                pinged.extend(self.was_pinged(&source.id).then_some(source));
            }
            holds |= is_held_anew;
            for wish in self.waiting.polls.remove(&poll.source).unwrap_or_default() {
                let _ = wish.done.send(Ok(polled.clone()));
            }
        }
        if holds {
            self.tell_who_waits_in_vain();
        }
        for source in pinged {
            // Its answer may have been made before the news came.
            Box::pin(self.hasten(&source)).await?;
        }
        Ok(())
    }
}
