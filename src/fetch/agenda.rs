//! Keeps the due times of sources, and decides which may be polled now.
//!
//! A source sleeps until it is due, then waits in its origin's queue. An origin
//! serves one of its queue at a time, spaced (P34), and never while it is held
//! (P28). Origins take turns by how long they have been ready: one with ten
//! thousand due sources gets its turn as often as one with a single source.

mod address_limit;
mod merged;
mod origin;
mod request;
mod slot;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use url::Url;

use self::address_limit::AddressLimit;
use self::origin::Origin;
pub use self::request::{Refusal, Start};
use self::slot::{Flight, Slot, State};
use super::schedule::{DAY, FURTHEST};
use super::source_origin::origin_of;

use crate::model::{Source, SourceId, SourceState, Timestamp};

/// Which source is due when, and which may be asked now.
///
/// Every step is O(log n), and the same steps in the same order give the same
/// answers.
#[derive(Debug, Default)]
pub struct Agenda {
    spacing: Duration,
    concurrency: usize,
    numbers: HashMap<SourceId, usize>,
    /// The slots of requests to sources' hubs.
    hub_numbers: HashMap<SourceId, usize>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    origin_numbers: HashMap<String, usize>,
    origins: Vec<Origin>,
    free_origins: Vec<usize>,
    /// Sources that are not due yet, by when they are.
    sleeping: BTreeSet<(Timestamp, usize)>,
    /// Origins with somebody waiting and room to ask, by when they may be asked.
    ready: BTreeSet<(Timestamp, usize)>,
    in_flight: usize,
    address_limit: AddressLimit,
    /// The source that is configured with each address, by the address's hash (P49).
    address_owners: HashMap<u64, usize>,
    /// The last `now`, to notice a clock that was set back.
    latest: Option<Timestamp>,
}

impl Agenda {
    /// An empty agenda: `spacing` between two starts at one origin, and
    /// `concurrency` requests under way in all, at least one.
    pub fn new(spacing: Duration, concurrency: usize) -> Self {
        Self { spacing, concurrency: concurrency.max(1), ..Self::default() }
    }

    /// Makes room for so many sources at once, rather than bit by bit.
    pub fn expect(&mut self, sources: usize) {
        let further = sources.saturating_sub(self.slots.len());
        self.slots.reserve_exact(further);
        self.numbers.reserve(further);
        self.address_owners.reserve(further);
    }

    /// Enters a source, or moves it to the time that its state now states. One under way
    /// is not disturbed.
    pub fn plan(&mut self, source: &Source, source_state: &SourceState) {
        let number = self.slot(&source.id, false, &origin_of(source, source_state));
        self.note_addresses(number, source, source_state);
        self.slots[number].not_before = source_state.not_before;
        let origin = self.slots[number].origin;
        self.origins[origin].apply_state(number, source_state, self.spacing);
        let due = (!source_state.rests()).then(|| self.due(source_state));
        self.enter(number, due);
    }

    /// Enters a request to a source's hub, which waits in its origin's queue like a poll. Until
    /// `held_until` nothing is asked of that origin. The request ends with
    /// [`Agenda::hub_request_finished`].
    pub fn plan_hub_request(
        &mut self,
        source: &SourceId,
        hub: &Url,
        due: Timestamp,
        held_until: Option<Timestamp>,
    ) {
        let number = self.slot(source, true, &hub.origin().ascii_serialization());
        self.origins[self.slots[number].origin].refusals.hold(number, held_until);
        self.enter(number, Some(due));
    }

    /// Has a slot wait until it is due.
    fn enter(&mut self, number: usize, due: Option<Timestamp>) {
        self.requeue(self.slots[number].origin);
        if let State::InFlight(flight) = &mut self.slots[number].state {
            (flight.next, flight.forgotten) = (due, false);
            return;
        }
        self.withdraw(number);
        if let Some(due) = due {
            self.sleep(number, due);
        }
    }

    /// Takes a source off the agenda.
    pub fn forget(&mut self, id: &SourceId) {
        if let Some(&number) = self.numbers.get(id) {
            self.forget_slot(number);
        }
    }

