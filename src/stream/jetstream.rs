//! Appends turns to a stream on NATS JetStream, each exactly once.
//!
//! A node appends to a subject of its own, one message at a time, and only if its last message
//! there is still the last. So after a time-out the same call is simply repeated: either it
//! succeeds now, or the server's refusal shows that it had succeeded before.

mod appender;
pub mod connection;
mod reader;
pub mod snapshots;

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishErrorKind;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::{Message, Received, StreamError};
use crate::model::{Seed, Timestamp};
use appender::{Appender, Unsent};
use connection::Connection;

/// How long the servers may take to answer one call.
const ANSWER: Duration = Duration::from_secs(2);

/// How long the loop waits for an append before it goes on with other things.
const TIMEOUT: Duration = Duration::from_secs(3);

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
    genesis: String,
    instance: String,
    unsent: mpsc::Sender<Unsent>,
    /// The outcome of an append that took too long to wait for.
    in_doubt: Option<oneshot::Receiver<Result<u64, StreamError>>>,
    received: mpsc::Receiver<Result<FromReader, StreamError>>,
    reading: AbortHandle,
    /// The tasks of both ends. They end with this value.
    tasks: JoinSet<()>,
}

/// A message, and the process that appended it.
type FromReader = (Received, String);

impl JetStream {
    /// Reads the stream that begins with `genesis`, after the sequence `after`. `applied`
    /// is the number of this node's last message before that. The servers need not be reachable
    /// yet.
    pub fn open(
        connection: Connection,
        genesis: String,
        after: u64,
        applied: u64,
    ) -> Result<Self, StreamError> {
        let instance = Seed::fresh()
            .ok_or_else(|| StreamError::Unusable("the system provides no random bytes".to_owned()))?
            .token(&[b"instance"]);
        let connection = connection.of_stream(&genesis);
        let mut tasks = JoinSet::new();
        let (unsent, to_append) = mpsc::channel(1);
        tasks.spawn(Appender::new(connection.clone(), instance.clone(), applied).run(to_append));
        let (received, reading) = read(&connection, &genesis, after, &mut tasks);
        let in_doubt = None;
        Ok(Self { connection, genesis, instance, unsent, in_doubt, received, reading, tasks })
    }

    /// Identifies this process among those of its node.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    pub(super) fn has_next(&self) -> bool {
        !self.received.is_empty()
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.in_doubt.is_some()
    }

    pub(super) async fn next(&mut self) -> Result<Received, StreamError> {
        loop {
            tokio::select! {
                biased;
                appended = outcome(&mut self.in_doubt) => {
                    self.in_doubt = None;
                    appended?;
                }
                received = self.received.recv() => {
                    // The reader has reported why it ended.
                    let Some(received) = received else { return std::future::pending().await };
                    let (received, instance) = received?;
                    let is_own =
                        received.node == *self.connection.node() && instance == self.instance;
                    return Ok(Received { is_own, ..received });
                }
            }
        }
    }

    pub(super) async fn append(&mut self, message: Message) -> Result<u64, StreamError> {
        let unavailable = |why: &str| StreamError::Unavailable(why.to_owned());
        if self.in_doubt.is_some() {
            return Err(unavailable("an earlier turn is not confirmed yet"));
        }
        let (done, appended) = oneshot::channel();
        let sent = self.unsent.send(Unsent { message, done }).await;
        sent.map_err(|_| unavailable("an earlier turn could not be appended"))?;
        self.in_doubt = Some(appended);
        match timeout(TIMEOUT, outcome(&mut self.in_doubt)).await {
            Ok(appended) => {
                self.in_doubt = None;
                appended
            }
            Err(_) => Err(unavailable("no answer in time")),
        }
    }

    pub(super) fn reread(&mut self, after: u64) {
        self.reading.abort();
        (self.received, self.reading) =
            read(&self.connection, &self.genesis, after, &mut self.tasks);
    }
}

/// Reads a stream in a task.
fn read(
    connection: &Connection,
    genesis: &str,
    after: u64,
    tasks: &mut JoinSet<()>,
) -> (mpsc::Receiver<Result<FromReader, StreamError>>, AbortHandle) {
    let (sender, received) = mpsc::channel(READ_AHEAD);
    let reading = tasks.spawn(reader::read(connection.clone(), genesis.to_owned(), after, sender));
    (received, reading)
}

/// The outcome of the append in doubt. Waits for ever if there is none.
async fn outcome(
    in_doubt: &mut Option<oneshot::Receiver<Result<u64, StreamError>>>,
) -> Result<u64, StreamError> {
    let Some(appended) = in_doubt else { return std::future::pending().await };
    let gone = |_| Err(StreamError::Unavailable("the task that appends has ended".to_owned()));
    appended.await.unwrap_or_else(gone)
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

fn number_of(headers: &HeaderMap) -> Option<u64> {
    headers.get(NUMBER)?.as_str().parse().ok()
}

fn timestamp(at: async_nats::datetime::DateTime) -> Timestamp {
    Timestamp::from_millis((at.unix_timestamp_nanos() / 1_000_000) as i64)
}

fn rules_of(headers: &HeaderMap) -> u32 {
    let rules = headers.get(RULES).and_then(|rules| rules.as_str().parse().ok());
    rules.unwrap_or(crate::engine::ANY_RULES)
}
