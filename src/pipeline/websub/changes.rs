//! Collects changes of subscribers, which are stored in one turn.

use std::collections::BTreeMap;

use crate::engine::Turn;
use crate::model::{Subscriber, SubscriberId, SubscriptionTerms, Timestamp};
use crate::websub::outbound::SubscriptionRequest;

/// Changes of subscribers; the last of each counts.
#[derive(Default)]
pub(super) struct Changes {
    subscribers: BTreeMap<SubscriberId, Option<Subscriber>>,
    /// The requests that are answered by them.
    answered: Vec<(SubscriberId, SubscriptionTerms)>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.subscribers.is_empty()
    }

    /// A subscriber as the changes so far leave it.
    pub(super) fn get<'a>(
        &'a self,
        id: &SubscriberId,
        stored: &'a BTreeMap<SubscriberId, Subscriber>,
    ) -> Option<&'a Subscriber> {
        match self.subscribers.get(id) {
            Some(changed) => changed.as_ref(),
            None => stored.get(id),
        }
    }

    /// Stores a subscriber.
    pub(super) fn update(&mut self, id: SubscriberId, subscriber: Subscriber) {
        self.subscribers.insert(id, Some(subscriber));
    }

    /// Removes a subscriber. A request of it that waits has nothing to be verified any more.
    pub(super) fn remove(&mut self, id: SubscriberId, asked: Option<SubscriptionTerms>) {
        self.subscribers.insert(id, None);
        self.answered.extend(asked.map(|terms| (id, terms)));
    }

    /// Records a subscriber after the answer to a request; `None` if it has ended.
    pub(super) fn answer(&mut self, request: &SubscriptionRequest, subscriber: Option<Subscriber>) {
        let id = SubscriberId::of(&request.topic, &request.callback);
        self.subscribers.insert(id, subscriber);
        self.answered.push((id, request.terms.clone()));
    }

    /// Keeps a subscriber without its request, unless nothing of it is left.
    pub(super) fn take_back(
        &mut self,
        request: &SubscriptionRequest,
        stored: &BTreeMap<SubscriberId, Subscriber>,
    ) {
        let id = SubscriberId::of(&request.topic, &request.callback);
        let recorded = self.get(&id, stored).filter(|recorded| recorded.asked.is_some());
        // A request that was never stored leaves nothing to write.
        let Some(recorded) = recorded else { return };
        let left = request.without(recorded);
        self.answer(request, (left.is_confirmed() || left.asked.is_some()).then_some(left));
    }

    /// Adds later changes.
    pub(super) fn extend(&mut self, later: Self) {
        self.subscribers.extend(later.subscribers);
        self.answered.extend(later.answered);
    }

    /// The turn that stores them.
    pub(super) fn into_turn(self, at: Timestamp) -> Turn {
        let (mut updated, mut removed) = (Vec::new(), Vec::new());
        for (id, changed) in self.subscribers {
            match changed {
                Some(subscriber) => updated.push(subscriber),
                None => removed.push(id),
            }
        }
        Turn::SubscribersUpdated { updated, removed, answered: self.answered, at }
    }
}
