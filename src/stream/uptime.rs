//! A monotonic clock that goes on while the machine is suspended.
//!
//! A node that was suspended wakes among nodes that have counted on. By [`Instant`] alone, which
//! stands still meanwhile, it would believe in its right to poll and to lead for seconds.

use std::time::Duration;

use tokio::time::Instant;

/// The present moment.
pub fn now() -> Instant {
    Instant::now() + suspended()
}

/// The time since a moment of this clock.
pub fn since(moment: Instant) -> Duration {
    now().saturating_duration_since(moment)
}

/// How long the machine was suspended since it was booted.
#[cfg(target_os = "linux")]
fn suspended() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let read = |clock| {
        let time = clock_gettime(clock);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    // Read in this order, so that time between the readings does not count twice.
    let (boot, monotonic) = (read(ClockId::Boottime), read(ClockId::Monotonic));
    boot.saturating_sub(monotonic)
}

#[cfg(not(target_os = "linux"))]
fn suspended() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ahead_of_the_other_clock_by_what_the_machine_was_suspended() {
        let (before, slept) = (Instant::now(), suspended());
        let moment = now();
        let after = Instant::now() + suspended();
        assert!(before + slept <= moment && moment <= after + Duration::from_millis(1));
        assert!(since(moment) < Duration::from_secs(60));
    }
}
