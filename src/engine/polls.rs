//! Applies polls: judges their entries, finds their topics, and records what came of each source.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use super::turn::Event;
use super::turn_in_progress::TurnInProgress;
use super::{Engine, Ingested, Polled, Reader};
use crate::announcement;
use crate::config::Plan;
use crate::dedup::{self, Candidate, Extent, Judged, Rules};
use crate::fetch::{self, News};
use crate::model::{
    Enrich, Habits, Hold, Key, KeyKind, Lookalikes, Outcome, Poll, ReadBy, Reading, SourceEvent,
    SourceState, StoryId, Timestamp, Verdict,
};
use crate::store::StoreError;
use crate::websub::inbound;

/// Copies follow within days; shingles are kept for some times as long.
const SHINGLES_KEPT: Duration = Duration::from_secs(12 * 7 * 24 * 3600);

impl Engine {
    /// Applies polls one after the other: each at its own time, with everything that its time
    /// makes due, as if it were alone in its turn. So it does not matter how polls are grouped.
    pub(super) fn polls(
        &mut self,
        mut polls: Vec<Poll>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let plan = self.plan.clone();
        let mut now = work.now;
        for poll in &mut polls {
            now = now.max(poll.at);
            poll.at = now;
        }
        let is_void = |poll: &Poll| {
            let planned = plan.sources.get(&poll.source);
            planned.is_none_or(|source| source.location.hash() != poll.location)
        };
        let candidates = polls.iter().map(|poll| match is_void(poll) {
            true => Vec::new(),
            false => {
                let habits = self.source_state_of(poll, work, |state| state.habits);
                candidates_of(poll, &plan, habits)
            }
        });
        let mut candidates: Vec<_> = candidates.collect();
        let mut known = look_up(&polls, &mut candidates, &rules(&plan), work.reader())?;
        for (poll, candidates) in polls.into_iter().zip(candidates) {
            let now = work.advance(poll.at);
            let horizon = self.progress.horizon;
            self.progress.horizon = horizon.after_poll(now, || self.first_due(work));
            work.horizon = self.progress.horizon.at;
            if is_void(&poll) {
                let (ingested, is_held_anew) = (Ingested::default(), false);
                work.polls.push(Polled { poll, ingested, is_held_anew, is_void: true });
                continue;
            }
            let before = self.source_state_of(&poll, work, |state| Before::of(state, poll.at));
            let ingested = self.poll(&poll, candidates, &mut known, work)?;
            let after = self.source_state_of(&poll, work, |state| Before::of(state, poll.at));
            let hub = self.source_state_of(&poll, work, |state| {
                let is_new = after.is_distrusted && !before.is_distrusted;
                state.push.as_ref().filter(|_| is_new).map(|push| push.offer.hub.clone())
            });
            if let Some(hub) = hub {
                work.events.push(Event::PushDistrusted { source: poll.source.clone(), hub });
            }
            let is_held_anew = after.hold != before.hold;
            work.polls.push(Polled { poll, ingested, is_held_anew, is_void: false });
        }
        Ok(())
    }

    /// Applies a document that a hub pushed. A hub pushes no full texts: where pages are
    /// fetched for the source, a poll is to add them soon.
    pub(super) fn push_received(
        &mut self,
        poll: Poll,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let source = self.plan.sources.get(&poll.source).cloned();
        let is_open = self.with_source_state(&poll.source, |state| state.push.is_some());
        let Some(source) = source.filter(|_| is_open) else {
            // A reload closed the callback meanwhile.
            return Ok(());
        };
        self.polls(vec![poll], work)?;
        if source.enrich != Enrich::None {
            self.hasten(&source, work);
        }
        Ok(())
    }

