//! Tests answers whose transfer or coding is not as their headers say.

use gazetted::model::{FailureKind, Outcome};

use super::world::{FEED, World, failure};
use crate::support::site::{Answer, Coded, Site};

/// The outcomes of polls of a site that gives these answers in turn.
async fn outcomes(answers: Vec<Answer>) -> Vec<Outcome> {
    let polls = answers.len();
    let site = Site::start().await;
    site.script("/feed", answers);
    let mut world = World::one(&site.url("/feed"));
    let mut outcomes = Vec::new();
    for _ in 0..polls {
        outcomes.push(world.poll().await);
    }
    outcomes
}

#[tokio::test]
async fn p11_a_document_that_came_whole_is_read_though_its_transfer_broke_off() {
    // The connection is closed behind what is sent.
    let raw = |head: &str, body: &str| {
        Answer::raw(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}")).promising(body.len())
    };
    let cut = "<feed>one</fee";
    for (whole, broken) in [
        (Answer::ok(FEED).promising(4000), Answer::ok(cut).promising(4000)),
        (
            raw("Transfer-Encoding: chunked", &format!("{:x}\r\n{FEED}\r\n", FEED.len())),
            raw("Transfer-Encoding: chunked", &format!("{:x}\r\n{cut}\r\n", cut.len())),
        ),
    ] {
        let [read] = &outcomes(vec![whole]).await[..] else { panic!("one poll") };
        assert!(matches!(read, Outcome::Read(_)), "{read:?}");
        let failed = outcomes(vec![broken]).await.remove(0);
        assert_eq!(failure(failed).kind, FailureKind::Protocol);
    }
}

#[tokio::test]
async fn p62_a_coding_that_the_headers_do_not_name_is_undone() {
    let gzip = |body: &[u8]| Answer::ok(body).coded(Coded::Gzip).sent_body();
    let once = gzip(FEED.as_bytes());
    let twice = gzip(&once);
    for (body, headers) in [
        (FEED.as_bytes().to_vec(), &[("Content-Encoding", "gzip")][..]),
        (once.clone(), &[("Content-Type", "application/x-gzip")]),
        (twice.clone(), &[("Content-Encoding", "gzip")]),
        (twice, &[]),
    ] {
        let headers = headers.iter().copied();
        let answer =
            headers.fold(Answer::ok(body), |answer, (name, value)| answer.header(name, value));
        let [read] = &outcomes(vec![answer]).await[..] else { panic!("one poll") };
        assert!(matches!(read, Outcome::Read(_)), "{read:?}");
    }
}

#[tokio::test]
async fn p64_a_site_that_wants_its_cookie_back_is_named_and_gets_none() {
    let site = Site::start().await;
    let circle = |to: &str| Answer::redirect(302, to);
    site.script("/feed", [circle("/check").header("Set-Cookie", "ok=1; Path=/")]);
    site.script("/check", [circle("/feed")]);
    let message = failure(World::one(&site.url("/feed")).poll().await).message;
    assert!(message.contains("wants a cookie back"), "{message}");
    assert!(site.log().iter().all(|request| request.header("cookie").is_none()));

    let site = Site::start().await;
    site.script("/feed", [circle("/feed")]);
    let message = failure(World::one(&site.url("/feed")).poll().await).message;
    assert_eq!(message, "the redirects lead in a circle");
}
