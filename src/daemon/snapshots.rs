//! Puts snapshots of a cluster on the NATS servers, and gives the newest to nodes that begin.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{DaemonError, Handle, at_low_priority};
use crate::clock::Clock;
use crate::config::{ClusterPlan, Plan};
use crate::engine::StreamState;
use crate::model::{NodeName, Timestamp};
use crate::pipeline::{ClusterStatus, NodeStatus};
use crate::store::{BackupInTransit, Backups, Contents, Store, StoreError, is_due};
use crate::stream::StreamError;
use crate::stream::jetstream::connection::Connection;
use crate::stream::jetstream::snapshots::{Snapshot, Snapshots};

/// The interval of checks whether this node is the one that writes snapshots.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// The interval at which that node asks the servers for the newest.
const ASK_INTERVAL: Duration = Duration::from_secs(600);

/// After a failure, the next try is at least this much later.
const RETRY_DELAY: Duration = Duration::from_secs(600);

/// Has a snapshot put on the servers whenever one is due and this node is the one to write it, until
/// it is dropped.
pub async fn keep_snapshots(store: PathBuf, handle: Handle, clock: Clock) {
    let Some(cluster) = handle.records.plan().cluster.clone() else { return };
    let Some(interval) = cluster.snapshots else { return };
    let backups = Backups::beside(&store);
    let mut not_before = Instant::now();
    let mut rules = None;
    loop {
        tokio::time::sleep(CHECK_INTERVAL).await;
        let Some(status) = handle.cluster().await else { return };
        // Other rules need a snapshot at once: nodes with them cannot begin with an older one.
        let is_time = Instant::now() >= not_before || rules != Some(status.rules);
        let is_empty = handle.records.store().count().is_ok_and(|stories| stories == 0);
        if is_empty || !is_time || writer(&status.nodes, status.rules) != Some(&status.node) {
            continue;
        }
        rules = Some(status.rules);
        let written = put_if_due(&cluster, &backups, &handle, &status, interval, clock.now());
        let wait = match written.await {
            Ok(()) => ASK_INTERVAL.min(interval),
            Err(why) => {
                warn!(
                    event = "snapshot_failed",
                    "no snapshot was put on the NATS servers: {why}; new nodes need a backup until there is one"
                );
                RETRY_DELAY.min(interval)
            }
        };
        not_before = Instant::now() + wait;
    }
}

/// The node that writes snapshots: of those that are ready the one with the least to poll.
fn writer(nodes: &[NodeStatus], rules: u32) -> Option<&NodeName> {
    let is_ready =
        |node: &&NodeStatus| !node.is_silent() && node.not_ready.is_none() && node.rules == rules;
    let ready = nodes.iter().filter(is_ready);
    ready.min_by_key(|node| (node.partitions, &node.node)).map(|node| &node.node)
}

/// Puts a snapshot on the servers if the newest there is older than the interval.
async fn put_if_due(
    cluster: &Arc<ClusterPlan>,
    backups: &Backups,
    handle: &Handle,
    status: &ClusterStatus,
    interval: Duration,
    now: Timestamp,
) -> Result<(), String> {
    let connection = Connection::open(cluster, false).await.map_err(|error| error.to_string())?;
    let snapshots = Snapshots::open(&connection, &status.genesis).await?;
    let all = snapshots.list().await?;
    let newest = all.iter().rev().find(|snapshot| snapshot.rules == status.rules);
    if !is_due(newest.map(|newest| newest.made), now, interval) {
        return Ok(());
    }
    let cancellation = CancellationToken::new();
    let cancelled = cancellation.clone();
    let _cancel_on_drop = cancellation.drop_guard();
    let min_free = handle.records.plan().store.min_free;
    let file = backups.in_transit().map_err(|error| error.to_string())?;
    let node = cluster.node.clone();
    let written = handle.back_up(move |store: &dyn Store| {
        at_low_priority(|| {
            let contents = file.write(store, min_free, &|| !cancelled.is_cancelled())?;
            Ok::<_, StoreError>((of_store(store, node, now, &contents)?, file, contents))
        })
    });
    let written = written.await.map_err(|refused| refused.to_string())?;
    let (snapshot, file, contents) = written.map_err(|error| error.to_string())?;
    put(&snapshots, &snapshot, &file, &contents).await
}

/// The description of a snapshot of a store. The store must not change between this and the backup.
fn of_store(
    store: &dyn Store,
    node: NodeName,
    made: Timestamp,
    contents: &Contents,
) -> Result<Snapshot, StoreError> {
    let state = StreamState::of(&store.engine_records()?);
    let applied = state.map(|state| state.applied).ok_or_else(|| StoreError::Backup {
        file: "snapshot".to_owned(),
        what: "this store belongs to no stream".to_owned(),
    })?;
    Ok(Snapshot {
        sequence: applied.sequence,
        genesis: applied.genesis,
        rules: applied.rules,
        node,
        made,
        stories: contents.stories,
    })
}

async fn put(
    snapshots: &Snapshots,
    snapshot: &Snapshot,
    file: &BackupInTransit,
    contents: &Contents,
) -> Result<(), String> {
    snapshots.put(snapshot, file.file()).await?;
    let (sequence, stories, bytes) = (snapshot.sequence, snapshot.stories, contents.bytes);
    info!(
        event = "snapshot_written",
        sequence,
        stories,
        bytes,
        "a snapshot of sequence {sequence} is on the NATS servers: {stories} stories, {bytes} bytes"
    );
    Ok(())
}

