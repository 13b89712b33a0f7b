//! Notes what became of a source with a poll, once each: failing, moved, silent, with a gap.

use super::schedule::DAY;
use super::silence::silence;
use crate::model::{
    EventKind, FailureKind, FloodState, Moved, Source, SourceEvent, SourceState, Timestamp,
};

/// As many are remembered of one source: what happened before is in the log.
const MOST: usize = 12;

/// Failures in a row at which one that may pass by itself is warned of (P37).
const WARNED_AT: u32 = 3;

/// How a source stood before a poll.
pub(super) struct Snapshot {
    rests: bool,
    ended: bool,
    gaps: u64,
    last_gap: Option<Timestamp>,
    floods: bool,
    moved: Option<Moved>,
}

impl Snapshot {
    pub(super) fn of(state: &SourceState) -> Self {
        Self {
            rests: state.rests(),
            ended: state.hints().ended,
            gaps: state.gaps,
            last_gap: state.last_gap,
            floods: state.intake.since.is_some(),
            moved: proven(state).cloned(),
        }
    }
}

/// Notes in `state` the events of the poll at `now`.
pub(super) fn note(before: &Snapshot, state: &mut SourceState, source: &Source, now: Timestamp) {
    let mut events = Vec::new();
    let warned = state.warned;
    match &state.failure {
        Some(failure) if state.rests() && !before.rests && failure.kind == FailureKind::Gone => {
            events.push((EventKind::Gone, failure.message.clone()));
            state.warned = true;
        }
        Some(failure)
            if !warned && (!failure.kind.is_transient() || state.failures >= WARNED_AT) =>
        {
            events.push((EventKind::Failing, failure.message.clone()));
            state.warned = true;
        }
        None if warned => {
            events.push((EventKind::Recovered, String::new()));
            state.warned = false;
        }
        _ => {}
    }
    if state.hints().ended && !before.ended {
        events.push((EventKind::Ended, "its document says so".to_owned()));
    }
    if let Some(moved) = proven(state)
        && before.moved.as_ref().map(|moved| &moved.to) != Some(&moved.to)
    {
        events.push((EventKind::Moved, format!("configure url = \"{}\"", moved.to)));
    }
    // A source that turns over at every poll is reported once a day.
    let is_reported = before.last_gap.is_some_and(|last| last.until(now) < DAY);
    if state.gaps > before.gaps && !is_reported {
        let missed = "nothing in the document was known: entries may have been missed; it is polled more often now, as far as it permits";
        events.push((EventKind::Gap, missed.to_owned()));
    }
    match (before.floods, state.intake.since) {
        (false, Some(_)) => events.push((EventKind::Floods, flood(&state.intake))),
        (true, None) => events.push((EventKind::Steady, String::new())),
        _ => {}
    }
    events.extend(notice_silence(state, source, now));
    keep(state, events, now);
}

/// Why entries wait.
pub(super) fn flood(intake: &FloodState) -> String {
    format!(
        "it brings more new entries than it may in a day: {} wait until it lists the same ones again and its day has room for them (`new_a_day`)",
        intake.waiting
    )
}

/// Notes that a silence has ended, where news came by another way than a poll.
pub(super) fn note_pushed(state: &mut SourceState, now: Timestamp) {
    let event = end_silence(state);
    keep(state, event, now);
}

fn keep(
    state: &mut SourceState,
    events: impl IntoIterator<Item = (EventKind, String)>,
    now: Timestamp,
) {
    let event = |(kind, note)| SourceEvent { at: now, kind, note };
    state.events.extend(events.into_iter().map(event));
    let surplus = state.events.len().saturating_sub(MOST);
    state.events.drain(..surplus);
}

/// The permanent redirect that has proved itself by the last good answer.
fn proven(state: &SourceState) -> Option<&Moved> {
    let answered = state.last_success?;
    state.moved.as_deref().filter(|moved| moved.is_proven(answered))
}

/// Whether a silence began or ended: each is reported once (the same silence has the
/// same newest entry before it).
fn notice_silence(
    state: &mut SourceState,
    source: &Source,
    now: Timestamp,
) -> Option<(EventKind, String)> {
    let ended = end_silence(state);
    if ended.is_some() {
        return ended;
    }
    if source.pace().mute_silence {
        state.silent = None;
        return None;
    }
    let silence = silence(state, now).filter(|silence| state.silent != Some(silence.since))?;
    state.silent = Some(silence.since);
    Some((EventKind::Silent, silence.to_string()))
}

/// Whether a silence that was reported has ended.
fn end_silence(state: &mut SourceState) -> Option<(EventKind, String)> {
    let since = state.silent.filter(|since| state.rhythm.newest > Some(*since))?;
    state.silent = None;
    Some((EventKind::Speaks, format!("it had been silent since {since}")))
}
