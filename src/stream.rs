//! The one order of all turns: a queue in memory, or a stream that the nodes of a cluster share.
//!
//! On one machine, [`Local`] moves a turn from the loop to the loop. In a cluster, [`JetStream`]
//! appends it to a stream on NATS servers, and every node applies what it reads from there. Nothing
//! else differs: the loop applies what [`Stream::next`] returns.
//!
//! | file | does |
//! |---|---|
//! | `local` | the queue in memory |
//! | `jetstream` | appends by compare-and-set; `jetstream/reader` reads every sequence, `jetstream/connection` connects |
//! | `codec` | turns as bytes, sealed with the secret of the cluster |
//! | `election` | who leads, and who may poll: pure |
//! | `membership` | heartbeats and leadership over NATS |

pub mod codec;
pub mod election;
#[cfg(feature = "cluster")]
pub mod jetstream;
mod local;
#[cfg(feature = "cluster")]
pub mod membership;
#[cfg(not(feature = "cluster"))]
#[path = "stream/without_cluster.rs"]
pub mod membership;
pub mod node_state;

use crate::engine::{Sequenced, Turn};
use crate::model::{NodeName, Timestamp};

#[cfg(feature = "cluster")]
pub use jetstream::JetStream;
pub use local::Local;

/// A message of the stream.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The first of a stream.
    Genesis(Genesis),
    /// A turn. A plan is never among them, but [`Message::Plan`].
    Turn(Turn),
    /// A plan, as the nodes share it.
    Plan {
        /// The configuration, written out in full.
        text: String,
        /// The hash of the plan that it replaces; `None` replaces any.
        follows: Option<u64>,
        /// Time of the turn.
        at: Timestamp,
    },
}

/// The beginning of a stream.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Genesis {
    /// Shows that a store and a stream belong together.
    pub id: String,
    /// Whether the first store was empty, so that another node can begin with an empty one.
    pub is_empty: bool,
    /// The plan in force.
    pub plan: String,
    /// Time of the turn.
    pub at: Timestamp,
}

/// A message at its sequence.
#[derive(Debug, Clone)]
pub struct Received {
    /// Where it is in the stream.
    pub sequence: u64,
    /// When the stream received it.
    pub at: Timestamp,
    /// The node that appended it.
    pub node: NodeName,
    /// Which of the node's messages it is, from 1.
    pub number: u64,
    /// Whether this process appended it.
    pub is_own: bool,
    /// The message; `None` for a part of a later one.
    pub message: Option<Message>,
}

impl Received {
    /// The turn to apply. A plan is to be compiled first.
    pub fn with_turn(self, turn: Option<Turn>, follows: Option<u64>) -> Sequenced {
        let Self { sequence, at, node, number, .. } = self;
        Sequenced { sequence, at, node, number, follows, turn }
    }
}

/// Why the stream cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// It is unknown whether the last message was appended. [`Stream::settle`] finds out.
    #[error("the NATS servers do not answer: {0}")]
    Unavailable(String),
    /// Another process appends under this node's name.
    #[error(
        "another process appends as node `{0}`: give each machine a name of its own in [cluster] node"
    )]
    SecondProcess(NodeName),
    /// The stream keeps no turns that are needed.
    #[error(
        "the stream begins at sequence {first}, and this store needs sequence {needed}: `gazetted backup` on a current node writes a snapshot; restore it here with `gazetted restore --replace`"
    )]
    Expired {
        /// The first sequence that the stream keeps.
        first: u64,
        /// The sequence that is needed.
        needed: u64,
    },
    /// A message cannot be read.
    #[error("the message at sequence {sequence} cannot be read: {why}")]
    Unreadable {
        /// Where it is.
        sequence: u64,
        /// The reason.
        why: String,
    },
    /// A turn of other rules.
    #[error(
        "the turn at sequence {sequence} has rules version {found}, and this program applies version {known}: run the same version of gazetted on all nodes"
    )]
    OtherRules {
        /// Where it is.
        sequence: u64,
        /// Its rules version.
        found: u32,
        /// The version of this program.
        known: u32,
    },
    /// The stream does not exist, or cannot be used as it is.
    #[error("{0}")]
    Unusable(String),
}

/// The order of all turns.
#[derive(Debug)]
pub enum Stream {
    /// This machine alone.
    Local(Local),
    /// All nodes of a cluster.
    #[cfg(feature = "cluster")]
    JetStream(Box<JetStream>),
}

impl Default for Stream {
    fn default() -> Self {
        Self::Local(Local::default())
    }
}

impl Stream {
    /// Appends a message. Returns its number among this node's.
    ///
    /// # Errors
    /// After [`StreamError::Unavailable`] the message may or may not be in the stream, and nothing
    /// else is to be appended before [`Stream::settle`] succeeds.
    pub async fn append(&mut self, message: Message) -> Result<u64, StreamError> {
        match self {
            Self::Local(local) => Ok(local.append(message)),
            #[cfg(feature = "cluster")]
            Self::JetStream(stream) => stream.append(&message).await,
        }
    }

    /// Makes sure that the last message is in the stream, once.
    pub async fn settle(&mut self) -> Result<(), StreamError> {
        match self {
            Self::Local(_) => Ok(()),
            #[cfg(feature = "cluster")]
            Self::JetStream(stream) => stream.settle().await,
        }
    }

    /// Whether it is unknown if the last message is in the stream.
    pub fn is_in_doubt(&self) -> bool {
        match self {
            Self::Local(_) => false,
            #[cfg(feature = "cluster")]
            Self::JetStream(stream) => stream.is_in_doubt(),
        }
    }

    /// The next message: no sequence is left out, and none comes twice. It may be cancelled. Waits
    /// while there is none.
    pub async fn next(&mut self) -> Result<Received, StreamError> {
        match self {
            Self::Local(local) => local.next().await,
            #[cfg(feature = "cluster")]
            Self::JetStream(stream) => stream.next().await,
        }
    }
}
