//! Answers hubs at callbacks, and queues what they push.
//!
//! The server does not know the subscriptions. It bounds the cost of a call, and the backend says
//! whether there is such a callback. A delivery is answered once it is queued, before anybody
//! reads it (W11).

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body as _, Incoming};
use tokio::sync::Semaphore;
use url::form_urlencoded;

use super::response::{Body, close_connection, plain_text};
use crate::publish::{CallbackBackend, Delivery, response_headers};
use crate::websub::Signature;

/// The prefix of a callback's path; the token follows.
const PATH_PREFIX: &str = "/push/";

/// How long a hub may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Memory for what hubs have sent and nobody has read yet, in KiB.
const QUEUE_KIB: usize = 32 * 1024;

/// The routes that hubs call.
pub(super) struct Callbacks {
    backend: Arc<dyn CallbackBackend>,
    /// How long the backend may take.
    backend_timeout: Duration,
    room: Arc<Semaphore>,
}

/// The token that a path names, if it is a callback's.
pub(super) fn token(path: &str) -> Option<&str> {
    path.strip_prefix(PATH_PREFIX).filter(|token| !token.is_empty() && !token.contains('/'))
}

impl Callbacks {
    pub(super) fn new(backend: Arc<dyn CallbackBackend>, backend_timeout: Duration) -> Self {
        Self { backend, backend_timeout, room: Arc::new(Semaphore::new(QUEUE_KIB)) }
    }

    pub(super) async fn answer(&self, token: String, request: Request<Incoming>) -> Response<Body> {
        let found = tokio::time::timeout(self.backend_timeout, self.backend.callback(&token)).await;
        let Ok(Ok(most)) = found else { return close_connection(try_later()) };
        match (request.method(), most) {
            (&Method::GET, Some(_)) => self.verify(token, request.uri().query()).await,
            (&Method::GET, None) => plain_text(StatusCode::NOT_FOUND, "no such callback\n"),
            (&Method::POST, Some(most)) => self.deliver(token, request, most).await,
            // A hub does not try again after 410 (W11). The body stays unread.
            (&Method::POST, None) => {
                close_connection(plain_text(StatusCode::GONE, "no such callback\n"))
            }
            _ => {
                let mut response = plain_text(StatusCode::METHOD_NOT_ALLOWED, "GET or POST\n");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
                close_connection(response)
            }
        }
    }

    /// Answers a hub's verification: with its challenge, or that nobody asked (W7).
    async fn verify(&self, token: String, query: Option<&str>) -> Response<Body> {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned();
        let asked = self.backend.verified(token, query.collect());
        match tokio::time::timeout(self.backend_timeout, asked).await {
            Ok(Ok(Some(text))) => {
                let mut response = plain_text(StatusCode::OK, "");
                let plain = HeaderValue::from_static("text/plain; charset=utf-8");
                response.headers_mut().extend(response_headers::safety(&plain));
                response.headers_mut().insert(CONTENT_TYPE, plain);
                *response.body_mut() = Either::Left(Full::new(Bytes::from(text)));
                response
            }
            Ok(Ok(None)) => plain_text(StatusCode::NOT_FOUND, "nobody asked for this\n"),
            Ok(Err(_)) | Err(_) => try_later(),
        }
    }

    /// Queues a pushed body, if there is room for it.
    async fn deliver(
        &self,
        token: String,
        request: Request<Incoming>,
        most: u64,
    ) -> Response<Body> {
        let most = most.min(QUEUE_KIB as u64 * 1024);
        let (head, body) = request.into_parts();
        // A body without a stated length may be as long as is allowed.
        let expected = body.size_hint().exact().unwrap_or(most);
        let too_large =
            || close_connection(plain_text(StatusCode::PAYLOAD_TOO_LARGE, "it is too large\n"));
        if expected > most {
            return too_large();
        }
        let needed = u32::try_from(expected.div_ceil(1024)).unwrap_or(u32::MAX);
        let Ok(mut room) = self.room.clone().try_acquire_many_owned(needed) else {
            return close_connection(try_later());
        };
        let body = Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX)).collect();
        let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => return too_large(),
            Ok(Err(_)) => {
                return close_connection(plain_text(StatusCode::BAD_REQUEST, "it is not whole\n"));
            }
            Err(_) => {
                return close_connection(plain_text(
                    StatusCode::REQUEST_TIMEOUT,
                    "it took too long\n",
                ));
            }
        };
        // Room that the body does not need is free again.
        let room = room.split(body.len().div_ceil(1024)).unwrap_or(room);
        let text = |name| text(&head.headers, name);
        let (signature, content_type) = (text(Signature::HEADER), text(CONTENT_TYPE.as_str()));
        match self.backend.delivered(Delivery { token, signature, content_type, body, room }) {
            true => plain_text(StatusCode::OK, "thank you\n"),
            false => try_later(),
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Asks the hub to try again later.
fn try_later() -> Response<Body> {
    let mut response = plain_text(StatusCode::SERVICE_UNAVAILABLE, "not just now\n");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    response
}
