//! Polls in, in the order they ended; the store committed and the shelf filled, out.
//!
//! The deterministic heart of the daemon: what [`Editor::ingest`] does depends
//! on the state before and on the polls alone. No clock, no randomness, no map
//! order: the same polls give the same store export and the same feed bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::resume_unwind;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tracing::error;

use crate::config::Plan;
use crate::dedup::{self, Candidate, Judged, Rules};
use crate::fetch::{self, Market, News};
use crate::model::{
    Key, Lookalikes, Memory, Outcome, Poll, Reading, SourceEvent, SourceId, Story, StoryId,
    Timestamp,
};
use crate::publish::{Ledger, Shelf};
use crate::store::{Commit, Store, StoreError};

use super::filing::{Filing, Highlights, SLICE};
use super::filling::Fillings;
use super::ingested::Ingested;
use super::keeping::Keeping;
use super::listening::Listening;
use super::opening::Opening;
use super::refilled::{Refilled, tell};
use publishing::Unpublished;

mod closing;

mod publishing;

mod shedding;

/// Copies follow within days; passages are kept for some times as long.
const PASSAGES_KEPT: Duration = Duration::from_secs(12 * 7 * 24 * 3600);

/// What is remembered of every source; read by whoever reports on it, written by the editor.
pub type Memories = Arc<RwLock<BTreeMap<SourceId, Box<Memory>>>>;

/// Judges, commits, files and publishes. The only writer.
pub struct Editor {
    plan: Arc<Plan>,
    store: Arc<dyn Store>,
    shelf: Arc<Shelf>,
    memories: Memories,
    ledger: Arc<Ledger>,
    filing: Filing,
    keeping: Keeping,
    listening: Listening,
    /// What polls cost.
    market: Market,
    /// Passages before this were forgotten.
    passages_from: Option<Key>,
    /// Of each feed, the stories as they are on the shelf, newest first.
    displayed: Vec<Vec<Arc<Story>>>,
    /// Those stories by id, so that feeds share them and none is read twice.
    at_hand: HashMap<StoryId, Arc<Story>>,
    highlights: Highlights,
    unpublished: Unpublished,
}

impl Editor {
    /// Takes up the work where the store left it: every feed stands on the shelf when this
    /// returns. Topics whose query is new are filled from the stored stories: at once where
    /// there are few, else by [`Editor::step`], and stand as they stood until then.
    pub async fn open(
        plan: Arc<Plan>,
        store: Arc<dyn Store>,
        shelf: Arc<Shelf>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        Self::open_telling(plan, store, shelf, now, &Opening::default()).await
    }

