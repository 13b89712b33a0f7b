//! Tests that endless, slow and numerous clients do not keep others from their answers (D7, D8, D20).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::apart::status_of;
use super::dice::times;
use super::support::{PATIENCE, configured, source, until};
use crate::support::binary::{Gazetted, Launched};
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::atom;

/// A client that asks once for what `path` names; what went wrong, otherwise.
/// Of health it wants to hear, good or not.
fn ask(address: SocketAddr, path: &str) -> Result<String, String> {
    let told = |error: std::io::Error| format!("{path}: {error}");
    let mut stream = TcpStream::connect(address).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: feeds.example.org\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(told)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(told)?;
    let answer = String::from_utf8(answer).unwrap();
    let expected = answer.starts_with("HTTP/1.1 200")
        || path == "/healthz" && answer.starts_with("HTTP/1.1 503");
    if expected { Ok(answer) } else { Err(format!("{path}: {answer:.300}")) }
}

/// Seconds of processor time a process has had.
fn worked(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// A document that fills a feed: more than kernels take off a server's hands.
fn long_document() -> String {
    let text = "crime and borders ".repeat(20_000);
    let entries = (0..20).map(|n| {
        format!(
            "<entry><id>urn:{n}</id><title>Crime {n}</title><updated>2025-04-02T11:05:00Z</updated>\
             <link href=\"https://www.gov.uk/{n}\"/><content>{n} {text}</content></entry>"
        )
    });
    atom(&[]).replace("</feed>", "") + &entries.collect::<String>() + "</feed>"
}

#[tokio::test(flavor = "multi_thread")]
async fn d07_without_file_descriptors_it_waits_and_goes_on() {
    let site = Site::start().await;
    let mut config = configured("", "idle_timeout = \"3s\"");
    let sources = times(40, 200);
    for n in 0..sources {
        let page = format!("https://www.gov.uk/{n}");
        let title = format!("Crime {n} of many");
        site.document(&format!("/s{n}"), atom(&[(&page, &page, &title, "2025-04-02T11:05:00Z")]));
        config += &source(&site, &format!("s{n}"), "1h");
    }
    let gazetted = Gazetted::with(&config);
    let mut command = Command::new("sh");
    let run = gazetted.command(&["run"]);
    command.args(["-c", "ulimit -n 64; exec \"$0\" run"]).arg(run.get_program());
    command.env("GAZETTED_CONFIG", gazetted.config()).env_remove("NOTIFY_SOCKET");
    let launched = Launched::by(command);
    let process = launched.id();
    let mut daemon = launched.listening();

    // More clients than there are descriptors, while the sources are read.
    let address = daemon.address;
    let connect = || -> Vec<_> { (0..100).map(|_| TcpStream::connect(address).unwrap()).collect() };
    // Told to come back, or hung up on after its time.
    let hung_up_on = |clients: Vec<TcpStream>| {
        clients.into_iter().for_each(|mut client| drop(client.read_to_end(&mut Vec::new())));
    };
    let clients = connect();
    (0..sources).for_each(|_| drop(daemon.logged("\"news\"")));
    hung_up_on(clients);
    // And once more with nothing else to do: whoever only waits works on nothing.
    let (since, before) = (Instant::now(), worked(process));
    hung_up_on(connect());
    let (worked, time) = (worked(process) - before, since.elapsed().as_secs_f64());
    println!("with all descriptors taken: {worked:.2} s of a processor in {time:.2} s");
    assert!(time > 1.0, "they were to wait for their time");
    assert!(worked < 0.2 * time, "it spins");
    until("answers again", || ask(daemon.address, "/topics/all.atom").ok());
    let status = gazetted.succeed(&["status", "--json"]);
    assert!(!status.contains("\"failing\""), "no source is blamed: {status}");
    let (code, log) = daemon.end("TERM");
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d08_five_hundred_slow_clients_cost_nobody_else_anything() {
    let site = Site::start().await;
    site.document("/a", long_document());
    let limits = "head_timeout = \"8s\"\nidle_timeout = \"8s\"\nwrite_timeout = \"8s\"";
    let long = "[publish]\nmax_feed = \"10MB\"\n";
    let gazetted = Gazetted::with(&(configured("", limits) + &source(&site, "a", "1h") + long));
    let launched = Launched::by(gazetted.command(&["run"]));
    let process = launched.id();
    let mut daemon = launched.listening();
    daemon.logged("\"news\"");
    assert!(ask(daemon.address, "/topics/all.atom").unwrap().len() > 5 << 20);
    let before = status_of(process, "VmRSS");

    // Silent, half a head, and a reader who takes a byte of a large feed.
    let mut slow = Vec::new();
    for n in 0..500 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        // Or the kernel would take a large part of the feed for it.
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(daemon.address).await.unwrap();
        match n % 3 {
            0 => {}
            1 => stream.write_all(b"GET /topics/all.atom HTTP/1.1\r\nHos").await.unwrap(),
            _ => {
                let request = b"GET /topics/all.atom HTTP/1.1\r\nHost: h\r\n\r\n";
                stream.write_all(request).await.unwrap();
                stream.read_exact(&mut [0]).await.unwrap();
            }
        }
        slow.push(stream);
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        ask(daemon.address, "/healthz").expect("there is room for another");
        slowest = slowest.max(asked.elapsed());
    }
    let grown = status_of(process, "VmRSS").saturating_sub(before);
    println!("500 slow clients: {grown} KiB more, the slowest answer to another took {slowest:?}");
    assert!(grown < 50 << 10, "{grown} KiB");
    // Each is closed by its deadline, though the client holds on to it.
    until("all are closed", || {
        let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
        (open < 100).then_some(())
    });
    assert_eq!(slow.len(), 500);
    assert_eq!(daemon.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_restarts_and_reloads_refuse_and_break_nothing() {
    let turns = times(4, 20);
    let site = Site::start().await;
    site.answer("/a", |_| Answer::ok(long_document()));
    let gazetted = Gazetted::with(&(configured("", "") + &source(&site, "a", "1h")));
    // The listener outlives every daemon, as with gazetted.socket.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let start = || {
        let mut command = Command::new("sh");
        let run = gazetted.command(&["run"]);
        let script = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" run";
        command.args(["-c", script]).arg(run.get_program());
        command.env("GAZETTED_CONFIG", gazetted.config()).env_remove("NOTIFY_SOCKET");
        command.stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())));
        Launched::by(command).listening()
    };
    let mut daemon = start();
    assert_eq!(daemon.address, address, "it serves the socket it was handed");
    daemon.logged("\"news\"");

    let stop = AtomicBool::new(false);
    let (answered, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let daemon = std::thread::scope(|scope| {
        for client in 0..4 {
            let path = ["/topics/all.atom", "/healthz", "/", "/topics/all.json"][client];
            let (stop, answered, failed) = (&stop, &answered, &failed);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    match ask(address, path) {
                        Ok(_) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        Err(why) => failed.lock().unwrap().push(why),
                    }
                }
            });
        }
        for _ in 0..turns {
            let before = answered.load(Ordering::Relaxed);
            daemon.signal("HUP");
            daemon.logged("\"reloaded\"");
            until("readers are served", || {
                (answered.load(Ordering::Relaxed) > before + 8).then_some(())
            });
            let (code, log) = daemon.end("TERM");
            assert_eq!(code, Some(0), "{log}");
            daemon = start();
        }
        stop.store(true, Ordering::Relaxed);
        daemon
    });
    let (answered, failed) = (answered.into_inner(), failed.into_inner().unwrap());
    println!("{turns} restarts and {turns} reloads: {answered} answers, {} failed", failed.len());
    assert!(failed.is_empty(), "{failed:#?} of {answered}");
    assert!(get(address, "/readyz").status == 200);
    assert_eq!(daemon.end("TERM").0, Some(0));
}
