//! Decides which requests to our hub are taken, and whose callback is looked up and asked next.
//!
//! Two things are scarce: lookups of names, and questions to callbacks. A client, and a host, may
//! have few requests open and few a minute; what is above that is refused to them alone. Addresses
//! are known after the lookup, when the request was answered, so what is above the limit of an
//! address waits. Whoever has least under way comes first.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use crate::model::{Timestamp, host_of};
use crate::publish::hub::{Asked, NotGranted};

/// Requests in all whose callbacks were not heard yet, and those of one client.
const OPEN: usize = 1024;
const OPEN_OF_CLIENT: usize = 16;

/// Names that are looked up at once.
const LOOKING_UP: usize = 64;

/// Callbacks that are asked at once, and of one host or address; and of one client, host or
/// address in a minute, so that nobody can have us bother others.
const ASKING: usize = 64;
const ASKING_AT_ONE: usize = 8;
const A_MINUTE: u32 = 60;

/// Requests that wait for one address. Only many hosts and many clients together have more.
const WAITING_FOR_ONE: usize = 64;

const MINUTE: Duration = Duration::from_secs(60);

/// A request whose callback was not heard yet.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) asked: Asked,
    pub(super) client: Option<IpAddr>,
    /// Where its host was found, if that was looked up.
    pub(super) address: Option<IpAddr>,
}

impl Open {
    fn host(&self) -> &str {
        host_of(&self.asked.callback)
    }
}

/// All open requests.
#[derive(Debug, Default)]
pub(super) struct Requests {
    to_look_up: Vec<Open>,
    to_ask: Vec<Open>,
    looking_up: Vec<Open>,
    asking: usize,
    clients: Limits<IpAddr>,
    hosts: Limits<String>,
    /// Names that are looked up at once, by the end of the host: one resolver of a stranger's
    /// answers for all names in a domain, and may take its time.
    domains: HashMap<String, usize>,
    addresses: Limits<IpAddr>,
}

impl Requests {
    /// Takes a request, unless its client or its host has enough.
    pub(super) fn take(
        &mut self,
        asked: Asked,
        client: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), NotGranted> {
        let host = host_of(&asked.callback).to_owned();
        let open = self.to_look_up.len() + self.to_ask.len() + self.looking_up.len() + self.asking;
        self.clients.forget(now);
        self.hosts.forget(now);
        let has_room = open < OPEN
            && client.is_none_or(|client| self.clients.admits(&client, OPEN_OF_CLIENT, now))
            && self.hosts.admits(&host, ASKING_AT_ONE, now);
        if !has_room {
            return Err(NotGranted::Busy);
        }
        client.into_iter().for_each(|client| self.clients.begin(client, now));
        self.hosts.begin(host, now);
        self.to_look_up.push(Open { asked, client, address: None });
        Ok(())
    }

    /// The request whose host is to be looked up now.
    pub(super) fn next_to_look_up(&mut self) -> Option<Open> {
        if self.looking_up.len() >= LOOKING_UP {
            return None;
        }
        let load = |open: &Open| self.domains.get(&domain(open.host())).copied().unwrap_or(0);
        let least = (0..self.to_look_up.len()).min_by_key(|at| load(&self.to_look_up[*at]))?;
        let open = self.to_look_up.remove(least);
        self.looking_up.push(open.clone());
        *self.domains.entry(domain(open.host())).or_default() += 1;
        Some(open)
    }

    /// A host was looked up. Returns whether its callback will be asked.
    pub(super) fn looked_up(&mut self, open: Open, may_be_asked: bool) -> bool {
        let same = |other: &Open| other.asked == open.asked && other.client == open.client;
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
        let same = |other: &&Open| other.address.is_some() && other.address == open.address;
        let waits = may_be_asked && self.to_ask.iter().filter(same).count() < WAITING_FOR_ONE;
        match waits {
            true => self.to_ask.push(open),
            false => self.end(&open),
        }
        waits
    }

    /// The request whose callback is to be asked now.
    pub(super) fn next_to_ask(&mut self, now: Timestamp) -> Option<Open> {
        if self.asking >= ASKING {
            return None;
        }
        self.addresses.forget(now);
        let may = |open: &Open| {
            open.address.is_none_or(|at| self.addresses.admits(&at, ASKING_AT_ONE, now))
        };
        let load = |open: &Open| open.address.map_or(0, |at| self.addresses.open(&at));
        let waiting = (0..self.to_ask.len()).filter(|at| may(&self.to_ask[*at]));
        let least = waiting.min_by_key(|at| load(&self.to_ask[*at]))?;
        let open = self.to_ask.remove(least);
        self.asking += 1;
        open.address.into_iter().for_each(|address| self.addresses.begin(address, now));
        Some(open)
    }

    /// A callback was asked.
    pub(super) fn was_asked(&mut self, open: &Open) {
        self.asking -= 1;
        open.address.into_iter().for_each(|address| self.addresses.end(&address));
        self.end(open);
    }

    fn end(&mut self, open: &Open) {
        open.client.into_iter().for_each(|client| self.clients.end(&client));
        self.hosts.end(&open.host().to_owned());
    }

