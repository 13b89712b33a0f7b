//! Accepts connections from TCP and Unix sockets, with their clients' addresses.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net as unix;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// On the network.
    Net(SocketAddr),
    /// At a file of this machine: a reverse proxy asks there.
    Socket(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(address) => address.fmt(f),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

/// Where connections come from.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// The file of a socket that we have made ourselves, which goes with it.
    _file: Option<SocketFile>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Where it cannot be removed, the next to listen there does.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self { socket: Socket::Tcp(listener), _file: None }
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self { socket: Socket::Unix(listener), _file: None }
    }
}

impl Listener {
    /// Listens at an address; at a file, for whoever `mode` lets in. Within a
    /// runtime of tokio.
    ///
    /// # Errors
    /// Nothing can listen there, or somebody does.
    pub fn bind(address: &Address, mode: u32) -> io::Result<Self> {
        match address {
            Address::Net(address) => Self::try_from(std::net::TcpListener::bind(address)?),
            Address::Socket(path) => {
                remove_left_behind(path)?;
                let listener = unix::UnixListener::bind(path)?;
                let file = SocketFile(path.clone());
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
                Ok(Self { _file: Some(file), ..Self::try_from(listener)? })
            }
        }
    }

    /// Where it listens, if it can tell.
    pub fn address(&self) -> Option<Address> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok().map(Address::Net),
            Socket::Unix(listener) => {
                let address = listener.local_addr().ok()?;
                address.as_pathname().map(|path| Address::Socket(path.to_owned()))
            }
        }
    }
}

impl TryFrom<std::net::TcpListener> for Listener {
    type Error = io::Error;

    fn try_from(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(TcpListener::from_std(listener)?.into())
    }
}

impl TryFrom<unix::UnixListener> for Listener {
    type Error = io::Error;

    fn try_from(listener: unix::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(UnixListener::from_std(listener)?.into())
    }
}

/// Removes the file of a socket that nobody answers at. Any other file stays.
fn remove_left_behind(path: &Path) -> io::Result<()> {
    let is_socket = match std::fs::symlink_metadata(path) {
        Ok(found) => found.file_type().is_socket(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !is_socket {
        return Err(io::Error::new(ErrorKind::AlreadyExists, "the file there is not a socket"));
    }
    match unix::UnixStream::connect(path) {
        Ok(_) => Err(ErrorKind::AddrInUse.into()),
        Err(_) => std::fs::remove_file(path),
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
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Answers are written whole; waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                Ok((Stream::Tcp(stream), Some(address.ip())))
            }
            Socket::Unix(listener) => {
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
