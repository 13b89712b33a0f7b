//! Builds clients that connect only where a guard admits, and read odd answers as curl does.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use reqwest::{Client, redirect, retry};
use rustls::client::Resumption;
use rustls::crypto::hash::HashAlgorithm;
use rustls::{ClientConfig, SupportedCipherSuite};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::fetch::Settings;
use crate::fetch::address::{Guard, Resolver};
use crate::model::{Failure, FailureKind};

/// Idle connections are kept a little beyond a minute: one origin's sources are
/// asked a second apart (P34, P69).
const IDLE: Duration = Duration::from_secs(90);

/// Servers whose TLS sessions are kept. A handshake anew is most of what an unchanged
/// document costs, its server as much as us; rustls by itself keeps those of 32.
const SESSIONS_OF: usize = 4096;

/// rustls counts tickets, and keeps room for as many a server.
const TICKETS_A_SERVER: usize = 8;

/// Header lines of one answer. Some sites send more than a hundred.
const MOST_HEADERS: usize = 500;

tokio::task_local! {
    /// Whether the request under way in this task had a connection made for it.
    static CONNECTED: Cell<bool>;
}

/// Runs a request, and tells whether a connection was made for it. A request that
/// needed none ran over an idle one, whose end is no news of the server (P36).
pub(super) async fn noticing<T>(request: impl Future<Output = T>) -> (T, bool) {
    CONNECTED
        .scope(Cell::new(false), async {
            let answer = request.await;
            (answer, CONNECTED.with(Cell::get))
        })
        .await
}

/// TLS as all our clients speak it: whom the system trusts is trusted.
pub(super) fn tls() -> Result<ClientConfig, Failure> {
    let mut provider = rustls::crypto::ring::default_provider();
    // The library asks for a process-wide provider; whoever came first is fine.
    let _ = provider.clone().install_default();
    // As browsers do: what goes with SHA-256, for which processors have instructions, before what
    // goes with SHA-384, which would be a tenth of what a handshake costs.
    provider.cipher_suites.sort_by_key(|suite| !goes_with_sha256(*suite));
    let tls = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier);
    let mut tls = tls
        .map_err(|error| {
            let message = format!("the system's certificates cannot be used: {error}");
            Failure::new(FailureKind::Internal, message)
        })?
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    tls.resumption = Resumption::in_memory_sessions(SESSIONS_OF * TICKETS_A_SERVER);
    Ok(tls)
}

fn goes_with_sha256(suite: SupportedCipherSuite) -> bool {
    let hash = match suite {
        SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
        SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
    };
    hash.algorithm() == HashAlgorithm::SHA256
}

/// How long a server may leave bytes unacknowledged that a node of a cluster has sent: a quarter of the
/// shortest `node_timeout`. The system sends a request on for long after its poll was given up. Where
/// the network was cut, the request would reach a host that another node polls by then.
#[cfg(target_os = "linux")]
const ACKNOWLEDGED: std::time::Duration = std::time::Duration::from_secs(5);

/// Builds a client that follows nothing, keeps nothing but connections, and
/// connects only where `guard` admits.
pub(super) fn client(
    settings: &Settings,
    tls: ClientConfig,
    guard: Guard,
) -> Result<Client, Failure> {
    let unusable = |error: reqwest::Error| {
        let message = format!("the HTTP client cannot be set up: {}", error.without_url());
        Failure::new(FailureKind::Internal, message)
    };
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .tls_backend_preconfigured(tls)
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(IDLE)
        .dns_resolver(Resolver::new(guard, settings.proxy.as_ref().map(|proxy| &proxy.0)))
        .connector_layer(Noticing)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_max_headers(MOST_HEADERS)
        .no_proxy();
    #[cfg(target_os = "linux")]
    if settings.is_shared {
        builder = builder.tcp_user_timeout(ACKNOWLEDGED);
    }
    if let Some(proxy) = &settings.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy.0.clone()).map_err(unusable)?);
    }
    builder.build().map_err(unusable)
}

/// Notices in [`CONNECTED`] that a connection is made.
#[derive(Debug, Clone, Copy)]
struct Noticing;

/// A connector that is noticed.
#[derive(Debug, Clone)]
struct Noticed<S>(S);

impl<S> tower::Layer<S> for Noticing {
    type Service = Noticed<S>;

    fn layer(&self, connector: S) -> Noticed<S> {
        Noticed(connector)
    }
}

impl<S: tower::Service<R>, R> tower::Service<R> for Noticed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        let _ = CONNECTED.try_with(|connected| connected.set(true));
        self.0.call(request)
    }
}
