//! A new configuration and the stored stories in; what its topics gain and lose out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::trial::{FREQUENCY_SAMPLE, StoryLine, told, too_frequent};
use super::{Records, as_json};
use crate::config::Plan;
use crate::model::{Fingerprint, Story, StoryId, Timestamp};
use crate::pipeline;
use crate::store::StoreError;
use crate::topics::Subject;

/// Stories that are listed of those that a topic gains or loses.
const LISTED: usize = 20;

/// A part of the answer to [`super::Question::Archive`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArchiveLine {
    /// The topics that are published now, each by its name, where that is
    /// known. Comes first.
    Topics(Vec<Option<String>>),
    /// A story that was asked for by this name.
    Named(String, Story),
    /// A story and the topics that it is published in, by their places in the list.
    Story(Story, Vec<usize>),
}

/// A topic as it is published: its name, where that is known, and its stories.
struct Standing {
    name: Option<String>,
    topic: Fingerprint,
}

impl Records {
    /// What is published now: the topics, then the stories of these names,
    /// then all since a moment, if any are wanted, with the topics they are in.
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
        let standing = self.standing(since)?;
        let mut places: HashMap<StoryId, Vec<usize>> = HashMap::new();
        for (place, standing) in standing.iter().enumerate() {
            for (_, story) in pipeline::archive(&**self.store(), standing.topic)? {
                places.entry(story).or_default().push(place);
            }
        }
        let names = standing.into_iter().map(|standing| standing.name).collect();
        if !line(ArchiveLine::Topics(names)) {
            return Ok(());
        }
        pipeline::latest_first(&**self.store(), |story| {
            let within = story.updated >= since;
            if !within || story.dated < since {
                return within;
            }
            let topics = places.remove(&story.id).unwrap_or_default();
            line(ArchiveLine::Story(story, topics))
        })
    }

    /// The topics whose places are complete. Under the plan of the daemon that
    /// filled them each has its name. Under another, a topic that has been
    /// published, and whose query has changed since, is taken for the one of
    /// the nameless that holds the most of its stories.
    fn standing(&self, since: Timestamp) -> Result<Vec<Standing>, StoreError> {
        let plan = self.plan();
        let mut filled: BTreeSet<Fingerprint> = self.store().filled()?.into_iter().collect();
        let (mut standing, mut changed) = (Vec::new(), Vec::new());
        let stamps = self.store().stamps()?;
        for (place, topic) in plan.topics.iter().enumerate() {
            let name = Some(topic.id.to_string());
            let fingerprint = plan.queries.fingerprint(place, &plan.sources);
            if filled.contains(&fingerprint) {
                standing.push(Standing { name, topic: fingerprint });
            } else if stamps.contains_key(&format!("/topics/{}.atom", topic.id)) {
                changed.push(place);
            }
        }
        for known in &standing {
            filled.remove(&known.topic);
            filled.remove(&known.topic.archive());
        }
        for everything in [pipeline::EVERYTHING, pipeline::EVERYTHING.archive()] {
            filled.remove(&everything);
        }
        // A topic and its archive stand for each other: either leads to both.
        let nameless: Vec<Fingerprint> =
            filled.iter().copied().filter(|topic| *topic < topic.archive()).collect();
        let mut named = self.named(&changed, &nameless, since)?;
        for topic in nameless {
            standing.push(Standing { name: named.remove(&topic), topic });
        }
        Ok(standing)
    }

    /// Which of the nameless topics was most likely which of those that changed.
    fn named(
        &self,
        changed: &[usize],
        nameless: &[Fingerprint],
        since: Timestamp,
    ) -> Result<BTreeMap<Fingerprint, String>, StoreError> {
        let mut named = BTreeMap::new();
        if changed.is_empty() || nameless.is_empty() {
            return Ok(named);
        }
        let plan = self.plan();
        let mut stories = BTreeSet::new();
        pipeline::latest_first(&**self.store(), |story| {
            let subject = Subject::of(&story, &plan.sources, &plan.language);
            let topics = plan.queries.matches(&subject);
            stories.extend(topics.into_iter().map(|topic| (topic, story.id)));
            story.updated >= since
        })?;
        let mut pairs = Vec::new();
        for fingerprint in nameless {
            let held = pipeline::archive(&**self.store(), *fingerprint)?;
            for place in changed {
                let has = |(_, id): &&(Timestamp, StoryId)| stories.contains(&(*place, *id));
                pairs.push((held.iter().filter(has).count(), *place, *fingerprint));
            }
        }
        pairs.sort_by(|a, b| b.cmp(a));
        let mut settled = BTreeSet::new();
        for (_, place, fingerprint) in pairs {
            if !named.contains_key(&fingerprint) && settled.insert(place) {
                named.insert(fingerprint, plan.topics[place].id.to_string());
            }
        }
        Ok(named)
    }

    /// Tells the archive to the control socket.
    pub(super) fn tell_archive(
        &self,
        since: Option<Timestamp>,
        named: &[String],
        mut line: impl FnMut(serde_json::Value) -> bool,
    ) -> Result<(), StoreError> {
        self.archive(since, named, |part| line(as_json(&part)))
    }
}

