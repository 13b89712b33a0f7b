//! Turns of a stream: each node that applies them has the same state, whatever else happens to it,
//! and what a node was not entitled to append changes nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gazetted::config::Plan;
use gazetted::engine::{
    ANY_RULES, Engine, Event, RULES_VERSION, Reader, Sequenced, StartupProgress, Step, StreamState,
    Turn, genesis,
};
use gazetted::model::{
    Assignment, Failure, FailureKind, NodeName, Outcome, Poll, SourceId, StateDigest, Timestamp,
};
use gazetted::store::{self, Store};
use tempfile::TempDir;

use super::generator::{Generator, Numbers, start};
use super::replay::config;

pub fn node(name: &str) -> NodeName {
    NodeName::new(name)
}

/// Compiles a configuration of a node of a cluster.
pub fn plan(lines: &str) -> Arc<Plan> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gazetted.toml");
    std::fs::write(directory.path().join("secret"), "0123456789abcdef".repeat(4)).unwrap();
    let cluster = "[cluster]\nservers = [\"nats://localhost:1\"]\nnode = \"a\"\ncluster_secret_file = \"secret\"\n";
    let store = "[store]\npath = \"store\"\nkeep = \"25d\"\nstories = 200\nkeep_keys = \"10d\"\n";
    std::fs::write(&path, config(store, lines) + cluster).unwrap();
    Arc::new(Plan::load(&path).unwrap().plan)
}

/// All partitions belong to one node.
pub fn assigned_to(owner: &str, term: u64) -> Turn {
    let (leader, nodes) = (node(owner), vec![node(owner)]);
    let at = Timestamp::EPOCH;
    Turn::Assign(Assignment {
        term,
        leader,
        alive: nodes.clone(),
        nodes,
        owners: vec![0; 1024],
        at,
    })
}

/// A node's engine and store.
pub struct Replica {
    directory: TempDir,
    plan: Arc<Plan>,
    /// All plans that were in force.
    plans: Vec<Arc<Plan>>,
    pub engine: Engine,
    store: Arc<dyn Store>,
}

impl Replica {
    pub async fn new(plan: &Arc<Plan>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut replica = Self::open(directory, plan.clone(), start()).await;
        let text = plan.shared.as_deref().unwrap();
        let begun = replica.engine.begin_stream(genesis("g", start(), text, RULES_VERSION));
        replica.store.commit(begun).await.unwrap();
        replica
    }

    async fn open(directory: TempDir, plan: Arc<Plan>, at: Timestamp) -> Self {
        let store = store::open(&directory.path().join("store"), 16 << 20).unwrap();
        let progress = StartupProgress::default();
        let opened = Engine::open(plan.clone(), &*store, at, &progress);
        let (engine, step) = opened.unwrap();
        store.commit(step.commit).await.unwrap();
        Self { directory, plans: vec![plan.clone()], plan, engine, store }
    }

    /// As the process does at a start, with a clock far ahead.
    pub async fn restart(self) -> Self {
        let plan = self.plan.clone();
        self.restart_by(plan).await
    }

    /// The same, with the plan as this node's files have it.
    pub async fn restart_by(self, plan: Arc<Plan>) -> Self {
        let Self { directory, engine, store, plans, .. } = self;
        drop(engine);
        store.close().unwrap();
        let later = start().after(Duration::from_secs(900 * 24 * 3600));
        Self { plans, ..Self::open(directory, plan, later).await }
    }

