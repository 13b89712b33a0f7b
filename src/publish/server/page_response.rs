//! Answers that are rendered on request: pages, feeds and messages.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, VARY};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use xxhash_rust::xxh3::xxh3_64;

use super::response::Detail;
use crate::model::Timestamp;
use crate::publish::coding::{Accepted, Coding};
use crate::publish::conditional::{Precondition, evaluate};
use crate::publish::response_headers::{self, Facts};
use crate::publish::{Rendered, Site, pages, response_cache};

/// The response for a document that is not cached: in the coding that the client prefers, or 304
/// if the client has it. Encodes only what is sent.
pub(super) fn passing(
    headers: &HeaderMap,
    document: Rendered,
    cache_control: &'static str,
) -> Response<Body> {
    let hash = xxh3_64(&document.body);
    let tags = Coding::ALL.map(|coding| response_cache::tag(hash, coding));
    // It has no Last-Modified, so only a tag can match.
    let never = Timestamp::from_millis(i64::MAX);
    let known = evaluate(headers, tags.iter().map(|tag| tag.to_str().ok()), never);
    // How much a coding saves is not known before; what it tends to save is.
    let guess = |coding| match coding {
        Coding::Brotli => Some(1),
        Coding::Zstd => Some(2),
        Coding::Gzip => Some(3),
        Coding::Identity => Some(4),
    };
    let coding = Accepted::of(headers).choose(guess).unwrap_or(Coding::Identity);
    let content_type = HeaderValue::from_static(document.content_type);
    let link = document.link.and_then(|link| HeaderValue::try_from(link).ok());
    let facts = Facts { content_type: &content_type, link: link.as_ref(), last_modified: None };
    let held = match known {
        Precondition::Full => None,
        Precondition::Holds(place) => Some(&tags[place]),
        Precondition::HoldsSome => Some(&tags[coding as usize]),
    };
    let mut response = match held {
        Some(tag) => {
            let heads = response_headers::unchanged(&facts, tag);
            with_headers(StatusCode::NOT_MODIFIED, heads, Body::empty())
        }
        None => {
            let body = coding.encode(&document.body);
            let heads = response_headers::full(&facts, coding, &tags[coding as usize], body.len());
            with_headers(StatusCode::OK, heads, body.into())
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    if cache_control.starts_with("private") {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding, Authorization"));
    }
    response
}

fn with_headers(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// For ever (Q33).
pub(super) fn moved(address: &str, site: &Site) -> Response<Body> {
    let (status, text) = (StatusCode::MOVED_PERMANENTLY, format!("This is now at {address}."));
    let mut response = message(status, "Moved", &text, "public, max-age=86400", site);
    if let Ok(address) = HeaderValue::try_from(address) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

/// A page that says why there is nothing else to show, and the same for programs.
pub(super) fn message(
    status: StatusCode,
    title: &str,
    text: &str,
    cache_control: &'static str,
    site: &Site,
) -> Response<Body> {
    let mut response = page(status, pages::message(title, text, site), cache_control);
    response.extensions_mut().insert(Detail(text.to_owned()));
    response
}

/// A page that is not cached.
pub(super) fn page(
    status: StatusCode,
    text: String,
    cache_control: &'static str,
) -> Response<Body> {
    typed(status, text, "text/html; charset=utf-8", cache_control)
}

pub(super) fn typed(
    status: StatusCode,
    text: String,
    content_type: &'static str,
    cache_control: &'static str,
) -> Response<Body> {
    let mut response = answer(status, text.into(), cache_control);
    let content_type = HeaderValue::from_static(content_type);
    let headers = response.headers_mut();
    headers.extend(response_headers::safety(&content_type));
    headers.insert(CONTENT_TYPE, content_type);
    response
}

fn answer(status: StatusCode, body: Body, cache_control: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

pub(super) fn nothing_here(cache_control: &'static str, site: &Site) -> Response<Body> {
    let text = "There is nothing at this address.";
    message(StatusCode::NOT_FOUND, "Not found", text, cache_control, site)
}
