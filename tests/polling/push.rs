//! Rules about hubs that need the network: offers in answers, and requests to hubs.

use gazetted::fetch::Fetcher;
use gazetted::model::{FailureKind, Seed, SourceId};
use gazetted::websub::inbound::{self, HubRequest};
use url::Url;

use super::world::{FEED, World, settings};
use crate::support::site::{Answer, Site};

/// What a source whose answers name this hub would have asked of it.
async fn request(site: &Site, hub: &Url) -> HubRequest {
    let link = format!("<{hub}>; rel=hub, </feed>; rel=self");
    site.script("/feed", [Answer::ok(FEED).header("Link", link)]);
    let mut world = World::one(&site.url("/feed"));
    world.poll().await;
    let callbacks = Url::parse("https://us.example/push/").unwrap();
    let id = SourceId::new("one");
    inbound::next_request(&id, world.source_state(), &callbacks, &Seed::of([1; 32]), world.now)
        .unwrap()
}

#[tokio::test]
async fn w01_link_headers_are_read_and_kept_over_a_304() {
    let site = Site::start().await;
    let hub = site.url("/hub");
    let request = request(&site, &hub).await;
    assert_eq!(request.hub, hub);
    assert_eq!(request.subscription.offer.topic, site.url("/feed"));

    let link = format!("<{hub}>; rel=hub, </feed>; rel=self");
    let first = Answer::ok(FEED).header("ETag", "\"a\"").header("Link", link);
    site.script("/feed", [first, Answer::status(304).header("ETag", "\"a\"")]);
    let mut world = World::one(&site.url("/feed"));
    world.poll().await;
    world.poll().await;
    assert_eq!(inbound::offer(world.source_state()).unwrap().hub, hub);
}

#[tokio::test]
async fn w03_w06_the_hub_gets_a_form_and_its_redirects_the_same_again() {
    let site = Site::start().await;
    let request = request(&site, &site.url("/hub")).await;
    let fetcher = Fetcher::new(&settings()).unwrap();
    site.script("/hub", [Answer::redirect(307, "/hub2")]);
    site.script("/hub2", [Answer::redirect(308, "/hub3")]);
    site.script("/hub3", [Answer::status(202)]);
    fetcher.subscribe(&request).await.unwrap();
    let asked: Vec<_> = site.log().into_iter().skip(1).collect();
    assert_eq!(asked.len(), 3);
    for post in asked {
        assert_eq!(post.method(), "POST");
        assert_eq!(
            post.header("content-type").as_deref(),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(post.body, request.form().as_bytes());
    }

    site.script("/hub", [Answer::redirect(302, "/hub3")]);
    assert_eq!(fetcher.subscribe(&request).await.unwrap_err().status, Some(302));
    site.script(
        "/hub",
        [Answer::status(400).header("Content-Type", "text/plain").body("no such topic")],
    );
    let refusal = fetcher.subscribe(&request).await.unwrap_err();
    assert!(refusal.message.contains("no such topic"), "{refusal}");
}

#[tokio::test]
async fn a_hub_at_a_private_address_is_not_asked() {
    let site = Site::start().await;
    let mut request = request(&site, &site.url("/hub")).await;
    request.hub = Url::parse("http://10.0.0.1/hub").unwrap();
    let refusal = Fetcher::new(&settings()).unwrap().subscribe(&request).await.unwrap_err();
    assert_eq!(refusal.kind, FailureKind::Forbidden);
}
