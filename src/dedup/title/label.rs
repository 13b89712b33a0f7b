//! Judges what stands before or behind a break of a title: a publisher, a display type, a remark.
//!
//! "Ports Ministry: …" and "Press release no. 41: …" head the announcement itself. "Correction: …"
//! and "… – questions and answers" head another one about it. A part counts as a publisher's only
//! where somebody names it as one or where it has the form of a name.

use std::ops::Range;

use super::date::is_date_of;
use super::display_type::{is_display_type, is_file_number};
use super::stage::{is_of_correction, is_of_draft};
use super::{Title, are_mostly_capitals};
use crate::dedup::rarity::is_stop;
use crate::dedup::rules::Rules;
use crate::model::Entry;

/// The meaning of a part of a title for the rest, in the order in which it tells titles apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Label {
    /// The day on which the entry is dated.
    Date,
    /// A display type, or the number of a file.
    DisplayType,
    /// A publisher's name: it says nothing of the announcement.
    Publisher,
    /// Anything else: it may be a part of what is announced.
    Remark,
    /// Words that make it another announcement: a correction, a reaction, a draft.
    Another,
}

/// Finds whether a part of a title is the name of a publisher that an entry or its source states, or the
/// date of an entry.
pub(super) type IsNamed<'a> = &'a dyn Fn(&[String]) -> Option<Label>;

/// Judges the part of a title at `range`, which stands before the rest or behind it. Of several parts that
/// follow each other, one that says something decides.
pub(super) fn label_of(title: &Title, range: Range<usize>, is_named: IsNamed<'_>) -> Label {
    let whole = label_of_one(title, range.clone(), is_named);
    let inner = title.breaks.iter().copied().filter(|at| range.start < *at && *at < range.end);
    let edges: Vec<usize> = [range.start].into_iter().chain(inner).chain([range.end]).collect();
    if whole != Label::Remark || edges.len() < 3 {
        return whole;
    }
    let parts = edges.windows(2).map(|edges| edges[0]..edges[1]);
    let labels = parts.map(|part| {
        let is_known = |at: usize| {
            let mut rest = (0..range.start).chain(range.end..title.words.len());
            rest.any(|there| title.words[there] == title.words[at])
        };
        // A part whose words all stand in the title adds nothing.
        match label_of_one(title, part.clone(), is_named) {
            Label::Remark if part.clone().all(is_known) => Label::DisplayType,
            label => label,
        }
    });
    labels.max().unwrap_or(Label::Remark)
}

fn label_of_one(title: &Title, range: Range<usize>, is_named: IsNamed<'_>) -> Label {
    let words = &title.words[range.clone()];
    if is_of_another(words) {
        Label::Another
    } else if is_display_type(words) || is_file_number(words) {
        Label::DisplayType
    } else if let Some(label) = is_named(words) {
        label
    } else if has_form_of_a_name(title, range) {
        Label::Publisher
    } else {
        Label::Remark
    }
}

/// A title without the display type or the date before or behind it, where it has one: each of two sources may have
/// put its own there.
pub(super) fn core(title: &Title, is_named: IsNamed<'_>) -> Option<Title> {
    let count = title.words.len();
    let says_nothing = |range: Range<usize>| {
        matches!(label_of(title, range, is_named), Label::DisplayType | Label::Date)
    };
    let (first, last) = (title.breaks.first().copied()?, title.breaks.last().copied()?);
    let start = if says_nothing(0..first) { first } else { 0 };
    let end = if last > start && says_nothing(last..count) { last } else { count };
    (end - start < count).then(|| title.cut(start..end))
}

/// The label that one of these entries, or its source, gives to a part of a title, if any does.
pub(super) fn stated_label(
    label: &[String],
    entries: [&Entry; 2],
    rules: &Rules<'_>,
) -> Option<Label> {
    match () {
        () if entries.iter().any(|entry| is_date_of(label, entry)) => Some(Label::Date),
        () if is_named_by(label, entries, rules) => Some(Label::Publisher),
        () => None,
    }
}

