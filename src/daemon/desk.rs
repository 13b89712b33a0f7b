//! What pages and health ask in; what the daemon knows, out.

use std::sync::Arc;

use crate::clock::Clock;
use crate::inquiry::Records;
use crate::model::{Source, StoryId, Timestamp};
use crate::pipeline::Pulse;
use crate::publish::{Desk, Reply, Site, SourceState, StoryDetail, Unavailable};
use crate::topics::Subject;

/// Answers the server over the records and the loop's pulse.
pub(super) struct FrontDesk {
    records: Arc<Records>,
    pulse: Arc<Pulse>,
    clock: Clock,
}

impl FrontDesk {
    pub(super) fn new(records: Arc<Records>, pulse: Arc<Pulse>, clock: Clock) -> Self {
        Self { records, pulse, clock }
    }

    /// Reads the store where that may block.
    fn look_up<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Records) -> Result<T, Unavailable> + Send + 'static,
    ) -> Reply<T> {
        let records = self.records.clone();
        Box::pin(async move {
            let looked = tokio::task::spawn_blocking(move || look(&records)).await;
            looked.unwrap_or_else(|broken| Err(Unavailable(broken.to_string())))
        })
    }
}

impl Desk for FrontDesk {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn site(&self) -> Arc<Site> {
        self.records.plan().server.site.clone()
    }

    fn ready(&self) -> Result<(), String> {
        self.pulse.alive()
    }

    fn healthy(&self) -> Result<(), String> {
        self.pulse.alive()
    }

    fn next_poll(&self) -> Option<Timestamp> {
        self.pulse.next_poll()
    }

    fn sources(&self) -> Reply<Vec<SourceState>> {
        self.look_up(|records| {
            let plan = records.plan();
            let mut sources: Vec<_> = plan.sources.values().cloned().collect();
            sources.sort_by_key(|source| source.position);
            let state =
                |source: Arc<Source>| SourceState { memory: records.memory(&source.id), source };
            Ok(sources.into_iter().map(state).collect())
        })
    }

    fn story(&self, id: StoryId) -> Reply<Option<StoryDetail>> {
        self.look_up(move |records| {
            let story =
                records.store().story(id).map_err(|error| Unavailable(error.to_string()))?;
            let Some(story) = story else { return Ok(None) };
            let plan = records.plan();
            let subject = Subject::of(&story, &plan.sources, &plan.language);
            let topics = plan
                .queries
                .matches(&subject)
                .into_iter()
                .map(|topic| plan.topics[topic].clone())
                .collect();
            Ok(Some(StoryDetail { story, sources: plan.sources.clone(), topics }))
        })
    }
}
