//! Finds the least that must change for a story to match, and says it in words.

use super::super::Language;
use super::super::eval::{EvalContext, Pair};
use super::super::index::Span;
use super::super::program::{Clause, Form, Kind, Places, Scope, Test};
use super::super::query::{Field, Nearness, Unit};
use super::super::stem_cache::stem;
use super::super::symbol::Symbol;
use super::{Hit, Reason};

/// How far a story is where something leaves it out that stands in it.
const LEFT_OUT: u32 = 1;
/// Where the words are there, though in another field, order or form.
const ELSEWHERE: u32 = 3;
/// Where a term is missing altogether.
const ABSENT: u32 = 20;

/// The least that must change for a query to hold.
pub(super) struct Missing {
    /// How many clauses must change.
    clauses: usize,
    /// Whether the story has something of what is asked for.
    begun: bool,
    /// How far the story is from fulfilling them; comparable among near misses alone.
    gap: u32,
    /// The first of them, in words.
    told: String,
}

impl Missing {
    /// `clause` does not hold.
    pub(super) fn of(context: EvalContext<'_>, clause: &Clause, language: &Language) -> Self {
        match &clause.test {
            Test::All(parts) => {
                let missing = parts.iter().filter(|part| !context.holds(part));
                let missing: Vec<_> =
                    missing.map(|part| Self::of(context, part, language)).collect();
                let something = parts
                    .iter()
                    .any(|part| !matches!(part.test, Test::Not(_)) && context.holds(part));
                Self {
                    clauses: missing.iter().map(|missing| missing.clauses).sum(),
                    begun: something || missing.iter().any(|missing| missing.begun),
                    gap: missing.iter().map(|missing| missing.gap).fold(0, u32::saturating_add),
                    told: missing
                        .into_iter()
                        .map(|missing| missing.told)
                        .collect::<Vec<_>>()
                        .join("; "),
                }
            }
            Test::Any(parts) => {
                let least = parts
                    .iter()
                    .map(|part| Self::of(context, part, language))
                    .min_by_key(|missing| (missing.clauses, !missing.begun, missing.gap));
                match least {
                    Some(least) if least.begun => least,
                    _ => Self::one(format!("{} is nowhere", clause_told(clause, parts.len()))),
                }
            }
            Test::Not(of) => {
                // Something is there that should not be: the rest decides whether that is near.
                let copies = copies_alone(context, &super::reason(context, of, language));
                let by = match &copies[..] {
                    [] => String::new(),
                    [one] => format!(" by words of the copy of `{one}` alone"),
                    many => format!(" by words of the copies of `{}` alone", many.join("`, `")),
                };
                Self { gap: LEFT_OUT, ..Self::one(format!("`{}` leaves it out{by}", clause.said)) }
            }
            Test::Vocabulary(shared) => {
                let inner = Self::of(context, shared, language);
                if inner.begun {
                    return inner;
                }
                let terms = if let Test::Any(parts) = &shared.test { parts.len() } else { 1 };
                Self::one(format!("{} is nowhere", clause_told(clause, terms)))
            }
            _ => {
                let (begun, note, gap) = lack(context, clause, language);
                Self { clauses: 1, begun, gap, told: format!("`{}` {note}", clause.said) }
            }
        }
    }

    fn one(told: String) -> Self {
        Self { clauses: 1, begun: false, gap: ABSENT, told }
    }

    /// Whether one clause more, or less, would have been enough.
    pub(super) fn is_near(&self) -> bool {
        self.clauses == 1 && self.begun
    }

    pub(super) fn gap(&self) -> u32 {
        self.gap
    }

    pub(super) fn told(&self) -> String {
        self.told.clone()
    }
}

/// The sources of the copies that have what the lead does not have.
fn copies_alone<'s>(context: EvalContext<'s>, reason: &Reason) -> Vec<&'s str> {
    let is_of_lead = |hit: &Hit| hit.member == context.subject.lead;
    let mut sources: Vec<&str> = match reason.hits.iter().any(is_of_lead) {
        true => Vec::new(),
        false => reason.hits.iter().filter_map(|hit| context.subject.source(hit.member)).collect(),
    };
    sources.extend(reason.parts.iter().flat_map(|part| copies_alone(context, part)));
    sources.sort_unstable();
    sources.dedup();
    sources
}

fn clause_told(clause: &Clause, terms: usize) -> String {
    if clause.said.chars().count() <= 60 {
        format!("`{}`", clause.said)
    } else {
        format!("each of the {terms} alternatives")
    }
}

