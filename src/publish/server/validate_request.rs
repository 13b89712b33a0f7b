//! Refuses requests that are invalid whatever they ask for.

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Request, Response, StatusCode, Version};

use super::response::{Body, close_connection, plain_text};
use super::{QUERY, callbacks, hub};

/// Why a request is not answered, if it is not.
pub(super) fn refuse<B: hyper::body::Body>(request: &Request<B>) -> Option<Response<Body>> {
    if let Some(why) = is_amiss(request.headers(), request.version()) {
        return Some(close_connection(plain_text(StatusCode::BAD_REQUEST, why)));
    }
    // Nothing but callbacks and the hub takes a body, and reads it whole or closes the
    // connection: unread, it could pass for another request.
    let path = request.uri().path();
    if !request.body().is_end_stream() && callbacks::token(path).is_none() && !hub::is_at(path) {
        return Some(close_connection(plain_text(StatusCode::PAYLOAD_TOO_LARGE, "send no body\n")));
    }
    if request.uri().query().is_some_and(|query| query.len() > QUERY) {
        return Some(plain_text(StatusCode::URI_TOO_LONG, "the query is too long\n"));
    }
    None
}

/// One Host, always; the two readings of anything else differ from proxy to proxy.
fn is_amiss(headers: &HeaderMap, version: Version) -> Option<&'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if names_a_host(host.as_bytes()) => None,
        (Some(_), None) => Some("the Host header names no host\n"),
        (None, _) if version < Version::HTTP_11 => None,
        _ => Some("exactly one Host header is needed\n"),
    }
}

/// Whether a Host header is a host and perhaps a port, which is all it may be.
fn names_a_host(host: &[u8]) -> bool {
    // Nearly every name is of these, and they need not be copied to be parsed.
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    if !host.is_empty() && host.iter().all(is_plain) {
        return true;
    }
    Authority::try_from(host).is_ok_and(|host| !host.as_str().contains('@'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for (host, names) in [
            ("news.example", true),
            ("NEWS.example:8080", true),
            ("127.0.0.1", true),
            ("[::1]:80", true),
            ("a_b.example", true),
            ("", false),
            ("user@news.example", false),
            ("news.example/path", false),
            ("news.example, other.example", false),
            ("news.example:80:80", false),
        ] {
            assert_eq!(names_a_host(host.as_bytes()), names, "{host}");
        }
    }
}
