//! The one order of all turns: a queue in memory, or a stream that the nodes of a cluster share.
//!
//! On one machine, [`Local`] moves a turn from the loop to the loop. In a cluster, [`JetStream`]
//! appends it to a stream on NATS servers, and every node applies what it reads from there. Nothing
//! else differs: the loop applies what [`Stream::next`] returns.
//!
//! | file | does |
//! |---|---|
//! | `local` | the queue in memory |
//! | `jetstream` | the stream on NATS servers: `jetstream/appender` appends by compare-and-set, `jetstream/reader` reads every sequence, `jetstream/connection` connects, `jetstream/snapshots` keeps backups for new nodes |
//! | `codec` | turns as bytes, sealed with the secret of the cluster |
//! | `election` | who leads: pure |
//! | `polling_right` | who may poll: pure |
//! | `divergence` | whether this node's state differs from the others': pure |
//! | `membership` | heartbeats and leadership over NATS |
//! | `uptime` | a clock that goes on while the machine is suspended |

pub mod codec;
#[cfg(feature = "cluster")]
pub mod divergence;
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
pub mod polling_right;
pub mod uptime;

use crate::engine::{ANY_RULES, Sequenced, Turn};
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
    /// A turn other than a plan.
    Turn(Turn),
    /// A plan that the nodes share.
    Plan {
        /// The configuration, written out in full.
        text: String,
        /// The hash of the plan that it replaces; `None` replaces any.
        follows: Option<u64>,
        /// Time of the turn.
        at: Timestamp,
    },
}

impl Message {
    /// The rules version that a message is marked with by a program of version `own`.
    pub fn rules(&self, own: u32) -> u32 {
        match self {
            Self::Genesis(_) => ANY_RULES,
            Self::Turn(turn) if turn.is_control() => ANY_RULES,
            Self::Turn(_) | Self::Plan { .. } => own,
        }
    }
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
    /// The rules version in force.
    pub rules: u32,
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
    /// Its rules version; [`ANY_RULES`] if every version can apply it.
    pub rules: u32,
    /// Its content.
    pub content: Content,
}

/// The content of a message.
#[derive(Debug, Clone)]
pub enum Content {
    /// A part of a later message.
    Part,
    /// A whole message.
    Message(Message),
    /// A turn of another rules version than this program's, which may read it wrongly.
    OtherRules,
    /// Bytes that are not a message, and the reason.
    Unreadable(String),
}

impl Received {
    /// The message with its turn, if that is one which need not be compiled first.
    pub fn sequenced(self) -> Sequenced {
        let Self { sequence, at, node, number, rules, content, .. } = self;
        let turn = match content {
            Content::Message(Message::Turn(turn)) => Some(turn),
            _ => None,
        };
        Sequenced { sequence, at, node, number, rules, follows: None, is_skipped: false, turn }
    }

    /// The same message, with nothing to apply. Its polls are dropped.
    pub fn skipped(self) -> Sequenced {
        Sequenced { is_skipped: true, ..self.sequenced() }
    }

    /// The sequence that an operator has all nodes skip by this message.
    pub fn skips(&self) -> Option<u64> {
        match &self.content {
            Content::Message(Message::Turn(Turn::Skip { sequence })) => Some(*sequence),
            _ => None,
        }
    }
}

/// Why the stream cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// It is unknown whether the last message was appended. [`Stream::next`] goes on trying.
    #[error("the NATS servers do not answer: {0}")]
    Unavailable(String),
    /// Another process appends under this node's name.
    #[error(
        "another process appends as node `{0}`: give each machine a name of its own in [cluster] node"
    )]
    SecondProcess(NodeName),
    /// The stream keeps no turns that are needed.
    #[error(
        "the stream begins at sequence {first}, and this store needs sequence {needed}: `gazetted restore --snapshot --replace` takes the newest snapshot from the servers"
    )]
    Expired {
        /// The first sequence that the stream keeps.
        first: u64,
        /// The sequence that is needed.
        needed: u64,
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
    /// After [`StreamError::Unavailable`] the message may or may not be in the stream.
    /// [`Stream::next`] goes on until it is, and nothing else can be appended before.
    pub async fn append(&mut self, message: Message) -> Result<u64, StreamError> {
        match self {
            Self::Local(local) => Ok(local.append(message)),
            #[cfg(feature = "cluster")]
            Self::JetStream(stream) => stream.append(message).await,
        }
    }

    /// Whether a message has come that [`Stream::next`] returns at once.
    pub fn has_next(&self) -> bool {
        match self {
            Self::Local(local) => local.has_next(),
            #[cfg(feature = "cluster")]
            Self::JetStream(stream) => stream.has_next(),
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

    /// Reads again, from the message after the sequence `after` on.
    pub fn reread(&mut self, after: u64) {
        match self {
            Self::Local(_) => {
                let _ = after;
            }
            #[cfg(feature = "cluster")]
            Self::JetStream(stream) => stream.reread(after),
        }
    }
}
