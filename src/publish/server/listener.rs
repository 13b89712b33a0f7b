//! A bound socket in; accepted streams, and whose they are, out.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Where connections come from.
#[derive(Debug)]
pub enum Listener {
    /// Readers, or a reverse proxy, over the network.
    Tcp(TcpListener),
    /// A reverse proxy on this machine.
    Unix(UnixListener),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

/// An accepted connection.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// The next connection, with its client's address where it has one.
    pub(super) async fn accept(&self) -> io::Result<(Stream, Option<IpAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Answers are written whole; waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                Ok((Stream::Tcp(stream), Some(address.ip())))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), None))
            }
        }
    }
}

impl Stream {
    /// Says no without making the client, or us, wait (Q34): a fresh socket
    /// has room for so little.
    pub(super) fn refuse(self, answer: &[u8]) {
        // The socket stays non-blocking outside of tokio. A failure means
        // that the client has gone, or will not read: its own affair.
        let _ = match self {
            Self::Tcp(stream) => stream.into_std().and_then(|stream| last_words(stream, answer)),
            Self::Unix(stream) => stream.into_std().and_then(|stream| last_words(stream, answer)),
        };
    }
}

/// Writes, and takes in the request if it is there already: closing a socket
/// with unread bytes would reset it, and the answer be lost.
fn last_words(mut stream: impl Read + Write, answer: &[u8]) -> io::Result<()> {
    stream.write_all(answer)?;
    let _ = stream.read(&mut [0; 4096])?;
    Ok(())
}
