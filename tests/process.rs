//! Tests signals, sockets and systemd's protocols with the real binary.

use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::binary::{Gazetted, Launched};
use crate::support::http::get;
use crate::support::site::{Answer, Gate, Site};
use crate::support::world::atom;

const PATIENCE: Duration = Duration::from_secs(120);
const PAGES: &str = "https://www.gov.uk/government/news";

/// A daemon's configuration: JSON logs, and one source a path of the site.
fn config(site: &Site, sources: &[(&str, &str)]) -> String {
    let mut config = String::from(
        "[store]\npath = \"store\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         base_url = \"https://feeds.example.org/\"\n[logging]\nformat = \"json\"\n\
         [polling]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\n\
         floor = \"1s\"\nhard_floor = \"1s\"\n\
         [[topic]]\nid = \"crime\"\ntitle = \"Crime\"\nquery = \"crime\"\n",
    );
    for (id, interval) in sources {
        let url = site.url(&format!("/{id}"));
        config +=
            &format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\ninterval = \"{interval}\"\n");
    }
    config
}

fn announcement() -> String {
    let page = format!("{PAGES}/crime");
    atom(&[(&page, &page, "Closer ties against crime", "2025-04-02T11:05:00Z")])
}

/// A site with one announcement, and a daemon's configuration to read it hourly.
async fn one_source() -> (Site, Gazetted) {
    let site = Site::start().await;
    site.document("/fcdo", announcement());
    let gazetted = Gazetted::with(&config(&site, &[("fcdo", "1h")]));
    (site, gazetted)
}

/// Every line of a log in JSON.
fn lines(log: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"));
    log.lines().map(parse).collect()
}

fn has(log: &str, event: &str) -> bool {
    lines(log).iter().any(|line| line["event"] == event)
}

