//! Tests a wall clock that jumps (D17): polls keep their rhythm, and feeds stay as they were.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::preload;
use super::support::{configured, source, until};
use crate::support::binary::{Gazetted, Launched};
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::atom;

const DAY: i64 = 24 * 3600;

#[tokio::test(flavor = "multi_thread")]
async fn d17_a_clock_that_jumps_starts_no_storm_and_silences_nobody() {
    let site = Site::start().await;
    let page = "https://www.gov.uk/1";
    for id in ["ticks", "hourly"] {
        let title = format!("Crime {id}");
        site.document(&format!("/{id}"), atom(&[(id, page, &title, "2025-04-02T11:05:00Z")]));
    }
    let config = configured("", "") + &source(&site, "ticks", "1s");
    let gazetted = Gazetted::with(&(config + &source(&site, "hourly", "1h")));
    let clock = File::create(gazetted.path().join("clock")).unwrap();
    let set = |ahead: i64| clock.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
    set(0);
    let mut command = gazetted.command(&["run"]);
    preload::on("clock", &mut command);
    command.env("CLOCK", gazetted.path().join("clock"));
    let daemon = Launched::by(command).listening();
    let asked = |path: &str| site.requests(path).len();
    let go_on = |polls: usize, ahead: i64| {
        let before = asked("/ticks");
        until(&format!("it is polled as ever, {ahead} s ahead after {before} polls"), || {
            (asked("/ticks") >= before + polls).then_some(())
        });
    };
    go_on(2, 0);
    until("the hourly one is read", || (asked("/hourly") == 1).then_some(()));
    let feed = get(daemon.address, "/topics/all.atom");
    assert_eq!(feed.status, 200);

    set(365 * DAY);
    // Both are due, once.
    go_on(3, 365 * DAY);
    let after_a_year = asked("/hourly");
    assert!(after_a_year <= 2, "a storm: {after_a_year}");
    // Back again, and a day further back: what was due in a second still is.
    for ahead in [0, -DAY] {
        let before = asked("/hourly");
        set(ahead);
        go_on(3, ahead);
        assert!(asked("/hourly") <= before + 1, "a storm at {ahead}");
    }
    let now = get(daemon.address, "/topics/all.atom");
    assert_eq!(now.body, feed.body, "no jump changes what was published");
    assert_eq!(daemon.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn d17_a_clock_that_was_ahead_for_one_start_silences_nobody_after_it() {
    let site = Site::start().await;
    let page = "https://www.gov.uk/1";
    for id in ["hourly", "weekly"] {
        let title = format!("Crime {id}");
        site.document(&format!("/{id}"), atom(&[(id, page, &title, "2025-04-02T11:05:00Z")]));
    }
    site.script("/held", [Answer::status(503).header("Retry-After", "864000")]);
    let mut config = configured("", "");
    for (id, interval) in [("hourly", "1h"), ("weekly", "7d"), ("held", "1h")] {
        config += &source(&site, id, interval);
    }
    let gazetted = Gazetted::with(&config);
    let clock = File::create(gazetted.path().join("clock")).unwrap();
    let set = |ahead: i64| clock.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = gazetted.command(arguments);
        preload::on("clock", &mut command);
        command.env("CLOCK", gazetted.path().join("clock"));
        command
    };
    let ids = ["hourly", "weekly", "held"];
    let asked = || ids.map(|id| site.requests(&format!("/{id}")).len());
    set(400 * DAY);
    let daemon = Launched::by(command(&["run"])).listening();
    until("all are asked", || (asked() == [1, 1, 1]).then_some(()));
    assert_eq!(daemon.end("TERM").0, Some(0));

    // By hand, and by a daemon that starts, stops at once and starts again.
    set(0);
    let polled = command(&["poll", "hourly", "--json"]).output().unwrap();
    let report = String::from_utf8(polled.stdout).unwrap();
    assert!(report.contains("\"outcome\":\"unchanged\""), "{report}");
    let mut daemon = Launched::by(command(&["run"])).listening();
    daemon.logged("\"ready\"");
    assert_eq!(daemon.end("TERM").0, Some(0));
    let daemon = Launched::by(command(&["run"])).listening();
    until("all are asked again", || (asked() == [2, 2, 2]).then_some(()));
    assert_eq!(daemon.end("TERM").0, Some(0));
    // What is set by a clock that is right holds, also over a restart.
    let mut daemon = Launched::by(command(&["run"])).listening();
    daemon.logged("\"ready\"");
    assert_eq!(daemon.end("TERM").0, Some(0));
    assert_eq!(asked(), [2, 2, 2]);
}