    fn poll(
        &mut self,
        poll: &Poll,
        mut candidates: Vec<Candidate>,
        known: &mut Lookalikes,
        work: &mut TurnInProgress<'_>,
    ) -> Result<Ingested, StoreError> {
        let (plan, now) = (self.plan.clone(), work.now);
        let habits = self.source_state_of(poll, work, |state| state.habits);
        if document_of(poll).is_none() {
            // Looked up when the poll began; a push may have said something else since.
            candidates.retain(|candidate| dedup::is_current(candidate, known));
        }
        let listed = dedup::listed(&candidates);
        plan.store.retention.let_go(known, work.horizon);
        let allowance = match candidates.is_empty() {
            true => 0,
            false => self.allowance(poll, &listed, work),
        };
        let rules = Rules { habits, ..rules(&plan) };
        let mut judged = dedup::judge_within(candidates, known, &rules, now, allowance);
        if let Some(reading) = document_of(poll) {
            let (source, deleted) = (&poll.source, &reading.hints.deleted);
            let withdrawn = dedup::withdraw(source, deleted, known, &rules, now);
            judged.admitted.extend(withdrawn);
            // A partial document leaves out what the source lists all the same (P52).
            if !reading.freshness.partial {
                let listed = std::mem::take(&mut judged.listed);
                self.list(source, listed, work)?;
            }
        }
        let is_first = self.source_state_of(poll, work, |state| state.last_news.is_none());
        let events = self.record_outcome(poll, &judged, listed, work);
        let left_out = judged.left_out;
        let ingested = Ingested { events, left_out, ..Ingested::of(&judged.admitted) };
        let mut backfill = BTreeSet::new();
        for admitted in judged.admitted {
            if is_first && admitted.verdict == Verdict::New {
                backfill.insert(admitted.story.id);
            }
            self.topics.file(&admitted, work)?;
            work.admit(admitted);
        }
        self.topics.shed(work)?;
        self.forget_shingles(known, work);
        let gone = self.walk(work)?;
        forget(known, &gone);
        self.silences.check(&plan, &self.topics, &mut self.progress, work);
        self.close_volumes(&backfill, work)?;
        self.feeds.touch(&plan, work);
        Ok(ingested)
    }

    /// How many new entries a poll may bring. A source's first document is its archive, however
    /// long it is.
    fn allowance(&self, poll: &Poll, listed: &[Vec<u64>], work: &TurnInProgress<'_>) -> usize {
        let Some(source) = self.plan.sources.get(&poll.source) else { return usize::MAX };
        let most = source.pace().new_a_day.unwrap_or(self.plan.polling.new_a_day);
        self.source_state_of(poll, work, |state| match state.hash {
            None => usize::MAX,
            Some(_) => dedup::allowance(listed, &state.intake, most, poll.at),
        })
    }

    /// When the first of all sources that were polled before is due.
    fn first_due(&self, work: &TurnInProgress<'_>) -> Option<Timestamp> {
        let is_due = |state: &SourceState| {
            let is_known = state.last_poll.is_some() && !state.rests();
            is_known.then_some(state.next_poll)
        };
        let due = self.plan.sources.keys().filter_map(|id| match work.source_state(id) {
            Some(state) => is_due(state),
            None => self.with_source_state(id, is_due),
        });
        due.min()
    }

    /// Looks at the state of a poll's source at this point of the turn.
    fn source_state_of<T>(
        &self,
        poll: &Poll,
        work: &TurnInProgress<'_>,
        look: impl FnOnce(&SourceState) -> T,
    ) -> T {
        match work.source_state(&poll.source) {
            Some(state) => look(state),
            None => self.with_source_state(&poll.source, look),
        }
    }

    /// Once in a span of time: forgets the shingles that are too old to be evidence.
    fn forget_shingles(&mut self, known: &mut Lookalikes, work: &mut TurnInProgress<'_>) {
        let first = dedup::first_passage_of(work.horizon.before(SHINGLES_KEPT));
        if self.shingles_from != Some(first) {
            self.shingles_from = Some(first);
            work.commit.passages_from = Some(first);
            known.by_key.retain(|key, _| key.kind != KeyKind::Passage || key.hash >= first.hash);
        }
    }

