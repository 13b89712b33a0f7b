//! Polls in, in the order they ended; the store committed and the shelf filled, out.
//!
//! The deterministic heart of the daemon: what [`Editor::ingest`] does depends
//! on the state before and on the polls alone. No clock, no randomness, no map
//! order: the same polls give the same store export and the same feed bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, RwLock};

use crate::config::Plan;
use crate::dedup::{self, Candidate, Judged, Rules};
use crate::fetch::{self, News};
use crate::model::{
    Admitted, Fingerprint, Key, Lookalikes, Memory, Outcome, Poll, SourceId, Story, StoryId,
    Timestamp, Topic, Verdict,
};
use crate::publish::{self, Shelf};
use crate::store::{Commit, PlaceChange, Store, StoreError};
use crate::topics::Subject;

/// Stories read from the store at a time when a topic is filled.
const SLICE: usize = 500;

/// The topic that every story is in: `/stories.atom`.
const EVERYTHING: Fingerprint = Fingerprint(0);

/// How many stories its feed holds.
const OF_EVERYTHING: usize = 100;

/// What is remembered of every source; read by whoever reports on it, written by the editor.
pub type Memories = Arc<RwLock<BTreeMap<SourceId, Memory>>>;

/// Judges, commits, files and publishes. The only writer.
pub struct Editor {
    plan: Arc<Plan>,
    store: Arc<dyn Store>,
    shelf: Arc<Shelf>,
    memories: Memories,
    /// Each topic of the plan as its query stands, and after them [`EVERYTHING`].
    fingerprints: Vec<Fingerprint>,
    /// Of each of those, the stories as they are on the shelf, newest first.
    displayed: Vec<Vec<Arc<Story>>>,
    /// Those stories by id, so that topics share them and none is read twice.
    at_hand: HashMap<StoryId, Arc<Story>>,
}

/// What one poll came to, for the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Stories founded.
    pub new: usize,
    /// Copies that joined a story.
    pub joined: usize,
    /// Entries whose source changed what it says.
    pub revised: usize,
}

impl Editor {
    /// Takes up the work where the store left it: topics whose query is new are filled from
    /// the stored stories, and every feed stands on the shelf when this returns.
    pub async fn open(
        plan: Arc<Plan>,
        store: Arc<dyn Store>,
        shelf: Arc<Shelf>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let memories = tokio::task::block_in_place(|| store.memories())?;
        shelf.remember(tokio::task::block_in_place(|| store.stamps())?);
        let mut editor = Self {
            plan: plan.clone(),
            store,
            shelf,
            memories: Arc::new(RwLock::new(memories)),
            fingerprints: Vec::new(),
            displayed: Vec::new(),
            at_hand: HashMap::new(),
        };
        editor.adopt(plan, now).await?;
        Ok(editor)
    }

    /// What is remembered of every source, for those who report on it.
    pub fn memories(&self) -> Memories {
        self.memories.clone()
    }

    /// What is remembered of one source.
    pub fn memory(&self, source: &SourceId) -> Memory {
        read(&self.memories).get(source).cloned().unwrap_or_default()
    }

    /// The plan in force.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Puts a plan in force: fills topics whose query changed, publishes
    /// everything anew, withdraws what the plan no longer has (Q33).
    pub async fn adopt(&mut self, plan: Arc<Plan>, now: Timestamp) -> Result<(), StoreError> {
        self.plan = plan.clone();
        let topics = 0..plan.topics.len();
        self.fingerprints =
            topics.map(|topic| plan.queries.fingerprint(topic, &plan.sources)).collect();
        self.fingerprints.push(EVERYTHING);
        self.fill().await?;
        self.displayed = vec![Vec::new(); self.fingerprints.len()];
        let all = (0..self.fingerprints.len()).collect();
        self.display(&all)?;
        self.publish(&all, now).await?;
        self.shelf.keep_topics(&plan.topics);
        Ok(())
    }

