//! A server on a free port with given stories, and its answers to the byte.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gazetted::model::{
    Entry, Evidence, Location, Member, Revisions, Role, Source, SourceId, SourceState, Sources,
    Story, StoryId, Timestamp, Topic, TopicId,
};
use gazetted::publish::{
    self, Backend, CallbackBackend, Delivery, FeedBackend, Finding, FoundStory, HubBackend, Marked,
    Metrics, NotSearched, Reply, ResponseCache, Search, SearchBackend, Settings, Site,
    SourceDetail, SourceStatus, SourcesBackend, StatusBackend, StoryBackend, StoryDetail,
    Unavailable, Volume, VolumeDetail,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(super) const BASE: &str = "https://news.example/";

/// When the tests take place.
pub(super) fn now() -> Timestamp {
    at("2025-04-03T09:00:00Z")
}

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// A running server over a shelf and a desk that the test holds.
pub(super) struct World {
    pub(super) address: SocketAddr,
    pub(super) cache: Arc<ResponseCache>,
    pub(super) desk: Arc<TestDesk>,
    pub(super) stop: CancellationToken,
    pub(super) served: JoinHandle<()>,
}

impl World {
    pub(super) async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    pub(super) async fn with(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cache = Arc::new(ResponseCache::new());
        let desk = Arc::new(TestDesk::default());
        let stop = CancellationToken::new();
        let serving = publish::serve(listener, cache.clone(), desk.clone(), settings, stop.clone());
        Self { address, cache, desk, stop, served: tokio::spawn(serving) }
    }

    /// A server whose one topic, `sanctions`, holds these stories.
    pub(super) async fn telling(stories: Vec<Story>) -> Self {
        let world = Self::start().await;
        world.tell(stories);
        world
    }

    pub(super) fn tell(&self, stories: Vec<Story>) {
        self.tell_at(stories, now());
    }

    pub(super) fn tell_at(&self, stories: Vec<Story>, moment: Timestamp) {
        let (topic, site, sources) = (topic(), site(), sources());
        let stories: Vec<_> = stories.into_iter().map(Arc::new).collect();
        let mut rendered = publish::render_topic(&topic, &stories, &sources, &site);
        rendered.extend(publish::render_stories(
            &stories,
            &publish::FirstPage::default(),
            &sources,
            &site,
        ));
        rendered.extend(publish::render_site(&[(topic, stories.clone())], &sources, &site));
        self.cache.place(rendered, moment);
        *self.desk.stories.lock().unwrap() = stories;
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }

    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        self.raw(format!("{request}\r\n").as_bytes()).await
    }

    /// Sends these bytes and reads until the server closes.
    pub(super) async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        Answer::read(&mut stream).await
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let reading = stream.read_to_end(&mut bytes);
        // Far above what anything takes here: only a fault ever meets it.
        tokio::time::timeout(Duration::from_secs(30), reading).await.unwrap().unwrap();
        Self::parse(&bytes)
    }

    pub(super) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A daemon that does nothing but answer.
#[derive(Default)]
pub(super) struct TestDesk {
    pub(super) unready: AtomicBool,
    /// Seconds from now until the next poll; none if negative.
    pub(super) next_poll: AtomicI64,
    pub(super) stories: Mutex<Vec<Arc<Story>>>,
    pub(super) states: Mutex<Vec<SourceStatus>>,
    pub(super) failing: AtomicBool,
    pub(super) silent: AtomicBool,
    /// Why searches fail, if they do; and who searched.
    pub(super) searches_fail: Mutex<Option<NotSearched>>,
    pub(super) searched_by: Mutex<Vec<Option<IpAddr>>>,
    /// What came to the callback `known`; as many as fit.
    pub(super) deliveries: Mutex<Vec<Delivery>>,
    pub(super) metrics: Arc<Metrics>,
}

