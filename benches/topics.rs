//! Measures stories a second over made-up topics, beside three simpler ways.
//!
//! `cargo bench --bench topics` runs on one core and counts processor time, so
//! that a shared machine matters less. What counts as one story is all of its
//! way: its text read (split, folded, stemmed) and matched. The simpler ways
//! look for mere substrings, without stems, fields or nearness.
//!
//! How many topics a story is in decides more than how many there are, so there
//! are two mixes: topics of names and terms, which few stories have, as
//! analysts' topics are; and topics of everyday words, which many have.

use std::hint::black_box;
use std::time::Duration;

use aho_corasick::{AhoCorasick, MatchKind};
use gazetted::model::TopicId;
use gazetted::topics::{Language, TopicSet, Vocabulary};
use regex::RegexSetBuilder;
use rustix::time::{ClockId, clock_gettime};

const STORIES: usize = 10_000;
const WORDS: usize = 300;
/// No measurement takes much longer; slow ways then see fewer stories.
const PATIENCE: Duration = Duration::from_secs(3);

fn main() {
    for (mix, syllables) in [("names and terms", 3), ("everyday words", 2)] {
        let mut chance = Chance(1);
        let lexicon: Vec<String> = (0..20_000).map(|_| chance.word(syllables)).collect();
        let stories: Vec<String> = (0..STORIES).map(|_| chance.story(&lexicon)).collect();
        println!("{mix:<34} {:>12} {:>14}   topics a story", "topics", "stories/s");
        for count in [10, 1_000, 10_000] {
            let topics: Vec<Made> = (0..count).map(|_| chance.topic(&lexicon)).collect();
            gazetted(&topics, &stories, &lexicon);
            substring_loop(&topics, &stories);
            regex_set(&topics, &stories);
            plain_aho_corasick(&topics, &stories);
        }
    }
}

/// Processor time of this thread.
fn spent() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// A topic, as a query and as what a simpler way can look for: a phrase or
/// another and a third term.
struct Made {
    query: String,
    phrase: String,
    one: String,
    other: String,
}

fn gazetted(topics: &[Made], stories: &[String], lexicon: &[String]) {
    let (language, vocabulary) = (Language::default(), places(lexicon));
    let queries: Vec<_> = topics
        .iter()
        .enumerate()
        .map(|(place, topic)| (TopicId::new(place.to_string()), topic.query.clone()))
        .collect();
    let compile = |queries: &[_]| {
        TopicSet::compile(queries, &vocabulary, &language).expect("made queries compile").0
    };
    let begun = spent();
    let set = compile(&queries);
    println!("{:<34} {:>12} {:>14?}", "compiling", topics.len(), spent() - begun);
    let subjects: Vec<_> = stories.iter().map(|story| set.subject_of_text(story, None)).collect();
    measure("reading and matching", topics.len(), stories, |story| {
        set.matches(&set.subject_of_text(story, None)).len()
    });
    measure("matching alone", topics.len(), &subjects, |subject| set.matches(subject).len());
}

fn places(lexicon: &[String]) -> Vocabulary {
    let places = lexicon.iter().skip(3_000).step_by(401).take(30).cloned().collect();
    [("places".to_owned(), places)].into_iter().collect()
}

fn substring_loop(topics: &[Made], stories: &[String]) {
    measure("a loop over substrings", topics.len(), stories, |story| {
        let story = story.to_lowercase();
        let is_in = |topic: &&Made| {
            story.contains(&topic.phrase)
                || (story.contains(&topic.one) && story.contains(&topic.other))
        };
        topics.iter().filter(is_in).count()
    });
}

/// Every topic's three terms, one after the other.
fn terms(topics: &[Made]) -> impl Iterator<Item = &String> {
    topics.iter().flat_map(|topic| [&topic.phrase, &topic.one, &topic.other])
}

fn count(topics: &[Made], found: &[bool]) -> usize {
    let holds = |place: &usize| found[place * 3] || (found[place * 3 + 1] && found[place * 3 + 2]);
    (0..topics.len()).filter(holds).count()
}

