//! Answers a request from the response cache, else from the routes.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body as PageBody;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, REFERRER_POLICY, RETRY_AFTER,
    VARY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use futures_util::future;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tower::ServiceExt;
use url::form_urlencoded;

use super::callbacks::{self, Callbacks};
use super::client::{Client, behind_proxy};
use super::connection_limit::{ConnectionLimit, ConnectionPermit, Refused};
use super::finish::Finish;
use super::response::{Body, close_connection, plain_text};
use super::validate_request::refuse;
use super::{Settings, hub, page_response, routes};
use crate::model::Timestamp;
use crate::publish::access_control::{self, AccessRules};
use crate::publish::coding::{Accepted, Coding};
use crate::publish::conditional::{Precondition, evaluate};
use crate::publish::delta;
use crate::publish::response_cache::{self, CachedResponse, Held};
use crate::publish::response_headers;
use crate::publish::{Backend, ResponseCache};

/// Everything that answers.
pub(super) struct Responder {
    pub(super) settings: Settings,
    cache: Arc<ResponseCache>,
    backend: Arc<dyn Backend>,
    routes: Router,
    callbacks: Callbacks,
    /// Requests under way of those who come by a proxy.
    turns: ConnectionLimit,
}

/// An answer, ready or to come.
pub(super) type Answering = future::Either<
    future::Ready<Response<Body>>,
    Pin<Box<dyn Future<Output = Response<Body>> + Send>>,
>;

impl Responder {
    pub(super) fn new(
        cache: Arc<ResponseCache>,
        backend: Arc<dyn Backend>,
        settings: Settings,
    ) -> Self {
        let routes = routes::routes(backend.clone(), cache.clone(), &settings);
        let callbacks = Callbacks::new(backend.clone(), settings.backend_timeout);
        let turns = ConnectionLimit::of_requests(&settings);
        Self { settings, cache, backend, routes, callbacks, turns }
    }

