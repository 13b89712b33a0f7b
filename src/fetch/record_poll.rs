//! Records a poll in its source's state, and decides when the source is due next.

use url::Url;

use crate::model::{
    Backfill, Described, Failure, FailureKind, Hold, HoldScope, Moved, Outcome, Poll, Reading,
    RecheckRound, Source, SourceState, Timestamp, Unchanged, Validators,
};
use crate::websub::inbound;

use super::events::{self, Snapshot};
use super::schedule::{self, PollFacts};
use super::source_origin::undoes_a_move;
use super::turnover::{self, Overlap};
use super::{News, Settings, reschedule};

/// Records a poll in the source's state, good or bad, and decides when the
/// source is due next. Pure: the poll's own time is `now`.
pub fn record_poll(
    poll: &Poll,
    news: &News,
    state: &mut SourceState,
    source: &Source,
    settings: &Settings,
) {
    let now = poll.at;
    if let Outcome::Pushed(_) = poll.outcome {
        return pushed(news, state, now);
    }
    let before = Snapshot::of(state);
    state.intake = news.intake.clone().unwrap_or_else(|| state.intake.clone());
    if schedule::probes(state, now) {
        state.rhythm.probed = Some(now);
    }
    if let Some(moved) = state.moved.as_mut().filter(|moved| moved.is_to_be_checked(now)) {
        moved.checked = Some(now);
    }
    state.polls += 1;
    state.last_poll = Some(now);
    if let Some(pages) = &poll.pages {
        state.round = Some(Box::new(pages.round.clone()));
    }

    let mut facts = PollFacts::default();
    let refusal_of_pages = poll.pages.as_ref().and_then(|pages| pages.refusal.as_ref());
    match &poll.outcome {
        Outcome::Read(reading) => {
            succeeded(state, source, reading.bytes, reading.moved.as_ref(), now);
            facts.gap = read(state, reading, news, now);
            facts.freshness = reading.freshness;
            facts.size = reading.bytes;
            let refused = reading.back.as_ref().and_then(|back| back.failure.as_ref());
            for refusal in refused.into_iter().chain(refusal_of_pages) {
                note_refusal(&mut facts, refusal);
            }
        }
        Outcome::Unchanged(answer) => {
            succeeded(state, source, answer.bytes, answer.moved.as_ref(), now);
            unchanged(state, answer, now);
            facts.freshness = answer.freshness;
            facts.size = answer.bytes;
            if let Some(refusal) = refusal_of_pages {
                note_refusal(&mut facts, refusal);
            }
        }
        Outcome::Failed(failure) => {
            facts = PollFacts::failed(failure);
            failed(state, failure, now);
        }
        // Recorded above.
        Outcome::Pushed(_) => {}
    }

    if facts.failure.is_none() {
        state.answer = facts.answer();
    }
    let next = schedule::next(state, &facts, source, settings, now);
    state.next_poll = next.at;
    state.scheduled = Some(now);
    state.scheduled_by = reschedule::version(source, settings);
    state.asked_by = reschedule::access(source, settings);
    state.not_before = next.not_before;
    state.because = next.because.into();
    state.hold = hold(state, &facts, source, now);
    if state.push.is_some() {
        let alone =
            schedule::next(state, &PollFacts { alone: true, ..facts }, source, settings, now);
        if let Some(push) = &mut state.push {
            push.otherwise_due = alone.at;
        }
    }
    events::note(&before, state, source, now);
}

/// Records that a server asked to be left alone while older pages or the pages of entries were
/// read: the source itself waits, too (P28).
fn note_refusal(facts: &mut PollFacts, refusal: &Failure) {
    if refusal.kind == FailureKind::TooMany {
        facts.refused = true;
        let wait = refusal.retry_after.unwrap_or(schedule::HOUR);
        let known = facts.freshness.retry_after.unwrap_or_default();
        facts.freshness.retry_after = Some(known.max(wait));
    }
}

