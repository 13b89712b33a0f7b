//! Tests of a subscription's life, in virtual time.

use super::*;
use crate::fetch::{News, Settings, hasten, record_poll};
use crate::model::{
    FailureKind, Feed, Freshness, Hints, Hold, HoldScope, Location, Outcome, Poll, ReadBy, Reading,
    Source, Validators,
};

const HOUR: Duration = Duration::from_secs(3600);

fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2025-04-02T11:00:00Z").unwrap()
}

fn id() -> SourceId {
    SourceId::new("one")
}

/// A source at the address that `lively` names.
fn source() -> Source {
    let address = "https://a.example/feed";
    Source { push: true, ..Source::at(id(), Location::web(address, url(address))) }
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// What is remembered of a lively source whose document names this hub.
fn lively(hub: &str) -> SourceState {
    let mut state = SourceState { last_poll: Some(start()), ..SourceState::default() };
    state.hints.get_or_insert_default().hubs = vec![url(hub)];
    state.hints.get_or_insert_default().self_url = Some(url("https://a.example/feed"));
    state.rhythm.newest = Some(start().before(DAY));
    state
}

fn callbacks() -> Url {
    url("https://us.example/push/")
}

fn asked(state: &SourceState, now: Timestamp) -> Option<HubRequest> {
    next_request(&id(), state, &callbacks(), &Seed::of([7; 32]), now)
}

fn when(state: &SourceState) -> Option<Timestamp> {
    next_request_at(&id(), state, &callbacks())
}

fn verification(mode: &str, topic: &str, lease: &str) -> Vec<(String, String)> {
    [
        ("hub.mode", mode),
        ("hub.topic", topic),
        ("hub.challenge", "ch"),
        ("hub.lease_seconds", lease),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

/// A memory whose subscription the hub has confirmed for ten days.
fn subscribed() -> SourceState {
    let mut state = lively("https://hub.example/");
    let mut push = asked(&state, start()).unwrap().subscription;
    let token = push.token.clone();
    let query = verification("subscribe", "https://a.example/feed", "864000");
    assert_eq!(
        answer_callback(&mut push, &token, &query, start()),
        CallbackAnswer::Echo("ch".to_owned())
    );
    state.push = Some(Box::new(push));
    state
}

#[test]
fn w01_w02_headers_come_before_the_document_and_the_topic_is_the_self_link() {
    let mut state = lively("https://hub.example/");
    assert_eq!(offer(&state).unwrap().topic, url("https://a.example/feed"));
    let (hub, topic) = (url("https://other.example/"), url("https://a.example/x"));
    let header = HubOffer { hub, topic, protocol: HubProtocol::WebSub };
    state.validators.offer = Some(Box::new(header.clone()));
    assert_eq!(offer(&state), Some(header));
    state.validators.offer = None;
    state.hints.get_or_insert_default().self_url = None;
    assert_eq!(offer(&state), None);
    let mut state = lively("http://plain.example/");
    state.hints.get_or_insert_default().hubs.push(url("https://safe.example/"));
    assert_eq!(offer(&state).unwrap().hub, url("https://safe.example/"));
}

#[test]
fn w03_w05_the_request_is_a_form_with_a_secret_for_https_hubs_alone() {
    let form = asked(&lively("https://hub.example/?a=b"), start()).unwrap().form();
    let pairs: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
    assert_eq!(value("hub.mode"), Some("subscribe"));
    assert_eq!(value("hub.topic"), Some("https://a.example/feed"));
    assert!(value("hub.callback").unwrap().starts_with("https://us.example/push/"));
    assert_eq!(value("hub.lease_seconds"), Some("864000"));
    assert!(value("hub.secret").is_some_and(|secret| secret.len() >= 32 && secret.len() < 200));
    let secret = |hub| asked(&lively(hub), start()).unwrap().subscription.secret;
    assert_eq!(secret("http://hub.example/"), None);
    assert!(secret("http://127.0.0.1:9000/").is_some());
}

#[test]
fn w04_each_round_and_each_source_has_its_own_callback() {
    let mut state = subscribed();
    let first = state.push.clone().unwrap();
    let renewal = asked(&state, start().after(DAY * 9)).unwrap();
    assert_ne!(renewal.subscription.token, first.token);
    // What is on its way is signed with the secret that was agreed.
    assert_eq!(renewal.subscription.secret, first.secret);
    assert_eq!(renewal.subscription.former.as_ref(), Some(&first.token));
    let token = |id: &str, seed| {
        let state = lively("https://hub.example/");
        let request =
            next_request(&SourceId::new(id), &state, &callbacks(), &Seed::of(seed), start());
        request.unwrap().subscription.token
    };
    assert_eq!(token("one", [7; 32]), first.token);
    assert_ne!(token("two", [7; 32]), first.token);
    assert_ne!(token("one", [8; 32]), first.token);
    // Until the renewal is confirmed, both callbacks are good; then the new one.
    state.push = Some(Box::new(renewal.subscription));
    let push = state.push.as_mut().unwrap();
    let token = push.token.clone();
    assert!(is_token(push, &first.token) && is_token(push, &token) && !is_token(push, "x"));
    let query = verification("subscribe", "https://a.example/feed", "60");
    answer_callback(push, &token, &query, start().after(DAY * 9));
    assert!(!is_token(push, &first.token) && is_token(push, &token));
}

#[test]
fn w07_only_what_was_asked_for_is_confirmed_and_once() {
    let mut push = asked(&lively("https://hub.example/"), start()).unwrap().subscription;
    let token = push.token.clone();
    for (token, mode, topic) in [
        ("guess", "subscribe", "https://a.example/feed"),
        (&*token, "subscribe", "https://a.example/other"),
        (&*token, "unsubscribe", "https://a.example/feed"),
    ] {
        let query = verification(mode, topic, "60");
        assert_eq!(
            answer_callback(&mut push, token, &query, start()),
            CallbackAnswer::Unknown,
            "{mode} {topic}"
        );
    }
    let query = verification("subscribe", "https://a.example/feed", "60");
    assert_eq!(
        answer_callback(&mut push, &token, &query, start()),
        CallbackAnswer::Echo("ch".to_owned())
    );
    assert_eq!(answer_callback(&mut push, &token, &query, start()), CallbackAnswer::Unknown);
}

#[test]
fn w08_a_lease_is_renewed_before_it_ends_and_a_silent_hub_asked_hourly() {
    let mut state = lively("https://hub.example/");
    assert_eq!(when(&state), Some(Timestamp::EPOCH));
    state.push = Some(Box::new(asked(&state, start()).unwrap().subscription));
    assert_eq!(when(&state), Some(start().after(HOUR)));
    assert_eq!(asked(&state, start().after(HOUR / 2)), None);
    assert!(asked(&state, start().after(HOUR)).is_some());
    let push = state.push.as_mut().unwrap();
    let token = push.token.clone();
    answer_callback(
        push,
        &token,
        &verification("subscribe", "https://a.example/feed", "600"),
        start(),
    );
    let renewal = start().until(when(&state).unwrap()).as_secs();
    assert!((480..=540).contains(&renewal), "{renewal}");
    for lease in ["0", "1"] {
        let mut push = asked(&lively("https://hub.example/"), start()).unwrap().subscription;
        let token = push.token.clone();
        answer_callback(
            &mut push,
            &token,
            &verification("subscribe", "https://a.example/feed", lease),
            start(),
        );
        state.push = Some(Box::new(push));
        assert_eq!(when(&state), Some(start().after(HOUR / 12)), "a lease of {lease} s");
    }
}

#[test]
fn w09_a_hub_that_denies_is_left_alone_and_the_source_is_polled() {
    let mut state = subscribed();
    assert!(is_trusted(&state, start()));
    let push = state.push.as_mut().unwrap();
    let token = push.token.clone();
    let query = verification("denied", "https://a.example/feed", "");
    assert_eq!(answer_callback(push, &token, &query, start()), CallbackAnswer::DenialNoted);
    assert!(!is_trusted(&state, start()));
    assert_eq!(asked(&state, start().after(DAY)), None);
}

#[test]
fn w09_without_its_hub_a_source_is_due_as_it_would_have_been() {
    let mut state = subscribed();
    polled(&mut state, vec![], start().after(HOUR));
    let otherwise = state.push.as_ref().unwrap().otherwise_due;
    assert!(otherwise < state.next_poll && otherwise >= start().after(HOUR * 2));
    resume_polling(&mut state, start().after(HOUR));
    assert_eq!(state.next_poll, otherwise);
    let late = start().after(DAY);
    state.next_poll = late.after(DAY);
    resume_polling(&mut state, late);
    assert_eq!(state.next_poll, late, "never in the past");
}

#[test]
fn w08_a_hub_that_never_answers_is_asked_daily_in_the_end_and_never_against_its_word() {
    let mut state = lively("https://hub.example/");
    let mut now = start();
    let mut waits = Vec::new();
    for _ in 0..30 {
        state.push = Some(Box::new(asked(&state, now).unwrap().subscription));
        let next = when(&state).unwrap();
        waits.push(now.until(next));
        now = next;
    }
    assert_eq!((waits[0], waits[23], waits[24], waits[29]), (HOUR, HOUR, DAY, DAY));
    let mut failure = Failure::new(FailureKind::TooMany, "too many requests");
    failure.retry_after = Some(DAY * 3);
    record_failed(state.push.as_mut().unwrap(), &failure, now);
    assert_eq!(when(&state), Some(now.after(DAY * 3)));
}

#[test]
fn another_hub_or_another_address_of_ours_begins_anew_an_hour_later() {
    let mut state = subscribed();
    state.hints.get_or_insert_default().hubs = vec![url("https://other.example/")];
    assert!(!is_trusted(&state, start()), "the source does not name that hub any more");
    assert_eq!(when(&state), Some(start().after(HOUR)));
    let request = asked(&state, start().after(HOUR)).unwrap();
    let old = state.push.as_ref().unwrap();
    assert_ne!(request.subscription.secret, old.secret, "one hub's secret is not another's");
    assert_eq!(request.subscription.former, None);
    let elsewhere = url("https://elsewhere.example/push/");
    assert_eq!(next_request_at(&id(), &subscribed(), &elsewhere), Some(start().after(HOUR)));
}

#[test]
fn w13_a_hub_is_counted_on_until_its_lease_ends_and_no_longer() {
    let mut state = subscribed();
    state.push.as_mut().unwrap().expires = Some(start().after(HOUR * 21));
    polled(&mut state, vec![], start().after(HOUR));
    assert!(state.push.as_ref().unwrap().otherwise_due < start().after(HOUR * 21));
    let wait = start().until(state.next_poll);
    assert!(wait >= HOUR * 21 && wait < HOUR * 22, "{wait:?}");
}

#[test]
fn w15_a_cloud_is_registered_with_daily_and_pings_need_a_form() {
    let mut state = lively("https://hub.example/");
    state.hints.get_or_insert_default().hubs.clear();
    state.hints.get_or_insert_default().cloud = Some(url("http://cloud.example:5337/pleaseNotify"));
    let request = asked(&state, start()).unwrap();
    let form: Vec<_> =
        url::form_urlencoded::parse(request.form().as_bytes()).into_owned().collect();
    let token = request.subscription.token.clone();
    let pairs = [
        ("notifyProcedure", ""),
        ("domain", "us.example"),
        ("port", "443"),
        ("path", &format!("/push/{token}")),
        ("protocol", "https-post"),
        ("url1", "https://a.example/feed"),
    ];
    assert_eq!(form, pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert!(request.is_granted(b"<notifyResult success=\"true\" msg=\"Thanks\"/>"));
    for no in ["<notifyResult success = \"false\" msg=\"\"/>", "{\"success\": false}"] {
        assert!(!request.is_granted(no.as_bytes()), "{no}");
    }
    let mut push = request.subscription;
    assert_eq!(push.secret, None);
    let query = |url: &str| {
        [("url", url), ("challenge", "ch")].map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()
    };
    let theirs = query("https://a.example/other");
    assert_eq!(answer_callback(&mut push, &token, &theirs, start()), CallbackAnswer::Unknown);
    let ours = query("https://a.example/feed");
    assert_eq!(
        answer_callback(&mut push, &token, &ours, start()),
        CallbackAnswer::Echo("ch".to_owned())
    );
    record_accepted(&mut push, start());
    assert_eq!(answer_callback(&mut push, &token, &ours, start()), CallbackAnswer::Unknown);
    assert!(is_ping(&push, b"url=https%3A%2F%2Fa.example%2Ffeed"));
    assert!(!is_ping(&push, b"url=https%3A%2F%2Fb.example%2Ffeed") && !is_ping(&push, b"<rss/>"));
    state.push = Some(Box::new(push));
    assert!(!is_trusted(&state, start()), "a ping may be lost: polling goes on");
    assert_eq!(when(&state), Some(start().after(DAY)));
    let again = asked(&state, start().after(DAY)).unwrap();
    assert_eq!(again.subscription.token, token, "a cloud knows us by our path");
}

#[test]
fn w15_a_ping_hastens_a_poll_but_not_past_the_hard_floor_a_hold_or_a_failure() {
    let source = source();
    let due_after = |state: &SourceState, minutes: u32| {
        let (mut state, now) = (state.clone(), start().after(HOUR / 60 * minutes));
        let hastened = hasten(&mut state, &source, &Settings::default(), now);
        hastened.then(|| start().until(state.next_poll).as_secs() / 60)
    };
    let state = SourceState {
        last_poll: Some(start()),
        next_poll: start().after(HOUR),
        ..lively("https://hub.example/")
    };
    assert_eq!(due_after(&state, 1), Some(5));
    assert_eq!(due_after(&state, 20), Some(20));
    assert_eq!(due_after(&state, 60), None);
    let hold = Some(Hold { until: start().after(HOUR / 2), scope: HoldScope::Source });
    assert_eq!(due_after(&SourceState { hold, ..state.clone() }, 20), Some(30));
    let failure = Some(Box::new(Failure::new(FailureKind::Timeout, "no answer")));
    assert_eq!(due_after(&SourceState { failure, ..state.clone() }, 20), None);
    assert_eq!(due_after(&SourceState { endings: 2, ..state }, 20), None);
}

#[test]
fn w10_only_a_signed_body_is_authentic() {
    let mut push = subscribed().push.unwrap();
    let body = b"<feed/>";
    let signature = Signature::of(push.secret.as_ref().unwrap(), body).to_string();
    assert!(is_authentic(&push, Some(&signature), body));
    assert!(!is_authentic(&push, Some(&signature), b"<feed>"));
    assert!(!is_authentic(&push, Some(&signature.replace("sha256", "md5")), body));
    for bad in [None, Some(""), Some("sha256"), Some("sha256=xyz"), Some("sha256=é0")] {
        assert!(!is_authentic(&push, bad, body), "{bad:?}");
    }
    push.secret = None;
    assert!(is_authentic(&push, None, body));
}

/// Settings under which hubs can reach us.
fn pushable() -> Settings {
    Settings { push: true, ..Settings::default() }
}

/// What a poll with entries of these dates leaves.
fn polled(state: &mut SourceState, new: Vec<Timestamp>, now: Timestamp) {
    let validators = Validators { etag: Some(b"\"a\"".to_vec()), ..Validators::default() };
    let poll = Poll {
        source: id(),
        location: 0,
        at: now,
        outcome: Outcome::Read(Box::new(Reading {
            validators,
            freshness: Freshness::default(),
            bytes: 1,
            hash: 1,
            moved: None,
            feed: Feed::default(),
            entries: Vec::new(),
            hints: Hints { ..state.hints().clone() },
            warnings: Vec::new(),
            broken_off: false,
            back: None,
            read_by: ReadBy::default(),
        })),
        pages: None,
    };
    let source = source();
    record_poll(&poll, &News { new, known: 1, ..News::default() }, state, &source, &pushable());
}

#[test]
fn w13_a_pushed_source_is_looked_at_daily_until_its_hub_lets_news_pass() {
    let mut state = subscribed();
    let now = start().after(HOUR * 2);
    polled(&mut state, vec![now.before(Duration::from_secs(60))], now);
    assert!(now.until(state.next_poll) >= DAY, "a minute is not late");
    let now = start().after(HOUR * 30);
    polled(&mut state, vec![start().before(HOUR)], now);
    assert!(is_trusted(&state, now), "older than the subscription");
    polled(&mut state, vec![now.before(HOUR)], now);
    assert!(!is_trusted(&state, now) && now.until(state.next_poll) < DAY);
    assert!(!is_trusted(&state, now.after(DAY * 6)) && is_trusted(&state, now.after(DAY * 7)));
}

#[test]
fn w12_what_is_pushed_teaches_the_rhythm_and_leaves_the_rest() {
    let mut state = subscribed();
    polled(&mut state, vec![], start().after(HOUR));
    let before = state.clone();
    let now = start().after(HOUR * 3);
    let reading = Reading {
        validators: Validators { etag: Some(b"\"b\"".to_vec()), ..Validators::default() },
        freshness: Freshness { lifetime: Some(DAY * 3), partial: true, ..Freshness::default() },
        bytes: 1,
        hash: 2,
        moved: None,
        feed: Feed::default(),
        entries: Vec::new(),
        hints: Hints { ended: true, ..Hints::default() },
        warnings: Vec::new(),
        broken_off: false,
        back: None,
        read_by: ReadBy::default(),
    };
    let poll = Poll::of(&source(), now, Outcome::Pushed(Box::new(reading)));
    let source = source();
    record_poll(
        &poll,
        &News { new: vec![now], known: 0, ..News::default() },
        &mut state,
        &source,
        &pushable(),
    );
    assert_eq!((state.last_news, state.rhythm.newest), (Some(now), Some(now)));
    let push = state.push.take().unwrap();
    assert_eq!((push.delivered, push.last_delivery), (1, Some(now)));
    let expected = SourceState {
        last_news: Some(now),
        rhythm: state.rhythm.clone(),
        push: None,
        ..before.clone()
    };
    assert_eq!(state, expected);
}

#[test]
fn w14_only_lively_sources_are_subscribed() {
    let mut state = lively("https://hub.example/");
    state.rhythm.newest = Some(start().before(DAY * 31));
    assert_eq!(when(&state), None);
    state.rhythm.newest = None;
    assert_eq!(asked(&state, start()), None);
}
