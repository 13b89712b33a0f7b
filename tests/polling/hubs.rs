//! Rules about hubs, by their numbers: a running daemon, a scripted source, and the test as their hub.

use std::collections::HashMap;
use std::time::Duration;

use gazetted::inquiry::status::{PushStatus, SourceReport};
use gazetted::websub::Signature;

use super::world::{DAY, HOUR, MINUTE};
use crate::support::site::Answer;
use crate::support::world::{World, atom};

/// An entry of the department: its number, and its date.
type Listed<'a> = (&'a str, &'a str);

const OLD: Listed<'_> = ("old", "2025-04-02T10:00:00Z");
const NEW: Listed<'_> = ("new", "2025-04-03T09:20:00Z");

fn document(entries: &[Listed<'_>]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(id, date)| {
            (format!("urn:{id}"), format!("https://dep.example/{id}"), format!("News {id}"), *date)
        })
        .collect();
    let entries: Vec<_> =
        entries.iter().map(|(id, link, title, date)| (&**id, &**link, &**title, *date)).collect();
    atom(&entries)
}

/// The same, naming a hub and itself.
fn offering(hub: &str, topic: &str, entries: &[Listed<'_>]) -> String {
    let links = format!("<link rel=\"hub\" href=\"{hub}\"/><link rel=\"self\" href=\"{topic}\"/>");
    document(entries).replacen("<title>", &format!("{links}<title>"), 1)
}

/// A world whose source `one` names the hub `/hub` of its site, and which hubs can reach.
pub async fn pushable() -> World {
    let world = World::new().await.lines("[hub]\ncallback_url = \"https://us.example/\"");
    let (hub, topic) = (world.site.url("/hub"), world.site.url("/one"));
    world.site.script("/hub", [Answer::status(202)]);
    let document = offering(hub.as_str(), topic.as_str(), &[OLD]);
    world.source("one", document).topic("news", "title:news")
}

/// What the hub was asked, each time.
pub fn asked(world: &World) -> Vec<HashMap<String, String>> {
    let form = |body: &[u8]| url::form_urlencoded::parse(body).into_owned().collect();
    world.site.requests("/hub").iter().map(|request| form(&request.body)).collect()
}

/// The path of the callback that the hub was last told.
fn callback(world: &World) -> String {
    let callback = asked(world).last().unwrap()["hub.callback"].clone();
    callback.strip_prefix("https://us.example").unwrap().to_owned()
}

/// Calls back as the hub does to verify.
async fn verify(world: &World, path: &str, mode: &str, topic: &str, lease: u64) -> (u16, String) {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", mode)
        .append_pair("hub.topic", topic)
        .append_pair("hub.challenge", "c h&")
        .append_pair("hub.lease_seconds", &lease.to_string())
        .finish();
    let answer = world.get(&format!("{path}?{query}")).await;
    world.handle().settled().await;
    (answer.status, answer.text().to_owned())
}

/// Confirms what was last asked, for ten days.
async fn confirm(world: &World) -> String {
    let (path, topic) = (callback(world), world.site.url("/one").to_string());
    let confirmed = verify(world, &path, "subscribe", &topic, 864_000).await;
    assert_eq!(confirmed, (200, "c h&".to_owned()));
    path
}

/// A world whose hub pushes.
async fn pushed() -> (World, String) {
    let world = pushable().await.start().await;
    let path = confirm(&world).await;
    (world, path)
}

/// Sends a body, and waits until all that follows is done.
pub async fn send(world: &World, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let answer = world.post(path, headers, body.as_bytes()).await;
    world.handle().settled().await;
    answer.status
}

/// Pushes a document, signed as was agreed.
async fn push(world: &World, path: &str, body: &str) -> u16 {
    let signature = signature(world, body);
    let headers = [("Content-Type", "application/atom+xml"), ("X-Hub-Signature", &*signature)];
    send(world, path, &headers, body).await
}

fn signature(world: &World, body: &str) -> String {
    let asked = asked(world);
    Signature::of(&asked.last().unwrap()["hub.secret"], body.as_bytes()).to_string()
}

fn status(world: &World) -> SourceReport {
    world.handle().records().status(world.clock.now()).remove(0)
}

pub fn push_status(world: &World) -> PushStatus {
    status(world).push.unwrap()
}

pub fn polls(world: &World) -> usize {
    world.site.requests("/one").len()
}

/// Lets the time pass in steps; how many polls there were.
pub async fn pass(world: &World, time: Duration) -> usize {
    let (before, steps) = (polls(world), time.as_secs() / (10 * 60));
    for _ in 0..steps {
        world.pass(MINUTE * 10).await;
    }
    polls(world) - before
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_not_cached_for_long_while_a_hub_pushes() {
    let world = pushable().await.start().await;
    let max_age = async |world: &World| {
        let feed = world.get("/topics/news.atom").await;
        feed.header("cache-control").unwrap().split(", ").nth(1).unwrap().to_owned()
    };
    assert_eq!(max_age(&world).await, "max-age=3600", "it is polled in an hour, and nobody pushes");
    confirm(&world).await;
    assert_eq!(max_age(&world).await, "max-age=300");
    // Its lease ends.
    world.pass(DAY * 11).await;
    assert_ne!(push_status(&world).state, "active");
    assert_ne!(max_age(&world).await, "max-age=300");
}

#[tokio::test(flavor = "multi_thread")]
async fn w01_a_link_header_comes_before_the_document_and_rss_is_read_too() {
    let world = pushable().await;
    let (other, topic) = (world.site.url("/other"), world.site.url("/header"));
    let link = format!("<{other}>; rel=\"hub\", <{topic}>; rel=\"self\"");
    let (hub, document_topic) = (world.site.url("/hub"), world.site.url("/one"));
    let body = offering(hub.as_str(), document_topic.as_str(), &[OLD]);
    world.site.script("/one", [Answer::ok(body).header("Link", link)]);
    let world = world.start().await;
    assert!(asked(&world).is_empty());
    let request = &world.site.requests("/other")[0];
    let form: HashMap<_, _> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    assert_eq!(form["hub.topic"], topic.as_str());

    let world = pushable().await;
    let (hub, topic) = (world.site.url("/hub"), world.site.url("/topic"));
    let rss = format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>D</title>\
         <atom:link rel=\"hub\" href=\"{hub}\"/><atom:link rel=\"self\" href=\"{topic}\"/>\
         <item><guid>a</guid><title>News</title><pubDate>Wed, 02 Apr 2025 10:00:00 GMT</pubDate></item>\
         </channel></rss>"
    );
    world.site.document("/one", rss);
    let world = world.start().await;
    assert_eq!(asked(&world)[0]["hub.topic"], topic.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn w02_the_topic_is_what_the_source_calls_itself_wherever_it_was_fetched() {
    let world = pushable().await;
    let hub = world.site.url("/hub");
    let body = offering(hub.as_str(), "https://dep.example/feed", &[OLD]);
    world.site.document("/elsewhere", body);
    world.site.script("/one", [Answer::redirect(302, "/elsewhere")]);
    let world = world.start().await;
    assert_eq!(asked(&world)[0]["hub.topic"], "https://dep.example/feed");
}

#[tokio::test(flavor = "multi_thread")]
async fn w03_w05_a_hub_is_asked_once_by_a_form_with_a_secret() {
    let world = pushable().await.start().await;
    let asked = asked(&world);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["hub.mode"], "subscribe");
    assert_eq!(asked[0]["hub.lease_seconds"], "864000");
    assert!((32..200).contains(&asked[0]["hub.secret"].len()), "the hub is on loopback");
    assert!(asked[0]["hub.callback"].starts_with("https://us.example/push/"));
    let request = &world.site.requests("/hub")[0];
    assert_eq!(request.method(), "POST");
    assert!(request.header("user-agent").unwrap().starts_with("gazetted/"));
    assert_eq!(push_status(&world).state, "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn w04_every_renewal_has_a_path_of_its_own_and_ends_the_one_before() {
    let world = pushable().await.start().await;
    let mut paths = vec![confirm(&world).await];
    for _ in 0..2 {
        pass(&world, DAY * 8 + HOUR * 13).await;
        // Until it is confirmed, what the hub pushes comes to the former path.
        let former = paths.last().unwrap().clone();
        assert_eq!(push(&world, &former, &document(&[OLD])).await, 200);
        paths.push(confirm(&world).await);
        assert_eq!(push(&world, &former, &document(&[OLD])).await, 410);
    }
    assert!(paths[0] != paths[1] && paths[1] != paths[2] && paths[0] != paths[2], "{paths:?}");
    assert!(paths.iter().all(|path| path.len() == "/push/".len() + 32));
}

#[tokio::test(flavor = "multi_thread")]
async fn w06_a_hub_that_has_moved_gets_the_same_again() {
    let world = pushable().await;
    world.site.script("/hub", [Answer::redirect(308, "/hub2")]);
    world.site.script("/hub2", [Answer::status(202)]);
    let world = world.start().await;
    let (first, second) = (&world.site.requests("/hub")[0], &world.site.requests("/hub2")[0]);
    assert_eq!((second.method().as_str(), &second.body), ("POST", &first.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn w07_only_what_was_asked_for_is_confirmed() {
    let world = pushable().await.start().await;
    let (path, topic) = (callback(&world), world.site.url("/one").to_string());
    for (path, mode, topic) in [
        ("/push/0123456789abcdef0123456789abcdef", "subscribe", &*topic),
        (&*path, "subscribe", "https://other.example/"),
        (&*path, "unsubscribe", &*topic),
        (&*path, "", &*topic),
    ] {
        assert_eq!(verify(&world, path, mode, topic, 60).await.0, 404, "{path} {mode} {topic}");
    }
    assert_eq!(push_status(&world).state, "asked");
    confirm(&world).await;
    assert_eq!(push_status(&world).state, "active");
    assert_eq!(verify(&world, &path, "subscribe", &topic, 60).await.0, 404, "it was asked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn w08_a_lease_is_renewed_before_it_ends_and_a_silent_hub_asked_hourly_while_polls_go_on() {
    let world = pushable().await.start().await;
    let (path, topic) = (callback(&world), world.site.url("/one").to_string());
    verify(&world, &path, "subscribe", &topic, 600).await;
    world.pass(Duration::from_secs(479)).await;
    assert_eq!(asked(&world).len(), 1);
    world.pass(Duration::from_secs(61)).await;
    assert_eq!(asked(&world).len(), 2, "between 480 and 540 seconds");
    // The hub says nothing more.
    let polled = pass(&world, HOUR * 4).await;
    assert_eq!(asked(&world).len(), 6);
    assert!((3..=4).contains(&polled), "{polled} polls in four hours");
    assert_eq!(push_status(&world).state, "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn w08_a_hub_that_cannot_be_asked_is_told_of_and_left_alone_as_it_says() {
    let world = pushable().await;
    world.site.script("/hub", [Answer::status(429).header("Retry-After", "10800")]);
    let world = world.start().await;
    assert!(push_status(&world).trouble.unwrap().contains("429"));
    pass(&world, HOUR * 2 + MINUTE * 50).await;
    assert_eq!(asked(&world).len(), 1);
    pass(&world, MINUTE * 20).await;
    assert_eq!(asked(&world).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn w09_a_hub_that_denies_is_left_alone_and_the_source_is_polled() {
    let (world, path) = pushed().await;
    pass(&world, HOUR * 2).await;
    assert_eq!(pass(&world, HOUR * 4).await, 0, "its hub pushes");
    let denied = verify(&world, &path, "denied", world.site.url("/one").as_str(), 0).await;
    assert_eq!(denied.0, 200);
    assert_eq!(push_status(&world).state, "denied");
    let polled = pass(&world, HOUR * 4).await;
    assert!((3..=5).contains(&polled), "{polled} polls in four hours");
    assert_eq!(asked(&world).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn w10_what_is_not_signed_by_the_hub_is_thanked_for_and_left_alone() {
    let (world, path) = pushed().await;
    let body = document(&[NEW]);
    let forged = Signature::of("guess", body.as_bytes()).to_string();
    for headers in [&[][..], &[("X-Hub-Signature", &*forged)], &[("X-Hub-Signature", "sha256=")]] {
        assert_eq!(send(&world, &path, headers, &body).await, 200);
    }
    assert_eq!(world.titles("news").await, ["News old"]);
    assert_eq!(push_status(&world).forged, 3);
    assert_eq!(push(&world, &path, &body).await, 200);
    assert_eq!(world.titles("news").await, ["News new", "News old"]);
    let metrics = world.get("/metrics").await;
    for line in ["result=\"forged\"} 3", "result=\"read\"} 1"] {
        let line = format!("gazetted_pushes_total{{source=\"one\",{line}");
        assert!(metrics.text().contains(&line), "{}", metrics.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w11_a_delivery_is_answered_unread_and_a_callback_that_nobody_knows_is_gone() {
    let (world, path) = pushed().await;
    // It is no feed, which nobody has seen yet when it is answered.
    assert_eq!(push(&world, &path, "no feed").await, 200);
    assert_eq!(push_status(&world).state, "active");
    assert!(world.get("/metrics").await.text().contains("result=\"unreadable\"} 1"));
    let unknown = world.post("/push/0123456789abcdef0123456789abcdef", &[], b"<feed/>").await;
    assert_eq!(unknown.status, 410);
    let large = world.post(&path, &[("Content-Length", "99999999")], b"").await;
    assert_eq!(large.status, 413);
    // Neither a redirect nor a page: a hub is told no more than it needs.
    assert_eq!(world.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn w12_a_push_is_a_partial_document_and_no_answer_of_the_source() {
    let (world, path) = pushed().await;
    let before = status(&world);
    world.pass(MINUTE * 30).await;
    // It names another hub, which is no concern of a push.
    let body = offering("https://evil.example/", "https://evil.example/feed", &[NEW]);
    assert_eq!(push(&world, &path, &body).await, 200);
    assert_eq!(world.titles("news").await, ["News new", "News old"]);
    let after = status(&world);
    assert_eq!((&after.etag, &after.next_poll), (&before.etag, &before.next_poll));
    assert_eq!((after.polls, after.last_poll), (before.polls, before.last_poll));
    let push = after.push.unwrap();
    assert_eq!((push.delivered, push.last_delivery), (1, Some(world.clock.now().to_string())));
    assert!(push.hub.ends_with("/hub"), "{}", push.hub);
    // The next poll lists both, and brings nothing new; it is as conditional as ever.
    let (hub, topic) = (world.site.url("/hub"), world.site.url("/one"));
    let listed = offering(hub.as_str(), topic.as_str(), &[NEW, OLD]);
    world.site.document("/one", listed);
    pass(&world, DAY).await;
    assert!(world.site.requests("/one")[1].is_conditional());
    assert_eq!(world.stories().len(), 2);
    assert_eq!(push_status(&world).state, "active", "nothing was missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn w13_a_pushed_source_is_polled_daily_and_as_ever_once_its_hub_let_news_pass() {
    let (world, _) = pushed().await;
    // The poll that was planned before the hub agreed, and then one a day.
    assert_eq!(pass(&world, HOUR * 2).await, 1);
    let polled = pass(&world, DAY * 4).await;
    assert!((3..=4).contains(&polled), "{polled} polls in four days");
    let (hub, topic) = (world.site.url("/hub"), world.site.url("/one"));
    let dropped = ("dropped", &*world.clock.now().to_string());
    let listed = offering(hub.as_str(), topic.as_str(), &[dropped, OLD]);
    world.site.document("/one", listed);
    pass(&world, DAY + HOUR).await;
    assert_eq!(world.titles("news").await, ["News dropped", "News old"]);
    assert_eq!(push_status(&world).state, "distrusted");
    let polled = pass(&world, HOUR * 10).await;
    assert!((8..=10).contains(&polled), "{polled} polls in ten hours");
    pass(&world, DAY * 7).await;
    confirm(&world).await;
    pass(&world, HOUR).await;
    assert_eq!(pass(&world, HOUR * 10).await, 0, "a week later it has another chance");
}

#[tokio::test(flavor = "multi_thread")]
async fn w14_a_source_that_has_been_silent_for_a_month_is_not_worth_a_subscription() {
    let world = pushable().await;
    let (hub, topic) = (world.site.url("/hub"), world.site.url("/one"));
    let silent = [("old", "2025-02-20T10:00:00Z")];
    world.site.document("/one", offering(hub.as_str(), topic.as_str(), &silent));
    let world = world.start().await;
    pass(&world, HOUR * 3).await;
    assert!(asked(&world).is_empty());
    assert_eq!(status(&world).push, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_survives_a_restart() {
    let (mut world, path) = pushed().await;
    pass(&world, HOUR * 2).await;
    let (polled, secret) = (polls(&world), asked(&world)[0]["hub.secret"].clone());
    world.restart().await;
    assert_eq!(push(&world, &path, &document(&[NEW])).await, 200);
    assert_eq!(world.titles("news").await, ["News new", "News old"]);
    pass(&world, HOUR * 5).await;
    assert_eq!((asked(&world).len(), polls(&world)), (1, polled));
    pass(&world, DAY * 9).await;
    assert_eq!(asked(&world)[1]["hub.secret"], secret, "the secret is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hub_was_thanked_for_is_published_before_the_daemon_ends() {
    let (mut world, path) = pushed().await;
    let body = document(&[NEW]);
    let headers = [("X-Hub-Signature", &*signature(&world, &body))];
    assert_eq!(world.post(&path, &headers, body.as_bytes()).await.status, 200);
    world.restart().await;
    assert_eq!(world.titles("news").await, ["News new", "News old"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn full_texts_of_what_was_pushed_are_fetched_in_turn_by_a_poll_soon_after() {
    let (mut world, path) = pushed().await;
    world
        .reconfigure(|config| {
            *config = config.replace("[[topic]]", "enrich = \"page\"\n[[topic]]");
        })
        .await;
    let (hub, topic, page) = (world.site.url("/hub"), world.site.url("/one"), "/page");
    let body = offering(hub.as_str(), topic.as_str(), &[NEW, OLD]);
    let body = body.replace("https://dep.example/new", world.site.url(page).as_str());
    world.site.document("/one", body.clone());
    world.site.document(page, "<html><body><article><p>The full text.</p></article></body></html>");
    let polled = polls(&world);
    assert_eq!(push(&world, &path, &body).await, 200);
    assert_eq!(world.titles("news").await, ["News new", "News old"]);
    assert_eq!((polls(&world), world.site.requests(page).len()), (polled, 0));
    world.pass(MINUTE * 5).await;
    assert_eq!((polls(&world), world.site.requests(page).len()), (polled + 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_may_verify_before_it_answers() {
    let (world, _) = pushed().await;
    let gate = crate::support::site::Gate::closed();
    world.site.script("/hub", [Answer::status(202).behind(&gate)]);
    world.clock.advance(DAY * 9);
    while asked(&world).len() < 2 {
        world.handle().heartbeat().await.unwrap();
    }
    let query = "hub.mode=subscribe&hub.challenge=c&hub.lease_seconds=864000&hub.topic=";
    let topic = world.site.url("/one");
    let verified = world.get(&format!("{}?{query}{topic}", callback(&world))).await;
    assert_eq!((verified.status, verified.text()), (200, "c"));
    gate.open();
    world.handle().settled().await;
    assert_eq!((asked(&world).len(), push_status(&world).trouble), (2, None));
    assert_eq!(push_status(&world).state, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_of_the_operator_no_hub_is_asked_and_no_callback_open() {
    let (mut world, path) = pushed().await;
    pass(&world, HOUR * 2).await;
    world
        .reconfigure(|config| *config = config.replace("[[topic]]", "push = false\n[[topic]]"))
        .await;
    assert_eq!(push(&world, &path, &document(&[NEW])).await, 410);
    assert_eq!(status(&world).push, None);
    let polled = pass(&world, HOUR * 4).await;
    assert!((3..=5).contains(&polled), "{polled} polls in four hours");
    world.reconfigure(|config| *config = config.replace("push = false\n", "")).await;
    assert_eq!(asked(&world).len(), 2, "as at first sight");
    confirm(&world).await;
    world.reconfigure(|config| *config = config.replace("callback_url", "#")).await;
    assert_eq!(status(&world).push, None);
    pass(&world, DAY).await;
    assert_eq!(asked(&world).len(), 2);
}
