//! Decides whether an address may be connected to.
//!
//! Names are judged where they are resolved, so that what was checked is what
//! is connected to and DNS rebinding has nothing to rebind. Hosts written as
//! numbers never reach a resolver and are judged by [`Guard::judge`] at each hop.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Which addresses may be connected to.
#[derive(Debug, Clone)]
pub(super) enum Guard {
    /// Public ones, and private ones within these networks.
    Public(Arc<[IpNet]>),
    /// Any: a site of the operator's own.
    Any,
}

/// Why a host is not connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreachable {
    /// All its addresses are private.
    #[error("{0} is a private address, and no allow_private permits it")]
    Private(IpAddr),
    /// The resolver knows none.
    #[error("the name {name} has no address ({reason})")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The addresses that the resolver found.
        reason: String,
    },
}

impl Guard {
    /// Whether this address may be connected to.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Public(private) => {
                let plain = embedded(address);
                is_public(address)
                    || private.iter().any(|net| net.contains(&address) || net.contains(&plain))
            }
        }
    }

    /// Refuses a URL whose host is written as an address that is not admitted.
    pub(super) fn judge(&self, url: &Url) -> Result<(), Unreachable> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.admits(address) { Ok(()) } else { Err(Unreachable::Private(address)) }
    }
}

/// Resolves names with the system's resolver and hands on admitted addresses only.
pub(super) struct Resolver {
    guard: Guard,
    /// The proxy's own name: the operator wrote it, so it may be anywhere.
    proxy: Option<String>,
}

impl Resolver {
    pub(super) fn new(guard: Guard, proxy: Option<&Url>) -> Self {
        Self { guard, proxy: proxy.and_then(|url| url.host_str()).map(str::to_owned) }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let guard = match &self.proxy {
            Some(proxy) if *proxy == name => Guard::Any,
            _ => self.guard.clone(),
        };
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let admitted = admitted(&guard, &name, found)?;
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

/// The admitted ones of a name's addresses: of a mixed answer, only those.
pub(super) fn admitted(
    guard: &Guard,
    name: &str,
    found: io::Result<impl Iterator<Item = SocketAddr>>,
) -> Result<Vec<SocketAddr>, Unreachable> {
    let unknown = |reason| Unreachable::Unknown { name: name.to_owned(), reason };
    let found: Vec<_> = match found {
        Ok(found) => found.collect(),
        Err(error) => return Err(unknown(error.to_string())),
    };
    let admitted: Vec<_> =
        found.iter().copied().filter(|address| guard.admits(address.ip())).collect();
    match (admitted.is_empty(), found.first()) {
        (false, _) => Ok(admitted),
        (true, Some(private)) => Err(Unreachable::Private(private.ip())),
        (true, None) => Err(unknown("no records".to_owned())),
    }
}

/// The IPv4 address that an IPv6 address stands for, where it stands for one:
/// a packet to `::ffff:10.0.0.1` ends at 10.0.0.1.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let octets = six.octets();
    let four = |at: usize| {
        Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]).into()
    };
    match six.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => four(12), // mapped, translated
        [0x0064, 0xff9b, 0, 0, 0, 0, ..] => four(12),                          // NAT64
        [0x2002, ..] => four(2),                                               // 6to4
        _ => address,
    }
}

/// Whether a URL names a private host by itself, outside of the `permitted` networks.
pub fn names_private_host(url: &Url, permitted: &[IpNet]) -> bool {
    let guard = Guard::Public(permitted.into());
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let is_local = name == "localhost" || name.ends_with(".localhost");
            is_local && !guard.admits(Ipv4Addr::LOCALHOST.into())
        }
        _ => guard.judge(url).is_err(),
    }
}

/// Whether an address is one of the public internet's: an allow-list of global
/// unicast, less what the registries set aside in it.
pub fn is_public(address: IpAddr) -> bool {
    match embedded(address) {
        IpAddr::V4(four) => is_public_v4(four),
        IpAddr::V6(six) => is_public_v6(six),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    match address.octets() {
        [0 | 10 | 127, ..] | [224..=255, ..] => false, // this network, private, loopback, multicast and reserved
        [100, 64..=127, ..] => false,                  // carrier-grade NAT; some clouds' metadata
        [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => false, // link-local and metadata, private
        [192, 0, 0 | 2, _] | [192, 88, 99, _] => false, // protocol assignments, documentation, 6to4 relays
        [198, 18..=19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => false, // benchmarks, documentation
        [168, 63, 129, 16] => false, // a cloud's metadata, on a public address
        _ => true,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0..=0x01ff, ..] => false, // Teredo, ORCHID and other protocols
        [0x2001, 0x0db8, ..] => false,     // documentation
        [0x3fff, 0..=0x0fff, ..] => false, // documentation
        [first, ..] => (0x2000..=0x3fff).contains(&first), // global unicast
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for public in [
            "8.8.8.8",
            "151.101.0.144",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.255.255",
            "198.20.0.1",
            "2a04:4e42::144",
            "2606:4700::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:0808:0808::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:0:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "2002:7f00:0001::",
            "2002:c0a8:0101::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn a_host_written_as_a_private_number_in_any_notation_is_refused() {
        let guard = Guard::Public(Arc::new([]));
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://017700000001/",
            "http://0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://169.254.169.254/latest/meta-data/",
        ] {
            let url = Url::parse(url).unwrap();
            assert!(matches!(guard.judge(&url), Err(Unreachable::Private(_))), "{url}");
        }
        for url in ["http://8.8.8.8/", "http://example.org/", "http://localhost/"] {
            assert_eq!(guard.judge(&Url::parse(url).unwrap()), Ok(()), "{url}");
        }
    }

    #[test]
    fn a_permitted_network_is_admitted_in_every_form_of_its_addresses() {
        let guard = Guard::Public(Arc::new(["10.1.0.0/16".parse().unwrap()]));
        for (address, admitted) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("::ffff:10.2.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(guard.admits(address.parse().unwrap()), admitted, "{address}");
        }
    }

    #[test]
    fn of_a_mixed_answer_only_the_public_addresses_are_used() {
        let guard = Guard::Public(Arc::new([]));
        let socket = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let found = [socket("10.0.0.1"), socket("8.8.8.8")];
        let used = admitted(&guard, "mixed.example", Ok(found.into_iter())).unwrap();
        assert_eq!(used, [socket("8.8.8.8")]);
        let refused = admitted(&guard, "inner.example", Ok([found[0]].into_iter()));
        assert_eq!(refused, Err(Unreachable::Private(found[0].ip())));
    }
}
