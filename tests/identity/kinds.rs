//! The labelled corpus, kind by kind: nothing is joined wrongly, and little is left apart.

use super::corpus::{Document, Listed, Measure, Texts, World, everything, measured};

/// Kinds of which less is found: their titles or single sentences say too little, or a part from the
/// middle of a text came after its original.
const LESS: [&str; 5] = [
    "parts before their original",
    "near title, no text",
    "title alone, three days late",
    "summary for summary, other words",
    "publisher before the title",
];

fn check(texts: Texts, least: f64) {
    let cases = everything();
    assert!(cases.len() >= 600, "{}", cases.len());
    let (mut all, mut report, mut broken) = (Measure::default(), String::new(), Vec::new());
    for training in [true, false] {
        let half: Vec<_> =
            cases.iter().filter(|case| case.is_training() == training).cloned().collect();
        for (kind, measure) in measured(&half, 0..2, texts) {
            let (precision, recall) = (measure.precision(), measure.recall());
            report += &format!("{kind}: P {precision:.3} R {recall:.3} lost {}\n", measure.lost);
            if precision < 1.0 || measure.lost > 0 {
                broken.push(format!("{kind}: P {precision:.3}, {} lost", measure.lost));
            }
            if recall < if LESS.contains(&kind) { 0.8 } else { 0.9 } {
                broken.push(format!("{kind}: R {recall:.3}"));
            }
            all.extend(&measure);
        }
    }
    println!("{report}");
    assert!(broken.is_empty(), "{texts:?}:\n  {}\n{report}", broken.join("\n  "));
    let (recall, b_cubed) = (all.recall(), all.b_cubed());
    println!("all: R {recall:.4} BCubed F1 {b_cubed:.4}");
    assert!(recall >= least, "{texts:?}: R {recall:.3}\n{report}");
    assert!(b_cubed >= (1.0 + least) / 2.0, "{texts:?}: BCubed F1 {b_cubed:.3}\n{report}");
}

#[test]
fn nothing_is_joined_wrongly_in_any_kind() {
    check(Texts::AtOnce, 0.95);
}

#[test]
fn nothing_is_joined_wrongly_where_the_texts_come_late() {
    check(Texts::Late, 0.80);
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
