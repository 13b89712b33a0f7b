//! Describes how a reload changes one source: each field with its old and its new value.

use std::fmt::Display;

use crate::config::Period;
use crate::model::{Location, Pace, Secret, Source, TextRules};

/// The fields that differ, as `rank changed from 0 to 3`. Values of headers are secret.
pub(super) fn changes(old: &Source, new: &Source) -> Vec<String> {
    // Every field is named, so that a new one is not forgotten. The position moves with every
    // source that comes before this one.
    #[rustfmt::skip]
    let Source {
        id: _, position: _, pace: _,
        title, location, tags, role, rank, publisher, enrich, headers, allow_private, push, text: _,
    } = new;
    let mut changes = Changes::default();
    changes.field("title", &old.title, title);
    changes.field("url", place(&old.location), place(location));
    changes.field("tags", list(&old.tags), list(tags));
    changes.field("role", old.role.as_str(), role.as_str());
    changes.field("rank", old.rank, *rank);
    changes.field("publisher", optional(old.publisher.as_deref()), optional(publisher.as_deref()));
    changes.field("enrich", old.enrich.as_str(), enrich.as_str());
    changes.headers(&old.headers, headers);
    changes.field("allow_private", old.allow_private, *allow_private);
    changes.field("push", old.push, *push);
    let TextRules { cut, start_after, end_before } = new.text();
    let before = old.text();
    changes.field("cut", list(&before.cut), list(cut));
    changes.field(
        "start_after",
        optional(before.start_after.as_deref()),
        optional(start_after.as_deref()),
    );
    changes.field(
        "end_before",
        optional(before.end_before.as_deref()),
        optional(end_before.as_deref()),
    );
    let (old, Pace { interval, min, max, mute_silence, new_a_day }) = (old.pace(), new.pace());
    changes.field("interval", time(old.interval), time(interval));
    changes.field("min", time(old.min), time(min));
    changes.field("max", time(old.max), time(max));
    changes.field("mute_silence", old.mute_silence, mute_silence);
    changes.field("new_a_day", optional(old.new_a_day), optional(new_a_day));
    changes.0
}

#[derive(Default)]
struct Changes(Vec<String>);

impl Changes {
    fn field<T: Display + PartialEq>(&mut self, name: &str, old: T, new: T) {
        if old != new {
            self.0.push(format!("{name} changed from {old} to {new}"));
        }
    }

    fn headers(&mut self, old: &[(String, Secret)], new: &[(String, Secret)]) {
        let names = |headers: &[(String, Secret)]| {
            list(&headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>())
        };
        if old == new {
            return;
        }
        let (before, after) = (names(old), names(new));
        self.0.push(match before == after {
            true => format!("another value of the headers {after} (the values are secret)"),
            false => format!("headers changed from {before} to {after} (the values are secret)"),
        });
    }
}

fn place(location: &Location) -> String {
    match location {
        Location::Web { .. } => location.written().unwrap_or_default().to_owned(),
        Location::File(path) => path.display().to_string(),
    }
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn time(time: Option<std::time::Duration>) -> String {
    optional(time.map(Period))
}

fn optional(value: Option<impl Display>) -> String {
    value.map_or("none".to_owned(), |value| value.to_string())
}
