//! The server's view of the daemon: a trait for each kind of page, and the answers.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::source_status::SourceStatus;
use super::{Metrics, Site, Volume};
use crate::model::{
    LookBack, NotASpan, Piece, Source, SourceId, Sources, Story, StoryId, Subscriber, Timestamp,
    Topic, TopicId, TopicSilence,
};
use crate::websub::outbound::{RequestRefused, SubscriptionRequest};

/// An answer that takes a moment.
pub type Reply<T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send>>;

/// Where the server asks for what is not in the response cache: a trait for each kind of page. The daemon
/// implements them over the loop and the store; what returns at once must not wait for either.
pub trait Backend:
    StatusBackend
    + SourcesBackend
    + StoryBackend
    + SearchBackend
    + CallbackBackend
    + HubBackend
    + FeedBackend
{
}

/// For every page, `/healthz`, `/readyz` and `/metrics`: the daemon's clock and condition.
pub trait StatusBackend: Send + Sync + 'static {
    /// The daemon's clock.
    fn now(&self) -> Timestamp;
    /// The site's settings, as in the current plan.
    fn site(&self) -> Arc<Site>;
    /// Whether readers should be sent here; why not, in words, otherwise.
    fn ready(&self) -> Result<(), String>;
    /// Whether the daemon works; why it should be restarted, in words, otherwise.
    fn healthy(&self) -> Result<(), String>;
    /// When something may change next: the earliest planned poll (Q28).
    fn next_poll(&self) -> Option<Timestamp>;
    /// The metrics.
    fn metrics(&self) -> Arc<Metrics>;
}

/// For `/sources` and its feeds.
pub trait SourcesBackend: Send + Sync + 'static {
    /// Every source with what is known of it.
    fn sources(&self) -> Reply<Vec<SourceStatus>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
    /// The topics that fell silent, each with its last silence.
    fn silences(&self) -> Reply<Vec<TopicSilence>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
    /// The subscribers of our hub, without those of private topics.
    fn subscribers(&self) -> Reply<Vec<Subscriber>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// For the pages of stories.
pub trait StoryBackend: Send + Sync + 'static {
    /// One story, unless there is none of that id that everybody may see, or whoever opens the private
    /// topics `opened`. What is hidden must take as long as what is not there.
    fn story(&self, id: StoryId, opened: Vec<TopicId>) -> Reply<Option<StoryDetail>> {
        let _ = (id, opened);
        Box::pin(std::future::ready(Ok(None)))
    }
    /// Compares two texts, to mark the differences of a revision. The default shows one beside the
    /// other.
    fn differences(&self, earlier: &str, later: &str) -> Vec<Piece> {
        vec![Piece::Gone(earlier.to_owned()), Piece::Come(later.to_owned())]
    }
}

/// For `/search` and its feeds.
pub trait SearchBackend: Send + Sync + 'static {
    /// Searches the stored stories. Searches take turns, fairly between clients, and the work of
    /// each is bounded.
    fn search(&self, search: Search) -> Reply<Result<Finding, NotSearched>> {
        let why = format!("nobody searches here for {}", search.query);
        Box::pin(std::future::ready(Err(Unavailable(why))))
    }
}

/// For callbacks, where hubs of sources push documents.
pub trait CallbackBackend: Send + Sync + 'static {
    /// How many bytes a hub may send to the callback that this token names; `None`
    /// where there is no such callback. Whoever asks no hub has none.
    fn callback(&self, token: &str) -> Reply<Option<u64>> {
        let _ = token;
        Box::pin(std::future::ready(Ok(None)))
    }
    /// The answer to a hub that calls back with this query; `None` if nobody asked for it.
    fn verified(&self, token: String, query: Vec<(String, String)>) -> Reply<Option<String>> {
        let _ = (token, query);
        Box::pin(std::future::ready(Ok(None)))
    }
    /// Takes in what a hub sent, to be read later; false where too much waits already.
    fn delivered(&self, delivery: Delivery) -> bool {
        drop(delivery);
        false
    }
}

