//! Queues requests to our hub until their callbacks are verified, with limits on each party.
//!
//! Two things are scarce: name lookups and calls to callbacks. Each client and each host may have
//! few open requests, and few a minute; more are refused to them alone. An address is known only
//! after the lookup, when the request was answered already, so requests above an address's limit
//! wait. The party with the fewest calls under way comes first.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use super::{RequestRefused, SubscriptionRequest};
use crate::model::{Timestamp, host_of};

/// The most open requests in all, and of one client.
const OPEN: usize = 1024;
const OPEN_OF_CLIENT: usize = 16;

/// The most name lookups at once.
const LOOKING_UP: usize = 64;

/// The most calls to callbacks at once, in all and to one host or address, and the most a minute
/// for one client, host or address: nobody can use us to flood others.
const CALLING: usize = 64;
const CALLING_AT_ONE: usize = 8;
const A_MINUTE: u32 = 60;

/// The most requests that wait for one address. Only many hosts and clients together reach it.
const WAITING_FOR_ONE: usize = 64;

const MINUTE: Duration = Duration::from_secs(60);

/// A request whose callback is not verified yet.
#[derive(Debug, Clone)]
pub struct Unverified {
    /// The request.
    pub request: SubscriptionRequest,
    /// The client that sent it, if known.
    pub client: Option<IpAddr>,
    /// The address of the callback's host, once looked up.
    pub address: Option<IpAddr>,
}

impl Unverified {
    fn host(&self) -> &str {
        host_of(&self.request.callback)
    }
}

/// The open requests.
#[derive(Debug, Default)]
pub struct VerificationQueue {
    to_look_up: Vec<Unverified>,
    to_call: Vec<Unverified>,
    looking_up: Vec<Unverified>,
    calling: usize,
    clients: Limits<IpAddr>,
    hosts: Limits<String>,
    /// Lookups under way by domain: one slow name server answers for all hosts of its domain.
    domains: HashMap<String, usize>,
    addresses: Limits<IpAddr>,
}

impl VerificationQueue {
    /// Adds a request, unless its client or its host has too many.
    pub fn add(
        &mut self,
        request: SubscriptionRequest,
        client: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), RequestRefused> {
        let host = host_of(&request.callback).to_owned();
        let open =
            self.to_look_up.len() + self.to_call.len() + self.looking_up.len() + self.calling;
        self.clients.forget(now);
        self.hosts.forget(now);
        let has_room = open < OPEN
            && client.is_none_or(|client| self.clients.admits(&client, OPEN_OF_CLIENT, now))
            && self.hosts.admits(&host, CALLING_AT_ONE, now);
        if !has_room {
            return Err(RequestRefused::Busy);
        }
        client.into_iter().for_each(|client| self.clients.begin(client, now));
        self.hosts.begin(host, now);
        self.to_look_up.push(Unverified { request, client, address: None });
        Ok(())
    }

    /// The next request whose host is to be looked up.
    pub fn next_to_look_up(&mut self) -> Option<Unverified> {
        if self.looking_up.len() >= LOOKING_UP {
            return None;
        }
        let load = |open: &Unverified| self.domains.get(&domain(open.host())).copied().unwrap_or(0);
        let least = (0..self.to_look_up.len()).min_by_key(|at| load(&self.to_look_up[*at]))?;
        let open = self.to_look_up.remove(least);
        self.looking_up.push(open.clone());
        *self.domains.entry(domain(open.host())).or_default() += 1;
        Some(open)
    }

    /// Records the lookup of a host. Returns whether the callback will be called.
    pub fn looked_up(&mut self, open: Unverified, is_allowed: bool) -> bool {
        let same =
            |other: &Unverified| other.request == open.request && other.client == open.client;
        if let Some(at) = self.looking_up.iter().position(same) {
            self.looking_up.swap_remove(at);
        }
        let domain = domain(open.host());
        if let Some(under_way) = self.domains.get_mut(&domain) {
            *under_way -= 1;
            if *under_way == 0 {
                self.domains.remove(&domain);
            }
        }
        let same = |other: &&Unverified| other.address.is_some() && other.address == open.address;
        let waits = is_allowed && self.to_call.iter().filter(same).count() < WAITING_FOR_ONE;
        match waits {
            true => self.to_call.push(open),
            false => self.end(&open),
        }
        waits
    }

