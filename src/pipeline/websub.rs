//! Connects WebSub's protocol to the network, the engine and the schedule, in both directions.

use std::future::pending;

use super::Pipeline;
use crate::config::Plan;
use crate::fetch::Agenda;
use crate::model::{Source, SourceId, SourceState, Subscription, Timestamp};
use crate::store::StoreError;

mod callbacks;
mod calls;
mod changes;
mod delivery;
mod inbound;
mod outbound;
mod verification;

use inbound::{Inbound, InboundEvent};
use outbound::{Outbound, OutboundEvent};

pub use callbacks::Callbacks;

/// Something that a hub or a subscriber sent or answered.
pub(super) enum WebSubEvent {
    /// From a source's hub.
    Inbound(InboundEvent),
    /// From a subscriber of ours, or another hub that is pinged.
    Outbound(OutboundEvent),
}

/// The state of both directions. Each is `None` until it is opened.
#[derive(Default)]
pub(super) struct WebSub {
    inbound: Option<Inbound>,
    outbound: Option<Outbound>,
}

impl WebSub {
    /// The next event; pending for ever while there is none. On a full disk nothing is taken in.
    pub(super) async fn next(&mut self, full: bool) -> WebSubEvent {
        let Self { inbound, outbound } = self;
        let inbound = async {
            match inbound {
                Some(inbound) => inbound.next(full).await,
                None => pending().await,
            }
        };
        let outbound = async {
            match outbound {
                Some(outbound) => outbound.next(full).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            event = inbound => WebSubEvent::Inbound(event),
            event = outbound => WebSubEvent::Outbound(event),
        }
    }

    /// The next event of a source's hub; pending for ever while there is none.
    pub(super) async fn next_inbound(&mut self) -> WebSubEvent {
        match &mut self.inbound {
            Some(inbound) => WebSubEvent::Inbound(inbound.next(false).await),
            None => pending().await,
        }
    }

    /// When subscribers have to be looked at, even if nothing happens.
    pub(super) fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.outbound.as_ref().and_then(|outbound| outbound.wake_at(now))
    }

    /// Whether nothing is under way.
    pub(super) fn is_settled(&self) -> bool {
        self.inbound.as_ref().is_none_or(Inbound::is_settled)
            && self.outbound.as_ref().is_none_or(Outbound::is_settled)
    }

    /// Whether a hub pushes any source.
    pub(super) fn is_any_pushed(&self, now: Timestamp) -> bool {
        self.inbound.as_ref().is_some_and(|inbound| inbound.is_any_pushed(now))
    }

    /// Whether no hub is ever asked.
    pub(super) fn is_without_hubs(&self) -> bool {
        self.inbound.is_none()
    }

    /// Takes no more deliveries.
    pub(super) fn close_callbacks(&mut self) {
        self.inbound.iter_mut().for_each(Inbound::close);
    }

    /// Whether accepted deliveries are not read yet.
    pub(super) fn has_deliveries(&self) -> bool {
        self.inbound.as_ref().is_some_and(Inbound::has_deliveries)
    }

    /// These sources' hubs are due to be asked.
    pub(super) fn hubs_are_due(&mut self, sources: Vec<SourceId>) {
        if let Some(inbound) = &mut self.inbound {
            inbound.are_due(sources);
        }
    }

    /// Opens the callbacks of a source's subscription, and enters the next request to its hub on
    /// the agenda.
    pub(super) fn plan_hub(
        &mut self,
        source: &Source,
        state: &SourceState,
        plan: &Plan,
        agenda: &mut Agenda,
    ) {
        if let Some(inbound) = &mut self.inbound {
            inbound.plan_hub(source, state, plan, agenda);
        }
    }

    /// Takes a source's hub off the agenda. The callbacks of `subscription` stay open.
    pub(super) fn forget_hub(
        &mut self,
        id: &SourceId,
        subscription: Option<&Subscription>,
        agenda: &mut Agenda,
    ) {
        if let Some(inbound) = &mut self.inbound {
            inbound.forget_hub(id, subscription, agenda);
        }
    }

    /// Whether a ping for a source came while the source was being polled. Asked once a poll.
    pub(super) fn was_pinged(&mut self, source: &SourceId) -> bool {
        self.inbound.as_mut().is_some_and(|inbound| inbound.was_pinged(source))
    }
}

impl Pipeline {
    /// Acts on an event of a hub or a subscriber.
    pub(super) async fn websub_event(&mut self, event: WebSubEvent) -> Result<(), StoreError> {
        match event {
            WebSubEvent::Inbound(event) => self.inbound_event(event).await,
            WebSubEvent::Outbound(event) => self.outbound_event(event).await,
        }
    }
}
