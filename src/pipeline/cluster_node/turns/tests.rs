//! A node that applies turns from a queue: no servers are needed.

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;
use crate::clock::Clock;
use crate::engine::genesis;
use crate::model::{
    Assignment, Entry, NodeName, Outcome, PARTITIONS, Poll, ReadBy, Reading, SourceId, Timestamp,
};
use crate::pipeline::{ClusterNode, EngineDriver};
use crate::store::InMemory;
use crate::stream::Stream;
use crate::stream::jetstream::connection::Connection;
use crate::stream::membership::Membership;
use crate::stream::node_state::NodeState;

const CONFIG: &str = "[server]\nbase_url = \"https://feeds.example/\"\n[store]\npath = \"store\"\n\
     [cluster]\nservers = [\"nats://127.0.0.1:1\"]\nnode = \"local\"\ncluster_secret_file = \"secret\"\n\
     [[source]]\nid = \"s\"\nurl = \"https://s.example/\"\n\
     [[topic]]\nid = \"t\"\ntitle = \"T\"\nquery = \"crime\"\n";

/// So many stories are more than two slices.
const STORIES: usize = 450;

fn plan(directory: &TempDir) -> Arc<Plan> {
    std::fs::write(directory.path().join("secret"), "0123456789abcdef".repeat(4)).unwrap();
    let path = directory.path().join("gazetted.toml");
    std::fs::write(&path, CONFIG).unwrap();
    Arc::new(Plan::load(&path).unwrap_or_else(|problems| panic!("{problems}")).plan)
}

fn document(plan: &Plan, at: Timestamp) -> Poll {
    let source = SourceId::new("s");
    let entry = |number: usize| {
        let mut entry = Entry::of(source.clone());
        entry.title = format!("Office {number} reports on crime");
        entry.url = format!("https://s.example/news/report-{number}").parse().ok();
        Arc::new(entry)
    };
    let reading = Reading {
        validators: Default::default(),
        freshness: Default::default(),
        bytes: 0,
        hash: 1,
        moved: None,
        feed: Default::default(),
        entries: (0..STORIES).map(entry).collect(),
        hints: Default::default(),
        warnings: Vec::new(),
        broken_off: false,
        back: None,
        read_by: ReadBy::default(),
    };
    let location = plan.sources[&source].location.hash();
    Poll { source, location, at, outcome: Outcome::Read(Box::new(reading)), pages: None }
}

async fn node(plan: &Arc<Plan>) -> Pipeline {
    let clock = Clock::by_hand(Timestamp::from_secs(1_743_600_000));
    let (now, store) = (clock.now(), Arc::<InMemory>::default());
    let mut driver = EngineDriver::open(plan.clone(), store, Arc::default(), now).await.unwrap();
    driver.ingest(&[document(plan, now)]).await.unwrap();
    let (cluster, shared) = (plan.cluster.clone().unwrap(), plan.shared.clone().unwrap());
    driver.begin_stream(genesis("g", now, &shared, cluster.rules)).await.unwrap();
    let connection = Connection::open(&cluster, true).await.unwrap();
    let membership = Membership::begin(connection, String::new(), NodeState::default());
    let mut pipeline = Pipeline::new(driver, clock, mpsc::channel(1).1).unwrap();
    let compile = |text: &str, own: &Plan| Plan::of_shared(text, own).map(|loaded| loaded.plan);
    pipeline.join(ClusterNode::new(cluster, membership, compile, None), Stream::default());
    pipeline
}

async fn receive(pipeline: &mut Pipeline, message: Message) {
    pipeline.stream.append(message).await.unwrap();
    let received = pipeline.stream.next().await.unwrap();
    pipeline.receive(received).await.unwrap();
}

fn sequence(pipeline: &Pipeline) -> u64 {
    pipeline.driver.engine().stream().unwrap().applied.sequence
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_filled_in_slices_before_the_turn_that_publishes_them() {
    let directory = TempDir::new().unwrap();
    let plan = plan(&directory);
    let mut node = node(&plan).await;
    let (local, at) = (NodeName::new("local"), Timestamp::from_secs(1_743_600_001));
    let assignment = Assignment {
        term: 1,
        leader: local.clone(),
        alive: vec![local.clone()],
        nodes: vec![local],
        owners: vec![0; usize::from(PARTITIONS)],
        at,
    };
    receive(&mut node, Message::Turn(Turn::Assign(assignment))).await;
    let text = plan.shared.as_deref().unwrap().replace("crime", "office");
    receive(&mut node, Message::Plan { text, follows: None, at }).await;
    assert!(node.driver.engine().is_filling());
    let (before, topics) = (sequence(&node), node.driver.engine().filling());
    receive(&mut node, Message::Turn(Turn::TopicFilled { topics, at })).await;
    assert_eq!(sequence(&node), before, "the turn waits");
    assert!(!node.can_apply(), "and so do those after it");

    let mut slices = 0;
    while node.fills_first() {
        node.receive_after_filling().await.unwrap();
        node.fill_topics().await.unwrap();
        slices += 1;
        assert!(slices < 10, "it never ends");
    }
    assert!(slices > 2, "{slices}");
    assert_eq!(sequence(&node), before + 1);
    assert!(!node.driver.engine().is_filling() && node.can_apply());
}