/// A remark on a clause without parts.
pub(super) fn note(
    context: EvalContext<'_>,
    clause: &Clause,
    language: &Language,
    holds: bool,
) -> Option<String> {
    match &clause.test {
        _ if !holds => Some(lack(context, clause, language).1),
        Test::AtLeast { of, .. } => Some(times(context.most_in_one_copy(of))),
        Test::First { of, from_text, .. } => {
            context.earliest(of, *from_text).map(|(_, end)| format!("ends at word {end}"))
        }
        Test::Found(Places::Near { left, right, ordered, .. }) => {
            nearest(context, left, right, *ordered)
                .map(|near| format!("{near} apart at the nearest"))
        }
        _ => None,
    }
}

fn times(count: u32) -> String {
    match count {
        0 => "is nowhere".to_owned(),
        1 => "is once in a copy at most".to_owned(),
        count => format!("is {count} times in a copy at most"),
    }
}

fn nearest(context: EvalContext<'_>, left: &Places, right: &Places, ordered: bool) -> Option<u32> {
    let (left, right, mut nearest) = (context.spans(left), context.spans(right), None);
    context.each_pair(&left, &right, ordered, |pair| {
        nearest = nearest.into_iter().chain([pair.distance()]).min();
    });
    nearest
}

/// Whether some of a clause without parts is there, its lack in words, and the gap.
fn lack(context: EvalContext<'_>, clause: &Clause, language: &Language) -> (bool, String, u32) {
    match &clause.test {
        Test::Found(places) => lack_of_places(context, places, language),
        Test::AtLeast { of, times: wanted } => {
            let count = context.most_in_one_copy(of);
            (count > 0, times(count), wanted.saturating_sub(count))
        }
        Test::First { of, from_text, words } => match context.earliest(of, *from_text) {
            Some((_, end)) => {
                let note = format!("ends at word {end} at the earliest");
                (true, note, end.saturating_sub(*words))
            }
            None => (false, "is nowhere".to_owned(), ABSENT),
        },
        Test::Score { parts, threshold } => {
            let score = context.score(parts);
            let gap = u32::try_from(i64::from(*threshold) - score).unwrap_or(u32::MAX);
            (score > 0, format!("reached {score} of {threshold}"), gap)
        }
        Test::Label { field, .. } => {
            let labels = context.subject.labels.iter().filter(|label| label.field == *field);
            let mut stated: Vec<_> = labels.map(|label| label.stated.as_str()).collect();
            stated.sort_unstable();
            stated.dedup();
            (false, listed(*field, &stated), ABSENT)
        }
        Test::Link { .. } => {
            let stated: Vec<_> =
                context.subject.links.iter().map(|link| link.stated.as_str()).collect();
            (false, listed(Field::Link, &stated), ABSENT)
        }
        _ => (false, "fits nothing".to_owned(), ABSENT),
    }
}

fn listed(field: Field, stated: &[&str]) -> String {
    match stated {
        [] => format!("asks for what the story lacks: it has no {field}"),
        some => format!("differs from what the story has: {}", some.join(", ")),
    }
}

fn lack_of_places(
    context: EvalContext<'_>,
    places: &Places,
    language: &Language,
) -> (bool, String, u32) {
    match places {
        Places::Phrase { words, scope } => lack_of_words(context, words, *scope, language),
        Places::Near { left, right, ordered, distance: allowed } => {
            both_sides(context, left, right).unwrap_or_else(|| {
                if let Some(distance) = nearest(context, left, right, *ordered) {
                    (true, format!("was {distance} apart"), distance.saturating_sub(*allowed))
                } else if let Some(distance) = nearest(context, left, right, false) {
                    (true, format!("was {distance} apart, in the other order"), ELSEWHERE)
                } else {
                    (true, "has its sides in different texts".to_owned(), ABSENT)
                }
            })
        }
        Places::Same { unit, left, right } => {
            both_sides(context, left, right).unwrap_or_else(|| {
                let unit = match unit {
                    Unit::Sentence => "sentence",
                    Unit::Paragraph => "paragraph",
                };
                (true, format!("never has both in one {unit}"), ELSEWHERE)
            })
        }
        Places::Any(_) => (false, "is nowhere".to_owned(), ABSENT),
        Places::Apart { from, of, without, .. } => {
            match too_near(context, *from, of, without).first() {
                Some(hull) => {
                    let note = format!("is only where {} leaves it out", shown(context, *hull));
                    (true, note, LEFT_OUT)
                }
                None => lack_of_places(context, of, language),
            }
        }
        Places::Vocabulary(shared) => lack_of_places(context, shared, language),
    }
}

