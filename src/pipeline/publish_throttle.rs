//! Limits how much of the time publishing takes.
//!
//! Whatever a gathering of polls changes, whole feeds are rendered and compressed for it.
//! Where nothing else is coming that is done at once. While polls end one after another
//! it would be most of the work, done for readers who see none of it: then it takes a
//! tenth of the time, and what changes meanwhile is published together; what nobody has
//! asked for yet, as all of it while a store is first filled, is compressed in the end.

use std::time::Duration;

use tokio::time::Instant;

use super::Pipeline;
use crate::publish::CompressionScope;
use crate::store::StoreError;

/// Publishing rests so many times as long as it took...
const RESTS: u32 = 9;

/// ...but never longer than this.
const LONGEST: Duration = Duration::from_secs(2);

/// When publishing was done last, and how long it took.
#[derive(Debug, Default)]
pub(super) struct PublishThrottle {
    took: Duration,
    free_at: Option<Instant>,
}

impl PublishThrottle {
    /// It was done, and took so long until now.
    fn published(&mut self, took: Duration, now: Instant) {
        self.took = Duration::ZERO;
        self.worked(took, now);
    }

    /// What it left to be done took so much longer.
    fn worked(&mut self, took: Duration, now: Instant) {
        self.took += took;
        self.free_at = Some(now + (self.took * RESTS).min(LONGEST));
    }

    /// Whether what changed is published now, polls being under way or not.
    fn is_due(&self, polling: bool, now: Instant) -> bool {
        !polling || self.free_at.is_none_or(|at| at <= now)
    }
}

impl Pipeline {
    /// Publishes what changed, if its time has come, and has it compressed.
    pub(super) async fn publish_when_due(&mut self) -> Result<(), StoreError> {
        if self.publishing.throttle.is_due(!self.polls.tasks.is_empty(), Instant::now()) {
            self.publish().await?;
        }
        let cache = self.editor.cache();
        let which = if self.polls.tasks.is_empty() {
            CompressionScope::All
        } else {
            CompressionScope::Asked
        };
        if self.publishing.compressing.is_empty() && cache.is_plain(which) {
            let cache = cache.clone();
            self.publishing.compressing.spawn_blocking(move || {
                let began = Instant::now();
                while cache.compress(which) {}
                began.elapsed()
            });
        }
        Ok(())
    }

    /// Publishes what changed, whether its time has come or not, and tells of it.
    pub(super) async fn publish(&mut self) -> Result<(), StoreError> {
        if self.editor.has_unpublished() {
            let began = Instant::now();
            self.editor.publish().await?;
            self.publishing.throttle.published(began.elapsed(), Instant::now());
        }
        self.publishing.unreported.drain(..).for_each(|news| news.tell());
        Ok(())
    }

    /// When what changed is published, if something did.
    pub(super) fn publish_at(&self) -> Option<Instant> {
        self.editor
            .has_unpublished()
            .then(|| self.publishing.throttle.free_at.unwrap_or_else(Instant::now))
    }

    /// Whoever compresses is done, for now.
    pub(super) fn compressed(&mut self, took: Duration) {
        self.publishing.throttle.worked(took, Instant::now());
    }

    /// Whether all that changed is served in every coding.
    pub(super) fn is_published(&self) -> bool {
        !self.editor.has_unpublished()
            && self.publishing.compressing.is_empty()
            && !self.editor.cache().is_plain(CompressionScope::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn where_nothing_else_is_coming_news_is_published_at_once() {
        let now = Instant::now();
        let mut throttle = PublishThrottle::default();
        assert!(throttle.is_due(true, now), "nothing was published yet");
        throttle.published(millis(100), now);
        assert!(throttle.is_due(false, now));
        assert!(!throttle.is_due(true, now));
    }

    #[test]
    fn while_polls_end_publishing_with_all_it_leaves_to_do_takes_a_tenth_of_the_time() {
        let now = Instant::now();
        let mut throttle = PublishThrottle::default();
        throttle.published(millis(10), now);
        assert!(
            !throttle.is_due(true, now + millis(89)) && throttle.is_due(true, now + millis(90))
        );
        throttle.worked(millis(20), now + millis(20));
        assert!(
            !throttle.is_due(true, now + millis(289)) && throttle.is_due(true, now + millis(290))
        );
        // The next one is counted by itself.
        throttle.published(millis(10), now + millis(300));
        assert!(throttle.is_due(true, now + millis(390)));
    }

    #[test]
    fn however_long_it_takes_news_waits_for_seconds_only() {
        let now = Instant::now();
        let mut throttle = PublishThrottle::default();
        throttle.published(millis(60_000), now);
        assert!(throttle.is_due(true, now + LONGEST));
    }
}
