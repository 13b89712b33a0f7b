//! Limits connections, and requests at once, by client address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

use super::Settings;
use crate::model::network_of;

/// Counts connections in all and an address.
#[derive(Debug, Clone)]
pub(super) struct ConnectionLimit {
    limits: Arc<Limits>,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug)]
struct Limits {
    in_all: usize,
    per_address: usize,
    proxies: Vec<IpNet>,
}

#[derive(Debug, Default)]
struct Open {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    admission: ConnectionLimit,
    /// The address it counts for, unless it is a proxy's.
    counted: Option<IpAddr>,
}

/// Why a connection is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// There are too many in all.
    Full,
    /// There are too many of this address.
    TooManyOfOne,
}

impl ConnectionLimit {
    pub(super) fn new(settings: &Settings) -> Self {
        let limits = Limits {
            in_all: settings.connections,
            per_address: settings.connections_per_address,
            proxies: settings.proxies.clone(),
        };
        Self { limits: Arc::new(limits), open: Arc::default() }
    }

    /// Counts requests that one client has under way behind proxies, where its
    /// connections cannot be counted.
    pub(super) fn of_requests(settings: &Settings) -> Self {
        Self::new(&Settings { proxies: Vec::new(), ..settings.clone() })
    }

    /// Who has no address, is a proxy by a Unix socket.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Result<ConnectionPermit, Refused> {
        let is_proxy =
            |address: &IpAddr| self.limits.proxies.iter().any(|proxy| proxy.contains(address));
        let address = address.map(|address| address.to_canonical());
        let counted = address.filter(|address| !is_proxy(address)).map(network_of);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.in_all >= self.limits.in_all {
            return Err(Refused::Full);
        }
        if let Some(client) = counted {
            let connections = open.by_address.entry(client).or_default();
            if *connections >= self.limits.per_address {
                return Err(Refused::TooManyOfOne);
            }
            *connections += 1;
        }
        open.in_all += 1;
        Ok(ConnectionPermit { admission: self.clone(), counted })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.in_all -= 1;
        let Some(client) = self.counted else { return };
        if let Some(connections) = open.by_address.get_mut(&client) {
            *connections -= 1;
            if *connections == 0 {
                open.by_address.remove(&client);
            }
        }
    }
}

impl Refused {
    /// The whole answer (Q34).
    pub(super) fn response(self) -> &'static [u8] {
        match self {
            Self::Full => {
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain\r\n\
                  Content-Length: 5\r\nConnection: close\r\n\r\nbusy\n"
            }
            Self::TooManyOfOne => {
                b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Type: text/plain\r\n\
                  Content-Length: 21\r\nConnection: close\r\n\r\ntoo many connections\n"
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn admission(connections: usize, connections_per_address: usize) -> ConnectionLimit {
        ConnectionLimit::new(&Settings {
            connections,
            connections_per_address,
            ..Settings::default()
        })
    }

    #[test]
    fn one_address_cannot_take_all_connections() {
        let admission = admission(10, 2);
        let ip = |text: &str| text.parse::<IpAddr>().ok();
        let first = admission.admit(ip("192.0.2.1")).unwrap();
        let _second = admission.admit(ip("::ffff:192.0.2.1")).unwrap();
        assert_eq!(admission.admit(ip("192.0.2.1")).unwrap_err(), Refused::TooManyOfOne);
        let _other = admission.admit(ip("192.0.2.2")).unwrap();
        drop(first);
        assert!(admission.admit(ip("192.0.2.1")).is_ok(), "a closed connection counts no more");
    }

    #[test]
    fn a_whole_network_of_ipv6_is_one_client() {
        let admission = admission(10, 1);
        let _one = admission.admit("2001:db8:1:1::1".parse().ok()).unwrap();
        let neighbour = "2001:db8:1:1:ffff::9".parse().ok();
        assert_eq!(admission.admit(neighbour).unwrap_err(), Refused::TooManyOfOne);
        assert!(admission.admit("2001:db8:1:2::1".parse().ok()).is_ok());
    }

    #[test]
    fn a_proxy_is_bound_by_the_limit_in_all_alone() {
        let admission = admission(3, 1);
        let proxies = ["127.0.0.1".parse().ok(), None, None];
        let _held = proxies.map(|proxy| admission.admit(proxy).unwrap());
        assert_eq!(admission.admit(None).unwrap_err(), Refused::Full);
    }

    #[test]
    fn a_refusal_states_its_own_length() {
        for refused in [Refused::Full, Refused::TooManyOfOne] {
            let text = std::str::from_utf8(refused.response()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{text}");
        }
    }
}
