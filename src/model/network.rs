//! The part of an address that stands for one client.

use std::net::{IpAddr, Ipv6Addr};

/// The address itself, or the network of an IPv6 address: whoever has one address of a /64 has
/// them all.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        four @ IpAddr::V4(_) => four,
    }
}
