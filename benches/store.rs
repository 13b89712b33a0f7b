//! Measures what a commit, a lookup, a backup and a story cost in a store of a given number of stories.
//!
//! `cargo bench --bench store -- 100000` (10,000 without a number).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gazetted::model::{
    Admitted, Entry, Evidence, Key, KeyKind, Member, SourceId, SourceState, Story, StoryId,
    Timestamp, TopicVersion, Verdict,
};
use gazetted::store::{self, Commit, PlaceChange, Store};

const CACHE: u64 = 64 << 20;

/// Stories of one commit: what one gathering of polls may bring.
const GATHERED: u64 = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stories: u64 = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(10_000);
    let dir = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let store = store::open(dir.path(), CACHE)?;

    let mut texts = Words(7);
    let begun = Instant::now();
    for first in (0..stories).step_by(GATHERED as usize) {
        let commit = gathering(first..first + GATHERED, &mut texts);
        runtime.block_on(store.commit(commit))?;
    }
    report("admit a story, durable", begun.elapsed(), stories);

    let begun = Instant::now();
    let rounds = 2_000;
    for round in 0..rounds {
        let keys = keys(id(round * 7_919 % stories));
        if store.lookalikes(&keys)?.stories.len() != 1 {
            return Err("a story is not found by its keys".into());
        }
    }
    report("find a story by its keys", begun.elapsed(), rounds);

    let begun = Instant::now();
    for round in 0..rounds {
        if !store.lookalikes(&keys(id(stories + round)))?.stories.is_empty() {
            return Err("a story is found that was never there".into());
        }
    }
    report("find none by keys unknown", begun.elapsed(), rounds);

    for gathered in [1, 16, 256] {
        let begun = Instant::now();
        let rounds = 4_096 / gathered;
        for round in 0..rounds {
            let answers: Vec<_> = (0..gathered)
                .map(|n| {
                    store.commit(Commit {
                        source_states: vec![unchanged(n, round)],
                        ..Commit::default()
                    })
                })
                .collect();
            for answer in answers {
                runtime.block_on(answer)?;
            }
        }
        report(&format!("a 304, {gathered} gathered"), begun.elapsed(), rounds * gathered);
    }
    backed_up(&store, stories)?;
    drop(store);

    let begun = Instant::now();
    drop(store::open(dir.path(), CACHE)?);
    report("open", begun.elapsed(), 1);
    size(dir.path(), "as written", stories)?;
    store::compact(dir.path(), CACHE)?;
    size(dir.path(), "compacted", stories)
}

/// Writes and verifies a backup, and looks up stories meanwhile, as pages do.
fn backed_up(store: &Arc<dyn Store>, stories: u64) -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("a.backup");
    let look_up = |round: u64| {
        let begun = Instant::now();
        store.story(id(round * 7_919 % stories)).map(|_| begun.elapsed())
    };
    let idle = (0..5_000).map(look_up).collect::<Result<Vec<_>, _>>()?;
    let begun = Instant::now();
    let (beside, took) = std::thread::scope(|threads| {
        let writing = threads.spawn(|| store::backup(&**store, &file).map(|_| begun.elapsed()));
        let mut beside = Vec::new();
        while !writing.is_finished() {
            beside.push(look_up(beside.len() as u64)?);
        }
        let took = writing.join().map_err(|_| "the backup panicked")??;
        Ok::<_, Box<dyn std::error::Error>>((beside, took))
    })?;
    report("back up a story, verified", took, stories);
    for (when, mut times) in [("idle", idle), ("beside a backup", beside)] {
        times.sort_unstable();
        let at = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e6;
        println!("read a story, {when:14} {:10.1} µs p50, {:.1} p99", at(50), at(99));
    }
    Ok(())
}

fn report(what: &str, took: Duration, times: u64) {
    let each = took.as_secs_f64() * 1e6 / times as f64;
    println!("{what:28} {each:10.1} µs each, {:10.0} /s", 1e6 / each);
}

fn size(path: &Path, when: &str, stories: u64) -> Result<(), Box<dyn std::error::Error>> {
    let survey = store::check(path, CACHE)?;
    let each = |number: u64| number as f64 / stories as f64;
    println!(
        "{when:28} {:10.1} keys, {:.0} bytes of records, {:.0} bytes of file a story",
        each(survey.records),
        each(survey.live_bytes),
        each(survey.file_bytes)
    );
    Ok(())
}

fn gathering(numbers: std::ops::Range<u64>, texts: &mut Words) -> Commit {
    let stories: Vec<Story> = numbers.map(|number| story(number, texts)).collect();
    let enter = |story: &Story| PlaceChange {
        topic: TopicVersion(1),
        story: story.id,
        from: None,
        to: Some(story.updated),
    };
    Commit {
        places: stories.iter().map(enter).collect(),
        admitted: stories
            .into_iter()
            .map(|story| Admitted {
                keys: keys(story.id),
                story: story.into(),
                before: None,
                dropped: Vec::new(),
                verdict: Verdict::New,
            })
            .collect(),
        source_states: vec![unchanged(0, 0)],
        ..Commit::default()
    }
}

/// A story of one entry of 300 words.
fn story(number: u64, texts: &mut Words) -> Story {
    let mut entry = Entry::of(SourceId::new("foreign-office"));
    entry.title = texts.some(12);
    entry.guid = Some(format!("https://www.gov.uk/government/news/{number}#2025-04-02"));
    entry.summary = Some(texts.some(30));
    entry.text = texts.some(300);
    let first_seen = Timestamp::from_secs(1_743_591_900 + i64::try_from(number).unwrap_or(0));
    let published_id = format!("tag:www.gov.uk,2005:/government/news/{number}");
    let mut story = Story::new(id(number), published_id, first_seen);
    story.members.push(Member::new(entry, Evidence::Founded, first_seen));
    story
}

fn id(number: u64) -> StoryId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&blake3::hash(&number.to_be_bytes()).as_bytes()[..16]);
    StoryId::from_bytes(bytes)
}

fn keys(id: StoryId) -> Vec<Key> {
    let kinds = [KeyKind::Own, KeyKind::Address, KeyKind::Title, KeyKind::Published];
    kinds.map(|kind| Key { kind, hash: *id.as_bytes() }).to_vec()
}

fn unchanged(source: u64, polls: u64) -> (SourceId, Arc<SourceState>) {
    let state =
        SourceState { polls, not_modified: polls, hash: Some(polls), ..SourceState::default() };
    (SourceId::new(format!("source-{source}")), Arc::new(state))
}

/// Text that compresses about as prose does: words of a few thousand, the first ones often.
struct Words(u64);

impl Words {
    fn some(&mut self, count: usize) -> String {
        let words = std::iter::repeat_with(|| {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let roll = (self.0 >> 33) % 4_000;
            let word = roll * roll / 4_000;
            format!("{}{}", ["con", "ser", "min", "gov", "trade", "bor"][word as usize % 6], word)
        });
        words.take(count).collect::<Vec<_>>().join(" ")
    }
}
