//! A backup under way keeps turns out, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use gazetted::clock::Clock;
use gazetted::config::Plan;
use gazetted::model::Timestamp;
use gazetted::pipeline::{BackupWriter, EngineDriver, Pipeline, ReplanError, Request};
use gazetted::store::InMemory;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::support::binary::Gazetted;

const PATIENCE: Duration = Duration::from_secs(60);

async fn answer<T>(
    requests: &mpsc::Sender<Request>,
    request: impl FnOnce(oneshot::Sender<T>) -> Request,
) -> T {
    let (done, answered) = oneshot::channel();
    requests.send(request(done)).await.unwrap();
    timeout(PATIENCE, answered).await.expect("the loop answers").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_goes_on_while_a_backup_is_written_and_applies_nothing() {
    let config = "[store]\npath = \"store\"\n[[topic]]\nid = \"t\"\ntitle = \"T\"\nquery = \"t\"\n";
    let files = Gazetted::with(config);
    let plan = Arc::new(Plan::load(&files.config()).unwrap().plan);
    let clock = Clock::by_hand(Timestamp::from_secs(1_743_600_000));
    let store: Arc<InMemory> = Arc::default();
    let driver =
        EngineDriver::open(plan.clone(), store, Arc::default(), clock.now()).await.unwrap();
    let (requests, incoming) = mpsc::channel(8);
    let running = tokio::spawn(Pipeline::new(driver, clock, incoming).unwrap().run());

    let (finish, finished) = std::sync::mpsc::channel::<()>();
    let write = BackupWriter(Box::new(move || assert!(finished.recv().is_err())));
    answer(&requests, |done| Request::Backup { write, done }).await.unwrap();
    // The loop answers meanwhile.
    answer(&requests, |done| Request::Heartbeat { done }).await;
    let reload = async || {
        let plan = plan.clone();
        let (done, filled) = oneshot::channel();
        let replan = |in_force| Request::Replan { plan, force: false, in_force, done };
        let in_force = answer(&requests, replan).await;
        if in_force.is_ok() {
            timeout(PATIENCE, filled).await.expect("topics are filled").unwrap().unwrap();
        }
        in_force
    };
    assert_eq!(reload().await, Err(ReplanError::BackingUp));
    drop(finish);
    let ended = async {
        while reload().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ended).await.expect("turns are applied again");
    requests.send(Request::Stop).await.unwrap();
    running.await.unwrap().unwrap();
}

#[test]
fn a_store_of_a_node_is_not_repaired() {
    let node = Gazetted::with(
        "[server]\nbase_url = \"https://feeds.example/\"\n[store]\npath = \"store\"\n\
         [cluster]\nservers = [\"nats://127.0.0.1:1\"]\nnode = \"a\"\ncluster_secret_file = \"secret\"\n",
    );
    std::fs::write(node.path().join("secret"), "0123456789abcdef".repeat(4)).unwrap();
    let output = node.run(&["check", "--store", "--repair"]);
    let why = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{why}");
    assert!(why.contains("gazetted restore --snapshot --replace"), "{why}");
}
