//! Explains why a story matches a query or does not, in words and with places.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Language;
use super::eval::{EvalContext, label_fits, link_fits};
use super::index::Span;
use super::program::{Clause, Places, Test};
use super::query::Field;

mod missing;

use missing::Missing;

/// Why a story is, or is not, in a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Whether it is.
    pub matched: bool,
    /// The reason in a sentence.
    pub summary: String,
    /// Where one term more, or less, would have let it in, and the story does
    /// have something of the topic: what was lacking.
    pub near_miss: Option<String>,
    /// The query, part by part.
    pub reason: Reason,
}

/// Whether a part of the query holds, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The part, in its plainest form.
    pub query: String,
    /// Whether it holds.
    pub holds: bool,
    /// A remark: `14 apart at the nearest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it was found, the first few places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<Hit>,
    /// The parts it is made of. Of alternatives only those that hold, if any does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Self>,
}

/// A place in a story that a term was found at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// In what.
    pub field: Field,
    /// Of which copy: its place in the story's members.
    pub member: usize,
    /// The bytes of that title or text; of the value, in other fields.
    pub range: Range<usize>,
    /// The words before it.
    pub before: String,
    /// The text found.
    pub found: String,
    /// The words after it.
    pub after: String,
}

/// Bytes of a title or text that speak for a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Highlight {
    /// Whose: its place in the story's members.
    pub member: usize,
    /// `Title` or `Text`.
    pub field: Field,
    /// The bytes of that entry's title or text.
    pub range: Range<usize>,
}

/// Places listed for one part: the story page is not a concordance.
const MAX_HITS: usize = 8;

/// Alternatives listed where none holds.
const MAX_ALTERNATIVES: usize = 12;

/// Words shown on each side of a place.
const SURROUNDING_WORDS: u32 = 6;

pub(super) fn explain(context: EvalContext<'_>, root: &Clause, language: &Language) -> Explanation {
    let matched = context.holds(root);
    let reason = reason(context, root, language);
    if matched {
        let summary = format!("in it: {}", found(&reason));
        return Explanation { matched, summary, near_miss: None, reason };
    }
    let missing = Missing::of(context, root, language);
    let near_miss = missing.is_near().then(|| missing.told());
    let summary = match &near_miss {
        Some(near) => format!("nearly in it, one term short: {near}"),
        None => format!("not in it: {}", missing.told()),
    };
    Explanation { matched, summary, near_miss, reason }
}

/// Explains why a story is in a topic by its lead alone.
pub(super) fn explain_lead(
    lead: EvalContext<'_>,
    whole: EvalContext<'_>,
    root: &Clause,
    language: &Language,
) -> Explanation {
    let explanation = explain(lead, root, language);
    let missing = Missing::of(whole, root, language).told();
    let summary = format!("{}. Its lead decides: {missing}", explanation.summary);
    Explanation { summary, ..explanation }
}

/// Why a story is nearly in a topic that it is not in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// The smaller, the nearer.
    pub gap: u32,
    /// The missing term or condition, in words.
    pub told: String,
}

/// Of a story that is not in the topic; none where it is more than one term short of it.
pub(super) fn near_miss(
    context: EvalContext<'_>,
    root: &Clause,
    language: &Language,
) -> Option<NearMiss> {
    if !context.occurrences.has_any() {
        return None;
    }
    let missing = Missing::of(context, root, language);
    missing.is_near().then(|| NearMiss { gap: missing.gap(), told: missing.told() })
}

/// The texts found by the parts that hold, each once.
fn found(reason: &Reason) -> String {
    let mut told: Vec<String> = Vec::new();
    collect_found(reason, &mut told);
    match told.as_slice() {
        [] => "nothing that it leaves out".to_owned(),
        few if few.len() <= 5 => few.join(", "),
        many => format!("{} and {} more", many[..5].join(", "), many.len() - 5),
    }
}

fn collect_found(reason: &Reason, told: &mut Vec<String>) {
    if !reason.holds || reason.query.starts_with("NOT ") {
        return;
    }
    for hit in &reason.hits {
        let text = format!("“{}” ({})", hit.found, hit.field);
        if !told.contains(&text) {
            told.push(text);
        }
    }
    reason.parts.iter().for_each(|part| collect_found(part, told));
}

