//! Asks a source over HTTP, and follows its redirects.
//!
//! Redirects are walked here, one request a hop, because each hop has its own
//! validators (P15), credentials (P70), addresses that may be asked (P48) and
//! weight: only a leading run of permanent ones is ever adopted (P46).

mod body;
mod call;
mod connect;
mod headers;
mod hub_request;
mod permission;
mod rate_limits;
mod redirect;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use url::{Origin, Url};
use xxhash_rust::xxh3::xxh3_64;

pub use self::call::{Call, CallAnswer};

use self::body::{MOST_ERROR, Received, Turns, drain, receive, receive_part};
use self::connect::{client, noticing, tls};
use self::headers::{codings, content_type, header, is_delta, of_every_request, validators};
use self::rate_limits::RateLimits;
use self::redirect::{bare, in_a_circle, refused, target};
use super::address::Guard;
use super::freshness::freshness;
use super::{Fetched, Settings, coding, error_text, robots, whole};
use crate::model::{
    Document, Failure, FailureKind, Freshness, Source, SourceState, Timestamp, Unchanged,
    Validators,
};

/// Redirects followed in one poll (P48).
const MOST_HOPS: usize = 5;

/// The HTTP side of the fetcher.
#[derive(Debug)]
pub(super) struct HttpClient {
    /// For public addresses and the permitted private ones.
    public: Client,
    public_guard: Guard,
    /// For the operator's own sites. A client of its own, so that no other
    /// source ever finds their connections in its pool.
    own: Client,
    /// Sent with every request.
    headers: HeaderMap,
    timeout: Duration,
    max_body: u64,
    max_document: u64,
    turns: Turns,
    /// The robots.txt of sites, as far as they are known (P71).
    robots: robots::Known,
    /// Whether that counts for sources, and for the pages that their documents name.
    robots_for_sources: bool,
    robots_for_pages: bool,
    spacing: Duration,
    /// Servers that asked to be left alone.
    limits: RateLimits,
    /// Whether a 226 was asked for and is understood (P52).
    deltas: bool,
    /// Then the address connected to is the proxy's, not the source's.
    proxied: bool,
    /// Where origins were reached last, by the hash of their names.
    reached: Mutex<HashMap<u64, IpAddr>>,
}

/// The result of one hop.
enum Hop {
    Redirected { to: Url, permanent: bool, sets_cookie: bool },
    Answered(Response, Freshness),
}

impl HttpClient {
    pub(super) fn new(settings: &Settings) -> Result<Self, Failure> {
        let public_guard = Guard::Public(settings.allow_private.clone().into());
        let tls = tls()?;
        Ok(Self {
            public: client(settings, tls.clone(), public_guard.clone())?,
            public_guard,
            own: client(settings, tls, Guard::Any)?,
            headers: of_every_request(settings)?,
            timeout: settings.timeout,
            max_body: settings.max_body.0,
            max_document: settings.max_document.0,
            turns: Turns::new(),
            robots: robots::Known::default(),
            robots_for_sources: settings.robots,
            robots_for_pages: settings.robots_for_pages,
            spacing: settings.spacing,
            limits: RateLimits::default(),
            deltas: settings.deltas,
            proxied: settings.proxy.is_some(),
            reached: Mutex::default(),
        })
    }

    /// Asks `url`, or where it has moved to, within the time for one poll.
    pub(super) async fn fetch(
        &self,
        source: &Source,
        url: &Url,
        state: &SourceState,
        now: Timestamp,
    ) -> Result<Fetched, Failure> {
        let moved = state.moved.as_ref().filter(|moved| moved.from.as_ref() == Some(url));
        let start = moved.map_or(url, |moved| &moved.to);
        self.request(source, url, state, now).within(self.timeout, start).await
    }

    /// Asks the configured address of a source that has moved. `None` if it still redirects there
    /// for good; then nothing is asked of the new address.
    pub(super) async fn look(
        &self,
        source: &Source,
        url: &Url,
        moved_to: &Url,
        state: &SourceState,
        now: Timestamp,
    ) -> Result<Option<Fetched>, Failure> {
        let request = Fetch { moved_to: Some(moved_to), ..self.request(source, url, state, now) };
        let fetched = request.within(self.timeout, url).await?;
        Ok(Some(fetched).filter(|fetched| fetched.moved() != Some(moved_to)))
    }

