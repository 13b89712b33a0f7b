//! What is asked of the desk in; pages and health out.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::get;
use xxhash_rust::xxh3::xxh3_64;

use crate::model::{StoryId, Timestamp};
use crate::publish::conditional::{Precondition, evaluate};
use crate::publish::desk::Reply;
use crate::publish::{Desk, Unavailable, heads, pages};

/// Where a route asks, and for how long it waits.
#[derive(Clone)]
struct Counter {
    desk: Arc<dyn Desk>,
    patience: Duration,
}

/// Everything that cannot be ready beforehand.
pub(super) fn routes(desk: Arc<dyn Desk>, patience: Duration) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/sources", get(sources))
        .route("/stories/{id}", get(story))
        .fallback(not_found)
        .with_state(Counter { desk, patience })
}

/// For who would restart us.
async fn healthz(State(counter): State<Counter>) -> Response<Body> {
    state(counter.desk.healthy())
}

/// For who would send readers to us.
async fn readyz(State(counter): State<Counter>) -> Response<Body> {
    state(counter.desk.ready())
}

async fn sources(State(counter): State<Counter>, headers: HeaderMap) -> Response<Body> {
    let site = counter.desk.site();
    let now = counter.desk.now();
    match counter.reply(counter.desk.sources()).await {
        Ok(states) => revalidated(&headers, pages::sources(&states, now, &site)),
        Err(unavailable) => counter.later(&unavailable),
    }
}

async fn story(
    State(counter): State<Counter>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let Ok(id) = id.parse::<StoryId>() else { return not_found(State(counter)).await };
    match counter.reply(counter.desk.story(id)).await {
        Ok(Some(detail)) => revalidated(&headers, pages::story(&detail, &counter.desk.site())),
        Ok(None) => not_found(State(counter)).await,
        Err(unavailable) => counter.later(&unavailable),
    }
}

/// Soon forgotten by caches: a topic of this name may be configured any time (Q33).
async fn not_found(State(counter): State<Counter>) -> Response<Body> {
    let text = "There is nothing at this address.";
    let text = pages::message("Not found", text, &counter.desk.site());
    page(StatusCode::NOT_FOUND, text, "public, max-age=60")
}

impl Counter {
    async fn reply<T>(&self, reply: Reply<T>) -> Result<T, Unavailable> {
        match tokio::time::timeout(self.patience, reply).await {
            Ok(reply) => reply,
            Err(_) => Err(Unavailable("the desk did not answer in time".to_owned())),
        }
    }

    /// The reader is told to come back, the log is told why (Q34).
    fn later(&self, unavailable: &Unavailable) -> Response<Body> {
        tracing::warn!(reason = %unavailable, "a page could not be made: {unavailable}");
        let text = "This page cannot be made just now. Please try again in a moment.";
        let text = pages::message("Try again", text, &self.desk.site());
        let mut response = page(StatusCode::SERVICE_UNAVAILABLE, text, "no-store");
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }
}

/// A page, or word that the client has it already.
fn revalidated(headers: &HeaderMap, text: String) -> Response<Body> {
    let tag = format!("\"{:016x}\"", xxh3_64(text.as_bytes()));
    // Without a Last-Modified of its own, a page is matched by its tag alone.
    let never = Timestamp::from_millis(i64::MAX);
    let mut response = match evaluate(headers, [Some(tag.as_str())].into_iter(), never) {
        Precondition::Full => page(StatusCode::OK, text, "no-cache"),
        Precondition::Holds(_) | Precondition::HoldsSome => {
            answer(StatusCode::NOT_MODIFIED, Body::empty(), "no-cache")
        }
    };
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// A page that is not on the shelf.
pub(super) fn page(
    status: StatusCode,
    text: String,
    cache_control: &'static str,
) -> Response<Body> {
    typed(status, text, "text/html; charset=utf-8", cache_control)
}

fn state(state: Result<(), String>) -> Response<Body> {
    let plain = "text/plain; charset=utf-8";
    match state {
        Ok(()) => typed(StatusCode::OK, "ok\n".to_owned(), plain, "no-store"),
        Err(why) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let mut response = typed(status, format!("{why}\n"), plain, "no-store");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
    }
}

fn typed(
    status: StatusCode,
    text: String,
    content_type: &'static str,
    cache_control: &'static str,
) -> Response<Body> {
    let mut response = answer(status, text.into(), cache_control);
    let content_type = HeaderValue::from_static(content_type);
    let headers = response.headers_mut();
    headers.extend(heads::safety(&content_type));
    headers.insert(CONTENT_TYPE, content_type);
    response
}

fn answer(status: StatusCode, body: Body, cache_control: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}
