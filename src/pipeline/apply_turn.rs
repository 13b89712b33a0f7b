//! Has the engine apply a turn, and acts on what it reports.

use tracing::{error, info};

use super::disk_watch::DiskChange;
use super::log_poll::PollNews;
use super::{Pipeline, log_poll};
use crate::engine::{Event, HubAnswer, Polled, Step, Turn};
use crate::fetch::Refusal;
use crate::model::{Outcome, Source, SourceId};
use crate::store::StoreError;
use crate::stream::Message;
use crate::websub::inbound::CallbackAnswer;

/// The parts of a turn's result that its sender needs.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The answer to a hub's callback.
    pub(super) callback: Option<CallbackAnswer>,
    /// Whether a hub is being asked.
    pub(super) asks_hub: bool,
}

impl Pipeline {
    /// Applies a turn. On a full disk its commit waits, and so does every other turn: nothing new
    /// is polled or taken in until there is room. Then returns nothing.
    pub(super) async fn apply(&mut self, turn: Turn) -> Result<Option<Applied>, StoreError> {
        let is_closed = match turn.is_control() {
            true => !self.can_write() || self.is_cut_off(),
            false => self.is_closed(),
        };
        if is_closed {
            return Ok(None);
        }
        self.append(Message::Turn(turn)).await
    }

    /// Tries again to write a step that a full disk kept out.
    pub(super) async fn retry(&mut self) -> Result<(), StoreError> {
        if self.driver.is_blocked() && !self.disk.is_low() {
            let step = self.driver.retry().await.map(Option::unwrap_or_default);
            let is_own = self.disk.kept_out_is_own();
            self.written(step, is_own).await?;
            // The turn may have been a plan's.
            self.answer_if_filled().await?;
        }
        Ok(())
    }

    /// Acts on a step that is durable, or that waits for room. `is_own`: this process has appended
    /// its turn.
    pub(super) async fn written(
        &mut self,
        step: Result<Step, StoreError>,
        is_own: bool,
    ) -> Result<Option<Applied>, StoreError> {
        match step {
            Err(full @ StoreError::Full { .. }) => {
                self.disk.keep_out(is_own);
                self.wait_for_room(&full);
                Ok(None)
            }
            step => self.follow(step?, is_own).await.map(Some),
        }
    }

    /// Whether nothing more is taken in: the disk is full or nearly so, or the other nodes of the
    /// cluster cannot be reached, or are being upgraded.
    pub(super) fn is_closed(&self) -> bool {
        !self.can_write() || self.is_cut_off() || self.is_paused()
    }

    /// Whether turns may change the store now: the disk has room, and no backup is being written.
    pub(super) fn can_write(&self) -> bool {
        !self.is_unwritable() && self.backups.is_empty()
    }

    /// Whether the disk is full or nearly so.
    pub(super) fn is_unwritable(&self) -> bool {
        self.disk.is_low() || self.driver.is_blocked()
    }

    /// Looks every so often whether enough of the disk is free.
    pub(super) fn check_disk(&mut self) -> Result<(), StoreError> {
        let (store, plan) = (self.driver.store(), self.driver.plan().clone());
        match self.disk.check(&*store, &plan.store)? {
            Some(DiskChange::BecameLow(full)) => self.wait_for_room(&full),
            Some(DiskChange::HasRoom) if !self.driver.is_blocked() => self.has_room(),
            Some(DiskChange::HasRoom) | None => {}
        }
        Ok(())
    }

    fn has_room(&self) {
        if self.liveness.set_stalled(None) {
            info!(event = "disk_has_room", "there is room again: polling goes on");
        }
    }

    fn wait_for_room(&mut self, full: &StoreError) {
        if self.liveness.alive().is_ok() {
            error!(event = "disk_full", "polling stops until there is room: {full}");
        }
        self.liveness.set_stalled(Some(full.to_string()));
        self.polls.refuse_all(&Refusal::DiskFull);
        self.disk.retry_later();
    }

