//! A subscription's life, in virtual time.

use super::*;
use crate::fetch::tests::web_source;
use crate::fetch::{News, Settings, settle, settle_pushed};
use crate::model::{Feed, Freshness, Hints, Outcome, Poll, Reading, Validators};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const KEY: [u8; 32] = [7; 32];

fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2025-04-02T11:00:00Z").unwrap()
}

fn id() -> SourceId {
    SourceId::new("one")
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// What is remembered of a lively source whose document names this hub.
fn lively(hub: &str) -> Memory {
    let mut memory = Memory { last_poll: Some(start()), ..Memory::default() };
    memory.hints.hubs = vec![url(hub)];
    memory.hints.self_url = Some(url("https://a.example/feed"));
    memory.rhythm.newest = Some(start().before(DAY));
    memory
}

fn asked(memory: &Memory, now: Timestamp) -> Option<Request> {
    request(&id(), memory, &url("https://us.example/push/"), &KEY, now)
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
fn subscribed() -> Memory {
    let mut memory = lively("https://hub.example/");
    let mut push = asked(&memory, start()).unwrap().subscription;
    let token = push.token.clone();
    let query = verification("subscribe", "https://a.example/feed", "864000");
    assert_eq!(verify(&mut push, &token, &query, start()), Answer::Echo("ch".to_owned()));
    memory.push = Some(push);
    memory
}

#[test]
fn w01_w02_headers_come_before_the_document_and_the_topic_is_the_self_link() {
    let mut memory = lively("https://hub.example/");
    assert_eq!(offer(&memory).unwrap().topic, url("https://a.example/feed"));
    let header = Offer { hub: url("https://other.example/"), topic: url("https://a.example/x") };
    memory.validators.offer = Some(Box::new(header.clone()));
    assert_eq!(offer(&memory), Some(header));
    memory.validators.offer = None;
    memory.hints.self_url = None;
    assert_eq!(offer(&memory), None);
    let mut memory = lively("http://plain.example/");
    memory.hints.hubs.push(url("https://safe.example/"));
    assert_eq!(offer(&memory).unwrap().hub, url("https://safe.example/"));
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
    let mut memory = subscribed();
    let first = memory.push.clone().unwrap();
    let renewal = asked(&memory, start().after(DAY * 9)).unwrap();
    assert_ne!(renewal.subscription.token, first.token);
    assert_eq!(renewal.subscription.former.as_ref(), Some(&first.token));
    let other = derived(&KEY, "token", &SourceId::new("two"), 1);
    assert_ne!(other, first.token);
    assert_ne!(derived(&[8; 32], "token", &id(), 1), first.token);
    // Until the renewal is confirmed, both callbacks are good; then the new one.
    memory.push = Some(renewal.subscription);
    let push = memory.push.as_mut().unwrap();
    let token = push.token.clone();
    assert!(is_token(push, &first.token) && is_token(push, &token) && !is_token(push, "x"));
    let query = verification("subscribe", "https://a.example/feed", "60");
    verify(push, &token, &query, start().after(DAY * 9));
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
        assert_eq!(verify(&mut push, token, &query, start()), Answer::NotOurs, "{mode} {topic}");
    }
    let query = verification("subscribe", "https://a.example/feed", "60");
    assert_eq!(verify(&mut push, &token, &query, start()), Answer::Echo("ch".to_owned()));
    assert_eq!(verify(&mut push, &token, &query, start()), Answer::NotOurs);
}

#[test]
fn w08_a_lease_is_renewed_before_it_ends_and_a_silent_hub_asked_hourly() {
    let mut memory = lively("https://hub.example/");
    assert_eq!(due(&id(), &memory), Some(Timestamp::EPOCH));
    memory.push = Some(asked(&memory, start()).unwrap().subscription);
    assert_eq!(due(&id(), &memory), Some(start().after(HOUR)));
    assert_eq!(asked(&memory, start().after(HOUR / 2)), None);
    assert!(asked(&memory, start().after(HOUR)).is_some());
    let push = memory.push.as_mut().unwrap();
    let token = push.token.clone();
    verify(push, &token, &verification("subscribe", "https://a.example/feed", "600"), start());
    let renewal = start().until(due(&id(), &memory).unwrap()).as_secs();
    assert!((480..=540).contains(&renewal), "{renewal}");
}

#[test]
fn w09_a_hub_that_denies_is_left_alone_and_the_source_is_polled() {
    let mut memory = subscribed();
    assert!(covers(&memory, start()));
    let push = memory.push.as_mut().unwrap();
    let token = push.token.clone();
    let query = verification("denied", "https://a.example/feed", "");
    assert_eq!(verify(push, &token, &query, start()), Answer::Noted);
    assert!(!covers(&memory, start()));
    assert_eq!(asked(&memory, start().after(DAY)), None);
}

#[test]
fn w10_only_a_signed_body_is_authentic() {
    let mut push = subscribed().push.unwrap();
    let body = b"<feed/>";
    for (name, algorithm) in [
        ("sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        ("sha256", hmac::HMAC_SHA256),
        ("sha384", hmac::HMAC_SHA384),
        ("sha512", hmac::HMAC_SHA512),
    ] {
        let key = hmac::Key::new(algorithm, push.secret.as_ref().unwrap().as_bytes());
        let digest: String =
            hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(authentic(&mut push, Some(&format!("{name}={digest}")), body), "{name}");
        assert!(!authentic(&mut push, Some(&format!("{name}={digest}")), b"<feed>"), "{name}");
        assert!(!authentic(&mut push, Some(&format!("md5={digest}")), body));
    }
    for bad in [None, Some(""), Some("sha256"), Some("sha256=xyz"), Some("sha256=é0")] {
        assert!(!authentic(&mut push, bad, body), "{bad:?}");
    }
    assert_eq!(push.forged, 8 + 5);
    push.secret = None;
    assert!(authentic(&mut push, None, body));
}

/// What a poll with entries of these dates leaves.
fn polled(memory: &mut Memory, new: Vec<Timestamp>, now: Timestamp) {
    let validators = Validators { etag: Some(b"\"a\"".to_vec()), ..Validators::default() };
    let poll = Poll {
        source: id(),
        at: now,
        outcome: Outcome::Read(Box::new(Reading {
            validators,
            freshness: Freshness::default(),
            bytes: 1,
            hash: 1,
            moved: None,
            feed: Feed::default(),
            entries: Vec::new(),
            hints: Hints { ..memory.hints.clone() },
            warnings: Vec::new(),
            back: None,
        })),
    };
    let source = web_source("one", "https://a.example/feed");
    settle(&poll, &News { new, known: 1 }, memory, &source, &Settings::default());
}

#[test]
fn w13_a_pushed_source_is_looked_at_daily_until_its_hub_lets_news_pass() {
    let mut memory = subscribed();
    let now = start().after(HOUR * 2);
    polled(&mut memory, vec![now.before(Duration::from_secs(60))], now);
    assert!(now.until(memory.next_poll) >= DAY, "a minute is not late");
    let now = start().after(HOUR * 30);
    polled(&mut memory, vec![start().before(HOUR)], now);
    assert!(covers(&memory, now), "older than the subscription");
    polled(&mut memory, vec![now.before(HOUR)], now);
    assert!(!covers(&memory, now) && now.until(memory.next_poll) < DAY);
    assert!(!covers(&memory, now.after(DAY * 6)) && covers(&memory, now.after(DAY * 7)));
}

#[test]
fn w12_what_is_pushed_teaches_the_rhythm_and_leaves_the_rest() {
    let mut memory = subscribed();
    polled(&mut memory, vec![], start().after(HOUR));
    let before = memory.clone();
    let now = start().after(HOUR * 3);
    settle_pushed(&News { new: vec![now], known: 0 }, &mut memory, now);
    assert_eq!(memory.last_news, Some(now));
    assert_eq!(memory.rhythm.newest, Some(now));
    assert_eq!((memory.next_poll, &memory.validators), (before.next_poll, &before.validators));
}

#[test]
fn w14_only_lively_sources_are_subscribed() {
    let mut memory = lively("https://hub.example/");
    memory.rhythm.newest = Some(start().before(DAY * 31));
    assert_eq!(due(&id(), &memory), None);
    memory.rhythm.newest = None;
    assert_eq!(asked(&memory, start()), None);
}
