//! A store that reports what is read of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use gazetted::model::{
    EngineRecord, Key, Lookalikes, SourceId, SourceState, Story, StoryId, Subscriber, Timestamp,
    TopicVersion,
};
use gazetted::store::{Commit, Committed, DiskSpace, Record, Store, StoreError, TopicPlace};

/// Called with the name of each read before it happens.
pub type Watch = Arc<dyn Fn(&'static str) + Send + Sync>;

/// Passes everything on to the store behind it.
pub struct WatchedStore {
    /// That store.
    pub store: Arc<dyn Store>,
    /// Who watches the reads.
    pub watch: Watch,
}

macro_rules! watched {
    ($($name:ident($($argument:ident: $of:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($argument: $of),*) -> Result<$result, StoreError> {
            (self.watch)(stringify!($name));
            self.store.$name($($argument),*)
        })*
    };
}

impl Store for WatchedStore {
    watched! {
        source_states() -> BTreeMap<SourceId, Arc<SourceState>>;
        listed() -> BTreeMap<SourceId, Vec<StoryId>>;
        listed_by(source: &SourceId) -> Vec<StoryId>;
        lookalikes(keys: &[Key]) -> Lookalikes;
        is_known(id: StoryId) -> bool;
        story(id: StoryId) -> Option<Story>;
        stories(after: Option<(Timestamp, StoryId)>, limit: usize) -> Vec<Story>;
        places(topic: TopicVersion, older: Option<TopicPlace>, limit: usize) -> Vec<TopicPlace>;
        place_of(topic: TopicVersion, story: StoryId) -> Option<TopicPlace>;
        filled() -> Vec<TopicVersion>;
        retired(after: Option<StoryId>, limit: usize) -> Vec<(StoryId, Timestamp)>;
        engine_records() -> Vec<EngineRecord>;
        subscribers() -> Vec<Subscriber>;
        archive(under: &str) -> Vec<String>;
        archived(path: &str) -> Option<String>;
        count() -> u64;
        disk_space() -> Option<DiskSpace>;
        close() -> ();
    }

    fn commit_shared(&self, commit: Arc<Commit>) -> Committed {
        self.store.commit_shared(commit)
    }

    fn records(&self) -> Box<dyn Iterator<Item = Result<Record, StoreError>> + '_> {
        (self.watch)("records");
        self.store.records()
    }
}
