//! Applies turns at their sequences: each once, and only what its node was entitled to append.

use serde::Serialize;

use super::ownership::partition_of;
use super::turn::{Event, Step, Turn};
use super::{Engine, Ingested, Polled, Reader};
use crate::model::{
    Applied, Assignment, EngineRecord, FailureKind, NodeName, Outcome, Poll, SourceId, SourceState,
    StateDigest, Timestamp,
};
use crate::store::{Commit, StoreError};

/// Turns may be dated so much later than the stream received them.
const LATEST: std::time::Duration = std::time::Duration::from_secs(60);

/// The rules version of turns that every version can apply.
pub const ANY_RULES: u32 = 0;

/// A turn as it is in the stream.
#[derive(Debug, Clone)]
pub struct Sequenced {
    /// Where it is in the stream.
    pub sequence: u64,
    /// When the stream received it.
    pub at: Timestamp,
    /// The node that appended it.
    pub node: NodeName,
    /// Which of the node's turns it is, from 1.
    pub number: u64,
    /// Its rules version; [`ANY_RULES`] if every version can apply it.
    pub rules: u32,
    /// For a plan: the hash of the plan that it replaces; `None` replaces any.
    pub follows: Option<u64>,
    /// Whether an operator has had all nodes skip it.
    pub is_skipped: bool,
    /// The turn; `None` if there is nothing to apply.
    pub turn: Option<Turn>,
}

/// The engine's knowledge of the stream. There is none on a machine of its own.
#[derive(Debug, Clone)]
pub struct StreamState {
    /// How far the stream is applied.
    pub applied: Applied,
    /// The owners of the sources, once they are assigned.
    pub assignment: Option<Assignment>,
}

impl StreamState {
    /// Reads the records of a store; `None` if the store belongs to no stream.
    pub fn of(records: &[EngineRecord]) -> Option<Self> {
        let applied = records.iter().find_map(|record| match record {
            EngineRecord::Applied(applied) => Some(applied.clone()),
            _ => None,
        })?;
        let assignment = records.iter().find_map(|record| match record {
            EngineRecord::Assignment(assignment) => Some(assignment.clone()),
            _ => None,
        });
        Some(Self { applied, assignment })
    }

    /// The text of the plan in force, as the nodes share it.
    pub fn shared_plan(records: &[EngineRecord]) -> Option<&str> {
        records.iter().find_map(|record| match record {
            EngineRecord::SharedPlan { text } => Some(&**text),
            _ => None,
        })
    }

    /// Removes the records that make a store part of a stream.
    pub fn leave(records: &[EngineRecord], commit: &mut Commit) {
        let of_stream = records.iter().filter(|record| record.is_of_stream());
        commit.engine_removed.extend(of_stream.map(EngineRecord::key));
    }

    /// Whether a node may act for all nodes.
    pub fn is_leader(&self, node: &NodeName) -> bool {
        self.assignment.as_ref().is_some_and(|assigned| assigned.leader == *node)
    }
}

impl Engine {
    /// Makes the store part of a stream. Returns what to write.
    pub fn begin_stream(&mut self, state: StreamState) -> Commit {
        let applied = EngineRecord::Applied(state.applied.clone());
        let text = self.plan.shared.as_deref().unwrap_or_default().to_owned();
        self.stream = Some(state);
        // As a node that begins with an empty store writes it.
        let former = EngineRecord::FormerPlans { texts: Vec::new() };
        let engine = vec![applied, EngineRecord::SharedPlan { text }, former];
        Commit { engine, ..Commit::default() }
    }

    /// The state of the stream; `None` on a machine alone.
    pub fn stream(&self) -> Option<&StreamState> {
        self.stream.as_ref()
    }

