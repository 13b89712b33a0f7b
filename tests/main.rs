//! Every integration test, as one binary.
#![allow(clippy::unwrap_used)]

mod feeds;
