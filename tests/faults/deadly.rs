//! Tests that a source which kills the daemon is set aside and all others are read (D1).

use std::fs::File;
use std::os::unix::fs::FileExt;

use serde_json::Value;

use super::preload;
use super::support::{configured, source, until};
use crate::support::binary::{Gazetted, Launched};
use crate::support::http::get;
use crate::support::site::{Answer, Gate, Site};
use crate::support::world::atom;

const HOUR: i64 = 3600;

/// A daemon that dies of this source.
fn dying_of(gazetted: &Gazetted, deadly: &str) -> Launched {
    let mut command = gazetted.command(&["run"]);
    preload::on("clock", &mut command);
    preload::on("deadly", &mut command);
    command.env("CLOCK", gazetted.path().join("clock")).env("DEADLY", deadly);
    Launched::by(command)
}

fn dies(launched: Launched) {
    let (code, log) = launched.ended();
    assert_eq!(code, None, "it was killed: {log}");
}

/// What a line of the log says, in JSON.
fn line(logged: &str) -> Value {
    serde_json::from_str(logged).unwrap()
}

/// What `status` says of a source.
fn status(gazetted: &Gazetted, id: &str) -> Value {
    line(gazetted.succeed(&["status", id, "--json"]).lines().next().unwrap())
}

/// How many hours after a moment it is due again.
fn wait(status: &Value) -> i64 {
    let date = |name: &str| {
        let text = status[name].as_str().unwrap();
        gazetted::model::Timestamp::parse_rfc3339(text).unwrap().as_secs()
    };
    (date("next_poll") - date("last_poll")) / HOUR
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_a_source_that_kills_the_daemon_is_set_aside_and_all_others_are_read() {
    let site = Site::start().await;
    let ids = ["deadly", "calm-1", "calm-2", "calm-3"];
    let page = |id: &str| format!("https://www.gov.uk/{id}");
    for id in ids {
        let title = format!("Crime {id}");
        site.document(&format!("/{id}"), atom(&[(id, &page(id), &title, "2025-04-02T11:05:00Z")]));
    }
    let config = configured("", "") + &ids.map(|id| source(&site, id, "1s")).concat();
    let gazetted = Gazetted::with(&config);
    let clock = File::create(gazetted.path().join("clock")).unwrap();
    let set = |ahead: i64| clock.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
    set(0);
    let asked = |id: &str| site.requests(&format!("/{id}")).len();

    // It dies with some sources in work, then in a turn of one alone, and then no more.
    dies(dying_of(&gazetted, "deadly"));
    let mut second = dying_of(&gazetted, "deadly");
    assert!(second.logged("\"ended_in_work\"").contains("deadly"));
    dies(second);
    let mut third = dying_of(&gazetted, "deadly");
    let failing = line(&third.logged("\"source_failing\""));
    assert_eq!((&failing["source"], &failing["kind"]), (&"deadly".into(), &"crash".into()));
    let daemon = third.listening();
    let requests = asked("deadly");
    for id in &ids[1..] {
        let before = asked(id);
        until(&format!("{id} is read as ever"), || (asked(id) > before + 1).then_some(()));
    }
    assert_eq!(asked("deadly"), requests, "it is left alone");
    let set_aside = status(&gazetted, "deadly");
    assert_eq!((&set_aside["state"], wait(&set_aside)), (&"failing".into(), 1), "{set_aside}");
    assert!(set_aside["failure"].as_str().unwrap().contains("died while it read this source"));
    let pages = get(daemon.address, "/sources");
    assert!(pages.text().contains("died while it read this source"), "{}", pages.text());
    assert_eq!(daemon.end("TERM").0, Some(0));

    // An hour later it is tried again, alone: the next wait is twice as long, also after restarts.
    set(HOUR + 600);
    dies(dying_of(&gazetted, "deadly"));
    let daemon = dying_of(&gazetted, "deadly").listening();
    until("the third death is put down", || {
        (wait(&status(&gazetted, "deadly")) == 2).then_some(())
    });
    assert_eq!(daemon.end("TERM").0, Some(0));
    let mut daemon = dying_of(&gazetted, "deadly").listening();
    assert_eq!(wait(&status(&gazetted, "deadly")), 2);

    // Once it does no harm it is read as ever.
    assert_eq!(daemon.end("TERM").0, Some(0));
    set(HOUR * 4);
    let launched = dying_of(&gazetted, "nobody");
    daemon = launched.listening();
    assert!(daemon.logged("\"source_recovered\"").contains("deadly"));
    let before = asked("deadly");
    until("it is read as ever", || (asked("deadly") > before + 1).then_some(()));
    assert_eq!(daemon.end("TERM").0, Some(0));
    assert_eq!(gazetted.stories().len(), ids.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_what_an_operator_kills_is_read_alone_once_and_pays_nothing() {
    let site = Site::start().await;
    let gate = Gate::closed();
    let page = site.url("/page").to_string();
    site.document("/slow", atom(&[("slow", &page, "Crime", "2025-04-02T11:05:00Z")]));
    site.script("/page", [Answer::ok("<p>Crime at length</p>").behind(&gate)]);
    let sources = source(&site, "slow", "1s") + "enrich = \"page\"\n";
    let gazetted = Gazetted::with(&(configured("", "") + &sources));
    let daemon = gazetted.start();
    until("its page is asked for", || (!site.requests("/page").is_empty()).then_some(()));
    daemon.signal("KILL");
    assert_eq!(daemon.ended().0, None);

    let mut launched = Launched::by(gazetted.command(&["run"]));
    assert!(launched.logged("\"ended_in_work\"").contains("slow"));
    gate.open();
    let mut daemon = launched.listening();
    daemon.logged("\"news\"");
    assert_eq!(status(&gazetted, "slow")["failures"], 0);
    let (code, log) = daemon.end("TERM");
    assert_eq!(code, Some(0), "{log}");

    let mut daemon = gazetted.start();
    daemon.logged("\"ready\"");
    let (code, log) = daemon.end("TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("ended_in_work"), "an orderly end leaves no mark: {log}");
}
