//! Appends turns to a stream on NATS JetStream, each exactly once.
//!
//! A node appends to a subject of its own, one message at a time, and only if its last message
//! there is still the last. So after a time-out the same call is simply repeated: either it
//! succeeds now, or the server's refusal shows that it had succeeded before.

pub mod connection;
mod reader;

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Message, Received, StreamError};
use crate::engine::RULES_VERSION;
use crate::model::{Seed, Timestamp};
use connection::Connection;

/// The most bytes of one message's body. The servers' `max_payload` is 1 MiB by default.
const LONGEST_PART: usize = 512 << 10;

/// How long the servers may take to answer one call.
const ANSWER: Duration = Duration::from_secs(2);

/// How long an append is tried before the loop goes on with other things.
const PATIENCE: Duration = Duration::from_secs(3);

/// Before a call is repeated.
const PAUSE: Duration = Duration::from_millis(50);

/// Messages that are read before they are applied.
const READ_AHEAD: usize = 32;

/// Headers of every message.
const NUMBER: &str = "Gz-Number";
const RULES: &str = "Gz-Rules";
/// Shows whether two messages with one number come from one process.
const INSTANCE: &str = "Gz-Instance";
/// The kind of a message that is not a whole turn: "part", or the sequences of its parts.
const PARTS: &str = "Gz-Parts";
const IS_PART: &str = "part";

/// The server's refusal of a compare-and-set, where the whole stream is compared.
const WRONG_LAST_SEQUENCE: [u64; 2] = [10071, 10164];

/// The end of a stream that this node appends to, and the end that it reads.
#[derive(Debug)]
pub struct JetStream {
    connection: Connection,
    instance: String,
    /// Number and sequence of this node's last message in the stream, once known.
    last: Option<Last>,
    /// The number of this node's last message that is applied.
    applied: u64,
    /// Whether this process has appended anything.
    has_appended: bool,
    /// The message that is being appended.
    unsent: Option<Message>,
    parts: VecDeque<Part>,
    /// The sequences of the parts that are appended.
    appended: Vec<u64>,
    received: mpsc::Receiver<Result<FromReader, StreamError>>,
    /// Ends with this value.
    _reading: JoinSet<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Last {
    number: u64,
    sequence: u64,
}

/// A message, and the process that appended it.
type FromReader = (Received, String);

/// One message of the stream, which may be a part of a turn.
#[derive(Debug)]
struct Part {
    number: u64,
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

impl JetStream {
    /// Begins to read the stream that begins with `genesis`, behind the sequence `after`. `applied` is the number of this node's last
    /// message before that. The servers need not be reachable yet.
    pub fn open(
        connection: Connection,
        genesis: String,
        after: u64,
        applied: u64,
    ) -> Result<Self, StreamError> {
        let (sender, received) = mpsc::channel(READ_AHEAD);
        let mut reading = JoinSet::new();
        reading.spawn(reader::read(connection.clone(), genesis, after, sender));
        let instance = Seed::fresh()
            .ok_or_else(|| StreamError::Unusable("the system gives no random bytes".to_owned()))?
            .token(&[b"instance"]);
        Ok(Self {
            connection,
            instance,
            last: None,
            applied,
            has_appended: false,
            unsent: None,
            parts: VecDeque::new(),
            appended: Vec::new(),
            received,
            _reading: reading,
        })
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.unsent.is_some()
    }

    pub(super) async fn next(&mut self) -> Result<Received, StreamError> {
        match self.received.recv().await {
            Some(received) => {
                let (received, instance) = received?;
                let is_own = received.node == *self.connection.node() && instance == self.instance;
                Ok(Received { is_own, ..received })
            }
            // The reader has reported why it ended.
            None => std::future::pending().await,
        }
    }

    pub(super) async fn append(&mut self, message: &Message) -> Result<u64, StreamError> {
        if self.unsent.is_some() {
            return Err(StreamError::Unavailable("an earlier turn is not confirmed yet".into()));
        }
        self.unsent = Some(message.clone());
        self.settle().await?;
        Ok(self.last.map_or(0, |last| last.number))
    }

    pub(super) async fn settle(&mut self) -> Result<(), StreamError> {
        let until = Instant::now() + PATIENCE;
        while let Some(message) = self.unsent.take() {
            let sent = self.send(&message, until).await;
            if sent.is_err() {
                self.unsent = Some(message);
            }
            sent?;
        }
        Ok(())
    }

    async fn send(&mut self, message: &Message, until: Instant) -> Result<(), StreamError> {
        loop {
            if self.parts.is_empty() {
                let last = self.locate(until).await?;
                self.parts = self.split(message, last)?;
                self.appended.clear();
            }
            while let Some(part) = self.parts.front() {
                match self.publish(part).await {
                    Ok(sequence) => self.is_appended(sequence),
                    Err(Refused::WrongLast) => {
                        let found = self.connection.last_of_own(ANSWER).await;
                        match self.judge(found)? {
                            Found::Ours(sequence) => self.is_appended(sequence),
                            // Another process had this name before; its message came late.
                            Found::Earlier => {
                                (self.last, self.parts) = (None, VecDeque::new());
                                break;
                            }
                            Found::Unknown(why) => retry(until, &why).await?,
                        }
                    }
                    Err(Refused::Other(why)) => retry(until, &why).await?,
                }
            }
            if self.parts.is_empty() && self.last.is_some() {
                return Ok(());
            }
        }
    }

