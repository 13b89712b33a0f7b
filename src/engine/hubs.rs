//! Applies what happens between sources and their hubs.

use url::Url;

use super::Engine;
use super::turn::{Event, HubAnswer, Turn};
use super::work::Work;
use crate::config::Plan;
use crate::fetch::{self, websub};
use crate::model::{Protocol, Source, SourceId, SourceState};

/// Where a source's hub may call, if the operator lets it push.
pub(crate) fn callbacks_of<'a>(plan: &'a Plan, source: &Source) -> Option<&'a Url> {
    plan.hub.callbacks.as_ref().filter(|_| source.push)
}

impl Engine {
    pub(super) fn hub_turn(&mut self, turn: Turn, work: &mut Work<'_>) {
        let (Turn::HubRequested { source, .. }
        | Turn::HubAnswered { source, .. }
        | Turn::HubCallback { source, .. }
        | Turn::PingReceived { source, .. }
        | Turn::PushRejected { source, .. }
        | Turn::PollRequested { source, .. }) = &turn
        else {
            return;
        };
        let plan = self.plan.clone();
        let Some(source) = plan.sources.get(source) else { return };
        let (id, now) = (&source.id, work.now);
        let mut state = self.with_source_state(id, SourceState::clone);
        let mut report = |answer| {
            let answer = Box::new(answer);
            work.events.push(Event::Hub { source: id.clone(), answer });
        };
        match turn {
            Turn::PollRequested { .. } => return self.hasten(source, work),
            Turn::HubRequested { seed, .. } => {
                let callbacks = callbacks_of(&plan, source);
                let request = callbacks
                    .and_then(|callbacks| websub::request(id, &state, callbacks, &seed, now));
                let Some(request) = request else { return };
                state.push = Some(Box::new(request.subscription.clone()));
                report(HubAnswer::Request(Box::new(request)));
            }
            Turn::HubAnswered { round, answer, .. } => {
                let push = state.push.as_mut().filter(|push| push.round == round);
                let Some(push) = push else { return };
                let was_failing = push.trouble.is_some();
                match &answer {
                    Ok(()) => websub::accepted(push, now),
                    Err(failure) => websub::failed(push, failure, now),
                }
                let hub = push.offer.hub.clone();
                report(HubAnswer::Answered { hub, answer, was_failing });
            }
            Turn::HubCallback { token, query, .. } => {
                let Some(push) = &mut state.push else { return };
                let answer = websub::verify(push, &token, &query, now);
                let is_cloud = push.offer.protocol == Protocol::RssCloud;
                // A cloud's challenge: its yes is the answer to the request.
                let until = push.expires.filter(|_| !is_cloud);
                let hub = push.offer.hub.clone();
                match answer {
                    websub::Answer::NotOurs => return,
                    websub::Answer::Noted => websub::uncover(&mut state, now),
                    websub::Answer::Echo(_) => {}
                }
                report(HubAnswer::Callback { hub, answer, until });
            }
            Turn::PingReceived { .. } => {
                let Some(push) = &mut state.push else { return };
                push.delivered += 1;
                push.last_delivery = Some(now);
                fetch::hasten(&mut state, source, &plan.polling, now);
            }
            Turn::PushRejected { .. } => {
                let Some(push) = &mut state.push else { return };
                push.forged += 1;
            }
            _ => return,
        }
        work.remember(id.clone(), state);
    }

    /// Makes a source that is said to have news due as soon as may be (W15).
    pub(super) fn hasten(&mut self, source: &Source, work: &mut Work<'_>) {
        let known = work.source_state(&source.id).cloned();
        let mut state =
            known.unwrap_or_else(|| self.with_source_state(&source.id, SourceState::clone));
        if fetch::hasten(&mut state, source, &self.plan.polling, work.now) {
            work.remember(source.id.clone(), state);
        }
    }

    /// Forgets the subscriptions of sources whose hub may not push any more: their
    /// callbacks are closed, so nothing is to be counted on.
    pub(super) fn end_pushes(&mut self, work: &mut Work<'_>) {
        let plan = self.plan.clone();
        let source_states =
            self.source_states.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let pushed = source_states.iter().filter(|(_, state)| state.push.is_some());
        let closed = pushed.filter(|(id, _)| {
            plan.sources.get(*id).is_some_and(|source| callbacks_of(&plan, source).is_none())
        });
        let closed: Vec<(SourceId, SourceState)> =
            closed.map(|(id, state)| (id.clone(), SourceState::clone(state))).collect();
        drop(source_states);
        for (id, mut state) in closed {
            websub::uncover(&mut state, work.now);
            state.push = None;
            work.remember(id, state);
        }
    }
}
