//! How fast a node applies the turns that it has missed, beside the same turns without a stream.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gazetted::config::Plan;
use gazetted::engine::Turn;
use gazetted::pipeline::EngineDriver;
use gazetted::store;

use super::generator::{Generator, start};
use super::node::{Node, cluster, wait_until};
use super::servers::Servers;
use super::writer::{Writer, assigned, message, sources};
use super::{Outcome, report};

/// Both apply the same turns, of one poll each.
const SEED: u64 = 11;

pub async fn measure(servers: &Servers, turns: u64) -> Outcome<()> {
    let mut writer = Writer::begin(servers, "catch-up").await?;
    let mut generator = Generator::new(SEED);
    let began = Instant::now();
    writer.append(assigned()).await?;
    for _ in 0..turns {
        writer.append(message(generator.poll())).await?;
    }
    let appended = began.elapsed();
    drop(writer);
    report("turns appended a second", rate(turns, appended), "");

    let alone = alone(turns).await?;
    report("turns applied alone a second", rate(turns, alone), "");

    let node = Node::new(&(sources() + &cluster(servers, "catch-up", "a", false)))?;
    let caught_up = tokio::task::block_in_place(|| catch_up(node, turns + 2))?;
    let share = 100.0 * alone.as_secs_f64() / caught_up.as_secs_f64();
    report(
        "turns caught up with a second",
        format!("{} ({share:.0} %)", rate(turns, caught_up)),
        "at least 80 % of alone",
    );
    Ok(())
}

fn rate(turns: u64, took: Duration) -> String {
    format!("{:.0}", turns as f64 / took.as_secs_f64())
}

/// Applies the turns with an engine and a store on disk.
async fn alone(turns: u64) -> Outcome<Duration> {
    let node = Node::new(&sources())?;
    let plan = Plan::load(&node.config()).map_err(|problems| problems.to_string())?.plan;
    let store = store::open(&plan.store.path, plan.store.cache)?;
    let mut driver =
        EngineDriver::open(Arc::new(plan), store.clone(), Arc::default(), start()).await?;
    let mut generator = Generator::new(SEED);
    let began = Instant::now();
    for _ in 0..turns {
        driver.apply(Turn::Polls(vec![generator.poll()])).await?;
    }
    driver.publish().await?;
    let took = began.elapsed();
    store.close()?;
    Ok(took)
}

/// How long a node takes from its first turn to the last.
fn catch_up(mut node: Node, last: u64) -> Outcome<Duration> {
    let began = Instant::now();
    node.start()?;
    wait_until("the node has caught up", || {
        Ok(node.metric("gazetted_stream_sequence")?.is_some_and(|sequence| sequence >= last))
    })?;
    Ok(began.elapsed())
}
