//! The daemon's one clock: the wall clock, or one that a test sets.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::Timestamp;

/// The longest sleep before the wall clock is read again, because it may have been set.
const MAX_SLEEP: Duration = Duration::from_secs(20);

/// The only source of the time.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Wall,
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    pub fn wall() -> Self {
        Self(Kind::Wall)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn by_hand(start: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(watch::Sender::new(start))))
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::Wall => chrono::Utc::now().into(),
            Kind::Manual(hand) => *hand.borrow(),
        }
    }

    /// Moves a clock that is set by hand; the wall clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual(hand) = &self.0 {
            hand.send_modify(|now| *now = now.after(by));
        }
    }

    /// Returns at `moment`, even if the clock is set ahead meanwhile. Returns at once if the clock is
    /// set back, because the caller then has to compute the moment anew.
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
                    tokio::time::sleep(now.until(moment).min(MAX_SLEEP)).await;
                }
            }
            Kind::Manual(hand) => {
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