/// Whether one of these entries, or its source, states a name that holds the words of a part: as its
/// publisher, its author, its category, the title of its document, or the host of its page.
fn is_named_by(label: &[String], entries: [&Entry; 2], rules: &Rules<'_>) -> bool {
    let holds = |name: &str| {
        let words = Title::words_of(name);
        !label.is_empty() && words.windows(label.len()).any(|part| part == label)
    };
    let joined: String = label.concat();
    entries.iter().any(|entry| {
        let source = rules.sources.get(&entry.source);
        let publisher = source.and_then(|source| source.publisher.as_deref());
        holds(&entry.feed.title)
            || entry.publisher.as_ref().is_some_and(|publisher| holds(&publisher.name))
            || entry.authors.iter().chain(&entry.categories).any(|name| holds(name))
            || source.is_some_and(|source| holds(&source.title))
            || publisher.is_some_and(holds)
            || entry
                .original
                .iter()
                .chain(&entry.url)
                .any(|url| url.domain().is_some_and(|host| is_in_host(host, &joined)))
    })
}

/// A part with fewer letters is one of the parts of a host, or not in it.
const FEWEST_LETTERS_IN_A_HOST: usize = 4;

/// Whether the joined words of a part are in the name of a host: "Wired-Gov" in `wired-gov.net`.
fn is_in_host(host: &str, joined: &str) -> bool {
    let letters: String = host.chars().filter(|c| c.is_alphanumeric()).collect();
    host.split('.').any(|part| part == joined)
        || joined.len() >= FEWEST_LETTERS_IN_A_HOST && letters.contains(joined)
}

/// No publisher's name has more words than this, small ones left out.
const MOST_WORDS_OF_A_NAME: usize = 8;

/// Whether a part has the form of a publisher's name. It begins or ends with the word for an institution, or
/// it stands behind the title and is several words with capitals, where these say something. One capital
/// says nothing, since the first word of any part may have it. Before the title capitals are as often those
/// of the place of which it speaks: "South Sudan: …".
fn has_form_of_a_name(title: &Title, range: Range<usize>) -> bool {
    let telling: Vec<usize> = range.clone().filter(|at| !is_stop(&title.words[*at])).collect();
    let (Some(first), Some(last)) = (telling.first(), telling.last()) else { return false };
    let words = &title.words[range.clone()];
    if telling.len() > MOST_WORDS_OF_A_NAME
        || words.iter().any(|word| word.contains(char::is_numeric))
    {
        return false;
    }
    let rest = [&title.capitals[..range.start], &title.capitals[range.end..]].concat();
    let capitals_tell = !title.style.has_capital_nouns && !are_mostly_capitals(&rest);
    let is_capital = |at: &usize| title.capitals[*at];
    // Brackets hold places and people as well.
    let is_behind = range.start > 0;
    let is_bracketed = [range.start, range.end].iter().any(|edge| title.brackets.contains(edge));
    let mut named = range.filter(|at| is_capital(at) || !is_stop(&title.words[*at]));
    is_institution(&title.words[*first])
        || is_institution(&title.words[*last])
        || (capitals_tell
            && is_behind
            && !is_bracketed
            && named.clone().count() >= 2
            && named.all(|at| is_capital(&at)))
}

/// Whether a folded word is one for public bodies.
#[rustfmt::skip]
pub(super) fn is_institution(word: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "ministeri", "ministero", "ministere", "ministerst", "ministry", "ministars",
        "міністерств", "министерств", "министарств", "υπουργει", "bakanlig", "miniszterium",
        "prefectur", "prefettur", "ayuntamiento", "landratsamt", "landkreis", "bundes", "gobierno",
    ];
    const ENDS: &[&str] = &[
        "ministerium", "ministerie", "ministeriet", "departementet", "direktoratet", "verket",
        "styrelsen", "kommune", "kommun", "landesamt", "prasidium", "miniszterium", "virasto",
    ];
    BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
        || ENDS.iter().any(|end| word.ends_with(end))
        || matches!(
            word,
            "agency" | "authority" | "board" | "bureau" | "commission" | "committee" | "council"
                | "department" | "directorate" | "government" | "inspectorate" | "office"
                | "parliament" | "police" | "university"
                | "agence" | "conseil" | "departement" | "gouvernement" | "mairie" | "parlement"
                | "amt" | "behorde" | "polizei" | "regierung" | "landtag"
                | "agencia" | "consejo" | "diputacion" | "gobierno" | "policia" | "camara"
                | "agenzia" | "comune" | "consiglio" | "governo" | "provincia" | "questura" | "regione"
                | "conselho" | "prefeitura" | "secretaria"
                | "gemeente" | "provincie" | "politie" | "inspectie" | "raad"
                | "myndigheten" | "regeringen" | "polisen" | "politiet"
                | "urzad" | "gmina" | "rzad" | "policja" | "krajsky" | "urad" | "vlada" | "policie"
                | "ministria" | "qeveria" | "kormany" | "guvernul" | "primaria" | "belediyesi"
                | "уряд" | "поліція" | "правительство" | "полиция" | "кабмін"
                | "وزاره" | "هييه" | "مجلس" | "بلديه" | "مديريه" | "משרד" | "עיריית" | "רשות"
                | "省" | "庁" | "局" | "院" | "府" | "県" | "市" | "署" | "厅" | "部" | "委" | "会" | "會"
        )
}

