//! Logs the progress of a start every few seconds, once it takes long.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tracing::info;

use crate::engine::StartupProgress;

/// A start that takes no longer needs no words.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Between two lines.
const EVERY: Duration = Duration::from_secs(5);

/// Tells of a start until it is dropped.
pub struct StartupLog {
    /// Ends what it holds when it is dropped.
    _telling: JoinSet<()>,
}

impl StartupLog {
    /// Tells what is written here as long as that goes on.
    pub fn begin(startup: Arc<StartupProgress>) -> Self {
        let mut telling = JoinSet::new();
        telling.spawn(async move {
            tokio::time::sleep(AT_ONCE).await;
            loop {
                let at = startup.words();
                info!(event = "starting", "starting: {at}");
                tokio::time::sleep(EVERY).await;
            }
        });
        Self { _telling: telling }
    }
}
