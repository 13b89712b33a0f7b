//! Compiles the tables of settings to the settings of each stage.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::Access;
use url::{Host, Url};

use super::{Diagnostics, Environment};
use crate::config::file::{self, Config, STORE};
use crate::config::gather::beside;
use crate::config::read::Read;
use crate::config::{HubPlan, LoggingPlan, PublishPlan, ServerPlan, StorePlan};
use crate::model::{Topic, TopicId};
use crate::options::value::Period;
use crate::publish::{Address, Audience};
use crate::store::Retention;
use crate::{fetch, publish};

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

/// The reason why this user cannot write or create a directory.
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

/// Copies are published some days after their original.
const SHORT_KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

impl Diagnostics<'_> {
    /// The `[store]` table.
    pub(super) fn store(&mut self, table: &file::Store) -> StorePlan {
        let path = store_directory(&self.files[0].path, &table.path, self.environment);
        if let Some(why) = unwritable(&path) {
            let message = format!("the store {} cannot be written: {why}", path.display());
            let help =
                "set `[store] path` to a directory that the user who runs gazetted may write";
            self.remark((0, 0..0), message, help);
        }
        if let Some(keep) = table.keep.filter(|keep| *keep < SHORT_KEEP) {
            let (keep, week) = (Period(keep), Period(SHORT_KEEP));
            let message = format!("`[store] keep` is {keep}: older stories are removed for good");
            let help = format!(
                "copies follow within days, and are then published as new: write {week} or more"
            );
            self.remark((0, 0..0), message, help);
        }
        let retention =
            Retention { age: table.keep, stories: table.stories, keys: Some(table.keep_keys) };
        let min_free = table.min_free.map(|size| size.0);
        StorePlan { path, cache: table.cache.0, min_free, retention, backups: table.backups.0 }
    }

    pub(super) fn server(&mut self, main: &Read) -> ServerPlan {
        let settings = &main.config;
        let table = &settings.server;
        let resolve = |listen: &Address| match listen {
            Address::Net(address) => Address::Net(*address),
            Address::Socket(path) => Address::Socket(beside(&self.files[0].path, path)),
        };
        let (listen, operators) = (resolve(&table.listen), table.operators.as_ref().map(resolve));
        if operators.as_ref() == Some(&listen) {
            let help = "leave `operators` out, or give it an address of its own";
            let place = (0, main.place("server.operators"));
            self.error(place, "`operators` and `listen` are one address", help);
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
            max_feed: settings.publish.max_feed.in_memory(),
        });
        let audience = match operators {
            Some(_) => Audience::Readers,
            None => Audience::Everybody,
        };
        let deltas = settings.publish.deltas;
        let limits = publish::Settings { audience, deltas, ..table.clone() };
        ServerPlan { listen, operators, site, limits }
    }

    /// The `[hub]` table. Hubs must call over https, unless they run on this machine.
    pub(super) fn hub(&mut self, table: &file::Hub) -> HubPlan {
        if let Some(url) = table.url.as_ref().filter(|_| table.serve) {
            let help = "leave out the one that subscribers are not to use";
            self.error((0, url.span()), "`url` and `serve`: feeds name one hub", help);
        }
        let ours = HubPlan {
            callback_base: None,
            runs_hub: table.serve,
            external_hub: table.url.as_ref().map(|url| url.get_ref().url.clone()),
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
        HubPlan { callback_base: url.join("push/").ok(), ..ours }
    }

    /// The `[publish]` table.
    pub(super) fn publish(&mut self, settings: &Config, topics: Option<&[Topic]>) -> PublishPlan {
        let table = &settings.publish;
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
            ("hard_floor", table.hard_floor, "floor", table.floor),
            ("floor", table.floor, "ceiling", table.ceiling),
            ("interval", table.interval, "ceiling", table.ceiling),
            ("connect_timeout", table.connect_timeout, "timeout", table.timeout),
        ];
        for (name, lesser, other, greater) in pairs {
            if lesser > greater && !broken(name) && !broken(other) {
                // Where only one of the two is written, that one is at fault.
                let place = |name| main.place(&format!("polling.{name}"));
                let span = if place(name).is_empty() { place(other) } else { place(name) };
                let (low, high) = (Period(lesser), Period(greater));
                self.error(
                    (0, span),
                    format!("`{name}`, {low}, is longer than `{other}`, {high}"),
                    format!("lower `{name}` or raise `{other}`"),
                );
            }
        }
        if let Some(from) = table.from.as_ref().filter(|from| !from.contains('@')) {
            let message = format!("`from = \"{from}\"` is not a mail address");
            let help = "write one that somebody reads: \"feeds@example.org\"";
            self.warn((0, main.place("polling.from")), message, help);
        }
        if table.max_document < table.max_body {
            let (document, body) = (table.max_document, table.max_body);
            let place = main.place("polling.max_document");
            let place = if place.is_empty() { main.place("polling.max_body") } else { place };
            let message = format!("`max_document`, {document}, is less than `max_body`, {body}");
            self.warn(
                (0, place),
                message,
                "raise it: an answer that is not compressed counts for both",
            );
        }
        for network in table.allow_private.iter().filter(|network| fetch::is_public(network.addr()))
        {
            let message = format!("`allow_private` names {network}, which is public");
            let help = "public addresses are asked without it: leave it out";
            self.warn((0, main.place("polling.allow_private")), message, help);
        }
        fetch::Settings {
            base_url: Some(server.site.base_url.clone()),
            subscribers: topics,
            ..table.clone()
        }
    }
}

pub(super) fn logging(table: &file::Logging) -> LoggingPlan {
    LoggingPlan { filter: table.filter.0.clone(), format: table.format }
}
