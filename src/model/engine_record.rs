//! Records of the engine's own state: all that it must know after a restart beside sources, stories and subscribers.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Applied, Assignment, StoryId, Timestamp, TopicId, TopicVersion};

/// A record of the engine's own state. The store keeps one of each [key](EngineRecord::key).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineRecord {
    /// How far the engine has come.
    Progress(Progress),
    /// When a feed was last modified.
    Feed {
        /// Which feed.
        feed: FeedName,
        /// Its Last-Modified, to the second.
        modified: Timestamp,
        /// Hash of everything in the configuration that its documents show.
        look: u64,
    },
    /// The version of a topic that is published.
    TopicVersion {
        /// Which topic.
        topic: TopicId,
        /// The version that its places are stored under.
        version: TopicVersion,
    },
    /// The places of this version are not, or are no longer, what its query finds.
    Unfinished {
        /// Which version.
        version: TopicVersion,
    },
    /// The part of a topic's archive that neither its volumes nor its places tell. It stays when the
    /// topic goes, so that no address of a volume is ever given twice.
    Archive {
        /// Which topic.
        topic: TopicId,
        /// The address of the site, under which the volumes have theirs.
        base_url: Url,
        /// The name of the last volume that closed.
        last: Option<String>,
        /// Old stories of new sources, which wait for a volume and which the feed leaves out.
        backfill: Vec<StoryId>,
    },
    /// A topic fell silent, and that was reported.
    Silence {
        /// Which topic.
        topic: TopicId,
        /// The date of its latest news before the silence.
        since: Timestamp,
        /// When it was reported.
        reported: Timestamp,
    },
    /// The last turn of the stream whose changes the store holds.
    Applied(Applied),
    /// The owners of the partitions.
    Assignment(Assignment),
    /// The plan in force, as the nodes of a cluster share it.
    SharedPlan {
        /// The configuration, written out in full.
        text: String,
    },
    /// The queries of the plan in force. Topics are published by them until those of the next
    /// plan are filled.
    Queries {
        /// The queries, with vocabularies and language, as JSON.
        text: String,
    },
    /// The queries of earlier plans by which topics are published until they are filled.
    FormerPlans {
        /// The queries of each plan, as JSON, the newest first.
        texts: Vec<String>,
    },
    /// A hub elsewhere has accepted a ping for a feed.
    Ping {
        /// The path of the feed.
        path: String,
        /// Hash of the feed's bytes and of the hub's address.
        hash: u64,
        /// When it was accepted.
        at: Timestamp,
    },
}

/// How far the engine has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Time of the last turn that was applied: no turn is earlier.
    pub applied: Timestamp,
    /// Digest of the plan in force.
    pub plan: u64,
    /// When all topics were last checked for silence.
    pub silence_checked: Option<Timestamp>,
    /// The day (since 1970) on which the last retention walk began.
    pub walk_day: Option<i64>,
    /// Where the retention walk is.
    pub walk: WalkPosition,
    /// The time from which the age of stories is counted.
    #[serde(default)]
    pub horizon: Horizon,
}

/// The time from which the age of stories is counted, where something goes for its age. It follows
/// the time of polls, but a leap that the schedule does not explain is believed only when polls
/// some hours apart agree on it: what a clock that was ahead has removed does not come back when
/// it is set right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Horizon {
    /// That time.
    pub at: Timestamp,
    /// The first poll behind a leap, until the leap is believed.
    pub leap: Option<Timestamp>,
}

impl Horizon {
    /// A leap is believed when polls agree on it for so long.
    const AGREED: Duration = Duration::from_secs(6 * 3600);

    /// Polls may be so far apart, and so much later than they were due.
    const LATE: Duration = Duration::from_secs(3600);

    /// After a poll at `now`. `due` says when the first poll after the one before was due.
    pub fn after_poll(self, now: Timestamp, due: impl FnOnce() -> Option<Timestamp>) -> Self {
        let settled = Self { at: now, leap: None };
        if let Some(leap) = self.leap.filter(|leap| *leap <= now) {
            return if leap.until(now) >= Self::AGREED { settled } else { self };
        }
        let is_soon = |time: Timestamp| time.until(now) <= Self::LATE;
        let is_explained =
            self.at == Timestamp::EPOCH || is_soon(self.at) || due().is_none_or(is_soon);
        if is_explained { settled } else { Self { leap: Some(now), ..self } }
    }

