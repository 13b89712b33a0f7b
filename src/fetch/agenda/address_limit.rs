//! Limits how many origins on one address are asked at once.
//!
//! One machine often serves many names. Each name is an origin that is asked for
//! itself; beyond a few of them at once, the machine counts (P34).

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// The most requests under way at one address.
const MAX_REQUESTS: usize = 4;

/// The requests to each address, and the origins that wait for them to end.
#[derive(Debug, Default)]
pub(super) struct AddressLimit(HashMap<IpAddr, Requests>);

#[derive(Debug, Default)]
struct Requests {
    in_flight: usize,
    waiting: VecDeque<usize>,
}

impl AddressLimit {
    /// Lets an origin be asked, if there is room at its address; else it waits until
    /// [`AddressLimit::next`] names it.
    pub(super) fn enter(&mut self, address: IpAddr, origin: usize) -> bool {
        let requests = self.0.entry(address).or_default();
        if requests.in_flight >= MAX_REQUESTS {
            requests.waiting.push_back(origin);
            return false;
        }
        requests.in_flight += 1;
        true
    }

    /// A request to that address has ended.
    pub(super) fn leave(&mut self, address: IpAddr) {
        let Some(requests) = self.0.get_mut(&address) else { return };
        requests.in_flight -= 1;
        if requests.in_flight == 0 && requests.waiting.is_empty() {
            self.0.remove(&address);
        }
    }

    /// The origin that has waited longest there.
    pub(super) fn next(&mut self, address: IpAddr) -> Option<usize> {
        self.0.get_mut(&address)?.waiting.pop_front()
    }
}