impl TestDesk {
    fn reply<T: Send + 'static>(&self, value: T) -> Reply<T> {
        let failing = self.failing.load(Ordering::Relaxed);
        let silent = self.silent.load(Ordering::Relaxed);
        Box::pin(async move {
            if silent {
                std::future::pending::<()>().await;
            }
            if failing { Err(Unavailable("the store is closed".to_owned())) } else { Ok(value) }
        })
    }

    /// The closed volumes with their stories, newest first, and what is open.
    pub(super) fn volumes(&self) -> (Vec<(Volume, Stories)>, Stories) {
        let mut open: Vec<Arc<Story>> = self.stories.lock().unwrap().clone();
        open.sort_by_key(|story| (story.first_seen, story.id));
        let dated = open.iter().map(|story| (story.first_seen, story.id));
        let newest = |open: &[(Timestamp, StoryId)], most: usize| {
            Ok::<_, Infallible>(open.iter().rev().take(most).map(|(_, story)| *story).collect())
        };
        let dated = dated.collect::<Vec<_>>();
        let Ok(closing) = Volume::closing(dated, None, 100, now(), newest);
        let mut closed = Vec::new();
        for (volume, ids) in closing {
            let mut stories: Vec<_> =
                open.extract_if(.., |story| ids.contains(&story.id)).collect();
            stories.reverse();
            closed.push((volume, stories));
        }
        (closed, open)
    }
}

type Stories = Vec<Arc<Story>>;

impl Backend for TestDesk {}

impl StatusBackend for TestDesk {
    fn now(&self) -> Timestamp {
        now()
    }

    fn site(&self) -> Arc<Site> {
        Arc::new(site())
    }

    fn ready(&self) -> Result<(), String> {
        if self.unready.load(Ordering::Relaxed) {
            return Err("the first shelf does not stand yet".to_owned());
        }
        Ok(())
    }

    fn healthy(&self) -> Result<(), String> {
        Ok(())
    }

    fn next_poll(&self) -> Option<Timestamp> {
        let seconds = u64::try_from(self.next_poll.load(Ordering::Relaxed)).ok()?;
        Some(now().after(Duration::from_secs(seconds)))
    }

    fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }
}

impl SourcesBackend for TestDesk {
    fn sources(&self) -> Reply<Vec<SourceStatus>> {
        let states = self.states.lock().unwrap().clone();
        self.reply(states)
    }
}

impl StoryBackend for TestDesk {
    fn story(&self, id: StoryId, _opened: Vec<TopicId>) -> Reply<Option<StoryDetail>> {
        let stories = self.stories.lock().unwrap();
        let found = stories.iter().find(|story| story.id == id).map(|story| StoryDetail {
            story: (**story).clone(),
            sources: sources(),
            topics: vec![topic()],
            why: BTreeMap::from([(topic().id, "in it: “asset freeze” (text)".to_owned())]),
            titles: BTreeMap::new(),
            shared: Vec::new(),
            remarks: Vec::new(),
        });
        self.reply(found)
    }
}

impl SearchBackend for TestDesk {
    fn search(&self, search: Search) -> Reply<Result<Finding, NotSearched>> {
        self.searched_by.lock().unwrap().push(search.client);
        if let Some(why) = &*self.searches_fail.lock().unwrap() {
            return self.reply(Err(why.clone()));
        }
        let stories = self.stories.lock().unwrap();
        let found = stories.iter().map(|story| FoundStory {
            story: story.clone(),
            title: Vec::new(),
            excerpt: vec![Marked { text: search.query.clone(), marked: true }],
        });
        let finding = Finding {
            stories: found.collect(),
            count: stories.len(),
            looked_at: 10_000,
            back_to: Some(search.span.since(self.now())),
            span: search.span,
            advice: Vec::new(),
            near: Vec::new(),
            weeks: Vec::new(),
            alike: vec![topic()],
            warnings: Vec::new(),
            sources: sources(),
        };
        self.reply(Ok(finding))
    }
}

impl CallbackBackend for TestDesk {
    fn callback(&self, token: &str) -> Reply<Option<u64>> {
        self.reply((token == "known").then_some(u64::MAX))
    }

    fn verified(&self, _token: String, query: Vec<(String, String)>) -> Reply<Option<String>> {
        let challenge = query.into_iter().find(|(name, _)| name == "hub.challenge");
        self.reply(challenge.map(|(_, value)| value))
    }

    fn delivered(&self, delivery: Delivery) -> bool {
        let mut deliveries = self.deliveries.lock().unwrap();
        let fits = deliveries.len() < 2;
        if fits {
            deliveries.push(delivery);
        }
        fits
    }
}

impl HubBackend for TestDesk {}

impl FeedBackend for TestDesk {
    fn source(&self, source: SourceId, _may_see_private: bool) -> Reply<Option<SourceDetail>> {
        let tells =
            |story: &&Arc<Story>| story.members.iter().any(|member| member.entry.source == source);
        let stories = self.stories.lock().unwrap();
        let detail = sources().get(&source).map(|source| SourceDetail {
            source: source.clone(),
            stories: stories.iter().filter(tells).cloned().collect(),
            sources: sources(),
        });
        self.reply(detail)
    }

