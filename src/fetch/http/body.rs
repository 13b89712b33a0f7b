//! An answer in; its body, bounded on the wire and once decoded, out.

use reqwest::Response;

use crate::fetch::{coding, words};
use crate::model::{Failure, FailureKind};

/// Compressed bytes that are decoded between two steps of other polls.
const MOST_AT_ONCE: usize = 64 * 1024;

/// Bytes set aside on a server's word that so many will come.
const MOST_RESERVED: u64 = 256 * 1024;

/// Bytes of an error's or a redirect's body that are read: enough to learn what
/// it says, and in most cases to keep the connection.
pub(super) const MOST_ERROR: u64 = 16 * 1024;

/// Undoes the codings of a document; of a large one where that holds nobody up.
pub(super) async fn decoded(
    codings: Vec<Vec<u8>>,
    body: Vec<u8>,
    most: u64,
) -> Result<Vec<u8>, Failure> {
    if codings.is_empty() || body.len() < MOST_AT_ONCE {
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

/// Takes the body as it is on the wire, up to `most` bytes.
pub(super) async fn receive(
    mut response: Response,
    most: u64,
    host: &str,
) -> Result<Vec<u8>, Failure> {
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