    /// Takes the request to a source's hub off the agenda.
    pub fn forget_hub_request(&mut self, source: &SourceId) {
        if let Some(&number) = self.hub_numbers.get(source) {
            self.forget_slot(number);
        }
    }

    fn forget_slot(&mut self, number: usize) {
        if let State::InFlight(flight) = &mut self.slots[number].state {
            flight.forgotten = true;
            self.release_address(number);
            return;
        }
        self.withdraw(number);
        self.remove(number);
    }

    /// The next request to start, which is then under way; none where all that are
    /// due must wait for their origin, their time or the others.
    pub fn start(&mut self, now: Timestamp) -> Option<Start> {
        self.handle_clock_change(now);
        self.wake(now);
        if self.in_flight >= self.concurrency {
            return None;
        }
        let (origin, number, address) = loop {
            let &(at, origin) = self.ready.first()?;
            if at > now {
                return None;
            }
            let &number = self.origins[origin].queue.front()?;
            let address = self.origins[origin].address;
            let check_at = self.slots[number].check_at;
            if check_at > now && self.replacement(number).is_some() {
                // At the latest in a day, since the other may rest, move or be removed by then.
                self.origins[origin].queue.pop_front();
                self.sleep(number, check_at.min(now.after(DAY)));
            } else if address.is_some_and(|address| !self.address_limit.enter(address, origin)) {
                self.origins[origin].awaits_address = true;
            } else {
                self.origins[origin].queue.pop_front();
                self.slots[number].insists = false;
                break (origin, number, address);
            }
            self.requeue(origin);
        };
        let flight = Flight { of: origin, at: address, next: None, forgotten: false };
        self.slots[number].state = State::InFlight(Box::new(flight));
        self.in_flight += 1;
        let served = &mut self.origins[origin];
        served.in_flight += 1;
        served.is_asked = true;
        served.next_start = now.after(served.gap(self.spacing));
        self.requeue(origin);
        let slot = &self.slots[number];
        let id = slot.id.clone();
        Some(if slot.is_hub { Start::HubRequest(id) } else { Start::Poll(id) })
    }

    /// A source's poll has landed. It is due again once [`Agenda::plan`] says
    /// so, before or after this.
    pub fn finished(&mut self, id: &SourceId, now: Timestamp) {
        let number = self.numbers.get(id).copied();
        self.finish_slot(number, now);
    }

    /// The sources with a poll that has started and is not finished.
    pub fn under_way(&self) -> Vec<SourceId> {
        let slots = self.numbers.values().map(|number| &self.slots[*number]);
        let under_way = slots.filter(|slot| matches!(slot.state, State::InFlight(_)));
        under_way.map(|slot| slot.id.clone()).collect()
    }

    /// A request to a source's hub has ended. It is due again once
    /// [`Agenda::plan_hub_request`] says so, before or after this.
    pub fn hub_request_finished(&mut self, source: &SourceId, now: Timestamp) {
        let number = self.hub_numbers.get(source).copied();
        self.finish_slot(number, now);
    }

    fn finish_slot(&mut self, number: Option<usize>, now: Timestamp) {
        self.handle_clock_change(now);
        let Some(number) = number else { return };
        let state = &mut self.slots[number].state;
        let State::InFlight(flight) = &*state else { return };
        let Flight { of, at, next, forgotten } = **flight;
        *state = State::Idle;
        self.in_flight -= 1;
        self.origins[of].in_flight -= 1;
        if let Some(address) = at {
            self.make_room(address, now);
        }
        self.requeue(of);
        self.drop_if_unused(of);
        if forgotten {
            self.remove(number);
        } else if let Some(due) = next {
            self.sleep(number, due);
        }
    }

    /// Records the address where a source's origin was reached: origins on one address share a limit (P34).
    pub fn locate(&mut self, id: &SourceId, address: impl FnOnce(&str) -> Option<IpAddr>) {
        let Some(&number) = self.numbers.get(id) else { return };
        let origin = &mut self.origins[self.slots[number].origin];
        if let Some(address) = address(&origin.name) {
            origin.address = Some(address);
        }
    }

