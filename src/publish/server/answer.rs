//! A request in; its answer out: from the shelf, else from the routes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body as PageBody;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST,
    TRANSFER_ENCODING, VARY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tower::ServiceExt;

use super::callbacks::{self, Callbacks};
use super::{QUERY, Settings, routes};
use crate::publish::coding::{Accepted, Coding};
use crate::publish::conditional::{Precondition, evaluate};
use crate::publish::heads;
use crate::publish::pages;
use crate::publish::shelf::{Coded, Held, Shelved};
use crate::publish::{Desk, Guard, Shelf};

/// Bytes of the shelf as they are, or whatever a route made.
pub(super) type Body = Either<Full<Bytes>, PageBody>;

/// Everything that answers.
pub(super) struct Office {
    pub(super) settings: Settings,
    shelf: Arc<Shelf>,
    desk: Arc<dyn Desk>,
    routes: Router,
    callbacks: Callbacks,
}

impl Office {
    pub(super) fn new(shelf: Arc<Shelf>, desk: Arc<dyn Desk>, settings: Settings) -> Self {
        let routes = routes::routes(desk.clone(), shelf.clone(), &settings);
        let callbacks = Callbacks::new(desk.clone(), settings.desk);
        Self { settings, shelf, desk, routes, callbacks }
    }

    /// What is on the shelf is answered before anything is routed.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if let Some(refusal) = refuse(&request) {
            return refusal;
        }
        if let Some(token) = callbacks::token(request.uri().path()) {
            let token = token.to_owned();
            return self.callbacks.answer(token, request).await;
        }
        match *request.method() {
            Method::GET | Method::HEAD => {}
            Method::OPTIONS => return preflight(),
            _ => return not_allowed(),
        }
        let path = request.uri().path();
        let guard = self.shelf.guard_of(path);
        let admits =
            |guard: &Arc<Guard>| guard.admits(request.uri().query(), request.headers()).is_some();
        if !guard.as_ref().is_none_or(admits) {
            return self.unadmitted();
        }
        match self.shelf.find(path) {
            Some(Held::Here(document)) => {
                self.shelved(&document, request.headers(), guard.is_some())
            }
            Some(Held::Gone) => self.gone(),
            Some(Held::MovedTo(path)) => self.moved(&path),
            None => self.route(request, guard.is_some()).await,
        }
    }

    /// The document in the coding wanted most, or word that the client has it.
    fn shelved(&self, document: &Shelved, headers: &HeaderMap, guarded: bool) -> Response<Body> {
        let held = |coding: Coding| document.codings[coding as usize].as_ref();
        let wanted = || {
            let length = |coding| held(coding).map(|coded| coded.body.len());
            Accepted::of(headers).choose(length).and_then(held)
        };
        let tags = document.codings.iter();
        let tags = tags.map(|coded| coded.as_ref().and_then(|coded| coded.tag.to_str().ok()));
        let has = match evaluate(headers, tags, document.modified) {
            Precondition::Full => None,
            Precondition::Holds(place) => document.codings[place].as_ref(),
            Precondition::HoldsSome => wanted().or_else(|| held(Coding::Identity)),
        };
        let mut response = match (has, has.is_none().then(wanted).flatten()) {
            (Some(coded), _) => {
                document.tally.unchanged.fetch_add(1, Ordering::Relaxed);
                unchanged(coded)
            }
            (None, Some(coded)) => {
                document.tally.full.fetch_add(1, Ordering::Relaxed);
                full(coded)
            }
            (None, None) => return not_acceptable(),
        };
        let (now, next_poll) = (self.desk.now(), self.desk.next_poll());
        let fresh = heads::cache_control(&document.content_type, now, next_poll, guarded);
        response.headers_mut().insert(CACHE_CONTROL, fresh);
        response
    }

    async fn route(&self, request: Request<Incoming>, guarded: bool) -> Response<Body> {
        // Requests with bodies were refused, so nothing is lost here.
        let request = request.map(|_| PageBody::empty());
        let mut response = match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if guarded {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private"));
        }
        answered(response)
    }

    /// Asks for a key, without saying whether there is anything behind it.
    fn unadmitted(&self) -> Response<Body> {
        let text = "A key is needed to read this.";
        let page = pages::message("Not public", text, &self.desk.site());
        let mut response = routes::page(StatusCode::UNAUTHORIZED, page, "no-store");
        let challenge = HeaderValue::from_static("Basic realm=\"feeds\", charset=\"UTF-8\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        answered(response)
    }

    fn gone(&self) -> Response<Body> {
        let text = "This was published here and has been withdrawn for good.";
        let page = pages::message("Gone", text, &self.desk.site());
        answered(routes::page(StatusCode::GONE, page, "public, max-age=3600"))
    }

    fn moved(&self, path: &str) -> Response<Body> {
        let site = self.desk.site();
        answered(routes::moved(&site.address(path), &site))
    }
}

fn answered(response: Response<PageBody>) -> Response<Body> {
    response.map(Either::Right)
}

fn full(coded: &Coded) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(coded.body.clone())));
    *response.headers_mut() = coded.full.clone();
    response
}

fn unchanged(coded: &Coded) -> Response<Body> {
    let mut response = brief(StatusCode::NOT_MODIFIED, "");
    *response.headers_mut() = coded.unchanged.clone();
    response
}

/// What no answer can be given to, whatever it asks for.
fn refuse<B>(request: &Request<B>) -> Option<Response<Body>> {
    let headers = request.headers();
    // One Host, always; the two readings of anything else differ from proxy to proxy.
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() >= Version::HTTP_11) {
        return Some(closing(brief(
            StatusCode::BAD_REQUEST,
            "exactly one Host header is needed\n",
        )));
    }
    // Nothing but callbacks takes a body: unread, it could pass for another request.
    let length = headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
    let reads_it = callbacks::token(request.uri().path()).is_some();
    if reads_it {
        // It reads it whole, or closes the connection.
    } else if headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != b"0")
    {
        return Some(closing(brief(StatusCode::PAYLOAD_TOO_LARGE, "send no body\n")));
    }
    if request.uri().query().is_some_and(|query| query.len() > QUERY) {
        return Some(brief(StatusCode::URI_TOO_LONG, "the query is too long\n"));
    }
    None
}

/// Lets scripts of any site read feeds, conditionally too, and without credentials (Q30).
fn preflight() -> Response<Body> {
    let mut response = brief(StatusCode::NO_CONTENT, "");
    let headers = response.headers_mut();
    for (name, value) in [
        (ALLOW, "GET, HEAD, OPTIONS"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "If-None-Match, If-Modified-Since"),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn not_allowed() -> Response<Body> {
    let mut response = brief(StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD or OPTIONS\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    response
}

fn not_acceptable() -> Response<Body> {
    let text = "no coding of this is acceptable: there are identity, gzip, br and zstd\n";
    let mut response = brief(StatusCode::NOT_ACCEPTABLE, text);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

pub(super) fn brief(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from_static(text.as_bytes()))));
    *response.status_mut() = status;
    if !text.is_empty() {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let headers = response.headers_mut();
        headers.extend(heads::safety(&plain));
        headers.insert(CONTENT_TYPE, plain);
    }
    response
}

pub(super) fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
