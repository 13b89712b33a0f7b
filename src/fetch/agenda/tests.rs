//! The agenda alone, in virtual time.

use super::*;
use crate::fetch::tests::web_source;
use crate::model::{Failure, FailureKind, Hold, HoldScope, Location};

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Timestamp {
    Timestamp::EPOCH.after(SECOND * 1_000_000).after(SECOND * u32::try_from(seconds).unwrap())
}

fn due(seconds: u64) -> SourceState {
    SourceState { next_poll: at(seconds), ..SourceState::default() }
}

/// Enters sources called by their addresses, all due at 0.
fn agenda(concurrency: usize, addresses: impl IntoIterator<Item = String>) -> Agenda {
    let mut agenda = Agenda::new(SECOND, concurrency);
    for address in addresses {
        agenda.plan(&web_source(&address, &address), &due(0));
    }
    agenda
}

fn on(host: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |n| format!("http://{host}/{n}"))
}

/// Everybody that may start now.
fn started(agenda: &mut Agenda, now: Timestamp) -> Vec<String> {
    std::iter::from_fn(|| agenda.start(now)).map(|start| start.source().to_string()).collect()
}

#[test]
fn a_source_starts_when_it_is_due_and_once() {
    let mut agenda = Agenda::new(SECOND, 4);
    let source = web_source("a", "http://a/");
    agenda.plan(&source, &due(10));
    assert_eq!(agenda.wake_at(), Some(at(10)));
    assert_eq!(agenda.start(at(9)), None);
    assert_eq!(agenda.start(at(10)), Some(Start::Poll(source.id.clone())));
    assert_eq!(agenda.start(at(99)), None);
    assert_eq!(agenda.wake_at(), None);
    agenda.finished(&source.id, at(99));
    assert_eq!((agenda.start(at(99)), agenda.wake_at()), (None, None));
    agenda.plan(&source, &due(200));
    assert_eq!(agenda.wake_at(), Some(at(200)));
}

#[test]
fn planning_may_come_before_or_after_the_landing() {
    let source = web_source("a", "http://a/");
    for plan_first in [true, false] {
        let mut agenda = agenda(4, ["http://a/".to_owned()]);
        agenda.forget(&SourceId::new("http://a/"));
        agenda.plan(&source, &due(0));
        agenda.start(at(0)).unwrap();
        if plan_first {
            agenda.plan(&source, &due(50));
            assert_eq!(agenda.start(at(60)), None);
            agenda.finished(&source.id, at(1));
        } else {
            agenda.finished(&source.id, at(1));
            agenda.plan(&source, &due(50));
        }
        assert_eq!(agenda.wake_at(), Some(at(50)), "plan first: {plan_first}");
    }
}

#[test]
fn an_origin_serves_one_at_a_time_and_spaced() {
    let mut agenda = agenda(10, on("a", 3));
    assert_eq!(started(&mut agenda, at(0)), ["http://a/0"]);
    assert_eq!(agenda.wake_at(), None);
    agenda.finished(&SourceId::new("http://a/0"), at(0));
    assert_eq!(agenda.wake_at(), Some(at(1)));
    assert_eq!(started(&mut agenda, at(0)), [""; 0]);
    assert_eq!(started(&mut agenda, at(1)), ["http://a/1"]);
    agenda.finished(&SourceId::new("http://a/1"), at(30));
    assert_eq!(started(&mut agenda, at(30)), ["http://a/2"]);
}

#[test]
fn no_more_than_the_limit_are_under_way() {
    let mut agenda = agenda(3, (0..10).map(|n| format!("http://host{n}/")));
    assert_eq!(started(&mut agenda, at(0)).len(), 3);
    assert_eq!(agenda.wake_at(), None);
    agenda.finished(&SourceId::new("http://host0/"), at(1));
    assert_eq!(started(&mut agenda, at(1)).len(), 1);
    assert_eq!(agenda.counts(), (10, 3));
}

#[test]
fn an_origin_with_ten_thousand_sources_does_not_starve_the_others() {
    let mut agenda =
        agenda(2, on("big", 10_000).chain((0..20).map(|n| format!("http://small{n}/"))));
    let mut order = Vec::new();
    let mut now = at(0);
    while order.len() < 40 {
        let batch = started(&mut agenda, now);
        for id in &batch {
            agenda.finished(&SourceId::new(id.as_str()), now);
        }
        order.extend(batch);
        now = agenda.wake_at().unwrap().max(now);
    }
    let last_small = order.iter().rposition(|id| id.contains("small")).unwrap();
    assert!(last_small < 22, "{order:?}");
}

