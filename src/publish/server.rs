//! Serves connections from the response cache, or else from the backend.
//!
//! What a client can cost is bounded: the number of connections, in all and
//! an address; the size of a request's head; how long it may take to ask and
//! to read the answer. Bodies are shared bytes of the shelf, so a slow client
//! holds no lock and no copy.

mod connection_limit;

mod answer;

mod callbacks;

mod client;

mod idle_future;

mod finish;

mod hub;

mod listener;

mod supervisors;

mod timeouts;

mod page_response;
mod problem;
mod response;
mod route_context;
mod settings;

mod validate_request;

mod routes;

mod search_routes;

mod well_known;

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, future};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Backend, ResponseCache};
use answer::Responder;
use connection_limit::{ConnectionLimit, ConnectionPermit, Refused};
use idle_future::IdleFuture;
use listener::Stream;
use timeouts::{Progress, TimeLimited};

pub use listener::{Address, Listener};
pub use settings::Settings;

/// Who asks on a listener: operators' pages, `/sources` and `/metrics`, are not for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Readers and operators alike, for there is one listener. What operators
    /// are told of private topics is left out.
    #[default]
    Everybody,
    /// Readers: operators have a listener of their own.
    Readers,
    /// Operators, on that listener.
    Operators,
}

/// The largest head of a request, and its largest query, in bytes.
const HEAD: usize = 16 * 1024;
const QUERY: usize = 2 * 1024;

/// How long a client that had connected, and asked nothing yet, may take to ask
/// once we are to stop: hyper would hang up on it, and it was let in.
const FIRST_WORD: Duration = Duration::from_secs(1);

/// Answers until `shutdown`, then lets answers under way finish, until the
/// drain's deadline. Accepting never fails for good, so neither does this.
pub async fn serve(
    listener: impl Into<Listener>,
    cache: Arc<ResponseCache>,
    backend: Arc<dyn Backend>,
    settings: Settings,
    shutdown: CancellationToken,
) {
    let listener = listener.into();
    let admission = ConnectionLimit::new(&settings);
    let mut places = supervisors::Places::default();
    let responder = Arc::new(Responder::new(cache, backend, settings.clone()));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                accept_failed(&error).await;
                continue;
            }
        };
        match admission.admit(address) {
            Ok(admitted) => {
                let (responder, stop) = (responder.clone(), shutdown.clone());
                let whose = Whose { peer: address, permit: Some(admitted) };
                match stream {
                    Stream::Tcp(io) => connections.spawn(converse(io, responder, stop, whose)),
                    Stream::Unix(io) => connections.spawn(converse(io, responder, stop, whose)),
                };
            }
            Err(Refused::Full) => {
                let (responder, stop) = (responder.clone(), shutdown.clone());
                let (place, whose) = (places.take(), Whose { peer: address, permit: None });
                match stream {
                    Stream::Tcp(io) => connections.spawn(above(io, place, responder, stop, whose)),
                    Stream::Unix(io) => connections.spawn(above(io, place, responder, stop, whose)),
                };
            }
            Err(refused) => stream.refuse(refused.response()),
        }
    }
    drop(listener);
    drain(connections, settings.drain_timeout).await;
}

/// A connection's client.
struct Whose {
    peer: Option<IpAddr>,
    /// None above the limit: then it has one request.
    permit: Option<ConnectionPermit>,
}

/// The request of a connection above the limit, if a supervisor asks.
async fn above<Io>(
    stream: Io,
    displaced: CancellationToken,
    responder: Arc<Responder>,
    stop: CancellationToken,
    whose: Whose,
) where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if let Some(stream) = supervisors::admit(stream, &displaced).await {
        let conversation = pin!(converse(stream, responder, stop, whose));
        let _ = future::select(conversation, pin!(displaced.cancelled())).await;
    }
}

/// All requests of one connection, which counts as open until they are answered.
async fn converse<Io>(
    stream: Io,
    responder: Arc<Responder>,
    stop: CancellationToken,
    Whose { peer, permit }: Whose,
) where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let progress = Progress::default();
    let stream = TokioIo::new(TimeLimited::new(stream, &responder.settings, progress.clone()));
    let asked = progress.clone();
    let service = service_fn(move |request| {
        asked.asked();
        responder.answer(request, peer).map(Ok::<_, Infallible>)
    });
    // The time-outs are the stream's: hyper's own would allocate a timer a request.
    let mut connection = pin!(
        http1::Builder::new()
            .max_buf_size(HEAD)
            .half_close(false)
            .keep_alive(permit.is_some())
            .serve_connection(stream, service)
    );
    let told_to_stop = pin!(async {
        stop.cancelled().await;
        let _ = tokio::time::timeout(FIRST_WORD, progress.first()).await;
    });
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = IdleFuture::new(told_to_stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a client's connection ended early");
    }
}

/// Lets what is under way finish, but not for ever.
async fn drain(mut connections: JoinSet<()>, deadline: Duration) {
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(deadline, all).await.is_ok() {
        return;
    }
    tracing::warn!(connections = connections.len(), "cut off connections that did not drain");
    connections.shutdown().await;
}

/// Running out of file descriptors passes; spinning meanwhile would not help.
async fn accept_failed(error: &io::Error) {
    let of_one_client = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !of_one_client {
        tracing::error!(%error, "could not accept a connection; trying again in 100 ms");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
