//! Answers the server from the records and the running loop.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::Background;
use super::search::Searches;
use crate::clock::Clock;
use crate::dedup;
use crate::inquiry::Records;
use crate::model::{
    Piece, Source, SourceId, StoryId, Subscriber, Timestamp, TopicId, TopicSilence,
};
use crate::pipeline::{Callbacks, Liveness, Request};
use crate::publish::{
    Backend, Before, CallbackBackend, Delivery, EarlierDetail, FeedBackend, Finding, HubBackend,
    Metrics, NotSearched, Reply, Search, SearchBackend, Site, SourceDetail, SourceStatus,
    SourcesBackend, StatusBackend, StoryBackend, StoryDetail, Unavailable, Volume, VolumeDetail,
};
use crate::websub::inbound::CallbackAnswer;
use crate::websub::outbound::{RequestRefused, SubscriptionRequest};

/// Answers the server over the records and the loop's liveness.
pub(super) struct DaemonBackend {
    records: Arc<Records>,
    liveness: Arc<Liveness>,
    metrics: Arc<Metrics>,
    clock: Clock,
    hubs: HubChannels,
    searches: Searches,
    /// The most store reads for readers at once, so that polls keep their share of threads.
    looking: Arc<Semaphore>,
    /// The most calls at unknown callbacks at once.
    waiting: Arc<Semaphore>,
}

/// Where hubs' calls go.
pub(super) struct HubChannels {
    /// The callbacks that are open.
    pub(super) callbacks: Option<Callbacks>,
    /// The loop.
    pub(super) requests: mpsc::Sender<Request>,
}

/// Look-ups at a time.
const LOOKING: usize = 4;

/// How long a hub's call at an unknown callback waits on a node of a cluster: it may have to apply
/// the turn first that opens the callback.
const CATCH_UP: Duration = Duration::from_millis(800);

/// The most such calls at a time.
const CATCHING_UP: usize = 64;

impl DaemonBackend {
    pub(super) fn new(
        records: Arc<Records>,
        liveness: Arc<Liveness>,
        metrics: Arc<Metrics>,
        clock: Clock,
        hubs: HubChannels,
        background: Background,
    ) -> Self {
        Self {
            records,
            liveness,
            metrics,
            clock,
            hubs,
            searches: Searches::new(background),
            looking: Arc::new(Semaphore::new(LOOKING)),
            waiting: Arc::new(Semaphore::new(CATCHING_UP)),
        }
    }

    /// Reads the store where that may block.
    fn look_up<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Records) -> Result<T, Unavailable> + Send + 'static,
    ) -> Reply<T> {
        let (records, looking) = (self.records.clone(), self.looking.clone());
        Box::pin(async move {
            // The permit stays with the work: a reader who went away does not free it.
            let permit = looking.acquire_owned().await;
            let looked = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                look(&records)
            })
            .await;
            looked.unwrap_or_else(|broken| Err(Unavailable(broken.to_string())))
        })
    }
}

impl Backend for DaemonBackend {}

impl StatusBackend for DaemonBackend {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn site(&self) -> Arc<Site> {
        self.records.plan().server.site.clone()
    }

    fn ready(&self) -> Result<(), String> {
        self.liveness.alive()
    }

    fn healthy(&self) -> Result<(), String> {
        self.liveness.runs()
    }

    fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    fn next_poll(&self) -> Option<Timestamp> {
        self.liveness.next_poll()
    }
}

impl SourcesBackend for DaemonBackend {
    fn sources(&self) -> Reply<Vec<SourceStatus>> {
        let now = self.clock.now();
        self.look_up(move |records| {
            let plan = records.plan();
            let mut sources: Vec<_> = plan.sources.values().cloned().collect();
            sources.sort_by_key(|source| source.position);
            let holds = records.holds();
            let state = |source: Arc<Source>| {
                let state = records.source_state(&source.id);
                SourceStatus { hold: holds.hold(&source, &state, now), state, source }
            };
            Ok(sources.into_iter().map(state).collect())
        })
    }

    fn silences(&self) -> Reply<Vec<TopicSilence>> {
        self.look_up(|records| {
            let plan = records.plan();
            // Not everybody who may see the sources may know of a private topic.
            let private = |silence: &TopicSilence| {
                plan.topics.iter().any(|topic| topic.id == silence.topic && topic.private)
            };
            let silences = records.silences().map_err(unavailable)?;
            Ok(silences.into_iter().filter(|silence| !private(silence)).collect())
        })
    }

