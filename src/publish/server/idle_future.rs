//! A future that is polled only when its own waker was called.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A future that is polled once and then only after it was woken, however often the
/// task is polled that it is part of.
///
/// A connection is polled with every request. What has it stop stands behind locks
/// that all connections share, and is wanted once in a daemon's life.
pub(super) struct IdleFuture<F> {
    future: F,
    bell: Option<Arc<Bell>>,
}

/// Wakes the task, and says that it was this future that had it woken.
struct Bell {
    rung: AtomicBool,
    task: Waker,
}

impl<F> IdleFuture<F> {
    pub(super) fn new(future: F) -> Self {
        Self { future, bell: None }
    }
}

impl<F: Future + Unpin> Future for IdleFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let bell = match &self.bell {
            Some(bell) if bell.task.will_wake(cx.waker()) => {
                // A wake-up from here on has it polled again.
                if !bell.rung.swap(false, Ordering::Acquire) {
                    return Poll::Pending;
                }
                bell.clone()
            }
            _ => Arc::new(Bell { rung: AtomicBool::new(false), task: cx.waker().clone() }),
        };
        self.bell = Some(bell.clone());
        let waker = Waker::from(bell);
        Pin::new(&mut self.future).poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use futures_util::future::poll_fn;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn it_is_polled_when_it_was_woken_and_not_when_the_task_was() {
        let (done, mut told) = oneshot::channel::<()>();
        let mut polls = 0;
        let counted = poll_fn(|cx| {
            polls += 1;
            Pin::new(&mut told).poll(cx)
        });
        let mut dormant = IdleFuture::new(counted);
        for _ in 0..100 {
            let once = poll_fn(|cx| Poll::Ready(Pin::new(&mut dormant).poll(cx).is_pending()));
            assert!(once.await, "nobody has told it anything");
        }
        done.send(()).unwrap();
        dormant.await.unwrap();
        assert_eq!(polls, 2, "once to begin with, and once when it was told");
    }

    #[tokio::test]
    async fn it_moves_to_another_task_with_whatever_it_waits_for() {
        let (done, told) = oneshot::channel::<()>();
        let mut dormant = IdleFuture::new(told);
        assert!(poll_fn(|cx| Poll::Ready(Pin::new(&mut dormant).poll(cx).is_pending())).await);
        let elsewhere = tokio::spawn(dormant);
        tokio::task::yield_now().await;
        done.send(()).unwrap();
        elsewhere.await.unwrap().unwrap();
    }
}
