//! A pattern of a query, compiled: finds it in a text with bounded work.
//!
//! The regex crate searches in linear time, but one search cannot be interrupted: a pattern of
//! 64 KiB takes a second for a long text. Where work is bounded and a search could take long, the
//! states of the pattern are followed here, byte by byte, and every step is counted.

use regex::{Regex, RegexBuilder};
use regex_automata::nfa::thompson::{self, NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

use super::work::Work;

/// Bytes that a compiled pattern of the configuration may take.
const MAX_PATTERN: usize = 1 << 20;

/// States times bytes of one search that is left to the regex crate: at most some 50 ms.
const UNINTERRUPTED: usize = 1 << 24;

/// States times bytes of one search after which the owner of the work is asked: some 3 ms.
const NOTICEABLE: usize = 1 << 20;

/// Bytes of memory in which the regex crate remembers states of an untrusted pattern; a query
/// may have twenty patterns.
const MEMORY: usize = 1 << 18;

/// A pattern, compiled.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// Its states, where it comes from somebody who is not trusted.
    nfa: Option<NFA>,
}

impl Pattern {
    /// A pattern of the configuration. It ignores case, like everything else.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        Ok(Self { regex: compiled(builder(pattern))?, nfa: None })
    }

    /// A pattern that takes at most `room` bytes when it is compiled; what it takes is deducted.
    /// Returns `None` if there is not enough room, and then leaves none.
    pub(super) fn within(pattern: &str, room: &mut usize) -> Result<Option<Self>, String> {
        let syntax = syntax::Config::new().case_insensitive(true);
        let config =
            thompson::Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(*room));
        let built = NFA::compiler().syntax(syntax).configure(config).build(pattern);
        let nfa = match built {
            Ok(nfa) => nfa,
            Err(error) if error.size_limit().is_some() => {
                *room = 0;
                return Ok(None);
            }
            // The regex crate says the same in better words.
            Err(error) => {
                return Err(compiled(builder(pattern)).err().unwrap_or_else(|| error.to_string()));
            }
        };
        let fits = nfa.memory_usage() <= *room;
        *room = room.saturating_sub(nfa.memory_usage());
        if !fits {
            return Ok(None);
        }
        let regex = compiled(builder(pattern).dfa_size_limit(MEMORY))?;
        Ok(Some(Self { regex, nfa: Some(nfa) }))
    }

    /// Whether it is somewhere in a text. Means nothing once the work is spent.
    pub(super) fn is_in(&self, text: &str, work: &Work<'_>) -> bool {
        if !work.spend(text.len() as u64 / 8 + 1) {
            return false;
        }
        match &self.nfa {
            Some(nfa) if work.is_bounded() => {
                if nfa.states().len().saturating_mul(text.len()) > UNINTERRUPTED {
                    return is_match(nfa, text, work);
                }
                let found = self.regex.is_match(text);
                // How long that took is not known, so the owner looks at the clock.
                if nfa.states().len().saturating_mul(text.len()) > NOTICEABLE {
                    work.ask();
                }
                found
            }
            _ => self.regex.is_match(text),
        }
    }

    /// Calls `see` with every range where a text has it. Where work is bounded, a text that would
    /// take long is passed over: ranges are for display alone.
    pub(super) fn each(
        &self,
        text: &str,
        work: &Work<'_>,
        mut see: impl FnMut(std::ops::Range<usize>),
    ) {
        if let Some(nfa) = self.nfa.as_ref().filter(|_| work.is_bounded())
            && nfa.states().len().saturating_mul(text.len()) > UNINTERRUPTED
        {
            return;
        }
        for found in self.regex.find_iter(text).filter(|found| !found.is_empty()) {
            see(found.range());
            // Each search may read to the end of the text.
            if self.nfa.is_some() && !(work.spend(text.len() as u64 / 8 + 1) && work.ask()) {
                return;
            }
        }
    }
}

fn builder(pattern: &str) -> RegexBuilder {
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(true).size_limit(MAX_PATTERN);
    builder
}

fn compiled(builder: impl std::borrow::Borrow<RegexBuilder>) -> Result<Regex, String> {
    builder.borrow().build().map_err(|error| {
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or(&error);
        reason.strip_prefix("error: ").unwrap_or(reason).trim_end_matches('.').to_owned()
    })
}

/// Whether a text has a match, found by following all states at once.
fn is_match(nfa: &NFA, text: &str, work: &Work<'_>) -> bool {
    let bytes = text.as_bytes();
    let states = nfa.states().len();
    let mut stack = Vec::new();
    let (mut here, mut next) = (Reached::new(states), Reached::new(states));
    for at in 0..=bytes.len() {
        // A match may begin anywhere.
        stack.push(nfa.start_anchored());
        let mut steps = reach(nfa, bytes, at, &mut stack, &mut here);
        for state in &here.states {
            let to = match nfa.state(*state) {
                // No match ends within a character.
                State::Match { .. } if text.is_char_boundary(at) => return true,
                State::ByteRange { trans } if trans.matches(bytes, at) => Some(trans.next),
                State::Sparse(transitions) => transitions.matches(bytes, at),
                State::Dense(transitions) => transitions.matches(bytes, at),
                _ => None,
            };
            stack.extend(to);
            steps += reach(nfa, bytes, at + 1, &mut stack, &mut next);
        }
        if !work.spend(steps + here.states.len() as u64) {
            return false;
        }
        std::mem::swap(&mut here, &mut next);
        next.clear();
    }
    false
}

