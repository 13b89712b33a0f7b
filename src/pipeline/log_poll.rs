//! Logs the results of polls and other turns: one line for news, and one for each change of a
//! source's condition.

use tracing::{debug, error, info, warn};

use crate::engine::{Event, HubAnswer, Ingested, TopicFillResult};
use crate::model::{EventKind, Outcome, Poll, SourceEvent, SourceId};
use crate::websub::inbound::CallbackAnswer;

/// The news of one poll, to be logged once readers can read it.
#[derive(Debug)]
pub(super) struct PollNews {
    source: SourceId,
    new: usize,
    joined: usize,
    revised: usize,
}

impl PollNews {
    /// The poll's news, if it has any.
    pub(super) fn of(poll: &Poll, ingested: &Ingested) -> Option<Self> {
        let Ingested { new, joined, revised, .. } = *ingested;
        let is_read = matches!(poll.outcome, Outcome::Read(_) | Outcome::Pushed(_));
        let has_news = is_read && new + joined + revised > 0;
        has_news.then(|| Self { source: poll.source.clone(), new, joined, revised })
    }

    /// Logs it.
    pub(super) fn log(&self) {
        let Self { source, new, joined, revised } = self;
        info!(event = "news", %source, new, joined, revised, "{source}: {new} new, {joined} joined, {revised} revised");
    }
}

/// Logs one poll, without its news.
pub(super) fn of_poll(poll: &Poll, ingested: &Ingested) {
    let source = &poll.source;
    match &poll.outcome {
        Outcome::Failed(failure) if ingested.events.is_empty() => {
            debug!(event = "poll_failed", %source, kind = failure.kind.as_str(), "{source} fails: {failure}");
        }
        Outcome::Failed(_) => {}
        Outcome::Unchanged(_) => {
            debug!(event = "poll_unchanged", %source, "{source} has nothing new");
        }
        Outcome::Read(reading) | Outcome::Pushed(reading) => {
            for warning in &reading.warnings {
                debug!(event = "document_repaired", %source, "{source}: {warning}");
            }
            if let Some(back) = reading.back.as_ref().filter(|back| back.reached) {
                let (pages, entries) = (back.pages, back.entries);
                info!(event = "gap_filled", %source, pages, entries, "{source}: {entries} entries that its document no longer listed were fetched from older pages");
            }
        }
    }
    let round = poll.pages.as_ref().map(|pages| &pages.round).filter(|round| !round.open);
    if let Some(why) = round.and_then(|round| round.pages.all_failed()) {
        info!(event = "pages_failing", %source, "{source}: {why}");
    }
    let left_out = ingested.left_out;
    if left_out > 0 {
        debug!(event = "copies_left_out", %source, left_out, "{source}: {left_out} entries are left out, as their stories hold as many entries as a story may");
    }
    for event in &ingested.events {
        of_source(source, event, &poll.outcome);
    }
}

/// Logs an event of a turn.
pub(super) fn of_event(event: &Event) {
    match event {
        Event::TopicSilent { topic, why } => {
            warn!(event = "topic_silent", %topic, "topic {topic} is silent: {why}");
        }
        Event::TopicSpeaks { topic, since } => {
            info!(event = "topic_speaks", %topic, "topic {topic} speaks again: it had been silent since {since}");
        }
        Event::PushDistrusted { source, hub } => {
            warn!(event = "push_distrusted", %source, "{hub} let news of {source} pass: it is polled as ever for a week");
        }
        Event::EntriesLeftOut { source, left_out } => info!(
            event = "entries_left_out", %source, left_out,
            "{source} lists more entries than are kept: the oldest {left_out} were left out; raise `[parsing] entries` to read them, too"
        ),
        Event::StoriesRetired { retired, left } => info!(
            event = "stories_retired",
            retired,
            left,
            "{retired} stories were removed by `[store] keep` or `[store] stories`; {left} are kept"
        ),
        Event::Hub { source, answer } => of_hub(source, answer),
        Event::ClockWasAhead(sources) => warn!(
            event = "clock_was_ahead",
            sources,
            "the clock was ahead when {sources} sources were last asked: the times that it set are void"
        ),
        Event::TurnsLost { node, count } => error!(
            event = "turns_lost", %node, count,
            "the NATS servers have lost {count} turns of node {node}: set `sync_interval: always` there, and see docs/clusters.md"
        ),
        Event::OtherRules { node, rules } => warn!(
            event = "turn_dropped", %node, rules,
            "a turn of node {node} was dropped: it has rules version {rules}, which is not in force"
        ),
        Event::RulesVersion(number) => info!(
            event = "rules_version",
            number,
            "rules version {number} is in force: write a backup now, for nodes that join later"
        ),
        Event::AppliedUnlikeOthers { .. }
        | Event::Planned
        | Event::TopicsFilled(_)
        | Event::Assigned { .. } => {}
    }
}

fn of_hub(source: &SourceId, answer: &HubAnswer) {
    match answer {
        HubAnswer::Request(_) => {}
        HubAnswer::Answered { hub, answer: Ok(()), .. } => {
            debug!(event = "hub_asked", %source, "{hub} was asked for {source}");
        }
        HubAnswer::Answered { hub, answer: Err(failure), was_failing: true } => {
            debug!(event = "hub_still_failing", %source, "{hub} still cannot be asked for {source}: {failure}");
        }
        HubAnswer::Answered { hub, answer: Err(failure), was_failing: false } => {
            warn!(event = "hub_failing", %source, "{hub} cannot be asked for {source}, which is polled: {failure}");
        }
        HubAnswer::Callback { hub, answer: CallbackAnswer::DenialNoted, .. } => {
            warn!(event = "push_denied", %source, "{hub} will not push {source}: it is polled");
        }
        HubAnswer::Callback { hub, until: Some(until), .. } => {
            info!(event = "push_active", %source, %until, "{hub} pushes {source} until {until}");
        }
        HubAnswer::Callback { .. } => {}
    }
}

/// Logs one line for each topic that was filled anew.
pub(super) fn topics_changed(results: &[TopicFillResult]) {
    for result in results {
        let TopicFillResult { topic, matched, added, lost } = result;
        info!(
            event = "topic_changed", %topic, matched, added, lost,
            "topic {topic}: query changed, {result}"
        );
    }
}

/// The names of these events are part of the interface: programs wait for them.
fn of_source(source: &SourceId, event: &SourceEvent, outcome: &Outcome) {
    let (note, says) = (&event.note, event.kind.says());
    match event.kind {
        EventKind::Failing => {
            let kind = match outcome {
                Outcome::Failed(failure) => failure.kind.as_str(),
                _ => "",
            };
            warn!(event = "source_failing", %source, kind, "{source} fails: {note}");
        }
        EventKind::Recovered => {
            info!(event = "source_recovered", %source, "{source} answers again");
        }
        EventKind::Moved => warn!(event = "source_moved", %source, "{source} {says}: {note}"),
        EventKind::Gone => {
            warn!(event = "source_gone", %source, "{source} {says}, and is not asked any more: {note}");
        }
        EventKind::Ended => warn!(event = "source_ended", %source, "{source} {says}: {note}"),
        EventKind::Silent => warn!(event = "source_silent", %source, "{source} {says}: {note}"),
        EventKind::Speaks => info!(event = "source_speaks", %source, "{source} {says}: {note}"),
        EventKind::Gap => warn!(event = "gap", %source, "{source}: {note}"),
        EventKind::Floods => warn!(event = "source_floods", %source, "{source}: {note}"),
        EventKind::Steady => info!(event = "source_steady", %source, "{source} {says}"),
    }
}
