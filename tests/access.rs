//! Tests what the real daemon answers about topics that are not for everybody, by who asks.

mod hidden;

use std::time::Duration;

use crate::support::http::Answer;
use crate::support::world::{World, atom};

const KEY: &str = "9f2c41d07be84a55";
const OTHER: &str = "7777aaaa8888bbbb";

/// Words that stand in the private topic's table and in its one story alone.
const TITLE: &str = "Xylographs";
const DESCRIPTION: &str = "zymurgy";
const QUERY: &str = "quinquagesima";
const ID: &str = "internal-matters";

/// The private topic holds two stories: one that a public topic holds as well.
async fn world() -> World {
    let document = atom(&[
        ("urn:a:1", "https://a.example/1", "Quinquagesima in the ministry", "2025-04-02T11:05:00Z"),
        ("urn:a:2", "https://a.example/2", "Sanctions and quinquagesima", "2025-04-02T12:05:00Z"),
        ("urn:a:3", "https://a.example/3", "Weather on the coast", "2025-04-02T13:05:00Z"),
        ("urn:a:4", "https://a.example/4", "Sanctions on a bank", "2025-03-01T13:05:00Z"),
    ]);
    let world = World::new().await;
    keys(&world, &format!("# who reads what\npress:{KEY}\n\ndesk:{OTHER}\n"));
    world
        .lines("[access]\nkeys_file = \"keys\"")
        .lines("[hub]\nurl = \"https://hub.example/\"")
        .source("a", document)
        .topic("sanctions", "sanctions")
        .topic(ID, QUERY)
        .lines(&format!("description = \"{DESCRIPTION}\"\naccess = [\"press\"]\nformerly = [\"old-{ID}\"]"))
        .lines(&format!("[[topic]]\nid = \"annex\"\ntitle = \"{TITLE}\"\nquery = \"coasts\"\naccess = [\"desk\"]"))
        .start()
        .await
}

fn keys(world: &World, text: &str) {
    std::fs::write(world.directory.path().join("keys"), text).unwrap();
}

/// Everything that a stranger can ask for.
async fn routes(world: &World) -> Vec<String> {
    let mut routes: Vec<String> = [
        "/",
        "/opml",
        "/stories.atom",
        "/stories.rss",
        "/stories.json",
        "/search",
        "/search?q=sanctions",
        "/search?q=quinquagesima",
        "/search.atom?q=quinquagesima",
        "/search.json?q=sanctions+OR+weather+OR+coast",
        "/search.rss?q=coast",
        "/sources",
        "/sources.opml",
        "/metrics",
        "/healthz",
        "/readyz",
        "/topics/sanctions",
        "/topics/sanctions.atom",
        "/topics/sanctions.rss",
        "/topics/sanctions.json",
        "/topics/sanctions/archive/2025-03.atom",
        "/topics",
        "/topics/",
        "/style.css",
        "/sources/a.atom",
        "/sources/a.json",
    ]
    .map(str::to_owned)
    .to_vec();
    routes.extend(world.stories().iter().map(|story| format!("/stories/{}", story.id)));
    for topic in [ID, "annex", "old-internal-matters", "no-such-topic"] {
        for ending in ["", ".atom", ".rss", ".json", "/archive/2025-03.atom"] {
            routes.push(format!("/topics/{topic}{ending}"));
        }
    }
    routes
}

/// Numbered notices, each of its word, the last the newest.
fn notices(numbers: impl Iterator<Item = usize>, word: fn(usize) -> &'static str) -> String {
    let entries: Vec<_> = numbers
        .map(|n| {
            let day = format!("2025-04-0{}T{:02}:{:02}:00Z", 1 + n / 100, n % 100 / 5, n % 5);
            let link = format!("https://a.example/{n}");
            (format!("urn:a:{n}"), link, format!("Notice {n} of {}", word(n)), day)
        })
        .collect();
    let entries: Vec<_> =
        entries.iter().map(|(id, link, title, date)| (&**id, &**link, &**title, &**date)).collect();
    atom(&entries)
}

