//! Compares two titles: how much they agree, and whether they name different things in one place.

use super::number_conflict::Figures;
use super::rarity::{information, is_stop};
use super::title::{Title, are_forms, stem};

/// How two titles agree. Information is in tenths of a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TitleMatch {
    /// One of them has no words.
    Absent,
    /// All words are the same.
    Equal { information: i32 },
    /// One has a part before or behind the other, as a publisher's name is put there.
    WithPublisher { information: i32 },
    /// Only articles, plurals, the order or a few words more tell them apart.
    Near { information: i32 },
    /// Between the same words each has names or numbers of its own: instalments of a series.
    Renames,
    /// Between the same words each has words of its own.
    Replaces,
    /// They name different numbers or dates.
    Figures,
    /// They share a good part of their words.
    Shares,
    /// They share little.
    Differs,
}

impl TitleMatch {
    /// Whether it speaks for one announcement, and how much.
    pub(super) fn agreement(self) -> i32 {
        match self {
            Self::Equal { information } => information,
            Self::WithPublisher { information } | Self::Near { information } => {
                information * 9 / 10
            }
            Self::Shares => 0,
            Self::Absent | Self::Differs => -1,
            Self::Replaces => -2,
            Self::Renames | Self::Figures => -3,
        }
    }
}

/// Compares two titles. A proposal and the decision on it are two, however alike their titles are,
/// and so are a notice and its end.
pub(super) fn title_match(one: &Title, other: &Title) -> TitleMatch {
    let found = by_words(one, other);
    let stages_differ = one.stage.is_some() && other.stage.is_some() && one.stage != other.stage;
    match found {
        TitleMatch::Absent | TitleMatch::Shares | TitleMatch::Differs => found,
        _ if stages_differ => TitleMatch::Renames,
        TitleMatch::Near { .. } | TitleMatch::WithPublisher { .. }
            if one.overturns != other.overturns =>
        {
            TitleMatch::Replaces
        }
        _ => found,
    }
}

fn by_words(one: &Title, other: &Title) -> TitleMatch {
    if one.words.is_empty() || other.words.is_empty() {
        return TitleMatch::Absent;
    }
    if one.words == other.words {
        return TitleMatch::Equal { information: one.information() };
    }
    let figures = |title: &Title| Figures::of_words(&title.words);
    for (whole, part) in [(one, other), (other, one)] {
        let more = whole.words.len().saturating_sub(part.words.len());
        if more == 0 {
            continue;
        }
        // A number or a date that stands there tells instalments apart, unless it is that of a file.
        let same_figures = figures(whole) == figures(part);
        let is_part = |cut: &Title| {
            let before = whole.words.len() - cut.words.len();
            let label = match whole.words.ends_with(&cut.words) {
                true => &whole.words[..before],
                false => &whole.words[cut.words.len()..],
            };
            let of_file = || is_file_number(label) && part.information() >= TELLING;
            cut.words == part.words && (same_figures || of_file())
        };
        if whole.parts().iter().any(is_part) {
            return TitleMatch::WithPublisher { information: part.information() };
        }
    }
    let (own, others, shared) = differences(one, other);
    let says = |words: &[&str]| words.iter().map(|word| information(word)).sum::<i32>();
    let together = says(&shared);
    if own.is_empty() || others.is_empty() {
        let more = says(&own) + says(&others);
        let few = own.len() + others.len() <= 3 && figures(one) == figures(other);
        return match () {
            () if more * 3 <= together && few => TitleMatch::Near { information: together - more },
            () if more <= together => TitleMatch::Shares,
            () => TitleMatch::Differs,
        };
    }
    if share_a_frame(&one.words, &other.words) {
        let named = |title: &Title, words: &[&str]| {
            let is_name = |(word, name): (&String, &bool)| *name && words.contains(&stem(word));
            title.words.iter().zip(&title.names).any(is_name)
        };
        let renames = named(one, &own) && named(other, &others);
        return if renames { TitleMatch::Renames } else { TitleMatch::Replaces };
    }
    if figures(one).contradict(&figures(other)).is_some() {
        return TitleMatch::Figures;
    }
    if shared.len() * 2 >= own.len().min(others.len()) + shared.len() && shared.len() >= 2 {
        TitleMatch::Shares
    } else {
        TitleMatch::Differs
    }
}

/// A title with so much information, in tenths of a bit, is known without its file number.
const TELLING: i32 = 240;

/// Whether words are the number of a file with its year: `Press release no. 41/2026`.
fn is_file_number(label: &[String]) -> bool {
    const MARKERS: &[&str] = &[
        "no",
        "nr",
        "num",
        "numero",
        "nummer",
        "number",
        "ref",
        "reference",
        "expediente",
        "exp",
        "aktenzeichen",
        "az",
        "sygn",
        "case",
        "file",
        "docket",
        "zaak",
        "sak",
    ];
    let is_digits = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_year = |word: &str| word.len() == 4 && matches!(word.parse(), Ok(1950..=2100));
    let is_number = |two: &[String]| {
        is_digits(&two[0]) && is_digits(&two[1]) && two.iter().any(|word| is_year(word))
    };
    label.len() <= 5
        && label.iter().any(|word| MARKERS.contains(&word.as_str()))
        && label.windows(2).any(is_number)
}

/// Every word of one title may be compared with every word of the other, so that of a title longer
/// than any headline only the beginning is.
const MOST_WORDS: usize = 60;

