//! Compiles the tables of settings to the settings of each stage.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::Access;
use url::{Host, Url};

use super::{Desk, Environment};
use crate::config::file::{self, Config, STORE};
use crate::config::gather::beside;
use crate::config::read::Read;
use crate::config::value::{Listen, Size};
use crate::config::{HubPlan, LoggingPlan, PublishPlan, ServerPlan, StorePlan};
use crate::model::{Topic, TopicId};
use crate::publish::{Address, Audience};
use crate::store::Retention;
use crate::{fetch, parse, publish};

/// The store writes when it is opened: with less it could not start again.
const LEAST_FREE: Size = Size::mebibytes(24);

/// The smallest `max_feed`: the longest document of a feed.
const LEAST_MAX_FEED: usize = 1_000_000;

/// Where the store is: as the file says, else where systemd keeps state.
pub(in crate::config) fn store_directory(
    file: &Path,
    written: &Path,
    environment: &Environment,
) -> PathBuf {
    match &environment.state_directory {
        Some(directory) if written == Path::new(STORE) => directory.join("store"),
        _ => beside(file, written),
    }
}

/// Why a directory cannot be written, or made, by this user.
fn unwritable(path: &Path) -> Option<String> {
    let place = path.ancestors().find(|place| place.symlink_metadata().is_ok())?;
    // The working directory has no name.
    let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
    match place.metadata() {
        Ok(found) if !found.is_dir() => Some(format!("{} is not a directory", place.display())),
        Ok(_) => rustix::fs::access(place, Access::WRITE_OK | Access::EXEC_OK)
            .err()
            .map(|error| format!("{}: {}", place.display(), std::io::Error::from(error))),
        Err(error) => Some(format!("{}: {error}", place.display())),
    }
}

