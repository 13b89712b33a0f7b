//! Connects to the NATS servers, and names what a cluster has there.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, ReplayPolicy, pull};
use async_nats::jetstream::context::Context;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{
    self, DiscardPolicy, LastRawMessageErrorKind, RawMessageErrorKind, StorageType,
};
use async_nats::jetstream::{self};
use async_nats::{Client, ConnectOptions, Event, HeaderMap};
use bytes::Bytes;
use tokio::time::timeout;
use tracing::{debug, info, warn};

use super::Refused;
use crate::config::ClusterPlan;
use crate::engine::ANY_RULES;
use crate::model::NodeName;
use crate::stream::codec::Codec;
use crate::stream::{Content, Genesis, Message, StreamError};

/// The key of the stream's metadata that holds the ID of its first turn.
const GENESIS: &str = "gazetted-genesis";

/// Between two tries to connect.
const RECONNECT: Duration = Duration::from_millis(500);

/// Between two pings. The client leaves a server that has answered none of three: one that is
/// frozen or cut off keeps its connections.
const PING: Duration = Duration::from_secs(2);

/// A connection to the NATS servers, with everything that a node needs there.
#[derive(Debug, Clone)]
pub struct Connection {
    client: Client,
    context: Context,
    plan: Arc<ClusterPlan>,
    codec: Codec,
}