    /// Finds the places of topics whose query the store has not seen, and
    /// drops those of queries that are no more.
    async fn fill(&mut self) -> Result<(), StoreError> {
        let filled: BTreeSet<Fingerprint> =
            tokio::task::block_in_place(|| self.store.filled())?.into_iter().collect();
        let wanted: BTreeSet<Fingerprint> = self.fingerprints.iter().copied().collect();
        let missing: BTreeSet<Fingerprint> = wanted.difference(&filled).copied().collect();
        let dropped: Vec<Fingerprint> = filled.difference(&wanted).copied().collect();
        if missing.is_empty() && dropped.is_empty() {
            return Ok(());
        }
        self.store.commit(Commit { dropped, ..Commit::default() }).await?;
        let mut after = None;
        while !missing.is_empty() {
            let stories = tokio::task::block_in_place(|| self.store.stories(after, SLICE))?;
            let Some(last) = stories.last() else { break };
            after = Some((last.first_seen, last.id));
            let mut places = Vec::new();
            for story in &stories {
                for (topic, date) in self.topics_of(story) {
                    let fingerprint = self.fingerprints[topic];
                    if missing.contains(&fingerprint) {
                        places.push(PlaceChange {
                            topic: fingerprint,
                            story: story.id,
                            from: None,
                            to: Some(date),
                        });
                    }
                }
            }
            self.store.commit(Commit { places, ..Commit::default() }).await?;
        }
        self.store
            .commit(Commit { filled: missing.into_iter().collect(), ..Commit::default() })
            .await
    }

    /// One gathering of polls through the stages. Each is judged against
    /// all before it; one commit holds them all, and nothing is published
    /// that is not durable. Returns what each poll came to, in order.
    pub async fn ingest(&mut self, polls: Vec<Poll>) -> Result<Vec<Ingested>, StoreError> {
        let Some(now) = polls.iter().map(|poll| poll.at).max() else { return Ok(Vec::new()) };
        let mut candidates: Vec<Vec<Candidate>> =
            polls.iter().map(|poll| candidates_of(poll, &self.plan)).collect();
        let keys: Vec<Key> = candidates.iter().flatten().flat_map(Candidate::keys).collect();
        let mut known = tokio::task::block_in_place(|| self.store.lookalikes(&keys))?;

        let mut commit = Commit::default();
        let mut outcomes = Vec::with_capacity(polls.len());
        let mut touched = BTreeSet::new();
        for (poll, candidates) in polls.iter().zip(candidates.iter_mut()) {
            let judged = self.judge(std::mem::take(candidates), &mut known, poll.at);
            outcomes.push(tally(&judged.admitted));
            self.settle(poll, &judged, &mut commit);
            for admitted in &judged.admitted {
                self.file(admitted, &mut commit.places, &mut touched);
            }
            commit.admitted.extend(judged.admitted);
        }
        // Validators and stories go in together: a crash between the two would
        // either lose stories or fetch them again.
        let memories = commit.memories.clone();
        let changed: Vec<Story> =
            commit.admitted.iter().map(|admitted| admitted.story.clone()).collect();
        self.store.commit(commit).await?;
        write(&self.memories).extend(memories);

        self.at_hand.extend(changed.into_iter().map(|story| (story.id, Arc::new(story))));
        self.display(&touched)?;
        self.publish(&touched, now).await?;
        Ok(outcomes)
    }

    fn judge(&self, candidates: Vec<Candidate>, known: &mut Lookalikes, now: Timestamp) -> Judged {
        dedup::judge(candidates, known, &rules(&self.plan), now)
    }

    /// Records the outcome, good or bad, and when the source is due next.
    fn settle(&self, poll: &Poll, judged: &Judged, commit: &mut Commit) {
        let Some(source) = self.plan.sources.get(&poll.source) else { return };
        let told = commit.memories.iter().rposition(|(id, _)| *id == poll.source);
        let mut memory = match told {
            Some(place) => commit.memories.remove(place).1,
            None => self.memory(&poll.source),
        };
        let news = News { new: judged.new.clone(), known: judged.known };
        fetch::settle(poll, &news, &mut memory, source, &self.plan.polling);
        commit.memories.push((poll.source.clone(), memory));
    }

    /// Moves a story to where it belongs now, in every topic.
    fn file(
        &self,
        admitted: &Admitted,
        places: &mut Vec<PlaceChange>,
        touched: &mut BTreeSet<usize>,
    ) {
        let story = &admitted.story;
        let mut moves: BTreeMap<usize, (Option<Timestamp>, Option<Timestamp>)> = BTreeMap::new();
        if let Some(before) = &admitted.before {
            moves.extend(self.topics_of(before).map(|(topic, date)| (topic, (Some(date), None))));
        }
        for (topic, date) in self.topics_of(story) {
            moves.entry(topic).or_default().1 = Some(date);
        }
        for (topic, (from, to)) in moves {
            places.push(PlaceChange { topic: self.fingerprints[topic], story: story.id, from, to });
            touched.insert(topic);
        }
    }

