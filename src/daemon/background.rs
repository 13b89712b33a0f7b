//! Runs work on threads that give way to the ones that answer readers.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The threads that poll, parse, judge, render, compress and search. They have a lower priority than
/// the threads that answer readers.
#[derive(Debug, Clone)]
pub struct Background(Arc<OwnedRuntime>);

#[derive(Debug)]
struct OwnedRuntime(Option<Runtime>);

impl Background {
    /// Starts as many threads as there are processors, at most [`MAX_THREADS`].
    ///
    /// # Errors
    /// The system cannot start threads.
    pub fn start() -> io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let niceness = background_niceness();
        let runtime = Builder::new_multi_thread()
            .worker_threads(processors.min(MAX_THREADS))
            .thread_name("background")
            .on_thread_start(move || set_niceness(niceness))
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(OwnedRuntime(Some(runtime)))))
    }

    /// Runs a task, and the tasks that it starts, in the background.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime().spawn(task)
    }

    /// Runs work in the background that computes, or waits for the disk.
    pub fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime().spawn_blocking(work)
    }

    /// Runs a task on a thread of its own. A task that mostly computes and waits for the disk would
    /// block one of the workers all the time.
    pub fn spawn_on_own_thread<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        // The task keeps the runtime alive.
        let runtime = self.clone();
        self.spawn_blocking(move || runtime.runtime().block_on(task))
    }

    fn runtime(&self) -> &Runtime {
        self.0.0.as_ref().expect("only `drop` takes the runtime")
    }
}

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        // A task may not block until a runtime ends. Everything that must end has been awaited.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// More threads would not speed polling up: one loop judges all documents.
const MAX_THREADS: usize = 8;

/// The niceness that is added. If readers use all processors, a tenth of the time is left for the
/// loop: polls end later, but the watchdog still hears from it.
const NICENESS: i32 = 10;

/// Runs work on a thread of low priority. Threads that it starts inherit the priority, as those do
/// from which a store writes.
pub fn at_low_priority<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let niceness = background_niceness();
    let done = std::thread::scope(|scope| {
        let doing = scope.spawn(move || {
            set_niceness(niceness);
            work()
        });
        doing.join()
    });
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The niceness of background threads, relative to this thread. On Linux, unlike in POSIX, a thread
/// has its own niceness, which it inherits from the thread that starts it.
fn background_niceness() -> i32 {
    rustix::process::getpriority_process(None).map_or(NICENESS, |own| own + NICENESS)
}

/// Sets the niceness of this thread. If that is not allowed, all threads stay equal.
fn set_niceness(niceness: i32) {
    let _ = rustix::process::setpriority_process(None, niceness);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn niceness_of_thread() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    /// The kernel has no niceness above 19.
    fn expected() -> i32 {
        background_niceness().min(19)
    }

    #[tokio::test]
    async fn whatever_is_done_in_the_background_gives_way_and_its_starter_does_not() {
        let (before, expected) = (niceness_of_thread(), expected());
        let background = Background::start().unwrap();
        let within = background
            .spawn(async { tokio::task::spawn_blocking(niceness_of_thread).await.unwrap() });
        assert_eq!(within.await.unwrap(), expected);
        assert_eq!(background.spawn(async { niceness_of_thread() }).await.unwrap(), expected);
        assert_eq!(background.spawn_blocking(niceness_of_thread).await.unwrap(), expected);
        assert_eq!(
            background.spawn_on_own_thread(async { niceness_of_thread() }).await.unwrap(),
            expected
        );
        assert_eq!(niceness_of_thread(), before);
    }

    #[test]
    fn threads_that_are_started_aside_give_way_as_their_starter_does() {
        let (before, expected) = (niceness_of_thread(), expected());
        let both = at_low_priority(|| {
            (niceness_of_thread(), std::thread::spawn(niceness_of_thread).join().unwrap())
        });
        assert_eq!(both, (expected, expected));
        assert_eq!(niceness_of_thread(), before);
    }

    #[tokio::test]
    async fn what_runs_apart_runs_on_when_its_starter_lets_go() {
        let background = Background::start().unwrap();
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let running = background.spawn_on_own_thread(async move {
            gone.await.unwrap();
            tokio::spawn(async { 7 }).await.unwrap()
        });
        drop(background);
        go.send(()).unwrap();
        assert_eq!(running.await.unwrap(), 7);
    }
}