/// Whether a part says that the title is of something else about the announcement: a correction of
/// it, a reaction to it, questions about it, its draft.
fn is_of_another(words: &[String]) -> bool {
    let joined: String = words.concat();
    words.iter().any(|word| is_of_correction(word) || is_of_draft(word) || is_of_remark(word))
        || ["q", "a"].iter().all(|letter| words.iter().any(|word| word == letter))
        || words.windows(2).any(|two| two[0] == "follow" && two[1] == "up")
        || OF_ANOTHER.iter().any(|known| joined.contains(known))
}

/// The same in scripts without spaces between words.
const OF_ANOTHER: &[&str] = &[
    "訂正",
    "更正",
    "订正",
    "勘误",
    "勘誤",
    "正誤",
    "続報",
    "追报",
    "质疑",
    "質疑",
    "反応",
    "反应",
    "回应",
    "問答",
    "问答",
    "答记者问",
    "よくある質問",
    "解读",
    "解讀",
    "草案",
    "意见稿",
    "정정",
    "질의",
];

/// Whether a folded word is one for a reaction, for questions or for more to come.
#[rustfmt::skip]
fn is_of_remark(word: &str) -> bool {
    matches!(
        word,
        "reaction" | "reactions" | "reacts" | "reaktion" | "reaktionen" | "reagiert" | "reagit"
            | "reazione" | "reazioni" | "reaccion" | "reacciones" | "reacao" | "reacoes" | "reactie"
            | "reacties" | "reageert" | "reakcja" | "reakcje" | "reakce" | "reakcia" | "reakcija"
            | "reakcio" | "reactia" | "reaktio" | "reaktsioon" | "реакция" | "реакція" | "реакции"
            | "αντιδραση" | "tepki" | "ymateb"
            | "faq" | "faqs" | "qa" | "questions" | "fragen" | "domande" | "preguntas" | "perguntas"
            | "vragen" | "fragor" | "sporsmal" | "sporgsmal" | "kysymyksia" | "pytania" | "otazky"
            | "vprasanja" | "pitanja" | "kerdesek" | "intrebari" | "klausimai" | "jautajumi"
            | "вопросы" | "запитання" | "въпроси" | "питања" | "ερωτησεις" | "sorular"
            | "cwestiynau" | "اسئله" | "שאלות"
            | "addendum" | "nachtrag" | "erganzung" | "supplement"
    )
}

#[cfg(test)]
mod tests {
    use super::super::agreement::{TitleMatch, title_match};
    use super::*;

    fn judged(title: &str, is_before: bool, words: usize) -> Label {
        let title = Title::of(title, "");
        let count = title.words.len();
        let range = if is_before { 0..words } else { count - words..count };
        label_of(&title, range, &|_| None)
    }

