//! Every fault test, by its number: what is done to the real thing, and where that is.
//!
//! Each has a short form, which runs here, and a long one, which takes minutes:
//! tests/soak/README.md says how it is run and what it showed.

mod apart;
mod clients;
mod dice;
mod disk;
mod kills;
mod power;
mod preload;
mod requests;
mod simulation;
mod steady;
mod support;