/// Records the new entries of a document that a hub pushed. The source itself did not answer, so
/// its validators and its due time stay (W12).
fn pushed(news: &News, state: &mut SourceState, now: Timestamp) {
    schedule::learn(&mut state.rhythm, &news.new, now);
    if !news.new.is_empty() {
        state.last_news = Some(now);
        // Their pages are looked at with the next poll.
        let round = state.round.as_deref();
        state.round = round.map(|round| Box::new(RecheckRound::following(Some(round), now)));
    }
    events::note_pushed(state, now);
    if let Some(push) = &mut state.push {
        push.delivered += 1;
        push.last_delivery = Some(now);
    }
}

/// Brings a source's next poll forward because its news was announced: to the time when any origin
/// may be asked again, unless the source waits for a reason of its own (W15, P26-P28, P37).
/// Returns whether it is due earlier than before.
pub fn hasten(
    state: &mut SourceState,
    source: &Source,
    settings: &Settings,
    now: Timestamp,
) -> bool {
    let floor = source.pace().min.map_or(settings.hard_floor, |min| min.max(settings.hard_floor));
    let floored = state.last_poll.map_or(now, |last| last.after(floor));
    let held = state.hold.map_or(now, |hold| hold.until);
    let due = now.max(floored).max(held);
    if state.failure.is_some() || state.rests() || due >= state.next_poll {
        return false;
    }
    state.next_poll = due;
    state.scheduled = Some(now);
    state.because = "news of it was announced".into();
    true
}

/// Records any good answer, new or not.
fn succeeded(
    state: &mut SourceState,
    source: &Source,
    bytes: u64,
    moved: Option<&Url>,
    now: Timestamp,
) {
    state.last_success = Some(now);
    state.failures = 0;
    state.crashes = 0;
    state.failure = None;
    state.failing_since = None;
    state.bytes += bytes;
    follow(state, source, moved, now);
}

/// Adopts a permanent redirect, counts its good answers, and forgets one of an
/// address that the operator has changed since (P45-P47).
fn follow(state: &mut SourceState, source: &Source, moved: Option<&Url>, now: Timestamp) {
    let from = source.location.url().cloned();
    let known = state.moved.take().filter(|known| known.from == from);
    let again = |checked, known: Moved| Moved {
        successes: known.successes.saturating_add(1),
        checked,
        ..known
    };
    let moved = match (known.map(|known| *known), moved) {
        // The configured address gives the document itself again.
        (_, Some(to)) if Some(to) == from.as_ref() => None,
        (Some(known), None) => Some(again(known.checked, known)),
        // The configured address was asked, and still redirects there.
        (Some(known), Some(to)) if known.to == *to => Some(again(Some(now), known)),
        (_, Some(to)) => {
            Some(Moved { from, to: to.clone(), since: now, successes: 1, checked: None })
        }
        (None, None) => None,
    };
    state.moved = moved.map(Box::new);
}

