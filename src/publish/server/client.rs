//! Finds the client of a request from the connection's address and the headers of trusted proxies.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::model::network_of;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = axum::http::header::FORWARDED;

/// Whom a request counts for where clients have their share: an address, or a network of IPv6.
/// None where it comes by a proxy that does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client(pub(super) Option<IpAddr>);

impl Client {
    pub(super) fn of(peer: Option<IpAddr>, proxies: &[IpNet], headers: &HeaderMap) -> Self {
        let is_proxy = |peer: &IpAddr| proxies.iter().any(|proxy| proxy.contains(peer));
        let direct = peer.map(|peer| peer.to_canonical()).filter(|peer| !is_proxy(peer));
        Self(direct.or_else(|| behind_proxy(peer, proxies, headers)).map(network_of))
    }
}

/// Whose request a reverse proxy passes on; none where no proxy does, or it does not say.
///
/// What a request says of where it came from counts only on a connection of a
/// named proxy, or by a Unix socket, and then only so far as proxies say it: the
/// last address that is not a proxy's. `X-Forwarded-For` goes before
/// `Forwarded` (RFC 7239), for proxies that know the one pass the other on as it came.
pub(super) fn behind_proxy(
    peer: Option<IpAddr>,
    proxies: &[IpNet],
    headers: &HeaderMap,
) -> Option<IpAddr> {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    if peer.is_some_and(|peer| !is_proxy(&peer.to_canonical())) {
        return None;
    }
    let values = |name: &HeaderName| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::to_owned).collect::<Vec<_>>()
    };
    let stated = values(&X_FORWARDED_FOR);
    let hops: Vec<Option<IpAddr>> = match stated.is_empty() {
        false => stated.iter().map(|hop| address(hop)).collect(),
        true => values(&FORWARDED).iter().map(|hop| address(forwarded_for(hop)?)).collect(),
    };
    // What stands before the last address that no proxy has, anybody may have written.
    hops.into_iter().rev().find(|hop| !hop.as_ref().is_some_and(is_proxy)).flatten()
}

/// The node of `for=…` in one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, node)| node)
}

/// An address, maybe in quotes or brackets, maybe with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if text.matches(':').count() == 1 => text.split_once(':')?.0,
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_named_proxies_say_whose_request_it_is() {
        let (proxy, other) = (Some("127.0.0.1"), Some("192.0.2.9"));
        let xff = |value| Some(("x-forwarded-for", value));
        let forwarded = |value| Some(("forwarded", value));
        for (peer, header, client) in [
            (proxy, xff("198.51.100.7"), Some("198.51.100.7")),
            (None, xff("198.51.100.7"), Some("198.51.100.7")),
            (Some("::ffff:127.0.0.1"), xff("198.51.100.7"), Some("198.51.100.7")),
            (other, xff("198.51.100.7"), None),
            (other, forwarded("for=198.51.100.7"), None),
            (proxy, xff("10.1.1.1, 198.51.100.7"), Some("198.51.100.7")),
            (proxy, xff("198.51.100.7, 10.1.1.1"), Some("198.51.100.7")),
            (proxy, xff("6.6.6.6, unknown"), None),
            (proxy, xff("10.1.1.1"), None),
            (
                proxy,
                forwarded("for=6.6.6.6, For=\"[2001:db8::1]:99\";proto=https"),
                Some("2001:db8::1"),
            ),
            (proxy, forwarded("for=198.51.100.7:4711;by=10.1.1.1"), Some("198.51.100.7")),
            (proxy, forwarded("for=_hidden"), None),
            (proxy, forwarded("proto=https"), None),
            (proxy, None, None),
        ] {
            let proxies = ["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header {
                headers.append(name, value.parse().unwrap());
            }
            let peer = peer.map(|peer| peer.parse().unwrap());
            let client = client.map(|client| client.parse().unwrap());
            assert_eq!(behind_proxy(peer, &proxies, &headers), client, "{peer:?} {header:?}");
        }
    }

    #[test]
    fn a_request_counts_for_an_address_or_a_network_whoever_passes_it_on() {
        let proxies = ["127.0.0.0/8".parse().unwrap()];
        for (peer, stated, client) in [
            (Some("192.0.2.9"), None, Some("192.0.2.9")),
            (Some("192.0.2.9"), Some("198.51.100.7"), Some("192.0.2.9")),
            (Some("::ffff:192.0.2.9"), None, Some("192.0.2.9")),
            (Some("2001:db8:1:1:5::9"), None, Some("2001:db8:1:1::")),
            (Some("127.0.0.1"), Some("2001:db8:1:1:6::7"), Some("2001:db8:1:1::")),
            (Some("127.0.0.1"), None, None),
            (None, None, None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(stated) = stated {
                headers.append("x-forwarded-for", stated.parse().unwrap());
            }
            let peer = peer.map(|peer| peer.parse().unwrap());
            let client: Option<IpAddr> = client.map(|client| client.parse().unwrap());
            assert_eq!(Client::of(peer, &proxies, &headers), Client(client), "{peer:?} {stated:?}");
        }
    }

    #[test]
    fn a_client_cannot_speak_for_the_proxy_by_the_other_header() {
        let proxies = ["127.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.append("forwarded", "for=6.6.6.6".parse().unwrap());
        headers.append("x-forwarded-for", "7.7.7.7".parse().unwrap());
        headers.append("x-forwarded-for", "198.51.100.7".parse().unwrap());
        let client = behind_proxy(None, &proxies, &headers);
        assert_eq!(client, "198.51.100.7".parse().ok());
    }
}
