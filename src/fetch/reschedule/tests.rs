//! Stored times against clocks and configurations, by table.

use super::*;
use crate::fetch::schedule::{DAY, HOUR};
use crate::fetch::tests::web_source;
use crate::fetch::{News, record_poll};
use crate::model::{
    Failure, FailureKind, Freshness, Hints, Hold, HoldScope, HubProtocol, Outcome, Poll, ReadBy,
    Reading, Validators,
};
use crate::options::value::Size;

const MINUTE: Duration = Duration::from_secs(60);

fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2025-04-02T11:00:00Z").unwrap()
}

/// An hourly source.
fn hourly() -> Source {
    every(HOUR)
}

fn every(interval: Duration) -> Source {
    let mut source = web_source("one", "http://a/feed");
    source.pace.get_or_insert_default().interval = Some(interval);
    source
}

fn read(freshness: Freshness) -> Outcome {
    Outcome::Read(Box::new(Reading {
        validators: Validators { etag: Some(b"\"a\"".to_vec()), ..Validators::default() },
        freshness,
        bytes: 100,
        hash: 7,
        moved: None,
        feed: Default::default(),
        entries: Vec::new(),
        hints: Hints::default(),
        warnings: Vec::new(),
        broken_off: false,
        back: None,
        read_by: ReadBy::default(),
    }))
}

fn refused(retry_after: Duration) -> Outcome {
    let failure = Failure::new(FailureKind::TooMany, "429");
    Outcome::Failed(Failure { retry_after: Some(retry_after), ..failure })
}

/// The state after polls of these outcomes, the last of them at `at`.
fn polled(
    source: &Source,
    settings: &Settings,
    outcomes: Vec<Outcome>,
    at: Timestamp,
) -> SourceState {
    let mut state = SourceState::default();
    let first = at.before(DAY * outcomes.len() as u32);
    for (n, outcome) in (1..).zip(outcomes) {
        let at = first.after(DAY * n);
        let poll = Poll::of(source, at, outcome);
        record_poll(
            &poll,
            &News { new: vec![at], ..News::default() },
            &mut state,
            source,
            settings,
        );
    }
    state
}

fn good() -> Outcome {
    read(Freshness::default())
}

#[test]
fn what_no_clock_and_no_configuration_changed_stays_as_it_is() {
    let (source, settings) = (hourly(), Settings::default());
    let fresh = Freshness { lifetime: Some(DAY * 6), ..Freshness::default() };
    let ended = Outcome::Failed(Failure::new(FailureKind::Gone, "410"));
    for outcomes in [
        vec![good(), good()],
        vec![read(fresh)],
        vec![good(), refused(DAY * 30)],
        vec![good(), ended.clone(), ended],
        vec![Outcome::Failed(Failure::new(FailureKind::NotFound, "404")); 9],
    ] {
        let state = polled(&source, &settings, outcomes, start());
        for later in [Duration::ZERO, MINUTE, DAY, DAY * 400] {
            let now = start().after(later);
            assert_eq!(rescheduled(&state, &source, &settings, now), None, "{state:#?}");
        }
        // Clocks are corrected by seconds all the time.
        let now = start().before(Duration::from_secs(30));
        assert_eq!(rescheduled(&state, &source, &settings, now), None);
    }
    let unread = SourceState::default();
    assert_eq!(rescheduled(&unread, &source, &settings, start()), None);
}

#[test]
fn what_was_set_in_the_future_is_void_and_the_source_is_asked_one_floor_from_now() {
    let settings = Settings::default();
    let hold = vec![good(), refused(DAY * 30)];
    for (source, outcomes) in [
        (hourly(), vec![good(), good()]),
        (every(DAY * 7), vec![good(), good()]),
        (web_source("learned", "http://a/"), vec![good(), good(), good()]),
        (hourly(), hold),
        (hourly(), vec![good(), Outcome::Failed(Failure::new(FailureKind::Dns, "no name"))]),
    ] {
        for ahead in [HOUR * 2, DAY * 400, DAY * 40_000] {
            let state = polled(&source, &settings, outcomes.clone(), start().after(ahead));
            let Rescheduled { state, was_ahead } =
                rescheduled(&state, &source, &settings, start()).unwrap();
            assert!(was_ahead);
            let wait = start().until(state.next_poll);
            assert!(wait >= HOUR && wait <= HOUR + MINUTE * 2, "{ahead:?}: {wait:?}");
            assert!(state.not_before <= start() && state.hold.is_none(), "{ahead:?}");
            for past in [state.last_poll, state.failing_since, state.rhythm.as_of] {
                assert!(past.is_none_or(|past| past <= start()), "{ahead:?}: {past:?}");
            }
            // It counts once, and what is polled from then on is remembered as ever.
            let later = start().after(MINUTE * 30);
            assert_eq!(rescheduled(&state, &source, &settings, later), None);
        }
    }
}

