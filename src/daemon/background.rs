//! Runs work on threads that give way to the ones that answer readers.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The threads that poll, parse, judge, render, compress and search. They stand behind those
/// that answer readers, which wait for none of them: for a processor neither.
#[derive(Debug, Clone)]
pub struct Background(Arc<Held>);

#[derive(Debug)]
struct Held(Option<Runtime>);

impl Background {
    /// Starts as many threads as there are processors, and [`MOST`] at most.
    ///
    /// # Errors
    /// The system gives us no threads.
    pub fn start() -> io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let behind = behind();
        let runtime = Builder::new_multi_thread()
            .worker_threads(processors.min(MOST))
            .thread_name("background")
            .on_thread_start(move || give_way(behind))
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(Held(Some(runtime)))))
    }

    /// Has a task run in the background, and whatever it starts.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime().spawn(task)
    }

    /// Has work done in the background that computes, or waits for the disk.
    pub fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime().spawn_blocking(work)
    }

    /// Runs a task on a thread of its own. Among the workers, one that computes and waits for
    /// the disk more than for anything else would leave its place to another thread all the time.
    pub fn spawn_apart<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        // The runtime stays while its task runs, whoever else lets go of it.
        let runtime = self.clone();
        self.spawn_blocking(move || runtime.runtime().block_on(task))
    }

    fn runtime(&self) -> &Runtime {
        self.0.0.as_ref().expect("only the last one who drops it takes it")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Waiting is not allowed among tasks. Whatever must end has been waited for.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// More threads would poll nothing sooner: one loop judges what they read.
const MOST: usize = 8;

/// How much they stand behind, as `nice` counts it. Where readers take all the processors,
/// a tenth is left for the loop: polls end later, and the watchdog still hears of it.
const BEHIND: i32 = 10;

/// Does this on a thread that gives way, and so do all the threads that it starts: they begin
/// with its priority. For a store that is being opened, which writes from threads of its own.
pub fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let behind = behind();
    let done = std::thread::scope(|scope| {
        let doing = scope.spawn(move || {
            give_way(behind);
            work()
        });
        doing.join()
    });
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The priority of threads that stand behind this one. To the kernel, unlike to POSIX, it
/// is a thread's own, not its process's; a thread begins with that of the one it comes from.
fn behind() -> i32 {
    rustix::process::getpriority_process(None).map_or(BEHIND, |own| own + BEHIND)
}

/// Has the calling thread give way. Where that is not allowed all are equal, as they were.
fn give_way(behind: i32) {
    let _ = rustix::process::setpriority_process(None, behind);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn own() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    /// Nobody is further behind than the kernel's last.
    fn expected() -> i32 {
        behind().min(19)
    }

    #[tokio::test]
    async fn whatever_is_done_in_the_background_gives_way_and_its_starter_does_not() {
        let (before, expected) = (own(), expected());
        let background = Background::start().unwrap();
        let within = background.spawn(async { tokio::task::spawn_blocking(own).await.unwrap() });
        assert_eq!(within.await.unwrap(), expected);
        assert_eq!(background.spawn(async { own() }).await.unwrap(), expected);
        assert_eq!(background.spawn_blocking(own).await.unwrap(), expected);
        assert_eq!(background.spawn_apart(async { own() }).await.unwrap(), expected);
        assert_eq!(own(), before);
    }

    #[test]
    fn threads_that_are_started_aside_give_way_as_their_starter_does() {
        let (before, expected) = (own(), expected());
        let both = aside(|| (own(), std::thread::spawn(own).join().unwrap()));
        assert_eq!(both, (expected, expected));
        assert_eq!(own(), before);
    }

    #[tokio::test]
    async fn what_runs_apart_runs_on_when_its_starter_lets_go() {
        let background = Background::start().unwrap();
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let running = background.spawn_apart(async move {
            gone.await.unwrap();
            tokio::spawn(async { 7 }).await.unwrap()
        });
        drop(background);
        go.send(()).unwrap();
        assert_eq!(running.await.unwrap(), 7);
    }
}
