//! Starts the daemon's parts from a plan, a store and a listener, and stops them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::clock::Clock;
use crate::config::{Plan, Problems};
use crate::engine::StartupProgress;
use crate::inquiry::Records;
use crate::model::{Failure, NodeName};
use crate::pipeline::{EngineDriver, Liveness, Pipeline, Request, TICK};
use crate::publish::{self, Address, Audience, Listener, Metrics, ResponseCache};
use crate::store::{Store, StoreError};
use crate::stream::StreamError;

mod background;

mod backend;

mod backups;
#[cfg(feature = "cluster")]
mod cluster_start;
#[cfg(not(feature = "cluster"))]
#[path = "daemon/without_cluster.rs"]
mod cluster_start;

mod file_limit;
mod handle;
mod search;
#[cfg(feature = "cluster")]
mod snapshots;
mod startup_log;
mod static_site;

pub use background::{Background, at_low_priority};
pub use backups::keep_backups;
pub use cluster_start::{begin_stream, check_servers};
#[cfg(not(feature = "cluster"))]
pub use cluster_start::{fetch_snapshot, first_snapshot, keep_snapshots};
pub use handle::{Handle, PlanInForce};
#[cfg(feature = "cluster")]
pub use snapshots::{fetch_snapshot, first_snapshot, keep_snapshots};
pub use startup_log::StartupLog;

/// Requests that may wait for the loop.
const WAITING: usize = 64;

/// How long readers and polls may take to finish once the daemon is asked to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// Why the daemon did not start, or did not stay.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The store failed: nothing can be remembered.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client cannot be made of these settings.
    #[error("[polling] cannot be used: {0}")]
    Polling(Failure),
    /// This machine cannot be a node of the cluster.
    #[error("[cluster] {0}")]
    Cluster(StreamError),
    /// The plan that the nodes share cannot be used here.
    #[error("the plan of the cluster cannot be used on this node: {0}")]
    Configuration(Problems),
    /// The listener broke.
    #[error("the server ended: {0}")]
    Server(#[from] std::io::Error),
    /// There are no threads to poll with.
    #[error("no threads can be started: {0}")]
    Threads(std::io::Error),
    /// A fault of ours.
    #[error("the core loop ended by a fault; please report it")]
    Panicked,
    /// Not everything finished in time.
    #[error("not everything finished within {} s; what was unfinished is polled again after the next start", DRAIN.as_secs())]
    Undrained,
}

/// A stream that [`begin_stream`] has made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Begun {
    /// The name of the stream.
    pub stream: String,
    /// The ID of its first turn.
    pub genesis: String,
    /// The node.
    pub node: NodeName,
    /// The stories of the store.
    pub stories: u64,
    /// Whether a snapshot of the store is on the servers, so that other nodes can begin with it.
    pub has_snapshot: bool,
}

/// Where a daemon is asked.
pub struct Listeners {
    /// By readers.
    pub readers: Listener,
    /// By operators, where they have a listener of their own.
    pub operators: Option<Listener>,
}

impl<L: Into<Listener>> From<L> for Listeners {
    fn from(readers: L) -> Self {
        Self { readers: readers.into(), operators: None }
    }
}

/// A running daemon.
pub struct Daemon {
    address: Option<Address>,
    records: Arc<Records>,
    metrics: Arc<Metrics>,
    requests: mpsc::Sender<Request>,
    liveness: Arc<Liveness>,
    /// Looks at the loop from outside.
    watching: JoinSet<()>,
    /// Where the loop runs, and whoever writes the site.
    background: Background,
    pipeline: JoinHandle<Result<(), StoreError>>,
    server: JoinHandle<()>,
    stop_serving: CancellationToken,
    cache: Arc<ResponseCache>,
    /// Writes the site to a directory, where one is configured.
    site: Option<JoinHandle<()>>,
    stop_writing: CancellationToken,
}

