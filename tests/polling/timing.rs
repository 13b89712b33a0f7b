//! Tests the rules about when the next request is due after an answer.

use std::time::Duration;

use gazetted::fetch::Settings;
use gazetted::model::{HoldScope, Timestamp};

use super::world::{DAY, FEED, HOUR, MINUTE, World, settings, source, start};
use crate::support::site::{Answer, Gate, Site};

/// The first gap between polls of a source that answers so.
async fn first_gap(answer: Answer) -> Duration {
    gaps(vec![answer], 2).await[0]
}

async fn gaps(answers: Vec<Answer>, polls: usize) -> Vec<Duration> {
    let site = Site::start().await;
    site.script("/feed", answers);
    let mut world = World::one(&site.url("/feed"));
    world.run_until(polls).await;
    world.gaps("one")
}

fn valid() -> Answer {
    Answer::ok(FEED).header("ETag", "\"a\"")
}

/// News at every poll, so that nothing but the rules holds a poll back.
fn lively(site: &Site, headers: &'static [(&str, &str)]) {
    let mut n = 0;
    site.answer("/feed", move |_| {
        n += 1;
        headers.iter().fold(Answer::ok(format!("<feed>{n}")), |answer, (name, value)| {
            answer.header(name, value)
        })
    });
}

/// The least gap in ten days of a source with news at every poll.
async fn least_gap(headers: &'static [(&str, &str)]) -> Duration {
    let site = Site::start().await;
    lively(&site, headers);
    let mut world = World::one(&site.url("/feed"));
    world.settings.price = 1e-6; // as often as may be
    world.run(DAY * 10).await;
    world.gaps("one").into_iter().min().unwrap()
}

#[tokio::test]
async fn p20_a_source_is_asked_once_an_hour_unless_it_invites_more() {
    assert!(least_gap(&[("ETag", "\"a\"")]).await >= HOUR);
    let invited = least_gap(&[("ETag", "\"a\""), ("Cache-Control", "max-age=600")]).await;
    assert!((MINUTE * 10..MINUTE * 11).contains(&invited), "{invited:?}");
    let hard = least_gap(&[("ETag", "\"a\""), ("Cache-Control", "max-age=5")]).await;
    assert!((MINUTE * 5..MINUTE * 6).contains(&hard), "{hard:?}");
    assert!(least_gap(&[("ETag", "\"a\""), ("Cache-Control", "max-age=0")]).await >= HOUR);
}

#[tokio::test]
async fn p21_jitter_is_only_added() {
    let site = Site::start().await;
    lively(&site, &[("ETag", "\"a\""), ("Cache-Control", "max-age=7200")]);
    let mut world = World::one(&site.url("/feed"));
    world.settings.price = 1e-6;
    world.run(DAY * 20).await;
    let gaps = world.gaps("one");
    assert!(gaps.iter().all(|gap| *gap >= HOUR * 2 && *gap <= HOUR * 2 * 51 / 50), "{gaps:?}");
    let different: std::collections::BTreeSet<_> = gaps.iter().collect();
    assert!(different.len() > gaps.len() / 2);
}

#[tokio::test]
async fn p22_without_validators_a_source_is_asked_less_often() {
    assert!(least_gap(&[]).await >= HOUR * 4);
    let site = Site::start().await;
    site.script("/feed", [Answer::ok(format!("<feed>{}", "x".repeat(300 << 10)))]);
    let mut world = World::one(&site.url("/feed"));
    world.settings.price = 1e-6;
    world.run(DAY * 5).await;
    assert!(world.gaps("one").into_iter().all(|gap| gap >= DAY));
}

#[tokio::test]
async fn p23_explicit_freshness_is_a_lower_bound() {
    for (headers, least) in [
        (&[("Cache-Control", "max-age=172800")][..], DAY * 2),
        (&[("Cache-Control", "max-age=172800"), ("Age", "86400")], DAY),
        (
            &[
                ("Expires", "Fri, 04 Apr 2025 11:00:00 GMT"),
                ("Date", "Wed, 02 Apr 2025 11:00:00 GMT"),
            ],
            DAY * 2,
        ),
    ] {
        let answer =
            headers.iter().fold(valid(), |answer, (name, value)| answer.header(name, value));
        let gap = first_gap(answer).await;
        assert!(gap >= least && gap < least + HOUR, "{headers:?}: {gap:?}");
    }
}

