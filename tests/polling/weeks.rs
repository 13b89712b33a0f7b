//! Tests that every request keeps the rules over ten weeks at moody origins.
//!
//! The other modules test a rule each; here the rules are held against everything
//! the origins saw, whatever led to it: restarts, refusals, failures in rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gazetted::fetch::Settings;
use gazetted::model::Timestamp;

use super::world::{DAY, HOUR, World, settings, source};
use crate::support::site::{Answer, Request, Site};

/// What an origin answered.
#[derive(Debug, Clone, Default)]
struct Said {
    status: u16,
    etag: Option<String>,
    max_age: Option<u64>,
    retry_after: Option<u64>,
    /// Whether the body was a feed.
    feed: bool,
}

/// The `n`-th answer of an origin in such a mood: what it says, and how often its
/// document has changed by then.
fn mood(name: &str, n: usize) -> (Said, usize) {
    let edition = match name {
        "lively" | "innocent" => n / 2,
        "inviting" => n / 40,
        _ => n / 8,
    };
    let etag = (name != "bare").then(|| format!("\"{name}-{edition}\""));
    let well = Said { status: 200, etag, feed: true, ..Said::default() };
    let failed = |status| Said { status, ..Said::default() };
    let said = match (name, n) {
        ("fresh", _) => Said { max_age: Some(7200), ..well },
        ("inviting", _) => Said { max_age: Some(900), ..well },
        ("failing", n) if (10..22).contains(&(n % 30)) => failed(500),
        ("refusing", n) if n % 25 == 7 => Said { retry_after: Some(40_000), ..failed(429) },
        ("curt", n) if (5..9).contains(&(n % 40)) => failed(429),
        ("away", n) if n % 30 == 3 => Said { retry_after: Some(90_000), ..failed(503) },
        ("missing", n) if (15..20).contains(&(n % 60)) => failed(404),
        ("gone", n) if n >= 12 => failed(410),
        ("broken", n) if n % 9 == 4 => {
            Said { etag: Some("\"login\"".to_owned()), feed: false, ..well }
        }
        _ => well,
    };
    (said, edition)
}

/// What each path answered, in order.
type Record = Arc<Mutex<BTreeMap<String, Vec<Said>>>>;

fn serve(site: &Site, name: &'static str, record: &Record) {
    let record = record.clone();
    let mut n = 0;
    site.answer(&format!("/{name}"), move |request: &Request| {
        let (mut said, edition) = mood(name, n);
        n += 1;
        let known = said.etag.is_some() && request.header("if-none-match") == said.etag;
        if said.status == 200 && said.feed && known {
            said.status = 304;
        }
        let body = match (said.status, said.feed) {
            (200, true) => format!("<feed>{edition}</feed>"),
            _ => "<html>Please log in</html>".to_owned(),
        };
        let mut answer = Answer::status(said.status).header("Set-Cookie", "track=1");
        if said.status != 304 {
            answer = answer.body(body);
        }
        for (name, value) in [
            ("ETag", said.etag.clone()),
            ("Cache-Control", said.max_age.map(|age| format!("max-age={age}"))),
            ("Retry-After", said.retry_after.map(|wait| wait.to_string())),
        ] {
            answer = value.into_iter().fold(answer, |answer, value| answer.header(name, value));
        }
        record.lock().unwrap().entry(name.to_owned()).or_default().push(said);
        answer
    });
}

/// A request, when it was made, and what it was answered.
struct Asked {
    at: Timestamp,
    request: Request,
    said: Said,
}

