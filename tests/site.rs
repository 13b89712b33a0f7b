//! Tests that the site as files is the daemon's site to the byte.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use crate::support::binary::Gazetted;
use crate::support::http::get_by;
use crate::support::world::{World, atom};

const HOUR: Duration = Duration::from_secs(3600);

fn document(more: &[(&str, &str, &str, &str)]) -> String {
    let mut entries = vec![
        ("urn:a:1", "https://a.example/1", "Sanctions on a bank", "2025-03-01T13:05:00Z"),
        ("urn:a:2", "https://a.example/2", "Weather on the coast", "2025-04-02T13:05:00Z"),
    ];
    entries.extend(more);
    atom(&entries)
}

/// A public topic and a private one, written to `site` all the time.
async fn world() -> World {
    let world = World::new().await;
    std::fs::write(world.directory.path().join("keys"), "press:0123456789abcdef\n").unwrap();
    world
        .lines("[access]\nkeys_file = \"keys\"\n[publish]\ndirectory = \"site\"")
        .source("a", document(&[]))
        .topic("sanctions", "sanctions")
        .topic("weather", "weather")
        .lines("access = \"key\"")
        .start()
        .await
}

/// Every file below a directory, by its path there.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for path in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    files
}

/// The address of a file.
fn path_of(name: &str) -> String {
    match name {
        "index.html" => "/".to_owned(),
        name => format!("/{}", name.strip_suffix(".html").unwrap_or(name)),
    }
}

/// What a compressed sibling holds, and of which file it is one.
fn decoded(name: &str, bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut plain = Vec::new();
    let (name, ending) = name.rsplit_once('.')?;
    match ending {
        "gz" => drop(flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap()),
        "br" => drop(brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap()),
        "zst" => plain = zstd::decode_all(bytes).unwrap(),
        _ => return None,
    }
    Some((name.to_owned(), plain))
}