    /// A request to this address has ended: an origin that waits for that may be asked.
    fn make_room(&mut self, address: IpAddr, now: Timestamp) {
        self.address_limit.leave(address);
        while let Some(origin) = self.address_limit.next(address) {
            self.origins[origin].awaits_address = false;
            self.requeue(origin);
            // One that is spaced or held until later does not use the room.
            if self.origins[origin].ready_at.is_some_and(|at| at <= now) {
                break;
            }
        }
    }

    /// When [`Agenda::start`] is worth calling again, if nothing else happens
    /// before. None while nothing is planned, or while no more may be under way.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.in_flight >= self.concurrency {
            return None;
        }
        let due = self.sleeping.first().map(|&(at, _)| at);
        let ready = self.ready.first().map(|&(at, _)| at);
        due.into_iter().chain(ready).min()
    }

    /// Puts a source at the head of its origin's queue, on request; refused inside the floor and inside a hold, unless its operator `insists`
    /// (P14). It also wakes a source that rests.
    pub fn poll_early(
        &mut self,
        id: &SourceId,
        insists: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let &number = self.numbers.get(id).ok_or(Refusal::Unknown)?;
        let slot = &self.slots[number];
        if matches!(slot.state, State::InFlight(_)) {
            return Err(Refusal::UnderWay);
        }
        let held = self.held_back(number, now).filter(|_| !insists);
        if let Some(held) = held {
            return Err(held);
        }
        if slot.not_before > now && !insists {
            return Err(Refusal::TooSoon(slot.not_before));
        }
        self.withdraw(number);
        let slot = &mut self.slots[number];
        (slot.state, slot.insists) = (State::Waiting, insists);
        let origin = slot.origin;
        self.origins[origin].queue.push_front(number);
        self.requeue(origin);
        Ok(())
    }

    /// How many sources are planned, and how many requests are under way.
    pub fn counts(&self) -> (usize, usize) {
        (self.numbers.len(), self.in_flight)
    }

    /// Until when an origin (`https://www.gov.uk`) is held, if it is.
    pub fn held(&self, origin: &str, now: Timestamp) -> Option<Timestamp> {
        let &number = self.origin_numbers.get(origin)?;
        Some(self.origins[number].refusals.until()).filter(|&until| until > now)
    }

    /// Why a source that waits for its turn must wait in any case, if its origin is held.
    pub fn reason_to_wait(&self, id: &SourceId, now: Timestamp) -> Option<Refusal> {
        let number = *self.numbers.get(id)?;
        let slot = &self.slots[number];
        let waits = !slot.insists && !matches!(slot.state, State::InFlight(_));
        waits.then(|| self.held_back(number, now)).flatten()
    }

    /// The hold of a source's origin, as a refusal.
    fn held_back(&self, number: usize, now: Timestamp) -> Option<Refusal> {
        let refusals = &self.origins[self.slots[number].origin].refusals;
        let by = refusals.by().filter(|by| *by != number);
        let by = by.map(|by| self.slots[by].id.clone());
        (refusals.until() > now).then(|| Refusal::Held { until: refusals.until(), by })
    }

    /// The slot of a source or of its hub, made or moved to its origin.
    fn slot(&mut self, id: &SourceId, is_hub: bool, origin: &str) -> usize {
        let origin = self.origin(origin);
        let numbers = if is_hub { &self.hub_numbers } else { &self.numbers };
        if let Some(&number) = numbers.get(id) {
            let old = self.slots[number].origin;
            if old != origin {
                if !matches!(self.slots[number].state, State::InFlight(_)) {
                    self.withdraw(number);
                }
                self.slots[number].origin = origin;
                self.origins[origin].sources += 1;
                self.leave(old, number);
            }
            return number;
        }
        let slot = Slot::new(id.clone(), is_hub, origin);
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[number] = slot;
                number
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        };
        let numbers = if is_hub { &mut self.hub_numbers } else { &mut self.numbers };
        numbers.insert(id.clone(), number);
        self.origins[origin].sources += 1;
        number
    }

    fn origin(&mut self, name: &str) -> usize {
        if let Some(&number) = self.origin_numbers.get(name) {
            return number;
        }
        let origin = Origin::new(name);
        let number = match self.free_origins.pop() {
            Some(number) => {
                self.origins[number] = origin;
                number
            }
            None => {
                self.origins.push(origin);
                self.origins.len() - 1
            }
        };
        self.origin_numbers.insert(name.to_owned(), number);
        number
    }

    fn remove(&mut self, number: usize) {
        self.release_address(number);
        let slot = &self.slots[number];
        let numbers = if slot.is_hub { &mut self.hub_numbers } else { &mut self.numbers };
        numbers.remove(&slot.id);
        let origin = slot.origin;
        self.free.push(number);
        self.leave(origin, number);
    }

    fn leave(&mut self, origin: usize, number: usize) {
        self.origins[origin].sources -= 1;
        self.origins[origin].refusals.leave(number);
        self.drop_if_unused(origin);
    }

    /// An origin without sources is forgotten, but not while it is asked.
    fn drop_if_unused(&mut self, origin: usize) {
        let unused = &mut self.origins[origin];
        if unused.sources == 0 && unused.in_flight == 0 && !unused.name.is_empty() {
            let name = std::mem::take(&mut unused.name);
            self.origin_numbers.remove(&name);
            self.free_origins.push(origin);
        }
    }

    fn sleep(&mut self, number: usize, due: Timestamp) {
        let due = self.latest.map_or(due, |now| due.min(now.after(FURTHEST)));
        self.slots[number].state = State::Sleeping(due);
        self.sleeping.insert((due, number));
    }

    /// Takes a source out of whatever it waits for.
    fn withdraw(&mut self, number: usize) {
        let slot = &mut self.slots[number];
        let origin = slot.origin;
        slot.insists = false;
        match std::mem::replace(&mut slot.state, State::Idle) {
            State::Idle | State::InFlight(_) => {}
            State::Sleeping(due) => {
                self.sleeping.remove(&(due, number));
            }
            State::Waiting => {
                self.origins[origin].queue.retain(|&waiting| waiting != number);
                self.requeue(origin);
            }
        }
    }

    /// Puts the sources whose time has come into their origins' queues.
    fn wake(&mut self, now: Timestamp) {
        while let Some(&(due, number)) = self.sleeping.first() {
            if due > now {
                break;
            }
            self.sleeping.pop_first();
            let origin = self.slots[number].origin;
            self.slots[number].state = State::Waiting;
            let woken = &mut self.origins[origin];
            if woken.queue.is_empty() {
                // Its turn counts from when it fell due, not from when it was free.
                woken.next_start = woken.next_start.max(due);
            }
            woken.queue.push_back(number);
            self.requeue(origin);
        }
    }

    /// Enters an origin into `ready`, or takes it out, as its state now says.
    fn requeue(&mut self, number: usize) {
        let origin = &mut self.origins[number];
        let able = origin.has_room() && !origin.awaits_address && !origin.queue.is_empty();
        let insists = origin.queue.front().is_some_and(|&first| self.slots[first].insists);
        let held = if insists { Timestamp::default() } else { origin.refusals.until() };
        let at = able.then(|| origin.next_start.max(held));
        if origin.ready_at != at {
            if let Some(old) = std::mem::replace(&mut origin.ready_at, at) {
                self.ready.remove(&(old, number));
            }
            self.ready.extend(at.map(|at| (at, number)));
        }
    }

    /// When it is due; where its last poll is yet to come, because the clock was
    /// set back since, as long after now as it was to be after that.
    fn due(&self, source_state: &SourceState) -> Timestamp {
        match (source_state.last_poll, self.latest) {
            (Some(last), Some(now)) if now < last => now.after(last.until(source_state.next_poll)),
            _ => source_state.next_poll,
        }
    }

    /// After the clock was set back everything is due as far ahead as it was;
    /// and before it was first known nothing further than anything ever is (P40).
    fn handle_clock_change(&mut self, now: Timestamp) {
        let back = match self.latest.replace(now) {
            Some(latest) if now >= latest => return,
            Some(latest) => now.until(latest),
            None => Duration::ZERO,
        };
        let limit = now.after(FURTHEST);
        for (due, number) in std::mem::take(&mut self.sleeping) {
            self.sleep(number, due.before(back));
        }
        for number in 0..self.origins.len() {
            let origin = &mut self.origins[number];
            origin.refusals.set_back(back, limit);
            origin.next_start = origin.next_start.min(now.after(self.spacing));
            self.requeue(number);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
