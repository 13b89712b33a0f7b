//! Compares two titles: how much they agree, and whether they name different things in one place.

use super::difference::{differences, more_words, share_a_frame, telling_words};
use super::extra_words::{are_added_by_copies, is_cut_from};
use super::label::{IsNamed, Label, core, label_of, stated_label};
use super::spelling::are_spelt_apart;
use super::stage::{ends, is_another};
use super::translation::is_translation;
use super::{Title, stem};
use crate::dedup::negation::turns;
use crate::dedup::number::Figures;
use crate::dedup::rarity::{information, is_stop};
use crate::dedup::rules::Rules;
use crate::model::Entry;

/// How two titles agree. Information is in tenths of a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dedup) enum TitleMatch {
    /// One of them has no words.
    Absent,
    /// All words are the same.
    Equal { information: i32 },
    /// One has a part before or behind the other, as a publisher's name is put there.
    WithPublisher { information: i32 },
    /// Only articles, plurals, the order or a few words more tell them apart.
    Near { information: i32 },
    /// One has a few words more, which copies do not add: it may be another announcement.
    Extends,
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
    pub(in crate::dedup) fn agreement(self) -> i32 {
        match self {
            Self::Equal { information } => information,
            Self::WithPublisher { information } | Self::Near { information } => {
                information * 9 / 10
            }
            Self::Shares | Self::Extends => 0,
            Self::Absent | Self::Differs => -1,
            Self::Replaces => -2,
            Self::Renames | Self::Figures => -3,
        }
    }
}

/// Compares the titles of two entries, either of which may name the publisher that stands in the
/// other's title.
pub(in crate::dedup) fn titles_match(
    (one, own): (&Title, &Entry),
    (other, theirs): (&Title, &Entry),
    rules: &Rules<'_>,
) -> TitleMatch {
    compared(one, other, &|label| stated_label(label, [own, theirs], rules))
}

/// Compares two titles of which nobody states a publisher.
pub(in crate::dedup) fn title_match(one: &Title, other: &Title) -> TitleMatch {
    compared(one, other, &|_| None)
}

/// Compares two titles. A proposal and the decision on it are two, however alike their titles are,
/// and so are a notice and its end, or its correction. A part before or behind a title that
/// [is named](IsNamed) is a publisher's.
fn compared(one: &Title, other: &Title, is_named: IsNamed<'_>) -> TitleMatch {
    let found = as_written(one, other, is_named);
    if found.agreement() > 0 {
        return found;
    }
    // One of them may be written for a system that has not the letters of its language.
    let again = match (one.transliterated(), other.transliterated()) {
        (Some(one), None) => as_written(&one, other, is_named),
        (None, Some(other)) => as_written(one, &other, is_named),
        _ => return found,
    };
    if again.agreement() > 0 { again } else { found }
}

/// Compares two titles by the letters that they have.
fn as_written(one: &Title, other: &Title, is_named: IsNamed<'_>) -> TitleMatch {
    let found = by_words(one, other, is_named);
    match found {
        TitleMatch::Near { .. } | TitleMatch::Extends | TitleMatch::Shares
            if is_of_another(one, other) =>
        {
            TitleMatch::Renames
        }
        TitleMatch::Absent | TitleMatch::Shares | TitleMatch::Differs => found,
        _ if stages_differ(one, other) => TitleMatch::Renames,
        TitleMatch::Near { .. } | TitleMatch::Extends if turns(&one.words, &other.words) => {
            TitleMatch::Replaces
        }
        TitleMatch::Near { .. } | TitleMatch::Extends | TitleMatch::WithPublisher { .. }
            if states_end(one, other) =>
        {
            TitleMatch::Replaces
        }
        _ => found,
    }
}

/// Whether two titles state different stages of a procedure.
fn stages_differ(one: &Title, other: &Title) -> bool {
    one.stage.is_some() && other.stage.is_some() && one.stage != other.stage
}

