//! Reads the stream in a task of its own, and checks that no sequence is left out.
//!
//! An ordered consumer may stop without an error, or begin again at another place. So every
//! sequence is compared with the one before it, and a consumer that brings nothing although the
//! stream goes on is replaced.

use std::time::Duration;

use async_nats::HeaderMap;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, warn};

use super::connection::Connection;
use super::{FromReader, INSTANCE, IS_PART, NUMBER, PARTS, number_of, rules_of, timestamp};
use crate::model::NodeName;
use crate::stream::{Content, Received, StreamError};

/// After so long without a message, the stream is asked for its last sequence.
const SILENCE: Duration = Duration::from_secs(5);

/// Servers that have just started may answer with an earlier end of the stream for so long.
const RECOVERY: Duration = Duration::from_secs(20);

/// A consumer that brings messages from so far back is replaced.
const FAR_BACK: u64 = 1000;

/// After so long without progress the reason is logged.
const REPORTED: Duration = Duration::from_secs(10);

/// Before a call that failed is repeated.
const PAUSE: Duration = Duration::from_millis(200);

type Sender = mpsc::Sender<Result<FromReader, StreamError>>;

/// Reads everything behind a sequence, until nobody listens or the stream cannot be read on.
pub(super) async fn read(connection: Connection, genesis: String, after: u64, sender: Sender) {
    let (mut last, mut behind) = (after, None);
    let (mut failing, mut is_reported) = (None, false);
    while let Err(interrupted) =
        read_on(&connection, &genesis, &mut last, &mut behind, &sender).await
    {
        let why = match interrupted {
            Interrupted::For(error) => {
                let _ = sender.send(Err(error)).await;
                return;
            }
            Interrupted::Again(why) => why,
        };
        if sender.is_closed() {
            return;
        }
        let (at, since) = *failing.get_or_insert((last, Instant::now()));
        if at != last {
            (failing, is_reported) = (None, false);
        } else if since.elapsed() >= REPORTED && !is_reported {
            warn!(
                event = "stream_unread",
                "the stream cannot be read on from the NATS servers: {why}"
            );
            is_reported = true;
        }
        sleep(PAUSE).await;
    }
}

/// Why reading was interrupted.
enum Interrupted {
    /// It is to be tried again.
    Again(String),
    /// It cannot go on.
    For(StreamError),
}

fn again(why: &str) -> Interrupted {
    Interrupted::Again(why.to_owned())
}

