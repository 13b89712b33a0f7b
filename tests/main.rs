//! All integration tests, as one binary: one link, one harness.

#![allow(clippy::unwrap_used)]

mod tidy;

mod units;
