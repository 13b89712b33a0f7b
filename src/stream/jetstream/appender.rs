//! Appends this node's messages, one at a time, each exactly once.
//!
//! It is a task of its own, so a loop that waits for an answer of the servers can go on with other
//! things meanwhile.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tracing::debug;

use super::connection::Connection;
use super::{ANSWER, INSTANCE, IS_PART, NUMBER, PARTS, RULES, Refused, number_of};
use crate::stream::{Message, StreamError};

/// The most bytes of one message's body. The servers' `max_payload` is 1 MiB by default.
const LONGEST_PART: usize = 512 << 10;

/// Before a call is repeated.
const PAUSE: Duration = Duration::from_millis(50);

/// A message to append, with the sender for its number.
pub(super) struct Unsent {
    pub(super) message: Message,
    pub(super) done: oneshot::Sender<Result<u64, StreamError>>,
}

/// The end of a stream that this node appends to.
pub(super) struct Appender {
    connection: Connection,
    instance: String,
    /// Number and sequence of this node's last message in the stream, once known.
    last: Option<Last>,
    /// The number of this node's last message that is applied.
    applied: u64,
    /// Whether this process has appended anything.
    has_appended: bool,
    /// Whether the stream seems to keep this node's last message no longer.
    is_expired: bool,
    parts: VecDeque<Part>,
    /// The sequences of the parts that are appended.
    appended: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Last {
    number: u64,
    sequence: u64,
}

/// One message of the stream, which may be a part of a turn.
#[derive(Debug)]
struct Part {
    number: u64,
    rules: u32,
    body: Bytes,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Whole,
    Part,
    /// The last of a turn in parts.
    End,
}

impl Appender {
    pub(super) fn new(connection: Connection, instance: String, applied: u64) -> Self {
        Self {
            connection,
            instance,
            last: None,
            applied,
            has_appended: false,
            is_expired: false,
            parts: VecDeque::new(),
            appended: Vec::new(),
        }
    }

    /// Appends what comes, until nobody sends any more.
    pub(super) async fn run(mut self, mut unsent: mpsc::Receiver<Unsent>) {
        while let Some(Unsent { message, done }) = unsent.recv().await {
            let appended = self.append(&message).await;
            let is_over = appended.is_err();
            let _ = done.send(appended);
            if is_over {
                return;
            }
        }
    }

    /// Appends a message, for as long as it takes. Returns its number.
    async fn append(&mut self, message: &Message) -> Result<u64, StreamError> {
        loop {
            let last = self.locate().await;
            self.parts = self.split(message, last)?;
            self.appended.clear();
            while let Some(part) = self.parts.front() {
                match self.publish(part).await {
                    Ok(sequence) => self.is_appended(sequence),
                    Err(Refused::WrongLast) => {
                        let found = self.connection.last_of_own(ANSWER).await;
                        match self.last_message_is(found)? {
                            LastMessage::Sent(sequence) => self.is_appended(sequence),
                            LastMessage::OfEarlierProcess => {
                                (self.last, self.parts) = (None, VecDeque::new());
                                break;
                            }
                            LastMessage::Expired => {
                                self.is_expired = true;
                                retry("this node's last turn is kept no longer").await;
                            }
                            LastMessage::Known => {
                                self.is_expired = false;
                                retry("a server was behind the others").await;
                            }
                            LastMessage::Unknown(why) => retry(&why).await,
                        }
                    }
                    Err(Refused::Other(why)) => retry(&why).await,
                }
            }
            if let Some(last) = self.last {
                return Ok(last.number);
            }
        }
    }

    fn is_appended(&mut self, sequence: u64) {
        if let Some(part) = self.parts.pop_front() {
            self.last = Some(Last { number: part.number, sequence });
            (self.has_appended, self.is_expired) = (true, false);
            self.appended.push(sequence);
        }
    }

