//! Limits how many origins on one address are asked at once.
//!
//! One machine often serves many names. Each name is an origin that is asked for
//! itself; beyond a few of them at once, the machine counts (P34).

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// Requests under way at one address.
const MOST: usize = 4;

/// Who is being asked at which address, and who waits for that.
#[derive(Debug, Default)]
pub(super) struct Neighbours(HashMap<IpAddr, House>);

#[derive(Debug, Default)]
struct House {
    in_flight: usize,
    waiting: VecDeque<usize>,
}

impl Neighbours {
    /// Lets an origin be asked, if there is room at its address; else it waits until
    /// [`Neighbours::next`] names it.
    pub(super) fn enter(&mut self, address: IpAddr, origin: usize) -> bool {
        let house = self.0.entry(address).or_default();
        if house.in_flight >= MOST {
            house.waiting.push_back(origin);
            return false;
        }
        house.in_flight += 1;
        true
    }

    /// A request to that address has ended.
    pub(super) fn leave(&mut self, address: IpAddr) {
        let Some(house) = self.0.get_mut(&address) else { return };
        house.in_flight -= 1;
        if house.in_flight == 0 && house.waiting.is_empty() {
            self.0.remove(&address);
        }
    }

    /// Who has waited longest there.
    pub(super) fn next(&mut self, address: IpAddr) -> Option<usize> {
        self.0.get_mut(&address)?.waiting.pop_front()
    }
}