    /// The next request whose callback is to be called.
    pub fn next_to_call(&mut self, now: Timestamp) -> Option<Unverified> {
        if self.calling >= CALLING {
            return None;
        }
        self.addresses.forget(now);
        let may = |open: &Unverified| {
            open.address.is_none_or(|at| self.addresses.admits(&at, CALLING_AT_ONE, now))
        };
        let load = |open: &Unverified| open.address.map_or(0, |at| self.addresses.open(&at));
        let waiting = (0..self.to_call.len()).filter(|at| may(&self.to_call[*at]));
        let least = waiting.min_by_key(|at| load(&self.to_call[*at]))?;
        let open = self.to_call.remove(least);
        self.calling += 1;
        open.address.into_iter().for_each(|address| self.addresses.begin(address, now));
        Some(open)
    }

    /// Records that a callback was called.
    pub fn called(&mut self, open: &Unverified) {
        self.calling -= 1;
        open.address.into_iter().for_each(|address| self.addresses.end(&address));
        self.end(open);
    }

    fn end(&mut self, open: &Unverified) {
        open.client.into_iter().for_each(|client| self.clients.end(&client));
        self.hosts.end(&open.host().to_owned());
    }

    /// When the next request that waits for its address may go on.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let addresses = self.to_call.iter().filter_map(|open| open.address);
        let free = addresses.filter_map(|address| self.addresses.free_at(&address));
        free.filter(|at| *at > now).min()
    }

    /// The requests whose hosts are not looked up yet.
    pub fn not_looked_up(&self) -> impl Iterator<Item = &SubscriptionRequest> {
        self.to_look_up.iter().chain(&self.looking_up).map(|open| &open.request)
    }
}

/// The last two labels of a name.
fn domain(host: &str) -> String {
    let mut labels = host.rsplitn(3, '.');
    let (last, before) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    format!("{before}.{last}")
}

/// Counts what each party has under way, and what it began in the last minute.
#[derive(Debug)]
struct Limits<K>(HashMap<K, Recent>);

#[derive(Debug, Clone, Copy)]
struct Recent {
    open: usize,
    since: Timestamp,
    times: u32,
}

impl<K> Default for Limits<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Limits<K> {
    fn forget(&mut self, now: Timestamp) {
        self.0.retain(|_, recent| recent.open > 0 || recent.since.until(now) < MINUTE);
    }

    fn admits(&self, of: &K, most: usize, now: Timestamp) -> bool {
        self.0.get(of).is_none_or(|recent| {
            recent.open < most && (recent.times < A_MINUTE || recent.since.until(now) >= MINUTE)
        })
    }

    fn open(&self, of: &K) -> usize {
        self.0.get(of).map_or(0, |recent| recent.open)
    }

    /// End of the minute whose limit is reached.
    fn free_at(&self, of: &K) -> Option<Timestamp> {
        let recent = self.0.get(of).filter(|recent| recent.times >= A_MINUTE)?;
        Some(recent.since.after(MINUTE))
    }

    fn begin(&mut self, of: K, now: Timestamp) {
        let recent = self.0.entry(of).or_insert(Recent { open: 0, since: now, times: 0 });
        if recent.since.until(now) >= MINUTE {
            (recent.since, recent.times) = (now, 0);
        }
        (recent.open, recent.times) = (recent.open + 1, recent.times + 1);
    }

