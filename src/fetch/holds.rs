//! Origins whose server asked to be left alone: until when, and by which source's answer (P28).
//!
//! The agenda keeps the rule up to date from poll to poll ([`Refusals`]). Code that shows the
//! state of sources applies the same rule to all their states at once ([`Holds`]). Pure.

use std::collections::HashMap;
use std::time::Duration;

use super::Settings;
use super::schedule::FURTHEST;
use super::source_origin::origin_of;
use crate::model::{FailureKind, HoldScope, Source, SourceHold, SourceState, Timestamp};

/// So many sources of one origin answering 503 within this time hold it.
const UNAVAILABLE: usize = 3;
const WITHIN: Duration = Duration::from_secs(600);

/// A refusal of one source that bears on its origin.
#[derive(Debug, Clone)]
struct Refusal<K> {
    source: K,
    asked: Timestamp,
    until: Timestamp,
    /// Whether the answer alone holds the origin, rather than with others like it.
    alone: bool,
}

impl<K> Refusal<K> {
    fn of(source: K, state: &SourceState, is_web: bool) -> Option<Self> {
        let hold = state.hold?;
        let kind = state.failure.as_ref().map(|failure| failure.kind);
        let alone = hold.scope == HoldScope::Origin;
        let counts = alone || (kind == Some(FailureKind::Unavailable) && is_web);
        let asked = state.last_poll.unwrap_or_default();
        counts.then_some(Self { source, asked, until: hold.until, alone })
    }
}

/// The refusals of one origin's sources, and the hold that follows from them.
#[derive(Debug)]
pub(super) struct Refusals<K> {
    all: Vec<Refusal<K>>,
    /// The longest hold, and whose answer it is; nobody's, where that source left the origin.
    hold: Option<(Timestamp, Option<K>)>,
}

impl<K> Default for Refusals<K> {
    fn default() -> Self {
        Self { all: Vec::new(), hold: None }
    }
}

impl<K: Copy + PartialEq> Refusals<K> {
    /// Applies the current state of a source. A source that is no longer refused takes back the
    /// hold that its own answer made.
    pub(super) fn apply_state(&mut self, source: K, state: &SourceState, is_web: bool) {
        self.replace(source, Refusal::of(source, state, is_web));
    }

    /// Has a source alone hold the origin until a moment, or no longer.
    pub(super) fn hold(&mut self, source: K, until: Option<Timestamp>) {
        let asked = Timestamp::default();
        self.replace(source, until.map(|until| Refusal { source, asked, until, alone: true }));
    }

    fn replace(&mut self, source: K, refusal: Option<Refusal<K>>) {
        self.all.retain(|refusal| refusal.source != source);
        if let Some(Refusal { asked, .. }) = refusal {
            self.all.retain(|known| known.alone || known.asked.after(WITHIN) >= asked);
        }
        self.all.extend(refusal);
        let is_own = self.hold.as_ref().is_some_and(|(_, by)| *by == Some(source));
        if is_own {
            self.hold = None;
            (0..self.all.len()).for_each(|place| self.count(place));
        } else if refusal_is_last(&self.all, source) {
            self.count(self.all.len() - 1);
        }
    }

    /// Has the hold follow one of the refusals, if that holds the origin.
    fn count(&mut self, place: usize) {
        let Refusal { source, asked, until, alone } = self.all[place];
        let is_like = |other: &&Refusal<K>| {
            !other.alone && other.asked <= asked && other.asked.after(WITHIN) >= asked
        };
        let holds = alone || self.all.iter().filter(is_like).count() >= UNAVAILABLE;
        if holds && self.hold.as_ref().is_none_or(|(known, _)| *known < until) {
            self.hold = Some((until, Some(source)));
        }
    }

    /// A source leaves the origin. What its server asked for holds all the same.
    pub(super) fn leave(&mut self, source: K) {
        self.all.retain(|refusal| refusal.source != source);
        if let Some((_, by)) = &mut self.hold
            && *by == Some(source)
        {
            *by = None;
        }
    }

    /// Until when the origin is held; long ago, where it never was.
    pub(super) fn until(&self) -> Timestamp {
        self.hold.as_ref().map_or(Timestamp::default(), |(until, _)| *until)
    }

    /// Whose answer holds the origin.
    pub(super) fn by(&self) -> Option<K> {
        self.hold.as_ref().and_then(|(_, by)| *by)
    }

