//! Prints answers as lines and tables for people.

use std::collections::BTreeSet;

use comfy_table::{ContentArrangement, Table};

use super::print_line;
use super::progress::{HumanBytes, HumanDuration};
use crate::config::StorePlan;
use crate::inquiry::explain::{ExplainedEntry, ExplainedRevision, ExplainedStory, NearStory};
use crate::inquiry::polled::PollReport;
use crate::inquiry::status::{BackupStatus, Event, KeptStatus, KeptTopic, SourceReport};
use crate::model::Factor;
use crate::parse::Parsed;
use crate::topics::{Hit, Reason};

/// Passages of one copy that are shown.
const MOST_PASSAGES: usize = 3;

/// The start of a text that is too long for a line.
fn shortened(text: &str) -> String {
    let start: String = text.chars().take(160).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

/// A table without lines, which greps well.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if let Some((width, _)) = terminal_size::terminal_size_of(std::io::stdout()) {
        table.set_width(width.0);
    }
    table.set_header(header.to_vec());
    table
}

/// The outcome of each poll, and the sum.
pub(super) fn print_polls(reports: &[PollReport]) {
    let mut rows =
        table(&["source", "outcome", "entries", "new", "joined", "revised", "next poll", ""]);
    for report in reports {
        rows.add_row([
            report.source.clone(),
            report.outcome.clone(),
            report.entries.to_string(),
            report.new.to_string(),
            report.joined.to_string(),
            report.revised.to_string(),
            report.next_poll.clone().unwrap_or_default(),
            report.message.clone().unwrap_or_default(),
        ]);
    }
    print_line(rows);
    let sum = |count: fn(&PollReport) -> usize| reports.iter().map(count).sum::<usize>();
    let failed = reports.iter().filter(|report| report.failed()).count();
    let refused = reports.iter().filter(|report| report.was_refused()).count();
    let (new, joined, revised) = (sum(|r| r.new), sum(|r| r.joined), sum(|r| r.revised));
    print_line(format_args!(
        "{} polled, {failed} failed: {new} new stories, {joined} copies joined, {revised} revisions",
        reports.len() - refused
    ));
    if refused > 0 {
        print_line(format_args!(
            "{refused} not polled, for the reasons above; `gazetted poll --now SOURCE` asks once all the same"
        ));
    }
}

/// The factors that were weighed, their sum, and the threshold of one story.
fn print_factors(factors: &[Factor]) {
    if factors.is_empty() {
        return;
    }
    let each: Vec<String> = factors.iter().map(ToString::to_string).collect();
    let sum = f64::from(Factor::sum(factors)) / 10.0;
    print_line(format_args!("      weighed: {}; in all {sum:+.1}", each.join(", ")));
}

/// How every source is doing.
pub(super) fn print_sources(sources: &[SourceReport]) {
    let mut rows =
        table(&["source", "state", "last poll", "last news", "next poll", "why then", "trouble"]);
    for source in sources {
        let hub = source.push.as_ref().and_then(|push| push.trouble.as_ref());
        let hub = hub.map(|trouble| format!("its hub: {trouble}"));
        let foreign = source.held_by.as_ref().filter(|by| **by != source.id);
        let reason = source.held_reason.clone().unwrap_or_default();
        let foreign = foreign.map(|by| format!("held since {by} was answered: {reason}"));
        let trouble = source.failure.clone().or(foreign).or(hub);
        let moved = source.moved_to.as_ref().map(|to| format!("it redirects to {to} for good"));
        let trouble = trouble.or(moved);
        let trouble = trouble.or_else(|| source.warnings.first().cloned());
        let trouble = trouble.or_else(|| source.habits.first().cloned());
        rows.add_row([
            source.id.clone(),
            source.state.clone(),
            source.last_poll.clone().unwrap_or_default(),
            source.last_news.clone().unwrap_or_default(),
            source.next_poll.clone().unwrap_or_default(),
            source.because.clone(),
            trouble.unwrap_or_default(),
        ]);
    }
    print_line(rows);
}

