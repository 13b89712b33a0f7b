//! A word of a date in; the month or the time zone that it names out.

/// Beginnings of month names in the languages of Europe, the longer first
/// where one begins with another. All in lower case.
const MONTHS: &[(&str, u32)] = &[
    // English, German, French, Dutch, Spanish, Portuguese, Italian, Romanian,
    // Danish, Swedish, Norwegian, Turkish, Baltic.
    ("jan", 1),
    ("jän", 1),
    ("gen", 1),
    ("ene", 1),
    ("ian", 1),
    ("oca", 1),
    ("sau", 1),
    ("feb", 2),
    ("fév", 2),
    ("fev", 2),
    ("şub", 2),
    ("vas", 2),
    ("marras", 11),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("mrt", 3),
    ("maa", 3),
    ("már", 3),
    ("maj", 5),
    ("mai", 5),
    ("may", 5),
    ("mei", 5),
    ("mag", 5),
    ("máj", 5),
    ("maí", 5),
    ("touko", 5),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("ápr", 4),
    ("nis", 4),
    ("bal", 4),
    ("huhti", 4),
    ("juin", 6),
    ("juil", 7),
    ("jun", 6),
    ("jul", 7),
    ("giu", 6),
    ("lug", 7),
    ("iun", 6),
    ("iul", 7),
    ("jún", 6),
    ("júl", 7),
    ("júní", 6),
    ("haz", 6),
    ("tem", 7),
    ("bir", 6),
    ("lie", 7),
    ("kesä", 6),
    ("heinä", 7),
    ("elo", 8),
    ("syys", 9),
    ("loka", 10),
    ("joulu", 12),
    ("tammi", 1),
    ("helmi", 2),
    ("aug", 8),
    ("aoû", 8),
    ("aou", 8),
    ("ago", 8),
    ("ağu", 8),
    ("rugp", 8),
    ("sep", 9),
    ("set", 9),
    ("szept", 9),
    ("eyl", 9),
    ("rugs", 9),
    ("okt", 10),
    ("oct", 10),
    ("oto", 10),
    ("ott", 10),
    ("out", 10),
    ("eki", 10),
    ("spa", 10),
    ("nov", 11),
    ("noi", 11),
    ("kas", 11),
    ("lap", 11),
    ("dec", 12),
    ("déc", 12),
    ("dez", 12),
    ("des", 12),
    ("dic", 12),
    ("dis", 12),
    ("ara", 12),
    ("gru", 12),
    // Polish, Czech, Slovak, Croatian, Slovene.
    ("sty", 1),
    ("led", 1),
    ("sij", 1),
    ("lut", 2),
    ("úno", 2),
    ("uno", 2),
    ("velj", 2),
    ("bře", 3),
    ("ožu", 3),
    ("kwi", 4),
    ("dub", 4),
    ("tra", 4),
    ("kvě", 5),
    ("svi", 5),
    ("červenec", 7),
    ("července", 7),
    ("čvc", 7),
    ("čer", 6),
    ("čvn", 6),
    ("cze", 6),
    ("lip", 7),
    ("srpnja", 7),
    ("srpanj", 7),
    ("sie", 8),
    ("srp", 8),
    ("kol", 8),
    ("wrz", 9),
    ("zář", 9),
    ("ruj", 9),
    ("paź", 10),
    ("paz", 10),
    ("říj", 10),
    ("lis", 11),
    ("stu", 11),
    ("pro", 12),
    // Greek.
    ("ιαν", 1),
    ("φεβ", 2),
    ("μαρ", 3),
    ("μάρ", 3),
    ("απρ", 4),
    ("μαϊ", 5),
    ("μαΐ", 5),
    ("μάι", 5),
    ("μαι", 5),
    ("ιουν", 6),
    ("ιούν", 6),
    ("ιουλ", 7),
    ("ιούλ", 7),
    ("αυγ", 8),
    ("αύγ", 8),
    ("σεπ", 9),
    ("οκτ", 10),
    ("νοε", 11),
    ("νοέ", 11),
    ("δεκ", 12),
    // Russian, Bulgarian, Serbian, Ukrainian.
    ("янв", 1),
    ("яну", 1),
    ("јан", 1),
    ("січ", 1),
    ("фев", 2),
    ("феб", 2),
    ("лют", 2),
    ("мар", 3),
    ("бер", 3),
    ("апр", 4),
    ("кві", 4),
    ("май", 5),
    ("мая", 5),
    ("мај", 5),
    ("тра", 5),
    ("июн", 6),
    ("юни", 6),
    ("јун", 6),
    ("чер", 6),
    ("июл", 7),
    ("юли", 7),
    ("јул", 7),
    ("лип", 7),
    ("авг", 8),
    ("сер", 8),
    ("сеп", 9),
    ("сен", 9),
    ("вер", 9),
    ("окт", 10),
    ("жов", 10),
    ("ное", 11),
    ("ноя", 11),
    ("нов", 11),
    ("лис", 11),
    ("дек", 12),
    ("дец", 12),
    ("гру", 12),
];