#[test]
fn what_was_learned_by_a_clock_far_ahead_does_not_make_a_source_rare() {
    let (source, settings) = (web_source("one", "http://a/"), Settings::default());
    let lively = || vec![good(); 20];
    let mut ahead = polled(&source, &settings, lively(), start().after(DAY * 400));
    ahead = rescheduled(&ahead, &source, &settings, start()).unwrap().state;
    let poll = Poll::of(&source, start().after(HOUR * 2), good());
    record_poll(&poll, &News::default(), &mut ahead, &source, &settings);
    assert!(poll.at.until(ahead.next_poll) <= DAY * 2, "{:?}", poll.at.until(ahead.next_poll));
}

#[test]
fn pages_and_hubs_are_asked_again_after_a_clock_was_ahead() {
    let (source, settings) = (hourly(), Settings::default());
    let then = start().after(DAY * 400);
    let mut state = polled(&source, &settings, vec![good()], then);
    state.round = Some(Box::new(RecheckRound::following(None, then)));
    let url = url::Url::parse("https://hub.example/").unwrap();
    let offer = crate::model::HubOffer {
        hub: url.clone(),
        topic: url.clone(),
        protocol: HubProtocol::WebSub,
    };
    state.push = Some(Box::new(Subscription {
        offer,
        callbacks: Some(url),
        token: "t".into(),
        former: None,
        secret: None,
        round: 1,
        asked: then,
        unanswered: 0,
        trouble: Some(("503".into(), then.after(DAY))),
        since: Some(then),
        confirmed: Some(then),
        expires: Some(then.after(DAY * 10)),
        denied: false,
        distrusted_until: Some(then.after(DAY * 7)),
        forged: 0,
        delivered: 0,
        last_delivery: None,
        otherwise_due: then.after(HOUR),
    }));
    let state = rescheduled(&state, &source, &settings, start()).unwrap().state;
    assert!(state.round.unwrap().began <= start());
    let push = state.push.unwrap();
    assert!(push.asked <= start() && push.expires.is_none() && push.trouble.is_none());
    assert!(push.distrusted_until.unwrap() <= start().after(DAY * 7));
    assert!(push.otherwise_due <= start().after(settings.ceiling));
    assert_eq!(push.token, "t", "the callback stays open");
}

#[test]
fn only_what_was_brought_forward_by_a_clock_that_was_ahead_is_void() {
    let (source, settings) = (hourly(), Settings::default());
    let mut state = polled(&source, &settings, vec![good()], start());
    let due = state.next_poll;
    state.next_poll = start().after(DAY * 300);
    state.scheduled = Some(start().after(DAY * 300));
    let after = rescheduled(&state, &source, &settings, start().after(MINUTE)).unwrap().state;
    assert_eq!((after.next_poll, after.last_poll), (due, Some(start())));
    assert_eq!(after.not_before, state.not_before);
}

#[test]
fn a_changed_configuration_decides_at_once_and_what_the_source_asks_for_stays() {
    let quick = Settings {
        floor: Duration::from_secs(1),
        hard_floor: Duration::from_secs(1),
        ..Settings::default()
    };
    let slow = Settings { ceiling: HOUR * 2, ..Settings::default() };
    let fresh = Freshness { lifetime: Some(HOUR * 20), ..Freshness::default() };
    let usual = Settings::default();
    let now = start().after(MINUTE * 10);
    for (before, outcome, after, settings, due) in [
        // An interval that is shortened, or lengthened.
        (DAY, good(), HOUR * 2, &usual, HOUR * 2),
        (HOUR, good(), DAY, &usual, DAY),
        (DAY, good(), Duration::from_secs(2), &quick, Duration::from_secs(2)),
        // Today's floor and ceiling hold.
        (DAY, good(), MINUTE, &usual, HOUR),
        (DAY, good(), DAY, &slow, HOUR * 2),
        // The wait that the source asks for is longer than any interval.
        (DAY, read(fresh), HOUR, &usual, HOUR * 20),
        (DAY, refused(DAY * 9), HOUR, &usual, DAY * 9),
    ] {
        let state = polled(&every(before), &usual, vec![good(), outcome], start());
        let source = every(after);
        let changed = rescheduled(&state, &source, settings, now).unwrap();
        assert!(!changed.was_ahead);
        let wait = start().until(changed.state.next_poll);
        assert!(wait >= due && wait <= due + due / 50, "{before:?} to {after:?}: {wait:?}");
        // The same as if the last poll had been made by today's configuration.
        assert_eq!(rescheduled(&changed.state, &source, settings, now), None);
    }
}