    fn end(&mut self, of: &K) {
        if let Some(recent) = self.0.get_mut(of) {
            recent.open = recent.open.saturating_sub(1);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn request(callback: &str) -> SubscriptionRequest {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.topic", "https://feeds.example.org/a.atom")
            .append_pair("hub.callback", callback)
            .finish();
        SubscriptionRequest::parse(form.as_bytes()).unwrap()
    }

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn now() -> Timestamp {
        Timestamp::from_secs(1_000_000)
    }

    /// Looks up every host that may be, at this address.
    fn look_up(queue: &mut VerificationQueue, address: IpAddr) {
        while let Some(open) = queue.next_to_look_up() {
            queue.looked_up(Unverified { address: Some(address), ..open }, true);
        }
    }

    fn call(queue: &mut VerificationQueue, now: Timestamp) -> Vec<Unverified> {
        std::iter::from_fn(|| queue.next_to_call(now)).collect()
    }

    #[test]
    fn a_flood_of_one_client_is_refused_to_that_client_alone() {
        let mut queue = VerificationQueue::default();
        let add = |queue: &mut VerificationQueue, client: u8, host: usize| {
            queue.add(request(&format!("https://h{host}.example/")), Some(ip(client)), now())
        };
        let taken = (0..1000).filter(|host| add(&mut queue, 1, *host).is_ok()).count();
        assert_eq!(taken, OPEN_OF_CLIENT);
        assert_eq!(add(&mut queue, 2, 5000), Ok(()));
    }

    #[test]
    fn a_flood_at_one_host_is_refused_to_that_host_alone() {
        let mut queue = VerificationQueue::default();
        let add = |queue: &mut VerificationQueue, client: u8, host: &str| {
            queue.add(request(&format!("https://{host}/{client}")), Some(ip(client)), now())
        };
        let taken = (0..200).filter(|client| add(&mut queue, *client, "a.example").is_ok());
        assert_eq!(taken.count(), CALLING_AT_ONE);
        assert_eq!(add(&mut queue, 1, "b.example"), Ok(()));
    }

    #[test]
    fn many_hosts_at_one_address_wait_for_each_other_and_hold_up_nobody() {
        let mut queue = VerificationQueue::default();
        for host in 0..40 {
            let client = Some(ip(host));
            queue.add(request(&format!("https://h{host}.evil.example/")), client, now()).unwrap();
        }
        look_up(&mut queue, ip(200));
        let flood = call(&mut queue, now());
        assert_eq!(flood.len(), CALLING_AT_ONE);
        queue.add(request("https://good.example/"), Some(ip(1)), now()).unwrap();
        look_up(&mut queue, ip(201));
        let asked = call(&mut queue, now());
        assert_eq!(asked.iter().map(Unverified::host).collect::<Vec<_>>(), ["good.example"]);
        flood.iter().for_each(|open| queue.called(open));
        assert_eq!(call(&mut queue, now()).len(), CALLING_AT_ONE, "nobody is forgotten");
    }

    #[test]
    fn an_address_is_asked_sixty_times_a_minute_and_the_others_later() {
        let mut queue = VerificationQueue::default();
        let mut times = 0;
        for host in 0..70 {
            let client = Some(ip(host));
            queue.add(request(&format!("https://h{host}.example/")), client, now()).unwrap();
            look_up(&mut queue, ip(200));
            for open in call(&mut queue, now()) {
                times += 1;
                queue.called(&open);
            }
        }
        assert_eq!((times, queue.wake_at(now())), (60, Some(now().after(MINUTE))));
        assert_eq!(call(&mut queue, now().after(MINUTE)).len(), CALLING_AT_ONE);
    }

    #[test]
    fn a_slow_resolver_holds_up_its_own_domain() {
        let mut queue = VerificationQueue::default();
        for host in 0..100 {
            let callback = request(&format!("https://h{host}.evil.example/"));
            queue.add(callback, Some(ip(host)), now()).unwrap();
        }
        let slow: Vec<_> = std::iter::from_fn(|| queue.next_to_look_up()).collect();
        assert_eq!(slow.len(), LOOKING_UP);
        queue.add(request("https://good.test/"), Some(ip(200)), now()).unwrap();
        queue.looked_up(slow[0].clone(), false);
        assert_eq!(queue.next_to_look_up().unwrap().host(), "good.test");
    }

    #[test]
    fn what_is_over_leaves_nothing_behind() {
        let mut queue = VerificationQueue::default();
        for host in 0..9 {
            let client = Some(ip(1));
            queue.add(request(&format!("https://h{host}.example/")), client, now()).unwrap();
        }
        while let Some(open) = queue.next_to_look_up() {
            queue.looked_up(open, false);
        }
        let later = now().after(MINUTE);
        queue.add(request("https://a.example/"), None, later).unwrap();
        assert_eq!((queue.clients.0.len(), queue.hosts.0.len()), (0, 1));
        assert!(queue.domains.is_empty());
    }
}