    /// The clock was set back: all is as far ahead as it was, and no further than `limit`.
    pub(super) fn set_back(&mut self, back: Duration, limit: Timestamp) {
        for refusal in &mut self.all {
            refusal.asked = refusal.asked.before(back);
            refusal.until = refusal.until.before(back).min(limit);
        }
        if let Some((until, _)) = &mut self.hold {
            *until = until.before(back).min(limit);
        }
    }
}

fn refusal_is_last<K: PartialEq>(all: &[Refusal<K>], source: K) -> bool {
    all.last().is_some_and(|last| last.source == source)
}

/// The origins that are held, of all sources at a moment.
#[derive(Debug, Default)]
pub struct Holds {
    origins: HashMap<String, SourceHold>,
}

impl Holds {
    /// Those that follow from what is known of these sources.
    pub fn of<'a>(sources: impl IntoIterator<Item = (&'a Source, &'a SourceState)>) -> Self {
        let mut refused: HashMap<String, Vec<(&Source, &SourceState)>> = HashMap::new();
        for (source, state) in sources {
            if state.hold.is_some() {
                refused.entry(origin_of(source, state)).or_default().push((source, state));
            }
        }
        let hold = |(origin, mut sources): (String, Vec<(&Source, &SourceState)>)| {
            // In the order in which the agenda came to know of them.
            sources.sort_by_key(|(_, state)| state.last_poll);
            let mut refusals = Refusals::default();
            for (place, (source, state)) in sources.iter().enumerate() {
                refusals.apply_state(place, state, source.location.url().is_some());
            }
            let (source, state) = sources[refusals.by()?];
            let until = refusals.until();
            Some((origin, SourceHold { until, ..own(source, state, HoldScope::Origin) }))
        };
        Self { origins: refused.into_iter().filter_map(hold).collect() }
    }

    /// The hold of a source at a moment, by its server's answer to it or to another source.
    pub fn hold(&self, source: &Source, state: &SourceState, now: Timestamp) -> Option<SourceHold> {
        let own = state.hold.map(|hold| own(source, state, hold.scope));
        let origin = self.origins.get(&origin_of(source, state)).cloned();
        let holds = [own, origin].into_iter().flatten().filter(|hold| hold.until > now);
        // Of two that end together, the source's own comes first.
        holds.reduce(|one, other| if other.until > one.until { other } else { one })
    }
}

fn own(source: &Source, state: &SourceState, scope: HoldScope) -> SourceHold {
    let reason = match &state.failure {
        Some(failure) => failure.message.clone(),
        None => "it answered, and asked to be left alone for a while".to_owned(),
    };
    let until = state.hold.map_or(state.next_poll, |hold| hold.until);
    SourceHold { until, scope, by: source.id.clone(), reason }
}

