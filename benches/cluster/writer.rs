//! Appends turns as a node does, without an engine: how long that takes, and what the loss of the
//! leader of the stream costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gazetted::config::{ClusterPlan, Plan};
use gazetted::engine::Turn;
use gazetted::model::{Assignment, NodeName, PARTITIONS, Poll, Timestamp};
use gazetted::stream::jetstream::connection::Connection;
use gazetted::stream::{JetStream, Message, Stream, StreamError};

use super::generator::{Generator, SOURCES, address};
use super::node::{Node, cluster, polling};
use super::servers::Servers;
use super::{Outcome, report, spread};

/// Appends that are measured.
const APPENDS: usize = 1_000;

/// How often the leader of the stream is killed.
const KILLS: usize = 3;

/// The node that appends.
pub const WRITER: &str = "w";

/// A node that appends what it is given, to a stream of its own.
pub struct Writer {
    pub connection: Connection,
    stream: Stream,
}

/// The configuration of the generator's sources.
pub fn sources() -> String {
    let addresses: Vec<String> = (0..SOURCES).map(address).collect();
    polling(&addresses, "1h").replace("query = \"announcement\"", "query = \"notice\"")
}

impl Writer {
    /// Begins a stream with an empty store.
    pub async fn begin(servers: &Servers, name: &str) -> Outcome<Self> {
        let node = Node::new(&(sources() + &cluster(servers, name, WRITER, true)))?;
        tokio::task::block_in_place(|| node.init())?;
        let plan = Plan::load(&node.config()).map_err(|problems| problems.to_string())?.plan;
        let plan: Arc<ClusterPlan> = plan.cluster.ok_or("no cluster")?;
        let connection = Connection::open(&plan, true).await?;
        let genesis = connection.genesis().await?.id;
        let stream = JetStream::open(connection.clone(), genesis, 1, 0)?;
        Ok(Self { connection, stream: Stream::JetStream(Box::new(stream)) })
    }

    /// Appends a message, for as long as it takes.
    pub async fn append(&mut self, message: Message) -> Outcome<()> {
        match self.stream.append(message).await {
            Ok(_) => Ok(()),
            Err(StreamError::Unavailable(_)) => {
                // What it reads is of no interest.
                while self.stream.is_in_doubt() {
                    self.stream.next().await?;
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// All partitions belong to the node that appends.
pub fn assigned() -> Message {
    let nodes = vec![NodeName::new(WRITER)];
    Message::Turn(Turn::Assign(Assignment {
        term: 0,
        leader: NodeName::new(WRITER),
        alive: nodes.clone(),
        nodes,
        owners: vec![0; usize::from(PARTITIONS)],
        at: Timestamp::EPOCH,
    }))
}

pub fn message(poll: Poll) -> Message {
    Message::Turn(Turn::Polls(vec![poll]))
}

pub async fn measure(servers: &mut Servers) -> Outcome<()> {
    let mut writer = Writer::begin(servers, "appends").await?;
    let mut generator = Generator::new(7);
    let mut times = Vec::new();
    for _ in 0..APPENDS {
        let began = Instant::now();
        writer.append(message(generator.poll())).await?;
        times.push(began.elapsed());
    }
    report("an append, one in flight, ms", spread(times), "(p50 / p99 / worst)");
    let mut pauses = Vec::new();
    for _ in 0..KILLS {
        let info = writer.connection.stream_info().await?;
        let leader = info.cluster.and_then(|cluster| cluster.leader).ok_or("no leader")?;
        let index: usize = leader.trim_start_matches('n').parse()?;
        servers.kill(index);
        let (mut longest, mut last) = (Duration::ZERO, Instant::now());
        let until = last + Duration::from_secs(20);
        while last < until {
            writer.append(message(generator.poll())).await?;
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
        pauses.push(longest);
        servers.restart(index)?;
        // It copies what it has missed.
        tokio::time::sleep(Duration::from_secs(15)).await;
    }
    let pauses: Vec<String> =
        pauses.iter().map(|pause| format!("{:.1}", pause.as_secs_f64())).collect();
    report("appends pause while the stream's leader is killed, s", pauses.join(" "), "12 at most");
    Ok(())
}