/// The size of the store, and its bounds.
pub(super) fn print_store_size(kept: &KeptStatus) {
    let bounds = |most: Option<u64>, keep: &Option<String>| {
        let most = most.map(|most| format!(" of {most} at most"));
        let keep = keep.as_ref().map(|keep| format!(", each for {keep}"));
        most.unwrap_or_default() + &keep.unwrap_or_default()
    };
    let KeptStatus { stories, most_stories, keep, bytes, free, backup, topics } = kept;
    print_line(format_args!(
        "kept: {stories} stories{} in {}; {} are free there",
        bounds(*most_stories, keep),
        HumanBytes(*bytes),
        HumanBytes(*free)
    ));
    for KeptTopic { topic, stories, most_stories, keep } in topics {
        let bounds = bounds(most_stories.map(|most| most as u64), keep);
        print_line(format_args!("topic {topic} keeps {stories} stories{bounds}"));
    }
    backup.iter().for_each(print_backup);
}

/// The last automatic backup.
pub(super) fn print_backup(BackupStatus { file, made, age, bytes }: &BackupStatus) {
    let age = std::time::Duration::from_secs(*age);
    print_line(format_args!(
        "last backup: {file}, {}, made {} ago, at {made}",
        HumanBytes(*bytes),
        HumanDuration(age),
    ));
}

/// The last automatic backup, or why there is none.
pub(super) fn print_last_backup(last: Option<&BackupStatus>, plan: &StorePlan) {
    match (last, plan.backups) {
        (Some(last), _) => print_backup(last),
        (None, Some(_)) => drop(print_line("last backup: none yet; the daemon writes them")),
        (None, None) => {
            print_line("last backup: none; `[store] backups` is \"never\"");
        }
    }
}

/// All that is known of one source.
pub(super) fn print_source(source: &SourceReport) {
    print_line(format_args!("\n{}: {}", source.id, source.title));
    let rate = source.rate.map(|rate| format!("{rate:.2} entries a day"));
    let streak = (source.failures > 0).then(|| {
        let since = source.failing_since.as_deref().unwrap_or_default();
        format!("{} in a row since {since}", source.failures)
    });
    let held = source.held_until.as_ref().map(|until| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let by = text(&source.held_by);
        let whom = if by == source.id { String::new() } else { format!(" when {by} was polled") };
        format!("until {until} ({}){whom}: {}", text(&source.held), text(&source.held_reason))
    });
    let gaps = (source.gaps + source.filled > 0).then(|| {
        let last = source.last_gap.as_ref().map_or(String::new(), |at| format!(", the last {at}"));
        format!("{} that may have lost entries{last}; {} filled", source.gaps, source.filled)
    });
    let polls = format!(
        "{}, {:.0} % of them not modified, {} received",
        source.polls,
        100.0 * source.not_modified_share,
        HumanBytes(source.bytes)
    );
    let moved = source.moved_to.as_ref().map(|to| format!("url = \"{to}\""));
    for (name, value) in [
        ("last outcome", source.last_outcome.clone()),
        ("last success", source.last_success.clone()),
        ("not before", source.not_before.clone()),
        ("held", held),
        ("learned rate", rate),
        ("silent since", source.silent_since.clone()),
        ("failures", streak),
        ("gaps", gaps),
        ("polls", Some(polls)),
        ("etag", source.etag.clone()),
        ("last-modified", source.last_modified.clone()),
        ("moved; configure", moved),
    ] {
        if let Some(value) = value {
            print_line(format_args!("  {name:<17} {value}"));
        }
    }
    for warning in &source.warnings {
        print_line(format_args!("  warning           {warning}"));
    }
    for Event { at, kind, note } in &source.events {
        print_line(format_args!("  {at} {kind} {note}"));
    }
}

