//! A compiled query in; which words and labels a story cannot match it without, out.
//!
//! A sketch says less than its query, and never something else: a story that
//! does not fulfil the sketch does not match. It is what most topics are told
//! from a story by, so it is also laid out flat, as [`Code`].

use super::program::{Clause, Form, Places, Test};
use super::query::Field;
use super::symbol::Symbol;

/// What a story must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sketch {
    /// Nothing in particular.
    Anything,
    /// One of these: a word in each language, a label, a vocabulary.
    One {
        symbols: Vec<Symbol>,
        frequency: usize,
    },
    All(Vec<Self>),
    Any(Vec<Self>),
    /// The weights of what it has add up to the threshold; both are positive.
    Weights {
        parts: Vec<(Self, u32)>,
        threshold: u32,
    },
}

/// Symbols one of which a story must have, and how many stories are likely to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) symbols: Vec<Symbol>,
    pub(super) frequency: usize,
}

impl Sketch {
    pub(super) fn of(clause: &Clause) -> Self {
        match &clause.test {
            Test::All(parts) => Self::all(parts.iter().map(Self::of)),
            Test::Any(parts) => Self::any(parts.iter().map(Self::of)),
            Test::Score { parts, threshold } => Self::weights(parts, *threshold),
            Test::Found(of) | Test::AtLeast { of, .. } | Test::First { of, .. } => {
                Self::of_places(of)
            }
            Test::Label { field, value, prefix: false } if *field != Field::Lang => {
                let symbols = vec![Symbol::label(*field, value)];
                Self::One { symbols, frequency: LABELLED }
            }
            Test::Vocabulary(shared) => shared.sketch(),
            Test::Not(_) | Test::Label { .. } | Test::Link { .. } | Test::Pattern { .. } => {
                Self::Anything
            }
        }
    }

    pub(super) fn of_places(places: &Places) -> Self {
        match places {
            Places::Phrase { words, .. } => Self::all(words.iter().map(Self::of_word)),
            Places::Any(parts) => Self::any(parts.iter().map(Self::of_places)),
            Places::Near { left, right, .. } | Places::Same { left, right, .. } => {
                Self::all([left, right].into_iter().map(|side| Self::of_places(side)))
            }
            Places::Vocabulary(shared) => shared.sketch(),
        }
    }

    fn of_word(word: &Form) -> Self {
        Self::One { symbols: word.symbols.clone(), frequency: frequency(&word.letters) }
    }

    fn all(parts: impl Iterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = parts.filter(|part| *part != Self::Anything).collect();
        match all.len() {
            0 => Self::Anything,
            1 => all.swap_remove(0),
            _ => Self::All(all),
        }
    }

    fn any(parts: impl Iterator<Item = Self>) -> Self {
        let mut any: Vec<Self> = parts.collect();
        match any.len() {
            _ if any.contains(&Self::Anything) => Self::Anything,
            1 => any.swap_remove(0),
            _ => Self::Any(any),
        }
    }

    fn weights(all: &[(Clause, i32)], threshold: i32) -> Self {
        let mut left = i64::from(threshold);
        let mut parts = Vec::new();
        for (part, weight) in all {
            // What counts against a story need not be there.
            let Ok(weight @ 1..) = u32::try_from(*weight) else { continue };
            match Self::of(part) {
                Self::Anything => left -= i64::from(weight),
                part => parts.push((part, weight)),
            }
        }
        match u32::try_from(left) {
            Ok(threshold @ 1..) => Self::Weights { parts, threshold },
            _ => Self::Anything,
        }
    }

    /// The rarest list of symbols without which the sketch is not fulfilled;
    /// `None` where there is no such list.
    pub(super) fn trigger(&self) -> Option<Trigger> {
        match self {
            Self::Anything => None,
            Self::One { symbols, frequency } => {
                Some(Trigger { symbols: symbols.clone(), frequency: *frequency })
            }
            Self::All(parts) => {
                parts.iter().filter_map(Self::trigger).min_by_key(|trigger| trigger.frequency)
            }
            Self::Any(parts) => Trigger::union(parts.iter().map(Self::trigger)),
            Self::Weights { parts, threshold } => {
                let mut rest: u64 = parts.iter().map(|(_, weight)| u64::from(*weight)).sum();
                let mut parts: Vec<_> =
                    parts.iter().map(|(part, w)| (part.trigger(), *w)).collect();
                // What weighs most for its frequency first, until the rest is too light.
                let worth = |(trigger, weight): &(Option<Trigger>, u32)| {
                    trigger.as_ref().map(|of| of.frequency * 1_000 / *weight as usize)
                };
                parts.sort_by_key(worth);
                let heavy = parts.into_iter().take_while(|(_, weight)| {
                    let needed = rest >= u64::from(*threshold);
                    rest -= u64::from(*weight);
                    needed
                });
                Trigger::union(heavy.map(|(trigger, _)| trigger))
            }
        }
    }
}