    async fn follow(&mut self, step: Step, is_own: bool) -> Result<Applied, StoreError> {
        self.has_room();
        let mut applied = Applied::default();
        for event in step.events {
            log_poll::of_event(&event);
            match event {
                Event::Planned => self.planned(is_own).await?,
                Event::TopicsFilled(results) => {
                    self.publish().await?;
                    self.topics_filled(results);
                }
                Event::Hub { source, answer } => match *answer {
                    // The hub may call any node.
                    HubAnswer::Request(_) if !is_own => {
                        self.plan_by_id(&source);
                    }
                    HubAnswer::Request(request) => {
                        applied.asks_hub = true;
                        self.send_hub_request(source, *request);
                    }
                    HubAnswer::Answered { .. } => {}
                    HubAnswer::Callback { answer, .. } => {
                        applied.callback = Some(answer).filter(|_| is_own);
                        self.plan_by_id(&source);
                    }
                },
                Event::Assigned { before } => self.assigned(before.as_ref()),
                Event::AppliedUnlikeOthers { sequence } => self.stop_applying(&format!(
                    "this node has applied the turn at sequence {sequence}, which the others skip: restore a backup of another node with `gazetted restore --replace`"
                )),
                Event::TurnsLost { node, .. } => self.turns_lost(&node),
                Event::ClockWasAhead(_)
                | Event::OtherRules { .. }
                | Event::RulesVersion(_)
                | Event::TopicSilent { .. }
                | Event::TopicSpeaks { .. }
                | Event::PushDistrusted { .. }
                | Event::EntriesLeftOut { .. }
                | Event::StoriesRetired { .. } => {}
            }
        }
        self.polled(step.polls, is_own).await?;
        Ok(applied)
    }

    /// Updates the schedule and the log after polls, and answers those who requested them.
    async fn polled(&mut self, polls: Vec<Polled>, is_own: bool) -> Result<(), StoreError> {
        let news = polls.iter().filter_map(|polled| PollNews::of(&polled.poll, &polled.ingested));
        self.publishing.unlogged.extend(news);
        // A command that requested a poll gets its result.
        if polls.iter().any(|polled| self.polls.is_awaited(&polled.poll.source)) {
            self.publish().await?;
        }
        let (mut holds, mut pinged) = (false, Vec::new());
        for polled in polls {
            let Polled { poll, ingested, is_held_anew, is_void } = &polled;
            let source = self.driver.plan().sources.get(&poll.source).cloned();
            if !is_void {
                log_poll::of_poll(poll, ingested);
            }
            if let Outcome::Pushed(_) = poll.outcome {
                // Commands that wait for a poll have not had one.
                source.inspect(|source| self.plan_source(source));
                continue;
            }
            if is_own {
                self.polls.committed(&poll.source, self.clock.now());
            }
            if let Some(source) = source {
                self.plan_source(&source);
                pinged.extend(self.websub.was_pinged(&source.id).then_some(source));
            }
            holds |= is_held_anew;
            let answer = if *is_void { Err(Refusal::Unknown) } else { Ok(polled.clone()) };
            self.polls.answer(&polled.poll.source, &answer);
        }
        if holds {
            for id in self.polls.refuse_held(self.clock.now()) {
                self.plan_by_id(&id);
            }
        }
        // The polls' answers may be older than the news.
        self.hastened.extend(pinged);
        Ok(())
    }

    /// Takes a source that another node polls off the agenda. Its hub may call here all the same.
    fn leave_to_others(&mut self, source: &Source) {
        self.polls.forget(&source.id);
        let push = self.driver.with_source_state(&source.id, |state| state.push.clone());
        self.websub.forget_hub(&source.id, push.as_deref(), self.polls.agenda());
    }

    /// Polls sources soon whose hubs have sent notice of news. On a full disk they wait.
    pub(super) async fn hasten_pinged(&mut self) -> Result<(), StoreError> {
        while !self.is_closed()
            && let Some(source) = self.hastened.pop()
        {
            self.hasten(&source).await?;
        }
        Ok(())
    }

    /// Moves the source of an ID to the due times in its state, if it is in the plan.
    pub(super) fn plan_by_id(&mut self, id: &SourceId) {
        if let Some(source) = self.driver.plan().sources.get(id).cloned() {
            self.plan_source(&source);
        }
    }

    /// Moves a source, and the request to its hub, to the due times in its state.
    pub(super) fn plan_source(&mut self, source: &Source) {
        if !self.polls_here(source) {
            return self.leave_to_others(source);
        }
        let (id, polls) = (&source.id, &mut self.polls);
        let without_hub = self.websub.is_without_hubs();
        let is_planned = self.driver.with_source_state(id, |state| {
            let is_alone = without_hub && state.push.is_none();
            is_alone.then(|| polls.plan(source, state)).is_some()
        });
        if is_planned {
            return;
        }
        let state = self.driver.source_state(id);
        self.polls.plan(source, &state);
        self.websub.plan_hub(source, &state, self.driver.plan(), self.polls.agenda());
    }
}