/// Reads until the consumer must be replaced ([`Interrupted::Again`]) or the stream cannot be read on.
async fn read_on(
    connection: &Connection,
    genesis: &str,
    last: &mut u64,
    behind: &mut Option<Instant>,
    sender: &Sender,
) -> Result<(), Interrupted> {
    let info = connection.stream_info().await.map_err(Interrupted::Again)?;
    if Connection::genesis_of(&info) != Some(genesis) {
        return Err(Interrupted::For(StreamError::Unusable(format!(
            "the stream {} is not the one that this store belongs to: is `[cluster] name` right? To join it, restore a snapshot of another node",
            connection.stream_name()
        ))));
    }
    let (first, needed) = (info.state.first_sequence, *last + 1);
    if first > needed {
        return Err(Interrupted::For(StreamError::Expired { first, needed }));
    }
    if info.state.last_sequence >= *last {
        *behind = None;
    } else if behind.get_or_insert_with(Instant::now).elapsed() < RECOVERY {
        return Err(again("the servers are behind this store"));
    } else {
        return Err(Interrupted::For(StreamError::Unusable(format!(
            "the stream {} ends at sequence {}, and this store has applied sequence {last}: it is another stream, or the servers lost turns. Restore a snapshot, or begin a new stream with `gazetted cluster init`",
            connection.stream_name(),
            info.state.last_sequence
        ))));
    }
    let mut messages = connection.tail(needed).await.map_err(Interrupted::Again)?;
    loop {
        match timeout(SILENCE, messages.next()).await {
            Ok(Some(Ok(message))) => {
                let Ok(info) = message.info() else {
                    return Err(again("a message is not of the stream"));
                };
                let (sequence, at) = (info.stream_sequence, timestamp(info.published));
                if sequence <= *last {
                    // The client may have begun again at the first message.
                    if sequence + FAR_BACK < *last {
                        return Err(again("the consumer is to be replaced"));
                    }
                    continue;
                }
                if sequence > *last + 1 {
                    // Either the consumer left some out, or the servers have lost them.
                    return pass_lost(connection, last, sequence, sender).await;
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
            Ok(_) => return Err(again("the consumer has ended")),
            Err(_) => {
                let info = connection.stream_info().await.map_err(Interrupted::Again)?;
                if info.state.last_sequence != *last {
                    return Err(again("the consumer is to be replaced"));
                }
            }
        }
        if sender.is_closed() {
            return Ok(());
        }
    }
}

/// Passes over messages before `next` that the servers do not have any more, as if there were
/// nothing to apply. A gap in the numbers of a node shows later which turns were lost. Has
/// the rest read again.
async fn pass_lost(
    connection: &Connection,
    last: &mut u64,
    next: u64,
    sender: &Sender,
) -> Result<(), Interrupted> {
    while *last + 1 < next
        && !connection.has_message(*last + 1).await.map_err(Interrupted::Again)?
    {
        let sequence = *last + 1;
        // A server that is behind the others does not have it yet.
        sleep(PAUSE * 5).await;
        let info = connection.stream_info().await.map_err(Interrupted::Again)?;
        if info.state.first_sequence > sequence {
            return Err(Interrupted::For(StreamError::Expired {
                first: info.state.first_sequence,
                needed: sequence,
            }));
        }
        let is_there = connection.has_message(sequence).await.map_err(Interrupted::Again)?;
        if info.state.last_sequence < next || is_there {
            return Err(again("the consumer is to be replaced"));
        }
        let lost = Received {
            sequence,
            at: Default::default(),
            node: NodeName::new(""),
            number: 0,
            is_own: false,
            rules: crate::engine::ANY_RULES,
            content: Content::Part,
        };
        error!(
            event = "message_lost",
            sequence, "the NATS servers have lost the message at sequence {sequence}"
        );
        if sender.send(Ok((lost, String::new()))).await.is_err() {
            return Ok(());
        }
        *last = sequence;
    }
    Err(again("the rest is read again"))
}

/// Reads a message with all its parts. `Err` if a part cannot be read now.
async fn receive(
    connection: &Connection,
    subject: &str,
    sequence: u64,
    headers: &HeaderMap,
    payload: &[u8],
) -> Result<Received, Interrupted> {
    let node = connection.node_of(subject).unwrap_or_else(|| NodeName::new(""));
    let number = number_of(headers);
    let parts = headers.get(PARTS).map(|parts| parts.as_str());
    let content = match parts {
        _ if number.is_none() => Content::Unreadable(format!("it has no {NUMBER}")),
        Some(IS_PART) => match connection.open_part(&node, headers, payload) {
            Ok(_) => Content::Part,
            Err(why) => Content::Unreadable(why),
        },
        Some(sequences) => match whole(connection, subject, sequence, sequences).await? {
            Some(whole) => connection.decode(&node, headers, &whole),
            None => Content::Unreadable("its parts cannot be read".to_owned()),
        },
        None => connection.decode(&node, headers, payload),
    };
    let (number, rules) = (number.unwrap_or_default(), rules_of(headers));
    Ok(Received { sequence, at: Default::default(), node, number, is_own: false, rules, content })
}

/// The bytes of a message in parts; `None` if it does not name them.
async fn whole(
    connection: &Connection,
    subject: &str,
    end: u64,
    sequences: &str,
) -> Result<Option<Vec<u8>>, Interrupted> {
    let Some(sequences) = parts_of(sequences, end) else { return Ok(None) };
    let mut whole = Vec::new();
    for sequence in sequences {
        let part = connection.message_at(sequence).await.map_err(Interrupted::Again)?;
        let node = connection.node_of(subject).unwrap_or_else(|| NodeName::new(""));
        let opened = connection.open_part(&node, &part.headers, &part.payload);
        let Some(opened) = opened.ok().filter(|_| *part.subject == *subject) else {
            return Ok(None);
        };
        whole.extend(opened);
    }
    Ok(Some(whole))
}

/// The most parts of one message.
const MOST_PARTS: usize = 1024;

/// The sequences of a message's parts, which rise and are before its own; `None` if it does not
/// name them so. They are not sealed, so nothing is read before this is known.
fn parts_of(sequences: &str, end: u64) -> Option<Vec<u64>> {
    let parts: Option<Vec<u64>> =
        sequences.split(',').take(MOST_PARTS + 1).map(|part| part.parse().ok()).collect();
    let parts = parts.filter(|parts| parts.len() <= MOST_PARTS)?;
    let is_rising = parts.windows(2).all(|pair| pair[0] < pair[1]);
    (is_rising && parts.last().is_some_and(|last| *last < end)).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_message_are_before_it_and_few_enough() {
        assert_eq!(parts_of("3,4,7", 8), Some(vec![3, 4, 7]));
        for bad in ["", "3,4,8", "4,3", "3,3", "3,x", "-1"] {
            assert_eq!(parts_of(bad, 8), None, "{bad}");
        }
        let many: Vec<String> = (1..2000).map(|part: u64| part.to_string()).collect();
        assert_eq!(parts_of(&many.join(","), 9999), None);
    }
}
