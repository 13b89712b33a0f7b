//! Warns of queries that can hardly mean what they say.

use std::collections::{BTreeMap, BTreeSet};

use super::eval::EvalContext;
use super::index::Occurrences;
use super::program::{Clause, Places, Program, Test, Warning};
use super::query::{Ask, Field, Query, nearest};
use super::work::Work;
use super::{Place, QueryProblem, Subject, text};
use crate::model::{Sources, TopicId};

/// Warnings that need nothing but the query.
pub(super) fn warnings(query: &Query, root: &Clause) -> Vec<Warning> {
    let mut warnings = Vec::new();
    never(root, &mut warnings);
    contradictions(query, &mut warnings);
    let (nothing, occurrences) = (Subject::default(), Occurrences::default());
    let work = Work::unlimited();
    if (EvalContext { subject: &nothing, occurrences: &occurrences, work: &work }).holds(root) {
        warnings.push((
            query.span.clone(),
            "this matches even a story without a word, and so nearly every story".to_owned(),
            "say what a story must be about, and only then what it must not: a NOT b".to_owned(),
        ));
    }
    warnings
}

/// Clauses that no story can fulfil.
fn never(clause: &Clause, warnings: &mut Vec<Warning>) {
    match &clause.test {
        Test::Score { parts, threshold } => {
            let most: i64 = parts.iter().map(|(_, weight)| i64::from((*weight).max(0))).sum();
            if most < i64::from(*threshold) {
                warnings.push((
                    clause.span.clone(),
                    format!("this can never match: its weights add up to {most} at most"),
                    format!("ask for >= {most} or less, or raise the weights"),
                ));
            }
        }
        Test::First { words, of, .. } => {
            let shortest = shortest(of);
            if shortest > *words {
                warnings.push((
                    clause.span.clone(),
                    format!("this can never match: it takes {shortest} words"),
                    format!("write first({shortest}, …) or more"),
                ));
            }
        }
        // Terms of a vocabulary have other positions and are reported there.
        Test::Vocabulary(_) => return,
        _ => {}
    }
    clause.parts().into_iter().for_each(|part| never(part, warnings));
}

/// How many words it takes at least.
fn shortest(places: &Places) -> u32 {
    match places {
        Places::Phrase { words, .. } => words.len() as u32,
        Places::Any(parts) => parts.iter().map(shortest).min().unwrap_or(0),
        Places::Near { left, right, .. } | Places::Same { left, right, .. } => {
            shortest(left) + shortest(right)
        }
        Places::Apart { of, .. } => shortest(of),
        Places::Vocabulary(places) => shortest(places),
    }
}

/// `a AND NOT a`, and values that one label cannot have at once.
fn contradictions(query: &Query, warnings: &mut Vec<Warning>) {
    query.visit(&mut |part| {
        let Ask::All(parts) = &part.ask else { return };
        for refused in parts {
            let Ask::Not(of) = &refused.ask else { continue };
            let excluded: &[Query] = match &of.ask {
                Ask::Any(alternatives) => alternatives,
                _ => std::slice::from_ref(of),
            };
            if let Some(both) = parts.iter().find(|wanted| excluded.contains(wanted)) {
                warnings.push((
                    refused.span.clone(),
                    format!("this can never match: `{both}` is both asked for and left out"),
                    "take one of the two away".to_owned(),
                ));
            }
        }
    });
}

/// The sources, tags and roles that a query can name, by the labels that they are compared by.
pub(super) struct KnownLabels<'a> {
    ids: Vec<&'a str>,
    sources: BTreeMap<String, &'a str>,
    tags: BTreeMap<String, &'a str>,
    roles: BTreeMap<String, &'a str>,
}

impl<'a> KnownLabels<'a> {
    pub(super) fn of(sources: &'a Sources) -> Self {
        let by_label = |name: &'a str| (text::label(name), name);
        let all = || sources.values().map(|source| &**source);
        let names = all().flat_map(|source| [&*source.title, source.id.as_str()]);
        let tags: BTreeSet<&str> =
            all().flat_map(|source| &source.tags).map(String::as_str).collect();
        let roles: BTreeSet<&str> = all().map(|source| source.role.as_str()).collect();
        Self {
            ids: all().map(|source| source.id.as_str()).collect(),
            sources: names.map(by_label).collect(),
            tags: tags.into_iter().map(by_label).collect(),
            roles: roles.into_iter().map(by_label).collect(),
        }
    }

