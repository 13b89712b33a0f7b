//! A poll, its news and the source's memory in; the memory after it, with the next due time, out. Pure.

use url::Url;

use crate::model::{
    Back, Described, Failure, FailureKind, Hold, HoldScope, Location, Memory, Moved, Outcome, Poll,
    Reading, Round, Source, Timestamp, Validators,
};

use super::events::{self, Standing};
use super::schedule::{self, Said};
use super::{News, Settings, reschedule, websub};

/// Documents that overlapped in a row before one that does not is a gap.
const USUALLY: u32 = 3;

/// Records a poll in the source's memory, good or bad, and decides when the
/// source is due next. Pure: the poll's own time is `now`.
///
/// ```
/// # use gazetted::fetch::{News, Settings, settle};
/// # use gazetted::model::{Memory, Poll, Source};
/// # fn one(poll: Poll, news: News, source: Source, settings: Settings) {
/// let mut memory = Memory::default();
/// settle(&poll, &news, &mut memory, &source, &settings);
/// assert!(memory.next_poll > poll.at);
/// # }
/// ```
pub fn settle(poll: &Poll, news: &News, memory: &mut Memory, source: &Source, settings: &Settings) {
    let now = poll.at;
    if let Outcome::Pushed(_) = poll.outcome {
        return pushed(news, memory, now);
    }
    let before = Standing::of(memory);
    memory.intake = news.intake.clone().unwrap_or_else(|| memory.intake.clone());
    if schedule::probes(memory, now) {
        memory.rhythm.probed = Some(now);
    }
    memory.polls += 1;
    memory.last_poll = Some(now);
    if let Some(pages) = &poll.pages {
        memory.round = Some(Box::new(pages.round.clone()));
    }

    let mut said = Said::default();
    match &poll.outcome {
        Outcome::Read(reading) => {
            succeeded(memory, source, reading.bytes, reading.moved.as_ref(), now);
            said.gap = read(memory, reading, news, now);
            said.freshness = reading.freshness;
            said.size = reading.bytes;
            let refused = reading.back.as_ref().and_then(|back| back.failure.as_ref());
            if let Some(refusal) = refused {
                heed(&mut said, refusal);
            }
        }
        Outcome::Unchanged { validators, freshness, bytes, moved, not_modified } => {
            succeeded(memory, source, *bytes, moved.as_ref(), now);
            unchanged(memory, validators.as_ref(), *not_modified, now);
            said.freshness = *freshness;
            said.size = *bytes;
        }
        Outcome::Failed(failure) => {
            said = Said::failed(failure);
            failed(memory, failure, now);
        }
        // Settled above.
        Outcome::Pushed(_) => {}
    }

    if said.failure.is_none() {
        memory.answer = said.answer();
    }
    let next = schedule::next(memory, &said, source, settings, now);
    memory.next_poll = next.at;
    memory.scheduled = Some(now);
    memory.scheduled_by = reschedule::version(source, settings);
    memory.asked_by = reschedule::access(source, settings);
    memory.not_before = next.not_before;
    memory.because = next.because.into();
    memory.hold = hold(memory, &said, source, now);
    if memory.push.is_some() {
        let alone = schedule::next(memory, &Said { alone: true, ..said }, source, settings, now);
        if let Some(push) = &mut memory.push {
            push.otherwise_due = alone.at;
        }
    }
    events::note(&before, memory, source, now);
}

/// A server that asks to be left alone while older pages are read means the source, too.
fn heed(said: &mut Said, refusal: &Failure) {
    if refusal.kind == FailureKind::TooMany {
        said.refused = true;
        let wait = refusal.retry_after.unwrap_or(schedule::HOUR);
        let known = said.freshness.retry_after.unwrap_or_default();
        said.freshness.retry_after = Some(known.max(wait));
    }
}

