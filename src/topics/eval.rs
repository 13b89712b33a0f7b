//! Evaluates a compiled query on a story: whether it matches, and where.
//!
//! Matching and explaining both ask here, so they cannot disagree.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::index::{Occurrences, Span};
use super::program::{Clause, Form, Kind, Places, Scope, Shared, Test};
use super::query::{Field, Nearness, Unit};
use super::subject::{Section, Subject};
use super::work::Work;

/// A subject, with the occurrences of what is looked for. Once the work is spent, every answer
/// comes soon and means nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct EvalContext<'a> {
    pub(super) subject: &'a Subject,
    pub(super) occurrences: &'a Occurrences,
    pub(super) work: &'a Work<'a>,
}

/// Two spans of one section that do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) left: Span,
    pub(super) right: Span,
}

impl Pair {
    /// How many words apart; neighbours are 1 apart.
    pub(super) fn distance(&self) -> u32 {
        let (first, second) = self.in_order();
        second.start - first.end + 1
    }

    pub(super) fn hull(&self) -> Span {
        let (first, second) = self.in_order();
        Span { section: first.section, start: first.start, end: first.end.max(second.end) }
    }

    fn in_order(&self) -> (Span, Span) {
        if self.left.start < self.right.start {
            (self.left, self.right)
        } else {
            (self.right, self.left)
        }
    }
}

