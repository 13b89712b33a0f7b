//! Makes this machine a node of a cluster when it starts, and begins a stream from a store.

use std::sync::Arc;

use tracing::{info, warn};

use super::{Begun, DaemonError, file_limit, snapshots};
use crate::clock::Clock;
use crate::config::{self, ClusterPlan, InUse, Plan, Problems};
use crate::engine::{StreamState, genesis, plan_hash};
use crate::model::{EngineRecord, Seed};
use crate::pipeline::{ClusterNode, EngineDriver, Pipeline};
use crate::publish::ResponseCache;
use crate::store::Store;
use crate::stream::jetstream::connection::Connection;
use crate::stream::membership::Membership;
use crate::stream::node_state::NodeState;
use crate::stream::{Genesis, JetStream, Stream, StreamError};

/// A node that has found its stream.
pub(super) struct Joining {
    /// The plan in force.
    pub(super) plan: Arc<Plan>,
    /// Plans before it by whose queries topics are published until they are filled.
    cluster: Arc<ClusterPlan>,
    connection: Connection,
    /// The first turn, for an empty store.
    genesis: Option<Genesis>,
    /// The plan that this node's files belong to.
    follows: Option<u64>,
}

fn refused(error: impl Into<StreamError>) -> DaemonError {
    DaemonError::Cluster(error.into())
}

fn unusable(why: impl Into<String>) -> DaemonError {
    refused(StreamError::Unusable(why.into()))
}

impl Joining {
    /// Connects to the stream that a store belongs to. `None` on a machine alone.
    pub(super) async fn begin(
        plan: Arc<Plan>,
        store: &dyn Store,
    ) -> Result<Option<Self>, DaemonError> {
        let Some(cluster) = plan.cluster.clone() else { return Ok(None) };
        let records = tokio::task::block_in_place(|| store.engine_records())?;
        let known = StreamState::of(&records);
        // A store that knows its stream serves readers without the servers.
        let connection = Connection::open(&cluster, known.is_some()).await.map_err(refused)?;
        let genesis = match known {
            Some(_) => None,
            None if tokio::task::block_in_place(|| store.count())? > 0 => {
                return Err(unusable(format!(
                    "this store does not belong to the stream {}: `gazetted cluster init` begins a stream from it; to join a stream, take its newest snapshot with `gazetted restore --snapshot --replace`",
                    connection.stream_name()
                )));
            }
            None => {
                let genesis = connection.genesis().await.map_err(refused)?;
                if genesis.rules != cluster.rules {
                    return Err(unusable(format!(
                        "the stream {} began with rules version {}, this program applies version {}, and the servers have no snapshot of that version: restore a backup of another node with `gazetted restore FILE`",
                        connection.stream_name(),
                        genesis.rules,
                        cluster.rules
                    )));
                }
                if !genesis.is_empty {
                    return Err(unusable(format!(
                        "the stream {} did not begin with an empty store, and the servers have no snapshot that this program can use: restore a backup of another node with `gazetted restore FILE`",
                        connection.stream_name()
                    )));
                }
                Some(genesis)
            }
        };
        let shared = match &genesis {
            Some(genesis) => Some(&*genesis.plan),
            None => StreamState::shared_plan(&records),
        };
        let text = shared.unwrap_or_default();
        let is_same = plan.shared.as_deref().is_some_and(|own| own == text);
        let follows = is_same.then(|| plan_hash(text));
        let plan = if is_same { plan } else { in_force(&plan, text)? };
        Ok(Some(Self { plan, cluster, connection, genesis, follows }))
    }

    /// When the engine is opened: the time of the first turn, for an empty store.
    pub(super) fn opened_at(&self, clock: &Clock) -> crate::model::Timestamp {
        self.genesis.as_ref().map_or_else(|| clock.now(), |genesis| genesis.at)
    }

    /// Makes the loop apply the stream.
    pub(super) async fn finish(
        self,
        mut driver: EngineDriver,
        with: impl FnOnce(EngineDriver) -> Result<Pipeline, DaemonError>,
    ) -> Result<Pipeline, DaemonError> {
        if let Some(first) = &self.genesis {
            driver.begin_stream(genesis(&first.id, first.at, &first.plan, first.rules)).await?;
        }
        let Some(state) = driver.engine().stream() else {
            return Err(unusable("the store does not know its stream; please report it"));
        };
        let applied = &state.applied;
        let own = applied.numbers.get(&self.cluster.node).copied().unwrap_or_default();
        let (sequence, genesis) = (applied.sequence, applied.genesis.clone());
        info!(
            event = "joins", sequence, node = %self.cluster.node,
            "node {} continues after sequence {sequence} of the stream", self.cluster.node
        );
        let connection = self.connection.of_stream(&genesis);
        let stream = JetStream::open(connection.clone(), genesis, sequence, own);
        let stream = stream.map_err(refused)?;
        let polls = self.cluster.polls;
        let state = NodeState { sequence, polls, ..NodeState::default() };
        let membership = Membership::begin(connection, stream.instance().to_owned(), state);
        let node = ClusterNode::new(self.cluster, membership, compile_shared, self.follows);
        let mut pipeline = with(driver)?;
        pipeline.join(node, Stream::JetStream(Box::new(stream)));
        Ok(pipeline)
    }
}