/// The month that a word in lower case names.
pub(super) fn month(word: &str) -> Option<u32> {
    if word.chars().count() < 3 || is_weekday(word) {
        return None;
    }
    MONTHS.iter().find(|(start, _)| word.starts_with(start)).map(|(_, month)| *month)
}

/// Whether a word is a day of the week as most feeds write it, which says
/// nothing that the date does not.
pub(super) fn is_english_weekday(word: &str) -> bool {
    const DAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
    let start = word.as_bytes().get(..3).unwrap_or_default();
    DAYS.iter().any(|day| start.eq_ignore_ascii_case(day))
}

/// Days of the week that begin like a month.
fn is_weekday(word: &str) -> bool {
    matches!(
        word,
        "mardi"
            | "martes"
            | "martedì"
            | "martedi"
            | "marți"
            | "marti"
            | "domingo"
            | "domenica"
            | "lunedì"
            | "lundi"
            | "lunes"
            | "sreda"
            | "středa"
    )
}

/// Seconds east of Greenwich of a zone's name in lower case.
///
/// Where two zones share a name, the one that more feeds mean: BST is British
/// summer time, IST India's, CST and EST North America's.
pub(super) fn zone(word: &str) -> Option<i64> {
    let quarters = match word {
        "gmt" | "ut" | "utc" | "z" | "wet" | "zulu" => 0,
        "bst" | "cet" | "mez" | "west" | "wat" | "met" => 4,
        "cest" | "mesz" | "mest" | "eet" | "sast" | "cat" => 8,
        "eest" | "msk" | "trt" | "eat" => 12,
        "msd" => 16,
        "pkt" => 20,
        "ist" => 22,
        "wib" => 28,
        "hkt" | "sgt" | "awst" | "pht" => 32,
        "jst" | "kst" => 36,
        "acst" => 38,
        "aest" => 40,
        "acdt" => 42,
        "aedt" => 44,
        "nzst" => 48,
        "nzdt" => 52,
        "nst" => -14,
        "ndt" => -10,
        "art" | "brt" | "adt" => -12,
        "ast" | "edt" | "clt" => -16,
        "est" | "cdt" | "pet" => -20,
        "cst" | "mdt" => -24,
        "mst" | "pdt" => -28,
        "pst" | "akdt" => -32,
        "akst" => -36,
        "hst" => -40,
        _ => return None,
    };
    Some(quarters * 15 * 60)
}

/// Whether the text after a number goes on with a date in one word: `-Jan-2025`.
pub(super) fn splits_date(rest: &str) -> bool {
    let mut chars = rest.chars();
    matches!(chars.next(), Some('-' | '/' | '.' | '_')) && chars.any(|c| c.is_ascii_digit())
}
