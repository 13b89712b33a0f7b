//! Tests that our own hub keeps private things to itself and stays within its bounds (H9, H10).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::hub::{
    FEED, HOUR, answering, ask, ask_for, callback, deliveries, document, hub, publish, questions,
    subscribe, subscribers,
};
use crate::support::http;
use crate::support::site::{Answer, Gate, Request};
use crate::support::world::World;

const MINUTE: Duration = Duration::from_secs(60);
const KEY: &str = "9f2c41d07be84a55";

#[tokio::test(flavor = "multi_thread")]
async fn h09_only_feeds_of_ours_can_be_subscribed_to() {
    let world = hub().await.start().await;
    for topic in [
        "https://other.example/topics/news.atom",
        "https://feeds.example.org/topics/none.atom",
        "https://feeds.example.org/topics/news",
        "https://feeds.example.org/opml",
        "https://feeds.example.org/metrics",
        "https://feeds.example.org/topics/news.atom?a=b",
        "https://feeds.example.org.evil.example/topics/news.atom",
        "/topics/news.atom",
    ] {
        assert_eq!(ask_for(&world, "subscribe", topic, &[]).await, 404, "{topic}");
    }
    for topic in ["https://feeds.example.org/stories.atom", FEED] {
        assert_eq!(ask_for(&world, "subscribe", topic, &[]).await, 202, "{topic}");
    }
    assert_eq!(questions(&world).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_no_callback_leads_into_the_operator_s_network() {
    let mut world = hub().await.start().await;
    let permitted = "allow_private = [\"127.0.0.0/8\"]";
    world.reconfigure(|config| *config = config.replace(permitted, "allow_private = []")).await;
    let port = world.site.url("/").port().unwrap();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1"] {
        let callback = format!("http://{host}:{port}/cb");
        let pairs = [("hub.mode", "subscribe"), ("hub.topic", FEED), ("hub.callback", &callback)];
        // The answer says nothing of what is behind the address.
        assert_eq!(ask(&world, &pairs).await.status, 202, "{host}");
    }
    assert!(questions(&world).is_empty());
    assert_eq!(subscribers(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_a_form_that_is_too_large_is_refused_before_it_is_sent() {
    let world = hub().await.start().await;
    for length in [9 * 1024_u64, 99_999_999_999] {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        let head = format!(
            "POST /hub HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{length}: {answer}");
    }
}

/// Asks the hub for the feed to be told at a callback, as a client behind the proxy.
async fn ask_as(world: &World, client: &str, callback: &str) -> u16 {
    let pairs = [("hub.mode", "subscribe"), ("hub.topic", FEED), ("hub.callback", callback)];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    world.post("/hub", &[("X-Forwarded-For", client)], form.as_bytes()).await.status
}

/// How often the store was written to.
async fn commits(world: &World) -> String {
    let metrics = world.get("/metrics").await;
    let is_count = |line: &&str| line.starts_with("gazetted_commit_seconds_count");
    metrics.text().lines().find(is_count).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_what_can_never_be_admitted_is_not_stored_and_a_flood_of_it_refuses_nobody_else() {
    let world = hub().await.start().await;
    let written = commits(&world).await;
    let mut answers = Vec::new();
    for n in 0..150 {
        let callback = match n % 5 {
            0 => format!("http://10.0.0.{n}/cb"),
            1 => format!("http://[fd00::{n}]:8080/cb"),
            2 => format!("http://169.254.169.254/{n}"),
            3 => format!("https://feeds.example.org/topics/{n}"),
            _ => format!("http://192.168.{n}.1/cb"),
        };
        answers.push(ask_as(&world, "198.51.100.66", &callback).await);
    }
    // The answer does not tell what is behind an address. What one client may ask in a minute ends.
    let taken = answers.iter().filter(|status| **status == 202).count();
    assert!((16..=90).contains(&taken), "{taken}");
    assert!(answers.iter().all(|status| [202, 503].contains(status)), "{answers:?}");
    world.handle().settled().await;
    assert_eq!((subscribers(&world), commits(&world).await), (0, written));

    let callback = world.site.url("/cb").to_string();
    assert_eq!(ask_as(&world, "198.51.100.7", &callback).await, 202, "another client");
    world.handle().settled().await;
    assert_eq!((subscribers(&world), questions(&world).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_a_flood_at_callbacks_that_never_answer_holds_up_nobody_else() {
    let world = hub().await.start().await;
    let never = Gate::closed();
    let behind = never.clone();
    answering(&world, "/tarpit", move |_| Answer::status(500).behind(&behind));
    let tarpit = |n: usize| world.site.url(&format!("/tarpit?n={n}")).to_string();
    let mut refused = 0;
    for n in 0..9 {
        refused += usize::from(ask_as(&world, "198.51.100.66", &tarpit(n)).await == 503);
    }
    assert_eq!(refused, 1, "of one host, eight are asked at once");
    // Another host, though at the same address: the flood leaves it a turn only once one ends.
    let other = world.site.url("/cb").to_string().replace("127.0.0.1", "localhost");
    assert_eq!(ask_as(&world, "198.51.100.7", &other).await, 202);
    never.open();
    world.handle().settled().await;
    assert_eq!((subscribers(&world), questions(&world).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_nobody_can_have_us_bother_a_host() {
    let world = hub().await.start().await;
    answering(&world, "/cb", |_| Answer::status(404));
    let mut refused = None;
    for _ in 0..100 {
        let callback = world.site.url("/cb").to_string();
        let pairs = [("hub.mode", "subscribe"), ("hub.topic", FEED), ("hub.callback", &*callback)];
        let answer = ask(&world, &pairs).await;
        if answer.status != 202 {
            refused = Some(answer);
        }
    }
    let refused = refused.unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("60")));
    assert_eq!(questions(&world).len(), 60, "in a minute");
    world.pass(MINUTE).await;
    subscribe(&world, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_a_callback_is_told_of_a_burst_of_changes_at_a_pace() {
    let mut world = hub().await.start().await;
    subscribe(&world, &[]).await;
    publish(&world, 2).await;
    // Within the pace there are two reloads.
    for entries in ["entries = 3", "entries = 2"] {
        let title = format!("title = \"news\"\n{entries}");
        world
            .reconfigure(|config| {
                *config = config.replace("\nentries = 3", "");
                *config = config.replace("title = \"news\"", &title);
            })
            .await;
    }
    assert_eq!(deliveries(&world).len(), 1);
    publish(&world, 3).await;
    let [_, second] = deliveries(&world).try_into().unwrap();
    assert_eq!(second.body, world.get("/topics/news.atom").await.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_whoever_is_dropped_is_told_so() {
    let mut world = hub().await.start().await;
    subscribe(&world, &[]).await;
    world.reconfigure(|config| *config = config.replace("id = \"news\"", "id = \"other\"")).await;
    let last = questions(&world).pop().unwrap();
    assert_eq!((&*last["hub.mode"], &*last["hub.topic"]), ("denied", FEED));
    assert_eq!(subscribers(&world), 0);

    let other = "https://feeds.example.org/topics/other.atom";
    assert_eq!(ask_for(&world, "subscribe", other, &[]).await, 202);
    world.reconfigure(|config| *config = config.replace("serve = true", "serve = false")).await;
    let last = questions(&world).pop().unwrap();
    assert_eq!((&*last["hub.mode"], &*last["hub.topic"]), ("denied", other));
    assert_eq!(ask_for(&world, "subscribe", other, &[]).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_name_the_hub_where_there_is_one() {
    let mut world = hub().await.start().await;
    let hub = "https://feeds.example.org/hub";
    for path in ["/topics/news.atom", "/topics/news.rss", "/topics/news.json", "/stories.atom"] {
        let answer = world.get(path).await;
        assert!(answer.text().contains(hub), "{path}");
        assert!(answer.header("link").unwrap().contains(hub), "{path}");
    }
    world.reconfigure(|config| *config = config.replace("serve = true", "serve = false")).await;
    for path in ["/topics/news.atom", "/topics/news.json"] {
        let answer = world.get(path).await;
        assert!(!answer.text().contains(hub) && !answer.header("link").unwrap().contains(hub));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_feed_is_told_of_to_whoever_has_its_key_and_as_long_as_the_key_is_good() {
    let world = hub().await;
    let keys = world.directory.path().join("keys");
    std::fs::write(&keys, format!("press:{KEY}\ndesk:0123456789abcdef\n")).unwrap();
    let world = world.lines("access = [\"press\"]").lines("[access]\nkeys_file = \"keys\"");
    let mut world = world.start().await;
    let (with_key, other) = (format!("{FEED}?key={KEY}"), format!("{FEED}?key=0123456789abcdef"));
    for topic in [FEED, &other, &format!("{FEED}?a=b")] {
        let callback = world.site.url("/cb").to_string();
        let pairs =
            |topic| [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", &*callback)];
        let nothing = "https://feeds.example.org/topics/none.atom";
        let without_date = |mut answer: http::Answer| {
            answer.headers.retain(|(name, _)| name != "date");
            answer
        };
        let (private, nothing) =
            (ask(&world, &pairs(topic)).await, ask(&world, &pairs(nothing)).await);
        assert_eq!(without_date(private), without_date(nothing), "{topic}");
    }
    assert_eq!(ask_for(&world, "subscribe", &with_key, &[("hub.secret", "s")]).await, 202);
    assert_eq!(questions(&world)[0]["hub.topic"], with_key, "as it was written");
    publish(&world, 2).await;
    let delivery = &deliveries(&world)[0];
    assert_eq!(delivery.body, world.get(&format!("/topics/news.atom?key={KEY}")).await.body);
    assert!(
        delivery.header("link").unwrap().contains("<https://feeds.example.org/hub>; rel=\"hub\"")
    );
    for path in ["/sources", "/metrics"] {
        let answer = world.get(path).await;
        assert!(!answer.text().contains("topics/news") && !answer.text().contains(KEY), "{path}");
    }
    std::fs::write(&keys, "desk:0123456789abcdef\n").unwrap();
    world.reconfigure(|_| {}).await;
    let last = questions(&world).pop().unwrap();
    assert_eq!((&*last["hub.mode"], &*last["hub.topic"]), ("denied", &*with_key));
    publish(&world, 3).await;
    assert_eq!((deliveries(&world).len(), subscribers(&world)), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_who_is_told_by_host_alone() {
    let world = hub().await.start().await;
    subscribe(&world, &[]).await;
    callback(&world, "/cb", 503);
    publish(&world, 2).await;
    let page = world.get("/sources").await;
    for text in ["Subscribers", "127.0.0.1", "/topics/news.atom", "503"] {
        assert!(page.text().contains(text), "{text}: {}", page.text());
    }
    assert!(!page.text().contains("/cb"));
    let metrics = world.get("/metrics").await;
    for line in ["gazetted_subscribers 1", "gazetted_deliveries_total{result=\"failed\"} 1"] {
        assert!(metrics.text().contains(line), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_elsewhere_is_told_of_what_changed_once_and_of_nothing_private() {
    let world = World::new().await;
    let elsewhere = world.site.url("/elsewhere");
    world.site.script("/elsewhere", [Answer::status(503), Answer::status(204)]);
    std::fs::write(world.directory.path().join("keys"), format!("press:{KEY}\n")).unwrap();
    let world = world
        .lines(&format!("[hub]\nurl = \"{elsewhere}\"\n[access]\nkeys_file = \"keys\""))
        .source("dep", document(1))
        .topic("news", "news")
        .topic("inner", "news")
        .lines("access = \"key\"");
    let mut world = world.start().await;
    let told = |world: &World| -> Vec<Vec<String>> {
        let form = |request: Request| {
            let pairs = url::form_urlencoded::parse(&request.body).into_owned();
            let mut values: Vec<String> = pairs.map(|(_, value)| value).collect();
            values.sort();
            values
        };
        world.site.requests("/elsewhere").into_iter().map(form).collect()
    };
    assert_eq!(told(&world).len(), 1, "it could not be told");
    world.pass(MINUTE * 2).await;
    let all = told(&world);
    assert_eq!((all.len(), &*all[1][6]), (2, "publish"), "{all:?}");
    assert!(all[1].contains(&FEED.to_owned()) && all[1].len() == 7, "{all:?}");
    assert!(all.iter().flatten().all(|address| !address.contains("inner")));
    world.restart().await;
    world.pass(HOUR * 2).await;
    assert_eq!(told(&world).len(), 2, "nothing has changed");
    publish(&world, 2).await;
    assert_eq!(told(&world).len(), 3);
    assert!(world.get("/topics/news.atom").await.text().contains(elsewhere.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_daemon_that_is_subscribed_here_has_our_news_by_push() {
    // Where each is reached is known once it runs.
    let publisher = World::new().await.lines("[hub]\nserve = true");
    let publisher = publisher.source("dep", document(1)).topic("news", "news");
    let mut publisher = publisher.start().await;
    let at = publisher.address();
    publisher.rebase(&format!("http://{at}/"));
    publisher.reconfigure(|_| {}).await;

    let feed = format!("http://{at}/topics/news.atom");
    let reader = World::new().await;
    let reader = reader.lines(&format!(
        "[hub]\ncallback_url = \"http://127.0.0.1:2/\"\n[[source]]\nid = \"pub\"\nurl = \"{feed}\"\npush = false"
    ));
    let mut reader = reader.topic("all", "news").start().await;
    let callback = format!("callback_url = \"http://{}/\"", reader.address());
    reader
        .reconfigure(|config| {
            *config = config
                .replace("callback_url = \"http://127.0.0.1:2/\"", &callback)
                .replace("push = false", "push = true");
        })
        .await;
    publisher.handle().settled().await;
    reader.handle().settled().await;
    assert_eq!(reader.titles("all").await, ["News number 1"]);
    assert_eq!(subscribers(&publisher), 1);

    publish(&publisher, 2).await;
    reader.handle().settled().await;
    assert_eq!(reader.titles("all").await, ["News number 2", "News number 1"]);
    let status = reader.handle().records().status(reader.clock.now()).remove(0);
    let push = status.push.unwrap();
    assert_eq!((&*push.state, push.delivered, push.forged), ("active", 1, 0));
}