    /// Another node that begins from a backup of this one.
    async fn copy(&self) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("backup");
        store::backup(&*self.store, &file).unwrap();
        store::restore(&file, &directory.path().join("store"), 16 << 20, false).unwrap();
        let later = start().after(Duration::from_secs(900 * 24 * 3600));
        Self::open(directory, self.plan.clone(), later).await
    }

    pub async fn apply(&mut self, turn: &Sequenced) -> Step {
        let recent = HashMap::new();
        let mut step =
            self.engine.apply_sequenced(turn.clone(), &Reader::new(&*self.store, &recent)).unwrap();
        self.store.commit(std::mem::take(&mut step.commit)).await.unwrap();
        if step.events.contains(&Event::Planned) {
            self.plan = self.engine.plan().clone();
            self.plans.push(self.plan.clone());
        }
        step
    }

    /// Matches a slice of the stored stories against changed topics, if there are any.
    async fn fill(&mut self) {
        if self.engine.is_filling() && !self.engine.is_filled() {
            let recent = HashMap::new();
            let commit = self.engine.fill(&Reader::new(&*self.store, &recent)).unwrap();
            self.store.commit(commit).await.unwrap();
        }
    }

    pub fn digest(&self) -> StateDigest {
        self.engine.stream().unwrap().applied.digest
    }

    /// All that the store holds, without what each node records for itself.
    fn records(&self) -> Vec<String> {
        let own = |line: &String| !line.contains("\"unfinished\"");
        let records = self.store.records();
        records.map(|record| serde_json::to_string(&record.unwrap()).unwrap()).filter(own).collect()
    }
}

/// The turns of a stream, as node `a` appends them.
pub struct Log {
    sequence: u64,
    number: HashMap<NodeName, u64>,
    last: Timestamp,
}

impl Log {
    pub fn new() -> Self {
        Self { sequence: 1, number: HashMap::new(), last: start() }
    }

