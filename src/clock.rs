//! The daemon's one clock: the wall clock, or one that a test sets.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::Timestamp;

/// A wall clock may be set while we wait for it; so often we look again.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// The one place that says what time it is.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Wall,
    Hand(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    pub fn wall() -> Self {
        Self(Kind::Wall)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn by_hand(start: Timestamp) -> Self {
        Self(Kind::Hand(Arc::new(watch::Sender::new(start))))
    }

    /// The moment it is.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::Wall => chrono::Utc::now().into(),
            Kind::Hand(hand) => *hand.borrow(),
        }
    }

    /// Moves a clock that is set by hand; the wall clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Kind::Hand(hand) = &self.0 {
            hand.send_modify(|now| *now = now.after(by));
        }
    }

    /// Returns once it is `moment`, also when the clock is set ahead in between;
    /// earlier when it is set back: then what it was to be waited for is in question.
    pub async fn sleep_until(&self, moment: Timestamp) {
        match &self.0 {
            Kind::Wall => {
                let mut before = self.now();
                loop {
                    let now = self.now();
                    if moment <= now || now < before {
                        return;
                    }
                    before = now;
                    tokio::time::sleep(now.until(moment).min(LOOK_AGAIN)).await;
                }
            }
            Kind::Hand(hand) => {
                // The sender lives as long as this clock, so waiting cannot fail.
                let _ = hand.subscribe().wait_for(|now| *now >= moment).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_hand_moves() {
        let clock = Clock::by_hand(Timestamp::from_secs(100));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(Timestamp::from_secs(160)).await }
        });
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        assert!(sleeper.await.is_ok());
        assert_eq!(clock.now(), Timestamp::from_secs(160));
    }
}
