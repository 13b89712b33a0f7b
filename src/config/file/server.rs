//! The `[server]` table as it is written, with its defaults.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::at_least_one;
use crate::config::value::{Authority, BaseUrl, Contact, Listen, Network, Period, Title};
use crate::publish;

/// `[server]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    /// Where to listen, unless systemd hands a socket over.
    pub(crate) listen: Listen,
    /// Where operators' pages are, and nowhere else; by default where all others are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operators: Option<Spanned<Listen>>,
    /// Where readers reach this server; by default the address it listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<BaseUrl>,
    /// The name of the whole.
    pub(crate) title: Title,
    /// Who mints the feeds' ids; by default the host of `base_url` (Q7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authority: Option<Authority>,
    /// Where to report security problems; by default nobody is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security_contact: Option<Contact>,
    /// Connections in all.
    pub(crate) connections: NonZeroUsize,
    /// Connections of one address; of one /64 with IPv6.
    pub(crate) connections_per_address: NonZeroUsize,
    /// Reverse proxies, which stand for many readers.
    pub(crate) proxies: Vec<Network>,
    /// From the first byte of a request's head to its last.
    pub(crate) head_timeout: Period,
    /// Between an answer and the next request.
    pub(crate) idle_timeout: Period,
    /// From the first byte of an answer to its last.
    pub(crate) write_timeout: Period,
    /// From the request to stop until what is left is cut off.
    pub(crate) drain_timeout: Period,
}

impl Default for Server {
    fn default() -> Self {
        let limits = publish::Settings::default();
        Self {
            listen: Listen(publish::Address::Net(([127, 0, 0, 1], 8484).into())),
            operators: None,
            base_url: None,
            title: Title("gazetted".into()),
            authority: None,
            security_contact: None,
            connections: at_least_one(limits.connections),
            connections_per_address: at_least_one(limits.connections_per_address),
            proxies: limits.proxies.into_iter().map(Network).collect(),
            head_timeout: Period(limits.head),
            idle_timeout: Period(limits.idle),
            write_timeout: Period(limits.write),
            drain_timeout: Period(limits.drain),
        }
    }
}