#[tokio::test]
async fn p24_freshness_counts_on_a_304_and_on_failures() {
    let site = Site::start().await;
    let fresh = |answer: Answer| answer.header("Cache-Control", "max-age=500000");
    site.script("/feed", [valid(), fresh(Answer::status(304))]);
    let mut world = World::one(&site.url("/feed"));
    world.run_until(3).await;
    assert!(world.gaps("one")[1] >= Duration::from_secs(500_000));
    for status in [404, 410, 429, 503] {
        let gap = first_gap(fresh(Answer::status(status))).await;
        assert!(gap >= Duration::from_secs(500_000), "{status}: {gap:?}");
    }
}

#[tokio::test]
async fn p25_freshness_is_believed_for_a_week() {
    let gap = first_gap(valid().header("Cache-Control", "max-age=31536000")).await;
    assert!(gap >= DAY * 7 && gap < DAY * 7 + HOUR, "{gap:?}");
}

#[tokio::test]
async fn p26_retry_after_is_honoured_in_full() {
    for (status, value, least) in [
        (429, "86400", DAY),
        (503, "604800", DAY * 7),
        (503, "2592000", DAY * 30),
        (503, "Fri, 04 Apr 2025 11:00:00 GMT", DAY * 2),
        (429, "Friday, 04-Apr-25 11:00:00 GMT", DAY * 2),
        (429, "Fri Apr  4 11:00:00 2025", DAY * 2),
    ] {
        let answer = Answer::status(status)
            .header("Retry-After", value)
            .header("Date", "Wed, 02 Apr 2025 11:00:00 GMT");
        let gap = first_gap(answer).await;
        assert!(gap >= least && gap < least + HOUR, "{value}: {gap:?}");
    }
    let site = Site::start().await;
    site.script("/feed", [valid(), Answer::status(304).header("Retry-After", "604800")]);
    let mut world = World::one(&site.url("/feed"));
    world.run_until(3).await;
    assert!(world.gaps("one")[1] >= DAY * 7);
}

#[tokio::test]
async fn p27_a_bare_429_holds_longer_each_time() {
    for value in ["", "soon", "-5"] {
        let answer = match value {
            "" => Answer::status(429),
            value => Answer::status(429).header("Retry-After", value),
        };
        let gaps = gaps(vec![answer], 6).await;
        assert!(gaps[0] >= HOUR * 2, "{gaps:?}");
        assert!(gaps.windows(2).all(|pair| pair[1] >= pair[0]), "{gaps:?}");
        assert!(gaps.iter().all(|gap| *gap <= DAY * 7 + HOUR), "{gaps:?}");
    }
}

#[tokio::test]
async fn p28_a_429_holds_the_whole_origin() {
    let site = Site::start().await;
    for n in 0..10 {
        site.document(&format!("/{n}"), FEED);
    }
    site.script("/0", [Answer::status(429).header("Retry-After", "7200"), Answer::ok(FEED)]);
    let sources = (0..10).map(|n| source(&n.to_string(), &site.url(&format!("/{n}"))));
    let mut world = World::of(settings(), sources);
    world.run(Duration::from_secs(7199)).await;
    assert_eq!(world.log.len(), 1, "{:?}", world.log);
    world.restart();
    world.run(HOUR).await;
    assert_eq!(site.log().len(), 10.max(site.log().len()));
    assert!(world.log[1].0 >= start().after(HOUR * 2));
}

#[tokio::test]
async fn p28_three_503s_in_ten_minutes_hold_the_origin_and_fewer_do_not() {
    for (troubled, asked) in [(2, 10), (3, 3)] {
        let site = Site::start().await;
        for n in 0..10 {
            site.document(&format!("/{n}"), FEED);
        }
        for n in 0..troubled {
            let answer = Answer::status(503).header("Retry-After", "7200");
            site.script(&format!("/{n}"), [answer]);
        }
        let sources = (0..10).map(|n| source(&n.to_string(), &site.url(&format!("/{n}"))));
        let mut world = World::of(settings(), sources);
        world.run(HOUR / 2).await;
        assert_eq!(site.log().len(), asked, "with {troubled} in trouble");
    }
}

#[tokio::test]
async fn p28_on_the_operators_own_site_a_429_holds_its_source_alone() {
    let site = Site::start().await;
    site.script("/one", [Answer::status(429).header("Retry-After", "7200")]);
    let mut own = source("one", &site.url("/one"));
    own.allow_private = true;
    let mut world = World::of(Settings::default(), [own]);
    world.poll().await;
    assert_eq!(world.source_state().hold.unwrap().scope, HoldScope::Source);
}

