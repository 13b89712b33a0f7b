//! Runs parsing and enriching on blocking threads, as many at once as there are processors.
//!
//! Whatever a document is, it keeps one of these threads for a bounded time: the work is
//! cancelled at its deadline, and when nobody waits for it any more. The threads of the runtime
//! never compute for long, so that polls go on and signals are heard.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

use crate::cancel::{Cancelled, Waiting};
use crate::model::{Failure, FailureKind};

/// The time for one document or page, once it has a thread. The bounds on its work are tighter: a
/// few seconds of CPU. But these threads give way to those that answer readers, and on a busy
/// machine a second of CPU can take them many.
const DEADLINE: Duration = Duration::from_secs(60);

/// More at once would be done no sooner, and each keeps memory and a thread.
const MOST: usize = 8;

/// Does work of the loop that blocks. Another thread of the runtime takes the tasks of this one
/// meanwhile; where there is only one, they wait.
pub(super) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    let runtime = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match runtime {
        Ok(RuntimeFlavor::CurrentThread) => work(),
        _ => tokio::task::block_in_place(work),
    }
}

/// The threads of one pipeline that compute.
#[derive(Clone)]
pub(super) struct ComputeThreads(Arc<Semaphore>);

impl Default for ComputeThreads {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(processors.min(MOST))))
    }
}

impl ComputeThreads {
    /// Does work that only computes, when one of the threads is free. Work that panics or misses
    /// its deadline is a failure that names what was to be read.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Cancelled) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.compute_within(DEADLINE, what, work).await
    }

    async fn compute_within<T: Send + 'static>(
        &self,
        deadline: Duration,
        what: &'static str,
        work: impl FnOnce(&Cancelled) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        // The thread is taken until the work is done, however long that takes after its deadline.
        let thread = self.0.clone().acquire_owned().await.ok();
        // Cancels the work wherever this ends, also when the poll is dropped.
        let waiting = Waiting::default();
        let cancelled = waiting.cancelled();
        let working = tokio::task::spawn_blocking(move || {
            let _thread = thread;
            work(&cancelled)
        });
        match tokio::time::timeout(deadline, working).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panicked)) => Err(Failure::new(
                FailureKind::Internal,
                format!("reading {what} failed by a fault of ours; please report it"),
            )),
            Err(_elapsed) => Err(Failure::new(
                FailureKind::TooLarge,
                format!("{what} took longer than {} s to read", deadline.as_secs()),
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Works until it is cancelled, and says when it is done.
    fn endless(
        done: tokio::sync::oneshot::Sender<()>,
    ) -> impl FnOnce(&Cancelled) -> Result<(), Failure> {
        move |cancelled| {
            while !cancelled.is_set() {
                std::thread::yield_now();
            }
            done.send(()).unwrap();
            Ok(())
        }
    }

    #[tokio::test]
    async fn work_over_its_deadline_fails_by_name_and_ends() {
        let (done, ended) = tokio::sync::oneshot::channel();
        let failure = ComputeThreads::default()
            .compute_within(Duration::ZERO, "the page", endless(done))
            .await
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLarge);
        assert_eq!(failure.message, "the page took longer than 0 s to read");
        ended.await.unwrap();
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_ends() {
        let (done, ended) = tokio::sync::oneshot::channel();
        let waiting = tokio::spawn(async move {
            ComputeThreads::default().compute("the document", endless(done)).await
        });
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        // Either it never began, which drops its sender, or it ended.
        let _ = ended.await;
    }

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let failure = ComputeThreads::default()
            .compute::<()>("the document", |_| panic!("on purpose"))
            .await
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Internal);
    }
}
