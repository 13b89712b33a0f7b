//! Tests that the loop loses, repeats and shows nothing, whichever of its commits a full or failing disk
//! refuses (D5).
//!
//! The clock of the runtime stands still while anything is done, so the wait for room takes no time.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gazetted::clock::Clock;
use gazetted::config::Plan;
use gazetted::fetch::Refusal;
use gazetted::pipeline::{EngineDriver, Pipeline, Request};
use gazetted::publish::ResponseCache;
use gazetted::store::{Commit, Committed, InMemory, Store, StoreError};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::support::watched_store::{pass_reads_on, types::*};
use crate::support::world::{START, atom};

/// Longer than the loop waits before it writes again.
const A_WHILE: Duration = Duration::from_secs(31);

/// A store that refuses one of its commits, once.
struct Refusing {
    store: Arc<InMemory>,
    made: AtomicUsize,
    /// Which one.
    refused: usize,
    error: StoreError,
}

impl Refusing {
    fn reads(&self, _name: &'static str) {}

    fn commits(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }
}

impl Store for Refusing {
    pass_reads_on!();

    fn commit_shared(&self, commit: Arc<Commit>) -> Committed {
        match self.made.fetch_add(1, Ordering::Relaxed) == self.refused {
            true => Box::pin(std::future::ready(Err(self.error.clone()))),
            false => self.store.commit_shared(commit),
        }
    }

    /// It outlives those who use it.
    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn full() -> StoreError {
    StoreError::Full { path: "store".to_owned(), free: 1, needed: 2 }
}

fn failing() -> StoreError {
    StoreError::Unwritable { path: "store".to_owned(), what: "input/output error".to_owned() }
}

/// A daemon's loop over two files, and what happens to them.
struct Scene<'a> {
    directory: &'a Path,
    store: Arc<Refusing>,
    cache: Arc<ResponseCache>,
    clock: Clock,
    requests: mpsc::Sender<Request>,
    running: JoinHandle<Result<(), StoreError>>,
    /// Commits of the start, which a full disk ends.
    at_start: usize,
    /// How often it was started again.
    restarts: usize,
    /// How many commits there were before the end.
    commits: usize,
}

/// Documents and queries, one after the other. The first are read in no certain order.
const STEPS: [(&[&str], &str); 6] = [
    (&[], "harbour"),
    (&["Notice 1 about the harbour", "Notice 2 about the bridge"], "harbour"),
    (&["Notice 3 about the harbour", "Notice 2 about the bridge"], "harbour"),
    (&["Notice 3 about the harbour", "Notice 4 about the harbour and its bridge"], "bridge"),
    (&["Notice 5 about the bridge", "Notice 6 about the harbour"], "bridge"),
    (&["Notice 7 about the harbour", "Notice 8 about the bridge"], "harbour"),
];

fn plan(directory: &Path, query: &str) -> Arc<Plan> {
    let path = directory.join("gazetted.toml");
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example.org/\"\n\
         [store]\npath = \"store\"\n\
         [defaults]\ninterval = \"1d\"\n\
         [[source]]\nid = \"a\"\nurl = \"file:a.atom\"\n[[source]]\nid = \"b\"\nurl = \"file:b.atom\"\n\
         [[topic]]\nid = \"all\"\ntitle = \"All\"\nquery = \"notice\"\nentries = 3\n\
         [[topic]]\nid = \"works\"\ntitle = \"Works\"\nquery = \"{query}\"\n"
    );
    fs::write(&path, config).unwrap();
    Arc::new(Plan::load(&path).unwrap().plan)
}

async fn started(
    plan: &Arc<Plan>,
    store: &Arc<Refusing>,
    cache: &Arc<ResponseCache>,
    clock: &Clock,
) -> (mpsc::Sender<Request>, JoinHandle<Result<(), StoreError>>) {
    let (plan, now) = (plan.clone(), clock.now());
    let driver = EngineDriver::open(plan, store.clone(), cache.clone(), now).await.unwrap();
    let (requests, incoming) = mpsc::channel(8);
    let pipeline = Pipeline::new(driver, clock.clone(), incoming).unwrap();
    (requests, tokio::spawn(pipeline.run()))
}

impl<'a> Scene<'a> {
    /// Everything, where the `refused`th commit after the start meets `error`.
    async fn played(directory: &'a Path, refused: usize, error: StoreError) -> Self {
        let clock = Clock::by_hand(Timestamp::parse_rfc3339(START).unwrap());
        let (made, store) = (AtomicUsize::new(0), Arc::default());
        let plan = plan(directory, STEPS[0].1);
        // The commits of a start are those of an undisturbed one.
        let first = Arc::new(Refusing { store, made, refused: usize::MAX, error: error.clone() });
        write(directory, 0);
        let cache = Arc::default();
        let now = clock.now();
        drop(
            EngineDriver::open(plan.clone(), first.clone(), Arc::clone(&cache), now).await.unwrap(),
        );
        let at_start = first.commits();
        let store = Arc::new(Refusing {
            store: first.store.clone(),
            made: AtomicUsize::new(at_start),
            refused: at_start.saturating_add(refused),
            error,
        });
        let (requests, running) = started(&plan, &store, &cache, &clock).await;
        let (restarts, commits) = (0, 0);
        let mut scene =
            Self { directory, store, cache, clock, requests, running, at_start, restarts, commits };
        for step in 0..STEPS.len() {
            scene.step(step).await;
        }
        scene.commits = scene.store.commits() - scene.at_start;
        scene.requests.send(Request::Stop).await.unwrap();
        (&mut scene.running).await.unwrap().unwrap();
        scene
    }

