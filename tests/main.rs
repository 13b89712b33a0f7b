//! All integration tests: one binary, one link.

// A test binary exports nothing: `pub` says what a module offers the others.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod support;

mod access;

mod archive;

mod bounds;

mod browsing;

mod changes;

#[cfg(feature = "cluster")]
mod cluster;

mod configuring;

mod demo;

mod display;

mod docs;

mod engine;

mod filling;

mod faults;

mod flow;

mod feeds;

mod first_steps;

mod hostile;

mod identity;

mod json;

mod monitoring;

mod moving;

mod package;

mod pages;

mod operate;

mod polling;

mod private;

mod process;

mod readers;

mod serve;

mod site;

mod store;

mod subscribers;

mod surroundings;

mod tidy;

mod units;

mod validity;

mod workbench;