/// Waits until a file says something: it is written beside the loop.
async fn says(file: &Path, words: &str) {
    for _ in 0..600_000 {
        if std::fs::read_to_string(file).is_ok_and(|text| text.contains(words)) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{} never says {words}", file.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_holds_what_the_daemon_serves_to_everybody_and_stays_current() {
    let mut world = world().await;
    let root = world.directory.path().join("site");
    world.site.document(
        "/a",
        document(&[("urn:a:3", "https://a.example/3", "More sanctions", "2025-04-03T09:30:00Z")]),
    );
    world.pass(2 * HOUR).await;
    says(&root.join("topics/sanctions.json"), "More sanctions").await;
    // With the first news of a later month the volume of this one is closed.
    world.pass(40 * 24 * HOUR).await;
    world.site.document(
        "/a",
        document(&[("urn:a:4", "https://a.example/4", "Late sanctions", "2025-05-12T09:30:00Z")]),
    );
    world.pass(2 * HOUR).await;
    world.restart().await;
    says(&root.join("topics/sanctions/archive/2025-04.atom"), "Sanctions on a bank").await;

    // Once it has stopped, nothing is still to be written.
    world.stop().await;
    let held = files(&root);
    world.restart().await;
    let mut coded = 0;
    for (name, bytes) in held.iter().filter(|(name, _)| !name.starts_with('.')) {
        if let Some((plain, decoded)) = decoded(name, bytes) {
            assert_eq!(decoded, held[&plain], "{name}");
            coded += 1;
            continue;
        }
        let answer = world.get(&path_of(name)).await;
        assert_eq!((answer.status, &answer.body), (200, bytes), "{name}");
    }
    assert!(coded > 20, "{coded} siblings");
    for name in ["index.html", "opml", "style.css", "stories.atom", "topics/sanctions.html"] {
        assert!(held.contains_key(name), "{name} in {:?}", held.keys());
    }
    assert_eq!(
        held.keys().filter(|name| name.starts_with("stories/") && name.ends_with(".html")).count(),
        3
    );
    assert!(!held.keys().any(|name| name.contains("weather")), "{:?}", held.keys());
    assert!(held.values().all(|bytes| !String::from_utf8_lossy(bytes).contains("Weather")));

    world.reconfigure(|config| *config = config.replace("access = \"key\"", "")).await;
    says(&root.join("topics/weather.atom"), "Weather").await;
    world
        .reconfigure(|config| {
            *config =
                config.replace("query = '''weather'''", "query = '''weather'''\naccess = \"key\"")
        })
        .await;
    world.stop().await;
    assert!(
        !files(&root).keys().any(|name| name.contains("weather")),
        "what became private is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_among_the_files_leads_to_one_that_is_not_there() {
    let entries: Vec<_> = (0..170)
        .map(|n| {
            let link = format!("https://a.example/{n}");
            // Every tenth is in no topic.
            let what = if n % 10 == 0 { "Weather" } else { "Sanctions" };
            (format!("urn:a:{n}"), link, format!("{what} of day {n}"), day(n))
        })
        .collect();
    let rows: Vec<_> =
        entries.iter().map(|(id, link, title, date)| (&**id, &**link, &**title, &**date)).collect();
    let mut world = World::new()
        .await
        .lines("[publish]\ndirectory = \"site\"")
        .source("a", atom(&rows))
        .topic("sanctions", "sanctions")
        .start()
        .await;
    let served = world.get("/topics/sanctions").await;
    assert!(served.text().contains(">older</a>"), "{}", served.text());
    let root = world.directory.path().join("site");
    world.stop().await;
    let files = files(&root);
    let mut checked = 0;
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let page = String::from_utf8_lossy(bytes);
        for href in page.split("href=\"/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            // The daemon alone searches, and shows the state of sources.
            if href.starts_with("search") || href.starts_with("sources") {
                continue;
            }
            let there = [href.to_owned(), format!("{href}.html"), format!("{href}index.html")];
            assert!(there.iter().any(|file| files.contains_key(file)), "{name}: /{href}");
            checked += 1;
        }
    }
    assert!(checked > 300, "{checked} links");
    for (first, stories) in [("topics/sanctions", 153), ("stories", 170)] {
        // From the first page, each leads to the next older one; no story is missing or repeated.
        let (mut name, mut seen, mut pages) = (first.to_owned(), Vec::new(), 0);
        loop {
            let page = String::from_utf8_lossy(&files[&format!("{name}.html")]);
            let titles = page.split("of day ").skip(1).filter_map(|rest| {
                let (number, rest) = rest.split_once('<')?;
                rest.starts_with("/a></h3>").then(|| number.parse::<usize>().unwrap())
            });
            seen.extend(titles);
            pages += 1;
            let Some((_, next)) = page.split_once("rel=\"next\" href=\"/") else { break };
            assert!(
                pages == 1 || page.contains(&format!("href=\"/{first}\">newest</a>")),
                "{page}"
            );
            name = next.split('"').next().unwrap().to_owned();
        }
        assert_eq!((seen.len(), pages), (stories, 4), "{first}: {seen:?}");
        assert!(seen.is_sorted_by(|newer, older| newer > older), "{first}: {seen:?}");
        assert!(files.contains_key(&format!("{first}/older/1.html")), "{:?}", files.keys());
    }
}

fn day(n: usize) -> String {
    format!("2025-03-{:02}T13:{:02}:00Z", 1 + n / 10, n % 10)
}

#[test]
fn the_site_is_exported_with_a_daemon_and_without_and_both_are_the_same() {
    let demo = Gazetted::demo();
    demo.succeed(&["poll"]);
    let (alone, asked) = (demo.path().join("alone"), demo.path().join("asked"));
    let export = |to: &PathBuf| {
        let output = demo.run(&["export", "site", to.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    export(&alone);
    let daemon = demo.start();
    demo.succeed(&["poll"]);
    export(&asked);
    let (one, other) = (files(&alone), files(&asked));
    let feed = "topics/western-balkans.atom";
    // An entry's own address names the port, which every start chooses anew; ids do not.
    let ids = |files: &BTreeMap<String, Vec<u8>>| {
        let feed = atom_syndication::Feed::read_from(&files[feed][..]).unwrap();
        feed.entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&one), ids(&other));
    assert!(one.keys().eq(other.keys()), "{:?} {:?}", one.keys(), other.keys());
    let again = export(&asked);
    assert!(again.contains(" 0 written, 0 removed"), "{again}");
    let refused = demo.run(&["export", "site", demo.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not ours"));
    let unknown = demo.run(&["export", "site", asked.to_str().unwrap(), "--private", "none"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no private topic is called none"));
    daemon.end("TERM");
}

/// Ends with the test.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx (Debian package nginx-light)"]
async fn nginx_serves_the_directory_as_the_daemon_serves_it() {
    let mut world = world().await;
    let directory = world.directory.path().to_owned();
    let root = directory.join("site");
    world.stop().await;
    world.restart().await;
    let (at, site) = (directory.display(), include_str!("../config/nginx.conf"));
    let site = site.replace("/srv/feeds", &root.display().to_string());
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {at}/nginx-{kind};\n"))
        .concat();
    let config = format!(
        "daemon off;\nmaster_process off;\npid {at}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}server {{\nlisten unix:{at}/nginx.sock;\n{site}\n}}\n}}\n"
    );
    std::fs::write(directory.join("nginx.conf"), config).unwrap();
    let mut nginx = Command::new("/usr/sbin/nginx");
    nginx.arg("-c").arg(directory.join("nginx.conf")).arg("-p").arg(&directory);
    let _nginx = Nginx(nginx.spawn().unwrap());
    let socket = directory.join("nginx.sock");
    for _ in 0..600_000 {
        if std::os::unix::net::UnixStream::connect(&socket).is_ok() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let (at, earlier) = (socket.clone(), "/topics/sanctions.json?before=2025-04-03T00:00:00Z");
    assert_eq!(world.get(earlier).await.status, 200);
    let asked = tokio::task::spawn_blocking(move || get_by(&at, earlier));
    assert_eq!(asked.await.unwrap().status, 404, "it is no file, and no page repeats (Q40)");
    for name in files(&root).into_keys() {
        let socket = socket.clone();
        let path = path_of(&name);
        let (asked, of_nginx) =
            (path.clone(), tokio::task::spawn_blocking(move || get_by(&socket, &path)));
        let of_nginx = of_nginx.await.unwrap();
        if name.starts_with('.') {
            assert_eq!(of_nginx.status, 404, "{name}");
        } else if ![".gz", ".br", ".zst"].iter().any(|coded| name.ends_with(coded)) {
            let ours = world.get(&asked).await;
            assert_eq!((of_nginx.status, &of_nginx.body), (200, &ours.body), "{asked}");
            assert_eq!(of_nginx.header("content-type"), ours.header("content-type"), "{asked}");
        }
    }
}
