//! Notes what became of a source with a poll, once each: failing, moved, silent, with a gap.

use super::schedule::DAY;
use super::silence::silence;
use crate::model::{EventKind, FailureKind, Intake, Memory, Moved, Source, SourceEvent, Timestamp};

/// As many are remembered of one source: what happened before is in the log.
const MOST: usize = 12;

/// Failures in a row at which one that may pass by itself is warned of (P37).
const WARNED_AT: u32 = 3;

/// How a source stood before a poll.
pub(super) struct Standing {
    rests: bool,
    ended: bool,
    gaps: u64,
    last_gap: Option<Timestamp>,
    floods: bool,
    moved: Option<Moved>,
}

impl Standing {
    pub(super) fn of(memory: &Memory) -> Self {
        Self {
            rests: memory.rests(),
            ended: memory.hints().ended,
            gaps: memory.gaps,
            last_gap: memory.last_gap,
            floods: memory.intake.since.is_some(),
            moved: proven(memory).cloned(),
        }
    }
}

/// Notes in `memory` what the poll at `now` made of the source.
pub(super) fn note(before: &Standing, memory: &mut Memory, source: &Source, now: Timestamp) {
    let mut events = Vec::new();
    let warned = memory.warned;
    match &memory.failure {
        Some(failure) if memory.rests() && !before.rests && failure.kind == FailureKind::Gone => {
            events.push((EventKind::Gone, failure.message.clone()));
            memory.warned = true;
        }
        Some(failure)
            if !warned && (!failure.kind.is_transient() || memory.failures >= WARNED_AT) =>
        {
            events.push((EventKind::Failing, failure.message.clone()));
            memory.warned = true;
        }
        None if warned => {
            events.push((EventKind::Recovered, String::new()));
            memory.warned = false;
        }
        _ => {}
    }
    if memory.hints().ended && !before.ended {
        events.push((EventKind::Ended, "its document says so".to_owned()));
    }
    if let Some(moved) = proven(memory)
        && before.moved.as_ref().map(|moved| &moved.to) != Some(&moved.to)
    {
        events.push((EventKind::Moved, format!("configure url = \"{}\"", moved.to)));
    }
    // A source that turns over at every poll is reported once a day.
    let is_reported = before.last_gap.is_some_and(|last| last.until(now) < DAY);
    if memory.gaps > before.gaps && !is_reported {
        let missed = "nothing in the document was known: entries may have been missed; it is polled more often now, as far as it permits";
        events.push((EventKind::Gap, missed.to_owned()));
    }
    match (before.floods, memory.intake.since) {
        (false, Some(_)) => events.push((EventKind::Floods, flood(&memory.intake))),
        (true, None) => events.push((EventKind::Steady, String::new())),
        _ => {}
    }
    events.extend(listen(memory, source, now));
    keep(memory, events, now);
}

/// Why entries wait.
pub(super) fn flood(intake: &Intake) -> String {
    format!(
        "it brings more new entries than it may in a day: {} wait until it lists the same ones again and its day has room for them (`new_a_day`)",
        intake.waiting
    )
}

/// Notes that a silence has ended, where news came by another way than a poll.
pub(super) fn note_pushed(memory: &mut Memory, now: Timestamp) {
    let event = heard(memory);
    keep(memory, event, now);
}

fn keep(
    memory: &mut Memory,
    events: impl IntoIterator<Item = (EventKind, String)>,
    now: Timestamp,
) {
    let event = |(kind, note)| SourceEvent { at: now, kind, note };
    memory.events.extend(events.into_iter().map(event));
    let surplus = memory.events.len().saturating_sub(MOST);
    memory.events.drain(..surplus);
}

/// The permanent redirect that has proved itself by the last good answer.
fn proven(memory: &Memory) -> Option<&Moved> {
    let answered = memory.last_success?;
    memory.moved.as_deref().filter(|moved| moved.is_proven(answered))
}

/// Whether a silence began or ended: each is told once (the same silence has the
/// same newest entry before it).
fn listen(memory: &mut Memory, source: &Source, now: Timestamp) -> Option<(EventKind, String)> {
    let heard = heard(memory);
    if heard.is_some() {
        return heard;
    }
    if source.pace().mute_silence {
        memory.silent = None;
        return None;
    }
    let silence = silence(memory, now).filter(|silence| memory.silent != Some(silence.since))?;
    memory.silent = Some(silence.since);
    Some((EventKind::Silent, silence.to_string()))
}

/// Whether a silence that was told of has ended.
fn heard(memory: &mut Memory) -> Option<(EventKind, String)> {
    let since = memory.silent.filter(|since| memory.rhythm.newest > Some(*since))?;
    memory.silent = None;
    Some((EventKind::Speaks, format!("it had been silent since {since}")))
}