/// For our own hub.
pub trait HubBackend: Send + Sync + 'static {
    /// Whether there is a hub of ours here.
    fn is_hub(&self) -> bool {
        false
    }
    /// Takes a request to our hub, to be verified later, or refuses it. `client`: the client, if
    /// known.
    fn subscribe(
        &self,
        request: SubscriptionRequest,
        client: Option<IpAddr>,
    ) -> Reply<Result<(), RequestRefused>> {
        let _ = (request, client);
        Box::pin(std::future::ready(Ok(Err(RequestRefused::NoSuchFeed))))
    }
}

/// For feeds that are made on request: of one source, of earlier stories, of a closed volume.
pub trait FeedBackend: Send + Sync + 'static {
    /// The stories of one source, if it exists. `may_see_private`: whether the client may see private ones.
    fn source(&self, source: SourceId, may_see_private: bool) -> Reply<Option<SourceDetail>> {
        let _ = (source, may_see_private);
        Box::pin(std::future::ready(Ok(None)))
    }
    /// The stories of a topic, or of all, that stand after a place, unless there is
    /// no such topic. Whoever keeps no archive has none.
    fn earlier(&self, topic: Option<TopicId>, before: Before) -> Reply<Option<EarlierDetail>> {
        let _ = (topic, before);
        Box::pin(std::future::ready(Ok(None)))
    }
    /// A closed volume of a topic, unless there is none of that name.
    fn volume(&self, topic: TopicId, volume: Volume) -> Reply<Option<VolumeDetail>> {
        let _ = (topic, volume);
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// A push at a callback, not read yet.
#[derive(Debug)]
pub struct Delivery {
    /// Which callback: the last part of its path.
    pub token: String,
    /// The `X-Hub-Signature` header.
    pub signature: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
    /// The memory it takes up, free again once this is dropped.
    pub room: OwnedSemaphorePermit,
}

/// The daemon cannot answer now; the reason is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// A story with what is needed to tell of it.
#[derive(Debug, Clone)]
pub struct StoryDetail {
    /// The story.
    pub story: Story,
    /// The plan's sources: who leads, and what they are called.
    pub sources: Sources,
    /// The topics it is in, private ones too, in the order of the plan: who
    /// asks is shown those which they may know of.
    pub topics: Vec<Topic>,
    /// Why it is in each of them, in words: "in it: “sanctions” (title)".
    pub why: BTreeMap<TopicId, String>,
    /// Titles of the stories that it resembles.
    pub titles: BTreeMap<StoryId, String>,
    /// Of each member, in their order, the bytes of its text that are why it
    /// joined, where the text decided.
    pub shared: Vec<Vec<Range<usize>>>,
    /// A remark on each member, in the same order, if its page lists several releases.
    pub remarks: Vec<Option<String>>,
}

/// A reader's search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// In the language of topics.
    pub query: String,
    /// How far to look back.
    pub span: LookBack,
    /// How many of the newest to pass over: those of the pages before.
    pub skip: usize,
    /// How many stories to show.
    pub show: usize,
    /// Who asks: an address, or a network of IPv6; none where a proxy does not say.
    pub client: Option<IpAddr>,
}

/// Why there is no answer to a search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSearched {
    /// It is not a query: each problem with the line it is in and a caret under the place.
    #[error("not a query")]
    NotAQuery(Vec<String>),
    /// The span to look back is not one.
    #[error("{0}")]
    NotASpan(NotASpan),
    /// It takes more work than a search may cost.
    #[error(
        "This search takes too much work. Ask for a shorter span, or for fewer, rarer words: \
         patterns, prefixes and NEAR between frequent words take most."
    )]
    TooMuchWork,
    /// Too many searches wait, of this client or of all.
    #[error("Too many searches wait already. Please try again in a moment.")]
    Busy,
}

/// The result of a search.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How far back was looked: further than asked for, where the usual window held no story.
    pub span: LookBack,
    /// The newest of it, after those of the pages before.
    pub stories: Vec<FoundStory>,
    /// How many stories it is in all.
    pub count: usize,
    /// How many stories were looked at.
    pub looked_at: usize,
    /// Where looking back ended before its time, for there were too many stories: when the last
    /// that was looked at changed.
    pub back_to: Option<Timestamp>,
    /// How many a week, the newest week last.
    pub weeks: Vec<Week>,
    /// Topics that hold nearly the same stories.
    pub alike: Vec<Topic>,
    /// Warnings about the query.
    pub warnings: Vec<String>,
    /// Suggestions from the archive, with counts.
    pub advice: Vec<String>,
    /// Stories that are one term short of the query, or that a NOT leaves out, the nearest first.
    pub near: Vec<NearStory>,
    /// The plan's sources.
    pub sources: Sources,
}

