//! Rules about what is sent and what is understood: requests and codings.

use gazetted::fetch::{ProxyUrl, Settings};
use gazetted::model::{FailureKind, Outcome};
use gazetted::options::value::Size;

use super::world::{DAY, FEED, World, failure, settings, source};
use crate::support::site::{Answer, Coded, Gate, Site};

/// One request to a site that redirects once, under these settings.
async fn requests(settings: Settings) -> Vec<crate::support::site::Request> {
    let site = Site::start().await;
    site.script("/feed", [Answer::redirect(302, "/there").header("Set-Cookie", "a=b")]);
    site.script("/there", [Answer::ok(FEED).header("Set-Cookie", "c=d")]);
    let mut world = World::of(settings, [source("one", &site.url("/feed"))]);
    for _ in 0..2 {
        assert!(!matches!(world.poll().await, Outcome::Failed(_)));
    }
    site.log()
}

#[tokio::test]
async fn p36_a_poll_that_fails_is_one_request() {
    let site = Site::start().await;
    site.script("/feed", [Answer::hang_up()]);
    let mut world = World::one(&site.url("/feed"));
    assert_eq!(failure(world.poll().await).kind, FailureKind::Protocol);
    assert_eq!(site.log().len(), 1);
}

#[tokio::test]
async fn p36_only_a_kept_connection_that_was_closed_meanwhile_is_replaced() {
    let site = Site::start().await;
    // The second request comes over the kept connection and finds it closing.
    site.script("/feed", [Answer::ok(FEED), Answer::hang_up(), Answer::ok("<feed>two")]);
    let mut world = World::one(&site.url("/feed"));
    world.poll().await;
    assert!(matches!(world.poll().await, Outcome::Read(_)));
    let connections: Vec<_> = site.log().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test]
async fn p53_a_success_that_is_no_document_is_a_failure() {
    for status in [201, 202, 203, 204, 205, 206, 226] {
        let site = Site::start().await;
        site.script(
            "/feed",
            [Answer::status(status).header("ETag", "\"x\"").body(if status == 204 {
                ""
            } else {
                FEED
            })],
        );
        let mut world = World::one(&site.url("/feed"));
        assert_eq!(failure(world.poll().await).kind, FailureKind::Status, "{status}");
        assert!(world.source_state().validators.is_empty());
    }
}

#[tokio::test]
async fn p51_what_an_error_says_is_in_the_failure() {
    let site = Site::start().await;
    let problem = br#"{"title":"Quota used up","detail":"Come back tomorrow."}"#;
    site.script(
        "/feed",
        [Answer::status(403).header("Content-Type", "application/problem+json").body(problem)],
    );
    let mut world = World::one(&site.url("/feed"));
    let failure = failure(world.poll().await);
    assert_eq!(failure.message, "the answer is 403 Forbidden: Quota used up: Come back tomorrow.");
}

#[tokio::test]
async fn p60_every_request_names_the_client_and_its_subscribers() {
    let settings = Settings {
        user_agent: Some("gazetted/0.1 (+https://example.org/about)".to_owned()),
        subscribers: 12,
        ..settings()
    };
    for request in requests(settings).await {
        assert_eq!(
            request.all("user-agent"),
            [b"gazetted/0.1 (+https://example.org/about; 12 subscribers)".to_vec()]
        );
    }
}

#[tokio::test]
async fn p61_from_is_sent_where_a_contact_is_set() {
    let settings = Settings { from: Some("ops@example.org".to_owned()), ..settings() };
    for request in requests(settings).await {
        assert_eq!(request.header("from").as_deref(), Some("ops@example.org"));
    }
    for request in requests(super::world::settings()).await {
        assert_eq!(request.header("from"), None);
    }
}

#[tokio::test]
async fn p62_every_coding_is_asked_for_and_undone() {
    let site = Site::start().await;
    let ok = || Answer::ok(FEED);
    site.script(
        "/feed",
        [
            ok(),
            ok().coded(Coded::Gzip),
            ok().coded(Coded::Brotli),
            ok().coded(Coded::Zstd),
            ok().coded(Coded::Deflate),
            ok().coded(Coded::Gzip).coded(Coded::Brotli),
        ],
    );
    let mut world = World::one(&site.url("/feed"));
    assert!(matches!(world.poll().await, Outcome::Read(_)));
    for _ in 0..5 {
        let outcome = world.poll().await;
        assert!(matches!(&outcome, Outcome::Unchanged(it) if !it.not_modified), "{outcome:?}");
    }
    assert_eq!(site.log()[0].header("accept-encoding").as_deref(), Some("gzip, br, zstd"));

    let compressed = Answer::ok(b"\x1F\x9D\x90\x3C\xCC".to_vec());
    site.script("/feed", [compressed.header("Content-Encoding", "compress")]);
    assert_eq!(failure(world.poll().await).kind, FailureKind::Coding);
}