    /// Records a poll's outcome and the source's next due time. Returns the events that are worth
    /// reporting.
    fn record_outcome(
        &mut self,
        poll: &Poll,
        judged: &Judged,
        listed: Vec<Vec<u64>>,
        work: &mut TurnInProgress<'_>,
    ) -> Vec<SourceEvent> {
        let Some(source) = self.plan.sources.get(&poll.source) else { return Vec::new() };
        let mut state = self.source_state_of(poll, work, SourceState::clone);
        let intake = document_of(poll).map(|reading| {
            let whole = !reading.freshness.partial && !matches!(poll.outcome, Outcome::Pushed(_));
            // Entries of a source's first document do not count for the day.
            let new = if state.hash.is_none() { 0 } else { judged.new.len() };
            dedup::took_in(&state.intake, (new, judged.waiting), listed, whole, poll.at)
        });
        let news = News { new: judged.new.clone(), known: judged.known, intake };
        let (polling, fleet) = (&self.plan.polling, self.plan.sources.len());
        self.poll_budget.charge(poll, &mut state, source, polling, fleet);
        fetch::record_poll(poll, &news, &mut state, source, polling);
        learn_edges(poll, judged, &mut state);
        if let Outcome::Read(reading) = &poll.outcome {
            let ReadBy { limits, left_out, .. } = reading.read_by;
            let before = state.text.as_ref().and_then(|text| text.limits);
            if left_out > 0 && limits != before {
                let source = poll.source.clone();
                work.events.push(Event::EntriesLeftOut { source, left_out });
            }
            state.was_read_by(reading.read_by);
        }
        state.of = Some(source.location.hash());
        state.habits = judged.habits;
        let events = state.events.iter().filter(|event| event.at == poll.at).cloned().collect();
        work.remember(poll.source.clone(), state);
        events
    }
}

/// Counts the edge lines of the entries that a poll brought for the first time.
fn learn_edges(poll: &Poll, judged: &Judged, state: &mut SourceState) {
    let first_copies = judged.admitted.iter().filter_map(|admitted| {
        let is_new = matches!(admitted.verdict, Verdict::New | Verdict::Joined);
        let mut members = admitted.story.members.iter().filter(|_| is_new);
        members.find(|member| member.entry.source == poll.source && member.joined == poll.at)
    });
    for member in first_copies {
        let lines = announcement::edge_lines(&member.entry);
        if lines.len() > 1 {
            state.text.get_or_insert_default().edges.learn(lines);
        }
    }
}

/// The parts of a source's state whose change by a poll is reported.
struct Before {
    hold: Option<Hold>,
    is_distrusted: bool,
}

impl Before {
    fn of(state: &SourceState, at: Timestamp) -> Self {
        Self { hold: state.hold, is_distrusted: inbound::is_distrusted(state, at) }
    }
}

/// Looks up the stories that share a key with entries of these polls. An unchanged entry is found
/// by its names; only the others are looked up by title and text.
fn look_up(
    polls: &[Poll],
    candidates: &mut [Vec<Candidate>],
    rules: &Rules<'_>,
    reader: &Reader<'_>,
) -> Result<Lookalikes, StoreError> {
    // The first name of what is known finds it; only where it says something new is more
    // to be known.
    let all = candidates.iter().flatten();
    let mut names: Vec<Key> = all.filter_map(|one| one.names().first()).copied().collect();
    for poll in polls {
        if let Some(reading) = document_of(poll) {
            names.extend(dedup::tombstone_keys(&poll.source, &reading.hints.deleted));
        }
    }
    let mut known = reader.store().lookalikes(&names)?;
    let unsettled = candidates.iter().flatten().filter(|one| !dedup::is_settled(one, &known));
    let others = unsettled.flat_map(|one| one.lookup_names().skip(1));
    let others: Vec<Key> = others.copied().collect();
    extend(&mut known, reader.store().lookalikes(&others)?);
    for document in &mut *candidates {
        dedup::read_texts(document, &known);
    }
    let unsettled = candidates.iter().flatten().filter(|one| !dedup::is_settled(one, &known));
    let keys: Vec<Key> = unsettled.flat_map(Candidate::likenesses).collect();
    extend(&mut known, reader.store().lookalikes(&keys)?);
    let unsettled = candidates.iter().flatten().filter(|one| !dedup::is_settled(one, &known));
    let again = dedup::keys_to_judge_again(unsettled, &known, rules);
    if !again.is_empty() {
        extend(&mut known, reader.store().lookalikes(&again)?);
    }
    let unsettled = candidates.iter().flatten().filter(|one| !dedup::is_settled(one, &known));
    known.taken = taken(unsettled, reader)?;
    // A new story bears each shingle in one of the two spans that it was looked up in.
    known.by_key.reserve(keys.len() * 2 / 3);
    Ok(known)
}

