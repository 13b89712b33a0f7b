//! A source's address and what is remembered of it in; its answer, over redirects, out.
//!
//! Redirects are walked here, one request a hop, because each hop has its own
//! validators (P15), credentials (P70), addresses that may be asked (P48) and
//! weight: only a leading run of permanent ones is ever adopted (P46).

mod connect;
mod redirect;

use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, FROM, HeaderMap,
    HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, USER_AGENT,
};
use reqwest::{Client, Response, StatusCode};
use url::{Origin, Url};
use xxhash_rust::xxh3::xxh3_64;

use self::connect::{client, noticing};
use self::redirect::{bare, refused, target};
use super::address::Guard;
use super::freshness::freshness;
use super::{Fetched, Settings, coding, words};
use crate::model::{
    Document, Failure, FailureKind, Freshness, Memory, Source, Timestamp, Validators,
};

/// Redirects followed in one poll (P48).
const MOST_HOPS: usize = 5;

/// Bytes of an error's or a redirect's body that are read: enough to learn what
/// it says, and in most cases to keep the connection.
const MOST_ERROR: u64 = 16 * 1024;

/// Bytes set aside on a server's word that so many will come.
const MOST_RESERVED: u64 = 256 * 1024;

/// Bytes of a validator that are remembered.
const MOST_VALIDATOR: usize = 8 * 1024;