/// The bounds that a poll at this moment would ignore, in words.
pub fn overridden(
    source: &Source,
    state: &SourceState,
    hold: Option<&SourceHold>,
    settings: &Settings,
    now: Timestamp,
) -> Vec<String> {
    let mut bounds = Vec::new();
    if let Some(SourceHold { until, by, reason, .. }) = hold {
        let whom = if *by == source.id { String::new() } else { format!(" (asked of {by})") };
        bounds.push(format!("its server asked to be left alone until {until}{whom}: {reason}"));
    }
    let held = state.hold.map_or(Timestamp::default(), |hold| hold.until);
    if state.not_before > now && state.not_before > held {
        bounds.push(format!("its floor: it may be asked again from {}", state.not_before));
    }
    let Some(last) = state.last_poll.filter(|_| source.location.url().is_some()) else {
        return bounds;
    };
    let unsent = state.failure.as_ref().is_some_and(|failure| failure.unsent);
    let again = last.after(settings.hard_floor.min(FURTHEST));
    if again > now && !unsent {
        bounds
            .push(format!("`hard_floor`: it was asked at {last}, and could be again from {again}"));
    }
    bounds
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::web_source;
    use super::*;
    use crate::model::{Failure, Hold, SourceId};

    const NOW: Timestamp = Timestamp::from_secs(1_743_600_000);

    fn seconds(seconds: u64) -> Timestamp {
        NOW.after(Duration::from_secs(seconds))
    }

    /// The state of a source that was refused at `asked`, until `until`.
    fn refused(kind: FailureKind, scope: HoldScope, asked: u64, until: u64) -> SourceState {
        SourceState {
            polls: 1,
            last_poll: Some(seconds(asked)),
            failure: Some(Box::new(Failure::new(kind, "429 Too Many Requests"))),
            hold: Some(Hold { until: seconds(until), scope }),
            ..SourceState::default()
        }
    }

    #[test]
    fn one_429_holds_the_neighbours_and_says_by_whom_and_why() {
        let a = web_source("a", "https://a.example/1");
        let b = web_source("b", "https://a.example/2");
        let elsewhere = web_source("c", "https://c.example/");
        let state = refused(FailureKind::TooMany, HoldScope::Origin, 0, 900);
        let never = SourceState::default();
        let holds = Holds::of([(&a, &state), (&b, &never), (&elsewhere, &never)]);
        let held = holds.hold(&b, &never, NOW).unwrap();
        assert_eq!((held.until, held.by.as_str()), (seconds(900), "a"));
        assert_eq!(
            (held.scope, held.reason.as_str()),
            (HoldScope::Origin, "429 Too Many Requests")
        );
        assert_eq!(holds.hold(&elsewhere, &never, NOW), None);
        assert_eq!(holds.hold(&b, &never, seconds(900)), None, "it has ended");
        assert_eq!(holds.hold(&a, &state, NOW).unwrap().by.as_str(), "a");
    }

    #[test]
    fn three_503_within_ten_minutes_hold_the_origin_and_fewer_do_not() {
        for (asked, holds) in [
            (vec![0, 60, 120], true),
            (vec![0, 60], false),
            (vec![0, 60, 601], false),
            (vec![0, 400, 500, 600], true),
            (vec![0, 300, 700, 1400], false),
        ] {
            let source_states: Vec<SourceState> = asked
                .iter()
                .map(|at| refused(FailureKind::Unavailable, HoldScope::Source, *at, at + 3600))
                .collect();
            let mut refusals = Refusals::default();
            for (source, state) in source_states.iter().enumerate() {
                refusals.apply_state(source, state, true);
            }
            assert_eq!(refusals.by().is_some(), holds, "{asked:?}");
            let sources: Vec<Source> = (0..asked.len())
                .map(|place| {
                    web_source(&format!("s{place}"), &format!("https://a.example/{place}"))
                })
                .collect();
            let neighbour = web_source("n", "https://a.example/n");
            let seen = Holds::of(sources.iter().zip(&source_states));
            let seen = seen.hold(&neighbour, &SourceState::default(), NOW);
            assert_eq!(seen.is_some(), holds, "seen all at once: {asked:?}");
        }
    }

    #[test]
    fn a_source_takes_back_the_hold_that_its_own_answer_made_and_no_other() {
        let refused = |until| refused(FailureKind::TooMany, HoldScope::Origin, 0, until);
        let mut refusals = Refusals::default();
        refusals.apply_state(1, &refused(100), true);
        refusals.apply_state(2, &refused(900), true);
        refusals.apply_state(3, &SourceState::default(), true);
        assert_eq!((refusals.until(), refusals.by()), (seconds(900), Some(2)));
        refusals.apply_state(2, &SourceState::default(), true);
        assert_eq!((refusals.until(), refusals.by()), (seconds(100), Some(1)));
        // A source that the operator takes out does not take its server's word with it.
        refusals.leave(1);
        refusals.apply_state(1, &SourceState::default(), true);
        assert_eq!((refusals.until(), refusals.by()), (seconds(100), None));
    }

    #[test]
    fn a_poll_by_hand_says_what_it_overrides() {
        let source = web_source("a", "https://a.example/");
        let settings = Settings::default();
        let hold = SourceHold {
            until: seconds(900),
            scope: HoldScope::Origin,
            by: SourceId::new("b"),
            reason: "429".to_owned(),
        };
        let state = SourceState {
            last_poll: Some(NOW),
            not_before: seconds(3600),
            ..SourceState::default()
        };
        let said = overridden(&source, &state, Some(&hold), &settings, seconds(1));
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].contains("asked of b") && said[1].contains("floor"), "{said:?}");
        assert!(overridden(&source, &state, None, &settings, seconds(3600)).is_empty());
    }
}
