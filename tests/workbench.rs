//! Tests searches, `try` and `check --archive`.

use serde_json::Value;

use crate::support::binary::{Gazetted, RunningDaemon};
use crate::support::world::{World, atom};

const CRIME: &str = "https://www.gov.uk/government/news/closer-ties-against-organised-crime";
const TRADE: &str = "https://www.gov.uk/government/news/trade-talks-begin";
const WEATHER: &str = "https://www.gov.uk/government/news/a-mild-spring";

fn three_stories() -> String {
    atom(&[
        ("urn:1", CRIME, "Closer ties against organised crime", "2025-04-02T11:05:00Z"),
        (
            "urn:2",
            TRADE,
            "Trade talks begin with &lt;b&gt;partners&lt;/b&gt;",
            "2025-03-25T09:00:00Z",
        ),
        ("urn:3", WEATHER, "A mild spring", "2025-03-01T09:00:00Z"),
    ])
}

async fn world() -> World {
    World::new()
        .await
        .source("fcdo", three_stories())
        .topic("crime", "\"organised crime\"")
        .topic("trade", "trade")
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_tells_what_it_found_with_marks_by_week_and_as_a_topic_to_copy() {
    let world = world().await;
    let page = world.get("/search?q=title%3Acrime+OR+talks&since=30d").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("2 of 2 stories of the past 30 days"), "{text}");
    assert!(text.contains("organised <mark>crime</mark>"), "{text}");
    assert!(text.contains("Trade <mark>talks</mark> begin"), "{text}");
    assert!(!text.contains("mild"), "{text}");
    assert!(text.contains("from the week of 24 March 2025 to the week of 31 March 2025"), "{text}");
    assert_eq!(text.matches("<rect ").count(), 2, "{text}");
    assert!(text.contains("query = &#34;title:crime OR talks&#34;"), "{text}");
    let feed = "href=\"/search.atom?q=title%3Acrime+OR+talks&#38;since=30d\"";
    assert!(text.contains(feed), "{text}");
    assert!(!text.contains("style=") && !text.contains("<script"), "{text}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_names_the_topic_that_holds_the_same() {
    let world = world().await;
    let page = world.get("/search?q=crime").await;
    assert!(page.text().contains("Nearly the same stories are in <a href=\"/topics/crime\""));
    let page = world.get("/search?q=spring").await;
    assert!(!page.text().contains("Nearly the same"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_can_be_subscribed_to_in_every_format() {
    let world = world().await;
    for (path, media_type) in [
        ("/search.atom?q=crime", "application/atom+xml; charset=utf-8"),
        ("/search.rss?q=crime", "application/rss+xml; charset=utf-8"),
        ("/search.json?q=crime", "application/feed+json"),
        ("/search.json?q=crime&since=30d", "application/feed+json"),
    ] {
        let feed = world.get(path).await;
        assert_eq!((feed.status, feed.header("content-type")), (200, Some(media_type)), "{path}");
        assert!(feed.text().contains("Closer ties against organised crime"), "{}", feed.text());
        assert!(!feed.text().contains("Trade talks"), "{}", feed.text());
        let own = format!("https://feeds.example.org{path}");
        assert!(feed.text().contains(&own), "{}", feed.text());
        let tag = feed.header("etag").unwrap().to_owned();
        assert_eq!(world.get_with(path, ("If-None-Match", tag)).await.status, 304, "{path}");
    }
    assert_eq!(world.get("/search.atom").await.status, 400);
    assert_eq!(world.get("/search.atom?q=AND").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_query_comes_back_with_a_caret_and_what_was_written() {
    let world = world().await;
    let page = world.get("/search?q=trade+AND+talks+OR+crime").await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("1 | trade AND talks OR crime"), "{}", page.text());
    assert!(page.text().contains('^'), "{}", page.text());
    assert!(page.text().contains("trade AND talks OR crime</textarea>"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_reader_or_a_source_writes_becomes_markup() {
    let world = world().await;
    for path in
        ["/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/search?q=%22%3C%2Ftextarea%3E%3Cb%3E"]
    {
        let page = world.get(path).await;
        assert!(
            !page.text().contains("<script") && !page.text().contains("<b>"),
            "{}",
            page.text()
        );
        assert_eq!(page.text().matches("</textarea>").count(), 1, "{}", page.text());
    }
    let page = world.get("/search?q=trade").await;
    assert!(page.text().contains("Trade"), "{}", page.text());
    assert!(!page.text().contains("<b>"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_stands_alone_and_a_query_too_long_is_refused() {
    let world = world().await;
    let page = world.get("/search").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<textarea") && !page.text().contains("of 3"), "{}", page.text());
    let long = format!("/search?q={}", "x+OR+".repeat(500));
    assert_eq!(world.get(&long).await.status, 414);
}

/// The binary over three stories, polled once.
fn newsroom(topics: &str) -> (Gazetted, RunningDaemon) {
    let gazetted = Gazetted::with("");
    std::fs::write(gazetted.path().join("fcdo.atom"), three_stories()).unwrap();
    write_topics(&gazetted, topics);
    let daemon = gazetted.start();
    gazetted.succeed(&["poll"]);
    (gazetted, daemon)
}

fn write_topics(gazetted: &Gazetted, topics: &str) {
    let config = format!(
        "[store]\npath = \"store\"\n[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"http://127.0.0.1:8484/\"\n\
         [[source]]\nid = \"fcdo\"\nfile = \"fcdo.atom\"\n{topics}"
    );
    std::fs::write(gazetted.config(), config).unwrap();
}

fn topic(id: &str, query: &str) -> String {
    format!("[[topic]]\nid = \"{id}\"\ntitle = \"{id}\"\nquery = '''{query}'''\n")
}

fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(text)))
}

const LONG_AGO: [&str; 2] = ["--since", "100years"];

#[test]
fn a_query_is_tried_with_and_without_a_daemon_alike() {
    let (newsroom, daemon) = newsroom(&topic("crime", "crime"));
    let arguments =
        ["try", "talks OR spring", "--topic", "crime", "--json", LONG_AGO[0], LONG_AGO[1]];
    let mut asked = json(newsroom.succeed(&arguments).as_bytes());
    assert_eq!((&asked["count"], &asked["looked_at"]), (&2.into(), &3.into()), "{asked:#}");
    assert_eq!(asked["sample"][0]["url"], TRADE);
    assert_eq!(asked["sample"][0]["marked_title"][1]["text"], "talks");
    let versus = &asked["versus"];
    assert_eq!((&versus["added"], &versus["lost"]), (&2.into(), &1.into()), "{versus:#}");
    assert_eq!(versus["loses"][0]["url"], CRIME);
    assert_eq!(asked["weeks"][0]["week"], "2025-W09");
    assert_eq!(daemon.end("TERM").0, Some(0));
    let mut again = json(newsroom.succeed(&arguments).as_bytes());
    // It counts back from the moment it is asked.
    assert!(asked["since"].take().is_string() && again["since"].take().is_string());
    assert_eq!(again, asked);
    let people = newsroom.succeed(&["try", "talks", LONG_AGO[0], LONG_AGO[1]]);
    assert!(people.starts_with("1 of 3 stories since"), "{people}");
    assert!(people.contains("2025-03-25  Trade [talks] begin"), "{people}");
    assert!(people.contains("2025-W13      1  █"), "{people}");
}

#[test]
fn a_query_is_tried_on_everything_where_the_usual_window_is_empty_and_says_what_is_near() {
    let (newsroom, _daemon) = newsroom(&topic("crime", "crime"));
    let arguments = ["try", "crime AND albania", "--near"];
    let told = newsroom.succeed(&arguments);
    assert!(told.starts_with("0 of all 3 stories\n"), "{told}");
    assert!(
        told.contains("Nearly in it:\n  2025-04-02  Closer ties against organised crime"),
        "{told}"
    );
    assert!(told.contains("`albania` is nowhere"), "{told}");
    let asked = json(newsroom.succeed(&["try", "--json", "--near", arguments[1]]).as_bytes());
    assert_eq!((&asked["span"], &asked["count"]), (&"all time".into(), &0.into()), "{asked}");
    assert_eq!(asked["near"][0]["lacking"], "`albania` is nowhere", "{asked}");
    for (since, told) in [("2y", "3 stories since 20"), ("all", "of all 3 stories")] {
        let tried = newsroom.succeed(&["try", "crime OR talks OR spring", "--since", since]);
        assert!(tried.contains(told), "{since}: {tried}");
    }
    let refused = newsroom.run(&["try", "crime", "--since", "banana"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("`banana` is not a span of time; write for example 30d"), "{told}");
}

#[test]
fn what_is_no_query_is_shown_with_a_caret_and_fails() {
    let (newsroom, _daemon) = newsroom("");
    for (arguments, told) in [
        (["try", "trade AND talks OR crime"].as_slice(), "1 | trade AND talks OR crime\n"),
        (&["try", "trade", "--topic", "nowhere"], "no topic is called nowhere"),
    ] {
        let output = newsroom.run(arguments);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn a_changed_configuration_is_compared_with_what_is_published() {
    let before = [topic("crime", "crime"), topic("trade", "trade"), topic("spring", "spring")];
    let (newsroom, daemon) = newsroom(&before.concat());
    let arguments = ["check", "--archive", "--json", LONG_AGO[0], LONG_AGO[1]];
    let unchanged = newsroom.run(&arguments);
    assert_eq!(unchanged.status.code(), Some(0), "{unchanged:?}");

    let after = [
        topic("crime", "ties OR spring"),
        topic("trade", "trade NOT talks"),
        topic("ties", "ties"),
    ];
    write_topics(&newsroom, &after.concat());
    let told = |output: &std::process::Output| -> Vec<(Value, Value, Value, Value)> {
        let report = json(&output.stdout);
        let topics = report["changes"]["topics"].as_array().unwrap().clone();
        let told = |topic: &Value| {
            let of = |key: &str| topic[key].clone();
            (of("topic"), of("state"), of("added"), of("lost"))
        };
        topics.iter().map(told).collect()
    };
    let expected = [
        ("crime", "changed", 1, 0),
        ("trade", "changed", 0, 1),
        ("ties", "new", 1, 0),
        ("spring", "removed", 0, 1),
    ];
    let expected = expected.map(|(a, b, c, d)| (a.into(), b.into(), c.into(), d.into()));
    let asked = newsroom.run(&arguments);
    assert_eq!(asked.status.code(), Some(2), "{asked:?}");
    assert_eq!(told(&asked), expected);

    assert_eq!(daemon.end("TERM").0, Some(0));
    let people = newsroom.run(&["check", "--archive", LONG_AGO[0], LONG_AGO[1]]);
    let people = String::from_utf8(people.stdout).unwrap();
    assert!(
        people.contains("topic crime: +1 −0 stories, 2 in all\n  + 2025-03-01  A mild spring\n"),
        "{people}"
    );
    assert_eq!(told(&newsroom.run(&arguments)), expected);

    // Once it is in force, there is nothing to tell any more.
    let daemon = newsroom.start();
    assert_eq!(newsroom.run(&arguments).status.code(), Some(0));
    let (_, log) = daemon.end("TERM");
    assert!(log.contains("topic crime: query changed, 3 stories matched again, +1 −0"), "{log}");
}

#[test]
fn what_hardly_chooses_can_never_match_or_is_never_used_is_told_before_it_goes_live() {
    let newsroom = Gazetted::with("");
    // Of a handful of stories, half says nothing.
    let rows: Vec<[String; 3]> = (0..24)
        .map(|number| {
            let about = ["crime", "trade", "spring"][number % 3];
            let link = format!("https://www.gov.uk/news/{number}");
            [format!("urn:{number}"), link, format!("Announcement {number} on {about}")]
        })
        .collect();
    let rows: Vec<_> = rows
        .iter()
        .map(|[id, link, title]| (&**id, &**link, &**title, "2025-04-02T11:05:00Z"))
        .collect();
    std::fs::write(newsroom.path().join("fcdo.atom"), atom(&rows)).unwrap();
    write_topics(&newsroom, &topic("crime", "crime"));
    newsroom.succeed(&["poll"]);
    let told = |topics: &str, arguments: &[&str]| {
        write_topics(&newsroom, topics);
        String::from_utf8(newsroom.run(arguments).stdout).unwrap()
    };
    let archive = ["check", "--archive", LONG_AGO[0], LONG_AGO[1]];
    let frequent = told(&topic("crime", "crime AND announcement"), &archive);
    assert!(frequent.contains("topic crime\n"), "{frequent}");
    assert!(frequent.contains("`announcement` is in 100 % of the stories"), "{frequent}");
    assert!(!frequent.contains("`crime` is in"), "{frequent}");
    assert!(!told(&topic("crime", "crime"), &archive).contains("% of the stories"));
    let left_out = told(&topic("crime", "crime NOT announcement"), &archive);
    assert!(!left_out.contains("% of the stories"), "what is left out may be frequent: {left_out}");

    for arguments in [&["check"][..], &archive] {
        let never = told(&topic("crime", "crime AND (talks NOT talks)"), arguments);
        assert!(never.contains("this can never match: `talks` is both asked for"), "{never}");
        let unused = "[vocabulary]\nplaces = [\"Varrel\"]\n";
        let unused = told(&(topic("crime", "crime") + unused), arguments);
        assert!(unused.contains("no topic uses the vocabulary `places`"), "{unused}");
        let used = "[vocabulary]\nplaces = [\"Varrel\"]\n";
        let used = told(&(topic("crime", "crime OR @places") + used), arguments);
        assert!(!used.contains("no topic uses"), "{used}");
    }
}

#[test]
fn a_sample_may_be_the_address_of_a_stored_story() {
    let with = |sample: &str| format!("{}{sample}\n", topic("crime", "crime"));
    let (newsroom, daemon) = newsroom(&with(&format!("must_match = [\"{CRIME}\"]")));
    newsroom.succeed(&["check"]);
    assert_eq!(daemon.end("TERM").0, Some(0));
    newsroom.succeed(&["check"]);

    write_topics(&newsroom, &with(&format!("must_match = [\"{TRADE}\"]")));
    let failed = newsroom.run(&["check"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stdout).contains("does not match what it must"));

    write_topics(&newsroom, &with("must_match = [\"https://www.gov.uk/unknown\"]"));
    assert!(newsroom.succeed(&["check"]).contains("no stored story has this address"));
}

#[test]
fn a_check_without_a_store_makes_none_and_says_what_it_could_not_try() {
    let newsroom = Gazetted::with("");
    std::fs::write(newsroom.path().join("fcdo.atom"), three_stories()).unwrap();
    let sample = format!("must_match = [\"{CRIME}\"]\n");
    write_topics(&newsroom, &(topic("crime", "crime") + &sample));
    let told = newsroom.succeed(&["check"]);
    assert!(told.contains(&format!("{CRIME} was not tried")), "{told}");
    assert_eq!(newsroom.run(&["check", "--archive"]).status.code(), Some(1));
    assert!(!newsroom.path().join("store").exists());
}

#[test]
fn a_mistake_in_a_query_is_told_before_that_there_is_no_store() {
    let newsroom = Gazetted::with("");
    write_topics(&newsroom, &topic("crime", "crime"));
    let said = |query: &str| {
        let tried = newsroom.run(&["try", query]);
        assert_eq!(tried.status.code(), Some(1));
        String::from_utf8_lossy(&tried.stderr).into_owned()
    };
    let (mistaken, right) = (said("tilte:kosovo"), said("title:kosovo"));
    assert!(mistaken.contains("1 | tilte:kosovo\n    ^^^^^ "), "{mistaken}");
    assert!(mistaken.contains("did you mean `title:`?"), "{mistaken}");
    assert!(!mistaken.contains("store") && right.contains("store"), "{mistaken}\n{right}");
    assert!(!newsroom.path().join("store").exists());
}