    fn volume(&self, named: TopicId, volume: Volume) -> Reply<Option<VolumeDetail>> {
        let (closed, _) = self.volumes();
        let place = closed.iter().position(|(name, _)| *name == volume);
        let detail = place.filter(|_| named == topic().id).map(|place| {
            let name = |place: usize| closed.get(place).map(|(volume, _)| *volume);
            let previous = place.checked_sub(1).and_then(name);
            let (topic, sources, site) = (topic(), sources(), site());
            let (stories, words) = (&closed[place].1, |_: &Story| Vec::new());
            let closed = publish::render_volume(
                &topic,
                (volume, previous),
                stories,
                &words,
                &sources,
                &site,
            );
            VolumeDetail { text: closed.text, next: name(place + 1) }
        });
        self.reply(detail)
    }
}

pub(super) fn site() -> Site {
    let mut site = Site::new(BASE.parse().unwrap(), "Departments’ news");
    site.hub = Some("https://hub.example/".parse().unwrap());
    site
}

pub(super) fn topic() -> Topic {
    Topic {
        id: TopicId::new("sanctions"),
        title: "Sanctions & designations".to_owned(),
        description: "Who is sanctioned, by whom and why.".to_owned(),
        query: "sanctions OR \"asset freeze\"".to_owned(),
        revisions: Revisions::Major,
        entries: 50,
        bounds: Default::default(),
        formerly: Vec::new(),
        mute_silence: false,
        private: false,
        explain: false,
    }
}

pub(super) fn sources() -> Sources {
    let listed = [
        ("fcdo", "Foreign, Commonwealth & Development Office", Role::Department),
        ("home-office", "Home Office", Role::Department),
        ("finder", "GOV.UK news", Role::Listing),
        ("wire", "The Wire", Role::Syndicator),
    ];
    let sources = listed.into_iter().enumerate();
    sources.map(|(position, (id, title, role))| source(id, title, role, position)).collect()
}

fn source(id: &str, title: &str, role: Role, position: usize) -> (SourceId, Arc<Source>) {
    let written = format!("https://{id}.example/feed.atom");
    let location = Location::web(&written, written.parse().unwrap());
    let title = title.into();
    let source = Source { title, role, position, ..Source::at(SourceId::new(id), location) };
    (source.id.clone(), Arc::new(source))
}

pub(super) fn state(source: &str, state: SourceState) -> SourceStatus {
    SourceStatus { source: sources()[source].clone(), state, hold: None }
}

/// An entry of the Foreign Office, complete as a good feed has it.
pub(super) fn entry(number: u8) -> Entry {
    let mut entry = Entry::of(SourceId::new("fcdo"));
    entry.guid = Some(format!("tag:fcdo.example,2005:/news/{number}"));
    entry.url = Some(format!("https://fcdo.example/news/{number}").parse().unwrap());
    entry.title = format!("Announcement {number}");
    entry.summary = Some(format!("<p>What announcement {number} says.</p>"));
    entry.text = format!("What announcement {number} says.");
    entry.published = Some(at("2025-04-02T11:05:00Z"));
    entry.updated = entry.published;
    entry.feed.id = "tag:fcdo.example,2005:/feed".to_owned();
    entry.feed.title = "Activity on the Foreign Office".to_owned();
    entry.feed.updated = entry.published;
    entry
}

/// The same announcement as another source carries it.
pub(super) fn copy(source: &str, number: u8) -> Entry {
    Entry {
        source: SourceId::new(source),
        url: Some(format!("https://{source}.example/item/{number}").parse().unwrap()),
        feed: gazetted::model::Feed::default(),
        ..entry(number)
    }
}

pub(super) fn story(number: u8) -> Story {
    told(number, vec![entry(number)])
}

pub(super) fn told(number: u8, entries: Vec<Entry>) -> Story {
    let dated = entries[0].published.unwrap();
    let id = StoryId::from_bytes([number; 16]);
    let mut story = Story::new(id, format!("tag:fcdo.example,2005:/news/{number}"), dated);
    for entry in entries {
        let evidence = match story.members.len() {
            0 => Evidence::Founded,
            _ => Evidence::SameTitle { title: entry.title.to_lowercase(), hours_apart: 2 },
        };
        story.members.push(Member::new(entry, evidence, dated));
    }
    story
}