    /// When a callback may be asked that waits for its address, if nothing happens before.
    pub(super) fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let addresses = self.to_ask.iter().filter_map(|open| open.address);
        let free = addresses.filter_map(|address| self.addresses.free_at(&address));
        free.filter(|at| *at > now).min()
    }

    /// Requests whose hosts were not looked up yet.
    pub(super) fn not_looked_up(&self) -> impl Iterator<Item = &Asked> {
        self.to_look_up.iter().chain(&self.looking_up).map(|open| &open.asked)
    }
}

/// The last two labels of a name.
fn domain(host: &str) -> String {
    let mut labels = host.rsplitn(3, '.');
    let (last, before) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    format!("{before}.{last}")
}

/// How much each of some has under way, and had in the last minute.
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

    /// When the minute ends in which there was enough.
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

    fn asked(callback: &str) -> Asked {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.topic", "https://feeds.example.org/a.atom")
            .append_pair("hub.callback", callback)
            .finish();
        Asked::parse(form.as_bytes()).unwrap()
    }

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn now() -> Timestamp {
        Timestamp::from_secs(1_000_000)
    }

    /// Looks up every host that may be, at this address.
    fn look_up(requests: &mut Requests, address: IpAddr) {
        while let Some(open) = requests.next_to_look_up() {
            requests.looked_up(Open { address: Some(address), ..open }, true);
        }
    }

    fn ask(requests: &mut Requests, now: Timestamp) -> Vec<Open> {
        std::iter::from_fn(|| requests.next_to_ask(now)).collect()
    }

    #[test]
    fn a_flood_of_one_client_is_refused_to_that_client_alone() {
        let mut requests = Requests::default();
        let take = |requests: &mut Requests, client: u8, host: usize| {
            requests.take(asked(&format!("https://h{host}.example/")), Some(ip(client)), now())
        };
        let taken = (0..1000).filter(|host| take(&mut requests, 1, *host).is_ok()).count();
        assert_eq!(taken, OPEN_OF_CLIENT);
        assert_eq!(take(&mut requests, 2, 5000), Ok(()));
    }

    #[test]
    fn a_flood_at_one_host_is_refused_to_that_host_alone() {
        let mut requests = Requests::default();
        let take = |requests: &mut Requests, client: u8, host: &str| {
            requests.take(asked(&format!("https://{host}/{client}")), Some(ip(client)), now())
        };
        let taken = (0..200).filter(|client| take(&mut requests, *client, "a.example").is_ok());
        assert_eq!(taken.count(), ASKING_AT_ONE);
        assert_eq!(take(&mut requests, 1, "b.example"), Ok(()));
    }

    #[test]
    fn many_hosts_at_one_address_wait_for_each_other_and_hold_up_nobody() {
        let mut requests = Requests::default();
        for host in 0..40 {
            let client = Some(ip(host));
            requests.take(asked(&format!("https://h{host}.evil.example/")), client, now()).unwrap();
        }
        look_up(&mut requests, ip(200));
        let flood = ask(&mut requests, now());
        assert_eq!(flood.len(), ASKING_AT_ONE);
        requests.take(asked("https://good.example/"), Some(ip(1)), now()).unwrap();
        look_up(&mut requests, ip(201));
        let asked = ask(&mut requests, now());
        assert_eq!(asked.iter().map(Open::host).collect::<Vec<_>>(), ["good.example"]);
        flood.iter().for_each(|open| requests.was_asked(open));
        assert_eq!(ask(&mut requests, now()).len(), ASKING_AT_ONE, "nobody is forgotten");
    }

    #[test]
    fn an_address_is_asked_sixty_times_a_minute_and_the_others_later() {
        let mut requests = Requests::default();
        let mut times = 0;
        for host in 0..70 {
            let client = Some(ip(host));
            requests.take(asked(&format!("https://h{host}.example/")), client, now()).unwrap();
            look_up(&mut requests, ip(200));
            for open in ask(&mut requests, now()) {
                times += 1;
                requests.was_asked(&open);
            }
        }
        assert_eq!((times, requests.wake_at(now())), (60, Some(now().after(MINUTE))));
        assert_eq!(ask(&mut requests, now().after(MINUTE)).len(), ASKING_AT_ONE);
    }

    #[test]
    fn a_slow_resolver_holds_up_its_own_domain() {
        let mut requests = Requests::default();
        for host in 0..100 {
            let callback = asked(&format!("https://h{host}.evil.example/"));
            requests.take(callback, Some(ip(host)), now()).unwrap();
        }
        let slow: Vec<_> = std::iter::from_fn(|| requests.next_to_look_up()).collect();
        assert_eq!(slow.len(), LOOKING_UP);
        requests.take(asked("https://good.test/"), Some(ip(200)), now()).unwrap();
        requests.looked_up(slow[0].clone(), false);
        assert_eq!(requests.next_to_look_up().unwrap().host(), "good.test");
    }

    #[test]
    fn what_is_over_leaves_nothing_behind() {
        let mut requests = Requests::default();
        for host in 0..9 {
            let client = Some(ip(1));
            requests.take(asked(&format!("https://h{host}.example/")), client, now()).unwrap();
        }
        while let Some(open) = requests.next_to_look_up() {
            requests.looked_up(open, false);
        }
        let later = now().after(MINUTE);
        requests.take(asked("https://a.example/"), None, later).unwrap();
        assert_eq!((requests.clients.0.len(), requests.hosts.0.len()), (0, 1));
        assert!(requests.domains.is_empty());
    }
}