#[tokio::test]
async fn p63_the_formats_that_are_read_are_asked_for() {
    let accept = requests(settings()).await[0].header("accept").unwrap();
    for format in ["atom+xml", "rss+xml", "rdf+xml", "feed+json", "application/xml", "json"] {
        assert!(accept.contains(format), "{accept}");
    }
    assert!(accept.ends_with("*/*;q=0.1"), "{accept}");
}

#[tokio::test]
async fn p64_p65_p67_no_cookie_no_referer_no_cache_control() {
    let log = requests(settings()).await;
    assert_eq!(log.len(), 4);
    for request in log {
        for header in ["cookie", "referer", "cache-control", "pragma"] {
            assert_eq!(request.bytes(header), None, "{header}");
        }
    }
}

#[tokio::test]
async fn p66_the_address_is_sent_as_subscribed() {
    let site = Site::start().await;
    let target = "/search/news.atom?organisations[]=home-office&q=%7Ea%2Fb+c;d=(1)";
    site.script(target, [Answer::ok(FEED)]);
    let mut world = World::one(&site.url(&format!("{target}#latest")));
    world.poll().await;
    assert_eq!(site.log()[0].target, target);
}

#[tokio::test]
async fn p68_nothing_but_the_source_is_fetched() {
    let site = Site::start().await;
    site.script("/feed", [Answer::ok("<feed><icon>/icon.png</icon><link href='/page'/></feed>")]);
    let mut world = World::one(&site.url("/feed"));
    world.run(DAY * 20).await;
    assert!(site.log().len() > 5);
    assert!(site.log().iter().all(|request| request.target == "/feed"));
}

#[tokio::test]
async fn p69_fifty_sources_of_one_origin_share_a_connection() {
    let site = Site::start().await;
    let sources = (0..50).map(|n| {
        let path = format!("/{n}");
        site.document(&path, FEED);
        source(&path[1..], &site.url(&path))
    });
    let mut world = World::of(settings(), sources);
    world.run_until(50).await;
    assert_eq!((site.log().len(), site.connections()), (50, 1), "{}", site.story());
    assert!(site.log().iter().all(|request| request.bytes("connection").is_none()));
}

#[tokio::test]
async fn p70_credentials_go_to_their_own_origin_alone() {
    let (site, other) = (Site::start().await, Site::start_on("127.0.0.2").await);
    site.script("/feed", [Answer::redirect(302, "/moved")]);
    site.script("/moved", [Answer::redirect(302, other.url("/feed").as_str())]);
    other.script("/feed", [Answer::ok(FEED)]);
    for (written, headers) in [
        (site.url("/feed"), vec![("Authorization".to_owned(), "Bearer secret".to_owned().into())]),
        (
            {
                let mut url = site.url("/feed");
                url.set_username("user").unwrap();
                url.set_password(Some("pass word")).unwrap();
                url
            },
            vec![("X-Key".to_owned(), "secret".to_owned().into())],
        ),
    ] {
        let mut one = source("one", &written);
        one.headers = headers.into();
        let mut world = World::of(settings(), [one]);
        assert!(matches!(world.poll().await, Outcome::Read(_)));
        let of = world.source_state().validators.of.clone().unwrap();
        assert_eq!(*of, *other.url("/feed").as_str());
    }
    for request in site.log() {
        let sent = request.header("authorization").unwrap();
        assert!(sent == "Bearer secret" || sent == "Basic dXNlcjpwYXNzIHdvcmQ=", "{sent}");
    }
    for request in other.log() {
        assert_eq!((request.bytes("authorization"), request.bytes("x-key")), (None, None));
    }
}

#[tokio::test]
async fn p71_robots_txt_is_not_consulted_for_what_the_operator_named() {
    let site = Site::start().await;
    site.document("/feed", FEED);
    site.script("/robots.txt", [Answer::ok("User-agent: *\nDisallow: /")]);
    let mut world = World::one(&site.url("/feed"));
    assert!(matches!(world.poll().await, Outcome::Read(_)));
    assert_eq!(site.requests("/robots.txt").len(), 0);
}