#[tokio::test]
async fn p29_p30_p31_what_the_document_asks_for_is_kept_to() {
    let site = Site::start().await;
    lively(&site, &[("ETag", "\"a\"")]);
    let run = async |change: &dyn Fn(&mut gazetted::model::Hints)| {
        let mut world = World::one(&site.url("/feed"));
        world.settings.price = 1e-6;
        change(&mut world.hints);
        world.run(DAY * 14).await;
        world
    };
    let least = |world: &World| world.gaps("one").into_iter().min().unwrap();

    assert!(least(&run(&|hints| hints.ttl = Some(MINUTE * 90)).await) >= MINUTE * 90);
    let invited = least(&run(&|hints| hints.ttl = Some(MINUTE * 20)).await);
    assert!((MINUTE * 20..MINUTE * 22).contains(&invited), "{invited:?}");
    assert!(least(&run(&|hints| hints.ttl = Some(DAY * 40)).await) < DAY * 2);

    assert!(least(&run(&|hints| hints.update_period = Some(DAY)).await) >= DAY);
    assert!(least(&run(&|hints| hints.update_period = Some(HOUR)).await) < HOUR * 2);

    let hour = |at: Timestamp| at.as_secs() / 3600 % 24;
    let skipping = run(&|hints| hints.skip_hours = (0..12).chain([24]).collect()).await;
    let asked = &skipping.log[1..];
    assert!(asked.len() > 50 && asked.iter().all(|(at, _)| hour(*at) >= 12));
    let everything = run(&|hints| hints.skip_hours = (0..24).collect()).await;
    assert!(everything.log.len() > 200);

    let weekend = |at: Timestamp| (at.as_secs() / 86_400 + 3) % 7 >= 5;
    let skipping = run(&|hints| hints.skip_days = vec![5, 6]).await;
    assert!(skipping.log.iter().all(|(at, _)| !weekend(*at)));
}

#[tokio::test]
async fn p33_a_source_that_rarely_changes_is_asked_rarely() {
    let site = Site::start().await;
    let mut world = World::one(&site.url("/feed"));
    for month in 0..10 {
        site.document("/feed", format!("<feed>{month}"));
        world.run(DAY * 30).await;
    }
    let late = world.log.iter().filter(|(at, _)| *at > start().after(DAY * 120)).count();
    assert!((20..=180).contains(&late), "{late} polls in 180 days");
}

#[tokio::test]
async fn p34_one_request_at_a_time_and_a_second_apart_at_each_origin() {
    let site = Site::start().await;
    let sources = (0..200).map(|n| {
        let path = format!("/{n}");
        site.document(&path, FEED);
        source(&path[1..], &site.url(&path))
    });
    let mut world = World::of(settings(), sources);
    world.run_until(200).await;
    let times: Vec<_> = world.log.iter().map(|(at, _)| *at).collect();
    assert!(times.windows(2).all(|pair| pair[0].until(pair[1]) >= Duration::from_secs(1)));
    assert!(site.log().iter().all(|request| request.under_way == 1));
}

#[tokio::test]
async fn p34_a_slow_origin_is_not_asked_a_second_thing_meanwhile() {
    let (slow, quick) = (Site::start().await, Site::start_on("127.0.0.2").await);
    let gate = Gate::closed();
    slow.script("/a", [valid().behind(&gate)]);
    slow.document("/b", FEED);
    let opens = gate.clone();
    quick.answer("/c", move |_| {
        opens.open();
        valid()
    });
    let sources =
        [source("a", &slow.url("/a")), source("b", &slow.url("/b")), source("c", &quick.url("/c"))];
    let mut world = World::of(settings(), sources);
    world.run(MINUTE).await;
    assert_eq!(slow.log().len(), 2);
    assert!(slow.log().iter().all(|request| request.under_way == 1));
}

#[tokio::test]
async fn p35_sources_that_were_added_together_spread_out() {
    let sites = Site::start().await;
    sites.document("/feed", FEED);
    let mut world = World::of(
        Settings { spacing: Duration::ZERO, ..settings() },
        (0..300).map(|n| source(&n.to_string(), &sites.url("/feed"))),
    );
    world.run(DAY * 3).await;
    // Kolmogorov-Smirnov against the uniform distribution over the hour, at 1 %.
    let mut seconds: Vec<_> = world.log[300..]
        .iter()
        .map(|(at, _)| at.as_secs().rem_euclid(3600) as f64 / 3600.0)
        .collect();
    seconds.sort_by(f64::total_cmp);
    let count = seconds.len() as f64;
    let distance = seconds
        .iter()
        .enumerate()
        .map(|(n, second)| (second - n as f64 / count).abs())
        .fold(0.0, f64::max);
    assert!(count > 600.0 && distance < 1.63 / count.sqrt(), "{distance} of {count}");
}

