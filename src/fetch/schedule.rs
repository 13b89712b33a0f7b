//! Decides when a source is polled next, and says why then.
//!
//! The source's own rhythm proposes a moment; what the source, the protocol and
//! the operator ask for bounds it from below; the forbidden hours push it on; a
//! little jitter, only ever added, keeps sources apart (PROTOCOL §1.2, §3.2).

mod rhythm;

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Settings, poll_budget, turnover};
use crate::model::{
    Failure, FailureKind, Freshness, Hints, LastAnswer, Rhythm, Source, SourceState, Timestamp,
};
use crate::websub::inbound;

pub(super) use rhythm::{expected_since, learn};

const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// The furthest ahead that anything is due: what `Retry-After` may ask for (P26, P40).
pub(super) const FURTHEST: Duration = Duration::from_secs(31 * 86_400);

/// Explicit freshness is believed up to here (P25).
const MOST_FRESH: Duration = WEEK;

/// `ttl` and `sy:` are believed up to here (P29, P31).
const MOST_HINTED: Duration = DAY;

/// Without any validator each poll costs the source a whole document (P22).
const UNVALIDATED: Duration = Duration::from_secs(4 * 3600);
const UNVALIDATED_LARGE: Duration = DAY;
const LARGE: u64 = 256 * 1024;

/// Failing for this long, a source is asked once a week (P37).
const SUSPENDED_AFTER: Duration = Duration::from_secs(30 * 86_400);

/// Files cost nobody anything.
const FILE_INTERVAL: Duration = MINUTE;

/// Jitter: at most a fiftieth of the wait, and never more than this (P21).
const MOST_JITTER: Duration = Duration::from_secs(600);

/// The facts of a poll by which the next one is scheduled.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PollFacts {
    pub(super) freshness: Freshness,
    /// Bytes of the last whole document.
    pub(super) size: u64,
    pub(super) failure: Option<FailureKind>,
    /// News came that did not overlap with what was known.
    pub(super) gap: bool,
    /// It was refused while older pages or the pages of entries were read.
    pub(super) refused: bool,
    /// No hub is to be counted on, whatever is remembered of one.
    pub(super) alone: bool,
    /// Nothing was sent to its server.
    pub(super) unsent: bool,
}

impl PollFacts {
    /// A failure.
    pub(super) fn failed(failure: &Failure) -> Self {
        Self {
            freshness: failure.freshness(),
            failure: Some(failure.kind),
            unsent: failure.unsent,
            ..Self::default()
        }
    }

    /// The facts of the last poll, as the source's state keeps them.
    pub(super) fn remembered(state: &SourceState) -> Self {
        let facts = Self::default();
        if let Some(failure) = &state.failure {
            return Self::failed(failure);
        }
        let LastAnswer { lifetime, large, gap } = state.answer;
        let retry_after = state.hold.zip(state.last_poll).map(|(hold, at)| at.until(hold.until));
        let size = if large { LARGE + 1 } else { 0 };
        Self { freshness: Freshness { lifetime, retry_after, partial: false }, size, gap, ..facts }
    }

    /// The facts of a good answer that are kept.
    pub(super) fn answer(&self) -> LastAnswer {
        let Self { freshness, size, gap, .. } = self;
        LastAnswer { lifetime: freshness.lifetime, large: *size > LARGE, gap: *gap }
    }
}

/// When a source is asked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) at: Timestamp,
    /// Before then not even the operator has it asked (P14).
    pub(super) not_before: Timestamp,
    /// The rule that decided, in words.
    pub(super) because: &'static str,
}

/// A wait and what asks for it.
pub(super) struct Wait {
    pub(super) long: Duration,
    because: &'static str,
    /// Whether sources of the same age would all get this very wait.
    common: bool,
}

impl Wait {
    fn new(long: Duration, because: &'static str) -> Self {
        Self { long, because, common: false }
    }

    fn or_longer(self, other: Self) -> Self {
        if other.long > self.long { other } else { self }
    }
}