#[tokio::test]
async fn p71_where_robots_txt_counts_it_is_read_once_a_day_and_obeyed() {
    let honouring = || Settings { robots: true, spacing: std::time::Duration::ZERO, ..settings() };
    for (robots, allowed) in [
        (Answer::ok("User-agent: *\nDisallow: /feed"), false),
        (Answer::ok("User-agent: gazetted\nAllow: /\n\nUser-agent: *\nDisallow: /"), true),
        (Answer::redirect(301, "/real-robots"), false),
        (Answer::status(404), true),
        (Answer::status(500), false),
    ] {
        let site = Site::start().await;
        site.document("/feed", FEED);
        site.script("/robots.txt", [robots.clone()]);
        site.script("/real-robots", [Answer::ok("User-agent: *\nDisallow: /")]);
        let mut world = World::of(honouring(), [source("one", &site.url("/feed"))]);
        for _ in 0..3 {
            let outcome = world.poll().await;
            match &outcome {
                Outcome::Failed(failure) => assert_eq!(failure.kind, FailureKind::Denied),
                _ => assert!(allowed, "{robots:?}"),
            }
        }
        assert_eq!(site.requests("/feed").len(), if allowed { 3 } else { 0 }, "{robots:?}");
        assert_eq!(site.requests("/robots.txt").len(), 1);
        world.now = world.now.after(DAY);
        world.poll().await;
        assert_eq!(site.requests("/robots.txt").len(), 2);
    }
}

#[tokio::test]
async fn p71_robots_txt_counts_for_pages_that_documents_name() {
    let robots = "User-agent: *\nDisallow: /news/private";
    for (robots_for_pages, robots_for_sources) in [(true, false), (true, true), (false, false)] {
        let site = Site::start().await;
        site.document("/news/private/1", "<p>page</p>");
        site.document("/news/2", "<p>page</p>");
        site.script("/robots.txt", [Answer::ok(robots)]);
        let settings = Settings {
            robots: robots_for_sources,
            robots_for_pages,
            spacing: std::time::Duration::ZERO,
            ..settings()
        };
        let world = World::of(settings, [source("one", &site.url("/feed"))]);
        let page = |path: &str| site.url(path);
        let denied = world.page(&page("/news/private/1")).await;
        assert!(world.page(&page("/news/2")).await.is_ok());
        let read = site.requests("/robots.txt").len();
        match robots_for_pages {
            true => {
                assert_eq!(denied.unwrap_err().kind, FailureKind::Denied);
                assert!(site.requests("/news/private/1").is_empty());
                assert_eq!(read, 1, "what a site says is remembered");
            }
            false => {
                assert!(denied.is_ok());
                assert_eq!(read, 0);
            }
        }
    }
}

/// The lines of a head that a server puts in front of a document, as some do.
fn odd_heads() -> Vec<(&'static str, Vec<u8>)> {
    let many: String = (0..150).map(|n| format!("X-Number-{n}: {n}\r\n")).collect();
    let ok = "HTTP/1.1 200 OK\r\n";
    vec![
        ("a space before the colon", format!("{ok}X-Frame-Options : DENY\r\n").into_bytes()),
        ("a tab before the colon", format!("{ok}Content-Type\t: text/xml\r\n").into_bytes()),
        ("a folded line", format!("{ok}X-Policy: default a;\r\n script b\r\n").into_bytes()),
        ("a line folded by a tab", format!("{ok}X-Policy: a;\r\n\tb;\r\n\tc\r\n").into_bytes()),
        ("a name with a space", format!("{ok}Bad Name: x\r\n").into_bytes()),
        ("a name with brackets", format!("{ok}X(y): x\r\n").into_bytes()),
        ("a line without a colon", format!("{ok}NoColonHere\r\n").into_bytes()),
        ("a Latin-1 value", [ok.as_bytes(), b"X-T: m\xFCller\r\n"].concat()),
        ("many lines", format!("{ok}{many}").into_bytes()),
        ("bare line feeds", b"HTTP/1.1 200 OK\nX-A: b\n".to_vec()),
        ("no reason", b"HTTP/1.1 200\r\nX-A: b\r\n".to_vec()),
        ("an empty line before all", format!("\r\n{ok}").into_bytes()),
        ("a folded first line", format!("{ok} X-A: b\r\nX-B: c\r\n").into_bytes()),
        ("a colon first", format!("{ok}: x\r\n").into_bytes()),
        ("a length twice", format!("{ok}Content-Length: {}\r\n", FEED.len()).into_bytes()),
        ("early hints", format!("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n{ok}").into_bytes()),
        ("a reason in UTF-8", "HTTP/1.1 200 Tak jest: ż\r\n".as_bytes().to_vec()),
        ("no coding", format!("{ok}Content-Encoding:\r\n").into_bytes()),
    ]
}

