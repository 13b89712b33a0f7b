//! Every polling rule of the protocol, by its number, against a scripted site.
//!
//! HTTP is real, time is not: [`World`] runs the fetcher, the settling and the
//! agenda over a clock of its own, so that a month passes in milliseconds.

mod headers;
mod redirects;
mod timing;
mod validators;
mod world;