/// The stems of each title that the other has not, and those of both. Stop words are left out.
fn differences<'a>(one: &'a Title, other: &'a Title) -> (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>) {
    let stems = |title: &'a Title| -> Vec<&'a str> {
        let telling = title.words.iter().filter(|word| !is_stop(word)).take(MOST_WORDS);
        telling.map(|word| stem(word)).collect()
    };
    let (mut own, mut others) = (stems(one), stems(other));
    let mut shared = Vec::new();
    let mut take = |fits: &dyn Fn(&str, &str) -> bool| {
        own.retain(|word| {
            let Some(at) = others.iter().position(|known| fits(word, known)) else { return true };
            shared.push(*word);
            others.remove(at);
            false
        });
    };
    take(&|one, other| one == other);
    take(&are_forms);
    // A word said twice is not one more.
    own.retain(|word| !shared.contains(word));
    others.retain(|word| !shared.contains(word));
    (own, others, shared)
}

/// Whether two titles are one but for some words in one place, as those of a
/// series are: `Minister visits Dravenia`, `Minister visits Colombrey`.
fn share_a_frame(one: &[String], other: &[String]) -> bool {
    let shorter = one.len().min(other.len());
    let same = |(a, b): &(&String, &String)| a == b || stem(a) == stem(b);
    let before = one.iter().zip(other).take_while(same).count();
    let behind = one.iter().rev().zip(other.iter().rev()).take_while(same).count();
    let frame = (before + behind).min(shorter);
    frame < shorter && frame >= 2 && frame * 2 >= shorter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(one: &str, other: &str) -> TitleMatch {
        let (one, other) = (Title::of(one, ""), Title::of(other, ""));
        let there = title_match(&one, &other);
        assert_eq!(
            std::mem::discriminant(&there),
            std::mem::discriminant(&title_match(&other, &one)),
            "{one:?} {other:?}"
        );
        there
    }

    #[test]
    fn titles_agree_in_spite_of_articles_plurals_and_order() {
        for (one, other) in [
            (
                "Fishing quota for the northern grounds agreed after two days of talks in Bergen",
                "Fishing quotas for northern grounds agreed after two days of talks in Bergen",
            ),
            ("UK and Norway agree fishing deal", "Fishing deal agreed by Norway and UK"),
            ("New breakwater for Sellick Point", "New breakwater for Sellick Point harbour"),
            ("La nouvelle digue du port d'Orm", "Nouvelle digue du port d'Orm"),
        ] {
            assert!(matches!(compared(one, other), TitleMatch::Near { .. }), "{one} / {other}");
        }
    }

    #[test]
    fn a_publisher_before_or_behind_a_title_is_not_part_of_it() {
        const TITLE: &str = "Sea wall at Orm to be raised by a metre";
        for other in [
            "Sea wall at Orm to be raised by a metre | Ports Ministry",
            "Sea wall at Orm to be raised by a metre - The Daily Quay",
            "Ports Ministry: Sea wall at Orm to be raised by a metre",
        ] {
            assert!(matches!(compared(TITLE, other), TitleMatch::WithPublisher { .. }), "{other}");
        }
        let numbered =
            compared(TITLE, "Press release no. 41/2026: Sea wall at Orm to be raised by a metre");
        assert!(matches!(numbered, TitleMatch::WithPublisher { .. }), "{numbered:?}");
        let report = compared(TITLE, "Report 14: Sea wall at Orm to be raised by a metre");
        assert!(!matches!(report, TitleMatch::WithPublisher { .. }), "{report:?}");
        let (north, south) = (
            "Council tax set for next year - Northshire",
            "Council tax set for next year - Southmoor",
        );
        assert_eq!(compared(north, south), TitleMatch::Renames);
    }

    #[test]
    fn one_word_that_matters_tells_two_announcements_apart() {
        for (one, other, expected) in [
            ("Rural buses in Northshire", "Rural buses in Southmoor", TitleMatch::Renames),
            (
                "Minister for Europe visits Dravenia",
                "Minister for Europe visits Colombrey",
                TitleMatch::Renames,
            ),
            ("Auction of bills on 3 March", "Auction of bills on 10 March", TitleMatch::Renames),
            (
                "Fishing quota for the northern grounds agreed",
                "Fishing quota for the southern grounds agreed",
                TitleMatch::Replaces,
            ),
            (
                "Small boats: 12/03/2025 arrivals",
                "Arrivals in small boats, 14/03/2025",
                TitleMatch::Figures,
            ),
            (
                "Ministers back grain store plan",
                "Eleven cooperatives to share barley",
                TitleMatch::Differs,
            ),
            ("", "Ministers back grain store plan", TitleMatch::Absent),
            (
                "Open consultation: access to parcel lockers",
                "Consultation outcome: access to parcel lockers",
                TitleMatch::Renames,
            ),
            (
                "Draft rules on moorings in Orm harbour",
                "Final rules on moorings in Orm harbour",
                TitleMatch::Renames,
            ),
            (
                "Closure of the Lowhaven to Tarn ferry crossing",
                "Closure of the Lowhaven to Tarn ferry crossing cancelled",
                TitleMatch::Replaces,
            ),
            (
                "Sperrung der Brücke über die Orm in Lowhaven",
                "Sperrung der Brücke über die Orm in Lowhaven verschoben",
                TitleMatch::Replaces,
            ),
            (
                "Fermeture du pont de Tarn aux poids lourds : report - annulée",
                "Fermeture du pont de Tarn aux poids lourds : report",
                TitleMatch::Replaces,
            ),
            (
                "Entwurf: Verordnung zu Liegeplätzen",
                "Beschluss: Verordnung zu Liegeplätzen",
                TitleMatch::Renames,
            ),
        ] {
            assert_eq!(compared(one, other), expected, "{one} / {other}");
        }
    }
}