    #[test]
    fn a_part_is_a_publishers_where_it_has_the_form_of_a_name() {
        for (title, count, expected) in [
            ("Harbour Commission: Sea wall at Orm to be raised", 2, Label::Publisher),
            ("Ministerio de Sanidad: Nuevo centro en Orm abre sus puertas", 3, Label::Publisher),
            ("Ministero della salute: aperto il nuovo centro", 3, Label::Publisher),
            ("Міністерство охорони здоров’я: відкрито новий центр", 3, Label::Publisher),
            ("防衛省：港の工事を開始", 3, Label::Publisher),
            ("Reaction: Sea wall at Orm to be raised", 1, Label::Another),
            ("Frequently asked questions: Sea wall at Orm to be raised", 3, Label::Another),
            ("Questions et réponses : la digue d'Orm", 3, Label::Another),
            ("Fe de erratas: el dique de Orm", 3, Label::Another),
            ("訂正：港の工事を開始", 2, Label::Another),
            ("تصحيح: افتتاح الميناء الجديد", 1, Label::Another),
            ("وزارة النقل: افتتاح الميناء الجديد", 2, Label::Publisher),
            ("هيئة الموانئ: افتتاح الميناء الجديد", 2, Label::Publisher),
            ("ملاحظات: افتتاح الميناء الجديد", 1, Label::Remark),
            ("速報：港の工事を開始", 2, Label::Remark),
            ("Photos: Sea wall at Orm to be raised", 1, Label::Remark),
            ("The minister was wrong: sea wall at Orm to be raised", 4, Label::Remark),
            ("Comunicato stampa n. 112 - Riaperta la galleria", 4, Label::DisplayType),
            ("Communiqué n° 118 - La digue d'Orm", 3, Label::DisplayType),
            ("Press release 14/26: Sea wall at Orm", 4, Label::DisplayType),
            ("IP/26/2811: Sea wall at Orm", 3, Label::DisplayType),
            ("Report 14: Sea wall at Orm", 2, Label::Remark),
        ] {
            assert_eq!(judged(title, true, count), expected, "{title}");
        }
        for (title, count, expected) in [
            ("Sea wall at Orm to be raised | The Daily Quay", 3, Label::Publisher),
            ("La digue d'Orm – réaction de la ministre", 4, Label::Another),
            ("La digue d'Orm – le maire répond", 3, Label::Remark),
            ("Sea wall at Orm to be raised | Update", 1, Label::Remark),
            ("Sea wall at Orm to be raised (IP/26/2811)", 3, Label::DisplayType),
        ] {
            assert_eq!(judged(title, false, count), expected, "{title}");
        }
    }

    fn compared(one: &str, other: &str) -> TitleMatch {
        title_match(&Title::of(one, ""), &Title::of(other, ""))
    }

    #[test]
    fn a_title_with_a_publisher_or_a_number_is_that_of_the_same_announcement() {
        const TITLE: &str = "Sea wall at Orm to be raised before winter";
        for (before, behind) in [
            ("Ormshire Council: ", ""),
            ("", " | The Harbour Gazette"),
            ("Préfecture du Tarn : ", ""),
            ("Ministerstwo infrastruktury: ", ""),
            ("", " – Landratsamt Ormtal"),
            ("Bundesministerium für Häfen: ", ""),
            ("", " | Kystverket"),
            ("", " | Orm Today"),
            ("Zpráva pro média č. 3: ", ""),
            ("Υπουργείο Ναυτιλίας: ", ""),
            ("", " - Sağlık Bakanlığı"),
            ("国土交通省：", ""),
            ("Medienmitteilung 12/26: ", ""),
            ("Press notice 45 - ", ""),
            ("Komunikat prasowy nr 12: ", ""),
            ("Tisková zpráva č. 8 – ", ""),
            ("Basın Açıklaması 45: ", ""),
            ("Δελτίο Τύπου 17: ", ""),
            ("Persbericht 2026-45 | ", ""),
            ("Pressmeddelande 31: ", ""),
            ("Saopštenje br. 9: ", ""),
            ("", " [MEX/26/2790]"),
        ] {
            let found = compared(&format!("{before}{TITLE}{behind}"), TITLE);
            assert!(
                matches!(found, TitleMatch::WithPublisher { .. } | TitleMatch::Equal { .. }),
                "{before}{behind}: {found:?}"
            );
        }
    }

    #[test]
    fn a_title_with_a_remark_is_not_that_of_the_same_announcement() {
        const TITLE: &str = "Sea wall at Orm to be raised before winter";
        for (before, behind) in [
            ("Erratum: ", ""),
            ("Helyesbítés: ", ""),
            ("Oikaisu: ", ""),
            ("Rättelse – ", ""),
            ("Διόρθωση: ", ""),
            ("Исправление: ", ""),
            ("", " (correction)"),
            ("", " – Fragen und Antworten"),
            ("", " – Q&A"),
            ("Follow-up: ", ""),
            ("", " : le maire réagit"),
            ("", " | Foto's"),
            ("", " - what you need to know"),
            ("Minister: ", ""),
            ("Nachtrag: ", ""),
            ("Report 14: ", ""),
        ] {
            let found = compared(&format!("{before}{TITLE}{behind}"), TITLE);
            assert!(found.agreement() <= 0, "{before}{behind}: {found:?}");
        }
    }

    #[test]
    fn a_host_names_its_publisher() {
        assert!(is_in_host("www.wired-gov.net", "wiredgov"));
        assert!(is_in_host("www.un.org", "un"));
        assert!(!is_in_host("www.reunion.example", "un"));
    }
}
