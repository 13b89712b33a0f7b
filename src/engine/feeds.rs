//! Keeps every feed's Last-Modified, which depends on turns alone and not on what was rendered.

use std::collections::BTreeMap;
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

use super::polls::whole_second;
use super::turn_in_progress::TurnInProgress;
use crate::config::Plan;
use crate::model::{EngineRecord, FeedName, Timestamp, Topic, TopicId};

/// When each feed was last modified, and what of the plan its documents show.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    known: BTreeMap<FeedName, Feed>,
    /// Feeds whose record is to be written with the turn.
    changed: Vec<FeedName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Feed {
    modified: Timestamp,
    look: u64,
}

impl Feeds {
    pub(super) fn open(records: &[EngineRecord]) -> Self {
        let known = records.iter().filter_map(|record| match record {
            EngineRecord::Feed { feed, modified, look } => {
                Some((feed.clone(), Feed { modified: *modified, look: *look }))
            }
            _ => None,
        });
        Self { known: known.collect(), changed: Vec::new() }
    }

    /// Whatever was touched by what is being applied is modified now: a second after its last
    /// modification, where that is later (Q24).
    pub(super) fn touch(&mut self, plan: &Plan, work: &TurnInProgress<'_>) {
        let mut is_public = false;
        for feed in work.touched_now() {
            is_public |= plan.topics.get(*feed).is_some_and(|topic| !topic.private);
            self.advance(name_of(plan, *feed), None, work.now);
        }
        if is_public {
            self.advance(FeedName::Site, None, work.now);
        }
    }

    /// Feeds that a plan makes look otherwise are modified. Returns which of them are.
    pub(super) fn follow(&mut self, plan: &Plan, looks: &Looks, now: Timestamp) -> Vec<usize> {
        let mut touched = Vec::new();
        for (feed, (name, look)) in looks.0.iter().enumerate() {
            if self.known.get(name).is_none_or(|known| known.look != *look) {
                self.advance(name.clone(), Some(*look), now);
                touched.extend((feed <= plan.topics.len()).then_some(feed));
            }
        }
        touched
    }

    fn advance(&mut self, name: FeedName, look: Option<u64>, now: Timestamp) {
        let at = whole_second(now);
        let feed = self.known.entry(name.clone());
        let feed = feed
            .and_modify(|feed| {
                feed.modified = at.max(feed.modified.after(Duration::from_secs(1)));
            })
            .or_insert(Feed { modified: at, look: 0 });
        feed.look = look.unwrap_or(feed.look);
        if !self.changed.contains(&name) {
            self.changed.push(name);
        }
    }

    /// Writes down what the turn has modified.
    pub(super) fn record(&mut self, work: &mut TurnInProgress<'_>) {
        for feed in self.changed.drain(..) {
            if let Some(Feed { modified, look }) = self.known.get(&feed).copied() {
                work.commit.engine.push(EngineRecord::Feed { feed, modified, look });
            }
        }
    }

    pub(super) fn modified(&self, plan: &Plan, feed: usize) -> Timestamp {
        self.known.get(&name_of(plan, feed)).map(|feed| feed.modified).unwrap_or_default()
    }

    pub(super) fn site_modified(&self) -> Timestamp {
        self.known.get(&FeedName::Site).map(|feed| feed.modified).unwrap_or_default()
    }

    /// The topics that were published once and are not in the plan.
    pub(super) fn gone(&self, plan: &Plan) -> Vec<TopicId> {
        let names = self.known.keys().filter_map(|name| match name {
            FeedName::Topic(topic) => Some(topic),
            _ => None,
        });
        names.filter(|id| plan.topics.iter().all(|topic| topic.id != **id)).cloned().collect()
    }
}

fn name_of(plan: &Plan, feed: usize) -> FeedName {
    match plan.topics.get(feed) {
        Some(topic) => FeedName::Topic(topic.id.clone()),
        None => FeedName::Stories,
    }
}

/// Of every feed, in the order of the plan, and of the site: hashes of everything in the
/// configuration, and in the program, that its documents show.
pub(super) struct Looks(Vec<(FeedName, u64)>);

impl Looks {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut common = Xxh3::new();
        // The nodes of a cluster may be of different versions, and must agree.
        match plan.shared {
            Some(_) => common.update(&super::RULES_VERSION.to_le_bytes()),
            None => common.update(env!("CARGO_PKG_VERSION").as_bytes()),
        }
        common.update(format!("{:?}", plan.server.site).as_bytes());
        for source in plan.sources.values() {
            let place = source.location.hash();
            let rank = (source.rank, source.position);
            let shown = (source.id.as_str(), &*source.title, source.role.as_str(), rank, place);
            common.update(format!("{shown:?}").as_bytes());
        }
        let common = common.digest();
        let look = |shown: &str| {
            let mut hash = Xxh3::with_seed(common);
            hash.update(shown.as_bytes());
            hash.digest()
        };
        let topics: Vec<_> = plan.topics.iter().map(|topic| (topic, shown(topic))).collect();
        let hides: Vec<bool> = plan.topics.iter().map(|topic| topic.private).collect();
        let public = topics.iter().filter(|(topic, _)| !topic.private);
        let public: Vec<&str> = public.map(|(_, shown)| shown.as_str()).collect();
        let of_topics =
            topics.iter().map(|(topic, shown)| (FeedName::Topic(topic.id.clone()), look(shown)));
        let stories = (FeedName::Stories, look(&format!("{hides:?}")));
        let site = (FeedName::Site, look(&public.concat()));
        Self(of_topics.chain([stories, site]).collect())
    }

    /// A digest of everything in the plan that decides what its turn changes.
    pub(super) fn digest(&self, plan: &Plan) -> u64 {
        let mut hash = Xxh3::new();
        for (_, look) in &self.0 {
            hash.update(&look.to_le_bytes());
        }
        for topic in 0..plan.topics.len() {
            hash.update(&plan.topic_version(topic).0.to_le_bytes());
        }
        hash.update(format!("{:?} {:?}", plan.overrides, plan.hub.callback_base).as_bytes());
        hash.digest()
    }
}

/// Everything that a topic's documents show of its configuration.
fn shown(topic: &Topic) -> String {
    let Topic { id, title, description, query, revisions, entries, bounds, .. } = topic;
    let Topic { formerly, mute_silence, private, explain, .. } = topic;
    let formerly: Vec<&str> = formerly.iter().map(TopicId::as_str).collect();
    let text = (id.as_str(), title, description, query, formerly);
    let bounds = (bounds.age, bounds.stories);
    format!("{:?}", (text, *revisions as u8, entries, bounds, mute_silence, private, explain))
}