    pub fn by(&mut self, name: &str, at: Timestamp, turn: Turn) -> Sequenced {
        self.sequence += 1;
        self.last = self.last.max(at);
        let number = self.number.entry(node(name)).or_default();
        *number += 1;
        let rules = if turn.is_control() { ANY_RULES } else { RULES_VERSION };
        Sequenced {
            sequence: self.sequence,
            at: self.last,
            node: node(name),
            number: *number,
            rules,
            follows: None,
            is_skipped: false,
            turn: Some(turn),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_restart_or_begin_from_a_backup_have_the_state_of_the_others() {
    for seed in [41, 42] {
        let plans = [
            plan("entries = 5\nkeep = \"12d\""),
            plan("entries = 5\nstories = 30\nexplain = true"),
        ];
        let mut straight = Replica::new(&plans[0]).await;
        let mut disturbed = Replica::new(&plans[0]).await;
        let mut copy: Option<Replica> = None;
        let (mut replanned, mut filled) = (0, 0);
        let (mut log, mut generator, mut dice) =
            (Log::new(), Generator::new(seed), Numbers::of(seed ^ 9));
        let mut turn = log.by("a", start(), assigned_to("a", 1));
        for count in 0..400 {
            straight.apply(&turn).await;
            disturbed.apply(&turn).await;
            if let Some(copy) = &mut copy {
                copy.apply(&turn).await;
                assert_eq!(copy.digest(), straight.digest(), "seed {seed}, turn {count}: {turn:?}");
                copy.fill().await;
            }
            assert_eq!(
                disturbed.digest(),
                straight.digest(),
                "seed {seed}, turn {count}: {turn:?}"
            );
            straight.fill().await;
            disturbed.fill().await;
            if dice.percent(6) {
                disturbed = disturbed.restart().await;
            }
            // A backup is of a store that is filled.
            if count >= 170 && copy.is_none() && !straight.engine.is_filling() {
                copy = Some(straight.copy().await);
            }
            let now = generator.pass();
            turn = match count {
                120 | 250 => {
                    let plan = plans[usize::from(count == 120)].clone();
                    replanned = count;
                    log.by("a", now, Turn::Plan { plan, at: now })
                }
                // The polls between were applied while topics were filled.
                _ if straight.engine.is_filled() && count > replanned + 15 => {
                    filled += 1;
                    let topics = straight.engine.filling();
                    log.by("a", now, Turn::TopicFilled { topics, at: now })
                }
                _ if straight.engine.has_archive_backlog() && !straight.engine.is_filling() => {
                    log.by("a", now, Turn::ArchiveContinued { at: now })
                }
                _ => {
                    let poll = generator.poll();
                    log.by("a", poll.at, Turn::Polls(vec![poll]))
                }
            };
        }
        let copy = copy.unwrap();
        assert_eq!(filled, 2, "both changes of topics came into force");
        assert_eq!(straight.records(), disturbed.records(), "seed {seed}");
        assert_eq!(straight.records(), copy.records(), "seed {seed}");
        let volumes = straight.store.archive("/topics/").unwrap();
        assert!(volumes.len() > 5, "volumes were closed: {volumes:?}");
    }
}

/// A poll of a source that failed.
pub fn failed(source: &str, at: Timestamp, kind: FailureKind, plan: &Plan) -> Poll {
    let source = &plan.sources[&SourceId::new(source)];
    Poll::of(source, at, Outcome::Failed(Failure::new(kind, "nothing came")))
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_of_a_node_that_does_not_own_their_source_change_nothing() {
    let plan = plan("entries = 5");
    let mut replica = Replica::new(&plan).await;
    let (mut log, at) = (Log::new(), start().after(Duration::from_secs(60)));
    let poll = |kind| Turn::Polls(vec![failed("s1", at, kind, &plan)]);
    let polls = |replica: &Replica| {
        replica.engine.with_source_state(&SourceId::new("s1"), |state| state.polls)
    };
    let step = replica.apply(&log.by("a", at, poll(FailureKind::Timeout))).await;
    assert!(step.polls[0].is_void, "nothing is assigned yet");
    replica.apply(&log.by("a", at, assigned_to("a", 5))).await;
    replica.apply(&log.by("b", at, poll(FailureKind::Timeout))).await;
    assert_eq!(polls(&replica), 0, "b owns nothing");
    let own = log.by("a", at, poll(FailureKind::Timeout));
    replica.apply(&own).await;
    assert_eq!(polls(&replica), 1);
    // The same turn again, as after a message that came twice.
    let twice = Sequenced { sequence: own.sequence + 1, ..own };
    log.sequence += 1;
    let step = replica.apply(&twice).await;
    assert_eq!((polls(&replica), step.polls.len()), (1, 1), "its polls are void");
    assert!(step.polls[0].is_void);
    // A leader of before, and one that names another.
    replica.apply(&log.by("b", at, assigned_to("b", 4))).await;
    replica.apply(&log.by("b", at, assigned_to("a", 6))).await;
    assert!(replica.engine.is_owner(&node("a"), &SourceId::new("s1")));
    replica.apply(&log.by("b", at, assigned_to("b", 7))).await;
    replica.apply(&log.by("a", at, poll(FailureKind::Timeout))).await;
    assert_eq!(polls(&replica), 1, "a has lost it");
    // A document that processes die of is recorded, whoever met it.
    replica.apply(&log.by("a", at, poll(FailureKind::Crash))).await;
    assert_eq!(polls(&replica), 2);
    replica.apply(&log.by("a", at, Turn::Pause { at })).await;
    replica.apply(&log.by("b", at, poll(FailureKind::Timeout))).await;
    assert_eq!(polls(&replica), 2, "nobody polls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_does_not_move_the_time_of_the_stream() {
    let plan = plan("entries = 5");
    let mut replica = Replica::new(&plan).await;
    let mut log = Log::new();
    let (at, ahead) = (
        start().after(Duration::from_secs(60)),
        start().after(Duration::from_secs(3600 * 24 * 365)),
    );
    replica.apply(&log.by("a", at, assigned_to("a", 1))).await;
    let source = SourceId::new("s1");
    let crash = failed("s1", ahead, FailureKind::Crash, &plan);
    let Turn::Polls(polls) = Turn::Polls(vec![crash]) else { unreachable!() };
    let turns = [
        Turn::PingReceived { source: source.clone(), at: ahead },
        Turn::PollRequested { source: source.clone(), at: ahead },
        Turn::HubCallback { source, token: "t".to_owned(), query: Vec::new(), at: ahead },
        Turn::SubscribersUpdated {
            updated: Vec::new(),
            removed: Vec::new(),
            answered: Vec::new(),
            at: ahead,
        },
        Turn::Plan { plan: plan.clone(), at: ahead },
        Turn::Pause { at: ahead },
        Turn::Resume { at: ahead },
        Turn::PushReceived(Box::new(failed("s2", ahead, FailureKind::Timeout, &plan))),
        Turn::Polls(polls),
    ];
    for turn in turns {
        let shown = format!("{turn:?}");
        replica.apply(&log.by("a", at, turn)).await;
        assert!(replica.engine.now() <= at.after(Duration::from_secs(60)), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rules_version_is_in_force_from_its_turn_on_and_others_are_dropped() {
    let plan = plan("entries = 5");
    let mut replica = Replica::new(&plan).await;
    let (mut log, at) = (Log::new(), start().after(Duration::from_secs(60)));
    replica.apply(&log.by("a", at, assigned_to("a", 1))).await;
    let rules = |replica: &Replica| replica.engine.stream().unwrap().applied.rules;
    let raise = |number| Turn::RulesVersion { number };
    replica.apply(&log.by("a", at, raise(RULES_VERSION + 1))).await;
    assert_eq!(rules(&replica), RULES_VERSION, "only while nobody polls");
    replica.apply(&log.by("a", at, Turn::Pause { at })).await;
    replica.apply(&log.by("a", at, raise(RULES_VERSION - 1))).await;
    assert_eq!(rules(&replica), RULES_VERSION, "it only rises");
    replica.apply(&log.by("a", at, raise(RULES_VERSION + 1))).await;
    replica.apply(&log.by("a", at, Turn::Resume { at })).await;
    assert_eq!(rules(&replica), RULES_VERSION + 1);
    let poll = Turn::Polls(vec![failed("s1", at, FailureKind::Timeout, &plan)]);
    let step = replica.apply(&log.by("a", at, poll)).await;
    assert!(step.polls[0].is_void);
    assert!(step.events.contains(&Event::OtherRules { node: node("a"), rules: RULES_VERSION }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_turn_shows_nodes_that_have_applied_it() {
    let plan = plan("entries = 5");
    let (mut skips, mut applies) = (Replica::new(&plan).await, Replica::new(&plan).await);
    let (mut log, at) = (Log::new(), start().after(Duration::from_secs(60)));
    let assigned = log.by("a", at, assigned_to("a", 1));
    let poll = log.by("a", at, Turn::Polls(vec![failed("s1", at, FailureKind::Timeout, &plan)]));
    let skip = log.by("b", at, Turn::Skip { sequence: poll.sequence });
    let skipped = Sequenced { is_skipped: true, ..poll.clone() };
    for turn in [&assigned, &skipped, &skip] {
        let step = skips.apply(turn).await;
        assert!(
            step.events.iter().all(|event| !matches!(event, Event::AppliedUnlikeOthers { .. }))
        );
    }
    let mut shown = false;
    for turn in [&assigned, &poll, &skip] {
        let step = applies.apply(turn).await;
        shown |= step.events.contains(&Event::AppliedUnlikeOthers { sequence: poll.sequence });
    }
    assert!(shown);
    assert_ne!(skips.digest(), applies.digest());
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_turns_are_counted_by_the_numbers_of_their_node() {
    let plan = plan("entries = 5");
    let mut replica = Replica::new(&plan).await;
    let (mut log, at) = (Log::new(), start().after(Duration::from_secs(60)));
    replica.apply(&log.by("a", at, assigned_to("a", 1))).await;
    drop([log.by("a", at, Turn::ClockChecked), log.by("a", at, Turn::ClockChecked)]);
    let step = replica.apply(&log.by("a", at, Turn::ClockChecked)).await;
    assert_eq!(step.events, [Event::TurnsLost { node: node("a"), count: 2 }]);
}