/// Whether one of two titles says that what the other announces does not stay as it was.
fn states_end(one: &Title, other: &Title) -> bool {
    let ends = |own: &Title, more: &[usize]| ends(&own.words, &own.names, more);
    ends(one, &more_words(one, other)) || ends(other, &more_words(other, one))
}

/// Whether one of two titles has all words of the other, and says that it is its draft or its
/// correction.
fn is_of_another(one: &Title, other: &Title) -> bool {
    let (own, theirs) = (more_words(one, other), more_words(other, one));
    let count = |title: &Title, more: &[usize]| {
        more.iter().filter(|at| !is_stop(&title.words[**at])).count()
    };
    let (own_count, their_count) = (count(one, &own), count(other, &theirs));
    (own_count <= FEW_WORDS && their_count == 0 && is_another(&one.words, &own))
        || (their_count <= FEW_WORDS && own_count == 0 && is_another(&other.words, &theirs))
}

/// Words that one of two nearly equal titles may have more.
const FEW_WORDS: usize = 3;

fn by_words(one: &Title, other: &Title, is_named: IsNamed<'_>) -> TitleMatch {
    if one.words.is_empty() || other.words.is_empty() {
        return TitleMatch::Absent;
    }
    if one.words == other.words {
        return match are_spelt_apart(one, other) {
            true => TitleMatch::Replaces,
            // One of them may show names that the other writes in capitals, as all its words.
            false => TitleMatch::Equal { information: one.information().max(other.information()) },
        };
    }
    let figures = |title: &Title| Figures::of_words(&title.words);
    let core = |title| core(title, is_named).filter(|core| core.information() >= TELLING);
    if figures(one).contradict(&figures(other)).is_none()
        && let Some((one, other)) = core(one).zip(core(other))
    {
        return by_words(&one, &other, is_named);
    }
    for (whole, part) in [(one, other), (other, one)] {
        if let Some(found) = by_part(whole, part, is_named) {
            return found;
        }
    }
    if let Some(part) = [(one, other), (other, one)]
        .into_iter()
        .find_map(|(part, whole)| is_cut_from(part, whole).then_some(part))
    {
        return TitleMatch::Near { information: part.information() };
    }
    let (own, others, shared) = differences(one, other);
    if own.is_empty() || others.is_empty() {
        let says = |words: &[&str]| words.iter().map(|word| information(word)).sum::<i32>();
        let (more, together) = (says(&own) + says(&others), says(&shared));
        let few = own.len() + others.len() <= FEW_WORDS && figures(one) == figures(other);
        let (whole, part) = if own.is_empty() { (other, one) } else { (one, other) };
        return match () {
            () if more > together => TitleMatch::Differs,
            () if more * 3 > together || !few => TitleMatch::Shares,
            () if are_spelt_apart(one, other) => TitleMatch::Replaces,
            () if are_added_by_copies(whole, &telling_words(whole, part), is_named) => {
                TitleMatch::Near { information: part.information() }
            }
            () => TitleMatch::Extends,
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

/// Compares a title with another that has a part more before or behind it. Nothing where it is not so, or
/// no break tells where the part ends.
fn by_part(whole: &Title, part: &Title, is_named: IsNamed<'_>) -> Option<TitleMatch> {
    let (count, rest) = (whole.words.len(), part.words.len());
    let is_behind = count > rest && whole.words.starts_with(&part.words);
    let is_second = is_behind || count > rest && whole.words.ends_with(&part.words);
    if !is_second || rest < FEWEST_WORDS {
        return None;
    }
    let (kept, label) =
        if is_behind { (0..rest, rest..count) } else { (count - rest..count, 0..count - rest) };
    if are_spelt_apart(&whole.cut(kept), part) {
        return Some(TitleMatch::Replaces);
    }
    let edge = if is_behind { rest } else { count - rest };
    let is_apart = whole.breaks.contains(&edge);
    // A number or a date that stands there tells instalments apart, unless it is that of a file.
    let figures = |title: &Title| Figures::of_words(&title.words);
    let same_figures = || figures(whole) == figures(part);
    let information = part.information();
    Some(match label_of(whole, label.clone(), is_named) {
        Label::Another if is_apart => TitleMatch::Renames,
        _ if stages_differ(whole, part) => TitleMatch::Renames,
        Label::Date => TitleMatch::Equal { information },
        Label::DisplayType if information >= TELLING || same_figures() => {
            TitleMatch::Equal { information }
        }
        _ if !is_apart => return None,
        Label::Publisher if same_figures() => TitleMatch::WithPublisher { information },
        _ if states_end(whole, part) => TitleMatch::Replaces,
        Label::Remark if information >= TELLING && is_translation(whole, label, part) => {
            TitleMatch::Near { information }
        }
        _ => TitleMatch::Shares,
    })
}

/// A title with so much information, in tenths of a bit, is known without its file number.
const TELLING: i32 = 160;

/// A part with fewer words than this is not a title.
const FEWEST_WORDS: usize = 2;

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
        assert!(matches!(numbered, TitleMatch::Equal { .. }), "{numbered:?}");
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

    #[test]
    fn a_word_that_turns_the_sense_tells_two_announcements_apart() {
        for (one, other) in [
            (
                "Lowhaven bridge to reopen to lorries in spring",
                "Lowhaven bridge not to reopen to lorries in spring",
            ),
            ("Ferry to Tarn will run on Sunday", "Ferry to Tarn will not run on Sunday"),
            ("Orm Brücke wird im Mai gesperrt", "Orm Brücke wird im Mai nicht gesperrt"),
            ("Land schließt Hafen in Carrow", "Land schließt keinen Hafen in Carrow"),
            ("Le pont d'Orm rouvre en avril", "Le pont d'Orm ne rouvre pas en avril"),
            ("El puente de Carrow abrirá en mayo", "El puente de Carrow no abrirá en mayo"),
            ("Il porto di Carrow riapre a maggio", "Il porto di Carrow non riapre a maggio"),
            ("A ponte de Carrow abre em maio", "A ponte de Carrow não abre em maio"),
            ("De brug bij Orm gaat in mei open", "De brug bij Orm gaat in mei niet open"),
            ("Bron i Carrow öppnar i maj", "Bron i Carrow öppnar inte i maj"),
            ("Most w Carrow zostanie otwarty w maju", "Most w Carrow nie zostanie otwarty w maju"),
            ("Мост у Карову ће бити отворен", "Мост у Карову не ће бити отворен"),
            (
                "Lorries with trailers may use the Lowhaven bridge",
                "Lorries without trailers may use the Lowhaven bridge",
            ),
            ("Shops in Carrow to open before Christmas", "Shops in Carrow to open after Christmas"),
            ("Ferry free for pupils from May", "Ferry free for pupils until May"),
            ("Fähre nach Orm mit Fahrrädern", "Fähre nach Orm ohne Fahrräder"),
            ("Le bac d'Orm fermé avant Pâques", "Le bac d'Orm fermé après Pâques"),
        ] {
            let found = compared(one, other);
            assert!(found.agreement() <= 0, "{one} / {other}: {found:?}");
        }
        // Words that look like these, and say nothing here.
        for (one, other) in [
            (
                "Obras no porto de Lowhaven concluídas em maio",
                "Obras do porto de Lowhaven concluídas em maio",
            ),
            ("Fishing talks with Norway on quotas", "Fishing talks on quotas with Norway"),
        ] {
            let found = compared(one, other);
            assert!(found.agreement() > 0, "{one} / {other}: {found:?}");
        }
    }

    #[test]
    fn numbers_dates_and_names_are_one_however_they_are_written() {
        for (one, other) in [
            (
                "Orm harbour gets £5 million for new breakwater",
                "Orm harbour gets £5m for new breakwater",
            ),
            ("Fund of €2.5bn for sea walls agreed", "Fund of €2.5 billion for sea walls agreed"),
            (
                "Tarn bridge closes on 24 Feb for repairs",
                "Tarn bridge closes on 24 February for repairs",
            ),
            ("Tarn bridge closes on 24th February", "Tarn bridge closes on 24 February"),
            ("Tarn bridge closes: 12/03/2025", "Tarn bridge closes: 12 March 2025"),
            ("Tarn bridge closes 2025-03-12", "Tarn bridge closes 12 March 2025"),
            ("Third tunnel for Lowhaven approved", "3rd tunnel for Lowhaven approved"),
            ("Five ferries for Lowhaven ordered", "5 ferries for Lowhaven ordered"),
            ("Harbour in Orm gets 1,500 new berths", "Harbour in Orm gets 1500 new berths"),
            ("The Prime Minister opens sea wall at Tarn", "The PM opens sea wall at Tarn"),
            (
                "Deal between the United Kingdom and Norway on cod",
                "Deal between the UK and Norway on cod",
            ),
            ("Statement by the European Union on Dravenia", "Statement by the EU on Dravenia"),
        ] {
            let found = compared(one, other);
            assert!(
                matches!(found, TitleMatch::Equal { .. } | TitleMatch::Near { .. }),
                "{one} / {other}: {found:?}"
            );
        }
        for (one, other) in [
            (
                "Orm harbour gets £5m for new breakwater",
                "Orm harbour gets £6 million for new breakwater",
            ),
            (
                "Tarn bridge closes on 24 Feb for repairs",
                "Tarn bridge closes on 24 March for repairs",
            ),
            ("Tarn bridge closes: 12/03/2025", "Tarn bridge closes: 13 March 2025"),
            ("Statement by the European Union on Tarn", "Statement by the UK on Tarn"),
        ] {
            let found = compared(one, other);
            assert!(found.agreement() < -1, "{one} / {other}: {found:?}");
        }
    }

    #[test]
    fn a_notice_and_its_end_are_two() {
        let end = |notice: &str, ends: &[&str]| {
            for end in ends {
                let found = compared(notice, &format!("{notice} {end}"));
                assert!(found.agreement() <= 0, "{notice} {end}: {found:?}");
            }
        };
        end(
            "Repairs to the sea wall at Lowhaven harbour",
            &[
                "delayed",
                "completed",
                "halted",
                "scrapped",
                "called off",
                "over",
                "no longer in force",
            ],
        );
        end("Extended opening hours of the Lowhaven ferry terminal", &["cancelled", "end"]);
        end("Sperrung der Brücke über die Orm in Lowhaven", &["abgeschlossen", "beendet"]);
        end("Cierre del puente de Lowhaven sobre el Orm", &["cancelado", "finalizado"]);
        end("Fermeture du pont de Lowhaven sur l'Orm", &["terminée", "levée"]);
        end("Chiusura del ponte di Lowhaven sul fiume Orm", &["conclusa", "terminata"]);
        end("Закрытие моста через Орм в Лоухейвене", &["отменено", "завершено"]);
        end("Закриття мосту через Орм у Лоугевені", &["скасовано", "завершено"]);
        end("Затваряне на моста над Орм в Лоухейвън", &["отменено", "прекратено"]);
        end("Κλείσιμο της γέφυρας του Ορμ στο Λόουχεϊβεν", &["ακυρώθηκε", "αναβλήθηκε"]);
        end("Lowhaven köprüsünün Orm üzerinde kapatılması", &["iptal edildi", "ertelendi"]);
        end("Ormin sillan sulkeminen Lowhavenissa", &["peruttu", "peruutettu"]);
        end("Az Orm híd lezárása Lowhaven városában", &["elmarad", "befejeződött"]);
        end("Închiderea podului peste Orm din Lowhaven", &["anulată", "amânată"]);
        assert!(matches!(
            compared(
                "Avian flu found in Orm County",
                "Avian flu found in Orm County | Cooperative Extension"
            ),
            TitleMatch::WithPublisher { .. }
        ));
    }
}
