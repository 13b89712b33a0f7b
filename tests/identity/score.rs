//! Scores how rightly the entries of a labelled set are joined.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use super::labelled::Telling;

/// The label of an entry, and the source that told it.
pub type Told = (String, &'static str);

/// How much is joined rightly, of what is joined and of what should be.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    pub precision: f64,
    pub recall: f64,
    pub b_cubed: f64,
}

impl Measure {
    pub fn of(set: &[Telling], stories: &[Vec<Told>]) -> Self {
        let mut totals: BTreeMap<&str, f64> = BTreeMap::new();
        for telling in set {
            *totals.entry(&telling.label).or_default() += 1.0;
        }
        let pairs = |count: f64| count * (count - 1.0) / 2.0;
        let (mut joined, mut right, mut count) = (0.0, 0.0, 0.0);
        let (mut precision, mut recall) = (0.0, 0.0);
        for story in stories {
            let size = story.len() as f64;
            joined += pairs(size);
            let mut same: BTreeMap<&str, f64> = BTreeMap::new();
            for (label, _) in story {
                *same.entry(label).or_default() += 1.0;
            }
            for (label, same) in same {
                right += pairs(same);
                precision += same * same / size;
                recall += same * same / totals[label];
                count += same;
            }
        }
        assert_eq!(count as usize, set.len(), "an entry is lost or told twice");
        let wanted: f64 = totals.values().map(|total| pairs(*total)).sum();
        let (precision, recall) = (precision / count, recall / count);
        Self {
            precision: right / joined,
            recall: right / wanted,
            b_cubed: 2.0 * precision * recall / (precision + recall),
        }
    }
}

/// What stories tell that have entries with these links.
pub fn told(set: &[Telling], stories: impl Iterator<Item = Vec<String>>) -> Vec<Vec<Told>> {
    let by_link: HashMap<&str, &Telling> =
        set.iter().map(|telling| (telling.link.as_str(), telling)).collect();
    let told =
        |link: &String| (by_link[link.as_str()].label.clone(), by_link[link.as_str()].source);
    stories.map(|links| links.iter().map(told).collect()).collect()
}

/// Stories that hold two instalments of a series.
fn joined_instalments(stories: &[Vec<Told>]) -> Vec<Vec<&str>> {
    let of_series = |label: &&str| label.ends_with(|last: char| last.is_ascii_digit());
    let labels = stories.iter().map(|story| {
        let labels: BTreeSet<&str> = story.iter().map(|(label, _)| label.as_str()).collect();
        labels.into_iter().filter(of_series).collect::<Vec<_>>()
    });
    labels.filter(|labels| labels.len() > 1).collect()
}

/// Stories that tell two announcements, and announcements that are several stories.
pub fn faults(stories: &[Vec<Told>]) -> String {
    let mut faults = String::new();
    let mut homes: BTreeMap<&str, Vec<&[Told]>> = BTreeMap::new();
    for story in stories {
        let labels: BTreeSet<&str> = story.iter().map(|(label, _)| label.as_str()).collect();
        if labels.len() > 1 {
            writeln!(faults, "joined: {story:?}").unwrap();
        }
        for label in labels {
            homes.entry(label).or_default().push(story);
        }
    }
    for (label, homes) in homes.into_iter().filter(|(_, homes)| homes.len() > 1) {
        let sources: Vec<Vec<&str>> =
            homes.iter().map(|home| home.iter().map(|(_, source)| *source).collect()).collect();
        writeln!(faults, "split: {label}: {sources:?}").unwrap();
    }
    faults
}

/// Holds what came of reading the set in this order to what is promised.
///
/// Of 42 orders, the worst had a recall of .986 and an F1 of .990.
pub fn check(order: &str, set: &[Telling], stories: &[Vec<Told>]) -> Measure {
    let (measure, faults) = (Measure::of(set, stories), faults(stories));
    println!("{order}: {measure:.4?}\n{faults}");
    let instalments = joined_instalments(stories);
    assert!(instalments.is_empty(), "{order}: {instalments:?}");
    assert!(measure.precision >= 0.999, "{order}: {measure:?}\n{faults}");
    assert!(measure.recall >= 0.97, "{order}: {measure:?}\n{faults}");
    assert!(measure.b_cubed >= 0.988, "{order}: {measure:?}\n{faults}");
    measure
}

/// So many places in an order of their own for every seed.
pub fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by_key(|place| xxhash_rust::xxh3::xxh3_64_with_seed(&place.to_le_bytes(), seed));
    places
}