/// What a configuration changes in what is published.
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

/// What becomes of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicChange {
    /// Its name, where that is known.
    pub topic: Option<String>,
    /// What becomes of it.
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

/// What becomes of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It has the stories that it had.
    Same,
    /// It gains or loses stories.
    Changed,
    /// It was not published before.
    New,
    /// It is published no longer.
    Removed,
}

impl Changes {
    /// Whether readers would notice.
    pub fn any(&self) -> bool {
        self.topics.iter().any(|topic| topic.state != State::Same || topic.formerly.is_some())
    }
}

/// A comparison under way.
pub struct Comparison<'a> {
    plan: &'a Plan,
    since: Timestamp,
    before: Vec<Option<String>>,
    topics: Vec<TopicChange>,
    /// The topic, by its place in the plan, that each of `before` has become.
    became: Vec<Option<usize>>,
    looked_at: usize,
    subjects: Vec<Subject>,
}

impl<'a> Comparison<'a> {
    /// A comparison of a plan with what is published now.
    pub fn new(plan: &'a Plan, since: Timestamp) -> Self {
        Self {
            plan,
            since,
            before: Vec::new(),
            topics: Vec::new(),
            became: Vec::new(),
            looked_at: 0,
            subjects: Vec::new(),
        }
    }

    /// Which topics are published now. Comes before the first story.
    pub fn published(&mut self, before: Vec<Option<String>>) {
        let place_of = |name: &str| before.iter().position(|known| known.as_deref() == Some(name));
        self.became = vec![None; before.len()];
        for (place, topic) in self.plan.topics.iter().enumerate() {
            let own = place_of(topic.id.as_str());
            let formerly = || {
                topic.formerly.iter().find_map(|id| Some((place_of(id.as_str())?, id.to_string())))
            };
            let mut change = TopicChange::new(Some(topic.id.to_string()), State::New);
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
        let subject = Subject::of(story, &self.plan.sources, &self.plan.language);
        let now: BTreeSet<usize> = self.plan.queries.matches(&subject).into_iter().collect();
        let before: BTreeSet<usize> =
            before.iter().filter_map(|place| *self.became.get(*place)?).collect();
        let line = || StoryLine::of(story, self.plan);
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

    /// What has come of it.
    pub fn finish(self) -> Changes {
        let topics = self.plan.topics.iter().enumerate();
        let warnings = topics.flat_map(|(place, topic)| {
            let problems = too_frequent(&self.plan.queries, place, &self.subjects);
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
    fn new(topic: Option<String>, state: State) -> Self {
        let formerly = None;
        let (adds, loses) = (Vec::new(), Vec::new());
        Self { topic, state, formerly, stories: 0, added: 0, adds, lost: 0, loses }
    }

    fn gain(&mut self, story: StoryLine) {
        self.added += 1;
        if self.adds.len() < LISTED {
            self.adds.push(story);
        }
        self.notice();
    }

    fn lose(&mut self, story: StoryLine) {
        self.lost += 1;
        if self.loses.len() < LISTED {
            self.loses.push(story);
        }
        self.notice();
    }

    fn notice(&mut self) {
        if self.state == State::Same {
            self.state = State::Changed;
        }
    }
}
