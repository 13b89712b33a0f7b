//! Rules out most queries by the words and labels that a match needs.
//!
//! A prefilter says less than its query, and never something else: a story that
//! does not fulfil the prefilter does not match. It is what most topics are told
//! from a story by, so it is also laid out flat, as [`Code`].

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

/// Prefilters laid out one after the other, so that asking thousands of them
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
    /// Where the next prefilter begins.
    pub(super) fn end(&self) -> u32 {
        self.words.len() as u32
    }

    /// Appends a number that is no prefilter.
    pub(super) fn note(&mut self, number: u32) {
        self.words.push(number);
    }

    /// The number noted there.
    pub(super) fn noted(&self, at: u32) -> u32 {
        self.words[at as usize]
    }

    /// Appends the prefilter that another code has there.
    pub(super) fn copy(&mut self, other: &Self, at: u32) {
        self.words.extend_from_slice(&other.words[at as usize..other.after(at) as usize]);
    }

    /// Where the prefilter ends that begins there.
    pub(super) fn after(&self, at: u32) -> u32 {
        let long = self.words[at as usize] >= WEIGHTS;
        at + if long { 2 + self.words[at as usize + 1] } else { 1 }
    }

    /// Appends a prefilter; says where it begins.
    pub(super) fn add(&mut self, prefilter: &Prefilter, term: &mut impl FnMut(Sign) -> u32) -> u32 {
        let start = self.end();
        match prefilter {
            Prefilter::Anything => self.join(ALL, |_| {}),
            Prefilter::One { signs, .. } if signs.len() == 1 => self.words.push(term(signs[0])),
            Prefilter::One { signs, .. } => {
                self.join(ANY, |code| code.words.extend(signs.iter().map(|sign| term(*sign))));
            }
            Prefilter::All(parts) => self.join(ALL, |code| {
                for part in parts {
                    code.add(part, term);
                }
            }),
            Prefilter::Any(parts) => self.join(ANY, |code| {
                for part in parts {
                    code.add(part, term);
                }
            }),
            Prefilter::Weights { parts, threshold } => self.join(WEIGHTS, |code| {
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

    /// Whether the prefilter that begins there is fulfilled by a story that has
    /// the terms that `has` says.
    pub(super) fn holds(&self, start: u32, has: &impl Fn(u32) -> bool) -> bool {
        self.ask(start as usize, has).0
    }

    /// The answer, and where the next prefilter begins.
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