impl EvalContext<'_> {
    /// Whether the subject fulfils the clause.
    pub(super) fn holds(&self, clause: &Clause) -> bool {
        if !self.work.spend(1) {
            return false;
        }
        match &clause.test {
            Test::All(parts) => parts.iter().all(|part| self.holds(part)),
            Test::Any(parts) => parts.iter().any(|part| self.holds(part)),
            Test::Not(of) => !self.holds(of),
            Test::Score { parts, threshold } => self.score(parts) >= i64::from(*threshold),
            Test::Found(places) => self.is_somewhere(places),
            Test::AtLeast { times, of } => self.most_in_one_copy(of) >= *times,
            Test::First { words, from_text, of } => {
                self.earliest(of, *from_text).is_some_and(|(_, end)| end <= *words)
            }
            Test::Label { field, value, prefix } => self.subject.labels.iter().any(|label| {
                self.work.spend(1);
                label.field == *field && label_fits(&label.value, *field, value, *prefix)
            }),
            Test::Link { value, prefix } => self.subject.links.iter().any(|link| {
                self.work.spend(1);
                link_fits(&link.value, value, *prefix)
            }),
            Test::Pattern { scope, pattern } => {
                let mut found = false;
                self.each_text(*scope, &mut |_, _, text| {
                    found = found || pattern.is_in(text, self.work);
                });
                found
            }
            Test::Vocabulary(shared) => {
                let known = self.occurrences.vocabularies.borrow().get(&shared.symbol.0).copied();
                known.unwrap_or_else(|| {
                    let holds = self.holds(shared);
                    self.occurrences.vocabularies.borrow_mut().insert(shared.symbol.0, holds);
                    holds
                })
            }
        }
    }

    /// The sum of the weights of the parts that hold.
    pub(super) fn score(&self, parts: &[(Clause, i32)]) -> i64 {
        let held = parts.iter().filter(|(part, _)| self.holds(part));
        held.map(|(_, weight)| i64::from(*weight)).sum()
    }

    fn is_somewhere(&self, places: &Places) -> bool {
        match places {
            Places::Phrase { words, scope } if words.len() == 1 => {
                words[0].symbols.iter().any(|symbol| {
                    let mut at = self.occurrences.of(*symbol);
                    at.any(|(section, at)| {
                        !self.work.spend(1) || self.in_scope(*scope, section, at + 1)
                    })
                })
            }
            Places::Phrase { words, scope } => !self.phrase(words, *scope).is_empty(),
            Places::Any(parts) => parts.iter().any(|part| self.is_somewhere(part)),
            // The nearest that follows each span shows whether any pair will do.
            Places::Near { distance, ordered, left, right } => {
                let left = self.spans(left);
                !left.is_empty() && {
                    let right = self.spans(right);
                    let near = |first: Span, second: Span| second.start - first.end < *distance;
                    self.follow(&left, &right, near)
                        || (!ordered && self.follow(&right, &left, near))
                }
            }
            Places::Same { unit, left, right } => {
                let left = self.within_one(*unit, self.spans(left));
                !left.is_empty() && {
                    let right = self.within_one(*unit, self.spans(right));
                    let same = |first: Span, second: Span| {
                        self.number(*unit, first.section, first.start)
                            == self.number(*unit, second.section, second.end - 1)
                    };
                    self.follow(&left, &right, same) || self.follow(&right, &left, same)
                }
            }
            Places::Apart { .. } | Places::Vocabulary(_) => !self.spans(places).is_empty(),
        }
    }

    /// How often it is in the copy that has it most often; overlapping
    /// spans, as of `"western balkans" OR balkans`, count once.
    pub(super) fn most_in_one_copy(&self, places: &Places) -> u32 {
        let mut spans = self.spans(places);
        spans.sort_unstable_by_key(|span| (span.section, span.end, span.start));
        let (mut most, mut count) = (0, 0);
        let mut last: Option<Span> = None;
        for span in spans {
            // The sections of one copy stand together.
            if last.is_some_and(|last| self.section(last).member != self.section(span).member) {
                count = 0;
            }
            if last.is_none_or(|last| last.section != span.section || last.end <= span.start) {
                count += 1;
                most = most.max(count);
                last = Some(span);
            }
        }
        most
    }

    /// Where it ends first, and after how many words of its copy that is.
    pub(super) fn earliest(&self, places: &Places, from_text: bool) -> Option<(Span, u32)> {
        let end = |span: Span| span.end + if from_text { 0 } else { self.section(span).offset };
        self.spans(places).into_iter().map(|span| (span, end(span))).min_by_key(|(_, end)| *end)
    }

    /// Every place it has, ascending.
    pub(super) fn spans(&self, places: &Places) -> Vec<Span> {
        let mut spans = match places {
            Places::Phrase { words, scope } => self.phrase(words, *scope),
            Places::Any(parts) => self.spans_of_any(parts),
            Places::Near { distance, ordered, left, right } => {
                let left = self.spans(left);
                // Of most topics that are tried, one side is all there is.
                if left.is_empty() {
                    return left;
                }
                let (right, mut near) = (self.spans(right), Vec::new());
                self.each_pair(&left, &right, *ordered, |pair| {
                    near.extend((pair.distance() <= *distance).then(|| pair.hull()));
                });
                near
            }
            Places::Same { unit, left, right } => {
                let left = self.within_one(*unit, self.spans(left));
                let right = self.within_one(*unit, self.spans(right));
                let mut hulls = Vec::new();
                self.each_pair(&left, &right, false, |pair| hulls.push(pair.hull()));
                self.within_one(*unit, hulls)
            }
            Places::Apart { from, of, without, .. } => {
                let of = self.spans(of);
                if of.is_empty() {
                    return of;
                }
                self.apart(*from, of, &self.spans(without))
            }
            Places::Vocabulary(shared) => return self.vocabulary_spans(shared).to_vec(),
        };
        if !self.work.spend_on_spans(spans.len()) {
            return Vec::new();
        }
        in_order(&mut spans);
        spans
    }

    /// Alternatives often are at the same places, so what is held at a time stays near what is
    /// left of it in the end.
    fn spans_of_any(&self, parts: &[Places]) -> Vec<Span> {
        const FEW: usize = 4096;
        let (mut spans, mut in_order_at) = (Vec::new(), FEW);
        for part in parts {
            spans.extend(self.spans(part));
            if spans.len() > in_order_at {
                if !self.work.spend_on_spans(spans.len()) {
                    return Vec::new();
                }
                in_order(&mut spans);
                in_order_at = 2 * spans.len() + FEW;
            }
        }
        spans
    }

    fn vocabulary_spans(&self, shared: &Shared<Places>) -> Rc<[Span]> {
        let known = self.occurrences.vocabulary_spans.borrow().get(&shared.symbol.0).cloned();
        known.unwrap_or_else(|| {
            let spans: Rc<[Span]> = self.spans(shared).into();
            let mut all = self.occurrences.vocabulary_spans.borrow_mut();
            all.insert(shared.symbol.0, spans.clone());
            spans
        })
    }

    /// Words in a row, all in one paragraph.
    fn phrase(&self, words: &[Form], scope: Scope) -> Vec<Span> {
        // The longest word is likely the rarest; the others are compared in place.
        let anchors = (0..).zip(words).max_by_key(|(_, word)| word.letters.len());
        let Some((before, anchor)) = anchors else { return Vec::new() };
        let mut spans = Vec::new();
        for symbol in &anchor.symbols {
            for (section, at) in self.occurrences.of(*symbol) {
                if !self.work.spend(words.len() as u64) {
                    return Vec::new();
                }
                let Some(start) = at.checked_sub(before) else { continue };
                let end = start + words.len() as u32;
                let placed = &self.subject.sections[section as usize].words;
                let fit = placed.words.get(start as usize..end as usize).is_some_and(|row| {
                    row.iter().zip(words).all(|(placed_word, word)| match word.kind {
                        Kind::Stem => word.symbols.contains(&placed_word.stem),
                        Kind::Exact => word.symbols.contains(&placed_word.form),
                        Kind::Cased => placed_word.cased.is_some_and(|c| word.symbols.contains(&c)),
                        Kind::Prefix => word.begins(placed.form(placed_word)),
                    })
                });
                if fit && self.in_scope(scope, section, end) {
                    spans.push(Span { section, start, end });
                }
            }
        }
        if words.len() > 1 {
            spans = self.within_one(Unit::Paragraph, spans);
        }
        spans
    }

    /// Those of `spans` that have none of `others` near them. What overlaps is near.
    pub(super) fn apart(&self, from: Nearness, mut spans: Vec<Span>, others: &[Span]) -> Vec<Span> {
        if others.is_empty() || !self.work.spend_on_spans(spans.len() + others.len()) {
            return spans;
        }
        let (before, after) = match from {
            Nearness::Within(distance) => (distance, distance),
            Nearness::Following(distance) => (0, distance),
            Nearness::In(unit) => {
                let mut units: Vec<_> = others
                    .iter()
                    .flat_map(|span| self.numbers(unit, *span).map(|number| (span.section, number)))
                    .collect();
                units.sort_unstable();
                spans.retain(|span| {
                    let numbers = self.numbers(unit, *span);
                    let at = units.partition_point(|at| *at < (span.section, *numbers.start()));
                    units.get(at).is_none_or(|found| *found > (span.section, *numbers.end()))
                });
                return spans;
            }
        };
        // In the order of their starts, with the last end so far in the section.
        let mut reaching = others.to_vec();
        for at in 1..reaching.len() {
            let last = reaching[at - 1];
            if last.section == reaching[at].section {
                reaching[at].end = reaching[at].end.max(last.end);
            }
        }
        spans.retain(|span| {
            // A neighbour is 1 away: it begins where the span ends.
            let until = (span.section, span.end.saturating_add(after));
            let near = reaching.partition_point(|other| (other.section, other.start) < until);
            near.checked_sub(1).is_none_or(|last| {
                let last = reaching[last];
                last.section != span.section || last.end.saturating_add(before) <= span.start
            })
        });
        spans
    }

    /// The sentences or paragraphs that a span is in.
    fn numbers(&self, unit: Unit, span: Span) -> RangeInclusive<u32> {
        self.number(unit, span.section, span.start)..=self.number(unit, span.section, span.end - 1)
    }

    fn within_one(&self, unit: Unit, mut spans: Vec<Span>) -> Vec<Span> {
        spans.retain(|span| {
            self.number(unit, span.section, span.start)
                == self.number(unit, span.section, span.end - 1)
        });
        spans
    }

    /// Of a word's sentence or paragraph.
    fn number(&self, unit: Unit, section: u32, at: u32) -> u32 {
        let word = self.subject.word(section, at);
        match unit {
            Unit::Sentence => word.sentence,
            Unit::Paragraph => word.paragraph,
        }
    }

    /// Calls `see` for each span of either side with the nearest of the other before and
    /// after it; with `ordered`, only where the left side comes first.
    pub(super) fn each_pair(
        &self,
        left: &[Span],
        right: &[Span],
        ordered: bool,
        mut see: impl FnMut(Pair),
    ) {
        if left.is_empty() || right.is_empty() {
            return;
        }
        if !self.work.spend_on_spans(left.len() + right.len()) {
            return;
        }
        let (left, right) = (Row::of(left), Row::of(right));
        for &span in &left.by_start {
            right.after(span).into_iter().for_each(|right| see(Pair { left: span, right }));
            if !ordered {
                right.before(span).into_iter().for_each(|right| see(Pair { left: span, right }));
            }
        }
        for &span in &right.by_start {
            left.before(span).into_iter().for_each(|left| see(Pair { left, right: span }));
            if !ordered {
                left.after(span).into_iter().for_each(|left| see(Pair { left, right: span }));
            }
        }
    }

    /// Whether `fit` holds of a span of `left` and the first of `right` that
    /// begins after it has ended. Both are ascending.
    fn follow(&self, left: &[Span], right: &[Span], fit: impl Fn(Span, Span) -> bool) -> bool {
        left.iter().any(|span| {
            self.work.spend(4);
            let at = right.partition_point(|s| (s.section, s.start) < (span.section, span.end));
            right.get(at).is_some_and(|next| next.section == span.section && fit(*span, *next))
        })
    }

    fn in_scope(&self, scope: Scope, section: u32, end: u32) -> bool {
        let section = &self.subject.sections[section as usize];
        match scope {
            Scope::Anywhere => matches!(section.field, Field::Title | Field::Text),
            Scope::Field(Field::Lead) => section.field == Field::Text && end <= section.lead,
            Scope::Field(field) => section.field == field,
        }
    }

    pub(super) fn section(&self, span: Span) -> &Section {
        &self.subject.sections[span.section as usize]
    }

    /// Calls `look` with field, copy and text of everything in scope, as stated.
    pub(super) fn each_text(&self, scope: Scope, look: &mut impl FnMut(Field, usize, &str)) {
        for section in &self.subject.sections {
            let text = section.words.text.as_str();
            match (scope, section.field) {
                (Scope::Anywhere, Field::Title | Field::Text) => {
                    look(section.field, section.member, text);
                }
                (Scope::Field(Field::Lead), Field::Text) => {
                    let end =
                        if section.lead == 0 { 0 } else { section.range(0, section.lead).end };
                    look(section.field, section.member, &text[..end]);
                }
                (Scope::Field(wanted), field) if wanted == field => {
                    look(field, section.member, text);
                }
                _ => {}
            }
        }
        let Scope::Field(wanted) = scope else { return };
        for label in self.subject.labels.iter().filter(|label| label.field == wanted) {
            look(wanted, label.member, &label.stated);
        }
        if wanted == Field::Link {
            for link in &self.subject.links {
                look(wanted, link.member, &link.stated);
            }
        }
    }
}

