//! The nouns that pass between stages: plain data, no I/O, no decisions.
//!
//! A [`Source`] is polled; the [`Poll`] says what came of it: a
//! [`Reading`] with [`Entry`]s, nothing new, or a [`Failure`]. Entries that
//! are about the same thing make a [`Story`]; a [`Topic`] is a query over
//! stories. [`SourceState`] is what is known of a source between polls.
//!
//! Everything a poll carries can be serialised, because one day it may
//! travel through a stream between machines; nothing else reaches the loop.

mod cluster_state;

mod engine_record;

mod entry;

mod event;

mod evidence;

mod flood_limit;

mod habits;

mod look_back;

mod source_state;

mod name;

mod network;

mod recheck;

mod failure;

mod freshness;

mod poll;

mod publisher;

mod revision;

mod seed;

mod set_aside;

mod source;

mod story;

mod timestamp;

mod topic;

mod websub;

pub use cluster_state::{Applied, Assignment, PARTITIONS, Partition, RULES_VERSION, StateDigest};
pub use engine_record::{EngineRecord, FeedName, Horizon, Progress, WalkPosition};
pub use entry::{Enclosure, Enriched, Entry, Feed, Publisher};
pub use event::{EventKind, SourceEvent, TopicSilence};
pub use evidence::{Evidence, Factor, FactorKind, Forbidden, Related, Tier};
pub use failure::{Failure, FailureKind};
pub use flood_limit::FloodState;
pub use freshness::Freshness;
pub use habits::{Habit, Habits};
pub use look_back::{LookBack, NotASpan};
pub use name::{NodeName, SourceId, StoryId, TopicId};
pub use network::network_of;
pub use poll::{Backfill, Document, Hints, Outcome, Poll, ReadBy, Reading, Unchanged, Validators};
pub use publisher::{are_one, publisher_of};
pub use recheck::{PageCount, PageHold, Recheck, RecheckRound};
pub use revision::{Piece, Revision, Withdrawal, WithdrawnBy};
pub use seed::Seed;
pub use set_aside::{EdgeLines, Reason, SetAside, TextState};
pub use source::{Enrich, Location, Pace, Role, Secret, Source, Sources, TextRules};
pub use source_state::{
    DecayedCounts, Described, Hold, HoldScope, LastAnswer, Listed, Moved, PollPrice, Rhythm,
    SourceHold, SourceState,
};
pub use story::{
    Admitted, Bearers, Key, KeyKind, Lookalikes, MOST_BEARERS, Member, Story, Verdict, is_own_page,
};
pub use timestamp::Timestamp;
pub use topic::{Revisions, Topic, TopicBounds, TopicVersion};
pub use websub::{
    HubOffer, HubProtocol, PushState, Subscriber, SubscriberId, Subscription, SubscriptionMode,
    SubscriptionTerms, host_of,
};