/// Decides when the source is asked next, after a poll at `now` that has been
/// recorded in `state`.
pub(super) fn next(
    state: &SourceState,
    facts: &PollFacts,
    source: &Source,
    settings: &Settings,
    now: Timestamp,
) -> Next {
    if source.location.url().is_none() && facts.failure != Some(FailureKind::Crash) {
        let long = source.pace().interval.unwrap_or(FILE_INTERVAL).min(settings.ceiling);
        let at = now.after(long);
        return Next { at, not_before: now, because: "files are looked at every so often" };
    }
    let floor = floor(state, facts, source, settings);
    if state.rests() {
        let because = "it has ended or is gone, and is asked again only by hand";
        return Next { at: now.after(FURTHEST), not_before: now.after(floor.long), because };
    }
    let held = facts.freshness.retry_after.map(|wait| wait.min(FURTHEST)).unwrap_or_default();
    // What sent nothing cost its server nothing.
    let least = if facts.unsent { Duration::ZERO } else { floor.long };
    let not_before = now.after(least.max(held));

    let mut wait = match facts.failure {
        Some(kind) => after_failure(state, facts, kind, source, settings, now),
        None => wish(state, facts, source, settings, now),
    };
    wait = wait.or_longer(floor);
    for bound in asked_for(state, facts) {
        wait = wait.or_longer(bound);
    }

    let spread =
        if wait.common && state.polls <= 1 { spread(source, wait.long) } else { Duration::ZERO };
    let mut at = now.after(wait.long + spread);
    at = in_phase(at, state.hints());
    let allowed = out_of_skipped(at, state.hints());
    let because =
        if allowed > at { "the source asks for no polls at these times" } else { wait.because };
    let at = allowed.after(jitter(source, now, allowed));
    // Jitter must not carry it back into forbidden hours.
    let at = out_of_skipped(at, state.hints());
    Next { at, not_before, because }
}

/// The least time between two requests (P20, P22).
fn floor(state: &SourceState, facts: &PollFacts, source: &Source, settings: &Settings) -> Wait {
    let mut floor = least(state, facts, source, settings);
    let says_nothing = !state.gave_validators && facts.freshness.lifetime.is_none();
    if says_nothing && facts.failure.is_none() {
        floor = floor.or_longer(if facts.size > LARGE {
            Wait::new(UNVALIDATED_LARGE, "a large document without validators")
        } else {
            Wait::new(UNVALIDATED, "the source gives no validators")
        });
    }
    floor
}

/// The floor by the settings and the source's own offers, before validators count (P20).
pub(super) fn least(
    state: &SourceState,
    facts: &PollFacts,
    source: &Source,
    settings: &Settings,
) -> Wait {
    let mut floor = if invited(state, facts, settings).is_some() {
        Wait::new(settings.hard_floor, "no source is asked more often than this")
    } else {
        Wait::new(settings.floor, "no source is asked more often unless it says so")
    };
    floor.common = true;
    match source.pace().min {
        Some(min) => floor.or_longer(Wait::new(min, "the configured minimum")),
        None => floor,
    }
}

/// The interval, shorter than the floor, that a source offers: a `max-age` or
/// `ttl` below it is consent to be asked so often (P20). Zero offers nothing; it
/// only forbids to keep the answer.
fn invited(state: &SourceState, facts: &PollFacts, settings: &Settings) -> Option<Duration> {
    let offered = |long: &Duration| !long.is_zero() && *long < settings.floor;
    // A failure does not take back what the last good answer offered.
    let before = state.answer.lifetime.filter(|_| facts.failure.is_some());
    let offers = [facts.freshness.lifetime, before, state.hints().ttl];
    let offers = offers.into_iter().flatten().filter(offered);
    offers.map(|long| long.max(settings.hard_floor)).min()
}