    /// Finds this node's last message in the stream.
    async fn locate(&mut self) -> Last {
        loop {
            if let Some(last) = self.last {
                return last;
            }
            match self.connection.last_of_own(ANSWER).await {
                Ok(Some(found)) => {
                    let number = number_of(&found.headers).unwrap_or(self.applied);
                    self.last = Some(Last { number, sequence: found.sequence });
                }
                // The stream keeps none of them any more.
                Ok(None) => self.last = Some(Last { number: self.applied, sequence: 0 }),
                Err(why) => retry(&why).await,
            }
        }
    }

    /// The bytes of a message, in as many parts as they need.
    fn split(&self, message: &Message, last: Last) -> Result<VecDeque<Part>, StreamError> {
        let rules = message.rules(self.connection.plan().rules);
        // The seal covers the number of the last part, which depends on their count.
        let mut count = 1;
        let bytes = loop {
            let number = last.number.saturating_add(count);
            let bytes = self.connection.encode(message, number)?;
            let chunks = bytes.len().div_ceil(LONGEST_PART) as u64;
            let needed = if chunks <= 1 { 1 } else { chunks + 1 };
            if needed == count {
                break Bytes::from(bytes);
            }
            count = needed;
        };
        if count == 1 {
            let part = Part { number: last.number + 1, rules, body: bytes, kind: Kind::Whole };
            return Ok(VecDeque::from([part]));
        }
        let mut parts = VecDeque::new();
        for (index, chunk) in bytes.chunks(LONGEST_PART).enumerate() {
            let number = last.number + 1 + index as u64;
            let body = self.connection.seal_part(chunk, number)?.into();
            parts.push_back(Part { number, rules, body, kind: Kind::Part });
        }
        let number = last.number + count;
        parts.push_back(Part { number, rules, body: Bytes::new(), kind: Kind::End });
        Ok(parts)
    }

    async fn publish(&self, part: &Part) -> Result<u64, Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(NUMBER, part.number.to_string());
        headers.insert(INSTANCE, &*self.instance);
        headers.insert(RULES, part.rules.to_string());
        match part.kind {
            Kind::Whole => {}
            Kind::Part => headers.insert(PARTS, IS_PART),
            Kind::End => {
                let sequences: Vec<String> = self.appended.iter().map(u64::to_string).collect();
                headers.insert(PARTS, sequences.join(","));
            }
        }
        let known = self.last.filter(|_| !self.is_expired);
        let expected = known.map_or(0, |last| last.sequence);
        self.connection.publish(headers, expected, part.body.clone(), ANSWER).await
    }

    /// Finds out whether the message before the server's refusal is the one that was sent.
    fn last_message_is(
        &self,
        found: Result<Option<StreamMessage>, String>,
    ) -> Result<LastMessage, StreamError> {
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(LastMessage::Expired),
            Err(why) => return Ok(LastMessage::Unknown(why)),
        };
        let instance = found.headers.get(INSTANCE).map(|value| value.as_str());
        let number = number_of(&found.headers);
        let sent = self.parts.front().map(|part| part.number);
        if instance == Some(&*self.instance) && number == sent {
            return Ok(LastMessage::Sent(found.sequence));
        }
        if self.last.is_some_and(|last| found.sequence == last.sequence) {
            return Ok(LastMessage::Known);
        }
        if self.last.is_some_and(|last| found.sequence < last.sequence) {
            return Ok(LastMessage::Unknown("a server is behind the others".to_owned()));
        }
        if self.has_appended {
            return Err(StreamError::SecondProcess(self.connection.node().clone()));
        }
        Ok(LastMessage::OfEarlierProcess)
    }
}

/// The last message on this node's subject, after the server refused to append one.
enum LastMessage {
    /// The message that was sent: it had succeeded before.
    Sent(u64),
    /// A message of an earlier process of this node, which came late.
    OfEarlierProcess,
    /// The stream keeps no message of this node any more.
    Expired,
    /// The last one that is known, so that it has not expired.
    Known,
    Unknown(String),
}

/// Waits before a call is repeated.
async fn retry(why: &str) {
    debug!(event = "append_retried", "a turn is not appended yet: {why}");
    sleep(PAUSE).await;
}