    /// How to name a source. Few of them are listed: one may be the renamed source that is meant.
    fn source_help(&self) -> String {
        const FEW: usize = 6;
        let help = "write the id or the title of a [[source]]";
        match self.ids.len() {
            1..=FEW => format!("{help}: {}", self.ids.join(", ")),
            _ => help.to_owned(),
        }
    }

    /// The values of a field; none where they may come from a story.
    fn of_field(&self, field: Field) -> Option<&BTreeMap<String, &'a str>> {
        match field {
            Field::Source => Some(&self.sources),
            Field::Tag => Some(&self.tags),
            Field::Role => Some(&self.roles),
            _ => None,
        }
    }
}

/// Sources, tags and roles that a query names and no source has: such a part never holds.
pub(super) fn unknown_labels(
    topic: &TopicId,
    program: &Program,
    labels: &KnownLabels<'_>,
) -> Vec<QueryProblem> {
    let mut problems = Vec::new();
    each_label(&program.root, None, &mut |clause, field, value, prefix| {
        let Some(known) = labels.of_field(field) else { return };
        let is_known = match prefix {
            true => {
                let next = known.range(value.to_owned()..).next();
                next.is_some_and(|(label, _)| label.starts_with(value))
            }
            false => known.contains_key(value),
        };
        if is_known {
            return;
        }
        let message = match field {
            Field::Source => format!("no source is called `{value}`"),
            _ => format!("no source has the {field} `{value}`"),
        };
        let help = match (nearest(value, known.values().copied()), field) {
            (Some(near), _) if near.contains(' ') => format!("did you mean {field}:\"{near}\"?"),
            (Some(near), _) => format!("did you mean {field}:{near}?"),
            (None, Field::Source) => labels.source_help(),
            (None, Field::Tag) => "write it into the `tags` of a [[source]]".to_owned(),
            (None, _) => format!("no [[source]] has `{field} = \"{value}\"`"),
        };
        let (place, span) = (Place::Query(topic.clone()), clause.span.clone());
        problems.push(QueryProblem { place, span, message, help, warning: true });
    });
    problems
}

/// Visits the labels of a clause. Those of a vocabulary count as the part of the query that names it.
fn each_label<'a>(
    clause: &'a Clause,
    named_by: Option<&'a Clause>,
    look: &mut impl FnMut(&Clause, Field, &str, bool),
) {
    let named_by = match &clause.test {
        Test::Vocabulary(_) => named_by.or(Some(clause)),
        _ => named_by,
    };
    if let Test::Label { field, value, prefix } = &clause.test {
        look(named_by.unwrap_or(clause), *field, value, *prefix);
    }
    clause.parts().into_iter().for_each(|part| each_label(part, named_by, look));
}

/// How many subjects have each term of a program.
#[derive(Debug, Clone, Default)]
pub struct TermCounts {
    /// In the order in which the terms stand.
    having: Vec<usize>,
    subjects: usize,
}

impl TermCounts {
    /// How many subjects were counted.
    pub fn subjects(&self) -> usize {
        self.subjects
    }

    pub(super) fn count(&mut self, program: &Program, subject: EvalContext<'_>) {
        let mut term = 0;
        each_term(&program.root, &mut |clause| {
            self.having.resize(self.having.len().max(term + 1), 0);
            self.having[term] += usize::from(subject.holds(clause));
            term += 1;
        });
        self.subjects += 1;
    }

    /// Warnings about terms that more than half of the subjects have: they hardly choose.
    pub(super) fn too_frequent(&self, topic: &TopicId, program: &Program) -> Vec<QueryProblem> {
        let (mut problems, mut having) = (Vec::new(), self.having.iter());
        each_term(&program.root, &mut |clause| {
            let having = having.next().copied().unwrap_or_default();
            if having * 2 > self.subjects {
                let percent = having * 100 / self.subjects;
                problems.push(QueryProblem {
                    place: Place::Query(topic.clone()),
                    span: clause.span.clone(),
                    message: format!("`{}` is in {percent} % of the stories", clause.said),
                    help: "it is too common to narrow the search; ask for it in the title, or near another"
                        .to_owned(),
                    warning: true,
                });
            }
        });
        problems
    }
}

fn each_term(clause: &Clause, look: &mut impl FnMut(&Clause)) {
    match &clause.test {
        Test::Found(_) | Test::Pattern { .. } => look(clause),
        // Terms under NOT may well be frequent; labels are meant to be.
        Test::Not(_) | Test::Vocabulary(_) => {}
        _ => clause.parts().into_iter().for_each(|part| each_term(part, look)),
    }
}
