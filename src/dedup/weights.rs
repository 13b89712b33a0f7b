//! The weights of all evidence of identity: one frozen table.
//!
//! An entry is compared with a story by a few questions, each of which has levels of answers. Every
//! level has a weight: the logarithm to base 2 of how much more often it is seen between two
//! entries of one announcement than between two of different ones (Fellegi and Sunter). The
//! weights are added. `scripts/learn_weights.py` learns them from the training half of the
//! labelled corpus, starting from the estimates that it states. A false merge costs more than a
//! split: what learning makes stricter is taken over, and what it would make looser keeps its
//! estimate. Nothing changes the weights at run time.
//!
//! All numbers are tenths of a bit.

use crate::model::FactorKind::{self, *};

/// From this sum on an entry joins a story.
pub(super) const JOINED: i32 = 50;

/// From this sum on two stories that stand already are merged.
pub(super) const MERGED: i32 = 90;

/// From this sum on two stories are shown side by side as related.
pub(super) const RELATED: i32 = -100;

/// The weight of a level. Those of equal and similar titles, and of titles of a series, are multiplied
/// by how rare the title is: the weight here is that of every four bits of information.
pub(super) const fn weight(kind: FactorKind) -> i32 {
    match kind {
        // The page.
        NamedOriginal => 140,
        SamePage => 120,
        // The title.
        TitleEqual => 10,
        TitleNear => 9,
        TitleWithPublisher => 9,
        TitleDiffers => -10,
        TitleReplaces => -20,
        TitleRenames => -132,
        TitleFigures => -220,
        TitleRecurs => -40,
        TitleOfSeries => -10,
        // The text.
        TextEqual => 121,
        TextContained => 110,
        TextMostly => 80,
        TextQuoted => 0,
        TextSome => -20,
        TextDiffers => -80,
        SummaryContained => 60,
        SummaryShares => 11,
        SummaryDiffers => -30,
        // What the texts name.
        Contradicts => -220,
        NamesDiffer => -220,
        OneNameDiffers => -70,
        FactsDiffer => -96,
        Lists => -220,
        GoesOn => -200,
        // The date.
        SameDay => 10,
        DaysApart => 0,
        DaysApartByTitle => -20,
        WeekApart => -20,
        FortnightApart => -40,
        LongApart => -261,
        BeforeOriginal => -40,
        // Who speaks, and where.
        OtherGovernment => -68,
        OneSite => -240,
        OneSource => -240,
        OneSourceTwice => -60,
    }
}

/// No title counts for more than this, however long it is.
pub(super) const MOST_OF_A_TITLE: i32 = 110;

/// Nor for more than this between two governments, where neither page nor text speaks for one
/// announcement: too little to join them.
pub(super) const MOST_BETWEEN_GOVERNMENTS: i32 = 90;

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/identity.md");

    fn bits(tenths: i32) -> String {
        format!("{:+.1}", f64::from(tenths) / 10.0)
    }

    #[test]
    fn the_documentation_has_the_table_and_nothing_else() {
        let rows: Vec<&str> = PAGE
            .lines()
            .skip_while(|line| *line != "| finding | weight |")
            .skip(2)
            .take_while(|line| line.starts_with("| "))
            .collect();
        assert_eq!(rows.len(), FactorKind::ALL.len());
        for kind in FactorKind::ALL {
            let number = format!("| {}", bits(weight(kind)));
            let named = |row: &&&str| row[2..].starts_with(kind.as_str()) && row.contains(&number);
            assert!(rows.iter().any(|row| named(&row)), "{}{number}", kind.as_str());
        }
        for row in rows.iter().filter(|row| row.contains("for every 4 bits")) {
            assert!(row.contains(&bits(MOST_OF_A_TITLE)[1..]), "{row}");
        }
    }

    #[test]
    fn the_documentation_has_the_sums_that_decide() {
        let whole = |tenths: i32| format!("+{}", tenths / 10);
        let sums = format!(
            "From {} on the entry joins; two stories\nthat stand already are merged only from {} on",
            whole(JOINED),
            whole(MERGED)
        );
        assert!(PAGE.contains(&sums), "{sums}");
        assert!(PAGE.contains(&format!("at most {} between them", bits(MOST_BETWEEN_GOVERNMENTS))));
    }
}