#[test]
fn a_ping_is_not_lost_because_the_configuration_changed() {
    let (source, settings) = (every(DAY), Settings::default());
    let mut state = polled(&source, &settings, vec![good()], start());
    let now = start().after(MINUTE * 10);
    assert!(crate::fetch::hasten(&mut state, &source, &settings, now));
    let after = rescheduled(&state, &every(HOUR * 3), &settings, now).unwrap().state;
    assert_eq!(after.next_poll, state.next_poll);
}

#[test]
fn times_beyond_all_rules_are_bounded() {
    let (source, settings) = (hourly(), Settings::default());
    let far = start().after(DAY * 400);
    let state = SourceState {
        polls: 5,
        last_poll: Some(start().before(HOUR)),
        next_poll: far,
        not_before: far,
        ..SourceState::default()
    };
    let after = rescheduled(&state, &source, &settings, start()).unwrap().state;
    let ceiling = start().after(settings.ceiling);
    assert_eq!((after.next_poll, after.not_before), (ceiling, ceiling));
    let hold = Some(Hold { until: far, scope: HoldScope::Origin });
    let after =
        rescheduled(&SourceState { hold, ..state }, &source, &settings, start()).unwrap().state;
    assert_eq!(after.hold.unwrap().until, start().after(FURTHEST));
    assert!(after.next_poll <= start().after(FURTHEST));
}

#[test]
fn a_failing_source_that_is_asked_otherwise_is_due_at_once_and_once() {
    let (source, settings) = (hourly(), Settings::default());
    let failed = |kind| Outcome::Failed(Failure::new(kind, "it failed"));
    let other_headers =
        Source { headers: [("X".into(), "1".to_owned().into())].into(), ..hourly() };
    let own_site = Source { allow_private: true, ..hourly() };
    let network = "10.0.0.0/8".parse().unwrap();
    let other_settings = [
        Settings { allow_private: vec![network], ..Settings::default() },
        Settings { user_agent: Some("another".into()), ..Settings::default() },
        Settings { max_document: Size(7), ..Settings::default() },
        Settings { timeout: HOUR, ..Settings::default() },
    ];
    let now = start().after(MINUTE);
    let others = [(&other_headers, &settings), (&own_site, &settings)];
    let others = others.into_iter().chain(other_settings.iter().map(|other| (&source, other)));
    for (source_now, settings_now) in others {
        for (kind, held, is_tried) in [
            (FailureKind::Denied, None, true),
            (FailureKind::Forbidden, None, true),
            (FailureKind::TooLarge, None, true),
            (FailureKind::Unavailable, Some(DAY), false),
            (FailureKind::Crash, None, false),
        ] {
            let failure = Failure { retry_after: held, ..Failure::new(kind, "it failed") };
            let state = polled(&source, &settings, vec![Outcome::Failed(failure)], start());
            assert!(state.next_poll > now);
            let after = rescheduled(&state, source_now, settings_now, now);
            let tried = after.as_ref().is_some_and(|after| after.state.next_poll == now);
            assert_eq!(tried, is_tried, "{kind:?}");
            let Some(Rescheduled { state: after, .. }) = after.filter(|_| tried) else { continue };
            assert_eq!(after.not_before, now, "the operator may ask, too");
            assert_eq!(rescheduled(&after, source_now, settings_now, now), None, "once");
        }
        // One that answers well is left alone.
        let state = polled(&source, &settings, vec![good()], start());
        assert_eq!(rescheduled(&state, source_now, settings_now, now), None);
    }
    // Nor is one tried that rests, or whose configuration is the same.
    let gone = polled(&source, &settings, vec![failed(FailureKind::Gone); 2], start());
    assert_eq!(rescheduled(&gone, &own_site, &settings, now), None);
    let denied = polled(&source, &settings, vec![failed(FailureKind::Denied)], start());
    assert_eq!(rescheduled(&denied, &source, &settings, now), None);
}

#[test]
fn what_sent_nothing_sets_no_floor() {
    let (source, settings) = (hourly(), Settings::default());
    for unsent in [true, false] {
        let failure = Failure { unsent, ..Failure::new(FailureKind::Forbidden, "private") };
        let state = polled(&source, &settings, vec![Outcome::Failed(failure)], start());
        assert_eq!(state.not_before == start(), unsent);
        assert!(state.next_poll >= start().after(HOUR), "by itself it waits all the same");
    }
}
