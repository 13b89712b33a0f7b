//! Stores that pass what is asked of them on to the store behind them.

use std::sync::Arc;

use gazetted::store::{Commit, Committed, Store, StoreError};

/// The reads of a store, passed on to the one in the field `store`. The method `reads` is told the
/// name of each before.
macro_rules! pass_reads_on {
    () => {
        pass_reads_on! {
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
        }

        fn records(&self) -> Box<dyn Iterator<Item = Result<Record, StoreError>> + '_> {
            self.reads("records");
            self.store.records()
        }
    };
    ($($name:ident($($argument:ident: $of:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($argument: $of),*) -> Result<$result, StoreError> {
            self.reads(stringify!($name));
            self.store.$name($($argument),*)
        })*
    };
}

pub(crate) use pass_reads_on;

/// The types of these reads.
pub mod types {
    pub use std::collections::BTreeMap;

    pub use gazetted::model::{
        EngineRecord, Key, Lookalikes, SourceId, SourceState, Story, StoryId, Subscriber,
        Timestamp, TopicVersion,
    };
    pub use gazetted::store::{DiskSpace, Record, TopicPlace};
}

use types::*;

/// Called with the name of each read before it happens.
pub type Watch = Arc<dyn Fn(&'static str) + Send + Sync>;

/// Reports what is read of the store behind it.
pub struct WatchedStore {
    /// That store.
    pub store: Arc<dyn Store>,
    /// Who watches the reads.
    pub watch: Watch,
}

impl WatchedStore {
    fn reads(&self, name: &'static str) {
        (self.watch)(name);
    }
}

impl Store for WatchedStore {
    pass_reads_on!();

    fn commit_shared(&self, commit: Arc<Commit>) -> Committed {
        self.store.commit_shared(commit)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.reads("close");
        self.store.close()
    }
}
