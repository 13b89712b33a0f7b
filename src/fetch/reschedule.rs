//! Brings a source's stored times in line with the clock and with today's configuration.
//!
//! All that puts a poll off is kept with the time at which it was set (P40). What was set
//! in the future was set by a clock that was ahead: it is void. Where the configuration
//! changed since, the same facts are decided anew by today's. Pure.

use std::time::Duration;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::Settings;
use super::schedule::{self, FURTHEST, HOUR, PollFacts};
use crate::model::{
    DecayedCounts, Enrich, FailureKind, RecheckRound, Rhythm, Source, SourceState, Subscription,
    Timestamp,
};
use crate::websub::inbound;

/// Clocks are set by so much every now and then, and that voids nothing.
const SKEW: Duration = Duration::from_secs(60);

/// Counts that were made by a clock further ahead than this have faded too much to be kept.
const FADED: Duration = Duration::from_secs(7 * 86_400);

/// The state of a source, with its times brought in line.
#[derive(Debug, Clone, PartialEq)]
pub struct Rescheduled {
    /// The state that takes the place of the stored one.
    pub state: SourceState,
    /// Whether times were void because a clock had been ahead. Such a state is to be stored:
    /// it counts from now, and the next start would count again.
    pub was_ahead: bool,
}

/// A source's state with its times in line with `now` and with today's configuration; none
/// where they are already. Applied at every start, at every reload, and before a poll by hand.
pub fn rescheduled(
    state: &SourceState,
    source: &Source,
    settings: &Settings,
    now: Timestamp,
) -> Option<Rescheduled> {
    let mut after = None;
    let polled_ahead = is_ahead(state.last_poll, now);
    if polled_ahead || is_ahead(state.scheduled, now) || is_push_ahead(state, now) {
        let state = after.insert(state.clone());
        void(state, source, settings, now);
    }
    let was_ahead = after.is_some();
    // Pages that are wanted again later are all read again then.
    let rules = source.page_rules();
    let is_left = |round: &RecheckRound| source.enrich == Enrich::None && round.rules != rules;
    if after.as_ref().unwrap_or(state).round.as_deref().is_some_and(is_left)
        && let Some(round) = &mut after.get_or_insert_with(|| state.clone()).round
    {
        round.rules = rules;
    }
    let current = after.as_ref().unwrap_or(state);
    if let Some(bounded) = bounded(current, source, settings, now) {
        after = Some(bounded);
    }
    after.map(|state| Rescheduled { state, was_ahead })
}

/// A hash of all that the configuration says of when this source is asked.
pub(super) fn version(source: &Source, settings: &Settings) -> u64 {
    let Settings { floor, hard_floor, ceiling, interval, price, budget, evenness, .. } = settings;
    let pace = source.pace();
    let durations = [Some(*floor), Some(*hard_floor), Some(*ceiling), Some(*interval)];
    let mut bytes = Vec::with_capacity(160);
    for duration in durations.into_iter().chain([pace.interval, pace.min, pace.max]) {
        bytes.extend(duration.map_or(u128::MAX, |duration| duration.as_millis()).to_le_bytes());
    }
    for number in [*price, budget.unwrap_or(-1.0), *evenness] {
        bytes.extend(number.to_le_bytes());
    }
    // Zero is kept for what is not known.
    xxh3_64(&bytes).max(1)
}