/// The plan that the nodes share, where this node's files say something else.
fn in_force(own: &Arc<Plan>, text: &str) -> Result<Arc<Plan>, DaemonError> {
    let compiled = tokio::task::block_in_place(|| compile_shared(text, own));
    let plan = compiled.map_err(DaemonError::Configuration)?;
    for change in config::changes(&plan, own, &InUse::since_start(&plan)) {
        warn!(event = "files_differ", "this node's files differ from the plan in force: {change}");
    }
    Ok(Arc::new(plan))
}

/// Compiles a plan that the nodes share, within the limits of this machine.
fn compile_shared(text: &str, own: &Plan) -> Result<Plan, Problems> {
    Ok(file_limit::within(Plan::of_shared(text, own)?.plan))
}

/// Begins the stream of a cluster from a store. The plan is in force in the store afterwards.
///
/// # Errors
/// The stream exists, the servers refuse, or the store belongs to another stream.
pub async fn begin_stream(
    plan: Plan,
    store: Arc<dyn Store>,
    clock: &Clock,
) -> Result<Begun, DaemonError> {
    let plan = Arc::new(plan);
    let (Some(cluster), Some(text)) = (plan.cluster.clone(), plan.shared.clone()) else {
        return Err(unusable(
            "there is no [cluster] in the configuration: name the NATS `servers`",
        ));
    };
    let records = tokio::task::block_in_place(|| store.engine_records())?;
    if let Some(known) = records.iter().find_map(|record| match record {
        EngineRecord::Applied(applied) => Some(&applied.genesis),
        _ => None,
    }) {
        return Err(unusable(format!(
            "this store belongs to the stream that began with {known}: to begin another, run it once without [cluster]"
        )));
    }
    let connection = Connection::open(&cluster, false).await.map_err(refused)?;
    let stories = tokio::task::block_in_place(|| store.count())?;
    let is_empty = stories == 0 && records.is_empty();
    let seed = Seed::fresh().ok_or_else(|| unusable("the system provides no random bytes"))?;
    let first = Genesis {
        id: seed.token(&[b"genesis"]),
        is_empty,
        plan: text.to_string(),
        rules: cluster.rules,
        at: clock.now(),
    };
    if is_empty {
        // If anything fails after this, the store is one that may join.
        connection.create(&first).await.map_err(refused)?;
    }
    let cache: Arc<ResponseCache> = Arc::default();
    let mut driver = EngineDriver::open(plan.clone(), store.clone(), cache, first.at).await?;
    while driver.is_filling() {
        driver.step(clock.now()).await?;
    }
    if !is_empty {
        connection.create(&first).await.map_err(refused)?;
    }
    driver.begin_stream(genesis(&first.id, first.at, &text, first.rules)).await?;
    let has_snapshot = match cluster.snapshots {
        Some(_) if !is_empty => {
            let put = snapshots::put_first(&connection, &plan, &store, &first.id, clock.now());
            put.await
                .map_err(|why| {
                    warn!(
                        event = "snapshot_failed",
                        "no snapshot was put on the NATS servers: {why}"
                    )
                })
                .is_ok()
        }
        _ => false,
    };
    Ok(Begun {
        stream: connection.stream_name(),
        genesis: first.id,
        node: cluster.node.clone(),
        stories,
        has_snapshot,
    })
}

/// The oldest server that keeps acknowledged turns and syncs them in batches.
const LEAST_VERSION: (u64, u64) = (2, 15);

/// The least `max_payload` of the servers, in bytes.
const LEAST_PAYLOAD: usize = 1 << 20;

/// Tries the servers of a cluster. Returns what an operator should know, a line each.
///
/// # Errors
/// They cannot be used.
pub async fn check_servers(plan: &Plan) -> Result<Vec<String>, StreamError> {
    let Some(cluster) = &plan.cluster else { return Ok(Vec::new()) };
    let connection = Connection::open(cluster, false).await?;
    let server = connection.client().server_info();
    let numbers: Vec<u64> = server.version.split('.').map_while(|part| part.parse().ok()).collect();
    if numbers
        .first()
        .zip(numbers.get(1))
        .is_some_and(|(major, minor)| (*major, *minor) < LEAST_VERSION)
    {
        let (major, minor) = LEAST_VERSION;
        let found = &server.version;
        return Err(StreamError::Unusable(format!(
            "the NATS server {} has version {found}: version {major}.{minor} or later is needed",
            server.server_name
        )));
    }
    if server.max_payload < LEAST_PAYLOAD {
        return Err(StreamError::Unusable(format!(
            "the NATS servers take messages of {} bytes: set `max_payload` to 1MB or more",
            server.max_payload
        )));
    }
    let mut lines = vec![format!(
        "NATS {} answers; `sync_interval: always` in its configuration cannot be seen from here, and is required",
        server.version
    )];
    let name = connection.stream_name();
    match connection.stream_info().await {
        Err(_) => lines
            .push(format!("the stream {name} does not exist: `gazetted cluster init` creates it")),
        Ok(info) => {
            let replicas = info.config.num_replicas;
            if replicas < 3 {
                lines.push(format!("the stream {name} has {replicas} replicas: with three it survives the loss of a server"));
            }
            lines.push(snapshots::describe_newest(plan).await);
            if info.config.max_age != cluster.keep {
                let (kept, keep) = (info.config.max_age.as_secs(), cluster.keep.as_secs());
                lines.push(format!("the stream {name} keeps turns for {kept} s, and `keep` says {keep} s: it was fixed when the stream was made"));
            }
        }
    }
    Ok(lines)
}