/// Records a document that a hub pushed: what was new in it, and nothing else. It
/// is no answer of the source, and leaves its validators and its due time alone (W12).
fn pushed(news: &News, memory: &mut Memory, now: Timestamp) {
    schedule::learn(&mut memory.rhythm, &news.new, now);
    if !news.new.is_empty() {
        memory.last_news = Some(now);
        // Their pages are looked at with the next poll.
        let round = memory.round.as_deref();
        memory.round = round.map(|round| Box::new(Round::following(Some(round), now)));
    }
    events::note_pushed(memory, now);
    if let Some(push) = &mut memory.push {
        push.delivered += 1;
        push.last_delivery = Some(now);
    }
}

/// Takes in that a source is said to have news: it is due as soon as any origin
/// may be asked again, unless it waits for a reason of its own (W15, P26-P28, P37).
/// Says whether that is earlier than it was.
pub fn hasten(memory: &mut Memory, source: &Source, settings: &Settings, now: Timestamp) -> bool {
    let floor = source.pace().min.map_or(settings.hard_floor, |min| min.max(settings.hard_floor));
    let floored = memory.last_poll.map_or(now, |last| last.after(floor));
    let held = memory.hold.map_or(now, |hold| hold.until);
    let due = now.max(floored).max(held);
    if memory.failure.is_some() || memory.rests() || due >= memory.next_poll {
        return false;
    }
    memory.next_poll = due;
    memory.scheduled = Some(now);
    memory.because = "it is said to have news".into();
    true
}

/// What any good answer means, new or not.
fn succeeded(
    memory: &mut Memory,
    source: &Source,
    bytes: u64,
    moved: Option<&Url>,
    now: Timestamp,
) {
    memory.last_success = Some(now);
    memory.failures = 0;
    memory.crashes = 0;
    memory.failure = None;
    memory.failing_since = None;
    memory.bytes += bytes;
    follow(memory, source, moved, now);
}

/// Adopts a permanent redirect, counts its good answers, and forgets one of an
/// address that the operator has changed since (P45-P47).
fn follow(memory: &mut Memory, source: &Source, moved: Option<&Url>, now: Timestamp) {
    let from = match &source.location {
        Location::Web { url, .. } => Some(url.clone()),
        Location::File(_) => None,
    };
    let known = memory.moved.take().filter(|known| known.from == from);
    let moved = match (known.map(|known| *known), moved) {
        (Some(known), None) => {
            Some(Moved { successes: known.successes.saturating_add(1), ..known })
        }
        (Some(known), Some(to)) if known.to == *to => {
            Some(Moved { successes: known.successes.saturating_add(1), ..known })
        }
        (_, Some(to)) => Some(Moved { from, to: to.clone(), since: now, successes: 1 }),
        (None, None) => None,
    };
    memory.moved = moved.map(Box::new);
}

/// Records a new document; returns whether entries may have been missed before it.
fn read(memory: &mut Memory, reading: &Reading, news: &News, now: Timestamp) -> bool {
    if !reading.broken_off {
        memory.validators = reading.validators.clone();
    }
    memory.gave_validators |= !reading.validators.is_empty();
    // A probe asks for it whole though nothing in it may have changed.
    let changed = memory.hash != Some(reading.hash);
    if memory.rhythm.unmodified_since.take().is_some() && changed {
        memory.rhythm.changed = Some(now);
    }
    let first = memory.hash.is_none();
    memory.hash = Some(reading.hash);
    memory.feed = Described { url: reading.feed.url.as_ref().map(|url| url.as_str().into()) };
    memory.hints = reading.hints.remembered();
    memory.warnings = reading.warnings.clone();
    if memory.intake.waiting > 0 {
        // What waits is read again though nothing in the document changes.
        memory.hash = Some(!reading.hash);
        memory.validators =
            Validators { offer: memory.validators.offer.clone(), ..Validators::default() };
        memory.warnings.push(events::flood(&memory.intake));
    }
    memory.endings = if reading.hints.ended { memory.endings.saturating_add(1) } else { 0 };

    websub::compare(memory, &news.new, now);
    schedule::learn(&mut memory.rhythm, &news.new, now);
    if news.new.is_empty() {
        return false;
    }
    memory.last_news = Some(now);
    if let Some(back) = reading.back.as_ref().filter(|back| back.reached) {
        // The document alone did not overlap, so it is to be read sooner all the same.
        memory.filled += 1;
        let Back { pages, entries, .. } = back;
        memory.warnings.push(format!(
            "nothing in the document was known; {entries} entries before it were fetched from older pages ({pages})"
        ));
        return true;
    }
    // A partial document leaves out what is known on purpose (P52).
    let overlaps = news.known > 0 || reading.freshness.partial;
    let gap = !first && !overlaps && memory.rhythm.overlaps >= USUALLY;
    if gap {
        memory.gaps += 1;
        memory.last_gap = Some(now);
        memory.warnings.push(missed(reading.back.as_ref()));
    } else if overlaps {
        memory.rhythm.overlaps = memory.rhythm.overlaps.saturating_add(1);
    }
    gap
}