    /// A poll of a source at its configured address.
    fn request<'a>(
        &'a self,
        source: &'a Source,
        subscribed: &'a Url,
        state: &'a SourceState,
        now: Timestamp,
    ) -> Fetch<'a> {
        let (heeds_robots, is_page, moved_to) = (self.robots_for_sources, false, None);
        Fetch { http: self, source, subscribed, state, moved_to, heeds_robots, is_page, now }
    }

    /// Where an origin was reached last, as far as is known.
    pub(super) fn address_of(&self, origin: &str) -> Option<IpAddr> {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.get(&xxh3_64(origin.as_bytes())).copied()
    }

    /// Until when an origin asked to be left alone, as far as is known.
    pub(super) fn limited(&self, origin: &str, now: Timestamp) -> Option<Timestamp> {
        self.limits.of(origin, now)
    }

    /// The remembered limits of servers.
    pub(super) fn limits(&self) -> &RateLimits {
        &self.limits
    }

    fn note_address(&self, url: &Url, address: IpAddr) {
        const MOST: usize = 200_000;
        let origin = xxh3_64(url.origin().ascii_serialization().as_bytes());
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if reached.len() >= MOST {
            reached.clear();
        }
        reached.insert(origin, address);
    }

    /// Asks for a page that a source's document names: once, without conditions.
    pub(super) async fn page(
        &self,
        source: &Source,
        url: &Url,
        page: &Url,
        now: Timestamp,
    ) -> Result<Document, Failure> {
        let nothing = SourceState::default();
        let is_page = page != url;
        // The operator named the document, and nothing that it leads to.
        let heeds_robots = self.robots_for_pages && is_page;
        let request = Fetch { heeds_robots, is_page, ..self.request(source, url, &nothing, now) };
        match request.within(self.timeout, page).await? {
            Fetched::Document { document, .. } => Ok(document),
            Fetched::Unchanged(_) => Err(refused("a page cannot be unchanged")),
        }
    }
}

/// One poll under way.
struct Fetch<'a> {
    http: &'a HttpClient,
    source: &'a Source,
    /// The address the operator wrote.
    subscribed: &'a Url,
    state: &'a SourceState,
    /// Where it has moved to, if only its configured address is asked. A permanent redirect there ends the poll.
    moved_to: Option<&'a Url>,
    /// Whether robots.txt counts (P71).
    heeds_robots: bool,
    /// Whether this is a page that a document names, rather than a source.
    is_page: bool,
    now: Timestamp,
}