/// Puts a snapshot of the store with which a stream has begun on the servers.
pub(super) async fn put_first(
    connection: &Connection,
    plan: &Plan,
    store: &Arc<dyn Store>,
    genesis: &str,
    now: Timestamp,
) -> Result<(), String> {
    let file = Backups::beside(&plan.store.path).in_transit().map_err(|error| error.to_string())?;
    let (min_free, node) = (plan.store.min_free, connection.node().clone());
    let written = tokio::task::block_in_place(|| {
        let contents = file.write(&**store, min_free, &|| true)?;
        Ok::<_, StoreError>((of_store(&**store, node, now, &contents)?, contents))
    });
    let (snapshot, contents) = written.map_err(|error| error.to_string())?;
    let snapshots = Snapshots::open(connection, genesis).await?;
    put(&snapshots, &snapshot, &file, &contents).await
}

/// The newest snapshot for a node of a cluster whose store is empty, fetched from the servers. `None`
/// on a machine alone, for a store that is not empty, and where there is no snapshot that this program
/// can use.
///
/// # Errors
/// The servers cannot be reached, or the snapshot cannot be read.
pub async fn first_snapshot(
    plan: &Plan,
    store: &dyn Store,
) -> Result<Option<BackupInTransit>, DaemonError> {
    if plan.cluster.is_none() {
        return Ok(None);
    }
    let is_empty = tokio::task::block_in_place(|| {
        Ok::<_, StoreError>(store.count()? == 0 && store.engine_records()?.is_empty())
    })?;
    if !is_empty {
        return Ok(None);
    }
    match newest(plan).await {
        Ok(Some((snapshots, snapshot))) => fetch(plan, &snapshots, &snapshot).await.map(Some),
        Ok(None) => Ok(None),
        // The stream may have begun with an empty store.
        Err(why) => {
            warn!(event = "snapshot_failed", "no snapshot can be had from the NATS servers: {why}");
            Ok(None)
        }
    }
}

/// Fetches the newest snapshot of the cluster that this program can use.
///
/// # Errors
/// There is none, or it cannot be read.
pub async fn fetch_snapshot(plan: &Plan) -> Result<BackupInTransit, DaemonError> {
    let unusable = |why: String| DaemonError::Cluster(StreamError::Unusable(why));
    match newest(plan).await.map_err(unusable)? {
        Some((snapshots, snapshot)) => fetch(plan, &snapshots, &snapshot).await,
        None => Err(unusable(
            "the NATS servers have no snapshot that this program can use: restore a backup of another node"
                .to_owned(),
        )),
    }
}

/// Says which snapshot a new node would begin with.
pub(super) async fn describe_newest(plan: &Plan) -> String {
    match newest(plan).await {
        Ok(Some((_, Snapshot { sequence, made, node, .. }))) => {
            format!("the newest snapshot is of sequence {sequence}; node {node} wrote it at {made}")
        }
        Ok(None) => "the servers have no snapshot: a new node needs a backup of another".to_owned(),
        Err(why) => format!("the snapshots on the servers cannot be listed: {why}"),
    }
}

async fn newest(plan: &Plan) -> Result<Option<(Snapshots, Snapshot)>, String> {
    let cluster = plan.cluster.as_ref();
    let cluster = cluster.ok_or("there is no [cluster] in the configuration")?;
    let connection = Connection::open(cluster, false).await.map_err(|error| error.to_string())?;
    let info = connection.stream_info().await?;
    let genesis = Connection::genesis_of(&info).unwrap_or_default();
    let Some(snapshots) = Snapshots::find(&connection, genesis).await? else { return Ok(None) };
    let all = snapshots.list().await?;
    let usable = all.into_iter().rev().find(|snapshot| snapshot.rules == cluster.rules);
    Ok(usable.map(|snapshot| (snapshots, snapshot)))
}

async fn fetch(
    plan: &Plan,
    snapshots: &Snapshots,
    snapshot: &Snapshot,
) -> Result<BackupInTransit, DaemonError> {
    let failed = |why: String| {
        DaemonError::Cluster(StreamError::Unusable(format!(
            "the snapshot of sequence {} cannot be fetched from the NATS servers: {why}",
            snapshot.sequence
        )))
    };
    let file = Backups::beside(&plan.store.path).in_transit()?;
    let created = file.create().map_err(|error| failed(error.to_string()))?;
    let (sequence, stories, node) = (snapshot.sequence, snapshot.stories, &snapshot.node);
    snapshots.fetch(snapshot, &mut created.into()).await.map_err(failed)?;
    info!(
        event = "snapshot_fetched",
        sequence, stories, %node, "fetched the snapshot of sequence {sequence} that node {node} wrote: {stories} stories"
    );
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    fn node(
        name: &str,
        partitions: usize,
        heard: u64,
        rules: u32,
        not_ready: Option<&str>,
    ) -> NodeStatus {
        NodeStatus {
            node: NodeName::new(name),
            sequence: 9,
            lag: 0,
            heard,
            partitions,
            rules,
            version: String::new(),
            clock_offset: 0,
            not_ready: not_ready.map(str::to_owned),
        }
    }

    #[test]
    fn the_ready_node_with_the_least_to_poll_writes() {
        let lazy = node("c", 0, 1, 3, None);
        let busy = || vec![node("b", 512, 1, 3, None), node("a", 512, 1, 3, None)];
        for (more, expected) in [
            (vec![], Some("a")),
            (vec![lazy], Some("c")),
            (vec![node("c", 0, 60, 3, None)], Some("a")),
            (vec![node("c", 0, 1, 2, None)], Some("a")),
            (vec![node("c", 0, 1, 3, Some("it is behind"))], Some("a")),
        ] {
            let nodes = [busy(), more].concat();
            assert_eq!(writer(&nodes, 3).map(NodeName::as_str), expected, "{nodes:?}");
        }
        assert_eq!(writer(&[], 3), None);
    }
}
