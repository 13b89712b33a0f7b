//! Stands for the cluster in a build without the feature `cluster`: every machine is alone.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Begun, DaemonError, Handle};
use crate::clock::Clock;
use crate::config::Plan;
use crate::model::Timestamp;
use crate::pipeline::{EngineDriver, Pipeline};
use crate::store::{BackupInTransit, Store};
use crate::stream::StreamError;

/// Never there.
pub(super) struct Joining {
    pub(super) plan: Arc<Plan>,
    never: std::convert::Infallible,
}

impl Joining {
    pub(super) async fn begin(_: Arc<Plan>, _: &dyn Store) -> Result<Option<Self>, DaemonError> {
        Ok(None)
    }

    pub(super) fn opened_at(&self, _: &Clock) -> Timestamp {
        match self.never {}
    }

    pub(super) async fn finish(
        self,
        _: EngineDriver,
        _: impl FnOnce(EngineDriver) -> Result<Pipeline, DaemonError>,
    ) -> Result<Pipeline, DaemonError> {
        match self.never {}
    }
}

/// Refuses: this program cannot be part of a cluster.
///
/// # Errors
/// Always.
pub async fn begin_stream(_: Plan, _: Arc<dyn Store>, _: &Clock) -> Result<Begun, DaemonError> {
    Err(without_feature())
}

fn without_feature() -> DaemonError {
    let why = "this gazetted was built without the feature `cluster`";
    DaemonError::Cluster(StreamError::Unusable(why.to_owned()))
}

/// Finds none: a machine alone has no servers.
///
/// # Errors
/// Never.
pub async fn first_snapshot(
    _: &Plan,
    _: &dyn Store,
) -> Result<Option<BackupInTransit>, DaemonError> {
    Ok(None)
}

/// Refuses: this program cannot be part of a cluster.
///
/// # Errors
/// Always.
pub async fn fetch_snapshot(_: &Plan) -> Result<BackupInTransit, DaemonError> {
    Err(without_feature())
}

/// Does nothing: a machine alone has no servers.
pub async fn keep_snapshots(_: PathBuf, _: Handle, _: Clock) {}

/// There are no servers to try.
///
/// # Errors
/// Never.
pub async fn check_servers(_: &Plan) -> Result<Vec<String>, StreamError> {
    Ok(Vec::new())
}
