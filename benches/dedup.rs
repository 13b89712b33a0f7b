//! How many entries a second identity can judge, and whether that depends on how many stories there are.
//!
//! `cargo bench --bench dedup [-- STORIES…]`: for each archive size, entries
//! with and without text are judged in documents of twenty, a third of them
//! copies. The archive is in memory: what is measured is deciding, with the
//! look-ups by key and the decoding of the stories found, not an engine.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gazetted::dedup::{
    Extent, Overrides, Rules, candidates, is_settled, judge, keys_to_judge_again, read_texts,
};
use gazetted::model::{
    Entry, Habits, Key, Location, Lookalikes, Role, Source, SourceId, Sources, Story, StoryId,
    Timestamp, Verdict,
};
use url::Url;

/// Stories of the last eight weeks, which alone have a text to be compared with.
const RECENT: usize = 30_000;

/// Entries that are judged for one measurement.
const JUDGED: usize = 6_000;

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|size| size.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![100_000, 1_000_000] } else { sizes };
    println!(
        "{:>9}  {:>22}  {:>12}  {:>8}  {:>7}",
        "stories", "entries", "a second", "joined", "keys"
    );
    let mut cost: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for size in &sizes {
        let world = World::with(*size);
        for (what, words) in [("with 300 words", 300), ("without text", 0)] {
            let measured = world.judged(words);
            println!(
                "{size:>9}  {what:>22}  {:>12.0}  {:>8}  {:>7.1}",
                measured.per_second, measured.joined, measured.keys
            );
            cost.entry(what).or_default().push(1.0 / measured.per_second);
        }
        println!("{size:>9}  {:>22}  {:>12.0}", "plain guid look-up", world.plain_lookups());
        println!(
            "{size:>9}  bytes a recent story, compressed, with keys: {:.0}",
            world.bytes_a_story()
        );
    }
    for (what, costs) in cost {
        if let (Some(first), Some(last)) = (costs.first(), costs.last()) {
            println!("{what}: the largest archive costs {:.2} times the smallest", last / first);
        }
    }
}

/// An archive of stories, and the sources that told them.
struct World {
    sources: Sources,
    overrides: Overrides,
    size: usize,
    now: Timestamp,
    by_key: HashMap<Key, Vec<StoryId>>,
    stories: HashMap<StoryId, Vec<u8>>,
    guids: HashSet<String>,
}

/// What judging a number of entries came to.
struct Measured {
    per_second: f64,
    joined: usize,
    keys: f64,
}