    /// The same; says what it is at to whoever watches that.
    pub async fn open_telling(
        plan: Arc<Plan>,
        store: Arc<dyn Store>,
        shelf: Arc<Shelf>,
        now: Timestamp,
        opening: &Opening,
    ) -> Result<Self, StoreError> {
        // It takes as long as all that follows, and none of that asks for it.
        let reading = store.clone();
        let reading = tokio::task::spawn_blocking(move || reading.memories());
        let stamps = tokio::task::block_in_place(|| store.stamps())?;
        let keeping = Keeping::recall(&stamps);
        shelf.remember(stamps);
        let mut filing = Filing::open(plan.clone(), &store, opening).await?;
        let few = tokio::task::block_in_place(|| store.count())? < SLICE as u64;
        while filing.is_filling() && (few || filing.lacks_nothing()) {
            tell(filing.step(&store, now).await?.as_deref());
        }
        opening.begin("reading what is remembered of sources", plan.sources.len());
        let memories = reading.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))?;
        let market = Market::recall(memories.values().map(|memory| &**memory));
        let listening = tokio::task::block_in_place(|| Listening::open(&*store, &plan, &filing))?;
        let mut editor = Self {
            plan,
            store,
            shelf,
            memories: Arc::new(RwLock::new(memories)),
            ledger: Arc::default(),
            filing,
            keeping,
            listening,
            market,
            passages_from: None,
            displayed: Vec::new(),
            at_hand: HashMap::new(),
            highlights: Highlights::default(),
            unpublished: Unpublished::default(),
        };
        editor.enforce(now).await?;
        opening.begin("rendering the feeds of topics", editor.plan.topics.len());
        editor.publish_all(now).await?;
        opening.begin("planning the polls of sources", editor.plan.sources.len());
        Ok(editor)
    }

    /// What is remembered of every source, for those who report on it.
    pub fn memories(&self) -> Memories {
        self.memories.clone()
    }

    /// How far changed topics are filled, for the same.
    pub fn fillings(&self) -> Arc<Fillings> {
        self.filing.fillings()
    }

    /// What is counted, for `/metrics`.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.ledger.clone()
    }

    /// What is remembered of one source.
    pub fn memory(&self, source: &SourceId) -> Memory {
        self.with_memory(source, Memory::clone)
    }

    /// The same, to be looked at: it is large.
    pub(super) fn with_memory<T>(&self, source: &SourceId, look: impl FnOnce(&Memory) -> T) -> T {
        let memories = self.memories.read().unwrap_or_else(PoisonError::into_inner);
        let place = self.plan.sources.get(source).map(|source| source.location.hash());
        // What an address did says nothing of the one that the operator put in its place.
        let is_of = |of: Option<u64>| of.is_none() || place.is_none() || of == place;
        match memories.get(source).filter(|memory| is_of(memory.of)) {
            Some(memory) => look(memory),
            None => look(&Memory::default()),
        }
    }

    /// Keeps what is remembered of these sources in place of what was, durably.
    pub(super) async fn remember(
        &mut self,
        memories: Vec<(SourceId, Memory)>,
    ) -> Result<(), StoreError> {
        self.store.commit(Commit { memories: memories.clone(), ..Commit::default() }).await?;
        self.recall(memories);
        Ok(())
    }

    /// The same for one source, with whatever is kept of it next: a crash may undo it.
    pub(super) fn note(&self, source: &SourceId, memory: Memory) {
        self.recall([(source.clone(), memory)]);
    }

    /// Has these be what is remembered from now on.
    fn recall(&self, memories: impl IntoIterator<Item = (SourceId, Memory)>) {
        let memories = memories.into_iter().map(|(source, memory)| (source, Box::new(memory)));
        self.memories.write().unwrap_or_else(PoisonError::into_inner).extend(memories);
    }

    /// The store, for those who read it.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    pub(super) fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }

    /// The plan in force.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Has a plan follow the one in force, once the topics whose query it
    /// changes are filled: see [`Editor::step`].
    pub async fn prepare(&mut self, plan: Arc<Plan>) -> Result<(), StoreError> {
        self.filing.prepare(plan, &self.store).await
    }

    /// Whether topics are being filled.
    pub fn is_filling(&self) -> bool {
        self.filing.is_filling()
    }

    /// Gives up the plan that was to follow.
    pub fn abandon(&mut self) {
        self.filing.abandon();
    }

    /// Fills a slice of the topics that are to be filled. After the last the
    /// plan is in force: everything is published anew and what the plan no
    /// longer has is withdrawn (Q33); says then what has changed of topics.
    pub async fn step(&mut self, now: Timestamp) -> Result<Option<Vec<Refilled>>, StoreError> {
        let Some(refilled) = self.filing.step(&self.store, now).await? else { return Ok(None) };
        let at_start = Arc::ptr_eq(&self.plan, self.filing.plan());
        self.plan = self.filing.plan().clone();
        if !at_start {
            match self.enforce(now).await {
                Err(full @ StoreError::Full { .. }) => {
                    error!(event = "disk_full", "overrides are applied at the next start: {full}");
                }
                enforced => enforced?,
            }
        }
        self.publish_all(now).await?;
        if at_start {
            // Nobody has asked for it, so nobody is answered.
            tell(Some(&refilled));
        }
        Ok(Some(refilled))
    }

    /// Applies the operator's overrides to what is stored already.
    async fn enforce(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let plan = self.plan.clone();
        let mut keys = plan.overrides.keys();
        if keys.is_empty() {
            return Ok(());
        }
        let rules = rules(&plan);
        let admitted = tokio::task::block_in_place(|| {
            let known = self.store.lookalikes(&keys)?;
            keys.extend(dedup::keys_of_entries(&known, &rules, now));
            let mut known = self.store.lookalikes(&keys)?;
            Ok::<_, StoreError>(dedup::enforce(&mut known, &rules, now))
        })?;
        if admitted.is_empty() {
            return Ok(());
        }
        let mut commit = Commit::default();
        for admitted in admitted {
            commit.places.extend(self.filing.file(&admitted, now, &mut BTreeSet::new()));
            self.at_hand.remove(&admitted.story.id);
            commit.admitted.push(admitted);
        }
        self.store.commit(commit).await
    }

    /// One gathering of polls through the stages, up to the commit. Each is judged
    /// against all before it; one commit holds them all. What changed of the feeds by
    /// that is on the shelf after the next [`Editor::publish`]. Returns what each poll
    /// came to, in order.
    pub async fn ingest(&mut self, polls: &[Poll]) -> Result<Vec<Ingested>, StoreError> {
        let Some(now) = polls.iter().map(|poll| poll.at).max() else { return Ok(Vec::new()) };
        let began = Instant::now();
        let plan = self.plan.clone();
        let mut candidates: Vec<Vec<Candidate>> =
            polls.iter().map(|poll| candidates_of(poll, &plan)).collect();
        let mut known = tokio::task::block_in_place(|| self.look_up(polls, &mut candidates))?;

        let mut commit = Commit::default();
        let mut memories = BTreeMap::new();
        let mut outcomes = Vec::with_capacity(polls.len());
        let mut touched = BTreeSet::new();
        let mut market = self.market;
        for (poll, mut candidates) in polls.iter().zip(candidates) {
            if document_of(poll).is_none() {
                // Looked up when the poll began; a push may have said something else since.
                candidates.retain(|candidate| dedup::is_current(candidate, &known));
            }
            let listed = dedup::listed(&candidates);
            plan.store.retention.let_go(&mut known, poll.at);
            let allowance = match candidates.is_empty() {
                true => 0,
                false => self.allowance(poll, &listed, &memories),
            };
            let mut judged =
                dedup::judge_within(candidates, &mut known, &rules(&plan), poll.at, allowance);
            if let Some(reading) = document_of(poll) {
                let (source, deleted) = (&poll.source, &reading.hints.deleted);
                let withdrawn =
                    dedup::withdraw(source, deleted, &mut known, &rules(&plan), poll.at);
                judged.admitted.extend(withdrawn);
                // A partial document leaves out what the source lists all the same (P52).
                if !reading.freshness.partial {
                    commit.listed.push((source.clone(), std::mem::take(&mut judged.listed)));
                }
            }
            let events = self.settle(poll, &judged, listed, &mut memories, &mut market);
            outcomes.push(Ingested { events, ..Ingested::of(&judged.admitted) });
            for admitted in judged.admitted {
                commit.places.extend(self.filing.file(&admitted, poll.at, &mut touched));
                commit.admitted.push(admitted);
            }
        }
        commit.places.extend(self.filing.shed(now, &mut touched));
        // Validators and stories go in together: a crash between the two would
        // either lose stories or fetch them again.
        commit.memories = memories.clone().into_iter().collect();
        commit.passages_from = self.passages_to_forget(now);
        let (retention, filing) = (&plan.store.retention, &mut self.filing);
        tokio::task::block_in_place(|| {
            self.keeping.step(retention, &*self.store, filing, now, &mut commit, &mut touched)
        })?;
        let heard = self.listening.listen(&plan, &self.filing, now, &mut commit);
        let admitted: Vec<_> =
            commit.admitted.iter().map(|one| (one.verdict, one.story.clone())).collect();
        let committing = Instant::now();
        if let Err(error) = self.store.commit(commit).await {
            // Nothing of it happened: it is begun anew with the next gathering.
            (self.keeping, self.passages_from) = (Keeping::default(), None);
            if let StoreError::Full { .. } = error {
                tokio::task::block_in_place(|| self.filing.recall(&*self.store))?;
            }
            return Err(error);
        }
        self.market = market;
        self.listening.tell(heard);
        self.ledger.committed(committing.elapsed());
        polls.iter().for_each(|poll| self.ledger.polled(poll));
        self.ledger.admitted(&admitted);
        self.recall(memories);

        self.highlights.forget(&admitted.iter().map(|(_, story)| story.id).collect());
        self.at_hand.extend(admitted.into_iter().map(|(_, story)| (story.id, story)));
        if touched.is_empty() {
            self.ledger.gathered(began.elapsed());
        } else {
            self.unpublished.add(touched, now, began);
        }
        self.make_room().await?;
        Ok(outcomes)
    }

    /// What is known that bears on these polls. An entry that its source
    /// told before in the same words is found by its names; only the others
    /// are looked for by title and text.
    fn look_up(
        &self,
        polls: &[Poll],
        candidates: &mut [Vec<Candidate>],
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
        let mut known = self.store.lookalikes(&names)?;
        let unsettled = candidates.iter().flatten().filter(|one| !dedup::is_settled(one, &known));
        let others = unsettled.flat_map(|one| one.names().iter().skip(1));
        let others: Vec<Key> = others.copied().collect();
        extend(&mut known, self.store.lookalikes(&others)?);
        for document in &mut *candidates {
            dedup::read_texts(document, &known);
        }
        let unsettled = candidates.iter().flatten().filter(|one| !dedup::is_settled(one, &known));
        let keys: Vec<Key> = unsettled.flat_map(Candidate::likenesses).collect();
        extend(&mut known, self.store.lookalikes(&keys)?);
        // What is founded bears each passage in one of the two spans that it was looked for in.
        known.by_key.reserve(keys.len() * 2 / 3);
        Ok(known)
    }

    /// How many new entries a poll may bring. What a source lists when it is
    /// first read is its archive, however much that is.
    fn allowance(
        &self,
        poll: &Poll,
        listed: &[Vec<u64>],
        memories: &BTreeMap<SourceId, Memory>,
    ) -> usize {
        let Some(source) = self.plan.sources.get(&poll.source) else { return usize::MAX };
        let most = source.pace().new_a_day.unwrap_or(self.plan.polling.new_a_day);
        let within = |memory: &Memory| match memory.hash {
            None => usize::MAX,
            Some(_) => dedup::allowance(listed, &memory.intake, most, poll.at),
        };
        match memories.get(&poll.source) {
            Some(memory) => within(memory),
            None => self.with_memory(&poll.source, within),
        }
    }

    /// Whenever a span of time has passed: the passages too old to be evidence.
    fn passages_to_forget(&mut self, now: Timestamp) -> Option<Key> {
        let first = dedup::first_passage_of(now.before(PASSAGES_KEPT));
        (self.passages_from != Some(first)).then(|| {
            self.passages_from = Some(first);
            first
        })
    }

    /// Records the outcome, good or bad, and when the source is due next. Returns
    /// what became of the source, if that is worth telling.
    fn settle(
        &self,
        poll: &Poll,
        judged: &Judged,
        listed: Vec<Vec<u64>>,
        memories: &mut BTreeMap<SourceId, Memory>,
        market: &mut Market,
    ) -> Vec<SourceEvent> {
        // A source that a reload took away is remembered as it was.
        let Some(source) = self.plan.sources.get(&poll.source) else { return Vec::new() };
        let memory =
            memories.entry(poll.source.clone()).or_insert_with(|| self.memory(&poll.source));
        let intake = document_of(poll).map(|reading| {
            let whole = !reading.freshness.partial && !matches!(poll.outcome, Outcome::Pushed(_));
            // Its archive is none of the day's.
            let new = if memory.hash.is_none() { 0 } else { judged.new.len() };
            dedup::took_in(&memory.intake, (new, judged.waiting), listed, whole, poll.at)
        });
        let news = News { new: judged.new.clone(), known: judged.known, intake };
        market.charge(poll, memory, source, &self.plan.polling, self.plan.sources.len());
        fetch::settle(poll, &news, memory, source, &self.plan.polling);
        memory.of = Some(source.location.hash());
        memory.events.iter().filter(|event| event.at == poll.at).cloned().collect()
    }
}

fn extend(known: &mut Lookalikes, more: Lookalikes) {
    known.by_key.extend(more.by_key);
    known.stories.extend(more.stories);
}

/// What the plan says of identity.
pub(crate) fn rules(plan: &Plan) -> Rules<'_> {
    let authority = &plan.server.site.authority;
    Rules { sources: &plan.sources, authority, overrides: &plan.overrides }
}

fn candidates_of(poll: &Poll, plan: &Plan) -> Vec<Candidate> {
    dedup::candidates(poll.entries(), &rules(plan), poll.at)
}

/// The document that came, from the source or from its hub.
fn document_of(poll: &Poll) -> Option<&Reading> {
    match &poll.outcome {
        Outcome::Read(reading) | Outcome::Pushed(reading) => Some(reading),
        Outcome::Unchanged { .. } | Outcome::Failed(_) => None,
    }
}
