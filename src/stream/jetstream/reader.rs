//! Reads the stream in a task of its own, and checks that no sequence is left out.
//!
//! An ordered consumer may stop without an error, or begin again at another place. So every
//! sequence is compared with the one before it, and a consumer that brings nothing although the
//! stream goes on is replaced.

use std::time::Duration;

use async_nats::HeaderMap;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::{FromReader, INSTANCE, IS_PART, NUMBER, PARTS, number_of, timestamp};
use crate::stream::{Received, StreamError};

/// After so long without a message, the stream is asked for its last sequence.
const SILENCE: Duration = Duration::from_secs(5);

/// Before a call that failed is repeated.
const PAUSE: Duration = Duration::from_millis(200);

type Sender = mpsc::Sender<Result<FromReader, StreamError>>;

/// Reads everything behind a sequence, until nobody listens or the stream cannot be read on.
pub(super) async fn read(connection: Connection, genesis: String, after: u64, sender: Sender) {
    let mut last = after;
    while let Err(error) = read_on(&connection, &genesis, &mut last, &sender).await {
        if let Some(fatal) = error {
            let _ = sender.send(Err(fatal)).await;
            return;
        }
        if sender.is_closed() {
            return;
        }
        sleep(PAUSE).await;
    }
}

/// Reads until the consumer must be replaced (`Err(None)`) or the stream cannot be read on.
async fn read_on(
    connection: &Connection,
    genesis: &str,
    last: &mut u64,
    sender: &Sender,
) -> Result<(), Option<StreamError>> {
    let info = connection.stream_info().await.map_err(|_| None)?;
    if Connection::genesis_of(&info) != Some(genesis) {
        return Err(Some(StreamError::Unusable(format!(
            "the stream {} is not the one that this store belongs to: is `[cluster] name` right? To join it, restore a snapshot of another node",
            connection.stream_name()
        ))));
    }
    let (first, needed) = (info.state.first_sequence, *last + 1);
    if first > needed {
        return Err(Some(StreamError::Expired { first, needed }));
    }
    if info.state.last_sequence < *last {
        return Err(Some(StreamError::Unusable(format!(
            "the stream {} ends at sequence {}, and this store has applied sequence {last}: it is another stream, or the servers lost turns. Restore a snapshot, or begin a new stream with `gazetted cluster init`",
            connection.stream_name(),
            info.state.last_sequence
        ))));
    }
    let mut messages = connection.tail(needed).await.map_err(|_| None)?;
    loop {
        match timeout(SILENCE, messages.next()).await {
            Ok(Some(Ok(message))) => {
                let Ok(info) = message.info() else { return Err(None) };
                let (sequence, at) = (info.stream_sequence, timestamp(info.published));
                if sequence <= *last {
                    continue;
                }
                if sequence > *last + 1 {
                    // Either the consumer left some out, or the stream keeps them no longer.
                    return Err(None);
                }
                let none = HeaderMap::new();
                let headers = message.headers.as_ref().unwrap_or(&none);
                let (subject, payload) = (&message.subject, &message.payload);
                let received = receive(connection, subject, sequence, headers, payload).await?;
                let received = Received { at, ..received };
                let instance =
                    headers.get(INSTANCE).map(|value| value.as_str()).unwrap_or_default();
                if sender.send(Ok((received, instance.to_owned()))).await.is_err() {
                    return Ok(());
                }
                *last = sequence;
            }
            Ok(_) => return Err(None),
            Err(_) => {
                let info = connection.stream_info().await.map_err(|_| None)?;
                if info.state.last_sequence > *last {
                    return Err(None);
                }
            }
        }
        if sender.is_closed() {
            return Ok(());
        }
    }
}

/// Reads a message with all its parts.
async fn receive(
    connection: &Connection,
    subject: &str,
    sequence: u64,
    headers: &HeaderMap,
    payload: &[u8],
) -> Result<Received, Option<StreamError>> {
    let unreadable = |why: &str| StreamError::Unreadable { sequence, why: why.to_owned() };
    let node = connection.node_of(subject);
    let node = node.ok_or_else(|| Some(unreadable("its subject names no node")))?;
    let number = number_of(headers);
    let number = number.ok_or_else(|| Some(unreadable(&format!("it has no {NUMBER}"))))?;
    let parts = headers.get(PARTS).map(|parts| parts.as_str());
    let message = match parts {
        Some(IS_PART) => None,
        Some(sequences) => {
            let mut whole = Vec::new();
            for sequence in sequences.split(',') {
                let sequence = sequence.parse();
                let sequence = sequence.map_err(|_| Some(unreadable("its parts are not named")))?;
                let part = connection.message_at(sequence).await.map_err(|_| None)?;
                whole.extend_from_slice(&part.payload);
            }
            Some(connection.decode(subject, sequence, headers, &whole)?)
        }
        None => Some(connection.decode(subject, sequence, headers, payload)?),
    };
    Ok(Received { sequence, at: Default::default(), node, number, is_own: false, message })
}
