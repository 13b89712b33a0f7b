//! Compares a new configuration with the stored stories: what each topic would gain and lose.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::losses::StoryLoss;
use super::try_query::{FREQUENCY_SAMPLE, StoryLine, told, too_frequent};
use super::{Records, as_json};
use crate::config::Plan;
use crate::engine;
use crate::model::{Story, StoryId, Timestamp};
use crate::store::{StoreError, TopicPlace};
use crate::topics::Subject;

/// How many of the gained or lost stories are listed.
const LISTED: usize = 20;

/// A part of the answer to [`super::Question::Archive`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArchiveLine {
    /// The names of the topics that are published now. Comes before all stories
    /// that were not asked for by name.
    Topics(Vec<String>),
    /// A story that was asked for by this name.
    Named(String, Story),
    /// A story and the topics that it is published in, by their places in the list.
    Story(Story, Vec<usize>),
}

impl Records {
    /// The published archive under the plan that was last in force: the stories of these names;
    /// then, where any are wanted, the topics, and all stories dated since a moment with the topics
    /// they are in.
    pub fn archive(
        &self,
        since: Option<Timestamp>,
        named: &[String],
        mut line: impl FnMut(ArchiveLine) -> bool,
    ) -> Result<(), StoreError> {
        for name in named {
            if let Some(story) = self.find(name)?
                && !line(ArchiveLine::Named(name.clone(), story))
            {
                return Ok(());
            }
        }
        let Some(since) = since else { return Ok(()) };
        let mut places: HashMap<StoryId, Vec<usize>> = HashMap::new();
        let mut names = Vec::new();
        for (place, (name, topic)) in engine::names(&**self.store())?.into_iter().enumerate() {
            names.push(name);
            for (_, story) in engine::archive_of(&**self.store(), topic)? {
                places.entry(story).or_default().push(place);
            }
        }
        if !line(ArchiveLine::Topics(names)) {
            return Ok(());
        }
        engine::newest_first(&**self.store(), None, |story| {
            let within = story.updated >= since;
            if !within || story.dated < since {
                return within;
            }
            let topics = places.remove(&story.id).unwrap_or_default();
            line(ArchiveLine::Story(story, topics))
        })
    }

    /// Sends the archive to the control socket, line by line.
    pub(super) fn tell_archive(
        &self,
        since: Option<Timestamp>,
        named: &[String],
        mut line: impl FnMut(serde_json::Value) -> bool,
    ) -> Result<(), StoreError> {
        self.archive(since, named, |part| line(as_json(&part)))
    }
}

/// The changes that a configuration makes to the published topics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Stories dated earlier were not looked at.
    pub since: String,
    /// How many stories were looked at.
    pub looked_at: usize,
    /// The topics of the configuration in their order, then those that go.
    pub topics: Vec<TopicChange>,
    /// Terms that can hardly mean anything.
    pub warnings: Vec<String>,
}

/// The change of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicChange {
    /// Its name.
    pub topic: String,
    /// The kind of change.
    pub state: State,
    /// The name it had before, where that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formerly: Option<String>,
    /// How many stories it has from now on.
    pub stories: usize,
    /// How many stories it gains.
    pub added: usize,
    /// The latest changed of them.
    pub adds: Vec<StoryLine>,
    /// How many stories it loses.
    pub lost: usize,
    /// The latest changed of them.
    pub loses: Vec<StoryLine>,
}

/// The kinds of change of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The same stories as before.
    Same,
    /// It gains or loses stories.
    Changed,
    /// It was not published before.
    New,
    /// It is published no longer.
    Removed,
}

impl Changes {
    /// Whether readers would notice the change.
    pub fn any(&self) -> bool {
        self.topics.iter().any(|topic| topic.state != State::Same || topic.formerly.is_some())
    }
}

/// A comparison under way.
pub struct Comparison<'a> {
    plan: &'a Plan,
    since: Timestamp,
    now: Timestamp,
    /// The stories that the plan removes.
    loss: Option<StoryLoss>,
    before: Vec<String>,
    topics: Vec<TopicChange>,
    /// The topic, by its place in the plan, that each of `before` has become.
    became: Vec<Option<usize>>,
    looked_at: usize,
    subjects: Vec<Subject>,
    /// Of each topic that has bounds, what its query has and what it had, to
    /// be judged when all is seen.
    bounded: BTreeMap<usize, Vec<Candidate>>,
}

/// The stories that may be in a topic with bounds.
struct Candidate {
    place: TopicPlace,
    matched: bool,
    was_in: bool,
    line: StoryLine,
}

impl<'a> Comparison<'a> {
    /// A comparison of a plan with what is published now.
    pub fn new(plan: &'a Plan, since: Timestamp, now: Timestamp, loss: Option<StoryLoss>) -> Self {
        Self {
            plan,
            since,
            now,
            loss,
            before: Vec::new(),
            topics: Vec::new(),
            became: Vec::new(),
            looked_at: 0,
            subjects: Vec::new(),
            bounded: BTreeMap::new(),
        }
    }