/// The priorities of a process's threads of this name, as `nice` counts them.
fn priorities(process: u32, name: &str) -> BTreeSet<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    // One that ended meanwhile is left out.
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (head, fields) = stat.rsplit_once(") ")?;
            let of_name = head.ends_with(&format!(" ({name}"));
            of_name.then(|| fields.split(' ').nth(16).unwrap().parse().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_that_poll_and_keep_give_way_to_those_that_answer() {
    let (_site, gazetted) = one_source().await;
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let of = |name| priorities(daemon.id(), name);
    let own = *of("gazetted").first().unwrap();
    assert_eq!(of("tokio-rt-worker"), BTreeSet::from([own]), "they answer");
    let behind = BTreeSet::from([(own + 10).min(19)]);
    assert_eq!(of("background"), behind);
    assert_eq!(of("store-writer"), behind);
    assert_eq!(daemon.end("TERM").0, Some(0));
}

// The end.

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_answer_is_under_way_gets_all_of_it_when_the_daemon_ends() {
    let site = Site::start().await;
    // More than the kernel takes off the server's hands at once.
    let text = "crime and borders ".repeat(200_000 / 18);
    let titles: Vec<_> = (0..30).map(|n| (format!("{PAGES}/{n}"), format!("{n} {text}"))).collect();
    let mut document = atom(&[]).replace("</feed>", "");
    for (page, text) in &titles {
        document += &format!(
            "<entry><id>{page}</id><title>About {page}</title><updated>2025-04-02T11:05:00Z</updated>\
             <link href=\"{page}\"/><content>{text}</content></entry>"
        );
    }
    site.document("/fcdo", document + "</feed>");
    let long = "[publish]\nmax_feed = \"10MB\"\n";
    let gazetted = Gazetted::with(&(config(&site, &[("fcdo", "1h")]) + long));
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let whole = get(daemon.address, "/topics/crime.atom");
    assert!(whole.body.len() > 5 << 20, "{}", whole.body.len());

    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut reader = socket.connect(daemon.address).await.unwrap();
    let request = "GET /topics/crime.atom HTTP/1.1\r\nHost: feeds.example.org\r\n\r\n";
    reader.write_all(request.as_bytes()).await.unwrap();
    let mut received = vec![0; 512];
    reader.read_exact(&mut received).await.unwrap();
    daemon.signal("TERM");
    daemon.logged("\"stopping\"");
    tokio::time::timeout(PATIENCE, reader.read_to_end(&mut received)).await.unwrap().unwrap();
    assert!(received.ends_with(&whole.body), "{} bytes", received.len());
    let (code, log) = daemon.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(has(&log, "stopped"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_is_under_way_when_the_daemon_ends_is_kept() {
    let site = Site::start().await;
    let gate = Gate::closed();
    let (ask, asked) = mpsc::channel();
    let held = gate.clone();
    site.answer("/fcdo", move |_| {
        let _ = ask.send(());
        Answer::ok(announcement()).header("ETag", "\"1\"").behind(&held)
    });
    let gazetted = Gazetted::with(&config(&site, &[("fcdo", "1h")]));
    let mut daemon = gazetted.start();
    asked.recv_timeout(PATIENCE).unwrap();
    daemon.signal("TERM");
    daemon.logged("\"stopping\"");
    gate.open();
    let (code, log) = daemon.ended();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(gazetted.succeed(&["export", "stories"]).lines().count(), 1);
    let mut daemon = gazetted.start();
    daemon.logged("\"ready\"");
    assert_eq!(site.requests("/fcdo").len(), 1, "it counts as polled");
}

// Reloading.

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_leaves_the_plan_in_force_and_a_good_one_replaces_it() {
    let (site, gazetted) = one_source().await;
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let before = get(daemon.address, "/topics/crime.atom");
    assert!(before.text().contains("Closer ties"), "{}", before.text());

    let good = std::fs::read_to_string(gazetted.config()).unwrap();
    std::fs::write(gazetted.config(), good.replace("query = \"crime\"", "query = \"(crime\""))
        .unwrap();
    daemon.signal("HUP");
    let problem = daemon.logged("\"configuration_problem\"");
    assert!(problem.contains("gazetted.toml:"), "where it is: {problem}");
    daemon.logged("\"reload_refused\"");
    let after = get(daemon.address, "/topics/crime.atom");
    assert_eq!((after.status, &after.body), (200, &before.body));

    let renamed = good.replace("id = \"crime\"", "id = \"ties\"").replace("\"crime\"", "\"ties\"");
    std::fs::write(gazetted.config(), renamed).unwrap();
    daemon.signal("HUP");
    daemon.logged("\"reloaded\"");
    assert!(get(daemon.address, "/topics/ties.atom").text().contains("Closer ties"));
    assert_eq!(get(daemon.address, "/topics/crime.atom").status, 410);
    assert_eq!(site.requests("/fcdo").len(), 1, "a reload asks nobody early");
    let (code, log) = daemon.end("TERM");
    assert_eq!(code, Some(0), "{log}");
    for event in ["ready", "news", "reload_refused", "reloaded", "stopping", "stopped"] {
        assert!(has(&log, event), "no {event} in\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_interval_has_effect_at_the_reload_and_at_a_start() {
    let site = Site::start().await;
    site.document("/fcdo", announcement());
    let gazetted = Gazetted::with(&config(&site, &[("fcdo", "1d")]));
    let write = |interval: &str| {
        std::fs::write(gazetted.config(), config(&site, &[("fcdo", interval)])).unwrap();
    };
    let polled = |times: usize| {
        let end = std::time::Instant::now() + PATIENCE;
        while site.requests("/fcdo").len() < times {
            assert!(std::time::Instant::now() < end, "it is not polled {times} times");
            std::thread::yield_now();
        }
    };
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    write("1s");
    daemon.signal("HUP");
    polled(3);
    write("1d");
    daemon.signal("HUP");
    daemon.logged("\"reloaded\"");
    assert_eq!(daemon.end("TERM").0, Some(0));

    write("1s");
    let daemon = gazetted.start();
    polled(site.requests("/fcdo").len() + 2);
    assert_eq!(daemon.end("TERM").0, Some(0));
}

// systemd.

/// The socket on which a service manager listens.
struct Manager {
    socket: UnixDatagram,
    path: std::path::PathBuf,
}

impl Manager {
    fn of(gazetted: &Gazetted) -> Self {
        let path = gazetted.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, path }
    }

    /// The next message, as its assignments.
    fn told(&self) -> Vec<(String, String)> {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).unwrap();
        let message = std::str::from_utf8(&bytes[..length]).unwrap();
        let assignments = message.lines().map(|line| line.split_once('=').unwrap());
        assignments.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The messages up to the one that assigns `name`, and that one.
    fn until(&self, name: &str) -> Vec<Vec<(String, String)>> {
        let mut messages = Vec::new();
        loop {
            messages.push(self.told());
            if messages[messages.len() - 1].iter().any(|(known, _)| known == name) {
                return messages;
            }
        }
    }
}

fn monotonic_usec() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_told_what_the_daemon_does() {
    let (_site, gazetted) = one_source().await;
    let manager = Manager::of(&gazetted);
    let mut command = gazetted.command(&["run"]);
    command.env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "400000");
    let launched = Launched::by(command);

    let starting = manager.until("READY");
    assert!(starting[0].iter().any(|(name, _)| name == "EXTEND_TIMEOUT_USEC"), "{starting:?}");
    let mut daemon = launched.listening();
    for path in ["/readyz", "/topics/crime.atom", "/"] {
        assert_eq!(get(daemon.address, path).status, 200, "{path} answers once READY is said");
    }
    manager.until("WATCHDOG");
    manager.until("WATCHDOG");

    let good = std::fs::read_to_string(gazetted.config()).unwrap();
    for file in [good.clone(), "nonsense".to_owned()] {
        std::fs::write(gazetted.config(), file).unwrap();
        let before = monotonic_usec();
        daemon.signal("HUP");
        let reloading = manager.until("RELOADING").pop().unwrap();
        let since = reloading.iter().find(|(name, _)| name == "MONOTONIC_USEC").unwrap();
        let since: i64 = since.1.parse().unwrap();
        assert!((before..=monotonic_usec()).contains(&since), "{reloading:?}");
        manager.until("READY");
    }
    daemon.logged("\"reload_refused\"");

    daemon.signal("TERM");
    let stopping = manager.until("STOPPING").pop().unwrap();
    assert_eq!(stopping, [("STOPPING".to_owned(), "1".to_owned())]);
    assert_eq!(daemon.ended().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs systemd-socket-activate (Debian package systemd)"]
async fn a_socket_that_systemd_holds_is_served() {
    let (_site, gazetted) = one_source().await;
    // A port that is free now; the daemon's own setting names another.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = Command::new("systemd-socket-activate");
    command
        .args(["--listen", &port.to_string(), "--setenv"])
        .arg(format!("GAZETTED_CONFIG={}", gazetted.config().display()))
        .args([env!("CARGO_BIN_EXE_gazetted"), "run"]);
    let mut launched = Launched::by(command);
    launched.logged("Listening on");
    // The first connection starts it, and is answered.
    assert_eq!(get(port, "/readyz").status, 200);
    let mut daemon = launched.listening();
    assert_eq!(daemon.address, port, "it serves the socket it was handed");
    daemon.logged("\"news\"");
    assert!(get(port, "/topics/crime.atom").text().contains("Closer ties"));
    assert_eq!(daemon.end("TERM").0, Some(0));
}
