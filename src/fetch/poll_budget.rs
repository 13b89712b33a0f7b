//! Sets the price of a poll so that all polls together stay within the operator's budget.
//!
//! Where the operator allows so many polls a source and day ([`Settings::budget`]),
//! each poll raises the price of all polls a little, and the time since its source was
//! asked before lowers it by as much as it should have brought: the sum of both is
//! what the fleet has overspent, with nothing to count and no clock to look at.
//!
//! A new price reaches a source only at its next poll, so a control that steps
//! faster than sources are asked outruns its own effect and swings for ever. One
//! round of all sources moves the price by half a power of e when twice the budget was
//! spent; that also leaves the differences between day and night alone, which the
//! schedule makes on purpose. (PROTOCOL §3.2 names 0.1 a minute, which fits fleets
//! that are asked every few minutes.)

use super::Settings;
use std::time::Duration;

use super::exact_math::exp2;
use crate::model::{Outcome, Poll, PollPrice, Source, SourceState};
use crate::websub::inbound;

const DAY: Duration = Duration::from_secs(86_400);

/// How far one poll of each source moves the price: e^½ as a power of two.
const GAIN: f64 = 0.72;

/// Smaller fleets steer the price as this many sources would: a handful says too little.
const SMALLEST_FLEET: usize = 16;

/// The largest power of two by which the price differs from the configured one, up or down.
/// The floor and the ceiling of intervals forbid more anyway.
const MOST_LEVEL: f64 = 8.0;

/// The current price of a poll, for all sources. Each source's state keeps the price of its last
/// poll, from which a restart restores it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PollBudget(PollPrice);

impl PollBudget {
    /// Restores the latest price that sources were charged.
    pub fn restore<'a>(source_states: impl IntoIterator<Item = &'a SourceState>) -> Self {
        let priced = source_states.into_iter().map(|state| state.priced);
        Self(priced.max_by_key(|priced| priced.turn).unwrap_or_default())
    }

    /// Charges a poll before it is recorded, and stores the new price in its source's state.
    /// `fleet` is the number of sources. A source that is pushed, held, failing or
    /// polled at an interval of its own does not count towards the budget.
    pub fn charge(
        &mut self,
        poll: &Poll,
        state: &mut SourceState,
        source: &Source,
        settings: &Settings,
        fleet: usize,
    ) {
        let Some(budget) = settings.budget else { return };
        if let Some(last) = state.last_poll
            && counts_towards_budget(poll, state, source)
        {
            let wanted = budget * last.until(poll.at).as_secs_f64() / DAY.as_secs_f64();
            let step = GAIN * (1.0 - wanted) / fleet.max(SMALLEST_FLEET) as f64;
            self.0.level = (self.0.level + step).clamp(-MOST_LEVEL, MOST_LEVEL);
            self.0.turn += 1;
        }
        state.priced = self.0;
    }
}

fn counts_towards_budget(poll: &Poll, state: &SourceState, source: &Source) -> bool {
    let answers =
        state.failure.is_none() && matches!(poll.outcome, Outcome::Read(_) | Outcome::Unchanged(_));
    let steered = source.location.url().is_some() && source.pace().interval.is_none();
    let free = state.hold.is_none() && state.endings == 0;
    answers && steered && free && !inbound::is_trusted(state, poll.at)
}

