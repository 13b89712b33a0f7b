//! Gives an answer the form that its client can read: errors for programs, feeds for browsers.

use std::sync::Arc;

use axum::http::header::{ACCEPT, CACHE_CONTROL, REFERRER_POLICY, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{Either, Full};

use super::response::Body;
use super::{page_response, problem};
use crate::publish::access_control::without_key;
use crate::publish::{Format, Site, pages};

/// The header value that a browser sends when it opens an address in a window. Feed readers never
/// do.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The parts of a request that decide the form of its answer.
pub(super) struct Finish {
    is_head: bool,
    /// Whether errors are reported as JSON.
    in_json: bool,
    /// Whether the path is that of a feed.
    is_feed: bool,
    /// The path and query of a feed that a browser opens.
    opened: Option<String>,
}

impl Finish {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let (path, headers) = (request.uri().path(), request.headers());
        let ending = path.rsplit_once('.').map(|(_, ending)| ending);
        let is_feed = ending.is_some_and(|ending| Format::of_ending(ending).is_some());
        let opened = is_feed && headers.get(SEC_FETCH_DEST).is_some_and(|to| to == "document");
        let address = || request.uri().path_and_query().map_or(path, |whole| whole.as_str());
        Self {
            is_head: *request.method() == Method::HEAD,
            in_json: problem::is_for(path) || wants_json(headers),
            is_feed,
            opened: opened.then(|| address().to_owned()),
        }
    }

    /// The answer in that form.
    pub(super) fn apply(
        self,
        mut response: Response<Body>,
        site: impl FnOnce() -> Arc<Site>,
    ) -> Response<Body> {
        let status = response.status();
        if status.is_client_error() || status.is_server_error() {
            vary(response.headers_mut(), "Accept");
            return if self.in_json { problem::told(response) } else { response };
        }
        if !self.is_feed {
            return response;
        }
        vary(response.headers_mut(), "Sec-Fetch-Dest");
        match self.opened {
            Some(address) if status == StatusCode::OK => {
                explained(&response, &address, self.is_head, &site())
            }
            _ => response,
        }
    }
}

/// Adds a request header to those on which the answer depends.
fn vary(headers: &mut HeaderMap, name: &'static str) {
    let value = match headers.get(VARY).and_then(|vary| vary.to_str().ok()) {
        None => HeaderValue::from_static(name),
        // Nearly every feed is answered so.
        Some("Accept-Encoding") if name == "Sec-Fetch-Dest" => {
            HeaderValue::from_static("Accept-Encoding, Sec-Fetch-Dest")
        }
        Some(others) => match HeaderValue::try_from(format!("{others}, {name}")) {
            Ok(value) => value,
            Err(_) => return,
        },
    };
    headers.insert(VARY, value);
}

/// Whether a program asks, which reads JSON and no pages.
fn wants_json(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()) else {
        return false;
    };
    !accept.contains("text/html")
        && ["application/json", "application/problem+json"].iter().any(|of| accept.contains(of))
}

/// A page in place of a feed: what it is, and how to subscribe to it.
fn explained(feed: &Response<Body>, address: &str, is_head: bool, site: &Site) -> Response<Body> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let kept = feed.headers().get(CACHE_CONTROL);
    let is_private = kept.is_some_and(|value| value.as_bytes().starts_with(b"private"));
    let text = pages::feed_in_browser(path, &without_key(query), is_private, site);
    let mut page = page_response::page(StatusCode::OK, text, "no-cache").map(Either::Right);
    if is_head {
        *page.body_mut() = Either::Left(Full::default());
    }
    // Of a private feed nothing is kept, and nobody learns its address.
    for name in [VARY, CACHE_CONTROL, REFERRER_POLICY] {
        let kept = feed.headers().get(&name).filter(|_| name != CACHE_CONTROL || is_private);
        if let Some(value) = kept {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}
