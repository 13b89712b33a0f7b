//! Tests the rules about redirects: whom the next poll asks after a chain of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use gazetted::fetch::Settings;
use gazetted::model::{FailureKind, Outcome};

use super::world::{DAY, FEED, World, failure, settings, source};
use crate::support::site::{Answer, Site};

/// The paths that two polls of `/a` ask for.
async fn asked(scripts: &[(&str, Answer)]) -> Vec<String> {
    let site = Site::start().await;
    for (path, answer) in scripts {
        site.script(path, [answer.clone()]);
    }
    let mut world = World::one(&site.url("/a"));
    world.poll().await;
    world.poll().await;
    site.log().into_iter().map(|request| request.target).collect()
}

fn to(status: u16, path: &str) -> Answer {
    Answer::redirect(status, path)
}

#[tokio::test]
async fn p45_after_a_permanent_redirect_only_the_new_address_is_asked() {
    for status in [301, 308] {
        let seen = asked(&[("/a", to(status, "/b")), ("/b", Answer::ok(FEED))]).await;
        assert_eq!(seen, ["/a", "/b", "/b"]);
    }
    let chain = [("/a", to(301, "/b")), ("/b", to(308, "/c")), ("/c", Answer::ok(FEED))];
    assert_eq!(asked(&chain).await, ["/a", "/b", "/c", "/c"]);
}

#[tokio::test]
async fn p45_good_answers_of_the_new_address_are_counted() {
    let site = Site::start().await;
    site.script("/a", [to(301, "/b")]);
    site.document("/b", FEED);
    let mut world = World::one(&site.url("/a"));
    world.run_until(3).await;
    let moved = world.source_state().moved.clone().unwrap();
    assert_eq!((moved.to, moved.successes), (site.url("/b"), 3));
    assert_eq!(site.requests("/a").len(), 1);
}

#[tokio::test]
async fn p46_only_the_leading_permanent_part_of_a_chain_is_adopted() {
    for status in [302, 303, 307] {
        let seen = asked(&[("/a", to(status, "/b")), ("/b", Answer::ok(FEED))]).await;
        assert_eq!(seen, ["/a", "/b", "/a", "/b"], "{status}");
    }
    let mixed = [("/a", to(301, "/b")), ("/b", to(302, "/c")), ("/c", Answer::ok(FEED))];
    assert_eq!(asked(&mixed).await, ["/a", "/b", "/c", "/b", "/c"]);
    let mixed = [("/a", to(302, "/b")), ("/b", to(301, "/c")), ("/c", Answer::ok(FEED))];
    assert_eq!(asked(&mixed).await, ["/a", "/b", "/c", "/a", "/b", "/c"]);
}

#[tokio::test]
async fn p47_a_permanent_redirect_to_no_feed_is_not_adopted() {
    for end in [Answer::ok("<html>maintenance"), Answer::status(404), Answer::status(500)] {
        let seen = asked(&[("/a", to(301, "/b")), ("/b", end)]).await;
        assert_eq!(seen, ["/a", "/b", "/a", "/b"]);
    }
}

#[tokio::test]
async fn p47_an_adopted_address_that_goes_away_gives_the_old_one_another_chance() {
    let site = Site::start().await;
    site.script("/a", [to(301, "/b"), Answer::ok(FEED)]);
    site.script("/b", [Answer::ok(FEED), Answer::status(404)]);
    let mut world = World::one(&site.url("/a"));
    for _ in 0..3 {
        world.poll().await;
    }
    let paths: Vec<_> = site.log().into_iter().map(|request| request.target).collect();
    assert_eq!(paths, ["/a", "/b", "/b", "/a"]);
    assert_eq!(world.source_state().moved, None);
}

#[tokio::test]
async fn p48_redirects_are_bounded_and_lead_to_the_web_alone() {
    for (scripts, kind) in [
        (vec![("/a", to(302, "/a"))], FailureKind::Redirect),
        (vec![("/a", to(302, "/b")), ("/b", to(302, "/a#x"))], FailureKind::Redirect),
        (vec![("/a", Answer::status(302))], FailureKind::Redirect),
        (vec![("/a", to(302, "file:///etc/passwd"))], FailureKind::Redirect),
        (vec![("/a", to(302, "gopher://example.org/"))], FailureKind::Redirect),
        (vec![("/a", to(302, "http://"))], FailureKind::Redirect),
    ] {
        let site = Site::start().await;
        for (path, answer) in &scripts {
            site.script(path, [answer.clone()]);
        }
        let mut world = World::one(&site.url("/a"));
        assert_eq!(failure(world.poll().await).kind, kind, "{scripts:?}");
    }
}

