//! Declares the options of the server: the `[server]` table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::{Address, Audience};
use crate::options::value::{Authority, BaseUrl, Contact, Title, written};
use crate::options::{Complaint, option, options, unset};

options! {
    /// Where the server listens, its name, and the limits of one client.
    pub struct Settings {
        /// Where to listen, unless systemd hands a socket over: an address with its
        /// port, or the path of a Unix socket for a reverse proxy on this machine.
        listen: Address = option(Address::Net(([127, 0, 0, 1], 8484).into())).at_restart(),
        /// Where operators' pages are answered: `/sources` and `/metrics` are then there and
        /// nowhere else. A Unix socket's path, or an address that readers cannot reach.
        operators: Option<Address> = unset("\"127.0.0.1:8485\"").at_restart(),
        /// The address under which readers reach this server, behind whatever proxy:
        /// feeds and pages name themselves by it. Without it, `http://` and `listen`.
        base_url: Option<BaseUrl> = unset("\"https://news.example.org/\""),
        /// The name of the whole.
        title: Title = option(Title("gazetted".into())),
        /// The authority that IDs are minted under, a host name or e-mail address. Readers know a
        /// feed by its ID: whoever moves to another host keeps the old name here.
        /// Without it, the host of `base_url`.
        authority: Option<Authority> = unset("\"news.example.org\""),
        /// Where people report security problems, as mailto: or https:. It is published
        /// at `/.well-known/security.txt`; without it there is no such file.
        security_contact: Option<Contact> = unset("\"mailto:security@example.org\"").at_restart(),
        /// Connections in all. `/healthz` and `/readyz` are answered beyond them.
        connections: usize = option(512).above_zero().at_restart(),
        /// Connections of one address; of one /64 with IPv6.
        connections_per_address: usize = option(32).above_zero().at_restart(),
        /// Reverse proxies. They stand for many readers: their connections are unbounded, and one
        /// client that they name has at most `connections_per_address` requests under way. Client
        /// addresses are trusted only from them and over Unix sockets; they must set
        /// X-Forwarded-For, or Forwarded and take the other out.
        proxies: Vec<IpNet> = option(vec![
            IpNet::new_assert(IpAddr::from(Ipv4Addr::new(127, 0, 0, 0)), 8),
            IpNet::new_assert(IpAddr::from(Ipv6Addr::LOCALHOST), 128),
        ]).at_restart(),
        /// How long the head of a request may take.
        head_timeout: Duration = option(Duration::from_secs(10)).above_zero().at_restart(),
        /// How long a connection may idle.
        idle_timeout: Duration = option(Duration::from_secs(30)).above_zero().at_restart(),
        /// How long an answer may take to be read.
        write_timeout: Duration = option(Duration::from_secs(60)).above_zero().at_restart(),
        /// How long a stop waits for the last answers.
        drain_timeout: Duration = option(Duration::from_secs(20)).at_restart(),
    }
    with {
        /// The time for an answer of the backend.
        backend_timeout: Duration = Duration::from_secs(10),
        /// Who asks here.
        audience: Audience = Audience::default(),
        /// Whether readers who ask for it get a feed's new entries alone (Q35).
        deltas: bool = false,
    }
}

impl FromStr for Address {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.len() < text.len() || path.contains('/') {
            return Ok(Self::Socket(path.into()));
        }
        text.parse().map(Self::Net).map_err(|_| {
            Complaint::new(
                format!("`{text}` is not an address to listen on"),
                "write a numeric address and a port, or a socket's path: `\"127.0.0.1:8484\"`, `\"[::1]:8484\"`, `\"/run/gazetted/http.sock\"`",
            )
        })
    }
}

written! { Address: "an address and port, or a socket's path, such as \"127.0.0.1:8484\"" }
