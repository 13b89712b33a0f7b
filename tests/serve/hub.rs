//! Our own hub, by the numbers of its rules: a running daemon, and the test as its subscriber.

use std::collections::HashMap;
use std::time::Duration;

use gazetted::websub::Signature;

use crate::support::http;
use crate::support::site::{Answer, Gate, Request};
use crate::support::world::{World, atom};

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const FEED: &str = "https://feeds.example.org/topics/news.atom";

/// The source's document with entries up to this number, an hour apart.
pub(super) fn document(entries: usize) -> String {
    let entries: Vec<_> = (1..=entries)
        .map(|n| {
            let (id, link) = (format!("urn:{n}"), format!("https://dep.example/{n}"));
            (id, link, format!("News number {n}"), format!("2025-04-02T{n:02}:00:00Z"))
        })
        .collect();
    let entries: Vec<_> =
        entries.iter().map(|(id, link, title, date)| (&**id, &**link, &**title, &**date)).collect();
    atom(&entries)
}

/// A world with a hub and a subscriber's callback, not started.
pub(super) async fn hub() -> World {
    let world = World::new().await.lines("[hub]\nserve = true");
    let world = world.source("dep", document(1)).topic("news", "news");
    callback(&world, "/cb", 200);
    world
}

/// The pairs of a request's query.
pub(super) fn query(request: &Request) -> HashMap<String, String> {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A callback that confirms whatever it is asked, and answers deliveries with a status.
pub(super) fn callback(world: &World, path: &str, status: u16) {
    answering(world, path, move |request| match query(request).remove("hub.challenge") {
        Some(challenge) => Answer::ok(challenge),
        None => Answer::status(status),
    });
}

pub(super) fn answering(
    world: &World,
    path: &str,
    script: impl FnMut(&Request) -> Answer + Send + 'static,
) {
    world.site.answer_below(path, script);
}

/// What came to a callback by this method.
pub(super) fn came(world: &World, path: &str, method: &str) -> Vec<Request> {
    let is_there = |request: &Request| request.target.split('?').next() == Some(path);
    let log = world.site.log().into_iter();
    log.filter(|request| is_there(request) && request.method() == method).collect()
}

pub(super) fn deliveries(world: &World) -> Vec<Request> {
    came(world, "/cb", "POST")
}

pub(super) fn questions(world: &World) -> Vec<HashMap<String, String>> {
    came(world, "/cb", "GET").iter().map(query).collect()
}

/// Sends a request to the hub, and waits until what follows is done.
pub(super) async fn ask(world: &World, pairs: &[(&str, &str)]) -> http::Answer {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = world.post("/hub", &headers, form.as_bytes()).await;
    world.handle().settled().await;
    answer
}

/// Sends a request for what comes to be told at a callback, and waits for nothing more.
async fn ask_and_go_on(world: &World, callback: &str, pairs: &[(&str, &str)]) -> u16 {
    let callback = world.site.url(callback).to_string();
    let whole = [("hub.mode", "subscribe"), ("hub.callback", &callback)];
    let form = url::form_urlencoded::Serializer::new(String::new());
    let form = { form }.extend_pairs(whole).extend_pairs(pairs).finish();
    world.post("/hub", &[], form.as_bytes()).await.status
}

/// Asks for the feed `topic` to be told at `/cb`.
pub(super) async fn ask_for(world: &World, mode: &str, topic: &str, more: &[(&str, &str)]) -> u16 {
    let callback = world.site.url("/cb").to_string();
    let pairs = [("hub.mode", mode), ("hub.topic", topic), ("hub.callback", &callback)];
    ask(world, &[&pairs, more].concat()).await.status
}

pub(super) async fn subscribe(world: &World, more: &[(&str, &str)]) {
    assert_eq!(ask_for(world, "subscribe", FEED, more).await, 202);
}

/// Lets the source list this many entries, and time pass until it is polled.
pub(super) async fn publish(world: &World, entries: usize) {
    world.site.document("/dep", document(entries));
    world.pass(HOUR * 2).await;
}

pub(super) fn subscribers(world: &World) -> usize {
    world.handle().records().store().subscribers().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_a_request_is_taken_before_it_is_verified_and_a_bad_one_told_why() {
    let world = hub().await.start().await;
    let gate = Gate::closed();
    let behind = gate.clone();
    answering(&world, "/cb", move |_| Answer::status(500).behind(&behind));
    let pairs = [("hub.topic", FEED), ("hub.unknown", "x")];
    // The callback has said nothing yet, and will say no.
    assert_eq!(ask_and_go_on(&world, "/cb", &pairs).await, 202);
    gate.open();
    world.handle().settled().await;
    assert_eq!((questions(&world).len(), subscribers(&world)), (1, 0));

    for (pairs, status, why) in [
        (&[][..], 400, "hub.mode"),
        (&[("hub.mode", "subscribe"), ("hub.topic", FEED)], 400, "hub.callback"),
        (&[("hub.mode", "publish"), ("hub.url", FEED)], 400, "only this site itself publishes"),
    ] {
        let answer = ask(&world, pairs).await;
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(why), "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    let get = world.get("/hub").await;
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    let large = world.post("/hub", &[], &[b'a'; 9000]).await;
    assert_eq!((large.status, large.header("connection")), (413, Some("close")));
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_what_was_taken_is_seen_to_even_if_the_daemon_ends_before_the_callback_was_heard() {
    let mut world = hub().await.start().await;
    subscribe(&world, &[("hub.secret", "first")]).await;
    for path in ["/cb", "/new", "/stranger"] {
        let never = Gate::closed();
        answering(&world, path, move |_| Answer::status(500).behind(&never));
        let pairs = [("hub.topic", FEED), ("hub.secret", "second")];
        assert_eq!(ask_and_go_on(&world, path, &pairs).await, 202, "{path}");
    }
    let told = world.get("/sources").await;
    assert!(told.text().contains("1 subscription"), "who only asked is none: {}", told.text());
    world.stop().await;
    callback(&world, "/cb", 200);
    callback(&world, "/new", 200);
    answering(&world, "/stranger", |_| Answer::status(404));
    world.restart().await;
    assert_eq!(subscribers(&world), 2, "who says no leaves nothing behind");
    publish(&world, 2).await;
    for path in ["/cb", "/new"] {
        let [delivery] = came(&world, path, "POST").try_into().unwrap();
        let signature: Signature = delivery.header("x-hub-signature").unwrap().parse().unwrap();
        assert!(signature.is_of("second", &delivery.body), "{path}");
    }
    let count = world.site.log().len();
    world.restart().await;
    let asked = |request: &Request| request.target.contains("hub.challenge");
    assert!(!world.site.log()[count..].iter().any(asked), "nobody is asked once they were heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn h02_the_callback_is_asked_behind_its_own_query_with_a_challenge_of_its_own() {
    let world = hub().await.start().await;
    let callback = format!("{}?a=b&c=%2F", world.site.url("/cb"));
    let pairs = [("hub.mode", "subscribe"), ("hub.topic", FEED), ("hub.callback", &*callback)];
    for _ in 0..2 {
        assert_eq!(ask(&world, &pairs).await.status, 202);
    }
    let asked = came(&world, "/cb", "GET");
    assert!(asked[0].target.starts_with("/cb?a=b&c=%2F&hub.mode=subscribe&"), "{:?}", asked[0]);
    let [first, second] = questions(&world).try_into().unwrap();
    assert_eq!((&*first["hub.topic"], &*first["hub.lease_seconds"]), (FEED, "864000"));
    assert!(first["hub.challenge"].len() >= 32);
    assert_ne!(first["hub.challenge"], second["hub.challenge"]);
    assert_eq!(subscribers(&world), 1);
    publish(&world, 2).await;
    assert_eq!(deliveries(&world)[0].target, "/cb?a=b&c=%2F");
}

#[tokio::test(flavor = "multi_thread")]
async fn h02_whatever_is_not_the_challenge_is_a_no() {
    let world = hub().await.start().await;
    let says: [fn(String) -> Answer; 4] = [
        |challenge| Answer::status(404).body(challenge),
        |challenge| Answer::ok(format!("{challenge}\n")),
        |_| Answer::ok("yes"),
        |challenge| Answer::redirect(302, "/elsewhere").body(challenge),
    ];
    for says in says {
        answering(&world, "/cb", move |request| says(query(request)["hub.challenge"].clone()));
        subscribe(&world, &[]).await;
        assert_eq!(subscribers(&world), 0);
    }
    assert!(came(&world, "/elsewhere", "GET").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_deliveries_are_signed_and_a_secret_is_shorter_than_200_bytes() {
    let world = hub().await.start().await;
    let too_long = "s".repeat(200);
    assert_eq!(ask_for(&world, "subscribe", FEED, &[("hub.secret", &too_long)]).await, 400);
    subscribe(&world, &[("hub.secret", &too_long[1..])]).await;
    publish(&world, 2).await;
    let delivery = &deliveries(&world)[0];
    let signature = delivery.header("x-hub-signature").unwrap();
    assert!(signature.starts_with("sha256="));
    assert!(signature.parse::<Signature>().unwrap().is_of(&too_long[1..], &delivery.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn h04_another_request_counts_once_it_is_verified() {
    let world = hub().await.start().await;
    subscribe(&world, &[("hub.secret", "first")]).await;
    answering(&world, "/cb", |_| Answer::status(200));
    subscribe(&world, &[("hub.secret", "second")]).await;
    callback(&world, "/cb", 200);
    publish(&world, 2).await;
    subscribe(&world, &[("hub.secret", "third")]).await;
    publish(&world, 3).await;
    let signed_by = |delivery: &Request, secret| {
        let signature: Signature = delivery.header("x-hub-signature").unwrap().parse().unwrap();
        signature.is_of(secret, &delivery.body)
    };
    let [one, other] = deliveries(&world).try_into().unwrap();
    assert!(signed_by(&one, "first") && signed_by(&other, "third"));
    assert_eq!(subscribers(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_a_lease_is_stated_and_ends_unless_it_is_renewed() {
    let world = hub().await.start().await;
    subscribe(&world, &[("hub.lease_seconds", "172800")]).await;
    assert_eq!(questions(&world)[0]["hub.lease_seconds"], "172800");
    world.pass(DAY).await;
    subscribe(&world, &[("hub.lease_seconds", "172800")]).await;
    world.pass(DAY + HOUR).await;
    assert_eq!(subscribers(&world), 1, "it was renewed");
    world.pass(DAY).await;
    assert_eq!(subscribers(&world), 0);
    publish(&world, 2).await;
    assert!(deliveries(&world).is_empty());
    assert!(questions(&world).iter().all(|asked| asked["hub.mode"] == "subscribe"));
}

#[tokio::test(flavor = "multi_thread")]
async fn h06_whoever_leaves_is_asked_whether_that_is_meant() {
    let world = hub().await.start().await;
    assert_eq!(ask_for(&world, "unsubscribe", FEED, &[]).await, 202, "nothing was to end");
    assert!(questions(&world).is_empty());
    subscribe(&world, &[]).await;
    answering(&world, "/cb", |_| Answer::status(404));
    assert_eq!(ask_for(&world, "unsubscribe", FEED, &[]).await, 202);
    assert_eq!(subscribers(&world), 1, "a stranger asked for it");
    callback(&world, "/cb", 200);
    assert_eq!(ask_for(&world, "unsubscribe", FEED, &[]).await, 202);
    assert_eq!(subscribers(&world), 0);
    let last = questions(&world).pop().unwrap();
    assert_eq!((&*last["hub.mode"], last.get("hub.lease_seconds")), ("unsubscribe", None));
    publish(&world, 2).await;
    assert!(deliveries(&world).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn h07_a_delivery_is_the_feed_as_it_is_served() {
    let world = hub().await.start().await;
    for ending in ["atom", "rss", "json"] {
        let path = format!("/topics/news.{ending}");
        assert_eq!(
            ask_for(&world, "subscribe", &format!("https://feeds.example.org{path}"), &[]).await,
            202
        );
    }
    assert!(deliveries(&world).is_empty(), "whoever subscribes has the feed");
    publish(&world, 2).await;
    let mut delivered = deliveries(&world);
    assert_eq!(delivered.len(), 3);
    for ending in ["atom", "rss", "json"] {
        let served = world.get(&format!("/topics/news.{ending}")).await;
        let at = delivered.iter().position(|one| one.body == served.body).unwrap();
        let delivery = delivered.remove(at);
        for name in ["content-type", "link"] {
            assert_eq!(delivery.header(name).as_deref(), served.header(name), "{ending}: {name}");
        }
        let link = delivery.header("link").unwrap();
        assert!(
            link.contains(&format!(
                "<https://feeds.example.org/topics/news.{ending}>; rel=\"self\""
            ))
        );
        assert!(link.contains("<https://feeds.example.org/hub>; rel=\"hub\""), "{link}");
        assert_eq!(delivery.header("x-hub-signature"), None, "no secret was agreed");
    }
    world.pass(DAY).await;
    assert_eq!(deliveries(&world).len(), 3, "what has not changed is not told");
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_a_delivery_that_fails_is_tried_again_with_the_feed_as_it_is_then() {
    let mut world = hub().await.start().await;
    subscribe(&world, &[]).await;
    world.site.script("/elsewhere", [Answer::status(200)]);
    callback(&world, "/cb", 307);
    publish(&world, 2).await;
    assert_eq!(deliveries(&world).len(), 1, "a redirect is a failure");
    publish(&world, 3).await;
    let tries = deliveries(&world).len();
    // A day on, and over a restart, it is still tried, ever more rarely.
    for _ in 0..12 {
        world.pass(HOUR).await;
    }
    world.restart().await;
    for _ in 0..12 {
        world.pass(HOUR).await;
    }
    let further = deliveries(&world).len() - tries;
    assert!((4..20).contains(&further), "{further} tries in a day");
    callback(&world, "/cb", 204);
    world.pass(HOUR * 7).await;
    let last = deliveries(&world).pop().unwrap();
    assert_eq!(last.body, world.get("/topics/news.atom").await.body, "the feed as it is");
    let count = deliveries(&world).len();
    world.pass(DAY).await;
    assert_eq!((deliveries(&world).len(), subscribers(&world)), (count, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_what_changed_while_nobody_ran_is_told_at_the_next_start() {
    let mut world = hub().await.start().await;
    subscribe(&world, &[]).await;
    world.stop().await;
    world.site.document("/dep", document(2));
    world.clock.advance(HOUR * 2);
    world.restart().await;
    assert_eq!(deliveries(&world).len(), 1);
    world.restart().await;
    assert_eq!(deliveries(&world).len(), 1, "and once");
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_a_callback_that_is_gone_is_told_no_more() {
    let world = hub().await.start().await;
    subscribe(&world, &[]).await;
    callback(&world, "/cb", 410);
    publish(&world, 2).await;
    publish(&world, 3).await;
    assert_eq!((deliveries(&world).len(), subscribers(&world)), (1, 0));
}
