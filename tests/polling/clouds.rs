//! Tests what an rssCloud may bring about (W15): a running daemon, a scripted source, and the test as its cloud.

use super::hubs::{asked, pass, polls, push_status, pushable, send};
use super::world::{HOUR, MINUTE};
use crate::support::site::{Answer, Gate};
use crate::support::world::World;

/// A world whose source names a cloud.
async fn clouded() -> World {
    let world = pushable().await;
    let (port, topic) = (world.site.url("/").port().unwrap(), world.site.url("/one"));
    let rss = format!(
        "<rss version=\"2.0\"><channel><title>D</title>\
         <cloud domain=\"127.0.0.1\" port=\"{port}\" path=\"/hub\" registerProcedure=\"\" \
         protocol=\"http-post\"/>\
         <item><guid>a</guid><title>News</title><pubDate>Wed, 02 Apr 2025 10:00:00 GMT</pubDate></item>\
         </channel></rss>"
    );
    world.site.document(topic.path(), rss);
    world.site.script("/hub", [Answer::ok("<notifyResult success=\"true\" msg=\"Thanks\"/>")]);
    world.start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn w15_a_cloud_is_registered_with_daily_and_its_challenge_answered() {
    let world = clouded().await;
    let topic = world.site.url("/one").to_string();
    let form = asked(&world).remove(0);
    for (key, value) in [
        ("notifyProcedure", ""),
        ("domain", "us.example"),
        ("port", "443"),
        ("protocol", "https-post"),
        ("url1", &topic),
    ] {
        assert_eq!(form[key], value, "{key}");
    }
    assert_eq!(push_status(&world).state, "registered");
    pass(&world, HOUR * 23).await;
    assert_eq!(asked(&world).len(), 1);
    // While the cloud is being asked again, it challenges.
    let gate = Gate::closed();
    let granted = Answer::ok("<notifyResult success=\"true\"/>").behind(&gate);
    world.site.script("/hub", [granted]);
    world.clock.advance(HOUR + MINUTE * 20);
    let path = form["path"].clone();
    while asked(&world).len() < 2 {
        world.handle().heartbeat().await.unwrap();
    }
    let query = |url: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("url", url).append_pair("challenge", "c").finish()
    };
    let challenged = world.get(&format!("{path}?{}", query(&topic))).await;
    assert_eq!((challenged.status, challenged.text()), (200, "c"));
    let other = world.get(&format!("{path}?{}", query("https://other.example/"))).await;
    assert_eq!(other.status, 404);
    gate.open();
    world.handle().settled().await;
    assert_eq!(asked(&world)[1]["path"], path, "a cloud knows us by our path");
    assert_eq!(push_status(&world).state, "registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn w15_a_flood_of_pings_polls_no_source_more_often_than_every_five_minutes() {
    let world = clouded().await;
    let path = asked(&world).remove(0)["path"].clone();
    let ping = format!("url={}", world.site.url("/one"));
    let mut times = vec![world.clock.now()];
    for _ in 0..60 {
        let before = polls(&world);
        world.pass(MINUTE).await;
        assert_eq!(send(&world, &path, &[], &ping).await, 200);
        times.extend((before..polls(&world)).map(|_| world.clock.now()));
    }
    assert!(times.windows(2).all(|pair| pair[0].until(pair[1]) >= MINUTE * 5), "{times:?}");
    assert!(times.len() > 10, "{} polls in an hour of pings", times.len());
    assert_eq!(push_status(&world).delivered, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn w15_a_ping_does_not_break_a_hold() {
    let world = clouded().await;
    let path = asked(&world).remove(0)["path"].clone();
    world.site.script("/one", [Answer::status(503).header("Retry-After", "7200")]);
    while polls(&world) < 2 {
        world.pass(MINUTE * 10).await;
    }
    for _ in 0..10 {
        let ping = format!("url={}", world.site.url("/one"));
        send(&world, &path, &[], &ping).await;
        world.pass(MINUTE * 10).await;
    }
    assert_eq!(polls(&world), 2);
}
