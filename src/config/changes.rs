//! Lists the changes from one plan to the next, one line each.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::file;
use super::{InUse, Plan};
use crate::model::{Source, SourceId, TopicId};
use crate::options::{AtReload, Table, WrittenOption};

/// One difference between two plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// A description, such as `topic sanctions: query changed`.
    pub what: String,
    /// Whether it is in force.
    pub effect: Effect,
}

/// The effect of a change at a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is in force.
    InForce,
    /// It is in force, and stored stories were matched by the new query.
    MatchedAgain(TopicId),
    /// It waits for a restart.
    AtRestart,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.effect {
            Effect::InForce | Effect::MatchedAgain(_) => Ok(()),
            Effect::AtRestart => f.write_str("; restart gazetted to use it"),
        }
    }
}

/// The options of a plan as they were written, which a reload compares. There can be very many
/// sources and topics: of each, only what differs from the defaults is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct WrittenOptions {
    settings: Vec<WrittenOption>,
    /// The options of each source and their values as they are shown. Its address is in the plan.
    sources: BTreeMap<SourceId, Options<Box<str>>>,
    /// The options of each topic and a hash of each value.
    topics: BTreeMap<TopicId, Options<u64>>,
}

/// Options by name.
type Options<T> = Box<[(&'static str, T)]>;

/// Settings whose effects are listed source by source and topic by topic.
const LISTED_BY_EFFECT: [&str; 2] = ["include", "defaults"];

impl WrittenOptions {
    pub(super) fn of(settings: &file::Config) -> Self {
        let options = settings.state("").into_iter().filter(|option| {
            !LISTED_BY_EFFECT.contains(&option.name) && !LISTED_BY_EFFECT.contains(&option.table)
        });
        // A value may be a secret; its hash is enough.
        let settings =
            options.map(|option| WrittenOption { shown: String::new(), ..option }).collect();
        Self { settings, ..Self::default() }
    }

    /// The options of all tables of settings.
    pub(super) fn settings(&self) -> impl Iterator<Item = &WrittenOption> {
        self.settings.iter()
    }

    /// Adds a source, with the defaults of the file applied. Most sources have nothing but a name
    /// and an address.
    pub(super) fn add_source(
        &mut self,
        source: &Source,
        written: &file::Source,
        default: &file::Source,
    ) {
        let address = source.location.written();
        let options = differing_options(written, default)
            .filter(|option| option.name != "url" || Some(option.shown.as_str()) != address);
        let options: Options<_> =
            options.map(|option| (option.name, option.shown.into())).collect();
        if !options.is_empty() {
            self.sources.insert(source.id.clone(), options);
        }
    }

    pub(super) fn add_topic(&mut self, id: &TopicId, topic: &file::Topic) {
        let default = file::Topic::default();
        let options = differing_options(topic, &default).map(|option| (option.name, option.hash));
        self.topics.insert(id.clone(), options.collect());
    }

    /// The value of a source's option as it is shown.
    fn shown(plan: &Plan, id: &SourceId, default: &WrittenOption) -> String {
        let options = plan.written_options.sources.get(id).map_or(&[][..], |options| options);
        let own = options.iter().find(|(name, _)| *name == default.name);
        let address = || plan.sources.get(id)?.location.written().filter(|_| default.name == "url");
        let own = own.map(|(_, shown)| &**shown).or_else(address);
        own.unwrap_or(&default.shown).to_owned()
    }
}

/// The options that differ from the defaults, less the name.
fn differing_options<T: Table>(table: &T, default: &T) -> impl Iterator<Item = WrittenOption> {
    table.differing(default).into_iter().filter(|option| option.name != "id")
}

/// The changes from `old` to `new`, in the order in which a configuration is written, and all that
/// still waits for a restart.
pub fn changes(old: &Plan, new: &Plan, in_use: &InUse) -> Vec<Change> {
    let mut changes = settings(old, new);
    changes.extend(pending(in_use, new));
    changes.extend(sources(old, new));
    changes.extend(topics(old, new));
    if old.overrides != new.overrides {
        changes.push(in_force(match old.overrides.forces_more_than(&new.overrides) {
            true => {
                "[[story]]: changed; stories that a removed `force` had joined stay one, \
                 and `gazetted split` takes them apart"
            }
            false => "[[story]]: changed",
        }));
    }
    changes
}

fn in_force(what: impl Into<String>) -> Change {
    Change { what: what.into(), effect: Effect::InForce }
}

/// The changes that a plan has and that wait for a restart.
pub fn pending(in_use: &InUse, plan: &Plan) -> Vec<Change> {
    by_table(&in_use.differing(plan), &Effect::AtRestart)
}

/// The changed settings that a reload puts in force.
fn settings(old: &Plan, new: &Plan) -> Vec<Change> {
    let both = old.written_options.settings.iter().zip(&new.written_options.settings);
    let differing = both.filter(|(old, new)| old != new).map(|(_, new)| new);
    let in_force = differing.filter(|option| option.at_reload != AtReload::NeedsRestart);
    by_table(&in_force.collect::<Vec<_>>(), &Effect::InForce)
}

/// Changed options with one effect, a line for each table.
fn by_table(options: &[&WrittenOption], effect: &Effect) -> Vec<Change> {
    let tables = options.chunk_by(|one, other| one.table == other.table);
    let of_table = |options: &[&WrittenOption]| {
        let names = Vec::from_iter(options.iter().map(|option| option.name)).join(", ");
        let what = match options[0].table {
            "" => format!("{names} changed"),
            table => format!("[{table}]: {names} changed"),
        };
        Change { what, effect: effect.clone() }
    };
    tables.map(of_table).collect()
}

fn sources(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut changes = Vec::new();
    let defaults = file::Source::default().state("");
    // A source with the address of a removed one is most likely the same under another name.
    let removed = old.sources.values().filter(|source| !new.sources.contains_key(&source.id));
    let removed_from: HashMap<u64, &SourceId> =
        removed.map(|source| (source.location.hash(), &source.id)).collect();
    for id in ordered(new) {
        let Some(before) = old.sources.get(id) else {
            changes.push(in_force(match removed_from.get(&new.sources[id].location.hash()) {
                Some(former) => format!(
                    "source {id}: added, with the address of the removed source {former}; \
                     queries that name {former} no longer find it"
                ),
                None => format!("source {id}: added"),
            }));
            continue;
        };
        let value = |plan: &Plan, default| WrittenOptions::shown(plan, id, default);
        let mut fields = Vec::new();
        for default in &defaults {
            let (name, old, new) = (default.name, value(old, default), value(new, default));
            let secret = if name == "headers" { " (the values are secret)" } else { "" };
            if old != new {
                fields.push(format!("{name} changed from {old} to {new}{secret}"));
            }
        }
        fields.extend(changed_secrets(before, &new.sources[id]));
        if !fields.is_empty() {
            changes.push(in_force(format!("source {id}: {}", fields.join("; "))));
        }
    }
    let removed = ordered(old).into_iter().filter(|id| !new.sources.contains_key(*id));
    changes.extend(removed.map(|id| in_force(format!("source {id}: removed"))));
    let staying = |of: &Plan, other: &Plan| -> Vec<SourceId> {
        let ids = ordered(of).into_iter().filter(|id| other.sources.contains_key(*id));
        ids.cloned().collect()
    };
    if staying(old, new) != staying(new, old) {
        changes.push(in_force("sources: another order, which decides among equals who leads"));
    }
    changes
}

/// The headers of a source that have another value under the same names: the content of a file of
/// credentials may have changed alone.
fn changed_secrets(old: &Source, new: &Source) -> Option<String> {
    let names = Vec::from_iter(new.headers.iter().map(|(name, _)| name.as_str()));
    let is_same_names = old.headers.iter().map(|(name, _)| name).eq(names.iter());
    (is_same_names && old.headers != new.headers).then(|| {
        format!("another value of the headers {} (the values are secret)", names.join(", "))
    })
}

/// The plan's sources in the order of the file.
fn ordered(plan: &Plan) -> Vec<&SourceId> {
    let mut sources: Vec<&Source> = plan.sources.values().map(|source| &**source).collect();
    sources.sort_by_key(|source| source.position);
    sources.into_iter().map(|source| &source.id).collect()
}

fn topics(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut changes = Vec::new();
    let place_in = |plan: &Plan, id: &TopicId| plan.topics.iter().position(|topic| topic.id == *id);
    for (place, topic) in new.topics.iter().enumerate() {
        let id = &topic.id;
        let Some(before) = place_in(old, id) else {
            let renamed = topic.formerly.iter().find(|former| place_in(old, former).is_some());
            changes.push(in_force(match renamed {
                Some(former) => format!("topic {id}: added, formerly {former}"),
                None => format!("topic {id}: added"),
            }));
            continue;
        };
        let (was, is) = (
            old.queries.topic_version(before, &old.sources),
            new.queries.topic_version(place, &new.sources),
        );
        if was != is {
            // The text may be the same where a vocabulary or a source is not.
            let cause =
                if old.topics[before].query == topic.query { "what it names" } else { "query" };
            let what = format!("topic {id}: {cause} changed");
            changes.push(Change { what, effect: Effect::MatchedAgain(id.clone()) });
        } else if old.topics[before].bounds != topic.bounds {
            let what = format!("topic {id}: what it keeps changed");
            changes.push(Change { what, effect: Effect::MatchedAgain(id.clone()) });
        }
        let fields = changed_options(id, old, new);
        if !fields.is_empty() {
            changes.push(in_force(format!("topic {id}: {} changed", fields.join(", "))));
        }
        if old.access_rules.get(id) != new.access_rules.get(id) {
            changes.push(in_force(format!("topic {id}: who may read it changed")));
        }
    }
    let removed = old.topics.iter().filter(|topic| place_in(new, &topic.id).is_none());
    changes.extend(removed.map(|topic| in_force(format!("topic {}: removed", topic.id))));
    changes
}

/// The options of a topic that differ, less those that are reported with their effect: which
/// stories are in it, and who may read it.
fn changed_options(id: &TopicId, old: &Plan, new: &Plan) -> Vec<&'static str> {
    let options = file::Topic::default().state("");
    let options = options
        .into_iter()
        .filter(|option| option.at_reload == AtReload::InForce && option.name != "access");
    let value = |plan: &Plan, name: &str| {
        let own = plan.written_options.topics.get(id)?.iter().find(|(own, _)| *own == name)?;
        Some(own.1)
    };
    options.map(|option| option.name).filter(|name| value(old, name) != value(new, name)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const BASE: &str = r#"
[[source]]
id = "a"
url = "https://example.org/a"

[[source]]
id = "b"
url = "https://example.org/b"

[[topic]]
id = "rust"
title = "Rust"
query = "rust AND @tools"

[[topic]]
id = "iron"
title = "Iron"
query = "iron"

[vocabulary]
tools = ["cargo"]
"#;

    fn plan(config: &str) -> Plan {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("gazetted.toml");
        std::fs::write(&file, config).unwrap();
        // The store's place is the same for all, wherever the file is.
        let mut plan = Plan::load(&file).unwrap_or_else(|problems| panic!("{problems}")).plan;
        plan.files.clear();
        plan
    }

    fn changes_from(old: &Plan, new: &Plan) -> Vec<Change> {
        changes(old, new, &InUse::since_start(old))
    }

    #[test]
    fn every_change_is_a_line_and_nothing_else_is() {
        let added = "[[source]]\nid = \"c\"\nurl = \"https://example.org/c\"\n\n[[topic]]";
        let topic = "[[topic]]\nid = \"gold\"\ntitle = \"Gold\"\nquery = \"gold\"\n\n[vocabulary]";
        let swapped = BASE.replace("\"a\"", "\"x\"").replace("\"b\"", "\"a\"");
        let swapped = swapped.replace("\"x\"", "\"b\"");
        let swapped = swapped.replace("org/a", "org/x").replace("org/b", "org/a");
        let swapped = swapped.replace("org/x", "org/b");
        for (changed, lines) in [
            (BASE.to_owned(), vec![]),
            (BASE.replacen("[[topic]]", added, 1), vec!["source c: added"]),
            (
                BASE.replace("\"b\"", "\"c\""),
                vec![
                    "source c: added, with the address of the removed source b; \
                     queries that name b no longer find it",
                    "source b: removed",
                ],
            ),
            (
                BASE.replace("org/b\"", "org/c\"\nrank = 3\nheaders = { X-Key = \"s3cret\" }"),
                vec![
                    "source b: url changed from https://example.org/b to https://example.org/c; \
                     rank changed from 0 to 3; headers changed from none to X-Key (the values are secret)",
                ],
            ),
            (swapped, vec!["sources: another order, which decides among equals who leads"]),
            (BASE.replace("[vocabulary]", topic), vec!["topic gold: added"]),
            (
                BASE.replace("id = \"iron\"", "id = \"ore\"\nformerly = [\"iron\"]"),
                vec!["topic ore: added, formerly iron", "topic iron: removed"],
            ),
            (
                BASE.replace("query = \"iron\"", "query = \"iron OR steel\"\nentries = 7"),
                vec!["topic iron: query changed", "topic iron: entries changed"],
            ),
            (BASE.replace("cargo", "rustc"), vec!["topic rust: what it names changed"]),
            (
                BASE.replace("query = \"iron\"", "query = \"iron\"\nstories = 9"),
                vec!["topic iron: what it keeps changed"],
            ),
            (
                format!("{BASE}[[story]]\nforce = [\"https://e.org/1\", \"https://e.org/2\"]\n"),
                vec!["[[story]]: changed"],
            ),
            (
                format!("[polling]\nspacing = \"7s\"\nfrom = \"me@example.org\"\n{BASE}"),
                vec![
                    "[polling]: from changed",
                    "[polling]: spacing changed; restart gazetted to use it",
                ],
            ),
            (
                format!(
                    "[server]\nlisten = \"127.0.0.1:9\"\nbase_url = \"http://x.example/\"\n{BASE}"
                ),
                vec![
                    "[server]: base_url changed",
                    "[server]: listen changed; restart gazetted to use it",
                ],
            ),
            (
                format!("[logging]\nfilter = \"debug\"\nformat = \"json\"\n{BASE}"),
                vec![
                    "[logging]: filter changed",
                    "[logging]: format changed; restart gazetted to use it",
                ],
            ),
            (
                format!("[hub]\ncallback_url = \"https://news.example.org/\"\n{BASE}"),
                vec!["[hub]: callback_url changed"],
            ),
            (format!("[hub]\nserve = true\n{BASE}"), vec!["[hub]: serve changed"]),
            (
                BASE.replace("org/b\"", "org/b\"\nmax = \"2d\"\nnew_a_day = 9"),
                vec!["source b: max changed from none to 2d; new_a_day changed from none to 9"],
            ),
            (
                BASE.replace("org/b\"", "org/b\"\npush = false"),
                vec!["source b: push changed from true to false"],
            ),
            (
                format!("[defaults]\nenrich = \"govuk\"\ntags = [\"uk\"]\n{BASE}"),
                vec![
                    "source a: tags changed from none to uk; enrich changed from none to govuk",
                    "source b: tags changed from none to uk; enrich changed from none to govuk",
                ],
            ),
            (format!("reload = \"strict\"\n{BASE}"), vec!["reload changed"]),
            (
                format!("[store]\ncache = \"8MiB\"\n{BASE}"),
                vec!["[store]: cache changed; restart gazetted to use it"],
            ),
            (format!("[store]\nkeep = \"900d\"\n{BASE}"), vec!["[store]: keep changed"]),
        ] {
            let found = changes_from(&plan(BASE), &plan(&changed));
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, lines, "{changed}");
        }
    }

    #[test]
    fn a_removed_force_says_that_it_takes_nothing_apart() {
        let story = |key: &str, last: &str| {
            plan(&format!(
                "{BASE}[[story]]\n{key} = [\"https://e.org/1\", \"https://e.org/{last}\"]\n"
            ))
        };
        for (old, new, says) in [
            (story("force", "2"), plan(BASE), true),
            (story("force", "2"), story("force", "3"), true),
            (story("force", "2"), story("never", "2"), true),
            (story("never", "2"), plan(BASE), false),
            (plan(BASE), story("force", "2"), false),
        ] {
            let changes = changes_from(&old, &new);
            assert!(changes.len() == 1 && changes[0].what.starts_with("[[story]]: changed"));
            assert_eq!(changes[0].what.contains("`gazetted split`"), says, "{}", changes[0].what);
        }
    }

    #[test]
    fn a_changed_query_names_the_topic_that_is_matched_again() {
        let changed = plan(&BASE.replace("query = \"iron\"", "query = \"steel\""));
        let effects = changes_from(&plan(BASE), &changed).into_iter().map(|change| change.effect);
        let iron = Effect::MatchedAgain(TopicId::new("iron"));
        assert_eq!(effects.collect::<Vec<_>>(), [iron]);
    }

    #[test]
    fn what_waits_for_a_restart_is_named_until_it_is_taken_back() {
        let at = |port: u16, level: &str| {
            let server = format!("[server]\nlisten = \"127.0.0.1:{port}\"\n");
            plan(&format!("{server}[logging]\nfilter = \"{level}\"\n{BASE}"))
        };
        let (start, other, later) = (at(9, "info"), at(8, "info"), at(8, "debug"));
        let in_use = InUse::since_start(&start);
        let lines = |old: &Plan, new: &Plan| {
            Vec::from_iter(changes(old, new, &in_use).iter().map(ToString::to_string))
        };
        let waits = "[server]: listen changed; restart gazetted to use it";
        assert_eq!(lines(&start, &other), [waits]);
        assert_eq!(lines(&other, &other), [waits], "a reload that changes nothing");
        assert_eq!(lines(&other, &later), ["[logging]: filter changed", waits]);
        assert_eq!(lines(&other, &start), [""; 0], "what runs is what the file says");
    }
}
