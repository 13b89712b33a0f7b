//! Turns errors for programs into problem documents (RFC 9457).

use axum::http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderValue, Response};
use bytes::Bytes;
use http_body_util::{Either, Full};
use serde_json::json;

use super::response::{Body, Detail};
use crate::publish::response_headers;

/// Whether the client of a path reads JSON: a page would be of no use to it (Q34).
pub(super) fn is_for(path: &str) -> bool {
    path.ends_with(".json")
}

/// An error as a problem; any other answer as it is.
pub(super) fn told(mut response: Response<Body>) -> Response<Body> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let mut problem = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
    });
    if let Some(Detail(detail)) = response.extensions_mut().remove() {
        problem["detail"] = detail.into();
    }
    let content_type = HeaderValue::from_static("application/problem+json");
    let headers = response.headers_mut();
    for of_the_page in [CONTENT_LENGTH, CONTENT_SECURITY_POLICY, REFERRER_POLICY] {
        headers.remove(of_the_page);
    }
    headers.extend(response_headers::safety(&content_type));
    headers.insert(CONTENT_TYPE, content_type);
    *response.body_mut() = Either::Left(Full::new(Bytes::from(problem.to_string())));
    response
}
