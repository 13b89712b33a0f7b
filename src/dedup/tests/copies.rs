//! A labelled set: copies that must meet, look-alikes that must not, in several orders.

use std::collections::HashMap;

use super::releases::{Edit, FOOTER, RELEASES, series};
use super::*;

/// An entry and the announcement that it really tells.
type Labelled = (String, Entry);

fn told(source: &str, link: &str, title: &str, text: &str, date: &str) -> Entry {
    Entry { text: text.to_owned(), ..updated(entry(source, link, link, title), date) }
}

/// Eight announcements by a department, each edited by four syndicators, and four series
/// of six, each told by the department and by one syndicator.
fn labelled() -> Vec<Labelled> {
    let mut set = Vec::new();
    for (title, path, text) in RELEASES {
        let text = format!("{text}\n{FOOTER}");
        let page = format!("https://www.gov.uk/government/news/{path}");
        set.push((path.to_owned(), told("fcdo", &page, title, &text, "2025-04-02T11:05:00Z")));
        for (number, edit) in Edit::ALL.into_iter().enumerate() {
            let source = ["wired", "mirror", "gazette", "courier"][number];
            let link = format!("https://{source}.example/{path}");
            let date = format!("2025-04-0{}T07:30:00Z", 2 + number);
            set.push((
                path.to_owned(),
                told(source, &link, &edit.title(title), &edit.of(&text), &date),
            ));
        }
    }
    for number in 0..6 {
        for (kind, (title, text)) in series(number).into_iter().enumerate() {
            let label = format!("series {kind}, {number}");
            let date = format!("2025-04-0{}T12:00:00Z", 1 + number);
            let page = format!("https://www.gov.uk/government/news/{kind}-{number}");
            set.push((label.clone(), told("home-office", &page, &title, &text, &date)));
            let link = format!("https://mirror.example/{kind}-{number}");
            // The syndicator drops what tells the instalments apart.
            let bare = title.split([':', '0', '1', '2', '3']).next().unwrap().to_owned();
            set.push((label, told("mirror", &link, &bare, &text, &date)));
        }
    }
    set
}

/// Pairwise precision and recall, and BCubed F1, of the stories that one order of arrival leads to.
fn measured(desk: &Desk, labels: &HashMap<String, String>) -> (f64, f64, f64) {
    let label = |entry: &Entry| labels[entry.url.as_ref().unwrap().as_str()].clone();
    let stories: Vec<Vec<String>> = desk
        .known
        .stories
        .values()
        .map(|story| story.members.iter().map(|member| label(&member.entry)).collect())
        .collect();
    let mut totals: BTreeMap<&str, f64> = BTreeMap::new();
    for label in labels.values() {
        *totals.entry(label).or_default() += 1.0;
    }
    let pairs = |count: f64| count * (count - 1.0) / 2.0;
    let (mut joined, mut right) = (0.0, 0.0);
    let (mut precision, mut recall, mut count) = (0.0, 0.0, 0.0);
    for story in &stories {
        let size = story.len() as f64;
        let mut of_label: BTreeMap<&str, f64> = BTreeMap::new();
        for label in story {
            *of_label.entry(label).or_default() += 1.0;
        }
        joined += pairs(size);
        for (label, same) in of_label {
            right += pairs(same);
            precision += same * same / size;
            recall += same * same / totals[label];
            count += same;
        }
    }
    let wanted: f64 = totals.values().map(|total| pairs(*total)).sum();
    let (precision, recall) = (precision / count, recall / count);
    (right / joined, right / wanted, 2.0 * precision * recall / (precision + recall))
}

/// Reads the set entry by entry in the order of `key`.
fn read_in_order(key: impl Fn(usize, &Labelled) -> u64) -> (Desk, HashMap<String, String>) {
    let mut set: Vec<(u64, Labelled)> = labelled()
        .into_iter()
        .enumerate()
        .map(|(place, labelled)| (key(place, &labelled), labelled))
        .collect();
    set.sort_by_key(|(key, _)| *key);
    let mut desk = Desk::new();
    desk.now = at("2025-04-08T09:00:00Z");
    let mut labels = HashMap::new();
    for (_, (label, entry)) in set {
        labels.insert(entry.url.as_ref().unwrap().to_string(), label);
        desk.read(&[entry]);
    }
    (desk, labels)
}

fn hash(seed: u64, place: usize) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(&place.to_le_bytes(), seed)
}

#[test]
fn copies_meet_and_look_alikes_do_not_in_any_order() {
    let dated =
        |_: usize, labelled: &Labelled| labelled.1.updated.unwrap().as_millis().unsigned_abs();
    let mut orders = vec![
        ("as written", read_in_order(|place, _| place as u64)),
        ("reversed", read_in_order(|place, _| u64::MAX - place as u64)),
        ("by date", read_in_order(dated)),
        ("latest first", read_in_order(|place, labelled| u64::MAX - dated(place, labelled))),
    ];
    orders.extend((0..8).map(|seed| ("shuffled", read_in_order(|place, _| hash(seed, place)))));
    for (order, (desk, labels)) in orders {
        let (precision, recall, b_cubed) = measured(&desk, &labels);
        println!("{order}: P {precision:.3} R {recall:.3} BCubed F1 {b_cubed:.3}");
        assert!(precision >= 1.0, "{order}: precision {precision}\n{:#?}", desk.clusters());
        assert!(recall >= 0.95, "{order}: recall {recall}\n{:#?}", desk.clusters());
        assert!(b_cubed >= 0.98, "{order}: BCubed F1 {b_cubed}");
    }
}