#[tokio::test]
async fn p48_five_hops_are_followed_and_no_sixth() {
    for (hops, follows) in [(5, true), (6, false)] {
        let site = Site::start().await;
        for hop in 0..hops {
            site.script(&format!("/{hop}"), [to(302, &format!("/{}", hop + 1))]);
        }
        site.script(&format!("/{hops}"), [Answer::ok(FEED)]);
        let mut world = World::one(&site.url("/0"));
        assert_eq!(matches!(world.poll().await, Outcome::Read(_)), follows, "{hops} hops");
    }
}

#[tokio::test]
async fn p48_relative_locations_are_resolved_and_fragments_dropped() {
    let site = Site::start().await;
    site.script("/x/a?q=1", [to(302, "../b?r=2#top")]);
    site.script("/b?r=2", [Answer::ok(FEED)]);
    let mut world = World::one(&site.url("/x/a?q=1"));
    assert!(matches!(world.poll().await, Outcome::Read(_)));
    assert_eq!(site.log()[1].target, "/b?r=2");
}

#[tokio::test]
async fn p48_a_redirect_to_a_private_address_is_refused() {
    let (site, inner) = (Site::start().await, Site::start_on("127.0.0.2").await);
    inner.script("/secret", [Answer::ok(FEED)]);
    let port = inner.url("/").port().unwrap();
    let settings =
        Settings { allow_private: vec!["127.0.0.1/32".parse().unwrap()], ..Settings::default() };
    for target in [
        format!("http://127.0.0.2:{port}/secret"),
        format!("http://[::ffff:127.0.0.2]:{port}/secret"),
        format!("http://0x7f000002:{port}/secret"),
    ] {
        site.script("/a", [to(302, &target)]);
        let mut world = World::of(settings.clone(), [source("one", &site.url("/a"))]);
        assert_eq!(failure(world.poll().await).kind, FailureKind::Forbidden, "{target}");
    }
    // Not even where the source itself may be private.
    let mut own = source("one", &site.url("/a"));
    own.allow_private = true;
    let mut world = World::of(Settings::default(), [own]);
    assert_eq!(failure(world.poll().await).kind, FailureKind::Forbidden);
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_refused() {
    let site = Site::start().await;
    site.script("/feed", [Answer::ok(FEED)]);
    let url = site.url("/feed").as_str().replace("127.0.0.1", "localhost");
    let url = url::Url::parse(&url).unwrap();
    let mut world = World::of(Settings::default(), [source("one", &url)]);
    assert_eq!(failure(world.poll().await).kind, FailureKind::Forbidden);
    assert_eq!(site.connections(), 0);

    let mut own = source("one", &url);
    own.allow_private = true;
    let mut world = World::of(Settings::default(), [own]);
    assert!(matches!(world.poll().await, Outcome::Read(_)));
}

#[tokio::test]
async fn p49_a_source_that_moved_to_anothers_address_is_not_asked_beside_it() {
    let site = Site::start().await;
    site.script("/a", [to(301, "/b")]);
    site.document("/b", FEED);
    let sources = [source("a", &site.url("/a")), source("b", &site.url("/b"))];
    let mut world = World::of(settings(), sources);
    world.run(DAY * 20).await;
    let polls = |id: &str| world.log.iter().filter(|(_, who)| who.as_str() == id).count();
    // Its own address is looked at once a day, and the look goes no further.
    let looks = site.requests("/a").len();
    assert!((19..=21).contains(&looks) && polls("a") == looks, "{}", site.story());
    assert!(polls("b") > 5);
    assert_eq!(site.requests("/b").len(), polls("b") + 1);
    assert_eq!(world.source_states["a"].not_modified, 0, "a redirect is not a 304");
    let moved = world.source_states["a"].moved.as_ref().unwrap();
    assert!(moved.is_proven(world.now), "the operator hears of it");
}

#[tokio::test]
async fn p49_a_source_is_polled_itself_once_it_turns_out_not_to_have_moved() {
    let answers =
        [(FEED, 200, true), ("<html>gone", 200, false), ("", 500, false), (FEED, 404, false)];
    for (body, status, is_feed) in answers {
        let end = Answer::status(status).body(body);
        let site = Site::start().await;
        site.script("/a", [to(301, "/b"), end]);
        site.document("/b", FEED);
        let sources = ["a", "b"].map(|id| source(id, &site.url(&format!("/{id}"))));
        let mut world = World::of(settings(), sources);
        world.run(DAY * 10).await;
        let asked = site.requests("/a").len();
        assert_eq!(world.source_states["a"].moved.is_none(), is_feed);
        assert!(if is_feed { asked > 11 } else { (9..=11).contains(&asked) }, "{}", site.story());
        assert!(world.source_states["a"].failure.is_none());
    }
}

#[tokio::test]
async fn p45_the_old_address_is_left_alone_until_the_new_one_has_proved_itself() {
    let site = Site::start().await;
    site.script("/a", [to(301, "/b")]);
    site.script("/b", [Answer::ok(FEED).header("Cache-Control", "max-age=86400")]);
    let mut world = World::one(&site.url("/a"));
    world.run_until(3).await;
    assert_eq!(site.requests("/a").len(), 1, "{}", site.story());
    world.run(DAY * 4).await;
    assert!(site.requests("/a").len() > 1);
    // A look that finds the redirect costs no request more at the new address.
    assert_eq!(site.requests("/b").len(), world.log.len());
}

/// A switch that scripts of a site look at.
fn switch() -> (Arc<AtomicBool>, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(false));
    (switch.clone(), switch)
}

