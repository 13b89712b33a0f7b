//! Polls sources over real HTTP in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use gazetted::fetch::{AddressToAsk, Agenda, Fetched, Fetcher, News, Settings, record_poll};
use gazetted::model::{
    Document, Failure, FailureKind, Feed, Hints, Location, Outcome, Poll, Reading, Source,
    SourceId, SourceState, Timestamp,
};
use url::Url;

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(86_400);

/// A document that passes for a feed here.
pub const FEED: &str = "<feed>one</feed>";

/// When all stories begin.
pub fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2025-04-02T11:07:31Z").unwrap()
}

/// Settings under which 127.0.0.0/8 counts as any other network.
pub fn settings() -> Settings {
    Settings { allow_private: vec!["127.0.0.0/8".parse().unwrap()], ..Settings::default() }
}

/// A source at this address, as the plan would hold it.
pub fn source(id: &str, url: &Url) -> Source {
    let location = Location::Web { url: url.clone(), written: None };
    Source { push: true, ..Source::at(SourceId::new(id), location) }
}

/// Sources, what is remembered of them, and the virtual time.
pub struct World {
    pub now: Timestamp,
    pub settings: Settings,
    pub sources: BTreeMap<SourceId, Source>,
    pub source_states: BTreeMap<SourceId, SourceState>,
    pub hints: Hints,
    /// Which source was asked when.
    pub log: Vec<(Timestamp, SourceId)>,
    fetcher: Fetcher,
    agenda: Agenda,
}

impl World {
    /// A world with these sources, all due.
    pub fn of(settings: Settings, sources: impl IntoIterator<Item = Source>) -> Self {
        let mut world = Self {
            now: start(),
            fetcher: Fetcher::new(&settings).unwrap(),
            agenda: Agenda::new(settings.spacing, settings.concurrency),
            settings,
            sources: BTreeMap::new(),
            source_states: BTreeMap::new(),
            hints: Hints::default(),
            log: Vec::new(),
        };
        for source in sources {
            world.agenda.plan(&source, &SourceState::default());
            world.source_states.insert(source.id.clone(), SourceState::default());
            world.sources.insert(source.id.clone(), source);
        }
        world
    }

    /// A world with one source, named `one`.
    pub fn one(url: &Url) -> Self {
        Self::of(settings(), [source("one", url)])
    }

    /// What is remembered of the source `one`.
    pub fn source_state(&self) -> &SourceState {
        &self.source_states["one"]
    }

    /// Starts anew with nothing but the memories, as after `kill -9`.
    pub fn restart(&mut self) {
        self.fetcher = Fetcher::new(&self.settings).unwrap();
        self.agenda = Agenda::new(self.settings.spacing, self.settings.concurrency);
        for (id, source) in &self.sources {
            self.agenda.plan(source, &self.source_states[id]);
        }
    }

    /// Lets the time pass, asking whoever is due whenever that is.
    pub async fn run(&mut self, span: Duration) {
        let end = self.now.after(span);
        loop {
            let mut started = Vec::new();
            while let Some(start) = self.agenda.start(self.now) {
                let id = start.source().clone();
                self.log.push((self.now, id.clone()));
                started.push(id);
            }
            let landed = join_all(started.iter().map(|id| self.ask(id))).await;
            for poll in landed {
                self.take(&poll);
            }
            match self.agenda.wake_at() {
                Some(wake) if wake <= end => self.now = self.now.max(wake),
                _ => break,
            }
        }
        self.now = end;
    }

    /// Lets the time pass until so many polls were made in all.
    pub async fn run_until(&mut self, polls: usize) {
        while self.log.len() < polls {
            let wake = self.agenda.wake_at().expect("somebody is due some day");
            self.run(self.now.until(wake)).await;
        }
    }

    /// Polls the source `one` right now, whatever the agenda says.
    pub async fn poll(&mut self) -> Outcome {
        let poll = self.ask(&SourceId::new("one")).await;
        self.take(&poll);
        poll.outcome
    }

    /// Asks for an older page of the source `one`.
    pub async fn page(&self, page: &Url) -> Result<Document, Failure> {
        self.fetcher.page(&self.sources["one"], page, self.now).await
    }

    /// An operator's wish to have `one` asked now.
    pub fn hurry(&mut self) -> Result<(), gazetted::fetch::Refusal> {
        self.agenda.poll_early(&SourceId::new("one"), false, self.now)
    }

    /// The times between the polls of a source.
    pub fn gaps(&self, id: &str) -> Vec<Duration> {
        let times: Vec<_> =
            self.log.iter().filter(|(_, who)| who.as_str() == id).map(|(at, _)| *at).collect();
        times.windows(2).map(|pair| pair[0].until(pair[1])).collect()
    }

    async fn ask(&self, id: &SourceId) -> Poll {
        let address = match self.agenda.merged(id) {
            Some(_) => AddressToAsk::ConfiguredOnly,
            None => AddressToAsk::Current,
        };
        let (source, state) = (&self.sources[id], &self.source_states[id]);
        let fetched = self.fetcher.fetch_current(source, state, address, self.now, is_feed).await;
        Poll::of(&self.sources[id], self.now, outcome(fetched, &self.hints))
    }

    fn take(&mut self, poll: &Poll) {
        let source = &self.sources[&poll.source];
        let state = self.source_states.get_mut(&poll.source).unwrap();
        // Every document brings one entry and repeats one.
        let news = match &poll.outcome {
            Outcome::Read(_) => News { new: vec![poll.at], known: 1, ..News::default() },
            _ => News::default(),
        };
        record_poll(poll, &news, state, source, &self.settings);
        self.agenda.finished(&poll.source, self.now);
        self.agenda.plan(source, state);
    }
}

fn is_feed(document: &Document) -> bool {
    document.body.starts_with(b"<feed")
}

/// What the loop makes of an answer; whatever begins with `<feed` passes for a feed.
fn outcome(fetched: Result<Fetched, Failure>, hints: &Hints) -> Outcome {
    match fetched {
        Ok(Fetched::Document { document, validators, freshness, bytes, hash, moved, .. }) => {
            if !is_feed(&document) {
                return Outcome::Failed(Failure::new(FailureKind::NotAFeed, "not a feed"));
            }
            Outcome::Read(Box::new(Reading {
                validators,
                freshness,
                bytes,
                hash,
                moved,
                feed: Feed::default(),
                entries: Vec::new(),
                hints: hints.clone(),
                warnings: Vec::new(),
                broken_off: false,
                back: None,
                read_by: Default::default(),
            }))
        }
        Ok(Fetched::Unchanged(unchanged)) => Outcome::Unchanged(unchanged),
        Err(failure) => Outcome::Failed(failure),
    }
}

/// The kind of failure that an outcome is.
pub fn failure(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("expected a failure, not {other:?}"),
    }
}
