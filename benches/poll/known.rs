//! Measures what starting a daemon costs that knows a number of sources.
//!
//! Each listed one entry when it was last read, a few hours ago, and none is due.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use gazetted::clock::Clock;
use gazetted::config::Plan;
use gazetted::daemon::Daemon;
use gazetted::model::{
    Admitted, Entry, Evidence, Key, KeyKind, Member, SourceId, SourceState, Story, StoryId,
    Timestamp, Verdict,
};
use gazetted::store::{self, Commit};
use tokio::net::TcpListener;

use super::{DIRECTORY, Error, Meter, TOPICS, memory};

/// The argument that asks for this.
pub const KNOWN: &str = "--known";

/// What a process of its own does: it makes the store, or starts from it.
const FILL: &str = "--fill";
const START: &str = "--start";

const NOW: Timestamp = Timestamp::from_secs(1_743_600_000);

pub fn bench(arguments: &[String], count: usize) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let directory = Path::new(&directory);
        return match arguments.iter().any(|argument| argument == FILL) {
            true => runtime.block_on(fill(directory, count)),
            false => runtime.block_on(start(directory, count)),
        };
    }
    let directory = tempfile::tempdir()?;
    for part in [FILL, START, START] {
        let done = Command::new(std::env::current_exe()?)
            .args([KNOWN, part, &count.to_string()])
            .env(DIRECTORY, directory.path())
            .status()?;
        if !done.success() {
            return Err(format!("{part}: {done}").into());
        }
    }
    Ok(())
}

async fn fill(directory: &Path, count: usize) -> Result<(), Error> {
    let path = directory.join("gazetted.toml");
    let place = directory.join("store");
    let mut text = format!("[store]\npath = {place:?}\n");
    for (id, query) in TOPICS {
        write!(text, "[[topic]]\nid = \"{id}\"\ntitle = \"{id}\"\nquery = '''{query}'''\n")?;
    }
    for number in 0..count {
        let host = number % 5000;
        write!(text, "[[source]]\nid = \"s{number}\"\nurl = \"http://h{host}.test/{number}\"\n")?;
    }
    std::fs::write(&path, text)?;
    let plan = Plan::load(&path).map_err(|problems| problems.to_string())?.plan;
    let store = store::open(&plan.store.path, plan.store.cache)?;
    let sources: Vec<_> = plan.sources.values().collect();
    for some in sources.chunks(200) {
        let mut commit = Commit::default();
        for source in some {
            let story = story(&source.id);
            commit
                .source_states
                .push((source.id.clone(), remembered(source.location.hash()).into()));
            commit.listed.push((source.id.clone(), vec![story.id]));
            let key = Key { kind: KeyKind::Own, hash: *story.id.as_bytes() };
            commit.admitted.push(Admitted {
                keys: vec![key],
                story: Arc::new(story),
                before: None,
                dropped: Vec::new(),
                verdict: Verdict::New,
            });
        }
        store.commit(commit).await?;
    }
    store.close()?;
    // Its topics are filled by the first start.
    drop(started(directory).await?);
    Ok(())
}

fn story(source: &SourceId) -> Story {
    let mut entry = Entry::of(source.clone());
    entry.title = format!("{source} has published its quarterly statement on borders");
    entry.guid = Some(format!("https://www.gov.uk/{source}"));
    entry.summary = Some("The department sets out what was done in the last quarter.".to_owned());
    let hash = blake3::hash(source.as_str().as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.as_bytes()[..16]);
    let seen = NOW.before(Duration::from_secs(u64::from(hash.as_bytes()[16]) * 86_400));
    let mut story = Story::new(StoryId::from_bytes(id), format!("tag:{source}"), seen);
    story.members.push(Member::new(entry, Evidence::Founded, seen));
    story
}

fn remembered(of: u64) -> SourceState {
    let polled = NOW.before(Duration::from_secs(of % 20_000));
    let mut memory = SourceState {
        of: Some(of),
        hash: Some(of),
        next_poll: polled.after(Duration::from_secs(40_000)),
        because: "no news for 12 days, at most twice a day".into(),
        last_poll: Some(polled),
        last_success: Some(polled),
        polls: 30,
        not_modified: 29,
        ..SourceState::default()
    };
    memory.validators.etag = Some(format!("\"{of:016x}\"").into_bytes());
    memory.validators.last_modified = Some(b"Wed, 02 Apr 2025 10:25:00 GMT".to_vec());
    memory.feed.url = Some("https://www.gov.uk/search/news".into());
    memory.validators.of = Some(format!("http://h{}.test/feeds/announcements", of % 5000).into());
    memory.rhythm.as_of = Some(polled);
    memory.rhythm.newest = Some(polled.before(Duration::from_secs(12 * 86_400)));
    memory
}

async fn start(directory: &Path, count: usize) -> Result<(), Error> {
    let meter = Meter::start();
    let daemon = started(directory).await?;
    let (cpu, wall) = meter.stop();
    // What the start took for a moment is given back by then.
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!(
        "{count:>8} known, started: {:.2} s of CPU, {:.2} s, {} MiB idle, {} MiB peak",
        cpu.as_secs_f64(),
        wall.as_secs_f64(),
        memory("VmRSS:"),
        memory("VmHWM:")
    );
    Ok(daemon.stop().await?)
}

async fn started(directory: &Path) -> Result<Daemon, Error> {
    let meter = Meter::start();
    let told = |what: &str| {
        let now = meter.wall.elapsed().as_secs_f64();
        println!("{:>8} {what} after {now:.2} s", "");
    };
    let path = directory.join("gazetted.toml");
    let plan = Plan::load(&path).map_err(|problems| problems.to_string())?.plan;
    told("configuration read");
    let store = store::open(&plan.store.path, plan.store.cache)?;
    told("store open");
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let daemon = Daemon::start(plan, store, listener, Clock::by_hand(NOW)).await?;
    daemon.handle().settled().await;
    told("daemon settled");
    Ok(daemon)
}