#[tokio::test]
async fn p49_of_sources_that_moved_to_each_others_addresses_one_is_polled() {
    let site = Site::start().await;
    let (turned, is_turned) = switch();
    let turns = is_turned.clone();
    site.answer("/a", move |_| match turns.load(Relaxed) {
        true => Answer::ok(FEED),
        false => to(301, "/b"),
    });
    site.answer("/b", move |_| match is_turned.load(Relaxed) {
        true => to(301, "/a"),
        false => Answer::ok(FEED),
    });
    site.script("/c", [to(301, "/a")]);
    let sources = ["a", "b", "c"].map(|id| source(id, &site.url(&format!("/{id}"))));
    let mut world = World::of(settings(), sources);
    world.run(DAY * 20).await;
    turned.store(true, Relaxed);
    for restarts in 0..3 {
        world.run(DAY * 4).await;
        let before = (world.log.len(), site.log().len());
        world.run(DAY * 20).await;
        let polls = &world.log[before.0..];
        assert!(polls.len() > 5, "after {restarts} restarts nobody is polled");
        for other in ["b", "c"] {
            let looks = polls.iter().filter(|(_, id)| id.as_str() == other).count();
            assert!(looks <= 21, "{other} is looked at once a day: {polls:?}");
        }
        assert_eq!(site.log().len() - before.1, polls.len(), "each poll is one request");
        world.restart();
    }
}

#[tokio::test]
async fn p49_a_source_is_polled_itself_once_the_one_it_moved_to_is_not() {
    for status in [410, 404] {
        let site = Site::start().await;
        let (gone, is_gone) = switch();
        let goes = is_gone.clone();
        site.answer("/a", move |_| match goes.load(Relaxed) {
            true => Answer::ok(FEED),
            false => to(301, "/b"),
        });
        site.answer("/b", move |_| match is_gone.load(Relaxed) {
            true => Answer::status(status),
            false => Answer::ok(FEED),
        });
        let sources = ["a", "b"].map(|id| source(id, &site.url(&format!("/{id}"))));
        let mut world = World::of(settings(), sources);
        world.run(DAY * 20).await;
        let looks = site.requests("/a").len();
        assert!(looks <= 21, "{status}: {}", site.story());
        gone.store(true, Relaxed);
        world.run(DAY * 30).await;
        assert!(site.requests("/a").len() > looks + 5, "{status}: {}", site.story());
        assert!(world.source_states["a"].moved.is_none(), "{status}");
        assert!(world.source_states["a"].failure.is_none(), "{status}");
    }
}

#[tokio::test]
async fn p50_a_page_is_a_failure_and_nothing_further_is_asked_for() {
    let site = Site::start().await;
    let page = "<html><link rel=alternate type=application/atom+xml href=/real.atom>";
    site.script("/feed", [Answer::ok(page).header("Content-Type", "text/html")]);
    let mut world = World::one(&site.url("/feed"));
    world.run(DAY).await;
    assert_eq!(world.source_state().failure.as_ref().unwrap().kind, FailureKind::NotAFeed);
    assert!(site.log().iter().all(|request| request.target == "/feed"));
}

#[tokio::test]
async fn p26_a_redirect_that_asks_to_wait_is_followed_after_the_wait() {
    let site = Site::start().await;
    site.script("/a", [to(302, "/b").header("Retry-After", "7200")]);
    site.script("/b", [Answer::ok(FEED)]);
    let mut world = World::one(&site.url("/a"));
    world.run_until(2).await;
    assert!(world.gaps("one")[0].as_secs() >= 7200);
    assert_eq!((site.requests("/a").len(), site.requests("/b").len()), (2, 1));
}
