//! Keeps places for `/healthz` and `/readyz` beside the limit of connections.
//!
//! A supervisor restarts what does not answer it, so clients that hold all connections must not keep
//! it from its answer. A connection above the limit has one of a few places until its request line is
//! there. The newest always gets one, from the oldest, so half a request keeps nobody else out.

use std::collections::VecDeque;
use std::io::Cursor;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::connection_limit::Refused;

/// Connections above the limit that are listened to at a time.
const PLACES: usize = 16;

/// How long such a connection may take to send its request line.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest request line of a supervisor: `HEAD /healthz HTTP/1.1` and its end.
const LONGEST: usize = 24;

/// The connections above the limit, the oldest first; each is displaced by its token.
#[derive(Debug, Default)]
pub(super) struct Places(VecDeque<CancellationToken>);

impl Places {
    /// Takes a place, from the oldest if need be.
    pub(super) fn take(&mut self) -> CancellationToken {
        if self.0.len() == PLACES
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.cancel();
        }
        let displaced = CancellationToken::new();
        self.0.push_back(displaced.clone());
        displaced
    }
}

/// A connection above the limit. Returns it with what was read of it if a supervisor asks; anybody else
/// is refused.
pub(super) async fn admit<Io>(
    mut stream: Io,
    displaced: &CancellationToken,
) -> Option<impl AsyncRead + AsyncWrite + Unpin + use<Io>>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let mut begin = Vec::with_capacity(4096);
    let is_supervisor = tokio::select! {
        biased;
        () = displaced.cancelled() => false,
        asks = asks_for_health(&mut stream, &mut begin) => asks,
        () = tokio::time::sleep(PATIENCE) => false,
    };
    if is_supervisor {
        let (reader, writer) = tokio::io::split(stream);
        return Some(tokio::io::join(Cursor::new(begin).chain(reader), writer));
    }
    // A fresh socket has room for so little, so nobody waits for the client.
    let _ = tokio::time::timeout(PATIENCE, refuse(&mut stream)).await;
    None
}

async fn refuse<Io: AsyncWrite + Unpin>(stream: &mut Io) -> std::io::Result<()> {
    stream.write_all(Refused::Full.response()).await?;
    stream.shutdown().await
}

/// Reads the request line, and whether it is a supervisor's.
async fn asks_for_health<Io: AsyncRead + Unpin>(stream: &mut Io, begin: &mut Vec<u8>) -> bool {
    while !begin.contains(&b'\n') && begin.len() < LONGEST {
        if !stream.read_buf(begin).await.is_ok_and(|read| read > 0) {
            return false;
        }
    }
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut parts = line.split(|byte| *byte == b' ');
    let is_read = matches!(parts.next(), Some(b"GET" | b"HEAD"));
    is_read && matches!(parts.next(), Some(b"/healthz" | b"/readyz"))
}