/// The waits that the source asks for, in headers and in its document.
fn asked_for(state: &SourceState, facts: &PollFacts) -> impl Iterator<Item = Wait> {
    let &Hints { ttl, update_period, .. } = state.hints();
    [
        facts
            .freshness
            .lifetime
            .map(|long| Wait::new(long.min(MOST_FRESH), "the answer says it holds until then")),
        facts.freshness.retry_after.map(|long| {
            Wait::new(long.min(FURTHEST), "the server asks to be left alone until then")
        }),
        ttl.map(|long| Wait::new(long.min(MOST_HINTED), "the document's ttl")),
        update_period.map(|long| Wait::new(long.min(MOST_HINTED), "the document's update period")),
    ]
    .into_iter()
    .flatten()
}

/// The wait where nothing stands against it: the configured interval, or the rhythm's.
fn wish(
    state: &SourceState,
    facts: &PollFacts,
    source: &Source,
    settings: &Settings,
    now: Timestamp,
) -> Wait {
    if state.endings > 0 {
        return Wait::new(WEEK, "the source says it has ended; one look whether it means it");
    }
    let pushed = settings.push && source.push && !facts.alone;
    if pushed && let Some(until) = inbound::trusted_until(state, now) {
        let alone = wish(state, &PollFacts { alone: true, ..*facts }, source, settings, now);
        let long = inbound::BACKUP_INTERVAL.min(alone.long.max(now.until(until)));
        return Wait::new(long, "its hub pushes; one look whether it pushes all");
    }
    if let Some(interval) = source.pace().interval {
        let interval = interval.min(settings.ceiling);
        return Wait { common: true, ..Wait::new(interval, "the configured interval") };
    }
    let ceiling = source.pace().max.unwrap_or(settings.ceiling);
    // Who invites polls finds them cheap.
    let discount = invited(state, facts, settings)
        .map_or(1.0, |offered| offered.as_secs_f64() / settings.floor.as_secs_f64());
    let price = poll_budget::price(state, settings) * discount;
    let learned = usual(state, settings, price, now).min(ceiling);
    let after_gap = facts.gap.then_some((learned / 2).min(HOUR));
    let sooner = [after_gap, turnover::of(state)].into_iter().flatten().min();
    match sooner.filter(|sooner| *sooner < learned) {
        Some(sooner) => Wait::new(sooner, "entries may have been missed"),
        None => Wait { common: true, ..Wait::new(learned, "the source's rhythm") },
    }
}

/// The learned wait; the configured default until anything is learned.
fn usual(state: &SourceState, settings: &Settings, price: f64, now: Timestamp) -> Duration {
    if state.rhythm.as_of.is_none() {
        return settings.interval;
    }
    rhythm::wait(&state.rhythm, now, price, settings.evenness)
}

/// The wait after a failure; `state.failures` counts it already (P27, P37-P39).
fn after_failure(
    state: &SourceState,
    facts: &PollFacts,
    kind: FailureKind,
    source: &Source,
    settings: &Settings,
    now: Timestamp,
) -> Wait {
    let price = poll_budget::price(state, settings);
    let interval = source.pace().interval.unwrap_or_else(|| usual(state, settings, price, now));
    let ceiling = source.pace().max.unwrap_or(settings.ceiling);
    let base = interval.min(ceiling).max(least(state, facts, source, settings).long);
    let suspended = state.failing_since.is_some_and(|since| since.until(now) >= SUSPENDED_AFTER);
    // A long interval is not shortened by a failure.
    let most = if suspended { WEEK } else { DAY.max(base) };
    let again = state.failures.saturating_sub(1);
    match kind {
        FailureKind::Crash => Wait::new(
            doubled(HOUR, state.crashes.saturating_sub(1), DAY),
            "gazetted died while it read this source; the wait doubles up to a day",
        ),
        FailureKind::Gone => Wait::new(DAY, "the source is gone; one look whether it is"),
        FailureKind::TooMany | FailureKind::Unavailable
            if facts.freshness.retry_after.is_some() =>
        {
            // It said when: nothing is added to that but the floor.
            Wait::new(Duration::ZERO, "the server asks to be left alone until then")
        }
        FailureKind::TooMany => Wait::new(
            doubled((2 * interval.min(ceiling)).max(HOUR), again, WEEK),
            "too many requests",
        ),
        FailureKind::Denied => {
            Wait::new(doubled(base.max(4 * HOUR), again, most), "it failed; the wait doubles")
        }
        FailureKind::NotFound => {
            Wait::new(doubled(base, again, WEEK), "not found; the wait doubles up to a week")
        }
        _ if suspended => Wait::new(doubled(base, again, most), "it has failed for a month"),
        _ => Wait::new(doubled(base, again, most), "it failed; the wait doubles"),
    }
}

