//! Declares the options of polling: the `[polling]` table.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use crate::options::value::{HeaderText, Size, written};
use crate::options::{Complaint, option, options, unset};

const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

// The numbers of rules that some options carry out: floor and hard_floor P20, spacing P34, deltas
// P52, user_agent P60, from P61, robots and robots_for_pages P71.
options! {
    /// How sources are polled.
    pub struct Settings {
        /// How often a source is polled while nothing is known of its rhythm.
        interval: Duration = option(hours(1)),
        /// No source is polled more often than this, unless its own answers allow it. A shorter
        /// `interval`, `min` or `max` of a source means this.
        floor: Duration = option(hours(1)),
        /// Nor ever more often than this, whatever its answers say.
        hard_floor: Duration = option(Duration::from_secs(300)),
        /// Every source is polled at least this often, whatever its `interval` says, unless
        /// it asks itself to be left alone for longer.
        ceiling: Duration = option(hours(7 * 24)),
        /// The cost of a poll, in hours by which an entry is late: the higher, the rarer
        /// the polls of every source. A source that invites polls sets a lower price itself.
        price: f64 = option(1.5).within(0.001..=1000.0),
        /// Polls a day for each source, on average: the price is adjusted until that is
        /// reached. Sources with an `interval` of their own, pushed sources, and those
        /// that ask for rarer polls do not count. Without it, the price stays as it is.
        budget: Option<f64> = unset("4.0").within(0.1..=288.0),
        /// From 0.0, which finds most entries soonest, to 1.0, which polls all sources
        /// equally often.
        evenness: f64 = option(0.35).within(0.0..=1.0),
        /// Requests under way at once; one origin never sees more than one of them.
        concurrency: usize = option(64).above_zero().at_restart(),
        /// From the start of one request to an origin to the start of the next.
        spacing: Duration = option(Duration::from_secs(1)).at_restart(),
        /// The time to reach a server.
        connect_timeout: Duration = option(Duration::from_secs(10)).above_zero(),
        /// The time for a whole poll.
        timeout: Duration = option(Duration::from_secs(60)).above_zero(),
        /// The largest document as it travels.
        max_body: Size = option(Size::mebibytes(10)).above_zero(),
        /// The largest document once it is decompressed.
        max_document: Size = option(Size::mebibytes(32)).above_zero(),
        /// Private networks that sources may be in, as `["10.0.0.0/8"]`; all others are
        /// refused, so that a redirect cannot reach what is not public.
        allow_private: Vec<IpNet> = option(Vec::new()),
        /// The name of this client in its requests. Without it, gazetted, its version and
        /// `base_url`; the number of topics always follows.
        user_agent: Option<String> = unset("\"gazetted (+https://news.example.org/about)\"")
            .checked(header_text),
        /// Whom the sources can write to about this client.
        from: Option<String> = unset("\"feeds@example.org\"").checked(header_text),
        /// A proxy for every request: http, https, socks4, socks4a, socks5, socks5h.
        proxy: Option<ProxyUrl> = unset("\"socks5h://127.0.0.1:9050\""),
        /// New entries that a source may bring a day, after its first document. The
        /// others wait until it lists them again: a source that renames its entries at
        /// every request floods no topic.
        new_a_day: usize = option(500).above_zero(),
        /// Whether robots.txt counts also for the sources named here.
        robots: bool = option(false),
        /// Whether robots.txt counts for what is not named here: the pages of entries
        /// and older pages of a source. Switch it off only where the sites permit that.
        robots_for_pages: bool = option(true),
        /// Whether to ask sources for their new entries alone (RFC 3229); few can.
        deltas: bool = option(false),
    }
    with {
        /// Where readers reach this server, which the client's name says by default.
        base_url: Option<Url> = None,
        /// How many topics are published from what is read (P60).
        subscribers: usize = 1,
        /// Whether hubs can reach us, so that one that pushes is counted on (W13).
        push: bool = false,
        /// Whether the nodes of a cluster share the states of sources: then nothing in those
        /// comes from a file that each node has for itself.
        is_shared: bool = false,
    }
}

fn header_text(text: &Option<String>) -> Option<String> {
    text.as_ref()?.parse::<HeaderText>().err().map(|complaint| complaint.help)
}

impl Settings {
    /// The client's name, version and address (P60).
    pub(super) fn client(&self) -> String {
        let usual = concat!("gazetted/", env!("CARGO_PKG_VERSION"));
        match (&self.user_agent, &self.base_url) {
            (Some(name), _) => name.clone(),
            (None, Some(address)) => format!("{usual} (+{address})"),
            (None, None) => usual.to_owned(),
        }
    }

    /// The client's name with the number of subscribers in it (P60):
    /// `gazetted/0.1 (+https://example.org/; 12 subscribers)`.
    pub(super) fn identity(&self) -> String {
        let client = self.client();
        let subscribers = match self.subscribers {
            1 => "1 subscriber".to_owned(),
            many => format!("{many} subscribers"),
        };
        match client.trim_end().strip_suffix(')') {
            Some(open) => format!("{open}; {subscribers})"),
            None => format!("{} ({subscribers})", client.trim_end()),
        }
    }
}

/// A proxy's address, which may hold a password: its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(pub Url);

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

impl FromStr for ProxyUrl {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let known = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
        match Url::parse(text.trim()) {
            Ok(url) if known.contains(&url.scheme()) && url.has_host() => Ok(Self(url)),
            _ => Err(Complaint::new(
                "this is not a proxy",
                "write `\"http://host:port\"` or `\"socks5://host:port\"`",
            )),
        }
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

written! { ProxyUrl: "a proxy such as \"socks5://127.0.0.1:9050\"" }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p60_the_identity_carries_the_number_of_subscribers() {
        for (user_agent, subscribers, identity) in [
            (
                "gazetted/0.1 (+https://a.example/)",
                3,
                "gazetted/0.1 (+https://a.example/; 3 subscribers)",
            ),
            ("gazetted/0.1", 1, "gazetted/0.1 (1 subscriber)"),
            ("gazetted/0.1 ", 0, "gazetted/0.1 (0 subscribers)"),
        ] {
            let user_agent = Some(user_agent.to_owned());
            let settings = Settings { user_agent, subscribers, ..Settings::default() };
            assert_eq!(settings.identity(), identity);
        }
    }
}