fn reason(context: EvalContext<'_>, clause: &Clause, language: &Language) -> Reason {
    let holds = context.holds(clause);
    let of = |part: &Clause| reason(context, part, language);
    let mut note = None;
    let parts = match &clause.test {
        Test::All(parts) => parts.iter().map(of).collect(),
        Test::Any(parts) => {
            let telling: Vec<_> =
                parts.iter().filter(|part| !holds || context.holds(part)).collect();
            if !holds && parts.len() > MAX_ALTERNATIVES {
                note = Some(format!("none of {} alternatives", parts.len()));
                Vec::new()
            } else {
                telling.into_iter().map(of).collect()
            }
        }
        Test::Not(part) => vec![of(part)],
        Test::Score { parts, threshold } => {
            note = Some(format!("{} of {threshold}", context.score(parts)));
            parts.iter().map(|(part, _)| of(part)).collect()
        }
        Test::Vocabulary(shared) => {
            let inner = of(shared);
            note = inner.note;
            inner.parts
        }
        _ => {
            note = missing::note(context, clause, language, holds);
            left_out(context, clause)
        }
    };
    Reason { query: clause.said.clone(), holds, note, hits: hits(context, clause), parts }
}

/// Places of a clause that do not count because of what stands near them.
fn left_out(context: EvalContext<'_>, clause: &Clause) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(places) = clause.places() {
        missing::each_apart(places, &mut |from, of, without, said| {
            let hulls = missing::too_near(context, from, of, without);
            let count = hulls.len();
            if count > 0 {
                let places =
                    if count == 1 { "1 place does" } else { &format!("{count} places do") };
                reasons.push(Reason {
                    query: said.to_owned(),
                    holds: false,
                    note: Some(format!("{places} not count")),
                    hits: hulls.into_iter().take(MAX_HITS).map(|span| hit(context, span)).collect(),
                    parts: Vec::new(),
                });
            }
        });
    }
    reasons
}

/// Where a clause without parts finds something, whether that is enough or not.
fn hits(context: EvalContext<'_>, clause: &Clause) -> Vec<Hit> {
    let mut hits = Vec::new();
    match &clause.test {
        Test::Found(places) | Test::AtLeast { of: places, .. } | Test::First { of: places, .. } => {
            hits.extend(
                context.spans(places).into_iter().take(MAX_HITS).map(|span| hit(context, span)),
            );
        }
        Test::Label { field, value, prefix } => {
            let labels = context.subject.labels.iter().filter(|label| {
                label.field == *field && label_fits(&label.value, *field, value, *prefix)
            });
            hits.extend(labels.map(|label| whole(*field, label.member, &label.stated)));
        }
        Test::Link { value, prefix } => {
            let fits = |link: &&super::subject::Link| link_fits(&link.value, value, *prefix);
            let links = context.subject.links.iter().filter(fits);
            hits.extend(links.map(|link| whole(Field::Link, link.member, &link.stated)));
        }
        Test::Pattern { scope, pattern } => {
            context.each_text(*scope, &mut |field, member, text| {
                pattern.each(text, context.work, |range| {
                    let (before, after) = (&text[..range.start], &text[range.end..]);
                    hits.push(Hit {
                        field,
                        member,
                        before: last_words(before),
                        found: text[range.clone()].to_owned(),
                        after: first_words(after),
                        range,
                    });
                });
            })
        }
        Test::All(_) | Test::Any(_) | Test::Not(_) | Test::Score { .. } | Test::Vocabulary(_) => {}
    }
    hits.truncate(MAX_HITS);
    hits
}

fn whole(field: Field, member: usize, stated: &str) -> Hit {
    Hit {
        field,
        member,
        range: 0..stated.len(),
        before: String::new(),
        found: stated.to_owned(),
        after: String::new(),
    }
}