/// The IDs that these entries cannot found stories under, as far as each may come to them.
fn taken<'a>(
    candidates: impl Iterator<Item = &'a Candidate>,
    reader: &Reader<'_>,
) -> Result<HashSet<StoryId>, StoreError> {
    let (mut taken, mut free) = (HashSet::new(), HashSet::new());
    for candidate in candidates {
        for id in dedup::story_ids(candidate) {
            if taken.contains(&id) {
                continue;
            }
            if reader.store().is_known(id)? {
                taken.insert(id);
            } else if free.insert(id) {
                break;
            }
        }
    }
    Ok(taken)
}

fn extend(known: &mut Lookalikes, more: Lookalikes) {
    known.by_key.extend(more.by_key);
    known.stories.extend(more.stories);
}

/// The stories that the retention walk removed.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// Stories whose text and shingles are kept no longer.
    pub(super) retired: BTreeSet<StoryId>,
    /// Retired stories whose other keys are kept no longer either.
    pub(super) forgotten: BTreeSet<StoryId>,
}

/// The polls that follow in the turn find what is gone as little as those of later turns.
fn forget(known: &mut Lookalikes, gone: &Gone) {
    if gone.retired.is_empty() && gone.forgotten.is_empty() {
        return;
    }
    known.stories.retain(|id, _| !gone.retired.contains(id));
    known.taken.extend(&gone.retired);
    known.taken.retain(|id| !gone.forgotten.contains(id));
    known.by_key.retain(|key, bearers| {
        let is_shingle = key.kind == KeyKind::Passage;
        bearers.retain(|id| {
            let is_gone = is_shingle && gone.retired.contains(id);
            !is_gone && !gone.forgotten.contains(id)
        });
        !bearers.is_empty()
    });
}

/// The plan's rules of identity.
pub(crate) fn rules(plan: &Plan) -> Rules<'_> {
    let authority = &plan.server.site.authority;
    let habits = Habits::default();
    Rules { sources: &plan.sources, authority, overrides: &plan.overrides, habits }
}

fn candidates_of(poll: &Poll, plan: &Plan, habits: Habits) -> Vec<Candidate> {
    let extent = match &poll.outcome {
        Outcome::Read(reading) => {
            Extent::of_document(reading.freshness.partial, reading.broken_off)
        }
        Outcome::Pushed(_) | Outcome::Unchanged(_) | Outcome::Failed(_) => Extent::Part,
    };
    dedup::candidates(poll.entries(), extent, &Rules { habits, ..rules(plan) }, poll.at)
}

/// The document that came, from the source or from its hub.
fn document_of(poll: &Poll) -> Option<&Reading> {
    match &poll.outcome {
        Outcome::Read(reading) | Outcome::Pushed(reading) => Some(reading),
        Outcome::Unchanged(_) | Outcome::Failed(_) => None,
    }
}

/// To the second.
pub(super) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_secs(at.as_secs())
}
