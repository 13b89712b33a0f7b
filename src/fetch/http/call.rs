//! Sends one request to an address that somebody else gave, such as a subscriber's callback.
//!
//! Callbacks of subscribers are strangers' addresses: the same guard as for sources applies, they
//! are asked once, and no redirect is followed.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Client, Method};
use url::{Host, Url};

use super::body::{MOST_ERROR, receive};
use super::connect::noticing;
use super::{HttpClient, freshness};
use crate::fetch::address::{Guard, admitted};
use crate::fetch::error_text;
use crate::model::{Failure, FailureKind, Timestamp};
use crate::websub::inbound;

/// How long a call may take, from connecting to the answer's end.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A request to an address that somebody else gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The address to call.
    pub url: Url,
    /// The body of a POST. Without a body the request is a GET.
    pub body: Option<Bytes>,
    /// Headers beside the client's name. Those that cannot be sent are left out.
    pub headers: Vec<(&'static str, String)>,
    /// Whether the operator gave the address, which may then be private.
    pub own: bool,
}

impl Call {
    /// A GET to an address that a stranger gave.
    pub fn get(url: Url) -> Self {
        Self { url, body: None, headers: Vec::new(), own: false }
    }

    /// A form for an address that the operator gave.
    pub fn form(url: Url, form: String) -> Self {
        let headers = vec![("content-type", inbound::FORM.to_owned())];
        Self { url, body: Some(form.into()), headers, own: true }
    }
}

/// The answer to a call, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAnswer {
    /// The status.
    pub status: u16,
    /// The beginning of the body. A body that we asked for is short.
    pub body: Vec<u8>,
    /// How long not to call again.
    pub retry_after: Option<Duration>,
}

impl HttpClient {
    /// The address of a stranger's host, if connections may be made there: the least of its addresses,
    /// which is the same every time. None where a proxy makes the connections.
    pub(in crate::fetch) async fn locate(&self, url: &Url) -> Result<Option<IpAddr>, Failure> {
        let guard = &self.public_guard;
        guard.judge(url)?;
        let name = match url.host() {
            Some(Host::Ipv4(address)) => return Ok(Some(address.into())),
            Some(Host::Ipv6(address)) => return Ok(Some(address.into())),
            Some(Host::Domain(_)) | None if self.proxied => return Ok(None),
            Some(Host::Domain(name)) => name,
            None => return Err(Failure::new(FailureKind::Forbidden, "there is no host")),
        };
        let lookup = tokio::net::lookup_host((name, 0));
        let Ok(found) = tokio::time::timeout(TIMEOUT, lookup).await else {
            let message =
                format!("the name {name} was not resolved within {} s", TIMEOUT.as_secs());
            return Err(Failure::new(FailureKind::Timeout, message));
        };
        let admitted = admitted(guard, name, found)?;
        Ok(admitted.into_iter().map(|address| address.ip()).min())
    }

    /// Makes a call, once.
    pub(in crate::fetch) async fn call(
        &self,
        call: &Call,
        now: Timestamp,
    ) -> Result<CallAnswer, Failure> {
        match tokio::time::timeout(TIMEOUT, self.try_call(call, now)).await {
            Ok(answer) => answer,
            Err(_) => {
                let message = format!("there was no answer within {} s", TIMEOUT.as_secs());
                Err(Failure::new(FailureKind::Timeout, message))
            }
        }
    }

    async fn try_call(&self, call: &Call, now: Timestamp) -> Result<CallAnswer, Failure> {
        let (client, guard): (&Client, &Guard) = match call.own {
            true => (&self.own, &Guard::Any),
            false => (&self.public, &self.public_guard),
        };
        guard.judge(&call.url)?;
        let host = call.url.host_str().unwrap_or("the host");
        let method = if call.body.is_some() { Method::POST } else { Method::GET };
        let mut first = true;
        let answer = loop {
            let request = client.request(method.clone(), call.url.clone());
            let request = request.headers(self.headers_of(call));
            let request = match &call.body {
                Some(body) => request.body(body.clone()),
                None => request,
            };
            // An idle connection may turn out closed, which says nothing about the server.
            match noticing(request.send()).await {
                (Ok(answer), _) => break answer,
                (Err(error), false) if first && error_text::is_unanswered(&error) => first = false,
                (Err(error), _) => return Err(error_text::of_error(&error, host)),
            }
        };
        if let Some(address) = answer.remote_addr()
            && !self.proxied
            && !guard.admits(address.ip())
        {
            let message = format!("{} is a private address", address.ip());
            return Err(Failure::new(FailureKind::Forbidden, message));
        }
        let status = answer.status().as_u16();
        let retry_after = freshness(answer.headers(), now).retry_after;
        // A body that is too long is not one that we asked for.
        let body = receive(answer, MOST_ERROR, host).await.unwrap_or_default();
        Ok(CallAnswer { status, body, retry_after })
    }

    fn headers_of(&self, call: &Call) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.extend(self.headers.get(USER_AGENT).map(|name| (USER_AGENT, name.clone())));
        for (name, value) in &call.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }
}