/// What to say of a gap that was not filled.
fn missed(back: Option<&Back>) -> String {
    let missed = "nothing in the document was known: entries may have been missed";
    match back {
        None => missed.to_owned(),
        Some(Back { failure: Some(failure), .. }) => {
            format!("{missed}; its older pages cannot be read: {failure}")
        }
        Some(Back { pages, .. }) => format!("{missed}, also before its older pages ({pages})"),
    }
}

/// Whether a document of which nothing is known means that entries were missed: then
/// its older pages are worth asking for, until something is known again.
pub fn usually_overlaps(memory: &Memory) -> bool {
    memory.hash.is_some() && memory.rhythm.overlaps >= USUALLY
}

fn unchanged(
    memory: &mut Memory,
    validators: Option<&Validators>,
    not_modified: bool,
    now: Timestamp,
) {
    if let Some(validators) = validators {
        memory.validators = validators.clone();
        memory.gave_validators |= !validators.is_empty();
    }
    if not_modified {
        memory.not_modified += 1;
        memory.rhythm.unmodified_since.get_or_insert(now);
    } else {
        // The same bytes in full: the 304s before it were true.
        memory.rhythm.unmodified_since = None;
    }
    memory.endings = if memory.hints().ended { memory.endings.saturating_add(1) } else { 0 };
    schedule::learn(&mut memory.rhythm, &[], now);
}

/// Records a failure; nothing learned from good answers is touched (P10).
fn failed(memory: &mut Memory, failure: &Failure, now: Timestamp) {
    memory.failures = memory.failures.saturating_add(1);
    memory.failing_since.get_or_insert(now);
    if failure.kind == FailureKind::Crash {
        memory.crashes = memory.crashes.saturating_add(1);
    }
    if failure.kind == FailureKind::Gone {
        memory.endings = memory.endings.saturating_add(1);
    }
    // A move that leads nowhere any more is undone: the old address may know better (P47).
    if matches!(
        failure.kind,
        FailureKind::NotFound | FailureKind::Gone | FailureKind::NotAFeed | FailureKind::Redirect
    ) && failure.retry_after.is_none()
        && memory.moved.take().is_some()
    {
        memory.endings = 0;
    }
    memory.failure = Some(Box::new(failure.clone()));
}

/// How far a refusal reaches: 429 is the origin's answer, 503 the source's (P28).
/// On the operator's own sites, one source's trouble is its own.
fn hold(memory: &Memory, said: &Said, source: &Source, now: Timestamp) -> Option<Hold> {
    let scope = match said.failure {
        Some(FailureKind::TooMany) if !source.allow_private => HoldScope::Origin,
        None if said.refused && !source.allow_private => HoldScope::Origin,
        Some(FailureKind::TooMany | FailureKind::Unavailable) => HoldScope::Source,
        _ if said.freshness.retry_after.is_some() => HoldScope::Source,
        _ => return None,
    };
    let until = match said.freshness.retry_after {
        Some(wait) => now.after(wait.min(schedule::FURTHEST)),
        // The source waits as long as it must; its neighbours a day at the most.
        None => memory.next_poll.min(now.after(schedule::DAY)),
    };
    Some(Hold { until, scope })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