    fn is_appended(&mut self, sequence: u64) {
        if let Some(part) = self.parts.pop_front() {
            self.last = Some(Last { number: part.number, sequence });
            self.has_appended = true;
            self.appended.push(sequence);
        }
    }

    /// Finds this node's last message in the stream.
    async fn locate(&mut self, until: Instant) -> Result<Last, StreamError> {
        while self.last.is_none() {
            match self.connection.last_of_own(ANSWER).await {
                Ok(Some(found)) => {
                    let number = number_of(&found.headers).unwrap_or(self.applied);
                    self.last = Some(Last { number, sequence: found.sequence });
                }
                // The stream keeps none of them any more.
                Ok(None) => self.last = Some(Last { number: self.applied, sequence: 0 }),
                Err(why) => retry(until, &why).await?,
            }
        }
        self.last.ok_or_else(|| StreamError::Unavailable("its end is unknown".to_owned()))
    }

    /// The bytes of a message, in as many parts as they need.
    fn split(&self, message: &Message, last: Last) -> Result<VecDeque<Part>, StreamError> {
        // The seal covers the number of the last part, which depends on their count.
        let mut count = 1;
        let bytes = loop {
            let number = last.number + count;
            let bytes = self.connection.encode(message, number)?;
            let chunks = bytes.len().div_ceil(LONGEST_PART) as u64;
            let needed = if chunks <= 1 { 1 } else { chunks + 1 };
            if needed == count {
                break Bytes::from(bytes);
            }
            count = needed;
        };
        if count == 1 {
            let part = Part { number: last.number + 1, body: bytes, kind: Kind::Whole };
            return Ok(VecDeque::from([part]));
        }
        let chunk = |index: u64| {
            let from = index as usize * LONGEST_PART;
            bytes.slice(from..bytes.len().min(from + LONGEST_PART))
        };
        let parts = (0..count - 1).map(|index| Part {
            number: last.number + 1 + index,
            body: chunk(index),
            kind: Kind::Part,
        });
        let end = Part { number: last.number + count, body: Bytes::new(), kind: Kind::End };
        Ok(parts.chain([end]).collect())
    }

    async fn publish(&self, part: &Part) -> Result<u64, Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(NUMBER, part.number.to_string());
        headers.insert(INSTANCE, &*self.instance);
        headers.insert(RULES, RULES_VERSION.to_string());
        match part.kind {
            Kind::Whole => {}
            Kind::Part => headers.insert(PARTS, IS_PART),
            Kind::End => {
                let sequences: Vec<String> = self.appended.iter().map(u64::to_string).collect();
                headers.insert(PARTS, sequences.join(","));
            }
        }
        let expected = self.last.map_or(0, |last| last.sequence);
        self.connection.publish(headers, expected, part.body.clone(), ANSWER).await
    }

    /// Finds out whether the message before the server's refusal is the one that was sent.
    fn judge(&self, found: Result<Option<StreamMessage>, String>) -> Result<Found, StreamError> {
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Found::Unknown("its last message is gone".to_owned())),
            Err(why) => return Ok(Found::Unknown(why)),
        };
        let instance = found.headers.get(INSTANCE).map(|value| value.as_str());
        let number = number_of(&found.headers);
        let sent = self.parts.front().map(|part| part.number);
        if instance == Some(&*self.instance) && number == sent {
            return Ok(Found::Ours(found.sequence));
        }
        if self.last.is_some_and(|last| found.sequence <= last.sequence) {
            return Ok(Found::Unknown("a server is behind the others".to_owned()));
        }
        if self.has_appended {
            return Err(StreamError::SecondProcess(self.connection.node().clone()));
        }
        Ok(Found::Earlier)
    }
}

enum Found {
    Ours(u64),
    Earlier,
    Unknown(String),
}

/// Why the server did not append a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The last message on the subject has another sequence.
    WrongLast,
    /// Another reason, or no answer: the message may be in the stream.
    Other(String),
}

impl From<async_nats::jetstream::context::PublishError> for Refused {
    fn from(error: async_nats::jetstream::context::PublishError) -> Self {
        use std::error::Error;
        let code = error
            .source()
            .and_then(|source| source.downcast_ref::<async_nats::jetstream::Error>())
            .map(|error| error.error_code().0);
        let is_refusal = error.kind() == PublishErrorKind::WrongLastSequence
            || code.is_some_and(|code| WRONG_LAST_SEQUENCE.contains(&code));
        if is_refusal { Self::WrongLast } else { Self::Other(error.to_string()) }
    }
}

async fn retry(until: Instant, why: &str) -> Result<(), StreamError> {
    if Instant::now() >= until {
        return Err(StreamError::Unavailable(why.to_owned()));
    }
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

fn number_of(headers: &HeaderMap) -> Option<u64> {
    headers.get(NUMBER)?.as_str().parse().ok()
}

fn timestamp(at: async_nats::datetime::DateTime) -> Timestamp {
    Timestamp::from_millis((at.unix_timestamp_nanos() / 1_000_000) as i64)
}