impl Desk<'_> {
    /// The `[store]` table.
    pub(super) fn store(&mut self, table: &file::Store) -> StorePlan {
        let path = store_directory(&self.files[0].path, &table.path, self.environment);
        if let Some(why) = unwritable(&path) {
            let message = format!("the store {} cannot be written: {why}", path.display());
            let help =
                "set `[store] path` to a directory that the user who runs gazetted may write";
            self.remark((0, 0..0), message, help);
        }
        let retention = Retention {
            age: table.keep.as_ref().map(|period| period.0),
            stories: table.stories,
            keys: Some(table.keep_keys.0),
        };
        if let Some(min_free) = &table.min_free
            && min_free.get_ref().0 < LEAST_FREE.0
        {
            let what = format!("`min_free` is less than {LEAST_FREE}");
            let help =
                format!("write at least \"{LEAST_FREE}\": the store needs that to be opened");
            self.error((0, min_free.span()), what, help);
        }
        let min_free = table.min_free.as_ref().map(|size| size.get_ref().0);
        StorePlan { path, cache: table.cache.0, min_free, retention, backups: table.backups.0 }
    }

    pub(super) fn server(&mut self, settings: &Config) -> ServerPlan {
        let table = &settings.server;
        let here = |listen: &Listen| match &listen.0 {
            Address::Net(address) => Address::Net(*address),
            Address::Socket(path) => Address::Socket(beside(&self.files[0].path, path)),
        };
        let (listen, operators) =
            (here(&table.listen), table.operators.as_ref().map(|own| here(own.get_ref())));
        if let Some(own) = &table.operators
            && operators.as_ref() == Some(&listen)
        {
            let help = "leave `operators` out, or give it an address of its own";
            self.error((0, own.span()), "`operators` and `listen` are one address", help);
        }
        let base_url = match &table.base_url {
            Some(base) => base.0.clone(),
            None => {
                if !matches!(listen, Address::Net(address) if address.ip().is_loopback()) {
                    self.warn(
                        (0, 0..0),
                        format!("`[server] listen = \"{listen}\"` without `base_url`"),
                        "feeds name their own address: set `base_url` to the one that readers use",
                    );
                }
                let host = match listen {
                    Address::Net(address) => address.to_string(),
                    Address::Socket(_) => "localhost".to_owned(),
                };
                Url::parse(&format!("http://{host}/"))
                    .expect("a socket address is a host and a port")
            }
        };
        let hub = match &settings.hub.url {
            Some(hub) => Some(hub.get_ref().url.clone()),
            None if settings.hub.serve => base_url.join("hub").ok(),
            None => None,
        };
        let title = table.title.0.clone();
        let authority = match &table.authority {
            Some(authority) => authority.0.clone(),
            None => publish::Site::authority_of(&base_url),
        };
        let site = Arc::new(publish::Site {
            base_url,
            title,
            hub,
            authority,
            shows_sources: operators.is_none(),
            max_feed: settings.publish.max_feed.get_ref().in_memory(),
        });
        let limits = publish::Settings {
            head: table.head_timeout.0,
            idle: table.idle_timeout.0,
            write: table.write_timeout.0,
            drain: table.drain_timeout.0,
            connections: table.connections.get(),
            connections_per_address: table.connections_per_address.get(),
            proxies: table.proxies.iter().map(|network| network.0).collect(),
            deltas: settings.publish.deltas,
            contact: table.security_contact.as_ref().map(|contact| contact.0.to_string()),
            audience: match operators {
                Some(_) => Audience::Readers,
                None => Audience::Everybody,
            },
            ..publish::Settings::default()
        };
        ServerPlan { listen, operators, site, limits }
    }

    /// Hubs call over https, unless they run beside us.
    pub(super) fn hub(&mut self, table: &file::Hub) -> HubPlan {
        if let Some(url) = table.url.as_ref().filter(|_| table.serve) {
            let help = "leave out the one that subscribers are not to use";
            self.error((0, url.span()), "`url` and `serve`: feeds name one hub", help);
        }
        let ours = HubPlan {
            callbacks: None,
            serves: table.serve,
            elsewhere: table.url.as_ref().map(|url| url.get_ref().url.clone()),
        };
        let Some(written) = &table.callback_url else { return ours };
        let (place, url) = ((0, written.span()), &written.get_ref().0);
        let (is_loopback, is_outside) = match url.host() {
            Some(Host::Ipv4(address)) => (address.is_loopback(), fetch::is_public(address.into())),
            Some(Host::Ipv6(address)) => (address.is_loopback(), fetch::is_public(address.into())),
            Some(Host::Domain(name)) => (name == "localhost", name.contains('.')),
            None => (false, false),
        };
        if url.scheme() == "http" && !is_loopback {
            self.error(
                place,
                "`callback_url` without https",
                "what hubs send travels in the clear, and with it the path that keeps strangers \
                 out: write an https address",
            );
        } else if !is_outside {
            self.warn(
                place,
                format!("`callback_url` is {url}, which cannot be reached from outside"),
                "only hubs on the same network can push: write the address that readers use",
            );
        }
        HubPlan { callbacks: url.join("push/").ok(), ..ours }
    }

    /// Where the site is written, and what of it that is private.
    pub(super) fn publish(&mut self, settings: &Config, topics: Option<&[Topic]>) -> PublishPlan {
        let table = &settings.publish;
        let max_feed = &table.max_feed;
        if *max_feed.get_ref() < Size::of_memory(LEAST_MAX_FEED) {
            let message = format!("`max_feed` cannot be {}", max_feed.get_ref());
            let help = "write `\"1MB\"` or more: a feed needs room for the texts of its entries";
            self.error((0, max_feed.span()), message, help);
        }
        for name in &table.private {
            let (id, place) = (&name.get_ref().0, (0, name.span()));
            let topic = topics.map(|topics| topics.iter().find(|topic| topic.id.as_str() == id));
            let (message, help) = match topic {
                Some(None) => (format!("there is no topic `{id}`"), "name a [[topic]] by its id"),
                Some(Some(topic)) if !topic.private => {
                    (format!("the topic `{id}` is public"), "it is written anyway: leave it out")
                }
                _ => continue,
            };
            self.error(place, message, help);
        }
        PublishPlan {
            directory: table.directory.as_ref().map(|path| beside(&self.files[0].path, path)),
            private: table.private.iter().map(|id| TopicId::new(id.get_ref().0.as_str())).collect(),
        }
    }

    pub(super) fn polling(
        &mut self,
        main: &Read,
        server: &ServerPlan,
        topics: usize,
    ) -> fetch::Settings {
        let table = &main.config.polling;
        let broken = |key: &str| main.broken.contains(&format!("polling.{key}"));
        let pairs = [
            ("hard_floor", &table.hard_floor, "floor", &table.floor),
            ("floor", &table.floor, "ceiling", &table.ceiling),
            ("interval", &table.interval, "ceiling", &table.ceiling),
            ("connect_timeout", &table.connect_timeout, "timeout", &table.timeout),
        ];
        for (name, lesser, other, greater) in pairs {
            if lesser > greater && !broken(name) && !broken(other) {
                // Where only one of the two is written, that one is at fault.
                let span = if lesser.span().is_empty() { greater.span() } else { lesser.span() };
                let (low, high) = (lesser.get_ref(), greater.get_ref());
                self.error(
                    (0, span),
                    format!("`{name}`, {low}, is longer than `{other}`, {high}"),
                    format!("lower `{name}` or raise `{other}`"),
                );
            }
        }
        for (name, number, sane, range) in [
            ("price", &table.price, 0.001..=1000.0, "from 0.001 to 1000.0"),
            ("evenness", &table.evenness, 0.0..=1.0, "from 0.0 to 1.0"),
        ] {
            if !sane.contains(number.get_ref()) {
                let message = format!("`{name}` cannot be {}", number.get_ref());
                self.error((0, number.span()), message, format!("write a number {range}"));
            }
        }
        if let Some(budget) = &table.budget
            && !(0.1..=288.0).contains(budget.get_ref())
        {
            let message = format!("`budget` cannot be {}", budget.get_ref());
            let help = "write how many polls a source and day there are to be, from 0.1 to 288.0";
            self.error((0, budget.span()), message, help);
        }
        let user_agent = table.user_agent.as_ref().map_or_else(
            || format!("gazetted/{} (+{})", env!("CARGO_PKG_VERSION"), server.site.base_url),
            |written| written.0.clone(),
        );
        fetch::Settings {
            user_agent,
            from: table.from.as_ref().map(|from| from.0.clone()),
            concurrency: table.concurrency.get(),
            spacing: table.spacing.0,
            floor: time(&table.floor),
            hard_floor: time(&table.hard_floor),
            ceiling: time(&table.ceiling),
            interval: time(&table.interval),
            connect_timeout: time(&table.connect_timeout),
            timeout: time(&table.timeout),
            max_body: table.max_body.0,
            max_document: table.max_document.0,
            allow_private: table.allow_private.iter().map(|network| network.0).collect(),
            proxy: table.proxy.as_ref().map(|proxy| proxy.0.clone()),
            subscribers: topics,
            // Whether hubs reach us is said in another table.
            push: false,
            new_a_day: table.new_a_day.get(),
            robots: table.robots,
            robots_for_pages: table.robots_for_pages,
            deltas: table.deltas,
            price: *table.price.get_ref(),
            budget: table.budget.as_ref().map(|budget| *budget.get_ref()),
            evenness: *table.evenness.get_ref(),
        }
    }
}

fn time(period: &toml::Spanned<crate::config::value::Period>) -> Duration {
    period.get_ref().0
}

pub(super) fn parsing(table: &file::Parsing) -> parse::Limits {
    parse::Limits {
        entries: table.entries.get(),
        field: table.field.in_memory(),
        depth: table.depth.get(),
        elements: table.elements.get(),
        attributes: table.attributes.get(),
    }
}

pub(super) fn logging(table: &file::Logging) -> LoggingPlan {
    LoggingPlan { filter: table.filter.0.clone(), format: table.format }
}
