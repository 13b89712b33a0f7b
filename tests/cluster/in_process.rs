//! Nodes in the test's own process: with a store or a rules version of the test's making.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gazetted::clock::Clock;
use gazetted::config::{ClusterPlan, Plan};
use gazetted::daemon::{self, Daemon, Handle};
use gazetted::pipeline::{ClusterStatus, NodeStatus, ReplanError};
use gazetted::publish::Address;
use gazetted::store::{self, Store};

use super::nodes::membership;
use super::servers::Servers;
use super::world::World;
use crate::support::binary::Gazetted;
use crate::support::http::{Answer, get};

/// A node that may be stopped and started as another program.
pub struct Node {
    pub gazetted: Gazetted,
    daemon: Option<Daemon>,
}

/// Stands between a node and its store.
pub type Wrap<'a> = &'a dyn Fn(Arc<dyn Store>) -> Arc<dyn Store>;

/// The store as it is.
pub fn plain(store: Arc<dyn Store>) -> Arc<dyn Store> {
    store
}

impl Node {
    /// A node that is not started.
    pub fn new(world: &World, servers: &Servers, name: &str, cluster: &str) -> Self {
        let tables = membership(servers, name, cluster);
        Self { gazetted: world.gazetted("listen = \"127.0.0.1:0\"", &tables), daemon: None }
    }

    fn plan(&self, rules: u32) -> Plan {
        let mut plan = Plan::load(&self.gazetted.config()).unwrap().plan;
        let cluster = plan.cluster.take().map(|cluster| ClusterPlan::clone(&cluster)).unwrap();
        plan.cluster = Some(Arc::new(ClusterPlan { rules, ..cluster }));
        plan
    }

    /// Begins a stream from this node's store.
    pub async fn init(&self, rules: u32) {
        let plan = self.plan(rules);
        let store = store::open(&plan.store.path, plan.store.cache).unwrap();
        // A cluster of servers elects a leader first.
        until("the servers make the stream", async || {
            daemon::begin_stream(self.plan(rules), store.clone(), &Clock::wall()).await.is_ok()
        })
        .await;
        store.close().unwrap();
    }

    /// Starts the node as a program of these rules.
    pub async fn start(&mut self, rules: u32, wrap: Wrap<'_>) {
        let plan = self.plan(rules);
        let store = wrap(store::open(&plan.store.path, plan.store.cache).unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = gazetted::publish::Listener::from(listener);
        self.daemon = Some(Daemon::start(plan, store, listener, Clock::wall()).await.unwrap());
    }

    /// Reads the configuration again.
    pub async fn reload(&self) -> Result<Vec<String>, ReplanError> {
        let plan = Plan::load(&self.gazetted.config()).unwrap().plan;
        self.handle().replan(plan, false).await
    }

    /// Stops the node as a signal would.
    pub async fn stop(&mut self) {
        self.daemon.take().unwrap().stop().await.unwrap();
    }

    /// A way to ask the node.
    pub fn handle(&self) -> Handle {
        self.daemon.as_ref().unwrap().handle()
    }

    /// The state of the cluster as this node sees it.
    pub async fn status(&self) -> ClusterStatus {
        self.handle().cluster().await.unwrap()
    }

    /// The state of this node, as its last heartbeat has it.
    pub async fn own(&self) -> Option<NodeStatus> {
        let status = self.status().await;
        status.nodes.into_iter().find(|node| node.node == status.node)
    }

    /// Whether it owns its part of the sources. How many partitions that are says little: those with
    /// sources count much more than the others.
    pub async fn owns_its_part(&self) -> bool {
        self.own().await.is_some_and(|own| own.partitions > 1)
    }

    /// Gets a path from this node.
    pub async fn get(&self, path: &str) -> Answer {
        let Some(Address::Net(address)) = self.daemon.as_ref().unwrap().address().cloned() else {
            panic!("no address")
        };
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || get(address, &path)).await.unwrap()
    }
}

/// Waits until this holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(Instant::now() < end, "timed out waiting until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
