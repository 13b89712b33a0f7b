//! Limits the share of time that publishing takes.
//!
//! Every change renders and compresses whole feeds. While no poll is under way, that happens at
//! once. While polls end one after another it would be most of the work, and no reader would see
//! the difference: then publishing takes a tenth of the time, and all changes since are published
//! together. Documents that nobody has requested are not compressed.

use std::time::Duration;

use tokio::time::Instant;

use super::Pipeline;
use crate::store::StoreError;

/// Publishing pauses for this many times the time it took...
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
    /// Records that publishing took this long until now.
    fn published(&mut self, took: Duration, now: Instant) {
        self.took = Duration::ZERO;
        self.worked(took, now);
    }

    /// Records that compressing took this much longer.
    fn worked(&mut self, took: Duration, now: Instant) {
        self.took += took;
        self.free_at = Some(now + (self.took * RESTS).min(LONGEST));
    }

    /// Whether changes are published now. `is_more_coming`: polls are under way, or further turns
    /// wait to be applied.
    fn is_due(&self, is_more_coming: bool, now: Instant) -> bool {
        !is_more_coming || self.free_at.is_none_or(|at| at <= now)
    }
}

impl Pipeline {
    /// Publishes changes, if that is due, and has the documents compressed.
    pub(super) async fn publish_when_due(&mut self) -> Result<(), StoreError> {
        let is_more_coming = self.polls.are_under_way() || self.stream.has_next();
        if self.publishing.throttle.is_due(is_more_coming, Instant::now()) {
            self.publish().await?;
        }
        let cache = self.driver.cache();
        if self.publishing.compressing.is_empty() && !cache.is_compressed() {
            let cache = cache.clone();
            self.publishing.compressing.spawn_blocking(move || {
                let began = Instant::now();
                while cache.compress() {}
                began.elapsed()
            });
        }
        Ok(())
    }

    /// Publishes changes at once, and logs the news. While a turn waits for room on the disk, nothing
    /// is published: the engine is ahead of the store then.
    pub(super) async fn publish(&mut self) -> Result<(), StoreError> {
        if self.driver.is_blocked() {
            return Ok(());
        }
        if self.driver.has_unpublished() {
            let began = Instant::now();
            self.driver.publish().await?;
            self.publishing.throttle.published(began.elapsed(), Instant::now());
        }
        self.publishing.unlogged.drain(..).for_each(|news| news.log());
        Ok(())
    }

    /// When unpublished changes are published, if there are any.
    pub(super) fn publish_at(&self) -> Option<Instant> {
        let is_due = self.driver.has_unpublished() && !self.driver.is_blocked();
        is_due.then(|| self.publishing.throttle.free_at.unwrap_or_else(Instant::now))
    }

    /// The compression task has ended.
    pub(super) fn compressed(&mut self, took: Duration) {
        self.publishing.throttle.worked(took, Instant::now());
    }

    /// Whether every change is served, and compressed where somebody has asked for it.
    pub(super) fn is_published(&self) -> bool {
        !self.driver.has_unpublished()
            && self.publishing.compressing.is_empty()
            && self.driver.cache().is_compressed()
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