impl Fetch<'_> {
    /// Follows `start` to its end, unless that takes too long.
    async fn within(&self, timeout: Duration, start: &Url) -> Result<Fetched, Failure> {
        match tokio::time::timeout(timeout, self.follow(start)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(Failure::new(
                FailureKind::Timeout,
                format!("the answer was not complete within {timeout:?}"),
            )),
        }
    }

    /// Walks the redirects from `start` and reads the answer at their end.
    async fn follow(&self, start: &Url) -> Result<Fetched, Failure> {
        let mut url = bare(start);
        let mut seen = vec![url.clone()];
        let mut all_permanent = true;
        let mut wants_cookie = false;
        let mut moved = None;
        loop {
            // Behind a redirect, the source itself was asked.
            let unsent = |failure: &Failure| failure.unsent && seen.len() == 1;
            match self
                .hop(&url)
                .await
                .map_err(|failed| Failure { unsent: unsent(&failed), ..failed })?
            {
                Hop::Answered(response, freshness) => {
                    return self.read(&url, response, freshness, moved).await;
                }
                Hop::Redirected { to, permanent, sets_cookie } => {
                    wants_cookie |= sets_cookie;
                    if seen.contains(&to) {
                        return Err(in_a_circle(wants_cookie));
                    }
                    if seen.len() > MOST_HOPS {
                        let message = format!("there are more than {MOST_HOPS} redirects");
                        return Err(refused(&message));
                    }
                    all_permanent &=
                        permanent && !(url.scheme() == "https" && to.scheme() == "http");
                    if all_permanent && self.moved_to == Some(&to) {
                        return Ok(Fetched::still_at(&to));
                    }
                    if all_permanent {
                        moved = Some(to.clone());
                    }
                    seen.push(to.clone());
                    url = to;
                }
            }
        }
    }

    /// One step: an answer, or where it sends us.
    async fn hop(&self, url: &Url) -> Result<Hop, Failure> {
        self.heed_limits(url)?;
        self.heed_robots(url).await?;
        let response = self.exchange(url, self.headers(url)?).await?;
        let freshness = freshness(response.headers(), self.now);
        let permanent = match response.status().as_u16() {
            301 | 308 => true,
            302 | 303 | 307 => false,
            _ => return Ok(Hop::Answered(response, freshness)),
        };
        let to = target(url, response.headers())?;
        if let Some(wait) = freshness.retry_after.filter(|_| !self.waited()) {
            return Err(Failure {
                status: Some(response.status().as_u16()),
                retry_after: Some(wait),
                freshness,
                ..refused("the redirect asks to wait before it is followed")
            });
        }
        let sets_cookie = response.headers().contains_key(SET_COOKIE);
        drain(response).await;
        Ok(Hop::Redirected { to, permanent, sets_cookie })
    }

    /// One request, sent again only where an idle connection turned out closed (P36).
    async fn exchange(&self, url: &Url, headers: HeaderMap) -> Result<Response, Failure> {
        let (client, guard) = self.client_for(url);
        guard.judge(url)?;
        let host = url.host_str().unwrap_or("the host");
        let asked = self.with_credentials(url);
        let mut first = true;
        let response = loop {
            let request = client.get(asked.clone()).headers(headers.clone());
            let (answer, connected) = noticing(request.send()).await;
            match answer {
                Ok(response) => break response,
                Err(error) if first && !connected && error_text::is_unanswered(&error) => {
                    first = false
                }
                Err(error) => return Err(error_text::of_error(&error, host)),
            }
        };
        self.check_address(&response, guard)?;
        Ok(response)
    }

    /// Whether the last poll ended at a redirect that asked to wait, as was then done (P26).
    fn waited(&self) -> bool {
        self.state.failure.as_ref().is_some_and(|failure| {
            failure.kind == FailureKind::Redirect && failure.retry_after.is_some()
        })
    }

    /// Whether this is on the operator's own site.
    fn is_own(&self, url: &Url) -> bool {
        self.source.allow_private && url.origin() == self.subscribed.origin()
    }

    /// The operator's own site may be private; where it redirects to may not.
    fn client_for(&self, url: &Url) -> (&Client, &Guard) {
        if self.is_own(url) {
            (&self.http.own, &Guard::Any)
        } else {
            (&self.http.public, &self.http.public_guard)
        }
    }

    /// The headers for this hop: the source's own go to its origin alone (P70),
    /// validators to the address that sent them (P15).
    fn headers(&self, url: &Url) -> Result<HeaderMap, Failure> {
        let mut headers = self.http.headers.clone();
        if is_same(&url.origin(), &self.subscribed.origin()) {
            for (name, value) in &self.source.headers {
                let (name, value) = header(name, value.reveal())?;
                headers.insert(name, value);
            }
        }
        let validators = &self.state.validators;
        if self.are_of(url) && !super::schedule::probes(self.state, self.now) {
            let mut set = |name, bytes: &Option<Vec<u8>>| {
                if let Some(value) = bytes.as_ref().and_then(|b| HeaderValue::from_bytes(b).ok()) {
                    headers.insert(name, value);
                }
            };
            set(IF_NONE_MATCH, &validators.etag);
            set(IF_MODIFIED_SINCE, &validators.last_modified);
        }
        Ok(headers)
    }

    /// Whether the remembered validators came from this address (P15).
    fn are_of(&self, url: &Url) -> bool {
        self.state.validators.of.as_deref() == Some(url.as_str())
    }

    /// The address with the user and password that the operator wrote into it,
    /// at their own origin (P70); everything else sees it without them.
    fn with_credentials(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if is_same(&url.origin(), &self.subscribed.origin()) {
            // These can only fail for addresses without a host.
            let _ = url.set_username(self.subscribed.username());
            let _ = url.set_password(self.subscribed.password());
        }
        url
    }

    /// The third look at the address, after the name's and the literal's: whatever
    /// way a connection came about, it must not lead inside.
    fn check_address(&self, response: &Response, guard: &Guard) -> Result<(), Failure> {
        match response.remote_addr() {
            Some(address) if !self.http.proxied && !guard.admits(address.ip()) => {
                let message = format!("{} is a private address", address.ip());
                Err(Failure::new(FailureKind::Forbidden, message))
            }
            Some(address) if !self.http.proxied => {
                self.http.note_address(response.url(), address.ip());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Reads the answer at the end of the redirects.
    async fn read(
        &self,
        url: &Url,
        response: Response,
        freshness: Freshness,
        moved: Option<Url>,
    ) -> Result<Fetched, Failure> {
        let said = validators(url, response.headers());
        let known = &self.state.validators;
        let conditional = self.are_of(url) && !known.is_empty();
        match response.status() {
            StatusCode::OK => self.document(url, response, freshness, said, moved).await,
            StatusCode::IM_USED if self.http.deltas && is_delta(response.headers()) => {
                let freshness = Freshness { partial: true, ..freshness };
                self.document(url, response, freshness, said, moved).await
            }
            StatusCode::NOT_MODIFIED if conditional => Ok(Fetched::Unchanged(Unchanged {
                validators: (!said.is_empty()).then(|| Validators {
                    etag: said.etag.or_else(|| known.etag.clone()),
                    last_modified: said.last_modified.or_else(|| known.last_modified.clone()),
                    of: said.of,
                    offer: said.offer.or_else(|| known.offer.clone()),
                }),
                freshness,
                bytes: 0,
                moved,
                not_modified: true,
            })),
            status => Err(self.failed(url, status, response, freshness).await),
        }
    }

    async fn document(
        &self,
        url: &Url,
        response: Response,
        freshness: Freshness,
        validators: Validators,
        moved: Option<Url>,
    ) -> Result<Fetched, Failure> {
        let host = url.host_str().unwrap_or("the host");
        let headers = response.headers().clone();
        let Received { body, broke_off } = receive_part(response, self.http.max_body, host).await?;
        let bytes = body.len() as u64;
        let (codings, most) = (codings(&headers), self.http.max_document);
        let (body, is_damaged) =
            match (self.http.turns.decoded(codings, body, most).await, broke_off) {
                (Ok((body, _)), Some(_)) if whole::is_whole(&body) => (body, true),
                (_, Some(broke_off)) => return Err(broke_off),
                (decoded, None) => decoded?,
            };
        // The validators of a body that did not come as it was sent do not stand for it (P11).
        let validators = match is_damaged {
            true => Some(&self.state.validators).filter(|_| self.are_of(url)).cloned(),
            false => Some(validators),
        };
        let validators = validators.unwrap_or_default();
        let hash = xxh3_64(&body);
        if self.state.hash == Some(hash) {
            let validators = Some(validators);
            return Ok(Fetched::Unchanged(Unchanged {
                validators,
                freshness,
                bytes,
                moved,
                not_modified: false,
            }));
        }
        Ok(Fetched::Document {
            document: Document {
                source: self.source.id.clone(),
                url: Some(url.clone()),
                content_type: content_type(&headers),
                body,
                at: self.now,
            },
            validators,
            freshness,
            bytes,
            hash,
            moved,
            is_damaged,
        })
    }

    /// A status that is no document, with what its body says (P51, P53). If it asks to be left
    /// alone, that is noted.
    async fn failed(
        &self,
        url: &Url,
        status: StatusCode,
        response: Response,
        freshness: Freshness,
    ) -> Failure {
        let host = url.host_str().unwrap_or("the host");
        let headers = response.headers().clone();
        let detail = match receive(response, MOST_ERROR, host).await {
            Ok(body) if !status.is_success() => {
                coding::decode(codings(&headers).iter(), body, MOST_ERROR).ok().and_then(
                    |decoded| error_text::detail(content_type(&headers).as_deref(), &decoded.bytes),
                )
            }
            _ => None,
        };
        let failure = error_text::of_status(status, freshness, detail);
        self.http.limits.note(url, self.is_own(url), &failure, self.now);
        failure
    }
}

/// Two opaque origins are never the same; an http origin is never opaque.
fn is_same(one: &Origin, other: &Origin) -> bool {
    one.is_tuple() && one == other
}