    /// Answers cached documents at once. Everything else is answered in a future of its own, which
    /// costs nothing otherwise.
    pub(super) fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: Option<IpAddr>,
    ) -> Answering {
        let finish = Finish::of(&request);
        if let Some(response) = self.at_once(&request) {
            return future::Either::Left(future::ready(
                finish.apply(response, || self.backend.site()),
            ));
        }
        let responder = self.clone();
        future::Either::Right(Box::pin(async move {
            let response = responder.in_time(request, peer).await;
            finish.apply(response, || responder.backend.site())
        }))
    }

    /// The answers that need no other task: refusals, and documents that the response cache holds
    /// or held.
    fn at_once(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        if let Some(refusal) = refuse(request) {
            return Some(refusal);
        }
        let (path, query) = (request.uri().path(), request.uri().query());
        if callbacks::token(path).is_some() || hub::is_at(path) {
            return None;
        }
        match *request.method() {
            Method::GET | Method::HEAD => {}
            Method::OPTIONS => return Some(preflight()),
            _ => return Some(not_allowed()),
        }
        let (held, rules) = self.cache.find_with_rules(path);
        let rule = rules.as_ref().and_then(|rules| rules.of(path));
        if let (Some(rules), Some(rule)) = (&rules, rule)
            && rule.admits(query, request.headers()).is_none()
        {
            return Some(self.turned_away(Unadmitted::of(rules, request)));
        }
        let is_private = rule.is_some();
        let answer = match held? {
            // A page of earlier stories is at the same path.
            Held::Here(_) if asks_for_earlier(path, query) => return None,
            Held::Here(document) => {
                if !document.is_compressed {
                    self.cache.ask_for_codings(path);
                }
                self.cached(&document, request.headers(), is_private)
            }
            Held::Gone => self.gone(),
            Held::MovedTo(path) => {
                let key = query.filter(|_| is_private).and_then(access_control::key_of);
                self.moved(&path, key.as_deref())
            }
        };
        Some(if is_private { kept_private(answer) } else { answer })
    }

    /// The answer to everything else.
    async fn in_time(&self, request: Request<Incoming>, peer: Option<IpAddr>) -> Response<Body> {
        let path = request.uri().path();
        if let Some(token) = callbacks::token(path) {
            let token = token.to_owned();
            return self.callbacks.answer(token, request).await;
        }
        if hub::is_at(path) {
            let Ok(_turn) = self.turn(&request, peer) else { return close_connection(too_many()) };
            let client = Client::of(peer, &self.settings.proxies, request.headers());
            return hub::answer(&*self.backend, self.settings.backend_timeout, request, client)
                .await;
        }
        let rules = self.cache.rules();
        if rules.as_ref().is_some_and(|rules| rules.of(path).is_some()) {
            return kept_private(self.route(request, peer).await);
        }
        let hides = rules.as_ref().is_some_and(|_| self.may_be_hidden(path));
        let is_topic = path.starts_with("/topics/");
        let instead = rules.filter(|_| hides).map(|rules| Unadmitted::of(&rules, &request));
        let answer = if path.contains('%') {
            // No address of ours needs it, and the rules of access compare addresses as they are written.
            answered(page_response::nothing_here("public, max-age=60", &self.backend.site()))
        } else {
            self.route(request, peer).await
        };
        // What is not there must look like what is not shown.
        let status = answer.status();
        let tells = |_: &_| status == StatusCode::NOT_FOUND || is_topic && !status.is_success();
        match instead.filter(tells) {
            Some(unadmitted) => self.turned_away(unadmitted),
            None => answer,
        }
    }

    /// Whether a path could be of something private: of a story, or below a topic that is not served
    /// to everybody.
    fn may_be_hidden(&self, path: &str) -> bool {
        let is_public =
            || matches!(self.cache.find(access_control::stem(path)), Some(Held::Here(_)));
        path.starts_with("/stories/") || path.starts_with("/topics/") && !is_public()
    }

    /// Of one client who comes by a proxy, only so many requests are worked on at a time.
    fn turn(
        &self,
        request: &Request<Incoming>,
        peer: Option<IpAddr>,
    ) -> Result<Option<ConnectionPermit>, Refused> {
        let client = behind_proxy(peer, &self.settings.proxies, request.headers());
        client.map(|client| self.turns.admit(Some(client))).transpose()
    }

    /// The document in the coding wanted most, or word that the client has it.
    fn cached(
        &self,
        document: &CachedResponse,
        headers: &HeaderMap,
        is_private: bool,
    ) -> Response<Body> {
        let held = |coding: Coding| document.codings[coding as usize].as_ref();
        let wanted = || {
            let length = |coding| held(coding).map(|coded| coded.body.len());
            let chosen = Accepted::of(headers).choose(length);
            // A client that refuses identity can read it all the same, and would otherwise get nothing.
            let instead = || document.is_plain().then_some(Coding::Identity);
            chosen.or_else(instead).filter(|coding| held(*coding).is_some())
        };
        let tags = Coding::ALL.map(|coding| document.tag(coding));
        let tags = tags.iter().map(|tag| tag.as_ref().and_then(|tag| tag.to_str().ok()));
        let has = match evaluate(headers, tags, document.modified) {
            Precondition::Full => None,
            Precondition::Holds(place) => Some(Coding::ALL[place]),
            Precondition::HoldsSome => wanted().or(Some(Coding::Identity)),
        };
        if has.is_none()
            && self.settings.deltas
            && delta::is_asked_for(headers)
            && let Some(news) = news(document, headers)
        {
            document.tally.full.fetch_add(1, Ordering::Relaxed);
            return news;
        }
        let mut response = match (has, has.is_none().then(wanted).flatten()) {
            (Some(coding), _) => {
                document.tally.unchanged.fetch_add(1, Ordering::Relaxed);
                unchanged(document, coding)
            }
            (None, Some(coding)) => {
                document.tally.full.fetch_add(1, Ordering::Relaxed);
                full(document, coding)
            }
            (None, None) => return not_acceptable(),
        };
        let (now, next_poll) = (self.backend.now(), self.backend.next_poll());
        let fresh = response_headers::freshness(&document.content_type, now, next_poll, is_private);
        response.headers_mut().insert(CACHE_CONTROL, fresh);
        response
    }

    /// Asks the backend, which has work with it.
    async fn route(&self, request: Request<Incoming>, peer: Option<IpAddr>) -> Response<Body> {
        let Ok(_turn) = self.turn(&request, peer) else { return too_many() };
        let client = Client::of(peer, &self.settings.proxies, request.headers());
        // Requests with bodies were refused, so nothing is lost here.
        let mut request = request.map(|_| PageBody::empty());
        request.extensions_mut().insert(client);
        match self.routes.clone().oneshot(request).await {
            Ok(response) => answered(response),
            Err(never) => match never {},
        }
    }

    /// Asks for a key, without saying whether there is anything behind it.
    fn turned_away(&self, whom: Unadmitted) -> Response<Body> {
        if whom == Unadmitted::Known {
            return answered(page_response::nothing_here("no-store", &self.backend.site()));
        }
        let (status, text) = (StatusCode::UNAUTHORIZED, "A key is needed to read this.");
        let mut response =
            page_response::message(status, "Not public", text, "no-store", &self.backend.site());
        let challenge = HeaderValue::from_static("Basic realm=\"feeds\", charset=\"UTF-8\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        answered(response)
    }

    fn gone(&self) -> Response<Body> {
        let text = "This was published here and has been withdrawn for good.";
        let (status, site) = (StatusCode::GONE, self.backend.site());
        answered(page_response::message(status, "Gone", text, "public, max-age=3600", &site))
    }

    /// A client that came with a key in the address needs it there, too.
    fn moved(&self, path: &str, key: Option<&str>) -> Response<Body> {
        let site = self.backend.site();
        let mut address = site.address(path);
        if let Some(key) = key {
            let asked =
                form_urlencoded::Serializer::new(String::new()).append_pair("key", key).finish();
            address = format!("{address}?{asked}");
        }
        answered(page_response::moved(&address, &site))
    }
}