/// Twice as many stories in two public topics as there are in one that is private, among each other.
async fn crowd(with_private: bool) -> World {
    let numbers = (0..180).filter(|n| with_private || n % 3 > 0);
    let document = notices(numbers, |n| ["quinquagesima", "sanctions", "harbours"][n % 3]);
    let world = World::new().await;
    keys(&world, &format!("press:{KEY}\n"));
    world
        .lines("[access]\nkeys_file = \"keys\"\n[vocabulary]\nopen = [\"sanctions\"]\ninner = [\"quinquagesima\"]")
        .source("a", document)
        .topic("sanctions", "@open")
        .topic("harbours", "harbours")
        .topic(ID, "@inner")
        .lines("access = [\"press\"]")
        .start()
        .await
}

/// The text of an answer, without the port of the world's site and without stories' ids, which
/// differ from one world to the other.
fn impersonal(world: &World, answer: &Answer) -> String {
    let site = world.site.url("/").to_string();
    let text = String::from_utf8_lossy(&answer.body).replace(&site, "http://site/");
    let is_id = |part: &&str| part.len() == 32 && part.chars().all(|c| c.is_ascii_hexdigit());
    let ids: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_id).collect();
    ids.iter().fold(text.clone(), |text, id| text.replace(id, "ID"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_told_the_same_whether_there_are_private_stories_or_not() {
    let (with, without) = (crowd(true).await, crowd(false).await);
    assert_eq!((with.stories().len(), without.stories().len()), (180, 120));
    let mut routes: Vec<String> = [
        "/",
        "/opml",
        "/stories.atom",
        "/stories.json",
        "/search?q=notice",
        "/search?q=nothing",
        "/search?q=quinquagesima",
        "/search?q=quinquagesima&since=366d",
        "/search?q=%40inner",
        "/search?q=%40inne",
        "/search?q=%40open",
        "/search.atom?q=notice",
        "/search.json?q=quinquagesima",
        "/topics/sanctions",
        "/topics/harbours.json",
        "/sources/a.atom",
        "/sources/a.json",
        "/healthz",
        "/readyz",
    ]
    .map(str::to_owned)
    .to_vec();
    // Pages of earlier stories, each from where the one before it ends.
    let mut page = Some("/stories.json?before=2025-04-03T00:00:00Z".to_owned());
    while let Some(path) = page.take() {
        let told: serde_json::Value = serde_json::from_slice(&with.get(&path).await.body).unwrap();
        let next = told["next_url"].as_str();
        assert!(next.is_none() || told["items"].as_array().unwrap().len() == 50, "{path}");
        page = next.map(|next| next.replace("https://feeds.example.org", ""));
        routes.push(path);
    }
    assert_eq!(routes.len(), 19 + 3);
    for route in routes {
        let (one, other) = (with.get(&route).await, without.get(&route).await);
        assert_eq!(one.status, other.status, "{route}");
        let (one, other) = (impersonal(&with, &one), impersonal(&without, &other));
        for (line, (one, other)) in one.split('<').zip(other.split('<')).enumerate() {
            assert_eq!(one, other, "{route}, element {line}");
        }
        assert_eq!(one.len(), other.len(), "{route}");
    }
    let metrics = with.get("/metrics").await;
    for counted in ["gazetted_stories", "gazetted_verdicts"] {
        assert!(!metrics.text().contains(counted), "{counted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_that_everybody_may_see_are_listed_however_many_hidden_ones_are_newer() {
    let document = notices(0..490, |n| if n < 70 { "harbours" } else { "quinquagesima" });
    let world = World::new().await;
    keys(&world, &format!("press:{KEY}\n"));
    let mut world = world
        .lines("[access]\nkeys_file = \"keys\"")
        .source("a", document)
        .topic(ID, "quinquagesima")
        .lines("access = [\"press\"]")
        .start()
        .await;
    assert_eq!(world.stories().len(), 490);
    assert_eq!(world.get("/stories.atom").await.text().matches("<entry>").count(), 70);
    let page = world.get("/stories").await;
    assert!(page.text().contains("50 of 70"), "{}", page.text());
    // Hidden news leaves the dates of what everybody may see as they are.
    let feed = world.get("/stories.atom").await;
    let hidden =
        [("urn:a:new", "https://a.example/h", "Quinquagesima again", "2025-04-06T09:00:00Z")];
    world.site.document("/a", atom(&hidden));
    world.pass(Duration::from_secs(8 * 24 * 3600)).await;
    assert_eq!(world.stories().len(), 491);
    let again = world.get("/stories.atom").await;
    assert_eq!(again.header("last-modified"), feed.header("last-modified"));
    assert_eq!(again.header("etag"), feed.header("etag"));
    // What the places are counts as well after a reload that hides what was public.
    world.reconfigure(|config| *config = config.replace("'quin", "'notice OR quin")).await;
    assert_eq!(world.get("/stories.atom").await.text().matches("<entry>").count(), 0);
    world
        .reconfigure(|config| *config = config.replace("'notice OR quinquagesima", "'harbours"))
        .await;
    assert_eq!(world.get("/stories.atom").await.text().matches("<entry>").count(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_does_not_shorten_what_a_search_looks_at() {
    use gazetted::inquiry::try_query::Scope;
    use gazetted::model::LookBack;
    use gazetted::topics::Work;

    let (with, without) = (crowd(true).await, crowd(false).await);
    let span: LookBack = "90d".parse().unwrap();
    for (most, most_text) in [(7, usize::MAX), (119, usize::MAX), (120, usize::MAX), (500, 900)] {
        let span = span.clone();
        let (skip, sample, near) = (0, 50, 5);
        let scope = Scope { span, most, most_text, skip, sample, near, versus: None, public: true };
        let told = |world: &World| {
            let now = world.clock.now();
            let work = Work::unlimited();
            let tried = world.handle().records().tried("notice", &scope, now, &work).unwrap();
            (tried.finding.looked_at, tried.finding.count, tried.finding.back_to)
        };
        let seen = told(&with);
        assert_eq!(seen, told(&without), "{most} stories, {most_text} bytes");
        assert_eq!(seen.2.is_some(), seen.0 < 120, "{most} stories, {most_text} bytes");
    }
}

/// Everything of an answer, as a client that decodes it sees it.
fn told(answer: &Answer) -> String {
    format!("{:?}\n{}", answer.headers, answer.text()).to_lowercase()
}

async fn as_press(world: &World, path: &str) -> Answer {
    let basic = "Basic cHJlc3M6OWYyYzQxZDA3YmU4NGE1NQ==".to_owned(); // press and its key
    world.get_with(path, ("Authorization", basic)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_tells_a_stranger_of_a_private_topic_or_of_a_story_that_it_alone_holds() {
    let world = world().await;
    for route in routes(&world).await {
        let answer = world.get(&route).await;
        // An address and a query that one has written oneself say nothing new.
        let told = told(&answer).replace("/search?q=quinquagesima", "").replace("search:q=", "");
        for secret in [ID, TITLE, DESCRIPTION, "in the ministry", "weather", "annex", KEY, OTHER] {
            let own = secret == "weather" && route.contains("weather");
            let known = told.contains(&secret.to_lowercase());
            assert!(own || !known, "{route} tells of {secret}: {told}");
        }
    }
    let counted = world.get("/search?q=quinquagesima").await;
    assert!(counted.text().contains("Sanctions and"), "the story that is public too is found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_looks_like_what_is_not_there() {
    let world = world().await;
    let hidden: Vec<String> = world.stories().iter().map(|story| story.id.to_string()).collect();
    let mut seen = 0;
    let nowhere = world.get("/stories/00000000000000000000000000000000").await;
    for id in hidden {
        let story = world.get(&format!("/stories/{id}")).await;
        if story.status != 200 {
            assert_eq!((story.status, &story.body), (401, &nowhere.body));
            seen += 1;
        }
    }
    assert_eq!(seen, 2, "the stories that private topics alone hold");
    let endings = ["", ".atom", ".json", "/archive/2025-03.atom", "/", "?before=x", "/x/y", "%"];
    for ending in endings {
        let (private, nothing) =
            (format!("/topics/annex{ending}"), format!("/topics/none{ending}"));
        let without_date = |mut answer: Answer| {
            answer.headers.retain(|(name, _)| name != "date");
            answer
        };
        let stranger = (world.get(&private).await, world.get(&nothing).await);
        assert_eq!(without_date(stranger.0), without_date(stranger.1), "{ending}");
        let known = (as_press(&world, &private).await, as_press(&world, &nothing).await);
        assert_eq!(known.0.status, 404, "{ending}");
        assert_eq!(without_date(known.0), without_date(known.1), "{ending}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_spelling_of_an_address_opens_what_is_private() {
    let world = world().await;
    // The month's end closes a volume.
    world.site.document(
        "/a",
        atom(&[(
            "urn:a:new",
            "https://a.example/9",
            "Quinquagesima again",
            "2025-05-02T12:05:00Z",
        )]),
    );
    world.pass(Duration::from_secs(31 * 24 * 3600)).await;
    let path = format!("/topics/{ID}/archive/2025-04.atom");
    assert_eq!(world.get(&format!("{path}?key={KEY}")).await.status, 200, "there is a volume");
    for (plain, encoded) in [("internal", "%69nternal"), ("-", "%2D"), ("2025", "%32025")] {
        let spelled = path.replacen(plain, encoded, 1);
        let answer = world.get(&spelled).await;
        assert_eq!(answer.status, 401, "{spelled}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_topic_answers_as_ever_where_others_are_private() {
    let world = world().await;
    for (path, status) in [
        ("/topics/sanctions/", 301),
        ("/topics/sanctions?before=x", 400),
        ("/topics/sanctions?notbefore=1", 200),
        ("/topics/sanctions.json?x=before=y", 200),
        ("/topics/sanctions/archive/2019-01.atom", 404),
    ] {
        assert_eq!(world.get(path).await.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_its_topics_in_every_form_and_is_repeated_nowhere() {
    let world = world().await;
    let story = world.stories().into_iter().find(|story| story.title.contains("ministry")).unwrap();
    let mut paths = vec![format!("/stories/{}", story.id)];
    for ending in ["", ".atom", ".rss", ".json"] {
        paths.push(format!("/topics/{ID}{ending}"));
    }
    for path in paths {
        assert_eq!(world.get(&path).await.status, 401, "{path}");
        assert_eq!(world.get(&format!("{path}?key={OTHER}")).await.status, 404, "{path}");
        let by_key = world.get(&format!("{path}?key={KEY}")).await;
        let by_name = as_press(&world, &path).await;
        assert_eq!((by_key.status, by_name.status), (200, 200), "{path}");
        assert!(by_key.text().contains("in the ministry"), "{path}");
        assert_eq!(by_key.body, by_name.body, "{path}: whoever reads it");
        assert!(!told(&by_key).contains(KEY), "{path}");
        assert!(!told(&by_key).contains("hub.example"), "{path}: a hub would pass it on");
        assert!(by_key.header("cache-control").unwrap().starts_with("private"), "{path}");
        let vary = by_key.header("vary").unwrap();
        assert!(vary.starts_with("Accept-Encoding, Authorization"), "{path}: {vary}");
        if path.starts_with("/topics") {
            assert_eq!(by_key.header("referrer-policy"), Some("no-referrer"), "{path}");
            let tag = by_key.header("etag").unwrap().to_owned();
            let again = world.get_with(&path, ("If-None-Match", tag.clone())).await;
            assert_eq!(again.status, 401, "{path}: a tag is no key");
            let path = format!("{path}?key={KEY}");
            assert_eq!(world.get_with(&path, ("If-None-Match", tag)).await.status, 304, "{path}");
        }
    }
    let moved = world.get(&format!("/topics/old-{ID}.atom?key={KEY}")).await;
    let there = format!("https://feeds.example.org/topics/{ID}.atom?key={KEY}");
    assert_eq!((moved.status, moved.header("location")), (301, Some(there.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_line_is_taken_out_opens_nothing_after_a_reload() {
    let mut world = world().await;
    let path = format!("/topics/{ID}.atom?key={KEY}");
    assert_eq!(world.get(&path).await.status, 200);
    keys(&world, &format!("desk:{OTHER}\npress:0123456789abcdef\n"));
    world.reconfigure(|_| {}).await;
    assert_eq!(world.get(&path).await.status, 401);
    assert_eq!(world.get(&format!("/topics/{ID}.atom?key=0123456789abcdef")).await.status, 200);
    // The last key of a topic: it is for nobody then, not for all.
    keys(&world, &format!("desk:{OTHER}\n"));
    world.reconfigure(|_| {}).await;
    assert_eq!(world.get(&format!("/topics/{ID}.atom")).await.status, 401);
    assert_eq!(world.get(&format!("/topics/annex.atom?key={OTHER}")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_becomes_public_and_private_again_by_a_reload() {
    let mut world = world().await;
    let private = "access = [\"press\"]";
    world.reconfigure(|config| *config = config.replace(private, "access = \"public\"")).await;
    assert_eq!(world.get(&format!("/topics/{ID}.atom")).await.status, 200);
    assert!(world.get("/").await.text().contains(ID));
    assert!(world.get("/stories.atom").await.text().contains("in the ministry"));
    world.reconfigure(|config| *config = config.replace("access = \"public\"", private)).await;
    assert_eq!(world.get(&format!("/topics/{ID}.atom")).await.status, 401);
    assert!(!world.get("/").await.text().contains(ID));
    assert!(!world.get("/stories.atom").await.text().contains("in the ministry"));
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_pages_are_on_the_operators_listener_alone_where_there_is_one() {
    let mut world = world().await;
    assert_eq!(world.get("/sources").await.status, 200);
    assert!(world.get("/").await.text().contains("/sources\""));
    world.lines_first("[server]\noperators = \"unix:operators.sock\"");
    world.restart().await;
    for path in ["/sources", "/sources.opml", "/metrics"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
        assert_eq!(world.get_by("operators.sock", path).await.status, 200, "{path}");
    }
    assert!(!world.get("/").await.text().contains("/sources\""), "no link that leads nowhere");
    let metrics = world.get_by("operators.sock", "/metrics").await;
    assert!(
        metrics.text().contains("path=\"/topics/internal-matters.atom\""),
        "{}",
        metrics.text()
    );
    assert_eq!(world.get_by("operators.sock", &format!("/topics/{ID}")).await.status, 401);
    world.stop().await;
    assert!(!world.directory.path().join("operators.sock").exists(), "the socket's file is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_with_credentials_is_passed_on_as_a_whole_to_operators_alone() {
    let mut world = world().await;
    assert_eq!(world.get("/sources/a.atom").await.text().matches("<entry>").count(), 2);
    world.lines_first("[server]\noperators = \"unix:operators.sock\"");
    world.lines_first("[[source]]\nheaders = { X-Api-Key = \"s3cret\" }");
    world.restart().await;
    assert_eq!(world.get("/sources/a.atom").await.status, 404);
    let whole = world.get_by("operators.sock", "/sources/a.atom").await;
    assert_eq!(whole.text().matches("<entry>").count(), 4, "private topics' stories too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_came_with_a_key_goes_on_to_older_stories_by_giving_it_once() {
    let world = crowd(true).await;
    // The private topic holds 60 stories, 10 more than a page.
    let first = world.get(&format!("/topics/{ID}?key={KEY}")).await;
    let page = first.text();
    assert_eq!(first.status, 200, "{page}");
    assert!(page.contains("This topic is private."), "{page}");
    assert!(!page.contains(KEY) && first.header("set-cookie").is_none(), "{page}");
    let before = page.split("\">older</a>").next().unwrap().rsplit_once("href=\"").unwrap().1;
    let older = before.replace("&#38;", "&").replace("&amp;", "&");
    let asked = world.get(&older).await;
    assert_eq!(asked.status, 401, "{older}");
    assert!(asked.header("www-authenticate").unwrap().starts_with("Basic"), "the browser asks");
    // What a browser sends for an empty user name, and for the name of the key.
    for user in ["", "press"] {
        let credentials = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("{user}:{KEY}"),
        );
        let header = ("Authorization", format!("Basic {credentials}"));
        let second = world.get_with(&older, header).await;
        assert_eq!(second.status, 200, "{user:?}");
        assert!(second.text().contains("51–60 of 60"), "{user:?}: {}", second.text());
        assert!(!second.text().contains(KEY));
        assert!(second.header("cache-control").unwrap().contains("private"));
    }
    // The page that a browser shows for a feed leaves the key out as well.
    let feed = format!("/topics/{ID}.atom?key={KEY}&x=1");
    let opened = world.get_with(&feed, ("Sec-Fetch-Dest", "document".to_owned())).await;
    assert_eq!(opened.status, 200);
    assert!(opened.text().contains("This feed is private."), "{}", opened.text());
    assert!(!opened.text().contains(KEY), "{}", opened.text());
    let public = world.get("/topics/sanctions").await;
    assert!(!public.text().contains("This topic is private."), "{}", public.text());
}