    /// The topics a story is in, with the date each orders it by.
    fn topics_of(&self, story: &Story) -> impl Iterator<Item = (usize, Timestamp)> {
        let subject = Subject::of(story, &self.plan.sources, &self.plan.language);
        let topics = self.plan.queries.matches(&subject);
        let dated = topics.into_iter().map(|topic| (topic, self.plan.topics[topic].date_of(story)));
        dated.chain([(self.plan.topics.len(), story.updated)])
    }

    /// Looks up which stories these topics' feeds hold now.
    fn display(&mut self, topics: &BTreeSet<usize>) -> Result<(), StoreError> {
        for &topic in topics {
            let limit = self.plan.topics.get(topic).map_or(OF_EVERYTHING, |topic| topic.entries);
            let fingerprint = self.fingerprints[topic];
            let places =
                tokio::task::block_in_place(|| self.store.places(fingerprint, None, limit))?;
            let mut stories = Vec::with_capacity(places.len());
            for place in places {
                stories.extend(self.story(place.story)?);
            }
            self.displayed[topic] = stories;
        }
        let on_display: HashSet<StoryId> =
            self.displayed.iter().flatten().map(|story| story.id).collect();
        self.at_hand.retain(|id, _| on_display.contains(id));
        Ok(())
    }

    fn story(&mut self, id: StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        if let Some(story) = self.at_hand.get(&id) {
            return Ok(Some(story.clone()));
        }
        let story = tokio::task::block_in_place(|| self.store.story(id))?.map(Arc::new);
        self.at_hand.extend(story.iter().map(|story| (id, story.clone())));
        Ok(story)
    }

    /// Renders what changed and puts it on the shelf. Stamps are kept, so that
    /// Last-Modified survives a restart (Q24).
    async fn publish(
        &mut self,
        topics: &BTreeSet<usize>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if topics.is_empty() {
            return Ok(());
        }
        let plan = self.plan.clone();
        let site = &plan.server.site;
        let rendered = tokio::task::block_in_place(|| {
            let mut rendered = Vec::new();
            for &topic in topics {
                let stories = &self.displayed[topic];
                rendered.extend(match plan.topics.get(topic) {
                    Some(topic) => publish::render_topic(topic, stories, &plan.sources, site),
                    None => publish::render_stories(stories, &plan.sources, site),
                });
            }
            let all: Vec<(Topic, Vec<Arc<Story>>)> =
                plan.topics.iter().cloned().zip(self.displayed.iter().cloned()).collect();
            rendered.extend(publish::render_site(&all, &plan.sources, site));
            rendered
        });
        let stamps = tokio::task::block_in_place(|| self.shelf.place(rendered, now));
        if stamps.is_empty() {
            Ok(())
        } else {
            self.store.commit(Commit { stamps, ..Commit::default() }).await
        }
    }
}

/// What the plan says of identity.
fn rules(plan: &Plan) -> Rules<'_> {
    let authority = &plan.server.site.authority;
    Rules { sources: &plan.sources, authority, overrides: &plan.overrides }
}

fn candidates_of(poll: &Poll, plan: &Plan) -> Vec<Candidate> {
    match &poll.outcome {
        Outcome::Read(reading) => dedup::candidates(reading.entries.clone(), &rules(plan), poll.at),
        Outcome::Unchanged { .. } | Outcome::Failed(_) => Vec::new(),
    }
}

fn tally(admitted: &[Admitted]) -> Ingested {
    let count = |verdict| admitted.iter().filter(|admitted| admitted.verdict == verdict).count();
    Ingested {
        new: count(Verdict::New),
        joined: count(Verdict::Joined),
        revised: count(Verdict::Revised),
    }
}

// A panic while a map is being replaced leaves it whole: poisoning says nothing here.
pub(super) fn read(
    memories: &Memories,
) -> std::sync::RwLockReadGuard<'_, BTreeMap<SourceId, Memory>> {
    memories.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write(memories: &Memories) -> std::sync::RwLockWriteGuard<'_, BTreeMap<SourceId, Memory>> {
    memories.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