#[tokio::test]
async fn answers_with_odd_header_lines_are_read() {
    for (name, head) in odd_heads() {
        let end = if head.contains(&b'\r') { "\r\n" } else { "\n" };
        let length = format!("Content-Length: {}{end}{end}", FEED.len());
        let answer = [&head[..], length.as_bytes(), FEED.as_bytes()].concat();
        let site = Site::start().await;
        site.script("/feed", [Answer::raw(answer)]);
        let mut world = World::one(&site.url("/feed"));
        let outcome = world.poll().await;
        assert!(matches!(outcome, Outcome::Read(_)), "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn codings_are_undone_however_the_headers_name_them() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(FEED.as_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    let chunk = format!("{:x}\r\n", body.len());
    let plain = [length.as_bytes(), &body].concat();
    let chunked = [b"\r\n", chunk.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    for (lines, rest) in [
        ("Content-Encoding: identity, gzip\r\n", &plain),
        ("Content-Encoding: identity\r\nContent-Encoding: GZIP\r\n", &plain),
        ("Transfer-Encoding: gzip, chunked\r\n", &chunked),
        ("Content-Encoding: X-Gzip\r\nTransfer-Encoding: Chunked\r\n", &chunked),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{lines}");
        let site = Site::start().await;
        let coded = Answer::raw([head.as_bytes(), rest].concat());
        site.script("/feed", [Answer::ok(FEED), coded]);
        let mut world = World::one(&site.url("/feed"));
        world.poll().await;
        let outcome = world.poll().await;
        assert!(matches!(outcome, Outcome::Unchanged(_)), "{lines}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_content_encoding_that_names_no_coding_leaves_the_document() {
    for named in ["UTF-8", "none", "utf8, identity", "text/xml"] {
        let site = Site::start().await;
        site.script("/feed", [Answer::ok(FEED).header("Content-Encoding", named)]);
        let mut world = World::one(&site.url("/feed"));
        let outcome = world.poll().await;
        assert!(matches!(outcome, Outcome::Read(_)), "{named}: {outcome:?}");
    }
}

#[tokio::test]
async fn p52_new_entries_alone_are_asked_for_only_where_that_is_wished() {
    let site = Site::start().await;
    let partial = Answer::status(226).header("IM", "feed").header("ETag", "\"b\"").body("<feed>2");
    site.script("/feed", [Answer::ok(FEED).header("ETag", "\"a\""), partial]);
    let mut world = World::one(&site.url("/feed"));
    world.poll().await;
    assert_eq!(failure(world.poll().await).status, Some(226));
    assert!(site.log().iter().all(|request| request.bytes("a-im").is_none()));

    let wishing = Settings { deltas: true, ..settings() };
    let mut world = World::of(wishing, [source("one", &site.url("/feed"))]);
    let Outcome::Read(reading) = world.poll().await else { panic!("a 226 is a document") };
    assert!(reading.freshness.partial);
    world.poll().await;
    let last = site.log().pop().unwrap();
    assert_eq!(last.header("a-im").as_deref(), Some("feed"));
    assert_eq!(last.header("if-none-match").as_deref(), Some("\"b\""));
}

#[tokio::test]
async fn an_answer_that_never_ends_is_a_timeout() {
    let site = Site::start().await;
    let never = Gate::closed();
    site.script("/feed", [Answer::ok(FEED).behind(&never)]);
    let settings = Settings { timeout: std::time::Duration::from_millis(50), ..settings() };
    let mut world = World::of(settings, [source("one", &site.url("/feed"))]);
    assert_eq!(failure(world.poll().await).kind, FailureKind::Timeout);
}

#[tokio::test]
async fn too_many_bytes_are_refused_on_the_wire_and_after_decompression() {
    let site = Site::start().await;
    let zeros = vec![b' '; 100_000];
    site.script("/wire", [Answer::ok(zeros.clone())]);
    site.script("/bomb", [Answer::ok(zeros).coded(Coded::Gzip)]);
    for path in ["/wire", "/bomb"] {
        let settings =
            Settings { max_body: Size(20_000), max_document: Size(50_000), ..settings() };
        let mut world = World::of(settings, [source("one", &site.url(path))]);
        assert_eq!(failure(world.poll().await).kind, FailureKind::TooLarge, "{path}");
    }
}

#[tokio::test]
async fn each_kind_of_trouble_is_told_in_words() {
    let site = Site::start().await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let plain = site.url("/").as_str().replace("http:", "https:");
    for (url, kind, words) in [
        (format!("http://{closed}/"), FailureKind::Refused, "refused the connection"),
        ("http://no-such-host.invalid/".to_owned(), FailureKind::Dns, "has no address"),
        (plain, FailureKind::Tls, "no trusted connection"),
    ] {
        let mut world = World::one(&url::Url::parse(&url).unwrap());
        let failure = failure(world.poll().await);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(words), "{failure}");
    }
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_every_address() {
    // The site plays the proxy: it is asked for whole addresses.
    let proxy = Site::start().await;
    proxy.script("http://feeds.invalid/feed", [Answer::redirect(302, "http://other.invalid/")]);
    proxy.script("http://other.invalid/", [Answer::ok(FEED)]);
    let settings = Settings { proxy: Some(ProxyUrl(proxy.url("/"))), ..Settings::default() };
    let one = source("one", &url::Url::parse("http://feeds.invalid/feed").unwrap());
    let mut world = World::of(settings, [one]);
    assert!(matches!(world.poll().await, Outcome::Read(_)), "{}", proxy.story());
    assert_eq!(proxy.log().len(), 2);

    // A literal private address is no business of a proxy either.
    proxy.script("http://127.0.0.9/feed", [Answer::ok(FEED)]);
    let one = source("one", &url::Url::parse("http://127.0.0.9/feed").unwrap());
    let settings = Settings { proxy: Some(ProxyUrl(proxy.url("/"))), ..Settings::default() };
    let mut world = World::of(settings, [one]);
    assert_eq!(failure(world.poll().await).kind, FailureKind::Forbidden);
}

#[tokio::test]
async fn a_socks_proxy_is_given_the_name_to_resolve() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).await.unwrap();
        let mut methods = vec![0; usize::from(greeting[1])];
        stream.read_exact(&mut methods).await.unwrap();
        stream.write_all(&[5, 0]).await.unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.unwrap();
        let mut name = vec![0; usize::from(head[4]) + 2];
        stream.read_exact(&mut name).await.unwrap();
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{FEED}", FEED.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        (head[3], name, request[..read].to_vec())
    });
    let proxy_url = url::Url::parse(&format!("socks5h://{address}")).unwrap();
    let settings = Settings { proxy: Some(ProxyUrl(proxy_url)), ..Settings::default() };
    let one = source("one", &url::Url::parse("http://feeds.invalid/feed").unwrap());
    let mut world = World::of(settings, [one]);
    let outcome = world.poll().await;
    assert!(matches!(outcome, Outcome::Read(_)), "{outcome:?}");
    let (kind, name, request) = proxy.await.unwrap();
    assert_eq!((kind, &name[..]), (3, &b"feeds.invalid\x00\x50"[..]));
    assert!(request.starts_with(b"GET /feed HTTP/1.1\r\n"));
}

#[tokio::test]
async fn an_older_page_is_asked_for_without_conditions_and_under_the_same_rules() {
    let site = Site::start().await;
    site.script("/feed", [Answer::ok(FEED).header("ETag", "\"a\"")]);
    site.script("/feed?page=2", [Answer::ok("<feed>older")]);
    let mut world = World::one(&site.url("/feed"));
    world.poll().await;
    let page = world.page(&site.url("/feed?page=2")).await.unwrap();
    assert_eq!(&page.body[..], b"<feed>older");
    assert!(!site.requests("/feed?page=2")[0].is_conditional());
    let inner = url::Url::parse("http://10.0.0.1/feed").unwrap();
    assert_eq!(world.page(&inner).await.unwrap_err().kind, FailureKind::Forbidden);
}