    /// Which topics are published now. Comes before the first story.
    pub fn published(&mut self, before: Vec<String>) {
        let place_of = |name: &str| before.iter().position(|known| known == name);
        self.became = vec![None; before.len()];
        for (place, topic) in self.plan.topics.iter().enumerate() {
            let own = place_of(topic.id.as_str());
            let formerly = || {
                topic.formerly.iter().find_map(|id| Some((place_of(id.as_str())?, id.to_string())))
            };
            let mut change = TopicChange::new(topic.id.to_string(), State::New);
            if let Some(own) = own {
                (change.state, self.became[own]) = (State::Same, Some(place));
            } else if let Some((old, name)) = formerly() {
                (change.state, self.became[old]) = (State::Same, Some(place));
                change.formerly = Some(name);
            }
            self.topics.push(change);
        }
        self.before = before;
        for (place, name) in self.before.iter().enumerate() {
            if self.became[place].is_none() {
                self.became[place] = Some(self.topics.len());
                self.topics.push(TopicChange::new(name.clone(), State::Removed));
            }
        }
    }

    /// A story, and the topics it is published in now.
    pub fn story(&mut self, story: &Story, before: &[usize]) {
        self.looked_at += 1;
        let subject = self.plan.queries.whole_subject(story, &self.plan.sources);
        let retention = &self.plan.store.retention;
        let is_removed =
            self.loss.as_ref().is_some_and(|loss| loss.takes(story, retention, self.now));
        let mut now: BTreeSet<usize> = match is_removed {
            true => BTreeSet::new(),
            false => self.plan.queries.matches(&subject).into_iter().collect(),
        };
        let mut before: BTreeSet<usize> =
            before.iter().filter_map(|place| *self.became.get(*place)?).collect();
        let line = || StoryLine::of(story, self.plan);
        for (place, topic) in self.plan.topics.iter().enumerate() {
            if !topic.bounds.is_bounded() {
                continue;
            }
            let (matched, was_in) = (now.remove(&place), before.remove(&place));
            if matched || was_in {
                let at = TopicPlace { date: topic.date_of(story), story: story.id };
                let candidate = Candidate { place: at, matched, was_in, line: line() };
                self.bounded.entry(place).or_default().push(candidate);
            }
        }
        for topic in now.difference(&before) {
            self.topics[*topic].gain(line());
        }
        for topic in before.difference(&now) {
            self.topics[*topic].lose(line());
        }
        for topic in &now {
            self.topics[*topic].stories += 1;
        }
        if self.subjects.len() < FREQUENCY_SAMPLE {
            self.subjects.push(subject);
        }
    }

    /// Of what a topic's query has, the newest stay that it keeps.
    fn settle(&mut self, topic: usize, mut candidates: Vec<Candidate>) {
        let bounds = self.plan.topics[topic].bounds;
        candidates.sort_by_key(|candidate| Reverse(candidate.place));
        let change = &mut self.topics[topic];
        for Candidate { place, matched, was_in, line } in candidates {
            let is_full = bounds.stories.is_some_and(|most| change.stories >= most);
            let is_old = bounds.age.is_some_and(|age| place.date < self.now.before(age));
            let is_in = matched && !is_full && !is_old;
            change.stories += usize::from(is_in);
            match (was_in, is_in) {
                (false, true) => change.gain(line),
                (true, false) => change.lose(line),
                _ => {}
            }
        }
    }

    /// The result.
    pub fn finish(mut self) -> Changes {
        for (topic, candidates) in std::mem::take(&mut self.bounded) {
            self.settle(topic, candidates);
        }
        let topics = self.plan.topics.iter().enumerate();
        let warnings = topics.flat_map(|(place, topic)| {
            let problems = too_frequent(
                &self.plan.queries,
                place,
                &self.plan.queries.count_terms(place, &self.subjects),
            );
            let told = told(&problems, &topic.query);
            told.into_iter().map(move |problem| format!("topic {}\n{problem}", topic.id))
        });
        Changes {
            since: self.since.to_string(),
            looked_at: self.looked_at,
            warnings: warnings.collect(),
            topics: self.topics,
        }
    }
}

impl TopicChange {
    fn new(topic: String, state: State) -> Self {
        let formerly = None;
        let (adds, loses) = (Vec::new(), Vec::new());
        Self { topic, state, formerly, stories: 0, added: 0, adds, lost: 0, loses }
    }

    fn gain(&mut self, story: StoryLine) {
        self.added += 1;
        if self.adds.len() < LISTED {
            self.adds.push(story);
        }
        self.mark_changed();
    }

    fn lose(&mut self, story: StoryLine) {
        self.lost += 1;
        if self.loses.len() < LISTED {
            self.loses.push(story);
        }
        self.mark_changed();
    }

    fn mark_changed(&mut self) {
        if self.state == State::Same {
            self.state = State::Changed;
        }
    }
}
