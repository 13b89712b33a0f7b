//! gazetted reads many departments' feeds, recognises when several of them
//! announce the same thing, and publishes a few topic feeds.

pub mod model;

pub mod fetch;

pub mod parse;

pub mod enrich;

pub mod dedup;

pub mod topics;

pub mod store;

pub mod publish;

pub mod config;
