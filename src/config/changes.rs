//! Lists the changes from one plan to the next, one line each.

mod source;

use std::fmt;

use super::{HubPlan, Plan, StorePlan};
use crate::fetch;
use crate::model::{Source, SourceId, Topic, TopicId};

/// One thing that differs between two plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The change: `topic sanctions: query changed`.
    pub what: String,
    /// Whether it is in force.
    pub effect: Effect,
}

/// The effect of a change at a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is in force.
    InForce,
    /// So is this; stored stories were matched by the new query.
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

/// The names of the fields in which two values differ. Every field is named
/// either as compared or as left out, so that a new one is not forgotten.
macro_rules! differing {
    ($old:expr, $new:expr, $type:path { $($field:ident: $name:literal),+ $(,)? } but $($left_out:ident),*) => {{
        let (old, new) = ($old, $new);
        let $type { $($field: _,)+ $($left_out: _,)* } = old;
        let mut names: Vec<&'static str> = Vec::new();
        $(if old.$field != new.$field && !names.contains(&$name) { names.push($name); })+
        names
    }};
}

/// The changes from `old` to `new`, in the order in which a configuration is written.
pub fn changes(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut changes = settings(old, new);
    changes.extend(sources(old, new));
    changes.extend(topics(old, new));
    if old.overrides != new.overrides {
        changes.push(in_force("[[story]]: changed"));
    }
    changes
}

fn in_force(what: impl Into<String>) -> Change {
    Change { what: what.into(), effect: Effect::InForce }
}

fn at_restart(what: impl Into<String>) -> Change {
    Change { what: what.into(), effect: Effect::AtRestart }
}

fn settings(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut changes = Vec::new();
    if old.language != new.language {
        changes.push(in_force("language: changed"));
    }
    if old.reload != new.reload {
        changes.push(in_force("reload: changed"));
    }
    for field in differing!(&old.store, &new.store, StorePlan {
        path: "path",
        cache: "cache",
        min_free: "min_free",
        retention: "retention",
        backups: "backups",
    } but)
    {
        let what = format!("[store]: {field} changed");
        // The others are needed to open it.
        let is_in_force = ["retention", "backups", "min_free"].contains(&field);
        changes.push(if is_in_force { in_force(what) } else { at_restart(what) });
    }
    if old.server.listen != new.server.listen {
        changes.push(at_restart("[server]: listen changed"));
    }
    if old.server.operators != new.server.operators {
        changes.push(at_restart("[server]: operators changed"));
    }
    if old.server.limits != new.server.limits {
        changes.push(at_restart("[server]: limits of connections changed"));
    }
    if old.server.site != new.server.site {
        changes.push(in_force("[server]: what feeds and pages say of this server changed"));
    }
    let (now, later): (Vec<&str>, Vec<&str>) = polling(&old.polling, &new.polling)
        .into_iter()
        // The agenda is made with these two.
        .partition(|name| !["spacing", "concurrency"].contains(name));
    if !now.is_empty() {
        changes.push(in_force(format!("[polling]: {} changed", now.join(", "))));
    }
    if !later.is_empty() {
        changes.push(at_restart(format!("[polling]: {} changed", later.join(", "))));
    }
    if old.publish != new.publish {
        changes.push(at_restart("[publish]: changed"));
    }
    if old.parsing != new.parsing {
        changes.push(in_force("[parsing]: changed"));
    }
    let hub = differing!(&old.hub, &new.hub, HubPlan {
        callbacks: "callback_url",
        serves: "serve",
        elsewhere: "url",
    } but);
    if !hub.is_empty() {
        changes.push(in_force(format!("[hub]: {} changed", hub.join(", "))));
    }
    if old.logging.filter != new.logging.filter {
        changes.push(in_force("[logging]: filter changed"));
    }
    if old.logging.format != new.logging.format {
        changes.push(at_restart("[logging]: format changed"));
    }
    changes
}

/// The number of subscribers is that of the topics, and whether hubs push belongs to `[hub]`:
/// both are reported there.
fn polling(old: &fetch::Settings, new: &fetch::Settings) -> Vec<&'static str> {
    differing!(old, new, fetch::Settings {
        user_agent: "user_agent",
        from: "from",
        concurrency: "concurrency",
        spacing: "spacing",
        floor: "floor",
        hard_floor: "hard_floor",
        ceiling: "ceiling",
        interval: "interval",
        connect_timeout: "connect_timeout",
        timeout: "timeout",
        max_body: "max_body",
        max_document: "max_document",
        allow_private: "allow_private",
        proxy: "proxy",
        price: "price",
        budget: "budget",
        evenness: "evenness",
        new_a_day: "new_a_day",
        robots: "robots",
        robots_for_pages: "robots_for_pages",
        deltas: "deltas",
    } but subscribers, push)
}

fn sources(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut changes = Vec::new();
    for id in ordered(new) {
        let Some(before) = old.sources.get(id) else {
            changes.push(in_force(format!("source {id}: added")));
            continue;
        };
        let fields = source::changes(before, &new.sources[id]);
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
        let fields = differing!(&old.topics[before], topic, Topic {
            title: "title",
            description: "description",
            revisions: "revisions",
            entries: "entries",
            formerly: "formerly",
            mute_silence: "mute_silence",
            explain: "explain",
        } but id, query, bounds, private);
        if !fields.is_empty() {
            changes.push(in_force(format!("topic {id}: {} changed", fields.join(", "))));
        }
        if old.guards.get(id) != new.guards.get(id) {
            changes.push(in_force(format!("topic {id}: who may read it changed")));
        }
    }
    let removed = old.topics.iter().filter(|topic| place_in(new, &topic.id).is_none());
    changes.extend(removed.map(|topic| in_force(format!("topic {}: removed", topic.id))));
    changes
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
            (BASE.replace("\"b\"", "\"c\""), vec!["source c: added", "source b: removed"]),
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
                    "[server]: listen changed; restart gazetted to use it",
                    "[server]: what feeds and pages say of this server changed",
                    "[polling]: user_agent changed",
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
            (
                format!("[hub]\nserve = true\n{BASE}"),
                vec![
                    "[server]: what feeds and pages say of this server changed",
                    "[hub]: serve changed",
                ],
            ),
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
            (format!("reload = \"strict\"\n{BASE}"), vec!["reload: changed"]),
            (
                format!("[store]\ncache = \"8MiB\"\n{BASE}"),
                vec!["[store]: cache changed; restart gazetted to use it"],
            ),
            (format!("[store]\nkeep = \"900d\"\n{BASE}"), vec!["[store]: retention changed"]),
        ] {
            let found = changes(&plan(BASE), &plan(&changed));
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, lines, "{changed}");
        }
    }

    #[test]
    fn a_changed_query_names_the_topic_that_is_matched_again() {
        let changed = plan(&BASE.replace("query = \"iron\"", "query = \"steel\""));
        let effects = changes(&plan(BASE), &changed).into_iter().map(|change| change.effect);
        let iron = Effect::MatchedAgain(TopicId::new("iron"));
        assert_eq!(effects.collect::<Vec<_>>(), [iron]);
    }
}
