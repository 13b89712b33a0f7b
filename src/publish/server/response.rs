//! The body of every answer, and short answers in plain text.

use axum::body::Body as RouteBody;
use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{Either, Full};

use crate::publish::response_headers;

/// Bytes of the response cache, or the body that a route rendered.
pub(super) type Body = Either<Full<Bytes>, RouteBody>;

/// The reason of an error, beside the page that shows it.
#[derive(Debug, Clone)]
pub(super) struct Detail(pub(super) String);

/// A short answer in plain text.
pub(super) fn plain_text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from_static(text.as_bytes()))));
    *response.status_mut() = status;
    if !text.is_empty() {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let headers = response.headers_mut();
        headers.extend(response_headers::safety(&plain));
        headers.insert(CONTENT_TYPE, plain);
    }
    response
}

/// Has the connection closed after the answer.
pub(super) fn close_connection(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