#[tokio::test]
async fn p37_a_failing_source_is_asked_less_and_less_and_never_dropped() {
    let site = Site::start().await;
    let mut world = World::one(&site.url("/feed"));
    site.script("/feed", [Answer::status(500)]);
    world.run(DAY * 10).await;
    let gaps = world.gaps("one");
    assert!(gaps[0] >= HOUR);
    assert!(gaps[..3].windows(2).all(|pair| pair[1] > pair[0]), "{gaps:?}");
    assert!(gaps.last().is_some_and(|gap| *gap >= DAY && *gap < DAY + HOUR), "{gaps:?}");
    world.run(DAY * 60).await;
    let gaps = world.gaps("one");
    assert!(gaps.last().is_some_and(|gap| *gap >= DAY * 6), "{gaps:?}");
    // One good answer and all is well again.
    site.document("/feed", FEED);
    world.run(DAY * 8).await;
    assert_eq!((world.source_state().failures, &world.source_state().failing_since), (0, &None));
    assert!(world.source_state().next_poll < world.now.after(DAY * 3));
}

#[tokio::test]
async fn p37_a_closed_port_is_no_different() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let url = url::Url::parse(&format!("http://{closed}/feed")).unwrap();
    let mut world = World::one(&url);
    world.run(DAY * 10).await;
    let gaps = world.gaps("one");
    assert!(gaps.is_sorted_by(|a, b| *b * 51 / 50 + MINUTE >= *a), "{gaps:?}");
    assert!(gaps.len() < 20, "{gaps:?}");
}

#[tokio::test]
async fn p38_not_found_becomes_weekly_and_denied_starts_at_four_hours() {
    let gaps404 = gaps(vec![Answer::status(404)], 12).await;
    assert!(gaps404.last().is_some_and(|gap| *gap >= DAY * 7), "{gaps404:?}");
    for status in [401, 403] {
        let gaps = gaps(vec![Answer::status(status)], 3).await;
        assert!(gaps[0] >= HOUR * 4 && gaps[1] > gaps[0], "{gaps:?}");
    }
}

#[tokio::test]
async fn p39_a_source_that_is_gone_is_asked_once_more_and_then_by_hand_alone() {
    let site = Site::start().await;
    site.script("/feed", [Answer::status(410)]);
    let mut world = World::one(&site.url("/feed"));
    world.run(DAY * 365).await;
    assert_eq!(site.log().len(), 2);
    assert!(world.gaps("one")[0] >= DAY);
    assert!(world.source_state().rests());
    world.restart();
    world.run(DAY * 365).await;
    assert_eq!(site.log().len(), 2);

    site.document("/feed", FEED);
    world.hurry().unwrap();
    world.run(DAY * 30).await;
    assert!(site.log().len() > 4 && !world.source_state().rests());
}

#[tokio::test]
async fn p32_a_source_that_has_ended_is_asked_once_more_after_a_week() {
    let site = Site::start().await;
    site.document("/feed", FEED);
    let mut world = World::one(&site.url("/feed"));
    world.hints.ended = true;
    world.run(DAY * 100).await;
    assert_eq!(site.log().len(), 2);
    assert!(world.gaps("one")[0] >= DAY * 7);
}

#[tokio::test]
async fn p40_a_clock_that_is_set_back_neither_hurries_nor_silences_a_source() {
    let site = Site::start().await;
    site.document("/feed", FEED);
    let mut world = World::one(&site.url("/feed"));
    world.run(HOUR).await;
    let due = world.source_state().next_poll;
    // Two hours back: the poll comes after as long as it was to come, not before.
    world.run(Duration::ZERO).await;
    let remaining = world.now.until(due);
    world.now = start().before(HOUR);
    world.run(remaining - MINUTE).await;
    assert_eq!(world.log.len(), 1);
    world.run(MINUTE * 2).await;
    assert_eq!(world.log.len(), 2);
    // Ten years back: it comes within 31 days.
    world.now = start().before(DAY * 3650);
    world.run(DAY * 32).await;
    assert!(world.log.len() > 2);
}

#[tokio::test]
async fn files_are_read_again_when_they_changed() {
    use gazetted::model::{Location, Outcome, Unchanged};

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("feed.atom");
    let mut one = source("one", &url::Url::parse("http://example.org/").unwrap());
    one.location = Location::File(path.clone());
    let mut world = World::of(Settings::default(), [one]);
    assert!(matches!(world.poll().await, Outcome::Failed(_)));
    std::fs::write(&path, "<feed>one").unwrap();
    assert!(matches!(world.poll().await, Outcome::Read(_)));
    assert!(matches!(world.poll().await, Outcome::Unchanged(Unchanged { not_modified: true, .. })));
    std::fs::write(&path, "<feed>three").unwrap();
    assert!(matches!(world.poll().await, Outcome::Read(_)));
}
