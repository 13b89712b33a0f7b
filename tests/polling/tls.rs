//! Tests the TLS handshakes of the real binary at sites with two sources each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

use crate::support::binary::{Gazetted, Launched, RunningDaemon};

#[path = "../../benches/poll/certificate.rs"]
mod certificate;

use certificate::Certificate;

/// More sites than rustls keeps sessions of by itself, which is 32.
const SITES: usize = 48;

const FEED: &str = r#"<rss version="2.0"><channel><title>One</title><link>https://example.org/</link>
<item><title>Closer ties</title><link>https://example.org/ties</link></item></channel></rss>"#;

#[test]
#[ignore = "needs openssl (Debian package openssl)"]
fn p69_a_site_that_is_asked_again_over_a_new_connection_resumes_its_session() {
    let directory = tempfile::tempdir().unwrap();
    let made = Certificate::in_directory(directory.path());
    assert!(made.make(SITES).unwrap(), "openssl makes a certificate");
    let (told, handshakes) = mpsc::channel();
    let sites = serve(&made, &told);

    let mut config = "[store]\npath = \"store\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         [polling]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\n"
        .to_owned();
    // Every site's first source stands before any site's second.
    for turn in ["first", "second"] {
        for (number, site) in sites.iter().enumerate() {
            config += &format!(
                "[[source]]\nid = \"{turn}-{number}\"\nurl = \"https://{site}/{turn}.rss\"\n"
            );
        }
    }
    let gazetted = Gazetted::with(&config);
    let _daemon = started(&gazetted, &made.certificate);

    let patience = Duration::from_secs(120);
    let kinds: Vec<_> =
        (0..2 * SITES).map(|_| handshakes.recv_timeout(patience).unwrap()).collect();
    let resumed = kinds.iter().filter(|kind| **kind == HandshakeKind::Resumed).count();
    assert_eq!(resumed, SITES, "each site's second connection resumes the session of its first");
}

/// The daemon, which trusts this certificate.
fn started(gazetted: &Gazetted, trusted: &Path) -> RunningDaemon {
    let mut command = gazetted.command(&["run"]);
    command.env("SSL_CERT_FILE", trusted);
    Launched::by(command).listening()
}

/// Sites that close every connection after one answer, and tell how its handshake went.
fn serve(with: &Certificate, told: &Sender<HandshakeKind>) -> Vec<SocketAddr> {
    let provider = rustls::crypto::ring::default_provider();
    let certificate = CertificateDer::from_pem_file(&with.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(&with.key).unwrap();
    let mut tls = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    tls.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
    let tls = Arc::new(tls);
    let site = |host: usize| {
        let listener = TcpListener::bind(format!("127.0.0.{host}:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (tls, told) = (tls.clone(), told.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // One that is broken off tells nothing, and the test misses it.
                let _ = answer(stream, tls.clone(), &told);
            }
        });
        address
    };
    (1..=SITES).map(site).collect()
}

fn answer(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    told: &Sender<HandshakeKind>,
) -> std::io::Result<()> {
    let session = ServerConnection::new(tls).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(session, stream);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut some = [0; 1024];
        let read = stream.read(&mut some)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&some[..read]);
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{FEED}",
        FEED.len()
    )?;
    stream.conn.send_close_notify();
    stream.flush()?;
    if let Some(kind) = stream.conn.handshake_kind() {
        let _ = told.send(kind);
    }
    Ok(())
}
