//! Tests that origins which never end, explode or point inside disturb no other source (D9, D10, D11).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::apart::status_of;
use super::dice::is_soak;
use super::preload;
use super::support::{configured, until};
use crate::support::binary::{Gazetted, Launched};
use crate::support::http::get;
use crate::support::site::{Answer, Coded, Site};
use crate::support::world::atom;

fn announcement(n: usize) -> String {
    let page = format!("https://www.gov.uk/{n}");
    atom(&[(&page, &page, &format!("Crime {n} of many"), "2025-04-02T11:05:00Z")])
}

/// A source at any address.
fn at(id: &str, url: &str) -> String {
    format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\ninterval = \"1h\"\n")
}

/// How each source is doing, once every one was polled.
fn polled(gazetted: &Gazetted, sources: usize) -> BTreeMap<String, Value> {
    until("every source is polled", || {
        let status = gazetted.succeed(&["status", "--json"]);
        let sources_told: BTreeMap<String, Value> = status
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|source| source["polls"].as_u64() > Some(0))
            .map(|source| (source["id"].as_str().unwrap().to_owned(), source))
            .collect();
        (sources_told.len() == sources).then_some(sources_told)
    })
}

/// What a tarpit does with a connection, by the path it is asked for, until it is left.
async fn hold(mut stream: TcpStream) -> Option<()> {
    let mut head = vec![0; 4096];
    let read = stream.read(&mut head).await.ok()?;
    let path = String::from_utf8_lossy(&head[..read]).split(' ').nth(1)?.to_owned();
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\n";
    match path.as_str() {
        "/drips" => {
            stream.write_all(format!("{ok}Content-Length: 9000\r\n\r\n").as_bytes()).await.ok()?;
            let mut second = tokio::time::interval(Duration::from_secs(1));
            loop {
                second.tick().await;
                stream.write_all(b" ").await.ok()?;
            }
        }
        "/endless-body" => {
            stream.write_all(format!("{ok}\r\n").as_bytes()).await.ok()?;
            loop {
                stream.write_all(&[b' '; 8192]).await.ok()?;
            }
        }
        "/endless-head" => {
            stream.write_all(ok.as_bytes()).await.ok()?;
            loop {
                stream.write_all(b"X-Again: and again\r\n").await.ok()?;
            }
        }
        // It took the connection, and that was all.
        _ => stream.read(&mut head).await.ok().map(drop),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d09_fifty_tarpits_hold_up_nobody_else() {
    let tarpit = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = tarpit.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = tarpit.accept().await {
            tokio::spawn(hold(stream));
        }
    });
    let site = Site::start_on("0.0.0.0").await;
    let good = site.url("/").port().unwrap();
    let mut config =
        configured("timeout = \"15s\"\nconnect_timeout = \"5s\"\nmax_body = \"1MiB\"", "");
    // Every one is an origin of its own.
    let kinds = ["silent", "drips", "endless-body", "endless-head"];
    for n in 0..50 {
        let kind = kinds[n % kinds.len()];
        config += &at(&format!("{kind}-{n}"), &format!("http://127.0.1.{}:{port}/{kind}", n + 1));
        site.document(&format!("/{n}"), announcement(n));
        config += &at(&format!("good-{n}"), &format!("http://127.0.2.{}:{good}/{n}", n + 1));
    }
    let gazetted = Gazetted::with(&config);
    let mut daemon = gazetted.start();
    // Nobody who is on time waits for one who never ends.
    let mut waited = Vec::new();
    let mut news = 0;
    while news < 50 {
        let line = daemon.logged("\"event\"");
        news += usize::from(line.contains("\"news\""));
        waited.extend(line.contains("\"timeout\"").then_some(line));
    }
    assert!(waited.is_empty(), "{waited:#?}");
    for (id, source) in polled(&gazetted, 100) {
        let expected = match id.rsplit_once('-').unwrap().0 {
            "good" => None,
            "endless-body" => Some("too-large"),
            "endless-head" => Some("protocol"),
            _ => Some("timeout"),
        };
        assert_eq!(source["failure_kind"].as_str(), expected, "{id}: {source}");
    }
    assert_eq!(daemon.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_bombs_cost_little_and_their_source_alone() {
    let site = Site::start_on("0.0.0.0").await;
    let port = site.url("/").port().unwrap();
    let feed = |inside: &str| {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:f</id><title>F</title>{inside}</feed>"
        )
    };
    let entry = |text: &str| {
        format!(
            "<entry><id>urn:e</id><title>Crime</title><updated>2025-04-02T11:05:00Z</updated>\
             <content type=\"html\">{text}</content></entry>"
        )
    };
    let spaces = vec![b' '; 64 << 20];
    let mut laughs = String::from("<!DOCTYPE feed [<!ENTITY l0 \"lol\">");
    for n in 1..10 {
        laughs += &format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    }
    let bombs: [(&str, Answer); 9] = [
        ("gzip", Answer::ok(spaces.clone()).coded(Coded::Gzip)),
        ("zstd", Answer::ok(spaces.clone()).coded(Coded::Zstd)),
        ("brotli", Answer::ok(spaces.clone()).coded(Coded::Brotli)),
        ("gzip-twice", Answer::ok(spaces).coded(Coded::Gzip).coded(Coded::Gzip)),
        ("laughs", Answer::ok(laughs + "]>" + &feed(&entry("&l9;")))),
        (
            "bases",
            Answer::ok(feed(&("<a xml:base=\"a/\">".repeat(20_000) + &"</a>".repeat(20_000)))),
        ),
        ("deep", Answer::ok(feed(&entry(&("&lt;div>".repeat(100_000)))))),
        ("lists", Answer::ok(feed(&entry(&"&lt;ul>&lt;li>".repeat(30_000))))),
        ("many", Answer::ok(feed(&"<entry><title>x</title></entry>".repeat(200_000)))),
    ];
    let mut config = configured("", "");
    let sources = bombs.len() + 1;
    for (n, (id, bomb)) in bombs.into_iter().enumerate() {
        site.script(&format!("/{id}"), [bomb]);
        // Each at an origin of its own: they come all at once.
        config += &at(id, &format!("http://127.0.1.{}:{port}/{id}", n + 1));
    }
    site.document("/good", announcement(1));
    config += &at("good", &format!("http://127.0.2.1:{port}/good"));
    let gazetted = Gazetted::with(&config);
    let mut command = gazetted.command(&["run"]);
    // As the unit has it.
    command.env("MALLOC_ARENA_MAX", "2");
    let launched = Launched::by(command);
    let process = launched.id();
    let daemon = launched.listening();
    let status = polled(&gazetted, sources);
    let most = status_of(process, "VmHWM") >> 10;
    let told: Vec<_> = status
        .iter()
        .map(|(id, source)| {
            (id, source["failure_kind"].clone(), source["warnings"].as_array().unwrap().len())
        })
        .collect();
    println!("nine bombs at once: {most} MiB at most; {told:?}");
    assert!(most < 200, "{most} MiB");
    for (id, failure, warnings) in &told {
        let marked = !failure.is_null() || *warnings > 0;
        assert!(*id == "good" || *id == "laughs" || marked, "{id} says nothing of it");
    }
    assert!(status["good"]["failure_kind"].is_null());
    if is_soak() {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let ticks: u64 = stat.split(' ').nth(13).unwrap().parse().unwrap();
        assert!(ticks < 9 * 200, "{ticks} hundredths of a second for nine bombs");
    }
    assert_eq!(daemon.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_no_address_no_name_and_no_redirect_leads_inside() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let inside = canary.local_addr().unwrap().port();
    let met = Arc::new(AtomicUsize::new(0));
    let count = |listener: TcpListener, met: Arc<AtomicUsize>| async move {
        while let Ok((_stream, _)) = listener.accept().await {
            met.fetch_add(1, Ordering::SeqCst);
        }
    };
    tokio::spawn(count(canary, met.clone()));
    if let Ok(six) = TcpListener::bind(("::1", inside)).await {
        tokio::spawn(count(six, met.clone()));
    }
    // What names.c lets pass for a public address.
    let public = Site::start_on("127.0.0.2").await;
    let outside = public.url("/").port().unwrap();
    let mut config = configured("", "").replace("allow_private = [\"127.0.0.0/8\"]", "");
    let mut sources = 0;
    let mut add = |url: &str| {
        config += &at(&format!("s{sources}"), url);
        sources += 1;
        sources - 1
    };
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "private.test",
        "mixed.test",
        "mapped.test",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "[fd00::1]",
        "[fe80::1]",
    ] {
        add(&format!("http://{host}:{inside}/feed"));
    }
    for (n, to) in [
        format!("http://127.0.0.1:{inside}/"),
        format!("//127.1:{inside}/"),
        format!("http://[::1]:{inside}/"),
        format!("http://localhost:{inside}/"),
        format!("http://private.test:{inside}/"),
        format!("http://public.test@127.0.0.1:{inside}/"),
        format!("http://0x7f.1:{inside}/"),
        format!("gopher://127.0.0.1:{inside}/_GET"),
        "file:///etc/passwd".to_owned(),
        "data:text/xml,<feed/>".to_owned(),
        "/hop/1".to_owned(),
        "/hop/4".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        public.script(&format!("/to/{n}"), [Answer::redirect([301, 302, 307, 308][n % 4], to)]);
        add(&format!("http://public.test:{outside}/to/{n}"));
    }
    public.script("/hop/0", [Answer::redirect(302, &format!("http://127.0.0.1:{inside}/"))]);
    for hop in 1..5 {
        public
            .script(&format!("/hop/{hop}"), [Answer::redirect(302, &format!("/hop/{}", hop - 1))]);
    }
    // Public when it is first asked, and inside from then on.
    public.document("/feed", announcement(1));
    let good = add(&format!("http://public.test:{outside}/feed"));
    let rebinds = add(&format!("http://rebind.test:{outside}/feed"));
    // Its entry's page, and the hub that it names, are inside.
    let page = format!("http://127.0.0.1:{inside}/page");
    let entry = atom(&[("urn:1", &page, "Crime inside", "2025-04-02T11:05:00Z")]);
    let hub = format!("<link rel=\"hub\" href=\"http://127.1:{inside}/hub\"/><entry>");
    public.document("/entry", entry.replace("<entry>", &hub));
    add(&format!("http://public.test:{outside}/entry"));
    config += "enrich = \"page\"\n";

    let gazetted = Gazetted::with(&config);
    let mut command = gazetted.command(&["run"]);
    preload::on("names", &mut command);
    command.env(
        "NAMES",
        "public.test=198.41.0.4 private.test=127.0.0.1 mixed.test=127.0.0.1,10.0.0.1 \
         mapped.test=::ffff:127.0.0.1 rebind.test=198.41.0.4/127.0.0.1",
    );
    let mut daemon = Launched::by(command).listening();
    let status = polled(&gazetted, sources);
    // Its connection was kept; a site that closes it makes the daemon ask for the name again.
    drop(public);
    daemon.logged("\"event\"");
    let _ = gazetted.run(&["poll", &format!("s{rebinds}")]);
    assert_eq!(met.load(Ordering::SeqCst), 0, "somebody got inside");
    for (id, source) in &status {
        let number: usize = id[1..].parse().unwrap();
        let kind = source["failure_kind"].as_str();
        match number >= good {
            true => assert_eq!(kind, None, "{source}"),
            false => {
                let refused = matches!(kind, Some("forbidden" | "redirect" | "dns"));
                assert!(refused, "{source}");
            }
        }
    }
    assert!(get(daemon.address, "/topics/all.atom").text().contains("Crime 1 of many"));
    println!("{sources} ways inside, none was");
    assert_eq!(daemon.end("TERM").0, Some(0));
}