#[tokio::test]
async fn ten_weeks_of_polls_keep_every_rule_that_the_origins_can_see() {
    let origins: [(&str, &[&'static str]); 3] = [
        ("127.0.0.1", &["lively", "steady", "fresh", "inviting", "bare"]),
        ("127.0.0.2", &["refusing", "curt", "innocent"]),
        ("127.0.0.3", &["failing", "away", "missing", "gone", "broken"]),
    ];
    let record = Record::default();
    let (mut sites, mut sources) = (Vec::new(), Vec::new());
    for (address, names) in origins {
        let site = Site::start_on(address).await;
        for name in names {
            serve(&site, name, &record);
            sources.push(source(name, &site.url(&format!("/{name}"))));
        }
        sites.push((site, names));
    }
    // At such a price nothing but the rules holds a poll back.
    let mut world = World::of(Settings { price: 0.02, ..settings() }, sources);
    for day in 0..14 {
        world.run(DAY * 5).await;
        // Killed at some time of the day, and started again at once.
        world.restart();
        world.run(HOUR * (day % 7)).await;
    }

    assert!(world.log.len() > 5_000, "{} polls", world.log.len());
    for (site, names) in sites {
        let log = site.log();
        assert!(log.iter().all(|asked| asked.under_way == 1), "one at a time");
        let starts: Vec<_> =
            world.log.iter().filter(|(_, who)| names.contains(&who.as_str())).collect();
        assert_eq!(starts.len(), log.len(), "a poll is a request");
        for pair in starts.windows(2) {
            assert!(pair[0].0.until(pair[1].0) >= Duration::from_secs(1), "{pair:?}");
        }
        for name in names {
            let record = record.lock().unwrap();
            let times = world.log.iter().filter(|(_, who)| who.as_str() == *name);
            let requests = site.requests(&format!("/{name}")).into_iter().zip(&record[*name]);
            let asked: Vec<_> = times
                .zip(requests)
                .map(|((at, _), (request, said))| Asked { at: *at, request, said: said.clone() })
                .collect();
            assert_eq!(asked.len(), record[*name].len());
            headers_are_right(name, &asked);
            waits_are_long_enough(name, &asked);
            // A refusal holds everybody on the origin (P28).
            for refusal in asked.iter().filter(|asked| asked.said.status == 429) {
                let hold = Duration::from_secs(refusal.said.retry_after.unwrap_or(3600));
                let until = refusal.at.after(hold);
                let early = starts.iter().find(|(at, _)| *at > refusal.at && *at < until);
                assert!(early.is_none(), "{early:?} within the hold that {name} was told");
            }
        }
    }
}

/// Every request is a conditional GET under one name, without cookies (P1-P11, P16, P60, P64).
fn headers_are_right(name: &str, asked: &[Asked]) {
    let mut etag: Option<String> = None;
    for (n, Asked { request, said, .. }) in asked.iter().enumerate() {
        assert_eq!(request.method(), "GET");
        assert_eq!(request.header("user-agent"), asked[0].request.header("user-agent"));
        assert_eq!(request.header("cookie"), None, "{name}, {n}");
        assert_eq!(request.header("if-none-match"), etag, "{name}, {n}");
        if said.feed && matches!(said.status, 200 | 304) {
            etag.clone_from(&said.etag);
        }
    }
}

/// Between two requests lies what the answer, the floor and the row of failures ask for.
fn waits_are_long_enough(name: &str, asked: &[Asked]) {
    let mut failures = 0;
    for pair in asked.windows(2) {
        let (said, gap) = (&pair[0].said, pair[0].at.until(pair[1].at));
        let well = said.feed && matches!(said.status, 200 | 304);
        failures = if well { 0 } else { failures + 1 };
        // P20, P22, P23, P26, P37-P39
        let floor = match (said.max_age, name) {
            (Some(age), _) if age < 3600 => Duration::from_secs(age.max(300)),
            (_, "bare") => HOUR * 4,
            _ => HOUR,
        };
        let fresh = Duration::from_secs(said.max_age.unwrap_or(0));
        let told = Duration::from_secs(said.retry_after.unwrap_or(0));
        let back_off = match (failures, said.retry_after) {
            (1.., None) => (HOUR * (1 << (failures - 1).min(5))).min(DAY),
            _ => Duration::ZERO,
        };
        let confirming = if said.status == 410 { DAY } else { Duration::ZERO };
        let least = [floor, fresh, told, back_off, confirming].into_iter().max().unwrap();
        assert!(gap >= least, "{name}: {gap:?} after {said:?}, the {failures}th failure in a row");
        assert!(gap <= DAY * 9, "{name} was forgotten for {gap:?}");
    }
    let gone = asked.iter().filter(|asked| asked.said.status == 410).count();
    assert!(gone <= 2, "{name} was asked {gone} times after it had gone");
    // P33: what hardly ever changes is not asked all day, and nothing starves.
    let a_day = asked.len() as f64 / 72.0;
    assert!(a_day <= 24.0 || name == "inviting", "{name}: {a_day} a day");
    assert!(asked.len() >= 10, "{name} was asked only {} times", asked.len());
}
