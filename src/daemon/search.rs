//! Searches the stored stories for anybody who asks, within bounds.
//!
//! One search reads thousands of stories, and strangers choose the query. So searches take turns,
//! fairly between clients, and each may take so much work and processor time. A search that takes
//! more fails whole: what it found until then is not shown.

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio_util::sync::CancellationToken;

use super::Background;
use crate::fair_queue::{FairQueue, Full, QueueLimits};
use crate::inquiry::Records;
use crate::inquiry::try_query::{NotTried, Scope};
use crate::model::Timestamp;
use crate::publish::{Finding, NotSearched, Search, Unavailable};
use crate::topics::Work;

/// Stories that a search looks at, the latest changed first, and bytes of their texts. Reading so
/// many takes about a second; what is older is left out, and the page says so.
const MOST_STORIES: usize = 10_000;
const MOST_TEXT: usize = 20 << 20;

/// Stories shown that nearly match.
const NEAR: usize = 10;

/// Units of work that the query may take: one to two seconds, where they are of the slow kind.
const MOST_WORK: u64 = 400_000_000;

/// Processor time that a search may take. The rest of two seconds is for the page.
const MOST_TIME: Duration = Duration::from_millis(1500);

/// One client's searches leave a turn to others.
const BOUNDS: QueueLimits =
    QueueLimits { turns: 2, turns_of_one: 1, waiting: 64, waiting_of_one: 4 };

/// Where searches are made.
pub(super) struct Searches {
    turns: FairQueue,
    background: Background,
}

impl Searches {
    pub(super) fn new(background: Background) -> Self {
        Self { turns: FairQueue::new(BOUNDS), background }
    }

    /// Runs a search. Dropping the future ends it soon.
    pub(super) fn search(
        &self,
        records: Arc<Records>,
        search: Search,
        now: Timestamp,
    ) -> impl Future<Output = Result<Result<Finding, NotSearched>, Unavailable>> + Send + use<>
    {
        let (turns, background) = (self.turns.clone(), self.background.clone());
        async move {
            let Ok::<_, Full>(turn) = turns.turn(search.client).await else {
                return Ok(Err(NotSearched::Busy));
            };
            let wanted = CancellationToken::new();
            let unwanted = wanted.clone();
            let _gone = wanted.drop_guard();
            let searching = background.spawn_blocking(move || {
                // The turn ends with the work, not with the client that waits for it.
                let _turn = turn;
                let began = processor_time();
                let go_on = || !unwanted.is_cancelled() && processor_time() - began < MOST_TIME;
                found(&records, &search, now, &Work::bounded(MOST_WORK, &go_on))
            });
            searching.await.unwrap_or_else(|broken| Err(Unavailable(broken.to_string())))
        }
    }
}

/// The processor time of this thread: others that are busy do not end a search.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn found(
    records: &Records,
    search: &Search,
    now: Timestamp,
    work: &Work<'_>,
) -> Result<Result<Finding, NotSearched>, Unavailable> {
    let scope = Scope {
        span: search.span.clone(),
        most: MOST_STORIES,
        most_text: MOST_TEXT,
        skip: search.skip,
        sample: search.show,
        near: NEAR,
        versus: None,
        public: true,
    };
    let trial = match records.tried(&search.query, &scope, now, work) {
        Ok(trial) => trial,
        Err(NotTried::Refused(problems)) => return Ok(Err(NotSearched::NotAQuery(problems))),
        // A search is compared with no topic.
        Err(NotTried::UnknownTopic(topic)) => {
            let unknown = format!("no topic is called {topic}");
            return Ok(Err(NotSearched::NotAQuery(vec![unknown])));
        }
        Err(NotTried::Spent(_)) => return Ok(Err(NotSearched::TooMuchWork)),
        Err(NotTried::Store(error)) => return Err(Unavailable(error.to_string())),
    };
    Ok(Ok(trial.finding))
}