impl Connection {
    /// Connects. With `waits`, servers that cannot be reached are tried for as long as it takes.
    pub async fn open(plan: &Arc<ClusterPlan>, waits: bool) -> Result<Self, StreamError> {
        let mut options = ConnectOptions::new()
            .name(format!("gazetted {} {}", plan.name, plan.node))
            .connection_timeout(Duration::from_secs(2))
            .request_timeout(Some(super::ANSWER))
            .ping_interval(PING)
            .max_reconnects(None)
            .reconnect_delay_callback(|_| RECONNECT)
            .event_callback(log_event());
        if let Some(seed) = &plan.nkey {
            options = options.nkey(seed.reveal().to_owned());
        }
        if let Some(ca) = &plan.ca_file {
            options = options.add_root_certificates(ca.clone());
        }
        // Servers that the others name have no scheme: without this they would be tried without TLS.
        let is_tls = |server: &String| server.starts_with("tls://");
        if plan.ca_file.is_some() || plan.servers.iter().any(is_tls) {
            options = options.require_tls(true);
        }
        if let Some((certificate, key)) = &plan.certificate {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        if waits {
            options = options.retry_on_initial_connect();
        }
        let servers: Vec<async_nats::ServerAddr> = plan
            .servers
            .iter()
            .map(|server| server.parse())
            .collect::<Result<_, _>>()
            .map_err(|error: std::io::Error| StreamError::Unusable(error.to_string()))?;
        let client = options
            .connect(servers)
            .await
            .map_err(|error| StreamError::Unavailable(error.to_string()))?;
        let context = jetstream::context::ContextBuilder::new()
            .timeout(super::ANSWER)
            .ack_timeout(super::ANSWER)
            .build(client.clone());
        let codec = Codec::new(&plan.secret, "");
        Ok(Self { client, context, plan: plan.clone(), codec })
    }

    /// A connection to the stream that begins with `genesis`, which seals and reads what belongs to it.
    pub fn of_stream(&self, genesis: &str) -> Self {
        Self { codec: Codec::new(&self.plan.secret, genesis), ..self.clone() }
    }

    /// The client, for messages that no stream keeps.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// JetStream on the servers.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// How many servers keep each message.
    pub(super) fn replicas(&self) -> usize {
        if self.plan.servers.len() >= 3 { 3 } else { 1 }
    }

    /// Encodes and seals messages.
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// This node's name.
    pub fn node(&self) -> &NodeName {
        &self.plan.node
    }

    /// The configuration of the cluster.
    pub fn plan(&self) -> &Arc<ClusterPlan> {
        &self.plan
    }

    /// The name of the stream of turns.
    pub fn stream_name(&self) -> String {
        format!("gz-{}", self.plan.name)
    }

    /// The name of the stream that holds who leads.
    pub fn leader_stream_name(&self) -> String {
        format!("gz-{}-leader", self.plan.name)
    }

    /// The subject of everything of one kind.
    pub fn subject(&self, kind: &str) -> String {
        format!("gz.{}.{kind}", self.plan.name)
    }

    fn turns_of(&self, node: &NodeName) -> String {
        self.subject(&format!("turn.{node}"))
    }

    /// The node that appended to a subject.
    pub(super) fn node_of(&self, subject: &str) -> Option<NodeName> {
        subject.strip_prefix(&self.turns_of(&NodeName::new(""))).map(NodeName::new)
    }

    pub(super) fn encode(&self, message: &Message, number: u64) -> Result<Vec<u8>, StreamError> {
        let (number, rules) = (number.to_le_bytes(), message.rules(self.plan.rules).to_le_bytes());
        let place = [b"turn", self.node().as_str().as_bytes(), &number[..], &rules[..]];
        self.codec
            .encode(message, &place)
            .map_err(|error| StreamError::Unusable(format!("a turn cannot be sent: {error}")))
    }

    /// Seals a part of a message.
    pub(super) fn seal_part(&self, bytes: &[u8], number: u64) -> Result<Vec<u8>, StreamError> {
        let place = number.to_le_bytes();
        let place = [b"part", self.node().as_str().as_bytes(), &place[..]];
        self.codec
            .seal(bytes.to_vec(), &place)
            .map_err(|error| StreamError::Unusable(format!("a turn cannot be sent: {error}")))
    }

    /// The bytes of a part of a message; why it cannot be read, otherwise.
    pub(super) fn open_part(
        &self,
        node: &NodeName,
        headers: &HeaderMap,
        payload: &[u8],
    ) -> Result<Vec<u8>, String> {
        let place = super::number_of(headers).unwrap_or_default().to_le_bytes();
        let place = [b"part", node.as_str().as_bytes(), &place[..]];
        self.codec.open(payload, &place).map_err(|error| error.to_string())
    }

    /// Decodes a whole message of a node. A turn of other rules is left as it is: this program
    /// might read it wrongly.
    pub(super) fn decode(&self, node: &NodeName, headers: &HeaderMap, payload: &[u8]) -> Content {
        let rules = super::rules_of(headers);
        if rules != ANY_RULES && rules != self.plan.rules {
            return Content::OtherRules;
        }
        let number = super::number_of(headers).unwrap_or_default().to_le_bytes();
        let rules = rules.to_le_bytes();
        let place = [b"turn", node.as_str().as_bytes(), &number[..], &rules[..]];
        match self.codec.decode(payload, &place) {
            Ok(message) => Content::Message(message),
            Err(error) => Content::Unreadable(error.to_string()),
        }
    }

    /// The last message of this node, as the leader of the stream reports it.
    pub(super) async fn last_of_own(
        &self,
        answer: Duration,
    ) -> Result<Option<StreamMessage>, String> {
        self.last_on(&self.stream_name(), &self.turns_of(self.node()), answer).await
    }

    /// The last message on a subject, as the leader of the stream reports it.
    pub(in crate::stream) async fn last_on(
        &self,
        stream: &str,
        subject: &str,
        answer: Duration,
    ) -> Result<Option<StreamMessage>, String> {
        let look = async {
            let stream = self.context.get_stream_no_info(stream).await.map_err(show)?;
            match stream.get_last_raw_message_by_subject(subject).await {
                Ok(found) => Ok(Some(found)),
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
                Err(error) => Err(show(error)),
            }
        };
        timeout(answer, look).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// Appends to this node's subject, if its last message there has the sequence `expected`.
    pub(super) async fn publish(
        &self,
        headers: HeaderMap,
        expected: u64,
        body: Bytes,
        answer: Duration,
    ) -> Result<u64, Refused> {
        let subject = self.turns_of(self.node());
        self.publish_on(subject, headers, expected, body, answer).await
    }

    /// Appends to a subject, if its last message has the sequence `expected`.
    pub(in crate::stream) async fn publish_on(
        &self,
        subject: String,
        mut headers: HeaderMap,
        expected: u64,
        body: Bytes,
        answer: Duration,
    ) -> Result<u64, Refused> {
        headers.insert("Nats-Expected-Last-Subject-Sequence", expected.to_string());
        let publish = async {
            let sent = self.context.publish_with_headers(subject, headers, body).await?;
            Ok::<u64, Refused>(sent.await?.sequence)
        };
        timeout(answer, publish)
            .await
            .unwrap_or_else(|_| Err(Refused::Other("no answer in time".to_owned())))
    }

    /// The stream of turns as it is now.
    pub async fn stream_info(&self) -> Result<stream::Info, String> {
        let look = async {
            let stream = self.context.get_stream(self.stream_name()).await.map_err(show)?;
            Ok(stream.cached_info().clone())
        };
        timeout(super::ANSWER, look).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// The ID of the first turn of the stream.
    pub fn genesis_of(info: &stream::Info) -> Option<&str> {
        info.config.metadata.get(GENESIS).map(String::as_str)
    }

    /// Reads messages from this sequence on.
    pub(super) async fn tail(&self, from: u64) -> Result<pull::Ordered, String> {
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
            replay_policy: ReplayPolicy::Instant,
            ..pull::OrderedConfig::default()
        };
        let open = async {
            let stream = self.context.get_stream_no_info(self.stream_name()).await.map_err(show)?;
            let consumer = stream.create_consumer(config).await.map_err(show)?;
            consumer.messages().await.map_err(show)
        };
        timeout(super::ANSWER, open).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// One message of the stream.
    pub async fn message_at(&self, sequence: u64) -> Result<StreamMessage, String> {
        let look = async {
            let stream = self.context.get_stream_no_info(self.stream_name()).await.map_err(show)?;
            stream.get_raw_message(sequence).await.map_err(show)
        };
        timeout(super::ANSWER, look).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// Whether the stream has a message at a sequence.
    pub(super) async fn has_message(&self, sequence: u64) -> Result<bool, String> {
        let look = async {
            let stream = self.context.get_stream_no_info(self.stream_name()).await.map_err(show)?;
            match stream.get_raw_message(sequence).await {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(false),
                Err(error) => Err(show(error)),
            }
        };
        timeout(super::ANSWER, look).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// Makes the two streams of a cluster, and appends the first turn.
    ///
    /// # Errors
    /// There are such streams, or the servers refuse.
    pub async fn create(&self, genesis: &Genesis) -> Result<(), StreamError> {
        let unusable = |why: String| StreamError::Unusable(why);
        if let Ok(info) = self.stream_info().await {
            return Err(unusable(format!(
                "there is a stream {} already, with {} turns: choose another [cluster] name, or remove that stream with the NATS tools",
                self.stream_name(),
                info.state.messages
            )));
        }
        let replicas = self.replicas();
        let turns = stream::Config {
            name: self.stream_name(),
            subjects: vec![self.subject("turn.*")],
            num_replicas: replicas,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_age: self.plan.keep,
            deny_delete: true,
            deny_purge: true,
            allow_direct: true,
            metadata: HashMap::from([(GENESIS.to_owned(), genesis.id.clone())]),
            ..stream::Config::default()
        };
        let leader = stream::Config {
            name: self.leader_stream_name(),
            subjects: vec![self.subject("leader")],
            num_replicas: replicas,
            storage: StorageType::File,
            max_messages_per_subject: 1,
            ..stream::Config::default()
        };
        for config in [leader, turns] {
            let name = config.name.clone();
            self.context.create_stream(config).await.map_err(|error| {
                unusable(format!("the stream {name} cannot be created: {error}"))
            })?;
        }
        let bytes = self.of_stream(&genesis.id).encode(&Message::Genesis(genesis.clone()), 1)?;
        let mut headers = HeaderMap::new();
        headers.insert(super::NUMBER, "1");
        headers.insert(super::RULES, ANY_RULES.to_string());
        headers.insert(super::INSTANCE, &*genesis.id);
        match self.publish(headers, 0, bytes.into(), Duration::from_secs(10)).await {
            Ok(_) => Ok(()),
            Err(Refused::WrongLast) => {
                Err(unusable("another node has begun this stream".to_owned()))
            }
            Err(Refused::Other(why)) => {
                Err(unusable(format!("the first turn cannot be appended: {why}")))
            }
        }
    }

    /// The first turn of the stream.
    pub async fn genesis(&self) -> Result<Genesis, StreamError> {
        let first = self.message_at(1).await.map_err(|why| {
            StreamError::Unusable(format!(
                "the first turn of the stream {} cannot be read ({why}): restore a snapshot with `gazetted restore`",
                self.stream_name()
            ))
        })?;
        let node = self.node_of(&first.subject).unwrap_or_else(|| NodeName::new(""));
        let info = self.stream_info().await.map_err(StreamError::Unavailable)?;
        let id = Self::genesis_of(&info).unwrap_or_default();
        match self.of_stream(id).decode(&node, &first.headers, &first.payload) {
            Content::Message(Message::Genesis(genesis)) => Ok(genesis),
            Content::Unreadable(why) => Err(StreamError::Unusable(format!(
                "the first turn of the stream {} cannot be read: {why}",
                self.stream_name()
            ))),
            _ => Err(StreamError::Unusable("the stream does not begin with its first turn".into())),
        }
    }
}

/// Logs what happens to the connection. What fails again and again is logged once.
fn log_event() -> impl Fn(Event) -> std::future::Ready<()> + Send + Sync + 'static {
    let repeated = Repeated::default();
    move |event| {
        match event {
            Event::Connected => {
                repeated.is_new("");
                info!(event = "stream_connected", "connected to NATS");
            }
            Event::Disconnected => warn!(event = "stream_disconnected", "disconnected from NATS"),
            other if repeated.is_new(&other.to_string()) => {
                info!(event = "stream_event", "NATS: {other}");
            }
            other => debug!(event = "stream_event", "NATS: {other}"),
        }
        std::future::ready(())
    }
}

/// The events since the servers were last connected.
#[derive(Default)]
struct Repeated(Mutex<HashSet<String>>);

impl Repeated {
    /// Whether an event is the first of its kind since the last connection, which is "".
    fn is_new(&self, event: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if event.is_empty() {
            known.clear();
            return true;
        }
        known.insert(event.to_owned())
    }
}

fn show(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_again_and_again_is_new_once_until_the_servers_are_connected() {
        let repeated = Repeated::default();
        let events = ["timed out", "refused", "timed out", "", "timed out"];
        assert_eq!(events.map(|event| repeated.is_new(event)), [true, true, false, true, true]);
    }
}
