//! Tests that the memory and the open files of a busy daemon do not grow.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gazetted::model::Timestamp;

use super::apart::Apart;
use super::dice::times;
use crate::support::binary::Gazetted;
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::START;

const HOUR: Duration = Duration::from_secs(3600);

/// The last ten announcements of a source which has one more whenever it is asked.
fn document(source: usize, told: usize) -> String {
    let mut document = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:{source}</id><title>S{source}</title>"
    );
    for n in (1..=told).rev().take(10) {
        let words = (0..120).map(|word| {
            let hash = xxhash_rust::xxh3::xxh3_64(format!("{source} {n} {word}").as_bytes());
            format!("word{} ", hash % 5000)
        });
        let text: String = words.collect();
        document += &format!(
            "<entry><id>urn:{source}:{n}</id><title>Report {n} of office {source}</title>\
             <updated>2025-04-02T11:05:00Z</updated>\
             <link href=\"https://office-{source}.example.org/{n}\"/><content>{text}</content></entry>"
        );
    }
    document + "</feed>"
}

#[tokio::test(flavor = "multi_thread")]
async fn d22_memory_and_open_files_stay_what_they_are() {
    let (sources, days) = (times(8, 60), times(6, 40));
    let mut sites = Vec::new();
    for n in 1..=8 {
        sites.push(Site::start_on(&format!("127.0.0.{n}")).await);
    }
    let mut config = String::from(
        "[store]\npath = \"store\"\ncache = \"4MiB\"\nkeep = \"1d\"\nkeep_keys = \"1d\"\n\
         [server]\nbase_url = \"https://feeds.example.org/\"\n\
         [polling]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\n\
         [[topic]]\nid = \"all\"\ntitle = \"All\"\nquery = \"report\"\n",
    );
    let polls = Arc::new(Mutex::new(0));
    for source in 0..sources {
        let site = &sites[source % sites.len()];
        let url = site.url(&format!("/{source}"));
        config += &format!("[[source]]\nid = \"s{source}\"\nurl = \"{url}\"\ninterval = \"1h\"\n");
        let (polls, mut told) = (polls.clone(), 0);
        site.answer(&format!("/{source}"), move |_| {
            told += 1;
            *polls.lock().unwrap() += 1;
            Answer::ok(document(source, told))
        });
    }
    let gazetted = Gazetted::with(&config);
    let start = Timestamp::parse_rfc3339(START).unwrap();
    let mut daemon = Apart::start(&gazetted.config(), start);
    let mut days_end = Vec::new();
    for _ in 0..days {
        for _ in 0..24 {
            daemon.pass(HOUR);
            assert_eq!(get(daemon.address, "/topics/all.atom").status, 200);
        }
        assert_eq!(get(daemon.address, "/search?q=report").status, 200);
        days_end.push((daemon.memory(), daemon.open_files()));
    }
    println!(
        "{} polls; KiB and open files at the end of each day: {days_end:?}",
        polls.lock().unwrap()
    );
    daemon.stop();
    let (_warm, last) = days_end.split_at(days / 3);
    let first = last[..last.len() / 2].iter().map(|(memory, _)| *memory).max().unwrap();
    let end = last[last.len() / 2..].iter().map(|(memory, _)| *memory).min().unwrap();
    // The least of the second half is within a twentieth of the most of the first.
    assert!(end <= first + first / 20, "it grew: {days_end:?}");
    let files = last.iter().map(|(_, files)| *files);
    assert!(
        files.clone().max().unwrap() <= files.min().unwrap() + 2,
        "files stay open: {days_end:?}"
    );
}