#[test]
fn an_origin_with_very_many_sources_is_asked_closer_together() {
    let mut agenda = agenda(100, on("big", 7200));
    assert_eq!(started(&mut agenda, at(0)).len(), 1);
    let half = at(0).after(Duration::from_millis(500));
    assert_eq!(agenda.wake_at(), Some(half));
    for step in 1..10 {
        started(&mut agenda, at(0).after(Duration::from_millis(500 * step)));
    }
    assert_eq!(agenda.counts().1, 4, "1 + 7200/2000 at most");
}

#[test]
fn sources_without_an_origin_do_not_wait_for_each_other() {
    let mut agenda = Agenda::new(SECOND, 100);
    for n in 0..5 {
        let mut source = web_source(&format!("file{n}"), "http://unused/");
        source.location = Location::File(format!("/feeds/{n}").into());
        agenda.plan(&source, &due(0));
    }
    assert_eq!(started(&mut agenda, at(0)).len(), 5);
}

#[test]
fn a_hold_of_the_origin_holds_all_its_sources_and_no_others() {
    let mut agenda = agenda(10, on("a", 3).chain(on("b", 1)));
    let hold = Some(Hold { until: at(500), scope: HoldScope::Origin });
    agenda.plan(&web_source("http://a/0", "http://a/0"), &SourceState { hold, ..due(500) });
    assert_eq!(started(&mut agenda, at(0)), ["http://b/0"]);
    assert_eq!(agenda.held("http://a", at(0)), Some(at(500)));
    let neighbour = SourceId::new("http://a/1");
    let by = Some(SourceId::new("http://a/0"));
    let held = Err(Refusal::Held { until: at(500), by });
    assert_eq!(agenda.poll_early(&neighbour, false, at(1)), held);
    assert_eq!(agenda.wake_at(), Some(at(500)));
    assert_eq!(started(&mut agenda, at(500)).len(), 1);
}

#[test]
fn who_insists_is_asked_in_spite_of_hold_and_floor_and_nobody_else_is() {
    let mut agenda = agenda(10, on("a", 3));
    let hold = Some(Hold { until: at(500), scope: HoldScope::Origin });
    let name = "http://a/0";
    let refused = SourceState { hold, not_before: at(500), ..due(500) };
    agenda.plan(&web_source(name, name), &refused);
    assert_eq!(started(&mut agenda, at(0)), [""; 0]);
    let id = SourceId::new(name);
    assert_eq!(agenda.poll_early(&id, true, at(10)), Ok(()));
    assert_eq!(agenda.reason_to_wait(&id, at(10)), None);
    assert_eq!(started(&mut agenda, at(10)), [name]);
    // It is refused again, and the others wait as before.
    agenda.finished(&id, at(11));
    agenda.plan(&web_source(name, name), &refused);
    assert_eq!(started(&mut agenda, at(20)), [""; 0]);
    // It is answered well, which takes the hold back.
    assert_eq!(agenda.poll_early(&id, true, at(30)), Ok(()));
    assert_eq!(started(&mut agenda, at(30)), [name]);
    agenda.finished(&id, at(31));
    agenda.plan(&web_source(name, name), &due(900));
    assert_eq!(started(&mut agenda, at(40)).len(), 1);
}

#[test]
fn a_third_503_within_ten_minutes_holds_the_origin() {
    let trouble = |asked: u64| SourceState {
        hold: Some(Hold { until: at(5000), scope: HoldScope::Source }),
        failure: Some(Box::new(Failure::new(FailureKind::Unavailable, "503"))),
        last_poll: Some(at(asked)),
        ..due(5000)
    };
    for (times, held) in [([0, 100, 500], true), ([0, 100, 900], false), ([0, 300, 601], false)] {
        let mut agenda = agenda(10, on("a", 5));
        for (n, asked) in times.into_iter().enumerate() {
            let name = format!("http://a/{n}");
            agenda.plan(&web_source(&name, &name), &trouble(asked));
        }
        assert_eq!(agenda.held("http://a", at(1000)).is_some(), held, "{times:?}");
    }
    // One source in trouble three times is one source in trouble.
    let mut agenda = agenda(10, on("a", 5));
    for asked in [0, 100, 200] {
        agenda.plan(&web_source("http://a/0", "http://a/0"), &trouble(asked));
    }
    assert_eq!(agenda.held("http://a", at(1000)), None);
}

