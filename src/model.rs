//! The nouns that pass between stages: plain data, no I/O, no decisions.
//!
//! A [`Source`] is polled; the [`Poll`] says what came of it: a
//! [`Reading`] with [`Entry`]s, nothing new, or a [`Failure`]. Entries that
//! are about the same thing make a [`Story`]; a [`Topic`] is a query over
//! stories. [`Memory`] is what is known of a source between polls.
//!
//! Everything a poll carries can be serialised, because one day it may
//! travel through a stream between machines; nothing else reaches the loop.

mod engine_record;

mod entry;

mod event;

mod evidence;

mod intake;

mod memory;

mod name;

mod network;

mod pages;

mod phrase;

mod poll;

mod revision;

mod seed;

mod signature;

mod source;

mod story;

mod subscriber;

mod timestamp;

mod topic;

pub use engine_record::{EngineRecord, FeedName, Progress, WalkPosition};
pub use entry::{Enclosure, Enriched, Entry, Feed};
pub use event::{EventKind, SourceEvent, TopicSilence};
pub use evidence::{Evidence, Forbidden, Related, Tier};
pub use intake::Intake;
pub use memory::{
    Described, Hold, HoldScope, LastAnswer, Memory, Moved, Priced, PushState, Rhythm, SourceHold,
    Subscription, Watched,
};
pub use name::{SourceId, StoryId, TopicId};
pub use network::network_of;
pub use pages::{Pages, Round};
pub use phrase::Phrase;
pub use poll::{
    Back, Document, Failure, FailureKind, Freshness, Hints, Offer, Outcome, Poll, Protocol,
    Reading, Validators,
};
pub use revision::{Piece, Revision, Withdrawal, WithdrawnBy};
pub use seed::Seed;
pub use signature::Signature;
pub use source::{Enrich, Location, Pace, Role, Secret, Source, Sources};
pub use story::{Admitted, Bearers, Key, KeyKind, Lookalikes, Member, Story, Verdict};
pub use subscriber::{Mode, Subscriber, SubscriberId, Wish, host_of};
pub use timestamp::Timestamp;
pub use topic::{Bounds, Fingerprint, Revisions, Topic};
