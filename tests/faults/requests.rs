//! Tests requests that a proxy and we might read differently (D19): each gets one answer, or none.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::support::{configured, source};
use crate::support::binary::Gazetted;
use crate::support::site::Site;
use crate::support::world::atom;

/// What a smuggler hopes to have answered as a request of its own.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: evil.example\r\n\r\n";

/// Sends bytes, and all that is answered until the connection is closed.
fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // Refusing without having read everything resets the connection: nothing more comes.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<u16> {
    let lines = answer.split("HTTP/1.1 ").skip(1);
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn d19_no_request_has_two_readings_and_no_host_gets_into_an_answer() {
    let site = Site::start().await;
    let page = "https://www.gov.uk/news/1";
    site.document("/a", atom(&[("urn:1", page, "Crime falls", "2025-04-02T11:05:00Z")]));
    let gazetted = Gazetted::with(&(configured("", "") + &source(&site, "a", "1h")));
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");

    // The end of a head in these is followed by a body that is a request.
    let host = "Host: feeds.example.org";
    let get = "GET /topics/all.atom HTTP/1.1";
    let length = SMUGGLED.len();
    let refused: Vec<(String, u16)> = [
        (format!("{get}\r\n{host}\r\nContent-Length: {length}"), 413),
        (format!("{get}\r\n{host}\r\nContent-Length: {length}\r\nContent-Length: {length}"), 413),
        (format!("{get}\r\n{host}\r\nContent-Length: {length}\r\nContent-Length: 0"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length: 0\r\nContent-Length: {length}"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length: {length}, {length}"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length: +{length}"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length: -1"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length: 0x5"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length: 5;6"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length:"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length: 99999999999999999999999"), 400),
        (format!("{get}\r\n{host}\r\nContent-Length : {length}"), 400),
        (format!("{get}\r\n{host}\r\n Content-Length: {length}"), 400),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding: chunked"), 413),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding: CHUNKED"), 413),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding:\tchunked"), 413),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding : chunked"), 400),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding: xchunked"), 400),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding: identity"), 400),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding: chunked, identity"), 400),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding: gzip, chunked"), 413),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4"), 413),
        (format!("{get}\r\n{host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked"), 413),
        (format!("{get}\r\n{host}\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked"), 413),
        (format!("{get}\r\n{host}\r\nX: a\r\n b"), 400),
        (format!("{get}\r\n{host}\r\nX: a\0b"), 400),
        (format!("{get}\r\n{host}\r\nX: a\rb"), 400),
        (format!("{get}\r\n{host}\r\nno colon"), 400),
        (format!("{get}\r\n{host}\r\nX(): a"), 400),
        (get.to_owned(), 400),
        (format!("{get}\r\n{host}\r\nHost: evil.example"), 400),
        (format!("{get}\r\nHost: evil.example, feeds.example.org"), 400),
        (format!("{get}\r\nHost: evil.example/path"), 400),
        (format!("{get}\r\nHost: a@evil.example"), 400),
        (format!("GET /topics/all.atom HTTP/3.7\r\n{host}"), 400),
        (format!("GET /topics/all.atom\r\n{host}"), 400),
        (format!("GET /topics/\u{1}all.atom HTTP/1.1\r\n{host}"), 400),
        (format!("POST /topics/all.atom HTTP/1.1\r\n{host}\r\nContent-Length: {length}"), 413),
        (format!("CONNECT evil.example:80 HTTP/1.1\r\n{host}\r\nConnection: close"), 405),
        ("PRI * HTTP/2.0".to_owned(), 400),
    ]
    .into();
    let mut wrong = Vec::new();
    for (head, status) in &refused {
        let answer = exchange(daemon.address, format!("{head}\r\n\r\n{SMUGGLED}").as_bytes());
        let got = statuses(&answer);
        // Whoever is refused with bytes unread may see no answer at all.
        if !(got.is_empty() || got == [*status]) || answer.contains("evil.example") {
            wrong.push(format!("{head:?}: {got:?}, not {status}"));
        }
    }
    // Whole requests, of which nothing may be believed that names us.
    for head in [
        format!("{get}\r\nHost: evil.example"),
        "GET http://evil.example/topics/all.atom HTTP/1.1\r\nHost: evil.example".to_owned(),
        format!("{get}\r\n{host}\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: gopher"),
        format!("{get}\r\n{host}\r\nForwarded: host=evil.example\r\nX-Original-URL: /evil.example"),
        format!("{get}\r\n{host}\r\nUpgrade: h2c\r\nConnection: Upgrade"),
    ] {
        let answer =
            exchange(daemon.address, format!("{head}\r\nConnection: close\r\n\r\n").as_bytes());
        if statuses(&answer) != [200] || answer.contains("evil.example") {
            wrong.push(format!("{head:?}: {:?}, not 200", statuses(&answer)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(daemon.end("TERM").0, Some(0));
}
