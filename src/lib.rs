//! gazetted reads many departments' feeds, recognises when several of them
//! announce the same thing, and publishes a few topic feeds.

pub mod model;

pub mod clock;

pub mod fetch;

pub mod parse;

pub mod dedup;

pub mod topics;

pub mod store;

pub mod publish;

pub mod config;

pub mod pipeline;

pub mod inquiry;

pub mod daemon;

pub mod control;

pub mod cli;