#[test]
fn a_wish_goes_before_the_line_but_not_inside_the_floor() {
    let mut agenda = agenda(10, on("a", 3));
    let state = SourceState { not_before: at(100), ..due(5000) };
    agenda.plan(&web_source("wished", "http://a/wished"), &state);
    let wished = SourceId::new("wished");
    assert_eq!(agenda.poll_early(&SourceId::new("unknown"), true, at(0)), Err(Refusal::Unknown));
    assert_eq!(agenda.poll_early(&wished, false, at(99)), Err(Refusal::TooSoon(at(100))));
    assert_eq!(agenda.poll_early(&wished, false, at(100)), Ok(()));
    assert_eq!(agenda.poll_early(&wished, false, at(100)), Ok(()), "a second wish changes nothing");
    assert_eq!(started(&mut agenda, at(100)), ["wished"]);
    assert_eq!(agenda.poll_early(&wished, false, at(100)), Err(Refusal::UnderWay));
}

#[test]
fn a_source_that_was_forgotten_in_flight_is_gone_when_it_lands() {
    let mut agenda = agenda(10, on("a", 2));
    let first = agenda.start(at(0)).unwrap().source().clone();
    agenda.forget(&first);
    assert_eq!(agenda.start(at(5)), None, "it is still under way at its origin");
    agenda.finished(&first, at(5));
    assert_eq!(agenda.counts(), (1, 0));
    assert_eq!(started(&mut agenda, at(5)), ["http://a/1"]);
    agenda.forget(&SourceId::new("http://a/1"));
    agenda.finished(&SourceId::new("http://a/1"), at(6));
    assert_eq!((agenda.counts(), agenda.wake_at()), ((0, 0), None));
}

#[test]
fn a_source_that_moved_waits_in_its_new_origins_line() {
    let mut agenda = agenda(10, on("a", 1).chain(on("b", 1)));
    let mut source = web_source("moving", "http://a/moving");
    agenda.plan(&source, &due(0));
    let Location::Web { url, .. } = &source.location else { unreachable!() };
    let moved = Box::new(crate::model::Moved {
        from: Some(url.clone()),
        to: Url::parse("http://b/moving").unwrap(),
        since: at(0),
        successes: 1,
        checked: None,
    });
    agenda.plan(&source, &SourceState { moved: Some(moved.clone()), ..due(0) });
    assert_eq!(started(&mut agenda, at(0)), ["http://a/0", "http://b/0"]);
    agenda.finished(&SourceId::new("http://a/0"), at(1));
    assert_eq!(started(&mut agenda, at(1)), [""; 0]);
    agenda.finished(&SourceId::new("http://b/0"), at(1));
    assert_eq!(started(&mut agenda, at(1)), ["moving"]);
    agenda.finished(&source.id, at(2));

    // The operator writes another address: what was learned of the old one is void.
    let new = Url::parse("http://a/new").unwrap();
    source.location = Location::web(new.clone().as_str(), new);
    agenda.plan(&source, &SourceState { moved: Some(moved), ..due(0) });
    assert_eq!(started(&mut agenda, at(2)), ["moving"]);
    assert_eq!(agenda.origin_numbers.len(), 2);
}

#[test]
fn p49_a_source_that_moved_to_anothers_address_is_not_asked_beside_it() {
    let moved = |from: &str, to: &str| {
        Box::new(crate::model::Moved {
            from: Some(Url::parse(from).unwrap()),
            to: Url::parse(to).unwrap(),
            since: at(0),
            successes: 1,
            checked: None,
        })
    };
    let mut agenda = Agenda::new(SECOND, 10);
    let a = web_source("a", "http://a/feed");
    let state = SourceState { moved: Some(moved("http://a/feed", "http://b/feed")), ..due(0) };
    agenda.plan(&a, &state);
    agenda.plan(&web_source("b", "http://b/feed"), &due(0));
    assert_eq!(started(&mut agenda, at(5)), ["b"]);
    assert_eq!(agenda.merged(&a.id), Some(&SourceId::new("b")));
    agenda.finished(&SourceId::new("b"), at(6));
    agenda.forget(&SourceId::new("b"));
    assert_eq!(agenda.merged(&a.id), None);
    agenda.plan(&a, &state);
    assert_eq!(started(&mut agenda, at(7)), ["a"]);
}

