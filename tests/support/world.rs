//! A running daemon with sources on a scripted site, topics, and a clock of the test's own.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gazetted::clock::Clock;
use gazetted::config::Plan;
use gazetted::daemon::{Daemon, Handle, Listeners};
use gazetted::inquiry::export::ExportedStory;
use gazetted::model::Timestamp;
use gazetted::publish::{Address, Listener};
use gazetted::store;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::http::{Answer, get, get_by, get_with, post};
use super::site::Site;
use super::watched_store::{Watch, WatchedStore};

/// When the clock of every test begins.
pub const START: &str = "2025-04-03T09:00:00Z";

/// A daemon over a real store, polling a scripted site at a time the test sets.
pub struct World {
    /// Its directory: the configuration and the store.
    pub directory: TempDir,
    /// The site that its sources are on.
    pub site: Site,
    /// Its clock.
    pub clock: Clock,
    config: String,
    include: String,
    keep: String,
    watch: Option<Watch>,
    daemon: Option<Daemon>,
}

impl World {
    /// A world without sources and topics, not started.
    pub async fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            site: Site::start().await,
            clock: Clock::by_hand(Timestamp::parse_rfc3339(START).unwrap()),
            config: "[server]\nbase_url = \"https://feeds.example.org/\"\n\
                     [polling]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\n"
                .to_owned(),
            include: String::new(),
            keep: String::new(),
            watch: None,
            daemon: None,
        }
    }

    /// A source at `/ID` of the site, which serves `document` well.
    pub fn source(mut self, id: &str, document: impl Into<Vec<u8>>) -> Self {
        self.site.document(&format!("/{id}"), document);
        let url = self.site.url(&format!("/{id}"));
        write!(self.config, "[[source]]\nid = \"{id}\"\nurl = \"{url}\"\ninterval = \"1h\"\n")
            .unwrap();
        self
    }

    /// Further lines of the configuration; what follows a source or a topic is part of it.
    pub fn lines(mut self, lines: &str) -> Self {
        writeln!(self.config, "{lines}").unwrap();
        self
    }

    /// Further keys of the table that `header` names, which is there already.
    pub fn lines_first(&mut self, lines: &str) {
        let (header, keys) = lines.split_once('\n').unwrap();
        self.config = self.config.replacen(header, &format!("{header}\n{keys}"), 1);
    }

    /// Further configuration files, by a pattern.
    pub fn include(mut self, pattern: &str) -> Self {
        self.include = format!("include = [{pattern:?}]\n");
        self
    }

    /// Another address under which readers reach it.
    pub fn rebase(&mut self, base_url: &str) {
        let from = self.config.find("base_url = ").unwrap();
        let to = from + self.config[from..].find('\n').unwrap();
        self.config.replace_range(from..to, &format!("base_url = \"{base_url}\""));
    }

    /// A topic.
    pub fn topic(mut self, id: &str, query: &str) -> Self {
        write!(self.config, "[[topic]]\nid = \"{id}\"\ntitle = \"{id}\"\nquery = '''{query}'''\n")
            .unwrap();
        self
    }

    /// Starts the daemon and lets it poll whatever is due.
    pub async fn start(mut self) -> Self {
        self.restart().await;
        self
    }

    /// Has the reads of its store watched, from the next start on.
    pub fn watch(&mut self, watch: impl Fn(&'static str) + Send + Sync + 'static) {
        self.watch = Some(Arc::new(watch));
    }

    /// Stops the daemon, if it runs, and starts it on what it has stored.
    pub async fn restart(&mut self) {
        self.stop().await;
        let plan = self.plan();
        let mut store = store::open(&plan.store.path, plan.store.cache).unwrap();
        if let Some(watch) = self.watch.clone() {
            store = Arc::new(WatchedStore { store, watch });
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let operators = plan.server.operators.as_ref();
        let listeners = Listeners {
            readers: listener.into(),
            operators: operators.map(|address| Listener::bind(address, 0o660).unwrap()),
        };
        let started = Daemon::start(plan, store, listeners, self.clock.clone()).await;
        self.daemon = Some(started.unwrap());
        self.handle().settled().await;
    }

    /// Stops the daemon as a signal would.
    pub async fn stop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.stop().await.unwrap();
        }
    }

    /// Writes a configuration that differs by `change`, and reloads it.
    pub async fn reconfigure(&mut self, change: impl FnOnce(&mut String)) {
        change(&mut self.config);
        let plan = self.plan();
        self.handle().replan(plan, false).await.unwrap();
        self.handle().settled().await;
    }

    /// Keeps stories for so long, from the next start on.
    pub fn keep(&mut self, period: &str) {
        self.keep = format!("keep = \"{period}\"\n");
    }

    /// Keeps stories as these lines of `[store]` say, from the next start on.
    pub fn keep_by(&mut self, lines: &str) {
        self.keep = format!("{lines}\n");
    }

    /// The plan that the configuration compiles to.
    pub fn plan(&self) -> Plan {
        let path = self.directory.path().join("gazetted.toml");
        let store = self.directory.path().join("store");
        let store = format!("[store]\npath = {store:?}\n");
        let parts = [&self.include, &store, &self.keep, &self.config];
        std::fs::write(&path, parts.map(String::as_str).concat()).unwrap();
        Plan::load(&path).unwrap_or_else(|problems| panic!("{problems}")).plan
    }

    /// Lets time pass, and every poll that falls due in it.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.handle().settled().await;
    }

    /// A way to ask the daemon's loop.
    pub fn handle(&self) -> Handle {
        self.daemon().handle()
    }

    /// Gets a path from the daemon.
    pub async fn get(&self, path: &str) -> Answer {
        let (address, path) = (self.address(), path.to_owned());
        tokio::task::spawn_blocking(move || get(address, &path)).await.unwrap()
    }

    /// Gets a path from the daemon, with a header.
    pub async fn get_with(&self, path: &str, header: (&'static str, String)) -> Answer {
        let (address, path) = (self.address(), path.to_owned());
        let get = move || get_with(address, &path, &[(header.0, header.1.as_str())]);
        tokio::task::spawn_blocking(get).await.unwrap()
    }

    /// Posts a body to a path of the daemon.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let (address, path, body) = (self.address(), path.to_owned(), body.to_vec());
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let posting = move || {
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            post(address, &path, &headers, &body)
        };
        tokio::task::spawn_blocking(posting).await.unwrap()
    }

    /// Gets a path from the daemon by a Unix socket beside the configuration.
    pub async fn get_by(&self, socket: &str, path: &str) -> Answer {
        let (socket, path) = (self.directory.path().join(socket), path.to_owned());
        tokio::task::spawn_blocking(move || get_by(&socket, &path)).await.unwrap()
    }

    /// Every stored story.
    pub fn stories(&self) -> Vec<ExportedStory> {
        let mut stories = Vec::new();
        let each = |story: &ExportedStory| {
            stories.push(story.clone());
            true
        };
        self.daemon().records().export(each).unwrap();
        stories
    }

    /// The titles of a topic's feed, newest first.
    pub async fn titles(&self, topic: &str) -> Vec<String> {
        let feed = self.get(&format!("/topics/{topic}.json")).await;
        let feed: serde_json::Value = serde_json::from_slice(&feed.body).unwrap();
        let items = feed["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }

    /// Where the daemon listens to readers.
    pub fn address(&self) -> SocketAddr {
        match self.daemon().address() {
            Some(Address::Net(address)) => *address,
            other => panic!("the world listens on a port: {other:?}"),
        }
    }

    fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("the world was started")
    }
}

/// An Atom document: each entry by id, link, title and `updated`.
pub fn atom(entries: &[(&str, &str, &str, &str)]) -> String {
    let mut document = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>tag:site.example,2025:feed</id><title>A department</title>\
         <updated>2025-04-03T08:00:00Z</updated>\n",
    );
    for (id, link, title, updated) in entries {
        writeln!(
            document,
            "<entry><id>{id}</id><title>{title}</title><updated>{updated}</updated>\
             <link rel=\"alternate\" href=\"{link}\"/><summary>About it: {title}.</summary></entry>"
        )
        .unwrap();
    }
    document + "</feed>\n"
}