impl World {
    fn with(size: usize) -> Self {
        let role = |id: &str| if id == "wire" { Role::Syndicator } else { Role::Department };
        let sources = ["office", "wire"].iter().enumerate().map(|(position, id)| {
            let id = SourceId::new(*id);
            (id.clone(), Arc::new(source(id.clone(), role(id.as_str()), position)))
        });
        let mut world = Self {
            sources: sources.collect(),
            overrides: Overrides::default(),
            size,
            now: Timestamp::from_secs(1_750_000_000),
            by_key: HashMap::new(),
            stories: HashMap::new(),
            guids: HashSet::new(),
        };
        for number in 0..size {
            let words = if number + RECENT >= size { 300 } else { 0 };
            let entry = world.entry(number, words);
            world.guids.extend(entry.guid.clone());
            let now = entry.updated.unwrap_or(world.now);
            let rules = world.rules();
            let candidates = candidates(&[entry.into()], Extent::Whole, &rules, now);
            let mut known = Lookalikes::default();
            let judged = judge(candidates, &mut known, &rules, now);
            for admitted in judged.admitted {
                for key in admitted.keys {
                    world.by_key.entry(key).or_default().push(admitted.story.id);
                }
                world.stories.insert(admitted.story.id, encoded(&admitted.story));
            }
        }
        world
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            sources: &self.sources,
            authority: "feeds.example.org",
            overrides: &self.overrides,
            habits: Habits::default(),
        }
    }

    /// The department's entry with this number; the recent lie within eight weeks.
    fn entry(&self, number: usize, words: usize) -> Entry {
        let age = Duration::from_secs((self.size.saturating_sub(number) * 160) as u64);
        let link = format!("https://www.gov.uk/government/news/announcement-{number}");
        Entry {
            guid: Some(format!("{link}#1")),
            url: Url::parse(&link).ok(),
            title: format!("Announcement {number} of the office for {}", word(number as u64)),
            text: text(number, words),
            updated: Some(self.now.before(age)),
            ..Entry::of(SourceId::new("office"))
        }
    }

    /// What the wire makes of an announcement: a day later, under its own title.
    fn copy(&self, number: usize, words: usize) -> Entry {
        let told = self.entry(number, words);
        let link = format!("https://wire.example/{number}");
        Entry {
            guid: Some(link.clone()),
            url: Url::parse(&link).ok(),
            title: format!("{} in the news", word(number as u64 + 7)),
            text: format!("The wire reports from the office. {}", told.text),
            updated: told.updated.map(|date| date.after(Duration::from_secs(86_400))),
            ..Entry::of(SourceId::new("wire"))
        }
    }

    fn judged(&self, words: usize) -> Measured {
        let entries: Vec<Arc<Entry>> = (0..JUDGED)
            .map(|place| match place % 3 {
                0 => self.copy(self.size - 1 - (place * 7) % RECENT.min(self.size), words),
                _ => self.entry(self.size + place, words),
            })
            .map(Arc::new)
            .collect();
        let rules = self.rules();
        let (mut joined, mut keys, mut founded) = (0, 0, 0);
        let start = Instant::now();
        for document in entries.chunks(20) {
            let mut candidates = candidates(document, Extent::Whole, &rules, self.now);
            let names: Vec<Key> =
                candidates.iter().flat_map(|candidate| candidate.names()).copied().collect();
            let told = self.lookalikes(&names);
            read_texts(&mut candidates, &told);
            let open = candidates.iter().filter(|candidate| !is_settled(candidate, &told));
            let wanted: Vec<Key> = open.flat_map(|candidate| candidate.keys()).collect();
            let mut known = self.lookalikes(&wanted);
            let open = candidates.iter().filter(|candidate| !is_settled(candidate, &told));
            let again = self.lookalikes(&keys_to_judge_again(open, &known, &rules));
            known.by_key.extend(again.by_key);
            known.stories.extend(again.stories);
            for admitted in black_box(judge(candidates, &mut known, &rules, self.now)).admitted {
                match admitted.verdict {
                    Verdict::New => {
                        founded += 1;
                        keys += admitted.keys.len();
                    }
                    _ => joined += 1,
                }
            }
        }
        let per_second = JUDGED as f64 / start.elapsed().as_secs_f64();
        Measured { per_second, joined, keys: keys as f64 / f64::from(founded.max(1)) }
    }

    /// What a store does: the bearers of the keys, and their stories, decoded.
    fn lookalikes(&self, keys: &[Key]) -> Lookalikes {
        let mut known = Lookalikes::default();
        for key in keys {
            let Some(bearers) = self.by_key.get(key) else { continue };
            known.by_key.insert(*key, bearers.as_slice().into());
            for id in bearers {
                if let Some(bytes) = self.stories.get(id) {
                    known.stories.entry(*id).or_insert_with(|| decoded(bytes).into());
                }
            }
        }
        known
    }

    /// What a reader without identity does.
    fn plain_lookups(&self) -> f64 {
        let entries: Vec<Entry> =
            (0..JUDGED).map(|place| self.entry(self.size + place, 0)).collect();
        let start = Instant::now();
        let known = entries
            .iter()
            .filter(|entry| entry.guid.as_ref().is_some_and(|guid| self.guids.contains(guid)));
        black_box(known.count());
        JUDGED as f64 / start.elapsed().as_secs_f64()
    }

    fn bytes_a_story(&self) -> f64 {
        let recent = (self.size - RECENT.min(self.size)..self.size).step_by(100);
        let (mut bytes, mut count) = (0, 0);
        for number in recent {
            let entry = self.entry(number, 300);
            let rules = self.rules();
            let candidates = candidates(&[entry.into()], Extent::Whole, &rules, self.now);
            let mut known = Lookalikes::default();
            for admitted in judge(candidates, &mut known, &rules, self.now).admitted {
                let stored = encoded(&admitted.story);
                // A key is a kind, a hash, and the id of the story that bears it.
                bytes += zstd::bulk::compress(&stored, 3).map_or(stored.len(), |small| small.len());
                bytes += admitted.keys.len() * (1 + 16 + 16);
                count += 1;
            }
        }
        bytes as f64 / f64::from(count.max(1))
    }
}

fn source(id: SourceId, role: Role, position: usize) -> Source {
    Source { role, position, ..Source::at(id, Location::File("feed.xml".into())) }
}

fn encoded(story: &Story) -> Vec<u8> {
    rmp_serde::to_vec_named(story).expect("a story is plain data")
}

fn decoded(bytes: &[u8]) -> Story {
    rmp_serde::from_slice(bytes).expect("it was encoded here")
}

/// A text of so many words, the same for the same number.
fn text(number: usize, words: usize) -> String {
    let mut state = number as u64 + 1;
    let mut text = String::with_capacity(words * 7);
    for place in 0..words {
        // Xorshift: cheap, and the same on every machine.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&word(state % 4_000));
        text.push_str(if place % 15 == 14 { ". " } else { " " });
    }
    text
}

/// One of a few thousand words.
fn word(number: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "re", "mi", "to", "lun", "sar", "ven", "dok", "pel", "gri", "cho", "fas", "nu",
        "wex", "yor", "zan",
    ];
    let mut word = String::new();
    let mut rest = number + 16;
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}
