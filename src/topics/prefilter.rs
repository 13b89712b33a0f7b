//! Rules out most queries by the words and labels that a match needs.
//!
//! A prefilter says less than its query, and never something else: a story that
//! does not fulfil the prefilter does not match.

use super::symbol::Symbol;

/// A condition that every match fulfils.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prefilter {
    /// Nothing in particular.
    Anything,
    /// One of these: a word in each language, a label, a vocabulary.
    One {
        signs: Vec<Sign>,
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

/// A symbol, and how a story must have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) symbol: Symbol,
    pub(super) had: Had,
}

/// How a story has a symbol. What analysts trust most, a word in the title or
/// repeated in the text, few stories have; the word somewhere, many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Had {
    Anywhere,
    InATitle,
    /// At two words, wherever.
    Twice,
}

/// Signs one of which a story must have, and how many stories are likely to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) signs: Vec<Sign>,
    pub(super) frequency: usize,
}

impl Sign {
    pub(super) fn anywhere(symbol: Symbol) -> Self {
        Self { symbol, had: Had::Anywhere }
    }
}

impl Prefilter {
    pub(super) fn all(parts: impl Iterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = parts.filter(|part| *part != Self::Anything).collect();
        match all.len() {
            0 => Self::Anything,
            1 => all.swap_remove(0),
            _ => Self::All(all),
        }
    }

    pub(super) fn any(parts: impl Iterator<Item = Self>) -> Self {
        let mut any: Vec<Self> = parts.collect();
        match any.len() {
            _ if any.contains(&Self::Anything) => Self::Anything,
            1 => any.swap_remove(0),
            _ => Self::Any(any),
        }
    }

    pub(super) fn weights(all: impl Iterator<Item = (Self, u32)>, threshold: i64) -> Self {
        let mut left = threshold;
        let mut parts = Vec::new();
        for (part, weight) in all {
            match part {
                Self::Anything => left -= i64::from(weight),
                part => parts.push((part, weight)),
            }
        }
        match u32::try_from(left) {
            Ok(threshold @ 1..) => Self::Weights { parts, threshold },
            _ => Self::Anything,
        }
    }

    /// The rarest list of signs without which the prefilter is not fulfilled;
    /// `None` where there is no such list.
    pub(super) fn trigger(&self) -> Option<Trigger> {
        match self {
            Self::Anything => None,
            Self::One { signs, frequency } => {
                Some(Trigger { signs: signs.clone(), frequency: *frequency })
            }
            Self::All(parts) => {
                parts.iter().filter_map(Self::trigger).min_by_key(|trigger| trigger.frequency)
            }
            Self::Any(parts) => Trigger::union(parts.iter().map(Self::trigger)),
            Self::Weights { parts, threshold } => {
                let mut rest: u64 = parts.iter().map(|(_, weight)| u64::from(*weight)).sum();
                let mut parts: Vec<_> =
                    parts.iter().map(|(part, w)| (part.trigger(), *w)).collect();
                // Parts with the most weight for their frequency come first, until the rest is too light.
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
        let mut union = Self { signs: Vec::new(), frequency: 0 };
        for trigger in triggers {
            let trigger = trigger?;
            union.signs.extend(trigger.signs);
            union.frequency += trigger.frequency;
        }
        Some(union)
    }
}

/// A prefilter over the numbers of terms.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Term(u32),
    All(Vec<Self>),
    Any(Vec<Self>),
    Weights { parts: Vec<(Self, u32)>, threshold: u64 },
}

impl Condition {
    /// The same condition as a prefilter, where `number` gives each sign the number of its term.
    pub(super) fn of(prefilter: &Prefilter, number: &mut impl FnMut(Sign) -> u32) -> Self {
        match prefilter {
            Prefilter::Anything => Self::All(Vec::new()),
            Prefilter::All(parts) => {
                Self::All(parts.iter().map(|part| Self::of(part, number)).collect())
            }
            Prefilter::Any(parts) => {
                Self::Any(parts.iter().map(|part| Self::of(part, number)).collect())
            }
            Prefilter::One { signs, .. } => {
                Self::Any(signs.iter().map(|sign| Self::Term(number(*sign))).collect())
            }
            Prefilter::Weights { parts, threshold } => Self::Weights {
                parts: parts.iter().map(|(part, w)| (Self::of(part, number), *w)).collect(),
                threshold: u64::from(*threshold),
            },
        }
    }

    /// Whether a story fulfils it that has the terms that `has` says.
    pub(super) fn holds(&self, has: &impl Fn(u32) -> bool) -> bool {
        match self {
            Self::Term(term) => has(*term),
            Self::All(parts) => parts.iter().all(|part| part.holds(has)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(has)),
            Self::Weights { parts, threshold } => {
                let held = parts.iter().filter(|(part, _)| part.holds(has));
                held.map(|(_, weight)| u64::from(*weight)).sum::<u64>() >= *threshold
            }
        }
    }
}