#[test]
fn a_hundred_thousand_sources_are_served_in_the_order_of_their_turns() {
    let count = 100_000;
    let mut agenda = Agenda::new(SECOND, usize::MAX);
    for n in 0..count {
        let name = format!("http://host{}/{n}", n % 50_000);
        agenda.plan(&web_source(&name, &name), &due(n % 1000));
    }
    let mut now = at(0);
    let mut served = 0;
    while let Some(wake) = agenda.wake_at() {
        assert!(wake >= now || served == 0, "time runs forward");
        now = now.max(wake);
        for id in started(&mut agenda, now) {
            served += 1;
            agenda.finished(&SourceId::new(id), now);
        }
    }
    assert_eq!(served, count);
}

#[test]
fn p34_many_names_of_one_address_are_asked_four_at_a_time_and_hold_up_nobody_else() {
    let names = (0..10).map(|n| format!("http://name{n}.example/"));
    let mut agenda = agenda(64, names.clone());
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    for name in names {
        agenda.locate(&SourceId::new(name), |_| Some(address));
    }
    let first = started(&mut agenda, at(0));
    assert_eq!(first.len(), 4);
    agenda.plan(&web_source("other", "http://other.example/"), &due(0));
    assert_eq!(started(&mut agenda, at(0)), ["other"]);
    let mut asked = first.clone();
    let mut under_way = first;
    while let Some(landed) = under_way.pop() {
        agenda.finished(&SourceId::new(landed), at(1));
        let next = started(&mut agenda, at(1));
        assert!(next.len() <= 1, "one for each that landed");
        under_way.extend(next.iter().cloned());
        asked.extend(next);
    }
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), 10, "everybody has had a turn");
}

#[test]
fn p34_a_neighbour_that_is_held_does_not_keep_the_room_of_the_others() {
    let names: Vec<_> = (0..7).map(|n| format!("http://name{n}.example/")).collect();
    let mut agenda = agenda(64, names.clone());
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    for name in &names {
        agenda.locate(&SourceId::new(name.as_str()), |_| Some(address));
    }
    let first = started(&mut agenda, at(0));
    // Everybody who waits but the last is held meanwhile.
    let hold = Some(Hold { until: at(9000), scope: HoldScope::Origin });
    for name in &names[4..6] {
        agenda.plan(&web_source(name, name), &SourceState { hold, ..due(0) });
    }
    agenda.finished(&SourceId::new(first[0].as_str()), at(1));
    assert_eq!(started(&mut agenda, at(1)), [names[6].clone()]);
    agenda.finished(&SourceId::new(names[6].as_str()), at(2));
    assert_eq!(agenda.wake_at(), Some(at(9000)));
    assert_eq!(started(&mut agenda, at(9000)).len(), 1, "the others are still under way");
}

#[test]
fn an_origin_that_another_node_has_asked_is_spaced_from_its_last_poll() {
    let mut agenda = Agenda::new(SECOND * 30, 4);
    let polled = |last| SourceState { last_poll: Some(at(last)), ..due(0) };
    let [a, b] = ["http://h/a", "http://h/b"].map(|address| web_source(address, address));
    agenda.plan(&a, &polled(100));
    agenda.plan(&b, &polled(110));
    assert_eq!(started(&mut agenda, at(139)), [""; 0]);
    assert_eq!(agenda.wake_at(), Some(at(140)));
    assert_eq!(started(&mut agenda, at(140)), ["http://h/a"]);
    // From then on its own starts count, however long an answer takes.
    agenda.plan(&a, &SourceState { last_poll: Some(at(155)), ..due(900) });
    agenda.finished(&a.id, at(155));
    assert_eq!(started(&mut agenda, at(169)), [""; 0]);
    assert_eq!(started(&mut agenda, at(170)), ["http://h/b"]);
}

#[test]
fn a_poll_in_the_future_delays_an_origin_no_longer_than_its_spacing() {
    let mut agenda = Agenda::new(SECOND * 30, 4);
    let source = web_source("a", "http://a/");
    agenda.plan(&source, &SourceState { last_poll: Some(at(9_000)), ..due(0) });
    assert_eq!(started(&mut agenda, at(100)), [""; 0]);
    assert_eq!(started(&mut agenda, at(130)), ["a"]);
}