/// A hash of all that the configuration says of how this source is asked: what decides whether
/// a poll succeeds. So short that it betrays no password, and long enough to notice a change.
pub(super) fn access(source: &Source, settings: &Settings) -> u16 {
    let Settings { from, proxy, allow_private, robots, .. } = settings;
    let Settings { connect_timeout, timeout, max_body, max_document, .. } = settings;
    let mut hash = Xxh3::new();
    let mut add = |bytes: &[u8]| {
        hash.update(&bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    for (name, value) in &source.headers {
        add(name.as_bytes());
        if !settings.is_shared {
            add(value.reveal().as_bytes());
        }
    }
    add(&[source.allow_private.into(), (*robots).into()]);
    // Another version of ours is no other client.
    add(settings.client().replace(env!("CARGO_PKG_VERSION"), "").as_bytes());
    add(from.as_deref().unwrap_or_default().as_bytes());
    add(proxy.as_ref().map_or("", |proxy| proxy.0.as_str()).as_bytes());
    for network in allow_private {
        add(network.to_string().as_bytes());
    }
    for limit in [connect_timeout.as_millis(), timeout.as_millis()] {
        add(&limit.to_le_bytes());
    }
    for limit in [max_body.0, max_document.0] {
        add(&limit.to_le_bytes());
    }
    // Zero is kept for what is not known.
    (hash.digest() as u16).max(1)
}

/// Whether a source that fails may succeed by today's configuration, which asks it otherwise.
fn is_corrected(state: &SourceState, access: u16) -> bool {
    let is_ours = |kind| matches!(kind, FailureKind::Crash | FailureKind::Internal);
    state.failure.as_ref().is_some_and(|failure| !is_ours(failure.kind))
        && state.asked_by != 0
        && state.asked_by != access
        && !state.rests()
}

fn is_ahead(set: Option<Timestamp>, now: Timestamp) -> bool {
    set.is_some_and(|set| set > now.after(SKEW))
}

fn is_push_ahead(state: &SourceState, now: Timestamp) -> bool {
    let set = state.push.as_ref().map(|push| push.confirmed.unwrap_or(push.asked).max(push.asked));
    is_ahead(set, now)
}

/// Makes void what a clock set that was ahead. How long ago that was nobody knows, so the
/// source is asked one floor from now: never early, and never silenced.
fn void(state: &mut SourceState, source: &Source, settings: &Settings, now: Timestamp) {
    if let Some(push) = state.push.as_deref_mut() {
        void_push(push, now);
        push.otherwise_due = push.otherwise_due.min(now.after(settings.ceiling));
    }
    if is_ahead(state.last_poll, now) {
        let wait = match source.location.url() {
            Some(_) => schedule::least(state, &PollFacts::remembered(state), source, settings).long,
            None => Duration::ZERO,
        };
        let at = now.after(wait);
        state.next_poll = at.after(schedule::jitter(source, now, at));
        state.because = "the clock was ahead when it was last asked".into();
        (state.not_before, state.hold) = (Timestamp::EPOCH, None);
        (state.last_poll, state.scheduled) = (Some(now), Some(now));
    } else if is_ahead(state.scheduled, now) {
        let set = state.last_poll.unwrap_or(now);
        let next = schedule::next(state, &PollFacts::remembered(state), source, settings, set);
        (state.next_poll, state.because) = (next.at, next.because.into());
        state.scheduled = Some(set);
    }
    for past in [&mut state.last_success, &mut state.last_news, &mut state.failing_since] {
        *past = past.map(|past| past.min(now));
    }
    if let Some(round) = state.round.as_deref_mut() {
        let RecheckRound { since, began, .. } = round;
        (*since, *began) = ((*since).min(now), (*began).min(now));
    }
    void_rhythm(&mut state.rhythm, now);
}

fn void_rhythm(rhythm: &mut Rhythm, now: Timestamp) {
    if is_ahead(rhythm.as_of, now.after(FADED)) {
        (rhythm.as_of, rhythm.fast, rhythm.slow) =
            (None, DecayedCounts::default(), DecayedCounts::default());
    }
    let Rhythm { as_of, newest, unmodified_since, began, .. } = rhythm;
    for past in [as_of, newest, unmodified_since, began] {
        *past = past.map(|past| past.min(now));
    }
    for past in [&mut rhythm.probed, &mut rhythm.changed] {
        *past = past.filter(|past| *past <= now);
    }
}

/// A hub that was asked by a clock that was ahead may push or not: it is asked again.
fn void_push(push: &mut Subscription, now: Timestamp) {
    if is_ahead(push.confirmed, now) || is_ahead(Some(push.asked), now) {
        (push.since, push.confirmed, push.expires, push.trouble) = (None, None, None, None);
        push.asked = if push.denied { now } else { Timestamp::EPOCH };
    }
    let latest = now.after(inbound::DISTRUST);
    push.distrusted_until = push.distrusted_until.map(|until| until.min(latest));
}

/// Decides anew where the configuration changed. A failing source that is asked otherwise by
/// it is due at once. Bounds what is left: due times and floors by the ceiling, unless today's
/// rules ask for more; holds by 31 days.
fn bounded(
    state: &SourceState,
    source: &Source,
    settings: &Settings,
    now: Timestamp,
) -> Option<SourceState> {
    let version = version(source, settings);
    let changed = state.scheduled_by != version && state.scheduled_by != 0;
    let ceiling = now.after(source.pace().max.unwrap_or(settings.ceiling));
    let furthest = now.after(FURTHEST);
    let held = state.hold.map_or(Timestamp::EPOCH, |hold| hold.until.min(furthest));
    let late = |at: Timestamp| at > ceiling.max(held).after(HOUR);
    let is_held_longer = state.hold.is_some_and(|hold| hold.until > furthest);
    let is_late = late(state.next_poll) || late(state.not_before);
    let access = access(source, settings);
    let is_corrected = is_corrected(state, access);
    if state.polls == 0 || !(changed || is_corrected || is_late || is_held_longer) {
        return None;
    }
    let mut after = state.clone();
    if let Some(hold) = &mut after.hold {
        hold.until = hold.until.min(furthest);
    }
    let set = state.last_poll.unwrap_or(now);
    let next = schedule::next(&after, &PollFacts::remembered(&after), source, settings, set);
    if changed {
        // A due time that was brought forward since the last poll stays so.
        let hastened = state.scheduled > state.last_poll && state.next_poll < next.at;
        if !hastened {
            (after.next_poll, after.because) = (next.at.max(held), next.because.into());
        }
        after.not_before = next.not_before;
        after.scheduled_by = version;
        if let Some(push) = after.push.as_deref_mut() {
            let alone = PollFacts { alone: true, ..PollFacts::remembered(state) };
            push.otherwise_due = schedule::next(state, &alone, source, settings, set).at;
        }
    }
    after.next_poll = after.next_poll.min(next.at.max(ceiling).max(held));
    after.not_before = after.not_before.min(next.not_before.max(ceiling).max(held));
    if is_corrected {
        // What its server asked for stands, whatever the operator mends.
        (after.next_poll, after.not_before) = (now.max(held), now.max(held));
        after.because = "the configuration by which it is asked was changed".into();
        (after.asked_by, after.scheduled) = (access, Some(now));
    }
    if let Some(push) = after.push.as_deref_mut() {
        push.otherwise_due = push.otherwise_due.min(after.next_poll.max(ceiling));
        let until = |(why, until): (String, Timestamp)| (why, until.min(furthest));
        push.trouble = push.trouble.take().map(until);
    }
    (after != *state).then_some(after)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