/// A story that a search found.
#[derive(Debug, Clone)]
pub struct FoundStory {
    /// The story.
    pub story: Arc<Story>,
    /// Its title, with what was searched for marked.
    pub title: Vec<Marked>,
    /// The part of its text that has most to do with the query.
    pub excerpt: Vec<Marked>,
}

/// A story that a search nearly found.
#[derive(Debug, Clone)]
pub struct NearStory {
    /// The story.
    pub story: Arc<Story>,
    /// The missing term or condition, in words.
    pub lacking: String,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// Plain text.
    pub text: String,
    /// Whether it is what was searched for.
    pub marked: bool,
}

/// How many stories are dated within one week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    /// The week as ISO 8601 has it: `2025-W14`.
    pub week: String,
    /// Its Monday: `2025-03-31`.
    pub monday: String,
    /// How many.
    pub count: usize,
}

/// A place in the order of a feed, newest first: what stands after it is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// The date by which the feed orders the story that stands there.
    pub date: Timestamp,
    /// That story; none is before all of its date.
    pub story: Option<StoryId>,
}

/// `1743591900000-STORY`, which is exact; a date is read as well.
impl fmt::Display for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date.as_millis())?;
        self.story.map_or(Ok(()), |story| write!(f, "-{story}"))
    }
}

impl Before {
    /// Reads a place, or a date as RFC 3339 has it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some((millis, story)) = text.split_once('-')
            && let (Ok(millis), Ok(story)) = (millis.parse(), story.parse())
        {
            return Some(Self { date: Timestamp::from_millis(millis), story: Some(story) });
        }
        // In a query a plus sign reads as a space.
        let date = Timestamp::parse_rfc3339(&text.replace(' ', "+"))?;
        Some(Self { date, story: None })
    }
}

/// How many stories a topic has, or all topics and none together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// As many as were counted.
    pub count: usize,
    /// Whether there are more than these.
    pub or_more: bool,
}

/// Stories on a page at most.
pub const PAGE: usize = 50;

/// The first page of a topic, beside its feed.
#[derive(Debug, Clone, Default)]
pub struct FirstPage {
    /// Its stories, newest first, where the feed leaves any of them out; otherwise they are the
    /// feed's first.
    pub stories: Option<Vec<Arc<Story>>>,
    /// How many stories there are; `None` where that is not known, or not for everybody to know.
    pub total: Option<Total>,
}

impl Total {
    /// How many are counted at most: counting reads every place.
    pub const MOST: usize = 1000;

    /// The total of a feed of which so many places were read, up to one more than [`Total::MOST`].
    pub fn of(places: usize) -> Self {
        Self { count: places.min(Self::MOST), or_more: places > Self::MOST }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.or_more { "more than " } else { "" };
        write!(f, "{more}{}", self.count)
    }
}

/// Earlier stories with what is needed to render them.
#[derive(Debug, Clone)]
pub struct EarlierDetail {
    /// The topic, or none for all stories.
    pub topic: Option<Topic>,
    /// The stories, newest first.
    pub stories: Vec<Arc<Story>>,
    /// For which words each is in a topic that explains itself.
    pub words: HashMap<StoryId, Vec<String>>,
    /// The plan's sources.
    pub sources: Sources,
    /// Where those begin that are earlier still.
    pub next: Option<Before>,
    /// How many there are in all; none where that would tell of what is hidden.
    pub total: Option<Total>,
}

/// The stories of one source, with everything needed to render them.
#[derive(Debug, Clone)]
pub struct SourceDetail {
    /// The source.
    pub source: Arc<Source>,
    /// The stories of its document, newest first.
    pub stories: Vec<Arc<Story>>,
    /// The plan's sources.
    pub sources: Sources,
}

/// A closed volume of a topic's archive.
#[derive(Debug, Clone)]
pub struct VolumeDetail {
    /// Its documents in every format, as [`super::ClosedVolume`] holds them.
    pub text: String,
    /// The volume that closed after it.
    pub next: Option<Volume>,
}
