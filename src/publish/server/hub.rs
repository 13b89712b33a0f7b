//! Answers requests to our hub (H1).

use std::time::Duration;

use axum::http::header::{ALLOW, RETRY_AFTER};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body as _, Incoming};

use super::client::Client;
use super::response::{Body, close_connection, plain_text};
use crate::publish::HubBackend;
use crate::websub::outbound::{PATH, RequestRefused, SubscriptionRequest};

/// The longest form, in bytes, and how long it may take to come.
const FORM: usize = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a path is the hub's.
pub(super) fn is_at(path: &str) -> bool {
    path == PATH
}

/// Takes a request in, without waiting for what comes of it.
pub(super) async fn answer(
    backend: &dyn HubBackend,
    patience: Duration,
    request: Request<Incoming>,
    Client(client): Client,
) -> Response<Body> {
    if !backend.is_hub() {
        return close_connection(plain_text(StatusCode::NOT_FOUND, "there is no hub here\n"));
    }
    if request.method() != Method::POST {
        let text =
            "This is a WebSub hub: subscribe by POST, with hub.mode, hub.topic and hub.callback.\n";
        let mut response = plain_text(StatusCode::METHOD_NOT_ALLOWED, text);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return close_connection(response);
    }
    let too_large =
        || close_connection(plain_text(StatusCode::PAYLOAD_TOO_LARGE, "it is too large\n"));
    // A client that waits for `100 Continue` is refused before anything is read.
    if request.body().size_hint().lower() > FORM as u64 {
        return too_large();
    }
    let form = Limited::new(request.into_body(), FORM).collect();
    let form = match tokio::time::timeout(PATIENCE, form).await {
        Ok(Ok(form)) => form.to_bytes(),
        Ok(Err(_)) => return too_large(),
        Err(_) => {
            return close_connection(plain_text(StatusCode::REQUEST_TIMEOUT, "it took too long\n"));
        }
    };
    let asked = match SubscriptionRequest::parse(&form) {
        Ok(asked) => asked,
        Err(why) => return refused(why),
    };
    match tokio::time::timeout(patience, backend.subscribe(asked, client)).await {
        Ok(Ok(Ok(()))) => plain_text(StatusCode::ACCEPTED, "it will be verified\n"),
        Ok(Ok(Err(why))) => refused(why),
        Ok(Err(_)) | Err(_) => refused(RequestRefused::Busy),
    }
}

fn refused(why: RequestRefused) -> Response<Body> {
    let (status, later) = match why {
        RequestRefused::Malformed(_) => (StatusCode::BAD_REQUEST, None),
        RequestRefused::NoSuchFeed => (StatusCode::NOT_FOUND, None),
        RequestRefused::Busy => (StatusCode::SERVICE_UNAVAILABLE, Some("60")),
        RequestRefused::TooMany => (StatusCode::TOO_MANY_REQUESTS, Some("3600")),
    };
    let mut response = plain_text(status, "-");
    *response.body_mut() = Either::Left(Full::new(Bytes::from(format!("{why}\n"))));
    if let Some(later) = later {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(later));
    }
    response
}