    /// Applies a turn of the stream. Its commit records the sequence, so a restart continues after
    /// it. A turn that was applied before, and one that its node may not append, changes nothing.
    ///
    /// # Errors
    /// The store cannot be read; the engine is of no use any more.
    pub fn apply_sequenced(
        &mut self,
        sequenced: Sequenced,
        reader: &Reader<'_>,
    ) -> Result<Step, StoreError> {
        let Sequenced { sequence, at, node, number, rules, follows, is_skipped, turn } = sequenced;
        let Some(state) = &mut self.stream else { return Ok(Step::default()) };
        let known = state.applied.numbers.get(&node).copied();
        (state.applied.sequence, state.applied.at) = (sequence, at.max(state.applied.at));
        if is_skipped {
            state.applied.skipped.insert(sequence);
        }
        if !is_skipped && known.is_some_and(|known| number <= known) {
            let polls = match turn {
                Some(Turn::Polls(polls)) => polls.into_iter().map(void).collect(),
                _ => Vec::new(),
            };
            return Ok(Step { at: self.progress.applied, polls, ..Step::default() });
        }
        // A skipped message that cannot be read may have no number.
        if number > 0 {
            state.applied.numbers.insert(node.clone(), number);
        }
        let lost = known.map_or(0, |known| number.saturating_sub(known + 1));
        let (in_force, mut refused) = (state.applied.rules, Vec::new());
        let is_of_other_rules = rules != ANY_RULES && rules != in_force;
        let turn = match turn {
            Some(Turn::Polls(polls)) if is_of_other_rules || is_skipped => {
                refused = polls;
                None
            }
            turn => turn.filter(|_| !is_of_other_rules && !is_skipped),
        };
        let turn = turn.map(|turn| turn.dated_by(at.after(LATEST)));
        let turn = turn.and_then(|turn| self.entitled(turn, &node, follows, at, &mut refused));
        let mut step = match turn {
            Some(turn) => self.apply(turn, reader)?,
            None => Step { at: self.progress.applied, ..Step::default() },
        };
        step.polls.extend(refused.into_iter().map(void));
        if lost > 0 {
            step.events.push(Event::TurnsLost { node: node.clone(), count: lost });
        }
        if is_of_other_rules {
            step.events.push(Event::OtherRules { node, rules });
        }
        if let Some(state) = &mut self.stream {
            let before = state.applied.digest;
            state.applied.digest = chained(before, sequence, is_skipped, &step.commit);
            step.commit.engine.push(EngineRecord::Applied(state.applied.clone()));
        }
        Ok(step)
    }

    /// The part of a turn that its node may append under the last assignment (the fence). Polls
    /// that are dropped lose nothing: their source's state has not advanced.
    fn entitled(
        &self,
        turn: Turn,
        node: &NodeName,
        follows: Option<u64>,
        at: Timestamp,
        refused: &mut Vec<Poll>,
    ) -> Option<Turn> {
        let state = self.stream.as_ref()?;
        let leads = state.is_leader(node);
        match turn {
            Turn::Polls(polls) => {
                let mut kept = Vec::new();
                for poll in polls {
                    // The record of a document that processes die of is not to be lost.
                    let is_crash = matches!(&poll.outcome, Outcome::Failed(failure)
                        if failure.kind == FailureKind::Crash);
                    let is_entitled = poll.at <= at.after(LATEST)
                        && !state.applied.paused
                        && (is_crash || self.is_owner(node, &poll.source));
                    if is_entitled { kept.push(poll) } else { refused.push(poll) }
                }
                (!kept.is_empty()).then_some(Turn::Polls(kept))
            }
            Turn::HubRequested { ref source, .. } | Turn::HubAnswered { ref source, .. } => {
                self.is_owner(node, source).then_some(turn)
            }
            Turn::Plan { .. } => {
                follows.is_none_or(|follows| follows == state.applied.plan).then_some(turn)
            }
            Turn::Assign(ref new) => {
                let is_next = state.assignment.as_ref().is_none_or(|known| {
                    new.term > known.term || (new.term == known.term && new.leader == known.leader)
                });
                (is_next && new.leader == *node).then_some(turn)
            }
            Turn::TopicFilled { .. }
            | Turn::ArchiveContinued { .. }
            | Turn::SubscribersUpdated { .. }
            | Turn::HubNotified { .. } => leads.then_some(turn),
            // Between a pause and its end, so that no turn of the version before comes after it.
            Turn::RulesVersion { number } => {
                (state.applied.paused && number > state.applied.rules).then_some(turn)
            }
            Turn::ClockCorrected { .. } => None,
            _ => Some(turn),
        }
    }

    /// The owner of a source under the last assignment.
    pub fn owner_of(&self, source: &SourceId) -> Option<&NodeName> {
        let assignment = self.stream.as_ref()?.assignment.as_ref()?;
        let source = self.plan.sources.get(source)?;
        assignment.owner(self.with_source_state(&source.id, |state| partition_of(source, state)))
    }