/// Sorts spans and leaves each once.
fn in_order(spans: &mut Vec<Span>) {
    if !spans.is_sorted() {
        spans.sort_unstable();
    }
    spans.dedup();
}

/// Spans in the two orders in which the nearest are found.
struct Row {
    by_start: Vec<Span>,
    by_end: Vec<Span>,
}

impl Row {
    fn of(spans: &[Span]) -> Self {
        let by_start = spans.to_vec();
        let mut by_end = spans.to_vec();
        by_end.sort_unstable_by_key(|span| (span.section, span.end, span.start));
        Self { by_start, by_end }
    }

    /// The first that begins after `span` has ended.
    fn after(&self, span: Span) -> Option<Span> {
        let at = self.by_start.partition_point(|s| (s.section, s.start) < (span.section, span.end));
        self.by_start.get(at).copied().filter(|found| found.section == span.section)
    }

    /// The last that has ended before `span` begins.
    fn before(&self, span: Span) -> Option<Span> {
        let at = self.by_end.partition_point(|s| (s.section, s.end) <= (span.section, span.start));
        let found = *self.by_end.get(at.checked_sub(1)?)?;
        (found.section == span.section).then_some(found)
    }
}

pub(super) fn label_fits(label: &str, field: Field, value: &str, prefix: bool) -> bool {
    let Some(rest) = label.strip_prefix(value) else { return false };
    // `lang:en` is every English: `en gb` after normalising.
    rest.is_empty() || prefix || (field == Field::Lang && rest.starts_with(' '))
}

pub(super) fn link_fits(link: &str, value: &str, prefix: bool) -> bool {
    if let Some(rest) = link.strip_prefix(value) {
        return rest.is_empty() || prefix || rest.starts_with(['/', '?', '#']);
    }
    let host = link.split(['/', '?', '#']).next().unwrap_or(link);
    !value.contains('/') && host.strip_suffix(value).is_some_and(|rest| rest.ends_with('.'))
}