fn regex_set(topics: &[Made], stories: &[String]) {
    if topics.len() > 1_000 {
        // It takes minutes to build, and a second for a few stories.
        println!("{:<34} {:>12} {:>14}", "a RegexSet", topics.len(), "not tried");
        return;
    }
    let patterns = terms(topics).map(|term| regex::escape(term));
    let Ok(set) = RegexSetBuilder::new(patterns)
        .case_insensitive(true)
        .size_limit(1 << 30)
        .dfa_size_limit(1 << 28)
        .build()
    else {
        println!("{:<34} {:>12} {:>14}", "a RegexSet", topics.len(), "too large");
        return;
    };
    measure("a RegexSet", topics.len(), stories, |story| {
        let mut found = vec![false; topics.len() * 3];
        set.matches(story).iter().for_each(|place| found[place] = true);
        count(topics, &found)
    });
}

fn plain_aho_corasick(topics: &[Made], stories: &[String]) {
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(terms(topics))
        .expect("the automaton fits");
    measure("plain Aho-Corasick, boolean pass", topics.len(), stories, |story| {
        let mut found = vec![false; topics.len() * 3];
        for hit in automaton.find_overlapping_iter(story) {
            found[hit.pattern().as_usize()] = true;
        }
        count(topics, &found)
    });
}

fn measure<T>(way: &str, topics: usize, stories: &[T], mut matched: impl FnMut(&T) -> usize) {
    let (mut seen, mut hits) = (0_u32, 0);
    let begun = spent();
    for story in stories {
        hits += black_box(matched(black_box(story)));
        seen += 1;
        if spent() - begun > PATIENCE {
            break;
        }
    }
    let rate = f64::from(seen) / (spent() - begun).as_secs_f64();
    let each = hits as f64 / f64::from(seen);
    println!("{way:<34} {topics:>12} {rate:>14.0}   {each:.1}");
}

/// A generator that gives the same topics and stories at every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }

    /// Of the earlier the oftener, as words are in texts.
    fn pick<'a>(&mut self, of: &'a [String]) -> &'a str {
        let bound = 1 + self.below(of.len());
        let bound = 1 + self.below(bound);
        &of[self.below(bound)]
    }

    fn word(&mut self, syllables: usize) -> String {
        const SYLLABLES: [&str; 24] = [
            "ba", "con", "der", "fa", "gra", "ho", "in", "ka", "lor", "mi", "na", "or", "pre",
            "qua", "ri", "sa", "ter", "un", "ve", "wi", "yo", "zen", "mar", "pol",
        ];
        const ENDINGS: [&str; 8] = ["", "", "s", "ed", "ing", "ation", "er", "ly"];
        let mut word = String::new();
        for _ in 0..syllables + self.below(2) {
            word.push_str(SYLLABLES[self.below(SYLLABLES.len())]);
        }
        word + ENDINGS[self.below(ENDINGS.len())]
    }

    fn story(&mut self, lexicon: &[String]) -> String {
        let mut story = String::new();
        for place in 0..WORDS {
            let word = self.pick(lexicon);
            if place % 15 == 0 {
                story.push_str(&word[..1].to_uppercase());
                story.push_str(&word[1..]);
            } else {
                story.push_str(word);
            }
            story.push_str(match place {
                11 => "\n",
                _ if place % 15 == 14 => ". ",
                _ => " ",
            });
        }
        story
    }

    /// A topic in each shape that analysts write.
    fn topic(&mut self, lexicon: &[String]) -> Made {
        let of = &lexicon[500..];
        let mut word = || of[self.below(of.len())].clone();
        let (a, b, c, d) = (word(), word(), word(), word());
        let distance = 3 + self.below(20);
        let query = match self.below(8) {
            0 => format!("\"{a} {b}\" OR ({c} AND {d})"),
            1 => format!("{a} NEAR/{distance} ({b} OR {c} OR {d})"),
            2 => format!("title:({a} OR {b}) OR atleast(2, {c} OR {d})"),
            3 => format!("({a} AND {b}) NOT ({c} NEAR/5 {d})"),
            4 => format!("@places AND ({a} OR \"{b} {c}\")"),
            5 => format!("{a} ONEAR/{distance} {b} OR caps({})", c.to_uppercase()),
            6 => format!("{a} SAME/sentence {b} OR ={c} OR {d}x*"),
            _ => format!("score({a}^3, {b}^2, {c}, {d}^-2) >= 4"),
        };
        Made { query, phrase: format!("{a} {b}"), one: c, other: d }
    }
}
