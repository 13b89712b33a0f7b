//! A plain reference evaluation of queries.
//!
//! Walks the query as it was read, compares strings, tries every pair of
//! places: what the matcher must agree with.

use super::super::query::{Ask, Field, Nearness, Query, Unit};
use super::super::text::{Words, spelt};
use super::*;

/// One word of a text.
struct Token {
    cased: String,
    form: String,
    stem: String,
    paragraph: u32,
    sentence: u32,
}

/// The title and the text of one copy.
pub(super) struct Naive {
    title: Vec<Token>,
    text: Vec<Token>,
}

/// Section (0 the title, 1 the text), first word, word after the last.
type Span = (usize, usize, usize);

fn stem(form: &str) -> String {
    Language::default().dialect(None).stem(form).into_owned()
}

fn tokens(text: &str) -> Vec<Token> {
    let placed =
        Words::of(text.to_owned(), Language::default().dialect(None), &StemCaches::default());
    let word = |(placed, spelt): (&super::super::text::Word, super::super::text::Spelt)| Token {
        stem: stem(&spelt.form),
        cased: spelt.cased,
        form: spelt.form,
        paragraph: placed.paragraph,
        sentence: placed.sentence,
    };
    placed.words.iter().zip(spelt(text)).map(word).collect()
}

impl Naive {
    pub(super) fn of(text: &str) -> Self {
        let (title, body) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        Self { title: tokens(title), text: tokens(body.trim()) }
    }

    pub(super) fn holds(&self, query: &Query, field: Option<Field>) -> bool {
        match &query.ask {
            Ask::All(parts) => parts.iter().all(|part| self.holds(part, field)),
            Ask::Any(parts) => parts.iter().any(|part| self.holds(part, field)),
            Ask::Not(of) => !self.holds(of, field),
            Ask::In { field, of } => self.holds(of, Some(*field)),
            Ask::Score { parts, threshold } => {
                let held = parts.iter().filter(|(part, _)| self.holds(part, field));
                held.map(|(_, weight)| weight).sum::<i32>() >= *threshold
            }
            Ask::AtLeast { times, of } => self.count(self.spans(of, field)) >= *times as usize,
            Ask::First { words, of } => {
                let title = if only_text(of, field) { 0 } else { self.title.len() };
                self.spans(of, field)
                    .iter()
                    .any(|(section, _, end)| end + section * title <= *words as usize)
            }
            _ => !self.spans(query, field).is_empty(),
        }
    }

    /// The most spans that do not overlap, tried out.
    fn count(&self, mut spans: Vec<Span>) -> usize {
        spans.sort_by_key(|(section, start, end)| (*section, *end, *start));
        let mut kept: Vec<Span> = Vec::new();
        for span in spans {
            if kept.iter().all(|other| apart(*other, span)) {
                kept.push(span);
            }
        }
        kept.len()
    }

    fn spans(&self, query: &Query, field: Option<Field>) -> Vec<Span> {
        match &query.ask {
            Ask::In { field, of } => self.spans(of, Some(*field)),
            Ask::Any(parts) => parts.iter().flat_map(|part| self.spans(part, field)).collect(),
            Ask::Near { distance, ordered, left, right } => {
                let pairs = pairs(&self.spans(left, field), &self.spans(right, field), *ordered);
                pairs
                    .into_iter()
                    .filter(|(a, b)| b.1.max(a.1) + 1 - a.2.min(b.2) <= *distance as usize)
                    .map(hull)
                    .collect()
            }
            Ask::Same { unit, left, right } => {
                let one = |span: &Span| self.in_one(*unit, *span);
                let left: Vec<_> = self.spans(left, field).into_iter().filter(one).collect();
                let right: Vec<_> = self.spans(right, field).into_iter().filter(one).collect();
                pairs(&left, &right, false).into_iter().map(hull).filter(one).collect()
            }
            Ask::Apart { from, of, without } => {
                let without = self.spans(without, field);
                let mut spans = self.spans(of, field);
                spans
                    .retain(|span| !without.iter().any(|other| self.is_near(*from, *span, *other)));
                spans
            }
            Ask::Words(text) | Ask::Exact(text) | Ask::Caps(text) => {
                self.phrase(&query.ask, text, field)
            }
            _ => Vec::new(),
        }
    }