const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, \
    application/feed+json;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, \
    */*;q=0.1";

/// The HTTP side of the fetcher.
#[derive(Debug)]
pub(super) struct Web {
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
    /// Then the address connected to is the proxy's, not the source's.
    proxied: bool,
}

/// What one hop brought.
enum Hop {
    Redirected { to: Url, permanent: bool },
    Answered(Response, Freshness),
}

impl Web {
    pub(super) fn new(settings: &Settings) -> Result<Self, Failure> {
        let public_guard = Guard::Public(settings.allow_private.clone().into());
        Ok(Self {
            public: client(settings, public_guard.clone())?,
            public_guard,
            own: client(settings, Guard::Any)?,
            headers: headers(settings)?,
            timeout: settings.timeout,
            max_body: settings.max_body,
            max_document: settings.max_document,
            proxied: settings.proxy.is_some(),
        })
    }

    /// Asks `url`, or where it has moved to, within the time for one poll.
    pub(super) async fn fetch(
        &self,
        source: &Source,
        url: &Url,
        memory: &Memory,
        now: Timestamp,
    ) -> Result<Fetched, Failure> {
        let asked = Asked { web: self, source, subscribed: url, memory, now };
        match tokio::time::timeout(self.timeout, asked.follow()).await {
            Ok(fetched) => fetched,
            Err(_) => Err(Failure::new(
                FailureKind::Timeout,
                format!("the answer was not complete within {:?}", self.timeout),
            )),
        }
    }
}

/// One poll under way.
struct Asked<'a> {
    web: &'a Web,
    source: &'a Source,
    /// The address the operator wrote.
    subscribed: &'a Url,
    memory: &'a Memory,
    now: Timestamp,
}

impl Asked<'_> {
    /// Walks the redirects and reads the answer at their end.
    async fn follow(&self) -> Result<Fetched, Failure> {
        let moved = self.memory.moved.as_ref();
        let adopted = moved.filter(|moved| moved.from.as_ref() == Some(self.subscribed));
        let mut url = bare(adopted.map_or(self.subscribed, |moved| &moved.to));
        let mut seen = vec![url.clone()];
        let mut all_permanent = true;
        let mut moved = None;
        loop {
            match self.hop(&url).await? {
                Hop::Answered(response, freshness) => {
                    return self.read(&url, response, freshness, moved).await;
                }
                Hop::Redirected { to, permanent } => {
                    if seen.contains(&to) {
                        return Err(refused("the redirects lead in a circle"));
                    }
                    if seen.len() > MOST_HOPS {
                        let message = format!("there are more than {MOST_HOPS} redirects");
                        return Err(refused(&message));
                    }
                    all_permanent &=
                        permanent && !(url.scheme() == "https" && to.scheme() == "http");
                    if all_permanent {
                        moved = Some(to.clone());
                    }
                    seen.push(to.clone());
                    url = to;
                }
            }
        }
    }

    /// One request, sent again only where an idle connection turned out closed (P36).
    async fn hop(&self, url: &Url) -> Result<Hop, Failure> {
        let (client, guard) = self.client(url);
        guard.judge(url)?;
        let headers = self.headers(url)?;
        let host = url.host_str().unwrap_or("the host");
        let asked = self.with_credentials(url);
        let mut first = true;
        let response = loop {
            let request = client.get(asked.clone()).headers(headers.clone());
            let (answer, connected) = noticing(request.send()).await;
            match answer {
                Ok(response) => break response,
                Err(error) if first && !connected && words::is_unanswered(&error) => first = false,
                Err(error) => return Err(words::of_error(&error, host)),
            }
        };
        self.check_address(&response, guard)?;

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
        // Read to its end, so that the connection can serve the next request.
        let _ = receive(response, MOST_ERROR, host).await;
        Ok(Hop::Redirected { to, permanent })
    }

    /// Whether the last poll ended at a redirect that asked to wait, as was then done (P26).
    fn waited(&self) -> bool {
        self.memory.failure.as_ref().is_some_and(|failure| {
            failure.kind == FailureKind::Redirect && failure.retry_after.is_some()
        })
    }

    /// The operator's own site may be private; where it redirects to may not.
    fn client(&self, url: &Url) -> (&Client, &Guard) {
        if self.source.allow_private && url.origin() == self.subscribed.origin() {
            (&self.web.own, &Guard::Any)
        } else {
            (&self.web.public, &self.web.public_guard)
        }
    }

    /// The headers for this hop: the source's own go to its origin alone (P70),
    /// validators to the address that sent them (P15).
    fn headers(&self, url: &Url) -> Result<HeaderMap, Failure> {
        let mut headers = self.web.headers.clone();
        if is_same(&url.origin(), &self.subscribed.origin()) {
            for (name, value) in &self.source.headers {
                let (name, value) = header(name, value)?;
                headers.insert(name, value);
            }
        }
        let validators = &self.memory.validators;
        if self.are_of(url) && !super::schedule::probes(self.memory, self.now) {
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
        self.memory.validators.of.as_ref() == Some(url)
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
            Some(address) if !self.web.proxied && !guard.admits(address.ip()) => {
                let message = format!("{} is a private address", address.ip());
                Err(Failure::new(FailureKind::Forbidden, message))
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
        let known = &self.memory.validators;
        let conditional = self.are_of(url) && !known.is_empty();
        match response.status() {
            StatusCode::OK => self.document(url, response, freshness, said, moved).await,
            StatusCode::NOT_MODIFIED if conditional => Ok(Fetched::Unchanged {
                validators: (!said.is_empty()).then(|| Validators {
                    etag: said.etag.or_else(|| known.etag.clone()),
                    last_modified: said.last_modified.or_else(|| known.last_modified.clone()),
                    of: said.of,
                }),
                freshness,
                bytes: 0,
                moved,
                not_modified: true,
            }),
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
        let body = receive(response, self.web.max_body, host).await?;
        let bytes = body.len() as u64;
        let codings = headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
        let body = coding::decode(codings, body, self.web.max_document)?;
        let hash = xxh3_64(&body);
        if self.memory.hash == Some(hash) {
            let validators = Some(validators);
            return Ok(Fetched::Unchanged {
                validators,
                freshness,
                bytes,
                moved,
                not_modified: false,
            });
        }
        Ok(Fetched::Document {
            document: Document {
                source: self.source.id.clone(),
                url: Some(url.clone()),
                content_type: content_type(&headers),
                body: body.into(),
                at: self.now,
            },
            validators,
            freshness,
            bytes,
            hash,
            moved,
        })
    }

    /// A status that is no document, with what its body says (P51, P53).
    async fn failed(
        &self,
        url: &Url,
        status: StatusCode,
        response: Response,
        freshness: Freshness,
    ) -> Failure {
        let host = url.host_str().unwrap_or("the host");
        let headers = response.headers().clone();
        let codings = headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
        let detail = match receive(response, MOST_ERROR, host).await {
            Ok(body) if !status.is_success() => coding::decode(codings, body, MOST_ERROR)
                .ok()
                .and_then(|body| words::detail(content_type(&headers).as_deref(), &body)),
            _ => None,
        };
        words::of_status(status, freshness, detail)
    }
}

/// The headers of every request: the same for all sources (P60, P61, P63).
fn headers(settings: &Settings) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPTED));
    headers.insert(USER_AGENT, header("user-agent", &settings.identity())?.1);
    if let Some(from) = &settings.from {
        headers.insert(FROM, header("from", from)?.1);
    }
    Ok(headers)
}

/// A header as the operator wrote it. Its value is marked as sensitive: it may be a credential.
fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let unusable =
        || Failure::new(FailureKind::Internal, format!("the header {name:?} cannot be sent"));
    let name = HeaderName::try_from(name).map_err(|_| unusable())?;
    let mut value = HeaderValue::try_from(value).map_err(|_| unusable())?;
    value.set_sensitive(name == AUTHORIZATION);
    Ok((name, value))
}

/// ETag and Last-Modified of an answer as they came (P2, P3); absurdly long ones are dropped.
fn validators(url: &Url, headers: &HeaderMap) -> Validators {
    let bytes = |name| {
        let value: &HeaderValue = headers.get(name)?;
        let bytes = value.as_bytes();
        (!bytes.is_empty() && bytes.len() <= MOST_VALIDATOR).then(|| bytes.to_vec())
    };
    Validators { etag: bytes(ETAG), last_modified: bytes(LAST_MODIFIED), of: Some(url.clone()) }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Two opaque origins are never the same; an http origin is never opaque.
fn is_same(one: &Origin, other: &Origin) -> bool {
    one.is_tuple() && one == other
}

/// Takes the body as it is on the wire, up to `most` bytes.
async fn receive(mut response: Response, most: u64, host: &str) -> Result<Vec<u8>, Failure> {
    let too_large = || {
        let message = format!("the answer of {host} has more than {most} bytes");
        Err(Failure::new(FailureKind::TooLarge, message))
    };
    let expected = response.content_length().unwrap_or(0);
    if expected > most {
        return too_large();
    }
    let mut body = Vec::with_capacity(expected.min(MOST_RESERVED) as usize);
    while let Some(chunk) = response.chunk().await.map_err(|error| words::of_error(&error, host))? {
        if body.len() as u64 + chunk.len() as u64 > most {
            return too_large();
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