fn hit(context: EvalContext<'_>, span: Span) -> Hit {
    let section = context.section(span);
    let range = section.range(span.start, span.end);
    let text = &section.words.text;
    Hit {
        field: section.field,
        member: section.member,
        before: last_words(&text[..range.start]),
        found: text[range.clone()].to_owned(),
        after: first_words(&text[range.end..]),
        range,
    }
}

fn first_words(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let end = line
        .char_indices()
        .filter(|(_, c)| c.is_whitespace())
        .map(|(at, _)| at)
        .nth(SURROUNDING_WORDS as usize)
        .unwrap_or(line.len());
    line[..end].to_owned()
}

fn last_words(text: &str) -> String {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let start = line
        .char_indices()
        .rev()
        .filter(|(_, c)| c.is_whitespace())
        .map(|(at, c)| at + c.len_utf8())
        .nth(SURROUNDING_WORDS as usize)
        .unwrap_or(0);
    line[start..].to_owned()
}

pub(super) fn highlights(context: EvalContext<'_>, root: &Clause) -> Vec<Highlight> {
    let mut all = Vec::new();
    collect_highlights(context, root, &mut all);
    all.sort_unstable_by_key(|mark| (mark.member, mark.field, mark.range.start, mark.range.end));
    let mut apart: Vec<Highlight> = Vec::with_capacity(all.len());
    for mark in all {
        match apart.last_mut() {
            Some(last)
                if (last.member, last.field) == (mark.member, mark.field)
                    && mark.range.start < last.range.end =>
            {
                last.range.end = last.range.end.max(mark.range.end);
            }
            _ => apart.push(mark),
        }
    }
    apart
}

fn collect_highlights(context: EvalContext<'_>, clause: &Clause, marks: &mut Vec<Highlight>) {
    match &clause.test {
        Test::Not(_) | Test::Label { .. } | Test::Link { .. } => {}
        _ if !context.holds(clause)
            && !matches!(clause.test, Test::All(_) | Test::Score { .. }) => {}
        Test::All(parts) | Test::Any(parts) => {
            parts.iter().for_each(|part| collect_highlights(context, part, marks));
        }
        Test::Score { parts, .. } => {
            let weighty = parts.iter().filter(|(_, weight)| *weight > 0);
            weighty.for_each(|(part, _)| collect_highlights(context, part, marks));
        }
        Test::Vocabulary(shared) => collect_highlights(context, shared, marks),
        Test::Found(of) | Test::AtLeast { of, .. } | Test::First { of, .. } => {
            mark_places(context, of, marks);
        }
        Test::Pattern { scope, pattern } => {
            context.each_text(*scope, &mut |field, member, text| {
                if matches!(field, Field::Title | Field::Text) {
                    pattern.each(text, context.work, |range| {
                        marks.push(Highlight { member, field, range });
                    });
                }
            })
        }
    }
}

/// The bytes of a span, where it is in a title or text.
fn highlight(context: EvalContext<'_>, span: Span) -> Option<Highlight> {
    let section = context.section(span);
    let range = section.range(span.start, span.end);
    matches!(section.field, Field::Title | Field::Text).then_some(Highlight {
        member: section.member,
        field: section.field,
        range,
    })
}

/// Marks terms one by one: of words near each other, not what stands between them.
fn mark_places(context: EvalContext<'_>, places: &Places, marks: &mut Vec<Highlight>) {
    match places {
        Places::Apart { of, .. } => {
            let mut terms = Vec::new();
            mark_places(context, of, &mut terms);
            let counting: Vec<_> = context
                .spans(places)
                .into_iter()
                .filter_map(|span| highlight(context, span))
                .collect();
            let counts = |term: &Highlight| {
                counting.iter().any(|place| {
                    (place.member, place.field) == (term.member, term.field)
                        && place.range.start <= term.range.start
                        && term.range.end <= place.range.end
                })
            };
            marks.extend(terms.into_iter().filter(counts));
        }
        Places::Phrase { .. } => {
            let spans = context.spans(places).into_iter();
            marks.extend(spans.filter_map(|span| highlight(context, span)));
        }
        _ => places.parts().into_iter().for_each(|part| mark_places(context, part, marks)),
    }
}