impl Daemon {
    /// Starts polling and serving. When this returns the listener answers and
    /// the response cache holds every feed: the daemon is ready.
    pub async fn start(
        plan: Plan,
        store: Arc<dyn Store>,
        listeners: impl Into<Listeners>,
        clock: Clock,
    ) -> Result<Self, DaemonError> {
        let background = Background::start().map_err(DaemonError::Threads)?;
        let Listeners { readers, operators } = listeners.into();
        let address = readers.address();
        let plan = Arc::new(file_limit::within(plan));
        let joining = cluster_start::Joining::begin(plan.clone(), &*store).await?;
        let plan = joining.as_ref().map_or(plan, |joining| joining.plan.clone());
        let at = joining.as_ref().map_or_else(|| clock.now(), |joining| joining.opened_at(&clock));
        let cache = Arc::new(ResponseCache::default());
        let startup = Arc::new(StartupProgress::default());
        let starting = StartupLog::begin(startup.clone());
        let driver = EngineDriver::open_with_progress(
            plan.clone(),
            store.clone(),
            cache.clone(),
            at,
            &startup,
        )
        .await?;
        let records = Records::new(plan.clone(), store, driver.source_states());
        let records = Arc::new(records.of_daemon(driver.fill_progress()));
        let metrics = driver.metrics();
        let (requests, incoming) = mpsc::channel(WAITING);
        let with =
            |driver| Pipeline::new(driver, clock.clone(), incoming).map_err(DaemonError::Polling);
        let mut pipeline = match joining {
            Some(joining) => joining.finish(driver, with).await?,
            None => with(driver)?,
        };
        let (followed, shown) = (records.clone(), cache.clone());
        pipeline.follow_plans(move |plan| {
            followed.replan(plan);
            shown.announce();
        });
        let hubs = backend::HubChannels {
            callbacks: pipeline.open_callbacks(),
            requests: requests.clone(),
        };
        pipeline.open_hub();
        drop(starting);
        let liveness = pipeline.liveness();
        // On the threads that answer readers: those that poll may be what stalls.
        let mut watching = JoinSet::new();
        watching.spawn(watch(liveness.clone(), clock.clone()));
        let stop_serving = CancellationToken::new();
        let backend = Arc::new(backend::DaemonBackend::new(
            records.clone(),
            liveness.clone(),
            metrics.clone(),
            clock.clone(),
            hubs,
            background.clone(),
        ));
        let site =
            static_site::StaticSite::of(&plan.publish, records.clone(), cache.clone(), clock);
        let stop_writing = CancellationToken::new();
        let serve = |listener, audience| {
            let settings = publish::Settings { audience, ..plan.server.limits.clone() };
            publish::serve(listener, cache.clone(), backend.clone(), settings, stop_serving.clone())
        };
        let beside = operators.map(|operators| serve(operators, Audience::Operators));
        let server = serve(readers, plan.server.limits.audience);
        let server = async move {
            match beside {
                Some(beside) => drop(tokio::join!(server, beside)),
                None => server.await,
            }
        };
        Ok(Self {
            address,
            records,
            metrics,
            requests,
            liveness,
            watching,
            pipeline: background.spawn_on_own_thread(pipeline.run()),
            server: tokio::spawn(server),
            stop_serving,
            cache,
            site: site.map(|site| background.spawn(site.keep_current(stop_writing.clone()))),
            stop_writing,
            background,
        })
    }

    /// Where it listens to readers, if the listener can tell.
    pub fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// The daemon's records, for questions.
    pub fn records(&self) -> Arc<Records> {
        self.records.clone()
    }

    /// A way to ask the loop, which outlives this value.
    pub fn handle(&self) -> Handle {
        Handle {
            cache: self.cache.clone(),
            requests: self.requests.clone(),
            records: self.records.clone(),
            metrics: self.metrics.clone(),
            liveness: self.liveness.clone(),
        }
    }

    /// Returns when the daemon ended by itself, which only a fault makes it do.
    pub async fn failed(&mut self) -> DaemonError {
        tokio::select! {
            ended = &mut self.pipeline => match ended {
                Ok(Err(error)) => error.into(),
                Ok(Ok(())) | Err(_) => DaemonError::Panicked,
            },
            _ = &mut self.server => DaemonError::Panicked,
        }
    }

    /// Stops: polls under way are still published, readers still served, the
    /// store is flushed; all within a deadline.
    pub async fn stop(mut self) -> Result<(), DaemonError> {
        self.watching.abort_all();
        let (requests, pipeline) = (self.requests, self.pipeline);
        let ended = tokio::time::timeout(DRAIN, async move {
            // Very many requests may wait before this one.
            let _ = requests.send(Request::Stop).await;
            pipeline.await
        });
        let ended = ended.await;
        // Readers are served until the last poll is published, and no longer.
        self.stop_serving.cancel();
        let served = tokio::time::timeout(DRAIN, self.server).await;
        let drained = match (ended, served) {
            (Ok(Ok(Ok(()))), Ok(Ok(()))) => Ok(()),
            (Ok(Ok(Err(error))), _) => Err(error.into()),
            (Ok(Err(_)), _) | (_, Ok(Err(_))) => Err(DaemonError::Panicked),
            (Err(_), _) | (_, Err(_)) => Err(DaemonError::Undrained),
        };
        // The directory ends as what was served last.
        self.stop_writing.cancel();
        let drained = match self.site {
            Some(site) => match tokio::time::timeout(DRAIN, site).await {
                Ok(_) => drained,
                Err(_) => drained.and(Err(DaemonError::Undrained)),
            },
            None => drained,
        };
        drop(self.background);
        let closed = tokio::task::block_in_place(|| self.records.store().close());
        drained.and(closed.map_err(DaemonError::from))
    }
}

/// Looks at the loop every so often, and says when it stalls and when it goes on.
async fn watch(liveness: Arc<Liveness>, clock: Clock) {
    let mut ticks = tokio::time::interval(TICK);
    // After a pause of the machine nothing is made up for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_healthy = true;
    loop {
        ticks.tick().await;
        liveness.tick(clock.now());
        let health = liveness.runs();
        match &health {
            Err(why) if was_healthy => {
                error!(event = "stalled", "gazetted should be restarted: {why}");
            }
            Ok(()) if !was_healthy => info!(event = "goes_on", "polls go on again"),
            _ => {}
        }
        was_healthy = health.is_ok();
    }
}
