//! Applies WebSub turns: subscriptions at sources' hubs, and our own hub's subscribers.

use url::Url;

use super::Engine;
use super::turn::{Event, HubAnswer, Turn};
use super::turn_in_progress::TurnInProgress;
use crate::config::Plan;
use crate::fetch;
use crate::model::{
    EngineRecord, HubProtocol, Source, SourceId, SourceState, Subscriber, SubscriberId,
    SubscriptionMode, SubscriptionTerms,
};
use crate::websub::inbound::{self, CallbackAnswer};
use crate::websub::outbound::SubscriptionRequest;

/// The callbacks' address for a source's hub, if the operator allows pushes.
pub(crate) fn callbacks_of<'a>(plan: &'a Plan, source: &Source) -> Option<&'a Url> {
    plan.hub.callback_base.as_ref().filter(|_| source.push)
}

impl Engine {
    pub(super) fn hub_turn(&mut self, turn: Turn, work: &mut TurnInProgress<'_>) {
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
                    .and_then(|callbacks| inbound::next_request(id, &state, callbacks, &seed, now));
                let Some(request) = request else { return };
                state.push = Some(Box::new(request.subscription.clone()));
                report(HubAnswer::Request(Box::new(request)));
            }
            Turn::HubAnswered { round, answer, .. } => {
                let push = state.push.as_mut().filter(|push| push.round == round);
                let Some(push) = push else { return };
                let was_failing = push.trouble.is_some();
                match &answer {
                    Ok(()) => inbound::record_accepted(push, now),
                    Err(failure) => inbound::record_failed(push, failure, now),
                }
                let hub = push.offer.hub.clone();
                report(HubAnswer::Answered { hub, answer, was_failing });
            }
            Turn::HubCallback { token, query, .. } => {
                let Some(push) = &mut state.push else { return };
                let answer = inbound::answer_callback(push, &token, &query, now);
                let is_cloud = push.offer.protocol == HubProtocol::RssCloud;
                // A cloud's challenge confirms nothing yet: its answer to the request does.
                let until = push.expires.filter(|_| !is_cloud);
                let hub = push.offer.hub.clone();
                match answer {
                    CallbackAnswer::Unknown => return,
                    CallbackAnswer::DenialNoted => inbound::resume_polling(&mut state, now),
                    CallbackAnswer::Echo(_) => {}
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

    /// Makes a source due as soon as its floor and holds allow (W15).
    pub(super) fn hasten(&mut self, source: &Source, work: &mut TurnInProgress<'_>) {
        let known = work.source_state(&source.id).cloned();
        let mut state =
            known.unwrap_or_else(|| self.with_source_state(&source.id, SourceState::clone));
        if fetch::hasten(&mut state, source, &self.plan.polling, work.now) {
            work.remember(source.id.clone(), state);
        }
    }

    /// Drops the subscriptions of sources whose hub may not push any more: their callbacks are
    /// closed.
    pub(super) fn end_pushes(&mut self, work: &mut TurnInProgress<'_>) {
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
            inbound::resume_polling(&mut state, work.now);
            state.push = None;
            work.remember(id, state);
        }
    }

    pub(super) fn subscriber_turn(&mut self, turn: Turn, work: &mut TurnInProgress<'_>) {
        match turn {
            Turn::SubscriptionRequested { requests, .. } => {
                for (request, has) in requests {
                    let id = SubscriberId::of(&request.topic, &request.callback);
                    let recorded = request.recorded(self.subscribers.get(&id), has, work.now);
                    self.subscribers.insert(id, recorded.clone());
                    work.commit.subscribers.push(recorded);
                }
            }
            Turn::SubscribersUpdated { updated, removed, answered, .. } => {
                // Only an answer ends a request: the update may be older.
                let left = |known: &Subscriber| {
                    let id = known.id();
                    let is_open =
                        |terms: &SubscriptionTerms| !answered.contains(&(id, terms.clone()));
                    SubscriptionRequest::pending_of(known).filter(|one| is_open(&one.terms))
                };
                for one in updated {
                    let open = self.subscribers.get(&one.id()).and_then(left);
                    let one = Subscriber { asked: open.map(|request| request.terms), ..one };
                    self.subscribers.insert(one.id(), one.clone());
                    work.commit.subscribers.push(one);
                }
                for id in removed {
                    let Some(known) = self.subscribers.remove(&id) else { continue };
                    let open = left(&known);
                    match open.filter(|one| one.terms.mode == SubscriptionMode::Subscribe) {
                        Some(request) => {
                            let recorded = request.recorded(None, known.has, work.now);
                            self.subscribers.insert(id, recorded.clone());
                            work.commit.subscribers.push(recorded);
                        }
                        None => work.commit.unsubscribed.push(id),
                    }
                }
            }
            Turn::HubNotified { feeds, .. } => {
                let at = work.now;
                for (path, hash) in feeds {
                    work.commit.engine.push(EngineRecord::Ping { path: path.clone(), hash, at });
                    self.pinged.insert(path, hash);
                }
            }
            _ => {}
        }
    }
}