    /// Documents change an hour later, then the plan; until all that is read and in force.
    async fn step(&mut self, step: usize) {
        if step > 0 {
            self.clock.advance(Duration::from_secs(3600));
            write(self.directory, step);
        }
        let plan = plan(self.directory, STEPS[step].1);
        loop {
            let done = self.poll("a").await && self.poll("b").await && self.replan(&plan).await;
            self.assert_shown_is_stored();
            if done {
                return;
            }
            if self.running.is_finished() {
                assert_eq!((&mut self.running).await.unwrap(), Err(failing()));
                (self.requests, self.running) =
                    started(&plan, &self.store, &self.cache, &self.clock).await;
                self.restarts += 1;
            } else {
                tokio::time::sleep(A_WHILE).await;
            }
        }
    }

    /// Whether a source could be polled.
    async fn poll(&self, source: &str) -> bool {
        let (done, polled) = oneshot::channel();
        let source = SourceId::new(source);
        let request = Request::PollNow { source, insists: true, done };
        self.requests.send(request).await.is_ok()
            && match polled.await {
                Ok(Ok(_)) => true,
                Ok(Err(Refusal::DiskFull)) | Err(_) => false,
                Ok(Err(other)) => panic!("{other}"),
            }
    }

    /// Whether a plan could be put in force, and its topics are filled.
    async fn replan(&self, plan: &Arc<Plan>) -> bool {
        let (in_force, accepted) = oneshot::channel();
        let (done, filled) = oneshot::channel();
        let plan = plan.clone();
        let request = Request::Replan { plan, force: false, in_force, done };
        self.requests.send(request).await.is_ok()
            && accepted.await.is_ok_and(|accepted| accepted.is_ok())
            && filled.await.is_ok()
    }

    /// Titles that a topic's feed shows.
    fn shown(&self, topic: &str) -> Vec<String> {
        let body = self.cache.body(&format!("/topics/{topic}.json")).unwrap();
        let feed: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let items = feed["items"].as_array().unwrap().iter();
        items.map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }

    fn assert_shown_is_stored(&self) {
        let stored = self.store.stories(None, 100).unwrap();
        for title in ["all", "works"].iter().flat_map(|topic| self.shown(topic)) {
            let is_stored = stored.iter().any(|story| story.members[0].entry.title == title);
            assert!(is_stored, "{title} is shown and not stored");
        }
    }

    /// What is stored but for the states of sources, which count every poll, and, where it was
    /// started again, the dates of feeds, which a plan that comes into force again moves.
    fn stored(&self, with_dates: bool) -> Vec<String> {
        let is_compared = |record: &Record| match record {
            Record::SourceState { .. } => false,
            Record::Engine { record: EngineRecord::Feed { .. } } => with_dates,
            _ => true,
        };
        let records = self.store.records().map(Result::unwrap).filter(is_compared);
        records.map(|record| serde_json::to_string(&record).unwrap()).collect()
    }

    fn assert_same(&self, other: &Self, how: &str) {
        for topic in ["all", "works"] {
            assert_eq!(self.shown(topic), other.shown(topic), "{how}: {topic}");
        }
        let with_dates = other.restarts == 0;
        let (stored, others) = (self.stored(with_dates), other.stored(with_dates));
        let differs = stored.iter().zip(&others).find(|(one, other)| one != other);
        assert_eq!(differs, None, "{how}");
        assert_eq!(stored.len(), others.len(), "{how}");
    }
}

/// Writes both documents: the second source has half of what the first has.
fn write(directory: &Path, step: usize) {
    let entries: Vec<[String; 3]> = STEPS[step]
        .0
        .iter()
        .map(|title| {
            let number = title.split(' ').nth(1).unwrap();
            let id = format!("tag:site.example,2025:{number}");
            [id, format!("https://site.example/{number}"), (*title).to_owned()]
        })
        .collect();
    let atom = |entries: &[[String; 3]]| {
        let dated = "2025-04-03T08:00:00Z";
        let entries: Vec<_> =
            entries.iter().map(|[id, link, title]| (&**id, &**link, &**title, dated)).collect();
        atom(&entries)
    };
    fs::write(directory.join("a.atom"), atom(&entries)).unwrap();
    fs::write(directory.join("b.atom"), atom(entries.get(1..).unwrap_or_default())).unwrap();
}

#[tokio::test(start_paused = true)]
async fn d05_whichever_commit_a_full_disk_refuses_the_loop_loses_and_shows_nothing_else() {
    let directory = TempDir::new().unwrap();
    let straight = Scene::played(directory.path(), usize::MAX, full()).await;
    let commits = straight.commits;
    assert!(commits > 2 * STEPS.len(), "{commits}");
    assert_eq!(straight.shown("all").len(), 3);
    assert_eq!(straight.store.count().unwrap(), 8);
    for refused in 0..commits {
        let disturbed = Scene::played(directory.path(), refused, full()).await;
        straight.assert_same(&disturbed, &format!("commit {refused} of {commits} refused"));
        assert_eq!(disturbed.restarts, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn d06_whichever_commit_fails_the_loop_ends_and_the_next_start_goes_on() {
    let directory = TempDir::new().unwrap();
    let straight = Scene::played(directory.path(), usize::MAX, failing()).await;
    let mut restarts = 0;
    for refused in 0..straight.commits {
        let disturbed = Scene::played(directory.path(), refused, failing()).await;
        straight.assert_same(&disturbed, &format!("commit {refused} failed"));
        restarts += disturbed.restarts;
    }
    // The first two polls may share a commit.
    assert!(restarts + 1 >= straight.commits, "{restarts} restarts");
}
