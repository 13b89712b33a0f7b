//! Compiles queries and vocabularies, or lists everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::language::Dialect;
use super::prefilter::Prefilter;
use super::program::{Asks, Clause, Places, Program, Scope, Shared, Test, excludes};
use super::query::{self, Ask, Field, Query, parse_item};
use super::symbol::Symbol;
use super::terms::{self, Complaint};
use super::{Language, Place, QueryProblem, Vocabulary, lints};
use crate::model::TopicId;

/// Part of every digest: counted up whenever texts or queries come to be read
/// differently, so that places found by the old reading are found anew.
const READING: u64 = 2;

/// The deepest nesting of vocabularies in vocabularies.
const MAX_DEPTH: usize = 20;

/// The most patterns in one query.
const MAX_PATTERNS: usize = 20;

/// A vocabulary, and the field it is looked for in.
type InField<'a> = (&'a str, Option<Field>);

/// Compiles queries that share vocabularies and a language.
pub(super) struct Compiler<'a> {
    language: &'a Language,
    dialects: Vec<Dialect>,
    vocabulary: BTreeMap<&'a str, Vec<Option<Query>>>,
    clauses: BTreeMap<InField<'a>, Option<Arc<Shared<Clause>>>>,
    places: BTreeMap<InField<'a>, Option<Arc<Shared<Places>>>>,
    /// Digest, and whether sources have a say.
    digests: BTreeMap<&'a str, (u64, Asks)>,
    /// The vocabularies being read, outermost first.
    within: Vec<&'a str>,
    used: BTreeSet<&'a str>,
    place: Place,
    /// Bytes left for compiled patterns, where queries come from anybody.
    room: Option<usize>,
    problems: Vec<QueryProblem>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(vocabulary: &'a Vocabulary, language: &'a Language) -> Self {
        let mut problems = Vec::new();
        let mut read = |name: &str, items: &[String]| -> Vec<Option<Query>> {
            let parsed = items.iter().enumerate().map(|(i, item)| {
                let place = Place::Vocabulary(name.to_owned(), i);
                parse_item(item).map_err(|error| problems.push(error.at(place))).ok()
            });
            parsed.collect()
        };
        let vocabulary =
            vocabulary.iter().map(|(name, items)| (name.as_str(), read(name, items))).collect();
        Self {
            language,
            dialects: language.dialects().collect(),
            vocabulary,
            clauses: BTreeMap::new(),
            places: BTreeMap::new(),
            digests: BTreeMap::new(),
            within: Vec::new(),
            used: BTreeSet::new(),
            place: Place::Vocabulary(String::new(), 0),
            room: None,
            problems,
        }
    }

    /// Compiles queries of somebody who is not trusted: patterns are bounded.
    pub(super) fn bound_patterns(&mut self) {
        self.room = Some(terms::ROOM_FOR_PATTERNS);
    }

    /// From now on only the vocabularies exist that these programs use.
    pub(super) fn keep_vocabularies_of<'p>(
        &mut self,
        programs: impl IntoIterator<Item = &'p Program>,
    ) {
        for program in programs {
            program.vocabularies.iter().for_each(|name| self.use_whole(name));
        }
        let used = std::mem::take(&mut self.used);
        self.vocabulary.retain(|name, _| used.contains(name));
        let known = |problem: &QueryProblem| matches!(&problem.place, Place::Vocabulary(name, _) if used.contains(name.as_str()));
        self.problems.retain(known);
    }

    /// Compiles one query; `None` if that added a problem other than a warning.
    pub(super) fn query(&mut self, topic: &TopicId, text: &str) -> Option<Arc<Program>> {
        self.place = Place::Query(topic.clone());
        let query = match query::parse(text) {
            Ok(query) => query,
            Err(error) => {
                self.problems.push(error.at(self.place.clone()));
                return None;
            }
        };
        self.few_patterns(&query)?;
        let root = self.clause(&query, None)?;
        let mut asks = Asks { lead: excludes(&root), ..Asks::default() };
        let digest = self.digest(&query, &mut asks);
        let program = Program {
            prefilter: Prefilter::of(&root),
            warnings: lints::warnings(&query, &root),
            vocabularies: named(&query),
            query,
            root,
            digest,
            asks,
        };
        self.warn(&program);
        Some(Arc::new(program))
    }

    /// Patterns take much memory each, and queries may come from anybody.
    fn few_patterns(&mut self, query: &Query) -> Option<()> {
        let mut patterns = 0;
        query.visit(&mut |part| patterns += usize::from(matches!(part.ask, Ask::Pattern(_))));
        if patterns <= MAX_PATTERNS {
            return Some(());
        }
        let message = format!("a query has at most {MAX_PATTERNS} patterns");
        self.refuse(query, (message, "join them inside one pattern: /a|b/".to_owned()))
    }

    fn warn(&mut self, program: &Program) {
        for (span, message, help) in &program.warnings {
            self.problem(span.clone(), message, help, true);
        }
    }

    fn use_whole(&mut self, name: &str) {
        let Some((&name, items)) = self.vocabulary.get_key_value(name) else { return };
        if self.used.insert(name) {
            let named: BTreeSet<String> = items.iter().flatten().flat_map(named).collect();
            named.iter().for_each(|name| self.use_whole(name));
        }
    }

    /// Everything that was found wrong, and vocabularies that no query uses.
    pub(super) fn problems(mut self, warn_of_unused: bool) -> Vec<QueryProblem> {
        // A query that cannot be read may use any.
        if warn_of_unused && self.problems.iter().all(|problem| problem.warning) {
            let unused = self.vocabulary.keys().filter(|name| !self.used.contains(**name));
            self.problems.extend(unused.map(|name| QueryProblem {
                place: Place::Vocabulary((*name).to_owned(), 0),
                span: 0..0,
                message: format!("no topic uses the vocabulary `{name}`"),
                help: format!("write @{name} in a query, or remove it"),
                warning: true,
            }));
        }
        self.problems
    }

    fn problem(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
        warning: bool,
    ) {
        let (message, help) = (message.into(), help.into());
        let place = self.place.clone();
        self.problems.push(QueryProblem { place, span, message, help, warning });
    }

    fn refuse<T>(&mut self, query: &Query, complaint: Complaint) -> Option<T> {
        let (message, help) = complaint;
        self.problem(query.span.clone(), message, help, false);
        None
    }

    /// `None` where a problem was added. `field` is the one the query stands in.
    fn clause(&mut self, query: &Query, field: Option<Field>) -> Option<Clause> {
        let test = match &query.ask {
            Ask::All(parts) => Test::All(self.clauses(parts.iter(), field)?),
            Ask::Any(parts) => Test::Any(self.clauses(parts.iter(), field)?),
            Ask::Not(of) => Test::Not(Box::new(self.clause(of, field)?)),
            Ask::Score { parts, threshold } => {
                let clauses = self.clauses(parts.iter().map(|(part, _)| part), field)?;
                let weights = parts.iter().map(|(_, weight)| *weight);
                Test::Score {
                    parts: clauses.into_iter().zip(weights).collect(),
                    threshold: *threshold,
                }
            }
            Ask::In { field: inner, of } => {
                let inner = self.only_field(query, field, *inner)?;
                let clause = self.clause(of, Some(inner))?;
                return Some(Clause {
                    said: query.to_string(),
                    span: query.span.clone(),
                    ..clause
                });
            }
            Ask::AtLeast { times, of } => {
                Test::AtLeast { times: *times, of: self.places(of, field)? }
            }
            Ask::First { words, of } => {
                let of = self.places(of, field)?;
                Test::First { words: *words, from_text: terms::only_in_text(&of), of }
            }
            Ask::Pattern(pattern) => {
                let scope = field.map_or(Scope::Anywhere, Scope::Field);
                // Vocabularies are written by analysts, who are trusted.
                let own = matches!(self.place, Place::Vocabulary(..));
                let room = self.room.as_mut().filter(|_| !own);
                let was_full = room.as_ref().is_some_and(|room| **room == 0);
                match terms::pattern(pattern, room) {
                    Ok(pattern) => Test::Pattern { scope, pattern },
                    // The lack of room is reported once.
                    Err(_) if was_full => return None,
                    Err(complaint) => return self.refuse(query, complaint),
                }
            }
            Ask::Vocabulary(name) => Test::Vocabulary(self.vocabulary_clause(query, name, field)?),
            Ask::Near { .. } | Ask::Same { .. } | Ask::Apart { .. } => {
                Test::Found(self.places(query, field)?)
            }
            Ask::Words(_) | Ask::Exact(_) | Ask::Caps(_) => match field {
                Some(field) if !field.has_words() => match terms::label(&query.ask, field) {
                    Ok(test) => test,
                    Err(complaint) => return self.refuse(query, complaint),
                },
                _ => Test::Found(self.places(query, field)?),
            },
        };
        Some(Clause { said: terms::said(query, field), span: query.span.clone(), test })
    }

    /// All of them, so that every problem is found.
    fn clauses<'q>(
        &mut self,
        parts: impl Iterator<Item = &'q Query>,
        field: Option<Field>,
    ) -> Option<Vec<Clause>> {
        let clauses: Vec<_> = parts.map(|part| self.clause(part, field)).collect();
        clauses.into_iter().collect()
    }

    fn only_field(&mut self, query: &Query, outer: Option<Field>, inner: Field) -> Option<Field> {
        match outer {
            None => Some(inner),
            Some(outer) => self.refuse(
                query,
                (
                    format!("`{inner}:` stands inside `{outer}:`, and nothing is in both"),
                    "name one field; join fields by AND or OR: title:a OR text:a".to_owned(),
                ),
            ),
        }
    }

    /// `None` where a problem was added.
    fn places(&mut self, query: &Query, field: Option<Field>) -> Option<Places> {
        if let Some(field) = field.filter(|field| !field.has_words()) {
            return self.refuse(query, terms::no_places_in(field));
        }
        match &query.ask {
            Ask::Words(_) | Ask::Exact(_) | Ask::Caps(_) => {
                let scope = field.map_or(Scope::Anywhere, Scope::Field);
                match terms::forms(&query.ask, &self.dialects) {
                    Ok(words) => Some(Places::Phrase { words, scope }),
                    Err(complaint) => self.refuse(query, complaint),
                }
            }
            Ask::Any(parts) => {
                let places: Vec<_> = parts.iter().map(|part| self.places(part, field)).collect();
                Some(Places::Any(places.into_iter().collect::<Option<_>>()?))
            }
            Ask::In { field: inner, of } => {
                let inner = self.only_field(query, field, *inner)?;
                self.places(of, Some(inner))
            }
            Ask::Near { distance, ordered, left, right } => {
                let (left, right) = self.sides(query, left, right, field)?;
                Some(Places::Near { distance: *distance, ordered: *ordered, left, right })
            }
            Ask::Same { unit, left, right } => {
                let (left, right) = self.sides(query, left, right, field)?;
                Some(Places::Same { unit: *unit, left, right })
            }
            Ask::Apart { from, of, without } => {
                let said = format!("NOT {from} {}", query::grouped(without));
                let (of, without) = self.sides(query, of, without, field)?;
                Some(Places::Apart { from: *from, of, without, said })
            }
            Ask::Vocabulary(name) => {
                self.vocabulary_places(query, name, field).map(Places::Vocabulary)
            }
            Ask::All(_)
            | Ask::Not(_)
            | Ask::AtLeast { .. }
            | Ask::First { .. }
            | Ask::Score { .. }
            | Ask::Pattern(_) => self.refuse(query, terms::no_places(query)),
        }
    }

    fn sides(
        &mut self,
        query: &Query,
        left: &Query,
        right: &Query,
        field: Option<Field>,
    ) -> Option<(Box<Places>, Box<Places>)> {
        let (left, right) = (self.places(left, field), self.places(right, field));
        let (left, right) = (left?, right?);
        match terms::never_meet(&left, &right).or_else(|| terms::too_nested(&left, &right)) {
            Some(complaint) => self.refuse(query, complaint),
            None => Some((Box::new(left), Box::new(right))),
        }
    }

    fn vocabulary_clause(
        &mut self,
        query: &Query,
        name: &str,
        field: Option<Field>,
    ) -> Option<Arc<Shared<Clause>>> {
        let name = self.enter(query, name)?;
        if let Some(known) = self.clauses.get(&(name, field)) {
            return known.clone();
        }
        let parts = self.within(name, |compiler, item| compiler.clause(item, field));
        let clause = parts.map(|parts| {
            let said = terms::said(query, field);
            let of = Clause { said, span: query.span.clone(), test: Test::Any(parts) };
            let trigger = Prefilter::of(&of).trigger();
            Arc::new(Shared { of, symbol: Symbol::vocabulary(name, field), trigger })
        });
        self.clauses.insert((name, field), clause.clone());
        clause
    }

    fn vocabulary_places(
        &mut self,
        query: &Query,
        name: &str,
        field: Option<Field>,
    ) -> Option<Arc<Shared<Places>>> {
        let name = self.enter(query, name)?;
        if let Some(known) = self.places.get(&(name, field)) {
            return known.clone();
        }
        let parts = self.within(name, |compiler, item| compiler.places(item, field));
        let places = parts.map(|parts| {
            let of = Places::Any(parts);
            let trigger = Prefilter::of_places(&of).trigger();
            Arc::new(Shared { of, symbol: Symbol::vocabulary_places(name, field), trigger })
        });
        self.places.insert((name, field), places.clone());
        places
    }

    /// The vocabulary of that name, if it can be used here.
    fn enter(&mut self, query: &Query, name: &str) -> Option<&'a str> {
        let Some((&name, items)) = self.vocabulary.get_key_value(name) else {
            let near = query::nearest(name, self.vocabulary.keys().copied());
            let complaint = terms::unknown_vocabulary(name, near);
            return self.refuse(query, complaint);
        };
        let empty = items.is_empty();
        self.used.insert(name);
        if empty {
            let message = format!("the vocabulary `{name}` is empty");
            return self.refuse(query, (message, "give it a term, or do not use it".to_owned()));
        }
        if let Some(at) = self.within.iter().position(|outer| *outer == name) {
            let mut way: Vec<_> = self.within[at..].iter().map(|name| format!("@{name}")).collect();
            way.push(format!("@{name}"));
            let message = format!("the vocabulary `{name}` uses itself: {}", way.join(" uses "));
            return self.refuse(query, (message, "take one of these uses away".to_owned()));
        }
        if self.within.len() >= MAX_DEPTH {
            let message = format!("vocabularies use vocabularies more than {MAX_DEPTH} deep");
            return self.refuse(query, (message, "list the terms themselves".to_owned()));
        }
        Some(name)
    }

    /// Compiles each item of a vocabulary; problems are reported at the item.
    fn within<T>(
        &mut self,
        name: &'a str,
        mut compile: impl FnMut(&mut Self, &Query) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.vocabulary.get(name)?.clone();
        let outside = self.place.clone();
        self.within.push(name);
        let mut parts = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            self.place = Place::Vocabulary(name.to_owned(), i);
            parts.push(item.as_ref().and_then(|item| compile(self, item)));
        }
        self.within.pop();
        self.place = outside;
        parts.into_iter().collect()
    }

    /// A number for everything that a compiled query was made of.
    fn digest(&mut self, query: &Query, asks: &mut Asks) -> u64 {
        let mut hash = Xxh3::new();
        let Language { stemmer, also, spellings } = self.language;
        let language = format!("{READING} {stemmer} {} {spellings}\n", also.join(","));
        hash.update(language.as_bytes());
        hash.update(query.to_string().as_bytes());
        query.visit(&mut |part| {
            let field = if let Ask::In { field, .. } = &part.ask { Some(field) } else { None };
            asks.sources |= matches!(field, Some(Field::Source | Field::Tag | Field::Role));
            asks.language |= matches!(field, Some(Field::Lang));
        });
        for name in named(query) {
            let Some((&name, items)) = self.vocabulary.get_key_value(name.as_str()) else {
                continue;
            };
            let (digest, named) = match self.digests.get(name) {
                Some(known) => *known,
                None => {
                    let (mut hash, mut asks) = (Xxh3::new(), Asks::default());
                    for item in items.clone().iter().flatten() {
                        hash.update(&self.digest(item, &mut asks).to_le_bytes());
                    }
                    (hash.digest(), asks)
                }
            };
            self.digests.insert(name, (digest, named));
            asks.sources |= named.sources;
            asks.language |= named.language;
            hash.update(name.as_bytes());
            hash.update(&digest.to_le_bytes());
        }
        hash.digest()
    }
}

/// The vocabularies that a query names.
fn named(query: &Query) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    query.visit(&mut |part| {
        if let Ask::Vocabulary(name) = &part.ask {
            names.insert(name.clone());
        }
    });
    names
}