    fn subscribers(&self) -> Reply<Vec<Subscriber>> {
        self.look_up(|records| records.subscribers().map_err(unavailable))
    }
}

impl StoryBackend for DaemonBackend {
    fn story(&self, id: StoryId, opened: Vec<TopicId>) -> Reply<Option<StoryDetail>> {
        let now = self.clock.now();
        self.look_up(move |records| records.story_detail_for(id, &opened, now).map_err(unavailable))
    }

    fn differences(&self, earlier: &str, later: &str) -> Vec<Piece> {
        dedup::differences(earlier, later)
    }
}

impl SearchBackend for DaemonBackend {
    fn search(&self, search: Search) -> Reply<Result<Finding, NotSearched>> {
        Box::pin(self.searches.search(self.records.clone(), search, self.clock.now()))
    }
}

impl CallbackBackend for DaemonBackend {
    fn callback(&self, token: &str) -> Reply<Option<u64>> {
        let plan = self.records.plan();
        let most = plan.polling.max_body.0;
        let Some(callbacks) = self.hubs.callbacks.clone() else {
            return Box::pin(std::future::ready(Ok(None)));
        };
        if !self.liveness.takes_messages() {
            return Box::pin(std::future::ready(Err(cannot_take())));
        }
        let (token, waiting) = (token.to_owned(), self.waiting.clone());
        Box::pin(async move {
            let is_known = callbacks.knows(&token)
                || plan.cluster.is_some() && {
                    // A node that has just asked the hub may be ahead of this one.
                    let _permit = waiting.try_acquire().map_err(|_| cannot_take())?;
                    let opened = callbacks.opened(&token);
                    tokio::time::timeout(CATCH_UP, opened).await.is_ok()
                };
            Ok(is_known.then_some(most))
        })
    }

    fn verified(&self, token: String, query: Vec<(String, String)>) -> Reply<Option<String>> {
        let (requests, takes) = (self.hubs.requests.clone(), self.liveness.takes_messages());
        Box::pin(async move {
            if !takes {
                return Err(cannot_take());
            }
            let callback = |done| Request::CallBack { token, query, done };
            Ok(match ask_loop(&requests, callback).await? {
                CallbackAnswer::Echo(challenge) => Some(challenge),
                CallbackAnswer::DenialNoted => Some(String::new()),
                CallbackAnswer::Unknown => None,
            })
        })
    }

    fn delivered(&self, delivery: Delivery) -> bool {
        self.liveness.takes_messages()
            && self.hubs.callbacks.as_ref().is_some_and(|callbacks| callbacks.deliver(delivery))
    }
}

impl HubBackend for DaemonBackend {
    fn is_hub(&self) -> bool {
        self.records.plan().hub.runs_hub
    }

    fn subscribe(
        &self,
        request: SubscriptionRequest,
        client: Option<IpAddr>,
    ) -> Reply<Result<(), RequestRefused>> {
        let requests = self.hubs.requests.clone();
        Box::pin(async move {
            ask_loop(&requests, |done| Request::Subscribe { request, client, done }).await
        })
    }
}

impl FeedBackend for DaemonBackend {
    fn volume(&self, topic: TopicId, volume: Volume) -> Reply<Option<VolumeDetail>> {
        self.look_up(move |records| records.volume_detail(&topic, volume).map_err(unavailable))
    }

    fn earlier(&self, topic: Option<TopicId>, before: Before) -> Reply<Option<EarlierDetail>> {
        self.look_up(move |records| records.earlier(topic.as_ref(), before).map_err(unavailable))
    }

    fn source(&self, source: SourceId, may_see_private: bool) -> Reply<Option<SourceDetail>> {
        self.look_up(move |records| {
            records.source_detail(&source, may_see_private).map_err(unavailable)
        })
    }
}

/// Sends the loop a request and waits for its answer.
async fn ask_loop<T>(
    requests: &mpsc::Sender<Request>,
    request: impl FnOnce(oneshot::Sender<T>) -> Request,
) -> Result<T, Unavailable> {
    let stopping = || Unavailable("the daemon is stopping".to_owned());
    let (done, answer) = oneshot::channel();
    requests.send(request(done)).await.map_err(|_| stopping())?;
    answer.await.map_err(|_| stopping())
}

fn cannot_take() -> Unavailable {
    Unavailable("this node accepts no messages now".to_owned())
}

fn unavailable(error: crate::store::StoreError) -> Unavailable {
    Unavailable(error.to_string())
}