    fn phrase(&self, ask: &Ask, text: &str, field: Option<Field>) -> Vec<Span> {
        let words = spelt(text);
        let fits = |token: &Token, word: &super::super::text::Spelt| match ask {
            Ask::Words(_) if word.prefix => token.form.starts_with(&word.form),
            Ask::Words(_) => token.stem == stem(&word.form),
            Ask::Caps(_) if word.capital => token.cased == word.cased,
            _ => token.form == word.form,
        };
        let mut spans = Vec::new();
        for (section, tokens) in [&self.title, &self.text].into_iter().enumerate() {
            let wanted = match field {
                None => true,
                Some(Field::Title) => section == 0,
                Some(_) => section == 1,
            };
            for start in 0..tokens.len() {
                let end = start + words.len();
                let all = tokens.get(start..end).is_some_and(|tokens| {
                    tokens.iter().zip(&words).all(|(token, word)| fits(token, word))
                });
                let lead = field != Some(Field::Lead)
                    || (end <= 100 && tokens.get(end - 1).is_some_and(|t| t.paragraph == 0));
                if wanted && all && lead && self.in_one(Unit::Paragraph, (section, start, end)) {
                    spans.push((section, start, end));
                }
            }
        }
        spans
    }

    /// Whether `other` is near enough to `span` for a `NOT NEAR`.
    fn is_near(&self, from: Nearness, span: Span, other: Span) -> bool {
        if span.0 != other.0 {
            return false;
        }
        let follows = (other.1 + 1).saturating_sub(span.2);
        let precedes = (span.1 + 1).saturating_sub(other.2);
        match from {
            _ if !apart(span, other) && !matches!(from, Nearness::In(_)) => true,
            Nearness::Within(distance) => follows.max(precedes) <= distance as usize,
            Nearness::Following(distance) => other.1 >= span.2 && follows <= distance as usize,
            Nearness::In(unit) => {
                let units = |of: Span| (of.1..of.2).map(move |at| self.unit_of(unit, of.0, at));
                units(span).any(|unit| units(other).any(|of_other| unit == of_other))
            }
        }
    }

    fn unit_of(&self, unit: Unit, section: usize, at: usize) -> u32 {
        let token = if section == 0 { &self.title[at] } else { &self.text[at] };
        match unit {
            Unit::Sentence => token.sentence,
            Unit::Paragraph => token.paragraph,
        }
    }

    fn in_one(&self, unit: Unit, (section, start, end): Span) -> bool {
        let tokens = if section == 0 { &self.title } else { &self.text };
        let number = |token: &Token| match unit {
            Unit::Sentence => token.sentence,
            Unit::Paragraph => token.paragraph,
        };
        tokens[start..end].windows(2).all(|two| number(&two[0]) == number(&two[1]))
    }
}

fn only_text(query: &Query, field: Option<Field>) -> bool {
    let inside = |field: Option<Field>| matches!(field, Some(Field::Text | Field::Lead));
    match &query.ask {
        Ask::In { field, of } => only_text(of, Some(*field)),
        Ask::Any(parts) => parts.iter().all(|part| only_text(part, field)),
        Ask::Near { left, right, .. } | Ask::Same { left, right, .. } => {
            only_text(left, field) && only_text(right, field)
        }
        Ask::Apart { of, .. } => only_text(of, field),
        _ => inside(field),
    }
}

fn apart(a: Span, b: Span) -> bool {
    a.0 != b.0 || a.2 <= b.1 || b.2 <= a.1
}

fn hull((a, b): (Span, Span)) -> Span {
    (a.0, a.1.min(b.1), a.2.max(b.2))
}

/// Pairs of which one is the other's nearest on its side.
fn pairs(left: &[Span], right: &[Span], ordered: bool) -> Vec<(Span, Span)> {
    let after = |of: Span, all: &[Span]| {
        let later = all.iter().filter(|span| span.0 == of.0 && span.1 >= of.2);
        later.min_by_key(|span| (span.1, span.2)).copied()
    };
    let before = |of: Span, all: &[Span]| {
        let earlier = all.iter().filter(|span| span.0 == of.0 && span.2 <= of.1);
        earlier.max_by_key(|span| (span.2, span.1)).copied()
    };
    let mut pairs = Vec::new();
    for &span in left {
        pairs.extend(after(span, right).map(|other| (span, other)));
        pairs.extend(before(span, right).filter(|_| !ordered).map(|other| (span, other)));
    }
    for &span in right {
        pairs.extend(before(span, left).map(|other| (other, span)));
        pairs.extend(after(span, left).filter(|_| !ordered).map(|other| (other, span)));
    }
    pairs
}