/// The base doubled `times` times, up to a limit.
fn doubled(base: Duration, times: u32, most: Duration) -> Duration {
    base.saturating_mul(1 << times.min(20)).min(most.max(base))
}

/// Moves on to the source's own beat where that is near: the period is a bound,
/// the phase only a wish (P31).
fn in_phase(at: Timestamp, hints: &Hints) -> Timestamp {
    let (Some(period), Some(base)) = (hints.update_period, hints.update_base) else { return at };
    let period = i64::try_from(period.min(MOST_HINTED).as_millis()).unwrap_or(0);
    if period < 2 * HOUR.as_millis() as i64 {
        return at;
    }
    let left = (base.as_millis() - at.as_millis()).rem_euclid(period);
    if left <= period / 4 { Timestamp::from_millis(at.as_millis() + left) } else { at }
}

/// The first moment from `at` on that lies in no skipped hour or day (P30).
fn out_of_skipped(at: Timestamp, hints: &Hints) -> Timestamp {
    let skips = |list: &[u8], all: u8, one: usize| {
        // A list of everything would mean never: its author meant something else.
        let listed = |one| list.iter().any(|&listed| listed % all == one);
        !(0..all).all(listed) && listed(one as u8)
    };
    let mut at = at;
    for _ in 0..=8 * 24 {
        let skipped = skips(&hints.skip_hours, 24, rhythm::hour_of(at))
            || skips(&hints.skip_days, 7, rhythm::day_of(at));
        if !skipped {
            return at;
        }
        let next_hour = (at.as_secs().div_euclid(3600) + 1) * 3600;
        at = Timestamp::from_secs(next_hour);
    }
    at
}

/// 0 to 2 % of the wait, derived from a hash: the same on every machine, different
/// for every source and every poll (P21, P35).
pub(super) fn jitter(source: &Source, now: Timestamp, at: Timestamp) -> Duration {
    let most = (now.until(at) / 50).min(MOST_JITTER);
    most.mul_f64(fraction(source, now.as_millis() as u64))
}

/// Sources that were added together are spread once over an interval, an hour at most (P35).
fn spread(source: &Source, interval: Duration) -> Duration {
    interval.min(HOUR).mul_f64(fraction(source, 0))
}

/// A number in [0, 1) that only depends on the source and the seed.
fn fraction(source: &Source, seed: u64) -> f64 {
    let hash = xxh3_64_with_seed(source.id.as_str().as_bytes(), seed);
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

/// Entries a day, as far as is learned of the source; none before anything is.
pub fn rate_a_day(state: &SourceState) -> Option<f64> {
    state.rhythm.as_of.map(|_| 24.0 * rhythm::rate(&state.rhythm))
}

/// Whether the next request is to be made without conditions, because 304s have
/// gone on for so long against all that is known of the source that its server
/// may be stuck (P13).
pub(super) fn probes(state: &SourceState, now: Timestamp) -> bool {
    const STUCK: Duration = Duration::from_secs(8 * 86_400);
    const TRUSTED: Duration = Duration::from_secs(90 * 86_400);
    const MISSED: f64 = 5.0;

    let Rhythm { unmodified_since, probed, changed, .. } = state.rhythm;
    let long_ago = |then: Option<Timestamp>, span| then.is_none_or(|then| then.until(now) >= span);
    let Some(since) = unmodified_since else { return false };
    long_ago(Some(since), STUCK)
        && long_ago(probed, STUCK)
        && long_ago(changed, TRUSTED)
        && rhythm::expected_by_then(&state.rhythm, since, now) >= MISSED
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
