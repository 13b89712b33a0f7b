//! Makes the same conditional requests with a client that does nothing else.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::origin::{ORIGINS, Origin};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Sender = SendRequest<Empty<Bytes>>;

/// As many documents, the first of them `changed` once, over one connection an address or one a request.
pub async fn plain(
    origin: &Origin,
    count: usize,
    changed: usize,
    kept: bool,
) -> Result<(), super::Error> {
    all(&origin.places, count, changed, kept, None).await
}

/// The same over TLS, a connection a request; sessions are resumed.
pub async fn secure(
    origin: &Origin,
    count: usize,
    changed: usize,
    trusted: &Path,
) -> Result<(), super::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted)?)?;
    // The same handshake as the daemon's.
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(|suite| suite.suite() == CipherSuite::TLS13_AES_128_GCM_SHA256);
    let mut config = ClientConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Its own default is 32 servers.
    config.resumption = Resumption::in_memory_sessions(8 * ORIGINS);
    let tls = TlsConnector::from(Arc::new(config));
    all(&origin.secure, count, changed, false, Some(tls)).await
}

async fn all(
    places: &[SocketAddr],
    count: usize,
    changed: usize,
    kept: bool,
    tls: Option<TlsConnector>,
) -> Result<(), super::Error> {
    let mut clients = JoinSet::new();
    for (first, place) in places.iter().copied().enumerate() {
        let tls = tls.clone();
        clients.spawn(async move {
            let mut connection = None;
            for number in (first..count).step_by(ORIGINS) {
                let mut sender = match connection.take() {
                    Some(sender) => sender,
                    None => connect(place, tls.as_ref()).await?,
                };
                let edition = u8::from(number < changed);
                let request = hyper::Request::get(format!("/{number}.atom"))
                    .header("Host", "127.0.0.1")
                    .header("If-None-Match", format!("\"{number}-{edition}\""))
                    .body(Empty::<Bytes>::new())?;
                let answer = sender.send_request(request).await?;
                assert_eq!(answer.status(), 304);
                answer.into_body().collect().await?;
                connection = kept.then_some(sender);
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(done) = clients.join_next().await {
        done?.map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn connect(place: SocketAddr, tls: Option<&TlsConnector>) -> Result<Sender, Error> {
    let stream = TcpStream::connect(place).await?;
    stream.set_nodelay(true)?;
    match tls {
        None => over(stream).await,
        Some(tls) => {
            over(tls.connect(ServerName::IpAddress(place.ip().into()), stream).await?).await
        }
    }
}

async fn over<S>(stream: S) -> Result<Sender, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
