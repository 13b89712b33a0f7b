//! Tests the bounds on what a client may cost: Q34 and the limits of RELIABILITY B.3.

use std::sync::Arc;
use std::time::Duration;

use gazetted::publish::{self, Absence, ResponseCache, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::world::{Answer, TestDesk, World, story};

const FEED: &str = "/topics/sanctions.atom";

/// A connection that counts: it was answered.
async fn counted(world: &World) -> TcpStream {
    let mut stream = world.connect().await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert!(stream.read(&mut [0; 512]).await.unwrap() > 0);
    stream
}

#[tokio::test]
async fn q34_too_many_connections_are_told_to_come_back() {
    let settings = Settings { connections: 2, ..Settings::default() };
    let world = World::with(settings).await;
    world.tell(vec![story(1)]);
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(counted(&world).await);
    }
    let refused = world.get(FEED).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
}

#[tokio::test]
async fn q34_supervisors_are_answered_while_all_connections_are_taken() {
    let settings = Settings { connections: 2, ..Settings::default() };
    let world = World::with(settings).await;
    world.tell(vec![story(1)]);
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = counted(&world).await;
        stream.write_all(b"GET /half-a-head HTTP/1.1\r\n").await.unwrap();
        held.push(stream);
    }
    // More half heads than there are places for supervisors.
    for head in ["", "GET", "GET /healthz HTTP/1.1\r\nHost: h\r\n"].iter().cycle().take(100) {
        let mut stream = world.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), (FEED, 503), ("/", 503), ("/healthz/x", 503)]
    {
        for method in ["GET", "HEAD"] {
            let answer = world.ask(method, path, &[]).await;
            assert_eq!(answer.status, status, "{method} {path}");
            assert_eq!(answer.header("connection"), "close", "{method} {path}");
        }
    }
    assert_eq!(world.ask("POST", "/healthz", &[]).await.status, 503);
    // Whoever kept a supervisor's place by half a head was told to come back.
    let told = Answer::read(&mut held.remove(2)).await;
    assert_eq!((told.status, told.header("retry-after")), (503, "5"));
}

#[tokio::test]
async fn q34_one_address_is_told_that_it_has_enough() {
    let settings = Settings { connections_per_address: 1, proxies: vec![], ..Settings::default() };
    let world = World::with(settings).await;
    let _first = counted(&world).await;
    let refused = Answer::read(&mut world.connect().await).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "30"));
}

#[tokio::test]
async fn q34_one_client_behind_a_proxy_is_told_that_it_has_enough() {
    let settings = Settings { connections_per_address: 1, ..Settings::default() };
    let world = World::with(settings).await;
    world.desk.silent.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut waiting = world.connect().await;
    let head = "GET /sources HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n";
    waiting.write_all(head.as_bytes()).await.unwrap();
    let ask =
        async |client: &str| world.ask("GET", "/healthz", &[("X-Forwarded-For", client)]).await;
    // Until the first request is taken up, there is room for another.
    let mut refused = ask("192.0.2.1").await;
    for _ in 0..10_000 {
        if refused.status == 429 {
            break;
        }
        refused = ask("192.0.2.1").await;
    }
    assert_eq!((refused.status, refused.header("retry-after")), (429, "5"));
    assert_eq!(ask("192.0.2.2").await.status, 200, "another client");
    assert_eq!(ask("192.0.2.1, 192.0.2.2").await.status, 200, "whoever it says it is");
}

#[tokio::test]
async fn q34_who_reads_json_is_told_of_an_error_in_json() {
    let world = World::telling(vec![story(1)]).await;
    world.cache.withdraw("/topics/ended.json", Absence::Gone);
    for (path, status, title, detail) in [
        ("/topics/none.json", 404, "Not Found", "There is nothing at this address."),
        ("/topics/ended.json", 410, "Gone", "withdrawn for good"),
        ("/topics/sanctions.json?before=then", 400, "Bad Request", "Write a date"),
        ("/search.json?q=", 400, "Bad Request", "write what to search for"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{path}");
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((&problem["status"], &problem["title"]), (&status.into(), &title.into()));
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
        let mut head = world.ask("HEAD", path, &[]).await;
        head.headers.insert("date".to_owned(), answer.header("date").to_owned());
        assert_eq!((head.status, &head.headers), (status, &answer.headers), "{path}");
    }
    world.desk.failing.store(true, std::sync::atomic::Ordering::Relaxed);
    let later = world.get("/search.json?q=peace").await;
    assert_eq!((later.status, later.header("retry-after")), (503, "5"));
    assert_eq!(later.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn requests_that_could_be_read_in_two_ways_are_refused() {
    let world = World::telling(vec![story(1)]).await;
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost : a\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n", 413),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n", 413),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n", 400),
        ("GET /healthz HTTP/1.0\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n", 200),
    ] {
        let answer = world.raw(format!("{head}\r\n").as_bytes()).await;
        assert_eq!(answer.status, status, "{head}");
    }
}

#[tokio::test]
async fn heads_and_queries_are_bounded() {
    let world = World::telling(vec![story(1)]).await;
    let long = "x".repeat(3 * 1024);
    assert_eq!(world.get(&format!("{FEED}?q={long}")).await.status, 414);
    let huge = "x".repeat(20 * 1024);
    assert_eq!(world.ask("GET", FEED, &[("X-Filler", &huge)]).await.status, 431);
    assert_eq!(world.get(&format!("{FEED}?utm_source=reader")).await.status, 200);
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let world = World::telling(vec![story(1)]).await;
    for method in ["POST", "PUT", "DELETE", "TRACE", "PATCH"] {
        let answer = world.ask(method, FEED, &[]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"));
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_is_hung_up_on() {
    let settings = Settings { idle_timeout: Duration::from_millis(50), ..Settings::default() };
    let world = World::with(settings).await;
    let mut silent = world.connect().await;
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap(), 0, "closed by the server");
}

#[tokio::test]
async fn an_answer_under_way_is_finished_when_the_server_stops() {
    let world = World::telling((1..200).map(story).collect()).await;
    let whole = world.get(FEED).await.body.len();
    let mut slow = world.connect().await;
    let request = format!("GET {FEED} HTTP/1.1\r\nHost: h\r\n\r\n");
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut first = vec![0; 1024];
    slow.read_exact(&mut first).await.unwrap();
    world.stop.cancel();
    slow.read_to_end(&mut first).await.unwrap();
    assert_eq!(Answer::parse(&first).body.len(), whole);
    // Its listener has ended with it. (Whoever connected might meet another test's, on the same port.)
    world.served.await.unwrap();
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let settings = Settings { drain_timeout: Duration::from_millis(50), ..Settings::default() };
    let world = World::with(settings).await;
    world.desk.silent.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut asked = world.connect().await;
    asked.write_all(b"GET /sources HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    // Another answer proves that the first request was taken up.
    world.get("/healthz").await;
    world.stop.cancel();
    world.served.await.unwrap();
    assert_eq!(asked.read(&mut [0; 16]).await.unwrap_or(0), 0, "cut off");
}

#[tokio::test]
async fn a_proxy_may_come_by_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gazetted.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let (cache, desk) = (Arc::new(ResponseCache::new()), Arc::new(TestDesk::default()));
    let stop = CancellationToken::new();
    let serving = publish::serve(listener, cache, desk, Settings::default(), stop.clone());
    let served = tokio::spawn(serving);
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(Answer::parse(&bytes).text(), "ok\n");
    stop.cancel();
    served.await.unwrap();
}
