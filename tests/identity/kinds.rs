//! The labelled corpus, kind by kind: nothing is joined wrongly, and little is left apart.

use std::collections::BTreeMap;

use super::corpus::{Document, Listed, Measure, Texts, World, agreement, everything, measured};

/// Kinds without a text, of which less is found: a title of which few words are rare says too little
/// after three days.
const LESS: [&str; 1] = ["title alone, three days late"];

/// Orders of arrival that are tried: two, or as many as `GAZETTED_ORDERS` says.
fn orders() -> std::ops::Range<u64> {
    let stated = std::env::var("GAZETTED_ORDERS").ok();
    0..stated.and_then(|count| count.parse().ok()).unwrap_or(2)
}

/// Holds every kind to what is wanted of it, and returns the figures of the measuring half.
fn check(texts: Texts, least: f64) -> BTreeMap<&'static str, Measure> {
    let cases = everything();
    assert!(cases.len() >= 600, "{}", cases.len());
    let (mut all, mut broken, mut of_measuring) = (Measure::default(), Vec::new(), BTreeMap::new());
    for training in [true, false] {
        let half: Vec<_> =
            cases.iter().filter(|case| case.is_training() == training).cloned().collect();
        of_measuring = measured(&half, orders(), texts);
        for (kind, measure) in &of_measuring {
            let (precision, recall) = (measure.precision(), measure.recall());
            if precision < 1.0 || measure.lost > 0 {
                broken.push(format!("{kind}: P {precision:.3}, {} lost", measure.lost));
            }
            if recall < if LESS.contains(kind) { 0.7 } else { 0.9 } {
                broken.push(format!("{kind}: R {recall:.3}"));
            }
            all.extend(measure);
        }
    }
    assert!(broken.is_empty(), "{texts:?}:\n  {}", broken.join("\n  "));
    let (recall, b_cubed) = (all.recall(), all.b_cubed());
    let agreed = agreement(&cases, orders(), texts);
    println!("{texts:?}: R {recall:.4} BCubed F1 {b_cubed:.4}, agreement of orders {agreed:.4}");
    assert!(agreed >= 0.98, "{texts:?}: orders agree on {agreed:.3}");
    assert!(recall >= least, "{texts:?}: R {recall:.3}");
    assert!(b_cubed >= (1.0 + least) / 2.0, "{texts:?}: BCubed F1 {b_cubed:.3}");
    of_measuring
}

/// Prints the table of `benches/README.md`.
#[test]
fn nothing_is_joined_wrongly_in_any_kind_and_little_is_left_apart() {
    let (at_once, late) = std::thread::scope(|scope| {
        let at_once = scope.spawn(|| check(Texts::AtOnce, 0.95));
        let late = check(Texts::Late, 0.95);
        (at_once.join().unwrap(), late)
    });
    let figures = |measure: &Measure| {
        format!("{:.3} | {:.3} | {:.3}", measure.precision(), measure.recall(), measure.b_cubed())
    };
    println!("| kind | P | R | F1 | late: P | R | F1 |\n|---|---:|---:|---:|---:|---:|---:|");
    let mut all = [Measure::default(); 2];
    for (kind, measure) in &at_once {
        println!("| {kind} | {} | {} |", figures(measure), figures(&late[kind]));
        all[0].extend(measure);
        all[1].extend(&late[kind]);
    }
    println!("| **all {}** | {} | {} |", at_once.len(), figures(&all[0]), figures(&all[1]));
}

#[test]
fn titles_and_addresses_alone_join_nothing_wrongly() {
    let cases = everything().into_iter().filter(|case| !case.is_training() && !case.within_source);
    let (cases, mut all, mut broken) = (cases.collect::<Vec<_>>(), Measure::default(), Vec::new());
    for (kind, measure) in measured(&cases, orders(), Texts::Never) {
        println!("{kind}: P {:.3} R {:.3}", measure.precision(), measure.recall());
        if measure.precision() < 1.0 || measure.lost > 0 {
            broken.push(format!("{kind}: P {:.3}, {} lost", measure.precision(), measure.lost));
        }
        all.extend(&measure);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    println!("titles and addresses alone: R {:.4}", all.recall());
    assert!(all.recall() >= 0.45, "R {:.3}", all.recall());
}

/// Prints what was weighed between the entries of different sources, a line a pair, for
/// `scripts/learn_weights.py`.
#[test]
fn the_pairs_of_the_corpus_are_weighed_rightly() {
    let mut count = 0;
    for case in everything().iter().filter(|case| !case.within_source) {
        let listed: Vec<_> = case
            .documents
            .iter()
            .flat_map(|document| document.entries.iter().map(move |entry| (document.source, entry)))
            .collect();
        for (at, (source, one)) in listed.iter().enumerate() {
            for (other_source, other) in &listed[at + 1..] {
                if source == other_source {
                    continue;
                }
                let mut world = World::of(case);
                for (source, entry) in [(source, one), (other_source, other)] {
                    let entries = vec![Listed::clone(entry)];
                    world.read(&Document { source, entries });
                }
                let stories = world.known.stories.values();
                let joined = stories.clone().flat_map(|story| &story.members);
                let related = stories.flat_map(|story| &story.related);
                let factors: Vec<_> = joined
                    .flat_map(|member| &member.factors)
                    .chain(related.flat_map(|related| &related.factors))
                    .map(|factor| format!("{:?}:{}", factor.kind, factor.weight))
                    .collect();
                let half = if case.is_training() { "learn" } else { "measure" };
                let same = u8::from(one.label == other.label);
                let is_one = world.known.stories.values().any(|story| story.members.len() > 1);
                assert!(same == 1 || !is_one, "{} {}", case.kind, case.number);
                count += 1;
                println!("pair\t{}\t{half}\t{same}\t{}", case.kind, factors.join(" "));
            }
        }
    }
    assert!(count > 500, "{count}");
}