/// Records a new document; returns whether entries may have been missed before it.
fn read(state: &mut SourceState, reading: &Reading, news: &News, now: Timestamp) -> bool {
    if !reading.broken_off {
        state.validators = reading.validators.clone();
    }
    state.gave_validators |= !reading.validators.is_empty();
    // A probe asks for it whole though nothing in it may have changed.
    let changed = state.hash != Some(reading.hash);
    if state.rhythm.unmodified_since.take().is_some() && changed {
        state.rhythm.changed = Some(now);
    }
    let first = state.hash.is_none();
    // The same half of a document is read again, since the same bytes would bring its validators.
    state.hash = Some(if reading.broken_off { !reading.hash } else { reading.hash });
    state.feed = Described { url: reading.feed.url.as_ref().map(|url| url.as_str().into()) };
    state.hints = reading.hints.remembered();
    state.warnings = reading.warnings.clone();
    if state.intake.waiting > 0 {
        // Entries that wait are read again though nothing in the document changes.
        state.hash = Some(!reading.hash);
        state.validators =
            Validators { offer: state.validators.offer.clone(), ..Validators::default() };
        state.warnings.push(events::flood(&state.intake));
    }
    state.endings = if reading.hints.ended { state.endings.saturating_add(1) } else { 0 };

    let overlap = turnover::overlap(state, reading, news, first);
    turnover::learn(state, overlap, news, now);
    if !reading.freshness.partial {
        turnover::remember(state, &reading.entries);
    }
    inbound::compare_with_poll(state, &news.new, now);
    schedule::learn(&mut state.rhythm, &news.new, now);
    if news.new.is_empty() {
        return false;
    }
    state.last_news = Some(now);
    if let Some(back) = reading.back.as_ref().filter(|back| back.reached) {
        // The document alone did not overlap, so it is to be read sooner all the same.
        state.filled += 1;
        let Backfill { pages, entries, .. } = back;
        state.warnings.push(format!(
            "nothing in the document was known; {entries} entries before it were fetched from older pages ({pages})"
        ));
        return true;
    }
    let is_gap = overlap == Overlap::None;
    if is_gap {
        state.gaps += 1;
        state.last_gap = Some(now);
        state.warnings.push(missed(reading.back.as_ref()));
    }
    is_gap
}

/// The warning of a gap that was not filled.
fn missed(back: Option<&Backfill>) -> String {
    let missed = "nothing in the document was known: entries may have been missed";
    match back {
        None => missed.to_owned(),
        Some(Backfill { failure: Some(failure), .. }) => {
            format!("{missed}; its older pages cannot be read: {failure}")
        }
        Some(Backfill { pages, .. }) => format!("{missed}, also before its older pages ({pages})"),
    }
}

fn unchanged(state: &mut SourceState, answer: &Unchanged, now: Timestamp) {
    if let Some(validators) = &answer.validators {
        state.validators = validators.clone();
        state.gave_validators |= !validators.is_empty();
    }
    if answer.not_modified {
        state.not_modified += 1;
        state.rhythm.unmodified_since.get_or_insert(now);
    } else if answer.bytes > 0 {
        // The same bytes in full: the 304s before it were true.
        state.rhythm.unmodified_since = None;
    }
    state.endings = if state.hints().ended { state.endings.saturating_add(1) } else { 0 };
    turnover::relax(state);
    schedule::learn(&mut state.rhythm, &[], now);
}

/// Records a failure; nothing learned from good answers is touched (P10).
fn failed(state: &mut SourceState, failure: &Failure, now: Timestamp) {
    state.failures = state.failures.saturating_add(1);
    state.failing_since.get_or_insert(now);
    if failure.kind == FailureKind::Crash {
        state.crashes = state.crashes.saturating_add(1);
    }
    if failure.kind == FailureKind::Gone {
        state.endings = state.endings.saturating_add(1);
    }
    // A move that leads nowhere any more is undone: the old address may know better (P47).
    if undoes_a_move(failure) && state.moved.take().is_some() {
        state.endings = 0;
    }
    state.failure = Some(Box::new(failure.clone()));
}

/// How far a refusal reaches: 429 is the origin's answer, 503 the source's (P28).
/// On the operator's own sites, one source's trouble is its own.
fn hold(state: &SourceState, facts: &PollFacts, source: &Source, now: Timestamp) -> Option<Hold> {
    let scope = match facts.failure {
        Some(FailureKind::TooMany) if !source.allow_private => HoldScope::Origin,
        None if facts.refused && !source.allow_private => HoldScope::Origin,
        Some(FailureKind::TooMany | FailureKind::Unavailable) => HoldScope::Source,
        _ if facts.freshness.retry_after.is_some() => HoldScope::Source,
        _ => return None,
    };
    let until = match facts.freshness.retry_after {
        Some(wait) => now.after(wait.min(schedule::FURTHEST)),
        // The source waits as long as it must; its neighbours a day at the most.
        None => state.next_poll.min(now.after(schedule::DAY)),
    };
    Some(Hold { until, scope })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