/// How a document is read.
pub(super) fn print_document(parsed: &Parsed) {
    let Parsed { format, encoding, feed, entries, hints, warnings, .. } = parsed;
    print_line(format_args!("{format} in {encoding}: {}", feed.title));
    for (name, value) in [("page", &feed.url), ("self", &hints.self_url), ("next", &hints.next)] {
        if let Some(value) = value {
            print_line(format_args!("  {name}  {value}"));
        }
    }
    for hub in &hints.hubs {
        print_line(format_args!("  hub   {hub}"));
    }
    for warning in warnings {
        print_line(format_args!("  warning: {warning}"));
    }
    print_line(format_args!("{} entries", entries.len()));
    for entry in entries {
        let date = entry.dated().map_or("no date".to_owned(), |date| date.to_string());
        print_line(format_args!("\n{date}  {}", entry.title));
        if let Some(url) = &entry.url {
            print_line(format_args!("  link      {url}"));
        }
        if let Some(original) = &entry.original {
            print_line(format_args!("  original  {original}"));
        }
        if let Some(guid) = &entry.guid {
            print_line(format_args!("  id        {}", guid.escape_debug()));
        }
        if let Some(line) = entry.text.lines().next() {
            let start: String = line.chars().take(200).collect();
            print_line(format_args!("  {start}"));
        }
        for piece in &entry.set_aside {
            print_line(format_args!("  {}", set_aside(&piece.reason.to_string(), &piece.text)));
        }
    }
}

/// A piece of text that was set aside, on one line.
fn set_aside(reason: &str, text: &str) -> String {
    format!("set aside ({reason}): {}", shortened(text))
}

/// Why a story is what it is.
pub(super) fn print_story(story: &ExplainedStory) {
    print_line(&story.title);
    if let Some(url) = &story.url {
        print_line(format_args!("  {url}"));
    }
    print_line(format_args!("  story {}, published as {}", story.id, story.published_id));
    print_line(format_args!("  first seen {}, updated {}\n", story.first_seen, story.updated));
    match story.entries.len() {
        1 => print_line("Published by one source:"),
        count => print_line(format_args!("Published in {count} entries, which are one story:")),
    };
    for entry in &story.entries {
        let ExplainedEntry { source, is_primary, tier, because, factors, url, .. } = entry;
        let lead = if *is_primary { ", leads" } else { "" };
        print_line(format_args!("  {source} ({tier}{lead}): {because}"));
        print_factors(factors);
        if let Some(url) = url {
            print_line(format_args!("      {url}"));
        }
        if let Some(name) = &entry.name {
            print_line(format_args!("      {name}"));
        }
        if let Some(remark) = &entry.remark {
            print_line(format_args!("      {remark}"));
        }
        for piece in &entry.set_aside {
            print_line(format_args!("      {}", set_aside(&piece.reason, &piece.text)));
        }
        for passage in entry.shared.iter().take(MOST_PASSAGES) {
            print_line(format_args!("      shared: “{}”", shortened(passage)));
        }
    }
    for NearStory { id, title, shared, of, forbidden, factors } in &story.near {
        let because =
            forbidden.as_ref().map_or(String::new(), |why| format!("; not joined: {why}"));
        print_line(format_args!(
            "  near: {title}\n      story {id}, {shared} of {of} passages{because}"
        ));
        print_factors(factors);
    }
    for ExplainedRevision { at, source, major, former_title, note, .. } in &story.revisions {
        let kind = if *major { "revised" } else { "changed" };
        let title =
            former_title.as_ref().map_or(String::new(), |title| format!(", before: “{title}”"));
        let note = note.as_ref().map_or(String::new(), |note| format!(": {note}"));
        print_line(format_args!("  {kind} {at} by {source}{note}{title}"));
    }
    for topic in &story.topics {
        let verdict = match (topic.explanation.matched, topic.left) {
            (true, false) => "in",
            (true, true) => "no longer in, being older than what it keeps:",
            (false, _) => "not in",
        };
        print_line(format_args!("\n{verdict} {}", topic.id));
        print_line(format_args!("  {}", topic.explanation.summary));
        print_reason(&topic.explanation.reason, 1);
    }
}

/// A part of a query and what it found, indented below the part it belongs to.
fn print_reason(reason: &Reason, depth: usize) {
    let indent = "  ".repeat(depth);
    let mark = if reason.holds { '+' } else { '-' };
    let note = reason.note.as_deref().map_or(String::new(), |note| format!(" ({note})"));
    print_line(format_args!("{indent}{mark} {}{note}", reason.query));
    let mut shown = BTreeSet::new();
    for Hit { field, before, found, after, .. } in &reason.hits {
        // Copies say the same words: they are shown once.
        if shown.insert(format!("{found}{after}")) {
            print_line(format_args!("{indent}    {field}: {before}[{found}]{after}"));
        }
    }
    reason.parts.iter().for_each(|part| print_reason(part, depth + 1));
}
