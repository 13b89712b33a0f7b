//! Tests the costs of hubs' calls and the answers to them: W7, W11.

use std::sync::atomic::Ordering;

use super::world::{Answer, World};

/// Room for what hubs have sent, in all.
const ROOM: usize = 32 << 20;

async fn post(world: &World, path: &str, headers: &str, body: &[u8]) -> Answer {
    let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n");
    world.raw(&[head.as_bytes(), body].concat()).await
}

fn length(bytes: usize) -> String {
    format!("Content-Length: {bytes}\r\n")
}

#[tokio::test]
async fn w11_what_a_hub_sends_reaches_the_desk_as_it_was() {
    let world = World::start().await;
    // What does not say how long it is takes no more room, in the end, than it needs.
    let chunked = "Transfer-Encoding: chunked\r\n";
    let answer = post(&world, "/push/known", chunked, b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n").await;
    assert_eq!(answer.status, 200);
    let headers = "X-Hub-Signature: sha1=00\r\nContent-Type: application/atom+xml\r\n";
    let answer = post(&world, "/push/known", &(length(7) + headers), b"<feed/>").await;
    assert_eq!(answer.status, 200);
    let deliveries = world.desk.deliveries.lock().unwrap();
    let (second, first) = (&deliveries[0], &deliveries[1]);
    assert_eq!((&*first.token, &first.body[..]), ("known", &b"<feed/>"[..]));
    assert_eq!(first.signature.as_deref(), Some("sha1=00"));
    assert_eq!(first.content_type.as_deref(), Some("application/atom+xml"));
    assert_eq!((&second.body[..], &second.signature), (&b"abcd"[..], &None));
}

#[tokio::test]
async fn what_waits_to_be_read_is_bounded_in_number_and_in_bytes() {
    let world = World::start().await;
    let body = vec![b' '; ROOM / 2 + 1];
    assert_eq!(post(&world, "/push/known", &length(body.len()), &body).await.status, 200);
    // There is no room beside it, and it is not read at all.
    for headers in [length(body.len()), "Transfer-Encoding: chunked\r\n".to_owned()] {
        let answer = post(&world, "/push/known", &headers, b"").await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "60"));
    }
    assert_eq!(post(&world, "/push/known", &length(1), b"a").await.status, 200);
    let full = post(&world, "/push/known", &length(1), b"b").await;
    assert_eq!((full.status, full.header("retry-after")), (503, "60"));
    // Once they are read, there is room again.
    world.desk.deliveries.lock().unwrap().clear();
    assert_eq!(post(&world, "/push/known", &length(body.len()), &body).await.status, 200);
    let too_large = post(&world, "/push/known", &length(ROOM + 1), b"").await;
    assert_eq!(too_large.status, 413);
}

#[tokio::test]
async fn a_body_that_nobody_reads_ends_its_connection() {
    let world = World::start().await;
    for (request, status) in [
        ("POST /push/unknown HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", 410),
        ("PUT /push/known HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", 405),
        ("POST /push/ HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", 413),
        ("POST /push/known/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", 413),
    ] {
        let answer = world.raw(request.as_bytes()).await;
        assert_eq!((answer.status, answer.header("connection")), (status, "close"), "{request}");
    }
    assert!(world.desk.deliveries.lock().unwrap().is_empty());
}

#[tokio::test]
async fn w07_a_challenge_is_echoed_as_plain_text_and_nothing_else_is() {
    let world = World::start().await;
    let echoed = world.get("/push/known?hub.challenge=%3Cb%3Ec+h").await;
    assert_eq!((echoed.status, echoed.text()), (200, "<b>c h"));
    assert_eq!(echoed.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(echoed.header("x-content-type-options"), "nosniff");
    for path in ["/push/known?a=b", "/push/known", "/push/unknown?hub.challenge=c"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    world.desk.failing.store(true, Ordering::Relaxed);
    assert_eq!(world.get("/push/known?hub.challenge=c").await.status, 503);
}