/// Calls `see` for every `NOT NEAR` among places, with its parts.
pub(super) fn each_apart<'a>(
    places: &'a Places,
    see: &mut impl FnMut(Nearness, &'a Places, &'a Places, &'a str),
) {
    if let Places::Apart { from, of, without, said } = places {
        see(*from, of, without, said);
    }
    places.wanted_parts().into_iter().for_each(|part| each_apart(part, see));
}

/// The places of `of` that do not count, each with the nearest of `without` that is why.
pub(super) fn too_near(
    context: EvalContext<'_>,
    from: Nearness,
    of: &Places,
    without: &Places,
) -> Vec<Span> {
    let without = context.spans(without);
    let hull = |span: Span| {
        let near =
            without.iter().filter(|other| context.apart(from, vec![span], &[**other]).is_empty());
        let hulls = near.map(|other| Pair { left: span, right: *other }.hull());
        hulls.min_by_key(|hull| (hull.end - hull.start, hull.start))
    };
    context.spans(of).into_iter().filter_map(hull).collect()
}

/// A place as a sentence shows it: `“benefit sanctions” (title)`.
fn shown(context: EvalContext<'_>, span: Span) -> String {
    let section = context.section(span);
    let found = &section.words.text[section.range(span.start, span.end)];
    format!("“{}” ({})", found.replace('\n', " "), section.field)
}

/// The lack where a side is missing altogether.
fn both_sides(
    context: EvalContext<'_>,
    left: &Places,
    right: &Places,
) -> Option<(bool, String, u32)> {
    let there = [left, right].map(|side| !context.spans(side).is_empty());
    match there {
        [true, true] => None,
        [true, false] => Some((true, format!("lacks {}", told(right)), ABSENT)),
        [false, true] => Some((true, format!("lacks {}", told(left)), ABSENT)),
        [false, false] => Some((false, "lacks both sides".to_owned(), ABSENT)),
    }
}

fn told(places: &Places) -> String {
    match places {
        Places::Phrase { words, .. } => format!("`{}`", letters(words)),
        Places::Any(parts) if parts.len() <= 4 => {
            parts.iter().map(told).collect::<Vec<_>>().join(" or ")
        }
        Places::Any(parts) => format!("any of {} terms", parts.len()),
        Places::Near { .. } | Places::Same { .. } => "its other side".to_owned(),
        Places::Apart { of, .. } => told(of),
        Places::Vocabulary(shared) => told(shared),
    }
}

fn letters(words: &[Form]) -> String {
    words.iter().map(|word| word.letters.as_str()).collect::<Vec<_>>().join(" ")
}

fn lack_of_words(
    context: EvalContext<'_>,
    words: &[Form],
    scope: Scope,
    language: &Language,
) -> (bool, String, u32) {
    let somewhere = |word: &Form| {
        word.symbols.iter().any(|symbol| context.occurrences.of(*symbol).next().is_some())
    };
    let absent: Vec<_> = words.iter().filter(|word| !somewhere(word)).collect();
    if let [one] = absent.as_slice()
        && let Some(written) = otherwise_written(context, one, language)
    {
        return (true, format!("is there only as {written}"), LEFT_OUT);
    }
    if let Some(first) = absent.first() {
        let note = if words.len() == 1 {
            "is nowhere".to_owned()
        } else {
            format!("lacks `{}`", first.letters)
        };
        return (false, note, ABSENT);
    }
    let elsewhere =
        |field: &str| (true, format!("is in the story, but not in its {field}"), ELSEWHERE);
    let anywhere = Places::Phrase { words: words.to_vec(), scope: Scope::Anywhere };
    match scope {
        Scope::Field(field) if !context.spans(&anywhere).is_empty() => elsewhere(field.as_str()),
        _ if words.len() > 1 => (true, "has its words apart from each other".to_owned(), ELSEWHERE),
        Scope::Field(field) => elsewhere(field.as_str()),
        Scope::Anywhere => elsewhere("titles and texts"),
    }
}

/// The forms in which an exact word occurs otherwise.
fn otherwise_written(context: EvalContext<'_>, word: &Form, language: &Language) -> Option<String> {
    let stem = stem(&word.letters, language.dialect(None));
    let form = Symbol::form(&word.letters);
    let mut written: Vec<&str> = Vec::new();
    for section in &context.subject.sections {
        for other in &section.words.words {
            let alike = match word.kind {
                Kind::Exact => other.stem == stem,
                Kind::Cased => other.form == form,
                Kind::Stem | Kind::Prefix => false,
            };
            if alike {
                written.push(&section.words.text[other.range()]);
            }
        }
    }
    written.sort_unstable();
    written.dedup();
    written.truncate(3);
    (!written.is_empty())
        .then(|| written.iter().map(|form| format!("“{form}”")).collect::<Vec<_>>().join(", "))
}