/// States that are reached at one place of a text.
struct Reached {
    states: Vec<StateID>,
    /// By the number of the state.
    has: Vec<bool>,
}

impl Reached {
    fn new(states: usize) -> Self {
        Self { states: Vec::new(), has: vec![false; states] }
    }

    /// Whether it is new.
    fn insert(&mut self, state: StateID) -> bool {
        let has = std::mem::replace(&mut self.has[state.as_usize()], true);
        if !has {
            self.states.push(state);
        }
        !has
    }

    fn clear(&mut self) {
        self.states.drain(..).for_each(|state| self.has[state.as_usize()] = false);
    }
}

/// Adds the states on the stack, and all that are reached from them without reading a byte.
/// Returns the number of steps.
fn reach(
    nfa: &NFA,
    bytes: &[u8],
    at: usize,
    stack: &mut Vec<StateID>,
    reached: &mut Reached,
) -> u64 {
    let mut steps = 0;
    while let Some(state) = stack.pop() {
        steps += 1;
        if !reached.insert(state) {
            continue;
        }
        match nfa.state(state) {
            State::Union { alternates } => stack.extend_from_slice(alternates),
            State::BinaryUnion { alt1, alt2 } => stack.extend([*alt1, *alt2]),
            State::Capture { next, .. } => stack.push(*next),
            State::Look { look, next } => {
                if at <= bytes.len() && nfa.look_matcher().matches(*look, bytes, at) {
                    stack.push(*next);
                }
            }
            State::ByteRange { .. }
            | State::Sparse(_)
            | State::Dense(_)
            | State::Fail
            | State::Match { .. } => {}
        }
    }
    steps
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: usize = 64 * 1024;

    fn followed(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::within(pattern, &mut ROOM.clone()).unwrap().unwrap();
        is_match(&pattern.nfa.unwrap(), text, &Work::unlimited())
    }

    #[test]
    fn following_the_states_finds_what_the_regex_crate_finds() {
        let texts = ["", "a", "Sanction", "the sanctions, é", "Ω—х", "x\ny", "aaaaaaaab", "24 – 3"];
        for pattern in [
            "",
            "a*",
            "sanction(s|ed)",
            r"\bsanction\b",
            r"\Bs\b",
            "^the",
            "é$",
            r"\w+ \w",
            r"\d",
            "(?m)^y$",
            "(?s)x.y",
            "x.y",
            r"[^a-z]{3}",
            "(a|b)*b$",
            r"\B",
            "ω",
            r"\p{Cyrillic}",
            r"$^",
            r"(?-i)Sanction",
            r"—\b{start}х",
        ] {
            for text in texts {
                let regex = compiled(builder(pattern)).unwrap();
                assert_eq!(followed(pattern, text), regex.is_match(text), "{pattern} in {text:?}");
            }
        }
    }

    #[test]
    fn patterns_share_their_room() {
        let mut room = ROOM;
        for pattern in [r"\w", r"\w", r"\w", "sanctions?"] {
            assert!(Pattern::within(pattern, &mut room).unwrap().is_some(), "{pattern}");
        }
        for pattern in [r"\w", "sanctions?"] {
            assert!(Pattern::within(pattern, &mut room).unwrap().is_none(), "{pattern}");
        }
        assert_eq!(room, 0, "what is too large leaves no room");
        for large in [r"\w{10}", "((a?){30}){30}", r"[a-z ].{800}x", r"\pL{40}"] {
            assert!(Pattern::within(large, &mut ROOM.clone()).unwrap().is_none(), "{large}");
        }
    }

    #[test]
    fn a_search_that_would_take_long_ends_at_its_bound() {
        let pattern =
            Pattern::within(r"(?s).*(e|t).{150}\bzz", &mut ROOM.clone()).unwrap().unwrap();
        let text = "the tee met ".repeat(20_000);
        let go_on = || true;
        let work = Work::bounded(1_000_000, &go_on);
        pattern.is_in(&text, &work);
        assert!(work.result(()).is_err());
        let enough = Work::bounded(u64::MAX / 2, &go_on);
        assert!(!pattern.is_in(&text, &enough));
        assert!(enough.spent() > 1_000_000 && enough.result(()).is_ok());
    }

    proptest! {
        #[test]
        fn whatever_is_searched_the_two_ways_agree(
            pattern in r"(\(\?s\))?(a|b|é|\.|\\w|\\b|\\B|\\s|\^|\$|\[ab\]|\(a\|bé\)[*+?]?|a\{2,3\}|b[*+?]){0,6}",
            text in "[abAé —\n]{0,12}",
        ) {
            // Five times `\w` takes more than the room.
            let Ok(Some(compiled)) = Pattern::within(&pattern, &mut ROOM.clone()) else {
                return Ok(());
            };
            let found = is_match(compiled.nfa.as_ref().unwrap(), &text, &Work::unlimited());
            prop_assert_eq!(found, compiled.regex.is_match(&text));
        }
    }
}
