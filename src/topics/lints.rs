//! Warns of queries that can hardly mean what they say.

use std::collections::BTreeSet;

use super::eval::{Sight, label_fits};
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
    if (Sight { subject: &nothing, occurrences: &occurrences, work: &work }).holds(root) {
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
        Test::All(parts) | Test::Any(parts) => parts.iter().for_each(|part| never(part, warnings)),
        Test::Not(of) => never(of, warnings),
        Test::Score { parts, threshold } => {
            let most: i64 = parts.iter().map(|(_, weight)| i64::from((*weight).max(0))).sum();
            if most < i64::from(*threshold) {
                warnings.push((
                    clause.span.clone(),
                    format!("this can never match: its weights add up to {most} at most"),
                    format!("ask for >= {most} or less, or raise the weights"),
                ));
            }
            parts.iter().for_each(|(part, _)| never(part, warnings));
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
        Test::Vocabulary(_)
        | Test::Found(_)
        | Test::AtLeast { .. }
        | Test::Label { .. }
        | Test::Link { .. }
        | Test::Pattern { .. } => {}
    }
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

/// Sources and tags that a query names and no source has. A tag may also come
/// from a story, so only sources can be known to be wrong for certain.
pub(super) fn unknown_sources(
    topic: &TopicId,
    program: &Program,
    sources: &Sources,
) -> Vec<QueryProblem> {
    let mut problems = Vec::new();
    let names: BTreeSet<String> = sources
        .values()
        .flat_map(|source| [source.id.as_str(), &*source.title])
        .map(text::label)
        .collect();
    each_label(&program.root, &mut |clause, field, value, prefix| {
        let known = names.iter().any(|name| label_fits(name, field, value, prefix));
        if field != Field::Source || known {
            return;
        }
        let near = nearest(value, sources.keys().map(|id| id.as_str()));
        problems.push(QueryProblem {
            place: Place::Query(topic.clone()),
            span: clause.span.clone(),
            message: format!("no source is called `{value}`"),
            help: match near {
                Some(near) => format!("did you mean source:{near}?"),
                None => "write the id or the title of a [[source]]".to_owned(),
            },
            warning: true,
        });
    });
    problems
}

fn each_label(clause: &Clause, look: &mut impl FnMut(&Clause, Field, &str, bool)) {
    match &clause.test {
        Test::All(parts) | Test::Any(parts) => {
            parts.iter().for_each(|part| each_label(part, look));
        }
        Test::Not(of) => each_label(of, look),
        Test::Score { parts, .. } => parts.iter().for_each(|(part, _)| each_label(part, look)),
        Test::Label { field, value, prefix } => look(clause, *field, value, *prefix),
        Test::Vocabulary(_)
        | Test::Found(_)
        | Test::AtLeast { .. }
        | Test::First { .. }
        | Test::Link { .. }
        | Test::Pattern { .. } => {}
    }
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

    pub(super) fn count(&mut self, program: &Program, subject: Sight<'_>) {
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
        Test::All(parts) | Test::Any(parts) => parts.iter().for_each(|part| each_term(part, look)),
        Test::Score { parts, .. } => parts.iter().for_each(|(part, _)| each_term(part, look)),
        Test::Found(_) | Test::Pattern { .. } => look(clause),
        // Terms under NOT may well be frequent; labels are meant to be.
        Test::Not(_)
        | Test::Vocabulary(_)
        | Test::AtLeast { .. }
        | Test::First { .. }
        | Test::Label { .. }
        | Test::Link { .. } => {}
    }
}