/// The price of a poll of this source.
pub(super) fn price(state: &SourceState, settings: &Settings) -> f64 {
    match settings.budget {
        Some(_) => settings.price * exp2(state.priced.level),
        None => settings.price,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::fetch::tests::web_source;
    use crate::fetch::{News, record_poll};
    use crate::model::{Failure, FailureKind, Timestamp, Unchanged};
    use std::collections::BTreeSet;

    fn unchanged() -> Outcome {
        Outcome::Unchanged(Unchanged { not_modified: true, ..Unchanged::default() })
    }

    /// A fleet of sources, from one entry a month to one every few hours.
    struct Fleet {
        settings: Settings,
        sources: Vec<(Source, SourceState)>,
        due: BTreeSet<(Timestamp, usize)>,
        budget_price: PollBudget,
    }

    impl Fleet {
        fn of(count: usize, budget: f64) -> Self {
            let settings = Settings { budget: Some(budget), ..Settings::default() };
            let source = |n: usize| web_source(&n.to_string(), &format!("http://a/{n}"));
            let fresh = || SourceState { gave_validators: true, ..SourceState::default() };
            let now = Timestamp::from_secs(1_743_600_000);
            Self {
                settings,
                sources: (0..count).map(|n| (source(n), fresh())).collect(),
                due: (0..count).map(|n| (now, n)).collect(),
                budget_price: PollBudget::default(),
            }
        }

        /// Polls a source and day over this many days.
        fn run(&mut self, days: u32) -> f64 {
            let begin = self.due.first().unwrap().0;
            let end = begin.after(DAY * days);
            let (mut polls, fleet) = (0, self.sources.len());
            while let Some((now, n)) = self.due.pop_first() {
                if now >= end {
                    self.due.insert((now, n));
                    break;
                }
                polls += 1;
                let (source, state) = &mut self.sources[n];
                // The n-th source has news every so many hours.
                let period = Duration::from_secs(3600 * 3 * (1 + (n as u64 * 7) % 240));
                let last = state.last_poll.unwrap_or(now.before(DAY * 60));
                let beat = |at: Timestamp| at.as_secs() / period.as_secs() as i64;
                let new: Vec<_> = (beat(last)..beat(now))
                    .map(|n| Timestamp::from_secs((n + 1) * period.as_secs() as i64))
                    .collect();
                crate::fetch::schedule::learn(&mut state.rhythm, &new, now);
                let poll = Poll::of(source, now, unchanged());
                self.budget_price.charge(&poll, state, source, &self.settings, fleet);
                record_poll(&poll, &News::default(), state, source, &self.settings);
                self.due.insert((state.next_poll, n));
            }
            f64::from(polls) / f64::from(days) / fleet as f64
        }
    }

    #[test]
    fn a_fleet_comes_to_its_budget_and_stays_there() {
        for (count, budget) in [(60, 2.0), (60, 6.0), (200, 1.0)] {
            let mut fleet = Fleet::of(count, budget);
            fleet.run(42);
            let weeks = [(); 4].map(|()| fleet.run(7));
            for week in weeks {
                assert!((0.9..1.1).contains(&(week / budget)), "{budget}: {weeks:?}");
            }
        }
    }

    #[test]
    fn a_changed_budget_is_come_to_from_where_the_price_stands() {
        let mut fleet = Fleet::of(100, 2.0);
        fleet.run(28);
        fleet.settings.budget = Some(5.0);
        fleet.run(28);
        let week = fleet.run(7);
        assert!((4.5..5.5).contains(&week), "{week}");
    }

    #[test]
    fn after_a_restart_the_price_is_what_it_was() {
        let mut fleet = Fleet::of(20, 3.0);
        fleet.run(9);
        let restored = PollBudget::restore(fleet.sources.iter().map(|(_, state)| state));
        assert_eq!(restored, fleet.budget_price);
        assert_ne!(restored, PollBudget::default());
    }

    #[test]
    fn without_a_budget_the_price_is_the_configured_one() {
        let state =
            SourceState { priced: PollPrice { level: 3.0, turn: 9 }, ..SourceState::default() };
        let settings = Settings::default();
        assert_eq!(price(&state, &settings), settings.price);
        let budgeted = Settings { budget: Some(4.0), ..settings };
        assert!((price(&state, &budgeted) / (8.0 * budgeted.price) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_source_that_the_price_cannot_steer_does_not_bear_upon_it() {
        let now = Timestamp::from_secs(1_743_600_000);
        let settings = Settings { budget: Some(4.0), ..Settings::default() };
        let failure = Failure::new(FailureKind::Dns, "no address");
        let plain = web_source("one", "http://a/");
        let mut pinned = plain.clone();
        pinned.pace.get_or_insert_default().interval = Some(DAY);
        let asked = SourceState { last_poll: Some(now.before(DAY)), ..SourceState::default() };
        let failing = SourceState { failure: Some(Box::new(failure.clone())), ..asked.clone() };
        for (source, state, outcome, bears) in [
            (&plain, &asked, unchanged(), true),
            (&pinned, &asked, unchanged(), false),
            (&plain, &failing, unchanged(), false),
            (&plain, &asked, Outcome::Failed(failure), false),
            (&plain, &SourceState::default(), unchanged(), false),
        ] {
            let (mut budget_price, mut state) = (PollBudget::default(), state.clone());
            let poll = Poll::of(source, now, outcome);
            budget_price.charge(&poll, &mut state, source, &settings, 100);
            assert_eq!(budget_price != PollBudget::default(), bears, "{poll:?}");
            assert_eq!(state.priced, budget_price.0);
        }
    }
}
