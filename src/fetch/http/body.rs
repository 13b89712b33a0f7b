//! Receives the body of an answer, bounded on the wire and once decoded.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fetch::coding::{self, Decoded};
use crate::fetch::error_text;
use crate::model::{Failure, FailureKind};

/// Compressed bytes that are decoded between two steps of other polls.
const MOST_AT_ONCE: usize = 64 * 1024;

/// Bytes set aside on a server's word that so many will come.
const MOST_RESERVED: u64 = 256 * 1024;

/// Bytes of an error's or a redirect's body that are read: enough to learn what
/// it says, and in most cases to keep the connection.
pub(super) const MOST_ERROR: u64 = 16 * 1024;

/// A larger document has one of the [`Turns`] until it is parsed.
const LARGE: usize = 1 << 20;

/// Documents are decoded and parsed a few at a time: each by itself is bounded,
/// but many large ones at once would be more than the machine has.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<Semaphore>);

/// A large document, and its turn, which ends with it.
struct Large {
    body: Vec<u8>,
    _turn: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Turns {
    /// As many as a machine of few processors can make use of.
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(3)))
    }

    /// Undoes the codings of a document. Also returns whether they break off behind its end. An ordinary one waits for nobody; a large
    /// one waits for work that is being done, never for a network.
    pub(super) async fn decoded(
        &self,
        codings: Vec<Vec<u8>>,
        body: Vec<u8>,
        most: u64,
    ) -> Result<(Bytes, bool), Failure> {
        if codings.is_empty() && body.len() <= LARGE && !coding::is_gzip(&body) {
            return Ok((body.into(), false));
        }
        if body.len() <= LARGE && most > LARGE as u64 {
            match decode(codings.clone(), body.clone(), LARGE as u64).await {
                Err(failure) if failure.kind == FailureKind::TooLarge => {}
                decoded => {
                    return decoded.map(|decoded| (decoded.bytes.into(), decoded.is_damaged));
                }
            }
        }
        let turn = self.0.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Failure::new(FailureKind::Internal, "no turn comes"))?;
        let Decoded { bytes: body, is_damaged } = decode(codings, body, most).await?;
        let body = match body.len() > LARGE {
            true => Bytes::from_owner(Large { body, _turn: turn }),
            false => body.into(),
        };
        Ok((body, is_damaged))
    }
}

/// Decodes where it holds nobody up.
async fn decode(codings: Vec<Vec<u8>>, body: Vec<u8>, most: u64) -> Result<Decoded, Failure> {
    if codings.is_empty() && !coding::is_gzip(&body) || body.len() < MOST_AT_ONCE {
        return coding::decode(codings.iter(), body, most);
    }
    tokio::task::spawn_blocking(move || coding::decode(codings.iter(), body, most))
        .await
        .unwrap_or_else(|_| Err(Failure::new(FailureKind::Internal, "a decoder failed")))
}

/// Reads an answer that is of no interest to its end, so that its connection can
/// serve the next request.
pub(super) async fn drain(response: Response) {
    let _ = receive(response, MOST_ERROR, "").await;
}

/// A body as it was on the wire.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) body: Vec<u8>,
    /// Why it broke off, if it did.
    pub(super) broke_off: Option<Failure>,
}

/// Takes the body as it is on the wire, up to `most` bytes.
pub(super) async fn receive(response: Response, most: u64, host: &str) -> Result<Vec<u8>, Failure> {
    let received = receive_part(response, most, host).await?;
    received.broke_off.map_or(Ok(received.body), Err)
}

/// Takes as much of the body as comes, up to `most` bytes.
pub(super) async fn receive_part(
    response: Response,
    most: u64,
    host: &str,
) -> Result<Received, Failure> {
    let too_large = || {
        let message = format!("the answer of {host} has more than {most} bytes");
        Err(Failure::new(FailureKind::TooLarge, message))
    };
    let expected = response.content_length().unwrap_or(0);
    if expected > most {
        return too_large();
    }
    let received = receive_start(response, most.saturating_add(1), host).await;
    if received.body.len() as u64 > most { too_large() } else { Ok(received) }
}

/// Takes the first `most` bytes of the body as it is on the wire.
pub(super) async fn receive_start(mut response: Response, most: u64, host: &str) -> Received {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let expected = response.content_length().unwrap_or(0);
    let mut body = Vec::with_capacity(expected.min(MOST_RESERVED) as usize);
    while body.len() < most {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = most - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            Ok(None) => break,
            Err(error) => {
                let broke_off = Some(error_text::of_error(&error, host));
                return Received { body, broke_off };
            }
        }
    }
    Received { body, broke_off: None }
}