impl Trigger {
    fn union(triggers: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let mut union = Self { symbols: Vec::new(), frequency: 0 };
        for trigger in triggers {
            let trigger = trigger?;
            union.symbols.extend(trigger.symbols);
            union.frequency += trigger.frequency;
        }
        Some(union)
    }
}

/// Sketches laid out one after the other, so that asking thousands of them
/// reads memory in order. A term is its number; everything else is a head, the
/// length of what follows, and its parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Code {
    words: Vec<u32>,
}

const ALL: u32 = u32::MAX;
const ANY: u32 = u32::MAX - 1;
const WEIGHTS: u32 = u32::MAX - 2;

impl Code {
    /// Appends a sketch; says where it begins.
    pub(super) fn add(&mut self, sketch: &Sketch, term: &mut impl FnMut(Symbol) -> u32) -> u32 {
        let start = self.words.len() as u32;
        match sketch {
            Sketch::Anything => self.join(ALL, |_| {}),
            Sketch::One { symbols, .. } if symbols.len() == 1 => self.words.push(term(symbols[0])),
            Sketch::One { symbols, .. } => {
                self.join(ANY, |code| {
                    code.words.extend(symbols.iter().map(|symbol| term(*symbol)))
                });
            }
            Sketch::All(parts) => self.join(ALL, |code| {
                for part in parts {
                    code.add(part, term);
                }
            }),
            Sketch::Any(parts) => self.join(ANY, |code| {
                for part in parts {
                    code.add(part, term);
                }
            }),
            Sketch::Weights { parts, threshold } => self.join(WEIGHTS, |code| {
                code.words.push(*threshold);
                for (part, weight) in parts {
                    code.words.push(*weight);
                    code.add(part, term);
                }
            }),
        }
        start
    }

    fn join(&mut self, head: u32, parts: impl FnOnce(&mut Self)) {
        self.words.extend([head, 0]);
        let start = self.words.len();
        parts(self);
        self.words[start - 1] = (self.words.len() - start) as u32;
    }

    /// Whether the sketch that begins there is fulfilled by a story that has
    /// the terms that `has` says.
    pub(super) fn holds(&self, start: u32, has: &impl Fn(u32) -> bool) -> bool {
        self.ask(start as usize, has).0
    }

    /// The answer, and where the next sketch begins.
    fn ask(&self, at: usize, has: &impl Fn(u32) -> bool) -> (bool, usize) {
        let head = self.words[at];
        if head < WEIGHTS {
            return (has(head), at + 1);
        }
        let end = at + 2 + self.words[at + 1] as usize;
        let mut at = at + 2;
        if head == WEIGHTS {
            let threshold = u64::from(self.words[at]);
            let mut reached = 0;
            at += 1;
            while at < end {
                let weight = u64::from(self.words[at]);
                let (holds, next) = self.ask(at + 1, has);
                reached += if holds { weight } else { 0 };
                at = next;
            }
            return (reached >= threshold, end);
        }
        let decides = head == ANY;
        while at < end {
            let (holds, next) = self.ask(at, has);
            if holds == decides {
                return (decides, end);
            }
            at = next;
        }
        (!decides, end)
    }
}

/// How many stories a label is likely on, on the scale of [`frequency`].
const LABELLED: usize = 20;

/// Words so frequent in what departments publish that hardly a story lacks them.
const EVERYWHERE: [&str; 40] = [
    "a",
    "about",
    "all",
    "and",
    "announce",
    "as",
    "at",
    "be",
    "been",
    "by",
    "change",
    "department",
    "for",
    "from",
    "government",
    "has",
    "have",
    "in",
    "international",
    "is",
    "it",
    "minister",
    "ministry",
    "more",
    "new",
    "of",
    "on",
    "public",
    "report",
    "secretary",
    "security",
    "statement",
    "support",
    "that",
    "the",
    "this",
    "to",
    "uk",
    "will",
    "with",
];

/// How many stories a word is likely in, on a scale of our own.
fn frequency(letters: &str) -> usize {
    if EVERYWHERE.contains(&letters) { 100 } else { 12usize.saturating_sub(letters.len()).max(1) }
}