    /// Whether a node owns a source. A source that is not in the plan is nobody's.
    pub fn is_owner(&self, node: &NodeName, source: &SourceId) -> bool {
        self.owner_of(source) == Some(node)
    }

    /// The number of sources in each partition.
    pub fn weights(&self) -> std::collections::BTreeMap<crate::model::Partition, u64> {
        let mut weights = std::collections::BTreeMap::new();
        for source in self.plan.sources.values() {
            let of = |state: &SourceState| partition_of(source, state);
            *weights.entry(self.with_source_state(&source.id, of)).or_default() += 1;
        }
        weights
    }

    /// Takes in a turn that is about the cluster itself.
    pub(super) fn cluster_turn(
        &mut self,
        turn: Turn,
        work: &mut super::turn_in_progress::TurnInProgress<'_>,
    ) {
        let Some(state) = &mut self.stream else { return };
        match turn {
            Turn::Assign(assignment) => {
                let assignment = Assignment { at: state.applied.at, ..assignment };
                let before = state.assignment.replace(assignment.clone());
                work.commit.engine.push(EngineRecord::Assignment(assignment));
                work.events.push(Event::Assigned { before });
            }
            Turn::Pause { .. } => state.applied.paused = true,
            Turn::Resume { .. } => state.applied.paused = false,
            Turn::RulesVersion { number } => {
                state.applied.rules = number;
                work.events.push(Event::RulesVersion(number));
            }
            Turn::Skip { sequence } => {
                let is_earlier = sequence < state.applied.sequence;
                if is_earlier && !state.applied.skipped.contains(&sequence) {
                    work.events.push(Event::AppliedUnlikeOthers { sequence });
                }
            }
            _ => {}
        }
    }

    /// Records the plan in force as the nodes share it.
    pub(super) fn share_plan(&mut self, work: &mut super::turn_in_progress::TurnInProgress<'_>) {
        if let (Some(state), Some(shared)) = (&mut self.stream, &self.plan.shared) {
            state.applied.plan = plan_hash(shared);
            work.commit.engine.push(EngineRecord::SharedPlan { text: shared.to_string() });
        }
    }
}

/// The hash by which a plan names the one that it replaces.
pub fn plan_hash(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// The state of a store that is the beginning of a stream.
pub fn genesis(id: &str, at: Timestamp, plan: &str, rules: u32) -> StreamState {
    let applied = Applied {
        genesis: id.to_owned(),
        sequence: 1,
        at,
        numbers: Default::default(),
        digest: StateDigest::default(),
        rules,
        plan: plan_hash(plan),
        paused: false,
        skipped: Default::default(),
    };
    StreamState { applied, assignment: None }
}

fn void(poll: Poll) -> Polled {
    Polled { poll, ingested: Ingested::default(), is_held_anew: false, is_void: true }
}

/// Hashes the changes of a turn onto the digest before it. Places of topics are left out: those of
/// a topic that is being filled are derived data, and each node finds them in its own time.
fn chained(before: StateDigest, sequence: u64, is_skipped: bool, commit: &Commit) -> StateDigest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before.0).update(&sequence.to_le_bytes()).update(&[u8::from(is_skipped)]);
    let mut add = |value: &dyn erased::Hashed| value.add_to(&mut hasher);
    add(&commit.source_states);
    add(&commit.listed);
    commit.admitted.iter().for_each(|admitted| add(&admitted.story));
    add(&commit.retired);
    add(&commit.forgotten);
    let of_turns = |record: &&EngineRecord| {
        !matches!(record, EngineRecord::Unfinished { .. } | EngineRecord::TopicVersion { .. })
    };
    commit.engine.iter().filter(of_turns).for_each(|record| add(record));
    add(&commit.subscribers);
    add(&commit.unsubscribed);
    add(&commit.archived);
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    StateDigest(digest)
}

/// Hashes whatever can be serialised.
mod erased {
    use super::Serialize;

    pub(super) trait Hashed {
        fn add_to(&self, hasher: &mut blake3::Hasher);
    }

    impl<T: Serialize> Hashed for T {
        fn add_to(&self, hasher: &mut blake3::Hasher) {
            // A hasher takes everything, and these types serialise.
            let _ = rmp_serde::encode::write(hasher, self);
        }
    }
}
