//! Time limits of a connection: it ends when its client is too slow.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Settings;

/// How many requests of a connection were read whole; shared with its service.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<Requests>);

#[derive(Debug, Default)]
struct Requests {
    read: AtomicU64,
    first: Notify,
}

impl Progress {
    /// A request's head is complete.
    pub(super) fn asked(&self) {
        if self.0.read.fetch_add(1, Ordering::Relaxed) == 0 {
            self.0.first.notify_one();
        }
    }

    /// Returns once there has been a request. At most one task may wait.
    pub(super) async fn first(&self) {
        if self.read() == 0 {
            self.0.first.notified().await;
        }
    }

    fn read(&self) -> u64 {
        self.0.read.load(Ordering::Relaxed)
    }
}

/// A stream that fails with [`io::ErrorKind::TimedOut`] when its client takes
/// too long between requests, for the head of one, or to take its answer.
///
/// There is one timer a connection, and neither it nor the clock is looked at before
/// the stream has to wait: of a client that keeps up, only how long it is silent is timed.
pub(super) struct TimeLimited<Io> {
    io: Io,
    head: Duration,
    idle: Duration,
    write: Duration,
    progress: Progress,
    /// How many requests were answered: fewer than asked while one is being worked on.
    answered: u64,
    waiting: Waiting,
    /// Start of the wait, if the stream is waiting.
    since: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

/// The client's next duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// A request.
    Idle,
    /// The rest of a head.
    Head,
    /// To take the answer.
    Write,
}

impl<Io> TimeLimited<Io> {
    pub(super) fn new(io: Io, settings: &Settings, progress: Progress) -> Self {
        let now = Instant::now();
        Self {
            io,
            head: settings.head_timeout,
            idle: settings.idle_timeout,
            write: settings.write_timeout,
            progress,
            answered: 0,
            waiting: Waiting::Idle,
            since: Some(now),
            alarm: Box::pin(sleep_until(now + settings.idle_timeout)),
        }
    }

    fn enter(&mut self, waiting: Waiting) {
        if self.waiting != waiting {
            self.waiting = waiting;
            self.since = None;
        }
    }

    /// Whether a request is being worked on: then it is we who take long.
    fn is_ours(&self) -> bool {
        self.progress.read() != self.answered
    }

    /// Called where the stream has to wait: fails once the client is overdue,
    /// and has the task woken by then.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let patience = match self.waiting {
            Waiting::Write => self.write,
            Waiting::Idle | Waiting::Head if self.is_ours() => return Poll::Pending,
            Waiting::Idle => self.idle,
            Waiting::Head => self.head,
        };
        let deadline = *self.since.get_or_insert_with(Instant::now) + patience;
        // An alarm that rings too early is set again when it rings, not
        // whenever the deadline moves: it moves with every request.
        if self.alarm.deadline() > deadline {
            self.alarm.as_mut().reset(deadline);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if self.alarm.deadline() >= deadline {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    /// Everything is written.
    fn flushed(&mut self) {
        if self.waiting == Waiting::Write {
            self.answered = self.progress.read();
            self.enter(Waiting::Idle);
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for TimeLimited<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        match read {
            Poll::Pending => self.wait(cx),
            Poll::Ready(result) => {
                if self.waiting == Waiting::Idle && !self.is_ours() {
                    self.enter(Waiting::Head);
                }
                Poll::Ready(result)
            }
        }
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for TimeLimited<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.enter(Waiting::Write);
        match Pin::new(&mut self.io).poll_write(cx, bytes) {
            Poll::Pending => self.wait(cx),
            ready => ready,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // An answer without a body is one buffer, which the system takes more cheaply.
        if let [buffer] = buffers {
            return self.poll_write(cx, buffer);
        }
        self.enter(Waiting::Write);
        match Pin::new(&mut self.io).poll_write_vectored(cx, buffers) {
            Poll::Pending => self.wait(cx),
            ready => ready,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_flush(cx) {
            Poll::Pending => self.wait(cx),
            ready => {
                self.flushed();
                ready
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    // The clock is paused and the streams are in memory: no test waits.
    fn settings() -> Settings {
        Settings {
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
            ..Settings::default()
        }
    }

    async fn outcome(read: impl Future<Output = io::Result<usize>>) -> (io::ErrorKind, u64) {
        let start = Instant::now();
        let error = read.await.unwrap_err();
        (error.kind(), start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_waited_for_as_long_as_idle_says() {
        let (_client, server) = duplex(64);
        let mut patient = TimeLimited::new(server, &settings(), Progress::default());
        let ended = outcome(patient.read(&mut [0; 8])).await;
        assert_eq!(ended, (io::ErrorKind::TimedOut, 30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_was_begun_must_be_finished_in_time() {
        let (mut client, server) = duplex(64);
        let mut patient = TimeLimited::new(server, &settings(), Progress::default());
        let drip = async move {
            loop {
                client.write_all(b"G").await.unwrap();
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
        };
        let read = async {
            let start = Instant::now();
            loop {
                match patient.read(&mut [0; 8]).await {
                    Ok(_) => {}
                    Err(error) => return (error.kind(), start.elapsed().as_secs()),
                }
            }
        };
        let ended = tokio::select! { ended = read => ended, () = drip => unreachable!() };
        assert_eq!(ended, (io::ErrorKind::TimedOut, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_take_its_answer_is_cut_off() {
        let (_client, server) = duplex(4);
        let mut patient = TimeLimited::new(server, &settings(), Progress::default());
        let start = Instant::now();
        let error = patient.write_all(b"more than four bytes").await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), (io::ErrorKind::TimedOut, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn our_own_work_costs_the_client_no_patience() {
        let (mut client, server) = duplex(64);
        let progress = Progress::default();
        let mut patient = TimeLimited::new(server, &settings(), progress.clone());
        client.write_all(b"GET").await.unwrap();
        patient.read_exact(&mut [0; 3]).await.unwrap();
        progress.asked();
        let mut buffer = [0; 8];
        let pending = patient.read(&mut buffer);
        let hour = Duration::from_secs(3600);
        assert!(tokio::time::timeout(hour, pending).await.is_err(), "still waiting");
        // The answer is written: from here on it is the client's turn again.
        patient.write_all(b"200").await.unwrap();
        patient.flush().await.unwrap();
        let ended = outcome(patient.read(&mut [0; 8])).await;
        assert_eq!(ended, (io::ErrorKind::TimedOut, 30));
    }
}