/// Who asks for what is not for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unadmitted {
    /// Bears no key of ours: one would help.
    Stranger,
    /// Bears one, which is for something else.
    Known,
}

impl Unadmitted {
    /// Whoever bears a key that opens something else learns what a stranger who asks
    /// for nothing does: both of them nothing.
    fn of<B>(rules: &AccessRules, request: &Request<B>) -> Self {
        let known = rules.know(request.uri().query(), request.headers());
        if known { Self::Known } else { Self::Stranger }
    }
}

/// Whether a page of earlier stories is asked for, which is at the path of a feed.
fn asks_for_earlier(path: &str, query: Option<&str>) -> bool {
    let is_paged = path.ends_with(".json")
        || path == "/stories"
        || path.strip_prefix("/topics/").is_some_and(|topic| !topic.contains(['.', '/']));
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    is_paged && pairs.any(|(name, _)| name == "before")
}

/// An answer that is for its reader alone, and leads nobody back to its address.
fn kept_private(mut answer: Response<Body>) -> Response<Body> {
    let headers = answer.headers_mut();
    let kept = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
    let kept = kept.unwrap_or_default().replace("public", "private");
    let is_private = kept.contains("private") || kept.contains("no-store");
    let kept = if is_private { kept } else { "private, no-cache".to_owned() };
    if let Ok(kept) = HeaderValue::try_from(kept) {
        headers.insert(CACHE_CONTROL, kept);
    }
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding, Authorization"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

fn answered(response: Response<PageBody>) -> Response<Body> {
    response.map(Either::Right)
}

fn full(document: &CachedResponse, coding: Coding) -> Response<Body> {
    let body = document.codings[coding as usize].as_ref().map(|coded| coded.body.clone());
    let mut response = Response::new(Either::Left(Full::new(body.unwrap_or_default())));
    if let Some(headers) = document.headers(coding) {
        *response.headers_mut() = headers.full.clone();
    }
    response
}

/// The entries that are new to a client which names an earlier edition (Q35).
fn news(document: &CachedResponse, headers: &HeaderMap) -> Option<Response<Body>> {
    // It has no date of its own, so only a tag can match.
    let never = Timestamp::from_millis(i64::MAX);
    let edition = document.editions.iter().find(|edition| {
        let tags = Coding::ALL.map(|coding| response_cache::tag(edition.hash, coding));
        let tags = tags.iter().map(|tag| tag.to_str().ok());
        matches!(evaluate(headers, tags, never), Precondition::Holds(_))
    })?;
    let coded = document.codings[Coding::Identity as usize].as_ref()?;
    let body = delta::since(edition, &coded.body);
    let length = body.len();
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = StatusCode::IM_USED;
    *response.headers_mut() = document.headers(Coding::Identity)?.full.clone();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert("im", HeaderValue::from_static("feed"));
    // No cache that knows nothing of it may pass it on as the feed.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(response)
}

fn unchanged(document: &CachedResponse, coding: Coding) -> Response<Body> {
    let mut response = plain_text(StatusCode::NOT_MODIFIED, "");
    *response.headers_mut() = document.unchanged(coding);
    response
}

/// Lets scripts of any site read feeds, conditionally too, and without credentials (Q30).
fn preflight() -> Response<Body> {
    let mut response = plain_text(StatusCode::NO_CONTENT, "");
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
    let mut response = plain_text(StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD or OPTIONS\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    response
}

fn too_many() -> Response<Body> {
    let mut response = plain_text(StatusCode::TOO_MANY_REQUESTS, "too many requests at once\n");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn not_acceptable() -> Response<Body> {
    let text = "no coding of this is acceptable: there are identity, gzip, br and zstd\n";
    let mut response = plain_text(StatusCode::NOT_ACCEPTABLE, text);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}