    /// The clock is set back to `at`: what it said before is void.
    pub fn set_back(self, at: Timestamp) -> Self {
        Self { at: self.at.min(at), leap: None }
    }

    /// Whether a leap is doubted.
    pub fn is_doubted(&self) -> bool {
        self.leap.is_some()
    }
}

/// Where the retention walk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalkPosition {
    /// It is finished until the next day.
    #[default]
    Finished,
    /// Among the stories, after this one in the order of first sight.
    Stories(Option<(Timestamp, StoryId)>),
    /// Among the retired stories, after this one.
    Retired(Option<StoryId>),
}

/// A document, or a group of them, with a Last-Modified of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedName {
    /// A topic: its feeds and its page.
    Topic(TopicId),
    /// The feed of all stories.
    Stories,
    /// The documents that belong to no single topic: the index, the list of topics, the style
    /// sheet.
    Site,
}

impl EngineRecord {
    /// Whether the record makes a store part of a stream.
    pub fn is_of_stream(&self) -> bool {
        matches!(
            self,
            Self::Applied(_) | Self::Assignment(_) | Self::SharedPlan { .. }
        )
    }

    /// The key of the record: a later record of the same key replaces it.
    pub fn key(&self) -> String {
        match self {
            Self::Progress(_) => "progress".to_owned(),
            Self::Feed { feed, .. } => match feed {
                FeedName::Topic(topic) => format!("feed/{topic}"),
                FeedName::Stories => "feed:stories".to_owned(),
                FeedName::Site => "feed:site".to_owned(),
            },
            Self::TopicVersion { topic, .. } => format!("version/{topic}"),
            Self::Unfinished { version } => format!("unfinished/{:016x}", version.0),
            Self::Archive { topic, .. } => format!("archive/{topic}"),
            Self::Silence { topic, .. } => format!("silence/{topic}"),
            Self::Applied(_) => "stream:applied".to_owned(),
            Self::Assignment(_) => "stream:assignment".to_owned(),
            Self::SharedPlan { .. } => "stream:plan".to_owned(),
            Self::Queries { .. } => "queries".to_owned(),
            Self::FormerPlans { .. } => "stream:former".to_owned(),
            Self::Ping { path, .. } => format!("ping{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn at(hours: u64) -> Timestamp {
        Timestamp::from_secs(1_743_600_000).after(Duration::from_secs(hours * HOUR))
    }

    /// After polls at these hours, each with the hour at which the first one was due.
    fn after(polls: &[(u64, Option<u64>)]) -> Horizon {
        polls.iter().fold(Horizon::default(), |horizon, (now, due)| {
            horizon.after_poll(at(*now), || due.map(at))
        })
    }

    #[test]
    fn a_leap_that_the_schedule_does_not_explain_is_doubted_until_polls_hours_apart_agree() {
        for (polls, horizon, why) in [
            (&[(0, None), (500, Some(500))][..], 500, "one source is polled once in three weeks"),
            (&[(0, None), (24, Some(23))], 24, "it is a little late"),
            (&[(0, None), (1, Some(0))], 1, "it is late and polls are not far apart"),
            (&[(0, None), (24, None)], 24, "no source was polled before"),
            (&[(0, None), (24, Some(30))], 24, "the operator asks for a poll"),
            (&[(0, None), (30, Some(1))], 0, "a clock is thirty hours ahead"),
            (&[(0, None), (3, Some(1))], 0, "or three"),
            (&[(0, None), (30, Some(1)), (35, Some(35))], 0, "polls agree, but not for long"),
            (&[(0, None), (30, Some(1)), (36, Some(36))], 36, "polls agree"),
        ] {
            let known = after(polls);
            assert_eq!((known.at, known.is_doubted()), (at(horizon), horizon == 0), "{why}");
        }
    }

    #[test]
    fn a_clock_that_is_set_right_ends_the_doubt() {
        let set_right = after(&[(0, None), (30, Some(1))]).set_back(at(1));
        assert_eq!(set_right, after(&[(0, None)]));
        assert_eq!(set_right.after_poll(at(2), || Some(at(1))).at, at(2));
    }
}
